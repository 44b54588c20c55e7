/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "policy/mudtell.h"

static struct wr_mud_ace aces[32];
static char texts[1024];
static struct wr_mud m;

static int setup(void **state)
{
    wr_mud_init(&m, aces, 32, texts, sizeof(texts));
    return 0;
}

static uint32_t text(const char *t)
{
    uint32_t at = 0;
    assert_int_equal(wr_mud_text(&m, t, strlen(t), &at), WR_OK);
    return at;
}

static const struct wr_mud_ace *put(struct wr_mud_ace a)
{
    assert_int_equal(wr_mud_add(&m, &a), WR_OK);
    return &m.ace[m.aces - 1];
}

static struct wr_mud_ace named(uint8_t direction, const char *name, int16_t protocol, uint16_t port)
{
    struct wr_mud_ace a = wr_mud_ace(direction);
    a.family = WR_AF_V4;
    a.protocol = protocol;
    *(direction == WR_MUD_FROM ? &a.dst_name : &a.src_name) = text(name);
    if (port != 0) {
        *(direction == WR_MUD_FROM ? &a.dst_port : &a.src_port) =
            (struct wr_mud_ports){port, port, WR_MUD_PORT_IN};
    }
    return a;
}

static const struct wr_mud_house *house; /* NULL: nothing is told */

static void expect(const struct wr_mud_ace *a, uint8_t means, bool partly, const char *why)
{
    struct wr_mud_judged j = wr_mudtell_judge(&m, a, house);
    assert_int_equal(j.means, means);
    assert_int_equal(j.partly, partly);
    if (why == NULL) {
        assert_null(j.why);
    } else if (j.why == NULL || strstr(j.why, why) == NULL) {
        fail_msg("not \"%s\", but \"%s\"", why, j.why != NULL ? j.why : "");
    }
}

static void test_names(void **state)
{
    struct wr_mud_ace a = named(WR_MUD_FROM, "cloud.example", 6, 443);
    expect(put(a), WR_MUD_BY_NAME, false, NULL);
    a.src_port = (struct wr_mud_ports){1024, 65535, WR_MUD_PORT_IN};
    expect(put(a), WR_MUD_BY_NAME, true, "from which port");
    a = named(WR_MUD_FROM, "cloud.example", 6, 0);
    expect(put(a), WR_MUD_BY_NAME, true, "all ports");
    a = named(WR_MUD_FROM, "cloud.example", 1, 0);
    expect(put(a), WR_MUD_BY_NAME, true, "all protocols");
    a.classes = WR_MUD_LOCAL_NETWORKS;
    expect(put(a), WR_MUD_NOT, false, "both would have to hold");
    a.classes = 0;
    a.begins = WR_MUD_PEER_BEGINS;
    expect(put(a), WR_MUD_NOT, false, "nobody is let in");
    a.begins = WR_MUD_EITHER;
    a.odd = text("dscp");
    expect(put(a), WR_MUD_NOT, false, "does not know");
}

/* The first ACE that says something counts (RFC 8519). */
static void test_dropped(void **state)
{
    struct wr_mud_ace a = named(WR_MUD_FROM, "ads.example", WR_MUD_ANY, 0);
    a.action = WR_MUD_DROP;
    expect(put(a), WR_MUD_BY_DEFAULT, false, NULL);
    expect(put(named(WR_MUD_FROM, "ads.example", 6, 443)), WR_MUD_NOT, false, "drops the same");
    expect(put(named(WR_MUD_FROM, "cloud.example", 6, 443)), WR_MUD_BY_NAME, false, NULL);
}

