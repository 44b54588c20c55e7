/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "conf/feedurl.h"

static void test_good(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
        uint8_t family;
    } rows[] = {
        {"https://lists.example/ads.txt", "lists.example", 443, WR_AF_NONE},
        {"HTTPS://Lists.Example", "lists.example", 443, WR_AF_NONE},
        {"https://lists.example:8443/a?b=c&d", "lists.example", 8443, WR_AF_NONE},
        {"https://4.lists.0x7f.x0/", "4.lists.0x7f.x0", 443, WR_AF_NONE},
        {"https://lists.example./", "lists.example.", 443, WR_AF_NONE},
        {"https://lists.example?x", "lists.example", 443, WR_AF_NONE},
        {"https://192.0.2.1/a", "192.0.2.1", 443, WR_AF_V4},
        {"https://[2001:db8::1]/a", "2001:db8::1", 443, WR_AF_V6},
        {"https://[2001:DB8::1]:444/a@b", "2001:db8::1", 444, WR_AF_V6},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_feedurl url;
        const char *why;
        assert_int_equal(wr_feedurl_read(rows[i].text, &url, &why), WR_OK);
        assert_string_equal(url.host, rows[i].host);
        assert_int_equal(url.port, rows[i].port);
        assert_int_equal(url.addr.family, rows[i].family);
    }
}

static void test_bad(void **state)
{
    static const char *const rows[] = {
        "",
        "http://lists.example/",
        "https:/lists.example",
        "https://",
        "https:///a",
        "https://user@lists.example/",
        "https://user:word@lists.example/",
        "https://lists.example:0/",
        "https://lists.example:65536/",
        "https://lists.example:/",
        "https://lists.example:44x/",
        "https://[2001:db8::1/",
        "https://[2001:db8::1]x/",
        "https://lists example/",
        "https://lists.example/a b",
        "https://lists.example/#pin=x",
        "https://lists..example/",
        "https://127.1/",
        "https://2130706433/",
        "https://lists.0x7f/",
        "https://0X7F000001./",
        "https://127.0.0.1./",
        "https://0177.0.0.1/",
        "https://lists.example/\xc3\xbc",
        "https://lists.example/\n",
        "file:///etc/passwd",
    };
    char text[2000] = "https://lists.example/";
    struct wr_feedurl url;
    const char *why = NULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        why = NULL;
        if (wr_feedurl_read(rows[i], &url, &why) != WR_E_FORMAT || why == NULL) {
            fail_msg("%s", rows[i]);
        }
    }
    memset(text + strlen(text), 'a', WR_FEED_URL_SIZE);
    assert_int_equal(wr_feedurl_read(text, &url, &why), WR_E_FORMAT);
    memset(text, 'a', sizeof(text) - 1);
    memcpy(text, "https://", 8);
    text[900] = 0;
    assert_int_equal(wr_feedurl_read(text, &url, &why), WR_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
