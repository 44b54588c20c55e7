/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include "resolve/dns64.h"

static struct wr_dns64_room room;

static struct wr_prefix prefix_of(const char *text)
{
    struct wr_prefix p = {0};
    assert_int_equal(wr_addr_prefix_from_text(text, &p), WR_OK);
    return p;
}

static void text_is(const uint8_t ip6[16], const char *text)
{
    struct wr_addr a;
    assert_int_equal(wr_addr_from_text(text, &a), WR_OK);
    assert_memory_equal(a.ip, ip6, 16);
}

/* RFC 6052 section 2.4: 192.0.2.33 in each form. */
static void test_forms(void **state)
{
    static const char *const rows[][2] = {
        {"2001:db8::/32", "2001:db8:c000:221::"},
        {"2001:db8:100::/40", "2001:db8:1c0:2:21::"},
        {"2001:db8:122::/48", "2001:db8:122:c000:2:2100::"},
        {"2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"},
        {"2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"},
        {"2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"},
        {"64:ff9b::/96", "64:ff9b::192.0.2.33"},
    };
    const uint8_t ip4[4] = {192, 0, 2, 33};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_prefix p = prefix_of(rows[i][0]);
        uint8_t ip6[16], back[4] = {0};
        assert_true(wr_dns64_is_prefix(&p));
        wr_dns64_embed(&p, ip4, ip6);
        text_is(ip6, rows[i][1]);
        assert_true(wr_dns64_extract(&p, ip6, back));
        assert_memory_equal(back, ip4, 4);
        ip6[1] ^= 1; /* another prefix */
        assert_false(wr_dns64_extract(&p, ip6, back));
        ip6[1] ^= 1;
        if (p.len < 96) { /* octet 8 and the suffix are zero */
            ip6[8] = 1;
            assert_false(wr_dns64_extract(&p, ip6, back));
            ip6[8] = 0;
            ip6[15] = 1;
            assert_false(wr_dns64_extract(&p, ip6, back));
        }
    }
}

static void test_what_is_no_prefix(void **state)
{
    static const char *const rows[] = {"64:ff9b::/95",   "2001:db8::/33",         "::/0",
                                       "2001:db8::/128", "2001:db8:0:0:100::/96", "10.0.0.0/32"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_prefix p = prefix_of(rows[i]);
        assert_false(wr_dns64_is_prefix(&p));
    }
}

static uint8_t packed[8][200 * 18];

static struct wr_rrset set_of(unsigned slot, const uint8_t *owner, uint16_t type, uint32_t ttl,
                              unsigned records, unsigned size, const uint8_t *rdata)
{
    struct wr_rrset set = {.owner = owner,
                           .data = packed[slot],
                           .size = records * (size + 2),
                           .ttl = ttl,
                           .type = type,
                           .class_ = WR_CLASS_IN,
                           .records = (uint16_t)records,
                           .security = WR_SECURITY_SECURE};
    for (unsigned i = 0; i < records; i++) {
        uint8_t *at = packed[slot] + i * (size + 2);
        at[0] = 0;
        at[1] = (uint8_t)size;
        memcpy(at + 2, rdata + i * size, size);
    }
    return set;
}

static struct wr_answer answer_of(uint16_t rcode)
{
    struct wr_answer a;
    wr_answer_clear(&a);
    a.rcode = rcode;
    a.security = WR_SECURITY_SECURE;
    return a;
}

