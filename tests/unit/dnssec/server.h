/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server for the validator's questions, over the signed zones of world.h: DS of the zone above, DNSKEY of the
 * zone itself, denials with the NSEC that stand around the name (and all NSEC3 of the zone). One name and type of
 * it can be broken in a chosen way.
 *
 *     struct server s = {.mode = SERVER_STRIP, .name = "sec.", .type = WR_TYPE_DNSKEY};
 *     server_reply(&s, &fetch, &reply);   the sets live until server_end(&s)
 */
#ifndef WEIR_TESTS_SERVER_H
#define WEIR_TESTS_SERVER_H

#include "unit/dnssec/world.h"

#include "dnssec/chain.h"

enum server_mode {
    SERVER_HONEST = 0,
    SERVER_STRIP,     /* without signatures */
    SERVER_CORRUPT,   /* the last octet of the first signature turned */
    SERVER_FAIL,      /* nothing can be had */
    SERVER_EMPTY,     /* no sets at all */
    SERVER_NO_DENIAL, /* denials without NSEC */
    SERVER_ALTER,     /* the last octet of the first record turned */
    SERVER_ONCE,      /* corrupt at the first time only, then as `then` says */
};

#define SERVER_SETS 32

struct server {
    enum server_mode mode, then;
    const char *name; /* what is broken; NULL: nothing */
    uint16_t type;
    unsigned asked, broken, again; /* counts */
    char log[2048];
    struct world_copy *copies[1024];
    unsigned copy_count;
    struct wr_rrset answer[SERVER_SETS], authority[SERVER_SETS];
    uint8_t answers, authorities;
};

static inline struct world_copy *server_copy(struct server *s, const struct world_set *from)
{
    struct world_copy *c = world_copy_of(from);

    assert_true(s->copy_count < 1024);
    s->copies[s->copy_count++] = c;
    return c;
}

static inline void server_end(struct server *s)
{
    for (unsigned i = 0; i < s->copy_count; i++) {
        free(s->copies[i]);
    }
    s->copy_count = 0;
}

/* The deepest zone of the world at the name or above it; `above`: strictly. */
static inline const struct wr_name *server_zone_of(const uint8_t *name, bool above)
{
    for (const uint8_t *at = above ? wr_name_skip_labels(name, 1) : name;;
         at = wr_name_skip_labels(at, 1)) {
        struct world_set *w = world_find(at, at, WR_TYPE_SOA);

        if (w) {
            return &w->zone;
        }
        assert_int_not_equal(at[0], 0);
    }
}

static inline bool server_covers(const struct world_set *w, const uint8_t *name)
{
    const uint8_t *next = w->data + 2; /* the rdata begins with it */

    return wr_name_order(w->owner.wire, name) < 0 &&
           (wr_name_order(name, next) < 0 || wr_name_equal(next, w->zone.wire));
}

/* The record stands at or around the name, one of its ancestors, or the wildcard below one. */
static inline bool server_is_near(const struct world_set *w, const uint8_t *name)
{
    static const uint8_t star[] = {1, '*'};
    unsigned labels =
        wr_name_in(name, w->zone.wire) ? wr_name_labels(name) - wr_name_labels(w->zone.wire) : 0;

    if (wr_name_equal(w->owner.wire, name) || server_covers(w, name)) {
        return true;
    }
    for (unsigned i = 1; i <= labels; i++) {
        struct wr_name wild;

        if (wr_name_prepend(star, wr_name_skip_labels(name, i), &wild) == WR_OK &&
            (wr_name_equal(w->owner.wire, wild.wire) || server_covers(w, wild.wire))) {
            return true;
        }
    }
    return false;
}

/* SOA and what denies the name, of that zone, at the end of `sets`. */
static inline void server_put_denial(struct server *s, const uint8_t *zone, const uint8_t *name,
                                     struct wr_rrset *sets, uint8_t *n, bool with_nsec)
{
    for (unsigned i = 0; i < world_count; i++) {
        const struct world_set *w = &world_sets[i];
        bool nsec = w->set.type == WR_TYPE_NSEC && server_is_near(w, name);

        if (wr_name_equal(w->zone.wire, zone) &&
            (w->set.type == WR_TYPE_SOA || (with_nsec && (nsec || w->set.type == WR_TYPE_NSEC3)))) {
            assert_true(*n < SERVER_SETS);
            sets[(*n)++] = server_copy(s, w)->set;
        }
    }
}

/* An unsigned SOA, as a zone that is not signed has it. */
static inline struct wr_rrset server_foreign_soa(struct server *s, const char *zone)
{
    struct world_copy *c = server_copy(s, &world_sets[0]);
    struct wr_writer w;
    uint8_t rdata[64];

    wr_buf_write_init(&w, rdata, sizeof(rdata));
    assert_int_equal(wr_present_read_rdata("a. b. 1 2 3 4 5", 15, WR_TYPE_SOA, NULL, &w, NULL),
                     WR_OK);
    c->owner = world_name(zone);
    c->set = (struct wr_rrset){.owner = c->owner.wire,
                               .data = c->data,
                               .type = WR_TYPE_SOA,
                               .class_ = WR_CLASS_IN,
                               .records = 1,
                               .ttl = 300};
    c->set.size = world_pack(c->data, 0, rdata, w.pos);
    return c->set;
}

static inline bool server_name_exists(const uint8_t *zone, const uint8_t *name)
{
    for (unsigned i = 0; i < world_count; i++) {
        if (wr_name_equal(world_sets[i].zone.wire, zone) &&
            world_sets[i].set.type != WR_TYPE_NSEC3 && wr_name_in(world_sets[i].owner.wire, name)) {
            return true;
        }
    }
    return false;
}

