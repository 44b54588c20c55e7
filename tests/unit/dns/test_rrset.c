/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/rrset.h"

static const uint8_t owner[] = "\3Cam\3iot\4test";
static const uint8_t three_a[] = {0, 4, 192, 0, 2, 1, 0, 4, 192, 0, 2, 2, 0, 4, 192, 0, 2, 3};

static struct wr_rrset set_of_a(void)
{
    return (struct wr_rrset){.owner = owner,
                             .data = three_a,
                             .size = sizeof(three_a),
                             .ttl = 300,
                             .type = WR_TYPE_A,
                             .class_ = WR_CLASS_IN,
                             .records = 3,
                             .security = WR_SECURITY_INSECURE,
                             .rank = WR_RANK_ANSWER};
}

/* An RRSIG over A by iot.test: 18 fixed octets, the signer, four octets of signature. */
static size_t signed_data(uint8_t *room)
{
    static const uint8_t sig[] = {0, 1, 13, 3,   0,   0,   1, 44,  1,   1,   1,   1, 1, 0, 0, 0,
                                  9, 9, 3,  'i', 'o', 't', 4, 't', 'e', 's', 't', 0, 1, 2, 3, 4};

    memcpy(room, three_a, sizeof(three_a));
    room[sizeof(three_a)] = 0;
    room[sizeof(three_a) + 1] = sizeof(sig);
    memcpy(room + sizeof(three_a) + 2, sig, sizeof(sig));
    return sizeof(three_a) + 2 + sizeof(sig);
}

static void walk_gives_each_record_once(void **state)
{
    struct wr_rrset set = set_of_a();
    struct wr_rrset_walk walk = wr_rrset_walk(&set);
    const uint8_t *rdata;
    uint16_t size;

    for (uint8_t i = 1; i <= 3; i++) {
        assert_true(wr_rrset_next(&walk, &rdata, &size));
        assert_int_equal(size, 4);
        assert_int_equal(rdata[3], i);
    }
    assert_false(wr_rrset_next(&walk, &rdata, &size));
}

/* Who proved it is known of a secure set only, and of none that was kept. */
static void the_prover_is_told(void **state)
{
    struct wr_rrset set = set_of_a(), back;
    uint8_t room[512];
    struct wr_writer w;
    struct wr_reader r;

    wr_rrset_set_prover(&set, owner + 4);
    assert_null(wr_rrset_prover(&set));
    set.security = WR_SECURITY_SECURE;
    assert_ptr_equal(wr_rrset_prover(&set), owner + 4);
    wr_buf_write_init(&w, room, sizeof(room));
    wr_rrset_put_flat(&w, &set);
    wr_buf_read_init(&r, room, w.pos);
    assert_int_equal(wr_rrset_get_flat(&r, &back), WR_OK);
    assert_int_equal(back.security, WR_SECURITY_SECURE);
    assert_null(wr_rrset_prover(&back));
    wr_rrset_set_prover(&set, owner);
    assert_ptr_equal(wr_rrset_prover(&set), owner);
    wr_rrset_set_prover(&set, (const uint8_t *)"");
    assert_int_equal(*wr_rrset_prover(&set), 0);
    wr_rrset_set_prover(&set, NULL);
    assert_null(wr_rrset_prover(&set));
    set.prover = 200; /* more labels than the owner has */
    assert_null(wr_rrset_prover(&set));
}

static void walk_stops_on_torn_data(void **state)
{
    struct wr_rrset set = set_of_a();
    struct wr_rrset_walk walk;
    const uint8_t *rdata;
    uint16_t size;

    set.size = 8; /* the second record is cut */
    walk = wr_rrset_walk(&set);
    assert_true(wr_rrset_next(&walk, &rdata, &size));
    assert_false(wr_rrset_next(&walk, &rdata, &size));
    assert_false(wr_rrset_next(&walk, &rdata, &size));
}

