/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/host.h"

#include "base/err.h"
#include "dns/reverse.h"
#include "doctor/look.h"

enum {
    /* "Far longer": both. Half an hour beside five minutes is how careful people do it. */
    FAR_TIMES = 8,
    FAR_SECONDS = 600
};

static bool is_far(uint32_t longer, uint32_t shorter)
{
    return longer / FAR_TIMES > shorter && longer - shorter > FAR_SECONDS;
}

static void put_ttl(struct wr_str *s, const char *before, uint32_t ttl, const char *behind)
{
    wr_str_text(s, before);
    wr_str_u64(s, ttl);
    wr_str_text(s, behind);
}

void wr_host_compare(struct wr_exam *x, const struct wr_facts_rr *leads,
                     const struct wr_facts_rr *to)
{
    struct wr_str *s;
    char type[WR_CODE_TEXT_SIZE];

    if (!is_far(leads->ttl, to->ttl))
        return;
    s = wr_finding_begin(x->findings, WR_FINDING_TTL_CHAIN, leads->owner, leads->type);
    wr_finding_record(x->findings, leads);
    put_ttl(s, "It is kept for ", leads->ttl, " s, and the ");
    wr_codes_type_text(to->type, type, sizeof(type));
    wr_str_text(s, type);
    wr_str_text(s, " record of ");
    wr_name_put_text(s, to->owner);
    put_ttl(s, " that it leads to for ", to->ttl, " s.");
    wr_finding_end(x->findings);
}

void wr_host_judge_set(struct wr_exam *x, const struct wr_fact *fact)
{
    const struct wr_facts_rr *first, *rr;
    unsigned at = 0;

    first = fact ? wr_facts_data(x->facts, fact, &at) : NULL;
    while (first && (rr = wr_facts_data(x->facts, fact, &at))) {
        struct wr_str *s;

        if (rr->ttl == first->ttl)
            continue;
        s = wr_finding_begin(x->findings, WR_FINDING_TTL_SET, first->owner, first->type);
        wr_finding_record(x->findings, rr);
        put_ttl(s, "One record has ", first->ttl, " s, ");
        put_ttl(s, "this one ", rr->ttl, " s.");
        wr_finding_end(x->findings);
        return;
    }
}

/* The first record of the set with the TTL of its zone, or NULL. */
static const struct wr_facts_rr *exact(struct wr_exam *x, const uint8_t *name, uint16_t type)
{
    const struct wr_fact *fact = wr_look_exact(x, name, type);
    unsigned at = 0;

    wr_host_judge_set(x, fact);
    at = 0;
    return fact ? wr_facts_data(x->facts, fact, &at) : NULL;
}

static void judge_ttls(struct wr_exam *x, const uint8_t *end, const struct wr_host_use *use)
{
    const struct wr_facts_rr *a = exact(x, end, WR_TYPE_A);
    const struct wr_facts_rr *aaaa = exact(x, end, WR_TYPE_AAAA);
    const struct wr_facts_rr *leads = use->rr ? exact(x, use->rr->owner, use->rr->type) : NULL;
    const struct wr_facts_rr *shorter = a && (!aaaa || a->ttl <= aaaa->ttl) ? a : aaaa;
    struct wr_str *s;

    if (leads && shorter)
        wr_host_compare(x, leads, shorter);
    if (!a || !aaaa || !is_far(a == shorter ? aaaa->ttl : a->ttl, shorter->ttl))
        return;
    s = wr_finding_begin(x->findings, WR_FINDING_TTL_FAMILIES, end, WR_TYPE_A);
    wr_finding_record(x->findings, a == shorter ? aaaa : a);
    put_ttl(s, "The A record is kept for ", a->ttl, " s, ");
    put_ttl(s, "the AAAA record for ", aaaa->ttl, " s.");
    wr_finding_end(x->findings);
}

/* --- aliases --- */

static void judge_aliases(struct wr_exam *x, const struct wr_fact *fact,
                          const struct wr_host_use *use)
{
    struct wr_facts_chain chain = wr_facts_chain(x->facts, fact);
    const uint8_t *host = fact->want.name.wire;
    struct wr_str *s;

    if (chain.loops) {
        s = wr_finding_begin(x->findings, WR_FINDING_ALIAS_LOOP, host, WR_TYPE_CNAME);
        wr_str_text(s, "Its aliases go round; no address is ever reached.");
        wr_finding_end(x->findings);
    } else if (chain.endless) {
        s = wr_finding_begin(x->findings, WR_FINDING_ALIAS_ENDLESS, host, WR_TYPE_CNAME);
        wr_str_u64(s, chain.links);
        wr_str_text(s, " aliases lead to ");
        wr_name_put_text(s, chain.end);
        wr_str_text(s, ", and more of one answer is not looked at.");
        wr_finding_end(x->findings);
    } else if (chain.links > WR_DOCTOR_CHAIN_MAX) {
        s = wr_finding_begin(x->findings, WR_FINDING_ALIAS_CHAIN, host, WR_TYPE_CNAME);
        wr_str_u64(s, chain.links);
        wr_str_text(s, " aliases lead to ");
        wr_name_put_text(s, chain.end);
        wr_finding_end(x->findings);
    }
    if (!use->rr || use->follows || !chain.links)
        return;
    s = wr_finding_begin(x->findings, WR_FINDING_ALIAS_TARGET, use->rr->owner, use->rr->type);
    wr_finding_record(x->findings, use->rr);
    wr_name_put_text(s, host);
    wr_str_text(s, " is an alias (CNAME) of ");
    wr_name_put_text(s, chain.end);
    wr_str_text(s, "; many clients do not follow it.");
    wr_finding_end(x->findings);
}

