/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exam: from the facts about a name to what is wrong with it, and to the facts that are still wanted.
 *
 *     do {
 *         wr_exam_run(exam, &options, name, facts, findings);
 *         for each exam->want: find it out, put it into the facts
 *     } while (exam->wants > 0);
 *
 * Each run tells the whole story from the beginning with the facts that are there. Where one is missing, it is wanted, and
 * that branch of the story ends; so there is no state that could go stale, and the findings of the last run are those
 * that count. A run without wants is the last. Whoever is out of time stops earlier and sets `hurried`.
 *
 * What kind of thing a name is, its labels say: `_turn._udp.example` a service (RFC 2782) or a type (RFC 6763 section 4.1),
 * `Printer._ipp._tcp.example` an instance, `_services._dns-sd._udp.example` the list of types (section 9), `lb._dns-sd._udp.example`
 * domains to browse (section 11). Anything else is a host or a domain, and is looked at as both (doctor/zone.h, doctor/service.h).
 *
 * Pure. Bounded by WR_DOCTOR_FACTS_MAX: each run but the last adds a fact, and none is wanted twice.
 */
#ifndef WR_DOCTOR_EXAM_H
#define WR_DOCTOR_EXAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "doctor/facts.h"
#include "doctor/finding.h"

struct wr_exam_options {
    bool resolver_only; /* nothing is sent to name servers and services */
    bool near;    /* the resolver is of this network: what it says with AA is of a local zone */
    bool hurried; /* time was up: what is still wanted stays unknown */
    uint16_t ports[WR_DOCTOR_PORTS_MAX]; /* of a bare host, over TCP */
    unsigned port_count;
};

struct wr_exam {
    const struct wr_exam_options *options;
    const uint8_t *name;
    const struct wr_facts *facts;
    struct wr_findings *findings;
    struct wr_facts_want want[WR_DOCTOR_WANTS_MAX];
    unsigned wants;
    bool full; /* something is wanted for which there is no room */
    bool cut;  /* a set has more than is looked at */
};

/* `name` in wire form. */
void wr_exam_run(struct wr_exam *x, const struct wr_exam_options *options, const uint8_t *name,
                 const struct wr_facts *facts, struct wr_findings *findings);

#endif
