/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/engine/rig.h"

static struct rig r;

static void resolve_a(const char *name, uint32_t ttl)
{
    rig_ask(&r, (struct rig_query){.name = name});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, &RIG_A(name, ttl), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 1);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_quiet(&r);
}

static void test_miss_then_hit(void **state)
{
    rig_start(&r);
    resolve_a("camera.example.", 300);
    assert_int_equal(r.msg.id, 0x1234);
    r.now.mono_us += 10 * WR_S;
    rig_ask(&r, (struct rig_query){.name = "CAMERA.example.", .id = 7});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.id, 7);
    assert_int_equal(rig_rr_at(&r, WR_SECTION_ANSWER).ttl, 290);
    assert_memory_equal(r.msg.qname.wire, "\6CAMERA\7example", 16);
    rig_quiet(&r);
    assert_int_equal(r.stats.cache_hits, 1);
    assert_int_equal(r.stats.cache_misses, 1);
    rig_stop(&r);
}

/* What 0x20 did to the question does not come back in names that the server compressed against it. */
static void test_turned_case_is_undone(void **state)
{
    uint8_t soa[64];
    rig_start(&r);
    for (unsigned i = 0; i < 8; i++) {
        char name[] = "0.camera.example.";
        name[0] = (char)('0' + i);
        rig_ask(&r, (struct rig_query){.name = name});
        rig_expect(&r, WR_ACTION_DATAGRAM);
        /* SOA of the apex, mname under the question's name as sent: a pointer in the wire form. */
        memset(soa, 0, sizeof(soa));
        memcpy(soa, r.msg.qname.wire + 2, 16);
        struct rig_rr rr = {.owner = "example.",
                            .type = WR_TYPE_SOA,
                            .ttl = 60,
                            .rdata = soa,
                            .size = 37,
                            .section = WR_SECTION_AUTHORITY};
        soa[36] = 60;
        rig_answer(&r, 0, 0, &rr, 1);
        rig_expect(&r, WR_ACTION_REPLY);
        struct wr_msg_rr got = rig_rr_at(&r, WR_SECTION_AUTHORITY);
        struct wr_reader at = wr_msg_reader(&r.msg, got.rdata);
        struct wr_name mname;
        assert_int_equal(wr_name_read(&at, &mname), 0);
        assert_memory_equal(mname.wire, "\6camera\7example", 16);
        rig_expect(&r, WR_ACTION_FORGET);
    }
    rig_stop(&r);
}

static void test_equal_questions_share_one(void **state)
{
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "a.example.", .id = 1});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    struct wr_action sent = r.act;
    struct wr_msg asked = r.msg;
    rig_ask(&r, (struct rig_query){.name = "a.example.", .id = 2, .from = "10.9.0.1:1000"});
    rig_quiet(&r);
    r.act = sent;
    r.msg = asked;
    rig_answer(&r, 0, 0, &RIG_A("a.example.", 60), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.id, 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.id, 2);
    assert_int_equal(r.act.client.from.port, 1000);
    assert_int_equal(r.stats.joined, 1);
    rig_stop(&r);
}

static void test_negative_is_kept(void **state)
{
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "no.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, WR_RCODE_NXDOMAIN, 0, &RIG_SOA("example.", 900), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(wr_msg_rcode(&r.msg), WR_RCODE_NXDOMAIN);
    assert_int_equal(rig_rr_at(&r, WR_SECTION_AUTHORITY).ttl, 60); /* the SOA's minimum */
    rig_expect(&r, WR_ACTION_FORGET);
    rig_ask(&r, (struct rig_query){.name = "no.example.", .type = WR_TYPE_AAAA});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(wr_msg_rcode(&r.msg), WR_RCODE_NXDOMAIN);
    rig_quiet(&r);
    rig_stop(&r);
}

