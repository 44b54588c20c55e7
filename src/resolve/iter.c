/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/iter.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/time.h"
#include "dns/codes.h"
#include "policy/prefix.h"
#include "resolve/dns64.h"
#include "resolve/qmin.h"

#define DNS_PORT 53

static const uint8_t root[1] = {0};

const char *wr_iter_state_name(uint8_t state)
{
    static const char *const names[] = {"START",  "SERVERS",  "WAITING",
                                        "ASKING", "ANSWERED", "FAILED"};
    return state < WR_ARRAY_LEN(names) ? names[state] : "?";
}

static void move(struct wr_iter *it, const struct wr_iter_env *env, uint8_t to, const char *why)
{
    wr_trace_move(env->trace, "iter", it->trace_id, wr_iter_state_name(it->state),
                  wr_iter_state_name(to), why);
    it->state = to;
}

static void fail(struct wr_iter *it, const struct wr_iter_env *env, uint8_t failure,
                 const char *why)
{
    it->failure = failure;
    move(it, env, WR_ITER_FAILED, why);
}

/* --- addresses -------------------------------------------------------------------------------- */

/* Without IPv4 a translator may reach servers that have nothing else (RFC 6052, NAT64). */
static bool through_nat64(const struct wr_iter_env *env)
{
    const struct wr_upstreams *u = env->upstreams;
    return !u->ipv4 && u->ipv6 && u->nat64.addr.family == WR_AF_V6;
}

static bool has_ipv4(const struct wr_iter_env *env)
{
    return env->upstreams->ipv4 || through_nat64(env);
}

static bool has_family(const struct wr_iter_env *env, const struct wr_addr *addr)
{
    return addr->family == WR_AF_V4 ? has_ipv4(env) : env->upstreams->ipv6;
}

/* The address that is sent to. */
static struct wr_addr reached_at(const struct wr_iter_env *env, const struct wr_addr *addr)
{
    struct wr_addr ret = *addr;
    if (addr->family == WR_AF_V4 && through_nat64(env)) {
        ret.family = WR_AF_V6;
        wr_dns64_embed(&env->upstreams->nat64, addr->ip, ret.ip);
    }
    return ret;
}

/* An address that no single server has: "this network", groups, broadcast. */
static bool is_nobody(const struct wr_addr *addr)
{
    return addr->family == WR_AF_V4 ? addr->ip[0] == 0 || addr->ip[0] >= 224
                                    : addr->ip[0] == 0xff || wr_addr_is_any(addr);
}

/* What a stranger's zone names; the owner's own hints are not asked about. */
static bool may_ask(const struct wr_iter_env *env, const struct wr_addr *addr)
{
    const struct wr_upstreams *u = env->upstreams;
    return has_family(env, addr) && !is_nobody(addr) && !wr_prefix_has(u->never, u->nevers, addr);
}

static void add_peer(struct wr_iter *it, const struct wr_iter_env *env, const struct wr_addr *found,
                     uint64_t now_us)
{
    struct wr_peers *p = it->peers;
    struct wr_addr addr = reached_at(env, found);
    if (p->count == WR_GROUP_SERVERS_MAX) {
        return;
    }
    for (unsigned i = 0; i < p->count; i++) {
        if (wr_addr_equal(&p->peer[i].addr, &addr)) {
            return;
        }
    }
    wr_infra_find(&env->infra, &addr, now_us, &p->peer[p->count]);
    p->count++;
}

/* Takes the addresses of an A or AAAA set; true when there was one that may be asked. */
static bool add_set(struct wr_iter *it, const struct wr_iter_env *env, const struct wr_rrset *set,
                    uint64_t now_us)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    bool any = false;
    uint16_t want = set->type == WR_TYPE_A ? 4 : set->type == WR_TYPE_AAAA ? 16 : 0;
    for (unsigned i = 0; i < set->records && wr_rrset_next(&walk, &rdata, &size); i++) {
        if (size == want && want > 0) {
            struct wr_addr addr = {.family = want == 4 ? WR_AF_V4 : WR_AF_V6, .port = DNS_PORT};
            memcpy(addr.ip, rdata, want);
            if (may_ask(env, &addr)) {
                add_peer(it, env, &addr, now_us);
                any = true;
            }
        }
    }
    return any;
}

