/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/service.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "doctor/host.h"
#include "doctor/look.h"

enum { SRV_TARGET = 6 /* octets before it */ };

/* --- names --- */

static bool is_label(const uint8_t *label, const char *text)
{
    return wr_str_same_n((const char *)label + 1, label[0], text);
}

static bool is_service_label(const uint8_t *label)
{
    return label[0] > 1 && label[1] == '_';
}

/* "_x._tcp" or "_x._udp" stands here. */
static bool is_pair(const uint8_t *name)
{
    const uint8_t *second;

    if (wr_name_labels(name) < 2 || !is_service_label(name))
        return false;
    second = wr_name_skip_labels(name, 1);
    return is_label(second, "_tcp") || is_label(second, "_udp");
}

enum wr_service_kind wr_service_kind(const uint8_t *name)
{
    static const char *const domains[] = {"b", "db", "r", "dr", "lb"};
    unsigned labels = wr_name_labels(name);

    if (labels >= 3 && is_label(wr_name_skip_labels(name, 1), "_dns-sd") &&
        is_label(wr_name_skip_labels(name, 2), "_udp"))
        for (unsigned i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
            if (is_label(name, domains[i]))
                return WR_SERVICE_DOMAINS;
    if (labels >= 3 && is_label(name, "_services") && is_pair(wr_name_skip_labels(name, 1)) &&
        is_label(wr_name_skip_labels(name, 1), "_dns-sd"))
        return WR_SERVICE_TYPES;
    if (is_pair(name))
        return WR_SERVICE_TYPE;
    if (labels >= 4 && is_label(wr_name_skip_labels(name, 1), "_sub") &&
        is_pair(wr_name_skip_labels(name, 2)))
        return WR_SERVICE_SUBTYPE;
    if (labels >= 3 && is_pair(wr_name_skip_labels(name, 1)))
        return WR_SERVICE_INSTANCE;
    return WR_SERVICE_NONE;
}

/* The labels `text` (wire, with the root) before the name; false: too long. */
static bool below(const char *text, const uint8_t *name, struct wr_name *ret_name)
{
    struct wr_name labels;
    unsigned n;

    if (wr_name_from_text(text, strlen(text), &labels) != WR_OK)
        return false;
    wr_name_set(ret_name, name);
    for (n = wr_name_labels(labels.wire); n > 0; n--) {
        struct wr_name longer;

        if (wr_name_prepend(wr_name_skip_labels(labels.wire, n - 1), ret_name->wire, &longer) !=
            WR_OK)
            return false;
        *ret_name = longer;
    }
    return true;
}

/* --- SRV --- */

/* How an address of this service can be tried, by the two labels that name it. */
static struct wr_host_use use_of(const struct wr_facts_rr *rr)
{
    struct wr_host_use use = {.rr = rr, .port = (uint16_t)(rr->rdata[4] << 8 | rr->rdata[5])};
    const uint8_t *pair = rr->owner;

