/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces: long answers, written bit by bit.
 *
 * The ring of the log may hold a million events and the cache as many entries, and a client reads when it likes. So these two are
 * no values that are written at once (serve/report.h) but a place in a walk: each call writes some of them and says
 * whether there are more, and whoever calls waits in between until the client has read. The writer (struct wr_json) is left
 * open between two calls; the last one closes what the first has opened, the whole object of the answer.
 *
 * What happens meanwhile may be seen or not: the log ends with the last event of the moment it was asked for, events that the
 * ring has lost by then are not in it, and the cache is walked as wr_cache_walk does.
 */
#ifndef WR_SERVE_PIECES_H
#define WR_SERVE_PIECES_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/name.h"
#include "serve/json.h"
#include "serve/logstream.h"

struct wr_serve;

/* Events read, or entries looked at, in one call. */
#define WR_PIECES_EVENTS  64
#define WR_PIECES_ENTRIES 256

struct wr_pieces {
    bool of_cache; /* else of the log */
    bool begun;
    bool named; /* only the entries of this name */
    struct wr_name name;
    struct wr_logstream *stream; /* of the log */
    uint64_t cursor, found, limit;
};

/* What a stream gives that does not follow and has memory alone; it stays the caller's. */
void wr_pieces_log(struct wr_logstream *stream, struct wr_pieces *ret_p);
/* At most `limit` entries, of one name or of all (NULL); "more" says whether there were others. */
void wr_pieces_cache(const struct wr_name *name, uint64_t limit, struct wr_pieces *ret_p);
/* Writes some more into `j`. False: that was the end (or, without memory, the end has come early and "more" is true). */
bool wr_pieces_put(struct wr_pieces *p, struct wr_serve *s, struct wr_json *j);

#endif
