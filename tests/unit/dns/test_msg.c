/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "dns/msg.h"

/* Messages in hexadecimal, blanks for the reader. */
static size_t octets_of(const char *hex, uint8_t *ret)
{
    size_t n = 0;
    unsigned have = 0, v = 0;

    for (; *hex; hex++) {
        const char *digits = "0123456789abcdef", *at = strchr(digits, *hex);

        if (at && *hex != ' ') {
            v = v << 4 | (unsigned)(at - digits);
            if (++have == 2) {
                ret[n++] = (uint8_t)v;
                have = v = 0;
            }
        }
    }
    return n;
}

#define WWW "03777777 07657861 6d706c65 03636f6d 00" /* www.example.com. */
#define Q   "1234 0100 0001 0000 0000 0000 " WWW " 0001 0001 "
#define A   "c00c 0001 0001 0000003c 0004 01020304 "
#define OPT "00 0029 04d0 00000000 0000 "

struct shape {
    const char *what;
    const char *hex;
    int err;
};

static const struct shape shapes[] = {
    {"query", Q, WR_OK},
    {"response", "1234 8180 0001 0001 0000 0000" WWW "0001 0001" A, WR_OK},
    {"query with OPT", "1234 0100 0001 0000 0000 0001" WWW "0001 0001" OPT, WR_OK},
    {"only a header", "1234 0100 0000 0000 0000 0000", WR_OK},
    {"no question, OPT", "1234 0100 0000 0000 0000 0001" OPT, WR_OK},
    {"root question", "1234 0100 0001 0000 0000 0000 00 0002 0001", WR_OK},
    {"two questions", "1234 0100 0002 0000 0000 0000" WWW "0001 0001 c00c 001c 0001", WR_E_FORMAT},
    {"two questions promised, one there", "1234 0100 0002 0000 0000 0000" WWW "0001 0001",
     WR_E_FORMAT},
    {"question promised", "1234 0100 0001 0000 0000 0000", WR_E_FORMAT},
    {"question without class", "1234 0100 0001 0000 0000 0000 00 0002 00", WR_E_FORMAT},
    {"name without end", "1234 0100 0001 0000 0000 0000 03777777", WR_E_FORMAT},
    {"pointer to itself", "1234 0100 0001 0000 0000 0000 c00c 0001 0001", WR_E_FORMAT},
    {"pointer into the header", "1234 0100 0001 0000 0000 0000 c000 0001 0001", WR_E_FORMAT},
    {"pointer forwards", "1234 0100 0001 0000 0000 0000 c010 0001 0001 00", WR_E_FORMAT},
    {"label over 63", "1234 0100 0001 0000 0000 0000 40 777777 00 0001 0001", WR_E_FORMAT},
    {"octets behind", Q "00", WR_E_FORMAT},
    {"answer promised", "1234 8180 0001 0001 0000 0000" WWW "0001 0001", WR_E_FORMAT},
    {"65535 answers promised", "1234 8180 0001 ffff ffff ffff" WWW "0001 0001" A, WR_E_FORMAT},
    {"rdata past the end",
     "1234 8180 0001 0001 0000 0000" WWW "0001 0001 c00c 0001 0001 0000003c 0005 01020304",
     WR_E_FORMAT},
    {"record cut in its head", "1234 8180 0001 0001 0000 0000" WWW "0001 0001 c00c 0001 0001 00",
     WR_E_FORMAT},
    {"owner points at itself",
     "1234 8180 0001 0001 0000 0000" WWW "0001 0001 c021 0001 0001 0000003c 0000", WR_E_FORMAT},
    {"owner points forwards",
     "1234 8180 0001 0001 0000 0000" WWW "0001 0001 c022 0001 0001 0000003c 0000", WR_E_FORMAT},
    {"OPT twice", "1234 0100 0001 0000 0000 0002" WWW "0001 0001" OPT OPT, WR_E_FORMAT},
    {"OPT in the answer", "1234 0100 0001 0001 0000 0000" WWW "0001 0001" OPT, WR_E_FORMAT},
    {"OPT in the authority", "1234 0100 0001 0000 0001 0000" WWW "0001 0001" OPT, WR_E_FORMAT},
    {"OPT with an owner",
     "1234 0100 0001 0000 0000 0001" WWW "0001 0001 c00c 0029 04d0 00000000 0000", WR_E_FORMAT},
    {"OPT with half an option",
     "1234 0100 0001 0000 0000 0001" WWW "0001 0001 00 0029 04d0 00000000 0002 000a", WR_E_FORMAT},
    {"OPT of version 1, options unknown",
     "1234 0100 0001 0000 0000 0001" WWW "0001 0001 00 0029 04d0 00010000 0002 000a", WR_OK},
    {"TSIG last", "1234 0100 0001 0000 0000 0002" WWW "0001 0001" OPT "00 00fa 00ff 00000000 0000",
     WR_OK},
    {"TSIG before OPT",
     "1234 0100 0001 0000 0000 0002" WWW "0001 0001 00 00fa 00ff 00000000 0000" OPT, WR_E_FORMAT},
    {"TSIG in the answer",
     "1234 0100 0001 0001 0000 0000" WWW "0001 0001 00 00fa 00ff 00000000 0000", WR_E_FORMAT},
    {"TSIG twice",
     "1234 0100 0001 0000 0000 0002" WWW "0001 0001 00 00fa 00ff 00000000 0000"
     "00 00fa 00ff 00000000 0000",
     WR_E_FORMAT},
    {"eleven octets", "1234 0100 0001 0000 0000 00", WR_E_SHORT},
    {"nothing", "", WR_E_SHORT},
};

