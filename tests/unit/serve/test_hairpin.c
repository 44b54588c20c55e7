/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets for foreign DNS, in a network of this test's own; tests/e2e/firewall.py has packets come to them. */
#include "unit/unit.h"

#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* All that was opened, for each worker; or nothing, and why. */
static void test_open(void **state)
{
    struct wr_serve *s = calloc(1, sizeof(*s));
    struct wr_conf *conf = calloc(1, sizeof(*conf));
    s->conf = conf;
    s->workers = 2;
    conf->firewall.enabled = true;
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
        close(open->fd[0]);
        close(open->fd[1]);
    }
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
