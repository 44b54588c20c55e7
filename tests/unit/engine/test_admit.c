/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/engine/rig.h"

#define TV 41

static struct rig r, other; /* two workers */
static void *table_block, *tally_block;
static struct wr_device_table *devices;
static struct wr_tally *tally;

static void *zeros(size_t size)
{
    size = (size + 63) / 64 * 64;
    void *p = aligned_alloc(64, size);
    assert_non_null(p);
    return memset(p, 0, size);
}

static void restart(struct rig *rig)
{
    rig->setup.devices = devices;
    rig->setup.over_rate = tally;
    rig->setup.quota = r.setup.quota;
    rig->settings.allows = 2;
    assert_int_equal(wr_addr_prefix_from_text("fd00::/16", &rig->allow[1]), 0);
    rig->engine =
        wr_engine_start(rig_alloc(rig, 3, wr_engine_size(&rig->setup)), &rig->setup, &rig->now);
}

static void is_tv(const char *text, uint64_t groups)
{
    struct wr_who who = {.device = TV, .groups = groups, .state = WR_WHO_KNOWN, .sure = 90};
    struct wr_addr addr;
    assert_int_equal(wr_addr_from_text(text, &addr), 0);
    assert_int_equal(wr_device_put(devices, wr_device_key(devices, &addr, 0), &who), 0);
}

/* Two workers with one table of buckets; the TV has an address of IPv4 and two of IPv6. */
static void start(uint32_t rate, uint32_t burst)
{
    struct wr_hash_key key = {{3, 4}};
    rig_start(&r);
    rig_start(&other);
    free(table_block);
    free(tally_block);
    table_block = zeros(wr_device_size(64));
    tally_block = zeros(wr_tally_size(64));
    devices = wr_device_init(table_block, 64, &key);
    tally = wr_tally_init(tally_block, 64);
    restart(&r);
    restart(&other);
    r.settings.client_rate = other.settings.client_rate = rate;
    r.settings.client_burst = other.settings.client_burst = burst;
    is_tv("10.0.0.1", 1);
    is_tv("fd00:1::1", 1);
    is_tv("fd00:2::1", 1);
}

static void stop(void)
{
    rig_stop(&r);
    rig_stop(&other);
}

enum said { SERVED, TOLD, DROPPED };

/* A question that is answered at once: zone transfers are not done. */
static enum said ask(struct rig *rig, const char *from, bool tcp)
{
    rig_ask(rig, (struct rig_query){
                     .name = "www.example.", .type = WR_TYPE_AXFR, .from = from, .tcp = tcp});
    assert_true(rig_poll(rig));
    if (rig->act.kind == WR_ACTION_DROP) {
        return DROPPED;
    }
    assert_int_equal(rig->act.kind, WR_ACTION_REPLY);
    assert_int_equal(rig->act.bytes[3] & 15, WR_RCODE_REFUSED);
    assert_int_equal(rig->msg.edns.ede, WR_EDE_PROHIBITED);
    return memmem(rig->bytes, rig->act.size, "no zone transfers", 17) != NULL ? SERVED : TOLD;
}

static void test_all_its_addresses_have_one_budget_over_all_workers(void **state)
{
    static const char *const from[] = {"10.0.0.1:4000", "[fd00:1::1]:4000", "[fd00:2::1]:4000"};
    unsigned count[3] = {0};
    start(1, 6);
    for (unsigned i = 0; i < 12; i++) {
        count[ask(i % 2 ? &other : &r, from[i % 3], false)]++;
    }
    assert_int_equal(count[SERVED], 6);
    assert_int_equal(count[TOLD], 2); /* limits.refused_rate */
    assert_int_equal(count[DROPPED], 4);
    assert_int_equal(wr_tally_get(tally, TV), 6);
    assert_int_equal(r.stats.dropped_client_rate + other.stats.dropped_client_rate, 4);
    assert_int_equal(ask(&r, "10.0.0.2:4000", false), SERVED); /* its neighbour */
    assert_int_equal(ask(&r, "10.0.0.1:4000", true), SERVED);  /* nobody can have forged it */
    r.now.mono_us += 1 * WR_S;
    assert_int_equal(ask(&r, "10.0.0.1:4000", false), SERVED);
    stop();
}

