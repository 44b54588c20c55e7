/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "policy/device.h"

static const struct wr_hash_key key = {{11, 22}};

static struct wr_device_table *fresh(uint32_t keys)
{
    size_t size = wr_device_size(keys);
    void *block = aligned_alloc(64, size);
    assert_non_null(block);
    memset(block, 0xee, size); /* the block may hold anything */
    return wr_device_init(block, keys, &key);
}

static struct wr_addr addr_of(const char *text)
{
    struct wr_addr a;
    assert_int_equal(wr_addr_from_text(text, &a), WR_OK);
    return a;
}

static void put(struct wr_device_table *t, const char *addr, uint32_t ifindex, uint32_t device)
{
    struct wr_addr a = addr_of(addr);
    struct wr_who who = {.device = device,
                         .groups = (uint64_t)device << 40,
                         .segment = 7,
                         .state = WR_WHO_KNOWN,
                         .sure = 90};
    assert_int_equal(wr_device_put(t, wr_device_key(t, &a, ifindex), &who), WR_OK);
}

static uint32_t find(const struct wr_device_table *t, const char *addr, uint32_t ifindex)
{
    struct wr_addr a = addr_of(addr);
    struct wr_who who = {0};
    return wr_device_find(t, &a, ifindex, "", false, &who) ? who.device : 0;
}

static void test_addresses(void **state)
{
    struct wr_device_table *t = fresh(100);
    put(t, "192.0.2.1", 0, 1);
    put(t, "2001:db8::1", 0, 2);
    put(t, "c000:201::", 0, 3); /* the octets of 192.0.2.1, and zeros */
    put(t, "fe80::1", 4, 4);
    put(t, "fe80::1", 5, 5);
    assert_int_equal(find(t, "192.0.2.1", 9), 1); /* the interface does not count */
    assert_int_equal(find(t, "192.0.2.1:5353", 0), 1);
    assert_int_equal(find(t, "2001:db8::1", 3), 2);
    assert_int_equal(find(t, "c000:201::", 0), 3);
    assert_int_equal(find(t, "fe80::1", 4), 4);
    assert_int_equal(find(t, "fe80::1", 5), 5);
    assert_int_equal(find(t, "fe80::1", 6), 0);
    assert_int_equal(find(t, "192.0.2.2", 0), 0);
    struct wr_addr a = addr_of("192.0.2.1");
    struct wr_who who;
    assert_true(wr_device_find(t, &a, 0, "", false, &who));
    assert_int_equal(who.groups, (uint64_t)1 << 40);
    assert_int_equal(who.segment, 7);
    assert_int_equal(who.state, WR_WHO_KNOWN);
    assert_int_equal(who.sure, 90);
    put(t, "192.0.2.1", 0, 8);
    assert_int_equal(find(t, "192.0.2.1", 0), 8);
    wr_device_remove(t, wr_device_key(t, &a, 0));
    wr_device_remove(t, wr_device_key(t, &a, 0));
    assert_int_equal(find(t, "192.0.2.1", 0), 0);
    free(t);
}

static void test_claims(void **state)
{
    struct wr_device_table *t = fresh(100);
    struct wr_addr known = addr_of("192.0.2.1"), unknown = addr_of("192.0.2.9");
    struct wr_who who = {.device = 6, .sure = 99, .state = WR_WHO_KNOWN};
    put(t, "192.0.2.1", 0, 1);
    assert_int_equal(wr_device_put(t, wr_device_claim_key(t, "tv", true), &who), WR_OK);
    who.device = 7;
    assert_int_equal(wr_device_put(t, wr_device_claim_key(t, "radio", false), &who), WR_OK);
    assert_true(wr_device_find(t, &known, 0, "tv", true, &who));
    assert_int_equal(who.device, 6); /* a proof goes before the address */
    assert_true(wr_device_find(t, &known, 0, "tv", false, &who));
    assert_int_equal(who.device, 1); /* a word does not */
    assert_true(wr_device_find(t, &known, 0, "radio", false, &who));
    assert_int_equal(who.device, 1);
    assert_true(wr_device_find(t, &unknown, 0, "radio", false, &who));
    assert_int_equal(who.device, 7);
    assert_int_equal(who.sure, 40);
    assert_false(wr_device_find(t, &unknown, 0, "tv", false, &who)); /* to be proven */
    assert_false(wr_device_find(t, &unknown, 0, "toaster", true, &who));
    free(t);
}

