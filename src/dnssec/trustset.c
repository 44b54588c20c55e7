/* SPDX-License-Identifier: Apache-2.0 */
#include "dnssec/trustset.h"

#include <string.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/hash.h"

#define DIGEST_SHA256 2
#define HEAD          "weir-anchors 1\n"
#define TAIL          "end\n"

void wr_trustset_init(struct wr_trustset *t)
{
    memset(t, 0, sizeof(*t));
}

static struct wr_trustpoint *find(struct wr_trustset *t, const uint8_t *name)
{
    for (unsigned i = 0; i < t->points; i++) {
        if (wr_name_equal(t->point[i].keys.zone.wire, name)) {
            return &t->point[i];
        }
    }
    return NULL;
}

static void drop(struct wr_trustset *t, struct wr_trustpoint *p)
{
    *p = t->point[--t->points];
}

/* No point any more; what it revoked is remembered. */
static void forget(struct wr_trustset *t, struct wr_trustpoint *p)
{
    p->seed = WR_TRUSTSET_GONE;
    if (!wr_rollover_restart(&p->keys)) {
        drop(t, p);
    }
}

/* The memory of the name as a point, or a new one; NULL: there are too many. */
static struct wr_trustpoint *begin(struct wr_trustset *t, const uint8_t *name)
{
    struct wr_trustpoint *p = find(t, name);
    if (p) {
        return p;
    }
    for (unsigned i = 0; t->points == WR_TRUST_POINTS_MAX && i < WR_TRUST_POINTS_MAX; i++) {
        if (t->point[i].seed == WR_TRUSTSET_GONE) {
            drop(t, &t->point[i]);
        }
    }
    if (t->points == WR_TRUST_POINTS_MAX) {
        return NULL;
    }
    p = &t->point[t->points++];
    wr_rollover_init(&p->keys, name);
    p->seed = WR_TRUSTSET_GONE;
    return p;
}

/* The same for the same anchors in any order; neither 0 nor WR_TRUSTSET_GONE. */
static uint64_t seed_of(const struct wr_ds_list *list)
{
    static const struct wr_hash_key key = {{0}};
    uint64_t seed = 0;
    for (unsigned i = 0; i < list->count; i++) {
        const struct wr_ds *ds = &list->ds[i];
        seed += wr_hash_sip13(&key, ds->digest, ds->size) ^
                wr_hash_mix((uint64_t)ds->tag << 16 | (uint64_t)ds->alg << 8 | ds->digest_type);
    }
    return seed && seed != WR_TRUSTSET_GONE ? seed : 1;
}

static void trust_all(struct wr_rollover *r, const struct wr_ds_list *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        (void)wr_rollover_trust(r, &list->ds[i]); /* one that was revoked stays so */
    }
}

static struct wr_anchor *find_anchor(const struct wr_anchors *a, const uint8_t *name)
{
    for (unsigned i = 0; i < a->count; i++) {
        if (!a->list[i].negative && wr_name_equal(a->list[i].name.wire, name)) {
            return &a->list[i];
        }
    }
    return NULL;
}

void wr_trustset_seed(struct wr_trustset *t, const struct wr_anchors *conf)
{
    for (unsigned i = t->points; i-- > 0;) {
        const struct wr_anchor *at = find_anchor(conf, t->point[i].keys.zone.wire);
        bool other = at ? seed_of(&at->ds) != t->point[i].seed : t->point[i].seed != 0;
        if (other) {
            forget(t, &t->point[i]);
        }
    }
    for (unsigned i = 0; i < conf->count; i++) {
        const struct wr_anchor *at = &conf->list[i];
        struct wr_trustpoint *p = at->negative ? NULL : begin(t, at->name.wire);
        if (!p) {
            continue;
        }
        if (p->seed == WR_TRUSTSET_GONE) {
            wr_rollover_name(&p->keys, &at->ds); /* before others take places */
            p->seed = seed_of(&at->ds);
            trust_all(&p->keys, &at->ds);
        }
        wr_rollover_name(&p->keys, &at->ds);
    }
}

/* --- the table -------------------------------------------------------------------------------- */

