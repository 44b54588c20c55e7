/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/routeradv.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"

enum {
    SOLICITATION = 133,
    ADVERTISEMENT = 134,
    HEAD = 16, /* of an advertisement, before its options */
    UNIT = 8,  /* octets that the size of an option counts in, and seconds that its lifetime does */
    SOURCE = 1, /* link-layer address */
    RDNSS = 25,
    PREF64 = 38,
    ENCRYPTED_DNS = 144,
    PREF64_UNITS = 2,
    PREF64_OCTETS = 12, /* of the prefix */
};

/* By the prefix length code (RFC 8781 section 4); 6 and 7 are not defined. */
static const uint8_t lengths[] = {96, 64, 56, 48, 40, 32};

/* Where a translator's addresses can be (RFC 6052 section 3, RFC 8215, RFC 4193, RFC 4291 section 2.4): anything else would send those
 * who have only IPv6 to a group, to themselves, or nowhere. */
static const struct wr_prefix allowed[] = {
    {.addr = {.family = WR_AF_V6, .ip = {0, 0x64, 0xff, 0x9b}}, .len = 96},
    {.addr = {.family = WR_AF_V6, .ip = {0, 0x64, 0xff, 0x9b, 0, 1}}, .len = 48},
    {.addr = {.family = WR_AF_V6, .ip = {0x20}}, .len = 3},
    {.addr = {.family = WR_AF_V6, .ip = {0xfc}}, .len = 7},
};

static bool is_allowed(const struct wr_addr *addr, unsigned len)
{
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        if (len >= allowed[i].len && wr_addr_in_prefix(addr, &allowed[i])) {
            return true;
        }
    }
    return false;
}

/* Octet 8 of an address that a translator makes is zero (RFC 6052 section 2.2), so of a prefix of 96 bits too. */
static void take_prefix(const uint8_t *option, struct wr_routeradv *adv)
{
    unsigned scaled = (unsigned)option[2] << 8 | option[3], code = scaled & 7;
    struct wr_addr addr = {.family = WR_AF_V6};

    if (code >= sizeof(lengths) || adv->prefixes == WR_ROUTERADV_PREFIXES_MAX) {
        return;
    }
    memcpy(addr.ip, option + 4, PREF64_OCTETS);
    addr = wr_addr_mask(&addr, lengths[code]);
    if (addr.ip[8] != 0 || !is_allowed(&addr, lengths[code])) {
        adv->strange = true;
        return;
    }
    adv->prefix[adv->prefixes++] = (struct wr_routeradv_prefix){
        .prefix = {.addr = addr, .len = lengths[code]}, .lifetime_s = (scaled >> 3) * UNIT};
}

static void take_resolver(const uint8_t *ip, uint32_t lifetime_s, struct wr_routeradv *adv)
{
    if (adv->resolvers < WR_ROUTERADV_RESOLVERS_MAX) {
        struct wr_routeradv_resolver *one = &adv->resolver[adv->resolvers++];
        *one =
            (struct wr_routeradv_resolver){.addr = {.family = WR_AF_V6}, .lifetime_s = lifetime_s};
        memcpy(one->addr.ip, ip, sizeof(one->addr.ip));
    }
}

/* RFC 8106 section 5.1: two octets of nothing, the lifetime, addresses. */
static void take_rdnss(struct wr_reader *r, struct wr_routeradv *adv)
{
    wr_buf_skip(r, 2);
    uint32_t lifetime_s = wr_buf_get_u32(r);
    while (!r->err && wr_buf_left(r) >= 16) {
        take_resolver(wr_buf_get_bytes(r, 16), lifetime_s, adv);
    }
}

/* RFC 9463 section 6.1: priority, lifetime, the name's size and the name, the addresses' size and they. */
static void take_encrypted(struct wr_reader *r, struct wr_routeradv *adv)
{
    wr_buf_skip(r, 2);
    uint32_t lifetime_s = wr_buf_get_u32(r);
    wr_buf_skip(r, wr_buf_get_u16(r));
    size_t octets = wr_buf_get_u16(r);
    const uint8_t *ip = wr_buf_get_bytes(r, octets);
    for (size_t at = 0; !r->err && at + 16 <= octets; at += 16) {
        take_resolver(ip + at, lifetime_s, adv);
    }
}

/* One option, from its type on. */
static void take_option(const uint8_t *option, struct wr_routeradv *adv)
{
    struct wr_reader r;
    wr_buf_read_init(&r, option + 2, (size_t)option[1] * UNIT - 2);
    if (option[0] == PREF64 && option[1] == PREF64_UNITS) {
        take_prefix(option, adv);
    } else if (option[0] == RDNSS && option[1] % 2 == 1) {
        take_rdnss(&r, adv);
    } else if (option[0] == ENCRYPTED_DNS) {
        take_encrypted(&r, adv);
    } else if (option[0] == SOURCE && option[1] == 1) {
        memcpy(adv->mac, option + 2, sizeof(adv->mac));
    }
}

int wr_routeradv_read(const uint8_t *message, size_t size, struct wr_routeradv *ret_adv)
{
    struct wr_routeradv adv = {.prefixes = 0};
    struct wr_reader r;

    if (size < HEAD || message[0] != ADVERTISEMENT || message[1] != 0) {
        return WR_E_FORMAT;
    }
    wr_buf_read_init(&r, message + HEAD, size - HEAD);
    for (unsigned i = 0; wr_buf_left(&r) > 0; i++) {
        const uint8_t *head = wr_buf_get_bytes(&r, 2);
        if (r.err || head[1] == 0) {
            return WR_E_FORMAT;
        }
        wr_buf_skip(&r, (size_t)head[1] * UNIT - 2);
        if (r.err) {
            return WR_E_FORMAT;
        }
        if (i == WR_ROUTERADV_OPTIONS_MAX) {
            return WR_E_LIMIT;
        }
        take_option(head, &adv);
    }
    *ret_adv = adv;
    return WR_OK;
}

void wr_routeradv_ask(uint8_t ret_message[WR_ROUTERADV_ASK_SIZE])
{
    memset(ret_message, 0, WR_ROUTERADV_ASK_SIZE);
    ret_message[0] = SOLICITATION;
}
