/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NTP: the first eight octets are the nonce, the rest a reply. What is taken for the time carries the nonce and is of a mode
 * and stratum of servers; what is made of it lies within the round trip; what is asked is never its own answer.
 */
#include <string.h>

#include "base/time.h"
#include "fuzz.h"
#include "transport/ntp.h"

#define NEAR_S INT64_C(1767225600)

static void weigh(const struct wr_ntp_reply *r)
{
    int64_t base_us = 0, limit_us = (int64_t)(UINT64_C(1) << 31) * 1000000 + 4000000;
    uint64_t doubt_us = 0;

    if (wr_ntp_weigh(r, WR_S, 2 * WR_S, NEAR_S, &base_us, &doubt_us)) {
        promise(base_us - NEAR_S * 1000000 < limit_us && base_us - NEAR_S * 1000000 > -limit_us);
        promise(doubt_us >= WR_S / 2 && doubt_us <= WR_S / 2 + 16 * WR_S);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_ntp_reply r = {0};
    uint8_t request[WR_NTP_SIZE];
    uint64_t nonce = 0;

    if (size < 8) {
        return 0;
    }
    for (unsigned i = 0; i < 8; i++) {
        nonce = nonce << 8 | data[i];
    }
    wr_ntp_ask(nonce, request);
    promise(wr_ntp_read(request, sizeof(request), nonce, &r) == WR_NTP_FOREIGN);
    if (wr_ntp_read(data + 8, size - 8, nonce, &r) == WR_NTP_TIME) {
        promise(size >= 8 + WR_NTP_SIZE && memcmp(data, data + 8 + 24, 8) == 0);
        promise(r.stratum > 0 && r.stratum < 16);
        weigh(&r);
    }
    return 0;
}
