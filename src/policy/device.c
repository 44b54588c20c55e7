/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/device.h"

#include <stdatomic.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"

/* The words of a copy: two entries of three, and how many that belong to this line or one before stand in lines behind it. */
enum { KEY, GROUPS, REST, WORDS, ENTRIES = 2, PASSED = ENTRIES * WORDS, COPY };

/* Number and first copy are one line of the processor's cache. */
struct line {
    _Alignas(64) _Atomic uint64_t number;
    _Atomic uint64_t first[COPY];
    _Atomic uint64_t second[COPY];
    uint64_t pad;
};

struct wr_device_table {
    struct wr_hash_key key;
    uint32_t mask;
    _Atomic uint32_t shut; /* entries of interfaces */
    struct line *line;
};

static size_t header_size(void)
{
    return (sizeof(struct wr_device_table) + 63) & ~(size_t)63;
}

/* A line for each key: the table is half full at most, so that few have to stand elsewhere. */
static uint32_t lines_for(uint32_t keys)
{
    uint32_t lines = 8;
    while (lines < keys && lines < (uint32_t)1 << 24) {
        lines *= 2;
    }
    return lines;
}

size_t wr_device_size(uint32_t keys)
{
    return header_size() + lines_for(keys) * sizeof(struct line);
}

struct wr_device_table *wr_device_init(void *block, uint32_t keys, const struct wr_hash_key *key)
{
    struct wr_device_table *t = block;
    _Static_assert(sizeof(struct line) == 128, "two lines of the processor's cache");
    wr_assert((uintptr_t)block % 64 == 0);
    t->key = *key;
    t->mask = lines_for(keys) - 1;
    atomic_store_explicit(&t->shut, 0, memory_order_relaxed);
    t->line = (struct line *)(void *)((uint8_t *)block + header_size());
    for (uint32_t i = 0; i <= t->mask;
         i++) { /* fresh pages are zeros; reading them costs no memory */
        struct line *l = &t->line[i];
        for (unsigned w = 0; w < COPY; w++) {
            if (atomic_load_explicit(&l->first[w], memory_order_relaxed) != 0 ||
                atomic_load_explicit(&l->second[w], memory_order_relaxed) != 0) {
                atomic_store_explicit(&l->first[w], 0, memory_order_relaxed);
                atomic_store_explicit(&l->second[w], 0, memory_order_relaxed);
            }
        }
    }
    return t;
}

/* --- keys --- */

static uint64_t not_empty(uint64_t hash)
{
    return hash != 0 ? hash : 1;
}

uint64_t wr_device_key(const struct wr_device_table *t, const struct wr_addr *addr,
                       uint32_t ifindex)
{
    uint8_t bytes[21];
    bool local = addr->family == WR_AF_V6 && addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0x80;
    uint32_t scope = !local ? 0 : ifindex != 0 ? ifindex : addr->scope;
    memcpy(bytes, addr->ip, 16);
    memcpy(bytes + 16, &scope, sizeof(scope));
    bytes[20] = addr->family;
    return not_empty(wr_hash_sip13(&t->key, bytes, sizeof(bytes)));
}

uint64_t wr_device_claim_key(const struct wr_device_table *t, const char *claim, bool proven)
{
    uint64_t hash = wr_hash_sip13(&t->key, claim, strlen(claim));
    return not_empty(wr_hash_mix(hash ^ (proven ? 0xce : 0xc1))); /* 21 octets are no address */
}

uint64_t wr_device_interface_key(const struct wr_device_table *t, uint32_t ifindex)
{
    return not_empty(wr_hash_mix(wr_hash_sip13(&t->key, &ifindex, sizeof(ifindex)) ^ 0x1f));
}

void wr_device_shut(struct wr_device_table *t, uint32_t interfaces)
{
    atomic_store_explicit(&t->shut, interfaces, memory_order_release);
}

uint64_t wr_device_mac_key(const struct wr_device_table *t, const char *mac)
{
    return not_empty(wr_hash_mix(wr_hash_sip13(&t->key, mac, strlen(mac)) ^ 0xaac));
}

uint64_t wr_device_rival_key(uint64_t key)
{
    return not_empty(wr_hash_mix(key ^ 0x71)); /* as far away as any other key */
}

static uint64_t rest_of(const struct wr_who *who)
{
    return (uint64_t)who->device << 32 | (uint64_t)who->segment << 16 | (uint64_t)who->state << 8 |
           who->sure;
}

static struct wr_who who_of(uint64_t groups, uint64_t rest)
{
    return (struct wr_who){.groups = groups,
                           .device = (uint32_t)(rest >> 32),
                           .segment = (uint16_t)(rest >> 16),
                           .state = (uint8_t)(rest >> 8),
                           .sure = (uint8_t)rest};
}

/* --- readers --- */

enum look { FOUND, ABSENT, BEHIND, CHANGED };

static uint64_t word(const _Atomic uint64_t *copy, unsigned w)
{
    return atomic_load_explicit(&copy[w], memory_order_acquire);
}

/* One try at one line: what it says of the key, if it stayed as it was meanwhile. */
static enum look look_once(const struct line *l, uint64_t key, struct wr_who *ret_who)
{
    uint64_t number = atomic_load_explicit(&l->number, memory_order_acquire);
    const _Atomic uint64_t *copy = number & 1 ? l->second : l->first;
    struct wr_who who = {0};
    enum look look;
    unsigned e = 0;
    while (e < PASSED && word(copy, e + KEY) != key) {
        e += WORDS;
    }
    if (e < PASSED) {
        who = who_of(word(copy, e + GROUPS), word(copy, e + REST));
        look = FOUND;
    } else {
        look = word(copy, PASSED) == 0 ? ABSENT : BEHIND;
    }
    if (atomic_load_explicit(&l->number, memory_order_acquire) != number) {
        return CHANGED;
    }
    if (look == FOUND) {
        *ret_who = who;
    }
    return look;
}

