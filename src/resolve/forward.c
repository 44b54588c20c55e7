/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/forward.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/time.h"
#include "dns/codes.h"

/* With a good server in the group, silence for so long means that nobody is there: the client hears of it within
 * two seconds. */
#define SILENCE_US (1900 * WR_MS)
/* When the group is known to be down, a client waits no longer than this. A probe does: nobody waits for it, and a server
 * on a slow line (a satellite, a cellular modem) could never show that it is back. */
#define DOWN_SILENCE_US (350 * WR_MS)
/* A question that somebody may still answer is sent again this often. */
#define PAUSE_SLOW_US (1 * WR_S)
/* Longest pause between two tries when the first one's patience is over. On a line that loses packets each try is a
 * new chance, so that many must fit into the silence: docs/decisions.md has the sum. What is unanswered after a
 * second is more likely lost than slow. */
#define PAUSE_REPEAT_US (200 * WR_MS)
#define PAUSE_LATE_US   (100 * WR_MS)
#define LATE_US         (1 * WR_S)
/* The same towards servers that were found: they are everybody's, and a zone has several. Six tries of a lone one. */
#define PAUSE_FOUND_US (400 * WR_MS)
/* Silence over every encrypted transport, for so long, makes way for plain text where the owner allows it. */
#define PLAIN_AFTER_US (1 * WR_S)
/* A suspect that was heard of so lately may be none. */
#define LATELY_US (10 * WR_S)
/* A connection and a proof are had within this by most: the patience of a question that waits for them is no less. */
#define CONNECT_PATIENCE_US (200 * WR_MS)
/* The Connection Attempt Delay of RFC 8305 section 8: a server whose connection is not there after so long is tried at another of its
 * addresses as well. */
#define ATTEMPT_US (250 * WR_MS)
/* When there is nothing left to try: an answer, or the end, is waited for. */
#define PAUSE_IDLE_US (1 * WR_S)

const char *wr_forward_state_name(uint8_t state)
{
    static const char *const names[] = {"START", "TRYING", "ANSWERED", "FAILED"};
    return state < WR_ARRAY_LEN(names) ? names[state] : "?";
}

static void move(struct wr_forward *f, const struct wr_forward_env *env, uint8_t to,
                 const char *why)
{
    wr_trace_move(env->trace, "forward", f->request, wr_forward_state_name(f->state),
                  wr_forward_state_name(to), why);
    f->state = to;
}

struct wr_upstream_state *wr_forward_state_of(const struct wr_forward_env *env,
                                              const struct wr_exchange *x)
{
    return &env->select.state[x->slot];
}

/* False when the slot went to another server meanwhile: what is learned here is not about that one. */
static bool is_current(const struct wr_forward_env *env, const struct wr_exchange *x)
{
    const struct wr_upstream_state *st = wr_forward_state_of(env, x);
    return atomic_load_explicit(&st->generation, memory_order_relaxed) == x->generation;
}

void wr_forward_want(struct wr_forward_env *env, struct wr_exchange *x)
{
    if (x->want && wr_list_empty(&x->node)) {
        wr_list_append(&env->wanting, &x->node);
    }
}

/* An exchange that is over stays in its pool until the world has been told to forget its port. */
static void end_exchange(struct wr_forward *f, struct wr_forward_env *env, unsigned server,
                         uint64_t now_us)
{
    struct wr_exchange *x = wr_pool_get(&env->exchanges, f->exchange[server]);
    f->exchange[server] = 0;
    if (!x) {
        return;
    }
    if (x->stream || x->old_stream) {
        wr_streams_leave(&env->streams, x, now_us);
    }
    wr_list_remove(&x->on_stream);
    x->request = 0;
    x->want = x->port_open ? WR_EXCHANGE_WANT_FORGET : 0;
    if (x->want) {
        wr_forward_want(env, x);
        return;
    }
    wr_list_remove(&x->node);
    wr_pool_give(&env->exchanges, x->id);
}

