/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8: strangers' text made safe to show to people.
 *
 * A configuration file, the text of an extended error or a name in a log may hold octets that are no
 * UTF-8, that move a terminal's cursor, or that turn the direction of writing around. wr_utf8_safe
 * copies what can be seen and writes the rest as \xNN, octet by octet. RFC 3629: no surrogates, no
 * overlong forms, nothing above U+10FFFF.
 */
#ifndef WR_BASE_UTF8_H
#define WR_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Octets of the character at `bytes`, its number in *ret_code; 0: no valid character starts here. */
size_t wr_utf8_next(const char *bytes, size_t n, uint32_t *ret_code);
/* False for control characters, invisible ones, and those that turn the writing direction. */
bool wr_utf8_is_visible(uint32_t code);
/* Appends `n` octets, escaped where needed. Where there is no room it ends before a character, never within one, and `cut` is set. */
void wr_utf8_safe(struct wr_str *s, const char *bytes, size_t n);

#endif
