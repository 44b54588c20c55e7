/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three roles of RFC 9230 in memory: a client, a proxy (a DoH server towards it, a DoH client towards the target), a target. What each
 * of proxy and target was given is kept, and looked through for what it must not know.
 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "transport/dohserver.h"
#include "transport/odohclient.h"
#include "transport/odohproxy.h"
#include "transport/odohtarget.h"
#include "unit/transport/dohmsg.h"
#include "unit/transport/httpmem.h"

#define SLOTS   4
#define CARRIED 8
#define START   (5 * WR_S)

static const struct wr_doh_site proxy_site = {
    .resource = {{"/proxy", WR_DOH_OBLIVIOUS, WR_HTTP_TYPE_ODOH, WR_DOH_POST, false},
                 {"/proxy", WR_DOH_ODOH_CONFIGS, WR_HTTP_TYPE_OCTETS, WR_DOH_GET, false}},
    .count = 2,
    .message_max = 4096,
};
static const struct wr_doh_site target_site = {
    .resource = {{"/dns-query", WR_DOH_OBLIVIOUS, WR_HTTP_TYPE_ODOH, WR_DOH_POST, false},
                 {WR_ODOH_CONFIGS_PATH, WR_DOH_ODOH_CONFIGS, WR_HTTP_TYPE_OCTETS, WR_DOH_GET,
                  false}},
    .count = 2,
    .message_max = 4096,
};

struct seen {
    uint8_t bytes[64 * 1024];
    size_t size;
};

struct world {
    struct httpmem mem[4];
    struct wr_odohclient c;
    struct wr_odohclient_slot slot[SLOTS];
    struct wr_dohserver front; /* the proxy's, towards the client */
    struct wr_dohclient back;  /* and towards the target */
    struct wr_odohproxy list;
    uint64_t carried[CARRIED]; /* stream in front by token behind */
    struct wr_dohserver target;
    struct wr_odohtarget keys;
    struct wr_odohtarget_slot place[SLOTS];
    struct wr_rng rng;
    uint64_t now_us;
    struct seen by_proxy, by_target;
    unsigned fetches, posts;
    uint16_t spoil;      /* the target's status in place of its own, for one request */
    uint16_t no_configs; /* the same, of its configurations */
    bool other_question, forget;
    uint8_t room[WR_ODOHCLIENT_ROOM], get[4096];
};

static void start_proxy_and_target(struct world *w, uint8_t version)
{
    struct wr_dohserver_setup front = {.version = version, .site = &proxy_site};
    struct wr_dohserver_setup target = {.version = version, .site = &target_site};
    struct wr_dohclient_setup back = {
        .version = version, .method = WR_HTTP_POST, .host = "target.example", .path = "/dns-query"};
    static const uint8_t secret[32] = {3};

    front.memory = httpmem_of(&w->mem[1]);
    back.memory = httpmem_of(&w->mem[2]);
    target.memory = httpmem_of(&w->mem[3]);
    assert_int_equal(wr_dohserver_start(&w->front, &front, w->now_us), WR_OK);
    assert_int_equal(wr_dohclient_start(&w->back, &back, w->now_us), WR_OK);
    assert_int_equal(wr_dohserver_start(&w->target, &target, w->now_us), WR_OK);
    assert_int_equal(wr_odohtarget_start(&w->keys, secret, START, w->place, SLOTS), WR_OK);
    wr_odohproxy_init(&w->list);
    assert_int_equal(wr_odohproxy_refuse(&w->list, "proxy.example"), WR_OK);
    assert_int_equal(wr_odohproxy_allow(&w->list, "target.example", 443, "/dns-query"), WR_OK);
}

static bool pin; /* what begin is given is pinned */

static struct world *begin(uint8_t version, const char *target, const struct wr_odoh_config *config)
{
    struct world *w = calloc(1, sizeof(*w));
    struct wr_odohclient_setup setup = {.proxy = {.version = version,
                                                  .method = WR_HTTP_POST,
                                                  .host = "proxy.example",
                                                  .path = "/proxy"},
                                        .target_host = target,
                                        .target_path = "/dns-query",
                                        .config = config,
                                        .pinned = pin,
                                        .slots = SLOTS};