bool wr_device_get(const struct wr_device_table *t, uint64_t key, struct wr_who *ret_who)
{
    for (uint32_t i = 0; i < WR_DEVICE_LINES_MAX; i++) {
        enum look look = CHANGED;
        for (int try = 0; try < WR_DEVICE_TRIES_MAX && look == CHANGED; try++) {
            look = look_once(&t->line[(key + i) & t->mask], key, ret_who);
        }
        if (look != BEHIND) {
            return look == FOUND;
        }
    }
    return false;
}

static void find_rival(const struct wr_device_table *t, uint64_t key, struct wr_who *who)
{
    struct wr_who rival;
    if (who->state >= WR_WHO_CONFLICT && wr_device_get(t, wr_device_rival_key(key), &rival)) {
        who->rival = rival.device;
    }
}

bool wr_device_find(const struct wr_device_table *t, const struct wr_addr *addr, uint32_t ifindex,
                    const char *claim, bool claim_proven, struct wr_who *ret_who)
{
    bool claims = claim[0] != 0;
    if (claims && claim_proven && wr_device_get(t, wr_device_claim_key(t, claim, true), ret_who)) {
        return true;
    }
    uint64_t key = wr_device_key(t, addr, ifindex);
    if (wr_device_get(t, key, ret_who)) {
        find_rival(t, key, ret_who);
        return true;
    }
    if (atomic_load_explicit(&t->shut, memory_order_acquire) != 0 && ifindex != 0 &&
        wr_device_get(t, wr_device_interface_key(t, ifindex), ret_who)) {
        return true; /* whatever he says that he is: it is not proven */
    }
    if (!claims || !wr_device_get(t, wr_device_claim_key(t, claim, false), ret_who)) {
        return false;
    }
    ret_who->sure = WR_DEVICE_SURE_CLAIM;
    return true;
}

bool wr_device_behind(const struct wr_device_table *t, const char *mac, struct wr_who *ret_who)
{
    if (!wr_device_get(t, wr_device_mac_key(t, mac), ret_who)) {
        return false;
    }
    ret_who->sure = ret_who->sure < WR_DEVICE_SURE_HOP ? ret_who->sure : WR_DEVICE_SURE_HOP;
    return true;
}

/* --- the writer --- */

static void write_copy(_Atomic uint64_t *copy, const uint64_t words[COPY])
{
    for (unsigned w = 0; w < COPY; w++) {
        atomic_store_explicit(&copy[w], words[w], memory_order_release);
    }
}

static void own_line(const struct line *l, uint64_t ret_words[COPY])
{
    for (unsigned w = 0; w < COPY; w++) {
        ret_words[w] = atomic_load_explicit(&l->first[w], memory_order_relaxed);
    }
}

static void write_line(struct line *l, const uint64_t words[COPY])
{
    uint64_t number = atomic_load_explicit(&l->number, memory_order_relaxed);
    atomic_store_explicit(&l->number, number + 1, memory_order_release);
    write_copy(l->first, words);
    atomic_store_explicit(&l->number, number + 2, memory_order_release);
    write_copy(l->second, words);
}

/* The entry of a key, or the nearest free one: its line, counted from the key's own; -1: neither. */
static int seek(const struct wr_device_table *t, uint64_t key, bool free_too, unsigned *ret_entry)
{
    int line = -1;
    uint64_t words[COPY];
    for (uint32_t i = 0; i < WR_DEVICE_LINES_MAX; i++) {
        own_line(&t->line[(key + i) & t->mask], words);
        for (unsigned e = 0; e < ENTRIES; e++) {
            uint64_t here = words[(size_t)e * WORDS + KEY];
            if (here == key) {
                *ret_entry = e;
                return (int)i;
            }
            if (here == 0 && line < 0 && free_too) {
                *ret_entry = e;
                line = (int)i;
            }
        }
    }
    return line;
}

static void count_passed(struct wr_device_table *t, uint64_t key, int lines, int delta)
{
    uint64_t words[COPY];
    for (int i = 0; i < lines; i++) {
        struct line *l = &t->line[(key + (unsigned)i) & t->mask];
        own_line(l, words);
        words[PASSED] += (uint64_t)(int64_t)delta;
        write_line(l, words);
    }
}

int wr_device_put(struct wr_device_table *t, uint64_t key, const struct wr_who *who)
{
    uint64_t words[COPY];
    unsigned e = 0;
    int at = seek(t, key, true, &e);
    if (at < 0) {
        return WR_E_FULL;
    }
    struct line *l = &t->line[(key + (unsigned)at) & t->mask];
    own_line(l, words);
    uint64_t *entry = &words[(size_t)e * WORDS];
    bool fresh = entry[KEY] == 0;
    if (!fresh && entry[GROUPS] == who->groups && entry[REST] == rest_of(who)) {
        return WR_OK;
    }
    entry[KEY] = key;
    entry[GROUPS] = who->groups;
    entry[REST] = rest_of(who);
    write_line(l, words);
    if (fresh) {
        count_passed(t, key, at, 1);
    }
    return WR_OK;
}

void wr_device_remove(struct wr_device_table *t, uint64_t key)
{
    uint64_t words[COPY];
    unsigned e = 0;
    int at = seek(t, key, false, &e);
    if (at < 0) {
        return;
    }
    struct line *l = &t->line[(key + (unsigned)at) & t->mask];
    own_line(l, words);
    memset(&words[(size_t)e * WORDS], 0, WORDS * sizeof(words[0]));
    write_line(l, words);
    count_passed(t, key, at, -1);
}
