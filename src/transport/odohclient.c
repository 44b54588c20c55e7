/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/odohclient.h"

#include <string.h>

#include "base/err.h"
#include "base/time.h"
#include "crypto/wipe.h"
#include "dns/msg.h"
#include "transport/odohkeys.h"
#include "transport/odohproxy.h"

#define TOKEN_CONFIGS WR_DOHCLIENT_TOKENS
#define TOKEN_SLOTS   (WR_DOHCLIENT_TOKENS + 1)
/* After configurations could not be had while older ones are there. */
#define FETCH_AGAIN_US (60 * WR_S)
#define TEXT_HEAD      2 /* octets before the message in what is sealed */

/* The host without its port, for a look at whether two are one; v6 addresses stand in brackets. */
static size_t host_size(const char *host)
{
    size_t n = strlen(host);
    const char *end = memchr(host, host[0] == '[' ? ']' : ':', n);

    return end ? (size_t)(end - host) : n;
}

static bool is_same_host(const char *a, const char *b)
{
    size_t n = host_size(a);

    if (n != host_size(b)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        char x = a[i], y = b[i];

        x = (char)(x >= 'A' && x <= 'Z' ? x + 32 : x);
        y = (char)(y >= 'A' && y <= 'Z' ? y + 32 : y);
        if (x != y) {
            return false;
        }
    }
    return true;
}

/* "/proxy?targethost=...&targetpath=..." */
static bool target_text(const char *proxy, const char *host, const char *path, char *ret)
{
    size_t n = strlen(proxy);

    if (n + 2 > WR_ODOHCLIENT_TARGET_SIZE) {
        return false;
    }
    memcpy(ret, proxy, n);
    ret[n] = '?';
    return wr_odohproxy_write(host, path, ret + n + 1, WR_ODOHCLIENT_TARGET_SIZE - n - 1);
}

/* Asks for the configurations, if that is wanted and the connection takes it now. */
static void fetch(struct wr_odohclient *c)
{
    struct wr_http_request request = {.token = TOKEN_CONFIGS,
                                      .method = WR_HTTP_GET,
                                      .type = WR_HTTP_TYPE_OCTETS,
                                      .target = {c->fetch, strlen(c->fetch)}};

    if ((c->configs == WR_ODOHCLIENT_NONE || c->configs == WR_ODOHCLIENT_STALE) &&
        wr_dohclient_request(&c->http, &request) == WR_OK) {
        c->configs = WR_ODOHCLIENT_FETCHING;
    }
}

int wr_odohclient_start(struct wr_odohclient *c, const struct wr_odohclient_setup *setup,
                        uint64_t now_us)
{
    int err;

    memset(c, 0, sizeof(*c));
    if (is_same_host(setup->proxy.host, setup->target_host)) {
        return WR_E_DENIED;
    }
    if (!target_text(setup->proxy.path, setup->target_host, setup->target_path, c->query) ||
        !target_text(setup->proxy.path, setup->target_host, WR_ODOH_CONFIGS_PATH, c->fetch)) {
        return WR_E_LIMIT;
    }
    err = wr_dohclient_start(&c->http, &setup->proxy, now_us);
    if (err) {
        return err;
    }
    c->rng = setup->rng;
    c->slot = setup->slot;
    c->slots = setup->slots;
    c->room = setup->room;
    memset(c->slot, 0, sizeof(*c->slot) * c->slots);
    if (setup->config) {
        c->config = *setup->config;
        c->known = true;
        c->pinned = setup->pinned;
        c->fetch_us = c->pinned ? WR_TIME_NEVER : now_us + WR_ODOH_MAX_AGE_S * WR_S;
        c->configs = WR_ODOHCLIENT_SETTLED;
    }
    fetch(c);
    return WR_OK;
}

static void give(struct wr_odohclient_slot *s)
{
    wr_wipe(s, sizeof(*s));
}

/* Seals what is asked and sends it. */
static int send(struct wr_odohclient *c, struct wr_odohclient_slot *s, const uint8_t *message,
                size_t size)
{
    uint8_t random[WR_ODOH_RANDOM], plain[WR_ODOH_QUERY_MAX];
    struct wr_http_request request = {.token = TOKEN_SLOTS + (uint64_t)(s - c->slot),
                                      .method = WR_HTTP_POST,
                                      .type = WR_HTTP_TYPE_ODOH,
                                      .target = {c->query, strlen(c->query)},
                                      .body = c->room};
    struct wr_writer w;
    int err;

    memcpy(plain, message, size);
    plain[0] = plain[1] = 0;
    wr_rng_bytes(c->rng, random, sizeof(random));
    wr_buf_write_init(&w, c->room, WR_ODOHCLIENT_ROOM);
    err = wr_odoh_ask(&s->asked, &c->config, random, plain, size, &w);
    wr_wipe(random, sizeof(random));
    request.size = w.pos;
    return err ? err : wr_dohclient_request(&c->http, &request);
}

