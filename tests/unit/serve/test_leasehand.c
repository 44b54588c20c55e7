/* SPDX-License-Identifier: Apache-2.0 */
/* Leases from a worker's message to the kernel and back; with clients and packets in tests/e2e/leases.py. */
#include "unit/unit.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net/leasewire.h"
#include "policy/rulesetlease.h"
#include "serve/leasehand.h"

static void test_keys(void **state)
{
    struct wr_leaselist_key key, back;
    uint8_t octets[64];
    for (unsigned set = 0; set < WR_RULESETLEASE_SETS; set++) {
        size_t ip = set % 2 ? 16 : 4;
        memset(&key, 0, sizeof(key));
        key.ifindex = 0x01020304;
        key.kind = (uint8_t)(set / 2);
        key.family = set % 2 ? 6 : 4;
        memset(key.who, 0xaa, key.kind >= WR_RULESETLEASE_ROUTED ? ip : 6);
        memset(key.dest, 0xbb, ip);
        if (key.kind % 2) {
            key.protocol = 6;
            key.port = 8883;
        }
        assert_int_equal(wr_leasehand_set_of(&key), set);
        size_t n = wr_leasehand_key_write(&key, octets);
        assert_true(wr_leasehand_key_read(set, octets, n, &back));
        assert_memory_equal(&back, &key, sizeof(key));
        assert_false(wr_leasehand_key_read(set, octets, n - 4, &back));
        assert_false(wr_leasehand_key_read(WR_RULESETLEASE_SETS, octets, n, &back));
    }
    /* As nft wrote it: see test_nftset. */
    static const uint8_t nft[] = {1, 0, 0, 0, 0x00, 0x11, 0x22, 0x33, 0x44, 0x56, 0, 0,
                                  1, 2, 3, 4, 6,    0,    0,    0,    0x01, 0xbb, 0, 0};
    assert_true(wr_leasehand_key_read(2 * WR_RULESETLEASE_MAC_PORT, nft, sizeof(nft), &back));
    assert_int_equal(back.ifindex, 1);
    assert_memory_equal(back.who, "\x00\x11\x22\x33\x44\x56", 6);
    assert_int_equal(back.port, 443);
}

/* --- with a kernel --- */

struct world {
    struct wr_leasehand *hand;
    struct pollfd channel[2]; /* the hand's ends */
    int worker[2];
};

static bool begin(struct world *w)
{
    static bool parted, can;
    if (!parted) {
        parted = true;
        can = unshare(CLONE_NEWNET) == 0 &&
              system("(ip link add name a0 index 7 type veth peer name b0 && ip link set dev a0 "
                     "up && ip neigh add 192.0.2.7 lladdr 02:00:00:00:00:07 dev a0 nud stale) "
                     "2>/dev/null") == 0;
    }
    FILE *nft = can ? popen("nft -f - 2>/dev/null", "w") : NULL;
    if (nft == NULL) {
        print_message("no privilege here; tests/e2e/leases.py has one\n");
        return false;
    }
    char room[2048];
    struct wr_str text;
    wr_str_init(&text, room, sizeof(room));
    wr_rulesetlease_sets(&text);
    fprintf(nft, "table inet weir { }\ndelete table inet weir\ntable inet weir {\n%s}\n", room);
    if (pclose(nft) != 0) {
        print_message("no nft here; tests/e2e/leases.py has one\n");
        return false;
    }
    assert_int_equal(wr_leasehand_create(256, &w->hand), WR_OK);
    for (unsigned i = 0; i < 2; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
        w->worker[i] = pair[0];
        w->channel[i] = (struct pollfd){.fd = pair[1], .events = POLLIN};
    }
    assert_int_equal(wr_leasehand_recall(w->hand), WR_OK);
    return true;
}

static void finish(struct world *w)
{
    wr_leasehand_destroy(w->hand);
    for (unsigned i = 0; i < 2; i++) {
        close(w->worker[i]);
        if (w->channel[i].fd >= 0) {
            close(w->channel[i].fd);
        }
    }
}

