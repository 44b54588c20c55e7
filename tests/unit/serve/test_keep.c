/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/rng.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "serve/keep.h"

#define CACHE_SIZE ((size_t)1 << 20)
#define WALL       1700000000

static char dir[64], path[128], live[64];
static _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];

static int setup(void **state)
{
    strcpy(dir, "/tmp/weir-keep-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/cache", dir);
    snprintf(live, sizeof(live), "/dev/shm/weir-keep-%d", (int)getpid());
    unlink(live);
    return 0;
}

static int teardown(void **state)
{
    char command[256];

    unlink(live);
    snprintf(command, sizeof(command), "chmod -R u+w '%s'; rm -rf -- '%s'", dir, dir);
    return system(command);
}

static struct wr_now at(uint64_t s)
{
    return (struct wr_now){.mono_us = s * WR_S, .wall_s = WALL + (int64_t)s, .wall_proven = true};
}

static struct wr_keep *open_keep(const struct wr_now *now, const char *live_path)
{
    struct wr_keep_conf conf = {.cache_size = CACHE_SIZE,
                                .live_path = live_path,
                                .checkpoint_path = path,
                                .min_interval_ms = 60000,
                                .max_interval_ms = 3600000,
                                .budget_per_day_bytes = 1 << 20,
                                .stale_max_s = 86400};
    struct wr_keep *k;

    assert_int_equal(wr_keep_open(&conf, now, &k), WR_OK);
    wr_keep_load(k, now);
    return k;
}

/* d<number>.iot.test, one A record that says `value`. */
static void name_of(uint32_t number, struct wr_name *ret_name)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "d%u.iot.test", number);

    assert_int_equal(wr_name_from_text(text, (size_t)n, ret_name), WR_OK);
}

static int put(struct wr_cache *c, uint32_t number, uint32_t value, const struct wr_now *now,
               uint32_t ttl)
{
    uint8_t data[] = {0,
                      4,
                      (uint8_t)(value >> 24),
                      (uint8_t)(value >> 16),
                      (uint8_t)(value >> 8),
                      (uint8_t)value};
    struct wr_cache_entry e = {.kind = WR_CACHE_RRSET, .rank = WR_RANK_ANSWER, .ttl = ttl};
    struct wr_cache_key key;
    struct wr_name name;

    name_of(number, &name);
    e.stored_s = (uint32_t)(now->mono_us / WR_S);
    e.rrset.data = data;
    e.rrset.size = sizeof(data);
    e.rrset.records = 1;
    e.rrset.type = WR_TYPE_A;
    e.rrset.class_ = WR_CLASS_IN;
    wr_cache_key_init(c, name.wire, WR_TYPE_A, 0, &key);
    return wr_cache_put(c, &key, e.stored_s, &e);
}

/* The value, or -1. */
static int64_t get(struct wr_cache *c, uint32_t number, const struct wr_now *now, int64_t *ret_left)
{
    struct wr_cache_entry e;
    struct wr_cache_key key;
    struct wr_name name;
    const uint8_t *d;

    name_of(number, &name);
    wr_cache_key_init(c, name.wire, WR_TYPE_A, 0, &key);
    if (wr_cache_get(c, &key, (uint32_t)(now->mono_us / WR_S), false, scratch, &e)) {
        return -1;
    }
    assert_int_equal(e.rrset.size, 6);
    d = e.rrset.data + 2;
    *ret_left = e.ttl_left;
    return (int64_t)d[0] << 24 | d[1] << 16 | d[2] << 8 | d[3];
}

static int64_t value_of(struct wr_cache *c, uint32_t number, const struct wr_now *now)
{
    int64_t left;

    return get(c, number, now, &left);
}

static void ticks(struct wr_keep *k, uint64_t from_s, uint64_t to_s)
{
    for (uint64_t s = from_s; s < to_s; s++) {
        struct wr_now now = at(s);

        wr_keep_tick(k, &now);
    }
}

static struct wr_keep_status status_of(struct wr_keep *k, uint64_t s)
{
    struct wr_now now = at(s);
    struct wr_keep_status st;

    wr_keep_status(k, &now, &st);
    return st;
}

/* Dies without a last checkpoint: the state of the file is copied, then the keep is closed and the copy put back. */
static void power_cut(struct wr_keep *k, uint64_t s)
{
    char command[512];
    struct wr_now now = at(s);

    snprintf(command, sizeof(command),
             "cd '%s' && mkdir saved && for f in cache*; do cp -p $f saved/; done", dir);
    assert_int_equal(system(command), 0);
    wr_keep_close(k, &now);
    snprintf(command, sizeof(command), "cd '%s' && rm -f cache* && mv saved/* . && rmdir saved",
             dir);
    assert_int_equal(system(command), 0);
}

