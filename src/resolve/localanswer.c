/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/localanswer.h"

#include "base/limits.h"

/* Ours, and not signed. */
static void lower_security(struct wr_answer *a)
{
    if (a->security > WR_SECURITY_INSECURE) {
        a->security = WR_SECURITY_INSECURE;
    }
}

static bool add_local(struct wr_answer *a, const struct wr_rrset *set)
{
    if (a->answers == WR_ANSWER_SETS_MAX) {
        return false;
    }
    a->answer[a->answers++] = *set;
    a->ttl = set->ttl < a->ttl ? set->ttl : a->ttl;
    return true;
}

/* The DNAME and the CNAME that follows from it; a name that gets too long is YXDOMAIN (RFC 6672 section 2.2). */
static enum wr_found take_local_dname(const struct wr_local_hit *hit, const uint8_t *name,
                                      struct wr_arena *arena, struct wr_answer *a)
{
    struct wr_name target;
    struct wr_rrset cname;
    if (!add_local(a, &hit->set)) {
        return WR_FOUND_NOTHING;
    }
    if (wr_answer_substitute(name, &hit->set, &target) != WR_OK) {
        a->rcode = WR_RCODE_YXDOMAIN;
        return WR_FOUND_FRESH;
    }
    bool made = wr_answer_synthesize(arena, name, &target, &hit->set, &cname) == WR_OK;
    return made && add_local(a, &cname) ? WR_FOUND_ALIAS : WR_FOUND_NOTHING;
}

/* A set for the additional section, unless it is there or there is no room. Returns it, or NULL. */
static const struct wr_rrset *add_extra(const struct wr_local *local, const uint8_t *name,
                                        uint16_t type, struct wr_answer *a)
{
    struct wr_local_hit hit;
    for (unsigned i = 0; i < a->extras; i++) {
        if (a->extra[i].type == type && wr_name_equal(a->extra[i].owner, name)) {
            return NULL;
        }
    }
    wr_local_find(local, name, type, WR_LOCAL_EVERYONE, &hit);
    if (hit.verdict != WR_LOCAL_HIT_DATA || a->extras == WR_ANSWER_EXTRAS_MAX) {
        return NULL;
    }
    a->extra[a->extras] = hit.set;
    return &a->extra[a->extras++];
}

/* Octets before the name in the rdata of types that point to a host, or -1. */
static int host_offset(uint16_t type)
{
    switch (type) {
    case WR_TYPE_NS: return 0;
    case WR_TYPE_MX:
    case WR_TYPE_SVCB:
    case WR_TYPE_HTTPS: return 2;
    case WR_TYPE_SRV: return 6;
    default: return -1;
    }
}

/* The addresses of the hosts that a set points to (RFC 1035 section 3.3, RFC 2782). */
static void add_hosts(const struct wr_local *local, const struct wr_rrset *set, struct wr_answer *a)
{
    int offset = host_offset(set->type);
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    while (offset >= 0 && a->extras < WR_ANSWER_EXTRAS_MAX && wr_rrset_next(&walk, &rdata, &size)) {
        if (size > offset) {
            (void)add_extra(local, rdata + offset, WR_TYPE_A, a);
            (void)add_extra(local, rdata + offset, WR_TYPE_AAAA, a);
        }
    }
}

/* What the client would ask next: hosts; of a service instance its SRV and TXT as well (RFC 6763 section 12). */
static void add_extras(const struct wr_local *local, const struct wr_rrset *set,
                       struct wr_answer *a)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    add_hosts(local, set, a);
    while (set->type == WR_TYPE_PTR && a->extras < WR_ANSWER_EXTRAS_MAX &&
           wr_rrset_next(&walk, &rdata, &size)) {
        const struct wr_rrset *srv = add_extra(local, rdata, WR_TYPE_SRV, a);
        if (srv) {
            (void)add_extra(local, rdata, WR_TYPE_TXT, a);
            add_hosts(local, srv, a);
        }
    }
}

static enum wr_found fail_locally(const struct wr_local_hit *hit, struct wr_answer *a)
{
    a->rcode = WR_RCODE_SERVFAIL;
    a->ede = hit->ede;
    a->ede_text = hit->ede_text;
    a->answers = a->authorities = 0;
    a->authoritative = false;
    a->ttl = 0;
    return WR_FOUND_FRESH;
}

