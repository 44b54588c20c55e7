/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "serve/ledger.h"

/* One record as the engine writes it: the struct, then the name. */
static bool put(struct wr_ring *ring, uint32_t mark, uint8_t name_size)
{
    struct wr_record r;
    memset(&r, 0, sizeof(r));
    r.took_us = mark;
    r.name_size = name_size;
    uint8_t *at = wr_ring_reserve(ring, (uint32_t)(sizeof(r) + name_size));
    if (at == NULL) {
        return false;
    }
    memcpy(at, &r, sizeof(r));
    memset(at + sizeof(r), (int)(mark & 0xff), name_size);
    wr_ring_commit(ring);
    return true;
}

/* Runs the thread once over what is in the rings. */
static void take(struct wr_ledger *l)
{
    assert_int_equal(wr_ledger_run(l, NULL, NULL), WR_OK);
    wr_ledger_stop(l);
}

static void test_last_n(void **state)
{
    struct wr_ledger *l = NULL;
    assert_int_equal(wr_ledger_create(2, 8, &l), WR_OK);
    for (uint32_t i = 1; i <= 20; i++) {
        assert_true(put(&wr_ledger_rings(l)[0], i, 10));
    }
    take(l);
    struct wr_ledger_event e[32];
    struct wr_ledger_stats s;
    wr_ledger_stats(l, &s);
    assert_int_equal(s.taken, 20);
    assert_int_equal(s.kept, 8);
    assert_int_equal(wr_ledger_read(l, 0, e, 32), 8);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(e[i].number, 13 + i);
        assert_int_equal(e[i].record.took_us, 13 + i);
        assert_int_equal(e[i].name.size, 10);
        assert_int_equal(e[i].name.wire[9], 13 + i);
    }
    assert_int_equal(wr_ledger_read(l, 18, e, 32), 2);
    assert_int_equal(e[0].number, 19);
    assert_int_equal(wr_ledger_read(l, 0, e, 3), 3);
    assert_int_equal(wr_ledger_read(l, 20, e, 32), 0);
    wr_ledger_destroy(l);
}

static void test_none_kept(void **state)
{
    struct wr_ledger *l = NULL;
    struct wr_ledger_event e;
    struct wr_ledger_stats s;
    assert_int_equal(wr_ledger_create(1, 0, &l), WR_OK);
    assert_true(put(&wr_ledger_rings(l)[0], 1, 3));
    take(l);
    wr_ledger_stats(l, &s);
    assert_int_equal(s.taken, 1);
    assert_int_equal(s.kept, 0);
    assert_int_equal(wr_ledger_read(l, 0, &e, 1), 0);
    wr_ledger_destroy(l);
}

static void test_full_ring_is_counted(void **state)
{
    struct wr_ledger *l = NULL;
    struct wr_ledger_stats s;
    assert_int_equal(wr_ledger_create(1, 100, &l), WR_OK);
    unsigned put_in = 0;
    while (put(&wr_ledger_rings(l)[0], put_in, 200)) {
        put_in++;
    }
    assert_in_range(put_in, 1000, 3000);
    take(l);
    wr_ledger_stats(l, &s);
    assert_int_equal(s.taken, put_in);
    assert_int_equal(s.dropped, 1);
    wr_ledger_destroy(l);
}

/* Names of any length, many times round: numbers stay in order, contents stay whole, memory stays bounded. */
static void test_round_and_round(void **state)
{
    struct wr_ledger *l = NULL;
    struct wr_rng rng;
    wr_rng_seed_u64(&rng, 3);
    assert_int_equal(wr_ledger_create(1, 50, &l), WR_OK);
    struct wr_ledger_event *e = calloc(64, sizeof(*e));
    uint32_t mark = 0;
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 97; i++) {
            assert_true(put(&wr_ledger_rings(l)[0], ++mark, (uint8_t)wr_rng_below(&rng, 256)));
        }
        take(l);
        uint32_t n = wr_ledger_read(l, 0, e, 64);
        assert_in_range(n, 15, 50);
        for (uint32_t i = 0; i < n; i++) {
            assert_int_equal(e[i].number, mark - n + 1 + i);
            assert_int_equal(e[i].record.took_us, e[i].number);
            for (unsigned k = 0; k < e[i].name.size; k++) {
                assert_int_equal(e[i].name.wire[k], e[i].number & 0xff);
            }
        }
    }
    free(e);
    wr_ledger_destroy(l);
}

