/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay: the log on disk held against another configuration: what would have been decided otherwise?
 *
 *     wr_replay_run(folder, &want, offline, &replay)
 *     wr_replay_sum(replay), wr_replay_changes(replay, &n), wr_replay_doubts(replay, &n)
 *     wr_replay_free(replay)
 *
 * Each query of the period is decided anew (serve/offline). One that passes as before is no change, whichever rule lets it pass; nor is one that is
 * denied in the same way by another rule. Queries that differ are counted by device (or client, where no device is known), name, type,
 * and what was and would be decided; the most frequent first.
 *
 * Not held against anything: queries that were dropped or refused before any rule was asked (limits, the access list, quarantine), and those that
 * were only counted (aggregate, or a log that was short of room); both are counted.
 *
 * Memory is bounded by WR_REPLAY_CHANGES_MAX rows; of further ones only the sum of their queries is told.
 */
#ifndef WR_SERVE_REPLAY_H
#define WR_SERVE_REPLAY_H

#include "serve/logread.h"
#include "serve/offline.h"

struct wr_replay;

struct wr_replay_want {
    int64_t since, until;
    /* Called now and then; or NULL. */
    void (*progress)(void *user, uint64_t events, uint64_t octets, uint64_t of_octets);
    void *user;
};

struct wr_replay_change {
    uint32_t device;       /* 0: not known */
    struct wr_addr client; /* who asked, where no device is known; else one of its addresses */
    const uint8_t *name;
    uint16_t type;
    uint16_t was_rule; /* wr_offline_label */
    uint8_t was;       /* enum wr_verdict_action */
    struct wr_verdict now;
    uint64_t queries;
    int64_t first_s, last_s;
};

/* Queries that cannot be decided. */
struct wr_replay_doubt {
    enum wr_offline_why why;
    uint16_t rule; /* one that may hold; 0: several */
    uint64_t queries;
};

struct wr_replay_sum {
    uint64_t queries;     /* of the period; what follows are parts of it */
    uint64_t same;        /* decided as before */
    uint64_t changed;     /* otherwise */
    uint64_t doubtful;    /* cannot be decided */
    uint64_t unjudged;    /* refused or dropped before rules */
    uint64_t counted;     /* only counted in the log */
    uint64_t unlisted;    /* of `changed`: in no row */
    uint64_t passed;      /* of `same` and `changed`: pass by their name */
    uint64_t bad;         /* blocks that could not be read */
    int64_t from_s, to_s; /* of the queries; from_s above to_s: there are none */
};

/* Errors of wr_logread_open. */
int wr_replay_run(const char *folder, const struct wr_replay_want *want, struct wr_offline *offline,
                  struct wr_replay **ret_replay);
void wr_replay_free(struct wr_replay *r); /* NULL is fine */
const struct wr_replay_sum *wr_replay_sum(const struct wr_replay *r);
/* The most frequent first. */
const struct wr_replay_change *wr_replay_changes(const struct wr_replay *r, uint32_t *ret_count);
const struct wr_replay_doubt *wr_replay_doubts(const struct wr_replay *r, uint32_t *ret_count);

#endif