/* On the heap in its exact size, so that a read behind the end is seen. */
static uint8_t *exact(const uint8_t *wire, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);

    assert_non_null(copy);
    memcpy(copy, wire, n);
    return copy;
}

static void every_shape(void **state)
{
    for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        uint8_t wire[512];
        struct wr_msg m;
        size_t n = octets_of(shapes[i].hex, wire);
        uint8_t *copy = exact(wire, n);
        int err = wr_msg_parse(&m, copy, n);

        free(copy);
        if (err != shapes[i].err) {
            fail_msg("%s: %d", shapes[i].what, err);
        }
        if (err == WR_E_FORMAT) { /* enough to send FORMERR */
            assert_int_equal(m.id, 0x1234);
        }
    }
}

/* A name of `octets` octets in labels of at most 63. */
static size_t put_long_name(uint8_t *at, size_t octets)
{
    size_t n = 0;

    while (n + 1 < octets) {
        size_t label = octets - n - 2 < 63 ? octets - n - 2 : 63;

        at[n] = (uint8_t)label;
        memset(at + n + 1, 'x', label);
        n += label + 1;
    }
    at[n] = 0;
    return n + 1;
}

static void names_of_255_and_no_more(void **state)
{
    for (size_t octets = 253; octets <= 257; octets++) {
        uint8_t wire[600] = {0x12, 0x34, 1, 0, 0, 1};
        struct wr_msg m;
        size_t n;

        n = 12 + put_long_name(wire + 12, octets);
        wire[n + 1] = wire[n + 3] = 1;
        assert_int_equal(wr_msg_parse(&m, wire, n + 4), octets <= 255 ? WR_OK : WR_E_FORMAT);
        assert_int_equal(wr_msg_parse_query(&m, wire, n + 4),
                         octets <= 255 ? WR_OK : WR_E_UNSUPPORTED);
        /* the same as an owner that ends in a pointer to the question */
        wire[7] = 1;
        memcpy(wire + n + 4, "\1o\xc0\x0c\0\1\0\1\0\0\0\0\0\0", 14);
        assert_int_equal(wr_msg_parse(&m, wire, n + 4 + 14), octets <= 253 ? WR_OK : WR_E_FORMAT);
    }
}

/* Whatever an octet becomes: what parses is walked to its last record. */
static void every_octet_changed(void **state)
{
    static const char response[] =
        "1234 8180 0001 0002 0001 0002" WWW "0001 0001 c00c 0005 0001 0000003c 0006 036e6577 c010"
        "c02d 0001 0001 0000003c 0004 01020304 c010 0002 0001 00000e10 0002 c010"
        "036e7331 c010 0001 0001 00000e10 0004 01020304" OPT;
    uint8_t good[512], wire[512];
    size_t n = octets_of(response, good);
    unsigned parsed = 0;

    for (size_t at = 0; at < n; at++) {
        for (unsigned v = 0; v < 256; v++) {
            struct wr_msg m;

            memcpy(wire, good, n);
            wire[at] = (uint8_t)v;
            if (wr_msg_parse(&m, wire, n) != WR_OK) {
                continue;
            }
            parsed++;
            for (unsigned section = 0; section < 3; section++) {
                struct wr_msg_walk walk = wr_msg_walk(&m, section);
                struct wr_msg_rr rr;
                unsigned count = 0;

                while (wr_msg_next(&walk, &rr)) {
                    assert_true(rr.rdata + rr.rdlength <= n);
                    count++;
                }
                assert_int_equal(count, m.counts[section]);
            }
        }
    }
    assert_true(parsed > n);
}

