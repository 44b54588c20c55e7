/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/time.h"
#include "resolve/select.h"
#include "transport/whom.h"

static struct wr_upstreams u;
static struct wr_upstream_state st[3];
static struct wr_rng rng;
static uint32_t turn;
static struct wr_select s = {&u, st, &rng, &turn, NULL};

#define T0 (100 * WR_S)

static int setup(void **state)
{
    memset(st, 0, sizeof(st));
    memset(&u, 0, sizeof(u));
    turn = 0;
    u = (struct wr_upstreams){.upstreams = 3, .groups = 1, .ipv4 = true, .ipv6 = true};
    u.group[0] = (struct wr_group){.servers = 3, .server = {0, 1, 2}};
    for (uint8_t i = 0; i < 3; i++) {
        u.upstream[i].slot = i;
        u.upstream[i].addr.family = i < 2 ? WR_AF_V4 : WR_AF_V6;
    }
    wr_rng_seed_u64(&rng, 5);
    return 0;
}

static unsigned picks_of(int server, unsigned rounds)
{
    unsigned n = 0;
    for (unsigned i = 0; i < rounds; i++) {
        n += wr_select_pick(&s, 0, 7) == server;
    }
    return n;
}

/* Two time-outs may be loss: the group is down when a whole question went unheard by all, or the network says so. */
static void test_down_is_more_than_suspect(void **state)
{
    for (int i = 0; i < 3; i++) {
        wr_select_timed_out(&st[i], T0, T0 + 1, &rng);
        wr_select_timed_out(&st[i], T0, T0 + 2, &rng);
        assert_true(wr_select_is_suspect(&st[i]));
    }
    assert_true(wr_select_all_suspect(&s, 0));
    assert_false(wr_select_is_down(&s, 0));
    wr_select_gave_up(&st[0], T0 + 3, &rng);
    wr_select_gave_up(&st[1], T0 + 3, &rng);
    assert_false(wr_select_is_down(&s, 0));
    wr_select_unreachable(&st[2], T0 + 3, &rng);
    assert_true(wr_select_is_down(&s, 0));
    wr_select_answered(&st[1], 1000, T0 + 4);
    assert_false(wr_select_is_down(&s, 0));
}

/* A zone's servers, found on the way, are a group beyond the configured ones. */
static void test_down_cut(void **state)
{
    struct wr_peers cut = {.count = 2};
    struct wr_select with = s;
    with.cuts = &cut;
    for (uint8_t i = 0; i < 2; i++) {
        cut.peer[i].addr.family = WR_AF_V4;
        cut.peer[i].slot = i;
    }
    assert_false(wr_select_is_down(&with, WR_GROUP_CUT));
    wr_select_unreachable(&st[0], T0, &rng);
    assert_false(wr_select_is_down(&with, WR_GROUP_CUT));
    wr_select_unreachable(&st[1], T0, &rng);
    assert_true(wr_select_is_down(&with, WR_GROUP_CUT));
    wr_select_answered(&st[1], 1000, T0 + 4);
    assert_false(wr_select_is_down(&with, WR_GROUP_CUT));
}

static void test_giving_up_makes_a_suspect(void **state)
{
    wr_select_gave_up(&st[0], T0, &rng);
    assert_true(wr_select_is_suspect(&st[0]));
    wr_select_forgive(&st[0]);
    assert_false(wr_select_is_suspect(&st[0]));
    assert_int_equal(st[0].given_up, 0);
}

static void test_families(void **state)
{
    assert_int_equal(wr_select_usable(&s, 0), 7);
    u.upstream[1].barred = true; /* nothing proves it now */
    assert_int_equal(wr_select_usable(&s, 0), 5);
    u.upstream[1].barred = false;
    u.ipv6 = false;
    assert_int_equal(wr_select_usable(&s, 0), 3);
    u.ipv4 = false;
    assert_int_equal(wr_select_usable(&s, 0), 0);
    assert_int_equal(wr_select_pick(&s, 0, 0), -1);
}

