/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offline: what a configuration decides, without a daemon.
 *
 *     wr_offline_open(conf, note, user, &o)     compiles what the configuration says, from the files that are there
 *     v = wr_offline_decide(o, event, &why)     a query of the log, as this configuration would have decided it
 *     wr_offline_close(o)
 *
 * The gate is the same that a daemon makes; with it come the lists, policy zones, local names and devices that can be read here. What cannot
 * be read is told, with what follows from it. Nothing is asked, written or changed.
 *
 * Of a query the log has who asked (by privacy: perhaps not), the name, the type and the time, and nothing of the answer. So rules that look at answers
 * may hold or not, and of clients that are hidden likewise those that name clients, groups or devices. A verdict is only given when it is the same
 * in each case. What each could say is asked of another policy, in which the rules of that action that may hold do, and no others that may.
 *
 * Two things are taken as they look by the name alone, for else nothing could be decided: what lists and policy zones have of aliases, servers and addresses
 * of answers, and private addresses (rebinding); unless it was by such that the query was denied in the log. wr_offline_sees_answers says whether
 * the configuration has any.
 */
#ifndef WR_SERVE_OFFLINE_H
#define WR_SERVE_OFFLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "serve/ledger.h"

struct wr_offline;

/* Called with what cannot be known, in words. */
typedef void wr_offline_note(void *user, const char *text);

/* Why there is no verdict. */
enum wr_offline_why {
    WR_OFFLINE_DECIDED = 0,
    WR_OFFLINE_ANSWER,  /* it depends on the answer */
    WR_OFFLINE_CLIENT,  /* it depends on who asked, and the log does not tell */
    WR_OFFLINE_DEVICE,  /* it depends on the groups of a device that nobody knows any more */
    WR_OFFLINE_SEGMENT, /* it depends on the interface by which it came */
    WR_OFFLINE_WHYS,
};

/* `conf` stays the caller's, as long as `o`. WR_E_USAGE: no daemon would take it, and a note says why; WR_E_NOMEM, WR_E_IO. */
int wr_offline_open(const struct wr_conf *conf, wr_offline_note *note, void *user,
                    struct wr_offline **ret_offline);
void wr_offline_close(struct wr_offline *o); /* NULL is fine */

struct wr_engine_setup;
/* The parts of an engine that the configuration makes: settings, local names, lists, devices; they are good as long as `o`. */
void wr_offline_equip(const struct wr_offline *o, struct wr_engine_setup *ret_setup);

struct wr_offline_verdict {
    struct wr_verdict verdict;
    enum wr_offline_why why;
    uint16_t rule; /* not decided: label of one that may hold; 0: several */
};
/* `event` is a query. */
struct wr_offline_verdict wr_offline_decide(struct wr_offline *o,
                                            const struct wr_ledger_event *event);
/* Lists, policy zones or protection against rebinding that look into answers. */
bool wr_offline_sees_answers(const struct wr_offline *o);
/* "" for 0. The text stays as long as `o`. */
const char *wr_offline_label(const struct wr_offline *o, uint16_t label);
/* A number for a text of the log. 0: there is none left. */
uint16_t wr_offline_number(struct wr_offline *o, const char *text);
/* What the device is called now; "" when it is not known. `cap` at least WR_CENSUS_NAME_SIZE. */
void wr_offline_call(const struct wr_offline *o, uint32_t device, char *ret_text, size_t cap);
const char *wr_offline_why_text(enum wr_offline_why why);

#endif
