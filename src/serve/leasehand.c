/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/leasehand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "net/clock.h"
#include "net/leasewire.h"
#include "net/neighbourask.h"
#include "net/nftdump.h"
#include "net/nftset.h"
#include "policy/lease.h"
#include "policy/rulesetlease.h"

/* Messages of one channel in one transaction: the others' turn comes, too. */
#define READS_TURN 8
/* The list is looked through no more often than that. */
#define TICK_MS 50
/* Answers in one message. */
#define SAIDS 64

struct waiting {
    int fd;
    struct wr_lease_said said;
};

struct wr_leasehand {
    struct wr_nftset nft;
    int dump; /* a socket to read them by */
    struct wr_neighbourask neighbours;
    struct wr_leaselist *list;
    struct wr_leaseknown_table *known, *next; /* as it is, and as it is told now */
    struct wr_hash_key hash_key;
    uint32_t scarce_s;
    uint64_t swept_ms, refused;
    bool held;
    size_t waits;
    struct waiting wait[WR_LEASEHAND_ASKS_MAX];
    _Alignas(16) uint8_t batch[WR_NFTSET_BATCH_SIZE];
    uint8_t message[WR_LEASEWIRE_SIZE];
};

uint64_t wr_leasehand_now_ms(void)
{
    struct wr_now now;
    wr_clock_now(false, &now);
    return now.mono_us / WR_MS;
}

/* --- keys --- */

unsigned wr_leasehand_set_of(const struct wr_leaselist_key *key)
{
    return 2u * key->kind + (key->family == WR_AF_V6);
}

static size_t put(uint8_t *octets, size_t at, const void *from, size_t n)
{
    memcpy(octets + at, from, n);
    return at + ((n + 3) & ~(size_t)3);
}

size_t wr_leasehand_key_write(const struct wr_leaselist_key *key, uint8_t ret_octets[64])
{
    size_t ip = key->family == WR_AF_V6 ? 16 : 4;
    memset(ret_octets, 0, WR_NFTSET_KEY_MAX);
    size_t n = put(ret_octets, 0, &key->ifindex, 4);
    n = put(ret_octets, n, key->who, key->kind >= WR_RULESETLEASE_ROUTED ? ip : 6);
    n = put(ret_octets, n, key->dest, ip);
    if (key->kind == WR_RULESETLEASE_MAC_PORT || key->kind == WR_RULESETLEASE_ROUTED_PORT) {
        const uint8_t port[2] = {(uint8_t)(key->port >> 8), (uint8_t)key->port};
        n = put(ret_octets, n, &key->protocol, 1);
        n = put(ret_octets, n, port, 2);
    }
    return n;
}

bool wr_leasehand_key_read(unsigned set, const uint8_t *octets, size_t n,
                           struct wr_leaselist_key *ret_key)
{
    struct wr_leaselist_key key;
    uint8_t again[WR_NFTSET_KEY_MAX];
    memset(&key, 0, sizeof(key));
    key.kind = (uint8_t)(set / 2);
    key.family = set % 2 ? WR_AF_V6 : WR_AF_V4;
    size_t whole = wr_leasehand_key_write(&key, again), ip = set % 2 ? 16 : 4;
    size_t who = key.kind >= WR_RULESETLEASE_ROUTED ? ip : 6, at = 4 + ((who + 3) & ~(size_t)3);
    if (set >= WR_RULESETLEASE_SETS || n != whole) {
        return false;
    }
    memcpy(&key.ifindex, octets, 4);
    memcpy(key.who, octets + 4, who);
    memcpy(key.dest, octets + at, ip);
    if (at + ip < whole) {
        key.protocol = octets[at + ip];
        key.port = (uint16_t)(octets[at + ip + 4] << 8 | octets[at + ip + 5]);
    }
    *ret_key = key;
    return wr_leasehand_key_write(&key, again) == n && memcmp(again, octets, n) == 0;
}

/* --- the kernel --- */

/* An element is deleted only after it was added, so it is there in any case. */
enum pass { PASS_BEFORE, PASS_DELETE, PASS_ADD };

