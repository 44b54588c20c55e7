/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/name.h"
#include "policy/mudset.h"

static struct wr_mud_ace aces[2][512];
static char texts[2][16384];
static struct wr_mud mud[2];
static void *block;
static const struct wr_mudset *set;

static int setup(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        wr_mud_init(&mud[i], aces[i], 512, texts[i], sizeof(texts[i]));
    }
    return 0;
}

static int teardown(void **state)
{
    free(block);
    block = NULL;
    return 0;
}

static struct wr_mud_ace *put(struct wr_mud *m, const char *name, int16_t protocol, uint16_t port)
{
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    a.family = WR_AF_V4;
    a.protocol = protocol;
    assert_int_equal(wr_mud_text(m, name, strlen(name), &a.dst_name), WR_OK);
    if (port != 0) {
        a.dst_port = (struct wr_mud_ports){port, port, WR_MUD_PORT_IN};
    }
    assert_int_equal(wr_mud_add(m, &a), WR_OK);
    return &m->ace[m->aces - 1];
}

static void compile(const struct wr_mudset_item *items, uint32_t count)
{
    size_t size = wr_mudset_size(items, count);
    block = malloc(size);
    assert_non_null(block);
    memset(block, 0xa5, size);
    static uint64_t keys; /* another one each time */
    const struct wr_hash_key key = {{keys++, 7}};
    set = wr_mudset_compile(block, items, count, &key);
}

static enum wr_mudset_says says(uint32_t device, uint32_t rival, const char *text)
{
    struct wr_name name;
    struct wr_who who = {.device = device, .rival = rival};
    assert_int_equal(wr_name_from_text(text, strlen(text), &name), WR_OK);
    return wr_mudset_name(set, &who, name.wire);
}

static bool doubts(uint32_t device, const char *text)
{
    struct wr_name name;
    struct wr_who who = {.device = device};
    assert_int_equal(wr_name_from_text(text, strlen(text), &name), WR_OK);
    return wr_mudset_doubts(set, &who, name.wire);
}

static unsigned ports_of(uint32_t device, uint32_t rival, const char *text,
                         struct wr_lease_port *ret)
{
    struct wr_name name;
    struct wr_who who = {.device = device, .rival = rival};
    assert_int_equal(wr_name_from_text(text, strlen(text), &name), WR_OK);
    return wr_mudset_ports(set, &who, name.wire, ret);
}

static unsigned ports(uint32_t device, const char *text, struct wr_lease_port *ret)
{
    return ports_of(device, 0, text, ret);
}

/* A name is that name, "*." all below it; what nothing enforces by name is not in. */
static void test_names(void **state)
{
    put(&mud[0], "cloud.example", 6, 443);
    put(&mud[0], "*.cdn.example", 6, 443);
    put(&mud[0], "odd.example", 6, 443)->odd = 1;
    put(&mud[0], "dropped.example", 6, 443)->action = WR_MUD_DROP;
    put(&mud[1], "other.example", 6, 443);
    const struct wr_mudset_item items[] = {{17, false, &mud[0], false},
                                           {5, false, &mud[1], false},
                                           {900, false, &mud[0], false},
                                           {40, true, &mud[1], false},
                                           {901, false, &mud[0], true}};
    compile(items, 5);
    assert_int_equal(wr_mudset_devices(set), 5);
    assert_int_equal(says(40, 0, "cloud.example"), WR_MUDSET_NOTHING);
    assert_true(doubts(40, "cloud.example") && !doubts(40, "other.example"));
    assert_false(doubts(5, "cloud.example") || doubts(6, "cloud.example"));
    assert_true(wr_mudset_has(set, 5) && wr_mudset_has(set, 17) && wr_mudset_has(set, 900));
    assert_false(wr_mudset_has(set, 6) || wr_mudset_has(set, 0));
    assert_int_equal(says(17, 0, "CLOUD.example"), WR_MUDSET_APPROVED);
    assert_int_equal(says(900, 0, "cloud.example"), WR_MUDSET_APPROVED);
    assert_int_equal(says(5, 0, "cloud.example"), WR_MUDSET_REFUSED);
    assert_int_equal(says(5, 0, "other.example"), WR_MUDSET_APPROVED);
    assert_int_equal(says(6, 0, "cloud.example"), WR_MUDSET_NOTHING);
    assert_int_equal(says(0, 0, "cloud.example"), WR_MUDSET_NOTHING);
    static const char *const refused[] = {"www.cloud.example", "example",         "cdn.example",
                                          "odd.example",       "dropped.example", "."};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(says(17, 0, refused[i]), WR_MUDSET_REFUSED);
    }
    assert_int_equal(says(17, 0, "a.cdn.example"), WR_MUDSET_APPROVED);
    assert_int_equal(says(17, 0, "b.a.cdn.example"), WR_MUDSET_APPROVED);
    assert_int_equal(says(901, 0, "a.cdn.example"), WR_MUDSET_REFUSED); /* a stranger's star */
    assert_int_equal(says(901, 0, "cloud.example"), WR_MUDSET_APPROVED);
}

