/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look: one question, one probe, and what its outcome means: the steps that every part of the exam is made of.
 *
 * Each gives NULL (or false) while a fact is missing, which is then wanted, and also when it failed, which is then told. So a caller
 * goes on with what it gets and does not mind the difference: in the last run nothing is missing.
 */
#ifndef WR_DOCTOR_LOOK_H
#define WR_DOCTOR_LOOK_H

#include "doctor/exam.h"

/* The fact, whatever came of it; NULL: wanted from now on. */
const struct wr_fact *wr_look_ask(struct wr_exam *x, const uint8_t *name, uint16_t type);
const struct wr_fact *wr_look_at(struct wr_exam *x, const uint8_t *name, uint16_t type,
                                 const struct wr_addr *server);
const struct wr_fact *wr_look_probe(struct wr_exam *x, enum wr_facts_kind kind,
                                    const struct wr_addr *to);
/* NOERROR or NXDOMAIN; everything else is told as a finding about the name, and NULL. */
const struct wr_fact *wr_look_answer(struct wr_exam *x, const uint8_t *name, uint16_t type);
/* The same without a word, for what may well not be there. */
const struct wr_fact *wr_look_quiet(struct wr_exam *x, const uint8_t *name, uint16_t type);

/* The next record of a set of which each is looked at, from *at on, which moves, as *count does; NULL at the end, without a fact,
 * and when WR_DOCTOR_TARGETS_MAX were looked at: if there are more, that is remembered (x->cut). */
const struct wr_facts_rr *wr_look_next(struct wr_exam *x, const struct wr_fact *fact, unsigned *at,
                                       unsigned *count);

/* The apex of the zone that has the name, by its SOA; NULL. */
const uint8_t *wr_look_zone(struct wr_exam *x, const uint8_t *name);
/* The addresses of a host as the resolver has them, and with it the glue in `glue` (may be NULL) when it has none. When
 * there are more than `cap`, each family has at least half of the room, and x->cut is set. */
unsigned wr_look_addresses(struct wr_exam *x, const uint8_t *host, const struct wr_fact *glue,
                           uint16_t port, struct wr_addr *ret, unsigned cap);
/* True when the name's records of the type are of a zone of this network's own resolver, or of localhost. */
bool wr_look_is_local(struct wr_exam *x, const uint8_t *name, uint16_t type);
/* False for an address that is no machine's, and for one of this machine or link that a zone of others names: nothing is sent there. */
bool wr_look_may_try(const struct wr_addr *addr, bool local);
/* False: `server` gave no answer to an earlier question, and is not worth another. */
bool wr_look_is_heard(const struct wr_exam *x, const struct wr_addr *server);
/* The answer with TTLs as the zone has them and not what a cache has left of them; NULL when that is not known. */
const struct wr_fact *wr_look_exact(struct wr_exam *x, const uint8_t *name, uint16_t type);
/* An answer of the zone's servers that is not a reply of any kind: a referral, or what they say of the name. NULL. */
const struct wr_fact *wr_look_at_zone(struct wr_exam *x, const uint8_t *zone, const uint8_t *name,
                                      uint16_t type);

/* The address of an A or AAAA record. */
void wr_look_address(const struct wr_facts_rr *rr, uint16_t port, struct wr_addr *ret_addr);
/* What the extended error of the answer says, if there is one: a sentence with a space before it. */
void wr_look_put_ede(struct wr_str *s, const struct wr_fact *fact);
void wr_look_put_addr(struct wr_str *s, const struct wr_addr *addr);

#endif
