/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/policy/rpzzone.h"

#define ZONES 3

/* Zones in order, and one query to them. */
struct world {
    struct rpzzone zone[ZONES];
    struct wr_rpz_use use[ZONES];
    struct wr_rpz_zones zones;
    struct wr_addr client;
    struct wr_name name;
    struct wr_rrset set;
    uint8_t data[2 * 18];
    const uint8_t *server[2];
    struct wr_name server_name[2];
    struct wr_addr server_addr[2];
    struct wr_rpz_facts facts;
    struct wr_rpz_hit hit;
};

static struct world w;

static void begin(const char *a, const char *b, const char *c)
{
    static const char *const names[] = {"one.rpz", "two.rpz", "three.rpz"};
    const char *text[] = {a, b, c};
    memset(&w, 0, sizeof(w));
    w.zones.key = rpzzone_key;
    w.zones.use = w.use;
    for (unsigned i = 0; i < ZONES && text[i]; i++) {
        rpzzone_make(&w.zone[i], names[i], text[i]);
        assert_int_equal(w.zone[i].rejects, 0);
        w.use[i] = (struct wr_rpz_use){
            .zone = w.zone[i].zone, .label = (uint16_t)(i + 1), .ede = WR_EDE_NONE};
        w.zones.count++;
    }
}

static void end(void)
{
    for (unsigned i = 0; i < w.zones.count; i++) {
        rpzzone_free(&w.zone[i]);
    }
}

static void set_name(struct wr_name *n, const char *text)
{
    assert_int_equal(wr_name_from_text(text, strlen(text), n), WR_OK);
}

/* Asks for a name, from an address. */
static void asks(const char *client, const char *name)
{
    memset(&w.facts, 0, sizeof(w.facts));
    assert_int_equal(wr_addr_from_text(client, &w.client), WR_OK);
    set_name(&w.name, name);
    w.facts.client = &w.client;
    w.facts.name = w.name.wire;
}

/* The answer has these addresses, of one family. */
static void answered(const char *first, const char *second)
{
    const char *text[] = {first, second};
    w.set = (struct wr_rrset){.data = w.data, .owner = w.name.wire};
    for (unsigned i = 0; i < 2 && text[i]; i++) {
        struct wr_addr a;
        assert_int_equal(wr_addr_from_text(text[i], &a), WR_OK);
        uint8_t size = (uint8_t)wr_addr_ip_size(&a);
        w.set.type = size == 4 ? WR_TYPE_A : WR_TYPE_AAAA;
        w.data[w.set.size] = 0;
        w.data[w.set.size + 1] = size;
        memcpy(w.data + w.set.size + 2, a.ip, size);
        w.set.size += 2u + size;
        w.set.records++;
    }
    w.facts.sets = &w.set;
    w.facts.set_count = 1;
}

static void served_by(const char *a, const char *b)
{
    const char *text[] = {a, b};
    for (unsigned i = 0; i < 2 && text[i]; i++) {
        if (text[i][0] >= '0' && text[i][0] <= '9') {
            assert_int_equal(wr_addr_from_text(text[i], &w.server_addr[w.facts.server_addrs++]),
                             WR_OK);
        } else {
            set_name(&w.server_name[w.facts.servers], text[i]);
            w.server[w.facts.servers] = w.server_name[w.facts.servers].wire;
            w.facts.servers++;
        }
    }
    w.facts.server = w.server;
    w.facts.server_addr = w.server_addr;
}

static void expect_hit(uint8_t action, uint8_t trigger, uint16_t zone, uint32_t line)
{
    assert_int_equal(w.hit.verdict.action, action);
    assert_int_equal(w.hit.verdict.by,
                     action == WR_VERDICT_NONE ? WR_VERDICT_BY_NOBODY : WR_VERDICT_BY_RPZ);
    assert_int_equal(w.hit.verdict.trigger, trigger);
    assert_int_equal(w.hit.verdict.rule, zone);
    assert_int_equal(w.hit.verdict.line, line);
}

static void before(uint8_t action, uint8_t trigger, uint16_t zone, uint32_t line)
{
    wr_rpz_question(&w.zones, &w.facts, &w.hit);
    expect_hit(action, trigger, zone, line);
}

