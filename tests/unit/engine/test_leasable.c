/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/build.h"
#include "dns/svcb.h"
#include "engine/leasable.h"
#include "policy/prefix.h"

static struct wr_prefix reaches[1], own[2], nat64;
static struct wr_segment segment[2];
static struct wr_segment_subnet subnet[3];
static struct wr_segments segments;
static struct wr_leasable_terms terms;
static struct wr_lease_ask ask;
static struct wr_leasable_room *room;

static struct wr_prefix prefix(const char *text)
{
    struct wr_prefix p;
    assert_int_equal(wr_addr_prefix_from_text(text, &p), WR_OK);
    return p;
}

/* 0: cameras, 10.2.0.0/16 and 2001:db8:2::/64, who may reach 10.9.0.5; 1: the house, 203.0.113.0/25. The gateway is 192.0.2.1. */
static int start(void **state)
{
    memset(segment, 0, sizeof(segment));
    memset(subnet, 0, sizeof(subnet));
    reaches[0] = prefix("10.9.0.5/32");
    own[0] = prefix("192.0.2.1/32");
    own[1] = prefix("2001:db8:f::1/128");
    nat64 = prefix("2001:db8:64::/96");
    subnet[0].prefix = prefix("10.2.0.0/16");
    subnet[1].prefix = prefix("2001:db8:2::/64");
    subnet[2].prefix = prefix("203.0.113.0/25");
    subnet[2].segment = 1;
    segment[0] =
        (struct wr_segment){.label = 1, .answered = true, .reaches = reaches, .reach_count = 1};
    segment[1].label = 2;
    segments =
        (struct wr_segments){.segment = segment, .subnet = subnet, .segments = 2, .subnets = 3};
    wr_segment_compile(&segments);
    terms = (struct wr_leasable_terms){.segments = &segments,
                                       .own = own,
                                       .owns = wr_prefix_compile(own, 2),
                                       .nat64 = &nat64,
                                       .most = WR_LEASE_DESTS_MAX};
    memset(&ask, 0, sizeof(ask));
    room = malloc(sizeof(*room));
    return room == NULL;
}

static int stop(void **state)
{
    free(room);
    return 0;
}