/* Whatever in front drops a part of it: a lease cannot be for the rest. */
static void test_dropped_in_part(void **state)
{
    struct wr_mud_ace a = named(WR_MUD_FROM, "a.cloud.example", 6, 80);
    a.action = WR_MUD_REJECT;
    put(a);
    expect(put(named(WR_MUD_FROM, "a.cloud.example", 6, 0)), WR_MUD_NOT, false, "a part of it");
    expect(put(named(WR_MUD_FROM, "*.cloud.example", 6, 80)), WR_MUD_NOT, false, "a part of it");
    expect(put(named(WR_MUD_FROM, "a.cloud.example", 6, 443)), WR_MUD_BY_NAME, false, NULL);
    expect(put(named(WR_MUD_FROM, "a.cloud.example", 17, 80)), WR_MUD_BY_NAME, false, NULL);
    expect(put(named(WR_MUD_FROM, "cloud.example", 6, 80)), WR_MUD_BY_NAME, false, NULL);
    a = named(WR_MUD_FROM, "a.cloud.example", 6, 80);
    a.family = WR_AF_V6;
    expect(put(a), WR_MUD_BY_NAME, false, NULL);
    a = wr_mud_ace(WR_MUD_FROM);
    a.action = WR_MUD_DROP;
    assert_int_equal(wr_addr_prefix_from_text("10.0.0.0/8", &a.dst_net), WR_OK);
    put(a); /* of the house: no lease leads there */
    expect(put(named(WR_MUD_FROM, "x.example", 6, 443)), WR_MUD_BY_NAME, false, NULL);
    assert_int_equal(wr_addr_prefix_from_text("0.0.0.0/1", &a.dst_net), WR_OK);
    put(a);
    expect(put(named(WR_MUD_FROM, "x.example", 6, 443)), WR_MUD_NOT, false, "a part of it");
}

/* What leases are not narrow enough for is said, and port 0 is nobody's. */
static void test_narrow(void **state)
{
    struct wr_mud_ace a = named(WR_MUD_FROM, "zero.example", 6, 0);
    a.dst_port = (struct wr_mud_ports){0, 0, WR_MUD_PORT_IN};
    expect(put(a), WR_MUD_NOT, false, "port 0");
    for (uint16_t port = 1; port <= WR_LEASE_PORTS_MAX; port++) {
        put(named(WR_MUD_FROM, "many.example", 6, port));
        expect(put(named(WR_MUD_FROM, "many.example", 6, port)), WR_MUD_BY_NAME, false, NULL);
    }
    expect(put(named(WR_MUD_FROM, "many.example", 17, 1)), WR_MUD_BY_NAME, true, "many ports");
    expect(&m.ace[1], WR_MUD_BY_NAME, true, "many ports");
    a = named(WR_MUD_FROM, "mac.example", 6, 443);
    a.dst_mac = text("02:00:00:00:00:01");
    expect(put(a), WR_MUD_BY_NAME, true, "MAC addresses");
}

/* Answers to what is not enforced are not enforced, nor is what the other side would begin. */
static void test_answers_to_nothing(void **state)
{
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM), back = wr_mud_ace(WR_MUD_TO);
    a.classes = back.classes = WR_MUD_SAME_MANUFACTURER | WR_MUD_MODEL;
    put(a);
    expect(put(back), WR_MUD_NOT, false, "not enforceable itself");
    a.classes = back.classes = WR_MUD_LOCAL_NETWORKS;
    put(a);
    expect(put(back), WR_MUD_BY_STATE, false, NULL);
    put(named(WR_MUD_FROM, "cloud.example", 6, 443));
    back = named(WR_MUD_TO, "cloud.example", 6, 443);
    expect(put(back), WR_MUD_BY_STATE, false, NULL);
    back.begins = WR_MUD_PEER_BEGINS;
    expect(put(back), WR_MUD_NOT, false, "would begin");
    expect(put(named(WR_MUD_TO, "cloud.example", 6, 80)), WR_MUD_NOT, false, "would begin");
}

/* To the device only answers come. */
static void test_answers(void **state)
{
    struct wr_mud_ace back = named(WR_MUD_TO, "cloud.example", 17, 123);
    expect(put(back), WR_MUD_NOT, false, "would begin");
    put(named(WR_MUD_FROM, "cloud.example", 17, 123));
    expect(&m.ace[0], WR_MUD_BY_STATE, false, NULL);
    back = named(WR_MUD_TO, "other.example", 6, 443);
    back.begins = WR_MUD_DEVICE_BEGINS;
    expect(put(back), WR_MUD_BY_STATE, false, NULL);
}

