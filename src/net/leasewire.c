/* SPDX-License-Identifier: Apache-2.0 */
#include "net/leasewire.h"

#include <string.h>

#define MAGIC    0x776c6531u /* wle1 */
#define COUNT_AT 6

void wr_leasewire_start(struct wr_leasewire *m, enum wr_leasewire_kind kind, void *room, size_t cap)
{
    m->count = 0;
    wr_buf_write_init(&m->w, room, cap);
    wr_buf_put_u32(&m->w, MAGIC);
    wr_buf_put_u8(&m->w, (uint8_t)kind);
    wr_buf_put_u8(&m->w, 0);
    wr_buf_put_u16(&m->w, 0);
}

static size_t ask_size(const struct wr_lease_ask *a)
{
    return WR_LEASEWIRE_ASK_SIZE + (size_t)a->dests * WR_LEASEWIRE_DEST_SIZE +
           (size_t)a->ports * WR_LEASEWIRE_PORT_SIZE;
}

/* Whole, or not at all. */
static int take_place(struct wr_leasewire *m, size_t size)
{
    if (m->w.err || m->count == WR_LEASE_BATCH_MAX || m->w.cap - m->w.pos < size) {
        return WR_E_FULL;
    }
    m->count++;
    return WR_OK;
}

int wr_leasewire_put_ask(struct wr_leasewire *m, const struct wr_lease_ask *ask)
{
    struct wr_writer *w = &m->w;
    int err = take_place(m, ask_size(ask));
    if (err != WR_OK) {
        return err;
    }
    wr_buf_put_u64(w, ask->id);
    wr_buf_put_u32(w, ask->ifindex);
    wr_buf_put_u32(w, ask->device);
    wr_buf_put_u32(w, ask->client.scope);
    wr_buf_put_u8(w, ask->client.family);
    wr_buf_put_u8(w, ask->has_mac);
    wr_buf_put_u8(w, ask->dests);
    wr_buf_put_u8(w, ask->ports);
    wr_buf_put_bytes(w, ask->client.ip, 16);
    wr_buf_put_bytes(w, ask->mac, 6);
    wr_buf_put_u16(w, 0);
    for (unsigned i = 0; i < ask->dests; i++) {
        wr_buf_put_u8(w, ask->dest[i].family);
        wr_buf_put_bytes(w, ask->dest[i].zero, 3);
        wr_buf_put_u32(w, ask->dest[i].for_s);
        wr_buf_put_bytes(w, ask->dest[i].ip, 16);
    }
    for (unsigned i = 0; i < ask->ports; i++) {
        wr_buf_put_u8(w, ask->port[i].protocol);
        wr_buf_put_u8(w, ask->port[i].zero);
        wr_buf_put_u16(w, ask->port[i].port);
    }
    return WR_OK;
}

int wr_leasewire_put_said(struct wr_leasewire *m, const struct wr_lease_said *said)
{
    int err = take_place(m, WR_LEASEWIRE_SAID_SIZE);
    if (err == WR_OK) {
        wr_buf_put_u64(&m->w, said->id);
        wr_buf_put_u32(&m->w, said->granted);
        wr_buf_put_u32(&m->w, (uint32_t)said->err);
        wr_buf_put_u32(&m->w, said->most_s);
    }
    return err;
}

size_t wr_leasewire_finish(struct wr_leasewire *m)
{
    wr_buf_patch_u16(&m->w, COUNT_AT, m->count);
    return m->w.pos;
}

int wr_leasewire_open(struct wr_reader *r, enum wr_leasewire_kind kind, const void *bytes, size_t n,
                      uint16_t *ret_count)
{
    wr_buf_read_init(r, bytes, n);
    bool ours = wr_buf_get_u32(r) == MAGIC;
    ours = wr_buf_get_u8(r) == (uint8_t)kind && ours;
    ours = wr_buf_get_u8(r) == 0 && ours;
    uint16_t count = wr_buf_get_u16(r);
    if (!ours || r->err || count == 0 || count > WR_LEASE_BATCH_MAX) {
        return WR_E_FORMAT;
    }
    *ret_count = count;
    return WR_OK;
}

static bool is_zero(const uint8_t *octets, size_t n)
{
    uint8_t any = 0;
    for (size_t i = 0; i < n; i++) {
        any |= octets[i];
    }
    return any == 0;
}

static bool is_address(uint8_t family, const uint8_t ip[16])
{
    return family == WR_AF_V6 || (family == WR_AF_V4 && is_zero(ip + 4, 12));
}

static void get(struct wr_reader *r, void *to, size_t n)
{
    const uint8_t *from = wr_buf_get_bytes(r, n);
    if (from != NULL) {
        memcpy(to, from, n);
    }
}

static bool get_dest(struct wr_reader *r, struct wr_lease_dest *d)
{
    d->family = wr_buf_get_u8(r);
    get(r, d->zero, sizeof(d->zero));
    d->for_s = wr_buf_get_u32(r);
    get(r, d->ip, sizeof(d->ip));
    return is_address(d->family, d->ip) && is_zero(d->zero, sizeof(d->zero)) && d->for_s > 0 &&
           d->for_s <= WR_LEASE_FOR_MAX_S;
}

static bool get_port(struct wr_reader *r, struct wr_lease_port *p)
{
    p->protocol = wr_buf_get_u8(r);
    p->zero = wr_buf_get_u8(r);
    p->port = wr_buf_get_u16(r);
    return (p->protocol == 6 || p->protocol == 17) && p->zero == 0 && p->port != 0;
}

int wr_leasewire_get_ask(struct wr_reader *r, bool last, struct wr_lease_ask *ret_ask)
{
    struct wr_lease_ask a = {.id = wr_buf_get_u64(r)};
    a.ifindex = wr_buf_get_u32(r);
    a.device = wr_buf_get_u32(r);
    a.client.scope = wr_buf_get_u32(r);
    a.client.family = wr_buf_get_u8(r);
    uint8_t has_mac = wr_buf_get_u8(r);
    a.has_mac = has_mac == 1;
    a.dests = wr_buf_get_u8(r);
    a.ports = wr_buf_get_u8(r);
    get(r, a.client.ip, sizeof(a.client.ip));
    get(r, a.mac, sizeof(a.mac));
    bool sound = wr_buf_get_u16(r) == 0 && a.id != 0 && has_mac <= 1 &&
                 is_address(a.client.family, a.client.ip) && a.dests > 0 &&
                 a.dests <= WR_LEASE_DESTS_MAX && a.ports <= WR_LEASE_PORTS_MAX;
    for (unsigned i = 0; i < a.dests && sound; i++) {
        sound = get_dest(r, &a.dest[i]);
    }
    for (unsigned i = 0; i < a.ports && sound; i++) {
        sound = get_port(r, &a.port[i]);
    }
    if (!sound || r->err || (last && wr_buf_left(r) > 0)) {
        return WR_E_FORMAT;
    }
    *ret_ask = a;
    return WR_OK;
}

int wr_leasewire_get_said(struct wr_reader *r, bool last, struct wr_lease_said *ret_said)
{
    struct wr_lease_said s = {.id = wr_buf_get_u64(r)};
    s.granted = wr_buf_get_u32(r);
    s.err = (int32_t)wr_buf_get_u32(r);
    s.most_s = wr_buf_get_u32(r);
    if (r->err || s.id == 0 || (last && wr_buf_left(r) > 0)) {
        return WR_E_FORMAT;
    }
    *ret_said = s;
    return WR_OK;
}
