/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/conf/conftest.h"

#include <stdio.h>
#include <stdlib.h>

#include "conf/copybuild.h"
#include "dns/codes.h"
#include "dns/present.h"

static const struct wr_hash_key key = {{7, 8}};
static const uint8_t zone[] = "\7example";
static struct wr_copybuild b;
static char out[4096];

/* "owner TYPE data": one record for the calls. */
static struct wr_xfer_rr rr(const char *text)
{
    static struct wr_name owner;
    static uint8_t rdata[600];
    char copy[300], *rest = copy, *name, *type;
    struct wr_xfer_rr made = {.owner = owner.wire, .rdata = rdata, .ttl = 60};
    struct wr_writer w;

    snprintf(copy, sizeof(copy), "%s", text);
    name = strsep(&rest, " ");
    type = strsep(&rest, " ");
    assert_int_equal(wr_name_from_text(name, strlen(name), &owner), WR_OK);
    assert_int_equal(wr_codes_type_from_text(type, strlen(type), &made.type), WR_OK);
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    assert_int_equal(wr_present_read_rdata(rest, strlen(rest), made.type, NULL, &w, NULL), WR_OK);
    made.size = (uint16_t)w.pos;
    return made;
}

static int add(const char *text)
{
    const struct wr_xfer_rr r = rr(text);

    return wr_copybuild_add(&b, &r);
}

static int take_out(const char *text)
{
    const struct wr_xfer_rr r = rr(text);

    return wr_copybuild_remove(&b, &r);
}

static const char *records(const struct wr_names *names)
{
    out[0] = 0;
    for (uint32_t i = 0; i < names->count; i++) {
        const struct wr_names_record *n = &names->item[i];
        char row[1024];
        struct wr_str s;

        assert_false(n->reverse);
        wr_str_init(&s, row, sizeof(row));
        wr_present_rr(&s, n->r.owner, n->r.ttl, 1, n->r.type, n->r.rdata, n->r.size);
        wr_str_char(&s, '\n');
        strncat(out, row, sizeof(out) - strlen(out) - 1);
    }
    return out;
}

#define SOA5 "example. SOA ns.example. root.example. 5 1 2 3 4"
#define SOA6 "example. SOA ns.example. root.example. 6 1 2 3 4"

static void make_zone(struct wr_names *ret)
{
    assert_int_equal(wr_copybuild_start(&b, NULL, &key), WR_OK);
    assert_int_equal(add(SOA5), WR_OK);
    assert_int_equal(add("example. NS ns.example."), WR_OK);
    assert_int_equal(add("ns.example. A 192.0.2.1"), WR_OK);
    assert_int_equal(add("m.example. MX 1 Mail.Example."), WR_OK);
    assert_int_equal(wr_copybuild_end(&b, zone, ret), WR_OK);
    assert_true(ret->copy);
}

static void test_whole(void **state)
{
    struct wr_names names;

    make_zone(&names);
    assert_string_equal(records(&names),
                        "example. 60 IN SOA ns.example. root.example. 5 1 2 3 4\n"
                        "example. 60 IN NS ns.example.\nns.example. 60 IN A 192.0.2.1\n"
                        "m.example. 60 IN MX 1 Mail.Example.\n");
    assert_ptr_equal(wr_copybuild_soa(&names, zone), &names.item[0].r);
    wr_names_free(&names);
}

static void test_changes(void **state)
{
    struct wr_names base, names;

    make_zone(&base);
    assert_int_equal(wr_copybuild_start(&b, &base, &key), WR_OK);
    assert_int_equal(take_out(SOA5), WR_OK);
    assert_int_equal(take_out("NS.example. A 192.0.2.1"), WR_OK);
    assert_int_equal(take_out("m.example. MX 1 mail.example."), WR_OK); /* names ignore case */
    assert_int_equal(add(SOA6), WR_OK);
    assert_int_equal(add("ns.example. A 192.0.2.2"), WR_OK);
    assert_int_equal(wr_copybuild_end(&b, zone, &names), WR_OK);
    assert_string_equal(records(&names), "example. 60 IN NS ns.example.\n"
                                         "example. 60 IN SOA ns.example. root.example. 6 1 2 3 4\n"
                                         "ns.example. 60 IN A 192.0.2.2\n");
    /* The base is as it was. */
    assert_int_equal(base.count, 4);
    wr_names_free(&names);
    wr_names_free(&base);
}

