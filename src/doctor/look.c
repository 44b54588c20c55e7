/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/look.h"

#include <string.h>

#include "base/err.h"
#include "base/utf8.h"

enum {
    PORT_DNS = 53,
    ZONE_SERVERS = 3 /* of a zone that are asked until one answers */
};

/* --- facts and wants --- */

/* What was sent to the address, or will be in this round, on any port. */
static unsigned sent_to(const struct wr_exam *x, const struct wr_addr *addr)
{
    unsigned n = 0;

    for (unsigned i = 0; i < x->facts->count; i++) {
        const struct wr_facts_want *w = &x->facts->fact[i].want;

        n += w->kind >= WR_FACTS_ASK_AT && wr_addr_same_ip(&w->to, addr);
    }
    for (unsigned i = 0; i < x->wants; i++)
        n += x->want[i].kind >= WR_FACTS_ASK_AT && wr_addr_same_ip(&x->want[i].to, addr);
    return n;
}

static const struct wr_fact *find(struct wr_exam *x, const struct wr_facts_want *want)
{
    const struct wr_fact *fact = wr_facts_find(x->facts, want);

    if (fact || x->options->hurried)
        return fact;
    for (unsigned i = 0; i < x->wants; i++) {
        const struct wr_facts_want *w = &x->want[i];

        if (w->kind == want->kind && w->type == want->type && wr_addr_equal(&w->to, &want->to) &&
            wr_name_equal(w->name.wire, want->name.wire))
            return NULL;
    }
    if (x->facts->count + x->wants >= WR_DOCTOR_FACTS_MAX ||
        (want->kind >= WR_FACTS_ASK_AT && sent_to(x, &want->to) >= WR_DOCTOR_ADDRESS_MAX))
        x->full = true;
    else if (x->wants < WR_DOCTOR_WANTS_MAX)
        x->want[x->wants++] = *want;
    return NULL;
}

static const struct wr_fact *question(struct wr_exam *x, enum wr_facts_kind kind,
                                      const uint8_t *name, uint16_t type,
                                      const struct wr_addr *server)
{
    struct wr_facts_want want = {.kind = (uint8_t)kind, .type = type};

    if (server)
        want.to = *server;
    wr_name_set(&want.name, name);
    return find(x, &want);
}

const struct wr_fact *wr_look_ask(struct wr_exam *x, const uint8_t *name, uint16_t type)
{
    return question(x, WR_FACTS_ASK, name, type, NULL);
}

const struct wr_fact *wr_look_at(struct wr_exam *x, const uint8_t *name, uint16_t type,
                                 const struct wr_addr *server)
{
    return question(x, WR_FACTS_ASK_AT, name, type, server);
}

const struct wr_fact *wr_look_probe(struct wr_exam *x, enum wr_facts_kind kind,
                                    const struct wr_addr *to)
{
    struct wr_facts_want want = {.kind = (uint8_t)kind, .to = *to, .name = {.size = 1}};

    return find(x, &want);
}

/* --- what an outcome means --- */

void wr_look_put_ede(struct wr_str *s, const struct wr_fact *fact)
{
    if (fact->ede == WR_EDE_NONE)
        return;
    wr_str_text(s, " It says: ");
    wr_str_text(s,
                wr_codes_ede_text(fact->ede)[0] ? wr_codes_ede_text(fact->ede) : "extended error");
    wr_str_text(s, " (EDE ");
    wr_str_u64(s, (uint64_t)fact->ede);
    wr_str_text(s, ")");
    if (fact->ede_words[0]) {
        wr_str_text(s, ": ");
        wr_utf8_safe(s, fact->ede_words, strlen(fact->ede_words)); /* cut between characters */
    }
    wr_str_char(s, '.');
}

static void put_question(struct wr_str *s, const struct wr_fact *fact)
{
    char type[WR_CODE_TEXT_SIZE];

    wr_codes_type_text(fact->want.type, type, sizeof(type));
    wr_str_text(s, "the question for ");
    wr_str_text(s, type);
}

static void tell(struct wr_exam *x, const struct wr_fact *fact, enum wr_finding_code code,
                 const char *before, const char *behind)
{
    struct wr_str *s = wr_finding_begin(x->findings, code, fact->want.name.wire, fact->want.type);

    wr_str_text(s, before);
    put_question(s, fact);
    wr_str_text(s, behind);
    wr_look_put_ede(s, fact);
    wr_finding_end(x->findings);
}

