/* SPDX-License-Identifier: Apache-2.0 */
/* weir's engine as a table of functions (gate.h). */
#include "gate.h"

static void *start(void *block, const struct wr_engine_setup *setup, const struct wr_now *now)
{
    return wr_engine_start(block, setup, now);
}

static void feed(void *e, const struct wr_event *event, const struct wr_now *now)
{
    wr_engine_feed(e, event, now);
}

static bool poll_action(void *e, const struct wr_now *now, struct wr_action *ret_action)
{
    return wr_engine_poll(e, now, ret_action);
}

static uint64_t deadline(const void *e)
{
    return wr_engine_deadline(e);
}

static void adopt(void *e, const struct wr_settings *settings, const struct wr_now *now)
{
    wr_engine_adopt(e, settings, now);
}

static uint32_t inflight(const void *e)
{
    return wr_engine_inflight(e);
}

static void stop(void *e)
{
    const struct wr_now end = {.mono_us = 1};
    wr_engine_stop(e, &end);
}

static struct wr_cache *open_cache(void *block, size_t size, bool attach)
{
    static const struct wr_hash_key key = {{0x0123456789abcdef, 0xfedcba9876543210}};
    struct wr_cache *cache = NULL;
    int err =
        attach ? wr_cache_attach(block, size, &cache) : wr_cache_format(block, size, &key, &cache);
    return err ? NULL : cache;
}

const struct gate_machine gate_weir = {"weir",   wr_engine_size, start,    feed, poll_action,
                                       deadline, adopt,          inflight, stop, open_cache};
