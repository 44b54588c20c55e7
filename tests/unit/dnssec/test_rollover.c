/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/world.h"

#include "dnssec/rollover.h"
#include "dnssec/rrsig.h"

#define DAY   86400
#define START 1700000000

static struct wr_rollover r;
static struct wr_name zone;
static uint64_t scratch[WR_RRSIG_SCRATCH_SIZE / 8 + 1];

static struct wr_ds key(unsigned n)
{
    struct wr_ds ds = {.tag = (uint16_t)n, .alg = 8, .digest_type = 2, .size = 32};

    memset(ds.digest, (int)n, 32);
    return ds;
}

static void begin(void)
{
    struct wr_ds one = key(1);

    zone = world_name(".");
    wr_rollover_init(&r, zone.wire);
    assert_true(wr_rollover_dead(&r));
    assert_int_equal(wr_rollover_trust(&r, &one), WR_OK);
    assert_false(wr_rollover_dead(&r));
}

/* "1 2 -3": keys by number, with a minus revoked. */
static bool observe_at(const char *text, int64_t wall_s, int64_t mono_s, bool trusted)
{
    const struct wr_rollover_moment moment = {wall_s, (uint64_t)mono_s};
    struct wr_rollover_seen seen[WR_DNSSEC_ROLLOVER_KEYS_MAX];
    unsigned n = 0;
    char *end;

    for (const char *at = text; *at; at = *end ? end + 1 : end) {
        long v = strtol(at, &end, 10);

        seen[n].ds = key((unsigned)labs(v));
        seen[n++].revoked = v < 0;
    }
    return wr_rollover_observe(&r, seen, n, 172800, &moment, trusted);
}

/* By two clocks that go together. */
static bool observe(const char *text, int64_t moment, bool trusted)
{
    return observe_at(text, moment, moment, trusted);
}

static enum wr_rollover_state state_of(unsigned n)
{
    struct wr_ds ds = key(n);

    for (unsigned i = 0; i < WR_DNSSEC_ROLLOVER_KEYS_MAX; i++) {
        if (r.keys[i].state && r.keys[i].ds.tag == ds.tag) {
            return r.keys[i].state;
        }
    }
    return WR_ROLLOVER_START;
}

static void test_a_rollover(void **state)
{
    int64_t t = START;

    begin();
    observe("1", t, true);
    observe("1 2", t += DAY, true);
    assert_int_equal(state_of(2), WR_ROLLOVER_ADD_PEND);
    for (int day = 1; day < 30; day++) {
        observe("1 2", t += DAY, true);
        assert_int_equal(state_of(2), WR_ROLLOVER_ADD_PEND);
    }
    assert_true(observe("1 2", t += DAY, true));
    assert_int_equal(state_of(2), WR_ROLLOVER_VALID);
    observe("-1 2", t += DAY, true);
    assert_int_equal(state_of(1), WR_ROLLOVER_REVOKED);
    observe("2", t += 29 * DAY, true);
    assert_int_equal(state_of(1), WR_ROLLOVER_REVOKED);
    observe("2", t += DAY, true);
    assert_int_equal(state_of(1), WR_ROLLOVER_REMOVED);
    observe("1 2", t += DAY, true); /* it never comes back */
    assert_int_equal(state_of(1), WR_ROLLOVER_REMOVED);
    struct wr_ds one = key(1);
    assert_int_equal(wr_rollover_trust(&r, &one), WR_E_DENIED);
}

/* Pending means in every set; gone once, it begins anew. */
static void test_pending(void **state)
{
    int64_t t = START;

    begin();
    observe("1 2", t, true);
    observe("1 2", t += 29 * DAY, true);
    observe("1", t += 2 * DAY, true);
    assert_int_equal(state_of(2), WR_ROLLOVER_START);
    observe("1 2", t += DAY, true);
    observe("1 2", t += 29 * DAY, true);
    assert_int_equal(state_of(2), WR_ROLLOVER_ADD_PEND);
    observe("1 -2", t += DAY, true); /* revoked before it was trusted */
    assert_int_equal(state_of(2), WR_ROLLOVER_START);
    observe("1 -3", t += DAY, true);
    assert_int_equal(state_of(3), WR_ROLLOVER_START);
}

