/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "resolve/checkpoint.h"

static const struct wr_hash_key secret = {{11, 22}}, other = {{11, 23}};
static const uint8_t id[WR_CHECKPOINT_ID_SIZE] = "an id of a file";
static const uint8_t cam[] = "\3cam\3iot\4test", address[] = {0, 4, 192, 0, 2, 1};

static struct wr_checkpoint_clock at(uint64_t mono_s, int64_t wall_s, bool proven, uint8_t boot)
{
    struct wr_checkpoint_clock c = {.now = {mono_s * WR_S, wall_s, proven}};

    memset(c.boot, boot, sizeof(c.boot));
    return c;
}

static struct wr_cache_key key_of_a(void)
{
    return (struct wr_cache_key){.name = cam, .type = WR_TYPE_A, .scope = 2};
}

static struct wr_cache_entry entry_of_a(uint32_t stored_s, uint32_t ttl)
{
    struct wr_cache_entry e = {.kind = WR_CACHE_RRSET,
                               .flags = WR_CACHE_WITH_SIGS,
                               .security = WR_SECURITY_INSECURE,
                               .rank = WR_RANK_ANSWER,
                               .stored_s = stored_s,
                               .ttl = ttl};

    e.rrset = (struct wr_rrset){.data = address,
                                .size = sizeof(address),
                                .type = WR_TYPE_A,
                                .class_ = WR_CLASS_IN,
                                .records = 1};
    return e;
}

/* A file of `batches` batches of `records` entries; entry n of batch b has ttl 1000 * b + n. */
struct file {
    uint8_t *bytes;
    size_t size;
    size_t ends[16]; /* ends[0]: of the header; ends[b]: of batch b */
    struct wr_checkpoint_chain chain;
};

static void append(struct file *f, unsigned b, unsigned records)
{
    struct wr_checkpoint_clock clock = at(1000 + b, 1700000000 + b, true, 7);
    struct wr_checkpoint_batch batch;
    struct wr_cache_key key = key_of_a();

    wr_checkpoint_start(&batch, f->bytes + f->size, 4096);
    for (unsigned i = 0; i < records; i++) {
        struct wr_cache_entry e = entry_of_a(900, 1000 * b + i);

        assert_int_equal(wr_checkpoint_add(&batch, &key, &e, 1000), WR_OK);
    }
    f->size += wr_checkpoint_finish(&batch, &f->chain, &clock);
    f->ends[b] = f->size;
}

static void make(struct file *f, unsigned batches, unsigned records)
{
    f->bytes = malloc(65536);
    assert_non_null(f->bytes);
    wr_checkpoint_file(&f->chain, &secret, id, f->bytes);
    f->ends[0] = f->size = WR_CHECKPOINT_FILE_HEADER;
    for (unsigned b = 1; b <= batches; b++) {
        append(f, b, records);
    }
}

/* Reads all; every record is one that was written. Returns how many; bit b of `ret_seen`: batch b had one. */
static unsigned read_all(const uint8_t *bytes, size_t size, struct wr_checkpoint_reader *r,
                         unsigned *ret_seen)
{
    struct wr_checkpoint_record record;
    unsigned count = 0;

    *ret_seen = 0;
    if (wr_checkpoint_open(r, &secret, bytes, size)) {
        return 0;
    }
    while (wr_checkpoint_next(r, &record) == WR_OK) {
        assert_int_equal(record.what, WR_CHECKPOINT_ENTRY);
        assert_true(wr_name_equal(record.name.wire, cam));
        assert_int_equal(record.key.type, WR_TYPE_A);
        assert_int_equal(record.key.scope, 2);
        assert_int_equal(record.age_s, 100);
        assert_int_equal(record.entry.rrset.size, sizeof(address));
        assert_memory_equal(record.entry.rrset.data, address, sizeof(address));
        assert_int_equal(record.entry.security, WR_SECURITY_INSECURE);
        assert_int_equal(record.entry.rank, WR_RANK_ANSWER);
        assert_int_equal(r->clock.now.wall_s, 1700000000 + record.entry.ttl / 1000);
        *ret_seen |= 1u << record.entry.ttl / 1000;
        count++;
    }
    return count;
}

static void what_is_written_is_read(void **state)
{
    struct wr_checkpoint_reader r;
    struct file f;
    unsigned seen;

    make(&f, 3, 4);
    assert_int_equal(read_all(f.bytes, f.size, &r, &seen), 12);
    assert_int_equal(seen, 2 | 4 | 8);
    assert_int_equal(r.good, f.size);
    assert_int_equal(r.damaged, 0);
    assert_memory_equal(&r.chain, &f.chain, sizeof(r.chain));
    free(f.bytes);
}

