/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "resolve/ladder.h"

#define FLOOR_S INT64_C(1767225600)
#define TRUE_S  INT64_C(1795780800) /* what the honest say at the zero of the monotonic clock */

/* One ladder, its clock, and servers that say what the test says: offsets in seconds. */
struct bed {
    struct wr_ladder l;
    struct wr_rng rng;
    struct wr_now now;
    unsigned sent, finds, closes;
    struct wr_ladder_action last[WR_TIME_SERVERS_MAX]; /* the last SEND to each */
    bool finding[WR_TIME_SERVERS_MAX];
};

static void poll(struct bed *b)
{
    struct wr_ladder_action a;

    for (unsigned i = 0; wr_ladder_poll(&b->l, &b->now, &a); i++) {
        assert_true(i < 64);
        b->finds += a.kind == WR_LADDER_FIND;
        b->closes += a.kind == WR_LADDER_CLOSE;
        b->finding[a.server] = b->finding[a.server] || a.kind == WR_LADDER_FIND;
        if (a.kind == WR_LADDER_SEND) {
            b->last[a.server] = a;
            b->sent++;
        }
    }
}

static void feed(struct bed *b, struct wr_ladder_event e)
{
    wr_ladder_feed(&b->l, &e, &b->now);
    poll(b);
}

/* The moment of the deadline. */
static void wait(struct bed *b)
{
    uint64_t at_us = wr_ladder_deadline(&b->l);

    assert_true(at_us != WR_TIME_NEVER);
    b->now.mono_us = at_us > b->now.mono_us ? at_us : b->now.mono_us;
    feed(b, (struct wr_ladder_event){.kind = WR_LADDER_TIME});
}

static void bed(struct bed *b, const char *const *server, unsigned servers, unsigned agree)
{
    struct wr_time_server list[WR_TIME_SERVERS_MAX];

    memset(b, 0, sizeof(*b));
    wr_rng_seed_u64(&b->rng, 7);
    b->now.mono_us = 5 * WR_S;
    for (unsigned i = 0; i < servers; i++) {
        assert_int_equal(wr_ladder_server(server[i], &list[i]), WR_OK);
    }
    wr_ladder_start(&b->l, list, servers, agree, FLOOR_S, &b->rng, &b->now);
}

static const char *const five[] = {"192.0.2.1", "198.51.100.1", "203.0.113.1", "[2001:db8:1::1]:99",
                                   "[2001:db8:2::1]:99"};

static void put(uint8_t *at, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        at[i] = (uint8_t)(v >> (56 - 8 * i));
    }
}

/* The reply of a server whose clock is `off_s` off; `stratum` 0: a kiss with that code. */
static void reply(struct bed *b, unsigned server, int64_t off_s, uint8_t stratum, const char *code)
{
    uint8_t m[WR_NTP_SIZE] = {4 << 3 | 4};
    int64_t wall_s = TRUE_S + off_s + (int64_t)(b->now.mono_us / WR_S) + INT64_C(2208988800);

    m[1] = stratum;
    memcpy(m + 12, code, 4);
    memcpy(m + 24, b->last[server].bytes + 40, 8);
    put(m + 32, (uint64_t)(uint32_t)wall_s << 32);
    put(m + 40, (uint64_t)(uint32_t)wall_s << 32);
    feed(b, (struct wr_ladder_event){
                .kind = WR_LADDER_REPLY, .id = b->last[server].id, .bytes = m, .size = sizeof(m)});
}

static void say(struct bed *b, unsigned server, int64_t off_s)
{
    reply(b, server, off_s, 2, "GPS");
}

/* To the end of the round: who has not said anything stays silent. */
static void finish(struct bed *b)
{
    for (unsigned i = 0; b->l.open; i++) {
        assert_true(i < 20);
        wait(b);
    }
}

static void expect(const struct bed *b, enum wr_trusttime_state state, unsigned witnesses)
{
    int64_t apart_us = b->l.base_us - TRUE_S * 1000000;

    assert_int_equal(b->l.state, state);
    if (state != WR_TRUSTTIME_UNPROVEN) {
        assert_int_equal(b->l.witnesses, witnesses);
        assert_true(apart_us <= 3000000 && apart_us >= -3000000);
    }
}

