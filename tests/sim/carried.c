/* SPDX-License-Identifier: Apache-2.0 */
/* The target and its keys, what a proxy does with a request, and who looks (carried.h has the story). */
#include "carried.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "transport/odohproxy.h"
#include "transport/odohtarget.h"
#include "world.h"

#define TARGET_SLOTS 256
#define LATE_US      (5 * WR_S) /* until a proxy says that the target is silent */

/* What becomes of a response on its way back, in an event. */
enum { WHOLE = 0, CUT = 1, DRIBBLED = 2, CHANGED = 4 };

struct target {
    struct wr_odohproxy list; /* the proxy's: whom it carries to */
    struct wr_odohtarget keys;
    struct wr_odohtarget_slot slot[TARGET_SLOTS];
    struct wr_rng rng;
    struct wr_addr addr;
    char host[32];
    uint8_t older[64]; /* what it published before */
    size_t older_size;
};

/* ---- the target ---- */

static void take_configs(struct world *w, struct target *t, const uint8_t **ret_bytes, size_t *ret)
{
    int err = wr_odohtarget_configs(&t->keys, w->clock.now.mono_us, ret_bytes, ret);
    assert(err == WR_OK);
}

/* A new key, and the one before is unknown from now on. */
static void turn(struct world *w, struct target *t)
{
    uint8_t secret[32];
    const uint8_t *bytes;
    wr_rng_bytes(&t->rng, secret, sizeof secret);
    int err = wr_odohtarget_start(&t->keys, secret, w->clock.now.mono_us, t->slot, TARGET_SLOTS);
    assert(err == WR_OK);
    take_configs(w, t, &bytes, &t->older_size);
    assert(t->older_size <= sizeof t->older);
}

static void turn_away(struct world *w, struct target *t)
{
    const uint8_t *bytes;
    uint8_t before[sizeof t->older];
    take_configs(w, t, &bytes, &t->older_size);
    memcpy(before, bytes, t->older_size);
    turn(w, t);
    memcpy(t->older, before, sizeof before);
}

void carried_turn(struct world *w, unsigned i)
{
    turn_away(w, w->sealed.target[i]);
}

const char *carried_init(struct world *w, unsigned i)
{
    struct target *t = calloc(1, sizeof *t);
    assert(t);
    w->sealed.target[i] = t;
    wr_rng_seed_u64(&t->rng, w->server[i].secret);
    snprintf(t->host, sizeof t->host, "target%u.hidden.net", i);
    wr_addr_from_text("198.51.100.1:443", &t->addr);
    t->addr.ip[3] = (uint8_t)(1 + i);
    wr_odohproxy_init(&t->list);
    int err = wr_odohproxy_allow(&t->list, t->host, 443, CARRIED_PATH);
    assert(err == WR_OK);
    turn(w, t);
    turn_away(w, t);
    return t->host;
}

void carried_free(struct world *w)
{
    for (unsigned i = 0; i < SERVERS_MAX; i++) {
        free(w->sealed.target[i]);
    }
}

const struct wr_addr *carried_addr(const struct world *w, unsigned i)
{
    return &w->sealed.target[i]->addr;
}

bool carried_is_target(const struct world *w, const struct wr_addr *addr)
{
    for (unsigned i = 0; i < SERVERS_MAX; i++) {
        if (w->sealed.target[i] && wr_addr_equal(&w->sealed.target[i]->addr, addr)) {
            return true;
        }
    }
    return false;
}

/* ---- who looks ---- */

void carried_sees(struct world *w, unsigned server, const uint8_t *bytes, size_t size)
{
    const char *zone = sealed_zone_in(w, bytes, size);
    w->sealed.looked += size;
    if (zone) {
        checks_fail(w, 5, "proxy %u can read %s in what it is to carry", server, zone);
    }
}

/* A question that was padded to its block tells nothing by its length. */
static void look_at_length(struct world *w, unsigned server, size_t size)
{
    if (size < WR_ODOH_OVERHEAD || (size - WR_ODOH_OVERHEAD) % WR_ODOH_QUERY_BLOCK) {
        checks_fail(w, 5, "proxy %u is to carry %zu octets: no padded question", server, size);
    }
}

static bool holds(const uint8_t *bytes, size_t size, const void *what, size_t n)
{
    for (size_t at = 0; at + n <= size; at++) {
        if (memcmp(bytes + at, what, n) == 0) {
            return true;
        }
    }
    return false;
}

/* What is opened says who asks neither by an address nor by anything that comes again. */
static void look_inside(struct world *w, unsigned server, uint8_t *msg, size_t size, size_t cap)
{
    const struct wr_addr *first = &w->client[0].addr;
    if (checks_plant(w, PLANT_TOLD) && size + wr_addr_ip_size(first) <= cap) {
        memcpy(msg + size, first->ip, wr_addr_ip_size(first));
        size += wr_addr_ip_size(first);
    }
    for (unsigned i = 0; i < w->plan.clients; i++) {
        char text[WR_ADDR_TEXT_SIZE];
        struct wr_addr a = w->client[i].addr;
        a.port = 0;
        wr_addr_to_text(&a, text, sizeof text);
        if (holds(msg, size, a.ip, wr_addr_ip_size(&a)) || holds(msg, size, text, strlen(text))) {
            checks_fail(w, 5, "the target behind proxy %u is told of %s", server, text);
        }
    }
    if (wire_read(w->query, msg, size) == 0 &&
        (w->query->id || w->query->edns.cookie_seen || w->query->edns.ecs)) {
        checks_fail(w, 5, "the target behind proxy %u is told an id, a cookie or a subnet", server);
    }
}

