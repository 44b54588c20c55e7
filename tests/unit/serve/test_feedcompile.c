/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "dns/name.h"
#include "serve/feedcompile.h"

static char folder[64], path[128];
static struct wr_feedsource source;

static int start(void **state)
{
    strcpy(folder, "/tmp/weir-feedcompile-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/list", folder);
    source = (struct wr_feedsource){.path = path, .how = {.max_bytes = 1 << 20}};
    return 0;
}

static int stop(void **state)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static void put(const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static uint32_t line_of(const struct wr_feedimage *image, const char *text)
{
    struct wr_nametree_hit hit;
    struct wr_name n;
    assert_int_equal(wr_name_from_text(text, strlen(text), &n), 0);
    return wr_nametree_find(&image->names, n.wire, &hit) ? hit.line : 0;
}

static struct wr_feedcompile_why why;

static void test_a_list(void **state)
{
    struct wr_feedimage *image;
    const struct wr_addr a = {.ip = {192, 0, 2, 9}, .family = WR_AF_V4};
    put("# list\n0.0.0.0 ads.example\n||zone.example^\n192.0.2.0/24\nb/d\n*.co.uk\n");
    assert_int_equal(wr_feedcompile_read(&source, 1700000000, &image, &why), WR_OK);
    assert_int_equal(line_of(image, "ads.example"), 2);
    assert_int_equal(line_of(image, "x.ads.example"), 0);
    assert_int_equal(line_of(image, "x.zone.example"), 3);
    assert_int_equal(line_of(image, "bbc.co.uk"), 0);
    assert_int_equal(wr_addrtree_find(&image->addrs, &a), 4);
    assert_int_equal(image->about.counts.bad, 1);
    assert_int_equal(image->about.counts.other, 1);
    assert_int_equal(image->about.source, wr_feedcompile_mark(&source));
    assert_int_equal(image->about.made_s, 1700000000);
    source.how.below = source.how.wide = true;
    assert_int_not_equal(image->about.source, wr_feedcompile_mark(&source));
    wr_feedimage_let_go(image);
    assert_int_equal(wr_feedcompile_read(&source, 0, &image, &why), WR_OK);
    assert_int_equal(line_of(image, "x.ads.example"), 2);
    assert_int_equal(line_of(image, "bbc.co.uk"), 6);
    wr_feedimage_let_go(image);
}

static void refused(int err, const char *text)
{
    struct wr_feedimage *image;
    memset(&why, 0, sizeof(why));
    assert_int_equal(wr_feedcompile_read(&source, 0, &image, &why), err);
    if (strstr(why.text, text) == NULL) {
        fail_msg("%s", why.text);
    }
}

static void test_what_is_refused(void **state)
{
    refused(WR_E_IO, "No such file");
    assert_int_equal(wr_feedcompile_mark(&source), 0);
    put("");
    refused(WR_E_FORMAT, "empty");
    put("<!DOCTYPE html>\n");
    refused(WR_E_FORMAT, "page");
    put("word word\nword word\na.example\n");
    refused(WR_E_FORMAT, "most of its lines");
    put("a.example\nb.example\n");
    source.how.max_bytes = 19;
    refused(WR_E_LIMIT, "max_size");
    source.path = folder;
    refused(WR_E_IO, "no plain file");
    source.path = "/dev/zero";
    refused(WR_E_IO, "no plain file");
}

/* More names than the first room holds. */
static void test_many(void **state)
{
    struct wr_feedimage *image;
    FILE *f = fopen(path, "wb");
    for (int i = 0; i < 20000; i++) {
        fprintf(f, "h%d.example\n192.0.%d.%d\n", i, i / 256, i % 256);
    }
    fclose(f);
    assert_int_equal(wr_feedcompile_read(&source, 0, &image, &why), WR_OK);
    assert_int_equal(image->names.count, 20000);
    assert_int_equal(image->addrs.count, 20000);
    assert_int_equal(line_of(image, "h19999.example"), 39999);
    wr_feedimage_let_go(image);
}

/* The same text in pieces, as from somebody far away. */
static void test_pieces(void **state)
{
    static const char text[] = "# list\nads.example\n0.0.0.0 b.example\n192.0.2.1\n";
    const struct wr_feedimage_about about = {.source = 9, .made_s = 5, .etag = "\"v1\""};
    struct wr_feedcompile *c;
    struct wr_feedimage *image;
    assert_int_equal(wr_feedcompile_open(&source.how, &c), WR_OK);
    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        assert_int_equal(wr_feedcompile_feed(c, text + i, 1), WR_OK);
    }
    assert_int_equal(wr_feedcompile_end(c, &about, &image, &why), WR_OK);
    wr_feedcompile_close(c);
    assert_int_equal(line_of(image, "b.example"), 3);
    assert_int_equal(image->about.octets, sizeof(text) - 1);
    assert_string_equal(image->about.etag, "\"v1\"");
    wr_feedimage_let_go(image);
    /* Nothing at all, and too much. */
    assert_int_equal(wr_feedcompile_open(&source.how, &c), WR_OK);
    assert_int_equal(wr_feedcompile_end(c, &about, &image, &why), WR_E_FORMAT);
    wr_feedcompile_close(c);
    source.how.max_bytes = 10;
    assert_int_equal(wr_feedcompile_open(&source.how, &c), WR_OK);
    assert_int_equal(wr_feedcompile_feed(c, text, 10), WR_OK);
    assert_int_equal(wr_feedcompile_feed(c, text, 1), WR_E_LIMIT);
    assert_int_equal(wr_feedcompile_end(c, &about, &image, &why), WR_E_LIMIT);
    wr_feedcompile_close(c);
    wr_feedcompile_close(NULL);
    assert_int_not_equal(wr_feedcompile_mark_text("https://a.example/", &source.how),
                         wr_feedcompile_mark_text("https://b.example/", &source.how));
}

