/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question arrives, a way is drawn, an answer is written (honest ones by the oracle), and goes out: as one
 * datagram or as pieces of a stream.
 */
#include "server.h"

#include <string.h>

#include "base/hash.h"
#include "forger.h"
#include "quicserver.h"
#include "tree.h"
#include "world.h"

#define PORT_DNS 53

void server_init(struct world *w, unsigned i)
{
    struct server *s = &w->server[i];
    *s = (struct server){.secret = wr_rng_u64(&w->rng)};
    s->addr.family = i % 3 == 2 ? WR_AF_V6 : WR_AF_V4;
    s->addr.port = PORT_DNS;
    s->scheme = WR_SCHEME_UDP;
    if (s->addr.family == WR_AF_V4) {
        memcpy(s->addr.ip, (uint8_t[]){192, 0, 2, (uint8_t)(1 + i)}, 4);
    } else {
        memcpy(s->addr.ip, (uint8_t[]){0x20, 1, 0xd, 0xb8}, 4);
        s->addr.ip[15] = (uint8_t)(1 + i);
    }
    s->link.base_us = 2000 + wr_rng_below(&w->rng, 40000);
    s->link.jitter_us = 1000 + wr_rng_below(&w->rng, 10000);
    s->authoritative = w->plan.tree;
    if (w->plan.faults) {
        s->no_edns = wr_rng_below(&w->rng, 8) == 0;
        s->cookies = !s->no_edns && wr_rng_below(&w->rng, 2);
        s->demands_cookie = s->cookies && wr_rng_below(&w->rng, 3) == 0;
        s->lowers_case = wr_rng_below(&w->rng, 8) == 0;
        s->no_tcp = !s->lowers_case && i && wr_rng_below(&w->rng, 8) == 0;
        s->no_edns = s->no_edns && !w->secure.on; /* nobody proves anything without it */
        s->no_tcp =
            s->no_tcp && !w->plan.tree; /* each zone has somebody who can send a large answer */
    }
}

void server_calm(struct server *s)
{
    memset(s->way_pm, 0, sizeof s->way_pm);
    memset(s->seal_pm, 0, sizeof s->seal_pm);
    memset(s->carry_pm, 0, sizeof s->carry_pm);
    s->forge_pm = 0;
    s->link.state = LINK_UP;
    s->link.loss_pm = s->link.double_pm = s->link.late_pm = 0;
}

void server_mix(struct world *w, struct server *s)
{
    memset(s->way_pm, 0, sizeof s->way_pm);
    if (s->cookies && wr_rng_below(&w->rng, 3) == 0) {
        s->way_pm[wr_rng_below(&w->rng, 2) ? WAY_WRONG_COOKIE : WAY_NO_COOKIE] = 200;
    }
    for (unsigned n = wr_rng_below(&w->rng, 5); n; n--) {
        unsigned way = 1 + wr_rng_below(&w->rng, WAYS - 1);
        s->way_pm[way] = 20 + wr_rng_below(&w->rng, wr_rng_below(&w->rng, 4) ? 200 : 900);
    }
    s->link.loss_pm = wr_rng_below(&w->rng, 3) ? 0 : wr_rng_below(&w->rng, 300);
    s->link.double_pm = wr_rng_below(&w->rng, 100);
    s->link.late_pm = wr_rng_below(&w->rng, 50);
    if (s->scheme != WR_SCHEME_UDP) {
        sealed_mix(w, s);
    }
    s->forge_pm = w->forges && wr_rng_below(&w->rng, 2) == 0 ? wr_rng_below(&w->rng, 600) : 0;
}

static enum server_way draw_way(struct world *w, const struct server *s)
{
    unsigned at = wr_rng_below(&w->rng, 1000);
    for (unsigned i = 1; i < WAYS; i++) {
        if (at < s->way_pm[i]) {
            return (enum server_way)i;
        }
        at -= s->way_pm[i];
    }
    return WAY_GOOD;
}

