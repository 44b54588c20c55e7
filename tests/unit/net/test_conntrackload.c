/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of its table of connections, and who has most of it; it is filled in tests/e2e/faults.py. */
#include "unit/unit.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "net/conntrackload.h"
#include "net/nlask.h"

struct message {
    struct nlmsghdr h;
    struct nfgenmsg g;
    struct nlattr one;
    uint8_t first[4];
    struct nlattr two;
    uint8_t second[4];
};

static struct message message(unsigned kind, unsigned one, unsigned two)
{
    return (struct message){.h = {.nlmsg_len = sizeof(struct message),
                                  .nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | kind),
                                  .nlmsg_seq = 7},
                            .one = {NLA_HDRLEN + 4, (uint16_t)one},
                            .first = {0, 0, 1, 2},
                            .two = {NLA_HDRLEN + 4, (uint16_t)two},
                            .second = {0, 4, 0, 0}};
}

/* Whether that was the end. */
static bool reads(const void *bytes, size_t n, struct wr_conntrackload *load)
{
    int err = wr_conntrackload_read(bytes, n, 7, load);
    assert_true(err == WR_OK || err == WR_E_AGAIN);
    return err == WR_OK;
}

static void test_read(void **state)
{
    struct wr_conntrackload load = {0};
    struct message all =
        message(IPCTNL_MSG_CT_GET_STATS, CTA_STATS_GLOBAL_ENTRIES, CTA_STATS_GLOBAL_MAX_ENTRIES);
    struct message cpu[2] = {
        message(IPCTNL_MSG_CT_GET_STATS_CPU, CTA_STATS_FOUND, CTA_STATS_DROP),
        message(IPCTNL_MSG_CT_GET_STATS_CPU, CTA_STATS_DROP, CTA_STATS_EARLY_DROP)};
    assert_false(reads(&all, sizeof(all), &load));
    assert_int_equal(load.entries, 0x102);
    assert_int_equal(load.most, 0x40000);
    assert_false(reads(cpu, sizeof(cpu), &load));
    assert_int_equal(load.dropped, 0x40000 + 0x102);
    cpu[0].h.nlmsg_seq = 6; /* to another question */
    assert_false(reads(cpu, sizeof(cpu[0]), &load));
    cpu[0] = message(IPCTNL_MSG_CT_GET_STATS_CPU, CTA_STATS_DROP, CTA_STATS_DROP);
    cpu[0].one.nla_len = NLA_HDRLEN + 2;
    cpu[0].h.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
    assert_false(reads(cpu, sizeof(cpu[0]), &load));
    for (size_t n = 0; n < sizeof(all); n++) { /* cut off */
        assert_false(reads(cpu, n, &load));
    }
    assert_int_equal(load.dropped, 0x40000 + 0x102);
    all.h.nlmsg_type = NLMSG_ERROR;
    assert_true(reads(&all, sizeof(all), &load));
    all.h.nlmsg_type = NLMSG_DONE;
    assert_true(reads(&all, sizeof(all), &load));
}

/* The end that is none: the kernel does not answer that. */
static void test_error(void **state)
{
    struct wr_conntrackload load = {0};
    struct {
        struct nlmsghdr h;
        int error;
    } m = {{.nlmsg_len = sizeof(m), .nlmsg_type = NLMSG_ERROR, .nlmsg_seq = 7}, -EOPNOTSUPP};
    for (unsigned i = 0; i < 2; i++) {
        errno = 0;
        assert_int_equal(wr_conntrackload_read((const void *)&m, sizeof(m), 7, &load), WR_E_IO);
        assert_int_equal(errno, EOPNOTSUPP);
        m.h.nlmsg_type = NLMSG_DONE;
    }
    m.error = 0;
    assert_true(reads(&m, sizeof(m), &load));
    m.h.nlmsg_seq = 8;
    m.error = -EPERM;
    assert_false(reads(&m, sizeof(m), &load));
    m.h.nlmsg_seq = 7;
    m.h.nlmsg_len = sizeof(m.h);
    assert_true(reads(&m, sizeof(m.h), &load)); /* it says nothing more */
}

static struct wr_addr at(uint8_t family, uint8_t last)
{
    return (struct wr_addr){.family = family, .ip = {192, 0, 2, last}};
}

static void test_count(void **state)
{
    struct wr_addr addr[] = {at(WR_AF_V4, 1), at(WR_AF_V6, 1), at(WR_AF_V4, 2),
                             at(WR_AF_V6, 1), at(WR_AF_V4, 1), at(WR_AF_V6, 1)};
    struct wr_conntracktop top;
    wr_conntrackload_count(addr, 6, &top);
    assert_int_equal(top.count, 3);
    assert_int_equal(top.of, 6);
    assert_int_equal(top.addr.family, WR_AF_V6);
    wr_conntrackload_count(addr, 1, &top);
    assert_int_equal(top.count, 1);
    wr_conntrackload_count(addr, 0, &top);
    assert_int_equal(top.of, 0);
}

static void test_ask(void **state)
{
    struct wr_conntrackload load = {0};
    struct wr_conntracktop top;
    int fd;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0 ||
        wr_nlask_open(NETLINK_NETFILTER, &fd) != WR_OK) {
        skip();
    }
    if (wr_conntrackload_ask(fd, &load) == WR_OK) { /* the kernel has conntrack */
        assert_true(load.most > 0);
        assert_int_equal(load.entries, 0);
        assert_int_equal(wr_conntrackload_ask(fd, &load), WR_OK);
        assert_int_equal(wr_conntrackload_top(&top), WR_OK);
        assert_int_equal(top.of, 0);
    }
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
