/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/upconnodoh.h"

#include "base/err.h"

/* What is known before anything is fetched, to `room`; *ret is NULL when nothing is. */
static int find_config(const struct wr_upconn_oblivious *target, uint64_t now_us,
                       struct wr_odoh_config *room, const struct wr_odoh_config **ret)
{
    *ret = NULL;
    if (target->pinned_size) {
        *ret = room;
        return wr_odoh_configs_read(target->pinned, target->pinned_size, room);
    }
    if (target->kept->until_us > now_us) {
        *ret = &target->kept->config;
    }
    return WR_OK;
}

int wr_upconnodoh_start(struct wr_upconnodoh **ret, const struct wr_dohclient_setup *proxy,
                        const struct wr_upconn_oblivious *target, uint64_t now_us)
{
    const struct wr_http_memory *memory = &proxy->memory;
    struct wr_upconnodoh *o = memory->resize(memory->user, NULL, sizeof(*o));
    if (!o) {
        return WR_E_NOMEM;
    }
    struct wr_odoh_config pinned;
    struct wr_odohclient_setup setup = {.proxy = *proxy,
                                        .target_host = target->host,
                                        .target_path = target->path,
                                        .pinned = target->pinned_size > 0,
                                        .rng = target->rng,
                                        .slot = o->slot,
                                        .slots = WR_UPCONNODOH_SLOTS,
                                        .room = o->room};
    o->memory = *memory;
    o->kept = setup.pinned ? NULL : target->kept;
    int err = find_config(target, now_us, &pinned, &setup.config);
    if (err == WR_OK) {
        err = wr_odohclient_start(&o->client, &setup, now_us);
    }
    if (err != WR_OK) {
        (void)memory->resize(memory->user, o, 0);
        return err;
    }
    if (setup.config && o->kept) { /* it is as old as it is, whoever uses it now */
        o->client.fetch_us = o->kept->until_us;
    }
    *ret = o;
    return WR_OK;
}

bool wr_upconnodoh_next(struct wr_upconnodoh *o, uint64_t now_us, struct wr_dohclient_said *ret)
{
    bool any = wr_odohclient_next(&o->client, now_us, ret);
    const struct wr_odoh_config *config = wr_odohclient_config(&o->client);
    if (config && o->kept && o->client.configs == WR_ODOHCLIENT_SETTLED) {
        o->kept->config = *config;
        o->kept->until_us = o->client.fetch_us;
    }
    return any;
}

void wr_upconnodoh_end(struct wr_upconnodoh *o)
{
    struct wr_http_memory memory = o->memory;
    wr_odohclient_end(&o->client);
    (void)memory.resize(memory.user, o, 0);
}