/* A failure that a server states for a name may be remembered for a while (RFC 9520), faults or not. */
static void note_error(struct world *w, const struct wire_msg *q, enum server_way way)
{
    int i = oracle_find(&w->oracle, q->qname);
    if (i >= 0 && way != WAY_GOOD && way != WAY_SLOW && way != WAY_STALL) {
        w->erred_us[i] = w->clock.now.mono_us;
    }
}

/* ---- what is written ---- */

static void poison_record(struct wire_out *out, enum wire_section section, const uint8_t *owner,
                          uint16_t type)
{
    static const uint8_t v6[16] = {0xfd, 6, 6, 6, [15] = 6};
    static const uint8_t evil[] = "\4evil\7example";
    switch (type) {
    case TYPE_AAAA: wire_record(out, section, owner, TYPE_AAAA, 86400, v6, 16); break;
    case TYPE_TXT:
        wire_record(out, section, owner, TYPE_TXT, 86400, (const uint8_t *)"\6poison", 7);
        break;
    case TYPE_NS: wire_record(out, section, owner, TYPE_NS, 86400, evil, sizeof evil); break;
    case TYPE_CNAME: wire_record(out, section, owner, TYPE_CNAME, 86400, evil, sizeof evil); break;
    default: wire_record(out, section, owner, TYPE_A, 86400, (const uint8_t *)"\6\6\6\6", 4); break;
    }
}

static void write_opt(const struct server *s, struct wire_out *out, const struct wire_msg *q,
                      enum server_way way, unsigned rcode)
{
    struct wire_edns e = {
        .present = true, .udp_size = 1232, .ede = -1, .rcode_high = (uint8_t)(rcode >> 4)};
    if (!q->edns.present || s->no_edns) {
        return;
    }
    if (q->edns.cookie_size >= 8 && s->cookies && way != WAY_NO_COOKIE) {
        uint64_t server[2] = {wr_hash_mix(s->secret ^ wire_u32(q->edns.cookie)),
                              wr_hash_mix(s->secret + 1)};
        memcpy(e.cookie, q->edns.cookie, 8);
        memcpy(e.cookie + 8, server, 16);
        e.cookie_size = 24;
        if (way == WAY_WRONG_COOKIE) {
            e.cookie[0] ^= 0x5a;
        }
    }
    e.dnssec_ok = q->edns.dnssec_ok;
    wire_opt(out, &e);
}

static bool cookie_right(const struct server *s, const struct wire_msg *q)
{
    uint64_t server[2] = {wr_hash_mix(s->secret ^ wire_u32(q->edns.cookie)),
                          wr_hash_mix(s->secret + 1)};
    return q->edns.cookie_size == 24 && memcmp(q->edns.cookie + 8, server, 16) == 0;
}

/* Starts a response with the question as this server repeats it. */
static void start_response(const struct server *s, struct wire_out *out, const struct wire_msg *q,
                           enum server_way way, unsigned rcode)
{
    uint8_t name[WIRE_NAME_SIZE];
    uint16_t id = (uint16_t)(q->id + (way == WAY_WRONG_ID));
    wire_name_copy(name, q->qname);
    if (s->lowers_case || way == WAY_WRONG_CASE) {
        wire_name_lower(name);
    }
    if (way == WAY_WRONG_QUESTION) {
        name[1] = name[1] == 'x' ? 'y' : 'x';
    }
    wire_start(out, id,
               (uint16_t)(FLAG_QR | (s->authoritative ? 0 : FLAG_RA) |
                          (q->flags & (FLAG_RD | FLAG_CD)) | (rcode & 15)));
    wire_question(out, name, q->qtype, q->qclass);
}

static void write_poison(struct server *s, struct wire_out *out, const struct wire_msg *q,
                         enum server_way way)
{
    start_response(s, out, q, way, 0);
    poison_record(out, WIRE_ANSWER, out->bytes + 12, q->qtype);
    write_opt(s, out, q, way, 0);
    wire_end(out);
}

