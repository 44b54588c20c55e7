/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "conf/giver.h"

static struct wr_uri uri_of(const char *text)
{
    struct wr_uri uri;
    assert_int_equal(wr_uri_from_text(text, strlen(text), &uri, NULL), WR_OK);
    return uri;
}

#define PIN "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void test_which(void **state)
{
    static const struct {
        const char *text, *words; /* NULL: good */
    } rows[] = {
        {"tcp://192.0.2.1", NULL},
        {"tcp://[2001:db8::1]:5353", NULL},
        {"tls://192.0.2.1", NULL}, /* proves its address */
        {"tls://192.0.2.1#name=ns.example", NULL},
        {"tls://ns.example#addr=192.0.2.1&addr=192.0.2.2", NULL},
        {"tls://192.0.2.1#pin=" PIN, NULL},
        {"tls://192.0.2.1#name=ns.example&pkix&pin=" PIN "&all", NULL},
        {"udp://192.0.2.1", "over TCP or TLS"},
        {"quic://192.0.2.1", "over TCP or TLS"},
        {"https://192.0.2.1/dns-query", "over TCP or TLS"},
        {"tcp://[fe80::1%eth0]", "link-local"},
        {"tls://ns.example", "write the primary's address"},
        {"tls://192.0.2.1#opportunistic", "proves who it is"},
        {"tls://ns.example#addr=192.0.2.1&dane", "TLSA"},
        {"tls://ns.example#addr=192.0.2.1&dane&pkix", "TLSA"},
    };

    for (size_t i = 0; i < WR_ARRAY_LEN(rows); i++) {
        struct wr_uri uri = uri_of(rows[i].text);
        const char *why = wr_giver_wrong(&uri);
        if ((why == NULL) != (rows[i].words == NULL) ||
            (why != NULL && strstr(why, rows[i].words) == NULL)) {
            fail_msg("%s: %s", rows[i].text, why != NULL ? why : "good");
        }
    }
}

static void test_plain(void **state)
{
    struct wr_uri uri[2] = {uri_of("tls://192.0.2.1"), uri_of("tls://192.0.2.2")};
    assert_null(wr_giver_plain(uri, 0));
    assert_null(wr_giver_plain(uri, 2));
    uri[1] = uri_of("tcp://192.0.2.2");
    assert_non_null(strstr(wr_giver_plain(uri, 2), "plain text"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_which), cmocka_unit_test(test_plain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