static void test_missing(void **state)
{
    struct wr_anchor room[2];
    struct wr_anchors anchors;

    begin();
    observe("2", START, true);
    assert_int_equal(state_of(1), WR_ROLLOVER_MISSING);
    wr_anchors_init(&anchors, room, 2);
    assert_int_equal(wr_rollover_anchors(&r, &anchors), WR_OK);
    assert_int_equal(anchors.list[0].ds.count, 1); /* still trusted, and the pending one is not */
    assert_int_equal(anchors.list[0].ds.ds[0].tag, 1);
    observe("1 2", START + 1, true);
    assert_int_equal(state_of(1), WR_ROLLOVER_VALID);
    observe("2", START + 2, true);
    observe("-1 2", START + 3, true);
    assert_int_equal(state_of(1), WR_ROLLOVER_REVOKED);
    assert_true(wr_rollover_dead(&r));
    anchors.count = 0;
    assert_int_equal(wr_rollover_anchors(&r, &anchors), WR_OK);
    assert_int_equal(anchors.count, 0);
}

/* Nothing ages by a clock that nobody trusts, nor by one that steps. */
static void test_unproven_time(void **state)
{
    begin();
    observe("1 2", START, true);
    observe("1 2", START + 20 * DAY, true);
    observe("1 2", START + 400 * DAY, false);
    assert_int_equal(state_of(2), WR_ROLLOVER_ADD_PEND);
    observe("1 2", START + 401 * DAY,
            true); /* the time since then was not seen by a trusted clock */
    assert_int_equal(state_of(2), WR_ROLLOVER_ADD_PEND);
    observe("1 2", START + 400 * DAY, true); /* back */
    observe("1 2", START + 409 * DAY, true);
    assert_int_equal(state_of(2), WR_ROLLOVER_ADD_PEND);
    observe("1 2", START + 410 * DAY, true);
    assert_int_equal(state_of(2), WR_ROLLOVER_VALID);
}

/* A wall clock that steps ahead, trusted all the while, ages nothing; over a restart it is the only one. */
static void test_stepped_clock(void **state)
{
    char text[WR_ROLLOVER_TEXT_SIZE];
    struct wr_str s;

    begin();
    observe_at("1 2", START, 1000, true);
    observe_at("1 2", START + 31 * DAY, 1000 + DAY, true);
    assert_int_equal(state_of(2), WR_ROLLOVER_ADD_PEND);
    observe_at("1 2", START + 400 * DAY, 1000 + 29 * DAY, true);
    assert_int_equal(state_of(2), WR_ROLLOVER_ADD_PEND);
    observe_at("1 2", START + 400 * DAY + 7, 1000 + 31 * DAY,
               true); /* nor does the other one alone */
    assert_int_equal(state_of(2), WR_ROLLOVER_ADD_PEND);
    wr_str_init(&s, text, sizeof(text));
    wr_rollover_save(&r, &s);
    assert_int_equal(wr_rollover_load(&r, text, s.len), WR_OK);
    observe_at("1 2", START + 401 * DAY + 7, 5, true);
    assert_int_equal(state_of(2), WR_ROLLOVER_VALID);
}

/* Forty rollovers: the digests of the oldest keys make room, the one that is configured and was revoked keeps its place. */
static void test_places(void **state)
{
    struct wr_ds_list named = {.count = 1, .ds = {key(1)}};
    struct wr_ds one = key(1);
    int64_t t = START;

    begin();
    wr_rollover_name(&r, &named);
    for (unsigned n = 1; n < 41; n++) {
        char text[32];

        snprintf(text, sizeof(text), "%u %u", n, n + 1);
        for (unsigned day = 0; day < 32; day++) {
            observe(text, t += DAY, true);
        }
        snprintf(text, sizeof(text), "-%u %u", n, n + 1);
        for (unsigned day = 0; day < 32; day++) {
            observe(text, t += DAY, true);
        }
        assert_int_equal(state_of(n + 1), WR_ROLLOVER_VALID);
        assert_int_equal(state_of(n), WR_ROLLOVER_REMOVED);
        assert_false(r.full);
    }
    assert_int_equal(wr_rollover_trust(&r, &one), WR_E_DENIED);
    assert_int_equal(state_of(2), WR_ROLLOVER_START); /* the oldest */
    assert_int_equal(state_of(40), WR_ROLLOVER_REMOVED);
}

/* More keys at once than are followed: said, and nothing that was trusted is lost. */
static void test_full(void **state)
{
    begin();
    observe("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", START, true);
    assert_false(r.full);
    observe("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 17", START + 1, true);
    assert_false(r.full); /* 16 is gone, and its place is free */
    observe("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 17", START + 31 * DAY, true);
    assert_int_equal(state_of(17), WR_ROLLOVER_VALID);
    observe("2 3 4 5 6 7 8 9 10 11 12 13 14 15 17 18", START + 32 * DAY, true);
    assert_true(r.full); /* 1 is missing, and trusted */
    assert_int_equal(state_of(1), WR_ROLLOVER_MISSING);
    assert_int_equal(state_of(18), WR_ROLLOVER_START);
}