    assert_non_null(w);
    w->now_us = START;
    wr_rng_seed_u64(&w->rng, 7);
    start_proxy_and_target(w, version);
    setup.proxy.memory = httpmem_of(&w->mem[0]);
    setup.rng = &w->rng;
    setup.slot = w->slot;
    setup.room = w->room;
    assert_int_equal(wr_odohclient_start(&w->c, &setup, w->now_us), WR_OK);
    return w;
}

static void finish(struct world *w)
{
    wr_odohclient_end(&w->c);
    wr_dohserver_end(&w->front);
    wr_dohclient_end(&w->back);
    wr_dohserver_end(&w->target);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(w->mem[i].pieces, 0);
    }
    free(w);
}

static void keep(struct seen *s, const uint8_t *bytes, size_t n)
{
    assert_true(s->size + n <= sizeof(s->bytes));
    memcpy(s->bytes + s->size, bytes, n);
    s->size += n;
}

static bool saw(const struct seen *s, const char *what)
{
    return memmem(s->bytes, s->size, what, strlen(what)) != NULL;
}

/* The proxy: what the client wants carried goes on, if it may. */
static void proxy_turn(struct world *w)
{
    struct wr_dohclient_said said;
    struct wr_doh_query q;

    while (wr_dohserver_next(&w->front, w->get, &q) == WR_OK) {
        bool post = q.kind == WR_DOH_OBLIVIOUS;
        struct wr_http_reply reply = {.max_age_s = -1, .no_store = true};
        struct wr_http_request request = {.method = post ? WR_HTTP_POST : WR_HTTP_GET,
                                          .type = post ? WR_HTTP_TYPE_ODOH : WR_HTTP_TYPE_OCTETS,
                                          .body = q.bytes,
                                          .size = q.size};
        const char *path = NULL;
        unsigned index = 0, at = 0;

        reply.status =
            wr_odohproxy_judge(&w->list, q.parameters.at, q.parameters.n, post, &index, &path);
        if (reply.status != 0) {
            assert_int_equal(wr_dohserver_reply(&w->front, q.stream, &reply), WR_OK);
            continue;
        }
        while (w->carried[at]) {
            at++;
            assert_true(at < CARRIED);
        }
        w->carried[at] = q.stream;
        request.token = WR_DOHCLIENT_TOKENS + at;
        request.target = (struct wr_str_part){path, strlen(path)};
        assert_int_equal(wr_dohclient_request(&w->back, &request), WR_OK);
    }
    while (wr_dohclient_next(&w->back, &said)) {
        uint64_t *stream = &w->carried[said.token - WR_DOHCLIENT_TOKENS];
        struct wr_http_reply reply = {.status = said.status,
                                      .type = said.type,
                                      .no_store = true,
                                      .max_age_s = -1,
                                      .body = said.bytes,
                                      .size = said.size};

        assert_int_equal(said.kind, WR_DOHCLIENT_ANSWER);
        assert_int_equal(wr_dohserver_reply(&w->front, *stream, &reply), WR_OK);
        *stream = 0;
    }
}

static void target_posted(struct world *w, const struct wr_doh_query *q)
{
    static uint8_t out[4096];
    uint8_t query[1024], answer[256];
    struct wr_http_reply reply = {.type = WR_HTTP_TYPE_ODOH, .max_age_s = -1, .no_store = true};
    struct wr_writer sealed;
    size_t n = 0;
    uint32_t handle = 0;

    w->posts++;
    if (w->forget) { /* started anew, with other keys */
        static const uint8_t other[32] = {77};

        assert_int_equal(wr_odohtarget_start(&w->keys, other, START, w->place, SLOTS), WR_OK);
        w->forget = false;
    }
    reply.status = wr_odohtarget_open(&w->keys, q->bytes, q->size, &w->rng, w->now_us, query,
                                      sizeof(query), &n, &handle);
    if (reply.status == 0 && w->spoil) {
        wr_odohtarget_drop(&w->keys, handle);
        reply.status = w->spoil;
    } else if (reply.status == 0) {
        assert_int_equal(query[0] | query[1], 0); /* the id stays with the client */
        reply.status = 200;
        wr_buf_write_init(&sealed, out, sizeof(out));
        n = dohmsg_answer(answer, sizeof(answer), 0, 60);
        answer[13] ^= w->other_question ? 1 : 0;
        assert_int_equal(wr_odohtarget_seal(&w->keys, handle, answer, n, &sealed), WR_OK);
        reply.body = out;
        reply.size = sealed.pos;
    }
    assert_int_equal(wr_dohserver_reply(&w->target, q->stream, &reply), WR_OK);
}

