/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "dns/build.h"
#include "dns/rdata.h"

static uint8_t room[WR_MSG_MAX];

static struct wr_name name_of(const char *text)
{
    struct wr_name n;

    assert_int_equal(wr_name_from_text(text, strlen(text), &n), WR_OK);
    return n;
}

static int add_a(struct wr_build *b, enum wr_section section, const char *owner)
{
    struct wr_name n = name_of(owner);

    return wr_build_rr(b, section, n.wire, WR_TYPE_A, WR_CLASS_IN, 60, (const uint8_t *)"\1\2\3\4",
                       4);
}

static int add_name(struct wr_build *b, const char *owner, uint16_t type, const char *target)
{
    struct wr_name n = name_of(owner), t = name_of(target);

    return wr_build_rr(b, WR_SECTION_ANSWER, n.wire, type, WR_CLASS_IN, 60, t.wire, t.size);
}

static void start(struct wr_build *b, size_t cap, const char *question)
{
    struct wr_name n = name_of(question);

    memset(room, 0xee, sizeof(room));
    wr_build_start(b, room, cap, 0x1234, WR_FLAG_QR | WR_FLAG_RD | WR_FLAG_RA);
    wr_build_question(b, n.wire, WR_TYPE_A, WR_CLASS_IN);
}

/* The message octet by octet. */
static void the_plain_answer(void **state)
{
    static const uint8_t want[] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\0\3www\7exAmple\3com\0\0\1\0\1"
                                  "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4";
    struct wr_build b;

    start(&b, 512, "www.exAmple.com");
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "www.exAmple.com"), WR_OK);
    assert_int_equal(wr_build_finish(&b, 0), sizeof(want) - 1);
    assert_memory_equal(room, want, sizeof(want) - 1);
    assert_int_equal(room[sizeof(want) - 1], 0xee);
}

static void suffixes_are_shared(void **state)
{
    struct wr_build b;
    size_t at;

    start(&b, 512, "www.example.com");
    at = b.w.pos;
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "mail.example.com"), WR_OK);
    assert_memory_equal(room + at, "\4mail\xc0\x10", 7); /* example.com of the question */
    at = b.w.pos;
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "a.mail.example.com"), WR_OK);
    assert_memory_equal(room + at, "\1a\xc0\x21", 4); /* mail.example.com of the record before */
    at = b.w.pos;
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "example.com"), WR_OK);
    assert_memory_equal(room + at, "\xc0\x10", 2);
    at = b.w.pos;
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "org"), WR_OK);
    assert_memory_equal(room + at, "\3org", 5);
    at = b.w.pos;
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "."), WR_OK);
    assert_memory_equal(room + at, "\0\0\1", 3);
}

static void other_case_is_another_name(void **state)
{
    struct wr_build b;
    size_t at;

    start(&b, 512, "www.example.com");
    at = b.w.pos;
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "WWW.example.com"), WR_OK);
    assert_memory_equal(room + at, "\3WWW\xc0\x10", 6);
    at = b.w.pos;
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "www.example.COM"), WR_OK);
    assert_memory_equal(room + at, "\3www\7example\3COM", 17);
}

static void names_in_rdata(void **state)
{
    struct wr_build b;
    size_t at;

    start(&b, 512, "www.example.com");
    at = b.w.pos;
    assert_int_equal(add_name(&b, "www.example.com", WR_TYPE_CNAME, "web.example.com"), WR_OK);
    assert_memory_equal(room + at + 10, "\0\6\3web\xc0\x10", 8);
    at = b.w.pos;
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "web.example.com"), WR_OK);
    assert_memory_equal(room + at, "\xc0\x2d", 2); /* into the CNAME's rdata */
    at = b.w.pos;
    /* DNAME is younger than RFC 1035: not compressed (RFC 3597 section 4) */
    assert_int_equal(add_name(&b, "www.example.com", WR_TYPE_DNAME, "web.example.com"), WR_OK);
    assert_memory_equal(room + at + 10, "\0\x11\3web\7example\3com", 19);
}