    if (use.port == 0) /* RFC 6763 section 8: the name is taken, by a protocol of its own */
        return use;
    if (!is_pair(pair) && wr_name_labels(pair) > 2)
        pair = wr_name_skip_labels(pair, 1);
    if (!is_pair(pair))
        use.why_not = "The name of the SRV record does not say over what it is reached.";
    else if (is_label(wr_name_skip_labels(pair, 1), "_tcp"))
        use.probe = WR_FACTS_TCP;
    else if (is_label(pair, "_stun") || is_label(pair, "_turn"))
        use.probe = WR_FACTS_STUN;
    else if (is_label(pair, "_stuns") || is_label(pair, "_turns"))
        use.why_not = "DTLS: it would take a handshake to see whether somebody answers.";
    else
        use.why_not = "No request is known that every service of this type over UDP answers.";
    return use;
}

static void judge_none(struct wr_exam *x, const struct wr_facts_rr *rr, bool alone)
{
    struct wr_str *s = wr_finding_begin(
        x->findings, alone ? WR_FINDING_NOT_OFFERED : WR_FINDING_ROOT_TARGET, rr->owner, rr->type);

    wr_finding_record(x->findings, rr);
    wr_str_text(s, alone ? "Clients will not try." : "Clients cannot know which one is meant.");
    wr_finding_end(x->findings);
}

/* The machines of an SRV set; false: there is none. */
static bool judge_srv(struct wr_exam *x, const struct wr_fact *fact)
{
    const struct wr_facts_rr *rr;
    unsigned at = 0, count = 0;
    bool alone;

    while (wr_facts_data(x->facts, fact, &at))
        count++;
    alone = count == 1;
    at = count = 0;
    while ((rr = wr_look_next(x, fact, &at, &count))) {
        struct wr_host_use use = use_of(rr);

        if (rr->rdata[SRV_TARGET] == 0)
            judge_none(x, rr, alone);
        else
            (void)wr_host_look(x, rr->rdata + SRV_TARGET, &use);
    }
    wr_host_judge_set(x, fact);
    return count > 0;
}

static bool look_srv(struct wr_exam *x, const uint8_t *name)
{
    const struct wr_fact *fact = wr_look_answer(x, name, WR_TYPE_SRV);

    return fact && judge_srv(x, fact);
}

/* The name that was asked for, or that a record leads to, has nothing. */
static void tell_nothing(struct wr_exam *x, const uint8_t *name, uint16_t type,
                         const struct wr_facts_rr *leads, const struct wr_fact *fact)
{
    bool gone = fact->rcode == WR_RCODE_NXDOMAIN;
    enum wr_finding_code code = !gone   ? WR_FINDING_NO_DATA
                                : leads ? WR_FINDING_TARGET_NXDOMAIN
                                        : WR_FINDING_NXDOMAIN;
    struct wr_str *s = wr_finding_begin(x->findings, code, leads ? leads->owner : name,
                                        leads ? leads->type : type);
    char text[WR_CODE_TEXT_SIZE];

    if (leads)
        wr_finding_record(x->findings, leads);
    wr_codes_type_text(type, text, sizeof(text));
    wr_name_put_text(s, name);
    wr_str_text(s, gone ? " does not exist; wanted: " : " has no such record: ");
    wr_str_text(s, text);
    wr_str_char(s, '.');
    wr_look_put_ede(s, fact);
    wr_finding_end(x->findings);
}

/* --- DNS-SD --- */

static void look_instance(struct wr_exam *x, const uint8_t *name, const struct wr_facts_rr *leads)
{
    const struct wr_fact *srv = wr_look_answer(x, name, WR_TYPE_SRV);
    const struct wr_fact *txt = wr_look_answer(x, name, WR_TYPE_TXT);
    struct wr_str *s;

    if (!srv || !txt)
        return;
    if (!judge_srv(x, srv)) {
        tell_nothing(x, name, WR_TYPE_SRV, leads, srv);
        return;
    }
    if (wr_facts_has(x->facts, txt))
        return;
    s = wr_finding_begin(x->findings, WR_FINDING_NO_TXT, name, WR_TYPE_TXT);
    wr_name_put_text(s, name);
    wr_str_text(s, " has an SRV record and no TXT record.");
    wr_finding_end(x->findings);
}

/* Whoever browses sees it only when its type names it. */
static void judge_listed(struct wr_exam *x, const uint8_t *name)
{
    const uint8_t *type = wr_name_skip_labels(name, 1);
    const struct wr_fact *fact = wr_look_answer(x, type, WR_TYPE_PTR);
    const struct wr_facts_rr *rr;
    unsigned at = 0;
    struct wr_str *s;

    while (fact && (rr = wr_facts_data(x->facts, fact, &at)))
        if (wr_name_equal(rr->rdata, name))
            return;
    if (!fact || fact->cut)
        return;
    s = wr_finding_begin(x->findings, WR_FINDING_NOT_BROWSABLE, name, WR_TYPE_PTR);
    wr_str_text(s, "No PTR record of ");
    wr_name_put_text(s, type);
    wr_str_text(s, " names it.");
    wr_finding_end(x->findings);
}

static bool look_instances(struct wr_exam *x, const struct wr_fact *ptr)
{
    const struct wr_facts_rr *rr;
    unsigned at = 0, count = 0;

    while ((rr = wr_look_next(x, ptr, &at, &count)))
        look_instance(x, rr->rdata, rr);
    return count > 0;
}

/* Both meanings of "_x._tcp.example": machines of its own, and instances to browse. */
static void look_type(struct wr_exam *x, const uint8_t *name, const struct wr_facts_rr *leads)
{
    const struct wr_fact *srv = wr_look_answer(x, name, WR_TYPE_SRV);
    const struct wr_fact *ptr = wr_look_answer(x, name, WR_TYPE_PTR);
    bool any;

    if (!srv || !ptr)
        return;
    any = judge_srv(x, srv);
    any = look_instances(x, ptr) || any;
    if (!any)
        tell_nothing(x, name, leads ? WR_TYPE_PTR : WR_TYPE_SRV, leads, srv);
}

static bool look_types(struct wr_exam *x, const struct wr_fact *ptr)
{
    const struct wr_facts_rr *rr;
    unsigned at = 0, count = 0;

    while ((rr = wr_look_next(x, ptr, &at, &count)))
        look_type(x, rr->rdata, rr);
    return count > 0;
}

static bool look_domains(struct wr_exam *x, const struct wr_fact *ptr)
{
    const struct wr_facts_rr *rr;
    unsigned at = 0, count = 0;

    while ((rr = wr_look_next(x, ptr, &at, &count))) {
        struct wr_name types;
        const struct wr_fact *fact;

        if (!below("_services._dns-sd._udp", rr->rdata, &types))
            continue;
        fact = wr_look_answer(x, types.wire, WR_TYPE_PTR);
        if (fact && !look_types(x, fact))
            tell_nothing(x, types.wire, WR_TYPE_PTR, rr, fact);
    }
    return count > 0;
}

bool wr_service_browse(struct wr_exam *x, const uint8_t *domain)
{
    static const char *const names[] = {"b._dns-sd._udp", "lb._dns-sd._udp",
                                        "_services._dns-sd._udp"};
    bool any = false;

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct wr_name name;
        const struct wr_fact *ptr;

        if (!below(names[i], domain, &name))
            continue;
        ptr = wr_look_quiet(x, name.wire, WR_TYPE_PTR);
        if (ptr)
            any = (i < 2 ? look_domains(x, ptr) : look_types(x, ptr)) || any;
    }
    return any;
}

