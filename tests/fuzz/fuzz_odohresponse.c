/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response of Oblivious DoH, as the client reads it: the octets are the envelope, and then the text inside one, sealed here with the
 * keys that the target has. The query is the one whose response is in the corpus.
 */
#include "base/err.h"
#include "fuzz.h"
#include "transport/odoh.h"

static void look(const struct wr_odoh_asked *asked, const uint8_t *bytes, size_t size)
{
    static uint8_t room[WR_MSG_MAX];
    size_t n = 0;

    if (wr_odoh_answer(asked, bytes, size, room, sizeof(room), &n) == WR_OK) {
        promise(n > 0 && n + 4 + WR_AEAD_TAG < size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[WR_ODOH_RANDOM] = {0};
    static uint8_t out[2 * WR_MSG_MAX];
    uint8_t query[40], room[WR_ODOH_QUERY_MAX], fresh[WR_ODOH_RANDOM], aad[19] = {2, 0, 16},
                                                                       *sealed;
    struct wr_odoh_asked asked;
    struct wr_odoh_heard heard;
    struct wr_odoh_key key;
    struct wr_writer w;
    size_t n = 0;

    for (unsigned i = 0; i < sizeof(query); i++) {
        query[i] = (uint8_t)i;
    }
    memset(fresh, 7, sizeof(fresh));
    promise(wr_odoh_key_make(&key, WR_AEAD_AES128GCM, seed) == WR_OK);
    wr_buf_write_init(&w, out, sizeof(out));
    promise(wr_odoh_ask(&asked, &key.config, fresh, query, sizeof(query), &w) == WR_OK);
    promise(wr_odoh_query(&key, 1, out, w.pos, fresh, room, sizeof(room), &n, &heard) == WR_OK);
    promise(n == sizeof(query) && memcmp(room, query, n) == 0);
    look(&asked, data, size);
    if (size + WR_AEAD_TAG > UINT16_MAX) {
        return 0;
    }
    memcpy(aad + 3, heard.response_nonce, 16);
    wr_buf_write_init(&w, out, sizeof(out));
    wr_buf_put_bytes(&w, aad, sizeof(aad));
    wr_buf_put_u16(&w, (uint16_t)(size + WR_AEAD_TAG));
    sealed = wr_buf_take(&w, size + WR_AEAD_TAG);
    promise(wr_aead_seal(heard.aead, heard.key, heard.nonce, aad, sizeof(aad), data, size,
                         sealed) == WR_OK);
    look(&asked, out, w.pos);
    return 0;
}
