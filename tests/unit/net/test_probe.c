/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/probe.h"
#include "net/sock.h"

enum { LONG_MS = 20000, SHORT_MS = 60 };

static const uint8_t id[WR_STUN_ID_SIZE] = "abcdefghijkl";

static int bound(int type, struct wr_addr *ret_addr)
{
    union wr_sockaddr sa = {
        .v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(sa.v4);
    int fd = socket(AF_INET, type, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &sa.any, size), 0);
    assert_int_equal(getsockname(fd, &sa.any, &size), 0);
    assert_int_equal(wr_sock_to_addr(&sa, ret_addr), WR_OK);
    return fd;
}

static void test_tcp(void **state)
{
    struct wr_addr addr, nowhere;
    int fd = bound(SOCK_STREAM, &addr);

    assert_int_equal(wr_probe_tcp(&addr, LONG_MS), WR_PROBE_CLOSED);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(wr_probe_tcp(&addr, LONG_MS), WR_PROBE_ALIVE);
    close(fd);
    memset(&nowhere, 0, sizeof(nowhere));
    assert_int_equal(wr_probe_tcp(&nowhere, LONG_MS), WR_PROBE_UNREACHABLE);
    assert_int_equal(wr_probe_of_errno(ENETUNREACH), WR_PROBE_UNREACHABLE);
    assert_int_equal(wr_probe_of_errno(EHOSTUNREACH), WR_PROBE_ABSENT);
    assert_int_equal(wr_probe_of_errno(ETIMEDOUT), WR_PROBE_SILENT);
}

/* Nothing is sent where a packet does not go to one machine: this machine would answer at the address in disguise. */
static void test_nobody(void **state)
{
    static const char *const texts[] = {
        "224.0.0.251", "255.255.255.255", "0.0.0.0",         "240.0.0.1",
        "::",          "ff02::fb",        "::ffff:127.0.0.1"};
    struct wr_addr addr;
    int fd = bound(SOCK_STREAM, &addr);

    assert_int_equal(listen(fd, 1), 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct wr_addr to;

        assert_int_equal(wr_addr_from_text(texts[i], &to), WR_OK);
        to.port = addr.port;
        assert_int_equal(wr_probe_tcp(&to, LONG_MS), WR_PROBE_UNREACHABLE);
        assert_int_equal(wr_probe_stun(&to, LONG_MS, id), WR_PROBE_UNREACHABLE);
    }
    close(fd);
}

/* A queue that is full takes no connection: the SYN is not answered. */
static void test_tcp_silent(void **state)
{
    struct wr_addr addr;
    union wr_sockaddr sa;
    int fd = bound(SOCK_STREAM, &addr), clients[8];
    socklen_t size = wr_sock_from_addr(&addr, &sa);

    assert_int_equal(listen(fd, 0), 0);
    for (int i = 0; i < 8; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(clients[i], &sa.any, size);
    }
    assert_int_equal(wr_probe_tcp(&addr, SHORT_MS), WR_PROBE_SILENT);
    for (int i = 0; i < 8; i++)
        close(clients[i]);
    close(fd);
}

/* What the server sends back for the first and for the second request. */
struct server {
    int fd;
    const char *plays; /* 'a' answers, 's' silence, 'w' another id */
};

static void *serve(void *user)
{
    struct server *s = user;

    for (const char *play = s->plays; *play; play++) {
        union wr_sockaddr from;
        socklen_t size = sizeof(from);
        uint8_t message[64];
        ssize_t n = recvfrom(s->fd, message, sizeof(message), 0, &from.any, &size);

        assert_int_equal(n, WR_STUN_HEADER_SIZE);
        message[0] = 1;
        message[1] = 1;
        message[8] ^= *play == 'w';
        if (*play != 's')
            sendto(s->fd, message, (size_t)n, 0, &from.any, size);
    }
    return NULL;
}

static enum wr_probe play(const char *plays, uint32_t timeout_ms)
{
    struct server s = {.plays = plays};
    struct wr_addr addr;
    pthread_t thread;
    enum wr_probe probe;

    s.fd = bound(SOCK_DGRAM, &addr);
    assert_int_equal(pthread_create(&thread, NULL, serve, &s), 0);
    probe = wr_probe_stun(&addr, timeout_ms, id);
    pthread_join(thread, NULL);
    close(s.fd);
    return probe;
}

static void test_stun(void **state)
{
    struct wr_addr addr;
    int fd = bound(SOCK_DGRAM, &addr);

    close(fd);
    assert_int_equal(wr_probe_stun(&addr, LONG_MS, id), WR_PROBE_CLOSED);
    assert_int_equal(play("a", LONG_MS), WR_PROBE_ALIVE);
    assert_int_equal(play("sa", LONG_MS), WR_PROBE_ALIVE); /* sent again */
    assert_int_equal(play("wa", LONG_MS), WR_PROBE_ALIVE);
    assert_int_equal(play("s", SHORT_MS), WR_PROBE_SILENT);
    fd = bound(SOCK_DGRAM, &addr);
    assert_int_equal(wr_probe_stun(&addr, SHORT_MS, id), WR_PROBE_SILENT);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_tcp_silent),
        cmocka_unit_test(test_stun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
