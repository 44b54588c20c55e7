/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/upconn.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/time.h"
#include "transport/updoq.h"

/* Octets of HTTP in one record. */
#define WEB_RECORD_MAX 4096

static const char *const dot_alpn[] = {"dot"}, *const web_alpn[] = {"h2", "http/1.1"};

const char *wr_upconn_state_name(uint8_t state)
{
    static const char *const names[] = {"NEW", "SHAKING", "READY", "CLOSING", "OVER"};
    return state < WR_ARRAY_LEN(names) ? names[state] : "?";
}

const char *wr_upconn_why_text(uint8_t why)
{
    static const char *const texts[WR_UPCONN_WHYS] = {
        [WR_UPCONN_FINE] = "it is well",
        [WR_UPCONN_REFUSED] = "it cannot be reached",
        [WR_UPCONN_DEAF] = "nobody answers there",
        [WR_UPCONN_MUTE] = "it accepted the connection and never spoke",
        [WR_UPCONN_NOT_TLS] = "what it says is no TLS",
        [WR_UPCONN_REJECTED] = "the handshake failed",
        [WR_UPCONN_STRANGER] = "it did not prove to be who it should be",
        [WR_UPCONN_NOT_DNS] = "what it says is no DNS",
        [WR_UPCONN_CLOSED] = "it closed the connection",
        [WR_UPCONN_UNCARRIED] = "nothing comes back from its target",
        [WR_UPCONN_SHUT] = "it closed the connection without a word of TLS",
        [WR_UPCONN_HUNG] = "it answers no more",
        [WR_UPCONN_OWN] = "there was no room for it here",
    };
    return why < WR_UPCONN_WHYS ? texts[why] : "?";
}

bool wr_upconn_is_encrypted(uint8_t kind)
{
    return kind != WR_UPCONN_TCP;
}

void wr_upconn_start(struct wr_upconn *c, const struct wr_upconn_setup *setup)
{
    *c = (struct wr_upconn){.kind = setup->kind, .plain = setup->plain};
    wr_frame_init(&c->frame, setup->room, 2 + WR_MSG_MAX);
    wr_buf_write_init(&c->out, setup->out, WR_UPCONN_OUT);
    if (wr_upconn_is_encrypted(c->kind)) {
        wr_assert(setup->plain && setup->secure.verify);
        c->secure = setup->secure;
        wr_creds_keep(c->secure.creds);
    }
}

void wr_upconn_opened(struct wr_upconn *c, const uint8_t *ticket, size_t size)
{
    if (c->state != WR_UPCONN_NEW) {
        return;
    }
    c->ticket = ticket;
    c->ticket_size = size;
    c->tell_ready = !wr_upconn_is_encrypted(c->kind);
    c->state = c->tell_ready ? WR_UPCONN_READY : WR_UPCONN_SHAKING;
}

static bool is_web(const struct wr_upconn *c)
{
    return c->kind == WR_UPCONN_DOH || c->kind == WR_UPCONN_ODOH;
}

/* ---- HTTP ---- */

/* Whose octets they are. */
static const struct wr_dohclient *http_seen(const struct wr_upconn *c)
{
    return c->odoh ? &c->odoh->client.http : &c->http;
}

static struct wr_dohclient *http_of(struct wr_upconn *c)
{
    return c->odoh ? &c->odoh->client.http : &c->http;
}

/* What HTTP wants said goes into records, as far as there is room. By a room of its own: another connection may have messages in
 * `plain` that are not read yet. */
static int flush_web(struct wr_upconn *c)
{
    uint8_t record[WEB_RECORD_MAX];
    int err = WR_OK;
    while (err == WR_OK && wr_dohclient_has_output(http_of(c))) {
        size_t room = c->out.cap - c->out.pos;
        if (room <= WR_TLS_RECORD_MORE) {
            return WR_OK; /* after the owner took what is there */
        }
        room -= WR_TLS_RECORD_MORE;
        size_t size =
            wr_dohclient_output(http_of(c), record, room < WEB_RECORD_MAX ? room : WEB_RECORD_MAX);
        if (size == 0) {
            return WR_OK;
        }
        err = wr_tls_write(&c->tls, record, size, &c->out);
    }
    return err;
}