static enum wr_found deny_locally(const struct wr_local_hit *hit, struct wr_answer *a)
{
    a->rcode = hit->verdict == WR_LOCAL_HIT_NXDOMAIN ? WR_RCODE_NXDOMAIN : WR_RCODE_NOERROR;
    a->ede = hit->ede;
    a->ede_text = hit->ede_text;
    if (hit->has_soa) {
        a->authority[a->authorities++] = hit->soa;
        a->ttl = hit->soa.ttl < a->ttl ? hit->soa.ttl : a->ttl;
    } else {
        a->ttl = 0;
    }
    return WR_FOUND_FRESH;
}

/* One link: FRESH ends the chain, ALIAS goes on with its last name, NOTHING: no local name. */
static enum wr_found take_local(const struct wr_local *local, const uint8_t *name, uint16_t type,
                                struct wr_arena *arena, struct wr_answer *a)
{
    struct wr_local_hit hit;
    wr_local_find(local, name, type, WR_LOCAL_EVERYONE, &hit);
    if (hit.verdict != WR_LOCAL_HIT_PASS) {
        lower_security(a);
    }
    if (hit.verdict != WR_LOCAL_HIT_PASS && a->answers == 0) {
        a->authoritative = a->local = true;
    }
    switch ((enum wr_local_verdict)hit.verdict) {
    case WR_LOCAL_HIT_DATA:
        if (!add_local(a, &hit.set)) {
            return WR_FOUND_NOTHING;
        }
        add_extras(local, &hit.set, a);
        return WR_FOUND_FRESH;
    case WR_LOCAL_HIT_ALIAS: return add_local(a, &hit.set) ? WR_FOUND_ALIAS : WR_FOUND_NOTHING;
    case WR_LOCAL_HIT_DNAME: return take_local_dname(&hit, name, arena, a);
    case WR_LOCAL_HIT_NODATA:
    case WR_LOCAL_HIT_NXDOMAIN: return deny_locally(&hit, a);
    case WR_LOCAL_HIT_FAILED: return fail_locally(&hit, a);
    case WR_LOCAL_HIT_PASS: break;
    }
    return WR_FOUND_NOTHING;
}

/* Follows local names from `*name` on. A chain that does not end is cut at WR_CHAIN_MAX links, and is an error then. */
enum wr_found wr_localanswer_follow(const struct wr_local *local, uint16_t type,
                                    struct wr_arena *arena, const uint8_t **name,
                                    struct wr_answer *a)
{
    enum wr_found found = WR_FOUND_NOTHING;
    for (unsigned link = 0; local && link <= WR_CHAIN_MAX; link++) {
        enum wr_found one = take_local(local, *name, type, arena, a);
        if (one == WR_FOUND_FRESH) {
            return WR_FOUND_FRESH;
        }
        if (one == WR_FOUND_NOTHING) {
            return found;
        }
        found = WR_FOUND_ALIAS;
        *name = wr_answer_last_name(a, *name);
    }
    if (local) {
        a->rcode = WR_RCODE_SERVFAIL;
        a->ede = WR_EDE_OTHER;
        a->ede_text = "the chain of local aliases does not end";
        a->answers = a->authorities = 0;
        a->authoritative = false;
        return WR_FOUND_FRESH;
    }
    return WR_FOUND_NOTHING;
}

static void add_glue(const struct wr_local *local, const uint8_t *name, uint16_t type,
                     struct wr_answer *a)
{
    const struct wr_rrset *set = wr_local_glue(local, name, type);
    if (set && a->extras < WR_ANSWER_EXTRAS_MAX) {
        a->extra[a->extras++] = *set;
    }
}

bool wr_localanswer_refer(const struct wr_local *local, const struct wr_question *q,
                          struct wr_answer *ret_answer)
{
    struct wr_local_hit hit;
    wr_local_find(local, q->name.wire, q->type, WR_LOCAL_EVERYONE, &hit);
    if (!hit.cut) {
        return false;
    }
    struct wr_rrset_walk walk = wr_rrset_walk(&hit.set);
    const uint8_t *server;
    uint16_t size;
    wr_answer_clear(ret_answer);
    ret_answer->local = true;
    ret_answer->authority[ret_answer->authorities++] = hit.set;
    ret_answer->ttl = hit.set.ttl;
    while (ret_answer->extras < WR_ANSWER_EXTRAS_MAX && wr_rrset_next(&walk, &server, &size)) {
        add_glue(local, server, WR_TYPE_A, ret_answer);
        add_glue(local, server, WR_TYPE_AAAA, ret_answer);
    }
    return true;
}

enum wr_found wr_localanswer_find(const struct wr_local *local, const struct wr_question *q,
                                  struct wr_arena *arena, struct wr_answer *ret_answer)
{
    const uint8_t *name = q->name.wire;
    wr_answer_clear(ret_answer);
    return wr_localanswer_follow(local, q->type, arena, &name, ret_answer);
}