static void what_a_query_says(void **state)
{
    uint8_t wire[512];
    struct wr_msg m;
    struct wr_name want;
    size_t n = octets_of("abcd 0110 0001 0000 0000 0001" WWW
                         "001c 0001 00 0029 1000 00008000 000c 000a 0008 3132333435363738",
                         wire);

    assert_int_equal(wr_msg_parse(&m, wire, n), WR_OK);
    assert_int_equal(m.id, 0xabcd);
    assert_int_equal(m.flags, WR_FLAG_RD | WR_FLAG_CD);
    assert_int_equal(wr_msg_opcode(&m), WR_OPCODE_QUERY);
    assert_int_equal(m.qtype, WR_TYPE_AAAA);
    assert_int_equal(m.qclass, WR_CLASS_IN);
    assert_int_equal(wr_name_from_text("www.example.com", 15, &want), WR_OK);
    assert_int_equal(m.qname.size, want.size);
    assert_memory_equal(m.qname.wire, want.wire, want.size);
    assert_int_equal(m.question_end, 12 + 17 + 4);
    assert_true(m.edns.present && m.edns.dnssec_ok);
    assert_int_equal(m.edns.udp_size, 4096);
    assert_int_equal(m.edns.cookie_size, 8);
    assert_int_equal(m.edns.ede, WR_EDE_NONE);
}

static void rcode_has_twelve_bits(void **state)
{
    uint8_t wire[512];
    struct wr_msg m;
    size_t n = octets_of("1234 8187 0000 0000 0000 0001 00 0029 04d0 01000000 0000", wire);

    assert_int_equal(wr_msg_parse(&m, wire, n), WR_OK);
    assert_int_equal(wr_msg_rcode(&m), WR_RCODE_BADCOOKIE);
}

static void walking(void **state)
{
    uint8_t wire[512];
    struct wr_msg m;
    struct wr_msg_walk walk;
    struct wr_msg_rr rr;
    struct wr_reader r;
    char text[WR_NAME_TEXT_SIZE];
    size_t n = octets_of("1234 8180 0001 0002 0001 0001" WWW
                         "0001 0001 c00c 0005 0001 ffffffff 0006 036e6577 c010"
                         "c02d 0001 0001 0000003c 0004 01020304"
                         "c010 0002 0001 00000e10 0002 c010" OPT,
                         wire);

    assert_int_equal(wr_msg_parse(&m, wire, n), WR_OK);
    walk = wr_msg_walk(&m, WR_SECTION_ANSWER);
    assert_true(wr_msg_next(&walk, &rr));
    assert_int_equal(rr.type, WR_TYPE_CNAME);
    assert_int_equal(rr.ttl, 0); /* the top bit was set */
    r = wr_msg_reader(&m, rr.rdata);
    assert_int_equal(wr_name_read(&r, &rr.owner), WR_OK);
    wr_name_to_text(rr.owner.wire, text, sizeof(text));
    assert_string_equal(text, "new.example.com.");
    assert_true(wr_msg_next(&walk, &rr));
    wr_name_to_text(rr.owner.wire, text, sizeof(text));
    assert_string_equal(text, "new.example.com.");
    assert_int_equal(rr.rdlength, 4);
    assert_int_equal(wire[rr.rdata], 1);
    assert_int_equal(rr.ttl, 60);
    assert_false(wr_msg_next(&walk, &rr));
    walk = wr_msg_walk(&m, WR_SECTION_AUTHORITY);
    assert_true(wr_msg_next(&walk, &rr));
    assert_int_equal(rr.type, WR_TYPE_NS);
    assert_false(wr_msg_next(&walk, &rr));
    walk = wr_msg_walk(&m, WR_SECTION_ADDITIONAL);
    assert_true(wr_msg_next(&walk, &rr));
    assert_int_equal(rr.type, WR_TYPE_OPT);
    assert_false(wr_msg_next(&walk, &rr));
}

