/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Example: a piece of a configuration file that shows one key in its place.
 *
 * The key with its example from the schema's table (or its default where that shows enough), under its sections, and
 * in a list's item beside the keys that an item must have. A section or a list of mappings is shown with all its keys.
 * What is printed reads back without a mistake (a test reads all of them).
 */
#ifndef WR_CONF_EXAMPLE_H
#define WR_CONF_EXAMPLE_H

#include <stdio.h>

#include "conf/schema.h"

void wr_example_print(const struct wr_schema_row *row, FILE *out);

#endif
