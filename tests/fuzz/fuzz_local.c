/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local names from lines of zone text, and a look-up of names near them. The first line is the zone's kind and the question's
 * type; each further line a record of the zone "z.". Promised: what is built answers every owner it took, an authoritative zone
 * answers everything in it, and the block is never passed.
 */
#include "fuzz.h"

#include "base/err.h"
#include "conf/record.h"
#include "dns/codes.h"
#include "resolve/localbuild.h"

#define RECORDS 32

static const uint8_t apex[] = "\1z";

struct taken {
    struct wr_local_record record[RECORDS];
    struct wr_name owner[RECORDS];
    uint8_t rdata[RECORDS][600];
    bool rejected[RECORDS];
    uint32_t records;
};

static struct taken t;

static void reject(void *user, uint32_t record, enum wr_local_reject why)
{
    (void)user;
    promise(record < t.records && strlen(wr_local_reject_text(why)) > 8);
    t.rejected[record] = true;
}

static void take_line(const char *text, size_t n)
{
    struct wr_record_line r;
    size_t column = 0;
    const char *why = NULL;
    uint32_t i = t.records;
    if (wr_record_line_read(text, n, apex, 60, t.rdata[i], sizeof(t.rdata[i]), &r, &column, &why)) {
        promise(column > 0 && why != NULL);
        return;
    }
    t.owner[i] = r.owner;
    t.record[i] = (struct wr_local_record){.owner = t.owner[i].wire,
                                           .rdata = t.rdata[i],
                                           .ttl = r.ttl,
                                           .segments = WR_LOCAL_EVERYONE,
                                           .type = r.type,
                                           .size = r.size};
    t.records++;
}

static void check(const struct wr_local *l, uint8_t kind, uint16_t type)
{
    static const uint8_t *const labels[] = {(const uint8_t *)"\1*", (const uint8_t *)"\3new"};
    struct wr_local_hit hit;
    for (uint32_t i = 0; i < t.records; i++) {
        struct wr_name near;
        wr_local_find(l, t.owner[i].wire, t.record[i].type, WR_LOCAL_EVERYONE, &hit);
        promise(t.rejected[i] || hit.cut || hit.verdict != WR_LOCAL_HIT_NXDOMAIN ||
                kind == WR_LOCAL_NXDOMAIN);
        wr_local_find(l, t.owner[i].wire, type, WR_LOCAL_EVERYONE, &hit);
        for (unsigned k = 0; k < 2; k++) {
            if (wr_name_prepend(labels[k], t.owner[i].wire, &near) != WR_OK) {
                continue;
            }
            wr_local_find(l, near.wire, type, WR_LOCAL_EVERYONE, &hit);
            promise(kind != WR_LOCAL_AUTHORITATIVE || hit.cut || type == WR_TYPE_ANY ||
                    hit.verdict != WR_LOCAL_HIT_PASS);
            promise(hit.verdict != WR_LOCAL_HIT_DATA || wr_rrset_check(&hit.set) == WR_OK);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    if (size < 2) {
        return 0;
    }
    struct wr_local_zone zone = {.name = apex, .kind = data[0] & 3, .ttl = 60, .negative_ttl = 5};
    uint16_t type = (uint16_t)(data[1] == 'd' ? WR_TYPE_DS : data[1]);
    memset(&t, 0, sizeof(t));
    while (size > 0 && t.records < RECORDS) {
        const char *end = memchr(text, '\n', size);
        size_t n = end ? (size_t)(end - text) : size;
        if (text != (const char *)data) {
            take_line(text, n);
        }
        n += end != NULL;
        text += n;
        size -= n;
    }
    struct wr_local_input in = {
        .zone = &zone, .zones = 1, .record = t.record, .records = t.records, .reject = reject};
    const struct wr_local *local = NULL;
    size_t room = wr_local_size(&in);
    void *block = malloc(room);
    if (block) {
        promise(wr_local_build(block, room, &in, &local) == WR_OK);
        promise(wr_local_used(local) <= room);
        check(local, zone.kind, type);
    }
    free(block);
    return 0;
}
