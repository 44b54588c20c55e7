/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole zones from a table of records, for the tests of resolve/zoneindex, resolve/authority and those that ask a copy.
 *
 *     struct zonetest t = {0};
 *     zonetest_add(&t, "www.z.", "A", "192.0.2.1");          also: zonetest_rows
 *     zonetest_sign(&t, "z.", ZONETEST_NSEC3);               a chain, and something in the place of signatures
 *     const struct wr_zoneindex *z = zonetest_build(&t, "z.");
 *     zonetest_free(&t);
 */
#ifndef TESTS_UNIT_RESOLVE_ZONETEST_H
#define TESTS_UNIT_RESOLVE_ZONETEST_H

#include "unit/resolve/wire.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/enc.h"
#include "base/err.h"
#include "dnssec/nsec3.h"
#include "resolve/zoneindex.h"

#define ZONETEST_MAX 1024

enum zonetest_chain { ZONETEST_UNSIGNED = 0, ZONETEST_NSEC, ZONETEST_NSEC3, ZONETEST_OPTOUT };

struct zonetest_row {
    const char *owner, *type, *rdata;
};

struct zonetest_record {
    struct wr_name owner;
    uint16_t type, size;
    uint32_t ttl;
    uint8_t *rdata;
};

struct zonetest {
    struct zonetest_record record[ZONETEST_MAX];
    unsigned records;
    void *block;
};

static inline void zonetest_add(struct zonetest *t, const char *owner, const char *type,
                                const char *rdata)
{
    uint8_t room[1024];
    struct wr_writer w;
    size_t column = 0;
    struct zonetest_record *r = &t->record[t->records++];
    assert_true(t->records < ZONETEST_MAX);
    r->owner = wire_name(owner);
    r->ttl = 300;
    assert_int_equal(wr_codes_type_from_text(type, strlen(type), &r->type), WR_OK);
    wr_buf_write_init(&w, room, sizeof(room));
    if (wr_present_read_rdata(rdata, strlen(rdata), r->type, NULL, &w, &column) != WR_OK) {
        fail_msg("%s %s \"%s\": column %zu", owner, type, rdata, column);
    }
    r->rdata = malloc(w.pos + 1);
    memcpy(r->rdata, room, w.pos);
    r->size = (uint16_t)w.pos;
}

static inline void zonetest_rows(struct zonetest *t, const struct zonetest_row *row, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        zonetest_add(t, row[i].owner, row[i].type, row[i].rdata);
    }
}

static inline bool zonetest_has(const struct zonetest *t, const uint8_t *owner, uint16_t type)
{
    for (unsigned i = 0; i < t->records; i++) {
        if (t->record[i].type == type && wr_name_equal(t->record[i].owner.wire, owner)) {
            return true;
        }
    }
    return false;
}

/* Is the name below a delegation (glue) or a DNAME? */
static inline bool zonetest_hidden(const struct zonetest *t, const uint8_t *name,
                                   const uint8_t *zone)
{
    unsigned labels = wr_name_labels(name), least = wr_name_labels(zone);
    for (unsigned i = 1; i + least <= labels; i++) {
        const uint8_t *above = wr_name_skip_labels(name, i);
        if ((labels - i > least && zonetest_has(t, above, WR_TYPE_NS)) ||
            zonetest_has(t, above, WR_TYPE_DNAME)) {
            return true;
        }
    }
    return false;
}

static inline bool zonetest_is_cut(const struct zonetest *t, const uint8_t *name,
                                   const uint8_t *zone)
{
    return !wr_name_equal(name, zone) && zonetest_has(t, name, WR_TYPE_NS);
}

