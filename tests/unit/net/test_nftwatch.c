/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about tables; nft itself changes them in tests/e2e/firewall.py. */
#include "unit/unit.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/err.h"
#include "net/nftwatch.h"

struct message {
    struct nlmsghdr h;
    struct nfgenmsg g;
    struct nlattr handle;
    uint32_t number;
    struct nlattr table;
    char name[8];
};

static struct message message(void)
{
    struct message m = {
        .h = {.nlmsg_len = offsetof(struct message, name) + 5,
              .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELRULE,
              .nlmsg_pid = 77},
        .g = {.nfgen_family = NFPROTO_INET},
        .handle = {.nla_len = 8, .nla_type = 3},
        .table = {.nla_len = NLA_HDRLEN + 5, .nla_type = 1},
        .name = "weir",
    };
    return m;
}

struct seen {
    unsigned count;
    uint32_t port;
};

static void note(void *user, uint32_t port)
{
    struct seen *seen = user;
    seen->count++;
    seen->port = port;
}

static unsigned told(const struct message *m, size_t n)
{
    struct seen seen = {0};
    wr_nftwatch_read((const uint8_t *)m, n, note, &seen);
    assert_int_equal(seen.port, seen.count > 0 ? 77 : 0);
    return seen.count;
}

static void test_messages(void **state)
{
    struct message m[2] = {message(), message()};
    assert_int_equal(told(m, m[0].h.nlmsg_len), 1);
    m[0].h.nlmsg_len = sizeof(m[0]); /* as the kernel pads them */
    assert_int_equal(told(m, sizeof(m)), 2);
    m[0].name[0] = 'w' + 1; /* another's table */
    assert_int_equal(told(m, sizeof(m)), 1);
    m[0] = message();
    m[0].table.nla_len = NLA_HDRLEN + 4; /* a name that only begins so */
    assert_int_equal(told(m, m[0].h.nlmsg_len), 0);
    m[0] = message();
    m[0].g.nfgen_family = NFPROTO_IPV4; /* table ip weir is not ours */
    assert_int_equal(told(m, m[0].h.nlmsg_len), 0);
    m[0] = message();
    m[0].h.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN;
    assert_int_equal(told(m, m[0].h.nlmsg_len), 0);
    m[0].h.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | NFT_MSG_DELRULE;
    assert_int_equal(told(m, m[0].h.nlmsg_len), 0);
}

/* Whatever is cut off, nothing behind it is read. */
static void test_cut(void **state)
{
    struct message m = message();
    for (size_t n = 0; n < m.h.nlmsg_len; n++) {
        assert_int_equal(told(&m, n), 0);
    }
    uint32_t whole = m.h.nlmsg_len;
    for (uint32_t n = 0; n < whole; n++) {
        m.h.nlmsg_len = n;
        assert_int_equal(told(&m, whole), 0);
    }
    m = message();
    m.handle.nla_len = 3;
    assert_int_equal(told(&m, whole), 0);
    m.handle.nla_len = 60000;
    assert_int_equal(told(&m, whole), 0);
}

static bool own_network;

/* Makes or deletes a table, through a socket whose port is returned; 0: this kernel has no nftables. */
static uint32_t change_table(unsigned type, const char *name)
{
    struct {
        struct nlmsghdr begin;
        struct nfgenmsg begin_g;
        struct nlmsghdr h;
        struct nfgenmsg g;
        struct nlattr a;
        char name[8];
        struct nlmsghdr end;
        struct nfgenmsg end_g;
    } m = {
        .begin = {NLMSG_LENGTH(sizeof(struct nfgenmsg)), NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, 1, 0},
        .begin_g = {.res_id = htons(NFNL_SUBSYS_NFTABLES)},
        .h = {NLMSG_LENGTH(sizeof(struct nfgenmsg)) + NLA_HDRLEN + 8,
              (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type),
              NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, 2, 0},
        .g = {.nfgen_family = NFPROTO_INET},
        .a = {NLA_HDRLEN + 5, NFTA_TABLE_NAME},
        .end = {NLMSG_LENGTH(sizeof(struct nfgenmsg)), NFNL_MSG_BATCH_END, NLM_F_REQUEST, 3, 0},
        .end_g = {.res_id = htons(NFNL_SUBSYS_NFTABLES)}};
    struct sockaddr_nl sa = {.nl_family = AF_NETLINK};
    struct {
        struct nlmsghdr h;
        struct nlmsgerr e;
        uint8_t more[256];
    } answer = {.e.error = -1};
    const struct timeval wait = {5, 0};
    socklen_t size = sizeof(sa);
    memcpy(m.name, name, 5);
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &size), 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    bool made = send(fd, &m, sizeof(m), 0) == (ssize_t)sizeof(m) &&
                recv(fd, &answer, sizeof(answer), 0) > 0 && answer.e.error == 0;
    close(fd);
    return made ? sa.nl_pid : 0;
}

static uint32_t make_table(const char *name)
{
    return change_table(NFT_MSG_NEWTABLE, name);
}

static void test_watch(void **state)
{
    struct wr_nftwatch *w;
    struct seen seen = {0};
    uv_loop_t loop;
    int fd = -1;
    if (!own_network || wr_nftwatch_open(&fd) != WR_OK || make_table("else") == 0) {
        print_message("no network namespace, or no nftables; tests/e2e/firewall.py has them\n");
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    uv_loop_init(&loop);
    assert_int_equal(wr_nftwatch_start(&loop, fd, note, &seen, &w), WR_OK);
    uint32_t port = make_table("weir");
    for (int i = 0; i < 2000 && seen.count == 0; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    assert_int_equal(seen.count, 1); /* nothing of table else */
    assert_int_equal(seen.port, port);
    wr_nftwatch_close(w);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

/* The kernel says once that it has no room, and loses what comes until all is read: that is told too. */
static void test_lost(void **state)
{
    enum { ROOM = 1 << 17, FLOOD = 2000 };
    struct wr_nftwatch *w;
    struct seen seen = {0};
    uv_loop_t loop;
    int fd = -1, room = ROOM;
    if (!own_network || wr_nftwatch_open(&fd) != WR_OK || make_table("else") == 0) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), 0);
    uv_loop_init(&loop);
    assert_int_equal(wr_nftwatch_start(&loop, fd, note, &seen, &w), WR_OK);
    for (unsigned i = 0; i < FLOOD; i++) {
        char name[5];
        snprintf(name, sizeof(name), "%04x", i & 0xffffu);
        assert_true(make_table(name) != 0);
    }
    for (int i = 0; i < 2000 && seen.count == 0; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(seen.count, 1); /* at once, with most of it still unread */
    assert_int_equal(seen.port, 0);
    assert_true(change_table(NFT_MSG_DELTABLE, "weir") != 0); /* nobody is told of this one */
    for (int i = 0; i < 2000 && seen.count == 1; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.port, 0);
    uint32_t port = make_table("weir"); /* and of this one again */
    for (int i = 0; i < 2000 && seen.count == 2; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.port, port);
    wr_nftwatch_close(w);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_lost),
    };
    own_network = unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 || unshare(CLONE_NEWNET) == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
