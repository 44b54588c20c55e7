/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "serve/mudpermits.h"
#include "unit/policy/household.h"

static struct wr_ruleset_item items[WR_RULESET_ITEMS_MAX];
static struct wr_mud_ace aces[WR_MUD_ACES_MAX];
static char texts[256];

static struct wr_prefix prefix(const char *text)
{
    struct wr_prefix p;
    memset(&p, 0, sizeof(p));
    assert_int_equal(wr_addr_prefix_from_text(text, &p), WR_OK);
    return p;
}

static uint32_t text(struct wr_mud *m, const char *t)
{
    uint32_t at = 0;
    assert_int_equal(wr_mud_text(m, t, strlen(t), &at), WR_OK);
    return at;
}

/* A network, local networks of IPv4, a controller that is known and one that is not, an answer. */
static void profile(struct wr_mud *m)
{
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    wr_mud_init(m, aces, WR_MUD_ACES_MAX, texts, sizeof(texts));
    a.family = WR_AF_V4;
    a.protocol = 6;
    a.dst_net = prefix("10.2.0.0/16");
    a.dst_port = (struct wr_mud_ports){80, 90, WR_MUD_PORT_IN};
    a.src_port = (struct wr_mud_ports){1024, 65535, WR_MUD_PORT_IN};
    assert_int_equal(wr_mud_add(m, &a), WR_OK);
    a = wr_mud_ace(WR_MUD_FROM);
    a.family = WR_AF_V4;
    a.classes = WR_MUD_LOCAL_NETWORKS;
    assert_int_equal(wr_mud_add(m, &a), WR_OK);
    a = wr_mud_ace(WR_MUD_FROM);
    a.classes = WR_MUD_CONTROLLER;
    a.controller = text(m, "urn:hub");
    assert_int_equal(wr_mud_add(m, &a), WR_OK);
    a.controller = text(m, "urn:nobody");
    assert_int_equal(wr_mud_add(m, &a), WR_OK);
    a.direction = WR_MUD_TO;
    assert_int_equal(wr_mud_add(m, &a), WR_OK);
}

static void test_permits(void **state)
{
    struct household h = household(16);
    struct wr_prefix hubs[] = {prefix("10.3.0.1"), prefix("2001:db8::5")};
    struct wr_conf_controller controllers[] = {{"urn:hub", {hubs, 2}}};
    struct wr_firefacts f = {.item = items, .count = 1};
    struct wr_conf conf;
    struct wr_mud m;
    const struct wr_census_device *d;
    uint32_t cursor = 0;
    memset(&conf, 0, sizeof(conf));
    conf.mud.controllers.items = controllers;
    conf.mud.controllers.count = 1;
    profile(&m);
    neighbour(&h, "00:00:5e:00:00:01", "192.0.2.1", T0);
    neighbour(&h, "00:00:5e:00:00:01", "fd00::1", T0);
    d = wr_census_walk(h.m, &cursor);
    assert_true(wr_mudpermits_can(d));
    for (unsigned i = 0; i < 2; i++) { /* another device with this MAC address */
        wr_mudpermits_add(&f, 1, &conf, d, &m);
    }
    assert_int_equal(f.count, 9);
    wr_mudpermits_sort(&f, 1);
    assert_int_equal(f.count, 5);
    assert_int_equal(f.left, 0);
    unsigned local = 0, ports = 0;
    for (size_t i = 1; i < 5; i++) {
        assert_true(wr_ruleset_is_sound(&items[i]));
        assert_int_equal(items[i].prefix.addr.scope, LAN);
        assert_int_equal(items[i].mac[5], 1);
        local += items[i].flags == WR_RULESET_LOCAL && items[i].prefix.addr.family == WR_AF_V4;
        ports += items[i].port == 80 && items[i].port_high == 90 && items[i].from_low == 1024 &&
                 items[i].protocol == 6 && items[i].prefix.len == 16;
    }
    assert_int_equal(local, 1);
    assert_int_equal(ports, 1);
    /* So many and no more. */
    m.aces = 0;
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    a.dst_net = prefix("10.2.0.0/16");
    while (wr_mud_add(&m, &a) == WR_OK) {
    }
    f.count = 0;
    for (unsigned i = 0; i < 3; i++) {
        wr_mudpermits_add(&f, 0, &conf, d, &m);
    }
    assert_int_equal(f.count, WR_RULESET_PERMITS_MAX);
    assert_int_equal(f.left, 3 * WR_MUD_ACES_MAX - WR_RULESET_PERMITS_MAX);
    household_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_permits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
