/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/pieces.h"

#include <stdlib.h>

#include "base/err.h"
#include "net/clock.h"
#include "serve/devices.h"
#include "serve/put.h"
#include "serve/report.h"
#include "serve/serve.h"

void wr_pieces_log(struct wr_logstream *stream, struct wr_pieces *ret_p)
{
    *ret_p = (struct wr_pieces){.stream = stream};
}

void wr_pieces_cache(const struct wr_name *name, uint64_t limit, struct wr_pieces *ret_p)
{
    *ret_p = (struct wr_pieces){.of_cache = true, .named = name != NULL, .limit = limit};
    if (name != NULL) {
        ret_p->name = *name;
    }
}

/* --- the log --- */

static bool put_events(struct wr_pieces *p, struct wr_serve *s, struct wr_json *j)
{
    struct wr_ledger_event events[WR_PIECES_EVENTS];
    uint32_t n = 0;
    enum wr_logstream_state state = wr_logstream_next(p->stream, events, WR_PIECES_EVENTS, &n);
    for (uint32_t i = 0; i < n; i++) {
        char device[WR_CENSUS_NAME_SIZE];
        wr_devices_call(s->devices, events[i].record.device, device);
        wr_report_event(&events[i], device, j, NULL);
    }
    return state == WR_LOGSTREAM_MORE;
}

/* --- the cache --- */

struct walk_room {
    _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];
    char text[WR_PUT_TEXT_SIZE];
    struct wr_name name;
};

static bool put_entries(struct wr_pieces *p, struct wr_serve *s, struct wr_json *j)
{
    struct walk_room *room = malloc(sizeof(*room));
    struct wr_cache_key key;
    struct wr_cache_entry e;
    struct wr_now now;
    bool more = room != NULL;
    if (room == NULL) {
        p->found = p->limit + 1; /* there may be others */
    }
    wr_clock_now(false, &now);
    for (unsigned i = 0; i < WR_PIECES_ENTRIES && more; i++) {
        if (wr_cache_walk(s->shared.cache, &p->cursor, (uint32_t)(now.mono_us / WR_S),
                          room->scratch, &room->name, &key, &e) != WR_OK) {
            more = false;
        } else if (!p->named || wr_name_equal(p->name.wire, key.name)) {
            more = p->found++ < p->limit;
            if (more) {
                wr_report_entry(&key, &e, room->text, j);
            }
        }
    }
    free(room);
    return more;
}

/* --- both --- */

static void begin(struct wr_pieces *p, struct wr_serve *s, struct wr_json *j)
{
    struct wr_ledger_stats stats;
    wr_json_object(j, NULL);
    wr_json_bool(j, "ok", true);
    wr_json_object(j, "result");
    if (p->of_cache) {
        wr_report_cache_figures(s, j);
    } else {
        wr_ledger_stats(s->ledger, &stats);
        wr_json_u64(j, "taken", stats.taken);
        wr_json_u64(j, "dropped", stats.dropped);
    }
    wr_json_array(j, p->of_cache ? "entries" : "events");
    p->begun = true;
}

bool wr_pieces_put(struct wr_pieces *p, struct wr_serve *s, struct wr_json *j)
{
    if (!p->begun) {
        begin(p, s, j);
    }
    if (p->of_cache ? put_entries(p, s, j) : put_events(p, s, j)) {
        return true;
    }
    wr_json_end(j);
    if (p->of_cache) {
        wr_json_bool(j, "more", p->found > p->limit);
    }
    wr_json_end(j);
    wr_json_end(j);
    return false;
}
