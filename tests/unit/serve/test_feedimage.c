/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/feedimage.h"
#include "serve/keepfile.h"

static const struct wr_hash_key key = {{4, 2}};
static const uint8_t ads[] = "\3ads\7example";
static char folder[64], path[WR_KEEPFILE_PATH_MAX], bad[WR_KEEPFILE_PATH_MAX];

static int start(void **state)
{
    strcpy(folder, "/tmp/weir-feedimage-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/a.feed", folder);
    snprintf(bad, sizeof(bad), "%s/a.feed.bad", folder);
    return 0;
}

static int stop(void **state)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static struct wr_feedimage *make(void)
{
    struct wr_feedimage_about about = {.source = 77, .octets = 12, .made_s = 1700000000};
    struct wr_nametree_item name;
    struct wr_addrtree_item addr;
    struct wr_feedimage *image;
    const struct wr_prefix p = {.addr = {.ip = {192, 0, 2, 1}, .family = WR_AF_V4}, .len = 32};
    about.counts.names = about.counts.prefixes = about.counts.tolds = 1;
    strcpy(about.counts.told[0].text, "\"b/d\" is no host name");
    assert_int_equal(wr_nametree_item(&key, ads, WR_NAMETREE_SELF, 3, &name), 0);
    wr_addrtree_item(&p, 4, &addr);
    assert_int_equal(wr_feedimage_make(&about, &key, &name, 1, &addr, 1, &image), WR_OK);
    return image;
}

static void hold(const struct wr_feedimage *image)
{
    struct wr_nametree_hit hit;
    const struct wr_addr a = {.ip = {192, 0, 2, 1}, .family = WR_AF_V4};
    assert_true(wr_nametree_find(&image->names, ads, &hit));
    assert_int_equal(hit.line, 3);
    assert_int_equal(wr_addrtree_find(&image->addrs, &a), 4);
    assert_int_equal(image->about.source, 77);
    assert_int_equal(image->about.made_s, 1700000000);
    assert_string_equal(image->about.counts.told[0].text, "\"b/d\" is no host name");
}

static void test_round(void **state)
{
    struct wr_feedimage *image = make(), *kept, *again;
    struct stat st;
    hold(image);
    assert_int_equal(wr_feedimage_open(path, &kept), WR_E_NOTFOUND);
    assert_int_equal(wr_feedimage_keep(image, path, &kept), WR_OK);
    wr_feedimage_let_go(image);
    hold(kept);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(wr_feedimage_open(path, &again), WR_OK);
    assert_ptr_equal(wr_feedimage_hold(again), again);
    wr_feedimage_let_go(again);
    hold(again);
    /* The next one takes its place; who holds this one goes on with it. */
    image = make();
    struct wr_feedimage *next;
    assert_int_equal(wr_feedimage_keep(image, path, &next), WR_OK);
    hold(again);
    wr_feedimage_let_go(next);
    wr_feedimage_let_go(image);
    wr_feedimage_let_go(again);
    wr_feedimage_let_go(kept);
    wr_feedimage_let_go(NULL);
}

static void test_empty(void **state)
{
    struct wr_feedimage_about about = {.source = 1};
    struct wr_nametree_hit hit;
    struct wr_feedimage *image;
    assert_int_equal(wr_feedimage_make(&about, &key, NULL, 0, NULL, 0, &image), WR_OK);
    assert_false(wr_nametree_find(&image->names, ads, &hit));
    wr_feedimage_let_go(image);
}

static void spoil(size_t at, size_t size, long cut)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    if (cut < 0) {
        fseek(f, (long)at, SEEK_SET);
        int c = fgetc(f);
        fseek(f, (long)at, SEEK_SET);
        fputc(c ^ 0x55, f);
    }
    fclose(f);
    if (cut >= 0) {
        assert_int_equal(truncate(path, cut), 0);
    }
    assert_true(at < size);
}

/* Whatever octet changed, and wherever the file was cut: it is put aside and nothing of it is used. */
static void test_broken_files(void **state)
{
    struct wr_feedimage *image = make(), *kept;
    size_t size = image->size, padding = 0;
    for (size_t at = 0; at < size; at += 3) {
        struct wr_feedimage *opened;
        assert_int_equal(wr_feedimage_keep(image, path, &kept), WR_OK);
        wr_feedimage_let_go(kept);
        spoil(at, size, -1);
        if (wr_feedimage_open(path, &opened) == WR_OK) {
            hold(opened); /* between the parts, where nothing is */
            wr_feedimage_let_go(opened);
            padding++;
            continue;
        }
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(access(bad, F_OK), 0);
    }
    assert_in_range(padding, 0, 128 / 3);
    for (size_t n = 0; n < size; n += 7) {
        assert_int_equal(wr_feedimage_keep(image, path, &kept), WR_OK);
        wr_feedimage_let_go(kept);
        spoil(0, size, (long)n);
        assert_int_equal(wr_feedimage_open(path, &kept), WR_E_FORMAT);
    }
    wr_feedimage_let_go(image);
}

static void test_no_folder(void **state)
{
    struct wr_feedimage *image = make(), *kept;
    char link[WR_KEEPFILE_PATH_MAX];
    assert_int_equal(wr_feedimage_keep(image, "/nonexistent/a.feed", &kept), WR_E_NOTFOUND);
    snprintf(link, sizeof(link), "%s/link.feed", folder);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_int_equal(wr_feedimage_open(link, &kept), WR_E_DENIED);
    wr_feedimage_let_go(image);
}

/* The disk takes some octets and no more (here by a limit): nothing half stands there, and what was kept is as it was. */
static void test_full_disk(void **state)
{
    struct wr_feedimage *image = make(), *kept = NULL;
    struct rlimit before, less;
    char beside[WR_KEEPFILE_PATH_MAX + 8];
    snprintf(beside, sizeof(beside), "%s.new", path);
    assert_int_equal(wr_feedimage_keep(image, path, &kept), WR_OK);
    wr_feedimage_let_go(kept);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    less = (struct rlimit){.rlim_cur = image->size - 1, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
    int err = wr_feedimage_keep(image, path, &kept);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(err, WR_E_IO);
    assert_int_equal(access(beside, F_OK), -1);
    assert_int_equal(wr_feedimage_open(path, &kept), WR_OK);
    hold(kept);
    wr_feedimage_let_go(kept);
    wr_feedimage_let_go(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round, start, stop),
        cmocka_unit_test(test_empty),
        cmocka_unit_test_setup_teardown(test_broken_files, start, stop),
        cmocka_unit_test_setup_teardown(test_no_folder, start, stop),
        cmocka_unit_test_setup_teardown(test_full_disk, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
