/* SPDX-License-Identifier: Apache-2.0 */
/* Records first, then the client's side, then the server's (veil.h has the story). */
#include "veil.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "quicveil.h"
#include "sealcerts.h"

enum { HEADER = 5, TAG = 8, DATA_MAX = 16384, ALPN_MAX = 4 };

/* Records; and behind HANDSHAKE what it is. */
enum { ALERT = 21, HANDSHAKE = 22, DATA = 23 };
enum { HELLO = 1, CHAIN = 11, FINISHED = 20, TICKET = 4 };
enum { CLOSE_NOTIFY = 0, BAD_RECORD = 20, HANDSHAKE_FAILURE = 40, BAD_CERTIFICATE = 42 };

uint64_t veil_mix(uint64_t a, uint64_t b, uint64_t c)
{
    static const struct wr_hash_key key = {{0x7665696c, 0x7665696c}};
    uint64_t parts[3] = {a, b, c};
    return wr_hash_sip13(&key, parts, sizeof parts);
}

uint64_t veil_digest(const uint8_t *bytes, size_t size)
{
    static const struct wr_hash_key key = {{0x68656c6c6f, 0x68656c6c6f}};
    return wr_hash_sip13(&key, bytes, size);
}

uint64_t veil_draw(struct veil *v)
{
    return veil_mix(v->seed, ++v->drawn, 1);
}

/* What is said with the key of a certificate: that this session is meant. Only its owner is let call it, and who checks it. */
uint64_t veil_sign(const struct veil *v, enum veil_who who, uint64_t session)
{
    return veil_mix(veil_mix(v->seed, who, 6), session, 3);
}

/* Half of an id says which ticket, the other that it is one of this server's. */
void veil_ticket_make(struct veil *v, uint64_t secret, uint8_t ret[VEIL_TICKET])
{
    uint64_t half = veil_draw(v) >> 32 | 1;
    uint64_t id = half << 32 | (uint32_t)veil_mix(secret, half, 4), psk = veil_mix(secret, id, 5);
    memcpy(ret, &id, 8);
    memcpy(ret + 8, &psk, 8);
}

bool veil_ticket_open(uint64_t secret, uint64_t id, uint64_t *ret_psk)
{
    *ret_psk = veil_mix(secret, id, 5);
    return id && (uint32_t)id == (uint32_t)veil_mix(secret, id >> 32, 4);
}

/* ---- records ---- */

static void cipher(const struct veil_key *k, uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += 8) {
        uint64_t stream = veil_mix(k->key, k->records, at);
        for (size_t i = at; i < size && i < at + 8; i++, stream >>= 8) {
            bytes[i] ^= (uint8_t)stream;
        }
    }
}

static uint64_t tag_of(const struct veil_key *k, const uint8_t *bytes, size_t size)
{
    const struct wr_hash_key key = {{k->key, k->records}};
    return wr_hash_sip13(&key, bytes, size);
}

/* One record; behind the keys its type stands within. */
static int seal(struct veil_end *e, uint8_t type, const void *bytes, size_t size,
                struct wr_writer *out)
{
    size_t body = e->keyed ? 1 + size + TAG : size;
    uint8_t *to = wr_buf_take(out, HEADER + body);
    if (!to) {
        return WR_E_FULL;
    }
    const uint8_t header[HEADER] = {e->keyed ? DATA : type, 3, 3, (uint8_t)(body >> 8),
                                    (uint8_t)body};
    memcpy(to, header, HEADER);
    to += HEADER;
    if (!e->keyed) {
        memcpy(to, bytes, size);
        return WR_OK;
    }
    to[0] = type;
    memcpy(to + 1, bytes, size);
    if (!e->veil->naked) {
        cipher(&e->out, to, 1 + size);
    }
    uint64_t tag = tag_of(&e->out, to - HEADER, HEADER + 1 + size);
    memcpy(to + 1 + size, &tag, TAG);
    e->out.records++;
    return WR_OK;
}