void wr_service_look(struct wr_exam *x, const uint8_t *name, enum wr_service_kind kind)
{
    const struct wr_fact *ptr = NULL;
    bool any = true;

    if (kind == WR_SERVICE_TYPE) {
        look_type(x, name, NULL);
    } else if (kind == WR_SERVICE_INSTANCE) {
        const struct wr_fact *srv = wr_look_quiet(x, name, WR_TYPE_SRV);

        look_instance(x, name, NULL);
        if (srv && wr_facts_has(x->facts, srv))
            judge_listed(x, name);
    } else {
        ptr = wr_look_answer(x, name, WR_TYPE_PTR);
    }
    if (!ptr)
        return;
    if (kind == WR_SERVICE_SUBTYPE)
        any = look_instances(x, ptr);
    else
        any = kind == WR_SERVICE_TYPES ? look_types(x, ptr) : look_domains(x, ptr);
    if (!any)
        tell_nothing(x, name, WR_TYPE_PTR, NULL, ptr);
}

/* --- STUN and TURN --- */

struct naptr {
    struct wr_str_part flags, service;
    const uint8_t *replacement;
};

static struct wr_str_part take_string(struct wr_reader *r)
{
    uint8_t n = wr_buf_get_u8(r);

    return (struct wr_str_part){(const char *)wr_buf_get_bytes(r, n), n};
}

/* The rdata is well formed: facts keep nothing else. */
static struct naptr read_naptr(const struct wr_facts_rr *rr)
{
    struct wr_reader r;
    struct naptr naptr;

    wr_buf_read_init(&r, rr->rdata, rr->size);
    wr_buf_skip(&r, 4); /* order, preference */
    naptr.flags = take_string(&r);
    naptr.service = take_string(&r);
    (void)take_string(&r); /* the expression; of U-NAPTR */
    naptr.replacement = rr->rdata + r.pos;
    return naptr;
}

static bool is_relay(const struct naptr *naptr)
{
    return naptr->service.n >= 5 && wr_str_same_n(naptr->service.at, 5, "RELAY") &&
           (naptr->service.n == 5 || naptr->service.at[5] == ':');
}

