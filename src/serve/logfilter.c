/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/logfilter.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "dns/codes.h"
#include "dns/rrset.h"

/* The highest that has a name (BADCOOKIE). */
#define RCODE_MAX 23

void wr_logfilter_init(struct wr_logfilter *f)
{
    memset(f, 0, sizeof(*f));
    f->action = f->source = f->kind = -1;
    f->since = INT64_MIN;
    f->until = INT64_MAX;
}

/* The number whose name it is, below `count`; -1. */
static int number_named(const char *text, unsigned count, const char *(*name)(uint8_t))
{
    for (unsigned i = 0; i < count; i++) {
        if (wr_str_same(name((uint8_t)i), text)) {
            return (int)i;
        }
    }
    return -1;
}

static int read_device(struct wr_logfilter *f, const char *text)
{
    uint64_t number = 0;
    if (wr_str_to_u64(text, strlen(text), UINT32_MAX, &number) == WR_OK) {
        f->has_device = true;
        f->device = (uint32_t)number;
        return WR_OK;
    }
    if (text[0] == 0 || strlen(text) >= sizeof(f->claim)) {
        return WR_E_FORMAT;
    }
    snprintf(f->claim, sizeof(f->claim), "%s", text);
    return WR_OK;
}

static int read_client(struct wr_logfilter *f, const char *text)
{
    f->has_client = true;
    return wr_addr_prefix_from_text(text, &f->client);
}

static int read_asked(struct wr_logfilter *f, const char *text)
{
    f->has_asked = true;
    return wr_addr_prefix_from_text(text, &f->asked);
}

static int read_name(struct wr_logfilter *f, const char *text)
{
    f->has_name = true;
    return wr_name_from_text(text, strlen(text), &f->name);
}

static int read_type(struct wr_logfilter *f, const char *text)
{
    f->has_type = true;
    return wr_codes_type_from_text(text, strlen(text), &f->type);
}

static int read_rcode(struct wr_logfilter *f, const char *text)
{
    char name[WR_CODE_TEXT_SIZE];
    for (f->rcode = 0; f->rcode <= RCODE_MAX; f->rcode++) {
        wr_codes_rcode_text(f->rcode, name, sizeof(name));
        if (wr_str_same(name, text)) {
            f->has_rcode = true;
            return WR_OK;
        }
    }
    return WR_E_FORMAT;
}

static int read_verdict(struct wr_logfilter *f, const char *text)
{
    /* The record has what was done: a sinkhole gives data, and a rule that logs allows in the shadow. */
    f->shadow = wr_str_same(text, "log");
    text = f->shadow ? "allow" : wr_str_same(text, "sinkhole") ? "data" : text;
    f->action = number_named(text, WR_VERDICT_ACTIONS, wr_verdict_action_name);
    return f->action < 0 ? WR_E_FORMAT : WR_OK;
}

static int read_source(struct wr_logfilter *f, const char *text)
{
    f->source = number_named(text, WR_SOURCE_DROPPED + 1, wr_record_source_name);
    return f->source < 0 ? WR_E_FORMAT : WR_OK;
}

static int read_kind(struct wr_logfilter *f, const char *text)
{
    f->kind = number_named(text, WR_LEDGER_KINDS, wr_ledger_kind_name);
    return f->kind < 0 ? WR_E_FORMAT : WR_OK;
}

static int read_label(char room[WR_LABEL_TEXT_SIZE], const char *text)
{
    if (text[0] == 0 || strlen(text) >= WR_LABEL_TEXT_SIZE) {
        return WR_E_FORMAT;
    }
    snprintf(room, WR_LABEL_TEXT_SIZE, "%s", text);
    return WR_OK;
}

static int read_rule(struct wr_logfilter *f, const char *text)
{
    return read_label(f->rule, text);
}

static int read_segment(struct wr_logfilter *f, const char *text)
{
    return read_label(f->segment, text);
}

