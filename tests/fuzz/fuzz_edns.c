/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of an OPT record: what is taken lies inside and keeps its bounds; what we can say of it,
 * built into an OPT of our own, reads back the same.
 */
#include "fuzz.h"

#include "base/err.h"
#include "dns/build.h"
#include "dns/codes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_edns edns = {.ede = WR_EDE_NONE};
    struct wr_build_opt opt = {.udp_size = 1232};
    static uint8_t room[2000];
    char text[300];
    struct wr_build b;
    struct wr_msg m;

    if (size > UINT16_MAX || wr_edns_read_options(data, size, &edns) != WR_OK) {
        return 0;
    }
    promise(edns.cookie_size == 0 || edns.cookie_size == 8 ||
            (edns.cookie_size >= 16 && edns.cookie_size <= 40));
    promise(edns.ede_text_size == 0 ||
            (edns.ede_text >= data && edns.ede_text + edns.ede_text_size <= data + size));
    opt.cookie = edns.cookie_size ? edns.cookie : NULL;
    opt.cookie_size = edns.cookie_size;
    opt.ede = edns.ede;
    if (edns.ede_text_size < sizeof(text)) {
        memcpy(text, edns.ede_text_size ? edns.ede_text : data, edns.ede_text_size);
        text[edns.ede_text_size] = 0;
        opt.ede_text = text;
    }
    opt.keepalive = edns.keepalive;
    opt.keepalive_100ms = edns.keepalive_100ms;
    opt.nsid_ask = edns.nsid;
    opt.pad_to = edns.padding ? 128 : 0;
    wr_build_start(&b, room, sizeof(room), 1, 0);
    promise(wr_build_opt(&b, &opt, 0) == WR_OK);
    promise(opt.pad_to || b.w.pos == WR_MSG_HEADER_SIZE + wr_build_opt_size(&opt));
    promise(wr_msg_parse(&m, room, wr_build_finish(&b, 0)) == WR_OK);
    promise(m.edns.cookie_size == edns.cookie_size &&
            !memcmp(m.edns.cookie, edns.cookie, edns.cookie_size));
    promise(m.edns.ede == edns.ede && m.edns.nsid == edns.nsid && m.edns.padding == edns.padding);
    promise(m.edns.keepalive == edns.keepalive && m.edns.keepalive_100ms == edns.keepalive_100ms);
    return 0;
}