static struct wr_lease_ask ask(uint64_t id, const char *client, const char *dest, uint32_t for_s)
{
    struct wr_lease_ask a;
    struct wr_addr addr;
    memset(&a, 0, sizeof(a));
    a.id = id;
    a.ifindex = 7;
    a.dests = 1;
    assert_int_equal(wr_addr_from_text(client, &a.client), WR_OK);
    assert_int_equal(wr_addr_from_text(dest, &addr), WR_OK);
    memcpy(a.dest[0].ip, addr.ip, 16);
    a.dest[0].family = addr.family;
    a.dest[0].for_s = for_s;
    return a;
}

static void send_ask(struct world *w, unsigned worker, const struct wr_lease_ask *a)
{
    static uint8_t room[WR_LEASEWIRE_SIZE];
    struct wr_leasewire m;
    wr_leasewire_start(&m, WR_LEASEWIRE_ASKS, room, sizeof(room));
    assert_int_equal(wr_leasewire_put_ask(&m, a), WR_OK);
    size_t n = wr_leasewire_finish(&m);
    assert_int_equal(send(w->worker[worker], room, n, 0), n);
}

static void serve(struct world *w)
{
    assert_true(poll(w->channel, 2, 1000) > 0);
    wr_leasehand_serve(w->hand, w->channel, 2);
}

