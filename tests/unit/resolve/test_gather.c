/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include "base/limits.h"
#include "resolve/gather.h"

#define SIG(type) type " 8 2 60 20300101000000 20200101000000 1 example. AAAA"

static uint8_t wire[65535];
static _Alignas(8) uint8_t block[2 * WR_RRSET_SIZE_MAX];
static struct wr_arena arena;
static struct wr_msg msg;
static struct wr_gather g;
static struct wr_rrset set;

static void message(const struct wire_rr *rrs, unsigned count)
{
    wire_response(wire, sizeof(wire), "x.example.", WR_TYPE_A, 0, 0, rrs, count, &msg);
    wr_arena_init(&arena, block, sizeof(block));
    g = (struct wr_gather){&msg, &arena, WR_SCRUB_LOOKS_MAX};
}

#define MESSAGE(...)                               \
    message((const struct wire_rr[]){__VA_ARGS__}, \
            sizeof((const struct wire_rr[]){__VA_ARGS__}) / sizeof(struct wire_rr))

static int gather(enum wr_section section, const char *owner, uint16_t type)
{
    struct wr_name name = wire_name(owner);
    return wr_gather(&g, section, &name, type, WR_RANK_ANSWER, &set);
}

static void test_one_set_wherever_its_records_stand(void **state)
{
    MESSAGE(WIRE_AN("x.example.", WR_TYPE_A, 70, "192.0.2.1"),
            WIRE_AN("y.example.", WR_TYPE_A, 1, "192.0.2.7"),
            WIRE_AN("x.example.", WR_TYPE_RRSIG, 30, SIG("A")),
            WIRE_AN("x.example.", WR_TYPE_RRSIG, 5, SIG("AAAA")),
            WIRE_AN("X.EXAMPLE.", WR_TYPE_A, 50, "192.0.2.2"),
            WIRE_AN("x.example.", WR_TYPE_A, 60, "192.0.2.1"),
            WIRE_AR("x.example.", WR_TYPE_A, 2, "192.0.2.8"));
    assert_int_equal(gather(WR_SECTION_ANSWER, "x.Example.", WR_TYPE_A), 0);
    assert_int_equal(set.records, 2); /* the duplicate is dropped, RFC 2181 section 5 */
    assert_int_equal(set.sigs, 1);    /* over this type only */
    assert_int_equal(set.ttl, 30);    /* one TTL, the least of all */
    assert_int_equal(set.rank, WR_RANK_ANSWER);
    assert_int_equal(set.security, WR_SECURITY_UNCHECKED);
    assert_true(wr_name_equal(set.owner, wire_name("x.example.").wire));
    assert_int_equal(wr_rrset_check(&set), 0);
}

static void test_nothing_takes_no_memory(void **state)
{
    MESSAGE(WIRE_AN("x.example.", WR_TYPE_A, 70, "192.0.2.1"),
            WIRE_AN("x.example.", WR_TYPE_RRSIG, 5, SIG("AAAA")));
    size_t mark = wr_arena_mark(&arena);
    assert_int_equal(gather(WR_SECTION_AUTHORITY, "x.example.", WR_TYPE_A), WR_E_NOTFOUND);
    assert_int_equal(gather(WR_SECTION_ANSWER, "example.", WR_TYPE_A), WR_E_NOTFOUND);
    assert_int_equal(gather(WR_SECTION_ANSWER, "x.example.", WR_TYPE_AAAA), WR_E_NOTFOUND);
    assert_int_equal(wr_arena_mark(&arena), mark);
}

/* A record whose rdata has these octets, whatever its type says of them. */
static void raw(struct wr_build *b, uint16_t type, const uint8_t *rdata, size_t size)
{
    struct wr_name owner = wire_name("x.example.");
    assert_int_equal(
        wr_build_rr(b, WR_SECTION_ANSWER, owner.wire, type, WR_CLASS_IN, 60, rdata, size), 0);
}

