/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a story: line by line, words split at spaces; every mistake names its line. */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/prefix.h"
#include "story.h"

#define WORDS_MAX 24

struct reader {
    struct story *s;
    FILE *file;
    unsigned line;
    char text[4096], copy[4096];
    char *word[WORDS_MAX];
    unsigned words;
    bool failed;
};

static int fail(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(struct reader *r, const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!r->failed) {
        snprintf(r->s->error, sizeof r->s->error, "line %u: %s", r->line, text);
    }
    r->failed = true;
    return -1;
}

/* The next line that says something, split into words. False at the end. */
static bool next_line(struct reader *r)
{
    while (!r->failed && fgets(r->text, sizeof r->text, r->file)) {
        r->line++;
        char *quote = strchr(r->text, '"');
        char *comment = quote ? NULL : strchr(r->text, ';');
        if (comment) {
            *comment = 0;
        }
        r->text[strcspn(r->text, "\r\n")] = 0;
        snprintf(r->copy, sizeof r->copy, "%s", r->text);
        r->words = 0;
        for (char *save, *w = strtok_r(r->copy, " \t", &save); w && r->words < WORDS_MAX;
             w = strtok_r(NULL, " \t", &save)) {
            r->word[r->words++] = w;
        }
        if (r->words) {
            return true;
        }
    }
    return false;
}

static bool is(const struct reader *r, unsigned i, const char *word)
{
    return i < r->words && strcasecmp(r->word[i], word) == 0;
}

/* "30s", "400ms", "90m", "2h", "1d". */
static uint64_t duration(struct reader *r, const char *text)
{
    char *unit;
    double v = strtod(text, &unit);
    double us = strcmp(unit, "ms") == 0  ? 1e3
                : strcmp(unit, "s") == 0 ? 1e6
                : strcmp(unit, "m") == 0 ? 60e6
                : strcmp(unit, "h") == 0 ? 3600e6
                : strcmp(unit, "d") == 0 ? 86400e6
                                         : 0;
    if (us == 0) {
        fail(r, "'%s' is no duration", text);
    }
    return (uint64_t)(v * us);
}

static const char *value_of(const char *word, const char *key)
{
    size_t n = strlen(key);
    return strncasecmp(word, key, n) == 0 && word[n] == '=' ? word + n + 1 : NULL;
}

static struct wr_addr address(struct reader *r, const char *text)
{
    struct wr_addr a = {0};
    if (wr_addr_from_text(text, &a)) {
        fail(r, "'%s' is no address", text);
    }
    return a;
}

/* The number of a server, which is made when it is new. Its port is 53. */
static unsigned server_number(struct reader *r, const char *text)
{
    struct wr_addr a = address(r, text);
    a.port = a.port ? a.port : 53;
    for (unsigned i = 0; i < r->s->servers; i++) {
        if (wr_addr_equal(&r->s->server[i], &a)) {
            return i;
        }
    }
    if (r->s->servers == STORY_SERVERS_MAX) {
        fail(r, "too many servers");
        return 0;
    }
    r->s->server[r->s->servers] = a;
    return r->s->servers++;
}

/* ---- CONFIG ---- */

static void read_upstream(struct reader *r, unsigned group, const char *url)
{
    struct wr_addr addr;
    if (story_sealing_reads(r->s, url, &addr)) {
        char where[WR_ADDR_TEXT_SIZE];
        wr_addr_to_text(&addr, where, sizeof where);
        server_number(r, where);
        gate_upstream(&r->s->gate, group, &addr,
                      strncmp(url, "tls://", 6) == 0 ? WR_SCHEME_TLS : WR_SCHEME_HTTPS);
        story_sealing_prove(r->s);
        return;
    }
    enum wr_scheme scheme = strncmp(url, "tcp://", 6) == 0 ? WR_SCHEME_TCP : WR_SCHEME_UDP;
    const char *text = strstr(url, "://") ? strstr(url, "://") + 3 : url;
    gate_upstream(&r->s->gate, group, &r->s->server[server_number(r, text)], scheme);
}

