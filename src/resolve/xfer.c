/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/xfer.h"

#include <string.h>

#include "base/check.h"
#include "dns/build.h"
#include "dns/codes.h"
#include "dns/rdata.h"

#define BIT(what) (1u << (what))
/* In this order they are handed out; records come between. */
static const enum wr_xfer_what order[] = {WR_XFER_CLOSE, WR_XFER_DROP, WR_XFER_EXPIRE,
                                          WR_XFER_FRESH, WR_XFER_OPEN, WR_XFER_SEND};

static void next_primary(struct wr_xfer *x, const struct wr_now *now);

const char *wr_xfer_state_name(enum wr_xfer_state state)
{
    static const char *const names[] = {"WAIT", "DIAL", "SOA", "ZONE", "JUDGE"};

    return names[state];
}

static void move(struct wr_xfer *x, enum wr_xfer_state to, const char *why)
{
    wr_trace_move(x->set.trace, "xfer", x->set.trace_id, wr_xfer_state_name(x->state),
                  wr_xfer_state_name(to), why);
    x->state = to;
}

static uint32_t within(uint32_t v, uint32_t least, uint32_t most)
{
    return v < least ? least : v > most ? most : v;
}

static uint32_t refresh_s(const struct wr_xfer *x)
{
    return within(x->soa.refresh_s, WR_XFER_REFRESH_MIN_S, WR_XFER_REFRESH_MAX_S);
}

static uint32_t expire_s(const struct wr_xfer *x)
{
    return within(x->soa.expire_s, WR_XFER_EXPIRE_MIN_S, WR_XFER_EXPIRE_MAX_S);
}

/* Without a copy it doubles from the least; with one it is the zone's own. */
static uint32_t retry_s(const struct wr_xfer *x)
{
    uint32_t doublings = x->rounds < 10 ? x->rounds : 10;

    return x->data == WR_XFER_NONE
               ? within(WR_XFER_RETRY_MIN_S << doublings, WR_XFER_RETRY_MIN_S, 600)
               : within(x->soa.retry_s, WR_XFER_RETRY_MIN_S, WR_XFER_RETRY_MAX_S);
}

/* A tenth less at most, so that many zones of one primary do not ask together for ever. */
static uint64_t after(struct wr_xfer *x, const struct wr_now *now, uint32_t s)
{
    uint32_t ms = s * 1000u; /* at most a day */

    return now->mono_us + (ms - wr_rng_below(x->rng, ms / 10 + 1)) * WR_MS;
}

/* --- the ends of a look --- */

static void let_go(struct wr_xfer *x)
{
    x->todo &= ~(BIT(WR_XFER_OPEN) | BIT(WR_XFER_SEND));
    if (x->open) {
        x->todo |= BIT(WR_XFER_CLOSE);
        x->open = false;
    }
    if (x->gathering) {
        x->todo |= BIT(WR_XFER_DROP);
        x->gathering = false;
    }
    wr_tsig_close(&x->tsig);
    x->has_msg = false;
    x->steps = x->next_step = 0;
}

static void rest(struct wr_xfer *x, const struct wr_now *now, uint32_t s, const char *why)
{
    move(x, WR_XFER_WAIT, why);
    x->wake_us = after(x, now, s);
    if (x->again) {
        uint64_t soon = x->looked_us + WR_XFER_NOTIFY_S * WR_S;

        x->again = false;
        x->wake_us = soon < x->wake_us ? soon : x->wake_us;
    }
}

/* So long, but never longer than what proves the copy. */
static void live_until(struct wr_xfer *x, uint64_t expire_us)
{
    x->expire_us = wr_time_min(expire_us, x->until_us);
}

