/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/dnssec/world.h"

#include "dnssec/zonesig.h"

#define RECORDS 512

static struct wr_zonemd_rr rr[RECORDS];
static uint32_t count;
static struct wr_zonesig_room room;
static struct wr_dnssec_policy policy;
static struct wr_trusttime now;
static struct wr_ds_list ds;
static uint8_t altered[2048];

/* All records of a zone of the world, signatures too; and the DS that its parent has. */
static void take(const char *zone, const char *parent)
{
    struct wr_name apex = world_name(zone);
    struct world_copy *c = world_get(parent, zone, WR_TYPE_DS);
    count = 0;
    policy = wr_algo_default_policy();
    now = wr_trusttime_of(WR_TRUSTTIME_SYSTEM, WORLD_NOW, 0);
    for (unsigned n = 0; n < world_count; n++) {
        const struct world_set *w = &world_sets[n];
        struct wr_rrset_walk walk = wr_rrset_walk(&w->set);
        const uint8_t *rdata;
        uint16_t size;
        for (unsigned k = 0;
             wr_name_equal(w->zone.wire, apex.wire) && wr_rrset_next(&walk, &rdata, &size); k++) {
            rr[count++] =
                (struct wr_zonemd_rr){.owner = w->owner.wire,
                                      .rdata = rdata,
                                      .size = size,
                                      .ttl = w->set.ttl,
                                      .type = k < w->set.records ? w->set.type : WR_TYPE_RRSIG};
            assert_true(count < RECORDS);
        }
    }
    wr_ds_list_from_set(&ds, &policy, &c->set);
    free(c);
}

static struct wr_zonesig_result check(const char *zone, uint16_t type)
{
    struct wr_name apex = world_name(zone);
    const struct wr_zonesig_ask ask = {.ds = &ds, .policy = &policy, .time = &now};
    struct wr_zonesig_result result;
    wr_zonesig_check(rr, count, apex.wire, type, &ask, &room, &result);
    return result;
}

static void expect(const char *zone, uint16_t type, enum wr_zonesig_verdict verdict,
                   const char *words)
{
    struct wr_zonesig_result got = check(zone, type);
    if (got.verdict != verdict || (words && (!got.reason || !strstr(got.reason, words)))) {
        fail_msg("%s %u: verdict %d, %s", zone, type, got.verdict, got.reason ? got.reason : "-");
    }
}

/* The first record of the type at the apex, or the signature over it, with one octet turned. */
static void alter(const char *zone, uint16_t type, bool signature, size_t at)
{
    struct wr_name apex = world_name(zone);
    for (uint32_t i = 0; i < count; i++) {
        uint16_t covers = (uint16_t)(rr[i].rdata[0] << 8 | rr[i].rdata[1]);
        if (wr_name_equal(rr[i].owner, apex.wire) &&
            (signature ? rr[i].type == WR_TYPE_RRSIG && covers == type : rr[i].type == type)) {
            memcpy(altered, rr[i].rdata, rr[i].size);
            altered[at < rr[i].size ? at : rr[i].size - 1u] ^= 1;
            rr[i].rdata = altered;
            return;
        }
    }
    fail_msg("nothing to alter");
}

static void drop(uint16_t type, bool signature)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t covers = (uint16_t)(rr[i].rdata[0] << 8 | rr[i].rdata[1]);
        bool gone = signature ? rr[i].type == WR_TYPE_RRSIG && covers == type : rr[i].type == type;
        if (!gone) {
            rr[kept++] = rr[i];
        }
    }
    count = kept;
}

static void test_secure(void **state)
{
    static const char *const zones[] = {"sec.", "a10.sec.", "a14.sec.", "a15.sec.", "a16.sec."};
    for (unsigned i = 0; i < 5; i++) {
        take(zones[i], i ? "sec." : ".");
        expect(zones[i], WR_TYPE_SOA, WR_ZONESIG_SECURE, NULL);
    }
    take("sec.", ".");
    now = wr_trusttime_of(WR_TRUSTTIME_UNPROVEN, 0, WORLD_INCEPTION - 86400);
    expect("sec.", WR_TYPE_SOA, WR_ZONESIG_SECURE, NULL); /* the time is not known, the key is */
}