static void read_route(struct reader *r)
{
    struct wr_upstreams *u = &r->s->gate.settings.upstreams;
    uint8_t name[WIRE_NAME_SIZE];
    if (r->words < 3 || u->routes == STORY_ROUTES_MAX || wire_name_from_text(r->word[1], name)) {
        fail(r, "route ZONE SERVER...");
        return;
    }
    struct wr_route *route = &r->s->route[u->routes++];
    route->group = (uint8_t)u->groups;
    route->zone.size = (uint8_t)wire_name_size(name);
    memcpy(route->zone.wire, name, route->zone.size);
    for (unsigned i = 2; i < r->words; i++) {
        read_upstream(r, route->group, r->word[i]);
    }
}

/* "hint ADDR": names without a route are found from the root. "stub ZONE SERVER...": a route whose servers have the zone. */
static bool read_recursion(struct reader *r)
{
    struct wr_upstreams *u = &r->s->gate.settings.upstreams;
    if (is(r, 0, "hint") && r->words == 2 && r->s->gate.hints.count < WR_HINTS_MAX) {
        gate_hint(&r->s->gate, &r->s->server[server_number(r, r->word[1])]);
    } else if (is(r, 0, "stub")) {
        read_route(r);
        u->group[u->groups - 1].authoritative = true;
    } else if (is(r, 0, "recurse-after") && r->words == 2 && u->groups > 0) {
        u->group[u->groups - 1].recurse_after = is(r, 1, "yes");
    } else {
        return false;
    }
    return true;
}

static void read_ttl_rule(struct reader *r)
{
    struct wr_ttl_policy *p = &r->s->gate.settings.ttl;
    uint8_t name[WIRE_NAME_SIZE];
    if (r->words < 4 || p->rules == 4) {
        fail(r, "ttl NAME MIN MAX [STALE]");
        return;
    }
    struct wr_ttl_rule *rule = &r->s->rule[p->rules++];
    const char *text = r->word[1];
    rule->below = strncmp(text, "*.", 2) == 0;
    if (wire_name_from_text(text + (rule->below ? 2 : 0), name)) {
        fail(r, "'%s' is no name", text);
    }
    rule->name.size = (uint8_t)wire_name_size(name);
    memcpy(rule->name.wire, name, rule->name.size);
    rule->min_s = (uint32_t)(duration(r, r->word[2]) / WR_S);
    rule->max_s = (uint32_t)(duration(r, r->word[3]) / WR_S);
    rule->stale_s = r->words > 4 ? (uint32_t)(duration(r, r->word[4]) / WR_S) : p->stale_max_age_s;
}

struct number_setting {
    const char *key;
    uint32_t *at;
    uint64_t unit_us; /* 0: a plain number */
};