static void negative_answers_and_flushes_come_back(void **state)
{
    uint8_t room[4096], flat[64] = {0}, header[WR_CHECKPOINT_FILE_HEADER];
    struct wr_checkpoint_chain chain;
    struct wr_checkpoint_batch batch;
    struct wr_checkpoint_clock clock = at(50, 0, false, 1);
    struct wr_checkpoint_reader r;
    struct wr_checkpoint_record record;
    struct wr_cache_key key = key_of_a();
    struct wr_cache_entry e = {
        .kind = WR_CACHE_NXDOMAIN, .rcode = 3, .ede = 19, .ttl = 60, .sets = 1};
    struct wr_rrset set = entry_of_a(0, 60).rrset;
    struct wr_writer w;

    set.owner = cam;
    wr_buf_write_init(&w, flat, sizeof(flat));
    wr_rrset_put_flat(&w, &set);
    e.flat = flat;
    e.flat_size = (uint32_t)w.pos;
    key.type = 0;
    wr_checkpoint_file(&chain, &secret, id, header);
    memcpy(room, header, sizeof(header));
    wr_checkpoint_start(&batch, room + sizeof(header), 1024);
    assert_int_equal(wr_checkpoint_add_flush(&batch, cam + 4), WR_OK);
    assert_int_equal(wr_checkpoint_add(&batch, &key, &e, 50), WR_OK);
    assert_int_equal(
        wr_checkpoint_open(&r, &secret, room,
                           sizeof(header) + wr_checkpoint_finish(&batch, &chain, &clock)),
        WR_OK);
    assert_int_equal(wr_checkpoint_next(&r, &record), WR_OK);
    assert_int_equal(record.what, WR_CHECKPOINT_FLUSH);
    assert_true(wr_name_equal(record.name.wire, cam + 4));
    assert_int_equal(wr_checkpoint_next(&r, &record), WR_OK);
    assert_int_equal(record.entry.kind, WR_CACHE_NXDOMAIN);
    assert_int_equal(record.entry.rcode, 3);
    assert_int_equal(record.entry.ede, 19);
    assert_int_equal(record.entry.sets, 1);
    assert_int_equal(record.entry.flat_size, w.pos);
    assert_memory_equal(record.entry.flat, flat, w.pos);
    assert_int_equal(wr_checkpoint_next(&r, &record), WR_E_NOTFOUND);
}

/* A server may send an extended error for private use: what comes behind it in the batch must not suffer. */
static void a_private_error_costs_no_batch(void **state)
{
    uint8_t room[4096], header[WR_CHECKPOINT_FILE_HEADER];
    struct wr_checkpoint_chain chain;
    struct wr_checkpoint_batch batch;
    struct wr_checkpoint_clock clock = at(50, 0, false, 1);
    struct wr_checkpoint_reader r;
    struct wr_checkpoint_record record;
    struct wr_cache_key key = key_of_a();
    struct wr_cache_entry none = {
        .kind = WR_CACHE_NODATA, .ede = (int16_t)49152, .ttl = 60, .flat = address};
    struct wr_cache_entry e = entry_of_a(0, 60);

    wr_checkpoint_file(&chain, &secret, id, header);
    memcpy(room, header, sizeof(header));
    wr_checkpoint_start(&batch, room + sizeof(header), 1024);
    assert_int_equal(wr_checkpoint_add(&batch, &key, &none, 50), WR_OK);
    assert_int_equal(wr_checkpoint_add(&batch, &key, &e, 50), WR_OK);
    assert_int_equal(
        wr_checkpoint_open(&r, &secret, room,
                           sizeof(header) + wr_checkpoint_finish(&batch, &chain, &clock)),
        WR_OK);
    assert_int_equal(wr_checkpoint_next(&r, &record), WR_OK);
    assert_int_equal((uint16_t)record.entry.ede, 49152);
    assert_int_equal(wr_checkpoint_next(&r, &record), WR_OK);
    assert_int_equal(record.entry.kind, WR_CACHE_RRSET);
    assert_int_equal(wr_checkpoint_next(&r, &record), WR_E_NOTFOUND);
}