static void test_whom_it_is_for(void **state)
{
    struct wr_prefix only[1] = {prefix_of("fd00:64::/64")};
    struct wr_dns64 d = {.prefix = prefix_of("64:ff9b::/96")};
    struct wr_dns64 off = {0};
    struct wr_question q = {.type = WR_TYPE_AAAA};
    struct wr_addr in, out;
    assert_int_equal(wr_addr_from_text("fd00:64::1", &in), WR_OK);
    assert_int_equal(wr_addr_from_text("fd00:65::1", &out), WR_OK);
    assert_true(wr_dns64_serves(&d, &q, &out));
    assert_false(wr_dns64_serves(&off, &q, &out));
    d.only_for = only;
    d.only_fors = 1;
    assert_true(wr_dns64_serves(&d, &q, &in));
    assert_false(wr_dns64_serves(&d, &q, &out));
    q.dnssec_ok = true;
    assert_true(wr_dns64_serves(&d, &q, &in));
    q.checking_disabled = true; /* it proves and translates by itself (section 5.5) */
    assert_false(wr_dns64_serves(&d, &q, &in));
    q.dnssec_ok = false;
    assert_true(wr_dns64_serves(&d, &q, &in));
}

static void test_what_leads_to_a(void **state)
{
    struct wr_prefix exclude[1] = {prefix_of("::ffff:0:0/96")};
    struct wr_dns64 d = {.prefix = prefix_of("64:ff9b::/96"), .exclude = exclude, .excludes = 1};
    struct wr_name www = wire_name("www.example.");
    uint8_t two[32] = {[10] = 0xff, [11] = 0xff, [12] = 10, [16] = 0x20, [17] = 1};
    struct wr_answer a = answer_of(WR_RCODE_NOERROR);
    assert_true(wr_dns64_lacks(&d, &a)); /* NODATA */
    a.answer[0] = set_of(0, www.wire, WR_TYPE_AAAA, 60, 1, 16, two);
    a.answers = 1;
    assert_true(wr_dns64_lacks(&d, &a)); /* the excluded one alone */
    assert_ptr_not_equal(wr_dns64_strip(&d, &a, &room), &a);
    a.answer[0] = set_of(0, www.wire, WR_TYPE_AAAA, 60, 2, 16, two);
    assert_false(wr_dns64_lacks(&d, &a));
    const struct wr_answer *stripped = wr_dns64_strip(&d, &a, &room);
    assert_int_equal(stripped->answer[0].records, 1);
    assert_memory_equal(stripped->answer[0].data + 2, two + 16, 16);
    assert_int_equal(stripped->security, WR_SECURITY_INSECURE);
    a.answer[0] = set_of(0, www.wire, WR_TYPE_AAAA, 60, 1, 16, two + 16);
    assert_ptr_equal(wr_dns64_strip(&d, &a, &room), &a);
    /* RFC 6147 section 5.1.2: NXDOMAIN is passed on, other errors are as good as nothing; but what is bogus stays so. */
    a = answer_of(WR_RCODE_NXDOMAIN);
    assert_false(wr_dns64_lacks(&d, &a));
    a = answer_of(WR_RCODE_SERVFAIL);
    assert_true(wr_dns64_lacks(&d, &a));
    a.ede = WR_EDE_NO_REACHABLE_AUTHORITY;
    assert_true(wr_dns64_lacks(&d, &a));
    for (int ede = WR_EDE_INDETERMINATE; ede <= WR_EDE_NSEC_MISSING; ede++) {
        a.ede = (int16_t)ede;
        assert_false(wr_dns64_lacks(&d, &a));
    }
    a.ede = WR_EDE_NONE;
    a.security = WR_SECURITY_BOGUS;
    assert_false(wr_dns64_lacks(&d, &a));
}

