/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/time.h"
#include "serve/upwatch.h"

static struct wr_upwatch w;
static struct wr_conninfo conns[WR_UPSTREAMS_MAX];
static struct wr_upstream up;
static char line[600];

static int setup(void **state)
{
    memset(&w, 0, sizeof(w));
    memset((void *)conns, 0, sizeof(conns));
    up = (struct wr_upstream){.slot = 4, .generation = 2, .url = "tls://192.0.2.1"};
    return 0;
}

static enum wr_upwatch_news look(uint64_t now_us)
{
    return wr_upwatch_look(&w, &up, conns, now_us, line, sizeof(line));
}

static void says(const char *words)
{
    if (!strstr(line, words)) {
        fail_msg("\"%s\" does not say \"%s\"", line, words);
    }
}

/* One line a minute, with the reason and what to do. */
static void test_not_repeated(void **state)
{
    uint64_t t = 100 * WR_S;
    assert_int_equal(look(t), WR_UPWATCH_NOTHING);
    wr_conninfo_failed(&conns[4], 2, WR_UPCONN_STRANGER, "its certificate expired", t);
    assert_int_equal(look(t), WR_UPWATCH_FAILS);
    says("tls://192.0.2.1: it did not prove to be who it should be: its certificate expired; ");
    says("nothing was asked of it");
    assert_int_equal(look(t + WR_S), WR_UPWATCH_NOTHING);
    for (unsigned i = 1; i < 5; i++) {
        wr_conninfo_failed(&conns[4], 2, WR_UPCONN_MUTE, "", t + i * WR_S);
        assert_int_equal(look(t + i * WR_S), WR_UPWATCH_NOTHING);
    }
    assert_int_equal(look(t + 60 * WR_S), WR_UPWATCH_FAILS);
    says("never spoke (4 times); ");
    assert_int_equal(look(t + 200 * WR_S), WR_UPWATCH_NOTHING);
}

static void test_well_again(void **state)
{
    static const struct wr_upconn_facts facts = {false, "TLS1.3", "AES-128-GCM", "", ""};
    uint64_t t = 100 * WR_S;
    wr_conninfo_ready(&conns[4], 2, &facts, t);
    assert_int_equal(look(t), WR_UPWATCH_NOTHING); /* it was never told to be ill */
    wr_conninfo_failed(&conns[4], 2, WR_UPCONN_DEAF, "", t + WR_S);
    assert_int_equal(look(t + WR_S), WR_UPWATCH_FAILS);
    wr_conninfo_ready(&conns[4], 2, &facts, t + 2 * WR_S);
    assert_int_equal(look(t + 2 * WR_S), WR_UPWATCH_WELL);
    says("well again");
    assert_int_equal(look(t + 3 * WR_S), WR_UPWATCH_NOTHING);
    /* The next failure is told at once. */
    wr_conninfo_failed(&conns[4], 2, WR_UPCONN_DEAF, "", t + 4 * WR_S);
    assert_int_equal(look(t + 4 * WR_S), WR_UPWATCH_FAILS);
    /* Another server in the slot is another one. */
    up.generation = 3;
    assert_int_equal(look(t + 5 * WR_S), WR_UPWATCH_NOTHING);
}

/* Each reason has words and advice. */
static void test_every_reason(void **state)
{
    for (uint32_t why = 1; why < WR_UPCONN_WHYS; why++) {
        setup(NULL);
        wr_conninfo_failed(&conns[4], 2, why, "", WR_S);
        assert_int_equal(look(WR_S), WR_UPWATCH_FAILS);
        const char *tail = strstr(line, "; ");
        assert_non_null(tail);
        assert_true(strlen(tail) > 10);
        assert_null(strchr(line, '?'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_not_repeated, setup),
        cmocka_unit_test_setup(test_well_again, setup),
        cmocka_unit_test_setup(test_every_reason, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