static void test_strategies(void **state)
{
    u.group[0].strategy = WR_STRATEGY_ORDER;
    assert_int_equal(picks_of(0, 50), 50);
    assert_int_equal(wr_select_pick(&s, 0, 6), 1);
    u.group[0].strategy = WR_STRATEGY_ROUND_ROBIN;
    assert_int_equal(picks_of(1, 30), 10);
    u.group[0].strategy = WR_STRATEGY_FASTEST;
    wr_select_answered(&st[0], 30 * WR_MS, T0);
    wr_select_answered(&st[1], 5 * WR_MS, T0);
    assert_true(picks_of(2, 1000) > 900); /* not measured yet: soon it will be */
    wr_select_timed_out(&st[2], T0, T0 + 1, &rng);
    assert_false(wr_select_is_suspect(&st[2]));
    assert_true(picks_of(1, 1000) > 900); /* it was tried, and silent: now and then again */
    assert_in_range(picks_of(2, 10000), 50, 200);
    wr_select_forgive(&st[2]);
    assert_true(picks_of(2, 1000) > 900);
    wr_select_answered(&st[2], 40 * WR_MS, T0);
    unsigned best = picks_of(1, 10000);
    assert_in_range(best, 9600, 9900); /* the rest explores */
}

static void test_patience_follows_the_round_trip(void **state)
{
    assert_int_equal(wr_select_patience(&st[0]), 200 * WR_MS);
    for (unsigned i = 0; i < 50; i++) {
        wr_select_answered(&st[0], 40 * WR_MS, T0);
    }
    assert_in_range(wr_select_patience(&st[0]), 40 * WR_MS, 60 * WR_MS);
    wr_select_answered(&st[0], 0, T0); /* unknown: changes nothing */
    assert_in_range(wr_select_patience(&st[0]), 40 * WR_MS, 60 * WR_MS);
    for (unsigned i = 0; i < 50; i++) {
        wr_select_answered(&st[0], 5 * WR_S, T0);
    }
    assert_int_equal(wr_select_patience(&st[0]), 800 * WR_MS);
    for (unsigned i = 0; i < 100; i++) {
        wr_select_answered(&st[0], 10, T0);
    }
    assert_int_equal(wr_select_patience(&st[0]), 25 * WR_MS);
}

/* An answer that came before a suspend, and was read after it, says that the server is there and nothing of how far. */
static void test_a_round_trip_over_a_suspend(void **state)
{
    wr_select_answered(&st[0], 20 * WR_MS, 10 * WR_S);
    uint64_t patience = wr_select_patience(&st[0]);
    wr_select_answered(&st[0], 7200 * WR_S, 7300 * WR_S);
    assert_int_equal(wr_select_patience(&st[0]), patience);
    assert_int_equal(st[0].answered_us, 7300 * WR_S);
    wr_select_answered(&st[0], 59 * WR_S, 7400 * WR_S); /* slow is slow */
    assert_true(wr_select_patience(&st[0]) > patience);
}

static void test_two_silences_make_a_suspect(void **state)
{
    wr_select_timed_out(&st[0], T0, T0 + 1, &rng);
    assert_false(wr_select_is_suspect(&st[0]));
    wr_select_timed_out(&st[0], T0, T0 + 2, &rng);
    assert_true(wr_select_is_suspect(&st[0]));
    assert_int_equal(wr_select_suspects(&s, 0), 1);
    assert_false(wr_select_all_suspect(&s, 0));
    wr_select_answered(&st[0], 1000, T0 + 3);
    assert_false(wr_select_is_suspect(&st[0]));
}

static void test_a_slow_name_is_no_dead_server(void **state)
{
    wr_select_answered(&st[0], 1000, T0 + 10);
    for (unsigned i = 0; i < 10; i++) {
        wr_select_timed_out(&st[0], T0, T0 + 20 + i, &rng);
    }
    assert_false(wr_select_is_suspect(&st[0]));
}

/* 0.5 s doubling to 30 s, a quarter of jitter either way; what fails together counts once. */
static void test_backoff(void **state)
{
    uint64_t now = T0, base = 500 * WR_MS;
    wr_select_unreachable(&st[0], now, &rng);
    for (unsigned i = 0; i < 10; i++) {
        uint64_t wait = st[0].suspect_until_us - now;
        assert_in_range(wait, base - base / 4, base + base / 4);
        wr_select_unreachable(&st[0], now + wait / 2, &rng); /* the same outage */
        assert_int_equal(st[0].suspect_until_us, now + wait);
        now += wait;
        wr_select_unreachable(&st[0], now, &rng);
        base = base * 2 > 30 * WR_S ? 30 * WR_S : base * 2;
    }
}

static void test_probe_has_one_taker(void **state)
{
    wr_select_unreachable(&st[0], T0, &rng);
    assert_false(wr_select_claim_probe(&s, 0, 0, false, T0 + 1)); /* its back-off counts */
    assert_true(wr_select_claim_probe(&s, 0, 0, true, T0 + 1));   /* not when none is good */
    assert_false(wr_select_claim_probe(&s, 0, 0, true, T0 + 2));
    assert_true(wr_select_claim_probe(&s, 0, 0, true, T0 + 1 + 500 * WR_MS));
    assert_true(wr_select_claim_probe(&s, 0, 0, false, T0 + 2 * WR_S));
}

