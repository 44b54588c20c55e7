/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include "base/err.h"
#include "serve/heldset.h"

static struct wr_copy *make(bool indexed)
{
    static const char soa[] = "www.z. h.z. 77 2 3 4 60";
    struct wr_names names;
    struct wr_copy *copy = NULL;
    uint8_t room[256];
    struct wr_writer w;
    wr_names_init(&names, "");
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_present_read_rdata(soa, sizeof(soa) - 1, WR_TYPE_SOA, NULL, &w, NULL),
                     WR_OK);
    assert_true(
        wr_names_add(&names, wire_name("z.").wire, WR_TYPE_SOA, 60, room, (uint16_t)w.pos, 0));
    assert_int_equal(wr_copy_make(&names, wire_name("z.").wire, indexed, &copy), WR_OK);
    return copy;
}

static void test_zones(void **state)
{
    struct wr_heldset *set;
    struct wr_copy *copy = make(false); /* the set makes the index where it is missing */
    struct wr_name z = wire_name("z."), y = wire_name("y.");
    assert_int_equal(wr_heldset_create(2, &set), WR_OK);
    assert_null(wr_heldset_zones(set)); /* as good as none */
    assert_null(wr_heldset_zones(NULL));
    const struct wr_heldset_zone here = {.name = z.wire, .copy = copy, .fallback = true};
    const struct wr_heldset_zone gone = {
        .name = y.wire, .ede = WR_EDE_NOT_READY, .ede_text = "not yet", .answers = true};
    assert_int_equal(wr_heldset_add(set, &here), WR_OK);
    assert_false(wr_heldset_zones(set)->answers);
    assert_int_equal(wr_heldset_add(set, &gone), WR_OK);
    wr_copy_let_go(copy); /* the set has it */
    const struct wr_heldzones *zones = wr_heldset_zones(set);
    assert_int_equal(zones->count, 2);
    assert_true(zones->answers);
    const struct wr_heldzone *found = wr_heldzones_find(zones, wire_name("www.z.").wire, 1, 0, 7);
    assert_ptr_equal(found, &zones->zone[0]);
    assert_int_equal(found->index->records, 1);
    wr_heldzone_distrust(found,
                         7); /* the state is the copy's, so it stays when the set is made anew */
    assert_int_equal(copy->state.bogus, 1);
    found = wr_heldzones_find(zones, wire_name("www.y.").wire, 1, 0, 7);
    assert_ptr_equal(found, &zones->zone[1]);
    assert_null(found->index);
    assert_string_equal(found->ede_text, "not yet");
    wr_heldset_free(set);
    wr_heldset_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_zones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
