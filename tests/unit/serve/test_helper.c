/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/caps.h"
#include "serve/helper.h"

static struct wr_addr addr(const char *text)
{
    struct wr_addr a;
    memset(&a, 0, sizeof(a));
    assert_int_equal(wr_addr_from_text(text, &a), 0);
    return a;
}

static uint16_t port_of(int fd)
{
    union wr_sockaddr sa;
    socklen_t size = sizeof(sa);
    struct wr_addr a;
    assert_int_equal(getsockname(fd, &sa.any, &size), 0);
    assert_int_equal(wr_sock_to_addr(&sa, &a), WR_OK);
    return a.port;
}

/* A port that was free a moment ago. */
static uint16_t free_port(void)
{
    struct wr_helper none = {-1, 0};
    struct wr_addr a = addr("127.0.0.1:0");
    struct wr_sock_error error;
    int fd = -1;
    assert_int_equal(wr_helper_listen(&none, WR_CLIENT_UDP, &a, false, &fd, &error), WR_OK);
    uint16_t port = port_of(fd);
    close(fd);
    return port;
}

static void test_without_a_child(void **state)
{
    struct wr_helper none = {-1, 0};
    assert_true(free_port() != 0);
    wr_helper_stop(&none); /* fine */
}

static void test_through_the_child(void **state)
{
    struct wr_helper h;
    struct wr_sock_error error;
    assert_int_equal(wr_helper_start(&h), WR_OK);
    assert_int_equal(h.fd >= 0, wr_caps_can_bind());
    struct wr_addr a = addr("127.0.0.1:1");
    a.port = free_port();
    int udp = -1, tcp = -1, fd = -1;
    assert_int_equal(wr_helper_listen(&h, WR_CLIENT_UDP, &a, true, &udp, &error), WR_OK);
    assert_int_equal(port_of(udp), a.port);
    assert_int_equal(wr_helper_listen(&h, WR_CLIENT_TCP, &a, true, &tcp, &error), WR_OK);
    int listening = 0;
    socklen_t size = sizeof(listening);
    assert_int_equal(getsockopt(tcp, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size), 0);
    assert_int_equal(listening, 1);
    /* A mistake comes back with its sentence, and the child lives on. */
    struct wr_addr foreign = addr("198.51.100.77:5300");
    memset(&error, 0, sizeof(error));
    assert_int_not_equal(wr_helper_listen(&h, WR_CLIENT_UDP, &foreign, false, &fd, &error), WR_OK);
    assert_int_equal(fd, -1);
    assert_true(strlen(error.text) > 10);
    assert_int_equal(wr_helper_listen(&h, WR_CLIENT_UDP, &a, false, &fd, &error), WR_OK);
    close(fd);
    close(udp);
    close(tcp);
    wr_helper_stop(&h);
    assert_int_equal(h.fd, -1);
}

/* Whoever took the parent over can send anything: the child ends rather than guess. */
static void test_nonsense_ends_the_child(void **state)
{
    struct wr_helper h;
    assert_int_equal(wr_helper_start(&h), WR_OK);
    if (h.fd < 0) {
        print_message("no privilege, so no helper; tests/e2e/serve_start.py has one\n");
        return;
    }
    int status = 0;
    uint8_t junk[64];
    memset(junk, 0xa5, sizeof(junk));
    assert_int_equal(send(h.fd, junk, sizeof(junk), 0), sizeof(junk));
    assert_int_equal(waitpid(h.pid, &status, 0), h.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    struct wr_addr a = addr("127.0.0.1:5300");
    struct wr_sock_error error;
    int fd = -1;
    assert_int_equal(wr_helper_listen(&h, WR_CLIENT_UDP, &a, false, &fd, &error), WR_E_CLOSED);
    assert_non_null(strstr(error.text, "restart"));
    close(h.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_child),
        cmocka_unit_test(test_through_the_child),
        cmocka_unit_test(test_nonsense_ends_the_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
