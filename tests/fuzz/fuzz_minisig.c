/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of files on any octets: what is read points into what was given, and is no signature over the octets themselves by a key
 * that nobody has.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "crypto/minisig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *why = NULL;
    struct wr_minisig_key key = {.octets = {1}};
    struct wr_minisig sig;
    (void)wr_minisig_key(text, size, &key);
    if (wr_minisig_read(text, size, &sig, &why) != WR_OK) {
        if (why == NULL) {
            abort();
        }
        return 0;
    }
    if (sig.comment != NULL &&
        (sig.comment < text || sig.comment + sig.comment_size > text + size)) {
        abort();
    }
    if (wr_minisig_time(&sig) < 0) {
        abort();
    }
    memcpy(key.id, sig.id, sizeof(key.id));
    if (wr_minisig_check(&sig, &key, 1, data, size, &why) == WR_OK || why == NULL) {
        abort();
    }
    return 0;
}
