/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/proofs.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "net/better.h"
#include "serve/dane.h"

_Static_assert((int)WR_SCHEME_TLS == (int)WR_URI_TLS && (int)WR_SCHEME_HTTPS == (int)WR_URI_HTTPS &&
                   (int)WR_SCHEME_QUIC == (int)WR_URI_QUIC &&
                   (int)WR_SCHEME_ODOH == (int)WR_URI_ODOH &&
                   (int)WR_SCHEME_TCP == (int)WR_URI_TCP && (int)WR_SCHEME_UDP == (int)WR_URI_UDP,
               "a scheme is one number");

struct wr_proofs_one {
    struct wr_uri uri;
    struct wr_whom whom;
    struct wr_tlsa *tlsa; /* or NULL */
};

/* Each at each of its addresses, those that will be found included. */
static unsigned encrypted(const struct wr_uri *items, size_t count)
{
    unsigned n = 0;
    for (size_t i = 0; i < count; i++) {
        if (wr_uri_is_encrypted(items[i].scheme)) {
            n += items[i].addrs > 0 ? items[i].addrs : WR_URI_ADDRS_MAX;
        }
    }
    return n;
}

static unsigned plain(const struct wr_uri *items, size_t count)
{
    unsigned n = 0;
    for (size_t i = 0; i < count; i++) {
        n += !wr_uri_is_encrypted(items[i].scheme);
    }
    return n;
}

int wr_proofs_start(struct wr_proofs *p, const struct wr_conf *conf, struct wr_creds *authorities,
                    const struct wr_dane *dane)
{
    unsigned room = 0;
    for (size_t i = 0; i < conf->upstream.groups.count; i++) {
        const struct wr_conf_group *group = &conf->upstream.groups.items[i];
        room += encrypted(group->servers.items, group->servers.count);
        room += group->discover != WR_FIND_OFF /* and better ways to each of the others */
                    ? WR_BETTER_WAYS * plain(group->servers.items, group->servers.count)
                    : 0;
    }
    room += encrypted(conf->upstream.bootstrap.items, conf->upstream.bootstrap.count);
    p->authorities = authorities != NULL ? wr_creds_keep(authorities) : NULL;
    p->dane = dane;
    p->count = 0;
    p->room = room;
    p->one = room > 0 ? calloc(room, sizeof(*p->one)) : NULL;
    return room > 0 && p->one == NULL ? WR_E_NOMEM : WR_OK;
}

/* For want of memory it has none, and is asked by the next gate. */
static void add_records(struct wr_proofs *p, struct wr_proofs_one *one)
{
    uint8_t count;
    const struct wr_tlsa *from = wr_dane_give(p->dane, &one->uri, &count);
    one->tlsa = count > 0 ? calloc(count, sizeof(*from)) : NULL;
    if (one->tlsa != NULL) {
        memcpy(one->tlsa, from, count * sizeof(*from));
        one->whom.tlsa = one->tlsa;
        one->whom.tlsas = count;
        one->whom.tlsa_known = true;
    }
}

void wr_proofs_add(struct wr_proofs *p, const struct wr_uri *uri, struct wr_upstream *upstream)
{
    wr_assert(p->count < p->room);
    struct wr_proofs_one *one = &p->one[p->count++];
    one->uri = *uri;
    one->whom = wr_whom_of(&one->uri, p->authorities);
    one->whom.addr = upstream->addr;
    add_records(p, one);
    upstream->barred = wr_dane_is_needed(one->uri.proof) && one->whom.tlsas == 0;
    upstream->uri = &one->uri;
    upstream->whom = &one->whom;
}

void wr_proofs_time(struct wr_proofs *p, bool system_clock, int64_t floor_s)
{
    for (unsigned i = 0; i < p->count; i++) {
        p->one[i].whom.system_clock = system_clock;
        p->one[i].whom.floor_s = floor_s;
    }
}

void wr_proofs_free(struct wr_proofs *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        free(p->one[i].tlsa);
    }
    free(p->one);
    p->one = NULL;
    p->count = p->room = 0;
    wr_creds_drop(p->authorities);
    p->authorities = NULL;
}