static void test_silence_goes_to_the_second(void **state)
{
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "slow.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    assert_int_equal(r.act.to.ip[3], 1);
    rig_quiet(&r);
    assert_true(rig_wait(&r, 300 * WR_MS));
    assert_int_equal(r.act.kind, WR_ACTION_DATAGRAM);
    assert_int_equal(r.act.to.ip[3], 2);
    rig_answer(&r, 0, 0, &RIG_A("slow.example.", 60), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_stop(&r);
}

static void expect_reason(const char *words)
{
    char text[256] = "";
    assert_in_range(r.msg.edns.ede_text_size, 1, sizeof(text) - 1);
    memcpy(text, r.msg.edns.ede_text, r.msg.edns.ede_text_size);
    assert_non_null(strstr(text, words));
}

/* Everything silent: SERVFAIL with a reason within 2 s, then at once; stale data is served with EDE 3 and TTL 30. */
static void test_outage(void **state)
{
    rig_start(&r);
    resolve_a("known.example.", 10);
    r.now.mono_us += 60 * WR_S;
    uint64_t begun = r.now.mono_us;
    rig_ask(&r, (struct rig_query){.name = "unknown.example."});
    bool replied = false;
    while (!replied && (rig_poll(&r) || rig_wait(&r, 3 * WR_S))) {
        replied = r.act.kind == WR_ACTION_REPLY;
    }
    assert_int_equal(wr_msg_rcode(&r.msg), WR_RCODE_SERVFAIL);
    assert_int_equal(r.msg.edns.ede, WR_EDE_NO_REACHABLE_AUTHORITY);
    assert_true(r.now.mono_us - begun <= 2 * WR_S);
    expect_reason(".: none of the upstreams of group isp answered in time");
    while (rig_poll(&r)) {
    }
    rig_ask(&r, (struct rig_query){.name = "unknown.example."});
    for (replied = false;
         !replied && rig_poll(&r);) { /* at once: it is kept, and so is the reason */
        replied = r.act.kind == WR_ACTION_REPLY;
    }
    assert_true(replied);
    expect_reason(".: none of the upstreams of group isp answered in time");
    while (rig_poll(&r)) {
    }
    begun = r.now.mono_us;
    rig_ask(&r, (struct rig_query){.name = "known.example."});
    for (replied = false; !replied && (rig_poll(&r) || rig_wait(&r, 3 * WR_S));) {
        replied = r.act.kind == WR_ACTION_REPLY;
    }
    assert_int_equal(wr_msg_rcode(&r.msg), WR_RCODE_NOERROR);
    assert_int_equal(r.msg.edns.ede, WR_EDE_STALE_ANSWER);
    assert_int_equal(rig_rr_at(&r, WR_SECTION_ANSWER).ttl, 30);
    assert_true(r.now.mono_us - begun <= 400 * WR_MS);
    rig_stop(&r);
}

static void test_truncated_goes_to_tcp(void **state)
{
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "big.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, WR_FLAG_TC, NULL, 0);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_expect(&r, WR_ACTION_STREAM_OPEN);
    wr_id stream = r.act.id;
    rig_quiet(&r);
    struct wr_event open = {.kind = WR_EVENT_STREAM_OPEN, .id = stream};
    wr_engine_feed(r.engine, &open, &r.now);
    rig_expect(&r, WR_ACTION_STREAM_WRITE);
    assert_int_equal(r.act.bytes[0] << 8 | r.act.bytes[1], r.act.size - 2);
    uint8_t reply[600];
    struct rig_rr rr = RIG_A("big.example.", 60);
    size_t size = rig_build_answer(&r, 0, 0, &rr, 1, reply + 2, sizeof(reply) - 2);
    reply[0] = (uint8_t)(size >> 8);
    reply[1] = (uint8_t)size;
    struct wr_event bytes = {
        .kind = WR_EVENT_STREAM_BYTES, .id = stream, .bytes = reply, .size = size + 2};
    wr_engine_feed(r.engine, &bytes, &r.now);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 1);
    rig_quiet(&r);
    assert_true(rig_wait(&r, 20 * WR_S)); /* idle */
    assert_int_equal(r.act.kind, WR_ACTION_STREAM_CLOSE);
    rig_stop(&r);
}