/* The copy is as the primary has it. */
static void confirm(struct wr_xfer *x, const struct wr_now *now, const char *why)
{
    let_go(x);
    x->data = WR_XFER_LIVE;
    x->fresh_us = now->mono_us;
    live_until(x, now->mono_us + expire_s(x) * WR_S);
    x->todo = (x->todo & ~BIT(WR_XFER_EXPIRE)) | BIT(WR_XFER_FRESH);
    x->rounds = x->slow = 0;
    x->dripped = false;
    x->reason = NULL;
    x->rcode = 0;
    rest(x, now, refresh_s(x), why);
}

/* --- how long one primary may take, while others could be asked --- */

static unsigned others(const struct wr_xfer *x)
{
    return x->set.primaries > x->tried ? x->set.primaries - x->tried : 0;
}

/* Its share of what the copy has left to live. When one was left for that and nobody else gave the zone: better late than never. */
static uint64_t most_us(const struct wr_xfer *x, const struct wr_now *now)
{
    uint64_t left = x->expire_us > now->mono_us ? x->expire_us - now->mono_us : 0;
    uint64_t share = left / (others(x) + 1);

    if (x->data != WR_XFER_LIVE || x->slow > 0 || others(x) == 0) {
        return WR_XFER_WHOLE_S * WR_S;
    }
    share = share > WR_XFER_RETRY_MIN_S * WR_S ? share : WR_XFER_RETRY_MIN_S * WR_S;
    return wr_time_min(share, WR_XFER_WHOLE_S * WR_S);
}

static void begin_pace(struct wr_xfer *x, const struct wr_now *now)
{
    x->pace_us = others(x) > 0 ? now->mono_us + WR_XFER_PACE_S * WR_S : WR_TIME_NEVER;
    x->pace_octets = x->octets;
}

/* Half as much with each round in which somebody was too slow and nobody else gave the zone: a line may be like that. */
static bool is_too_slow(const struct wr_xfer *x)
{
    return x->octets - x->pace_octets < WR_XFER_PACE_OCTETS >> within(x->slow, 0, 20);
}

static void dial(struct wr_xfer *x, uint16_t qtype, const struct wr_now *now)
{
    x->qtype = qtype;
    x->conn++;
    x->open = true;
    x->todo |= BIT(WR_XFER_OPEN);
    x->wake_us = now->mono_us + WR_XFER_PATIENCE_S * WR_S;
    x->whole_us = now->mono_us + most_us(x, now);
    x->octets = 0;
    begin_pace(x, now);
    x->empty = 0;
    x->outside = 0;
    move(x, WR_XFER_DIAL, "");
}

/* The next primary's turn. */
static void leave(struct wr_xfer *x, const struct wr_now *now, const char *reason)
{
    x->reason = reason;
    let_go(x);
    x->at = (x->at + 1) % (x->set.primaries ? x->set.primaries : 1);
    next_primary(x, now);
}

/* This primary has failed with what was asked of it. Changes that cannot be had are no failure: the whole is asked for. */
static void fail(struct wr_xfer *x, const struct wr_now *now, const char *reason)
{
    bool whole =
        x->qtype == WR_TYPE_IXFR && (x->state == WR_XFER_ZONE || x->state == WR_XFER_JUDGE);

    if (!whole) {
        leave(x, now, reason);
        return;
    }
    x->reason = reason;
    let_go(x);
    dial(x, WR_TYPE_AXFR, now);
}

/* It has had its time: the whole is asked of it as well only when there is nobody else. */
static void took_too_long(struct wr_xfer *x, const struct wr_now *now, const char *reason)
{
    if (others(x) > 0) {
        x->dripped = true;
        leave(x, now, reason);
    } else {
        fail(x, now, reason);
    }
}

static void next_primary(struct wr_xfer *x, const struct wr_now *now)
{
    while (x->tried < x->set.primaries) {
        x->tried++;
        if (!x->set.primary[x->at].mute) {
            dial(x, x->data == WR_XFER_LIVE ? WR_TYPE_SOA : WR_TYPE_AXFR, now);
            return;
        }
        x->reason = "the key cannot be read, and without it nothing is asked";
        x->at = (x->at + 1) % x->set.primaries;
    }
    rest(x, now, retry_s(x), x->reason);
    x->rounds++;
    x->slow += x->dripped;
    x->dripped = false;
}

