/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DoQ's stream octets: the first octet says how the rest is cut; whatever the cut, the count must come to the same end. A
 * message that is whole is judged by the rules for messages.
 */
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "transport/doq.h"

enum { MAX = 4096 };

static int run(const uint8_t *data, size_t size, size_t step, struct wr_doq_count *c)
{
    int err = WR_OK;

    *c = (struct wr_doq_count){0};
    for (size_t at = 0; at < size && err == WR_OK; at += step) {
        size_t n = size - at < step ? size - at : step;

        err = wr_doq_count(c, data + at, n, at + n == size, MAX);
    }
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_doq_count whole, cut;
    int err;

    if (size < 2) {
        return 0;
    }
    err = run(data + 1, size - 1, size - 1, &whole);
    wr_assert((run(data + 1, size - 1, 1 + data[0] % 64, &cut) == WR_OK) == (err == WR_OK));
    if (err == WR_OK) {
        wr_assert(whole.whole && whole.ended && whole.have == size - 1);
        wr_assert(memcmp(&whole.length, &cut.length, sizeof(whole.length)) == 0);
        (void)wr_doq_check(data + 3, size - 3);
        (void)wr_doq_may_be_early(data + 3, size - 3);
    }
    return 0;
}
