/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "conf/zoneload.h"
#include "dns/codes.h"

static char folder[] = "/tmp/weir-zoneload-XXXXXX";
static char told[20000];
static int stop_at;

static const char *path_of(const char *name)
{
    static char path[300];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int group_setup(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int group_teardown(void **state)
{
    char command[100];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

/* Path behind the folder, line, and the owner's first label or the reason. */
static void put(struct wr_str *s, const struct wr_zonefile_event *event, const char *file)
{
    assert_memory_equal(file, folder, strlen(folder));
    wr_str_text(s, file + strlen(folder) + 1);
    wr_str_char(s, ':');
    wr_str_u64(s, event->place.line);
    wr_str_char(s, ' ');
}

static int take_record(void *data, const struct wr_zonefile_event *rr, const char *file)
{
    put(data, rr, file);
    wr_str_bytes(data, (const char *)rr->owner + 1, rr->owner[0]);
    wr_str_char(data, '\n');
    return stop_at && --stop_at == 0 ? WR_E_FULL : WR_OK;
}

static void take_mistake(void *data, const struct wr_zonefile_event *mistake, const char *file)
{
    put(data, mistake, file);
    wr_str_text(data, mistake->reason);
    wr_str_char(data, '\n');
}

static int load(const char *name)
{
    static const uint8_t origin[] = "\4test";
    const struct wr_zonefile_options options = {.origin = origin, .class_ = WR_CLASS_IN};
    struct wr_str s;
    const struct wr_zoneload_sink sink = {&s, take_record, take_mistake};
    int err;

    wr_str_init(&s, told, sizeof(told));
    err = wr_zoneload(path_of(name), &options, &sink);
    assert_false(s.cut);
    return err;
}

static void files_below_the_folder(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_of("sub"), 0700), 0);
    write_file("zone",
               "a 1 A 1.2.3.4\n$INCLUDE sub/one\nb A 1.2.3.4\n$INCLUDE ./sub//two\nc A 1.2.3.4\n");
    write_file(
        "sub/one",
        "d A 1.2.3.4\n$INCLUDE sub/two\n"); /* from the first file's folder, wherever one is */
    write_file("sub/two", "e A 1.2.3.4\n");
    assert_int_equal(load("zone"), WR_OK);
    assert_string_equal(told,
                        "zone:1 a\nsub/one:1 d\nsub/two:1 e\nzone:3 b\n./sub//two:1 e\nzone:5 c\n");
}

static void nothing_outside_of_it(void **state)
{
    static const char *const paths[] = {"/etc/hostname", "../x",       "sub/../../x",  "sub/..",
                                        "link",          "linked/one", "sub/one/more", "fifo",
                                        "sub",           ".",          "none",         "sub/",
                                        "//etc/hosts",   "sub/loop",   "zone2/x"};
    (void)state;
    assert_int_equal(symlink("sub/one", path_of("link")), 0);
    assert_int_equal(symlink("sub", path_of("linked")), 0);
    assert_int_equal(symlink("loop", path_of("sub/loop")), 0);
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        char text[200];

        snprintf(text, sizeof(text), "$INCLUDE %s\na 1 A 1.2.3.4\n", paths[i]);
        write_file("zone2", text);
        assert_int_equal(load("zone2"), WR_OK);
        if (memcmp(told, "zone2:1 ", 8) || !strstr(told, "\nzone2:2 a\n") ||
            strstr(told, "sub/one")) {
            fail_msg("%s: %s", paths[i], told);
        }
    }
}

static void a_loop_ends(void **state)
{
    unsigned records = 0;

    (void)state;
    write_file("loop", "a 1 A 1.2.3.4\n$INCLUDE loop\n");
    assert_int_equal(load("loop"), WR_OK);
    for (const char *p = told; (p = strstr(p, "loop:1 a\n")); p++) {
        records++;
    }
    assert_int_equal(records, WR_ZONEFILE_DEPTH_MAX);
}

static void what_cannot_be_read(void **state)
{
    (void)state;
    assert_int_equal(load("nothing"), WR_E_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(load("sub"), WR_E_DENIED);
    assert_int_equal(load("fifo"), WR_E_DENIED); /* and does not wait for a writer */
    assert_int_equal(load("link"), WR_OK);       /* the first file is the owner's own choice */
    assert_memory_equal(told, "link:1 no TTL", 13);
}

/* A hole in the file, so that no disk is filled: one comment without end. */
static void too_much_is_left_out(void **state)
{
    write_file("big", "a 1 A 1.2.3.4\n;");
    assert_int_equal(truncate(path_of("big"), (off_t)WR_ZONE_FILE_MAX + 70000), 0);
    assert_int_equal(load("big"), WR_OK);
    assert_memory_equal(told, "big:1 a\n", 8);
    assert_non_null(strstr(told, "more than 128 MiB in all files"));
}

static void the_sink_can_stop_it(void **state)
{
    (void)state;
    write_file("three", "a 1 A 1.2.3.4\nb 1 A 1.2.3.4\nc 1 A 1.2.3.4\n");
    stop_at = 2;
    assert_int_equal(load("three"), WR_E_FULL);
    assert_string_equal(told, "three:1 a\nthree:2 b\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_below_the_folder),
        cmocka_unit_test(nothing_outside_of_it),
        cmocka_unit_test(a_loop_ends),
        cmocka_unit_test(what_cannot_be_read),
        cmocka_unit_test(too_much_is_left_out),
        cmocka_unit_test(the_sink_can_stop_it),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
