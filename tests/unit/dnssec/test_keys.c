/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/world.h"

#include "dnssec/keys.h"

static size_t rdata_of(uint16_t type, const char *text, uint8_t *ret, size_t cap)
{
    struct wr_writer w;

    wr_buf_write_init(&w, ret, cap);
    assert_int_equal(wr_present_read_rdata(text, strlen(text), type, NULL, &w, NULL), WR_OK);
    return w.pos;
}

/* Published keys with their tags and digests. */
static void test_published(void **state)
{
    static const struct {
        const char *owner, *key, *ds;
    } rows[] = {
        {"dskey.example.com.", /* RFC 4034 section 5.4 */
         "256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYw"
         "YqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/r"
         "ljwvFw==",
         "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"},
        {"dskey.EXAMPLE.com.", /* RFC 4509 section 2.3 */
         "256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYw"
         "YqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/r"
         "ljwvFw==",
         "60485 5 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A"},
        {"example.net.", /* RFC 6605 section 6.1 */
         "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQ"
         "Lc8NAA==",
         "55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17"},
        {"example.net.", /* RFC 6605 section 6.2 */
         "257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrb"
         "YQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
         "10771 14 4 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d2884"
         "05c3008a946df983d6"},
        {"example.com.", /* RFC 8080 section 6.1 */
         "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
         "3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_name owner = world_name(rows[i].owner);
        uint8_t key_rdata[600], ds_rdata[100];
        size_t key_n = rdata_of(WR_TYPE_DNSKEY, rows[i].key, key_rdata, sizeof(key_rdata));
        size_t ds_n = rdata_of(WR_TYPE_DS, rows[i].ds, ds_rdata, sizeof(ds_rdata));
        struct wr_dnskey key;
        struct wr_ds ds, made;

        assert_int_equal(wr_keys_parse(key_rdata, key_n, &key), WR_OK);
        assert_int_equal(wr_keys_ds_parse(ds_rdata, ds_n, &ds), WR_OK);
        assert_int_equal(key.tag, ds.tag);
        assert_true(wr_keys_usable(&key));
        assert_int_equal(wr_keys_ds_make(owner.wire, &key, ds.digest_type, &made), WR_OK);
        assert_int_equal(made.size, ds.size);
        assert_memory_equal(made.digest, ds.digest, ds.size);
    }
}

/* RFC 4034 appendix B.1: of algorithm 1 the end of the modulus. */
static void test_old_tag(void **state)
{
    static const uint8_t rdata[] = {1, 0, 3, 1, 1, 3, 0xaa, 0xbb, 0xcc, 0xdd};

    assert_int_equal(wr_keys_tag(rdata, sizeof(rdata)), 0xbbcc);
    assert_int_equal(wr_keys_tag(rdata, 5), 0);
}

static void test_usable(void **state)
{
    static const struct {
        uint16_t flags;
        uint8_t protocol;
        bool want;
    } rows[] = {{256, 3, true},  {257, 3, true},        {0, 3, false},        {1, 3, false},
                {256, 2, false}, {256 + 128, 3, false}, {257 + 128, 3, false}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t rdata[40] = {(uint8_t)(rows[i].flags >> 8), (uint8_t)rows[i].flags,
                             rows[i].protocol, 15};
        struct wr_dnskey key;

        assert_int_equal(wr_keys_parse(rdata, sizeof(rdata), &key), WR_OK);
        assert_int_equal(wr_keys_usable(&key), rows[i].want);
    }
}

static void list_of(const char *const *texts, size_t n, bool sha1, struct wr_ds_list *ret)
{
    struct wr_dnssec_policy p = {.sha1_rely = sha1};
    uint8_t data[1024], rdata[100];
    struct wr_rrset set = {.type = WR_TYPE_DS, .data = data};

    for (size_t i = 0; i < n; i++) {
        size_t size = rdata_of(WR_TYPE_DS, texts[i], rdata, sizeof(rdata));

        set.size = world_pack(data, set.size, rdata, size);
        set.records++;
    }
    wr_ds_list_from_set(ret, &p, &set);
}

#define D20 "2BB183AF5F22588179A53B0A98631FAD1A292118"
#define D32 "D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A"

static void test_ds_lists(void **state)
{
    static const char *const both[] = {"1 13 1 " D20, "1 13 2 " D32};
    static const char *const sha1[] = {"1 13 1 " D20};
    static const char *const old_alg[] = {"1 5 2 " D32};
    static const char *const unknown_alg[] = {"1 200 2 " D32};
    static const char *const unknown_digest[] = {"1 13 99 " D32, "1 13 3 " D32};
    static const char *const torn[] = {"1 13 2 " D20};
    static const char *const mixed[] = {"1 200 2 " D32, "2 13 2 " D32};
    struct wr_ds_list list;

    list_of(both, 2, false, &list); /* RFC 4509 section 3 */
    assert_int_equal(list.count, 1);
    assert_int_equal(list.ds[0].digest_type, 2);
    list_of(sha1, 1, false, &list);
    assert_int_equal(list.count, 1);
    list_of(old_alg, 1, false, &list);
    assert_int_equal(list.count, 0);
    assert_int_equal(list.ede, WR_EDE_DNSKEY_ALGORITHM);
    list_of(old_alg, 1, true, &list);
    assert_int_equal(list.count, 1);
    list_of(unknown_alg, 1, false, &list);
    assert_int_equal(list.count, 0);
    assert_int_equal(list.ede, WR_EDE_DNSKEY_ALGORITHM);
    list_of(unknown_digest, 2, false, &list);
    assert_int_equal(list.count, 0);
    assert_int_equal(list.ede, WR_EDE_DS_DIGEST);
    assert_false(list.broken);
    list_of(torn, 1, false, &list);
    assert_int_equal(list.count, 0);
    assert_true(list.broken);
    list_of(mixed, 2, false, &list);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.ds[0].tag, 2);
}

