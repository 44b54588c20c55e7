/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two octets of type (65535: the A record of CHAOS), then zone text: what is read is well formed, and its own text reads back to the same.
 */
#include "fuzz.h"

#include "base/err.h"
#include "dns/present.h"
#include "dns/rdata.h"
#include "dns/scan.h"

static char text[WR_MSG_MAX * 5];
static uint8_t first[WR_MSG_MAX], again[WR_MSG_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t origin[] = "\4zone\4test";
    struct wr_writer w, w2;
    struct wr_str s;
    size_t column = 0;
    uint32_t type;

    if (size < 2) {
        return 0;
    }
    type = (uint32_t)(data[0] << 8 | data[1]);
    type = type == 65535 ? WR_RDATA_FORM_CH_A : type;
    wr_buf_write_init(&w, first, sizeof(first));
    if (wr_scan_rdata((const char *)data + 2, size - 2, type, origin, &w, &column)) {
        promise(w.pos == 0 && column >= 1 && column <= size);
        return 0;
    }
    promise(w.pos == 0 || wr_rdata_check(type, first, w.pos) == WR_OK);
    wr_str_init(&s, text, sizeof(text));
    wr_present_rdata(&s, type, first, w.pos);
    promise(!s.cut);
    wr_buf_write_init(&w2, again, sizeof(again));
    promise(wr_scan_rdata(text, s.len, type, NULL, &w2, NULL) == WR_OK);
    promise(w2.pos == w.pos && !memcmp(first, again, w.pos));
    return 0;
}
