/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/h1.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"
#include "transport/h1head.h"

enum {
    KEPT = 4096,      /* a buffer that is larger is given back when it is empty */
    HEAD_LINES = 512, /* octets of what weir writes before a body, without what the caller gives */
    CHUNK_DIGITS = 8, /* of a chunk's size */
};

enum h1_state {
    HEAD = 0,   /* the head is read */
    BODY,       /* as long as Content-Length says */
    CHUNK_SIZE, /* the line before a chunk */
    CHUNK_DATA,
    CHUNK_END, /* CR LF behind it */
    TRAILER,   /* lines behind the last chunk */
    WHOLE,     /* to be given by next */
    GIVEN,     /* server: to be answered; client: until the next call */
};

static const char continue_100[] = "HTTP/1.1 100 Continue\r\n\r\n";

void wr_h1_start(struct wr_h1 *h, const struct wr_h1_setup *setup, uint64_t now_us)
{
    *h = (struct wr_h1){.heap = setup->heap,
                        .client = setup->client,
                        .body_max = setup->body_max,
                        .now_us = now_us};
}

void wr_h1_end(struct wr_h1 *h)
{
    if (h->heap != NULL) {
        wr_http_octets_free(h->heap, &h->in);
        wr_http_octets_free(h->heap, &h->out);
        wr_http_octets_free(h->heap, &h->asked);
    }
    h->err = WR_E_CLOSED;
}

static int h1_say(struct wr_h1 *h, const void *bytes, size_t n)
{
    int err = wr_http_octets_add(h->heap, &h->out, bytes, n, h->heap->max);

    if (err != WR_OK) {
        h->err = WR_E_NOMEM;
    }
    return err;
}

