/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Silence: of which names policy has found nothing to say, lately.
 *
 * Most names that are asked stand in no rule and in no list, and the same few thousand of them are asked again and again. To find once more
 * that a list of a million does not have one costs two reads of memory that no processor cache holds. So what was looked for and is
 * not there is marked here, a bit for each place that was looked in (policy/policy.h says which); who comes next looks only in the others.
 *
 * Only that there is nothing is remembered, and only of the name: who asks, when, and what a rule does are judged each time. It holds as
 * long as rules and lists stay as they are: under new ones all is forgotten.
 *
 * A table by a keyed hash of 64 bits of the question; two with one hash count as the same (nobody can aim at that, and chance does not get
 * there). Four to a line of the processor's cache, a newcomer takes the place of one of them. One a worker, no lock. Zeroed memory is
 * an empty table.
 */
#ifndef WR_POLICY_SILENCE_H
#define WR_POLICY_SILENCE_H

#include <stdint.h>

enum { WR_SILENCE_LINES = 8192, WR_SILENCE_NAMES = 4 };

struct wr_silence_name {
    uint64_t hash, quiet;
};

struct wr_silence {
    _Alignas(64) struct wr_silence_name line[WR_SILENCE_LINES][WR_SILENCE_NAMES];
    uint32_t next; /* whose place the next newcomer takes */
};

/* It will be asked for soon. */
void wr_silence_foresee(const struct wr_silence *s, uint64_t hash);
/* Its marks, for the caller to read and to add to, until this is called again; none of a newcomer. `hash` is not 0. */
uint64_t *wr_silence_of(struct wr_silence *s, uint64_t hash);
void wr_silence_forget(struct wr_silence *s);

#endif
