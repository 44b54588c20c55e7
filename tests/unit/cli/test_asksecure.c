/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/net/tlsserver.h"

#include <string.h>

#include "base/err.h"
#include "cli/asksecure.h"

/* What is said before there is a connection, and what to do about it; the rest is tests/unit/net/test_askflow.c and
 * tests/e2e/ask_secure.py. */
static struct wr_asksecure *secure;
static struct wr_ask_reply reply;
static struct wr_addr nobody;
static const uint8_t query[17] = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1};

static int setup(void **state)
{
    secure = wr_asksecure_start();
    return secure ? wr_addr_from_text("127.0.0.1:1", &nobody) : -1; /* tcpmux: refused */
}

static int teardown(void **state)
{
    wr_asksecure_end(secure);
    wr_asksecure_end(NULL);
    return 0;
}

static void test_no_authorities(void **state)
{
    struct wr_askflags flags = {
        .timeout_ms = 1000,
        .via = {.scheme = WR_URI_TLS, .ca = true, .ca_file = "/nowhere/ca.pem"}};

    assert_int_equal(wr_asksecure_run(secure, &flags, &nobody, query, sizeof(query), &reply),
                     WR_E_USAGE);
    assert_non_null(strstr(secure->facts.why, "/nowhere/ca.pem: No such file"));
    flags.via.ca_file = "/dev/null";
    assert_int_equal(wr_asksecure_run(secure, &flags, &nobody, query, sizeof(query), &reply),
                     WR_E_USAGE);
    assert_non_null(strstr(secure->facts.why, "/dev/null: "));
}

static void test_nobody(void **state)
{
    struct wr_askflags flags = {.timeout_ms = 20000, .via = {.scheme = WR_URI_TLS}};
    int err = wr_asksecure_run(secure, &flags, &nobody, query, sizeof(query), &reply);

    assert_int_equal(err, WR_E_IO);
    assert_non_null(strstr(secure->facts.why, "cannot connect"));
    assert_non_null(strstr(wr_asksecure_remedy(secure, &flags, err), "listener"));
    assert_string_equal(secure->host, "127.0.0.1");
    flags.server = "dns.example#853";
    (void)wr_asksecure_run(secure, &flags, &nobody, query, sizeof(query), &reply);
    assert_string_equal(secure->host, "dns.example");
    flags.via.host = "192.0.2.1";
    (void)wr_asksecure_run(secure, &flags, &nobody, query, sizeof(query), &reply);
    assert_string_equal(secure->host, "192.0.2.1");
    flags.from = "nowhere";
    assert_int_equal(wr_asksecure_run(secure, &flags, &nobody, query, sizeof(query), &reply),
                     WR_E_USAGE);
}

/* What a request names as its host: the name, or the address; the port where it is not HTTPS's own. */
static void test_authority(void **state)
{
    struct wr_askflags flags = {.timeout_ms = 20000, .via = {.scheme = WR_URI_HTTPS}};
    struct wr_addr other;

    (void)wr_asksecure_run(secure, &flags, &nobody, query, sizeof(query), &reply);
    assert_string_equal(secure->authority, "127.0.0.1:1");
    assert_int_equal(wr_addr_from_text("[::1]:2", &other), WR_OK);
    (void)wr_asksecure_run(secure, &flags, &other, query, sizeof(query), &reply);
    assert_string_equal(secure->authority, "[::1]:2");
    flags.via.host = "dns.example";
    other.port = 443;
    flags.timeout_ms = 200;
    (void)wr_asksecure_run(secure, &flags, &other, query, sizeof(query), &reply);
    assert_string_equal(secure->authority, "dns.example");
}

static void test_remedies(void **state)
{
    struct wr_askflags flags = {.via = {.scheme = WR_URI_TLS, .ca = true}};

    assert_non_null(strstr(wr_asksecure_remedy(secure, &flags, WR_E_DENIED), "+tls-ca"));
    flags.via.ca = false;
    flags.via.pins = 1;
    assert_non_null(strstr(wr_asksecure_remedy(secure, &flags, WR_E_DENIED), "without +pin"));
    assert_string_equal(wr_asksecure_remedy(secure, &flags, WR_E_TIMEOUT), "");
}

static struct server server;

/* Asks; true: by a resumed session. */
static bool resumed(const struct wr_askflags *flags)
{
    assert_int_equal(wr_asksecure_run(secure, flags, &server.at, query, sizeof(query), &reply),
                     WR_OK);
    return secure->facts.resumed;
}

/* A ticket is used for the same server under the same terms alone, also when two names stand in one place one after the other, as those
 * of two URLs do. */
static void test_tickets(void **state)
{
    struct certs_one ca, leaf;
    char name[16] = "dns.example";
    struct wr_askflags flags = {
        .timeout_ms = 20000, .server = name, .via = {.scheme = WR_URI_TLS, .sni = "dns.example"}};

    certs_make(&ca, &(struct certs_want){.cn = "test CA", .ca = true}, NULL);
    certs_make(&leaf, &(struct certs_want){.names = {"dns.example"}}, &ca);
    server_start(&server, ANSWERS, &leaf);
    assert_false(resumed(&flags));
    assert_true(resumed(&flags));
    memcpy(name, "two.example", sizeof("two.example"));
    assert_false(resumed(&flags));
    assert_non_null(strstr(secure->proof.text, "two.example"));
    assert_true(resumed(&flags));
    memcpy(flags.via.pin, &secure->proof.key, sizeof(secure->proof.key));
    flags.via.pins = 1;
    assert_false(resumed(&flags));
    assert_true(resumed(&flags));
    flags.via.sni = "two.example";
    assert_false(resumed(&flags));
    flags.via.host = name; /* written elsewhere, and the same */
    assert_true(resumed(&flags));
    server_stop(&server);
    certs_free(&leaf);
    certs_free(&ca);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_authorities, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_authority, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remedies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tickets, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