static void test_restart(void **state)
{
    int64_t t = START;

    begin();
    assert_false(wr_rollover_restart(&r));
    assert_true(wr_rollover_dead(&r));
    begin();
    observe("1 2", t, true);
    observe("1 2", t += 31 * DAY, true);
    observe("-1 2 3", t += DAY, true);
    assert_true(wr_rollover_restart(&r));
    assert_int_equal(state_of(1), WR_ROLLOVER_REVOKED);
    assert_int_equal(state_of(2), WR_ROLLOVER_START);
    assert_int_equal(state_of(3), WR_ROLLOVER_START);
    struct wr_ds one = key(1), two = key(2);

    assert_true(wr_rollover_is_revoked(&r, &one));
    assert_false(wr_rollover_is_revoked(&r, &two));
    one.digest[0] ^= 1;
    assert_false(wr_rollover_is_revoked(&r, &one));
    one.digest_type = 4;
    assert_true(wr_rollover_is_revoked(&r, &one));
    one.alg = 13;
    assert_false(wr_rollover_is_revoked(&r, &one));
}

static void test_flood(void **state)
{
    begin();
    for (unsigned n = 2; n < 60; n++) {
        char text[32];

        snprintf(text, sizeof(text), "1 %u %u", n, n + 100);
        observe(text, START + n, true);
        assert_int_equal(state_of(1), WR_ROLLOVER_VALID);
    }
}

static void test_text(void **state)
{
    char text[WR_ROLLOVER_TEXT_SIZE], again[WR_ROLLOVER_TEXT_SIZE];
    struct wr_rollover read;
    struct wr_str s;
    size_t n;

    begin();
    observe("1 2", START, true);
    observe("1 2 3", START + 5, true);
    observe("-1 2", START + 50, true);
    wr_str_init(&s, text, sizeof(text));
    wr_rollover_save(&r, &s);
    assert_false(s.cut);
    n = s.len;
    assert_int_equal(wr_rollover_load(&read, text, n), WR_OK);
    wr_str_init(&s, again, sizeof(again));
    wr_rollover_save(&read, &s);
    assert_string_equal(text, again);
    assert_int_equal(read.last_s, START + 50);
    for (size_t cut = 0; cut < n; cut++) { /* torn: an error, or fewer whole lines */
        struct wr_rollover torn = read;
        int err = wr_rollover_load(&torn, text, cut);

        assert_true(err == WR_E_FORMAT || (err == WR_OK && text[cut - 1] == '\n'));
    }
    assert_int_equal(wr_rollover_load(&read, ". LAST 1\n. GONE 1 8 00 0\n", 25), WR_E_FORMAT);
    assert_int_equal(wr_rollover_load(&read, ". LAST x\n", 9), WR_E_FORMAT);
    assert_int_equal(read.last_s, START + 50);
    assert_string_equal(wr_rollover_state_name(WR_ROLLOVER_ADD_PEND), "ADD_PEND");
}

static void test_interval(void **state)
{
    assert_int_equal(wr_rollover_interval_s(172800, 10 * DAY, false), DAY);
    assert_int_equal(wr_rollover_interval_s(60 * DAY, 60 * DAY, false), 15 * DAY);
    assert_int_equal(wr_rollover_interval_s(100, 10 * DAY, false), 3600);
    assert_int_equal(wr_rollover_interval_s(60 * DAY, 60 * DAY, true), DAY);
    assert_int_equal(wr_rollover_interval_s(DAY, 60 * DAY, true), 8640);
}

/* A real set: its SEP key by the digest that its parent has; revoked only with its own signature. */
static void test_look(void **state)
{
    struct world_copy *keys = world_get("sec.", "sec.", WR_TYPE_DNSKEY);
    struct world_copy *ds = world_get(".", "sec.", WR_TYPE_DS);
    struct wr_rollover_seen seen[WR_DNSSEC_ROLLOVER_KEYS_MAX];
    uint16_t size;
    uint8_t *at = world_rdata(ds, 0, &size);

    assert_int_equal(wr_rollover_look(&keys->set, seen, scratch), 1);
    assert_false(seen[0].revoked);
    assert_memory_equal(seen[0].ds.digest, at + 4, 32);
    for (unsigned i = 0; i < keys->set.records; i++) {
        at = world_rdata(keys, i, &size);
        at[1] |= at[1] & WR_DNSKEY_SEP ? WR_DNSKEY_REVOKED : 0;
    }
    assert_int_equal(wr_rollover_look(&keys->set, seen, scratch), 0); /* somebody else's claim */
    free(keys);
    free(ds);
    keys = world_get("revoked.", "revoked.", WR_TYPE_DNSKEY);
    assert_int_equal(wr_rollover_look(&keys->set, seen, scratch), 2);
    assert_int_equal(seen[0].revoked + seen[1].revoked, 1);
    free(keys);
}

