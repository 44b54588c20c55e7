/* SPDX-License-Identifier: Apache-2.0 */
/* One connection on weir's own wr_quic, which is not what is judged here, and the streams by hand (quicline.h has the story). */
#include "quicline.h"

#ifdef WR_HAVE_QUIC

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "transport/doq.h"
#include "transport/quicdoor.h"

#define QUERY_MAX  2048
#define MEMORY_MAX (16u * 1024 * 1024)

struct quicside {
    struct wr_rng rng;
    struct wr_quic_secrets secrets;
    struct wr_quic_env env;
    struct veil *veil;
    struct wr_creds *creds;
    uint64_t secret;
};

struct stream {
    bool used, whole, asked, answered, blocked;
    int64_t number;
    size_t have, size, sent; /* of the question; of the answer */
    uint8_t in[QUERY_MAX];
    uint8_t *out;
    uint32_t said;
    bool cut, torn; /* what is to be sent is all that comes; the end by an error was said */
};

struct quicline {
    struct quicside *side;
    struct quicveil_server veil;
    struct wr_quic quic;
    struct wr_addr server, client;
    bool begun, forgotten, tells, broken;
    size_t reset_size; /* a stateless reset waits to be sent */
    uint8_t reset[QUICLINE_DATAGRAM];
    struct stream stream[QUICLINE_STREAMS];
};

struct quicside *quicside_new(struct veil *v, struct wr_creds *creds, uint64_t secret)
{
    struct quicside *s = calloc(1, sizeof *s);
    assert(s);
    wr_rng_seed_u64(&s->rng, secret);
    wr_rng_bytes(&s->rng, &s->secrets, sizeof s->secrets);
    s->veil = v;
    s->creds = creds;
    s->secret = secret;
    int err = wr_quic_env_init(&s->env, &s->rng, 0, &s->secrets, MEMORY_MAX, MEMORY_MAX);
    assert(err == WR_OK);
    return s;
}

void quicside_free(struct quicside *s)
{
    if (s) {
        wr_quic_env_end(&s->env);
        free(s);
    }
}

/* ---- streams ---- */

static struct stream *find(struct quicline *l, int64_t number)
{
    for (unsigned i = 0; i < QUICLINE_STREAMS; i++) {
        if (l->stream[i].used && l->stream[i].number == number) {
            return &l->stream[i];
        }
    }
    return NULL;
}

static void drop(struct stream *st)
{
    free(st->out);
    st->out = NULL;
    st->used = false;
}

static struct stream *begin(struct quicline *l, int64_t number)
{
    for (unsigned i = 0; i < QUICLINE_STREAMS; i++) {
        if (!l->stream[i].used) {
            memset(&l->stream[i], 0, sizeof l->stream[i]);
            l->stream[i].used = true;
            l->stream[i].number = number;
            return &l->stream[i];
        }
    }
    return NULL;
}

static int on_octets(void *user, int64_t number, void *of, const uint8_t *bytes, size_t size,
                     bool fin, bool early)
{
    struct quicline *l = user;
    struct stream *st = find(l, number);
    wr_quic_consumed(&l->quic, number, size);
    st = st ? st : begin(l, number);
    l->broken |= !st || early || st->whole || st->have + size > QUERY_MAX;
    if (l->broken) {
        return WR_E_FORMAT;
    }
    memcpy(st->in + st->have, bytes, size);
    st->have += size;
    st->whole = fin;
    size_t says = st->have >= 2 ? 2 + (size_t)(st->in[0] << 8 | st->in[1]) : 0;
    /* One message, its length before it. */
    l->broken |= fin && (st->have < 14 || st->have != says);
    return l->broken ? WR_E_FORMAT : WR_OK;
}

static void on_closed(void *user, int64_t number, void *of, uint64_t code)
{
    struct quicline *l = user;
    struct stream *st = find(l, number);
    if (st) {
        drop(st);
    }
    wr_quic_more_streams(&l->quic);
}

/* The client has no use for it any more; the end of the stream comes by on_closed. */
static void on_reset(void *user, int64_t number, void *of, uint64_t code)
{
}

static void on_ready(void *user)
{
}

static int on_cid(void *user, const uint8_t *cid, size_t size)
{
    return WR_OK;
}

static bool wants_more(const struct stream *st)
{
    return st->used && st->answered && !st->blocked && st->sent < st->size;
}

