/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/dns/zonetest.h"

#include "base/err.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dnssec/zonemd.h"

#define ROWS 128

static struct wr_zonemd_rr rr[ROWS];
static uint8_t octets[64 * 1024], scratch[WR_ZONEMD_SCRATCH];
static size_t used;
static uint32_t count;
static struct wr_name apex;

/* RFC 8976 appendix A, with its errata. */
#define HEAD                                                             \
    "example. 86400 IN SOA ns1 admin 2018031900 1800 900 604800 86400\n" \
    "  86400 IN NS ns1\n"                                                \
    "  86400 IN NS ns2\n"

static const char simple[] =
    HEAD "  86400 IN ZONEMD 2018031900 1 1 ( c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3\n"
         "    a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c )\n"
         "ns1 3600 IN A 203.0.113.63\n"
         "ns2 3600 IN AAAA 2001:db8::63\n";

static const char complex_zone[] = HEAD
    "  86400 IN ZONEMD 2018031900 1 1 ( a3b69bad980a3504e1cffcb0fd6397f93848071c93151f55\n"
    "    2ae2f6b1711d4bd2d8b39808226d7b9db71e34b72077f8fe )\n"
    "ns1 3600 IN A 203.0.113.63\n"
    "NS2 3600 IN AAAA 2001:db8::63\n"
    "occluded.sub 7200 IN TXT \"I'm occluded but must be digested\"\n"
    "sub 7200 IN NS ns1\n"
    "duplicate 300 IN TXT \"I must be digested just once\"\n"
    "duplicate 300 IN TXT \"I must be digested just once\"\n"
    "foo.test. 555 IN TXT \"out-of-zone data must be excluded\"\n"
    "UPPERCASE 3600 IN TXT \"canonicalize uppercase owner names\"\n"
    "* 777 IN PTR dont-forget-about-wildcards\n"
    "mail 3600 IN MX 20 MAIL1\n"
    "mail 3600 IN MX 10 Mail2.Example.\n"
    "sortme 3600 IN AAAA 2001:db8::5:61\n"
    "sortme 3600 IN AAAA 2001:db8::3:62\n"
    "sortme 3600 IN AAAA 2001:db8::4:63\n"
    "sortme 3600 IN AAAA 2001:db8::1:65\n"
    "sortme 3600 IN AAAA 2001:db8::2:64\n"
    "non-apex 900 IN ZONEMD 2018031900 1 1 ( 616c6c6f776564206275742069676e6f7265642e20616c6c\n"
    "    6f776564206275742069676e6f7265642e20616c6c6f7765 )\n";

#define MULTI_384                                                                           \
    "  86400 IN ZONEMD 2018031900 1 1 ( 62e6cf51b02e54b9b5f967d547ce43136792901f9f88e637\n" \
    "    493daaf401c92c279dd10f0edb1c56f8080211f8480ee306 )\n"
#define MULTI_512                                                                           \
    "  86400 IN ZONEMD 2018031900 1 2 ( 08cfa1115c7b948c4163a901270395ea226a930cd2cbcf2f\n" \
    "    a9a5e6eb85f37c8a4e114d884e66f176eab121cb02db7d652e0cc4827e7a3204f166b47e5613fd27 )\n"
#define MULTI_OTHERS                                                                          \
    "  86400 IN ZONEMD 2018031900 1 240 e2d523f654b9422a96c5a8f44607bbee\n"                   \
    "  86400 IN ZONEMD 2018031900 241 1 ( e1846540e33a9e4189792d18d5d131f605fc283eaaaaaaaa\n" \
    "    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa )\n"
#define MULTI_TAIL                                                      \
    "ns1.example. 3600 IN A 203.0.113.63\n"                             \
    "ns2.example. 86400 IN TXT \"This example has multiple digests\"\n" \
    "NS2.EXAMPLE. 3600 IN AAAA 2001:db8::63\n"