static const uint8_t *name_of(const struct wr_iter *it, const struct wr_iter_server *s)
{
    return it->names + s->at;
}

/* Servers that are lame for this zone are left out, unless it is their turn, or there are no others; false: there are none of those
 * whose turn it is. */
static bool lame_out(struct wr_iter *it, const struct wr_iter_env *env, uint64_t now_us)
{
    struct wr_peers *p = it->peers;
    unsigned kept = 0;
    for (unsigned i = 0; i < p->count; i++) {
        bool lame = wr_infra_is_lame(&env->infra, &p->peer[i], it->zone.wire, now_us);
        if (lame == (it->lame == WR_ITER_LAME_TURN)) {
            struct wr_peer moved = p->peer[i];
            p->peer[i] = p->peer[kept];
            p->peer[kept++] = moved;
        }
    }
    if (it->lame == WR_ITER_LAME_NONE && kept > 0 && kept < p->count) {
        it->lame = WR_ITER_LAME_LEFT;
    }
    p->count = kept > 0 ? (uint8_t)kept : p->count;
    return kept > 0;
}

/* --- the cut ---------------------------------------------------------------------------------- */

static void clear_servers(struct wr_iter *it)
{
    it->servers = 0;
    it->names_size = 0;
    it->peers->count = 0;
    it->tried = it->own = it->held = false;
    it->lame = WR_ITER_LAME_NONE;
}

/* One more server, if there is room for it. */
static void add_name(struct wr_iter *it, const uint8_t *name, uint16_t size)
{
    if (it->servers < WR_ITER_SERVERS_MAX && it->names_size + size <= sizeof(it->names)) {
        struct wr_iter_server *s = &it->server[it->servers++];
        *s = (struct wr_iter_server){.at = it->names_size};
        memcpy(it->names + it->names_size, name, size);
        it->names_size = (uint16_t)(it->names_size + size);
    }
}

/* Names of the delegation's servers, as many as there is room for. */
static void take_names(struct wr_iter *it, const struct wr_rrset *ns)
{
    struct wr_rrset_walk walk = wr_rrset_walk(ns);
    const uint8_t *name;
    uint16_t size;
    for (unsigned i = 0; i < ns->records && wr_rrset_next(&walk, &name, &size); i++) {
        add_name(it, name, size);
    }
}

static void take_glue(struct wr_iter *it, const struct wr_iter_env *env, const struct wr_cut *cut,
                      uint64_t now_us)
{
    for (unsigned i = 0; i < it->servers; i++) {
        struct wr_iter_server *s = &it->server[i];
        for (unsigned g = 0; g < cut->glues; g++) {
            if (wr_name_equal(cut->glue[g].owner, name_of(it, s)) &&
                add_set(it, env, &cut->glue[g], now_us)) {
                s->known = true;
                s->fetched4 |= cut->glue[g].type == WR_TYPE_A;
                s->fetched6 |= cut->glue[g].type == WR_TYPE_AAAA;
            }
        }
    }
}

/* How much of the name the servers of this cut are shown first. */
static void show_labels(struct wr_iter *it, const struct wr_iter_env *env)
{
    unsigned all = wr_name_labels(it->asked->name.wire);
    unsigned shown = all;
    if (env->upstreams->minimise && !it->whole) {
        shown = wr_qmin_next(wr_name_labels(it->zone.wire), all, it->min_steps);
    }
    it->shown = (uint8_t)shown;
    it->question = *it->asked;
    if (shown < all) {
        wr_name_set(&it->question.name, wr_name_skip_labels(it->asked->name.wire, all - shown));
        it->question.type = WR_TYPE_A;
        it->min_steps++;
    }
}

static void take_hints(struct wr_iter *it, const struct wr_iter_env *env, uint64_t now_us)
{
    const struct wr_hints *h = env->upstreams->hints;
    for (unsigned i = 0; h && i < h->count; i++) {
        if (has_family(env, &h->addr[i])) {
            add_peer(it, env, &h->addr[i], now_us);
        }
    }
}

/* Seconds wrap, as they do in the cache: no delegation lives half of their range. */
static uint32_t until(uint64_t now_us, uint32_t ttl)
{
    return (uint32_t)(now_us / WR_S) + (ttl < INT32_MAX ? ttl : INT32_MAX);
}

