/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/ladder.h"

#include <string.h>

#include "base/check.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"

#define FIND_US    (10 * WR_S) /* a name may lie behind several slow servers */
#define TRIES      2
#define LINK_US    (2 * WR_S) /* after a change of the network */
#define SILENCE_US (2 * WR_S)
#define POLITE_US  (16 * WR_S)
#define ROUND_US   (3600 * WR_S)
#define DAY_US     (86400 * WR_S)
#define DOUBLINGS  12
/* Roughtime servers that must agree where there are as many. */
#define ROUGH_AGREE 2
/* The longest name in text, or an address, with a port. */
#define SERVER_TEXT_SIZE (WR_NAME_TEXT_SIZE + 8)

/* Of one network, whoever runs it can say the same lie many times. */
#define NETWORK4 24
#define NETWORK6 48

/* --- the owner's list --------------------------------------------------------------------------- */

static int read_server(const char *text, uint16_t usual, struct wr_time_server *ret_server)
{
    struct wr_time_server s = {.addr = {.port = usual}};
    size_t n = strlen(text), name = 0;
    uint64_t port = usual;

    if (wr_addr_from_text(text, &s.addr) == WR_OK) {
        s.addr.port = s.addr.port ? s.addr.port : usual;
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

int wr_ladder_server(const char *text, struct wr_time_server *ret_server)
{
    return read_server(text, WR_NTP_PORT, ret_server);
}

int wr_ladder_rough_server(const char *text, struct wr_time_server *ret_server)
{
    char where[SERVER_TEXT_SIZE] = "";
    size_t n = 0, key = 0;
    struct wr_time_server s;

    while (text[n] != 0 && text[n] != ' ') {
        n++;
    }
    if (n >= sizeof(where) || text[n] == 0) {
        return WR_E_FORMAT;
    }
    memcpy(where, text, n);
    where[n] = 0;
    if (read_server(where, WR_ROUGHTIME_PORT, &s) != WR_OK ||
        wr_enc_from_base64(text + n + 1, strlen(text + n + 1), s.key, sizeof(s.key), &key) !=
            WR_OK ||
        key != sizeof(s.key)) {
        return WR_E_FORMAT;
    }
    s.rough = true;
    *ret_server = s;
    return WR_OK;
}

bool wr_ladder_same_server(const struct wr_time_server *a, const struct wr_time_server *b)
{
    return a->rough == b->rough && memcmp(a->key, b->key, sizeof(a->key)) == 0 &&
           wr_addr_equal(&a->addr, &b->addr) && a->name.size == b->name.size &&
           memcmp(a->name.wire, b->name.wire, a->name.size) == 0;
}

const char *wr_ladder_rung_name(enum wr_rung state)
{
    static const char *const names[] = {"idle",
                                        "finding its address",
                                        "waits for its turn",
                                        "asked",
                                        "heard",
                                        "agrees",
                                        "contradicts the others",
                                        "below the floor",
                                        "counts with another",
                                        "has no address",
                                        "silent",
                                        "is not signed by its key",
                                        "does not know the time",
                                        "does not want to be asked"};

    return (unsigned)state < WR_ARRAY_LEN(names) ? names[state] : "unknown";
}

/* --- one server --------------------------------------------------------------------------------- */

static uint32_t id_of(const struct wr_ladder *l, const struct wr_ladder_rung *r)
{
    return l->round * (WR_TIME_RUNGS_MAX * 4) + (uint32_t)(r - l->rung) * 4 + r->tries % 4u;
}

static struct wr_ladder_rung *rung_of(struct wr_ladder *l, uint32_t id)
{
    struct wr_ladder_rung *r = &l->rung[id / 4 % WR_TIME_RUNGS_MAX];
    return r->state == WR_RUNG_ASKED && r->want != WR_LADDER_SEND && id_of(l, r) == id ? r : NULL;
}

static bool is_over(const struct wr_ladder_rung *r)
{
    return r->state != WR_RUNG_FINDING && r->state != WR_RUNG_WAITING && r->state != WR_RUNG_ASKED;
}

static void end(struct wr_ladder_rung *r, enum wr_rung state)
{
    r->want = r->state == WR_RUNG_ASKED ? WR_LADDER_CLOSE : WR_LADDER_NOTHING;
    r->state = (uint8_t)state;
}

static void ask(struct wr_ladder *l, struct wr_ladder_rung *r, const struct wr_now *now)
{
    r->asked = r->addr[r->next++ % r->addrs];
    if (r->server.rough) {
        wr_roughchain_next(&l->chain, l->rng, &r->rough);
    } else {
        r->nonce = wr_rng_u64(l->rng);
    }
    r->tries++;
    r->state = WR_RUNG_ASKED;
    r->want = WR_LADDER_SEND;
    r->until_us = now->mono_us + WR_TIME_TRIP_MAX_US;
}

/* Its address is known. */
static void ask_in_turn(struct wr_ladder *l, struct wr_ladder_rung *r, const struct wr_now *now)
{
    if (r->server.rough) {
        r->state = WR_RUNG_WAITING;
        r->until_us = WR_TIME_NEVER;
    } else {
        ask(l, r, now);
    }
}

/* One Roughtime server at a time. */
static void take_turns(struct wr_ladder *l, const struct wr_now *now)
{
    struct wr_ladder_rung *next = NULL;
    for (unsigned i = l->servers; i > 0; i--) {
        struct wr_ladder_rung *r = &l->rung[i - 1];
        if (r->server.rough && r->state == WR_RUNG_ASKED) {
            return;
        }
        next = r->state == WR_RUNG_WAITING ? r : next;
    }
    if (next) {
        ask(l, next, now);
    }
}

static void begin(struct wr_ladder *l, struct wr_ladder_rung *r, const struct wr_now *now)
{
    r->tries = r->foreign = 0;
    r->forged = false;
    if (now->mono_us < r->rest_us) {
        r->state = WR_RUNG_RESTING;
    } else if (r->server.name.size > 0) {
        r->state = WR_RUNG_FINDING;
        r->want = WR_LADDER_FIND;
        r->until_us = now->mono_us + FIND_US;
    } else {
        r->addr[0] = r->server.addr;
        r->addrs = 1;
        ask_in_turn(l, r, now);
    }
}

/* Once more, of its next address, or it is silent. */
static void unheard(struct wr_ladder *l, struct wr_ladder_rung *r, const struct wr_now *now)
{
    if (r->tries < TRIES) {
        ask(l, r, now);
    } else {
        end(r, r->forged ? WR_RUNG_FORGED : WR_RUNG_SILENT);
    }
}

/* The clock goes on while the machine sleeps, and no timer does: what was waiting in the socket then is read before the deadline is
 * looked at, and half of the sleep would be taken for the way here. */
static bool is_late(const struct wr_ladder_rung *r, const struct wr_now *now)
{
    return now->mono_us >= r->until_us;
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
    ask_in_turn(l, r, now);
}

static void rest(struct wr_ladder_rung *r, uint64_t until_us)
{
    r->rest_us = until_us;
    end(r, WR_RUNG_RESTING);
}

static void foreign(struct wr_ladder *l, struct wr_ladder_rung *r, const struct wr_now *now)
{
    if (++r->foreign >= WR_TIME_FOREIGN_MAX) {
        unheard(l, r, now);
    }
}

/* What was signed is kept, and held against what was signed before. */
static void remember(struct wr_ladder *l, const struct wr_ladder_rung *r,
                     const struct wr_ladder_event *e, const struct wr_roughtime_reply *said)
{
    unsigned first = 0;
    wr_roughchain_add(&l->chain, r->server.key, &r->rough, e->bytes, e->size, said);
    if (wr_roughchain_convict(&l->chain, &first)) {
        l->proof.links = l->chain.links - first;
        memcpy(l->proof.link, l->chain.link + first, l->proof.links * sizeof(l->proof.link[0]));
        l->proofs++;
    }
}

static void rough_reply(struct wr_ladder *l, struct wr_ladder_rung *r,
                        const struct wr_ladder_event *e, const struct wr_now *now)
{
    struct wr_roughtime_reply said;

    switch (wr_roughtime_read(e->bytes, e->size, r->server.key, r->rough.nonce, &said)) {
    case WR_ROUGHTIME_FORGED:
        r->forged = true;
        foreign(l, r, now);
        return;
    case WR_ROUGHTIME_FOREIGN: foreign(l, r, now); return;
    case WR_ROUGHTIME_TIME: break;
    }
    remember(l, r, e, &said);
    uint64_t half_us = (now->mono_us - r->sent_us) / 2;
    r->base_us = said.midpoint_s * (int64_t)WR_S - (int64_t)(r->sent_us + half_us);
    r->doubt_us = said.radius_s * WR_S + half_us;
    end(r, said.radius_s <= WR_TIME_RADIUS_MAX_S ? WR_RUNG_HEARD : WR_RUNG_UNKNOWING);
}

static void reply(struct wr_ladder *l, struct wr_ladder_rung *r, const struct wr_ladder_event *e,
                  const struct wr_now *now)
{
    struct wr_ntp_reply said;

    switch (wr_ntp_read(e->bytes, e->size, r->nonce, &said)) {
    case WR_NTP_FOREIGN: foreign(l, r, now); return;
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

/* NTP's servers say of themselves what they like; a radius is signed and bounded. */
static bool agree(const struct wr_ladder_rung *a, const struct wr_ladder_rung *b)
{
    int64_t apart_us = a->base_us - b->base_us, most_us = WR_TIME_AGREE_US;
    most_us += a->server.rough ? (int64_t)a->doubt_us : 0;
    most_us += b->server.rough ? (int64_t)b->doubt_us : 0;
    return apart_us <= most_us && apart_us >= -most_us;
}

/* How many of its kind say what this one says, itself too. */
static unsigned count_with(const struct wr_ladder *l, const struct wr_ladder_rung *r)
{
    unsigned n = 0;
    for (unsigned i = 0; i < l->servers; i++) {
        n += l->rung[i].state == WR_RUNG_HEARD && l->rung[i].server.rough == r->server.rough &&
             agree(r, &l->rung[i]);
    }
    return n;
}

/* Whoever speaks for one may speak for the other. */
static bool is_one(const struct wr_ladder_rung *a, const struct wr_ladder_rung *b)
{
    if (a->server.rough || b->server.rough) {
        return a->server.rough && b->server.rough &&
               memcmp(a->server.key, b->server.key, sizeof(a->server.key)) == 0;
    }
    return same_network(&a->asked, &b->asked);
}

/* What cannot be and what counts already is put aside; how many that are not one were heard, of either kind. */
static void sift(struct wr_ladder *l, const struct wr_now *now, unsigned ret_heard[2])
{
    ret_heard[0] = ret_heard[1] = 0;
    for (unsigned i = 0; i < l->servers; i++) {
        struct wr_ladder_rung *r = &l->rung[i];
        if (r->state != WR_RUNG_HEARD) {
            continue;
        }
        for (unsigned k = 0; k < i; k++) {
            bool other = l->rung[k].state == WR_RUNG_HEARD || l->rung[k].state == WR_RUNG_BELOW;
            if (other && is_one(&l->rung[k], r)) {
                r->state = WR_RUNG_SAME;
            }
        }
        if (r->state == WR_RUNG_HEARD) {
            ret_heard[r->server.rough]++;
            bool below = r->base_us + (int64_t)now->mono_us < l->floor_s * (int64_t)WR_S;
            r->state = below ? WR_RUNG_BELOW : r->state;
        }
    }
}

/* The one of that kind that most agree with; `ret_count`: how many. NULL: nobody, or others say something else and are as many. */
static const struct wr_ladder_rung *choose(const struct wr_ladder *l, bool rough,
                                           unsigned *ret_count)
{
    const struct wr_ladder_rung *best = NULL;
    bool tie = false;

    *ret_count = 0;
    for (unsigned i = 0; i < l->servers; i++) {
        const struct wr_ladder_rung *r = &l->rung[i];
        bool counts = r->state == WR_RUNG_HEARD && r->server.rough == rough;
        unsigned n = counts ? count_with(l, r) : 0;
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
    bool rough = best->server.rough;
    unsigned enough = l->roughs < ROUGH_AGREE ? l->roughs : ROUGH_AGREE;
    bool proven =
        (rough || l->roughs == 0) && count >= (rough ? enough : l->agree) && 2 * count > l->heard;
    bool better = l->state == WR_TRUSTTIME_UNPROVEN ||
                  (l->state == WR_TRUSTTIME_PLAUSIBLE &&
                   (rough > l->rough || (rough == l->rough && count >= l->witnesses)));

    if (proven || better) {
        l->rough = rough;
        l->state = proven ? WR_TRUSTTIME_PROVEN : WR_TRUSTTIME_PLAUSIBLE;
        l->base_us = best->base_us;
        l->witnesses = count;
        l->first = (unsigned)(best - l->rung);
    }
    l->fails = proven ? 0 : l->fails;
}

static void judge(struct wr_ladder *l, const struct wr_now *now)
{
    unsigned count, camps = 0, heard[2];

    l->open = false;
    l->judged++;
    sift(l, now, heard);
    l->fails = l->fails < DOUBLINGS ? (uint8_t)(l->fails + 1) : DOUBLINGS;
    const struct wr_ladder_rung *best = choose(l, true, &count);
    if (!best) {
        camps = count;
        best = choose(l, false, &count);
    }
    l->heard = heard[best && best->server.rough];
    l->contradicts = best == NULL && camps + count > 0;
    if (best) {
        believe(l, best, count);
    }
    for (unsigned i = 0; i < l->servers; i++) {
        struct wr_ladder_rung *r = &l->rung[i];
        if (r->state == WR_RUNG_HEARD) {
            r->state = best && agree(best, r) ? WR_RUNG_AGREES : WR_RUNG_ALONE;
        }
    }
    uint64_t wait_us = (heard[0] + heard[1] > 0 ? POLITE_US : SILENCE_US)
                       << (l->fails > 0 ? l->fails - 1 : 0);
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
    wr_assert(servers <= WR_TIME_RUNGS_MAX);
    memset(l, 0, sizeof(*l));
    for (unsigned i = 0; i < servers; i++) {
        l->rung[i].server = server[i];
        l->roughs += server[i].rough;
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
        if ((r = rung_of(l, event->id)) && is_late(r, now)) {
            unheard(l, r, now);
        } else if (r && r->server.rough) {
            rough_reply(l, r, event, now);
        } else if (r) {
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
    if (l->open) {
        take_turns(l, now);
    }
    bool over = l->open;
    for (unsigned i = 0; i < l->servers; i++) {
        over = over && is_over(&l->rung[i]);
    }
    if (over) {
        judge(l, now);
    }
}

/* Without memory for the hash in it nobody answers a Roughtime question, and it is asked anew. */
static void write_question(const struct wr_ladder_rung *r, struct wr_ladder_action *action)
{
    action->size = r->server.rough ? WR_ROUGHTIME_ASK_SIZE : WR_NTP_SIZE;
    if (r->server.rough) {
        (void)wr_roughtime_ask(r->server.key, r->rough.nonce, action->bytes);
    } else {
        wr_ntp_ask(r->nonce, action->bytes);
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
            write_question(r, ret_action);
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