static void after(uint8_t action, uint8_t trigger, uint16_t zone, uint32_t line)
{
    wr_rpz_answer(&w.zones, &w.facts, &w.hit);
    expect_hit(action, trigger, zone, line);
}

static void test_names(void **state)
{
    begin("bad.test CNAME .\n*.bad.test CNAME *.\nx.bad.test CNAME rpz-passthru.\n"
          "*.deep.bad.test CNAME rpz-drop.\n*.test CNAME rpz-tcp-only.\n",
          NULL, NULL);
    asks("192.0.2.1", "BAD.test");
    before(WR_VERDICT_NXDOMAIN, WR_TRIGGER_NAME, 1, 1);
    asks("192.0.2.1", "y.Bad.Test");
    before(WR_VERDICT_NODATA, WR_TRIGGER_NAME, 1, 2);
    asks("192.0.2.1", "x.bad.test");
    before(WR_VERDICT_ALLOW, WR_TRIGGER_NAME, 1, 3);
    asks("192.0.2.1", "y.x.bad.test"); /* a wildcard is not stopped by a name in between */
    before(WR_VERDICT_NODATA, WR_TRIGGER_NAME, 1, 2);
    asks("192.0.2.1", "a.b.deep.bad.test");
    before(WR_VERDICT_DROP, WR_TRIGGER_NAME, 1, 4);
    asks("192.0.2.1", "deep.bad.test"); /* the wildcard is below its name */
    before(WR_VERDICT_NODATA, WR_TRIGGER_NAME, 1, 2);
    asks("192.0.2.1", "other.test");
    before(WR_VERDICT_TRUNCATE, WR_TRIGGER_NAME, 1, 5);
    asks("192.0.2.1", "test");
    before(WR_VERDICT_NONE, WR_TRIGGER_NONE, 0, 0);
    asks("192.0.2.1", "bad.test.example");
    before(WR_VERDICT_NONE, WR_TRIGGER_NONE, 0, 0);
    assert_false(w.hit.wait);
    end();
    (void)state;
}

static void test_root_wildcard(void **state)
{
    begin("* CNAME .\nok CNAME rpz-passthru.\n", NULL, NULL);
    asks("192.0.2.1", "a.b.c");
    before(WR_VERDICT_NXDOMAIN, WR_TRIGGER_NAME, 1, 1);
    asks("192.0.2.1", "ok");
    before(WR_VERDICT_ALLOW, WR_TRIGGER_NAME, 1, 2);
    asks("192.0.2.1", ".");
    before(WR_VERDICT_NONE, WR_TRIGGER_NONE, 0, 0);
    end();
    (void)state;
}

static void test_prefixes(void **state)
{
    begin("8.0.0.0.10.rpz-ip CNAME .\n16.0.0.10.10.rpz-ip CNAME *.\n"
          "32.10.10.10.10.rpz-ip CNAME rpz-passthru.\n32.zz.db8.2001.rpz-ip CNAME .\n"
          "64.zz.1.0.db8.2001.rpz-ip CNAME rpz-drop.\n24.0.2.0.192.rpz-client-ip CNAME *.\n",
          NULL, NULL);
    asks("203.0.113.1", "a");
    before(WR_VERDICT_NONE, WR_TRIGGER_NONE, 0, 0);
    answered("10.1.1.1", NULL);
    after(WR_VERDICT_NXDOMAIN, WR_TRIGGER_ADDRESS, 1, 1);
    answered("10.1.1.1", "10.10.1.1"); /* of several addresses the longest prefix */
    after(WR_VERDICT_NODATA, WR_TRIGGER_ADDRESS, 1, 2);
    answered("10.10.10.10", "10.10.1.1");
    after(WR_VERDICT_ALLOW, WR_TRIGGER_ADDRESS, 1, 3);
    answered("2001:db8:1::1", NULL);
    after(WR_VERDICT_NXDOMAIN, WR_TRIGGER_ADDRESS, 1, 4);
    answered("2001:db8:0:1::1", NULL);
    after(WR_VERDICT_DROP, WR_TRIGGER_ADDRESS, 1, 5);
    answered("a00::", NULL); /* 10.0.0.0 in the wrong family */
    after(WR_VERDICT_NONE, WR_TRIGGER_NONE, 0, 0);
    asks("192.0.2.77", "a");
    before(WR_VERDICT_NODATA, WR_TRIGGER_CLIENT, 1, 6);
    assert_int_equal(w.hit.ede, WR_EDE_PROHIBITED);
    end();
    (void)state;
}