/* Of whom two things are said, leases are for what both have; a profile in the shadow takes nothing away from the other's. */
static void test_rival_ports(void **state)
{
    struct wr_lease_port p[WR_LEASE_PORTS_MAX];
    put(&mud[0], "cloud.example", 6, 80);
    put(&mud[0], "cloud.example", 6, 443);
    put(&mud[0], "all.example", 6, 0);
    put(&mud[1], "cloud.example", 6, 443);
    put(&mud[1], "cloud.example", 17, 443);
    put(&mud[1], "all.example", 6, 443);
    const struct wr_mudset_item items[] = {
        {1, false, &mud[0], false}, {2, false, &mud[1], false}, {3, true, &mud[0], false}};
    compile(items, 3);
    assert_int_equal(ports_of(1, 2, "cloud.example", p), 1);
    assert_true(p[0].protocol == 6 && p[0].port == 443);
    assert_int_equal(ports_of(2, 1, "all.example", p), 1);
    assert_int_equal(ports_of(1, 2, "all.example", p), 1);
    assert_int_equal(ports_of(3, 2, "cloud.example", p), 2);
    assert_int_equal(ports_of(9, 2, "cloud.example", p), 2);
    assert_int_equal(ports_of(3, 9, "cloud.example", p), 0);
}

/* Port 0 is nobody's: no lease is for it, which the firewall would not take. */
static void test_port_0(void **state)
{
    struct wr_lease_port p[WR_LEASE_PORTS_MAX];
    put(&mud[0], "zero.example", 6, 443)->dst_port = (struct wr_mud_ports){0, 0, WR_MUD_PORT_IN};
    put(&mud[0], "low.example", 6, 443)->dst_port = (struct wr_mud_ports){0, 8, WR_MUD_PORT_IN};
    const struct wr_mudset_item items[] = {{1, false, &mud[0], false}};
    compile(items, 1);
    assert_int_equal(says(1, 0, "zero.example"), WR_MUDSET_REFUSED);
    assert_int_equal(ports(1, "low.example", p), 8);
    assert_int_equal(p[0].port, 1);
}

/* Of whom two things are said, both count. */
static void test_rival(void **state)
{
    put(&mud[0], "both.example", 6, 443);
    put(&mud[0], "one.example", 6, 443);
    put(&mud[1], "both.example", 6, 443);
    const struct wr_mudset_item items[] = {{1, false, &mud[0], false}, {2, false, &mud[1], false}};
    compile(items, 2);
    assert_int_equal(says(1, 2, "both.example"), WR_MUDSET_APPROVED);
    assert_int_equal(says(1, 2, "one.example"), WR_MUDSET_REFUSED);
    assert_int_equal(says(2, 1, "one.example"), WR_MUDSET_REFUSED);
    assert_int_equal(says(7, 1, "one.example"), WR_MUDSET_APPROVED);
    assert_int_equal(says(7, 2, "one.example"), WR_MUDSET_REFUSED);
}

static void test_ports(void **state)
{
    struct wr_lease_port p[WR_LEASE_PORTS_MAX];
    put(&mud[0], "a.example", 6, 443);
    put(&mud[0], "a.example", 17, 443);
    put(&mud[0], "a.example", 6, 443); /* said twice */
    put(&mud[0], "all.example", 6, 443);
    put(&mud[0], "all.example", 1, 0); /* ICMP has no ports */
    for (uint16_t i = 0; i <= WR_LEASE_PORTS_MAX; i++) {
        put(&mud[0], "many.example", 6, (uint16_t)(1000 + i));
    }
    put(&mud[0], "range.example", 17, 5000)->dst_port.high = 5003;
    put(&mud[0], "*.below.example", 6, 8883);
    const struct wr_mudset_item items[] = {{1, false, &mud[0], false}};
    compile(items, 1);
    assert_int_equal(ports(1, "a.example", p), 2);
    assert_true(p[0].protocol == 6 && p[0].port == 443 && p[1].protocol == 17);
    assert_int_equal(ports(1, "all.example", p), 0);
    assert_int_equal(ports(1, "many.example", p), 0);
    assert_int_equal(ports(1, "range.example", p), 4);
    assert_true(p[3].protocol == 17 && p[3].port == 5003);
    assert_int_equal(ports(1, "x.below.example", p), 1);
    assert_int_equal(ports(1, "nowhere.example", p), 0);
    assert_int_equal(ports(9, "a.example", p), 0);
}

/* As many as a profile may have: none is lost, and none is found that is not there. */
static void test_many(void **state)
{
    char text[64];
    for (unsigned i = 0; i < 512; i++) {
        snprintf(text, sizeof(text), "h%u.example", i);
        put(&mud[0], text, 6, (uint16_t)(i + 1));
    }
    const struct wr_mudset_item items[] = {{1, false, &mud[0], false}};
    struct wr_lease_port p[WR_LEASE_PORTS_MAX];
    compile(items, 1);
    for (unsigned i = 0; i < 512; i++) {
        snprintf(text, sizeof(text), "h%u.example", i);
        assert_int_equal(ports(1, text, p), 1);
        assert_int_equal(p[0].port, i + 1);
        snprintf(text, sizeof(text), "h%u.example", i + 512);
        assert_int_equal(says(1, 0, text), WR_MUDSET_REFUSED);
    }
    assert_int_equal(wr_mudset_devices(set), 1);
}

static void test_none(void **state)
{
    compile(NULL, 0);
    assert_int_equal(says(1, 0, "a.example"), WR_MUDSET_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rival, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rival_ports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_port_0, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
