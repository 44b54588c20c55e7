/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of zones for requests that iterate: who says what stands in a table, and the tree plays it.
 *
 * A rule is a server's answer to questions: the first rule that fits is taken (a name NULL, a type 0: any). A server
 * without a rule that fits answers REFUSED; SILENT says nothing. Each datagram is noted, so that a test can say
 * who was asked what.
 */
#ifndef TESTS_UNIT_RESOLVE_TREE_H
#define TESTS_UNIT_RESOLVE_TREE_H

#include "unit/resolve/rig.h"

#include <stdio.h>

#define TREE_RRS    24
#define TREE_NOTES  512
#define TREE_SILENT 0xffff
#define TREE_NOTED  2048
#define TREE_HINT   "198.51.100.1"

struct tree_rule {
    const char *server, *qname;
    const char *below; /* the question is for this name or below it; NULL: any */
    uint16_t qtype, flags, rcode;
    struct wire_rr rr[TREE_RRS]; /* ends with an owner NULL */
};

struct tree_note {
    char server[48], qname[300];
    uint16_t qtype;
    bool rd;
};

/* A server that makes up its answers; false: by the table. */
typedef bool tree_maker(const struct tree_note *asked, struct tree_rule *ret_rule);

struct tree {
    struct rig rig;
    struct wr_hints hints;
    const struct tree_rule *rules;
    unsigned rule_count;
    tree_maker *maker;
    unsigned sent; /* datagrams and stream messages */
    unsigned streams;
    struct tree_note note[TREE_NOTES];
};

static inline void tree_hint(struct tree *t, const char *text)
{
    struct wr_addr *a = &t->hints.addr[t->hints.count++];
    assert_int_equal(wr_addr_from_text(text, a), 0);
    a->port = 53;
}

static inline void tree_start_sized(struct tree *t, const struct tree_rule *rules, unsigned count,
                                    uint32_t requests)
{
    memset(t, 0, sizeof(*t));
    rig_start_sized(&t->rig, requests);
    t->rules = rules;
    t->rule_count = count;
    t->rig.upstreams.default_group = WR_GROUP_RECURSE;
    t->rig.upstreams.hints = &t->hints;
    t->rig.upstreams.minimise = true;
    t->rig.upstreams.ipv6 = false;
    tree_hint(t, TREE_HINT);
}

static inline void tree_start(struct tree *t, const struct tree_rule *rules, unsigned count)
{
    tree_start_sized(t, rules, count, 256);
}

#define TREE(t, rules) tree_start(t, rules, sizeof(rules) / sizeof((rules)[0]))

static inline const struct tree_rule *tree_find(const struct tree *t, const struct tree_note *n)
{
    struct wr_name asked = wire_name(n->qname);
    for (unsigned i = 0; i < t->rule_count; i++) {
        const struct tree_rule *rule = &t->rules[i];
        if (strcmp(rule->server, n->server) == 0 && (!rule->qtype || rule->qtype == n->qtype) &&
            (!rule->qname || wr_name_equal(wire_name(rule->qname).wire, asked.wire)) &&
            (!rule->below || wr_name_in(asked.wire, wire_name(rule->below).wire))) {
            return rule;
        }
    }
    return NULL;
}

static inline void tree_note(struct tree *t, struct tree_note *n)
{
    struct wr_name lower;
    struct wr_addr addr = t->rig.out.addr;
    addr.port = 0;
    wr_addr_to_text(&addr, n->server, sizeof(n->server));
    lower.size = (uint8_t)wr_name_lower(t->rig.msg.qname.wire, lower.wire);
    wr_name_to_text(lower.wire, n->qname, sizeof(n->qname));
    n->qtype = t->rig.msg.qtype;
    n->rd = (t->rig.msg.flags & WR_FLAG_RD) != 0;
}

static inline void tree_datagram(struct tree *t)
{
    static struct rig sent;
    assert_true(t->sent < TREE_NOTES);
    struct tree_note *n = &t->note[t->sent++];
    tree_note(t, n);
    static struct tree_rule made;
    const struct tree_rule *rule = t->maker && t->maker(n, &made) ? &made : tree_find(t, n);
    unsigned count = 0;
    if (rule && rule->rcode == TREE_SILENT) {
        return;
    }
    while (rule && count < TREE_RRS && rule->rr[count].owner) {
        count++;
    }
    sent = t->rig;
    t->rig.now.mono_us += 10 * WR_MS;
    rig_answer(&t->rig, &sent, rule ? rule->flags : 0, rule ? rule->rcode : WR_RCODE_REFUSED,
               rule ? rule->rr : NULL, count);
}

/* Plays until something is finished, or `us` are over: NOTHING. */
static inline enum wr_request_action tree_play(struct tree *t, uint64_t us)
{
    uint64_t end = t->rig.now.mono_us + us;
    for (unsigned turn = 0; turn < 20000; turn++) {
        uint64_t left = end > t->rig.now.mono_us ? end - t->rig.now.mono_us : 0;
        switch (rig_wait(&t->rig, left)) {
        case WR_REQUEST_DATAGRAM: tree_datagram(t); break;
        case WR_REQUEST_STREAM_OPEN:
            t->streams++;
            wr_requests_stream_closed(t->rig.requests, t->rig.out.id, WR_LOST_BROKEN,
                                      t->rig.now.mono_us);
            break;
        case WR_REQUEST_FINISHED: return WR_REQUEST_FINISHED;
        case WR_REQUEST_NOTHING: return WR_REQUEST_NOTHING;
        default: break;
        }
    }
    fail_msg("no end of it");
    return WR_REQUEST_NOTHING;
}

