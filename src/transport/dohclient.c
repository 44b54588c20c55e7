/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/dohclient.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/time.h"
#include "dns/msg.h"

static bool is_h2(const struct wr_dohclient *c)
{
    return c->version == WR_HTTP_2;
}

/* Copies text that will stand in a head: printable, no spaces. */
static bool copy_text(char *room, size_t cap, const char *text)
{
    size_t n = strlen(text);

    if (n == 0 || n >= cap) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] <= ' ' || text[i] >= 0x7f) {
            return false;
        }
    }
    memcpy(room, text, n + 1);
    return true;
}

int wr_dohclient_start(struct wr_dohclient *c, const struct wr_dohclient_setup *setup,
                       uint64_t now_us)
{
    *c = (struct wr_dohclient){
        .version = setup->version,
        .method = setup->method == WR_HTTP_GET ? WR_HTTP_GET : WR_HTTP_POST,
    };
    wr_http_heap_init(&c->heap, &setup->memory, WR_HTTP_CONNECTION_MAX);
    if (!copy_text(c->host, sizeof(c->host), setup->host) ||
        !copy_text(c->path, sizeof(c->path), setup->path) || c->path[0] != '/') {
        return WR_E_LIMIT;
    }
    if (is_h2(c)) {
        struct wr_h2_setup h2 = {.client = true, .heap = &c->heap, .body_max = WR_MSG_MAX};
        return wr_h2_start(&c->http.h2, &h2, now_us);
    }
    wr_h1_start(&c->http.h1,
                &(struct wr_h1_setup){.client = true, .heap = &c->heap, .body_max = WR_MSG_MAX},
                now_us);
    return WR_OK;
}

int wr_dohclient_request(struct wr_dohclient *c, const struct wr_http_request *request)
{
    struct wr_http_request with_host = *request;

    if (with_host.authority == NULL) {
        with_host.authority = c->host;
    }
    return is_h2(c) ? wr_h2_request(&c->http.h2, &with_host)
                    : wr_h1_request(&c->http.h1, &with_host);
}

/* The message with id 0 (RFC 8484 section 4.1), and for GET its target, in memory that is given back at once. */
int wr_dohclient_ask(struct wr_dohclient *c, const uint8_t *message, size_t size)
{
    size_t path = strlen(c->path), cap = wr_doh_target_size(path, size);
    struct wr_http_request request = {
        .method = c->method,
        .type = WR_HTTP_TYPE_DNS,
        .target = {c->path, path},
        .size = size,
    };
    uint8_t *room;
    int err;

    if (size < WR_MSG_HEADER_SIZE || size > WR_MSG_MAX) {
        return WR_E_FORMAT;
    }
    room = wr_http_take(&c->heap, size + cap);
    if (room == NULL) {
        return WR_E_NOMEM;
    }
    request.token = (uint64_t)message[0] << 8 | message[1];
    memcpy(room, message, size);
    room[0] = room[1] = 0;
    request.body = room;
    if (c->method == WR_HTTP_GET) {
        request.target = wr_doh_target(c->path, room, size, (char *)room + size, cap);
    }
    err = wr_dohclient_request(c, &request);
    wr_http_give(&c->heap, room);
    return err;
}

int wr_dohclient_feed(struct wr_dohclient *c, const uint8_t *bytes, size_t size, uint64_t now_us)
{
    return is_h2(c) ? wr_h2_feed(&c->http.h2, bytes, size, now_us)
                    : wr_h1_feed(&c->http.h1, bytes, size, now_us);
}

static const char *status_words(uint16_t status)
{
    switch (status) {
    case 401:
    case 403: return "the server refuses it (401 or 403)";
    case 404: return "the server has no such path (404)";
    case 405: return "the server does not take the method (405)";
    case 413:
    case 414: return "the query is too long for the server (413 or 414)";
    case 415: return "the server does not take DNS messages (415)";
    case 425: return "the server does not take it in early data (425)";
    case 429: return "the server was asked too much (429)";
    default: break;
    }
    return status >= 500   ? "the server failed (5xx)"
           : status >= 400 ? "the server refuses it (4xx)"
           : status >= 300 ? "the server redirects, which is not followed (3xx)"
                           : "the status is not 200";
}

