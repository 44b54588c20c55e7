/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/ladder.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

#define FIND_US    (10 * WR_S) /* a name may lie behind several slow servers */
#define REPLY_US   (2 * WR_S)
#define TRIES      2
#define LINK_US    (2 * WR_S) /* after a change of the network */
#define SILENCE_US (2 * WR_S)
#define POLITE_US  (16 * WR_S)
#define ROUND_US   (3600 * WR_S)
#define DAY_US     (86400 * WR_S)
#define DOUBLINGS  12

/* Of one network, whoever runs it can say the same lie many times. */
#define NETWORK4 24
#define NETWORK6 48

/* --- the owner's list --------------------------------------------------------------------------- */

int wr_ladder_server(const char *text, struct wr_time_server *ret_server)
{
    struct wr_time_server s = {.addr = {.port = WR_NTP_PORT}};
    size_t n = strlen(text), name = 0;
    uint64_t port = WR_NTP_PORT;

    if (wr_addr_from_text(text, &s.addr) == WR_OK) {
        s.addr.port = s.addr.port ? s.addr.port : WR_NTP_PORT;
        *ret_server = s;
        return WR_OK;
    }
    while (name < n && text[name] != ':') {
        name++;
    }
    if (name < n && (wr_str_to_u64(text + name + 1, n - name - 1, UINT16_MAX, &port) || !port)) {
        return WR_E_FORMAT;
    }
    s.addr = (struct wr_addr){.port = (uint16_t)port};
    if (wr_name_from_text(text, name, &s.name) || s.name.size <= 1) {
        return WR_E_FORMAT;
    }
    *ret_server = s;
    return WR_OK;
}

const char *wr_ladder_rung_name(enum wr_rung state)
{
    static const char *const names[] = {"idle",
                                        "finding its address",
                                        "asked",
                                        "heard",
                                        "agrees",
                                        "contradicts the others",
                                        "below the floor",
                                        "in the network of another",
                                        "has no address",
                                        "silent",
                                        "does not know the time",
                                        "does not want to be asked"};

    return (unsigned)state < WR_ARRAY_LEN(names) ? names[state] : "unknown";
}

/* --- one server --------------------------------------------------------------------------------- */

static uint32_t id_of(const struct wr_ladder *l, const struct wr_ladder_rung *r)
{
    return l->round * (WR_TIME_SERVERS_MAX * 4) + (uint32_t)(r - l->rung) * 4 + r->tries % 4u;
}

static struct wr_ladder_rung *rung_of(struct wr_ladder *l, uint32_t id)
{
    struct wr_ladder_rung *r = &l->rung[id / 4 % WR_TIME_SERVERS_MAX];
    return r->state == WR_RUNG_ASKED && r->want != WR_LADDER_SEND && id_of(l, r) == id ? r : NULL;
}

static bool is_over(const struct wr_ladder_rung *r)
{
    return r->state != WR_RUNG_FINDING && r->state != WR_RUNG_ASKED;
}

static void end(struct wr_ladder_rung *r, enum wr_rung state)
{
    r->want = r->state == WR_RUNG_ASKED ? WR_LADDER_CLOSE : WR_LADDER_NOTHING;
    r->state = (uint8_t)state;
}

static void ask(struct wr_ladder *l, struct wr_ladder_rung *r, const struct wr_now *now)
{
    r->asked = r->addr[r->next++ % r->addrs];
    r->nonce = wr_rng_u64(l->rng);
    r->tries++;
    r->state = WR_RUNG_ASKED;
    r->want = WR_LADDER_SEND;
    r->until_us = now->mono_us + REPLY_US;
}

