/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/service.h"

#include <string.h>

#include "base/check.h"
#include "dns/svcb.h"

const char *wr_service_alpn(uint8_t scheme)
{
    wr_assert(scheme == WR_URI_TLS || scheme == WR_URI_HTTPS || scheme == WR_URI_QUIC);
    return scheme == WR_URI_TLS ? "dot" : scheme == WR_URI_QUIC ? "doq" : "h2";
}

uint16_t wr_service_priority(uint8_t scheme)
{
    wr_assert(scheme == WR_URI_TLS || scheme == WR_URI_HTTPS || scheme == WR_URI_QUIC);
    return scheme == WR_URI_QUIC ? 1 : scheme == WR_URI_TLS ? 2 : 3;
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

void wr_service_put_params(const struct wr_service *service, const struct wr_addr *hint,
                           size_t hints, struct wr_writer *w)
{
    static const char query[] = "{?dns}"; /* RFC 9461 section 5: a relative URI template */
    const char *alpn = wr_service_alpn(service->scheme);
    size_t n = strlen(alpn);

    wr_assert(service->port != 0 && (service->scheme != WR_URI_HTTPS || service->path));
    hints = hints < WR_SERVICE_HINTS_MAX ? hints : WR_SERVICE_HINTS_MAX;
    put_key(w, WR_SVCB_ALPN, n + 1);
    wr_buf_put_u8(w, (uint8_t)n);
    wr_buf_put_bytes(w, alpn, n);
    if (service->port != wr_uri_scheme_port(service->scheme)) {
        put_key(w, WR_SVCB_PORT, 2);
        wr_buf_put_u16(w, service->port);
    }
    put_hints(w, WR_SVCB_IPV4HINT, WR_AF_V4, hint, hints);
    put_hints(w, WR_SVCB_IPV6HINT, WR_AF_V6, hint, hints);
    if (service->scheme == WR_URI_HTTPS) {
        n = strlen(service->path);
        put_key(w, WR_SVCB_DOHPATH, n + strlen(query));
        wr_buf_put_bytes(w, service->path, n);
        wr_buf_put_bytes(w, query, strlen(query));
    }
}
