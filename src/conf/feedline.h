/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed line: what one line of a list says.
 *
 *   hosts       "0.0.0.0 name ...": each name itself. A line whose address is a machine's is no block, and set aside
 *   domains     "name": the name itself
 *   wildcards   "*.name" or ".name": the name and all below it. Most lists of this kind leave the name itself out and mean it
 *   dnsmasq     address=/name/, local=/name/, server=/name/: the name and all below it; server=/name/#: an exception. What goes to another
 *               server or gets another address is no block, and set aside
 *   adblock     "||name^": the name and all below it; "||*.name^" only below; "|name^" and "name" itself; "@@" before it: an exception;
 *               "$important" behind it: goes before those without. What looks at more than a name is set aside, for DNS cannot say it
 *   addresses   an address or a prefix
 *   table       the first column of lines with commas, semicolons or tabs between: a name itself, an address, or a URL, whose host counts
 *   auto        each line by how it looks; so a list may be a mixture
 *
 * Lines that begin with #, !, ; or // are comments, as is what stands behind a blank and #. A line that is no good is set aside with
 * a reason: BAD is a mistake, OTHER is well written and not for DNS or not wanted. A name of one label, and with all below it one under
 * which strangers register (conf/suffixes), is OTHER, unless `wide` says that it is meant.
 */
#ifndef WR_CONF_FEEDLINE_H
#define WR_CONF_FEEDLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/str.h"
#include "conf/suffixes.h"

enum wr_feed_format {
    WR_FEED_AUTO = 0,
    WR_FEED_HOSTS,
    WR_FEED_DOMAINS,
    WR_FEED_WILDCARDS,
    WR_FEED_DNSMASQ,
    WR_FEED_ADBLOCK,
    WR_FEED_ADDRESSES,
    WR_FEED_TABLE,
};

enum wr_feed_aside {
    WR_FEED_BAD = 0,
    WR_FEED_OTHER,
};

struct wr_feedline_rules {
    uint8_t format; /* enum wr_feed_format */
    bool below;     /* what stands for a name itself stands for those below it as well */
    bool wide;      /* names of one label and public suffixes are meant */
    const struct wr_suffixes *suffixes;
};

struct wr_feedline_hooks {
    void (*name)(void *user, const uint8_t *name, uint8_t flags); /* enum wr_nametree_flag */
    void (*prefix)(void *user, const struct wr_prefix *prefix);
    /* `what` is static and goes on behind `part`, a piece of the line. */
    void (*aside)(void *user, enum wr_feed_aside kind, struct wr_str_part part, const char *what);
    void *user;
};

/* `line` without its end. */
void wr_feedline_read(const struct wr_feedline_rules *rules, struct wr_str_part line,
                      const struct wr_feedline_hooks *hooks);

#endif