static inline wr_id tree_ask(struct tree *t, const char *name, uint16_t type)
{
    struct wr_question q = {.name = wire_name(name), .type = type};
    bool joined;
    return wr_requests_ask(t->rig.requests, &q, t->rig.now.mono_us, &joined);
}

/* Plays until this request is finished; others that end on the way are let go, as an engine does. The caller releases it. */
static inline const struct wr_answer *tree_result(struct tree *t, wr_id id)
{
    for (unsigned n = 0; n < 1000; n++) {
        assert_int_equal(tree_play(t, 20 * WR_S), WR_REQUEST_FINISHED);
        if (t->rig.out.id == id) {
            return t->rig.out.answer;
        }
        wr_requests_release(t->rig.requests, t->rig.out.id, t->rig.now.mono_us);
    }
    fail_msg("it never ends");
    return NULL;
}

/* One question from beginning to end: its RCODE; `ret_last`, when asked for, the last octet of the last answer. */
static inline uint16_t tree_resolve(struct tree *t, const char *name, uint16_t type, int *ret_last)
{
    wr_id id = tree_ask(t, name, type);
    assert_true(id != 0);
    const struct wr_answer *a = tree_result(t, id);
    uint16_t rcode = a->rcode;
    if (ret_last) {
        const struct wr_rrset *set = a->answers ? &a->answer[a->answers - 1] : NULL;
        *ret_last = set ? set->data[set->size - 1] : -1;
    }
    wr_requests_release(t->rig.requests, id, t->rig.now.mono_us);
    return rcode;
}

/* How often the server (NULL: any) was asked for the name (NULL: any). */
static inline unsigned tree_asked(const struct tree *t, const char *server, const char *qname)
{
    unsigned n = 0;
    for (unsigned i = 0; i < t->sent; i++) {
        n += (!server || strcmp(t->note[i].server, server) == 0) &&
             (!qname || strcmp(t->note[i].qname, qname) == 0);
    }
    return n;
}

/* Lets time pass while this request goes on; others that end are let go. */
static inline void tree_pass(struct tree *t, wr_id id, uint64_t us)
{
    uint64_t end = t->rig.now.mono_us + us;
    while (t->rig.now.mono_us < end &&
           tree_play(t, end - t->rig.now.mono_us) == WR_REQUEST_FINISHED) {
        assert_true(t->rig.out.id != id);
        wr_requests_release(t->rig.requests, t->rig.out.id, t->rig.now.mono_us);
    }
}

/* All requests end, and nothing is left of them. Everybody answers again, so that nobody is looked after. */
static inline void tree_stop(struct tree *t)
{
    t->rule_count = 0;
    t->maker = NULL;
    while (tree_play(t, 30 * WR_S) == WR_REQUEST_FINISHED) {
        wr_requests_release(t->rig.requests, t->rig.out.id, t->rig.now.mono_us);
    }
    assert_int_equal(wr_requests_count(t->rig.requests), 0);
    rig_stop(&t->rig);
}

/* A delegation of `zone` by a server, with glue for one name server. */
#define TREE_CUT(srv, zone, ttl, ns, address)     \
    {                                             \
        .server = (srv), .below = (zone), .rr = { \
            WIRE_NS(zone, WR_TYPE_NS, ttl, ns),   \
            WIRE_AR(ns, WR_TYPE_A, ttl, address)  \
        }                                         \
    }
#define TREE_A(srv, name, ttl, address)                                                    \
    {                                                                                      \
        .server = (srv), .qname = (name), .qtype = WR_TYPE_A, .flags = WR_FLAG_AA, .rr = { \
            WIRE_AN(name, WR_TYPE_A, ttl, address)                                         \
        }                                                                                  \
    }
/* Nothing of the type there; `zone` has the SOA. */
#define TREE_NODATA(srv, name, zone)                                             \
    {                                                                            \
        .server = (srv), .qname = (name), .flags = WR_FLAG_AA, .rr = {           \
            WIRE_NS(zone, WR_TYPE_SOA, 60, "ns." zone " hm." zone " 1 2 3 4 60") \
        }                                                                        \
    }
#define TREE_IS_SILENT(srv, name)                              \
    {                                                          \
        .server = (srv), .qname = (name), .rcode = TREE_SILENT \
    }

/* --- the servers of the stories, and the root's first word ------------------------------------------ */

#define ROOT TREE_HINT
#define COM  "198.51.100.2"
#define NET  "198.51.100.3"
#define EX   "192.0.2.10"
#define EX2  "192.0.2.11"
#define EVIL "203.0.113.66"

#define PRIMED                                                                          \
    {                                                                                   \
        .server = ROOT, .qname = ".", .qtype = WR_TYPE_NS, .flags = WR_FLAG_AA, .rr = { \
            WIRE_AN(".", WR_TYPE_NS, 86400, "a.root."),                                 \
            WIRE_AR("a.root.", WR_TYPE_A, 86400, ROOT)                                  \
        }                                                                               \
    }

#endif
