/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder with Roughtime servers: they sign here, with libcrypto, what the test has them say; NTP servers say theirs beside them. */
#include "unit/unit.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "resolve/ladder.h"

#define FLOOR_S INT64_C(1767225600)
#define TRUE_S  INT64_C(1795780800) /* at the zero of the monotonic clock */
#define DAY_S   86400
#define SERVERS 8

struct bed {
    struct wr_ladder l;
    struct wr_rng rng;
    struct wr_now now;
    unsigned sent, roughs_out;
    struct wr_ladder_action last[SERVERS];
};

static struct bed b; /* it is large */
static EVP_PKEY *long_key[SERVERS], *online_key;
static uint8_t online[32];

/* --- a signer ----------------------------------------------------------------------------------- */

static EVP_PKEY *key_of(uint8_t seed, uint8_t ret_public[32])
{
    uint8_t octets[32] = {seed};
    size_t n = 32;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, octets, sizeof(octets));
    assert_non_null(key);
    assert_int_equal(EVP_PKEY_get_raw_public_key(key, ret_public, &n), 1);
    return key;
}

static void sign(EVP_PKEY *key, const char *context, const uint8_t *value, size_t n, uint8_t *ret)
{
    uint8_t text[512];
    size_t before = strlen(context) + 1, size = 64;
    EVP_MD_CTX *md = EVP_MD_CTX_new();

    memcpy(text, context, before);
    memcpy(text + before, value, n);
    assert_int_equal(EVP_DigestSignInit(md, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(md, ret, &size, text, before + n), 1);
    EVP_MD_CTX_free(md);
}

static void put(uint8_t *at, uint64_t v, unsigned octets)
{
    for (unsigned i = 0; i < octets; i++) {
        at[i] = (uint8_t)(v >> (8 * i));
    }
}

struct value {
    const char *tag;
    const uint8_t *bytes;
    size_t size;
};

/* A message of values in the order of their tags; its size. */
static size_t message(const struct value *v, unsigned n, uint8_t *ret)
{
    size_t at = 0, head = (size_t)8 * n;

    put(ret, n, 4);
    for (unsigned i = 0; i < n; i++) {
        if (i > 0) {
            put(ret + (size_t)4 * i, at, 4);
        }
        memset(ret + (size_t)4 * (n + i), 0, 4);
        memcpy(ret + (size_t)4 * (n + i), v[i].tag, strlen(v[i].tag));
        memcpy(ret + head + at, v[i].bytes, v[i].size);
        at += v[i].size;
    }
    return head + at;
}

static size_t certificate(EVP_PKEY *key, uint8_t *ret)
{
    uint8_t dele[256], sig[64], begins[8], ends[8];

    put(begins, 0, 8);
    put(ends, (uint64_t)TRUE_S * 2, 8);
    const struct value inner[] = {{"PUBK", online, 32}, {"MINT", begins, 8}, {"MAXT", ends, 8}};
    size_t n = message(inner, 3, dele);
    sign(key, "RoughTime v1 delegation signature", dele, n, sig);
    const struct value outer[] = {{"SIG", sig, 64}, {"DELE", dele, n}};
    return message(outer, 2, ret);
}

/* The root of a tree of one question. */
static void root_of(const struct wr_ladder_action *asked, uint8_t ret[32])
{
    uint8_t text[1 + WR_ROUGHTIME_ASK_SIZE] = {0}, whole[64];
    unsigned n = 64;

    memcpy(text + 1, asked->bytes, asked->size);
    assert_int_equal(EVP_Digest(text, 1 + asked->size, whole, &n, EVP_sha512(), NULL), 1);
    memcpy(ret, whole, 32);
}

static size_t signed_reply(EVP_PKEY *key, const struct wr_ladder_action *asked, int64_t midpoint_s,
                           uint32_t radius_s, uint8_t *ret)
{
    uint8_t srep[256], cert[512], sig[64], version[4], radius[4], midpoint[8], root[32],
        zero[4] = {0};
    struct wr_roughtime_map m;

    put(version, 1, 4);
    put(radius, radius_s, 4);
    put(midpoint, (uint64_t)midpoint_s, 8);
    root_of(asked, root);
    const struct value inner[] = {{"VER", version, 4},
                                  {"RADI", radius, 4},
                                  {"MIDP", midpoint, 8},
                                  {"VERS", version, 4},
                                  {"ROOT", root, 32}};
    size_t n = message(inner, 5, srep), certs = certificate(key, cert);
    sign(online_key, "RoughTime v1 response signature", srep, n, sig);
    assert_int_equal(wr_roughtime_map_read(asked->bytes + 12, asked->size - 12, &m), WR_OK);
    const struct value outer[] = {
        {"SIG", sig, 64},
        {"NONC", wr_roughtime_map_find(&m, WR_ROUGHTIME_TAG('N', 'O', 'N', 'C'), 32), 32},
        {"PATH", zero, 0},
        {"SREP", srep, n},
        {"CERT", cert, certs},
        {"INDX", zero, 4}};
    size_t size = message(outer, 6, ret + 12);
    memcpy(ret, "ROUGHTIM", 8);
    put(ret + 8, size, 4);
    return 12 + size;
}

/* --- the bed ------------------------------------------------------------------------------------ */

static void poll(void)
{
    struct wr_ladder_action a;

    for (unsigned i = 0; wr_ladder_poll(&b.l, &b.now, &a); i++) {
        assert_true(i < 64);
        if (a.kind == WR_LADDER_SEND) {
            b.last[a.server] = a;
            b.sent++;
        }
    }
    b.roughs_out = 0;
    for (unsigned i = 0; i < b.l.servers; i++) {
        b.roughs_out += b.l.rung[i].server.rough && b.l.rung[i].state == WR_RUNG_ASKED;
    }
    assert_true(b.roughs_out <= 1);
}

static void feed(struct wr_ladder_event e)
{
    wr_ladder_feed(&b.l, &e, &b.now);
    poll();
}

static void wait(void)
{
    uint64_t at_us = wr_ladder_deadline(&b.l);

    assert_true(at_us != WR_TIME_NEVER);
    b.now.mono_us = at_us > b.now.mono_us ? at_us : b.now.mono_us;
    feed((struct wr_ladder_event){.kind = WR_LADDER_TIME});
}

/* NTP servers first, then `roughs` with keys of their own. */
static void bed(unsigned ntp, unsigned roughs, unsigned agree)
{
    struct wr_time_server list[SERVERS];
    char text[160], address[64];
    uint8_t public[32];

    memset(&b, 0, sizeof(b));
    wr_rng_seed_u64(&b.rng, 7);
    b.now.mono_us = 5 * WR_S;
    for (unsigned i = 0; i < ntp + roughs; i++) {
        snprintf(address, sizeof(address), "198.18.%u.1", i);
        if (i < ntp) {
            assert_int_equal(wr_ladder_server(address, &list[i]), WR_OK);
            continue;
        }
        struct wr_str s;
        EVP_PKEY_free(long_key[i]);
        long_key[i] = key_of((uint8_t)(100 + i), public);
        wr_str_init(&s, text, sizeof(text));
        wr_str_text(&s, address);
        wr_str_text(&s, " ");
        wr_enc_base64(&s, public, sizeof(public));
        assert_int_equal(wr_ladder_rough_server(text, &list[i]), WR_OK);
    }
    if (!online_key) {
        online_key = key_of(1, online);
    }
    wr_ladder_start(&b.l, list, ntp + roughs, agree, FLOOR_S, &b.rng, &b.now);
}

static int64_t wall_s(void)
{
    return TRUE_S + (int64_t)(b.now.mono_us / WR_S);
}

/* With the key of another server it is forged. */
static void sign_as(unsigned server, unsigned signer, int64_t off_s, uint32_t radius_s)
{
    uint8_t bytes[WR_ROUGHTIME_REPLY_MAX];
    size_t n = signed_reply(long_key[signer], &b.last[server], wall_s() + off_s, radius_s, bytes);
    feed((struct wr_ladder_event){
        .kind = WR_LADDER_REPLY, .id = b.last[server].id, .bytes = bytes, .size = n});
}

static void say(unsigned server, int64_t off_s)
{
    sign_as(server, server, off_s, 5);
}

static void say_ntp(unsigned server, int64_t off_s)
{
    uint8_t m[WR_NTP_SIZE] = {4 << 3 | 4, 2};
    uint32_t s = (uint32_t)(wall_s() + off_s + INT64_C(2208988800));

    for (unsigned i = 0; i < 4; i++) {
        m[32 + i] = m[40 + i] = (uint8_t)(s >> (24 - 8 * i));
    }
    memcpy(m + 24, b.last[server].bytes + 40, 8);
    feed((struct wr_ladder_event){
        .kind = WR_LADDER_REPLY, .id = b.last[server].id, .bytes = m, .size = sizeof(m)});
}

static void finish(void)
{
    for (unsigned i = 0; b.l.open; i++) {
        assert_true(i < 40);
        wait();
    }
}

static void expect(enum wr_trusttime_state state, bool rough, unsigned witnesses, int64_t off_s)
{
    int64_t apart_us = b.l.base_us - (TRUE_S + off_s) * 1000000;

    assert_int_equal(b.l.state, state);
    if (state != WR_TRUSTTIME_UNPROVEN) {
        assert_int_equal(b.l.rough, rough);
        assert_int_equal(b.l.witnesses, witnesses);
        assert_true(apart_us <= 3000000 && apart_us >= -3000000);
    }
}

/* --- the tests ---------------------------------------------------------------------------------- */

static void test_how_servers_are_written(void **state)
{
    static const char good[] = "gD63hSj3ScS+wuOeGrubXlq35N1c5Lby/S+T7MNTjxo=";
    static const char *const where[] = {"192.0.2.1",      "192.0.2.1:99", "[2001:db8::1]:99",
                                        "time.example:9", "time.example", "2001:db8::1"};
    static const uint16_t port[] = {2002, 99, 99, 9, 2002, 2002};
    static const char *const bad[] = {"",      "192.0.2.1", "192.0.2.1 ",  "192.0.2.1 AAAA", ":9 ",
                                      "a..b ", " ",         "192.0.2.1 *", "192.0.2.1  "};
    struct wr_time_server s;
    char text[400];

    for (unsigned i = 0; i < 6; i++) {
        snprintf(text, sizeof(text), "%s %s", where[i], good);
        assert_int_equal(wr_ladder_rough_server(text, &s), WR_OK);
        assert_true(s.rough && s.key[0] == 0x80 && s.key[31] == 0x1a);
        assert_int_equal(s.addr.port, port[i]);
    }
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(wr_ladder_rough_server(bad[i], &s), WR_E_FORMAT);
    }
    snprintf(text, sizeof(text), "192.0.2.1 %sAAAA", good);
    assert_int_equal(wr_ladder_rough_server(text, &s), WR_E_FORMAT);
    snprintf(text, sizeof(text), "a..b %s", good);
    assert_int_equal(wr_ladder_rough_server(text, &s), WR_E_FORMAT);
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = 0;
    assert_int_equal(wr_ladder_rough_server(text, &s), WR_E_FORMAT);
}

