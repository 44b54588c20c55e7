/* SPDX-License-Identifier: Apache-2.0 */
#include "net/sock.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "net/holder.h"

enum { BACKLOG = 256, BUFFER_SIZE = 4 << 20 };

socklen_t wr_sock_from_addr(const struct wr_addr *addr, union wr_sockaddr *ret_sa)
{
    memset(ret_sa, 0, sizeof(*ret_sa));
    if (addr->family == WR_AF_V4) {
        ret_sa->v4.sin_family = AF_INET;
        ret_sa->v4.sin_port = htons(addr->port);
        memcpy(&ret_sa->v4.sin_addr, addr->ip, 4);
        return sizeof(ret_sa->v4);
    }
    if (addr->family == WR_AF_V6) {
        ret_sa->v6.sin6_family = AF_INET6;
        ret_sa->v6.sin6_port = htons(addr->port);
        ret_sa->v6.sin6_scope_id = addr->scope;
        memcpy(&ret_sa->v6.sin6_addr, addr->ip, 16);
        return sizeof(ret_sa->v6);
    }
    return 0;
}

int wr_sock_to_addr(const union wr_sockaddr *sa, struct wr_addr *ret_addr)
{
    struct wr_addr addr = {.family = WR_AF_V4};

    if (sa->any.sa_family == AF_INET) {
        memcpy(addr.ip, &sa->v4.sin_addr, 4);
        addr.port = ntohs(sa->v4.sin_port);
    } else if (sa->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&sa->v6.sin6_addr)) {
        memcpy(addr.ip, sa->v6.sin6_addr.s6_addr + 12, 4);
        addr.port = ntohs(sa->v6.sin6_port);
    } else if (sa->any.sa_family == AF_INET6) {
        addr.family = WR_AF_V6;
        memcpy(addr.ip, &sa->v6.sin6_addr, 16);
        addr.port = ntohs(sa->v6.sin6_port);
        addr.scope = IN6_IS_ADDR_LINKLOCAL(&sa->v6.sin6_addr) ? sa->v6.sin6_scope_id : 0;
    } else {
        return WR_E_UNSUPPORTED;
    }
    *ret_addr = addr;
    return WR_OK;
}

static int sock_code(int number)
{
    switch (number) {
    case EADDRINUSE: return WR_E_BUSY;
    case EACCES:
    case EPERM: return WR_E_DENIED;
    case EADDRNOTAVAIL:
    case ENODEV: return WR_E_NOTFOUND;
    case EMFILE:
    case ENFILE: return WR_E_FULL;
    case ENOMEM:
    case ENOBUFS: return WR_E_NOMEM;
    default: return WR_E_IO;
    }
}

/* One sentence for the operator, with what to do. */
static void sock_explain(const struct wr_addr *addr, bool tcp, int number, bool brief,
                         struct wr_sock_error *error)
{
    char where[WR_ADDR_TEXT_SIZE], who[96] = "another process";
    const char *kind = tcp ? "TCP" : "UDP";
    size_t cap = sizeof(error->text);

    wr_addr_to_text(addr, where, sizeof(where));
    error->number = number;
    switch (sock_code(number)) {
    case WR_E_BUSY:
        if (!brief) {
            wr_holder_find(addr->port, tcp, who, sizeof(who));
        }
        snprintf(error->text, cap,
                 "%s %s is in use by %s: stop it, or give weir another address or port under "
                 "`listen`",
                 kind, where, who);
        break;
    case WR_E_DENIED:
        snprintf(error->text, cap,
                 "%s %s may not be opened: ports below 1024 need CAP_NET_BIND_SERVICE (start weir "
                 "from its unit or as root), or give a higher port under `listen`",
                 kind, where);
        break;
    case WR_E_NOTFOUND:
        snprintf(error->text, cap,
                 "%s %s is not an address of this host: correct it under `listen`, or name the "
                 "interface instead",
                 kind, where);
        break;
    case WR_E_FULL:
        snprintf(error->text, cap,
                 "%s %s cannot be opened, no file descriptors are left: raise the limit "
                 "(LimitNOFILE= in the unit, or ulimit -n)",
                 kind, where);
        break;
    default:
        snprintf(error->text, cap, "%s %s cannot be opened: %s", kind, where, strerror(number));
        break;
    }
}

