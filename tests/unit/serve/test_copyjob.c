/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job whose kept copy has a digest (of a private scheme, so that it says nothing) that is really signed, Ed25519: how long it is believed. Nobody is
 * asked: its one primary has no key.
 */
#include "unit/resolve/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/copyjob.h"
#include "serve/say.h"

enum {
    DAY = 86400,
    FROM = 1704067200,
    KEYS_END = FROM + 10 * DAY, /* of the short one */
    DIGEST_ENDS = FROM + 20 * DAY,
};

static const char dnskey[] = "257 3 15 A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1f HdyGZBJVMbg=";
static const char dnskey_sig[] = /* 40 days */
    "DNSKEY 15 1 60 20240210000000 20240101000000 34259 z. Gr0E/2GMlCzI/SAcV/MMhrHYeUVEJ3"
    "4E WFLyHIgNC1AimssexGJLExNMmTBVoANz mwPHmn62CNKr7FR6mwEFCQ==";
static const char dnskey_short[] = /* 10 days */
    "DNSKEY 15 1 60 20240111000000 20240101000000 34259 z. TO07WUuXqk9ILAbzJbtsU8U5G1H94O"
    "uc RWSOUSH8c/dMxk075FeMoJsn3GbW9YVy lbHGn0EmIfqkRm2BzZuhCQ==";
static const char zonemd[] =
    "7 240 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff001122334455"
    "66778899aabbccddeeff";
static const char zonemd_sig[] = /* 20 days */
    "ZONEMD 15 1 60 20240121000000 20240101000000 34259 z. xK8l4Lyrd/QxLk3Y2REdvHs3pIvtFU"
    "Sc jGOjZSDpIp8+CkrF9cLHZ3wU552pvtCE 8/QOTXdErFM4ioLwJpeSCA==";
static const char ds[] =
    "34259 15 2 9adcb5f3fb99d016f6eb3e1cbc327814dc878fb1c20813f63d503fde816842ac";

static char folder[64];
static struct wr_copyjob_world world;
static struct wr_copyjob *job;
static struct wr_copies_zone plan;
static struct wr_now now;

static void add(struct wr_names *names, uint16_t type, const char *rdata)
{
    uint8_t room[512];
    struct wr_writer w;
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_present_read_rdata(rdata, strlen(rdata), type, NULL, &w, NULL), WR_OK);
    assert_true(wr_names_add(names, wire_name("z.").wire, type, 60, room, (uint16_t)w.pos, 0));
}

/* What the owner trusts: the zone's key, or another in its place. It is told as serve/copies does it. */
static void trust(bool the_key)
{
    static struct wr_anchor list[2];
    struct wr_anchors anchors;
    struct wr_prove_settings settings = {.enable = true,
                                         .floor_s = FROM + DAY,
                                         .anchors = &anchors,
                                         .policy = wr_algo_default_policy()};
    uint8_t room[128];
    struct wr_writer w;
    wr_anchors_init(&anchors, list, 2);
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_present_read_rdata(ds, strlen(ds), WR_TYPE_DS, NULL, &w, NULL), WR_OK);
    room[w.pos - 1] ^= !the_key;
    assert_int_equal(wr_anchors_add(&anchors, wire_name("z.").wire, WR_TYPE_DS, room, w.pos),
                     WR_OK);
    wr_copytrust_take(&world.trust, &settings);
    world.trust.anchors.list = world.trust.room;
    world.trusts++;
}

/* A kept copy, its keys signed so. */
static void put_copy(const char *keys_sig)
{
    char path[WR_KEEPFILE_PATH_MAX];
    struct wr_names names;
    wr_names_init(&names, "");
    add(&names, WR_TYPE_SOA, "ns.z. h.z. 7 1800 900 604800 60");
    add(&names, WR_TYPE_NS, "ns.z.");
    add(&names, WR_TYPE_DNSKEY, dnskey);
    add(&names, WR_TYPE_RRSIG, keys_sig);
    add(&names, WR_TYPE_ZONEMD, zonemd);
    add(&names, WR_TYPE_RRSIG, zonemd_sig);
    assert_int_equal(wr_copyfile_path(folder, wire_name("z.").wire, path), WR_OK);
    assert_int_equal(wr_copyfile_write(path, &names, 0), WR_OK);
    wr_names_free(&names);
}

