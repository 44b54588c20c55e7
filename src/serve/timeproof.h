/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time proof: what is told when two signed times contradict each other (resolve/roughchain.h).
 *
 * The log has a line with both servers and what they signed; `weir status --json` has the proof itself as clock.malfeasance, in the form of
 * draft-ietf-ntp-roughtime section 8.4, so that others can check it: the replies from the one to the other, each with its question, the octets that
 * its nonce was made with, and the key. It stays until there is another one, or a restart. It is sent to nobody.
 */
#ifndef WR_SERVE_TIMEPROOF_H
#define WR_SERVE_TIMEPROOF_H

#include "resolve/ladder.h"
#include "serve/json.h"

/* The host name or address that a server was configured by; `cap` at least WR_NAME_TEXT_SIZE. */
void wr_timeproof_server(const struct wr_time_server *server, char *ret, size_t cap);
void wr_timeproof_say(const struct wr_ladder *ladder);
/* null: nobody was convicted. */
void wr_timeproof_report(const struct wr_ladder *ladder, struct wr_json *j, const char *key);

#endif
