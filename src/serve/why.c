/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/why.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dnssec/keys.h"
#include "net/clock.h"
#include "resolve/answer.h"
#include "resolve/cut.h"
#include "resolve/infra.h"
#include "serve/policyreport.h"
#include "serve/put.h"
#include "serve/report.h"
#include "serve/serve.h"

#define ARENA_SIZE   (512 * 1024)
#define SUMMARY_SIZE (WR_NAME_TEXT_SIZE + 512)

struct why {
    struct wr_serve *s;
    struct wr_json *j;
    struct wr_question q;
    struct wr_now now;
    uint32_t now_s;
    const struct wr_upstreams *upstreams;
    unsigned group; /* or WR_GROUP_RECURSE */
    const uint8_t *zone;
    struct wr_infra infra;
    struct wr_answer_room room;
    struct wr_answer answer;
    enum wr_found found;
    struct wr_cut cut; /* the deepest that is known */
    bool has_cut;
    struct wr_policyreport_try as;
    struct wr_answerers_look look;
    struct wr_answerers zone_servers;
    char text[WR_PUT_TEXT_SIZE];
    char summary[SUMMARY_SIZE];
    struct wr_answerers answerers;
    struct wr_answer_room other_room;
    struct wr_answer other;
    _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE], other_scratch[WR_CACHE_SCRATCH_SIZE];
    _Alignas(8) uint8_t arena[ARENA_SIZE], other_arena[ARENA_SIZE];
};

/* --- what would be answered ------------------------------------------------------------------ */

static bool wants_group(const struct why *w)
{
    return w->group != WR_GROUP_RECURSE;
}

static const char *found_name(enum wr_found found)
{
    static const char *const names[] = {"nothing", "fresh", "stale", "failure"};
    return names[found];
}

static void look_up(struct why *w)
{
    uint32_t stored_s;
    bool by_silence;
    w->found = wr_answer_find(w->s->shared.cache, &w->s->gate->settings.ttl, w->s->locals.set.local,
                              &w->q, w->now_s, true, &w->room, &w->answer);
    if (w->found == WR_FOUND_FRESH) {
        return;
    }
    struct wr_answer *failure = malloc(sizeof(*failure));
    enum wr_found stale = w->found;
    if (failure != NULL &&
        wr_answer_find_failure(w->s->shared.cache, &w->q, w->now_s, &w->room, failure, &stored_s,
                               &by_silence) == WR_FOUND_FAILURE) {
        w->found = stale == WR_FOUND_STALE ? stale : WR_FOUND_FAILURE;
    }
    if (failure != NULL && w->found == WR_FOUND_FAILURE) {
        w->answer = *failure;
    } else { /* the room was used: once more */
        w->found =
            wr_answer_find(w->s->shared.cache, &w->s->gate->settings.ttl, w->s->locals.set.local,
                           &w->q, w->now_s, true, &w->room, &w->answer);
    }
    free(failure);
}

static void summarize(struct why *w)
{
    const struct wr_answer *a = &w->answer;
    struct wr_str s;
    wr_str_init(&s, w->summary, sizeof(w->summary));
    if (w->found == WR_FOUND_FRESH) {
        wr_str_text(&s, "answered from the cache, ");
        wr_str_text(&s, security_name(a->security));
        wr_str_text(&s, ", for ");
        wr_str_u64(&s, a->ttl);
        wr_str_text(&s, " s more");
        return;
    }
    if (w->found == WR_FOUND_FAILURE) {
        wr_str_text(&s, "failed a moment ago, and that is remembered: ");
        if (a->ede_zone) {
            wr_name_put_text(&s, a->ede_zone);
            wr_str_text(&s, ": ");
        }
        wr_str_text(&s, a->ede_text ? a->ede_text : "no reason was kept");
        return;
    }
    wr_str_text(&s, w->found == WR_FOUND_STALE
                        ? "expired; asked anew, and served stale while nobody answers: "
                        : "not in the cache: asked of ");
    if (w->found == WR_FOUND_STALE) {
        wr_str_text(&s, "asked of ");
    }
    wr_str_text(&s, wants_group(w) ? "group " : "servers found from the root");
    wr_str_text(&s, wants_group(w) ? w->upstreams->group[w->group].name : "");
}

