/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger of queries, and the checks that count; what a reply says is judged in judge.c. */
#include "checks.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/limits.h"
#include "judge.h"
#include "tree.h"
#include "world.h"

#define SLACK_US      (60 * WR_MS) /* hand-overs and late wake-ups */
#define RECOVERY_US   (2 * WR_S)
#define SENDS_PER_ASK 16 /* tries of one question, with TCP, other EDNS, cookies and a hedge */
#define SENDS_FREE    24 /* prefetches and probes of a name nobody asks again */

static const char *const plant_names[PLANTS] = {
    "none",      "lost",     "twice",     "late",   "forged",    "ttl",   "denied",
    "flood",     "leak",     "memory",    "dead",   "unequal",   "shape", "stray",
    "size",      "unleased", "vouched",   "silent", "believing", "plain", "readable",
    "credulous", "eager",    "uncovered", "direct", "numbered",  "told",
};

const char *check_plant_name(enum check_plant p)
{
    return plant_names[p];
}

void checks_init(struct world *w)
{
    struct checks *c = &w->checks;
    memset(c, 0, sizeof *c);
    memset(c->bucket, 0xff, sizeof c->bucket);
    c->asked = malloc(CHECKS_ASKED_MAX * sizeof c->asked[0]);
    assert(c->asked);
}

void checks_free(struct world *w)
{
    free(w->checks.asked);
}

void checks_fail(struct world *w, unsigned check, const char *format, ...)
{
    struct checks *c = &w->checks;
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (c->violations++ == 0) {
        c->check = check;
        snprintf(c->first, sizeof c->first, "at %.6f s, check %u: %s",
                 (double)w->clock.now.mono_us / 1e6, check, text);
    }
    world_say(w, "VIOLATION %u: %s", check, text);
}

void checks_trace(struct world *w, const char *what, uint64_t a, uint64_t b, const void *bytes,
                  size_t size)
{
    static uint64_t not_from_the_seed;
    static const struct wr_hash_key key = {{1, 2}};
    struct checks *c = &w->checks;
    uint64_t parts[5] = {c->hash, w->clock.now.mono_us, a, b, wr_hash_sip13(&key, bytes, size)};
    if (checks_plant(w, PLANT_UNEQUAL)) {
        parts[4] ^= ++not_from_the_seed;
    }
    c->hash = wr_hash_sip13(&key, parts, sizeof parts) ^ wr_hash_sip13(&key, what, strlen(what));
}

bool checks_plant(struct world *w, enum check_plant plant)
{
    if (w->plan.plant != plant || w->checks.planted) {
        return false;
    }
    w->checks.planted = true;
    return true;
}

/* ---- 1: the ledger ---- */

static unsigned bucket_of(const struct wr_client *client)
{
    static const struct wr_hash_key key = {{3, 4}};
    struct {
        uint8_t ip[16];
        uint64_t conn, port;
    } k = {.conn = client->conn, .port = client->conn ? 0 : client->from.port};
    memcpy(k.ip, client->from.ip, 16);
    return (unsigned)(wr_hash_sip13(&key, &k, sizeof k) % CHECKS_BUCKETS);
}

static bool same_client(const struct wr_client *a, const struct wr_client *b)
{
    return a->conn == b->conn && wr_addr_equal(&a->from, &b->from);
}

/* The oldest query that this message settles: of this client, with this id (-1: any) and still owed. */
static struct asked *find_owed(struct checks *c, const struct wr_client *client, int id)
{
    struct asked *found = NULL;
    for (int i = c->bucket[bucket_of(client)]; i >= 0; i = c->asked[i].next) {
        struct asked *a = &c->asked[i];
        bool id_fits = id < 0 || (a->size >= 2 && wire_u16(a->bytes) == id);
        if (a->owed && id_fits && same_client(&a->client, client)) {
            found = a;
        }
    }
    return found;
}

/* A reply to a connection that ended meanwhile: another worker's engine had the query. */
static bool take_spare(struct checks *c, const struct wr_client *client)
{
    for (int i = client->conn ? c->bucket[bucket_of(client)] : -1; i >= 0; i = c->asked[i].next) {
        if (c->asked[i].spare && same_client(&c->asked[i].client, client)) {
            c->asked[i].spare--;
            return true;
        }
    }
    return false;
}

static bool is_outsider(const struct wr_addr *a)
{
    return a->family == WR_AF_V4 ? a->ip[0] != 10 : a->ip[0] != 0xfd;
}

/* Credits the names that this question may lead to. */
static void count_ask(struct world *w, const struct wire_msg *q)
{
    int i = oracle_find(&w->oracle, q->qname);
    if (i < 0) {
        w->checks.asks[256]++;
    }
    for (unsigned links = 0; i >= 0 && links < 12; links++) {
        w->checks.asks[i]++;
        i = oracle_count(&w->oracle, (unsigned)i, TYPE_CNAME) ? (int)w->oracle.name[i].target : -1;
    }
}