static void test_one_alone_proves(void **state)
{
    bed(0, 1, 3);
    wait();
    assert_int_equal(b.last[0].to.port, 2002);
    assert_int_equal(b.last[0].size, WR_ROUGHTIME_ASK_SIZE);
    say(0, 1);
    expect(WR_TRUSTTIME_PROVEN, true, 1, 1);
    assert_int_equal(b.l.rung[0].state, WR_RUNG_AGREES);
    assert_true(b.l.next_us >= b.now.mono_us + 3600 * WR_S);
}

static void test_who_does_not_sign_proves_nothing(void **state)
{
    uint8_t bytes[WR_ROUGHTIME_REPLY_MAX];

    bed(0, 2, 3);
    wait();
    sign_as(0, 1, 0, 5); /* another's key */
    assert_int_equal(b.l.rung[0].state, WR_RUNG_ASKED);
    size_t n = signed_reply(long_key[0], &b.last[0], wall_s(), 5, bytes);
    finish();
    assert_int_equal(b.l.rung[0].state, WR_RUNG_FORGED);
    assert_int_equal(b.l.rung[1].state, WR_RUNG_SILENT);
    expect(WR_TRUSTTIME_UNPROVEN, false, 0, 0);
    wait();
    feed((struct wr_ladder_event){
        .kind = WR_LADDER_REPLY, .id = b.last[0].id, .bytes = bytes, .size = n}); /* replayed */
    assert_int_equal(b.l.rung[0].state, WR_RUNG_ASKED);
    finish();
    assert_int_equal(b.l.rung[0].state, WR_RUNG_SILENT);
    expect(WR_TRUSTTIME_UNPROVEN, false, 0, 0);
}

