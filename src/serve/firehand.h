/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fire hand: the small process that keeps the privilege to change the packet filter.
 *
 * It is born as the helper is (serve/helper.h), keeps CAP_NET_ADMIN and nothing else, and knows three messages: here are items, write and load these
 * parts, tell the counters. It takes no text: each item is looked at and the rules are written here (policy/ruleset), so whoever took
 * weir over can shut things off in weir's own table and can do nothing else to the filter. It runs nft and no shell, from a path that was
 * settled when it was born, with an empty environment and WR_FIREWALL_NFT_MS to do it in; connections of devices in quarantine it
 * makes the kernel forget itself (net/conntrack).
 *
 * A reply comes for each request but for items. The caller may wait for it or not; one request at a time.
 */
#ifndef WR_SERVE_FIREHAND_H
#define WR_SERVE_FIREHAND_H

#include <stdint.h>
#include <sys/types.h>

#include "base/limits.h"
#include "policy/ruleset.h"

#define WR_FIREHAND_TEXT_SIZE 240

struct wr_firehand {
    int fd;    /* -1: there is none */
    pid_t pid; /* 0: none, or reaped */
    uint32_t number;
};

struct wr_firehand_reply {
    uint32_t magic, number; /* the request's */
    int32_t err;
    uint32_t port; /* through which the rules came: the process of nft; 0: it did not run */
    uint32_t cut;  /* connections that were forgotten */
    uint32_t zero;
    uint64_t quarantine; /* packets dropped */
    uint64_t counter[WR_SEGMENTS_MAX][WR_RULESET_COUNTERS];
    char text[WR_FIREHAND_TEXT_SIZE]; /* what is wrong, with the remedy */
};

/* Forks one that runs this nft ("": where it usually is). Call it while there is one thread. WR_E_DENIED: there is no CAP_NET_ADMIN to keep; WR_E_IO. */
int wr_firehand_start(const char *nft, struct wr_firehand *ret_hand);
/* Sends the items and asks for these parts of them (enum wr_ruleset_part). WR_E_CLOSED: it is gone, or does not read. */
int wr_firehand_apply(struct wr_firehand *h, const struct wr_ruleset_item *item, size_t count,
                      unsigned parts);
int wr_firehand_count(struct wr_firehand *h);
/* WR_E_AGAIN: nothing within wait_ms; WR_E_CLOSED: it has ended, or talks nonsense. */
int wr_firehand_read(struct wr_firehand *h, int wait_ms, struct wr_firehand_reply *ret_reply);
/* Ends the child and waits for it, a third of a second at most. */
void wr_firehand_stop(struct wr_firehand *h);

/* Of "nft -j list counters table inet weir": fills in counters. WR_E_FORMAT. */
int wr_firehand_counters(const char *text, size_t n, struct wr_firehand_reply *reply);

#endif
