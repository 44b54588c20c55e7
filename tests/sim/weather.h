/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weather: what goes wrong in a run, and when: links cut and healed, servers that begin to lie, clocks that
 * step, restarts, new settings, an attacker; and the calm behind it.
 */
#ifndef WEIR_SIM_WEATHER_H
#define WEIR_SIM_WEATHER_H

struct world;
struct sim_event;

/* Settings drawn from the seed, before the start. */
void weather_settings(struct world *w);
void weather_event(struct world *w, const struct sim_event *e);
/* No faults from here on. */
void weather_calm(struct world *w);

#endif
