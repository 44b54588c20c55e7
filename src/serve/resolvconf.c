/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/resolvconf.h"

#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

#define DNS_PORT 53

static int read_server(struct wr_str_part w, struct wr_resolvconf_server *ret)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_resolvconf_server s;
    memset(&s, 0, sizeof(s));
    const char *zone = memchr(w.at, '%', w.n);
    size_t n = zone == NULL ? w.n : (size_t)(zone - w.at);
    if (n == 0 || n >= sizeof(text)) {
        return WR_E_FORMAT;
    }
    if (zone != NULL) {
        size_t zone_n = w.n - n - 1;
        if (zone_n == 0 || zone_n >= sizeof(s.zone)) {
            return WR_E_FORMAT;
        }
        memcpy(s.zone, zone + 1, zone_n);
    }
    memcpy(text, w.at, n);
    text[n] = 0;
    int err = wr_addr_from_text(text, &s.addr);
    if (err != WR_OK || s.addr.port != 0 || wr_addr_is_any(&s.addr)) {
        return WR_E_FORMAT;
    }
    s.addr.port = DNS_PORT;
    *ret = s;
    return WR_OK;
}

static bool known(const struct wr_resolvconf_server *servers, uint32_t count,
                  const struct wr_resolvconf_server *s)
{
    for (uint32_t i = 0; i < count; i++) {
        if (wr_addr_equal(&servers[i].addr, &s->addr) && strcmp(servers[i].zone, s->zone) == 0) {
            return true;
        }
    }
    return false;
}

uint32_t wr_resolvconf_read(const char *text, size_t n, struct wr_resolvconf_server *ret_servers,
                            uint32_t cap, uint32_t *ret_bad)
{
    uint32_t count = 0, bad = 0;
    while (n > 0) {
        const char *end = memchr(text, '\n', n);
        struct wr_str_part line = {text, end == NULL ? n : (size_t)(end - text)};
        size_t whole = line.n + (end != NULL);
        struct wr_str_part key = wr_str_word(&line), value = wr_str_word(&line);
        if (key.n == 10 && memcmp(key.at, "nameserver", 10) == 0) {
            struct wr_resolvconf_server s;
            if (read_server(value, &s) != WR_OK) {
                bad++;
            } else if (count < cap && !known(ret_servers, count, &s)) {
                ret_servers[count++] = s;
            }
        }
        text += whole;
        n -= whole;
    }
    if (ret_bad != NULL) {
        *ret_bad = bad;
    }
    return count;
}
