/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local snapshots from a few words of text, for the tests of this folder and the engine's.
 *
 *     struct localtest t = {0};
 *     localtest_zone(&t, "home.arpa.", WR_LOCAL_AUTHORITATIVE);
 *     localtest_add(&t, "printer.home.arpa.", WR_TYPE_A, "192.0.2.4");
 *     const struct wr_local *local = localtest_build(&t);
 */
#ifndef TESTS_UNIT_RESOLVE_LOCALTEST_H
#define TESTS_UNIT_RESOLVE_LOCALTEST_H

#include "unit/resolve/wire.h"

#include <stdlib.h>

#include "base/err.h"
#include "resolve/localbuild.h"

#define LOCALTEST_MAX 2048

struct localtest {
    struct wr_local_zone zone[256];
    struct wr_local_record record[LOCALTEST_MAX];
    uint32_t zones, records;
    void *kept[2 * LOCALTEST_MAX + 256]; /* names and rdata */
    unsigned keeps;
    void *block;
    uint32_t rejects;
    uint32_t rejected[LOCALTEST_MAX];
    enum wr_local_reject why[LOCALTEST_MAX];
};

static inline void *localtest_keep(struct localtest *t, const void *bytes, size_t n)
{
    void *p = malloc(n > 0 ? n : 1);
    memcpy(p, bytes, n);
    t->kept[t->keeps++] = p;
    return p;
}

static inline struct wr_local_zone *localtest_zone(struct localtest *t, const char *name,
                                                   enum wr_local_zone_kind kind)
{
    struct wr_name n = wire_name(name);
    t->zone[t->zones] = (struct wr_local_zone){.name = localtest_keep(t, n.wire, n.size),
                                               .kind = (uint8_t)kind,
                                               .parent_has_ds = true,
                                               .ede = WR_EDE_NONE,
                                               .ttl = 3600,
                                               .negative_ttl = 60};
    return &t->zone[t->zones++];
}

static inline struct wr_local_record *localtest_add(struct localtest *t, const char *owner,
                                                    uint16_t type, const char *rdata)
{
    struct wr_name n = wire_name(owner);
    uint8_t room[2048];
    struct wr_writer w;
    wr_buf_write_init(&w, room, sizeof(room));
    assert_int_equal(wr_present_read_rdata(rdata, strlen(rdata), type, NULL, &w, NULL), WR_OK);
    t->record[t->records] = (struct wr_local_record){.owner = localtest_keep(t, n.wire, n.size),
                                                     .rdata = localtest_keep(t, room, w.pos),
                                                     .ttl = 300,
                                                     .segments = WR_LOCAL_EVERYONE,
                                                     .type = type,
                                                     .size = (uint16_t)w.pos};
    return &t->record[t->records++];
}

static inline void localtest_rejected(void *user, uint32_t record, enum wr_local_reject why)
{
    struct localtest *t = user;
    t->rejected[t->rejects] = record;
    t->why[t->rejects++] = why;
}

static inline const struct wr_local *localtest_build(struct localtest *t)
{
    const struct wr_local *local = NULL;
    struct wr_local_input in = {.zone = t->zone,
                                .zones = t->zones,
                                .record = t->record,
                                .records = t->records,
                                .key = {{5, 6}},
                                .reject = localtest_rejected,
                                .user = t};
    size_t size = wr_local_size(&in);
    t->block = malloc(size);
    assert_int_equal(wr_local_build(t->block, size, &in, &local), WR_OK);
    return local;
}

static inline void localtest_free(struct localtest *t)
{
    for (unsigned i = 0; i < t->keeps; i++) {
        free(t->kept[i]);
    }
    free(t->block);
    memset(t, 0, sizeof(*t));
}

#endif