/* NULL, or what is wrong with the response to a DNS message. */
static const char *check(const struct wr_http_message *message)
{
    if (message->head.status != 200) {
        return status_words(message->head.status);
    }
    if (message->head.type != WR_HTTP_TYPE_DNS) {
        return "the response is not of type application/dns-message";
    }
    if (message->head.encoded) {
        return "the response is encoded, which was not asked for";
    }
    if (wr_doh_check(message->asked, message->asked_size, message->body, message->size) != WR_OK) {
        return "the response is no answer to the question";
    }
    return NULL;
}

static void say_message(struct wr_http_message *message, struct wr_dohclient_said *ret_said)
{
    bool dns = message->token < WR_DOHCLIENT_TOKENS;
    const char *why = NULL;

    if (message->err == WR_E_LIMIT) {
        why = "the response is too long";
    } else if (message->err != WR_OK) {
        why = message->again ? "the server did not look at it" : "the server gave no response";
    } else if (dns) {
        why = check(message);
    }
    *ret_said = (struct wr_dohclient_said){
        .kind = why != NULL ? WR_DOHCLIENT_FAILED : WR_DOHCLIENT_ANSWER,
        .again = message->again || message->head.status == 425,
        .type = message->head.type,
        .status = message->head.status,
        .token = message->token,
        .bytes = message->body,
        .size = message->size,
        .why = why,
    };
    if (dns && why == NULL) {
        message->body[0] = (uint8_t)(message->token >> 8);
        message->body[1] = (uint8_t)message->token;
        wr_doh_age(message->body, message->size, message->head.age_s);
    }
}

bool wr_dohclient_next(struct wr_dohclient *c, struct wr_dohclient_said *ret_said)
{
    struct wr_http_message message;
    int err = is_h2(c) ? wr_h2_next(&c->http.h2, &message) : wr_h1_next(&c->http.h1, &message);

    if (err == WR_OK) {
        say_message(&message, ret_said);
        return true;
    }
    if (c->ended || (err == WR_E_AGAIN && !wr_dohclient_over(c))) {
        return false;
    }
    c->ended = true;
    *ret_said = (struct wr_dohclient_said){
        .kind = WR_DOHCLIENT_ENDED,
        .why = err == WR_E_AGAIN || err == WR_E_CLOSED ? "the server ended the connection"
               : err == WR_E_LIMIT                     ? "the server sent more than is allowed"
               : err == WR_E_NOMEM                     ? "no memory for the connection"
                                   : "the server does not speak HTTP as it should",
    };
    return true;
}

size_t wr_dohclient_output(struct wr_dohclient *c, uint8_t *room, size_t cap)
{
    return is_h2(c) ? wr_h2_output(&c->http.h2, room, cap) : wr_h1_output(&c->http.h1, room, cap);
}

bool wr_dohclient_has_output(const struct wr_dohclient *c)
{
    return is_h2(c) ? wr_h2_has_output(&c->http.h2) : wr_h1_has_output(&c->http.h1);
}

bool wr_dohclient_busy(const struct wr_dohclient *c)
{
    return !is_h2(c) && wr_h1_busy(&c->http.h1);
}

uint64_t wr_dohclient_since(const struct wr_dohclient *c)
{
    return is_h2(c) ? wr_h2_since(&c->http.h2) : wr_h1_since(&c->http.h1);
}

bool wr_dohclient_over(const struct wr_dohclient *c)
{
    return is_h2(c) ? wr_h2_over(&c->http.h2) : wr_h1_over(&c->http.h1);
}

size_t wr_dohclient_memory(const struct wr_dohclient *c)
{
    return c->heap.used;
}

void wr_dohclient_close(struct wr_dohclient *c)
{
    if (is_h2(c)) {
        wr_h2_close(&c->http.h2);
    } else {
        wr_h1_close(&c->http.h1);
    }
}

void wr_dohclient_end(struct wr_dohclient *c)
{
    if (is_h2(c)) {
        wr_h2_end(&c->http.h2);
    } else {
        wr_h1_end(&c->http.h1);
    }
}
