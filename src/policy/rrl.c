/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rrl.h"

#include <string.h>

enum wr_rrl_verdict wr_rrl_decide(struct wr_quota *q, const struct wr_hash_key *key,
                                  const struct wr_addr *client, unsigned prefix_len,
                                  uint64_t what_hash, uint32_t rate, uint32_t slip, uint64_t now_us)
{
    if (rate == 0) {
        return WR_RRL_SEND;
    }
    struct wr_addr prefix = wr_addr_mask(client, prefix_len);
    uint8_t what[16 + 1 + 8 + 8];
    memcpy(what, prefix.ip, 16);
    what[16] = prefix.family;
    memcpy(what + 17, &what_hash, 8);
    uint64_t hash = wr_hash_sip13(key, what, 25);
    if (wr_quota_take(q, hash, rate, rate, now_us)) {
        return WR_RRL_SEND;
    }
    if (slip == 0) {
        return WR_RRL_DROP;
    }
    memcpy(what + 25, &now_us, 8);
    return wr_hash_sip13(key, what, sizeof(what)) % slip == 0 ? WR_RRL_SLIP : WR_RRL_DROP;
}
