/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of sets: as nft itself sends them, and, where there is the privilege, as the kernel takes them. */
#include "unit/unit.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "net/nftdump.h"
#include "net/nftset.h"

static _Alignas(16) uint8_t room[WR_NFTSET_BATCH_SIZE];

/* `nft add element inet weir port_leases4 { 1 . 00:11:22:33:44:56 . 1.2.3.4 . tcp . 443 timeout 50s123ms }`, nft 1.0.6, by strace: the second
 * message of the batch (nft rounds times to its own tick: 50123 ms became 50123 here as well). */
static const uint8_t key[] = {1, 0, 0, 0, 0x00, 0x11, 0x22, 0x33, 0x44, 0x56, 0, 0,
                              1, 2, 3, 4, 6,    0,    0,    0,    0x01, 0xbb, 0, 0};
static const uint8_t attributes[] = "\x09\x00\x01\x00weir\x00\x00\x00\x00"
                                    "\x11\x00\x02\x00port_leases4\x00\x00\x00\x00"
                                    "\x34\x00\x03\x80"
                                    "\x30\x00\x01\x80"
                                    "\x20\x00\x01\x80\x1c\x00\x01\x00"
                                    "\x01\x00\x00\x00\x00\x11\x22\x33\x44\x56\x00\x00\x01\x02\x03"
                                    "\x04\x06\x00\x00\x00\x01\xbb\x00\x00"
                                    "\x0c\x00\x04\x00\x00\x00\x00\x00\x00\x00\xc3\xcb";

static void test_as_nft(void **state)
{
    const struct wr_nftset nft = {.fd = -1, .seq = 6};
    struct wr_nftset_batch b;
    struct nlmsghdr h;
    wr_nftset_begin(&nft, &b, room);
    assert_int_equal(b.first, 7);
    assert_int_equal(wr_nftset_add(&b, "port_leases4", key, sizeof(key), 50123), WR_OK);
    size_t at = b.message;
    assert_int_equal(wr_nftset_delete(&b, "x", key, sizeof(key)), WR_OK);
    memcpy(&h, room, sizeof(h));
    assert_int_equal(h.nlmsg_type, NFNL_MSG_BATCH_BEGIN);
    assert_int_equal(h.nlmsg_len, 20);
    assert_memory_equal(room + 16, "\0\0\0\x0a", 4); /* for whom it is: NFNL_SUBSYS_NFTABLES */
    memcpy(&h, room + at, sizeof(h));
    assert_int_equal(h.nlmsg_type, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM);
    assert_int_equal(h.nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE);
    assert_int_equal(h.nlmsg_seq, 8);
    assert_int_equal(h.nlmsg_len, 20 + sizeof(attributes) - 1);
    assert_memory_equal(room + at + 16, "\x01\0\0\0", 4);
    assert_memory_equal(room + at + 20, attributes, sizeof(attributes) - 1);
}

/* It says that it is full before it is, whatever is put in. */
static void test_full(void **state)
{
    const struct wr_nftset nft = {.fd = -1};
    struct wr_nftset_batch b;
    uint8_t longest[WR_NFTSET_KEY_MAX] = {0};
    unsigned n = 0;
    wr_nftset_begin(&nft, &b, room);
    while (wr_nftset_add(&b, n % 2 ? "leases4" : "leases6", longest, sizeof(longest), 1) == WR_OK) {
        n++;
    }
    assert_true(n > 700);
    assert_true(b.size <= WR_NFTSET_BATCH_SIZE);
    assert_int_equal(wr_nftset_delete(&b, "leases4", longest, 8), WR_E_FULL);
}

struct seen {
    unsigned count;
    uint8_t key[sizeof(key)];
    uint64_t left_ms;
};

static void on_element(void *user, const struct wr_nftdump *e)
{
    struct seen *s = user;
    s->count++;
    assert_int_equal(e->size, sizeof(s->key));
    memcpy(s->key, e->key, e->size);
    s->left_ms = e->expires_ms;
}

static int one(struct wr_nftset *nft, const uint8_t *k, bool adds, uint64_t timeout_ms)
{
    struct wr_nftset_batch b;
    wr_nftset_begin(nft, &b, room);
    assert_int_equal(adds ? wr_nftset_add(&b, "port_leases4", k, sizeof(key), timeout_ms)
                          : wr_nftset_delete(&b, "port_leases4", k, sizeof(key)),
                     WR_OK);
    return wr_nftset_commit(nft, &b);
}

static void test_kernel(void **state)
{
    struct wr_nftset nft;
    struct wr_nftset_batch b;
    struct seen seen = {0};
    int dump;
    uint8_t other[sizeof(key)];
    memcpy(other, key, sizeof(key));
    other[0] = 2;
    if (unshare(CLONE_NEWNET) != 0 ||
        system("nft add table inet weir '{ set port_leases4 { type iface_index . ether_addr . "
               "ipv4_addr . inet_proto . inet_service; flags timeout; }; }' 2>/dev/null") != 0) {
        print_message("no privilege or no nft here; tests/e2e/leases.py has both\n");
        return;
    }
    assert_int_equal(wr_nftset_open(&nft), WR_OK);
    assert_int_equal(wr_nftdump_open(&dump), WR_OK);
    assert_int_equal(one(&nft, key, true, 50000), WR_OK);
    assert_int_equal(wr_nftdump_set(dump, "port_leases4", on_element, &seen), WR_OK);
    assert_int_equal(seen.count, 1);
    assert_memory_equal(seen.key, key, sizeof(key));
    assert_in_range(seen.left_ms, 1, 50000);
    /* Renewed: with a longer time, in one transaction, whether it is there or not. */
    wr_nftset_begin(&nft, &b, room);
    for (unsigned k = 0; k < 3; k++) {
        const uint8_t *keys[] = {key, other};
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(
                k == 1 ? wr_nftset_delete(&b, "port_leases4", keys[i], sizeof(key))
                       : wr_nftset_add(&b, "port_leases4", keys[i], sizeof(key), k * 45000),
                WR_OK);
        }
    }
    assert_int_equal(wr_nftset_commit(&nft, &b), WR_OK);
    seen.count = 0;
    assert_int_equal(wr_nftdump_set(dump, "port_leases4", on_element, &seen), WR_OK);
    assert_int_equal(seen.count, 2);
    assert_in_range(seen.left_ms, 80000, 90000);
    /* All or nothing. */
    assert_int_equal(one(&nft, other, false, 0), WR_OK);
    assert_int_equal(one(&nft, other, false, 0), WR_E_NOTFOUND);
    wr_nftset_begin(&nft, &b, room);
    assert_int_equal(wr_nftset_add(&b, "port_leases4", other, sizeof(other), 1000), WR_OK);
    assert_int_equal(wr_nftset_add(&b, "no_such_set", other, sizeof(other), 1000), WR_OK);
    assert_int_equal(wr_nftset_commit(&nft, &b), WR_E_NOTFOUND);
    assert_int_equal(one(&nft, other, false, 0), WR_E_NOTFOUND);
    assert_int_equal(wr_nftdump_set(dump, "no_such_set", on_element, &seen), WR_E_NOTFOUND);
    wr_nftset_begin(&nft, &b, room);
    assert_int_equal(wr_nftset_commit(&nft, &b), WR_OK); /* nothing */
    close(dump);
    wr_nftset_close(&nft);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_nft),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