static bool on_wants(void *user, struct wr_quic_want *ret)
{
    struct quicline *l = user;
    for (unsigned i = 0; i < QUICLINE_STREAMS; i++) {
        const struct stream *st = &l->stream[i];
        if (wants_more(st)) {
            ret->stream = st->number;
            ret->part[0] = (struct wr_chunks_part){st->out + st->sent, st->size - st->sent};
            ret->parts = 1;
            ret->fin = !st->cut;
            return true;
        }
    }
    return false;
}

static void on_took(void *user, int64_t number, size_t size, bool blocked)
{
    struct stream *st = find(user, number);
    assert(st);
    st->sent += size;
    st->blocked = blocked;
}

static const struct wr_quic_calls calls = {.octets = on_octets,
                                           .closed = on_closed,
                                           .reset = on_reset,
                                           .ready = on_ready,
                                           .cid_added = on_cid,
                                           .wants = on_wants,
                                           .took = on_took};

/* ---- the connection ---- */

struct quicline *quicline_new(struct quicside *s, enum veil_who who, bool refuses,
                              const struct wr_addr *server, const struct wr_addr *client)
{
    struct quicline *l = calloc(1, sizeof *l);
    assert(l);
    l->side = s;
    l->server = *server;
    l->client = *client;
    l->veil = (struct quicveil_server){
        .veil = s->veil, .who = who, .secret = s->secret + who, .refuses = refuses};
    bool can = quicveil_calls(&l->veil.calls);
    assert(can);
    return l;
}

static void end_quic(struct quicline *l)
{
    if (l->begun) {
        wr_quic_end(&l->quic);
    }
    l->begun = false;
}

void quicline_free(struct quicline *l)
{
    end_quic(l);
    for (unsigned i = 0; i < QUICLINE_STREAMS; i++) {
        drop(&l->stream[i]);
    }
    free(l);
}

static bool accept(struct quicline *l, const uint8_t *bytes, size_t size, uint64_t now_us)
{
    static const struct wr_quic_limits limits = {.streams = 16,
                                                 .stream_size = QUERY_MAX,
                                                 .window = 65536,
                                                 .idle_ms = 30000,
                                                 .handshake_ms = 10000};
    struct wr_quic_tls tls = {.creds = l->side->creds, .standin = &l->veil.calls};
    struct wr_quic_hello hello;
    if (wr_quic_first(bytes, size, &hello) != WR_OK) {
        return false;
    }
    memset(&l->quic, 0, sizeof l->quic);
    l->quic.calls = &calls;
    l->quic.user = l;
    l->quic.fail_code = WR_DOQ_PROTOCOL_ERROR;
    l->begun = wr_quic_accept(&l->quic, &l->side->env, &tls, &limits, &hello, &l->server,
                              &l->client, now_us) == WR_OK;
    return l->begun;
}

/* To who speaks on a connection that is not known here. */
static void say_reset(struct quicline *l, const uint8_t *bytes, size_t size)
{
    struct wr_quic_head head;
    if (l->tells && wr_quic_look(bytes, size, &head) == WR_OK && !head.is_long) {
        l->reset_size = wr_quic_say_reset(&l->side->env, head.dcid, head.dcid_size, size, l->reset,
                                          sizeof l->reset);
    }
}

void quicline_feed(struct quicline *l, const uint8_t *bytes, size_t size, uint64_t now_us)
{
    if (l->forgotten || (l->begun && l->quic.state == WR_QUIC_OVER)) {
        say_reset(l, bytes, size);
        return;
    }
    if (!l->begun && !accept(l, bytes, size, now_us)) {
        return;
    }
    for (unsigned i = 0; i < QUICLINE_STREAMS; i++) {
        l->stream[i].blocked = false;
    }
    wr_quic_feed(&l->quic, &l->server, &l->client, bytes, size, now_us);
}

bool quicline_next(struct quicline *l, int64_t *ret_stream, const uint8_t **ret_msg,
                   size_t *ret_size)
{
    for (unsigned i = 0; i < QUICLINE_STREAMS; i++) {
        struct stream *st = &l->stream[i];
        if (st->used && st->whole && !st->asked) {
            st->asked = true;
            *ret_stream = st->number;
            *ret_msg = st->in + 2;
            *ret_size = st->have - 2;
            return true;
        }
    }
    return false;
}

static struct stream *set_answer(struct quicline *l, int64_t number, const uint8_t *msg,
                                 size_t size)
{
    struct stream *st = find(l, number);
    if (!st || st->answered) {
        return NULL; /* nobody waits for it any more */
    }
    st->out = malloc(2 + size);
    assert(st->out);
    st->out[0] = (uint8_t)(size >> 8);
    st->out[1] = (uint8_t)size;
    memcpy(st->out + 2, msg, size);
    if (size >= 2) {
        st->out[2] = st->out[3] = 0; /* RFC 9250 section 4.2.1 */
    }
    st->size = 2 + size;
    st->answered = true;
    return st;
}

