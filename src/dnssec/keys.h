/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys: DNSKEY and DS records, and a zone's keys made ready to check signatures.
 *
 * A DS list holds what a parent (or an anchor) says of a zone's keys, already narrowed to what may be relied on:
 * known digests, algorithms of the policy, and no SHA-1 beside a stronger digest (RFC 4509 section 3). A keyset
 * holds a zone's prepared keys: those with the zone flag, protocol 3, not revoked (RFC 4034 section 2.1, RFC 5011
 * section 2.1); each that a DS names is an entry. Only entries may sign the DNSKEY set itself; once it is checked,
 * all of them sign the zone.
 *
 * Memory: a DS list copies. A keyset owns what its keys hold of the library: wr_keyset_close frees it, moving is a
 * plain copy (wr_keyset_move copies no more than there is). Key tags: RFC 4034 appendix B. They collide by accident and by design; they only say what to try
 * first.
 */
#ifndef WR_DNSSEC_KEYS_H
#define WR_DNSSEC_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "crypto/verify.h"
#include "dns/rrset.h"
#include "dnssec/algo.h"

struct wr_dnskey {
    const uint8_t *rdata;
    uint16_t size;
    uint16_t flags, tag;
    uint8_t protocol, alg;
};

#define WR_DNSKEY_ZONE    0x0100
#define WR_DNSKEY_REVOKED 0x0080
#define WR_DNSKEY_SEP     0x0001

/* WR_E_FORMAT. The view points into the rdata. */
int wr_keys_parse(const uint8_t *rdata, size_t size, struct wr_dnskey *ret_key);
uint16_t wr_keys_tag(const uint8_t *rdata, size_t size);
bool wr_keys_usable(const struct wr_dnskey *key);

struct wr_ds {
    uint16_t tag;
    uint8_t alg, digest_type, size;
    uint8_t digest[48];
};

struct wr_ds_list {
    uint8_t count;
    bool broken; /* a record was no DS at all: an empty list then says nothing */
    bool cut;    /* there were more */
    /* when empty: WR_EDE_DNSKEY_ALGORITHM or WR_EDE_DS_DIGEST, why none may be relied on */
    int16_t ede;
    struct wr_ds ds[WR_DNSSEC_DS_MAX];
};

/* WR_E_FORMAT: torn, or a digest of the wrong length; WR_E_UNSUPPORTED: a digest type that is not known. */
int wr_keys_ds_parse(const uint8_t *rdata, size_t size, struct wr_ds *ret_ds);
/* The digest of a key by one type (RFC 4034 section 5.1.4). */
int wr_keys_ds_make(const uint8_t *owner, const struct wr_dnskey *key, uint8_t digest_type,
                    struct wr_ds *ret_ds);
void wr_ds_list_clear(struct wr_ds_list *list);
/* Takes one record, if it may be relied on; else it notes why not. */
void wr_ds_list_add(struct wr_ds_list *list, const struct wr_dnssec_policy *p, const uint8_t *rdata,
                    size_t size);
/* All of a DS set, and then without SHA-1 where something better is left. */
void wr_ds_list_from_set(struct wr_ds_list *ret_list, const struct wr_dnssec_policy *p,
                         const struct wr_rrset *set);
/* The same for a list that was put together without a policy (anchors). */
void wr_ds_list_narrow(struct wr_ds_list *ret_list, const struct wr_dnssec_policy *p,
                       const struct wr_ds_list *from);

enum wr_key_role {
    WR_KEY_ZONE = 0,    /* signs the zone */
    WR_KEY_ENTRY,       /* and a DS names it */
    WR_KEY_UNSUPPORTED, /* too large to be checked here; nothing is prepared */
};

struct wr_zone_key {
    struct wr_verify key;
    uint16_t tag;
    uint8_t alg;
    uint8_t role; /* enum wr_key_role */
};

struct wr_keyset {
    uint8_t count, entries; /* prepared keys, and of them the entries */
    /* enum wr_entry_miss: what kept a key that a DS names from being an entry */
    uint8_t entry_missed;
    struct wr_zone_key keys[WR_DNSSEC_KEYS_MAX];
};

enum wr_entry_miss {
    WR_ENTRY_NONE = 0,    /* no key has the digest */
    WR_ENTRY_UNSUPPORTED, /* each DS names one that is too large here: none is left to rely on */
    WR_ENTRY_NO_ZONE_BIT, /* one has, and is no zone key, or revoked */
    WR_ENTRY_BAD,         /* one has, and is no key at all */
};

/* Prepares the keys of a DNSKEY set. Keys beyond WR_DNSSEC_KEYS_MAX are left out. */
void wr_keyset_open(struct wr_keyset *ret_keys, const struct wr_rrset *set,
                    const struct wr_ds_list *ds);
void wr_keyset_close(struct wr_keyset *keys);
/* `from` is empty after it; what was in `to` is not looked at. */
void wr_keyset_move(struct wr_keyset *to, struct wr_keyset *from);

#endif
