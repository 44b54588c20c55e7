/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/keys.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "dns/name.h"

#define DNSKEY_FIXED_SIZE 4
#define DS_FIXED_SIZE     4
#define ALG_RSAMD5        1
#define DIGEST_SHA1       1

/* RFC 4034 appendix B; B.1 for RSA/MD5: the upper 16 of the last 24 bits of the modulus. */
uint16_t wr_keys_tag(const uint8_t *rdata, size_t size)
{
    uint32_t sum = 0;

    if (size > DNSKEY_FIXED_SIZE && rdata[3] == ALG_RSAMD5) {
        return size < DNSKEY_FIXED_SIZE + 3 ? 0
                                            : (uint16_t)(rdata[size - 3] << 8 | rdata[size - 2]);
    }
    for (size_t i = 0; i < size; i++) {
        sum += i & 1 ? rdata[i] : (uint32_t)rdata[i] << 8;
    }
    return (uint16_t)(sum + (sum >> 16));
}

int wr_keys_parse(const uint8_t *rdata, size_t size, struct wr_dnskey *ret_key)
{
    if (size <= DNSKEY_FIXED_SIZE || size > UINT16_MAX) {
        return WR_E_FORMAT;
    }
    *ret_key = (struct wr_dnskey){
        .rdata = rdata,
        .size = (uint16_t)size,
        .flags = (uint16_t)(rdata[0] << 8 | rdata[1]),
        .protocol = rdata[2],
        .alg = rdata[3],
        .tag = wr_keys_tag(rdata, size),
    };
    return WR_OK;
}

bool wr_keys_usable(const struct wr_dnskey *key)
{
    return (key->flags & WR_DNSKEY_ZONE) && !(key->flags & WR_DNSKEY_REVOKED) && key->protocol == 3;
}

int wr_keys_ds_parse(const uint8_t *rdata, size_t size, struct wr_ds *ret_ds)
{
    enum wr_hash_alg hash;
    struct wr_ds ds;

    if (size < DS_FIXED_SIZE) {
        return WR_E_FORMAT;
    }
    ds.tag = (uint16_t)(rdata[0] << 8 | rdata[1]);
    ds.alg = rdata[2];
    ds.digest_type = rdata[3];
    if (wr_algo_digest(ds.digest_type, &hash)) {
        return WR_E_UNSUPPORTED;
    }
    if (size - DS_FIXED_SIZE != wr_digest_size(hash)) {
        return WR_E_FORMAT;
    }
    ds.size = (uint8_t)(size - DS_FIXED_SIZE);
    memcpy(ds.digest, rdata + DS_FIXED_SIZE, ds.size);
    *ret_ds = ds;
    return WR_OK;
}

int wr_keys_ds_make(const uint8_t *owner, const struct wr_dnskey *key, uint8_t digest_type,
                    struct wr_ds *ret_ds)
{
    struct wr_ds ds = {.tag = key->tag, .alg = key->alg, .digest_type = digest_type};
    uint8_t lower[WR_NAME_MAX];
    enum wr_hash_alg hash;
    struct wr_digest d;
    int err = wr_algo_digest(digest_type, &hash);

    if (!err) {
        err = wr_digest_open(&d, hash);
    }
    if (err) {
        return err;
    }
    wr_digest_add(&d, lower, wr_name_lower(owner, lower));
    wr_digest_add(&d, key->rdata, key->size);
    err = wr_digest_end(&d, ds.digest);
    wr_digest_close(&d);
    if (!err) {
        ds.size = (uint8_t)wr_digest_size(hash);
        *ret_ds = ds;
    }
    return err;
}

/* A full list leaves the rest out. */
static void list_put(struct wr_ds_list *list, const struct wr_dnssec_policy *p,
                     const struct wr_ds *ds)
{
    if (!wr_algo_may_rely(p, ds->alg)) {
        list->ede = WR_EDE_DNSKEY_ALGORITHM;
    } else if (list->count < WR_DNSSEC_DS_MAX) {
        list->ds[list->count++] = *ds;
    } else {
        list->cut = true;
    }
}

void wr_ds_list_clear(struct wr_ds_list *list)
{
    list->count = 0;
    list->broken = list->cut = false;
    list->ede = WR_EDE_NONE;
}

void wr_ds_list_add(struct wr_ds_list *list, const struct wr_dnssec_policy *p, const uint8_t *rdata,
                    size_t size)
{
    struct wr_ds ds;
    int err = wr_keys_ds_parse(rdata, size, &ds);

    if (!err) {
        list_put(list, p, &ds);
    } else if (err == WR_E_FORMAT) {
        list->broken = true;
    } else if (err == WR_E_UNSUPPORTED && list->ede == WR_EDE_NONE) {
        list->ede = WR_EDE_DS_DIGEST;
    }
}

