/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/leaseid.h"

#include <string.h>

#include "base/enc.h"
#include "base/err.h"

enum {
    OCTETS_MAX = 255, /* of a client identifier: RFC 2132 section 9.14; a DUID has 130 */
    IAID_SIZE = 4,
    HTYPE_ETHERNET = 1,
    RFC4361 = 255, /* first octet of a client identifier that has an IAID and a DUID behind it */
    LLT = 1,
    LL = 3, /* kinds of DUID */
    LLT_HEAD = 8,
    LL_HEAD = 4,
};

struct octets {
    uint8_t at[OCTETS_MAX];
    size_t n;
};

/* Pairs of digits, with or without a colon between. */
static bool read_hex(const struct wr_lease_word *w, struct octets *o)
{
    size_t at = 0, one;
    o->n = 0;
    while (at + 1 < w->n && o->n < OCTETS_MAX &&
           wr_enc_from_hex(w->at + at, 2, &o->at[o->n], 1, &one) == WR_OK) {
        o->n++;
        at += 2;
        at += at + 1 < w->n && w->at[at] == ':';
    }
    return at == w->n && o->n > 0;
}

/* ISC's strings: \ooo, and a backslash before a quote or a backslash. */
static bool read_quoted(const struct wr_lease_word *w, struct octets *o)
{
    size_t at = 0;
    o->n = 0;
    while (at < w->n && o->n < OCTETS_MAX) {
        char c = w->at[at++];
        if (c == '\\') {
            if (at == w->n) {
                return false;
            }
            c = w->at[at++];
            if (c >= '0' && c <= '3' && at + 2 <= w->n) {
                c = (char)((c - '0') << 6 | (w->at[at] & 7) << 3 | (w->at[at + 1] & 7));
                at += 2;
            }
        }
        o->at[o->n++] = (uint8_t)c;
    }
    return at == w->n && o->n > 0;
}

static uint32_t hash_of(const struct wr_hash_key *key, const uint8_t *at, size_t n)
{
    return (uint32_t)wr_hash_sip13(key, at, n) | 1;
}

static void take_duid(struct wr_leaseid *id, const struct wr_hash_key *key, const uint8_t *duid,
                      size_t n)
{
    if (n < 3) { /* a kind, and something of that kind */
        return;
    }
    unsigned kind = (unsigned)duid[0] << 8 | duid[1];
    size_t head = kind == LLT ? LLT_HEAD : kind == LL ? LL_HEAD : n;
    id->duid = hash_of(key, duid, n);
    if (id->mac == 0 && n > head) {
        id->mac = hash_of(key, duid + head, n - head);
    }
}

/* What a DHCPv4 client calls itself: a MAC address behind its type, a DUID, or anything. */
static void take_client_id(struct wr_leaseid *id, const struct wr_hash_key *key,
                           const struct octets *o)
{
    if (o->at[0] == RFC4361 && o->n > 1 + IAID_SIZE) {
        take_duid(id, key, o->at + 1 + IAID_SIZE, o->n - 1 - IAID_SIZE);
    } else if (o->at[0] == HTYPE_ETHERNET && id->mac == 0 && o->n > 1) {
        id->mac = hash_of(key, o->at + 1, o->n - 1);
    }
}

static void take_id(struct wr_leaseid *id, const struct wr_hash_key *key,
                    const struct wr_lease *lease)
{
    struct octets o;
    if (!(lease->id_quoted ? read_quoted : read_hex)(&lease->id, &o)) {
        return;
    }
    switch (lease->id_kind) {
    case WR_LEASE_ID_CLIENT: take_client_id(id, key, &o); break;
    case WR_LEASE_ID_DUID: take_duid(id, key, o.at, o.n); break;
    case WR_LEASE_ID_IA:
        if (o.n > IAID_SIZE) {
            take_duid(id, key, o.at + IAID_SIZE, o.n - IAID_SIZE);
        }
        break;
    }
}

static bool read_mac(const struct wr_lease *lease, struct octets *o)
{
    struct wr_lease_word mac = lease->mac;
    if (mac.n > 3 && mac.at[2] == '-') { /* dnsmasq: the hardware type, when it is not Ethernet */
        mac.at += 3;
        mac.n -= 3;
    }
    return read_hex(&mac, o);
}

/* Of DHCPv6 the MAC address is left out: relays, and servers that guess. */
void wr_leaseid_octets(const struct wr_lease *lease, struct wr_leaseid_octets *ret_octets)
{
    struct wr_leaseid_octets r = {.has_mac = false};
    struct octets o;
    if (lease->addr.family == WR_AF_V4 && read_mac(lease, &o) && o.n == sizeof(r.mac)) {
        memcpy(r.mac, o.at, sizeof(r.mac));
        r.has_mac = true;
    }
    if ((lease->id_quoted ? read_quoted : read_hex)(&lease->id, &o)) {
        size_t skip = lease->id_kind == WR_LEASE_ID_IA ? IAID_SIZE : 0;
        r.is_duid = lease->id_kind != WR_LEASE_ID_CLIENT;
        if (o.n > skip) {
            r.id_size = (uint8_t)(o.n - skip);
            memcpy(r.id, o.at + skip, r.id_size);
        }
    }
    *ret_octets = r;
}

void wr_leaseid_of(const struct wr_lease *lease, const struct wr_hash_key *key,
                   struct wr_leaseid *ret_id)
{
    struct wr_leaseid id = {0};
    struct octets o;
    if (read_mac(lease, &o)) {
        id.mac = hash_of(key, o.at, o.n);
        id.seen = lease->addr.family == WR_AF_V4; /* DHCPv6 has relays, and servers that guess */
    }
    take_id(&id, key, lease);
    if (wr_leaseid_is_none(&id)) { /* who wrote the same word; without a word nobody but itself */
        bool word = lease->client.n > 0;
        id.duid = word ? hash_of(key, (const uint8_t *)lease->client.at, lease->client.n)
                       : hash_of(key, lease->addr.ip, sizeof(lease->addr.ip));
    }
    *ret_id = id;
}

bool wr_leaseid_is_none(const struct wr_leaseid *id)
{
    return id->mac == 0 && id->duid == 0;
}

bool wr_leaseid_same(const struct wr_leaseid *a, const struct wr_leaseid *b)
{
    if (a->seen && b->seen) {
        return a->mac == b->mac;
    }
    return (a->mac != 0 && a->mac == b->mac) || (a->duid != 0 && a->duid == b->duid);
}
