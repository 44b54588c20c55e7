/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/shared.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/err.h"
#include "policy/census.h"
#include "policy/segment.h"

/* Buckets for rate limits: clients and kinds of response at once, by profile. */
#define QUOTA_GATEWAY 32768
#define QUOTA_ROUTER  8192
#define QUOTA_EDGE    262144

static uint32_t quota_buckets(uint32_t profile)
{
    switch (profile) {
    case WR_PROFILE_ROUTER: return QUOTA_ROUTER;
    case WR_PROFILE_EDGE: return QUOTA_EDGE;
    default: return QUOTA_GATEWAY;
    }
}

static void *map(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static bool random_key(struct wr_hash_key *ret_key)
{
    return getrandom(ret_key, sizeof(*ret_key), 0) == (ssize_t)sizeof(*ret_key);
}

/* The longest time for which anybody gets what has expired. */
static uint32_t stale_max(const struct wr_conf *conf)
{
    uint32_t most = conf->cache.stale.enable ? conf->cache.stale.max_age_s : 0;
    for (size_t i = 0; i < conf->segments.count; i++) {
        const struct wr_conf_segment *s = &conf->segments.items[i];
        if (s->stale == WR_SEGMENT_STALE_SERVE && s->stale_max_age_s > most) {
            most = s->stale_max_age_s;
        }
    }
    return most;
}

void wr_shared_keep_conf(const struct wr_conf *conf, struct wr_keep_conf *ret_conf)
{
    *ret_conf = (struct wr_keep_conf){
        .cache_size = (size_t)conf->cache.size_bytes,
        .live_path = conf->cache.live,
        .checkpoint_path = conf->cache.keep.path,
        .min_interval_ms = conf->cache.keep.min_interval_ms,
        .max_interval_ms = conf->cache.keep.max_interval_ms,
        .budget_per_day_bytes = conf->cache.keep.budget_per_day_bytes,
        .stale_max_s = stale_max(conf),
    };
}

static int make_devices(struct wr_shared *s, const struct wr_conf *conf)
{
    struct wr_hash_key key;
    uint32_t keys = wr_census_keys(conf->registry.devices);
    s->devices_size = wr_device_size(keys);
    void *block = map(s->devices_size);
    if (block == NULL) {
        return WR_E_NOMEM;
    }
    if (!random_key(&key)) {
        munmap(block, s->devices_size);
        return WR_E_IO;
    }
    s->devices = wr_device_init(block, keys, &key);
    s->over_rate_size = wr_tally_size(conf->registry.devices);
    block = map(s->over_rate_size);
    if (block == NULL) {
        return WR_E_NOMEM;
    }
    s->over_rate = wr_tally_init(block, conf->registry.devices);
    return WR_OK;
}

static int make_leases(struct wr_shared *s, const struct wr_conf *conf)
{
    struct wr_hash_key key;
    if (!conf->firewall.enabled) {
        return WR_OK;
    }
    s->leases_size = wr_leasemirror_size(conf->firewall.leases);
    void *block = map(s->leases_size);
    if (block == NULL) {
        return WR_E_NOMEM;
    }
    if (!random_key(&key)) {
        munmap(block, s->leases_size);
        return WR_E_IO;
    }
    s->leases = wr_leasemirror_init(block, conf->firewall.leases, &key);
    return WR_OK;
}

static int fill(struct wr_shared *s, const struct wr_conf *conf, uint64_t anchors,
                const struct wr_now *now)
{
    uint32_t buckets = quota_buckets(conf->profile);
    struct wr_keep_conf keep;
    s->quota_size = wr_quota_size(buckets);
    s->upstream_state =
        calloc(WR_UPSTREAMS_MAX + conf->recursion.servers, sizeof(*s->upstream_state));
    s->conns = calloc(WR_UPSTREAMS_MAX, sizeof(*s->conns));
    s->net = calloc(1, sizeof(*s->net));
    void *quota_block = map(s->quota_size);
    if (s->upstream_state == NULL || s->conns == NULL || s->net == NULL || quota_block == NULL) {
        return WR_E_NOMEM;
    }
    s->quota = s->net->quota = wr_quota_init(quota_block, buckets);
    if (!random_key(&s->net->key)) {
        return WR_E_IO;
    }
    int err = make_devices(s, conf);
    if (err == WR_OK) {
        err = make_leases(s, conf);
    }
    if (err != WR_OK) {
        return err;
    }
    wr_shared_keep_conf(conf, &keep);
    keep.anchors = anchors;
    err = wr_keep_open(&keep, now, &s->keep);
    if (err == WR_OK) {
        s->cache = wr_keep_cache(s->keep);
        wr_keep_load(s->keep, now);
    }
    return err;
}

int wr_shared_create(const struct wr_conf *conf, uint64_t anchors, const struct wr_now *now,
                     struct wr_shared *ret_shared)
{
    struct wr_shared s;
    memset(&s, 0, sizeof(s));
    int err = fill(&s, conf, anchors, now);
    if (err != WR_OK) {
        wr_shared_destroy(&s, now);
        return err;
    }
    *ret_shared = s;
    return WR_OK;
}

void wr_shared_destroy(struct wr_shared *shared, const struct wr_now *now)
{
    wr_keep_close(shared->keep, now);
    free(shared->upstream_state);
    free(shared->conns);
    free(shared->net);
    if (shared->quota != NULL) {
        munmap(shared->quota, shared->quota_size);
    }
    if (shared->over_rate != NULL) {
        munmap(shared->over_rate, shared->over_rate_size);
    }
    if (shared->leases != NULL) {
        munmap(shared->leases, shared->leases_size);
    }
    if (shared->devices != NULL) {
        munmap(shared->devices, shared->devices_size);
    }
    memset(shared, 0, sizeof(*shared));
}