static void test_wrong_reply_goes_to_tcp(void **state)
{
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "bank.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    r.msg.id ^= 1;
    rig_answer(&r, 0, 0, &RIG_A("bank.example.", 60), 1);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_expect(&r, WR_ACTION_STREAM_OPEN);
    assert_int_equal(r.stats.replies, 0);
    rig_stop(&r);
}

static void test_late_events_are_ignored(void **state)
{
    rig_start(&r);
    resolve_a("x.example.", 60);
    struct wr_event late = {
        .kind = WR_EVENT_DATAGRAM, .id = r.act.id, .bytes = r.bytes, .size = 12};
    wr_engine_feed(r.engine, &late, &r.now);
    rig_quiet(&r);
    late.kind = WR_EVENT_STREAM_CLOSED;
    wr_engine_feed(r.engine, &late, &r.now);
    rig_quiet(&r);
    late.kind = WR_EVENT_UNREACHABLE;
    wr_engine_feed(r.engine, &late, &r.now);
    rig_quiet(&r);
    rig_stop(&r);
}

static void test_client_gone_gets_nothing(void **state)
{
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "tcp.example.", .tcp = true});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    struct wr_action sent = r.act;
    struct wr_msg asked = r.msg;
    struct wr_event gone = {.kind = WR_EVENT_CLIENT_GONE,
                            .client = {.conn = 99, .transport = WR_CLIENT_TCP}};
    wr_engine_feed(r.engine, &gone, &r.now);
    rig_quiet(&r);
    r.act = sent;
    r.msg = asked;
    rig_answer(&r, 0, 0, &RIG_A("tcp.example.", 60), 1);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_quiet(&r);
    rig_stop(&r);
}

static void test_adopt_asks_again(void **state)
{
    static struct wr_settings other;
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "moved.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    other = r.settings;
    other.upstreams.group[0].server[0] = 1;
    other.upstreams.group[0].servers = 1;
    wr_engine_adopt(r.engine, &other, &r.now);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_expect(&r, WR_ACTION_DATAGRAM);
    assert_int_equal(r.act.to.ip[3], 2);
    rig_answer(&r, 0, 0, &RIG_A("moved.example.", 60), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    rig_stop(&r);
}

static void test_chain_is_followed(void **state)
{
    rig_start(&r);
    struct rig_rr cname = {.owner = "www.example.",
                           .type = WR_TYPE_CNAME,
                           .ttl = 100,
                           .rdata = (const uint8_t *)"\3cdn\4test",
                           .size = 10};
    rig_ask(&r, (struct rig_query){.name = "www.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    rig_answer(&r, 0, 0, &cname, 1);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_expect(&r, WR_ACTION_DATAGRAM);
    assert_true(wr_name_equal(r.msg.qname.wire, (const uint8_t *)"\3cdn\4test"));
    rig_answer(&r, 0, 0, &RIG_A("cdn.test.", 50), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 2);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_ask(&r, (struct rig_query){.name = "www.example."});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.msg.counts[WR_SECTION_ANSWER], 2);
    rig_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_miss_then_hit),
        cmocka_unit_test(test_turned_case_is_undone),
        cmocka_unit_test(test_equal_questions_share_one),
        cmocka_unit_test(test_negative_is_kept),
        cmocka_unit_test(test_silence_goes_to_the_second),
        cmocka_unit_test(test_outage),
        cmocka_unit_test(test_truncated_goes_to_tcp),
        cmocka_unit_test(test_wrong_reply_goes_to_tcp),
        cmocka_unit_test(test_late_events_are_ignored),
        cmocka_unit_test(test_client_gone_gets_nothing),
        cmocka_unit_test(test_adopt_asks_again),
        cmocka_unit_test(test_chain_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
