/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/renamed.h"

#include <stddef.h>
#include <string.h>

static const struct wr_renamed renamed[] = {
    {NULL, NULL, NULL},
};

const struct wr_renamed *wr_renamed_table(void)
{
    return renamed;
}

const struct wr_renamed *wr_renamed_find(const struct wr_renamed *table, const char *name)
{
    for (; table->old; table++)
        if (!strcmp(table->old, name))
            return table;
    return NULL;
}
