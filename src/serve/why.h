/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why: what the running daemon knows of one question, and whom it would ask. Nothing is asked, written or marked as used.
 *
 *     summary      one sentence
 *     policy       of a client: its segment, and which rule says what (serve/policyreport)
 *     route        a configured group and its zone, or "recursion"
 *     answer       what a client would get from the cache: fresh, stale, failure, or nothing; its security, TTL, sets
 *     cached       every entry of the name that has to do with the type
 *     delegations  the zone cuts above the name that are known, the deepest first
 *     servers      of the deepest, or of the group: addresses, time, suspicion, lameness, EDNS, cookies
 *     keys         DNSKEY records of the zones above the name
 */
#ifndef WR_SERVE_WHY_H
#define WR_SERVE_WHY_H

#include "serve/askedby.h"
#include "resolve/question.h"
#include "serve/json.h"

struct wr_serve;

/* `from`: as this client would ask it, or NULL. WR_E_NOMEM: nothing was written. */
int wr_why_report(struct wr_serve *s, const struct wr_question *q, const struct wr_askedby *from,
                  struct wr_json *j, const char *key);

#endif