static void test_what_is_made(void **state)
{
    struct wr_dns64 d = {.prefix = prefix_of("64:ff9b::/96")};
    struct wr_name www = wire_name("www.example."), end = wire_name("end.example.");
    const uint8_t two[8] = {192, 0, 2, 1, 192, 0, 2, 2};
    struct wr_answer a = answer_of(WR_RCODE_NOERROR);
    a.answer[0] = set_of(0, www.wire, WR_TYPE_CNAME, 900, 1, end.size, end.wire);
    a.answer[1] = set_of(1, end.wire, WR_TYPE_A, 300, 2, 4, two);
    a.answer[1].sigs = 1;
    a.answers = 2;
    a.ttl = 300;
    const struct wr_answer *made = wr_dns64_map(&d, &a, 60, WR_SECURITY_SECURE, &room);
    assert_int_equal(made->answers, 2);
    assert_int_equal(made->answer[0].type, WR_TYPE_CNAME);
    assert_int_equal(made->answer[0].ttl, 900);
    assert_int_equal(made->answer[1].type, WR_TYPE_AAAA);
    assert_int_equal(made->answer[1].records, 2);
    assert_int_equal(made->answer[1].sigs, 0);
    assert_int_equal(made->answer[1].ttl, 60); /* the denial's, for it is less (section 5.1.7) */
    assert_int_equal(made->ttl, 60);
    text_is(made->answer[1].data + 2, "64:ff9b::192.0.2.1");
    text_is(made->answer[1].data + 20, "64:ff9b::192.0.2.2");
    assert_int_equal(made->security, WR_SECURITY_INSECURE);
    assert_int_equal(wr_dns64_map(&d, &a, 600, WR_SECURITY_SECURE, &room)->answer[1].ttl, 300);
    assert_int_equal(wr_dns64_map(&d, &a, 600, WR_SECURITY_UNCHECKED, &room)->security,
                     WR_SECURITY_UNCHECKED);
    /* Without addresses it is passed on, and is as secure as the worse of both. */
    a = answer_of(WR_RCODE_NXDOMAIN);
    made = wr_dns64_map(&d, &a, 60, WR_SECURITY_SECURE, &room);
    assert_int_equal(made->rcode, WR_RCODE_NXDOMAIN);
    assert_int_equal(made->security, WR_SECURITY_SECURE);
    assert_int_equal(wr_dns64_map(&d, &a, 60, WR_SECURITY_INSECURE, &room)->security,
                     WR_SECURITY_INSECURE);
}

static void test_bounded(void **state)
{
    static uint8_t many[200 * 4];
    struct wr_dns64 d = {.prefix = prefix_of("64:ff9b::/96")};
    struct wr_name www = wire_name("www.example.");
    struct wr_answer a = answer_of(WR_RCODE_NOERROR);
    a.answer[0] = set_of(0, www.wire, WR_TYPE_A, 300, 200, 4, many);
    a.answers = 1;
    assert_int_equal(wr_dns64_map(&d, &a, 60, WR_SECURITY_SECURE, &room)->answer[0].records,
                     WR_DNS64_RECORDS_MAX);
}

static void test_denial_ttl(void **state)
{
    struct wr_name zone = wire_name("example.");
    struct wr_answer a = answer_of(WR_RCODE_NOERROR);
    assert_int_equal(wr_dns64_denial_ttl(&a), 600);
    a.authority[0] = set_of(0, zone.wire, WR_TYPE_SOA, 77, 0, 0, NULL);
    a.authorities = 1;
    assert_int_equal(wr_dns64_denial_ttl(&a), 77);
}

