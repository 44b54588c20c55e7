/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Playing a story: one engine, servers that say what their ranges say, virtual time.
 *
 * The network is perfect and slow: ten milliseconds to a server and back (or what DELAY says), nothing to a
 * client. A server answers the first entry that matches; a query that no entry matches gets SERVFAIL and is
 * told with -v. Time passes only in steps: CHECK_ANSWER waits for its reply, TIME_PASSES for its time.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "line.h"
#include "network.h"
#include "story.h"

#define ROUND_TRIP_US (10 * WR_MS)
#define PATIENCE_US   (12 * WR_S)
#define SILENCE_US    (6 * WR_S)
#define ASKED_MAX     1024

enum play_event {
    PLAY_TO_SERVER = 1,
    PLAY_TO_PORT,
    PLAY_UNREACHABLE,
    PLAY_UP,
    PLAY_DOWN,
    PLAY_TO_STREAM,
    PLAY_TO_GATE,
    PLAY_LOOP,
    PLAY_LEASE
};

struct played {
    unsigned step;
    struct wr_client client;
    uint16_t id;
    uint64_t asked_us, replied_us;
    bool dropped, truncated;
    unsigned rcode, replies;
    uint16_t loop_port; /* a question of the gateway's own that a server sent back: its port */
    unsigned loop_server;
    uint8_t *reply;
    size_t size;
};

struct player {
    struct story *s;
    bool verbose;
    unsigned step; /* the number now played: chooses the ranges */
    struct sim_clock clock;
    struct gate *gate;
    struct net_ports *ports;
    struct net_streams streams;
    struct {
        bool cut, unreachable, no_tcp;
        enum wr_lost lost;
        uint64_t heard, heard_tcp;
    } server[STORY_SERVERS_MAX];
    unsigned asked;
    struct played asks[ASKED_MAX];
    struct wr_rng rng;
    struct wire_msg *msg;
    struct wire_out *out;
    char error[200];
    char why[600];
};

static void say(const struct player *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct player *p, const char *format, ...)
{
    if (p->verbose) {
        va_list args;
        va_start(args, format);
        printf("# %10.6f step %-3u ", (double)p->clock.now.mono_us / 1e6, p->step);
        vprintf(format, args);
        putchar('\n');
        va_end(args);
    }
}

static void broken(struct player *p, const char *what)
{
    if (!p->error[0]) {
        snprintf(p->error, sizeof p->error, "%s", what);
    }
}

/* ---- servers ---- */

static struct story_entry *find_entry(struct player *p, unsigned server, const struct wire_msg *q,
                                      bool tcp)
{
    for (unsigned i = 0; i < p->s->entries; i++) {
        struct story_entry *e = p->s->entry[i];
        if (e->servers >> server & 1 && p->step >= e->first_step && p->step <= e->last_step &&
            story_entry_matches(e, q, tcp)) {
            e->used++;
            return e;
        }
    }
    return NULL;
}

static const struct story_entry silent_servfail = {.rcode = RCODE_SERVFAIL, .edns = {.ede = -1}};