static int begin_web(struct wr_upconn *c, uint64_t now_us)
{
    struct wr_dohclient_setup setup = {.version = c->tls.alpn == 0 ? WR_HTTP_2 : WR_HTTP_1_1,
                                       .method = c->secure.get ? WR_HTTP_GET : WR_HTTP_POST,
                                       .host = c->secure.host,
                                       .path = c->secure.path,
                                       .memory = c->secure.memory};
    int err = c->kind == WR_UPCONN_ODOH
                  ? wr_upconnodoh_start(&c->odoh, &setup, &c->secure.target, now_us)
                  : wr_dohclient_start(&c->http, &setup, now_us);
    c->web = err == WR_OK;
    return c->web ? flush_web(c) : err;
}

static bool web_said(const struct wr_dohclient_said *from, struct wr_upconn_said *ret_said)
{
    *ret_said = (struct wr_upconn_said){
        .kind = from->kind == WR_DOHCLIENT_ANSWER ? WR_UPCONN_SAID_ANSWER : WR_UPCONN_SAID_FAILED,
        .id = (uint16_t)from->token,
        .again = from->again,
        .alone = from->status == 200 || from->status >= 500,
        .msg = from->bytes,
        .size = from->size,
        .text = from->why ? from->why : ""};
    return true;
}

/* ---- TLS ---- */

/* Notes who said no: a server that is not the one that is meant is another thing than a handshake that fails. */
static int judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *ret_why)
{
    struct wr_upconn *c = user;
    int err = c->secure.verify(c->secure.user, chain, ret_why);
    c->denied = err != WR_OK;
    if (err == WR_OK) { /* what it says then is no reason for an end */
        c->proof = *ret_why;
        ret_why->text[0] = '\0';
    }
    return err;
}

static int begin(struct wr_upconn *c, const struct wr_now *now)
{
    struct wr_tls_setup setup = {.role = WR_TLS_CLIENT,
                                 .creds = c->secure.creds,
                                 .alpn = is_web(c) ? web_alpn : dot_alpn,
                                 .alpn_count = is_web(c) ? 2 : 1,
                                 .verify = judge,
                                 .user = c,
                                 .name = c->secure.name,
                                 .ticket = c->ticket,
                                 .ticket_size = c->ticket_size,
                                 .standin = c->secure.standin};
    c->begun = true;
    c->ticket = NULL;
    return wr_tls_start(&c->tls, &setup, now, &c->out);
}

static uint8_t why_of(const struct wr_upconn *c, int err)
{
    if (c->denied) {
        return WR_UPCONN_STRANGER;
    }
    if (err == WR_E_NOMEM || err == WR_E_FULL) {
        return WR_UPCONN_OWN;
    }
    if (err == WR_E_CLOSED) {
        return WR_UPCONN_CLOSED;
    }
    return c->state == WR_UPCONN_SHAKING && !c->shaken && err == WR_E_FORMAT ? WR_UPCONN_NOT_TLS
                                                                             : WR_UPCONN_REJECTED;
}

static bool ended(struct wr_upconn *c, uint8_t why, struct wr_upconn_said *ret_said)
{
    c->why = why;
    c->state = WR_UPCONN_OVER;
    *ret_said = (struct wr_upconn_said){
        .kind = WR_UPCONN_SAID_ENDED, .why = why, .text = c->begun ? c->tls.why.text : ""};
    return true;
}

static bool take_ticket(struct wr_upconn *c, struct wr_upconn_said *ret_said)
{
    size_t size;
    if (c->state != WR_UPCONN_READY ||
        wr_tls_ticket(&c->tls, c->plain, WR_UPCONN_PLAIN, &size) != WR_OK) {
        return false;
    }
    *ret_said =
        (struct wr_upconn_said){.kind = WR_UPCONN_SAID_TICKET, .msg = c->plain, .size = size};
    return true;
}

