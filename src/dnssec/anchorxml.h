/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root's trust anchors as IANA publishes them (RFC 9718 section 2): an XML file of KeyDigest elements, each with a time
 * from when, and perhaps until when, it holds.
 *
 *     struct wr_anchorxml x;
 *     if (wr_anchorxml_start(&x, text, n) == WR_OK)
 *         while ((err = wr_anchorxml_next(&x, "2026-01-31T12:00:00", &line)) == WR_OK) use(line);   ". DS 20326 8 2 E06D..."
 *
 * A small strict reader of that one form, not of XML: what has comments, declarations, entities or sections ("<!", "&") is refused,
 * so nothing can hide in them. That the file is IANA's is for its owner to know: the detached signature is not looked at.
 *
 * Pure; points into the text. Errors: WR_E_FORMAT; WR_E_NOTFOUND at the end.
 */
#ifndef WR_DNSSEC_ANCHORXML_H
#define WR_DNSSEC_ANCHORXML_H

#include <stddef.h>

#include "base/str.h"
#include "dns/name.h"

struct wr_anchorxml {
    const char *at, *end;
    struct wr_name zone;
};

int wr_anchorxml_start(struct wr_anchorxml *x, const char *text, size_t n);
/* The next digest that holds at `now` (UTC, in that very form); at most WR_DNSSEC_DS_MAX elements of a file are real, and each call
 * goes on behind the one before. */
int wr_anchorxml_next(struct wr_anchorxml *x, const char *now, struct wr_str *line);

#endif
