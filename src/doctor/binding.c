/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/binding.h"

#include <string.h>

#include "base/err.h"
#include "dns/svcb.h"
#include "doctor/host.h"
#include "doctor/look.h"

enum { PORT_HTTPS = 443, PORT_DOT = 853, V4_SIZE = 4, V6_SIZE = 16 };

/* One record, taken apart; facts keep none that is too short. */
struct binding {
    const struct wr_facts_rr *rr;
    uint16_t priority; /* 0: AliasMode */
    const uint8_t *target, *params;
    size_t size; /* of the parameters */
};

/* The aliases on the way to a set, and the port that the first name is about. */
struct road {
    uint16_t port; /* 0: none */
    const uint8_t *name[WR_DOCTOR_BINDINGS_MAX + 1];
    unsigned count;
};

static struct binding read_binding(const struct wr_facts_rr *rr)
{
    struct binding b = {.rr = rr, .target = rr->rdata + 2};

    b.priority = (uint16_t)(rr->rdata[0] << 8 | rr->rdata[1]);
    b.params = b.target + wr_name_size(b.target);
    b.size = rr->size - 2u - wr_name_size(b.target);
    return b;
}

static struct wr_str *begin(struct wr_exam *x, enum wr_finding_code code,
                            const struct wr_facts_rr *rr)
{
    struct wr_str *s = wr_finding_begin(x->findings, code, rr->owner, rr->type);

    wr_finding_record(x->findings, rr);
    return s;
}

static void tell(struct wr_exam *x, enum wr_finding_code code, const struct wr_facts_rr *rr,
                 const char *what)
{
    wr_str_text(begin(x, code, rr), what);
    wr_finding_end(x->findings);
}

/* --- the parameters --- */

/* Whether the value of `alpn` has a protocol of which `is` says so. */
static bool has_protocol(const struct binding *b, bool (*is)(const char *id, size_t n))
{
    size_t size = 0, at = 0;
    const uint8_t *alpn = wr_svcb_find(b->params, b->size, WR_SVCB_ALPN, &size);

    for (; alpn && at < size; at += 1u + alpn[at])
        if (is((const char *)alpn + at + 1, alpn[at]))
            return true;
    return false;
}

static bool is_quic(const char *id, size_t n)
{
    return (n == 2 && !memcmp(id, "h3", n)) || (n >= 3 && !memcmp(id, "h3-", 3)) ||
           (n == 3 && !memcmp(id, "doq", n));
}

static bool is_tcp(const char *id, size_t n)
{
    return !is_quic(id, n);
}

static bool is_dot(const char *id, size_t n)
{
    return n == 3 && !memcmp(id, "dot", n);
}

/* "_8443._https.host" is about that port (RFC 9460 section 2.3). */
static uint16_t port_of_name(const uint8_t *name)
{
    uint64_t port = 0;

    if (name[0] > 1 && name[1] == '_' &&
        wr_str_to_u64((const char *)name + 2, name[0] - 1u, UINT16_MAX, &port) == WR_OK)
        return (uint16_t)port;
    return 0;
}

static uint16_t port_of(const struct binding *b, const struct road *road)
{
    size_t size;
    const uint8_t *value = wr_svcb_find(b->params, b->size, WR_SVCB_PORT, &size);

    if (value)
        return (uint16_t)(value[0] << 8 | value[1]);
    if (road->port)
        return road->port;
    return b->rr->type == WR_TYPE_SVCB && has_protocol(b, is_dot) ? PORT_DOT : PORT_HTTPS;
}

/* How the endpoint can be tried: HTTPS has TCP unless it says otherwise (section 9.2), others have what they name. */
static struct wr_host_use use_of(const struct binding *b, const struct road *road)
{
    struct wr_host_use use = {.rr = b->rr, .follows = true, .port = port_of(b, road)};
    size_t size;
    bool by_default = b->rr->type == WR_TYPE_HTTPS &&
                      !wr_svcb_find(b->params, b->size, WR_SVCB_NO_DEFAULT_ALPN, &size);

    if (use.port == 0)
        use.why_not = "Port 0 is no port that a client can reach.";
    else if (by_default || has_protocol(b, is_tcp))
        use.probe = WR_FACTS_TCP;
    else if (has_protocol(b, is_quic))
        use.why_not = "QUIC: it would take a handshake to see whether somebody answers.";
    else
        use.why_not = "Its parameters do not say over what it is reached.";
    return use;
}

