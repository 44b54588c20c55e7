/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control: what a person or a script asks the running daemon, over a unix socket.
 *
 * One line of JSON in, one line of JSON out (net/unixsock.h carries them):
 *
 *     {"verb":"cache_show","args":{"name":"cam.example"}}
 *     {"ok":true,"result":{...}}   or   {"ok":false,"error":"a sentence with the remedy","code":"word"}
 *
 * Then the connection is closed; `log` with `follow` sends one object a line until the client goes away, with `lines` one a line up to the
 * last one there is, and then {"end":true,...}. Verbs: status,
 * stats, upstreams, config, cache_show, cache_flush, why, anchors (anchors_add, anchors_negative, anchors_remove), zones, zones_look, firewall (firewall_apply, firewall_bypass, firewall_leases, firewall_remove), devices, device, device_set, reload, log, log_top,
 * metrics. Unknown verbs, unknown or
 * wrong arguments and anything that is no JSON get an error that says what would be right.
 *
 * Who may: whoever may open the socket (mode 0600, or 0660 with a group). Verbs that change something are for root and the user that
 * weir runs as, unless `control.group_may_change` gives them to the group. Everything runs in the main thread.
 */
#ifndef WR_SERVE_CONTROL_H
#define WR_SERVE_CONTROL_H

#include "net/sock.h"

struct wr_serve;
struct wr_control;

/* Serves the socket that was opened (fd) on the daemon's loop; takes fd over. */
int wr_control_start(struct wr_serve *s, int fd, struct wr_control **ret_control,
                     struct wr_sock_error *error);
/* The reload that clients wait for has ended; its report is in s->reload.report. */
void wr_control_reloaded(struct wr_control *c);
/* New events for those who follow the log, or an answer of the history. */
void wr_control_events(struct wr_control *c);
/* Closes; the memory is freed by wr_control_free once the loop has turned. */
void wr_control_close(struct wr_control *c);
void wr_control_free(struct wr_control *c); /* NULL is fine */

#endif
