/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "transport/routeradv.h"

/* Hop limit 64, no flags, router lifetime 1800 s. */
#define HEAD   134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0
#define MTU    5, 1, 0, 0, 0, 0, 5, 0xdc
#define SOURCE 1, 1, 2, 0, 0, 0, 0, 1
/* 64:ff9b:: and 2001:db8:64:ff9b:1:: */
#define KNOWN 0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0
#define LONG  0x20, 1, 0xd, 0xb8, 0, 0x64, 0xff, 0x9b, 0, 1, 0, 2

static int read_one(const uint8_t *message, size_t size, struct wr_routeradv *ret_adv)
{
    memset(ret_adv, 0xaa, sizeof(*ret_adv));
    return wr_routeradv_read(message, size, ret_adv);
}

static void assert_prefix(const struct wr_routeradv_prefix *p, const char *text,
                          uint32_t lifetime_s)
{
    struct wr_prefix want;
    assert_int_equal(wr_addr_prefix_from_text(text, &want), WR_OK);
    assert_int_equal(p->prefix.len, want.len);
    assert_true(wr_addr_equal(&p->prefix.addr, &want.addr));
    assert_int_equal(p->lifetime_s, lifetime_s);
}

/* The figure of RFC 8781 section 4: thirteen bits of lifetime in units of eight seconds, three of code. */
static void test_the_option(void **state)
{
    static const uint8_t m[] = {HEAD, SOURCE, 38, 2, 7, 8, KNOWN, MTU};
    struct wr_routeradv adv;

    assert_int_equal(read_one(m, sizeof(m), &adv), WR_OK);
    assert_int_equal(adv.prefixes, 1);
    assert_prefix(&adv.prefix[0], "64:ff9b::/96", 1800);
}

static void test_each_length(void **state)
{
    static const char *const want[] = {
        "2001:db8:64:ff9b:1:2::/96", "2001:db8:64:ff9b::/64", "2001:db8:64:ff00::/56",
        "2001:db8:64::/48",          "2001:db8::/40",         "2001:db8::/32"};
    struct wr_routeradv adv;

    for (unsigned code = 0; code < 8; code++) {
        uint8_t m[] = {HEAD, 38, 2, 0xff, (uint8_t)(0xf8 | code), LONG};
        assert_int_equal(read_one(m, sizeof(m), &adv), WR_OK);
        assert_int_equal(adv.prefixes, code < 6);
        if (code < 6) {
            assert_prefix(&adv.prefix[0], want[code], 65528);
        }
    }
}

static void test_withdrawn_and_several(void **state)
{
    static const uint8_t m[] = {HEAD, 38, 2, 0, 0, KNOWN, 38, 2, 0, 0x49, LONG};
    struct wr_routeradv adv;

    assert_int_equal(read_one(m, sizeof(m), &adv), WR_OK);
    assert_int_equal(adv.prefixes, 2);
    assert_prefix(&adv.prefix[0], "64:ff9b::/96", 0);
    assert_prefix(&adv.prefix[1], "2001:db8:64:ff9b::/64", 72);
}

