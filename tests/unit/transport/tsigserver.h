/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The side that answers, for tests of TSIG: signs the messages of a response one after another, or leaves some out,
 * and spoils what it is told to. It shares the HMAC with what it tests and nothing else; that both read RFC 8945
 * alike with others is check_tsig.py's to show.
 */
#ifndef WEIR_TESTS_TSIGSERVER_H
#define WEIR_TESTS_TSIGSERVER_H

#include <string.h>

#include "base/buf.h"
#include "transport/tsig.h"

struct tsigserver {
    const struct wr_tsig_key *key;
    struct wr_hmac hmac;
    bool first;
    uint16_t error; /* of the next record */
    const uint8_t *other;
    uint16_t other_size;
    uint16_t mac_size; /* 0: the whole */
};

static inline void tsigserver_add_mac(struct tsigserver *s, const uint8_t *mac, size_t n)
{
    const uint8_t length[2] = {(uint8_t)(n >> 8), (uint8_t)n};

    wr_hmac_add(&s->hmac, length, 2);
    wr_hmac_add(&s->hmac, mac, n);
}

/* `query` is signed by wr_tsig_sign: its MAC stands before id, error and other length, at the end. */
static inline void tsigserver_start(struct tsigserver *s, const struct wr_tsig_key *key,
                                    const uint8_t *query, size_t size)
{
    size_t n = wr_digest_size(key->alg);

    memset(s, 0, sizeof(*s));
    s->key = key;
    s->first = true;
    (void)wr_hmac_open(&s->hmac, key->alg, key->secret, key->size);
    tsigserver_add_mac(s, query + size - 6 - n, n);
}

static inline void tsigserver_skip(struct tsigserver *s, const uint8_t *wire, size_t size)
{
    wr_hmac_add(&s->hmac, wire, size);
}

static inline size_t tsigserver_sign(struct tsigserver *s, uint8_t *wire, size_t size, size_t cap,
                                     uint64_t time_s)
{
    static const char *const names[] = {"\13hmac-sha256", "\13hmac-sha384", "\13hmac-sha512"};
    const uint8_t *alg = (const uint8_t *)names[s->key->alg - WR_HASH_SHA256];
    size_t n = wr_digest_size(s->key->alg), owner = wr_name_size(s->key->name.wire);
    uint8_t timers[8], all[WR_NAME_MAX + 64], mac[WR_DIGEST_MAX];
    struct wr_writer t, v, w;

    wr_buf_write_init(&t, timers, sizeof(timers));
    wr_buf_put_u16(&t, (uint16_t)(time_s >> 32));
    wr_buf_put_u32(&t, (uint32_t)time_s);
    wr_buf_put_u16(&t, 300);
    wr_buf_write_init(&v, all, sizeof(all));
    wr_buf_put_bytes(&v, s->key->name.wire, owner);
    wr_buf_put_u16(&v, 255);
    wr_buf_put_u32(&v, 0);
    wr_buf_put_bytes(&v, alg, 13);
    wr_buf_put_bytes(&v, timers, 8);
    wr_buf_put_u16(&v, s->error);
    wr_buf_put_u16(&v, s->other_size);
    wr_buf_put_bytes(&v, s->other, s->other_size);
    wr_hmac_add(&s->hmac, wire, size);
    wr_hmac_add(&s->hmac, s->first ? all : timers, s->first ? v.pos : 8);
    (void)wr_hmac_end(&s->hmac, mac);
    tsigserver_add_mac(s, mac, n);
    n = s->mac_size ? s->mac_size : n;
    wr_buf_write_init(&w, wire + size, cap - size);
    wr_buf_put_bytes(&w, s->key->name.wire, owner);
    wr_buf_put_u16(&w, 250);
    wr_buf_put_u16(&w, 255);
    wr_buf_put_u32(&w, 0);
    wr_buf_put_u16(&w, (uint16_t)(13 + 8 + 2 + n + 6 + s->other_size));
    wr_buf_put_bytes(&w, alg, 13);
    wr_buf_put_bytes(&w, timers, 8);
    wr_buf_put_u16(&w, (uint16_t)n);
    wr_buf_put_bytes(&w, mac, n);
    wr_buf_put_bytes(&w, wire, 2);
    wr_buf_put_u16(&w, s->error);
    wr_buf_put_u16(&w, s->other_size);
    wr_buf_put_bytes(&w, s->other, s->other_size);
    wire[11]++;
    s->first = false;
    s->error = s->other_size = s->mac_size = 0;
    return size + w.pos;
}

static inline void tsigserver_close(struct tsigserver *s)
{
    wr_hmac_close(&s->hmac);
}

#endif
