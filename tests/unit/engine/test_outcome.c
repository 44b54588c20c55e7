/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine_state.h"
#include "unit/engine/rig.h"

static struct rig r;

/* The record of the last query, and its name behind it. */
static struct wr_record last_record(char *ret_name, size_t cap)
{
    struct wr_record rec = {0};
    const void *at;
    uint32_t n;
    while ((at = wr_ring_peek(&r.ring, &n)) != NULL) {
        memcpy(&rec, at, sizeof(rec));
        assert_int_equal(n, sizeof(rec) + rec.name_size);
        wr_name_to_text((const uint8_t *)at + sizeof(rec), ret_name, cap);
        wr_ring_pop(&r.ring);
    }
    return rec;
}

static void test_each_query_is_recorded(void **state)
{
    char name[WR_NAME_TEXT_SIZE];
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "door.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    r.now.mono_us += 20 * WR_MS;
    rig_answer(&r, 0, 0, &RIG_A("door.example.", 60), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    struct wr_record rec = last_record(name, sizeof(name));
    assert_string_equal(name, "door.example.");
    assert_int_equal(rec.source, WR_SOURCE_UPSTREAM);
    assert_int_equal(rec.upstream, 0);
    assert_int_equal(rec.took_us, 20000);
    assert_int_equal(rec.reply_size, r.act.size);
    assert_int_equal(rec.qtype, WR_TYPE_A);
    assert_int_equal(rec.client.ip[0], 10);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_ask(&r, (struct rig_query){.name = "door.example.", .tcp = true});
    rig_expect(&r, WR_ACTION_REPLY);
    rec = last_record(name, sizeof(name));
    assert_int_equal(rec.source, WR_SOURCE_CACHE);
    assert_int_equal(rec.transport, WR_CLIENT_TCP);
    assert_int_equal(rec.upstream, 255);
    rig_stop(&r);
}

/* Who is behind an address is looked up as the query comes, and stands in its record, whoever answers it. */
static void test_device_is_recorded(void **state)
{
    char name[WR_NAME_TEXT_SIZE];
    struct wr_hash_key key = {{3, 4}};
    struct wr_addr camera;
    struct wr_who who = {.device = 17, .state = WR_WHO_KNOWN};
    size_t size = wr_device_size(8);
    rig_start(&r);
    void *block = aligned_alloc(64, size);
    memset(block, 0, size);
    struct wr_device_table *table = wr_device_init(block, 8, &key);
    r.engine->setup.devices = table;
    assert_int_equal(wr_addr_from_text("10.0.0.1", &camera), WR_OK);
    assert_int_equal(wr_device_put(table, wr_device_key(table, &camera, 0), &who), WR_OK);
    rig_ask(&r, (struct rig_query){.name = "door.example."});
    rig_expect(&r, WR_ACTION_DATAGRAM);
    wr_device_remove(table, wr_device_key(table, &camera, 0)); /* it was known when it asked */
    rig_answer(&r, 0, 0, &RIG_A("door.example.", 60), 1);
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(last_record(name, sizeof(name)).device, 17);
    rig_expect(&r, WR_ACTION_FORGET);
    rig_ask(&r, (struct rig_query){.name = "door.example.", .from = "10.0.0.2:99"});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(last_record(name, sizeof(name)).device, 0);
    who.state =
        WR_WHO_QUARANTINED; /* then the next question is refused, though its answer is known */
    assert_int_equal(wr_device_put(table, wr_device_key(table, &camera, 0), &who), WR_OK);
    rig_ask(&r, (struct rig_query){.name = "door.example."});
    rig_expect(&r, WR_ACTION_REPLY);
    struct wr_record rec = last_record(name, sizeof(name));
    assert_int_equal(rec.rcode, WR_RCODE_REFUSED);
    assert_int_equal(rec.ede, WR_EDE_PROHIBITED);
    assert_int_equal(rec.verdict.by, WR_VERDICT_BY_QUARANTINE);
    assert_int_equal(rec.device, 17);
    rig_stop(&r);
    free(block);
}

static void test_drops_are_recorded(void **state)
{
    char name[WR_NAME_TEXT_SIZE];
    rig_start(&r);
    r.settings.refused_rate = 0;
    rig_ask(&r, (struct rig_query){.name = "x.example.", .from = "203.0.113.1:7"});
    rig_expect(&r, WR_ACTION_DROP);
    assert_int_equal(last_record(name, sizeof(name)).source, WR_SOURCE_DROPPED);
    assert_string_equal(name, "x.example.");
    rig_stop(&r);
}

/* A ledger that sleeps costs records, never answers. */
static void test_full_ring_is_counted(void **state)
{
    rig_start(&r);
    for (unsigned i = 0; i < 2000; i++) {
        rig_ask(&r, (struct rig_query){.name = "x.example.", .type = WR_TYPE_ANY});
        rig_expect(&r, WR_ACTION_REPLY);
    }
    assert_int_equal(r.stats.replies, 2000);
    assert_true(r.stats.events_dropped > 0);
    rig_stop(&r);
}

static void test_rcodes_are_counted(void **state)
{
    rig_start(&r);
    rig_ask(&r, (struct rig_query){.name = "x.example.", .type = WR_TYPE_AXFR});
    rig_expect(&r, WR_ACTION_REPLY);
    rig_ask(&r, (struct rig_query){.name = "x.example.", .type = WR_TYPE_ANY});
    rig_expect(&r, WR_ACTION_REPLY);
    assert_int_equal(r.stats.refused, 1);
    assert_int_equal(r.stats.noerror, 1);
    assert_int_equal(r.stats.replies, 2);
    assert_int_equal(r.stats.queries_udp, 2);
    rig_stop(&r);
}

/* time.unproven: what was judged without the time is given as it is, or refused; not to those who check for themselves. */
static void test_judged_without_the_time(void **state)
{
    struct wr_answer answer = {.security = WR_SECURITY_INDETERMINATE, .ede = WR_EDE_INDETERMINATE};
    struct wr_asker asker = {.has_question = true, .edns = true, .udp_size = 1232};
    uint8_t room[1232];
    rig_start(&r);
    r.settings.prove.enable = true;
    asker.client.transport = WR_CLIENT_TCP;
    static struct wr_name spared;
    assert_int_equal(wr_name_from_text("time.example", 12, &spared), WR_OK);
    asker.question.name = spared;
    asker.question.type = WR_TYPE_A;
    asker.qclass = WR_CLASS_IN;
    r.settings.prove.spared = &spared;
    for (unsigned i = 0; i < 5; i++) {
        bool secure = i == 2, refused = i == 1;
        r.settings.prove.spareds = i == 4; /* a name that the time needs */
        struct wr_msg m;
        r.settings.prove.refuse_unproven = i > 0;
        asker.flags = i == 3 ? WR_FLAG_RD | WR_FLAG_CD : WR_FLAG_RD;
        answer.security = secure ? WR_SECURITY_SECURE : WR_SECURITY_INDETERMINATE;
        r.now.wall_proven = secure;
        wr_outcome_answer(r.engine, &asker, &answer, WR_SOURCE_CACHE, 255, room, sizeof(room),
                          &r.now, &r.act);
        assert_int_equal(r.act.kind, WR_ACTION_REPLY);
        assert_int_equal(wr_msg_parse(&m, r.act.bytes, r.act.size), WR_OK);
        assert_int_equal(wr_msg_rcode(&m), refused ? WR_RCODE_SERVFAIL : WR_RCODE_NOERROR);
        assert_int_equal(m.edns.ede, WR_EDE_INDETERMINATE);
        assert_int_equal(m.edns.ede_text_size > 0, refused);
    }
    rig_stop(&r);
}

/* The time is not known any more: what was proven with it counts as what is judged without it, local names as ever. */
static void test_proven_before_the_clock_turned(void **state)
{
    static const struct {
        uint8_t security;
        bool local, cd, proven_now, system, refuse;
        bool ad, marked, refused;
    } rows[] = {
        {WR_SECURITY_SECURE, .proven_now = true, .ad = true},
        {WR_SECURITY_SECURE, .system = true, .ad = true},
        {WR_SECURITY_SECURE, .marked = true},
        {WR_SECURITY_INSECURE, .marked = true},
        {WR_SECURITY_INDETERMINATE, .marked = true}, /* from the cache, which keeps no such code */
        {WR_SECURITY_BOGUS, .marked = false},
        {WR_SECURITY_INSECURE, .proven_now = true},
        {WR_SECURITY_INSECURE, .local = true},
        {WR_SECURITY_SECURE, .refuse = true, .marked = true, .refused = true},
        {WR_SECURITY_INSECURE, .refuse = true, .marked = true, .refused = true},
        {WR_SECURITY_INSECURE, .local = true, .refuse = true},
        {WR_SECURITY_SECURE, .cd = true, .refuse = true},
        {WR_SECURITY_SECURE, .proven_now = true, .refuse = true, .ad = true},
    };
    struct wr_answer answer = {.ede = WR_EDE_NONE, .answers = 1};
    struct wr_asker asker = {.has_question = true, .edns = true, .udp_size = 1232};
    static const uint8_t rdata[] = {0, 4, 192, 0, 2, 1};
    uint8_t room[1232];
    rig_start(&r);
    r.settings.prove.enable = true;
    asker.client.transport = WR_CLIENT_TCP;
    asker.question = (struct wr_question){.type = WR_TYPE_A, .dnssec_ok = true};
    rig_name("www.example.", &asker.question.name);
    asker.qclass = WR_CLASS_IN;
    answer.answer[0] = (struct wr_rrset){.owner = asker.question.name.wire,
                                         .type = WR_TYPE_A,
                                         .ttl = 60,
                                         .records = 1,
                                         .data = rdata,
                                         .size = sizeof(rdata)};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_msg m;
        asker.flags = rows[i].cd ? WR_FLAG_RD | WR_FLAG_CD : WR_FLAG_RD;
        r.settings.prove.system_clock = rows[i].system;
        r.settings.prove.refuse_unproven = rows[i].refuse;
        r.now.wall_proven = rows[i].proven_now;
        answer.security = rows[i].security;
        answer.local = rows[i].local;
        wr_outcome_answer(r.engine, &asker, &answer, WR_SOURCE_CACHE, 255, room, sizeof(room),
                          &r.now, &r.act);
        assert_int_equal(r.act.kind, WR_ACTION_REPLY);
        assert_int_equal(wr_msg_parse(&m, r.act.bytes, r.act.size), WR_OK);
        if (wr_msg_rcode(&m) != (rows[i].refused ? WR_RCODE_SERVFAIL : WR_RCODE_NOERROR) ||
            ((m.flags & WR_FLAG_AD) != 0) != rows[i].ad ||
            m.edns.ede != (rows[i].marked ? WR_EDE_INDETERMINATE : WR_EDE_NONE)) {
            fail_msg("row %u: rcode %u flags %x ede %d", i, wr_msg_rcode(&m), m.flags, m.edns.ede);
        }
        char name[64];
        assert_int_equal(last_record(name, sizeof(name)).ede, m.edns.ede); /* in the log too */
    }
    rig_stop(&r);
}