static int sock_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value));
}

/* A buffer above the system's maximum needs a privilege; without it the maximum is what there is. */
static void sock_buffers(int fd, int size)
{
    if (sock_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, size) != 0) {
        sock_option(fd, SOL_SOCKET, SO_RCVBUF, size);
    }
    if (sock_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, size) != 0) {
        sock_option(fd, SOL_SOCKET, SO_SNDBUF, size);
    }
}

/* Options of a listening UDP socket; 0 or -1 with errno. */
static int sock_tune_udp(int fd, const struct wr_addr *addr, const struct wr_sock_options *options)
{
    bool v6 = addr->family == WR_AF_V6;

    sock_buffers(fd, options->buffer_size > 0 ? options->buffer_size : BUFFER_SIZE);
    /* Never believe a path MTU that somebody forged into small fragments (RFC 9715 section 3.1). */
    if (v6) {
        sock_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
    } else {
        sock_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    }
    if (options->transparent && (v6 ? sock_option(fd, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 1)
                                    : sock_option(fd, IPPROTO_IP, IP_RECVORIGDSTADDR, 1)) != 0) {
        return -1;
    }
    if (!wr_addr_is_any(addr) && !options->transparent) {
        return 0; /* the asked address is known: it is the only one */
    }
    return v6 ? sock_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
              : sock_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

static int sock_tune_tcp(int fd, const struct wr_sock_options *options)
{
    if (options->fastopen > 0) {
        sock_option(fd, IPPROTO_TCP, TCP_FASTOPEN, options->fastopen);
    }
    /* Accepted sockets inherit it: an answer never waits behind an acknowledgement. */
    return sock_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

static int sock_transparent(int fd, uint8_t family)
{
    return family == WR_AF_V6 ? sock_option(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
                              : sock_option(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
}

/* What has another mark does not come to the socket, nor to connections that begin at it. */
static int sock_only_mark(int fd, uint32_t mark)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_MARK)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mark, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* A socket bound to addr, or -1 with errno. */
static int sock_bound(const struct wr_addr *addr, bool tcp, bool shared,
                      const struct wr_sock_options *options)
{
    union wr_sockaddr sa;
    socklen_t size = wr_sock_from_addr(addr, &sa);
    int kind = (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd, number;

    fd = socket(addr->family == WR_AF_V6 ? AF_INET6 : AF_INET, kind, 0);
    if (fd < 0) {
        return -1;
    }
    if (addr->family == WR_AF_V6) {
        sock_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    }
    if (options->freebind) {
        sock_option(fd, IPPROTO_IP, IP_FREEBIND, 1);
    }
    if ((!options->transparent || sock_transparent(fd, addr->family) == 0) &&
        (options->only_mark == 0 || sock_only_mark(fd, options->only_mark) == 0) &&
        (!tcp || sock_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) == 0) &&
        (!shared || sock_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) == 0) &&
        bind(fd, &sa.any, size) == 0) {
        return fd;
    }
    number = errno;
    close(fd);
    errno = number;
    return -1;
}

static int sock_listen(const struct wr_addr *addr, bool tcp, const struct wr_sock_options *options,
                       int *ret_fd, struct wr_sock_error *error)
{
    int fd = 0, failed = 0;

    if (options->probe) {
        fd = sock_bound(addr, tcp, false, options);
        /* Two stream sockets may be bound at once with SO_REUSEADDR; only one may listen. */
        failed = fd < 0 || (tcp && listen(fd, 1) != 0) ? errno : 0;
        if (fd >= 0) {
            close(fd);
        }
    }
    if (failed == 0) {
        fd = sock_bound(addr, tcp, true, options);
        failed = fd < 0 ? errno : 0;
    }
    if (failed == 0) {
        int bad = tcp ? sock_tune_tcp(fd, options) : sock_tune_udp(fd, addr, options);

        if (bad == 0 && tcp) {
            bad = listen(fd, options->backlog > 0 ? options->backlog : BACKLOG);
        }
        failed = bad != 0 ? errno : 0;
        if (bad != 0) {
            close(fd);
        }
    }
    if (failed != 0) {
        sock_explain(addr, tcp, failed, options->brief, error);
        return sock_code(failed);
    }
    *ret_fd = fd;
    return WR_OK;
}

int wr_sock_listen_udp(const struct wr_addr *addr, const struct wr_sock_options *options,
                       int *ret_fd, struct wr_sock_error *error)
{
    return sock_listen(addr, false, options, ret_fd, error);
}

int wr_sock_listen_tcp(const struct wr_addr *addr, const struct wr_sock_options *options,
                       int *ret_fd, struct wr_sock_error *error)
{
    return sock_listen(addr, true, options, ret_fd, error);
}

static unsigned sock_mask_len(const struct sockaddr *mask)
{
    const uint8_t *at;
    size_t size;
    unsigned len = 0;

    if (mask == NULL) {
        return 128;
    }
    if (mask->sa_family == AF_INET) {
        at = (const uint8_t *)&((const struct sockaddr_in *)(const void *)mask)->sin_addr;
        size = 4;
    } else {
        at = (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)mask)->sin6_addr;
        size = 16;
    }
    for (size_t i = 0; i < size; i++) {
        len += (unsigned)__builtin_popcount(at[i]);
    }
    return len;
}

/* The IP address in an entry, or false for a link-layer one. */
static bool sock_ifaddr(const struct ifaddrs *entry, struct wr_sock_ifaddr *ret)
{
    union wr_sockaddr sa;
    unsigned len, full;

    if (entry->ifa_addr == NULL ||
        (entry->ifa_addr->sa_family != AF_INET && entry->ifa_addr->sa_family != AF_INET6)) {
        return false;
    }
    memcpy(&sa, entry->ifa_addr,
           entry->ifa_addr->sa_family == AF_INET ? sizeof(sa.v4) : sizeof(sa.v6));
    if (wr_sock_to_addr(&sa, &ret->addr) != WR_OK) {
        return false;
    }
    ret->addr.port = 0;
    full = (unsigned)wr_addr_ip_size(&ret->addr) * 8;
    len = sock_mask_len(entry->ifa_netmask);
    ret->on_link.len = (uint8_t)(len < full ? len : full);
    ret->on_link.addr = wr_addr_mask(&ret->addr, ret->on_link.len);
    return true;
}

int wr_sock_interface(const char *name, struct wr_sock_ifaddr *ret_addrs, size_t cap,
                      size_t *ret_count)
{
    struct ifaddrs *all, *entry;
    size_t count = 0;
    bool full = false;

    if (if_nametoindex(name) == 0) {
        return WR_E_NOTFOUND;
    }
    if (getifaddrs(&all) != 0) {
        return WR_E_IO;
    }
    for (entry = all; entry != NULL; entry = entry->ifa_next) {
        struct wr_sock_ifaddr one;

        if (strcmp(entry->ifa_name, name) != 0 || !sock_ifaddr(entry, &one)) {
            continue;
        }
        if (count == cap) {
            full = true;
            break;
        }
        ret_addrs[count++] = one;
    }
    freeifaddrs(all);
    *ret_count = count;
    return full ? WR_E_FULL : count == 0 ? WR_E_AGAIN : WR_OK;
}

int wr_sock_own_addrs(struct wr_addr *ret_addrs, size_t cap, size_t *ret_count)
{
    struct ifaddrs *all, *entry;
    size_t count = 0;
    bool full = false;

    if (getifaddrs(&all) != 0) {
        return WR_E_IO;
    }
    for (entry = all; entry != NULL; entry = entry->ifa_next) {
        struct wr_sock_ifaddr one;

        if (!sock_ifaddr(entry, &one)) {
            continue;
        }
        if (count == cap) {
            full = true;
            break;
        }
        ret_addrs[count++] = one.addr;
    }
    freeifaddrs(all);
    *ret_count = count;
    return full ? WR_E_FULL : WR_OK;
}

uint64_t wr_sock_raise_files(uint64_t want)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    if (limit.rlim_cur < want) {
        struct rlimit more = {.rlim_cur = want,
                              .rlim_max = limit.rlim_max > want ? limit.rlim_max : want};

        if (setrlimit(RLIMIT_NOFILE, &more) != 0) { /* raising the hard limit is a privilege */
            more = (struct rlimit){.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
            setrlimit(RLIMIT_NOFILE, &more);
        }
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur;
}

/* --- packet info ---------------------------------------------------------------------------------- */

/* Where the datagram was sent to, with the port. */
static void read_target(struct cmsghdr *c, struct wr_addr *local)
{
    union wr_sockaddr sa;
    size_t n = c->cmsg_len - CMSG_LEN(0);

    memset(&sa, 0, sizeof(sa));
    memcpy(&sa, CMSG_DATA(c), n < sizeof(sa) ? n : sizeof(sa));
    (void)wr_sock_to_addr(&sa, local);
}

void wr_sock_read_info(struct msghdr *header, struct wr_addr *local, uint32_t *ifindex)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof(info));
            memset(local->ip, 0, sizeof(local->ip));
            memcpy(local->ip, &info.ipi_spec_dst, 4);
            *ifindex = (uint32_t)info.ipi_ifindex;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof(info));
            memcpy(local->ip, &info.ipi6_addr, 16);
            local->scope = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
            *ifindex = info.ipi6_ifindex;
        } else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_ORIGDSTADDR) ||
                   (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_ORIGDSTADDR)) {
            read_target(c, local);
        }
    }
}

