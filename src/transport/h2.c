/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/h2.h"

#include <nghttp2/nghttp2.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"

enum {
    WINDOW = 65535,
    TABLE = 4096, /* of HPACK, both ways: RFC 9113's default */
    NUMBER = 24,  /* text of a number */
};

enum stream_state { READING = 0, READY, GIVEN, ANSWERED };

struct stream {
    struct wr_list link;
    int32_t id;
    uint8_t state;
    bool again;              /* client: failed, and the server has done nothing */
    int err;                 /* as in struct wr_http_message */
    uint32_t fields, octets; /* of its head so far */
    uint64_t since_us;
    uint64_t token;
    struct wr_http_head head;
    nghttp2_rcbuf *target;
    struct wr_http_octets in, out; /* the body that came; the body to be sent */
    size_t sent;                   /* octets of `out` that nghttp2 has */
};

static struct stream *stream_of(struct wr_list *link)
{
    return WR_CONTAINER(link, struct stream, link);
}

static void stream_move(struct stream *s, struct wr_list *list, uint8_t state)
{
    wr_list_remove(&s->link);
    wr_list_append(list, &s->link);
    s->state = state;
}

static void stream_free(struct wr_h2 *h, struct stream *s)
{
    wr_list_remove(&s->link);
    h->streams--;
    if (s->target != NULL) {
        nghttp2_rcbuf_decref(s->target);
    }
    wr_http_octets_free(h->heap, &s->in);
    wr_http_octets_free(h->heap, &s->out);
    wr_http_give(h->heap, s);
}

static struct stream *stream_new(struct wr_h2 *h)
{
    struct stream *s = wr_http_take(h->heap, sizeof(*s));

    if (s != NULL) {
        *s = (struct stream){.since_us = h->now_us};
        wr_list_init(&s->link);
        wr_list_append(&h->reading, &s->link);
        h->streams++;
    }
    return s;
}

/* --- memory of nghttp2: counted, and only refused when there is none -------------------------------- */

static void *h2_malloc(size_t size, void *user)
{
    return wr_http_force(user, NULL, size);
}

static void h2_free(void *at, void *user)
{
    wr_http_give(user, at);
}

static void *h2_calloc(size_t n, size_t size, void *user)
{
    size_t all = size == 0 || n <= WR_HTTP_CONNECTION_MAX / size ? n * size : SIZE_MAX;
    void *at = wr_http_force(user, NULL, all);

    return at != NULL ? memset(at, 0, all) : NULL;
}

static void *h2_realloc(void *at, size_t size, void *user)
{
    return wr_http_force(user, at, size);
}

static void h2_reset(struct wr_h2 *h, const struct stream *s, uint32_t code)
{
    if (nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, s->id, code) != 0) {
        h->err = WR_E_NOMEM;
    }
}

/* --- what comes --------------------------------------------------------------------------------- */

/* Takes from the credit of frames that get nothing done; false when there is none left. */
static bool h2_spend(struct wr_h2 *h)
{
    uint64_t seconds = (h->now_us - h->credit_us) / WR_S;

    if (seconds > 0) {
        uint64_t credit = (uint64_t)(h->credit > 0 ? h->credit : 0) +
                          (seconds > WR_H2_IDLE_FRAMES_MAX ? WR_H2_IDLE_FRAMES_MAX : seconds) *
                              WR_H2_IDLE_FRAMES_S;
        h->credit = credit > WR_H2_IDLE_FRAMES_MAX ? WR_H2_IDLE_FRAMES_MAX : (int32_t)credit;
        h->credit_us += seconds * WR_S;
    }
    return --h->credit > 0;
}

