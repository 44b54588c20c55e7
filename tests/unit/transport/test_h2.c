/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2: two ends that speak with each other over memory, and raw frames of one who does not play fair. */
#include "unit/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"
#include "transport/h2.h"
#include "unit/transport/httpmem.h"

enum { BODY_MAX = 1000, START_US = 1000000, FRAME_HEAD = 9 };
enum {
    DATA = 0,
    HEADERS,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    PUSH,
    PING,
    GOAWAY,
    WINDOW_UPDATE,
    CONTINUATION
};

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/* :method POST, :scheme https, :path /, :authority x: from the static table, and one literal */
static const uint8_t post_head[] = {0x83, 0x87, 0x84, 0x01, 0x01, 'x'};

struct end {
    struct httpmem mem;
    struct wr_http_heap heap;
    struct wr_h2 h;
    uint64_t now_us;
};

static struct end *begin(bool client)
{
    struct end *e = calloc(1, sizeof(*e));
    struct wr_h2_setup setup = {.client = client, .body_max = BODY_MAX};

    assert_non_null(e);
    e->now_us = START_US;
    httpmem_heap(&e->mem, &e->heap, WR_HTTP_CONNECTION_MAX);
    setup.heap = &e->heap;
    assert_int_equal(wr_h2_start(&e->h, &setup, START_US), WR_OK);
    return e;
}

static void finish(struct end *e)
{
    wr_h2_end(&e->h);
    assert_int_equal(e->heap.used, 0);
    assert_int_equal(e->mem.pieces, 0);
    free(e);
}

/* All that `from` has to say goes to `to`, in pieces of `step` octets. */
static int carry(struct end *from, struct end *to, size_t step)
{
    uint8_t bytes[3000];
    size_t n;
    int err = WR_OK;

    while (err == WR_OK && (n = wr_h2_output(&from->h, bytes, step)) > 0) {
        err = wr_h2_feed(&to->h, bytes, n, to->now_us);
    }
    return err;
}

static void talk(struct end *a, struct end *b)
{
    for (int i = 0; i < 4; i++) {
        assert_int_equal(carry(a, b, 3000), WR_OK);
        assert_int_equal(carry(b, a, 3000), WR_OK);
    }
}

static int ask(struct end *client, uint64_t token, size_t size)
{
    static const uint8_t body[4000];
    struct wr_http_request r = {.token = token,
                                .method = WR_HTTP_POST,
                                .type = WR_HTTP_TYPE_DNS,
                                .authority = "dns.example",
                                .target = {"/dns-query", 10},
                                .body = body,
                                .size = size};
    return wr_h2_request(&client->h, &r);
}

static int respond(struct end *server, uint64_t stream, const void *body, size_t size)
{
    struct wr_http_reply r = {
        .status = 200, .type = WR_HTTP_TYPE_DNS, .max_age_s = 60, .body = body, .size = size};
    return wr_h2_respond(&server->h, stream, &r);
}

/* Two questions, answered in the other order, octet by octet. */
static void there_and_back(void **state)
{
    struct end *c = begin(true), *s = begin(false);
    struct wr_http_message m[2];

    assert_int_equal(ask(c, 7, 40), WR_OK);
    assert_int_equal(ask(c, 8, 0), WR_OK);
    assert_int_equal(carry(c, s, 1), WR_OK);
    assert_int_equal(wr_h2_next(&s->h, &m[0]), WR_OK);
    assert_int_equal(wr_h2_next(&s->h, &m[1]), WR_OK);
    assert_int_equal(m[0].head.method, WR_HTTP_POST);
    assert_int_equal(m[0].head.type, WR_HTTP_TYPE_DNS);
    assert_memory_equal(m[0].target.at, "/dns-query", 10);
    assert_int_equal(m[0].size, 40);
    assert_int_equal(m[1].size, 0);
    assert_int_equal(respond(s, m[1].stream, "second", 6), WR_OK);
    assert_int_equal(respond(s, m[1].stream, "again", 5), WR_E_NOTFOUND);
    assert_int_equal(respond(s, m[0].stream, "first", 5), WR_OK);
    assert_int_equal(carry(s, c, 1), WR_OK);
    for (int i = 0; i < 2; i++) { /* nghttp2 sends bodies in an order of its own */
        bool second;

        assert_int_equal(wr_h2_next(&c->h, &m[0]), WR_OK);
        second = m[0].token == 8;
        assert_int_equal(m[0].head.status, 200);
        assert_int_equal(m[0].head.type, WR_HTTP_TYPE_DNS);
        assert_int_equal(m[0].size, second ? 6 : 5);
        assert_memory_equal(m[0].body, second ? "second" : "first", m[0].size);
        assert_int_equal(m[0].asked_size, second ? 0 : 40);
    }
    assert_int_equal(wr_h2_next(&c->h, &m[0]), WR_E_AGAIN);
    talk(c, s);
    assert_int_equal(c->h.streams, 0);
    assert_int_equal(s->h.streams, 0);
    assert_int_equal(wr_h2_waiting(&s->h), 0);
    finish(c);
    finish(s);
}

