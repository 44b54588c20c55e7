/* SPDX-License-Identifier: Apache-2.0 */
/* A socket for questions to the kernel: it has a port, waits no longer than it should, and is told when there is none. */
#include "unit/unit.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/err.h"
#include "net/nlask.h"

static void test_open(void **state)
{
    struct sockaddr_nl sa = {0};
    struct timeval wait = {0};
    socklen_t size = sizeof(sa);
    int fd = -1;
    assert_int_equal(wr_nlask_open(NETLINK_ROUTE, &fd), WR_OK);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &size), 0);
    assert_true(sa.nl_pid != 0);
    size = sizeof(wait);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, &size), 0);
    assert_in_range(wait.tv_sec, 1, 2);
    close(fd);
}

static void test_none(void **state)
{
    int fd = 7;
    errno = 0;
    assert_int_equal(wr_nlask_open(1000, &fd), WR_E_IO);
    assert_int_equal(fd, -1);
    assert_true(errno != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_open), cmocka_unit_test(test_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