/* The types of a name as a bitmap's text; a delegation has few of its own. */
static inline void zonetest_types(const struct zonetest *t, const uint8_t *name, bool cut,
                                  char *text, size_t cap)
{
    char type[WR_CODE_TEXT_SIZE];
    text[0] = 0;
    for (unsigned i = 0; i < t->records; i++) {
        uint16_t is = t->record[i].type;
        bool shown = wr_name_equal(t->record[i].owner.wire, name) && is != WR_TYPE_RRSIG &&
                     (!cut || is == WR_TYPE_NS || is == WR_TYPE_DS);
        wr_codes_type_text(is, type, sizeof(type));
        if (shown && !strstr(text, type)) {
            snprintf(text + strlen(text), cap - strlen(text), " %s", type);
        }
    }
}

/* Names that the chain is of, each once; with NSEC3 also those that exist because of what is below them. */
static inline unsigned zonetest_names(const struct zonetest *t, const char *zone,
                                      enum zonetest_chain chain, struct wr_name *names)
{
    struct wr_name apex = wire_name(zone);
    unsigned n = 0, apex_labels = wr_name_labels(apex.wire);
    for (unsigned i = 0; i < t->records; i++) {
        const uint8_t *owner = t->record[i].owner.wire;
        bool cut = zonetest_is_cut(t, owner, apex.wire);
        if (zonetest_hidden(t, owner, apex.wire) ||
            (chain == ZONETEST_OPTOUT && cut && !zonetest_has(t, owner, WR_TYPE_DS))) {
            continue;
        }
        for (unsigned up = 0; wr_name_labels(owner) - up >= apex_labels; up++) {
            const uint8_t *name = wr_name_skip_labels(owner, up);
            bool known = false;
            for (unsigned k = 0; k < n; k++) {
                known |= wr_name_equal(names[k].wire, name);
            }
            if (!known) {
                wr_name_set(&names[n++], name);
            }
            if (chain == ZONETEST_NSEC || wr_name_labels(name) == apex_labels) {
                break;
            }
        }
    }
    return n;
}

static int zonetest_by_name(const void *a, const void *b)
{
    return wr_name_order(((const struct wr_name *)a)->wire, ((const struct wr_name *)b)->wire);
}

/* The label that is the name's hash, with no salt and one more iteration. */
static inline void zonetest_hash(const uint8_t *name, char text[33])
{
    uint8_t hash[WR_NSEC3_HASH_SIZE];
    struct wr_str s;
    assert_int_equal(wr_nsec3_hash(name, (const uint8_t *)"", 0, 1, hash), WR_OK);
    wr_str_init(&s, text, 33);
    wr_enc_base32hex(&s, hash, sizeof(hash));
}

struct zonetest_link {
    char hash[33];
    struct wr_name name;
};

static int zonetest_by_hash(const void *a, const void *b)
{
    return strcmp(a, b);
}

static inline void zonetest_chain_nsec(struct zonetest *t, const char *zone)
{
    static struct wr_name names[ZONETEST_MAX];
    struct wr_name apex = wire_name(zone);
    unsigned n = zonetest_names(t, zone, ZONETEST_NSEC, names);
    qsort(names, n, sizeof(names[0]), zonetest_by_name);
    for (unsigned i = 0; i < n; i++) {
        char owner[WR_NAME_TEXT_SIZE], next[WR_NAME_TEXT_SIZE], types[256],
            rdata[WR_NAME_TEXT_SIZE + 300];
        wr_name_to_text(names[i].wire, owner, sizeof(owner));
        wr_name_to_text(names[(i + 1) % n].wire, next, sizeof(next));
        zonetest_types(t, names[i].wire, zonetest_is_cut(t, names[i].wire, apex.wire), types,
                       sizeof(types));
        snprintf(rdata, sizeof(rdata), "%s%s RRSIG NSEC", next, types);
        zonetest_add(t, owner, "NSEC", rdata);
    }
}