static void test_all_suspect_and_forgiven(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        wr_select_unreachable(&st[i], T0, &rng);
    }
    assert_true(wr_select_all_suspect(&s, 0));
    assert_false(wr_select_answered_since(&s, 0, T0));
    wr_select_forgive(&st[1]);
    assert_false(wr_select_all_suspect(&s, 0));
    wr_select_answered(&st[2], 5, T0 + 7);
    assert_true(wr_select_answered_since(&s, 0, T0 + 7));
    assert_false(wr_select_answered_since(&s, 0, T0 + 8));
}

/* The servers of a zone cut: the group's number says which iteration's, and all rules of choice are the same. */
static void test_servers_of_a_cut(void **state)
{
    static struct wr_peers cuts[2];
    struct wr_select found = {&u, st, &rng, &turn, cuts};
    unsigned group = WR_GROUP_CUT + 1;
    cuts[0].count = 1;
    cuts[1].count = 2;
    cuts[1].peer[0] = (struct wr_peer){.addr = {.family = WR_AF_V4}, .slot = 1, .generation = 7};
    cuts[1].peer[1] = (struct wr_peer){.addr = {.family = WR_AF_V6}, .slot = 2};
    assert_int_equal(wr_select_count(&found, group), 2);
    assert_int_equal(wr_select_count(&found, WR_GROUP_CUT), 1);
    assert_int_equal(wr_select_peer(&found, group, 0).generation, 7);
    assert_int_equal(wr_select_strategy(&found, group), WR_STRATEGY_FASTEST);
    assert_int_equal(wr_select_usable(&found, group), 3);
    wr_select_unreachable(&st[1], T0, &rng);
    assert_int_equal(wr_select_suspects(&found, group), 1);
    assert_false(wr_select_all_suspect(&found, group));
    u.ipv6 = false;
    assert_int_equal(wr_select_usable(&found, group), 1);
    assert_true(wr_select_all_suspect(&found, group));
    st[1].given_up = 0;
    assert_false(wr_select_is_down(&found, group));
    st[1].given_up = 1;
    assert_true(wr_select_is_down(&found, group));
    wr_select_answered(&st[2], 5, T0);
    assert_true(wr_select_answered_since(&found, group, T0));
    cuts[1].count = 0;
    assert_true(wr_select_all_suspect(&found, group));
    assert_int_equal(wr_select_pick(&found, group, 0), -1);
}

