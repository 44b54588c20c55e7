/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of DNS over TLS in memory, for tests of who asks one: its certificates are made when the test runs.
 *
 *     struct dotserver d;   dotserver_start(&d, &want);   ... what the client sends: dotserver_hear(&d, bytes, size)
 *     dotserver_say(&d, &bytes): what it sends, answers included; each query gets itself back with QR set
 *
 * With `web` set before dotserver_accept it is a server of DNS over HTTPS instead, of HTTP/2 or (`old`) HTTP/1.1.
 */
#ifndef WEIR_TESTS_DOTSERVER_H
#define WEIR_TESTS_DOTSERVER_H

#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "transport/frame.h"
#include "transport/dohserver.h"
#include "transport/tls.h"
#include "unit/transport/certs.h"

struct dotserver {
    struct certs_one ca, leaf;
    struct wr_creds *creds;
    struct wr_tls tls;
    struct wr_frame frame;
    struct wr_writer out;
    uint8_t room[2 + 4096], said[64 * 1024], plain[16640];
    uint8_t heard[4096]; /* the last query */
    size_t heard_size;
    unsigned queries;
    int err; /* of the last read */
    struct wr_dohserver http;
    bool web, old, begun; /* HTTP; of it HTTP/1.1; it has begun */
    bool mute;            /* answers no query */
};

static const uint8_t dotserver_key[WR_TLS_TICKET_KEY] = {4, 5, 6};
static const struct wr_now dotserver_now = {
    .mono_us = 70 * WR_S, .wall_s = CERTS_NOW_S, .wall_proven = true};

/* A new connection to the same server. */
static inline void dotserver_accept(struct dotserver *d)
{
    static const char *const dot[] = {"dot"}, *const web[] = {"h2", "http/1.1"};
    struct wr_tls_setup setup = {.role = WR_TLS_SERVER,
                                 .creds = d->creds,
                                 .alpn = !d->web ? dot : web + d->old,
                                 .alpn_count = d->web && !d->old ? 2 : 1,
                                 .ticket_key = dotserver_key};
    if (d->begun) {
        wr_dohserver_end(&d->http);
        d->begun = false;
    }
    wr_tls_end(&d->tls);
    wr_frame_init(&d->frame, d->room, sizeof(d->room));
    wr_buf_write_init(&d->out, d->said, sizeof(d->said));
    assert_int_equal(wr_tls_start(&d->tls, &setup, &dotserver_now, NULL), WR_OK);
}

static inline void dotserver_start(struct dotserver *d, const struct certs_want *want)
{
    struct wr_verdict_text why;
    memset(d, 0, sizeof(*d));
    certs_make(&d->ca, &(struct certs_want){.cn = "test CA", .ca = true}, NULL);
    certs_make(&d->leaf, want, &d->ca);
    struct wr_creds_pem pair = {.chain = d->leaf.pem.data,
                                .chain_size = d->leaf.pem.size,
                                .key = d->leaf.key_pem.data,
                                .key_size = d->leaf.key_pem.size};
    assert_int_equal(
        wr_creds_make(&(struct wr_creds_setup){.pairs = &pair, .count = 1}, &why, &d->creds),
        WR_OK);
    dotserver_accept(d);
}

/* What a client believes that trusts this server's authority. */
static inline struct wr_creds *dotserver_trust(const struct dotserver *d)
{
    struct wr_verdict_text why;
    struct wr_creds *creds = NULL;
    struct wr_creds_setup setup = {.anchors = d->ca.pem.data, .anchors_size = d->ca.pem.size};
    assert_int_equal(wr_creds_make(&setup, &why, &creds), WR_OK);
    return creds;
}

static inline void dotserver_answer(struct dotserver *d, const uint8_t *msg, size_t size)
{
    uint8_t framed[2 + sizeof(d->heard)];
    assert_true(size <= sizeof(d->heard));
    memcpy(d->heard, msg, size);
    d->heard_size = size;
    d->queries++;
    framed[0] = (uint8_t)(size >> 8);
    framed[1] = (uint8_t)size;
    memcpy(framed + 2, msg, size);
    framed[4] |= 0x80;
    if (!d->mute) {
        assert_int_equal(wr_tls_write(&d->tls, framed, size + 2, &d->out), WR_OK);
    }
}

static inline void *dotserver_resize(void *user, void *at, size_t size)
{
    if (size == 0) {
        free(at);
        return NULL;
    }
    return realloc(at, size);
}

static inline void dotserver_web(struct dotserver *d, size_t n)
{
    static const struct wr_doh_site site = {
        .resource = {{"/dns-query", WR_DOH_DNS, WR_HTTP_TYPE_DNS, WR_DOH_POST, false}},
        .count = 1,
        .message_max = 4096};
    struct wr_doh_query q;
    uint8_t answer[sizeof(d->heard)];
    if (!d->begun) {
        struct wr_dohserver_setup setup = {.version = d->old ? WR_HTTP_1_1 : WR_HTTP_2,
                                           .site = &site,
                                           .memory = {.resize = dotserver_resize}};
        assert_int_equal(wr_dohserver_start(&d->http, &setup, dotserver_now.mono_us), WR_OK);
        d->begun = true;
    }
    wr_dohserver_feed(&d->http, d->plain, n, dotserver_now.mono_us);
    while (wr_dohserver_next(&d->http, d->room, &q) == WR_OK) {
        assert_true(q.size <= sizeof(answer));
        memcpy(d->heard, q.bytes, q.size);
        d->heard_size = q.size;
        d->queries++;
        memcpy(answer, q.bytes, q.size);
        answer[2] |= 0x80;
        assert_int_equal(wr_dohserver_answer(&d->http, q.stream, d->mute ? NULL : answer, q.size),
                         WR_OK);
    }
    while ((n = wr_dohserver_output(&d->http, d->plain, sizeof(d->plain))) > 0) {
        assert_int_equal(wr_tls_write(&d->tls, d->plain, n, &d->out), WR_OK);
    }
}

static inline void dotserver_hear(struct dotserver *d, const uint8_t *bytes, size_t size)
{
    const uint8_t *msg;
    size_t n, msg_size;
    wr_tls_feed(&d->tls, bytes, size, &dotserver_now);
    while ((d->err = wr_tls_read(&d->tls, d->plain, sizeof(d->plain), &n, &d->out)) == WR_OK) {
        if (d->web) {
            dotserver_web(d, n);
            continue;
        }
        wr_frame_feed(&d->frame, d->plain, n);
        while (wr_frame_next(&d->frame, &msg, &msg_size) == WR_OK) {
            dotserver_answer(d, msg, msg_size);
        }
    }
}

static inline size_t dotserver_say(struct dotserver *d, const uint8_t **ret_bytes)
{
    size_t size = d->out.pos;
    *ret_bytes = d->said;
    d->out.pos = 0;
    return size;
}

static inline void dotserver_end(struct dotserver *d)
{
    if (d->begun) {
        wr_dohserver_end(&d->http);
    }
    wr_tls_end(&d->tls);
    wr_creds_drop(d->creds);
    certs_free(&d->leaf);
    certs_free(&d->ca);
}

#endif