static void the_question_survives_what_follows(void **state)
{
    uint8_t wire[512];
    struct wr_msg m;
    size_t n = octets_of(Q "00", wire);

    assert_int_equal(wr_msg_parse(&m, wire, n), WR_E_FORMAT);
    assert_int_equal(m.qtype, 1);
    assert_int_equal(m.qname.size, 17);
    n = octets_of("1234 0100 0001 0000 0000 0000 03777777", wire);
    assert_int_equal(wr_msg_parse(&m, wire, n), WR_E_FORMAT);
    assert_int_equal(m.qtype, 0);
    assert_int_equal(m.qname.size, 1);
}

static void too_large_for_a_message(void **state)
{
    static uint8_t wire[WR_MSG_MAX + 1] = {0x12, 0x34};
    struct wr_msg m;

    assert_int_equal(wr_msg_parse(&m, wire, sizeof(wire)), WR_E_FORMAT);
    assert_int_equal(wr_msg_parse_query(&m, wire, sizeof(wire)), WR_E_UNSUPPORTED);
}

/* As many records as 64 KiB hold are all walked; parsing them stays quick however names point. */
static void a_full_message_is_walked(void **state)
{
    static uint8_t wire[WR_MSG_MAX];
    struct wr_msg m;
    struct wr_msg_walk walk;
    struct wr_msg_rr rr;
    size_t at = 12, count = 0;

    wire[2] = 0x80;
    while (at + 11 <= sizeof(wire) && count < WR_MSG_RECORDS_MAX) {
        wire[at + 2] = 1; /* the root, type A, nothing else */
        at += 11;
        count++;
    }
    wire[6] = (uint8_t)(count >> 8);
    wire[7] = (uint8_t)count;
    assert_int_equal(wr_msg_parse(&m, wire, at), WR_OK);
    walk = wr_msg_walk(&m, WR_SECTION_ANSWER);
    while (wr_msg_next(&walk, &rr)) {
        count--;
    }
    assert_int_equal(count, 0);
}

/* Owners that are pointers to two names of 127 labels, in turn. */
static size_t put_bomb(uint8_t *wire, unsigned records)
{
    size_t at = 12;

    memcpy(wire, "\x12\x34\x80\0\0\1\0\0\0\0\0\0", 12);
    wire[6] = (uint8_t)(records >> 8);
    wire[7] = (uint8_t)records;
    for (; at < 12 + 254; at += 2) {
        memcpy(wire + at, "\1x", 2);
    }
    memcpy(wire + at, "\0\0\1\0\1", 5);
    for (at += 5; records > 0; records--, at += 12) {
        memcpy(wire + at,
               records % 2 ? "\xc0\x0c\0\1\0\1\0\0\0\0\0\0" : "\xc0\x0e\0\1\0\1\0\0\0\0\0\0", 12);
    }
    return at;
}

static void a_compression_bomb_is_refused(void **state)
{
    static uint8_t wire[WR_MSG_MAX];
    struct wr_msg m;
    unsigned most = 2 * WR_MSG_OWNER_OCTETS_MAX / (255 + 253);

    assert_int_equal(wr_msg_parse(&m, wire, put_bomb(wire, most)), WR_OK);
    assert_int_equal(wr_msg_parse(&m, wire, put_bomb(wire, most + 3)), WR_E_FORMAT);
    assert_int_equal(wr_msg_parse(&m, wire, put_bomb(wire, 5430)), WR_E_FORMAT);
    assert_int_equal(m.id, 0x1234);
}

static void assert_same(const struct wr_msg *a, const struct wr_msg *b)
{
    assert_ptr_equal(a->wire, b->wire);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->qdcount, b->qdcount);
    assert_memory_equal(a->counts, b->counts, sizeof(a->counts));
    assert_memory_equal(a->starts, b->starts, sizeof(a->starts));
    assert_int_equal(a->qname.size, b->qname.size);
    assert_memory_equal(a->qname.wire, b->qname.wire, a->qname.size);
    assert_int_equal(a->qtype, b->qtype);
    assert_int_equal(a->qclass, b->qclass);
    assert_int_equal(a->question_end, b->question_end);
    assert_int_equal(a->tsig, b->tsig);
    assert_int_equal(a->edns.present, b->edns.present);
    assert_int_equal(a->edns.version, b->edns.version);
    assert_int_equal(a->edns.rcode_high, b->edns.rcode_high);
    assert_int_equal(a->edns.dnssec_ok, b->edns.dnssec_ok);
    assert_int_equal(a->edns.udp_size, b->edns.udp_size);
    assert_int_equal(a->edns.z, b->edns.z);
    assert_int_equal(a->edns.nsid, b->edns.nsid);
    assert_int_equal(a->edns.keepalive, b->edns.keepalive);
    assert_int_equal(a->edns.keepalive_100ms, b->edns.keepalive_100ms);
    assert_int_equal(a->edns.padding, b->edns.padding);
    assert_int_equal(a->edns.ecs, b->edns.ecs);
    assert_int_equal(a->edns.cookie_size, b->edns.cookie_size);
    assert_memory_equal(a->edns.cookie, b->edns.cookie, a->edns.cookie_size);
    assert_int_equal(a->edns.ede, b->edns.ede);
    assert_ptr_equal(a->edns.ede_text, b->edns.ede_text);
    assert_int_equal(a->edns.ede_text_size, b->edns.ede_text_size);
}

