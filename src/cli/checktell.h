/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check tells: what the doctor found, for people or as one JSON object; and the table of all that it can find.
 *
 * JSON: {name, server, ok, errors, warnings, notes, more, questions, probes, time_ms, findings: [{severity, code, name, type,
 * what, record, about, remedy, rfc}]}, with `verbose` also asked: [{...}], one object for each question and probe. `code` never changes
 * its meaning; `errors`, `warnings` and `notes` count all, `more` those of them that are not in `findings`.
 */
#ifndef WR_CLI_CHECKTELL_H
#define WR_CLI_CHECKTELL_H

#include <stdio.h>

#include "cli/checkwork.h"

void wr_checktell_text(const struct wr_checkwork *work, bool verbose, FILE *out);
/* All of it or an error, never less than was found. WR_E_NOMEM (also for a text that JSON cannot hold), WR_E_IO: `out` failed. */
int wr_checktell_json(const struct wr_checkwork *work, bool verbose, FILE *out);
/* docs/doctor.md. */
void wr_checktell_doc(FILE *out);

#endif
