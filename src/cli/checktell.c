/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/checktell.h"

#include <jansson.h>
#include <string.h>

#include "base/err.h"

/* "_turn._udp.example. SRV". */
static void subject(const struct wr_finding *f, char out[WR_NAME_TEXT_SIZE + WR_CODE_TEXT_SIZE])
{
    char type[WR_CODE_TEXT_SIZE];
    struct wr_str s;

    wr_str_init(&s, out, WR_NAME_TEXT_SIZE + WR_CODE_TEXT_SIZE);
    wr_name_put_text(&s, f->subject.wire);
    if (!f->type)
        return;
    wr_codes_type_text(f->type, type, sizeof(type));
    wr_str_char(&s, ' ');
    wr_str_text(&s, type);
}

static const char *outcome_text(const struct wr_fact *fact, char rcode[WR_CODE_TEXT_SIZE])
{
    switch (fact->outcome) {
    case WR_FACTS_SILENT: return "silence";
    case WR_FACTS_CLOSED: return "nobody there";
    case WR_FACTS_ABSENT: return "no such machine";
    case WR_FACTS_UNREACHABLE: return "no way there";
    case WR_FACTS_HURRIED: return "no time left";
    case WR_FACTS_BROKEN: return "no answer that can be read";
    default: break;
    }
    if (fact->want.kind >= WR_FACTS_TCP)
        return "answers";
    wr_codes_rcode_text(fact->rcode, rcode, WR_CODE_TEXT_SIZE);
    return rcode;
}

static const char *how_text(const struct wr_fact *fact)
{
    static const char *const words[] = {"", "resolver", "resolver, CD", "server", "TCP", "STUN"};

    return words[fact->want.kind <= WR_FACTS_STUN ? fact->want.kind : 0];
}

/* What was asked or tried: "_turn._udp.example. SRV" and "192.0.2.1:53", each perhaps empty. */
static void want_text(const struct wr_fact *fact, char name[WR_NAME_TEXT_SIZE + WR_CODE_TEXT_SIZE],
                      char to[WR_ADDR_TEXT_SIZE])
{
    struct wr_finding like = {.type = fact->want.type};

    name[0] = to[0] = '\0';
    wr_name_set(&like.subject, fact->want.name.wire);
    if (fact->want.kind < WR_FACTS_TCP)
        subject(&like, name);
    if (fact->want.kind >= WR_FACTS_ASK_AT)
        wr_addr_to_text(&fact->want.to, to, WR_ADDR_TEXT_SIZE);
}

static unsigned answers_of(const struct wr_checkwork *work, const struct wr_fact *fact)
{
    unsigned at = 0, n = 0;

    while (wr_facts_next(&work->facts, fact, WR_SECTION_ANSWER, NULL, 0, &at))
        n++;
    return n;
}

/* --- for people --- */

static void tell_asked(const struct wr_checkwork *work, FILE *out)
{
    for (unsigned i = 0; i < work->facts.count; i++) {
        const struct wr_fact *fact = &work->facts.fact[i];
        char name[WR_NAME_TEXT_SIZE + WR_CODE_TEXT_SIZE], to[WR_ADDR_TEXT_SIZE];
        char rcode[WR_CODE_TEXT_SIZE];
        bool question = fact->want.kind < WR_FACTS_TCP && fact->outcome == WR_FACTS_ANSWERED;

        want_text(fact, name, to);
        fprintf(out, "%s: %s%s%s: %s", how_text(fact), name, *name && *to ? " at " : "", to,
                outcome_text(fact, rcode));
        if (question)
            fprintf(out, ", %u records", answers_of(work, fact));
        fputc('\n', out);
    }
    fputc('\n', out);
}

static void tell_finding(const struct wr_finding *f, FILE *out)
{
    const struct wr_finding_row *row = wr_finding_row(f->code);
    char text[WR_NAME_TEXT_SIZE + WR_CODE_TEXT_SIZE];

    subject(f, text);
    fprintf(out, "%s %s: %s\n  %s\n", wr_severity_name(row->severity), row->word, text, f->what);
    if (f->record[0])
        fprintf(out, "  record: %s\n", f->record);
    fprintf(out, "  why:    %s\n  remedy: %s (%s)\n\n", row->about, row->remedy, row->rfc);
}

static const char *plural(unsigned n)
{
    return n == 1 ? "" : "s";
}

void wr_checktell_text(const struct wr_checkwork *work, bool verbose, FILE *out)
{
    unsigned errors = wr_findings_count(&work->findings, WR_SEVERITY_ERROR);
    unsigned warnings = wr_findings_count(&work->findings, WR_SEVERITY_WARNING);
    unsigned notes = wr_findings_count(&work->findings, WR_SEVERITY_NOTE);
    char name[WR_NAME_TEXT_SIZE], server[WR_ADDR_TEXT_SIZE];

    if (verbose)
        tell_asked(work, out);
    for (int s = WR_SEVERITY_ERROR; s >= WR_SEVERITY_NOTE; s--)
        for (unsigned i = 0; i < work->findings.count; i++)
            if ((int)wr_finding_row(work->findings.item[i].code)->severity == s)
                tell_finding(&work->findings.item[i], out);
    wr_name_to_text(work->name.wire, name, sizeof(name));
    wr_addr_to_text(&work->server[work->server_at], server, sizeof(server));
    fprintf(out, "%s: ", name);
    if (errors + warnings + notes == 0)
        fputs("good", out);
    else
        fprintf(out, "%u error%s, %u warning%s, %u note%s", errors, plural(errors), warnings,
                plural(warnings), notes, plural(notes));
    if (work->findings.beyond)
        fprintf(out, ", of which %u %s not shown", work->findings.beyond,
                work->findings.beyond == 1 ? "is" : "are");
    fprintf(out, " (%u question%s, %u probe%s, asked of %s)\n", work->questions,
            plural(work->questions), work->probes, plural(work->probes), server);
}

