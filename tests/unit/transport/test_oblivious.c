/* SPDX-License-Identifier: Apache-2.0 */
/* A target's listener, asked over HTTP by a client that stands where the proxy does. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "transport/dohclient.h"
#include "transport/oblivious.h"
#include "unit/transport/dohmsg.h"
#include "unit/transport/httpmem.h"

#define NOW (3 * WR_S)

struct box {
    struct httpmem mem[2];
    struct wr_dohserver s;
    struct wr_dohclient c;
    struct wr_doh_site site;
    struct wr_oblivious o;
    struct wr_odoh_asked asked;
    uint8_t room[4096], body[4096];
    size_t size;
};

static struct box *begin(uint8_t version)
{
    static const uint8_t secret[32] = {1}, seed[32] = {2};
    struct box *b = calloc(1, sizeof(*b));
    struct wr_dohserver_setup server = {.version = version};
    struct wr_dohclient_setup client = {
        .version = version, .method = WR_HTTP_POST, .host = "target.example", .path = "/dns-query"};

    assert_non_null(b);
    b->site = (struct wr_doh_site){
        .resource = {{"/dns-query", WR_DOH_DNS, WR_HTTP_TYPE_DNS, WR_DOH_POST, false}},
        .count = 1,
        .message_max = 4096};
    wr_oblivious_serve(&b->site, "/dns-query");
    assert_int_equal(wr_oblivious_start(&b->o, secret, NOW, seed), WR_OK);
    server.site = &b->site;
    server.memory = httpmem_of(&b->mem[0]);
    client.memory = httpmem_of(&b->mem[1]);
    assert_int_equal(wr_dohserver_start(&b->s, &server, NOW), WR_OK);
    assert_int_equal(wr_dohclient_start(&b->c, &client, NOW), WR_OK);
    return b;
}

static void finish(struct box *b)
{
    wr_dohclient_end(&b->c);
    wr_dohserver_end(&b->s);
    assert_int_equal(b->mem[0].pieces, 0);
    assert_int_equal(b->mem[1].pieces, 0);
    free(b);
}

/* True: a DNS query came out of it. */
static bool request(struct box *b, uint8_t method, uint8_t type, const char *path,
                    struct wr_doh_query *ret_query)
{
    uint8_t bytes[2000];
    size_t n;
    const struct wr_http_request r = {.token = WR_DOHCLIENT_TOKENS,
                                      .method = method,
                                      .type = type,
                                      .target = {path, strlen(path)},
                                      .body = b->body,
                                      .size = b->size};

    assert_int_equal(wr_dohclient_request(&b->c, &r), WR_OK);
    while ((n = wr_dohclient_output(&b->c, bytes, sizeof(bytes))) > 0) {
        assert_int_equal(wr_dohserver_feed(&b->s, bytes, n, NOW), WR_OK);
    }
    while (wr_dohserver_next(&b->s, b->room, ret_query) == WR_OK) {
        if (ret_query->kind == WR_DOH_DNS || wr_oblivious_take(&b->o, &b->s, ret_query, NOW)) {
            return true;
        }
    }
    return false;
}

static struct wr_dohclient_said response(struct box *b)
{
    struct wr_dohclient_said said = {0};
    uint8_t bytes[2000];
    size_t n;

    while ((n = wr_dohserver_output(&b->s, bytes, sizeof(bytes))) > 0) {
        assert_int_equal(wr_dohclient_feed(&b->c, bytes, n, NOW), WR_OK);
    }
    assert_true(wr_dohclient_next(&b->c, &said));
    assert_int_equal(said.kind, WR_DOHCLIENT_ANSWER);
    return said;
}

static void seal(struct box *b, const uint8_t *msg, size_t n)
{
    static const uint8_t random[WR_ODOH_RANDOM] = {5};
    struct wr_dohclient_said said;
    struct wr_odoh_config config;
    struct wr_doh_query q;
    struct wr_writer w;

    b->size = 0;
    assert_false(request(b, WR_HTTP_GET, WR_HTTP_TYPE_OCTETS, WR_ODOH_CONFIGS_PATH, &q));
    said = response(b);
    assert_int_equal(said.status, 200);
    assert_int_equal(wr_odoh_configs_read(said.bytes, said.size, &config), WR_OK);
    wr_buf_write_init(&w, b->body, sizeof(b->body));
    assert_int_equal(wr_odoh_ask(&b->asked, &config, random, msg, n, &w), WR_OK);
    b->size = w.pos;
}

