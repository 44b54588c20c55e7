/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fire hand: the small process that keeps the privilege to change the packet filter.
 *
 * It is born as the helper is (serve/helper.h), keeps CAP_NET_ADMIN and nothing else, and knows six messages: here are items, write and load these
 * parts, tell the counters, tell the leases, these are the addresses of devices, these have no leases any more. It takes no text: each item is looked at and the rules are written here (policy/ruleset), so whoever took
 * weir over can shut things off in weir's own table and can do nothing else to the filter. It runs nft and no shell (serve/nftrun); connections of devices
 * in quarantine it makes the kernel forget itself (net/conntrack); leases it puts there itself, as the workers ask for them, each through a
 * channel of his own (serve/leasehand).
 *
 * A table that marks packets has their way made before it, and taken away after the last one (net/markroute).
 *
 * A reply comes for each request but for items and addresses. The caller may wait for it or not; one request at a time. Leases go on while nft works. When the
 * sets of leases are missing they are made and filled before the rules come; a table that cannot be written over is taken away first.
 */
#ifndef WR_SERVE_FIREHAND_H
#define WR_SERVE_FIREHAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/limits.h"
#include "net/conntrackload.h"
#include "policy/hairpin.h"
#include "policy/leaseknown.h"
#include "policy/ruleset.h"
#include "serve/firelook.h"

#define WR_FIREHAND_TEXT_SIZE 240

struct wr_firehand_birth {
    const char *nft;           /* "": where it usually is */
    const int *channel;        /* of the workers: the hand's ends */
    size_t channels;           /* WR_WORKERS_MAX at most */
    uint32_t leases;           /* that there is room for */
    struct wr_hairpin_way way; /* of packets that weir answers in place of others */
    struct wr_fireboard
        *board; /* of both: who tried what past weir, when a reply says that it has counted */
};

struct wr_firehand {
    int fd;    /* -1: there is none */
    pid_t pid; /* 0: none, or reaped */
    uint32_t number;
    uint32_t leases, leases_device,
        scarce_s; /* bounds of leases (serve/leasehand), from the next apply on */
};

struct wr_firehand_reply {
    uint32_t magic, number; /* the request's */
    int32_t err;
    uint32_t port[2];       /* through which the rules came: processes of nft; 0: it did not run */
    uint32_t lease_port;    /* through which leases come */
    uint32_t leases;        /* how many there are */
    uint32_t cut;           /* connections that were forgotten */
    uint64_t lease_refused; /* addresses that were not opened for want of room */
    uint32_t
        counted; /* 1: what the table has counted is in `counts` and on the board; of APPLY: the table of before */
    struct wr_firecounts counts;
    struct wr_conntrackload load;     /* with the counts, if it is known */
    struct wr_conntracktop top;       /* likewise, where the load is high */
    char text[WR_FIREHAND_TEXT_SIZE]; /* what is wrong, with the remedy */
};

struct wr_firehand_lease {
    uint32_t ifindex;
    uint8_t routed;   /* `who` is an address of this family, else six octets of a MAC address */
    uint8_t family;   /* of `dest` too */
    uint8_t protocol; /* 0: all */
    uint8_t zero;
    uint16_t port;
    uint16_t zero_too;
    uint8_t who[16], dest[16];
    uint32_t left_s;
    uint32_t count; /* of a device: how many it has; `dest`, `port` and `left_s` are of none */
};
typedef void wr_firehand_lease_hook(void *user, const struct wr_firehand_lease *lease);

/* Forks one; `how` is read by it for as long as it lives. Call it while there is one thread. WR_E_DENIED: there is no CAP_NET_ADMIN to keep; WR_E_IO. */
int wr_firehand_start(const struct wr_firehand_birth *how, struct wr_firehand *ret_hand);
/* Sends the items and asks for these parts of them (enum wr_ruleset_part). WR_E_CLOSED: it is gone, or does not read. */
int wr_firehand_apply(struct wr_firehand *h, const struct wr_ruleset_item *item, size_t count,
                      unsigned parts);
/* Which addresses devices are known by, all of them: leases of those behind other routers follow. No reply. WR_E_CLOSED. */
int wr_firehand_know(struct wr_firehand *h, const struct wr_leaseknown *known, size_t count);
/* What these parties have (as serve/leasehand has them) ends now. No reply. WR_E_CLOSED. */
int wr_firehand_forget(struct wr_firehand *h, const struct wr_leaseknown *who, size_t count);
int wr_firehand_count(struct wr_firehand *h);
/* Waits for it: each lease, or each device that has some. WR_E_CLOSED: it is of no more use. */
int wr_firehand_leases(struct wr_firehand *h, bool each, wr_firehand_lease_hook *hook, void *user);
/* WR_E_AGAIN: nothing within wait_ms; WR_E_CLOSED: it has ended, or talks nonsense. */
int wr_firehand_read(struct wr_firehand *h, int wait_ms, struct wr_firehand_reply *ret_reply);
/* Ends the child and waits for it, a third of a second at most. */
void wr_firehand_stop(struct wr_firehand *h);

#endif
