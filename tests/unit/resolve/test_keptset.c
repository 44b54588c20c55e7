/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "dns/codes.h"
#include "resolve/keptset.h"

static const uint8_t two[] = {0, 4, 192, 0, 2, 1, 0, 4, 192, 0, 2, 2};
static const uint8_t turned[] = {0, 4, 192, 0, 2, 2, 0, 4, 192, 0, 2, 1};
static const uint8_t changed[] = {0, 4, 192, 0, 2, 1, 0, 4, 192, 0, 2, 3};

static struct wr_cache_entry entry_of(const uint8_t *data, uint32_t stored_s)
{
    struct wr_cache_entry e = {.kind = WR_CACHE_RRSET, .rank = WR_RANK_ANSWER, .ttl = 300};

    e.stored_s = stored_s;
    e.rrset.data = data;
    e.rrset.size = 12;
    e.rrset.records = 2;
    e.rrset.type = WR_TYPE_A;
    e.rrset.class_ = WR_CLASS_IN;
    return e;
}

static struct wr_keptset open_set(uint32_t entries)
{
    struct wr_keptset set;
    void *block = calloc(1, wr_keptset_size(entries));

    assert_non_null(block);
    wr_keptset_init(&set, block, entries);
    return set;
}

static void worth_is_use_or_a_long_life(void **state)
{
    struct wr_cache_entry e = entry_of(two, 0);

    e.ttl_left = 100;
    assert_false(wr_keptset_worth(&e, 86400));
    e.used = 1;
    assert_true(wr_keptset_worth(&e, 86400));
    e.ttl_left = -86399;
    assert_true(wr_keptset_worth(&e, 86400));
    e.ttl_left = -86400;
    assert_false(wr_keptset_worth(&e, 86400));
    e.used = 0;
    e.ttl_left = 1800;
    assert_true(wr_keptset_worth(&e, 86400));
    e.security = WR_SECURITY_BOGUS;
    assert_false(wr_keptset_worth(&e, 86400));
    e.security = 0;
    e.kind = WR_CACHE_FAILURE;
    assert_false(wr_keptset_worth(&e, 86400));
}

static void a_refresh_is_no_news(void **state)
{
    struct wr_keptset set = open_set(100);
    struct wr_cache_key key = {.hash = 12345};
    struct wr_cache_entry e = entry_of(two, 1000);

    assert_true(wr_keptset_news(&set, &key, &e, 1000));
    wr_keptset_written(&set, &key, &e, 1000);
    assert_false(wr_keptset_news(&set, &key, &e, 1000));
    e.stored_s = 1300;
    e.ttl = 299;
    assert_false(wr_keptset_news(&set, &key, &e, 1300));
    e.rrset.data = turned;
    assert_false(wr_keptset_news(&set, &key, &e, 1300));
    e.rrset.data = changed;
    assert_true(wr_keptset_news(&set, &key, &e, 1300));
    e = entry_of(two, 1300);
    e.security = WR_SECURITY_SECURE;
    assert_true(wr_keptset_news(&set, &key, &e, 1300));
    free(set.places);
}

static void what_is_old_on_flash_is_written_again_if_there_is_newer(void **state)
{
    struct wr_keptset set = open_set(100);
    struct wr_cache_key key = {.hash = 12345};
    struct wr_cache_entry e = entry_of(two, 1000);

    wr_keptset_written(&set, &key, &e, 1000);
    assert_false(wr_keptset_news(&set, &key, &e, 1000 + WR_KEPTSET_REWRITE_S)); /* the same one */
    e.stored_s = 5000;
    assert_false(wr_keptset_news(&set, &key, &e, 1000 + WR_KEPTSET_REWRITE_S - 1));
    assert_true(wr_keptset_news(&set, &key, &e, 1000 + WR_KEPTSET_REWRITE_S));
    free(set.places);
}

static void the_oldest_gives_way(void **state)
{
    struct wr_keptset set = open_set(1); /* one line of four */
    struct wr_cache_entry e = entry_of(two, 1000);
    struct wr_cache_key key = {0};

    for (uint64_t i = 1; i <= 5; i++) {
        key.hash = i;
        wr_keptset_written(&set, &key, &e, (uint32_t)(1000 + i));
    }
    for (uint64_t i = 1; i <= 5; i++) {
        key.hash = i;
        assert_int_equal(wr_keptset_news(&set, &key, &e, 1010), i == 1);
    }
    wr_keptset_forget(&set);
    assert_true(wr_keptset_news(&set, &key, &e, 1010));
    free(set.places);
}

static void a_negative_answer_is_known_by_its_proof(void **state)
{
    struct wr_keptset set = open_set(100);
    struct wr_cache_key key = {.hash = 9};
    struct wr_cache_entry a = entry_of(two, 0), e = {.kind = WR_CACHE_NODATA, .sets = 1, .ede = -1};
    uint8_t flat[64];
    struct wr_writer w;

    a.rrset.owner = (const uint8_t *)"\4test";
    for (int i = 0; i < 3; i++) {
        a.rrset.ttl = (uint32_t)(60 + i);
        a.rrset.data = i == 2 ? changed : two;
        wr_buf_write_init(&w, flat, sizeof(flat));
        wr_rrset_put_flat(&w, &a.rrset);
        e.flat = flat;
        e.flat_size = (uint32_t)w.pos;
        assert_int_equal(wr_keptset_news(&set, &key, &e, 5), i != 1);
        wr_keptset_written(&set, &key, &e, 5);
    }
    free(set.places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worth_is_use_or_a_long_life),
        cmocka_unit_test(a_refresh_is_no_news),
        cmocka_unit_test(what_is_old_on_flash_is_written_again_if_there_is_newer),
        cmocka_unit_test(the_oldest_gives_way),
        cmocka_unit_test(a_negative_answer_is_known_by_its_proof),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
