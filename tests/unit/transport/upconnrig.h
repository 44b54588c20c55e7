/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to an upstream and a server of ours (dotserver.h), in one test each: octets go to and fro between the two by
 * `play`, what the client tells stands in `said`, its tickets are kept in `ticket`.
 */
#ifndef WR_UNIT_TRANSPORT_UPCONNRIG_H
#define WR_UNIT_TRANSPORT_UPCONNRIG_H

#include "unit/transport/dotserver.h"

#include "transport/upconn.h"

static struct dotserver d;
static struct wr_upconn c;
static struct wr_upconn_said said;
static uint8_t room[WR_UPCONN_ROOM], out[WR_UPCONN_OUT], plain[WR_UPCONN_PLAIN];
static struct wr_creds *trust;
static const char *host;
static uint8_t ticket[WR_UPCONN_PLAIN];
static size_t ticket_size;
static size_t at, have; /* of what the server said: fed, and there */

static int judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *ret_why)
{
    return wr_creds_verify(trust, chain, host, ret_why);
}

static int teardown(void **state)
{
    wr_upconn_end(&c);
    dotserver_end(&d);
    wr_creds_drop(trust);
    return 0;
}

/* Octets go to and fro until the client has something to tell, or nobody has anything to say. `step`: octets at once; 0: all. */
static bool play(size_t step)
{
    static uint8_t bytes[64 * 1024];
    for (unsigned turn = 0; turn < 20000; turn++) {
        if (wr_upconn_next(&c, &dotserver_now, &said)) {
            return true;
        }
        const uint8_t *sent;
        size_t size = wr_upconn_output(&c, &sent);
        if (size) {
            dotserver_hear(&d, sent, size);
        }
        if (at == have) {
            at = 0;
            have = dotserver_say(&d, &sent);
            memcpy(bytes, sent, have);
        }
        if (at == have && size == 0) {
            return false;
        }
        size = step && have - at > step ? step : have - at;
        if (size) {
            wr_upconn_feed(&c, bytes + at, size, &dotserver_now);
            at += size;
        }
    }
    fail_msg("no end of it");
    return false;
}

static void expect(uint8_t kind, size_t step)
{
    assert_true(play(step));
    while (said.kind == WR_UPCONN_SAID_TICKET && kind != WR_UPCONN_SAID_TICKET) {
        assert_true(said.size <= sizeof(ticket));
        memcpy(ticket, said.msg, said.size);
        ticket_size = said.size;
        assert_true(play(step));
    }
    assert_int_equal(said.kind, kind);
}

/* Nobody has anything to say any more. */
static void settle(void)
{
    while (play(0)) {
        assert_int_equal(said.kind, WR_UPCONN_SAID_TICKET);
        memcpy(ticket, said.msg, said.size);
        ticket_size = said.size;
    }
}

#endif