static void tell_naptr(struct wr_exam *x, const struct wr_facts_rr *rr, const char *why)
{
    struct wr_str *s = wr_finding_begin(x->findings, WR_FINDING_NAPTR, rr->owner, rr->type);

    wr_finding_record(x->findings, rr);
    wr_str_text(s, why);
    wr_finding_end(x->findings);
}

/* The alias that a NAPTR record may not name: what it leads to is looked up by its own type. */
static void judge_replacement(struct wr_exam *x, const struct wr_facts_rr *rr,
                              const struct wr_fact *srv)
{
    struct wr_facts_chain chain = wr_facts_chain(x->facts, srv);
    struct wr_str *s;

    if (!chain.links)
        return;
    s = wr_finding_begin(x->findings, WR_FINDING_ALIAS_TARGET, rr->owner, rr->type);
    wr_finding_record(x->findings, rr);
    wr_name_put_text(s, srv->want.name.wire);
    wr_str_text(s, " is an alias (CNAME) of ");
    wr_name_put_text(s, chain.end);
    wr_finding_end(x->findings);
}

static void look_replacement(struct wr_exam *x, const struct wr_facts_rr *rr,
                             const struct naptr *naptr)
{
    const struct wr_fact *srv = wr_look_answer(x, naptr->replacement, WR_TYPE_SRV);
    const struct wr_fact *exact;
    const struct wr_fact *own;
    const struct wr_facts_rr *to, *from;
    unsigned at = 0;

    if (!srv)
        return;
    judge_replacement(x, rr, srv);
    if (!judge_srv(x, srv)) {
        tell_nothing(x, naptr->replacement, WR_TYPE_SRV, rr, srv);
        return;
    }
    exact = wr_look_exact(x, naptr->replacement, WR_TYPE_SRV);
    own = wr_look_exact(x, rr->owner, WR_TYPE_NAPTR);
    to = exact ? wr_facts_data(x->facts, exact, &at) : NULL;
    at = 0;
    from = own ? wr_facts_data(x->facts, own, &at) : NULL;
    if (to && from)
        wr_host_compare(x, from, to);
}

/* The RELAY records of one name; those without a flag lead to others (RFC 5928 section 3, RFC 3958 section 2.2.4). */
static bool look_naptr(struct wr_exam *x, const uint8_t *name, unsigned depth)
{
    const struct wr_fact *fact = wr_look_quiet(x, name, WR_TYPE_NAPTR);
    const struct wr_facts_rr *rr;
    unsigned at = 0, count = 0;

    while (fact && (rr = wr_facts_data(x->facts, fact, &at))) {
        struct naptr naptr = read_naptr(rr);
        char flag = naptr.flags.n == 1 ? (char)(naptr.flags.at[0] | 0x20) : '?';
        struct wr_host_use use = {.rr = rr};

        if (!is_relay(&naptr))
            continue;
        if (count++ == WR_DOCTOR_TARGETS_MAX) {
            x->cut = true;
            break;
        }
        if (naptr.replacement[0] == 0)
            tell_naptr(x, rr, "It has no replacement.");
        else if (flag == 's')
            look_replacement(x, rr, &naptr);
        else if (flag == 'a')
            (void)wr_host_look(x, naptr.replacement, &use);
        else if (naptr.flags.n > 0)
            tell_naptr(x, rr, "Its flag is none that TURN clients know.");
        else if (depth == 1 || wr_name_equal(naptr.replacement, name))
            tell_naptr(x, rr, "Too many NAPTR records lead to one another.");
        else if (!look_naptr(x, naptr.replacement, depth - 1) &&
                 wr_look_quiet(x, naptr.replacement, WR_TYPE_NAPTR))
            tell_naptr(x, rr, "Nothing for TURN is where it leads.");
    }
    return count > 0;
}

bool wr_service_relays(struct wr_exam *x, const uint8_t *domain)
{
    static const char *const names[] = {"_turn._udp", "_turn._tcp", "_turns._tcp", "_turns._udp",
                                        "_stun._udp", "_stun._tcp", "_stuns._tcp", "_stuns._udp"};
    bool any = look_naptr(x, domain, WR_DOCTOR_NAPTR_MAX);

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct wr_name name;

        if (below(names[i], domain, &name) && wr_look_quiet(x, name.wire, WR_TYPE_SRV))
            any = look_srv(x, name.wire) || any;
    }
    return any;
}
