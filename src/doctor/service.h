/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Service: what a client walks through from a service's name to its machines.
 *
 * SRV (RFC 2782); DNS-SD: types, instances with SRV and TXT, subtypes, domains to browse (RFC 6763); STUN and TURN servers of a
 * domain: NAPTR, SRV, address in the order of RFC 5928 section 3 with the names of RFC 7350, RFC 8489 and RFC 8656. Each machine that is
 * reached is looked at (doctor/host.h) and tried: over TCP by a connection, STUN and TURN over UDP by a binding request.
 */
#ifndef WR_DOCTOR_SERVICE_H
#define WR_DOCTOR_SERVICE_H

#include "doctor/exam.h"

/* How the labels of a name say what it is. */
enum wr_service_kind {
    WR_SERVICE_NONE = 0, /* a host or a domain */
    WR_SERVICE_TYPE,     /* _turn._udp.example: a service, a type of instances, or both */
    WR_SERVICE_INSTANCE, /* Printer._ipp._tcp.example */
    WR_SERVICE_SUBTYPE,  /* _universal._sub._ipp._tcp.example */
    WR_SERVICE_TYPES,    /* _services._dns-sd._udp.example */
    WR_SERVICE_DOMAINS,  /* b, db, r, dr, lb ._dns-sd._udp.example */
};
enum wr_service_kind wr_service_kind(const uint8_t *name);

/* A name of that kind, which must be there. */
void wr_service_look(struct wr_exam *x, const uint8_t *name, enum wr_service_kind kind);
/* What a domain has of it, when it has some; true when it has. */
bool wr_service_relays(struct wr_exam *x, const uint8_t *domain);
bool wr_service_browse(struct wr_exam *x, const uint8_t *domain);

#endif
