/* SPDX-License-Identifier: Apache-2.0 */
/* What is in an answer: addresses wherever they stand, and where aliases lead; torn sets have nothing. */
#include "unit/unit.h"

#include <string.h>

#include "dns/codes.h"
#include "policy/contents.h"
#include "policy/prefix.h"

static struct wr_rrset set(uint16_t type, const void *data, size_t size)
{
    return (struct wr_rrset){.owner = (const uint8_t *)"",
                             .type = type,
                             .class_ = WR_CLASS_IN,
                             .records = 1,
                             .data = data,
                             .size = (uint32_t)size};
}

static const uint8_t a[] = {0, 4, 198, 51, 100, 7};
static const uint8_t mapped[] = {0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 0, 1};
static const uint8_t of_bad[] = {0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 7};
static const uint8_t nat64[] = {0, 16, 0, 0x64, 0xff, 0x9b, 0,  0,   0,
                                0, 0,  0, 0,    0,    198,  51, 100, 7};
static const uint8_t nat64_own[] = {0, 16, 0, 0x64, 0xff, 0x9b, 0, 0, 0,
                                    0, 0,  0, 0,    0,    10,   0, 0, 1};
static const uint8_t other6[] = {0, 16, 0, 0x64, 0xff, 0x9b, 0,  1,   0,
                                 0, 0,  0, 0,    0,    198,  51, 100, 7};
static const uint8_t hinted6[] = {0, 23, 0, 1, 0, 0, 6,    0,    16,  0,  0,   0, 0,
                                  0, 0,  0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 7};
static const uint8_t hinted[] = {0, 11, 0, 1, 0, 0, 4, 0, 4, 198, 51, 100, 9};
static const uint8_t cname[] = {0, 3, 1, 'x', 0};

static void test_addresses(void **state)
{
    const struct {
        struct wr_rrset set;
        bool has, private;
    } rows[] = {
        {set(WR_TYPE_A, a, sizeof(a)), true, false},
        {set(WR_TYPE_A, a, sizeof(a) - 1), false, false}, /* torn */
        {set(WR_TYPE_HTTPS, hinted, sizeof(hinted)), true, false},
        {set(WR_TYPE_SVCB, hinted, sizeof(hinted) - 5), false, false},
        {set(WR_TYPE_AAAA, mapped, sizeof(mapped)), false, true},
        {set(WR_TYPE_AAAA, of_bad, sizeof(of_bad)), true,
         true}, /* who connects to it reaches IPv4 */
        {set(WR_TYPE_AAAA, nat64, sizeof(nat64)), true, false},
        {set(WR_TYPE_AAAA, nat64_own, sizeof(nat64_own)), false, true},
        {set(WR_TYPE_AAAA, other6, sizeof(other6)), false, false},
        {set(WR_TYPE_HTTPS, hinted6, sizeof(hinted6)), true, true},
        {set(WR_TYPE_TXT, a, sizeof(a)), false, false},
    };
    struct wr_prefix bad;
    assert_int_equal(wr_addr_prefix_from_text("198.51.100.0/24", &bad), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct wr_contents c = {&rows[i].set, 1};
        assert_int_equal(wr_contents_has(&c, &bad, 1), rows[i].has);
        assert_int_equal(wr_contents_private(&c), rows[i].private);
        assert_int_equal(wr_contents_listed(&c, NULL, 1), 0);
    }
}

static void test_targets(void **state)
{
    struct wr_rrset alias = set(WR_TYPE_CNAME, cname, sizeof(cname));
    struct wr_rrset other = set(WR_TYPE_A, a, sizeof(a));
    assert_ptr_equal(wr_contents_target(&alias), cname + 2);
    assert_null(wr_contents_target(&other));
    alias.records = 0;
    assert_null(wr_contents_target(&alias));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