static bool is_of_proof(int ede)
{
    return (ede >= WR_EDE_DNSKEY_ALGORITHM && ede <= WR_EDE_DS_DIGEST) ||
           (ede >= WR_EDE_INDETERMINATE && ede <= WR_EDE_NSEC_MISSING) ||
           ede == WR_EDE_NSEC3_ITERATIONS;
}

static bool is_of_policy(int ede)
{
    return ede >= WR_EDE_BLOCKED && ede <= WR_EDE_FILTERED;
}

static void tell_round(struct wr_exam *x, const uint8_t *name, const struct wr_facts_rr *alias,
                       unsigned n)
{
    struct wr_str *s = wr_finding_begin(x->findings, WR_FINDING_ALIAS_LOOP, name, WR_TYPE_CNAME);

    wr_finding_record(x->findings, alias);
    wr_str_text(s, "After ");
    wr_str_u64(s, n);
    wr_str_text(s, n == 1 ? " alias" : " aliases");
    wr_str_text(s, " the chain is at ");
    wr_name_put_text(s, alias->rdata);
    wr_str_text(s, " again; no address is ever reached.");
    wr_finding_end(x->findings);
}

/* The aliases one by one, for a resolver says only that it failed. 1: they do not end (told); 0: they do; -1: not known yet. */
static int has_no_end(struct wr_exam *x, const uint8_t *name)
{
    const uint8_t *seen[WR_CHAIN_MAX + 1] = {name};
    struct wr_str *s;

    for (unsigned n = 1; n <= WR_CHAIN_MAX; n++) {
        const struct wr_fact *fact = wr_look_ask(x, seen[n - 1], WR_TYPE_CNAME);
        const struct wr_facts_rr *alias;
        unsigned at = 0;

        if (!fact)
            return x->options->hurried || x->full ? 0 : -1;
        alias = wr_facts_data(x->facts, fact, &at);
        if (!alias)
            return 0;
        seen[n] = alias->rdata;
        for (unsigned i = 0; i < n; i++)
            if (wr_name_equal(seen[i], seen[n])) {
                tell_round(x, name, alias, n);
                return 1;
            }
    }
    s = wr_finding_begin(x->findings, WR_FINDING_ALIAS_ENDLESS, name, WR_TYPE_CNAME);
    wr_str_text(s, "Followed one by one, ");
    wr_str_u64(s, WR_CHAIN_MAX);
    wr_str_text(s, " aliases lead to ");
    wr_name_put_text(s, seen[WR_CHAIN_MAX]);
    wr_str_text(s, ", and the resolver gives up.");
    wr_finding_end(x->findings);
    return 1;
}

/* SERVFAIL: is it the aliases, the proof, or the way? */
static void judge_servfail(struct wr_exam *x, const struct wr_fact *fact)
{
    bool way = fact->ede == WR_EDE_NO_REACHABLE_AUTHORITY || fact->ede == WR_EDE_NETWORK_ERROR;
    const struct wr_fact *unchecked;
    int endless = way || is_of_proof(fact->ede) ? 0 : has_no_end(x, fact->want.name.wire);

    if (endless)
        return;
    if (is_of_proof(fact->ede)) {
        tell(x, fact, WR_FINDING_BOGUS, "The proof fails: ", " is answered SERVFAIL.");
        return;
    }
    unchecked =
        way ? NULL : question(x, WR_FACTS_UNCHECKED, fact->want.name.wire, fact->want.type, NULL);
    if (unchecked && unchecked->outcome == WR_FACTS_ANSWERED &&
        (unchecked->rcode == WR_RCODE_NOERROR || unchecked->rcode == WR_RCODE_NXDOMAIN))
        tell(x, fact, WR_FINDING_BOGUS, "",
             " is answered SERVFAIL, and with checking disabled (CD) it is answered.");
    else
        tell(x, fact, WR_FINDING_FAILED, "The resolver fails: ", " is answered SERVFAIL.");
}

static void tell_silent(struct wr_exam *x, const struct wr_fact *fact)
{
    char before[48];
    struct wr_str s;

    wr_str_init(&s, before, sizeof(before));
    wr_str_text(&s, "No reply within ");
    wr_str_u64(&s, fact->waited_ms);
    wr_str_text(&s, " ms to ");
    tell(x, fact, WR_FINDING_NO_REPLY, before, ".");
}