/* A reader that keeps up sees every event once; one that does not knows how many it has missed. */
static void test_followers(void **state)
{
    struct wr_ledger *l = NULL;
    struct wr_ledger_cursor quick = {0}, slow = {0};
    struct wr_ledger_event e[64];
    struct wr_rng rng;
    uint32_t mark = 0, seen = 0, n;
    wr_rng_seed_u64(&rng, 3);
    assert_int_equal(wr_ledger_create(1, 200, &l), WR_OK);
    for (int round = 0; round < 2000; round++) {
        for (uint32_t i = wr_rng_below(&rng, 40); i > 0; i--) {
            assert_true(
                put(&wr_ledger_rings(l)[0], ++mark, (uint8_t)(1 + wr_rng_below(&rng, 250))));
        }
        wr_ledger_catch_up(l);
        while ((n = wr_ledger_follow(l, &quick, e, 64)) > 0) {
            for (uint32_t i = 0; i < n; i++) {
                assert_int_equal(e[i].record.took_us, ++seen);
                assert_int_equal(e[i].number, seen);
                assert_int_equal(e[i].name.wire[0], seen & 0xff);
            }
        }
    }
    assert_int_equal(seen, mark);
    assert_int_equal(quick.lost, 0);
    for (seen = 0; (n = wr_ledger_follow(l, &slow, e, 64)) > 0;) {
        seen += n;
    }
    assert_true(seen > 0 && seen <= 200);
    assert_int_equal(slow.lost + seen, mark);
    wr_ledger_destroy(l);
}

static void test_notes_stand_among_the_queries(void **state)
{
    struct wr_ledger *l = NULL;
    struct wr_ledger_event e[4];
    char longer[400];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = 0;
    assert_int_equal(wr_ledger_create(1, 8, &l), WR_OK);
    wr_ledger_go_on(l, 41);
    assert_true(put(&wr_ledger_rings(l)[0], 1, 3));
    wr_ledger_catch_up(l);
    wr_ledger_note(l, WR_LEDGER_POLICY, 1700000000, 7, "settings 2 in force");
    wr_ledger_note(l, WR_LEDGER_LOG, 1700000000, 8, longer);
    assert_int_equal(wr_ledger_read(l, 0, e, 4), 3);
    assert_int_equal(e[0].number, 42);
    assert_int_equal(e[0].kind, WR_LEDGER_QUERY);
    assert_string_equal(e[0].text, "");
    assert_int_equal(e[1].number, 43);
    assert_int_equal(e[1].kind, WR_LEDGER_POLICY);
    assert_string_equal(e[1].text, "settings 2 in force");
    assert_int_equal(e[1].record.wall_s, 1700000000);
    assert_int_equal(strlen(e[2].text), WR_LEDGER_TEXT_SIZE - 1);
    wr_ledger_destroy(l);
}

/* A client of the same day is the same eight octets, another one others, and its address is nowhere. */
static void test_hidden_clients(void **state)
{
    struct wr_ledger *l = NULL;
    struct wr_ledger_event e[4];
    assert_int_equal(wr_ledger_create(1, 8, &l), WR_OK);
    wr_ledger_hide(l, WR_LEDGER_HASHED);
    for (int i = 0; i < 4; i++) {
        struct wr_record r;
        memset(&r, 0, sizeof(r));
        r.client.family = WR_AF_V4;
        r.client.port = (uint16_t)(1000 + i);
        memcpy(r.client.ip, i == 1 ? "\xc0\x00\x02\x02" : "\xc0\x00\x02\x01", 4);
        r.device = 5;
        r.wall_s = i == 3 ? 86400 * 2 : 86400;
        memcpy(wr_ring_reserve(&wr_ledger_rings(l)[0], sizeof(r)), &r, sizeof(r));
        wr_ring_commit(&wr_ledger_rings(l)[0]);
    }
    wr_ledger_catch_up(l);
    assert_int_equal(wr_ledger_read(l, 0, e, 4), 4);
    assert_int_equal(e[0].record.client.family, WR_AF_NONE);
    assert_int_equal(e[0].record.client.port, 0);
    assert_int_equal(e[0].record.device, 0);
    assert_memory_equal(e[0].record.client.ip, e[2].record.client.ip, 16);
    assert_memory_not_equal(e[0].record.client.ip, e[1].record.client.ip, 8);
    assert_memory_not_equal(e[0].record.client.ip, e[3].record.client.ip, 8); /* another day */
    wr_ledger_destroy(l);
}

