/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forger: the attacker on the path to a server of a signed zone, in a secure world.
 *
 * He sees the question, so id, port, letter case and cookie are right, and nothing but signatures can tell his answer from the server's: data changed
 * under their signatures, data without signatures, a made-up record, a denial without a proof, the true proof that another name does not
 * exist, and the same for the keys of the zone and the DS above it. Zones that a validator must find insecure he leaves
 * alone, for there he would be believed.
 */
#ifndef WEIR_SIM_FORGER_H
#define WEIR_SIM_FORGER_H

#include "wire.h"

struct world;

/* Puts a forgery in place of the answer in w->out, when he can. True: it is one, and nothing of it was said by the oracle. */
bool forger_changes(struct world *w, unsigned server, const struct wire_msg *q);

#endif
