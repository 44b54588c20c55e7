/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/odohkeys.h"

#include <string.h>

#include "base/err.h"
#include "crypto/hkdf.h"
#include "crypto/wipe.h"

/* Eleven years without a query, each day a step; then days are skipped. */
#define STEPS_MAX 4096

/* From one secret the seed of a key, and the secret of the next period. */
static int step(const uint8_t secret[32], struct wr_odoh_key *ret_key, uint8_t ret_secret[32])
{
    static const struct wr_hkdf_part for_key = {"weir odoh key", 13},
                                     for_next = {"weir odoh next", 14};
    uint8_t seed[WR_ODOH_RANDOM], next[32];
    int err = wr_hkdf_expand(WR_HASH_SHA256, secret, &for_key, 1, seed, sizeof(seed));

    if (!err) {
        err = wr_hkdf_expand(WR_HASH_SHA256, secret, &for_next, 1, next, sizeof(next));
    }
    if (!err) {
        err = wr_odoh_key_make(ret_key, WR_AEAD_AES128GCM, seed);
    }
    if (!err) {
        memcpy(ret_secret, next, sizeof(next));
    }
    wr_wipe(seed, sizeof(seed));
    wr_wipe(next, sizeof(next));
    return err;
}

static int publish(struct wr_odohkeys *k)
{
    struct wr_writer w;
    int err;

    wr_buf_write_init(&w, k->configs, sizeof(k->configs));
    err = wr_odoh_configs_write(&k->key[0].config, 1, &w);
    k->configs_size = (uint8_t)w.pos;
    return err;
}

int wr_odohkeys_start(struct wr_odohkeys *k, const uint8_t secret[32], uint64_t started_us)
{
    int err;

    memset(k, 0, sizeof(*k));
    err = step(secret, &k->key[0], k->secret);
    k->since_us = started_us;
    k->keys = 1;
    return err ? err : publish(k);
}

int wr_odohkeys_advance(uint8_t secret[32], uint64_t *since_us, uint64_t now_us)
{
    struct wr_odoh_key unused;
    int err = WR_OK;

    for (unsigned i = 0; i < STEPS_MAX && !err && now_us >= *since_us + WR_ODOH_PERIOD_US; i++) {
        err = step(secret, &unused, secret);
        *since_us += err ? 0 : WR_ODOH_PERIOD_US;
    }
    wr_wipe(&unused, sizeof(unused));
    return err;
}

uint64_t wr_odohkeys_deadline(const struct wr_odohkeys *k)
{
    return k->since_us + WR_ODOH_PERIOD_US;
}

int wr_odohkeys_turn(struct wr_odohkeys *k, uint64_t now_us)
{
    for (unsigned i = 0; i < STEPS_MAX && now_us >= k->since_us + WR_ODOH_PERIOD_US; i++) {
        struct wr_odoh_key next;
        int err = step(k->secret, &next, k->secret);

        if (err) {
            return err;
        }
        k->key[1] = k->key[0];
        k->key[0] = next;
        k->keys = WR_ODOH_KEYS;
        k->since_us += WR_ODOH_PERIOD_US;
        wr_wipe(&next, sizeof(next));
        err = publish(k);
        if (err) {
            return err;
        }
    }
    return WR_OK;
}
