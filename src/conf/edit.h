/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edit: one key of a configuration file gets another value, and everything else in the file stays as it is.
 *
 *     char *text;
 *     size_t n;
 *     if (wr_edit_key(old, old_n, "cache.size", "64MiB", mistakes, &text, &n) == WR_OK) { ...; free(text); }
 *
 * Pure: text in, text out. People write configurations by hand, with comments and an order of their own, so the file is not printed
 * anew: the octets of one value are replaced, or a line is put in or taken out, where the tree of nodes (conf/yaml) says it stands.
 * What comes out is read again: it is a good configuration, and its tree is the old one but for that key; else nothing
 * comes out. So what this does not understand it refuses, and never spoils; also what would take a comment with it, but for the one behind a key
 * that is taken out.
 *
 * A key is written as `weir check` writes it, "upstream.groups[0].name". The value of a scalar is taken as it is, with quotation marks put
 * around it where YAML needs them; of a list or a mapping it is YAML (or JSON) in one line: [udp://192.0.2.1].
 */
#ifndef WR_CONF_EDIT_H
#define WR_CONF_EDIT_H

#include <stddef.h>

#include "base/check.h"
#include "conf/mistakes.h"

/* Longest value, in octets. */
#define WR_EDIT_VALUE_MAX 65536

/* `value` NULL takes the key out, so that its default is in force; sections that are empty then go too. On WR_E_FORMAT the mistakes say
 * why: of the key and the value without a line, of the file with one. WR_E_NOTFOUND: it is not there to be taken out. WR_E_NOMEM,
 * WR_E_LIMIT. *ret_text is the caller's to free. */
WR_MUSTCHECK int wr_edit_key(const char *text, size_t n, const char *key, const char *value,
                             struct wr_mistakes *mistakes, char **ret_text, size_t *ret_n);

#endif
