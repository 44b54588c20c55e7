/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "dns/codes.h"
#include "policy/policy.h"
#include "policy/prefix.h"

#define RULES 16

/* A policy in the making: names are text, and live here. */
struct book {
    struct wr_policy_rule rule[RULES];
    struct wr_policy_only only[4];
    struct wr_policy_spec spec;
    struct wr_name name[64];
    const uint8_t *list[64];
    struct wr_prefix prefix[16];
    unsigned names, prefixes;
    void *block;
    const struct wr_policy *policy;
};

static struct book b;
static _Atomic uint64_t hits[100];
static struct wr_who who;
static struct wr_addr client;

static struct wr_policy_names names(const char *const *text)
{
    struct wr_policy_names n = {&b.list[b.names], 0};
    for (; *text; text++, n.count++) {
        struct wr_name *name = &b.name[b.names];
        assert_int_equal(wr_name_from_text(*text, strlen(*text), name), 0);
        b.list[b.names++] = name->wire;
    }
    return n;
}
#define NAMES(...) names((const char *const[]){__VA_ARGS__, NULL})

static const struct wr_prefix *prefix(const char *text)
{
    struct wr_prefix *p = &b.prefix[b.prefixes++];
    assert_int_equal(wr_addr_prefix_from_text(text, p), 0);
    return p;
}

static void begin(void)
{
    free(b.block);
    memset(&b, 0, sizeof(b));
    memset((void *)hits, 0, sizeof(hits));
    who = (struct wr_who){.device = 7, .segment = 3, .groups = 2};
    assert_int_equal(wr_addr_from_text("10.0.0.9", &client), 0);
    b.spec = (struct wr_policy_spec){.rule = b.rule, .only = b.only, .ttl_s = 60};
}

/* The next rule; its label is its place, from 1. */
static struct wr_policy_rule *add(const char *name, uint8_t action)
{
    struct wr_policy_rule *r = &b.rule[b.spec.rules++];
    *r = (struct wr_policy_rule){
        .label = (uint16_t)b.spec.rules, .action = action, .ede = WR_EDE_BLOCKED};
    strncpy(r->name, name, sizeof(r->name) - 1);
    return r;
}

static void finish(void)
{
    size_t size = wr_policy_size(&b.spec);
    b.block = aligned_alloc(64, (size + 63) / 64 * 64);
    assert_non_null(b.block);
    b.policy = wr_policy_compile(b.block, &b.spec);
}

static bool forgeable;

static struct wr_verdict ask_of(const char *name, uint16_t type, const struct wr_rrset *sets,
                                unsigned count)
{
    struct wr_name n;
    struct wr_now now = {.mono_us = 1};
    assert_int_equal(wr_name_from_text(name, strlen(name), &n), 0);
    struct wr_policy_ask ask = {.who = &who,
                                .client = &client,
                                .name = n.wire,
                                .type = type,
                                .now = &now,
                                .forgeable = forgeable,
                                .hits = hits};
    return sets ? wr_policy_answer(b.policy, &ask, sets, count)
                : wr_policy_question(b.policy, &ask);
}

/* The rule that decides the question; 0: none does. */
static unsigned rule_for(const char *name)
{
    struct wr_verdict v = ask_of(name, WR_TYPE_A, NULL, 0);
    return v.shadow ? 0 : v.rule;
}

