/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/resolve/localtest.h"

#include "resolve/localanswer.h"

static struct localtest t;
static struct wr_arena arena;
static uint8_t block[65536];
static struct wr_answer answer;

static int setup(void **state)
{
    memset(&t, 0, sizeof(t));
    wr_arena_init(&arena, block, sizeof(block));
    return 0;
}

static struct wr_question asked(const char *name, uint16_t type)
{
    return (struct wr_question){.name = wire_name(name), .type = type};
}

static void test_aliases(void **state)
{
    struct wr_question q = asked("far.home.arpa.", WR_TYPE_A);
    localtest_zone(&t, "home.arpa.", WR_LOCAL_AUTHORITATIVE);
    localtest_add(&t, "far.home.arpa.", WR_TYPE_CNAME, "unknown.example.");
    localtest_add(&t, "a.home.arpa.", WR_TYPE_CNAME, "b.home.arpa.");
    localtest_add(&t, "b.home.arpa.", WR_TYPE_CNAME, "a.home.arpa.");
    const struct wr_local *l = localtest_build(&t);
    assert_int_equal(wr_localanswer_find(l, &q, &arena, &answer), WR_FOUND_ALIAS);
    assert_true(wr_name_equal(wr_answer_last_name(&answer, q.name.wire),
                              wire_name("unknown.example.").wire));
    q = asked("a.example.", WR_TYPE_A);
    assert_int_equal(wr_localanswer_find(l, &q, &arena, &answer), WR_FOUND_NOTHING);
    assert_int_equal(wr_localanswer_find(NULL, &q, &arena, &answer), WR_FOUND_NOTHING);
    q = asked("a.home.arpa.", WR_TYPE_A); /* the owner's loop is an answer, and not our end */
    assert_int_equal(wr_localanswer_find(l, &q, &arena, &answer), WR_FOUND_FRESH);
    assert_int_equal(answer.rcode, WR_RCODE_SERVFAIL);
    assert_int_equal(answer.answers, 0);
    localtest_free(&t);
}

/* Ours, and not signed: neither data nor a denial is ever called secure. */
static void test_never_secure(void **state)
{
    localtest_zone(&t, "home.arpa.", WR_LOCAL_AUTHORITATIVE);
    localtest_add(&t, "a.home.arpa.", WR_TYPE_A, "192.0.2.1");
    const struct wr_local *l = localtest_build(&t);
    static const char *const names[] = {"a.home.arpa.", "no.home.arpa."};
    for (unsigned i = 0; i < 2; i++) {
        struct wr_question q = asked(names[i], WR_TYPE_A);
        const uint8_t *name = q.name.wire;
        wr_answer_clear(&answer);
        answer.security = WR_SECURITY_SECURE;
        assert_int_equal(wr_localanswer_follow(l, WR_TYPE_A, &arena, &name, &answer),
                         WR_FOUND_FRESH);
        assert_int_equal(answer.security, WR_SECURITY_INSECURE);
    }
    localtest_free(&t);
}

static void test_referral(void **state)
{
    localtest_zone(&t, "home.arpa.", WR_LOCAL_AUTHORITATIVE);
    localtest_add(&t, "sub.home.arpa.", WR_TYPE_NS, "ns.sub.home.arpa.");
    localtest_add(&t, "ns.sub.home.arpa.", WR_TYPE_A, "192.0.2.53");
    const struct wr_local *l = localtest_build(&t);
    struct wr_question q = asked("x.sub.home.arpa.", WR_TYPE_A);
    assert_true(wr_localanswer_refer(l, &q, &answer));
    assert_int_equal(answer.authorities, 1);
    assert_int_equal(answer.extras, 1);
    q = asked("x.home.arpa.", WR_TYPE_A);
    assert_false(wr_localanswer_refer(l, &q, &answer));
    localtest_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_aliases, setup),
        cmocka_unit_test_setup(test_never_secure, setup),
        cmocka_unit_test_setup(test_referral, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