static bool speaks_of(const struct oracle_statement *s, unsigned name)
{
    for (unsigned i = 0; i < s->facts; i++) {
        if (s->fact[i].name == name) {
            return true;
        }
    }
    return false;
}

/* The truth, and for WAY_EXTRA what this server has no right to say. Returns the statement. */
static uint32_t write_truth(struct world *w, struct server *s, struct wire_out *out,
                            const struct wire_msg *q, enum server_way way)
{
    uint16_t rcode = 0;
    uint8_t name[WIRE_NAME_SIZE];
    start_response(s, out, q, way, 0);
    wire_name_copy(name, out->bytes + 12);
    unsigned links = way == WAY_HALF_CHAIN ? 1 : 10;
    uint32_t ttl_share = 50 + wr_rng_below(&w->rng, 51);
    uint32_t statement = 0;
    bool referral = false;
    if (s->authoritative) {
        statement = tree_say(w, (unsigned)(s - w->server), out, name, q->qtype, links, ttl_share,
                             &referral);
        rcode = wire_u16(out->bytes + 2) & 15;
        if (w->secure.on && q->edns.present && q->edns.dnssec_ok) {
            bool has[SECURE_ZONES];
            tree_speaks(w, (unsigned)(s - w->server), has);
            secure_dress(&w->secure, &w->oracle, has, out);
        }
    } else {
        statement = oracle_say(&w->oracle, out, name, q->qtype, w->clock.now.mono_us, links,
                               ttl_share, &rcode);
    }
    wire_set_u16(out->bytes + 2, (unsigned)wire_u16(out->bytes + 2) | rcode);
    unsigned victim = wr_rng_below(&w->rng, w->oracle.names);
    /* It may say what it likes of the names that it was asked for; of others it may not. */
    if (way == WAY_EXTRA && (!statement || !speaks_of(&w->oracle.statement[statement], victim))) {
        const uint8_t *other = w->oracle.name[victim].wire;
        poison_record(out, WIRE_ANSWER, other, TYPE_A);
        if (!referral) {
            poison_record(out, WIRE_AUTHORITY, w->oracle.zone[0], TYPE_NS);
        }
        poison_record(out, WIRE_ADDITIONAL, other, TYPE_A);
        if (!referral) { /* of a server's name it would be glue, which is the parent's to give */
            poison_record(out, WIRE_ADDITIONAL, name, TYPE_AAAA);
        }
    }
    write_opt(s, out, q, way, rcode);
    wire_end(out);
    return statement;
}

static void write_error(const struct server *s, struct wire_out *out, const struct wire_msg *q,
                        unsigned rcode)
{
    start_response(s, out, q, WAY_GOOD, rcode);
    write_opt(s, out, q, WAY_GOOD, rcode);
    wire_end(out);
}

static void write_truncated(const struct server *s, struct wire_out *out, const struct wire_msg *q)
{
    write_error(s, out, q, 0);
    wire_set_u16(out->bytes + 2, (unsigned)wire_u16(out->bytes + 2) | FLAG_TC);
}