/* Takes octets until a record is whole. WR_OK; WR_E_AGAIN: more are needed; WR_E_FORMAT: this is no record. */
static int gather(struct veil_end *e, const uint8_t **bytes, size_t *size)
{
    while (*size) {
        size_t want = HEADER;
        if (e->have >= HEADER) {
            want += (size_t)(e->record[3] << 8 | e->record[4]);
        }
        if (e->have == HEADER && (e->record[0] < ALERT || e->record[0] > DATA ||
                                  e->record[1] != 3 || want > VEIL_RECORD_MAX)) {
            return WR_E_FORMAT;
        }
        if (e->have >= HEADER && e->have == want) {
            return WR_OK;
        }
        size_t n = want - e->have < *size ? want - e->have : *size;
        memcpy(e->record + e->have, *bytes, n);
        e->have += n;
        *bytes += n;
        *size -= n;
    }
    return e->have >= HEADER && e->have == HEADER + (size_t)(e->record[3] << 8 | e->record[4])
               ? WR_OK
               : WR_E_AGAIN;
}

/* What is in the record that was gathered. WR_E_FORMAT: somebody changed it. */
static int unseal(struct veil_end *e, uint8_t *ret_type, const uint8_t **ret_bytes,
                  size_t *ret_size)
{
    uint8_t *body = e->record + HEADER;
    size_t size = e->have - HEADER;
    uint64_t tag;
    e->have = 0;
    if (!e->keyed) {
        *ret_type = e->record[0];
        *ret_bytes = body;
        *ret_size = size;
        return WR_OK;
    }
    if (size < 1 + TAG || e->record[0] != DATA) {
        return WR_E_FORMAT;
    }
    size -= TAG;
    memcpy(&tag, body + size, TAG);
    if (tag != tag_of(&e->in, e->record, HEADER + size)) {
        return WR_E_FORMAT;
    }
    if (!e->veil->naked) {
        cipher(&e->in, body, size);
    }
    e->in.records++;
    *ret_type = body[0];
    *ret_bytes = body + 1;
    *ret_size = size - 1;
    return WR_OK;
}

static void alert(struct veil_end *e, uint8_t code, struct wr_writer *out)
{
    const uint8_t body[2] = {code == CLOSE_NOTIFY ? 1 : 2, code};
    seal(e, ALERT, body, sizeof body, out);
}

/* From all of both hellos, and what the ticket brings. */
static void set_keys(struct veil_end *e, bool server, uint64_t asked, uint64_t said, uint64_t psk)
{
    uint64_t both = veil_mix(asked, said, psk);
    e->in.key = veil_mix(both, server ? 1 : 2, 0);
    e->out.key = veil_mix(both, server ? 2 : 1, 0);
    e->keyed = true;
}

/* ---- the client ---- */

struct client {
    struct veil_end end;
    struct veil *veil;
    uint64_t hello;              /* what was said in it */
    uint64_t id, psk;            /* of the ticket that is used */
    uint8_t ticket[VEIL_TICKET]; /* that was given */
    bool greeted, judged, has_ticket;
};

static int over(struct wr_tls *t, int err, uint8_t code, const char *why, struct wr_writer *out)
{
    struct client *c = t->session;
    struct wr_str s;
    if (code) {
        alert(&c->end, code, out);
    }
    if (!t->why.text[0]) {
        wr_str_init(&s, t->why.text, sizeof t->why.text);
        wr_str_text(&s, why);
    }
    t->state = WR_TLS_FAILED;
    t->err = err;
    return err;
}

static int client_start(struct wr_tls *t, const struct wr_tls_setup *setup, struct wr_writer *out)
{
    struct client *c = calloc(1, sizeof *c);
    struct veil *v = (struct veil *)(uintptr_t)t->standin;
    uint8_t room[512];
    struct wr_writer w;
    assert(c && setup->role == WR_TLS_CLIENT && setup->alpn_count <= ALPN_MAX);
    t->session = c;
    t->alpn_names = setup->alpn;
    t->alpn_count = (uint8_t)setup->alpn_count;
    c->end.veil = c->veil = v;
    v->sessions++;
    if (setup->ticket_size == VEIL_TICKET) {
        memcpy(&c->id, setup->ticket, 8);
        memcpy(&c->psk, setup->ticket + 8, 8);
    }
    wr_buf_write_init(&w, room, sizeof room);
    wr_buf_put_u8(&w, HELLO);
    wr_buf_put_u64(&w, veil_draw(v));
    wr_buf_put_u64(&w, c->id);
    wr_buf_put_u8(&w, t->alpn_count);
    for (unsigned i = 0; i < t->alpn_count; i++) {
        wr_buf_put_u8(&w, (uint8_t)strlen(t->alpn_names[i]));
        wr_buf_put_bytes(&w, t->alpn_names[i], strlen(t->alpn_names[i]));
    }
    if (setup->name) { /* in the clear, as in TLS */
        wr_buf_put_bytes(&w, setup->name, strlen(setup->name));
    }
    c->hello = veil_digest(room, w.pos);
    return seal(&c->end, HANDSHAKE, room, w.pos, out);
}