bool wr_odohclient_ready(const struct wr_odohclient *c)
{
    return c->known && !c->ended;
}

int wr_odohclient_ask(struct wr_odohclient *c, const uint8_t *message, size_t size)
{
    struct wr_odohclient_slot *s = NULL;
    int err;

    if (size < WR_MSG_HEADER_SIZE) {
        return WR_E_FORMAT;
    }
    if (size > WR_ODOH_QUERY_MAX) {
        return WR_E_LIMIT;
    }
    for (unsigned i = 0; i < c->slots && !s; i++) {
        s = c->slot[i].state == WR_ODOHCLIENT_FREE ? &c->slot[i] : NULL;
    }
    if (!s || !c->known) {
        return WR_E_AGAIN;
    }
    err = send(c, s, message, size);
    if (err) {
        give(s);
        return err;
    }
    s->id = (uint16_t)(message[0] << 8 | message[1]);
    s->state = WR_ODOHCLIENT_OUT;
    return WR_OK;
}

unsigned wr_odohclient_spare(const struct wr_odohclient *c)
{
    unsigned spare = 0;
    for (unsigned i = 0; i < c->slots; i++) {
        spare += c->slot[i].state == WR_ODOHCLIENT_FREE;
    }
    return spare;
}

int wr_odohclient_feed(struct wr_odohclient *c, const uint8_t *bytes, size_t size, uint64_t now_us)
{
    return wr_dohclient_feed(&c->http, bytes, size, now_us);
}

static const char *status_words(uint16_t status)
{
    switch (status) {
    case 400: return "the proxy or the target cannot read the query (400)";
    case 401: return "the target does not know the key that it publishes (401 again)";
    case 403: return "the proxy does not carry to that target (403)";
    case 404: return "the proxy has no such path (404)";
    case 405:
    case 415: return "the proxy does not take oblivious messages (405 or 415)";
    case 429: return "the proxy was asked too much (429)";
    case 502:
    case 504: return "the proxy does not reach the target (502 or 504)";
    default:
        return status >= 500 ? "the proxy or the target failed (5xx)" : "the status is not 200";
    }
}

/* What was waiting for the configurations is asked again, or has failed. */
static void go_on(struct wr_odohclient *c, const char *why)
{
    for (unsigned i = 0; i < c->slots; i++) {
        struct wr_odohclient_slot *s = &c->slot[i];
        uint8_t message[WR_ODOH_QUERY_MAX];
        size_t size = (size_t)(s->asked.text[0] << 8 | s->asked.text[1]);

        if (s->state != WR_ODOHCLIENT_WAITS) {
            continue;
        }
        s->state = WR_ODOHCLIENT_FAILED;
        s->why = why;
        if (why) {
            continue;
        }
        memcpy(message, s->asked.text + TEXT_HEAD, size);
        if (send(c, s, message, size) == WR_OK) {
            s->state = WR_ODOHCLIENT_AGAIN;
        } else {
            s->why = "the query could not be asked again";
        }
    }
}

/* Of a fetch; what the target says comes through the proxy as it is. */
static const char *configs_words(uint16_t status)
{
    switch (status) {
    case 403: return "no configurations: the proxy does not carry to that target (403)";
    case 405: return "no configurations: the proxy gives those of no target, or is none (405)";
    case 404: return "no configurations: the proxy has no such path, or the target has none (404)";
    case 429: return "no configurations: the proxy was asked too much (429)";
    case 502:
    case 504: return "no configurations: the proxy does not reach the target (502 or 504)";
    default:
        return status >= 500 ? "no configurations: the proxy or the target failed (5xx)"
                             : "no configurations: the status is not 200";
    }
}

/* NULL, or why there are none. Older ones go on being used, and are asked for again after a while. */
static const char *take_configs(struct wr_odohclient *c, const struct wr_dohclient_said *said,
                                uint64_t now_us)
{
    const char *why = said->why;

    if (!why && said->status != 200) {
        why = configs_words(said->status);
    } else if (!why && (said->size > WR_ODOH_CONFIGS_SIZE_MAX ||
                        wr_odoh_configs_read(said->bytes, said->size, &c->config) != WR_OK)) {
        why = "the target's configurations cannot be read, or are of no kind that is known here";
    }
    c->configs = WR_ODOHCLIENT_SETTLED;
    c->fetch_us = now_us + (why ? FETCH_AGAIN_US : WR_ODOH_MAX_AGE_S * WR_S);
    c->known = c->known || !why;
    go_on(c, why);
    return why;
}