static void streams_are_bounded(void **state)
{
    struct end *c = begin(true), *s = begin(false);
    struct wr_http_message m;
    unsigned n = 0;

    talk(c, s);
    while (ask(c, n, 20) == WR_OK) {
        n++;
    }
    assert_int_equal(n, WR_H2_STREAMS_MAX);
    assert_int_equal(ask(c, n, 20), WR_E_AGAIN);
    talk(c, s);
    for (n = 0; wr_h2_next(&s->h, &m) == WR_OK; n++) {
        assert_int_equal(respond(s, m.stream, "x", 1), WR_OK);
    }
    assert_int_equal(n, WR_H2_STREAMS_MAX);
    talk(c, s);
    for (n = 0; wr_h2_next(&c->h, &m) == WR_OK; n++) {
    }
    assert_int_equal(n, WR_H2_STREAMS_MAX);
    assert_int_equal(ask(c, n, 20), WR_OK);
    finish(c);
    finish(s);
}

static void body_too_long(void **state)
{
    struct end *c = begin(true), *s = begin(false);
    struct wr_http_message m;

    assert_int_equal(ask(c, 1, BODY_MAX + 1), WR_OK);
    assert_int_equal(carry(c, s, 3000), WR_OK);
    assert_int_equal(wr_h2_next(&s->h, &m), WR_OK);
    assert_int_equal(m.err, WR_E_LIMIT);
    assert_int_equal(
        wr_h2_respond(&s->h, m.stream, &(struct wr_http_reply){.status = 413, .max_age_s = -1}),
        WR_OK);
    talk(s, c);
    assert_int_equal(wr_h2_next(&c->h, &m), WR_OK);
    assert_int_equal(m.head.status, 413);
    talk(s, c);
    assert_int_equal(s->h.streams, 0);
    /* and a response that is too long for a client */
    assert_int_equal(ask(c, 2, 10), WR_OK);
    talk(c, s);
    assert_int_equal(wr_h2_next(&s->h, &m), WR_OK);
    {
        static const uint8_t body[BODY_MAX + 1];
        assert_int_equal(respond(s, m.stream, body, sizeof(body)), WR_OK);
    }
    talk(s, c);
    assert_int_equal(wr_h2_next(&c->h, &m), WR_OK);
    assert_int_equal(m.err, WR_E_LIMIT);
    assert_int_equal(m.token, 2);
    finish(c);
    finish(s);
}

static void refused_is_safe_to_ask_again(void **state)
{
    struct end *c = begin(true), *s = begin(false);
    struct wr_http_message m;

    talk(c, s);
    assert_int_equal(ask(c, 1, 10), WR_OK);
    talk(c, s);
    assert_int_equal(wr_h2_next(&s->h, &m), WR_OK);
    wr_h2_close(&s->h);                     /* GOAWAY: the first is the last */
    assert_int_equal(ask(c, 2, 10), WR_OK); /* on its way already */
    assert_int_equal(carry(s, c, 3000), WR_OK);
    assert_int_equal(carry(c, s, 3000), WR_OK);
    assert_int_equal(ask(c, 3, 10), WR_E_CLOSED);
    assert_int_equal(respond(s, m.stream, "x", 1), WR_OK);
    talk(s, c);
    assert_int_equal(wr_h2_next(&c->h, &m), WR_OK);
    assert_int_equal(m.token, 2);
    assert_int_equal(m.err, WR_E_CLOSED);
    assert_true(m.again);
    assert_int_equal(wr_h2_next(&c->h, &m), WR_OK);
    assert_int_equal(m.token, 1);
    assert_int_equal(m.err, WR_OK);
    assert_int_equal(wr_h2_next(&c->h, &m), WR_E_AGAIN);
    assert_true(wr_h2_over(&c->h));
    assert_true(wr_h2_over(&s->h));
    finish(c);
    finish(s);
}

