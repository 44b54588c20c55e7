/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/exporttext.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "dns/codes.h"
#include "serve/json.h"
#include "serve/put.h"
#include "serve/report.h"

#define FACILITY_LOCAL0 16
#define NAME_SIZE       WR_NAME_TEXT_SIZE

/* --- escapes --- */

static void put_escaped(struct wr_str *s, const char *text, const char *special)
{
    for (; *text != 0; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f) {
            wr_str_char(s, '?');
            continue;
        }
        if (strchr(special, c) != NULL) {
            wr_str_char(s, '\\');
        }
        wr_str_char(s, (char)c);
    }
}

static void put_param(struct wr_str *s, const char *key, const char *value)
{
    wr_str_char(s, ' ');
    wr_str_text(s, key);
    wr_str_text(s, "=\"");
    put_escaped(s, value, "\"\\]");
    wr_str_char(s, '"');
}

/* --- JSON --- */

size_t wr_exporttext_json(const struct wr_ledger_event *event, char *room)
{
    struct wr_json j;
    wr_json_init(&j, room, WR_EXPORTTEXT_SIZE, NULL, NULL);
    wr_report_event(event, "", &j, NULL);
    wr_json_finish(&j); /* an event is shorter than the room */
    return j.len;
}

/* --- syslog --- */

static bool is_decision(const struct wr_ledger_event *e)
{
    return e->record.verdict.action > WR_VERDICT_ALLOW;
}

/* Informational, notice, warning. */
static unsigned severity(const struct wr_ledger_event *e)
{
    if (e->kind == WR_LEDGER_LOG) {
        return 4;
    }
    return is_decision(e) || e->kind > WR_LEDGER_ROLLUP ? 5 : 6;
}

void wr_exporttext_host(const char *name, char *ret, size_t cap)
{
    size_t n = 0;
    for (; name[n] != 0 && n + 1 < cap && n < 255; n++) {
        ret[n] = name[n] > 0x20 && name[n] < 0x7f ? name[n] : '-';
    }
    ret[n] = 0;
    if (n == 0) {
        snprintf(ret, cap, "-");
    }
}

static void put_time(struct wr_str *s, int64_t wall_s)
{
    char text[40] = "-";
    time_t at = (time_t)wall_s;
    struct tm tm;
    if (gmtime_r(&at, &tm) != NULL && tm.tm_year < 8100) {
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
    wr_str_text(s, text);
}

static void put_header(struct wr_str *s, const struct wr_exporttext *by,
                       const struct wr_ledger_event *e)
{
    char number[24];
    wr_str_char(s, '<');
    wr_str_u64(s, FACILITY_LOCAL0 * 8 + severity(e));
    wr_str_text(s, ">1 ");
    put_time(s, e->record.wall_s);
    wr_str_char(s, ' ');
    wr_str_text(s, by->host);
    wr_str_text(s, " weir ");
    wr_str_i64(s, by->pid);
    wr_str_char(s, ' ');
    wr_str_text(s, is_decision(e) ? "decision" : wr_ledger_kind_name(e->kind));
    wr_str_text(s, " [origin");
    put_param(s, "software", "weir");
    put_param(s, "swVersion", WEIR_VERSION);
    /* RFC 5424 section 7.3.1: from 1 to 2147483647, and around. */
    snprintf(number, sizeof(number), "%llu",
             (unsigned long long)((e->number - 1) % 2147483647 + 1));
    wr_str_text(s, "][meta");
    put_param(s, "sequenceId", number);
    wr_str_text(s, "] ");
}

size_t wr_exporttext_syslog(const struct wr_exporttext *by, const struct wr_ledger_event *event,
                            char *room)
{
    struct wr_str s;
    struct wr_json j;
    wr_str_init(&s, room, WR_EXPORTTEXT_SIZE);
    put_header(&s, by, event);
    wr_json_init(&j, room + s.len, WR_EXPORTTEXT_SIZE - s.len, NULL, NULL);
    wr_report_event(event, "", &j, NULL);
    wr_json_finish(&j);
    size_t n = s.len + j.len;
    n -= n > 0 && room[n - 1] == '\n';
    room[n] = 0;
    return n;
}

/* --- CEF --- */

static void put_key(struct wr_str *s, const char *key, const char *value)
{
    if (value[0] == 0) {
        return;
    }
    wr_str_char(s, ' ');
    wr_str_text(s, key);
    wr_str_char(s, '=');
    put_escaped(s, value, "\\=");
}

static void put_number(struct wr_str *s, const char *key, uint64_t value)
{
    wr_str_char(s, ' ');
    wr_str_text(s, key);
    wr_str_char(s, '=');
    wr_str_u64(s, value);
}

/* A field of one's own: its value, and what it is called. */
static void put_custom(struct wr_str *s, const char *key, const char *label, const char *value)
{
    char name[24];
    if (value[0] == 0) {
        return;
    }
    put_key(s, key, value);
    snprintf(name, sizeof(name), "%sLabel", key);
    put_key(s, name, label);
}

static void put_client(struct wr_str *s, const struct wr_ledger_event *e)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr addr = e->record.client;
    addr.port = 0;
    if (addr.family == WR_AF_NONE) {
        return;
    }
    wr_addr_to_text(&addr, text, sizeof(text));
    if (addr.family == WR_AF_V4) {
        put_key(s, "src", text);
    } else {
        put_custom(s, "c6a2", "Source IPv6 Address", text);
    }
    if (e->record.client.port != 0) {
        put_number(s, "spt", e->record.client.port);
    }
}