static off_t file_size(void)
{
    struct stat st;

    return stat(path, &st) ? -1 : st.st_size;
}

static bool exists(const char *suffix)
{
    char other[160];

    snprintf(other, sizeof(other), "%s%s", path, suffix);
    return access(other, F_OK) == 0;
}

static void learn(struct wr_keep *k, uint32_t from, uint32_t to, const struct wr_now *now,
                  uint32_t ttl)
{
    for (uint32_t i = from; i < to; i++) {
        assert_int_equal(put(wr_keep_cache(k), i, i * 7, now, ttl), WR_OK);
        assert_int_equal(value_of(wr_keep_cache(k), i, now), i * 7); /* asked again: worth it */
    }
}

static void what_was_checkpointed_survives_a_power_cut(void **state)
{
    struct wr_now now = at(1000), later = at(1300);
    struct wr_keep *k = open_keep(&now, NULL);
    int64_t left;

    learn(k, 0, 200, &now, 600);
    ticks(k, 1000, 1062);
    assert_int_equal(status_of(k, 1062).last_age_s, 2);
    learn(k, 200, 210, &now, 600); /* after the checkpoint */
    power_cut(k, 1063);
    later.mono_us = 50 * WR_S; /* another boot: its monotonic clock began again */
    k = open_keep(&later, NULL);
    assert_int_equal(status_of(k, 50).loaded, 200);
    for (uint32_t i = 0; i < 210; i++) {
        int64_t value = get(wr_keep_cache(k), i, &later, &left);

        assert_int_equal(value, i < 200 ? (int64_t)i * 7 : -1);
        /* Stored at 1000; now 1300 by the wall. (Same machine in this test: the boot is the same, but its clock went
         * back, so only the wall counts.) */
        assert_true(i >= 200 || left == 300);
    }
    wr_keep_close(k, &later);
}

static void an_unset_clock_makes_everything_stale(void **state)
{
    struct wr_now now = at(1000), boot = {.mono_us = 5 * WR_S, .wall_s = 0, .wall_proven = false};
    struct wr_keep *k = open_keep(&now, NULL);
    int64_t left;

    learn(k, 0, 10, &now, 600);
    wr_keep_close(k, &now);
    k = open_keep(&boot, NULL);
    assert_int_equal(get(wr_keep_cache(k), 3, &boot, &left), 21);
    assert_int_equal(left, 0);
    boot.mono_us += 100 * WR_S;
    assert_int_equal(get(wr_keep_cache(k), 3, &boot, &left), 21);
    assert_int_equal(left, -100); /* its stale bound runs in running time */
    wr_keep_close(k, &boot);
}

static void a_close_is_a_checkpoint(void **state)
{
    struct wr_now now = at(1000), soon = at(1001);
    struct wr_keep *k = open_keep(&now, NULL);

    learn(k, 0, 100, &now, 600);
    wr_keep_close(k, &soon);
    k = open_keep(&soon, NULL);
    assert_int_equal(value_of(wr_keep_cache(k), 99, &soon), 99 * 7);
    wr_keep_close(k, &soon);
}

static void a_refresh_writes_nothing(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);
    uint64_t written;

    learn(k, 0, 200, &now, 60);
    ticks(k, 1000, 1070);
    written = status_of(k, 1070).bytes_total;
    assert_true(written > 200 * 30);
    for (uint64_t s = 1070; s < 8000; s += 60) {
        now = at(s);
        learn(k, 0, 200, &now, 60);
        ticks(k, s, s + 60);
    }
    assert_int_equal(status_of(k, 8000).bytes_total, written);
    power_cut(k, 8001);
}

static void a_flush_is_not_undone_by_a_restart(void **state)
{
    struct wr_now now = at(1000), soon = at(1100);
    struct wr_keep *k = open_keep(&now, NULL);
    struct wr_name name;

    learn(k, 0, 20, &now, 600);
    ticks(k, 1000, 1062);
    name_of(5, &name);
    wr_cache_flush(wr_keep_cache(k), name.wire);
    wr_keep_flushed(k, name.wire);
    ticks(k, 1062, 1064);
    power_cut(k, 1064);
    k = open_keep(&soon, NULL);
    assert_int_equal(value_of(wr_keep_cache(k), 5, &soon), -1);
    assert_int_equal(value_of(wr_keep_cache(k), 6, &soon), 42);
    wr_keep_close(k, &soon);
}

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

/* --- bad files --------------------------------------------------------------------------------- */

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *f = fopen(name, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
}

