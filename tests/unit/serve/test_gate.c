/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/mistakes.h"
#include "policy/prefix.h"
#include "serve/gate.h"
#include "serve/trust.h"
#include "unit/resolve/localtest.h"

static struct wr_addr addr(const char *text)
{
    struct wr_addr a;
    memset(&a, 0, sizeof(a));
    assert_int_equal(wr_addr_from_text(text, &a), 0);
    return a;
}

struct made {
    struct wr_gate_slots slots;
    struct wr_gate_notes notes;
    struct wr_gate *gate;
    uint64_t serial;
};

static const struct wr_local *names; /* of the world */
static int64_t floor_s;              /* likewise */
static struct wr_prefix advertised;  /* likewise */
static bool inside;                  /* br-iot is */
static bool watched;                 /* that one comes is said */
static const struct wr_gate_way *found_ways;
static uint32_t found_count;

/* A machine with lo, br-iot (v4, link-local and global v6) and a bare tun0. */
static int make_with(struct made *m, const char *yaml, const char *resolv)
{
    struct wr_gate_local locals[] = {
        {"lo", 1, addr("127.0.0.1"), 8, false},
        {"lo", 1, addr("::1"), 128, false},
        {"br-iot", 3, addr("192.168.7.1"), 24, false},
        {"br-iot", 3, addr("fe80::1%3"), 64, false},
        {"br-iot", 3, addr("2001:db8:7::1"), 64, false},
        {"tun0", 4, {.family = WR_AF_NONE}, 0, false},
    };
    for (unsigned i = 2; i < 5; i++) {
        locals[i].inside = inside;
    }
    struct wr_gate_world world = {.local = locals,
                                  .locals = 6,
                                  .watched = watched,
                                  .resolv = resolv,
                                  .resolv_size = resolv == NULL ? 0 : strlen(resolv),
                                  .names = names,
                                  .advertised = advertised,
                                  .floor_s = floor_s,
                                  .way = found_ways,
                                  .ways = found_count};
    struct wr_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    struct wr_conf *conf = NULL;
    wr_mistakes_init(mistakes);
    if (wr_conf_read(yaml, strlen(yaml), mistakes, &conf) != WR_OK) {
        wr_mistakes_print(mistakes, "test", stderr);
        fail();
    }
    free(mistakes);
    wr_gate_free(m->gate);
    m->gate = NULL;
    m->notes.count = 0;
    int err = wr_gate_make(conf, &world, &m->slots, ++m->serial, &m->notes, &m->gate);
    wr_conf_free(conf);
    return err;
}

static bool noted(const struct made *m, const char *words)
{
    for (uint32_t i = 0; i < m->notes.count; i++) {
        if (strstr(m->notes.note[i].text, words) != NULL) {
            return true;
        }
    }
    return false;
}

static bool listens(const struct made *m, const char *text)
{
    struct wr_addr a = addr(text);
    for (uint32_t i = 0; i < m->gate->listeners; i++) {
        if (wr_addr_equal(&m->gate->listener[i].addr, &a)) {
            return true;
        }
    }
    return false;
}

static bool may_ask(const struct made *m, const char *text)
{
    struct wr_addr a = addr(text);
    return wr_prefix_has(m->gate->settings.allow, m->gate->settings.allows, &a);
}

static void test_defaults(void **state)
{
    struct made m = {0};
    assert_int_equal(make_with(&m, "", "nameserver 192.0.2.1\n"), WR_OK);
    assert_int_equal(m.gate->listeners, 2);
    assert_true(listens(&m, "127.0.0.1:53"));
    assert_true(listens(&m, "[::1]:53"));
    assert_true(may_ask(&m, "127.9.9.9"));
    assert_true(may_ask(&m, "::1"));
    assert_false(may_ask(&m, "192.168.7.2"));
    const struct wr_upstreams *u = &m.gate->settings.upstreams;
    assert_int_equal(u->default_group, WR_GROUP_RECURSE);
    assert_int_equal(u->groups, 0);
    assert_int_equal(u->upstreams, 0); /* resolv.conf is not asked */
    assert_int_equal(u->hints->count, 26);
    assert_true(m.gate->settings.prove.enable);
    assert_true(m.gate->settings.prove.anchors->count > 0);
    assert_int_equal(m.notes.count, 0);
    assert_true(m.gate->settings.ttl.stale);
    assert_int_equal(m.gate->settings.ttl.stale_ttl_s, 30);
    assert_int_equal(m.gate->settings.edns_udp_size, 1232);
    wr_gate_free(m.gate);
}

