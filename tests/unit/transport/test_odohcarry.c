/* SPDX-License-Identifier: Apache-2.0 */
/* A proxy's connection to a target, over TLS in memory: the target is weir's own listener (transport/conn). */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "transport/conn.h"
#include "transport/oblivious.h"
#include "transport/odohcarry.h"
#include "unit/transport/certs.h"
#include "unit/transport/dohmsg.h"
#include "unit/transport/httpmem.h"

enum { FRAME = 4098, OUT = 128 * 1024 };

static struct certs_one ca, leaf;
static struct wr_creds *server_creds, *anchors;
static const struct wr_now now = {.mono_us = 1000, .wall_s = CERTS_NOW_S, .wall_proven = true};

struct box {
    struct httpmem mem[2];
    struct wr_conn conn;
    struct wr_terms terms;
    struct wr_doh_site site;
    struct wr_oblivious oblivious;
    struct wr_odohcarry c;
    struct wr_writer to_client;
    void *room;
    unsigned queries;
    uint8_t to_client_room[OUT], scratch[WR_CONN_SCRATCH], frame[FRAME];
    uint8_t out[WR_ODOHCARRY_OUT], plain[WR_ODOHCARRY_PLAIN];
};

static int make_all(void **state)
{
    struct wr_creds_pem pair;
    struct wr_creds_setup server = {.pairs = &pair, .count = 1}, client = {0};
    struct wr_verdict_text why;

    certs_make(&ca, &(struct certs_want){.cn = "CA", .ca = true}, NULL);
    certs_make(&leaf, &(struct certs_want){.names = {"target.example"}}, &ca);
    pair =
        (struct wr_creds_pem){leaf.pem.data, leaf.key_pem.data, leaf.pem.size, leaf.key_pem.size};
    client.anchors = ca.pem.data;
    client.anchors_size = ca.pem.size;
    assert_int_equal(wr_creds_make(&server, &why, &server_creds), WR_OK);
    assert_int_equal(wr_creds_make(&client, &why, &anchors), WR_OK);
    return 0;
}

static int free_all(void **state)
{
    wr_creds_drop(server_creds);
    wr_creds_drop(anchors);
    certs_free(&leaf);
    certs_free(&ca);
    return 0;
}

static int judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *why)
{
    return wr_creds_verify(anchors, chain, user, why);
}

static struct box *begin(const char *host)
{
    static const uint8_t secret[32] = {1};
    struct box *b = calloc(1, sizeof(*b));
    struct wr_conn_setup setup = {.kind = WR_CONN_DOH, .frame_size = FRAME};
    struct wr_odohcarry_setup carry = {.creds = anchors,
                                       .verify = judge,
                                       .user = (void *)(uintptr_t)host,
                                       .name = host,
                                       .host = host};

    assert_non_null(b);
    b->terms.creds = server_creds;
    b->site = (struct wr_doh_site){
        .resource = {{"/dns-query", WR_DOH_DNS, WR_HTTP_TYPE_DNS, WR_DOH_POST, false}},
        .count = 1,
        .message_max = 4096};
    wr_oblivious_serve(&b->site, "/dns-query");
    assert_int_equal(wr_oblivious_start(&b->oblivious, secret, 1, secret), WR_OK);
    b->room = malloc(wr_conn_room(WR_CONN_DOH));
    setup.terms = &b->terms;
    setup.frame = b->frame;
    setup.room = b->room;
    setup.scratch = b->scratch;
    setup.site = &b->site;
    setup.memory = httpmem_of(&b->mem[0]);
    setup.oblivious = &b->oblivious;
    assert_int_equal(wr_conn_start(&b->conn, &setup, &now), WR_OK);
    wr_buf_write_init(&b->to_client, b->to_client_room, OUT);
    carry.memory = httpmem_of(&b->mem[1]);
    carry.out = b->out;
    carry.plain = b->plain;
    assert_int_equal(wr_odohcarry_start(&b->c, &carry, &now), WR_OK);
    return b;
}

static void finish(struct box *b)
{
    wr_odohcarry_end(&b->c);
    wr_odohcarry_end(&b->c); /* once more does nothing */
    wr_conn_end(&b->conn);
    free(b->room);
    assert_int_equal(b->mem[0].pieces, 0);
    assert_int_equal(b->mem[1].pieces, 0);
    free(b);
}

static void serve(struct box *b, const uint8_t *bytes, size_t n)
{
    struct wr_conn_query q;
    uint8_t answer[200];

    wr_conn_feed(&b->conn, bytes, n, &now);
    while (wr_conn_next(&b->conn, &b->to_client, &q) == WR_OK) {
        b->queries++;
        assert_int_equal(wr_conn_answer(&b->conn, q.stream, answer,
                                        dohmsg_answer(answer, sizeof(answer), 0, 60),
                                        &b->to_client),
                         WR_OK);
    }
}

/* All that was said, in order; what stands at `bytes` is copied. */
struct heard {
    struct wr_dohclient_said said[8];
    uint8_t copy[8][1024];
    unsigned n;
};

