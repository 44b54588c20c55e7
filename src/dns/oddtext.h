/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Odd text: fields of rdata that are written like no other field, both ways side by side.
 *
 * dns/present and dns/scan come here with the letter of the style table:
 *   w  ports of a WKS record, by number (RFC 1035 section 3.4.2)       "21 25 53"
 *   X  types of a NXT record below 128 (RFC 2535 section 5.2)          "A MX NXT"
 *   N  NSAP address (RFC 1706 section 5); dots may stand anywhere      "0x47000580"
 *   6  prefix length and suffix of an A6 record (RFC 2874 section 3.1) "64 ::1:2:3:4"
 *   E  ATM address: E.164 or AESA                                      "+61200000000", "39246f"
 *   h  algorithm, tag and key of a HIP record (RFC 8005 section 6)     "2 200100107b1a AwEA"
 *   P  address prefixes (RFC 3123 section 5)                           "1:192.0.2.0/24 !2:ff00::/8"
 *
 * Errors: writing gives WR_E_FORMAT for octets that no text stands for, and text to be thrown away (the record then takes
 * the generic form); reading those of dns/scan.
 */
#ifndef WR_DNS_ODDTEXT_H
#define WR_DNS_ODDTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "dns/lex.h"

/* WR_E_NOTFOUND: no such letter. */
int wr_oddtext_put(char style, struct wr_str *s, const uint8_t *p, size_t n);
/* Takes the words of the field. `ret_column` (not NULL): of the last word looked at. */
int wr_oddtext_read(char style, struct wr_lex *lex, struct wr_writer *w, size_t *ret_column);

#endif