/* The handshake is over; of an oblivious one the target's configuration has to be there too. */
static void now_ready(struct wr_upconn *c)
{
    if (c->state == WR_UPCONN_SHAKING && c->shaken &&
        (!c->odoh || wr_odohclient_ready(&c->odoh->client))) {
        c->state = WR_UPCONN_READY;
        c->tell_ready = true;
    }
}

/* More plaintext for the frames. WR_E_AGAIN: there is none now. */
static int read_more(struct wr_upconn *c, const struct wr_now *now)
{
    size_t size;
    int err = c->begun ? WR_OK : begin(c, now);
    if (err == WR_OK) {
        err = wr_tls_read(&c->tls, c->plain, WR_UPCONN_PLAIN, &size, &c->out);
    }
    if (c->state == WR_UPCONN_SHAKING && !c->shaken && c->tls.state == WR_TLS_OPEN) {
        int web = is_web(c) ? begin_web(c, now->mono_us) : WR_OK;
        if (web != WR_OK) {
            return web;
        }
        c->shaken = true;
        now_ready(c);
    }
    if (err == WR_OK && c->web) {
        (void)wr_dohclient_feed(http_of(c), c->plain, size,
                                now->mono_us); /* next tells how it ended */
    } else if (err == WR_OK) {
        wr_frame_feed(&c->frame, c->plain, size);
    }
    return err;
}

/* ---- QUIC ---- */

static bool next_quic(struct wr_upconn *c, const struct wr_now *now,
                      struct wr_upconn_said *ret_said)
{
    if (c->state != WR_UPCONN_READY && c->state != WR_UPCONN_SHAKING) {
        return false;
    }
    int err = c->quic ? WR_OK : wr_updoq_begin(c, judge, now);
    if (err != WR_OK) {
        return ended(c, why_of(c, err), ret_said);
    }
    if (!wr_updoq_next(c, ret_said)) {
        return false;
    }
    if (ret_said->kind == WR_UPCONN_SAID_READY) {
        c->state = WR_UPCONN_READY;
    } else if (ret_said->kind == WR_UPCONN_SAID_ENDED) {
        const char *text = ret_said->text;
        int how = c->state == WR_UPCONN_READY ? WR_E_CLOSED : WR_E_DENIED;
        how = ret_said->why == WR_UPCONN_OWN ? WR_E_NOMEM : how;
        ended(c, why_of(c, how), ret_said);
        ret_said->text = text;
    }
    return true;
}

bool wr_upconn_time(struct wr_upconn *c, uint64_t now_us)
{
    c->now_us = now_us;
    return c->quic ? wr_updoq_time(c) : c->state != WR_UPCONN_OVER;
}

uint64_t wr_upconn_deadline(const struct wr_upconn *c)
{
    return c->quic ? wr_updoq_deadline(c) : WR_TIME_NEVER;
}

/* ---- the connection ---- */

void wr_upconn_feed(struct wr_upconn *c, const uint8_t *bytes, size_t size,
                    const struct wr_now *now)
{
    if (c->state != WR_UPCONN_READY && c->state != WR_UPCONN_SHAKING) {
        return;
    }
    c->now_us = now->mono_us;
    if (!wr_upconn_is_encrypted(c->kind)) {
        wr_frame_feed(&c->frame, bytes, size);
    } else if (c->quic) {
        wr_updoq_feed(c, bytes, size, now->mono_us);
    } else if (c->begun) {
        wr_tls_feed(&c->tls, bytes, size, now);
    }
}

static bool next_ready(struct wr_upconn *c, struct wr_upconn_said *ret_said)
{
    if (!c->tell_ready) {
        return false;
    }
    c->tell_ready = false;
    *ret_said = (struct wr_upconn_said){.kind = WR_UPCONN_SAID_READY, .text = ""};
    return true;
}

