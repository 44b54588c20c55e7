/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone: is a domain delegated to servers that know it, and do its records for mail and names lead anywhere?
 *
 * The parent's servers are asked themselves whom they delegate to; each of those is asked for the zone's SOA, and has to answer
 * with AA. What does not answer is told apart from what answers wrongly, and both from a machine that cannot reach name
 * servers at all. Where the resolver itself answers with AA (a local zone) nobody else is asked.
 */
#ifndef WR_DOCTOR_ZONE_H
#define WR_DOCTOR_ZONE_H

#include "doctor/exam.h"

/* A host, a domain, or both. */
void wr_zone_look(struct wr_exam *x, const uint8_t *name);

#endif