static void test_classes(void **state)
{
    static const struct {
        uint8_t class;
        const char *controller;
        uint8_t means;
        const char *why;
    } rows[] = {
        {WR_MUD_CONTROLLER, WR_MUD_DNS, WR_MUD_BY_GATEWAY, NULL},
        {WR_MUD_CONTROLLER, WR_MUD_GATEWAY, WR_MUD_BY_GATEWAY, NULL},
        {WR_MUD_CONTROLLER, WR_MUD_NTP, WR_MUD_NOT, "time server"},
        {WR_MUD_CONTROLLER, "https://hub.example/", WR_MUD_NOT, "this controller"},
        {WR_MUD_MY_CONTROLLER, "", WR_MUD_NOT, "this controller"},
        {WR_MUD_LOCAL_NETWORKS, "", WR_MUD_BY_ADDRESS, "without the gateway"},
        {WR_MUD_LOCAL_NETWORKS | WR_MUD_MODEL, "", WR_MUD_NOT, "both would have to hold"},
        {WR_MUD_SAME_MANUFACTURER, "", WR_MUD_BY_ADDRESS, "without the gateway"},
        {WR_MUD_MANUFACTURER, "", WR_MUD_BY_ADDRESS, "without the gateway"},
        {WR_MUD_MODEL, "", WR_MUD_BY_ADDRESS, "without the gateway"},
        {WR_MUD_MANUFACTURER | WR_MUD_MODEL, "", WR_MUD_NOT, "both would have to hold"},
        {0, "", WR_MUD_NOT, "open everything"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
        setup(NULL);
        a.classes = rows[i].class;
        a.controller = text(rows[i].controller);
        expect(put(a), rows[i].means, rows[i].means == WR_MUD_BY_ADDRESS, rows[i].why);
    }
}

/* Who calls himself another's is not let in by that; whom his profile names is not his to choose. */
static void test_stranger(void **state)
{
    static const struct wr_mud_house stranger = {.is_stranger = true};
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    house = &stranger;
    a.classes = WR_MUD_SAME_MANUFACTURER;
    expect(put(a), WR_MUD_NOT, false, "who made the device is not proven");
    a.classes = WR_MUD_MANUFACTURER;
    expect(put(a), WR_MUD_BY_ADDRESS, true, "other segments");
    a.direction = WR_MUD_TO; /* what they begin */
    a.begins = WR_MUD_PEER_BEGINS;
    expect(put(a), WR_MUD_NOT, false, "nobody is let in");
    house = NULL;
}

/* A star is the owner's, or weir's when it has learned a profile. */
static void test_star(void **state)
{
    static const struct wr_mud_house fetched = {.is_fetched = true};
    const struct wr_mud_ace *a = put(named(WR_MUD_FROM, "*.cloud.example", 6, 443));
    expect(a, WR_MUD_BY_NAME, false, NULL);
    house = &fetched;
    expect(a, WR_MUD_NOT, false, "not in one that was fetched");
    expect(put(named(WR_MUD_FROM, "cloud.example", 6, 443)), WR_MUD_BY_NAME, false, NULL);
    house = NULL;
}

static void test_networks(void **state)
{
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    a.family = WR_AF_V4;
    assert_int_equal(wr_addr_prefix_from_text("224.0.0.1", &a.dst_net), WR_OK);
    expect(put(a), WR_MUD_NOT, false, "stays in the segment");
    a.classes = WR_MUD_LOCAL_NETWORKS;
    expect(put(a), WR_MUD_NOT, false, "stays in the segment");
    a.classes = 0;
    assert_int_equal(wr_addr_prefix_from_text("192.0.2.1", &a.dst_net), WR_OK);
    expect(put(a), WR_MUD_BY_ADDRESS, false, NULL);
    a.protocol = 17;
    a.dst_port = (struct wr_mud_ports){53, 53, WR_MUD_PORT_IN};
    expect(put(a), WR_MUD_NOT, false, "resolver of others");
    a.src_net = a.dst_net;
    expect(put(a), WR_MUD_NOT, false, "device's own address");
    assert_int_equal(wr_addr_prefix_from_text("255.255.255.255", &a.dst_net), WR_OK);
    a.src_net = (struct wr_prefix){.len = 0};
    a.protocol = 17;
    a.dst_port = (struct wr_mud_ports){67, 67, WR_MUD_PORT_IN};
    expect(put(a), WR_MUD_BY_GATEWAY, false, NULL);
    a = wr_mud_ace(WR_MUD_FROM);
    a.ethertype = 0x806;
    expect(put(a), WR_MUD_NOT, false, "Ethernet");
}

static struct wr_mud_ace to_net(const char *net, int16_t protocol, uint16_t low, uint16_t high)
{
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM);
    a.protocol = protocol;
    assert_int_equal(wr_addr_prefix_from_text(net, &a.dst_net), WR_OK);
    a.family = a.dst_net.addr.family;
    a.dst_port = (struct wr_mud_ports){low, high, high > 0 ? WR_MUD_PORT_IN : WR_MUD_PORT_ANY};
    return a;
}