/* "zone cut example., 2 servers, 3 addresses; shown www.example. A" */
static void tell_cut(const struct wr_iter *it, const struct wr_iter_env *env, const char *from)
{
    char text[2 * WR_NAME_TEXT_SIZE + 128], type[WR_CODE_TEXT_SIZE];
    struct wr_str s;
    if (!wr_trace_on(env->trace)) {
        return;
    }
    wr_str_init(&s, text, sizeof(text));
    wr_str_text(&s, "zone cut ");
    wr_name_put_text(&s, it->zone.wire);
    wr_str_text(&s, " from ");
    wr_str_text(&s, from);
    wr_str_text(&s, ": servers ");
    wr_str_u64(&s, it->servers);
    wr_str_text(&s, ", addresses ");
    wr_str_u64(&s, it->peers->count);
    wr_str_text(&s, "; they are shown ");
    wr_name_put_text(&s, it->question.name.wire);
    wr_codes_type_text(it->question.type, type, sizeof(type));
    wr_str_char(&s, ' ');
    wr_str_text(&s, type);
    wr_trace_move(env->trace, "iter", it->trace_id, "SERVERS", "SERVERS", text);
}

static void enter_cut(struct wr_iter *it, const struct wr_iter_env *env, const struct wr_cut *cut,
                      uint64_t now_us)
{
    clear_servers(it);
    wr_name_set(&it->zone, cut->zone);
    it->until_s = until(now_us, cut->ns.ttl);
    take_names(it, &cut->ns);
    take_glue(it, env, cut, now_us);
    if (it->zone.size == 1 && it->peers->count == 0) {
        take_hints(it, env, now_us); /* who else would know where the root's servers are? */
    }
    show_labels(it, env);
    move(it, env, WR_ITER_SERVERS, "cut");
    tell_cut(it, env, "delegation");
}

static void enter_hints(struct wr_iter *it, const struct wr_iter_env *env, uint64_t now_us)
{
    clear_servers(it);
    wr_name_set(&it->zone, root);
    it->until_s = until(now_us, UINT32_MAX);
    take_hints(it, env, now_us);
    show_labels(it, env);
    move(it, env, WR_ITER_SERVERS, "hints");
    tell_cut(it, env, "hints");
}

/* A whole zone that is held here, at `from` or below it. It is shown the whole name: nobody else sees that. */
static bool enter_held(struct wr_iter *it, const struct wr_iter_env *env, const uint8_t *from,
                       uint64_t now_us)
{
    const struct wr_heldzone *zone =
        wr_heldzones_find(env->held, it->asked->name.wire, it->asked->type, it->passed_over,
                          (uint32_t)(now_us / WR_S));
    if (!zone || !wr_name_in(zone->name, from)) {
        return false;
    }
    clear_servers(it);
    wr_name_set(&it->zone, zone->name);
    it->until_s = until(now_us, UINT32_MAX);
    it->shown = (uint8_t)wr_name_labels(it->asked->name.wire);
    it->question = *it->asked;
    it->held = true;
    move(it, env, WR_ITER_SERVERS, "held");
    tell_cut(it, env, "a zone that is held");
    return true;
}

static bool is_root_ns(const struct wr_question *q)
{
    return q->type == WR_TYPE_NS && q->name.wire[0] == 0;
}

/* The deepest cut that is known; the hints when it is none and the root was asked for already. */
static bool find_cut(struct wr_iter *it, const struct wr_iter_env *env, uint64_t now_us)
{
    struct wr_cut cut;
    bool above = it->asked->type == WR_TYPE_DS;
    if (wr_cut_find(env->cache, it->asked->name.wire, above, (uint32_t)(now_us / WR_S), env->room,
                    &cut) == WR_OK) {
        if (!enter_held(it, env, cut.zone, now_us)) {
            enter_cut(it, env, &cut, now_us);
        }
        return true;
    }
    if (enter_held(it, env, root, now_us)) {
        return true;
    }
    if (it->primed || is_root_ns(it->asked)) {
        enter_hints(it, env, now_us);
        return true;
    }
    return false;
}

