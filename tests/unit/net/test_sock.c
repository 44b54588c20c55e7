/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses both ways, listening sockets, and what is said when one cannot be had. */
#include "unit/net/wire.h"

#include <net/if.h>
#include <stdio.h>
#include <sys/resource.h>

static void test_addresses_both_ways(void **state)
{
    static const char *const text[] = {"192.0.2.1:53", "0.0.0.0", "[2001:db8::1]:5353",
                                       "::", "[fe80::1%3]:53"};

    for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
        struct wr_addr addr = wire_addr(text[i]), back;
        union wr_sockaddr sa;

        assert_int_equal(wr_sock_from_addr(&addr, &sa),
                         addr.family == WR_AF_V4 ? sizeof(sa.v4) : sizeof(sa.v6));
        assert_int_equal(wr_sock_to_addr(&sa, &back), WR_OK);
        assert_memory_equal(&addr, &back, sizeof(addr));
    }
}

static void test_mapped_address_is_v4(void **state)
{
    struct wr_addr mapped = wire_addr("[::ffff:192.0.2.7]:99"), back;
    union wr_sockaddr sa;

    wr_sock_from_addr(&mapped, &sa);
    if (sa.any.sa_family == AF_INET6) {
        assert_int_equal(wr_sock_to_addr(&sa, &back), WR_OK);
        assert_int_equal(back.family, WR_AF_V4);
        assert_int_equal(back.ip[3], 7);
        assert_int_equal(back.port, 99);
    }
}

static void test_other_families(void **state)
{
    struct wr_addr none = {0};
    union wr_sockaddr sa = {.any.sa_family = AF_UNIX};
    struct wr_addr addr;

    assert_int_equal(wr_sock_to_addr(&sa, &addr), WR_E_UNSUPPORTED);
    assert_int_equal(wr_sock_from_addr(&none, &sa), 0);
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof(value);

    getsockopt(fd, level, name, &value, &size);
    return value;
}