static void server_answers(struct player *p, const struct sim_event *e, struct net_stream *st,
                           const uint8_t *bytes, size_t size)
{
    struct sim_event to = {.kind = PLAY_TO_PORT, .to = e->from, .who = e->who};
    unsigned server = e->who;
    char name[300];
    if (wire_read(p->msg, bytes, size)) {
        broken(p, "a message to an upstream breaks the format");
        return;
    }
    (void)(st ? p->server[server].heard_tcp++ : p->server[server].heard++);
    wire_name_text(p->msg->qname, name, sizeof name);
    const struct story_entry *entry = find_entry(p, server, p->msg, st != NULL);
    say(p, "server %u hears %s TYPE%u%s%s%s: entry of line %u", server, name, p->msg->qtype,
        st ? " by TCP" : "", p->msg->edns.present ? " EDNS" : "",
        p->msg->edns.cookie_size > 8 ? " cookie" : "", entry ? entry->line : 0);
    if (p->msg->edns.ecs) {
        broken(p, "a client subnet goes to an upstream");
    }
    entry = entry ? entry : &silent_servfail;
    if (entry->adjust & ADJUST_SILENT) {
        return;
    }
    if (entry->adjust & ADJUST_LOOP) {
        to.kind = PLAY_LOOP;
        clock_post(&p->clock, ROUND_TRIP_US / 2, &to, bytes, size);
        return;
    }
    story_write_reply(p->out, entry, p->msg, st != NULL);
    if (entry->adjust & ADJUST_GARBAGE) {
        memset(p->out->bytes + 2, 0xee, p->out->size - 2);
    }
    to.from = entry->has_elsewhere ? entry->elsewhere : p->s->server[server];
    uint64_t delay = ROUND_TRIP_US / 2 + entry->delay_us;
    if (!st) {
        clock_post(&p->clock, delay, &to, p->out->bytes, p->out->size);
        return;
    }
    static uint8_t framed[LINE_OUT];
    to.kind = entry->adjust & ADJUST_RESET ? PLAY_DOWN : PLAY_TO_GATE;
    to.tag = net_stream_tag(&p->streams, st);
    if (st->line) {
        struct wr_writer out;
        wr_buf_write_init(&out, framed, sizeof framed);
        line_answer(st->line, p->out->bytes, p->out->size, &out);
        clock_post(&p->clock, delay, &to, framed, out.pos);
        return;
    }
    wire_set_u16(framed, (unsigned)p->out->size);
    memcpy(framed + 2, p->out->bytes, p->out->size);
    clock_post(&p->clock, delay, &to, framed, p->out->size + 2);
}

/* An encrypted one. */
static void line_hears(struct player *p, const struct sim_event *e, struct net_stream *st)
{
    static uint8_t room[LINE_OUT];
    struct sim_event at = {.kind = PLAY_TO_GATE, .tag = e->tag, .who = st->server};
    struct wr_writer out;
    const uint8_t *msg;
    size_t size;
    wr_buf_write_init(&out, room, sizeof room);
    int over = line_feed(st->line, e->bytes, e->size, p->clock.now.mono_us, &out);
    if (out.pos) {
        clock_post(&p->clock, ROUND_TRIP_US / 2, &at, room, out.pos);
    }
    while (line_next(st->line, &msg, &size)) {
        server_answers(p, &at, st, msg, size);
    }
    if (over) {
        at.kind = PLAY_DOWN;
        clock_post(&p->clock, ROUND_TRIP_US / 2, &at, NULL, 0);
    }
}

static void stream_hears(struct player *p, const struct sim_event *e)
{
    struct net_stream *st = net_stream_by_tag(&p->streams, e->tag);
    struct sim_event at = *e;
    if (st && st->line && !st->stalled && !p->server[st->server].cut) {
        line_hears(p, e, st);
        return;
    }
    if (!st || st->stalled || p->server[st->server].cut || st->have + e->size > sizeof st->in) {
        return;
    }
    at.who = st->server;
    memcpy(st->in + st->have, e->bytes, e->size);
    st->have += e->size;
    while (st->have >= 2 && st->have >= 2u + wire_u16(st->in)) {
        size_t n = 2u + wire_u16(st->in);
        server_answers(p, &at, st, st->in + 2, n - 2);
        memmove(st->in, st->in + n, st->have - n);
        st->have -= n;
    }
}

/* ---- what the engine does ---- */

static unsigned server_at(const struct player *p, const struct wr_addr *a)
{
    for (unsigned i = 0; i < p->s->servers; i++) {
        if (wr_addr_equal(&p->s->server[i], a)) {
            return i;
        }
    }
    return STORY_SERVERS_MAX;
}

