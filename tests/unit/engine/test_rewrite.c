/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine_state.h"
#include "unit/engine/rig.h"
#include "unit/policy/rpzzone.h"

static struct rig r;
static struct rpzzone zone[2];
static struct wr_rpz_use use[2];

/* Settings with these policy zones, the second perhaps none; in force at once. */
static void adopt(const char *one, const char *two)
{
    const char *text[] = {one, two};
    memset(&r.settings.rpz, 0, sizeof(r.settings.rpz));
    r.settings.serial++;
    for (unsigned i = 0; i < 2; i++) {
        rpzzone_free(&zone[i]);
        memset(&zone[i], 0, sizeof(zone[i]));
        if (text[i]) {
            rpzzone_make(&zone[i], i ? "two.rpz" : "one.rpz", text[i]);
            use[i] = (struct wr_rpz_use){
                .zone = zone[i].zone, .label = (uint16_t)(i + 1), .ede = WR_EDE_NONE};
            r.settings.rpz.count++;
        }
    }
    r.settings.rpz.use = use;
    r.settings.rpz.key = rpzzone_key;
    wr_engine_adopt(r.engine, &r.settings, &r.now);
}

static void start(const char *one, const char *two)
{
    rig_start(&r);
    adopt(one, two);
}

static void stop(void)
{
    rig_stop(&r);
    for (unsigned i = 0; i < 2; i++) {
        rpzzone_free(&zone[i]);
        memset(&zone[i], 0, sizeof(zone[i]));
    }
}

#define HEAD "@ 600 SOA ns. host. 7 1 2 3 40\n"

/* The reply is there: its RCODE and flags among AA, TC, RA, AD. */
static void replied(uint16_t rcode, uint16_t flags)
{
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.flags & 15, rcode);
    assert_int_equal(r.msg.flags & (WR_FLAG_AA | WR_FLAG_TC | WR_FLAG_RA | WR_FLAG_AD), flags);
}

static bool has_type(enum wr_section section, uint16_t type)
{
    struct wr_msg_walk walk = wr_msg_walk(&r.msg, section);
    struct wr_msg_rr rr;
    while (wr_msg_next(&walk, &rr)) {
        if (rr.type == type) {
            return true;
        }
    }
    return false;
}

/* Nobody is asked; whatever the client says of DNSSEC; the SOA record stands in the additional section. */
static void test_question(void **state)
{
    start(HEAD "bad.test CNAME .\n*.bad.test CNAME *.\ndrop.test CNAME rpz-drop.\n"
               "tcp.test CNAME rpz-tcp-only.\nok.test CNAME rpz-passthru.\n",
          NULL);
    rig_ask(&r, (struct rig_query){
                    .name = "Bad.test.", .flags = WR_FLAG_AD | WR_FLAG_CD, .dnssec_ok = true});
    replied(WR_RCODE_NXDOMAIN, WR_FLAG_AA | WR_FLAG_RA);
    assert_int_equal(r.msg.edns.ede, WR_EDE_BLOCKED);
    assert_true(has_type(WR_SECTION_ADDITIONAL, WR_TYPE_SOA));
    assert_int_equal(r.msg.counts[WR_SECTION_AUTHORITY], 0);
    rig_ask(&r, (struct rig_query){.name = "x.bad.test.", .no_rd = true});
    replied(WR_RCODE_NOERROR, WR_FLAG_AA | WR_FLAG_RA);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 0);
    rig_ask(&r, (struct rig_query){.name = "drop.test."});
    rig_expect(&r, WR_ACTION_DROP);
    rig_ask(&r, (struct rig_query){.name = "tcp.test."});
    replied(WR_RCODE_NOERROR, WR_FLAG_TC | WR_FLAG_RA);
    assert_int_equal(r.stats.rewritten, 2);
    assert_int_equal(r.stats.cache_misses, 0);
    rig_ask(&r, (struct rig_query){.name = "tcp.test.", .tcp = true});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_ask(&r, (struct rig_query){.name = "ok.test."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    stop();
    (void)state;
}

static void test_data(void **state)
{
    start("bad.test A 192.0.2.9\nbad.test TXT \"x\"\n", NULL);
    rig_ask(&r, (struct rig_query){.name = "bad.test."});
    replied(WR_RCODE_NOERROR, WR_FLAG_AA | WR_FLAG_RA);
    assert_int_equal(rig_rr_at(&r, WR_SECTION_ANSWER).type, WR_TYPE_A);
    rig_ask(&r, (struct rig_query){.name = "bad.test.", .type = WR_TYPE_AAAA});
    replied(WR_RCODE_NOERROR, WR_FLAG_AA | WR_FLAG_RA);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 0);
    stop();
    (void)state;
}

static const struct rig_rr chain[] = {
    {.owner = "www.test.",
     .type = WR_TYPE_CNAME,
     .ttl = 60,
     .rdata = (const uint8_t *)"\3cdn\4test",
     .size = 10},
    {.owner = "cdn.test.",
     .type = WR_TYPE_A,
     .ttl = 60,
     .rdata = (const uint8_t *)"\xc6\x33\x64\x07",
     .size = 4},
};

