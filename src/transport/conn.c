/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/conn.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"
#include "transport/dohserver.h"
#include "transport/oblivious.h"

struct wr_conn_tls {
    struct wr_tls tls;
    char below[256]; /* names_below */
    struct wr_identity certified;
    /* DOH only: */
    const struct wr_doh_site *site;
    struct wr_http_memory memory;
    struct wr_oblivious *oblivious;
    unsigned refused;     /* oblivious queries that did not open */
    bool asked_oblivious; /* and one that did */
    bool speaks;          /* the server below is started */
    struct wr_dohserver doh;
};

enum {
    DOH_PIECE = 4096, /* octets of one record of an answer */
    DOH_HEAD = 1024,  /* octets around an answer */
};

static const char *const dot_names[] = {"dot"};
static const char *const doh_names[] = {"h2", "http/1.1"};

size_t wr_conn_room(enum wr_conn_kind kind)
{
    return kind == WR_CONN_PLAIN ? 0
           : kind == WR_CONN_DOT ? offsetof(struct wr_conn_tls, site)
                                 : sizeof(struct wr_conn_tls);
}

/* --- who it says it is -------------------------------------------------------------------------------- */

static int conn_judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *why)
{
    struct wr_conn_tls *s = user;

    wr_identity_certificate(&s->certified, s->tls.creds, chain);
    return WR_OK;
}

static void conn_find_claim(struct wr_conn *c)
{
    struct wr_conn_tls *s = c->tls;
    char name[256] = "";

    if (s->certified.kind != WR_IDENTITY_NONE) {
        c->claim = s->certified;
    } else if (wr_tls_sni(&s->tls, name, sizeof(name) - 1) == WR_OK) {
        wr_identity_name(&c->claim, name, s->below);
    }
}

/* --- the machine -------------------------------------------------------------------------------------- */

static int conn_start_tls(struct wr_conn *c, const struct wr_conn_setup *setup,
                          const struct wr_now *now)
{
    const struct wr_terms *terms = setup->terms;
    bool doh = setup->kind == WR_CONN_DOH;
    struct wr_tls_setup tls = {.role = WR_TLS_SERVER,
                               .creds = terms->creds,
                               .alpn = doh ? doh_names : dot_names,
                               .alpn_count =
                                   doh ? WR_ARRAY_LEN(doh_names) : WR_ARRAY_LEN(dot_names),
                               .verify = conn_judge,
                               .user = setup->room,
                               .ticket_key = terms->ticket_key,
                               .ask = terms->ask_certificate};

    c->tls = setup->room;
    memcpy(c->tls->below, terms->names_below, sizeof(c->tls->below));
    c->tls->certified = (struct wr_identity){.kind = WR_IDENTITY_NONE};
    if (doh) {
        wr_assert(setup->site->message_max <= setup->frame_size);
        c->tls->site = setup->site;
        c->tls->memory = setup->memory;
        c->tls->oblivious = setup->oblivious;
        c->tls->refused = 0;
        c->tls->asked_oblivious = false;
        c->tls->speaks = false;
    }
    return wr_tls_start(&c->tls->tls, &tls, now, NULL);
}

int wr_conn_start(struct wr_conn *c, const struct wr_conn_setup *setup, const struct wr_now *now)
{
    *c = (struct wr_conn){.kind = (uint8_t)setup->kind, .scratch = setup->scratch};
    wr_frame_init(&c->frame, setup->frame, setup->frame_size);
    return setup->kind == WR_CONN_PLAIN ? WR_OK : conn_start_tls(c, setup, now);
}

void wr_conn_feed(struct wr_conn *c, const uint8_t *bytes, size_t size, const struct wr_now *now)
{
    if (c->tls == NULL) {
        wr_frame_feed(&c->frame, bytes, size);
    } else {
        wr_tls_feed(&c->tls->tls, bytes, size, now);
    }
}

/* Plaintext in the scratch goes to the HTTP session, which begins with the first of it. What it refuses is told by its next. */
static int conn_feed_doh(struct wr_conn *c, size_t n)
{
    struct wr_conn_tls *s = c->tls;

    if (!s->speaks) {
        struct wr_dohserver_setup setup = {
            .version = s->tls.alpn == 0 ? WR_HTTP_2 : WR_HTTP_1_1,
            .site = s->site,
            .memory = s->memory,
        };
        int err = wr_dohserver_start(&s->doh, &setup, s->tls.now.mono_us);

        if (err != WR_OK) {
            return err;
        }
        s->speaks = true;
    }
    (void)wr_dohserver_feed(&s->doh, c->scratch, n, s->tls.now.mono_us);
    return WR_OK;
}