static bool judge(struct wr_exam *x, const struct wr_fact *fact)
{
    switch (fact->outcome) {
    case WR_FACTS_ANSWERED: break;
    case WR_FACTS_HURRIED: return false; /* said once, for all of it */
    case WR_FACTS_SILENT: tell_silent(x, fact); return false;
    case WR_FACTS_BROKEN:
        tell(x, fact, WR_FINDING_NO_REPLY, "What came back to ", " is no DNS message.");
        return false;
    default: tell(x, fact, WR_FINDING_NO_REPLY, "Nobody there to take ", "."); return false;
    }
    if (is_of_policy(fact->ede)) {
        tell(x, fact, WR_FINDING_BLOCKED, "A policy decides: ", " gets no true answer.");
        return false;
    }
    if (fact->rcode == WR_RCODE_NOERROR || fact->rcode == WR_RCODE_NXDOMAIN) {
        if (fact->ede == WR_EDE_STALE_ANSWER || fact->ede == WR_EDE_STALE_NXDOMAIN)
            tell(x, fact, WR_FINDING_STALE, "The answer to ", " is stale.");
        return true;
    }
    if (fact->rcode == WR_RCODE_SERVFAIL) {
        judge_servfail(x, fact);
    } else {
        char rcode[WR_CODE_TEXT_SIZE];
        char behind[WR_CODE_TEXT_SIZE + 24] = " is answered ";
        struct wr_str s;

        wr_codes_rcode_text(fact->rcode, rcode, sizeof(rcode));
        wr_str_init(&s, behind, sizeof(behind));
        wr_str_text(&s, " is answered ");
        wr_str_text(&s, rcode);
        wr_str_char(&s, '.');
        tell(x, fact, fact->rcode == WR_RCODE_REFUSED ? WR_FINDING_REFUSED : WR_FINDING_FAILED, "",
             behind);
    }
    return false;
}

const struct wr_fact *wr_look_answer(struct wr_exam *x, const uint8_t *name, uint16_t type)
{
    const struct wr_fact *fact = wr_look_ask(x, name, type);

    return fact && judge(x, fact) ? fact : NULL;
}

const struct wr_fact *wr_look_quiet(struct wr_exam *x, const uint8_t *name, uint16_t type)
{
    const struct wr_fact *fact = wr_look_ask(x, name, type);

    return fact && fact->outcome == WR_FACTS_ANSWERED &&
                   (fact->rcode == WR_RCODE_NOERROR || fact->rcode == WR_RCODE_NXDOMAIN)
               ? fact
               : NULL;
}

/* --- zones and their servers --- */

const uint8_t *wr_look_zone(struct wr_exam *x, const uint8_t *name)
{
    const struct wr_fact *fact = wr_look_quiet(x, name, WR_TYPE_SOA);
    const struct wr_facts_rr *soa = NULL;
    unsigned at = 0;

    if (!fact)
        return NULL;
    soa = wr_facts_next(x->facts, fact, WR_SECTION_ANSWER, name, WR_TYPE_SOA, &at);
    at = 0;
    if (!soa)
        soa = wr_facts_next(x->facts, fact, WR_SECTION_AUTHORITY, NULL, WR_TYPE_SOA, &at);
    return soa && wr_name_in(name, soa->owner) ? soa->owner : NULL;
}

void wr_look_address(const struct wr_facts_rr *rr, uint16_t port, struct wr_addr *ret_addr)
{
    memset(ret_addr, 0, sizeof(*ret_addr));
    ret_addr->family = rr->type == WR_TYPE_A ? WR_AF_V4 : WR_AF_V6;
    ret_addr->port = port;
    memcpy(ret_addr->ip, rr->rdata, wr_addr_ip_size(ret_addr));
}

void wr_look_put_addr(struct wr_str *s, const struct wr_addr *addr)
{
    char text[WR_ADDR_TEXT_SIZE];

    wr_addr_to_text(addr, text, sizeof(text));
    wr_str_text(s, text);
}

/* Addresses of one family, at most `cap` of them in `ret`; how many there are. */
static unsigned take(struct wr_exam *x, const uint8_t *host, uint16_t type,
                     const struct wr_fact *glue, uint16_t port, struct wr_addr *ret, unsigned cap)
{
    const struct wr_fact *fact = wr_look_quiet(x, host, type);
    const struct wr_facts_rr *rr;
    unsigned at = 0, n = 0;

    for (; fact && (rr = wr_facts_data(x->facts, fact, &at)); n++)
        if (n < cap)
            wr_look_address(rr, port, &ret[n]);
    if (n)
        return n;
    at = 0;
    for (; glue && (rr = wr_facts_next(x->facts, glue, WR_SECTION_ADDITIONAL, host, type, &at));
         n++)
        if (n < cap)
            wr_look_address(rr, port, &ret[n]);
    return n;
}

