/* SPDX-License-Identifier: Apache-2.0 */
/* Names and URLs; the files are tests/e2e/cert.py. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "cli/certnew.h"
#include "transport/uri.h"

static void test_add(void **state)
{
    static const char *const bad[] = {"",   "a b", "192.0.2.1:853", "fe80::1%2", "0.0.0.0",
                                      "::", "a_b"};
    struct wr_certnew job = {0};

    assert_null(wr_certnew_add(&job, "dns.home"));
    assert_null(wr_certnew_add(&job, "192.0.2.1"));
    assert_null(wr_certnew_add(&job, "2001:db8::1"));
    assert_int_equal(job.names, 1);
    assert_int_equal(job.addrs, 2);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(wr_certnew_add(&job, bad[i]));
    while (job.names + job.addrs < WR_CERTMAKE_NAMES_MAX)
        assert_null(wr_certnew_add(&job, "more.home"));
    assert_non_null(wr_certnew_add(&job, "toomany.home"));
}

/* weir reads the URL, and finds the server and its pins in it. */
static void test_url(void **state)
{
    static const char *const words[] = {"192.0.2.1", "2001:db8::1", "dns.home"};
    struct wr_pin pin[2];

    memset(pin, 0xfb, sizeof(pin)); /* "+" and "/" in its base64 */
    pin[1].digest[0] = 0;
    for (size_t i = 0; i < 3; i++) {
        struct wr_certnew job = {0};
        struct wr_uri uri;
        struct wr_uri_error error;
        char url[512];

        assert_null(wr_certnew_add(&job, words[i]));
        assert_true(wr_certnew_url(&job, pin, 2, url, sizeof(url)));
        if (wr_uri_from_text(url, strlen(url), &uri, &error) != WR_OK)
            fail_msg("%s: %s at %zu", url, error.why, error.at);
        assert_int_equal(uri.scheme, WR_URI_TLS);
        assert_int_equal(uri.proof, WR_URI_PINS);
        assert_int_equal(uri.pins, 2);
        assert_memory_equal(uri.pin[0], pin[0].digest, sizeof(uri.pin[0]));
        assert_memory_equal(uri.pin[1], pin[1].digest, sizeof(uri.pin[1]));
        assert_false(wr_certnew_url(&job, pin, 2, url, 40));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_url),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