/* Writes what this server says to q in this way. False: nothing. */
static bool write_response(struct world *w, struct server *s, const struct wire_msg *q,
                           enum server_way way, bool tcp, uint32_t *ret_statement)
{
    struct wire_out *out = w->out;
    *ret_statement = 0;
    if (s->no_edns && q->edns.present) {
        write_error(s, out, q, RCODE_FORMERR);
        return true;
    }
    if (s->demands_cookie && !tcp && q->edns.cookie_size >= 8 && !cookie_right(s, q)) {
        write_error(s, out, q, RCODE_BADCOOKIE);
        return true;
    }
    switch (way) {
    case WAY_STALL: return false;
    case WAY_SERVFAIL: write_error(s, out, q, RCODE_SERVFAIL); return true;
    case WAY_REFUSED: write_error(s, out, q, RCODE_REFUSED); return true;
    case WAY_NOTIMP: write_error(s, out, q, RCODE_NOTIMP); return true;
    case WAY_TRUNCATED:
        if (tcp) {
            break;
        }
        write_truncated(s, out, q);
        return true;
    case WAY_GARBAGE:
        out->size = wr_rng_below(&w->rng, 200);
        wr_rng_bytes(&w->rng, out->bytes, out->size);
        return true;
    default: break;
    }
    *ret_statement = write_truth(w, s, out, q, way);
    if (s->forge_pm && wr_rng_below(&w->rng, 1000) < s->forge_pm &&
        forger_changes(w, (unsigned)(s - w->server), q)) {
        *ret_statement = 0;
    }
    size_t most = tcp                                         ? WIRE_MSG_MAX
                  : q->edns.present && q->edns.udp_size > 512 ? q->edns.udp_size
                                                              : 512;
    if (out->size > most) {
        *ret_statement = 0;
        write_truncated(s, out, q);
    }
    return true;
}

/* ---- how it goes out ---- */

static void send_datagram(struct world *w, const struct server *s, const struct wr_addr *from,
                          uint16_t port, uint64_t extra_us, uint32_t statement)
{
    struct sim_event e = {.kind = EV_PORT_HEARS, .from = *from, .statement = statement};
    uint64_t delay[2];
    e.who = (unsigned)(s - w->server);
    e.to.port = port;
    for (unsigned n = net_copies(&s->link, &w->rng, delay); n--;) {
        clock_post(&w->clock, delay[n] + extra_us, &e, w->out->bytes, w->out->size);
    }
}

/* The lies of which none may be believed; the honest answer may come behind. */
static bool is_lie(const struct world *w, const struct server *s, const struct wire_msg *q,
                   enum server_way way)
{
    switch (way) {
    case WAY_ELSEWHERE:
    case WAY_WRONG_ID: return true;
    case WAY_WRONG_QUESTION: return q->qname[0] != 0; /* the root has no letter to change */
    case WAY_WRONG_CASE: {
        uint8_t lower[WIRE_NAME_SIZE];
        wire_name_copy(lower, q->qname);
        wire_name_lower(lower);
        return w->gate.settings.upstreams.case_randomisation &&
               !wire_name_same_octets(lower, q->qname);
    }
    case WAY_WRONG_COOKIE: return s->cookies && q->edns.cookie_size >= 8;
    case WAY_NO_COOKIE: return s->cookie_known && q->edns.cookie_size >= 8;
    default: return false;
    }
}

void server_hears(struct world *w, const struct sim_event *e)
{
    struct server *s = &w->server[e->who];
    struct wire_msg *q = w->query;
    uint32_t statement;
    uint64_t late = 0;
    s->heard++;
    if (wire_read(q, e->bytes, e->size) || q->counts[0] != 1) {
        return;
    }
    enum server_way way = draw_way(w, s);
    note_error(w, q, way);
    if (s->no_edns && q->edns.present) {
        way = WAY_GOOD;
    }
    if (way == WAY_SLOW) {
        late = 100000 + wr_rng_below(&w->rng, 3000000);
    }
    if (is_lie(w, s, q, way)) {
        struct wr_addr from = s->addr;
        from.ip[way == WAY_ELSEWHERE ? wr_addr_ip_size(&from) - 1 : 0] ^=
            way == WAY_ELSEWHERE ? 0x40 : 0;
        write_poison(s, w->out, q, way);
        send_datagram(w, s, &from, e->from.port, 0, 0);
        if (wr_rng_below(&w->rng, 2)) {
            return;
        }
        late = 20000;
        way = WAY_GOOD;
    } else if (way >= WAY_ELSEWHERE && way <= WAY_NO_COOKIE) {
        way = WAY_GOOD;
    }
    if (write_response(w, s, q, way, false, &statement)) {
        send_datagram(w, s, &s->addr, e->from.port, late, statement);
        if (way == WAY_TWICE) {
            send_datagram(w, s, &s->addr, e->from.port, 1000, statement);
        }
    }
}