static int hear_hello(struct wr_tls *t, struct wr_reader *r)
{
    struct client *c = t->session;
    wr_buf_get_u64(r); /* the server's random number */
    bool resumed = wr_buf_get_u8(r) != 0;
    uint8_t alpn = wr_buf_get_u8(r);
    if (r->err || (resumed && !c->id) || (alpn != 0xff && alpn >= t->alpn_count)) {
        return WR_E_FORMAT;
    }
    t->alpn = (int8_t)(alpn == 0xff ? -1 : alpn);
    t->resumed = resumed;
    set_keys(&c->end, false, c->hello, veil_digest(r->base, r->size), resumed ? c->psk : 0);
    c->greeted = true;
    return WR_OK;
}

bool veil_is_signed(const struct veil *v, const uint8_t *der, size_t size, uint64_t session,
                    uint64_t signature)
{
    for (unsigned i = 0; i < VEIL_THIEF; i++) {
        if (v->cert[i].size == size && memcmp(v->cert[i].der, der, size) == 0) {
            return signature == veil_sign(v, (enum veil_who)i, session);
        }
    }
    return false;
}

/* The chain, and behind it the word of who has its key. */
static int hear_chain(struct wr_tls *t, struct wr_reader *r)
{
    struct client *c = t->session;
    struct wr_certs chain = {.now = t->now, .of_server = true, .count = 1};
    size_t size = wr_buf_get_u16(r);
    const uint8_t *der = wr_buf_get_bytes(r, size);
    uint64_t signature = wr_buf_get_u64(r);
    if (r->err || t->resumed || !veil_is_signed(c->veil, der, size, c->end.in.key, signature)) {
        return WR_E_FORMAT;
    }
    chain.cert[0] = (struct wr_certs_one){der, size};
    c->judged = t->verified = t->verify(t->user, &chain, &t->why) == WR_OK;
    c->veil->refused += !c->judged;
    return c->judged ? WR_OK : WR_E_DENIED;
}

static int hear_finished(struct wr_tls *t, struct wr_writer *out)
{
    struct client *c = t->session;
    const uint8_t finished = FINISHED;
    if (!t->resumed && !c->judged) {
        return WR_E_DENIED;
    }
    t->state = WR_TLS_OPEN;
    c->veil->opened++;
    c->veil->resumed += t->resumed;
    return seal(&c->end, HANDSHAKE, &finished, 1, out);
}

static int hear_handshake(struct wr_tls *t, const uint8_t *bytes, size_t size,
                          struct wr_writer *out)
{
    struct client *c = t->session;
    struct wr_reader r;
    wr_buf_read_init(&r, bytes, size);
    uint8_t kind = wr_buf_get_u8(&r);
    if (!c->greeted) {
        return kind == HELLO ? hear_hello(t, &r) : WR_E_FORMAT;
    }
    if (t->state == WR_TLS_HANDSHAKE) {
        return kind == CHAIN      ? hear_chain(t, &r)
               : kind == FINISHED ? hear_finished(t, out)
                                  : WR_E_FORMAT;
    }
    if (kind == TICKET && size == 1 + VEIL_TICKET) {
        memcpy(c->ticket, bytes + 1, VEIL_TICKET);
        c->has_ticket = true;
        return WR_OK;
    }
    return WR_E_FORMAT;
}

/* What is not plaintext. */
static int hear_other(struct wr_tls *t, uint8_t type, const uint8_t *bytes, size_t size,
                      struct wr_writer *out)
{
    if (type == ALERT && size == 2 && bytes[1] == CLOSE_NOTIFY) {
        t->state = WR_TLS_ENDED;
        return WR_E_CLOSED;
    }
    if (type == ALERT) {
        return over(t, WR_E_DENIED, 0, "the peer refused", out);
    }
    int err = type == HANDSHAKE ? hear_handshake(t, bytes, size, out) : WR_E_FORMAT;
    if (err == WR_E_DENIED) {
        return over(t, err, BAD_CERTIFICATE, "the peer's certificate is not acceptable", out);
    }
    return err == WR_OK ? err : over(t, err, HANDSHAKE_FAILURE, "TLS failed", out);
}

