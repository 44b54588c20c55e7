/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/zonesig.h"

#include <string.h>

#include "base/buf.h"
#include "dns/codes.h"

static uint16_t covered_by(const struct wr_zonemd_rr *r)
{
    return r->type == WR_TYPE_RRSIG && r->size >= 2 ? (uint16_t)(r->rdata[0] << 8 | r->rdata[1])
                                                    : 0;
}

/* The set of a type at the apex with its signatures. False: there is none, or it is larger than a set may be. */
static bool pick(const struct wr_zonemd_rr *rr, uint32_t count, const uint8_t *apex, uint16_t type,
                 uint8_t *data, struct wr_rrset *ret_set)
{
    struct wr_rrset set = {.owner = apex, .data = data, .type = type, .class_ = WR_CLASS_IN};
    struct wr_writer w;
    wr_buf_write_init(&w, data, WR_RRSET_SIZE_MAX);
    for (unsigned sigs = 0; sigs <= 1; sigs++) {
        for (uint32_t i = 0; i < count; i++) {
            const struct wr_zonemd_rr *r = &rr[i];
            bool wanted = sigs ? covered_by(r) == type : r->type == type;
            if (!wanted || !wr_name_equal(r->owner, apex)) {
                continue;
            }
            wr_buf_put_u16(&w, r->size);
            wr_buf_put_bytes(&w, r->rdata, r->size);
            set.ttl = r->ttl;
            set.records = (uint16_t)(set.records + !sigs);
            set.sigs = (uint16_t)(set.sigs + sigs);
            if (w.err || set.records > WR_RRSET_RECORDS_MAX || set.sigs > WR_RRSET_RECORDS_MAX) {
                return false;
            }
        }
    }
    set.size = (uint32_t)w.pos;
    *ret_set = set;
    return set.records > 0;
}

/* NULL: one of the keys signs the set, and `left_s` is made no more than its signature has; else why not. */
static const char *check(const struct wr_rrset *set, struct wr_keyset *keys, bool entries_only,
                         const struct wr_zonesig_ask *ask, struct wr_dnssec_work *work,
                         void *scratch, uint32_t *left_s)
{
    struct wr_rrsig_job job;
    uint32_t left;
    enum wr_rrsig_result got;
    wr_rrsig_start(&job, set, set->owner, keys, entries_only, ask->policy, ask->time);
    do { /* ends: a check takes of the work, and the signatures are counted */
        got = wr_rrsig_step(&job, work, scratch);
    } while (got == WR_RRSIG_MORE);
    if (got == WR_RRSIG_SECURE && !job.expanded &&
        wr_trusttime_window(ask->time, job.sig.inception, job.sig.expiration, &left) ==
            WR_WINDOW_GOOD) {
        *left_s = left < *left_s ? left : *left_s;
        return NULL;
    }
    return got == WR_RRSIG_FAILED && job.reason ? job.reason : "its signature could not be checked";
}

void wr_zonesig_check(const struct wr_zonemd_rr *rr, uint32_t count, const uint8_t *apex,
                      uint16_t type, const struct wr_zonesig_ask *ask, struct wr_zonesig_room *room,
                      struct wr_zonesig_result *ret_result)
{
    struct wr_rrset dnskey, set;
    struct wr_ds_list ds;
    struct wr_keyset keys;
    struct wr_dnssec_work work = {0};
    uint32_t left_s = UINT32_MAX;
    *ret_result = (struct wr_zonesig_result){.verdict = WR_ZONESIG_BOGUS};
    wr_ds_list_narrow(&ds, ask->policy, ask->ds);
    if (ds.count == 0 && !ds.broken) {
        ret_result->verdict = WR_ZONESIG_INSECURE;
        return;
    }
    if (!pick(rr, count, apex, WR_TYPE_DNSKEY, room->keys, &dnskey)) {
        ret_result->reason = "the zone has no keys, and an anchor says that it is signed";
        return;
    }
    if (!pick(rr, count, apex, type, room->set, &set)) {
        ret_result->reason = "the zone has not what should be signed";
        return;
    }
    wr_keyset_open(&keys, &dnskey, &ds);
    if (keys.entries == 0) {
        ret_result->reason = "no key of the zone is one that an anchor names";
    } else {
        ret_result->reason = check(&dnskey, &keys, true, ask, &work, room->scratch, &left_s);
        if (!ret_result->reason) {
            ret_result->reason = check(&set, &keys, false, ask, &work, room->scratch, &left_s);
        }
    }
    wr_keyset_close(&keys);
    if (!ret_result->reason) {
        ret_result->verdict = WR_ZONESIG_SECURE;
        ret_result->left_s = left_s;
    }
}
