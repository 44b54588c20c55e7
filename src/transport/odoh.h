/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ODoH: DNS messages in an envelope that only the target can open, so that a proxy may carry them (RFC 9230).
 *
 *     client    err = wr_odoh_configs_read(bytes, size, &config);          what the target publishes: the first that is usable
 *               err = wr_odoh_ask(&asked, &config, random, msg, n, &out);  the query, padded, to be sent by way of a proxy
 *               err = wr_odoh_answer(&asked, bytes, size, room, cap, &n);  the response to it
 *     target    err = wr_odoh_key_make(&key, alg, seed);                   a key pair and its configuration
 *               err = wr_odoh_configs_write(&key.config, 1, &out);
 *               err = wr_odoh_query(keys, n, bytes, size, random, room, cap, &n, &heard);
 *               err = wr_odoh_reply(&heard, msg, n, &out);
 *
 * The cryptography is crypto/hpke (section 6.2); HTTP, media types and status codes are the owner's (section 4). `random` is fresh and
 * used once, WR_ODOH_RANDOM octets. Messages are padded as RFC 8467 has it, queries to 128 octets and responses to 468, by zeros that
 * stand behind them (section 6.2), so that no EDNS padding is needed. A response is padded when its query was, here or by being of such a
 * length: who does not pad may not understand it (dnscrypt-proxy 2.1.8 takes no response with zeros behind it). Padding that is not zero is
 * refused, as the RFC wants.
 *
 * Memory: everything is handed in; `asked` and `heard` are what has to be kept between a query and its response, and hold secrets (crypto/wipe).
 *
 * Errors: WR_E_SHORT and WR_E_FORMAT (not of this form), WR_E_NOTFOUND (a key id that is none of ours: HTTP 401, fetch the
 * configurations anew), WR_E_CHECKSUM (it does not open), WR_E_UNSUPPORTED (no configuration with a suite known here),
 * WR_E_LIMIT (a bound of base/limits.h), WR_E_FULL (no room), WR_E_NOMEM.
 */
#ifndef WR_TRANSPORT_ODOH_H
#define WR_TRANSPORT_ODOH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/limits.h"
#include "crypto/hpke.h"

#define WR_ODOH_MEDIA_TYPE     "application/oblivious-dns-message"
#define WR_ODOH_CONFIGS_PATH   "/.well-known/odohconfigs"
#define WR_ODOH_VERSION        0x0001
#define WR_ODOH_KEY_ID         32
#define WR_ODOH_RANDOM         32
#define WR_ODOH_QUERY_BLOCK    128
#define WR_ODOH_RESPONSE_BLOCK 468
/* Octets around a padded message: type, key id, enc, two lengths and the tag. */
#define WR_ODOH_OVERHEAD (1 + 2 + WR_ODOH_KEY_ID + 2 + WR_HPKE_KEY + 4 + WR_AEAD_TAG)

struct wr_odoh_config {
    enum wr_aead_alg aead;
    uint8_t public[WR_HPKE_KEY];
    uint8_t key_id[WR_ODOH_KEY_ID];
};

struct wr_odoh_key {
    struct wr_odoh_config config;
    uint8_t secret[WR_HPKE_KEY];
};

/* Kept by the client: the text of the query is part of what the response's key is made of. */
struct wr_odoh_asked {
    enum wr_aead_alg aead;
    uint16_t size;
    uint8_t secret[WR_AEAD_KEY_MAX];
    uint8_t text[WR_ODOH_QUERY_MAX + WR_ODOH_QUERY_BLOCK + 4];
};

/* Kept by the target. */
struct wr_odoh_heard {
    enum wr_aead_alg aead;
    bool padded; /* the query was */
    uint8_t key[WR_AEAD_KEY_MAX], nonce[WR_AEAD_NONCE];
    uint8_t
        response_nonce[WR_ODOH_RANDOM]; /* the first 16 or 32 octets of it, as long as the key */
};

int wr_odoh_configs_read(const uint8_t *bytes, size_t size, struct wr_odoh_config *ret_config);
int wr_odoh_configs_write(const struct wr_odoh_config *configs, size_t n, struct wr_writer *out);
/* The same seed (WR_ODOH_RANDOM octets) gives the same key. */
int wr_odoh_key_make(struct wr_odoh_key *ret_key, enum wr_aead_alg aead, const uint8_t *seed);

/* A query of at most WR_ODOH_QUERY_MAX octets is appended to `out` in its envelope. */
int wr_odoh_ask(struct wr_odoh_asked *ret_asked, const struct wr_odoh_config *config,
                const uint8_t *random, const uint8_t *msg, size_t size, struct wr_writer *out);
/* `cap`: the response with its padding and four octets more. The message stands at `room`. */
int wr_odoh_answer(const struct wr_odoh_asked *asked, const uint8_t *bytes, size_t size,
                   uint8_t *room, size_t cap, size_t *ret_size);

int wr_odoh_query(const struct wr_odoh_key *keys, size_t n, const uint8_t *bytes, size_t size,
                  const uint8_t *random, uint8_t *room, size_t cap, size_t *ret_size,
                  struct wr_odoh_heard *ret_heard);
int wr_odoh_reply(const struct wr_odoh_heard *heard, const uint8_t *msg, size_t size,
                  struct wr_writer *out);

#endif
