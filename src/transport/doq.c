/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/doq.h"

#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "dns/codes.h"
#include "dns/edns.h"
#include "dns/msg.h"

enum { LENGTH_SIZE = 2, HEADER_SIZE = 12 };

int wr_doq_count(struct wr_doq_count *c, const uint8_t *bytes, size_t size, bool fin, size_t max)
{
    for (size_t i = 0; i < size && c->have + i < LENGTH_SIZE; i++) {
        c->length = (uint16_t)(c->length << 8 | bytes[i]);
    }
    if (size > WR_MSG_MAX + (size_t)LENGTH_SIZE - c->have) {
        return WR_E_FORMAT;
    }
    c->have += (uint32_t)size;
    c->ended = c->ended || fin;
    if (c->have >= LENGTH_SIZE) {
        if (c->length < HEADER_SIZE || c->have > (uint32_t)LENGTH_SIZE + c->length) {
            return WR_E_FORMAT;
        }
        if (c->length > max) {
            return WR_E_LIMIT;
        }
        c->whole = c->have == (uint32_t)LENGTH_SIZE + c->length;
    }
    return c->ended && !c->whole ? WR_E_FORMAT : WR_OK;
}

int wr_doq_check(const uint8_t *msg, size_t size)
{
    struct wr_msg m;

    if (size < HEADER_SIZE || msg[0] != 0 || msg[1] != 0) {
        return WR_E_FORMAT;
    }
    if (wr_msg_parse_query(&m, msg, size) != WR_OK && wr_msg_parse(&m, msg, size) != WR_OK) {
        return WR_OK; /* FORMERR is the engine's to say */
    }
    return m.edns.keepalive ? WR_E_FORMAT : WR_OK;
}

bool wr_doq_may_be_early(const uint8_t *msg, size_t size)
{
    uint8_t opcode = size < 3 ? 0xff : (msg[2] >> 3) & 15;

    return opcode == WR_OPCODE_QUERY || opcode == WR_OPCODE_NOTIFY;
}

const char *wr_doq_code_name(uint64_t code)
{
    static const char *const names[] = {
        [WR_DOQ_NO_ERROR] = "DOQ_NO_ERROR",
        [WR_DOQ_INTERNAL_ERROR] = "DOQ_INTERNAL_ERROR",
        [WR_DOQ_PROTOCOL_ERROR] = "DOQ_PROTOCOL_ERROR",
        [WR_DOQ_REQUEST_CANCELLED] = "DOQ_REQUEST_CANCELLED",
        [WR_DOQ_EXCESSIVE_LOAD] = "DOQ_EXCESSIVE_LOAD",
        [WR_DOQ_UNSPECIFIED_ERROR] = "DOQ_UNSPECIFIED_ERROR",
    };

    return code < WR_ARRAY_LEN(names) ? names[code] : "unknown";
}
