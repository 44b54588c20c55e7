/* SPDX-License-Identifier: Apache-2.0 */
/* Dane: which names are looked up, and what an answer is worth. */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "serve/bootstrap.h"
#include "serve/dane.h"

static struct wr_uri servers[6];
static struct wr_conf_group group = {.servers = {servers, 0}};
static struct wr_conf conf;

static void server(const char *url)
{
    struct wr_uri *uri = &servers[group.servers.count++];
    assert_int_equal(wr_uri_from_text(url, strlen(url), uri, NULL), WR_OK);
    conf.upstream.groups.items = &group;
    conf.upstream.groups.count = 1;
}

static void is_name(const struct wr_name *name, const char *text)
{
    char is[WR_NAME_TEXT_SIZE];
    wr_name_to_text(name->wire, is, sizeof(is));
    assert_string_equal(is, text);
}

static void test_names(void **state)
{
    struct wr_name name[WR_BOOTSTRAP_NAMES_MAX];
    server("tls://192.0.2.1#name=dns.example&dane");
    server("tls://192.0.2.2#name=dns.example&dane&pkix"); /* the same name once */
    server("https://dns.example/dns-query#dane");
    server("quic://192.0.2.1:8853#name=dns.example&dane");
    server("tls://192.0.2.9#name=other.example");
    assert_int_equal(wr_dane_names(&conf, NULL, 0, 0), 4); /* how much room at the most */
    assert_int_equal(wr_dane_names(&conf, name, 0, 8), 3);
    is_name(&name[0], "_853._tcp.dns.example.");
    is_name(&name[1], "_443._tcp.dns.example.");
    is_name(&name[2], "_8853._udp.dns.example.");
    assert_int_equal(wr_dane_names(&conf, name, 0, 2), 2);
    /* behind those whose addresses are to be found */
    conf.time.trust = WR_CONF_TRUST_SYSTEM;
    assert_int_equal(wr_bootstrap_names(&conf, name, WR_BOOTSTRAP_NAMES_MAX), 4);
    is_name(&name[0], "dns.example.");
    is_name(&name[1], "_853._tcp.dns.example.");
}

static void test_time_servers(void **state)
{
    const char *servers_of_time[] = {"192.0.2.123", "time.example", "time.example:123"};
    struct wr_name name[WR_BOOTSTRAP_NAMES_MAX];
    conf.time.trust = WR_CONF_TRUST_LADDER;
    conf.time.servers.items = servers_of_time;
    conf.time.servers.count = 3;
    unsigned count = wr_bootstrap_names(&conf, name, WR_BOOTSTRAP_NAMES_MAX);
    assert_int_equal(count, 5); /* without the time nothing is proven */
    is_name(&name[4], "time.example.");
    conf.time.trust = WR_CONF_TRUST_SYSTEM;
    assert_int_equal(wr_bootstrap_names(&conf, name, WR_BOOTSTRAP_NAMES_MAX), 4);
}

static void test_needed(void **state)
{
    assert_true(wr_dane_is_needed(WR_URI_DANE));
    assert_true(wr_dane_is_needed(WR_URI_DANE | WR_URI_PINS | WR_URI_ALL));
    assert_false(wr_dane_is_needed(WR_URI_DANE | WR_URI_PKIX));
    assert_false(wr_dane_is_needed(WR_URI_PKIX | WR_URI_PINS | WR_URI_ALL));
}

/* A set of records: each as its length in two octets and itself. */
static size_t put(uint8_t *data, size_t n, uint8_t usage, uint8_t selector, uint8_t fill,
                  uint8_t size)
{
    data[n] = 0;
    data[n + 1] = (uint8_t)(size + 3);
    data[n + 2] = usage;
    data[n + 3] = selector;
    data[n + 4] = 1;
    memset(data + n + 5, fill, size);
    return n + 5 + size;
}

