/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "dns/build.h"
#include "dns/present.h"
#include "transport/upgrade.h"

static struct wr_addr addr;
static struct wr_upgrade found[WR_UPGRADES_MAX];
static uint32_t ttl;
static uint8_t answer[8192];

struct record {
    const char *owner; /* NULL: the right one */
    uint32_t ttl;
    const char *rdata;
};

static size_t build(const struct record *list, size_t count, uint16_t rcode)
{
    struct wr_build b;
    uint8_t room[2048];
    struct wr_writer w;

    wr_build_start(&b, answer, sizeof(answer), 1, WR_FLAG_QR);
    wr_build_question(&b, wr_upgrade_name, WR_TYPE_SVCB, WR_CLASS_IN);
    for (size_t i = 0; i < count; i++) {
        struct wr_name owner;
        const char *name = list[i].owner ? list[i].owner : "_DNS.resolver.arpa.";

        assert_int_equal(wr_name_from_text(name, strlen(name), &owner), WR_OK);
        wr_buf_write_init(&w, room, sizeof(room));
        assert_int_equal(wr_present_read_rdata(list[i].rdata, strlen(list[i].rdata), WR_TYPE_SVCB,
                                               NULL, &w, NULL),
                         WR_OK);
        assert_int_equal(wr_build_rr(&b, WR_SECTION_ANSWER, owner.wire, WR_TYPE_SVCB, WR_CLASS_IN,
                                     list[i].ttl, room, w.pos),
                         WR_OK);
    }
    return wr_build_finish(&b, rcode);
}

static size_t read_list(const struct record *list, size_t count)
{
    memset(found, 0, sizeof(found));
    return wr_upgrade_read(answer, build(list, count, WR_RCODE_NOERROR), &addr, found, &ttl);
}

static size_t read_one(const char *rdata)
{
    struct record one = {NULL, 300, rdata};

    return read_list(&one, 1);
}

static int setup(void **state)
{
    return wr_addr_from_text("192.0.2.1", &addr);
}

/* As Cloudflare, Quad9 and weir itself answer. */
static void test_read(void **state)
{
    static const struct record list[] = {
        {NULL, 300,
         "2 one.example. alpn=\"h2,h3\" ipv4hint=192.0.2.1,192.0.2.2 dohpath=\"/dns-query{?dns}\""},
        {NULL, 60, "1 one.example. alpn=dot ipv4hint=192.0.2.2,192.0.2.1 ipv6hint=2001:db8::1"},
        {NULL, 600, "1 one.example. alpn=doq port=8853"},
    };

    assert_int_equal(read_list(list, 3), 3);
    assert_int_equal(ttl, 60);
    assert_int_equal(found[0].scheme, WR_URI_TLS);
    assert_int_equal(found[0].port, 853);
    assert_int_equal(found[1].scheme, WR_URI_QUIC);
    assert_int_equal(found[1].port, 8853);
    assert_int_equal(found[2].scheme, WR_URI_HTTPS);
    assert_int_equal(found[2].port, 443);
    assert_string_equal(found[2].path, "/dns-query");
    /* One record for all, each at its own port. */
    assert_int_equal(read_one("1 a. alpn=\"doq,dot,h2\" dohpath=\"/{?dns}\""), 3);
    assert_int_equal(found[2].port, 443);
    assert_string_equal(found[2].path, "/");
    wr_addr_from_text("2001:db8::1", &addr);
    assert_int_equal(read_list(list, 3), 3); /* the hints of the other family do not say where */
}

static void test_passed_over(void **state)
{
    static const char *const rows[] = {
        "0 other.example.",                            /* an alias */
        "1 a. port=853",                               /* no transport named */
        "1 a. alpn=h3 dohpath=\"/q{?dns}\"",           /* none that is spoken */
        "1 a. alpn=dot ipv4hint=192.0.2.2",            /* elsewhere */
        "1 a. alpn=dot mandatory=key65280 key65280=x", /* not understood */
        "1 a. alpn=dot port=0",
        "1 a. alpn=h2", /* no path */
        "1 a. alpn=h2 dohpath=\"q{?dns}\"",
        "1 a. alpn=h2 dohpath=\"/q\"",
        "1 a. alpn=h2 dohpath=\"/q{?dns,x}\"",
        "1 a. alpn=h2 dohpath=\"/q\\010{?dns}\"",
        "1 a. alpn=h2 dohpath=\"{?dns}\"",
    };
    struct record other = {"_dns.other.example.", 300, "1 a. alpn=dot"};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (read_one(rows[i]) != 0 || ttl != 0)
            fail_msg("taken: %s", rows[i]);
    assert_int_equal(read_list(&other, 1), 0);
    assert_int_equal(read_one("1 a. alpn=dot mandatory=port,alpn port=8853"), 1);
    assert_int_equal(found[0].port, 8853);
}

static void test_no_answer(void **state)
{
    struct record one = {NULL, 300, "1 a. alpn=dot"};
    size_t size = build(&one, 1, WR_RCODE_NOERROR);
    struct wr_addr none = {0};

    assert_int_equal(wr_upgrade_read(answer, size, &addr, found, &ttl), 1);
    for (size_t n = 0; n < size; n++)
        assert_int_equal(wr_upgrade_read(answer, n, &addr, found, &ttl), 0);
    assert_int_equal(wr_upgrade_read(answer, size, &none, found, &ttl), 0);
    answer[2] &= 0x7f; /* a question */
    assert_int_equal(wr_upgrade_read(answer, size, &addr, found, &ttl), 0);
    size = build(&one, 1, WR_RCODE_SERVFAIL);
    assert_int_equal(wr_upgrade_read(answer, size, &addr, found, &ttl), 0);
    size = build(&one, 0, WR_RCODE_NOERROR);
    assert_int_equal(wr_upgrade_read(answer, size, &addr, found, &ttl), 0);
}

/* A flood: what is liked best of the first ones, and an end. */
static void test_many(void **state)
{
    static char text[64][64];
    static struct record list[64];

    for (unsigned i = 0; i < 64; i++) {
        snprintf(text[i], sizeof(text[i]), "%u a. alpn=dot port=%u", 100 - i, 1000 + i);
        list[i] = (struct record){NULL, 300, text[i]};
    }
    assert_int_equal(read_list(list, 64), WR_UPGRADES_MAX);
    for (unsigned i = 0; i + 1 < WR_UPGRADES_MAX; i++)
        assert_true(found[i].priority <= found[i + 1].priority);
    list[1].rdata = list[0].rdata;
    assert_int_equal(read_list(list, 2), 1); /* twice the same is once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_read, setup),
        cmocka_unit_test_setup(test_passed_over, setup),
        cmocka_unit_test_setup(test_no_answer, setup),
        cmocka_unit_test_setup(test_many, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
