/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/serve/logs.h"

#include "serve/logread.h"
#include "serve/logsegment.h"

/* Segments 1..n of `blocks` blocks with ten events each, in a folder; `lowest` stands in the last one's head. */
static void fill(const char *folder, uint32_t segments, uint32_t blocks, uint64_t lowest)
{
    struct wr_logblock_writer *w;
    struct wr_logblock_head head;
    struct wr_logsegment s;
    struct wr_ledger_event e;
    uint8_t hash[WR_LOGBLOCK_HASH] = {0};
    const uint8_t *bytes = NULL;
    uint32_t n = 0;
    int fd;
    assert_int_equal(wr_logfolder_open(folder, true, &fd), WR_OK);
    assert_int_equal(wr_logblock_create(&w), WR_OK);
    for (uint32_t i = 1; i <= segments; i++) {
        assert_int_equal(wr_logsegment_begin(fd, i, i == segments ? lowest : 1, hash, 1, &s),
                         WR_OK);
        for (uint32_t b = 0; b < blocks; b++) {
            wr_logblock_clear(w);
            for (uint32_t k = 0; k < 10; k++) {
                logs_event(++n, &e);
                assert_int_equal(wr_logblock_add(w, &e), WR_OK);
            }
            size_t size = wr_logblock_build(w, s.hash, &bytes, &head);
            assert_int_equal(wr_logsegment_append(&s, bytes, size, &head), WR_OK);
        }
        memcpy(hash, s.hash, sizeof(hash));
        wr_logsegment_close(&s);
    }
    wr_logblock_destroy(w);
    close(fd);
}

static int walk(const char *folder, const struct wr_logread_want *want, uint64_t *ret_events,
                char ret_trouble[200])
{
    struct wr_logread *r;
    struct wr_ledger_event e;
    int err;
    *ret_events = 0;
    assert_int_equal(wr_logread_open(folder, want, &r), WR_OK);
    while ((err = wr_logread_step(r)) == WR_OK) {
        while (wr_logread_event(r, &e) == WR_OK) {
            ++*ret_events;
        }
    }
    snprintf(ret_trouble, 200, "%s", wr_logread_trouble(r));
    wr_logread_close(r);
    return err;
}

static void test_all_of_it_in_order(void **state)
{
    struct wr_logread_want want = {.since = INT64_MIN, .until = INT64_MAX, .verify = true};
    char folder[64], trouble[200];
    uint64_t events;
    logs_folder(folder);
    assert_int_equal(walk(folder, &want, &events, trouble), WR_E_NOTFOUND); /* empty */
    fill(folder, 4, 3, 1);
    assert_int_equal(walk(folder, &want, &events, trouble), WR_E_NOTFOUND);
    assert_int_equal(events, 120);
    assert_string_equal(trouble, "");
    want.verify = false;
    want.after = 95;
    assert_int_equal(walk(folder, &want, &events, trouble), WR_E_NOTFOUND);
    assert_int_equal(events, 25);
    want.after = 0;
    want.since = 1700000005;
    want.until = 1700000007;
    assert_int_equal(walk(folder, &want, &events, trouble), WR_E_NOTFOUND);
    assert_int_equal(events, 12); /* four a second */
    logs_remove(folder);
}

static void path_of(const char *folder, uint32_t segment, char ret[128])
{
    snprintf(ret, 128, "%s/weir-%010u.log", folder, segment);
}

