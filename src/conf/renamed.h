/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Renamed: keys that once had another name, so that an old file is told the new one.
 *
 * A table from the old dotted name to the new one, ended by a row without names. The old name is a mistake and not a
 * second way to say the same: a file says each thing once, and everybody's files look alike. The reader (conf/bind)
 * and `weir explain` look here before they guess at what was meant.
 */
#ifndef WR_CONF_RENAMED_H
#define WR_CONF_RENAMED_H

struct wr_renamed {
    const char *old, *now; /* "upstream.servers", "upstream.groups[].servers" */
    const char *since;     /* the version that renamed it */
};

/* weir's own; empty as long as no released key was renamed. */
const struct wr_renamed *wr_renamed_table(void);
/* The row whose old name is `name`, or NULL. */
const struct wr_renamed *wr_renamed_find(const struct wr_renamed *table, const char *name);

#endif