static bool is_of_pass(const struct wr_leaselist_entry *e, enum pass pass)
{
    return e->state == WR_LEASELIST_RENEWED ||
           e->state == (pass == PASS_ADD ? WR_LEASELIST_WANTED : WR_LEASELIST_LEAVING);
}

/* These touched ones of one set. */
static void put_pass(const struct wr_leasehand *h, struct wr_nftset_batch *b, uint32_t n,
                     unsigned set, enum pass pass, uint64_t now_ms)
{
    uint8_t key[WR_NFTSET_KEY_MAX];
    for (uint32_t i = 0; i < n; i++) {
        const struct wr_leaselist_entry *e = wr_leaselist_touched(h->list, i);
        if (wr_leasehand_set_of(&e->key) != set || !is_of_pass(e, pass)) {
            continue;
        }
        size_t size = wr_leasehand_key_write(&e->key, key);
        uint64_t left = e->until_ms > now_ms ? e->until_ms - now_ms : 1;
        const char *name = wr_rulesetlease_set(set);
        int err = pass == PASS_DELETE
                      ? wr_nftset_delete(b, name, key, size)
                      : wr_nftset_add(b, name, key, size, pass == PASS_ADD ? left : WR_S / WR_MS);
        (void)err; /* there is room: commit_some has counted */
    }
}

/* As many touched ones as a batch takes for sure. */
static uint32_t count_some(const struct wr_leasehand *h)
{
    size_t room =
        WR_NFTSET_BATCH_SIZE - (size_t)WR_NFTSET_HEAD_SIZE * (2 + 3 * WR_RULESETLEASE_SETS);
    uint32_t n = 0;
    for (; n < wr_leaselist_touches(h->list); n++) {
        size_t size = (size_t)WR_NFTSET_ELEMENT_SIZE *
                      (wr_leaselist_touched(h->list, n)->state == WR_LEASELIST_WANTED ? 1 : 3);
        if (size > room) {
            break;
        }
        room -= size;
    }
    return n;
}

static int commit_some(struct wr_leasehand *h)
{
    struct wr_nftset_batch b;
    uint32_t n = count_some(h);
    int err = WR_E_NOTFOUND;
    /* One that ends between the add and the delete of it has the delete refused (before Linux 6.8 or so each looks at the clock): once more. */
    for (unsigned tries = 0; tries < 2 && err == WR_E_NOTFOUND; tries++) {
        uint64_t now_ms = wr_leasehand_now_ms();
        wr_nftset_begin(&h->nft, &b, h->batch);
        for (enum pass pass = PASS_BEFORE; pass <= PASS_ADD; pass++) {
            for (unsigned set = 0; set < WR_RULESETLEASE_SETS; set++) {
                put_pass(h, &b, n, set, pass, now_ms);
            }
        }
        err = wr_nftset_commit(&h->nft, &b);
    }
    wr_leaselist_settle(h->list, n, err);
    return err;
}

/* All that is touched; the first error, and the rest is not tried then. */
static int commit(struct wr_leasehand *h)
{
    int err = WR_OK;
    while (err == WR_OK && wr_leaselist_touches(h->list) > 0) {
        err = commit_some(h);
    }
    return err;
}

struct recall {
    struct wr_leasehand *h;
    unsigned set;
    uint64_t now_ms;
};

static void on_element(void *user, const struct wr_nftdump *e)
{
    const struct recall *r = user;
    struct wr_leaselist_key key;
    if (wr_leasehand_key_read(r->set, e->key, e->size, &key)) {
        (void)wr_leaselist_found(r->h->list, &key, r->now_ms + e->expires_ms);
    }
}

int wr_leasehand_recall(struct wr_leasehand *h)
{
    struct recall r = {.h = h, .now_ms = wr_leasehand_now_ms()};
    int err = WR_OK;
    wr_leaselist_lost(h->list, r.now_ms);
    for (; r.set < WR_RULESETLEASE_SETS; r.set++) {
        int one = wr_nftdump_set(h->dump, wr_rulesetlease_set(r.set), on_element, &r);
        err = err == WR_OK ? one : err;
    }
    return err;
}

int wr_leasehand_fill(struct wr_leasehand *h)
{
    int err = commit(h);
    h->held = h->held || err == WR_OK; /* the rules may come any moment */
    return err;
}

