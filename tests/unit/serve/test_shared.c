/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/mistakes.h"
#include "serve/shared.h"

static const struct wr_now now = {.mono_us = 1000000, .wall_s = 1800000000, .wall_proven = true};

static struct wr_conf *conf_of(const char *yaml)
{
    struct wr_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    struct wr_conf *conf = NULL;
    wr_mistakes_init(mistakes);
    assert_int_equal(wr_conf_read(yaml, strlen(yaml), mistakes, &conf), WR_OK);
    free(mistakes);
    return conf;
}

static void test_made_and_given_back(void **state)
{
    static const char *const rows[] = {"", "profile: router\n", "cache: {size: 256KiB}\n"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_conf *conf = conf_of(rows[i]);
        struct wr_shared s;
        struct wr_cache_stats stats;
        assert_int_equal(wr_shared_create(conf, 0, &now, &s), WR_OK);
        wr_cache_stats(s.cache, &stats);
        assert_in_range(stats.size_bytes, conf->cache.size_bytes / 2, conf->cache.size_bytes);
        assert_int_equal(stats.entries, 0);
        assert_true(wr_quota_take(s.quota, 5, 1, 1, 1000));
        assert_false(wr_quota_take(s.quota, 5, 1, 1, 1000));
        assert_true(s.net->key.k[0] != 0 || s.net->key.k[1] != 0);
        wr_shared_destroy(&s, &now);
        assert_null(s.cache);
        wr_conf_free(conf);
    }
}

/* Leases are of a firewall, and as many as the owner says. */
static void test_leases(void **state)
{
    struct wr_conf *conf = conf_of("");
    struct wr_shared s;
    assert_int_equal(wr_shared_create(conf, 0, &now, &s), WR_OK);
    assert_null(s.leases);
    wr_shared_destroy(&s, &now);
    wr_conf_free(conf);
    conf = conf_of("firewall: {enabled: true, leases: 100}\n");
    assert_int_equal(wr_shared_create(conf, 0, &now, &s), WR_OK);
    assert_non_null(s.leases);
    assert_int_equal(s.leases_size, wr_leasemirror_size(100));
    wr_shared_destroy(&s, &now);
    wr_conf_free(conf);
}

static void test_keys_differ(void **state)
{
    struct wr_conf *conf = conf_of("");
    struct wr_shared a, b;
    assert_int_equal(wr_shared_create(conf, 0, &now, &a), WR_OK);
    assert_int_equal(wr_shared_create(conf, 0, &now, &b), WR_OK);
    assert_memory_not_equal(&a.net->key, &b.net->key, sizeof(a.net->key));
    assert_true(wr_cache_hash(a.cache, (const uint8_t *)"\1a", 1, 0) !=
                wr_cache_hash(b.cache, (const uint8_t *)"\1a", 1, 0));
    wr_shared_destroy(&a, &now);
    wr_shared_destroy(&b, &now);
    wr_conf_free(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_and_given_back),
        cmocka_unit_test(test_leases),
        cmocka_unit_test(test_keys_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
