/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of a URL's pieces (transport/uri, urihost, urifact) have in common: the text, and how far it is read.
 */
#ifndef WR_TRANSPORT_URI_SCAN_H
#define WR_TRANSPORT_URI_SCAN_H

#include "transport/uri.h"

/* The text while it is read: a piece [at, end) of it. */
struct wr_uri_scan {
    const char *text;
    size_t at, end;
    struct wr_uri_error error;
};

static inline int wr_uri_fail(struct wr_uri_scan *s, size_t at, int err, const char *why)
{
    s->error.why = why;
    s->error.at = at;
    return err;
}

static inline size_t wr_uri_find(const struct wr_uri_scan *s, char c)
{
    size_t at = s->at;

    while (at < s->end && s->text[at] != c)
        at++;
    return at;
}

#endif
