/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translator: the prefix for DNS64, taken from what routers say (RFC 8781).
 *
 * Only on the interfaces of `dns64.advertised_on`: whoever sits on such a link can make himself a router. The socket is opened
 * while there is the privilege for it; without such interfaces there is none. At the start, and when links change, each of these links is asked
 * three times at most, four seconds apart, until a router is heard (RFC 4861 section 6.3.7).
 *
 * The prefix in use goes into the next gate (serve/gate.h), so workers get it like any other setting; there it yields to `dns64.prefix` and goes
 * before `dns64.discover`. A change is handed on at most once a second, however often routers change their mind. Nothing is kept over a
 * restart: the answer to the first question tells it again.
 *
 * Main thread only.
 */
#ifndef WR_SERVE_TRANSLATOR_H
#define WR_SERVE_TRANSLATOR_H

#include "base/addr.h"
#include "serve/json.h"

struct wr_serve;
struct wr_translator;

/* While there is privilege. Without it that is said, and what routers say is not heard. WR_E_NOMEM, WR_E_IO. */
int wr_translator_open(struct wr_serve *s, struct wr_translator **ret_translator);
/* In the loop from here on. WR_E_NOMEM, WR_E_IO. */
int wr_translator_run(struct wr_serve *s);
void wr_translator_link(struct wr_serve *s);
/* Closes its handles; free it when the loop has turned. NULL is fine. */
void wr_translator_close(struct wr_translator *translator);
void wr_translator_free(struct wr_translator *translator);

/* Family WR_AF_NONE: none is told. */
struct wr_prefix wr_translator_prefix(const struct wr_translator *translator);
void wr_translator_report(const struct wr_serve *s, struct wr_json *j, const char *key);

#endif
