/* SPDX-License-Identifier: Apache-2.0 */
/* Answers are proven before anybody sees them: against the signed zones of tests/unit/dnssec, behind forwarders. */
#include "unit/resolve/bed.h"

#include "base/check.h"

/* --- verdicts ----------------------------------------------------------------------------------- */

static void test_secure(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_answer a;
    expect(b, "a.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE, WR_EDE_NONE);
    assert_int_equal(find(b, "a.sec.", WR_TYPE_A, false, WR_SECURITY_SECURE, &a), WR_FOUND_FRESH);
    expect(b, "none.sec.", WR_RCODE_NXDOMAIN, WR_SECURITY_SECURE, WR_EDE_NONE);
    bed_free(b);
}

static void test_insecure(void **state)
{
    struct bed *b = bed_new(16);
    expect(b, "www.plain.", WR_RCODE_NOERROR, WR_SECURITY_INSECURE, WR_EDE_NONE);
    bed_free(b);
}

static void test_bogus(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_answer a;
    b->lie = "a.sec.";
    wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
    const struct wr_answer *got = serve(b, id);
    assert_int_equal(got->rcode, WR_RCODE_SERVFAIL);
    assert_true(b->r.out.failed);
    assert_int_equal(got->ede, WR_EDE_RRSIGS_MISSING);
    assert_non_null(got->ede_text);
    assert_true(wr_name_equal(got->ede_zone, world_name("sec.").wire)); /* the zone, and why */
    assert_true(strlen(got->ede_text) > 3);
    assert_int_equal(got->answers, 0);
    release(b, id);
    assert_int_equal(find(b, "a.sec.", WR_TYPE_A, false, 0, &a), WR_FOUND_NOTHING);
    assert_int_equal(b->servers, 7); /* every server of the group, once each */
    assert_int_equal(b->lied, 3);
    bed_free(b);
}

static void test_altered(void **state)
{
    struct bed *b = bed_new(16);
    b->zones = (struct server){.mode = SERVER_ALTER, .name = "a.sec.", .type = WR_TYPE_A};
    expect(b, "a.sec.", WR_RCODE_SERVFAIL, 0, WR_EDE_BOGUS);
    bed_free(b);
}

static void test_another_server_is_asked(void **state)
{
    struct bed *b = bed_new(16);
    b->zones = (struct server){.mode = SERVER_ONCE, .name = "a.sec.", .type = WR_TYPE_A};
    expect(b, "a.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE, WR_EDE_NONE);
    assert_int_equal(b->servers, 3);
    bed_free(b);
}

static void test_chain_is_shortened(void **state)
{
    struct bed *b = bed_new(16);
    b->whole_chain = true;
    wr_id id = ask(b, "alias.sec.", WR_TYPE_A, false);
    const struct wr_answer *got = serve(b, id);
    assert_int_equal(b->lied, 1);
    assert_int_equal(got->rcode, WR_RCODE_NOERROR);
    assert_int_equal(got->security, WR_SECURITY_SECURE);
    assert_int_equal(got->answers, 2);
    assert_int_equal(got->answer[1].data[2], 192); /* the address of the zone, not the lie */
    release(b, id);
    bed_free(b);
}

/* The part of a chain that was left out because nothing proves it is not remembered either: not with the security of
 * the link before it. */
static void test_denied_end_is_not_kept(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        struct bed *b = bed_new(16);
        struct wr_answer a;
        b->denied_end = true;
        wr_id id = ask(b, i ? "alias.plain." : "alias.sec.", WR_TYPE_A, false);
        const struct wr_answer *got = serve(b, id);
        assert_int_equal(b->lied, 1);
        assert_int_equal(got->rcode, WR_RCODE_NOERROR);
        assert_int_equal(got->answers, 2);
        assert_int_equal(got->security, i ? WR_SECURITY_INSECURE : WR_SECURITY_SECURE);
        assert_int_equal(find(b, "a.sec.", WR_TYPE_A, false, WR_SECURITY_SECURE, &a),
                         WR_FOUND_FRESH);
        assert_int_equal(a.answers, 1);
        release(b, id);
        bed_free(b);
    }
}

static void test_chain_over_zones(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_answer a;
    expect(b, "away.sec.", WR_RCODE_NOERROR, WR_SECURITY_INSECURE, WR_EDE_NONE);
    assert_int_equal(find(b, "away.sec.", WR_TYPE_CNAME, false, 0, &a), WR_FOUND_FRESH);
    assert_int_equal(a.security, WR_SECURITY_SECURE); /* the link itself is proven */
    assert_int_equal(find(b, "away.sec.", WR_TYPE_A, false, 0, &a), WR_FOUND_FRESH);
    assert_int_equal(a.security, WR_SECURITY_INSECURE);
    bed_free(b);
}

/* --- keys --------------------------------------------------------------------------------------- */

/* An alias comes with the denial of DS that its target needs: it is not asked for. One that nobody signed proves nothing. */
static void test_denial_beside_an_alias(void **state)
{
    static const struct {
        const char *zone, *alias, *target;
    } rows[] = {{"a.sec.", "out.sec.", "www.uns.sec."},
                {"www.n3.sec.", "out.n3.sec.", "www.uns.n3.sec."}};
    for (unsigned i = 0; i < 6; i++) {
        struct bed *b = bed_new(16);
        expect(b, rows[i % 2].zone, WR_RCODE_NOERROR, WR_SECURITY_SECURE, WR_EDE_NONE);
        unsigned keys = b->keys;
        b->beside = i >= 2;
        b->unsigned_beside = i >= 4;
        b->lie = rows[i % 2].target;
        expect(b, rows[i % 2].alias, WR_RCODE_NOERROR, WR_SECURITY_INSECURE, WR_EDE_NONE);
        assert_int_equal(b->keys - keys, b->beside && !b->unsigned_beside ? 0 : 1);
        bed_free(b);
    }
}

static void test_keys_are_kept(void **state)
{
    struct bed *b = bed_new(16);
    expect(b, "a.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE, WR_EDE_NONE);
    assert_int_equal(b->keys, 3); /* ./DNSKEY, sec./DS, sec./DNSKEY */
    expect(b, "mx.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE, WR_EDE_NONE);
    assert_int_equal(b->keys, 3);
    bed_free(b);
}

/* sec. has other servers than the rest: its DS set is asked of those of the zone above. */
static void test_ds_is_asked_above(void **state)
{
    struct bed *b = bed_new(16);
    unsigned ds = 0, dnskey = 0;
    b->r.route.zone = world_name("sec.");
    wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
    while (rig_wait(&b->r, 20 * WR_S) != WR_REQUEST_FINISHED || b->r.out.id != id) {
        if (b->r.out.action == WR_REQUEST_FINISHED) {
            release(b, b->r.out.id);
        }
        if (b->r.out.action == WR_REQUEST_DATAGRAM) {
            bool of_sec = b->r.msg.qname.size == world_name("sec.").size;
            if (of_sec && b->r.msg.qtype == WR_TYPE_DS) {
                assert_int_not_equal(rig_server(&b->r), 3);
                ds++;
            }
            if (of_sec && b->r.msg.qtype == WR_TYPE_DNSKEY) {
                assert_int_equal(rig_server(&b->r), 3);
                dnskey++;
            }
            answer_it(b);
        }
    }
    assert_int_equal(b->r.out.answer->security, WR_SECURITY_SECURE);
    assert_int_equal(ds, 1);
    assert_int_equal(dnskey, 1);
    release(b, id);
    bed_free(b);
}

static void test_keys_out_of_reach(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_question q = {.name = world_name("a.sec."), .type = WR_TYPE_A};
    struct wr_answer a;
    uint32_t stored_s;
    bool silence = false;
    b->silent_keys = true;
    wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
    const struct wr_answer *got = serve(b, id);
    assert_int_equal(got->rcode, WR_RCODE_SERVFAIL);
    assert_int_not_equal(got->ede, WR_EDE_BOGUS);
    release(b, id);
    assert_int_equal(wr_answer_find_failure(b->r.cache, &q, (uint32_t)(b->r.now.mono_us / WR_S),
                                            &b->room, &a, &stored_s, &silence),
                     WR_FOUND_FAILURE);
    assert_true(
        silence); /* no verdict on the name: whoever asks when servers are back is not told it failed */
    b->silent_keys = false;
    b->r.now.mono_us += 30 * WR_S;
    expect(b, "a.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE, WR_EDE_NONE);
    bed_free(b);
}

/* One server knows nothing of DNSSEC, and those that do are silent: no answer, and no verdict that outlives the silence by much. What
 * the one says is never taken for more than it is. */
static void test_a_plain_server_beside_silent_ones(void **state)
{
    for (unsigned known = 0; known < 2; known++) {
        struct bed *b = bed_new(16);
        if (known) {
            expect(b, "mx.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE, WR_EDE_NONE);
        }
        b->plain = 1;
        b->silent = ~1u;
        wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
        assert_int_equal(serve(b, id)->rcode, WR_RCODE_SERVFAIL);
        release(b, id);
        b->silent = 0;
        b->r.now.mono_us += 6 * WR_S;
        expect(b, "a.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE, WR_EDE_NONE);
        bed_free(b);
    }
}

/* What waited for its keys is no younger for that: to the client, and in the cache. */
static void test_a_life_begins_when_it_is_heard(void **state)
{
    uint32_t ttl[2], cached;
    for (unsigned late = 0; late < 2; late++) {
        struct bed *b = bed_new(16);
        struct wr_answer a;
        uint64_t heard_us = 0;
        wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
        while (rig_wait(&b->r, 20 * WR_S) != WR_REQUEST_FINISHED || b->r.out.id != id) {
            if (b->r.out.action == WR_REQUEST_FINISHED) {
                release(b, b->r.out.id);
            } else if (b->r.out.action == WR_REQUEST_DATAGRAM) {
                heard_us = is_keys(b) ? heard_us : b->r.now.mono_us;
                b->r.now.mono_us += late && is_keys(b) ? 1200 * WR_MS : 0;
                answer_it(b);
            }
        }
        uint32_t passed = (uint32_t)(b->r.now.mono_us / WR_S - heard_us / WR_S);
        assert_true(late ? passed >= 3 : passed == 0);
        assert_int_equal(b->r.out.answer->security, WR_SECURITY_SECURE);
        ttl[late] = b->r.out.answer->answer[0].ttl + passed;
        release(b, id);
        assert_int_equal(find(b, "a.sec.", WR_TYPE_A, false, WR_SECURITY_SECURE, &a),
                         WR_FOUND_FRESH);
        cached = a.answer[0].ttl + passed;
        assert_int_equal(cached, ttl[0]);
        bed_free(b);
    }
    assert_int_equal(ttl[1], ttl[0]);
}

/* --- turns and places --------------------------------------------------------------------------- */

/* A denial whose keys are known takes a round of poll for each of its signatures, so a hostile one holds nobody up; what
 * leads from one signature to the next takes none. */
static void test_one_step_a_round(void **state)
{
    struct bed *b = bed_new(16);
    expect(b, "a.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE, WR_EDE_NONE);
    wr_id id = ask(b, "mx.sec.", WR_TYPE_A, false);
    while (rig_poll(&b->r) != WR_REQUEST_DATAGRAM) {
    }
    answer_it(b);
    unsigned rounds = 0;
    while (rig_poll(&b->r) != WR_REQUEST_FINISHED) {
        if (b->r.out.action == WR_REQUEST_NOTHING) {
            rounds++;
            assert_int_equal(wr_requests_deadline(b->r.requests), 0);
        }
        assert_true(rounds < 100);
    }
    assert_in_range(rounds, 2, 4); /* SOA, two NSEC: a signature each, and the verdict */
    release(b, id);
    bed_free(b);
}

/* Ten places for proofs with 16 requests: what finds none is a failure here, and not the server's. */
static void test_no_place_for_a_proof(void **state)
{
    struct bed *b = bed_new(24); /* 11 proofs */
    wr_id ids[12];
    unsigned failed = 0, waiting = 0;
    for (unsigned i = 0; i < 12; i++) {
        char name[32];
        snprintf(name, sizeof(name), "n%u.sec.", i);
        ids[i] = ask(b, name, WR_TYPE_A, false);
        assert_true(ids[i] != 0);
    }
    b->silent_keys = true;
    for (unsigned turns = 0; turns < 200 && failed == 0; turns++) {
        enum wr_request_action action = rig_poll(&b->r);
        if (action == WR_REQUEST_DATAGRAM && !is_keys(b)) {
            answer_it(b);
        }
        if (action == WR_REQUEST_FINISHED) {
            assert_int_equal(b->r.out.answer->ede, WR_EDE_OTHER);
            release(b, b->r.out.id);
            failed++;
        }
    }
    assert_int_equal(failed, 1);
    for (unsigned i = 0; i < 12; i++) {
        waiting += wr_requests_question(b->r.requests, ids[i]) != NULL;
    }
    assert_int_equal(waiting, 11);
    bed_free(b);
}

/* A crowd does not take the places that keys are asked from. */
static void test_places_for_keys(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_name name = world_name("a.sec.");
    wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
    unsigned accepted = 1;
    for (unsigned i = 0; i < 20; i++) {
        char other[32];
        snprintf(other, sizeof(other), "n%u.sec.", i);
        accepted += ask(b, other, WR_TYPE_A, false) != 0;
    }
    assert_int_equal(accepted, 16 - 16 / WR_REQUESTS_RESERVE);
    while (rig_wait(&b->r, WR_S) != WR_REQUEST_FINISHED || b->r.out.id != id) {
        assert_int_not_equal(b->r.out.action, WR_REQUEST_NOTHING);
        if (b->r.out.action == WR_REQUEST_FINISHED) {
            release(b, b->r.out.id);
        } else if (b->r.out.action == WR_REQUEST_DATAGRAM &&
                   (is_keys(b) || wr_name_equal(b->r.msg.qname.wire, name.wire))) {
            answer_it(b);
        }
    }
    assert_int_equal(b->r.out.answer->security, WR_SECURITY_SECURE);
    release(b, id);
    assert_true(ask(b, "more.sec.", WR_TYPE_A, false) != 0);
    bed_free(b);
}

/* Nothing points at a request that was given up while its keys are asked for. */
static void test_release_in_the_middle(void **state)
{
    struct bed *b = bed_new(16);
    wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
    answer_some(b, 2); /* as far as the root's keys */
    release(b, id);
    wr_id other = ask(b, "mx.sec.", WR_TYPE_A, false); /* in its place */
    const struct wr_answer *a = serve(b, other);
    assert_int_equal(a->security, WR_SECURITY_SECURE);
    release(b, other);
    while (rig_wait(&b->r, 20 * WR_S) != WR_REQUEST_NOTHING) {
        if (b->r.out.action == WR_REQUEST_FINISHED) {
            release(b, b->r.out.id);
        }
    }
    assert_int_equal(wr_requests_count(b->r.requests), 0);
    bed_free(b);
}

/* Another link while keys are asked for: the proof waits on, and nothing spins. */
static void test_link_changes_in_the_middle(void **state)
{
    struct bed *b = bed_new(16);
    wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
    answer_some(b, 1);
    while (rig_poll(&b->r) != WR_REQUEST_DATAGRAM) {
    }
    assert_true(is_keys(b));
    wr_requests_link_changed(b->r.requests, b->r.now.mono_us);
    const struct wr_answer *a = serve(b, id);
    assert_int_equal(a->security, WR_SECURITY_SECURE);
    release(b, id);
    bed_free(b);
}

/* Zones whose keys nobody gives take the places for proofs no longer than a second from those whose keys can be had. */
static void test_silent_zones_hold_up_nobody(void **state)
{
    struct bed *b = bed_new(40); /* 13 proofs */
    for (unsigned i = 0; i < 13; i++) {
        char name[32];
        snprintf(name, sizeof(name), "n%u.sec.", i);
        assert_true(ask(b, name, WR_TYPE_A, false) != 0);
    }
    uint64_t begun_us = b->r.now.mono_us;
    while (b->r.now.mono_us < begun_us + 1500 * WR_MS) {
        enum wr_request_action action = rig_wait(&b->r, 100 * WR_MS);
        if (action == WR_REQUEST_DATAGRAM && !is_keys(b)) {
            answer_it(b);
        }
        assert_int_not_equal(action, WR_REQUEST_FINISHED);
    }
    wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
    unsigned given_up = 0;
    while (rig_wait(&b->r, 5 * WR_S) != WR_REQUEST_FINISHED || b->r.out.id != id) {
        if (b->r.out.action == WR_REQUEST_FINISHED) {
            given_up += b->r.out.failed;
            assert_true(!b->r.out.failed || b->r.out.answer->ede == WR_EDE_OTHER);
            release(b, b->r.out.id);
        } else if (b->r.out.action == WR_REQUEST_DATAGRAM) {
            answer_it(b);
        }
    }
    assert_int_equal(b->r.out.answer->rcode, WR_RCODE_NOERROR);
    assert_int_equal(b->r.out.answer->security, WR_SECURITY_SECURE);
    assert_int_equal(given_up, 1);
    release(b, id);
    bed_free(b);
}

/* --- reload ------------------------------------------------------------------------------------- */

static void adopt(struct bed *b)
{
    wr_requests_adopt(b->r.requests, &b->r.upstreams, &b->r.ttl, &b->settings, 5000,
                      b->r.now.mono_us);
}

/* Other anchors: the proof under way begins anew with them, and keys that were proven are forgotten. */
static void test_reload_in_the_middle(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_anchors none;
    struct wr_anchor room[1];
    expect(b, "a.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE, WR_EDE_NONE);
    wr_anchors_init(&none, room, 1);
    wr_id id = ask(b, "mx.sec.", WR_TYPE_A, false);
    while (rig_poll(&b->r) != WR_REQUEST_DATAGRAM) {
    }
    answer_it(b);
    b->settings.anchors = &none;
    adopt(b);
    const struct wr_answer *a = serve(b, id);
    assert_int_equal(a->security, WR_SECURITY_INSECURE);
    release(b, id);
    b->settings.anchors = &b->anchors;
    adopt(b);
    b->keys = 0;
    expect(b, "none.sec.", WR_RCODE_NXDOMAIN, WR_SECURITY_SECURE, WR_EDE_NONE);
    assert_int_equal(wr_requests_count(b->r.requests), 0);
    bed_free(b);
}

/* What was asked without wanting signatures is asked anew with them, not found to lack them. */
static void test_validation_begins_in_the_middle(void **state)
{
    struct bed *b = bed_new(16);
    b->settings.enable = false;
    adopt(b);
    wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
    rig_expect(&b->r, WR_REQUEST_DATAGRAM);
    assert_false(b->r.msg.edns.dnssec_ok);
    b->settings.enable = true;
    adopt(b);
    const struct wr_answer *a = serve(b, id);
    assert_int_equal(a->rcode, WR_RCODE_NOERROR);
    assert_int_equal(a->security, WR_SECURITY_SECURE);
    release(b, id);
    bed_free(b);
}

/* A newcomer that joins while the keys are on their way does not begin everything anew. */
static void test_joining_leaves_the_proof_alone(void **state)
{
    struct bed *b = bed_new(16);
    unsigned addresses = 0;
    wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
    for (bool done = false; !done;) {
        enum wr_request_action action = rig_wait(&b->r, 20 * WR_S);
        if (action == WR_REQUEST_DATAGRAM) {
            addresses += !is_keys(b);
            if (is_keys(b)) {
                b->r.now.mono_us +=
                    300 * WR_MS; /* they are far away, and somebody asks all the time */
            }
            answer_it(b);
            assert_true(ask(b, "a.sec.", WR_TYPE_A, false) == id);
            b->r.now.mono_us += 300 * WR_MS;
            assert_true(ask(b, "a.sec.", WR_TYPE_A, false) == id);
        }
        done = action == WR_REQUEST_FINISHED && b->r.out.id == id;
        if (action == WR_REQUEST_FINISHED && !done) {
            release(b, b->r.out.id);
        }
    }
    assert_int_equal(b->r.out.answer->security, WR_SECURITY_SECURE);
    assert_int_equal(addresses, 1);
    release(b, id);
    bed_free(b);
}

/* --- time --------------------------------------------------------------------------------------- */

static void test_time_is_not_proven(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_answer a;
    b->r.now.wall_proven = false;
    b->r.now.wall_s = 0;
    expect(b, "a.sec.", WR_RCODE_NOERROR, WR_SECURITY_INDETERMINATE, WR_EDE_INDETERMINATE);
    assert_int_equal(wr_prove_least(&b->settings, &b->r.now), WR_SECURITY_INDETERMINATE);
    assert_int_equal(find(b, "a.sec.", WR_TYPE_A, false, WR_SECURITY_INDETERMINATE, &a),
                     WR_FOUND_FRESH);
    b->r.now.wall_proven = true;
    b->r.now.wall_s = WORLD_NOW;
    assert_int_equal(wr_prove_least(&b->settings, &b->r.now), WR_SECURITY_INSECURE);
    assert_int_equal(find(b, "a.sec.", WR_TYPE_A, false, WR_SECURITY_INSECURE, &a),
                     WR_FOUND_NOTHING);
    b->settings.system_clock = true;
    b->r.now.wall_proven = false;
    assert_int_equal(wr_prove_least(&b->settings, &b->r.now), WR_SECURITY_INSECURE);
    bed_free(b);
}

/* Keys that were taken with signatures long over do not outlive the moment when the time is known. */
static void test_time_becomes_proven(void **state)
{
    struct bed *b = bed_new(16);
    b->r.now.wall_proven = false;
    expect(b, "a.sec.", WR_RCODE_NOERROR, WR_SECURITY_INDETERMINATE, WR_EDE_INDETERMINATE);
    b->r.now.wall_proven = true;
    b->r.now.wall_s = WORLD_EXPIRY + 30 * 86400;
    expect(b, "mx.sec.", WR_RCODE_SERVFAIL, 0, WR_EDE_SIGNATURE_EXPIRED);
    wr_id id = ask(b, "mx.sec.", WR_TYPE_MX, false);
    const struct wr_answer *a = serve(b, id);
    assert_int_equal(a->ede_zone[0], 0); /* already the root's keys are too old */
    release(b, id);
    bed_free(b);
}

/* That a zone is insecure rests on signatures too: it is not believed for longer than they could be read without a clock. */
static void test_insecure_without_time(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_answer a;
    b->r.now.wall_proven = false;
    expect(b, "www.plain.", WR_RCODE_NOERROR, WR_SECURITY_INDETERMINATE, WR_EDE_INDETERMINATE);
    assert_int_equal(find(b, "www.plain.", WR_TYPE_A, false, WR_SECURITY_INSECURE, &a),
                     WR_FOUND_NOTHING);
    bed_free(b);
}

/* A proof that began without the time and ends with it has read signatures that nobody held against a clock. */
static void test_time_is_proven_in_the_middle(void **state)
{
    struct bed *b = bed_new(16);
    b->r.now.wall_proven = false;
    wr_id id = ask(b, "a.sec.", WR_TYPE_A, false);
    answer_some(b, 4); /* all the keys */
    b->r.now.wall_proven = true;
    b->r.now.wall_s = WORLD_EXPIRY + 30 * 86400;
    const struct wr_answer *a = serve(b, id);
    assert_int_equal(a->rcode, WR_RCODE_SERVFAIL);
    assert_int_equal(a->ede, WR_EDE_SIGNATURE_EXPIRED);
    assert_int_equal(a->ede_zone[0], 0);
    release(b, id);
    bed_free(b);
}

/* Whatever was judged without the time is asked and judged again with it: sets, chains, denials of names and
 * types, insecure delegations, keys, and ranges that denials were made of. `late`: then the signatures turn out to be long over. */
static void test_nothing_of_the_timeless_stays(void **state)
{
    static const struct {
        const char *name;
        uint16_t rcode;
        uint8_t security;
    } rows[] = {
        {"a.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE},
        {"mx.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE}, /* no such type */
        {"none.sec.", WR_RCODE_NXDOMAIN, WR_SECURITY_SECURE},
        {"alias.sec.", WR_RCODE_NOERROR, WR_SECURITY_SECURE},
        {"none.n3.sec.", WR_RCODE_NXDOMAIN, WR_SECURITY_SECURE},
        {"www.plain.", WR_RCODE_NOERROR, WR_SECURITY_INSECURE},
        {"away.sec.", WR_RCODE_NOERROR, WR_SECURITY_INSECURE},
    };
    static const char *const beside[] = {"nonf.sec.", "x.none.sec.", "nonf.n3.sec."};
    for (unsigned late = 0; late < 2; late++) {
        struct bed *b = bed_new(16);
        struct wr_answer a;
        b->settings.aggressive = true;
        b->room.nsecache = wr_requests_nsecache(b->r.requests);
        b->r.now.wall_proven = false;
        for (unsigned i = 0; i < WR_ARRAY_LEN(rows); i++) {
            wr_id id = ask(b, rows[i].name, WR_TYPE_A, false);
            assert_int_equal(serve(b, id)->security, WR_SECURITY_INDETERMINATE);
            release(b, id);
        }
        b->r.now.wall_proven = true;
        b->r.now.wall_s = late ? WORLD_EXPIRY + 30 * 86400 : WORLD_NOW;
        for (unsigned i = 0; i < 3; i++) { /* in ranges that were read, and below a denied name */
            assert_int_equal(find(b, beside[i], WR_TYPE_A, false, WR_SECURITY_INSECURE, &a),
                             WR_FOUND_NOTHING);
        }
        for (unsigned i = 0; i < WR_ARRAY_LEN(rows); i++) {
            expect(b, rows[i].name, late ? WR_RCODE_SERVFAIL : rows[i].rcode, rows[i].security,
                   late ? WR_EDE_SIGNATURE_EXPIRED : WR_EDE_NONE);
        }
        for (unsigned i = 0; i < 3; i++) { /* but what was read today serves */
            assert_int_equal(find(b, beside[i], WR_TYPE_A, false, WR_SECURITY_INSECURE, &a),
                             late ? WR_FOUND_NOTHING : WR_FOUND_FRESH);
        }
        bed_free(b);
    }
}

/* --- what was not checked ----------------------------------------------------------------------- */

static void keep_unchecked(struct bed *b, const char *name, bool cd)
{
    static uint8_t rdata[6] = {0, 4, 203, 0, 113, 66};
    struct wr_question q = {.name = world_name(name), .type = WR_TYPE_A, .checking_disabled = cd};
    struct wr_answer a;
    wr_answer_clear(&a);
    q.dnssec_ok = true;
    a.answer[a.answers++] = (struct wr_rrset){.owner = q.name.wire,
                                              .data = rdata,
                                              .size = 6,
                                              .ttl = 300,
                                              .type = WR_TYPE_A,
                                              .class_ = WR_CLASS_IN,
                                              .records = 1,
                                              .rank = WR_RANK_ANSWER};
    wr_answer_keep(b->r.cache, &b->r.ttl, &q, (uint32_t)(b->r.now.mono_us / WR_S), &b->room, &a);
}

/* From before validation was switched on: neither an answer nor the end of somebody's chain. */
static void test_unchecked_serves_nobody(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_answer a;
    keep_unchecked(b, "a.sec.", false);
    assert_int_equal(
        find(b, "a.sec.", WR_TYPE_A, false, wr_prove_least(&b->settings, &b->r.now), &a),
        WR_FOUND_NOTHING);
    wr_id id = ask(b, "alias.sec.", WR_TYPE_A, false);
    const struct wr_answer *got = serve(b, id);
    assert_int_equal(got->rcode, WR_RCODE_NOERROR);
    assert_int_equal(got->security, WR_SECURITY_SECURE);
    assert_int_equal(got->answers, 2);
    assert_int_equal(got->answer[1].data[2], 192);
    release(b, id);
    bed_free(b);
}

/* Who checks himself is given what there is; it stays apart. */
static void test_checking_disabled(void **state)
{
    struct bed *b = bed_new(16);
    struct wr_answer a;
    b->lie = "a.sec.";
    wr_id id = ask(b, "a.sec.", WR_TYPE_A, true);
    const struct wr_answer *got = serve(b, id);
    assert_int_equal(got->rcode, WR_RCODE_NOERROR);
    assert_int_equal(got->security, WR_SECURITY_UNCHECKED);
    assert_int_equal(b->keys, 0);
    release(b, id);
    assert_int_equal(find(b, "a.sec.", WR_TYPE_A, true, WR_SECURITY_INSECURE, &a), WR_FOUND_FRESH);
    assert_int_equal(find(b, "a.sec.", WR_TYPE_A, false, WR_SECURITY_UNCHECKED, &a),
                     WR_FOUND_NOTHING);
    bed_free(b);
}

/* --- any order ---------------------------------------------------------------------------------- */

static const char *const asked_names[] = {
    "alias.plain.",   "a.sec.",       "alias.sec.",    "away.sec.",   "www.plain.",
    "none.sec.",      "nowhere.sec.", "x.dn.sec.",     "www.n3.sec.", "www.opt.sec.",
    "www.s.opt.sec.", "mx.sec.",      "www.many.sec.", "y.u.opt.sec."};

/* No lie about a signed name, and nothing that was not checked, whoever waits for it. */
static unsigned proven; /* of seeds with the time */

static void check_finished(struct bed *b, const struct wr_question *q)
{
    const struct wr_answer *a = b->r.out.answer;
    struct wr_name plain = world_name("plain."), full = world_name("a.sec.");
    if (q->checking_disabled || a->rcode == WR_RCODE_SERVFAIL) {
        return;
    }
    assert_true(a->security >= WR_SECURITY_INDETERMINATE);
    proven += a->security == WR_SECURITY_SECURE;
    assert_true(a->answers > 0 || !wr_name_equal(wr_answer_last_name(a, q->name.wire), full.wire));
    for (unsigned i = 0; i < a->answers; i++) { /* an alias of a name that exists ends there */
        const uint8_t *to = wr_answer_cname_target(&a->answer[i]);
        assert_true(!to || !wr_name_equal(to, full.wire) || i + 1 < a->answers);
    }
    for (unsigned i = 0; i < a->answers; i++) {
        bool address = a->answer[i].type == WR_TYPE_A;
        bool open = wr_name_in(a->answer[i].owner, plain.wire);
        assert_true(!address || open == (a->answer[i].data[2] == 203));
    }
}

static void take_action(struct bed *b, struct wr_rng *rng, unsigned drop)
{
    const struct wr_question *q;
    switch (rig_wait(&b->r, 50 * WR_MS)) {
    case WR_REQUEST_DATAGRAM:
        b->lie = wr_rng_below(rng, 4) == 0 ? "a.sec." : NULL;
        b->denied_end = wr_rng_below(rng, 4) == 0;
        b->whole_chain = wr_rng_below(rng, 4) == 0;
        if (wr_rng_below(rng, 100) >= drop) {
            answer_it(b);
        }
        break;
    case WR_REQUEST_FINISHED:
        q = wr_requests_question(b->r.requests, b->r.out.id);
        check_finished(b, q);
        release(b, b->r.out.id);
        break;
    default: break;
    }
}

static void disturb(struct bed *b, struct wr_rng *rng, wr_id *ids)
{
    unsigned slot = wr_rng_below(rng, 16);
    unsigned name = wr_rng_below(rng, WR_ARRAY_LEN(asked_names));
    switch (wr_rng_below(rng, 40)) {
    case 0: wr_requests_link_changed(b->r.requests, b->r.now.mono_us); break;
    case 1: adopt(b); break;
    case 2:
    case 3: release(b, ids[slot]); break;
    default: ids[slot] = ask(b, asked_names[name], WR_TYPE_A, wr_rng_below(rng, 8) == 0);
    }
}

/* Questions, losses, lies, reloads, links and clients that leave, in any order; then all places are free again. */
static void test_any_order(void **state)
{
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct bed *b = bed_new(24);
        struct wr_rng rng;
        wr_id ids[16] = {0};
        wr_rng_seed_u64(&rng, seed);
        b->r.now.wall_proven = seed % 2 == 0;
        for (unsigned step = 0; step < 600; step++) {
            b->r.now.wall_proven |= step == 300;
            take_action(b, &rng, seed % 3 * 20);
            if (b->r.out.action != WR_REQUEST_FINISHED && wr_rng_below(&rng, 3) == 0) {
                disturb(b, &rng, ids);
            }
        }
        for (unsigned step = 0; step < 20000 && wr_requests_count(b->r.requests) > 0; step++) {
            take_action(b, &rng, 0);
        }
        assert_int_equal(wr_requests_count(b->r.requests), 0);
        bed_free(b);
    }
    assert_true(proven > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secure),
        cmocka_unit_test(test_insecure),
        cmocka_unit_test(test_bogus),
        cmocka_unit_test(test_altered),
        cmocka_unit_test(test_another_server_is_asked),
        cmocka_unit_test(test_chain_is_shortened),
        cmocka_unit_test(test_denied_end_is_not_kept),
        cmocka_unit_test(test_chain_over_zones),
        cmocka_unit_test(test_denial_beside_an_alias),
        cmocka_unit_test(test_keys_are_kept),
        cmocka_unit_test(test_ds_is_asked_above),
        cmocka_unit_test(test_keys_out_of_reach),
        cmocka_unit_test(test_a_plain_server_beside_silent_ones),
        cmocka_unit_test(test_a_life_begins_when_it_is_heard),
        cmocka_unit_test(test_one_step_a_round),
        cmocka_unit_test(test_no_place_for_a_proof),
        cmocka_unit_test(test_places_for_keys),
        cmocka_unit_test(test_release_in_the_middle),
        cmocka_unit_test(test_link_changes_in_the_middle),
        cmocka_unit_test(test_silent_zones_hold_up_nobody),
        cmocka_unit_test(test_reload_in_the_middle),
        cmocka_unit_test(test_validation_begins_in_the_middle),
        cmocka_unit_test(test_joining_leaves_the_proof_alone),
        cmocka_unit_test(test_time_is_not_proven),
        cmocka_unit_test(test_time_becomes_proven),
        cmocka_unit_test(test_insecure_without_time),
        cmocka_unit_test(test_time_is_proven_in_the_middle),
        cmocka_unit_test(test_nothing_of_the_timeless_stays),
        cmocka_unit_test(test_unchecked_serves_nobody),
        cmocka_unit_test(test_checking_disabled),
        cmocka_unit_test(test_any_order),
    };
    return cmocka_run_group_tests(tests, bed_load, bed_unload);
}
