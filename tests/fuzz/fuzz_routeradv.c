/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Router advertisements, as anybody on the link can send them. The octets are messages, each behind two octets of size, of two routers
 * in turn, eight seconds apart. A prefix that is read is one that a translator can have; the table never uses one that nobody stands by, and
 * what it uses is gone when all lifetimes are over.
 */
#include "base/err.h"
#include "base/time.h"
#include "fuzz.h"
#include "resolve/dns64.h"
#include "resolve/pref64.h"

static bool stands(const struct wr_pref64 *p, uint64_t now_us)
{
    for (uint32_t i = 0; i < p->entries; i++) {
        promise(p->entry[i].until_us > now_us);
        if (wr_pref64_same(&p->entry[i].prefix, &p->used)) {
            return true;
        }
    }
    return false;
}

static void hear(struct wr_pref64 *p, unsigned number, const uint8_t *data, size_t size,
                 uint64_t now_us)
{
    struct wr_addr router = {.family = WR_AF_V6, .ip = {0xfe, 0x80}, .scope = number % 2 + 1};
    struct wr_prefix before = p->used;
    struct wr_routeradv adv;

    if (wr_routeradv_read(data, size, &adv) == WR_OK) {
        promise(adv.prefixes <= WR_ROUTERADV_PREFIXES_MAX);
        for (uint32_t i = 0; i < adv.prefixes; i++) {
            promise(wr_dns64_is_prefix(&adv.prefix[i].prefix));
            promise(adv.prefix[i].lifetime_s % 8 == 0 && adv.prefix[i].lifetime_s < 65536);
        }
        promise(adv.resolvers <= WR_ROUTERADV_RESOLVERS_MAX);
        for (uint32_t i = 0; i < adv.resolvers; i++) {
            promise(adv.resolver[i].addr.family == WR_AF_V6 && adv.resolver[i].addr.port == 0);
        }
        wr_pref64_hear(p, &router, &adv, now_us);
    }
    promise(wr_pref64_look(p, now_us) == !wr_pref64_same(&before, &p->used));
    promise(stands(p, now_us) == (p->used.addr.family != WR_AF_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_pref64 p = {.entries = 0};
    uint64_t now_us = WR_S;
    unsigned number = 0;

    for (size_t at = 0; at + 2 <= size; number++, now_us += 8 * WR_S) {
        size_t n = (size_t)data[at] << 8 | data[at + 1];
        at += 2;
        n = n < size - at ? n : size - at;
        hear(&p, number, data + at, n, now_us);
        at += n;
    }
    wr_pref64_look(&p, now_us + 65536 * WR_S);
    promise(p.entries == 0 && p.used.addr.family == WR_AF_NONE);
    promise(wr_pref64_deadline(&p) == WR_TIME_NEVER);
    return 0;
}
