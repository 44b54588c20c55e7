/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "dns/name.h"

/* A length octet with one of the two upper bits is a pointer (11) or an obsolete label type. */
#define POINTER   0xc0
#define TYPE_BITS 0xc0

/* Where a walk over a name of a message stands. */
struct name_walk {
    const uint8_t *base;
    size_t size;
    size_t pos; /* next octet to look at */
    size_t
        chunk; /* where the labels since the last pointer start: the next pointer must go before it */
    size_t end; /* behind the name at its first place; 0 until a pointer was met */
    unsigned pointers;
    unsigned length; /* octets of the expanded name in the chunks before this one */
};

/* Moves over the labels of one chunk. 1: up to behind the root; 0: up to a pointer. */
static int take_labels(struct name_walk *walk)
{
    const uint8_t *base = walk->base;
    size_t size = walk->size;
    size_t pos = walk->pos;
    size_t wall = pos + WR_NAME_MAX - walk->length;

    while (pos < size) {
        unsigned n = base[pos];

        if (n > WR_LABEL_MAX) {
            walk->pos = pos;
            return (n & TYPE_BITS) == POINTER ? 0 : WR_E_FORMAT;
        }
        pos += n + 1;
        if (pos > wall) {
            return WR_E_FORMAT;
        }
        if (n == 0) {
            walk->pos = pos;
            return 1;
        }
    }
    return WR_E_SHORT;
}

/* Follows the pointer at `pos`. Only to a place before everything read of this name: such a walk
 * ends, whatever the octets are. The header is no name. */
static int follow(struct name_walk *walk)
{
    size_t target;

    if (walk->size - walk->pos < 2) {
        return WR_E_SHORT;
    }
    target = (size_t)(walk->base[walk->pos] & 0x3f) << 8 | walk->base[walk->pos + 1];
    if (target >= walk->chunk || target < WR_NAME_FIRST_OFFSET) {
        return WR_E_FORMAT;
    }
    if (++walk->pointers > WR_NAME_POINTERS_MAX) {
        return WR_E_LIMIT;
    }
    if (!walk->end) {
        walk->end = walk->pos + 2;
    }
    walk->pos = walk->chunk = target;
    return WR_OK;
}

/* The octets go to `ret`, which may be NULL. Ends: follow() counts. */
static int walk_name(struct name_walk *walk, uint8_t *ret)
{
    for (;;) {
        int step = take_labels(walk);
        size_t n = walk->pos - walk->chunk;

        if (step < 0) {
            return step;
        }
        if (ret) {
            memcpy(ret + walk->length, walk->base + walk->chunk, n);
        }
        walk->length += (unsigned)n;
        if (step > 0) {
            return WR_OK;
        }
        step = follow(walk);
        if (step < 0) {
            return step;
        }
    }
}

static int read_name(struct wr_reader *msg, uint8_t *ret, uint8_t *ret_size)
{
    struct name_walk walk = {msg->base, msg->size, msg->pos, msg->pos, 0, 0, 0};
    int err;

    if (msg->err) {
        return msg->err;
    }
    err = walk_name(&walk, ret);
    if (err) {
        wr_buf_fail_reader(msg, err);
        return err;
    }
    wr_buf_seek(msg, walk.end ? walk.end : walk.pos);
    *ret_size = (uint8_t)walk.length;
    return WR_OK;
}

int wr_name_read(struct wr_reader *msg, struct wr_name *ret_name)
{
    struct wr_name name;
    int err = read_name(msg, name.wire, &name.size);

    if (!err) {
        memcpy(ret_name->wire, name.wire, name.size);
        ret_name->size = name.size;
    }
    return err;
}

int wr_name_check(struct wr_reader *msg, uint8_t *ret_size)
{
    return read_name(msg, NULL, ret_size);
}

int wr_name_skip_plain(struct wr_reader *r)
{
    const uint8_t *wire = r->base + r->pos;
    size_t left = wr_buf_left(r);
    size_t n = 0;

    while (!r->err) { /* ends by n <= 255 */
        unsigned label;

        if (n >= left) {
            wr_buf_fail_reader(r, WR_E_SHORT);
            break;
        }
        label = wire[n];
        n += label + 1;
        if (label > WR_LABEL_MAX || n > WR_NAME_MAX) {
            wr_buf_fail_reader(r, WR_E_FORMAT);
        }
        if (label == 0) {
            break;
        }
    }
    wr_buf_skip(r, n);
    return r->err;
}

int wr_name_read_plain(struct wr_reader *r, struct wr_name *ret_name)
{
    size_t start = r->pos;
    int err = wr_name_skip_plain(r);

    if (!err) {
        ret_name->size = (uint8_t)(r->pos - start);
        memcpy(ret_name->wire, r->base + start, ret_name->size);
    }
    return err;
}