/* An address is the same one in a hint of HTTPS, and within an IPv6 address. */
static void test_addresses_in_disguise(void **state)
{
    static const uint8_t hints[] = {0,  35, 0, 1, 0, 0, 4, 0,  8,  198, 51, 100, 9,
                                    10, 1,  1, 1, 0, 6, 0, 16, 32, 1,   13, 184, 0,
                                    0,  0,  0, 0, 0, 0, 0, 0,  0,  0,   1};
    begin("8.0.0.0.10.rpz-ip CNAME .\n", "32.zz.db8.2001.rpz-ip CNAME *.\n", NULL);
    asks("203.0.113.1", "a");
    answered("::ffff:10.1.1.1", NULL);
    after(WR_VERDICT_NXDOMAIN, WR_TRIGGER_ADDRESS, 1, 1);
    answered("::ffff:11.1.1.1", NULL);
    after(WR_VERDICT_NONE, WR_TRIGGER_NONE, 0, 0);
    w.set = (struct wr_rrset){.data = hints,
                              .size = sizeof(hints),
                              .owner = w.name.wire,
                              .type = WR_TYPE_HTTPS,
                              .records = 1};
    after(WR_VERDICT_NXDOMAIN, WR_TRIGGER_ADDRESS, 1, 1);
    w.zones.use = w.use + 1;
    w.zones.count = 1;
    after(WR_VERDICT_NODATA, WR_TRIGGER_ADDRESS, 2, 1);
    w.zones.count = 2;
    end();
    (void)state;
}

static void test_servers(void **state)
{
    begin("*.evil.rpz-nsdname CNAME .\nns1.evil.rpz-nsdname CNAME *.\n"
          "24.0.2.0.192.rpz-nsip CNAME rpz-drop.\n",
          NULL, NULL);
    assert_true(wr_rpz_has(&w.zones, WR_RPZ_NSDNAME));
    assert_true(wr_rpz_has(&w.zones, WR_RPZ_NSIP));
    assert_false(wr_rpz_has(&w.zones, WR_RPZ_IP));
    assert_false(wr_rpz_has_alias(&w.zones));
    asks("203.0.113.1", "a");
    served_by("x.evil", "ns1.evil");
    after(WR_VERDICT_NODATA, WR_TRIGGER_NSDNAME, 1, 2); /* the exact name before the wildcard */
    asks("203.0.113.1", "a");
    served_by("x.evil", "192.0.2.1");
    after(WR_VERDICT_NXDOMAIN, WR_TRIGGER_NSDNAME, 1, 1);
    asks("203.0.113.1", "a");
    served_by("198.51.100.1", "192.0.2.1");
    after(WR_VERDICT_DROP, WR_TRIGGER_NSIP, 1, 3);
    asks("203.0.113.1", "a");
    served_by("ns.good", "198.51.100.1");
    after(WR_VERDICT_NONE, WR_TRIGGER_NONE, 0, 0);
    end();
    (void)state;
}

/* Zones before kinds of triggers; and within a zone kinds in their order. */
static void test_precedence(void **state)
{
    begin("8.0.0.0.10.rpz-ip CNAME *.\n",
          "bad CNAME .\n24.0.2.0.192.rpz-client-ip CNAME rpz-drop.\n", NULL);
    asks("203.0.113.1", "bad");
    before(WR_VERDICT_NONE, WR_TRIGGER_NONE, 0, 0);
    assert_true(w.hit.wait); /* the first zone comes first, and waits for the answer */
    after(WR_VERDICT_NXDOMAIN, WR_TRIGGER_NAME, 2, 1);
    answered("10.0.0.1", NULL);
    after(WR_VERDICT_NODATA, WR_TRIGGER_ADDRESS, 1, 1);
    asks("192.0.2.1", "bad");
    after(WR_VERDICT_DROP, WR_TRIGGER_CLIENT, 2, 2);
    end();
    begin("ok CNAME rpz-passthru.\n8.0.0.0.10.rpz-ip CNAME *.\n", "* CNAME .\n", NULL);
    asks("203.0.113.1", "ok"); /* PASSTHRU ends it */
    before(WR_VERDICT_ALLOW, WR_TRIGGER_NAME, 1, 1);
    assert_int_equal(w.hit.ede, WR_EDE_NONE);
    answered("10.0.0.1", NULL);
    after(WR_VERDICT_ALLOW, WR_TRIGGER_NAME, 1, 1);
    end();
    (void)state;
}