/* The servers of a configured group are the cut. */
static void enter_stub(struct wr_iter *it, const struct wr_iter_env *env, unsigned group,
                       const uint8_t *zone, uint64_t now_us)
{
    const struct wr_upstreams *u = env->upstreams;
    const struct wr_group *g = &u->group[group];
    clear_servers(it);
    wr_name_set(&it->zone, zone);
    it->until_s = until(now_us, UINT32_MAX);
    for (unsigned i = 0; i < g->servers; i++) {
        const struct wr_upstream *up = &u->upstream[g->server[i]];
        if (has_family(env, &up->addr)) {
            it->peers->peer[it->peers->count++] =
                (struct wr_peer){reached_at(env, &up->addr), up->generation, up->slot, up->scheme};
        }
    }
    show_labels(it, env);
    move(it, env, WR_ITER_SERVERS, "stub");
    tell_cut(it, env, "configuration");
}

void wr_iter_start(struct wr_iter *it, const struct wr_iter_env *env,
                   const struct wr_question *asked, struct wr_peers *peers, unsigned group,
                   const uint8_t *zone, uint64_t now_us)
{
    it->asked = asked;
    it->peers = peers;
    it->state = WR_ITER_START;
    it->failure = WR_ITER_NO_ANSWER;
    it->out = it->referrals = it->min_steps = 0;
    it->owned = it->whole = it->empty = it->recursor = it->trusting = false;
    it->group = (uint8_t)group;
    clear_servers(it);
    if (group != WR_GROUP_RECURSE) {
        struct wr_cut cut;
        bool above = asked->type == WR_TYPE_DS;
        bool deeper = wr_cut_find(env->cache, asked->name.wire, above, (uint32_t)(now_us / WR_S),
                                  env->room, &cut) == WR_OK &&
                      wr_name_in(cut.zone, zone) && !wr_name_equal(cut.zone, zone);
        if (enter_held(it, env, deeper ? cut.zone : zone, now_us)) {
            return;
        }
        if (deeper) {
            enter_cut(it, env, &cut, now_us);
        } else {
            enter_stub(it, env, group, zone, now_us);
        }
    }
}

/* --- what to do next -------------------------------------------------------------------------- */

/* The next address that is worth finding: of a server that has none yet and is not inside the zone it serves (who would
 * tell it?). `others`: also the other family of servers that are known. NULL: there is none. */
static struct wr_iter_server *next_unknown(struct wr_iter *it, const struct wr_iter_env *env,
                                           bool others, uint16_t *ret_type)
{
    for (unsigned i = 0; i < it->servers; i++) {
        struct wr_iter_server *s = &it->server[i];
        bool inside = wr_name_in(name_of(it, s), it->zone.wire) && it->zone.size > 1;
        if (s->known ? !others : inside) {
            continue;
        }
        if (has_ipv4(env) && !s->fetched4) {
            s->fetched4 = true;
            *ret_type = WR_TYPE_A;
            return s;
        }
        if (env->upstreams->ipv6 && !s->fetched6) {
            s->fetched6 = true;
            *ret_type = WR_TYPE_AAAA;
            return s;
        }
    }
    return NULL;
}

/* Servers whose addresses are told only by the delegation of their own zone: parent and child may disagree, and what the
 * child says was not to be had. */
static bool take_glue_of(struct wr_iter *it, const struct wr_iter_env *env, const uint8_t *name,
                         uint64_t now_us)
{
    struct wr_name zone;
    struct wr_cut cut;
    bool any = false;
    wr_name_set(&zone, name);
    for (bool above = false; !any &&
                             wr_cut_find(env->cache, zone.wire, above, (uint32_t)(now_us / WR_S),
                                         env->room, &cut) == WR_OK &&
                             cut.zone[0] != 0;
         above = true) {
        wr_name_set(&zone, cut.zone);
        for (unsigned g = 0; g < cut.glues; g++) {
            if (wr_name_equal(cut.glue[g].owner, name)) {
                any |= add_set(it, env, &cut.glue[g], now_us);
            }
        }
    }
    return any;
}

static void take_parents_glue(struct wr_iter *it, const struct wr_iter_env *env, uint64_t now_us)
{
    for (unsigned i = 0; i < it->servers; i++) {
        struct wr_iter_server *s = &it->server[i];
        if (!s->known && !s->glued) {
            s->glued = true;
            s->known = take_glue_of(it, env, name_of(it, s), now_us);
        }
    }
}