static int setup(void **state)
{
    strcpy(folder, "/tmp/weir-copyjob-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    memset(&world, 0, sizeof(world));
    world.folder = folder;
    wr_rng_seed_u64(&world.rng, 1);
    put_copy(dnskey_sig);
    plan = (struct wr_copies_zone){
        .name = wire_name("z."), .zonemd = WR_ZONEMD_CHECK, .primaries = 1, .mute = true};
    trust(true);
    return 0;
}

static int teardown(void **state)
{
    char command[128];
    if (job) {
        wr_copyjob_close(job);
        job = NULL;
    }
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static void open_at(int64_t wall_s, bool proven)
{
    now = (struct wr_now){.mono_us = 1000 * WR_S, .wall_s = wall_s, .wall_proven = proven};
    job = wr_copyjob_open(&world, &plan, &now);
    assert_non_null(job);
}

static void turn(uint64_t later_s)
{
    now.mono_us += later_s * WR_S;
    now.wall_s += (int64_t)later_s;
    wr_copyjob_turn(job, false, &now);
}

/* As if a primary, or who is on the path to it, had the same serial still. */
static void confirm(void)
{
    job->x.state = WR_XFER_JUDGE;
    memcpy(job->x.reader.soa, job->x.mine, job->x.mine_size);
    job->x.reader.soa_size = job->x.mine_size;
    wr_xfer_feed(&job->x, &(struct wr_xfer_event){.kind = WR_XFER_TAKEN}, &now);
}

static void test_until_its_signature_ends(void **state)
{
    open_at(DIGEST_ENDS - 3 * DAY, true);
    assert_int_equal(job->x.data, WR_XFER_LIVE);
    assert_int_equal(job->x.until_us, now.mono_us + 3 * DAY * WR_S);
    for (unsigned i = 0; i < 3; i++) {
        turn(DAY - 1);
        assert_int_equal(job->x.data, WR_XFER_LIVE);
        confirm();
    }
    turn(2);
    assert_int_equal(job->x.data, WR_XFER_LIVE);
    turn(1);
    assert_int_equal(job->x.data, WR_XFER_EXPIRED);
    confirm(); /* which changes nothing */
    turn(1);
    assert_int_equal(job->x.data, WR_XFER_EXPIRED);
}

/* The keys' signature may be the first that ends. */
static void test_until_the_keys_signature_ends(void **state)
{
    put_copy(dnskey_short);
    open_at(KEYS_END - DAY, true);
    assert_int_equal(job->x.data, WR_XFER_LIVE);
    assert_int_equal(job->x.until_us, now.mono_us + DAY * WR_S);
}

/* The owner's clock is taken as it is, and may be set after the copy was judged. */
static void test_the_clock_is_set(void **state)
{
    world.trust.system_clock = true;
    open_at(FROM + DAY, false);
    turn(30);
    assert_int_equal(job->x.data, WR_XFER_LIVE);
    now.wall_s = DIGEST_ENDS - DAY;
    turn(0);
    assert_int_equal(job->x.data, WR_XFER_LIVE);
    assert_int_equal(job->x.until_us, now.mono_us + DAY * WR_S);
    now.wall_s = DIGEST_ENDS + 30 * DAY;
    turn(0);
    assert_int_equal(job->x.data, WR_XFER_EXPIRED);
}

/* Taken against the floor, when nobody knew the time; then it is known. */
static void test_the_time_is_proven(void **state)
{
    open_at(0, false);
    assert_int_equal(job->x.data, WR_XFER_LIVE);
    turn(10);
    assert_int_equal(job->x.data, WR_XFER_LIVE);
    now.wall_s = DIGEST_ENDS - 100;
    now.wall_proven = true;
    turn(0);
    assert_int_equal(job->x.data, WR_XFER_LIVE);
    assert_int_equal(job->x.until_us, now.mono_us + 100 * WR_S);
    wr_copyjob_close(job);
    open_at(DIGEST_ENDS + 30 * DAY, false); /* the clock was right all the time */
    assert_int_equal(job->x.data, WR_XFER_LIVE);
    now.wall_proven = true;
    turn(0);
    assert_int_equal(job->x.data, WR_XFER_EXPIRED);
    assert_string_equal(job->dropped, "the zone's digest is not signed by who is trusted");
}

static void test_trust_changes(void **state)
{
    open_at(FROM + DAY, true);
    trust(true); /* a reload that changes nothing here */
    turn(1);
    assert_int_equal(job->x.data, WR_XFER_LIVE);
    trust(false);
    turn(1);
    assert_int_equal(job->x.data, WR_XFER_EXPIRED);
    assert_string_equal(job->dropped, "the zone's digest is not signed by who is trusted");
    confirm(); /* the copy that was dropped is not brought back by its serial */
    turn(1);
    assert_int_equal(job->x.data, WR_XFER_EXPIRED);
}

/* The owner demands more of it than when it was taken: a digest that can be held against the zone. */
static void test_demand_changes(void **state)
{
    open_at(FROM + DAY, true);
    plan.zonemd = WR_ZONEMD_REQUIRE;
    wr_copyjob_change(job, &plan, &now);
    turn(1);
    assert_int_equal(job->x.data, WR_XFER_EXPIRED);
    assert_non_null(strstr(job->dropped, "ZONEMD"));
}

/* A policy zone comes compiled, by the key that others are compiled under; another zone does not. */
static void test_policy(void **state)
{
    open_at(DIGEST_ENDS - 3 * DAY, true);
    assert_null(job->copy->policy);
    wr_copyjob_close(job);
    plan.policy = true;
    open_at(DIGEST_ENDS - 3 * DAY, true);
    assert_non_null(job->copy->policy);
    assert_int_equal(wr_rpz_serial(job->copy->policy->rpz), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_policy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_until_its_signature_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_until_the_keys_signature_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_clock_is_set, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_time_is_proven, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trust_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_demand_changes, setup, teardown),
    };
    wr_say_start(WR_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
