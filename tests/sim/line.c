/* SPDX-License-Identifier: Apache-2.0 */
/* Frames by hand, HTTP by the server that weir's own listeners use; what is judged here is the client (line.h). */
#include "line.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "transport/oblivious.h"

#define MSG_MAX 65535

struct line {
    struct veil_server tls;
    struct wr_dohserver http;
    bool web, shaken;
    struct wr_doh_site site;
    size_t plain;     /* octets of the last feed, in plain_room */
    uint64_t request; /* HTTP's number of the question that is answered */
    size_t have;      /* of frames */
    uint8_t in[2 * (MSG_MAX + 2)], msg[MSG_MAX];
};

/* Of the line that was fed last. */
static uint8_t plain_room[LINE_OUT];

static const struct wr_doh_site site = {
    .resource = {{"/dns-query", WR_DOH_DNS, WR_HTTP_TYPE_DNS, WR_DOH_GET | WR_DOH_POST, false}},
    .count = 1,
    .message_max = MSG_MAX};

static void *resize(void *user, void *at, size_t size)
{
    if (size) {
        return realloc(at, size);
    }
    free(at);
    return NULL;
}

struct line *line_new(struct veil *v, enum veil_who who, unsigned likes, uint64_t secret)
{
    struct line *l = calloc(1, sizeof *l);
    assert(l);
    veil_server_start(&l->tls, v, who, secret);
    l->tls.likes = likes;
    l->site = site;
    return l;
}

void line_is_proxy(struct line *l)
{
    l->site.count = 0;
    wr_oblivious_carry(&l->site);
}

void line_free(void *line)
{
    struct line *l = line;
    if (l->web) {
        wr_dohserver_end(&l->http);
    }
    free(l);
}

static void begin_web(struct line *l, uint64_t now_us)
{
    struct wr_dohserver_setup setup = {.version =
                                           strcmp(l->tls.alpn, "h2") == 0 ? WR_HTTP_2 : WR_HTTP_1_1,
                                       .site = &l->site,
                                       .memory = {.resize = resize}};
    int err = wr_dohserver_start(&l->http, &setup, now_us);
    assert(err == WR_OK);
    l->web = true;
}

/* What HTTP wants said. */
static void flush_web(struct line *l, struct wr_writer *out)
{
    uint8_t room[4096];
    for (size_t n; (n = wr_dohserver_output(&l->http, room, sizeof room)) > 0;) {
        veil_server_write(&l->tls, room, n, out);
    }
}

int line_feed(struct line *l, const uint8_t *bytes, size_t size, uint64_t now_us,
              struct wr_writer *out)
{
    struct wr_writer plain;
    wr_buf_write_init(&plain, plain_room, sizeof plain_room);
    int over = veil_server_feed(&l->tls, bytes, size, &plain, out);
    l->plain = plain.pos;
    if (l->tls.open && !l->shaken) {
        l->shaken = true;
        if (strcmp(l->tls.alpn, "dot") != 0) {
            begin_web(l, now_us);
        }
    }
    if (l->web) {
        if (plain.pos) {
            wr_dohserver_feed(&l->http, plain_room, plain.pos, now_us);
        }
        if (!over) {
            flush_web(l, out);
        }
        return over;
    }
    if (l->have + plain.pos > sizeof l->in) {
        return -1;
    }
    memcpy(l->in + l->have, plain_room, plain.pos);
    l->have += plain.pos;
    return over;
}

static bool next_frame(struct line *l, const uint8_t **ret_msg, size_t *ret_size)
{
    size_t n = l->have >= 2 ? (size_t)(l->in[0] << 8 | l->in[1]) : 0;
    if (l->have < 2 || l->have < 2 + n) {
        return false;
    }
    memcpy(l->msg, l->in + 2, n);
    memmove(l->in, l->in + 2 + n, l->have - 2 - n);
    l->have -= 2 + n;
    *ret_msg = l->msg;
    *ret_size = n;
    return true;
}

bool line_next(struct line *l, const uint8_t **ret_msg, size_t *ret_size)
{
    struct wr_doh_query query;
    if (!l->web) {
        return next_frame(l, ret_msg, ret_size);
    }
    if (wr_dohserver_next(&l->http, l->msg, &query) != WR_OK) {
        return false;
    }
    l->request = query.stream;
    *ret_msg = query.bytes;
    *ret_size = query.size;
    return true;
}

void line_answer(struct line *l, const uint8_t *msg, size_t size, struct wr_writer *out)
{
    uint8_t length[2] = {(uint8_t)(size >> 8), (uint8_t)size};
    static uint8_t framed[2 + MSG_MAX];
    if (l->web) {
        wr_dohserver_answer(&l->http, l->request, msg, size);
        flush_web(l, out);
        return;
    }
    memcpy(framed, length, 2);
    memcpy(framed + 2, msg, size);
    veil_server_write(&l->tls, framed, 2 + size, out);
}

bool line_take(struct line *l, struct wr_doh_query *ret_query)
{
    return l->web && wr_dohserver_next(&l->http, l->msg, ret_query) == WR_OK;
}

void line_reply(struct line *l, uint64_t stream, const struct wr_http_reply *reply,
                struct wr_writer *out)
{
    wr_dohserver_reply(&l->http, stream, reply);
    flush_web(l, out);
}

const uint8_t *line_plain(const struct line *l, size_t *ret_size)
{
    *ret_size = l->plain;
    return plain_room;
}

void line_refuse(struct line *l, struct wr_writer *out)
{
    veil_server_refuse(&l->tls, out);
}

bool line_is_web(const struct line *l)
{
    return l->web;
}