static int client_read(struct wr_tls *t, uint8_t *room, size_t cap, size_t *ret_n,
                       struct wr_writer *out)
{
    struct client *c = t->session;
    for (;;) {
        const uint8_t *bytes;
        size_t size;
        uint8_t type;
        int err = gather(&c->end, &t->in, &t->in_size);
        if (err == WR_E_AGAIN) {
            return err;
        }
        err = err == WR_OK ? unseal(&c->end, &type, &bytes, &size) : err;
        if (err != WR_OK) {
            return over(t, err, BAD_RECORD, "TLS failed: a record that is none", out);
        }
        if (type != DATA || t->state == WR_TLS_HANDSHAKE) {
            err = hear_other(t, type, bytes, size, out);
            if (err != WR_OK) {
                return err;
            }
        } else if (size > cap) {
            return over(t, WR_E_FULL, BAD_RECORD, "a record that is too long", out);
        } else if (size > 0) {
            memcpy(room, bytes, size);
            *ret_n = size;
            return WR_OK;
        }
    }
}

static int write_data(struct veil_end *e, const uint8_t *bytes, size_t size, struct wr_writer *out)
{
    int err = WR_OK;
    for (size_t at = 0, n; at < size && err == WR_OK; at += n) {
        n = size - at < DATA_MAX ? size - at : DATA_MAX;
        err = seal(e, DATA, bytes + at, n, out);
    }
    return err;
}

static int client_write(struct wr_tls *t, const uint8_t *bytes, size_t size, struct wr_writer *out)
{
    struct client *c = t->session;
    int err = write_data(&c->end, bytes, size, out);
    return err == WR_OK ? err : over(t, err, 0, "no room for what is to be sent", out);
}

static void client_close(struct wr_tls *t, struct wr_writer *out)
{
    struct client *c = t->session;
    alert(&c->end, CLOSE_NOTIFY, out);
}

static void client_end(struct wr_tls *t)
{
    free(t->session);
    t->session = NULL;
}

static int client_ticket(struct wr_tls *t, uint8_t *room, size_t cap, size_t *ret_n)
{
    struct client *c = t->session;
    if (!c->has_ticket || cap < VEIL_TICKET) {
        return WR_E_AGAIN;
    }
    t->ticket_taken = true;
    memcpy(room, c->ticket, VEIL_TICKET);
    *ret_n = VEIL_TICKET;
    return WR_OK;
}

/* ---- the server ---- */

static bool take_alpn(struct veil_server *s, struct wr_reader *r, uint8_t *ret_index)
{
    unsigned count = wr_buf_get_u8(r);
    *ret_index = 0xff;
    for (unsigned i = 0; i < count; i++) {
        size_t size = wr_buf_get_u8(r);
        const uint8_t *name = wr_buf_get_bytes(r, size);
        if (r->err || size >= sizeof s->alpn) {
            return false;
        }
        if (i == 0 || i == s->likes) {
            memcpy(s->alpn, name, size);
            s->alpn[size] = '\0';
            *ret_index = (uint8_t)i;
        }
    }
    return true;
}

static int greet(struct veil_server *s, const uint8_t *bytes, size_t size, struct wr_writer *out)
{
    struct wr_reader r;
    struct wr_writer w;
    uint8_t room[VEIL_CERT_MAX + 32], alpn;
    wr_buf_read_init(&r, bytes, size);
    uint8_t kind = wr_buf_get_u8(&r);
    wr_buf_get_u64(&r); /* the client's random number */
    uint64_t id = wr_buf_get_u64(&r);
    if (r.err || kind != HELLO || !take_alpn(s, &r, &alpn)) {
        return -1;
    }
    uint64_t psk;
    bool resumed = veil_ticket_open(s->secret, id, &psk);
    wr_buf_write_init(&w, room, sizeof room);
    wr_buf_put_u8(&w, HELLO);
    wr_buf_put_u64(&w, veil_draw(s->veil));
    wr_buf_put_u8(&w, resumed);
    wr_buf_put_u8(&w, alpn);
    seal(&s->end, HANDSHAKE, room, w.pos, out);
    set_keys(&s->end, true, veil_digest(bytes, size), veil_digest(room, w.pos), resumed ? psk : 0);
    s->greeted = true;
    if (!resumed) {
        const struct veil_cert *c = &s->veil->cert[s->who];
        wr_buf_write_init(&w, room, sizeof room);
        wr_buf_put_u8(&w, CHAIN);
        wr_buf_put_u16(&w, (uint16_t)c->size);
        wr_buf_put_bytes(&w, c->der, c->size);
        wr_buf_put_u64(&w, veil_sign(s->veil, s->who, s->end.out.key));
        seal(&s->end, HANDSHAKE, room, w.pos, out);
    }
    room[0] = FINISHED;
    return seal(&s->end, HANDSHAKE, room, 1, out);
}

