/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/notify.h"

static int manager;

static void expect(const char *text)
{
    char seen[512];
    ssize_t n = recv(manager, seen, sizeof(seen) - 1, MSG_DONTWAIT);
    assert_true(n >= 0);
    seen[n] = 0;
    assert_string_equal(seen, text);
}

/* An abstract socket: "@name". */
static void test_messages(void **state)
{
    char name[64];
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    snprintf(name, sizeof(name), "@weir-test-%ld", (long)getpid());
    memcpy(sa.sun_path + 1, name + 1, strlen(name) - 1);
    manager = socket(AF_UNIX, SOCK_DGRAM, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    assert_int_equal(bind(manager, (struct sockaddr *)&sa, size), 0);
    wr_notify_ready(); /* nobody is there yet: nothing happens */
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("WATCHDOG_USEC", "3000000", 1);
    unsetenv("WATCHDOG_PID");
    wr_notify_start();
    assert_null(getenv("NOTIFY_SOCKET")); /* not for children */
    assert_null(getenv("WATCHDOG_USEC"));
    wr_notify_ready();
    expect("READY=1");
    wr_notify_reloading(1234567);
    expect("RELOADING=1\nMONOTONIC_USEC=1234567");
    wr_notify_status("two workers");
    expect("STATUS=two workers");
    wr_notify_alive();
    expect("WATCHDOG=1");
    wr_notify_stopping();
    expect("STOPPING=1");
    assert_int_equal(wr_notify_alive_us(), 1500000);
    close(manager);
    wr_notify_ready(); /* a manager that is gone is no reason to fail */
}

static void test_sockets_of_another_process(void **state)
{
    struct wr_notify_socket s[4];
    setenv("LISTEN_PID", "1", 1);
    setenv("LISTEN_FDS", "3", 1);
    assert_int_equal(wr_notify_sockets(s, 4), 0);
    assert_null(getenv("LISTEN_FDS"));
    assert_int_equal(wr_notify_sockets(s, 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_sockets_of_another_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
