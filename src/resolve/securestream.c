/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/securestream.h"

#include "base/err.h"
#include "base/str.h"
#include "transport/whom.h"

static const struct wr_upstream *find(const struct wr_upstreams *u, uint16_t slot,
                                      uint32_t generation)
{
    for (unsigned i = 0; u && i < u->upstreams; i++) {
        const struct wr_upstream *up = &u->upstream[i];
        if (up->slot == slot && up->generation == generation && up->whom) {
            return up;
        }
    }
    return NULL;
}

static uint8_t kind_of(uint8_t scheme)
{
    switch (scheme) {
    case WR_SCHEME_TLS: return WR_UPCONN_DOT;
    case WR_SCHEME_HTTPS: return WR_UPCONN_DOH;
    case WR_SCHEME_QUIC: return WR_UPCONN_DOQ;
    case WR_SCHEME_ODOH: return WR_UPCONN_ODOH;
    default: return WR_UPCONN_TCP;
    }
}

/* What HTTP calls the server: its name, or its address, and a port that is not the usual one. */
static void write_host(struct wr_stream *st, const char *name)
{
    struct wr_addr bare = st->addr;
    struct wr_str s;
    wr_str_init(&s, st->host, sizeof(st->host));
    bare.scope = 0;
    bare.port = bare.port == 443 ? 0 : bare.port;
    if (name[0]) {
        wr_str_text(&s, name);
        if (bare.port) {
            wr_str_text(&s, ":");
            wr_str_u64(&s, bare.port);
        }
        return;
    }
    char text[WR_ADDR_TEXT_SIZE];
    wr_addr_to_text(&bare, text, sizeof(text));
    bool bracket = bare.family == WR_AF_V6 && !bare.port;
    wr_str_text(&s, bracket ? "[" : "");
    wr_str_text(&s, text);
    wr_str_text(&s, bracket ? "]" : "");
}

/* The URL is that of the target; the server that is connected to is the proxy. */
static void set_target(struct wr_streams *s, struct wr_stream *st, struct wr_upconn_setup *setup)
{
    const struct wr_uri *uri = st->upstream->uri;
    struct wr_odohkept *kept = &s->odoh[st->slot];
    struct wr_str text;
    wr_str_init(&text, st->target, sizeof(st->target));
    wr_str_text(&text, uri->name);
    if (uri->target_port != 443) {
        wr_str_text(&text, ":");
        wr_str_u64(&text, uri->target_port);
    }
    if (kept->generation != st->generation) {
        *kept = (struct wr_odohkept){.generation = st->generation};
    }
    setup->secure.path = uri->proxy_path;
    setup->secure.target = (struct wr_upconn_oblivious){.host = st->target,
                                                        .path = uri->path,
                                                        .rng = s->rng,
                                                        .kept = kept,
                                                        .pinned = uri->config,
                                                        .pinned_size = uri->config_size};
}

int wr_securestream_set(struct wr_streams *s, struct wr_stream *st, struct wr_upconn_setup *setup)
{
    setup->kind = kind_of(st->scheme);
    if (!wr_upconn_is_encrypted(
            setup->kind)) { /* what nobody speaks here is not said in plain text */
        return wr_upstream_is_encrypted(st->scheme) ? WR_E_UNSUPPORTED : WR_OK;
    }
    st->upstream = find(s->upstreams, st->slot, st->generation);
    st->trust = s->upstreams ? s->upstreams->trust : NULL;
    if (!st->upstream || !st->trust) {
        return WR_E_NOTFOUND;
    }
    const struct wr_whom *whom = st->upstream->whom;
    const struct wr_uri *uri = st->upstream->uri;
    if (setup->kind != WR_UPCONN_DOT && !s->memory.resize) {
        return WR_E_UNSUPPORTED;
    }
    write_host(st, whom->name);
    setup->plain = s->plain;
    setup->secure =
        (struct wr_upconn_secure){.creds = st->trust,
                                  .verify = wr_whom_verify,
                                  .user = (void *)(uintptr_t)whom,
                                  .name = whom->name[0] ? whom->name : NULL,
                                  .host = st->host,
                                  .path = uri && uri->path[0] ? uri->path : "/dns-query",
                                  .memory = s->memory,
                                  .to = st->addr,
                                  .rng = s->rng,
                                  .standin = s->standin};
    if (setup->kind == WR_UPCONN_ODOH) {
        set_target(s, st, setup);
    }
    return WR_OK;
}

