/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bypass: the scoreboard of who has tried what past weir.
 *
 *     wr_bypass_round(b)                              another look at the kernel's sets begins
 *     wr_bypass_take(b, &try, packets, known, now)    one element of them (policy/rulesetbypass.c), with its counter
 *     wr_bypass_add(b, &try, known, now)              one that weir has seen itself: a router that tells another resolver
 *
 * A row is who (the interface and the MAC address), what, and to whom: protocol and port too. It goes on when the kernel's element has gone and comes back.
 * Whose the MAC address is the census knows, at the moment when somebody looks. All of that can be made up by strangers: a MAC
 * address has WR_BYPASS_OWN_MAX rows, and when there is no room for another row the one that is longest ago leaves, of devices that are not known before
 * all others; what has found no place is told.
 *
 * The memory is the caller's, all zeros at the start.
 */
#ifndef WR_POLICY_BYPASS_H
#define WR_POLICY_BYPASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"

enum wr_bypass_what {
    WR_BYPASS_DNS = 0,   /* a resolver of others at port 53 */
    WR_BYPASS_ENCRYPTED, /* at port 853: DNS over TLS, over QUIC */
    WR_BYPASS_DOH,       /* a known address of DNS over HTTPS */
    WR_BYPASS_UNLEASED,  /* what was not answered to it */
    WR_BYPASS_ROUTER,    /* it tells others of a resolver, in router advertisements */
    WR_BYPASS_KINDS,
};

struct wr_bypass_try {
    uint8_t what; /* enum wr_bypass_what */
    uint8_t protocol;
    uint16_t port;
    uint32_t ifindex;
    uint8_t mac[6];
    struct wr_addr to; /* no port, no scope */
};

struct wr_bypass_row {
    struct wr_bypass_try tried;
    bool known; /* the census knew the MAC address */
    uint64_t count;
    int64_t first_s, last_s;
    /* internal */
    uint64_t hash, packets, round;
};

struct wr_bypass {
    struct wr_bypass_row row[WR_BYPASS_ROWS_MAX];
    size_t rows;
    uint64_t round;
    uint64_t total[WR_BYPASS_KINDS]; /* since the start */
    uint64_t left;                   /* who and what of this round has found no row */
};

enum wr_bypass_news {
    WR_BYPASS_OLD = 0, /* there is a row of it */
    WR_BYPASS_NEW,     /* there is one now */
    WR_BYPASS_LEFT,    /* it has found no place */
};

void wr_bypass_round(struct wr_bypass *b);
enum wr_bypass_news wr_bypass_take(struct wr_bypass *b, const struct wr_bypass_try *tried,
                                   uint64_t packets, bool known, int64_t now_s);
enum wr_bypass_news wr_bypass_add(struct wr_bypass *b, const struct wr_bypass_try *tried,
                                  bool known, int64_t now_s);

/* The key of an element of set number `set` (policy/rulesetbypass.h), as the kernel has it. False: it is none. */
bool wr_bypass_key(unsigned set, const uint8_t *key, size_t size, struct wr_bypass_try *ret_try);
/* "dns", "encrypted", "doh", "unleased", "router". */
const char *wr_bypass_what_name(unsigned what);

#endif