/* Cuts the octets into pieces; the statement goes with the last. */
void server_send(struct world *w, struct net_stream *st, const uint8_t *bytes, size_t size,
                 uint32_t statement, bool dribble)
{
    const struct server *s = &w->server[st->server];
    uint64_t at = w->clock.now.mono_us + net_delay(&s->link, &w->rng);
    while (size) {
        size_t n = dribble ? 1 + wr_rng_below(&w->rng, 40) : 1 + wr_rng_below(&w->rng, 4000);
        n = n > size || wr_rng_below(&w->rng, 2) ? size : n;
        at += dribble ? wr_rng_below(&w->rng, 30000) : wr_rng_below(&w->rng, 300);
        at = at < st->arrives_us ? st->arrives_us : at;
        st->arrives_us = at;
        struct sim_event e = {.kind = EV_STREAM_TO_GATE,
                              .tag = net_stream_tag(&w->streams, st),
                              .who = st->server,
                              .statement = n == size ? statement : 0};
        clock_post(&w->clock, at - w->clock.now.mono_us, &e, bytes, n);
        bytes += n;
        size -= n;
    }
}

void server_end_stream(struct world *w, struct net_stream *st, uint64_t delay_us)
{
    struct sim_event e = {.kind = EV_STREAM_DOWN, .tag = net_stream_tag(&w->streams, st)};
    clock_post(&w->clock, delay_us, &e, NULL, 0);
}

void server_send_cut(struct world *w, struct net_stream *st, const uint8_t *bytes, size_t size)
{
    uint64_t now_us = w->clock.now.mono_us;
    server_send(w, st, bytes, wr_rng_below(&w->rng, (uint32_t)size), 0, false);
    server_end_stream(w, st, st->arrives_us > now_us ? st->arrives_us - now_us : 1);
}

enum server_way server_draws(struct world *w, const struct server *s, bool numbered)
{
    enum server_way way = draw_way(w, s);
    way = !numbered && way == WAY_WRONG_ID ? WAY_GOOD : way; /* that is no lie then */
    note_error(w, w->query, way);
    return way;
}

bool server_says(struct world *w, struct server *s, enum server_way way, bool stranger,
                 uint32_t *ret_statement)
{
    bool lies = way >= WAY_WRONG_ID && way <= WAY_WRONG_QUESTION && is_lie(w, s, w->query, way);
    if (!stranger && !lies) {
        return write_response(w, s, w->query, way, true, ret_statement);
    }
    write_poison(s, w->out, w->query, stranger ? WAY_GOOD : way);
    *ret_statement = 0;
    return true;
}

/* What is in w->out, as it goes over this stream. */
static size_t on_the_wire(struct world *w, struct net_stream *st, const uint8_t **ret_wire,
                          uint32_t *statement)
{
    static uint8_t framed[WIRE_MSG_MAX + 2];
    if (st->line) {
        return sealed_wrap(w, st, ret_wire, statement);
    }
    wire_set_u16(framed, (unsigned)w->out->size);
    memcpy(framed + 2, w->out->bytes, w->out->size);
    *ret_wire = framed;
    return w->out->size + 2;
}