/* ---- the proxy ---- */

void carried_mix(struct world *w, struct server *s)
{
    memset(s->carry_pm, 0, sizeof s->carry_pm);
    for (unsigned n = wr_rng_below(&w->rng, 4); n; n--) {
        unsigned way = 1 + wr_rng_below(&w->rng, CARRY_WAYS - 1);
        s->carry_pm[way] = 20 + wr_rng_below(&w->rng, wr_rng_below(&w->rng, 4) ? 200 : 900);
    }
}

static enum carry_way draw_way(struct world *w, const struct server *s)
{
    unsigned at = wr_rng_below(&w->rng, 1000);
    for (unsigned i = 1; i < CARRY_WAYS; i++) {
        if (at < s->carry_pm[i]) {
            return (enum carry_way)i;
        }
        at -= s->carry_pm[i];
    }
    return CARRY_GOOD;
}

/* A request on its way to the target, or what is said to it on the way back. */
static struct sim_event event_of(const struct world *w, const struct net_stream *st, uint64_t http)
{
    return (struct sim_event){.kind = EV_CARRY_SAID,
                              .who = st->server,
                              .tag = net_stream_tag(&w->streams, st),
                              .id = http};
}

/* Of the proxy itself. 0: it carries. */
static uint16_t refusal(enum carry_way way, uint64_t *ret_delay_us)
{
    *ret_delay_us = way == CARRY_LATE ? LATE_US : 200;
    switch (way) {
    case CARRY_DOWN: return 502;
    case CARRY_LATE: return 504;
    case CARRY_REFUSED: return 403;
    case CARRY_BUSY: return 429;
    default: return 0;
    }
}

/* The name that is asked for, and one: by what the target knows, not the proxy. 0: it cannot be opened, or nobody has heard of it. */
static uint64_t name_in(struct world *w, struct target *t, const uint8_t *bytes, size_t size)
{
    static uint8_t msg[WR_ODOH_HEARD_MAX];
    uint32_t handle;
    size_t n;
    if (wr_odohtarget_open(&t->keys, bytes, size, &t->rng, w->clock.now.mono_us, msg, sizeof msg,
                           &n, &handle)) {
        return 0;
    }
    wr_odohtarget_drop(&t->keys, handle);
    return wire_read(w->query, msg, n) ? 0
                                       : (uint64_t)(oracle_find(&w->oracle, w->query->qname) + 1);
}

static void take_one(struct world *w, struct net_stream *st, const struct wr_doh_query *q,
                     bool stranger)
{
    struct target *t = w->sealed.target[st->server];
    enum carry_way way = draw_way(w, &w->server[st->server]);
    struct sim_event e = event_of(w, st, q->stream);
    bool asks = q->kind == WR_DOH_OBLIVIOUS;
    const char *path;
    unsigned index;
    uint64_t delay;
    w->sealed.carried++;
    if (asks) {
        look_at_length(w, st->server, q->size);
    }
    uint16_t status =
        wr_odohproxy_judge(&t->list, q->parameters.at, q->parameters.n, asks, &index, &path);
    if (status) {
        checks_fail(w, 5, "proxy %u is to carry to somebody else (%u)", st->server, status);
        return;
    }
    st->owes |= way == CARRY_LOST || way == CARRY_LATE;
    if (way == CARRY_LOST) {
        return;
    }
    if (way == CARRY_CUT) {
        st->stalled = true;
        server_end_stream(w, st, 1 + wr_rng_below(&w->rng, 20000));
        return;
    }
    e.to.port = refusal(way, &delay);
    if (asks && (e.to.port || way == CARRY_CHANGED)) {
        e.client.stream = name_in(w, t, q->bytes, q->size);
    }
    if (!e.to.port) {
        e.kind = EV_CARRY_ASKED;
        e.statement = way;
        e.from.port = (uint16_t)(asks | stranger << 1);
        delay = 1000 + wr_rng_below(&w->rng, 20000);
    }
    clock_post(&w->clock, delay, &e, q->bytes, asks && e.kind == EV_CARRY_ASKED ? q->size : 0);
}

void carried_take(struct world *w, struct net_stream *st, struct line *l, bool stranger)
{
    struct wr_doh_query q;
    while (!st->stalled && line_take(l, &q)) {
        take_one(w, st, &q, stranger);
    }
}

/* ---- back and forth ---- */