/* The machine sleeps between the question and its reply, which is read before any timer: signed for the question, and old. */
static void test_asleep_between_question_and_reply(void **state)
{
    for (unsigned late = 0; late < 2; late++) {
        bed(0, 1, 3);
        wait();
        b.now.mono_us += WR_TIME_TRIP_MAX_US - 1 + late;
        say(0, 0);
        expect(late ? WR_TRUSTTIME_UNPROVEN : WR_TRUSTTIME_PROVEN, true, 1, 0);
        assert_int_equal(b.sent, 1 + late);
        assert_true(late || b.l.rung[0].doubt_us <= 5 * WR_S + WR_TIME_TRIP_MAX_US / 2);
    }
    bed(0, 2, 3);
    wait();
    b.now.mono_us += 8 * 3600 * WR_S;
    say(0, -8 * 3600);
    assert_int_equal(b.l.rung[0].state, WR_RUNG_ASKED);
    assert_int_equal(b.sent, 2); /* it is asked anew */
    say(0, 0);
    say(1, 0);
    expect(WR_TRUSTTIME_PROVEN, true, 2, 0);
}

static void test_of_several_two_must_agree(void **state)
{
    bed(0, 3, 3);
    wait();
    assert_int_equal(b.sent, 1); /* one after the other */
    say(0, 0);
    assert_int_equal(b.sent, 2);
    finish(); /* the others are silent */
    expect(WR_TRUSTTIME_PLAUSIBLE, true, 1, 0);
    wait();
    say(0, 0);
    say(1, 9); /* within what both say of themselves */
    say(2, 300);
    expect(WR_TRUSTTIME_PROVEN, true, 2, 0);
    assert_int_equal(b.l.rung[2].state, WR_RUNG_ALONE);
}