/* The last octets of the addresses in the answer section, as a number: 123, 231, ... */
static int order_of(const uint8_t *wire, size_t size)
{
    struct wr_msg m;
    struct wr_msg_walk walk;
    struct wr_msg_rr rr;
    int order = 0;

    assert_int_equal(wr_msg_parse(&m, wire, size), WR_OK);
    walk = wr_msg_walk(&m, WR_SECTION_ANSWER);
    while (wr_msg_next(&walk, &rr)) {
        assert_true(wr_name_equal(rr.owner.wire, owner));
        assert_int_equal(rr.ttl, 17);
        order = order * 10 + (rr.type == WR_TYPE_RRSIG ? 9 : wire[rr.rdata + 3]);
    }
    return order;
}

static int built_order(const struct wr_rrset *set, bool with_sigs, uint32_t turn)
{
    uint8_t room[512];
    struct wr_build b;

    wr_build_start(&b, room, sizeof(room), 1, WR_FLAG_QR);
    wr_build_question(&b, owner, WR_TYPE_A, WR_CLASS_IN);
    assert_int_equal(wr_rrset_build(&b, WR_SECTION_ANSWER, set, 17, with_sigs, turn), WR_OK);
    return order_of(room, wr_build_finish(&b, WR_RCODE_NOERROR));
}

static void build_turns_the_records(void **state)
{
    struct wr_rrset set = set_of_a();

    assert_int_equal(built_order(&set, true, 0), 123);
    assert_int_equal(built_order(&set, true, 1), 231);
    assert_int_equal(built_order(&set, true, 2), 312);
    assert_int_equal(built_order(&set, true, 3), 123);
}

static void build_puts_signatures_behind_and_on_demand(void **state)
{
    uint8_t data[128];
    struct wr_rrset set = set_of_a();

    set.data = data;
    set.size = (uint32_t)signed_data(data);
    set.sigs = 1;
    assert_int_equal(built_order(&set, true, 1), 2319);
    assert_int_equal(built_order(&set, false, 1), 231);
}

static void build_is_whole_or_not_at_all(void **state)
{
    struct wr_rrset set = set_of_a();
    uint8_t room[512];
    struct wr_build b;

    /* Room for header, question and two records of 16 octets, not for three. */
    wr_build_start(&b, room, 12 + sizeof(owner) + 4 + 2 * 16 + 8, 1, WR_FLAG_QR);
    wr_build_question(&b, owner, WR_TYPE_A, WR_CLASS_IN);
    assert_int_equal(wr_rrset_build(&b, WR_SECTION_ANSWER, &set, 17, false, 0), WR_E_FULL);
    assert_int_equal(b.counts[WR_SECTION_ANSWER], 0);
    set.records = 2;
    assert_int_equal(wr_rrset_build(&b, WR_SECTION_ANSWER, &set, 17, false, 0), WR_OK);
    assert_int_equal(order_of(room, wr_build_finish(&b, 0)), 12);
}

static void build_refuses_torn_data(void **state)
{
    struct wr_rrset set = set_of_a();
    uint8_t room[512];
    struct wr_build b;

    wr_build_start(&b, room, sizeof(room), 1, WR_FLAG_QR);
    set.records = 4;
    assert_int_equal(wr_rrset_build(&b, WR_SECTION_ANSWER, &set, 17, false, 0), WR_E_FORMAT);
    assert_int_equal(b.counts[WR_SECTION_ANSWER], 0);
}