void quicline_answer(struct quicline *l, int64_t stream, const uint8_t *msg, size_t size,
                     uint32_t said)
{
    struct stream *st = set_answer(l, stream, msg, size);
    if (st) {
        st->said = said;
    }
}

void quicline_cut(struct quicline *l, int64_t stream, const uint8_t *msg, size_t size)
{
    if (size && !set_answer(l, stream, msg, size)) {
        return;
    }
    struct stream *st = find(l, stream);
    if (st) {
        st->cut = st->answered = true;
        st->size /= 2;
    }
}

void quicline_close(struct quicline *l)
{
    if (l->begun) {
        wr_quic_close(&l->quic, WR_DOQ_INTERNAL_ERROR);
    }
}

void quicline_forget(struct quicline *l, bool tells)
{
    end_quic(l); /* what was sent is still on its way: the streams stay, for quicline_said */
    l->forgotten = true;
    l->tells = tells;
}

/* Streams of which enough was sent. */
static void tear(struct quicline *l)
{
    for (unsigned i = 0; i < QUICLINE_STREAMS; i++) {
        struct stream *st = &l->stream[i];
        if (st->used && st->cut && !st->torn && st->sent == st->size) {
            st->torn = true;
            wr_quic_shut(&l->quic, st->number, WR_DOQ_INTERNAL_ERROR);
        }
    }
}

size_t quicline_output(struct quicline *l, uint8_t room[QUICLINE_DATAGRAM], uint64_t now_us)
{
    struct wr_addr local, to;
    size_t size = l->reset_size;
    if (size) {
        memcpy(room, l->reset, size);
        l->reset_size = 0;
        return size;
    }
    if (!l->begun) {
        return 0;
    }
    tear(l);
    return wr_quic_output(&l->quic, room, QUICLINE_DATAGRAM, &local, &to, now_us);
}

uint64_t quicline_deadline(const struct quicline *l)
{
    return l->begun ? wr_quic_deadline(&l->quic) : WR_TIME_NEVER;
}

void quicline_time(struct quicline *l, uint64_t now_us)
{
    if (l->begun) {
        wr_quic_time(&l->quic, now_us);
    }
}

unsigned quicline_said(const struct quicline *l, uint32_t ret_said[QUICLINE_STREAMS])
{
    unsigned n = 0;
    for (unsigned i = 0; i < QUICLINE_STREAMS; i++) {
        const struct stream *st = &l->stream[i];
        if (st->used && st->answered && st->said && st->sent == st->size) {
            ret_said[n++] = st->said;
        }
    }
    return n;
}

bool quicline_is_broken(const struct quicline *l)
{
    return l->broken;
}

#else /* it never begins */

struct quicside *quicside_new(struct veil *v, struct wr_creds *creds, uint64_t secret)
{
    return NULL;
}

void quicside_free(struct quicside *s)
{
}

struct quicline *quicline_new(struct quicside *s, enum veil_who who, bool refuses,
                              const struct wr_addr *server, const struct wr_addr *client)
{
    return NULL;
}

void quicline_free(struct quicline *l)
{
}

void quicline_feed(struct quicline *l, const uint8_t *bytes, size_t size, uint64_t now_us)
{
}

bool quicline_next(struct quicline *l, int64_t *ret_stream, const uint8_t **ret_msg,
                   size_t *ret_size)
{
    return false;
}

void quicline_answer(struct quicline *l, int64_t stream, const uint8_t *msg, size_t size,
                     uint32_t said)
{
}

void quicline_cut(struct quicline *l, int64_t stream, const uint8_t *msg, size_t size)
{
}

void quicline_close(struct quicline *l)
{
}

void quicline_forget(struct quicline *l, bool tells)
{
}

size_t quicline_output(struct quicline *l, uint8_t room[QUICLINE_DATAGRAM], uint64_t now_us)
{
    return 0;
}

uint64_t quicline_deadline(const struct quicline *l)
{
    return WR_TIME_NEVER;
}

void quicline_time(struct quicline *l, uint64_t now_us)
{
}

unsigned quicline_said(const struct quicline *l, uint32_t ret_said[QUICLINE_STREAMS])
{
    return 0;
}

bool quicline_is_broken(const struct quicline *l)
{
    return false;
}

#endif
