/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Designated: which encrypted services weir names to those who ask it in the clear (DDR: RFC 9462, 9461).
 *
 *     _dns.resolver.arpa. SVCB     told when the client can check it: a certificate carries the address it asked (section 4.2),
 *                                  or the address is a private one and the service is at the same address (section 4.3).
 *                                  Otherwise nothing is told, and the special-use zone answers NODATA.
 *     _dns.NAME. SVCB              NAME is a name that a certificate proves: every service (section 5).
 *
 * What is told: a record for each transport and port, its target the first name of the certificate, with the address that was
 * asked as the hint where the service is there, else the addresses where it is. A certificate without a name tells nothing: a
 * client would have none to ask for. What the owner's local zones have at these names goes before, and who switches
 * resolver.arpa off (local.special.off) tells nothing under it.
 *
 * Pure. The doors and proofs are the owner's and immutable; what is made stands in the arena.
 */
#ifndef WR_RESOLVE_DESIGNATED_H
#define WR_RESOLVE_DESIGNATED_H

#include "resolve/answer.h"
#include "transport/service.h"

/* Where an encrypted service is: an address with its port, or that of all addresses of a family. */
struct wr_designated_door {
    struct wr_addr addr;
    uint8_t kind; /* enum wr_service_kind */
};

/* What one certificate proves: names without wildcards, and addresses. */
struct wr_designated_proof {
    const struct wr_name *name;
    const struct wr_addr *addr;
    uint32_t names, addrs;
};

struct wr_designated {
    const struct wr_designated_door *door;
    const struct wr_designated_proof *proof;
    uint32_t doors, proofs;
    const char *path; /* of DoH */
};

/* Seconds that what is told may be kept: a listener or a certificate may be changed at any time. */
#define WR_DESIGNATED_TTL_S 300

/* `asked` is the address that the client sent its question to; family WR_AF_NONE: not known. False: nothing is told here. */
bool wr_designated_find(const struct wr_designated *d, const struct wr_local *local,
                        const struct wr_question *q, const struct wr_addr *asked,
                        struct wr_arena *arena, struct wr_answer *ret_answer);

#endif
