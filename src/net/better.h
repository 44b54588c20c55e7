/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Better: a better way to a server that is known by its address alone (RFC 9462 section 4).
 *
 *     err = wr_better_find(&look, room, &found);
 *
 * The server is asked in the clear which encrypted services it names; each of them is tried, the one that it likes best
 * first, until one proves the server's address by its certificate and answers a question. Whoever stands between can
 * withhold the answer, and cannot put himself in its place.
 *
 * Without a certificate that proves it a server at a private address may be taken all the same, where the owner wants that:
 * section 4.3, for nobody can have a public certificate for such an address.
 *
 * Blocks, two time-outs for each service at most. WR_OK; WR_E_NOTFOUND: it names none (found.ttl_s is when to look again);
 * WR_E_DENIED: none of those that it names is good, and found.why says of the last one what is wrong; WR_E_TIMEOUT, WR_E_IO:
 * it was not heard.
 */
#ifndef WR_NET_BETTER_H
#define WR_NET_BETTER_H

#include <stdbool.h>

#include "net/askflow.h"
#include "transport/upgrade.h"

struct wr_better {
    struct wr_addr server; /* with the port of its plain service */
    uint32_t timeout_ms;
    struct wr_creds *creds;     /* the authorities */
    bool unproven;              /* a private address needs no proof */
    const _Atomic bool *cancel; /* or NULL; true ends it */
};

struct wr_better_found {
    struct wr_upgrade way;
    bool proven;
    uint32_t ttl_s; /* what it said is good for so long; 0: it said nothing */
    char why[WR_ASKFLOW_WHY_SIZE];
};

struct wr_better_room {
    struct wr_askflow_room flow;
    struct wr_ask_reply reply;
    struct wr_askflow_facts facts;
};

/* `query` is wr_better_query's, with a fresh id. */
int wr_better_find(const struct wr_better *look, const uint8_t *query, size_t size,
                   struct wr_better_room *room, struct wr_better_found *ret_found);
/* The question that is asked both in the clear and of the services. Returns its size. */
size_t wr_better_query(uint16_t id, uint8_t room[64]);

#endif
