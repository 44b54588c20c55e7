/* SPDX-License-Identifier: Apache-2.0 */
/* A file of root anchors: it ends, and what comes out is one line each. */
#include "fuzz.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "dnssec/anchor.h"
#include "dnssec/anchorxml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_anchorxml x;
    struct wr_anchor room[1];
    struct wr_anchors one;
    struct wr_str line;
    char text[600];
    int err = wr_anchorxml_start(&x, (const char *)data, size);
    while (!err) {
        const char *before = x.at;
        wr_str_init(&line, text, sizeof(text));
        err = wr_anchorxml_next(&x, "2026-01-31T12:00:00", &line);
        wr_assert(err || x.at > before);
        wr_anchors_init(&one, room, 1);
        (void)wr_anchors_add_text(&one, text, line.len);
    }
    return 0;
}
