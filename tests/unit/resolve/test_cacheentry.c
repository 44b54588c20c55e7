/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/rng.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "resolve/cacheentry.h"

static const uint8_t name[] = "\3Cam\3iot\4test";
static const uint8_t address[] = {0, 4, 192, 0, 2, 1};

static struct wr_cache_key key_of(uint16_t type)
{
    return (struct wr_cache_key){.name = name, .type = type, .scope = 3};
}

static struct wr_cache_entry entry_of_a(void)
{
    struct wr_cache_entry e = {.kind = WR_CACHE_RRSET, .rank = WR_RANK_ANSWER, .ttl = 60};

    e.rrset.data = address;
    e.rrset.size = sizeof(address);
    e.rrset.records = 1;
    e.rrset.type = WR_TYPE_A;
    e.rrset.class_ = WR_CLASS_IN;
    return e;
}

/* A NODATA entry that carries one flat RRset. */
static struct wr_cache_entry entry_of_nodata(uint8_t *room, size_t cap)
{
    struct wr_cache_entry a = entry_of_a();
    struct wr_cache_entry e = {
        .kind = WR_CACHE_NODATA, .rank = WR_RANK_ANSWER, .ttl = 60, .sets = 1};
    struct wr_writer w;

    a.rrset.owner = name;
    wr_buf_write_init(&w, room, cap);
    wr_rrset_put_flat(&w, &a.rrset);
    e.flat = room;
    e.flat_size = (uint32_t)w.pos;
    e.ede = WR_EDE_NONE;
    return e;
}

static uint64_t written(const struct wr_cache_key *key, const struct wr_cache_entry *e,
                        wr_cacheword *words, uint64_t *copy)
{
    uint64_t units = wr_cacheentry_units(key, e);

    wr_cacheentry_write(words, key, e);
    wr_cacheentry_copy(words, units, copy);
    return units;
}

static void a_small_record_takes_48_octets(void **state)
{
    static const uint8_t h000123[] = "\7h000123\3iot\4test";
    struct wr_cache_key key = {.name = h000123, .type = WR_TYPE_A};
    struct wr_cache_entry e = entry_of_a();

    assert_int_equal(wr_cacheentry_units(&key, &e) * 8, 48);
}

static void the_class_is_kept_when_it_is_not_in(void **state)
{
    wr_cacheword words[64];
    uint64_t copy[64], units;
    struct wr_cache_key key = key_of(WR_TYPE_A), back_key;
    struct wr_cache_entry e = entry_of_a(), back;

    e.rrset.class_ = WR_CLASS_CH;
    units = written(&key, &e, words, copy);
    assert_true(wr_cacheentry_read(copy, units, &back_key, &back));
    assert_int_equal(back.rrset.class_, WR_CLASS_CH);
    assert_int_equal(back.rrset.size, sizeof(address));
    assert_memory_equal(back.rrset.data, address, sizeof(address));
    assert_memory_equal(back_key.name, "\3cam\3iot\4test", sizeof(name));
    assert_int_equal(back_key.type, WR_TYPE_A);
    assert_int_equal(back_key.scope, 3);
}

static void is_compares_type_scope_and_name(void **state)
{
    static const uint8_t other[] = "\3cam\3iot\4tesu", upper[] = "\3CAM\3IOT\4TEST";
    static const uint8_t at[] = "\3c@m\3iot\4test", brace[] = "\3c\x5b"
                                                              "m\3iot\4test";
    wr_cacheword words[64];
    uint64_t copy[64], units;
    struct wr_cache_key key = key_of(WR_TYPE_A), ask;
    struct wr_cache_entry e = entry_of_a();

    units = written(&key, &e, words, copy);
    ask = key;
    assert_true(wr_cacheentry_is(words, units, &ask, sizeof(name)));
    ask.name = upper;
    assert_true(wr_cacheentry_is(words, units, &ask, sizeof(name)));
    ask.name = other;
    assert_false(wr_cacheentry_is(words, units, &ask, sizeof(name)));
    ask.name = at;
    assert_false(wr_cacheentry_is(words, units, &ask, sizeof(name)));
    ask.name = brace;
    assert_false(wr_cacheentry_is(words, units, &ask, sizeof(name)));
    ask = key;
    ask.scope = 2;
    assert_false(wr_cacheentry_is(words, units, &ask, sizeof(name)));
    ask.scope = key.scope;
    ask.type = WR_TYPE_AAAA;
    assert_false(wr_cacheentry_is(words, units, &ask, sizeof(name)));
    assert_false(wr_cacheentry_is(words, 3, &key, sizeof(name))); /* shorter than the name */
}