/* The next piece of plaintext into the frame, or the HTTP session. */
static int conn_read_tls(struct wr_conn *c, struct wr_writer *out)
{
    struct wr_tls *t = &c->tls->tls;
    bool was_opening = t->state == WR_TLS_HANDSHAKE;
    size_t n = 0;
    int err = wr_tls_read(t, c->scratch, WR_CONN_SCRATCH, &n, out);

    if (was_opening && t->state == WR_TLS_OPEN) {
        conn_find_claim(c);
    }
    if (err == WR_OK && c->kind == WR_CONN_DOT) {
        wr_frame_feed(&c->frame, c->scratch, n);
    } else if (err == WR_OK) {
        err = conn_feed_doh(c, n);
    }
    return err;
}

/* True: it has become a DNS message. A connection that is older than the target (a reload made it one) cannot be served with it. */
static bool conn_take_oblivious(struct wr_conn_tls *s, struct wr_doh_query *query)
{
    const struct wr_http_reply later = {.status = 503, .no_store = true, .max_age_s = -1};
    bool configs = query->kind == WR_DOH_ODOH_CONFIGS;

    if (s->oblivious == NULL) {
        (void)wr_dohserver_reply(&s->doh, query->stream, &later);
        return false;
    }
    if (wr_oblivious_take(s->oblivious, &s->doh, query, s->tls.now.mono_us)) {
        s->asked_oblivious = true;
        return true;
    }
    s->refused += !configs;
    return false;
}

/* The next request that is a query; what else was said goes out. */
static int conn_next_doh(struct wr_conn *c, struct wr_writer *out, struct wr_conn_query *ret_query)
{
    struct wr_conn_tls *s = c->tls;
    struct wr_doh_query query;
    int err, said;

    do { /* each turn uses up octets that were fed */
        err = s->speaks ? wr_dohserver_next(&s->doh, c->frame.room, &query) : WR_E_AGAIN;
        if (err == WR_OK && wr_oblivious_is_carried(&query)) {
            *ret_query = (struct wr_conn_query){.bytes = query.bytes,
                                                .size = query.size,
                                                .stream = query.stream,
                                                .carry = true,
                                                .post = query.method == WR_HTTP_POST,
                                                .parameters = query.parameters};
            return WR_OK;
        }
        if (err == WR_OK && query.kind != WR_DOH_DNS && !conn_take_oblivious(s, &query)) {
            err = s->refused >= WR_ODOH_REFUSED_MAX ? WR_E_LIMIT : WR_OK;
            continue;
        }
        if (err == WR_OK) {
            *ret_query = (struct wr_conn_query){.bytes = query.bytes,
                                                .size = query.size,
                                                .stream = query.stream,
                                                .claim = query.claim};
            return WR_OK;
        }
        if (err == WR_E_AGAIN) {
            err = conn_read_tls(c, out);
        }
    } while (err == WR_OK);
    said = wr_conn_output(c, out);
    return said != WR_OK ? said : err;
}

int wr_conn_next(struct wr_conn *c, struct wr_writer *out, struct wr_conn_query *ret_query)
{
    if (c->kind == WR_CONN_DOH) {
        return conn_next_doh(c, out, ret_query);
    }
    *ret_query = (struct wr_conn_query){.stream = 0};
    for (;;) { /* each turn uses up octets that were fed */
        int err = wr_frame_next(&c->frame, &ret_query->bytes, &ret_query->size);

        if (err == WR_OK) {
            ret_query->stream = 0;
            return WR_OK;
        }
        if (err != WR_E_AGAIN || c->tls == NULL) {
            return err;
        }
        err = conn_read_tls(c, out);
        if (err != WR_OK) {
            return err;
        }
    }
}

size_t wr_conn_answer_room(const struct wr_conn *c, size_t size)
{
    size_t framed = size + 2;

    if (c->kind == WR_CONN_DOH) {
        size += c->tls->oblivious != NULL ? WR_OBLIVIOUS_MORE : 0;
        return size + DOH_HEAD + (size / DOH_PIECE + 2) * WR_TLS_RECORD_MORE;
    }
    return c->tls == NULL ? framed : framed + (framed / 16384 + 2) * WR_TLS_RECORD_MORE;
}

/* One record for the length and the message (RFC 7766 section 8): `bytes` goes behind two octets in the scratch where it fits. */
static int conn_answer_tls(struct wr_conn *c, const uint8_t *bytes, size_t size,
                           struct wr_writer *out)
{
    uint8_t small[2 + 1500], length[2] = {(uint8_t)(size >> 8), (uint8_t)size};
    int err;

    if (size <= sizeof(small) - 2) {
        memcpy(small, length, 2);
        memcpy(small + 2, bytes, size);
        return wr_tls_write(&c->tls->tls, small, size + 2, out);
    }
    err = wr_tls_write(&c->tls->tls, length, 2, out);
    return err == WR_OK ? wr_tls_write(&c->tls->tls, bytes, size, out) : err;
}