void checks_fed(struct world *w, const struct wr_client *client, const uint8_t *bytes, size_t size,
                bool calm)
{
    struct checks *c = &w->checks;
    c->fed++;
    c->calm_asked += calm;
    if (c->count == CHECKS_ASKED_MAX) {
        checks_fail(w, 1, "the ledger of the test is full");
        return;
    }
    struct asked *a = &c->asked[c->count];
    *a = (struct asked){.client = *client, .fed_us = w->clock.now.mono_us, .owed = 1, .calm = calm};
    a->size = (uint16_t)(size < CHECKS_QUERY_MAX ? size : CHECKS_QUERY_MAX);
    memcpy(a->bytes, bytes, a->size);
    a->outsider = is_outsider(&client->from);
    struct wire_msg *q = w->query;
    a->malformed = wire_read(q, bytes, size) || q->counts[0] != 1 || q->counts[1] || q->counts[2] ||
                   q->flags & (FLAG_QR | 0x7800) || q->edns.version || q->qclass != 1 ||
                   (q->edns.cookie_seen && q->edns.cookie_size != 8 && q->edns.cookie_size < 16);
    if (!a->malformed) {
        count_ask(w, q);
    }
    unsigned b = bucket_of(client);
    a->next = c->bucket[b];
    c->bucket[b] = (int)c->count++;
}

static void settle(struct world *w, struct asked *a)
{
    struct checks *c = &w->checks;
    uint64_t took = w->clock.now.mono_us - a->fed_us;
    if (checks_plant(w, PLANT_LATE)) {
        took += 60 * WR_S;
    }
    a->owed--;
    a->settled_us = w->clock.now.mono_us;
    c->slowest_us = took > c->slowest_us ? took : c->slowest_us;
    if (took > w->gate.settings.query_timeout_ms * WR_MS + SLACK_US) {
        checks_fail(w, 1, "settled after %.3f s", (double)took / 1e6);
    }
    if (a->calm) {
        c->calm_slowest_us = took > c->calm_slowest_us ? took : c->calm_slowest_us;
        if (took > RECOVERY_US) {
            checks_fail(w, 6, "answered after %.3f s, though the faults are over",
                        (double)took / 1e6);
        }
    }
}

void checks_reply(struct world *w, const struct wr_client *client, const uint8_t *bytes,
                  size_t size)
{
    struct checks *c = &w->checks;
    c->replies++;
    c->engine_replies++;
    struct asked *a = find_owed(c, client, size >= 2 ? wire_u16(bytes) : -1);
    if (!a && take_spare(c, client)) {
        return;
    }
    if (!a) {
        a = find_owed(c, client, -1);
        checks_fail(w, a ? 9 : 1, a ? "a reply with another id" : "a reply that nobody waits for");
        return;
    }
    settle(w, a);
    judge_reply(w, a, bytes, size);
}

void checks_drop(struct world *w, const struct wr_client *client)
{
    struct checks *c = &w->checks;
    struct asked *a = find_owed(c, client, -1);
    c->drops++;
    c->engine_drops++;
    if (!a && take_spare(c, client)) {
        return;
    }
    if (!a) {
        checks_fail(w, 1, "a drop that nobody waits for");
        return;
    }
    if (a->calm) {
        checks_fail(w, 6, "dropped, though the faults are over");
    }
    settle(w, a);
}

void checks_gone(struct world *w, uint64_t conn)
{
    struct checks *c = &w->checks;
    for (unsigned i = c->settled_before; i < c->count; i++) {
        if (c->asked[i].client.conn == conn && c->asked[i].owed) {
            c->gone++;
            c->asked[i].spare = c->asked[i].owed;
            c->asked[i].owed = 0;
        }
    }
}

void checks_sweep(struct world *w)
{
    struct checks *c = &w->checks;
    uint64_t most = w->gate.settings.query_timeout_ms * WR_MS + SLACK_US;
    while (c->settled_before < c->count && !c->asked[c->settled_before].owed) {
        c->settled_before++;
    }
    for (unsigned i = c->settled_before; i < c->count; i++) {
        struct asked *a = &c->asked[i];
        if (a->owed && w->clock.now.mono_us > a->fed_us + most) {
            char name[300] = "(malformed)";
            if (!a->malformed && wire_read(w->query, a->bytes, a->size) == 0) {
                wire_name_text(w->query->qname, name, sizeof name);
            }
            checks_fail(w, 1, "no reply to %s by the deadline", name);
            a->owed = 0;
        }
    }
}

