/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets: addresses to and from the kernel's form, listening sockets with the right options, and the
 * addresses of an interface.
 *
 * All sockets are non-blocking and close-on-exec. A failure gives an error code and one sentence for
 * the operator that says what to do about it. Nothing here touches a loop: the helper that opens the
 * listeners before privileges are dropped calls the same functions.
 */
#ifndef WR_NET_SOCK_H
#define WR_NET_SOCK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/addr.h"

/* Room for one sockaddr of either family. */
union wr_sockaddr {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct wr_sock_error {
    int number;     /* errno, or 0 */
    char text[320]; /* one sentence with the remedy, without a full stop at the end */
};

struct wr_sock_options {
    bool probe; /* first see that nobody else has the port: SO_REUSEPORT would share it silently */
    bool brief; /* who holds a port that is in use is not looked for: that walks through /proc */
    bool
        transparent; /* may be bound to another's address; of a datagram is told where it was sent to. Needs CAP_NET_ADMIN */
    uint32_t only_mark; /* what has not this mark is thrown away by the kernel; 0: nothing is */
    bool freebind;      /* the address may come later (IP_FREEBIND) */
    int backlog;        /* TCP; 0: 256 */
    int fastopen;       /* TCP_FASTOPEN queue, 0: off */
    int buffer_size; /* UDP receive and send buffer in octets, 0: 4 MiB; the kernel may give less */
};

/* The length of the sockaddr; 0 for an address without family. */
socklen_t wr_sock_from_addr(const struct wr_addr *addr, union wr_sockaddr *ret_sa);
/* WR_E_UNSUPPORTED for another family. A v4-mapped v6 address comes out as v4. */
int wr_sock_to_addr(const union wr_sockaddr *sa, struct wr_addr *ret_addr);

/* Bound; UDP with IP_PKTINFO when `addr` is a wildcard. WR_E_BUSY: in use; WR_E_DENIED; WR_E_NOTFOUND: not
 * an address of this host; WR_E_IO. `error` is filled in on failure. */
int wr_sock_listen_udp(const struct wr_addr *addr, const struct wr_sock_options *options,
                       int *ret_fd, struct wr_sock_error *error);
/* The same, bound and listening. */
int wr_sock_listen_tcp(const struct wr_addr *addr, const struct wr_sock_options *options,
                       int *ret_fd, struct wr_sock_error *error);

/* Packet info: the address of ours that a datagram came to (of a transparent socket: any address, with the port), and the interface. Left as they
 * are where there is none. */
enum { WR_SOCK_CONTROL_SIZE = 96 };
struct msghdr;
void wr_sock_read_info(struct msghdr *header, struct wr_addr *local, uint32_t *ifindex);
/* That it is told of each datagram from here on. False: it cannot be. */
bool wr_sock_ask_info(int fd, uint8_t family);
/* The interface that an accepted TCP connection was begun by; 0: the kernel does not say. */
uint32_t wr_sock_interface_of(int fd, uint8_t family);
/* Makes a datagram leave from `local`; `control` has WR_SOCK_CONTROL_SIZE octets, aligned to 16. */
void wr_sock_write_info(struct msghdr *header, uint8_t *control, const struct wr_addr *local);

/* One address of an interface, and the prefix that is on its link. */
struct wr_sock_ifaddr {
    struct wr_addr addr;
    struct wr_prefix on_link;
};

/* The addresses of interface `name`, link-local v6 ones with their scope. WR_E_NOTFOUND: no such interface (or
 * it has none yet: *ret_count is 0 then and the code WR_E_AGAIN); WR_E_FULL: more than cap, the first cap are there. */
int wr_sock_interface(const char *name, struct wr_sock_ifaddr *ret_addrs, size_t cap,
                      size_t *ret_count);
/* All addresses of this host (for "never forward to yourself"). */
int wr_sock_own_addrs(struct wr_addr *ret_addrs, size_t cap, size_t *ret_count);

/* Raises the soft limit of descriptors to `want`, or as far as it goes; gives the limit reached. */
uint64_t wr_sock_raise_files(uint64_t want);

#endif