static void test_answers(void **state)
{
    static struct wr_answer a;
    struct wr_tlsa tlsa[WR_TLSA_RECORDS_MAX];
    uint8_t data[512], count = 7;
    size_t n = put(data, 0, 3, 1, 0xbb, 32);
    n = put(data, n, 3, 1, 0xaa, 32); /* the next key of a roll-over */
    n = put(data, n, 9, 1, 0xaa, 32); /* nobody knows what that means */
    n = put(data, n, 2, 0, 0xcc, 31); /* no SHA-256 */
    a.answers = 1;
    a.answer[0] =
        (struct wr_rrset){.type = WR_TYPE_TLSA, .data = data, .size = (uint32_t)n, .records = 4};
    a.security = WR_SECURITY_SECURE;
    assert_int_equal(wr_dane_read(&a, tlsa, &count), WR_DANE_FOUND);
    assert_int_equal(count, 2);
    assert_int_equal(tlsa[0].data[0], 0xaa); /* in whatever order they come */
    assert_int_equal(tlsa[1].data[0], 0xbb);
    for (uint8_t bad = WR_SECURITY_UNCHECKED; bad < WR_SECURITY_SECURE; bad++) {
        a.security = bad;
        assert_int_equal(wr_dane_read(&a, tlsa, &count),
                         bad == WR_SECURITY_INDETERMINATE ? WR_DANE_TIMELESS : WR_DANE_UNSIGNED);
        assert_int_equal(count, 0);
    }
    a.security = WR_SECURITY_SECURE;
    n = put(data, 0, 9, 1, 0xaa, 32);
    a.answer[0].size = (uint32_t)n;
    a.answer[0].records = 1;
    assert_int_equal(wr_dane_read(&a, tlsa, &count), WR_DANE_UNUSABLE);
    a.answers = 0;
    assert_int_equal(wr_dane_read(&a, tlsa, &count), WR_DANE_NONE);
}

/* More records than are kept. */
static void test_many(void **state)
{
    static struct wr_answer a;
    struct wr_tlsa tlsa[WR_TLSA_RECORDS_MAX];
    uint8_t data[1024], count;
    size_t n = 0;
    for (uint8_t i = 0; i < 2 * WR_TLSA_RECORDS_MAX; i++) {
        n = put(data, n, 3, 1, i, 32);
    }
    a.answers = 1;
    a.security = WR_SECURITY_SECURE;
    a.answer[0] = (struct wr_rrset){.type = WR_TYPE_TLSA,
                                    .data = data,
                                    .size = (uint32_t)n,
                                    .records = 2 * WR_TLSA_RECORDS_MAX};
    assert_int_equal(wr_dane_read(&a, tlsa, &count), WR_DANE_FOUND);
    assert_int_equal(count, WR_TLSA_RECORDS_MAX);
    n = 0;
    for (uint8_t i = 2 * WR_TLSA_RECORDS_MAX; i-- > 0;) { /* the same, turned */
        n = put(data, n, 3, 1, i, 32);
    }
    assert_int_equal(wr_dane_read(&a, tlsa, &count), WR_DANE_FOUND);
    assert_int_equal(count, WR_TLSA_RECORDS_MAX);
    for (uint8_t i = 0; i < count; i++) {
        assert_int_equal(tlsa[i].data[0], i);
    }
    n = 0;
    for (uint8_t i = 0; i < 2 * WR_TLSA_RECORDS_MAX;
         i++) { /* the one that needs nobody else is kept */
        n = put(data, n, i == 9 ? 3 : 0, 1, i, 32);
    }
    a.answer[0].size = (uint32_t)n;
    assert_int_equal(wr_dane_read(&a, tlsa, &count), WR_DANE_FOUND);
    assert_int_equal(tlsa[0].usage, 3);
}

/* Nothing known: no record, and a reason. */
static void test_reason(void **state)
{
    char text[2000];
    uint8_t count = 3;
    struct wr_str s;
    assert_null(wr_dane_give(NULL, &servers[0], &count));
    assert_int_equal(count, 0);
    wr_str_init(&s, text, sizeof(text));
    wr_dane_put_reason(NULL, &servers[0], &s);
    assert_string_equal(text,
                        "nobody has answered yet for its TLSA records at _853._tcp.dns.example.");
    wr_dane_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),  cmocka_unit_test(test_time_servers),
        cmocka_unit_test(test_needed), cmocka_unit_test(test_answers),
        cmocka_unit_test(test_many),   cmocka_unit_test(test_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
