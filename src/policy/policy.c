/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "dns/codes.h"
#include "policy/contents.h"
#include "policy/prefix.h"

#define RULE_WORDS (WR_POLICY_RULES_MAX / 64)
#define ONLY_WORDS (WR_POLICY_ONLYS_MAX / 64)

/* Bits of `quiet`: the feed at that place of the set does not list the name; and the table has nothing of it. */
#define QUIET_TABLE 63

/* What a node of the table says: which rule or list, and what the name is to it. */
enum ref_kind {
    REF_EXACT = 0,
    REF_BELOW,
    REF_EXCEPT,
    REF_ALIAS,
    REF_SERVER,
    REF_ONLY,
    REF_PRIVATE,
    REF_KINDS
};

/* What a name that is looked up is to the query. */
enum role { ASKED, ALIAS, SERVER };

struct node {
    const uint8_t *name; /* NULL: the place is free */
    uint64_t hash;
    uint32_t first, refs; /* in `ref` */
};

struct wr_policy {
    struct wr_policy_spec spec;
    struct node *node;
    uint32_t *ref; /* index * REF_KINDS + kind */
    uint32_t mask; /* places - 1 */
    struct wr_prefix *address;
    uint32_t addresses; /* of all rules together: what is in none of them is in no rule's */
    uint64_t nameless[RULE_WORDS]; /* rules that hold for all names but those they except */
    /* Rules that look at an answer at all, at its aliases, at its addresses: whole words of them are passed over where these are not there. */
    uint64_t later[RULE_WORDS], by_alias[RULE_WORDS], by_address[RULE_WORDS];
    bool wants_answers, has_aliases, has_servers, has_feeds, leads;
};

/* What the table says of one query. */
struct look {
    uint64_t named[RULE_WORDS], except[RULE_WORDS], alias[RULE_WORDS], server[RULE_WORDS];
    uint64_t only[ONLY_WORDS];
    bool may_be_private;
    bool any; /* of all this */
};

/* --- the table --- */

static uint64_t hash_label(uint64_t parent, const uint8_t *label)
{
    uint64_t h = parent ^ label[0];
    for (unsigned i = 1; i <= label[0]; i++) {
        h = (h ^ wr_name_fold(label[i])) * 0x100000001b3u;
    }
    return wr_hash_mix(h);
}

/* The labels of a name by their beginnings; returns how many. */
static unsigned split(const uint8_t *name, const uint8_t *ret_label[WR_NAME_LABELS_MAX])
{
    unsigned n = 0;
    for (const uint8_t *at = name; *at != 0 && n < WR_NAME_LABELS_MAX; at += *at + 1) {
        ret_label[n++] = at;
    }
    return n;
}

static struct node *place_of(const struct wr_policy *p, uint64_t hash, const uint8_t *name)
{
    uint32_t i = (uint32_t)hash & p->mask;
    while (p->node[i].name != NULL &&
           (p->node[i].hash != hash || !wr_name_equal(p->node[i].name, name))) {
        i = (i + 1) & p->mask;
    }
    return &p->node[i];
}

/* The node of a name, made with those of its ancestors where it is not there. */
static struct node *node_of(const struct wr_policy *p, const uint8_t *name)
{
    static const uint8_t root[1] = {0};
    const uint8_t *label[WR_NAME_LABELS_MAX];
    unsigned n = split(name, label);
    uint64_t hash = 1;
    struct node *node = place_of(p, hash, root);
    *node = node->name ? *node : (struct node){.name = root, .hash = hash};
    while (n > 0) {
        const uint8_t *at = label[--n];
        hash = hash_label(hash, at);
        node = place_of(p, hash, at);
        *node = node->name ? *node : (struct node){.name = at, .hash = hash};
    }
    return node;
}

static void see(const struct wr_policy *p, const struct node *node, bool whole, enum role role,
                struct look *l)
{
    l->any = l->any || node->refs > 0;
    for (uint32_t i = 0; i < node->refs; i++) {
        uint32_t index = p->ref[node->first + i] / REF_KINDS;
        uint64_t bit = (uint64_t)1 << (index % 64), asked = role == ASKED ? bit : 0;
        switch (p->ref[node->first + i] % REF_KINDS) {
        case REF_EXACT: l->named[index / 64] |= whole ? asked : 0; break;
        case REF_BELOW: l->named[index / 64] |= asked; break;
        case REF_EXCEPT: l->except[index / 64] |= asked; break;
        case REF_ALIAS: l->alias[index / 64] |= role == ALIAS ? bit : 0; break;
        case REF_SERVER: l->server[index / 64] |= role == SERVER ? bit : 0; break;
        case REF_PRIVATE: l->may_be_private = l->may_be_private || asked != 0; break;
        default: l->only[index / 64] |= asked; break;
        }
    }
}