static void target_turn(struct world *w)
{
    struct wr_doh_query q;

    while (wr_dohserver_next(&w->target, w->get, &q) == WR_OK) {
        struct wr_http_reply reply = {
            .status = 200, .type = WR_HTTP_TYPE_OCTETS, .max_age_s = WR_ODOH_MAX_AGE_S};

        if (q.kind == WR_DOH_OBLIVIOUS) {
            target_posted(w, &q);
            continue;
        }
        w->fetches++;
        reply.status = w->no_configs ? w->no_configs : 200;
        assert_int_equal(wr_odohtarget_configs(&w->keys, w->now_us, &reply.body, &reply.size),
                         WR_OK);
        assert_int_equal(wr_dohserver_reply(&w->target, q.stream, &reply), WR_OK);
    }
}

/* Octets move until nobody has any; what is told is the first thing, or nothing. */
static bool talk(struct world *w, struct wr_dohclient_said *ret_said)
{
    static uint8_t bytes[3000];

    for (unsigned round = 0; round < 40; round++) {
        size_t n;

        if (wr_odohclient_next(&w->c, w->now_us, ret_said)) {
            return true;
        }
        while ((n = wr_odohclient_output(&w->c, bytes, sizeof(bytes))) > 0) {
            keep(&w->by_proxy, bytes, n);
            (void)wr_dohserver_feed(&w->front, bytes, n, w->now_us);
        }
        proxy_turn(w);
        while ((n = wr_dohclient_output(&w->back, bytes, sizeof(bytes))) > 0) {
            keep(&w->by_target, bytes, n);
            (void)wr_dohserver_feed(&w->target, bytes, n, w->now_us);
        }
        target_turn(w);
        while ((n = wr_dohserver_output(&w->target, bytes, sizeof(bytes))) > 0) {
            keep(&w->by_proxy, bytes, n);
            (void)wr_dohclient_feed(&w->back, bytes, n, w->now_us);
        }
        proxy_turn(w);
        while ((n = wr_dohserver_output(&w->front, bytes, sizeof(bytes))) > 0) {
            (void)wr_odohclient_feed(&w->c, bytes, n, w->now_us);
        }
    }
    return false;
}

static void ask(struct world *w, uint16_t id)
{
    uint8_t query[64];
    struct wr_dohclient_said said;

    if (!wr_odohclient_ready(&w->c)) {
        assert_int_equal(wr_odohclient_ask(&w->c, query, dohmsg_query(query, 64, id)), WR_E_AGAIN);
        assert_false(talk(w, &said));
    }
    assert_int_equal(wr_odohclient_ask(&w->c, query, dohmsg_query(query, 64, id)), WR_OK);
}

static void answered(struct world *w, uint16_t id)
{
    uint8_t want[128];
    struct wr_dohclient_said said;

    assert_true(talk(w, &said));
    if (said.kind != WR_DOHCLIENT_ANSWER) {
        fail_msg("%s", said.why);
    }
    assert_int_equal(said.token, id);
    assert_int_equal(said.size, dohmsg_answer(want, sizeof(want), id, 60));
    assert_memory_equal(said.bytes, want, said.size);
}

static void failed(struct world *w, uint16_t id, const char *words)
{
    struct wr_dohclient_said said;

    assert_true(talk(w, &said));
    assert_int_equal(said.kind, WR_DOHCLIENT_FAILED);
    assert_int_equal(said.token, id);
    assert_non_null(strstr(said.why, words));
}

