/* SPDX-License-Identifier: Apache-2.0 */
/* The request line of the metrics server: what is taken is a printable path of bounded length. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "net/httpd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_httpd_request request;
    int err = wr_httpd_parse((const char *)data, size, &request);

    wr_assert(err == WR_OK || err == WR_E_AGAIN || err == WR_E_FORMAT);
    if (err == WR_OK) {
        size_t n = strlen(request.path);

        wr_assert(n > 0 && n < sizeof(request.path) && request.path[0] == '/');
        for (size_t i = 0; i < n; i++) {
            wr_assert(request.path[i] > ' ' && request.path[i] <= '~' && request.path[i] != '?');
        }
    }
    return 0;
}