static int read_security(struct wr_logfilter *f, const char *text)
{
    f->secure = strcmp(text, "secure") == 0;
    f->insecure = strcmp(text, "other") == 0;
    return f->secure || f->insecure ? WR_OK : WR_E_FORMAT;
}

static const struct {
    const char *name;
    int (*read)(struct wr_logfilter *f, const char *text);
    const char *what;
} words[] = {
    {"device", read_device, "a device by its name, its number, or what it calls itself"},
    {"client", read_client, "an address or a prefix"},
    {"asked", read_asked, "an address or a prefix"},
    {"name", read_name, "a domain name"},
    {"type", read_type, "a record type"},
    {"verdict", read_verdict,
     "one of none, allow, nxdomain, nodata, refused, drop, truncate, data, route, secure, "
     "quarantine, sinkhole (what gave data), log (allowed in the shadow)"},
    {"rule", read_rule, "the name of a rule"},
    {"segment", read_segment, "the name of a segment"},
    {"source", read_source, "one of cache, stale, upstream, local, dropped"},
    {"rcode", read_rcode, "a response code, such as NXDOMAIN"},
    {"security", read_security, "secure or other"},
    {"kind", read_kind, "one of query, rollup, policy, device, log"},
};

int wr_logfilter_read(const json_t *args, struct wr_logfilter *ret_filter, char *why, size_t cap)
{
    struct wr_logfilter f;
    wr_logfilter_init(&f);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *text = json_string_value(json_object_get(args, words[i].name));
        if (text == NULL) {
            continue;
        }
        if (words[i].read(&f, text) != WR_OK) {
            snprintf(why, cap, "the argument %s must be %s", words[i].name, words[i].what);
            return WR_E_FORMAT;
        }
        f.queries = f.queries || words[i].read != read_kind;
    }
    const json_t *since = json_object_get(args, "since"), *until = json_object_get(args, "until");
    f.since = since == NULL ? f.since : json_integer_value(since);
    f.until = until == NULL ? f.until : json_integer_value(until);
    *ret_filter = f;
    return WR_OK;
}

static bool takes_query(const struct wr_logfilter *f, const struct wr_ledger_event *e)
{
    const struct wr_record *r = &e->record;
    return (!f->has_device || r->device == f->device) &&
           (f->claim[0] == 0 || wr_str_same(f->claim, e->claim)) &&
           (!f->has_client || wr_addr_in_prefix(&r->client, &f->client)) &&
           (!f->has_asked || wr_addr_in_prefix(&e->asked, &f->asked)) &&
           (!f->has_name || (e->name.size > 0 && wr_name_in(e->name.wire, f->name.wire))) &&
           (!f->has_type || r->qtype == f->type) &&
           (!f->has_rcode || (r->rcode == f->rcode && r->source != WR_SOURCE_DROPPED)) &&
           (f->action < 0 || r->verdict.action == f->action) && (!f->shadow || r->verdict.shadow) &&
           (f->source < 0 || r->source == f->source) &&
           (f->rule[0] == 0 || wr_str_same(f->rule, e->rule)) &&
           (f->segment[0] == 0 || wr_str_same(f->segment, e->segment)) &&
           (!f->secure || r->security == WR_SECURITY_SECURE) &&
           (!f->insecure || r->security != WR_SECURITY_SECURE);
}

void wr_logfilter_device(struct wr_logfilter *f, uint32_t number)
{
    f->has_device = true;
    f->device = number;
    f->claim[0] = 0;
}

bool wr_logfilter_takes(const struct wr_logfilter *f, const struct wr_ledger_event *e)
{
    bool query = e->kind == WR_LEDGER_QUERY || e->kind == WR_LEDGER_ROLLUP;
    return e->record.wall_s >= f->since && e->record.wall_s <= f->until &&
           (f->kind < 0 || e->kind == f->kind) && (query ? takes_query(f, e) : !f->queries);
}

bool wr_logfilter_takes_all(const struct wr_logfilter *f)
{
    return !f->queries && f->kind < 0 && f->since == INT64_MIN && f->until == INT64_MAX;
}