static void look(struct wr_xfer *x, const struct wr_now *now)
{
    x->looked_us = now->mono_us;
    x->tried = 0;
    x->rcode = 0;
    next_primary(x, now);
}

/* --- asking --- */

static void ask(struct wr_xfer *x, uint16_t qtype, const struct wr_now *now)
{
    const struct wr_tsig_key *key = x->set.primary[x->at].key;
    size_t cap = sizeof(x->query) - 2, size;
    struct wr_build b;

    x->qtype = qtype;
    x->id = wr_rng_u16(x->rng);
    wr_tsig_close(&x->tsig);
    wr_build_start(&b, x->query + 2, cap, x->id, 0);
    wr_build_question(&b, x->set.zone, qtype, WR_CLASS_IN);
    if (qtype == WR_TYPE_IXFR) {
        (void)wr_build_rr(&b, WR_SECTION_AUTHORITY, x->set.zone, WR_TYPE_SOA, WR_CLASS_IN, 0,
                          x->mine, x->mine_size);
    }
    size = wr_build_finish(&b, 0);
    if (key && wr_tsig_sign(&x->tsig, key, x->query + 2, cap, &size, now->wall_s + x->skew_s)) {
        fail(x, now, "the question could not be signed");
        return;
    }
    x->query[0] = (uint8_t)(size >> 8);
    x->query[1] = (uint8_t)size;
    x->query_size = size + 2;
    x->todo |= BIT(WR_XFER_SEND);
    x->wake_us = now->mono_us + WR_XFER_PATIENCE_S * WR_S;
    wr_xferread_start(&x->reader, x->set.zone, qtype == WR_TYPE_IXFR, x->soa.serial);
    move(x, qtype == WR_TYPE_SOA ? WR_XFER_SOA : WR_XFER_ZONE, qtype == WR_TYPE_IXFR ? "IXFR" : "");
}

/* --- answers --- */

/* A signature that is refused; a clock that we do not know ourselves is set by the primary's, once it has signed that. */
static void refuse_signature(struct wr_xfer *x, const struct wr_tsig_failure *f,
                             const struct wr_now *now)
{
    int64_t skew = f->server_s - now->wall_s;

    if (f->server_s > 0 && !now->wall_proven && (skew - x->skew_s > 60 || x->skew_s - skew > 60)) {
        x->skew_s = skew;
        let_go(x);
        dial(x, x->qtype, now);
        return;
    }
    fail(x, now, f->reason);
}

static const char *what_is_wrong(const struct wr_xfer *x, const struct wr_msg *m)
{
    if (m->id != x->id || !(m->flags & WR_FLAG_QR) || wr_msg_opcode(m) != 0) {
        return "the primary answered something else";
    }
    if (m->qdcount && (m->qtype != x->qtype || m->qclass != WR_CLASS_IN ||
                       !wr_name_equal(m->qname.wire, x->set.zone))) {
        return "the primary answered another question";
    }
    return m->flags & WR_FLAG_TC ? "the primary's answer is truncated" : NULL;
}

static const char *what_rcode_says(uint16_t rcode)
{
    switch (rcode) {
    case WR_RCODE_REFUSED:
        return "the primary refuses (REFUSED): does it let this address transfer?";
    case WR_RCODE_NOTAUTH: return "the primary does not have the zone, or not for us (NOTAUTH)";
    case WR_RCODE_SERVFAIL: return "the primary cannot serve the zone now (SERVFAIL)";
    default: return "the primary answers with an error";
    }
}

