/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chain state: what the two files of the validator share, and nobody else includes.
 *
 * chain.c has the states that check sets, chainproof.c those that prove denials. Both move the machine, lower the
 * verdict and climb; these are the functions for it, all in chain.c.
 */
#ifndef WR_DNSSEC_CHAIN_STATE_H
#define WR_DNSSEC_CHAIN_STATE_H

#include "dnssec/chain.h"

void wr_chain_move(struct wr_chain *ch, enum wr_chain_state to, const char *why);
/* The whole is as good as the worst of what it needs. */
void wr_chain_lower(struct wr_chain *ch, uint8_t security, int16_t ede, const char *reason,
                    const uint8_t *zone);
enum wr_dnssec_action wr_chain_done(struct wr_chain *ch);
enum wr_dnssec_action wr_chain_bogus(struct wr_chain *ch, int16_t ede, const char *reason,
                                     const uint8_t *zone);
const struct wr_anchor *wr_chain_anchor_above(const struct wr_chain *ch, const uint8_t *name);
bool wr_chain_is_negative(const struct wr_chain *ch, const uint8_t *name);
/* A zone above the closest anchor has no say in what is at or below that anchor. */
bool wr_chain_is_outranked(const struct wr_chain *ch, const uint8_t *zone, const uint8_t *name);
/* Starts the way to a name, unless it is the one that was gone last. */
void wr_chain_climb_to(struct wr_chain *ch, const uint8_t *target);
/* WR_DNSSEC_DONE: it is at its end. */
enum wr_dnssec_action wr_chain_climb(struct wr_chain *ch, const struct wr_now *now);

#endif