static void h2_earn(struct wr_h2 *h)
{
    if (h->credit < WR_H2_IDLE_FRAMES_MAX - WR_H2_IDLE_FRAMES_EARNED) {
        h->credit += WR_H2_IDLE_FRAMES_EARNED;
    }
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *user)
{
    struct wr_h2 *h = user;
    /* Octets, or the end, of a body. A head is not free: it may be of a stream that is long closed, broken, or refused, and is unpacked in any
     * case; a message that is done gives back more than it took. */
    bool useful =
        hd->type == NGHTTP2_DATA && (hd->length > 0 || (hd->flags & NGHTTP2_FLAG_END_STREAM));

    if (useful || h2_spend(h)) {
        return 0;
    }
    h->err = WR_E_LIMIT;
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct wr_h2 *h = user;
    struct stream *s;

    if (h->client || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
        if (s != NULL && h->client && s->state == READING && s->head.status < 200) {
            s->head = (struct wr_http_head){0}; /* what was before was informational */
        }
        return 0;
    }
    s = stream_new(h);
    if (s == NULL) {
        return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                         NGHTTP2_REFUSED_STREAM) == 0
                   ? 0
                   : NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    s->id = frame->hd.stream_id;
    nghttp2_session_set_stream_user_data(session, s->id, s);
    return 0;
}

static void stream_pseudo(struct stream *s, const nghttp2_vec *name, nghttp2_rcbuf *value)
{
    nghttp2_vec text = nghttp2_rcbuf_get_buf(value);
    uint64_t status = 0;

    if (name->len == 5 && memcmp(name->base, ":path", 5) == 0 && s->target == NULL) {
        nghttp2_rcbuf_incref(value);
        s->target = value;
    } else if (name->len == 7 && memcmp(name->base, ":method", 7) == 0) {
        s->head.method = wr_http_method((const char *)text.base, text.len);
    } else if (name->len == 7 && memcmp(name->base, ":status", 7) == 0 &&
               wr_str_to_u64((const char *)text.base, text.len, 999, &status) == WR_OK) {
        s->head.status = (uint16_t)status;
    }
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, nghttp2_rcbuf *name,
                     nghttp2_rcbuf *value, uint8_t flags, void *user)
{
    struct wr_h2 *h = user;
    struct stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    nghttp2_vec n = nghttp2_rcbuf_get_buf(name), v = nghttp2_rcbuf_get_buf(value);

    if (s == NULL) {
        return 0;
    }
    s->fields++;
    s->octets += (uint32_t)(n.len + v.len + 32); /* as SETTINGS_MAX_HEADER_LIST_SIZE counts */
    if (s->octets > WR_HTTP_HEAD_MAX || s->fields > WR_HTTP_FIELDS_MAX) {
        s->err = WR_E_FULL;
        if (s->octets > WR_H2_BOMB_MAX || h->client) {
            h->err = WR_E_LIMIT;
            return NGHTTP2_ERR_CALLBACK_FAILURE;
        }
        return 0;
    }
    if (s->state != READING || s->in.size > 0) {
        return 0; /* trailers */
    }
    if (n.len > 0 && n.base[0] == ':') {
        stream_pseudo(s, &n, value);
    } else if (wr_http_field(&s->head, (const char *)n.base, n.len, (const char *)v.base, v.len) !=
               WR_OK) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct wr_h2 *h = user;
    struct stream *s;

    if (frame->hd.type == NGHTTP2_GOAWAY) {
        h->closing = true;
        return 0;
    }
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) {
        return 0;
    }
    s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (s == NULL || s->state != READING) {
        return 0;
    }
    if (s->err == WR_OK && s->head.has_length && s->head.length > h->body_max) {
        s->err = WR_E_LIMIT;
    }
    if (s->err != WR_OK || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        stream_move(s, &h->ready, READY);
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                   size_t size, void *user)
{
    struct wr_h2 *h = user;
    struct stream *s = nghttp2_session_get_stream_user_data(session, id);
    size_t expected;

    if (s != NULL && s->state == ANSWERED && s->err != WR_OK && !h->client) {
        s->octets += (uint32_t)size; /* at most a window at once */
        if (s->octets > WR_HTTP_HEAD_MAX + WR_HTTP_PIPELINE_MAX) {
            s->octets = 0;
            h2_reset(h, s, NGHTTP2_NO_ERROR); /* not wanted (RFC 9113 section 8.1) */
        }
        return 0;
    }
    if (s == NULL || s->state != READING) {
        return 0;
    }
    expected = s->head.has_length && s->in.size == 0 ? (size_t)s->head.length : 0;
    if (expected > size && expected <= h->body_max) {
        s->err = wr_http_octets_add(h->heap, &s->in, NULL, expected, h->body_max);
    }
    if (s->err == WR_OK) {
        s->err = wr_http_octets_add(h->heap, &s->in, bytes, size, h->body_max);
    }
    if (s->err != WR_OK) {
        stream_move(s, &h->ready, READY);
    }
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    struct wr_h2 *h = user;
    struct stream *s = nghttp2_session_get_stream_user_data(session, id);

    if (s == NULL) {
        return 0;
    }
    if (h->client && s->state <= READY) {
        if (s->state == READING) {
            s->err = WR_E_CLOSED;
            s->again = code == NGHTTP2_REFUSED_STREAM;
            stream_move(s, &h->ready, READY);
        }
        return 0; /* next gives and frees it */
    }
    if (s->state == ANSWERED && code == NGHTTP2_NO_ERROR) {
        h2_earn(h);
    }
    if (s != h->shown) {
        stream_free(h, s);
    }
    return 0;
}