static void test_reverse(void **state)
{
    struct wr_dns64 d = {.prefix = prefix_of("64:ff9b::/96")};
    struct wr_name v4, want = wire_name("33.2.0.192.in-addr.arpa.");
    struct wr_name inside = wire_name("1.2.2.0.0.0.0.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                                      "b.9.F.f.4.6.0.0.ip6.ARPA.");
    assert_int_equal(inside.size, WR_DNS64_REVERSE_SIZE);
    assert_true(wr_dns64_reverse(&d, inside.wire, &v4));
    assert_int_equal(v4.size, want.size);
    assert_true(wr_name_equal(v4.wire, want.wire));
    static const char *const others[] = {
        "1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.5.6.0.0.ip6.arpa.", /* prefix */
        "1.2.2.0.0.0.0.g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa.", /* digit */
        "1.2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip7.arpa.", /* zone */
        "2.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa.",   /* short */
        "b.9.f.f.4.6.0.0.ip6.arpa.",
        /* as long, but no label begins at the place of ip6.arpa: \255 would lead far behind the name */
        "abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrstuvwxyz.abcdefghi\\255klmnop.a.",
        ".",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct wr_name other = wire_name(others[i]);
        memset(other.wire + other.size, 0xff, sizeof(other.wire) - other.size);
        assert_false(wr_dns64_reverse(&d, other.wire, &v4));
    }
    struct wr_answer ptr = answer_of(WR_RCODE_NXDOMAIN);
    ptr.ttl = 50;
    const struct wr_answer *made = wr_dns64_link(inside.wire, &want, &ptr, &room);
    assert_int_equal(made->rcode, WR_RCODE_NXDOMAIN);
    assert_int_equal(made->answers, 1);
    assert_int_equal(made->answer[0].ttl, 50);
    assert_memory_equal(made->answer[0].owner, inside.wire, inside.size); /* case as asked */
    assert_true(wr_name_equal(wr_answer_cname_target(&made->answer[0]), want.wire));
    assert_int_equal(made->security, WR_SECURITY_INSECURE);
}

static void test_ipv4only(void **state)
{
    struct wr_dns64 d = {.prefix = prefix_of("2001:db8:122::/48")};
    struct wr_question q = {.name = wire_name("ipv4only.arpa."), .type = WR_TYPE_AAAA};
    struct wr_prefix found;
    const struct wr_answer *a = wr_dns64_ipv4only(&d, &q, &room);
    assert_int_equal(a->answer[0].records, 2);
    text_is(a->answer[0].data + 2, "2001:db8:122:c000:0:aa00::");
    text_is(a->answer[0].data + 20, "2001:db8:122:c000:0:ab00::");
    assert_true(wr_dns64_discover(a, &found));
    assert_int_equal(found.len, 48);
    assert_true(wr_addr_equal(&found.addr, &d.prefix.addr));
    q.type = WR_TYPE_A;
    a = wr_dns64_ipv4only(&d, &q, &room);
    assert_int_equal(a->answer[0].type, WR_TYPE_A);
    assert_memory_equal(a->answer[0].data + 2, "\xc0\0\0\xaa", 4);
    assert_false(wr_dns64_discover(a, &found));
    q.type = WR_TYPE_TXT;
    assert_int_equal(wr_dns64_ipv4only(&d, &q, &room)->answers, 0);
    q.name = wire_name("www.ipv4only.arpa.");
    assert_null(wr_dns64_ipv4only(&d, &q, &room));
}

/* RFC 7050 section 3: the well-known address may stand at one place only. */
static void test_discovery(void **state)
{
    static const struct {
        const char *address;
        int len; /* 0: nothing is found */
    } rows[] = {
        {"64:ff9b::192.0.0.170", 96},          {"64:ff9b::192.0.0.171", 96},
        {"2001:db8:43:43:c0:0:aa00::", 64},    {"2001:db8:c000:aa::", 32},
        {"64:ff9b::192.0.0.172", 0},           {"2001:db8::1", 0},
        {"2001:db8:c000:aa::192.0.0.170", 96}, /* as a /32 it would have a suffix */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_addr addr;
        struct wr_prefix found;
        struct wr_name owner = wire_name("ipv4only.arpa.");
        struct wr_answer a = answer_of(WR_RCODE_NOERROR);
        assert_int_equal(wr_addr_from_text(rows[i].address, &addr), WR_OK);
        a.answer[0] = set_of(0, owner.wire, WR_TYPE_AAAA, 60, 1, 16, addr.ip);
        a.answers = 1;
        bool any = wr_dns64_discover(&a, &found);
        assert_int_equal(any ? found.len : 0, rows[i].len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),          cmocka_unit_test(test_what_is_no_prefix),
        cmocka_unit_test(test_whom_it_is_for), cmocka_unit_test(test_what_leads_to_a),
        cmocka_unit_test(test_what_is_made),   cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_denial_ttl),     cmocka_unit_test(test_reverse),
        cmocka_unit_test(test_ipv4only),       cmocka_unit_test(test_discovery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