/* Everything that was put is found, however full, and what was removed is not; then a flood is refused and hurts nobody. */
/* Where strangers are in quarantine, who only says who he is is a stranger. */
static void test_claims_where_strangers_are_shut_off(void **state)
{
    struct wr_device_table *t = fresh(100);
    struct wr_addr unknown = addr_of("192.0.2.9");
    struct wr_who who = {.device = 7, .sure = 99, .state = WR_WHO_KNOWN};
    assert_int_equal(wr_device_put(t, wr_device_claim_key(t, "radio", false), &who), WR_OK);
    assert_int_equal(wr_device_put(t, wr_device_claim_key(t, "tv", true), &who), WR_OK);
    who = (struct wr_who){.state = WR_WHO_QUARANTINED, .sure = 40};
    assert_int_equal(wr_device_put(t, wr_device_interface_key(t, 3), &who), WR_OK);
    wr_device_shut(t, 1);
    assert_true(wr_device_find(t, &unknown, 3, "radio", false, &who));
    assert_int_equal(who.state, WR_WHO_QUARANTINED);
    assert_true(wr_device_find(t, &unknown, 3, "tv", true, &who)); /* a proof is one */
    assert_int_equal(who.state, WR_WHO_KNOWN);
    assert_true(wr_device_find(t, &unknown, 4, "radio", false, &who));
    assert_int_equal(who.state, WR_WHO_KNOWN);
    free(t);
}

static void test_full(void **state)
{
    enum { KEYS = 4096 };
    struct wr_device_table *t = fresh(KEYS);
    uint64_t seed = 1;
    struct wr_who who = {.device = 1};
    for (uint32_t i = 1; i <= KEYS; i++) {
        who.device = i;
        assert_int_equal(wr_device_put(t, wr_hash_mix(i), &who), WR_OK);
    }
    for (uint32_t i = 1; i <= KEYS; i += 2) {
        wr_device_remove(t, wr_hash_mix(i));
    }
    for (uint32_t i = 1; i <= KEYS; i++) {
        assert_int_equal(wr_device_get(t, wr_hash_mix(i), &who), i % 2 == 0);
        assert_true(i % 2 == 1 || who.device == i);
    }
    unsigned refused = 0;
    for (uint32_t i = 1; i <= 4 * KEYS; i++) {
        seed = wr_hash_mix(seed + i);
        refused += wr_device_put(t, seed | 1, &who) == WR_E_FULL;
    }
    assert_true(refused > KEYS);
    for (uint32_t i = 2; i <= KEYS; i += 2) {
        assert_true(wr_device_get(t, wr_hash_mix(i), &who) && who.device == i);
    }
    free(t);
}

/* Many keys of one line, so that the lines behind are used as well. */
static void test_neighbours_of_a_line(void **state)
{
    struct wr_device_table *t = fresh(64);
    struct wr_who who = {0};
    for (uint64_t i = 1; i <= 12; i++) {
        who.device = (uint32_t)i;
        assert_int_equal(wr_device_put(t, i << 32 | 5, &who), WR_OK);
    }
    for (uint64_t i = 1; i <= 12; i += 3) {
        wr_device_remove(t, i << 32 | 5);
    }
    for (uint64_t i = 1; i <= 12; i++) {
        assert_int_equal(wr_device_get(t, i << 32 | 5, &who), i % 3 != 1);
    }
    for (uint64_t i = 1; i <= 12; i++) {
        wr_device_remove(t, i << 32 | 5);
    }
    assert_false(wr_device_get(t, (uint64_t)1 << 32 | 5, &who));
    free(t);
}

#define MOVERS 16
#define ROUNDS 20000

struct job {
    struct wr_device_table *t;
    _Atomic int stop;
    unsigned found, torn, missed;
};

/* What the writer puts fits together: a reader sees the one or the other, never a mixture, and never nothing. */
static void *reader(void *arg)
{
    struct job *job = arg;
    while (!atomic_load(&job->stop) || job->found == 0) {
        for (uint64_t i = 1; i <= MOVERS; i++) {
            struct wr_who who;
            if (!wr_device_get(job->t, i << 32 | 3, &who)) {
                job->missed++;
                continue;
            }
            job->found++;
            job->torn +=
                who.groups != who.device * (uint64_t)0x10001 || who.segment != (uint16_t)who.device;
        }
    }
    return NULL;
}

static void test_readers_never_wait(void **state)
{
    static struct job job;
    pthread_t t[2];
    struct wr_who who = {0};
    job.t = fresh(64);
    for (uint64_t i = 1; i <= MOVERS; i++) {
        assert_int_equal(wr_device_put(job.t, i << 32 | 3, &who), WR_OK);
    }
    assert_int_equal(pthread_create(&t[0], NULL, reader, &job), 0);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        who.device = round;
        who.groups = round * (uint64_t)0x10001;
        who.segment = (uint16_t)round;
        assert_int_equal(wr_device_put(job.t, (uint64_t)(round % MOVERS + 1) << 32 | 3, &who),
                         WR_OK);
    }
    atomic_store(&job.stop, 1);
    pthread_join(t[0], NULL);
    assert_int_equal(job.torn, 0);
    assert_int_equal(job.missed, 0);
    assert_true(job.found > 0);
    free(job.t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_claims_where_strangers_are_shut_off),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_neighbours_of_a_line),
        cmocka_unit_test(test_readers_never_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