static void test_equal_camps_prove_nothing(void **state)
{
    bed(0, 2, 3);
    wait();
    say(0, 0);
    say(1, 300);
    expect(WR_TRUSTTIME_UNPROVEN, false, 0, 0);
    assert_true(b.l.contradicts);
    assert_int_equal(b.l.rung[0].state, WR_RUNG_ALONE);
}

static void test_what_is_signed_goes_before_ntp(void **state)
{
    bed(3, 1, 3);
    wait();
    for (unsigned i = 0; i < 3; i++) {
        say_ntp(i, 9 * DAY_S);
    }
    say(3, 0);
    expect(WR_TRUSTTIME_PROVEN, true, 1, 0);
    assert_int_equal(b.l.rung[0].state, WR_RUNG_ALONE);
    wait(); /* the next round: proven it stays, whatever NTP says */
    for (unsigned i = 0; i < 3; i++) {
        say_ntp(i, 9 * DAY_S);
    }
    finish();
    expect(WR_TRUSTTIME_PROVEN, true, 1, 0);
}

/* Who keeps the signed replies back cannot have NTP prove his time. */
static void test_ntp_alone_is_plausible_then(void **state)
{
    bed(3, 1, 3);
    wait();
    for (unsigned i = 0; i < 3; i++) {
        say_ntp(i, 9 * DAY_S);
    }
    finish();
    expect(WR_TRUSTTIME_PLAUSIBLE, false, 3, 9 * DAY_S);
    wait();
    for (unsigned i = 0; i < 3; i++) {
        say_ntp(i, 9 * DAY_S);
    }
    say(3, 0);
    expect(WR_TRUSTTIME_PROVEN, true, 1, 0);
}

