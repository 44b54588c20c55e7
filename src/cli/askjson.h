/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reply as JSON: one object an answer, on one line, for scripts.
 *
 * Keys: server, transport ("udp", "tcp", "tls", "https", "quic"), time_ms, size, wrong_replies; of an encrypted one tls {version, cipher,
 * resumed, proven, proof (a sentence), pin, connect_ms, handshake_ms, answer_ms}; id, opcode, rcode, flags (list); question {name, type, class};
 * answer, authority, additional: lists of {name, type, class, ttl, rdata}, rdata as zone text; edns {version,
 * udp_size, dnssec_ok}; ede: list of {code, name, text}; cookie, nsid, subnet where present. A question that got no
 * reply is an object with question, server and error. Octets that are no UTF-8 come out as \xNN.
 */
#ifndef WR_CLI_ASKJSON_H
#define WR_CLI_ASKJSON_H

#include <stdio.h>

#include "cli/askflags.h"
#include "cli/askmsg.h"
#include "cli/asktext.h"

/* WR_E_NOMEM. */
int wr_askjson_print(struct wr_askmsg_view *view, const struct wr_asktext_facts *facts, FILE *out);
int wr_askjson_failed(const struct wr_askflags *flags, const char *server, const char *error,
                      FILE *out);

#endif
