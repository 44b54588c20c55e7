/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration as JSON: what is in force, written by the schema's table (conf/schema).
 *
 * true, false and plain numbers are JSON's own; what has a unit or a form of its own is text as it stands in the file ("16MiB", "30s",
 * "udp://192.0.2.1"). JSON is YAML as well: all of it, written into a file, is the same configuration.
 */
#ifndef WR_SERVE_CONFJSON_H
#define WR_SERVE_CONFJSON_H

#include "conf/conf.h"
#include "conf/schema.h"
#include "serve/json.h"

/* All of it as an object, or with a row the value of that one; no row of a list's items. */
void wr_confjson_put(const struct wr_conf *conf, const struct wr_schema_row *row, struct wr_json *j,
                     const char *key);

#endif