/* Passed over: of another size, and a prefix with something in octet 8, where no translator has anything. */
static void test_passed_over(void **state)
{
    static const uint8_t size1[] = {HEAD, 38, 1, 7, 8, 0, 0, 0, 0};
    static const uint8_t size3[] = {HEAD, 38, 3, 7, 8, KNOWN, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t octet8[] = {HEAD, 38, 2, 7, 8, 0, 0x64, 0xff, 0x9b,
                                     0,    0,  0, 0, 1, 0, 0,    0};
    struct wr_routeradv adv;

    assert_int_equal(read_one(size1, sizeof(size1), &adv), WR_OK);
    assert_int_equal(adv.prefixes, 0);
    assert_int_equal(read_one(size3, sizeof(size3), &adv), WR_OK);
    assert_int_equal(adv.prefixes, 0);
    assert_int_equal(read_one(octet8, sizeof(octet8), &adv), WR_OK);
    assert_int_equal(adv.prefixes, 0);
}

/* A prefix that no translator can have is none, in whatever length it is told; withdrawing it is as little. */
static void test_prefixes_that_no_translator_has(void **state)
{
    static const struct {
        const char *prefix;
        uint8_t code;
        bool may;
    } rows[] = {{"64:ff9b::", 0, true},
                {"64:ff9b:1::", 3, true},
                {"64:ff9b:1:2::", 1, true},
                {"64:ff9b:1:2:300::", 0, false}, /* octet 8 */
                {"64:ff9b:1:ffff:3::", 0, true},
                {"64:ff9b:1:2:0:5::", 0, true},
                {"2001:db8::", 5, true},
                {"2000::", 5, true},
                {"3fff:ffff::", 5, true},
                {"fd00:64::", 0, true},
                {"fc00::", 4, true},
                {"64:ff9b::", 5, false},
                {"64:ff9b::", 3, false},
                {"64:ff9b:2::", 3, false},
                {"64:ff9b:0:1::", 0, false},
                {"::", 0, false},
                {"::", 5, false},
                {"::ffff:0:0", 0, false},
                {"0:0:0:1::", 1, false},
                {"100::", 1, false},
                {"4000::", 5, false},
                {"fe80::", 1, false},
                {"fe80::", 0, false},
                {"febf::", 0, false},
                {"fec0::", 3, false},
                {"ff02::", 0, false},
                {"ff0e:db8::", 5, false},
                {"ff00::", 5, false}};
    struct wr_routeradv adv;

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned lives = 0; lives < 2; lives++) {
            uint8_t m[] = {HEAD, 38, 2, (uint8_t)lives, rows[i].code, KNOWN};
            struct wr_addr addr;
            assert_int_equal(wr_addr_from_text(rows[i].prefix, &addr), WR_OK);
            memcpy(m + 20, addr.ip, 12);
            assert_int_equal(read_one(m, sizeof(m), &adv), WR_OK);
            if (adv.prefixes != rows[i].may || adv.strange == rows[i].may) {
                fail_msg("%s, code %u", rows[i].prefix, rows[i].code);
            }
        }
    }
}

#define ONE 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define TWO 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2

static void assert_resolver(const struct wr_routeradv_resolver *r, const char *text,
                            uint32_t lifetime_s)
{
    char seen[WR_ADDR_TEXT_SIZE];
    wr_addr_to_text(&r->addr, seen, sizeof(seen));
    assert_string_equal(seen, text);
    assert_int_equal(r->lifetime_s, lifetime_s);
}

/* The figures of RFC 8106 section 5.1 and RFC 9463 section 6.1, and who has sent them. */
static void test_resolvers(void **state)
{
    static const uint8_t m[] = {HEAD, SOURCE, 25, 5, 0, 0, 0, 0, 2,   0x58, ONE, TWO,
                                25,   3,      0,  0, 0, 0, 0, 0, TWO, 144,  5,   0,
                                1,    0,      0,  0, 9, 0, 4, 2, 'e', 'x',  0,   0,
                                16,   ONE,    0,  4, 0, 1, 0, 0, 0,   0,    MTU};
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    struct wr_routeradv adv;

    assert_int_equal(read_one(m, sizeof(m), &adv), WR_OK);
    assert_int_equal(adv.resolvers, 4);
    assert_resolver(&adv.resolver[0], "2001:db8::1", 600);
    assert_resolver(&adv.resolver[1], "2001:db8::2", 600);
    assert_resolver(&adv.resolver[2], "2001:db8::2", 0);
    assert_resolver(&adv.resolver[3], "2001:db8::1", 9);
    assert_memory_equal(adv.mac, mac, 6);
}

/* Without an address, of an even size, sizes that reach beyond the option: nothing is taken, and the rest is. */
static void test_no_resolvers(void **state)
{
    static const uint8_t all[][40] = {
        {HEAD, 25, 1, 0, 0, 0, 0, 2, 0x58},
        {HEAD, 25, 2, 0, 0, 0, 0, 2, 0x58, 1, 2, 3, 4, 5, 6, 7, 8},
        {HEAD, 144, 1, 0, 1, 0, 0, 0, 9},
        {HEAD, 144, 3, 0, 1, 0, 0, 0, 9, 0xff, 0xff, 2, 'e', 'x', 0, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8},
        {HEAD, 144, 3, 0, 1, 0, 0, 0, 9, 0, 4, 2, 'e', 'x', 0, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8},
        {HEAD, 144, 3, 0, 1, 0, 0, 0, 9, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
    };
    struct wr_routeradv adv;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_int_equal(read_one(all[i], 16 + (size_t)all[i][17] * 8, &adv), WR_OK);
        assert_int_equal(adv.resolvers, 0);
    }
}