/* An address, and a name in the chain: from the upstream and from the cache alike. */
static void test_answer(void **state)
{
    start(HEAD "24.0.100.51.198.rpz-ip A 192.0.2.9\n", NULL);
    for (unsigned i = 0; i < 2; i++) {
        rig_ask(&r, (struct rig_query){.name = "door.test.", .flags = WR_FLAG_CD * i});
        rig_expect(&r, WR_ACTION_DATAGRAM);
        rig_answer(&r, 0, 0, &RIG_A("door.test.", 60), 1);
        replied(WR_RCODE_NOERROR, WR_FLAG_RA); /* without AA: the name is somebody else's */
        assert_memory_equal(r.bytes + rig_rr_at(&r, WR_SECTION_ANSWER).rdata, "\xc0\0\2\x09", 4);
        assert_true(has_type(WR_SECTION_ADDITIONAL, WR_TYPE_SOA));
        rig_expect(&r, WR_ACTION_FORGET);
    }
    rig_ask(&r, (struct rig_query){.name = "door.test."});
    replied(WR_RCODE_NOERROR, WR_FLAG_RA);
    assert_memory_equal(r.bytes + rig_rr_at(&r, WR_SECTION_ANSWER).rdata, "\xc0\0\2\x09", 4);
    adopt("cdn.test CNAME .\n", NULL);
    rig_ask(&r, (struct rig_query){.name = "www.test."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, chain, 2);
    replied(WR_RCODE_NXDOMAIN, WR_FLAG_AA | WR_FLAG_RA);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 1); /* the link before it stays */
    assert_int_equal(rig_rr_at(&r, WR_SECTION_ANSWER).type, WR_TYPE_CNAME);
    stop();
    (void)state;
}

/* A zone before it wants to see the answer: so the question goes out, and the later zone decides then. */
static void test_order(void **state)
{
    start("8.0.0.0.198.rpz-ip CNAME rpz-passthru.\n", "bad.test CNAME .\n");
    rig_ask(&r, (struct rig_query){.name = "bad.test."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, &RIG_A("bad.test.", 60), 1);
    replied(WR_RCODE_NOERROR, WR_FLAG_RA);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 1);
    rig_expect(&r, WR_ACTION_FORGET);
    adopt("8.0.0.0.10.rpz-ip CNAME rpz-passthru.\n", "bad.test CNAME .\n");
    rig_ask(&r, (struct rig_query){.name = "bad.test."});
    replied(WR_RCODE_NXDOMAIN, WR_FLAG_AA | WR_FLAG_RA);
    stop();
    (void)state;
}

static void answer_target(const char *name)
{
    struct wr_name want;
    rig_name(name, &want);
    rig_expect(&r, WR_ACTION_DATAGRAM);
    assert_true(wr_name_equal(r.msg.qname.wire, want.wire));
    rig_answer(&r, 0, 0, &RIG_A(name, 60), 1);
}

/* A CNAME of a policy: its target is asked for, and not looked at by policy; what came before the name stays. */
static void test_alias(void **state)
{
    start("bad.test CNAME garden.test.\ngarden.test CNAME .\ncdn.test CNAME *.garden.test.\n",
          NULL);
    rig_ask(&r, (struct rig_query){.name = "bad.test."});
    answer_target("garden.test.");
    replied(WR_RCODE_NOERROR, WR_FLAG_AA | WR_FLAG_RA);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 2);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_ask(&r, (struct rig_query){.name = "bad.test.", .type = WR_TYPE_CNAME});
    replied(WR_RCODE_NOERROR, WR_FLAG_AA | WR_FLAG_RA);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 1);
    rig_ask(&r, (struct rig_query){.name = "www.test."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, chain, 2);
    rig_expect(&r, WR_ACTION_FORGET);
    answer_target("cdn.test.garden.test.");
    replied(WR_RCODE_NOERROR, WR_FLAG_RA);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 3);
    stop();
    (void)state;
}

/* Other settings come while the target is asked for: they judge the question that came. */
static void test_reload_meanwhile(void **state)
{
    start("bad.test CNAME garden.test.\n", NULL);
    rig_ask(&r, (struct rig_query){.name = "bad.test."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    adopt("bad.test CNAME .\n", NULL);
    rig_answer(&r, 0, 0, &RIG_A("garden.test.", 60), 1);
    bool replied_once = false;
    while (rig_poll(&r)) {
        if (r.act.kind == WR_ACTION_DATAGRAM) { /* under other settings it is asked anew */
            rig_answer(&r, 0, 0, &RIG_A("garden.test.", 60), 1);
        } else if (r.act.kind == WR_ACTION_REPLY) {
            assert_int_equal(r.msg.flags & 15, WR_RCODE_NXDOMAIN);
            replied_once = true;
        }
    }
    assert_true(replied_once);
    stop();
    (void)state;
}

static void test_shadow_is_recorded(void **state)
{
    const void *at;
    uint32_t n;
    struct wr_record rec;
    start("bad.test CNAME .\n", NULL);
    use[0].override = WR_RPZ_OVERRIDE_DISABLED;
    rig_ask(&r, (struct rig_query){.name = "bad.test."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, &RIG_A("bad.test.", 60), 1);
    replied(WR_RCODE_NOERROR, WR_FLAG_RA);
    at = wr_ring_peek(&r.ring, &n);
    assert_non_null(at);
    memcpy(&rec, at, sizeof(rec));
    assert_int_equal(rec.verdict.action, WR_VERDICT_NXDOMAIN);
    assert_int_equal(rec.verdict.by, WR_VERDICT_BY_RPZ);
    assert_true(rec.verdict.shadow);
    assert_int_equal(rec.verdict.rule, 1);
    stop();
    (void)state;
}

static void test_without_ra(void **state)
{
    start("bad.test CNAME .\nno.test CNAME *.\n", NULL);
    use[0].signal = true;
    rig_ask(&r, (struct rig_query){.name = "bad.test."});
    replied(WR_RCODE_NXDOMAIN, WR_FLAG_AA);
    rig_ask(&r, (struct rig_query){.name = "no.test."});
    replied(WR_RCODE_NOERROR, WR_FLAG_AA | WR_FLAG_RA);
    stop();
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_alias),
        cmocka_unit_test(test_reload_meanwhile),
        cmocka_unit_test(test_shadow_is_recorded),
        cmocka_unit_test(test_without_ra),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
