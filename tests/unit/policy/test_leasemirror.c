/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "policy/leasemirror.h"

static void *block;

static struct wr_leasemirror *fresh(uint32_t leases)
{
    static const struct wr_hash_key key = {{1, 2}};
    size_t size = wr_leasemirror_size(leases);
    free(block);
    block = aligned_alloc(64, (size + 63) / 64 * 64);
    assert_non_null(block);
    memset(block, 0, size);
    return wr_leasemirror_init(block, leases, &key);
}

static struct wr_lease_ask ask_of(uint8_t last, uint32_t device)
{
    return (struct wr_lease_ask){
        .client = {.family = WR_AF_V4, .ip = {10, 0, 0, last}}, .ifindex = 3, .device = device};
}

static struct wr_lease_dest dest_of(uint32_t n)
{
    struct wr_lease_dest d = {.family = WR_AF_V4, .ip = {198, 51}, .for_s = 60};
    memcpy(d.ip + 2, &n, 2);
    return d;
}

static void test_what_was_noted_is_there_until_it_ends(void **state)
{
    struct wr_leasemirror *m = fresh(64);
    struct wr_lease_ask ask = ask_of(1, 7);
    struct wr_leasemirror_party party = wr_leasemirror_party(m, &ask);
    struct wr_lease_dest d = dest_of(1), other = dest_of(2), six = d;
    six.family = WR_AF_V6;
    assert_false(wr_leasemirror_holds(m, &party, &d, 0));
    wr_leasemirror_note(m, &party, &d, 1000);
    assert_true(wr_leasemirror_holds(m, &party, &d, 1000));
    assert_false(wr_leasemirror_holds(m, &party, &d, 1001));
    assert_false(wr_leasemirror_holds(m, &party, &other, 0));
    assert_false(wr_leasemirror_holds(m, &party, &six, 0));
    wr_leasemirror_note(m, &party, &d, 1500);
    assert_true(wr_leasemirror_holds(m, &party, &d, 1500));
    wr_leasemirror_note(m, &party, &d, 1200); /* an ask does not shorten */
    assert_true(wr_leasemirror_holds(m, &party, &d, 1500));
}

/* Each thing that makes a lease another one's. */
static void test_it_is_of_one_party(void **state)
{
    struct wr_leasemirror *m = fresh(64);
    struct wr_lease_ask ask = ask_of(1, 7), other[8];
    struct wr_lease_dest d = dest_of(1);
    struct wr_leasemirror_party party = wr_leasemirror_party(m, &ask);
    wr_leasemirror_note(m, &party, &d, 1000);
    for (unsigned i = 0; i < 8; i++) {
        other[i] = ask;
    }
    other[0].client.ip[3] = 2;
    other[1].ifindex = 4;
    other[2].device = 8;
    other[3].client.family = WR_AF_V6;
    other[4].client.scope = 3;
    other[5].has_mac = true;
    other[6].ports = 1;
    other[6].port[0] = (struct wr_lease_port){.protocol = 6, .port = 443};
    other[7] = other[6];
    other[7].port[0].port = 444;
    for (unsigned i = 0; i < 8; i++) {
        struct wr_leasemirror_party p = wr_leasemirror_party(m, &other[i]);
        if (wr_leasemirror_holds(m, &p, &d, 0)) {
            fail_msg("party %u", i);
        }
    }
    ask.dests = 1; /* what it asks for is not who asks */
    ask.dest[0] = d;
    ask.id = 9;
    party = wr_leasemirror_party(m, &ask);
    assert_true(wr_leasemirror_holds(m, &party, &d, 1000));
}

static void test_forgotten(void **state)
{
    struct wr_leasemirror *m = fresh(64);
    struct wr_lease_ask a = ask_of(1, 7), b = ask_of(2, 8);
    struct wr_lease_dest d = dest_of(1), late = dest_of(2);
    struct wr_leasemirror_party before = wr_leasemirror_party(m, &a),
                                others = wr_leasemirror_party(m, &b);
    wr_leasemirror_note(m, &before, &d, 1000);
    wr_leasemirror_note(m, &others, &d, 1000);
    wr_leasemirror_forget(m, &a.client);
    struct wr_leasemirror_party now = wr_leasemirror_party(m, &a);
    assert_false(wr_leasemirror_holds(m, &now, &d, 0));
    assert_true(wr_leasemirror_holds(m, &others, &d, 1000));
    wr_leasemirror_note(m, &before, &late, 1000); /* granted by an ask of before */
    assert_false(wr_leasemirror_holds(m, &now, &late, 0));
    wr_leasemirror_note(m, &now, &d, 900);
    assert_true(wr_leasemirror_holds(m, &now, &d, 900));
    assert_false(wr_leasemirror_holds(m, &now, &d, 1000)); /* that one is gone */
    wr_leasemirror_clear(m);
    now = wr_leasemirror_party(m, &a);
    others = wr_leasemirror_party(m, &b);
    assert_false(wr_leasemirror_holds(m, &now, &d, 0));
    assert_false(wr_leasemirror_holds(m, &others, &d, 0));
}

