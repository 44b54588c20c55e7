/* SPDX-License-Identifier: Apache-2.0 */
/* One-shots: only who was asked is heard, from a port of its own each time. */
#include "unit/net/wire.h"

#include "net/oneshot.h"

struct heard {
    unsigned count, number, lost;
    uint32_t id;
    size_t size;
    struct wr_oneshots *shots;
    bool close;
};

static void hear(void *user, unsigned number, uint32_t id, const uint8_t *bytes, size_t size)
{
    struct heard *h = user;

    h->count++;
    h->lost += bytes == NULL;
    h->number = number;
    h->id = id;
    h->size = size;
    if (h->close) {
        wr_oneshot_close(h->shots, number);
    }
}

/* Turns the loop until the hook was called `count` times; the socket's readiness is what is waited for. */
static void turn(uv_loop_t *loop, const struct heard *h, unsigned count)
{
    while (h->count < count) {
        assert_true(uv_run(loop, UV_RUN_ONCE) != 0 || h->count >= count);
    }
}

static uint16_t take(int fd, union wr_sockaddr *ret_from)
{
    uint8_t room[64];
    socklen_t size = sizeof(*ret_from);

    assert_true(wire_readable(fd, WIRE_WAIT_MS));
    assert_int_equal(recvfrom(fd, room, sizeof(room), 0, &ret_from->any, &size), 4);
    assert_memory_equal(room, "time", 4);
    return ntohs(ret_from->v4.sin_port);
}

static void test_asked_and_answered(void **state)
{
    struct heard h = {0};
    struct wr_addr to = wire_addr("127.0.0.1");
    union wr_sockaddr from, again;
    int server = wire_socket(SOCK_DGRAM, "127.0.0.1"),
        stranger = wire_socket(SOCK_DGRAM, "127.0.0.1");
    uv_loop_t loop;

    uv_loop_init(&loop);
    to.port = wire_port(server);
    assert_int_equal(wr_oneshot_create(&loop, 3, hear, &h, &h.shots), WR_OK);
    assert_int_equal(wr_oneshot_send(h.shots, 2, 77, &to, (const uint8_t *)"time", 4), WR_OK);
    uint16_t port = take(server, &from);
    sendto(stranger, "no", 2, 0, &from.any, sizeof(from.v4));
    sendto(server, "noon", 4, 0, &from.any, sizeof(from.v4));
    turn(&loop, &h, 1);
    assert_int_equal(h.number, 2);
    assert_int_equal(h.id, 77);
    assert_int_equal(h.size, 4);
    assert_int_equal(wr_oneshot_send(h.shots, 2, 78, &to, (const uint8_t *)"time", 4), WR_OK);
    assert_int_not_equal(take(server, &again), port);
    h.close = true; /* within the hook */
    sendto(server, "now", 3, 0, &again.any, sizeof(again.v4));
    sendto(server, "now", 3, 0, &again.any, sizeof(again.v4));
    turn(&loop, &h, 2);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(h.count, 2);
    assert_int_equal(h.id, 78);
    wr_oneshot_destroy(h.shots);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    close(server);
    close(stranger);
}

static void test_nobody_is_there(void **state)
{
    struct heard h = {0};
    struct wr_addr to = wire_addr("127.0.0.1"), nowhere = {0};
    int server = wire_socket(SOCK_DGRAM, "127.0.0.1");
    uv_loop_t loop;

    uv_loop_init(&loop);
    to.port = wire_port(server);
    close(server);
    assert_int_equal(wr_oneshot_create(&loop, 1, hear, &h, &h.shots), WR_OK);
    assert_int_equal(wr_oneshot_send(h.shots, 0, 1, &nowhere, (const uint8_t *)"time", 4), WR_E_IO);
    assert_int_equal(wr_oneshot_send(h.shots, 0, 2, &to, (const uint8_t *)"time", 4), WR_OK);
    turn(&loop, &h, 1);
    assert_int_equal(h.lost, 1);
    assert_int_equal(h.id, 2);
    wr_oneshot_destroy(h.shots);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asked_and_answered),
        cmocka_unit_test(test_nobody_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