static void test_nobody_is_led_to_the_machine_itself(void **state)
{
    static const char *const own[] = {"127.0.0.1", "::1", "192.168.7.1", "fe80::1",
                                      "2001:db8:7::1"};
    struct made m = {0};
    struct wr_addr other = addr("192.168.7.2");
    assert_int_equal(make_with(&m, "firewall: {lease_floor: 5m}\n", ""), WR_OK);
    const struct wr_lease_settings *s = &m.gate->settings.lease;
    assert_int_equal(s->owns, 5);
    for (size_t i = 0; i < 5; i++) {
        struct wr_addr a = addr(own[i]);
        assert_true(wr_prefix_has(s->own, s->owns, &a));
    }
    assert_false(wr_prefix_has(s->own, s->owns, &other));
    assert_int_equal(s->floor_s, 300);
    assert_int_equal(s->grace_s, 60);
    assert_int_equal(s->name_max, WR_LEASE_DESTS_MAX);
    wr_gate_free(m.gate);
}

/* A lease is the way out alone: a network of the house that is no segment's has addresses of the Internet, too. */
static void test_nobody_is_led_into_the_house(void **state)
{
    struct made m = {0};
    struct wr_addr beside = addr("2001:db8:7::55"), out = addr("2001:db8:8::55");
    const struct wr_lease_settings *s;
    inside = true;
    assert_int_equal(make_with(&m, "", ""), WR_OK);
    s = &m.gate->settings.lease;
    assert_true(wr_prefix_has(s->own, s->owns, &beside));
    assert_false(wr_prefix_has(s->own, s->owns, &out));
    wr_gate_free(m.gate);
    /* Of a segment's interface the rules know where it leads; and a device on it may ask for its neighbours. */
    m = (struct made){0};
    assert_int_equal(make_with(&m, "segments: [{name: iot, interfaces: [br-iot]}]\n", ""), WR_OK);
    inside = false;
    s = &m.gate->settings.lease;
    assert_false(wr_prefix_has(s->own, s->owns, &beside));
    wr_gate_free(m.gate);
}

static void test_which_interfaces_there_are(void **state)
{
    static const uint32_t all[] = {1, 1, 3, 3, 3, 4};
    struct made m = {0};
    assert_int_equal(make_with(&m, "", ""), WR_OK);
    assert_int_equal(m.gate->settings.interface_count, 0);
    watched = true;
    assert_int_equal(make_with(&m, "", ""), WR_OK);
    watched = false;
    assert_int_equal(m.gate->settings.interface_count, 6);
    assert_memory_equal(m.gate->settings.interfaces, all, sizeof(all));
    wr_gate_free(m.gate);
}

#define SYSTEM "upstream: {default: system}\n"

/* The reserved word is a group of its own, alone or behind the owner's. */
static void test_system(void **state)
{
    const char *resolv = "nameserver 192.0.2.1\nnameserver 192.0.2.2\n";
    struct made m = {0};
    assert_int_equal(make_with(&m, SYSTEM, resolv), WR_OK);
    const struct wr_upstreams *u = &m.gate->settings.upstreams;
    assert_int_equal(u->default_group, 0);
    assert_int_equal(u->groups, 1);
    assert_int_equal(u->group[0].servers, 2);
    assert_string_equal(u->upstream[1].url, "udp://192.0.2.2");
    assert_int_equal(u->upstream[1].addr.port, 53);

    assert_int_equal(make_with(&m,
                               "upstream: {groups: [{name: a, servers: [\"udp://192.0.2.9\"]}],\n"
                               "  routes: [{zone: example, group: system}], default: recursion}\n",
                               resolv),
                     WR_OK);
    u = &m.gate->settings.upstreams;
    assert_int_equal(u->default_group, WR_GROUP_RECURSE);
    assert_int_equal(u->groups, 2);
    assert_int_equal(u->route[0].group, 1);
    assert_string_equal(u->group[1].name, "system");
    assert_int_equal(u->group[1].servers, 2);
    wr_gate_free(m.gate);
}

