/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/serve/logs.h"

#include <jansson.h>

#include "serve/exporttext.h"

static const struct wr_exporttext by = {.host = "gate-1", .pid = 42};

static void make(struct wr_ledger_event *e)
{
    logs_event(9, e);
    e->record.wall_s = 1795838706;
    assert_int_equal(wr_addr_from_text("192.0.2.7:4000", &e->record.client), WR_OK);
    assert_int_equal(wr_name_from_text("cam.example", 11, &e->name), WR_OK);
    e->record.qtype = WR_TYPE_A;
    e->record.verdict.action = WR_VERDICT_NXDOMAIN;
    e->record.verdict.by = WR_VERDICT_BY_RULE;
    e->record.rcode = WR_RCODE_NXDOMAIN;
}

static void test_syslog(void **state)
{
    static const char head[] =
        "<133>1 2026-11-28T04:05:06Z gate-1 weir 42 decision "
        "[origin software=\"weir\" swVersion=\"" WEIR_VERSION "\"][meta sequenceId=\"9\"] {";
    char room[WR_EXPORTTEXT_SIZE];
    struct wr_ledger_event e;
    make(&e);
    e.rule = "a \"rule\" \\ with ] signs\n\x1b[2J";
    size_t n = wr_exporttext_syslog(&by, &e, room);
    assert_int_equal(n, strlen(room));
    assert_memory_equal(room, head, sizeof(head) - 1);
    assert_true(strchr(room, '\n') == NULL && strchr(room, 0x1b) == NULL);
    json_t *j = json_loads(strchr(room, '{'), 0, NULL);
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(j, "rule")), e.rule);
    json_decref(j);
    e.number = 2147483648u; /* from 1 again */
    wr_exporttext_syslog(&by, &e, room);
    assert_non_null(strstr(room, "sequenceId=\"1\""));
}

static void test_cef(void **state)
{
    char room[WR_EXPORTTEXT_SIZE];
    struct wr_ledger_event e;
    make(&e);
    e.rule = "a=b\\c|d\ne";
    e.segment = "k\xc3\xbc"
                "che";
    size_t n = wr_exporttext_cef(&by, &e, room);
    assert_int_equal(n, strlen(room));
    assert_non_null(strstr(
        room, "] CEF:0|weir|weir|" WEIR_VERSION
              "|decision|DNS query|5|rt=1795838706000 externalId=9 src=192.0.2.7 spt=4000 "));
    assert_non_null(
        strstr(room, " destinationDnsDomain=cam.example. cs1=A cs1Label=type outcome=NXDOMAIN "
                     "act=nxdomain cs2=a\\=b\\\\c|d?e cs2Label=rule "));
    assert_non_null(strstr(room, " cs5=k\xc3\xbc"
                                 "che "));
    assert_int_equal(wr_addr_from_text("2001:db8::7", &e.record.client), WR_OK);
    wr_exporttext_cef(&by, &e, room);
    assert_non_null(strstr(room, " c6a2=2001:db8::7 c6a2Label=Source IPv6 Address "));
    assert_null(strstr(room, " dpt="));
    assert_int_equal(wr_addr_from_text("8.8.8.8:53", &e.asked), WR_OK);
    wr_exporttext_cef(&by, &e, room);
    assert_non_null(strstr(room, " dst=8.8.8.8 dpt=53 "));
    assert_int_equal(wr_addr_from_text("[2001:db8::8]:53", &e.asked), WR_OK);
    wr_exporttext_cef(&by, &e, room);
    assert_non_null(strstr(room, " c6a3=2001:db8::8 c6a3Label=Destination IPv6 Address dpt=53 "));
    wr_exporttext_json(&e, room);
    assert_non_null(strstr(room, "\"asked\":\"[2001:db8::8]:53\""));
    memset(&e.record.client, 0, sizeof(e.record.client));
    e.kind = WR_LEDGER_ROLLUP;
    e.count = 70;
    wr_exporttext_cef(&by, &e, room);
    assert_non_null(strstr(room, " cnt=70 "));
    assert_null(strstr(room, " src="));
    e.kind = WR_LEDGER_POLICY;
    e.record.verdict.action = WR_VERDICT_NONE;
    snprintf(e.text, sizeof(e.text), "x=1");
    wr_exporttext_cef(&by, &e, room);
    assert_non_null(strstr(room, "|policy|change|3|rt=1795838706000 externalId=9 msg=x\\=1"));
}

/* The longest of everything fits. */
static void test_longest(void **state)
{
    char room[WR_EXPORTTEXT_SIZE], name[300], rule[WR_LABEL_TEXT_SIZE];
    struct wr_ledger_event e;
    make(&e);
    e.name.size = 255; /* octets that are written as \DDD each */
    memset(e.name.wire, 0xff, sizeof(e.name.wire));
    for (int i = 0; i < 256; i += 64) {
        e.name.wire[i] = i == 192 ? 61 : 63;
    }
    e.name.wire[254] = 0;
    (void)name;
    memset(rule, '"', sizeof(rule) - 1);
    rule[sizeof(rule) - 1] = 0;
    e.rule = e.feed = e.segment = e.upstream = rule;
    assert_true(wr_exporttext_syslog(&by, &e, room) < sizeof(room) - 1);
    json_t *j = json_loads(strchr(room, '{'), 0, NULL);
    assert_non_null(j);
    json_decref(j);
    assert_true(wr_exporttext_cef(&by, &e, room) < sizeof(room) - 1);
    assert_true(wr_exporttext_json(&e, room) < sizeof(room) - 1);
    assert_int_equal(room[strlen(room) - 1], '\n');
}

static void test_host(void **state)
{
    char host[256];
    wr_exporttext_host("gate 1\n\xc3\xbc", host, sizeof(host));
    assert_string_equal(host, "gate-1---");
    wr_exporttext_host("", host, sizeof(host));
    assert_string_equal(host, "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syslog),
        cmocka_unit_test(test_cef),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
