/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/denials.h"

#include "dnssec/anchor.h"

static struct wr_anchor room[4];
static struct wr_anchors a;

static int text(const char *line)
{
    return wr_anchors_add_text(&a, line, strlen(line));
}

static const char *closest(const char *name, int64_t moment)
{
    static char out[WR_NAME_TEXT_SIZE + 1];
    struct wr_name n = denials_name(name);
    const struct wr_anchor *at = wr_anchors_closest(&a, n.wire, moment);

    if (!at) {
        return "";
    }
    out[0] = at->negative ? '-' : '+';
    wr_name_to_text(at->name.wire, out + 1, sizeof(out) - 1);
    return out;
}

#define D32 "D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A"

/* The key of 2017 as the root publishes it has the digest that is built in. */
static void test_builtin(void **state)
{
    static const char key[] =
        ". 172800 IN DNSKEY 257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4R"
        "gWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8"
        "PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWe"
        "L3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa"
        "8subX2Nn6UwNR1AkUTV74bU= ; the key of 2017";
    struct wr_ds *ds;

    wr_anchors_init(&a, room, 4);
    assert_int_equal(wr_anchors_add_builtin(&a), WR_OK);
    assert_int_equal(a.count, 1);
    ds = a.list[0].ds.ds;
    assert_int_equal(a.list[0].ds.count, 2);
    assert_int_equal(ds[0].tag, 20326);
    assert_int_equal(ds[1].tag, 38696);
    assert_int_equal(text(key), WR_OK);
    assert_int_equal(a.list[0].ds.count, 3);
    assert_int_equal(ds[2].tag, 20326);
    assert_memory_equal(ds[2].digest, ds[0].digest, 32);
}

static void test_closest(void **state)
{
    wr_anchors_init(&a, room, 4);
    assert_string_equal(closest("a.", 0), "");
    assert_int_equal(text(". DS 1 13 2 " D32), WR_OK);
    assert_int_equal(text("island.example. 3600 IN DS 1 13 2 " D32), WR_OK);
    assert_int_equal(text("ISLAND.example. DS 2 13 2 " D32), WR_OK);
    assert_int_equal(a.count, 2);
    assert_int_equal(wr_anchors_add_negative(&a, denials_name("broken.").wire, 100), WR_OK);
    assert_int_equal(wr_anchors_add_negative(&a, denials_name("island.example.").wire, 50), WR_OK);
    assert_string_equal(closest(".", 0), "+.");
    assert_string_equal(closest("www.example.", 0), "+.");
    assert_string_equal(closest("x.broken.", 0), "-broken.");
    assert_string_equal(closest("x.broken.", 99), "-broken.");
    assert_string_equal(closest("x.broken.", 100), "+.");
    assert_string_equal(closest("x.island.example.", 0), "-island.example.");
    assert_string_equal(closest("x.island.example.", 50), "+island.example.");
    assert_int_equal(wr_anchors_add_negative(&a, denials_name("broken.").wire, 0), WR_OK);
    assert_string_equal(closest("x.broken.", INT64_MAX), "-broken."); /* for ever */
    assert_int_equal(wr_anchors_add_negative(&a, denials_name("other.").wire, 0), WR_E_FULL);
}

static void test_bad_text(void **state)
{
    static const struct {
        const char *line;
        int want;
    } rows[] = {
        {"", WR_E_FORMAT},
        {"  ; nothing", WR_E_FORMAT},
        {".", WR_E_FORMAT},
        {". DS", WR_E_FORMAT},
        {". IN 300 DS 1 13 2", WR_E_FORMAT},
        {". DS 1 13 99 00", WR_E_UNSUPPORTED},
        {". A 192.0.2.1", WR_E_UNSUPPORTED},
        {"a..b DS 1 13 2 " D32, WR_E_FORMAT},
        {". DNSKEY 256 2 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", WR_E_FORMAT},
        {". DNSKEY 385 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", WR_E_FORMAT},
        {". DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", WR_OK},
        {"\t. \tCLASS1  DS 1 13 2 " D32 " ; yes", WR_OK},
    };

    wr_anchors_init(&a, room, 4);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int got = text(rows[i].line);

        if (got != rows[i].want) {
            fail_msg("row %zu: %d", i, got);
        }
    }
    assert_int_equal(a.count, 1);
    assert_false(a.list[0].ds.broken);
    assert_int_equal(text("island. DS 1 13 2 00"),
                     WR_E_FORMAT); /* an anchor, and never satisfied */
    assert_string_equal(closest("x.island.", 0), "+island.");
    assert_int_equal(a.list[1].ds.count, 0);
    assert_true(a.list[1].ds.broken);
    for (unsigned i = 2; i < WR_DNSSEC_DS_MAX; i++) {
        assert_int_equal(text(". DS 1 13 2 " D32), WR_OK);
    }
    assert_int_equal(text(". DS 1 13 2 " D32), WR_E_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builtin),
        cmocka_unit_test(test_closest),
        cmocka_unit_test(test_bad_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
