/* SPDX-License-Identifier: Apache-2.0 */
/* A client on a slow link that reads what it can: what it has confirmed counts, though its kernel and ours hold more than it reads in the time for a
 * message. */
#include "unit/net/world.h"

#include <netinet/tcp.h>
#include <string.h>

enum { MESSAGE_MS = 1000, TURN_MS = 100, TURNS = 30, EACH = 1000, SEGMENT = 536 };

static int dial_slow(struct world *w)
{
    union wr_sockaddr sa;
    socklen_t size = wr_sock_from_addr(&w->tcp, &sa);
    int fd = wire_socket(SOCK_STREAM, "127.0.0.1"), room = 4096, segment = SEGMENT;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
    assert_int_equal(connect(fd, &sa.any, size), 0);
    return fd;
}

struct asker {
    int fd;
    size_t at; /* what was sent of the question in work */
    uint8_t framed[2 + 4000];
};

/* What fits. */
static void ask(struct asker *a)
{
    ssize_t n;

    do {
        n = send(a->fd, a->framed + a->at, sizeof(a->framed) - a->at, MSG_NOSIGNAL | MSG_DONTWAIT);
        a->at = n > 0 ? (a->at + (size_t)n) % sizeof(a->framed) : a->at;
    } while (n > 0);
    assert_int_equal(errno, EAGAIN);
}

static void test_who_takes_what_it_can(void **state)
{
    struct world *w = world_new();
    struct asker a = {.framed = {4000 >> 8, 4000 & 0xff}};
    uint8_t octets[EACH];

    w->setup.limits.tcp_message_ms = MESSAGE_MS;
    w->setup.limits.tcp_queue = 64 * 1024 * 1024;
    world_start(w);
    a.fd = dial_slow(w);
    world_query(a.framed + 2, 1, 'h');
    for (int i = 0; i < TURNS; i++) {
        ask(&a);
        assert_true(recv(a.fd, octets, sizeof(octets), 0) > 0);
        poll(NULL, 0, TURN_MS); /* a pace, not a wait */
    }
    assert_int_equal(w->stats.tcp_unread, 0);
    close(a.fd);
    world_stop(w, 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_who_takes_what_it_can)};

    return cmocka_run_group_tests_name("net/tcpslow", tests, NULL, NULL);
}