static void begin(struct wr_ladder *l, struct wr_ladder_rung *r, const struct wr_now *now)
{
    r->tries = r->foreign = 0;
    if (now->mono_us < r->rest_us) {
        r->state = WR_RUNG_RESTING;
    } else if (r->server.name.size > 0) {
        r->state = WR_RUNG_FINDING;
        r->want = WR_LADDER_FIND;
        r->until_us = now->mono_us + FIND_US;
    } else {
        r->addr[0] = r->server.addr;
        r->addrs = 1;
        ask(l, r, now);
    }
}

/* Once more, of its next address, or it is silent. */
static void unheard(struct wr_ladder *l, struct wr_ladder_rung *r, const struct wr_now *now)
{
    if (r->tries < TRIES) {
        ask(l, r, now);
    } else {
        end(r, WR_RUNG_SILENT);
    }
}

static void found(struct wr_ladder *l, const struct wr_ladder_event *e, const struct wr_now *now)
{
    struct wr_ladder_rung *r = e->server < l->servers ? &l->rung[e->server] : NULL;

    if (r == NULL || r->state != WR_RUNG_FINDING || r->want != WR_LADDER_NOTHING) {
        return;
    }
    r->addrs = (uint8_t)(e->addrs < WR_TIME_ADDRS_MAX ? e->addrs : WR_TIME_ADDRS_MAX);
    for (unsigned i = 0; i < r->addrs; i++) {
        r->addr[i] = e->addr[i];
        r->addr[i].port = r->server.addr.port;
    }
    if (r->addrs == 0) {
        end(r, WR_RUNG_NOT_FOUND);
        return;
    }
    r->next = (uint8_t)wr_rng_below(l->rng, r->addrs);
    ask(l, r, now);
}

static void rest(struct wr_ladder_rung *r, uint64_t until_us)
{
    r->rest_us = until_us;
    end(r, WR_RUNG_RESTING);
}

static void reply(struct wr_ladder *l, struct wr_ladder_rung *r, const struct wr_ladder_event *e,
                  const struct wr_now *now)
{
    struct wr_ntp_reply said;

    switch (wr_ntp_read(e->bytes, e->size, r->nonce, &said)) {
    case WR_NTP_FOREIGN:
        if (++r->foreign >= WR_TIME_FOREIGN_MAX) {
            unheard(l, r, now);
        }
        return;
    case WR_NTP_REFUSED: rest(r, now->mono_us + DAY_US); return;
    case WR_NTP_SLOWER: rest(r, now->mono_us + ROUND_US); return;
    case WR_NTP_UNKNOWN: end(r, WR_RUNG_UNKNOWING); return;
    case WR_NTP_TIME: break;
    }
    bool fits =
        wr_ntp_weigh(&said, r->sent_us, now->mono_us, l->floor_s, &r->base_us, &r->doubt_us);
    end(r, fits ? WR_RUNG_HEARD : WR_RUNG_UNKNOWING);
}

/* --- the round ---------------------------------------------------------------------------------- */

static bool same_network(const struct wr_addr *a, const struct wr_addr *b)
{
    unsigned bits = a->family == WR_AF_V4 ? NETWORK4 : NETWORK6;
    struct wr_addr x = wr_addr_mask(a, bits), y = wr_addr_mask(b, bits);
    return wr_addr_same_ip(&x, &y);
}

static bool agree(const struct wr_ladder_rung *a, const struct wr_ladder_rung *b)
{
    int64_t apart_us = a->base_us - b->base_us;
    return apart_us <= WR_TIME_AGREE_US && apart_us >= -WR_TIME_AGREE_US;
}

/* How many say what this one says, itself too. */
static unsigned count_with(const struct wr_ladder *l, const struct wr_ladder_rung *r)
{
    unsigned n = 0;
    for (unsigned i = 0; i < l->servers; i++) {
        n += l->rung[i].state == WR_RUNG_HEARD && agree(r, &l->rung[i]);
    }
    return n;
}

