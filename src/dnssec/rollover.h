/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rollover: a trust point that follows its zone's keys (RFC 5011).
 *
 *     wr_rollover_init(&r, zone); wr_rollover_trust(&r, ds) for each anchor, or wr_rollover_load(&r, text, n)
 *     after each DNSKEY set of the zone that the anchors proved:
 *         n = wr_rollover_look(set, seen, scratch);
 *         wr_rollover_observe(&r, seen, n, ttl, moment, trusted)
 *     after any other one: wr_rollover_revoke(&r, set, scratch)
 *     wr_rollover_anchors(&r, table)        what is to be trusted now; wr_rollover_save when observe says that something changed
 *
 * A new SEP key is pending until it was in every proven set for thirty days, or for the set's TTL when that is
 * longer (section 2.4.1); then it is valid. One that vanishes is missing, and still trusted. A key that revokes
 * itself (its REVOKE bit, and its own signature over the set, section 2.1) is trusted no more, and after thirty
 * days forgotten but for its digest, so that it never comes back; of those digests the oldest that nobody configured makes
 * room when every place is taken. A set that only a key signs which revokes itself says nothing but that.
 *
 * Timers count only the time between two observations that were both made by a trusted clock, and of that no more than the monotonic
 * clock saw while both were made in one run: with time unproven they stand still, and a clock that steps cannot age a
 * key. A key is its SHA-256 digest here, with the REVOKE bit cleared.
 *
 * Pure: seconds are arguments. Text: one line a key, `zone state tag algorithm digest waited`, and one with the
 * last observation.
 */
#ifndef WR_DNSSEC_ROLLOVER_H
#define WR_DNSSEC_ROLLOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/str.h"
#include "dns/name.h"
#include "dnssec/anchor.h"
#include "dnssec/keys.h"
#include "dnssec/trusttime.h"

#define WR_ROLLOVER_HOLD_S (30 * 86400)

enum wr_rollover_state {
    WR_ROLLOVER_START = 0, /* not followed: a free place */
    WR_ROLLOVER_ADD_PEND,
    WR_ROLLOVER_VALID,
    WR_ROLLOVER_MISSING,
    WR_ROLLOVER_REVOKED,
    WR_ROLLOVER_REMOVED,
    WR_ROLLOVER_STATES
};

struct wr_rollover_key {
    struct wr_ds ds;  /* SHA-256 */
    uint8_t state;    /* enum wr_rollover_state */
    bool seen;        /* in the set that is being looked at */
    bool named;       /* the configuration names it: its place is never given to another */
    int64_t waited_s; /* in ADD_PEND, REVOKED and REMOVED: trusted seconds in this state */
};

/* When something was seen. */
struct wr_rollover_moment {
    int64_t wall_s;
    uint64_t mono_s; /* above 0 */
};

struct wr_rollover {
    struct wr_name zone;
    int64_t last_s;       /* of the last observation by a trusted clock; 0: the last one was not */
    uint64_t last_mono_s; /* the same by the monotonic clock; 0: it was before this run */
    bool full;            /* a key of the last set found no place: it is not followed */
    struct wr_rollover_key keys[WR_DNSSEC_ROLLOVER_KEYS_MAX];
};

/* One SEP key of a set. */
struct wr_rollover_seen {
    struct wr_ds ds;
    bool revoked; /* it says so and signs it itself */
};

const char *wr_rollover_state_name(enum wr_rollover_state state);
void wr_rollover_init(struct wr_rollover *r, const uint8_t *zone);
/* All but what was revoked is forgotten; true when something is left. */
bool wr_rollover_restart(struct wr_rollover *r);
/* Which keys the configuration names. */
void wr_rollover_name(struct wr_rollover *r, const struct wr_ds_list *list);
/* Is it of a key that was revoked? Of another digest than SHA-256 tag and algorithm say so. */
bool wr_rollover_is_revoked(const struct wr_rollover *r, const struct wr_ds *ds);
/* A key that is trusted from outside. Only SHA-256: WR_E_UNSUPPORTED; WR_E_FULL; WR_E_DENIED: it was revoked. */
int wr_rollover_trust(struct wr_rollover *r, const struct wr_ds *ds);
/* Section 2.2: a set counts when a key that is trusted already signs it; that the zone's other keys do is not enough. */
enum wr_rollover_proof {
    WR_ROLLOVER_PROVEN = 0,
    WR_ROLLOVER_NO_KEY,     /* no trusted key is in the set */
    WR_ROLLOVER_NOT_SIGNED, /* one is, and no signature by it holds now */
};
/* Keys that have the REVOKE bit prove nothing (section 2.1). `ret_left_s` of a proven one: how long that signature holds. At most WR_DNSSEC_ROLLOVER_KEYS_MAX keys are tried. */
enum wr_rollover_proof wr_rollover_prove(struct wr_rollover *r, const struct wr_rrset *set,
                                         const struct wr_trusttime *time, void *scratch,
                                         uint32_t *ret_left_s);
/* Was that moment one at which the set can be current: does a signature by a trusted key hold at it, without allowance for anybody's
 * clock? `floor_s` has passed, and says which era the signatures' 32 bits are of. */
bool wr_rollover_reaches(struct wr_rollover *r, const struct wr_rrset *set, int64_t floor_s,
                         int64_t at_s, void *scratch);
/* The SEP keys of a proven set; at most WR_DNSSEC_ROLLOVER_KEYS_MAX. `scratch`: WR_RRSIG_SCRATCH_SIZE octets. */
unsigned wr_rollover_look(const struct wr_rrset *set, struct wr_rollover_seen *ret_seen,
                          void *scratch);
/* True: a state changed, or a timer went on; it is to be saved. */
bool wr_rollover_observe(struct wr_rollover *r, const struct wr_rollover_seen *seen, unsigned n,
                         uint32_t ttl, const struct wr_rollover_moment *moment, bool trusted);
/* Of a set that is not proven: the trusted keys that revoke themselves in it. True: there was one. */
bool wr_rollover_revoke(struct wr_rollover *r, const struct wr_rrset *set, void *scratch);
/* Adds what is trusted to a table. WR_E_FULL. */
int wr_rollover_anchors(const struct wr_rollover *r, struct wr_anchors *anchors);
/* Nothing is trusted any more. */
bool wr_rollover_dead(const struct wr_rollover *r);
/* When to look again (section 2.3): after a proven set of that TTL and remaining life of its signature, or after a
 * failure. */
uint32_t wr_rollover_interval_s(uint32_t ttl, uint32_t signature_left_s, bool failed);

#define WR_ROLLOVER_TEXT_SIZE ((WR_DNSSEC_ROLLOVER_KEYS_MAX + 1) * (WR_NAME_TEXT_SIZE + 128))
void wr_rollover_save(const struct wr_rollover *r, struct wr_str *s);
/* WR_E_FORMAT, WR_E_FULL; then `r` is as it was. */
int wr_rollover_load(struct wr_rollover *r, const char *text, size_t n);

#endif