static inline void zonetest_chain_nsec3(struct zonetest *t, const char *zone, bool optout)
{
    static struct wr_name names[ZONETEST_MAX];
    static struct zonetest_link link[ZONETEST_MAX];
    struct wr_name apex = wire_name(zone);
    zonetest_add(t, zone, "NSEC3PARAM", "1 0 1 -");
    unsigned n = zonetest_names(t, zone, optout ? ZONETEST_OPTOUT : ZONETEST_NSEC3, names);
    for (unsigned i = 0; i < n; i++) {
        zonetest_hash(names[i].wire, link[i].hash);
        link[i].name = names[i];
    }
    qsort(link, n, sizeof(link[0]), zonetest_by_hash);
    for (unsigned i = 0; i < n; i++) {
        char owner[WR_NAME_TEXT_SIZE], types[256], rdata[400];
        snprintf(owner, sizeof(owner), "%.32s.%.900s", link[i].hash, zone);
        zonetest_types(t, link[i].name.wire, zonetest_is_cut(t, link[i].name.wire, apex.wire),
                       types, sizeof(types));
        snprintf(rdata, sizeof(rdata), "1 %d 1 - %s%s%s", optout, link[(i + 1) % n].hash, types,
                 types[0] ? " RRSIG" : "");
        zonetest_add(t, owner, "NSEC3", rdata);
    }
}

/* Something in the place of a signature over each set that has one. */
static inline void zonetest_seal(struct zonetest *t, const char *zone)
{
    struct wr_name apex = wire_name(zone);
    unsigned all = t->records;
    for (unsigned i = 0; i < all; i++) {
        char owner[WR_NAME_TEXT_SIZE], type[WR_CODE_TEXT_SIZE], rdata[WR_NAME_TEXT_SIZE + 100];
        const struct zonetest_record *r = &t->record[i];
        bool cut = zonetest_is_cut(t, r->owner.wire, apex.wire);
        bool first = true;
        for (unsigned k = 0; k < i; k++) {
            first &= t->record[k].type != r->type ||
                     !wr_name_equal(t->record[k].owner.wire, r->owner.wire);
        }
        if (!first || zonetest_hidden(t, r->owner.wire, apex.wire) ||
            (cut && r->type != WR_TYPE_DS && r->type != WR_TYPE_NSEC)) {
            continue;
        }
        wr_codes_type_text(r->type, type, sizeof(type));
        wr_name_to_text(r->owner.wire, owner, sizeof(owner));
        snprintf(rdata, sizeof(rdata), "%s 13 1 300 20300101000000 20200101000000 7 %s AAAA", type,
                 zone);
        zonetest_add(t, owner, "RRSIG", rdata);
    }
}

static inline void zonetest_sign(struct zonetest *t, const char *zone, enum zonetest_chain chain)
{
    if (chain == ZONETEST_UNSIGNED) {
        return;
    }
    if (chain == ZONETEST_NSEC) {
        zonetest_chain_nsec(t, zone);
    } else {
        zonetest_chain_nsec3(t, zone, chain == ZONETEST_OPTOUT);
    }
    zonetest_seal(t, zone);
}

static inline int zonetest_try(struct zonetest *t, const char *zone,
                               const struct wr_zoneindex **ret_index)
{
    struct wr_name apex = wire_name(zone);
    struct wr_zoneindex *z;
    free(t->block);
    t->block = malloc(wr_zoneindex_size(t->records));
    wr_zoneindex_start(&z, t->block, t->records, apex.wire);
    for (unsigned i = 0; i < t->records; i++) {
        const struct zonetest_record *r = &t->record[i];
        assert_int_equal(wr_zoneindex_add(z, r->owner.wire, r->type, r->ttl, r->rdata, r->size),
                         WR_OK);
    }
    *ret_index = z;
    return wr_zoneindex_end(z);
}

static inline const struct wr_zoneindex *zonetest_build(struct zonetest *t, const char *zone)
{
    const struct wr_zoneindex *z = NULL;
    assert_int_equal(zonetest_try(t, zone, &z), WR_OK);
    return z;
}

static inline void zonetest_free(struct zonetest *t)
{
    for (unsigned i = 0; i < t->records; i++) {
        free(t->record[i].rdata);
    }
    free(t->block);
    memset(t, 0, sizeof(*t));
}

#endif
