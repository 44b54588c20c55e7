/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Climb: from the closest anchor down to the zone of a name, one zone cut after another, until its keys are proven
 * or it is known that there are none (RFC 4035 section 5.2).
 *
 * It is a machine: start, then step until it is DONE; at FETCH, ask `fetch` of whoever resolves and feed the reply.
 * A step checks one signature, or one step's share of NSEC3 hashes, and then gives MORE so that others have their
 * turn.
 *
 *     ANCHOR     the closest anchor, or the deepest zone of the key cache below it
 *     NEXT       one label further down: is there a zone cut?
 *     DS_WAIT    the DS of that name are asked for
 *     DS_CHECK   they are there: against the keys of the zone above
 *     DENY_CHECK they are not: the signatures of the denial
 *     DENY_PROVE what it proves: no cut (go on), an insecure delegation (done), nothing (bogus). A CNAME that came from a
 *                wildcard goes by here too: it stands for the name only where there is nothing closer
 *     KEY_WAIT   the DNSKEY set is asked for
 *     KEY_CHECK  against the DS; then this is the zone, and NEXT
 *     DONE       `security` says how: SECURE with `zone` and `keys`, INSECURE, INDETERMINATE (no anchor), BOGUS with
 *                extended error, reason and the zone that is to blame
 *
 * The target is a zone's name (the signer of a signature; then the way ends there), or any name whose zone is
 * wanted: then DS is asked label by label, for behind a forwarder nobody else says where the cuts are. `is_cut`
 * lets an iterator skip labels that it knows to be none; a wrong hint costs a question and no more. A question that
 * gets no answer ends the climb BOGUS with `unreachable`, and nothing is remembered of it. A reply that proves
 * nothing is asked for again, `fetch.again` set, from elsewhere; after WR_DNSSEC_RETRIES_MAX the zone is bogus, for
 * the time that stands in the key cache: a minute, and seconds when nobody showed any signature.
 *
 * Memory: replies stay where they are until the next FETCH or DONE. wr_climb_stop gives back what is held, always.
 */
#ifndef WR_DNSSEC_CLIMB_H
#define WR_DNSSEC_CLIMB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "base/trace.h"
#include "dns/name.h"
#include "dns/rrset.h"
#include "dnssec/anchor.h"
#include "dnssec/denial.h"
#include "dnssec/keycache.h"
#include "dnssec/rrsig.h"
#include "dnssec/trusttime.h"
#include "dnssec/work.h"

/* What all validations of one worker share; it outlives them. */
struct wr_dnssec_env {
    const struct wr_anchors *anchors;
    struct wr_keycache *cache;
    const struct wr_dnssec_policy *policy;
    const struct wr_trusttime *time;
    void *scratch; /* WR_RRSIG_SCRATCH_SIZE octets, aligned to 8; used within a step only */
    const struct wr_trace *trace; /* or NULL */
    /* Or NULL: is told each NSEC and NSEC3 of a denial of DS that the zone's keys proved and that was not expanded. */
    void (*proven)(void *user, const uint8_t *zone, const struct wr_rrset *set, uint32_t ttl,
                   const struct wr_now *now);
    void *user;
};

enum wr_cut_hint { WR_CUT_UNKNOWN = 0, WR_CUT_YES, WR_CUT_NO };

/* Whether the resolver has met a zone cut at the name. */
struct wr_cut_hints {
    enum wr_cut_hint (*is_cut)(void *user, const uint8_t *name);
    void *user;
};

struct wr_dnssec_fetch {
    struct wr_name name;
    uint16_t type; /* DS or DNSKEY */
    struct wr_name
        zone;   /* where it is to be asked: of DS the zone above, of DNSKEY the zone itself */
    bool again; /* what came before did not prove anything: ask elsewhere, not the cache */
};

/* What was found: sets of both sections with their signatures. A set that the very zone proved, as it stands there, is
 * believed and not checked again (wr_rrset_prover); any other is checked, SECURE or not, but of a DNSKEY set, which wants a
 * key that the DS name. failed: nothing could be had (no server answered, SERVFAIL). */
struct wr_dnssec_reply {
    bool failed;
    bool
        proven_only; /* of the authority section only what was proven is meant: the rest is not looked at */
    uint16_t rcode;
    const struct wr_rrset *answer, *authority;
    uint8_t answers, authorities;
};

enum wr_dnssec_action { WR_DNSSEC_MORE = 0, WR_DNSSEC_FETCH, WR_DNSSEC_DONE };

enum wr_climb_state {
    WR_CLIMB_ANCHOR = 0,
    WR_CLIMB_NEXT,
    WR_CLIMB_DS_WAIT,
    WR_CLIMB_DS_CHECK,
    WR_CLIMB_DENY_CHECK,
    WR_CLIMB_DENY_PROVE,
    WR_CLIMB_KEY_WAIT,
    WR_CLIMB_KEY_CHECK,
    WR_CLIMB_DONE,
    WR_CLIMB_STATES
};

struct wr_climb {
    const struct wr_dnssec_env *env;
    struct wr_dnssec_work *work;
    struct wr_cut_hints hints;
    enum wr_climb_state state;
    struct wr_name target;
    uint8_t target_labels;
    /* The zone reached, and its keys: those of a cache entry that is held, or our own. */
    struct wr_name zone;
    struct wr_zone_entry *held;
    struct wr_keyset own;
    struct wr_keyset *keys;
    /* The next cut. */
    struct wr_name cut;
    uint8_t cleared; /* down to that many labels it is known where the cuts are */
    struct wr_ds_list ds;
    uint64_t until_us; /* what was proven lives until then */
    uint8_t attempts;
    bool again;
    bool had_signatures; /* a reply to this question that proved nothing had some */
    struct wr_keyset candidate;
    struct wr_dnssec_reply reply;
    const struct wr_rrset *set; /* in check */
    uint8_t next_set;
    bool alias; /* the set in check is a CNAME at the cut or a DNAME above it, not DS */
    bool wild;  /* it came from a wildcard: nothing closer may exist, which is what is proven */
    uint8_t wild_labels; /* of its signature */
    struct wr_rrsig_job job;
    bool job_open;
    int16_t deny_ede; /* why a set of the denial was of no use */
    const char *deny_reason;
    /* What is wanted, and the result. */
    struct wr_dnssec_fetch fetch;
    uint8_t security; /* enum wr_security */
    int16_t ede;
    /* BOGUS only because a question got no answer: nothing was found to be wrong */
    bool unreachable;
    const char *reason;      /* static text */
    struct wr_name blame;    /* the zone that it is about */
    struct wr_denial denial; /* large, and seldom needed: it is set when one starts */
};

const char *wr_climb_state_name(enum wr_climb_state state);
/* Once, before the first start: an empty struct that stop may be called on. */
void wr_climb_init(struct wr_climb *c, const struct wr_dnssec_env *env);
/* Stops what was before, and starts anew. */
void wr_climb_start(struct wr_climb *c, const uint8_t *target, struct wr_dnssec_work *work,
                    const struct wr_cut_hints *hints);
enum wr_dnssec_action wr_climb_step(struct wr_climb *c, const struct wr_now *now);
/* Only at FETCH. */
void wr_climb_feed(struct wr_climb *c, const struct wr_dnssec_reply *reply);
void wr_climb_stop(struct wr_climb *c);

#endif
