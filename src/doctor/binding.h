/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binding: what the HTTPS and SVCB records of a name make a client do (RFC 9460).
 *
 * A record with priority 0 is an alias for the service (AliasMode): the client goes on at its target, with the same type, and when
 * nothing is there with the target's addresses. Any other offers an endpoint (ServiceMode): a target, a port, protocols, hints at addresses.
 * Looked at: that clients can read and use the set, that aliases end, that targets have addresses and somebody answers there, and that hints
 * say what the addresses say. A target may be an alias (CNAME): section 2.4.2 wants clients to follow it.
 *
 * Errors of a client without these records are not judged here: it takes the addresses of the name itself (doctor/zone.h).
 */
#ifndef WR_DOCTOR_BINDING_H
#define WR_DOCTOR_BINDING_H

#include "doctor/exam.h"

/* The name's HTTPS records, and its SVCB records when it is one of those that begin with "_". True when it has some. */
bool wr_binding_look(struct wr_exam *x, const uint8_t *name);

#endif
