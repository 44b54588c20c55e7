/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/service.h"

#include <string.h>

#include "base/check.h"
#include "dns/svcb.h"

static const struct {
    uint8_t kind, scheme;
    const char *alpn;
} kinds[] = {
    {WR_SERVICE_DOQ, WR_URI_QUIC, "doq"},
    {WR_SERVICE_DOT, WR_URI_TLS, "dot"},
    {WR_SERVICE_DOH, WR_URI_HTTPS, "h2"},
};

static size_t row_of(enum wr_service_kind kind)
{
    size_t i = 0;

    while (i < WR_ARRAY_LEN(kinds) - 1 && kinds[i].kind != kind)
        i++;
    wr_assert(kinds[i].kind == kind);
    return i;
}

const char *wr_service_alpn(enum wr_service_kind kind)
{
    return kinds[row_of(kind)].alpn;
}

uint16_t wr_service_port(enum wr_service_kind kind)
{
    return wr_uri_scheme_port(kinds[row_of(kind)].scheme);
}

uint16_t wr_service_priority(enum wr_service_kind kind)
{
    return (uint16_t)(row_of(kind) + 1);
}

static void put_key(struct wr_writer *w, uint16_t key, size_t n)
{
    wr_buf_put_u16(w, key);
    wr_buf_put_u16(w, (uint16_t)n);
}

static void put_hints(struct wr_writer *w, uint16_t key, uint8_t family, const struct wr_addr *hint,
                      size_t hints)
{
    size_t size = family == WR_AF_V4 ? 4 : 16, n = 0;

    for (size_t i = 0; i < hints; i++)
        n += hint[i].family == family ? size : 0;
    if (n == 0)
        return;
    put_key(w, key, n);
    for (size_t i = 0; i < hints; i++)
        if (hint[i].family == family)
            wr_buf_put_bytes(w, hint[i].ip, size);
}

static void put_alpn(const struct wr_service *service, struct wr_writer *w)
{
    size_t at;

    put_key(w, WR_SVCB_ALPN, 0);
    at = w->pos;
    for (size_t i = 0; i < WR_ARRAY_LEN(kinds); i++) {
        size_t n = strlen(kinds[i].alpn);

        if (service->kinds & kinds[i].kind) {
            wr_buf_put_u8(w, (uint8_t)n);
            wr_buf_put_bytes(w, kinds[i].alpn, n);
        }
    }
    if (!w->err)
        wr_buf_patch_u16(w, at - 2, (uint16_t)(w->pos - at));
}

/* The port has to be told: it is not that of one of the transports. */
static bool is_odd_port(const struct wr_service *service)
{
    bool odd = false;

    for (size_t i = 0; i < WR_ARRAY_LEN(kinds) && service->port; i++)
        if (service->kinds & kinds[i].kind)
            odd |= service->port != wr_uri_scheme_port(kinds[i].scheme);
    return odd;
}

void wr_service_put_params(const struct wr_service *service, const struct wr_addr *hint,
                           size_t hints, struct wr_writer *w)
{
    static const char query[] = "{?dns}"; /* RFC 9461 section 5: a relative URI template */
    bool doh = service->kinds & WR_SERVICE_DOH;

    wr_assert(service->kinds != 0 && (!doh || service->path));
    hints = hints < WR_SERVICE_HINTS_MAX ? hints : WR_SERVICE_HINTS_MAX;
    put_alpn(service, w);
    if (is_odd_port(service)) {
        put_key(w, WR_SVCB_PORT, 2);
        wr_buf_put_u16(w, service->port);
    }
    put_hints(w, WR_SVCB_IPV4HINT, WR_AF_V4, hint, hints);
    put_hints(w, WR_SVCB_IPV6HINT, WR_AF_V6, hint, hints);
    if (doh) {
        size_t n = strlen(service->path);

        put_key(w, WR_SVCB_DOHPATH, n + strlen(query));
        wr_buf_put_bytes(w, service->path, n);
        wr_buf_put_bytes(w, query, strlen(query));
    }
}
