/* SPDX-License-Identifier: Apache-2.0 */
/* The write queue: in order whatever the kernel takes, bounded, nothing held when empty. */
#include "unit/unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/wqueue.h"

static void pair(int fd[2])
{
    int small = 4096;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
}

static void test_taken_at_once(void **state)
{
    struct wr_wqueue q = {0};
    char got[8];
    int fd[2];

    pair(fd);
    assert_int_equal(wr_wqueue_send(&q, fd[0], "ab", 2, "cde", 3, 100), WR_OK);
    assert_int_equal(wr_wqueue_send(&q, fd[0], NULL, 0, "f", 1, 100), WR_OK);
    assert_null(q.bytes);
    assert_int_equal(recv(fd[1], got, sizeof(got), 0), 6);
    assert_memory_equal(got, "abcdef", 6);
    close(fd[0]);
    close(fd[1]);
}

/* Sends of all sizes against a reader that reads in bites; what comes out is what went in. */
static void test_order_is_kept(void **state)
{
    enum { ALL = 300000, MAX = 1 << 20 };
    struct wr_wqueue q = {0};
    static uint8_t octets[ALL], got[4096];
    size_t in = 0, out = 0;
    int fd[2];

    pair(fd);
    for (size_t i = 0; i < ALL; i++) {
        octets[i] = (uint8_t)(i * 7 + i / 256);
    }
    while (out < ALL) {
        size_t head = in % 3, body = 1 + in % 5000;
        ssize_t n;

        if (in + head + body <= ALL) {
            assert_int_equal(
                wr_wqueue_send(&q, fd[0], octets + in, head, octets + in + head, body, MAX), WR_OK);
            in += head + body;
        } else if (in < ALL) {
            assert_int_equal(wr_wqueue_send(&q, fd[0], octets + in, ALL - in, NULL, 0, MAX), WR_OK);
            in = ALL;
        } else {
            int err = wr_wqueue_flush(&q, fd[0]);

            assert_true(err == WR_OK || err == WR_E_AGAIN);
        }
        n = recv(fd[1], got, 1 + out % sizeof(got), MSG_DONTWAIT);
        if (n > 0) {
            assert_memory_equal(got, octets + out, (size_t)n);
            out += (size_t)n;
        }
    }
    assert_int_equal(wr_wqueue_waiting(&q), 0);
    assert_int_equal(wr_wqueue_flush(&q, fd[0]), WR_OK);
    assert_null(q.bytes);
    close(fd[0]);
    close(fd[1]);
}

static void test_bound(void **state)
{
    struct wr_wqueue q = {0};
    static uint8_t octets[1 << 20];
    int fd[2], err = WR_OK;

    pair(fd);
    assert_int_equal(wr_wqueue_send(&q, fd[0], NULL, 0, octets, sizeof(octets), 1000), WR_E_FULL);
    for (int i = 0; i < 100 && err == WR_OK; i++) {
        err = wr_wqueue_send(&q, fd[0], NULL, 0, octets, 10000, 50000);
        assert_true(wr_wqueue_waiting(&q) <= 50000);
    }
    assert_int_equal(err, WR_E_FULL);
    wr_wqueue_free(&q);
    close(fd[0]);
    close(fd[1]);
}

static void test_broken_socket(void **state)
{
    struct wr_wqueue q = {0};
    static uint8_t octets[1 << 17];
    int fd[2];

    pair(fd);
    assert_int_equal(wr_wqueue_send(&q, fd[0], NULL, 0, octets, sizeof(octets), 1 << 20), WR_OK);
    close(fd[1]);
    assert_int_equal(wr_wqueue_flush(&q, fd[0]), WR_E_CLOSED);
    wr_wqueue_free(&q);
    assert_int_equal(wr_wqueue_send(&q, fd[0], "a", 1, "b", 1, 10), WR_E_CLOSED);
    close(fd[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken_at_once),
        cmocka_unit_test(test_order_is_kept),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_broken_socket),
    };

    return cmocka_run_group_tests_name("net/wqueue", tests, NULL, NULL);
}
