/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/rng.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/rdata.h"

struct form {
    const char *what;
    uint32_t type; /* the form */
    const char *octets;
    size_t size;
    int err;
};

#define F(what, type, octets, err)                  \
    {                                               \
        what, type, octets, sizeof(octets) - 1, err \
    }

/* Stored form: good ones, and each one octet short or long where that is wrong. */
static const struct form forms[] = {
    F("A", 1, "\1\2\3\4", WR_OK),
    F("A short", 1, "\1\2\3", WR_E_FORMAT),
    F("A long", 1, "\1\2\3\4\5", WR_E_FORMAT),
    F("A empty", 1, "", WR_E_FORMAT),
    F("AAAA short", 28, "123456789012345", WR_E_FORMAT),
    F("NS", 2, "\2ns\0", WR_OK),
    F("NS open", 2, "\2ns", WR_E_FORMAT),
    F("NS and more", 2, "\2ns\0\0", WR_E_FORMAT),
    F("NS pointer", 2, "\xc0\x0c", WR_E_FORMAT),
    F("SOA", 6,
      "\0\0"
      "1234"
      "1234"
      "1234"
      "1234"
      "1234",
      WR_OK),
    F("SOA short", 6,
      "\0\0"
      "1234"
      "1234"
      "1234"
      "1234"
      "123",
      WR_E_FORMAT),
    F("MX", 15, "\0\x0a\0", WR_OK),
    F("MX without name", 15, "\0\x0a", WR_E_FORMAT),
    F("TXT", 16, "\1a\0\2bc", WR_OK),
    F("TXT of one empty", 16, "\0", WR_OK),
    F("TXT of none", 16, "", WR_E_FORMAT),
    F("TXT past the end", 16, "\1a\3bc", WR_E_FORMAT),
    F("HINFO", 13, "\1a\1b", WR_OK),
    F("HINFO of one", 13, "\1a", WR_E_FORMAT),
    F("HINFO of three", 13, "\1a\1b\1c", WR_E_FORMAT),
    F("SRV", 33, "\0\1\0\2\0\3\0", WR_OK),
    F("NAPTR", 35, "\0\1\0\2\0\0\0\0", WR_OK),
    F("NAPTR short", 35, "\0\1\0\2\0\0\0", WR_E_FORMAT),
    F("RRSIG", 46,
      "\0\1\5\3"
      "123412341234"
      "12"
      "\0"
      "sig",
      WR_OK),
    F("RRSIG without signer", 46,
      "\0\1\5\3"
      "123412341234"
      "12",
      WR_E_FORMAT),
    F("NSEC", 47, "\0\0\1\x40", WR_OK),
    F("NSEC without types", 47, "\0", WR_OK),
    F("NSEC window of 0", 47, "\0\0\0", WR_E_FORMAT),
    F("NSEC window of 33", 47,
      "\0\0\x21"
      "123456789012345678901234567890123",
      WR_E_FORMAT),
    F("NSEC window of 32", 47,
      "\0\0\x20"
      "12345678901234567890123456789012",
      WR_OK),
    F("NSEC windows ascend", 47, "\0\1\1\x40\2\1\x40", WR_OK),
    F("NSEC windows descend", 47, "\0\1\1\x40\0\1\x40", WR_E_FORMAT),
    F("NSEC window twice", 47, "\0\0\1\x40\0\1\x40", WR_E_FORMAT),
    F("NSEC half a window", 47, "\0\0", WR_E_FORMAT),
    F("NSEC3 without types", 50, "\1\0\0\0\2ab\3def", WR_OK),
    F("NSEC3 good", 50, "\1\0\0\0\2ab\3def\0\1\x40", WR_OK),
    F("NSEC3 salt past the end", 50, "\1\0\0\0\xff", WR_E_FORMAT),
    F("NSEC3PARAM", 51, "\1\0\0\0\0", WR_OK),
    F("NSEC3PARAM long", 51, "\1\0\0\0\0x", WR_E_FORMAT),
    F("DS", 43, "\0\1\2\3digest", WR_OK),
    F("DS short", 43, "\0\1\2", WR_E_FORMAT),
    F("CAA", 257, "\0\5issueletsencrypt.org", WR_OK),
    F("CAA tag past the end", 257, "\0\5issu", WR_E_FORMAT),
    F("SVCB", 64, "\0\1\0\0\1\0\3\2h2\0\3\0\2\0\x50", WR_OK),
    F("SVCB alias", 64, "\0\0\1a\0", WR_OK),
    F("SVCB keys descend", 64, "\0\1\0\0\3\0\0\0\1\0\0", WR_E_FORMAT),
    F("SVCB key twice", 64, "\0\1\0\0\3\0\0\0\3\0\0", WR_E_FORMAT),
    F("SVCB half a key", 64, "\0\1\0\0\3\0", WR_E_FORMAT),
    F("SVCB value past the end", 64, "\0\1\0\0\3\0\2x", WR_E_FORMAT),
    F("IPSECKEY none", 45, "\x0a\0\2key", WR_OK),
    F("IPSECKEY v4", 45,
      "\x0a\1\2"
      "1234key",
      WR_OK),
    F("IPSECKEY v4 short", 45,
      "\x0a\1\2"
      "123",
      WR_E_FORMAT),
    F("IPSECKEY v6", 45,
      "\x0a\2\2"
      "1234567890123456",
      WR_OK),
    F("IPSECKEY name", 45, "\x0a\3\2\2gw\0key", WR_OK),
    F("IPSECKEY name open", 45, "\x0a\3\2\2gw", WR_E_FORMAT),
    F("IPSECKEY of another kind", 45, "\x0a\4\2any", WR_OK),
    F("AMTRELAY none", 260, "\x0a\x80", WR_OK),
    F("AMTRELAY none and more", 260, "\x0a\x80x", WR_E_FORMAT),
    F("AMTRELAY v4", 260,
      "\x0a\x81"
      "1234",
      WR_OK),
    F("AMTRELAY name", 260, "\x0a\3\3amt\0", WR_OK),
    F("HIP", 55, "\2\1\0\3hhppp\2r1\0\2r2\0", WR_OK),
    F("HIP without servers", 55, "\2\1\0\3hhppp", WR_OK),
    F("HIP short", 55, "\2\1\0\3hhpp", WR_E_FORMAT),
    F("HIP open server", 55, "\2\1\0\3hhppp\2r1", WR_E_FORMAT),
    F("APL", 42, "\0\1\x15\3\xc0\xa8\x20\0\1\x1c\x84\xc0\xa8\x26\0", WR_OK),
    F("APL none", 42, "", WR_OK),
    F("APL past the end", 42, "\0\1\x15\3\xc0\xa8", WR_E_FORMAT),
    F("APL half a head", 42, "\0\1\x15", WR_E_FORMAT),
    F("A6 whole", 38,
      "\0"
      "0123456789abcdef",
      WR_OK),
    F("A6 whole and a name", 38,
      "\0"
      "0123456789abcdef"
      "\0",
      WR_E_FORMAT),
    F("A6 short", 38,
      "\0"
      "0123456789abcde",
      WR_E_FORMAT),
    F("A6 half", 38,
      "\x40"
      "01234567"
      "\1a\0",
      WR_OK),
    F("A6 half and two names", 38,
      "\x40"
      "01234567"
      "\0\0",
      WR_E_FORMAT),
    F("A6 half without name", 38,
      "\x40"
      "01234567",
      WR_E_FORMAT),
    F("A6 prefix only", 38, "\x80\0", WR_OK),
    F("A6 prefix too long", 38, "\x81\0", WR_E_FORMAT),
    F("A6 empty", 38, "", WR_E_FORMAT),
    F("DSYNC", 66, "\0\x3b\1\x14\xb7\0", WR_OK),
    F("DSYNC without target", 66, "\0\x3b\1\x14\xb7", WR_E_FORMAT),
    F("SINK short", 40, "\1\2", WR_E_FORMAT),
    F("IPN", 264, "12345678", WR_OK),
    F("IPN short", 264, "1234567", WR_E_FORMAT),
    F("TSIG", 250,
      "\0"
      "123456"
      "12"
      "\0\2ab"
      "12"
      "12"
      "\0\0",
      WR_OK),
    F("TSIG mac past the end", 250,
      "\0"
      "123456"
      "12"
      "\0\xff"
      "ab",
      WR_E_FORMAT),
    F("TKEY", 249,
      "\0"
      "1234"
      "1234"
      "12"
      "12"
      "\0\1a\0\1b",
      WR_OK),
    F("LOC", 29, "1234567890123456", WR_OK),
    F("LOC short", 29, "123456789012345", WR_E_FORMAT),
    F("EUI48", 108, "123456", WR_OK),
    F("EUI64 short", 109, "1234567", WR_E_FORMAT),
    F("CSYNC", 62, "123412\0\1\x40", WR_OK),
    F("URI", 256, "\0\1\0\2", WR_OK),
    F("unknown", 65280, "anything", WR_OK),
    F("unknown empty", 65280, "", WR_OK),
};