static unsigned less(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* wr_look_addresses, without a word that there are more. */
static unsigned gather(struct wr_exam *x, const uint8_t *host, const struct wr_fact *glue,
                       uint16_t port, struct wr_addr *ret, unsigned cap, bool *ret_more)
{
    unsigned v4 = take(x, host, WR_TYPE_A, glue, port, NULL, 0);
    unsigned v6 = take(x, host, WR_TYPE_AAAA, glue, port, NULL, 0);
    unsigned first = less(v4, v6 < cap / 2 ? cap - v6 : cap - cap / 2);
    unsigned second = less(v6, cap - first);

    *ret_more = v4 + v6 > cap;
    (void)take(x, host, WR_TYPE_A, glue, port, ret, first);
    (void)take(x, host, WR_TYPE_AAAA, glue, port, ret + first, second);
    return first + second;
}

unsigned wr_look_addresses(struct wr_exam *x, const uint8_t *host, const struct wr_fact *glue,
                           uint16_t port, struct wr_addr *ret, unsigned cap)
{
    bool more;
    unsigned n = gather(x, host, glue, port, ret, cap, &more);

    x->cut = x->cut || more;
    return n;
}

const struct wr_facts_rr *wr_look_next(struct wr_exam *x, const struct wr_fact *fact, unsigned *at,
                                       unsigned *count)
{
    const struct wr_facts_rr *rr = fact ? wr_facts_data(x->facts, fact, at) : NULL;

    if (rr && *count == WR_DOCTOR_TARGETS_MAX) {
        x->cut = true;
        return NULL;
    }
    *count += rr != NULL;
    return rr;
}

bool wr_look_is_local(struct wr_exam *x, const uint8_t *name, uint16_t type)
{
    static const uint8_t localhost[] = "\11localhost";
    const struct wr_fact *fact = wr_look_quiet(x, name, type);

    return wr_name_in(name, localhost) || (x->options->near && fact && (fact->flags & WR_FLAG_AA));
}

bool wr_look_may_try(const struct wr_addr *addr, bool local)
{
    enum wr_addr_kind kind = wr_addr_kind(addr);

    return kind <= WR_ADDR_PRIVATE ||
           (local && (kind == WR_ADDR_LOOPBACK || kind == WR_ADDR_LINK_LOCAL));
}

bool wr_look_is_heard(const struct wr_exam *x, const struct wr_addr *server)
{
    for (unsigned i = 0; i < x->facts->count; i++) {
        const struct wr_fact *fact = &x->facts->fact[i];

        if (fact->want.kind == WR_FACTS_ASK_AT && fact->outcome != WR_FACTS_ANSWERED &&
            wr_addr_equal(&fact->want.to, server))
            return false;
    }
    return true;
}

/* Servers are asked one after another; while one is being asked the next waits. */
const struct wr_fact *wr_look_at_zone(struct wr_exam *x, const uint8_t *zone, const uint8_t *name,
                                      uint16_t type)
{
    const struct wr_fact *ns = wr_look_quiet(x, zone, WR_TYPE_NS);
    const struct wr_facts_rr *rr;
    unsigned at = 0, asked = 0;

    while (ns && asked < ZONE_SERVERS && (rr = wr_facts_data(x->facts, ns, &at))) {
        struct wr_addr addr[WR_DOCTOR_TARGETS_MAX];
        bool more; /* one that answers is enough */
        unsigned n = gather(x, rr->rdata, NULL, PORT_DNS, addr, WR_DOCTOR_TARGETS_MAX, &more);

        for (unsigned i = 0; i < n && asked < ZONE_SERVERS; i++) {
            const struct wr_fact *fact = NULL;

            if (!wr_look_may_try(&addr[i], false) || !wr_look_is_heard(x, &addr[i]))
                continue;
            fact = wr_look_at(x, name, type, &addr[i]);
            asked++;
            if (!fact)
                return NULL;
            if (fact->outcome == WR_FACTS_ANSWERED &&
                (fact->rcode == WR_RCODE_NOERROR || fact->rcode == WR_RCODE_NXDOMAIN))
                return fact;
        }
    }
    return NULL;
}

const struct wr_fact *wr_look_exact(struct wr_exam *x, const uint8_t *name, uint16_t type)
{
    const struct wr_fact *fact = wr_look_quiet(x, name, type);
    const uint8_t *zone;

    if (!fact || (fact->flags & WR_FLAG_AA))
        return fact;
    if (x->options->resolver_only)
        return NULL;
    zone = wr_look_zone(x, name);
    fact = zone ? wr_look_at_zone(x, zone, name, type) : NULL;
    return fact && (fact->flags & WR_FLAG_AA) ? fact : NULL;
}
