/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include "base/time.h"
#include "resolve/infra.h"
#include "resolve/select.h"

#define SLOTS 8u
#define T0    (100 * WR_S)

static struct wr_upstream_state st[WR_UPSTREAMS_MAX + SLOTS];
static struct wr_infra infra;

static int setup(void **state)
{
    memset(st, 0, sizeof(st));
    infra = (struct wr_infra){st, SLOTS, {{7, 8}}};
    return 0;
}

static struct wr_addr address(unsigned n)
{
    return (struct wr_addr){.family = WR_AF_V4,
                            .port = 53,
                            .ip = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static struct wr_peer find(unsigned n, uint64_t now_us)
{
    struct wr_addr a = address(n);
    struct wr_peer p;
    wr_infra_find(&infra, &a, now_us, &p);
    assert_in_range(p.slot, WR_UPSTREAMS_MAX, WR_UPSTREAMS_MAX + SLOTS - 1);
    assert_true(wr_addr_equal(&p.addr, &a));
    assert_int_equal(p.scheme, WR_SCHEME_UDP);
    return p;
}

static void test_an_address_keeps_its_slot(void **state)
{
    struct wr_peer a = find(1, T0);
    st[a.slot].srtt_us = 30000;
    struct wr_peer b = find(1, T0 + WR_S);
    assert_int_equal(b.slot, a.slot);
    assert_int_equal(b.generation, a.generation);
    assert_int_equal(st[b.slot].srtt_us, 30000);
    assert_int_equal(st[b.slot].used_us, T0 + WR_S);
}

/* A family or a port more is another server. */
static void test_other_servers_are_others(void **state)
{
    struct wr_addr v4 = address(1), port = v4, v6 = v4;
    struct wr_peer a, b, c;
    port.port = 5353;
    v6.family = WR_AF_V6;
    wr_infra_find(&infra, &v4, T0, &a);
    wr_infra_find(&infra, &port, T0, &b);
    wr_infra_find(&infra, &v6, T0, &c);
    assert_true(st[a.slot].owner != st[b.slot].owner || a.slot == b.slot);
    assert_true(a.slot != b.slot || a.generation != b.generation);
    assert_true(a.slot != c.slot || a.generation != c.generation);
}

/* Who takes over a slot begins with nothing of its former owner, and what comes late for that one can be told. */
static void test_taking_over(void **state)
{
    struct wr_peer first = find(0, T0);
    struct wr_upstream_state *s = &st[first.slot];
    wr_select_answered(s, 40 * WR_MS, T0);
    s->failures = 5;
    s->suspect_until_us = T0 + 60 * WR_S;
    s->wary_until_us = s->no_edns_until_us = T0 + 60 * WR_S;
    s->flags = WR_UPSTREAM_COOKIES | WR_UPSTREAM_EDNS;
    s->cookie_size = 16;
    wr_infra_set_lame(&infra, &first, wire_name("example.").wire, T0);
    uint32_t before = first.generation;
    struct wr_peer p = first;
    for (unsigned n = 1; n < 100 && p.generation == before; n++) {
        struct wr_peer q = find(n, T0 + n * WR_S);
        p = q.slot == first.slot ? q : p;
    }
    assert_true(p.generation != before);
    assert_int_equal(s->generation, p.generation);
    assert_int_equal(s->srtt_us, 0);
    assert_int_equal(s->failures, 0);
    assert_int_equal(s->suspect_until_us, 0);
    assert_int_equal(s->wary_until_us, 0);
    assert_int_equal(s->no_edns_until_us, 0);
    assert_int_equal(s->flags, 0);
    assert_int_equal(s->cookie_size, 0);
    assert_int_equal(s->answered_us, 0);
    assert_false(wr_infra_is_lame(&infra, &p, wire_name("example.").wire, T0));
}

/* Thousands of servers of a stranger's zone take the slots that were used least lately, not one that is in use. */
static void test_a_flood_does_not_touch_the_used(void **state)
{
    struct wr_peer mine = find(1, T0);
    for (unsigned n = 2; n < 5000; n++) {
        find(n, T0 + n);
        struct wr_peer again = find(1, T0 + n);
        assert_int_equal(again.generation, mine.generation);
    }
}

static void test_one_slot_is_enough(void **state)
{
    infra.slots = 1;
    for (unsigned n = 0; n < 50; n++) {
        struct wr_peer p = find(n, T0 + n);
        assert_int_equal(p.slot, WR_UPSTREAMS_MAX);
    }
}

static void test_lame_for_one_zone_and_a_while(void **state)
{
    struct wr_peer p = find(1, T0);
    struct wr_name a = wire_name("a.example."), upper = wire_name("A.EXAMPLE."),
                   b = wire_name("b.example.");
    assert_false(wr_infra_is_lame(&infra, &p, a.wire, T0));
    wr_infra_set_lame(&infra, &p, a.wire, T0);
    assert_true(wr_infra_is_lame(&infra, &p, a.wire, T0 + 899 * WR_S));
    assert_true(wr_infra_is_lame(&infra, &p, upper.wire, T0));
    assert_false(wr_infra_is_lame(&infra, &p, b.wire, T0));
    assert_false(wr_infra_is_lame(&infra, &p, a.wire, T0 + 900 * WR_S)); /* it recovers */
    p.generation--; /* news of a former owner */
    wr_infra_set_lame(&infra, &p, b.wire, T0);
    p.generation++;
    assert_false(wr_infra_is_lame(&infra, &p, b.wire, T0));
}

/* What is known of the slot's present owner is not about a peer that was found before it. */
static void test_lameness_of_another_owner_is_not_mine(void **state)
{
    struct wr_peer p = find(1, T0), former = p;
    struct wr_name a = wire_name("a.example.");
    former.generation--;
    wr_infra_set_lame(&infra, &p, a.wire, T0);
    assert_false(wr_infra_is_lame(&infra, &former, a.wire, T0));
}

static void test_forgiven_when_a_link_changes(void **state)
{
    struct wr_peer p = find(1, T0);
    st[p.slot].failures = 3;
    st[p.slot].suspect_until_us = T0 + WR_S;
    st[0].suspect_until_us = 5; /* a configured server is not infra's */
    wr_infra_forgive(&infra);
    assert_false(wr_select_is_suspect(&st[p.slot]));
    assert_true(wr_select_is_suspect(&st[0]));
    infra.slots = 0;
    wr_infra_forgive(&infra);
}

#define CASE(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_an_address_keeps_its_slot),
        CASE(test_other_servers_are_others),
        CASE(test_taking_over),
        CASE(test_a_flood_does_not_touch_the_used),
        CASE(test_one_slot_is_enough),
        CASE(test_lame_for_one_zone_and_a_while),
        CASE(test_lameness_of_another_owner_is_not_mine),
        CASE(test_forgiven_when_a_link_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
