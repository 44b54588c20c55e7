/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/localtest.h"
#include "unit/resolve/rig.h"

#include <stdio.h>

static struct rig r, sent;

static int setup(void **state)
{
    rig_start(&r);
    return 0;
}

static int teardown(void **state)
{
    rig_stop(&r);
    return 0;
}

static void send_next(int server)
{
    while (rig_poll(&r) == WR_REQUEST_FORGET) {
    }
    assert_int_equal(r.out.action, WR_REQUEST_DATAGRAM);
    assert_int_equal(rig_server(&r), server);
    sent = r;
}

static void test_equal_questions_join(void **state)
{
    struct wr_question q = {.name = wire_name("x.example."), .type = WR_TYPE_A};
    bool joined;
    wr_id a = wr_requests_ask(r.requests, &q, r.now.mono_us, &joined);
    assert_false(joined);
    q.name = wire_name("X.EXAMPLE.");
    assert_true(wr_requests_ask(r.requests, &q, r.now.mono_us, &joined) == a && joined);
    q.dnssec_ok = true;
    assert_true(wr_requests_ask(r.requests, &q, r.now.mono_us, &joined) != a && !joined);
    assert_int_equal(wr_requests_count(r.requests), 2);
    assert_true(wr_name_equal(wr_requests_question(r.requests, a)->name.wire, q.name.wire));
}

static void test_full(void **state)
{
    char name[] = "a.example.";
    for (unsigned i = 0; i < 16 - 16 / WR_REQUESTS_RESERVE; i++) {
        name[0] = (char)('a' + i);
        assert_true(rig_ask(&r, name) != 0);
    }
    assert_true(rig_ask(&r, "one-more.example.") == 0);
    assert_true(rig_ask(&r, "a.example.") != 0); /* joining needs no room */
}

/* The chain leaves the route: its end is asked of those who are responsible for it. */
static void test_chain_over_two_groups(void **state)
{
    const struct wire_rr link = WIRE_AN("w.corp.example.", WR_TYPE_CNAME, 100, "cdn.test.");
    const struct wire_rr lie = WIRE_AN("cdn.test.", WR_TYPE_A, 100, "203.0.113.66");
    const struct wire_rr end = WIRE_AN("cdn.test.", WR_TYPE_A, 50, "192.0.2.80");
    const struct wire_rr both[] = {link, lie};
    wr_id id = rig_ask(&r, "w.corp.example.");
    send_next(3);
    rig_answer(&r, &sent, 0, 0, both, 2);
    send_next(0);
    assert_true(wr_name_equal(r.msg.qname.wire, wire_name("cdn.test.").wire));
    rig_answer(&r, &sent, 0, 0, &end, 1);
    rig_result(&r, id, 0);
    assert_int_equal(r.out.answer->answers, 2);
    assert_int_equal(r.out.answer->answer[0].type, WR_TYPE_CNAME);
    assert_int_equal(r.out.answer->answer[1].data[5], 80);
    assert_int_equal(r.out.answer->ttl, 50);
}

/* RRSIG rdata in text, with a signature as long as RSA's with 4096 bits. */
static const char *long_signature(const char *signer)
{
    static char text[900];
    int n =
        snprintf(text, sizeof(text), "CNAME 8 2 100 20300101000000 20250101000000 1 %s ", signer);
    memset(text + n, 'A', 684);
    memcpy(text + n + 683, "=", 2); /* 512 octets in base64 */
    return text;
}

/* Twelve signed links, each in the other group's zone than the one before: seven and a half kilobytes before the end. */
static void test_long_signed_chain(void **state)
{
    struct wr_question q = {
        .name = wire_name("n0.corp.example."), .type = WR_TYPE_A, .dnssec_ok = true};
    char owner[32] = "n0.corp.example.", target[32];
    bool joined;
    wr_id id = wr_requests_ask(r.requests, &q, r.now.mono_us, &joined);
    for (unsigned i = 0; i < WR_CHAIN_MAX; i++) {
        bool corp = i % 2 == 0;
        snprintf(target, sizeof(target), corp ? "n%u.test." : "n%u.corp.example.", i + 1);
        const struct wire_rr link[] = {
            WIRE_AN(owner, WR_TYPE_CNAME, 100, target),
            WIRE_AN(owner, WR_TYPE_RRSIG, 100, long_signature(corp ? "corp.example." : "test."))};
        send_next(corp ? 3 : 0);
        rig_answer(&r, &sent, 0, 0, link, 2);
        memcpy(owner, target, sizeof(owner));
    }
    const struct wire_rr end = WIRE_AN(owner, WR_TYPE_A, 50, "192.0.2.80");
    send_next(3);
    rig_answer(&r, &sent, 0, 0, &end, 1);
    rig_result(&r, id, 0);
    assert_int_equal(r.out.answer->answers, WR_CHAIN_MAX + 1);
    for (unsigned i = 0; i < WR_CHAIN_MAX; i++) {
        assert_int_equal(r.out.answer->answer[i].sigs, 1);
    }
    id = wr_requests_ask(r.requests, &q, r.now.mono_us, &joined); /* places are given back */
    wr_requests_release(r.requests, id, r.now.mono_us);
}