/* The same servers once more. */
static enum wr_iter_do start_over(struct wr_iter *it, const struct wr_iter_env *env,
                                  uint64_t now_us)
{
    struct wr_name zone = it->zone;
    it->out = 0;
    if (it->group != WR_GROUP_RECURSE) {
        enter_stub(it, env, it->group, zone.wire, now_us);
        return WR_ITER_DO_AGAIN;
    }
    return find_cut(it, env, now_us) ? WR_ITER_DO_AGAIN : WR_ITER_DO_FAIL;
}

/* Does the delegation in work name the server? */
static bool is_named(const struct wr_iter *it, const uint8_t *name)
{
    for (unsigned i = 0; i < it->servers; i++) {
        if (wr_name_equal(name_of(it, &it->server[i]), name)) {
            return true;
        }
    }
    return false;
}

static uint32_t left_of(const struct wr_iter *it, uint64_t now_us)
{
    int32_t left = (int32_t)(it->until_s - (uint32_t)(now_us / WR_S));
    return left > 0 ? (uint32_t)left : 0;
}

/* Does the message name a server of the zone that the delegation does not? The usual answer is no, and costs little. */
static bool names_another(const struct wr_iter *it, const struct wr_msg *msg,
                          enum wr_section section)
{
    struct wr_msg_walk walk = wr_msg_walk(msg, section);
    struct wr_msg_rr rr;
    for (unsigned i = 0; i < WR_ANSWER_RRSETS_MAX && wr_msg_next(&walk, &rr); i++) {
        struct wr_name target;
        struct wr_reader r = wr_msg_reader(msg, rr.rdata);
        if (rr.type == WR_TYPE_NS && wr_name_equal(rr.owner.wire, it->zone.wire) &&
            wr_name_read(&r, &target) == WR_OK && !is_named(it, target.wire)) {
            return true;
        }
    }
    return false;
}

void wr_iter_learn_own(const struct wr_iter *it, const struct wr_iter_env *env,
                       const struct wr_msg *msg, uint64_t now_us)
{
    struct wr_rrset ns;
    if (it->servers == 0 || it->own || it->zone.size == 1) {
        return; /* a stub's are the owner's to say, the root's the hints' */
    }
    if (!names_another(it, msg, WR_SECTION_AUTHORITY) &&
        !names_another(it, msg, WR_SECTION_ANSWER)) {
        return;
    }
    wr_arena_reset(&env->room->arena);
    if (wr_cut_own_from_answer(msg, it->zone.wire, &env->room->arena, &ns) == WR_OK) {
        wr_cut_keep_own(env->cache, (uint32_t)(now_us / WR_S), env->room, &ns, left_of(it, now_us));
    }
}

/* The servers that the zone named and the parent does not, when none of the parent's answers. The delegation is the one that it
 * was, with the life that it had: nothing the zone says makes that longer. */
static bool enter_own(struct wr_iter *it, const struct wr_iter_env *env, uint64_t now_us)
{
    struct wr_rrset ns;
    const uint8_t *name;
    uint16_t size;
    bool none = it->own || it->servers == 0 || it->zone.size == 1 || left_of(it, now_us) == 0 ||
                wr_cut_find_own(env->cache, it->zone.wire, (uint32_t)(now_us / WR_S), env->room,
                                &ns) != WR_OK;
    if (none) {
        return false;
    }
    struct wr_rrset_walk walk = wr_rrset_walk(&ns);
    unsigned named = it->servers;
    for (unsigned i = 0; i < ns.records && wr_rrset_next(&walk, &name, &size); i++) {
        if (!is_named(it, name)) {
            add_name(it, name, size);
        }
    }
    for (unsigned i = 0; i < named; i++) { /* those are no use */
        it->server[i].known = it->server[i].fetched4 = it->server[i].fetched6 = true;
        it->server[i].glued = true;
    }
    it->lame = it->owned ? it->lame : WR_ITER_LAME_NONE;
    it->own = it->owned = true;
    it->peers->count = 0;
    move(it, env, WR_ITER_SERVERS, "servers that the zone names itself");
    return it->servers > named;
}