/* True: the message may be read on. */
static bool admit(struct wr_xfer *x, const struct wr_now *now)
{
    const char *wrong = what_is_wrong(x, &x->msg);
    struct wr_tsig_failure failure;

    if (wrong) {
        fail(x, now, wrong);
        return false;
    }
    if (x->set.primary[x->at].key &&
        wr_tsig_check(&x->tsig, &x->msg, now, &failure) == WR_TSIG_REFUSED) {
        x->rcode = wr_msg_rcode(&x->msg);
        refuse_signature(x, &failure, now);
        return false;
    }
    if (wr_msg_rcode(&x->msg) != WR_RCODE_NOERROR) {
        x->rcode = wr_msg_rcode(&x->msg);
        fail(x, now, what_rcode_says(x->rcode));
        return false;
    }
    return true;
}

/* The next message of the connection, parsed. False: there is none, or it was the end. */
static bool next_message(struct wr_xfer *x, const struct wr_now *now)
{
    const uint8_t *wire;
    size_t size;
    int err = wr_frame_next(&x->frame, &wire, &size);

    if (err == WR_E_AGAIN) {
        return false;
    }
    if (!err) {
        err = wr_msg_parse(&x->msg, wire, size);
    }
    if (err) {
        fail(x, now, "what the primary sends is no DNS");
        return false;
    }
    x->octets += size;
    x->wake_us = now->mono_us + WR_XFER_PATIENCE_S * WR_S;
    if (x->octets > WR_XFER_OCTETS_MAX) {
        fail(x, now, "the transfer is larger than is taken");
        return false;
    }
    if (x->state == WR_XFER_ZONE && x->msg.counts[WR_SECTION_ANSWER] == 0 &&
        ++x->empty > WR_XFER_EMPTY_MAX) {
        fail(x, now, "too many messages without a record");
        return false;
    }
    if (!admit(x, now)) {
        return false;
    }
    x->walk = wr_msg_walk(&x->msg, WR_SECTION_ANSWER);
    x->has_msg = true;
    return true;
}

/* The next record of the message, in stored form. WR_E_NOTFOUND: there is none. */
static int next_record(struct wr_xfer *x, struct wr_xfer_rr *ret)
{
    struct wr_reader r;
    struct wr_writer w;

    if (!wr_msg_next(&x->walk, &x->rr)) {
        return WR_E_NOTFOUND;
    }
    if (x->rr.class_ != WR_CLASS_IN || x->rr.type == 0 || wr_codes_type_is_meta(x->rr.type)) {
        return WR_E_FORMAT;
    }
    r = wr_msg_reader(&x->msg, x->rr.rdata);
    wr_buf_write_init(&w, x->rdata, sizeof(x->rdata));
    if (wr_rdata_expand(&r, x->rr.type, x->rr.rdlength, &w)) {
        return WR_E_FORMAT;
    }
    *ret = (struct wr_xfer_rr){x->rr.owner.wire, x->rdata, x->rr.ttl, x->rr.type, (uint16_t)w.pos};
    return WR_OK;
}

static void take_soa(struct wr_xfer *x, const struct wr_now *now)
{
    struct wr_soa_numbers n;
    struct wr_xfer_rr rr;
    int err = next_record(x, &rr);

    x->has_msg = false;
    if (err || rr.type != WR_TYPE_SOA || !wr_name_equal(rr.owner, x->set.zone) ||
        !wr_xferread_numbers(rr.rdata, rr.size, &n)) {
        fail(x, now, "the primary has no SOA record for the zone");
    } else if (x->set.primary[x->at].key && !wr_tsig_is_settled(&x->tsig)) {
        fail(x, now, "the response is not signed: perhaps the primary does not know the key");
    } else if (x->data != WR_XFER_LIVE) { /* it expired while the question was out */
        ask(x, WR_TYPE_AXFR, now);
    } else if (n.serial == x->soa.serial) {
        confirm(x, now, "nothing new");
    } else if (!wr_xferread_is_later(n.serial, x->soa.serial)) {
        fail(x, now, "the primary has an earlier serial than ours");
    } else {
        ask(x, WR_TYPE_IXFR, now);
    }
}