bool wr_sock_ask_info(int fd, uint8_t family)
{
    return (family == WR_AF_V6 ? sock_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                               : sock_option(fd, IPPROTO_IP, IP_PKTINFO, 1)) == 0;
}

/* Linux keeps the interface of the handshake with the connection, and gives it as packet info of the socket, in the way of RFC 2292
 * section 4.1, to IPv4 as well. Asking for it at the connection, and no longer than needed: who asks at the listener has the first
 * segment of each connection kept, and who goes on asking has each. */
uint32_t wr_sock_interface_of(int fd, uint8_t family)
{
    bool v6 = family == WR_AF_V6;
    _Alignas(struct cmsghdr) uint8_t control[WR_SOCK_CONTROL_SIZE];
    socklen_t size = sizeof(control);
    struct wr_addr local = {0};
    uint32_t ifindex = 0;

    if (wr_sock_ask_info(fd, family) &&
        getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_2292PKTOPTIONS : IP_PKTOPTIONS,
                   control, &size) == 0) {
        struct msghdr header = {.msg_control = control, .msg_controllen = size};

        wr_sock_read_info(&header, &local, &ifindex);
    }
    if (v6) {
        sock_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 0);
    }
    return ifindex;
}

void wr_sock_write_info(struct msghdr *header, uint8_t *control, const struct wr_addr *local)
{
    struct cmsghdr *c;

    header->msg_control = control;
    header->msg_controllen = WR_SOCK_CONTROL_SIZE;
    c = CMSG_FIRSTHDR(header);
    if (local->family == WR_AF_V4) {
        struct in_pktinfo info = {0};

        memcpy(&info.ipi_spec_dst, local->ip, 4);
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(c), &info, sizeof(info));
        header->msg_controllen = CMSG_SPACE(sizeof(info));
    } else {
        struct in6_pktinfo info = {.ipi6_ifindex = local->scope};

        memcpy(&info.ipi6_addr, local->ip, 16);
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof(info));
        memcpy(CMSG_DATA(c), &info, sizeof(info));
        header->msg_controllen = CMSG_SPACE(sizeof(info));
    }
}
