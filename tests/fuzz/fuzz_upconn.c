/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an upstream says on a connection. The first octet: its kind, whether a true server in memory does the handshake first
 * (what comes is plaintext by one who has proven itself then, else it is what stands on the wire), HTTP/1.1 or 2, and whether
 * an oblivious target's configuration is known already, or pinned. The rest are pieces as they come, each behind its length in one octet.
 *
 * Nothing is ready that was not proven, each question is settled at most once, nothing is told after the end, all memory is
 * given back.
 */
#include "tlspair.h"

#include "transport/odohkeys.h"
#include "transport/upconn.h"

enum { KINDS = 4, PROVEN = 4, OLD = 8, KNOWN = 16, PINNED = 32, ASKED = 2, ID = 0x1234 };

static const uint8_t query[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\4lamp\4home\0\0\1\0\1";
static uint8_t room[WR_UPCONN_ROOM], out[WR_UPCONN_OUT], plain[WR_UPCONN_PLAIN];
static uint8_t said_room[64 * 1024], heard[17 * 1024];
static struct wr_tls server;
static struct wr_writer said_out; /* what the server says */
static struct wr_upconn c;
static struct wr_odohkept kept;
static struct wr_rng rng;
static long pieces;
static bool proven, ended;
static unsigned readies, asked, settled[ASKED];

static int judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *ret_why)
{
    return proven ? tlspair_judge(user, chain, ret_why) : WR_E_DENIED;
}

/* One configuration: kept of an earlier connection, or as the owner has it, or none. */
static void know(uint8_t how, struct wr_upconn_oblivious *target)
{
    static const uint8_t seed[WR_ODOH_RANDOM] = {9};
    static uint8_t octets[256];
    struct wr_odoh_key key;
    struct wr_writer w;

    promise(wr_odoh_key_make(&key, WR_AEAD_AES128GCM, seed) == WR_OK);
    kept = (struct wr_odohkept){0};
    if (how & KNOWN) {
        kept.config = key.config;
        kept.until_us = WR_TIME_NEVER;
    }
    if (how & PINNED) {
        wr_buf_write_init(&w, octets, sizeof(octets));
        promise(wr_odoh_configs_write(&key.config, 1, &w) == WR_OK);
        target->pinned = octets;
        target->pinned_size = w.pos;
    }
}

static void ask(void)
{
    uint8_t message[sizeof(query) - 1];
    memcpy(message, query, sizeof(message));
    for (; asked < ASKED && wr_upconn_can_ask(&c); asked++) {
        message[1] = (uint8_t)(query[1] + asked);
        if (wr_upconn_ask(&c, message, sizeof(message)) != WR_OK) {
            return;
        }
    }
}

static void told(const struct wr_upconn_said *said)
{
    bool settles = said->kind == WR_UPCONN_SAID_ANSWER || said->kind == WR_UPCONN_SAID_FAILED;
    promise(!ended);
    ended = said->kind == WR_UPCONN_SAID_ENDED;
    promise(said->kind != WR_UPCONN_SAID_ANSWER || said->size >= 12);
    promise(said->kind != WR_UPCONN_SAID_READY ||
            (++readies == 1 && (c.kind == WR_UPCONN_TCP || proven)));
    if (settles && c.web) { /* of the others the owner finds whose it is */
        promise((unsigned)said->id - ID < asked && ++settled[said->id - ID] == 1);
    }
}

static void attend(void)
{
    struct wr_upconn_said said;
    while (wr_upconn_next(&c, &tlspair_now, &said)) {
        told(&said);
    }
    promise(!ended || !wr_upconn_can_ask(&c));
    ask();
}

/* Octets to the server, who reads them and says nothing of its own. */
static void hear(void)
{
    const uint8_t *bytes;
    size_t n, size = wr_upconn_output(&c, &bytes);
    promise(size <= WR_UPCONN_OUT);
    if (proven && size > 0) {
        wr_tls_feed(&server, bytes, size, &tlspair_now);
        while (wr_tls_read(&server, heard, sizeof(heard), &n, &said_out) == WR_OK) {
        }
    }
}

static void say(void)
{
    static uint8_t bytes[sizeof(said_room)];
    size_t size = said_out.pos;
    memcpy(bytes, said_room, size);
    said_out.pos = 0;
    wr_upconn_feed(&c, bytes, size, &tlspair_now);
    attend();
}

static void shake(bool old)
{
    static const char *const dot[] = {"dot"}, *const web[] = {"h2", "http/1.1"};
    bool is_dot = c.kind == WR_UPCONN_DOT;
    struct wr_tls_setup setup =
        tlspair_setup(WR_TLS_SERVER, is_dot ? dot : web + old, is_dot || old ? 1 : 2);
    wr_buf_write_init(&said_out, said_room, sizeof(said_room));
    promise(wr_tls_start(&server, &setup, &tlspair_now, NULL) == WR_OK);
    for (unsigned turn = 0; turn < 3; turn++) {
        hear();
        say();
    }
    promise(server.state == WR_TLS_OPEN && c.tls.state == WR_TLS_OPEN);
}

static void begin(uint8_t how)
{
    static const uint8_t kinds[KINDS] = {WR_UPCONN_TCP, WR_UPCONN_DOT, WR_UPCONN_DOH,
                                         WR_UPCONN_ODOH};
    struct wr_upconn_setup setup = {
        .kind = kinds[how % KINDS], .room = room, .out = out, .plain = plain};
    setup.secure = (struct wr_upconn_secure){
        .creds = tlspair_client,
        .verify = judge,
        .name = TLSPAIR_NAME,
        .host = TLSPAIR_NAME,
        .path = "/q",
        .memory = {fuzz_resize, &pieces},
        .target = {.host = "target.example", .path = "/q", .rng = &rng, .kept = &kept}};
    know(how, &setup.secure.target);
    proven = setup.kind != WR_UPCONN_TCP && (how & PROVEN);
    ended = false;
    readies = asked = 0;
    memset(settled, 0, sizeof(settled));
    wr_upconn_start(&c, &setup);
    wr_upconn_opened(&c, NULL, 0);
    attend();
    if (proven) {
        shake((how & OLD) != 0);
    }
}

static void come(const uint8_t *bytes, size_t size)
{
    if (proven) {
        promise(wr_tls_write(&server, bytes, size, &said_out) == WR_OK);
        say();
    } else {
        wr_upconn_feed(&c, bytes, size, &tlspair_now);
        attend();
    }
    hear();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    tlspair_make();
    wr_rng_seed_u64(&rng, 3);
    begin(data[0]);
    for (size_t at = 1; at < size && !ended;) {
        size_t piece = data[at++];
        piece = piece < size - at ? piece : size - at;
        come(data + at, piece);
        at += piece;
    }
    wr_upconn_close(&c);
    hear();
    wr_upconn_end(&c);
    wr_tls_end(&server);
    promise(pieces == 0);
    return 0;
}