/* The engines' own counts must agree with what left them. */
static void compare_counts(struct world *w)
{
    struct checks *c = &w->checks;
    const struct gate *g = &w->gate;
    uint64_t drops = GATE_STAT(g, dropped_malformed) + GATE_STAT(g, dropped_response) +
                     GATE_STAT(g, dropped_outsider) + GATE_STAT(g, dropped_client_rate) +
                     GATE_STAT(g, dropped_rrl) + GATE_STAT(g, dropped_overload);
    if (g->machine != &gate_weir) {
        return;
    }
    if (c->engine_drops > drops) {
        checks_fail(w, 1, "%llu drops, %llu counted", (unsigned long long)c->engine_drops,
                    (unsigned long long)drops);
    }
    if (c->engine_replies != GATE_STAT(g, replies)) {
        checks_fail(w, 1, "%llu replies, %llu counted", (unsigned long long)c->engine_replies,
                    (unsigned long long)GATE_STAT(g, replies));
    }
}

void checks_restart(struct world *w)
{
    struct checks *c = &w->checks;
    compare_counts(w);
    c->engine_drops = c->engine_replies = 0;
    for (unsigned i = c->settled_before; i < c->count; i++) {
        c->gone += c->asked[i].owed;
        c->asked[i].owed = 0;
    }
    c->settled_before = c->count;
}

/* ---- 3: upstream messages ---- */

void checks_sent(struct world *w, unsigned server, const uint8_t *bytes, size_t size)
{
    struct checks *c = &w->checks;
    if (wire_read(w->query, bytes, size) || w->query->counts[0] != 1) {
        checks_fail(w, 3, "a message to an upstream that breaks the format");
        return;
    }
    if (w->query->edns.ecs) {
        checks_fail(w, 3, "a client subnet goes to an upstream");
    }
    const uint8_t *qname = w->query->qname;
    bool routed = w->routed_zone >= 0 && wire_name_below(qname, w->oracle.zone[w->routed_zone]);
    if (w->plan.tree && qname[0] && server < w->plan.servers &&
        (!tree_has(w, server, qname) || checks_plant(w, PLANT_STRAY))) {
        char name[300];
        wire_name_text(qname, name, sizeof name);
        checks_fail(w, 5, "%s TYPE%u goes to server %u, which has no zone above it", name,
                    w->query->qtype, server);
    } else if (!w->plan.tree && qname[0] && server < w->plan.servers &&
               (routed != w->server[server].routed || checks_plant(w, PLANT_STRAY))) {
        checks_fail(w, 5, "a question goes to a server of another group");
    }
    int i = oracle_find(&w->oracle, qname);
    unsigned slot = i < 0 ? 256 : (unsigned)i;
    unsigned times = i >= 0 && checks_plant(w, PLANT_FLOOD) ? 100000 : 1;
    c->sent += times;
    c->sends[slot] += times;
    if (i >= 0 && c->sends[slot] > SENDS_PER_ASK * c->asks[slot] + SENDS_FREE) {
        char name[300];
        wire_name_text(w->query->qname, name, sizeof name);
        checks_fail(w, 3, "%u messages upstream for %s, asked %u times", c->sends[slot], name,
                    c->asks[slot]);
    }
}

/* ---- 4 and the rest, at the end ---- */

void checks_end(struct world *w)
{
    struct checks *c = &w->checks;
    checks_sweep(w);
    for (unsigned i = c->settled_before; i < c->count; i++) {
        if (c->asked[i].owed) {
            checks_fail(w, 1, "a query is open at the end");
            break;
        }
    }
    compare_counts(w);
    if (checks_plant(w, PLANT_MEMORY)) {
        ((uint8_t *)w->gate.worker[0].block)[w->gate.worker[0].size] = 0;
    }
    if (!gate_canaries_whole(&w->gate)) {
        checks_fail(w, 4, "written behind a block of memory");
    }
    if (w->ports->count) {
        checks_fail(w, 4, "%u exchanges are open though nobody asks", w->ports->count);
    }
    if (gate_inflight(&w->gate)) {
        checks_fail(w, 4, "%u questions are in flight though nobody asks", gate_inflight(&w->gate));
    }
    if (w->streams.open > w->gate.streams * w->gate.workers) {
        checks_fail(w, 4, "%u streams are open", w->streams.open);
    }
    if (c->sent > (uint64_t)WR_REQUEST_SENDS_MAX * (c->fed + 1)) {
        checks_fail(w, 3, "%llu messages upstream for %llu queries", (unsigned long long)c->sent,
                    (unsigned long long)c->fed);
    }
    if (w->gate.broken) {
        checks_fail(w, 4, "%s", w->gate.broken);
    }
}