static struct wr_lease_said said(struct world *w, unsigned worker)
{
    static uint8_t room[WR_LEASEWIRE_SIZE];
    struct wr_lease_said s;
    struct wr_reader r;
    uint16_t count;
    ssize_t n = recv(w->worker[worker], room, sizeof(room), MSG_DONTWAIT);
    assert_true(n > 0);
    assert_int_equal(wr_leasewire_open(&r, WR_LEASEWIRE_SAIDS, room, (size_t)n, &count), WR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(wr_leasewire_get_said(&r, true, &s), WR_OK);
    return s;
}

static struct wr_lease_said one(struct world *w, const struct wr_lease_ask *a)
{
    send_ask(w, 0, a);
    serve(w);
    struct wr_lease_said s = said(w, 0);
    assert_int_equal(s.id, a->id);
    return s;
}

static bool holds(const char *set, const char *element)
{
    char command[256];
    snprintf(command, sizeof(command), "nft get element inet weir %s '{ %s }' >/dev/null 2>&1", set,
             element);
    return system(command) == 0;
}

static void test_to_the_kernel(void **state)
{
    struct world w;
    if (!begin(&w)) {
        return;
    }
    struct wr_lease_ask a = ask(5, "192.0.2.7", "203.0.113.9", 60);
    struct wr_lease_said s = one(&w, &a);
    assert_int_equal(s.err, WR_OK);
    assert_int_equal(s.granted, 1);
    assert_true(holds("leases4", "a0 . 02:00:00:00:00:07 . 203.0.113.9"));
    /* Another family, by the same neighbour. */
    a = ask(6, "192.0.2.7", "2001:db8::9", 60);
    assert_int_equal(one(&w, &a).granted, 1);
    assert_true(holds("leases6", "a0 . 02:00:00:00:00:07 . 2001:db8::9"));
    /* Behind a router: by his own address, and of his own family alone. */
    a = ask(7, "198.51.100.1", "203.0.113.9", 60);
    assert_int_equal(one(&w, &a).granted, 1);
    assert_true(holds("routed4", "a0 . 198.51.100.1 . 203.0.113.9"));
    a = ask(8, "198.51.100.1", "2001:db8::9", 60);
    s = one(&w, &a);
    assert_int_equal(s.err, WR_OK);
    assert_int_equal(s.granted, 0);
    /* For two ports. */
    a = ask(9, "192.0.2.7", "203.0.113.10", 60);
    a.ports = 2;
    a.port[0] = (struct wr_lease_port){.protocol = 6, .port = 443};
    a.port[1] = (struct wr_lease_port){.protocol = 17, .port = 443};
    assert_int_equal(one(&w, &a).granted, 1);
    assert_true(holds("port_leases4", "a0 . 02:00:00:00:00:07 . 203.0.113.10 . udp . 443"));
    assert_false(holds("leases4", "a0 . 02:00:00:00:00:07 . 203.0.113.10"));
    /* For whom another asks. */
    a = ask(10, "192.0.2.7", "203.0.113.9", 60);
    a.has_mac = true;
    memcpy(a.mac, "\x02\0\0\0\0\x09", 6);
    assert_int_equal(one(&w, &a).granted, 1);
    assert_true(holds("leases4", "a0 . 02:00:00:00:00:09 . 203.0.113.9"));
    /* What a worker that was taken over asks for. */
    static const char *const closed[] = {"10.0.0.1", "127.0.0.1",     "169.254.1.1", "224.0.0.1",
                                         "fd00::1",  "fe80::1",       "ff02::1",     "100.64.0.1",
                                         "::1",      "::ffff:1.2.3.4"};
    for (unsigned i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
        a = ask(20 + i, "192.0.2.7", closed[i], 60);
        s = one(&w, &a);
        assert_int_equal(s.granted, 0);
        assert_int_equal(s.err, WR_OK);
    }
    a = ask(40, "192.0.2.7", "203.0.113.77", 60);
    a.ifindex = 0;
    assert_int_equal(one(&w, &a).granted, 0);
    finish(&w);
}

static struct wr_leaseknown known(uint32_t device, const char *text)
{
    struct wr_leaseknown k;
    struct wr_addr addr;
    memset(&k, 0, sizeof(k));
    assert_int_equal(wr_addr_from_text(text, &addr), WR_OK);
    k.device = device;
    k.ifindex = 7;
    k.family = addr.family;
    memcpy(k.ip, addr.ip, sizeof(k.ip));
    return k;
}

/* A device behind another router has several addresses, and others later. */
static void test_routed(void **state)
{
    struct world w;
    if (!begin(&w)) {
        return;
    }
    const struct wr_leaseknown first[] = {known(5, "198.51.100.1"), known(5, "198.51.100.2"),
                                          known(5, "2001:db8:7::5"), known(6, "198.51.100.3")};
    const struct wr_leaseknown then[] = {known(5, "198.51.100.1"), known(5, "198.51.100.4"),
                                         known(5, "2001:db8:7::5"), known(6, "198.51.100.2")};
    assert_true(wr_leasehand_known(w.hand, first, 2, false));
    assert_true(wr_leasehand_known(w.hand, first + 2, 2, true));
    struct wr_lease_ask a = ask(1, "198.51.100.1", "203.0.113.9", 60);
    a.dests = 2;
    a.dest[1] = ask(1, "198.51.100.1", "2001:db8::9", 60).dest[0];
    assert_int_equal(one(&w, &a).granted, 3);
    assert_true(holds("routed4", "a0 . 198.51.100.1 . 203.0.113.9"));
    assert_true(holds("routed4", "a0 . 198.51.100.2 . 203.0.113.9"));
    assert_true(holds("routed6", "a0 . 2001:db8:7::5 . 2001:db8::9"));
    assert_false(holds("routed4", "a0 . 198.51.100.3 . 203.0.113.9"));
    assert_true(wr_leasehand_known(w.hand, then, 4, true));
    assert_true(holds("routed4", "a0 . 198.51.100.1 . 203.0.113.9"));
    assert_true(holds("routed4", "a0 . 198.51.100.4 . 203.0.113.9"));
    assert_false(holds("routed4", "a0 . 198.51.100.2 . 203.0.113.9")); /* it is another's now */
    struct wr_leaseknown bad = known(5, "198.51.100.9");
    bad.device = 0;
    assert_false(wr_leasehand_known(w.hand, &bad, 1, true));
    finish(&w);
}

/* Who may reach less loses what he has, and nobody else does. */
static void test_forget(void **state)
{
    struct world w;
    if (!begin(&w)) {
        return;
    }
    struct wr_lease_ask a = ask(1, "192.0.2.7", "203.0.113.9", 60);
    assert_int_equal(one(&w, &a).granted, 1);
    a = ask(2, "192.0.2.7", "203.0.113.10", 60);
    a.ports = 1;
    a.port[0] = (struct wr_lease_port){.protocol = 6, .port = 443};
    assert_int_equal(one(&w, &a).granted, 1);
    a = ask(3, "198.51.100.1", "203.0.113.9", 60);
    assert_int_equal(one(&w, &a).granted, 1);
    a = ask(4, "198.51.100.2", "203.0.113.9", 60);
    assert_int_equal(one(&w, &a).granted, 1);
    struct wr_leaseknown who[2] = {known(5, "198.51.100.1"), {.device = 5}};
    memcpy(who[1].ip, "\x02\0\0\0\0\x07", 6);
    wr_leasehand_forget(w.hand, who, 2);
    assert_false(holds("leases4", "a0 . 02:00:00:00:00:07 . 203.0.113.9"));
    assert_false(holds("port_leases4", "a0 . 02:00:00:00:00:07 . 203.0.113.10 . tcp . 443"));
    assert_false(holds("routed4", "a0 . 198.51.100.1 . 203.0.113.9"));
    assert_true(holds("routed4", "a0 . 198.51.100.2 . 203.0.113.9"));
    a = ask(5, "192.0.2.7", "203.0.113.9", 60); /* and has it again when it is answered */
    assert_int_equal(one(&w, &a).granted, 1);
    assert_true(holds("leases4", "a0 . 02:00:00:00:00:07 . 203.0.113.9"));
    finish(&w);
}

/* Several workers' asks are one transaction; each is told of his own. */
static void test_together(void **state)
{
    struct world w;
    if (!begin(&w)) {
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        struct wr_lease_ask a = ask(100 + i, "192.0.2.7", "203.0.113.9", 60 + i);
        send_ask(&w, i, &a);
    }
    serve(&w);
    for (unsigned i = 0; i < 2; i++) {
        struct wr_lease_said s = said(&w, i);
        assert_int_equal(s.id, 100 + i);
        assert_int_equal(s.granted, 1);
    }
    assert_int_equal(wr_leaselist_count(wr_leasehand_list(w.hand)), 1);
    /* Bounds: the third of two is not granted, and no failure. */
    wr_leasehand_bound(w.hand, 256, 2, 360);
    struct wr_lease_ask a = ask(7, "192.0.2.7", "203.0.113.10", 60);
    a.dests = 2;
    a.dest[1] = a.dest[0];
    a.dest[1].ip[3] = 11;
    struct wr_lease_said s = one(&w, &a);
    assert_int_equal(s.err, WR_OK);
    assert_int_equal(s.granted, 1);
    assert_int_equal(wr_leasehand_refused(w.hand), 1);
    /* Nonsense closes the channel, and the others are served. */
    assert_int_equal(send(w.worker[1], "junk", 4, 0), 4);
    serve(&w);
    assert_int_equal(w.channel[1].fd, -1);
    a = ask(8, "192.0.2.7", "203.0.113.9", 600);
    assert_int_equal(one(&w, &a).granted, 1);
    finish(&w);
}

/* One name's owner, with as many addresses and as long times as he likes, does not shut out all others for as long. */
static void test_scarce(void **state)
{
    struct world w;
    if (!begin(&w)) {
        return;
    }
    wr_leasehand_bound(w.hand, 256, 16, 100);
    struct wr_lease_ask a = ask(1, "192.0.2.7", "203.0.113.9", 5000);
    a.dests = 16;
    for (uint8_t i = 1; i < 16; i++) {
        a.dest[i] = a.dest[0];
        a.dest[i].ip[3] = (uint8_t)(9 + i);
    }
    struct wr_lease_said s = one(&w, &a);
    assert_int_equal(s.granted, 0xffff); /* twelve, and four of the last quarter */
    assert_int_equal(s.most_s, 100);
    assert_true(holds("leases4", "a0 . 02:00:00:00:00:07 . 203.0.113.24"));
    assert_int_equal(system("nft get element inet weir leases4 '{ a0 . 02:00:00:00:00:07 . "
                            "203.0.113.16 }' | grep -qE 'timeout 1h23m(20s|19s)'"),
                     0);
    assert_int_equal(system("nft get element inet weir leases4 '{ a0 . 02:00:00:00:00:07 . "
                            "203.0.113.17 }' | grep -qE 'timeout 1m(40s|39s)'"),
                     0);
    wr_leasehand_bound(w.hand, 256, 20, 100); /* sixteen are four fifths: four new ones an answer */
    for (uint8_t i = 0; i < 16; i++) {
        a.dest[i].ip[3] = (uint8_t)(16 + 3 * i); /* three of them it has */
    }
    a.id = 2;
    s = one(&w, &a);
    assert_int_equal(s.granted, 0x7f);
    assert_int_equal(wr_leasehand_refused(w.hand), 9);
    a = ask(3, "192.0.2.7", "203.0.113.9", 50); /* what is short by itself is not cut */
    assert_int_equal(one(&w, &a).most_s, 0);
    /* For several ports it is as many addresses. */
    wr_leasehand_bound(w.hand, 256, 40, 100);
    a = ask(4, "192.0.2.9", "203.0.113.9", 5000);
    a.has_mac = true;
    memcpy(a.mac, "\x02\0\0\0\0\x09", 6);
    a.dests = 20;
    a.ports = 2;
    a.port[0] = (struct wr_lease_port){.protocol = 6, .port = 443};
    a.port[1] = (struct wr_lease_port){.protocol = 17, .port = 443};
    for (uint8_t i = 1; i < 20; i++) {
        a.dest[i] = a.dest[0];
        a.dest[i].ip[3] = (uint8_t)(9 + i);
    }
    assert_int_equal(one(&w, &a).granted, (1u << 19) - 1);
    finish(&w);
}

/* The sets go, and come back with all that was in them; another hand reads them. */
static void test_recall(void **state)
{
    struct world w;
    if (!begin(&w)) {
        return;
    }
    struct wr_lease_ask a = ask(1, "192.0.2.7", "203.0.113.9", 60);
    assert_int_equal(one(&w, &a).granted, 1);
    assert_int_equal(system("nft flush set inet weir leases4"), 0);
    assert_int_equal(wr_leasehand_recall(w.hand), WR_OK);
    assert_int_equal(wr_leasehand_fill(w.hand), WR_OK);
    assert_true(holds("leases4", "a0 . 02:00:00:00:00:07 . 203.0.113.9"));
    assert_int_equal(system("nft delete set inet weir leases4"), 0);
    a = ask(2, "192.0.2.7", "203.0.113.10", 60);
    struct wr_lease_said s = one(&w, &a);
    assert_true(s.err != WR_OK);
    assert_int_equal(s.granted, 0);
    assert_int_equal(wr_leasehand_recall(w.hand), WR_E_NOTFOUND);
    wr_leasehand_hold(w.hand, false); /* the owner has taken the table away: nobody is held back */
    a = ask(3, "192.0.2.7", "203.0.113.11", 60);
    assert_int_equal(one(&w, &a).granted, 1);
    wr_leasehand_hold(w.hand, true);
    assert_int_equal(system("nft add set inet weir leases4 '{ type iface_index . ether_addr . "
                            "ipv4_addr; flags timeout; }'"),
                     0);
    assert_int_equal(wr_leasehand_recall(w.hand), WR_OK);
    assert_int_equal(wr_leasehand_fill(w.hand), WR_OK);
    assert_true(holds("leases4", "a0 . 02:00:00:00:00:07 . 203.0.113.9"));
    assert_true(holds("leases4", "a0 . 02:00:00:00:00:07 . 203.0.113.10"));
    assert_true(holds("leases4", "a0 . 02:00:00:00:00:07 . 203.0.113.11"));
    wr_leasehand_destroy(w.hand);
    assert_int_equal(wr_leasehand_create(256, &w.hand), WR_OK);
    assert_int_equal(wr_leasehand_recall(w.hand), WR_OK);
    assert_int_equal(wr_leaselist_count(wr_leasehand_list(w.hand)), 3);
    /* What it found is renewed, and lasts. */
    a = ask(4, "192.0.2.7", "203.0.113.9", 5000);
    assert_int_equal(one(&w, &a).granted, 1);
    assert_int_equal(system("nft get element inet weir leases4 '{ a0 . 02:00:00:00:00:07 . "
                            "203.0.113.9 }' | grep -qE 'timeout 1h23m(20s|19s)'"),
                     0);
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),     cmocka_unit_test(test_to_the_kernel),
        cmocka_unit_test(test_routed),   cmocka_unit_test(test_forget),
        cmocka_unit_test(test_together), cmocka_unit_test(test_scarce),
        cmocka_unit_test(test_recall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