/* It stays so until its signatures end, which do so together here; serve/test_copyjob.c has one that ends first. */
static void test_left(void **state)
{
    struct wr_zonesig_result got;
    uint32_t full = WORLD_EXPIRY - WORLD_NOW;
    take("sec.", ".");
    got = check("sec.", WR_TYPE_SOA);
    assert_int_equal(got.verdict, WR_ZONESIG_SECURE);
    assert_int_equal(got.left_s, full);
    now = wr_trusttime_of(WR_TRUSTTIME_SYSTEM, WORLD_EXPIRY - 5, 0);
    assert_int_equal(check("sec.", WR_TYPE_SOA).left_s, 5);
    now = wr_trusttime_of(WR_TRUSTTIME_UNPROVEN, 0, WORLD_EXPIRY - 77); /* counted from the floor */
    assert_int_equal(check("sec.", WR_TYPE_SOA).left_s, 77);
}

static void test_bogus(void **state)
{
    take("sec.", ".");
    alter("sec.", WR_TYPE_SOA, false, 9999);
    expect("sec.", WR_TYPE_SOA, WR_ZONESIG_BOGUS, "");
    expect("sec.", WR_TYPE_NS, WR_ZONESIG_SECURE, NULL);
    take("sec.", ".");
    alter("sec.", WR_TYPE_DNSKEY, true, 9999);
    expect("sec.", WR_TYPE_SOA, WR_ZONESIG_BOGUS, "");
    take("sec.", ".");
    drop(WR_TYPE_SOA, true);
    expect("sec.", WR_TYPE_SOA, WR_ZONESIG_BOGUS, "");
    take("sec.", ".");
    drop(WR_TYPE_DNSKEY, false);
    expect("sec.", WR_TYPE_SOA, WR_ZONESIG_BOGUS, "no keys");
    take("sec.", ".");
    expect("sec.", WR_TYPE_ZONEMD, WR_ZONESIG_BOGUS, "what should be signed");
    take("sec.", ".");
    ds.ds[0].digest[0] ^= 1;
    expect("sec.", WR_TYPE_SOA, WR_ZONESIG_BOGUS, "an anchor names");
    take("sec.", ".");
    now = wr_trusttime_of(WR_TRUSTTIME_SYSTEM, WORLD_EXPIRY + 7 * 86400, 0);
    expect("sec.", WR_TYPE_SOA, WR_ZONESIG_BOGUS, "");
    now = wr_trusttime_of(WR_TRUSTTIME_UNPROVEN, 0, WORLD_EXPIRY + 7 * 86400);
    expect("sec.", WR_TYPE_SOA, WR_ZONESIG_BOGUS, ""); /* that moment has certainly passed */
}

static void test_insecure(void **state)
{
    take("a7.sec.", "sec.");
    expect("a7.sec.", WR_TYPE_SOA, WR_ZONESIG_INSECURE, NULL); /* SHA-1 is not relied on */
}

/* More records than a set may have are none. */
static void test_too_many(void **state)
{
    const struct wr_zonemd_rr *key = NULL;
    struct wr_name apex = world_name("sec.");
    take("sec.", ".");
    for (uint32_t i = 0; i < count && !key; i++) {
        key = rr[i].type == WR_TYPE_DNSKEY && wr_name_equal(rr[i].owner, apex.wire) ? &rr[i] : NULL;
    }
    const struct wr_zonemd_rr one = *key;
    for (count = 0; count < WR_RRSET_RECORDS_MAX + 2; count++) {
        rr[count] = one;
    }
    expect("sec.", WR_TYPE_SOA, WR_ZONESIG_BOGUS, "no keys");
}

static int load(void **state)
{
    world_load();
    return 0;
}

static int unload(void **state)
{
    world_free();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_secure), cmocka_unit_test(test_bogus),
                                       cmocka_unit_test(test_insecure), cmocka_unit_test(test_left),
                                       cmocka_unit_test(test_too_many)};
    return cmocka_run_group_tests(tests, load, unload);
}
