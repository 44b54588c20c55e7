/* SPDX-License-Identifier: Apache-2.0 */
/* Guests over a Unix socket: taken in, turned away, closed when silent or when they do not read, closed with the server. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/list.h"
#include "net/guests.h"

enum { MOST = 2 };

struct guest {
    struct wr_guest guest;
    char bytes[8];
};

struct fixture {
    uv_loop_t loop;
    struct wr_guests guests;
    struct sockaddr_un sa;
    unsigned gone, left, over, heard;
    uint32_t patience_ms, write_ms;
    bool closed_door;
    wr_id last;
};

static struct fixture *fixture_of(struct wr_guests *s)
{
    return WR_CONTAINER(s, struct fixture, guests);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct guest *g = handle->data;

    *ret = uv_buf_init(g->bytes, sizeof(g->bytes));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct guest *g = stream->data;
    struct fixture *f = fixture_of(g->guest.all);

    if (n < 0) {
        wr_guest_close(&g->guest);
        wr_guest_close(&g->guest); /* fine */
        return;
    }
    assert_int_equal(g->bytes[0], 'x');
    g->guest.heard = g->guest.asked = true;
    f->heard++;
    f->last = g->guest.id;
}

static bool on_admit(struct wr_guest *g)
{
    return !fixture_of(g->all)->closed_door;
}

static void on_gone(struct wr_guest *g)
{
    fixture_of(g->all)->gone++;
}

static void on_left(struct wr_guest *g)
{
    fixture_of(g->all)->left++;
}

static void on_over(struct wr_guests *s)
{
    fixture_of(s)->over++;
}

static int open_guests(struct fixture *f, int fd)
{
    const struct wr_guests_setup setup = {.type = UV_NAMED_PIPE,
                                          .guests = MOST,
                                          .guest_size = sizeof(struct guest),
                                          .patience_ms = f->patience_ms,
                                          .write_ms = f->write_ms,
                                          .admit = on_admit,
                                          .alloc = on_alloc,
                                          .read = on_read,
                                          .gone = on_gone,
                                          .left = on_left,
                                          .over = on_over};
    return wr_guests_open(&f->guests, &setup, &f->loop, fd);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    socklen_t size = sizeof(f->sa);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    f->sa.sun_family = AF_UNIX; /* no name: the kernel gives an abstract one */
    assert_int_equal(bind(fd, (struct sockaddr *)&f->sa, sizeof(sa_family_t)), 0);
    memset(&f->sa, 0, sizeof(f->sa));
    assert_int_equal(getsockname(fd, (struct sockaddr *)&f->sa, &size), 0);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    f->patience_ms = f->write_ms = 3600000;
    assert_int_equal(open_guests(f, fd), WR_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    wr_guests_close(&f->guests);
    wr_guests_close(&f->guests); /* fine */
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->over, 1);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    free(f);
    return 0;
}

static int come(struct fixture *f, const char *say)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    /* An abstract name of the kernel's: a zero and five digits. */
    socklen_t size = sizeof(sa_family_t) + 6;

    assert_int_equal(connect(fd, (struct sockaddr *)&f->sa, size), 0);
    assert_int_equal(write(fd, say, strlen(say)), (ssize_t)strlen(say));
    return fd;
}

