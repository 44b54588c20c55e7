/* SPDX-License-Identifier: Apache-2.0 */
/* What an upstream says on a connection: the first octet is the kind of it and how much comes at once, the rest is what comes. */
#include "fuzz.h"

#include "base/err.h"
#include "transport/upconn.h"

static int judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *ret_why)
{
    (void)user;
    (void)chain;
    (void)ret_why;
    return WR_E_DENIED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[WR_UPCONN_ROOM], out[WR_UPCONN_OUT], plain[WR_UPCONN_PLAIN];
    static struct wr_creds *creds;
    static struct wr_upconn c;
    const struct wr_now now = {.mono_us = WR_S, .wall_s = INT64_C(1795780800)};
    struct wr_verdict_text why;
    struct wr_upconn_said said;
    const uint8_t *bytes;
    bool ended = false;
    if (size == 0 || (!creds && wr_creds_make(&(struct wr_creds_setup){0}, &why, &creds) != 0)) {
        return 0;
    }
    struct wr_upconn_setup setup = {.kind = data[0] & 1 ? WR_UPCONN_DOT : WR_UPCONN_TCP,
                                    .room = room,
                                    .out = out,
                                    .plain = plain,
                                    .secure = {.creds = creds, .verify = judge}};
    size_t step = 1 + (data[0] >> 1);
    wr_upconn_start(&c, &setup);
    wr_upconn_opened(&c, NULL, 0);
    for (size_t at = 1;; at += step) {
        while (wr_upconn_next(&c, &now, &said)) {
            promise(!ended);
            ended = said.kind == WR_UPCONN_SAID_ENDED;
            promise(said.kind != WR_UPCONN_SAID_ANSWER || said.size >= 12);
            promise(said.kind != WR_UPCONN_SAID_READY || setup.kind == WR_UPCONN_TCP);
        }
        promise(!ended || !wr_upconn_can_ask(&c));
        promise(wr_upconn_output(&c, &bytes) <= WR_UPCONN_OUT);
        if (at >= size || ended) {
            break;
        }
        wr_upconn_feed(&c, data + at, size - at < step ? size - at : step, &now);
    }
    wr_upconn_close(&c);
    wr_upconn_end(&c);
    return 0;
}