/* A list that minisign 0.11 signed (Debian 12). */
static const char signed_text[] = "0.0.0.0 ads.example\n||zone.example^\n";
static const char public_key[] = "RWSLL1PfVzlOLH0MhSABM/cXyLJUes30CMUswC7j5IBi7CopA6o8fdH/";
static const char signature[] =
    "untrusted comment: signature from minisign secret key\n"
    "RWSLL1PfVzlOLEHPwmQpwd1JZqxHZneRTfqM/WhlRzX03XOaEyFd5OtFnfe2IlaM6vwjwrgk3MapbtgsZC2kaOH0lkL"
    "0lxMezwA=\n"
    "trusted comment: timestamp:1700000100\tfile:list.txt\n"
    "Uj6Ltxmf9jKkhX39mIonP9y9DOYLjsF6j9kGEy0+/k9COF3nenVsxU+noOWN1TJAh4wlLmOx1FxkHjG4I2B1Dw==\n";

static void put_signature(const char *text)
{
    char to[160];
    snprintf(to, sizeof(to), "%s.minisig", path);
    FILE *f = fopen(to, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void not_taken(int err, const char *words)
{
    struct wr_feedimage *image;
    assert_int_equal(wr_feedcompile_read(&source, 1, &image, &why), err);
    if (strstr(why.text, words) == NULL) {
        fail_msg("%s", why.text);
    }
}

static void test_signed(void **state)
{
    struct wr_feedimage *image;
    char name[160];
    snprintf(name, sizeof(name), "%s.minisig", path);
    source.signature = name;
    put(signed_text);
    put_signature(signature);
    uint64_t without = wr_feedcompile_mark(&source);
    source.how.keys = 1;
    assert_int_equal(wr_minisig_key(public_key, strlen(public_key), &source.how.key[0]), WR_OK);
    uint64_t with = wr_feedcompile_mark(&source);
    assert_int_not_equal(with, without); /* what was kept unsigned is another list */
    assert_int_equal(wr_feedcompile_read(&source, 1, &image, &why), WR_OK);
    assert_int_equal(line_of(image, "ads.example"), 1);
    assert_int_equal(image->about.signed_s, 1700000100);
    assert_memory_equal(image->about.signed_by, source.how.key[0].id, WR_MINISIG_ID);
    wr_feedimage_let_go(image);
    put("0.0.0.0 ads.example\n||zone.example^\n0.0.0.0 bank.example\n");
    not_taken(WR_E_DENIED, "not of this text");
    put("");
    not_taken(WR_E_FORMAT, "empty");
    put("<!DOCTYPE html>\n<html><body>Log in</body></html>\n");
    put(signed_text);
    put_signature("untrusted comment: none\nRWSL\n");
    assert_int_not_equal(wr_feedcompile_mark(&source), with); /* and is looked at again */
    not_taken(WR_E_FORMAT, "none of minisign or signify");
    unlink(name);
    not_taken(WR_E_DENIED, "list.minisig cannot be read: No such file");
    put_signature(signature);
    source.how.key[0].id[0] ^= 1;
    not_taken(WR_E_DENIED, "another key");
}

/* One that has to be signed and that nobody has proven. */
static void test_unproven(void **state)
{
    struct wr_feedcompile *c;
    struct wr_feedimage_about about = {.made_s = 1};
    struct wr_feedimage *image;
    source.how.keys = 1;
    assert_int_equal(wr_feedcompile_open(&source.how, &c), WR_OK);
    assert_int_equal(wr_feedcompile_feed(c, signed_text, strlen(signed_text)), WR_OK);
    assert_int_equal(wr_feedcompile_end(c, &about, &image, &why), WR_E_DENIED);
    assert_string_equal(why.text, "it is not signed");
    wr_feedcompile_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_signed, start, stop),
        cmocka_unit_test_setup_teardown(test_unproven, start, stop),
        cmocka_unit_test_setup_teardown(test_a_list, start, stop),
        cmocka_unit_test_setup_teardown(test_what_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(test_many, start, stop),
        cmocka_unit_test_setup_teardown(test_pieces, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
