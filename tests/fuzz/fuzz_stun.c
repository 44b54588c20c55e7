/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A STUN response, as a probe meets it: the octets are the message; its id is taken for ours, so that the attributes are
 * reached. What is read is whole: a number of an error or none, an address with its family or none.
 */
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "fuzz.h"
#include "transport/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t id[WR_STUN_ID_SIZE] = {0};
    struct wr_stun_response response;

    if (size >= WR_STUN_HEADER_SIZE)
        memcpy(id, data + 8, sizeof(id));
    if (wr_stun_read(data, size, id, &response) != WR_OK)
        return 0;
    promise(response.error == 0 || (response.error >= 300 && response.error <= 699));
    promise(response.mapped.family == WR_AF_NONE || wr_addr_ip_size(&response.mapped) > 0);
    id[0] ^= 1;
    promise(wr_stun_read(data, size, id, &response) == WR_E_NOTFOUND);
    return 0;
}
