/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a compiled response policy zone: shared by rpz.c (looking up) and rpzbuild.c (making it). Nobody else includes it.
 * The block begins with `struct wr_rpz`; behind it stand the entries, the sets, the table, and the octets that all of them point to.
 */
#ifndef WR_POLICY_RPZ_STATE_H
#define WR_POLICY_RPZ_STATE_H

#include "policy/rpz.h"

/* A kind of trigger as a part of its key: names have wildcards too. */
static inline uint8_t wr_rpz_code(unsigned kind, bool star)
{
    return (uint8_t)(kind * 2 + star);
}
#define WR_RPZ_CODES (WR_RPZ_KINDS * 2)

/* A prefix as a key: family, length, address. */
#define WR_RPZ_PREFIX_KEY 18
/* Lengths of prefixes, and counts of labels, as bits: 0 to 128. */
#define WR_RPZ_LENGTHS 3

struct wr_rpz_entry {
    const uint8_t *key; /* the name in lower case, or the prefix */
    uint32_t tag;       /* of its hash */
    uint32_t set;       /* building: its first record + 1 */
    uint32_t last;      /* building: its last record; then the TTL */
    uint32_t line;
    uint16_t sets;
    uint8_t code;   /* wr_rpz_code */
    uint8_t action; /* enum wr_rpz_action */
};

struct wr_rpz {
    const uint8_t *name;
    struct wr_rpz_entry *entry;
    struct wr_rrset *set;
    uint32_t *slot; /* entry + 1 by hash, open addressing */
    uint32_t mask;
    uint32_t entries, sets;
    uint32_t triggers[WR_RPZ_KINDS];
    /* Which lengths occur: of names in labels, by code; of prefixes in bits, those of IPv4 in the place of the wildcards. */
    uint64_t lengths[WR_RPZ_CODES][WR_RPZ_LENGTHS];
    struct wr_rrset soa; /* records 0: none */
    uint32_t serial, expire_s;
    bool aliases; /* a trigger gives a CNAME */
    size_t used;
};

static inline bool wr_rpz_is_name(unsigned code)
{
    return code / 2 == WR_RPZ_QNAME || code / 2 == WR_RPZ_NSDNAME;
}

static inline uint64_t wr_rpz_hash_name(uint64_t name_hash, uint8_t code)
{
    return wr_hash_mix(name_hash + code);
}

static inline uint64_t wr_rpz_hash_prefix(const struct wr_hash_key *key, const uint8_t *prefix,
                                          uint8_t code)
{
    return wr_hash_mix(wr_hash_sip13(key, prefix, WR_RPZ_PREFIX_KEY) + code);
}

static inline void wr_rpz_put_prefix(const struct wr_addr *addr, unsigned len,
                                     uint8_t ret_key[WR_RPZ_PREFIX_KEY])
{
    ret_key[0] = addr->family;
    ret_key[1] = (uint8_t)len;
    __builtin_memcpy(ret_key + 2, addr->ip, 16);
}

/* The entry of this key + 1, or 0. `key` is a name in any case, or a prefix. */
uint32_t wr_rpz_find(const struct wr_rpz *z, uint8_t code, const uint8_t *key, uint64_t hash);

#endif
