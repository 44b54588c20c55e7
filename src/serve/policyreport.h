/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy report: the rules in force and how often each has said something, and what they say of one question.
 *
 *     segments   name, upstream, how many approved names, how often one was asked that is not
 *     rules      in order: name, verdict, shadow, hits
 *     since      seconds since the counting began: the start of the program
 *
 * A dry run asks nobody and counts nothing: who the client is by its address (and the interface, of a device), rules on the question, policy zones on
 * it, then both on the answer that the cache has, in the order of the engine. What decided is told with what it stands in, and since when that is in force.
 */
#ifndef WR_SERVE_POLICYREPORT_H
#define WR_SERVE_POLICYREPORT_H

#include "resolve/answer.h"
#include "resolve/answerers.h"
#include "serve/json.h"

struct wr_serve;

void wr_policyreport_put(struct wr_serve *s, struct wr_json *j, const char *key);

/* One question as a client at `from` would ask it. */
struct wr_policyreport_try {
    const struct wr_addr *from;
    const struct wr_question *question;
    const struct wr_answer *answer;     /* what the cache has for it, or NULL */
    const struct wr_answerers *servers; /* who may have answered, or NULL */
    const struct wr_now *now;
    uint32_t ifindex; /* where the client is; 0: not known */
    /* For policy zones, which look at each link of the answer by itself; or NULL. `room` may be what `servers` is. */
    const struct wr_answerers_look *look;
    struct wr_answerers *room;
};

/* The view that the client's segment, or a rule, has the question asked in. */
uint16_t wr_policyreport_view(struct wr_serve *s, const struct wr_policyreport_try *t);
/* In words, when the client does not get the answer that others would: "nxdomain for this client: rule ads". False: he does, and the text
 * is "". */
bool wr_policyreport_say(struct wr_serve *s, const struct wr_policyreport_try *t, char *text,
                         size_t cap);
void wr_policyreport_why(struct wr_serve *s, const struct wr_policyreport_try *t, struct wr_json *j,
                         const char *key);

#endif
