/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When: a moment as people write it.
 *
 *     2h  30m  90s  7d                    so long ago
 *     2026-11-28                          the beginning of that day, in UTC
 *     2026-11-28T04:05:06Z                that second, in UTC (RFC 3339); seconds and Z may be left out, a blank stands for T
 *     @1795838706                         seconds since 1970
 */
#ifndef WR_CLI_WHEN_H
#define WR_CLI_WHEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* "90s", "15m", "12h", "7d" in seconds, 1 to `most`; false: it is none. */
bool wr_when_span(const char *text, uint64_t most_s, uint64_t *ret_s);
int wr_when_read(const char *text, int64_t now_s, int64_t *ret_s); /* WR_E_FORMAT */
/* "2026-11-28T04:05:06Z"; cap 32 is enough. */
void wr_when_text(int64_t s, char *ret_text, unsigned cap);
/* A number of seconds under this key becomes text; false: there is none, or no calendar has it, and it stays. */
bool wr_when_show(json_t *object, const char *key);

#endif