/* Every octet folds as the table of ASCII says, and only letters. */
static void folding_eight_at_a_time_is_folding(void **state)
{
    wr_cacheword words[64];
    uint64_t copy[64], units;
    struct wr_cache_entry e = entry_of_a();

    for (unsigned c = 0; c < 256; c++) {
        uint8_t mixed[] = {8, 'q', 0, 'q', 0, 'q', 0, 'q', 0, 2, 0, 'q', 0}, lower[sizeof(mixed)];
        struct wr_cache_key key = {.name = mixed, .type = 1}, ask = {.name = lower, .type = 1};

        mixed[2] = mixed[4] = mixed[6] = mixed[8] = mixed[10] = (uint8_t)c;
        for (size_t i = 0; i < sizeof(mixed); i++) {
            lower[i] = mixed[i] >= 'A' && mixed[i] <= 'Z' ? (uint8_t)(mixed[i] + 32) : mixed[i];
        }
        units = written(&key, &e, words, copy);
        assert_true(wr_cacheentry_is(words, units, &ask, sizeof(mixed)));
        units = written(&ask, &e, words, copy);
        assert_true(wr_cacheentry_is(words, units, &key, sizeof(mixed)));
    }
}

static void check_accepts_what_was_written(void **state)
{
    uint8_t room[128];
    wr_cacheword words[64];
    uint64_t copy[64], units;
    struct wr_cache_key key = key_of(WR_TYPE_A), back_key;
    struct wr_cache_entry e = entry_of_a(), back;

    units = written(&key, &e, words, copy);
    assert_true(wr_cacheentry_read(copy, units, &back_key, &back) && wr_cacheentry_check(&back));
    e = entry_of_nodata(room, sizeof(room));
    units = written(&key, &e, words, copy);
    assert_true(wr_cacheentry_read(copy, units, &back_key, &back) && wr_cacheentry_check(&back));
    assert_int_equal(back.ede, WR_EDE_NONE);
}

static void check_refuses_what_lies(void **state)
{
    uint8_t room[128];
    struct wr_cache_entry e = entry_of_a(), n = entry_of_nodata(room, sizeof(room)), bad;

    bad = e, bad.rrset.records = 2;
    assert_false(wr_cacheentry_check(&bad));
    bad = e, bad.rrset.type = WR_TYPE_AAAA;
    assert_false(wr_cacheentry_check(&bad));
    bad = e, bad.ttl = 0x80000000;
    assert_false(wr_cacheentry_check(&bad));
    bad = e, bad.security = 5;
    assert_false(wr_cacheentry_check(&bad));
    bad = n, bad.sets = 2;
    assert_false(wr_cacheentry_check(&bad));
    bad = n, bad.sets = 0;
    assert_false(wr_cacheentry_check(&bad));
    bad = n, bad.rcode = 4096;
    assert_false(wr_cacheentry_check(&bad));
    bad = n, bad.ede = (int16_t)0xc000; /* RFC 8914 section 5.2: for private use */
    assert_true(wr_cacheentry_check(&bad));
}

/* Whatever the octets are: read says yes or no and stays inside them (the sanitizer watches the copy's end). */
static void read_bears_any_octets(void **state)
{
    struct wr_rng rng;
    struct wr_cache_key key = key_of(WR_TYPE_A), back_key;
    struct wr_cache_entry e = entry_of_a(), back;
    wr_cacheword words[64];
    uint64_t copy[64], whole[64], units = written(&key, &e, words, whole);
    unsigned read = 0;

    wr_rng_seed_u64(&rng, 1);
    for (int i = 0; i < 20000; i++) {
        uint64_t *end = copy + 64 - units; /* against the end of the array */

        memcpy(end, whole, units * 8);
        for (uint32_t k = wr_rng_below(&rng, 4); k > 0; k--) {
            ((uint8_t *)end)[wr_rng_below(&rng, (uint32_t)units * 8)] = (uint8_t)wr_rng_u32(&rng);
        }
        if (wr_cacheentry_read(end, units, &back_key, &back)) {
            read++;
            (void)wr_cacheentry_check(&back);
            if (back.kind == WR_CACHE_RRSET) {
                assert_true(back.rrset.data + back.rrset.size <= (uint8_t *)(copy + 64));
            } else {
                assert_true(back.flat + back.flat_size <= (uint8_t *)(copy + 64));
            }
        }
    }
    assert_in_range(read, 1000, 19999);
    assert_false(wr_cacheentry_read(copy, 2, &back_key, &back));
}

static void too_large_is_said(void **state)
{
    struct wr_cache_key key = key_of(WR_TYPE_A);
    struct wr_cache_entry e = entry_of_a();

    e.rrset.size = WR_RRSET_SIZE_MAX;
    assert_in_range(wr_cacheentry_units(&key, &e), 1, WR_CACHE_SCRATCH_SIZE / 8);
    e.rrset.size = WR_RRSET_SIZE_MAX + 1;
    assert_int_equal(wr_cacheentry_units(&key, &e), 0);
    e = entry_of_a();
    e.kind = 0;
    assert_int_equal(wr_cacheentry_units(&key, &e), 0);
    e.kind = 6;
    assert_int_equal(wr_cacheentry_units(&key, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_record_takes_48_octets),
        cmocka_unit_test(the_class_is_kept_when_it_is_not_in),
        cmocka_unit_test(is_compares_type_scope_and_name),
        cmocka_unit_test(folding_eight_at_a_time_is_folding),
        cmocka_unit_test(check_accepts_what_was_written),
        cmocka_unit_test(check_refuses_what_lies),
        cmocka_unit_test(read_bears_any_octets),
        cmocka_unit_test(too_large_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
