/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD permits: what profiles in force open by address, as facts of the firewall (policy/rulesetmud.c has the rules).
 *
 *     wr_mudpermits(&facts, conf, profiles, n)      what those in force open; of one device together, and each once
 *
 * Of the profile count the entries that are enforced by address (policy/mudtell): networks as they are written, local networks as the segments are, controllers as the owner has named
 * them (mud.controllers), and devices that are meant by who made them: those that have a profile whose URL says so, at the addresses that they have now. Of the device count its MAC
 * addresses and the interfaces that it was seen at: one that is behind another router has none here, and nothing is opened for it.
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
/* A profile that a known device has. */
struct wr_mudpermits_profile {
    const struct wr_census_device *device;
    const struct wr_mud *mud;
    bool in_force; /* it opens; else it only says who made the device */
    bool
        is_stranger; /* nobody vouches for what its URL says (serve/mudkin): who made the device is not known */
    bool is_model; /* it is the model that its URL says */
};
/* An address at which a device is reached through the gateway, by it alone: known at an interface, and claimed by nobody else there. Who claims it at another interface takes nothing: what is opened goes out at this one. */
bool wr_mudpermits_is_reached(const struct wr_census_address *a);
/* At most WR_RULESET_PERMITS_MAX items and WR_MUD_KIN_MAX classes of devices, WR_MUD_KIN_EACH_MAX of one profile; the rest is counted as without room. */
void wr_mudpermits(struct wr_firefacts *f, const struct wr_conf *conf,
                   const struct wr_mudpermits_profile *profile, size_t profiles);

#endif
