/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/slots.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"

/* Only the owner writes URLs: nobody looks for two that fall together. */
uint64_t wr_slots_identity(const char *url)
{
    static const struct wr_hash_key key = {{0, 0}};
    uint64_t h = wr_hash_sip24(&key, url, strlen(url));
    return h != 0 ? h : 1;
}

uint64_t wr_slots_identity_at(const struct wr_upstream *up)
{
    const struct wr_hash_key key = {{up->identity, 1}};
    struct wr_addr addr[1 + sizeof(up->more) / sizeof(up->more[0])] = {up->addr};
    memcpy(addr + 1, up->more, sizeof(up->more));
    uint64_t h = wr_hash_sip24(&key, addr, sizeof(addr));
    return h != 0 ? h : 1;
}

static int slot_of(const struct wr_gate_slots *slots, uint64_t identity)
{
    for (int i = 0; i < WR_UPSTREAMS_MAX; i++) {
        if (slots->identity[i] == identity) {
            return i;
        }
    }
    return -1;
}

/* A slot that no upstream of the new snapshot holds: one never used, else the one that was left first. */
static unsigned free_slot(const struct wr_gate_slots *slots, uint64_t held)
{
    int best = -1;
    for (int i = 0; i < WR_UPSTREAMS_MAX; i++) {
        if (!(held >> i & 1) && (best < 0 || slots->held[i] < slots->held[best])) {
            best = i;
        }
    }
    wr_assert(best >= 0); /* as many slots as upstreams */
    return (unsigned)best;
}

void wr_slots_assign(struct wr_gate_slots *slots, struct wr_upstreams *u, uint64_t serial)
{
    _Static_assert(WR_UPSTREAMS_MAX <= 64, "held is one word");
    uint64_t held = 0, placed = 0;
    for (unsigned i = 0; i < u->upstreams; i++) {
        int slot = slot_of(slots, u->upstream[i].identity);
        if (slot >= 0) {
            u->upstream[i].slot = (uint8_t)slot;
            held |= (uint64_t)1 << slot;
            placed |= (uint64_t)1 << i;
        }
    }
    for (unsigned i = 0; i < u->upstreams; i++) {
        struct wr_upstream *up = &u->upstream[i];
        if (!(placed >> i & 1)) {
            unsigned slot = free_slot(slots, held);
            held |= (uint64_t)1 << slot;
            up->slot = (uint8_t)slot;
            slots->generation[slot]++;
            slots->identity[slot] = up->identity;
            memcpy(slots->url[slot], up->url, sizeof(up->url));
        }
        up->generation = slots->generation[up->slot];
        slots->held[up->slot] = serial;
    }
}

uint16_t wr_slots_view(struct wr_gate_slots *slots, const char *group, bool whole)
{
    char text[sizeof(slots->view[0])];
    snprintf(text, sizeof(text), "%s%s", group, whole ? "!" : "");
    for (uint16_t i = 0; i < WR_SLOTS_VIEWS; i++) {
        if (slots->view[i][0] == 0) {
            memcpy(slots->view[i], text, sizeof(text));
        }
        if (strcmp(slots->view[i], text) == 0) {
            return (uint16_t)(i + 1);
        }
    }
    return 0;
}

uint32_t wr_slots_views(const struct wr_gate_slots *slots)
{
    uint32_t count = 0;
    while (count < WR_SLOTS_VIEWS && slots->view[count][0] != 0) {
        count++;
    }
    return count;
}

int wr_slots_devgroup(const struct wr_gate_slots *slots, const char *group)
{
    for (int bit = 0; bit < WR_WHO_GROUPS_MAX; bit++) {
        if (strcmp(slots->devgroup[bit], group) == 0) {
            return bit;
        }
    }
    return -1;
}

static bool is_one_of(const char *const *groups, size_t count, const char *group)
{
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        found = strcmp(groups[i], group) == 0;
    }
    return found;
}

void wr_slots_devgroups(struct wr_gate_slots *slots, const char *const *groups, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int bit = wr_slots_devgroup(slots, groups[i]);
        bit = bit >= 0 ? bit : wr_slots_devgroup(slots, "");
        for (int k = 0; k < WR_WHO_GROUPS_MAX && bit < 0; k++) {
            bit = is_one_of(groups, count, slots->devgroup[k]) ? -1 : k;
        }
        wr_assert(bit >= 0); /* as many bits as groups */
        snprintf(slots->devgroup[bit], sizeof(slots->devgroup[bit]), "%s", groups[i]);
    }
}