static void test_changes_that_do_not_fit(void **state)
{
    struct wr_names base;

    make_zone(&base);
    assert_int_equal(wr_copybuild_start(&b, &base, &key), WR_OK);
    assert_int_equal(take_out("ns.example. A 192.0.2.9"), WR_E_NOTFOUND);
    assert_int_equal(take_out("ns.example. AAAA ::1"), WR_E_NOTFOUND);
    assert_int_equal(add("ns.example. A 192.0.2.1"), WR_E_EXISTS);
    assert_int_equal(take_out("ns.example. A 192.0.2.1"), WR_OK);
    assert_int_equal(take_out("ns.example. A 192.0.2.1"), WR_E_NOTFOUND);
    assert_int_equal(add("ns.example. A 192.0.2.1"), WR_OK); /* away and back */
    assert_int_equal(add("ns.example. A 192.0.2.1"), WR_E_EXISTS);
    wr_copybuild_drop(&b);
    wr_names_free(&base);
    /* Nothing can be removed from nothing. */
    assert_int_equal(wr_copybuild_start(&b, NULL, &key), WR_OK);
    assert_int_equal(take_out(SOA5), WR_E_NOTFOUND);
    wr_copybuild_drop(&b);
}

static void test_no_zone(void **state)
{
    static const char *const bad[][3] = {
        {SOA5, NULL},
        {"example. NS ns.example.", NULL},
        {SOA5, SOA6, "example. NS ns.example."},
        {"x.example. NS ns.example.", SOA5, NULL},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct wr_names names;

        assert_int_equal(wr_copybuild_start(&b, NULL, &key), WR_OK);
        for (size_t j = 0; j < 3 && bad[i][j]; j++) {
            assert_int_equal(add(bad[i][j]), WR_OK);
        }
        assert_int_equal(wr_copybuild_end(&b, zone, &names), WR_E_FORMAT);
    }
}

/* Many rounds of changes: the tables grow, and each record is found. */
static void test_many(void **state)
{
    struct wr_names base, names;
    char text[100];

    make_zone(&base);
    for (unsigned round = 0; round < 4; round++) {
        assert_int_equal(wr_copybuild_start(&b, &base, &key), WR_OK);
        for (unsigned i = 0; i < 1000; i++) {
            snprintf(text, sizeof(text), "h%u.example. A 192.0.%u.%u", i, round, i % 250);
            assert_int_equal(add(text), WR_OK);
            if (round > 0) {
                snprintf(text, sizeof(text), "h%u.example. A 192.0.%u.%u", i, round - 1, i % 250);
                assert_int_equal(take_out(text), WR_OK);
            }
        }
        assert_int_equal(wr_copybuild_end(&b, zone, &names), WR_OK);
        assert_int_equal(names.count, 1004);
        wr_names_free(&base);
        base = names;
    }
    wr_names_free(&base);
}

/* Long names, a message of pointers: what is kept has an end before memory has. */
static void test_too_large(void **state)
{
    static uint8_t big[65535];
    uint8_t owner[WR_NAME_MAX];
    struct wr_xfer_rr r = {.owner = owner, .rdata = big, .ttl = 1, .type = 65280, .size = 65535};
    uint32_t i = 0;
    int err = WR_OK;

    memset(owner, 0, sizeof(owner));
    for (unsigned l = 0; l < 60; l++) {
        owner[4 * l] = 3;
    }
    assert_int_equal(wr_copybuild_start(&b, NULL, &key), WR_OK);
    for (; !err && i < WR_NAMES_RECORDS_MAX; i++) {
        memcpy(owner + 1, &i, 3);
        err = wr_copybuild_add(&b, &r);
    }
    assert_int_equal(err, WR_E_LIMIT);
    assert_in_range(i, 4000, 4200);
    wr_copybuild_drop(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_changes_that_do_not_fit),
        cmocka_unit_test(test_no_zone),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
