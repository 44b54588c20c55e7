/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/learn.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"

enum { NEED_PART = 2, NEED_ALIKE = 2, NEED_DOMAIN = 3 };

struct name {
    struct wr_name name; /* small letters */
    uint8_t labels;
    uint8_t
        strangers; /* labels of the longest suffix (or itself) below which strangers have names; 0: none */
    bool existed;
    uint64_t queries;
    int64_t first_s, last_s;
};

/* A suffix below which the device asked for two things or more, none of which is a stranger's. */
struct suffix {
    const uint8_t *name;
    uint8_t labels;
    bool domain; /* registered */
    bool alike;  /* the first two of `kids` differ only in digits */
    bool common; /* others ask there as well */
    uint32_t kids;
};

struct wr_learn {
    wr_learn_shared *shared;
    void *user;
    uint32_t names, cap, mask, suffixes;
    uint32_t *place;   /* 1 and a number of `name`; 0: free. After the sum no longer */
    struct name *name; /* in canonical order after the sum */
    struct suffix
        *suffix; /* by their first name; those that are domains are never in one another */
    uint64_t over;
};

static uint32_t places_for(uint32_t names)
{
    uint32_t n = 16;
    while (n < 2 * names) {
        n *= 2;
    }
    return n;
}

size_t wr_learn_size(uint32_t names)
{
    return sizeof(struct wr_learn) + (size_t)names * (sizeof(struct name) + sizeof(struct suffix)) +
           places_for(names) * sizeof(uint32_t);
}

struct wr_learn *wr_learn_init(void *block, uint32_t names, wr_learn_shared *shared, void *user)
{
    struct wr_learn *l = block;
    wr_assert((uintptr_t)block % 8 == 0 && names <= WR_LEARN_NAMES_MAX);
    memset(block, 0, wr_learn_size(names));
    l->shared = shared;
    l->user = user;
    l->cap = names;
    l->mask = places_for(names) - 1;
    l->name = (struct name *)(l + 1);
    l->suffix = (struct suffix *)(l->name + names);
    l->place = (uint32_t *)(l->suffix + names);
    return l;
}

/* --- what the device asked for --- */

static uint8_t strangers_of(const struct wr_learn *l, const uint8_t *name, unsigned labels)
{
    for (unsigned skip = 0; skip < labels; skip++) {
        if (l->shared(l->user, wr_name_skip_labels(name, skip))) {
            return (uint8_t)(labels - skip);
        }
    }
    return 0;
}

/* Behind "dualstack.", where that is a name of the same; else NULL. */
static const uint8_t *plain(const struct wr_learn *l, const uint8_t *name)
{
    static const uint8_t front[] = "\011dualstack";
    const uint8_t *rest = name + sizeof(front) - 1;
    bool has = memcmp(name, front, sizeof(front) - 1) == 0;
    return has && *rest != 0 && !l->shared(l->user, rest) ? rest : NULL;
}

static struct name *name_of(struct wr_learn *l, const uint8_t *asked)
{
    static const struct wr_hash_key key = {{0}}; /* a walk is bounded by the names */
    uint32_t place = (uint32_t)wr_name_hash(&key, asked) & l->mask;
    for (; l->place[place] != 0; place = (place + 1) & l->mask) {
        struct name *n = &l->name[l->place[place] - 1];
        if (wr_name_equal(n->name.wire, asked)) {
            return n;
        }
    }
    if (l->names == l->cap) {
        return NULL;
    }
    struct name *n = &l->name[l->names++];
    l->place[place] = l->names;
    n->name.size = (uint8_t)wr_name_lower(asked, n->name.wire);
    n->labels = (uint8_t)wr_name_labels(asked);
    n->strangers = strangers_of(l, n->name.wire, n->labels);
    n->first_s = INT64_MAX;
    n->last_s = INT64_MIN;
    return n;
}

int wr_learn_take(struct wr_learn *l, const uint8_t *name, int64_t when_s, bool missing)
{
    struct name *n = *name == 0 ? NULL : name_of(l, name);
    if (n == NULL) {
        l->over += *name != 0;
        return *name != 0 ? WR_E_FULL : WR_OK;
    }
    n->queries++;
    n->existed = n->existed || !missing;
    n->first_s = when_s < n->first_s ? when_s : n->first_s;
    n->last_s = when_s > n->last_s ? when_s : n->last_s;
    return WR_OK;
}

