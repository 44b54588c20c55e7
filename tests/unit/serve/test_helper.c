/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/caps.h"
#include "serve/helper.h"

static const struct wr_helper_how plain, probing = {.probe = true};

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
    struct wr_helper none = {.fd = -1};
    struct wr_addr a = addr("127.0.0.1:0");
    struct wr_sock_error error;
    int fd = -1;
    assert_int_equal(wr_helper_listen(&none, WR_CLIENT_UDP, &a, &plain, &fd, &error), WR_OK);
    uint16_t port = port_of(fd);
    close(fd);
    return port;
}

static void wait_for(struct wr_helper *h, enum wr_helper_state state);

/* On a busy machine the child may be slow: that is not what these tests are about. */
static int listen_patiently(struct wr_helper *h, enum wr_client_transport transport,
                            const struct wr_addr *a, const struct wr_helper_how *how, int *ret_fd,
                            struct wr_sock_error *error)
{
    int err = WR_E_AGAIN;

    for (int i = 0; i < 10 && err == WR_E_AGAIN; i++) {
        err = wr_helper_listen(h, transport, a, how, ret_fd, error);
        if (err == WR_E_AGAIN) {
            wait_for(h, WR_HELPER_WELL);
        }
    }
    return err;
}

/* A listener on loopback, on a port that others may take meanwhile; which one it was is in *a. */
static int open_one(struct wr_helper *h, enum wr_client_transport transport,
                    const struct wr_helper_how *how, struct wr_addr *a)
{
    struct wr_sock_error error;
    int fd = -1, err = WR_E_BUSY;

    *a = addr("127.0.0.1:1");
    for (int i = 0; i < 100 && err == WR_E_BUSY; i++) {
        a->port = free_port();
        err = listen_patiently(h, transport, a, how, &fd, &error);
    }
    assert_int_equal(err, WR_OK);
    assert_int_equal(port_of(fd), a->port);
    return fd;
}

static void test_without_a_child(void **state)
{
    struct wr_helper none = {.fd = -1};
    assert_true(free_port() != 0);
    wr_helper_stop(&none); /* fine */
}

static void test_through_the_child(void **state)
{
    struct wr_helper h;
    struct wr_addr a;
    struct wr_sock_error error;
    assert_int_equal(wr_helper_start(&h), WR_OK);
    assert_int_equal(h.fd >= 0, wr_caps_can_bind());
    int tcp = open_one(&h, WR_CLIENT_TCP, &probing, &a), listening = 0;
    socklen_t size = sizeof(listening);
    assert_int_equal(getsockopt(tcp, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size), 0);
    assert_int_equal(listening, 1);
    int udp = open_one(&h, WR_CLIENT_UDP, &probing, &a), fd = -1;
    /* A mistake comes back with its sentence, and the child lives on. */
    struct wr_addr foreign = addr("198.51.100.77:5300");
    memset(&error, 0, sizeof(error));
    assert_int_equal(listen_patiently(&h, WR_CLIENT_UDP, &foreign, &plain, &fd, &error),
                     WR_E_NOTFOUND);
    assert_int_equal(fd, -1);
    assert_true(strlen(error.text) > 10);
    assert_int_equal(listen_patiently(&h, WR_CLIENT_UDP, &a, &plain, &fd, &error), WR_OK);
    close(fd);
    close(udp);
    close(tcp);
    wr_helper_stop(&h);
    assert_int_equal(h.fd, -1);
}

static bool begin(struct wr_helper *h)
{
    assert_int_equal(wr_helper_start(h), WR_OK);
    if (h->fd < 0) {
        print_message("no privilege, so no helper; tests/e2e/serve_start.py has one\n");
    }
    return h->fd >= 0;
}

/* Looks until it is so; the child is another process. */
static void wait_for(struct wr_helper *h, enum wr_helper_state state)
{
    for (int i = 0; i < 2000 && wr_helper_look(h) != state; i++) {
        poll(NULL, 0, 10);
    }
    assert_int_equal(wr_helper_look(h), state);
}

static void wait_until_reaped(struct wr_helper *h, pid_t pid)
{
    for (int i = 0; i < 2000 && h->pid != 0; i++) {
        (void)wr_helper_look(h);
        poll(NULL, 0, 10);
    }
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* no zombie is left */
    assert_int_equal(errno, ECHILD);
}

/* Whoever took the parent over can send anything: the child ends rather than guess. */
static void test_nonsense_ends_the_child(void **state)
{
    struct wr_helper h;
    if (!begin(&h)) {
        return;
    }
    int status = 0;
    uint8_t junk[64];
    memset(junk, 0xa5, sizeof(junk));
    assert_int_equal(send(h.fd, junk, sizeof(junk), 0), sizeof(junk));
    assert_int_equal(waitpid(h.pid, &status, 0), h.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    wait_for(&h, WR_HELPER_GONE);
    wr_helper_stop(&h);
}

/* Its end is noticed without anything being asked of it; what needs no privilege goes on. */
static void test_the_child_ends(void **state)
{
    struct wr_helper h;
    if (!begin(&h)) {
        return;
    }
    assert_int_equal(wr_helper_look(&h), WR_HELPER_WELL);
    assert_null(wr_helper_problem(&h));
    pid_t pid = h.pid;
    kill(pid, SIGKILL);
    wait_for(&h, WR_HELPER_GONE);
    assert_non_null(strstr(wr_helper_problem(&h), "restart"));
    wait_until_reaped(&h, pid);
    struct wr_addr a;
    close(open_one(&h, WR_CLIENT_UDP, &plain, &a));
    wr_helper_stop(&h);
}

/* One that hangs costs one wait; its late answer is thrown away, with the socket in it, and then it is well again. */
static void test_the_child_hangs(void **state)
{
    struct wr_helper h;
    if (!begin(&h)) {
        return;
    }
    struct wr_addr a = addr("127.0.0.1:1");
    a.port = free_port();
    struct wr_sock_error error;
    int fd = -1;
    kill(h.pid, SIGSTOP);
    for (int i = 0; i < 3; i++) {
        memset(&error, 0, sizeof(error));
        assert_int_equal(wr_helper_listen(&h, WR_CLIENT_TCP, &a, &plain, &fd, &error), WR_E_AGAIN);
        assert_non_null(strstr(error.text, "does not answer"));
        assert_int_equal(fd, -1);
        assert_int_equal(h.owed, 1);
    }
    assert_int_equal(wr_helper_look(&h), WR_HELPER_SLOW);
    kill(h.pid, SIGCONT);
    wait_for(&h, WR_HELPER_WELL);
    close(open_one(&h, WR_CLIENT_TCP, &probing, &a));
    wr_helper_stop(&h);
}

/* The stop does not wait for one that is stopped. */
static void test_a_stop_that_does_not_wait(void **state)
{
    struct wr_helper h;
    if (!begin(&h)) {
        return;
    }
    pid_t pid = h.pid;
    kill(pid, SIGSTOP);
    wr_helper_stop(&h);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), 0); /* it is there yet */
    kill(pid, SIGCONT);
    assert_int_equal(waitpid(pid, NULL, 0), pid); /* and reads the end of its channel */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_child),
        cmocka_unit_test(test_through_the_child),
        cmocka_unit_test(test_nonsense_ends_the_child),
        cmocka_unit_test(test_the_child_ends),
        cmocka_unit_test(test_the_child_hangs),
        cmocka_unit_test(test_a_stop_that_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
