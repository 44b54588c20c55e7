/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/silence.h"

#include <string.h>

#include "base/hash.h"

static uint32_t line_of(uint64_t hash)
{
    return (uint32_t)(wr_hash_mix(hash) % WR_SILENCE_LINES);
}

void wr_silence_foresee(const struct wr_silence *s, uint64_t hash)
{
    __builtin_prefetch(s->line[line_of(hash)]);
}

uint64_t *wr_silence_of(struct wr_silence *s, uint64_t hash)
{
    struct wr_silence_name *line = s->line[line_of(hash)];
    struct wr_silence_name *n = NULL;
    for (unsigned i = 0; i < WR_SILENCE_NAMES; i++) {
        if (line[i].hash == hash) {
            return &line[i].quiet;
        }
        n = line[i].hash == 0 ? &line[i] : n;
    }
    n = n != NULL ? n : &line[s->next++ % WR_SILENCE_NAMES];
    *n = (struct wr_silence_name){.hash = hash};
    return &n->quiet;
}

void wr_silence_forget(struct wr_silence *s)
{
    memset(s, 0, sizeof(*s));
}
