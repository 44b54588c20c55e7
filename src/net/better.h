/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Better: better ways to a server that is known by its address alone (RFC 9462 section 4).
 *
 *     err = wr_better_find(&look, query, size, room, &found);
 *
 * The server is asked which encrypted services it names: over a way that is known already and proves itself once more, else in the
 * clear. Of each transport the service that it likes best is taken that proves the server's address by its certificate and answers a
 * question. Whoever stands between can withhold the answer, and cannot put himself in its place; what was proven he cannot talk away
 * either, for the server itself is asked first.
 *
 * Without a certificate that proves it a server at a private address may be taken all the same, where the owner wants that:
 * section 4.3, for nobody can have a public certificate for such an address.
 *
 * A certificate is judged by the time that the box believes in, and by the floor while that is not proven (transport/whom).
 *
 * Blocks, two time-outs for each service at most. WR_OK; WR_E_NOTFOUND: it names none; WR_E_DENIED: none of those that it names is
 * good, and found.why says of the last one what is wrong; WR_E_TIMEOUT, WR_E_IO: it was not heard. found.refused in any case.
 */
#ifndef WR_NET_BETTER_H
#define WR_NET_BETTER_H

#include <stdbool.h>

#include "net/askflow.h"
#include "transport/upgrade.h"

/* Ways to one server: one of each transport. */
#define WR_BETTER_WAYS 3

struct wr_better {
    struct wr_addr server; /* with the port of its plain service */
    uint32_t timeout_ms;
    struct wr_creds *creds;         /* the authorities */
    bool unproven;                  /* a private address needs no proof */
    const _Atomic bool *cancel;     /* or NULL; true ends it */
    const struct wr_clock *clock;   /* what is believed of the time */
    bool system_clock;              /* `time.trust: system` */
    int64_t floor_s;                /* a moment that has certainly passed */
    const struct wr_upgrade *known; /* ways that were proven before, the best first */
    size_t knowns;
};

struct wr_better_found {
    struct wr_better_way {
        struct wr_upgrade at;
        bool proven;
    } way[WR_BETTER_WAYS]; /* in the order in which a group uses them */
    size_t ways;
    bool early;     /* the time was not proven when one of them was judged */
    bool refused;   /* a way that is known could not prove itself any more */
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