static bool is_local(const struct name *n)
{
    return n->strangers == 0 && n->labels > 1;
}

/* Names that never existed are approved when they are asked for again and again. */
static bool counts(const struct name *n)
{
    return n->existed || is_local(n) || n->last_s - n->first_s >= WR_LEARN_AGAIN_S;
}

/* --- suffixes --- */

/* A heap: libc's qsort may take memory. */
static void sift(struct name *name, uint32_t at, uint32_t n)
{
    for (uint32_t kid = 2 * at + 1; kid < n; kid = 2 * at + 1) {
        if (kid + 1 < n && wr_name_order(name[kid].name.wire, name[kid + 1].name.wire) < 0) {
            kid++;
        }
        if (wr_name_order(name[at].name.wire, name[kid].name.wire) >= 0) {
            return;
        }
        struct name moved = name[at];
        name[at] = name[kid];
        name[kid] = moved;
        at = kid;
    }
}

static void sort(struct name *name, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;) {
        sift(name, i, n);
    }
    while (n > 1) {
        struct name moved = name[0];
        name[0] = name[--n];
        name[n] = moved;
        sift(name, 0, n);
    }
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Are two different labels the same but for the numbers in them? */
static bool is_alike(const uint8_t *a, const uint8_t *b)
{
    unsigned i = 1, j = 1;
    while (i <= a[0] && j <= b[0]) {
        if (is_digit(a[i]) && is_digit(b[j])) {
            while (i <= a[0] && is_digit(a[i])) {
                i++;
            }
            while (j <= b[0] && is_digit(b[j])) {
                j++;
            }
        } else if (a[i++] != b[j++]) {
            return false;
        }
    }
    return i > a[0] && j > b[0];
}

/* The label of `n` that stands in front of its suffix of so many. */
static const uint8_t *kid_of(const struct name *n, unsigned labels)
{
    return wr_name_skip_labels(n->name.wire, n->labels - labels - 1u);
}

/* All names from `first` that are in its suffix of `labels`. False: it is no place to open. */
static bool look(const struct wr_learn *l, uint32_t first, unsigned labels,
                 struct suffix *ret_suffix)
{
    const uint8_t *name =
        wr_name_skip_labels(l->name[first].name.wire, l->name[first].labels - labels);
    struct suffix s = {.name = name, .labels = (uint8_t)labels};
    const uint8_t *kid = NULL;
    for (uint32_t i = first; i < l->names && wr_name_in(l->name[i].name.wire, name); i++) {
        const struct name *n = &l->name[i];
        if (n->strangers >= labels) {
            return false;
        }
        if (!n->existed || n->labels == labels) {
            continue;
        }
        const uint8_t *own = kid_of(n, labels);
        if (kid == NULL || kid[0] != own[0] || memcmp(kid, own, own[0] + 1u) != 0) {
            s.kids++;
            s.alike = s.alike || (kid != NULL && is_alike(kid, own));
        }
        kid = own;
        s.domain = labels == n->strangers + 1u;
    }
    *ret_suffix = s;
    return s.kids >= 2;
}

/* Each suffix once, at the first of its names. */
static void find_suffixes(struct wr_learn *l)
{
    for (uint32_t i = 0; i < l->names; i++) {
        const struct name *n = &l->name[i];
        unsigned before = i == 0 ? 0 : wr_name_common(n->name.wire, n[-1].name.wire);
        for (unsigned labels = before + 1; labels <= n->labels; labels++) {
            if (l->suffixes == l->cap) {
                return;
            }
            l->suffixes += look(l, i, labels, &l->suffix[l->suffixes]);
        }
    }
}

void wr_learn_sum(struct wr_learn *l)
{
    sort(l->name, l->names);
    memset(l->place, 0, (l->mask + 1u) * sizeof(*l->place));
    find_suffixes(l);
}

/* --- what others ask for --- */