/* An address of three octets is none; what stands beside it serves. */
static void test_broken_addresses_are_left_out(void **state)
{
    static const uint8_t bytes[16] = {192, 0, 2, 1, 5};
    static const struct {
        uint16_t type, broken, good;
    } rows[] = {{WR_TYPE_A, 3, 4}, {WR_TYPE_A, 5, 4}, {WR_TYPE_A, 0, 4}, {WR_TYPE_AAAA, 4, 16}};
    for (unsigned i = 0; i < 4; i++) {
        struct wr_build b;
        struct wr_name name = wire_name("x.example.");
        wr_build_start(&b, wire, sizeof(wire), 1, WR_FLAG_QR);
        wr_build_question(&b, name.wire, rows[i].type, WR_CLASS_IN);
        raw(&b, rows[i].type, bytes, rows[i].broken);
        raw(&b, rows[i].type, bytes, rows[i].good);
        size_t size = wr_build_finish(&b, 0);
        assert_int_equal(wr_msg_parse(&msg, wire, size), 0);
        wr_arena_init(&arena, block, sizeof(block));
        g = (struct wr_gather){&msg, &arena, 100};
        assert_int_equal(gather(WR_SECTION_ANSWER, "x.example.", rows[i].type), 0);
        assert_int_equal(set.records, 1);
        assert_int_equal(set.size, 2 + rows[i].good);
    }
}

static void test_broken_rdata_is_an_error(void **state)
{
    static const uint8_t half_name[] = {3, 'n', 's'};
    struct wr_build b;
    struct wr_name name = wire_name("x.example.");
    wr_build_start(&b, wire, sizeof(wire), 1, WR_FLAG_QR);
    wr_build_question(&b, name.wire, WR_TYPE_TXT, WR_CLASS_IN);
    raw(&b, WR_TYPE_TXT, half_name, sizeof(half_name));
    size_t size = wr_build_finish(&b, 0);
    assert_int_equal(wr_msg_parse(&msg, wire, size), 0);
    wr_arena_init(&arena, block, sizeof(block));
    size_t mark = wr_arena_mark(&arena);
    g = (struct wr_gather){&msg, &arena, 100};
    assert_int_equal(gather(WR_SECTION_ANSWER, "x.example.", WR_TYPE_TXT), WR_E_FORMAT);
    assert_int_equal(wr_arena_mark(&arena), mark);
}

static void many(unsigned count)
{
    struct wr_build b;
    struct wr_name name = wire_name("x.example.");
    wr_build_start(&b, wire, sizeof(wire), 1, WR_FLAG_QR);
    wr_build_question(&b, name.wire, WR_TYPE_A, WR_CLASS_IN);
    for (unsigned i = 0; i < count; i++) {
        const uint8_t rdata[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};
        raw(&b, WR_TYPE_A, rdata, 4);
    }
    size_t size = wr_build_finish(&b, 0);
    assert_int_equal(wr_msg_parse(&msg, wire, size), 0);
    wr_arena_init(&arena, block, sizeof(block));
}

/* CVE-2024-1737: very large sets are an attack on memory. */
static void test_bounds(void **state)
{
    many(WR_RRSET_RECORDS_MAX);
    g = (struct wr_gather){&msg, &arena, WR_SCRUB_LOOKS_MAX};
    assert_int_equal(gather(WR_SECTION_ANSWER, "x.example.", WR_TYPE_A), 0);
    many(WR_RRSET_RECORDS_MAX + 1);
    g = (struct wr_gather){&msg, &arena, WR_SCRUB_LOOKS_MAX};
    assert_int_equal(gather(WR_SECTION_ANSWER, "x.example.", WR_TYPE_A), WR_E_LIMIT);
}

static void test_looks_are_used_up(void **state)
{
    many(100);
    g = (struct wr_gather){&msg, &arena, 50};
    (void)gather(WR_SECTION_ANSWER, "x.example.", WR_TYPE_A);
    assert_int_equal(g.looks, 0); /* the caller's sign to refuse the message */
    assert_false(wr_gather_charge(&g, 1));
    g.looks = 5;
    assert_true(wr_gather_charge(&g, 4));
    assert_false(wr_gather_charge(&g, 1000));
    assert_int_equal(g.looks, 0);
}

/* However little memory there is, a call fails and leaves the arena as it was. */
static void test_little_memory(void **state)
{
    many(40);
    for (size_t cap = 0; cap < 4000; cap += 8) {
        wr_arena_init(&arena, block, cap);
        g = (struct wr_gather){&msg, &arena, WR_SCRUB_LOOKS_MAX};
        int err = gather(WR_SECTION_ANSWER, "x.example.", WR_TYPE_A);
        assert_true(err == WR_OK || err == WR_E_NOMEM || err == WR_E_LIMIT);
        assert_true(err == WR_OK || wr_arena_mark(&arena) == 0);
        assert_true(err != WR_OK || set.records == 40);
    }
    assert_int_equal(set.records, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_set_wherever_its_records_stand),
        cmocka_unit_test(test_nothing_takes_no_memory),
        cmocka_unit_test(test_broken_addresses_are_left_out),
        cmocka_unit_test(test_broken_rdata_is_an_error),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_looks_are_used_up),
        cmocka_unit_test(test_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