static void test_what_is_missing_is_found(void **state)
{
    const struct wr_logread_want verify = {.since = INT64_MIN, .until = INT64_MAX, .verify = true};
    const struct wr_logread_want read = {.since = INT64_MIN, .until = INT64_MAX};
    char folder[64], trouble[200], path[128], other[128];
    uint64_t events;
    logs_folder(folder);
    fill(folder, 4, 3, 2); /* that the first may leave was announced */
    path_of(folder, 1, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(walk(folder, &verify, &events, trouble), WR_E_NOTFOUND);
    assert_int_equal(events, 90);
    path_of(folder, 2, path);
    assert_int_equal(unlink(path), 0); /* that this one may, was not */
    assert_int_equal(walk(folder, &verify, &events, trouble), WR_E_CHECKSUM);
    assert_non_null(strstr(trouble, "segments 2 to 2 were kept"));
    assert_int_equal(walk(folder, &read, &events, trouble), WR_E_NOTFOUND);
    assert_int_equal(events, 60);
    logs_remove(folder);

    logs_folder(folder);
    fill(folder, 4, 3, 1);
    path_of(folder, 3, path);
    path_of(folder, 2, other);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(walk(folder, &verify, &events, trouble), WR_E_CHECKSUM);
    assert_non_null(strstr(trouble, "between segments 2 and 4"));
    assert_int_equal(rename(other, path), 0); /* another in its place */
    assert_int_not_equal(walk(folder, &verify, &events, trouble), WR_E_NOTFOUND);
    logs_remove(folder);
}

/* Each octet of a middle segment, one after the other. */
static void test_every_octet_counts(void **state)
{
    const struct wr_logread_want verify = {.since = INT64_MIN, .until = INT64_MAX, .verify = true};
    const struct wr_logread_want read = {.since = INT64_MIN, .until = INT64_MAX};
    char folder[64], trouble[200], path[128];
    uint64_t events;
    struct stat st;
    logs_folder(folder);
    fill(folder, 3, 1, 1);
    path_of(folder, 2, path);
    int fd = open(path, O_RDWR);
    assert_int_equal(fstat(fd, &st), 0);
    for (off_t at = 0; at < st.st_size; at++) {
        uint8_t octet, changed;
        assert_int_equal(pread(fd, &octet, 1, at), 1);
        changed = octet ^ 0x21;
        assert_int_equal(pwrite(fd, &changed, 1, at), 1);
        int err = walk(folder, &verify, &events, trouble);
        assert_true(err == WR_E_CHECKSUM || err == WR_E_FORMAT);
        assert_int_equal(walk(folder, &read, &events, trouble), WR_E_NOTFOUND);
        assert_true(events >= 20);
        assert_int_equal(pwrite(fd, &octet, 1, at), 1);
    }
    close(fd);
    assert_int_equal(walk(folder, &verify, &events, trouble), WR_E_NOTFOUND);
    logs_remove(folder);
}

/* Read while it is written: the end is the end for now. */
static void test_it_grows(void **state)
{
    const struct wr_logread_want want = {.since = INT64_MIN, .until = INT64_MAX, .verify = true};
    char folder[64], whole[64], from[128], to[128];
    struct wr_logread *r;
    struct stat st;
    char octets[4096];
    logs_folder(folder);
    logs_folder(whole);
    fill(whole, 2, 1, 1);
    assert_int_equal(wr_logread_open(folder, &want, &r), WR_OK);
    assert_int_equal(wr_logread_step(r), WR_E_NOTFOUND);
    for (uint32_t i = 1; i <= 2; i++) {
        path_of(whole, i, from);
        path_of(folder, i, to);
        int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_WRONLY, 0600);
        assert_int_equal(fstat(in, &st), 0);
        assert_int_equal(read(in, octets, sizeof(octets)), st.st_size);
        assert_int_equal(write(out, octets, 150), 150); /* a part of its block */
        assert_int_equal(wr_logread_step(r), WR_E_NOTFOUND);
        assert_int_equal(write(out, octets + 150, (size_t)st.st_size - 150), st.st_size - 150);
        assert_int_equal(wr_logread_step(r), WR_OK);
        assert_int_equal(wr_logread_step(r), WR_E_NOTFOUND);
        close(in);
        close(out);
    }
    struct wr_logread_sum sum;
    wr_logread_sum(r, &sum);
    assert_int_equal(sum.segments, 2);
    assert_int_equal(sum.events, 20);
    assert_int_equal(sum.bad, 0);
    wr_logread_close(r);
    logs_remove(folder);
    logs_remove(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it_in_order),
        cmocka_unit_test(test_what_is_missing_is_found),
        cmocka_unit_test(test_every_octet_counts),
        cmocka_unit_test(test_it_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