/* --- addresses --- */

/* One that was cut, or whose aliases do not end, may have more than was seen. */
static bool is_whole(const struct wr_exam *x, const struct wr_fact *fact)
{
    struct wr_facts_chain chain = wr_facts_chain(x->facts, fact);

    return !fact->cut && wr_facts_chain_ends(&chain);
}

static void judge_missing(struct wr_exam *x, const struct wr_fact *a, const uint8_t *host,
                          const struct wr_host_use *use)
{
    bool gone = a->rcode == WR_RCODE_NXDOMAIN;
    enum wr_finding_code code = !gone     ? WR_FINDING_NO_ADDRESS
                                : use->rr ? WR_FINDING_TARGET_NXDOMAIN
                                          : WR_FINDING_NXDOMAIN;
    struct wr_str *s;

    if (use->optional && !gone)
        return;
    s = wr_finding_begin(x->findings, code, use->rr ? use->rr->owner : host,
                         use->rr ? use->rr->type : WR_TYPE_A);
    if (use->rr)
        wr_finding_record(x->findings, use->rr);
    wr_name_put_text(s, host);
    wr_str_text(s, gone ? " does not exist." : " has neither an IPv4 nor an IPv6 address.");
    wr_look_put_ede(s, a);
    wr_finding_end(x->findings);
}

/* `missing` is the answer without an address. */
static void judge_families(struct wr_exam *x, bool v4, const struct wr_fact *missing,
                           const uint8_t *host)
{
    struct wr_str *s;

    if (!is_whole(x, missing))
        return;
    s = wr_finding_begin(x->findings, v4 ? WR_FINDING_NO_IPV6 : WR_FINDING_NO_IPV4, host,
                         v4 ? WR_TYPE_AAAA : WR_TYPE_A);
    wr_name_put_text(s, host);
    wr_str_text(s, v4 ? " has an IPv4 address only." : " has an IPv6 address only.");
    wr_finding_end(x->findings);
}

static void judge_reverse(struct wr_exam *x, const struct wr_addr *addr, const uint8_t *host,
                          const uint8_t *end)
{
    struct wr_name reverse;
    struct wr_addr bare = *addr;
    const struct wr_fact *fact;
    const struct wr_facts_rr *rr, *other = NULL;
    unsigned at = 0;
    struct wr_str *s;

    bare.port = 0;
    if (wr_reverse_name(addr, &reverse) != WR_OK)
        return;
    fact = wr_look_quiet(x, reverse.wire, WR_TYPE_PTR);
    while (fact && (rr = wr_facts_data(x->facts, fact, &at))) {
        if (wr_name_equal(rr->rdata, host) || wr_name_equal(rr->rdata, end))
            return;
        other = other ? other : rr;
    }
    if (!other)
        return;
    s = wr_finding_begin(x->findings, WR_FINDING_PTR, host, WR_TYPE_PTR);
    wr_finding_record(x->findings, other);
    wr_look_put_addr(s, &bare);
    wr_str_text(s, " is called ");
    wr_name_put_text(s, other->rdata);
    wr_finding_end(x->findings);
}

static void judge_probe(struct wr_exam *x, const struct wr_addr *to, const uint8_t *host,
                        uint8_t kind)
{
    const struct wr_fact *fact = wr_look_probe(x, kind, to);
    const char *how = kind == WR_FACTS_STUN ? " over UDP: " : " over TCP: ";
    bool blind = fact && fact->outcome == WR_FACTS_UNREACHABLE;
    struct wr_str *s;

    if (!fact || fact->outcome == WR_FACTS_ANSWERED || fact->outcome == WR_FACTS_HURRIED)
        return;
    s = wr_finding_begin(x->findings, blind ? WR_FINDING_NOT_PROBED : WR_FINDING_DEAD, host,
                         to->family == WR_AF_V4 ? WR_TYPE_A : WR_TYPE_AAAA);
    wr_look_put_addr(s, to);
    wr_str_text(s, how);
    if (blind)
        wr_str_text(s, "this machine has no way to that address.");
    else if (fact->outcome == WR_FACTS_CLOSED)
        wr_str_text(s, "the machine says that nobody listens there.");
    else if (fact->outcome == WR_FACTS_ABSENT)
        wr_str_text(s, "the network says that no such machine is there.");
    else if (fact->outcome == WR_FACTS_BROKEN)
        wr_str_text(s, "what comes back is no STUN response.");
    else {
        wr_str_text(s, kind == WR_FACTS_STUN ? "no answer to a STUN binding request within "
                                             : "no connection within ");
        wr_str_u64(s, fact->waited_ms);
        wr_str_text(s, " ms.");
    }
    wr_finding_end(x->findings);
}

