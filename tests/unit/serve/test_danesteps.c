/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dane, step by step: what becomes of the records of one server over days, in virtual time. Dane is compiled into this file; around it stand
 * a zone, a cache that asks it, a clock, and a server that is well or not.
 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "resolve/prove.h"
#include "resolve/select.h"
#include "serve/dane.h"
#include "serve/say.h"
#include "serve/serve.h"

#define STEP_US (500 * WR_MS)
#define DAY_US  (86400 * WR_S)

static struct {
    struct wr_now now;
    /* the zone */
    bool silent, bogus, unsigned_, busy;
    uint8_t keys; /* the records: one for each bit */
    uint32_t ttl_s;
    /* the cache */
    bool any;
    uint8_t cached_keys, security;
    uint32_t cached_ttl_s;
    uint64_t expires_us, stale_us; /* so long it serves what has expired */
    uint8_t data[8 * 40];
    bool suspect; /* the server */
    unsigned asks, refreshes, said;
    struct wr_serve serve;
    struct wr_gate gate;
    struct wr_conf conf;
    struct wr_conf_group group;
    struct wr_uri uri;
    struct wr_upstream_state state;
} w;

static bool fake_ask(struct wr_serve *s, const uint8_t *name, uint16_t type, bool unchecked)
{
    bool timely = w.gate.settings.prove.system_clock || w.now.wall_proven;

    assert_int_equal(type, WR_TYPE_TLSA);
    assert_false(unchecked);
    if (w.busy) {
        return false;
    }
    w.asks++;
    if (!w.silent && !w.bogus) {
        w.any = true;
        w.cached_keys = w.keys;
        w.cached_ttl_s = w.ttl_s;
        w.security = !timely       ? WR_SECURITY_INDETERMINATE
                     : w.unsigned_ ? WR_SECURITY_INSECURE
                                   : WR_SECURITY_SECURE;
        w.expires_us = w.now.mono_us + w.ttl_s * WR_S;
    }
    return true;
}

static enum wr_found fake_find(const struct wr_answer_room *room, struct wr_answer *ret)
{
    bool fresh = w.now.mono_us < w.expires_us;
    uint32_t n = 0;
    uint8_t records = 0;

    if (!w.any || w.security < room->least ||
        (!fresh && w.now.mono_us >= w.expires_us + w.stale_us)) {
        return WR_FOUND_NOTHING;
    }
    for (uint8_t bit = 0; bit < 8; bit++) {
        if (w.cached_keys & (1 << bit)) {
            memcpy(w.data + n, (const uint8_t[]){0, 35, 3, 1, 1}, 5);
            memset(w.data + n + 5, bit, 32);
            n += 37;
            records++;
        }
    }
    memset(ret, 0, sizeof(*ret));
    ret->security = w.security;
    ret->answers = records > 0;
    ret->answer[0] =
        (struct wr_rrset){.type = WR_TYPE_TLSA, .data = w.data, .size = n, .records = records};
    ret->ttl = fresh ? (uint32_t)((w.expires_us - w.now.mono_us + WR_S - 1) / WR_S) : 30;
    return fresh ? WR_FOUND_FRESH : WR_FOUND_STALE;
}

static enum wr_found fake_failure(struct wr_answer *ret, uint32_t *ret_stored_s,
                                  bool *ret_by_silence)
{
    ret->ede_text = w.bogus ? "a signature is wrong" : NULL;
    *ret_stored_s = 0;
    *ret_by_silence = false;
    return WR_FOUND_FAILURE;
}

#define wr_reload_ask                                       fake_ask
#define wr_answer_find(c, p, local, q, s, peek, room, ret)  fake_find(room, ret)
#define wr_answer_find_failure(c, q, s, room, ret, at, why) fake_failure(ret, at, why)
#define wr_clock_read(clock, ret)                           (*(ret) = w.now)
#define wr_select_is_suspect(state)                         (w.suspect)
#define wr_reload_is_idle(s)                                true
#define wr_reload_refresh(s)                                (w.refreshes++)
#define wr_say(level, ...)                                  (w.said++)

#include "../src/serve/dane.c"