static void put_sets(struct why *w, const char *key, const struct wr_rrset *sets, unsigned n)
{
    wr_json_array(w->j, key);
    for (unsigned i = 0; i < n; i++) {
        wr_json_object(w->j, NULL);
        put_name(w->j, "name", sets[i].owner);
        put_type(w->j, "type", sets[i].type);
        wr_json_u64(w->j, "ttl", sets[i].ttl);
        wr_json_text(w->j, "security", security_name(sets[i].security));
        put_records(&sets[i], w->text, w->j);
        wr_json_end(w->j);
    }
    wr_json_end(w->j);
}

static void put_answer(struct why *w)
{
    const struct wr_answer *a = &w->answer;
    wr_json_object(w->j, "answer");
    wr_json_text(w->j, "found", found_name(w->found));
    if (w->found != WR_FOUND_NOTHING) {
        put_rcode(w->j, "rcode", a->rcode);
        if (a->ede != WR_EDE_NONE) {
            wr_json_u64(w->j, "ede", (uint16_t)a->ede);
        }
        if (w->found != WR_FOUND_FAILURE) {
            wr_json_text(w->j, "security", security_name(a->security));
            wr_json_u64(w->j, "ttl", a->ttl);
        }
    }
    if (a->ede_zone) {
        put_name(w->j, "zone", a->ede_zone);
        wr_json_text(w->j, "reason", a->ede_text);
    }
    if (a->answers > 0) {
        put_sets(w, "sets", a->answer, a->answers);
    }
    wr_json_end(w->j);
}

/* --- what is remembered ---------------------------------------------------------------------- */

static void put_cached(struct why *w)
{
    const struct {
        uint16_t type, scope;
    } looks[] = {
        {w->q.type, 0},
        {w->q.type, WR_SCOPE_CD},
        {WR_TYPE_CNAME, 0},
        {WR_TYPE_CNAME, WR_SCOPE_CD},
        {0, 0},
        {0, WR_SCOPE_CD},
        {w->q.type, WR_SCOPE_FAILURE},
        {w->q.type, WR_SCOPE_FAILURE | WR_SCOPE_CD},
    };
    wr_json_array(w->j, "cached");
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        struct wr_cache_key key;
        struct wr_cache_entry e;
        bool again = i >= 2 && i < 4 && w->q.type == WR_TYPE_CNAME;
        uint16_t scope = (uint16_t)(looks[i].scope | (w->q.view << 1 & WR_SCOPE_VIEWS));
        wr_cache_key_init(w->s->shared.cache, w->q.name.wire, looks[i].type, scope, &key);
        if (!again &&
            wr_cache_get(w->s->shared.cache, &key, w->now_s, true, w->scratch, &e) == WR_OK) {
            wr_report_entry(&key, &e, w->text, w->j);
        }
    }
    wr_json_end(w->j);
}

/* --- whom it would ask ----------------------------------------------------------------------- */

static void put_state(struct why *w, const struct wr_peer *peer, const uint8_t *zone)
{
    const struct wr_upstream_state *st = &w->s->shared.upstream_state[peer->slot];
    uint64_t now_us = w->now.mono_us, answered_us = atomic_load(&st->answered_us);
    wr_json_text(w->j, "state", wr_report_upstream_state(st));
    put_decimal(w->j, "srtt_ms", atomic_load_explicit(&st->srtt_us, memory_order_relaxed), 3);
    wr_json_u64(w->j, "failures", atomic_load_explicit(&st->failures, memory_order_relaxed));
    wr_json_bool(w->j, "lame", wr_infra_is_lame(&w->infra, peer, zone, now_us));
    wr_json_bool(w->j, "edns", atomic_load(&st->no_edns_until_us) <= now_us);
    wr_json_bool(w->j, "cookies",
                 (atomic_load_explicit(&st->flags, memory_order_relaxed) & WR_UPSTREAM_COOKIES) !=
                     0);
    wr_json_bool(w->j, "tcp_only", atomic_load(&st->wary_until_us) > now_us);
    if (answered_us != 0 && now_us >= answered_us) {
        wr_json_u64(w->j, "answered_ago_ms", (now_us - answered_us) / WR_MS);
    } else {
        wr_json_null(w->j, "answered_ago_ms");
    }
}

