/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "engine/translate.h"

static struct wr_dns64_room room;

static struct wr_dns64 dns64(void)
{
    struct wr_dns64 d = {0};
    assert_int_equal(wr_addr_prefix_from_text("64:ff9b::/96", &d.prefix), WR_OK);
    return d;
}

static struct wr_asker asker(const char *name, uint16_t type)
{
    struct wr_asker a = {.flags = WR_FLAG_RD, .qclass = WR_CLASS_IN};
    a.question.type = type;
    assert_int_equal(wr_name_from_text(name, strlen(name), &a.question.name), WR_OK);
    return a;
}

static struct wr_answer nothing(void)
{
    struct wr_answer a;
    wr_answer_clear(&a);
    a.security = WR_SECURITY_SECURE;
    return a;
}

static void test_turned_once(void **state)
{
    struct wr_dns64 d = dns64();
    struct wr_asker a = asker("Cam.example.", WR_TYPE_AAAA);
    struct wr_answer nodata = nothing();
    assert_true(wr_translate_turn(&d, &a, &nodata));
    assert_int_equal(a.question.type, WR_TYPE_A);
    assert_int_equal(wr_asker_type(&a), WR_TYPE_AAAA);
    assert_memory_equal(wr_asker_name(&a), "\3Cam", 4);
    assert_int_equal(a.turned.denial_ttl, 600);
    assert_int_equal(a.turned.denial_security, WR_SECURITY_SECURE);
    assert_false(wr_translate_turn(&d, &a, &nodata));
}

static void test_who_is_not_turned(void **state)
{
    struct wr_dns64 d = dns64(), off = {0};
    struct wr_answer nodata = nothing();
    struct wr_asker a = asker("cam.example.", WR_TYPE_A);
    assert_false(wr_translate_turn(&d, &a, &nodata));
    a.question.type = WR_TYPE_AAAA;
    assert_false(wr_translate_turn(&off, &a, &nodata));
    a.flags = 0; /* without RD the cache is told as it is */
    assert_false(wr_translate_turn(&d, &a, &nodata));
    a.flags = WR_FLAG_RD;
    a.qclass = WR_CLASS_CH;
    assert_false(wr_translate_turn(&d, &a, &nodata));
    a.qclass = WR_CLASS_IN;
    a.question.dnssec_ok = a.question.checking_disabled = true;
    assert_false(wr_translate_turn(&d, &a, &nodata));
    assert_int_equal(a.question.type, WR_TYPE_AAAA);
    assert_ptr_equal(wr_translate_answer(&d, &a, &nodata, &room), &nodata);
}

static void test_reverse(void **state)
{
    const char *name = "1.2.2.0.0.0.0.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa.";
    struct wr_dns64 d = dns64();
    struct wr_asker a = asker(name, WR_TYPE_TXT), before = asker(name, WR_TYPE_PTR);
    wr_translate_reverse(&d, &a);
    assert_int_equal(a.turned.from, WR_TURN_NONE);
    a = before;
    wr_translate_reverse(&d, &a);
    assert_int_equal(a.turned.from, WR_TURN_REVERSE);
    assert_memory_equal(a.question.name.wire, "\00233\0012\0010\003192", 11);
    assert_memory_equal(wr_asker_name(&a), before.question.name.wire, WR_DNS64_REVERSE_SIZE);
    assert_int_equal(wr_asker_type(&a), WR_TYPE_PTR);
    struct wr_answer empty = nothing();
    const struct wr_answer *told = wr_translate_answer(&d, &a, &empty, &room);
    assert_int_equal(told->answers, 1);
    assert_int_equal(told->answer[0].type, WR_TYPE_CNAME);
    assert_ptr_equal(wr_translate_answer(&d, &a, told, &room), told); /* what is made is made */
}

static void test_local(void **state)
{
    struct wr_dns64 d = dns64(), off = {0};
    struct wr_asker a = asker("IPv4only.arpa.", WR_TYPE_AAAA);
    assert_non_null(wr_translate_local(&d, &a, &room));
    assert_null(wr_translate_local(&off, &a, &room));
    a = asker("cam.example.", WR_TYPE_AAAA);
    assert_null(wr_translate_local(&d, &a, &room));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turned_once),
        cmocka_unit_test(test_who_is_not_turned),
        cmocka_unit_test(test_reverse),
        cmocka_unit_test(test_local),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