/* What cannot be and what counts already is put aside; returns how many in different networks were heard. */
static unsigned sift(struct wr_ladder *l, const struct wr_now *now)
{
    unsigned heard = 0;
    for (unsigned i = 0; i < l->servers; i++) {
        struct wr_ladder_rung *r = &l->rung[i];
        if (r->state != WR_RUNG_HEARD) {
            continue;
        }
        for (unsigned k = 0; k < i; k++) {
            bool other = l->rung[k].state == WR_RUNG_HEARD || l->rung[k].state == WR_RUNG_BELOW;
            if (other && same_network(&l->rung[k].asked, &r->asked)) {
                r->state = WR_RUNG_SAME;
            }
        }
        if (r->state == WR_RUNG_HEARD) {
            heard++;
            bool below = r->base_us + (int64_t)now->mono_us < l->floor_s * (int64_t)WR_S;
            r->state = below ? WR_RUNG_BELOW : r->state;
        }
    }
    return heard;
}

/* The one that most agree with; `ret_count`: how many. NULL: nobody, or others say something else and are as many. */
static const struct wr_ladder_rung *choose(const struct wr_ladder *l, unsigned *ret_count)
{
    const struct wr_ladder_rung *best = NULL;
    bool tie = false;

    *ret_count = 0;
    for (unsigned i = 0; i < l->servers; i++) {
        const struct wr_ladder_rung *r = &l->rung[i];
        unsigned n = r->state == WR_RUNG_HEARD ? count_with(l, r) : 0;
        if (n > *ret_count) {
            best = r;
            *ret_count = n;
            tie = false;
        } else if (n > 0 && n == *ret_count && !agree(best, r)) {
            tie = true;
        }
    }
    return tie ? NULL : best;
}

static void believe(struct wr_ladder *l, const struct wr_ladder_rung *best, unsigned count)
{
    bool proven = count >= l->agree && 2 * count > l->heard;
    bool better = l->state == WR_TRUSTTIME_UNPROVEN ||
                  (l->state == WR_TRUSTTIME_PLAUSIBLE && count >= l->witnesses);

    if (proven || better) {
        l->state = proven ? WR_TRUSTTIME_PROVEN : WR_TRUSTTIME_PLAUSIBLE;
        l->base_us = best->base_us;
        l->witnesses = count;
        l->first = (unsigned)(best - l->rung);
    }
    l->fails = proven ? 0 : l->fails;
}

static void judge(struct wr_ladder *l, const struct wr_now *now)
{
    unsigned count;

    l->open = false;
    l->judged++;
    l->heard = sift(l, now);
    l->fails = l->fails < DOUBLINGS ? (uint8_t)(l->fails + 1) : DOUBLINGS;
    const struct wr_ladder_rung *best = choose(l, &count);
    l->contradicts = best == NULL && count > 0;
    if (best) {
        believe(l, best, count);
    }
    for (unsigned i = 0; i < l->servers; i++) {
        struct wr_ladder_rung *r = &l->rung[i];
        if (r->state == WR_RUNG_HEARD) {
            r->state = best && agree(best, r) ? WR_RUNG_AGREES : WR_RUNG_ALONE;
        }
    }
    uint64_t wait_us = (l->heard > 0 ? POLITE_US : SILENCE_US) << (l->fails > 0 ? l->fails - 1 : 0);
    wait_us = l->fails == 0 || wait_us > ROUND_US ? ROUND_US : wait_us;
    l->next_us = now->mono_us + wait_us + wr_rng_below(l->rng, (uint32_t)(wait_us / 8));
}

static void open_round(struct wr_ladder *l, const struct wr_now *now)
{
    l->open = true;
    l->round++;
    for (unsigned i = 0; i < l->servers; i++) {
        begin(l, &l->rung[i], now);
    }
}

static void time_passed(struct wr_ladder *l, const struct wr_now *now)
{
    if (!l->open && l->servers > 0 && now->mono_us >= l->next_us) {
        open_round(l, now);
        return;
    }
    for (unsigned i = 0; i < l->servers && l->open; i++) {
        struct wr_ladder_rung *r = &l->rung[i];
        if (!is_over(r) && now->mono_us >= r->until_us) {
            if (r->state == WR_RUNG_FINDING) {
                end(r, WR_RUNG_NOT_FOUND);
            } else {
                unheard(l, r, now);
            }
        }
    }
}

