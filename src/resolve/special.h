/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Special: the names that must not be asked of the public DNS (RFC 6761 and those that followed).
 *
 * One table, one row a name, with what is done for it and all below it. The rows become zones and records of
 * the local snapshot (resolve/local), so looking at them costs nothing of its own, and anything that the owner says about
 * such a name is deeper or comes first and wins:
 *
 *     for each row that is neither switched off nor covered by the owner's own zones and routes:
 *         wr_special_zone(row, &zone); wr_special_records(row, records)
 *
 * Names are text in the table; wr_special_name gives the wire form. Nothing here allocates.
 */
#ifndef WR_RESOLVE_SPECIAL_H
#define WR_RESOLVE_SPECIAL_H

#include "dns/name.h"
#include "resolve/localbuild.h"

enum wr_special_treatment {
    WR_SPECIAL_NXDOMAIN = 0,     /* the name and all below it do not exist */
    WR_SPECIAL_EMPTY,            /* a zone with nothing in it (RFC 6303) */
    WR_SPECIAL_NODATA,           /* names exist, without data */
    WR_SPECIAL_LOOPBACK,         /* 127.0.0.1 and ::1, also below */
    WR_SPECIAL_LOOPBACK_REVERSE, /* an empty zone but for the PTR to localhost */
    WR_SPECIAL_PASS,             /* known to be special, and to be asked like any other */
};

struct wr_special_row {
    const char *name;  /* with the last dot */
    uint8_t treatment; /* enum wr_special_treatment */
    const char *why;   /* the document, for the extended error and for people */
};

/* Most records that one row has. */
#define WR_SPECIAL_RECORDS_MAX 4

size_t wr_special_rows(const struct wr_special_row **ret_rows);
/* "NXDOMAIN", "empty zone", ...: for people. */
const char *wr_special_treatment_text(uint8_t treatment);
void wr_special_name(const struct wr_special_row *row, struct wr_name *ret_name);
/* False for a row that is passed on. `name` is the row's and must stay as long as the zone is used. */
bool wr_special_zone(const struct wr_special_row *row, const struct wr_name *name,
                     struct wr_local_zone *ret_zone);
/* The row's records, at most WR_SPECIAL_RECORDS_MAX; they point to constants. */
uint32_t wr_special_records(const struct wr_special_row *row, struct wr_local_record *ret_records);

#endif
