/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the stories of the goals share: a world without weather, one question at a time, and a tally of what became of
 * the questions from a place in the ledger on. goals.c has the list, the goal_*.c files the stories.
 */
#ifndef WEIR_SIM_GOALS_INSIDE_H
#define WEIR_SIM_GOALS_INSIDE_H

#include "world.h"

struct goal_tally {
    uint64_t asked, answered, stale, failed, silent, slow, ede_known, marked, slowest_us;
};

struct world *goal_world(uint64_t seed, const struct gate_machine *machine, unsigned servers,
                         unsigned clients, bool verbose, void (*prepare)(struct world_plan *));
void goal_pass(struct world *w, uint64_t time_us);
/* Asks and lets it arrive; gives its place in the ledger. */
unsigned goal_ask(struct world *w, unsigned client, int name, uint16_t type);
/* Waits until the query at `at` in the ledger is settled. */
const struct asked *goal_await(struct world *w, unsigned at);
void goal_count(const struct world *w, unsigned from, struct goal_tally *t);
void goal_cut(struct world *w, unsigned server, enum link_state state);
bool goal_end(struct world *w, char *why, size_t cap);

bool goal_fail_over(char *figures, size_t cap, bool verbose);
bool goal_loss(char *figures, size_t cap, bool verbose);
bool goal_outage(char *figures, size_t cap, bool verbose);
bool goal_recovery(char *figures, size_t cap, bool verbose);
bool goal_stale(char *figures, size_t cap, bool verbose);
bool goal_hung(char *figures, size_t cap, bool verbose);
bool goal_portal(char *figures, size_t cap, bool verbose);
bool goal_rotated(char *figures, size_t cap, bool verbose);
bool goal_anew(char *figures, size_t cap, bool verbose);
bool goal_overload(char *figures, size_t cap, bool verbose);
bool goal_amplification(char *figures, size_t cap, bool verbose);
bool goal_spoofing(char *figures, size_t cap, bool verbose);

#endif
