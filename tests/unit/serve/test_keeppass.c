/* SPDX-License-Identifier: Apache-2.0 */
/* The write budget of the kept cache, over virtual days. */
#include "keeptest.h"

/* --- an idle home network, one day ---------------------------------------------------------------- */

/* 20 devices, 200 names of TTL 60 to 3600 s; each device asks one of its names every 20 to 600 s; a fifth of the names
 * are of pools whose address changes at each fetch. */
static void an_idle_day_writes_at_most_one_mebibyte(void **state)
{
    struct wr_rng rng;
    uint64_t next[20];
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);
    uint64_t fetches = 0, longest = 0, known = 0;
    struct wr_keep_status st;
    int64_t left;

    wr_rng_seed_u64(&rng, 20);
    for (int d = 0; d < 20; d++) {
        next[d] = 1000 + wr_rng_below(&rng, 300);
    }
    for (uint64_t s = 1000; s < 1000 + 86400; s++) {
        now = at(s);
        for (uint32_t d = 0; d < 20; d++) {
            uint32_t number = d * 10 + wr_rng_below(&rng, 10), ttl = 60 + number * 3540 / 199;

            if (s < next[d]) {
                continue;
            }
            next[d] = s + 20 + wr_rng_below(&rng, 580);
            if (get(wr_keep_cache(k), number, &now, &left) < 0 || left <= 0) {
                assert_int_equal(put(wr_keep_cache(k), number,
                                     number % 5 ? number : wr_rng_u32(&rng) >> 1, &now, ttl),
                                 WR_OK);
                fetches++;
            }
        }
        wr_keep_tick(k, &now);
        st = status_of(k, s);
        longest = st.interval_s > longest ? st.interval_s : longest;
    }
    print_message("# %lu fetches; %lu octets in %lu batches, longest interval %lu s, file %lu\n",
                  fetches, st.bytes_total, st.batches, longest, st.file_bytes);
    assert_true(st.bytes_total <= 1 << 20);
    assert_true(st.bytes_total > 10000);
    assert_true(st.last_age_s <= 3600);
    assert_int_equal(st.failures, 0);
    power_cut(k, 87400);
    now = at(87401);
    k = open_keep(&now, NULL);
    for (uint32_t i = 0; i < 200; i++) {
        known += value_of(wr_keep_cache(k), i, &now) >= 0;
    }
    assert_true(known >= 190);
    wr_keep_close(k, &now);
}

/* Everything changes all the time: the budget holds, the interval stretches to its maximum. */
static void a_storm_of_changes_stays_in_the_budget(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);
    struct wr_keep_status st;

    for (uint64_t s = 1000; s < 1000 + 86400; s++) {
        now = at(s);
        if (s % 60 == 0) {
            for (uint32_t i = 0; i < 600; i++) {
                put(wr_keep_cache(k), i, (uint32_t)(s * 600 + i) >> 1, &now, 7200);
            }
        }
        wr_keep_tick(k, &now);
    }
    st = status_of(k, 87400);
    print_message("# %lu octets in %lu batches, interval %lu s, file %lu\n", st.bytes_total,
                  st.batches, st.interval_s, st.file_bytes);
    assert_true(st.bytes_total <= 1 << 20);
    assert_true(st.bytes_total > 500000);
    assert_int_equal(st.interval_s, 3600);
    wr_keep_close(k, &now);
}

static void a_grown_file_is_written_anew(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);
    uint64_t s = 1000, largest = 0;
    bool shrunk = false;

    for (int hour = 0; hour < 3 * 24 && !shrunk; hour++) {
        for (int i = 0; i < 60; i++, s += 60) {
            now = at(s);
            for (uint32_t n = 0; n < 200; n++) {
                put(wr_keep_cache(k), n, (uint32_t)s + n, &now, 7200);
            }
            ticks(k, s, s + 60);
            shrunk |= (uint64_t)file_size() < largest;
            largest = (uint64_t)file_size() > largest ? (uint64_t)file_size() : largest;
        }
    }
    assert_true(shrunk);
    assert_true(largest >= 256 << 10);
    assert_false(exists(".new"));
    power_cut(k, s);
    now = at(s + 1);
    k = open_keep(&now, NULL);
    for (uint32_t n = 0; n < 200; n++) {
        assert_true(value_of(wr_keep_cache(k), n, &now) > 0);
    }
    wr_keep_close(k, &now);
}

/* A weir that is restarted every two minutes, with everything new each time: the budget is one for all its lives. */
static void restarts_share_one_budget(void **state)
{
    struct wr_now now = at(1000);
    uint64_t total = 0;

    for (uint64_t s = 1000; s < 1000 + 43200; s += 120) {
        struct wr_keep *k;

        now = at(s);
        k = open_keep(&now, NULL);
        for (uint32_t i = 0; i < 300; i++) {
            put(wr_keep_cache(k), i, (uint32_t)(s * 300 + i) >> 1, &now, 7200);
        }
        ticks(k, s, s + 100);
        now = at(s + 100);
        total += status_of(k, s + 100).bytes_total;
        wr_keep_close(k, &now);
    }
    print_message("# %lu octets in 12 hours of restarts\n", total);
    assert_true(total <= 1 << 20);
    assert_true(total > 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_idle_day_writes_at_most_one_mebibyte),
        TEST(a_storm_of_changes_stays_in_the_budget),
        TEST(a_grown_file_is_written_anew),
        TEST(restarts_share_one_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
