/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doubt: is what a policy says of a question the same, whatever is not known?
 *
 * A rule may hold when it names something that nobody knows here: an alias or address of the answer, or who asked. What it could say is asked of
 * another policy, made from the same one: rules of one action that may hold do, for what is not known is taken out of them, and the others that may
 * are left out. One such policy for each action, and one for each list of approved names that may apply; when all agree with the policy
 * itself, asked for somebody of whom nothing is known, nothing is in doubt.
 *
 * The others are made when they are first wanted, with malloc. The policy and what it points to stay the caller's.
 */
#ifndef WR_SERVE_DOUBT_H
#define WR_SERVE_DOUBT_H

#include "policy/policy.h"

struct wr_doubt;

/* What is not known beside the answer: bits. */
enum wr_doubt_of {
    WR_DOUBT_CLIENT = 1, /* the address of who asked */
    WR_DOUBT_DEVICE = 2, /* the device, and its groups */
    WR_DOUBT_LISTS = 4,  /* whether lists have what an alias or address in the answer is */
    WR_DOUBT_ALL = 8,
};

/* `strict`: an answer that a rule allows is something else than one of which no rule says anything. `p` may be NULL. WR_E_NOMEM. */
int wr_doubt_open(const struct wr_policy *p, bool strict, struct wr_doubt **ret_doubt);
void wr_doubt_close(struct wr_doubt *d); /* NULL is fine */

struct wr_doubt_said {
    struct wr_verdict verdict; /* with nothing that is not known */
    bool sure;
    uint16_t rule; /* not sure: the one that might say otherwise */
};
/* WR_E_NOMEM. */
int wr_doubt_question(struct wr_doubt *d, const struct wr_policy_ask *ask, unsigned of,
                      struct wr_doubt_said *ret_said);

#endif