/* Back to the proxy; a status that is not 200 has no body. */
static void say(struct world *w, const struct sim_event *asked, uint16_t status,
                const uint8_t *body, size_t size, uint32_t statement, unsigned how,
                uint64_t late_us)
{
    struct sim_event e = {.kind = EV_CARRY_SAID,
                          .who = asked->who,
                          .tag = asked->tag,
                          .id = asked->id,
                          .statement = asked->statement == CARRY_CHANGED ? 0 : statement};
    e.to.port = status;
    e.from.port = (uint16_t)(how | (asked->statement == CARRY_CHANGED ? CHANGED : 0));
    e.client.from.port = asked->from.port & 1;
    e.client.stream = asked->client.stream;
    clock_post(&w->clock, 1000 + wr_rng_below(&w->rng, 20000) + late_us, &e, body, size);
}

static void hear_fetch(struct world *w, struct target *t, const struct sim_event *e)
{
    static const uint8_t none[24] = "no configuration at all";
    const uint8_t *bytes;
    size_t size;
    take_configs(w, t, &bytes, &size);
    if (e->statement == CARRY_OLD) {
        bytes = t->older;
        size = t->older_size;
    } else if (e->statement == CARRY_BROKEN) {
        bytes = none;
        size = wr_rng_below(&w->rng, sizeof none);
    }
    say(w, e, e->statement == CARRY_UNKNOWN ? 404 : 200, bytes, size, 0, WHOLE, 0);
}

/* Its answer in w->out, in the envelope. */
static void seal(struct world *w, struct target *t, const struct sim_event *e, uint32_t handle,
                 enum server_way way, uint32_t statement)
{
    static uint8_t room[WIRE_MSG_MAX + 1024];
    struct wr_writer out;
    uint64_t late = way == WAY_SLOW ? 100000 + wr_rng_below(&w->rng, 3000000) : 0;
    unsigned how = way == WAY_RESET ? CUT : way == WAY_SLOW ? DRIBBLED : WHOLE;
    wr_buf_write_init(&out, room, sizeof room);
    if (wr_odohtarget_seal(&t->keys, handle, w->out->bytes, w->out->size, &out) == WR_OK) {
        say(w, e, 200, room, out.pos, statement, how, late);
    } else {
        say(w, e, 503, NULL, 0, 0, WHOLE, 0);
    }
}

static void hear_question(struct world *w, struct target *t, const struct sim_event *e)
{
    static uint8_t msg[WR_ODOH_HEARD_MAX];
    struct server *s = &w->server[e->who];
    uint32_t handle = 0, statement = 0;
    size_t size = 0;
    uint16_t status = 401;
    if (e->statement != CARRY_UNKNOWN) {
        status = wr_odohtarget_open(&t->keys, e->bytes, e->size, &t->rng, w->clock.now.mono_us, msg,
                                    sizeof msg, &size, &handle);
    }
    if (status) {
        w->sealed.unknown += status == 401;
        say(w, e, status, NULL, 0, 0, WHOLE, 0);
        return;
    }
    look_inside(w, e->who, msg, size, sizeof msg);
    checks_sent(w, e->who, msg, size);
    if (wire_read(w->query, msg, size)) {
        wr_odohtarget_drop(&t->keys, handle);
        return;
    }
    enum server_way way = server_draws(w, s, false);
    if (way == WAY_STALL || !server_says(w, s, way, e->from.port & 2, &statement)) {
        struct net_stream *st = net_stream_by_tag(&w->streams, e->tag);
        if (st) {
            st->owes = true;
        }
        wr_odohtarget_drop(&t->keys, handle);
        return;
    }
    seal(w, t, e, handle, way, statement);
}

/* To the gateway, unless its connection is over. */
static void hear_said(struct world *w, struct sim_event *e)
{
    struct net_stream *st = net_stream_by_tag(&w->streams, e->tag);
    struct wr_http_reply reply = {
        .status = e->to.port, .max_age_s = -1, .no_store = true, .body = e->bytes, .size = e->size};
    if (!st || !st->up || st->stalled || w->server[st->server].link.state != LINK_UP) {
        return;
    }
    if (e->client.stream) { /* a failure of this name, which may be remembered */
        w->erred_us[e->client.stream - 1] = w->clock.now.mono_us;
    }
    if (reply.status == 200) {
        reply.type = e->client.from.port ? WR_HTTP_TYPE_ODOH : WR_HTTP_TYPE_OCTETS;
    }
    if (e->from.port & CHANGED && e->size) {
        e->bytes[wr_rng_below(&w->rng, (uint32_t)e->size)] ^= 1;
    }
    sealed_reply(w, st, e->id, &reply, e->statement, e->from.port & CUT, e->from.port & DRIBBLED);
}

void carried_event(struct world *w, struct sim_event *e)
{
    struct target *t = w->sealed.target[e->who];
    if (e->kind == EV_CARRY_SAID) {
        hear_said(w, e);
        return;
    }
    if (e->statement == CARRY_TURNED) {
        turn_away(w, t);
    }
    if (e->from.port & 1) {
        hear_question(w, t, e);
    } else {
        hear_fetch(w, t, e);
    }
}