static void reset_is_told(void **state)
{
    struct end *c = begin(true), *s = begin(false);
    struct wr_http_message m;

    assert_int_equal(ask(c, 1, 10), WR_OK);
    talk(c, s);
    assert_int_equal(wr_h2_next(&s->h, &m), WR_OK);
    wr_h2_refuse(&s->h, m.stream);
    talk(s, c);
    assert_int_equal(wr_h2_next(&c->h, &m), WR_OK);
    assert_int_equal(m.err, WR_E_CLOSED);
    assert_false(m.again);
    finish(c);
    finish(s);
}

/* --- raw frames --------------------------------------------------------------------------------- */

static void put_frame(struct wr_writer *w, uint8_t type, uint8_t flags, uint32_t stream,
                      const void *bytes, size_t n)
{
    wr_buf_put_u8(w, (uint8_t)(n >> 16));
    wr_buf_put_u16(w, (uint16_t)n);
    wr_buf_put_u8(w, type);
    wr_buf_put_u8(w, flags);
    wr_buf_put_u32(w, stream);
    wr_buf_put_bytes(w, bytes, n);
    assert_int_equal(w->err, WR_OK);
}

static int feed_frame(struct end *e, uint8_t type, uint8_t flags, uint32_t stream,
                      const void *bytes, size_t n)
{
    uint8_t room[20000];
    struct wr_writer w;

    wr_buf_write_init(&w, room, sizeof(room));
    put_frame(&w, type, flags, stream, bytes, n);
    return wr_h2_feed(&e->h, room, w.pos, e->now_us);
}

static struct end *raw(void)
{
    struct end *s = begin(false);

    assert_int_equal(wr_h2_feed(&s->h, (const uint8_t *)preface, sizeof(preface) - 1, START_US),
                     WR_OK);
    assert_int_equal(feed_frame(s, SETTINGS, 0, 0, "", 0), WR_OK);
    return s;
}

/* Throws away what is to be sent; gives the error code of GOAWAY, or -1. */
static int drain(struct end *e)
{
    static uint8_t bytes[200000];
    size_t n = wr_h2_output(&e->h, bytes, sizeof(bytes));
    int code = -1;

    for (size_t at = 0; at + FRAME_HEAD <= n;) {
        size_t size = (size_t)bytes[at] << 16 | (size_t)bytes[at + 1] << 8 | bytes[at + 2];

        if (bytes[at + 3] == GOAWAY) {
            code = bytes[at + FRAME_HEAD + 7];
        }
        at += FRAME_HEAD + size;
    }
    return code;
}

enum { ENHANCE_YOUR_CALM = 11 };

/* Frames of unknown types are read over by nghttp2: they hold nothing and nothing is said to them. */
static void floods_end_the_connection(void **state)
{
    static const struct {
        uint8_t type, flags, stream;
        uint8_t size;
    } floods[] = {
        {SETTINGS, 0, 0, 0},
        {PING, 0, 0, 8},
        {PRIORITY, 0, 3, 5},
        {WINDOW_UPDATE, 0, 0, 4},
    };
    static const uint8_t bytes[8] = {0, 0, 0, 1};

    for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
        struct end *s = raw();
        unsigned n = 0;

        drain(s);
        while (n < 100000 && feed_frame(s, floods[i].type, floods[i].flags, floods[i].stream, bytes,
                                        floods[i].size) == WR_OK) {
            drain(s);
            n++;
        }
        assert_in_range(n, WR_H2_IDLE_FRAMES_MAX / 2, WR_H2_IDLE_FRAMES_MAX);
        assert_int_equal(drain(s), ENHANCE_YOUR_CALM);
        assert_true(wr_h2_over(&s->h));
        finish(s);
    }
}