static void test_interface(void **state)
{
    struct made m = {0};
    assert_int_equal(
        make_with(&m, "listen: [br-iot, 127.0.0.1, tun0, wlan9]\n", "nameserver 192.0.2.1\n"),
        WR_OK);
    assert_int_equal(m.gate->listeners, 4);
    assert_true(listens(&m, "192.168.7.1:53"));
    assert_true(listens(&m, "[fe80::1%3]:53"));
    assert_true(listens(&m, "[2001:db8:7::1]:53"));
    assert_true(may_ask(&m, "192.168.7.200"));
    assert_true(may_ask(&m, "fe80::99%3"));
    assert_true(may_ask(&m, "2001:db8:7::99"));
    assert_false(may_ask(&m, "192.168.8.1"));
    assert_true(noted(&m, "interface tun0"));
    assert_true(noted(&m, "interface wlan9"));
    wr_gate_free(m.gate);
}

/* resolv.conf with weir itself in it: left out, named; alone: no upstream, and a remedy. */
static void test_loop_in_resolv_conf(void **state)
{
    struct made m = {0};
    assert_int_equal(make_with(&m, SYSTEM, "nameserver 127.0.0.1\nnameserver 192.0.2.1\n"), WR_OK);
    assert_int_equal(m.gate->settings.upstreams.upstreams, 1);
    assert_false(m.gate->loop);
    assert_true(noted(&m, "forwarding loop"));
    assert_true(noted(&m, "127.0.0.1"));

    assert_int_equal(make_with(&m, SYSTEM, "nameserver 127.0.0.1\nnameserver ::1\n"), WR_OK);
    assert_int_equal(m.gate->settings.upstreams.upstreams, 0);
    assert_int_equal(m.gate->settings.upstreams.groups, 1);
    assert_true(m.gate->loop);
    assert_true(noted(&m, "upstream.groups"));

    assert_int_equal(make_with(&m, SYSTEM "listen: [\"0.0.0.0\"]\n", "nameserver 192.168.7.1\n"),
                     WR_OK);
    assert_true(m.gate->loop);
    assert_int_equal(make_with(&m, SYSTEM "listen: [\"0.0.0.0\"]\n", "nameserver 192.168.7.2\n"),
                     WR_OK);
    assert_false(m.gate->loop);
    /* Another port, another program. */
    assert_int_equal(
        make_with(&m, SYSTEM "listen: [\"127.0.0.1:5300\"]\n", "nameserver 127.0.0.1\n"), WR_OK);
    assert_int_equal(m.gate->settings.upstreams.upstreams, 1);
    wr_gate_free(m.gate);
}

static void test_no_resolv_conf(void **state)
{
    struct made m = {0};
    assert_int_equal(make_with(&m, SYSTEM, NULL), WR_OK);
    assert_true(noted(&m, "cannot be read"));
    assert_int_equal(make_with(&m, SYSTEM, "# nothing\n"), WR_OK);
    assert_true(noted(&m, "names no server"));
    assert_int_equal(make_with(&m, SYSTEM, "nameserver nonsense\n"), WR_OK);
    assert_true(noted(&m, "1 nameserver lines"));
    wr_gate_free(m.gate);
}

static void test_configured_loop_is_refused(void **state)
{
    struct made m = {0};
    assert_int_equal(
        make_with(&m, "upstream: {groups: [{name: a, servers: [\"udp://192.0.2.1\"]}]}\n", NULL),
        WR_OK);
    struct wr_gate_slots before = m.slots;
    assert_int_equal(
        make_with(&m,
                  "listen: [br-iot]\n"
                  "upstream: {groups: [{name: a, servers: [\"udp://192.168.7.1\"]}]}\n",
                  NULL),
        WR_E_USAGE);
    assert_null(m.gate);
    assert_true(noted(&m, "forwarding loop: upstream udp://192.168.7.1 of group a"));
    assert_memory_equal(&m.slots, &before, sizeof(before));
}

#define GROUPS(list) "upstream: {groups: [{name: a, servers: [" list "]}]}\n"

static const struct wr_upstream *upstream(const struct made *m, const char *url)
{
    const struct wr_upstreams *u = &m->gate->settings.upstreams;
    for (unsigned i = 0; i < u->upstreams; i++) {
        if (strcmp(u->upstream[i].url, url) == 0) {
            return &u->upstream[i];
        }
    }
    fail_msg("no upstream %s", url);
    return NULL;
}

