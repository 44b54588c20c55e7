/* SPDX-License-Identifier: Apache-2.0 */
#include "keeptest.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

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

static void what_other_anchors_judged_is_left_out(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);

    learn(k, 0, 5, &now, 600); /* not judged */
    security = WR_SECURITY_SECURE;
    learn(k, 5, 10, &now, 600);
    wr_keep_close(k, &now);
    k = open_keep(&now, NULL);
    assert_int_equal(value_of(wr_keep_cache(k), 4, &now), 28);
    assert_int_equal(value_of(wr_keep_cache(k), 9, &now), 63);
    wr_keep_close(k, &now);
    anchors = 2;
    k = open_keep(&now, NULL);
    assert_int_equal(value_of(wr_keep_cache(k), 4, &now), 28);
    assert_int_equal(value_of(wr_keep_cache(k), 9, &now), -1);
    wr_keep_anchors(k, 3); /* changed while it runs, before the last checkpoint */
    learn(k, 20, 25, &now, 600);
    wr_keep_close(k, &now);
    k = open_keep(&now, NULL);
    assert_int_equal(value_of(wr_keep_cache(k), 21, &now), -1);
    assert_int_equal(value_of(wr_keep_cache(k), 4, &now), 28);
    wr_keep_close(k, &now);
    anchors = 3;
    k = open_keep(&now, NULL);
    assert_int_equal(value_of(wr_keep_cache(k), 21, &now), 147);
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

static void what_an_altered_file_held_is_written_again(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);
    int fd;

    learn(k, 0, 50, &now, 6000);
    ticks(k, 1000, 1062);
    learn(k, 50, 100, &now, 6000);
    ticks(k, 1062, 1200);
    wr_keep_close(k, &now);
    fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, "XXXX", 4, 300), 4);
    close(fd);
    now = at(1201);
    k = open_keep(&now, NULL);
    ticks(k, 1201, 1400);
    power_cut(k, 1400);
    k = open_keep(&now, NULL);
    assert_int_equal(value_of(wr_keep_cache(k), 70, &now), 490);
    wr_keep_close(k, &now);
}

static void a_removed_file_is_begun_anew(void **state)
{
    struct wr_now now = at(1000);
    struct wr_keep *k = open_keep(&now, NULL);

    learn(k, 0, 50, &now, 6000);
    ticks(k, 1000, 1062);
    assert_int_equal(unlink(path), 0);
    learn(k, 50, 60, &now, 6000);
    ticks(k, 1062, 1500);
    assert_true(status_of(k, 1500).writing);
    power_cut(k, 1500);
    k = open_keep(&now, NULL);
    for (uint32_t i = 0; i < 60; i++) {
        assert_int_equal(value_of(wr_keep_cache(k), i, &now), i * 7);
    }
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
    /* What the disk did not take is not spent: it is there when there is room again. */
    assert_in_range(status_of(k, 1500).bytes_total, good,
                    good + 1000 * status_of(k, 1500).failures);
    ticks(k, 1500, 9000);
    assert_true(status_of(k, 9000).writing);
    power_cut(k, 9000);
    k = open_keep(&now, NULL);
    for (uint32_t i = 0; i < 300; i++) {
        assert_int_equal(value_of(wr_keep_cache(k), i, &now), i * 7);
    }
    wr_keep_close(k, &now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(foreign_files_are_put_aside),
        TEST(a_lost_key_makes_the_file_worthless),
        TEST(what_other_anchors_judged_is_left_out),
        TEST(an_altered_file_gives_what_is_whole_and_is_put_aside),
        TEST(what_an_altered_file_held_is_written_again),
        TEST(a_removed_file_is_begun_anew),
        TEST(no_damage_stops_it),
        TEST(another_weir_is_noticed),
        TEST(a_directory_that_is_not_there_is_tried_again),
        TEST(what_cannot_be_written_is_tried_again),
        TEST(a_full_disk_loses_nothing_that_was_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
