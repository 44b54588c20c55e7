/* SPDX-License-Identifier: Apache-2.0 */
/* Who may have answered: the servers of delegations that are known, of each name of a chain, and those that a name is forwarded to. */
#include "unit/resolve/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "resolve/answerers.h"
#include "resolve/cut.h"
#include "transport/uri.h"

#define CACHE ((size_t)512 * 1024)
#define T0    1000u

static void *block;
static struct wr_cache *cache;
static struct wr_answer_room room;
static struct wr_ttl_policy policy = {.max_s = 86400, .max_negative_s = 3600};
static struct wr_answer answer, found;
static struct wr_answerers who;
static struct wr_upstreams upstreams;
static struct wr_uri uri;
static uint8_t wire[65535];
static _Alignas(8) uint8_t arena_block[2 * WR_RRSET_SIZE_MAX], scratch[WR_CACHE_SCRATCH_SIZE];
static _Alignas(8) uint8_t cut_block[2 * WR_RRSET_SIZE_MAX];

static int setup(void **state)
{
    struct wr_hash_key key = {{3, 4}};
    block = aligned_alloc(64, CACHE);
    wr_arena_init(&room.arena, arena_block, sizeof(arena_block));
    room.scratch = scratch;
    wr_answer_clear(&answer);
    upstreams = (struct wr_upstreams){.upstreams = 2,
                                      .groups = 1,
                                      .default_group = 0,
                                      .group[0] = {.servers = 2, .server = {0, 1}}};
    snprintf(uri.name, sizeof(uri.name), "dns.example");
    upstreams.upstream[1].uri = &uri;
    upstreams.upstream[1].addrs = 2;
    assert_int_equal(wr_addr_from_text("192.0.2.1", &upstreams.upstream[0].addr), 0);
    assert_int_equal(wr_addr_from_text("192.0.2.2", &upstreams.upstream[1].addr), 0);
    assert_int_equal(wr_addr_from_text("192.0.2.3", &upstreams.upstream[1].more[0]), 0);
    return wr_cache_format(block, CACHE, &key, &cache);
}

static int teardown(void **state)
{
    free(block);
    return 0;
}

static void delegate(const char *zone, const char *ns, const char *addr)
{
    struct wire_rr rrs[] = {WIRE_NS(zone, WR_TYPE_NS, 300, ns), WIRE_AR(ns, WR_TYPE_A, 300, addr)};
    struct wr_msg msg;
    struct wr_arena arena;
    struct wr_cut cut;
    struct wr_name root = wire_name("."), name = wire_name(zone);
    wire_response(wire, sizeof(wire), zone, WR_TYPE_A, 0, 0, rrs, 2, &msg);
    wr_arena_init(&arena, cut_block, sizeof(cut_block));
    assert_int_equal(wr_cut_from_referral(&msg, root.wire, name.wire, &arena, &cut), 0);
    wr_cut_keep(cache, &policy, T0, &room, &cut);
}

static void look(const char *name)
{
    const struct wr_answerers_look how = {cache, &policy, &room, &found, T0 + 1};
    struct wr_question q = {.type = WR_TYPE_A, .name = wire_name(name)};
    wr_answerers_of(&who, &how, &upstreams, &q, &answer);
}

static bool is_name(unsigned i, const char *name)
{
    return i < who.names && wr_name_equal(who.name[i], wire_name(name).wire);
}

static void test_of_a_chain(void **state)
{
    static const uint8_t rdata[] = {0,   14,  1, 'x', 5,   'o', 't', 'h',
                                    'e', 'r', 4, 't', 'e', 's', 't', 0};
    upstreams.default_group = WR_GROUP_RECURSE;
    delegate("example.test.", "ns.example.test.", "198.51.100.1");
    delegate("other.test.", "ns.other.test.", "198.51.100.2");
    look("www.example.test.");
    assert_true(who.names == 1 && who.addrs > 0 && is_name(0, "ns.example.test."));
    assert_int_equal(who.addr[0].ip[3], 1);
    look("www.nobody.");
    assert_int_equal(who.names + who.addrs, 0);
    answer.answers = 1;
    answer.answer[0] = (struct wr_rrset){
        .type = WR_TYPE_CNAME, .records = 1, .data = rdata, .size = sizeof(rdata), .owner = rdata};
    look("www.example.test.");
    assert_true(who.names == 2 && is_name(1, "ns.other.test."));
    answer.local = true; /* nobody was asked */
    look("www.example.test.");
    assert_int_equal(who.names + who.addrs, 0);
}

static void test_of_what_is_forwarded(void **state)
{
    look("www.example.test.");
    assert_true(who.names == 1 && is_name(0, "dns.example."));
    assert_int_equal(who.addrs, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(who.addr[i].ip[3], i + 1);
    }
}

static void test_no_more_than_there_is_room_for(void **state)
{
    upstreams.group[0].servers = WR_GROUP_SERVERS_MAX;
    for (unsigned i = 0; i < WR_GROUP_SERVERS_MAX; i++) {
        upstreams.group[0].server[i] = 1;
    }
    upstreams.upstream[1].addrs = WR_URI_ADDRS_MAX;
    look("x.");
    assert_true(who.names <= WR_ANSWERERS_NAMES_MAX && who.addrs <= WR_ANSWERERS_ADDRS_MAX);
    assert_true(who.names > 0 && who.addrs > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_of_a_chain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_of_what_is_forwarded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_more_than_there_is_room_for, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
