/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frame: the first octet says how the rest is cut; whatever the cut, the same messages must come out as
 * from the stream in one piece, and the error at the same place.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "transport/frame.h"

enum { ROOM = 300 };

struct sum {
    uint64_t hash, messages;
    int err;
};

static void sum_add(struct sum *s, const uint8_t *msg, size_t size)
{
    s->hash = s->hash * 31 + size;
    for (size_t i = 0; i < size; i++) {
        s->hash = s->hash * 31 + msg[i];
    }
    s->messages++;
}

static struct sum run(const uint8_t *data, size_t size, size_t step)
{
    uint8_t *room = malloc(ROOM);
    struct sum s = {0};
    struct wr_frame f;

    if (room == NULL) {
        abort();
    }
    wr_frame_init(&f, room, ROOM);
    for (size_t at = 0; at < size; at += step) {
        const uint8_t *msg;
        size_t n;

        wr_frame_feed(&f, data + at, size - at < step ? size - at : step);
        while ((s.err = wr_frame_next(&f, &msg, &n)) == WR_OK) {
            wr_assert(n >= 12 && n <= ROOM - 2);
            sum_add(&s, msg, n);
        }
    }
    free(room);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sum whole, cut;

    if (size < 2) {
        return 0;
    }
    whole = run(data + 1, size - 1, size - 1);
    cut = run(data + 1, size - 1, 1 + data[0]);
    wr_assert(whole.err == cut.err);
    wr_assert(whole.messages == cut.messages && whole.hash == cut.hash);
    return 0;
}
