/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/odohcarry.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"

#define PIECE 4096 /* octets of one record */

static const char *const alpn[] = {"h2", "http/1.1"};

int wr_odohcarry_start(struct wr_odohcarry *c, const struct wr_odohcarry_setup *setup,
                       const struct wr_now *now)
{
    const struct wr_tls_setup tls = {.role = WR_TLS_CLIENT,
                                     .creds = setup->creds,
                                     .alpn = alpn,
                                     .alpn_count = WR_ARRAY_LEN(alpn),
                                     .verify = setup->verify,
                                     .user = setup->user,
                                     .name = setup->name};

    memset(c, 0, sizeof(*c));
    c->setup = *setup;
    c->state = WR_ODOHCARRY_SHAKING;
    wr_buf_write_init(&c->out, setup->out, WR_ODOHCARRY_OUT);
    return wr_tls_start(&c->tls, &tls, now, &c->out);
}

void wr_odohcarry_feed(struct wr_odohcarry *c, const uint8_t *bytes, size_t size,
                       const struct wr_now *now)
{
    wr_tls_feed(&c->tls, bytes, size, now);
}

static void over(struct wr_odohcarry *c, const char *why)
{
    if (c->state != WR_ODOHCARRY_OVER) {
        c->state = WR_ODOHCARRY_OVER;
        c->why = why;
    }
}

/* What HTTP wants said into records, as far as there is room. */
static void pump(struct wr_odohcarry *c)
{
    uint8_t piece[PIECE];

    while (c->state == WR_ODOHCARRY_OPEN && c->out.cap - c->out.pos >= PIECE + WR_TLS_RECORD_MORE) {
        size_t n = wr_dohclient_output(&c->http, piece, sizeof(piece));

        if (n == 0) {
            return;
        }
        if (wr_tls_write(&c->tls, piece, n, &c->out) != WR_OK) {
            over(c, "the connection to the target broke");
        }
    }
}

static void open_http(struct wr_odohcarry *c, const struct wr_now *now)
{
    const struct wr_dohclient_setup http = {.version = c->tls.alpn == 0 ? WR_HTTP_2 : WR_HTTP_1_1,
                                            .method = WR_HTTP_POST,
                                            .host = c->setup.host,
                                            .path = "/",
                                            .memory = c->setup.memory};

    if (wr_dohclient_start(&c->http, &http, now->mono_us) != WR_OK) {
        over(c, "no memory for a connection to the target");
        return;
    }
    c->speaks = true;
    c->state = WR_ODOHCARRY_OPEN;
}

/* One piece of plaintext. False: there is none now, or the end. */
static bool read_piece(struct wr_odohcarry *c, const struct wr_now *now)
{
    size_t n = 0;
    int err = wr_tls_read(&c->tls, c->setup.plain, WR_ODOHCARRY_PLAIN, &n, &c->out);

    if (c->state == WR_ODOHCARRY_SHAKING && c->tls.state == WR_TLS_OPEN) {
        open_http(c, now);
    }
    if (err == WR_OK && c->state == WR_ODOHCARRY_OPEN) {
        (void)wr_dohclient_feed(&c->http, c->setup.plain, n, now->mono_us); /* next tells */
        return true;
    }
    if (err != WR_E_AGAIN) {
        over(c, err == WR_E_CLOSED        ? "the target closed the connection"
                : c->tls.why.text[0] != 0 ? c->tls.why.text
                                          : "the target does not speak TLS as it should");
    }
    return false;
}

bool wr_odohcarry_next(struct wr_odohcarry *c, const struct wr_now *now,
                       struct wr_dohclient_said *ret_said)
{
    while (c->state != WR_ODOHCARRY_OVER) {
        if (c->speaks && wr_dohclient_next(&c->http, ret_said)) {
            if (ret_said->kind == WR_DOHCLIENT_ENDED) {
                over(c, ret_said->why);
                break;
            }
            return true;
        }
        if (!read_piece(c, now)) {
            break;
        }
    }
    pump(c);
    if (c->state != WR_ODOHCARRY_OVER || c->told) {
        return false;
    }
    c->told = true;
    *ret_said = (struct wr_dohclient_said){.kind = WR_DOHCLIENT_ENDED, .why = c->why};
    return true;
}

int wr_odohcarry_request(struct wr_odohcarry *c, const struct wr_http_request *request)
{
    int err = c->state == WR_ODOHCARRY_OPEN   ? wr_dohclient_request(&c->http, request)
              : c->state == WR_ODOHCARRY_OVER ? WR_E_CLOSED
                                              : WR_E_AGAIN;

    pump(c);
    return err;
}

size_t wr_odohcarry_output(struct wr_odohcarry *c, uint8_t *room, size_t cap)
{
    size_t n;

    pump(c);
    n = c->out.pos < cap ? c->out.pos : cap;
    memcpy(room, c->out.base, n);
    memmove(c->out.base, c->out.base + n, c->out.pos - n);
    c->out.pos -= n;
    return n;
}

size_t wr_odohcarry_memory(const struct wr_odohcarry *c)
{
    return c->speaks ? wr_dohclient_memory(&c->http) : 0;
}

void wr_odohcarry_end(struct wr_odohcarry *c)
{
    if (c->speaks) {
        wr_dohclient_end(&c->http);
        c->speaks = false;
    }
    wr_tls_end(&c->tls);
    c->state = WR_ODOHCARRY_OVER;
}
