/* SPDX-License-Identifier: Apache-2.0 */
/* The process that runs nft, with programs that stand for nft; the true one is in tests/e2e/firewall.py. */
#include "unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "net/leasewire.h"
#include "serve/caps.h"
#include "serve/firehand.h"

/* Under a sanitizer, on a busy machine. */
#define PATIENCE_MS 60000

static char folder[64], nft[96], out[96];

static int setup(void **state)
{
    strcpy(folder, "/tmp/weir-firehand-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(nft, sizeof(nft), "%s/nft", folder);
    snprintf(out, sizeof(out), "%s/out", folder);
    return 0;
}

static int teardown(void **state)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf -- '%s'", folder);
    return system(command);
}

/* A program in place of nft. */
static void write_nft(const char *body)
{
    char next[104];
    snprintf(next, sizeof(next), "%s.new", nft);
    FILE *f = fopen(next, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\n%s\n", body);
    fclose(f);
    assert_int_equal(chmod(next, 0755), 0);
    assert_int_equal(rename(next, nft), 0);
}

static bool begin_with(struct wr_firehand *h, const int *channel, uint32_t leases)
{
    static struct wr_firehand_birth birth;
    wr_firelook_unshare(birth.board);
    birth = (struct wr_firehand_birth){.nft = nft,
                                       .channel = channel,
                                       .channels = channel != NULL,
                                       .leases = leases,
                                       .board = wr_firelook_share()};
    assert_non_null(birth.board);
    int err = wr_firehand_start(&birth, h);
    assert_int_equal(err, wr_caps_can_admin() ? WR_OK : WR_E_DENIED);
    if (err != WR_OK) {
        print_message("no privilege, so no hand; tests/e2e/firewall.py has one\n");
    }
    return err == WR_OK;
}

static bool begin(struct wr_firehand *h)
{
    return begin_with(h, NULL, 64);
}

static struct wr_firehand_reply answer(struct wr_firehand *h)
{
    struct wr_firehand_reply r;
    assert_int_equal(wr_firehand_read(h, PATIENCE_MS, &r), WR_OK);
    assert_int_equal(r.number, h->number);
    return r;
}

static void test_what_nft_gets(void **state)
{
    struct wr_firehand h;
    struct wr_ruleset_item item[100];
    char body[768], text[8192];
    memset(item, 0, sizeof(item));
    for (uint8_t i = 0; i < 100; i++) { /* more than one message */
        item[i].kind = WR_RULESET_MAC;
        item[i].mac[0] = 2;
        item[i].mac[5] = i;
    }
    snprintf(body, sizeof(body),
             "cat >%s; env >>%s; echo $* >>%s; [ ! -e /proc/$$/fd/3 ] || echo channel >>%s", out,
             out, out, out);
    write_nft(body);
    if (!begin(&h)) {
        return;
    }
    assert_int_equal(wr_firehand_apply(&h, item, 100, WR_RULESET_QUARANTINE), WR_OK);
    struct wr_firehand_reply r = answer(&h);
    assert_int_equal(r.err, WR_OK);
    assert_true(r.port[0] != 0);
    FILE *f = fopen(out, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = 0;
    fclose(f);
    assert_non_null(strstr(text, "02:00:00:00:00:63 }\nflush set"));
    assert_non_null(strstr(text, "LC_ALL=C\n"));
    assert_null(strstr(text, "HOME="));
    assert_null(strstr(text, "channel")); /* it is the hand's alone */
    assert_non_null(strstr(text, "-f -\n"));
    /* The items before are no part of what comes next. */
    assert_int_equal(wr_firehand_apply(&h, item, 1, WR_RULESET_QUARANTINE), WR_OK);
    assert_int_equal(answer(&h).err, WR_OK);
    f = fopen(out, "r");
    text[fread(text, 1, sizeof(text) - 1, f)] = 0;
    fclose(f);
    assert_non_null(strstr(text, "quarantined_mac { 02:00:00:00:00:00 }\n"));
    assert_int_equal(wr_firehand_count(&h), WR_OK); /* there is no table */
    r = answer(&h);
    assert_true(r.err != WR_OK && r.counted == 0);
    wr_firehand_stop(&h);
    assert_int_equal(h.pid, 0);
}

/* More facts than a socket holds, by a socket that does not block, as in a loop. */
static void test_many(void **state)
{
    static struct wr_ruleset_item item[WR_RULESET_ITEMS_MAX];
    struct wr_firehand h;
    char body[128], text[16];
    for (unsigned i = 0; i < WR_RULESET_ITEMS_MAX; i++) {
        item[i].kind = WR_RULESET_MAC;
        item[i].mac[0] = 2;
        item[i].mac[4] = (uint8_t)(i >> 8);
        item[i].mac[5] = (uint8_t)i;
    }
    snprintf(body, sizeof(body), "grep -o 02:00:00:00: | wc -l >%s", out);
    write_nft(body);
    if (!begin(&h)) {
        return;
    }
    assert_int_equal(fcntl(h.fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(wr_firehand_apply(&h, item, WR_RULESET_ITEMS_MAX, WR_RULESET_QUARANTINE),
                     WR_OK);
    assert_int_equal(answer(&h).err, WR_OK);
    FILE *f = fopen(out, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof(text), f));
    fclose(f);
    assert_int_equal(atoi(text), WR_RULESET_ITEMS_MAX);
    wr_firehand_stop(&h);
}

static void test_refusals(void **state)
{
    struct wr_firehand h;
    unlink(nft);
    if (!begin(&h)) {
        return;
    }
    assert_int_equal(wr_firehand_apply(&h, NULL, 0, WR_RULESET_TABLE), WR_OK);
    struct wr_firehand_reply r = answer(&h);
    assert_int_equal(r.err, WR_E_NOTFOUND);
    assert_non_null(strstr(r.text, "firewall.nft"));
    write_nft("printf 'Error: no\\033such thing\\nmore\\n' >&2; exit 1");
    assert_int_equal(wr_firehand_apply(&h, NULL, 0, WR_RULESET_TABLE), WR_OK);
    r = answer(&h);
    assert_int_equal(r.err, WR_E_FORMAT);
    assert_string_equal(r.text, "nft refuses: Error: no such thing");
    write_nft("exec sleep 600"); /* it does not end: that is found out */
    assert_int_equal(wr_firehand_apply(&h, NULL, 0, WR_RULESET_TABLE), WR_OK);
    assert_int_equal(wr_firehand_read(&h, 1, &r), WR_E_AGAIN);
    r = answer(&h);
    assert_int_equal(r.err, WR_E_TIMEOUT);
    wr_firehand_stop(&h);
}

/* Whoever took weir over can send anything: the hand ends rather than guess. */
static void test_nonsense_ends_it(void **state)
{
    struct wr_firehand h;
    struct wr_firehand_reply r;
    struct wr_ruleset_item item;
    memset(&item, 0, sizeof(item));
    item.kind = WR_RULESET_INTERFACE;
    strcpy(item.interface, "x\" accept");
    write_nft("exit 0");
    for (unsigned k = 0; k < 3; k++) {
        if (!begin(&h)) {
            return;
        }
        if (k == 0) {
            (void)wr_firehand_apply(&h, &item, 1, WR_RULESET_TABLE);
        } else if (k == 1) {
            (void)wr_firehand_apply(&h, NULL, 0, 0xff);
        } else {
            assert_int_equal(send(h.fd, "junk", 4, 0), 4);
        }
        assert_int_equal(wr_firehand_read(&h, PATIENCE_MS, &r), WR_E_CLOSED);
        wr_firehand_stop(&h);
    }
    assert_int_equal(wr_firehand_count(&h), WR_E_CLOSED);
}

enum { LONG = 8192 };

static int worker;

static void send_asks(uint32_t first, unsigned count)
{
    static uint8_t room[WR_LEASEWIRE_SIZE];
    struct wr_leasewire m;
    wr_leasewire_start(&m, WR_LEASEWIRE_ASKS, room, sizeof(room));
    for (unsigned i = 0; i < count; i++, first++) {
        struct wr_lease_ask a = {.id = 1 + first,
                                 .client = {.family = WR_AF_V4, .ip = {198, 51, 100, 1}},
                                 .ifindex = 1,
                                 .dests = 1};
        a.dest[0] = (struct wr_lease_dest){.family = WR_AF_V4, .for_s = 3600};
        memcpy(a.dest[0].ip, (const uint8_t[]){203, 0, (uint8_t)(first >> 8), (uint8_t)first}, 4);
        assert_int_equal(wr_leasewire_put_ask(&m, &a), WR_OK);
    }
    size_t n = wr_leasewire_finish(&m);
    assert_int_equal(send(worker, room, n, 0), n);
}

/* What is said to so many. */
static void read_saids(unsigned count)
{
    static uint8_t room[WR_LEASEWIRE_SIZE];
    while (count > 0) {
        struct pollfd p = {.fd = worker, .events = POLLIN};
        struct wr_lease_said said;
        struct wr_reader r;
        uint16_t saids;
        assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
        ssize_t n = recv(worker, room, sizeof(room), 0);
        assert_true(n > 0);
        assert_int_equal(wr_leasewire_open(&r, WR_LEASEWIRE_SAIDS, room, (size_t)n, &saids), WR_OK);
        for (uint16_t i = 0; i < saids; i++) {
            assert_int_equal(wr_leasewire_get_said(&r, i + 1 == saids, &said), WR_OK);
            assert_int_equal(said.granted, 1);
            count--;
        }
    }
}

/* Who looks at the first of them, and reads no further until somebody else has got a lease. */
static void on_lease(void *user, const struct wr_firehand_lease *one)
{
    uint32_t *seen = user;
    assert_int_equal(one->dest[0], 203);
    assert_true(one->left_s > 3000 && one->routed);
    if ((*seen)++ == 0) {
        send_asks(LONG, 1);
        read_saids(1);
    }
}

static void on_party(void *user, const struct wr_firehand_lease *one)
{
    assert_int_equal(one->count, LONG + 1);
    *(uint32_t *)user = 1;
}

/* More leases than a socket holds are told to who does not read them, and leases go on. */
static void test_a_long_list_holds_nobody_up(void **state)
{
    struct wr_firehand h;
    int pair[2];
    uint32_t seen = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    worker = pair[0];
    write_nft("cat >/dev/null");
    if (!begin_with(&h, &pair[1], 2 * LONG)) {
        close(pair[0]);
        close(pair[1]);
        return;
    }
    close(pair[1]);
    h.leases = h.leases_device = 2 * LONG;
    h.scarce_s = 3600;
    /* There is no table: all is granted, and noted. */
    assert_int_equal(wr_firehand_apply(&h, NULL, 0, WR_RULESET_NONE), WR_OK);
    assert_int_equal(answer(&h).err, WR_OK);
    for (uint32_t n = 0; n < LONG; n += WR_LEASE_BATCH_MAX) {
        send_asks(n, WR_LEASE_BATCH_MAX);
        read_saids(WR_LEASE_BATCH_MAX);
    }
    assert_int_equal(wr_firehand_leases(&h, true, on_lease, &seen), WR_OK);
    assert_in_range(seen, LONG, LONG + 1);
    assert_int_equal(wr_firehand_leases(&h, false, on_party, &seen), WR_OK);
    assert_int_equal(seen, 1);
    wr_firehand_stop(&h);
    close(worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_nft_gets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nonsense_ends_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_long_list_holds_nobody_up, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
