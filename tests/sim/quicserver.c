/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, datagrams and timers, then what is heard and said (quicserver.h has the story). */
#include "quicserver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

struct dialog {
    struct quicline *line;
    enum seal_way way;
    bool stranger;
    int64_t stream;   /* whose question was heard last */
    uint64_t wake_us; /* the timer that is posted, WR_TIME_NEVER: none */
};

bool quicserver_init(struct world *w, unsigned i)
{
    struct sealed *z = &w->sealed;
    z->quic[i] = quicside_new(&z->veil, z->trust, w->server[i].secret);
    return z->quic[i] != NULL;
}

void quicserver_free(struct world *w)
{
    for (unsigned i = 0; i < SERVERS_MAX; i++) {
        quicside_free(w->sealed.quic[i]);
    }
}

static void end_dialog(void *user)
{
    struct dialog *d = user;
    quicline_free(d->line);
    free(d);
}

void quicserver_up(struct world *w, struct net_stream *st, enum seal_way way, enum veil_who who)
{
    struct server *s = &w->server[st->server];
    struct wr_addr client = s->addr; /* of the same family, and no server's */
    struct dialog *d = calloc(1, sizeof *d);
    assert(d);
    client.ip[0] ^= 0x10;
    client.port = (uint16_t)(20000 + (st - w->streams.list));
    d->line = quicline_new(w->sealed.quic[st->server], who, way == SEAL_REFUSED, &s->addr, &client);
    d->way = way;
    d->stranger = who != VEIL_GOOD;
    d->wake_us = WR_TIME_NEVER;
    st->line = d;
    st->line_end = end_dialog;
    st->stalled = way == SEAL_MUTE;
    if (way == SEAL_LATE) {
        st->arrives_us = w->clock.now.mono_us + wr_rng_below(&w->rng, 3000000);
    }
    w->sealed.quics++;
}

bool quicserver_is_stranger(const struct net_stream *st)
{
    const struct dialog *d = st->line;
    return d->stranger;
}

/* ---- datagrams ---- */

static void send(struct world *w, struct net_stream *st, uint8_t *bytes, size_t size)
{
    const struct dialog *d = st->line;
    struct sim_event e = {
        .kind = EV_STREAM_TO_GATE, .tag = net_stream_tag(&w->streams, st), .who = st->server};
    uint64_t now_us = w->clock.now.mono_us, delay[2];
    if (d->way == SEAL_CHANGED && !w->calm && wr_rng_below(&w->rng, 6) == 0) {
        bytes[wr_rng_below(&w->rng, (uint32_t)size)] ^= (uint8_t)(1 + wr_rng_below(&w->rng, 255));
    }
    for (unsigned n = net_copies(&w->server[st->server].link, &w->rng, delay); n--;) {
        uint64_t at_us = now_us + delay[n] < st->arrives_us ? st->arrives_us : now_us + delay[n];
        clock_post(&w->clock, at_us - now_us, &e, bytes, size);
    }
}

/* All that is to be sent now, and when to look again. */
static void flush(struct world *w, struct net_stream *st)
{
    static uint8_t room[QUICLINE_DATAGRAM];
    struct dialog *d = st->line;
    uint64_t now_us = w->clock.now.mono_us;
    for (size_t n; (n = quicline_output(d->line, room, now_us)) > 0;) {
        send(w, st, room, n);
    }
    uint64_t at_us = quicline_deadline(d->line);
    if (at_us < d->wake_us) {
        struct sim_event e = {.kind = EV_QUIC_TIME, .tag = net_stream_tag(&w->streams, st)};
        d->wake_us = at_us;
        clock_post(&w->clock, at_us > now_us ? at_us - now_us : 0, &e, NULL, 0);
    }
}

/* Whoever speaks no QUIC: a page in plain text, or nobody has that port. False: it does. */
static bool speaks_otherwise(struct world *w, struct net_stream *st)
{
    const struct dialog *d = st->line;
    uint8_t page[] = "HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n\r\n";
    if (d->way == SEAL_CLEAR) {
        send(w, st, page, sizeof page - 1);
    } else if (d->way == SEAL_RESET) {
        st->stalled = true;
        server_end_stream(w, st, 1 + wr_rng_below(&w->rng, 2000));
    }
    return d->way == SEAL_CLEAR || d->way == SEAL_RESET;
}

