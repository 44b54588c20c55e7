/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets for foreign DNS, in a network of this test's own; tests/e2e/firewall.py has packets come to them. */
#include "unit/unit.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/sock.h"
#include "policy/hairpin.h"
#include "serve/caps.h"
#include "serve/serve.h"

static bool own_network;

static void test_off(void **state)
{
    struct wr_serve *s = calloc(1, sizeof(*s));
    struct wr_conf *conf = calloc(1, sizeof(*conf));
    s->conf = conf;
    s->workers = 2;
    wr_hairpin_open(s);
    assert_false(s->hairpin.open);
    assert_int_equal(s->reload.change.opens, 0);
    free(conf);
    free(s);
}

static void close_all(struct wr_serve *s)
{
    for (uint32_t i = 0; i < s->reload.change.opens; i++) {
        close(s->reload.change.open[i].fd[0]);
        close(s->reload.change.open[i].fd[1]);
    }
}

/* At nobody's address, or at all of them behind the door, and there with the filter of marks (that nothing else comes in: tests/e2e/firewall.py). */
static void check_bound(int fd, const struct wr_addr *addr)
{
    union wr_sockaddr sa;
    socklen_t size = sizeof(sa);
    struct wr_addr at;
    assert_int_equal(getsockname(fd, &sa.any, &size), 0);
    assert_int_equal(wr_sock_to_addr(&sa, &at), WR_OK);
    assert_int_equal(at.port, addr->port);
    assert_int_equal(wr_addr_is_any(&at), addr->port == WR_HAIRPIN_DOOR);
    if (addr->port == WR_HAIRPIN_DOOR) {
        struct sock_filter code[8];
        socklen_t length = sizeof(code) / sizeof(code[0]);
        assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, code, &length), 0);
        assert_int_equal(length, 4);
        assert_int_equal(code[1].k, 0x53000000);
    }
}

/* All that was opened, for each worker; or nothing, and why. */
static void test_open(void **state)
{
    struct wr_serve *s = calloc(1, sizeof(*s));
    struct wr_conf *conf = calloc(1, sizeof(*conf));
    s->conf = conf;
    s->workers = 2;
    conf->firewall.enabled = true;
    conf->firewall.mark = 0x53000000;
    if (own_network) {
        wr_hairpin_open(s);
    }
    if (!s->hairpin.open) {
        assert_true(!own_network || s->hairpin.why[0] != 0);
        print_message("no privilege for it: %s; tests/e2e/firewall.py has it\n", s->hairpin.why);
    }
    for (uint32_t i = 0; i < s->reload.change.opens; i++) {
        const struct wr_crew_listen *open = &s->reload.change.open[i];
        int on = 0;
        socklen_t size = sizeof(on);
        assert_true(s->hairpin.open && wr_hairpin_is(&open->addr));
        assert_true(open->fd[0] >= 0 && open->fd[1] >= 0 && open->fd[2] < 0);
        bool v6 = open->addr.family == WR_AF_V6;
        assert_int_equal(getsockopt(open->fd[1], v6 ? IPPROTO_IPV6 : IPPROTO_IP,
                                    v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, &on, &size),
                         0);
        assert_int_equal(on, 1);
        check_bound(open->fd[0], &open->addr);
    }
    close_all(s);
    assert_int_equal(s->hairpin.door, s->hairpin.open);
    /* The door's port is another program's: the first sockets do without. */
    const struct sockaddr_in6 door = {.sin6_family = AF_INET6, .sin6_port = htons(10053)};
    int held = socket(AF_INET6, SOCK_DGRAM, 0);
    uint32_t all = s->reload.change.opens;
    memset(&s->reload.change, 0, sizeof(s->reload.change));
    if (s->hairpin.door && bind(held, (const struct sockaddr *)&door, sizeof(door)) == 0) {
        wr_hairpin_open(s);
        assert_true(s->hairpin.open && !s->hairpin.door);
        assert_int_equal(s->reload.change.opens, all / 2);
        close_all(s);
    }
    close(held);
    /* Another program has the port at all addresses: what was opened before is closed. */
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
    int other = socket(AF_INET6, SOCK_STREAM, 0);
    bool could = s->hairpin.open;
    memset(&s->reload.change, 0, sizeof(s->reload.change));
    if (could && bind(other, (const struct sockaddr *)&any, sizeof(any)) == 0 &&
        listen(other, 1) == 0) {
        wr_hairpin_open(s);
        assert_false(s->hairpin.open);
        assert_int_equal(s->reload.change.opens, 0);
        assert_non_null(strstr(s->hairpin.why, "another program's"));
    }
    close(other);
    /* There is no room. */
    for (unsigned n = 0; n < WR_NET_LISTENERS_MAX - 1; n++) {
        s->listeners.entry[n].used = true;
    }
    wr_hairpin_open(s);
    assert_false(s->hairpin.open);
    assert_int_equal(s->reload.change.opens, 0);
    assert_true(s->hairpin.why[0] != 0);
    free(conf);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_off), cmocka_unit_test(test_open)};
    own_network = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
