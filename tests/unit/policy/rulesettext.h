/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset text: what tests of its parts share: items, the text that they become, and a look into it.
 *
 * The text is in one room, so a test has the last one alone.
 */
#ifndef WR_TESTS_RULESETTEXT_H
#define WR_TESTS_RULESETTEXT_H

#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "policy/ruleset.h"

static char rulesettext_room[16384];

/* Of a segment its flags, of an interface its name, of all else a prefix. */
static inline struct wr_ruleset_item flagged(enum wr_ruleset_kind kind, uint16_t segment,
                                             unsigned flags, const char *text)
{
    struct wr_ruleset_item i;
    memset(&i, 0, sizeof(i));
    i.kind = (uint8_t)kind;
    i.segment = segment;
    i.flags = (uint8_t)flags;
    if (kind == WR_RULESET_INTERFACE) {
        strncpy(i.interface, text, sizeof(i.interface) - 1);
    } else if (kind != WR_RULESET_SEGMENT) {
        assert_int_equal(wr_addr_prefix_from_text(text, &i.prefix), WR_OK);
    }
    return i;
}

static inline const char *text_of(const struct wr_ruleset_item *i, size_t n, unsigned parts)
{
    struct wr_str text;
    for (size_t k = 0; k < n; k++) {
        assert_true(wr_ruleset_is_sound(&i[k]));
    }
    wr_str_init(&text, rulesettext_room, sizeof(rulesettext_room));
    assert_int_equal(wr_ruleset_text(i, n, parts, &text), WR_OK);
    return rulesettext_room;
}

static inline const char *table_of(const struct wr_ruleset_item *i, size_t n)
{
    return text_of(i, n, WR_RULESET_TABLE);
}

static inline void need(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("no %s in\n%s", part, text);
    }
}

/* `first` stands before `second`. */
static inline void need_order(const char *text, const char *first, const char *second)
{
    need(text, first);
    need(text, second);
    assert_true(strstr(text, first) < strstr(text, second));
}

#endif
