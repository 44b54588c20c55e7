/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "doctor/finding.h"

static struct wr_findings list;

/* Every code has its row, with a word of its own and all that is printed of it. */
static void test_rows(void **state)
{
    for (unsigned i = 0; i < WR_FINDING_CODES; i++) {
        const struct wr_finding_row *row = wr_finding_row(i);

        assert_non_null(row->word);
        assert_true(row->about[0] && row->remedy[0]);
        assert_int_equal(strncmp(row->rfc, "RFC ", 4), 0);
        for (const char *c = row->word; *c; c++)
            assert_true(islower(*c) || isdigit(*c) || *c == '-');
        for (unsigned other = 0; other < i; other++)
            assert_string_not_equal(row->word, wr_finding_row(other)->word);
    }
    assert_string_equal(wr_severity_name(WR_SEVERITY_NOTE), "note");
}

static void add(enum wr_finding_code code, const uint8_t *name, const char *what)
{
    wr_str_text(wr_finding_begin(&list, code, name, 1), what);
    wr_finding_end(&list);
}

static void test_list(void **state)
{
    static const uint8_t name[] = "\1a", rdata[] = {192, 0, 2, 1};
    struct wr_facts_rr rr = {.owner = name, .rdata = rdata, .ttl = 60, .type = 1, .size = 4};
    char text[20];

    wr_findings_start(&list);
    wr_str_text(wr_finding_begin(&list, WR_FINDING_DEAD, name, 1), "x");
    wr_finding_record(&list, &rr);
    wr_finding_end(&list);
    assert_string_equal(list.item[0].record, "a. 60 IN A 192.0.2.1");
    add(WR_FINDING_DEAD, name, "x"); /* said already */
    assert_int_equal(list.count, 1);
    add(WR_FINDING_DEAD, name, "y");
    add(WR_FINDING_NO_IPV6, name, "x");
    assert_int_equal(list.count, 3);
    assert_int_equal(wr_findings_count(&list, WR_SEVERITY_ERROR), 2);
    assert_int_equal(wr_findings_count(&list, WR_SEVERITY_WARNING), 1);
    for (unsigned i = 0; i < 2 * WR_DOCTOR_FINDINGS_MAX; i++) {
        snprintf(text, sizeof(text), "%u", i);
        add(WR_FINDING_PTR, name, text);
    }
    assert_int_equal(list.count, WR_DOCTOR_FINDINGS_MAX);
    assert_int_equal(list.beyond, WR_DOCTOR_FINDINGS_MAX + 3);
    assert_int_equal(wr_findings_count(&list, WR_SEVERITY_NOTE), 2 * WR_DOCTOR_FINDINGS_MAX);
    add(WR_FINDING_PTR, name, text); /* not kept, and known */
    assert_int_equal(list.beyond, WR_DOCTOR_FINDINGS_MAX + 3);
}

/* How many of a severity are kept. */
static unsigned kept(enum wr_severity severity)
{
    unsigned n = 0;

    for (unsigned i = 0; i < list.count; i++)
        n += wr_finding_row(list.item[i].code)->severity == severity;
    return n;
}

static void add_many(enum wr_finding_code code, const char *letter, unsigned count)
{
    static const uint8_t name[] = "\1a";
    char text[20];

    for (unsigned i = 0; i < count; i++) {
        snprintf(text, sizeof(text), "%s%u", letter, i);
        add(code, name, text);
    }
}

/* What is worse takes the place of what is less bad, and what had to go is not counted anew when it is found again. */
static void test_worst(void **state)
{
    wr_findings_start(&list);
    add_many(WR_FINDING_PTR, "n", WR_DOCTOR_FINDINGS_MAX - 1);
    add_many(WR_FINDING_NO_IPV6, "w", 1);
    add_many(WR_FINDING_DEAD, "e", 1);
    assert_int_equal(list.count, WR_DOCTOR_FINDINGS_MAX);
    assert_int_equal(kept(WR_SEVERITY_ERROR), 1);
    assert_int_equal(kept(WR_SEVERITY_WARNING), 1);
    assert_int_equal(list.beyond, 1);
    add_many(WR_FINDING_PTR, "n", WR_DOCTOR_FINDINGS_MAX - 1); /* one of them had to go */
    add_many(WR_FINDING_NO_IPV6, "w", 1);
    add_many(WR_FINDING_DEAD, "e", 1);
    assert_int_equal(list.beyond, 1);
    assert_int_equal(wr_findings_count(&list, WR_SEVERITY_NOTE), WR_DOCTOR_FINDINGS_MAX - 1);
    add_many(WR_FINDING_DEAD, "e", WR_DOCTOR_FINDINGS_MAX - 1); /* the warning goes last */
    assert_int_equal(kept(WR_SEVERITY_ERROR), WR_DOCTOR_FINDINGS_MAX - 1);
    assert_int_equal(kept(WR_SEVERITY_WARNING), 1);
    add_many(WR_FINDING_DEAD, "e", 2 * WR_DOCTOR_FINDINGS_MAX);
    assert_int_equal(kept(WR_SEVERITY_ERROR), WR_DOCTOR_FINDINGS_MAX);
    assert_int_equal(wr_findings_count(&list, WR_SEVERITY_ERROR), 2 * WR_DOCTOR_FINDINGS_MAX);
    assert_int_equal(wr_findings_count(&list, WR_SEVERITY_WARNING), 1);
    assert_int_equal(list.beyond, 2 * WR_DOCTOR_FINDINGS_MAX);
    assert_string_equal(list.item[0].what, "e62"); /* it took the place of the last note left */
}

/* More than are known by their hash: no bound is passed, all are counted. */
static void test_flood(void **state)
{
    unsigned many = 3 * WR_DOCTOR_UNKEPT_MAX;

    wr_findings_start(&list);
    add_many(WR_FINDING_PTR, "n", many);
    add_many(WR_FINDING_DEAD, "e", 1);
    assert_int_equal(wr_findings_count(&list, WR_SEVERITY_NOTE), many);
    assert_int_equal(wr_findings_count(&list, WR_SEVERITY_ERROR), 1);
    assert_int_equal(list.count + list.beyond, many + 1);
    assert_int_equal(list.unkept_count, WR_DOCTOR_UNKEPT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_worst),
        cmocka_unit_test(test_flood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
