/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: what can be wrong with a name, one table row each, and the list of what was found.
 *
 * A row has the stable word that scripts look for, how bad it is, what it means, what mends it, and where that is written.
 * docs/doctor.md is printed from the table. A finding adds what only this case has: the name, the record, and a sentence.
 *
 *     struct wr_str *what = wr_finding_begin(list, WR_FINDING_ALIAS_TARGET, owner, WR_TYPE_SRV);
 *     wr_str_text(what, "... ");
 *     wr_finding_record(list, rr);          // perhaps
 *     wr_finding_end(list);                 // said twice, it is there once
 *
 * Pure; the struct is the caller's. All are counted, WR_DOCTOR_FINDINGS_MAX are kept: when there are more, what is worse takes the
 * place of what is less bad, so no number of notes hides an error.
 */
#ifndef WR_DOCTOR_FINDING_H
#define WR_DOCTOR_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/str.h"
#include "doctor/facts.h"

enum wr_severity { WR_SEVERITY_NOTE = 0, WR_SEVERITY_WARNING = 1, WR_SEVERITY_ERROR = 2 };

enum wr_finding_code {
    WR_FINDING_NO_REPLY,
    WR_FINDING_REFUSED,
    WR_FINDING_FAILED,
    WR_FINDING_BOGUS,
    WR_FINDING_BLOCKED,
    WR_FINDING_NXDOMAIN,
    WR_FINDING_NO_DATA,
    WR_FINDING_STALE,
    WR_FINDING_ALIAS_LOOP,
    WR_FINDING_ALIAS_ENDLESS,
    WR_FINDING_ALIAS_CHAIN,
    WR_FINDING_ALIAS_TARGET,
    WR_FINDING_TARGET_NXDOMAIN,
    WR_FINDING_NO_ADDRESS,
    WR_FINDING_BAD_ADDRESS,
    WR_FINDING_LOCAL_ADDRESS,
    WR_FINDING_NO_IPV6,
    WR_FINDING_NO_IPV4,
    WR_FINDING_NOT_OFFERED,
    WR_FINDING_ROOT_TARGET,
    WR_FINDING_NO_TXT,
    WR_FINDING_NOT_BROWSABLE,
    WR_FINDING_NAPTR,
    WR_FINDING_SVCB_BROKEN,
    WR_FINDING_SVCB_MIXED,
    WR_FINDING_SVCB_ALIASES,
    WR_FINDING_SVCB_CHAIN,
    WR_FINDING_SVCB_MANDATORY,
    WR_FINDING_SVCB_HINT,
    WR_FINDING_SVCB_ONLY,
    WR_FINDING_SVCB_EQUAL,
    WR_FINDING_SVCB_IGNORED,
    WR_FINDING_TTL_SET,
    WR_FINDING_TTL_CHAIN,
    WR_FINDING_TTL_FAMILIES,
    WR_FINDING_LAME,
    WR_FINDING_SERVER_SILENT,
    WR_FINDING_SERVERS_UNHEARD,
    WR_FINDING_NS_DIFFER,
    WR_FINDING_DEAD,
    WR_FINDING_PTR,
    WR_FINDING_NOT_PROBED,
    WR_FINDING_UNFINISHED,
    WR_FINDING_NO_TIME,
    WR_FINDING_CODES /* how many there are */
};

struct wr_finding_row {
    const char *word;
    enum wr_severity severity;
    const char *about, *remedy, *rfc;
};

const struct wr_finding_row *wr_finding_row(enum wr_finding_code code);
const char *wr_severity_name(enum wr_severity severity); /* "error", "warning", "note" */

#define WR_FINDING_TEXT_SIZE   1536
#define WR_FINDING_RECORD_SIZE 1536

struct wr_finding {
    uint8_t code; /* enum wr_finding_code */
    uint16_t type;
    struct wr_name subject;
    char record[WR_FINDING_RECORD_SIZE]; /* zone text, or "" */
    char what[WR_FINDING_TEXT_SIZE];
};

struct wr_findings {
    struct wr_finding
        item[WR_DOCTOR_FINDINGS_MAX + 1]; /* the last is the one that is being written */
    unsigned count, beyond;               /* kept; found and not kept */
    unsigned found[WR_SEVERITY_ERROR + 1];
    uint64_t
        unkept[WR_DOCTOR_UNKEPT_MAX]; /* what they said, hashed, so that each is counted once */
    unsigned unkept_count;
    struct wr_str text;
};

void wr_findings_start(struct wr_findings *list);
struct wr_str *wr_finding_begin(struct wr_findings *list, enum wr_finding_code code,
                                const uint8_t *subject, uint16_t type);
/* What has gone before in `record` is replaced. */
void wr_finding_record(struct wr_findings *list, const struct wr_facts_rr *rr);
void wr_finding_end(struct wr_findings *list);
/* Of all that were found, kept or not. */
unsigned wr_findings_count(const struct wr_findings *list, enum wr_severity severity);

#endif
