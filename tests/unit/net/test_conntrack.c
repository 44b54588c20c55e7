/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of ctnetlink; connections of a device are cut in tests/e2e/firewall.py. */
#include "unit/unit.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "net/conntrack.h"

struct tuple {
    struct nlattr tuple, ip, src;
    uint8_t from[4];
    struct nlattr dst;
    uint8_t to[4];
    struct nlattr proto, port;
    uint8_t to_port[4];
};

enum { IP_SIZE = 3 * NLA_HDRLEN + 8, PROTO_SIZE = 2 * NLA_HDRLEN + 4 };

struct message {
    struct nlmsghdr h;
    struct nfgenmsg g;
    struct tuple orig, reply;
    struct nlattr zone;
    uint8_t zone_number[4];
    struct nlattr id;
    uint8_t id_number[4];
};

static struct tuple tuple(unsigned type, uint8_t from, uint8_t to)
{
    struct tuple t = {
        .tuple = {sizeof(t), (uint16_t)(NLA_F_NESTED | type)},
        .ip = {IP_SIZE, NLA_F_NESTED | CTA_TUPLE_IP},
        .src = {NLA_HDRLEN + 4, CTA_IP_V4_SRC},
        .from = {192, 0, 2, from},
        .dst = {NLA_HDRLEN + 4, CTA_IP_V4_DST},
        .to = {192, 0, 2, to},
        .proto = {PROTO_SIZE, NLA_F_NESTED | CTA_TUPLE_PROTO},
        .port = {NLA_HDRLEN + 2, CTA_PROTO_DST_PORT},
        .to_port = {1, to},
    };
    return t;
}

static struct message message(void)
{
    struct message m = {
        .h = {.nlmsg_len = sizeof(m),
              .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW,
              .nlmsg_seq = 7},
        .g = {.nfgen_family = NFPROTO_IPV4},
        .orig = tuple(CTA_TUPLE_ORIG, 1, 2),
        .reply = tuple(CTA_TUPLE_REPLY, 2, 3),
        .zone = {NLA_HDRLEN + 2, CTA_ZONE},
        .zone_number = {0, 5},
        .id = {NLA_HDRLEN + 4, CTA_ID},
        .id_number = {1, 2, 3, 4},
    };
    return m;
}

struct seen {
    unsigned count;
    struct wr_conntrack last;
    struct tuple tuple;
};

static void note(void *user, const struct wr_conntrack *e)
{
    struct seen *seen = user;
    seen->count++;
    seen->last = *e;
    if (e->tuple_size == sizeof(seen->tuple)) {
        memcpy(&seen->tuple, e->tuple, sizeof(seen->tuple));
    }
}

static void test_entry(void **state)
{
    struct message m = message();
    struct seen seen = {0};
    assert_false(wr_conntrack_read((const uint8_t *)&m, sizeof(m), 7, note, &seen));
    assert_int_equal(seen.count, 1);
    static const uint8_t last[] = {1, 2, 2, 3};
    for (unsigned k = 0; k < 4; k++) {
        assert_int_equal(seen.last.addr[k].family, WR_AF_V4);
        assert_int_equal(seen.last.addr[k].ip[3], last[k]);
    }
    assert_int_equal(seen.last.addr[1].port, 258);
    assert_int_equal(seen.last.addr[3].port, 0);
    assert_memory_equal(&seen.tuple, &m.orig, sizeof(m.orig));
    assert_true(seen.last.has_zone && seen.last.has_id);
    assert_memory_equal(&seen.last.id, m.id_number, 4);
    assert_memory_equal(&seen.last.zone, m.zone_number, 2);
    /* An answer to somebody else's question. */
    (void)wr_conntrack_read((const uint8_t *)&m, sizeof(m), 8, note, &seen);
    assert_int_equal(seen.count, 1);
    /* Without a tuple there is nothing to name it by. */
    m.orig.tuple.nla_type = CTA_UNSPEC + 30;
    (void)wr_conntrack_read((const uint8_t *)&m, sizeof(m), 7, note, &seen);
    assert_int_equal(seen.count, 1);
}