static int now_open(struct veil_server *s, struct wr_writer *out)
{
    uint8_t room[1 + VEIL_TICKET] = {TICKET};
    veil_ticket_make(s->veil, s->secret, room + 1);
    s->open = true;
    return seal(&s->end, HANDSHAKE, room, sizeof room, out);
}

static int hear_record(struct veil_server *s, uint8_t type, const uint8_t *bytes, size_t size,
                       struct wr_writer *plain, struct wr_writer *out)
{
    if (type == ALERT) {
        s->closed = size == 2 && bytes[1] == CLOSE_NOTIFY;
        s->denied = !s->closed;
        return -1;
    }
    if (type == HANDSHAKE && !s->greeted) {
        return greet(s, bytes, size, out);
    }
    if (type == HANDSHAKE && !s->open && size == 1 && bytes[0] == FINISHED) {
        return now_open(s, out);
    }
    if (type == DATA && s->open) {
        wr_buf_put_bytes(plain, bytes, size);
        return plain->err ? -1 : 0;
    }
    return -1;
}

void veil_server_start(struct veil_server *s, struct veil *v, enum veil_who who, uint64_t secret)
{
    memset(s, 0, sizeof *s);
    s->end.veil = s->veil = v;
    s->who = who;
    s->secret = secret;
}

int veil_server_feed(struct veil_server *s, const uint8_t *bytes, size_t size,
                     struct wr_writer *plain, struct wr_writer *out)
{
    for (;;) {
        const uint8_t *body;
        size_t body_size;
        uint8_t type;
        int err = gather(&s->end, &bytes, &size);
        if (err == WR_E_AGAIN) {
            return 0;
        }
        if (err != WR_OK || unseal(&s->end, &type, &body, &body_size) != WR_OK) {
            alert(&s->end, BAD_RECORD, out);
            return -1;
        }
        if (hear_record(s, type, body, body_size, plain, out)) {
            return -1;
        }
    }
}

int veil_server_write(struct veil_server *s, const uint8_t *bytes, size_t size,
                      struct wr_writer *out)
{
    return s->open && write_data(&s->end, bytes, size, out) == WR_OK ? 0 : -1;
}

void veil_server_refuse(struct veil_server *s, struct wr_writer *out)
{
    alert(&s->end, HANDSHAKE_FAILURE, out);
}

/* ---- together ---- */

static int read_cert(struct veil_cert *c, const char *text)
{
    return wr_enc_from_base64(text, strlen(text), c->der, sizeof c->der, &c->size) == WR_OK ? 0
                                                                                            : -1;
}

int veil_init(struct veil *v, uint64_t seed)
{
    static const char *const texts[VEIL_WHOS] = {
        sealcert_good, sealcert_expired, sealcert_elsewhere, sealcert_portal, sealcert_good};
    memset(v, 0, sizeof *v);
    v->calls = (struct wr_tls_standin){.version = "veil",
                                       .cipher = "none",
                                       .start = client_start,
                                       .read = client_read,
                                       .write = client_write,
                                       .close = client_close,
                                       .end = client_end,
                                       .ticket = client_ticket};
    if (quicveil_calls(&v->quic)) {
        v->calls.quic = &v->quic;
    }
    v->seed = seed;
    int err = read_cert(&v->authority, sealcert_authority);
    for (unsigned i = 0; i < VEIL_WHOS && !err; i++) {
        err = read_cert(&v->cert[i], texts[i]);
    }
    return err;
}

struct wr_creds *veil_authority(const struct veil *v)
{
    static const char top[] = "-----BEGIN CERTIFICATE-----\n",
                      end[] = "\n-----END CERTIFICATE-----\n";
    char pem[1024];
    struct wr_str s;
    struct wr_verdict_text why;
    struct wr_creds *creds = NULL;
    wr_str_init(&s, pem, sizeof pem);
    wr_str_text(&s, top);
    wr_enc_base64(&s, v->authority.der, v->authority.size);
    wr_str_text(&s, end);
    struct wr_creds_setup setup = {.anchors = (const uint8_t *)pem, .anchors_size = s.len};
    int err = wr_creds_make(&setup, &why, &creds);
    assert(err == WR_OK);
    return creds;
}
