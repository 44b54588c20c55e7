/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "policy/kinds.h"
#include "unit/policy/household.h"

static const uint32_t ouis[] = {0x001122, 0x001788, 0x50c7bf};

static const struct wr_kinds_line lines[] = {
    {.kind = "camera", .wishes = {1, 3, 6}, .wishes_size = 3, .class = "udhcp 1.22.*"},
    {.kind = "plug", .wishes = {1, 3, 6}, .wishes_size = 3, .host = "hs100"},
    {.kind = "bulb", .mac = {0x00, 0x17, 0x88}, .mac_size = 3},
    {.kind = "hub", .vendor = true, .oui = 1, .ouis = 2},
    {.kind = "tablet", .wishes6 = {0, 23}, .wishes6_size = 2},
    {.kind = "reader", .wishes6 = {0, 23}, .wishes6_size = 2},
};
static const struct wr_kinds table = {.line = lines, .lines = 6, .oui = ouis};

struct marks {
    struct wr_mark at[WR_CENSUS_MARKS_MAX];
    size_t n;
};

static void add(struct marks *m, uint8_t kind, const char *octets, size_t n)
{
    struct wr_mark *at = &m->at[m->n++];
    at->kind = kind;
    at->size = (uint8_t)n;
    memcpy(at->octets, octets, n);
}

static void check(const struct marks *m, const char *kind, uint8_t sure)
{
    struct wr_kinds_found found = wr_kinds_of(&table, m->at);
    if (kind == NULL) {
        assert_null(found.kind);
        return;
    }
    assert_string_equal(found.kind, kind);
    assert_int_equal(found.sure, sure);
}

static void test_conditions(void **state)
{
    struct marks m = {.n = 0};
    check(&m, NULL, 0);
    assert_null(wr_kinds_of(NULL, m.at).kind);
    add(&m, WR_MARK_WISHES, "\1\3\6", 3); /* shared by many: alone it says nothing */
    check(&m, NULL, 0);
    add(&m, WR_MARK_CLASS, "udhcp 1.22.1", 12);
    check(&m, "camera", 64);
    assert_int_equal(wr_kinds_of(&table, m.at).from, 1 << WR_MARK_WISHES | 1 << WR_MARK_CLASS);
    m.at[0].doubted = 1;
    check(&m, NULL, 0);
    m.at[0].doubted = 0;
    m.at[1].octets[8] = '3';
    check(&m, NULL, 0);
    add(&m, WR_MARK_HOST, "hs100", 5);
    check(&m, "plug", 58);
    m.at[2].size = 4;
    check(&m, NULL, 0);
}

static void test_vendors(void **state)
{
    struct marks m = {.n = 0};
    add(&m, WR_MARK_MAC, "\x00\x17\x88\1\2\3", 6); /* the surer line */
    check(&m, "bulb", 30);
    m.at[0].octets[2] = 0x89;
    check(&m, NULL, 0);
    memcpy(m.at[0].octets, "\x50\xc7\xbf", 3);
    check(&m, "hub", 20);
    memcpy(m.at[0].octets, "\x00\x11\x22", 3); /* of another line's vendors */
    check(&m, NULL, 0);
    memcpy(m.at[0].octets, "\x02\x17\x88", 3); /* made up */
    check(&m, NULL, 0);
}

/* Two lines that are as sure and do not agree say nothing; a surer one does. */
static void test_disputed(void **state)
{
    struct marks m = {.n = 0};
    add(&m, WR_MARK_WISHES6, "\0\x17", 2);
    check(&m, NULL, 0);
    add(&m, WR_MARK_WISHES, "\1\3\6", 3);
    add(&m, WR_MARK_HOST, "hs100", 5);
    check(&m, "plug", 58);
}

/* In the census: as soon as it is known, for rules too; the owner's word goes before it, and alone counts for rules that give something. */
static void test_census(void **state)
{
    static const struct wr_census_word words[] = {
        {.what = WR_CENSUS_BIT_KIND, .text = "camera"},
        {.what = WR_CENSUS_BIT_SAID, .text = "camera"},
        {.what = WR_CENSUS_BIT_KIND, .text = "garden"},
        {.what = WR_CENSUS_BIT_SAID, .text = "garden"},
    };
    struct household h = household(16);
    struct wr_dhcp_heard heard = {.list = {1, 3, 6}, .list_size = 3, .class_size = 12};
    memcpy(heard.class, "udhcp 1.22.1", 12);
    mac_of("00:11:22:00:00:01", heard.mac);
    neighbour(&h, "00:11:22:00:00:01", "192.0.2.5", T0);
    wr_census_kinds(h.m, &table);
    const struct wr_census_device *d = wr_census_get(h.m, device_at(&h, "192.0.2.5"));
    assert_string_equal(wr_census_kind_of(d), "");
    wr_census_heard(h.m, LAN, &heard, T0);
    assert_string_equal(wr_census_kind_of(d), "camera");
    assert_int_equal(d->found_sure, 64);
    wr_census_words(h.m, words, 4);
    assert_int_equal(who_at(&h, "192.0.2.5").groups, 1);
    struct wr_census_configured c = {.name = "x", .kind = "garden", .mac = &heard.mac, .macs = 1};
    wr_census_configure_begin(h.m);
    assert_int_equal(wr_census_configure(h.m, &c, T0), WR_OK);
    wr_census_configure_end(h.m);
    d = wr_census_get(h.m, device_at(&h, "192.0.2.5"));
    assert_string_equal(wr_census_kind_of(d), "garden");
    assert_string_equal(d->found, "camera");
    wr_census_words(h.m, words, 4);
    assert_int_equal(who_at(&h, "192.0.2.5").groups, 12);
    wr_census_kinds(h.m, NULL);
    assert_string_equal(d->found, "");
    household_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_vendors),
        cmocka_unit_test(test_disputed),
        cmocka_unit_test(test_census),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
