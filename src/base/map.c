/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear probing at half load. Removing shifts the following entries back, so there are no
 * tombstones, and the length of a probe depends only on what is in the table now.
 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/map.h"

static uint32_t slots_for(uint32_t cap)
{
    uint32_t slots = 4;

    wr_assert(cap <= UINT32_C(1) << 30);
    while (slots < 2 * cap) {
        slots *= 2;
    }
    return slots;
}

size_t wr_map_size(uint32_t cap)
{
    return slots_for(cap) * sizeof(struct wr_map_slot);
}

void wr_map_init(struct wr_map *m, void *block, uint32_t cap)
{
    *m = (struct wr_map){.slots = block, .mask = slots_for(cap) - 1, .cap = cap};
    memset(block, 0, wr_map_size(cap));
}

/* Spread, so that hashes with poor low bits (ids, counters in tests) do no harm. */
static uint32_t home(const struct wr_map *m, uint64_t hash)
{
    return (uint32_t)((hash * 0x9e3779b97f4a7c15ULL) >> 32) & m->mask;
}

int wr_map_put(struct wr_map *m, uint64_t hash, uint64_t value)
{
    uint32_t i = home(m, hash);

    wr_assert(value != 0);
    if (m->count >= m->cap) {
        return WR_E_FULL;
    }
    while (m->slots[i].value != 0) {
        i = (i + 1) & m->mask;
    }
    m->slots[i] = (struct wr_map_slot){.hash = hash, .value = value};
    m->count++;
    return WR_OK;
}

/* From slot `i` on, up to the first empty one, which half load promises. */
static uint64_t find_from(const struct wr_map *m, uint64_t hash, uint32_t i, uint32_t *ret_cursor)
{
    for (; m->slots[i].value != 0; i = (i + 1) & m->mask) {
        if (m->slots[i].hash == hash) {
            *ret_cursor = (i + 1) & m->mask;
            return m->slots[i].value;
        }
    }
    *ret_cursor = i;
    return 0;
}

uint64_t wr_map_first(const struct wr_map *m, uint64_t hash, uint32_t *ret_cursor)
{
    return find_from(m, hash, home(m, hash), ret_cursor);
}

uint64_t wr_map_next(const struct wr_map *m, uint64_t hash, uint32_t *cursor)
{
    return find_from(m, hash, *cursor, cursor);
}

/* Fills the hole with the next entry that may stand there, and so on up to an empty slot. */
static void close_hole(struct wr_map *m, uint32_t hole)
{
    uint32_t i = hole;

    for (;;) {
        uint32_t from_home;

        i = (i + 1) & m->mask;
        if (m->slots[i].value == 0) {
            break;
        }
        from_home = (i - home(m, m->slots[i].hash)) & m->mask;
        if (from_home >= ((i - hole) & m->mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole] = (struct wr_map_slot){0};
}

bool wr_map_remove(struct wr_map *m, uint64_t hash, uint64_t value)
{
    for (uint32_t i = home(m, hash); m->slots[i].value != 0; i = (i + 1) & m->mask) {
        if (m->slots[i].hash == hash && m->slots[i].value == value) {
            close_hole(m, i);
            m->count--;
            return true;
        }
    }
    return false;
}
