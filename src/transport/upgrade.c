/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/upgrade.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "dns/msg.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/svcb.h"

const uint8_t wr_upgrade_name[20] = "\4_dns\10resolver\4arpa";

static const struct {
    const char *alpn;
    uint8_t scheme;
} kinds[] = {{"doq", WR_URI_QUIC}, {"dot", WR_URI_TLS}, {"h2", WR_URI_HTTPS}};

/* One record: what stands behind its target. */
struct params {
    const uint8_t *at;
    size_t size;
};

static uint16_t number(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* All that must be understood is: these keys are. */
static bool is_understood(const struct params *p)
{
    size_t n = 0;
    const uint8_t *list = wr_svcb_find(p->at, p->size, WR_SVCB_MANDATORY, &n);

    for (size_t i = 0; list && i + 1 < n; i += 2) {
        switch (number(list + i)) {
        case WR_SVCB_ALPN:
        case WR_SVCB_PORT:
        case WR_SVCB_IPV4HINT:
        case WR_SVCB_IPV6HINT:
        case WR_SVCB_DOHPATH: break;
        default: return false;
        }
    }
    return true;
}

/* Hints of the server's family name its own address, or there are none. */
static bool is_here(const struct params *p, const struct wr_addr *addr)
{
    uint16_t key = addr->family == WR_AF_V4 ? WR_SVCB_IPV4HINT : WR_SVCB_IPV6HINT;
    size_t step = wr_addr_ip_size(addr), n = 0;
    const uint8_t *hints = wr_svcb_find(p->at, p->size, key, &n);

    for (size_t i = 0; hints && i + step <= n; i += step)
        if (!memcmp(hints + i, addr->ip, step))
            return true;
    return !hints;
}

static bool has_alpn(const struct params *p, const char *alpn)
{
    size_t n = 0, length = strlen(alpn);
    const uint8_t *list = wr_svcb_find(p->at, p->size, WR_SVCB_ALPN, &n);

    for (size_t i = 0; list && i < n; i += list[i] + 1u)
        if (list[i] == length && i + 1 + length <= n && !memcmp(list + i + 1, alpn, length))
            return true;
    return false;
}

/* What stands in a path as it is (RFC 3986 section 3.3), escapes among it. */
static bool is_plain(uint8_t c)
{
    static const uint8_t others[] = "{}?#\"<>\\^`|";

    return c > ' ' && c < 0x7f && !memchr(others, c, sizeof(others) - 1);
}

/* "/dns-query{?dns}": the path without what is behind it. */
static bool read_path(const struct params *p, char path[WR_URI_PATH_SIZE])
{
    static const char query[] = "{?dns}";
    size_t n = 0, more = sizeof(query) - 1;
    const uint8_t *text = wr_svcb_find(p->at, p->size, WR_SVCB_DOHPATH, &n);

    if (!text || n <= more || n - more >= WR_URI_PATH_SIZE || text[0] != '/' ||
        memcmp(text + n - more, query, more) != 0)
        return false;
    n -= more;
    for (size_t i = 0; i < n; i++)
        if (!is_plain(text[i]))
            return false;
    memcpy(path, text, n);
    path[n] = 0;
    return true;
}

/* Sorted in behind those that are liked as much or better. */
static size_t add(struct wr_upgrade *found, size_t count, const struct wr_upgrade *one)
{
    size_t at = count;

    for (size_t i = 0; i < count; i++)
        if (found[i].scheme == one->scheme && found[i].port == one->port &&
            !strcmp(found[i].path, one->path))
            return count;
    if (count == WR_UPGRADES_MAX)
        return count;
    for (; at > 0 && found[at - 1].priority > one->priority; at--)
        found[at] = found[at - 1];
    found[at] = *one;
    return count + 1;
}

static size_t take_record(const uint8_t *rdata, size_t size, const struct wr_addr *addr,
                          struct wr_upgrade *found, size_t count)
{
    uint16_t priority = number(rdata);
    size_t name = wr_name_size(rdata + 2), n = 0;
    struct params p = {.at = rdata + 2 + name, .size = size - 2 - name};
    const uint8_t *port = wr_svcb_find(p.at, p.size, WR_SVCB_PORT, &n);

    if (priority == 0 || wr_svcb_check(p.at, p.size) != WR_OK || !is_understood(&p) ||
        !is_here(&p, addr))
        return count;
    for (size_t i = 0; i < WR_ARRAY_LEN(kinds); i++) {
        struct wr_upgrade one = {.scheme = kinds[i].scheme, .priority = priority};

        one.port = port ? number(port) : wr_uri_scheme_port(one.scheme);
        if (one.port && has_alpn(&p, kinds[i].alpn) &&
            (one.scheme != WR_URI_HTTPS || read_path(&p, one.path)))
            count = add(found, count, &one);
    }
    return count;
}

size_t wr_upgrade_read(const uint8_t *answer, size_t size, const struct wr_addr *addr,
                       struct wr_upgrade ret_found[WR_UPGRADES_MAX], uint32_t *ret_ttl_s)
{
    uint8_t room[WR_UPGRADE_RECORD_MAX];
    uint32_t ttl = UINT32_MAX;
    size_t count = 0;
    struct wr_msg_walk walk;
    struct wr_msg_rr rr;
    struct wr_msg msg;

    *ret_ttl_s = 0;
    if (wr_addr_ip_size(addr) == 0 || wr_msg_parse(&msg, answer, size) != WR_OK ||
        !(msg.flags & WR_FLAG_QR) || wr_msg_rcode(&msg) != WR_RCODE_NOERROR)
        return 0;
    walk = wr_msg_walk(&msg, WR_SECTION_ANSWER);
    for (unsigned looks = 0; looks < WR_UPGRADE_LOOKS_MAX && wr_msg_next(&walk, &rr); looks++) {
        struct wr_reader r = wr_msg_reader(&msg, rr.rdata);
        struct wr_writer w;
        size_t before = count;

        wr_buf_write_init(&w, room, sizeof(room));
        if (rr.type != WR_TYPE_SVCB || rr.class_ != WR_CLASS_IN ||
            !wr_name_equal(rr.owner.wire, wr_upgrade_name) ||
            wr_rdata_expand(&r, WR_TYPE_SVCB, rr.rdlength, &w) != WR_OK)
            continue;
        count = take_record(room, w.pos, addr, ret_found, count);
        ttl = count > before && rr.ttl < ttl ? rr.ttl : ttl;
    }
    *ret_ttl_s = count ? ttl : 0;
    return count;
}