static const char root_servers[] =
    "root-servers.net. 3600000 IN SOA a nstld.verisign-grs.com. 2018091100 14400 7200 1209600 "
    "3600000\n"
    " NS a\n NS b\n NS c\n NS d\n NS e\n NS f\n NS g\n NS h\n NS i\n NS j\n NS k\n NS l\n NS m\n"
    "a AAAA 2001:503:ba3e::2:30\na A 198.41.0.4\n"
    "b MX 20 mail.isi.edu.\nb AAAA 2001:500:200::b\nb A 199.9.14.201\n"
    "c AAAA 2001:500:2::c\nc A 192.33.4.12\nd AAAA 2001:500:2d::d\nd A 199.7.91.13\n"
    "e AAAA 2001:500:a8::e\ne A 192.203.230.10\nf AAAA 2001:500:2f::f\nf A 192.5.5.241\n"
    "g AAAA 2001:500:12::d0d\ng A 192.112.36.4\nh AAAA 2001:500:1::53\nh A 198.97.190.53\n"
    "i MX 10 mx.i.root-servers.org.\ni AAAA 2001:7fe::53\ni A 192.36.148.17\n"
    "j AAAA 2001:503:c27::2:30\nj A 192.58.128.30\nk AAAA 2001:7fd::1\nk A 193.0.14.129\n"
    "l AAAA 2001:500:9f::42\nl A 199.7.83.42\nm AAAA 2001:dc3::35\nm A 202.12.27.33\n"
    "@ ZONEMD 2018091100 1 1 ( f1ca0ccd91bd5573d9f431c00ee0101b2545c97602be0a97\n"
    "    8a3b11dbfc1c776d5b3e86ae3d973d6b5349ba7f04340f79 )\n";

static const uint8_t *keep(const void *from, size_t n)
{
    assert_true(used + n <= sizeof(octets));
    if (n > 0) {
        memcpy(octets + used, from, n);
    }
    used += n;
    return octets + used - n;
}

static void take(void *data, enum wr_zonefile_what what, const struct wr_zonefile_event *event)
{
    if (what == WR_ZONEFILE_MISTAKE) {
        fail_msg("%u: %s", event->place.line, event->reason);
    }
    assert_true(count < ROWS);
    rr[count++] = (struct wr_zonemd_rr){.owner = keep(event->owner, wr_name_size(event->owner)),
                                        .rdata = keep(event->rdata, event->rdata_size),
                                        .ttl = event->ttl,
                                        .type = event->type,
                                        .size = event->rdata_size};
}

static void load(const char *origin, const char *text)
{
    const struct wr_zonefile_options options = {.origin = apex.wire, .class_ = WR_CLASS_IN};

    used = count = 0;
    assert_int_equal(wr_name_from_text(origin, strlen(origin), &apex), WR_OK);
    zonetest_read(&options, text, NULL, 64, take, NULL);
}

static struct wr_zonemd_result judge(void)
{
    struct wr_zonemd_result result;

    assert_int_equal(wr_zonemd_check(rr, count, apex.wire, scratch, &result), WR_OK);
    return result;
}

static enum wr_zonemd_verdict verdict(const char *origin, const char *text)
{
    load(origin, text);
    return judge().verdict;
}

static void test_vectors(void **state)
{
    assert_int_equal(verdict("example.", simple), WR_ZONEMD_GOOD);
    assert_int_equal(verdict("EXAMPLE.", complex_zone), WR_ZONEMD_GOOD);
    assert_int_equal(verdict("root-servers.net.", root_servers), WR_ZONEMD_GOOD);
    assert_int_equal(verdict("example.", HEAD MULTI_384 MULTI_512 MULTI_OTHERS MULTI_TAIL),
                     WR_ZONEMD_GOOD);
    assert_int_equal(verdict("example.", HEAD MULTI_384 MULTI_TAIL), WR_ZONEMD_GOOD);
    assert_int_equal(verdict("example.", HEAD MULTI_512 MULTI_TAIL), WR_ZONEMD_GOOD);
}

/* Whatever the order in which the records came. */
static void test_any_order(void **state)
{
    for (unsigned turn = 1; turn < 12; turn++) {
        load("example.", complex_zone);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t j = (i * 7 + turn * 5) % count;
            struct wr_zonemd_rr a = rr[i];

            rr[i] = rr[j];
            rr[j] = a;
        }
        assert_int_equal(judge().verdict, WR_ZONEMD_GOOD);
    }
}

