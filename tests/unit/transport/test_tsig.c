/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/transport/tsigserver.h"

#include "base/enc.h"
#include "base/err.h"
#include "dns/build.h"
#include "dns/codes.h"

enum { TIME = 1700000000 };

static const struct wr_now now = {.mono_us = 1, .wall_s = TIME, .wall_proven = true};
static struct wr_tsig_key key = {.name = {.wire = "\4xfer\7example", .size = 14},
                                 .alg = WR_HASH_SHA256,
                                 .size = 16,
                                 .secret = "0123456789abcdef"};
static uint8_t query[512], reply[1024];
static size_t query_size;
static struct wr_tsig tsig;
static struct tsigserver server;
static struct wr_tsig_failure failure;

static size_t make(uint8_t *room, size_t cap, uint16_t id, uint16_t flags, unsigned records)
{
    static const uint8_t name[] = "\7example";
    struct wr_build b;

    wr_build_start(&b, room, cap, id, flags);
    wr_build_question(&b, name, WR_TYPE_SOA, WR_CLASS_IN);
    for (unsigned i = 0; i < records; i++) {
        const uint8_t address[4] = {192, 0, 2, (uint8_t)i};

        assert_int_equal(
            wr_build_rr(&b, WR_SECTION_ANSWER, name, WR_TYPE_A, WR_CLASS_IN, 60, address, 4),
            WR_OK);
    }
    return wr_build_finish(&b, 0);
}

static int start(void **state)
{
    key.alg = WR_HASH_SHA256;
    query_size = make(query, sizeof(query), 0x1234, 0, 0);
    if (wr_tsig_sign(&tsig, &key, query, sizeof(query), &query_size, TIME)) {
        return -1;
    }
    tsigserver_start(&server, &key, query, query_size);
    return 0;
}

static int stop(void **state)
{
    wr_tsig_close(&tsig);
    tsigserver_close(&server);
    return 0;
}

static enum wr_tsig_result check_at(size_t size, const struct wr_now *at)
{
    struct wr_msg m;

    assert_int_equal(wr_msg_parse(&m, reply, size), WR_OK);
    return wr_tsig_check(&tsig, &m, at, &failure);
}

static enum wr_tsig_result check(size_t size)
{
    return check_at(size, &now);
}

static size_t signed_reply(unsigned records)
{
    size_t n = make(reply, sizeof(reply), 0x1234, WR_FLAG_QR, records);

    return tsigserver_sign(&server, reply, n, sizeof(reply), TIME);
}

/* What dnspython 2.3 makes of the same query, key and time. */
static void test_vector(void **state)
{
    static const char want[] =
        "123400000001000000000001076578616d706c6500000600010478666572076578616d706c650000fa00ff00"
        "000000003d0b686d61632d7368613235360000006553f100012c00205e07869fbb0b96daf4ff9c4618e6a1a0"
        "719f336645dc5c5c1012fce6751a494a123400000000";
    uint8_t octets[512];
    size_t n;

    assert_int_equal(wr_enc_from_hex(want, strlen(want), octets, sizeof(octets), &n), WR_OK);
    assert_int_equal(query_size, n);
    assert_memory_equal(query, octets, n);
}

static void test_sign_needs_room(void **state)
{
    struct wr_tsig other;
    uint8_t room[512];
    size_t size = make(room, sizeof(room), 1, 0, 0), before = size;

    assert_int_equal(wr_tsig_sign(&other, &key, room, size + wr_tsig_size(&key) - 1, &size, TIME),
                     WR_E_FULL);
    assert_int_equal(size, before);
    assert_int_equal(room[11], 0);
    assert_int_equal(wr_tsig_sign(&other, &key, room, size + wr_tsig_size(&key), &size, TIME),
                     WR_OK);
    assert_int_equal(size, before + wr_tsig_size(&key));
    wr_tsig_close(&other);
}

