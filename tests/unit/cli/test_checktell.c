/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/checktell.h"

static struct wr_checkwork work;

static const uint8_t name[] = "\5_turn\4_udp\1\x1b"; /* a label that no terminal may get */

static void prepare(bool found)
{
    struct wr_facts_want want = {.kind = WR_FACTS_ASK, .type = WR_TYPE_SRV};
    static const uint8_t rdata[] = "\0\0\0\0\1\2\1a";
    struct wr_facts_rr rr = {
        .owner = name, .rdata = rdata, .ttl = 60, .type = WR_TYPE_SRV, .size = 9};

    memset(&work, 0, sizeof(work));
    wr_name_set(&work.name, name);
    wr_addr_from_text("192.0.2.53:53", &work.server[0]);
    work.server_count = 1;
    work.questions = 1;
    wr_facts_start(&work.facts);
    wr_findings_start(&work.findings);
    wr_name_set(&want.name, name);
    assert_int_equal(wr_facts_failed(&work.facts, &want, WR_FACTS_SILENT, 7), WR_OK);
    want.kind = WR_FACTS_STUN;
    wr_addr_from_text("[2001:db8::1]:3478", &want.to);
    assert_int_equal(wr_facts_failed(&work.facts, &want, WR_FACTS_ANSWERED, 7), WR_OK);
    if (!found)
        return;
    wr_str_text(wr_finding_begin(&work.findings, WR_FINDING_PTR, name, WR_TYPE_PTR), "odd");
    wr_finding_end(&work.findings);
    wr_str_text(wr_finding_begin(&work.findings, WR_FINDING_ALIAS_TARGET, name, WR_TYPE_SRV),
                "bad");
    wr_finding_record(&work.findings, &rr);
    wr_finding_end(&work.findings);
}

static char *printed(bool json, bool verbose)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    if (json)
        assert_int_equal(wr_checktell_json(&work, verbose, out), WR_OK);
    else
        wr_checktell_text(&work, verbose, out);
    fclose(out);
    return text;
}

/* The worst comes first, whatever was found first. */
static void test_text(void **state)
{
    char *text;

    prepare(true);
    text = printed(false, false);
    assert_true(strstr(text, "error alias-target: _turn._udp.\\027. SRV\n  bad\n") == text);
    assert_non_null(strstr(text, "\n  record: _turn._udp.\\027. 60 IN SRV 0 0 258 a.\n"));
    assert_non_null(strstr(text, "(RFC 2782 (Target), RFC 2181 section 10.3)\n"));
    assert_non_null(strstr(text, "\nnote ptr: "));
    assert_non_null(strstr(
        text,
        "\\027.: 1 error, 0 warnings, 1 note (1 question, 0 probes, asked of 192.0.2.53:53)\n"));
    assert_null(strchr(text, 0x1b));
    free(text);
    text = printed(false, true);
    assert_non_null(strstr(text, "resolver: _turn._udp.\\027. SRV: silence\n"));
    assert_non_null(strstr(text, "STUN: [2001:db8::1]:3478: answers\n"));
    free(text);
    prepare(false);
    text = printed(false, false);
    assert_string_equal(text,
                        "_turn._udp.\\027.: good (1 question, 0 probes, asked of 192.0.2.53:53)\n");
    free(text);
}

static void test_json(void **state)
{
    char *text;
    json_t *all, *one;

    prepare(true);
    text = printed(true, true);
    all = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(all);
    assert_true(json_is_false(json_object_get(all, "ok")));
    assert_int_equal(json_integer_value(json_object_get(all, "errors")), 1);
    assert_int_equal(json_integer_value(json_object_get(all, "notes")), 1);
    one = json_array_get(json_object_get(all, "findings"), 1);
    assert_string_equal(json_string_value(json_object_get(one, "code")), "alias-target");
    assert_string_equal(json_string_value(json_object_get(one, "type")), "SRV");
    assert_non_null(json_object_get(one, "record"));
    assert_int_equal(json_array_size(json_object_get(all, "asked")), 2);
    json_decref(all);
    free(text);
}

/* An error behind more notes than are kept is shown, and what is not is counted. */
static void test_many(void **state)
{
    char *text;
    json_t *all;

    prepare(false);
    for (unsigned i = 0; i < 2 * WR_DOCTOR_FINDINGS_MAX; i++) {
        wr_str_u64(wr_finding_begin(&work.findings, WR_FINDING_PTR, name, WR_TYPE_PTR), i);
        wr_finding_end(&work.findings);
    }
    wr_str_text(wr_finding_begin(&work.findings, WR_FINDING_DEAD, name, WR_TYPE_A), "x");
    wr_finding_end(&work.findings);
    text = printed(false, false);
    assert_true(strstr(text, "error dead: ") == text);
    assert_non_null(
        strstr(text, ": 1 error, 0 warnings, 128 notes, of which 65 are not shown (1 question"));
    free(text);
    text = printed(true, false);
    all = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(all);
    assert_true(json_is_false(json_object_get(all, "ok")));
    assert_int_equal(json_integer_value(json_object_get(all, "notes")), 128);
    assert_int_equal(json_integer_value(json_object_get(all, "more")), 65);
    assert_int_equal(json_array_size(json_object_get(all, "findings")), WR_DOCTOR_FINDINGS_MAX);
    json_decref(all);
    free(text);
}

/* What JSON cannot hold is a failure, and not a list with one finding less. */
static void test_json_whole(void **state)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    prepare(true);
    work.findings.item[0].what[0] = '\xc3';
    assert_int_equal(wr_checktell_json(&work, false, out), WR_E_NOMEM);
    work.findings.item[0].what[0] = 'o';
    work.findings.item[1].record[0] = '\xc3';
    assert_int_equal(wr_checktell_json(&work, false, out), WR_E_NOMEM);
    fflush(out);
    assert_int_equal(n, 0);
    fclose(out);
    free(text);
}

/* A row of the document for each code. */
static void test_doc(void **state)
{
    char *text = NULL, line[64];
    size_t n;
    FILE *out = open_memstream(&text, &n);

    wr_checktell_doc(out);
    fclose(out);
    for (unsigned i = 0; i < WR_FINDING_CODES; i++) {
        snprintf(line, sizeof(line), "\n| `%s` | ", wr_finding_row(i)->word);
        assert_non_null(strstr(text, line));
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text), cmocka_unit_test(test_json), cmocka_unit_test(test_json_whole),
        cmocka_unit_test(test_many), cmocka_unit_test(test_doc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
