/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "serve/labels.h"

static void test_a_text_keeps_its_number(void **state)
{
    struct wr_labels *l = NULL;
    (void)state;
    assert_int_equal(wr_labels_create(&l), 0);
    uint16_t cameras = wr_labels_number(l, "cameras"), printers = wr_labels_number(l, "printers");
    assert_int_not_equal(cameras, 0);
    assert_int_not_equal(printers, cameras);
    assert_int_equal(wr_labels_number(l, "cameras"), cameras);
    assert_int_not_equal(wr_labels_number(l, "Cameras"), cameras);
    assert_string_equal(wr_labels_text(l, cameras), "cameras");
    assert_string_equal(wr_labels_text(l, printers), "printers");
    wr_labels_destroy(l);
    wr_labels_destroy(NULL);
}

static void test_what_has_no_number(void **state)
{
    struct wr_labels *l = NULL;
    char longest[WR_LABEL_TEXT_SIZE + 1];
    (void)state;
    assert_int_equal(wr_labels_create(&l), 0);
    memset(longest, 'a', sizeof(longest));
    longest[WR_LABEL_TEXT_SIZE] = 0;
    assert_int_equal(wr_labels_number(l, ""), 0);
    assert_int_equal(wr_labels_number(l, longest), 0);
    longest[WR_LABEL_TEXT_SIZE - 1] = 0;
    assert_int_equal(wr_labels_number(l, longest), 1);
    assert_int_equal(wr_labels_find(l, longest), 1);
    assert_int_equal(wr_labels_find(l, "other"), 0); /* and it gets none by that */
    assert_int_equal(wr_labels_count(l), 1);
    assert_string_equal(wr_labels_text(l, 0), "");
    assert_string_equal(wr_labels_text(l, 2), "");
    assert_string_equal(wr_labels_text(l, 65535), "");
    wr_labels_destroy(l);
}

static void test_there_is_an_end(void **state)
{
    struct wr_labels *l = NULL;
    char text[WR_LABEL_TEXT_SIZE];
    (void)state;
    assert_int_equal(wr_labels_create(&l), 0);
    for (unsigned i = 0; i < WR_LABELS_MAX; i++) {
        (void)snprintf(text, sizeof(text), "rule-%u", i);
        assert_int_equal(wr_labels_number(l, text), i + 1);
    }
    assert_int_equal(wr_labels_refused(l), 0);
    assert_int_equal(wr_labels_number(l, "one more"), 0);
    assert_int_equal(wr_labels_refused(l), 1);
    assert_int_equal(wr_labels_count(l), WR_LABELS_MAX);
    assert_int_equal(wr_labels_number(l, "rule-7"), 8);
    assert_string_equal(wr_labels_text(l, WR_LABELS_MAX), "rule-16383");
    wr_labels_destroy(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_text_keeps_its_number),
                                       cmocka_unit_test(test_what_has_no_number),
                                       cmocka_unit_test(test_there_is_an_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