/* Heads that nobody awaits: of a stream that was passed over, of one that was answered, and heads that are broken. Each is unpacked and thrown
 * away, so each counts. */
static void floods_of_closed_streams(void **state)
{
    static const uint8_t broken[] = {0x83, 0x83, 0x87, 0x84}; /* two methods */
    static const struct {
        uint8_t type;
        const uint8_t *bytes;
        size_t size;
        uint32_t stream, step;
    } floods[] = {
        {HEADERS, post_head, sizeof(post_head), 1, 0},
        {HEADERS, post_head, sizeof(post_head), 3, 0},
        {HEADERS, broken, sizeof(broken), 5, 2},
    };

    for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
        struct end *s = raw();
        struct wr_http_message m;
        uint32_t stream = floods[i].stream;
        unsigned n = 0;

        assert_int_equal(feed_frame(s, HEADERS, 5, 3, post_head, sizeof(post_head)), WR_OK);
        assert_int_equal(wr_h2_next(&s->h, &m), WR_OK);
        assert_int_equal(respond(s, m.stream, "x", 1), WR_OK);
        drain(s);
        while (n < 2000 &&
               feed_frame(s, floods[i].type, 5, stream, floods[i].bytes, floods[i].size) == WR_OK) {
            drain(s);
            stream += floods[i].step;
            n++;
        }
        assert_in_range(n, WR_H2_IDLE_FRAMES_MAX / 2, WR_H2_IDLE_FRAMES_MAX);
        assert_int_equal(drain(s), ENHANCE_YOUR_CALM);
        finish(s);
    }
}

/* Streams over SETTINGS_MAX_CONCURRENT_STREAMS: who has acknowledged it is closed by nghttp2 at the first; for who has not, each is refused, and
 * what bounds them is the credit of frames. */
static void more_streams_than_are_allowed(void **state)
{
    for (int told = 0; told < 2; told++) {
        struct end *s = raw();
        uint32_t n = 0;
        int code = drain(s);

        if (told) {
            assert_int_equal(feed_frame(s, SETTINGS, 1, 0, "", 0), WR_OK);
        }
        while (n < 10000 && code == -1) { /* heads without an end: each stream stays open */
            (void)feed_frame(s, HEADERS, 4, 2 * n + 1, post_head, sizeof(post_head));
            assert_in_range(s->h.streams, 1, WR_H2_STREAMS_MAX);
            code = drain(s);
            n++;
        }
        if (told) {
            assert_int_equal(n, WR_H2_STREAMS_MAX + 1);
            assert_int_equal(code, 1); /* PROTOCOL_ERROR */
        } else {
            assert_in_range(n, WR_H2_IDLE_FRAMES_MAX / 2, WR_H2_IDLE_FRAMES_MAX);
            assert_int_equal(code, ENHANCE_YOUR_CALM);
        }
        assert_true(wr_h2_over(&s->h));
        assert_int_not_equal(feed_frame(s, HEADERS, 4, 2 * n + 1, post_head, sizeof(post_head)),
                             WR_OK);
        finish(s);
    }
}

static void time_gives_credit_back(void **state)
{
    struct end *s = raw();

    for (int i = 0; i < 100 * WR_H2_IDLE_FRAMES_MAX; i++) {
        s->now_us += WR_S / WR_H2_IDLE_FRAMES_S;
        assert_int_equal(feed_frame(s, PING, 0, 0, "\0\0\0\0\0\0\0\0", 8), WR_OK);
        drain(s);
    }
    finish(s);
}

/* A polite client has two WINDOW_UPDATE and a PING for each of its messages: at any rate. */
static void messages_earn_credit(void **state)
{
    struct end *s = raw();

    for (uint32_t i = 0; i < 10 * WR_H2_IDLE_FRAMES_MAX; i++) {
        struct wr_http_message m;

        assert_int_equal(feed_frame(s, HEADERS, 5, 2 * i + 1, post_head, sizeof(post_head)), WR_OK);
        assert_int_equal(wr_h2_next(&s->h, &m), WR_OK);
        assert_int_equal(respond(s, m.stream, "x", 1), WR_OK);
        drain(s);
        assert_int_equal(feed_frame(s, WINDOW_UPDATE, 0, 0, "\0\0\0\1", 4), WR_OK);
        assert_int_equal(feed_frame(s, WINDOW_UPDATE, 0, 2 * i + 1, "\0\0\0\1", 4), WR_OK);
        assert_int_equal(feed_frame(s, PING, 0, 0, "\0\0\0\0\0\0\0\0", 8), WR_OK);
    }
    finish(s);
}

