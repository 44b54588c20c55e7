/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/stun.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

enum {
    BINDING_REQUEST = 0x0001,
    BINDING_SUCCESS = 0x0101,
    BINDING_ERROR = 0x0111,
    MAPPED_ADDRESS = 0x0001,
    ERROR_CODE = 0x0009,
    XOR_MAPPED_ADDRESS = 0x0020
};
static const uint8_t cookie[4] = {0x21, 0x12, 0xa4, 0x42};

void wr_stun_request(const uint8_t id[WR_STUN_ID_SIZE], uint8_t ret_request[WR_STUN_HEADER_SIZE])
{
    struct wr_writer w;

    wr_buf_write_init(&w, ret_request, WR_STUN_HEADER_SIZE);
    wr_buf_put_u16(&w, BINDING_REQUEST);
    wr_buf_put_u16(&w, 0); /* no attributes */
    wr_buf_put_bytes(&w, cookie, sizeof(cookie));
    wr_buf_put_bytes(&w, id, WR_STUN_ID_SIZE);
}

/* `key` is what an XOR address was made with: the cookie and the id; NULL: it is plain. */
static int read_address(const uint8_t *value, size_t size, const uint8_t *key,
                        struct wr_addr *ret_addr)
{
    struct wr_addr addr;
    size_t n;

    memset(&addr, 0, sizeof(addr));
    if (size < 4)
        return WR_E_FORMAT;
    addr.family = value[1] == 1 ? WR_AF_V4 : value[1] == 2 ? WR_AF_V6 : WR_AF_NONE;
    n = wr_addr_ip_size(&addr);
    if (n == 0 || size != 4 + n)
        return WR_E_FORMAT;
    addr.port = (uint16_t)(value[2] << 8 | value[3]);
    memcpy(addr.ip, value + 4, n);
    if (key) {
        addr.port ^= (uint16_t)(key[0] << 8 | key[1]);
        for (size_t i = 0; i < n; i++)
            addr.ip[i] ^= key[i];
    }
    *ret_addr = addr;
    return WR_OK;
}

static int read_error(const uint8_t *value, size_t size, uint16_t *ret_error)
{
    unsigned kind, number;

    if (size < 4)
        return WR_E_FORMAT;
    kind = value[2] & 7;
    number = value[3];
    if (kind < 3 || kind > 6 || number > 99)
        return WR_E_FORMAT;
    *ret_error = (uint16_t)(kind * 100 + number);
    return WR_OK;
}

static int read_attributes(struct wr_reader *r, const uint8_t *key,
                           struct wr_stun_response *response)
{
    for (unsigned i = 0; wr_buf_left(r) > 0; i++) {
        uint16_t type = wr_buf_get_u16(r), size = wr_buf_get_u16(r);
        const uint8_t *value = wr_buf_get_bytes(r, size);
        int err = WR_OK;

        wr_buf_skip(r, (4u - size % 4u) % 4u);
        if (r->err)
            return WR_E_FORMAT;
        if (i == WR_STUN_ATTRIBUTES_MAX)
            return WR_E_LIMIT;
        if (type == XOR_MAPPED_ADDRESS)
            err = read_address(value, size, key, &response->mapped);
        else if (type == MAPPED_ADDRESS && response->mapped.family == WR_AF_NONE)
            err = read_address(value, size, NULL, &response->mapped);
        else if (type == ERROR_CODE && response->error == 0)
            err = read_error(value, size, &response->error);
        if (err)
            return err;
    }
    return WR_OK;
}

int wr_stun_read(const uint8_t *message, size_t size, const uint8_t id[WR_STUN_ID_SIZE],
                 struct wr_stun_response *ret_response)
{
    struct wr_stun_response response;
    struct wr_reader r;
    uint16_t type;
    int err;

    memset(&response, 0, sizeof(response));
    wr_buf_read_init(&r, message, size);
    type = wr_buf_get_u16(&r);
    if (size < WR_STUN_HEADER_SIZE || type & 0xc000 ||
        wr_buf_get_u16(&r) != size - WR_STUN_HEADER_SIZE || size % 4 ||
        memcmp(message + 4, cookie, sizeof(cookie)) != 0)
        return WR_E_FORMAT;
    if (memcmp(message + 8, id, WR_STUN_ID_SIZE) != 0 ||
        (type != BINDING_SUCCESS && type != BINDING_ERROR))
        return WR_E_NOTFOUND;
    wr_buf_skip(&r, 4 + WR_STUN_ID_SIZE);
    err = read_attributes(&r, message + 4, &response);
    if (!err && (type == BINDING_ERROR) != (response.error != 0))
        err = WR_E_FORMAT;
    if (!err)
        *ret_response = response;
    return err;
}