/* The answer in the response; NULL and *ret_size, or why there is none. */
static const char *open_response(struct wr_odohclient *c, const struct wr_odohclient_slot *s,
                                 const struct wr_dohclient_said *said, size_t *ret_size)
{
    size_t query = (size_t)(s->asked.text[0] << 8 | s->asked.text[1]);

    if (said->why) {
        return said->why;
    }
    if (said->status == 401 && c->pinned) {
        return "the target does not know the pinned configuration (401): pin the one that it "
               "publishes now, or none";
    }
    if (said->status != 200) {
        return status_words(said->status);
    }
    if (said->type != WR_HTTP_TYPE_ODOH) {
        return "the response is not of type " WR_ODOH_MEDIA_TYPE;
    }
    if (wr_odoh_answer(&s->asked, said->bytes, said->size, c->room, WR_ODOHCLIENT_ROOM, ret_size) !=
        WR_OK) {
        return "the response does not open: somebody changed it, or it belongs to another query";
    }
    if (wr_doh_check(s->asked.text + TEXT_HEAD, query, c->room, *ret_size) != WR_OK) {
        return "the response is no answer to the question";
    }
    return NULL;
}

/* False: nothing is to be told yet. */
static bool take_response(struct wr_odohclient *c, struct wr_dohclient_said *said)
{
    struct wr_odohclient_slot *s = &c->slot[said->token - TOKEN_SLOTS];
    size_t size = 0;
    const char *why;

    if (!said->why && said->status == 401 && s->state == WR_ODOHCLIENT_OUT && !c->pinned) {
        s->state = WR_ODOHCLIENT_WAITS;
        if (c->configs == WR_ODOHCLIENT_SETTLED) {
            c->configs = WR_ODOHCLIENT_STALE;
        }
        return false;
    }
    why = open_response(c, s, said, &size);
    said->token = s->id;
    said->kind = why ? WR_DOHCLIENT_FAILED : WR_DOHCLIENT_ANSWER;
    said->why = why;
    said->bytes = why ? NULL : c->room;
    said->size = why ? 0 : size;
    if (!why) {
        c->room[0] = (uint8_t)(s->id >> 8);
        c->room[1] = (uint8_t)s->id;
    }
    give(s);
    return true;
}

/* One that failed here, after its response was taken. */
static bool tell_failed(struct wr_odohclient *c, struct wr_dohclient_said *ret_said)
{
    for (unsigned i = 0; i < c->slots; i++) {
        struct wr_odohclient_slot *s = &c->slot[i];

        if (s->state == WR_ODOHCLIENT_FAILED) {
            *ret_said = (struct wr_dohclient_said){
                .kind = WR_DOHCLIENT_FAILED, .token = s->id, .why = s->why};
            give(s);
            return true;
        }
    }
    return false;
}

bool wr_odohclient_next(struct wr_odohclient *c, uint64_t now_us,
                        struct wr_dohclient_said *ret_said)
{
    for (;;) {
        struct wr_dohclient_said said;

        if (c->configs == WR_ODOHCLIENT_SETTLED && now_us >= c->fetch_us && !c->ended) {
            c->configs = WR_ODOHCLIENT_STALE; /* by the clock, whether something is asked or not */
        }
        fetch(c);
        if (tell_failed(c, ret_said)) {
            return true;
        }
        if (!wr_dohclient_next(&c->http, &said)) {
            break;
        }
        if (said.kind == WR_DOHCLIENT_ENDED) {
            c->ended = true;
        } else if (said.token == TOKEN_CONFIGS) {
            const char *why = take_configs(c, &said, now_us);

            if (c->known) {
                continue;
            }
            c->ended = true;
            said = (struct wr_dohclient_said){.kind = WR_DOHCLIENT_ENDED, .why = why};
        } else if (!take_response(c, &said)) {
            continue;
        }
        *ret_said = said;
        return true;
    }
    return false;
}

size_t wr_odohclient_output(struct wr_odohclient *c, uint8_t *room, size_t cap)
{
    return wr_dohclient_output(&c->http, room, cap);
}

const struct wr_odoh_config *wr_odohclient_config(const struct wr_odohclient *c)
{
    return c->known ? &c->config : NULL;
}

void wr_odohclient_close(struct wr_odohclient *c)
{
    wr_dohclient_close(&c->http);
}

void wr_odohclient_end(struct wr_odohclient *c)
{
    wr_dohclient_end(&c->http);
    for (unsigned i = 0; i < c->slots; i++) {
        give(&c->slot[i]);
    }
}
