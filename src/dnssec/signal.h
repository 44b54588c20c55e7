/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signal: which trust anchors this resolver has, told to their zone (RFC 8145 section 5), and to users who ask (RFC 8509).
 *
 * To the zone it is a query for `_ta-4a5c-9728.<zone>` of type NULL, whose answer does not matter: the tags of the keys that are
 * trusted, in hexadecimal, ascending. It says nothing of who uses the resolver. What a label of 63 octets does not hold is left
 * out.
 *
 * To users it is a name that resolves or does not: `root-key-sentinel-is-ta-20326` fails where the key with that tag is no anchor of
 * the root, `root-key-sentinel-not-ta-20326` where it is one. Only an answer that was proven secure can fail so, and that is
 * the caller's to know, as are type and CD.
 */
#ifndef WR_DNSSEC_SIGNAL_H
#define WR_DNSSEC_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/name.h"
#include "dnssec/anchor.h"
#include "dnssec/rollover.h"

/* WR_E_NOTFOUND: no key is trusted; WR_E_RANGE: the zone's name leaves no room. */
int wr_signal_name(const struct wr_rollover *keys, struct wr_name *ret_name);
/* Must a secure answer to an A or AAAA question for this name be SERVFAIL? */
bool wr_signal_fails(const struct wr_anchors *anchors, const uint8_t *qname);

#endif