/* A server keeps its slot and what is known of it; another in a used slot starts afresh. */
static void test_slots(void **state)
{
    struct made m = {0};
    struct wr_upstream_state *st = calloc(WR_UPSTREAMS_MAX, sizeof(*st));
    assert_int_equal(make_with(&m, GROUPS("\"udp://192.0.2.1\", \"udp://192.0.2.2\""), NULL),
                     WR_OK);
    wr_gate_fit_state(m.gate, st);
    struct wr_upstream two = *upstream(&m, "udp://192.0.2.2");
    atomic_store(&st[two.slot].srtt_us, 777);

    assert_int_equal(make_with(&m, GROUPS("\"udp://192.0.2.3\", \"udp://192.0.2.2\""), NULL),
                     WR_OK);
    wr_gate_fit_state(m.gate, st);
    assert_int_equal(upstream(&m, "udp://192.0.2.2")->slot, two.slot);
    assert_int_equal(upstream(&m, "udp://192.0.2.2")->generation, two.generation);
    assert_int_equal(atomic_load(&st[two.slot].srtt_us), 777);
    assert_int_not_equal(upstream(&m, "udp://192.0.2.3")->slot, two.slot);

    /* A server that went away and came back while its slot was not given to another keeps it. */
    uint8_t three = upstream(&m, "udp://192.0.2.3")->slot;
    assert_int_equal(make_with(&m, GROUPS("\"udp://192.0.2.2\""), NULL), WR_OK);
    assert_int_equal(make_with(&m, GROUPS("\"udp://192.0.2.2\", \"udp://192.0.2.3\""), NULL),
                     WR_OK);
    assert_int_equal(upstream(&m, "udp://192.0.2.3")->slot, three);
    free(st);
    wr_gate_free(m.gate);
}

static void test_slot_taken_over(void **state)
{
    struct made m = {0};
    struct wr_upstream_state *st = calloc(WR_UPSTREAMS_MAX, sizeof(*st));
    char yaml[200];
    for (unsigned i = 1; i <= WR_UPSTREAMS_MAX + 3; i++) {
        snprintf(yaml, sizeof(yaml), GROUPS("\"udp://198.51.100.%u\""), i);
        assert_int_equal(make_with(&m, yaml, NULL), WR_OK);
        wr_gate_fit_state(m.gate, st);
        const struct wr_upstream *up = &m.gate->settings.upstreams.upstream[0];
        assert_int_equal(up->generation, i <= WR_UPSTREAMS_MAX ? 1 : 2);
        assert_int_equal(atomic_load(&st[up->slot].srtt_us), 0);
        assert_int_equal(atomic_load(&st[up->slot].generation), up->generation);
        atomic_store(&st[up->slot].srtt_us, 1000 + i);
    }
    free(st);
    wr_gate_free(m.gate);
}

static void test_groups_routes_rules(void **state)
{
    struct made m = {0};
    assert_int_equal(
        make_with(&m,
                  "upstream:\n"
                  "  groups:\n"
                  "    - {name: isp, servers: [\"udp://192.0.2.1\", \"tcp://192.0.2.2:5353\"], "
                  "strategy: order}\n"
                  "    - {name: corp, servers: [\"udp://192.0.2.1\", \"udp://[2001:db8::1]\"], "
                  "client_subnet: [198.51.100.0/24], cache: false}\n"
                  "  default: corp\n"
                  "  routes:\n"
                  "    - {zone: example, group: corp}\n"
                  "    - {zone: deep.corp.example, group: isp}\n"
                  "    - {zone: corp.example, group: corp}\n"
                  "cache:\n"
                  "  ttl: [{name: \"*.pool.ntp.org\", min: 60s, max: 1h}, {name: cam.example, min: "
                  "5s, max: 6s}]\n",
                  NULL),
        WR_OK);
    const struct wr_settings *s = &m.gate->settings;
    assert_int_equal(s->upstreams.upstreams, 3); /* one server in two groups is one server */
    assert_int_equal(s->upstreams.groups, 2);
    assert_int_equal(s->upstreams.default_group, 1);
    assert_int_equal(s->upstreams.group[0].strategy, WR_STRATEGY_ORDER);
    assert_int_equal(s->upstreams.group[0].subnet.addr.family, WR_AF_NONE);
    assert_int_equal(s->upstreams.group[1].subnet.len, 24);
    assert_false(s->upstreams.group[0].uncached);
    assert_true(s->upstreams.group[1].uncached);
    assert_int_equal(s->upstreams.group[1].server[0], s->upstreams.group[0].server[0]);
    assert_int_equal(upstream(&m, "tcp://192.0.2.2:5353")->scheme, WR_SCHEME_TCP);
    assert_int_equal(s->upstreams.routes, 3);
    for (unsigned i = 0; i < 3; i++) { /* each below the one before */
        assert_int_equal(wr_name_labels(s->upstreams.route[i].zone.wire), i + 1);
        assert_int_equal(s->upstreams.route[i].above, i);
    }
    assert_int_equal(s->upstreams.route[2].group, 0);
    assert_int_equal(s->ttl.rules, 2);
    assert_true(s->ttl.rule[0].below);
    char text[WR_NAME_TEXT_SIZE];
    wr_name_to_text(s->ttl.rule[0].name.wire, text, sizeof(text));
    assert_string_equal(text, "pool.ntp.org.");
    assert_false(s->ttl.rule[1].below);
    assert_int_equal(s->ttl.rule[1].max_s, 6);
    wr_gate_free(m.gate);
}

