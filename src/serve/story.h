/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Story: one question resolved from the root in this process, and each move of it told.
 *
 * The engine and the loop of a worker with an empty cache of their own, no listener, and a trace sink (base/trace.h). Nothing
 * of a running daemon is used or changed. Blocks until the answer is there, within the query time-out.
 */
#ifndef WR_SERVE_STORY_H
#define WR_SERVE_STORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/trace.h"

struct wr_story {
    const char *conf;             /* configuration text */
    const struct wr_trace *trace; /* or NULL */
    const uint8_t *query;         /* a whole message */
    size_t query_size;
};

/* The answer as a client would get it. WR_E_USAGE: the configuration, of which ret_why says what; WR_E_NOMEM, WR_E_IO,
 * WR_E_TIMEOUT: the question was dropped. */
int wr_story_tell(const struct wr_story *story, uint8_t ret_reply[WR_MSG_MAX], size_t *ret_size,
                  char *ret_why, size_t why_size);

#endif