static void flat_form_comes_back(void **state)
{
    struct wr_rrset set = set_of_a(), back[2];
    uint8_t data[128], room[512];
    struct wr_writer w;
    struct wr_reader r;

    set.data = data;
    set.size = (uint32_t)signed_data(data);
    set.sigs = 1;
    wr_buf_write_init(&w, room, sizeof(room));
    wr_rrset_put_flat(&w, &set);
    assert_int_equal(w.pos, wr_rrset_flat_size(&set));
    wr_rrset_put_flat(&w, &set);
    wr_buf_read_init(&r, room, w.pos);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wr_rrset_get_flat(&r, &back[i]), WR_OK);
        assert_memory_equal(back[i].owner, owner, sizeof(owner));
        assert_int_equal(back[i].size, set.size);
        assert_memory_equal(back[i].data, data, set.size);
        assert_int_equal(back[i].ttl, 300);
        assert_int_equal(back[i].records, 3);
        assert_int_equal(back[i].sigs, 1);
        assert_int_equal(back[i].security, WR_SECURITY_INSECURE);
        assert_int_equal(back[i].rank, WR_RANK_ANSWER);
    }
    assert_int_equal(wr_buf_left(&r), 0);
}

static int get_one(const uint8_t *bytes, size_t size)
{
    struct wr_rrset set;
    struct wr_reader r;
    int err;

    wr_buf_read_init(&r, bytes, size);
    err = wr_rrset_get_flat(&r, &set);
    assert_int_equal(err == WR_OK, r.err == WR_OK);
    return err;
}

static void flat_form_is_refused_when_cut(void **state)
{
    struct wr_rrset set = set_of_a();
    uint8_t room[256];
    struct wr_writer w;

    wr_buf_write_init(&w, room, sizeof(room));
    wr_rrset_put_flat(&w, &set);
    for (size_t size = 0; size < w.pos; size++) {
        assert_int_not_equal(get_one(room, size), WR_OK);
    }
    assert_int_equal(get_one(room, w.pos), WR_OK);
}

static void flat_form_is_refused_when_it_lies(void **state)
{
    static const struct {
        const char *what;
        size_t at; /* behind the owner */
        uint8_t value;
    } lies[] = {
        {"type OPT", 1, WR_TYPE_OPT},
        {"class is free", 3, 4},
        {"class where A has another form", 3, WR_CLASS_CH},
        {"ttl over 2^31", 4, 0x80},
        {"too few records", 9, 2},
        {"too many records", 9, 4},
        {"many records", 8, 200},
        {"a signature", 11, 1},
        {"security", 12, 9},
        {"rank", 13, 6},
        {"size", 17, 17},
        {"huge size", 14, 0xff},
        {"rdlength", 19, 5},
    };
    struct wr_rrset set = set_of_a();
    uint8_t room[256];
    struct wr_writer w;

    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        wr_buf_write_init(&w, room, sizeof(room));
        wr_rrset_put_flat(&w, &set);
        room[sizeof(owner) + lies[i].at] = lies[i].value;
        if (i == 1) {
            assert_int_equal(get_one(room, w.pos), WR_OK);
        } else if (get_one(room, w.pos) == WR_OK) {
            fail_msg("accepted: %s", lies[i].what);
        }
    }
}

static void flat_form_checks_rdata_by_its_type(void **state)
{
    struct wr_rrset set = set_of_a();
    uint8_t room[256];
    struct wr_writer w;

    set.type = WR_TYPE_AAAA; /* four octets are no IPv6 address */
    wr_buf_write_init(&w, room, sizeof(room));
    wr_rrset_put_flat(&w, &set);
    assert_int_equal(get_one(room, w.pos), WR_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walk_gives_each_record_once),
        cmocka_unit_test(the_prover_is_told),
        cmocka_unit_test(walk_stops_on_torn_data),
        cmocka_unit_test(build_turns_the_records),
        cmocka_unit_test(build_puts_signatures_behind_and_on_demand),
        cmocka_unit_test(build_is_whole_or_not_at_all),
        cmocka_unit_test(build_refuses_torn_data),
        cmocka_unit_test(flat_form_comes_back),
        cmocka_unit_test(flat_form_is_refused_when_cut),
        cmocka_unit_test(flat_form_is_refused_when_it_lies),
        cmocka_unit_test(flat_form_checks_rdata_by_its_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