/* What nghttp2 says against a peer that breaks the protocol ends the connection. */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct wr_h2 *h = user;

    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR &&
        h->err == WR_OK) {
        h->err = WR_E_FORMAT;
    }
    return 0;
}

static ssize_t on_read(nghttp2_session *session, int32_t id, uint8_t *room, size_t cap,
                       uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct stream *s = source->ptr;
    size_t left = s->out.size - s->sent, n = left < cap ? left : cap;

    if (n > 0) {
        memcpy(room, s->out.base + s->sent, n);
    }
    s->sent += n;
    ((struct wr_h2 *)user)->carried += n;
    if (s->sent == s->out.size) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)n;
}

/* --- start -------------------------------------------------------------------------------------- */

static int h2_new(struct wr_h2 *h, nghttp2_session_callbacks *calls, nghttp2_option *option)
{
    nghttp2_mem mem = {h->heap, h2_malloc, h2_free, h2_calloc, h2_realloc};
    nghttp2_session *session = NULL;
    int err;

    nghttp2_session_callbacks_set_on_begin_frame_callback(calls, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(calls, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(calls, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(calls, on_sent);
    nghttp2_option_set_max_outbound_ack(option, WR_H2_ACKS_MAX);
    nghttp2_option_set_max_settings(option, WR_H2_SETTINGS_MAX);
    nghttp2_option_set_max_reserved_remote_streams(option, 0);
    nghttp2_option_set_max_deflate_dynamic_table_size(option, TABLE);
    nghttp2_option_set_no_closed_streams(option, 1);
    if (h->client) {
        err = nghttp2_session_client_new3(&session, calls, h, option, &mem);
    } else {
        err = nghttp2_session_server_new3(&session, calls, h, option, &mem);
    }
    h->session = session;
    return err == 0 ? WR_OK : WR_E_NOMEM;
}

static int h2_settings(struct wr_h2 *h)
{
    nghttp2_settings_entry server[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, WR_H2_STREAMS_MAX},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, WR_HTTP_HEAD_MAX},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    nghttp2_settings_entry client[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, WR_HTTP_HEAD_MAX},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW},
    };
    int err = nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, h->client ? client : server,
                                      h->client ? WR_ARRAY_LEN(client) : WR_ARRAY_LEN(server));

    return err == 0 ? WR_OK : WR_E_NOMEM;
}

int wr_h2_start(struct wr_h2 *h, const struct wr_h2_setup *setup, uint64_t now_us)
{
    nghttp2_session_callbacks *calls = NULL;
    nghttp2_option *option = NULL;
    int err = WR_E_NOMEM;

    *h = (struct wr_h2){.heap = setup->heap,
                        .client = setup->client,
                        .body_max = setup->body_max,
                        .now_us = now_us,
                        .credit_us = now_us,
                        .credit = WR_H2_IDLE_FRAMES_MAX};
    wr_list_init(&h->reading);
    wr_list_init(&h->ready);
    wr_list_init(&h->given);
    wr_list_init(&h->leaving);
    if (nghttp2_session_callbacks_new(&calls) == 0 && nghttp2_option_new(&option) == 0) {
        err = h2_new(h, calls, option);
    }
    nghttp2_session_callbacks_del(calls);
    nghttp2_option_del(option);
    if (err == WR_OK) {
        err = h2_settings(h);
    }
    if (err != WR_OK) {
        wr_h2_end(h);
    }
    return err;
}

