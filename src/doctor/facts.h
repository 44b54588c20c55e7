/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts: what was asked about a name, what came of it, and which addresses were tried.
 *
 * A want is one thing that somebody above may find out: a question to the resolver, the same with CD set, a question to one
 * name server (RD clear), a TCP connection, a STUN binding request. When it was done, its outcome is put in here, once, and
 * stays. The judge (doctor/exam.h) reads the facts and says which ones it still wants.
 *
 *     wr_facts_start(facts);
 *     wr_facts_reply(facts, &want, wire, size);              a message came
 *     wr_facts_failed(facts, &want, WR_FACTS_SILENT, 2500);  none came for so long, or there is none to come
 *     const struct wr_fact *fact = wr_facts_find(facts, &want);
 *
 * Pure. The struct is large (about 300 KiB): the caller's memory. Messages are strangers' octets: kept of one are at most
 * WR_DOCTOR_RECORDS_MAX records, in all WR_DOCTOR_KEPT_MAX, and what does not fit is left out and `cut` is set.
 */
#ifndef WR_DOCTOR_FACTS_H
#define WR_DOCTOR_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "base/str.h"
#include "dns/msg.h"
#include "dns/name.h"

enum wr_facts_kind {
    WR_FACTS_ASK = 1,   /* of the resolver */
    WR_FACTS_UNCHECKED, /* the same with CD: what it says when nothing is proven */
    WR_FACTS_ASK_AT,    /* of one name server, RD clear */
    WR_FACTS_TCP,       /* a connection */
    WR_FACTS_STUN,      /* a binding request over UDP (RFC 8489 section 6) */
};

struct wr_facts_want {
    uint8_t kind;
    uint16_t type;       /* of questions */
    struct wr_addr to;   /* with port; not for the resolver */
    struct wr_name name; /* of questions */
};

enum wr_facts_outcome {
    WR_FACTS_ANSWERED = 1,
    WR_FACTS_SILENT,      /* nothing in time */
    WR_FACTS_CLOSED,      /* the machine said that nobody is there (ICMP, RST) */
    WR_FACTS_ABSENT,      /* the network said that there is no such machine */
    WR_FACTS_UNREACHABLE, /* this machine has no way there: says nothing about the other one */
    WR_FACTS_BROKEN,      /* a message that cannot be read, or a stream that ended early */
    WR_FACTS_HURRIED,     /* nothing yet when the doctor's own time was up: says nothing either */
};

struct wr_facts_rr {
    const uint8_t *owner, *rdata; /* rdata in stored form */
    uint32_t ttl;
    uint16_t type, size;
    uint8_t section; /* enum wr_section: answer or authority; glue is additional */
};

#define WR_FACTS_WORDS_SIZE 120

struct wr_fact {
    struct wr_facts_want want;
    uint8_t outcome;
    uint32_t waited_ms; /* for an outcome that is none */
    uint16_t rcode, flags;
    int ede;                             /* or WR_EDE_NONE */
    char ede_words[WR_FACTS_WORDS_SIZE]; /* of the extended error, made visible */
    uint16_t first, records;             /* in `rr` of the facts */
    bool cut;                            /* the message had more than was kept */
    bool garbled; /* a record of the type asked for broke its format, and is left out */
};

struct wr_facts {
    struct wr_fact fact[WR_DOCTOR_FACTS_MAX];
    struct wr_facts_rr rr[WR_DOCTOR_KEPT_MAX];
    uint8_t octets[WR_DOCTOR_OCTETS_MAX];
    unsigned count, kept;
    size_t used;
};

void wr_facts_start(struct wr_facts *f);
/* WR_E_FULL: no room for another fact; WR_E_EXISTS: it is known already. Octets that are no message are a fact as well. */
int wr_facts_reply(struct wr_facts *f, const struct wr_facts_want *want, const uint8_t *wire,
                   size_t size);
int wr_facts_failed(struct wr_facts *f, const struct wr_facts_want *want,
                    enum wr_facts_outcome outcome, uint32_t waited_ms);
/* NULL: not known. */
const struct wr_fact *wr_facts_find(const struct wr_facts *f, const struct wr_facts_want *want);

/* The next record of `type` (0: any) with `owner` (NULL: any) in a section, from *at on, which moves; NULL at the end. */
const struct wr_facts_rr *wr_facts_next(const struct wr_facts *f, const struct wr_fact *fact,
                                        enum wr_section section, const uint8_t *owner,
                                        uint16_t type, unsigned *at);

/* Where the aliases in an answer lead. */
struct wr_facts_chain {
    const uint8_t *end; /* the name behind the last alias; in the facts or in the fact's want */
    unsigned links;
    bool loops;   /* a name comes twice */
    bool endless; /* the answer has nothing but aliases, as many as are kept of one */
};
struct wr_facts_chain wr_facts_chain(const struct wr_facts *f, const struct wr_fact *fact);
static inline bool wr_facts_chain_ends(const struct wr_facts_chain *chain)
{
    return !chain->loops && !chain->endless;
}
/* The answer's records of the type asked for, at the end of the chain; `at` as above. */
const struct wr_facts_rr *wr_facts_data(const struct wr_facts *f, const struct wr_fact *fact,
                                        unsigned *at);
/* True when an answered question has such a record. */
bool wr_facts_has(const struct wr_facts *f, const struct wr_fact *fact);

#endif
