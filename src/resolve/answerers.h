/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answerers: who may have answered for a name, as far as it is known without asking anybody.
 *
 *     wr_answerers_clear(w);
 *     wr_answerers_add_zones(w, &look, name, addrs)    servers of the zone that the name is in, and of those above it but the root's
 *     wr_answerers_of(w, &look, upstreams, question, answer)    of an answer: of all names of its chain, and of the group that the
 *                                                      question is forwarded to
 *
 * Zones' servers are those of the delegations that the cache has, their addresses those of the glue and of the cache. Where names are
 * forwarded there are none: the upstreams are known, and nobody behind them. Which one of several it was is not remembered with an
 * answer, so all of them may have been it.
 *
 * Bounded: what is over WR_ANSWERERS_NAMES_MAX and WR_ANSWERERS_ADDRS_MAX is left out.
 */
#ifndef WR_RESOLVE_ANSWERERS_H
#define WR_RESOLVE_ANSWERERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "dns/name.h"
#include "resolve/answer.h"
#include "resolve/upstream.h"

struct wr_answerers {
    struct wr_name kept[WR_ANSWERERS_NAMES_MAX];
    const uint8_t *name[WR_ANSWERERS_NAMES_MAX]; /* they point into `kept` */
    struct wr_addr addr[WR_ANSWERERS_ADDRS_MAX];
    unsigned names, addrs;
};

/* Where is looked, and rooms for what is found. */
struct wr_answerers_look {
    struct wr_cache *cache;
    const struct wr_ttl_policy *ttl;
    struct wr_answer_room *room;
    struct wr_answer *found;
    uint32_t now_s;
};

void wr_answerers_clear(struct wr_answerers *w);
/* `addrs`: their addresses as well. */
void wr_answerers_add_zones(struct wr_answerers *w, const struct wr_answerers_look *look,
                            const uint8_t *name, bool addrs);
/* Of what is known by itself: nobody. Upstreams by the names in their URLs, and all of their addresses. */
void wr_answerers_of(struct wr_answerers *w, const struct wr_answerers_look *look,
                     const struct wr_upstreams *upstreams, const struct wr_question *question,
                     const struct wr_answer *answer);

#endif