/* Whom he asked, if that is not weir. */
static void put_asked(struct wr_str *s, const struct wr_addr *asked)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr addr = *asked;
    addr.port = 0;
    if (addr.family == WR_AF_NONE) {
        return;
    }
    wr_addr_to_text(&addr, text, sizeof(text));
    if (addr.family == WR_AF_V4) {
        put_key(s, "dst", text);
    } else {
        put_custom(s, "c6a3", "Destination IPv6 Address", text);
    }
    put_number(s, "dpt", asked->port);
}

static void put_query(struct wr_str *s, const struct wr_ledger_event *e)
{
    const struct wr_record *r = &e->record;
    char text[NAME_SIZE];
    put_client(s, e);
    put_asked(s, &e->asked);
    put_key(s, "shost", e->claim);
    if (r->device != 0) {
        snprintf(text, sizeof(text), "%u", (unsigned)r->device);
        put_key(s, "suid", text);
    }
    put_key(s, "app", "DNS");
    put_key(s, "proto", wr_client_has_datagrams(r->transport) ? "UDP" : "TCP");
    if (e->name.size > 0) {
        wr_name_to_text(e->name.wire, text, sizeof(text));
        put_key(s, "destinationDnsDomain", text);
        wr_codes_type_text(r->qtype, text, sizeof(text));
        put_custom(s, "cs1", "type", text);
    }
    if (r->source != WR_SOURCE_DROPPED) {
        wr_codes_rcode_text(r->rcode, text, sizeof(text));
        put_key(s, "outcome", text);
    }
    put_key(s, "act", wr_verdict_action_name(r->verdict.action));
    put_custom(s, "cs2", "rule", e->rule);
    put_custom(s, "cs3", "feed", e->feed);
    put_custom(s, "cs4", "source", wr_record_source_name(r->source));
    put_custom(s, "cs5", "segment", e->segment);
    put_custom(s, "cs6", "security", security_name(r->security));
    put_number(s, "cn1", r->took_us);
    put_key(s, "cn1Label", "took_us");
    if (r->verdict.line != 0) {
        put_number(s, "cn2", r->verdict.line);
        put_key(s, "cn2Label", "line of the feed");
    }
}

size_t wr_exporttext_cef(const struct wr_exporttext *by, const struct wr_ledger_event *event,
                         char *room)
{
    struct wr_str s;
    bool query = event->kind == WR_LEDGER_QUERY || event->kind == WR_LEDGER_ROLLUP;
    const char *kind = is_decision(event) ? "decision" : wr_ledger_kind_name(event->kind);
    wr_str_init(&s, room, WR_EXPORTTEXT_SIZE);
    put_header(&s, by, event);
    wr_str_text(&s, "CEF:0|weir|weir|");
    put_escaped(&s, WEIR_VERSION, "\\|");
    wr_str_char(&s, '|');
    put_escaped(&s, kind, "\\|");
    wr_str_char(&s, '|');
    put_escaped(&s, query ? "DNS query" : "change", "\\|");
    wr_str_text(&s, is_decision(event) ? "|5|" : query ? "|1|" : "|3|");
    wr_str_text(&s, "rt=");
    wr_str_u64(&s, event->record.wall_s < 0 ? 0 : (uint64_t)event->record.wall_s * 1000);
    put_number(&s, "externalId", event->number);
    if (event->kind == WR_LEDGER_ROLLUP) {
        put_number(&s, "cnt", event->count);
    }
    if (query) {
        put_query(&s, event);
    } else {
        put_key(&s, "msg", event->text);
    }
    return s.len;
}