/* CVE-2023-44487: a request and its reset, again and again. */
static void rapid_reset(void **state)
{
    struct end *s = raw();
    unsigned given = 0;
    int err = WR_OK;
    uint32_t i = 0;

    for (; i < 100000 && err == WR_OK; i++) {
        struct wr_http_message m;

        err = feed_frame(s, HEADERS, 5, 2 * i + 1, post_head, sizeof(post_head));
        if (err == WR_OK) {
            err = feed_frame(s, RST_STREAM, 0, 2 * i + 1, "\0\0\0\10", 4);
        }
        given += wr_h2_next(&s->h, &m) == WR_OK;
        drain(s);
    }
    assert_int_equal(err, WR_E_LIMIT);
    assert_true(i <= WR_H2_IDLE_FRAMES_MAX);
    assert_int_equal(given, 0); /* what was reset before it was looked at is never seen */
    finish(s);
}

static void continuation_flood(void **state)
{
    struct end *s = raw();
    int err = feed_frame(s, HEADERS, 1, 1, post_head, sizeof(post_head));
    unsigned n = 0;

    for (; n < 1000 && err == WR_OK; n++) {
        err = feed_frame(s, CONTINUATION, 0, 1, "", 0);
        if (!wr_h2_has_output(&s->h) && wr_h2_over(&s->h)) {
            break;
        }
        if (drain(s) >= 0) {
            break; /* nghttp2's own bound */
        }
    }
    assert_true(n <= WR_H2_IDLE_FRAMES_MAX);
    finish(s);
}

/* HPACK: an entry of 4000 octets in the table, then one octet for each time that it is meant. */
static void header_bomb(void **state)
{
    struct end *s = raw();
    uint8_t head[16000];
    struct wr_http_message m;
    struct wr_writer w;
    int err;

    wr_buf_write_init(&w, head, sizeof(head));
    wr_buf_put_bytes(&w, post_head, sizeof(post_head));
    wr_buf_put_bytes(&w, "\x40\x01y\x7f\xa1\x1e",
                     6); /* literal, indexed; name y; a value of 127 + 3873 */
    for (int i = 0; i < 4000; i++) {
        wr_buf_put_u8(&w, 'a');
    }
    wr_buf_put_bytes(&w, "\xbe\xbe\xbe\xbe\xbe", 5);
    assert_int_equal(feed_frame(s, HEADERS, 5, 1, head, w.pos), WR_OK);
    assert_int_equal(wr_h2_next(&s->h, &m), WR_OK);
    assert_int_equal(m.err, WR_E_FULL); /* 431 */
    assert_true(s->heap.used < 64 * 1024);
    memset(head, 0xbe, sizeof(head));
    memcpy(head, post_head, sizeof(post_head));
    err = feed_frame(s, HEADERS, 5, 3, head, sizeof(head));
    assert_int_equal(err, WR_E_LIMIT);
    assert_int_equal(drain(s), ENHANCE_YOUR_CALM);
    finish(s);
}

/* SETTINGS_INITIAL_WINDOW_SIZE 0: answers wait, within the memory of one connection, and it is seen that they do. */
static void zero_window(void **state)
{
    static const uint8_t answer[20000], window[] = {0, 4, 0, 0, 0, 0};
    struct end *s = raw();
    unsigned answered = 0, refused = 0;

    assert_int_equal(feed_frame(s, SETTINGS, 0, 0, window, sizeof(window)), WR_OK);
    for (uint32_t i = 0; i < WR_H2_STREAMS_MAX; i++) {
        struct wr_http_message m;
        int err;

        assert_int_equal(feed_frame(s, HEADERS, 5, 2 * i + 1, post_head, sizeof(post_head)), WR_OK);
        assert_int_equal(wr_h2_next(&s->h, &m), WR_OK);
        err = respond(s, m.stream, answer, sizeof(answer));
        answered += err == WR_OK;
        refused += err == WR_E_NOMEM;
        drain(s);
    }
    assert_true(answered > 10);
    assert_int_equal(answered + refused, WR_H2_STREAMS_MAX);
    assert_true(s->heap.used <= WR_HTTP_CONNECTION_MAX);
    assert_int_equal(wr_h2_waiting(&s->h), 1);
    finish(s);
}

