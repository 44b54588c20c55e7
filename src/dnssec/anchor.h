/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anchors: where trust begins, and where it is switched off.
 *
 * A positive anchor is a name with DS records: of the root, or of an island of trust. A DNSKEY given as anchor is
 * kept as its SHA-256 digest, for that says the same. A negative anchor (RFC 7646) is a name below which nothing is
 * validated, until a moment. The closest at or above a name decides; at the same name the negative one. The
 * built-in root anchors are the digests that IANA publishes (RFC 9718) of the keys of 2017 and 2024.
 *
 * Memory: the list is handed in, `cap` anchors of it. A table is built by one thread and then read by many; changes
 * (RFC 5011, an owner's command) make a new table. Errors: WR_E_FORMAT, WR_E_UNSUPPORTED (a digest or type that is
 * not known), WR_E_FULL.
 */
#ifndef WR_DNSSEC_ANCHOR_H
#define WR_DNSSEC_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "dnssec/keys.h"

struct wr_anchor {
    struct wr_name name;
    bool negative;
    bool closed;     /* nothing of it is left (RFC 5011): what is below is bogus */
    int64_t until_s; /* negative: it ends then; 0: never */
    struct wr_ds_list ds;
};

struct wr_anchors {
    struct wr_anchor *list;
    uint16_t count, cap;
};

void wr_anchors_init(struct wr_anchors *a, struct wr_anchor *room, uint16_t cap);
/* DS or DNSKEY rdata; further records of one name join it. A DNSKEY that is no zone key or is revoked: WR_E_FORMAT.
 * A DS with a digest of the wrong length too, and then the name is an anchor that nothing satisfies: bogus, until a
 * good one joins it. */
int wr_anchors_add(struct wr_anchors *a, const uint8_t *name, uint16_t type, const uint8_t *rdata,
                   size_t size);
/* "name [ttl] [class] DS|DNSKEY rdata", as in zone files; a comment behind ";" is left out. */
int wr_anchors_add_text(struct wr_anchors *a, const char *text, size_t n);
int wr_anchors_add_negative(struct wr_anchors *a, const uint8_t *name, int64_t until_s);
/* Every key that was trusted for the name is gone. WR_E_FULL. */
int wr_anchors_close(struct wr_anchors *a, const uint8_t *name);
int wr_anchors_add_builtin(struct wr_anchors *a);
/* The closest at or above the name at this moment, or NULL. */
const struct wr_anchor *wr_anchors_closest(const struct wr_anchors *a, const uint8_t *name,
                                           int64_t moment_s);

#endif
