/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firewall, its state: for serve/firewall.c, which keeps the table as it should be, and serve/fireshow.c, which tells how it is. Nobody else's.
 */
#ifndef WR_SERVE_FIREWALL_STATE_H
#define WR_SERVE_FIREWALL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "net/nftwatch.h"
#include "serve/firecount.h"
#include "serve/firehand.h"
#include "serve/fireload.h"
#include "serve/firewall.h"

/* Ports of weir's own changes that are remembered, and of changes that are nobody's yet. */
#define WR_FIREWALL_PORTS 8
/* A person waits for a command. */
#define WR_FIREWALL_SETTLE_MS 2000

enum wr_firewall_state {
    WR_FIREWALL_WAITING,
    WR_FIREWALL_IN_FORCE,
    WR_FIREWALL_FAILED,
    WR_FIREWALL_REMOVED,
};

/* How those who ask resolvers of others come to weir. */
enum wr_firewall_way {
    WR_FIREWALL_TPROXY,
    WR_FIREWALL_REDIRECT, /* the kernel, or nft, is without tproxy: the port is changed */
    WR_FIREWALL_NO_WAY,   /* they are rejected */
};

struct wr_firewall {
    struct wr_serve *s;
    struct wr_firehand_birth birth; /* read by the hand in its own copy */
    struct wr_firehand hand;
    int lease_fd[WR_WORKERS_MAX]; /* the workers' ends, until they have them; -1 */
    struct wr_nftwatch *watch;
    int watch_fd;
    uv_poll_t poll;
    enum wr_firewall_state state;
    char why[WR_FIREHAND_TEXT_SIZE]; /* of FAILED */
    char note
        [WR_FIREHAND_TEXT_SIZE]; /* it is in force, and something could not be done all the same */
    enum wr_firewall_way hairpin_way,
        hairpin_told;                        /* that is tried or in force; that the log has */
    char no_hairpins[WR_FIREHAND_TEXT_SIZE]; /* what nft says, where it is not tproxy */
    unsigned want, doing;                    /* parts (enum wr_ruleset_part) */
    bool counting;                           /* the answer that is owed is one about counters */
    uint64_t not_before_us, repaired_us, told_us, looked_us, asked_us;
    uint32_t lease_port,
        leases;       /* through which they come, and how many there were at the last reply */
    uint64_t no_room; /* addresses that were not opened for want of it, likewise */
    uint64_t repairs, applied, cut;
    uint64_t unheard; /* times that the kernel had no room to tell what others have changed */
    int64_t since_s;
    uint64_t table_mark, quarantine_mark; /* of what is in force, or on its way */
    uint64_t muds_looked; /* how much had changed of profiles when it was looked last */
    uint32_t quarantined;
    size_t left; /* facts without room */
    uint32_t own[WR_FIREWALL_PORTS], strange[WR_FIREWALL_PORTS];
    uint64_t own_us[WR_FIREWALL_PORTS]; /* until when: another program may be given the number */
    unsigned owns, stranges;
    struct wr_firecount count;
    struct wr_fireload load;
    char full[WR_FIREHAND_TEXT_SIZE]; /* while the table of connections is */
    bool tracks, tracks_told; /* nft refused to do without it; the log has it, until that is over */
    uint64_t known_mark;      /* of the addresses of devices that the hand was told */
    struct wr_leaseknown known[WR_LEASE_KNOWN_MAX];
    struct wr_ruleset_item item[WR_RULESET_ITEMS_MAX];
};

/* Until nothing is on its way, or so long. */
void wr_firewall_wait(struct wr_firewall *f, unsigned wait_ms);
/* What is in force, if a segment wants it; else NO_WAY. */
enum wr_firewall_way wr_firewall_way(const struct wr_firewall *f);
/* Why segments with `foreign_dns: answer` are rejected like others; NULL: they are not, or there are none. */
const char *wr_firewall_no_hairpins(const struct wr_firewall *f);
/* The process with the privilege is of no more use. */
void wr_firewall_lose(struct wr_firewall *f);

#endif