static void test_overrides(void **state)
{
    static const struct {
        uint8_t override, action;
    } table[] = {
        {WR_RPZ_OVERRIDE_NONE, WR_VERDICT_DATA},
        {WR_RPZ_OVERRIDE_NXDOMAIN, WR_VERDICT_NXDOMAIN},
        {WR_RPZ_OVERRIDE_NODATA, WR_VERDICT_NODATA},
        {WR_RPZ_OVERRIDE_PASSTHRU, WR_VERDICT_ALLOW},
        {WR_RPZ_OVERRIDE_DROP, WR_VERDICT_DROP},
        {WR_RPZ_OVERRIDE_TCP_ONLY, WR_VERDICT_TRUNCATE},
        {WR_RPZ_OVERRIDE_CNAME, WR_VERDICT_DATA},
    };
    static const uint8_t cname[] = "\0\010\6garden";
    struct wr_rpz_room room;
    struct wr_rrset set;
    begin("bad A 192.0.2.1\n", NULL, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        w.use[0].override = table[i].override;
        w.use[0].cname = cname;
        asks("203.0.113.1", "bad");
        before(table[i].action, WR_TRIGGER_NAME, 1, 1);
        assert_false(w.hit.verdict.shadow);
        bool data = wr_rpz_set(&w.hit, w.name.wire, WR_TYPE_A, 0, &room, &set);
        assert_int_equal(data, table[i].action == WR_VERDICT_DATA);
    }
    assert_int_equal(set.type, WR_TYPE_CNAME);
    assert_int_equal(set.size, 10);
    end();
    (void)state;
}

static void test_disabled_is_only_recorded(void **state)
{
    begin("bad CNAME .\nworse CNAME .\n", "bad CNAME *.\n", NULL);
    w.use[0].override = WR_RPZ_OVERRIDE_DISABLED;
    asks("203.0.113.1", "bad");
    before(WR_VERDICT_NODATA, WR_TRIGGER_NAME, 2, 1);
    assert_false(w.hit.verdict.shadow);
    asks("203.0.113.1", "worse");
    before(WR_VERDICT_NXDOMAIN, WR_TRIGGER_NAME, 1, 2);
    assert_true(w.hit.verdict.shadow);
    end();
    (void)state;
}

static void test_some_clients(void **state)
{
    static const uint16_t segments[] = {7, 9};
    begin("bad CNAME .\n", NULL, NULL);
    w.use[0].segments = segments;
    w.use[0].segment_count = 2;
    asks("203.0.113.1", "bad");
    w.facts.segment = 8;
    before(WR_VERDICT_NONE, WR_TRIGGER_NONE, 0, 0);
    w.facts.segment = 9;
    before(WR_VERDICT_NXDOMAIN, WR_TRIGGER_NAME, 1, 1);
    w.facts.segment = 0;
    w.use[0].groups = 4;
    w.facts.groups = 3;
    before(WR_VERDICT_NONE, WR_TRIGGER_NONE, 0, 0);
    w.facts.groups = 6;
    before(WR_VERDICT_NXDOMAIN, WR_TRIGGER_NAME, 1, 1);
    w.use[0].zone = NULL; /* not there yet */
    before(WR_VERDICT_NONE, WR_TRIGGER_NONE, 0, 0);
    end();
    (void)state;
}

/* What a zone for a group lets pass does not pass for one of whom nobody knows that he is in it; what it denies is denied. */
static void test_doubted(void **state)
{
    begin("x CNAME rpz-passthru.\ny CNAME *.\n", "x CNAME .\n", NULL);
    w.use[0].groups = 2;
    asks("203.0.113.1", "x");
    w.facts.groups = 6;
    before(WR_VERDICT_ALLOW, WR_TRIGGER_NAME, 1, 1);
    w.facts.doubted = true;
    before(WR_VERDICT_NXDOMAIN, WR_TRIGGER_NAME, 2, 1);
    asks("203.0.113.1", "y");
    w.facts.groups = 6;
    w.facts.doubted = true;
    before(WR_VERDICT_NODATA, WR_TRIGGER_NAME, 1, 2);
    end();
    (void)state;
}