static void foreign_files_are_put_aside(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } files[] = {
        {"", 0},
        {"weirk", 5},
        {"#!/bin/sh\necho this is no cache\n", 33},
        {"weirkeep\0\0\0\2\0\0\0\0................and what a later version writes", 60},
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct wr_now now = at(1000);
        struct wr_keep *k;

        write_file(path, files[i].bytes, files[i].size);
        k = open_keep(&now, NULL);
        assert_true(exists(".bad"));
        learn(k, 0, 5, &now, 600);
        ticks(k, 1000, 1062);
        assert_true(status_of(k, 1062).writing);
        assert_int_equal(status_of(k, 1062).failures, 0);
        wr_keep_close(k, &now);
        k = open_keep(&now, NULL);
        assert_int_equal(value_of(wr_keep_cache(k), 4, &now), 28);
        wr_keep_close(k, &now);
        assert_int_equal(unlink(path), 0);
    }
}

static void a_lost_key_makes_the_file_worthless(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);
    char key[160];

    learn(k, 0, 5, &now, 600);
    wr_keep_close(k, &now);
    snprintf(key, sizeof(key), "%s.key", path);
    assert_int_equal(unlink(key), 0);
    k = open_keep(&now, NULL);
    assert_int_equal(value_of(wr_keep_cache(k), 4, &now), -1);
    assert_true(exists(".bad"));
    wr_keep_close(k, &now);
}

static void an_altered_file_gives_what_is_whole_and_is_put_aside(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);
    int fd;

    learn(k, 0, 50, &now, 600);
    ticks(k, 1000, 1062);
    learn(k, 50, 100, &now, 600);
    ticks(k, 1062, 1200);
    wr_keep_close(k, &now);
    fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, "XXXX", 4, 300), 4); /* in the first batch */
    close(fd);
    now = at(1201);
    k = open_keep(&now, NULL);
    assert_int_equal(value_of(wr_keep_cache(k), 10, &now), -1);
    assert_int_equal(value_of(wr_keep_cache(k), 70, &now), 490);
    assert_true(exists(".bad"));
    wr_keep_close(k, &now);
}

/* Cut and flipped at seeded places of the real file: no reading fails, nothing wrong is given, and writing goes on. */
static void no_damage_stops_it(void **state)
{
    static uint8_t bytes[65536];
    struct wr_rng rng;
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);
    size_t size;
    FILE *f;

    for (uint32_t b = 0; b < 5; b++) {
        learn(k, b * 20, b * 20 + 20, &now, 6000);
        ticks(k, 1000 + b * 130, 1130 + b * 130);
    }
    wr_keep_close(k, &now);
    f = fopen(path, "rb");
    size = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    assert_in_range(size, 2000, sizeof(bytes) - 1);
    wr_rng_seed_u64(&rng, 4);
    now = at(2000);
    for (int i = 0; i < 100; i++) {
        size_t cut = wr_rng_below(&rng, (uint32_t)size + 1),
               flip = wr_rng_below(&rng, (uint32_t)size);

        bytes[flip] ^= 4;
        write_file(path, bytes, i % 2 ? cut : size);
        bytes[flip] ^= 4;
        k = open_keep(&now, NULL);
        for (uint32_t n = 0; n < 100; n++) {
            int64_t value = value_of(wr_keep_cache(k), n, &now);

            assert_true(value == -1 || value == n * 7);
        }
        learn(k, 500, 501, &now, 6000);
        wr_keep_close(k, &now);
        k = open_keep(&now, NULL);
        assert_int_equal(value_of(wr_keep_cache(k), 500, &now), 3500);
        wr_keep_close(k, &now);
    }
}

static void another_weir_is_noticed(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL), *other = open_keep(&now, NULL);

    assert_true(status_of(k, 1000).writing);
    assert_false(status_of(other, 1000).writing);
    assert_true(strlen(status_of(other, 1000).problem) > 0);
    learn(other, 0, 5, &now, 600);
    ticks(other, 1000, 1100);
    assert_int_equal(status_of(other, 1100).bytes_total, 0);
    wr_keep_close(k, &now);
    ticks(other, 1100, 1300); /* the first is gone: it takes over */
    assert_true(status_of(other, 1300).writing);
    assert_true(status_of(other, 1300).bytes_total > 0);
    wr_keep_close(other, &now);
}

static void a_directory_that_is_not_there_is_tried_again(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k;

    snprintf(path, sizeof(path), "%s/not/there", dir);
    k = open_keep(&now, NULL);
    learn(k, 0, 5, &now, 600);
    ticks(k, 1000, 1200);
    assert_false(status_of(k, 1200).writing);
    assert_int_equal(value_of(wr_keep_cache(k), 4, &now), 28);
    snprintf(path, sizeof(path), "%s/not", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    ticks(k, 1200, 1400);
    assert_true(status_of(k, 1400).writing);
    wr_keep_close(k, &now);
}

static void what_cannot_be_written_is_tried_again(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);
    char key[160];

    /* A directory where the file should be: it cannot be made. */
    snprintf(key, sizeof(key), "%s", path);
    assert_int_equal(mkdir(key, 0700), 0);
    learn(k, 0, 50, &now, 6000);
    ticks(k, 1000, 4000);
    assert_in_range(status_of(k, 4000).failures, 2, 10);
    assert_false(status_of(k, 4000).writing);
    assert_int_equal(rmdir(key), 0);
    ticks(k, 4000, 12000);
    assert_true(status_of(k, 12000).writing);
    assert_true(file_size() > 1000);
    wr_keep_close(k, &now);
}