/* The first key that has to be understood and is in no registry known here; -1: none. */
static int unknown_key(const struct binding *b)
{
    size_t size = 0;
    const uint8_t *list = wr_svcb_find(b->params, b->size, WR_SVCB_MANDATORY, &size);

    for (size_t i = 0; list && i + 1 < size; i += 2)
        if ((list[i] << 8 | list[i + 1]) > WR_SVCB_OHTTP)
            return list[i] << 8 | list[i + 1];
    return -1;
}

static void judge_mandatory(struct wr_exam *x, const struct binding *b)
{
    int key = unknown_key(b);
    struct wr_str *s;

    if (key < 0)
        return;
    s = begin(x, WR_FINDING_SVCB_MANDATORY, b->rr);
    wr_str_text(s, "Key ");
    wr_str_u64(s, (uint64_t)key);
    wr_str_text(s, " is mandatory; a client that does not know it passes over the record.");
    wr_finding_end(x->findings);
}

/* --- hints --- */

static bool is_address_of(struct wr_exam *x, const struct wr_fact *fact, const uint8_t *ip,
                          size_t n)
{
    const struct wr_facts_rr *rr;
    unsigned at = 0;

    while ((rr = wr_facts_data(x->facts, fact, &at)))
        if (rr->size == n && !memcmp(rr->rdata, ip, n))
            return true;
    return false;
}

/* Each address of a hint is one of the host's, of which all are known. */
static void judge_hint(struct wr_exam *x, const struct binding *b, const uint8_t *host, size_t n)
{
    uint16_t key = n == V4_SIZE ? WR_SVCB_IPV4HINT : WR_SVCB_IPV6HINT;
    const struct wr_fact *fact = wr_look_quiet(x, host, n == V4_SIZE ? WR_TYPE_A : WR_TYPE_AAAA);
    size_t size = 0;
    const uint8_t *hint = wr_svcb_find(b->params, b->size, key, &size);

    if (!hint || !fact || fact->cut)
        return;
    if (size / n > WR_DOCTOR_TARGETS_MAX)
        x->cut = true;
    for (size_t i = 0; i < size / n && i < WR_DOCTOR_TARGETS_MAX; i++) {
        struct wr_addr addr = {.family = n == V4_SIZE ? WR_AF_V4 : WR_AF_V6};
        struct wr_str *s;

        if (is_address_of(x, fact, hint + i * n, n))
            continue;
        memcpy(addr.ip, hint + i * n, n);
        s = begin(x, WR_FINDING_SVCB_HINT, b->rr);
        wr_look_put_addr(s, &addr);
        wr_str_text(s, " is hinted at and is no address of ");
        wr_name_put_text(s, host);
        wr_finding_end(x->findings);
    }
}

/* --- the set --- */

static bool look_set(struct wr_exam *x, const struct wr_fact *fact, struct road *road);

/* A client takes one of those with equal priority by chance, which is meant for different endpoints. */
static void judge_equal(struct wr_exam *x, const struct wr_fact *fact, const struct binding *b,
                        const struct road *road)
{
    const struct wr_facts_rr *rr;
    unsigned at = 0;

    while ((rr = wr_facts_data(x->facts, fact, &at)) && rr != b->rr) {
        struct binding other = read_binding(rr);

        if (other.priority == b->priority && wr_name_equal(other.target, b->target) &&
            port_of(&other, road) == port_of(b, road)) {
            tell(x, WR_FINDING_SVCB_EQUAL, b->rr,
                 "Another record of the same priority has the same target and port.");
            return;
        }
    }
}

static void judge_service(struct wr_exam *x, const struct wr_fact *fact, const struct binding *b,
                          const struct road *road)
{
    struct wr_host_use use = use_of(b, road);
    const uint8_t *host = b->target[0] ? b->target : b->rr->owner; /* section 2.5.2 */

    judge_mandatory(x, b);
    judge_equal(x, fact, b, road);
    (void)wr_host_look(x, host, &use);
    judge_hint(x, b, host, V4_SIZE);
    judge_hint(x, b, host, V6_SIZE);
}

