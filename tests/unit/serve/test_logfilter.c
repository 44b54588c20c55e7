/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/serve/logs.h"

#include <stdio.h>
#include <string.h>

#include "conf/schema.h"
#include "serve/logfilter.h"

static bool takes(const char *args, const struct wr_ledger_event *e)
{
    struct wr_logfilter f;
    char why[200] = "";
    json_t *j = json_loads(args, 0, NULL);
    assert_non_null(j);
    assert_int_equal(wr_logfilter_read(j, &f, why, sizeof(why)), WR_OK);
    json_decref(j);
    return wr_logfilter_takes(&f, e);
}

static void refuses(const char *args, const char *word)
{
    struct wr_logfilter f;
    char why[200] = "";
    json_t *j = json_loads(args, 0, NULL);
    assert_int_equal(wr_logfilter_read(j, &f, why, sizeof(why)), WR_E_FORMAT);
    assert_non_null(strstr(why, word));
    json_decref(j);
}

static void make(struct wr_ledger_event *e)
{
    logs_event(1, e);
    assert_int_equal(wr_addr_from_text("192.0.2.7:4000", &e->record.client), WR_OK);
    assert_int_equal(wr_name_from_text("Cam.vendor.example", 18, &e->name), WR_OK);
    assert_int_equal(wr_addr_from_text("8.8.8.8:53", &e->asked), WR_OK);
    e->record.wall_s = 1000;
    e->record.qtype = WR_TYPE_AAAA;
    e->record.rcode = WR_RCODE_NXDOMAIN;
    e->record.device = 12;
    e->record.verdict.action = WR_VERDICT_NXDOMAIN;
    e->rule = "no-telemetry";
    e->segment = "cameras";
    snprintf(e->claim, sizeof(e->claim), "camera-7");
}

static void test_each_word(void **state)
{
    static const char *const yes[] = {"{}",
                                      "{\"device\":\"12\"}",
                                      "{\"device\":\"CAMERA-7\"}",
                                      "{\"client\":\"192.0.2.7\"}",
                                      "{\"client\":\"192.0.2.0/24\"}",
                                      "{\"asked\":\"8.8.8.8\"}",
                                      "{\"asked\":\"8.8.0.0/16\"}",
                                      "{\"name\":\"vendor.example\"}",
                                      "{\"name\":\"cam.VENDOR.example.\"}",
                                      "{\"name\":\".\"}",
                                      "{\"type\":\"aaaa\"}",
                                      "{\"verdict\":\"nxdomain\"}",
                                      "{\"rule\":\"no-telemetry\"}",
                                      "{\"segment\":\"cameras\"}",
                                      "{\"source\":\"cache\"}",
                                      "{\"rcode\":\"NXDOMAIN\"}",
                                      "{\"security\":\"secure\"}",
                                      "{\"kind\":\"query\"}",
                                      "{\"since\":1000}",
                                      "{\"until\":1000}"};
    static const char *const no[] = {"{\"device\":\"13\"}",
                                     "{\"device\":\"camera-8\"}",
                                     "{\"client\":\"192.0.2.8\"}",
                                     "{\"client\":\"2001:db8::/32\"}",
                                     "{\"asked\":\"192.0.2.7\"}",
                                     "{\"asked\":\"::/0\"}",
                                     "{\"name\":\"endor.example\"}",
                                     "{\"name\":\"a.cam.vendor.example\"}",
                                     "{\"type\":\"A\"}",
                                     "{\"verdict\":\"none\"}",
                                     "{\"rule\":\"no\"}",
                                     "{\"segment\":\"tv\"}",
                                     "{\"source\":\"stale\"}",
                                     "{\"rcode\":\"NOERROR\"}",
                                     "{\"security\":\"other\"}",
                                     "{\"kind\":\"policy\"}",
                                     "{\"since\":1001}",
                                     "{\"until\":999}",
                                     "{\"name\":\"vendor.example\",\"type\":\"A\"}"};
    struct wr_ledger_event e;
    make(&e);
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        assert_true(takes(yes[i], &e));
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        assert_false(takes(no[i], &e));
    }
}

/* Every word of `policy.rules[].verdict` is one. */
static void test_verdicts(void **state)
{
    const struct wr_schema_row *row = wr_schema_find("policy.rules[].verdict");
    struct wr_ledger_event e;
    char text[64];
    make(&e);
    assert_non_null(row);
    for (unsigned i = 0; row->words[i] != NULL; i++) {
        snprintf(text, sizeof(text), "{\"verdict\":\"%s\"}", row->words[i]);
        assert_int_equal(takes(text, &e), strcmp(row->words[i], "nxdomain") == 0);
    }
    e.record.verdict.action = WR_VERDICT_DATA;
    assert_true(takes("{\"verdict\":\"sinkhole\"}", &e));
    e.record.verdict.action = WR_VERDICT_ALLOW;
    assert_true(takes("{\"verdict\":\"allow\"}", &e));
    assert_false(takes("{\"verdict\":\"log\"}", &e));
    e.record.verdict.shadow = true;
    assert_true(takes("{\"verdict\":\"log\"}", &e));
}

static void test_changes(void **state)
{
    struct wr_ledger_event e;
    struct wr_logfilter f;
    make(&e);
    e.kind = WR_LEDGER_POLICY;
    assert_true(takes("{}", &e));
    assert_true(takes("{\"since\":999}", &e));
    assert_true(takes("{\"kind\":\"policy\"}", &e));
    assert_false(takes("{\"name\":\".\"}", &e));
    e.kind = WR_LEDGER_QUERY;
    e.name.size = 0; /* nothing was asked */
    assert_false(takes("{\"name\":\".\"}", &e));
    wr_logfilter_init(&f);
    assert_true(wr_logfilter_takes_all(&f));
    f.since = 0;
    assert_false(wr_logfilter_takes_all(&f));
}

static void test_mistakes(void **state)
{
    refuses("{\"client\":\"camera\"}", "client must be an address");
    refuses("{\"client\":\"192.0.2.1/24\"}", "client");
    refuses("{\"name\":\"a..b\"}", "name");
    refuses("{\"type\":\"nonsense\"}", "type");
    refuses("{\"verdict\":\"perhaps\"}", "verdict must be one of none");
    refuses("{\"verdict\":\"perhaps\"}", "quarantine, sinkhole");
    refuses("{\"source\":\"\"}", "source");
    refuses("{\"rcode\":\"SOMETHING\"}", "rcode");
    refuses("{\"security\":\"yes\"}", "security");
    refuses("{\"kind\":\"x\"}", "kind");
    refuses("{\"device\":\"\"}", "device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_word),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