/* Names that are found from the root: no group is needed, and resolv.conf is not looked at. */
static void test_recursion(void **state)
{
    struct made m = {0};
    assert_int_equal(make_with(&m, "upstream: {default: recursion}\n", "nameserver 192.0.2.1\n"),
                     WR_OK);
    const struct wr_upstreams *u = &m.gate->settings.upstreams;
    assert_int_equal(u->default_group, WR_GROUP_RECURSE);
    assert_int_equal(u->groups, 0);
    assert_int_equal(u->upstreams, 0);
    assert_ptr_equal(u->hints, &m.gate->recursion.hints);
    assert_in_range(u->hints->count, 13, WR_HINTS_MAX);
    assert_true(u->minimise);
    assert_int_equal(
        make_with(&m,
                  "upstream:\n"
                  "  groups:\n"
                  "  - {name: corp, servers: [\"udp://192.0.2.1\"], authoritative: true}\n"
                  "  - {name: isp, servers: [\"udp://192.0.2.2\"], recurse_after: true}\n"
                  "  default: isp\n"
                  "  routes: [{zone: corp.example, group: corp}, "
                  "{zone: free.example, group: recursion}]\n"
                  "recursion: {minimise: false}\n",
                  NULL),
        WR_OK);
    u = &m.gate->settings.upstreams;
    assert_true(u->group[0].authoritative && !u->group[0].recurse_after);
    assert_true(!u->group[1].authoritative && u->group[1].recurse_after);
    assert_int_equal(u->default_group, 1);
    assert_false(u->minimise);
    for (unsigned i = 0; i < 2; i++) {
        bool free_one = u->route[i].zone.wire[0] == 4 && u->route[i].zone.wire[1] == 'f';
        assert_int_equal(u->route[i].group, free_one ? WR_GROUP_RECURSE : 0);
    }
    wr_gate_free(m.gate);
}

/* A delegation of a local zone is a route to the servers that have addresses here. */
static void test_delegations(void **state)
{
    struct made m = {.gate = NULL};
    static struct localtest t;
    localtest_zone(&t, "home.arpa.", WR_LOCAL_AUTHORITATIVE);
    localtest_add(&t, "sub.home.arpa.", WR_TYPE_NS, "ns.sub.home.arpa.");
    localtest_add(&t, "sub.home.arpa.", WR_TYPE_NS, "ns2.home.arpa.");
    localtest_add(&t, "ns.sub.home.arpa.", WR_TYPE_A, "192.0.2.53");
    localtest_add(&t, "ns.sub.home.arpa.", WR_TYPE_AAAA, "2001:db8::53");
    localtest_add(&t, "ns2.home.arpa.", WR_TYPE_A, "127.0.0.1"); /* weir itself */
    localtest_add(&t, "far.home.arpa.", WR_TYPE_NS, "ns.example.");
    localtest_add(&t, "own.home.arpa.", WR_TYPE_NS, "ns.sub.home.arpa.");
    names = localtest_build(&t);
    assert_int_equal(
        make_with(&m,
                  "upstream: {groups: [{name: g, servers: [\"udp://192.0.2.1\"]}], routes: "
                  "[{zone: own.home.arpa, group: g}]}",
                  NULL),
        WR_OK);
    const struct wr_upstreams *u = &m.gate->settings.upstreams;
    const uint8_t *zone;
    assert_int_equal(u->groups, 2);
    assert_int_equal(u->routes, 2);
    assert_int_equal(wr_upstream_route(u, wire_name("x.sub.home.arpa.").wire, &zone), 1);
    assert_true(wr_name_equal(zone, wire_name("sub.home.arpa.").wire));
    assert_string_equal(u->group[1].name, "sub.home.arpa.");
    assert_int_equal(u->group[1].servers, 2);
    assert_int_equal(wr_upstream_route(u, wire_name("own.home.arpa.").wire, &zone), 0);
    assert_int_equal(wr_upstream_route(u, wire_name("far.home.arpa.").wire, &zone), 0);
    assert_true(noted(&m, "far.home.arpa. has an address in a local zone"));
    assert_true(noted(&m, "127.0.0.1:53, an address that weir itself listens on"));
    wr_gate_free(m.gate);
    names = NULL;
    localtest_free(&t);
}