static void test_keyset(void **state)
{
    struct world_copy *keys = world_get("sec.", "sec.", WR_TYPE_DNSKEY);
    struct world_copy *ds = world_get(".", "sec.", WR_TYPE_DS);
    struct wr_dnssec_policy p = wr_algo_default_policy();
    struct wr_ds_list list;
    struct wr_keyset set;
    uint16_t size;
    uint8_t *ksk = NULL;

    wr_ds_list_from_set(&list, &p, &ds->set);
    wr_keyset_open(&set, &keys->set, &list);
    assert_int_equal(set.count, 2);
    assert_int_equal(set.entries, 1);
    wr_keyset_close(&set);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *rdata = world_rdata(keys, i, &size);

        ksk = rdata[1] == 1 ? rdata : ksk;
    }
    assert_non_null(ksk);
    ksk[10] ^= 1; /* another key: off the curve, and without the digest */
    wr_keyset_open(&set, &keys->set, &list);
    assert_int_equal(set.entries, 0);
    assert_int_equal(set.entry_missed, WR_ENTRY_NONE);
    wr_keyset_close(&set);
    free(keys);
    free(ds);
}

/* A key that a DS names and that is of no use says why. */
static void test_entries_missed(void **state)
{
    static const struct {
        const char *key;
        uint8_t want;
    } rows[] = {
        {"0 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQ"
         "Lc8NAA==",
         WR_ENTRY_NO_ZONE_BIT},
        {"257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQ"
         "LcAAAA==",
         WR_ENTRY_BAD},
    };
    struct wr_name owner = world_name("example.");

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t rdata[600], data[700];
        size_t n = rdata_of(WR_TYPE_DNSKEY, rows[i].key, rdata, sizeof(rdata));
        struct wr_rrset set = {
            .type = WR_TYPE_DNSKEY, .owner = owner.wire, .data = data, .records = 1};
        struct wr_ds_list list = {.count = 1};
        struct wr_keyset keys;
        struct wr_dnskey key;

        set.size = world_pack(data, 0, rdata, n);
        assert_int_equal(wr_keys_parse(rdata, n, &key), WR_OK);
        assert_int_equal(wr_keys_ds_make(owner.wire, &key, 2, &list.ds[0]), WR_OK);
        wr_keyset_open(&keys, &set, &list);
        assert_int_equal(keys.entries, 0);
        assert_int_equal(keys.entry_missed, rows[i].want);
        wr_keyset_close(&keys);
    }
}

/* RSA of 8192 bits: known, and too large here. Nothing is left to rely on when each DS names such a key; where one names
 * another, whoever left that out of the set has not made the zone insecure. */
static void test_too_large(void **state)
{
    struct wr_name owner = world_name("example.");
    uint8_t rdata[4 + 4 + 1024] = {1, 1, 3, 8, 3, 1, 0, 1}, data[1100];
    struct wr_rrset set = {.type = WR_TYPE_DNSKEY, .owner = owner.wire, .data = data, .records = 1};
    struct wr_ds_list list = {.count = 2};
    struct wr_keyset keys;
    struct wr_dnskey key;

    memset(rdata + 8, 0xff, 1024);
    set.size = world_pack(data, 0, rdata, sizeof(rdata));
    assert_int_equal(wr_keys_parse(rdata, sizeof(rdata), &key), WR_OK);
    assert_int_equal(wr_keys_ds_make(owner.wire, &key, 2, &list.ds[0]), WR_OK);
    assert_int_equal(wr_keys_ds_make(owner.wire, &key, 4, &list.ds[1]), WR_OK);
    for (int which = 0; which < 5; which++) {
        static const uint8_t wants[] = {WR_ENTRY_UNSUPPORTED, WR_ENTRY_UNSUPPORTED, WR_ENTRY_NONE,
                                        WR_ENTRY_NONE, WR_ENTRY_NONE};
        struct wr_ds_list ds = list;

        ds.count = which == 1 ? 1 : 2;
        ds.ds[1].alg = which == 2 ? 13 : ds.ds[1].alg; /* another key */
        ds.ds[1].digest[9] ^= which == 3;              /* the same tag, and not the digest */
        ds.cut = which == 4;                           /* one that is not in the list */
        wr_keyset_open(&keys, &set, &ds);
        assert_int_equal(keys.entries, 0);
        assert_int_equal(keys.keys[0].role, WR_KEY_UNSUPPORTED);
        assert_int_equal(keys.entry_missed, wants[which]);
        wr_keyset_close(&keys);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published), cmocka_unit_test(test_old_tag),
        cmocka_unit_test(test_usable),    cmocka_unit_test(test_ds_lists),
        cmocka_unit_test(test_keyset),    cmocka_unit_test(test_entries_missed),
        cmocka_unit_test(test_too_large),
    };
    int failed;

    world_load();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_free();
    return failed;
}
