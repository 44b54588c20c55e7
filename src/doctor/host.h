/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host: is a name one that a client can connect to?
 *
 * Looked at: its aliases, its addresses of both families, how long what leads to it lives beside them, the names that its
 * addresses have, and whether somebody answers there. The use says why the name is looked at: for a record that
 * names it (then it must be no alias), or for itself.
 */
#ifndef WR_DOCTOR_HOST_H
#define WR_DOCTOR_HOST_H

#include "doctor/exam.h"

struct wr_host_use {
    const struct wr_facts_rr
        *rr;       /* the record that names the host; NULL: it was asked for itself */
    uint8_t probe; /* WR_FACTS_TCP, WR_FACTS_STUN; 0: the addresses are not tried */
    uint16_t port;
    const char *why_not; /* not probed, why; NULL: nothing is said of it */
    bool optional;       /* no address is no mistake */
    bool follows;        /* clients follow an alias from that record */
};

/* False for an address of the host that is not to be tried, which is told. */
bool wr_host_judge_address(struct wr_exam *x, const uint8_t *host, const struct wr_addr *addr);
/* True when it has an address. */
bool wr_host_look(struct wr_exam *x, const uint8_t *host, const struct wr_host_use *use);
/* Tells when the first record lives far longer than the second; both with TTLs as their zones have them. */
void wr_host_compare(struct wr_exam *x, const struct wr_facts_rr *leads,
                     const struct wr_facts_rr *to);
/* Tells when TTLs differ within the answer's set. */
void wr_host_judge_set(struct wr_exam *x, const struct wr_fact *fact);

#endif