static void test_how_servers_are_written(void **state)
{
    static const struct {
        const char *text;
        bool is_name;
        uint16_t port;
    } good[] = {{"192.0.2.1", false, 123},
                {"192.0.2.1:99", false, 99},
                {"2001:db8::1", false, 123},
                {"[2001:db8::1]:99", false, 99},
                {"time.example", true, 123},
                {"time.example.:99", true, 99},
                {"a", true, 123}};
    static const char *const bad[] = {"",
                                      ":",
                                      ".",
                                      "time.example:",
                                      "time.example:0",
                                      "time.example:65536",
                                      "time.example:12x",
                                      "a..b",
                                      "[::1"};
    struct wr_time_server s;

    for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(wr_ladder_server(good[i].text, &s), WR_OK);
        assert_int_equal(s.name.size > 0, good[i].is_name);
        assert_int_equal(s.addr.port, good[i].port);
        assert_int_equal(s.addr.family == WR_AF_NONE, good[i].is_name);
    }
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(wr_ladder_server(bad[i], &s), WR_E_FORMAT);
    }
}

static void test_agreement_proves(void **state)
{
    struct bed b;

    bed(&b, five, 4, 3);
    expect(&b, WR_TRUSTTIME_UNPROVEN, 0);
    wait(&b);
    assert_int_equal(b.sent, 4);
    assert_int_equal(b.last[0].to.port, 123);
    assert_int_equal(b.last[3].to.port, 99);
    say(&b, 0, 0);
    say(&b, 1, 1);
    say(&b, 2, -1);
    expect(&b, WR_TRUSTTIME_UNPROVEN, 0); /* not before the round has ended */
    finish(&b);
    expect(&b, WR_TRUSTTIME_PROVEN, 3);
    assert_int_equal(b.l.rung[0].state, WR_RUNG_AGREES);
    assert_int_equal(b.l.rung[3].state, WR_RUNG_SILENT);
    assert_int_equal(b.closes, 4);
    assert_int_equal(b.sent, 5); /* the silent one twice */
    assert_true(b.l.next_us >= b.now.mono_us + 3600 * WR_S);
}

static void test_one_is_plausible(void **state)
{
    struct bed b;

    bed(&b, five, 3, 3);
    wait(&b);
    say(&b, 1, 0);
    finish(&b);
    expect(&b, WR_TRUSTTIME_PLAUSIBLE, 1);
    assert_int_equal(b.l.first, 1);
    assert_true(b.l.next_us >= b.now.mono_us + 16 * WR_S);
    assert_true(b.l.next_us <= b.now.mono_us + 18 * WR_S);
    wait(&b); /* another alone says something else: as many as before, and the younger counts */
    say(&b, 2, 2);
    finish(&b);
    expect(&b, WR_TRUSTTIME_PLAUSIBLE, 1);
    assert_int_equal(b.l.first, 2);
    wait(&b); /* silence changes nothing */
    finish(&b);
    expect(&b, WR_TRUSTTIME_PLAUSIBLE, 1);
    wait(&b);
    say(&b, 0, 0);
    say(&b, 1, 0);
    say(&b, 2, 0);
    expect(&b, WR_TRUSTTIME_PROVEN, 3);
    assert_false(b.l.open); /* nobody is waited for */
}

static void test_a_liar(void **state)
{
    static const int64_t lies[] = {-4, 4, 86400, INT64_C(900000000)};
    struct bed b;

    for (unsigned i = 0; i < 4; i++) {
        bed(&b, five, 4, 3);
        wait(&b);
        say(&b, 0, lies[i]);
        for (unsigned k = 1; k < 4; k++) {
            say(&b, k, 0);
        }
        expect(&b, WR_TRUSTTIME_PROVEN, 3);
        assert_int_equal(b.l.rung[0].state, WR_RUNG_ALONE);
        assert_int_equal(b.l.first, 1);
    }
}

