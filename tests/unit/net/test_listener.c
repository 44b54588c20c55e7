/* SPDX-License-Identifier: Apache-2.0 */
/* A row of listening sockets in a loop: added, read, removed, and the place taken again. */
#include "unit/net/wire.h"

#include "base/err.h"
#include "net/listener.h"
#include "net/sock.h"

static struct wr_listener_row row;
static unsigned polled;

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct wr_listener *l = wr_listener_of(poll, status);
    uint8_t octet;

    assert_ptr_equal(l->owner, &polled);
    assert_int_equal(recv(l->fd, &octet, 1, MSG_DONTWAIT), 1);
    polled++;
}

static int open_udp(struct wr_addr *addr)
{
    static const struct wr_sock_options options;
    struct wr_sock_error error;
    int fd;

    assert_int_equal(wr_sock_listen_udp(addr, &options, &fd, &error), WR_OK);
    addr->port = wire_port(fd);
    return fd;
}

static void test_life(void **state)
{
    struct wr_addr addr = wire_addr("127.0.0.1"), any = wire_addr("0.0.0.0");
    struct wr_listener *l;
    uv_loop_t loop;
    int fd, client;

    assert_int_equal(uv_loop_init(&loop), 0);
    wr_listener_init(&row, &polled);
    assert_null(wr_listener_get(&row, 7));
    assert_int_equal(wr_listener_may_add(&row, WR_NET_LISTENERS_MAX), WR_E_RANGE);
    assert_int_equal(wr_listener_add(&row, &loop, WR_NET_LISTENERS_MAX, 0, &addr, on_poll),
                     WR_E_RANGE);
    fd = open_udp(&addr);
    assert_int_equal(wr_listener_add(&row, &loop, 7, fd, &addr, on_poll), WR_OK);
    assert_int_equal(wr_listener_add(&row, &loop, 7, fd, &addr, on_poll), WR_E_EXISTS);
    l = wr_listener_get(&row, 7);
    assert_non_null(l);
    assert_int_equal(l->number, 7);
    assert_false(l->wildcard);
    client = wire_connect(SOCK_DGRAM, "127.0.0.1", &addr);
    assert_int_equal(send(client, "x", 1, 0), 1);
    while (polled == 0) {
        uv_run(&loop, UV_RUN_ONCE);
    }
    wr_listener_remove(l);
    assert_null(wr_listener_get(&row, 7));
    assert_int_equal(wr_listener_may_add(&row, 7), WR_E_EXISTS); /* libuv still has it */
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(wr_listener_may_add(&row, 7), WR_OK);
    fd = open_udp(&any);
    assert_int_equal(wr_listener_add(&row, &loop, 7, fd, &any, on_poll), WR_OK);
    assert_true(wr_listener_get(&row, 7)->wildcard);
    wr_listener_remove(wr_listener_get(&row, 7));
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(polled, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
    close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