/* The other end was closed by the server. */
static bool is_closed(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void test_taken_in_and_turned_away(void **state)
{
    struct fixture *f = *state;
    int a = come(f, "x"), b = come(f, "x"), c = -1;

    while (f->heard < 2) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    c = come(f, "");
    while (!is_closed(c)) { /* no place */
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    assert_int_equal(f->guests.pool.taken, MOST);
    assert_non_null(wr_guests_find(&f->guests, f->last));
    close(a);
    close(b);
    while (f->left < 2) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    assert_null(wr_guests_find(&f->guests, f->last));
    assert_int_equal(f->gone, 2);
    assert_int_equal(f->guests.pool.taken, 0);
    close(c);
}

/* Who has said something may be silent; who has not is closed. */
static void test_the_silent_is_closed(void **state)
{
    struct fixture *f = *state;
    f->guests.setup.patience_ms = 1;
    int talks = come(f, "x"), silent = come(f, "");

    while (f->left < 1) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    assert_true(is_closed(silent));
    assert_false(is_closed(talks));
    assert_int_equal(f->heard, 1);
    assert_int_equal(f->gone, 1);
    close(talks);
    close(silent);
}

static struct wr_guest *guest_at(struct fixture *f, unsigned order)
{
    for (uint32_t i = 0; i < f->guests.pool.count; i++) {
        wr_id id;
        struct wr_guest *g = wr_pool_at(&f->guests.pool, i, &id);

        if (g != NULL && g->order == order) {
            return g;
        }
    }
    return NULL;
}

/* All places are taken by guests that ask nothing: the one that came first goes, and the newcomer is heard at once. */
static void test_the_silent_yields(void **state)
{
    struct fixture *f = *state;
    int first = come(f, ""), second = come(f, ""), third = -1;

    while (f->guests.came < 2) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    third = come(f, "x");
    while (f->heard < 1) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    assert_int_equal(f->gone, 1);
    assert_true(is_closed(first));
    assert_false(is_closed(second));
    assert_false(is_closed(third));
    assert_int_equal(f->guests.living, MOST);
    close(first);
    close(second);
    close(third);
}

/* Three that come at once: one whose request lies in the kernel is not silent, though nothing of it was heard yet. */
static void test_the_unread_stays(void **state)
{
    struct fixture *f = *state;
    int first = come(f, "x"), silent = come(f, ""), third = come(f, "x");

    while (f->heard < 2) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    assert_true(is_closed(silent));
    assert_false(is_closed(first));
    assert_false(is_closed(third));
    close(first);
    close(silent);
    close(third);
}

static void on_written(uv_write_t *request, int status)
{
}

/* More than the kernel keeps for somebody who does not read. */
static void write_much(struct wr_guest *g, uv_write_t *request)
{
    static char much[4 << 20];
    uv_buf_t buf = uv_buf_init(much, sizeof(much));

    wr_guest_sent(g, sizeof(much));
    assert_int_equal(uv_write(request, &g->at.stream, &buf, 1, on_written), 0);
    assert_true(uv_stream_get_write_queue_size(&g->at.stream) > 0);
}

/* All have asked: who has not read for a while goes, who reads or only waits does not. */
static void test_who_does_not_read_yields(void **state)
{
    struct fixture *f = *state;
    uv_write_t request;
    int deaf = come(f, "x"), waits = come(f, "x"), third = -1;

    while (f->heard < 2) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    write_much(guest_at(f, 0), &request);
    third = come(f, "x");
    while (!is_closed(third)) { /* too early: no place */
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    close(third);
    guest_at(f, 0)->read =
        guest_at(f, 0)->sent - uv_stream_get_write_queue_size(&guest_at(f, 0)->at.stream);
    guest_at(f, 0)->moved_ms = 0;
    third = come(f, "x");
    while (f->heard < 3) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    assert_int_equal(f->gone, 1);
    assert_false(is_closed(waits));
    close(deaf);
    close(waits);
    close(third);
}

/* Who reads nothing for too long is closed though nobody wants its place; who has nothing to read is not. */
static void test_the_deaf_is_closed(void **state)
{
    struct fixture *f = *state;
    uv_write_t request;
    int deaf = come(f, "x"), waits = come(f, "x");

    f->guests.setup.write_ms = 1;
    while (f->heard < 2) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    write_much(guest_at(f, 0), &request);
    while (f->left < 1) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    assert_null(guest_at(f, 0));
    assert_false(is_closed(waits));
    assert_int_equal(f->gone, 1);
    close(deaf);
    close(waits);
}

static void test_not_admitted(void **state)
{
    struct fixture *f = *state;
    int a = -1;

    f->closed_door = true;
    a = come(f, "x");
    while (f->left < 1) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    char byte;
    assert_true(recv(a, &byte, 1, MSG_DONTWAIT) <= 0);
    assert_int_equal(f->heard, 0);
    assert_int_equal(f->guests.living, 0);
    close(a);
}

/* When the server ends its guests leave, and nobody is told that they are gone. */
static void test_closed_with_the_server(void **state)
{
    struct fixture *f = *state;
    int a = come(f, "x");

    while (f->heard < 1) {
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    wr_guests_close(&f->guests);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_true(is_closed(a));
    assert_int_equal(f->left, 1);
    assert_int_equal(f->gone, 0);
    close(a);
}

/* What is no socket cannot be listened on: said, and everything is let go of. */
static void test_not_a_socket(void **state)
{
    struct fixture f = {.over = 0};
    int fds[2];

    assert_int_equal(uv_loop_init(&f.loop), 0);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(open_guests(&f, fds[0]), WR_E_IO);
    uv_run(&f.loop, UV_RUN_DEFAULT);
    assert_int_equal(f.over, 1);
    assert_int_equal(uv_loop_close(&f.loop), 0);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_taken_in_and_turned_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_silent_is_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_silent_yields, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_unread_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_does_not_read_yields, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_deaf_is_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_admitted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_with_the_server, set_up, tear_down),
        cmocka_unit_test(test_not_a_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
