/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts of an upstream URL: what stands behind its `#`, with `&` between them.
 *
 * Which there are, transport/uri.h says. The reader wants `uri` with what stood before the `#`; it fills the rest in and
 * sees that all of it fits together. Errors: WR_E_FORMAT, WR_E_RANGE.
 */
#ifndef WR_TRANSPORT_URIFACT_H
#define WR_TRANSPORT_URIFACT_H

#include "base/str.h"
#include "transport/uri_scan.h"

/* [at, end) without the `#`; empty when there was none. */
int wr_urifact_read(struct wr_uri_scan *s, struct wr_uri *uri);
/* "#name=..." and so on; nothing when there is nothing to say. */
void wr_urifact_write(const struct wr_uri *uri, struct wr_str *out);

#endif