static void a_service_target_is_whole_and_pointed_at(void **state)
{
    static const uint8_t srv[] = "\0\1\0\2\0\3\2ns\4test";
    struct wr_name owner = name_of("_x._udp.example.com");
    struct wr_build b;
    size_t at;

    start(&b, 512, "_x._udp.example.com");
    assert_int_equal(
        wr_build_rr(&b, WR_SECTION_ANSWER, owner.wire, WR_TYPE_SRV, 1, 60, srv, sizeof(srv)),
        WR_OK);
    at = b.w.pos;
    assert_memory_equal(room + at - 9, "\2ns\4test", 9);
    assert_int_equal(add_a(&b, WR_SECTION_ADDITIONAL, "ns.test"), WR_OK);
    assert_int_equal(room[at], 0xc0);
    assert_int_equal(room[at + 1], at - 9);
}

static void what_does_not_fit_is_taken_back_whole(void **state)
{
    struct wr_build b;
    size_t size = 0;

    start(&b, 512, "www.example.com");
    assert_int_equal(add_name(&b, "www.example.com", WR_TYPE_CNAME, "web.example.com"), WR_OK);
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "web.example.com"), WR_OK);
    size = b.w.pos;
    for (size_t cap = 33; cap <= size; cap++) {
        unsigned fitted;

        start(&b, cap, "www.example.com");
        fitted = add_name(&b, "www.example.com", WR_TYPE_CNAME, "web.example.com") == WR_OK;
        fitted += add_a(&b, WR_SECTION_ANSWER, "web.example.com") == WR_OK;
        assert_int_equal(b.counts[0], fitted);
        assert_int_equal(wr_build_finish(&b, 0), b.w.pos);
        for (size_t i = cap; i < size; i++) {
            assert_int_equal(room[i], 0xee);
        }
        if (cap == size) {
            assert_int_equal(fitted, 2);
        }
    }
}

static void names_taken_back_are_not_pointed_at(void **state)
{
    struct wr_build b;
    struct wr_build_mark mark;
    size_t at;

    start(&b, 512, "www.example.com");
    mark = wr_build_mark(&b);
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "a-long-first-label.two.test"), WR_OK);
        wr_build_rewind(&b, &mark);
        assert_int_equal(b.counts[0], 0);
        assert_int_equal(b.name_count, 0);
        /* the octets of two.test still stand where they stood */
        at = b.w.pos;
        assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "4.two.test"), WR_OK);
        assert_memory_equal(room + at, "\0014\3two\4test", 12);
        wr_build_rewind(&b, &mark);
    }
    /* what stood before the mark is still known */
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "two.test"), WR_OK);
    mark = wr_build_mark(&b);
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "one.two.test"), WR_OK);
    wr_build_rewind(&b, &mark);
    at = b.w.pos;
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "one.two.test"), WR_OK);
    assert_memory_equal(room + at, "\3one\xc0\x21", 6);
}

static void the_reserve_is_for_the_opt(void **state)
{
    struct wr_build_opt opt = {.udp_size = 1232, .ede = WR_EDE_STALE_ANSWER};
    struct wr_build b;

    start(&b, 100, "www.example.com");
    b.reserve = wr_build_opt_size(&opt);
    assert_int_equal(b.reserve, 11 + 6);
    while (add_a(&b, WR_SECTION_ANSWER, "www.example.com") == WR_OK) {
    }
    assert_int_equal(wr_build_opt(&b, &opt, 0), WR_OK);
    assert_true(wr_build_finish(&b, 0) <= 100);
    assert_int_equal(b.counts[0], 3);
}

/* The tree's hash looks at the first and the last eight octets of a label. */
static void labels_alike_at_both_ends_are_two(void **state)
{
    struct wr_build b;
    size_t at;

    start(&b, 512, "aaaaaaaa1bbbbbbbb.test");
    at = b.w.pos;
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "aaaaaaaa2bbbbbbbb.test"), WR_OK);
    assert_memory_equal(room + at,
                        "\x11"
                        "aaaaaaaa2bbbbbbbb\xc0\x1e",
                        20);
}

