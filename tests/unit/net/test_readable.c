/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/list.h"
#include "net/readable.h"

struct thing {
    struct wr_readable readable;
    unsigned read;
    uint8_t last;
};

/* One octet a turn. */
static void take(struct wr_readable *r)
{
    struct thing *t = WR_CONTAINER(r, struct thing, readable);
    if (recv(r->fd, &t->last, 1, MSG_DONTWAIT) == 1) {
        t->read++;
    }
}

/* What one turn leaves comes with the next; after the close nothing does, and the descriptor is gone. */
static void test_reads_until_closed(void **state)
{
    uv_loop_t loop;
    struct wr_readable *r;
    int fd[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
    uv_loop_init(&loop);
    assert_int_equal(wr_readable_open(&loop, fd[0], sizeof(struct thing), take, &r), WR_OK);
    struct thing *t = WR_CONTAINER(r, struct thing, readable);
    assert_int_equal(t->read, 0);
    assert_int_equal(write(fd[1], "abc", 3), 3);
    for (int i = 0; i < 1000 && t->read < 3; i++) {
        uv_run(&loop, UV_RUN_ONCE);
    }
    assert_int_equal(t->read, 3);
    assert_int_equal(t->last, 'c');
    wr_readable_close(r);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(fcntl(fd[0], F_GETFD), -1);
    close(fd[1]);
}

/* What cannot be waited for is refused, and closed all the same. */
static void test_not_to_be_polled(void **state)
{
    uv_loop_t loop;
    struct wr_readable *r = NULL;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    uv_loop_init(&loop);
    assert_true(fd >= 0);
    assert_int_equal(wr_readable_open(&loop, fd, sizeof(struct thing), take, &r), WR_E_IO);
    assert_null(r);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(uv_loop_close(&loop), 0);
    wr_readable_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_until_closed),
        cmocka_unit_test(test_not_to_be_polled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