static void take_reply(struct player *p, const struct wr_action *a)
{
    uint16_t id = a->size >= 2 ? wire_u16(a->bytes) : 0;
    bool drop = a->kind == WR_ACTION_DROP;
    for (unsigned i = p->asked; i--;) {
        struct played *q = &p->asks[i];
        if (!wr_addr_equal(&q->client.from, &a->client.from) || q->client.conn != a->client.conn ||
            q->dropped || q->replies || (!drop && q->id != id)) {
            continue;
        }
        q->replied_us = p->clock.now.mono_us;
        q->dropped = drop;
        if (drop) {
            return;
        }
        q->replies++;
        q->size = a->size;
        q->reply = malloc(a->size ? a->size : 1);
        assert(q->reply);
        memcpy(q->reply, a->bytes, a->size);
        q->truncated = a->size > 3 && a->bytes[2] & 2;
        q->rcode = a->size > 3 ? a->bytes[3] & 15 : 99;
        if (q->loop_port) {
            struct sim_event back = {.kind = PLAY_TO_PORT, .from = p->s->server[q->loop_server]};
            back.to.port = q->loop_port;
            clock_post(&p->clock, ROUND_TRIP_US / 2, &back, a->bytes, a->size);
        }
        return;
    }
    broken(p, drop ? "a drop that nobody waits for" : "a reply that nobody waits for");
}

static void open_stream(struct player *p, unsigned worker, const struct wr_action *a)
{
    unsigned server = server_at(p, &a->to);
    struct net_stream *st =
        server < STORY_SERVERS_MAX ? net_stream_new(&p->streams, worker, a->id, server) : NULL;
    if (!st) {
        broken(p, "a stream to nobody");
        return;
    }
    struct sim_event e = {.kind = PLAY_UP, .tag = net_stream_tag(&p->streams, st)};
    if (p->server[server].cut && !p->server[server].unreachable) {
        return;
    }
    e.kind = p->server[server].no_tcp || p->server[server].cut ? PLAY_DOWN : PLAY_UP;
    clock_post(&p->clock, ROUND_TRIP_US, &e, NULL, 0);
}

static void send_datagram(struct player *p, unsigned worker, const struct wr_action *a)
{
    unsigned server = server_at(p, &a->to);
    struct net_port *port = net_port_of(p->ports, worker, a->id, &p->rng);
    struct sim_event e = {.kind = PLAY_TO_SERVER, .who = server, .id = a->id};
    if (server == STORY_SERVERS_MAX || !port) {
        broken(p, "a datagram to nobody");
        return;
    }
    e.from.port = port->port;
    if (p->server[server].cut) {
        e.kind = PLAY_UNREACHABLE;
        say(p, "a datagram to server %u, which is cut", server);
        if (p->server[server].unreachable) {
            clock_post(&p->clock, 100, &e, NULL, 0);
        }
        return;
    }
    clock_post(&p->clock, ROUND_TRIP_US / 2, &e, a->bytes, a->size);
}

static void ask_firewall(struct player *p, const struct wr_lease_ask *ask)
{
    struct sim_event e = {.kind = PLAY_LEASE};
    struct wr_lease_said said;
    uint64_t delay_us;
    say(p, "the firewall is asked for %u addresses", ask->dests);
    if (story_leases_asked(p->s, ask, &said, &delay_us)) {
        clock_post(&p->clock, delay_us, &e, (const uint8_t *)&said, sizeof said);
    }
}

static void act(void *user, unsigned worker, const struct wr_action *a)
{
    struct player *p = user;
    struct net_stream *st = net_stream_by_id(&p->streams, worker, a->id);
    struct sim_event e = {.kind = PLAY_TO_STREAM};
    switch (a->kind) {
    case WR_ACTION_REPLY:
    case WR_ACTION_DROP: take_reply(p, a); break;
    case WR_ACTION_DATAGRAM:
        if (p->gate->settings.upstreams.encrypted_only) {
            broken(p, "a datagram leaves, and encryption is required");
        }
        send_datagram(p, worker, a);
        break;
    case WR_ACTION_FORGET: net_port_close(p->ports, worker, a->id); break;
    case WR_ACTION_STREAM_OPEN: open_stream(p, worker, a); break;
    case WR_ACTION_STREAM_WRITE:
        if (p->gate->settings.upstreams.encrypted_only &&
            story_sealing_readable(p->s, a->bytes, a->size)) {
            broken(p, "a name can be read, and encryption is required");
        }
        if (st) {
            e.tag = net_stream_tag(&p->streams, st);
            clock_post(&p->clock, ROUND_TRIP_US / 2, &e, a->bytes, a->size);
        }
        break;
    case WR_ACTION_STREAM_CLOSE:
        if (st) {
            net_stream_end(&p->streams, st);
        }
        break;
    case WR_ACTION_LEASE: ask_firewall(p, a->lease); break;
    default: broken(p, "an action that one worker should not take"); break;
    }
}

