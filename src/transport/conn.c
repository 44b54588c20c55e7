/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/conn.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"

struct wr_conn_tls {
    struct wr_tls tls;
    char below[256]; /* names_below */
    char certified[WR_CONN_CLAIM_SIZE];
};

static const char *const dot_names[] = {"dot"};

size_t wr_conn_room(enum wr_conn_kind kind)
{
    return kind == WR_CONN_PLAIN ? 0 : sizeof(struct wr_conn_tls);
}

/* --- who it says it is -------------------------------------------------------------------------------- */

static bool is_label(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = text[i];

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_') {
            return false;
        }
    }
    return n > 0 && n < WR_CONN_CLAIM_SIZE;
}

/* The first name of a certificate that leads to an anchor; one that does not says nothing. */
static int conn_judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *why)
{
    struct wr_conn_tls *s = user;
    struct wr_verdict_text not_told;
    struct wr_creds_facts facts;
    size_t n;

    if (wr_creds_verify(s->tls.creds, chain, NULL, &not_told) != WR_OK ||
        wr_creds_facts_of(chain->cert[0].der, chain->cert[0].size, &facts) != WR_OK) {
        return WR_OK;
    }
    n = strlen(facts.names);
    for (size_t i = 0; i < n; i++) {
        facts.names[i] = (char)(facts.names[i] >= 'A' && facts.names[i] <= 'Z' ? facts.names[i] + 32
                                                                               : facts.names[i]);
    }
    if (n > 0 && n < sizeof(s->certified)) {
        memcpy(s->certified, facts.names, n + 1);
    }
    return WR_OK;
}

static void conn_claim_set(struct wr_conn *c, uint8_t kind, const char *text, size_t n)
{
    memcpy(c->claim, text, n);
    c->claim[n] = '\0';
    c->claim_kind = kind;
}

static void conn_find_claim(struct wr_conn *c)
{
    struct wr_conn_tls *s = c->tls;
    size_t below = strlen(s->below), n, label;
    char name[256] = "";

    if (s->certified[0] != '\0') {
        conn_claim_set(c, WR_CONN_CLAIM_CERTIFICATE, s->certified, strlen(s->certified));
        return;
    }
    if (below == 0 || wr_tls_sni(&s->tls, name, sizeof(name) - 1) != WR_OK) {
        return;
    }
    n = strlen(name);
    if (n < below + 2 || memcmp(name + n - below, s->below, below) != 0 ||
        name[n - below - 1] != '.') {
        return;
    }
    label = n - below - 1;
    if (is_label(name, label)) {
        conn_claim_set(c, WR_CONN_CLAIM_SNI, name, label);
    }
}

/* --- the machine -------------------------------------------------------------------------------------- */

static int conn_start_tls(struct wr_conn *c, const struct wr_conn_setup *setup,
                          const struct wr_now *now)
{
    const struct wr_terms *terms = setup->terms;
    struct wr_tls_setup tls = {.role = WR_TLS_SERVER,
                               .creds = terms->creds,
                               .alpn = dot_names,
                               .alpn_count = WR_ARRAY_LEN(dot_names),
                               .verify = conn_judge,
                               .user = setup->room,
                               .ticket_key = terms->ticket_key,
                               .ask = terms->ask_certificate};

    c->tls = setup->room;
    memcpy(c->tls->below, terms->names_below, sizeof(c->tls->below));
    c->tls->certified[0] = '\0';
    return wr_tls_start(&c->tls->tls, &tls, now, NULL);
}

int wr_conn_start(struct wr_conn *c, const struct wr_conn_setup *setup, const struct wr_now *now)
{
    *c = (struct wr_conn){.kind = (uint8_t)setup->kind, .scratch = setup->scratch};
    wr_frame_init(&c->frame, setup->frame, setup->frame_size);
    return setup->kind == WR_CONN_PLAIN ? WR_OK : conn_start_tls(c, setup, now);
}

