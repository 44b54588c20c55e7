/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/updoq.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/time.h"
#include "transport/doqclient.h"

#ifdef WR_HAVE_QUIC

/* Longer than the owner's patience: it is the one who gives up. */
#define IDLE_MS      60000
#define HANDSHAKE_MS 10000

enum { ALIGN = 64 };

struct wr_updoq {
    struct wr_doqclient *client;
    struct wr_chunks chunks;
};

static size_t round_up(size_t size)
{
    return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

int wr_updoq_begin(struct wr_upconn *c, wr_tls_verify_fn *verify, const struct wr_now *now)
{
    const struct wr_http_memory *m = &c->secure.memory;
    struct wr_doqclient_setup setup = {.tls = {.creds = c->secure.creds,
                                               .host = c->secure.name,
                                               .verify = verify,
                                               .verify_user = c,
                                               .ticket = c->ticket,
                                               .ticket_size = c->ticket_size},
                                       .to = c->secure.to,
                                       .queries = WR_UPDOQ_OUT,
                                       .room = c->frame.room,
                                       .room_size = WR_MSG_MAX,
                                       .rng = c->secure.rng,
                                       .memory_max = WR_UPDOQ_LIBRARIES,
                                       .idle_ms = IDLE_MS,
                                       .handshake_ms = HANDSHAKE_MS};
    if (c->secure.standin) {
        setup.tls.standin = c->secure.standin->quic;
    }
    size_t block = round_up(wr_doqclient_size(&setup)), head = round_up(sizeof(struct wr_updoq));
    c->ticket = NULL;
    uint8_t *memory =
        m->resize(m->user, NULL, ALIGN + head + block + wr_chunks_size(WR_UPDOQ_CHUNKS));
    if (!memory) {
        return WR_E_NOMEM;
    }
    uint8_t *at = memory + (-(uintptr_t)memory & (ALIGN - 1));
    memset(at, 0, head + block);
    struct wr_updoq *q = (void *)at;
    wr_chunks_init(&q->chunks, at + head + block, WR_UPDOQ_CHUNKS);
    setup.chunks = &q->chunks;
    int err = wr_doqclient_start(at + head, &setup, now, &q->client);
    if (err != WR_OK) {
        m->resize(m->user, memory, 0);
        return err;
    }
    c->quic = q;
    c->quic_memory = memory;
    c->quic_wants = true;
    return WR_OK;
}

void wr_updoq_feed(struct wr_upconn *c, const uint8_t *bytes, size_t size, uint64_t now_us)
{
    wr_doqclient_feed(c->quic->client, bytes, size, now_us);
    c->quic_wants = true;
}

/* One that is ending says why once its last datagram is written, which waits in `out` for when the client is gone. */
static bool next_said(struct wr_upconn *c, struct wr_doqclient_said *ret_said)
{
    if (wr_doqclient_next(c->quic->client, ret_said) != WR_DOQCLIENT_NOTHING) {
        return true;
    }
    if (wr_doqclient_deadline(c->quic->client) != 0) {
        return false;
    }
    c->out.pos = wr_updoq_output(c);
    return wr_doqclient_next(c->quic->client, ret_said) != WR_DOQCLIENT_NOTHING;
}

bool wr_updoq_next(struct wr_upconn *c, struct wr_upconn_said *ret_said)
{
    struct wr_doqclient_said said;
    while (next_said(c, &said)) {
        *ret_said = (struct wr_upconn_said){.id = said.id,
                                            .msg = said.msg,
                                            .size = said.size,
                                            .text = said.why ? said.why : "",
                                            .why = said.own ? WR_UPCONN_OWN : WR_UPCONN_FINE};
        switch (said.kind) {
        case WR_DOQCLIENT_READY: ret_said->kind = WR_UPCONN_SAID_READY; return true;
        case WR_DOQCLIENT_ANSWER: ret_said->kind = WR_UPCONN_SAID_ANSWER; return true;
        case WR_DOQCLIENT_FAILED: ret_said->kind = WR_UPCONN_SAID_FAILED; return true;
        case WR_DOQCLIENT_ENDED: ret_said->kind = WR_UPCONN_SAID_ENDED; return true;
        case WR_DOQCLIENT_TICKET:
            ret_said->kind = WR_UPCONN_SAID_TICKET;
            ret_said->msg = c->plain;
            ret_said->size = wr_doqclient_ticket(c->quic->client, c->plain, WR_UPCONN_PLAIN);
            if (ret_said->size > 0) {
                return true;
            }
            break;
        default: break; /* a token */
        }
    }
    return false;
}

bool wr_updoq_has_room(const struct wr_upconn *c)
{
    return wr_doqclient_has_room(c->quic->client);
}

uint32_t wr_updoq_spare(const struct wr_upconn *c)
{
    return wr_doqclient_spare(c->quic->client);
}

void wr_updoq_cancel(struct wr_upconn *c, uint16_t id)
{
    wr_doqclient_cancel(c->quic->client, id);
    c->quic_wants = true;
}

int wr_updoq_ask(struct wr_upconn *c, const uint8_t *msg, size_t size)
{
    c->quic_wants = true;
    return wr_doqclient_ask(c->quic->client, msg, size, false, c->now_us);
}

size_t wr_updoq_output(struct wr_upconn *c)
{
    size_t size = wr_doqclient_output(c->quic->client, c->out.base, c->out.cap, c->now_us);
    c->quic_wants = size > 0;
    return size;
}

bool wr_updoq_time(struct wr_upconn *c)
{
    if (wr_doqclient_deadline(c->quic->client) <= c->now_us) {
        wr_doqclient_time(c->quic->client, c->now_us);
        c->quic_wants = true;
    }
    return wr_doqclient_deadline(c->quic->client) != WR_TIME_NEVER; /* one that is over has none */
}

uint64_t wr_updoq_deadline(const struct wr_upconn *c)
{
    return wr_doqclient_deadline(c->quic->client);
}

void wr_updoq_facts(const struct wr_upconn *c, struct wr_upconn_facts *ret_facts)
{
    struct wr_doqclient_facts facts;
    struct wr_tls tls = {.standin = c->secure.standin};
    wr_doqclient_facts(c->quic->client, &facts);
    tls.session = facts.session;
    *ret_facts = (struct wr_upconn_facts){.resumed = facts.resumed,
                                          .version = wr_tls_version(&tls),
                                          .cipher = wr_tls_cipher(&tls),
                                          .protocol = "doq",
                                          .proof = c->proof.text};
}

void wr_updoq_close(struct wr_upconn *c)
{
    wr_doqclient_close(c->quic->client, c->now_us);
    c->out.pos = wr_updoq_output(c);
    c->quic_wants = false;
}

void wr_updoq_end(struct wr_upconn *c)
{
    wr_doqclient_end(c->quic->client);
    c->secure.memory.resize(c->secure.memory.user, c->quic_memory, 0);
    c->quic = NULL;
    c->quic_memory = NULL;
    c->quic_wants = false;
}

#else /* it never begins */

int wr_updoq_begin(struct wr_upconn *c, wr_tls_verify_fn *verify, const struct wr_now *now)
{
    return WR_E_UNSUPPORTED;
}

void wr_updoq_feed(struct wr_upconn *c, const uint8_t *bytes, size_t size, uint64_t now_us)
{
}

bool wr_updoq_next(struct wr_upconn *c, struct wr_upconn_said *ret_said)
{
    return false;
}

bool wr_updoq_has_room(const struct wr_upconn *c)
{
    return false;
}

uint32_t wr_updoq_spare(const struct wr_upconn *c)
{
    return 0;
}

void wr_updoq_cancel(struct wr_upconn *c, uint16_t id)
{
}

int wr_updoq_ask(struct wr_upconn *c, const uint8_t *msg, size_t size)
{
    return WR_E_UNSUPPORTED;
}

size_t wr_updoq_output(struct wr_upconn *c)
{
    return 0;
}

bool wr_updoq_time(struct wr_upconn *c)
{
    return false;
}

uint64_t wr_updoq_deadline(const struct wr_upconn *c)
{
    return WR_TIME_NEVER;
}

void wr_updoq_facts(const struct wr_upconn *c, struct wr_upconn_facts *ret_facts)
{
}

void wr_updoq_close(struct wr_upconn *c)
{
}

void wr_updoq_end(struct wr_upconn *c)
{
}

#endif
