/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/dohserver.h"

#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"

static bool is_h2(const struct wr_dohserver *s)
{
    return s->version == WR_HTTP_2;
}

int wr_dohserver_start(struct wr_dohserver *s, const struct wr_dohserver_setup *setup,
                       uint64_t now_us)
{
    *s = (struct wr_dohserver){
        .site = setup->site,
        .version = setup->version,
    };
    wr_http_heap_init(&s->heap, &setup->memory, WR_HTTP_CONNECTION_MAX);
    if (is_h2(s)) {
        struct wr_h2_setup h2 = {.heap = &s->heap, .body_max = setup->site->message_max};
        return wr_h2_start(&s->http.h2, &h2, now_us);
    }
    wr_h1_start(&s->http.h1,
                &(struct wr_h1_setup){.heap = &s->heap, .body_max = setup->site->message_max},
                now_us);
    return WR_OK;
}

int wr_dohserver_feed(struct wr_dohserver *s, const uint8_t *bytes, size_t size, uint64_t now_us)
{
    return is_h2(s) ? wr_h2_feed(&s->http.h2, bytes, size, now_us)
                    : wr_h1_feed(&s->http.h1, bytes, size, now_us);
}

int wr_dohserver_reply(struct wr_dohserver *s, uint64_t stream, const struct wr_http_reply *reply)
{
    return is_h2(s) ? wr_h2_respond(&s->http.h2, stream, reply)
                    : wr_h1_respond(&s->http.h1, stream, reply);
}

int wr_dohserver_next(struct wr_dohserver *s, uint8_t *room, struct wr_doh_query *ret_query)
{
    struct wr_http_message message;
    int err;

    /* Each turn answers one message that was whole; what is fed at once has not more than its octets. */
    while ((err = is_h2(s) ? wr_h2_next(&s->http.h2, &message)
                           : wr_h1_next(&s->http.h1, &message)) == WR_OK) {
        struct wr_http_reply reply = {.max_age_s = -1};

        reply.status = wr_doh_judge(s->site, &message, s->early, room, ret_query, &reply.allow);
        if (reply.status == 0) {
            return WR_OK;
        }
        (void)wr_dohserver_reply(s, message.stream, &reply);
    }
    return err == WR_E_AGAIN && wr_dohserver_over(s) ? WR_E_CLOSED : err;
}

int wr_dohserver_answer(struct wr_dohserver *s, uint64_t stream, const uint8_t *bytes, size_t size)
{
    struct wr_http_reply reply = {.status = 200, .type = WR_HTTP_TYPE_DNS};

    if (bytes == NULL) {
        reply = (struct wr_http_reply){.status = 503, .max_age_s = -1};
    } else {
        reply.body = bytes;
        reply.size = size;
        reply.max_age_s = wr_doh_max_age(bytes, size);
    }
    return wr_dohserver_reply(s, stream, &reply);
}

size_t wr_dohserver_output(struct wr_dohserver *s, uint8_t *room, size_t cap)
{
    return is_h2(s) ? wr_h2_output(&s->http.h2, room, cap) : wr_h1_output(&s->http.h1, room, cap);
}

bool wr_dohserver_has_output(const struct wr_dohserver *s)
{
    return is_h2(s) ? wr_h2_has_output(&s->http.h2) : wr_h1_has_output(&s->http.h1);
}

void wr_dohserver_early(struct wr_dohserver *s, bool early)
{
    s->early = early;
}

uint64_t wr_dohserver_since(const struct wr_dohserver *s)
{
    return is_h2(s) ? wr_h2_since(&s->http.h2) : wr_h1_since(&s->http.h1);
}

uint64_t wr_dohserver_waiting(const struct wr_dohserver *s)
{
    return is_h2(s) ? wr_h2_waiting(&s->http.h2) : wr_h1_has_output(&s->http.h1);
}

uint64_t wr_dohserver_carried(const struct wr_dohserver *s)
{
    return is_h2(s) ? s->http.h2.carried : 0;
}

bool wr_dohserver_full(const struct wr_dohserver *s)
{
    return !is_h2(s) && wr_h1_full(&s->http.h1);
}

bool wr_dohserver_more(const struct wr_dohserver *s)
{
    return !is_h2(s) && wr_h1_more(&s->http.h1);
}

size_t wr_dohserver_memory(const struct wr_dohserver *s)
{
    return s->heap.used;
}

void wr_dohserver_close(struct wr_dohserver *s)
{
    if (is_h2(s)) {
        wr_h2_close(&s->http.h2);
    } else {
        wr_h1_close(&s->http.h1);
    }
}

bool wr_dohserver_over(const struct wr_dohserver *s)
{
    return is_h2(s) ? wr_h2_over(&s->http.h2) : wr_h1_over(&s->http.h1);
}

bool wr_dohserver_done(const struct wr_dohserver *s)
{
    return is_h2(s) ? wr_h2_over(&s->http.h2) : wr_h1_done(&s->http.h1);
}

void wr_dohserver_end(struct wr_dohserver *s)
{
    if (is_h2(s)) {
        wr_h2_end(&s->http.h2);
    } else {
        wr_h1_end(&s->http.h1);
    }
}