void wr_h2_end(struct wr_h2 *h)
{
    struct wr_list *lists[] = {&h->reading, &h->ready, &h->given, &h->leaving};

    for (size_t i = 0; i < WR_ARRAY_LEN(lists); i++) {
        while (lists[i]->next != NULL && !wr_list_empty(lists[i])) {
            stream_free(h, stream_of(lists[i]->next));
        }
    }
    if (h->heap
            ->failed) { /* nghttp2 may hold things twice after that (1.52: an item that could not be queued) */
        wr_http_heap_drop(h->heap);
    } else {
        nghttp2_session_del(h->session);
    }
    h->session = NULL;
    h->shown = NULL;
    h->out_size = 0;
    h->err = WR_E_CLOSED;
}

/* --- the calls ---------------------------------------------------------------------------------- */

/* The connection is lost: what is said to the other side, and nothing is read any more. */
static int h2_fail(struct wr_h2 *h, int lib)
{
    uint32_t code = NGHTTP2_PROTOCOL_ERROR;

    if (h->err == WR_E_LIMIT || lib == NGHTTP2_ERR_FLOODED) {
        h->err = WR_E_LIMIT;
        code = NGHTTP2_ENHANCE_YOUR_CALM;
    } else if (lib == NGHTTP2_ERR_NOMEM) {
        h->err = WR_E_NOMEM;
        code = NGHTTP2_INTERNAL_ERROR;
    } else {
        h->err = WR_E_FORMAT;
    }
    h->closing = true;
    (void)nghttp2_session_terminate_session(h->session, code);
    return h->err;
}

int wr_h2_feed(struct wr_h2 *h, const uint8_t *bytes, size_t size, uint64_t now_us)
{
    ssize_t n;

    if (h->err != WR_OK) {
        return h->err;
    }
    h->now_us = now_us;
    n = nghttp2_session_mem_recv(h->session, bytes, size);
    if (n >= 0 && h->heap->used > h->heap->max) {
        h->err = WR_E_LIMIT;
        n = NGHTTP2_ERR_FLOODED;
    }
    return n < 0 ? h2_fail(h, (int)n) : WR_OK;
}

static void message_of(const struct stream *s, struct wr_http_message *ret_message)
{
    nghttp2_vec target = {NULL, 0};

    if (s->target != NULL) {
        target = nghttp2_rcbuf_get_buf(s->target);
    }
    *ret_message = (struct wr_http_message){
        .stream = (uint64_t)s->id,
        .token = s->token,
        .head = s->head,
        .target = {(const char *)target.base, target.len},
        .body = s->in.base,
        .size = s->in.size,
        .asked = s->out.base,
        .asked_size = s->out.size,
        .err = s->err,
        .again = s->again,
    };
}

static void h2_forget_shown(struct wr_h2 *h)
{
    struct stream *s = h->shown;

    h->shown = NULL;
    if (s != NULL) {
        stream_free(h, s);
    }
}

/* A response is given: nghttp2 may still know the stream (a body that was too long), and must not know us. */
static void h2_show(struct wr_h2 *h, struct stream *s)
{
    if (nghttp2_session_get_stream_user_data(h->session, s->id) == s) {
        nghttp2_session_set_stream_user_data(h->session, s->id, NULL);
        if (s->err != WR_OK) {
            h2_reset(h, s, NGHTTP2_CANCEL);
        }
    }
    if (s->err == WR_OK) {
        h2_earn(h);
    }
    h->shown = s;
}