static void stored_forms(void **state)
{
    for (unsigned i = 0; i < WR_ARRAY_LEN(forms); i++) {
        const struct form *f = &forms[i];
        struct wr_reader r;
        struct wr_writer w;
        uint8_t room[600];
        int err = wr_rdata_check(f->type, (const uint8_t *)f->octets, f->size);

        if (err != f->err) {
            fail_msg("%s: %d", f->what, err);
        }
        /* without pointers expanding gives the same octets, or nothing */
        wr_buf_read_init(&r, f->octets, f->size);
        wr_buf_write_init(&w, room, sizeof(room));
        wr_buf_put_u16(&w, 0);
        err = wr_rdata_expand(&r, f->type, (uint16_t)f->size, &w);
        if ((err == WR_OK) != (f->err == WR_OK)) {
            fail_msg("%s: expand %d", f->what, err);
        }
        assert_int_equal(w.pos, 2 + (err ? 0 : f->size));
        assert_int_equal(w.err, WR_OK);
        assert_memory_equal(room + 2, f->octets, err ? 0 : f->size);
    }
}

static void every_good_form_cut_is_never_read_past(void **state)
{
    for (unsigned i = 0; i < WR_ARRAY_LEN(forms); i++) {
        for (size_t n = 0; n < forms[i].size; n++) {
            uint8_t *copy = test_malloc(n + 1);

            memcpy(copy, forms[i].octets, n);
            (void)wr_rdata_check(forms[i].type, copy, n);
            test_free(copy);
        }
    }
}

