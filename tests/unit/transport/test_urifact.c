/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "transport/urifact.h"

#define PIN_A "pin=sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const char *const front = "tls://192.0.2.1#";

/* The facts behind `front`, read with the whole URL. */
static int read_facts(const char *facts, struct wr_uri *uri, struct wr_uri_error *error)
{
    char text[WR_URI_TEXT_SIZE];
    struct wr_str s;

    wr_str_init(&s, text, sizeof(text));
    wr_str_text(&s, front);
    wr_str_text(&s, facts);
    return wr_uri_from_text(text, s.len, uri, error);
}

static void test_refused(void **state)
{
    static const struct {
        const char *facts;
        size_t at; /* behind the "#" */
        const char *says;
    } rows[] = {
        {"nome=dns.example", 0, "no fact"},
        {"name", 0, "no fact"},
        {"name=", 0, "no fact"},
        {"pkix=1", 0, "no fact"},
        {"&pkix", 0, "no fact"},
        {"pkix&", 4, "nothing behind"},
        {"pkix&&dane", 5, "no fact"},
        {"pkix&pkix", 5, "already"},
        {"name=192.0.2.1", 5, "no name"},
        {"name=a.example&name=b.example", 20, "one name"},
        {"addr=dns.example", 5, "a name"},
        {"addr=192.0.2.1", 5, "already"},
        {"addr=192.0.2.2:53", 14, "only an address"},
        {"addr=2001:db8::1", 5, "brackets"},
        {"addr=192.0.2.2&addr=192.0.2.3&addr=192.0.2.4&addr=192.0.2.5", 50, "more than four"},
        {"pin=AAAA", 4, "a pin is"},
        {"pin=sha256/AAAA", 4, "a pin is"},
        {"pin=sha1/AAAAAAAAAAAAAAAAAAAAAAAAAAA=", 4, "a pin is"},
        {PIN_A "&" PIN_A, 60, "already"},
        {"proxy=proxy.example/p", 6, "only odoh"},
        {"dane", 0, "needs a name"},
        {"all", 0, "two ways"},
        {"pkix&all", 0, "two ways"},
        {PIN_A "&all", 0, "two ways or more: pkix"},
        {"name=a.example&" PIN_A "&all", 0, "the name is proven by the word pkix"},
        {"opportunistic&pkix", 0, "alone"},
        {"opportunistic&" PIN_A, 0, "alone"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_uri_error error = {NULL, 0};
        struct wr_uri uri;

        assert_int_equal(read_facts(rows[i].facts, &uri, &error), WR_E_FORMAT);
        if (!strstr(error.why, rows[i].says) || error.at != strlen(front) + rows[i].at)
            fail_msg("%s: \"%s\" at %zu", rows[i].facts, error.why, error.at - strlen(front));
    }
}

static void test_proxies(void **state)
{
    static const struct {
        const char *text;
        size_t at;
        const char *says;
    } rows[] = {
        {"odoh://t.example#proxy=p.example", 32, "path is missing"},
        {"odoh://t.example#proxy=p.example:x/p", 33, "port"},
        {"odoh://t.example#addr=192.0.2.1&proxy=p.example/p", 38, "stands first"},
        {"odoh://t.example#proxy=p.example/p&proxy=q.example/p", 41, "second proxy"},
        {"odoh://t.example#proxy=p.example/p&name=q.example", 40, "one name"},
        {"odoh://t.example#proxy=192.0.2.1/p&dane", 17, "needs a name"},
        {"odoh://t.example#proxy=p.example/p&config=AAAA", 42, "publishes"},
        {"odoh://t.example#proxy=p.example/p&config=?", 42, "publishes"},
        {"odoh://t.example#proxy=p.example/"
         "p&config=ACwAAgAoACAAAQABACCx8bhA3noyQbAnSM+bBbdNyMXoRRKYc4gXvXaqjr6MKw==",
         42, "suite that is known"},
        {"odoh://t.example#proxy=p.example/"
         "p&config=ACwAAQAoACAAAQABACCx8bhA3noyQbAnSM+bBbdNyMXoRRKYc4gXvXaqjr6MKw=="
         "&config=AAAA",
         114, "already"},
        {"https://t.example#config=AAAA", 25, "only odoh"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_uri_error error = {NULL, 0};
        struct wr_uri uri;
        int err = wr_uri_from_text(rows[i].text, strlen(rows[i].text), &uri, &error);

        assert_int_not_equal(err, WR_OK);
        if (!strstr(error.why, rows[i].says) || error.at != rows[i].at)
            fail_msg("%s: \"%s\" at %zu", rows[i].text, error.why, error.at);
    }
}

static void test_write(void **state)
{
    char text[WR_URI_TEXT_SIZE];
    struct wr_str s;
    struct wr_uri uri;

    assert_int_equal(read_facts("all&" PIN_A "&dane&name=dns.example&addr=192.0.2.2", &uri, NULL),
                     WR_OK);
    wr_str_init(&s, text, sizeof(text));
    wr_urifact_write(&uri, &s);
    assert_string_equal(text, "#name=dns.example&addr=192.0.2.2&" PIN_A "&dane&all");
    assert_int_equal(uri.proof, WR_URI_PINS | WR_URI_DANE | WR_URI_ALL);
    assert_int_equal(read_facts("pkix", &uri, NULL), WR_OK);
    wr_str_init(&s, text, sizeof(text));
    wr_urifact_write(&uri, &s);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
