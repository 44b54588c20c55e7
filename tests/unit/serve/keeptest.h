/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the kept cache share: a directory and a path of their own, virtual time, a keep, names with one
 * A record each, and a power cut.
 */
#ifndef WEIR_TESTS_KEEPTEST_H
#define WEIR_TESTS_KEEPTEST_H

#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/rng.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "serve/keep.h"

#define CACHE_SIZE ((size_t)1 << 20)
#define WALL       1700000000

static char dir[64], path[128], live[64];
static uint64_t anchors = 1; /* by which what is opened is judged */
static uint8_t security;     /* of what is put */
static _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];

static inline int setup(void **state)
{
    anchors = 1;
    security = WR_SECURITY_UNCHECKED;
    strcpy(dir, "/tmp/weir-keep-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/cache", dir);
    snprintf(live, sizeof(live), "/dev/shm/weir-keep-%d", (int)getpid());
    unlink(live);
    return 0;
}

static inline int teardown(void **state)
{
    char command[256];

    unlink(live);
    snprintf(command, sizeof(command), "chmod -R u+w '%s'; rm -rf -- '%s'", dir, dir);
    return system(command);
}

static inline struct wr_now at(uint64_t s)
{
    return (struct wr_now){.mono_us = s * WR_S, .wall_s = WALL + (int64_t)s, .wall_proven = true};
}

static inline struct wr_keep *open_keep(const struct wr_now *now, const char *live_path)
{
    struct wr_keep_conf conf = {.cache_size = CACHE_SIZE,
                                .live_path = live_path,
                                .checkpoint_path = path,
                                .min_interval_ms = 60000,
                                .max_interval_ms = 3600000,
                                .budget_per_day_bytes = 1 << 20,
                                .stale_max_s = 86400,
                                .anchors = anchors};
    struct wr_keep *k;

    assert_int_equal(wr_keep_open(&conf, now, &k), WR_OK);
    wr_keep_load(k, now);
    return k;
}

/* d<number>.iot.test, one A record that says `value`. */
static inline void name_of(uint32_t number, struct wr_name *ret_name)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "d%u.iot.test", number);

    assert_int_equal(wr_name_from_text(text, (size_t)n, ret_name), WR_OK);
}

static inline int put(struct wr_cache *c, uint32_t number, uint32_t value, const struct wr_now *now,
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
    e.security = e.rrset.security = security;
    wr_cache_key_init(c, name.wire, WR_TYPE_A, 0, &key);
    return wr_cache_put(c, &key, e.stored_s, &e);
}

/* The value, or -1. */
static inline int64_t get(struct wr_cache *c, uint32_t number, const struct wr_now *now,
                          int64_t *ret_left)
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

static inline int64_t value_of(struct wr_cache *c, uint32_t number, const struct wr_now *now)
{
    int64_t left;

    return get(c, number, now, &left);
}

static inline void ticks(struct wr_keep *k, uint64_t from_s, uint64_t to_s)
{
    for (uint64_t s = from_s; s < to_s; s++) {
        struct wr_now now = at(s);

        wr_keep_tick(k, &now);
    }
}

static inline struct wr_keep_status status_of(struct wr_keep *k, uint64_t s)
{
    struct wr_now now = at(s);
    struct wr_keep_status st;

    wr_keep_status(k, &now, &st);
    return st;
}

/* Dies without a last checkpoint: the state of the file is copied, then the keep is closed and the copy put back. */
static inline void power_cut(struct wr_keep *k, uint64_t s)
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

static inline off_t file_size(void)
{
    struct stat st;

    return stat(path, &st) ? -1 : st.st_size;
}

static inline bool exists(const char *suffix)
{
    char other[160];

    snprintf(other, sizeof(other), "%s%s", path, suffix);
    return access(other, F_OK) == 0;
}

static inline void learn(struct wr_keep *k, uint32_t from, uint32_t to, const struct wr_now *now,
                         uint32_t ttl)
{
    for (uint32_t i = from; i < to; i++) {
        assert_int_equal(put(wr_keep_cache(k), i, i * 7, now, ttl), WR_OK);
        assert_int_equal(value_of(wr_keep_cache(k), i, now), i * 7); /* asked again: worth it */
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
