/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/rng.h"
#include "policy/prefix.h"

static struct wr_prefix prefix(const char *text)
{
    struct wr_prefix p;
    memset(&p, 0, sizeof(p));
    assert_int_equal(wr_addr_prefix_from_text(text, &p), 0);
    return p;
}

static struct wr_addr addr(const char *text)
{
    struct wr_addr a;
    memset(&a, 0, sizeof(a));
    assert_int_equal(wr_addr_from_text(text, &a), 0);
    return a;
}

static void test_nested_are_merged(void **state)
{
    struct wr_prefix p[] = {prefix("10.1.2.0/24"), prefix("::1"),        prefix("10.0.0.0/8"),
                            prefix("10.1.2.3"),    prefix("10.0.0.0/8"), prefix("192.168.0.0/16"),
                            prefix("fe80::/10")};
    uint32_t n = wr_prefix_compile(p, 7);
    assert_int_equal(n, 4);
    assert_int_equal(p[0].len, 8);
    assert_int_equal(p[1].len, 16);
}

static void test_table(void **state)
{
    static const struct {
        const char *ip;
        bool in;
    } rows[] = {
        {"10.0.0.0", true},
        {"10.255.255.255", true},
        {"9.255.255.255", false},
        {"11.0.0.0", false},
        {"192.168.7.9", true},
        {"192.168.7.8", false},
        {"192.168.7.10", false},
        {"::1", true},
        {"::2", false},
        {"::", false},
        {"fe80::1%3", true},
        {"febf::1", true},
        {"fec0::1", false},
        {"2001:db8:0:8000::", true},
        {"2001:db8:0:7fff::1", false},
        {"::ffff:10.1.1.1", true},
        {"::ffff:11.1.1.1", false},
        {"0.0.0.0", false},
    };
    struct wr_prefix p[] = {prefix("192.168.7.9"), prefix("2001:db8:0:8000::/49"),
                            prefix("10.0.0.0/8"), prefix("::1"), prefix("fe80::/10")};
    uint32_t n = wr_prefix_compile(p, 5);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_addr a = addr(rows[i].ip);
        if (wr_prefix_has(p, n, &a) != rows[i].in) {
            fail_msg("%s", rows[i].ip);
        }
    }
}

static void test_ends(void **state)
{
    struct wr_addr a = addr("1.2.3.4"), b = addr("2001:db8::1"), port = addr("1.2.3.4:53");
    assert_false(wr_prefix_has(NULL, 0, &a));
    struct wr_prefix all4 = prefix("0.0.0.0/0");
    assert_int_equal(wr_prefix_compile(&all4, 1), 1);
    assert_true(wr_prefix_has(&all4, 1, &a));
    assert_true(wr_prefix_has(&all4, 1, &port));
    assert_false(wr_prefix_has(&all4, 1, &b));
    struct wr_prefix all6 = prefix("::/0");
    assert_true(wr_prefix_has(&all6, 1, &b));
    assert_false(wr_prefix_has(&all6, 1, &a));
    struct wr_addr none;
    memset(&none, 0, sizeof(none));
    assert_false(wr_prefix_has(&all4, 1, &none));
}

/* Against the plain search through the list as it was written. */
static void test_like_a_list(void **state)
{
    struct wr_rng rng;
    wr_rng_seed_u64(&rng, 42);
    struct wr_prefix list[200], p[200];
    for (int i = 0; i < 200; i++) {
        struct wr_addr a = {.family = WR_AF_V4};
        a.ip[0] = (uint8_t)wr_rng_below(&rng, 4);
        a.ip[1] = (uint8_t)wr_rng_below(&rng, 256);
        a.ip[2] = (uint8_t)wr_rng_below(&rng, 256);
        list[i].len = (uint8_t)(12 + wr_rng_below(&rng, 21));
        list[i].addr = wr_addr_mask(&a, list[i].len);
    }
    memcpy(p, list, sizeof(p));
    uint32_t n = wr_prefix_compile(p, 200);
    unsigned hits = 0;
    for (int i = 0; i < 5000; i++) {
        struct wr_addr a = {.family = WR_AF_V4};
        a.ip[0] = (uint8_t)wr_rng_below(&rng, 4);
        a.ip[1] = (uint8_t)wr_rng_below(&rng, 256);
        a.ip[2] = (uint8_t)wr_rng_below(&rng, 256);
        bool in = false;
        for (int j = 0; j < 200; j++) {
            in = in || wr_addr_in_prefix(&a, &list[j]);
        }
        hits += in;
        assert_int_equal(wr_prefix_has(p, n, &a), in);
    }
    assert_in_range(hits, 100, 4900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nested_are_merged),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_like_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
