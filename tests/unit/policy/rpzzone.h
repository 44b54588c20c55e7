/* SPDX-License-Identifier: Apache-2.0 */
/* Response policy zones from zone text, for the tests of policy/rpz and policy/rpzbuild. */
#ifndef WEIR_TESTS_RPZZONE_H
#define WEIR_TESTS_RPZZONE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "dns/zonefile.h"
#include "policy/rpzbuild.h"

#define RPZZONE_RECORDS 512

struct rpzzone {
    struct wr_name name;
    struct wr_rpzbuild_record record[RPZZONE_RECORDS];
    uint32_t records, rejects;
    uint32_t rejected_line; /* the last one */
    const char *rejected;
    void *block;
    size_t size;
    const struct wr_rpz *zone;
};

static const struct wr_hash_key rpzzone_key = {{3, 5}};

static inline void rpzzone_record(const void *user, uint32_t i, struct wr_rpzbuild_record *ret)
{
    *ret = ((const struct rpzzone *)user)->record[i];
}

static inline void rpzzone_reject(void *user, uint32_t i, const char *why)
{
    struct rpzzone *z = user;
    z->rejects++;
    z->rejected_line = z->record[i].line;
    z->rejected = why;
}

static inline void *rpzzone_copy(const uint8_t *bytes, size_t n)
{
    void *copy = malloc(n + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    return copy;
}

/* The records of the text; broken ones fail the test. */
static inline void rpzzone_read(struct rpzzone *z, const char *zone, const char *text)
{
    struct wr_zonefile *reader = malloc(sizeof(*reader));
    struct wr_zonefile_event e;
    memset(z, 0, sizeof(*z));
    assert_non_null(reader);
    assert_int_equal(wr_name_from_text(zone, strlen(zone), &z->name), WR_OK);
    struct wr_zonefile_options options = {
        .origin = z->name.wire, .class_ = WR_CLASS_IN, .has_ttl = true, .ttl = 300};
    wr_zonefile_start(reader, &options);
    bool fed = false;
    for (;;) {
        enum wr_zonefile_what what = wr_zonefile_next(reader, &e);
        if (what == WR_ZONEFILE_MORE) {
            wr_zonefile_feed(reader, text, fed ? 0 : strlen(text));
            fed = true;
        } else if (what == WR_ZONEFILE_RECORD) {
            assert_true(z->records < RPZZONE_RECORDS);
            z->record[z->records++] =
                (struct wr_rpzbuild_record){.owner = rpzzone_copy(e.owner, wr_name_size(e.owner)),
                                            .rdata = rpzzone_copy(e.rdata, e.rdata_size),
                                            .ttl = e.ttl,
                                            .line = e.place.line,
                                            .type = e.type,
                                            .size = e.rdata_size};
        } else if (what == WR_ZONEFILE_END) {
            break;
        } else {
            assert_true(e.warning);
        }
    }
    free(reader);
}

static inline struct wr_rpzbuild_input rpzzone_input(struct rpzzone *z)
{
    return (struct wr_rpzbuild_input){.zone = z->name.wire,
                                      .records = z->records,
                                      .key = rpzzone_key,
                                      .record = rpzzone_record,
                                      .reject = rpzzone_reject,
                                      .user = z};
}

static inline void rpzzone_make(struct rpzzone *z, const char *zone, const char *text)
{
    rpzzone_read(z, zone, text);
    struct wr_rpzbuild_input in = rpzzone_input(z);
    z->size = wr_rpzbuild_size(&in);
    z->block = malloc(z->size);
    assert_non_null(z->block);
    memset(z->block, 0xaa, z->size);
    assert_int_equal(wr_rpzbuild(z->block, z->size, &in, &z->zone), WR_OK);
    assert_true(wr_rpz_used(z->zone) <= z->size);
}

static inline void rpzzone_free(struct rpzzone *z)
{
    for (uint32_t i = 0; i < z->records; i++) {
        free((void *)(uintptr_t)z->record[i].owner);
        free((void *)(uintptr_t)z->record[i].rdata);
    }
    free(z->block);
}

#endif
