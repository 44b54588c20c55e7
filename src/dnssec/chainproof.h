/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chain proofs: the last states of the validator, in which the authority section is put to what the answer needs
 * proven.
 *
 * They come after all sets were checked: EXPANSION asks for each set that a wildcard gave whether the wildcard
 * applies; DENIAL asks for a negative answer whether it is true, of the deepest zone that proved a part of it;
 * LOCATE, when nothing proves it, whether the zone of the name is insecure, so that nothing needs to. Only sets of
 * one zone prove together, only those that were not expanded, and no zone above the closest anchor proves anything
 * of what is below that. Each is one step of dnssec/chain.h and gives what wr_chain_step gives.
 */
#ifndef WR_DNSSEC_CHAINPROOF_H
#define WR_DNSSEC_CHAINPROOF_H

#include "dnssec/chain.h"

enum wr_dnssec_action wr_chainproof_expansion(struct wr_chain *ch);
enum wr_dnssec_action wr_chainproof_denial(struct wr_chain *ch);
enum wr_dnssec_action wr_chainproof_locate(struct wr_chain *ch, const struct wr_now *now);
/* The DS that the climb asks for are denied by what was proven already of the answer's own authority section: then
 * that is the reply. */
bool wr_chainproof_no_ds(struct wr_chain *ch, struct wr_dnssec_reply *ret_reply);

#endif
