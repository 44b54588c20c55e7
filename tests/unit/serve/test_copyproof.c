/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/resolve/wire.h"

#include "base/err.h"
#include "serve/copyproof.h"

/* That a good signature counts is shown with a real signer: tests/e2e/rootcopy.py, and dnssec/test_zonesig.c. */

static char said[512];
static struct wr_names names;
static struct wr_copytrust trust;
static struct wr_anchor list[2];
static struct wr_anchors anchors;
static const struct wr_now now = {.mono_us = 1, .wall_s = 1800000000, .wall_proven = true};

static void tell(void *user, enum wr_names_said kind, const char *file, uint32_t line,
                 const char *text)
{
    strncpy(said, text, sizeof(said) - 1);
}

static uint64_t until_us;
static const struct wr_names_hooks hooks = {.tell = tell};

static void add(const char *owner, uint16_t type, const char *rdata)
{
    struct wr_name name = wire_name(owner);
    uint8_t room[512];
    struct wr_writer w;
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_present_read_rdata(rdata, strlen(rdata), type, NULL, &w, NULL), WR_OK);
    assert_true(wr_names_add(&names, name.wire, type, 60, room, (uint16_t)w.pos, 0));
}

static int setup(void **state)
{
    said[0] = 0;
    wr_names_init(&names, "");
    add("z.", WR_TYPE_SOA, "ns.z. h.z. 7 2 3 4 60");
    add("z.", WR_TYPE_NS, "ns.z.");
    return 0;
}

static int teardown(void **state)
{
    wr_names_free(&names);
    return 0;
}

/* The owner trusts this key at this name; NULL: nothing. */
static void set_trust(const char *name, bool enable)
{
    static const char key[] =
        "12345 13 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    struct wr_prove_settings settings = {
        .enable = enable, .anchors = &anchors, .policy = wr_algo_default_policy()};
    uint8_t room[128];
    struct wr_writer w;
    wr_anchors_init(&anchors, list, 2);
    if (name) {
        wr_buf_write_init(&w, room, sizeof(room));
        assert_int_equal(wr_present_read_rdata(key, strlen(key), WR_TYPE_DS, NULL, &w, NULL),
                         WR_OK);
        assert_int_equal(wr_anchors_add(&anchors, wire_name(name).wire, WR_TYPE_DS, room, w.pos),
                         WR_OK);
    }
    wr_copytrust_take(&trust, &settings);
    memset(list, 0xee, sizeof(list)); /* nothing points there any more */
}

static int check(const char *anchor, uint32_t demand, bool enable)
{
    static struct wr_copytrust copied;
    set_trust(anchor, enable);
    wr_copytrust_copy(&copied, &trust);
    memset(&trust, 0xee, sizeof(trust));
    said[0] = 0;
    return wr_copyproof_check(&names, wire_name("z.").wire, demand, &copied, &now, &hooks,
                              &until_us);
}

static void test_without_a_digest(void **state)
{
    until_us = 0;
    assert_int_equal(check(NULL, WR_ZONEMD_CHECK, true), WR_OK);
    assert_true(until_us == WR_TIME_NEVER); /* nothing is signed that could end */
    until_us = 0;
    assert_int_equal(check("z.", WR_ZONEMD_CHECK, true), WR_OK);
    assert_true(until_us == WR_TIME_NEVER);
    assert_int_equal(check("z.", WR_ZONEMD_REQUIRE, true), WR_E_CHECKSUM);
    assert_non_null(strstr(said, "there is no ZONEMD record"));
}

static void test_a_digest_that_nobody_signed(void **state)
{
    add("z.", WR_TYPE_ZONEMD, "7 240 1 00112233445566778899aabbccddeeff"); /* of a private scheme */
    assert_int_equal(check(NULL, WR_ZONEMD_CHECK, true), WR_OK);
    assert_int_equal(check(".", WR_ZONEMD_CHECK, true), WR_OK); /* the anchor is above */
    assert_int_equal(check("z.", WR_ZONEMD_CHECK, false), WR_OK);
    assert_int_equal(check("z.", WR_ZONEMD_IGNORE, true), WR_OK);
    assert_int_equal(check("z.", WR_ZONEMD_CHECK, true), WR_E_DENIED);
    assert_non_null(strstr(said, "the signature of its digest: the zone has no keys"));
    add("z.", WR_TYPE_DNSKEY, "257 3 13 AAAA");
    assert_int_equal(check("z.", WR_ZONEMD_CHECK, true), WR_E_DENIED);
    assert_non_null(strstr(said, "no key of the zone is one that an anchor names"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_without_a_digest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_digest_that_nobody_signed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
