/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust set: what became of the trust anchors since they were configured, and what the owner added on the running gateway.
 *
 *     wr_trustset_seed(&t, &conf)         the configuration's anchors become trust points (RFC 5011)
 *     wr_trustset_apply(&t, true, &table) the table for the validator: the configuration's, as the trust points have them now
 *     wr_trustset_save, wr_trustset_load  as text, for a file
 *
 * A trust point belongs to the anchors it began with: its seed is a digest of those. When the configuration says
 * otherwise, what was learned from the old ones is forgotten, so that an anchor that the owner took away is trusted no more; but what
 * the zone revoked stays revoked, whatever the lists say, for that is permanent (RFC 5011 section 2.1). Seed 0: the point was added
 * by command, and goes by command. WR_TRUSTSET_GONE: no point any more, only the memory of what was revoked; it makes room for
 * points. Negative anchors (RFC 7646) have an end, or 0.
 *
 * Only SHA-256 is followed; an anchor with another digest stays as it was configured, until a key of its tag and algorithm
 * is revoked. A point of which every key was revoked is closed: what is below it is bogus, and not as if it had never been
 * configured (section 5).
 *
 * Pure. Errors: WR_E_FULL, WR_E_FORMAT, WR_E_UNSUPPORTED (digest), WR_E_DENIED (revoked; or it is the configuration's),
 * WR_E_NOTFOUND.
 */
#ifndef WR_DNSSEC_TRUSTSET_H
#define WR_DNSSEC_TRUSTSET_H

#include "dnssec/rollover.h"

#define WR_TRUSTSET_GONE UINT64_MAX

struct wr_trustpoint {
    struct wr_rollover keys;
    uint64_t seed; /* 0: added; WR_TRUSTSET_GONE */
};

struct wr_trustneg {
    struct wr_name name;
    int64_t until_s; /* 0: never ends */
};

struct wr_trustset {
    struct wr_trustpoint point[WR_TRUST_POINTS_MAX];
    struct wr_trustneg negative[WR_TRUST_NEGATIVES_MAX];
    uint8_t points, negatives;
};

void wr_trustset_init(struct wr_trustset *t);
/* Anchors beyond WR_TRUST_POINTS_MAX names are not followed. */
void wr_trustset_seed(struct wr_trustset *t, const struct wr_anchors *conf);
/* Changes a table that holds the configuration's anchors. `follow` false: those stay as they are. WR_E_FULL. */
int wr_trustset_apply(const struct wr_trustset *t, bool follow, struct wr_anchors *anchors);
/* One line, DS or DNSKEY; the key is trusted at once. */
int wr_trustset_add(struct wr_trustset *t, const char *line, size_t n, struct wr_name *ret_name);
int wr_trustset_add_negative(struct wr_trustset *t, const uint8_t *name, int64_t until_s);
/* The negative anchor of the name, or the point that was added. */
int wr_trustset_remove(struct wr_trustset *t, const uint8_t *name);
/* Negative anchors that have ended are gone; true when there was one. */
bool wr_trustset_expire(struct wr_trustset *t, int64_t moment_s);

#define WR_TRUSTSET_TEXT_SIZE                                                 \
    (WR_TRUST_POINTS_MAX * (WR_ROLLOVER_TEXT_SIZE + WR_NAME_TEXT_SIZE + 64) + \
     WR_TRUST_NEGATIVES_MAX * (WR_NAME_TEXT_SIZE + 64) + 64)
void wr_trustset_save(const struct wr_trustset *t, struct wr_str *s);
/* WR_E_FORMAT, WR_E_FULL: `t` is as it was. */
int wr_trustset_load(struct wr_trustset *t, const char *text, size_t n);

#endif
