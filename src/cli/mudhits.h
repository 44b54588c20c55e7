/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD hits: what a device's profile has refused, or in the shadow would have, name by name, from the daemon's log.
 *
 *     wr_mudhits_ask(&talk, "camera-3", &hits)       0, or an exit status; what is wrong was printed
 *
 * The names with the most queries first. Bounded: the last QUERIES of the log that the profile has said something of, and NAMES of them.
 */
#ifndef WR_CLI_MUDHITS_H
#define WR_CLI_MUDHITS_H

#include <jansson.h>
#include <stdint.h>

#include "cli/talk.h"

enum { WR_MUDHITS_QUERIES = 100000, WR_MUDHITS_NAMES = 1000, WR_MUDHITS_FEW = 20 };

struct wr_mudhits {
    json_t *names; /* name: [in the shadow, refused, first, last] */
    uint64_t shadow, refused;
};

/* One line of the log. False: it was the end. */
bool wr_mudhits_take(struct wr_mudhits *h, const json_t *event);
/* "would_refuse" and "refused" (queries), "hits": the names, at most `most` of them. */
json_t *wr_mudhits_json(const struct wr_mudhits *h, size_t most);

int wr_mudhits_ask(const struct wr_talk *talk, const char *device, json_t **ret_hits);

#endif