/* --- polling --- */

static enum wr_xfer_what hand_out(struct wr_xfer *x, enum wr_xfer_what what,
                                  struct wr_xfer_action *a)
{
    x->todo &= ~BIT(what);
    a->conn = x->conn;
    if (what == WR_XFER_CLOSE && (x->todo & BIT(WR_XFER_OPEN))) {
        a->conn--; /* the one before */
    } else if (what == WR_XFER_OPEN) {
        a->addr = x->set.primary[x->at].addr;
    } else if (what == WR_XFER_SEND) {
        a->bytes = x->query;
        a->size = x->query_size;
    }
    return what;
}

/* One step of what the records mean. NOTHING: go on. */
static enum wr_xfer_what do_step(struct wr_xfer *x, const struct wr_now *now,
                                 struct wr_xfer_action *a)
{
    const struct wr_xferread_step *s = &x->step[x->next_step++];

    a->rr = s->rr;
    switch (s->op) {
    case WR_XFERREAD_FULL:
    case WR_XFERREAD_DIFF:
        x->gathering = true;
        a->incremental = s->op == WR_XFERREAD_DIFF;
        return WR_XFER_BEGIN;
    case WR_XFERREAD_ADD: return WR_XFER_ADD;
    case WR_XFERREAD_REMOVE: return WR_XFER_REMOVE;
    case WR_XFERREAD_OUTSIDE: x->outside++; break;
    case WR_XFERREAD_END:
    case WR_XFERREAD_CURRENT: break;
    case WR_XFERREAD_BROKEN: fail(x, now, s->reason); break;
    }
    return WR_XFER_NOTHING;
}

/* The message that ends the transfer was read to its end. */
static enum wr_xfer_what finish(struct wr_xfer *x, const struct wr_now *now,
                                struct wr_xfer_action *a)
{
    if (x->set.primary[x->at].key && !wr_tsig_is_settled(&x->tsig)) {
        fail(x, now, "the end of the transfer is not signed");
    } else if (!x->gathering) {
        confirm(x, now, "nothing new");
    } else {
        a->serial = x->reader.serial;
        x->open = false;
        x->todo |= BIT(WR_XFER_CLOSE);
        move(x, WR_XFER_JUDGE, "");
        return WR_XFER_COMMIT;
    }
    return WR_XFER_NOTHING;
}

/* The transfer's next step, or NOTHING when more octets are needed or another state was reached. */
static enum wr_xfer_what read_on(struct wr_xfer *x, const struct wr_now *now,
                                 struct wr_xfer_action *a)
{
    enum wr_xfer_what what = WR_XFER_NOTHING;
    struct wr_xfer_rr rr;
    int err;

    /* Each turn takes a step, a record, or a message off what has arrived. */
    while (what == WR_XFER_NOTHING && x->state == WR_XFER_ZONE && !x->todo) {
        if (x->next_step < x->steps) {
            what = do_step(x, now, a);
        } else if (!x->has_msg) {
            if (!next_message(x, now)) {
                return WR_XFER_NOTHING;
            }
        } else if ((err = next_record(x, &rr)) == WR_OK) {
            x->steps = wr_xferread_take(&x->reader, &rr, x->step);
            x->next_step = 0;
        } else if (err != WR_E_NOTFOUND) {
            fail(x, now, "a record of the transfer is malformed");
        } else {
            x->has_msg = false;
            what = wr_xferread_is_over(&x->reader) ? finish(x, now, a) : WR_XFER_NOTHING;
        }
    }
    return what;
}

static enum wr_xfer_what next_todo(struct wr_xfer *x, struct wr_xfer_action *a)
{
    for (size_t i = 0; x->todo && i < sizeof(order) / sizeof(order[0]); i++) {
        if (x->todo & BIT(order[i])) {
            return hand_out(x, order[i], a);
        }
    }
    return WR_XFER_NOTHING;
}

