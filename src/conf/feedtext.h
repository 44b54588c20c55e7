/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed text: a list as it comes, in pieces of any size, until it ends.
 *
 *     wr_feedtext_init(&t, &rules, &hooks)
 *     wr_feedtext_feed(&t, bytes, n)      for each piece, in order
 *     wr_feedtext_end(&t)                 was it a list?
 *
 * Lines are told apart here and read by conf/feedline; memory is this struct, whatever the length of the text. A line longer than
 * WR_FEED_LINE_MAX is passed over and bad, a byte order mark is left out, the end of a line may be LF, CR LF, or missing from the last one.
 *
 * What is no list is refused as a whole, so that it cannot take the place of one: a page of HTML or XML, JSON, what is compressed or in UTF-16, told
 * by its first octets; and in the end what has more bad lines than names. `refused` says why then. What is well written and
 * not for DNS does not count as bad: most rules of a browser's list are.
 *
 * The first lines that were set aside are kept with number and reason, printable.
 *
 * Errors: WR_E_FORMAT (refused), WR_E_LIMIT (a hook said that there are too many), WR_E_NOMEM (a hook). An error stays.
 */
#ifndef WR_CONF_FEEDTEXT_H
#define WR_CONF_FEEDTEXT_H

#include "base/limits.h"
#include "conf/feedline.h"

#define WR_FEEDTEXT_TOLD_MAX  8
#define WR_FEEDTEXT_TOLD_SIZE 160

struct wr_feedtext_told {
    uint32_t line;
    bool bad; /* else only not for DNS */
    char text[WR_FEEDTEXT_TOLD_SIZE];
};

struct wr_feedtext_counts {
    uint32_t lines, names, prefixes;
    uint32_t bad, other; /* lines set aside, and parts of lines */
    uint32_t tolds;
    struct wr_feedtext_told told[WR_FEEDTEXT_TOLD_MAX];
};

struct wr_feedtext_hooks {
    /* An error ends the reading. */
    int (*name)(void *user, const uint8_t *name, uint8_t flags, uint32_t line);
    int (*prefix)(void *user, const struct wr_prefix *prefix, uint32_t line);
    void *user;
};

struct wr_feedtext {
    struct wr_feedline_rules rules;
    struct wr_feedtext_hooks hooks;
    struct wr_feedtext_counts counts;
    int err;
    const char *refused; /* static, or NULL */
    bool begun;          /* something else than blanks has come */
    bool long_line;      /* the rest of a line that is too long is passed over */
    size_t kept;         /* octets of a line that has not ended */
    char line[WR_FEED_LINE_MAX];
};

void wr_feedtext_init(struct wr_feedtext *t, const struct wr_feedline_rules *rules,
                      const struct wr_feedtext_hooks *hooks);
int wr_feedtext_feed(struct wr_feedtext *t, const void *bytes, size_t n);
int wr_feedtext_end(struct wr_feedtext *t);

#endif
