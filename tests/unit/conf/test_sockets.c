/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners on one socket, and upstreams that are a listener of weir itself. */
#include "unit/conf/conftest.h"

#include "conf/sockets.h"

#define PAIR "certificates: [{chain: /c, key: /k}]"

static void test_one_socket(void **state)
{
    static const struct broken rows[] = {
        {"encrypted:\n  dot: [\"192.0.2.1:853\"]\n  doh: [\"192.0.2.1:853\"]\n  " PAIR "\n", 3, 9,
         "encrypted.doh[0]: one TCP port cannot be two listeners: it is that of encrypted.dot[0] "
         "(line 2, column 9)"},
        {"listen: [\"[2001:db8::1]:853\"]\nencrypted:\n  dot: [\"2001:db8::1\"]\n  " PAIR "\n", 3,
         9, "one TCP port cannot be two listeners: it is that of listen[0] (line 1, column 10)"},
        {"listen: [192.0.2.1, \"192.0.2.1:443\"]\nencrypted:\n  doh: [192.0.2.1]\n  " PAIR "\n", 3,
         9, "that of listen[1] (line 1, column 21)"},
        {"encrypted:\n  dot: [\"127.0.0.1:53\"]\n  " PAIR "\n", 2, 9, "listen[0] (by default)"},
        {"listen: [\"br-iot:853\"]\nencrypted:\n  dot: [br-iot]\n  " PAIR "\n", 3, 9,
         "that of listen[0]"},
        {"encrypted:\n  dot: [\"127.0.0.1:9153\"]\n  " PAIR "\nmetrics: {listen: "
         "\"127.0.0.1:9153\"}\n",
         4, 19, "metrics.listen: one TCP port cannot be two listeners: it is that of "},
#ifdef WR_HAVE_QUIC
        {"listen: [\"192.0.2.1:853\"]\nencrypted:\n  doq: [192.0.2.1]\n  " PAIR "\n", 3, 9,
         "one UDP port cannot be two listeners: it is that of listen[0]"},
#endif
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_broken(&rows[i]);
}

/* One number of a port is two ports, of TCP and of UDP; all addresses and one of them are two sockets. */
static void test_good(void **state)
{
    static const char *const good[] = {
        "encrypted:\n  dot: [192.0.2.1]\n  doh: [192.0.2.1]\n  " PAIR "\n",
        "encrypted:\n  dot: [\"0.0.0.0:853\"]\n  doh: [\"192.0.2.1:853\"]\n  " PAIR "\n",
        "encrypted:\n  dot: [br-iot]\n  doh: [\"br-lan:853\"]\n  " PAIR "\n",
        "upstream: {groups: [{name: a, servers: [\"tls://127.0.0.1\"]}]}\n",
#ifdef WR_HAVE_QUIC
        "encrypted:\n  dot: [192.0.2.1]\n  doq: [192.0.2.1]\n  " PAIR "\n",
#endif
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct wr_conf *conf = good_conf(good[i]);

        assert_int_equal(mistakes.warnings, 0);
        wr_conf_free(conf);
    }
}

static void test_own(void **state)
{
    static const struct broken rows[] = {
        {"encrypted: {dot: [192.0.2.1], " PAIR "}\nupstream: {groups: [{name: a, servers: "
         "[\"tls://192.0.2.1\"]}]}\n",
         2, 41, "forwarding loop: weir itself listens on the address of tls://192.0.2.1"},
        {"encrypted: {doh: [\"0.0.0.0\"], " PAIR "}\nupstream: {groups: [{name: a, servers: "
         "[\"https://dns.example#addr=127.0.0.1\"]}]}\n",
         2, 41, "forwarding loop"},
        {"encrypted: {dot: [\"192.0.2.1:8853\"], " PAIR "}\nupstream: {groups: [{name: a, servers: "
         "[\"tls://dns.example:8853#addr=192.0.2.9&addr=192.0.2.1\"]}]}\n",
         2, 41, "forwarding loop"}, /* the second address */
        {"encrypted: {dot: [192.0.2.1], " PAIR "}\nupstream: {bootstrap: [\"tls://192.0.2.1\"]}\n",
         2, 24, "forwarding loop"},
#ifdef WR_HAVE_QUIC
        {"encrypted: {doq: [192.0.2.1], " PAIR "}\nupstream: {groups: [{name: a, servers: "
         "[\"quic://192.0.2.1\"]}]}\n",
         2, 41, "forwarding loop"},
#endif
    };
    struct wr_conf *conf;
    struct wr_addr addr;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_broken(&rows[i]);
    conf =
        good_conf("encrypted: {dot: [192.0.2.1], " PAIR "}\nmetrics: {listen: \"192.0.2.1:9\"}\n");
    assert_int_equal(wr_addr_from_text("192.0.2.1:853", &addr), WR_OK);
    assert_true(wr_sockets_is_own(conf, &addr, false, true));
    assert_false(wr_sockets_is_own(conf, &addr, true, false)); /* over QUIC nobody is there */
    assert_int_equal(wr_addr_from_text("192.0.2.1:9", &addr), WR_OK);
    assert_false(wr_sockets_is_own(conf, &addr, true, true));
    wr_conf_free(conf);
}

static void test_is_own(void **state)
{
    struct wr_conf *c = good_conf("listen: [192.168.7.1, \"[::]:54\", br-iot]\n");
    static const struct {
        const char *addr;
        bool own;
    } rows[] = {
        {"192.168.7.1:53", true}, {"192.168.7.1:54", false},   {"192.168.7.2:53", false},
        {"[::1]:54", true},       {"[2001:db8::1]:54", false}, {"[::1]:53", false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wr_addr addr;

        assert_int_equal(wr_addr_from_text(rows[i].addr, &addr), WR_OK);
        assert_int_equal(wr_sockets_is_own(c, &addr, true, false), rows[i].own);
    }
    wr_conf_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_socket),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_is_own),
    };

    return cmocka_run_group_tests_name("conf/sockets", tests, NULL, NULL);
}