static void rows_ascend_and_end(void **state)
{
    int count = 0;

    for (unsigned type = 0; type <= 65535; type++) {
        const struct wr_rdata_row *row = wr_rdata_row((uint16_t)type);

        if (row) {
            assert_int_equal(row->form, type);
            assert_int_equal(row->fields[WR_RDATA_FIELDS_MAX - 1], WR_FIELD_END);
            count++;
        }
        if (wr_rdata_row_to_compress((uint16_t)type)) {
            assert_ptr_equal(wr_rdata_row_to_compress((uint16_t)type), row);
        }
        for (unsigned i = 0; row && i < WR_RDATA_FIELDS_MAX; i++) {
            if (row->fields[i] == WR_FIELD_NAME_COMPRESSED) {
                assert_non_null(wr_rdata_row_to_compress((uint16_t)type));
            }
        }
    }
    assert_in_range(count, 85, 95);
}

/* One class gives one type another form. */
static void chaos(void **state)
{
    static const uint8_t rdata[] = "\3Net\0\1\2"; /* and a NUL that is not part of it */
    uint8_t copy[7];

    assert_int_equal(wr_rdata_form(WR_CLASS_IN, WR_TYPE_A), WR_TYPE_A);
    assert_int_equal(wr_rdata_form(4, WR_TYPE_A), WR_TYPE_A);
    assert_int_equal(wr_rdata_form(WR_CLASS_CH, WR_TYPE_TXT), WR_TYPE_TXT);
    assert_int_equal(wr_rdata_form(WR_CLASS_CH, WR_TYPE_A), WR_RDATA_FORM_CH_A);
    assert_int_equal(wr_rdata_check(WR_RDATA_FORM_CH_A, rdata, 7), WR_OK);
    assert_int_equal(wr_rdata_check(WR_RDATA_FORM_CH_A, rdata, 6), WR_E_FORMAT);
    assert_int_equal(wr_rdata_check(WR_TYPE_A, rdata, 7), WR_E_FORMAT);
    memcpy(copy, rdata, 7);
    wr_rdata_canonical(WR_RDATA_FORM_CH_A, copy, 7);
    assert_memory_equal(copy, "\3net\0\1\2", 7);
}