static void tell_unprobed(struct wr_exam *x, const uint8_t *host, const char *why)
{
    struct wr_str *s = wr_finding_begin(x->findings, WR_FINDING_NOT_PROBED, host, WR_TYPE_A);

    wr_str_text(s, why);
    wr_finding_end(x->findings);
}

static const char *kind_text(enum wr_addr_kind kind)
{
    switch (kind) {
    case WR_ADDR_LOOPBACK: return " is a loopback address: whoever reads it means himself.";
    case WR_ADDR_LINK_LOCAL:
        return " is a link-local address: it means a machine on the link of whoever reads it.";
    case WR_ADDR_MULTICAST: return " is a multicast address, of a group and not of a machine.";
    case WR_ADDR_BROADCAST: return " is the broadcast address.";
    case WR_ADDR_RESERVED: return " is a reserved address.";
    case WR_ADDR_IN_V6: return " is an IPv4 address in IPv6 form; an A record is the place for it.";
    default: return " is the unspecified address, of nobody.";
    }
}

bool wr_host_judge_address(struct wr_exam *x, const uint8_t *host, const struct wr_addr *addr)
{
    enum wr_addr_kind kind = wr_addr_kind(addr);
    uint16_t type = addr->family == WR_AF_V4 ? WR_TYPE_A : WR_TYPE_AAAA;
    bool scoped = kind == WR_ADDR_LOOPBACK || kind == WR_ADDR_LINK_LOCAL;
    const struct wr_fact *fact = wr_look_quiet(x, host, type);
    const uint8_t *end = fact ? wr_facts_chain(x->facts, fact).end : host;
    struct wr_addr bare = *addr;
    struct wr_str *s;

    if (wr_look_may_try(addr, scoped && wr_look_is_local(x, end, type)))
        return true;
    bare.port = 0;
    s = wr_finding_begin(x->findings, scoped ? WR_FINDING_LOCAL_ADDRESS : WR_FINDING_BAD_ADDRESS,
                         host, type);
    wr_look_put_addr(s, &bare);
    wr_str_text(s, kind_text(kind));
    if (!x->options->resolver_only)
        wr_str_text(s, " It was not tried.");
    wr_finding_end(x->findings);
    return false;
}

static void judge_addresses(struct wr_exam *x, const uint8_t *host, const uint8_t *end,
                            const struct wr_host_use *use)
{
    struct wr_addr addr[WR_DOCTOR_TARGETS_MAX];
    unsigned n = wr_look_addresses(x, host, NULL, use->port, addr, WR_DOCTOR_TARGETS_MAX);
    unsigned fit = 0;

    for (unsigned i = 0; i < n; i++) {
        if (!wr_host_judge_address(x, host, &addr[i]))
            continue;
        fit++;
        judge_reverse(x, &addr[i], host, end);
        if (x->options->resolver_only)
            continue;
        if (use->probe)
            judge_probe(x, &addr[i], host, use->probe);
        for (unsigned p = 0; !use->rr && p < x->options->port_count; p++) {
            struct wr_addr to = addr[i];

            to.port = x->options->ports[p];
            judge_probe(x, &to, host, WR_FACTS_TCP);
        }
    }
    if (fit && use->why_not && !x->options->resolver_only)
        tell_unprobed(x, host, use->why_not);
}

bool wr_host_look(struct wr_exam *x, const uint8_t *host, const struct wr_host_use *use)
{
    const struct wr_fact *a = wr_look_answer(x, host, WR_TYPE_A);
    const struct wr_fact *aaaa = wr_look_answer(x, host, WR_TYPE_AAAA);
    const uint8_t *end;
    bool v4, v6;

    if (!a || !aaaa)
        return false;
    v4 = wr_facts_has(x->facts, a);
    v6 = wr_facts_has(x->facts, aaaa);
    judge_aliases(x, a, use);
    judge_aliases(x, aaaa,
                  use); /* said once when it is the same: a server may have it for one family */
    if (!v4 && !v6) {
        if (is_whole(x, a) && is_whole(x, aaaa))
            judge_missing(x, a, host, use);
        return false;
    }
    end = wr_facts_chain(x->facts, v4 ? a : aaaa).end;
    if (!v4 || !v6)
        judge_families(x, v4, v4 ? aaaa : a, host);
    judge_ttls(x, end, use);
    judge_addresses(x, host, end, use);
    return true;
}