/* No place for a chain is our own want: no server is to blame, and it is not remembered. */
static void test_no_place_for_a_chain(void **state)
{
    char name[] = "a.corp.example.", end[] = "a.test.";
    unsigned failed = 0;
    for (unsigned i = 0; i < 8; i++) {
        name[0] = end[0] = (char)('a' + i);
        const struct wire_rr link = WIRE_AN(name, WR_TYPE_CNAME, 100, end);
        rig_ask(&r, name);
        send_next(3);
        rig_answer(&r, &sent, 0, 0, &link, 1);
        rig_poll(&r);
        while (r.out.action != WR_REQUEST_NOTHING && r.out.action != WR_REQUEST_DATAGRAM) {
            if (r.out.action == WR_REQUEST_FINISHED) {
                failed++;
                assert_int_equal(r.out.answer->ede, WR_EDE_OTHER);
                wr_requests_release(r.requests, r.out.id, r.now.mono_us);
            }
            rig_poll(&r);
        }
    }
    assert_int_equal(failed, 8 - (16 / 8 + 4));
    assert_int_equal(r.state[3].suspect_until_us, 0);
}

static void test_endless_chain_ends(void **state)
{
    unsigned stages = 0;
    wr_id id = rig_ask(&r, "n0.example.");
    while (rig_poll(&r) != WR_REQUEST_FINISHED) {
        if (r.out.action == WR_REQUEST_DATAGRAM) {
            char owner[WR_NAME_TEXT_SIZE], target[32];
            stages++;
            wr_name_to_text(r.msg.qname.wire, owner, sizeof(owner));
            snprintf(target, sizeof(target), "n%u.example.", stages);
            const struct wire_rr link = WIRE_AN(owner, WR_TYPE_CNAME, 100, target);
            sent = r;
            rig_answer(&r, &sent, 0, 0, &link, 1);
        } else if (r.out.action == WR_REQUEST_NOTHING) {
            assert_int_equal(rig_wait(&r, 10 * WR_S) == WR_REQUEST_NOTHING, 0);
            break;
        }
    }
    assert_in_range(stages, WR_CHAIN_MAX, WR_REQUEST_SENDS_MAX);
    assert_true(r.out.failed);
    assert_int_equal(r.out.answer->rcode, WR_RCODE_SERVFAIL);
    wr_requests_release(r.requests, id, r.now.mono_us);
}

/* Two zones whose CNAMEs lead to one another: the loop is seen, not walked, and what another server says is not mixed with it. */
static void test_a_loop_over_two_groups(void **state)
{
    const struct wire_rr out = WIRE_AN("w.corp.example.", WR_TYPE_CNAME, 100, "x.test.");
    const struct wire_rr back = WIRE_AN("x.test.", WR_TYPE_CNAME, 100, "w.corp.example.");
    const struct wire_rr end = WIRE_AN("x.test.", WR_TYPE_A, 100, "192.0.2.80");
    wr_id id = rig_ask(&r, "w.corp.example.");
    send_next(3);
    rig_answer(&r, &sent, 0, 0, &out, 1);
    send_next(0);
    rig_answer(&r, &sent, 0, 0, &back, 1);
    send_next(1);
    rig_answer(&r, &sent, 0, 0, &end, 1);
    rig_result(&r, id, 0);
    assert_int_equal(r.out.answer->answers, 2);
    assert_int_equal(r.out.answer->answer[0].type, WR_TYPE_CNAME);
    assert_int_equal(r.out.answer->answer[1].data[5], 80);
}

static void test_unusable_response_is_the_servers_error(void **state)
{
    const struct wire_rr two[] = {WIRE_AN("x.example.", WR_TYPE_CNAME, 9, "a.example."),
                                  WIRE_AN("x.example.", WR_TYPE_CNAME, 9, "b.example.")};
    const struct wire_rr good = WIRE_AN("x.example.", WR_TYPE_A, 60, "192.0.2.99");
    const struct wire_rr referral = WIRE_NS("example.", WR_TYPE_NS, 60, "ns.example.");
    wr_id id = rig_ask(&r, "x.example.");
    send_next(0);
    rig_answer(&r, &sent, 0, 0, two, 2);
    send_next(1);
    rig_answer(&r, &sent, 0, 0, &referral, 1);
    send_next(2);
    rig_answer(&r, &sent, 0, 0, &good, 1);
    rig_result(&r, id, 0);
    assert_int_equal(r.out.slot, 2);
}