/* --- for scripts --- */

/* NULL: no memory, or a text that is no UTF-8. A value that is NULL already makes the whole so. */
static bool set(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static json_t *finding_json(const struct wr_finding *f)
{
    const struct wr_finding_row *row = wr_finding_row(f->code);
    char name[WR_NAME_TEXT_SIZE], type[WR_CODE_TEXT_SIZE] = "";
    json_t *one;

    wr_name_to_text(f->subject.wire, name, sizeof(name));
    if (f->type)
        wr_codes_type_text(f->type, type, sizeof(type));
    one = json_pack("{s:s, s:s, s:s, s:s, s:s}", "severity", wr_severity_name(row->severity),
                    "code", row->word, "name", name, "type", type, "what", f->what);
    if ((!f->record[0] || set(one, "record", json_string(f->record))) &&
        set(one, "about", json_string(row->about)) &&
        set(one, "remedy", json_string(row->remedy)) && set(one, "rfc", json_string(row->rfc)))
        return one;
    json_decref(one);
    return NULL;
}

static json_t *fact_json(const struct wr_fact *fact)
{
    char name[WR_NAME_TEXT_SIZE + WR_CODE_TEXT_SIZE], to[WR_ADDR_TEXT_SIZE];
    char rcode[WR_CODE_TEXT_SIZE];
    json_t *one =
        json_pack("{s:s, s:s}", "how", how_text(fact), "outcome", outcome_text(fact, rcode));

    want_text(fact, name, to);
    if ((!*name || set(one, "question", json_string(name))) &&
        (!*to || set(one, "to", json_string(to))))
        return one;
    json_decref(one);
    return NULL;
}

/* A list that lost one of its members would be a lie: it is whole, or NULL. */
static json_t *findings_json(const struct wr_checkwork *work)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < work->findings.count; i++)
        if (json_array_append_new(list, finding_json(&work->findings.item[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *asked_json(const struct wr_checkwork *work)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < work->facts.count; i++)
        if (json_array_append_new(list, fact_json(&work->facts.fact[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

int wr_checktell_json(const struct wr_checkwork *work, bool verbose, FILE *out)
{
    unsigned errors = wr_findings_count(&work->findings, WR_SEVERITY_ERROR);
    char name[WR_NAME_TEXT_SIZE], server[WR_ADDR_TEXT_SIZE];
    json_t *all;
    int err = WR_E_NOMEM;

    wr_name_to_text(work->name.wire, name, sizeof(name));
    wr_addr_to_text(&work->server[work->server_at], server, sizeof(server));
    all = json_pack("{s:s, s:s, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "name", name, "server",
                    server, "ok", errors == 0, "errors", (int)errors, "warnings",
                    (int)wr_findings_count(&work->findings, WR_SEVERITY_WARNING), "notes",
                    (int)wr_findings_count(&work->findings, WR_SEVERITY_NOTE), "more",
                    (int)work->findings.beyond, "questions", (int)work->questions, "probes",
                    (int)work->probes, "time_ms", (int)work->took_ms);
    if (set(all, "findings", findings_json(work)) &&
        (!verbose || set(all, "asked", asked_json(work))))
        err = json_dumpf(all, out, JSON_INDENT(2)) == 0 ? WR_OK : WR_E_IO;
    if (!err)
        fputc('\n', out);
    json_decref(all);
    return err;
}

/* --- the table --- */

void wr_checktell_doc(FILE *out)
{
    fputs(
        "# What `weir check name` finds\n\nPrinted by `weir check name --doc` from the table in "
        "`src/doctor/finding.c`. The code word of a finding never changes its meaning.\n\n"
        "An error is what a client stumbles over; a warning is what works for some, or for now; a "
        "note is what is only odd. The exit status is 1 when there is an error, else 0.\n\n"
        "| code | severity | what it means | remedy | where it is written |\n"
        "|---|---|---|---|---|\n",
        out);
    for (int s = WR_SEVERITY_ERROR; s >= WR_SEVERITY_NOTE; s--)
        for (unsigned i = 0; i < WR_FINDING_CODES; i++) {
            const struct wr_finding_row *row = wr_finding_row(i);

            if ((int)row->severity == s)
                fprintf(out, "| `%s` | %s | %s | %s | %s |\n", row->word,
                        wr_severity_name(row->severity), row->about, row->remedy, row->rfc);
        }
}
