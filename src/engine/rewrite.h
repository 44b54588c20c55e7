/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rewrite: response policy zones (policy/rpz) on the road of a query.
 *
 *     wr_rewrite_question(e, a)                     before anybody is asked
 *     wr_rewrite_turn(e, a, answer, now)            of an answer: does it lead to another question?
 *     wr_rewrite_answer(e, a, answer, false, now)   of what is about to be sent, from wherever it comes
 *
 * They say what is to be done; `e->rewrite.answer` is what is said then, `a->verdict` why. What the owner's own zones say is
 * not rewritten: the names of his house are no stranger's to take.
 *
 * An answer is looked at link by link: the name at each link of its chain, what is known of the servers of that name's zone, and at the end
 * its addresses. The links before the one that matched stay, without signatures; nothing behind it does.
 *
 * When a policy gives a CNAME, its target is asked for in place of the question (the asker is turned, as for DNS64), and the answer to
 * that is put behind it. Policy is not asked again about the target: that is the policy's own word, and two zones that point at each
 * other would never end. Settings that have changed meanwhile judge the question anew, from its beginning.
 *
 * Servers are those of the delegations that the cache has; with forwarders there are none, and `weir check` says so.
 */
#ifndef WR_ENGINE_REWRITE_H
#define WR_ENGINE_REWRITE_H

#include "base/time.h"
#include "engine/asker.h"
#include "policy/policy.h"
#include "policy/rpz.h"
#include "resolve/answer.h"
#include "resolve/answerers.h"

/* Octets of the words that say which zone and which owner it was. */
#define WR_REWRITE_WORDS_SIZE 224

struct wr_engine;

enum wr_rewrite_what {
    WR_REWRITE_NOTHING = 0, /* go on */
    WR_REWRITE_OBEY,        /* a->verdict: an action that needs no answer */
    WR_REWRITE_SAY,         /* e->rewrite.answer is the answer */
    WR_REWRITE_TURNED,      /* another question is to be asked: a->question */
};

/* The engine's room for it. */
struct wr_rewrite {
    struct wr_answer_room room; /* for look-ups beside an answer that is being sent */
    struct wr_question
        question;            /* what is looked up there: sets that are found point to its name */
    struct wr_answer before; /* what is found */
    struct wr_answer answer;
    struct wr_rpz_room star;
    struct wr_answerers servers;
    char words[WR_REWRITE_WORDS_SIZE];
};

/* Who was asked for the answer and what its chain leads to, as far as it is known: the servers that the delegations name which the cache has, and
 * those of the group that the question is forwarded to. It is in e->rewrite, and good until the next look. */
void wr_rewrite_servers(struct wr_engine *e, const struct wr_asker *a,
                        const struct wr_answer *answer, const struct wr_now *now,
                        struct wr_policy_servers *ret);

enum wr_rewrite_what wr_rewrite_question(struct wr_engine *e, struct wr_asker *a);
/* `may_turn`: another question can still be asked. */
enum wr_rewrite_what wr_rewrite_answer(struct wr_engine *e, struct wr_asker *a,
                                       const struct wr_answer *answer, bool may_turn,
                                       const struct wr_now *now);
/* Before that, where another question can still be asked: TURNED, or that something will be said of this answer, or NOTHING. */
enum wr_rewrite_what wr_rewrite_turn(struct wr_engine *e, struct wr_asker *a,
                                     const struct wr_answer *answer, const struct wr_now *now);

#endif