/* Section 2.1: a key that revokes itself proves its revocation, and nothing else that is in the set. */
static void test_revoked_proves_nothing(void **state)
{
    struct world_copy *keys = world_get("revoked.", "revoked.", WR_TYPE_DNSKEY);
    struct wr_trusttime time = wr_trusttime_of(WR_TRUSTTIME_PROVEN, WORLD_NOW, 0);
    struct wr_rollover_seen seen[WR_DNSSEC_ROLLOVER_KEYS_MAX];
    uint32_t left_s;

    zone = world_name("revoked.");
    wr_rollover_init(&r, zone.wire);
    assert_int_equal(wr_rollover_look(&keys->set, seen, scratch), 2);
    const struct wr_ds *old = seen[0].revoked ? &seen[0].ds : &seen[1].ds;
    const struct wr_ds *other = seen[0].revoked ? &seen[1].ds : &seen[0].ds;

    assert_false(wr_rollover_revoke(&r, &keys->set, scratch)); /* nobody trusts it */
    assert_int_equal(wr_rollover_trust(&r, old), WR_OK);
    assert_int_equal(wr_rollover_prove(&r, &keys->set, &time, scratch, &left_s),
                     WR_ROLLOVER_NO_KEY);
    assert_true(wr_rollover_revoke(&r, &keys->set, scratch));
    assert_int_equal(r.keys[0].state, WR_ROLLOVER_REVOKED);
    assert_true(wr_rollover_dead(&r));
    assert_false(wr_rollover_revoke(&r, &keys->set, scratch));
    assert_int_equal(wr_rollover_trust(&r, other), WR_OK);
    assert_int_equal(wr_rollover_prove(&r, &keys->set, &time, scratch, &left_s),
                     WR_ROLLOVER_PROVEN);
    wr_rollover_init(&r, zone.wire); /* somebody else's claim */
    assert_int_equal(wr_rollover_trust(&r, old), WR_OK);
    keys->set.sigs = 0;
    assert_false(wr_rollover_revoke(&r, &keys->set, scratch));
    free(keys);
}

/* A moment that a signature of the set is good at, to the second: allowances are for judging, not for a floor. */
static void test_reaches(void **state)
{
    struct world_copy *keys = world_get("sec.", "sec.", WR_TYPE_DNSKEY);
    struct wr_rollover_seen seen[WR_DNSSEC_ROLLOVER_KEYS_MAX];
    const int64_t floor_s = WORLD_INCEPTION - 30 * DAY;
    struct wr_ds other = key(9);

    zone = world_name("sec.");
    wr_rollover_init(&r, zone.wire);
    assert_int_equal(wr_rollover_trust(&r, &other), WR_OK);
    assert_false(wr_rollover_reaches(&r, &keys->set, floor_s, WORLD_NOW, scratch));
    assert_int_equal(wr_rollover_look(&keys->set, seen, scratch), 1);
    assert_int_equal(wr_rollover_trust(&r, &seen[0].ds), WR_OK);
    assert_true(wr_rollover_reaches(&r, &keys->set, floor_s, WORLD_NOW, scratch));
    assert_true(wr_rollover_reaches(&r, &keys->set, floor_s, WORLD_INCEPTION, scratch));
    assert_false(wr_rollover_reaches(&r, &keys->set, floor_s, WORLD_INCEPTION - 1, scratch));
    assert_true(wr_rollover_reaches(&r, &keys->set, floor_s, WORLD_EXPIRY, scratch));
    assert_false(wr_rollover_reaches(&r, &keys->set, floor_s, WORLD_EXPIRY + 1, scratch));
    assert_false(wr_rollover_reaches(&r, &keys->set, WORLD_NOW + 1, WORLD_NOW, scratch));
    /* 136 years later the 32 bits are the same. */
    assert_false(
        wr_rollover_reaches(&r, &keys->set, floor_s, WORLD_NOW + (INT64_C(1) << 32), scratch));
    free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_rollover), cmocka_unit_test(test_pending),
        cmocka_unit_test(test_missing),    cmocka_unit_test(test_unproven_time),
        cmocka_unit_test(test_flood),      cmocka_unit_test(test_text),
        cmocka_unit_test(test_interval),   cmocka_unit_test(test_look),
        cmocka_unit_test(test_reaches),    cmocka_unit_test(test_stepped_clock),
        cmocka_unit_test(test_places),     cmocka_unit_test(test_full),
        cmocka_unit_test(test_restart),    cmocka_unit_test(test_revoked_proves_nothing),
    };
    int failed;

    world_load();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_free();
    return failed;
}
