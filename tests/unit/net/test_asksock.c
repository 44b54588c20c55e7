/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/time.h"
#include "net/asksock.h"
#include "net/sock.h"

static const struct wr_addr any; /* the system chooses */
static int listener = -1;
static struct wr_addr at;

static int setup(void **state)
{
    union wr_sockaddr sa;
    socklen_t size = sizeof(sa);

    assert_int_equal(wr_addr_from_text("127.0.0.1", &at), WR_OK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    size = wr_sock_from_addr(&at, &sa);
    assert_int_equal(bind(listener, &sa.any, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, &sa.any, &size), 0);
    assert_int_equal(wr_sock_to_addr(&sa, &at), WR_OK);
    return 0;
}

static int teardown(void **state)
{
    if (listener >= 0)
        close(listener);
    listener = -1;
    return 0;
}

static void test_stream(void **state)
{
    struct wr_asksock s;
    uint8_t room[16];
    size_t n = 0;
    int fd;

    wr_asksock_begin(&s, 20000, NULL);
    assert_int_equal(wr_asksock_open(&s, SOCK_STREAM, &at, &any), WR_OK);
    assert_int_equal(wr_asksock_connected(&s), WR_OK);
    fd = accept(listener, NULL, NULL);
    assert_true(fd >= 0);
    assert_int_equal(wr_asksock_read(&s, room, sizeof(room), &n), WR_E_AGAIN);
    assert_int_equal(wr_asksock_send(&s, (const uint8_t *)"hello", 5), WR_OK);
    assert_int_equal(read(fd, room, sizeof(room)), 5);
    assert_int_equal(write(fd, "you", 3), 3);
    assert_int_equal(wr_asksock_wait(&s, POLLIN, UINT64_MAX), WR_OK);
    assert_int_equal(wr_asksock_read(&s, room, sizeof(room), &n), WR_OK);
    assert_int_equal(n, 3);
    close(fd);
    assert_int_equal(wr_asksock_wait(&s, POLLIN, UINT64_MAX), WR_OK);
    assert_int_equal(wr_asksock_read(&s, room, sizeof(room), &n), WR_E_CLOSED);
    assert_true(wr_asksock_end(&s) < 20000 * WR_MS);
    (void)wr_asksock_end(&s); /* once more does nothing */
}

static void test_deadlines(void **state)
{
    struct wr_asksock s;
    uint64_t now = wr_asksock_now_us();

    wr_asksock_begin(&s, 20000, NULL);
    assert_int_equal(wr_asksock_open(&s, SOCK_STREAM, &at, &any), WR_OK);
    assert_int_equal(wr_asksock_connected(&s), WR_OK);
    assert_int_equal(wr_asksock_wait(&s, POLLIN, wr_asksock_now_us() + 5 * WR_MS), WR_E_TIMEOUT);
    assert_true(wr_asksock_now_us() < now + 20 * WR_S); /* the nearer of the two */
    (void)wr_asksock_end(&s);
    wr_asksock_begin(&s, 5, NULL);
    assert_int_equal(wr_asksock_open(&s, SOCK_STREAM, &at, &any), WR_OK);
    assert_int_equal(wr_asksock_wait(&s, POLLIN, UINT64_MAX), WR_E_TIMEOUT);
    (void)wr_asksock_end(&s);
}

/* Somebody wants it ended: at once, and nothing is waited for any more. */
static void test_cancel(void **state)
{
    static _Atomic bool cancel;
    struct wr_asksock s;

    wr_asksock_begin(&s, 3600 * 1000, &cancel);
    assert_int_equal(wr_asksock_open(&s, SOCK_STREAM, &at, &any), WR_OK);
    assert_int_equal(wr_asksock_connected(&s), WR_OK);
    cancel = true;
    assert_int_equal(wr_asksock_wait(&s, POLLIN, UINT64_MAX), WR_E_TIMEOUT);
    (void)wr_asksock_end(&s);
}

/* Nobody listens: a sentence, and errno. */
static void test_refused(void **state)
{
    struct wr_asksock s;
    int err;

    close(listener);
    listener = -1;
    wr_asksock_begin(&s, 20000, NULL);
    err = wr_asksock_open(&s, SOCK_STREAM, &at, &any);
    if (!err)
        err = wr_asksock_connected(&s);
    assert_int_equal(err, WR_E_IO);
    assert_int_equal(s.number, ECONNREFUSED);
    assert_non_null(strstr(s.error, "cannot connect"));
    (void)wr_asksock_end(&s);
    at.ip[0] = 10;
    wr_asksock_begin(&s, 20000, NULL);
    assert_int_equal(wr_asksock_open(&s, SOCK_STREAM, &at, &at), WR_E_IO); /* not ours */
    assert_non_null(strstr(s.error, "from that address"));
    (void)wr_asksock_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadlines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