static bool next_web(struct wr_upconn *c, uint64_t now_us, struct wr_dohclient_said *ret_said)
{
    if (!c->odoh) {
        return c->web && wr_dohclient_next(&c->http, ret_said);
    }
    bool any = wr_upconnodoh_next(c->odoh, now_us, ret_said);
    now_ready(c);
    return any;
}

/* A message, or the end of what speaks DNS here. WR_E_AGAIN: more octets are needed. */
static int next_message(struct wr_upconn *c, uint64_t now_us, struct wr_upconn_said *ret_said)
{
    struct wr_dohclient_said web;
    const uint8_t *msg;
    size_t size;
    if (is_web(c)) {
        if (!next_web(c, now_us, &web)) {
            return WR_E_AGAIN;
        }
        if (web.kind == WR_DOHCLIENT_ENDED) {
            /* alive, and of no use: no configuration is to be had */
            bool lives = c->odoh && !wr_dohclient_over(http_of(c));
            ended(c, lives ? WR_UPCONN_NOT_DNS : WR_UPCONN_CLOSED, ret_said);
            ret_said->text = web.why ? web.why : "";
            return WR_OK;
        }
        return web_said(&web, ret_said) ? WR_OK : WR_E_AGAIN;
    }
    int err = wr_frame_next(&c->frame, &msg, &size);
    if (err == WR_OK) {
        *ret_said = (struct wr_upconn_said){
            .kind = WR_UPCONN_SAID_ANSWER, .msg = msg, .size = size, .text = ""};
    } else if (err != WR_E_AGAIN) {
        ended(c, WR_UPCONN_NOT_DNS, ret_said);
        return WR_OK;
    }
    return err;
}

/* All is read: what HTTP says to it, and tickets. */
static bool next_quiet(struct wr_upconn *c, struct wr_upconn_said *ret_said)
{
    int err = c->web ? flush_web(c) : WR_OK;
    if (err != WR_OK) {
        return ended(c, why_of(c, err), ret_said);
    }
    return wr_upconn_is_encrypted(c->kind) && take_ticket(c, ret_said);
}

bool wr_upconn_next(struct wr_upconn *c, const struct wr_now *now, struct wr_upconn_said *ret_said)
{
    c->now_us = now->mono_us;
    if (c->kind == WR_UPCONN_DOQ) {
        return next_quic(c, now, ret_said);
    }
    while (c->state == WR_UPCONN_READY || c->state == WR_UPCONN_SHAKING) {
        if (next_ready(c, ret_said) || next_message(c, now->mono_us, ret_said) == WR_OK) {
            return true;
        }
        int err = wr_upconn_is_encrypted(c->kind) ? read_more(c, now) : WR_E_AGAIN;
        if (err == WR_E_AGAIN && !c->tell_ready) {
            return next_quiet(c, ret_said);
        }
        if (err != WR_OK && err != WR_E_AGAIN) {
            return ended(c, why_of(c, err), ret_said);
        }
    }
    return false;
}

bool wr_upconn_can_ask(const struct wr_upconn *c)
{
    if (c->kind == WR_UPCONN_DOQ) {
        return c->state == WR_UPCONN_READY && c->quic && wr_updoq_has_room(c);
    }
    return c->state == WR_UPCONN_READY &&
           c->out.cap - c->out.pos >= 2 + WR_UPCONN_ASK_MAX + WR_TLS_RECORD_MORE;
}

uint32_t wr_upconn_spare(const struct wr_upconn *c)
{
    if (c->kind == WR_UPCONN_DOQ) {
        return c->quic ? wr_updoq_spare(c) : WR_UPDOQ_OUT;
    }
    if (c->web && http_seen(c)->version != WR_HTTP_2) {
        return wr_dohclient_busy(http_seen(c)) ? 0 : 1;
    }
    return c->odoh ? wr_odohclient_spare(&c->odoh->client) : UINT32_MAX;
}