int wr_h2_next(struct wr_h2 *h, struct wr_http_message *ret_message)
{
    struct stream *s;

    h2_forget_shown(h);
    if (h->session == NULL || wr_list_empty(&h->ready) || (h->err != WR_OK && !h->client)) {
        return h->err != WR_OK ? h->err : WR_E_AGAIN;
    }
    s = stream_of(h->ready.next);
    stream_move(s, &h->given, GIVEN);
    if (h->client) {
        h2_show(h, s);
    }
    message_of(s, ret_message);
    return WR_OK;
}

static nghttp2_nv nv(const char *name, const char *value, size_t value_size, uint8_t flags)
{
    /* nghttp2 takes them as not const and does not write. */
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        value_size, flags};
}

static nghttp2_nv nv_text(const char *name, const char *value, uint8_t flags)
{
    return nv(name, value, strlen(value), flags);
}

static struct stream *h2_given(struct wr_h2 *h, uint64_t stream)
{
    struct stream *s;

    if (h->session == NULL || h->client || stream > INT32_MAX) {
        return NULL;
    }
    s = nghttp2_session_get_stream_user_data(h->session, (int32_t)stream);
    return s != NULL && s->state == GIVEN ? s : NULL;
}

static int h2_submit(struct wr_h2 *h, struct stream *s, const struct wr_http_reply *reply)
{
    nghttp2_data_provider provider = {.source.ptr = s, .read_callback = on_read};
    char status[NUMBER], length[NUMBER], cache[WR_HTTP_CACHE_SIZE];
    struct wr_str text;
    nghttp2_nv fields[5];
    size_t n = 0;
    bool body = s->out.size > 0;

    wr_str_init(&text, status, sizeof(status));
    wr_str_u64(&text, reply->status);
    fields[n++] = nv_text(":status", status, NGHTTP2_NV_FLAG_NONE);
    if (wr_http_type_name(reply->type) != NULL && reply->size > 0) {
        fields[n++] = nv_text("content-type", wr_http_type_name(reply->type), NGHTTP2_NV_FLAG_NONE);
    }
    wr_str_init(&text, length, sizeof(length));
    wr_str_u64(&text, reply->size);
    fields[n++] = nv(("content-length"), length, text.len, NGHTTP2_NV_FLAG_NONE);
    wr_http_cache_control(reply, cache);
    if (cache[0] != 0) { /* a number that changes would only push others out of the table */
        fields[n++] = nv_text("cache-control", cache, NGHTTP2_NV_FLAG_NO_INDEX);
    }
    if (reply->allow != NULL) {
        fields[n++] = nv_text("allow", reply->allow, NGHTTP2_NV_FLAG_NONE);
    }
    return nghttp2_submit_response(h->session, s->id, fields, n, body ? &provider : NULL);
}

int wr_h2_respond(struct wr_h2 *h, uint64_t stream, const struct wr_http_reply *reply)
{
    struct stream *s = h2_given(h, stream);
    int err = WR_OK;

    if (s == NULL) {
        return WR_E_NOTFOUND;
    }
    if (s->head.method != WR_HTTP_HEAD && reply->size > 0) {
        err = wr_http_octets_add(h->heap, &s->out, reply->body, reply->size, reply->size);
    }
    stream_move(s, &h->leaving, ANSWERED);
    if (err != WR_OK || h2_submit(h, s, reply) != 0) {
        h2_reset(h, s, NGHTTP2_INTERNAL_ERROR);
        return WR_E_NOMEM;
    }
    return WR_OK;
}

void wr_h2_refuse(struct wr_h2 *h, uint64_t stream)
{
    struct stream *s = h2_given(h, stream);

    if (s != NULL) {
        stream_move(s, &h->leaving, ANSWERED);
        h2_reset(h, s, NGHTTP2_ENHANCE_YOUR_CALM);
    }
}

