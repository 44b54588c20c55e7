/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/answerers.h"

#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "resolve/cut.h"
#include "transport/uri.h"

void wr_answerers_clear(struct wr_answerers *w)
{
    w->names = w->addrs = 0;
}

static void add_addrs(struct wr_answerers *w, const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    bool v4 = set->type == WR_TYPE_A;
    for (unsigned i = 0; i < set->records && w->addrs < WR_ANSWERERS_ADDRS_MAX &&
                         wr_rrset_next(&walk, &rdata, &size);
         i++) {
        if (size == (v4 ? 4 : 16) && (v4 || set->type == WR_TYPE_AAAA)) {
            struct wr_addr *addr = &w->addr[w->addrs++];
            *addr = (struct wr_addr){.family = v4 ? WR_AF_V4 : WR_AF_V6};
            memcpy(addr->ip, rdata, size);
        }
    }
}

static void add_name(struct wr_answerers *w, const uint8_t *name)
{
    if (w->names < WR_ANSWERERS_NAMES_MAX) {
        wr_name_set(&w->kept[w->names], name);
        w->name[w->names] = w->kept[w->names].wire;
        w->names++;
    }
}

/* The servers of one delegation. */
static void add_cut(struct wr_answerers *w, const struct wr_cut *cut)
{
    struct wr_rrset_walk walk = wr_rrset_walk(&cut->ns);
    const uint8_t *name;
    uint16_t size;
    for (unsigned i = 0; i < cut->ns.records && wr_rrset_next(&walk, &name, &size); i++) {
        add_name(w, name);
    }
    for (unsigned i = 0; i < cut->glues; i++) {
        add_addrs(w, &cut->glue[i]);
    }
}

/* Addresses that the cache has of a server's name. */
static void find_addrs(struct wr_answerers *w, const struct wr_answerers_look *look,
                       const uint8_t *name)
{
    static const uint16_t types[] = {WR_TYPE_A, WR_TYPE_AAAA};
    for (unsigned i = 0; i < 4; i++) {
        struct wr_question q = {.type = types[i & 1], .checking_disabled = i > 1};
        wr_name_set(&q.name, name);
        if (wr_answer_find(look->cache, look->ttl, NULL, &q, look->now_s, true, look->room,
                           look->found) == WR_FOUND_FRESH) {
            for (unsigned k = 0; k < look->found->answers; k++) {
                add_addrs(w, &look->found->answer[k]);
            }
        }
    }
}

void wr_answerers_add_zones(struct wr_answerers *w, const struct wr_answerers_look *look,
                            const uint8_t *name, bool addrs)
{
    struct wr_cut cut;
    const uint8_t *at = name;
    for (unsigned level = 0; level < WR_NAME_LABELS_MAX; level++) {
        wr_arena_reset(&look->room->arena);
        if (wr_cut_find(look->cache, at, level > 0, look->now_s, look->room, &cut) != WR_OK ||
            cut.zone[0] == 0) {
            return;
        }
        at = wr_name_skip_labels(name, wr_name_labels(name) - wr_name_labels(cut.zone));
        unsigned first = w->names;
        add_cut(w, &cut);
        for (unsigned i = first; i < w->names && addrs; i++) {
            find_addrs(w, look, w->name[i]);
        }
    }
}

static void add_group(struct wr_answerers *w, const struct wr_upstreams *u,
                      const struct wr_question *q)
{
    const uint8_t *zone;
    struct wr_name name;
    unsigned group = wr_upstream_view(u, q->view, q->name.wire, &zone);
    for (unsigned i = 0; group < u->groups && i < u->group[group].servers; i++) {
        const struct wr_upstream *up = &u->upstream[u->group[group].server[i]];
        const char *host = up->uri != NULL ? up->uri->name : "";
        unsigned addrs = up->addrs > 0 ? up->addrs : up->addr.family != WR_AF_NONE;
        if (host[0] != 0 && wr_name_from_text(host, strlen(host), &name) == WR_OK) {
            add_name(w, name.wire);
        }
        for (unsigned k = 0; k < addrs && w->addrs < WR_ANSWERERS_ADDRS_MAX; k++) {
            w->addr[w->addrs++] = k == 0 ? up->addr : up->more[k - 1];
        }
    }
}

void wr_answerers_of(struct wr_answerers *w, const struct wr_answerers_look *look,
                     const struct wr_upstreams *upstreams, const struct wr_question *question,
                     const struct wr_answer *answer)
{
    wr_answerers_clear(w);
    if (answer->local) {
        return;
    }
    add_group(w, upstreams, question);
    wr_answerers_add_zones(w, look, question->name.wire, true);
    for (unsigned i = 0; i < answer->answers; i++) {
        const uint8_t *target = wr_answer_cname_target(&answer->answer[i]);
        if (target != NULL) {
            wr_answerers_add_zones(w, look, target, true);
        }
    }
}