/* A rule says it to the letter, or it is not opened. */
static void test_addresses(void **state)
{
    struct wr_mud_ace a = to_net("10.1.0.0/16", 6, 80, 90), b = a;
    expect(put(a), WR_MUD_BY_ADDRESS, false, NULL);
    b.dst_port.op = WR_MUD_PORT_NOT;
    expect(put(b), WR_MUD_NOT, false, "all ports but some");
    b = a;
    b.src_port = (struct wr_mud_ports){1024, 2000, WR_MUD_PORT_IN};
    expect(put(b), WR_MUD_BY_ADDRESS, false, NULL);
    b.src_port = (struct wr_mud_ports){0, 0, WR_MUD_PORT_IN};
    expect(put(b), WR_MUD_NOT, false, "port 0");
    b = to_net("2001:db8::/32", 58, 0, 0);
    expect(put(b), WR_MUD_BY_ADDRESS, false, NULL);
    b.icmp_type = 128;
    expect(put(b), WR_MUD_NOT, false, "ICMP");
    b = a;
    b.dst_mac = text("02:00:00:00:00:01");
    expect(put(b), WR_MUD_NOT, false, "MAC addresses");
    b = a;
    b.ethertype = 0x86dd;
    expect(put(b), WR_MUD_NOT, false, "no such packets");
    b.ethertype = 0x0800;
    expect(put(b), WR_MUD_BY_ADDRESS, false, NULL);
    expect(put(to_net("0.0.0.0/0", 6, 80, 80)), WR_MUD_NOT, false, "open everything");
    b = a;
    b.begins = WR_MUD_PEER_BEGINS;
    expect(put(b), WR_MUD_NOT, false, "nobody is let in");
}

/* What drops in front takes away all that it may be about. */
static void test_address_dropped(void **state)
{
    struct wr_mud_ace drop = to_net("10.1.2.0/24", 6, 80, 80), local = wr_mud_ace(WR_MUD_FROM);
    drop.action = WR_MUD_REJECT;
    put(drop);
    expect(put(to_net("10.1.0.0/16", 6, 0, 0)), WR_MUD_NOT, false, "a part of it");
    expect(put(to_net("10.1.2.9", 6, 1, 80)), WR_MUD_NOT, false, "a part of it");
    expect(put(to_net("10.1.2.9", 6, 81, 90)), WR_MUD_BY_ADDRESS, false, NULL);
    expect(put(to_net("10.1.2.9", 17, 80, 80)), WR_MUD_BY_ADDRESS, false, NULL);
    expect(put(to_net("10.1.3.0/24", 6, 80, 80)), WR_MUD_BY_ADDRESS, false, NULL);
    local.classes = WR_MUD_LOCAL_NETWORKS;
    expect(put(local), WR_MUD_NOT, false, "a part of it");
    drop = named(WR_MUD_FROM, "ads.example", 17, 0); /* wherever that is */
    drop.action = WR_MUD_DROP;
    put(drop);
    expect(put(to_net("10.9.0.0/16", 17, 7, 7)), WR_MUD_NOT, false, "a part of it");
}

