/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/newest.h"

#include "base/err.h"
#include "base/limits.h"
#include "crypto/verify.h"
#include "dnssec/keys.h"
#include "dnssec/rrsig.h"

static bool check(const struct wr_rrset *set, const struct wr_rrsig *sig,
                  const struct wr_dnskey *key, void *scratch)
{
    struct wr_verify verify;
    size_t size;
    bool good = false;

    if (wr_verify_open(&verify, key->alg, key->rdata + 4, key->size - 4u) == WR_OK) {
        good =
            wr_rrsig_signed_data(set, sig, scratch, &size) == WR_OK &&
            wr_verify_check(&verify, scratch, size, sig->signature, sig->signature_size) == WR_OK;
        wr_verify_close(&verify);
    }
    return good;
}

/* Is it by a zone key of the set? Each signature that is looked at costs one of `tries`. */
static bool holds(const struct wr_rrset *set, const struct wr_rrset *keys,
                  const struct wr_rrsig *sig, void *scratch, unsigned *tries)
{
    struct wr_rrset_walk walk = wr_rrset_walk(keys);
    const uint8_t *rdata;
    uint16_t size;

    for (uint16_t i = 0; i < keys->records && wr_rrset_next(&walk, &rdata, &size); i++) {
        struct wr_dnskey key;

        if (wr_keys_parse(rdata, size, &key) || !(key.flags & WR_DNSKEY_ZONE) ||
            (key.flags & WR_DNSKEY_REVOKED) || key.protocol != 3 || key.tag != sig->tag ||
            key.alg != sig->alg || !wr_algo_can_verify(key.alg) || *tries == 0) {
            continue;
        }
        *tries -= 1;
        if (check(set, sig, &key, scratch)) {
            return true;
        }
    }
    return false;
}

bool wr_newest_inception(const struct wr_rrset *set, const struct wr_rrset *keys,
                         const struct wr_trusttime *time, void *scratch, int64_t *ret_inception_s)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    int64_t moment = wr_trusttime_moment(time), newest = INT64_MIN;
    unsigned tries = WR_DNSSEC_TAG_KEYS_MAX;
    const uint8_t *rdata;
    uint16_t size;

    for (uint32_t i = 0; wr_rrset_next(&walk, &rdata, &size); i++) {
        struct wr_rrsig sig;
        uint32_t left_s;

        if (i < set->records || wr_rrsig_parse(rdata, size, &sig) || sig.covered != set->type ||
            sig.labels != wr_rrsig_labels(set->owner) || !wr_name_equal(sig.signer, keys->owner) ||
            wr_trusttime_window(time, sig.inception, sig.expiration, &left_s) != WR_WINDOW_GOOD) {
            continue;
        }
        int64_t at = moment + (int32_t)(sig.inception - (uint32_t)(uint64_t)moment);
        if (at > newest && holds(set, keys, &sig, scratch, &tries)) {
            newest = at;
        }
    }
    if (newest == INT64_MIN) {
        return false;
    }
    *ret_inception_s = newest;
    return true;
}