/* Nothing of a message that RFC 4861 section 6.1.2 wants to be dropped. */
static void test_refused(void **state)
{
    static const uint8_t good[] = {HEAD, SOURCE, 38, 2, 7, 8, KNOWN};
    uint8_t m[sizeof(good)];
    struct wr_routeradv adv;

    for (size_t n = 0; n < sizeof(good); n++) {
        bool whole = n == 16 || n == 24;
        assert_int_equal(read_one(good, n, &adv), whole ? WR_OK : WR_E_FORMAT);
    }
    memcpy(m, good, sizeof(m));
    m[0] = 133;
    assert_int_equal(read_one(m, sizeof(m), &adv), WR_E_FORMAT);
    memcpy(m, good, sizeof(m));
    m[1] = 1;
    assert_int_equal(read_one(m, sizeof(m), &adv), WR_E_FORMAT);
    memcpy(m, good, sizeof(m));
    m[17] = 0;
    assert_int_equal(read_one(m, sizeof(m), &adv), WR_E_FORMAT);
    memcpy(m, good, sizeof(m));
    m[25] = 3;
    assert_int_equal(read_one(m, sizeof(m), &adv), WR_E_FORMAT);
}

static void test_bounds(void **state)
{
    static uint8_t m[16 + 8 * (WR_ROUTERADV_OPTIONS_MAX + 1)] = {HEAD};
    static const uint8_t option[] = {38, 2, 7, 8, KNOWN};
    struct wr_routeradv adv;

    for (size_t at = 16; at < sizeof(m); at += 8) {
        m[at] = 253;
        m[at + 1] = 1;
    }
    assert_int_equal(read_one(m, sizeof(m) - 8, &adv), WR_OK);
    assert_int_equal(read_one(m, sizeof(m), &adv), WR_E_LIMIT);
    for (unsigned i = 0; i < WR_ROUTERADV_PREFIXES_MAX + 2; i++) {
        memcpy(m + 16 + i * sizeof(option), option, sizeof(option));
        m[16 + i * sizeof(option) + 4] = 0x20;
        m[16 + i * sizeof(option) + 8] = (uint8_t)i;
    }
    assert_int_equal(read_one(m, 16 + (WR_ROUTERADV_PREFIXES_MAX + 2) * sizeof(option), &adv),
                     WR_OK);
    assert_int_equal(adv.prefixes, WR_ROUTERADV_PREFIXES_MAX);
    assert_prefix(&adv.prefix[7], "2064:ff9b:700::/96", 1800);
    memset(m + 16, 0, sizeof(m) - 16);
    m[16] = 25;
    m[17] = 2 * WR_ROUTERADV_RESOLVERS_MAX + 3;
    assert_int_equal(read_one(m, 16 + 8 * (size_t)m[17], &adv), WR_OK);
    assert_int_equal(adv.resolvers, WR_ROUTERADV_RESOLVERS_MAX);
}

static void test_the_question(void **state)
{
    static const uint8_t want[WR_ROUTERADV_ASK_SIZE] = {133};
    uint8_t m[WR_ROUTERADV_ASK_SIZE];

    wr_routeradv_ask(m);
    assert_memory_equal(m, want, sizeof(want));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_option),
        cmocka_unit_test(test_resolvers),
        cmocka_unit_test(test_no_resolvers),
        cmocka_unit_test(test_each_length),
        cmocka_unit_test(test_withdrawn_and_several),
        cmocka_unit_test(test_passed_over),
        cmocka_unit_test(test_prefixes_that_no_translator_has),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_the_question),
    };
    return cmocka_run_group_tests_name("routeradv", tests, NULL, NULL);
}
