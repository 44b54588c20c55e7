/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/zone.h"

#include <string.h>

#include "base/err.h"
#include "doctor/binding.h"
#include "doctor/host.h"
#include "doctor/look.h"
#include "doctor/service.h"

enum {
    PORT_DNS = 53,
    CLIMB_MAX = 8,   /* labels that are taken off to find the zone above one that fails */
    MX_EXCHANGE = 2, /* octets before it */
};

/* --- the delegation --- */

/* What the parent's servers say: a referral, whose NS records are in its authority section, or an answer. */
struct parent {
    const struct wr_fact *fact;
    const uint8_t *zone; /* the parent */
    const uint8_t *cut;  /* the zone delegated */
    enum wr_section section;
};

static const struct wr_facts_rr *next_ns(struct wr_exam *x, const struct parent *p, unsigned *at)
{
    return wr_facts_next(x->facts, p->fact, p->section, p->cut, WR_TYPE_NS, at);
}

/* The nearest zone above `name` that answers, and the delegation on the way from it to the name. */
static bool find_parent(struct wr_exam *x, const uint8_t *name, struct parent *ret_parent)
{
    struct parent p = {.section = WR_SECTION_AUTHORITY};
    const struct wr_facts_rr *ns;
    unsigned at = 0;

    for (unsigned n = 1; n <= CLIMB_MAX && n <= wr_name_labels(name) && !p.zone; n++) {
        const uint8_t *above = wr_name_skip_labels(name, n);

        if (!wr_look_ask(x, above, WR_TYPE_SOA))
            return false;
        p.zone = wr_look_zone(x, above);
    }
    x->cut = x->cut || (!p.zone && wr_name_labels(name) > CLIMB_MAX);
    p.fact = p.zone ? wr_look_at_zone(x, p.zone, name, WR_TYPE_NS) : NULL;
    if (!p.fact)
        return false;
    ns = wr_facts_next(x->facts, p.fact, p.section, NULL, WR_TYPE_NS, &at);
    if (!ns || wr_name_equal(ns->owner, p.zone)) {
        p.section = WR_SECTION_ANSWER;
        at = 0;
        ns = wr_facts_next(x->facts, p.fact, p.section, name, WR_TYPE_NS, &at);
    }
    if (!ns || !wr_name_in(name, ns->owner))
        return false;
    p.cut = ns->owner;
    *ret_parent = p;
    return true;
}

static bool names_server(struct wr_exam *x, const struct wr_fact *fact, enum wr_section section,
                         const uint8_t *owner, const uint8_t *server)
{
    const struct wr_facts_rr *rr;
    unsigned at = 0;

    while ((rr = wr_facts_next(x->facts, fact, section, owner, WR_TYPE_NS, &at)))
        if (wr_name_equal(rr->rdata, server))
            return true;
    return false;
}

static void tell_differ(struct wr_exam *x, const struct wr_facts_rr *rr, const char *who)
{
    struct wr_str *s = wr_finding_begin(x->findings, WR_FINDING_NS_DIFFER, rr->owner, WR_TYPE_NS);

    wr_finding_record(x->findings, rr);
    wr_name_put_text(s, rr->rdata);
    wr_str_text(s, who);
    wr_finding_end(x->findings);
}

static void compare_sets(struct wr_exam *x, const struct parent *p, const struct wr_fact *own)
{
    const struct wr_facts_rr *rr;
    unsigned at = 0;

    if (p->section == WR_SECTION_ANSWER || !wr_facts_has(x->facts, own))
        return; /* one server has both zones and shows its own set */
    while ((rr = next_ns(x, p, &at)))
        if (!names_server(x, own, WR_SECTION_ANSWER, p->cut, rr->rdata))
            tell_differ(x, rr, " is named by the parent and not by the zone.");
    at = 0;
    while ((rr = wr_facts_data(x->facts, own, &at)))
        if (!names_server(x, p->fact, p->section, p->cut, rr->rdata))
            tell_differ(x, rr, " is named by the zone and not by the parent.");
}

