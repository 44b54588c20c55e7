/* SPDX-License-Identifier: Apache-2.0 */
/* TLS, TCP and the hand-shake of frame streams with real peers are tests/e2e/log_export.py's; here what time does, and bounds. */
#include "unit/serve/logs.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "serve/exportlink.h"

struct box {
    char folder[64], to[128], path[108];
    int listener;
    struct wr_exportlink *link;
    struct wr_now now;
};

static void set_up_for(struct box *b, uint32_t format, const char *scheme, const char *leaf,
                       bool listens)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    logs_folder(b->folder);
    b->now = (struct wr_now){.mono_us = 1000 * WR_S};
    snprintf(b->path, sizeof(b->path), "%s/%s", b->folder, leaf);
    snprintf(b->to, sizeof(b->to), "%s://%s", scheme, b->path);
    b->listener = -1;
    if (listens) {
        b->listener = socket(AF_UNIX, SOCK_STREAM, 0);
        snprintf(un.sun_path, sizeof(un.sun_path), "%s", b->path);
        assert_int_equal(bind(b->listener, (struct sockaddr *)&un, sizeof(un)), 0);
        assert_int_equal(listen(b->listener, 4), 0);
    }
    const struct wr_exportlink_setup setup = {.to = b->to, .format = format};
    assert_int_equal(wr_exportlink_create(&setup, &b->link), WR_OK);
}

static void set_up(struct box *b, const char *scheme, const char *leaf, bool listens)
{
    set_up_for(b, WR_EXPORT_JSON, scheme, leaf, listens);
}

static void tear_down(struct box *b)
{
    wr_exportlink_destroy(b->link);
    if (b->listener >= 0) {
        close(b->listener);
    }
    logs_remove(b->folder);
}

static void test_file(void **state)
{
    struct box b;
    char text[64] = "";
    set_up(&b, "file", "x.json", false);
    assert_int_equal(wr_exportlink_put(b.link, "early\n", 6), WR_E_FULL);
    assert_true(wr_exportlink_turn(b.link, &b.now));
    assert_int_equal(wr_exportlink_put(b.link, "one\n", 4), WR_OK);
    assert_int_equal(wr_exportlink_put(b.link, "two\n", 4), WR_OK);
    assert_true(wr_exportlink_turn(b.link, &b.now));
    int fd = open(b.path, O_RDONLY);
    assert_int_equal(read(fd, text, sizeof(text)), 8);
    assert_string_equal(text, "one\ntwo\n");
    close(fd);
    tear_down(&b);
}

static void test_away_and_back(void **state)
{
    struct box b;
    struct wr_exportlink_status s;
    set_up(&b, "unix", "sock", false);
    for (int i = 0; i < 100; i++) {
        assert_false(wr_exportlink_turn(b.link, &b.now));
        b.now.mono_us += WR_S;
    }
    wr_exportlink_status(b.link, &s);
    assert_false(s.open);
    assert_in_range(s.failures, 5, 9); /* later each time, once a minute in the end */
    assert_non_null(strstr(s.problem, "cannot be reached"));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof(un.sun_path), "%s", b.path);
    assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
    assert_int_equal(listen(fd, 1), 0);
    b.now.mono_us += 61 * WR_S;
    assert_true(wr_exportlink_turn(b.link, &b.now));
    wr_exportlink_status(b.link, &s);
    assert_true(s.open);
    assert_string_equal(s.problem, "");
    close(fd);
    tear_down(&b);
}

/* It takes what the buffers take, then nothing; after a while it is left, and what was in our buffer is counted. */
static void test_never_reads(void **state)
{
    struct box b;
    struct wr_exportlink_status s;
    static char message[4000];
    uint64_t put = 0;
    set_up(&b, "unix", "sock", true);
    memset(message, 'x', sizeof(message));
    while (wr_exportlink_turn(b.link, &b.now) || put == 0) {
        put += wr_exportlink_put(b.link, message, sizeof(message)) == WR_OK;
        assert_true(put < 2000);
    }
    while (wr_exportlink_put(b.link, message, sizeof(message)) == WR_OK) {
        put++;
    }
    int peer = accept(b.listener, NULL, NULL);
    assert_true(peer >= 0);
    b.now.mono_us += (WR_EXPORTLINK_STALL_S - 1) * WR_S;
    (void)wr_exportlink_turn(b.link, &b.now);
    wr_exportlink_status(b.link, &s);
    assert_true(s.open);
    assert_int_equal(s.put, put);
    b.now.mono_us += 2 * WR_S;
    assert_false(wr_exportlink_turn(b.link, &b.now));
    wr_exportlink_status(b.link, &s);
    assert_false(s.open);
    assert_string_equal(s.problem, "the collector reads nothing");
    assert_true(s.lost > 0 && s.lost <= put);
    close(peer);
    tear_down(&b);
}

/* It accepts and never greets: it is left, as one that cannot be reached is, and tried again. */
static void test_never_greets(void **state)
{
    struct box b;
    struct wr_exportlink_status s;
    set_up_for(&b, WR_EXPORT_DNSTAP, "unix", "sock", true);
    for (int i = 0; i < 60; i++) {
        assert_false(wr_exportlink_turn(b.link, &b.now));
        b.now.mono_us += WR_S;
    }
    wr_exportlink_status(b.link, &s);
    assert_in_range(s.failures, 2, 6);
    assert_string_equal(s.problem, "the collector says nothing");
    tear_down(&b);
}

static void test_ended(void **state)
{
    struct box b;
    struct wr_exportlink_status s;
    set_up(&b, "unix", "sock", true);
    assert_true(wr_exportlink_turn(b.link, &b.now));
    close(accept(b.listener, NULL, NULL));
    assert_false(wr_exportlink_turn(b.link, &b.now));
    wr_exportlink_status(b.link, &s);
    assert_int_equal(s.failures, 1);
    b.now.mono_us += 2 * WR_S;
    assert_true(wr_exportlink_turn(b.link, &b.now));
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),        cmocka_unit_test(test_away_and_back),
        cmocka_unit_test(test_never_reads), cmocka_unit_test(test_never_greets),
        cmocka_unit_test(test_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
