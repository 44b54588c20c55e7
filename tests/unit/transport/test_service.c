/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "dns/svcb.h"
#include "transport/service.h"

static struct wr_addr addr(const char *text)
{
    struct wr_addr a;

    assert_int_equal(wr_addr_from_text(text, &a), WR_OK);
    return a;
}

/* As zone text, which dns/svcb writes and checks. */
static void assert_params(const struct wr_service *s, const struct wr_addr *hint, size_t hints,
                          const char *want)
{
    uint8_t room[WR_SERVICE_PARAMS_SIZE];
    char text[1024];
    struct wr_writer w;
    struct wr_str str;

    wr_buf_write_init(&w, room, sizeof(room));
    wr_service_put_params(s, hint, hints, &w);
    assert_int_equal(w.err, WR_OK);
    wr_str_init(&str, text, sizeof(text));
    assert_int_equal(wr_svcb_put_text(&str, room, w.pos), WR_OK);
    assert_string_equal(text, want);
}

static void test_params(void **state)
{
    struct wr_addr hint[] = {addr("2001:db8::53"), addr("192.0.2.1"), addr("192.0.2.2")};
    struct wr_service dot = {.kinds = WR_SERVICE_DOT, .port = 853};
    struct wr_service doq = {.kinds = WR_SERVICE_DOQ, .port = 8853};
    struct wr_service doh = {.kinds = WR_SERVICE_DOH, .port = 443, .path = "/dns-query"};

    assert_params(&dot, NULL, 0, " alpn=dot");
    assert_params(&doq, NULL, 0, " alpn=doq port=8853");
    assert_params(&doh, NULL, 0, " alpn=h2 dohpath=\"/dns-query{?dns}\"");
    assert_params(&dot, hint, 3, " alpn=dot ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::53");
    doh.kinds |= WR_SERVICE_DOT | WR_SERVICE_DOQ; /* each at its own port */
    doh.port = 0;
    assert_params(&doh, NULL, 0, " alpn=doq,dot,h2 dohpath=\"/dns-query{?dns}\"");
    doh.port = 443; /* all at this one */
    assert_params(&doh, NULL, 0, " alpn=doq,dot,h2 port=443 dohpath=\"/dns-query{?dns}\"");
    doh.kinds = WR_SERVICE_DOH;
    doh.port = 8443;
    doh.path = "/";
    assert_params(&doh, hint, 1, " alpn=h2 port=8443 ipv6hint=2001:db8::53 dohpath=\"/{?dns}\"");
}

/* The longest: the room that the header promises is enough, and one octet less is an error. */
static void test_room(void **state)
{
    char path[WR_URI_PATH_SIZE];
    struct wr_service doh = {.kinds = WR_SERVICE_DOH, .port = 1, .path = path};
    struct wr_addr hint[WR_SERVICE_HINTS_MAX + 1];
    uint8_t room[WR_SERVICE_PARAMS_SIZE];
    struct wr_writer w;
    size_t all;

    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = 0;
    for (size_t i = 0; i < WR_SERVICE_HINTS_MAX + 1; i++)
        hint[i] = addr("2001:db8::1");
    wr_buf_write_init(&w, room, sizeof(room));
    wr_service_put_params(&doh, hint, WR_SERVICE_HINTS_MAX + 1, &w);
    assert_int_equal(w.err, WR_OK);
    all = w.pos;
    assert_int_equal(wr_svcb_check(room, all), WR_OK);
    for (size_t n = 0; n < all; n++) {
        wr_buf_write_init(&w, room, n);
        wr_service_put_params(&doh, hint, WR_SERVICE_HINTS_MAX + 1, &w);
        assert_int_equal(w.err, WR_E_FULL);
    }
}

static void test_order(void **state)
{
    assert_string_equal(wr_service_alpn(WR_SERVICE_DOT), "dot");
    assert_string_equal(wr_service_alpn(WR_SERVICE_DOH), "h2");
    assert_string_equal(wr_service_alpn(WR_SERVICE_DOQ), "doq");
    assert_true(wr_service_priority(WR_SERVICE_DOQ) < wr_service_priority(WR_SERVICE_DOT));
    assert_true(wr_service_priority(WR_SERVICE_DOT) < wr_service_priority(WR_SERVICE_DOH));
    assert_int_equal(wr_service_port(WR_SERVICE_DOQ), 853);
    assert_int_equal(wr_service_port(WR_SERVICE_DOH), 443);
    assert_true(wr_service_priority(WR_SERVICE_DOQ) > 0); /* 0 would be an alias */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
