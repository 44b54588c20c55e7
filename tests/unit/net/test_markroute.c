/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and routes for marked packets, in a network of this test's own; tests/e2e/firewall.py has packets go by them. */
#include "unit/unit.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/markroute.h"

static const struct wr_hairpin_way way = {0x53000000, 5353};
static bool own_network;

static bool raise_loopback(void)
{
    struct ifreq r;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    memset(&r, 0, sizeof(r));
    strcpy(r.ifr_name, "lo");
    r.ifr_flags = IFF_UP;
    int bad = ioctl(fd, SIOCSIFFLAGS, &r);
    close(fd);
    return bad == 0;
}

/* Rules of this family with a preference of weir's. */
static unsigned count_rules(uint8_t family)
{
    static _Alignas(struct nlmsghdr) char bytes[16384];
    struct {
        struct nlmsghdr h;
        struct fib_rule_hdr rule;
    } ask;
    unsigned count = 0;
    bool end = false;
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    memset(&ask, 0, sizeof(ask));
    ask.h.nlmsg_len = sizeof(ask);
    ask.h.nlmsg_type = RTM_GETRULE;
    ask.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    ask.rule.family = family;
    assert_int_equal(send(fd, &ask, sizeof(ask), 0), sizeof(ask));
    while (!end) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        assert_true(n > 0);
        for (struct nlmsghdr *h = (void *)bytes; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
            end = end || h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR;
            int left = (int)(h->nlmsg_len - NLMSG_LENGTH(sizeof(struct fib_rule_hdr)));
            struct rtattr *a = (void *)((char *)NLMSG_DATA(h) + sizeof(struct fib_rule_hdr));
            for (; h->nlmsg_type == RTM_NEWRULE && RTA_OK(a, left); a = RTA_NEXT(a, left)) {
                uint32_t pref;
                memcpy(&pref, RTA_DATA(a), sizeof(pref));
                count += a->rta_type == FRA_PRIORITY && (pref == 52 || pref == 53);
            }
        }
    }
    close(fd);
    return count;
}

static void test_made_once_and_taken_away(void **state)
{
    if (!own_network || !raise_loopback() || wr_markroute_make(&way) != WR_OK) {
        print_message("no network of one's own; tests/e2e/firewall.py has one\n");
        return;
    }
    assert_int_equal(wr_markroute_make(&way), WR_OK);
    assert_int_equal(count_rules(AF_INET), 2);
    assert_int_equal(wr_markroute_remove(&way), WR_OK);
    assert_int_equal(count_rules(AF_INET), 0);
    assert_int_equal(count_rules(AF_INET6), 0);
    assert_int_equal(wr_markroute_remove(&way), WR_OK); /* nothing is there */
}

/* Many a gateway has IPv6 switched off. */
static void test_without_ipv6(void **state)
{
    FILE *f = own_network ? fopen("/proc/sys/net/ipv6/conf/all/disable_ipv6", "w") : NULL;
    bool off = f != NULL && fputs("1", f) >= 0;
    if (f != NULL) {
        off = fclose(f) == 0 && off;
    }
    if (!off || !raise_loopback()) {
        print_message("IPv6 cannot be switched off here\n");
        return;
    }
    assert_int_equal(wr_markroute_make(&way), WR_OK);
    assert_int_equal(count_rules(AF_INET), 2);
    assert_int_equal(wr_markroute_remove(&way), WR_OK);
    assert_int_equal(count_rules(AF_INET), 0);
    assert_int_equal(count_rules(AF_INET6), 0);
}

static void test_without_the_privilege(void **state)
{
    if (geteuid() == 0 && (!own_network || setresuid(65534, 65534, 65534) != 0)) {
        print_message("the privilege cannot be given up here\n");
        return;
    }
    assert_int_equal(wr_markroute_make(&way), WR_E_DENIED);
    assert_int_equal(errno, EPERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_made_once_and_taken_away),
                                       cmocka_unit_test(test_without_ipv6),
                                       cmocka_unit_test(test_without_the_privilege)};
    own_network = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