/* Takes away what was revoked, in any digest; and of a point that is followed the digests that it has itself. */
static void strip(struct wr_anchor *at, const struct wr_rollover *r, bool followed)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < at->ds.count; i++) {
        const struct wr_ds *ds = &at->ds.ds[i];
        if (!wr_rollover_is_revoked(r, ds) && !(followed && ds->digest_type == DIGEST_SHA256)) {
            at->ds.ds[kept++] = *ds;
        }
    }
    at->ds.count = (uint8_t)kept;
}

static int apply_point(const struct wr_trustpoint *p, bool follow, struct wr_anchors *anchors)
{
    struct wr_anchor *at = find_anchor(anchors, p->keys.zone.wire);
    bool ours = at ? seed_of(&at->ds) == p->seed : p->seed == 0;
    if (at ? !follow : !ours) {
        return WR_OK;
    }
    if (at) { /* of another list, which is not seeded yet, too */
        strip(at, &p->keys, ours);
    }
    int err = ours ? wr_rollover_anchors(&p->keys, anchors) : WR_OK;
    bool left = at ? at->ds.count > 0 || at->ds.broken : !wr_rollover_dead(&p->keys);
    return err || left ? err : wr_anchors_close(anchors, p->keys.zone.wire);
}

int wr_trustset_apply(const struct wr_trustset *t, bool follow, struct wr_anchors *anchors)
{
    int err = WR_OK;
    for (unsigned i = 0; i < t->points && !err; i++) {
        err = apply_point(&t->point[i], follow, anchors);
    }
    for (unsigned i = 0; i < t->negatives && !err; i++) {
        err = wr_anchors_add_negative(anchors, t->negative[i].name.wire, t->negative[i].until_s);
    }
    return err;
}

/* --- by command ------------------------------------------------------------------------------- */

int wr_trustset_add(struct wr_trustset *t, const char *line, size_t n, struct wr_name *ret_name)
{
    struct wr_anchor room[1];
    struct wr_anchors one;
    wr_anchors_init(&one, room, 1);
    int err = wr_anchors_add_text(&one, line, n);
    if (err) {
        return err;
    }
    struct wr_trustpoint *p = begin(t, room[0].name.wire);
    if (!p) {
        return WR_E_FULL;
    }
    bool gone = p->seed == WR_TRUSTSET_GONE;
    err = wr_rollover_trust(&p->keys, &room[0].ds.ds[0]);
    if (err && gone) {
        forget(t, p);
    }
    if (err) {
        return err;
    }
    p->seed = gone ? 0 : p->seed;
    *ret_name = room[0].name;
    return WR_OK;
}

static struct wr_trustneg *find_negative(struct wr_trustset *t, const uint8_t *name)
{
    for (unsigned i = 0; i < t->negatives; i++) {
        if (wr_name_equal(t->negative[i].name.wire, name)) {
            return &t->negative[i];
        }
    }
    return NULL;
}

int wr_trustset_add_negative(struct wr_trustset *t, const uint8_t *name, int64_t until_s)
{
    struct wr_trustneg *at = find_negative(t, name);
    if (!at && t->negatives == WR_TRUST_NEGATIVES_MAX) {
        return WR_E_FULL;
    }
    at = at ? at : &t->negative[t->negatives++];
    wr_name_set(&at->name, name);
    at->until_s = until_s;
    return WR_OK;
}

int wr_trustset_remove(struct wr_trustset *t, const uint8_t *name)
{
    struct wr_trustneg *negative = find_negative(t, name);
    if (negative) {
        *negative = t->negative[--t->negatives];
        return WR_OK;
    }
    struct wr_trustpoint *p = find(t, name);
    if (!p || p->seed == WR_TRUSTSET_GONE) {
        return WR_E_NOTFOUND;
    }
    if (p->seed != 0) {
        return WR_E_DENIED;
    }
    forget(t, p);
    return WR_OK;
}

bool wr_trustset_expire(struct wr_trustset *t, int64_t moment_s)
{
    bool any = false;
    for (unsigned i = t->negatives; i-- > 0;) {
        if (t->negative[i].until_s != 0 && t->negative[i].until_s <= moment_s) {
            t->negative[i] = t->negative[--t->negatives];
            any = true;
        }
    }
    return any;
}