static void test_one_message(void **state)
{
    assert_false(wr_tsig_is_settled(&tsig));
    assert_int_equal(check(signed_reply(3)), WR_TSIG_GOOD);
    assert_true(wr_tsig_is_settled(&tsig));
}

static void test_each_hash(void **state)
{
    for (enum wr_hash_alg alg = WR_HASH_SHA256; alg <= WR_HASH_SHA512; alg++) {
        stop(state);
        key.alg = alg;
        query_size = make(query, sizeof(query), 0x1234, 0, 0);
        assert_int_equal(wr_tsig_sign(&tsig, &key, query, sizeof(query), &query_size, TIME), WR_OK);
        tsigserver_start(&server, &key, query, query_size);
        assert_int_equal(check(signed_reply(1)), WR_TSIG_GOOD);
    }
}

/* Each octet of the message and of the record counts; what does not parse any more is not asked. */
static void test_every_bit(void **state)
{
    size_t size = signed_reply(2);
    unsigned asked = 0;

    for (size_t i = 0; i < size; i++) {
        struct wr_msg m;

        stop(state);
        assert_int_equal(start(state), 0);
        size = signed_reply(2);
        reply[i] ^= 0x40; /* an upper-case letter is the same name, so not 0x20 */
        if (wr_msg_parse(&m, reply, size) != WR_OK || !m.tsig) {
            continue;
        }
        asked++;
        if (wr_tsig_check(&tsig, &m, &now, &failure) == WR_TSIG_GOOD) {
            /* The id may be another's: the record has the original one. */
            assert_true(i < 2);
        }
    }
    assert_true(asked > 60);
}

static void test_stream(void **state)
{
    for (unsigned i = 0; i < 40; i++) {
        size_t n = make(reply, sizeof(reply), 0x1234, WR_FLAG_QR, i % 7);
        bool sign = i % 10 == 0 || i == 39;

        if (sign) {
            n = tsigserver_sign(&server, reply, n, sizeof(reply), TIME + i);
        } else {
            tsigserver_skip(&server, reply, n);
        }
        assert_int_equal(check(n), sign ? WR_TSIG_GOOD : WR_TSIG_LATER);
        assert_true(wr_tsig_is_settled(&tsig) == sign);
    }
}

/* A message in the middle that was changed, dropped or put in shows at the next signature. */
static void test_stream_forged(void **state)
{
    for (unsigned kind = 0; kind < 3; kind++) {
        size_t n;

        stop(state);
        assert_int_equal(start(state), 0);
        assert_int_equal(check(signed_reply(1)), WR_TSIG_GOOD);
        n = make(reply, sizeof(reply), 0x1234, WR_FLAG_QR, 2);
        if (kind != 1) {
            tsigserver_skip(&server, reply, n);
        }
        if (kind == 2) {
            reply[n - 1] ^= 1;
        }
        if (kind != 0) {
            assert_int_equal(check(n), WR_TSIG_LATER);
        }
        assert_int_equal(check(signed_reply(1)), WR_TSIG_REFUSED);
        assert_string_equal(failure.reason, "the signature of the response is wrong");
        assert_false(wr_tsig_is_settled(&tsig));
        assert_int_equal(check(signed_reply(1)), WR_TSIG_REFUSED); /* and for good */
    }
}

static void test_first_is_signed(void **state)
{
    assert_int_equal(check(make(reply, sizeof(reply), 0x1234, WR_FLAG_QR, 1)), WR_TSIG_REFUSED);
    assert_string_equal(failure.reason,
                        "the response is not signed: perhaps the primary does not know the key");
}

static void test_too_many_unsigned(void **state)
{
    size_t n = signed_reply(0);

    assert_int_equal(check(n), WR_TSIG_GOOD);
    for (unsigned i = 0; i < 99; i++) {
        n = make(reply, sizeof(reply), 0x1234, WR_FLAG_QR, 1);
        assert_int_equal(check(n), WR_TSIG_LATER);
    }
    assert_int_equal(check(n), WR_TSIG_REFUSED);
}