static void test_an_address_that_has_another_mac_address(void **state)
{
    struct wr_leasemirror *m = fresh(64);
    struct wr_lease_ask a = ask_of(1, 7);
    struct wr_lease_dest d = dest_of(1);
    const uint8_t mac[2][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};
    wr_leasemirror_neighbour(m, &a.client, 3, mac[0]);
    struct wr_leasemirror_party p = wr_leasemirror_party(m, &a);
    wr_leasemirror_note(m, &p, &d, 1000);
    wr_leasemirror_neighbour(m, &a.client, 3, mac[0]); /* it is said again and again */
    p = wr_leasemirror_party(m, &a);
    assert_true(wr_leasemirror_holds(m, &p, &d, 1000));
    wr_leasemirror_neighbour(m, &a.client, 3, mac[1]);
    p = wr_leasemirror_party(m, &a);
    assert_false(wr_leasemirror_holds(m, &p, &d, 0));
    wr_leasemirror_note(m, &p, &d, 1000);
    wr_leasemirror_neighbour(m, &a.client, 3, mac[0]);
    p = wr_leasemirror_party(m, &a);
    assert_false(wr_leasemirror_holds(m, &p, &d, 0));
    for (uint32_t i = 0; i < 100000; i++) { /* so many that it is not remembered: all is as new */
        struct wr_addr other = {.family = WR_AF_V4, .ip = {172, (uint8_t)(i >> 16)}};
        other.ip[2] = (uint8_t)(i >> 8);
        other.ip[3] = (uint8_t)i;
        wr_leasemirror_neighbour(m, &other, 3, mac[0]);
    }
    p = wr_leasemirror_party(m, &a);
    wr_leasemirror_note(m, &p, &d, 1000);
    wr_leasemirror_neighbour(m, &a.client, 3, mac[0]);
    p = wr_leasemirror_party(m, &a);
    assert_false(wr_leasemirror_holds(m, &p, &d, 0));
}

/* As many as it was made for are there together, but for few; and of more the newest, which end last. */
static void test_room(void **state)
{
    struct wr_leasemirror *m = fresh(4096);
    struct wr_lease_ask ask = ask_of(1, 7);
    struct wr_leasemirror_party party = wr_leasemirror_party(m, &ask);
    unsigned there = 0;
    for (uint32_t i = 0; i < 4096; i++) {
        struct wr_lease_dest d = dest_of(i);
        wr_leasemirror_note(m, &party, &d, 1000 + i);
    }
    for (uint32_t i = 0; i < 4096; i++) {
        struct wr_lease_dest d = dest_of(i);
        there += wr_leasemirror_holds(m, &party, &d, 1000 + i);
    }
    assert_true(there > 3800);
    for (uint32_t i = 4096; i < 65536; i++) {
        struct wr_lease_dest d = dest_of(i);
        wr_leasemirror_note(m, &party, &d, 1000 + i);
    }
    there = 0;
    for (uint32_t i = 65536 - 1024; i < 65536; i++) {
        struct wr_lease_dest d = dest_of(i);
        there += wr_leasemirror_holds(m, &party, &d, 1000 + i);
    }
    assert_true(there > 1000);
}

enum { WORKERS = 4, ROUNDS = 20000, PLACES = 512 };

struct shared {
    struct wr_leasemirror *m;
    _Atomic uint32_t wrong;
};

static struct shared shared;

/* Each of them notes what ends at a second that follows from what it is of: nothing else may ever be told of it. */
static void *work(void *arg)
{
    uint32_t seed = (uint32_t)(uintptr_t)arg * 7919 + 1;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t n = seed >> 16 & (PLACES - 1);
        struct wr_lease_ask ask = ask_of((uint8_t)(n & 15), n & 15);
        struct wr_lease_dest d = dest_of(n);
        struct wr_leasemirror_party p = wr_leasemirror_party(shared.m, &ask);
        if (wr_leasemirror_holds(shared.m, &p, &d, 1001 + n)) {
            atomic_fetch_add(&shared.wrong, 1);
        }
        wr_leasemirror_note(shared.m, &p, &d, 1000 + n);
        if (i % 1000 == 0) {
            wr_leasemirror_forget(shared.m, &ask.client);
        }
    }
    return NULL;
}

static void test_many_at_once(void **state)
{
    pthread_t thread[WORKERS];
    shared.m = fresh(32); /* so few places that all write into the same ones */
    shared.wrong = 0;
    for (uintptr_t i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, work, (void *)i), 0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_join(thread[i], NULL);
    }
    assert_int_equal(shared.wrong, 0);
}

static int done(void **state)
{
    free(block);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_noted_is_there_until_it_ends),
        cmocka_unit_test(test_it_is_of_one_party),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_an_address_that_has_another_mac_address),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
