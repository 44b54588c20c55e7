/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/ntp.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/time.h"

/* Seconds from 1900 to 1970. */
#define UNIX_S INT64_C(2208988800)
/* A server that may be off by more does not know the time (RFC 5905 appendix A.5.5.2, MAXDISP). */
#define DOUBT_MAX_US 16000000u
/* What coarse clocks and a step in the middle may add to a round trip. */
#define SLACK_US 1000000

enum { VERSION = 4, MODE_CLIENT = 3, MODE_SERVER = 4, LEAP_UNKNOWN = 3, STRATUM_MAX = 15 };

void wr_ntp_ask(uint64_t nonce, uint8_t ret_bytes[WR_NTP_SIZE])
{
    struct wr_writer w;

    memset(ret_bytes, 0, WR_NTP_SIZE);
    wr_buf_write_init(&w, ret_bytes, WR_NTP_SIZE);
    wr_buf_put_u8(&w, VERSION << 3 | MODE_CLIENT);
    (void)wr_buf_take(&w, 39);
    wr_buf_put_u64(&w, nonce);
}

/* 16.16 seconds. */
static uint64_t short_us(uint32_t v)
{
    return (uint64_t)v * WR_S >> 16;
}

/* A kiss code is four letters where a synchronised server has its reference (RFC 5905 section 7.4). */
static enum wr_ntp_verdict kiss(const uint8_t *code)
{
    if (memcmp(code, "DENY", 4) == 0 || memcmp(code, "RSTR", 4) == 0) {
        return WR_NTP_REFUSED;
    }
    return memcmp(code, "RATE", 4) == 0 ? WR_NTP_SLOWER : WR_NTP_UNKNOWN;
}

enum wr_ntp_verdict wr_ntp_read(const uint8_t *bytes, size_t size, uint64_t nonce,
                                struct wr_ntp_reply *ret_reply)
{
    struct wr_ntp_reply r;
    struct wr_reader in;

    wr_buf_read_init(&in, bytes, size);
    uint8_t first = wr_buf_get_u8(&in), version = first >> 3 & 7;
    r.stratum = wr_buf_get_u8(&in);
    wr_buf_skip(&in, 2); /* poll interval, precision */
    uint64_t doubt_us = short_us(wr_buf_get_u32(&in)) / 2;
    doubt_us += short_us(wr_buf_get_u32(&in));
    const uint8_t *reference = wr_buf_get_bytes(&in, 4);
    wr_buf_skip(&in, 8); /* when the server was set */
    uint64_t origin = wr_buf_get_u64(&in);
    r.receive = wr_buf_get_u64(&in);
    r.transmit = wr_buf_get_u64(&in);
    if (in.err || origin != nonce || (first & 7) != MODE_SERVER || version == 0 ||
        version > VERSION) {
        return WR_NTP_FOREIGN;
    }
    if (r.stratum == 0) {
        return kiss(reference);
    }
    if (first >> 6 == LEAP_UNKNOWN || r.stratum > STRATUM_MAX || doubt_us > DOUBT_MAX_US ||
        r.receive == 0 || r.transmit == 0) {
        return WR_NTP_UNKNOWN;
    }
    r.doubt_us = (uint32_t)doubt_us;
    *ret_reply = r;
    return WR_NTP_TIME;
}

/* Microseconds since 1970 of the moment nearest to `near_s`. */
static int64_t unfold_us(uint64_t stamp, int64_t near_s)
{
    uint32_t near = (uint32_t)(uint64_t)(near_s + UNIX_S);
    int64_t s = near_s + (int32_t)((uint32_t)(stamp >> 32) - near);

    return s * (int64_t)WR_S + (int64_t)((stamp & UINT32_MAX) * WR_S >> 32);
}

bool wr_ntp_weigh(const struct wr_ntp_reply *reply, uint64_t sent_us, uint64_t got_us,
                  int64_t near_s, int64_t *ret_base_us, uint64_t *ret_doubt_us)
{
    int64_t there_us = unfold_us(reply->receive, near_s) - (int64_t)sent_us;
    int64_t back_us = unfold_us(reply->transmit, near_s) - (int64_t)got_us;
    int64_t trip_us = (int64_t)(got_us - sent_us);

    if (trip_us < 0 || trip_us > (int64_t)WR_TIME_TRIP_MAX_US) {
        return false;
    }
    if (there_us - back_us > trip_us + SLACK_US || back_us - there_us > SLACK_US) {
        return false;
    }
    *ret_base_us = there_us + (back_us - there_us) / 2;
    *ret_doubt_us = (uint64_t)trip_us / 2 + reply->doubt_us;
    return true;
}
