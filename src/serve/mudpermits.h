/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD permits: what profiles in force open by address, as facts of the firewall (policy/rulesetmud.c has the rules).
 *
 *     wr_mudpermits_add(&facts, conf, device, mud)      ... of each device with a profile in force
 *     wr_mudpermits_sort(&facts, first)                 of one device together, and each once
 *
 * Of the profile count the entries that are enforced by address (policy/mudtell): networks as they are written, local networks as the segments are, controllers as the owner has named
 * them (mud.controllers). Of the device count its MAC addresses and the interfaces that it was seen at: one that is behind another router has none here, and nothing is opened for it.
 */
#ifndef WR_SERVE_MUDPERMITS_H
#define WR_SERVE_MUDPERMITS_H

#include "conf/conf.h"
#include "policy/census.h"
#include "policy/mudtell.h"
#include "serve/firefacts.h"

/* What the owner has told; it points into the configuration. */
void wr_mudpermits_house(const struct wr_conf *conf, struct wr_mud_house *ret_house);
/* Can anything be opened for it: is a MAC address of it known, and an interface? */
bool wr_mudpermits_can(const struct wr_census_device *d);
/* At most WR_RULESET_PERMITS_MAX in all from `first` on, the rest is counted as without room. */
void wr_mudpermits_add(struct wr_firefacts *f, size_t first, const struct wr_conf *conf,
                       const struct wr_census_device *d, const struct wr_mud *mud);
void wr_mudpermits_sort(struct wr_firefacts *f, size_t first);

#endif