static void no_preface(void **state)
{
    struct end *s = begin(false);

    assert_int_equal(
        wr_h2_feed(&s->h, (const uint8_t *)"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, START_US),
        WR_E_FORMAT);
    assert_int_equal(wr_h2_feed(&s->h, (const uint8_t *)preface, 24, START_US), WR_E_FORMAT);
    finish(s);
}

static void slow_body_has_a_beginning(void **state)
{
    struct end *s = raw();

    assert_int_equal(wr_h2_since(&s->h), WR_TIME_NEVER);
    s->now_us = 5000000;
    assert_int_equal(feed_frame(s, HEADERS, 4, 1, post_head, sizeof(post_head)), WR_OK);
    s->now_us = 6000000;
    assert_int_equal(feed_frame(s, DATA, 0, 1, "x", 1), WR_OK);
    assert_int_equal(wr_h2_since(&s->h), 5000000);
    assert_int_equal(feed_frame(s, DATA, 1, 1, "x", 1), WR_OK);
    assert_int_equal(wr_h2_since(&s->h), WR_TIME_NEVER);
    finish(s);
}

/* An idle connection and one that has answered hold little (docs/rfcs.md has the figure). */
static void idle_memory(void **state)
{
    struct end *c = begin(true), *s = begin(false);
    struct wr_http_message m;

    talk(c, s);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(ask(c, 1, 40), WR_OK);
        talk(c, s);
        assert_int_equal(wr_h2_next(&s->h, &m), WR_OK);
        assert_int_equal(respond(s, m.stream, "x", 1), WR_OK);
        talk(s, c);
        assert_int_equal(wr_h2_next(&c->h, &m), WR_OK);
    }
    (void)wr_h2_next(&c->h, &m);
    print_message("# idle: server %zu octets, client %zu\n", s->heap.used, c->heap.used);
    assert_true(s->heap.used < 40 * 1024);
    finish(c);
    finish(s);
}

static void without_memory(void **state)
{
    for (long left = 0; left < 200; left++) {
        struct end *s = calloc(1, sizeof(*s));
        struct wr_h2_setup setup = {.body_max = BODY_MAX};
        struct wr_http_message m;

        assert_non_null(s);
        s->now_us = START_US;
        httpmem_heap(&s->mem, &s->heap, WR_HTTP_CONNECTION_MAX);
        s->mem.left = left;
        setup.heap = &s->heap;
        if (wr_h2_start(&s->h, &setup, START_US) == WR_OK) {
            (void)wr_h2_feed(&s->h, (const uint8_t *)preface, sizeof(preface) - 1, START_US);
            (void)feed_frame(s, SETTINGS, 0, 0, "", 0);
            (void)feed_frame(s, HEADERS, 5, 1, post_head, sizeof(post_head));
            if (wr_h2_next(&s->h, &m) == WR_OK) {
                (void)respond(s, m.stream, "answer", 6);
            }
            drain(s);
        }
        finish(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(streams_are_bounded),
        cmocka_unit_test(body_too_long),
        cmocka_unit_test(refused_is_safe_to_ask_again),
        cmocka_unit_test(reset_is_told),
        cmocka_unit_test(floods_end_the_connection),
        cmocka_unit_test(floods_of_closed_streams),
        cmocka_unit_test(more_streams_than_are_allowed),
        cmocka_unit_test(time_gives_credit_back),
        cmocka_unit_test(messages_earn_credit),
        cmocka_unit_test(rapid_reset),
        cmocka_unit_test(continuation_flood),
        cmocka_unit_test(header_bomb),
        cmocka_unit_test(zero_window),
        cmocka_unit_test(no_preface),
        cmocka_unit_test(slow_body_has_a_beginning),
        cmocka_unit_test(idle_memory),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