/* Over both versions: answers come; the proxy never has the name, the target never a thing of the client's. */
static void test_what_each_sees(void **state)
{
    for (uint8_t version = WR_HTTP_1_1; version <= WR_HTTP_2; version++) {
        struct world *w = begin(version, "target.example", NULL);

        for (uint16_t id = 0x4100; id < 0x4105; id++) {
            ask(w, id);
            answered(w, id);
        }
        assert_int_equal(w->fetches, 1);
        assert_int_equal(w->posts, 5);
        assert_true(w->by_proxy.size > 1000 && w->by_target.size > 500);
        assert_false(saw(&w->by_proxy, "lamp") || saw(&w->by_proxy, "home"));
        assert_false(saw(&w->by_target, "lamp") || saw(&w->by_target, "proxy"));
        assert_false(saw(&w->by_target, "orwarded") || saw(&w->by_target, "ookie") ||
                     saw(&w->by_target, "targethost"));
        finish(w);
    }
}

/* Several at once, in slots; when they are all taken: not now. */
static void test_slots(void **state)
{
    struct world *w = begin(WR_HTTP_2, "target.example", NULL);
    uint8_t query[64];

    for (uint16_t id = 1; id <= SLOTS; id++) {
        assert_int_equal(wr_odohclient_spare(&w->c), SLOTS + 1u - id);
        ask(w, id);
    }
    assert_int_equal(wr_odohclient_spare(&w->c), 0);
    assert_int_equal(wr_odohclient_ask(&w->c, query, dohmsg_query(query, 64, 99)), WR_E_AGAIN);
    for (uint16_t id = 1; id <= SLOTS; id++) {
        answered(w, id);
    }
    ask(w, 100);
    answered(w, 100);
    assert_int_equal(wr_odohclient_ask(&w->c, w->room, WR_ODOH_QUERY_MAX + 1), WR_E_LIMIT);
    assert_int_equal(wr_odohclient_ask(&w->c, query, 11), WR_E_FORMAT);
    finish(w);
}

/* A target that lost its keys: 401, the configurations are fetched once for all that wait, and each is asked once more. */
static void test_keys_lost(void **state)
{
    for (uint8_t version = WR_HTTP_1_1; version <= WR_HTTP_2; version++) {
        struct world *w = begin(version, "target.example", NULL);

        ask(w, 1);
        answered(w, 1);
        w->forget = true;
        ask(w, 2);
        if (version == WR_HTTP_2) {
            ask(w, 3);
        }
        answered(w, 2);
        if (version == WR_HTTP_2) {
            answered(w, 3);
        }
        assert_int_equal(w->fetches, 2);
        ask(w, 4);
        answered(w, 4);
        assert_int_equal(w->posts, version == WR_HTTP_2 ? 6 : 4);
        finish(w);
    }
}

/* One that says 401 to its own key: asked twice, and told. */
static void test_always_401(void **state)
{
    struct world *w = begin(WR_HTTP_2, "target.example", NULL);

    w->spoil = 401;
    ask(w, 7);
    failed(w, 7, "401 again");
    assert_int_equal(w->posts, 2);
    assert_int_equal(w->fetches, 2);
    w->spoil = 0;
    ask(w, 8);
    answered(w, 8);
    finish(w);
}

/* Keys that change by the clock: no query fails, the configurations are fetched every half day and never because of a question. */
static void test_rotation(void **state)
{
    struct world *w = begin(WR_HTTP_2, "target.example", NULL);
    struct wr_dohclient_said said;

    for (uint16_t hour = 0; hour < 100; hour++) {
        ask(w, hour);
        answered(w, hour);
        w->now_us += 3600 * WR_S;
        assert_false(talk(w, &said));
        w->by_proxy.size = w->by_target.size = 0;
    }
    assert_int_equal(w->posts, 100);
    assert_int_equal(w->fetches, 1 + 100 / 12);
    finish(w);
}