static void drop_weaker(struct wr_ds_list *list)
{
    uint8_t kept = 0;

    for (uint8_t i = 0; i < list->count; i++) {
        if (list->ds[i].digest_type != DIGEST_SHA1) {
            list->ds[kept++] = list->ds[i];
        }
    }
    if (kept > 0) {
        list->count = kept;
    }
}

void wr_ds_list_from_set(struct wr_ds_list *ret_list, const struct wr_dnssec_policy *p,
                         const struct wr_rrset *set)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;

    wr_ds_list_clear(ret_list);
    for (uint16_t i = 0; i < set->records && wr_rrset_next(&walk, &rdata, &size); i++) {
        wr_ds_list_add(ret_list, p, rdata, size);
    }
    drop_weaker(ret_list);
}

void wr_ds_list_narrow(struct wr_ds_list *ret_list, const struct wr_dnssec_policy *p,
                       const struct wr_ds_list *from)
{
    wr_ds_list_clear(ret_list);
    ret_list->ede = from->ede;
    ret_list->broken = from->broken;
    ret_list->cut = from->cut;
    for (uint8_t i = 0; i < from->count; i++) {
        list_put(ret_list, p, &from->ds[i]);
    }
    drop_weaker(ret_list);
}

/* The DS records that name the key, a bit each; `all`: not only the first of them. */
static uint32_t named(const struct wr_ds_list *list, const uint8_t *owner,
                      const struct wr_dnskey *key, bool all, unsigned *budget)
{
    uint32_t names = 0;

    for (uint8_t i = 0; i < list->count && (all || !names); i++) {
        const struct wr_ds *ds = &list->ds[i];
        struct wr_ds made;

        if (ds->tag != key->tag || ds->alg != key->alg || *budget == 0) {
            continue;
        }
        --*budget;
        if (wr_keys_ds_make(owner, key, ds->digest_type, &made) == WR_OK &&
            !memcmp(made.digest, ds->digest, ds->size)) {
            names |= 1u << i;
        }
    }
    return names;
}

/* False: a DS names it, and it is too large here. */
static bool keyset_add(struct wr_keyset *keys, const struct wr_dnskey *key, bool entry)
{
    struct wr_zone_key *at = &keys->keys[keys->count];
    int err;

    if (!wr_keys_usable(key)) {
        keys->entry_missed = entry ? WR_ENTRY_NO_ZONE_BIT : keys->entry_missed;
        return true;
    }
    if (keys->count == WR_DNSSEC_KEYS_MAX) {
        return true;
    }
    at->tag = key->tag;
    at->alg = key->alg;
    err = wr_verify_open(&at->key, key->alg, key->rdata + DNSKEY_FIXED_SIZE,
                         key->size - (size_t)DNSKEY_FIXED_SIZE);
    if (err == WR_OK) {
        at->role = entry ? WR_KEY_ENTRY : WR_KEY_ZONE;
        keys->entries += entry;
        keys->count++;
    } else if (err == WR_E_UNSUPPORTED && wr_verify_knows(key->alg)) {
        at->role = WR_KEY_UNSUPPORTED;
        keys->count++;
        return !entry;
    } else if (entry) {
        keys->entry_missed = WR_ENTRY_BAD;
    }
    return true;
}

void wr_keyset_open(struct wr_keyset *ret_keys, const struct wr_rrset *set,
                    const struct wr_ds_list *ds)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    unsigned budget = WR_DNSSEC_DS_DIGESTS_MAX;
    uint32_t large = 0; /* DS that name a key that is too large */
    const uint8_t *rdata;
    uint16_t size;

    ret_keys->count = ret_keys->entries = 0;
    ret_keys->entry_missed = WR_ENTRY_NONE;
    for (uint16_t i = 0; i < set->records && wr_rrset_next(&walk, &rdata, &size); i++) {
        struct wr_dnskey key;

        if (wr_keys_parse(rdata, size, &key) == WR_OK &&
            !keyset_add(ret_keys, &key, named(ds, set->owner, &key, false, &budget) != 0)) {
            large |= named(ds, set->owner, &key, true, &budget);
        }
    }
    /* Whoever leaves out the key that another DS names makes no zone insecure by it. */
    if (ds->count > 0 && !ds->cut && large == (1u << ds->count) - 1) {
        ret_keys->entry_missed = WR_ENTRY_UNSUPPORTED;
    }
}

void wr_keyset_close(struct wr_keyset *keys)
{
    for (uint8_t i = 0; i < keys->count; i++) {
        if (keys->keys[i].role != WR_KEY_UNSUPPORTED) {
            wr_verify_close(&keys->keys[i].key);
        }
    }
    keys->count = keys->entries = 0;
}

void wr_keyset_move(struct wr_keyset *to, struct wr_keyset *from)
{
    memcpy(to, from, offsetof(struct wr_keyset, keys) + from->count * sizeof(from->keys[0]));
    from->count = from->entries = 0;
}