static void gateways(void **state)
{
    static const enum wr_field want[] = {WR_FIELD_END, WR_FIELD_IP4, WR_FIELD_IP6,
                                         WR_FIELD_NAME_PLAIN, WR_FIELD_REST};

    for (unsigned type = 0; type < 256; type++) {
        assert_int_equal(wr_rdata_gateway(type), want[type < 4 ? type : 4]);
    }
}

/* Types that dnspython 2.3 takes apart. */
static void every_known_type_has_a_row(void **state)
{
    static const uint16_t types[] = {1,   2,   5,   6,   12,  13,  15,  16,  17,  18,  19,   20,
                                     21,  22,  23,  26,  27,  28,  29,  33,  35,  36,  37,   39,
                                     42,  43,  44,  45,  46,  47,  48,  49,  50,  51,  52,   53,
                                     55,  56,  59,  60,  61,  62,  63,  64,  65,  99,  104,  105,
                                     106, 107, 108, 109, 249, 250, 256, 257, 258, 260, 32769};

    for (unsigned i = 0; i < WR_ARRAY_LEN(types); i++) {
        assert_non_null(wr_rdata_row(types[i]));
    }
}

static const char message[] = "HHHHHHHHHHHH\3www\3com";

static int expand(const char *rdata, size_t n, uint16_t type, uint16_t rdlength, uint8_t *room,
                  size_t cap, size_t *ret_n)
{
    uint8_t wire[600];
    struct wr_reader r;
    struct wr_writer w;
    int err;

    memcpy(wire, message, sizeof(message));
    memcpy(wire + sizeof(message), rdata, n);
    wr_buf_read_init(&r, wire, sizeof(message) + n);
    wr_buf_seek(&r, sizeof(message));
    wr_buf_write_init(&w, room, cap);
    err = wr_rdata_expand(&r, type, rdlength, &w);
    *ret_n = w.pos;
    if (!err) {
        assert_int_equal(r.pos, sizeof(message) + rdlength);
    }
    return err;
}

static void pointers_are_expanded(void **state)
{
    uint8_t room[600];
    size_t n;

    assert_int_equal(expand("\0\5\4mail\xc0\x0c", 9, WR_TYPE_MX, 9, room, 600, &n), WR_OK);
    assert_int_equal(n, 2 + 5 + 9);
    assert_memory_equal(room, "\0\5\4mail\3www\3com", 16);
    assert_int_equal(expand("\xc0\x0c\xc0\x10"
                            "12345678901234567890",
                            24, WR_TYPE_SOA, 24, room, 600, &n),
                     WR_OK);
    assert_int_equal(n, 9 + 5 + 20);
    /* nobody should compress these, some do (RFC 3597 section 4, RFC 6762 section 18.14) */
    assert_int_equal(expand("\0\1\0\2\0\3\xc0\x0c", 8, WR_TYPE_SRV, 8, room, 600, &n), WR_OK);
    assert_int_equal(n, 6 + 9);
    assert_int_equal(expand("\xc0\x0c\0\1\x40", 5, WR_TYPE_NSEC, 5, room, 600, &n), WR_OK);
    assert_int_equal(n, 9 + 3);
}

static void names_must_end_inside(void **state)
{
    uint8_t room[600];
    size_t n;

    assert_int_equal(expand("\4mail\xc0\x0c", 7, WR_TYPE_NS, 6, room, 600, &n), WR_E_FORMAT);
    assert_int_equal(n, 0);
    assert_int_equal(expand("\4mail\xc0\x0c", 7, WR_TYPE_NS, 5, room, 600, &n), WR_E_FORMAT);
    assert_int_equal(expand("\xc0\x0c\0", 3, WR_TYPE_NS, 3, room, 600, &n), WR_E_FORMAT);
    assert_int_equal(expand("\xc0\x15", 2, WR_TYPE_NS, 2, room, 600, &n), WR_E_FORMAT); /* itself */
    assert_int_equal(expand("\1\2\3\4", 4, WR_TYPE_A, 5, room, 600, &n), WR_E_SHORT);
}

