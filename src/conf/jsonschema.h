/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Schema of the configuration, for editors: completion, and red lines under mistakes.
 *
 * Printed from the schema's table (draft 2020-12); a YAML file is checked as the JSON that it stands for.
 * It knows types, patterns and lists; ranges of durations and what keys say together only `weir check` knows.
 */
#ifndef WR_CONF_JSONSCHEMA_H
#define WR_CONF_JSONSCHEMA_H

#include <stdio.h>

/* WR_E_NOMEM, WR_E_IO. */
int wr_jsonschema_print(FILE *out);

#endif