/* RFC 8509: only what was proven, for addresses, and not for those who check for themselves. */
static void test_sentinel(void **state)
{
    static const struct {
        const char *name;
        uint16_t type, flags;
        uint8_t security;
        bool off, refused;
    } rows[] = {
        {"root-key-sentinel-not-ta-20326.a.", WR_TYPE_A, 0, WR_SECURITY_SECURE, false, true},
        {"root-key-sentinel-not-ta-20326.a.", WR_TYPE_AAAA, 0, WR_SECURITY_SECURE, false, true},
        {"root-key-sentinel-not-ta-20326.a.", WR_TYPE_A, 0, WR_SECURITY_SECURE, true, false},
        {"root-key-sentinel-not-ta-20326.a.", WR_TYPE_TXT, 0, WR_SECURITY_SECURE, false, false},
        {"root-key-sentinel-not-ta-20326.a.", WR_TYPE_A, WR_FLAG_CD, WR_SECURITY_SECURE, false,
         false},
        {"root-key-sentinel-not-ta-20326.a.", WR_TYPE_A, 0, WR_SECURITY_INSECURE, false, false},
        {"root-key-sentinel-is-ta-20326.a.", WR_TYPE_A, 0, WR_SECURITY_SECURE, false, false},
        {"root-key-sentinel-is-ta-00007.a.", WR_TYPE_A, 0, WR_SECURITY_SECURE, false, true},
    };
    struct wr_anchor list[4];
    static struct wr_anchors anchors;
    uint8_t room[1232];
    wr_anchors_init(&anchors, list, 4);
    assert_int_equal(wr_anchors_add_builtin(&anchors), WR_OK);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_answer answer = {.security = rows[i].security, .ede = WR_EDE_NONE};
        struct wr_asker asker = {.has_question = true, .edns = true, .udp_size = 1232};
        rig_start(&r);
        r.settings.prove.enable = true;
        r.settings.prove.sentinel = !rows[i].off;
        r.settings.prove.anchors = &anchors;
        asker.client.transport = WR_CLIENT_TCP;
        asker.flags = rows[i].flags;
        asker.question.type = rows[i].type;
        assert_int_equal(
            wr_name_from_text(rows[i].name, strlen(rows[i].name), &asker.question.name), WR_OK);
        wr_outcome_answer(r.engine, &asker, &answer, WR_SOURCE_CACHE, 255, room, sizeof(room),
                          &r.now, &r.act);
        assert_int_equal(room[3] & 15, rows[i].refused ? WR_RCODE_SERVFAIL : WR_RCODE_NOERROR);
        rig_stop(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_query_is_recorded),
        cmocka_unit_test(test_judged_without_the_time),
        cmocka_unit_test(test_proven_before_the_clock_turned),
        cmocka_unit_test(test_sentinel),
        cmocka_unit_test(test_device_is_recorded),
        cmocka_unit_test(test_drops_are_recorded),
        cmocka_unit_test(test_full_ring_is_counted),
        cmocka_unit_test(test_rcodes_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