int wr_conn_answer(struct wr_conn *c, uint64_t stream, const uint8_t *bytes, size_t size,
                   struct wr_writer *out)
{
    wr_assert(size <= WR_MSG_MAX);
    if (c->kind == WR_CONN_DOH) {
        /* A client that has gone (reset) wants nothing; one whose answer finds no memory is told so. */
        if (wr_oblivious_is(stream)) {
            (void)wr_oblivious_answer(c->tls->oblivious, &c->tls->doh, stream, bytes, size);
        } else {
            (void)wr_dohserver_answer(&c->tls->doh, stream, bytes, size);
        }
        return wr_conn_output(c, out);
    }
    if (bytes == NULL) {
        return WR_OK;
    }
    if (c->tls != NULL) {
        return conn_answer_tls(c, bytes, size, out);
    }
    wr_buf_put_u16(out, (uint16_t)size);
    wr_buf_put_bytes(out, bytes, size);
    return out->err;
}

int wr_conn_reply(struct wr_conn *c, uint64_t stream, const struct wr_http_reply *reply,
                  struct wr_writer *out)
{
    (void)wr_dohserver_reply(&c->tls->doh, stream, reply);
    return wr_conn_output(c, out);
}

static const struct wr_dohserver *conn_doh(const struct wr_conn *c)
{
    return c->kind == WR_CONN_DOH && c->tls != NULL && c->tls->speaks ? &c->tls->doh : NULL;
}

int wr_conn_output(struct wr_conn *c, struct wr_writer *out)
{
    uint8_t piece[DOH_PIECE];
    int err = WR_OK;

    /* Each turn takes octets from the session; it ends when `out` is full. */
    while (conn_doh(c) != NULL && err == WR_OK &&
           out->cap - out->pos >= DOH_PIECE + WR_TLS_RECORD_MORE) {
        size_t n = wr_dohserver_output(&c->tls->doh, piece, sizeof(piece));

        if (n == 0) {
            break;
        }
        err = wr_tls_write(&c->tls->tls, piece, n, out);
    }
    return err;
}

bool wr_conn_has_output(const struct wr_conn *c)
{
    return conn_doh(c) != NULL && wr_dohserver_has_output(conn_doh(c));
}

bool wr_conn_done(const struct wr_conn *c)
{
    return conn_doh(c) != NULL && wr_dohserver_done(conn_doh(c));
}

bool wr_conn_full(const struct wr_conn *c)
{
    return conn_doh(c) != NULL && wr_dohserver_full(conn_doh(c));
}

bool wr_conn_more(const struct wr_conn *c)
{
    return conn_doh(c) != NULL && wr_dohserver_more(conn_doh(c));
}

uint64_t wr_conn_since(const struct wr_conn *c)
{
    return conn_doh(c) != NULL ? wr_dohserver_since(conn_doh(c)) : WR_TIME_NEVER;
}

uint64_t wr_conn_waiting(const struct wr_conn *c)
{
    return conn_doh(c) != NULL ? wr_dohserver_waiting(conn_doh(c)) : 0;
}

uint64_t wr_conn_carried(const struct wr_conn *c)
{
    return conn_doh(c) != NULL ? wr_dohserver_carried(conn_doh(c)) : 0;
}

size_t wr_conn_memory(const struct wr_conn *c)
{
    return conn_doh(c) != NULL ? wr_dohserver_memory(conn_doh(c)) : 0;
}

bool wr_conn_opening(const struct wr_conn *c)
{
    return c->tls != NULL && c->tls->tls.state == WR_TLS_HANDSHAKE;
}

bool wr_conn_partial(const struct wr_conn *c)
{
    return wr_frame_partial(&c->frame) || wr_conn_since(c) != WR_TIME_NEVER ||
           (c->tls != NULL && wr_tls_partial(&c->tls->tls));
}

void wr_conn_close(struct wr_conn *c, struct wr_writer *out)
{
    if (c->tls != NULL) {
        if (conn_doh(c) != NULL) {
            wr_dohserver_close(&c->tls->doh);
            (void)wr_conn_output(c, out);
        }
        wr_tls_close(&c->tls->tls, out);
    }
}

void wr_conn_end(struct wr_conn *c)
{
    if (c->tls != NULL) {
        if (conn_doh(c) != NULL) {
            if (c->tls->asked_oblivious) {
                wr_oblivious_gone(c->tls->oblivious, &c->tls->doh);
            }
            wr_dohserver_end(&c->tls->doh);
        }
        wr_tls_end(&c->tls->tls);
        c->tls = NULL;
    }
}

const char *wr_conn_why(const struct wr_conn *c)
{
    return c->tls == NULL ? "" : c->tls->tls.why.text;
}

const struct wr_tls *wr_conn_session(const struct wr_conn *c)
{
    return c->tls == NULL ? NULL : &c->tls->tls;
}