static bool read_number(struct reader *r)
{
    struct wr_settings *s = &r->s->gate.settings;
    const struct number_setting rows[] = {
        {"min-ttl", &s->ttl.min_s, WR_S},
        {"max-ttl", &s->ttl.max_s, WR_S},
        {"max-negative-ttl", &s->ttl.max_negative_s, WR_S},
        {"failure-ttl", &s->ttl.failure_s, WR_S},
        {"stale-max-age", &s->ttl.stale_max_age_s, WR_S},
        {"stale-ttl", &s->ttl.stale_ttl_s, WR_S},
        {"stale-client-timeout", &s->ttl.stale_client_timeout_ms, WR_MS},
        {"query-timeout", &s->query_timeout_ms, WR_MS},
        {"client-rate", &s->client_rate, 0},
        {"client-burst", &s->client_burst, 0},
        {"client-inflight", &s->client_inflight, 0},
        {"rrl-rate", &s->rrl_rate, 0},
        {"rrl-slip", &s->rrl_slip, 0},
        {"refused-rate", &s->refused_rate, 0},
        {"requests", &r->s->gate.requests, 0},
        {"waiters", &r->s->gate.waiters, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (is(r, 0, rows[i].key) && r->words == 2) {
            *rows[i].at = rows[i].unit_us ? (uint32_t)(duration(r, r->word[1]) / rows[i].unit_us)
                                          : (uint32_t)strtoul(r->word[1], NULL, 10);
            return true;
        }
    }
    return false;
}

static bool read_switch(struct reader *r)
{
    struct wr_settings *s = &r->s->gate.settings;
    const struct {
        const char *key;
        bool *at;
    } rows[] = {
        {"case-randomisation", &s->upstreams.case_randomisation},
        {"cookies", &s->upstreams.cookies},
        {"prefetch", &s->ttl.prefetch},
        {"stale", &s->ttl.stale},
        {"server-cookies", &s->server_cookies},
        {"ipv6", &s->upstreams.ipv6},
        {"minimise", &s->upstreams.minimise},
        {"uncached", &s->upstreams.group[0].uncached},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (is(r, 0, rows[i].key) && r->words == 2) {
            *rows[i].at = is(r, 1, "yes");
            return true;
        }
    }
    return false;
}

/* dns64 PREFIX | discover, dns64-exclude PREFIX, dns64-only-for PREFIX */
static void read_dns64(struct reader *r)
{
    struct wr_dns64 *d = &r->s->gate.settings.dns64;
    struct wr_prefix *p = is(r, 0, "dns64")           ? &d->prefix
                          : is(r, 0, "dns64-exclude") ? &r->s->dns64_exclude
                                                      : &r->s->dns64_only_for;
    if (is(r, 0, "dns64") && is(r, 1, "discover")) {
        d->discover = true;
    } else if (r->words != 2 || wr_addr_prefix_from_text(r->word[1], p)) {
        fail(r, "dns64 PREFIX");
    }
    d->exclude = &r->s->dns64_exclude;
    d->only_for = &r->s->dns64_only_for;
    d->excludes = r->s->dns64_exclude.addr.family != WR_AF_NONE;
    d->only_fors = r->s->dns64_only_for.addr.family != WR_AF_NONE;
}

static void read_setting(struct reader *r)
{
    static const char *const strategies[] = {"fastest", "order", "parallel", "round-robin"};
    struct wr_upstreams *u = &r->s->gate.settings.upstreams;
    if (is(r, 0, "upstream") && r->words == 2) {
        read_upstream(r, 0, r->word[1]);
    } else if (is(r, 0, "encryption") && is(r, 1, "required")) {
        u->encrypted_only = true;
    } else if (is(r, 0, "route")) {
        read_route(r);
    } else if (is(r, 0, "ttl")) {
        read_ttl_rule(r);
    } else if (is(r, 0, "strategy") && r->words == 2) {
        for (uint8_t i = 0; i < 4; i++) {
            u->group[0].strategy = is(r, 1, strategies[i]) ? i : u->group[0].strategy;
        }
    } else if (is(r, 0, "dns64") || is(r, 0, "dns64-exclude") || is(r, 0, "dns64-only-for")) {
        read_dns64(r);
    } else if (is(r, 0, "without-rd") && r->words == 2) {
        r->s->gate.settings.without_rd = is(r, 1, "referrals") ? WR_WITHOUT_RD_REFERRALS
                                         : is(r, 1, "refuse")  ? WR_WITHOUT_RD_REFUSE
                                         : is(r, 1, "learn")   ? WR_WITHOUT_RD_LEARN
                                                               : WR_WITHOUT_RD_ANSWERS;
    } else if (is(r, 0, "version") && r->words == 2) {
        snprintf(r->s->gate.settings.version, sizeof r->s->gate.settings.version, "%s",
                 is(r, 1, "none") ? "" : r->word[1]);
    } else if (is(r, 0, "conf")) {
        if (story_rules_setting(r->s, strstr(r->text, r->word[0]) + strlen("conf "))) {
            fail(r, "too much of `conf`");
        }
    } else if (is(r, 0, "rpz")) {
        if (story_rpz_setting(r->s, strstr(r->text, r->word[0]) + strlen("rpz "))) {
            fail(r, "this is no policy");
        }
    } else if (story_names_setting(r->s, r->word, r->words) == 0) {
        return;
    } else if (!read_recursion(r) && !read_number(r) && !read_switch(r)) {
        fail(r, "unknown setting '%s'", r->word[0]);
    }
}

/* ---- ENTRY ---- */

static void read_match(struct reader *r, struct story_entry *e)
{
    static const struct {
        const char *word;
        unsigned bits;
    } rows[] = {{"any", MATCH_ANY},
                {"subdomain", MATCH_SUBDOMAIN},
                {"tcp", MATCH_TCP},
                {"udp", MATCH_UDP},
                {"edns", MATCH_EDNS},
                {"noedns", MATCH_NOEDNS},
                {"do", MATCH_DO},
                {"nodo", MATCH_NODO},
                {"cd", MATCH_CD},
                {"nocd", MATCH_NOCD},
                {"cookie", MATCH_COOKIE},
                {"nocookie", MATCH_NOCOOKIE},
                {"servercookie", MATCH_SERVERCOOKIE},
                {"all", MATCH_ALL},
                {"rcode", MATCH_RCODE},
                {"flags", MATCH_FLAGS},
                {"question", MATCH_QUESTION},
                {"answer", MATCH_ANSWER},
                {"ttl", MATCH_TTL},
                {"qname", 0},
                {"qtype", 0},
                {"opcode", 0}};
    for (unsigned i = 1; i < r->words; i++) {
        const char *times = value_of(r->word[i], "times");
        size_t k = 0;
        while (k < sizeof rows / sizeof rows[0] && strcasecmp(rows[k].word, r->word[i]) != 0) {
            k++;
        }
        if (times) {
            e->times = (unsigned)atoi(times);
        } else if (k == sizeof rows / sizeof rows[0]) {
            fail(r, "unknown MATCH '%s'", r->word[i]);
        } else {
            e->match |= rows[k].bits;
        }
    }
}

static void read_adjust(struct reader *r, struct story_entry *e)
{
    static const char *const words[] = {"wrong_id", "lower_case", "cookie", "other_cookie",
                                        "garbage",  "reset",      "loop"};
    for (unsigned i = 1; i < r->words; i++) {
        unsigned k = 0;
        while (k < 7 && strcasecmp(words[k], r->word[i]) != 0) {
            k++;
        }
        const char *from = value_of(r->word[i], "elsewhere"),
                   *name = value_of(r->word[i], "question");
        if (from) {
            e->elsewhere = address(r, from);
            e->elsewhere.port = e->elsewhere.port ? e->elsewhere.port : 53;
            e->has_elsewhere = true;
        } else if (name) {
            e->has_other = wire_name_from_text(name, e->other) == 0;
        } else if (k < 7) {
            e->adjust |= 1u << k;
        } else {
            fail(r, "unknown ADJUST '%s'", r->word[i]);
        }
    }
}

static size_t hex(struct reader *r, const char *text, uint8_t *ret, size_t cap)
{
    size_t n = 0;
    unsigned byte;
    for (; *text && n < cap; text += 2) {
        if (sscanf(text, "%2x", &byte) != 1) {
            fail(r, "'%s' is no hex", text);
            return 0;
        }
        ret[n++] = (uint8_t)byte;
    }
    return n;
}

/* REPLY words with a value. */
static bool read_reply_value(struct reader *r, struct story_entry *e, const char *word)
{
    const char *v;
    if ((v = value_of(word, "EDE"))) {
        e->edns.ede = e->ede_want = atoi(v);
    } else if ((v = value_of(word, "EDNS"))) {
        e->edns.udp_size = (uint16_t)atoi(v);
        e->edns.present = true;
    } else if ((v = value_of(word, "EDNSVERSION"))) {
        e->edns.version = (uint8_t)atoi(v);
        e->edns.present = true;
    } else if ((v = value_of(word, "COOKIE"))) {
        e->edns.cookie_size = (uint8_t)hex(r, v, e->edns.cookie, sizeof e->edns.cookie);
        e->edns.present = true;
    } else if ((v = value_of(word, "DELAY"))) {
        e->delay_us = duration(r, v);
    } else if ((v = value_of(word, "WITHIN"))) {
        e->within_us = duration(r, v);
    } else if ((v = value_of(word, "AFTER"))) {
        e->after_us = duration(r, v);
    } else if ((v = value_of(word, "SIZE"))) {
        e->size_most = (size_t)atoi(v);
    } else if ((v = value_of(word, "ID"))) {
        e->id = (uint16_t)atoi(v);
    } else if ((v = value_of(word, "QDCOUNT"))) {
        e->qdcount = (uint16_t)atoi(v);
    } else if ((v = value_of(word, "OPCODE"))) {
        e->opcode = (uint16_t)atoi(v);
    } else {
        return false;
    }
    return true;
}

static void read_reply(struct reader *r, struct story_entry *e)
{
    static const struct {
        const char *word;
        uint16_t bit;
    } flags[] = {{"QR", FLAG_QR}, {"AA", FLAG_AA}, {"TC", FLAG_TC}, {"RD", FLAG_RD},
                 {"RA", FLAG_RA}, {"AD", FLAG_AD}, {"CD", FLAG_CD}, {"Z", FLAG_Z}};
    e->flags_given = true;
    for (unsigned i = 1; i < r->words; i++) {
        const char *word = r->word[i];
        size_t k = 0;
        while (k < 8 && strcasecmp(flags[k].word, word) != 0) {
            k++;
        }
        if (k < 8) {
            e->flags |= flags[k].bit;
        } else if (strcasecmp(word, "DO") == 0) {
            e->edns.present = e->edns.dnssec_ok = true;
        } else if (strcasecmp(word, "ECS") == 0) {
            e->edns.present = e->edns.ecs = true;
        } else if (strcasecmp(word, "NSID") == 0) {
            e->edns.present = e->edns.nsid = true;
        } else if (strcasecmp(word, "EDNS") == 0) {
            e->edns.present = true;
            e->edns_want = 1;
        } else if (strcasecmp(word, "NOEDNS") == 0) {
            e->edns_want = -1;
        } else if (strcasecmp(word, "NOEDE") == 0) {
            e->ede_want = -1;
        } else if (strcasecmp(word, "COOKIE") == 0) {
            e->cookie_want = 1;
        } else if (strcasecmp(word, "NOCOOKIE") == 0) {
            e->cookie_want = -1;
        } else if (strcasecmp(word, "SILENT") == 0) {
            e->adjust |= ADJUST_SILENT;
        } else if (!read_reply_value(r, e, word) && wire_rcode_from_text(word, &e->rcode)) {
            fail(r, "unknown REPLY '%s'", word);
        }
    }
}

static void read_question(struct reader *r, struct story_entry *e)
{
    bool chaos = is(r, 1, "CH");
    if (r->words != 3 || wire_name_from_text(r->word[0], e->qname) ||
        wire_type_from_text(r->word[2], &e->qtype)) {
        fail(r, "NAME IN TYPE");
        return;
    }
    e->has_question = true;
    e->qclass = chaos ? 3 : 1;
}

/* "%3000": that many octets of text in strings of 250. */
static size_t much_text(unsigned octets, uint8_t *ret, size_t cap)
{
    size_t n = 0;
    while (octets && n + 251 < cap) {
        unsigned len = octets > 250 ? 250 : octets;
        ret[n] = (uint8_t)len;
        memset(ret + n + 1, 'x', len);
        n += 1 + len;
        octets -= len;
    }
    return n;
}

static void read_record(struct reader *r, struct story_entry *e, uint8_t section)
{
    static uint8_t rdata[65536];
    size_t size = 0;
    unsigned many;
    if (e->rrs == STORY_RRS_MAX || r->words < 5) {
        fail(r, "NAME TTL IN TYPE RDATA");
        return;
    }
    struct story_rr *rr = &e->rr[e->rrs];
    /* The rdata as written: behind the fourth word of the line. */
    const char *text = r->text;
    for (unsigned i = 0; i < 4; i++) {
        text += strspn(text, " \t");
        text += strcspn(text, " \t");
    }
    text += strspn(text, " \t");
    rr->section = section;
    rr->ttl = (uint32_t)strtoul(r->word[1], NULL, 10);
    if (wire_name_from_text(r->word[0], rr->owner) || wire_type_from_text(r->word[3], &rr->type)) {
        fail(r, "a record of no name or type");
        return;
    }
    if (rr->type == TYPE_TXT && sscanf(text, "\"%%%u\"", &many) == 1) {
        size = much_text(many, rdata, sizeof rdata);
    } else if (wire_rdata_from_text(rr->type, text, rdata, sizeof rdata, &size)) {
        fail(r, "cannot read the rdata '%s'", text);
        return;
    }
    rr->size = (uint16_t)size;
    rr->rdata = malloc(size ? size : 1);
    assert(rr->rdata);
    memcpy(rr->rdata, rdata, size);
    e->rrs++;
}

static void read_raw(struct reader *r, struct story_entry *e)
{
    e->raw = malloc(4096);
    assert(e->raw);
    for (unsigned i = 1; i < r->words; i++) {
        e->raw_size += hex(r, r->word[i], e->raw + e->raw_size, 4096 - e->raw_size);
    }
}

static struct story_entry *read_entry(struct reader *r)
{
    static const char *const sections[] = {"QUESTION", "ANSWER", "AUTHORITY", "ADDITIONAL"};
    uint8_t section = 4;
    if (r->s->entries == STORY_ENTRIES_MAX) {
        fail(r, "too many entries");
        return NULL;
    }
    struct story_entry *e = calloc(1, sizeof *e);
    assert(e);
    r->s->entry[r->s->entries++] = e;
    e->line = r->line;
    e->edns.ede = -1;
    e->ede_want = -2;
    e->qdcount = 1;
    while (next_line(r) && !is(r, 0, "ENTRY_END")) {
        if (is(r, 0, "MATCH")) {
            read_match(r, e);
        } else if (is(r, 0, "ADJUST")) {
            read_adjust(r, e);
        } else if (is(r, 0, "REPLY")) {
            read_reply(r, e);
        } else if (is(r, 0, "RAW")) {
            read_raw(r, e);
        } else if (is(r, 0, "SECTION")) {
            for (section = 0; section < 4 && !is(r, 1, sections[section]); section++) {
            }
            e->sections |= 1u << section;
        } else if (section == 0) {
            read_question(r, e);
        } else if (section < 4) {
            read_record(r, e, section);
        } else {
            fail(r, "'%s' in an entry", r->word[0]);
        }
    }
    return e;
}

/* ---- RANGE and STEP ---- */

static void read_range(struct reader *r)
{
    unsigned servers = 0;
    if (r->words != 3) {
        fail(r, "RANGE_BEGIN first last");
        return;
    }
    unsigned first = (unsigned)atoi(r->word[1]), last = (unsigned)atoi(r->word[2]);
    while (next_line(r) && !is(r, 0, "RANGE_END")) {
        if (is(r, 0, "ADDRESS") && r->words == 2) {
            servers |= 1u << server_number(r, r->word[1]);
        } else if (is(r, 0, "ENTRY_BEGIN")) {
            struct story_entry *e = read_entry(r);
            if (e) {
                e->servers = servers;
                e->first_step = first;
                e->last_step = last;
            }
        } else {
            fail(r, "'%s' in a range", r->word[0]);
        }
    }
}

static void read_step_word(struct reader *r, struct story_step *s, const char *word)
{
    const char *v;
    if (strcasecmp(word, "TCP") == 0) {
        s->tcp = true;
    } else if (strcasecmp(word, "UDP") == 0) {
        s->tcp = false;
    } else if (strcasecmp(word, "NUMBERED") == 0) {
        s->numbered = true;
    } else if (strcasecmp(word, "unreachable") == 0) {
        s->unreachable = true;
    } else if (strcasecmp(word, "no-route") == 0) {
        s->unreachable = true;
        s->lost = WR_LOST_BROKEN;
    } else if (strcasecmp(word, "no-descriptors") == 0) {
        s->unreachable = true;
        s->lost = WR_LOST_OWN;
    } else if ((v = value_of(word, "ADDRESS"))) {
        s->addr = address(r, v);
    } else if ((v = value_of(word, "PORT"))) {
        s->port = (uint16_t)atoi(v);
    } else if ((v = value_of(word, "TIMES"))) {
        s->times = (unsigned)atoi(v);
    } else if ((v = value_of(word, "EVERY"))) {
        s->time_us = duration(r, v);
    } else if ((v = value_of(word, "LEASE"))) {
        s->lease = address(r, v);
    } else if ((v = value_of(word, "FOR"))) {
        s->time_us = duration(r, v);
    } else if ((v = value_of(word, "OF"))) {
        s->of = (unsigned)atoi(v);
    } else if (strcmp(word, ">=") == 0 || strcmp(word, "<=") == 0 || strcmp(word, "=") == 0) {
        snprintf(s->compare, sizeof s->compare, "%s", word);
    } else if (s->kind == STEP_TIME_PASSES) {
        s->time_us = duration(r, word);
    } else if (word[strspn(word, "0123456789")] == 0) {
        s->count = strtoull(word, NULL, 10);
    } else if (s->kind == STEP_CHECK_COUNT || s->kind == STEP_FIREWALL ||
               (s->kind == STEP_SHOWS && s->addr.family)) {
        snprintf(s->what, sizeof s->what, "%s", word);
    } else {
        s->addr = r->s->server[server_number(r, word)];
    }
}

static void read_step(struct reader *r)
{
    static const char *const kinds[] = {
        "",           "QUERY",       "CHECK_ANSWER", "CHECK_SILENT", "CHECK_COUNT",
        "CHECK_SENT", "TIME_PASSES", "CUT",          "RESTORE",      "REFUSE_TCP",
        "LINK",       "RESTART",     "SHOWS",        "HANG",         "FIREWALL",
        "CHECK_ASKED"};
    if (r->s->steps == STORY_STEPS_MAX || r->words < 3) {
        fail(r, "STEP number what");
        return;
    }
    struct story_step *s = &r->s->step[r->s->steps++];
    *s = (struct story_step){
        .line = r->line, .number = (unsigned)atoi(r->word[1]), .times = 1, .compare = "="};
    for (unsigned k = STEP_QUERY; k <= STEP_CHECK_ASKED; k++) {
        s->kind = is(r, 2, kinds[k]) ? (enum step_kind)k : s->kind;
    }
    if (!s->kind) {
        fail(r, "unknown step '%s'", r->word[2]);
    }
    if (r->s->steps > 1 && s->number <= s[-1].number) {
        fail(r, "step %u after step %u", s->number, s[-1].number);
    }
    for (unsigned i = 3; i < r->words && !r->failed; i++) {
        read_step_word(r, s, r->word[i]);
    }
    if (s->kind == STEP_QUERY || s->kind == STEP_CHECK_ANSWER) {
        if (!next_line(r) || !is(r, 0, "ENTRY_BEGIN")) {
            fail(r, "no ENTRY_BEGIN behind the step");
            return;
        }
        s->entry = read_entry(r);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct wr_route *x = a, *y = b;
    return wr_name_order(x->zone.wire, y->zone.wire);
}

int story_read(struct story *s, const char *path)
{
    struct reader r = {.s = s};
    bool ended = false;
    memset(s, 0, sizeof *s);
    snprintf(s->path, sizeof s->path, "%s", path);
    gate_defaults(&s->gate);
    s->gate.settings.upstreams.route = s->route;
    s->gate.settings.ttl.rule = s->rule;
    r.file = fopen(path, "r");
    if (!r.file) {
        return fail(&r, "cannot open %s", path);
    }
    while (!ended && next_line(&r)) {
        if (is(&r, 0, "CONFIG")) {
            while (next_line(&r) && !is(&r, 0, "CONFIG_END")) {
                read_setting(&r);
            }
        } else if (is(&r, 0, "SCENARIO_BEGIN")) {
            snprintf(s->title, sizeof s->title, "%s",
                     strstr(r.text, r.word[0]) + strlen("SCENARIO_BEGIN"));
        } else if (is(&r, 0, "RANGE_BEGIN")) {
            read_range(&r);
        } else if (is(&r, 0, "STEP")) {
            read_step(&r);
        } else if (is(&r, 0, "SCENARIO_END")) {
            ended = true;
        } else {
            fail(&r, "'%s'", r.word[0]);
        }
    }
    fclose(r.file);
    unsigned routes = s->gate.settings.upstreams.routes;
    qsort(s->route, routes, sizeof s->route[0], by_name);
    wr_upstream_link_routes(s->route, routes);
    story_names_compile(s);
    story_rules_compile(s);
    story_rpz_compile(s);
    r.failed = r.failed || s->error[0] != 0;
    if (!r.failed && (!ended || !s->steps)) {
        return fail(&r, "a story without steps or end");
    }
    return r.failed ? -1 : 0;
}

void story_free(struct story *s)
{
    for (unsigned i = 0; i < s->entries; i++) {
        for (unsigned k = 0; k < s->entry[i]->rrs; k++) {
            free(s->entry[i]->rr[k].rdata);
        }
        free(s->entry[i]->raw);
        free(s->entry[i]);
    }
    s->entries = 0;
    story_names_free(s);
    story_rules_free(s);
    story_rpz_free(s);
    story_sealing_free(s);
}