static void test_names(void **state)
{
    begin();
    add("exact", WR_VERDICT_NXDOMAIN)->exact = NAMES("metrics.vendor.example", "one.example");
    struct wr_policy_rule *below = add("below", WR_VERDICT_NODATA);
    below->below = NAMES("ads.example", "Track.Example");
    below->except = NAMES("good.ads.example");
    finish();
    static const struct {
        const char *name;
        unsigned rule;
    } rows[] = {{"metrics.vendor.example", 1},
                {"METRICS.Vendor.example", 1},
                {"x.metrics.vendor.example", 0},
                {"vendor.example", 0},
                {"one.example", 1},
                {"ads.example", 2},
                {"a.b.c.ads.example", 2},
                {"xads.example", 0},
                {"track.example", 2},
                {"good.ads.example", 0},
                {"x.good.ads.example", 0},
                {"bad.ads.example", 2},
                {".", 0},
                {"example", 0},
                {"com", 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(rule_for(rows[i].name), rows[i].rule);
    }
    assert_false(wr_policy_wants_answer(b.policy, NULL, NULL, 0));
}

/* The first that says something decides, whatever kind of name leads to it. */
static void test_order(void **state)
{
    begin();
    add("deep", WR_VERDICT_ALLOW)->exact = NAMES("ok.ads.example");
    add("all", WR_VERDICT_REFUSED)->type = (const uint16_t[]){WR_TYPE_ANY};
    b.rule[1].types = 1;
    add("ads", WR_VERDICT_NXDOMAIN)->below = NAMES("ads.example");
    add("tld", WR_VERDICT_NODATA)->below = NAMES("example", ".");
    finish();
    assert_int_equal(rule_for("ok.ads.example"), 1);
    assert_int_equal(rule_for("x.ads.example"), 3);
    assert_int_equal(rule_for("y.example"), 4);
    assert_int_equal(rule_for("y.net"), 4);
    assert_int_equal(ask_of("x.ads.example", WR_TYPE_ANY, NULL, 0).rule, 2);
    assert_int_equal(ask_of("x.ads.example", WR_TYPE_A, NULL, 0).action, WR_VERDICT_NXDOMAIN);
    assert_int_equal(ask_of("x.ads.example", WR_TYPE_A, NULL, 0).trigger, WR_TRIGGER_NAME);
}

static void test_who(void **state)
{
    static const uint16_t segment[] = {2, 3};
    begin();
    struct wr_policy_rule *r = add("segment and group", WR_VERDICT_DROP);
    r->about = (struct wr_policy_about){.segment = segment, .segments = 2, .groups = 4};
    r = add("device", WR_VERDICT_NODATA);
    r->about = (struct wr_policy_about){.devices = 16, .kinds = 32};
    r = add("address", WR_VERDICT_REFUSED);
    r->about = (struct wr_policy_about){.client = prefix("10.0.0.0/28"), .clients = 1};
    finish();
    assert_int_equal(rule_for("x.example"), 3);
    assert_int_equal(ask_of("x.example", WR_TYPE_A, NULL, 0).trigger, WR_TRIGGER_CLIENT);
    who.groups = 16;
    assert_int_equal(rule_for("x.example"), 3); /* that device, and of another kind */
    who.groups = 32;
    assert_int_equal(rule_for("x.example"), 3);
    who.groups = 48;
    assert_int_equal(rule_for("x.example"), 2);
    who.groups = 54;
    assert_int_equal(rule_for("x.example"), 1);
    who.segment = 4;
    assert_int_equal(rule_for("x.example"), 2);
    who.groups = 0;
    client.ip[3] = 99;
    assert_int_equal(rule_for("x.example"), 0);
}

static void test_shadow_is_counted_and_not_obeyed(void **state)
{
    begin();
    add("tried", WR_VERDICT_NXDOMAIN)->below = NAMES("example");
    b.rule[0].shadow = true;
    add("real", WR_VERDICT_NODATA)->below = NAMES("ads.example");
    finish();
    struct wr_verdict v = ask_of("www.example", WR_TYPE_A, NULL, 0);
    assert_true(v.shadow && v.rule == 1 && v.action == WR_VERDICT_NXDOMAIN);
    v = ask_of("x.ads.example", WR_TYPE_A, NULL, 0);
    assert_true(!v.shadow && v.rule == 2);
    assert_int_equal(hits[1], 2);
    assert_int_equal(hits[2], 1);
}

/* Lists add up; whoever has none is not held to any; no rule opens what they leave out. */
static void test_only(void **state)
{
    static const uint16_t cameras[] = {3};
    begin();
    b.only[0] = (struct wr_policy_only){
        .label = 50, .about = {.segment = cameras, .segments = 1}, .name = "cameras"};
    b.only[0].below = NAMES("vendor.example");
    b.only[1] = (struct wr_policy_only){.label = 51, .about = {.groups = 2}, .name = "clocks"};
    b.only[1].below = NAMES("ntp.example");
    b.only[2] = (struct wr_policy_only){.label = 52, .about = {.groups = 64}, .name = "others"};
    b.only[2].below = NAMES("other.example");
    b.spec.onlys = 3;
    add("open", WR_VERDICT_ALLOW)->below = NAMES("open.example");
    add("shut", WR_VERDICT_NODATA)->below = NAMES("log.vendor.example");
    finish();
    assert_int_equal(rule_for("vendor.example"), 0);
    assert_int_equal(rule_for("a.vendor.example"), 0);
    assert_int_equal(rule_for("ntp.example"), 0);
    assert_int_equal(rule_for("other.example"), 50);
    assert_int_equal(rule_for("open.example"), 50);
    assert_int_equal(rule_for("example"), 50);
    assert_int_equal(rule_for("xvendor.example"), 50);
    assert_int_equal(rule_for("log.vendor.example"), 2);
    assert_int_equal(hits[50], 4);
    char words[WR_POLICY_REASON_SIZE];
    struct wr_verdict v = ask_of("x.net", WR_TYPE_A, NULL, 0);
    assert_int_equal(v.action, WR_VERDICT_NXDOMAIN);
    assert_int_equal(wr_policy_reason(b.policy, &v, words), WR_EDE_BLOCKED);
    assert_string_equal(words, "not among the approved names of cameras");
    who = (struct wr_who){.segment = 9};
    assert_int_equal(rule_for("x.net"), 0);
}

/* --- answers --- */

static struct wr_rrset set_of(const char *owner, uint16_t type, const uint8_t *data, uint32_t size)
{
    static struct wr_name keep[8];
    static unsigned turn;
    struct wr_name *n = &keep[turn++ % 8];
    assert_int_equal(wr_name_from_text(owner, strlen(owner), n), 0);
    return (struct wr_rrset){.owner = n->wire,
                             .data = data,
                             .size = size,
                             .type = type,
                             .class_ = WR_CLASS_IN,
                             .records = 1};
}

static const uint8_t to_tracker[] = "\0\x0f\1x\7tracker\3net"; /* the root is the NUL */
static const uint8_t a_bad[] = {0, 4, 198, 51, 100, 7};
static const uint8_t a_good[] = {0, 4, 192, 0, 2, 7};

static void test_aliases_and_addresses(void **state)
{
    begin();
    add("alias", WR_VERDICT_NXDOMAIN)->alias = NAMES("tracker.net");
    struct wr_policy_rule *r = add("address", WR_VERDICT_NODATA);
    r->address = prefix("198.51.100.0/24");
    r->addresses = 1;
    finish();
    struct wr_rrset chain[] = {set_of("www.example", WR_TYPE_CNAME, to_tracker, sizeof(to_tracker)),
                               set_of("x.tracker.net", WR_TYPE_A, a_good, sizeof(a_good))};
    struct wr_rrset hit = set_of("www.example", WR_TYPE_A, a_bad, sizeof(a_bad));
    assert_false(wr_policy_wants_answer(b.policy, NULL, NULL, 0));
    assert_false(
        wr_policy_wants_answer(b.policy, NULL, chain + 1, 1)); /* no alias, no such address */
    assert_true(wr_policy_wants_answer(b.policy, NULL, chain, 2));
    assert_true(wr_policy_wants_answer(b.policy, NULL, &hit, 1));
    assert_int_equal(rule_for("x.tracker.net"), 0); /* the name itself is no alias */
    struct wr_verdict v = ask_of("www.example", WR_TYPE_A, chain, 2);
    assert_true(v.rule == 1 && v.trigger == WR_TRIGGER_ALIAS);
    assert_int_equal(ask_of("x.tracker.net", WR_TYPE_A, chain + 1, 1).rule, 0);
    chain[1].data = a_bad;
    v = ask_of("x.tracker.net", WR_TYPE_A, chain + 1, 1);
    assert_true(v.rule == 2 && v.trigger == WR_TRIGGER_ADDRESS);
    assert_int_equal(hits[1], 1);
    assert_int_equal(hits[2], 1);
}

/* Hints of HTTPS lead to an address as A does. */
static void test_hints(void **state)
{
    static const uint8_t hint4[] = {0, 11, 0, 1, 0, 0, 4, 0, 4, 198, 51, 100, 9};
    static const uint8_t hint6[] = {0,    23,   0, 1, 0, 0, 6, 0, 16, 0x20, 0x01, 0x0d, 0xb8,
                                    0xba, 0xd0, 0, 0, 0, 0, 0, 0, 0,  0,    0,    1};
    begin();
    struct wr_policy_rule *r = add("v4", WR_VERDICT_NODATA);
    r->address = prefix("198.51.100.0/24");
    r->addresses = 1;
    r = add("v6", WR_VERDICT_NODATA);
    r->address = prefix("2001:db8:bad0::/48");
    r->addresses = 1;
    finish();
    struct wr_rrset set = set_of("www.example", WR_TYPE_HTTPS, hint4, sizeof(hint4));
    assert_int_equal(ask_of("www.example", WR_TYPE_HTTPS, &set, 1).rule, 1);
    set = set_of("www.example", WR_TYPE_SVCB, hint6, sizeof(hint6));
    assert_int_equal(ask_of("www.example", WR_TYPE_SVCB, &set, 1).rule, 2);
    set.type = WR_TYPE_TXT;
    assert_int_equal(ask_of("www.example", WR_TYPE_TXT, &set, 1).rule, 0);
}

/* A rule above that allows the question ends the walk there too; one below it does not come first. */
static void test_order_with_answers(void **state)
{
    begin();
    struct wr_policy_rule *r = add("first", WR_VERDICT_NODATA);
    r->address = prefix("198.51.100.0/24");
    r->addresses = 1;
    r->below = NAMES("first.example");
    add("allow", WR_VERDICT_ALLOW)->below = NAMES("example");
    r = add("last", WR_VERDICT_NXDOMAIN);
    r->address = prefix("198.51.100.0/25");
    r->addresses = 1;
    finish();
    struct wr_rrset set = set_of("x.example", WR_TYPE_A, a_bad, sizeof(a_bad));
    assert_int_equal(ask_of("x.example", WR_TYPE_A, &set, 1).rule, 2);
    assert_int_equal(ask_of("first.example", WR_TYPE_A, &set, 1).rule, 1);
    assert_int_equal(ask_of("x.net", WR_TYPE_A, &set, 1).rule, 3);
    assert_int_equal(hits[2], 0); /* it was counted on the question, which was not asked here */
}

static void test_empty(void **state)
{
    begin();
    finish();
    assert_int_equal(rule_for("x.example"), 0);
    assert_null(wr_policy_rule_of(b.policy, 0));
    assert_int_equal(wr_policy_ttl(b.policy), 60);
    free(b.block);
    b.block = NULL;
}

static struct wr_now at(int64_t wall_s)
{
    return (struct wr_now){.mono_us = 1, .wall_s = wall_s, .wall_proven = wall_s != 0};
}

static bool holds_at(int64_t wall_s)
{
    static const uint8_t name[] = "\1a";
    struct wr_now now = at(wall_s);
    struct wr_policy_ask ask = {
        .who = &who, .client = &client, .name = name, .type = WR_TYPE_A, .now = &now};
    return wr_policy_question(b.policy, &ask).rule != 0;
}

/* 2026-11-28 is a Saturday; the clock here is an hour ahead, and two from noon of that day on. */
static void test_hours(void **state)
{
    static const struct wr_policy_offset offset[] = {{INT64_MIN, 3600}, {1795867200, 7200}};
    const int64_t midnight = 1795824000; /* UTC */
    begin();
    struct wr_policy_rule *r = add("night", WR_VERDICT_NXDOMAIN);
    r->timed = true;
    r->from_min = 22 * 60;
    r->to_min = 6 * 60;
    r->days = 1 << 5; /* Friday nights */
    b.spec.offset = offset;
    b.spec.offsets = 2;
    finish();
    assert_true(holds_at(midnight - 3 * 3600));      /* Friday 22:00 */
    assert_false(holds_at(midnight - 3 * 3600 - 1)); /* 21:59:59 */
    assert_true(holds_at(midnight + 4 * 3600));      /* Saturday 05:00, begun on Friday */
    assert_false(holds_at(midnight + 5 * 3600));     /* 06:00 */
    assert_false(holds_at(midnight + 21 * 3600));    /* Saturday 23:00 */
    assert_true(holds_at(0));                        /* not proven: what denies holds */
    b.rule[0].action = WR_VERDICT_ALLOW;
    assert_false(holds_at(0)); /* and what allows does not */
    b.rule[0].from_min = 13 * 60;
    b.rule[0].to_min = 15 * 60;
    b.rule[0].days = 0x7f;
    assert_true(holds_at(midnight + 12 * 3600)); /* 14:00, for the clock has just changed */
    assert_false(holds_at(midnight + 12 * 3600 - 1));
    assert_false(holds_at(midnight + 13 * 3600));
}

/* ANY is no way around a rule that denies a type; one that allows a type does not allow all. */
static void test_any(void **state)
{
    static const uint16_t a[] = {WR_TYPE_A}, mx[] = {WR_TYPE_MX};
    begin();
    struct wr_policy_rule *r = add("mail", WR_VERDICT_ALLOW);
    r->type = mx;
    r->types = 1;
    r = add("no address", WR_VERDICT_NODATA);
    r->type = a;
    r->types = 1;
    finish();
    assert_int_equal(ask_of("x.example", WR_TYPE_MX, NULL, 0).rule, 1);
    assert_int_equal(ask_of("x.example", WR_TYPE_A, NULL, 0).rule, 2);
    assert_int_equal(ask_of("x.example", WR_TYPE_ANY, NULL, 0).rule, 2);
    assert_int_equal(ask_of("x.example", WR_TYPE_TXT, NULL, 0).rule, 0);
    begin();
    r = add("sinkhole", WR_VERDICT_DATA);
    r->type = a;
    r->types = 1;
    finish();
    assert_int_equal(ask_of("x.example", WR_TYPE_ANY, NULL, 0).rule, 1);
    assert_int_equal(ask_of("x.example", WR_TYPE_TXT, NULL, 0).rule, 0);
}

/* Of two devices' groups the lesser privilege: what a rule gives to a group is not given, what it takes is taken. */
static void test_conflict(void **state)
{
    begin();
    add("give", WR_VERDICT_ALLOW)->about.groups = 2;
    add("take", WR_VERDICT_NXDOMAIN)->about.groups = 2;
    finish();
    assert_int_equal(rule_for("x.example"), 1);
    who.state = WR_WHO_CONFLICT;
    assert_int_equal(rule_for("x.example"), 2);
}

static struct wr_verdict data_for(bool timed, bool proven, uint8_t state)
{
    struct wr_name n;
    struct wr_now now = {.mono_us = 1, .wall_s = 1700000000, .wall_proven = proven};
    assert_int_equal(wr_name_from_text("x.example", 9, &n), 0);
    b.rule[0].timed = timed;
    who.state = state;
    struct wr_policy_ask ask = {
        .who = &who, .client = &client, .name = n.wire, .type = WR_TYPE_A, .now = &now};
    return wr_policy_question(b.policy, &ask);
}

/* Other records may be more than there is, or less: in doubt there are none. */
static void test_records_in_doubt(void **state)
{
    begin();
    struct wr_policy_rule *r = add("given", WR_VERDICT_DATA);
    r->about.devices = 2;
    r->days = 0x7f;
    finish();
    assert_int_equal(data_for(false, false, WR_WHO_KNOWN).action, WR_VERDICT_DATA);
    assert_int_equal(data_for(false, false, WR_WHO_CONFLICT).action, WR_VERDICT_NODATA);
    assert_int_equal(data_for(true, true, WR_WHO_KNOWN).action, WR_VERDICT_DATA);
    assert_int_equal(data_for(true, false, WR_WHO_KNOWN).action, WR_VERDICT_NODATA);
    assert_int_equal(data_for(true, false, WR_WHO_KNOWN).rule, 1);
    r->shadow = true;
    assert_int_equal(data_for(true, false, WR_WHO_CONFLICT).action, WR_VERDICT_DATA);
}

/* Nobody is shut off for what another may have asked. */
static void test_quarantine(void **state)
{
    begin();
    struct wr_policy_rule *r = add("shut", WR_VERDICT_QUARANTINE);
    finish();
    who.state = WR_WHO_KNOWN;
    who.sure = WR_POLICY_SURE_MIN + 1;
    struct wr_verdict v = ask_of("x.example", WR_TYPE_A, NULL, 0);
    assert_int_equal(v.action, WR_VERDICT_QUARANTINE);
    char words[WR_POLICY_REASON_SIZE];
    assert_int_equal(wr_policy_reason(b.policy, &v, words), WR_EDE_BLOCKED);
    assert_string_equal(words, "rule shut: this device is put in quarantine");
    assert_int_equal(ask_of("x.example", WR_TYPE_ANY, NULL, 0).action, WR_VERDICT_QUARANTINE);
    forgeable = true; /* who it was shows over TCP */
    assert_int_equal(ask_of("x.example", WR_TYPE_A, NULL, 0).action, WR_VERDICT_TRUNCATE);
    who.sure = WR_POLICY_SURE_MIN;
    assert_int_equal(ask_of("x.example", WR_TYPE_A, NULL, 0).action, WR_VERDICT_REFUSED);
    forgeable = false;
    assert_int_equal(ask_of("x.example", WR_TYPE_A, NULL, 0).action, WR_VERDICT_REFUSED);
    who = (struct wr_who){.state = WR_WHO_UNKNOWN, .sure = 90};
    assert_int_equal(ask_of("x.example", WR_TYPE_A, NULL, 0).action, WR_VERDICT_REFUSED);
    who.state = WR_WHO_CONFLICT;
    assert_int_equal(ask_of("x.example", WR_TYPE_A, NULL, 0).action, WR_VERDICT_REFUSED);
    r->shadow = forgeable = true;
    assert_int_equal(ask_of("x.example", WR_TYPE_A, NULL, 0).action, WR_VERDICT_QUARANTINE);
    forgeable = false;
}

static struct wr_verdict served(const char *name, const char *addr)
{
    struct wr_name asked, server;
    const uint8_t *names[] = {server.wire};
    struct wr_addr at;
    struct wr_now now = {.mono_us = 1};
    assert_int_equal(wr_name_from_text("x.example", 9, &asked), 0);
    assert_int_equal(wr_name_from_text(name, strlen(name), &server), 0);
    assert_int_equal(wr_addr_from_text(addr, &at), 0);
    const struct wr_policy_servers servers = {names, &at, 1, 1};
    struct wr_policy_ask ask = {.who = &who,
                                .client = &client,
                                .name = asked.wire,
                                .type = WR_TYPE_A,
                                .now = &now,
                                .servers = &servers};
    return wr_policy_answer(b.policy, &ask, NULL, 0);
}

static void test_servers(void **state)
{
    begin();
    struct wr_policy_rule *r = add("servers", WR_VERDICT_NXDOMAIN);
    r->server = NAMES("tracker.net");
    r->server_addr = prefix("198.51.100.0/24");
    r->server_addrs = 1;
    finish();
    assert_true(wr_policy_wants_servers(b.policy));
    assert_true(wr_policy_wants_answer(b.policy, NULL, NULL, 0));
    assert_int_equal(rule_for("x.example"), 0); /* before it is known who answers */
    assert_int_equal(rule_for("tracker.net"), 0);
    assert_int_equal(served("ns.tracker.net", "192.0.2.1").trigger, WR_TRIGGER_NSDNAME);
    assert_int_equal(served("tracker.net", "192.0.2.1").rule, 1);
    assert_int_equal(served("ns.other.net", "198.51.100.9").trigger, WR_TRIGGER_NSIP);
    assert_int_equal(served("ns.other.net", "192.0.2.1").rule, 0);
    assert_int_equal(served("net", "192.0.2.1").rule, 0);
}

/* What a rule has led to is not held against lists of approved names; and what is given is no address of a stranger's. */
static void test_led(void **state)
{
    begin();
    b.only[0] = (struct wr_policy_only){
        .name = "all", .label = 21, .about.groups = 2, .below = NAMES("good.example")};
    b.spec.onlys = 1;
    b.spec.rebinding = true;
    add("given", WR_VERDICT_DATA)->address = prefix("10.0.0.0/8");
    b.rule[0].addresses = 1;
    finish();
    struct wr_name n;
    struct wr_now now = {.mono_us = 1};
    static const uint8_t data[] = {0, 4, 10, 1, 1, 1};
    assert_int_equal(wr_name_from_text("other.example", 13, &n), 0);
    struct wr_rrset set = {
        .owner = n.wire, .type = WR_TYPE_A, .records = 1, .data = data, .size = sizeof(data)};
    struct wr_policy_ask ask = {
        .who = &who, .client = &client, .name = n.wire, .type = WR_TYPE_A, .now = &now};
    assert_int_equal(wr_policy_question(b.policy, &ask).rule, 21);
    ask.led = true;
    assert_int_equal(wr_policy_question(b.policy, &ask).rule, 0);
    assert_int_equal(wr_policy_answer(b.policy, &ask, &set, 1).action, WR_VERDICT_DATA);
}

/* The groups of one whose address is contested are those of two devices: the list of either opens nothing to the other. */
static void test_conflict_of_lists(void **state)
{
    begin();
    who.groups = 2 | 4;
    b.only[0] = (struct wr_policy_only){.name = "cameras",
                                        .label = 21,
                                        .about.groups = 2,
                                        .below = NAMES("cam.example", "ntp.example")};
    b.only[1] = (struct wr_policy_only){
        .name = "tvs", .label = 22, .about.groups = 4, .below = NAMES("tv.example", "ntp.example")};
    b.only[2] = (struct wr_policy_only){.name = "lan",
                                        .label = 23,
                                        .about = {.segment = (const uint16_t[]){3}, .segments = 1},
                                        .below = NAMES("lan.example", "ntp.example")};
    b.spec.onlys = 3;
    finish();
    assert_int_equal(rule_for("cam.example"),
                     0); /* one device in two groups: either list will do */
    assert_int_equal(rule_for("x.tv.example"), 0);
    who.state = WR_WHO_CONFLICT;
    assert_int_equal(rule_for("cam.example"), 22);
    assert_int_equal(rule_for("x.tv.example"), 21);
    assert_int_equal(rule_for("lan.example"), 0);
    assert_int_equal(rule_for("a.ntp.example"), 0);
    assert_int_equal(rule_for("other.example"), 21);
}

static struct wr_verdict rebound(const char *name, uint8_t first, uint8_t second, bool own)
{
    const uint8_t data[] = {0, 4, first, second, 0, 7};
    struct wr_rrset set = set_of(name, WR_TYPE_A, data, sizeof(data));
    struct wr_name n;
    struct wr_now now = at(1);
    assert_int_equal(wr_name_from_text(name, strlen(name), &n), 0);
    struct wr_policy_ask ask = {
        .who = &who, .client = &client, .name = n.wire, .type = WR_TYPE_A, .now = &now, .own = own};
    return wr_policy_answer(b.policy, &ask, &set, 1);
}

static void test_rebinding(void **state)
{
    begin();
    add("fine", WR_VERDICT_ALLOW)->below = NAMES("fine.example");
    b.spec.rebinding = true;
    b.spec.private_names = NAMES("plex.direct");
    finish();
    static const uint8_t a_here[] = {0, 4, 10, 0, 0, 7};
    struct wr_rrset far = set_of("evil.example", WR_TYPE_A, a_good, sizeof(a_good));
    struct wr_rrset here = set_of("evil.example", WR_TYPE_A, a_here, sizeof(a_here));
    assert_false(wr_policy_wants_answer(b.policy, NULL, &far, 1));
    assert_true(wr_policy_wants_answer(b.policy, NULL, &here, 1));
    struct wr_verdict v = rebound("evil.example", 192, 168, false);
    assert_true(v.action == WR_VERDICT_NODATA && v.by == WR_VERDICT_BY_REBINDING);
    char words[WR_POLICY_REASON_SIZE];
    assert_int_equal(wr_policy_reason(b.policy, &v, words), WR_EDE_BLOCKED);
    assert_non_null(strstr(words, "rebinding"));
    assert_int_equal(rebound("evil.example", 10, 0, false).action, WR_VERDICT_NODATA);
    assert_int_equal(rebound("evil.example", 127, 0, false).action, WR_VERDICT_NODATA);
    assert_int_equal(rebound("evil.example", 0, 0, false).action, WR_VERDICT_NODATA);
    assert_int_equal(rebound("evil.example", 172, 31, false).action, WR_VERDICT_NODATA);
    assert_int_equal(rebound("evil.example", 172, 32, false).action, WR_VERDICT_NONE);
    assert_int_equal(rebound("evil.example", 192, 0, false).action, WR_VERDICT_NONE);
    assert_int_equal(rebound("evil.example", 10, 0, true).action, WR_VERDICT_NONE);
    assert_int_equal(rebound("a.plex.direct", 10, 0, false).action, WR_VERDICT_NONE);
    assert_int_equal(rebound("a.fine.example", 10, 0, false).action, WR_VERDICT_ALLOW);
    free(b.block);
    b.block = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_in_doubt),
        cmocka_unit_test(test_quarantine),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_led),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_who),
        cmocka_unit_test(test_shadow_is_counted_and_not_obeyed),
        cmocka_unit_test(test_only),
        cmocka_unit_test(test_aliases_and_addresses),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_order_with_answers),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_conflict),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_rebinding),
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_conflict_of_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
