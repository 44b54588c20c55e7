/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/proofs.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"

_Static_assert((int)WR_SCHEME_TLS == (int)WR_URI_TLS && (int)WR_SCHEME_HTTPS == (int)WR_URI_HTTPS &&
                   (int)WR_SCHEME_QUIC == (int)WR_URI_QUIC &&
                   (int)WR_SCHEME_ODOH == (int)WR_URI_ODOH &&
                   (int)WR_SCHEME_TCP == (int)WR_URI_TCP && (int)WR_SCHEME_UDP == (int)WR_URI_UDP,
               "a scheme is one number");

struct wr_proofs_one {
    struct wr_uri uri;
    struct wr_whom whom;
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

int wr_proofs_start(struct wr_proofs *p, const struct wr_conf *conf, struct wr_creds *authorities)
{
    unsigned room = 0;
    for (size_t i = 0; i < conf->upstream.groups.count; i++) {
        const struct wr_conf_group *group = &conf->upstream.groups.items[i];
        room += encrypted(group->servers.items, group->servers.count);
        room += group->discover != WR_FIND_OFF /* and a better way to each of the others */
                    ? plain(group->servers.items, group->servers.count)
                    : 0;
    }
    room += encrypted(conf->upstream.bootstrap.items, conf->upstream.bootstrap.count);
    p->authorities = authorities != NULL ? wr_creds_keep(authorities) : NULL;
    p->count = 0;
    p->room = room;
    p->one = room > 0 ? calloc(room, sizeof(*p->one)) : NULL;
    return room > 0 && p->one == NULL ? WR_E_NOMEM : WR_OK;
}

void wr_proofs_add(struct wr_proofs *p, const struct wr_uri *uri, struct wr_upstream *upstream)
{
    wr_assert(p->count < p->room);
    struct wr_proofs_one *one = &p->one[p->count++];
    one->uri = *uri;
    one->whom = wr_whom_of(&one->uri, p->authorities);
    one->whom.addr = upstream->addr;
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
    free(p->one);
    p->one = NULL;
    p->count = p->room = 0;
    wr_creds_drop(p->authorities);
    p->authorities = NULL;
}
