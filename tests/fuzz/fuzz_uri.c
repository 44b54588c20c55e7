/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of upstream URLs on any octets. What it takes prints as a URL that reads back the same and
 * can be asked; what it refuses has a reason that points into the text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "transport/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_uri uri, again;
    struct wr_uri_error error = {NULL, 0};
    char text[WR_URI_TEXT_SIZE];
    size_t n;

    if (wr_uri_from_text((const char *)data, size, &uri, &error) != WR_OK) {
        if (!error.why || error.at > size)
            abort();
        return 0;
    }
    if (uri.addr.port == 0 || uri.addrs > WR_URI_ADDRS_MAX || uri.pins > WR_URI_PINS_MAX)
        abort();
    if (uri.addrs == 0 && (!wr_uri_is_encrypted(uri.scheme) || !wr_uri_peer_name(&uri)[0]))
        abort();
    if (wr_uri_is_encrypted(uri.scheme) != (uri.proof != 0))
        abort();
    for (unsigned i = 0; i < uri.addrs; i++)
        if (wr_uri_addr(&uri, i)->family == WR_AF_NONE || wr_addr_is_any(wr_uri_addr(&uri, i)) ||
            wr_uri_addr(&uri, i)->port != uri.addr.port)
            abort();
    n = wr_uri_to_text(&uri, text, sizeof(text));
    if (n != strlen(text) || wr_uri_from_text(text, n, &again, NULL) != WR_OK ||
        memcmp(&uri, &again, sizeof(uri)) != 0)
        abort();
    return 0;
}