/* A zone that is asked has a way of its own, to whom its names went before; not where servers of the zone above are named. */
static void test_zones_that_are_asked(void **state)
{
    struct made m = {.gate = NULL};
    const uint8_t *zone;
    assert_int_equal(
        make_with(
            &m,
            "upstream: {groups: [{name: g, servers: [\"udp://192.0.2.1\"]}, {name: s, "
            "authoritative: true, servers: [\"udp://192.0.2.2\"]}], default: recursion, routes: "
            "[{zone: corp, group: g}, {zone: own.corp, group: s}, {zone: stub, group: s}]}\n"
            "local: {zones: [{zone: a.corp, use: resolution, file: /z}, {zone: own.corp, use: "
            "resolution, file: /z}, {zone: x.stub, use: both, file: /z}, {zone: z.example, "
            "use: both, file: /z}, {zone: site}]}\n",
            NULL),
        WR_OK);
    const struct wr_upstreams *u = &m.gate->settings.upstreams;
    assert_int_equal(u->routes, 5);
    assert_int_equal(wr_upstream_route(u, wire_name("www.a.corp.").wire, &zone), 0);
    assert_true(wr_name_equal(zone, wire_name("a.corp.").wire));
    assert_int_equal(wr_upstream_route(u, wire_name("own.corp.").wire, &zone), 1);
    (void)wr_upstream_route(u, wire_name("x.stub.").wire, &zone);
    assert_true(wr_name_equal(zone, wire_name("stub.").wire));
    assert_int_equal(wr_upstream_route(u, wire_name("www.z.example.").wire, &zone),
                     WR_GROUP_RECURSE);
    assert_true(wr_name_equal(zone, wire_name("z.example.").wire));
    wr_gate_free(m.gate);
}

static void test_dns64(void **state)
{
    struct made m = {0};
    assert_int_equal(make_with(&m, GROUPS("\"udp://198.51.100.1\""), NULL), WR_OK);
    assert_int_equal(m.gate->settings.dns64.prefix.addr.family, WR_AF_NONE);
    assert_false(m.gate->settings.dns64.discover);
    assert_int_equal(m.gate->settings.dns64.excludes, 1);
    assert_int_equal(m.gate->settings.dns64.exclude[0].len, 96);
    assert_int_equal(m.gate->settings.dns64.exclude[0].addr.ip[11], 0xff);
    assert_int_equal(m.gate->settings.upstreams.nat64.addr.family, WR_AF_NONE);
    assert_int_equal(make_with(&m,
                               "upstream: {default: recursion, ipv4: false, nat64_prefix: "
                               "[\"2001:db8::/32\"]}\n"
                               "dns64: {prefix: [\"64:ff9b::/96\"], only_for: [\"fd00::/64\", "
                               "\"fd00::/48\"], exclude: [], discover: rfc7050}\n",
                               NULL),
                     WR_OK);
    const struct wr_settings *s = &m.gate->settings;
    assert_int_equal(s->dns64.prefix.len, 96);
    assert_int_equal(s->dns64.excludes, 0);
    assert_int_equal(s->dns64.only_fors, 1); /* one lies in the other */
    assert_int_equal(s->dns64.only_for[0].len, 48);
    assert_false(s->dns64.discover); /* the prefix is known */
    assert_int_equal(s->upstreams.nat64.len, 32);
    wr_gate_free(m.gate);
}