static void put_server(struct why *w, const uint8_t *name, const struct wr_addr *addr,
                       const char *from)
{
    struct wr_peer peer;
    wr_json_object(w->j, NULL);
    put_name(w->j, "name", name);
    put_addr(w->j, "address", addr);
    wr_json_text(w->j, "from", from);
    if (wr_infra_look(&w->infra, addr, &peer)) {
        put_state(w, &peer, w->cut.zone);
    } else {
        wr_json_text(w->j, "state", "never asked");
    }
    wr_json_end(w->j);
}

static unsigned put_addresses(struct why *w, const uint8_t *name, const struct wr_rrset *set,
                              const char *from)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    unsigned n = 0;
    for (unsigned i = 0; i < set->records && wr_rrset_next(&walk, &rdata, &size); i++) {
        struct wr_addr addr = {.family = size == 4 ? WR_AF_V4 : WR_AF_V6, .port = 53};
        if (size == 4 || size == 16) {
            memcpy(addr.ip, rdata, size);
            put_server(w, name, &addr, from);
            n++;
        }
    }
    return n;
}

/* Addresses that were looked up for a server without glue. */
static unsigned put_looked_up(struct why *w, const uint8_t *name)
{
    static const uint16_t types[] = {WR_TYPE_A, WR_TYPE_AAAA}, scopes[] = {WR_SCOPE_CD, 0};
    unsigned n = 0;
    for (unsigned t = 0; t < 2; t++) {
        bool found = false;
        for (unsigned i = 0; i < 2 && !found; i++) {
            struct wr_cache_key key;
            struct wr_cache_entry e;
            wr_cache_key_init(w->s->shared.cache, name, types[t], scopes[i], &key);
            found =
                wr_cache_get(w->s->shared.cache, &key, w->now_s, true, w->scratch, &e) == WR_OK &&
                e.kind == WR_CACHE_RRSET && e.ttl_left > 0;
            n += found ? put_addresses(w, name, &e.rrset, "looked up") : 0;
        }
    }
    return n;
}

static void put_cut_servers(struct why *w)
{
    struct wr_rrset_walk walk = wr_rrset_walk(&w->cut.ns);
    const uint8_t *name;
    uint16_t size;
    for (unsigned i = 0; i < w->cut.ns.records && wr_rrset_next(&walk, &name, &size); i++) {
        unsigned n = 0;
        for (unsigned g = 0; g < w->cut.glues; g++) {
            if (wr_name_equal(w->cut.glue[g].owner, name)) {
                n += put_addresses(w, name, &w->cut.glue[g], "glue");
            }
        }
        n += n == 0 ? put_looked_up(w, name) : 0;
        if (n == 0) {
            wr_json_object(w->j, NULL);
            put_name(w->j, "name", name);
            wr_json_text(w->j, "state", "no address known");
            wr_json_end(w->j);
        }
    }
}

static void put_group_servers(struct why *w)
{
    const struct wr_group *g = &w->upstreams->group[w->group];
    for (unsigned i = 0; i < g->servers; i++) {
        const struct wr_upstream *up = &w->upstreams->upstream[g->server[i]];
        const struct wr_peer peer = {up->addr, up->generation, up->slot, up->scheme};
        wr_json_object(w->j, NULL);
        wr_json_text(w->j, "name", up->url);
        put_addr(w->j, "address", &up->addr);
        wr_json_text(w->j, "from", "configuration");
        put_state(w, &peer, w->zone);
        wr_json_end(w->j);
    }
}

static void put_hint_servers(struct why *w)
{
    static const uint8_t root[1] = {0};
    const struct wr_hints *h = w->upstreams->hints;
    w->cut.zone = root;
    for (unsigned i = 0; h != NULL && i < h->count; i++) {
        put_server(w, root, &h->addr[i], "hints");
    }
}

