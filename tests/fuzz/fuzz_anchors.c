/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of trust: the saved state of a trust point (RFC 5011) and lines of an anchor file. What is loaded is saved
 * to a text that loads to the same; what it trusts fits a table of anchors; a line that is refused adds nothing but
 * a malformed anchor.
 *
 * Input: 0 and a state, or anything else and lines.
 */
#include "fuzz.h"

#include "base/err.h"
#include "dnssec/rollover.h"

static char text[WR_ROLLOVER_TEXT_SIZE], again[WR_ROLLOVER_TEXT_SIZE];
static struct wr_anchor room[4];

static void try_state(const char *in, size_t n)
{
    struct wr_rollover r, copy;
    struct wr_anchors anchors;
    struct wr_str s;
    size_t size;

    if (wr_rollover_load(&r, in, n) != WR_OK) {
        return;
    }
    wr_str_init(&s, text, sizeof(text));
    wr_rollover_save(&r, &s);
    promise(!s.cut);
    size = s.len;
    promise(wr_rollover_load(&copy, text, size) == WR_OK);
    wr_str_init(&s, again, sizeof(again));
    wr_rollover_save(&copy, &s);
    promise(s.len == size && !memcmp(text, again, size));
    wr_anchors_init(&anchors, room, 4);
    promise(wr_rollover_anchors(&r, &anchors) == WR_OK);
    promise(wr_rollover_dead(&r) == (anchors.count == 0));
    (void)wr_rollover_observe(&r, NULL, 0, 300, &(struct wr_rollover_moment){1706000000, 1}, true);
}

static void try_lines(const char *in, size_t n)
{
    struct wr_anchors anchors;

    wr_anchors_init(&anchors, room, 4);
    for (size_t at = 0; at < n;) {
        const char *end = memchr(in + at, '\n', n - at);
        size_t size = end ? (size_t)(end - in) - at : n - at;
        uint16_t before = anchors.count;
        int err = wr_anchors_add_text(&anchors, in + at, size);

        promise(anchors.count <= 4 && anchors.count <= before + 1);
        promise(err == WR_OK || anchors.count == before || anchors.list[before].ds.broken);
        at += size + 1;
    }
    for (uint16_t i = 0; i < anchors.count; i++) {
        promise(wr_anchors_closest(&anchors, anchors.list[i].name.wire, 0) == &anchors.list[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 0) {
        try_state((const char *)data + 1, size - 1);
    } else if (size > 0) {
        try_lines((const char *)data + 1, size - 1);
    }
    return 0;
}
