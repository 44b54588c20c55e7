/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NSEC and NSEC3 records that were made up, put to every question at once: no two proofs may contradict each other,
 * no step and no query may hash more than its share, and asking twice gives the same.
 *
 * Input: type (2), labels, the zone's labels counted from the root, name, flat sets.
 */
#include "fuzz.h"

#include "base/err.h"
#include "dns/codes.h"
#include "dnssec/denial.h"

static struct wr_denial d;
static struct wr_dnssec_work work;

enum what { NXDOMAIN, NODATA, NO_DS, EXPANSION };

static enum wr_proof ask(enum what what, unsigned extra)
{
    enum wr_proof got;
    unsigned steps = 0;

    do {
        uint32_t before = work.blocks;

        switch (what) {
        case NXDOMAIN: got = wr_denial_nxdomain(&d, &work); break;
        case NODATA: got = wr_denial_nodata(&d, (uint16_t)extra, &work); break;
        case NO_DS: got = wr_denial_no_ds(&d, &work); break;
        default: got = wr_denial_expansion(&d, extra, &work); break;
        }
        promise(work.blocks - before <= WR_DNSSEC_STEP_BLOCKS_MAX);
        promise(work.blocks <= WR_DNSSEC_HASH_BLOCKS_MAX);
        promise(++steps < 1000);
    } while (got == WR_PROOF_AGAIN);
    return got;
}

static void check(uint16_t type, unsigned labels)
{
    enum wr_proof nx = ask(NXDOMAIN, 0), nodata = ask(NODATA, type), no_ds = ask(NO_DS, 0);
    enum wr_proof expansion = ask(EXPANSION, labels);

    promise(nx <= WR_PROOF_SECURE && nodata <= WR_PROOF_SECURE && expansion <= WR_PROOF_SECURE);
    promise(no_ds != WR_PROOF_SECURE);
    if (work.blocks < WR_DNSSEC_HASH_BLOCKS_MAX / 2) { /* far from its end: nothing changes */
        promise(ask(NXDOMAIN, 0) == nx && ask(NODATA, type) == nodata && ask(NO_DS, 0) == no_ds);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_dnssec_policy policy = wr_algo_default_policy();
    struct wr_name name;
    struct wr_rrset set;
    struct wr_reader r;
    uint16_t type;
    uint8_t labels, zone_labels;
    unsigned have;

    wr_buf_read_init(&r, data, size);
    type = wr_buf_get_u16(&r);
    labels = wr_buf_get_u8(&r);
    zone_labels = wr_buf_get_u8(&r);
    if (r.err || wr_name_read_plain(&r, &name)) {
        return 0;
    }
    have = wr_name_labels(name.wire);
    zone_labels = zone_labels > have ? (uint8_t)have : zone_labels;
    memset(&work, 0, sizeof(work));
    wr_denial_start(&d, wr_name_skip_labels(name.wire, have - zone_labels), name.wire, &policy);
    while (wr_rrset_get_flat(&r, &set) == WR_OK) {
        wr_denial_add(&d, &set);
    }
    check(type, labels);
    return 0;
}