static void a_service_target_in_the_zone_is_whole_too(void **state)
{
    static const uint8_t srv[] = "\0\1\0\2\0\3\7example\3com";
    struct wr_name owner = name_of("_x.example.com");
    struct wr_build b;

    start(&b, 512, "_x.example.com");
    assert_int_equal(
        wr_build_rr(&b, WR_SECTION_ANSWER, owner.wire, WR_TYPE_SRV, 1, 60, srv, sizeof(srv)),
        WR_OK);
    assert_memory_equal(room + b.w.pos - sizeof(srv) - 2, "\0\x13",
                        2); /* RFC 2782: not compressed */
    assert_memory_equal(room + b.w.pos - sizeof(srv), srv, sizeof(srv));
}

/* Pointers have 14 bits: a name behind 16383 is written, and never pointed at. */
static void names_behind_16k_are_not_pointed_at(void **state)
{
    static uint8_t text[16384];
    struct wr_build b;
    size_t at;

    start(&b, sizeof(room), "www.example.com");
    for (size_t i = 0; i < sizeof(text); i += 256) {
        text[i] = 255;
    }
    assert_int_equal(wr_build_rr(&b, WR_SECTION_ANSWER, (const uint8_t *)"", WR_TYPE_TXT, 1, 0,
                                 text, sizeof(text)),
                     WR_OK);
    for (unsigned i = 0; i < 2; i++) {
        at = b.w.pos;
        assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "host.far.test"), WR_OK);
        assert_memory_equal(room + at, "\4host\3far\4test", 15);
    }
    at = b.w.pos;
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "host.example.com"), WR_OK);
    assert_memory_equal(room + at, "\4host\xc0\x10", 7);
}

/* In a room of its exact size: names that did not fit are never compared with. */
static void nothing_behind_the_room_is_read(void **state)
{
    static const uint8_t soa[] = "\2ns\7invalid\0\2ns\7invalid\0"
                                 "12341234123412341234";

    for (size_t cap = 29; cap < 100; cap++) {
        uint8_t *small = malloc(cap);
        struct wr_name n = name_of("example.com"), owner = name_of("ns.other.test");
        struct wr_build b;
        int err;

        assert_non_null(small);
        wr_build_start(&b, small, cap, 1, 0);
        wr_build_question(&b, n.wire, WR_TYPE_SOA, 1);
        err = wr_build_rr(&b, WR_SECTION_ANSWER, owner.wire, WR_TYPE_SOA, 1, 60, soa,
                          sizeof(soa) - 1);
        assert_true(err == WR_OK || b.w.pos == 29);
        assert_true(wr_build_finish(&b, 0) <= cap);
        free(small);
    }
}

static void limit_below_the_room(void **state)
{
    struct wr_build b;

    start(&b, sizeof(room), "www.example.com");
    b.limit = 60;
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "www.example.com"), WR_OK);
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "www.example.com"), WR_E_FULL);
    assert_int_equal(b.w.pos, 49);
}

static void opt_says_everything(void **state)
{
    struct wr_build_opt opt = {.udp_size = 1400,
                               .dnssec_ok = true,
                               .cookie = (const uint8_t *)"0123456789abcdef",
                               .cookie_size = 16,
                               .ede = 22,
                               .ede_text = "no route",
                               .keepalive = true,
                               .keepalive_100ms = 300,
                               .nsid = (const uint8_t *)"gw",
                               .nsid_size = 2,
                               .pad_to = 128};
    struct wr_build b;
    struct wr_msg m;
    size_t n;

    start(&b, 1232, "www.example.com");
    assert_int_equal(wr_build_opt(&b, &opt, WR_RCODE_BADCOOKIE), WR_OK);
    n = wr_build_finish(&b, WR_RCODE_BADCOOKIE);
    assert_int_equal(n, 128);
    assert_int_equal(wr_msg_parse(&m, room, n), WR_OK);
    assert_int_equal(wr_msg_rcode(&m), WR_RCODE_BADCOOKIE);
    assert_true(m.edns.dnssec_ok && m.edns.keepalive && m.edns.padding && m.edns.nsid);
    assert_int_equal(m.edns.udp_size, 1400);
    assert_int_equal(m.edns.keepalive_100ms, 300);
    assert_int_equal(m.edns.cookie_size, 16);
    assert_memory_equal(m.edns.cookie, "0123456789abcdef", 16);
    assert_int_equal(m.edns.ede, 22);
    assert_int_equal(m.edns.ede_text_size, 8);
    assert_int_equal(wr_build_opt_size(&opt), 11 + 20 + 14 + 6 + 6);
}

