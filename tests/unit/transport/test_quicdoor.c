/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of and to a datagram without a connection: ids, tokens, versions, resets. */
#include "unit/unit.h"

#include "unit/transport/doqworld.h"

struct door {
    struct wr_rng rng;
    struct wr_quic_secrets secrets;
    struct wr_quic_env env;
};

static void door_open(struct door *d, uint16_t worker)
{
    wr_rng_seed_u64(&d->rng, 5);
    wr_rng_bytes(&d->rng, &d->secrets, sizeof(d->secrets));
    assert_int_equal(wr_quic_env_init(&d->env, &d->rng, worker, &d->secrets, 1000000, 1000000),
                     WR_OK);
}

static void test_ids_lead_home(void **state)
{
    struct wr_quic_cid cid;
    unsigned by_chance = 0;
    uint16_t worker = 0;
    struct door d;

    door_open(&d, 37);
    for (unsigned i = 0; i < 1000; i++) {
        wr_quic_cid_make(&d.env, &cid);
        assert_int_equal(wr_quic_cid_worker(&d.secrets, cid.bytes, cid.size, &worker), WR_OK);
        assert_int_equal(worker, 37);
        wr_rng_bytes(&d.rng, cid.bytes, sizeof(cid.bytes));
        by_chance += wr_quic_cid_worker(&d.secrets, cid.bytes, WR_QUIC_CID_SIZE, &worker) == WR_OK;
    }
    assert_true(by_chance < 20); /* one of 256 */
    assert_int_equal(wr_quic_cid_worker(&d.secrets, cid.bytes, 8, &worker), WR_E_NOTFOUND);
    wr_quic_env_end(&d.env);
}

static void test_addresses(void **state)
{
    struct wr_addr in[3] = {dw_addr(9, 853)}, out;
    uint8_t room[128];

    assert_int_equal(wr_addr_from_text("[2001:db8::7]:40000", &in[1]), WR_OK);
    assert_int_equal(wr_addr_from_text("fe80::1%3", &in[2]), WR_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(wr_quic_sockaddr(&in[i], room) > 0);
        wr_quic_from_sockaddr(room, &out);
        assert_true(wr_addr_equal(&in[i], &out));
    }
}

static uint8_t initial[WR_QUIC_DATAGRAM];
static size_t initial_size;

static bool keep_initial(struct dw *w, bool to_server, unsigned client, uint8_t *bytes,
                         size_t *size)
{
    memcpy(initial, bytes, *size);
    initial_size = *size;
    return false;
}

/* A real first datagram of our client. */
static void make_initial(struct wr_quic_hello *hello)
{
    struct dw *w = dw_new(8);

    w->tap = keep_initial;
    dw_start(w);
    dw_client(w);
    dw_run(w, WR_MS);
    dw_free(w);
    assert_int_equal(initial_size, WR_QUIC_DATAGRAM);
    assert_int_equal(wr_quic_first(initial, initial_size, hello), WR_OK);
}

static void test_retry(void **state)
{
    struct wr_addr here = dw_addr(9, 1000), there = dw_addr(8, 1000);
    struct wr_quic_hello hello, again;
    uint8_t room[WR_QUIC_STATELESS_MAX];
    struct wr_quic_head head;
    struct door d;
    size_t n;

    door_open(&d, 1);
    make_initial(&hello);
    assert_int_equal(hello.dcid.size, 20);
    assert_int_equal(hello.token_size, 0);
    n = wr_quic_say_retry(&d.env, &hello, &here, 1000 * WR_S, room, sizeof(room));
    assert_in_range(n, 50, sizeof(room));
    assert_int_equal(wr_quic_look(room, n, &head), WR_OK);
    assert_int_equal(head.dcid_size, hello.scid.size);
    assert_memory_equal(head.dcid, hello.scid.bytes, hello.scid.size);
    /* The client comes again with the token and our id. */
    again = hello;
    again.dcid.size = head.scid_size;
    memcpy(again.dcid.bytes, head.scid, head.scid_size);
    again.token = head.scid + head.scid_size;
    again.token_size = n - 16 - (size_t)(again.token - room);
    assert_int_equal(wr_quic_prove(&d.secrets, &here, 1001 * WR_S, &again), WR_OK);
    assert_true(again.proven);
    assert_int_equal(again.original.size, hello.dcid.size);
    assert_memory_equal(again.original.bytes, hello.dcid.bytes, hello.dcid.size);
    /* From elsewhere, too late, altered, or with another's id it is worth nothing. */
    assert_int_equal(wr_quic_prove(&d.secrets, &there, 1001 * WR_S, &again), WR_E_DENIED);
    assert_int_equal(wr_quic_prove(&d.secrets, &here, 1011 * WR_S, &again), WR_E_DENIED);
    room[n - 20] ^= 1;
    assert_int_equal(wr_quic_prove(&d.secrets, &here, 1001 * WR_S, &again), WR_E_DENIED);
    room[n - 20] ^= 1;
    again.dcid.bytes[3] ^= 1;
    assert_int_equal(wr_quic_prove(&d.secrets, &here, 1001 * WR_S, &again), WR_E_DENIED);
    again.dcid.bytes[3] ^= 1;
    /* The secret rotates: the one before is still good, the one before that is not. */
    memcpy(d.secrets.old_token_key, d.secrets.token_key, 32);
    memset(d.secrets.token_key, 1, 32);
    assert_int_equal(wr_quic_prove(&d.secrets, &here, 1001 * WR_S, &again), WR_OK);
    assert_true(again.proven);
    memcpy(d.secrets.old_token_key, d.secrets.token_key, 32);
    assert_int_equal(wr_quic_prove(&d.secrets, &here, 1001 * WR_S, &again), WR_E_DENIED);
    wr_quic_env_end(&d.env);
}