static void tell_server(struct wr_exam *x, const struct wr_facts_rr *ns, const struct wr_fact *fact)
{
    bool silent = fact->outcome != WR_FACTS_ANSWERED;
    struct wr_str *s = wr_finding_begin(
        x->findings, silent ? WR_FINDING_SERVER_SILENT : WR_FINDING_LAME, ns->owner, WR_TYPE_NS);
    struct wr_addr bare = fact->want.to;
    char rcode[WR_CODE_TEXT_SIZE];

    bare.port = 0;
    wr_finding_record(x->findings, ns);
    wr_name_put_text(s, ns->rdata);
    wr_str_text(s, " (");
    wr_look_put_addr(s, &bare);
    if (fact->outcome == WR_FACTS_SILENT) {
        wr_str_text(s, ") gives no answer within ");
        wr_str_u64(s, fact->waited_ms);
        wr_str_text(s, " ms.");
    } else if (silent) {
        wr_str_text(s, fact->outcome == WR_FACTS_CLOSED ? ") says that nobody listens on port 53."
                       : fact->outcome == WR_FACTS_ABSENT
                           ? ") is not there, says the network."
                           : ") gives something back that is no DNS message.");
    } else {
        wr_codes_rcode_text(fact->rcode, rcode, sizeof(rcode));
        wr_str_text(s, ") answers ");
        wr_str_text(s, rcode);
        wr_str_text(s, fact->flags & WR_FLAG_AA ? " without an SOA record."
                                                : " without authority (AA) for the zone.");
    }
    wr_finding_end(x->findings);
}

/* The parent's server answered this machine, so one that does not is silent and not out of reach. */
static void judge_server(struct wr_exam *x, const struct parent *p, const struct wr_facts_rr *ns,
                         const struct wr_addr *addr)
{
    const struct wr_fact *fact = wr_look_at(x, p->cut, WR_TYPE_SOA, addr);
    unsigned at = 0;

    if (!fact || fact->outcome == WR_FACTS_UNREACHABLE || fact->outcome == WR_FACTS_HURRIED)
        return;
    if (fact->outcome != WR_FACTS_ANSWERED || !(fact->flags & WR_FLAG_AA) ||
        fact->rcode != WR_RCODE_NOERROR ||
        !wr_facts_next(x->facts, fact, WR_SECTION_ANSWER, p->cut, WR_TYPE_SOA, &at))
        tell_server(x, ns, fact);
}

/* Each server that the parent names is a host, and answers for the zone. */
static void judge_delegation(struct wr_exam *x, const uint8_t *name)
{
    struct parent p;
    const struct wr_fact *own;
    const struct wr_facts_rr *ns;
    unsigned at = 0, count = 0;

    if (!find_parent(x, name, &p))
        return;
    own = wr_look_exact(x, p.cut,
                        WR_TYPE_NS); /* of the zone itself: a resolver may have the parent's */
    if (!own)
        own = wr_look_quiet(x, p.cut, WR_TYPE_NS);
    if (own)
        compare_sets(x, &p, own);
    while ((ns = next_ns(x, &p, &at))) {
        struct wr_addr addr[WR_DOCTOR_TARGETS_MAX];
        struct wr_host_use use = {.rr = ns};
        unsigned n;

        if (count++ == WR_DOCTOR_TARGETS_MAX) {
            x->cut = true;
            break;
        }
        n = wr_look_addresses(x, ns->rdata, p.fact, PORT_DNS, addr, WR_DOCTOR_TARGETS_MAX);
        if (!n || !wr_name_in(ns->rdata, p.cut))
            (void)wr_host_look(x, ns->rdata, &use);
        for (unsigned i = 0; i < n; i++)
            if (wr_host_judge_address(x, ns->rdata, &addr[i]))
                judge_server(x, &p, ns, &addr[i]);
    }
}

/* --- what a domain has --- */

static bool look_mail(struct wr_exam *x, const uint8_t *name)
{
    const struct wr_fact *fact = wr_look_quiet(x, name, WR_TYPE_MX);
    const struct wr_facts_rr *rr;
    unsigned at = 0, count = 0;

    while ((rr = wr_look_next(x, fact, &at, &count))) {
        struct wr_host_use use = {.rr = rr};

        if (rr->rdata[MX_EXCHANGE] != 0) /* RFC 7505: "." takes no mail, which is no mistake */
            (void)wr_host_look(x, rr->rdata + MX_EXCHANGE, &use);
    }
    return count > 0;
}

static bool look_servers(struct wr_exam *x, const uint8_t *name)
{
    const struct wr_fact *fact = wr_look_quiet(x, name, WR_TYPE_NS);
    const struct wr_facts_rr *rr;
    unsigned at = 0, count = 0;

    while ((rr = wr_look_next(x, fact, &at, &count))) {
        struct wr_host_use use = {.rr = rr};

        (void)wr_host_look(x, rr->rdata, &use);
    }
    return count > 0;
}

