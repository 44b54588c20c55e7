/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Given: what a rule gives in place of an answer (WR_VERDICT_DATA), its own records or another name to ask for.
 *
 *     wr_given_follow(e, a, &ask, may_turn)    a->verdict gives: what is to be said, or asked
 *     wr_given_join(e, a, answer)              the answer to what is asked for in place of the name
 *
 * Records are said as they stand, of the type that was asked for; when there are others only, the name has none of that type. Nothing
 * is signed and AD is clear, whatever the client sets.
 *
 * A CNAME leads to another question: its target is asked for as the name itself would be, under the rules, for it is the owner's own name
 * for something and not a way around them. Rules may lead on, each once, and at most WR_POLICY_LEADS_MAX of them; what is denied at the end
 * is denied as a whole. Where a rule leads to, it says nothing: so all of a domain may lead to one name in it. Of the answer to the target, rules that look at answers see it under its name, and policy zones as an alias; a CNAME of those is said
 * and not followed.
 */
#ifndef WR_ENGINE_GIVEN_H
#define WR_ENGINE_GIVEN_H

#include "engine/rewrite.h"
#include "policy/policy.h"

/* NOTHING: as if there were no such rule. OBEY: a->verdict is another one, that takes. SAY: e->rewrite.answer. TURNED: a->question is the target, if it may be turned. */
enum wr_rewrite_what wr_given_follow(struct wr_engine *e, struct wr_asker *a,
                                     const struct wr_policy_ask *ask, bool may_turn);
/* Has a rule led to the question that is asked? */
bool wr_given_is_led(const struct wr_asker *a);
/* Has this rule? Then it says no more. */
bool wr_given_has_led(const struct wr_asker *a, uint16_t rule);
void wr_given_put_chain(const struct wr_engine *e, const struct wr_asker *a, struct wr_answer *to);
/* Makes e->rewrite.answer. */
void wr_given_join(struct wr_engine *e, const struct wr_asker *a, const struct wr_answer *answer);

#endif