static int setup(void **state)
{
    static const char url[] = "tls://192.0.2.1#name=dns.example&dane";

    memset(&w, 0, sizeof(w));
    w.now = (struct wr_now){.mono_us = 1000 * WR_S, .wall_s = 1700000000, .wall_proven = true};
    w.keys = 1;
    w.ttl_s = 10;
    assert_int_equal(wr_uri_from_text(url, strlen(url), &w.uri, NULL), WR_OK);
    w.group.servers.items = &w.uri;
    w.group.servers.count = 1;
    w.conf.upstream.groups.items = &w.group;
    w.conf.upstream.groups.count = 1;
    w.gate.settings.prove.enable = true;
    w.gate.settings.upstreams.upstreams = 1;
    w.gate.settings.upstreams.upstream[0].uri = &w.uri;
    w.serve.conf = &w.conf;
    w.serve.gate = &w.gate;
    w.serve.shared.upstream_state = &w.state;
    return 0;
}

static int teardown(void **state)
{
    wr_dane_free(w.serve.dane);
    return 0;
}

static void pass(uint64_t us)
{
    for (uint64_t end_us = w.now.mono_us + us; w.now.mono_us < end_us;) {
        w.now.mono_us += STEP_US;
        wr_dane_tick(&w.serve);
    }
}

/* Which keys are believed, as a set of bits. */
static uint8_t believed(void)
{
    uint8_t count, bits = 0;
    const struct wr_tlsa *tlsa = wr_dane_give(w.serve.dane, &w.uri, &count);

    for (uint8_t i = 0; i < count; i++) {
        bits |= (uint8_t)(1 << tlsa[i].data[0]);
    }
    return bits;
}

static void is_reason(const char *words)
{
    char text[2000];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_dane_put_reason(w.serve.dane, &w.uri, &s);
    if (strstr(text, words) == NULL || (*words == 0 && text[0] != 0)) {
        fail_msg("\"%s\" is not in \"%s\"", words, text);
    }
}

/* Asked once, in force once, and again when the TTL has ended. */
static void test_found(void **state)
{
    assert_true(wr_dane_tick(&w.serve)); /* awaited */
    assert_int_equal(believed(), 0);
    is_reason("nobody has answered yet");
    pass(STEP_US);
    assert_int_equal(believed(), 1);
    is_reason("");
    assert_false(wr_dane_tick(&w.serve));
    assert_int_equal(w.asks, 1);
    assert_int_equal(w.refreshes, 1);
    pass(9 * WR_S);
    assert_int_equal(w.asks, 1);
    pass(3 * WR_S);
    assert_int_equal(w.asks, 2);
    pass(60 * WR_S);
    assert_int_equal(w.refreshes, 1); /* the same records are no news */
    assert_int_equal(w.said, 1);
}

/* All workers are busy: the question is put again. */
static void test_busy(void **state)
{
    w.busy = true;
    pass(2 * WR_S);
    assert_int_equal(w.asks, 0);
    w.busy = false;
    pass(WR_S);
    assert_int_equal(w.asks, 1);
    assert_int_equal(believed(), 1);
}

static void test_bogus(void **state)
{
    w.bogus = true;
    pass(4 * WR_S);
    is_reason("nobody has answered yet");
    pass(2 * WR_S);
    is_reason("no answer that can be believed for TLSA records at _853._tcp.dns.example.: a "
              "signature is wrong");
    assert_int_equal(w.refreshes, 0);
    assert_int_equal(w.said, 1);
    /* Later and later, to half a minute; five seconds of each are the wait. */
    for (unsigned pause = 1; pause <= 64; pause *= 2) {
        pass((pause < 30 ? pause : 30) * WR_S + 6 * WR_S);
    }
    assert_in_range(w.asks, 6, 9);
    assert_int_equal(w.said, 1);
    w.bogus = false;
    pass(37 * WR_S);
    assert_int_equal(believed(), 1);
    is_reason("");
}

/* Nobody answers, or what comes is bogus: a day after the TTL what was known ends. */
static void test_kept_for_a_day(void **state)
{
    pass(WR_S);
    for (unsigned bogus = 0; bogus < 2; bogus++) {
        w.silent = !bogus;
        w.bogus = bogus;
        pass(DAY_US);
        assert_int_equal(believed(), 1);
        pass(60 * WR_S);
        assert_int_equal(believed(), 0);
        is_reason(bogus ? "a signature is wrong" : "no answer that can be believed");
        assert_int_equal(w.refreshes, 2 + 2 * bogus);
        w.silent = w.bogus = false;
        pass(40 * WR_S);
        assert_int_equal(believed(), 1); /* another day begins with each answer */
    }
}

/* What the cache still serves after its time holds no longer than that, and does not come back. */
static void test_stale(void **state)
{
    w.stale_us = 7 * DAY_US;
    pass(WR_S);
    w.silent = true;
    pass(DAY_US);
    assert_int_equal(believed(), 1);
    for (unsigned i = 0; i < 100; i++) {
        pass(60 * WR_S);
        assert_int_equal(believed(), 0);
    }
    assert_int_equal(w.refreshes, 2);
    w.silent = false;
    pass(60 * WR_S);
    assert_int_equal(believed(), 1);
}

