/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed image: one list, compiled, in memory or in a file that is mapped; never changed, freed by who lets go of it last.
 *
 *     wr_feedimage_make(&about, names, n, addrs, m, &image)     both kinds of entries into one block
 *     wr_feedimage_keep(image, path, &kept)                     onto the disk, and from there again
 *     wr_feedimage_open(path, &image)                           what was kept before
 *
 * The file is a head (what the list is and was made of), the tree of names and the tree of addresses (policy/nametree, addrtree), each with a
 * checksum of its own. It is written beside and moved into its place, so there is always a whole one, and a mapping of the one before stays
 * good. It belongs to weir's user and nobody else reads it, for the key of the fingerprints is in it. Nothing of it is believed: what is no good is
 * put aside as <path>.bad.
 *
 * Errors: WR_E_NOMEM, WR_E_LIMIT, WR_E_IO and WR_E_DENIED with errno, WR_E_NOTFOUND, WR_E_FORMAT (no good, put aside). Everything here may wait for the
 * disk.
 */
#ifndef WR_SERVE_FEEDIMAGE_H
#define WR_SERVE_FEEDIMAGE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "conf/feedtext.h"
#include "crypto/minisig.h"
#include "policy/addrtree.h"
#include "policy/nametree.h"

#define WR_FEEDIMAGE_ETAG_SIZE 128
#define WR_FEEDIMAGE_DATE_SIZE 64

/* What the list is: plain data, as it stands in the file. */
struct wr_feedimage_about {
    uint64_t
        source; /* what it was made of: another value when the text or how it is read has changed */
    uint64_t octets;                       /* of the text */
    int64_t made_s;                        /* by the wall clock; 0: not known */
    char etag[WR_FEEDIMAGE_ETAG_SIZE];     /* of a list that was fetched: what its server calls */
    char modified[WR_FEEDIMAGE_DATE_SIZE]; /* this version (ETag, Last-Modified); "": nothing */
    int64_t signed_s;                      /* when it says that it was signed; 0: it does not */
    uint8_t signed_by[WR_MINISIG_ID];      /* the number of the key; zero: it is not signed */
    struct wr_feedtext_counts counts;
};

struct wr_feedimage {
    atomic_uint held;
    struct wr_feedimage_about about;
    struct wr_nametree names;
    struct wr_addrtree addrs;
    void *base;
    size_t size;
    bool mapped;
};

/* The items of addresses are sorted. `key`: of the fingerprints of `names`. */
int wr_feedimage_make(const struct wr_feedimage_about *about, const struct wr_hash_key *key,
                      const struct wr_nametree_item *names, uint32_t name_count,
                      struct wr_addrtree_item *addrs, uint32_t addr_count,
                      struct wr_feedimage **ret_image);
/* *ret_image is the same list, mapped; `image` stays the caller's. */
int wr_feedimage_keep(const struct wr_feedimage *image, const char *path,
                      struct wr_feedimage **ret_image);
int wr_feedimage_open(const char *path, struct wr_feedimage **ret_image);
struct wr_feedimage *wr_feedimage_hold(struct wr_feedimage *image); /* any thread */
void wr_feedimage_let_go(struct wr_feedimage *image);               /* any thread; NULL is fine */

#endif