void wr_leasehand_hold(struct wr_leasehand *h, bool held)
{
    h->held = held;
}

/* --- asks --- */

/* What one ask has got so far. */
struct taking {
    const struct wr_lease_ask *ask;
    struct wr_lease_said said;
    unsigned few; /* new ones where there is room for few */
};

static int put_one(struct wr_leasehand *h, const struct wr_leaselist_key *key, uint32_t for_s,
                   unsigned most_new, struct taking *t)
{
    uint64_t now_ms = wr_leasehand_now_ms();
    struct wr_leaselist_room room = wr_leaselist_room(h->list, key, now_ms);
    if (!h->held) {
        room = (struct wr_leaselist_room){.has = true};
    }
    bool counts = room.few && !room.has, cut = room.scarce && for_s > h->scarce_s;
    if (counts && t->few >= most_new) {
        return WR_E_LIMIT;
    }
    for_s = cut ? h->scarce_s : for_s;
    int err = wr_leaselist_put(h->list, key, now_ms + (uint64_t)for_s * (WR_S / WR_MS), now_ms);
    if (err == WR_OK) {
        t->few += counts;
        t->said.most_s = cut ? h->scarce_s : t->said.most_s;
    }
    return err;
}

static int put_dest(struct wr_leasehand *h, const struct wr_lease_dest *dest,
                    struct wr_leaselist_key *key, struct taking *t)
{
    const struct wr_lease_ask *a = t->ask;
    int err = WR_OK;
    memcpy(key->dest, dest->ip, sizeof(key->dest));
    key->family = dest->family;
    if (a->ports == 0) {
        return put_one(h, key, dest->for_s, WR_LEASE_FEW, t);
    }
    key->kind++;
    for (unsigned i = 0; i < a->ports && err == WR_OK; i++) {
        key->protocol = a->port[i].protocol;
        key->port = a->port[i].port;
        err = put_one(h, key, dest->for_s, WR_LEASE_FEW * a->ports, t);
    }
    key->kind--;
    key->protocol = 0;
    key->port = 0;
    return err;
}

/* All other addresses that the device is known by there have it as well. */
static void put_others(struct wr_leasehand *h, struct taking *t, unsigned bit,
                       struct wr_leaselist_key key)
{
    const struct wr_lease_ask *a = t->ask;
    const struct wr_leaseknown *k;
    uint32_t cursor = 0;
    uint32_t device = wr_leaseknown_device(h->known, a->ifindex, a->client.family, a->client.ip);
    while (device != 0 && (k = wr_leaseknown_walk(h->known, device, a->ifindex, &cursor)) != NULL) {
        struct taking other = *t;
        memcpy(key.who, k->ip, sizeof(key.who));
        if (k->family == a->dest[bit].family && put_dest(h, &a->dest[bit], &key, &other) == WR_OK) {
            t->said.granted |= (uint32_t)1 << bit;
            t->said.most_s = other.said.most_s;
        }
    }
}

/* Which of its addresses are granted, if the kernel takes them. */
static void take(struct wr_leasehand *h, struct taking *t)
{
    const struct wr_lease_ask *a = t->ask;
    struct wr_leaselist_key key;
    memset(&key, 0, sizeof(key));
    key.ifindex = a->ifindex;
    if (a->ifindex == 0) {
        return;
    }
    if (a->has_mac) {
        memcpy(key.who, a->mac, sizeof(a->mac));
    } else if (wr_neighbourask_mac(&h->neighbours, a->ifindex, &a->client, key.who) != WR_OK) {
        key.kind = WR_RULESETLEASE_ROUTED;
        memcpy(key.who, a->client.ip, sizeof(key.who));
    }
    for (unsigned i = 0; i < a->dests; i++) {
        struct wr_addr addr = {.family = a->dest[i].family};
        memcpy(addr.ip, a->dest[i].ip, sizeof(addr.ip));
        bool reached = key.kind == WR_RULESETLEASE_MAC || addr.family == a->client.family;
        bool public = wr_lease_is_public(&addr);
        int err = reached && public ? put_dest(h, &a->dest[i], &key, t) : WR_E_DENIED;
        bool bound = err == WR_E_LIMIT || err == WR_E_FULL;
        t->said.granted |= err == WR_OK || (bound && !h->held) ? (uint32_t)1 << i : 0;
        h->refused += bound && h->held;
        if (public && key.kind != WR_RULESETLEASE_MAC) {
            put_others(h, t, i, key);
        }
    }
}

