/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/copybuild.h"
#include "dns/codes.h"
#include "dns/present.h"
#include "serve/copyfile.h"

static const uint8_t zone[] = "\7Example";
static char folder[64], path[WR_KEEPFILE_PATH_MAX];

static int start(void **state)
{
    strcpy(folder, "/tmp/weir-copyfile-XXXXXX");
    return mkdtemp(folder) ? wr_copyfile_path(folder, zone, path) : -1;
}

static int stop(void **state)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static void put(struct wr_names *names, const char *owner, const char *type, const char *data)
{
    struct wr_name name;
    uint8_t rdata[1000];
    uint16_t number;
    struct wr_writer w;

    assert_int_equal(wr_name_from_text(owner, strlen(owner), &name), WR_OK);
    assert_int_equal(wr_codes_type_from_text(type, strlen(type), &number), WR_OK);
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    assert_int_equal(wr_present_read_rdata(data, strlen(data), number, NULL, &w, NULL), WR_OK);
    assert_true(wr_names_add(names, name.wire, number, 60, rdata, (uint16_t)w.pos, 0));
}

static void make(struct wr_names *names)
{
    wr_names_init(names, "");
    put(names, "example.", "SOA", "ns.example. root.example. 5 1 2 3 4");
    put(names, "example.", "NS", "ns.example.");
    put(names, "$INCLUDE.example.", "A", "192.0.2.1");
    put(names, "\\$TTL.example.", "A", "192.0.2.1");
    put(names, "\\@.example.", "TXT", "\"; ( \\\" \\\\ \\000\\255\"");
    put(names, "\\\"\\(\\;\\ \\000.example.", "TYPE65280", "\\# 3 010203");
    put(names, "*.example.", "TXT", "\"\"");
    put(names, "a.example.", "SVCB", "1 . alpn=\"a\\\\,b\" key65000=\"\\001\"");
}

static void test_round(void **state)
{
    struct wr_names names, back;
    int64_t confirmed = 0;

    make(&names);
    assert_int_equal(wr_copyfile_write(path, &names, 1234567), WR_OK);
    assert_int_equal(wr_copyfile_read(path, zone, &back, &confirmed), WR_OK);
    assert_int_equal(confirmed, 1234567);
    assert_true(back.copy);
    assert_int_equal(back.count, names.count);
    for (uint32_t i = 0; i < names.count; i++) {
        const struct wr_local_record *a = &names.item[i].r, *b = &back.item[i].r;

        assert_int_equal(a->type, b->type);
        assert_int_equal(a->ttl, b->ttl);
        assert_int_equal(a->size, b->size);
        assert_memory_equal(a->rdata, b->rdata, a->size);
        assert_true(wr_name_equal(a->owner, b->owner));
        assert_false(back.item[i].reverse);
    }
    assert_int_equal(wr_copyfile_touch(path, 99), WR_OK);
    wr_names_free(&back);
    assert_int_equal(wr_copyfile_read(path, zone, &back, &confirmed), WR_OK);
    assert_int_equal(confirmed, 99);
    wr_names_free(&back);
    wr_names_free(&names);
}

static void test_paths(void **state)
{
    char at[WR_KEEPFILE_PATH_MAX];
    static const uint8_t odd[] = "\4a/.%\7EXAMPLE", root[] = "";
    uint8_t longest[256] = {63};

    assert_int_equal(wr_copyfile_path("/f", zone, at), WR_OK);
    assert_string_equal(at, "/f/example.copy");
    assert_int_equal(wr_copyfile_path("/f", odd, at), WR_OK);
    assert_string_equal(at, "/f/a%2f%5c.%25.example.copy");
    assert_int_equal(wr_copyfile_path("/f", root, at), WR_OK);
    assert_string_equal(at, "/f/root.copy");
    for (unsigned i = 0; i < 3; i++) {
        longest[i * 64] = 63;
        memset(longest + i * 64 + 1, '~', 63);
    }
    longest[192] = 0;
    assert_int_equal(wr_copyfile_path("/f", longest, at), WR_E_RANGE);
}

/* A file that is torn or altered is put aside, and is not half taken. */
static void test_spoilt(void **state)
{
    struct wr_names names, back;
    int64_t confirmed;
    char aside[WR_KEEPFILE_PATH_MAX + 8];
    struct stat st;

    assert_int_equal(wr_copyfile_read(path, zone, &back, &confirmed), WR_E_NOTFOUND);
    make(&names);
    for (unsigned how = 0; how < 3; how++) {
        FILE *f;

        assert_int_equal(wr_copyfile_write(path, &names, 0), WR_OK);
        f = fopen(path, how == 2 ? "w" : "a");
        fputs(how == 0   ? "x.example. 60 IN A 192.0"
              : how == 1 ? "x.test. 60 IN A 192.0.2.1\n"
                         : "",
              f);
        fclose(f);
        assert_int_equal(wr_copyfile_read(path, zone, &back, &confirmed), WR_E_FORMAT);
        snprintf(aside, sizeof(aside), "%s.bad", path);
        assert_int_equal(stat(aside, &st), 0);
        assert_int_equal(stat(path, &st), -1);
    }
    wr_names_free(&names);
}

static void test_not_ours(void **state)
{
    struct wr_names back;
    int64_t confirmed;

    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(wr_copyfile_read(path, zone, &back, &confirmed), WR_E_DENIED);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_round), CASE(test_paths), CASE(test_spoilt),
                                       CASE(test_not_ours)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