/* A start with a cache that was kept, and nobody there: better than nothing, once it is clear that nobody answers. */
static void test_stale_at_the_start(void **state)
{
    assert_true(fake_ask(&w.serve, NULL, WR_TYPE_TLSA, false));
    w.expires_us = w.now.mono_us;
    w.stale_us = 7 * DAY_US;
    w.silent = true;
    pass(4 * WR_S);
    assert_int_equal(believed(), 0);
    pass(2 * WR_S);
    assert_int_equal(believed(), 1);
    pass(DAY_US + 60 * WR_S);
    assert_int_equal(believed(), 0);
}

/* Nothing is proven while nobody knows the time; when somebody does it is asked at once. */
static void test_timeless(void **state)
{
    w.now.wall_proven = false;
    pass(60 * WR_S);
    assert_int_equal(believed(), 0);
    is_reason("the time is not known yet");
    assert_int_equal(w.said, 1);
    w.now.wall_proven = true;
    pass(2 * STEP_US);
    assert_int_equal(believed(), 1);
    assert_int_equal(w.refreshes, 1);
    wr_dane_free(w.serve.dane);
    setup(state);
    w.now.wall_proven = false;
    w.gate.settings.prove.system_clock = true; /* the owner says that it is right */
    pass(WR_S);
    assert_int_equal(believed(), 1);
}

/* The time is lost: what was proven holds like after silence, and not for ever. */
static void test_timeless_with_records(void **state)
{
    pass(WR_S);
    w.now.wall_proven = false;
    w.keys = 2; /* whatever is said now */
    pass(DAY_US);
    assert_int_equal(believed(), 1);
    pass(60 * WR_S);
    assert_int_equal(believed(), 0);
    is_reason("the time is not known yet");
    w.now.wall_proven = true;
    pass(2 * STEP_US);
    assert_int_equal(believed(), 2);
}

/* It is proven that there are none any more, or that the zone is not signed: that is no failure, and holds at once. */
static void test_gone(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        w.keys = 1;
        w.unsigned_ = false;
        pass(60 * WR_S);
        assert_int_equal(believed(), 1);
        w.keys = (uint8_t)i;
        w.unsigned_ = i;
        pass(12 * WR_S);
        assert_int_equal(believed(), 0);
        is_reason(i ? "the zone is not signed" : "it is proven that there are no TLSA records");
        assert_int_equal(w.refreshes, 2 + 2 * i);
    }
}

/* The server is not well: its key may be another one, whatever the TTL says. */
static void test_rollover(void **state)
{
    w.ttl_s = 3600;
    w.keys = 1 | 2;
    pass(WR_S);
    assert_int_equal(believed(), 1 | 2);
    pass(25 * WR_S);
    assert_int_equal(w.asks, 1);
    w.keys = 2;
    pass(STEP_US);
    assert_int_equal(believed(), 1 | 2);
    w.suspect = true;
    pass(2 * STEP_US);
    assert_int_equal(believed(), 2);
    assert_int_equal(w.asks, 2);
    assert_int_equal(w.refreshes, 2);
    /* It is still not well: asked again, later and later, for the zone may be late. */
    w.keys = 4;
    pass(32 * WR_S);
    assert_int_equal(believed(), 4);
    w.suspect = false;
    pass(40 * WR_S);
    unsigned asks = w.asks;
    pass(1800 * WR_S);
    assert_int_equal(w.asks, asks);
}

/* Only what is configured is looked up; what stays is known. */
static void test_plan(void **state)
{
    static struct wr_conf without;

    without = w.conf;
    pass(WR_S);
    assert_int_equal(believed(), 1);
    without.upstream.groups.count = 0;
    w.serve.conf = &without;
    pass(WR_S);
    assert_int_equal(believed(), 0);
    w.silent = true;
    w.any = false;
    w.serve.conf = &w.conf;
    pass(WR_S);
    assert_int_equal(believed(), 0);
    is_reason("nobody has answered yet");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_found),    CASE(test_busy),
        CASE(test_bogus),    CASE(test_kept_for_a_day),
        CASE(test_stale),    CASE(test_stale_at_the_start),
        CASE(test_timeless), CASE(test_timeless_with_records),
        CASE(test_gone),     CASE(test_rollover),
        CASE(test_plan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