void wr_securestream_begin(struct wr_streams *s, struct wr_stream *st, uint64_t now_us)
{
    size_t size = 0;
    const uint8_t *ticket = NULL;
    if (st->upstream) {
        ticket =
            wr_ticketbox_take(&s->tickets, st->slot, st->generation, now_us, &st->proven_us, &size);
    }
    wr_upconn_opened(&st->conn, ticket, size);
}

void wr_securestream_ticket(struct wr_streams *s, const struct wr_stream *st, const uint8_t *ticket,
                            size_t size)
{
    wr_ticketbox_put(&s->tickets, st->slot, st->generation, st->proven_us, ticket, size);
}

void wr_securestream_ready(struct wr_streams *s, struct wr_stream *st, const struct wr_now *now)
{
    struct wr_upconn_facts facts;
    if (wr_whom_is_unproven(st->upstream->whom, now)) {
        st->unproven = true;
        s->unproven++;
    }
    wr_upconn_facts(&st->conn, &facts);
    st->proven_us = facts.resumed ? st->proven_us : now->mono_us;
    if (s->conns) {
        wr_conninfo_ready(&s->conns[st->slot], st->generation, &facts, now->mono_us);
    }
}

void wr_securestream_failed(struct wr_streams *s, const struct wr_stream *st, uint8_t why,
                            const char *text, uint64_t now_us)
{
    if (why == WR_UPCONN_NOT_DNS && st->scheme == WR_SCHEME_ODOH) {
        why = WR_UPCONN_UNCARRIED; /* port and scheme are right: the proxy answered */
    }
    if (s->conns && st->upstream && why != WR_UPCONN_FINE) {
        wr_conninfo_failed(&s->conns[st->slot], st->generation, why, text, now_us);
    }
}

/* A slot of the same generation has the same URL: the same name, ways and pins. So it is the authorities that may differ, and
 * TLSA records, which are looked up. NULL: what was proven need not be true any more. */
static const struct wr_upstream *as_before(const struct wr_streams *s,
                                           const struct wr_upstreams *upstreams, uint16_t slot,
                                           uint32_t generation)
{
    const struct wr_upstream *up = find(upstreams, slot, generation);
    const struct wr_upstream *old = find(s->upstreams, slot, generation);
    bool same = s->upstreams && upstreams && s->upstreams->trust == upstreams->trust;
    same = same && up && (!old || wr_whom_has_records_of(up->whom, old->whom));
    return same ? up : NULL;
}

bool wr_securestream_adopt(struct wr_streams *s, struct wr_stream *st,
                           const struct wr_upstreams *upstreams)
{
    const struct wr_upstream *up = as_before(s, upstreams, st->slot, st->generation);
    if (!up || st->state != WR_STREAM_READY) {
        return false;
    }
    st->upstream = up;
    return true;
}

void wr_securestream_adopt_tickets(struct wr_streams *s, const struct wr_upstreams *upstreams)
{
    for (unsigned i = 0; i < WR_TICKETS_MAX; i++) {
        const struct wr_ticketbox_place *p = &s->tickets.place[i];
        if (p->put && !as_before(s, upstreams, p->slot, p->generation)) {
            wr_ticketbox_drop(&s->tickets, i);
        }
    }
    for (uint16_t i = 0; i < WR_UPSTREAMS_MAX; i++) {
        if (s->odoh[i].until_us && !as_before(s, upstreams, i, s->odoh[i].generation)) {
            s->odoh[i].until_us = 0;
        }
    }
}
