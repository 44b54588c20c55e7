/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TSIG: the octets are messages of a response, each with two octets of length before it. None of them was signed by somebody who
 * has the secret, so none may ever be good, and what was refused once stays so.
 */
#include "fuzz.h"

#include "base/err.h"
#include "transport/tsig.h"

static const struct wr_tsig_key key = {.name = {.wire = "\4xfer\7example", .size = 14},
                                       .alg = WR_HASH_SHA256,
                                       .size = 32,
                                       .secret = "a secret that no fuzzer will find"};
static const uint8_t plain[] = "\x12\x34\0\0\0\1\0\0\0\0\0\0\7example\0\0\6\0";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wr_now now = {.mono_us = 1, .wall_s = 1700000000, .wall_proven = size % 2 == 0};
    uint8_t query[256];
    size_t n = sizeof(plain), at = 0;
    struct wr_tsig t;
    bool refused = false;

    memcpy(query, plain, n);
    if (wr_tsig_sign(&t, &key, query, sizeof(query), &n, now.wall_s) != WR_OK) {
        return 0;
    }
    for (unsigned i = 0; i < 64 && at + 2 <= size; i++) {
        size_t length = (size_t)data[at] << 8 | data[at + 1];
        struct wr_tsig_failure failure;
        struct wr_msg m;

        at += 2;
        length = length < size - at ? length : size - at;
        if (wr_msg_parse(&m, data + at, length) == WR_OK) {
            enum wr_tsig_result got = wr_tsig_check(&t, &m, &now, &failure);

            promise(got == WR_TSIG_REFUSED);
            promise(failure.reason != NULL);
            refused = true;
        }
        promise(!wr_tsig_is_settled(&t));
        promise(!refused || !t.open);
        at += length;
    }
    wr_tsig_close(&t);
    return 0;
}