static void test_two_that_contradict(void **state)
{
    struct bed b;

    bed(&b, five, 2, 2);
    wait(&b);
    say(&b, 0, 0);
    say(&b, 1, 3600);
    expect(&b, WR_TRUSTTIME_UNPROVEN, 0);
    assert_true(b.l.contradicts);
    assert_int_equal(b.l.rung[0].state, WR_RUNG_ALONE);
    assert_int_equal(b.l.rung[1].state, WR_RUNG_ALONE);
}

/* Three lie together: as many as the honest, and neither is believed. */
static void test_no_majority(void **state)
{
    static const char *const six[] = {"192.0.2.1", "198.51.100.1", "203.0.113.1",
                                      "10.0.0.1",  "10.1.0.1",     "10.2.0.1"};
    struct bed b;

    for (unsigned below = 0; below < 2; below++) {
        bed(&b, six, 6, 3);
        wait(&b);
        for (unsigned i = 0; i < 6; i++) {
            say(&b, i, i < 3 ? 0 : below ? -INT64_C(900000000) : 900000000);
        }
        /* Below the floor they are no time to believe, but they were heard: half is not more than half. */
        expect(&b, below ? WR_TRUSTTIME_PLAUSIBLE : WR_TRUSTTIME_UNPROVEN, 3);
        assert_int_equal(b.l.contradicts, !below);
        assert_int_equal(b.l.rung[5].state, below ? WR_RUNG_BELOW : WR_RUNG_ALONE);
    }
}

static void test_below_the_floor(void **state)
{
    struct bed b;

    bed(&b, five, 3, 3);
    wait(&b);
    for (unsigned i = 0; i < 3; i++) {
        say(&b, i, FLOOR_S - TRUE_S - 10);
    }
    expect(&b, WR_TRUSTTIME_UNPROVEN, 0);
    assert_int_equal(b.l.rung[0].state, WR_RUNG_BELOW);
    assert_false(b.l.contradicts);
}

static void test_one_network_counts_once(void **state)
{
    static const char *const near[] = {"192.0.2.1", "192.0.2.200", "[2001:db8:1::1]:123",
                                       "[2001:db8:1:9::1]:123"};
    struct bed b;

    bed(&b, near, 4, 3);
    wait(&b);
    for (unsigned i = 0; i < 4; i++) {
        say(&b, i, 0);
    }
    expect(&b, WR_TRUSTTIME_PLAUSIBLE, 2);
    assert_int_equal(b.l.rung[1].state, WR_RUNG_SAME);
    assert_int_equal(b.l.rung[3].state, WR_RUNG_SAME);
}

static void test_names_are_found_first(void **state)
{
    static const char *const names[] = {"a.example", "b.example:99", "c.example"};
    struct wr_addr addr[3] = {{.ip = {10, 1, 0, 1}, .family = WR_AF_V4},
                              {.ip = {10, 1, 0, 2}, .family = WR_AF_V4}};
    struct bed b;

    bed(&b, names, 3, 2);
    wait(&b);
    assert_int_equal(b.finds, 3);
    assert_int_equal(b.sent, 0);
    feed(&b,
         (struct wr_ladder_event){.kind = WR_LADDER_FOUND, .server = 0, .addr = addr, .addrs = 2});
    assert_int_equal(b.sent, 1);
    assert_true(b.last[0].to.ip[3] == 1 || b.last[0].to.ip[3] == 2);
    struct wr_addr first = b.last[0].to;
    feed(&b,
         (struct wr_ladder_event){.kind = WR_LADDER_FOUND, .server = 0, .addr = addr, .addrs = 1});
    assert_int_equal(b.sent, 1); /* once is enough */
    feed(&b, (struct wr_ladder_event){.kind = WR_LADDER_FOUND, .server = 1});
    assert_int_equal(b.l.rung[1].state, WR_RUNG_NOT_FOUND);
    feed(&b, (struct wr_ladder_event){.kind = WR_LADDER_LOST, .id = b.last[0].id});
    assert_int_equal(b.sent, 2); /* the other address */
    assert_false(wr_addr_same_ip(&first, &b.last[0].to));
    say(&b, 0, 0);
    finish(&b);
    assert_int_equal(b.l.rung[2].state, WR_RUNG_NOT_FOUND);
    feed(&b,
         (struct wr_ladder_event){.kind = WR_LADDER_FOUND, .server = 2, .addr = addr, .addrs = 2});
    feed(&b,
         (struct wr_ladder_event){.kind = WR_LADDER_FOUND, .server = 9, .addr = addr, .addrs = 2});
    assert_int_equal(b.sent, 2);
    expect(&b, WR_TRUSTTIME_PLAUSIBLE, 1);
}

