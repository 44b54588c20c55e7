/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/streamlife.h"

#include "base/limits.h"
#include "base/time.h"

#define MESSAGE_US (WR_STREAM_MESSAGE_MS * WR_MS)

static void set_timer(struct wr_streams *s, struct wr_stream *st)
{
    wr_heap_set(&s->timers, &st->timer, wr_time_min(st->due_us, wr_upconn_deadline(&st->conn)));
}

void wr_streamlife_set(struct wr_streams *s, struct wr_stream *st, uint64_t due_us)
{
    st->due_us = due_us;
    set_timer(s, st);
}

/* One time for each thing that may last; octets that trickle in move none but that for the silence in a message. */
void wr_streamlife_arm(struct wr_streams *s, struct wr_stream *st)
{
    uint64_t at_us = st->since_us + (st->count ? WR_STREAMLIFE_SILENT_US : st->idle_us);
    if (wr_upconn_partial(&st->conn)) {
        uint64_t rest_us =
            wr_time_min(st->begun_us + MESSAGE_US, st->heard_us + WR_STREAMLIFE_SILENT_US);
        at_us = st->count ? rest_us : wr_time_min(at_us, rest_us);
    }
    wr_streamlife_set(s, st, at_us);
}

void wr_streamlife_again(struct wr_streams *s, struct wr_stream *st, uint64_t now_us)
{
    if (wr_upconn_deadline(&st->conn) != WR_TIME_NEVER) {
        uint64_t at_us = wr_upconn_deadline(&st->conn);
        at_us = at_us > now_us ? at_us : now_us + WR_MS; /* it has nothing to say now */
        wr_heap_set(&s->timers, &st->timer, wr_time_min(st->due_us, at_us));
    }
}

bool wr_streamlife_goes_on(struct wr_streams *s, struct wr_stream *st, uint64_t now_us)
{
    if (now_us >= st->due_us || !wr_upconn_time(&st->conn, now_us)) {
        return false;
    }
    wr_heap_set(&s->timers, &st->timer, wr_time_min(st->due_us, now_us + WR_MS));
    return true;
}

void wr_streamlife_placed(struct wr_stream *st)
{
    if (++st->placed >= WR_UPDOQ_ASKS_MAX && st->conn.kind == WR_UPCONN_DOQ) {
        st->leaving = true;
        st->idle_us = 0;
    }
}

uint8_t wr_streamlife_expired(const struct wr_stream *st)
{
    switch (st->state) {
    case WR_STREAM_CONNECTING: return WR_UPCONN_DEAF;
    case WR_STREAM_SHAKING: return st->heard_us ? WR_UPCONN_HUNG : WR_UPCONN_MUTE;
    default: return st->count ? WR_UPCONN_HUNG : WR_UPCONN_FINE;
    }
}

uint8_t wr_streamlife_closed(const struct wr_stream *st, enum wr_lost lost)
{
    if (lost == WR_LOST_OWN) {
        return WR_UPCONN_OWN;
    }
    if (st->state == WR_STREAM_CONNECTING) {
        return WR_UPCONN_REFUSED;
    }
    return st->state == WR_STREAM_READY && wr_list_empty(&st->asked) ? WR_UPCONN_FINE
                                                                     : WR_UPCONN_CLOSED;
}
