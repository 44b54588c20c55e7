/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judge: is this reply true, and does it fit its question? (checks 2, 6 and 9 of checks.h)
 *
 * The chain is walked from the name asked: a CNAME leads on, records of the type asked or a denial end it.
 * Each RRset and each denial on the way is put before the oracle; what is not on the way should not be there.
 */
#ifndef WEIR_SIM_JUDGE_H
#define WEIR_SIM_JUDGE_H

#include "checks.h"

void judge_reply(struct world *w, struct asked *a, const uint8_t *bytes, size_t size);

#endif