static void put_servers(struct why *w)
{
    wr_json_array(w->j, "servers");
    if (w->has_cut) {
        put_cut_servers(w);
    } else if (wants_group(w)) {
        put_group_servers(w);
    } else {
        put_hint_servers(w);
    }
    wr_json_end(w->j);
}

/* DS lives above the cut of its name (RFC 4035 section 3.1.4.1). */
static unsigned first_skip(const struct why *w)
{
    return w->q.type == WR_TYPE_DS && w->q.name.wire[0] != 0 ? 1 : 0;
}

static void put_delegations(struct why *w)
{
    unsigned labels = wr_name_labels(w->q.name.wire);
    wr_json_array(w->j, "delegations");
    for (unsigned skip = first_skip(w); skip <= labels; skip++) {
        struct wr_cache_entry e;
        const uint8_t *zone = wr_name_skip_labels(w->q.name.wire, skip);
        if (wr_cut_look(w->s->shared.cache, zone, w->now_s, &w->room, &w->cut, &e) != WR_OK) {
            continue;
        }
        wr_json_object(w->j, NULL);
        put_name(w->j, "zone", zone);
        wr_json_i64(w->j, "ttl", e.ttl_left);
        wr_json_i64(w->j, "age", (int64_t)e.ttl - e.ttl_left);
        wr_json_u64(w->j, "servers", w->cut.ns.records);
        wr_json_u64(w->j, "glue", w->cut.glues);
        wr_json_end(w->j);
    }
    wr_json_end(w->j);
}

/* The deepest cut, in w->cut; of a forwarding group none is used. */
static void find_cut(struct why *w)
{
    unsigned labels = wr_name_labels(w->q.name.wire);
    struct wr_cache_entry e;
    bool forwards = wants_group(w) && !w->upstreams->group[w->group].authoritative;
    for (unsigned skip = first_skip(w); !forwards && skip <= labels && !w->has_cut; skip++) {
        const uint8_t *zone = wr_name_skip_labels(w->q.name.wire, skip);
        bool below =
            !wants_group(w) || (wr_name_in(zone, w->zone) && !wr_name_equal(zone, w->zone));
        w->has_cut = below && wr_cut_look(w->s->shared.cache, zone, w->now_s, &w->room, &w->cut,
                                          &e) == WR_OK;
    }
}

/* --- what proves it -------------------------------------------------------------------------- */

static void put_zone_keys(struct why *w, const uint8_t *zone, const struct wr_cache_entry *e)
{
    struct wr_rrset_walk walk = wr_rrset_walk(&e->rrset);
    const uint8_t *rdata;
    uint16_t size;
    for (unsigned i = 0; i < e->rrset.records && wr_rrset_next(&walk, &rdata, &size); i++) {
        struct wr_dnskey key;
        const char *algorithm;
        if (wr_keys_parse(rdata, size, &key) != WR_OK) {
            continue;
        }
        wr_json_object(w->j, NULL);
        put_name(w->j, "zone", zone);
        wr_json_u64(w->j, "tag", key.tag);
        algorithm = wr_codes_word_text(WR_CODES_ALGORITHM, key.alg);
        wr_json_u64(w->j, "algorithm", key.alg);
        wr_json_text(w->j, "algorithm_name", algorithm);
        wr_json_bool(w->j, "entry", (key.flags & WR_DNSKEY_SEP) != 0);
        wr_json_bool(w->j, "revoked", (key.flags & WR_DNSKEY_REVOKED) != 0);
        wr_json_i64(w->j, "ttl", e->ttl_left);
        wr_json_text(w->j, "security", security_name(e->rrset.security));
        wr_json_end(w->j);
    }
}

static void put_keys(struct why *w)
{
    static const uint16_t scopes[] = {0, WR_SCOPE_CD};
    unsigned labels = wr_name_labels(w->q.name.wire);
    wr_json_array(w->j, "keys");
    for (unsigned skip = 0; skip <= labels; skip++) {
        const uint8_t *zone = wr_name_skip_labels(w->q.name.wire, skip);
        bool found = false;
        for (unsigned i = 0; i < 2 && !found; i++) {
            struct wr_cache_key key;
            struct wr_cache_entry e;
            wr_cache_key_init(w->s->shared.cache, zone, WR_TYPE_DNSKEY, scopes[i], &key);
            found =
                wr_cache_get(w->s->shared.cache, &key, w->now_s, true, w->scratch, &e) == WR_OK &&
                e.kind == WR_CACHE_RRSET && e.ttl_left > 0;
            if (found) {
                put_zone_keys(w, zone, &e);
            }
        }
    }
    wr_json_end(w->j);
}

