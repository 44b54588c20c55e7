/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Export text: events of the log as collectors read them.
 *
 *   JSON     the object of `weir log --json`, and a line feed
 *   syslog   RFC 5424: <PRI>1 TIME HOST weir PID KIND [origin ...][meta sequenceId="N"] and that object; facility local0
 *   CEF      CEF:0|weir|weir|VERSION|KIND|TEXT|SEVERITY|key=value ... as the message of such a line
 *
 * Escaped as each wants it: `"`, `\` and `]` in values of RFC 5424 (section 6.3.3), `\` and `|` in the head of CEF, `\`, `=` and ends of lines in its
 * values. Control characters come out as a question mark, so that a message is one line and a terminal that shows it is not moved. Names are in
 * the presentation form (RFC 1035 section 5.1), so ASCII whatever was asked.
 *
 * All write NUL-ended text into a room of WR_EXPORTTEXT_SIZE; the result is the length.
 */
#ifndef WR_SERVE_EXPORTTEXT_H
#define WR_SERVE_EXPORTTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "serve/ledger.h"
#include "serve/logblock.h"

#define WR_EXPORTTEXT_SIZE 8192

/* Who says it. */
struct wr_exporttext {
    const char *host; /* printable ASCII without blanks, at most 255 octets; "-" */
    int64_t pid;
};

size_t wr_exporttext_json(const struct wr_ledger_event *event, char *room);
size_t wr_exporttext_syslog(const struct wr_exporttext *by, const struct wr_ledger_event *event,
                            char *room);
size_t wr_exporttext_cef(const struct wr_exporttext *by, const struct wr_ledger_event *event,
                         char *room);
/* A host's name as RFC 5424 lets it stand: what may not be is "-". */
void wr_exporttext_host(const char *name, char *ret, size_t cap);

#endif
