/* SPDX-License-Identifier: Apache-2.0 */
/* What a collector of dnstap says to READY: frames one after the other, as long as they can be read. */
#include "base/check.h"
#include "base/err.h"
#include "serve/dnstap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum wr_dnstap_control what;
    size_t used = 0, at = 0;
    int err;
    while ((err = wr_dnstap_read(data + at, size - at, &used, &what)) == WR_OK) {
        wr_assert(used >= 12 && used <= size - at);
        wr_assert(what >= WR_DNSTAP_ACCEPT && what <= WR_DNSTAP_FINISH);
        at += used;
    }
    wr_assert(err == WR_E_SHORT || err == WR_E_FORMAT);
    return 0;
}
