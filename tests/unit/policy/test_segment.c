/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "policy/segment.h"

static struct wr_segment_subnet subnet(const char *text, uint16_t segment)
{
    struct wr_segment_subnet s = {.segment = segment};
    assert_int_equal(wr_addr_prefix_from_text(text, &s.prefix), 0);
    return s;
}

static uint16_t of(const struct wr_segments *s, uint32_t ifindex, const char *text)
{
    struct wr_addr a;
    assert_int_equal(wr_addr_from_text(text, &a), 0);
    return wr_segment_of(s, ifindex, &a);
}

/* 0 the house, 1 a room of it, 2 a desk in that room, 3 behind a router, 4 an interface that is not there now. */
static void test_subnets_and_interfaces(void **state)
{
    static const struct wr_segment segment[5];
    struct wr_segment_subnet subnets[] = {subnet("10.1.2.0/24", 2), subnet("10.0.0.0/8", 0),
                                          subnet("fd00:3::/64", 3), subnet("10.1.0.0/16", 1),
                                          subnet("10.3.0.0/16", 3), subnet("10.9.0.0/16", 4)};
    static const struct wr_segment_link links[] = {{5, 0}, {6, 1}, {0, 4}};
    struct wr_segments s = {.segment = segment,
                            .segments = 5,
                            .subnet = subnets,
                            .subnets = 6,
                            .link = links,
                            .links = 3};
    wr_segment_compile(&s);
    assert_int_equal(of(&s, 0, "10.1.2.3"), 2);
    assert_int_equal(of(&s, 0, "10.1.3.3"), 1);
    assert_int_equal(of(&s, 0, "10.2.0.1"), 0);
    assert_int_equal(of(&s, 0, "10.255.255.255"), 0);
    assert_int_equal(of(&s, 0, "fd00:3::1"), 3);
    assert_int_equal(of(&s, 0, "192.0.2.1"), WR_SEGMENT_NONE);
    assert_int_equal(of(&s, 6, "192.0.2.1"), 1);
    assert_int_equal(of(&s, 6, "fe80::1"), 1);
    /* An address of the house on the room's wire is still the room; one behind a router is taken at its word. */
    assert_int_equal(of(&s, 6, "10.2.0.1"), 1);
    assert_int_equal(of(&s, 5, "10.1.3.3"), 0);
    assert_int_equal(of(&s, 5, "10.3.0.1"), 3);
    assert_int_equal(of(&s, 5, "10.9.0.1"), 0);
    assert_int_equal(of(&s, 77, "10.2.0.1"), 0);
}

static uint16_t at(const struct wr_segments *s, uint32_t ifindex, const char *from,
                   const char *local)
{
    struct wr_addr a, b;
    assert_int_equal(wr_addr_from_text(from, &a), 0);
    assert_int_equal(wr_addr_from_text(local, &b), 0);
    return wr_segment_at(s, ifindex, &a, &b);
}

/* 0 has a listener, 1 all addresses of a port, 2 an interface, 3 a subnet. */
static void test_listeners(void **state)
{
    static const struct wr_segment segment[4];
    struct wr_segment_subnet subnets[] = {subnet("10.3.0.0/16", 3)};
    static const struct wr_segment_link links[] = {{7, 2}, {8, 0}};
    struct wr_segment_door doors[3] = {{.segment = 1}, {.segment = 0}, {.segment = 0}};
    struct wr_segments s = {.segment = segment,
                            .segments = 4,
                            .subnet = subnets,
                            .subnets = 1,
                            .link = links,
                            .links = 2,
                            .door = doors,
                            .doors = 3};
    assert_int_equal(wr_addr_from_text("0.0.0.0:5353", &doors[0].addr), 0);
    assert_int_equal(wr_addr_from_text("10.0.0.1:5353", &doors[1].addr), 0);
    assert_int_equal(wr_addr_from_text("[fd00::1]:53", &doors[2].addr), 0);
    wr_segment_compile(&s);
    assert_int_equal(at(&s, 0, "10.3.0.1", "10.0.0.1:5353"), 0);
    assert_int_equal(at(&s, 0, "10.3.0.1", "10.0.0.2:5353"), 1);
    assert_int_equal(at(&s, 0, "10.3.0.1", "10.0.0.1:53"), 3);
    assert_int_equal(at(&s, 0, "192.0.2.1", "10.0.0.1:53"), WR_SEGMENT_NONE);
    assert_int_equal(at(&s, 0, "fd00::9", "[fd00::1]:53"), 0);
    assert_int_equal(at(&s, 0, "fd00::9", "[fd00::2]:53"), WR_SEGMENT_NONE);
    assert_int_equal(at(&s, 8, "10.3.0.1", "10.0.0.1:5353"), 0);
    assert_int_equal(at(&s, 9, "10.3.0.1", "10.0.0.1:5353"), 0);
    /* Who comes from another segment's wire gets nothing by asking there. */
    assert_int_equal(at(&s, 7, "192.0.2.1", "10.0.0.1:5353"), 2);
    assert_int_equal(at(&s, 8, "192.0.2.1", "10.0.0.2:5353"), 0);
}

static void test_none(void **state)
{
    struct wr_segments s = {.segments = 0};
    wr_segment_compile(&s);
    assert_int_equal(of(&s, 1, "10.0.0.1"), WR_SEGMENT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subnets_and_interfaces),
        cmocka_unit_test(test_listeners),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
