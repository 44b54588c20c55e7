/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vouch: is a reply worth what it says it is? (part of check 2, in secure worlds)
 *
 * What the zones of a chain are worth follows from their states (secure.h), not from what the gateway found out. Held against it are:
 *   - AD: set when, and only when, all that the answer is made of is secure, fresh, and was told while the time could be known, and whoever asked
 *     understands the bit and wants answers checked. A clock that nobody proves vouches for nothing new.
 *   - what is bogus is not answered, but to those who disable checking. While the time is not proven, a zone whose fault is about time may be.
 *   - with DO, each set of a secure zone comes with the very signature that its zone gives, and a denial with its proof.
 */
#ifndef WEIR_SIM_VOUCH_H
#define WEIR_SIM_VOUCH_H

#include "checks.h"

/* May the reply have AD at all, or proofs in it? */
bool vouch_understood(const struct wire_msg *q);
/* All is bogus that may not be answered: the failure is what must be. */
bool vouch_must_fail(const struct world *w, const struct asked *a, const struct wire_msg *q);
/* Somebody lied of the keys of a zone on the way, so lately that the zone may be held for bogus. */
bool vouch_spoilt(const struct world *w, const uint8_t *name);
void vouch_judge(struct world *w, const struct asked *a, const struct wire_msg *q,
                 const struct wire_msg *m, bool stale, const char *name);

#endif