bool wr_upconn_cancel(struct wr_upconn *c, uint16_t id)
{
    if (c->quic) {
        wr_updoq_cancel(c, id);
    }
    return c->kind == WR_UPCONN_DOQ; /* one whose end came has nothing more to say either */
}

int wr_upconn_ask(struct wr_upconn *c, const uint8_t *msg, size_t size)
{
    uint8_t framed[2 + WR_UPCONN_ASK_MAX];
    if (size > WR_UPCONN_ASK_MAX) {
        return WR_E_LIMIT;
    }
    if (!wr_upconn_can_ask(c)) {
        return WR_E_AGAIN;
    }
    if (c->web) {
        int err = c->odoh ? wr_odohclient_ask(&c->odoh->client, msg, size)
                          : wr_dohclient_ask(&c->http, msg, size);
        return err == WR_OK ? flush_web(c) : err;
    }
    if (c->quic) {
        return wr_updoq_ask(c, msg, size);
    }
    framed[0] = (uint8_t)(size >> 8);
    framed[1] = (uint8_t)size;
    memcpy(framed + 2, msg, size);
    if (wr_upconn_is_encrypted(c->kind)) { /* length and message in one record */
        return wr_tls_write(&c->tls, framed, 2 + size, &c->out);
    }
    wr_buf_put_bytes(&c->out, framed, 2 + size);
    return c->out.err;
}

size_t wr_upconn_output(struct wr_upconn *c, const uint8_t **ret_bytes)
{
    if (c->out.pos == 0 && c->web) {
        (void)flush_web(c); /* a session that failed tells so by next */
    }
    size_t size = c->quic && c->out.pos == 0 ? wr_updoq_output(c) : c->out.pos;
    *ret_bytes = c->out.base;
    c->out.pos = 0;
    return size;
}

bool wr_upconn_has_output(const struct wr_upconn *c)
{
    return c->out.pos > 0 || c->quic_wants || (c->web && wr_dohclient_has_output(http_seen(c)));
}

void wr_upconn_facts(const struct wr_upconn *c, struct wr_upconn_facts *ret_facts)
{
    if (c->quic) {
        wr_updoq_facts(c, ret_facts);
        return;
    }
    *ret_facts = (struct wr_upconn_facts){.resumed = c->tls.resumed,
                                          .version = wr_tls_version(&c->tls),
                                          .cipher = wr_tls_cipher(&c->tls),
                                          .protocol = !c->web            ? ""
                                                      : c->tls.alpn == 0 ? "h2"
                                                                         : "http/1.1",
                                          .proof = c->proof.text};
}

bool wr_upconn_partial(const struct wr_upconn *c)
{
    return c->state == WR_UPCONN_READY &&
           (c->web ? wr_dohclient_since(http_seen(c)) != WR_TIME_NEVER
                   : wr_frame_partial(&c->frame));
}

void wr_upconn_close(struct wr_upconn *c)
{
    if (c->quic && c->state == WR_UPCONN_READY) {
        wr_updoq_close(c);
    } else if (c->begun && c->state == WR_UPCONN_READY) {
        wr_tls_close(&c->tls, &c->out);
    }
    if (c->state < WR_UPCONN_CLOSING) {
        c->state = WR_UPCONN_CLOSING;
    }
}

void wr_upconn_end(struct wr_upconn *c)
{
    if (c->odoh) {
        wr_upconnodoh_end(c->odoh);
    } else if (c->web) {
        wr_dohclient_end(&c->http);
    }
    c->odoh = NULL;
    c->web = false;
    if (c->quic) {
        wr_updoq_end(c);
    }
    if (c->begun) {
        wr_tls_end(&c->tls);
    }
    wr_creds_drop(c->secure.creds);
    c->secure.creds = NULL;
    c->begun = false;
    c->state = WR_UPCONN_OVER;
}
