/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts: what the schema's table knows of one key, as pairs of a word and a text for people.
 *
 *     static void put(void *user, const char *word, const char *text) { printf("%s: %s\n", word, text); }
 *     wr_facts_tell(row, put, NULL);
 *
 * type, unit, one of, range, at most, default, example, takes effect, since: in this order, those that the key has.
 * Values stand between two `. The pages (conf/doc) and `weir explain` print them; nothing is said elsewhere.
 */
#ifndef WR_CONF_FACTS_H
#define WR_CONF_FACTS_H

#include "conf/schema.h"

typedef void wr_facts_put(void *user, const char *word, const char *text);

/* A section has no value: of it only `since` is told. */
void wr_facts_tell(const struct wr_schema_row *row, wr_facts_put *put, void *user);

#endif