/* Everything that the table says of a name and of all above it. */
static void descend(const struct wr_policy *p, const uint8_t *name, enum role role, struct look *l)
{
    static const uint8_t root[1] = {0};
    const uint8_t *label[WR_NAME_LABELS_MAX];
    unsigned n = split(name, label);
    uint64_t hash = 1;
    const struct node *node = place_of(p, hash, root);
    while (node->name != NULL) {
        see(p, node, n == 0, role, l);
        if (n == 0) {
            return;
        }
        hash = hash_label(hash, label[--n]);
        node = place_of(p, hash, label[n]);
    }
}

/* --- compiling --- */

static uint32_t nodes_of(const struct wr_policy_names *names)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < names->count; i++) {
        n += wr_name_labels(names->name[i]) + 1;
    }
    return n;
}

/* Calls `each` for all names in the order of the rules, lists after them. */
static void each_name(const struct wr_policy_spec *s,
                      void (*each)(void *user, const struct wr_policy_names *names, uint32_t index,
                                   enum ref_kind kind),
                      void *user)
{
    for (uint32_t i = 0; i < s->rules; i++) {
        each(user, &s->rule[i].exact, i, REF_EXACT);
        each(user, &s->rule[i].below, i, REF_BELOW);
        each(user, &s->rule[i].except, i, REF_EXCEPT);
        each(user, &s->rule[i].alias, i, REF_ALIAS);
        each(user, &s->rule[i].server, i, REF_SERVER);
    }
    for (uint32_t i = 0; i < s->onlys; i++) {
        each(user, &s->only[i].below, i, REF_ONLY);
    }
    each(user, &s->private_names, 0, REF_PRIVATE);
}

struct sizes {
    uint32_t nodes, refs, addresses, places;
};

static void count_names(void *user, const struct wr_policy_names *names, uint32_t index,
                        enum ref_kind kind)
{
    struct sizes *z = user;
    (void)index, (void)kind;
    z->nodes += nodes_of(names);
    z->refs += names->count;
}

static struct sizes sizes_of(const struct wr_policy_spec *s)
{
    struct sizes z = {.nodes = 1, .places = 16};
    each_name(s, count_names, &z);
    for (uint32_t i = 0; i < s->rules; i++) {
        z.addresses += s->rule[i].addresses;
    }
    while (z.places < 2 * z.nodes) {
        z.places *= 2;
    }
    return z;
}

