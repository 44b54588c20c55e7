/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed compile: from the text of a list to its image.
 *
 *     wr_feedcompile_read(&source, now_s, &image, &why)      of a file
 *
 *     wr_feedcompile_open(&how, &c)                          of what comes in pieces
 *     wr_feedcompile_feed(c, bytes, n) ...
 *     wr_feedcompile_end(c, &about, &image, &why)            `about` without its counts and octets
 *     wr_feedcompile_close(c)
 *
 * The text never stands in memory whole; what is kept of a name while the others come is 16 octets. A file that grows or
 * is replaced while it is read gives no list (WR_E_AGAIN): whoever writes it has not finished. An empty text is none either, nor is one that is not signed by
 * whom the feed names (serve/feedproof): that is looked at before anything is made of it.
 *
 * What is wrong is said in a sentence that goes on behind the path. Errors: WR_E_AGAIN, WR_E_IO (cannot be read), WR_E_FORMAT (no list), WR_E_LIMIT (too
 * large), WR_E_DENIED (not signed), WR_E_NOMEM. Slow: a million names take half a second.
 */
#ifndef WR_SERVE_FEEDCOMPILE_H
#define WR_SERVE_FEEDCOMPILE_H

#include "crypto/minisig.h"
#include "serve/feedimage.h"

#define WR_FEEDCOMPILE_WHY_SIZE 256

struct wr_feedcompile;

/* How a text is read. */
struct wr_feedhow {
    uint8_t format; /* enum wr_feed_format */
    bool below, wide;
    uint64_t max_bytes;
    struct wr_minisig_key key[WR_FEED_KEYS_MAX]; /* with any of which it has to be signed */
    unsigned keys;                               /* 0: it need not be */
};

struct wr_feedsource {
    const char *path;
    const char *signature; /* a path; of a list that has to be signed */
    struct wr_feedhow how;
};

struct wr_feedcompile_why {
    char text[WR_FEEDCOMPILE_WHY_SIZE];
};

int wr_feedcompile_open(const struct wr_feedhow *how, struct wr_feedcompile **ret_compile);
/* What is fed from now on has to be what this signature says; it is the compiler's then. Without it no list that has to be signed ends well. */
int wr_feedcompile_prove(struct wr_feedcompile *c, const char *sig, size_t n,
                         struct wr_feedcompile_why *ret_why);
int wr_feedcompile_feed(struct wr_feedcompile *c, const void *bytes, size_t n);
int wr_feedcompile_end(struct wr_feedcompile *c, const struct wr_feedimage_about *about,
                       struct wr_feedimage **ret_image, struct wr_feedcompile_why *ret_why);
void wr_feedcompile_close(struct wr_feedcompile *c); /* NULL is fine */

/* What a file looks like now; 0: there is none. Changes when it does, and when it is to be read in another way. */
uint64_t wr_feedcompile_mark(const struct wr_feedsource *source);
/* The same for what is no file: `text` says which one it is. */
uint64_t wr_feedcompile_mark_text(const char *text, const struct wr_feedhow *how);
int wr_feedcompile_read(const struct wr_feedsource *source, int64_t now_s,
                        struct wr_feedimage **ret_image, struct wr_feedcompile_why *ret_why);

#endif