static void hear(struct box *b, struct heard *h)
{
    struct wr_dohclient_said said;

    while (wr_odohcarry_next(&b->c, &now, &said)) {
        assert_true(h->n < 8 && said.size <= sizeof(h->copy[0]));
        if (said.size > 0) {
            memcpy(h->copy[h->n], said.bytes, said.size);
        }
        h->said[h->n] = said;
        h->said[h->n].bytes = h->copy[h->n];
        h->n++;
    }
}

/* Octets in pieces of `piece`, until nobody has any more. */
static unsigned talk(struct box *b, size_t piece, struct heard *h)
{
    uint8_t bytes[3000];
    size_t n, at;

    h->n = 0;
    for (unsigned round = 0; round < 30; round++) {
        while ((n = wr_odohcarry_output(&b->c, bytes, piece)) > 0) {
            serve(b, bytes, n);
        }
        for (at = 0; at < b->to_client.pos; at += n) {
            n = b->to_client.pos - at < piece ? b->to_client.pos - at : piece;
            wr_odohcarry_feed(&b->c, b->to_client.base + at, n, &now);
            hear(b, h);
        }
        b->to_client.pos = 0;
    }
    return h->n;
}

static int request(struct box *b, uint64_t token, bool post, const uint8_t *body, size_t size)
{
    const char *path = post ? "/dns-query" : WR_ODOH_CONFIGS_PATH;
    const struct wr_http_request r = {.token = WR_DOHCLIENT_TOKENS + token,
                                      .method = post ? WR_HTTP_POST : WR_HTTP_GET,
                                      .type = post ? WR_HTTP_TYPE_ODOH : WR_HTTP_TYPE_OCTETS,
                                      .target = {path, strlen(path)},
                                      .body = body,
                                      .size = size};

    return wr_odohcarry_request(&b->c, &r);
}

static void test_carried(void **state)
{
    static const size_t pieces[] = {3000, 700, 7};

    for (size_t i = 0; i < 3; i++) {
        struct box *b = begin("target.example");
        static const uint8_t random[WR_ODOH_RANDOM] = {6};
        uint8_t query[64], sealed[1024], room[1024];
        static struct heard h;
        struct wr_odoh_config config;
        struct wr_odoh_asked asked;
        struct wr_writer w;
        size_t n = 0;

        assert_int_equal(request(b, 1, false, NULL, 0), WR_E_AGAIN); /* who it is comes first */
        assert_int_equal(talk(b, pieces[i], &h), 0);
        assert_int_equal(b->c.state, WR_ODOHCARRY_OPEN);
        assert_int_equal(request(b, 1, false, NULL, 0), WR_OK);
        assert_int_equal(talk(b, pieces[i], &h), 1);
        assert_int_equal(h.said[0].status, 200);
        assert_int_equal(h.said[0].token, WR_DOHCLIENT_TOKENS + 1);
        assert_int_equal(wr_odoh_configs_read(h.copy[0], h.said[0].size, &config), WR_OK);
        wr_buf_write_init(&w, sealed, sizeof(sealed));
        assert_int_equal(
            wr_odoh_ask(&asked, &config, random, query, dohmsg_query(query, 64, 0), &w), WR_OK);
        for (uint64_t token = 2; token < 6; token++) {
            assert_int_equal(request(b, token, true, sealed, w.pos), WR_OK);
        }
        assert_int_equal(talk(b, pieces[i], &h), 4);
        for (unsigned k = 0; k < 4; k++) {
            assert_int_equal(h.said[k].status, 200);
            assert_int_equal(
                wr_odoh_answer(&asked, h.copy[k], h.said[k].size, room, sizeof(room), &n), WR_OK);
        }
        assert_int_equal(b->queries, 4);
        finish(b);
    }
}

/* Another name: nothing is sent, and why is said once. */
static void test_stranger(void **state)
{
    struct box *b = begin("other.example");
    static struct heard h;
    struct wr_dohclient_said said;

    assert_int_equal(talk(b, 3000, &h), 1);
    assert_int_equal(h.said[0].kind, WR_DOHCLIENT_ENDED);
    assert_true(strlen(h.said[0].why) > 10);
    assert_int_equal(request(b, 1, false, NULL, 0), WR_E_CLOSED);
    assert_false(wr_odohcarry_next(&b->c, &now, &said));
    assert_int_equal(b->queries, 0);
    finish(b);
}

/* What is no TLS, from the first octet or after the handshake. */
static void test_broken(void **state)
{
    struct box *b = begin("target.example");
    struct wr_dohclient_said said = {0};
    static struct heard h;

    wr_odohcarry_feed(&b->c, (const uint8_t *)"HTTP/1.1 400 Bad Request\r\n\r\n", 28, &now);
    assert_true(wr_odohcarry_next(&b->c, &now, &said));
    assert_int_equal(said.kind, WR_DOHCLIENT_ENDED);
    finish(b);
    b = begin("target.example");
    assert_int_equal(talk(b, 3000, &h), 0);
    wr_odohcarry_feed(
        &b->c, (const uint8_t *)"\x17\x03\x03\x00\x20garbage garbage garbage garbage!", 37, &now);
    assert_true(wr_odohcarry_next(&b->c, &now, &said));
    assert_int_equal(said.kind, WR_DOHCLIENT_ENDED);
    finish(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_carried),
        cmocka_unit_test(test_stranger),
        cmocka_unit_test(test_broken),
    };

    return cmocka_run_group_tests(tests, make_all, free_all);
}
