/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "conf/exporturl.h"

static void takes(const char *text, uint32_t format, uint8_t way, uint16_t port)
{
    struct wr_exporturl url;
    const char *why;
    assert_int_equal(wr_exporturl_read(text, format, &url, &why), WR_OK);
    assert_int_equal(url.way, way);
    assert_true(why == NULL);
    assert_int_equal(url.uri.addr.port, port);
}

static void refuses(const char *text, uint32_t format, const char *word)
{
    struct wr_exporturl url;
    const char *why;
    assert_int_equal(wr_exporturl_read(text, format, &url, &why), WR_E_FORMAT);
    assert_non_null(strstr(why, word));
}

static void test_ways(void **state)
{
    struct wr_exporturl url;
    const char *why;
    assert_int_equal(wr_exporturl_read("file:///var/log/x", WR_EXPORT_JSON, &url, &why), WR_OK);
    assert_int_equal(url.way, WR_EXPORT_FILE);
    assert_string_equal(url.path, "/var/log/x");
    takes("unix:///run/x.sock", WR_EXPORT_DNSTAP, WR_EXPORT_UNIX, 0);
    takes("udp://192.0.2.9", WR_EXPORT_SYSLOG, WR_EXPORT_UDP, 514);
    takes("tcp://192.0.2.9", WR_EXPORT_CEF, WR_EXPORT_TCP, 601);
    takes("tls://[2001:db8::1]#name=siem.example", WR_EXPORT_SYSLOG, WR_EXPORT_TLS, 6514);
    takes("tls://siem.example:99#addr=192.0.2.9", WR_EXPORT_JSON, WR_EXPORT_TLS, 99);
    takes("tcp://[2001:db8::1]:7000", WR_EXPORT_JSON, WR_EXPORT_TCP, 7000);
}

static void test_mistakes(void **state)
{
    char longer[200] = "unix:///";
    memset(longer + 8, 'x', 150);
    refuses("", WR_EXPORT_JSON, "begin it");
    refuses("https://192.0.2.1", WR_EXPORT_JSON, "begin it");
    refuses("file://relative", WR_EXPORT_JSON, "whole path");
    refuses(longer, WR_EXPORT_JSON, "107");
    refuses("tcp://192.0.2.9", WR_EXPORT_JSON, "port is missing");
    refuses("tls://siem.example", WR_EXPORT_SYSLOG, "address is missing");
    refuses("tls://192.0.2.1#dane&name=siem.example", WR_EXPORT_SYSLOG, "TLSA");
    refuses("udp://192.0.2.1:6000", WR_EXPORT_DNSTAP, "stream");
    refuses("udp://nonsense", WR_EXPORT_SYSLOG, "");
}

static void count(void *user, const char *path, const char *text)
{
    char *seen = user;
    strcat(strcat(seen, path), ";");
}

static void test_together(void **state)
{
    char seen[300] = "";
    struct wr_conf_export items[] = {{"a", "file:///x", 0, 0},
                                     {"a", "file:///y", 0, 0},
                                     {"b", "file:///x", 0, 0},
                                     {"c", "nowhere", 0, 0}};
    struct wr_conf conf;
    memset(&conf, 0, sizeof(conf));
    conf.export.items = items;
    conf.export.count = 4;
    wr_exporturl_check(&conf, count, seen);
    assert_string_equal(seen, "export[1].name;export[2].to;export[3].to;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