static void test_time(void **state)
{
    static const struct {
        int64_t off;
        bool proven, good;
    } rows[] = {{300, true, true},   {301, true, false},   {-300, true, true},
                {-301, true, false}, {99999, false, true}, {-TIME, false, true}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct wr_now at = {
            .mono_us = 1, .wall_s = TIME + rows[i].off, .wall_proven = rows[i].proven};

        stop(state);
        assert_int_equal(start(state), 0);
        assert_int_equal(check_at(signed_reply(1), &at),
                         rows[i].good ? WR_TSIG_GOOD : WR_TSIG_REFUSED);
    }
}

static void test_server_errors(void **state)
{
    static const uint8_t later[6] = {0, 0, 0x65, 0x53, 0xf1, 0x00};
    size_t n = make(reply, sizeof(reply), 0x1234, WR_FLAG_QR | 9, 0);

    server.error = 18;
    server.other = later;
    server.other_size = 6;
    n = tsigserver_sign(&server, reply, n, sizeof(reply), TIME);
    assert_int_equal(check(n), WR_TSIG_REFUSED);
    assert_int_equal(failure.error, 18);
    assert_int_equal(failure.server_s, TIME);
    for (uint16_t error = 16; error <= 17; error++) {
        stop(state);
        assert_int_equal(start(state), 0);
        n = make(reply, sizeof(reply), 0x1234, WR_FLAG_QR | 9, 0);
        server.error = error;
        n = tsigserver_sign(&server, reply, n, sizeof(reply), TIME);
        /* These are told without a MAC (section 5.3.2). */
        memmove(reply + n - 6 - 32, reply + n - 6, 6);
        n -= 32;
        reply[n - 6 - 1] = 0;
        reply[n - 6 - 2 - 8 - 13 - 1] -= 32;
        assert_int_equal(check(n), WR_TSIG_REFUSED);
        assert_int_equal(failure.error, error);
        assert_int_equal(failure.server_s, 0);
    }
}

/* A MAC that is cut is not taken, however long. */
static void test_truncated(void **state)
{
    size_t n = make(reply, sizeof(reply), 0x1234, WR_FLAG_QR, 0);

    server.mac_size = 16;
    n = tsigserver_sign(&server, reply, n, sizeof(reply), TIME);
    assert_int_equal(check(n), WR_TSIG_REFUSED);
    assert_string_equal(failure.reason, "the signature of the response is cut short");
}

static void test_other_key(void **state)
{
    static struct wr_tsig_key other;
    size_t n = make(reply, sizeof(reply), 0x1234, WR_FLAG_QR, 0);

    other = key;
    other.name.wire[1] = 'y';
    server.key = &other;
    n = tsigserver_sign(&server, reply, n, sizeof(reply), TIME);
    assert_int_equal(check(n), WR_TSIG_REFUSED);
    assert_string_equal(failure.reason, "the response is signed by another key");
}

static void test_algorithms(void **state)
{
    enum wr_hash_alg alg;

    assert_true(wr_tsig_alg_of("hmac-sha256", &alg) && alg == WR_HASH_SHA256);
    assert_true(wr_tsig_alg_of("HMAC-SHA512", &alg) && alg == WR_HASH_SHA512);
    assert_false(wr_tsig_alg_of("hmac-sha1", &alg));
    assert_false(wr_tsig_alg_of("hmac-md5.sig-alg.reg.int", &alg));
    assert_false(wr_tsig_alg_of("hmac-sha224", &alg));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_vector),        CASE(test_sign_needs_room), CASE(test_one_message),
        CASE(test_each_hash),     CASE(test_every_bit),       CASE(test_stream),
        CASE(test_stream_forged), CASE(test_first_is_signed), CASE(test_too_many_unsigned),
        CASE(test_time),          CASE(test_server_errors),   CASE(test_truncated),
        CASE(test_other_key),     CASE(test_algorithms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
