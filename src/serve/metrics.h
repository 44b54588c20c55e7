/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics: the daemon's figures as Prometheus text (exposition format 0.0.4).
 *
 * Counters of all workers are summed; upstreams carry their URL as a label. A client's address or a name that was
 * asked for is never a label: they are private, and strangers could make any number of them.
 */
#ifndef WR_SERVE_METRICS_H
#define WR_SERVE_METRICS_H

#include <stddef.h>

#include "net/httpd.h"

struct wr_serve;

/* The text, from malloc; NULL: no memory. */
char *wr_metrics_text(const struct wr_serve *s, size_t *ret_size);
/* wr_httpd_hook: /metrics. `user` is the struct wr_serve. */
int wr_metrics_hook(void *user, const char *path, struct wr_httpd_reply *ret_reply);

#endif
