/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log: a hook for the few sentences that a pure part has for the operator.
 *
 * Libraries do not print. A part below the purity line that has something to
 * say (a pool ran full, a cache block was foreign) says it here; `serve` sets
 * the hook and writes the line. Without a hook nothing happens.
 */
#ifndef WR_BASE_LOG_H
#define WR_BASE_LOG_H

enum wr_log_level { WR_LOG_ERROR = 0, WR_LOG_WARN = 1, WR_LOG_INFO = 2, WR_LOG_DEBUG = 3 };

typedef void wr_log_hook(void *user, enum wr_log_level level, const char *text);
/* Set once before threads start. */
void wr_log_set_hook(wr_log_hook *hook, void *user);
void wr_log(enum wr_log_level level, const char *text);

#endif