static void put_route(struct why *w)
{
    wr_json_object(w->j, "route");
    wr_json_text(w->j, "group", wants_group(w) ? w->upstreams->group[w->group].name : "recursion");
    put_name(w->j, "zone", w->zone);
    wr_json_end(w->j);
}

static void begin(struct why *w, struct wr_serve *s, const struct wr_question *q,
                  const struct wr_askedby *from)
{
    bool above = q->type == WR_TYPE_DS && q->name.wire[0] != 0;
    w->s = s;
    w->q = *q;
    wr_clock_read(&s->clock, &w->now);
    if (from != NULL) {
        const struct wr_policyreport_try as = {
            .from = &from->addr, .ifindex = from->ifindex, .question = q, .now = &w->now};
        w->q.view = wr_policyreport_view(s, &as);
    }
    w->now_s = (uint32_t)(w->now.mono_us / WR_S);
    w->upstreams = &s->gate->settings.upstreams;
    w->group = wr_upstream_view(w->upstreams, w->q.view, wr_name_skip_labels(w->q.name.wire, above),
                                &w->zone);
    w->infra = (struct wr_infra){s->shared.upstream_state, s->first_conf->recursion.servers,
                                 s->secrets.table_key};
    wr_arena_init(&w->room.arena, w->arena, sizeof(w->arena));
    w->room.scratch = w->scratch;
    w->room.least = wr_prove_least(&s->gate->settings.prove, &w->now);
}

/* What policy is asked: the client, the question, and the answer where there is one, with who may have given it: as the engine finds it, in
 * rooms of its own. */
static void make_try(struct why *w, const struct wr_askedby *from)
{
    bool found = w->found == WR_FOUND_FRESH || w->found == WR_FOUND_STALE;
    w->look = (struct wr_answerers_look){w->s->shared.cache, &w->s->gate->settings.ttl,
                                         &w->other_room, &w->other, w->now_s};
    wr_arena_init(&w->other_room.arena, w->other_arena, sizeof(w->other_arena));
    w->other_room.scratch = w->other_scratch;
    w->as = (struct wr_policyreport_try){.from = &from->addr,
                                         .ifindex = from->ifindex,
                                         .question = &w->q,
                                         .now = &w->now,
                                         .look = &w->look,
                                         .room = &w->zone_servers};
    if (found) {
        wr_answerers_of(&w->answerers, &w->look, w->upstreams, &w->q, &w->answer);
        w->as.answer = &w->answer;
        w->as.servers = &w->answerers;
    }
}

int wr_why_report(struct wr_serve *s, const struct wr_question *q, const struct wr_askedby *from,
                  struct wr_json *j, const char *key)
{
    struct why *w = calloc(1, sizeof(*w));
    if (w == NULL) {
        return WR_E_NOMEM;
    }
    begin(w, s, q, from);
    w->j = j;
    wr_json_object(j, key);
    put_name(j, "name", w->q.name.wire);
    put_type(j, "type", w->q.type);
    look_up(w);
    if (from != NULL) {
        make_try(w, from);
    }
    if (from == NULL || !wr_policyreport_say(s, &w->as, w->summary, sizeof(w->summary))) {
        summarize(w);
    }
    wr_json_text(j, "summary", w->summary);
    if (from != NULL) {
        wr_policyreport_why(s, &w->as, j, "policy");
    }
    put_route(w);
    put_answer(w);
    put_cached(w);
    wr_feedswap_put(s, w->q.name.wire, j, "feeds");
    put_delegations(w);
    find_cut(w);
    put_servers(w);
    put_keys(w);
    wr_json_end(j);
    free(w);
    return WR_OK;
}
