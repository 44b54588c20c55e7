/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/serve/logs.h"

#include "serve/logsegment.h"

static const uint8_t none[WR_LOGBLOCK_HASH];

/* Appends a block of so many events behind what the segment has. */
static void append(struct wr_logsegment *s, uint32_t first, uint32_t count)
{
    struct wr_logblock_writer *w;
    struct wr_logblock_head head;
    struct wr_ledger_event e;
    const uint8_t *bytes = NULL;
    assert_int_equal(wr_logblock_create(&w), WR_OK);
    for (uint32_t n = first; n < first + count; n++) {
        logs_event(n, &e);
        assert_int_equal(wr_logblock_add(w, &e), WR_OK);
    }
    size_t size = wr_logblock_build(w, s->hash, &bytes, &head);
    assert_int_equal(wr_logsegment_append(s, bytes, size, &head), WR_OK);
    wr_logblock_destroy(w);
}

struct box {
    char folder[64];
    int fd;
    struct wr_logsegment s;
};

/* A folder with segment 3, of two blocks; closed. */
static void set_up(struct box *b)
{
    logs_folder(b->folder);
    assert_int_equal(wr_logfolder_open(b->folder, true, &b->fd), WR_OK);
    assert_int_equal(wr_logsegment_begin(b->fd, 3, 2, none, 1700000000, &b->s), WR_OK);
    append(&b->s, 1, 10);
    append(&b->s, 11, 10);
    wr_logsegment_close(&b->s);
}

static void tear_down(struct box *b)
{
    wr_logsegment_close(&b->s);
    close(b->fd);
    logs_remove(b->folder);
}

static void change(const struct box *b, off_t size, off_t at)
{
    char path[128];
    uint8_t octet = 0;
    snprintf(path, sizeof(path), "%s/weir-0000000003.log", b->folder);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    if (at > 0) {
        assert_int_equal(pread(fd, &octet, 1, at), 1);
        octet ^= 0x40;
        assert_int_equal(pwrite(fd, &octet, 1, at), 1);
    }
    close(fd);
}

static void test_goes_on(void **state)
{
    struct box b;
    struct wr_logsegment again;
    struct wr_logsegment_start start;
    enum wr_logsegment_found found;
    uint64_t size;
    int fd;
    set_up(&b);
    uint64_t end = b.s.size;
    assert_int_equal(wr_logsegment_open(b.fd, 3, &again, &found), WR_OK);
    assert_int_equal(found, WR_LOGSEGMENT_WHOLE);
    assert_int_equal(again.size, end);
    assert_int_equal(again.last, 20);
    assert_memory_equal(again.hash, b.s.hash, sizeof(again.hash));
    append(&again, 21, 1);
    wr_logsegment_close(&again);
    assert_int_equal(wr_logsegment_read_open(b.fd, 3, &fd, &size, &start), WR_OK);
    assert_int_equal(size, again.size);
    assert_int_equal(start.lowest, 2);
    assert_int_equal(start.begun_s, 1700000000);
    close(fd);
    assert_int_equal(wr_logsegment_read_open(b.fd, 4, &fd, &size, &start), WR_E_NOTFOUND);
    assert_int_not_equal(wr_logsegment_begin(b.fd, 3, 3, none, 1, &again), WR_OK);
    tear_down(&b);
}