/* ---- time ---- */

static void feed(struct player *p, const struct wr_event *e)
{
    gate_feed(p->gate, 0, e, &p->clock.now);
    if (p->gate->broken) {
        broken(p, p->gate->broken);
    }
}

/* A server sends the gateway's own question back to it. */
static void feed_loop(struct player *p, const struct sim_event *e)
{
    if (p->asked == ASKED_MAX || e->size < 2) {
        broken(p, "the loop does not end");
        return;
    }
    struct played *q = &p->asks[p->asked++];
    *q = (struct played){.loop_port = e->to.port, .loop_server = e->who, .id = wire_u16(e->bytes)};
    q->client.from = p->s->server[e->who];
    q->client.from.port = (uint16_t)(40000 + p->asked);
    q->client.local = p->s->server[e->who];
    feed(p, &(struct wr_event){
                .kind = WR_EVENT_QUERY, .client = q->client, .bytes = e->bytes, .size = e->size});
}

static void dispatch(struct player *p, const struct sim_event *e)
{
    struct net_port *port = net_port_at(p->ports, e->to.port);
    struct net_stream *st = net_stream_by_tag(&p->streams, e->tag);
    struct wr_event w = {
        .bytes = e->bytes, .size = e->size, .id = st ? st->id : e->id, .from = e->from};
    switch (e->kind) {
    case PLAY_TO_SERVER:
        if (!p->server[e->who].cut) {
            server_answers(p, e, NULL, e->bytes, e->size);
        }
        return;
    case PLAY_TO_STREAM: stream_hears(p, e); return;
    case PLAY_LOOP: feed_loop(p, e); return;
    case PLAY_LEASE:
        w = (struct wr_event){.kind = WR_EVENT_LEASE};
        memcpy(&w.lease, e->bytes, sizeof w.lease);
        break;
    case PLAY_TO_PORT:
        if (!port || p->server[e->who].cut) {
            return;
        }
        w.kind = WR_EVENT_DATAGRAM;
        w.id = port->id;
        break;
    case PLAY_UNREACHABLE:
        w.kind = WR_EVENT_UNREACHABLE;
        w.lost = p->server[e->who].lost;
        break;
    case PLAY_UP:
    case PLAY_TO_GATE:
        if (!st || st->stalled || p->server[st->server].cut) {
            return;
        }
        if (!st->up) {
            story_sealing_up(p->s, st->server, st);
        }
        st->up = true;
        w.kind = e->kind == PLAY_UP ? WR_EVENT_STREAM_OPEN : WR_EVENT_STREAM_BYTES;
        break;
    default:
        if (!st) {
            return;
        }
        net_stream_end(&p->streams, st);
        w.kind = WR_EVENT_STREAM_CLOSED;
        w.lost = p->server[st->server].lost;
        break;
    }
    feed(p, &w);
}

/* One event or wake-up no later than until_us; false when there is none, and then it is until_us. */
static bool move(struct player *p, uint64_t until_us)
{
    uint64_t wake = gate_deadline(p->gate, 0);
    uint64_t at = wr_time_min(clock_next(&p->clock), wake);
    if (p->error[0] || at > until_us) {
        clock_advance(&p->clock, until_us > p->clock.now.mono_us ? until_us : p->clock.now.mono_us);
        return false;
    }
    clock_advance(&p->clock, at > p->clock.now.mono_us ? at : p->clock.now.mono_us);
    if (wake <= clock_next(&p->clock)) {
        feed(p, &(struct wr_event){.kind = WR_EVENT_TIME});
        return true;
    }
    struct sim_event *e = clock_take(&p->clock);
    dispatch(p, e);
    free(e);
    return true;
}

