/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copy proof: is a zone that came what its digest says (ZONEMD, RFC 8976), and who says so?
 *
 *     wr_copytrust_take(&trust, &settings);                    what the owner trusts, copied: it changes with reloads and with RFC 5011
 *     err = wr_copyproof_check(&names, zone, demand, &trust, now, hooks, &until_us);
 *
 * Where a trust anchor stands at the zone itself, as at the root, the digest counts only when the zone's keys sign it and the
 * anchor names them. Elsewhere it tells accidents: keys of zones above are not asked for. While the time is not proven, signatures are read
 * against the floor, as everywhere.
 *
 * Until when that holds is told with it: until the signature of the digest, or of the keys, ends (RFC 4035 section 5.3.1). While the time is not
 * proven that counts from the floor, which has passed: the end is not later, and who asks has it judged again once the time is proven.
 *
 * Any thread. Errors: WR_E_CHECKSUM (it is not what the digest says, or has none that was demanded), WR_E_DENIED (the digest is not
 * signed by who is trusted), both told; WR_E_NOMEM.
 */
#ifndef WR_SERVE_COPYPROOF_H
#define WR_SERVE_COPYPROOF_H

#include "base/time.h"
#include "conf/names.h"
#include "resolve/prove.h"

struct wr_copytrust {
    bool enable, system_clock;
    int64_t floor_s;
    struct wr_dnssec_policy policy;
    struct wr_anchors anchors;
    struct wr_anchor room[WR_DNSSEC_ANCHORS_MAX];
};

void wr_copytrust_take(struct wr_copytrust *ret_trust, const struct wr_prove_settings *settings);
/* `to` keeps a table of its own. */
void wr_copytrust_copy(struct wr_copytrust *to, const struct wr_copytrust *from);

/* `ret_until_us`: of the monotonic clock; WR_TIME_NEVER where no signature was judged. */
int wr_copyproof_check(const struct wr_names *names, const uint8_t *zone, uint32_t demand,
                       const struct wr_copytrust *trust, const struct wr_now *now,
                       const struct wr_names_hooks *hooks, uint64_t *ret_until_us);

#endif