/* A power cut: the file ends anywhere. Whole batches before the cut are there, the cut one is not. */
static void a_cut_anywhere_loses_only_the_last_batch(void **state)
{
    struct wr_checkpoint_reader r;
    struct file f;
    unsigned seen;

    make(&f, 4, 3);
    for (size_t size = 0; size <= f.size; size++) {
        uint8_t *cut = malloc(size + 1);
        unsigned whole = 0;

        assert_non_null(cut);
        memcpy(cut, f.bytes, size);
        while (whole < 4 && f.ends[whole + 1] <= size) {
            whole++;
        }
        assert_int_equal(read_all(cut, size, &r, &seen), 3 * whole);
        if (size >= WR_CHECKPOINT_FILE_HEADER) {
            assert_int_equal(r.good, f.ends[whole]);
            assert_int_equal(r.damaged, 0);
        }
        free(cut);
    }
    free(f.bytes);
}

/* Any octet altered: its batch is gone, all others are there, nothing altered is given. */
static void a_flip_anywhere_loses_only_its_batch(void **state)
{
    struct wr_checkpoint_reader r;
    struct file f;
    unsigned seen;

    make(&f, 4, 3);
    for (size_t i = 0; i < f.size; i++) {
        for (unsigned bit = 0; bit < 8; bit += 3) {
            unsigned hit = 1;

            f.bytes[i] ^= (uint8_t)(1u << bit);
            while (i >= WR_CHECKPOINT_FILE_HEADER && f.ends[hit] <= i) {
                hit++;
            }
            if (i >= WR_CHECKPOINT_FILE_HEADER) {
                assert_int_equal(read_all(f.bytes, f.size, &r, &seen), 9);
                assert_int_equal(seen, (2 | 4 | 8 | 16) & ~(1u << hit));
                assert_int_equal(r.damaged, hit == 4 ? 0 : 1);
            } else if (i < 12 || i >= 16) {
                assert_int_equal(read_all(f.bytes, f.size, &r, &seen), 0);
            }
            f.bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
    free(f.bytes);
}

static void batches_cannot_be_moved_repeated_or_brought_in(void **state)
{
    struct wr_checkpoint_reader r;
    struct file f, g;
    uint8_t moved[65536];
    size_t one, two, n = WR_CHECKPOINT_FILE_HEADER;
    unsigned seen;

    make(&f, 2, 3);
    one = f.ends[1] - f.ends[0];
    two = f.ends[2] - f.ends[1];
    memcpy(moved, f.bytes, n);
    memcpy(moved + n, f.bytes + f.ends[1], two); /* the second first */
    memcpy(moved + n + two, f.bytes + n, one);
    read_all(moved, n + one + two, &r, &seen);
    assert_true(seen == 0 || seen == 2);
    memcpy(moved + n, f.bytes + n, one); /* the first twice */
    memcpy(moved + n + one, f.bytes + n, one);
    assert_int_equal(read_all(moved, n + 2 * one, &r, &seen), 3);
    make(&g, 1, 3);
    wr_checkpoint_file(&g.chain, &secret, (const uint8_t *)"another id of it", g.bytes);
    g.size = WR_CHECKPOINT_FILE_HEADER;
    append(&g, 1, 3);
    append(&g, 2, 3);
    memcpy(moved, f.bytes, f.ends[1]); /* the second of another file */
    memcpy(moved + f.ends[1], g.bytes + g.ends[1], g.size - g.ends[1]);
    assert_int_equal(read_all(moved, f.ends[1] + g.size - g.ends[1], &r, &seen), 3);
    assert_int_equal(wr_checkpoint_open(&r, &other, f.bytes, f.size), WR_OK);
    assert_int_equal(wr_checkpoint_next(&r, &(struct wr_checkpoint_record){0}), WR_E_NOTFOUND);
    free(f.bytes);
    free(g.bytes);
}

static void foreign_and_newer_files_are_named(void **state)
{
    struct wr_checkpoint_reader r;
    struct file f;

    make(&f, 1, 1);
    assert_int_equal(wr_checkpoint_open(&r, &secret, "something else entirely", 23), WR_E_FORMAT);
    assert_int_equal(wr_checkpoint_open(&r, &secret, f.bytes, 20), WR_E_SHORT);
    assert_int_equal(wr_checkpoint_open(&r, &secret, f.bytes, 0), WR_E_SHORT);
    f.bytes[11] = 2;
    assert_int_equal(wr_checkpoint_open(&r, &secret, f.bytes, f.size), WR_E_VERSION);
    free(f.bytes);
}

static void a_record_that_does_not_fit_is_taken_back(void **state)
{
    uint8_t room[256];
    struct wr_checkpoint_batch batch;
    struct wr_cache_key key = key_of_a();
    struct wr_cache_entry e = entry_of_a(900, 60);
    size_t before;

    wr_checkpoint_start(&batch, room, sizeof(room));
    for (int i = 0; wr_checkpoint_add(&batch, &key, &e, 1000) == WR_OK; i++) {
        assert_in_range(i, 0, 10);
    }
    before = batch.w.pos;
    assert_int_equal(wr_checkpoint_add(&batch, &key, &e, 1000), WR_E_FULL);
    assert_int_equal(batch.w.pos, before);
    assert_true(batch.records >= 2);
}

/* --- time ------------------------------------------------------------------------------------- */

static int64_t left_at(const struct wr_checkpoint_clock *then,
                       const struct wr_checkpoint_clock *now, uint32_t age_s, uint32_t ttl,
                       uint32_t stale_max_s)
{
    struct wr_checkpoint_record record = {.age_s = age_s};

    record.entry.ttl = ttl;
    if (!wr_checkpoint_age(then, now, stale_max_s, &record)) {
        return INT64_MIN;
    }
    return (int64_t)ttl - (int32_t)((uint32_t)(now->now.mono_us / WR_S) - record.entry.stored_s);
}

static void proven_time_ages_an_entry(void **state)
{
    struct wr_checkpoint_clock then = at(1000, 5000, true, 1), now = at(20, 5030, true, 2);

    assert_int_equal(left_at(&then, &now, 10, 100, 0), 60); /* another boot, 30 s by the wall */
    now = at(1040, 5030, true, 1);
    assert_int_equal(left_at(&then, &now, 10, 100, 0),
                     50); /* the same boot: the older of the two */
    now = at(1040, 4000, false, 1);
    assert_int_equal(left_at(&then, &now, 10, 100, 0), 50); /* the clock is not needed then */
    now = at(20, 5200, true, 2);
    assert_int_equal(left_at(&then, &now, 10, 100, 600), -110);
    assert_int_equal(left_at(&then, &now, 10, 100, 109), INT64_MIN);
}

static void unproven_time_counts_as_expired(void **state)
{
    struct wr_checkpoint_clock then = at(1000, 5000, true, 1), vague = at(1000, 5000, false, 1);
    struct wr_checkpoint_clock now = at(20, 5030, false, 2), back = at(20, 4999, true, 2);
    struct wr_checkpoint_clock sure = at(20, 5030, true, 2), earlier = at(999, 0, false, 1);

    assert_int_equal(left_at(&then, &now, 10, 100, 600), 0);   /* unset clock */
    assert_int_equal(left_at(&then, &back, 10, 100, 600), 0);  /* stepped back */
    assert_int_equal(left_at(&vague, &sure, 10, 100, 600), 0); /* was not sure when it wrote */
    assert_int_equal(left_at(&vague, &earlier, 10, 100, 600), 0);
    assert_int_equal(left_at(&then, &now, 150, 100, 600), -50); /* stale it was, and stale it is */
    assert_int_equal(left_at(&then, &now, 150, 100, 49), INT64_MIN);
    assert_int_equal(left_at(&then, &now, 10, 100, 0), 0);
}

static void absurd_times_are_left_out(void **state)
{
    struct wr_checkpoint_clock then = at(1000, 1, true, 1), now = at(20, INT64_MAX, true, 2);

    assert_int_equal(left_at(&then, &now, 10, 100, UINT32_MAX), INT64_MIN);
    then = at(1000, INT64_MIN, true, 1);
    assert_int_equal(left_at(&then, &now, 10, 100, 600), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(negative_answers_and_flushes_come_back),
        cmocka_unit_test(a_private_error_costs_no_batch),
        cmocka_unit_test(a_cut_anywhere_loses_only_the_last_batch),
        cmocka_unit_test(a_flip_anywhere_loses_only_its_batch),
        cmocka_unit_test(batches_cannot_be_moved_repeated_or_brought_in),
        cmocka_unit_test(foreign_and_newer_files_are_named),
        cmocka_unit_test(a_record_that_does_not_fit_is_taken_back),
        cmocka_unit_test(proven_time_ages_an_entry),
        cmocka_unit_test(unproven_time_counts_as_expired),
        cmocka_unit_test(absurd_times_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