static bool has_name(const struct wr_learn *l, const uint8_t *name)
{
    uint32_t low = 0, high = l->names;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = wr_name_order(l->name[middle].name.wire, name);
        if (order == 0) {
            return true;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return false;
}

void wr_learn_other(struct wr_learn *l, const uint8_t *name)
{
    for (uint32_t i = 0; i < l->suffixes; i++) {
        struct suffix *s = &l->suffix[i];
        if (s->domain && !s->common && wr_name_in(name, s->name) && !has_name(l, name)) {
            s->common = true;
            return;
        }
    }
}

/* --- what is proposed --- */

static bool opens(const struct suffix *s, uint8_t *ret_why)
{
    if (!s->domain) {
        *ret_why = WR_LEARN_PART;
        return s->kids >= NEED_PART;
    }
    *ret_why = s->kids >= NEED_DOMAIN ? WR_LEARN_DOMAIN : WR_LEARN_ALIKE;
    return !s->common && (s->kids >= NEED_DOMAIN || (s->alike && s->kids >= NEED_ALIKE));
}

/* What approves the name: the shortest suffix, else itself. */
static struct wr_learn_row row_for(const struct wr_learn *l, const struct name *n)
{
    struct wr_learn_row row = {.name = n->name.wire, .why = WR_LEARN_ASKED};
    unsigned labels = n->labels;
    uint8_t why;
    if (is_local(n)) {
        row.name = wr_name_skip_labels(row.name, labels - 1);
        row.below = true;
        row.why = WR_LEARN_LOCAL;
        return row;
    }
    for (uint32_t i = 0; i < l->suffixes; i++) {
        const struct suffix *s = &l->suffix[i];
        if (s->labels < labels && opens(s, &why) && wr_name_in(n->name.wire, s->name)) {
            labels = s->labels;
            row.name = s->name;
            row.below = true;
            row.why = why;
        }
    }
    return row;
}

/* To the last line, when that is the same; returns how many there are then. */
static uint32_t add(struct wr_learn_row *row, uint32_t rows, const struct wr_learn_row *r,
                    const struct name *n)
{
    if (rows == 0 || row[rows - 1].below != r->below ||
        !wr_name_equal(row[rows - 1].name, r->name)) {
        row[rows] = *r;
        row[rows].first_s = INT64_MAX;
        row[rows].last_s = INT64_MIN;
        rows++;
    }
    struct wr_learn_row *to = &row[rows - 1];
    to->names++;
    to->queries += n->queries;
    to->first_s = n->first_s < to->first_s ? n->first_s : to->first_s;
    to->last_s = n->last_s > to->last_s ? n->last_s : to->last_s;
    return rows;
}

uint32_t wr_learn_rows(const struct wr_learn *l, struct wr_learn_row *row)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < l->names; i++) {
        const struct name *n = &l->name[i];
        if (!counts(n)) {
            continue;
        }
        struct wr_learn_row r = row_for(l, n);
        rows = add(row, rows, &r, n);
        const uint8_t *rest = r.below ? NULL : plain(l, n->name.wire);
        if (rest != NULL && !has_name(l, rest)) {
            r.name = rest;
            r.why = WR_LEARN_PLAIN;
            rows = add(row, rows, &r, n);
        }
    }
    return rows;
}

uint32_t wr_learn_names(const struct wr_learn *l, struct wr_learn_row *row)
{
    for (uint32_t i = 0; i < l->names; i++) {
        const struct name *n = &l->name[i];
        row[i] = (struct wr_learn_row){.name = n->name.wire,
                                       .names = 1,
                                       .queries = n->queries,
                                       .first_s = n->first_s,
                                       .last_s = n->last_s};
    }
    return l->names;
}

struct wr_learn_told wr_learn_told(const struct wr_learn *l)
{
    struct wr_learn_told told = {.names = l->names, .over = l->over};
    for (uint32_t i = 0; i < l->names; i++) {
        told.never += !counts(&l->name[i]);
    }
    return told;
}

const struct wr_learn_row *wr_learn_permits(const struct wr_learn_row *row, uint32_t rows,
                                            const uint8_t *name)
{
    for (uint32_t i = 0; i < rows; i++) {
        bool itself = wr_name_equal(name, row[i].name);
        if (row[i].below ? !itself && wr_name_in(name, row[i].name) : itself) {
            return &row[i];
        }
    }
    return NULL;
}

const char *wr_learn_why_text(uint8_t why)
{
    static const char *const text[] = {
        [WR_LEARN_ASKED] = "asked for",
        [WR_LEARN_PART] = "several names in one part of a domain",
        [WR_LEARN_ALIKE] = "names that differ only in digits",
        [WR_LEARN_DOMAIN] = "several names in a domain that no other device asks in",
        [WR_LEARN_LOCAL] = "a domain that does not exist outside",
        [WR_LEARN_PLAIN] = "asked for with dualstack in front",
    };
    return why < sizeof(text) / sizeof(text[0]) ? text[why] : "";
}
