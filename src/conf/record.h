/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record: one resource record of the configuration, from a line of zone text.
 *
 *     printer A 192.0.2.4          owner, type, rdata; the owner below the zone it stands in
 *     @ 5m MX 10 mail.example.     "@" is the zone itself; a TTL (1800, 30m, 1h30m) and the class IN may stand before the type
 *
 * The text is a line of a zone file (RFC 1035 section 5.1) except that the owner is always written. Names without
 * their last dot are relative to the zone, and an owner that leaves the zone is refused.
 *
 * Errors: WR_E_FORMAT with the column (from 1) and what was expected; nothing is written then.
 */
#ifndef WR_CONF_RECORD_H
#define WR_CONF_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

/* Octets of rdata that one line can say. */
#define WR_RECORD_RDATA_MAX 65535

struct wr_record_line {
    struct wr_name owner;
    uint32_t ttl;
    uint16_t type;
    uint16_t size; /* of the rdata written */
};

/* `rdata` has room for `cap` octets. `*ret_why` is static text. */
int wr_record_line_read(const char *text, size_t n, const uint8_t *zone, uint32_t ttl,
                        uint8_t *rdata, size_t cap, struct wr_record_line *ret_record,
                        size_t *ret_column, const char **ret_why);

#endif