static void test_versions(void **state)
{
    uint8_t bytes[WR_QUIC_INITIAL_MIN] = {0xc0, 0xba, 0xba, 0xba, 0xba, 8, 1,  2,  3, 4,
                                          5,    6,    7,    8,    4,    9, 10, 11, 12};
    uint8_t room[WR_QUIC_STATELESS_MAX];
    struct wr_quic_head head;
    struct door d;
    size_t n;

    door_open(&d, 0);
    assert_int_equal(wr_quic_look(bytes, sizeof(bytes), &head), WR_OK);
    assert_true(head.is_long && !head.known_version);
    n = wr_quic_say_versions(&d.rng, &head, room, sizeof(room));
    assert_int_equal(n, 1 + 4 + 1 + 4 + 1 + 8 + 8);
    assert_memory_equal(room + 1, "\0\0\0\0\4\11\12\13\14\10\1\2\3\4\5\6\7\10\0\0\0\1", 22);
    assert_int_equal(wr_quic_look(bytes, 0, &head), WR_E_FORMAT);
    assert_int_equal(wr_quic_look(bytes, 5, &head), WR_E_FORMAT);
    bytes[5] = 255;
    assert_int_equal(wr_quic_look(bytes, sizeof(bytes), &head), WR_E_FORMAT);
    wr_quic_env_end(&d.env);
}

static void test_resets(void **state)
{
    uint8_t room[WR_QUIC_STATELESS_MAX], token[16];
    struct wr_quic_cid cid;
    struct door d;

    door_open(&d, 0);
    wr_quic_cid_make(&d.env, &cid);
    assert_int_equal(wr_quic_reset_token(&d.secrets, &cid, token), WR_OK);
    for (size_t size = 0; size < 100; size++) {
        size_t n = wr_quic_say_reset(&d.env, cid.bytes, cid.size, size, room, sizeof(room));

        assert_true(n == 0 || n < size); /* two servers cannot go on for ever */
        assert_int_equal(n > 0, size > 22);
        if (n > 0) {
            assert_int_equal(room[0] & 0xc0, 0x40);
            assert_memory_equal(room + n - 16, token, 16);
        }
    }
    wr_quic_env_end(&d.env);
}

static void test_what_may_begin(void **state)
{
    struct wr_quic_hello hello, was;
    uint8_t room[WR_QUIC_STATELESS_MAX];

    make_initial(&was);
    assert_int_equal(wr_quic_first(initial, WR_QUIC_INITIAL_MIN - 1, &hello), WR_E_FORMAT);
    initial[0] ^= 0x20; /* a handshake packet */
    assert_int_equal(wr_quic_first(initial, initial_size, &hello), WR_E_FORMAT);
    initial[0] ^= 0x20;
    initial[4] = 2;
    assert_int_equal(wr_quic_first(initial, initial_size, &hello), WR_E_FORMAT);
    assert_in_range(wr_quic_say_refused(&was, room, sizeof(room)), 30, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_lead_home), cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_retry),         cmocka_unit_test(test_versions),
        cmocka_unit_test(test_resets),        cmocka_unit_test(test_what_may_begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