static size_t align64(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

size_t wr_policy_size(const struct wr_policy_spec *spec)
{
    struct sizes z = sizes_of(spec);
    return align64(sizeof(struct wr_policy)) + align64(z.places * sizeof(struct node)) +
           align64(z.refs * sizeof(uint32_t)) + align64(z.addresses * sizeof(struct wr_prefix));
}

static void make_nodes(void *user, const struct wr_policy_names *names, uint32_t index,
                       enum ref_kind kind)
{
    (void)index, (void)kind;
    for (uint32_t i = 0; i < names->count; i++) {
        node_of(user, names->name[i])->refs++;
    }
}

static void fill_nodes(void *user, const struct wr_policy_names *names, uint32_t index,
                       enum ref_kind kind)
{
    struct wr_policy *p = user;
    for (uint32_t i = 0; i < names->count; i++) {
        struct node *node = node_of(p, names->name[i]);
        p->ref[node->first + node->refs++] = index * REF_KINDS + kind;
    }
}

static bool names_servers(const struct wr_policy_rule *r)
{
    return r->server.count > 0 || r->server_addrs > 0;
}

static bool looks_at_answers(const struct wr_policy_rule *r)
{
    return r->alias.count > 0 || r->addresses > 0 || names_servers(r);
}

static void note_rules(struct wr_policy *p)
{
    for (uint32_t i = 0; i < p->spec.rules; i++) {
        const struct wr_policy_rule *r = &p->spec.rule[i];
        uint64_t bit = (uint64_t)1 << (i % 64);
        if ((r->exact.count == 0 && r->below.count == 0) || r->feeds > 0) {
            p->nameless[i / 64] |= bit;
        }
        p->later[i / 64] |= looks_at_answers(r) ? bit : 0;
        p->by_alias[i / 64] |= r->alias.count > 0 ? bit : 0;
        p->by_address[i / 64] |= r->addresses > 0 ? bit : 0;
        if (r->addresses > 0) {
            memcpy(p->address + p->addresses, r->address, r->addresses * sizeof(*r->address));
            p->addresses += r->addresses;
        }
        p->wants_answers = p->wants_answers || names_servers(r) || r->action == WR_VERDICT_SECURE;
        p->has_aliases = p->has_aliases || r->alias.count > 0;
        p->has_servers = p->has_servers || names_servers(r);
        p->has_feeds = p->has_feeds || r->feeds > 0;
        p->leads =
            p->leads || ((looks_at_answers(r) || r->feeds > 0) && wr_policy_target(r) != NULL);
    }
    p->addresses = wr_prefix_compile(p->address, p->addresses);
}

const struct wr_policy *wr_policy_compile(void *block, const struct wr_policy_spec *spec)
{
    struct sizes z = sizes_of(spec);
    struct wr_policy *p = block;
    uint8_t *at = (uint8_t *)block + align64(sizeof(*p));
    wr_assert(((uintptr_t)block & 63) == 0 && spec->rules <= WR_POLICY_RULES_MAX &&
              spec->onlys <= WR_POLICY_ONLYS_MAX);
    *p = (struct wr_policy){.spec = *spec, .mask = z.places - 1};
    p->node = (struct node *)(void *)at;
    at += align64(z.places * sizeof(*p->node));
    p->ref = (uint32_t *)(void *)at;
    at += align64(z.refs * sizeof(*p->ref));
    p->address = (struct wr_prefix *)(void *)at;
    memset((void *)p->node, 0, z.places * sizeof(*p->node));
    each_name(spec, make_nodes, p);
    uint32_t first = 0;
    for (uint32_t i = 0; i < z.places; i++) {
        p->node[i].first = first;
        first += p->node[i].refs;
        p->node[i].refs = 0;
    }
    each_name(spec, fill_nodes, p);
    note_rules(p);
    return p;
}

/* --- who asks what --- */

static bool is_about(const struct wr_policy_about *about, const struct wr_policy_ask *ask)
{
    bool segment = about->segments == 0;
    for (uint32_t i = 0; i < about->segments && !segment; i++) {
        segment = about->segment[i] == ask->who->segment;
    }
    uint64_t bits = ask->who->groups;
    return segment && (about->groups == 0 || (about->groups & bits) != 0) &&
           (about->devices == 0 || (about->devices & bits) != 0) &&
           (about->kinds == 0 || (about->kinds & bits) != 0) &&
           (about->clients == 0 || wr_prefix_has(about->client, about->clients, ask->client));
}

/* Is it about some by who they are, and not only by where they are? */
static bool is_of_devices(const struct wr_policy_about *about)
{
    return (about->groups | about->devices | about->kinds) != 0;
}

/* Does it give something that would not be had without it? */
static bool gives(uint8_t action)
{
    return action == WR_VERDICT_ALLOW || action == WR_VERDICT_ROUTE;
}

/* Who of two it is, is not known. */
static bool is_doubted(const struct wr_policy_rule *r, const struct wr_policy_ask *ask)
{
    return ask->who->state == WR_WHO_CONFLICT && is_of_devices(&r->about);
}

/* Other records may be more than what there is, or less: where it is not certain that they are for him, he has neither. */
static uint8_t action_of(const struct wr_policy_rule *r, const struct wr_policy_ask *ask)
{
    bool certain = !is_doubted(r, ask) && (!r->timed || ask->now->wall_proven);
    bool known = ask->who->state == WR_WHO_KNOWN && ask->who->sure > WR_POLICY_SURE_MIN;
    if (r->action == WR_VERDICT_QUARANTINE && !r->shadow && (!known || ask->forgeable)) {
        /* Nobody is shut off for what another may have asked: who it was shows when he comes over TCP. */
        return known ? WR_VERDICT_TRUNCATE : WR_VERDICT_REFUSED;
    }
    return r->action == WR_VERDICT_DATA && !certain && !r->shadow ? WR_VERDICT_NODATA : r->action;
}

static int64_t local_time(const struct wr_policy *p, int64_t wall_s)
{
    int64_t add = 0;
    for (uint32_t i = 0; i < p->spec.offsets && p->spec.offset[i].from_s <= wall_s; i++) {
        add = p->spec.offset[i].add_s;
    }
    return wall_s + add;
}

static bool is_its_time(const struct wr_policy *p, const struct wr_policy_rule *r,
                        const struct wr_now *now)
{
    if (!r->timed) {
        return true;
    }
    if (!now->wall_proven) {
        return !gives(r->action);
    }
    int64_t local = local_time(p, now->wall_s);
    unsigned minute = (unsigned)(local / 60 % 1440), day = (unsigned)((local / 86400 + 4) % 7);
    bool over = r->to_min <= r->from_min, late = over && minute < r->to_min;
    unsigned begun = late ? (day + 6) % 7 : day; /* 1970-01-01 was a Thursday */
    bool in = over ? late || minute >= r->from_min : minute >= r->from_min && minute < r->to_min;
    return in && (r->days >> begun & 1) != 0;
}

/* Who asks for all types asks for each that is denied to him, or that there is something else in place of. */
static bool is_of_type(const struct wr_policy_rule *r, uint16_t type)
{
    bool instead = wr_policy_takes(r->action) || r->action == WR_VERDICT_DATA;
    bool found = r->types == 0 || (type == WR_TYPE_ANY && instead);
    for (uint32_t i = 0; i < r->types && !found; i++) {
        found = r->type[i] == type;
    }
    return found;
}

static bool has_bit(const uint64_t *words, uint32_t i)
{
    return (words[i / 64] >> (i % 64) & 1) != 0;
}

/* A name that this list has is approved; of whom two things are said, only what both may have: his segment's, or what all lists have. */
static bool approves(const struct wr_policy_only *o, const struct wr_policy_ask *ask)
{
    return ask->who->state != WR_WHO_CONFLICT || !is_of_devices(&o->about);
}

static struct wr_verdict refused_by(uint16_t label)
{
    return (struct wr_verdict){.action = WR_VERDICT_NXDOMAIN,
                               .by = WR_VERDICT_BY_RULE,
                               .trigger = WR_TRIGGER_NAME,
                               .rule = label};
}

/* Is there a list of approved names for who asks, and is the name in none of them? Then `ret_v` says so. */
static bool is_unapproved(const struct wr_policy *p, const struct wr_policy_ask *ask,
                          const struct look *l, struct wr_verdict *ret_v)
{
    const struct wr_policy_only *first = NULL;
    enum wr_mudset_says mud =
        p->spec.mud != NULL ? wr_mudset_name(p->spec.mud, ask->who, ask->name) : WR_MUDSET_NOTHING;
    if (mud == WR_MUDSET_APPROVED && ask->who->state != WR_WHO_CONFLICT) {
        return false;
    }
    for (uint32_t i = 0; i < p->spec.onlys; i++) {
        const struct wr_policy_only *o = &p->spec.only[i];
        if (!is_about(&o->about, ask)) {
            continue;
        }
        bool has = has_bit(l->only, i);
        if (has && approves(o, ask)) {
            return false;
        }
        first = first || has ? first : o;
    }
    if (first == NULL && mud != WR_MUDSET_REFUSED) {
        return false;
    }
    *ret_v = refused_by(first != NULL ? first->label : p->spec.mud_label);
    return true;
}

static void see_aliases(const struct wr_policy *p, const struct wr_contents *in, struct look *l)
{
    for (unsigned s = 0; s < in->count && p->has_aliases; s++) {
        const uint8_t *target = wr_contents_target(&in->sets[s]);
        if (target != NULL) {
            descend(p, target, ALIAS, l);
        }
    }
}

static void see_servers(const struct wr_policy *p, const struct wr_policy_servers *s,
                        struct look *l)
{
    for (unsigned i = 0; s != NULL && i < s->names && p->has_servers; i++) {
        descend(p, s->name[i], SERVER, l);
    }
}

/* --- what a feed lists --- */

struct listing {
    uint16_t label;
    uint32_t line;
    uint8_t trigger;
};

/* The line of the feed that has the name asked. */
static uint32_t line_of(const struct wr_policy_ask *ask, uint16_t label)
{
    uint32_t place = wr_feedset_place(ask->feeds, label);
    uint64_t bit = ask->quiet != NULL && place < QUIET_TABLE ? (uint64_t)1 << place : 0;
    if (bit != 0 && (*ask->quiet & bit) != 0) {
        return 0;
    }
    uint32_t line = wr_feedset_name(ask->feeds, label, ask->name);
    if (bit != 0 && line == 0) {
        *ask->quiet |= bit;
    }
    return line;
}

static void look_in_feed(const struct wr_policy_ask *ask, uint16_t label,
                         const struct wr_contents *in, struct listing *ret)
{
    *ret = (struct listing){label, line_of(ask, label), WR_TRIGGER_NAME};
    for (unsigned s = 0; in != NULL && s < in->count && ret->line == 0; s++) {
        const uint8_t *target = wr_contents_target(&in->sets[s]);
        if (target != NULL) {
            ret->line = wr_feedset_name(ask->feeds, label, target);
            ret->trigger = WR_TRIGGER_ALIAS;
        }
    }
    if (in != NULL && ret->line == 0) {
        ret->line = wr_contents_listed(in, ask->feeds, label);
        ret->trigger = WR_TRIGGER_ADDRESS;
    }
}

/* True for a rule that names no feeds, or whose names have it already. */
static bool holds_for_feeds(const struct wr_policy_rule *r, bool named,
                            const struct wr_policy_ask *ask, const struct wr_contents *in,
                            struct listing *ret)
{
    *ret = (struct listing){.line = 0};
    for (uint32_t i = 0; i < r->feeds && !named && ret->line == 0; i++) {
        look_in_feed(ask, r->feed[i], in, ret);
    }
    return r->feeds == 0 || named || ret->line != 0;
}

/* --- the walk --- */

void wr_policy_count(const struct wr_policy_ask *ask, uint16_t label)
{
    if (ask->hits != NULL) {
        atomic_store_explicit(&ask->hits[label],
                              atomic_load_explicit(&ask->hits[label], memory_order_relaxed) + 1,
                              memory_order_relaxed);
    }
}

static bool has_server(const struct wr_policy_rule *r, const struct wr_policy_servers *s)
{
    for (unsigned i = 0; s != NULL && i < s->addrs; i++) {
        if (wr_prefix_has(r->server_addr, r->server_addrs, &s->addr[i])) {
            return true;
        }
    }
    return false;
}

/* Does what the rule names of an answer hold? Its aliases are among the candidates' conditions; `in` is there where it looks at one. */
static bool holds_for_answer(const struct wr_policy *p, uint32_t i, const struct look *l,
                             const struct wr_contents *in, const struct wr_policy_servers *servers,
                             uint8_t *ret_trigger)
{
    const struct wr_policy_rule *r = &p->spec.rule[i];
    if (!looks_at_answers(r)) {
        return true;
    }
    bool by_name = has_bit(l->server, i);
    if ((names_servers(r) && !by_name && !has_server(r, servers)) ||
        (r->addresses > 0 && !wr_contents_has(in, r->address, r->addresses))) {
        return false;
    }
    *ret_trigger = r->addresses > 0     ? WR_TRIGGER_ADDRESS
                   : r->alias.count > 0 ? WR_TRIGGER_ALIAS
                   : by_name            ? WR_TRIGGER_NSDNAME
                                        : WR_TRIGGER_NSIP;
    return true;
}

static struct wr_verdict verdict_of(const struct wr_policy_rule *r, const struct wr_policy_ask *ask,
                                    bool named, uint8_t trigger, const struct listing *listing)
{
    uint8_t by_question = named || r->types > 0 ? WR_TRIGGER_NAME : WR_TRIGGER_CLIENT;
    by_question = listing->line != 0 ? listing->trigger : by_question;
    return (struct wr_verdict){.action = action_of(r, ask),
                               .by = WR_VERDICT_BY_RULE,
                               .trigger = trigger != WR_TRIGGER_NONE ? trigger : by_question,
                               .shadow = r->shadow,
                               .rule = r->label,
                               .feed = listing->line != 0 ? listing->label : 0,
                               .line = listing->line};
}

/* Those of 64 rules that may hold, by what is known of all of them at once. */
static uint64_t candidates(const struct wr_policy *p, uint32_t w, const struct look *l,
                           bool has_answer, bool listed)
{
    uint64_t may = (l->named[w] | p->nameless[w]) & ~l->except[w];
    may &= has_answer ? l->alias[w] | ~p->by_alias[w] : ~p->later[w];
    return listed ? may : may & ~p->by_address[w];
}

/* The rules in order. Each is counted where it is first able to say something. */
static struct wr_verdict walk(const struct wr_policy *p, const struct wr_policy_ask *ask,
                              const struct look *l, const struct wr_contents *in)
{
    struct wr_verdict shadow = {.action = WR_VERDICT_NONE};
    bool listed = in != NULL && p->addresses > 0 && wr_contents_has(in, p->address, p->addresses);
    for (uint32_t w = 0; w * 64 < p->spec.rules; w++) {
        uint64_t left = candidates(p, w, l, in != NULL, listed);
        for (; left != 0; left &= left - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(left);
            const struct wr_policy_rule *r = &p->spec.rule[i];
            uint8_t trigger = WR_TRIGGER_NONE;
            if (!is_of_type(r, ask->type) || !is_about(&r->about, ask) ||
                (gives(r->action) && !r->shadow && is_doubted(r, ask)) ||
                !is_its_time(p, r, ask->now) ||
                !holds_for_answer(p, i, l, in, ask->servers, &trigger)) {
                continue;
            }
            struct listing listing;
            bool named = has_bit(l->named, i);
            if (!holds_for_feeds(r, named, ask, in, &listing)) {
                continue;
            }
            struct wr_verdict v = verdict_of(r, ask, named, trigger, &listing);
            if ((in != NULL) == (looks_at_answers(r) || listing.trigger > WR_TRIGGER_NAME)) {
                wr_policy_count(ask, r->label);
            }
            if (!r->shadow) {
                return v;
            }
            shadow = shadow.rule == 0 ? v : shadow;
        }
    }
    return shadow;
}

/* Is there nothing left of the answer that could do harm? */
static bool denies(const struct wr_verdict *v)
{
    return !v->shadow && (wr_policy_takes(v->action) || v->action == WR_VERDICT_DATA);
}

/* By what the table says of the name asked. */
static struct wr_verdict decide_question(const struct wr_policy *p, const struct wr_policy_ask *ask,
                                         const struct look *l)
{
    struct wr_verdict v;
    if (!ask->led && is_unapproved(p, ask, l, &v)) {
        wr_policy_count(ask, v.rule);
        return v;
    }
    v = walk(p, ask, l, NULL);
    if (v.action == WR_VERDICT_NONE && v.rule == 0 && p->spec.mud != NULL &&
        wr_mudset_doubts(p->spec.mud, ask->who, ask->name)) {
        v = refused_by(p->spec.mud_label);
        v.shadow = true;
        wr_policy_count(ask, v.rule);
    }
    return v;
}

static struct wr_verdict decide_answer(const struct wr_policy *p, const struct wr_policy_ask *ask,
                                       const struct wr_contents *in)
{
    struct look l = {.only = {0}};
    struct wr_verdict v;
    descend(p, ask->name, ASKED, &l);
    if (!ask->led && is_unapproved(p, ask, &l, &v)) {
        return v;
    }
    see_aliases(p, in, &l);
    see_servers(p, ask->servers, &l);
    v = walk(p, ask, &l, in);
    bool passed = v.action == WR_VERDICT_ALLOW && !v.shadow;
    if (p->spec.rebinding && !ask->own && !passed && !denies(&v) && !l.may_be_private &&
        wr_contents_private(in)) {
        return (struct wr_verdict){.action = WR_VERDICT_NODATA,
                                   .by = WR_VERDICT_BY_REBINDING,
                                   .trigger = WR_TRIGGER_ADDRESS};
    }
    return v;
}

struct wr_verdict wr_policy_question(const struct wr_policy *p, const struct wr_policy_ask *ask)
{
    static const struct look nothing;
    const uint64_t bit = (uint64_t)1 << QUIET_TABLE;
    if (ask->quiet != NULL && (*ask->quiet & bit) != 0) {
        return decide_question(p, ask, &nothing);
    }
    struct look l = {.only = {0}};
    descend(p, ask->name, ASKED, &l);
    if (ask->quiet != NULL && !l.any) {
        *ask->quiet |= bit;
    }
    return decide_question(p, ask, &l);
}

bool wr_policy_wants_answer(const struct wr_policy *p, const struct wr_feedset *feeds,
                            const struct wr_rrset *sets, unsigned count)
{
    const struct wr_contents in = {sets, count};
    bool lists = p->has_feeds && feeds != NULL;
    bool wants = p->wants_answers || (lists && feeds->has_addresses);
    for (unsigned i = 0; i < count && !wants && (lists || p->has_aliases); i++) {
        wants = wr_contents_target(&sets[i]) != NULL;
    }
    wants = wants || (p->addresses > 0 && wr_contents_has(&in, p->address, p->addresses));
    return wants || (p->spec.rebinding && wr_contents_private(&in));
}

struct wr_verdict wr_policy_answer(const struct wr_policy *p, const struct wr_policy_ask *ask,
                                   const struct wr_rrset *sets, unsigned count)
{
    const struct wr_contents in = {sets, count};
    return decide_answer(p, ask, &in);
}

bool wr_policy_wants_servers(const struct wr_policy *p)
{
    return p->has_servers;
}

bool wr_policy_leads(const struct wr_policy *p)
{
    return p->leads;
}

bool wr_policy_takes(uint8_t action)
{
    return (action >= WR_VERDICT_NXDOMAIN && action <= WR_VERDICT_DROP) ||
           action == WR_VERDICT_QUARANTINE;
}

const uint8_t *wr_policy_target(const struct wr_policy_rule *r)
{
    return r->datas > 0 ? wr_contents_target(&r->data[0]) : NULL;
}

/* --- for people --- */

const struct wr_policy_spec *wr_policy_spec(const struct wr_policy *p)
{
    return &p->spec;
}

const struct wr_policy_rule *wr_policy_rule_of(const struct wr_policy *p, uint16_t label)
{
    for (uint32_t i = 0; i < p->spec.rules && label != 0; i++) {
        if (p->spec.rule[i].label == label) {
            return &p->spec.rule[i];
        }
    }
    return NULL;
}

static const char *feed_name(const struct wr_policy *p, uint16_t label)
{
    for (uint32_t i = 0; i < p->spec.feeds && label != 0; i++) {
        if (p->spec.feed[i].label == label) {
            return p->spec.feed[i].name;
        }
    }
    return "";
}

int16_t wr_policy_reason(const struct wr_policy *p, const struct wr_verdict *v, char *room)
{
    const struct wr_policy_rule *r = wr_policy_rule_of(p, v->rule);
    struct wr_str s;
    wr_str_init(&s, room, WR_POLICY_REASON_SIZE);
    if (v->by == WR_VERDICT_BY_REBINDING) {
        wr_str_text(&s, "a public name with an address of this network (rebinding)");
        return WR_EDE_BLOCKED;
    }
    const char *feed = feed_name(p, v->feed);
    if (r != NULL && strcmp(r->name, feed) != 0) {
        wr_str_text(&s, "rule ");
        wr_str_text(&s, r->name);
    }
    if (v->line != 0) {
        wr_str_text(&s, s.len > 0 ? ", feed " : "feed ");
        wr_str_text(&s, feed);
        wr_str_text(&s, " line ");
        wr_str_u64(&s, v->line);
    }
    if (r != NULL) {
        wr_str_text(&s,
                    v->action == WR_VERDICT_QUARANTINE ? ": this device is put in quarantine" : "");
        return r->ede;
    }
    for (uint32_t i = 0; i < p->spec.onlys; i++) {
        if (p->spec.only[i].label == v->rule) {
            wr_str_text(&s, "not among the approved names of ");
            wr_str_text(&s, p->spec.only[i].name);
            return WR_EDE_BLOCKED;
        }
    }
    wr_str_text(&s, p->spec.mud != NULL && v->rule == p->spec.mud_label
                        ? "not in the profile of this device (MUD)"
                        : "");
    return WR_EDE_BLOCKED;
}

uint32_t wr_policy_ttl(const struct wr_policy *p)
{
    return p->spec.ttl_s;
}