void wr_forward_stop(struct wr_forward *f, struct wr_forward_env *env, uint64_t now_us)
{
    for (unsigned i = 0; i < WR_GROUP_SERVERS_MAX; i++) {
        if (f->exchange[i]) {
            end_exchange(f, env, i, now_us);
        }
    }
}

static void finish(struct wr_forward *f, struct wr_forward_env *env, uint8_t state, const char *why,
                   uint64_t now_us)
{
    wr_forward_stop(f, env, now_us);
    f->next_us = WR_TIME_NEVER;
    move(f, env, state, why);
}

static struct wr_exchange *exchange_of(const struct wr_forward *f, const struct wr_forward_env *env,
                                       unsigned server)
{
    return wr_pool_get(&env->exchanges, f->exchange[server]);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void note_failure(struct wr_forward *f, uint8_t failure)
{
    f->failure = failure > f->failure ? failure : f->failure;
}

/* Opens an exchange with the server and wants its first message sent. */
/* Who is asked what, and what is known of them that made them the choice. */
static void tell_ask(const struct wr_forward *f, const struct wr_forward_env *env,
                     const struct wr_exchange *x, const char *why)
{
    char text[WR_NAME_TEXT_SIZE + WR_ADDR_TEXT_SIZE + 128], word[WR_ADDR_TEXT_SIZE];
    const struct wr_upstream_state *st = wr_forward_state_of(env, x);
    uint32_t srtt_us = atomic_load_explicit(&st->srtt_us, memory_order_relaxed);
    struct wr_str s;
    wr_str_init(&s, text, sizeof(text));
    wr_addr_to_text(&x->addr, word, sizeof(word));
    wr_str_text(&s, why);
    wr_str_char(&s, ' ');
    wr_str_text(&s, word);
    wr_str_text(&s, " for ");
    wr_name_put_text(&s, f->question->name.wire);
    wr_codes_type_text(f->question->type, word, sizeof(word));
    wr_str_char(&s, ' ');
    wr_str_text(&s, word);
    if (wr_select_is_suspect(st)) {
        wr_str_text(&s, " (suspect)");
    } else if (srtt_us == 0) {
        wr_str_text(&s, " (never measured: explored)");
    } else {
        wr_str_text(&s, " (answers in ");
        wr_str_u64(&s, srtt_us);
        wr_str_text(&s, " us)");
    }
    wr_trace_move(env->trace, "forward", f->request, "TRYING", "TRYING", text);
}

static void tell_reply(const struct wr_forward *f, const struct wr_forward_env *env,
                       const struct wr_exchange *x, enum wr_response kind, uint64_t now_us)
{
    char text[WR_ADDR_TEXT_SIZE + 96], word[WR_ADDR_TEXT_SIZE];
    struct wr_str s;
    wr_str_init(&s, text, sizeof(text));
    wr_addr_to_text(&x->addr, word, sizeof(word));
    wr_str_text(&s, word);
    wr_str_text(&s, " says ");
    wr_str_text(&s, wr_classify_name(kind));
    wr_str_text(&s, " after ");
    wr_str_u64(&s, now_us - x->first_sent_us);
    wr_str_text(&s, " us");
    wr_trace_move(env->trace, "forward", f->request, "TRYING", "TRYING", text);
}

static bool ask(struct wr_forward *f, struct wr_forward_env *env, unsigned server, uint64_t now_us)
{
    const struct wr_upstreams *u = env->select.upstreams;
    struct wr_peer peer = wr_select_peer(&env->select, f->group, server);
    bool cut = f->group >= WR_GROUP_CUT;
    wr_id id;
    struct wr_exchange *x = wr_pool_take(&env->exchanges, &id);
    f->tried |= (wr_servers)1 << server;
    if (!x) {
        note_failure(f, WR_FORWARD_NO_ROOM);
        f->failed |= (wr_servers)1 << server;
        f->unasked |= (wr_servers)1 << server;
        return false;
    }
    struct wr_exchange_setup setup = {.upstreams = u,
                                      .peer = peer,
                                      .state = &env->select.state[peer.slot],
                                      .question = f->question,
                                      .subnet = cut ? NULL : &u->group[f->group].subnet,
                                      .recursion_desired = !cut,
                                      .client_cookie_key = env->client_cookie_key,
                                      .now_us = now_us};
    wr_list_init(&x->node);
    wr_list_init(&x->on_stream);
    x->id = id;
    x->request = f->request;
    x->server = (uint8_t)server;
    x->sent_us = x->first_sent_us = x->silent_us = now_us;
    x->sends = 1;
    wr_exchange_start(x, &setup, env->select.rng);
    if (wr_trace_on(env->trace)) {
        tell_ask(f, env, x, f->sends == 0 ? "asks" : "asks as well");
    }
    f->exchange[server] = id;
    f->sends++;
    wr_forward_want(env, x);
    return true;
}

/* Patience with a try: a connection has to be made first, perhaps, and proven. */
static uint64_t patience(const struct wr_forward_env *env, const struct wr_exchange *x)
{
    uint64_t us = wr_select_patience(wr_forward_state_of(env, x));
    if (!wr_upstream_is_encrypted(x->scheme) || x->written_us || us >= CONNECT_PATIENCE_US) {
        return us;
    }
    return 3 * us > CONNECT_PATIENCE_US ? 3 * us : CONNECT_PATIENCE_US;
}

/* Patience with the server, doubled for each time it was asked already while it is short. */
static uint64_t pause_for(const struct wr_forward *f, const struct wr_forward_env *env,
                          const struct wr_exchange *x, uint64_t now_us)
{
    uint64_t us = patience(env, x);
    unsigned doublings = x->sends > 4 ? 3 : x->sends - 1u;
    bool late = now_us >= f->started_us + LATE_US;
    uint64_t most = late ? PAUSE_LATE_US : PAUSE_REPEAT_US;
    if (f->group >= WR_GROUP_CUT) {
        most = PAUSE_FOUND_US;
    }
    return x->sends == 1 ? us : earlier(us << doublings, most);
}

/* When the silence of a server that is out makes the next transport's turn come: twice its patience. Before plain text it
 * is longer, and whoever has answered somebody meanwhile is slow on this name and no reason for it. */
static uint64_t silent_at(const struct wr_forward_env *env, const struct wr_exchange *x)
{
    return x->first_sent_us + 2 * patience(env, x);
}

/* When it counts as silence so long that plain text may be asked; what we held up ourselves is none. */
static uint64_t gone_at(const struct wr_exchange *x)
{
    return x->first_sent_us + x->held_us + PLAIN_AFTER_US;
}

static bool is_gone(const struct wr_forward_env *env, const struct wr_exchange *x, uint64_t now_us)
{
    const struct wr_upstream_state *st = wr_forward_state_of(env, x);
    return now_us >= gone_at(x) && !wr_streams_holds(&env->streams, x) &&
           atomic_load_explicit(&st->answered_us, memory_order_relaxed) < x->first_sent_us;
}

/* Servers that may be asked now: those of the transport whose turn it is. */
static wr_servers turn_of(const struct wr_forward *f, const struct wr_forward_env *env,
                          uint64_t now_us)
{
    wr_servers bad = f->failed | f->errors, gone = f->failed & ~(f->errors | f->unasked);
    for (unsigned i = 0; i < WR_GROUP_SERVERS_MAX; i++) {
        const struct wr_exchange *x = exchange_of(f, env, i);
        bad |= x && now_us >= silent_at(env, x) ? (wr_servers)1 << i : 0;
        gone |= x && is_gone(env, x, now_us) ? (wr_servers)1 << i : 0;
    }
    return wr_select_turn(&env->select, f->group, f->among, bad, gone);
}

/* The server to try next: a good one not tried, then any not tried; -1: all were whose turn it is. */
static int next_untried(const struct wr_forward *f, const struct wr_forward_env *env,
                        uint64_t now_us)
{
    wr_servers left = turn_of(f, env, now_us) & ~f->tried;
    wr_servers good = left & ~wr_select_suspects(&env->select, f->group);
    return wr_select_pick(&env->select, f->group, good ? good : left);
}

/* A try with a server that is likely to hear it is worth several with one that is not. */
static unsigned dearness(const struct wr_forward *f, const struct wr_forward_env *env,
                         const struct wr_exchange *x)
{
    const struct wr_upstream_state *st = wr_forward_state_of(env, x);
    uint64_t heard_us = atomic_load_explicit(&st->answered_us, memory_order_relaxed);
    bool lately = heard_us && heard_us + LATELY_US > f->started_us;
    return lately || !wr_select_is_suspect(st) ? 1 : 4;
}

/* The exchange that was repeated least, by dearness, still over UDP and unanswered. NULL: none. */
static struct wr_exchange *least_repeated(const struct wr_forward *f,
                                          const struct wr_forward_env *env)
{
    struct wr_exchange *best = NULL;
    unsigned best_price = 0;
    for (unsigned i = 0; i < WR_GROUP_SERVERS_MAX; i++) {
        struct wr_exchange *x = exchange_of(f, env, i);
        unsigned price = x ? x->sends * dearness(f, env, x) : 0;
        if (x && x->state == WR_EXCHANGE_UDP && (!best || price < best_price)) {
            best = x;
            best_price = price;
        }
    }
    return best;
}

static void repeat(struct wr_forward *f, struct wr_forward_env *env, struct wr_exchange *x,
                   uint64_t now_us)
{
    if (wr_trace_on(env->trace)) {
        tell_ask(f, env, x, "asks again");
    }
    x->sends++;
    x->sent_us = now_us;
    x->silent_us = earlier(x->silent_us, now_us);
    f->sends++;
    wr_exchange_repeat(x);
    wr_forward_want(env, x);
}

static bool anything_out(const struct wr_forward *f)
{
    for (unsigned i = 0; i < WR_GROUP_SERVERS_MAX; i++) {
        if (f->exchange[i]) {
            return true;
        }
    }
    return false;
}

/* Asks a server that was not asked yet; NULL: all were, or there is no room for one. */
static struct wr_exchange *ask_untried(struct wr_forward *f, struct wr_forward_env *env,
                                       uint64_t now_us)
{
    int server = f->sends < f->sends_max ? next_untried(f, env, now_us) : -1;
    while (server >= 0 && !ask(f, env, (unsigned)server, now_us)) {
        server = next_untried(f, env, now_us);
    }
    return server >= 0 ? exchange_of(f, env, (unsigned)server) : NULL;
}

/* When there is nothing to try: servers of a lesser transport have their turn once those that are out are silent. */
static uint64_t idle_until(const struct wr_forward *f, const struct wr_forward_env *env,
                           uint64_t now_us)
{
    uint64_t at_us = now_us + PAUSE_IDLE_US;
    for (unsigned i = 0; i < WR_GROUP_SERVERS_MAX && (f->among & ~f->tried); i++) {
        const struct wr_exchange *x = exchange_of(f, env, i);
        uint64_t next_us = x ? silent_at(env, x) : 0, plain_us = x ? gone_at(x) : 0;
        at_us = next_us > now_us ? earlier(at_us, next_us) : at_us;
        at_us = plain_us > now_us ? earlier(at_us, plain_us) : at_us;
    }
    return at_us;
}

/* When the next try is due, after this one. */
static uint64_t next_at(const struct wr_forward *f, const struct wr_forward_env *env,
                        const struct wr_exchange *x, uint64_t now_us)
{
    uint64_t pause_us = pause_for(f, env, x, now_us);
    if (pause_us > ATTEMPT_US && x->state == WR_EXCHANGE_STREAM && x->written_us == 0) {
        int next = next_untried(f, env, now_us);
        bool another =
            next >= 0 && wr_select_is_sibling(&env->select, f->group, x->server, (unsigned)next);
        pause_us = another ? ATTEMPT_US : pause_us;
    }
    return now_us + pause_us;
}

/* One more try, if there is one to make; sets the time of the next. A suspect's turn costs the good ones none of theirs:
 * what was lost on the way to them need not wait for a server that is dead. */
static void try_next(struct wr_forward *f, struct wr_forward_env *env, uint64_t now_us)
{
    struct wr_exchange *x = ask_untried(f, env, now_us);
    struct wr_exchange *other = f->sends < f->sends_max ? least_repeated(f, env) : NULL;
    bool both = x && other && dearness(f, env, other) < dearness(f, env, x);
    if (other && (!x || both)) {
        repeat(f, env, other, now_us);
        x = other;
    }
    if (!x && !anything_out(f)) {
        finish(f, env, WR_FORWARD_FAILED, "nobody left", now_us);
        return;
    }
    f->next_us =
        earlier(x ? next_at(f, env, x, now_us) : idle_until(f, env, now_us), f->give_up_us);
}

void wr_forward_limit(struct wr_forward *f, uint16_t most)
{
    f->sends_cap = most < f->sends_cap ? most : f->sends_cap;
    f->sends_max = most < f->sends_max ? most : f->sends_max;
}

/* All at once; the next try is made when the patience with the quickest is over. */
static void ask_all(struct wr_forward *f, struct wr_forward_env *env, uint64_t now_us)
{
    uint64_t pause_us = PAUSE_IDLE_US;
    wr_servers all = turn_of(f, env, now_us);
    for (unsigned i = 0; i < WR_GROUP_SERVERS_MAX && f->sends < f->sends_max; i++) {
        if ((all >> i & 1) && ask(f, env, i, now_us)) {
            pause_us = earlier(pause_us, pause_for(f, env, exchange_of(f, env, i), now_us));
        }
    }
    f->next_us = anything_out(f) ? earlier(now_us + pause_us, f->give_up_us) : now_us;
}

void wr_forward_start(struct wr_forward *f, struct wr_forward_env *env, const struct wr_question *q,
                      wr_id request, unsigned group, wr_servers only, uint64_t end_us,
                      uint64_t now_us)
{
    bool suspect = wr_select_all_suspect(&env->select, group);
    bool down = wr_select_is_down(&env->select, group);
    bool waited_for = only == ~(wr_servers)0; /* not a probe, which is sent once */
    *f = (struct wr_forward){.question = q,
                             .request = request,
                             .group = group,
                             .started_us = now_us,
                             .sends_max = waited_for ? WR_FORWARD_TRIES_MAX : 1,
                             .sends_cap = WR_REQUEST_SENDS_MAX,
                             .probe = !waited_for,
                             .ede = WR_EDE_NONE};
    f->among = wr_select_usable(&env->select, group) & only;
    f->end_us = end_us;
    f->give_up_us =
        earlier(f->end_us, now_us + (down && waited_for ? DOWN_SILENCE_US : SILENCE_US));
    if (!f->among) {
        note_failure(f, WR_FORWARD_NO_SERVER);
        finish(f, env, WR_FORWARD_FAILED, "no server", now_us);
        return;
    }
    move(f, env, WR_FORWARD_TRYING, down ? "down" : suspect ? "all suspect" : "asked");
    if (suspect || wr_select_strategy(&env->select, group) == WR_STRATEGY_PARALLEL) {
        ask_all(f, env, now_us);
        return;
    }
    try_next(f, env, now_us);
}

/* Patience with a server is over: tells select, at most once a send. */
static void note_timeout(const struct wr_forward *f, struct wr_forward_env *env,
                         struct wr_exchange *x, uint64_t now_us)
{
    /* Back-off grows only while another server of the group is good. */
    bool none_good = wr_select_all_suspect(&env->select, f->group);
    uint64_t since_us = x->silent_us;
    if (x->sent_us < since_us) {
        return;
    }
    x->silent_us = now_us + 1;
    env->timeouts++;
    if (is_current(env, x) && !none_good) {
        struct wr_upstream_state *st = wr_forward_state_of(env, x);
        atomic_fetch_add_explicit(&st->timeouts, 1, memory_order_relaxed);
        wr_select_timed_out(st, since_us, now_us, env->select.rng);
    }
}

static void note_timeouts(struct wr_forward *f, struct wr_forward_env *env, uint64_t now_us)
{
    for (unsigned i = 0; i < WR_GROUP_SERVERS_MAX; i++) {
        struct wr_exchange *x = exchange_of(f, env, i);
        if (x && now_us >= x->silent_us + patience(env, x) && !wr_streams_holds(&env->streams, x)) {
            note_timeout(f, env, x, now_us);
        }
    }
}

/* The end, unheard: what is known of each server now. One that was asked a moment ago is not to blame. A forwarder may be
 * slow on the name that a client chose; silence over TCP to a probe, or of a server that is asked for its own zone, is the
 * server's, or its TCP's: a stream that is open and drips counts like one that cannot be had. */
static void note_giving_up(const struct wr_forward *f, const struct wr_forward_env *env,
                           uint64_t now_us)
{
    for (unsigned i = 0; i < WR_GROUP_SERVERS_MAX; i++) {
        const struct wr_exchange *x = exchange_of(f, env, i);
        struct wr_upstream_state *st = x ? wr_forward_state_of(env, x) : NULL;
        if (!st || !is_current(env, x) || wr_streams_holds(&env->streams, x) ||
            now_us < x->first_sent_us + x->held_us + patience(env, x) ||
            atomic_load_explicit(&st->answered_us, memory_order_relaxed) > x->first_sent_us) {
            continue;
        }
        if (x->state == WR_EXCHANGE_STREAM && (f->probe || f->group >= WR_GROUP_CUT)) {
            wr_exchange_tcp_failed(x, st);
        }
        if (f->sends_max > 1) {
            wr_select_gave_up(st, now_us, env->select.rng);
        }
    }
}

/* Somebody is there, and slow on this name, or it was lost on the way: another try, and those that failed a
 * moment ago may be asked again. Once in PAUSE_SLOW_US, so the question's end bounds how often. */
static void go_on(struct wr_forward *f, uint64_t now_us)
{
    f->give_up_us = earlier(f->end_us, now_us + PAUSE_SLOW_US);
    f->tried &= ~f->failed;
    f->failed = f->unasked = 0;
    f->sends_max += f->sends_max < f->sends_cap;
}

void wr_forward_time(struct wr_forward *f, struct wr_forward_env *env, uint64_t now_us)
{
    if (f->state != WR_FORWARD_TRYING || now_us < f->next_us) {
        return;
    }
    note_timeouts(f, env, now_us);
    if (now_us >= f->give_up_us) {
        bool alive = !wr_select_all_suspect(&env->select, f->group) &&
                     wr_select_answered_since(&env->select, f->group, f->started_us + 1);
        if (!alive || now_us >= f->end_us) {
            note_giving_up(f, env, now_us);
            finish(f, env, WR_FORWARD_FAILED, "time is over", now_us);
            return;
        }
        go_on(f, now_us);
    }
    env->hedges += f->sends < f->sends_max;
    try_next(f, env, now_us);
}

static void server_failed(struct wr_forward *f, struct wr_forward_env *env, unsigned server,
                          uint64_t now_us)
{
    f->failed |= (wr_servers)1 << server;
    end_exchange(f, env, server, now_us);
    if (f->state != WR_FORWARD_TRYING) {
        return;
    }
    if (next_untried(f, env, now_us) >= 0 || !anything_out(f)) {
        try_next(f, env, now_us);
    }
}

/* One send, one answer: its time is known. After a repeat it is not (Karn). */
static void note_answer(const struct wr_forward_env *env, const struct wr_exchange *x,
                        uint64_t now_us)
{
    struct wr_upstream_state *st = wr_forward_state_of(env, x);
    if (!is_current(env, x)) {
        return;
    }
    /* Of a server that is asked over connections: since it was written there. */
    bool by_stream = x->scheme != WR_SCHEME_UDP;
    uint64_t sent_us = by_stream ? x->written_us : x->sent_us;
    uint64_t rtt = now_us > sent_us ? now_us - sent_us : 1;
    bool known = x->sends == 1 && !x->wrong && (by_stream ? x->written_us != 0 : !x->stream);
    atomic_fetch_add_explicit(&st->answers, 1, memory_order_relaxed);
    wr_select_answered(st, known ? rtt : 0, now_us);
}

void wr_forward_reply(struct wr_forward *f, struct wr_forward_env *env, struct wr_exchange *x,
                      const struct wr_msg *msg, enum wr_response kind, uint64_t now_us)
{
    note_answer(env, x, now_us);
    if (f->state != WR_FORWARD_TRYING) {
        return;
    }
    if (wr_trace_on(env->trace)) {
        tell_reply(f, env, x, kind, now_us);
    }
    if (kind <= WR_RESPONSE_NXDOMAIN ||
        (kind == WR_RESPONSE_REFERRAL && f->group >= WR_GROUP_CUT)) {
        move(f, env, WR_FORWARD_ANSWERED, wr_classify_name(kind));
        return;
    }
    struct wr_upstream_state *st = wr_forward_state_of(env, x);
    atomic_fetch_add_explicit(&st->errors, 1, memory_order_relaxed);
    note_failure(f, WR_FORWARD_ERROR);
    f->errors |= (wr_servers)1 << x->server;
    f->rcode = wr_msg_rcode(msg);
    f->ede = (int16_t)msg->edns.ede;
    server_failed(f, env, x->server, now_us);
}

void wr_forward_unusable(struct wr_forward *f, struct wr_forward_env *env, struct wr_exchange *x,
                         uint64_t now_us)
{
    note_failure(f, WR_FORWARD_ERROR);
    f->errors |= (wr_servers)1 << x->server;
    f->rcode = WR_RCODE_SERVFAIL;
    f->ede = WR_EDE_INVALID_DATA;
    move(f, env, WR_FORWARD_TRYING, "unusable");
    server_failed(f, env, x->server, now_us);
}

void wr_forward_no_room(struct wr_forward *f, struct wr_forward_env *env, struct wr_exchange *x,
                        uint64_t now_us)
{
    note_failure(f, WR_FORWARD_NO_ROOM);
    f->unasked |= (wr_servers)1 << x->server; /* it answered: what is wanting is ours */
    move(f, env, WR_FORWARD_TRYING, "no room");
    server_failed(f, env, x->server, now_us);
}

/* It may be forged, so it is a time-out that came early: the next server's turn, if there is one. */
static void told_unreachable(struct wr_forward *f, struct wr_forward_env *env,
                             struct wr_exchange *x, uint64_t now_us)
{
    note_timeout(f, env, x, now_us);
    if (f->state == WR_FORWARD_TRYING && f->sends < f->sends_max &&
        next_untried(f, env, now_us) >= 0) {
        try_next(f, env, now_us);
    }
}

void wr_forward_lost(struct wr_forward *f, struct wr_forward_env *env, struct wr_exchange *x,
                     enum wr_lost lost, uint64_t now_us)
{
    if (lost == WR_LOST_OWN) {
        note_failure(f, WR_FORWARD_NO_ROOM);
        f->unasked |= (wr_servers)1 << x->server;
        server_failed(f, env, x->server, now_us);
        return;
    }
    if (lost == WR_LOST_ALONE) {
        wr_forward_unusable(f, env, x, now_us);
        return;
    }
    note_failure(f, WR_FORWARD_UNREACHABLE);
    if (lost == WR_LOST_TOLD) {
        told_unreachable(f, env, x, now_us);
        return;
    }
    if (is_current(env, x)) {
        wr_exchange_tcp_failed(x, wr_forward_state_of(env, x));
        wr_select_unreachable(wr_forward_state_of(env, x), now_us, env->select.rng);
    }
    server_failed(f, env, x->server, now_us);
}