static inline void server_break(struct server *s, enum server_mode mode, struct wr_rrset *sets,
                                uint8_t n)
{
    for (uint8_t i = 0; i < n; i++) {
        struct world_copy *c = NULL;
        uint16_t size = 0;

        for (unsigned k = 0; k < s->copy_count; k++) {
            c = s->copies[k]->set.data == sets[i].data ? s->copies[k] : c;
        }
        assert_non_null(c);
        if (mode == SERVER_STRIP) {
            world_strip(c);
            sets[i].size = c->set.size;
            sets[i].sigs = 0;
        } else if (mode == SERVER_CORRUPT) {
            uint8_t *sig = world_rdata(c, c->set.records, &size);

            sig[size - 1] ^= 1;
        } else if (mode == SERVER_ALTER) {
            uint8_t *rdata = world_rdata(c, 0, &size);

            rdata[size - 1] ^= 1;
        }
    }
}

static inline void server_reply(struct server *s, const struct wr_dnssec_fetch *f,
                                struct wr_dnssec_reply *ret)
{
    const struct wr_name *zone = server_zone_of(f->name.wire, f->type == WR_TYPE_DS);
    struct world_set *at = world_find(zone->wire, f->name.wire, f->type);
    enum server_mode mode = SERVER_HONEST;
    struct wr_name broken;
    size_t used = strlen(s->log);
    char text[WR_NAME_TEXT_SIZE];

    wr_name_to_text(f->name.wire, text, sizeof(text));
    snprintf(s->log + used, sizeof(s->log) - used, "%s%s/%s%s", used ? " " : "", text,
             f->type == WR_TYPE_DS ? "DS" : "DNSKEY", f->again ? "!" : "");
    s->asked++;
    s->again += f->again;
    if (s->name) {
        broken = world_name(s->name);
        if (wr_name_equal(broken.wire, f->name.wire) && s->type == f->type) {
            mode = s->mode == SERVER_ONCE ? (s->broken ? s->then : SERVER_CORRUPT) : s->mode;
            s->broken++;
        }
    }
    s->answers = s->authorities = 0;
    if (!at) {
        at = world_find(zone->wire, f->name.wire, WR_TYPE_CNAME);
    }
    for (const uint8_t *up = f->name.wire; !at && !wr_name_equal(up, zone->wire);) {
        up = wr_name_skip_labels(up, 1);
        at = world_find(zone->wire, up, WR_TYPE_DNAME);
    }
    *ret = (struct wr_dnssec_reply){.answer = s->answer, .authority = s->authority};
    if (mode == SERVER_FAIL) {
        ret->failed = true;
        return;
    }
    if (at && mode != SERVER_EMPTY) {
        s->answer[s->answers++] = server_copy(s, at)->set;
    } else if (mode != SERVER_EMPTY) {
        server_put_denial(s, zone->wire, f->name.wire, s->authority, &s->authorities,
                          mode != SERVER_NO_DENIAL);
        ret->rcode =
            server_name_exists(zone->wire, f->name.wire) ? WR_RCODE_NOERROR : WR_RCODE_NXDOMAIN;
    }
    server_break(s, mode, s->answer, s->answers);
    server_break(s, mode, s->authority, s->authorities);
    ret->answers = s->answers;
    ret->authorities = s->authorities;
}

/* What a validator stands on, with an anchor at the root (its real DNSKEY). */
struct bench {
    struct wr_anchor anchor_room[8];
    struct wr_anchors anchors;
    struct wr_keycache cache;
    void *block;
    struct wr_dnssec_policy policy;
    struct wr_trusttime time;
    struct wr_dnssec_env env;
    uint64_t *scratch;
    struct wr_dnssec_work work;
    struct wr_now now;
};

static inline void bench_anchor(struct bench *b, const char *zone)
{
    struct world_copy *keys = world_get(zone, zone, WR_TYPE_DNSKEY);
    uint16_t size;

    for (unsigned i = 0; i < keys->set.records; i++) {
        uint8_t *rdata = world_rdata(keys, i, &size);

        if (rdata[1] & WR_DNSKEY_SEP) {
            assert_int_equal(
                wr_anchors_add(&b->anchors, keys->owner.wire, WR_TYPE_DNSKEY, rdata, size), WR_OK);
        }
    }
    free(keys);
}

static inline void bench_open(struct bench *b, uint32_t zones)
{
    static const struct wr_hash_key key = {{1, 2}};

    memset(b, 0, sizeof(*b));
    wr_anchors_init(&b->anchors, b->anchor_room, 8);
    b->block = malloc(wr_keycache_size(zones));
    wr_keycache_init(&b->cache, b->block, zones, &key);
    b->policy = wr_algo_default_policy();
    b->time = wr_trusttime_of(WR_TRUSTTIME_SYSTEM, WORLD_NOW, 0);
    b->scratch = malloc(WR_RRSIG_SCRATCH_SIZE);
    b->now.mono_us = 1000 * WR_S;
    b->env = (struct wr_dnssec_env){.anchors = &b->anchors,
                                    .cache = &b->cache,
                                    .policy = &b->policy,
                                    .time = &b->time,
                                    .scratch = b->scratch};
    bench_anchor(b, ".");
}

static inline void bench_close(struct bench *b)
{
    wr_keycache_close(&b->cache);
    free(b->block);
    free(b->scratch);
}

#endif
