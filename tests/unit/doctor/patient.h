/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A patient: a small world in text, and what the doctor finds in it.
 *
 *     struct patient p = {
 *         .resolver = "example. 300 SOA ns. host. 1 1 1 1 1\n" "www.example. 300 A 192.0.2.1\n",
 *         .says = "bad.example. SERVFAIL 6\n",                     names that the resolver fails for, with EDE (-1: none),
 *                                                                 and perhaps a type, if only for that
 *         .server = {{"192.0.2.53", "..."}},                      name servers, by their zones' records
 *         .open = "192.0.2.1:631 tcp\n",                          who answers a probe
 *     };
 *     examine(&p, "www.example.", "warning no-ipv6 www.example.\n");
 *
 * The resolver follows aliases and denies with its SOA; with `local` it answers with AA. A name server has AA for
 * the zone of its SOA record, gives referrals at NS records below it, and refuses what is elsewhere. Findings are compared
 * as lines, in the order they were found.
 */
#ifndef WEIR_TESTS_DOCTOR_PATIENT_H
#define WEIR_TESTS_DOCTOR_PATIENT_H

#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/build.h"
#include "dns/present.h"
#include "doctor/exam.h"

struct patient {
    const char *resolver, *says, *open, *refuses, *unreachable;
    bool local, resolver_only;
    bool far;     /* the resolver is not of this network, whatever AA it sets */
    bool hurried; /* silence is not waited for */
    uint16_t port;
    struct {
        const char *at, *records;
    } server[4];
    unsigned rounds, asked; /* afterwards */
};

enum { ASK_MS = 8001, SERVER_MS = 3002, PROBE_MS = 2503 }; /* how long silence lasts */

struct line {
    struct wr_name owner;
    uint16_t type;
    uint32_t ttl;
    uint8_t rdata[512];
    size_t size;
};

static struct wr_facts facts;
static struct wr_findings findings;
static struct wr_exam exam;
static struct wr_exam_options options;

/* Takes the next line off `text`; false at its end. */
static bool next_line(const char **text, struct line *ret)
{
    char owner[300], type[20];
    unsigned ttl;
    int used = 0;
    size_t n;
    struct wr_writer w;

    if (!*text || sscanf(*text, "%299s %u %19s %n", owner, &ttl, type, &used) != 3)
        return false;
    assert_int_equal(wr_name_from_text(owner, strlen(owner), &ret->owner), WR_OK);
    assert_int_equal(wr_codes_type_from_text(type, strlen(type), &ret->type), WR_OK);
    n = strcspn(*text + used, "\n");
    wr_buf_write_init(&w, ret->rdata, sizeof(ret->rdata));
    if (wr_present_read_rdata(*text + used, n, ret->type, NULL, &w, NULL) != WR_OK)
        fail_msg("%.*s", (int)(n + (size_t)used), *text);
    ret->ttl = ttl;
    ret->size = w.pos;
    *text += (size_t)used + n;
    return true;
}

static void put(struct wr_build *b, enum wr_section section, const struct line *line)
{
    assert_int_equal(wr_build_rr(b, section, line->owner.wire, line->type, WR_CLASS_IN, line->ttl,
                                 line->rdata, line->size),
                     WR_OK);
}

static unsigned put_all(struct wr_build *b, enum wr_section section, const char *records,
                        const uint8_t *owner, uint16_t type)
{
    struct line line;
    unsigned n = 0;

    while (next_line(&records, &line))
        if (line.type == type && wr_name_equal(line.owner.wire, owner)) {
            put(b, section, &line);
            n++;
        }
    return n;
}

static bool exists(const char *records, const uint8_t *name)
{
    struct line line;

    while (next_line(&records, &line))
        if (wr_name_in(line.owner.wire, name))
            return true;
    return false;
}

/* The longest owner of `type` that the name is in. */
static bool enclosing(const char *records, const uint8_t *name, uint16_t type, struct line *ret)
{
    struct line line;
    bool found = false;

    while (next_line(&records, &line))
        if (line.type == type && wr_name_in(name, line.owner.wire) &&
            (!found || wr_name_in(line.owner.wire, ret->owner.wire))) {
            *ret = line;
            found = true;
        }
    return found;
}

