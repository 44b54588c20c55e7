/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: the file and its rights, lines, streaming, bounds. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "net/unixsock.h"

struct fixture {
    uv_loop_t loop;
    struct wr_unixsock *server;
    char dir[32], path[64];
    wr_id last;
    unsigned lines, gone, drained;
    char line[64];
    size_t size;
};

static void on_line(void *user, struct wr_unixsock *s, wr_id client, const char *line, size_t size)
{
    struct fixture *f = user;

    f->lines++;
    f->last = client;
    f->size = size;
    snprintf(f->line, sizeof(f->line), "%s", line);
    if (strcmp(line, "echo") == 0) {
        assert_int_equal(wr_unixsock_write(s, client, "reply\n", 6), WR_OK);
        wr_unixsock_finish(s, client);
        assert_int_equal(wr_unixsock_write(s, client, "late", 4), WR_E_STALE);
    } else if (strcmp(line, "big") == 0) {
        static char big[1 << 20];

        for (int i = 0; i < 3; i++) {
            assert_int_equal(wr_unixsock_write(s, client, big, sizeof(big)), WR_OK);
        }
        wr_unixsock_finish(s, client);
    } else if (strcmp(line, "unread") == 0) {
        static char big[1 << 20];
        int err = WR_OK;

        for (int i = 0; i < 6 && err == WR_OK; i++) {
            err = wr_unixsock_write(s, client, big, sizeof(big));
        }
        assert_int_equal(err, WR_E_FULL);
    }
}

static void on_gone(void *user, struct wr_unixsock *s, wr_id client)
{
    struct fixture *f = user;

    f->gone++;
}

static void on_drained(void *user, struct wr_unixsock *s, wr_id client)
{
    struct fixture *f = user;

    f->drained++;
}

static struct wr_unixsock_setup setup_of(struct fixture *f)
{
    return (struct wr_unixsock_setup){
        .path = f->path,
        .mode = 0600,
        .hooks = {.user = f, .line = on_line, .drained = on_drained, .gone = on_gone},
    };
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct wr_unixsock_setup setup;
    struct wr_sock_error error;

