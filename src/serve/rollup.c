/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/rollup.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"
#include "dns/codes.h"

/* Power of two; half of the places are used at most, and the last row is for all that have no other. */
#define PLACES (2u * WR_ROLLUP_ROWS_MAX)

struct row {
    struct wr_record record;
    uint32_t count;
};

struct wr_rollup {
    uint32_t rows;
    uint16_t place[PLACES]; /* number of a row and 1; 0: free */
    struct row row[WR_ROLLUP_ROWS_MAX];
};

int wr_rollup_create(struct wr_rollup **ret_rollup)
{
    struct wr_rollup *r = calloc(1, sizeof(*r));
    if (r == NULL) {
        return WR_E_NOMEM;
    }
    *ret_rollup = r;
    return WR_OK;
}

void wr_rollup_destroy(struct wr_rollup *r)
{
    free(r);
}

/* What the queries of a row have in common; all else is gone. */
static void reduce(const struct wr_record *from, bool nameless, struct wr_record *ret)
{
    memset(ret, 0, sizeof(*ret)); /* it is compared by octets */
    if (!nameless) {
        ret->client = from->client;
        ret->client.port = 0;
        ret->device = from->device;
    }
    ret->segment = from->segment;
    ret->verdict.action = from->verdict.action;
    ret->verdict.by = from->verdict.by;
    ret->verdict.shadow = from->verdict.shadow;
    ret->verdict.rule = from->verdict.rule;
    ret->source = from->source;
    ret->rcode = from->rcode;
    ret->ede = WR_EDE_NONE;
    ret->upstream = 255;
}

/* The row of a record, or a free place's number in `*ret_place` and NULL. */
static struct row *find(struct wr_rollup *r, const struct wr_record *record, uint32_t *ret_place)
{
    static const struct wr_hash_key key = {
        {0}}; /* the table is small, and a long walk in it is bounded */
    uint32_t place = (uint32_t)wr_hash_sip13(&key, record, sizeof(*record)) & (PLACES - 1);
    for (uint32_t i = 0; i < PLACES && r->place[place] != 0; i++) {
        struct row *row = &r->row[r->place[place] - 1];
        struct wr_record of = row->record;
        of.wall_s = 0;
        of.mono_us = 0;
        if (memcmp(&of, record, sizeof(of)) == 0) {
            return row;
        }
        place = (place + 1) & (PLACES - 1);
    }
    *ret_place = place;
    return NULL;
}

void wr_rollup_add(struct wr_rollup *r, const struct wr_record *record, bool nameless)
{
    struct wr_record reduced;
    uint32_t place = 0;
    reduce(record, nameless, &reduced);
    struct row *row = find(r, &reduced, &place);
    if (row == NULL && r->rows >= WR_ROLLUP_ROWS_MAX / 2 && !nameless) {
        reduce(record, true, &reduced);
        row = find(r, &reduced, &place);
    }
    if (row == NULL && r->rows == WR_ROLLUP_ROWS_MAX) {
        row = &r->row[WR_ROLLUP_ROWS_MAX - 1];
    }
    if (row == NULL) {
        row = &r->row[r->rows++];
        row->record = reduced;
        row->count = 0;
        r->place[place] = (uint16_t)r->rows;
    }
    row->count += row->count < UINT32_MAX;
    row->record.wall_s = record->wall_s;
    row->record.mono_us = record->mono_us;
}

bool wr_rollup_empty(struct wr_rollup *r,
                     void (*each)(void *user, const struct wr_record *record, uint32_t count),
                     void *user)
{
    bool any = r->rows > 0;
    for (uint32_t i = 0; i < r->rows; i++) {
        each(user, &r->row[i].record, r->row[i].count);
    }
    r->rows = 0;
    if (any) {
        memset(r->place, 0, sizeof(r->place));
    }
    return any;
}

uint32_t wr_rollup_rows(const struct wr_rollup *r)
{
    return r->rows;
}
