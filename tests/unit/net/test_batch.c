/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams by the batch, over real sockets of loopback; the loop is not run. */
#include "unit/net/wire.h"

#include <net/if.h>

#include "base/err.h"
#include "net/batch.h"

enum { ROOM = 64, STRIDE = 128 };

static struct wr_batch in, out;
static struct wr_listener_row row;

static void listen_at(uint16_t number, const char *ip, struct wr_addr *ret_addr)
{
    static const struct wr_sock_options options;
    struct wr_listener *l = &row.at[number];
    struct wr_sock_error error;

    *ret_addr = wire_addr(ip);
    assert_int_equal(wr_sock_listen_udp(ret_addr, &options, &l->fd, &error), WR_OK);
    ret_addr->port = wire_port(l->fd);
    l->addr = *ret_addr;
    l->wildcard = l->informed = wr_addr_is_any(ret_addr);
}

static int set_up(void **state)
{
    wr_listener_init(&row, NULL);
    assert_true(wr_batch_init(&in, ROOM, STRIDE));
    assert_true(wr_batch_init(&out, ROOM, STRIDE));
    return 0;
}

static int tear_down(void **state)
{
    for (unsigned i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        if (row.at[i].fd >= 0) {
            close(row.at[i].fd);
        }
    }
    wr_batch_free(&in);
    wr_batch_free(&out);
    wr_batch_free(&out); /* nothing twice */
    return 0;
}

/* What came goes back from where it was asked, by the listener of each; one whose listener has gone is lost. */
static void test_echo(void **state)
{
    struct wr_addr at[2], to;
    uint8_t octets[256] = {0};
    int client[2];
    unsigned n = 0;

    listen_at(1, "127.0.0.1", &at[0]);
    listen_at(2, "0.0.0.0", &at[1]);
    assert_int_equal(wr_batch_read(&in, &row.at[1]), 0);
    for (unsigned i = 0; i < 2; i++) {
        to = wire_addr("127.0.0.1");
        to.port = at[i].port;
        client[i] = wire_connect(SOCK_DGRAM, "127.0.0.1", &to);
        for (uint8_t k = 0; k < 3; k++) {
            octets[0] = (uint8_t)(10 * i + k);
            assert_int_equal(send(client[i], octets, k == 2 ? 200 : 4, 0), k == 2 ? 200 : 4);
        }
        assert_true(wire_readable(row.at[1 + i].fd, WIRE_WAIT_MS));
        assert_int_equal(wr_batch_read(&in, &row.at[1 + i]), 3);
        assert_int_equal(in.message[2].msg_len, ROOM); /* cut */
        for (unsigned k = 0; k < 2; k++, n++) {
            struct wr_addr local;
            uint32_t ifindex;

            assert_int_equal(in.message[k].msg_len, 4);
            wr_batch_info(&in, k, &row.at[1 + i], &local, &ifindex);
            assert_int_equal(local.ip[0], 127);
            assert_int_equal(ifindex, i == 0 ? 0 : if_nametoindex("lo"));
            memcpy(out.part[n].iov_base, in.part[k].iov_base, 4);
            out.part[n].iov_len = 4;
            out.name[n] = in.name[k];
            out.message[n].msg_hdr.msg_namelen = in.message[k].msg_hdr.msg_namelen;
            out.number[n] = (uint16_t)(1 + i);
            wr_batch_source(&out.message[n].msg_hdr, out.control[n], &row.at[1 + i], &local);
            assert_int_equal(out.message[n].msg_hdr.msg_control != NULL, i == 1);
        }
    }
    out.message[4] = out.message[3];
    out.number[4] = 9; /* nobody's */
    assert_int_equal(wr_batch_flush(&out, &row, 5), 1);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(wire_readable(client[i / 2], WIRE_WAIT_MS));
        assert_int_equal(recv(client[i / 2], octets, sizeof(octets), 0), 4);
        assert_int_equal(octets[0], 10 * (i / 2) + i % 2);
    }
    close(client[0]);
    close(client[1]);
}

/* Of a socket with one address the interface is told when somebody wants it, and the address stays its own. */
static void test_interface(void **state)
{
    struct wr_addr at, local;
    uint32_t ifindex;
    int client;

    listen_at(1, "127.0.0.1", &at);
    wr_listener_inform(&row);
    client = wire_connect(SOCK_DGRAM, "127.0.0.1", &at);
    assert_int_equal(send(client, "abcd", 4, 0), 4);
    assert_true(wire_readable(row.at[1].fd, WIRE_WAIT_MS));
    assert_int_equal(wr_batch_read(&in, &row.at[1]), 1);
    wr_batch_info(&in, 0, &row.at[1], &local, &ifindex);
    assert_true(wr_addr_equal(&local, &row.at[1].addr));
    assert_int_equal(ifindex, if_nametoindex("lo"));
    wr_batch_source(&out.message[0].msg_hdr, out.control[0], &row.at[1], &local);
    assert_null(out.message[0].msg_hdr.msg_control);
    close(client);
}

/* The kernel refuses one: it is lost, and the others leave. */
static void test_refused(void **state)
{
    struct wr_addr at, to = wire_addr("127.0.0.1");
    int client;

    listen_at(1, "127.0.0.1", &at);
    client = wire_connect(SOCK_DGRAM, "127.0.0.1", &at);
    to.port = wire_port(client);
    for (unsigned i = 0; i < 3; i++) {
        to.family = WR_AF_V4;
        out.part[i].iov_len = 4;
        out.message[i].msg_hdr.msg_namelen = i == 1 ? 1 : wr_sock_from_addr(&to, &out.name[i]);
    }
    assert_int_equal(wr_batch_send(row.at[1].fd, out.message, 3), 1);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t octets[16];

        assert_true(wire_readable(client, WIRE_WAIT_MS));
        assert_int_equal(recv(client, octets, sizeof(octets), 0), 4);
    }
    close(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_echo, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_interface, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
