/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Say: lines for the operator, on standard error.
 *
 * One call is one line, written at once, so that lines of several threads do not mix. When standard error is the
 * journal (JOURNAL_STREAM), each line starts with its level as <3>, <4>, <6> or <7> (sd-daemon(3)); otherwise with a
 * word. Text that came from outside must have passed wr_utf8_safe or be a number.
 */
#ifndef WR_SERVE_SAY_H
#define WR_SERVE_SAY_H

#include "base/log.h"

/* Once, before threads start; also takes the hook of base/log.h. */
void wr_say_start(enum wr_log_level level);
void wr_say_level(enum wr_log_level level); /* a reload */
void wr_say(enum wr_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