static void note(struct wr_leasehand *h, int fd, const struct wr_lease_ask *a)
{
    struct taking t = {.ask = a, .said = {.id = a->id}};
    take(h, &t);
    h->wait[h->waits++] = (struct waiting){.fd = fd, .said = t.said};
}

/* One message. WR_E_AGAIN: there is none; WR_E_CLOSED, WR_E_FORMAT. */
static int read_asks(struct wr_leasehand *h, int fd)
{
    struct wr_lease_ask ask;
    struct wr_reader r;
    uint16_t count;
    ssize_t n = recv(fd, h->message, sizeof(h->message), MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return WR_E_AGAIN;
    }
    if (n <= 0 || (size_t)n > sizeof(h->message)) {
        return n == 0 ? WR_E_CLOSED : WR_E_FORMAT;
    }
    int err = wr_leasewire_open(&r, WR_LEASEWIRE_ASKS, h->message, (size_t)n, &count);
    for (uint16_t i = 0; err == WR_OK && i < count; i++) {
        err = wr_leasewire_get_ask(&r, i + 1 == count, &ask);
        if (err == WR_OK) {
            note(h, fd, &ask);
        }
    }
    return err;
}

/* Who does not read is told nothing: his engine's deadline decides. */
static void send_saids(struct wr_leasehand *h, int fd, int failed)
{
    struct wr_leasewire m;
    for (size_t at = 0; at < h->waits;) {
        unsigned n = 0;
        wr_leasewire_start(&m, WR_LEASEWIRE_SAIDS, h->message, sizeof(h->message));
        for (; at < h->waits && n < SAIDS; at++) {
            struct wr_lease_said said = h->wait[at].said;
            if (h->wait[at].fd == fd) {
                said.granted = failed != WR_OK ? 0 : said.granted;
                said.err = failed;
                n += wr_leasewire_put_said(&m, &said) == WR_OK;
            }
        }
        ssize_t sent =
            n == 0 ? 0 : send(fd, h->message, wr_leasewire_finish(&m), MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)sent;
    }
}

void wr_leasehand_serve(struct wr_leasehand *h, struct pollfd *channel, size_t count)
{
    h->waits = 0;
    for (size_t i = 0; i < count; i++) {
        int err = channel[i].fd >= 0 && channel[i].revents != 0 ? WR_OK : WR_E_AGAIN;
        for (unsigned k = 0; k < READS_TURN && err == WR_OK &&
                             h->waits + WR_LEASE_BATCH_MAX <= WR_LEASEHAND_ASKS_MAX;
             k++) {
            err = read_asks(h, channel[i].fd);
        }
        if (err != WR_OK && err != WR_E_AGAIN) {
            close(channel[i].fd); /* its asks are noted, and answered to nobody */
            channel[i].fd = -1;
        }
    }
    if (h->waits == 0) {
        return;
    }
    int err = WR_OK;
    if (h->held) {
        err = commit(h);
    } else { /* there is nothing to be written, until all is */
        wr_leaselist_settle(h->list, wr_leaselist_touches(h->list), WR_OK);
    }
    for (size_t i = 0; i < count; i++) {
        if (channel[i].fd >= 0 && channel[i].revents != 0) {
            send_saids(h, channel[i].fd, err);
        }
    }
}

/* --- the list --- */

bool wr_leasehand_known(struct wr_leasehand *h, const struct wr_leaseknown *known, size_t count,
                        bool last)
{
    for (size_t i = 0; i < count; i++) {
        if (wr_leaseknown_add(h->next, &known[i]) != WR_OK) {
            return false;
        }
    }
    if (last) {
        struct wr_leaseknown_table *old = h->known;
        wr_leaseknown_follow(old, h->next, h->list, wr_leasehand_now_ms());
        h->known = h->next;
        h->next = wr_leaseknown_init(old, WR_LEASE_KNOWN_MAX, &h->hash_key);
        if (h->held) {
            (void)commit(h); /* what the kernel does not take is wanted again when all is written */
        }
    }
    return true;
}