/* True for an apex. */
static bool look_apex(struct wr_exam *x, const uint8_t *name)
{
    const uint8_t *zone = wr_look_zone(x, name);
    const struct wr_fact *soa = wr_look_quiet(x, name, WR_TYPE_SOA);

    if (!zone || !soa || !wr_name_equal(zone, name) || !wr_facts_has(x->facts, soa))
        return false;
    if (soa->flags & WR_FLAG_AA)
        return true; /* who answers has the zone: no delegation leads there */
    (void)look_servers(x, name);
    if (!x->options->resolver_only && name[0] != 0)
        judge_delegation(x, name);
    return true;
}

static bool has_any(struct wr_exam *x, const uint8_t *name, uint16_t type)
{
    const struct wr_fact *fact = wr_look_quiet(x, name, type);

    return fact && wr_facts_has(x->facts, fact);
}

/* Everything that was to be asked of the resolver was answered; only then is what was not found not there. */
static bool is_known(const struct wr_exam *x)
{
    for (unsigned i = 0; i < x->facts->count; i++) {
        const struct wr_fact *fact = &x->facts->fact[i];

        if (fact->want.kind == WR_FACTS_ASK &&
            (fact->outcome != WR_FACTS_ANSWERED ||
             (fact->rcode != WR_RCODE_NOERROR && fact->rcode != WR_RCODE_NXDOMAIN)))
            return false;
    }
    return !x->options->hurried && !x->full;
}

/* With all that there is, which is nothing or something. */
static bool is_answered(struct wr_exam *x, const uint8_t *name, uint16_t type)
{
    const struct wr_fact *fact = wr_look_quiet(x, name, type);

    return fact && !fact->cut;
}

static void judge_empty(struct wr_exam *x, const uint8_t *name)
{
    struct wr_str *s;

    if (!is_known(x))
        return;
    s = wr_finding_begin(x->findings, WR_FINDING_NO_DATA, name, WR_TYPE_A);
    wr_name_put_text(s, name);
    wr_str_text(s, " has no address, no services, and no servers.");
    wr_finding_end(x->findings);
}

/* A browser that asks for HTTPS finds its way; what does not asks for addresses. Names that begin with "_" are for the former alone. */
static void judge_bound(struct wr_exam *x, const uint8_t *name, bool host, bool bound)
{
    struct wr_str *s;

    if (host || !bound || (name[0] > 1 && name[1] == '_') || !is_answered(x, name, WR_TYPE_A) ||
        !is_answered(x, name, WR_TYPE_AAAA))
        return;
    s = wr_finding_begin(x->findings, WR_FINDING_SVCB_ONLY, name, WR_TYPE_HTTPS);
    wr_name_put_text(s, name);
    wr_str_text(s, " has neither an IPv4 nor an IPv6 address of its own.");
    wr_finding_end(x->findings);
}

void wr_zone_look(struct wr_exam *x, const uint8_t *name)
{
    const struct wr_fact *a = wr_look_answer(x, name, WR_TYPE_A);
    struct wr_host_use use = {.optional = true};
    struct wr_facts_chain chain;
    bool host, more, bound;

    if (!a) {
        const struct wr_fact *failed = wr_look_ask(x, name, WR_TYPE_A);

        /* The resolver does not say more than that it failed; the servers do. */
        if (failed && failed->outcome == WR_FACTS_ANSWERED && failed->rcode == WR_RCODE_SERVFAIL &&
            !x->options->resolver_only)
            judge_delegation(x, name);
        return;
    }
    host = wr_host_look(x, name, &use);
    chain = wr_facts_chain(x->facts, a);
    if (a->rcode == WR_RCODE_NXDOMAIN)
        return; /* nothing is below it either: RFC 8020 */
    more = look_apex(x, name);
    more = look_mail(x, name) || more;
    bound = wr_binding_look(x, name);
    judge_bound(x, name, host, bound);
    more = bound || more;
    more = wr_service_relays(x, name) || more;
    more = wr_service_browse(x, name) || more;
    if (host && !more && x->options->port_count == 0 && !x->options->resolver_only) {
        use = (struct wr_host_use){.why_not = "No port is known of a bare host."};
        (void)wr_host_look(x, name, &use);
    }
    if (!host && !more && !has_any(x, name, WR_TYPE_TXT) && wr_facts_chain_ends(&chain))
        judge_empty(x, name);
}
