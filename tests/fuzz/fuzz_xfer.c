/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfer: the octets are what a primary sends, whatever it was asked, in pieces whose size the second octet tells; the first says what
 * there is to begin with. Whatever comes: what is handed out fits together (nothing is added before it begins, nothing is
 * committed that was dropped), what is committed is a zone with the serial that was said, and every connection ends.
 */
#include "fuzz.h"

#include "base/err.h"
#include "conf/copybuild.h"
#include "dns/codes.h"
#include "resolve/xfer.h"

static const uint8_t zone[] = "\7example";
static const struct wr_hash_key key = {{1, 2}};
static struct wr_xfer x;
static uint8_t room[WR_XFER_ROOM];
static struct wr_names copy;
static struct wr_copybuild build;
static bool building, open_;
static uint32_t conn;
static unsigned commits;

static void feed(enum wr_xfer_event_kind kind, const uint8_t *bytes, size_t size,
                 const struct wr_now *now)
{
    const struct wr_xfer_event event = {
        .kind = kind, .conn = conn, .bytes = bytes, .size = size, .reason = "spoilt"};

    wr_xfer_feed(&x, &event, now);
}

static void commit(uint32_t serial, const struct wr_now *now)
{
    struct wr_names names;
    struct wr_soa_numbers n;

    promise(building);
    building = false;
    if (wr_copybuild_end(&build, zone, &names) != WR_OK) {
        feed(WR_XFER_SPOILT, NULL, 0, now);
        return;
    }
    promise(wr_xferread_numbers(wr_copybuild_soa(&names, zone)->rdata,
                                wr_copybuild_soa(&names, zone)->size, &n));
    promise(n.serial == serial);
    wr_names_free(&copy);
    copy = names;
    commits++;
    feed(WR_XFER_TAKEN, NULL, 0, now);
    promise(x.data == WR_XFER_LIVE && x.soa.serial == serial);
}

static void gather(enum wr_xfer_what what, const struct wr_xfer_action *a, const struct wr_now *now)
{
    int err;

    if (what == WR_XFER_BEGIN) {
        promise(!building);
        building = wr_copybuild_start(&build, a->incremental ? &copy : NULL, &key) == WR_OK;
        return;
    }
    if (!building) {
        return; /* given up by us */
    }
    promise(wr_name_in(a->rr.owner, zone) || what == WR_XFER_REMOVE);
    err = what == WR_XFER_ADD ? wr_copybuild_add(&build, &a->rr)
                              : wr_copybuild_remove(&build, &a->rr);
    if (err) {
        wr_copybuild_drop(&build);
        building = false;
        feed(WR_XFER_SPOILT, NULL, 0, now);
    }
}

static void drain(const struct wr_now *now)
{
    struct wr_xfer_action a;
    enum wr_xfer_what what;

    for (unsigned i = 0; (what = wr_xfer_poll(&x, now, &a)) != WR_XFER_NOTHING; i++) {
        promise(i < 100000);
        switch (what) {
        case WR_XFER_OPEN:
            promise(!open_);
            open_ = true;
            conn = a.conn;
            break;
        case WR_XFER_SEND: promise(open_ && a.conn == conn && a.size > 14); break;
        case WR_XFER_CLOSE:
            promise(open_);
            open_ = false;
            break;
        case WR_XFER_BEGIN:
        case WR_XFER_ADD:
        case WR_XFER_REMOVE: gather(what, &a, now); break;
        case WR_XFER_COMMIT: commit(a.serial, now); break;
        case WR_XFER_DROP:
            if (building) {
                wr_copybuild_drop(&build);
            }
            building = false;
            break;
        default: break;
        }
    }
}

/* One message of the primary, with its length before it; its id is that of the question, which is not to be guessed. */
static void say(const uint8_t *message, size_t size, size_t piece, struct wr_now *now)
{
    static uint8_t octets[2 + WR_MSG_MAX];

    if (x.state == WR_XFER_WAIT) {
        now->mono_us = wr_xfer_deadline(&x) > now->mono_us ? wr_xfer_deadline(&x) : now->mono_us;
        feed(WR_XFER_TICK, NULL, 0, now);
        drain(now);
    }
    feed(WR_XFER_CONNECTED, NULL, 0, now);
    drain(now);
    memcpy(octets, message, 2 + size);
    if (size >= 2) {
        octets[2] = (uint8_t)(x.id >> 8);
        octets[3] = (uint8_t)x.id;
    }
    for (size_t at = 0; at < 2 + size; at += piece) {
        feed(WR_XFER_OCTETS, octets + at, 2 + size - at < piece ? 2 + size - at : piece, now);
        drain(now);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy with serial 5. */
    static const uint8_t soa[] =
        "\2ns\7example\0\4root\7example\0\0\0\0\5\0\0\0\7\0\0\0\7\0\0\1\7\0\0\0\7";
    static const struct wr_xfer_settings settings = {
        .zone = zone,
        .primary = {{.addr = {.family = WR_AF_V4, .port = 53}},
                    {.addr = {.family = WR_AF_V4, .port = 54}}},
        .primaries = 2};
    struct wr_now now = {.mono_us = 1000 * WR_S, .wall_s = 1700000000, .wall_proven = true};
    struct wr_rng rng;
    size_t piece;

    if (size < 2) {
        return 0;
    }
    wr_rng_seed_u64(&rng, 1);
    wr_xfer_start(&x, &settings, &rng, room, &now);
    wr_names_init(&copy, "");
    building = open_ = false;
    commits = 0;
    if (data[0] & 1) {
        promise(wr_names_add(&copy, zone, WR_TYPE_SOA, 60, soa, sizeof(soa) - 1, 0));
        promise(wr_names_add(&copy, zone, WR_TYPE_NS, 60, zone, sizeof(zone), 0));
        promise(wr_xfer_restore(&x, soa, sizeof(soa) - 1, 0, &now) == WR_OK);
    }
    piece = 1 + (size_t)data[1] * 8;
    feed(WR_XFER_TICK, NULL, 0, &now);
    drain(&now);
    for (size_t at = 2; at + 2 <= size;) {
        size_t n = (size_t)data[at] << 8 | data[at + 1];

        n = n < size - at - 2 ? n : size - at - 2;
        say(data + at, n, piece, &now);
        at += 2 + n;
    }
    if (open_) {
        open_ = false;
        feed(WR_XFER_CLOSED, NULL, 0, &now);
        drain(&now);
    }
    promise(wr_xfer_deadline(&x) > now.mono_us || x.state == WR_XFER_WAIT);
    if (building) {
        wr_copybuild_drop(&build);
    }
    wr_names_free(&copy);
    wr_xfer_close(&x);
    return 0;
}