/* Each octet of the zone counts: of owners, types, TTLs and rdata. */
static void test_changed(void **state)
{
    static const uint8_t host[] = "\4host\7example";
    uint32_t all;

    load("example.", simple);
    all = count;
    for (uint32_t i = 0; i < all; i++) {
        load("example.", simple);
        if (rr[i].type != WR_TYPE_ZONEMD) {
            rr[i].ttl++;
            assert_int_equal(judge().verdict, WR_ZONEMD_WRONG);
        }
        load("example.", simple);
        octets[(size_t)(rr[i].rdata - octets) + rr[i].size - 1u] ^= 1;
        assert_int_equal(judge().verdict, WR_ZONEMD_WRONG);
        load("example.", simple);
        rr[i] = rr[--count];
        assert_int_not_equal(judge().verdict, WR_ZONEMD_GOOD);
    }
    load("example.", simple);
    rr[count] = rr[count - 1];
    rr[count++].owner = host;
    assert_string_equal(judge().reason, "the zone does not match the digest in its ZONEMD record");
}

/* Signatures are part of the zone, but for those over the ZONEMD set of the apex. */
static void test_signatures(void **state)
{
    static const uint8_t over_zonemd[40] = {0, 63}, over_soa[40] = {0, 6};

    load("example.", simple);
    rr[count++] = (struct wr_zonemd_rr){apex.wire, over_zonemd, 60, WR_TYPE_RRSIG, 40};
    assert_int_equal(judge().verdict, WR_ZONEMD_GOOD);
    rr[count++] = (struct wr_zonemd_rr){apex.wire, over_soa, 60, WR_TYPE_RRSIG, 40};
    assert_int_equal(judge().verdict, WR_ZONEMD_WRONG);
}

static void test_claims(void **state)
{
    static const struct {
        const char *zone;
        enum wr_zonemd_verdict verdict;
        const char *reason;
    } rows[] = {
        {HEAD, WR_ZONEMD_NONE, NULL},
        {HEAD MULTI_OTHERS MULTI_TAIL, WR_ZONEMD_UNKNOWN,
         "no ZONEMD record by a scheme and a hash that are known here"},
        {HEAD "  86400 ZONEMD 2018031899 1 1 ( 62e6cf51b02e54b9b5f967d547ce43136792901f9f88e637\n"
              " 493daaf401c92c279dd10f0edb1c56f8080211f8480ee306 )\n" MULTI_TAIL,
         WR_ZONEMD_WRONG, "the ZONEMD record is not of this serial"},
        {HEAD MULTI_384
         "  86400 ZONEMD 2018031900 1 1 ( 00e6cf51b02e54b9b5f967d547ce43136792901f9f88e637\n"
         " 493daaf401c92c279dd10f0edb1c56f8080211f8480ee306 )\n" MULTI_TAIL,
         WR_ZONEMD_WRONG, "ZONEMD records with the same scheme and hash"},
        /* The same record twice is one; one of two hashes that is right is enough. */
        {HEAD MULTI_384 MULTI_384 MULTI_TAIL, WR_ZONEMD_GOOD, NULL},
        {HEAD MULTI_512
         "  86400 ZONEMD 2018031900 1 1 ( 00e6cf51b02e54b9b5f967d547ce43136792901f9f88e637\n"
         " 493daaf401c92c279dd10f0edb1c56f8080211f8480ee306 )\n" MULTI_TAIL,
         WR_ZONEMD_GOOD, NULL},
        {"@ 60 NS ns\n" MULTI_384, WR_ZONEMD_WRONG, "ZONEMD, and no SOA record at the zone's name"},
        {"", WR_ZONEMD_NONE, NULL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_zonemd_result got;

        load("example.", rows[i].zone);
        got = judge();
        assert_int_equal(got.verdict, rows[i].verdict);
        if (rows[i].reason) {
            assert_string_equal(got.reason, rows[i].reason);
        }
    }
}

/* A digest of another length is not one of this hash, and nothing is read behind it. */
static void test_short_digest(void **state)
{
    load("example.", simple);
    for (uint32_t i = 0; i < count; i++) {
        if (rr[i].type == WR_TYPE_ZONEMD) {
            rr[i].size = 6 + 20;
        }
    }
    assert_string_equal(judge().reason,
                        "the ZONEMD record's digest has not the length of its hash");
    for (uint32_t i = 0; i < count; i++) {
        if (rr[i].type == WR_TYPE_ZONEMD) {
            rr[i].size = 6 + 8;
        }
    }
    assert_int_equal(judge().verdict, WR_ZONEMD_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_changed), cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_claims),  cmocka_unit_test(test_short_digest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
