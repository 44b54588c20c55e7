/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learned: the lines that were learned of a device (policy/learn) as a profile (policy/mud).
 *
 * An ACE from the device for each line, in a list of IPv4 and in one of IPv6, and one for DNS with the gateway. Ports are left out, for the log does not know
 * any; nothing is said of what others may begin. A line with "below" is the name "*." and the suffix, which RFC 8520 does not have: whoever does not know that
 * looks up a name that does not exist, and permits less.
 */
#ifndef WR_POLICY_LEARNED_H
#define WR_POLICY_LEARNED_H

#include "policy/learn.h"
#include "policy/mud.h"

struct wr_learned_about {
    const char
        *device; /* what it is called; of its octets those are kept that a host name may have */
    const char *last_update; /* as RFC 8520 has it */
    uint32_t hours;          /* from the first query to the last, rounded up */
};

/* Into an empty `mud`. WR_E_FULL: there are more lines than a profile has room for. *ret_odd: lines left out, whose names are no host names in text. */
int wr_learned_profile(const struct wr_learned_about *about, const struct wr_learn_row *row,
                       uint32_t rows, struct wr_mud *mud, uint32_t *ret_odd);

#endif
