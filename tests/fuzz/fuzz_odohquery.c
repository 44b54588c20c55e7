/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A query of Oblivious DoH, as the target reads it: the octets are the envelope, and then the text inside one, sealed here as a client
 * would (nobody guesses a tag). A message that is taken is as long as the text says, and its reply can be written.
 */
#include "base/err.h"
#include "fuzz.h"
#include "transport/odoh.h"

static const uint8_t fresh[WR_ODOH_RANDOM] = {7};

static void look(const struct wr_odoh_key *key, const uint8_t *bytes, size_t size)
{
    static uint8_t room[WR_MSG_MAX], out[2 * WR_MSG_MAX];
    struct wr_odoh_heard heard;
    struct wr_writer w;
    size_t n = 0;

    if (wr_odoh_query(key, 1, bytes, size, fresh, room, sizeof(room), &n, &heard) != WR_OK) {
        return;
    }
    promise(n > 0 && n + WR_ODOH_OVERHEAD <= size);
    wr_buf_write_init(&w, out, sizeof(out));
    promise(wr_odoh_reply(&heard, room, n, &w) == (n + 20 <= UINT16_MAX ? WR_OK : WR_E_LIMIT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[WR_ODOH_RANDOM] = {0};
    static uint8_t out[2 * WR_MSG_MAX];
    uint8_t aad[3 + WR_ODOH_KEY_ID] = {1, 0, WR_ODOH_KEY_ID}, *sealed;
    struct wr_odoh_key key;
    struct wr_hpke h;
    struct wr_writer w;

    promise(wr_odoh_key_make(&key, WR_AEAD_AES128GCM, seed) == WR_OK);
    look(&key, data, size);
    if (size + WR_HPKE_KEY + WR_AEAD_TAG > UINT16_MAX) {
        return 0;
    }
    memcpy(aad + 3, key.config.key_id, WR_ODOH_KEY_ID);
    wr_buf_write_init(&w, out, sizeof(out));
    wr_buf_put_bytes(&w, aad, sizeof(aad));
    wr_buf_put_u16(&w, (uint16_t)(size + WR_HPKE_KEY + WR_AEAD_TAG));
    sealed = wr_buf_take(&w, size + WR_HPKE_KEY + WR_AEAD_TAG);
    promise(wr_hpke_sender(&h, key.config.aead, key.config.public, "odoh query", 10, fresh,
                           sealed) == WR_OK);
    promise(wr_hpke_seal(&h, aad, sizeof(aad), data, size, sealed + WR_HPKE_KEY) == WR_OK);
    look(&key, out, w.pos);
    return 0;
}
