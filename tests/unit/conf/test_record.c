/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "conf/record.h"
#include "dns/present.h"

static const uint8_t zone[] = "\4home\4arpa";

static void test_good(void **state)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        {"printer A 192.0.2.4", "printer.home.arpa. 3600 IN A 192.0.2.4"},
        {"  printer.home.arpa. 5m IN AAAA 2001:db8::1",
         "printer.home.arpa. 300 IN AAAA 2001:db8::1"},
        {"@ IN 1h30m MX 10 mail", "home.arpa. 5400 IN MX 10 mail.home.arpa."},
        {"*.cam 0 CNAME gateway.example.", "*.cam.home.arpa. 0 IN CNAME gateway.example."},
        {"a.b TXT \"two words\" ; comment", "a.b.home.arpa. 3600 IN TXT \"two words\""},
        {"x TYPE65280 \\# 2 0a0b", "x.home.arpa. 3600 IN TYPE65280 \\# 2 0a0b"},
        {"_mqtt._tcp SRV 0 0 1883 broker", "_mqtt._tcp.home.arpa. 3600 IN SRV 0 0 1883 "
                                           "broker.home.arpa."},
        {"h 1w HTTPS 1 . alpn=h2", "h.home.arpa. 604800 IN HTTPS 1 . alpn=h2"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t rdata[512];
        char text[2048];
        struct wr_record_line r;
        struct wr_str s;
        size_t column = 0;
        const char *why = "";
        int err = wr_record_line_read(rows[i].line, strlen(rows[i].line), zone, 3600, rdata,
                                      sizeof(rdata), &r, &column, &why);
        if (err) {
            fail_msg("%s: %zu: %s", rows[i].line, column, why);
        }
        wr_str_init(&s, text, sizeof(text));
        wr_present_rr(&s, r.owner.wire, r.ttl, 1, r.type, rdata, r.size);
        assert_string_equal(text, rows[i].says);
    }
}

static void test_bad(void **state)
{
    static const struct {
        const char *line;
        size_t column;
        const char *says;
    } rows[] = {
        {"", 1, "expected a name"},
        {"printer", 8, "expected a type"},
        {"printer 5m", 11, "expected a type"},
        {"printer AA 192.0.2.4", 9, "expected a type"},
        {"printer ANY x", 9, "the only class"},
        {"printer AXFR x", 9, "no type of stored data"},
        {"printer CH A 192.0.2.4", 9, "the only class here is IN"},
        {"printer 5x A 192.0.2.4", 9, "expected a type, as A, or a TTL"},
        {"printer 99999999999 A 192.0.2.4", 9, "expected a type, as A, or a TTL"},
        {"printer A 192.0.2", 11, "does not fit"},
        {"printer A", 10, "not complete"},
        {"printer A 192.0.2.4 more", 21, "does not fit"},
        {"www.example.com. A 192.0.2.4", 1, "not in its zone"},
        {"a..b A 192.0.2.4", 1, "expected a name"},
        {"x TXT \"open", 6, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t rdata[512];
        struct wr_record_line r = {.ttl = 77};
        size_t column = 0;
        const char *why = "";
        assert_int_not_equal(wr_record_line_read(rows[i].line, strlen(rows[i].line), zone, 3600,
                                                 rdata, sizeof(rdata), &r, &column, &why),
                             WR_OK);
        if (!strstr(why, rows[i].says) || (*rows[i].says && column != rows[i].column)) {
            fail_msg("%s: %zu: %s", rows[i].line, column, why);
        }
        assert_int_equal(r.ttl, 77);
    }
}

/* With the zone behind it the name must still be one; and the room is the caller's. */
static void test_lengths(void **state)
{
    char line[400] = "";
    uint8_t rdata[8];
    struct wr_record_line r;
    size_t column;
    const char *why;
    for (int i = 0; i < 4; i++) {
        memset(line + 63 * i + i, 'a', 62);
        line[63 * i + i + 62] = '.';
        line[63 * i + i + 63] = 'b';
    }
    strcat(line, " A 192.0.2.1");
    assert_int_equal(
        wr_record_line_read(line, strlen(line), zone, 1, rdata, sizeof(rdata), &r, &column, &why),
        WR_E_FORMAT);
    const char *txt = "x TXT 123456789";
    assert_int_equal(
        wr_record_line_read(txt, strlen(txt), zone, 1, rdata, sizeof(rdata), &r, &column, &why),
        WR_E_FORMAT);
    assert_non_null(strstr(why, "too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
