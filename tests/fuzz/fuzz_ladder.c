/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ladder: the octets are what servers, names and the clock do. Whatever they say, nothing below the floor is believed,
 * proven is what enough servers agree in, and nothing where one is to sign it and does not; polling ends, and after silence a round is judged and
 * the next is due.
 */
#include <string.h>

#include "fuzz.h"
#include "resolve/ladder.h"

#define FLOOR_S INT64_C(1767225600)

struct bed {
    struct wr_ladder l;
    struct wr_rng rng;
    struct wr_now now;
    struct wr_ladder_action last[WR_TIME_SERVERS_MAX];
};

static void poll(struct bed *b)
{
    struct wr_ladder_action a;
    unsigned n = 0;

    while (wr_ladder_poll(&b->l, &b->now, &a)) {
        promise(++n <= WR_TIME_SERVERS_MAX && a.server < b->l.servers);
        b->last[a.server] = a.kind == WR_LADDER_SEND ? a : b->last[a.server];
    }
    int64_t wall_us = b->l.base_us + (int64_t)b->now.mono_us;
    promise(b->l.state == WR_TRUSTTIME_UNPROVEN || wall_us >= b->l.floor_s * 1000000);
    promise(b->l.state != WR_TRUSTTIME_PROVEN || b->l.witnesses >= b->l.agree);
    promise(b->l.state != WR_TRUSTTIME_PROVEN || b->l.roughs == 0);
    promise(b->l.witnesses <= b->l.servers);
}

static void feed(struct bed *b, struct wr_ladder_event e)
{
    wr_ladder_feed(&b->l, &e, &b->now);
    poll(b);
}

/* A reply with the right nonce and the octets for the rest. */
static void reply(struct bed *b, unsigned server, const uint8_t *data, size_t size)
{
    uint8_t m[WR_NTP_SIZE] = {4 << 3 | 4, 1};

    memcpy(m + 32, "\xee\xb0\x00\x00", 4);
    memcpy(m + 40, "\xee\xb0\x00\x00", 4);
    for (size_t i = 0; i < size && i < 4; i++) {
        m[32 + i] ^= data[i];
        m[40 + i] ^= data[i];
    }
    if (size > 4) {
        m[data[4] % WR_NTP_SIZE] ^= data[4] / 8;
    }
    memcpy(m + 24, b->last[server].bytes + 40, 8);
    feed(b, (struct wr_ladder_event){
                .kind = WR_LADDER_REPLY, .id = b->last[server].id, .bytes = m, .size = sizeof(m)});
}

static void step(struct bed *b, const uint8_t *data, size_t size)
{
    unsigned server = data[1] % WR_TIME_SERVERS_MAX;
    struct wr_addr addr[2] = {{.ip = {10, data[2], 0, 1}, .family = WR_AF_V4},
                              {.ip = {0x20, 1, data[2]}, .family = WR_AF_V6}};

    switch (data[0] % 8) {
    case 0:
        feed(b, (struct wr_ladder_event){
                    .kind = WR_LADDER_FOUND, .server = server, .addr = addr, .addrs = data[2] % 3});
        break;
    case 1:
        feed(b, (struct wr_ladder_event){.kind = WR_LADDER_LOST, .id = b->last[server].id});
        break;
    case 2: feed(b, (struct wr_ladder_event){.kind = WR_LADDER_LINK}); break;
    case 3:
        feed(b,
             (struct wr_ladder_event){
                 .kind = WR_LADDER_REPLY, .id = b->last[server].id, .bytes = data, .size = size});
        break;
    case 4: wr_ladder_raise_floor(&b->l, FLOOR_S + data[2] * INT64_C(10000000), &b->now); break;
    case 5: b->now.mono_us += data[2] * WR_S / 4; break;
    default: reply(b, server, data + 2, size - 2); break;
    }
    feed(b, (struct wr_ladder_event){.kind = WR_LADDER_TIME});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const text[] = {"192.0.2.1",      "192.0.2.9",       "time.example",
                                       "198.51.100.1:9", "[2001:db8::1]:9", "b.example:99",
                                       "203.0.113.1"};
    struct wr_time_server server[WR_TIME_SERVERS_MAX];
    struct bed b = {.now = {.mono_us = WR_S}};

    if (size < 2) {
        return 0;
    }
    for (unsigned i = 0; i < WR_TIME_SERVERS_MAX - 1; i++) {
        promise(wr_ladder_server(text[i], &server[i]) == 0);
    }
    promise(wr_ladder_rough_server("c.example QKzSFPlNAsgQDQZZcW7MjJ+pPbf+Ty3gtoDPqPbhxAk=",
                                   &server[WR_TIME_SERVERS_MAX - 1]) == 0);
    wr_rng_seed_u64(&b.rng, data[0]);
    wr_ladder_start(&b.l, server, data[0] % (WR_TIME_SERVERS_MAX + 1), 1 + data[1] % 4, FLOOR_S,
                    &b.rng, &b.now);
    feed(&b, (struct wr_ladder_event){.kind = WR_LADDER_TIME});
    for (size_t at = 2; at + 7 <= size && at < 7000; at += 7) {
        step(&b, data + at, 7);
    }
    for (unsigned i = 0; b.l.open; i++) { /* all fall silent */
        promise(i < 64);
        uint64_t at_us = wr_ladder_deadline(&b.l);
        b.now.mono_us = at_us > b.now.mono_us ? at_us : b.now.mono_us;
        feed(&b, (struct wr_ladder_event){.kind = WR_LADDER_TIME});
    }
    promise(b.l.servers == 0 || b.l.next_us > b.now.mono_us);
    return 0;
}