static void test_counts_in_place_of_queries(void **state)
{
    struct wr_ledger *l = NULL;
    struct wr_ledger_event e[4];
    struct wr_ledger_stats s;
    assert_int_equal(wr_ledger_create(1, 8, &l), WR_OK);
    wr_ledger_hide(l, WR_LEDGER_AGGREGATE);
    assert_int_equal(wr_ledger_run(l, NULL, NULL), WR_OK);
    for (uint32_t i = 0; i < 100; i++) {
        assert_true(put(&wr_ledger_rings(l)[0], i, 10));
    }
    wr_ledger_stop(l);
    wr_ledger_stats(l, &s);
    assert_int_equal(s.taken, 100);
    assert_int_equal(wr_ledger_read(l, 0, e, 4), s.last);
    uint32_t count = 0;
    for (uint64_t i = 0; i < s.last; i++) {
        assert_int_equal(e[i].kind, WR_LEDGER_ROLLUP);
        assert_int_equal(e[i].name.size, 0);
        count += e[i].count;
    }
    assert_int_equal(count, 100);
    wr_ledger_destroy(l);
}

/* What stands behind a record: its name, the claim, and whom he asked. */
static void test_asked(void **state)
{
    struct wr_ledger *l = NULL;
    struct wr_ledger_event e[2];
    struct wr_addr asked;
    uint8_t room[WR_RECORD_ASKED_SIZE];
    struct wr_record r;
    assert_int_equal(wr_ledger_create(1, 8, &l), WR_OK);
    assert_int_equal(wr_addr_from_text("[2001:db8::8]:53", &asked), WR_OK);
    memset(&r, 0, sizeof(r));
    r.name_size = 3;
    r.claim_size = 2;
    r.asked_size = wr_record_put_asked(&asked, room);
    uint8_t *at = wr_ring_reserve(&wr_ledger_rings(l)[0], sizeof(r) + 3 + 2 + r.asked_size);
    memcpy(at, &r, sizeof(r));
    memcpy(at + sizeof(r), "\1a", 3);
    memcpy(at + sizeof(r) + 3, "tv", 2);
    memcpy(at + sizeof(r) + 5, room, r.asked_size);
    wr_ring_commit(&wr_ledger_rings(l)[0]);
    assert_true(put(&wr_ledger_rings(l)[0], 1, 3));
    take(l);
    assert_int_equal(wr_ledger_read(l, 0, e, 2), 2);
    assert_string_equal(e[0].claim, "tv");
    assert_string_equal(e[0].text, "");
    assert_true(wr_addr_equal(&e[0].asked, &asked));
    assert_int_equal(e[1].asked.family, WR_AF_NONE);
    wr_ledger_destroy(l);
}

struct claimed {
    unsigned count;
    char last[WR_CLAIM_SIZE];
    uint8_t kind;
};

static void note_claim(void *user, const struct wr_record *record, const char *claim)
{
    struct claimed *c = user;
    c->count++;
    c->kind = record->claim_kind;
    memcpy(c->last, claim, sizeof(c->last));
}

/* Whoever wants to hear of claims hears of those alone, also when no event is kept. */
static void test_claims(void **state)
{
    static struct claimed heard;
    struct wr_ledger *l = NULL;
    struct wr_record r;
    assert_int_equal(wr_ledger_create(1, 0, &l), WR_OK);
    wr_ledger_claims(l, note_claim, &heard);
    assert_true(put(&wr_ledger_rings(l)[0], 1, 10));
    memset(&r, 0, sizeof(r));
    r.name_size = 1;
    r.claim_kind = WR_CLAIM_CERTIFICATE;
    r.claim_size = 6;
    uint8_t *at = wr_ring_reserve(&wr_ledger_rings(l)[0], (uint32_t)sizeof(r) + 7);
    assert_non_null(at);
    memcpy(at, &r, sizeof(r));
    memcpy(at + sizeof(r), "\0camera", 7);
    wr_ring_commit(&wr_ledger_rings(l)[0]);
    take(l);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.kind, WR_CLAIM_CERTIFICATE);
    assert_string_equal(heard.last, "camera");
    wr_ledger_destroy(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_n),
        cmocka_unit_test(test_none_kept),
        cmocka_unit_test(test_full_ring_is_counted),
        cmocka_unit_test(test_round_and_round),
        cmocka_unit_test(test_followers),
        cmocka_unit_test(test_notes_stand_among_the_queries),
        cmocka_unit_test(test_hidden_clients),
        cmocka_unit_test(test_counts_in_place_of_queries),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
