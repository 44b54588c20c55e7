/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/askodoh.h"

#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"

void wr_askodoh_target(const struct wr_uri *uri, char *ret_text, size_t cap)
{
    struct wr_str s;

    wr_str_init(&s, ret_text, cap);
    wr_str_text(&s, uri->name);
    if (uri->target_port != wr_uri_scheme_port(WR_URI_ODOH)) {
        wr_str_char(&s, ':');
        wr_str_u64(&s, uri->target_port);
    }
}

void wr_askodoh_begin(struct wr_askodoh *o, const struct wr_uri *uri, bool again, uint64_t now_us,
                      struct wr_upconn_secure *secure)
{
    if (!again)
        o->kept = (struct wr_odohkept){0};
    o->uri = uri;
    o->known = o->kept.until_us > now_us;
    o->before = o->kept.config;
    o->from = "";
    o->config[0] = 0;
    wr_askodoh_target(uri, o->target, sizeof(o->target));
    secure->path = uri->proxy_path;
    secure->target = (struct wr_upconn_oblivious){.host = o->target,
                                                  .path = uri->path,
                                                  .kept = &o->kept,
                                                  .pinned = uri->config,
                                                  .pinned_size = uri->config_size};
}

static bool is_same(const struct wr_odoh_config *a, const struct wr_odoh_config *b)
{
    return a->aead == b->aead && !memcmp(a->public, b->public, sizeof(a->public));
}

void wr_askodoh_end(struct wr_askodoh *o)
{
    uint8_t bytes[WR_URI_CONFIG_MAX];
    struct wr_writer w;
    struct wr_str s;

    wr_buf_write_init(&w, bytes, sizeof(bytes));
    if (o->uri->config_size) {
        o->from = "pinned";
        wr_buf_put_bytes(&w, o->uri->config, o->uri->config_size);
    } else if (o->kept.until_us) {
        o->from = !o->known                              ? "fetched"
                  : is_same(&o->before, &o->kept.config) ? "kept"
                                                         : "fetched anew";
        (void)wr_odoh_configs_write(&o->kept.config, 1, &w);
    }
    wr_str_init(&s, o->config, sizeof(o->config));
    wr_enc_base64(&s, bytes, w.pos);
}