void server_answers(struct world *w, struct net_stream *st, const uint8_t *bytes, size_t size)
{
    struct server *s = &w->server[st->server];
    const uint8_t *wire;
    uint32_t statement;
    s->heard_tcp++;
    if (wire_read(w->query, bytes, size)) {
        server_end_stream(w, st, 1000);
        return;
    }
    enum server_way way = server_draws(w, s, !st->line || sealed_is_numbered(st));
    if (way == WAY_STALL || (way == WAY_SLOW && wr_rng_below(&w->rng, 2))) {
        /* The connection hangs; by QUIC perhaps only the question. */
        st->stalled = way == WAY_STALL && (!st->datagrams || wr_rng_below(&w->rng, 2));
        return;
    }
    if (!server_says(w, s, way, st->line && sealed_is_stranger(st), &statement)) {
        return;
    }
    if (st->datagrams) {
        quicserver_answers(w, st, way, statement);
        return;
    }
    size_t n = on_the_wire(w, st, &wire, &statement);
    if (n == 0) {
        return; /* nobody waits for it any more */
    }
    if (way == WAY_RESET) {
        server_send_cut(w, st, wire, n);
        return;
    }
    server_send(w, st, wire, n, statement, way == WAY_SLOW);
}

void server_stream_hears(struct world *w, const struct sim_event *e)
{
    struct net_stream *st = net_stream_by_tag(&w->streams, e->tag);
    if (!st || !st->up || st->stalled || w->server[st->server].link.state != LINK_UP) {
        return;
    }
    if (st->datagrams) {
        quicserver_hears(w, st, e->bytes, e->size);
        return;
    }
    if (st->line) {
        const uint8_t *msg;
        size_t n;
        sealed_hears(w, st, e->bytes, e->size);
        while (!st->stalled && sealed_next(w, st, &msg, &n)) {
            checks_sent(w, st->server, msg, n);
            server_answers(w, st, msg, n);
        }
        return;
    }
    if (st->have + e->size > sizeof st->in) {
        checks_fail(w, 3, "a stream carries %zu octets of questions at once", st->have + e->size);
        return;
    }
    memcpy(st->in + st->have, e->bytes, e->size);
    st->have += e->size;
    size_t at = 0;
    while (st->have - at >= 2 && st->have - at >= 2u + wire_u16(st->in + at) && !st->stalled) {
        size_t n = wire_u16(st->in + at);
        server_answers(w, st, st->in + at + 2, n);
        at += 2 + n;
    }
    memmove(st->in, st->in + at, st->have - at);
    st->have -= at;
}

void server_attack(struct world *w)
{
    if (!w->ports->count) {
        return;
    }
    /* It cannot see the query; one of id, port, source or letter case is wrong in each try. */
    const struct net_port *p = &w->ports->list[wr_rng_below(&w->rng, w->ports->count)];
    const struct server *s = &w->server[p->server];
    struct wr_addr from = s->addr;
    struct wire_msg *q = w->query;
    uint16_t port = p->port;
    unsigned wrong = wr_rng_below(&w->rng, 4);
    if (wire_read(q, p->query, p->query_size)) {
        return;
    }
    uint8_t lower[WIRE_NAME_SIZE];
    wire_name_copy(lower, q->qname);
    wire_name_lower(lower);
    if (wrong == 3 && (wire_name_same_octets(lower, q->qname) ||
                       !w->gate.settings.upstreams.case_randomisation)) {
        wrong = 0;
    }
    q->id = (uint16_t)(q->id + (wrong == 0 ? 1 + wr_rng_below(&w->rng, 65535) : 0));
    port = (uint16_t)(port ^ (wrong == 1 ? 1 : 0));
    from.ip[wr_addr_ip_size(&from) - 1] ^= wrong == 2 ? 0x80 : 0;
    if (wrong == 1 && net_port_at(w->ports, port)) {
        return; /* another exchange's port: its id is not this one's, or it would be no forgery */
    }
    write_poison(&w->server[p->server], w->out, q, wrong == 3 ? WAY_WRONG_CASE : WAY_GOOD);
    struct sim_event e = {.kind = EV_PORT_HEARS, .from = from, .who = p->server};
    e.to.port = port;
    clock_post(&w->clock, 10, &e, w->out->bytes, w->out->size);
}