static void the_text_of_an_error_gives_way(void **state)
{
    struct wr_build_opt opt = {
        .udp_size = 1232, .ede = 0, .ede_text = "a long story about what went wrong here"};
    struct wr_build b;
    struct wr_msg m;
    size_t n;

    start(&b, 33 + 11 + 6 + 38, "www.example.com");
    assert_int_equal(wr_build_opt(&b, &opt, 0), WR_OK);
    n = wr_build_finish(&b, 0);
    assert_int_equal(wr_msg_parse(&m, room, n), WR_OK);
    assert_int_equal(m.edns.ede, 0);
    assert_int_equal(m.edns.ede_text_size, 0);
    start(&b, 33 + 11 + 5, "www.example.com");
    assert_int_equal(wr_build_opt(&b, &opt, 0), WR_E_FULL);
    assert_int_equal(b.w.pos, 33);
}

static void padding_stops_at_the_limit(void **state)
{
    struct wr_build_opt opt = {.udp_size = 1232, .ede = WR_EDE_NONE, .pad_to = 468};
    struct wr_build b;

    for (size_t cap = 44; cap < 60; cap++) {
        struct wr_msg m;
        size_t n;

        start(&b, cap, "www.example.com");
        assert_int_equal(wr_build_opt(&b, &opt, 0), WR_OK);
        n = wr_build_finish(&b, 0);
        assert_int_equal(n, cap < 48 ? 44 : cap);
        assert_int_equal(wr_msg_parse(&m, room, n), WR_OK);
    }
    start(&b, 1232, "www.example.com");
    assert_int_equal(wr_build_opt(&b, &opt, 0), WR_OK);
    assert_int_equal(wr_build_finish(&b, 0), 468);
}

static void client_forms_of_options(void **state)
{
    struct wr_build_opt opt = {.udp_size = 1232,
                               .ede = WR_EDE_NONE,
                               .keepalive = true,
                               .keepalive_empty = true,
                               .nsid_ask = true};
    struct wr_build b;

    start(&b, 512, "www.example.com");
    assert_int_equal(wr_build_opt(&b, &opt, 0), WR_OK);
    assert_memory_equal(room + b.w.pos - 8, "\0\x0b\0\0\0\3\0\0", 8);
}

/* RFC 7871 section 6: family, lengths, and only the octets that the prefix needs. */
static void a_client_subnet(void **state)
{
    static const struct {
        const char *prefix;
        const char *octets;
        size_t size;
    } cases[] = {
        {"192.0.2.0/24", "\0\x08\0\7\0\1\x18\0\xc0\0\2", 11},
        {"0.0.0.0/0", "\0\x08\0\4\0\1\0\0", 8},
        {"2001:db8::/33", "\0\x08\0\x09\0\2\x21\0\x20\1\x0d\xb8\0", 13},
    };

    for (unsigned i = 0; i < 3; i++) {
        struct wr_prefix prefix;
        struct wr_build_opt opt = {.udp_size = 1232, .ede = WR_EDE_NONE, .subnet = &prefix};
        struct wr_build b;
        struct wr_msg m;

        assert_int_equal(wr_addr_prefix_from_text(cases[i].prefix, &prefix), WR_OK);
        start(&b, 512, "www.example.com");
        assert_int_equal(wr_build_opt_size(&opt), 11 + cases[i].size);
        assert_int_equal(wr_build_opt(&b, &opt, 0), WR_OK);
        assert_memory_equal(room + b.w.pos - cases[i].size, cases[i].octets, cases[i].size);
        assert_int_equal(wr_msg_parse(&m, room, wr_build_finish(&b, 0)), WR_OK);
        assert_true(m.edns.ecs);
    }
}

