/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "dns/edns.h"
#include "dns/name.h"

/* RFC 7871 section 6: as many octets as the prefix needs, and no bit set behind it. A family that is not in the
 * registry cannot be checked further. */
static int check_ecs(const uint8_t *p, size_t n)
{
    unsigned family, bits, octets, limit;

    if (n < 4) {
        return WR_E_FORMAT;
    }
    family = (unsigned)p[0] << 8 | p[1];
    bits = p[2];
    octets = (bits + 7) / 8;
    limit = family == 1 ? 32 : family == 2 ? 128 : 255;
    if (n != 4 + octets || bits > limit || p[3] > limit) {
        return WR_E_FORMAT;
    }
    if (bits % 8 && (p[3 + octets] & (0xffu >> bits % 8))) {
        return WR_E_FORMAT;
    }
    return WR_OK;
}

/* The first cookie counts, others are looked at for their form only (RFC 7873 section 5). */
static int take_cookie(const uint8_t *p, size_t n, struct wr_edns *edns)
{
    if (n != WR_COOKIE_CLIENT_SIZE && (n < 16 || n > WR_COOKIE_MAX)) {
        return WR_E_FORMAT;
    }
    if (edns->cookie_size == 0) {
        memcpy(edns->cookie, p, n);
        edns->cookie_size = (uint8_t)n;
    }
    return WR_OK;
}

static int take_keepalive(const uint8_t *p, size_t n, struct wr_edns *edns)
{
    if (n != 0 && n != 2) {
        return WR_E_FORMAT;
    }
    edns->keepalive = true;
    edns->keepalive_100ms = n ? (uint16_t)(p[0] << 8 | p[1]) : 0;
    return WR_OK;
}

static int take_ede(const uint8_t *p, size_t n, struct wr_edns *edns)
{
    if (n < 2) {
        return WR_E_FORMAT;
    }
    if (edns->ede == WR_EDE_NONE) {
        edns->ede = p[0] << 8 | p[1];
        edns->ede_text = p + 2;
        edns->ede_text_size = (uint16_t)(n - 2);
    }
    return WR_OK;
}

/* One name without pointers fills the option (CHAIN, report channel). */
static int check_name(const uint8_t *p, size_t n)
{
    struct wr_reader r;
    struct wr_name name;

    wr_buf_read_init(&r, p, n);
    return wr_name_read_plain(&r, &name) || wr_buf_left(&r) ? WR_E_FORMAT : WR_OK;
}

/* RFC 9567 section 5: the root is nobody. Of several the first counts. */
static int take_agent(const uint8_t *p, size_t n, struct wr_edns *edns)
{
    int err = check_name(p, n);

    if (!err && n > 1 && !edns->agent_domain) {
        edns->agent_domain = p;
    }
    return err;
}

/* Numbers of local use can mean anything: of another size it is something else. */
static int take_mac(const uint8_t *p, size_t n, struct wr_edns *edns)
{
    if (n == sizeof(edns->mac)) {
        edns->mac_given = true;
        memcpy(edns->mac, p, n);
    }
    return WR_OK;
}

static int take_option(uint16_t code, const uint8_t *p, size_t n, struct wr_edns *edns)
{
    switch (code) {
    case WR_OPTION_NSID: edns->nsid = true; return WR_OK;
    case WR_OPTION_ECS: edns->ecs = true; return check_ecs(p, n);
    case WR_OPTION_EXPIRE: return n == 0 || n == 4 ? WR_OK : WR_E_FORMAT;
    case WR_OPTION_COOKIE: return take_cookie(p, n, edns);
    case WR_OPTION_KEEPALIVE: return take_keepalive(p, n, edns);
    case WR_OPTION_PADDING: edns->padding = true; return WR_OK;
    case WR_OPTION_CHAIN: return check_name(p, n);
    case WR_OPTION_KEY_TAG: return n && n % 2 == 0 ? WR_OK : WR_E_FORMAT;
    case WR_OPTION_EDE: return take_ede(p, n, edns);
    case WR_OPTION_REPORT_CHANNEL: return take_agent(p, n, edns);
    case WR_OPTION_MAC: return take_mac(p, n, edns);
    default: return WR_OK;
    }
}

int wr_edns_read_options(const uint8_t *rdata, size_t size, struct wr_edns *edns)
{
    struct wr_reader r;
    unsigned count = 0;

    wr_buf_read_init(&r, rdata, size);
    while (wr_buf_left(&r) > 0) {
        uint16_t code = wr_buf_get_u16(&r);
        uint16_t n = wr_buf_get_u16(&r);
        const uint8_t *value = wr_buf_get_bytes(&r, n);
        int err;

        if (r.err) {
            return WR_E_FORMAT;
        }
        if (++count > WR_EDNS_OPTIONS_MAX) {
            return WR_E_LIMIT;
        }
        err = take_option(code, value, n, edns);
        if (err) {
            return err;
        }
    }
    return WR_OK;
}
