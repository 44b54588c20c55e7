/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "resolve/news.h"

static _Atomic uint32_t counts[WR_NEWS_COUNTS];
static const struct wr_news_zone zones[] = {
    {.name = {.wire = "\1a\7example", .size = 11},
     .from = {{.family = WR_AF_V4, .ip = {192, 0, 2, 1}, .port = 53}},
     .froms = 1},
    {.name = {.wire = "\1b\7example", .size = 11},
     .from = {{.family = WR_AF_V4, .ip = {192, 0, 2, 2}, .port = 53},
              {.family = WR_AF_V6, .ip = {0x20, 1}, .port = 53}},
     .froms = 2},
};
static const struct wr_news news = {.zone = zones, .zones = 2, .counts = counts};

static bool tell(const char *zone, const struct wr_addr *from)
{
    return wr_news_take(&news, (const uint8_t *)zone, from);
}

static void test_from_primaries_alone(void **state)
{
    const struct wr_addr one = {.family = WR_AF_V4, .ip = {192, 0, 2, 1}, .port = 40000};
    const struct wr_addr two = {.family = WR_AF_V4, .ip = {192, 0, 2, 2}};
    const struct wr_addr six = {.family = WR_AF_V6, .ip = {0x20, 1}, .port = 1};
    uint32_t a = wr_news_number((const uint8_t *)"\1a\7example"),
             b = wr_news_number((const uint8_t *)"\1B\7EXAMPLE");

    assert_true(a < WR_NEWS_COUNTS && b < WR_NEWS_COUNTS && a != b);
    assert_true(tell("\1A\7example", &one));
    assert_false(tell("\1a\7example", &two) || tell("\1b\7example", &one));
    assert_true(tell("\1b\7example", &two) && tell("\1b\7example", &six));
    assert_false(tell("\1c\7example", &one) || tell("\7example", &one) || tell("", &one));
    assert_int_equal(counts[a], 1);
    assert_int_equal(counts[b], 2);
}

static void test_none(void **state)
{
    static const struct wr_news nothing = {.zone = NULL};
    const struct wr_addr one = {.family = WR_AF_V4, .ip = {192, 0, 2, 1}};

    assert_false(wr_news_take(&nothing, (const uint8_t *)"\1a\7example", &one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_from_primaries_alone),
                                       cmocka_unit_test(test_none)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