/* What it asks again and again is told its neighbours as before: response rate limiting counts a device that is known by itself. */
static void test_the_responses_of_its_neighbours_are_not_its_own(void **state)
{
    start(0, 1);
    r.settings.rrl_rate = 3;
    unsigned served = 0;
    for (unsigned i = 0; i < 40; i++) {
        served += ask(&r, "10.0.0.1:4000", false) == SERVED;
    }
    assert_int_equal(served, 3);
    assert_int_equal(ask(&r, "10.0.0.2:4000", false), SERVED);
    stop();
}

static void test_questions_that_wait_are_counted_by_device(void **state)
{
    start(0, 1);
    r.settings.client_inflight = 2;
    rig_ask(&r, (struct rig_query){.name = "a.example.", .from = "10.0.0.1:4000"});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_ask(&r, (struct rig_query){.name = "b.example.", .from = "[fd00:1::1]:4000"});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_ask(&r, (struct rig_query){.name = "c.example.", .from = "[fd00:2::1]:4000"});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.act.bytes[3] & 15, WR_RCODE_SERVFAIL);
    rig_ask(&r, (struct rig_query){.name = "d.example.", .from = "10.0.0.2:4000"});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    stop();
}

/* A name that anybody can say takes nothing from whom it belongs to. */
static void test_a_claim_is_counted_by_the_address(void **state)
{
    struct wr_who who = {.device = TV, .state = WR_WHO_KNOWN, .sure = 99};
    start(1, 2);
    assert_int_equal(wr_device_put(devices, wr_device_claim_key(devices, "tv", false), &who), 0);
    uint8_t query[512];
    struct rig_query q = {.name = "www.example.", .type = WR_TYPE_AXFR};
    struct wr_event ev = {.kind = WR_EVENT_QUERY, .bytes = query};
    ev.size = rig_build_query(&q, query, sizeof(query));
    assert_int_equal(wr_addr_from_text("10.0.0.66:4000", &ev.client.from), 0);
    ev.client.transport = WR_CLIENT_DOH;
    ev.client.claim_kind = WR_CLAIM_PATH;
    memcpy(ev.client.claim, "tv", 3);
    for (unsigned i = 0; i < 5; i++) {
        wr_engine_feed(r.engine, &ev, &r.now);
        rig_expect(&r, i < 2 ? WR_ACTION_REPLY : WR_ACTION_DROP);
    }
    assert_int_equal(wr_tally_get(tally, TV), 0);
    assert_int_equal(ask(&r, "10.0.0.1:4000", true), SERVED);
    stop();
}

static void test_a_group_and_a_segment_have_their_own_rates(void **state)
{
    static const struct wr_ration_group group = {1, 2};
    static const struct wr_rations rations = {.group = &group, .groups = 1};
    static const struct wr_segment segment = {.label = 9, .rate = 3};
    static struct wr_segment_subnet subnet;
    static const struct wr_segments segments = {
        .segment = &segment, .subnet = &subnet, .segments = 1, .subnets = 1};
    start(100, 100);
    subnet = (struct wr_segment_subnet){.prefix = r.allow[0]};
    r.settings.rations = &rations;
    r.settings.segments = &segments;
    unsigned tv = 0, guest = 0;
    for (unsigned i = 0; i < 20; i++) {
        tv += ask(&r, i % 2 ? "10.0.0.1:4000" : "[fd00:1::1]:4000", false) == SERVED;
        guest += ask(&r, "10.0.0.2:4000", false) == SERVED;
    }
    assert_int_equal(tv, 4); /* twice the rate at once */
    assert_int_equal(guest, 6);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_its_addresses_have_one_budget_over_all_workers),
        cmocka_unit_test(test_the_responses_of_its_neighbours_are_not_its_own),
        cmocka_unit_test(test_questions_that_wait_are_counted_by_device),
        cmocka_unit_test(test_a_claim_is_counted_by_the_address),
        cmocka_unit_test(test_a_group_and_a_segment_have_their_own_rates),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(table_block);
    free(tally_block);
    return failed;
}