/* What is written goes before what routers tell, and that before what the upstream is asked for. */
static void test_dns64_of_routers(void **state)
{
    static const char asks[] = "upstream: {default: recursion}\ndns64: {discover: rfc7050}\n";
    struct made m = {0};
    assert_int_equal(wr_addr_prefix_from_text("2001:db8:64::/64", &advertised), WR_OK);
    assert_int_equal(make_with(&m, asks, NULL), WR_OK);
    assert_int_equal(m.gate->settings.dns64.prefix.len, 64);
    assert_int_equal(m.gate->advertised.len, 64);
    assert_false(m.gate->settings.dns64.discover);
    assert_int_equal(make_with(&m, "dns64: {prefix: [\"64:ff9b::/96\"]}\n", NULL), WR_OK);
    assert_int_equal(m.gate->settings.dns64.prefix.len, 96);
    assert_int_equal(m.gate->advertised.len, 64);
    advertised = (struct wr_prefix){.len = 0};
    assert_int_equal(make_with(&m, asks, NULL), WR_OK);
    assert_false(wr_dns64_is_on(&m.gate->settings.dns64));
    assert_true(m.gate->settings.dns64.discover);
    wr_gate_free(m.gate);
}

/* The release is the least; what is known of time since is above it. */
static void test_the_floor(void **state)
{
    static const int64_t floors[] = {0, WR_TRUST_RELEASE_S - 1, WR_TRUST_RELEASE_S + 99};
    struct made m = {0};
    for (unsigned i = 0; i < 3; i++) {
        floor_s = floors[i];
        assert_int_equal(make_with(&m, "", NULL), WR_OK);
        assert_true(m.gate->settings.prove.floor_s == WR_TRUST_RELEASE_S + (i == 2 ? 99 : 0));
    }
    floor_s = 0;
    wr_gate_free(m.gate);
}

/* A server is asked at each of its addresses, but for those of a family that is off. */
static void test_families(void **state)
{
    static const char text[] =
        "upstream:\n  ipv4: false\n  groups:\n    - {name: a, servers: "
        "[\"tls://192.0.2.1#addr=[2001:db8::1]&addr=192.0.2.2&addr=[2001:db8::2]\"]}\n";
    struct made m = {0};
    assert_int_equal(make_with(&m, text, NULL), WR_OK);
    const struct wr_upstreams *u = &m.gate->settings.upstreams;
    struct wr_addr first = addr("[2001:db8::1]:853"), second = addr("[2001:db8::2]:853");
    assert_int_equal(u->upstreams, 2);
    assert_int_equal(u->group[0].servers, 2);
    assert_true(wr_addr_equal(&u->upstream[0].addr, &first));
    assert_true(wr_addr_equal(&u->upstream[1].addr, &second));
    assert_true(wr_addr_equal(&u->upstream[1].whom->addr, &second)); /* that is what it proves */
    assert_string_equal(u->upstream[1].url, "tls://192.0.2.1#addr=2001:db8::2");
    assert_int_not_equal(u->upstream[0].slot, u->upstream[1].slot);
    wr_gate_free(m.gate);
}

/* The families in turn, however they are written; all of one server, which others are not. */
static void test_families_in_turn(void **state)
{
    static const char text[] =
        "upstream:\n  groups:\n    - {name: a, servers: [\"tls://dns.example#addr=[2001:db8::1]"
        "&addr=[2001:db8::2]&addr=192.0.2.1&addr=192.0.2.2\", \"tls://192.0.2.9\"]}\n";
    static const char *const wanted[] = {"[2001:db8::1]:853", "192.0.2.1:853", "[2001:db8::2]:853",
                                         "192.0.2.2:853", "192.0.2.9:853"};
    struct made m = {0};
    assert_int_equal(make_with(&m, text, NULL), WR_OK);
    const struct wr_upstreams *u = &m.gate->settings.upstreams;
    assert_int_equal(u->group[0].servers, 5);
    for (unsigned i = 0; i < 5; i++) {
        struct wr_addr a = addr(wanted[i]);
        assert_true(wr_addr_equal(&u->upstream[u->group[0].server[i]].addr, &a));
    }
    assert_true(u->upstream[0].origin != 0 && u->upstream[0].origin == u->upstream[3].origin);
    assert_int_not_equal(u->upstream[0].identity, u->upstream[3].identity);
    assert_int_equal(u->upstream[4].origin, 0);
    wr_gate_free(m.gate);
}

