/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/shared.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/err.h"

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

static int fill(struct wr_shared *s, const struct wr_conf *conf)
{
    struct wr_hash_key key;
    uint32_t buckets = quota_buckets(conf->profile);
    s->quota_size = wr_quota_size(buckets);
    s->cache_size = (size_t)conf->cache.size_bytes;
    s->upstream_state = calloc(WR_UPSTREAMS_MAX, sizeof(*s->upstream_state));
    s->net = calloc(1, sizeof(*s->net));
    void *quota_block = map(s->quota_size);
    s->cache_block = map(s->cache_size);
    if (s->upstream_state == NULL || s->net == NULL || quota_block == NULL ||
        s->cache_block == NULL) {
        return WR_E_NOMEM;
    }
    s->quota = wr_quota_init(quota_block, buckets);
    if (!random_key(&key) || !random_key(&s->net->key)) {
        return WR_E_IO;
    }
    return wr_cache_format(s->cache_block, s->cache_size, &key, &s->cache);
}

int wr_shared_create(const struct wr_conf *conf, struct wr_shared *ret_shared)
{
    struct wr_shared s;
    memset(&s, 0, sizeof(s));
    int err = fill(&s, conf);
    if (err != WR_OK) {
        wr_shared_destroy(&s);
        return err;
    }
    *ret_shared = s;
    return WR_OK;
}

void wr_shared_destroy(struct wr_shared *shared)
{
    free(shared->upstream_state);
    free(shared->net);
    if (shared->quota != NULL) {
        munmap(shared->quota, shared->quota_size);
    }
    if (shared->cache_block != NULL) {
        munmap(shared->cache_block, shared->cache_size);
    }
    memset(shared, 0, sizeof(*shared));
}