static uint16_t answer(struct wr_build *b, const char *records, const uint8_t *name, uint16_t type)
{
    struct wr_name at, seen[40];
    struct line line;

    wr_name_set(&at, name);
    for (unsigned i = 0; i < 40; i++) {
        const char *rest = records;
        bool alias = false;

        for (unsigned j = 0; j < i; j++) /* round: it gives each alias once */
            if (wr_name_equal(seen[j].wire, at.wire))
                return WR_RCODE_NOERROR;
        seen[i] = at;

        if (put_all(b, WR_SECTION_ANSWER, records, at.wire, type))
            return WR_RCODE_NOERROR;
        while (type != WR_TYPE_CNAME && !alias && next_line(&rest, &line))
            if (line.type == WR_TYPE_CNAME && wr_name_equal(line.owner.wire, at.wire)) {
                put(b, WR_SECTION_ANSWER, &line);
                wr_name_set(&at, line.rdata);
                alias = true;
            }
        if (!alias)
            break;
    }
    if (enclosing(records, at.wire, WR_TYPE_SOA, &line))
        put(b, WR_SECTION_AUTHORITY, &line);
    return exists(records, at.wire) ? WR_RCODE_NOERROR : WR_RCODE_NXDOMAIN;
}

/* What a name server says. */
static uint16_t serve(struct wr_build *b, const char *records, const uint8_t *name, uint16_t type,
                      uint16_t *flags)
{
    struct line soa, cut;

    if (!enclosing(records, name, WR_TYPE_SOA, &soa))
        return WR_RCODE_REFUSED;
    if (enclosing(records, name, WR_TYPE_NS, &cut) &&
        !wr_name_equal(cut.owner.wire, soa.owner.wire)) {
        const char *rest = records;
        struct line line;

        put_all(b, WR_SECTION_AUTHORITY, records, cut.owner.wire, WR_TYPE_NS);
        while (next_line(&rest, &line))
            if (line.type == WR_TYPE_A && wr_name_in(line.owner.wire, cut.owner.wire))
                put(b, WR_SECTION_ADDITIONAL, &line);
        return WR_RCODE_NOERROR;
    }
    *flags |= WR_FLAG_AA;
    return answer(b, records, name, type);
}

/* Where a line begins so, or NULL. */
static const char *find_line(const char *text, const char *line)
{
    const char *found = text ? strstr(text, line) : NULL;

    while (found && found != text && found[-1] != '\n')
        found = strstr(found + 1, line);
    return found;
}

/* A line of `says` may end with a type: it is about that type alone. */
static bool is_for(const char *says, uint16_t type)
{
    char word[20], rest[WR_CODE_TEXT_SIZE];

    if (sscanf(says, "%*s %*s %*d%*[ ]%19[A-Z0-9]", word) != 1)
        return true;
    wr_codes_type_text(type, rest, sizeof(rest));
    return !strcmp(word, rest);
}

static void reply(const struct wr_facts_want *want, const struct patient *p)
{
    uint8_t wire[8192];
    char name[WR_NAME_TEXT_SIZE], line[WR_NAME_TEXT_SIZE + 40], at[WR_ADDR_TEXT_SIZE];
    struct wr_build_opt opt = {.udp_size = 1232, .ede = WR_EDE_NONE};
    struct wr_build b;
    uint16_t flags = WR_FLAG_QR, rcode = WR_RCODE_NOERROR;
    struct wr_addr bare = want->to;
    const char *records = NULL, *says;
    size_t mark;

    wr_name_to_text(want->name.wire, name, sizeof(name));
    bare.port = 0;
    wr_addr_to_text(&bare, at, sizeof(at));
    for (unsigned i = 0; want->kind == WR_FACTS_ASK_AT && i < 4; i++)
        if (p->server[i].at && !strcmp(p->server[i].at, at))
            records = p->server[i].records;
    if (want->kind == WR_FACTS_ASK_AT && !records) {
        wr_facts_failed(&facts, want,
                        find_line(p->unreachable, at) ? WR_FACTS_UNREACHABLE
                        : p->hurried                  ? WR_FACTS_HURRIED
                                                      : WR_FACTS_SILENT,
                        SERVER_MS);
        return;
    }
    wr_build_start(&b, wire, sizeof(wire), 1, 0);
    wr_build_question(&b, want->name.wire, want->type, WR_CLASS_IN);
    snprintf(line, sizeof(line), "%s ", name);
    says = want->kind == WR_FACTS_ASK ? find_line(p->says, line) : NULL;
    if (says && is_for(says, want->type)) {
        char word[20];

        assert_int_equal(sscanf(says, "%*s %19s %d", word, &opt.ede), 2);
        if (!strcmp(word, "SILENT")) {
            wr_facts_failed(&facts, want, p->hurried ? WR_FACTS_HURRIED : WR_FACTS_SILENT, ASK_MS);
            return;
        }
        for (rcode = 0; rcode < 24; rcode++) {
            wr_codes_rcode_text(rcode, line, sizeof(line));
            if (!strcmp(line, word))
                break;
        }
        assert_int_not_equal(rcode, 24);
    }
    if (want->kind == WR_FACTS_ASK_AT)
        rcode = serve(&b, records, want->name.wire, want->type, &flags);
    else if (rcode == WR_RCODE_NOERROR)
        rcode = answer(&b, p->resolver, want->name.wire, want->type);
    if (want->kind != WR_FACTS_ASK_AT && p->local)
        flags |= WR_FLAG_AA;
    wr_build_opt(&b, &opt, rcode);
    b.flags |= flags;
    mark = wr_build_finish(&b, rcode);
    assert_int_equal(wr_facts_reply(&facts, want, wire, mark), WR_OK);
}