static void pass(struct player *p, uint64_t time_us)
{
    uint64_t until = p->clock.now.mono_us + time_us;
    for (unsigned n = 0; move(p, until); n++) {
        if (n > 2000000) {
            broken(p, "time does not pass: the engine wants to be woken again and again");
        }
    }
}

/* ---- steps ---- */

static void write_query(struct player *p, const struct story_entry *e, uint16_t id, unsigned number,
                        bool numbered)
{
    uint8_t name[WIRE_NAME_SIZE];
    if (e->raw) {
        memcpy(p->out->bytes, e->raw, e->raw_size);
        p->out->size = e->raw_size;
        return;
    }
    wire_start(p->out, id, (uint16_t)(e->flags | e->opcode << 11));
    if (e->has_question) {
        size_t n = 0;
        if (numbered) {
            n = (size_t)snprintf((char *)name, 16, "%cn%07u", 8, number);
        }
        wire_name_copy(name + n, e->qname);
        for (unsigned i = 0; i < e->qdcount; i++) {
            wire_question(p->out, name, e->qtype, e->qclass);
        }
    }
    for (unsigned i = 0; i < e->rrs; i++) {
        wire_record(p->out, (enum wire_section)e->rr[i].section, e->rr[i].owner, e->rr[i].type,
                    e->rr[i].ttl, e->rr[i].rdata, e->rr[i].size);
    }
    if (e->edns.present) {
        struct wire_edns edns = e->edns;
        edns.udp_size = edns.udp_size ? edns.udp_size : 1232;
        wire_opt(p->out, &edns);
    }
    wire_end(p->out);
}

static const char *play_query(struct player *p, const struct story_step *s)
{
    for (unsigned i = 0; i < s->times; i++) {
        if (p->asked == ASKED_MAX) {
            return "more queries than the player can remember";
        }
        struct played *q = &p->asks[p->asked++];
        *q = (struct played){.step = s->number, .asked_us = p->clock.now.mono_us};
        q->id = s->entry->id ? s->entry->id : (uint16_t)(1000 + p->asked);
        q->client.from = s->addr;
        if (!s->addr.family) {
            wr_addr_from_text("10.0.0.5", &q->client.from);
        }
        q->client.from.port = s->port ? s->port : (uint16_t)(20000 + p->asked);
        wr_addr_from_text("10.0.0.1:53", &q->client.local);
        q->client.transport = s->tcp ? WR_CLIENT_TCP : WR_CLIENT_UDP;
        q->client.conn = s->tcp ? p->asked : 0;
        write_query(p, s->entry, q->id, p->asked, s->numbered);
        if (s->entry->raw && p->out->size >= 2) {
            q->id = wire_u16(p->out->bytes);
        }
        struct wr_event e = {.kind = WR_EVENT_QUERY,
                             .client = q->client,
                             .bytes = p->out->bytes,
                             .size = p->out->size};
        uint8_t room[4096];
        e.room = p->asked % 2 ? room : NULL;
        e.room_size = e.room ? sizeof room : 0;
        feed(p, &e);
        if (s->time_us) {
            pass(p, s->time_us);
        }
    }
    return NULL;
}

static struct played *asked_in(struct player *p, const struct story_step *s)
{
    for (unsigned i = p->asked; i--;) {
        if (p->asks[i].step && (!s->of || p->asks[i].step == s->of)) {
            return &p->asks[i];
        }
    }
    return NULL;
}

static const char *play_check_answer(struct player *p, const struct story_step *s)
{
    struct played *q = asked_in(p, s);
    if (!q) {
        return "no such query";
    }
    uint64_t until = p->clock.now.mono_us + PATIENCE_US;
    while (!q->replies && !q->dropped && move(p, until)) {
    }
    if (!q->replies) {
        return q->dropped ? "the query was dropped" : "no answer";
    }
    uint64_t took = q->replied_us - q->asked_us;
    if (wire_read(p->msg, q->reply, q->size)) {
        return "the answer breaks the format";
    }
    const char *different = story_compare(s->entry, p->msg, p->why, sizeof p->why);
    if (different) {
        return different;
    }
    if ((s->entry->within_us && took > s->entry->within_us) || took < s->entry->after_us) {
        snprintf(p->why, sizeof p->why, "answered after %.0f ms", (double)took / 1e3);
        return p->why;
    }
    if (s->entry->size_most && q->size > s->entry->size_most) {
        snprintf(p->why, sizeof p->why, "%zu octets", q->size);
        return p->why;
    }
    return NULL;
}

