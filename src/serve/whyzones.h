/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why, zones: what response policy zones say of one question, and by which of their records; the engine's walk (engine/rewrite.h), dry.
 *
 *     wr_whyzones_question(&w, &hit)     CLIENT-IP and QNAME, before anybody is asked
 *     wr_whyzones_answer(&w, &hit)       each link of the answer's chain, with all triggers
 *     wr_whyzones_put(&w, &hit, j)       zone, record, line, serial, the name that matched, and what it gives
 *
 * Nothing is asked or counted.
 */
#ifndef WR_SERVE_WHYZONES_H
#define WR_SERVE_WHYZONES_H

#include "policy/rpz.h"
#include "policy/who.h"
#include "resolve/answer.h"
#include "resolve/answerers.h"
#include "serve/json.h"

struct wr_whyzones {
    const struct wr_rpz_zones *zones;
    const struct wr_who *who;
    const struct wr_addr *client;
    const struct wr_question *question;
    const struct wr_answer *answer;       /* or NULL */
    const struct wr_answerers_look *look; /* for the servers of a zone; NULL: they are not known */
    struct wr_answerers *servers;         /* room for them */
};

struct wr_whyzones_hit {
    struct wr_rpz_hit hit; /* verdict NONE: nothing is said */
    struct wr_name link;   /* the name that matched */
};

/* True: something is said. */
bool wr_whyzones_question(const struct wr_whyzones *w, struct wr_whyzones_hit *ret);
bool wr_whyzones_answer(const struct wr_whyzones *w, struct wr_whyzones_hit *ret);
void wr_whyzones_reason(const struct wr_whyzones_hit *h, char *room, size_t cap);
void wr_whyzones_put(const struct wr_whyzones *w, const struct wr_whyzones_hit *h,
                     struct wr_json *j);

#endif