/* A server that had nothing to say is believed when no other said more; a stub may be followed by recursion. */
static enum wr_iter_do give_up(struct wr_iter *it, const struct wr_iter_env *env, uint64_t now_us)
{
    const struct wr_upstreams *u = env->upstreams;
    if (it->empty) {
        move(it, env, WR_ITER_ANSWERED, "empty");
        return WR_ITER_DO_EMPTY;
    }
    if (it->lame == WR_ITER_LAME_LEFT) { /* lame for another name, or for what somebody forged */
        bool own = it->own;
        enum wr_iter_do next = start_over(it, env, now_us);
        it->lame = WR_ITER_LAME_TURN;
        it->tried = true;
        return own && enter_own(it, env, now_us) ? WR_ITER_DO_AGAIN : next;
    }
    if (it->recursor && !it->trusting) {
        it->trusting = true; /* their word is taken */
        return start_over(it, env, now_us);
    }
    if (enter_own(it, env, now_us)) {
        return WR_ITER_DO_AGAIN;
    }
    if (it->group != WR_GROUP_RECURSE && u->group[it->group].recurse_after) {
        wr_iter_start(it, env, it->asked, it->peers, WR_GROUP_RECURSE, root, now_us);
        return WR_ITER_DO_AGAIN;
    }
    bool asked = it->tried || it->failure > WR_ITER_NO_ADDRESS;
    fail(it, env, asked ? it->failure : WR_ITER_NO_ADDRESS, asked ? "no answer" : "no address");
    return WR_ITER_DO_FAIL;
}

/* Is it worth asking a server at its other address too? What proves a zone is asked again when it proved nothing, and the servers
 * that said so are lame by then: the same name may be another machine there. Nothing else is, so that a broken zone makes
 * nobody look for addresses. */
static bool wants_others(const struct wr_iter *it)
{
    return it->asked->checking_disabled &&
           (it->asked->type == WR_TYPE_DS || it->asked->type == WR_TYPE_DNSKEY);
}

static enum wr_iter_do choose(struct wr_iter *it, const struct wr_iter_env *env, uint64_t now_us,
                              struct wr_name *ret_name, uint16_t *ret_type)
{
    if (it->held) {
        move(it, env, WR_ITER_ASKING, "held");
        return WR_ITER_DO_HELD;
    }
    if (lame_out(it, env, now_us)) {
        move(it, env, WR_ITER_ASKING, "addresses");
        return WR_ITER_DO_ASK;
    }
    if (it->out < 2 && it->fetches < WR_ITER_FETCHES_MAX) {
        struct wr_iter_server *s = next_unknown(it, env, wants_others(it), ret_type);
        if (s) {
            it->fetches++;
            it->out++;
            wr_name_set(ret_name, name_of(it, s));
            return WR_ITER_DO_FETCH;
        }
    }
    if (it->out > 0) {
        move(it, env, WR_ITER_WAITING, "addresses wanted");
        return WR_ITER_DO_WAIT;
    }
    if (it->peers->count > 0) {
        move(it, env, WR_ITER_ASKING, "lame ones");
        return WR_ITER_DO_ASK;
    }
    take_parents_glue(it, env, now_us);
    return it->peers->count > 0 ? WR_ITER_DO_AGAIN : give_up(it, env, now_us);
}

enum wr_iter_do wr_iter_next(struct wr_iter *it, const struct wr_iter_env *env, uint64_t now_us,
                             struct wr_name *ret_name, uint16_t *ret_type)
{
    switch (it->state) {
    case WR_ITER_START:
        if (!find_cut(it, env, now_us)) {
            move(it, env, WR_ITER_WAITING, "root wanted");
            return WR_ITER_DO_PRIME;
        }
        return choose(it, env, now_us, ret_name, ret_type);
    case WR_ITER_SERVERS: return choose(it, env, now_us, ret_name, ret_type);
    case WR_ITER_FAILED: return WR_ITER_DO_FAIL;
    default: return WR_ITER_DO_WAIT;
    }
}

void wr_iter_primed(struct wr_iter *it)
{
    it->primed = true;
    if (it->state == WR_ITER_WAITING) {
        it->state = WR_ITER_START;
    }
}

void wr_iter_fetched(struct wr_iter *it, const struct wr_iter_env *env,
                     const struct wr_answer *answer, uint64_t now_us)
{
    if (it->out == 0) {
        return; /* the cut was left meanwhile */
    }
    it->out--;
    for (unsigned i = 0; answer && i < answer->answers; i++) {
        add_set(it, env, &answer->answer[i], now_us);
    }
    if (it->state == WR_ITER_WAITING) {
        move(it, env, WR_ITER_SERVERS, answer ? "address found" : "address not found");
    }
}