static bool holds(uint64_t have, const char *compare, uint64_t want)
{
    return compare[0] == '>' ? have >= want : compare[0] == '<' ? have <= want : have == want;
}

static const char *play_check_count(struct player *p, const struct story_step *s)
{
    uint64_t answered = 0, truncated = 0, refused = 0, failed = 0, quiet = 0;
    unsigned of = s->of ? s->of : p->asked ? p->asks[p->asked - 1].step : 0;
    pass(p, SILENCE_US);
    for (unsigned i = 0; i < p->asked; i++) {
        const struct played *q = &p->asks[i];
        if (q->step != of) {
            continue;
        }
        quiet += !q->replies;
        truncated += q->truncated;
        refused += q->replies && q->rcode == RCODE_REFUSED;
        failed += q->replies && q->rcode == RCODE_SERVFAIL;
        answered += q->replies && !q->truncated &&
                    (q->rcode == RCODE_NOERROR || q->rcode == RCODE_NXDOMAIN);
    }
    uint64_t have = strcmp(s->what, "answered") == 0    ? answered
                    : strcmp(s->what, "truncated") == 0 ? truncated
                    : strcmp(s->what, "refused") == 0   ? refused
                    : strcmp(s->what, "failed") == 0    ? failed
                                                        : quiet;
    if (holds(have, s->compare, s->count)) {
        return NULL;
    }
    snprintf(p->why, sizeof p->why,
             "%s is %llu (answered %llu, truncated %llu, refused %llu, failed %llu, silent %llu)",
             s->what, (unsigned long long)have, (unsigned long long)answered,
             (unsigned long long)truncated, (unsigned long long)refused, (unsigned long long)failed,
             (unsigned long long)quiet);
    return p->why;
}

static const char *play_check_sent(struct player *p, const struct story_step *s)
{
    unsigned server = server_at(p, &s->addr);
    uint64_t *count = s->tcp ? &p->server[server].heard_tcp : &p->server[server].heard;
    uint64_t have = *count;
    *count = 0;
    if (holds(have, s->compare, s->count)) {
        return NULL;
    }
    snprintf(p->why, sizeof p->why, "the server heard %llu questions%s", (unsigned long long)have,
             s->tcp ? " by TCP" : "");
    return p->why;
}

static const char *play_check_leases(struct player *p, const struct story_step *s)
{
    unsigned have = p->s->leases.asked;
    uint32_t for_s = 0;
    p->s->leases.asked = 0;
    if (!holds(have, s->compare, s->count)) {
        snprintf(p->why, sizeof p->why, "the firewall was asked for %u addresses", have);
        return p->why;
    }
    if (s->lease.family != WR_AF_NONE && !story_leases_has(p->s, &s->lease, &for_s)) {
        return "it was not asked for that address";
    }
    if (s->time_us != 0 && s->time_us != for_s * WR_S) {
        snprintf(p->why, sizeof p->why, "it was asked for %u s", for_s);
        return p->why;
    }
    return NULL;
}

static const char *play_silent(struct player *p, const struct story_step *s)
{
    struct played *q = asked_in(p, s);
    pass(p, SILENCE_US);
    if (!q || q->replies) {
        return "an answer";
    }
    return q->dropped ? NULL : "neither an answer nor a counted drop";
}

static void play_restart(struct player *p)
{
    p->ports->count = 0;
    for (unsigned i = 0; i < NET_STREAMS_MAX; i++) {
        net_stream_end(&p->streams, &p->streams.list[i]);
    }
    gate_restart(p->gate, &p->clock.now);
}

