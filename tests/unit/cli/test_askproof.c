/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>

#include "unit/transport/certs.h"

#include "base/err.h"
#include "cli/askproof.h"

static struct certs_one ca, leaf, stranger;
static struct wr_creds *creds;
static struct wr_pin right, wrong;
static struct wr_askproof proof;
static struct wr_verdict_text why;

static int setup(void **state)
{
    struct wr_creds_setup s = {0};

    certs_make(&ca, &(struct certs_want){.cn = "test CA", .ca = true}, NULL);
    certs_make(&leaf, &(struct certs_want){.names = {"dns.example"}, .ips = {"192.0.2.1"}}, &ca);
    certs_make(&stranger, &(struct certs_want){.names = {"dns.example"}}, NULL);
    s.anchors = ca.pem.data;
    s.anchors_size = ca.pem.size;
    assert_int_equal(wr_creds_make(&s, &why, &creds), WR_OK);
    assert_int_equal(wr_creds_pin(leaf.der.data, leaf.der.size, right.digest), WR_OK);
    memset(wrong.digest, 7, sizeof(wrong.digest));
    return 0;
}

static int teardown(void **state)
{
    wr_creds_drop(creds);
    certs_free(&leaf);
    certs_free(&stranger);
    certs_free(&ca);
    return 0;
}

static int judge(const struct certs_one *who)
{
    struct wr_certs chain = {.count = 1, .of_server = true, .now = {.wall_s = CERTS_NOW_S}};

    chain.cert[0] = (struct wr_certs_one){.der = who->der.data, .size = who->der.size};
    why.text[0] = 0;
    return wr_askproof_judge(&proof, &chain, &why);
}

/* Nothing is wanted: nothing is refused, and what is found is told. */
static void test_no_condition(void **state)
{
    proof = (struct wr_askproof){.creds = creds, .host = "dns.example"};
    assert_int_equal(judge(&leaf), WR_OK);
    assert_true(proof.seen && proof.proven);
    assert_non_null(strstr(proof.text, "vouches for dns.example"));
    assert_true(wr_pin_equal(&proof.key, &right));
    proof = (struct wr_askproof){.creds = creds, .host = "192.0.2.1"};
    assert_int_equal(judge(&leaf), WR_OK);
    assert_true(proof.proven);
    proof = (struct wr_askproof){.creds = creds, .host = "other.example"};
    assert_int_equal(judge(&leaf), WR_OK);
    assert_true(proof.seen && !proof.proven);
    assert_non_null(strstr(proof.text, "NOT PROVEN for other.example"));
    proof = (struct wr_askproof){.creds = creds, .host = "dns.example"};
    assert_int_equal(judge(&stranger), WR_OK);
    assert_false(proof.proven);
}

static void test_authority(void **state)
{
    proof = (struct wr_askproof){.creds = creds, .host = "dns.example", .authority = true};
    assert_int_equal(judge(&leaf), WR_OK);
    assert_true(proof.proven);
    assert_int_equal(judge(&stranger), WR_E_DENIED);
    assert_true(why.text[0]);
    proof.host = "other.example";
    assert_int_equal(judge(&leaf), WR_E_DENIED);
    assert_non_null(strstr(why.text, "other.example"));
}

static void test_pins(void **state)
{
    struct wr_pin two[] = {wrong, right};

    proof = (struct wr_askproof){.creds = creds, .host = "other.example", .pin = two, .pins = 2};
    assert_int_equal(judge(&leaf), WR_OK); /* any of the pins, whatever the name */
    assert_true(proof.proven);
    assert_string_equal(proof.text, "its key is pinned");
    proof.pins = 1;
    assert_int_equal(judge(&leaf), WR_E_DENIED);
    assert_non_null(strstr(why.text, "pinned"));
}

/* Both; and of both one. */
static void test_both(void **state)
{
    proof = (struct wr_askproof){
        .creds = creds, .host = "dns.example", .pin = &wrong, .pins = 1, .authority = true};
    assert_int_equal(judge(&leaf), WR_E_DENIED);
    proof.any = true;
    assert_int_equal(judge(&leaf), WR_OK);
    proof.pin = &right;
    proof.host = "other.example";
    assert_int_equal(judge(&leaf), WR_OK);
    proof.any = false;
    assert_int_equal(judge(&leaf), WR_E_DENIED);
    proof.host = "dns.example";
    assert_int_equal(judge(&leaf), WR_OK);
    assert_non_null(strstr(proof.text, "pinned"));
}

static void test_unreadable(void **state)
{
    struct wr_certs chain = {.count = 0};

    proof = (struct wr_askproof){.creds = creds, .host = "dns.example"};
    assert_int_equal(wr_askproof_judge(&proof, &chain, &why), WR_E_DENIED);
    chain.count = 1;
    chain.cert[0] = (struct wr_certs_one){.der = (const uint8_t *)"0", .size = 1};
    assert_int_equal(wr_askproof_judge(&proof, &chain, &why), WR_E_DENIED);
    assert_false(proof.seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_condition), cmocka_unit_test(test_authority),
        cmocka_unit_test(test_pins),         cmocka_unit_test(test_both),
        cmocka_unit_test(test_unreadable),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
