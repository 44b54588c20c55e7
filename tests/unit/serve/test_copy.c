/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include "base/err.h"
#include "serve/copy.h"

static const uint8_t apex[] = "\1z";

static void add(struct wr_names *names, const char *owner, uint16_t type, const char *rdata)
{
    struct wr_name name = wire_name(owner);
    uint8_t room[256];
    struct wr_writer w;
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_present_read_rdata(rdata, strlen(rdata), type, NULL, &w, NULL), WR_OK);
    assert_true(wr_names_add(names, name.wire, type, 60, room, (uint16_t)w.pos, 0));
}

static void fill(struct wr_names *names)
{
    wr_names_init(names, "");
    add(names, "www.z.", WR_TYPE_A, "192.0.2.1");
    add(names, "z.", WR_TYPE_NS, "www.z.");
    add(names, "z.", WR_TYPE_SOA, "www.z. h.z. 77 2 3 4 60");
}

static void test_make(void **state)
{
    struct wr_names names;
    struct wr_copy *copy = NULL;
    fill(&names);
    assert_int_equal(wr_copy_make(&names, apex, true, &copy), WR_OK);
    assert_int_equal(copy->serial, 77);
    assert_int_equal(copy->index->records, 3);
    assert_non_null(wr_zoneindex_node(copy->index, wire_name("www.z.").wire));
    assert_ptr_equal(wr_copy_hold(copy), copy);
    wr_copy_let_go(copy);
    assert_int_equal(copy->index->records, 3); /* the other still has it */
    wr_copy_let_go(copy);
    wr_copy_let_go(NULL);
}

static void test_index_later(void **state)
{
    struct wr_names names;
    struct wr_copy *copy = NULL;
    fill(&names);
    assert_int_equal(wr_copy_make(&names, apex, false, &copy), WR_OK);
    assert_null(copy->index);
    assert_int_equal(wr_copy_index(copy, apex), WR_OK);
    const struct wr_zoneindex *made = copy->index;
    assert_non_null(made);
    assert_int_equal(wr_copy_index(copy, apex), WR_OK);
    assert_ptr_equal(copy->index, made);
    wr_copy_let_go(copy);
}

static void test_no_zone(void **state)
{
    struct wr_names names;
    struct wr_copy *copy = NULL;
    wr_names_init(&names, "");
    add(&names, "www.z.", WR_TYPE_A, "192.0.2.1");
    assert_int_equal(wr_copy_make(&names, apex, true, &copy), WR_E_FORMAT);
    assert_null(copy);
    assert_int_equal(names.count, 1); /* still the caller's */
    wr_names_free(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_make),
                                       cmocka_unit_test(test_index_later),
                                       cmocka_unit_test(test_no_zone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
