/* SPDX-License-Identifier: Apache-2.0 */
/*
 * History verb: the daemon's history (serve/history), from its beginning to its end, and questions that come by the control socket.
 *
 * A weir that is built without SQLite (-Dhistory=false) has none, and says so when somebody asks. Main thread.
 */
#ifndef WR_SERVE_HISTORYVERB_H
#define WR_SERVE_HISTORYVERB_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "serve/json.h"

struct wr_serve;

/* As the configuration wants it; the ledger and the log on disk are there. WR_E_NOMEM. */
int wr_historyverb_open(struct wr_serve *s);
int wr_historyverb_run(struct wr_serve *s);
void wr_historyverb_change(struct wr_serve *s); /* another configuration is in force */
void wr_historyverb_put(struct wr_serve *s, const struct wr_now *now, struct wr_json *j,
                        const char *key); /* of status */
/* The ledger has stopped; the log on disk is still there. */
void wr_historyverb_stop(struct wr_serve *s, const struct wr_now *now);

/*
 * A question: `by` (devices, names, minutes), since, until (seconds), count, device (a name, a number or an address), name. NULL and a ticket; or the code of
 * an error and `why`. When it is answered serve.h's `grown` is woken.
 */
const char *wr_historyverb_ask(struct wr_serve *s, const json_t *args, uint32_t *ret_ticket,
                               char *why, size_t cap);
/* False: not yet. Else either `*ret_why` is NULL, and a value has been written under `key`, or it says why not, and nothing has been. */
bool wr_historyverb_is_answered(struct wr_serve *s, uint32_t ticket, const char **ret_why);
void wr_historyverb_answer(struct wr_serve *s, uint32_t ticket, struct wr_json *j, const char *key);
void wr_historyverb_give_back(struct wr_serve *s, uint32_t ticket); /* 0 is fine */

#endif