/* Who a controller is the owner says, by its class, and by the profile's URL for the device's own. */
static void test_controllers(void **state)
{
    const struct wr_mud_house told = {
        .controller = {"https://hub.example/", "https://things.example/cam"}, .controllers = 2};
    struct wr_mud_ace a = wr_mud_ace(WR_MUD_FROM), own = a, other = a, drop;
    m.url = text("https://things.example/cam");
    a.classes = other.classes = WR_MUD_CONTROLLER;
    a.controller = text("https://hub.example/");
    other.controller = text("https://hub.example");
    own.classes = WR_MUD_MY_CONTROLLER;
    expect(put(a), WR_MUD_NOT, false, "mud.controllers");
    house = &told;
    expect(put(a), WR_MUD_BY_ADDRESS, false, NULL);
    expect(put(other), WR_MUD_NOT, false, "mud.controllers");
    expect(put(own), WR_MUD_BY_ADDRESS, false, NULL);
    drop = a;
    drop.action = WR_MUD_DROP;
    put(drop); /* it may be a public address */
    expect(put(named(WR_MUD_FROM, "cloud.example", 6, 443)), WR_MUD_NOT, false, "drops the same");
    house = NULL;
}

static void say(const struct wr_mud_ace *a, const char *words)
{
    char out[512];
    struct wr_str s;
    wr_str_init(&s, out, sizeof(out));
    wr_mudtell_words(&m, a, &s);
    assert_string_equal(out, words);
}

static void test_words(void **state)
{
    struct wr_mud_ace a = named(WR_MUD_FROM, "cloud.example", 6, 443);
    a.begins = WR_MUD_DEVICE_BEGINS;
    say(&a, "may reach cloud.example over TCP, port 443, the device begins");
    a.action = WR_MUD_DROP;
    a.begins = WR_MUD_EITHER;
    a.dst_port = (struct wr_mud_ports){1, 9, WR_MUD_PORT_NOT};
    say(&a, "may not reach cloud.example over TCP, port other than 1 to 9");
    a = wr_mud_ace(WR_MUD_TO);
    a.classes = WR_MUD_MANUFACTURER | WR_MUD_LOCAL_NETWORKS | WR_MUD_CONTROLLER;
    a.manufacturer = text("other.example");
    a.controller = text("a\x1b[2J"); /* nobody's terminal is his */
    a.protocol = 132;
    say(&a, "may be reached by the controller a\\x1b[2J and its local networks and devices of "
            "other.example over protocol 132");
    a = wr_mud_ace(WR_MUD_FROM);
    say(&a, "may reach anybody");
    assert_int_equal(wr_addr_prefix_from_text("2001:db8::/32", &a.dst_net), WR_OK);
    a.odd = text("dscp");
    say(&a, "may reach 2001:db8::/32, where also holds: dscp");
}

static void test_ports(void **state)
{
    struct wr_mud_ace a = named(WR_MUD_FROM, "cloud.example", 17, 123);
    uint16_t low = 0, high = 0;
    assert_true(wr_mudtell_ports(&a, &low, &high) && low == 123 && high == 123);
    a.dst_port.high = 123 + WR_LEASE_PORTS_MAX - 1;
    assert_true(wr_mudtell_ports(&a, &low, &high));
    a.dst_port.high++;
    assert_false(wr_mudtell_ports(&a, &low, &high));
    a.dst_port = (struct wr_mud_ports){80, 80, WR_MUD_PORT_NOT};
    assert_false(wr_mudtell_ports(&a, &low, &high));
    a = named(WR_MUD_FROM, "cloud.example", WR_MUD_ANY, 80);
    assert_false(wr_mudtell_ports(&a, &low, &high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_names, setup),
        cmocka_unit_test_setup(test_dropped, setup),
        cmocka_unit_test_setup(test_dropped_in_part, setup),
        cmocka_unit_test_setup(test_narrow, setup),
        cmocka_unit_test_setup(test_answers_to_nothing, setup),
        cmocka_unit_test_setup(test_answers, setup),
        cmocka_unit_test_setup(test_classes, setup),
        cmocka_unit_test_setup(test_stranger, setup),
        cmocka_unit_test_setup(test_star, setup),
        cmocka_unit_test_setup(test_networks, setup),
        cmocka_unit_test_setup(test_addresses, setup),
        cmocka_unit_test_setup(test_address_dropped, setup),
        cmocka_unit_test_setup(test_controllers, setup),
        cmocka_unit_test_setup(test_words, setup),
        cmocka_unit_test_setup(test_ports, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