void wr_conn_feed(struct wr_conn *c, const uint8_t *bytes, size_t size, const struct wr_now *now)
{
    if (c->tls == NULL) {
        wr_frame_feed(&c->frame, bytes, size);
    } else {
        wr_tls_feed(&c->tls->tls, bytes, size, now);
    }
}

/* The next piece of plaintext into the frame. */
static int conn_read_tls(struct wr_conn *c, struct wr_writer *out)
{
    struct wr_tls *t = &c->tls->tls;
    bool was_opening = t->state == WR_TLS_HANDSHAKE;
    size_t n = 0;
    int err = wr_tls_read(t, c->scratch, WR_CONN_SCRATCH, &n, out);

    if (was_opening && t->state == WR_TLS_OPEN) {
        conn_find_claim(c);
    }
    if (err == WR_OK) {
        wr_frame_feed(&c->frame, c->scratch, n);
    }
    return err;
}

int wr_conn_next(struct wr_conn *c, struct wr_writer *out, struct wr_conn_query *ret_query)
{
    for (;;) { /* each turn uses up octets that were fed */
        int err = wr_frame_next(&c->frame, &ret_query->bytes, &ret_query->size);

        if (err == WR_OK) {
            ret_query->stream = 0;
            return WR_OK;
        }
        if (err != WR_E_AGAIN || c->tls == NULL) {
            return err;
        }
        err = conn_read_tls(c, out);
        if (err != WR_OK) {
            return err;
        }
    }
}

size_t wr_conn_answer_room(const struct wr_conn *c, size_t size)
{
    size_t framed = size + 2;

    return c->tls == NULL ? framed : framed + (framed / 16384 + 2) * WR_TLS_RECORD_MORE;
}

/* One record for the length and the message (RFC 7766 section 8): `bytes` goes behind two octets in the scratch where it fits. */
static int conn_answer_tls(struct wr_conn *c, const uint8_t *bytes, size_t size,
                           struct wr_writer *out)
{
    uint8_t small[2 + 1500], length[2] = {(uint8_t)(size >> 8), (uint8_t)size};
    int err;

    if (size <= sizeof(small) - 2) {
        memcpy(small, length, 2);
        memcpy(small + 2, bytes, size);
        return wr_tls_write(&c->tls->tls, small, size + 2, out);
    }
    err = wr_tls_write(&c->tls->tls, length, 2, out);
    return err == WR_OK ? wr_tls_write(&c->tls->tls, bytes, size, out) : err;
}

int wr_conn_answer(struct wr_conn *c, uint64_t stream, const uint8_t *bytes, size_t size,
                   struct wr_writer *out)
{
    wr_assert(size <= WR_MSG_MAX);
    if (bytes == NULL) {
        return WR_OK;
    }
    if (c->tls != NULL) {
        return conn_answer_tls(c, bytes, size, out);
    }
    wr_buf_put_u16(out, (uint16_t)size);
    wr_buf_put_bytes(out, bytes, size);
    return out->err;
}

bool wr_conn_opening(const struct wr_conn *c)
{
    return c->tls != NULL && c->tls->tls.state == WR_TLS_HANDSHAKE;
}

bool wr_conn_partial(const struct wr_conn *c)
{
    return wr_frame_partial(&c->frame) || (c->tls != NULL && wr_tls_partial(&c->tls->tls));
}

void wr_conn_close(struct wr_conn *c, struct wr_writer *out)
{
    if (c->tls != NULL) {
        wr_tls_close(&c->tls->tls, out);
    }
}

void wr_conn_end(struct wr_conn *c)
{
    if (c->tls != NULL) {
        wr_tls_end(&c->tls->tls);
        c->tls = NULL;
    }
}

const char *wr_conn_why(const struct wr_conn *c)
{
    return c->tls == NULL ? "" : c->tls->tls.why.text;
}

const struct wr_tls *wr_conn_session(const struct wr_conn *c)
{
    return c->tls == NULL ? NULL : &c->tls->tls;
}
