/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations of Oblivious DoH: the one that is taken is written, and read as the same. */
#include "base/err.h"
#include "fuzz.h"
#include "transport/odoh.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_odoh_config config, again;
    uint8_t room[128];
    struct wr_writer w;

    if (wr_odoh_configs_read(data, size, &config) != WR_OK) {
        return 0;
    }
    promise(wr_aead_key_size(config.aead) > 0);
    wr_buf_write_init(&w, room, sizeof(room));
    promise(wr_odoh_configs_write(&config, 1, &w) == WR_OK);
    promise(wr_odoh_configs_read(room, w.pos, &again) == WR_OK);
    promise(again.aead == config.aead && memcmp(again.public, config.public, WR_HPKE_KEY) == 0);
    promise(memcmp(again.key_id, config.key_id, WR_ODOH_KEY_ID) == 0);
    return 0;
}