/* --- the four calls ----------------------------------------------------------------------------- */

void wr_ladder_start(struct wr_ladder *l, const struct wr_time_server *server, unsigned servers,
                     unsigned agree_count, int64_t floor_s, struct wr_rng *rng,
                     const struct wr_now *now)
{
    wr_assert(servers <= WR_TIME_SERVERS_MAX);
    memset(l, 0, sizeof(*l));
    for (unsigned i = 0; i < servers; i++) {
        l->rung[i].server = server[i];
    }
    l->servers = servers;
    l->agree = agree_count;
    l->floor_s = floor_s;
    l->rng = rng;
    l->state = WR_TRUSTTIME_UNPROVEN;
    l->next_us = now->mono_us;
}

void wr_ladder_feed(struct wr_ladder *l, const struct wr_ladder_event *event,
                    const struct wr_now *now)
{
    struct wr_ladder_rung *r = NULL;

    switch (event->kind) {
    case WR_LADDER_FOUND: found(l, event, now); break;
    case WR_LADDER_REPLY:
        if ((r = rung_of(l, event->id))) {
            reply(l, r, event, now);
        }
        break;
    case WR_LADDER_LOST:
        if ((r = rung_of(l, event->id))) {
            unheard(l, r, now);
        }
        break;
    case WR_LADDER_LINK:
        if (!l->open && l->fails > 0 && l->next_us > now->mono_us + LINK_US) {
            l->next_us = now->mono_us + LINK_US;
            l->fails = 1;
        }
        break;
    case WR_LADDER_TIME: time_passed(l, now); break;
    }
    bool over = l->open;
    for (unsigned i = 0; i < l->servers; i++) {
        over = over && is_over(&l->rung[i]);
    }
    if (over) {
        judge(l, now);
    }
}

bool wr_ladder_poll(struct wr_ladder *l, const struct wr_now *now,
                    struct wr_ladder_action *ret_action)
{
    for (unsigned i = 0; i < l->servers; i++) {
        struct wr_ladder_rung *r = &l->rung[i];
        if (r->want == WR_LADDER_NOTHING) {
            continue;
        }
        *ret_action = (struct wr_ladder_action){
            .kind = (enum wr_ladder_want)r->want, .server = i, .id = id_of(l, r), .to = r->asked};
        if (r->want == WR_LADDER_SEND) {
            r->sent_us = now->mono_us;
            wr_ntp_ask(r->nonce, ret_action->bytes);
        }
        r->want = WR_LADDER_NOTHING;
        return true;
    }
    return false;
}

uint64_t wr_ladder_deadline(const struct wr_ladder *l)
{
    uint64_t at_us = WR_TIME_NEVER;

    if (!l->open) {
        return l->servers > 0 ? l->next_us : WR_TIME_NEVER;
    }
    for (unsigned i = 0; i < l->servers; i++) {
        if (!is_over(&l->rung[i])) {
            at_us = wr_time_min(at_us, l->rung[i].until_us);
        }
    }
    return at_us;
}

void wr_ladder_raise_floor(struct wr_ladder *l, int64_t floor_s, const struct wr_now *now)
{
    l->floor_s = floor_s > l->floor_s ? floor_s : l->floor_s;
    if (l->state != WR_TRUSTTIME_UNPROVEN &&
        l->base_us + (int64_t)now->mono_us < l->floor_s * (int64_t)WR_S) {
        l->state = WR_TRUSTTIME_UNPROVEN;
        l->witnesses = 0;
        l->fails = 0;
        l->next_us = wr_time_min(l->next_us, now->mono_us + POLITE_US);
    }
}