/* The first name of an SOA or TKEY goes past RDLENGTH, to the end of the message: the numbers behind it are not there. */
static void a_name_past_the_end_of_the_message(void **state)
{
    static const char octets[] = "HHHHHHHHHHHH\3abc";
    uint8_t *wire = test_malloc(sizeof(octets)), room[100];
    struct wr_reader r;
    struct wr_writer w;

    memcpy(wire, octets, sizeof(octets));
    wr_buf_read_init(&r, wire, sizeof(octets));
    wr_buf_seek(&r, 12);
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_rdata_expand(&r, WR_TYPE_SOA, 3, &w), WR_E_FORMAT);
    wr_buf_read_init(&r, wire, sizeof(octets));
    wr_buf_seek(&r, 12);
    assert_int_equal(wr_rdata_expand(&r, WR_TYPE_TKEY, 3, &w), WR_E_FORMAT);
    assert_int_equal(w.pos, 0);
    test_free(wire);
}

static void no_room_leaves_the_writer_as_it_was(void **state)
{
    uint8_t room[600];

    for (size_t cap = 0; cap < 16; cap++) {
        size_t n = 0;

        assert_int_equal(expand("\0\5\4mail\xc0\x0c", 9, WR_TYPE_MX, 9, room, cap, &n), WR_E_FULL);
        assert_int_equal(n, 0);
    }
}

/* HIP holds any number of names; two octets each on the wire grow to 255. */
static void an_expansion_over_64k_is_refused(void **state)
{
    static uint8_t wire[4096], room[100000];
    struct wr_reader r;
    struct wr_writer w;
    size_t at = 12;

    for (unsigned i = 0; i < 3; i++) {
        wire[at] = 63;
        memset(wire + at + 1, 'a', 63);
        at += 64;
    }
    at++;
    memcpy(wire + at, "\0\1\0\0", 4);
    for (size_t i = 4; i < 1000; i += 2) {
        wire[at + i] = 0xc0;
        wire[at + i + 1] = 12;
    }
    wr_buf_read_init(&r, wire, sizeof(wire));
    wr_buf_seek(&r, at);
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_rdata_expand(&r, 55, 1000, &w), WR_E_LIMIT);
    assert_int_equal(w.pos, 0);
}

static void canonical_form(void **state)
{
    struct {
        uint16_t type;
        char octets[32];
        const char *want;
        size_t size;
    } cases[] = {
        {WR_TYPE_NS, "\2Ns\1X", "\2ns\1x", 6},
        {WR_TYPE_MX, "AB\2MX", "AB\2mx", 6},
        {WR_TYPE_SRV, "ABCDEF\2SR", "ABCDEF\2sr", 10},
        {WR_TYPE_NSEC, "\2NS\0\1A", "\2NS\0\1A", 7}, /* RFC 6840 section 5.1 */
        {WR_TYPE_HINFO, "\1A\1B", "\1A\1B", 4},
        {WR_TYPE_RRSIG, "ABCDEFGHIJKLMNOPQR\1Z\0SIG", "ABCDEFGHIJKLMNOPQR\1z\0SIG", 24},
        {WR_TYPE_HTTPS, "\0\1\1A", "\0\1\1A", 5},
        {WR_TYPE_TXT, "\1A", "\1A", 2},
        {65280, "ABC", "ABC", 3},
    };

    for (unsigned i = 0; i < WR_ARRAY_LEN(cases); i++) {
        wr_rdata_canonical(cases[i].type, (uint8_t *)cases[i].octets, cases[i].size);
        assert_memory_equal(cases[i].octets, cases[i].want, cases[i].size);
    }
}

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

static void order_of_records(void **state)
{
    static const struct {
        uint16_t type;
        const char *a;
        size_t a_size;
        const char *b;
        size_t b_size;
        int want;
    } cases[] = {
        {1, "\1\2\3\4", 4, "\1\2\3\4", 4, 0}, {1, "\1\2\3\4", 4, "\xff\2\3\4", 4, -1},
        {2, "\1A", 3, "\1a", 3, 0},           {2, "\1B", 3, "\1a", 3, 1},
        {2, "\1a", 3, "\2aa", 4, -1},         {16, "\1A", 2, "\1a", 2, -1},
        {16, "\1a", 2, "\1a\1b", 4, -1},      {15, "\0\1\1Z", 5, "\0\1\1z", 5, 0},
        {15, "\0\2\1a", 5, "\0\1\1z", 5, 1},  {47, "\1A\0", 3, "\1a\0", 3, -1},
        {65280, "", 0, "a", 1, -1},
    };

    for (unsigned i = 0; i < WR_ARRAY_LEN(cases); i++) {
        const uint8_t *a = (const uint8_t *)cases[i].a, *b = (const uint8_t *)cases[i].b;

        assert_int_equal(
            sign(wr_rdata_order(cases[i].type, a, cases[i].a_size, b, cases[i].b_size)),
            cases[i].want);
        assert_int_equal(
            sign(wr_rdata_order(cases[i].type, b, cases[i].b_size, a, cases[i].a_size)),
            -cases[i].want);
    }
}