static int h1_say_reply(struct wr_h1 *h, const struct wr_http_reply *reply, bool body)
{
    char room[HEAD_LINES], cache[WR_HTTP_CACHE_SIZE];
    const char *type = wr_http_type_name(reply->type);
    struct wr_str s;

    wr_str_init(&s, room, sizeof(room));
    wr_str_text(&s, "HTTP/1.1 ");
    wr_str_u64(&s, reply->status);
    wr_str_char(&s, ' ');
    wr_str_text(&s, wr_http_reason(reply->status));
    if (type != NULL && reply->size > 0) {
        wr_str_text(&s, "\r\nContent-Type: ");
        wr_str_text(&s, type);
    }
    wr_str_text(&s, "\r\nContent-Length: ");
    wr_str_u64(&s, reply->size);
    wr_http_cache_control(reply, cache);
    if (cache[0] != 0) {
        wr_str_text(&s, "\r\nCache-Control: ");
        wr_str_text(&s, cache);
    }
    if (reply->allow != NULL) {
        wr_str_text(&s, "\r\nAllow: ");
        wr_str_text(&s, reply->allow);
    }
    wr_str_text(&s, h->last ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n");
    if (s.cut || h1_say(h, s.base, s.len) != WR_OK) {
        return WR_E_NOMEM;
    }
    return body && reply->size > 0 ? h1_say(h, reply->body, reply->size) : WR_OK;
}

/* What came is broken: a server says so, and nothing more is read. */
static int h1_fail(struct wr_h1 *h, uint16_t status)
{
    struct wr_http_reply reply = {.status = status, .max_age_s = -1};

    h->last = true;
    if (!h->client) {
        (void)h1_say_reply(h, &reply, true);
    }
    h->err = status == 413 || status == 414 || status == 431 ? WR_E_LIMIT : WR_E_FORMAT;
    h->closing = true;
    return h->err;
}

/* The message in work is done with: what is behind it moves to the front. */
static void h1_forget(struct wr_h1 *h)
{
    size_t rest = h->in.size - h->at;

    if (rest > 0) {
        memmove(h->in.base, h->in.base + h->at, rest);
    }
    h->in.size = rest;
    if (rest == 0 && h->in.cap > KEPT) {
        wr_http_octets_free(h->heap, &h->in);
    }
    h->at = h->body = h->have = 0;
    h->trailers = 0;
    h->state = HEAD;
    h->method = 0;
    h->message_err = WR_OK;
    h->since_us = h->now_us;
    h->looked = false;
    h->closing |= h->last;
}

/* --- reading ------------------------------------------------------------------------------------ */

/* The octets of the next line with its LF, from `at` on, if it is there; 0: not yet. */
static size_t h1_line(const struct wr_h1 *h)
{
    const uint8_t *from = h->in.base + h->at;
    const uint8_t *end = h->in.size > h->at ? memchr(from, '\n', h->in.size - h->at) : NULL;

    return end != NULL ? (size_t)(end - from) + 1 : 0;
}

static bool line_ended(const uint8_t *line, size_t n)
{
    return n >= 2 && line[n - 2] == '\r';
}

/* The head is whole: what follows it. */
static int h1_head(struct wr_h1 *h)
{
    struct wr_h1head head;
    uint16_t status;

    if (h->client) {
        status = wr_h1head_response(h->in.base, h->at, &head) == WR_OK ? 0 : 400;
    } else {
        status = wr_h1head_request(h->in.base, h->at, &head);
    }
    if (status != 0) {
        return h1_fail(h, status);
    }
    if (h->client && head.head.status < 200) {
        h1_forget(
            h); /* informational; the final response follows. Their number is bounded by time */
        h->method = WR_HTTP_POST;
        return WR_OK;
    }
    h->head = head.head;
    h->target_at = head.target_at;
    h->target_size = head.target_size;
    h->chunked = head.chunked;
    h->last |= head.last;
    h->body = h->at;
    h->have = 0;
    h->left = head.head.has_length ? head.head.length : 0;
    if (h->client && !head.chunked && !head.head.has_length && head.head.status != 204 &&
        head.head.status != 304) {
        return h1_fail(h, 400);
    }
    h->state = head.chunked ? CHUNK_SIZE : h->left > 0 ? BODY : WHOLE;
    if (h->left > h->body_max) {
        h->message_err = WR_E_LIMIT;
        h->unread = true;
        h->last = true; /* the body is not read */
        h->state = WHOLE;
    } else if (!h->client && head.head.expect && h->state != WHOLE) {
        return h1_say(h, continue_100, sizeof(continue_100) - 1);
    }
    return WR_OK;
}

/* Moves over lines until the empty one. False: more octets are needed, or the connection is lost. */
static bool h1_read_head(struct wr_h1 *h)
{
    size_t n;

    while ((n = h1_line(h)) > 0) {
        const uint8_t *line = h->in.base + h->at;

        if (!line_ended(line, n)) {
            h1_fail(h, 400);
            return false;
        }
        if (h->at == 0 && n == 2 &&
            !h->client) { /* an empty line before a request (RFC 9112 section 2.2) */
            h->at = 2;
            h1_forget(h);
            continue;
        }
        h->at += n;
        if (h->at > WR_HTTP_HEAD_MAX) {
            break;
        }
        if (n == 2) {
            return h1_head(h) == WR_OK;
        }
    }
    if (h->in.size > WR_HTTP_HEAD_MAX) {
        h1_fail(h, h->at == 0 ? 414 : 431);
    }
    return false;
}

static void h1_take_body(struct wr_h1 *h, uint64_t want)
{
    size_t there = h->in.size - h->at, n = want < there ? (size_t)want : there;

    if (h->body + h->have != h->at) {
        memmove(h->in.base + h->body + h->have, h->in.base + h->at, n);
    }
    h->have += n;
    h->at += n;
    h->left -= n;
}

static bool h1_read_body(struct wr_h1 *h)
{
    h1_take_body(h, h->left);
    if (h->left == 0) {
        h->state = WHOLE;
    }
    return h->left == 0;
}

/* The size of a chunk, in hexadecimal; what stands behind a semicolon means nothing. */
static bool chunk_size(const uint8_t *line, size_t n, uint64_t *ret_size)
{
    uint64_t size = 0;
    size_t digits = 0;

    for (; digits < n && digits < CHUNK_DIGITS; digits++) {
        uint8_t c = line[digits];
        unsigned digit = c >= '0' && c <= '9'   ? c - '0' + 0u
                         : c >= 'a' && c <= 'f' ? c - 'a' + 10u
                         : c >= 'A' && c <= 'F' ? c - 'A' + 10u
                                                : 16u;
        if (digit == 16) {
            break;
        }
        size = size << 4 | digit;
    }
    *ret_size = size;
    return digits > 0 &&
           (digits == n || line[digits] == ';' || line[digits] == ' ' || line[digits] == '\t');
}

static bool h1_read_chunk_size(struct wr_h1 *h)
{
    size_t n = h1_line(h);
    const uint8_t *line = h->in.base + h->at;

    if (n == 0 && h->in.size - h->at <= WR_HTTP_CHUNK_LINE_MAX) {
        return false;
    }
    if (n > WR_HTTP_CHUNK_LINE_MAX || !line_ended(line, n) || !chunk_size(line, n - 2, &h->left) ||
        memchr(line, '\r', n - 2) != NULL) {
        h1_fail(h, 400);
        return false;
    }
    h->at += n;
    h->state = h->left == 0 ? TRAILER : CHUNK_DATA;
    if (h->left > h->body_max - h->have) {
        h->message_err = WR_E_LIMIT;
        h->unread = true;
        h->last = true;
        h->state = WHOLE;
    }
    return true;
}

static bool h1_read_chunk_data(struct wr_h1 *h)
{
    h1_take_body(h, h->left);
    if (h->left == 0) {
        h->state = CHUNK_END;
    }
    return h->left == 0;
}

static bool h1_read_chunk_end(struct wr_h1 *h)
{
    if (h->in.size - h->at < 2) {
        return false;
    }
    if (h->in.base[h->at] != '\r' || h->in.base[h->at + 1] != '\n') {
        h1_fail(h, 400);
        return false;
    }
    h->at += 2;
    h->state = CHUNK_SIZE;
    return true;
}

static bool h1_read_trailer(struct wr_h1 *h)
{
    size_t n = h1_line(h);

    if (n == 0 && h->in.size - h->at <= WR_HTTP_TRAILER_MAX) {
        return false;
    }
    h->trailers += n;
    if (h->trailers > WR_HTTP_TRAILER_MAX || !line_ended(h->in.base + h->at, n)) {
        h1_fail(h, 400);
        return false;
    }
    h->at += n;
    if (n == 2) {
        h->state = WHOLE;
    }
    return true;
}

/* Reads on until a message is whole or more octets are needed. Each turn but the last moves over octets. */
static void h1_read(struct wr_h1 *h)
{
    static bool (*const readers[])(struct wr_h1 *) = {
        [HEAD] = h1_read_head,
        [BODY] = h1_read_body,
        [CHUNK_SIZE] = h1_read_chunk_size,
        [CHUNK_DATA] = h1_read_chunk_data,
        [CHUNK_END] = h1_read_chunk_end,
        [TRAILER] = h1_read_trailer,
    };

    h->looked = true;
    if (h->client && h->method == 0) {
        h1_fail(h, 400); /* octets, and nobody asked */
        return;
    }
    while (h->err == WR_OK && !h->closing && h->state < WHOLE && readers[h->state](h)) {
    }
    if (h->state < WHOLE && h->state > HEAD && h->at > h->body + h->have) {
        size_t to = h->body + h->have, rest = h->in.size - h->at;

        memmove(h->in.base + to, h->in.base + h->at, rest); /* lines of chunks take no room */
        h->at = to;
        h->in.size = to + rest;
    }
}

int wr_h1_feed(struct wr_h1 *h, const uint8_t *bytes, size_t size, uint64_t now_us)
{
    size_t max = WR_HTTP_HEAD_MAX + h->body_max + WR_HTTP_PIPELINE_MAX;
    int err;

    if (h->err != WR_OK) {
        return h->err;
    }
    h->now_us = now_us;
    if (h->closing) {
        return WR_OK; /* not read any more */
    }
    if (h->in.size == 0) {
        h->since_us = now_us;
    }
    if (h->state >= WHOLE && h->in.size - h->at + size > WR_HTTP_PIPELINE_MAX) {
        h->err = WR_E_LIMIT;
        return h->err;
    }
    err = wr_http_octets_add(h->heap, &h->in, bytes, size, max);
    if (err != WR_OK) {
        h->err = err;
        return err;
    }
    h1_read(h);
    return h->err;
}

/* A client's response has been seen. */
static void h1_settle(struct wr_h1 *h)
{
    if (h->client && h->state == GIVEN) {
        wr_http_octets_free(h->heap, &h->asked);
        h1_forget(h);
    }
}

int wr_h1_next(struct wr_h1 *h, struct wr_http_message *ret_message)
{
    h1_settle(h);
    if (h->err == WR_OK && !h->closing && h->state < WHOLE && h->in.size > h->at) {
        h1_read(h);
    }
    if (h->err != WR_OK || h->state != WHOLE) {
        return h->err != WR_OK ? h->err : WR_E_AGAIN;
    }
    h->state = GIVEN;
    h->number += !h->client;
    *ret_message = (struct wr_http_message){
        .stream = h->number,
        .token = h->token,
        .head = h->head,
        .target = {(const char *)h->in.base + h->target_at, h->target_size},
        .body = h->in.base + h->body,
        .size = h->have,
        .asked = h->asked.base,
        .asked_size = h->asked.size,
        .err = h->message_err,
    };
    return WR_OK;
}

/* --- writing ------------------------------------------------------------------------------------ */

int wr_h1_respond(struct wr_h1 *h, uint64_t stream, const struct wr_http_reply *reply)
{
    int err;

    if (h->err != WR_OK || h->client || h->state != GIVEN || stream != h->number) {
        return WR_E_NOTFOUND;
    }
    err = h1_say_reply(h, reply, h->head.method != WR_HTTP_HEAD);
    if (err == WR_OK) {
        h1_forget(h);
    }
    return err;
}

int wr_h1_request(struct wr_h1 *h, const struct wr_http_request *request)
{
    const char *type = wr_http_type_name(request->type);
    bool post = request->method == WR_HTTP_POST;
    char room[HEAD_LINES];
    struct wr_str s;
    size_t said;

    h1_settle(h);
    if (h->in.size > 0 && h->method == 0 && h->err == WR_OK) {
        h1_fail(h, 400); /* octets that would pass for the response */
    }
    if (h->err != WR_OK || h->closing || h->number == UINT64_MAX) {
        return WR_E_CLOSED;
    }
    if (h->method != 0) {
        return WR_E_AGAIN;
    }
    said = h->out.size;
    h->number++;
    h->token = request->token;
    h->method = request->method;
    wr_str_init(&s, room, sizeof(room));
    wr_str_text(&s, " HTTP/1.1\r\nHost: ");
    wr_str_text(&s, request->authority);
    if (type != NULL) {
        wr_str_text(&s, "\r\nAccept: ");
        wr_str_text(&s, type);
    }
    if (post && type != NULL) {
        wr_str_text(&s, "\r\nContent-Type: ");
        wr_str_text(&s, type);
    }
    if (post) {
        wr_str_text(&s, "\r\nContent-Length: ");
        wr_str_u64(&s, request->size);
    }
    wr_str_text(&s, "\r\n\r\n");
    if (wr_http_octets_add(h->heap, &h->asked, request->body, request->size, request->size) !=
            WR_OK ||
        h1_say(h, post ? "POST " : "GET ", post ? 5 : 4) != WR_OK ||
        h1_say(h, request->target.at, request->target.n) != WR_OK || s.cut ||
        h1_say(h, s.base, s.len) != WR_OK ||
        (post && h1_say(h, request->body, request->size) != WR_OK)) {
        h->err = WR_OK; /* as if it had not been asked */
        h->out.size = said;
        h->asked.size = 0;
        h->method = 0;
        h->number--;
        return WR_E_NOMEM;
    }
    return WR_OK;
}

size_t wr_h1_output(struct wr_h1 *h, uint8_t *room, size_t cap)
{
    size_t left = h->out.size - h->sent, n = left < cap ? left : cap;

    if (n > 0) {
        memcpy(room, h->out.base + h->sent, n);
    }
    h->sent += n;
    if (h->sent == h->out.size) {
        h->sent = h->out.size = 0;
        if (h->out.cap > KEPT) {
            wr_http_octets_free(h->heap, &h->out);
        }
    }
    return n;
}

bool wr_h1_has_output(const struct wr_h1 *h)
{
    return h->out.size > h->sent;
}

bool wr_h1_busy(const struct wr_h1 *h)
{
    return h->method != 0 && h->state != GIVEN;
}

uint64_t wr_h1_since(const struct wr_h1 *h)
{
    bool reading = h->err == WR_OK && h->state < WHOLE && h->in.size > 0;

    return reading ? h->since_us : WR_TIME_NEVER;
}

bool wr_h1_full(const struct wr_h1 *h)
{
    return h->state >= WHOLE && h->in.size > h->at;
}

bool wr_h1_more(const struct wr_h1 *h)
{
    return h->err == WR_OK && !h->closing && h->state == HEAD && h->at == 0 && h->in.size > 0 &&
           !h->looked;
}

void wr_h1_close(struct wr_h1 *h)
{
    h->last = true;
    h->closing |= h->state == HEAD && h->method == 0;
}

bool wr_h1_over(const struct wr_h1 *h)
{
    return (h->err != WR_OK || h->closing) && !wr_h1_has_output(h);
}

bool wr_h1_done(const struct wr_h1 *h)
{
    return wr_h1_over(h) && !h->unread;
}