static int32_t h2_submit_request(struct wr_h2 *h, struct stream *s,
                                 const struct wr_http_request *request)
{
    nghttp2_data_provider provider = {.source.ptr = s, .read_callback = on_read};
    const char *type = wr_http_type_name(request->type);
    bool post = request->method == WR_HTTP_POST;
    char length[NUMBER];
    struct wr_str text;
    nghttp2_nv fields[7];
    size_t n = 0;

    fields[n++] = nv_text(":method", wr_http_method_name(request->method), NGHTTP2_NV_FLAG_NONE);
    fields[n++] = nv_text(":scheme", "https", NGHTTP2_NV_FLAG_NONE);
    fields[n++] = nv_text(":authority", request->authority, NGHTTP2_NV_FLAG_NONE);
    fields[n++] = nv(":path", request->target.at, request->target.n,
                     post ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX);
    if (type != NULL) {
        fields[n++] = nv_text("accept", type, NGHTTP2_NV_FLAG_NONE);
    }
    if (post) {
        wr_str_init(&text, length, sizeof(length));
        wr_str_u64(&text, request->size);
        fields[n++] = nv("content-length", length, text.len, NGHTTP2_NV_FLAG_NONE);
        if (type != NULL) {
            fields[n++] = nv_text("content-type", type, NGHTTP2_NV_FLAG_NONE);
        }
    }
    return nghttp2_submit_request(h->session, NULL, fields, n, post ? &provider : NULL, s);
}

int wr_h2_request(struct wr_h2 *h, const struct wr_http_request *request)
{
    struct stream *s;
    uint32_t allowed;

    if (h->session == NULL || h->err != WR_OK || h->closing) {
        return WR_E_CLOSED;
    }
    allowed =
        nghttp2_session_get_remote_settings(h->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    if (h->streams >= WR_H2_STREAMS_MAX || h->streams >= allowed) {
        return WR_E_AGAIN;
    }
    s = stream_new(h);
    if (s == NULL) {
        return WR_E_NOMEM;
    }
    s->token = request->token;
    if (wr_http_octets_add(h->heap, &s->out, request->body, request->size, request->size) ==
        WR_OK) {
        s->id = h2_submit_request(h, s, request);
    }
    if (s->id <= 0) { /* no memory for it, or all stream numbers used */
        int err = s->id == 0 ? WR_E_NOMEM : WR_E_CLOSED;
        h->closing |= s->id == NGHTTP2_ERR_STREAM_ID_NOT_AVAILABLE;
        if (err == WR_E_CLOSED && !h->closing) { /* nghttp2 is not to be trusted then */
            h->err = WR_E_NOMEM;
        }
        stream_free(h, s);
        return err;
    }
    return WR_OK;
}

size_t wr_h2_output(struct wr_h2 *h, uint8_t *room, size_t cap)
{
    size_t at = 0;

    while (h->session != NULL && at < cap) {
        size_t n;

        if (h->out_size == 0) {
            ssize_t size = nghttp2_session_mem_send(h->session, &h->out);
            if (size <= 0) {
                h->err = size < 0 && h->err == WR_OK ? WR_E_NOMEM : h->err;
                break;
            }
            h->out_size = (size_t)size;
        }
        n = h->out_size < cap - at ? h->out_size : cap - at;
        memcpy(room + at, h->out, n);
        h->out += n;
        h->out_size -= n;
        at += n;
    }
    return at;
}

bool wr_h2_has_output(const struct wr_h2 *h)
{
    return h->session != NULL && (h->out_size > 0 || nghttp2_session_want_write(h->session));
}

uint64_t wr_h2_since(const struct wr_h2 *h)
{
    return wr_list_empty(&h->reading) ? WR_TIME_NEVER : stream_of(h->reading.next)->since_us;
}

uint64_t wr_h2_waiting(const struct wr_h2 *h)
{
    return h->session == NULL || wr_list_empty(&h->leaving)
               ? 0
               : (uint64_t)stream_of(h->leaving.next)->id;
}

void wr_h2_close(struct wr_h2 *h)
{
    if (h->session != NULL && !h->closing) {
        int32_t last = nghttp2_session_get_last_proc_stream_id(h->session);
        (void)nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0);
    }
    h->closing = true;
}

bool wr_h2_over(const struct wr_h2 *h)
{
    return h->session == NULL ||
           ((h->closing || h->err != WR_OK) && h->out_size == 0 &&
            (h->err != WR_OK || h->streams == 0) && !nghttp2_session_want_write(h->session));
}
