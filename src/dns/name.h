/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: a name is its wire octets, everywhere; text only at the edge.
 *
 * A name is a `const uint8_t *` to uncompressed wire form: labels with their
 * length octets, ended by the root's zero octet, at most 255 in all. Names that
 * came through wr_name_read or wr_name_from_text are well formed; the other
 * functions rely on that and need no length. Case is kept and ignored in
 * comparisons (RFC 1035 section 2.3.3, RFC 4343).
 */
#ifndef WR_DNS_NAME_H
#define WR_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/str.h"

/* Behind the header; a compression pointer that goes before it points at no name. */
#define WR_NAME_FIRST_OFFSET 12

struct wr_name {
    uint8_t wire[WR_NAME_MAX];
    uint8_t size; /* octets used, 1 (the root) to 255 */
};

/* Reads a name at the cursor of a whole message, following compression pointers
 * (RFC 1035 section 4.1.4): backwards only, bounded, 255 octets in all. */
int wr_name_read(struct wr_reader *msg, struct wr_name *ret_name);
/* The same without keeping the name: the cursor moves over it, it is known to be well formed, and what it costs to read
 * (octets when expanded) is told. */
int wr_name_check(struct wr_reader *msg, uint8_t *ret_size);
/* Reads a name without pointers (inside stored rdata); a pointer is WR_E_FORMAT. */
int wr_name_read_plain(struct wr_reader *r, struct wr_name *ret_name);
int wr_name_skip_plain(struct wr_reader *r);
/* Moves the cursor over a name without expanding it; what a pointer points at is not looked at. */
int wr_name_skip(struct wr_reader *msg);

/* Presentation form (RFC 1035 section 5.1, RFC 4343): "." is the root, \. and \DDD escapes, a missing last
 * dot is forgiven. */
int wr_name_from_text(const char *text, size_t n, struct wr_name *ret_name);
/* Always with the last dot. Returns the length without the NUL; cap WR_NAME_TEXT_SIZE is enough. */
size_t wr_name_to_text(const uint8_t *name, char *ret_text, size_t cap);

void wr_name_put_text(struct wr_str *s, const uint8_t *name);

size_t wr_name_size(const uint8_t *name) __attribute__((pure));
unsigned wr_name_labels(const uint8_t *name) __attribute__((pure)); /* root: 0 */
bool wr_name_equal(const uint8_t *a, const uint8_t *b) __attribute__((pure));
/* `name` is `ancestor` or below it. */
bool wr_name_in(const uint8_t *name, const uint8_t *ancestor) __attribute__((pure));
/* The name without its first `n` labels (a pointer into it); n <= labels. */
const uint8_t *wr_name_skip_labels(const uint8_t *name, unsigned n) __attribute__((pure));
/* Labels that both share, counted from the root. */
unsigned wr_name_common(const uint8_t *a, const uint8_t *b) __attribute__((pure));
/* Canonical order (RFC 4034 section 6.1): <0, 0, >0. */
int wr_name_order(const uint8_t *a, const uint8_t *b) __attribute__((pure));
/* Copies with ASCII letters lowered; returns the size. `ret` has room for the size of `name`. */
size_t wr_name_lower(const uint8_t *name, uint8_t *ret);
/* Keyed hash that ignores case. */
uint64_t wr_name_hash(const struct wr_hash_key *key, const uint8_t *name);
void wr_name_set(struct wr_name *ret_name, const uint8_t *name); /* copies */
/* label + parent: WR_E_RANGE when over 255. `label` has its length octet. */
int wr_name_prepend(const uint8_t *label, const uint8_t *parent, struct wr_name *ret_name);
/* The octet with ASCII upper case lowered. */
static inline uint8_t wr_name_fold(uint8_t c)
{
    return (uint8_t)(c + (((unsigned)c - 'A' < 26u) ? 32 : 0));
}

#endif