int wr_name_skip(struct wr_reader *msg)
{
    size_t left = wr_buf_left(msg);
    const uint8_t *wire = msg->base + msg->pos;
    size_t n = 0;
    int err = WR_OK;

    while (!msg->err && !err) {
        unsigned label = n < left ? wire[n] : 0;

        if (n >= left) {
            err = WR_E_SHORT;
        } else if ((label & TYPE_BITS) == POINTER) {
            n += 2;
            break;
        } else if (label > WR_LABEL_MAX || n + label + 1 > WR_NAME_MAX) {
            err = WR_E_FORMAT;
        } else {
            n += label + 1;
            if (label == 0) {
                break;
            }
        }
    }
    if (err) {
        wr_buf_fail_reader(msg, err);
    } else {
        wr_buf_skip(msg, n);
    }
    return msg->err;
}

/* One octet of a name's text at text[*i]: plain, \X or \DDD. `ret_dot`: it was an unescaped dot. */
static int take_octet(const char *text, size_t n, size_t *i, uint8_t *ret_octet, bool *ret_dot)
{
    unsigned v = 0;

    *ret_dot = false;
    if (text[*i] != '\\') {
        *ret_octet = (uint8_t)text[*i];
        *ret_dot = text[(*i)++] == '.';
        return WR_OK;
    }
    if (++*i >= n) {
        return WR_E_FORMAT;
    }
    if (text[*i] < '0' || text[*i] > '9') {
        *ret_octet = (uint8_t)text[(*i)++];
        return WR_OK;
    }
    if (n - *i < 3) {
        return WR_E_FORMAT;
    }
    for (unsigned digit = 0; digit < 3; digit++) {
        unsigned c = (unsigned char)text[(*i)++];

        if (c < '0' || c > '9') {
            return WR_E_FORMAT;
        }
        v = v * 10 + (c - '0');
    }
    if (v > 255) {
        return WR_E_FORMAT;
    }
    *ret_octet = (uint8_t)v;
    return WR_OK;
}

/* A name being read from text: the length octet of the open label is at `label`. */
struct text_walk {
    struct wr_name name;
    unsigned label;
    unsigned length;
};

static int add_octet(struct text_walk *walk, uint8_t octet, bool dot)
{
    unsigned in_label = walk->length - walk->label - 1;

    if (dot && in_label == 0) {
        return WR_E_FORMAT;
    }
    if (!dot && in_label == WR_LABEL_MAX) {
        return WR_E_FORMAT;
    }
    if (walk->length >= WR_NAME_MAX) {
        return WR_E_FORMAT;
    }
    if (dot) {
        walk->name.wire[walk->label] = (uint8_t)in_label;
        walk->label = walk->length;
        octet = 0;
    }
    walk->name.wire[walk->length++] = octet;
    return WR_OK;
}

int wr_name_from_text(const char *text, size_t n, struct wr_name *ret_name)
{
    struct text_walk walk;
    size_t i = 0;

    if (n == 0) {
        return WR_E_FORMAT;
    }
    walk.label = 0;
    walk.length = 1;
    walk.name.wire[0] = 0;
    if (n == 1 && text[0] == '.') {
        i = 1;
    }
    while (i < n) {
        uint8_t octet = 0;
        bool dot;

        if (take_octet(text, n, &i, &octet, &dot) || add_octet(&walk, octet, dot)) {
            return WR_E_FORMAT;
        }
    }
    if (walk.length - walk.label > 1 && add_octet(&walk, 0, true)) {
        return WR_E_FORMAT;
    }
    memcpy(ret_name->wire, walk.name.wire, walk.length);
    ret_name->size = (uint8_t)walk.length;
    return WR_OK;
}

static void put_octet(struct wr_str *s, uint8_t c)
{
    static const char special[] = ".\\\"();@$";

    if (c <= ' ' || c >= 0x7f) {
        wr_str_char(s, '\\');
        wr_str_u64_pad(s, c, 3);
        return;
    }
    for (const char *p = special; *p; p++) {
        if (c == (uint8_t)*p) {
            wr_str_char(s, '\\');
            break;
        }
    }
    wr_str_char(s, (char)c);
}

void wr_name_put_text(struct wr_str *s, const uint8_t *name)
{
    if (*name == 0) {
        wr_str_char(s, '.');
    }
    while (*name) {
        unsigned n = *name++;

        while (n-- > 0) {
            put_octet(s, *name++);
        }
        wr_str_char(s, '.');
    }
}