static void test_what_becomes_of_an_address(void **state)
{
    static const struct {
        const char *text;
        enum wr_leasable is, given;
    } rows[] = {
        {"198.51.100.7", WR_LEASABLE_LEASE, WR_LEASABLE_LEASE},
        {"2001:db8::7", WR_LEASABLE_LEASE, WR_LEASABLE_LEASE},
        {"10.9.0.5", WR_LEASABLE_STAYS, WR_LEASABLE_STAYS}, /* reaches */
        {"10.9.0.6", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
        {"10.2.3.4", WR_LEASABLE_STAYS, WR_LEASABLE_STAYS}, /* his own segment */
        {"2001:db8:2::9", WR_LEASABLE_STAYS, WR_LEASABLE_STAYS},
        {"203.0.113.9", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS}, /* another's */
        {"203.0.113.200", WR_LEASABLE_LEASE, WR_LEASABLE_LEASE},
        {"192.0.2.1", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS}, /* the gateway */
        {"2001:db8:f::1", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
        {"192.168.1.1", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
        {"127.0.0.1", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
        {"224.0.0.251", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
        {"fe80::1", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
        {"::ffff:198.51.100.7", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
        {"64:ff9b::198.51.100.7", WR_LEASABLE_LEASE, WR_LEASABLE_LEASE},
        {"64:ff9b::10.0.0.1", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
        {"2001:db8:64::198.51.100.7", WR_LEASABLE_LEASE, WR_LEASABLE_LEASE},
        {"2001:db8:64::10.9.0.6", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
        {"2001:db8:64::203.0.113.9", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
        {"2001:db8:64::192.0.2.1", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
        {"64:ff9b::203.0.113.9", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
        {"64:ff9b::192.0.2.1", WR_LEASABLE_NEVER, WR_LEASABLE_STAYS},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_addr addr;
        assert_int_equal(wr_addr_from_text(rows[i].text, &addr), WR_OK);
        terms.given = false;
        if (wr_leasable_of(&terms, &addr) != rows[i].is) {
            fail_msg("%s", rows[i].text);
        }
        terms.given = true;
        if (wr_leasable_of(&terms, &addr) != rows[i].given) {
            fail_msg("%s, given", rows[i].text);
        }
    }
}

/* --- messages --- */

static uint8_t bytes[WR_MSG_MAX];
static struct wr_build b;
static struct wr_msg msg;

static void begin(uint16_t type)
{
    struct wr_name name;
    assert_int_equal(wr_name_from_text("www.example.", 12, &name), WR_OK);
    wr_build_start(&b, bytes, sizeof(bytes), 7, WR_FLAG_QR | WR_FLAG_RD | WR_FLAG_RA | WR_FLAG_AD);
    wr_build_question(&b, name.wire, type, WR_CLASS_IN);
}

static void put(enum wr_section section, const char *owner, uint16_t type, uint32_t ttl,
                const void *rdata, size_t size)
{
    struct wr_name name;
    assert_int_equal(wr_name_from_text(owner, strlen(owner), &name), WR_OK);
    assert_int_equal(wr_build_rr(&b, section, name.wire, type, WR_CLASS_IN, ttl, rdata, size),
                     WR_OK);
}

static void put_addr(enum wr_section section, const char *owner, uint32_t ttl, const char *text)
{
    struct wr_addr a;
    assert_int_equal(wr_addr_from_text(text, &a), WR_OK);
    put(section, owner, a.family == WR_AF_V4 ? WR_TYPE_A : WR_TYPE_AAAA, ttl, a.ip,
        wr_addr_ip_size(&a));
}

static void put_service(const char *owner, uint16_t type, uint32_t ttl, const char *words)
{
    uint8_t rdata[512] = {0, 1, 0};
    struct wr_writer w;
    struct wr_lex lex;
    size_t column;
    wr_buf_write_init(&w, rdata + 3, sizeof(rdata) - 3);
    wr_lex_init(&lex, words, strlen(words));
    assert_int_equal(wr_svcb_read_text(&lex, &w, &column), WR_OK);
    put(WR_SECTION_ANSWER, owner, type, ttl, rdata, 3 + w.pos);
}

static void put_signature(const char *owner, uint16_t type)
{
    uint8_t rdata[40] = {(uint8_t)(type >> 8), (uint8_t)type, 15, 2};
    put(WR_SECTION_ANSWER, owner, WR_TYPE_RRSIG, 60, rdata, sizeof(rdata));
}

static size_t end(bool edns, bool pads)
{
    struct wr_build_opt opt = {
        .udp_size = 1232, .dnssec_ok = true, .ede = WR_EDE_NONE, .pad_to = pads ? 468 : 0};
    if (edns) {
        assert_int_equal(wr_build_opt(&b, &opt, 0), WR_OK);
    }
    return wr_build_finish(&b, 0);
}

static bool has_dest(const char *text, uint32_t ttl)
{
    struct wr_addr a;
    assert_int_equal(wr_addr_from_text(text, &a), WR_OK);
    for (unsigned i = 0; i < ask.dests; i++) {
        if (ask.dest[i].family == a.family && memcmp(ask.dest[i].ip, a.ip, 16) == 0) {
            return ask.dest[i].for_s == ttl;
        }
    }
    return false;
}

/* How many records of the type the section has; the last is in *ret_rr. */
static unsigned count(enum wr_section section, uint16_t type, struct wr_msg_rr *ret_rr)
{
    struct wr_msg_walk walk = wr_msg_walk(&msg, section);
    struct wr_msg_rr rr;
    unsigned n = 0;
    while (wr_msg_next(&walk, &rr)) {
        if (rr.type == type) {
            *ret_rr = rr;
            n++;
        }
    }
    return n;
}

/* Gathers, trims to `keep`, and reads what is left. */
static bool trim(size_t *size, uint32_t keep)
{
    size_t before = *size;
    (void)wr_leasable_gather(&terms, bytes, *size, &ask);
    bool none = wr_leasable_trim(&terms, &ask, ask.dests, keep, room, bytes, size);
    assert_true(*size <= before);
    assert_int_equal(wr_msg_parse(&msg, bytes, *size), WR_OK);
    return none;
}

static void test_addresses_of_all_sections_once(void **state)
{
    begin(WR_TYPE_A);
    put_addr(WR_SECTION_ANSWER, "www.example.", 60, "198.51.100.1");
    put_addr(WR_SECTION_ANSWER, "www.example.", 60, "198.51.100.2");
    put_service("www.example.", WR_TYPE_HTTPS, 30,
                "alpn=h2 ipv4hint=198.51.100.3,198.51.100.1 ipv6hint=2001:db8::3");
    put_service("www.example.", WR_TYPE_SVCB, 30, "ipv4hint=198.51.100.4");
    put_addr(WR_SECTION_AUTHORITY, "example.", 10, "198.51.100.5");
    put_addr(WR_SECTION_ADDITIONAL, "ns.example.", 300, "198.51.100.2");
    put_addr(WR_SECTION_ADDITIONAL, "ns.example.", 0, "2001:db8::6");
    size_t n = end(true, false);
    assert_false(wr_leasable_gather(&terms, bytes, n, &ask));
    assert_int_equal(ask.dests, 7);
    assert_true(has_dest("198.51.100.1", 60));
    assert_true(has_dest("198.51.100.2", 300)); /* the longest TTL of it */
    assert_true(has_dest("198.51.100.3", 30));
    assert_true(has_dest("2001:db8::3", 30));
    assert_true(has_dest("198.51.100.4", 30));
    assert_true(has_dest("198.51.100.5", 10));
    assert_true(has_dest("2001:db8::6", 0));
    for (size_t cut = 0; cut < n; cut++) { /* torn: what lies before that, and no more */
        (void)wr_leasable_gather(&terms, bytes, cut, &ask);
    }
}

static void test_no_address_is_remembered_for_longer(void **state)
{
    struct wr_msg_rr rr;
    begin(WR_TYPE_A);
    put(WR_SECTION_ANSWER, "www.example.", WR_TYPE_CNAME, 9000, "\3cdn\7example", 13);
    put_addr(WR_SECTION_ANSWER, "cdn.example.", 301, "198.51.100.1");
    put_addr(WR_SECTION_ANSWER, "cdn.example.", 300, "2001:db8::1");
    put_service("cdn.example.", WR_TYPE_HTTPS, 70000, "ipv4hint=198.51.100.3");
    put_addr(WR_SECTION_ADDITIONAL, "ns.example.", 80000, "198.51.100.2");
    put_addr(WR_SECTION_ADDITIONAL, "ns.example.", 5, "2001:db8::2");
    size_t n = end(true, false);
    for (size_t cut = 0; cut < n; cut++) {
        wr_leasable_shorten(bytes, cut, 90000); /* torn: nothing is written */
    }
    wr_leasable_shorten(bytes, n, 300);
    assert_int_equal(wr_msg_parse(&msg, bytes, n), WR_OK);
    static const struct {
        enum wr_section section;
        uint16_t type;
        uint32_t ttl;
    } rows[] = {
        {WR_SECTION_ANSWER, WR_TYPE_CNAME, 9000}, {WR_SECTION_ANSWER, WR_TYPE_A, 300},
        {WR_SECTION_ANSWER, WR_TYPE_AAAA, 300},   {WR_SECTION_ANSWER, WR_TYPE_HTTPS, 300},
        {WR_SECTION_ADDITIONAL, WR_TYPE_A, 300},  {WR_SECTION_ADDITIONAL, WR_TYPE_AAAA, 5},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(count(rows[i].section, rows[i].type, &rr), 1);
        assert_int_equal(rr.ttl, rows[i].ttl);
    }
    assert_true(msg.edns.present); /* what its TTL field says is no time */
    assert_true(msg.edns.dnssec_ok);
}

static void test_what_has_no_address_is_left_alone(void **state)
{
    begin(WR_TYPE_TXT);
    put(WR_SECTION_ANSWER, "www.example.", WR_TYPE_TXT, 60,
        "\x0c"
        "198.51.100.1",
        13);
    size_t n = end(true, false);
    assert_false(wr_leasable_gather(&terms, bytes, n, &ask));
    assert_int_equal(ask.dests, 0);
}

static void test_no_more_than_so_many(void **state)
{
    struct wr_msg_rr rr;
    begin(WR_TYPE_A);
    for (unsigned i = 0; i < 1000; i++) {
        uint8_t ip[4] = {198, 51, (uint8_t)(i >> 8), (uint8_t)i};
        put(WR_SECTION_ANSWER, "www.example.", WR_TYPE_A, 60, ip, 4);
    }
    size_t n = end(true, false);
    assert_true(wr_leasable_gather(&terms, bytes, n, &ask));
    assert_int_equal(ask.dests, WR_LEASE_DESTS_MAX);
    assert_false(trim(&n, UINT32_MAX));
    assert_int_equal(count(WR_SECTION_ANSWER, WR_TYPE_A, &rr), WR_LEASE_DESTS_MAX);
    assert_int_equal(msg.flags & WR_FLAG_AD, 0);
    assert_false(wr_leasable_gather(&terms, bytes, n, &ask)); /* and now it is whole */
    terms.most = 3;
    assert_true(wr_leasable_gather(&terms, bytes, n, &ask));
    assert_int_equal(ask.dests, 3);
}

static void test_trimmed_of_what_was_not_granted(void **state)
{
    struct wr_msg_rr rr;
    begin(WR_TYPE_A);
    put(WR_SECTION_ANSWER, "www.example.", WR_TYPE_CNAME, 60, "\4host\7example", 14);
    put_signature("www.example.", WR_TYPE_CNAME);
    put_addr(WR_SECTION_ANSWER, "host.example.", 60, "198.51.100.1");
    put_addr(WR_SECTION_ANSWER, "host.example.", 60, "192.168.1.1");
    put_addr(WR_SECTION_ANSWER, "host.example.", 60, "198.51.100.2");
    put_signature("host.example.", WR_TYPE_A);
    put_addr(WR_SECTION_ADDITIONAL, "host.example.", 60, "2001:db8::7");
    size_t n = end(true, false);
    assert_false(trim(&n, 1u << 1 | 1u << 2)); /* not the first */
    assert_int_equal(count(WR_SECTION_ANSWER, WR_TYPE_A, &rr), 1);
    assert_memory_equal(bytes + rr.rdata, "\xc6\x33\x64\x02", 4);
    assert_int_equal(count(WR_SECTION_ANSWER, WR_TYPE_RRSIG, &rr), 1); /* of the alias */
    assert_int_equal(rr.owner.wire[1], 'w');
    assert_int_equal(count(WR_SECTION_ANSWER, WR_TYPE_CNAME, &rr), 1);
    assert_int_equal(count(WR_SECTION_ADDITIONAL, WR_TYPE_AAAA, &rr), 1);
    assert_int_equal(msg.flags & WR_FLAG_AD, 0);
    assert_int_equal(msg.edns.ede, WR_EDE_NONE);
    assert_true(msg.edns.dnssec_ok);
    assert_int_equal(msg.edns.udp_size, 1232);
}

static void test_whole_it_stays_as_it_is(void **state)
{
    static uint8_t before[WR_MSG_MAX];
    begin(WR_TYPE_A);
    put_addr(WR_SECTION_ANSWER, "www.example.", 60, "198.51.100.1");
    put_signature("www.example.", WR_TYPE_A);
    put(WR_SECTION_AUTHORITY, "example.", WR_TYPE_NS, 60, "\2ns\7EXAMPLE", 12);
    put_addr(WR_SECTION_ADDITIONAL, "ns.EXAMPLE.", 60, "10.2.0.9");
    size_t n = end(true, true), size = n;
    memcpy(before, bytes, n);
    assert_false(trim(&n, 1));
    assert_int_equal(n, size);
    assert_memory_equal(bytes, before, n);
}

static void test_when_no_address_is_left(void **state)
{
    struct wr_msg_rr rr;
    for (unsigned edns = 0; edns < 2; edns++) {
        begin(WR_TYPE_A);
        put_addr(WR_SECTION_ANSWER, "www.example.", 60, "192.168.1.1");
        put_addr(WR_SECTION_ANSWER, "www.example.", 60, "192.168.1.2");
        put_addr(WR_SECTION_ANSWER, "www.example.", 60, "192.168.1.3");
        put_addr(WR_SECTION_ANSWER, "www.example.", 60, "192.168.1.4");
        put_addr(WR_SECTION_ANSWER, "www.example.", 60, "192.168.1.5");
        size_t n = end(edns, false);
        assert_true(wr_leasable_gather(&terms, bytes, n, &ask));
        assert_int_equal(ask.dests, 0);
        assert_true(trim(&n, UINT32_MAX));
        assert_int_equal(count(WR_SECTION_ANSWER, WR_TYPE_A, &rr), 0);
        assert_int_equal(wr_msg_rcode(&msg), WR_RCODE_NOERROR);
        assert_int_equal(msg.edns.ede, edns ? WR_EDE_BLOCKED : WR_EDE_NONE);
        assert_int_equal(msg.edns.ede_text_size > 0, edns);
    }
    begin(WR_TYPE_A); /* one address is as long as the code alone */
    put_addr(WR_SECTION_ANSWER, "www.example.", 60, "192.168.1.1");
    size_t n = end(true, false);
    assert_true(trim(&n, UINT32_MAX));
    assert_int_equal(msg.edns.ede, WR_EDE_BLOCKED);
    assert_int_equal(msg.edns.ede_text_size, 0);
    begin(WR_TYPE_A); /* of the additional section alone: the answer is as it was */
    put(WR_SECTION_ANSWER, "www.example.", WR_TYPE_TXT, 60, "\1a", 2);
    put_addr(WR_SECTION_ADDITIONAL, "www.example.", 60, "192.168.1.1");
    n = end(true, false);
    assert_false(trim(&n, UINT32_MAX));
    assert_int_equal(msg.edns.ede, WR_EDE_NONE);
}

static void test_padded_as_before(void **state)
{
    begin(WR_TYPE_A);
    for (unsigned i = 0; i < 40; i++) {
        put_addr(WR_SECTION_ANSWER, "www.example.", 60, "192.168.1.1");
    }
    size_t n = end(true, true);
    assert_int_equal(n % 468, 0);
    assert_true(n > 468);
    assert_true(trim(&n, 0));
    assert_int_equal(n, 468);
    assert_true(msg.edns.padding);
}

static bool has_param(uint16_t key, const char *value, size_t size)
{
    struct wr_msg_rr rr;
    size_t n = 0;
    assert_int_equal(count(WR_SECTION_ANSWER, WR_TYPE_HTTPS, &rr), 1);
    const uint8_t *v = wr_svcb_find(bytes + rr.rdata + 3, rr.rdlength - 3u, key, &n);
    return v != NULL && n == size && memcmp(v, value, n) == 0;
}

static void test_hints_are_cut(void **state)
{
    begin(WR_TYPE_HTTPS);
    put_service("www.example.", WR_TYPE_HTTPS, 60,
                "alpn=h2 ipv4hint=198.51.100.1,10.0.0.1,198.51.100.2 ech=AAAA "
                "ipv6hint=fd00::1,2001:db8::3");
    put_signature("www.example.", WR_TYPE_HTTPS);
    size_t n = end(true, false);
    assert_false(trim(&n, UINT32_MAX));
    assert_true(has_param(WR_SVCB_IPV4HINT, "\xc6\x33\x64\x01\xc6\x33\x64\x02", 8));
    assert_true(has_param(WR_SVCB_ALPN, "\2h2", 3));
    assert_true(has_param(WR_SVCB_ECH, "\0\0\0", 3));
    assert_true(has_param(WR_SVCB_IPV6HINT, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\3", 16));
    struct wr_msg_rr rr;
    assert_int_equal(count(WR_SECTION_ANSWER, WR_TYPE_RRSIG, &rr), 0);

    begin(WR_TYPE_HTTPS); /* one that is empty is left out */
    put_service("www.example.", WR_TYPE_HTTPS, 60, "alpn=h2 ipv4hint=10.0.0.1 ipv6hint=fd00::1");
    n = end(true, false);
    assert_false(trim(&n, UINT32_MAX));
    assert_int_equal(count(WR_SECTION_ANSWER, WR_TYPE_HTTPS, &rr), 1);
    assert_int_equal(rr.rdlength, 3 + 4 + 3);

    begin(WR_TYPE_HTTPS); /* and with it a record that cannot be used without */
    put_service("www.example.", WR_TYPE_HTTPS, 60, "mandatory=ipv4hint alpn=h2 ipv4hint=10.0.0.1");
    put_service("www.example.", WR_TYPE_HTTPS, 60, "alpn=h3");
    n = end(true, false);
    assert_false(trim(&n, UINT32_MAX));
    assert_int_equal(count(WR_SECTION_ANSWER, WR_TYPE_HTTPS, &rr), 1);
    assert_memory_equal(bytes + rr.rdata + 7, "\2h3", 3);
}

static void test_names_stay_readable_when_what_they_point_to_goes(void **state)
{
    struct wr_msg_rr rr;
    begin(WR_TYPE_MX);
    put(WR_SECTION_ANSWER, "www.example.", WR_TYPE_MX, 60, "\0\1\4mail\7example", 16);
    put_addr(WR_SECTION_ADDITIONAL, "deep.down.mail.example.", 60, "192.168.1.1");
    put_addr(WR_SECTION_ADDITIONAL, "also.deep.down.mail.example.", 60, "198.51.100.1");
    size_t n = end(true, false);
    assert_false(trim(&n, UINT32_MAX));
    struct wr_name want;
    assert_int_equal(wr_name_from_text("also.deep.down.mail.example.", 28, &want), WR_OK);
    assert_int_equal(count(WR_SECTION_ADDITIONAL, WR_TYPE_A, &rr), 1);
    assert_true(wr_name_equal(rr.owner.wire, want.wire));
}

static void test_of_the_owner_nothing_is_taken(void **state)
{
    struct wr_msg_rr rr;
    terms.given = true;
    begin(WR_TYPE_A);
    put_addr(WR_SECTION_ANSWER, "www.example.", 60, "192.168.1.1");
    put_addr(WR_SECTION_ANSWER, "www.example.", 60, "198.51.100.1");
    size_t n = end(true, false);
    assert_false(wr_leasable_gather(&terms, bytes, n, &ask));
    assert_int_equal(ask.dests, 1);
    assert_false(trim(&n, UINT32_MAX));
    assert_int_equal(count(WR_SECTION_ANSWER, WR_TYPE_A, &rr), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
        T(test_what_becomes_of_an_address),
        T(test_addresses_of_all_sections_once),
        T(test_no_address_is_remembered_for_longer),
        T(test_what_has_no_address_is_left_alone),
        T(test_no_more_than_so_many),
        T(test_trimmed_of_what_was_not_granted),
        T(test_whole_it_stays_as_it_is),
        T(test_when_no_address_is_left),
        T(test_padded_as_before),
        T(test_hints_are_cut),
        T(test_names_stay_readable_when_what_they_point_to_goes),
        T(test_of_the_owner_nothing_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
