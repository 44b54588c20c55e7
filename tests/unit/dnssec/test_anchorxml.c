/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "dnssec/anchor.h"
#include "dnssec/anchorxml.h"

#define D1 "49AAC11D7B6F6446702E54A1607371607A1A41855200FD2CE1CDDE32F24E8FB5"
#define D2 "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
#define D3 "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"
#define HEAD                                                             \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<TrustAnchor id=\"A\" " \
    "source=\"http://x/\">\n<Zone>.</Zone>\n"
#define DIGEST(attributes, tag, hex)                                                   \
    "<KeyDigest " attributes ">\n<KeyTag>" tag "</KeyTag>\n<Algorithm>8</Algorithm>\n" \
    "<DigestType>2</DigestType>\n<Digest>" hex "</Digest>\n<Flags>257</Flags></KeyDigest>\n"
#define FILE3                                                                    \
    HEAD DIGEST("id=\"K1\" validFrom=\"2010-07-15T00:00:00+00:00\" "             \
                "validUntil=\"2019-01-11T00:00:00+00:00\"",                      \
                "19036", D1)                                                     \
        DIGEST("id=\"K2\" validFrom=\"2017-02-02T00:00:00+00:00\"", "20326", D2) \
            DIGEST("validFrom=\"2024-07-18T00:00:00+00:00\"", "38696", D3) "</TrustAnchor>\n"

/* Lines of the file at a moment, with "|" behind each; the error that ends them. */
static int read_all(const char *text, size_t n, const char *now, char *ret, size_t cap)
{
    struct wr_anchorxml x;
    struct wr_str out;
    int err = wr_anchorxml_start(&x, text, n);
    wr_str_init(&out, ret, cap);
    for (unsigned i = 0; !err && i < 100; i++) {
        err = wr_anchorxml_next(&x, now, &out);
        if (!err)
            wr_str_char(&out, '|');
    }
    return err;
}

static void expect(const char *text, const char *now, const char *want)
{
    char got[1024];
    assert_int_equal(read_all(text, strlen(text), now, got, sizeof(got)), WR_E_NOTFOUND);
    assert_string_equal(got, want);
}

static void test_by_time(void **state)
{
    expect(FILE3, "2009-01-01T00:00:00", "");
    expect(FILE3, "2018-01-01T00:00:00", ". DS 19036 8 2 " D1 "|. DS 20326 8 2 " D2 "|");
    expect(FILE3, "2019-01-11T00:00:00", ". DS 20326 8 2 " D2 "|");
    expect(FILE3, "2026-01-01T00:00:00", ". DS 20326 8 2 " D2 "|. DS 38696 8 2 " D3 "|");
}

static void test_is_an_anchor(void **state)
{
    struct wr_anchor room[1];
    struct wr_anchors a;
    struct wr_anchorxml x;
    struct wr_str line;
    char text[300];
    wr_anchors_init(&a, room, 1);
    wr_str_init(&line, text, sizeof(text));
    assert_int_equal(wr_anchorxml_start(&x, FILE3, strlen(FILE3)), WR_OK);
    assert_int_equal(wr_anchorxml_next(&x, "2026-01-01T00:00:00", &line), WR_OK);
    assert_int_equal(wr_anchors_add_text(&a, text, line.len), WR_OK);
    assert_int_equal(room[0].ds.ds[0].tag, 20326);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "<TrustAnchor></TrustAnchor>",
        HEAD "<!-- " DIGEST("", "1", D1) " --></TrustAnchor>",
        "<!DOCTYPE x>" HEAD DIGEST("", "1", D1) "</TrustAnchor>",
        HEAD DIGEST("", "&a;", D1) "</TrustAnchor>",
        HEAD DIGEST("", "65536", D1) "</TrustAnchor>",
        HEAD DIGEST("", "x", D1) "</TrustAnchor>",
        HEAD DIGEST("validFrom=\"soon\"", "1", D1) "</TrustAnchor>",
        HEAD DIGEST("", "1", "<b>") "</TrustAnchor>",
        HEAD "<KeyDigest><KeyTag>1</KeyTag>" DIGEST("", "2", D1) "</TrustAnchor>",
        HEAD "<KeyDigest></TrustAnchor>",
    };
    char got[1024], copy[sizeof(FILE3)];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(read_all(bad[i], strlen(bad[i]), "2026-01-01T00:00:00", got, sizeof(got)),
                         WR_E_FORMAT);
    }
    for (size_t n = 0; n + 16 < sizeof(FILE3); n++) { /* torn anywhere */
        memcpy(copy, FILE3, n);
        assert_int_equal(read_all(copy, n, "2026-01-01T00:00:00", got, sizeof(got)), WR_E_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_time),
                                       cmocka_unit_test(test_is_an_anchor),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