/* --- text ------------------------------------------------------------------------------------- */

void wr_trustset_save(const struct wr_trustset *t, struct wr_str *s)
{
    wr_str_text(s, HEAD);
    for (unsigned i = 0; i < t->negatives; i++) {
        wr_str_text(s, "negative ");
        wr_name_put_text(s, t->negative[i].name.wire);
        wr_str_char(s, ' ');
        wr_str_i64(s, t->negative[i].until_s);
        wr_str_char(s, '\n');
    }
    for (unsigned i = 0; i < t->points; i++) {
        wr_str_text(s, "point ");
        wr_str_u64(s, t->point[i].seed);
        wr_str_char(s, '\n');
        wr_rollover_save(&t->point[i].keys, s);
    }
    wr_str_text(s, TAIL);
}

static bool begins(const char *text, size_t n, const char *word)
{
    size_t size = strlen(word);
    return n >= size && memcmp(text, word, size) == 0;
}

/* Octets of the line at the start, with its end; 0: it has none. */
static size_t line_size(const char *text, size_t n)
{
    const char *end = memchr(text, '\n', n);
    return end ? (size_t)(end - text) + 1 : 0;
}

static int load_negative(struct wr_trustset *t, const char *text, size_t n)
{
    struct wr_name name;
    uint64_t until;
    const char *space = memchr(text, ' ', n);
    size_t size = space ? (size_t)(space - text) : 0;
    if (!space || wr_name_from_text(text, size, &name) ||
        wr_str_to_u64(space + 1, n - size - 1, INT64_MAX / 4, &until)) {
        return WR_E_FORMAT;
    }
    return find_negative(t, name.wire) ? WR_E_FORMAT
                                       : wr_trustset_add_negative(t, name.wire, (int64_t)until);
}

/* `text` begins behind the word "point "; gives the octets of the whole section. */
static int load_point(struct wr_trustset *t, const char *text, size_t n, size_t *ret_size)
{
    size_t first = line_size(text, n), at = first;
    uint64_t seed;
    if (first == 0 || wr_str_to_u64(text, first - 1, UINT64_MAX, &seed)) {
        return WR_E_FORMAT;
    }
    while (at < n && !begins(text + at, n - at, "point ") && !begins(text + at, n - at, TAIL)) {
        size_t size = line_size(text + at, n - at);
        if (size == 0) {
            return WR_E_FORMAT;
        }
        at += size;
    }
    if (t->points == WR_TRUST_POINTS_MAX) {
        return WR_E_FULL;
    }
    struct wr_trustpoint *p = &t->point[t->points];
    int err = wr_rollover_load(&p->keys, text + first, at - first);
    if (err || find(t, p->keys.zone.wire)) {
        return err ? err : WR_E_FORMAT;
    }
    p->seed = seed;
    if (seed == WR_TRUSTSET_GONE && !wr_rollover_restart(&p->keys)) {
        return WR_E_FORMAT;
    }
    t->points++;
    *ret_size = at;
    return WR_OK;
}

static int load(struct wr_trustset *t, const char *text, size_t n)
{
    static const char negative[] = "negative ", point[] = "point ";
    size_t at = sizeof(HEAD) - 1;
    if (!begins(text, n, HEAD)) {
        return WR_E_FORMAT;
    }
    while (at < n && !begins(text + at, n - at, TAIL)) {
        size_t size = line_size(text + at, n - at);
        int err = WR_E_FORMAT;
        if (size > 0 && begins(text + at, size, negative)) {
            err = load_negative(t, text + at + sizeof(negative) - 1, size - sizeof(negative));
        } else if (size > 0 && begins(text + at, size, point)) {
            at += sizeof(point) - 1;
            err = load_point(t, text + at, n - at, &size);
        }
        if (err) {
            return err;
        }
        at += size;
    }
    return at + sizeof(TAIL) - 1 == n ? WR_OK : WR_E_FORMAT; /* a torn file shows */
}

int wr_trustset_load(struct wr_trustset *t, const char *text, size_t n)
{
    struct wr_trustset made;
    wr_trustset_init(&made);
    int err = load(&made, text, n);
    if (!err) {
        *t = made;
    }
    return err;
}