static unsigned compare_parsers(const uint8_t *octets, size_t n)
{
    struct wr_msg slow, quick;
    uint8_t *wire = exact(octets, n);
    int err;

    memset(&slow, 0xaa, sizeof(slow));
    memset(&quick, 0x55, sizeof(quick));
    err = wr_msg_parse_query(&quick, wire, n);
    if (err != WR_E_UNSUPPORTED) {
        assert_int_equal(err, WR_OK);
        assert_int_equal(wr_msg_parse(&slow, wire, n), WR_OK);
        assert_same(&slow, &quick);
    }
    free(wire);
    return err == WR_OK;
}

static void the_quick_look_agrees_on_every_shape(void **state)
{
    unsigned quick = 0;

    for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        uint8_t wire[512];
        size_t n = octets_of(shapes[i].hex, wire);

        for (size_t cut = 0; cut <= n; cut++) {
            quick += compare_parsers(wire, cut);
        }
    }
    assert_true(quick >= 4);
}

/* Queries with one or two octets changed. */
static void the_quick_look_agrees_when_octets_change(void **state)
{
    static const char query[] =
        "abcd 0110 0001 0000 0000 0001" WWW
        "001c 0001 00 0029 1000 00008000 0012 000a 0008 3132333435363738 000c 0002 0000";
    struct wr_rng rng;
    unsigned quick = 0;

    wr_rng_seed_u64(&rng, 6);
    for (unsigned round = 0; round < 200000; round++) {
        uint8_t wire[512];
        size_t n = octets_of(query, wire);

        for (unsigned i = wr_rng_below(&rng, 3); i > 0; i--) {
            wire[wr_rng_below(&rng, (uint32_t)n)] = (uint8_t)wr_rng_u16(&rng);
        }
        quick += compare_parsers(wire, n);
    }
    assert_true(quick > 100000);
}

/* The first look gives what the parser gives, and does not look past the end. */
static void the_first_look_at_the_question(void **state)
{
    static const char query[] = "abcd 0110 0001 0000 0000 0000" WWW "001c 0001";
    uint8_t wire[512];
    size_t n = octets_of(query, wire);
    const uint8_t *name = NULL;
    struct wr_msg m;
    uint16_t type = 0;

    assert_int_equal(wr_msg_parse(&m, wire, n), WR_OK);
    assert_int_equal(wr_msg_peek_question(wire, n, &name, &type), WR_OK);
    assert_int_equal(type, m.qtype);
    assert_memory_equal(name, m.qname.wire, m.qname.size);
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(wr_msg_peek_question(wire, cut, &name, &type), WR_E_FORMAT);
    }
    wire[12] = 0xc0; /* a pointer */
    assert_int_equal(wr_msg_peek_question(wire, n, &name, &type), WR_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape),
        cmocka_unit_test(names_of_255_and_no_more),
        cmocka_unit_test(every_octet_changed),
        cmocka_unit_test(what_a_query_says),
        cmocka_unit_test(rcode_has_twelve_bits),
        cmocka_unit_test(walking),
        cmocka_unit_test(the_question_survives_what_follows),
        cmocka_unit_test(too_large_for_a_message),
        cmocka_unit_test(a_full_message_is_walked),
        cmocka_unit_test(a_compression_bomb_is_refused),
        cmocka_unit_test(the_quick_look_agrees_on_every_shape),
        cmocka_unit_test(the_quick_look_agrees_when_octets_change),
        cmocka_unit_test(the_first_look_at_the_question),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