static size_t random_name(struct wr_rng *rng, uint8_t *ret)
{
    size_t n = 0;

    for (unsigned labels = wr_rng_below(rng, 3); labels > 0; labels--) {
        ret[n] = (uint8_t)(1 + wr_rng_below(rng, 2));
        for (unsigned i = ret[n++]; i > 0; i--) {
            ret[n++] = "aAbB"[wr_rng_below(rng, 4)];
        }
    }
    ret[n++] = 0;
    return n;
}

/* Well-formed rdata by the row's fields; few different octets, so that many are alike for long. */
static size_t random_rdata(struct wr_rng *rng, uint16_t type, uint8_t *ret)
{
    const struct wr_rdata_row *row = wr_rdata_row(type);
    size_t n = 0;

    for (const uint8_t *field = row->fields; *field != WR_FIELD_END; field++) {
        if (wr_rdata_field_is_name(*field)) {
            n += random_name(rng, ret + n);
        } else if (*field == WR_FIELD_U16 || *field == WR_FIELD_U32) {
            for (unsigned i = *field == WR_FIELD_U16 ? 2 : 4; i > 0; i--) {
                ret[n++] = "aAB"[wr_rng_below(rng, 8) ? 0 : wr_rng_below(rng, 3)];
            }
        } else if (*field != WR_FIELD_BITMAP) { /* strings */
            ret[n++] = 1;
            ret[n++] = "aAB"[wr_rng_below(rng, 3)];
        }
    }
    return n;
}

/* Beside making both canonical and comparing octets, which is what RFC 4034 section 6.3 says. */
static void order_is_that_of_canonical_octets(void **state)
{
    static const uint16_t types[] = {WR_TYPE_SOA,   WR_TYPE_MX,   WR_TYPE_SRV,
                                     WR_TYPE_NAPTR, WR_TYPE_NSEC, WR_TYPE_TXT};
    struct wr_rng rng;
    unsigned equal = 0;

    wr_rng_seed_u64(&rng, 12);
    for (unsigned round = 0; round < 60000; round++) {
        uint16_t type = types[wr_rng_below(&rng, WR_ARRAY_LEN(types))];
        uint8_t a[64], b[64];
        size_t an = random_rdata(&rng, type, a), bn = random_rdata(&rng, type, b);
        int want, got;

        assert_int_equal(wr_rdata_check(type, a, an), WR_OK);
        got = wr_rdata_order(type, a, an, b, bn);
        wr_rdata_canonical(type, a, an);
        wr_rdata_canonical(type, b, bn);
        want = memcmp(a, b, an < bn ? an : bn);
        want = want ? want : (an > bn) - (an < bn);
        assert_int_equal(sign(got), sign(want));
        equal += want == 0;
    }
    assert_true(equal > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_forms),
        cmocka_unit_test(every_good_form_cut_is_never_read_past),
        cmocka_unit_test(rows_ascend_and_end),
        cmocka_unit_test(chaos),
        cmocka_unit_test(gateways),
        cmocka_unit_test(every_known_type_has_a_row),
        cmocka_unit_test(pointers_are_expanded),
        cmocka_unit_test(names_must_end_inside),
        cmocka_unit_test(a_name_past_the_end_of_the_message),
        cmocka_unit_test(no_room_leaves_the_writer_as_it_was),
        cmocka_unit_test(an_expansion_over_64k_is_refused),
        cmocka_unit_test(canonical_form),
        cmocka_unit_test(order_of_records),
        cmocka_unit_test(order_is_that_of_canonical_octets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