static void test_bounds_of_what_is_signed(void **state)
{
    bed(0, 1, 3);
    wait();
    sign_as(0, 0, 0, WR_TIME_RADIUS_MAX_S + 1);
    assert_int_equal(b.l.rung[0].state, WR_RUNG_UNKNOWING);
    expect(WR_TRUSTTIME_UNPROVEN, false, 0, 0);
    wait();
    say(0, FLOOR_S - TRUE_S - DAY_S);
    assert_int_equal(b.l.rung[0].state, WR_RUNG_BELOW);
    expect(WR_TRUSTTIME_UNPROVEN, false, 0, 0);
    wait();
    sign_as(0, 0, 0, WR_TIME_RADIUS_MAX_S);
    expect(WR_TRUSTTIME_PROVEN, true, 1, 0);
    wr_ladder_raise_floor(&b.l, TRUE_S + DAY_S, &b.now);
    expect(WR_TRUSTTIME_UNPROVEN, false, 0, 0);
}

static void test_one_key_counts_once(void **state)
{
    bed(0, 2, 3);
    memcpy(b.l.rung[1].server.key, b.l.rung[0].server.key, 32);
    wait();
    say(0, 0);
    sign_as(1, 0, 0, 5);
    assert_int_equal(b.l.rung[1].state, WR_RUNG_SAME);
    expect(WR_TRUSTTIME_PLAUSIBLE, true, 1, 0);
}

/* The first is ahead, and the second is asked with a hash of that: both signatures together are a proof. */
static void test_a_lie_is_convicted(void **state)
{
    bed(0, 3, 3);
    wait();
    say(0, 300);
    say(1, 0);
    assert_int_equal(b.l.proofs, 1);
    assert_int_equal(b.l.proof.links, 2);
    assert_memory_equal(b.l.proof.link[0].key, b.l.rung[0].server.key, 32);
    assert_true(b.l.proof.link[1].question.follows);
    say(2, 1);
    expect(WR_TRUSTTIME_PROVEN, true, 2, 0);
    assert_int_equal(b.l.rung[0].state, WR_RUNG_ALONE);
    assert_int_equal(b.l.proofs, 2);
    assert_int_equal(b.l.proof.links, 3);
    /* Behind is proven by the next round. */
    bed(0, 2, 3);
    wait();
    say(0, -300);
    say(1, 0);
    assert_int_equal(b.l.proofs, 0);
    wait();
    say(0, -300);
    assert_int_equal(b.l.proofs, 1);
    assert_memory_equal(b.l.proof.link[1].key, b.l.rung[0].server.key, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_servers_are_written),
        cmocka_unit_test(test_one_alone_proves),
        cmocka_unit_test(test_who_does_not_sign_proves_nothing),
        cmocka_unit_test(test_asleep_between_question_and_reply),
        cmocka_unit_test(test_of_several_two_must_agree),
        cmocka_unit_test(test_equal_camps_prove_nothing),
        cmocka_unit_test(test_what_is_signed_goes_before_ntp),
        cmocka_unit_test(test_ntp_alone_is_plausible_then),
        cmocka_unit_test(test_bounds_of_what_is_signed),
        cmocka_unit_test(test_one_key_counts_once),
        cmocka_unit_test(test_a_lie_is_convicted),
    };
    int failed = cmocka_run_group_tests_name("ladderrough", tests, NULL, NULL);
    EVP_PKEY_free(online_key);
    for (unsigned i = 0; i < SERVERS; i++) {
        EVP_PKEY_free(long_key[i]);
    }
    return failed;
}