enum wr_xfer_what wr_xfer_poll(struct wr_xfer *x, const struct wr_now *now,
                               struct wr_xfer_action *ret_action)
{
    enum wr_xfer_what what;

    memset(ret_action, 0, sizeof(*ret_action));
    what = next_todo(x, ret_action);
    if (what == WR_XFER_NOTHING && x->state == WR_XFER_SOA && next_message(x, now)) {
        take_soa(x, now);
    }
    if (what == WR_XFER_NOTHING) {
        what = read_on(x, now, ret_action);
    }
    return what == WR_XFER_NOTHING ? next_todo(x, ret_action) : what;
}

/* --- feeding --- */

static void expire(struct wr_xfer *x)
{
    x->data = WR_XFER_EXPIRED;
    x->todo = (x->todo & ~BIT(WR_XFER_FRESH)) | BIT(WR_XFER_EXPIRE);
    if (x->expire_us == x->until_us && x->state == WR_XFER_WAIT) { /* primaries may have another */
        x->wake_us = wr_time_min(x->wake_us, x->looked_us + WR_XFER_NOTIFY_S * WR_S);
    }
}

static const char *out_of_reach(const struct wr_xfer *x)
{
    return x->set.primary[x->at].secure
               ? "the primary cannot be reached, or is silent when TLS should begin"
               : "the primary cannot be reached";
}

static void tick(struct wr_xfer *x, const struct wr_now *now)
{
    if (x->data == WR_XFER_LIVE && now->mono_us >= x->expire_us) {
        expire(x);
    }
    if (x->state == WR_XFER_WAIT) {
        if (now->mono_us >= x->wake_us) {
            look(x, now);
        }
    } else if (now->mono_us >= x->wake_us) {
        fail(x, now, x->state == WR_XFER_DIAL ? out_of_reach(x) : "the primary is silent");
    } else if (now->mono_us >= x->whole_us) {
        took_too_long(x, now, "the transfer took too long");
    } else if (now->mono_us >= x->pace_us) {
        if (is_too_slow(x)) {
            took_too_long(x, now, "the transfer is too slow");
        } else {
            begin_pace(x, now);
        }
    }
}

static void connected(struct wr_xfer *x, const struct wr_now *now)
{
    wr_frame_init(&x->frame, x->frame.room, WR_XFER_ROOM);
    x->has_msg = false;
    x->steps = x->next_step = 0;
    ask(x, x->qtype, now);
}

static void closed(struct wr_xfer *x, const char *reason, const struct wr_now *now)
{
    x->open = false;
    fail(x, now,
         reason                     ? reason
         : x->state == WR_XFER_DIAL ? "the primary cannot be reached"
                                    : "the primary ended the connection in the middle");
}

static void notified(struct wr_xfer *x, uint64_t pause_us, const struct wr_now *now)
{
    uint64_t soon = x->looked_us ? x->looked_us + pause_us : 0;

    if (x->state != WR_XFER_WAIT) {
        x->again = true;
        return;
    }
    soon = soon > now->mono_us ? soon : now->mono_us;
    x->wake_us = soon < x->wake_us ? soon : x->wake_us;
    tick(x, now);
}

static void taken(struct wr_xfer *x, const struct wr_now *now)
{
    memcpy(x->mine, x->reader.soa, x->reader.soa_size);
    x->mine_size = x->reader.soa_size;
    (void)wr_xferread_numbers(x->mine, x->mine_size, &x->soa);
    x->gathering = false;
    confirm(x, now, "the zone is taken");
}

