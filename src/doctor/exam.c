/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/exam.h"

#include <string.h>

#include "base/err.h"
#include "doctor/look.h"
#include "doctor/service.h"
#include "doctor/zone.h"

/* Somebody may have been heard even so: then it is not this machine that cannot reach name servers. */
static void judge_reach(struct wr_exam *x)
{
    unsigned silent = 0;
    struct wr_str *s;

    for (unsigned i = 0; i < x->facts->count; i++) {
        const struct wr_fact *fact = &x->facts->fact[i];

        if (fact->want.kind != WR_FACTS_ASK_AT)
            continue;
        if (fact->outcome == WR_FACTS_ANSWERED)
            return;
        silent += fact->outcome != WR_FACTS_HURRIED;
    }
    if (!silent)
        return;
    s = wr_finding_begin(x->findings, WR_FINDING_SERVERS_UNHEARD, x->name, WR_TYPE_NS);
    wr_str_text(s, "No name server of the zones above answered this machine; the delegation was "
                   "not looked at.");
    wr_finding_end(x->findings);
}

/* The time was up. When the resolver had not said a word by then, nothing at all is known, and that must not pass for good. */
static void tell_hurried(struct wr_exam *x, const struct wr_fact *last)
{
    bool heard = false;
    struct wr_str *s;

    for (unsigned i = 0; i < x->facts->count; i++) {
        const struct wr_fact *fact = &x->facts->fact[i];

        heard = heard || (fact->want.kind == WR_FACTS_ASK && fact->outcome != WR_FACTS_HURRIED);
    }
    s = wr_finding_begin(x->findings, heard ? WR_FINDING_UNFINISHED : WR_FINDING_NO_TIME, x->name,
                         0);
    wr_str_text(s, "The time was up");
    if (last) {
        wr_str_text(s, ", ");
        wr_str_u64(s, last->waited_ms);
        wr_str_text(s, " ms after the last that was tried, which had not answered");
    }
    wr_str_char(s, '.');
    wr_finding_end(x->findings);
}

static void judge_rest(struct wr_exam *x)
{
    const struct wr_fact *last = NULL;
    struct wr_str *s;
    bool cut = x->cut;

    for (unsigned i = 0; i < x->facts->count; i++) {
        const struct wr_fact *fact = &x->facts->fact[i];

        cut = cut || fact->cut;
        last = fact->outcome == WR_FACTS_HURRIED ? fact : last;
    }
    if (last || x->options->hurried)
        tell_hurried(x, last);
    if (!x->full && !cut)
        return;
    s = wr_finding_begin(x->findings, WR_FINDING_UNFINISHED, x->name, 0);
    wr_str_text(s, x->full ? "There is more to ask than is asked for one name, or of one address."
                           : "There are more records than are looked at.");
    wr_finding_end(x->findings);
}

void wr_exam_run(struct wr_exam *x, const struct wr_exam_options *options, const uint8_t *name,
                 const struct wr_facts *facts, struct wr_findings *findings)
{
    enum wr_service_kind kind = wr_service_kind(name);

    x->options = options;
    x->name = name;
    x->facts = facts;
    x->findings = findings;
    x->wants = 0;
    x->full = x->cut = false;
    wr_findings_start(findings);
    if (kind == WR_SERVICE_NONE)
        wr_zone_look(x, name);
    else
        wr_service_look(x, name, kind);
    judge_reach(x);
    judge_rest(x);
}