void quicserver_write(struct world *w, struct net_stream *st, const uint8_t *bytes, size_t size)
{
    const struct net_link *link = &w->server[st->server].link;
    struct sim_event e = {.kind = EV_STREAM_TO_SERVER, .tag = net_stream_tag(&w->streams, st)};
    uint64_t delay[2];
    st->owes |= link->state != LINK_UP;
    if (link->state == LINK_UNREACHABLE) { /* ICMP */
        server_end_stream(w, st, 200);
        return;
    }
    for (unsigned n = net_copies(link, &w->rng, delay); n--;) {
        clock_post(&w->clock, delay[n], &e, bytes, size);
    }
}

void quicserver_hears(struct world *w, struct net_stream *st, const uint8_t *bytes, size_t size)
{
    struct dialog *d = st->line;
    const uint8_t *msg;
    size_t n;
    if (speaks_otherwise(w, st)) {
        return;
    }
    quicline_feed(d->line, bytes, size, w->clock.now.mono_us);
    if (quicline_is_broken(d->line)) {
        checks_fail(w, 9, "server %u is told what is no DNS over QUIC", st->server);
    }
    while (!st->stalled && quicline_next(d->line, &d->stream, &msg, &n)) {
        w->sealed.asked_quic++;
        if (msg[0] || msg[1] || checks_plant(w, PLANT_NUMBERED)) { /* RFC 9250 section 4.2.1 */
            checks_fail(w, 9, "a message to server %u by QUIC has an id", st->server);
        }
        checks_sent(w, st->server, msg, n);
        server_answers(w, st, msg, n);
    }
    flush(w, st);
}

void quicserver_arrives(struct world *w, const struct net_stream *st)
{
    const struct dialog *d = st->line;
    uint32_t said[QUICLINE_STREAMS];
    for (unsigned n = quicline_said(d->line, said); n--;) {
        oracle_heard(&w->oracle, said[n], ORACLE_ANY_ZONE, w->clock.now.mono_us);
    }
}

/* ---- answers ---- */

void quicserver_answers(struct world *w, struct net_stream *st, enum server_way way,
                        uint32_t statement)
{
    struct dialog *d = st->line;
    const struct wire_out *out = w->out;
    bool spoiled = !w->calm && wr_rng_below(&w->rng, 4) == 0;
    if (d->way == SEAL_CLOSED && spoiled) {
        quicline_close(d->line);
    } else if (d->way == SEAL_TORN && spoiled) {
        quicline_cut(d->line, d->stream, NULL, 0);
    } else if (way == WAY_RESET) {
        quicline_cut(d->line, d->stream, out->bytes, out->size);
    } else if (way == WAY_SLOW) {
        struct sim_event e = {.kind = EV_QUIC_SAYS,
                              .tag = net_stream_tag(&w->streams, st),
                              .id = (wr_id)d->stream,
                              .statement = statement};
        clock_post(&w->clock, 100000 + wr_rng_below(&w->rng, 3000000), &e, out->bytes, out->size);
    } else {
        quicline_answer(d->line, d->stream, out->bytes, out->size, statement);
    }
}

void quicserver_restart(struct world *w, unsigned server, bool tells)
{
    for (unsigned i = 0; i < NET_STREAMS_MAX; i++) {
        struct net_stream *st = &w->streams.list[i];
        if (st->used && st->datagrams && st->line && st->server == server) {
            struct dialog *d = st->line;
            quicline_forget(d->line, tells);
            st->owes = true;
        }
    }
}

void quicserver_event(struct world *w, const struct sim_event *e)
{
    struct net_stream *st = net_stream_by_tag(&w->streams, e->tag);
    if (!st || !st->line) {
        return;
    }
    struct dialog *d = st->line;
    if (e->kind == EV_QUIC_SAYS) {
        quicline_answer(d->line, (int64_t)e->id, e->bytes, e->size, e->statement);
    } else {
        d->wake_us = WR_TIME_NEVER;
        quicline_time(d->line, w->clock.now.mono_us);
    }
    flush(w, st);
}