static void test_stale_timer_rings_once_and_the_request_goes_on(void **state)
{
    const struct wire_rr good = WIRE_AN("x.example.", WR_TYPE_A, 60, "192.0.2.99");
    wr_id id = rig_ask(&r, "x.example.");
    wr_requests_set_stale(r.requests, id, r.now.mono_us + 300 * WR_MS);
    send_next(0);
    unsigned rings = 0;
    while (r.now.mono_us < 501500 * WR_MS) {
        rings += rig_wait(&r, 100 * WR_MS) == WR_REQUEST_STALE_DUE;
        assert_int_not_equal(r.out.action, WR_REQUEST_FINISHED);
    }
    assert_int_equal(rings, 1);
    rig_answer(&r, &sent, 0, 0, &good, 1);
    rig_result(&r, id, 0);
}

static struct localtest t;

static void own_names(void)
{
    localtest_zone(&t, "home.arpa.", WR_LOCAL_AUTHORITATIVE);
    localtest_zone(&t, "onion.", WR_LOCAL_NXDOMAIN);
    localtest_add(&t, "cam.home.arpa.", WR_TYPE_A, "192.0.2.7");
    localtest_add(&t, "out.home.arpa.", WR_TYPE_CNAME, "www.example.");
    wr_requests_adopt_local(r.requests, localtest_build(&t));
}

/* What an upstream says of a name of ours is not believed, and the chain ends with what is here. */
static void test_chain_ends_at_a_local_name(void **state)
{
    const struct wire_rr both[] = {WIRE_AN("w.example.", WR_TYPE_CNAME, 100, "cam.home.arpa."),
                                   WIRE_AN("cam.home.arpa.", WR_TYPE_A, 100, "203.0.113.66")};
    own_names();
    wr_id id = rig_ask(&r, "w.example.");
    send_next(0);
    rig_answer(&r, &sent, 0, 0, both, 2);
    rig_result(&r, id, 0);
    assert_int_equal(r.out.answer->answers, 2);
    assert_int_equal(r.out.answer->answer[1].data[5], 7);
    assert_false(r.out.answer->authoritative);
    localtest_free(&t);
}

static void test_chain_into_a_special_name_asks_nobody(void **state)
{
    const struct wire_rr link = WIRE_AN("w.example.", WR_TYPE_CNAME, 100, "secret.onion.");
    own_names();
    wr_id id = rig_ask(&r, "w.example.");
    send_next(0);
    rig_answer(&r, &sent, 0, 0, &link, 1);
    rig_result(&r, id, WR_RCODE_NXDOMAIN);
    assert_int_equal(r.out.answer->answers, 1);
    assert_int_equal(r.out.answer->authorities, 1);
    localtest_free(&t);
}

/* local alias -> upstream -> local alias -> upstream: each link by whom it belongs to. */
static void test_chain_through_local_aliases(void **state)
{
    const struct wire_rr back = WIRE_AN("www.example.", WR_TYPE_CNAME, 100, "far.home.arpa.");
    const struct wire_rr end = WIRE_AN("end.example.", WR_TYPE_A, 50, "192.0.2.80");
    localtest_add(&t, "far.home.arpa.", WR_TYPE_CNAME, "end.example.");
    own_names();
    wr_id id = rig_ask(&r, "out.home.arpa.");
    send_next(0);
    assert_true(wr_name_equal(r.msg.qname.wire, wire_name("www.example.").wire));
    rig_answer(&r, &sent, 0, 0, &back, 1);
    send_next(0);
    assert_true(wr_name_equal(r.msg.qname.wire, wire_name("end.example.").wire));
    rig_answer(&r, &sent, 0, 0, &end, 1);
    rig_result(&r, id, 0);
    assert_int_equal(r.out.answer->answers, 4);
    assert_int_equal(r.out.answer->answer[3].data[5], 80);
    assert_true(r.out.answer->authoritative);
    localtest_free(&t);
}

static void test_release_forgets_everything(void **state)
{
    unsigned forgotten = 0;
    wr_id id = rig_ask(&r, "x.example.");
    send_next(0);
    wr_requests_release(r.requests, id, r.now.mono_us);
    assert_null(wr_requests_question(r.requests, id));
    while (rig_poll(&r) != WR_REQUEST_NOTHING) {
        forgotten += r.out.action == WR_REQUEST_FORGET;
    }
    assert_int_equal(forgotten, 1);
    assert_int_equal(wr_requests_deadline(r.requests), WR_TIME_NEVER);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_equal_questions_join),
        CASE(test_full),
        CASE(test_chain_over_two_groups),
        CASE(test_long_signed_chain),
        CASE(test_no_place_for_a_chain),
        CASE(test_endless_chain_ends),
        CASE(test_a_loop_over_two_groups),
        CASE(test_unusable_response_is_the_servers_error),
        CASE(test_stale_timer_rings_once_and_the_request_goes_on),
        CASE(test_release_forgets_everything),
        CASE(test_chain_ends_at_a_local_name),
        CASE(test_chain_into_a_special_name_asks_nobody),
        CASE(test_chain_through_local_aliases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
