/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "policy/bypass.h"

static struct wr_bypass *b;

static int setup(void **state)
{
    b = calloc(1, sizeof(*b));
    return b == NULL;
}

static int teardown(void **state)
{
    free(b);
    return 0;
}

static struct wr_bypass_try tried(uint8_t device, uint16_t to)
{
    struct wr_bypass_try t = {
        .what = WR_BYPASS_DNS,
        .protocol = 17,
        .port = 53,
        .ifindex = 3,
        .mac = {2, 0, 0, 0, 0, device},
        .to = {.family = WR_AF_V4, .ip = {192, 0, (uint8_t)(to >> 8), (uint8_t)to}}};
    return t;
}

/* The kernel's counter is one of an element that lives and goes: what is added is what has come. */
static void test_counts(void **state)
{
    const struct wr_bypass_try t = tried(1, 9);
    wr_bypass_round(b);
    assert_int_equal(wr_bypass_take(b, &t, 3, true, 100), WR_BYPASS_NEW);
    wr_bypass_round(b);
    assert_int_equal(wr_bypass_take(b, &t, 3, true, 105), WR_BYPASS_OLD);
    assert_int_equal(b->row[0].count, 3);
    assert_int_equal(b->row[0].last_s, 100);
    wr_bypass_round(b);
    assert_int_equal(wr_bypass_take(b, &t, 5, true, 110), WR_BYPASS_OLD);
    assert_int_equal(wr_bypass_take(b, &t, 5, true, 110), WR_BYPASS_OLD); /* shown twice */
    assert_int_equal(b->row[0].count, 5);
    wr_bypass_round(b); /* the table was written anew in between: it begins again */
    assert_int_equal(wr_bypass_take(b, &t, 2, true, 115), WR_BYPASS_OLD);
    assert_int_equal(b->row[0].count, 7);
    wr_bypass_round(b); /* it has gone, */
    wr_bypass_round(b); /* and is back with more than it had */
    assert_int_equal(wr_bypass_take(b, &t, 4, true, 300), WR_BYPASS_OLD);
    assert_int_equal(b->row[0].count, 11);
    assert_int_equal(b->row[0].first_s, 100);
    assert_int_equal(b->row[0].last_s, 300);
    assert_int_equal(b->total[WR_BYPASS_DNS], 11);
    assert_int_equal(b->rows, 1);
}

/* Each part of it makes another row. */
static void test_rows(void **state)
{
    struct wr_bypass_try all[8];
    for (unsigned i = 0; i < 8; i++) {
        all[i] = tried(1, 9);
    }
    all[1].what = WR_BYPASS_DOH;
    all[2].protocol = 6;
    all[3].port = 853;
    all[4].ifindex = 4;
    all[5].mac[0] = 4;
    all[6].to.ip[3]++;
    all[7].to.family = WR_AF_V6;
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(wr_bypass_add(b, &all[i], true, 7), WR_BYPASS_NEW);
    }
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(wr_bypass_add(b, &all[i], true, 8), WR_BYPASS_OLD);
        assert_int_equal(b->row[i].count, 2);
    }
    assert_int_equal(b->total[WR_BYPASS_DNS], 14);
    assert_int_equal(b->total[WR_BYPASS_DOH], 2);
}

static void test_one_device_fills_nothing(void **state)
{
    for (uint16_t i = 0; i < 300; i++) {
        const struct wr_bypass_try t = tried(1, i);
        assert_int_equal(wr_bypass_add(b, &t, true, i),
                         i < WR_BYPASS_OWN_MAX ? WR_BYPASS_NEW : WR_BYPASS_LEFT);
    }
    assert_int_equal(b->rows, WR_BYPASS_OWN_MAX);
    assert_int_equal(b->left, 300 - WR_BYPASS_OWN_MAX);
    wr_bypass_round(b);
    assert_int_equal(b->left, 0);
    const struct wr_bypass_try t = tried(2, 1);
    assert_int_equal(wr_bypass_add(b, &t, true, 400), WR_BYPASS_NEW);
}

/* Made-up MAC addresses push each other out, the oldest first, and nobody who is known. */
static void test_strangers(void **state)
{
    const struct wr_bypass_try known = tried(250, 1);
    struct wr_bypass_try t = tried(0, 1);
    assert_int_equal(wr_bypass_add(b, &known, true, 1), WR_BYPASS_NEW);
    for (unsigned i = 0; i < 2 * WR_BYPASS_ROWS_MAX; i++) {
        t.mac[1] = (uint8_t)(i >> 8);
        t.mac[2] = (uint8_t)i;
        assert_int_equal(wr_bypass_add(b, &t, false, 10 + i), WR_BYPASS_NEW);
    }
    assert_int_equal(b->rows, WR_BYPASS_ROWS_MAX);
    assert_int_equal(wr_bypass_add(b, &known, true, 5000), WR_BYPASS_OLD);
    assert_int_equal(wr_bypass_add(b, &t, false, 5000), WR_BYPASS_OLD); /* the last is there */
    for (unsigned i = 0; i < WR_BYPASS_ROWS_MAX; i++) {
        b->row[i].known = true;
    }
    t.mac[1] = 99;
    assert_int_equal(wr_bypass_add(b, &t, false, 6000), WR_BYPASS_LEFT);
    assert_int_equal(wr_bypass_add(b, &t, true, 6000), WR_BYPASS_NEW); /* in place of the oldest */
}

static void test_keys(void **state)
{
    static const uint8_t v4[] = {3,   0, 0, 0, 2,  0, 0, 0, 0, 1,  0, 0,
                                 192, 0, 2, 9, 17, 0, 0, 0, 0, 53, 0, 0};
    uint8_t v6[36] = {3, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0x20, 1, 0xd, 0xb8};
    struct wr_bypass_try t, want = tried(1, 0x209);
    uint32_t ifindex = 3;
    uint8_t key[24];
    memcpy(key, v4, sizeof(key));
    memcpy(key, &ifindex, sizeof(ifindex)); /* in the order of this machine */
    assert_true(wr_bypass_key(0, key, sizeof(key), &t));
    assert_memory_equal(&t, &want, sizeof(t));
    key[20] = 3;
    key[21] = 0x55; /* 853 */
    assert_true(wr_bypass_key(0, key, sizeof(key), &t));
    assert_int_equal(t.what, WR_BYPASS_ENCRYPTED);
    assert_true(wr_bypass_key(2, key, sizeof(key), &t));
    assert_int_equal(t.what, WR_BYPASS_DOH);
    assert_true(wr_bypass_key(4, key, sizeof(key), &t));
    assert_int_equal(t.what, WR_BYPASS_UNLEASED);
    v6[28] = 6;
    v6[32] = 1;
    v6[33] = 0xbb;
    assert_true(wr_bypass_key(3, v6, sizeof(v6), &t));
    assert_int_equal(t.to.family, WR_AF_V6);
    assert_int_equal(t.to.ip[1], 1);
    assert_int_equal(t.protocol, 6);
    assert_int_equal(t.port, 443);
    assert_false(wr_bypass_key(1, key, sizeof(key), &t));
    assert_false(wr_bypass_key(0, key, sizeof(key) - 1, &t));
    assert_false(wr_bypass_key(6, key, sizeof(key), &t));
    assert_string_equal(wr_bypass_what_name(WR_BYPASS_ROUTER), "router");
    assert_string_equal(wr_bypass_what_name(WR_BYPASS_KINDS), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_device_fills_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_strangers, setup, teardown),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