/* Configurations of an earlier connection: nothing is fetched. */
static void test_kept(void **state)
{
    struct world *w = begin(WR_HTTP_2, "target.example", NULL), *pinned;
    struct wr_odoh_config config;

    ask(w, 1);
    answered(w, 1);
    config = *wr_odohclient_config(&w->c);
    finish(w);
    pinned = begin(WR_HTTP_2, "target.example", &config);
    ask(pinned, 2);
    answered(pinned, 2);
    assert_int_equal(pinned->fetches, 0);
    finish(pinned);
}

/* Each reason for which there are none has its words. */
static void test_no_configs(void **state)
{
    static const struct {
        uint16_t status;
        const char *says;
    } rows[] = {{403, "does not carry to that target"},
                {405, "or is none"},
                {404, "no such path"},
                {429, "too much"},
                {502, "not reach"},
                {500, "failed"},
                {400, "not 200"}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world *w = begin(WR_HTTP_2, "target.example", NULL);
        struct wr_dohclient_said said;

        w->no_configs = rows[i].status;
        assert_true(talk(w, &said));
        assert_int_equal(said.kind, WR_DOHCLIENT_ENDED);
        if (!strstr(said.why, rows[i].says) || !strstr(said.why, "configurations"))
            fail_msg("%u: %s", rows[i].status, said.why);
        finish(w);
    }
}

/* Pinned ones: also when they are old, and when the target knows them no more, which is said. */
static void test_pinned(void **state)
{
    struct world *w = begin(WR_HTTP_2, "target.example", NULL);
    struct wr_odoh_config config;

    ask(w, 1);
    answered(w, 1);
    config = *wr_odohclient_config(&w->c);
    finish(w);
    pin = true;
    w = begin(WR_HTTP_2, "target.example", &config);
    pin = false;
    ask(w, 2);
    answered(w, 2);
    w->now_us += WR_ODOH_MAX_AGE_S * WR_S;
    ask(w, 3);
    answered(w, 3);
    w->forget = true;
    ask(w, 4);
    failed(w, 4, "pinned configuration (401)");
    assert_int_equal(w->posts, 3);
    assert_int_equal(w->fetches, 0);
    finish(w);
}

static void test_refusals(void **state)
{
    struct world *w = begin(WR_HTTP_2, "target.example", NULL);

    w->spoil = 502;
    ask(w, 1);
    failed(w, 1, "does not reach the target");
    w->spoil = 400;
    ask(w, 2);
    failed(w, 2, "(400)");
    w->spoil = 0;
    w->other_question = true;
    ask(w, 3);
    failed(w, 3, "no answer to the question");
    w->other_question = false;
    ask(w, 4);
    answered(w, 4);
    finish(w);
}

/* A target that the proxy does not carry to: the connection is of no use, and says why. */
static void test_not_listed(void **state)
{
    struct world *w = begin(WR_HTTP_2, "other.example", NULL);
    struct wr_dohclient_said said;

    assert_true(talk(w, &said));
    assert_int_equal(said.kind, WR_DOHCLIENT_ENDED);
    assert_non_null(strstr(said.why, "403"));
    assert_false(wr_odohclient_ready(&w->c));
    finish(w);
}

static void test_one_host(void **state)
{
    static const char *const same[] = {"proxy.example", "PROXY.example", "proxy.example:8443"};
    static struct wr_odohclient c;

    for (size_t i = 0; i < 3; i++) {
        struct wr_odohclient_setup setup = {
            .proxy = {.host = "proxy.example:443", .path = "/proxy"},
            .target_host = same[i],
            .target_path = "/dns-query"};

        assert_int_equal(wr_odohclient_start(&c, &setup, START), WR_E_DENIED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_each_sees), cmocka_unit_test(test_slots),
        cmocka_unit_test(test_keys_lost),      cmocka_unit_test(test_always_401),
        cmocka_unit_test(test_rotation),       cmocka_unit_test(test_kept),
        cmocka_unit_test(test_pinned),         cmocka_unit_test(test_no_configs),
        cmocka_unit_test(test_refusals),       cmocka_unit_test(test_not_listed),
        cmocka_unit_test(test_one_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
