/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy bits: what a client's bits (wr_who.groups) stand for under this configuration: groups of devices, devices that
 * have approved names or a rate of their own, and the devices and kinds of devices that rules name.
 *
 *     n = wr_policybits_list(conf, bits)         all of them, each once; n may be more than there is room for: a mistake
 *     wr_policybits_text(&bits[i], text)         what such a bit is called: "cameras", "device:door", "kind:tv"
 *
 * So a rule about devices costs what one about groups costs, and where two devices are said to have one address it holds for both. Who
 * has which bit is decided where devices are known (policy/census), by the name of now: a device that is renamed is another to the rules with
 * the next query.
 */
#ifndef WR_CONF_POLICYBITS_H
#define WR_CONF_POLICYBITS_H

#include "conf/conf.h"
#include "policy/census.h"

/* Octets of a bit's text, with the NUL. */
#define WR_POLICYBITS_TEXT_SIZE 72

struct wr_policybit {
    uint8_t what; /* enum wr_census_bit */
    const char *name;
};

/* How many there are; the first WR_WHO_GROUPS_MAX of them are written. */
size_t wr_policybits_list(const struct wr_conf *conf, struct wr_policybit ret[WR_WHO_GROUPS_MAX]);
/* What the kinds of a rule are to a device: a rule that gives something believes the owner alone, one that takes the device's own word. */
uint8_t wr_policybits_kind(enum wr_conf_verdict verdict);
void wr_policybits_text(uint8_t what, const char *name, char ret_text[WR_POLICYBITS_TEXT_SIZE]);

#endif