static void probe(const struct wr_facts_want *want, const struct patient *p)
{
    char at[WR_ADDR_TEXT_SIZE], line[WR_ADDR_TEXT_SIZE + 8];
    enum wr_facts_outcome outcome = p->hurried ? WR_FACTS_HURRIED : WR_FACTS_SILENT;

    wr_addr_to_text(&want->to, at, sizeof(at));
    snprintf(line, sizeof(line), "%s %s", at, want->kind == WR_FACTS_TCP ? "tcp" : "stun");
    if (find_line(p->open, line))
        outcome = WR_FACTS_ANSWERED;
    else if (find_line(p->refuses, line))
        outcome = WR_FACTS_CLOSED;
    else if (find_line(p->unreachable, line))
        outcome = WR_FACTS_UNREACHABLE;
    assert_int_equal(wr_facts_failed(&facts, want, outcome, PROBE_MS), WR_OK);
}

__attribute__((unused)) static void run_exam(struct patient *p, const char *name)
{
    struct wr_name wire;

    assert_int_equal(wr_name_from_text(name, strlen(name), &wire), WR_OK);
    options = (struct wr_exam_options){.resolver_only = p->resolver_only,
                                       .near = !p->far,
                                       .ports = {p->port},
                                       .port_count = p->port ? 1 : 0};
    wr_facts_start(&facts);
    for (p->rounds = p->asked = 0; p->rounds <= WR_DOCTOR_FACTS_MAX; p->rounds++) {
        wr_exam_run(&exam, &options, wire.wire, &facts, &findings);
        if (!exam.wants)
            break;
        for (unsigned i = 0; i < exam.wants; i++) {
            if (exam.want[i].kind >= WR_FACTS_TCP)
                probe(&exam.want[i], p);
            else
                reply(&exam.want[i], p);
            p->asked++;
        }
    }
    assert_int_equal(exam.wants, 0);
}

__attribute__((unused)) static void examine(struct patient *p, const char *name,
                                            const char *expected)
{
    char *text = NULL, subject[WR_NAME_TEXT_SIZE];
    size_t n;
    FILE *out = open_memstream(&text, &n);

    run_exam(p, name);
    for (unsigned i = 0; i < findings.count; i++) {
        const struct wr_finding_row *row = wr_finding_row(findings.item[i].code);

        wr_name_to_text(findings.item[i].subject.wire, subject, sizeof(subject));
        fprintf(out, "%s %s %s\n", wr_severity_name(row->severity), row->word, subject);
        assert_true(findings.item[i].what[0]);
    }
    fclose(out);
    if (strcmp(text, expected) != 0)
        fail_msg("%s\nfound:\n%sexpected:\n%s", name, text, expected);
    free(text);
}

/* What the finding at that place says. */
__attribute__((unused)) static const char *words(unsigned at)
{
    assert_true(at < findings.count);
    return findings.item[at].what;
}

#endif