/* --- what came ---------------------------------------------------------------------------------- */

bool wr_iter_is_whole(const struct wr_iter *it)
{
    return it->shown == wr_name_labels(it->asked->name.wire) &&
           it->question.type == it->asked->type;
}

/* Who was given a zone for an hour gives parts of it away for no longer: else a zone that was taken away would live
 * on below its apex, one label deeper each time ("phoenix domains"). */
static void live_no_longer(const struct wr_iter *it, uint64_t now_us, struct wr_cut *cut)
{
    uint32_t most = left_of(it, now_us);
    cut->ns.ttl = cut->ns.ttl < most ? cut->ns.ttl : most;
}

static bool follow_referral(struct wr_iter *it, const struct wr_iter_env *env,
                            const struct wr_msg *msg, uint64_t now_us)
{
    struct wr_cut cut;
    uint32_t now_s = (uint32_t)(now_us / WR_S);
    wr_arena_reset(&env->room->arena);
    if (wr_cut_from_referral(msg, it->zone.wire, it->question.name.wire, &env->room->arena, &cut) !=
        WR_OK) {
        return false;
    }
    if (it->asked->type == WR_TYPE_DS && wr_name_equal(cut.zone, it->asked->name.wire)) {
        return false; /* the parent was asked for DS and sends to the child: it does not know its part */
    }
    if (++it->referrals > WR_ITER_REFERRALS_MAX) {
        fail(it, env, WR_ITER_TOO_LONG, "too many referrals");
        return true;
    }
    live_no_longer(it, now_us, &cut);
    wr_cut_keep(env->cache, env->ttl, now_s, env->room, &cut);
    it->out = 0;
    it->owned = false;
    if (!enter_held(it, env, cut.zone, now_us)) {
        enter_cut(it, env, &cut, now_us);
    }
    return true;
}

/* There is something at the label shown, or nothing that minds: more of the name is shown to the same servers. */
static void show_more(struct wr_iter *it, const struct wr_iter_env *env, enum wr_response kind)
{
    unsigned all = wr_name_labels(it->asked->name.wire);
    it->whole |=
        kind == WR_RESPONSE_NXDOMAIN; /* section 3: some deny names that have names below */
    unsigned shown = it->whole ? all : wr_qmin_next(it->shown, all, it->min_steps);
    it->shown = (uint8_t)shown;
    it->question = *it->asked;
    if (shown < all) {
        wr_name_set(&it->question.name, wr_name_skip_labels(it->asked->name.wire, all - shown));
        it->question.type = WR_TYPE_A;
        it->min_steps++;
    }
    move(it, env, WR_ITER_SERVERS, "show more");
}

bool wr_iter_lead_on(struct wr_iter *it, const struct wr_iter_env *env, const struct wr_msg *msg,
                     enum wr_response kind, uint64_t now_us)
{
    if (kind == WR_RESPONSE_REFERRAL) {
        return follow_referral(it, env, msg, now_us);
    }
    show_more(it, env, kind);
    return true;
}

void wr_iter_avoid(struct wr_iter *it, const struct wr_iter_env *env, unsigned server, bool blame,
                   uint64_t now_us)
{
    struct wr_peers *p = it->peers;
    if (server >= p->count) {
        return;
    }
    if (blame) {
        wr_infra_set_lame(&env->infra, &p->peer[server], it->zone.wire, now_us);
    }
    p->peer[server] = p->peer[--p->count];
    it->tried = true;
    move(it, env, WR_ITER_SERVERS, "bogus");
}

void wr_iter_exhausted(struct wr_iter *it, const struct wr_iter_env *env, bool errors)
{
    bool minimised = !wr_iter_is_whole(it);
    if (minimised && errors) {
        it->whole =
            true; /* section 2.3: a server that errs on less than the whole name is asked for all of it */
        it->shown = (uint8_t)wr_name_labels(it->asked->name.wire);
        it->question = *it->asked;
        move(it, env, WR_ITER_SERVERS, "whole name");
        return;
    }
    it->peers->count = 0;
    it->tried = true;
    it->failure = WR_ITER_NO_ANSWER;
    move(it, env, WR_ITER_SERVERS, "other addresses");
}