/* A limit on the size of files stands for a full disk (it holds for root too): write() gives an error in the middle. */
static void a_full_disk_loses_nothing_that_was_written(void **state)
{
    struct rlimit before, small;
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);
    off_t good;

    learn(k, 0, 50, &now, 6000);
    ticks(k, 1000, 1062);
    good = file_size();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = (rlim_t)good + 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    learn(k, 50, 300, &now, 6000);
    ticks(k, 1062, 1500);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_in_range(status_of(k, 1500).failures, 1, 5);
    assert_false(status_of(k, 1500).writing);
    assert_int_equal(file_size(), good);
    ticks(k, 1500, 9000);
    assert_true(status_of(k, 9000).writing);
    power_cut(k, 9000);
    k = open_keep(&now, NULL);
    for (uint32_t i = 0; i < 300; i++) {
        assert_int_equal(value_of(wr_keep_cache(k), i, &now), i * 7);
    }
    wr_keep_close(k, &now);
}

/* --- kill -9 ----------------------------------------------------------------------------------- */

/* The child stores names as fast as it can and says each that is stored; it never returns. */
static void learn_for_ever(int pipe_fd, uint32_t first)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, live);

    for (uint32_t i = first;; i++) {
        uint32_t number = i % 500;

        if (put(wr_keep_cache(k), number, i, &now, 600) == WR_OK &&
            write(pipe_fd, &i, sizeof(i)) != sizeof(i)) {
            _exit(1);
        }
        (void)value_of(wr_keep_cache(k), number, &now);
    }
}

/* Kills a child after it said `count` names; `known` gets what it said. */
static void run_and_kill(uint32_t count, uint32_t delay_us, uint32_t first, uint32_t *known)
{
    uint32_t said[256], number;
    int fds[2], status;
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        learn_for_ever(fds[1], first);
    }
    close(fds[1]);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(read(fds[0], &number, sizeof(number)), sizeof(number));
        known[number % 500] = number;
    }
    usleep(delay_us);
    assert_int_equal(kill(pid, SIGKILL), 0);
    while ((n = read(fds[0], said, sizeof(said))) > 0) {
        for (ssize_t i = 0; i < n / (ssize_t)sizeof(uint32_t); i++) {
            known[said[i] % 500] = said[i];
        }
    }
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static void kill_9_at_200_points_loses_nothing_that_was_stored(void **state)
{
    uint32_t known[500] = {0}, first = 1;
    struct wr_now now = at(1000);
    struct wr_rng rng;

    wr_rng_seed_u64(&rng, 9);
    for (int point = 0; point < 200; point++) {
        struct wr_keep *k;

        run_and_kill(1 + wr_rng_below(&rng, 700), wr_rng_below(&rng, 300), first, known);
        k = open_keep(&now, live);
        if (!status_of(k, 1000).live) {
            wr_keep_close(k, &now);
            skip(); /* no tmpfs at /dev/shm */
        }
        assert_true(wr_keep_warm(k));
        for (uint32_t i = 0; i < 500; i++) {
            int64_t value = value_of(wr_keep_cache(k), i, &now);

            /* What was said is there, or the one store that was under way when it was killed. */
            assert_true(known[i] == 0 || value == known[i] || value > known[i]);
            first = value > (int64_t)first ? (uint32_t)value : first;
        }
        first++;
        wr_keep_close(k, &now);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_checkpointed_survives_a_power_cut),
        TEST(an_unset_clock_makes_everything_stale),
        TEST(a_close_is_a_checkpoint),
        TEST(a_refresh_writes_nothing),
        TEST(a_flush_is_not_undone_by_a_restart),
        TEST(an_idle_day_writes_at_most_one_mebibyte),
        TEST(a_storm_of_changes_stays_in_the_budget),
        TEST(a_grown_file_is_written_anew),
        TEST(foreign_files_are_put_aside),
        TEST(a_lost_key_makes_the_file_worthless),
        TEST(an_altered_file_gives_what_is_whole_and_is_put_aside),
        TEST(no_damage_stops_it),
        TEST(another_weir_is_noticed),
        TEST(a_directory_that_is_not_there_is_tried_again),
        TEST(what_cannot_be_written_is_tried_again),
        TEST(a_full_disk_loses_nothing_that_was_written),
        TEST(kill_9_at_200_points_loses_nothing_that_was_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