/* True when the way goes on from here. */
static bool judge_road(struct wr_exam *x, const struct binding *b, const struct road *road)
{
    struct wr_str *s;

    if (!b->target[0]) {
        tell(x, WR_FINDING_NOT_OFFERED, b->rr, "Clients will not try."); /* section 2.5.1 */
        return false;
    }
    for (unsigned i = 0; i < road->count; i++)
        if (wr_name_equal(road->name[i], b->target)) {
            tell(x, WR_FINDING_ALIAS_LOOP, b->rr, "Its target is a name on the way to it.");
            return false;
        }
    if (road->count > WR_DOCTOR_BINDINGS_MAX) {
        s = begin(x, WR_FINDING_ALIAS_ENDLESS, b->rr);
        wr_str_u64(s, road->count);
        wr_str_text(s, " of them lead here and on; they are not followed any more.");
        wr_finding_end(x->findings);
        return false;
    }
    if (road->count > 1)
        tell(x, WR_FINDING_SVCB_CHAIN, b->rr, "An alias leads to this one.");
    return true;
}

static void judge_alias(struct wr_exam *x, const struct binding *b, const struct road *road)
{
    struct wr_host_use use = {
        .rr = b->rr, .follows = true, .port = road->port ? road->port : PORT_HTTPS};
    struct road longer = *road;
    const struct wr_fact *next;

    if (b->size)
        tell(x, WR_FINDING_SVCB_IGNORED, b->rr,
             "It is an alias, and of one clients read the target alone.");
    if (!judge_road(x, b, road))
        return;
    next = wr_look_answer(x, b->target, b->rr->type);
    if (!next || look_set(x, next, &longer))
        return;
    if (b->rr->type == WR_TYPE_HTTPS)
        use.probe = WR_FACTS_TCP;
    else
        use.why_not = "No record says over what it is reached.";
    (void)wr_host_look(x, b->target, &use);
}

/* What makes clients throw the whole set away (section 2.2), or a part of it. */
static bool judge_set(struct wr_exam *x, const struct wr_fact *fact)
{
    const struct wr_facts_rr *rr, *service = NULL, *alias = NULL;
    unsigned at = 0, aliases = 0;

    while ((rr = wr_facts_data(x->facts, fact, &at))) {
        struct binding b = read_binding(rr);

        if (b.priority && wr_svcb_check(b.params, b.size) != WR_OK) {
            tell(x, WR_FINDING_SVCB_BROKEN, rr,
                 "Its parameters contradict themselves, or have values that they may not have.");
            return false;
        }
        service = b.priority ? rr : service;
        alias = b.priority ? alias : rr;
        aliases += b.priority == 0;
    }
    if (service && alias)
        tell(x, WR_FINDING_SVCB_MIXED, service,
             "There is an alias (priority 0) beside it, which alone counts.");
    if (aliases > 1)
        tell(x, WR_FINDING_SVCB_ALIASES, alias,
             "There is another one, and clients take any of them.");
    return true;
}

/* False: there is no such record. */
static bool look_set(struct wr_exam *x, const struct wr_fact *fact, struct road *road)
{
    const struct wr_facts_rr *rr;
    unsigned at = 0, count = 0, followed = 0;
    bool alias = false;

    if (fact->garbled) {
        struct wr_str *s = wr_finding_begin(x->findings, WR_FINDING_SVCB_BROKEN,
                                            fact->want.name.wire, fact->want.type);

        wr_str_text(s, "A record of the set does not have the format of its type.");
        wr_finding_end(x->findings);
        return true;
    }
    if (!wr_facts_has(x->facts, fact))
        return false;
    if (!judge_set(x, fact))
        return true;
    wr_host_judge_set(x, fact);
    road->name[road->count++] = wr_facts_chain(x->facts, fact).end;
    while ((rr = wr_facts_data(x->facts, fact, &at)))
        alias = alias || read_binding(rr).priority == 0;
    at = 0;
    while ((rr = wr_look_next(x, fact, &at, &count))) {
        struct binding b = read_binding(rr);

        if (!alias)
            judge_service(x, fact, &b, road);
        else if (b.priority == 0 && (road->count == 1 || !followed++))
            judge_alias(x, &b, road);
    }
    x->cut = x->cut || followed > 1; /* behind an alias one road is enough: they would multiply */
    return true;
}

bool wr_binding_look(struct wr_exam *x, const uint8_t *name)
{
    static const uint16_t types[] = {WR_TYPE_HTTPS, WR_TYPE_SVCB};
    bool any = false;

    for (unsigned i = 0; i < (name[0] > 1 && name[1] == '_' ? 2 : 1); i++) {
        struct road road = {.port = port_of_name(name)};
        const struct wr_fact *fact = wr_look_answer(x, name, types[i]);

        any = (fact && look_set(x, fact, &road)) || any;
    }
    return any;
}
