/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/logline.h"

static void assert_line(const char *event, const char *line)
{
    char *text = NULL;
    size_t n = 0, out = 0;
    FILE *f = open_memstream(&text, &n);
    json_t *j = json_loads(event, 0, NULL);
    assert_non_null(j);
    wr_logline_print(j, f);
    fclose(f);
    json_decref(j);
    for (size_t i = 0; i < n; i++) { /* columns are as wide as they like */
        if (text[i] != ' ' || i == 0 || text[i - 1] != ' ') {
            text[out++] = text[i];
        }
    }
    text[out] = 0;
    assert_string_equal(text, line);
    free(text);
}

static void test_lines(void **state)
{
    assert_line(
        "{\"time\":1795838706,\"client\":\"192.0.2.7:4000\",\"device\":12,\"name\":\"a.example.\","
        "\"type\":\"A\","
        "\"source\":\"upstream\",\"rcode\":\"NOERROR\",\"security\":\"secure\",\"took_us\":12345,"
        "\"upstream\":\"tls://192.0.2.1\"}",
        "2026-11-28T04:05:06Z d12 192.0.2.7 a.example. A NOERROR tls://192.0.2.1 - secure 12.3 ms");
    assert_line("{\"time\":0,\"client\":\"[2001:db8::7]:4000\",\"claim\":\"tv\",\"name\":\"x.\","
                "\"type\":\"A\",\"source\":\"local\","
                "\"rcode\":\"NXDOMAIN\",\"verdict\":\"nxdomain\",\"shadow\":true,\"rule\":\"ads\","
                "\"feed\":\"list\",\"line\":7,"
                "\"took_us\":20}",
                "1970-01-01T00:00:00Z tv? 2001:db8::7 x. A NXDOMAIN local nxdomain (shadow) by ads "
                "(list:7) - 0.0 ms");
    assert_line("{\"time\":0,\"client\":\"~00ff\",\"source\":\"dropped\",\"took_us\":0}",
                "1970-01-01T00:00:00Z ~00ff - - - dropped - - 0.0 ms");
    assert_line(
        "{\"time\":0,\"kind\":\"rollup\",\"count\":70,\"source\":\"cache\",\"rcode\":\"NOERROR\"}",
        "1970-01-01T00:00:00Z - - - NOERROR cache - - 70 queries");
    assert_line("{\"time\":0,\"kind\":\"policy\",\"text\":\"settings 2 in force\"}",
                "1970-01-01T00:00:00Z policy: settings 2 in force");
    assert_line("{\"time\":0,\"client\":\"192.0.2.7\",\"device\":7,\"device_name\":\"tv\\u001b["
                "2J\",\"name\":"
                "\"x\\u001b[31m.\",\"took_us\":0}",
                "1970-01-01T00:00:00Z tv\\x1b[2J 192.0.2.7 x\\x1b[31m. - - - - 0.0 ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