static void test_data(void **state)
{
    struct wr_rpz_room room;
    struct wr_rrset set;
    begin("@ 60 SOA ns. host. 7 1 2 3 40\n"
          "bad 30 A 192.0.2.1\nbad 20 A 192.0.2.2\nbad 90 TXT \"x\"\nalias CNAME garden.example.\n"
          "*.star CNAME *.garden.example.\n",
          NULL, NULL);
    asks("203.0.113.1", "bad");
    before(WR_VERDICT_DATA, WR_TRIGGER_NAME, 1, 2);
    assert_true(wr_rpz_set(&w.hit, w.name.wire, WR_TYPE_A, 0, &room, &set));
    assert_int_equal(set.records, 2);
    assert_int_equal(set.ttl, 20);
    assert_int_equal(wr_rrset_check(&set), WR_OK);
    assert_ptr_equal(set.owner, w.name.wire);
    assert_true(wr_rpz_set(&w.hit, w.name.wire, WR_TYPE_ANY, 1, &room, &set));
    assert_false(wr_rpz_set(&w.hit, w.name.wire, WR_TYPE_ANY, 2, &room, &set));
    assert_false(wr_rpz_set(&w.hit, w.name.wire, WR_TYPE_A, 1, &room, &set));
    assert_true(wr_rpz_set(&w.hit, w.name.wire, WR_TYPE_TXT, 0, &room, &set));
    assert_int_equal(set.type, WR_TYPE_TXT);
    assert_false(wr_rpz_set(&w.hit, w.name.wire, WR_TYPE_AAAA, 0, &room, &set));
    assert_true(wr_rpz_soa(&w.hit, &set));
    assert_int_equal(set.ttl, 20);
    assert_true(wr_rpz_has_alias(&w.zones));
    asks("203.0.113.1", "alias");
    before(WR_VERDICT_DATA, WR_TRIGGER_NAME, 1, 5);
    assert_true(wr_rpz_set(&w.hit, w.name.wire, WR_TYPE_A, 0, &room, &set));
    assert_int_equal(set.type, WR_TYPE_CNAME);
    asks("203.0.113.1", "a.b.star");
    before(WR_VERDICT_DATA, WR_TRIGGER_NAME, 1, 6);
    assert_true(wr_rpz_set(&w.hit, w.name.wire, WR_TYPE_A, 0, &room, &set));
    struct wr_name want;
    set_name(&want, "a.b.star.garden.example");
    assert_true(wr_name_equal(set.data + 2, want.wire));
    assert_int_equal(wr_rrset_check(&set), WR_OK);
    char label[64], text[256];
    memset(label, 'l', 63);
    label[63] = 0;
    snprintf(text, sizeof(text), "%s.%s.%s.%.50s.star", label, label, label, label);
    asks("203.0.113.1", text); /* too long with the target behind it */
    before(WR_VERDICT_DATA, WR_TRIGGER_NAME, 1, 6);
    assert_false(wr_rpz_set(&w.hit, w.name.wire, WR_TYPE_A, 0, &room, &set));
    end();
    (void)state;
}

static void test_told(void **state)
{
    char text[128];
    struct wr_str s;
    begin("*.Bad CNAME .\n24.0.2.0.192.rpz-ip CNAME .\nns.x.rpz-nsdname CNAME .\n", NULL, NULL);
    static const char *const told[] = {"*.bad", "192.0.2.0/24 (rpz-ip)", "ns.x (rpz-nsdname)"};
    for (uint32_t i = 0; i < 3; i++) {
        wr_str_init(&s, text, sizeof(text));
        wr_rpz_put_owner(&s, w.zone[0].zone, i);
        assert_string_equal(text, told[i]);
    }
    end();
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_root_wildcard),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_addresses_in_disguise),
        cmocka_unit_test(test_doubted),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_disabled_is_only_recorded),
        cmocka_unit_test(test_some_clients),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
