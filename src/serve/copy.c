/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/copy.h"

#include <stdlib.h>

#include "base/err.h"
#include "conf/copybuild.h"
#include "resolve/xferread.h"

static int fill(struct wr_zoneindex *z, const struct wr_names *names)
{
    int err = WR_OK;
    for (uint32_t i = 0; i < names->count && err == WR_OK; i++) {
        const struct wr_local_record *r = &names->item[i].r;
        err = wr_zoneindex_add(z, r->owner, r->type, r->ttl, r->rdata, r->size);
    }
    return err == WR_OK ? wr_zoneindex_end(z) : err;
}

int wr_copy_index(struct wr_copy *copy, const uint8_t *zone)
{
    struct wr_zoneindex *z;
    if (copy->index != NULL) {
        return WR_OK;
    }
    size_t size = wr_zoneindex_size(copy->names.count);
    void *block = size == SIZE_MAX ? NULL : malloc(size);
    if (block == NULL) {
        return WR_E_NOMEM;
    }
    wr_zoneindex_start(&z, block, copy->names.count, zone);
    int err = fill(z, &copy->names);
    if (err != WR_OK) {
        free(block);
        return err;
    }
    copy->block = block;
    copy->index = z;
    return WR_OK;
}

int wr_copy_make(struct wr_names *names, const uint8_t *zone, bool indexed,
                 struct wr_copy **ret_copy)
{
    const struct wr_local_record *soa = wr_copybuild_soa(names, zone);
    struct wr_copy *copy = calloc(1, sizeof(*copy));
    struct wr_soa_numbers n = {0};
    int err = copy == NULL ? WR_E_NOMEM : soa == NULL ? WR_E_FORMAT : WR_OK;
    if (err == WR_OK) {
        (void)wr_xferread_numbers(soa->rdata, soa->size, &n);
        atomic_init(&copy->held, 1);
        copy->names = *names;
        copy->serial = n.serial;
        err = indexed ? wr_copy_index(copy, zone) : WR_OK;
    }
    if (err != WR_OK) {
        free(copy);
        return err;
    }
    *ret_copy = copy;
    return WR_OK;
}

struct wr_copy *wr_copy_hold(struct wr_copy *copy)
{
    atomic_fetch_add(&copy->held, 1);
    return copy;
}

void wr_copy_let_go(struct wr_copy *copy)
{
    if (copy != NULL && atomic_fetch_sub(&copy->held, 1) == 1) {
        wr_policyzone_let_go(copy->policy);
        wr_names_free(&copy->names);
        free(copy->block);
        free(copy);
    }
}
