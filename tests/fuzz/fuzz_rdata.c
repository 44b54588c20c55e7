/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two octets of type (65535: the A record of CHAOS), then rdata: what is well formed has a text, and the text reads back to the same
 * octets; its canonical form is well formed and equal to it in canonical order.
 */
#include "fuzz.h"

#include "base/err.h"
#include "dns/present.h"
#include "dns/rdata.h"

static char text[WR_MSG_MAX * 5];
static uint8_t again[WR_MSG_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_writer w;
    struct wr_str s;
    uint32_t type;
    int well_formed;

    if (size < 2 || size > 20000) {
        return 0;
    }
    type = (uint32_t)(data[0] << 8 | data[1]);
    type = type == 65535 ? WR_RDATA_FORM_CH_A : type;
    data += 2;
    size -= 2;
    well_formed = size == 0 || wr_rdata_check(type, data, size) == WR_OK;
    wr_str_init(&s, text, sizeof(text));
    wr_present_rdata(&s, type, data, size);
    promise(!s.cut);
    wr_buf_write_init(&w, again, sizeof(again));
    promise((wr_present_read_rdata(text, s.len, type, NULL, &w, NULL) == WR_OK) == well_formed);
    if (!well_formed || size == 0) {
        return 0;
    }
    promise(w.pos == size && !memcmp(again, data, size));
    wr_rdata_canonical(type, again, size);
    promise(wr_rdata_check(type, again, size) == WR_OK);
    promise(wr_rdata_order(type, data, size, again, size) == 0);
    promise(wr_rdata_order(type, data, size, again, size - 1) > 0);
    return 0;
}