/* Owners that all differ, in a message of 64 KiB: more names than are remembered, and pointers stay below 2^14. */
static void a_large_message_reads_back(void **state)
{
    struct wr_build b;
    struct wr_msg m;
    struct wr_msg_walk walk;
    struct wr_msg_rr rr;
    unsigned built = 0, i = 0;
    size_t n;

    start(&b, sizeof(room), "zone.example.com");
    for (;; built++) {
        char owner[64];

        snprintf(owner, sizeof(owner), "host%u.sub%u.example.com", built, built % 7);
        if (add_a(&b, WR_SECTION_ANSWER, owner) != WR_OK) {
            break;
        }
    }
    n = wr_build_finish(&b, 0);
    assert_true(n > 65000 && b.name_count <= WR_BUILD_NAMES_MAX);
    assert_int_equal(wr_msg_parse(&m, room, n), WR_OK);
    for (walk = wr_msg_walk(&m, WR_SECTION_ANSWER); wr_msg_next(&walk, &rr); i++) {
        char want[64], got[WR_NAME_TEXT_SIZE];

        snprintf(want, sizeof(want), "host%u.sub%u.example.com.", i, i % 7);
        wr_name_to_text(rr.owner.wire, got, sizeof(got));
        assert_string_equal(got, want);
    }
    assert_int_equal(i, built);
}

static void broken_stored_rdata_is_refused(void **state)
{
    struct wr_name n = name_of("example.com");
    struct wr_build b;

    start(&b, 512, "www.example.com");
    assert_int_equal(wr_build_rr(&b, WR_SECTION_ANSWER, n.wire, WR_TYPE_MX, 1, 60,
                                 (const uint8_t *)"\0\1\3ab", 5),
                     WR_E_FORMAT);
    assert_int_equal(b.w.pos, 33);
    assert_int_equal(wr_build_rr(&b, WR_SECTION_ANSWER, n.wire, WR_TYPE_MX, 1, 60, room, 65536),
                     WR_E_FULL);
    assert_int_equal(b.counts[0], 0);
    assert_int_equal(wr_build_rr(&b, WR_SECTION_ANSWER, n.wire, WR_TYPE_MX, 255, 0, NULL, 0),
                     WR_OK);
}

static void without_a_question(void **state)
{
    struct wr_build b;
    struct wr_msg m;
    size_t n;

    wr_build_start(&b, room, 512, 7, WR_FLAG_QR);
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "a.example"), WR_OK);
    assert_int_equal(add_a(&b, WR_SECTION_ANSWER, "a.example"), WR_OK);
    n = wr_build_finish(&b, WR_RCODE_REFUSED);
    assert_int_equal(n, 12 + 11 + 14 + 16);
    assert_int_equal(wr_msg_parse(&m, room, n), WR_OK);
    assert_int_equal(wr_msg_rcode(&m), WR_RCODE_REFUSED);
    assert_int_equal(m.qdcount, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_answer),
        cmocka_unit_test(suffixes_are_shared),
        cmocka_unit_test(other_case_is_another_name),
        cmocka_unit_test(names_in_rdata),
        cmocka_unit_test(a_service_target_is_whole_and_pointed_at),
        cmocka_unit_test(what_does_not_fit_is_taken_back_whole),
        cmocka_unit_test(names_taken_back_are_not_pointed_at),
        cmocka_unit_test(the_reserve_is_for_the_opt),
        cmocka_unit_test(labels_alike_at_both_ends_are_two),
        cmocka_unit_test(a_service_target_in_the_zone_is_whole_too),
        cmocka_unit_test(names_behind_16k_are_not_pointed_at),
        cmocka_unit_test(nothing_behind_the_room_is_read),
        cmocka_unit_test(limit_below_the_room),
        cmocka_unit_test(opt_says_everything),
        cmocka_unit_test(the_text_of_an_error_gives_way),
        cmocka_unit_test(padding_stops_at_the_limit),
        cmocka_unit_test(client_forms_of_options),
        cmocka_unit_test(a_client_subnet),
        cmocka_unit_test(a_large_message_reads_back),
        cmocka_unit_test(broken_stored_rdata_is_refused),
        cmocka_unit_test(without_a_question),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
