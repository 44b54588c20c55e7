/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kindsfile: the table by which kinds of devices are found, as text.
 *
 *     # a kind, then its conditions; all of a line must hold
 *     camera   wishes 1,3,6,12,15,28,42   class "udhcp 1.22.*"   vendor "D-Link*"
 *     tv       wishes 252,3,42,15,6,1,12
 *     bulb     mac 00:17:88
 *     tablet   wishes6 23,24   host tab-*
 *
 * `wishes` are numbers of options, `class` and `host` whole or with a "*" at the end, `mac` is the beginning of an address, `vendor` a name of the
 * list of vendors (registry.oui), in letters of any size. A line that cannot be read is left out, counted, and the first one told.
 *
 * Memory: malloc's, bounded by WR_KINDS_LINES_MAX and WR_KINDS_OUIS_MAX.
 */
#ifndef WR_CONF_KINDSFILE_H
#define WR_CONF_KINDSFILE_H

#include "conf/ouifile.h"
#include "policy/kinds.h"

struct wr_kindsfile {
    struct wr_kinds kinds; /* what it is for */
    struct wr_kinds_line *line;
    uint32_t *oui;
    size_t ouis;
    unsigned bad, first_bad; /* lines; the number of the first */
    const char *why;         /* what is wrong with that one */
    bool wants_vendors;      /* some line has a vendor */
};

/* `oui` may be empty. WR_E_NOMEM. */
int wr_kindsfile_read(const char *text, size_t n, const struct wr_ouifile *oui,
                      struct wr_kindsfile *ret_file);
void wr_kindsfile_free(struct wr_kindsfile *file);

#endif
