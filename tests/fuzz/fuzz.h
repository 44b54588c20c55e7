/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzzers share: a promise that is broken ends the program with the place, in every build.
 * A fuzzer checks more than "no crash": what is read must be what was written, and two ways to the
 * same thing must agree.
 */
#ifndef WEIR_TESTS_FUZZ_H
#define WEIR_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define promise(cond)                                                                  \
    do {                                                                               \
        if (!(cond)) {                                                                 \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #cond); \
            abort();                                                                   \
        }                                                                              \
    } while (0)

/* Memory as the hook of HTTP and QUIC wants it: `user` is a long that counts the pieces that are not given back. */
static inline void *fuzz_resize(void *user, void *at, size_t size)
{
    long *pieces = user;

    if (size == 0) {
        *pieces -= at != NULL;
        free(at);
        return NULL;
    }
    *pieces += at == NULL;
    at = realloc(at, size);
    promise(at != NULL);
    return at;
}

#endif
