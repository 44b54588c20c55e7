/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of an oblivious target, and how they change (RFC 9230 section 6).
 *
 *     err = wr_odohkeys_start(&keys, secret, started_us);     32 octets, made when the daemon starts
 *     err = wr_odohkeys_turn(&keys, now_us);                  before keys.key or keys.configs is used
 *
 * A key is published for WR_ODOH_PERIOD_US and accepted for as long again: whoever fetched the configurations in its last moment, and
 * keeps them for WR_ODOH_MAX_AGE_S, asks with a key that is still there, and a query on its way when the key changes is answered. key[0]
 * is published; key[1], when there is one, is the one before.
 *
 * Workers do not have to talk about it: each has its own struct from the same secret and the same start, and what a period's key is
 * follows from these alone. Each step replaces the secret by a digest of it, so that who reads the memory later
 * cannot open what was asked two periods before.
 *
 * Memory: the struct. Errors: WR_E_NOMEM; then nothing has changed.
 */
#ifndef WR_TRANSPORT_ODOHKEYS_H
#define WR_TRANSPORT_ODOHKEYS_H

#include "base/time.h"
#include "transport/odoh.h"

#define WR_ODOH_PERIOD_US ((uint64_t)24 * 3600 * WR_S)
/* How long HTTP may keep the configurations, and so a client. */
#define WR_ODOH_MAX_AGE_S 43200
#define WR_ODOH_KEYS      2

struct wr_odohkeys {
    uint8_t secret[32]; /* from which the key after key[0] comes */
    uint64_t since_us;  /* when the period of key[0] began */
    struct wr_odoh_key key[WR_ODOH_KEYS];
    uint8_t keys;
    uint8_t configs_size;
    uint8_t configs[2 + 4 + 8 + WR_HPKE_KEY]; /* as they are published */
};

int wr_odohkeys_start(struct wr_odohkeys *k, const uint8_t secret[32], uint64_t started_us);
/* A secret that is kept for who starts later: the periods that are over are stepped over, and their keys cannot be made from it. */
int wr_odohkeys_advance(uint8_t secret[32], uint64_t *since_us, uint64_t now_us);
int wr_odohkeys_turn(struct wr_odohkeys *k, uint64_t now_us);
/* When the period of key[0] is over: who turns the keys then, asked or not, keeps none longer than it is accepted. */
uint64_t wr_odohkeys_deadline(const struct wr_odohkeys *k);

#endif
