/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
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
    const struct wr_mudpermits_profile one[3] = {
        {d, &m, true, false, true}, {d, &m, true, false, true}, {d, &m, true, false, true}};
    wr_mudpermits(&f, &conf, one, 2); /* another device with this MAC address */
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
    wr_mudpermits(&f, &conf, one, 3);
    assert_int_equal(f.count, 1); /* all are the same */
    assert_int_equal(f.left, 3 * WR_MUD_ACES_MAX - WR_RULESET_PERMITS_MAX);
    household_end(&h);
}

/* A profile that means all of its manufacturer, and is of this URL. */
static void relative(struct wr_mud *m, struct wr_mud_ace *ace, char *room, size_t size,
                     const char *url, uint8_t classes, const char *named)
{
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    wr_mud_init(m, ace, 1, room, (uint32_t)size);
    m->url = text(m, url);
    a.family = WR_AF_V4;
    a.classes = classes;
    a.model = a.manufacturer = text(m, named);
    assert_int_equal(wr_mud_add(m, &a), WR_OK);
}

static unsigned members(const struct wr_firefacts *f, const char *addr, uint32_t ifindex)
{
    struct wr_addr a = address(addr);
    unsigned n = 0;
    a.scope = ifindex;
    for (size_t i = 0; i < f->count; i++) {
        assert_true(wr_ruleset_is_sound(&items[i]));
        n += items[i].kind == WR_RULESET_KIN && wr_addr_same_ip(&items[i].prefix.addr, &a);
    }
    return n;
}

/* An address that another claims in its segment as well is not one device's; who does so in another takes nothing, before and after. */
static void claim(struct household *h, const struct wr_census_address *shared)
{
    neighbour(h, "00:00:5e:00:00:01", "198.51.100.3", T0 + 1);
    assert_true(shared->rival != 0 && wr_mudpermits_is_reached(shared));
    uint64_t changes = wr_census_changes(h->m);
    neighbour_on(h, 3, "00:00:5e:00:00:07", "198.51.100.3", T0 + 2);
    assert_false(wr_mudpermits_is_reached(shared));
    assert_true(wr_census_changes(h->m) > changes);
    neighbour(h, "00:00:5e:00:00:01", "198.51.100.3", T0 + 3);
    assert_false(wr_mudpermits_is_reached(shared));
    for (int64_t s = 0; s <= WR_CENSUS_CONFLICT_S; s++) {
        neighbour_on(h, 3, "00:00:5e:00:00:03", "198.51.100.3", T0 + 3 + s);
        neighbour(h, "00:00:5e:00:00:01", "198.51.100.3", T0 + 3 + s);
        wr_census_tick(h->m, T0 + 3 + s);
    }
    assert_true(shared->rival != 0 && wr_mudpermits_is_reached(shared));
}

