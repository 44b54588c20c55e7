/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of nf_tables about counters and elements of sets; what the kernel says for real is in tests/e2e/firewall.py. */
#include "unit/unit.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "net/nftdump.h"

static _Alignas(struct nlmsghdr) uint8_t room[1024];
static size_t used;

static size_t open_it(unsigned type)
{
    const struct nlattr a = {NLA_HDRLEN, (uint16_t)type};
    size_t at = used;
    memcpy(room + used, &a, sizeof(a));
    used += NLA_HDRLEN;
    return at;
}

static void close_it(size_t at)
{
    uint16_t n = (uint16_t)(used - at);
    memcpy(room + at, &n, sizeof(n));
    while (used % 4 != 0) {
        room[used++] = 0;
    }
}

static void add(unsigned type, const void *value, size_t n)
{
    size_t at = open_it(type);
    memcpy(room + used, value, n);
    used += n;
    close_it(at);
}

static void add_u64(unsigned type, uint8_t low)
{
    const uint8_t be[8] = {0, 0, 0, 0, 0, 0, 1, low};
    add(type, be, sizeof(be));
}

static size_t begin(unsigned type, uint32_t seq)
{
    size_t at = used;
    const struct nlmsghdr h = {.nlmsg_type = (uint16_t)type, .nlmsg_seq = seq};
    const struct nfgenmsg g = {.nfgen_family = NFPROTO_INET};
    memcpy(room + used, &h, sizeof(h));
    memcpy(room + used + sizeof(h), &g, sizeof(g));
    used += sizeof(h) + sizeof(g);
    return at;
}

static void end(size_t at)
{
    uint32_t n = (uint32_t)(used - at);
    memcpy(room + at, &n, sizeof(n));
}

static void counter(uint8_t packets)
{
    add_u64(NFTA_COUNTER_BYTES, 99);
    add_u64(NFTA_COUNTER_PACKETS, packets);
}

static void element(const void *key, size_t n, uint8_t packets)
{
    size_t one = open_it(NFTA_LIST_ELEM), part = open_it(NLA_F_NESTED | NFTA_SET_ELEM_KEY);
    add(NFTA_DATA_VALUE, key, n);
    close_it(part);
    add_u64(NFTA_SET_ELEM_TIMEOUT, 50);
    add_u64(NFTA_SET_ELEM_EXPIRATION, 40);
    part = open_it(NLA_F_NESTED | NFTA_SET_ELEM_EXPR);
    add(NFTA_EXPR_NAME, "counter", 8);
    size_t data = open_it(NLA_F_NESTED | NFTA_EXPR_DATA);
    counter(packets);
    close_it(data);
    close_it(part);
    close_it(one);
}

static void elements(uint32_t seq)
{
    size_t m = begin(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM, seq);
    add(NFTA_SET_ELEM_LIST_TABLE, "weir", 5);
    add(NFTA_SET_ELEM_LIST_SET, "tried_dns4", 11);
    size_t list = open_it(NLA_F_NESTED | NFTA_SET_ELEM_LIST_ELEMENTS);
    element("abcd", 4, 3);
    element("efgh", 4, 7);
    close_it(list);
    end(m);
}

static void object(uint32_t seq, uint8_t type, const char *name)
{
    const uint8_t be[4] = {0, 0, 0, type};
    size_t m = begin(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWOBJ, seq);
    add(NFTA_OBJ_TABLE, "weir", 5);
    add(NFTA_OBJ_NAME, name, strlen(name) + 1);
    add(NFTA_OBJ_TYPE, be, sizeof(be));
    size_t data = open_it(NLA_F_NESTED | NFTA_OBJ_DATA);
    counter(5);
    close_it(data);
    end(m);
}

struct seen {
    unsigned count;
    char key[4][16];
    uint64_t packets[4], expires[4];
};

static void hook(void *user, const struct wr_nftdump *one)
{
    struct seen *s = user;
    assert_true(s->count < 4 && one->size < 16);
    memcpy(s->key[s->count], one->key, one->size);
    s->packets[s->count] = one->packets;
    s->expires[s->count++] = one->expires_ms;
}

static void test_elements(void **state)
{
    struct seen s = {0};
    used = 0;
    elements(7);
    elements(8); /* of another question */
    assert_int_equal(wr_nftdump_read(room, used, 7, hook, &s), 0);
    assert_int_equal(s.count, 2);
    assert_string_equal(s.key[0], "abcd");
    assert_int_equal(s.packets[0], 0x103);
    assert_int_equal(s.expires[0], 0x128);
    assert_string_equal(s.key[1], "efgh");
    assert_int_equal(s.packets[1], 0x107);
}

static void test_counters(void **state)
{
    struct seen s = {0};
    used = 0;
    object(7, NFT_OBJECT_QUOTA, "quota");
    object(7, NFT_OBJECT_COUNTER, "segment_1_dns");
    end(begin(NLMSG_DONE, 7));
    object(7, NFT_OBJECT_COUNTER, "late");
    assert_int_equal(wr_nftdump_read(room, used, 7, hook, &s), WR_NFTDUMP_DONE);
    assert_int_equal(s.count, 1);
    assert_string_equal(s.key[0], "segment_1_dns");
    assert_int_equal(s.packets[0], 0x105);
    used = 0;
    end(begin(NLMSG_ERROR, 6));
    assert_int_equal(wr_nftdump_read(room, used, 7, hook, &s), 0);
    end(begin(NLMSG_ERROR, 7));
    assert_int_equal(wr_nftdump_read(room, used, 7, hook, &s), WR_NFTDUMP_DONE | WR_NFTDUMP_FAILED);
}

/* Cut anywhere: nothing is read beyond the end. */
static void test_cut(void **state)
{
    used = 0;
    elements(7);
    object(7, NFT_OBJECT_COUNTER, "segment_1_dns");
    for (size_t n = 0; n < used; n++) {
        struct seen s = {0};
        _Alignas(struct nlmsghdr) uint8_t part[sizeof(room)];
        uint32_t size = (uint32_t)n;
        memcpy(part, room, n);
        if (n >= 16) {
            memcpy(part, &size, sizeof(size));
        }
        (void)wr_nftdump_read(part, n, 7, hook, &s);
        assert_true(s.count <= 2);
    }
}

/* Without the privilege, or the table: an error and nothing else. */
static void test_refused(void **state)
{
    struct seen s = {0};
    int fd;
    if (wr_nftdump_open(&fd) != 0) {
        return;
    }
    assert_true(wr_nftdump_set(fd, "tried_dns4", hook, &s) < 0);
    (void)wr_nftdump_counters(fd, hook, &s);
    assert_int_equal(s.count, 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