static void test_round(void **state)
{
    for (uint8_t version = WR_HTTP_1_1; version <= WR_HTTP_2; version++) {
        struct box *b = begin(version);
        uint8_t query[64], answer[128], room[1024];
        size_t n = dohmsg_query(query, sizeof(query), 0), answer_n;
        struct wr_dohclient_said said;
        struct wr_doh_query q;

        seal(b, query, n);
        assert_true(request(b, WR_HTTP_POST, WR_HTTP_TYPE_ODOH, "/dns-query", &q));
        assert_int_equal(q.size, n);
        assert_memory_equal(q.bytes, query, n);
        assert_true(wr_oblivious_is(q.stream));
        answer_n = dohmsg_answer(answer, sizeof(answer), 0, 60);
        assert_int_equal(wr_oblivious_answer(&b->o, &b->s, q.stream, answer, answer_n), WR_OK);
        said = response(b);
        assert_int_equal(said.status, 200);
        assert_int_equal(said.type, WR_HTTP_TYPE_ODOH);
        assert_int_equal(wr_odoh_answer(&b->asked, said.bytes, said.size, room, sizeof(room), &n),
                         WR_OK);
        assert_int_equal(n, answer_n);
        assert_memory_equal(room, answer, n);
        /* A plain one beside it is not oblivious. */
        memcpy(b->body, query, dohmsg_query(query, sizeof(query), 0));
        b->size = dohmsg_query(query, sizeof(query), 0);
        assert_true(request(b, WR_HTTP_POST, WR_HTTP_TYPE_DNS, "/dns-query", &q));
        assert_false(wr_oblivious_is(q.stream));
        finish(b);
    }
}

/* None on purpose: 503, and the place is free again. */
static void test_no_answer(void **state)
{
    struct box *b = begin(WR_HTTP_2);
    uint8_t query[64];
    struct wr_doh_query q;

    for (unsigned i = 0; i < WR_ODOH_OUT_MAX + 10; i++) {
        seal(b, query, dohmsg_query(query, sizeof(query), 0));
        assert_true(request(b, WR_HTTP_POST, WR_HTTP_TYPE_ODOH, "/dns-query", &q));
        assert_int_equal(wr_oblivious_answer(&b->o, &b->s, q.stream, NULL, 0), WR_OK);
        assert_int_equal(response(b).status, 503);
    }
    finish(b);
}

/* Connections that end before their answers, more of them than there is room for queries: the next one is served. */
static void test_gone(void **state)
{
    struct box *b = begin(WR_HTTP_2);
    uint8_t query[64];
    struct wr_dohserver others[2];
    struct wr_doh_query q;

    for (unsigned i = 0; i < WR_ODOH_OUT_MAX + 10; i++) {
        seal(b, query, dohmsg_query(query, sizeof(query), 0));
        assert_true(request(b, WR_HTTP_POST, WR_HTTP_TYPE_ODOH, "/dns-query", &q));
        wr_oblivious_gone(&b->o, i % 2 == 0 ? &b->s : &others[1]);
        wr_oblivious_gone(&b->o, &others[0]);
        if (i % 2 == 1) {
            assert_int_equal(wr_oblivious_answer(&b->o, &b->s, q.stream, query, 12), WR_OK);
            assert_int_equal(response(b).status, 200);
        } else {
            assert_int_equal(wr_oblivious_answer(&b->o, &b->s, q.stream, query, 12), WR_E_NOTFOUND);
            assert_int_equal(response(b).status, 503);
        }
    }
    finish(b);
}

static void expect_status(struct box *b, uint16_t status)
{
    struct wr_doh_query q;

    assert_false(request(b, WR_HTTP_POST, WR_HTTP_TYPE_ODOH, "/dns-query", &q));
    assert_int_equal(response(b).status, status);
}

/* Another key, a broken tag, and sealed things that are no query. */
static void test_refused(void **state)
{
    struct box *b = begin(WR_HTTP_2);
    uint8_t query[64];
    size_t n = dohmsg_query(query, sizeof(query), 0);

    seal(b, query, n);
    b->body[5] ^= 1;
    expect_status(b, 401);
    b->body[5] ^= 1;
    b->body[b->size - 1] ^= 1;
    expect_status(b, 400);
    seal(b, query, 11);
    expect_status(b, 400);
    query[2] |= 0x80;
    seal(b, query, n);
    expect_status(b, 400);
    b->size = 0;
    expect_status(b, 400);
    finish(b);
}

static bool has(const void *room, size_t size, const uint8_t *octets, size_t n)
{
    const uint8_t *at = room;

    for (size_t i = 0; i + n <= size; i++) {
        if (memcmp(at + i, octets, n) == 0) {
            return true;
        }
    }
    return false;
}

/* Nobody asks for two periods: nothing that opened the first one's queries is kept, in a struct that is told the time alone. */
static void test_keys_change_unasked(void **state)
{
    struct box *b = begin(WR_HTTP_2);
    uint8_t first[WR_HPKE_KEY];

    memcpy(first, b->o.target.keys.key[0].secret, sizeof(first));
    assert_true(wr_oblivious_deadline(&b->o) == NOW + WR_ODOH_PERIOD_US);
    assert_false(wr_oblivious_time(&b->o, NOW + WR_ODOH_PERIOD_US - 1));
    assert_true(has(&b->o, sizeof(b->o), first, sizeof(first)));
    assert_true(wr_oblivious_time(&b->o, wr_oblivious_deadline(&b->o)));
    assert_true(wr_oblivious_time(&b->o, wr_oblivious_deadline(&b->o)));
    assert_false(has(&b->o, sizeof(b->o), first, sizeof(first)));
    assert_true(wr_oblivious_deadline(&b->o) == NOW + 3 * WR_ODOH_PERIOD_US);
    finish(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_keys_change_unasked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