/* Others are meant by their URL, at the addresses that they have, when somebody vouches for it; what opens is in force. */
static void test_kin(void **state)
{
    static char room[4][128];
    static struct wr_mud_ace ace[4];
    struct household h = household(16);
    struct wr_firefacts f = {.item = items};
    struct wr_mud m[4];
    struct wr_mudpermits_profile p[4];
    struct wr_conf conf;
    memset(&conf, 0, sizeof(conf));
    neighbour(&h, "00:00:5e:00:00:01", "192.0.2.1", T0);
    neighbour_on(&h, 3, "00:00:5e:00:00:02", "198.51.100.2", T0);
    neighbour_on(&h, 3, "00:00:5e:00:00:02", "2001:db8::2", T0);
    neighbour_on(&h, 3, "00:00:5e:00:00:02", "fe80::2", T0);
    neighbour_on(&h, 3, "00:00:5e:00:00:03", "198.51.100.3", T0);
    neighbour_on(&h, 3, "00:00:5e:00:00:04", "198.51.100.4", T0);
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t mac[6] = {0, 0, 0x5e, 0, 0, (uint8_t)(i + 1)};
        p[i] =
            (struct wr_mudpermits_profile){wr_census_of_mac(h.m, mac), &m[i], i == 0, false, true};
        relative(&m[i], &ace[i], room[i], sizeof(room[i]),
                 i == 2 ? "https://b.example/x" : "https://a.example/x", WR_MUD_SAME_MANUFACTURER,
                 "");
    }
    assert_int_equal(p[1].device->ifindex, 3);
    p[3].is_stranger = true;
    wr_mudpermits(&f, &conf, p, 4);
    assert_int_equal(members(&f, "198.51.100.2", 3), 1);
    assert_int_equal(members(&f, "2001:db8::2", 3), 1);
    assert_int_equal(members(&f, "198.51.100.3", 3) + members(&f, "198.51.100.4", 3), 0);
    assert_int_equal(f.count, 4); /* itself is one of them, and one PERMIT */
    assert_int_equal(items[0].kind, WR_RULESET_PERMIT);
    assert_int_equal(items[0].flags, WR_RULESET_TO_KIN);
    assert_int_equal(items[0].prefix.addr.family, WR_AF_V4);
    /* Its address changes. */
    f.count = 0;
    neighbour_on(&h, 3, "00:00:5e:00:00:02", "198.51.100.9", T0 + 1);
    wr_mudpermits(&f, &conf, p, 4);
    assert_int_equal(members(&f, "198.51.100.9", 3), 1);
    /* A manufacturer, and a model, with the number of its class; who calls himself another's is not let in. */
    f.count = 0;
    p[3].in_force = p[1].in_force = true;
    relative(&m[0], &ace[0], room[0], 128, "https://a.example/x", WR_MUD_MANUFACTURER, "b.example");
    relative(&m[1], &ace[1], room[1], 128, "https://a.example/x", WR_MUD_MODEL,
             "https://b.example/x");
    wr_mudpermits(&f, &conf, p, 4);
    assert_int_equal(members(&f, "198.51.100.3", 3), 2);
    assert_int_equal(f.count, 4);
    assert_int_equal(items[0].segment + items[1].segment, 1);
    assert_true(items[2].segment == 0 && items[3].segment == 1);
    /* Of the host, and not from that URL: of the manufacturer, and not the model. */
    f.count = 0;
    p[2].is_model = false;
    wr_mudpermits(&f, &conf, p, 4);
    assert_int_equal(members(&f, "198.51.100.3", 3), 1);
    assert_int_equal(f.count, 2);
    /* Of nobody who is known. */
    f.count = 0;
    p[1].in_force = false;
    relative(&m[0], &ace[0], room[0], 128, "https://a.example/x", WR_MUD_MANUFACTURER, "c.example");
    wr_mudpermits(&f, &conf, p, 4);
    assert_int_equal(f.count, 0);
    claim(&h, &p[2].device->address[0]);
    household_end(&h);
}

/* One profile has room for so many classes and no more, and one that nobody is in takes none from others. */
static void test_kin_bound(void **state)
{
    static char room[WR_MUD_ACES_MAX * 16], little[128];
    static struct wr_mud_ace ace;
    struct household h = household(16);
    struct wr_firefacts f = {.item = items};
    struct wr_mud m, last;
    struct wr_conf conf;
    uint32_t cursor = 0;
    memset(&conf, 0, sizeof(conf));
    neighbour(&h, "00:00:5e:00:00:01", "192.0.2.1", T0);
    neighbour_on(&h, 3, "00:00:5e:00:00:02", "198.51.100.2", T0);
    wr_mud_init(&m, aces, WR_MUD_ACES_MAX, room, sizeof(room));
    for (unsigned i = 0; i < WR_MUD_KIN_MAX + 5; i++) {
        struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
        char name[16];
        snprintf(name, sizeof(name), "m%u.example", i);
        a.classes = WR_MUD_MANUFACTURER;
        a.manufacturer = text(&m, name);
        assert_int_equal(wr_mud_add(&m, &a), WR_OK);
    }
    relative(&last, &ace, little, sizeof(little), "https://m1.example/x", WR_MUD_SAME_MANUFACTURER,
             "");
    const struct wr_census_device *d[2] = {wr_census_walk(h.m, &cursor),
                                           wr_census_walk(h.m, &cursor)};
    struct wr_mudpermits_profile p[18];
    for (unsigned i = 0; i < 17; i++) {
        p[i] = (struct wr_mudpermits_profile){d[0], &m, true, false, true};
    }
    p[17] = (struct wr_mudpermits_profile){d[1], &last, true, false, true};
    wr_mudpermits(&f, &conf, p, 18);
    assert_int_equal(f.left, 17 * (WR_MUD_KIN_MAX + 5 - WR_MUD_KIN_EACH_MAX));
    assert_int_equal(members(&f, "198.51.100.2", 3), 1);
    assert_int_equal(items[f.count - 1].segment, 0); /* the only class that has a number */
    household_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_permits), cmocka_unit_test(test_kin),
                                       cmocka_unit_test(test_kin_bound)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