static bool is_of(const struct wr_leaselist_key *key, const struct wr_leaseknown *who)
{
    bool routed = key->kind == WR_RULESETLEASE_ROUTED || key->kind == WR_RULESETLEASE_ROUTED_PORT;
    return routed ? key->family == who->family && memcmp(key->who, who->ip, sizeof(who->ip)) == 0
                  : who->family == WR_AF_NONE && memcmp(key->who, who->ip, 6) == 0;
}

void wr_leasehand_forget(struct wr_leasehand *h, const struct wr_leaseknown *who, size_t count)
{
    const struct wr_leaselist_entry *e;
    uint32_t cursor = 0;
    while ((e = wr_leaselist_walk(h->list, &cursor)) != NULL) {
        bool found = false;
        for (size_t i = 0; i < count && !found; i++) {
            found = is_of(&e->key, &who[i]);
        }
        if (found) {
            wr_leaselist_leave(h->list, e);
        }
    }
    if (h->held) {
        (void)commit(h); /* else with what is written next */
    }
}

void wr_leasehand_tick(struct wr_leasehand *h)
{
    uint64_t now_ms = wr_leasehand_now_ms();
    if (now_ms - h->swept_ms >= TICK_MS) {
        h->swept_ms = now_ms;
        wr_leaselist_sweep(h->list, now_ms);
    }
}

uint64_t wr_leasehand_refused(const struct wr_leasehand *h)
{
    return h->refused;
}

const struct wr_leaselist *wr_leasehand_list(const struct wr_leasehand *h)
{
    return h->list;
}

void wr_leasehand_bound(struct wr_leasehand *h, uint32_t all, uint32_t party, uint32_t scarce_s)
{
    h->scarce_s = scarce_s > 0 ? scarce_s : 1;
    wr_leaselist_bound(h->list, all, party);
}

uint32_t wr_leasehand_port(const struct wr_leasehand *h)
{
    return h->nft.port;
}

int wr_leasehand_create(uint32_t capacity, struct wr_leasehand **ret_hand)
{
    struct wr_leasehand *h = aligned_alloc(64, (sizeof(*h) + 63) & ~(size_t)63);
    void *block = calloc(1, wr_leaselist_size(capacity));
    void *known = malloc(wr_leaseknown_size(WR_LEASE_KNOWN_MAX));
    void *next = malloc(wr_leaseknown_size(WR_LEASE_KNOWN_MAX));
    struct wr_hash_key hash_key;
    int err = WR_E_NOMEM;
    if (h != NULL && block != NULL && known != NULL && next != NULL &&
        getrandom(&hash_key, sizeof(hash_key), 0) == (ssize_t)sizeof(hash_key)) {
        memset(h, 0, sizeof(*h));
        h->nft.fd = h->dump = h->neighbours.fd = -1;
        h->held = true;
        h->scarce_s = WR_LEASE_SCARCE_S;
        h->hash_key = hash_key;
        h->known = wr_leaseknown_init(known, WR_LEASE_KNOWN_MAX, &hash_key);
        h->next = wr_leaseknown_init(next, WR_LEASE_KNOWN_MAX, &hash_key);
        h->list = wr_leaselist_init(block, capacity, &hash_key);
        err = wr_nftset_open(&h->nft);
        if (err == WR_OK) {
            err = wr_nftdump_open(&h->dump);
        }
        if (err == WR_OK) {
            err = wr_neighbourask_open(&h->neighbours);
        }
        if (err == WR_OK) {
            *ret_hand = h;
            return WR_OK;
        }
        wr_nftset_close(&h->nft);
        if (h->dump >= 0) {
            close(h->dump);
        }
    }
    free(known);
    free(next);
    free(block);
    free(h);
    return err;
}

void wr_leasehand_destroy(struct wr_leasehand *h)
{
    if (h != NULL) {
        wr_nftset_close(&h->nft);
        close(h->dump);
        close(h->neighbours.fd);
        free(h->known);
        free(h->next);
        free(h->list);
        free(h);
    }
}
