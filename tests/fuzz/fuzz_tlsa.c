/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLSA records and the certificates that are held against them, on any octets: two octets of the record's length, the record, a
 * certificate. What is usable has a known form, and a record made of a certificate's own octets matches it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "transport/tlsa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_tlsa r;
    size_t n = size < 2 ? 0 : (size_t)(data[0] << 8 | data[1]);

    if (size < 2 || n > size - 2 || wr_tlsa_read(data + 2, n, &r) != WR_OK) {
        return 0;
    }
    if (r.usage > 3 || r.selector > 1 || r.matching > 2 || r.size != n - 3) {
        abort();
    }
    (void)wr_tlsa_matches(&r, data + 2 + n, size - 2 - n);
    r.selector = r.matching = 0;
    if (!wr_tlsa_matches(&r, r.data, r.size)) {
        abort();
    }
    return 0;
}