static void hang(struct player *p, unsigned server)
{
    for (unsigned i = 0; i < NET_STREAMS_MAX; i++) {
        struct net_stream *st = &p->streams.list[i];
        st->stalled |= st->used && st->server == server;
    }
}

static const char *play_step(struct player *p, const struct story_step *s)
{
    unsigned server = server_at(p, &s->addr);
    p->step = s->number;
    switch (s->kind) {
    case STEP_QUERY: return play_query(p, s);
    case STEP_CHECK_ANSWER: return play_check_answer(p, s);
    case STEP_CHECK_SILENT: return play_silent(p, s);
    case STEP_CHECK_COUNT: return play_check_count(p, s);
    case STEP_CHECK_SENT: return play_check_sent(p, s);
    case STEP_TIME_PASSES: pass(p, s->time_us); break;
    case STEP_CUT:
    case STEP_RESTORE:
        p->server[server].cut = s->kind == STEP_CUT;
        p->server[server].unreachable = s->unreachable;
        p->server[server].lost = s->lost;
        break;
    case STEP_REFUSE_TCP: p->server[server].no_tcp = true; break;
    case STEP_LINK: feed(p, &(struct wr_event){.kind = WR_EVENT_LINK}); break;
    case STEP_RESTART: play_restart(p); break;
    case STEP_HANG: hang(p, server); break;
    case STEP_FIREWALL: return story_leases_says(p->s, s->what) ? NULL : "it cannot say that";
    case STEP_CHECK_ASKED: return play_check_leases(p, s);
    case STEP_SHOWS:
        return story_sealing_show(p->s, server, s->what) ? NULL : "no such server, or certificate";
    }
    return NULL;
}

static void trace_line(void *user, const char *machine, uint64_t id, const char *from,
                       const char *to, const char *why)
{
    say(user, "    %s %llx: %s -> %s (%s)", machine, (unsigned long long)id, from, to,
        why ? why : "");
}

static struct player *new_player(struct story *s, bool verbose)
{
    struct player *p = calloc(1, sizeof *p);
    assert(p);
    p->s = s;
    p->verbose = verbose;
    p->gate = &s->gate;
    p->ports = calloc(1, sizeof *p->ports);
    p->streams.list = calloc(NET_STREAMS_MAX, sizeof p->streams.list[0]);
    p->msg = calloc(1, sizeof *p->msg);
    p->out = calloc(1, sizeof *p->out);
    assert(p->ports && p->streams.list && p->msg && p->out);
    clock_init(&p->clock, 1000 * WR_S, 1790000000);
    wr_rng_seed_u64(&p->rng, 4);
    p->gate->machine = &gate_weir;
    p->gate->seed = 4;
    p->gate->act = act;
    p->gate->user = p;
    if (verbose) {
        p->gate->trace.line = trace_line;
        p->gate->trace.user = p;
    }
    return p;
}

static void free_player(struct player *p)
{
    gate_free(p->gate);
    for (unsigned i = 0; i < NET_STREAMS_MAX; i++) {
        net_stream_end(&p->streams, &p->streams.list[i]);
    }
    clock_free(&p->clock);
    for (unsigned i = 0; i < p->asked; i++) {
        free(p->asks[i].reply);
    }
    free(p->ports);
    free(p->streams.list);
    free(p->msg);
    free(p->out);
    free(p);
}

int story_play(struct story *s, bool verbose)
{
    struct player *p = new_player(s, verbose);
    const char *wrong = NULL;
    gate_start(p->gate, &p->clock.now);
    for (unsigned i = 0; i < s->steps && !wrong; i++) {
        wrong = play_step(p, &s->step[i]);
        wrong = p->error[0] ? p->error : wrong;
        if (wrong) {
            snprintf(s->error, sizeof s->error, "step %u (line %u): %s", s->step[i].number,
                     s->step[i].line, wrong);
        }
    }
    if (!wrong && !gate_canaries_whole(p->gate)) {
        wrong = "written behind a block of memory";
        snprintf(s->error, sizeof s->error, "%s", wrong);
    }
    free_player(p);
    return wrong ? -1 : 0;
}