size_t wr_name_to_text(const uint8_t *name, char *ret_text, size_t cap)
{
    struct wr_str s;

    wr_str_init(&s, ret_text, cap);
    wr_name_put_text(&s, name);
    return s.len;
}

size_t wr_name_size(const uint8_t *name)
{
    size_t n = 0;

    while (name[n]) {
        n += name[n] + 1u;
    }
    return n + 1;
}

unsigned wr_name_labels(const uint8_t *name)
{
    unsigned labels = 0;

    for (; *name; name += *name + 1u) {
        labels++;
    }
    return labels;
}

/* n octets equal but for ASCII case. Length octets are under 'A', so they may be compared as well. */
static bool same_octets(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i] && wr_name_fold(a[i]) != wr_name_fold(b[i])) {
            return false;
        }
    }
    return true;
}

bool wr_name_equal(const uint8_t *a, const uint8_t *b)
{
    size_t n = wr_name_size(a);

    return n == wr_name_size(b) && (!memcmp(a, b, n) || same_octets(a, b, n));
}

const uint8_t *wr_name_skip_labels(const uint8_t *name, unsigned n)
{
    while (n-- > 0) {
        wr_assert(*name);
        name += *name + 1u;
    }
    return name;
}

bool wr_name_in(const uint8_t *name, const uint8_t *ancestor)
{
    unsigned have = wr_name_labels(name);
    unsigned want = wr_name_labels(ancestor);

    return have >= want && wr_name_equal(wr_name_skip_labels(name, have - want), ancestor);
}

/* Offsets of the labels from the left; returns their number without the root. */
static unsigned label_offsets(const uint8_t *name, uint8_t offsets[WR_NAME_LABELS_MAX])
{
    unsigned labels = 0;

    for (unsigned at = 0; name[at]; at += name[at] + 1u) {
        offsets[labels++] = (uint8_t)at;
    }
    return labels;
}

unsigned wr_name_common(const uint8_t *a, const uint8_t *b)
{
    uint8_t at_a[WR_NAME_LABELS_MAX], at_b[WR_NAME_LABELS_MAX];
    unsigned na = label_offsets(a, at_a), nb = label_offsets(b, at_b);
    unsigned common = 0;

    while (common < na && common < nb) {
        const uint8_t *la = a + at_a[na - 1 - common], *lb = b + at_b[nb - 1 - common];

        if (!same_octets(la, lb, *la + 1u)) {
            break;
        }
        common++;
    }
    return common;
}

static int label_order(const uint8_t *a, const uint8_t *b)
{
    unsigned n = *a < *b ? *a : *b;

    for (unsigned i = 1; i <= n; i++) {
        int diff = (int)wr_name_fold(a[i]) - (int)wr_name_fold(b[i]);

        if (diff) {
            return diff;
        }
    }
    return (int)*a - (int)*b;
}

int wr_name_order(const uint8_t *a, const uint8_t *b)
{
    uint8_t at_a[WR_NAME_LABELS_MAX], at_b[WR_NAME_LABELS_MAX];
    unsigned na = label_offsets(a, at_a), nb = label_offsets(b, at_b);

    for (unsigned i = 1; i <= na && i <= nb; i++) {
        int diff = label_order(a + at_a[na - i], b + at_b[nb - i]);

        if (diff) {
            return diff;
        }
    }
    return (int)na - (int)nb;
}

size_t wr_name_lower(const uint8_t *name, uint8_t *ret)
{
    size_t n = wr_name_size(name);

    for (size_t i = 0; i < n; i++) {
        ret[i] = wr_name_fold(name[i]);
    }
    return n;
}

uint64_t wr_name_hash(const struct wr_hash_key *key, const uint8_t *name)
{
    return wr_hash_sip13_fold(key, name, wr_name_size(name));
}

void wr_name_set(struct wr_name *ret_name, const uint8_t *name)
{
    size_t n = wr_name_size(name);

    memmove(ret_name->wire, name, n);
    ret_name->size = (uint8_t)n;
}

int wr_name_prepend(const uint8_t *label, const uint8_t *parent, struct wr_name *ret_name)
{
    size_t head = *label + 1u;
    size_t tail = wr_name_size(parent);
    uint8_t wire[WR_NAME_MAX];

    wr_assert(*label > 0 && *label <= WR_LABEL_MAX);
    if (head + tail > WR_NAME_MAX) {
        return WR_E_RANGE;
    }
    memcpy(wire, label, head);
    memcpy(wire + head, parent, tail);
    memcpy(ret_name->wire, wire, head + tail);
    ret_name->size = (uint8_t)(head + tail);
    return WR_OK;
}