/* By transport: ODoH, DoQ, DoT, DoH, plain; the next when nothing is left of the ones before. */
static void test_turn(void **state)
{
    static const struct {
        uint8_t scheme[3];
        wr_servers suspect, bad, gone, turn, any;
    } rows[] = {
        {{WR_SCHEME_UDP, WR_SCHEME_TCP, WR_SCHEME_UDP}, 0, 0, 0, 7, 0},
        {{WR_SCHEME_UDP, WR_SCHEME_TCP, WR_SCHEME_UDP}, 3, 4, 4, 7, 0},
        {{WR_SCHEME_HTTPS, WR_SCHEME_TLS, WR_SCHEME_QUIC}, 0, 0, 0, 4, 0},
        {{WR_SCHEME_HTTPS, WR_SCHEME_TLS, WR_SCHEME_QUIC}, 4, 0, 0, 2, 0},
        {{WR_SCHEME_HTTPS, WR_SCHEME_TLS, WR_SCHEME_QUIC}, 4, 2, 0, 1, 0},
        {{WR_SCHEME_HTTPS, WR_SCHEME_TLS, WR_SCHEME_QUIC}, 7, 0, 0, 7, 0},
        {{WR_SCHEME_HTTPS, WR_SCHEME_TLS, WR_SCHEME_ODOH}, 0, 0, 0, 4, 0},
        {{WR_SCHEME_TLS, WR_SCHEME_TLS, WR_SCHEME_UDP}, 1, 0, 0, 3, 0}, /* the other is good */
        {{WR_SCHEME_TLS, WR_SCHEME_TLS, WR_SCHEME_UDP}, 3, 0, 0, 4, 0},
        {{WR_SCHEME_TLS, WR_SCHEME_TLS, WR_SCHEME_UDP}, 1, 2, 2, 4, 0},
        {{WR_SCHEME_TLS, WR_SCHEME_TLS, WR_SCHEME_UDP}, 7, 0, 0, 7, 0},
        /* An error is an answer: another transport may know better, but no plain text because of it. */
        {{WR_SCHEME_TLS, WR_SCHEME_HTTPS, WR_SCHEME_UDP}, 0, 1, 0, 2, 0},
        {{WR_SCHEME_TLS, WR_SCHEME_HTTPS, WR_SCHEME_UDP}, 0, 3, 0, 3, 0},
        {{WR_SCHEME_TLS, WR_SCHEME_HTTPS, WR_SCHEME_UDP}, 1, 3, 0, 3, 0},
        {{WR_SCHEME_TLS, WR_SCHEME_HTTPS, WR_SCHEME_UDP}, 1, 3, 2, 4, 0},
        /* Who need not prove himself comes after all who do, and before plain text. */
        {{WR_SCHEME_TLS, WR_SCHEME_TLS, WR_SCHEME_UDP}, 0, 0, 0, 2, 1},
        {{WR_SCHEME_QUIC, WR_SCHEME_HTTPS, WR_SCHEME_UDP}, 0, 0, 0, 2, 1},
        {{WR_SCHEME_QUIC, WR_SCHEME_HTTPS, WR_SCHEME_UDP}, 2, 0, 0, 1, 1},
        {{WR_SCHEME_HTTPS, WR_SCHEME_QUIC, WR_SCHEME_TLS}, 0, 0, 0, 2, 7},
        {{WR_SCHEME_QUIC, WR_SCHEME_HTTPS, WR_SCHEME_UDP}, 3, 0, 0, 4, 1},
    };
    static const struct wr_whom any = {.proof = WR_URI_OPPORTUNISTIC},
                                proven = {.proof = WR_URI_PKIX};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned k = 0; k < 3; k++) {
            u.upstream[k].scheme = rows[i].scheme[k];
            u.upstream[k].whom = rows[i].any >> k & 1 ? &any : &proven;
            st[k].suspect_until_us = rows[i].suspect >> k & 1 ? T0 : 0;
        }
        wr_servers got = wr_select_turn(&s, 0, 7, rows[i].bad, rows[i].gone);
        if (got != rows[i].turn) {
            fail_msg("row %zu: %u, expected %u", i, (unsigned)got, (unsigned)rows[i].turn);
        }
    }
}

/* With encryption required a plain server cannot be asked, of a group or of a zone; nor one without an address. */
static void test_encrypted_only(void **state)
{
    struct wr_peers cut = {.count = 1};
    struct wr_select with = s;
    with.cuts = &cut;
    cut.peer[0] = (struct wr_peer){.addr = {.family = WR_AF_V4}, .scheme = WR_SCHEME_UDP};
    u.upstream[0].scheme = WR_SCHEME_UDP;
    u.upstream[1].scheme = WR_SCHEME_TLS;
    u.upstream[2].scheme = WR_SCHEME_TCP;
    assert_int_equal(wr_select_usable(&with, 0), 7);
    assert_int_equal(wr_select_usable(&with, WR_GROUP_CUT), 1);
    u.encrypted_only = true;
    assert_int_equal(wr_select_usable(&with, 0), 2);
    assert_int_equal(wr_select_usable(&with, WR_GROUP_CUT), 0);
    u.upstream[1].addr.family = WR_AF_NONE;
    assert_int_equal(wr_select_usable(&with, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_down_is_more_than_suspect, setup),
        cmocka_unit_test_setup(test_down_cut, setup),
        cmocka_unit_test_setup(test_giving_up_makes_a_suspect, setup),
        cmocka_unit_test_setup(test_families, setup),
        cmocka_unit_test_setup(test_strategies, setup),
        cmocka_unit_test_setup(test_patience_follows_the_round_trip, setup),
        cmocka_unit_test_setup(test_a_round_trip_over_a_suspend, setup),
        cmocka_unit_test_setup(test_two_silences_make_a_suspect, setup),
        cmocka_unit_test_setup(test_a_slow_name_is_no_dead_server, setup),
        cmocka_unit_test_setup(test_backoff, setup),
        cmocka_unit_test_setup(test_probe_has_one_taker, setup),
        cmocka_unit_test_setup(test_all_suspect_and_forgiven, setup),
        cmocka_unit_test_setup(test_servers_of_a_cut, setup),
        cmocka_unit_test_setup(test_turn, setup),
        cmocka_unit_test_setup(test_encrypted_only, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