static void test_silence_and_noise(void **state)
{
    uint8_t noise[WR_NTP_SIZE] = {4 << 3 | 4, 2};
    struct bed b;

    bed(&b, five, 1, 1);
    wait(&b);
    struct wr_ladder_action first = b.last[0];
    for (unsigned i = 0; i < WR_TIME_FOREIGN_MAX; i++) {
        assert_int_equal(b.sent, 1);
        feed(&b,
             (struct wr_ladder_event){
                 .kind = WR_LADDER_REPLY, .id = first.id, .bytes = noise, .size = sizeof(noise)});
    }
    assert_int_equal(b.sent, 2);
    assert_memory_not_equal(first.bytes + 40, b.last[0].bytes + 40, 8);
    struct wr_ladder_action second = b.last[0];
    b.last[0] = first;
    say(&b, 0, 900000000); /* the answer to the first comes late */
    assert_true(b.l.open);
    b.last[0] = second;
    say(&b, 0, 0);
    expect(&b, WR_TRUSTTIME_PROVEN, 1);
}

/* The machine sleeps between the questions and their replies, and those are read before any timer: they are stamped as they were
 * sent, and nothing is believed of them. A moment before the deadline the same counts. */
static void test_asleep_between_question_and_reply(void **state)
{
    struct bed b;

    for (unsigned late = 0; late < 2; late++) {
        bed(&b, five, 3, 3);
        wait(&b);
        b.now.mono_us += WR_TIME_TRIP_MAX_US - 1 + late;
        for (unsigned i = 0; i < 3; i++) {
            say(&b, i, -1);
        }
        expect(&b, late ? WR_TRUSTTIME_UNPROVEN : WR_TRUSTTIME_PROVEN, 3);
        assert_int_equal(b.sent, late ? 6 : 3);
    }
    bed(&b, five, 3, 3);
    wait(&b);
    b.now.mono_us += 8 * 3600 * WR_S;
    for (unsigned i = 0; i < 3; i++) {
        say(&b, i, -8 * 3600);
    }
    expect(&b, WR_TRUSTTIME_UNPROVEN, 0);
    assert_int_equal(b.sent, 6); /* they are asked anew, and the time is right */
    for (unsigned i = 0; i < 3; i++) {
        say(&b, i, 0);
    }
    expect(&b, WR_TRUSTTIME_PROVEN, 3);
}

static void test_kisses(void **state)
{
    struct bed b;

    bed(&b, five, 3, 1);
    wait(&b);
    reply(&b, 0, 0, 0, "DENY");
    reply(&b, 1, 0, 0, "RATE");
    reply(&b, 2, 0, 16, "INIT");
    assert_int_equal(b.l.rung[0].state, WR_RUNG_RESTING);
    assert_int_equal(b.l.rung[2].state, WR_RUNG_UNKNOWING);
    assert_false(b.l.open);
    uint64_t begun = b.now.mono_us, asked[3] = {0};
    while (b.now.mono_us < begun + 90000 * WR_S) {
        unsigned before = b.sent;
        wait(&b);
        for (unsigned i = 0; i < 3 && b.sent > before; i++) {
            asked[i] =
                asked[i] == 0 && b.l.rung[i].state == WR_RUNG_ASKED ? b.now.mono_us : asked[i];
        }
    }
    assert_true(asked[2] != 0 && asked[2] < begun + 4 * WR_S);
    assert_true(asked[1] >= begun + 3600 * WR_S && asked[1] < begun + 3 * 3600 * WR_S);
    assert_true(asked[0] >= begun + 86400 * WR_S);
}

