/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD match: one ACE of a MUD file, read: what it matches, and what is done with that (RFC 8519, RFC 8520 sections 3 to 8). A part of conf/mudfile.
 *
 * Two things that exclude each other (TCP and UDP, an IPv6 network in a list for IPv4) are no mistake of form; such an ACE matches nothing, and is odd.
 */
#ifndef WR_CONF_MUDMATCH_H
#define WR_CONF_MUDMATCH_H

#include <jansson.h>
#include <stddef.h>

#include "conf/jsonplace.h"
#include "conf/mudfile.h"

/* What is read at the moment. */
struct wr_mudmatch {
    const char *bytes;
    size_t n;
    struct wr_mud *mud;
    struct wr_jsonplace way;
    struct wr_mudfile_mistake *mistake;
    uint64_t used; /* bit n: the n-th list was named */
    int err;       /* the first mistake counts */
};

int wr_mudmatch_ace(struct wr_mudmatch *r, const json_t *in, struct wr_mud_ace *ace);

/* These are mudfile.c's. The mistake, where we are; returns the first one's error. */
int wr_mudmatch_wrong(struct wr_mudmatch *r, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int wr_mudmatch_text(struct wr_mudmatch *r, const char *text, uint32_t *ret_text);
int wr_mudmatch_copy(struct wr_mudmatch *r, const json_t *value, size_t most, uint32_t *ret_text);

#endif
