/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key names as people write them: which key of the schema is meant, or could have been.
 *
 * "upstream.groups[].name", "upstream.groups[2].name" (as `weir check` says it) and "upstream.groups.name" are one key.
 * Old names (conf/renamed) are found as well. Text of any length and content may come.
 */
#ifndef WR_CONF_KEYNAME_H
#define WR_CONF_KEYNAME_H

#include <stddef.h>

#include "conf/renamed.h"
#include "conf/schema.h"

#define WR_KEYNAME_NEAR_MAX 3

/* NULL: no key. *ret_old is set when the text was an old name, else untouched. */
const struct wr_schema_row *wr_keyname_find(const char *text, const struct wr_renamed *renamed,
                                            const struct wr_renamed **ret_old);
/* Keys with the same last part, else the nearest by letters: how many. */
size_t wr_keyname_near(const char *text, const char *ret_names[WR_KEYNAME_NEAR_MAX]);

#endif