/* A server with a name alone has no address yet, and its name a way of its own. */
static void test_bootstrap(void **state)
{
    static const char group[] =
        "upstream:\n  groups:\n    - {name: a, servers: [\"tls://dns.example\", "
        "\"tls://192.0.2.1#name=dns.example\"]}\n";
    char both[512];
    struct made m = {0};
    const uint8_t *zone;
    struct wr_name n;
    assert_int_equal(wr_name_from_text("dns.example", 11, &n), WR_OK);
    assert_int_equal(make_with(&m, group, NULL), WR_OK);
    const struct wr_upstreams *u = &m.gate->settings.upstreams;
    assert_int_equal(u->upstream[0].addr.family, WR_AF_NONE);
    assert_int_equal(u->upstream[0].addrs, 0);
    assert_string_equal(u->upstream[0].whom->name, "dns.example");
    assert_int_equal(u->upstream[1].addr.port, 853);
    assert_int_not_equal(u->upstream[0].slot, u->upstream[1].slot);
    assert_int_equal(u->bootstrap, WR_GROUP_RECURSE);
    assert_int_equal(wr_upstream_route(u, n.wire, &zone), WR_GROUP_RECURSE);
    snprintf(both, sizeof(both), "%s  bootstrap: [\"tls://192.0.2.9\"]\n", group);
    assert_int_equal(make_with(&m, both, NULL), WR_OK);
    u = &m.gate->settings.upstreams;
    assert_int_equal(u->bootstrap, 2);
    assert_int_equal(wr_upstream_route(u, n.wire, &zone), 1);
    assert_int_equal(zone[0], 0); /* proofs of what is not there stand at other names */
    assert_string_equal(u->group[1].name, "bootstrap");
    assert_int_equal(u->group[1].servers, 1);
    wr_gate_free(m.gate);
}

static struct wr_gate_way way_to(const char *plain, const char *url)
{
    struct wr_gate_way w = {.plain = addr(plain)};
    assert_int_equal(wr_uri_from_text(url, strlen(url), &w.way, NULL), WR_OK);
    return w;
}

/* What was found stands behind what is written: the best way to each, then the second; and never where weir itself listens. */
static void test_ways(void **state)
{
    static const char text[] =
        "encrypted: {dot: [192.168.7.1]}\nupstream:\n  groups:\n"
        "    - {name: a, discover: proven, servers: [\"udp://192.0.2.1\", \"udp://192.0.2.2\", "
        "\"udp://192.168.7.1:5300\"]}\n    - {name: b, servers: [\"udp://192.0.2.1\"]}\n";
    struct wr_gate_way some[] = {
        way_to("192.0.2.1:53", "tls://192.0.2.1"), way_to("192.0.2.1:53", "https://192.0.2.1/q"),
        way_to("192.0.2.2:53", "tls://192.0.2.2"), way_to("192.168.7.1:5300", "tls://192.168.7.1")};
    static const char *const wanted[] = {"udp://192.0.2.1",        "udp://192.0.2.2",
                                         "udp://192.168.7.1:5300", "tls://192.0.2.1",
                                         "tls://192.0.2.2",        "https://192.0.2.1/q"};
    struct made m = {0};
    found_ways = some;
    found_count = 4;
    assert_int_equal(make_with(&m, text, NULL), WR_OK);
    found_ways = NULL;
    found_count = 0;
    const struct wr_upstreams *u = &m.gate->settings.upstreams;
    assert_int_equal(u->group[0].servers, 6);
    for (unsigned i = 0; i < 6; i++) {
        assert_string_equal(u->upstream[u->group[0].server[i]].url, wanted[i]);
    }
    assert_int_equal(u->group[1].servers, 1);
    wr_gate_free(m.gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_floor),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_nobody_is_led_to_the_machine_itself),
        cmocka_unit_test(test_nobody_is_led_into_the_house),
        cmocka_unit_test(test_which_interfaces_there_are),
        cmocka_unit_test(test_system),
        cmocka_unit_test(test_interface),
        cmocka_unit_test(test_loop_in_resolv_conf),
        cmocka_unit_test(test_no_resolv_conf),
        cmocka_unit_test(test_configured_loop_is_refused),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_slot_taken_over),
        cmocka_unit_test(test_groups_routes_rules),
        cmocka_unit_test(test_recursion),
        cmocka_unit_test(test_delegations),
        cmocka_unit_test(test_zones_that_are_asked),
        cmocka_unit_test(test_dns64),
        cmocka_unit_test(test_dns64_of_routers),
        cmocka_unit_test(test_bootstrap),
        cmocka_unit_test(test_families),
        cmocka_unit_test(test_families_in_turn),
        cmocka_unit_test(test_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
