/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a port: this program, when it has. */
#include "unit/net/wire.h"

#include <stdio.h>
#include <sys/prctl.h>

#include "net/holder.h"

static void test_finds_this_process(void **state)
{
    int udp = wire_socket(SOCK_DGRAM, "127.0.0.1"), tcp = wire_socket(SOCK_STREAM, "::1");
    char text[64], want[32];

    assert_int_equal(listen(tcp, 1), 0);
    snprintf(want, sizeof(want), "(pid %d)", (int)getpid());
    wr_holder_find(wire_port(udp), false, text, sizeof(text));
    assert_non_null(strstr(text, want));
    wr_holder_find(wire_port(tcp), true, text, sizeof(text));
    assert_non_null(strstr(text, want));
    close(udp);
    close(tcp);
}

/* A process calls itself what it likes: no control sequence may reach the terminal of who starts weir. */
static void test_name_is_made_visible(void **state)
{
    int udp = wire_socket(SOCK_DGRAM, "127.0.0.1");
    char text[64], before[16] = "", want[64];

    assert_int_equal(prctl(PR_GET_NAME, before, 0, 0, 0), 0);
    assert_int_equal(prctl(PR_SET_NAME, "a\033[2J\x9b\x80z", 0, 0, 0), 0);
    snprintf(want, sizeof(want), "a?[2J??z (pid %d)", (int)getpid());
    wr_holder_find(wire_port(udp), false, text, sizeof(text));
    assert_string_equal(text, want);
    assert_int_equal(prctl(PR_SET_NAME, before, 0, 0, 0), 0);
    close(udp);
}

static void test_nobody(void **state)
{
    int udp = wire_socket(SOCK_DGRAM, "127.0.0.1");
    uint16_t port = wire_port(udp);
    char text[64];

    close(udp);
    wr_holder_find(port, false, text, sizeof(text));
    assert_non_null(strstr(text, "another process"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_this_process),
        cmocka_unit_test(test_name_is_made_visible),
        cmocka_unit_test(test_nobody),
    };

    return cmocka_run_group_tests_name("net/holder", tests, NULL, NULL);
}
