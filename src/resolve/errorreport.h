/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error report: the name that tells a zone's owner that its answers could not be proven (RFC 9567).
 *
 *     _er.<type>.<name>.<extended error>._er.<agent>        e.g. _er.1.broken.test.7._er.agent.example.
 *
 * The agent is a name that the zone's servers gave in an EDNS option; the report is a question of type TXT, and its answer does not
 * matter. Failing reports are not reported. A name that becomes too long is no report (section 6.1.1).
 */
#ifndef WR_RESOLVE_ERRORREPORT_H
#define WR_RESOLVE_ERRORREPORT_H

#include <stdint.h>

#include "dns/name.h"

/* WR_E_RANGE: too long; WR_E_DENIED: the question is a report itself, or nobody is to be told. */
int wr_errorreport_name(const uint8_t *qname, uint16_t qtype, uint16_t ede, const uint8_t *agent,
                        struct wr_name *ret_name);

#endif
