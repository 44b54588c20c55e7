/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goals: stories in the simulated world, each with a figure that must be reached: fail-over, loss, recovery, stale,
 * overload, amplification, spoofing. Each prints its figures and is one line of TAP.
 */
#ifndef WEIR_SIM_GOALS_H
#define WEIR_SIM_GOALS_H

#include <stdbool.h>

/* All (NULL) or one. 0: every figure was reached. */
int goals_run(const char *name, bool verbose);

#endif