static void test_listener_options(void **state)
{
    static const struct wr_sock_options options;
    struct wr_addr one = wire_addr("127.0.0.1"), all = wire_addr("0.0.0.0");
    struct wr_sock_error error;
    int udp, wild, tcp;

    assert_int_equal(wr_sock_listen_udp(&one, &options, &udp, &error), WR_OK);
    assert_int_equal(wr_sock_listen_udp(&all, &options, &wild, &error), WR_OK);
    assert_int_equal(wr_sock_listen_tcp(&one, &options, &tcp, &error), WR_OK);
    assert_int_equal(option(udp, IPPROTO_IP, IP_PKTINFO), 0);
    assert_int_equal(option(wild, IPPROTO_IP, IP_PKTINFO), 1);
    assert_int_equal(option(udp, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_OMIT);
    assert_int_equal(option(udp, SOL_SOCKET, SO_REUSEPORT), 1);
    assert_int_equal(option(tcp, SOL_SOCKET, SO_ACCEPTCONN), 1);
    close(udp);
    close(wild);
    close(tcp);
}

/* Workers share a port; a stranger's port is not shared silently, and the error names who has it. */
static void test_in_use(void **state)
{
    static const struct wr_sock_options share, probe = {.probe = true};
    struct wr_addr addr = wire_addr("127.0.0.1");
    struct wr_sock_error error = {0};
    char pid[32];
    int first, second;

    for (int tcp = 0; tcp < 2; tcp++) {
        int (*open)(const struct wr_addr *, const struct wr_sock_options *, int *,
                    struct wr_sock_error *) = tcp ? wr_sock_listen_tcp : wr_sock_listen_udp;

        addr.port = 0;
        assert_int_equal(open(&addr, &probe, &first, &error), WR_OK);
        addr.port = wire_port(first);
        assert_int_equal(open(&addr, &share, &second, &error), WR_OK);
        close(second);
        assert_int_equal(open(&addr, &probe, &second, &error), WR_E_BUSY);
        assert_int_equal(error.number, EADDRINUSE);
        snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
        assert_non_null(strstr(error.text, pid));
        assert_non_null(strstr(error.text, "`listen`"));
        close(first);
    }
}

static void test_not_our_address(void **state)
{
    static const struct wr_sock_options options, later = {.freebind = true};
    struct wr_addr addr = wire_addr("192.0.2.77");
    struct wr_sock_error error;
    int fd;

    assert_int_equal(wr_sock_listen_udp(&addr, &options, &fd, &error), WR_E_NOTFOUND);
    assert_non_null(strstr(error.text, "192.0.2.77 is not an address of this host"));
    assert_int_equal(wr_sock_listen_udp(&addr, &later, &fd, &error), WR_OK);
    close(fd);
}

static void test_no_descriptors(void **state)
{
    static const struct wr_sock_options options;
    struct wr_addr addr = wire_addr("127.0.0.1");
    struct wr_sock_error error;
    struct rlimit old, none;
    int fd;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(wr_sock_listen_udp(&addr, &options, &fd, &error), WR_E_FULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_non_null(strstr(error.text, "LimitNOFILE"));
}

static void test_interface(void **state)
{
    struct wr_sock_ifaddr addrs[16];
    struct wr_addr own[256];
    size_t count = 0;
    bool found = false;

    assert_int_equal(wr_sock_interface("no-such-if0", addrs, 16, &count), WR_E_NOTFOUND);
    assert_int_equal(wr_sock_interface("lo", addrs, 16, &count), WR_OK);
    for (size_t i = 0; i < count; i++) {
        struct wr_addr loopback = wire_addr("127.0.0.1");

        if (wr_addr_equal(&addrs[i].addr, &loopback)) {
            found = true;
            assert_int_equal(addrs[i].on_link.len, 8);
            assert_int_equal(addrs[i].on_link.addr.ip[0], 127);
            assert_int_equal(addrs[i].on_link.addr.ip[3], 0);
        }
    }
    assert_true(found);
    assert_int_equal(wr_sock_interface("lo", addrs, 0, &count), WR_E_FULL);
    assert_int_equal(wr_sock_own_addrs(own, 256, &count), WR_OK);
    assert_true(count >= 1);
}

/* A connection knows by what interface it was begun, also after it has sent something. */
static void test_interface_of_a_connection(void **state)
{
    static const char *const text[] = {"127.0.0.1", "::1"};
    static const struct wr_sock_options options;

    for (unsigned i = 0; i < 2; i++) {
        struct wr_addr addr = wire_addr(text[i]);
        struct wr_sock_error error;
        union wr_sockaddr sa;
        socklen_t size = sizeof(sa);
        int listener, client, fd, err = wr_sock_listen_tcp(&addr, &options, &listener, &error);

        if (i == 1 && err == WR_E_NOTFOUND) {
            continue; /* no IPv6 here */
        }
        assert_int_equal(err, WR_OK);
        assert_int_equal(getsockname(listener, &sa.any, &size), 0);
        client = socket(sa.any.sa_family, SOCK_STREAM, 0);
        assert_int_equal(connect(client, &sa.any, size), 0);
        assert_int_equal(send(client, "abcd", 4, 0), 4);
        assert_true(wire_readable(listener, WIRE_WAIT_MS));
        fd = accept(listener, NULL, NULL);
        assert_true(fd >= 0);
        assert_int_equal(wr_sock_interface_of(fd, addr.family), if_nametoindex("lo"));
        assert_int_equal(wr_sock_interface_of(listener, addr.family), 0);
        close(fd);
        close(client);
        close(listener);
    }
}

static void test_raise_files(void **state)
{
    struct rlimit old, low;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = old;
    low.rlim_cur = 64;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_int_equal(wr_sock_raise_files(10), 64); /* never lowered */
    assert_int_equal(wr_sock_raise_files(100), 100);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_both_ways),
        cmocka_unit_test(test_mapped_address_is_v4),
        cmocka_unit_test(test_other_families),
        cmocka_unit_test(test_listener_options),
        cmocka_unit_test(test_in_use),
        cmocka_unit_test(test_not_our_address),
        cmocka_unit_test(test_no_descriptors),
        cmocka_unit_test(test_interface),
        cmocka_unit_test(test_interface_of_a_connection),
        cmocka_unit_test(test_raise_files),
    };

    return cmocka_run_group_tests_name("net/sock", tests, NULL, NULL);
}