    strcpy(f->dir, "/tmp/weir-unixsock-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
    setup = setup_of(f);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    assert_int_equal(wr_unixsock_listen(&f->loop, &setup, &f->server, &error), WR_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    wr_unixsock_close(f->server);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    assert_int_equal(access(f->path, F_OK), -1); /* the file is gone */
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static int dial(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    strcpy(sa.sun_path, path);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    return fd;
}

static void turn(struct fixture *f)
{
    for (int i = 0; i < 8; i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
}

/* Reads until the server closes; the octets it sent. */
static size_t read_all(struct fixture *f, int fd, char *first, size_t cap)
{
    char room[65536];
    size_t all = 0;

    for (int i = 0; i < 10000; i++) {
        ssize_t n = recv(fd, room, sizeof(room), 0);

        if (n == 0) {
            return all;
        }
        for (ssize_t j = 0; j < n; j++) {
            if (all + (size_t)j < cap) {
                first[all + (size_t)j] = room[j];
            }
        }
        all += n > 0 ? (size_t)n : 0;
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    fail_msg("the server does not close");
    return all;
}

static void test_one_line_one_reply(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f->path);
    char reply[16] = "";

    assert_int_equal(send(fd, "ec", 2, 0), 2);
    turn(f);
    assert_int_equal(f->lines, 0);
    assert_int_equal(send(fd, "ho\r\nignored\n", 12, 0), 12);
    turn(f);
    assert_int_equal(read_all(f, fd, reply, sizeof(reply)), 6);
    assert_string_equal(reply, "reply\n");
    assert_int_equal(f->lines, 1); /* nothing is taken after the end */
    turn(f);
    assert_int_equal(f->gone, 1);
    close(fd);
}

static void test_rights_of_the_file(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true(S_ISSOCK(st.st_mode));
}

/* A second server is refused while the first lives; a file left behind is replaced; a plain file is not. */
static void test_files_that_are_there(void **state)
{
    struct fixture *f = *state;
    struct wr_unixsock_setup setup = setup_of(f);
    struct wr_unixsock *second = NULL;
    struct wr_sock_error error;
    char path[64];
    FILE *plain;
    int fd;

    assert_int_equal(wr_unixsock_listen(&f->loop, &setup, &second, &error), WR_E_BUSY);
    assert_non_null(strstr(error.text, "another weir"));
    snprintf(path, sizeof(path), "%s/stale", f->dir);
    setup.path = path;
    assert_int_equal(wr_unixsock_open(&setup, &fd, &error), WR_OK);
    close(fd); /* as a process that was killed */
    assert_int_equal(wr_unixsock_open(&setup, &fd, &error), WR_OK);
    close(fd);
    unlink(path);
    plain = fopen(path, "w");
    fclose(plain);
    assert_int_equal(wr_unixsock_open(&setup, &fd, &error), WR_E_EXISTS);
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
    setup.path = "/nonexistent/directory/sock";
    assert_int_equal(wr_unixsock_open(&setup, &fd, &error), WR_E_IO);
    assert_non_null(strstr(error.text, "directory is missing"));
}

static void test_unknown_group(void **state)
{
    struct fixture *f = *state;
    struct wr_unixsock_setup setup = setup_of(f);
    struct wr_sock_error error;
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "%s/group", f->dir);
    setup.path = path;
    setup.group = "no-such-group-here";
    assert_int_equal(wr_unixsock_open(&setup, &fd, &error), WR_E_NOTFOUND);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_long_output_reaches_a_slow_reader(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f->path);

    assert_int_equal(send(fd, "big\n", 4, 0), 4);
    turn(f);
    assert_true(wr_unixsock_queued(f->server, f->last) > 0);
    assert_int_equal(read_all(f, fd, NULL, 0), 3 << 20);
    close(fd);
}

static void test_who_does_not_read_is_closed(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f->path);

    assert_int_equal(send(fd, "unread\n", 7, 0), 7);
    turn(f);
    assert_int_equal(f->gone, 1);
    assert_int_equal(wr_unixsock_write(f->server, f->last, "x", 1), WR_E_STALE);
    close(fd);
}

static void test_line_too_long_is_closed(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f->path);
    char line[WR_UNIXSOCK_LINE_MAX];

    memset(line, 'a', sizeof(line));
    assert_int_equal(send(fd, line, sizeof(line), 0), sizeof(line));
    turn(f);
    assert_int_equal(f->lines, 0);
    assert_int_equal(f->gone, 1);
    close(fd);
}

/* A log that is followed: pieces come later, and the end of the client is noticed. */
static void test_follow(void **state)
{
    struct fixture *f = *state;
    int fd = dial(f->path);
    char got[32] = "";

    assert_int_equal(send(fd, "follow\n", 7, 0), 7);
    turn(f);
    assert_string_equal(f->line, "follow");
    assert_int_equal(wr_unixsock_write(f->server, f->last, "one\n", 4), WR_OK);
    turn(f);
    assert_int_equal(wr_unixsock_write(f->server, f->last, "two\n", 4), WR_OK);
    turn(f);
    assert_int_equal(f->drained, 2);
    assert_int_equal(recv(fd, got, sizeof(got), 0), 8);
    assert_string_equal(got, "one\ntwo\n");
    close(fd);
    turn(f);
    assert_int_equal(f->gone, 1);
    assert_int_equal(wr_unixsock_write(f->server, f->last, "three\n", 6), WR_E_STALE);
}

/* The one that came first and has asked nothing makes place. */
static void test_too_many_clients(void **state)
{
    struct fixture *f = *state;
    int fd[WR_UNIXSOCK_CLIENTS_MAX + 1];
    char octet;

    for (int i = 0; i <= WR_UNIXSOCK_CLIENTS_MAX; i++) {
        fd[i] = dial(f->path);
        turn(f);
    }
    assert_int_equal(recv(fd[0], &octet, 1, 0), 0);
    assert_int_equal(recv(fd[1], &octet, 1, 0), -1);
    assert_int_equal(send(fd[WR_UNIXSOCK_CLIENTS_MAX], "echo\n", 5, 0), 5);
    turn(f);
    assert_int_equal(recv(fd[WR_UNIXSOCK_CLIENTS_MAX], &octet, 1, 0), 1);
    for (int i = 0; i <= WR_UNIXSOCK_CLIENTS_MAX; i++) {
        close(fd[i]);
    }
    turn(f);
    assert_int_equal(f->gone, WR_UNIXSOCK_CLIENTS_MAX + 1);
}

static int dial_as(const char *path, uid_t uid)
{
    int fd;

    assert_int_equal(seteuid(uid), 0);
    fd = dial(path);
    assert_int_equal(seteuid(0), 0);
    return fd;
}

/* Other users have some places each and some together, whatever they do there; root always finds one. */
static void test_places_of_users(void **state)
{
    enum { USERS = 4, EACH = WR_UNIXSOCK_UID_MAX + 1 };
    struct fixture *f = *state;
    int fd[USERS * EACH], open[USERS] = {0}, mine = -1;
    char octet;

    if (geteuid() != 0) {
        skip();
    }
    assert_int_equal(chmod(f->dir, 0711), 0);
    assert_int_equal(chmod(f->path, 0666), 0);
    for (int i = 0; i < USERS * EACH; i++) {
        fd[i] = dial_as(f->path, (uid_t)(4000 + i / EACH));
        turn(f);
        (void)send(fd[i], "wait\n", 5, MSG_NOSIGNAL); /* or it was turned away */
        turn(f);
    }
    for (int i = 0; i < USERS * EACH; i++) {
        open[i / EACH] += recv(fd[i], &octet, 1, 0) != 0;
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(open[i], WR_UNIXSOCK_UID_MAX);
    }
    assert_int_equal(open[3], 0); /* the rest is not theirs */
    assert_false(wr_unixsock_trusts(f->server, f->last));
    mine = dial(f->path);
    assert_int_equal(send(mine, "wait\n", 5, 0), 5);
    turn(f);
    assert_true(wr_unixsock_trusts(f->server, f->last));
    assert_int_equal(recv(mine, &octet, 1, 0), -1);
    close(mine);
    for (int i = 0; i < USERS * EACH; i++) {
        close(fd[i]);
    }
    turn(f);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_one_line_one_reply),
        WITH_SERVER(test_rights_of_the_file),
        WITH_SERVER(test_files_that_are_there),
        WITH_SERVER(test_unknown_group),
        WITH_SERVER(test_long_output_reaches_a_slow_reader),
        WITH_SERVER(test_who_does_not_read_is_closed),
        WITH_SERVER(test_line_too_long_is_closed),
        WITH_SERVER(test_follow),
        WITH_SERVER(test_too_many_clients),
        WITH_SERVER(test_places_of_users),
    };

    return cmocka_run_group_tests_name("net/unixsock", tests, NULL, NULL);
}
