/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rrl.h"

#include <string.h>

uint64_t wr_rrl_bucket(const struct wr_hash_key *key, const struct wr_addr *client,
                       unsigned prefix_len, uint64_t what_hash)
{
    struct wr_addr prefix = wr_addr_mask(client, prefix_len);
    uint8_t what[16 + 1 + 8];
    memcpy(what, prefix.ip, 16);
    what[16] = prefix.family;
    memcpy(what + 17, &what_hash, 8);
    return wr_hash_sip13(key, what, sizeof(what));
}

enum wr_rrl_verdict wr_rrl_decide(struct wr_quota *q, uint64_t bucket, uint32_t rate, uint32_t slip,
                                  uint64_t now_us)
{
    if (rate == 0 || wr_quota_take(q, bucket, rate, rate, now_us)) {
        return WR_RRL_SEND;
    }
    if (slip == 0) {
        return WR_RRL_DROP;
    }
    /* The bucket is a keyed hash that nobody outside knows. */
    return wr_hash_mix(bucket + wr_hash_mix(now_us)) % slip == 0 ? WR_RRL_SLIP : WR_RRL_DROP;
}
