/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/oblivious.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "dns/msg.h"

#define HANDLE_SHIFT  32
#define FLAG_RESPONSE 0x80
#define AGAIN_US      (60 * WR_S)

void wr_oblivious_serve(struct wr_doh_site *site, const char *path)
{
    wr_assert(site->count + 2 <= WR_DOH_RESOURCES_MAX);
    site->resource[site->count++] = (struct wr_doh_resource){
        .path = path, .kind = WR_DOH_OBLIVIOUS, .type = WR_HTTP_TYPE_ODOH, .methods = WR_DOH_POST};
    site->resource[site->count++] = (struct wr_doh_resource){.path = WR_ODOH_CONFIGS_PATH,
                                                             .kind = WR_DOH_ODOH_CONFIGS,
                                                             .type = WR_HTTP_TYPE_OCTETS,
                                                             .methods = WR_DOH_GET};
}

void wr_oblivious_carry(struct wr_doh_site *site)
{
    wr_assert(site->count + 2 <= WR_DOH_RESOURCES_MAX);
    site->resource[site->count++] = (struct wr_doh_resource){.path = WR_ODOH_PROXY_PATH,
                                                             .kind = WR_DOH_OBLIVIOUS,
                                                             .type = WR_HTTP_TYPE_ODOH,
                                                             .methods = WR_DOH_POST};
    site->resource[site->count++] = (struct wr_doh_resource){.path = WR_ODOH_PROXY_PATH,
                                                             .kind = WR_DOH_ODOH_CONFIGS,
                                                             .type = WR_HTTP_TYPE_OCTETS,
                                                             .methods = WR_DOH_GET};
}

bool wr_oblivious_is_carried(const struct wr_doh_query *query)
{
    return query->kind != WR_DOH_DNS && query->path.n == sizeof(WR_ODOH_PROXY_PATH) - 1 &&
           memcmp(query->path.at, WR_ODOH_PROXY_PATH, query->path.n) == 0;
}

int wr_oblivious_start(struct wr_oblivious *o, const uint8_t secret[32], uint64_t since_us,
                       const uint8_t seed[32])
{
    wr_rng_seed(&o->rng, seed);
    o->again_us = 0;
    return wr_odohtarget_start(&o->target, secret, since_us, o->slot, WR_ODOH_OUT_MAX);
}

uint64_t wr_oblivious_deadline(const struct wr_oblivious *o)
{
    uint64_t at_us = wr_odohkeys_deadline(&o->target.keys);

    return at_us > o->again_us ? at_us : o->again_us;
}

bool wr_oblivious_time(struct wr_oblivious *o, uint64_t now_us)
{
    if (now_us < wr_oblivious_deadline(o)) {
        return false;
    }
    if (wr_odohkeys_turn(&o->target.keys, now_us) != WR_OK) {
        o->again_us = now_us + AGAIN_US;
        return false;
    }
    return true;
}

static void reply(struct wr_dohserver *s, uint64_t stream, uint16_t status, const uint8_t *body,
                  size_t size)
{
    const struct wr_http_reply r = {.status = status,
                                    .type = status == 200 ? WR_HTTP_TYPE_ODOH : WR_HTTP_TYPE_NONE,
                                    .no_store = true,
                                    .max_age_s = -1,
                                    .body = body,
                                    .size = size};

    (void)wr_dohserver_reply(s, stream, &r); /* who has gone (reset) wants nothing */
}

static void give_configs(struct wr_oblivious *o, struct wr_dohserver *s, uint64_t stream,
                         uint64_t now_us)
{
    struct wr_http_reply r = {
        .status = 200, .type = WR_HTTP_TYPE_OCTETS, .max_age_s = WR_ODOH_MAX_AGE_S};

    if (wr_odohtarget_configs(&o->target, now_us, &r.body, &r.size) != WR_OK) {
        reply(s, stream, 503, NULL, 0);
    } else {
        (void)wr_dohserver_reply(s, stream, &r);
    }
}

bool wr_oblivious_take(struct wr_oblivious *o, struct wr_dohserver *s, struct wr_doh_query *query,
                       uint64_t now_us)
{
    uint32_t handle = 0;
    uint16_t status;
    size_t n = 0;

    if (query->kind == WR_DOH_ODOH_CONFIGS) {
        give_configs(o, s, query->stream, now_us);
        return false;
    }
    if (query->early || query->stream >> HANDLE_SHIFT) {
        reply(s, query->stream, query->early ? 425 : 503, NULL, 0);
        return false;
    }
    status = wr_odohtarget_open(&o->target, query->bytes, query->size, &o->rng, now_us, o->query,
                                sizeof(o->query), &n, &handle);
    if (status == 0 && (n < WR_MSG_HEADER_SIZE || (o->query[2] & FLAG_RESPONSE))) {
        wr_odohtarget_drop(&o->target, handle);
        status = 400;
    }
    if (status != 0) {
        reply(s, query->stream, status, NULL, 0);
        return false;
    }
    wr_odohtarget_own(&o->target, handle, s);
    query->kind = WR_DOH_DNS;
    query->bytes = o->query;
    query->size = n;
    query->stream |= (uint64_t)handle << HANDLE_SHIFT;
    query->claim = (struct wr_str_part){NULL, 0};
    return true;
}

void wr_oblivious_gone(struct wr_oblivious *o, const struct wr_dohserver *s)
{
    wr_odohtarget_gone(&o->target, s);
}

bool wr_oblivious_is(uint64_t stream)
{
    return stream >> HANDLE_SHIFT != 0;
}

int wr_oblivious_answer(struct wr_oblivious *o, struct wr_dohserver *s, uint64_t stream,
                        const uint8_t *bytes, size_t size)
{
    uint32_t handle = (uint32_t)(stream >> HANDLE_SHIFT);
    uint64_t plain = stream & UINT32_MAX;
    struct wr_writer w;
    int err;

    if (bytes == NULL) {
        wr_odohtarget_drop(&o->target, handle);
        return wr_dohserver_answer(s, plain, NULL, 0);
    }
    wr_buf_write_init(&w, o->response, sizeof(o->response));
    err = wr_odohtarget_seal(&o->target, handle, bytes, size, &w);
    if (err) {
        (void)wr_dohserver_answer(s, plain, NULL, 0);
        return err;
    }
    reply(s, plain, 200, o->response, w.pos);
    return WR_OK;
}
