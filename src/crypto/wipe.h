/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wipe: zeros over a secret that is done with, which the compiler does not leave out.
 *
 *     wr_wipe(key, sizeof(key));      before the memory is given back or left
 *
 * Copies that a library made are the library's. It cannot fail.
 */
#ifndef WR_CRYPTO_WIPE_H
#define WR_CRYPTO_WIPE_H

#include <stddef.h>
#include <stdint.h>

static inline void wr_wipe(void *secret, size_t size)
{
    volatile uint8_t *at = secret;

    for (size_t i = 0; i < size; i++) {
        at[i] = 0;
    }
}

#endif