/* Wherever a write may have ended: what is whole stays, the rest is cut off. */
static void test_torn_anywhere(void **state)
{
    struct box b;
    struct wr_logsegment again;
    enum wr_logsegment_found found;
    set_up(&b);
    uint64_t end = b.s.size, second = 0;
    uint8_t head_bytes[WR_LOGBLOCK_HEAD];
    struct wr_logblock_head head;
    int fd = openat(b.fd, "weir-0000000003.log", O_RDONLY);
    assert_int_equal(wr_logsegment_read_head(fd, WR_LOGSEGMENT_HEAD, head_bytes, &head), WR_OK);
    close(fd);
    second = WR_LOGSEGMENT_HEAD + WR_LOGBLOCK_HEAD + (uint64_t)head.size;
    for (uint64_t cut = end - 1; cut > second; cut--) {
        change(&b, (off_t)cut, 0);
        assert_int_equal(wr_logsegment_open(b.fd, 3, &again, &found), WR_OK);
        assert_int_equal(found, WR_LOGSEGMENT_TORN);
        assert_int_equal(again.cut, cut - second);
        assert_int_equal(again.size, second);
        assert_int_equal(again.last, 10);
        append(&again, 11, 10);
        assert_int_equal(again.size, end);
        wr_logsegment_close(&again);
    }
    change(&b, (off_t)end + 4096, 0); /* the file had grown, and its octets were not written */
    assert_int_equal(wr_logsegment_open(b.fd, 3, &again, &found), WR_OK);
    assert_int_equal(found, WR_LOGSEGMENT_TORN);
    assert_int_equal(again.size, end);
    wr_logsegment_close(&again);
    tear_down(&b);
}

static void test_altered_stays_where_it_is(void **state)
{
    struct box b;
    struct wr_logsegment again;
    enum wr_logsegment_found found;
    struct wr_logfolder *folder = malloc(sizeof(*folder));
    assert_non_null(folder);
    set_up(&b);
    uint64_t end = b.s.size;
    change(&b, (off_t)end, WR_LOGSEGMENT_HEAD + WR_LOGBLOCK_HEAD + 9);
    assert_int_equal(wr_logsegment_open(b.fd, 3, &again, &found), WR_OK);
    assert_int_equal(found, WR_LOGSEGMENT_ALTERED);
    assert_int_equal(again.fd, -1);
    change(&b, (off_t)end, 2); /* its first octets */
    assert_int_equal(wr_logsegment_open(b.fd, 3, &again, &found), WR_OK);
    assert_int_equal(found, WR_LOGSEGMENT_ALTERED);
    assert_int_equal(wr_logfolder_list(b.fd, folder), WR_OK);
    assert_int_equal(folder->segments, 1);
    assert_int_equal(folder->number[0], 3);
    assert_int_equal(folder->octets, end);
    free(folder);
    tear_down(&b);
}

static void test_folder(void **state)
{
    struct box b;
    struct wr_logfolder *f = malloc(sizeof(*f));
    struct wr_logsegment s;
    int second;
    assert_non_null(f);
    set_up(&b);
    assert_int_equal(wr_logfolder_open(b.folder, true, &second), WR_E_BUSY);
    assert_int_equal(wr_logfolder_open(b.folder, false, &second), WR_OK);
    close(second);
    static const uint64_t numbers[] = {12, 7, 100, 1};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(wr_logsegment_begin(b.fd, numbers[i], 1, none, 1, &s), WR_OK);
        wr_logsegment_close(&s);
    }
    close(openat(b.fd, "weir-000000001.log", O_CREAT | O_WRONLY, 0600)); /* no segment's name */
    assert_int_equal(symlinkat("weir-0000000003.log", b.fd, "weir-0000000050.log"), 0);
    assert_int_equal(wr_logfolder_list(b.fd, f), WR_OK);
    static const uint64_t sorted[] = {1, 3, 7, 12, 100};
    assert_int_equal(f->segments, 5);
    assert_memory_equal(f->number, sorted, sizeof(sorted));
    enum wr_logsegment_found found;
    assert_int_equal(wr_logsegment_open(b.fd, 50, &s, &found), WR_E_DENIED);
    assert_int_equal(wr_logfolder_remove(b.fd, 7), WR_OK);
    assert_int_equal(wr_logfolder_list(b.fd, f), WR_OK);
    assert_int_equal(f->segments, 4);
    free(f);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_torn_anywhere),
        cmocka_unit_test(test_altered_stays_where_it_is),
        cmocka_unit_test(test_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