void wr_xfer_feed(struct wr_xfer *x, const struct wr_xfer_event *event, const struct wr_now *now)
{
    bool current = x->open && event->conn == x->conn;

    switch (event->kind) {
    case WR_XFER_TICK: tick(x, now); break;
    case WR_XFER_CONNECTED:
        if (current && x->state == WR_XFER_DIAL) {
            connected(x, now);
        }
        break;
    case WR_XFER_OCTETS:
        if (current && (x->state == WR_XFER_SOA || x->state == WR_XFER_ZONE)) {
            wr_frame_feed(&x->frame, event->bytes, event->size);
        }
        break;
    case WR_XFER_CLOSED:
        if (current && x->state != WR_XFER_WAIT && x->state != WR_XFER_JUDGE) {
            closed(x, event->reason, now);
        }
        break;
    case WR_XFER_NOTIFIED: notified(x, WR_XFER_NOTIFY_S * WR_S, now); break;
    case WR_XFER_NOW: notified(x, 0, now); break;
    case WR_XFER_TAKEN:
        if (x->state == WR_XFER_JUDGE) {
            taken(x, now);
        }
        break;
    case WR_XFER_SPOILT:
        if (x->gathering) {
            fail(x, now, event->reason);
        }
        break;
    }
}

uint64_t wr_xfer_deadline(const struct wr_xfer *x)
{
    uint64_t end = wr_time_min(x->whole_us, x->pace_us);
    uint64_t at = x->state == WR_XFER_WAIT ? x->wake_us : wr_time_min(x->wake_us, end);

    return x->data == WR_XFER_LIVE ? wr_time_min(at, x->expire_us) : at;
}

/* --- its life --- */

void wr_xfer_start(struct wr_xfer *x, const struct wr_xfer_settings *settings, struct wr_rng *rng,
                   uint8_t room[WR_XFER_ROOM], const struct wr_now *now)
{
    wr_assert(settings->primaries <= WR_XFER_PRIMARIES_MAX);
    memset(x, 0, sizeof(*x));
    x->set = *settings;
    x->rng = rng;
    x->until_us = WR_TIME_NEVER;
    wr_frame_init(&x->frame, room, WR_XFER_ROOM);
    x->wake_us = now->mono_us;
}

void wr_xfer_change(struct wr_xfer *x, const struct wr_xfer_settings *settings,
                    const struct wr_now *now)
{
    wr_assert(settings->primaries <= WR_XFER_PRIMARIES_MAX);
    let_go(x);
    x->set = *settings;
    x->at = 0;
    x->rounds = x->slow = 0;
    x->dripped = false;
    x->skew_s = 0;
    x->again = false;
    move(x, WR_XFER_WAIT, "new settings");
    x->wake_us = now->mono_us;
}

int wr_xfer_restore(struct wr_xfer *x, const uint8_t *soa, uint16_t size, int64_t age_s,
                    const struct wr_now *now)
{
    struct wr_soa_numbers n;

    if (size > sizeof(x->mine) || !wr_xferread_numbers(soa, size, &n)) {
        return WR_E_FORMAT;
    }
    memcpy(x->mine, soa, size);
    x->mine_size = size;
    x->soa = n;
    x->data = WR_XFER_LIVE;
    live_until(x, now->mono_us + expire_s(x) * WR_S);
    if (age_s >= 0) {
        wr_xfer_age(x, age_s, now);
    }
    return WR_OK;
}

void wr_xfer_age(struct wr_xfer *x, int64_t age_s, const struct wr_now *now)
{
    int64_t left = (int64_t)expire_s(x) - (age_s > 0 ? age_s : 0);

    if (x->data == WR_XFER_LIVE && x->fresh_us == 0) {
        live_until(x, now->mono_us + (left > 0 ? (uint64_t)left * WR_S : 0));
    }
}

void wr_xfer_until(struct wr_xfer *x, uint64_t until_us)
{
    x->until_us = until_us;
    live_until(x, x->expire_us);
}

void wr_xfer_close(struct wr_xfer *x)
{
    wr_tsig_close(&x->tsig);
}