static void test_less_does_not_lower_what_is_proven(void **state)
{
    struct bed b;

    bed(&b, five, 3, 2);
    wait(&b);
    say(&b, 0, 0);
    say(&b, 1, 0);
    say(&b, 2, 0);
    expect(&b, WR_TRUSTTIME_PROVEN, 3);
    wait(&b);
    say(&b, 2, 86400);
    finish(&b);
    expect(&b, WR_TRUSTTIME_PROVEN, 3);
    wait(&b);
    say(&b, 0, 2);
    say(&b, 1, 2);
    finish(&b);
    expect(&b, WR_TRUSTTIME_PROVEN, 2);
    assert_true(b.l.base_us > TRUE_S * 1000000 + 1000000);
}

static void test_the_floor_rises(void **state)
{
    struct bed b;

    bed(&b, five, 1, 1);
    wait(&b);
    say(&b, 0, 0);
    expect(&b, WR_TRUSTTIME_PROVEN, 1);
    wr_ladder_raise_floor(&b.l, TRUE_S - 100, &b.now);
    expect(&b, WR_TRUSTTIME_PROVEN, 1);
    wr_ladder_raise_floor(&b.l, TRUE_S + 86400, &b.now);
    expect(&b, WR_TRUSTTIME_UNPROVEN, 0);
    assert_true(b.l.next_us <= b.now.mono_us + 16 * WR_S);
    wr_ladder_raise_floor(&b.l, FLOOR_S, &b.now); /* never lowered */
    wait(&b);
    say(&b, 0, 0);
    expect(&b, WR_TRUSTTIME_UNPROVEN, 0);
}

static void test_rounds_follow_each_other_slower(void **state)
{
    struct bed b;
    uint64_t last = 0;

    bed(&b, five, 2, 2);
    for (unsigned i = 0; i < 20; i++) {
        wait(&b);
        finish(&b);
        uint64_t pause = b.l.next_us - b.now.mono_us;
        assert_true(pause >= last || pause >= 3600 * WR_S);
        assert_true(pause <= 4050 * WR_S);
        last = pause;
    }
    assert_true(last >= 3600 * WR_S);
    feed(&b, (struct wr_ladder_event){.kind = WR_LADDER_LINK});
    assert_true(b.l.next_us <= b.now.mono_us + 2 * WR_S);
    bed(&b, five, 0, 2);
    feed(&b, (struct wr_ladder_event){.kind = WR_LADDER_TIME});
    assert_true(wr_ladder_deadline(&b.l) == WR_TIME_NEVER);
    assert_int_equal(b.sent, 0);
}

static void test_names_of_states(void **state)
{
    for (unsigned i = 0; i <= WR_RUNG_RESTING; i++) {
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(wr_ladder_rung_name((enum wr_rung)i),
                                    wr_ladder_rung_name((enum wr_rung)k));
        }
    }
    assert_string_equal(wr_ladder_rung_name((enum wr_rung)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_servers_are_written),
        cmocka_unit_test(test_agreement_proves),
        cmocka_unit_test(test_one_is_plausible),
        cmocka_unit_test(test_a_liar),
        cmocka_unit_test(test_two_that_contradict),
        cmocka_unit_test(test_no_majority),
        cmocka_unit_test(test_below_the_floor),
        cmocka_unit_test(test_one_network_counts_once),
        cmocka_unit_test(test_names_are_found_first),
        cmocka_unit_test(test_silence_and_noise),
        cmocka_unit_test(test_asleep_between_question_and_reply),
        cmocka_unit_test(test_kisses),
        cmocka_unit_test(test_less_does_not_lower_what_is_proven),
        cmocka_unit_test(test_the_floor_rises),
        cmocka_unit_test(test_rounds_follow_each_other_slower),
        cmocka_unit_test(test_names_of_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
