/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/dnr.h"

#include "dns/name.h"

/* Addresses that a client would throw away (sections 4.2, 5.2, 6.2): loopback and groups, and those of nobody. */
static bool is_told(const struct wr_addr *addr, uint8_t family)
{
    enum wr_addr_kind kind = wr_addr_kind(addr);

    return addr->family == family && kind != WR_ADDR_LOOPBACK && kind != WR_ADDR_MULTICAST &&
           kind != WR_ADDR_UNSPECIFIED && kind != WR_ADDR_BROADCAST;
}

static size_t addrs_size(const struct wr_dnr *one, uint8_t family)
{
    size_t n = 0;

    for (size_t i = 0; i < one->addrs; i++)
        n += is_told(&one->addr[i], family) ? wr_addr_ip_size(&one->addr[i]) : 0;
    return n;
}

static void put_addrs(const struct wr_dnr *one, uint8_t family, struct wr_writer *w)
{
    for (size_t i = 0; i < one->addrs; i++)
        if (is_told(&one->addr[i], family))
            wr_buf_put_bytes(w, one->addr[i].ip, wr_addr_ip_size(&one->addr[i]));
}

static void put_params(const struct wr_dnr *one, struct wr_writer *w)
{
    wr_service_put_params(&one->service, NULL, 0, w);
}

int wr_dnr_put_v4(const struct wr_dnr *list, size_t count, struct wr_writer *w)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = w->pos, name = wr_name_size(list[i].name);
        size_t addrs = addrs_size(&list[i], WR_AF_V4);

        if (addrs == 0)
            return WR_E_NOTFOUND;
        if (addrs > UINT8_MAX)
            return WR_E_RANGE;
        wr_buf_put_u16(w, 0); /* the length of what follows, below */
        wr_buf_put_u16(w, list[i].priority);
        wr_buf_put_u8(w, (uint8_t)name);
        wr_buf_put_bytes(w, list[i].name, name);
        wr_buf_put_u8(w, (uint8_t)addrs);
        put_addrs(&list[i], WR_AF_V4, w);
        put_params(&list[i], w);
        if (w->err)
            return w->err;
        wr_buf_patch_u16(w, at, (uint16_t)(w->pos - at - 2));
    }
    return count ? WR_OK : WR_E_NOTFOUND;
}

/* What DHCPv6 and router advertisements share, up to the addresses. */
static int put_name_and_addrs(const struct wr_dnr *one, struct wr_writer *w)
{
    size_t name = wr_name_size(one->name), addrs = addrs_size(one, WR_AF_V6);

    if (addrs == 0)
        return WR_E_NOTFOUND;
    if (addrs > WR_DNR_SIZE)
        return WR_E_RANGE;
    wr_buf_put_u16(w, (uint16_t)name);
    wr_buf_put_bytes(w, one->name, name);
    wr_buf_put_u16(w, (uint16_t)addrs);
    put_addrs(one, WR_AF_V6, w);
    return w->err;
}

int wr_dnr_put_v6(const struct wr_dnr *one, struct wr_writer *w)
{
    int err;

    wr_buf_put_u16(w, one->priority);
    err = put_name_and_addrs(one, w);
    if (err)
        return err;
    put_params(one, w);
    return w->err;
}

int wr_dnr_put_ra(const struct wr_dnr *one, uint32_t lifetime_s, struct wr_writer *w)
{
    size_t start = w->pos, at, size;
    int err;

    wr_buf_put_u8(w, WR_DNR_RA_TYPE);
    wr_buf_put_u8(w, 0); /* length, below */
    wr_buf_put_u16(w, one->priority);
    wr_buf_put_u32(w, lifetime_s);
    err = put_name_and_addrs(one, w);
    if (err)
        return err;
    at = w->pos;
    wr_buf_put_u16(w, 0);
    put_params(one, w);
    if (w->err)
        return w->err;
    wr_buf_patch_u16(w, at, (uint16_t)(w->pos - at - 2));
    while ((w->pos - start) % 8 != 0 && !w->err)
        wr_buf_put_u8(w, 0);
    size = (w->pos - start) / 8;
    if (w->err || size > UINT8_MAX)
        return w->err ? w->err : WR_E_RANGE;
    wr_buf_patch_u16(w, start, (uint16_t)(WR_DNR_RA_TYPE << 8 | size));
    return WR_OK;
}