static void test_end(void **state)
{
    struct nlmsghdr h = {.nlmsg_len = sizeof(h), .nlmsg_type = NLMSG_DONE, .nlmsg_seq = 7};
    assert_true(wr_conntrack_read((const uint8_t *)&h, sizeof(h), 7, note, NULL));
    assert_false(wr_conntrack_read((const uint8_t *)&h, sizeof(h), 8, note, NULL));
    h.nlmsg_type = NLMSG_ERROR;
    assert_true(wr_conntrack_read((const uint8_t *)&h, sizeof(h), 7, note, NULL));
}

/* An address of a wrong size is none; what is cut off is not read. */
static void test_broken(void **state)
{
    struct message m = message();
    struct seen seen = {0};
    m.orig.src.nla_len = NLA_HDRLEN + 3;
    (void)wr_conntrack_read((const uint8_t *)&m, sizeof(m), 7, note, &seen);
    assert_int_equal(seen.last.addr[0].family, WR_AF_NONE);
    for (size_t n = 0; n < sizeof(m); n++) {
        seen.count = 0;
        (void)wr_conntrack_read((const uint8_t *)&m, n, 7, note, &seen);
        assert_int_equal(seen.count, 0);
    }
    m = message();
    m.orig.ip.nla_len = 60000;
    (void)wr_conntrack_read((const uint8_t *)&m, sizeof(m), 7, note, &seen);
    assert_int_equal(seen.last.addr[1].family, WR_AF_NONE);
}

static bool own_network;

/* A device claims what address it likes: of a public one others' connections stay. */
static void test_whose(void **state)
{
    struct wr_conntrack e = {.tuple_size = 0};
    struct wr_addr camera, server, gate;
    assert_int_equal(wr_addr_from_text("192.168.7.30", &camera), WR_OK);
    assert_int_equal(wr_addr_from_text("198.51.100.1", &server), WR_OK);
    assert_int_equal(wr_addr_from_text("203.0.113.1", &gate), WR_OK);
    const struct wr_addr out[4] = {camera, server, server, gate},
                         in[4] = {server, gate, camera, server};
    memcpy(e.addr, out, sizeof(out)); /* behind translation of the source */
    assert_true(wr_conntrack_is_of(&e, &camera));
    assert_false(wr_conntrack_is_of(&e, &server));
    assert_false(wr_conntrack_is_of(&e, &gate));
    e.addr[1].port = 53;
    assert_true(wr_conntrack_is_changed(&e, 53));
    assert_false(wr_conntrack_is_changed(&e, 54));
    e.addr[3] = camera; /* as it was sent */
    assert_false(wr_conntrack_is_changed(&e, 53));
    memcpy(e.addr, in, sizeof(in)); /* of the destination */
    e.addr[1].port = 53;
    assert_true(wr_conntrack_is_changed(&e, 53));
    assert_true(wr_conntrack_is_of(&e, &camera));
    assert_true(wr_conntrack_is_of(&e, &server)); /* it began it */
}

static void test_nothing_to_cut(void **state)
{
    const struct wr_addr addr[] = {{.family = WR_AF_V4, .ip = {192, 0, 2, 1}},
                                   {.family = WR_AF_V6, .ip = {0xfd}}};
    uint32_t cut = 7;
    int err = own_network ? wr_conntrack_cut(addr, 2, &cut) : WR_E_IO;
    if (err != WR_OK) {
        print_message("no network namespace, or no conntrack; tests/e2e/firewall.py has them\n");
        return;
    }
    assert_int_equal(cut, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entry),          cmocka_unit_test(test_end),
        cmocka_unit_test(test_broken),         cmocka_unit_test(test_whose),
        cmocka_unit_test(test_nothing_to_cut),
    };
    own_network = unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 || unshare(CLONE_NEWNET) == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
