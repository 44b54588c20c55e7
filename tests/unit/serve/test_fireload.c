/* SPDX-License-Identifier: Apache-2.0 */
/* When a table of connections is full, and how that is told; the kernel's is filled in tests/e2e/faults.py. */
#include "unit/unit.h"

#include <string.h>

#include "serve/fireload.h"

static enum wr_fireload_news take(struct wr_fireload *l, uint32_t entries, uint32_t dropped)
{
    const struct wr_conntrackload seen = {entries, 1000, dropped};
    return wr_fireload_take(l, &seen);
}

static void test_states(void **state)
{
    struct wr_fireload l = {.full = false};
    const struct wr_conntrackload nothing = {0};
    assert_int_equal(take(&l, 1000, 50), WR_FIRELOAD_NONE); /* who knows when they were dropped */
    assert_int_equal(take(&l, 1000, 50), WR_FIRELOAD_NONE); /* nobody has felt it */
    assert_int_equal(take(&l, 940, 51), WR_FIRELOAD_NONE);  /* for another reason */
    assert_int_equal(take(&l, 950, 52), WR_FIRELOAD_FULL);
    assert_int_equal(take(&l, 1000, 52), WR_FIRELOAD_NONE);
    assert_int_equal(wr_fireload_take(&l, &nothing), WR_FIRELOAD_NONE);
    assert_true(l.full && l.last.entries == 1000);
    assert_int_equal(take(&l, 949, 53), WR_FIRELOAD_NONE); /* somebody feels it still */
    assert_int_equal(take(&l, 949, 53), WR_FIRELOAD_OVER); /* there is room, and nobody does */
    assert_int_equal(take(&l, 949, 54), WR_FIRELOAD_NONE);
    assert_int_equal(take(&l, 950, 55), WR_FIRELOAD_FULL);
    assert_int_equal(take(&l, 899, 60), WR_FIRELOAD_OVER); /* they are for another reason */
    assert_int_equal(take(&l, 949, 61), WR_FIRELOAD_NONE);
    assert_int_equal(l.dropped, 11);
    assert_int_equal(take(&l, 1000, 0xfffffffe), WR_FIRELOAD_FULL);
    assert_int_equal(take(&l, 1000, 3), WR_FIRELOAD_NONE); /* it went round, or began anew */
    assert_int_equal(take(&l, 949, 2), WR_FIRELOAD_OVER);
    assert_int_equal(l.dropped, 11 + 0xfffffffe - 61);
}

static void test_unanswered(void **state)
{
    struct wr_fireload l = {.full = false};
    const struct wr_conntrackload nothing = {0};
    assert_int_equal(wr_fireload_take(&l, &nothing), WR_FIRELOAD_NONE);
    assert_int_equal(take(&l, 1000, 50), WR_FIRELOAD_NONE);
    assert_int_equal(take(&l, 1000, 51), WR_FIRELOAD_FULL);
    assert_int_equal(wr_fireload_take(&l, &nothing), WR_FIRELOAD_NONE);
    assert_int_equal(wr_fireload_take(&l, &nothing), WR_FIRELOAD_NONE);
    assert_int_equal(take(&l, 1000, 51), WR_FIRELOAD_NONE); /* one is known again */
    assert_int_equal(wr_fireload_take(&l, &nothing), WR_FIRELOAD_NONE);
    assert_int_equal(wr_fireload_take(&l, &nothing), WR_FIRELOAD_NONE);
    assert_true(l.full);
    assert_int_equal(wr_fireload_take(&l, &nothing), WR_FIRELOAD_UNKNOWN);
    assert_false(l.full || l.last.most != 0);
    assert_int_equal(take(&l, 1000, 60), WR_FIRELOAD_NONE); /* who knows when, again */
    assert_int_equal(l.dropped, 1);
}

static void test_text(void **state)
{
    struct wr_fireload l = {.last = {262140, 262144, 1}};
    struct wr_conntracktop top = {.count = 1000, .of = 1024};
    char text[240];
    wr_fireload_text(&l, &top, "camera (d17)", "192.0.2.7", text, sizeof(text));
    assert_string_equal(
        text, "the kernel's table of connections is full (262140 of 262144), new ones are dropped; "
              "97 % are of the address of device camera (d17): quarantine ends them");
    wr_fireload_text(&l, &top, "", "192.0.2.7", text, sizeof(text));
    assert_non_null(strstr(text, "dropped; 97 % are of the address 192.0.2.7, no device's"));
    wr_fireload_text(&l, &top, "", "", text, sizeof(text));
    assert_non_null(strstr(text, "dropped; 97 % are of one address, no device's"));
    top.count = 255;
    wr_fireload_text(&l, &top, "camera (d17)", "192.0.2.7", text, sizeof(text));
    assert_non_null(strstr(text, "dropped; no address has a quarter of them: somebody makes up "
                                 "senders, or net.netfilter.nf_conntrack_max is too low"));
    top = (struct wr_conntracktop){.of = 0};
    wr_fireload_text(&l, &top, "camera (d17)", "192.0.2.7", text, sizeof(text));
    assert_non_null(strstr(text, "dropped; whose they are is not known"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_unanswered),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
