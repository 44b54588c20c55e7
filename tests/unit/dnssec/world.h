/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signed zones of world.txt, in memory, and a server that knows them: what the tests of the validator stand on.
 *
 *     world_load();                                  once; reads $WEIR_SOURCE/tests/unit/dnssec/world.txt
 *     set = world_set("sec.", "a.sec.", WR_TYPE_A);  a copy that may be altered, with its signatures
 * Names are the owners' in the file; NOW is a moment when all signatures are valid.
 */
#ifndef WEIR_TESTS_WORLD_H
#define WEIR_TESTS_WORLD_H

#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/present.h"
#include "dns/rrset.h"
#include "dnssec/algo.h"
#include "dnssec/trusttime.h"

#define WORLD_NOW       1706000000 /* 2024-01-23 */
#define WORLD_INCEPTION 1704067200
#define WORLD_EXPIRY    1709251200
#define WORLD_SETS      600
#define WORLD_DATA      4096

struct world_set {
    struct wr_name zone, owner;
    struct wr_rrset set;
    uint8_t data[WORLD_DATA];
    uint8_t sig_data[WORLD_DATA];
    uint32_t sig_size;
};

static struct world_set *world_sets;
static unsigned world_count;

static inline struct wr_name world_name(const char *text)
{
    struct wr_name name;

    assert_int_equal(wr_name_from_text(text, strlen(text), &name), WR_OK);
    return name;
}

static inline struct world_set *world_find(const uint8_t *zone, const uint8_t *owner, uint16_t type)
{
    for (unsigned i = 0; i < world_count; i++) {
        struct world_set *w = &world_sets[i];

        if (w->set.type == type && wr_name_equal(w->zone.wire, zone) &&
            wr_name_equal(w->owner.wire, owner)) {
            return w;
        }
    }
    return NULL;
}

static inline struct world_set *world_make(const struct wr_name *zone, const struct wr_name *owner,
                                           uint16_t type, uint32_t ttl)
{
    struct world_set *w = world_find(zone->wire, owner->wire, type);

    if (!w) {
        assert_true(world_count < WORLD_SETS);
        w = &world_sets[world_count++];
        w->zone = *zone;
        w->owner = *owner;
        w->set = (struct wr_rrset){.type = type, .class_ = WR_CLASS_IN, .ttl = ttl};
    }
    return w;
}

static inline uint32_t world_pack(uint8_t *data, uint32_t at, const uint8_t *rdata, size_t n)
{
    assert_true(at + 2 + n <= WORLD_DATA);
    data[at] = (uint8_t)(n >> 8);
    data[at + 1] = (uint8_t)n;
    memcpy(data + at + 2, rdata, n);
    return at + 2 + (uint32_t)n;
}

/* "zone owner ttl type rdata" */
static inline void world_line(char *line)
{
    char *word[4], *at = line;
    struct wr_name zone, owner;
    uint8_t rdata[2048];
    struct wr_writer w;
    struct world_set *set;
    uint16_t type, covered;

    for (int i = 0; i < 4; i++) {
        word[i] = at;
        at = strchr(at, ' ');
        assert_non_null(at);
        *at++ = 0;
    }
    zone = world_name(word[0]);
    owner = world_name(word[1]);
    assert_int_equal(wr_codes_type_from_text(word[3], strlen(word[3]), &type), WR_OK);
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    assert_int_equal(wr_present_read_rdata(at, strlen(at), type, NULL, &w, NULL), WR_OK);
    covered = type == WR_TYPE_RRSIG ? (uint16_t)(rdata[0] << 8 | rdata[1]) : type;
    set = world_make(&zone, &owner, covered, (uint32_t)strtoul(word[2], NULL, 10));
    if (type == WR_TYPE_RRSIG) {
        set->sig_size = world_pack(set->sig_data, set->sig_size, rdata, w.pos);
        set->set.sigs++;
    } else {
        set->set.size = world_pack(set->data, set->set.size, rdata, w.pos);
        set->set.records++;
    }
}

static inline void world_load(void)
{
    const char *source = getenv("WEIR_SOURCE");
    char path[512], line[2048];
    FILE *f;

    snprintf(path, sizeof(path), "%s/tests/unit/dnssec/world.txt", source ? source : ".");
    f = fopen(path, "r");
    assert_non_null(f);
    world_sets = calloc(WORLD_SETS, sizeof(*world_sets));
    while (fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = 0;
        world_line(line);
    }
    fclose(f);
    for (unsigned i = 0; i < world_count; i++) { /* signatures behind the records */
        struct world_set *w = &world_sets[i];

        assert_true(w->set.size + w->sig_size <= WORLD_DATA);
        memcpy(w->data + w->set.size, w->sig_data, w->sig_size);
        w->set.size += w->sig_size;
        w->set.owner = w->owner.wire;
        w->set.data = w->data;
    }
}

static inline void world_free(void)
{
    free(world_sets);
    world_sets = NULL;
    world_count = 0;
}

/* A copy with memory of its own, so that a test may alter it: world_drop(set). */
struct world_copy {
    struct wr_rrset set;
    struct wr_name owner;
    uint8_t data[WORLD_DATA];
};

static inline struct world_copy *world_copy_of(const struct world_set *from)
{
    struct world_copy *c = calloc(1, sizeof(*c));

    c->set = from->set;
    c->owner = from->owner;
    memcpy(c->data, from->data, from->set.size);
    c->set.owner = c->owner.wire;
    c->set.data = c->data;
    return c;
}

static inline struct world_copy *world_get(const char *zone, const char *owner, uint16_t type)
{
    struct wr_name z = world_name(zone), o = world_name(owner);
    struct world_set *w = world_find(z.wire, o.wire, type);

    if (!w) {
        fail_msg("no set %s %u in %s", owner, type, zone);
    }
    return world_copy_of(w);
}

/* As if the wildcard's records were asked for by another name. */
static inline void world_rename(struct world_copy *c, const char *owner)
{
    c->owner = world_name(owner);
}

/* The octets of rdata `index` (records first, then signatures), to be altered. */
static inline uint8_t *world_rdata(struct world_copy *c, unsigned index, uint16_t *ret_size)
{
    struct wr_rrset_walk walk = wr_rrset_walk(&c->set);
    const uint8_t *rdata = NULL;

    for (unsigned i = 0; i <= index; i++) {
        assert_true(wr_rrset_next(&walk, &rdata, ret_size));
    }
    return c->data + (rdata - c->data);
}

static inline void world_strip(struct world_copy *c)
{
    uint16_t size = 0;
    uint8_t *first = world_rdata(c, c->set.records, &size);

    c->set.size = (uint32_t)(first - 2 - c->data);
    c->set.sigs = 0;
}

/* Puts another signer's name, and nonsense, into the only signature. */
static inline void world_sign_as(struct world_copy *c, const char *signer)
{
    struct wr_name name = world_name(signer);
    uint8_t rdata[18 + WR_NAME_MAX + 64] = {0};
    uint16_t size;
    uint8_t *sig = world_rdata(c, c->set.records, &size);

    memcpy(rdata, sig, 18);
    memcpy(rdata + 18, name.wire, name.size);
    c->set.size = world_pack(c->data, (uint32_t)(sig - 2 - c->data), rdata, 18u + name.size + 64u);
}

#endif
