/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who: what is known of the one who asks, reduced to what a decision and its record need.
 *
 * A plain value that stays with the query. Names of devices, segments, groups and rules are numbers here (serve/labels keeps
 * their text); 0 is nobody.
 */
#ifndef WR_POLICY_WHO_H
#define WR_POLICY_WHO_H

#include <stdbool.h>
#include <stdint.h>

/* Groups of devices that a configuration can have: one bit each. */
#define WR_WHO_GROUPS_MAX 64

enum wr_who_state {
    WR_WHO_UNKNOWN = 0, /* no device is known behind this address */
    WR_WHO_KNOWN,
    WR_WHO_CONFLICT,    /* what is known of it disagrees: the lesser privilege holds */
    WR_WHO_QUARANTINED, /* by the owner, a rule or a detector */
};

struct wr_who {
    uint64_t groups;  /* bit n: the n-th group of the configuration */
    uint32_t device;  /* number in the registry; 0: not known */
    uint32_t rival;   /* in a conflict: the other one who uses this address; 0: none */
    uint16_t segment; /* label of the segment; 0: none */
    uint8_t state;    /* enum wr_who_state */
    uint8_t sure;     /* hundredths: how certain that it is this device */
};

const char *wr_who_state_name(uint8_t state); /* "unknown", "known", "conflict", "quarantined" */

/* Could it be this device? In a conflict it may be either of two; what takes away counts for both. */
static inline bool wr_who_may_be(const struct wr_who *who, uint32_t device)
{
    return device != 0 && (who->device == device || who->rival == device);
}

#endif
