/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/devicecontrol.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/units.h"
#include "dns/reverse.h"
#include "policy/segment.h"
#include "resolve/local.h"
#include "serve/devicehears.h"
#include "serve/devices.h"
#include "serve/firewall.h"
#include "serve/muds.h"
#include "serve/say.h"
#include "serve/serve.h"

/* An octet of wishes takes four characters at most. */
#define MARK_TEXT_SIZE (4 * WR_MARK_SIZE + 1)

/* --- showing --- */

void wr_devicecontrol_put_id(struct wr_json *j, const char *key, uint32_t number)
{
    char text[16];
    snprintf(text, sizeof(text), "d%lu", (unsigned long)number);
    wr_json_text(j, key, text);
}

/* Wishes are numbers of options, of DHCPv6 with two octets each. */
static void wishes_text(const struct wr_mark *m, char *ret_text, size_t cap)
{
    struct wr_str s;
    size_t step = m->kind == WR_MARK_WISHES6 ? 2 : 1;
    wr_str_init(&s, ret_text, cap);
    for (size_t i = 0; i + step <= m->size; i += step) {
        wr_str_text(&s, i > 0 ? "," : "");
        wr_str_u64(&s, step == 2 ? (uint64_t)m->octets[i] << 8 | m->octets[i + 1] : m->octets[i]);
    }
}

/* Octets as their kind is usually written: MAC addresses with colons, names as text, wishes as numbers, the rest in hexadecimal. */
static void mark_text(const struct wr_mark *m, char *ret_text, size_t cap)
{
    struct wr_str s;
    bool text = m->kind >= WR_MARK_HOST;
    if (m->kind == WR_MARK_WISHES || m->kind == WR_MARK_WISHES6) {
        wishes_text(m, ret_text, cap);
        return;
    }
    wr_str_init(&s, ret_text, cap);
    for (size_t i = 0; i < m->size; i++) {
        char c = (char)m->octets[i];
        if (text) {
            bool good = (c > ' ' && c < 127) || (c == ' ' && m->kind == WR_MARK_CLASS);
            wr_str_char(&s, good ? c : '?');
        } else {
            wr_str_text(&s, i > 0 && m->kind == WR_MARK_MAC ? ":" : "");
            wr_str_hex(&s, &m->octets[i], 1);
        }
    }
}

static void put_sources(struct wr_json *j, const char *key, uint8_t sources)
{
    wr_json_array(j, key);
    for (unsigned bit = WR_FROM_NEIGHBOUR; bit < WR_FROM_ALL; bit *= 2) {
        if (sources & bit) {
            wr_json_text(j, NULL, wr_mark_source_name((uint8_t)bit));
        }
    }
    wr_json_end(j);
}

static void put_interface(struct wr_json *j, const char *key, uint32_t ifindex)
{
    char name[IF_NAMESIZE] = "";
    wr_json_text(j, key,
                 ifindex != 0 && if_indextoname(ifindex, name) != NULL && name[0] != 0 ? name
                                                                                       : NULL);
}

static void put_groups(const struct wr_serve *s, struct wr_json *j,
                       const struct wr_census_device *d)
{
    wr_json_array(j, "groups");
    for (size_t i = 0; i < WR_CENSUS_GROUPS; i++) {
        if (d->conf_group[i] != 0) {
            wr_json_text(j, NULL, wr_labels_text(s->labels, d->conf_group[i]));
        }
    }
    for (size_t i = 0; i < WR_CENSUS_GROUPS; i++) {
        bool twice = d->group[i] == 0;
        for (size_t k = 0; k < WR_CENSUS_GROUPS; k++) {
            twice = twice || d->conf_group[k] == d->group[i];
        }
        if (!twice) {
            wr_json_text(j, NULL, wr_labels_text(s->labels, d->group[i]));
        }
    }
    wr_json_end(j);
}

/* The worst of its addresses' states: what the owner should look at. */
static uint8_t state_of(const struct wr_census *m, const struct wr_census_device *d)
{
    uint8_t state = wr_census_who(m, d, NULL).state;
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        if (d->address[i].addr.family != WR_AF_NONE) {
            uint8_t one = wr_census_who(m, d, &d->address[i]).state;
            state = one > state ? one : state;
        }
    }
    return state;
}

static const struct wr_mark *first_mac(const struct wr_census_device *d)
{
    const struct wr_mark *best = NULL;
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *at = &d->mark[i];
        if (at->kind == WR_MARK_MAC && (best == NULL || at->last_s > best->last_s)) {
            best = at;
        }
    }
    return best;
}

uint16_t wr_devicecontrol_segment(const struct wr_serve *s, const struct wr_census_device *d)
{
    const struct wr_segments *segments = s->gate->settings.segments;
    const struct wr_census_address *last = wr_census_last_address(d);
    return segments != NULL && last != NULL ? wr_segment_of(segments, d->ifindex, &last->addr)
                                            : WR_SEGMENT_NONE;
}

const char *wr_devicecontrol_segment_name(const struct wr_serve *s,
                                          const struct wr_census_device *d)
{
    const struct wr_segments *segments = s->gate->settings.segments;
    uint16_t at = wr_devicecontrol_segment(s, d);
    const char *text =
        at == WR_SEGMENT_NONE ? "" : wr_labels_text(s->labels, segments->segment[at].label);
    return text[0] != 0 ? text : NULL;
}

/* By the owner's word, or by its marks: which, and how sure that is. */
static void put_kind(struct wr_json *j, const struct wr_census_device *d)
{
    const char *kind = wr_census_kind_of(d);
    bool owners = d->kind[0] != 0;
    wr_json_text(j, "kind", kind[0] != 0 ? kind : NULL);
    if (kind[0] == 0) {
        return;
    }
    wr_json_u64(j, "kind_sure", owners ? 100 : d->found_sure);
    wr_json_array(j, "kind_from");
    if (owners) {
        wr_json_text(j, NULL, "owner");
    }
    for (uint8_t k = 0; k < WR_MARK_KINDS && !owners; k++) {
        if (d->found_from >> k & 1) {
            wr_json_text(j, NULL, wr_mark_kind_name(k));
        }
    }
    wr_json_end(j);
}

/* The first PTR record that hosts files, leases or local zones have for an address of it. It says how that address is called, and no more: it
 * joins nothing and nobody is found by it. */
static void put_local_name(const struct wr_serve *s, struct wr_json *j,
                           const struct wr_census_device *d)
{
    char text[WR_NAME_TEXT_SIZE] = "";
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX && text[0] == 0; i++) {
        struct wr_local_hit hit;
        struct wr_name name;
        const uint8_t *target;
        uint16_t size;
        if (wr_reverse_name(&d->address[i].addr, &name) != WR_OK) {
            continue;
        }
        wr_local_find(s->locals.set.local, name.wire, WR_TYPE_PTR, WR_LOCAL_EVERYONE, &hit);
        if (hit.verdict == WR_LOCAL_HIT_DATA) {
            struct wr_rrset_walk walk = wr_rrset_walk(&hit.set);
            if (wr_rrset_next(&walk, &target, &size)) {
                wr_name_to_text(target, text, sizeof(text));
            }
        }
    }
    wr_json_text(j, "local_name", text[0] != 0 ? text : NULL);
}

static void put_summary(const struct wr_serve *s, struct wr_json *j,
                        const struct wr_census_device *d)
{
    const struct wr_census *m = wr_devices_machine(s->devices);
    const struct wr_mark *mac = first_mac(d);
    char text[MARK_TEXT_SIZE];
    uint8_t sources = 0;
    wr_census_call(d, text, sizeof(text));
    wr_devicecontrol_put_id(j, "id", d->number);
    wr_json_text(j, "name", text);
    put_local_name(s, j, d);
    put_kind(j, d);
    if (mac != NULL) {
        mark_text(mac, text, sizeof(text));
    }
    wr_json_text(j, "mac", mac != NULL ? text : NULL);
    put_interface(j, "interface", d->ifindex);
    wr_json_text(j, "segment", wr_devicecontrol_segment_name(s, d));
    wr_json_text(j, "state", wr_who_state_name(state_of(m, d)));
    put_groups(s, j, d);
    wr_json_array(j, "addresses");
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        const struct wr_census_address *a = &d->address[i];
        if (a->addr.family != WR_AF_NONE) {
            wr_addr_to_text(&a->addr, text, sizeof(text));
            wr_json_text(j, NULL, text);
        }
        sources |= a->sources;
    }
    wr_json_end(j);
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        sources |= d->mark[i].sources;
    }
    wr_json_i64(j, "first_seen", d->first_s);
    wr_json_i64(j, "last_seen", d->last_s);
    wr_json_u64(j, "sure", wr_census_sure(m, d));
    put_sources(j, "from", sources);
}

void wr_devicecontrol_list(struct wr_serve *s, uint32_t after, struct wr_json *j, const char *key)
{
    const struct wr_census *m = wr_devices_machine(s->devices);
    const struct wr_census_device *page[WR_DEVICECONTROL_PAGE], *d;
    size_t count = 0;
    uint32_t cursor = 0;
    bool more = false;
    while ((d = wr_census_walk(m, &cursor)) != NULL) { /* the lowest numbers, in their order */
        size_t at = count;
        if (d->number <= after) {
            continue;
        }
        while (at > 0 && page[at - 1]->number > d->number) {
            at--;
        }
        more = more || count == WR_DEVICECONTROL_PAGE;
        if (at == WR_DEVICECONTROL_PAGE) {
            continue;
        }
        count += count < WR_DEVICECONTROL_PAGE;
        memmove(&page[at + 1], &page[at], (count - 1 - at) * sizeof(page[0]));
        page[at] = d;
    }
    wr_json_object(j, key);
    wr_json_text(j, "oui", s->conf->registry.oui);
    wr_json_u64(j, "known", wr_census_count(m));
    wr_json_u64(j, "refused", wr_census_refused(m));
    wr_devicehears_put(wr_devices_hears(s->devices), j, "hears");
    wr_json_u64(j, "last", count > 0 ? page[count - 1]->number : after);
    wr_json_bool(j, "more", more);
    wr_json_array(j, "devices");
    for (size_t i = 0; i < count; i++) {
        wr_json_object(j, NULL);
        put_summary(s, j, page[i]);
        wr_json_end(j);
    }
    wr_json_end(j);
    wr_json_end(j);
}

static void put_marks(struct wr_json *j, const struct wr_census_device *d)
{
    char text[MARK_TEXT_SIZE];
    wr_json_array(j, "marks");
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *m = &d->mark[i];
        if (m->kind == WR_MARK_NONE) {
            continue;
        }
        mark_text(m, text, sizeof(text));
        wr_json_object(j, NULL);
        wr_json_text(j, "kind", wr_mark_kind_name(m->kind));
        wr_json_text(j, "value", text);
        if (m->kind == WR_MARK_MAC) {
            wr_json_text(j, "given_by", wr_census_mac_is_local(m->octets) ? "itself" : "its maker");
            put_interface(j, "interface", m->ifindex);
        }
        if (m->doubted) {
            wr_json_bool(j, "doubted", true);
        }
        put_sources(j, "from", m->sources);
        wr_json_i64(j, "first_seen", m->first_s);
        wr_json_i64(j, "last_seen", m->last_s);
        wr_json_end(j);
    }
    wr_json_end(j);
}

static void put_addresses(const struct wr_census *m, struct wr_json *j,
                          const struct wr_census_device *d)
{
    char text[WR_ADDR_TEXT_SIZE];
    wr_json_array(j, "evidence");
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        const struct wr_census_address *a = &d->address[i];
        if (a->addr.family == WR_AF_NONE) {
            continue;
        }
        struct wr_who who = wr_census_who(m, d, a);
        wr_addr_to_text(&a->addr, text, sizeof(text));
        wr_json_object(j, NULL);
        wr_json_text(j, "address", text);
        put_interface(j, "interface", a->ifindex);
        wr_json_text(j, "state", wr_who_state_name(who.state));
        wr_json_u64(j, "sure", who.sure);
        put_sources(j, "from", a->sources);
        if (a->lease_s > 0 && a->lease_s < INT64_MAX) {
            wr_json_i64(j, "lease_until", a->lease_s);
        }
        if (a->rival != 0) {
            wr_devicecontrol_put_id(j, "contested_by", a->rival);
        }
        wr_json_i64(j, "first_seen", a->first_s);
        wr_json_i64(j, "last_seen", a->last_s);
        wr_json_end(j);
    }
    wr_json_end(j);
}

/* How often it may ask in a second, where it was seen last, and how often it has asked beyond that since the start. */
static void put_rate(const struct wr_serve *s, struct wr_json *j, const struct wr_census_device *d)
{
    const struct wr_settings *settings = &s->gate->settings;
    uint16_t at = wr_devicecontrol_segment(s, d);
    uint32_t own = at == WR_SEGMENT_NONE ? 0 : settings->segments->segment[at].rate;
    struct wr_who who = wr_census_who(wr_devices_machine(s->devices), d, NULL);
    wr_json_u64(j, "rate",
                wr_ration_of(settings->rations, &who, own != 0 ? own : settings->client_rate));
    wr_json_u64(j, "over_rate", wr_tally_get(s->shared.over_rate, d->number));
}

/* Since when it is in quarantine, and for how much longer. */
static void put_shut(struct wr_json *j, const struct wr_census_device *d)
{
    if (d->quarantined && d->shut.since_s > 0) {
        wr_json_i64(j, "quarantine_since", d->shut.since_s);
    } else {
        wr_json_null(j, "quarantine_since");
    }
    if (d->quarantined && d->shut.timed) {
        wr_json_u64(j, "quarantine_left_s", d->shut.left_s);
    } else {
        wr_json_null(j, "quarantine_left_s");
    }
}

static void put_device(struct wr_serve *s, struct wr_json *j, const struct wr_census_device *d)
{
    put_summary(s, j, d);
    wr_json_text(j, "oui", s->conf->registry.oui);
    wr_json_bool(j, "configured", d->configured);
    wr_json_bool(j, "quarantined", d->quarantined);
    wr_json_text(j, "quarantine_reason",
                 !d->quarantined     ? NULL
                 : d->reason[0] != 0 ? d->reason
                                     : "by command");
    put_shut(j, d);
    const struct wr_mudstore_entry *profile = wr_muds_of(s->muds, d);
    wr_json_text(j, "profile", profile != NULL ? wr_mudstore_mode_name(profile->about.mode) : NULL);
    put_rate(s, j, d);
    wr_json_text(j, "conflict",
                 d->trouble != WR_TROUBLE_NONE ? wr_census_trouble_text(d->trouble) : NULL);
    if (d->candidate != 0) {
        wr_devicecontrol_put_id(j, "perhaps", d->candidate);
    }
    put_marks(j, d);
    put_addresses(wr_devices_machine(s->devices), j, d);
}

const char *wr_devicecontrol_show(struct wr_serve *s, const char *device, struct wr_json *j,
                                  const char *key, char *why, size_t cap)
{
    const struct wr_census_device *d = wr_devices_find(s->devices, device, why, cap);
    if (d == NULL) {
        return "device";
    }
    wr_json_object(j, key);
    put_device(s, j, d);
    wr_json_end(j);
    return NULL;
}

/* --- changing --- */

/* A name that can be said on a command line, and is not an id. */
static bool is_name(const char *text)
{
    size_t n = strlen(text);
    uint64_t number;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-' && c != '_' && c != '.') {
            return false;
        }
    }
    return n < WR_CENSUS_NAME_SIZE &&
           !(n > 1 && text[0] == 'd' &&
             wr_str_to_u64(text + 1, n - 1, UINT64_MAX, &number) == WR_OK);
}

static bool is_group(const struct wr_serve *s, const char *text)
{
    for (size_t i = 0; i < s->conf->groups.count; i++) {
        if (strcmp(s->conf->groups.items[i].name, text) == 0) {
            return true;
        }
    }
    return false;
}

static const char *rename_it(struct wr_serve *s, const struct wr_census_device *d,
                             const char *value, char *why, size_t cap)
{
    struct wr_census *m = wr_devices_machine(s->devices);
    char old[WR_CENSUS_NAME_SIZE];
    memcpy(old, d->name, sizeof(old));
    if (!is_name(value)) {
        snprintf(
            why, cap,
            "a name has at most 63 letters, digits, \"-\", \"_\" and \".\", and is not like an "
            "id");
        return "argument";
    }
    if (d->configured) {
        snprintf(why, cap, "its name stands in the configuration (`devices`): change it there");
        return "denied";
    }
    if (wr_census_name(m, d->number, value) == WR_E_EXISTS) {
        snprintf(why, cap, "another device has this name");
        return "argument";
    }
    wr_muds_renamed(s, d, old);
    return NULL;
}

static const char *say_kind(struct wr_census *m, const struct wr_census_device *d,
                            const char *value, char *why, size_t cap)
{
    if (!is_name(value)) {
        snprintf(
            why, cap,
            "a kind has at most 63 letters, digits, \"-\", \"_\" and \".\", and is not like an id");
        return "argument";
    }
    if (d->configured) {
        snprintf(why, cap, "its kind stands in the configuration (`devices`): change it there");
        return "denied";
    }
    (void)wr_census_say_kind(m, d->number, value);
    return NULL;
}

static const char *regroup(struct wr_serve *s, const struct wr_census_device *d, bool join,
                           const char *value, char *why, size_t cap)
{
    struct wr_census *m = wr_devices_machine(s->devices);
    if (join && !is_group(s, value)) {
        snprintf(why, cap, "there is no group of this name in `groups` of the configuration");
        return "argument";
    }
    uint16_t label =
        wr_labels_find(s->labels, value); /* each group has one; other texts get none */
    int err = label == 0 ? WR_E_NOTFOUND
              : join     ? wr_census_join(m, d->number, label)
                         : wr_census_leave(m, d->number, label);
    if (err != WR_OK) {
        snprintf(why, cap,
                 join ? "it is in as many groups as a device may be"
                      : "it was not put in this group by a command");
        return "argument";
    }
    return NULL;
}

/* One line that can be printed. */
static bool is_reason(const char *text)
{
    for (size_t i = 0; text[i] != 0; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            return false;
        }
    }
    return strlen(text) < WR_CENSUS_REASON_SIZE;
}

static const char *shut_off(struct wr_serve *s, const struct wr_census_device *d,
                            const struct wr_devicecontrol_change *c, char *why, size_t cap)
{
    char before[WR_CENSUS_REASON_SIZE] = "";
    if (d->quarantined) {
        memcpy(before, d->reason, sizeof(before));
    }
    const struct wr_census_quarantine how = {.reason = c->reason != NULL ? c->reason : before,
                                             .for_s = (uint32_t)c->for_s,
                                             .now_s = wr_devices_now_s(s),
                                             .proven = wr_devices_now_is_proven(s)};
    if (c->for_s < 0 || c->for_s > WR_QUARANTINE_FOR_MAX_S || !is_reason(how.reason)) {
        snprintf(why, cap,
                 "a reason is one line of at most %d octets, and for_s 0 (until it is released) to "
                 "%d",
                 WR_CENSUS_REASON_SIZE - 1, WR_QUARANTINE_FOR_MAX_S);
        return "argument";
    }
    (void)wr_census_quarantine_for(wr_devices_machine(s->devices), d->number, &how);
    return NULL;
}

static const char *change(struct wr_serve *s, const struct wr_census_device *d,
                          const struct wr_devicecontrol_change *c, char *why, size_t cap)
{
    struct wr_census *m = wr_devices_machine(s->devices);
    const char *what = c->what, *value = c->value;
    bool valued = strcmp(what, "name") == 0 || strcmp(what, "kind") == 0 ||
                  strcmp(what, "group") == 0 || strcmp(what, "leave") == 0;
    bool shuts = strcmp(what, "quarantine") == 0;
    if (valued != (value != NULL) || (!shuts && (c->reason != NULL || c->for_s != 0))) {
        snprintf(why, cap,
                 "name, kind, group and leave have a value, quarantine may have reason and for_s, "
                 "and nothing else has any");
        return "argument";
    }
    if (strcmp(what, "name") == 0) {
        return rename_it(s, d, value, why, cap);
    }
    if (strcmp(what, "kind") == 0) {
        return say_kind(m, d, value, why, cap);
    }
    if (valued) {
        return regroup(s, d, strcmp(what, "group") == 0, value, why, cap);
    }
    if (shuts) {
        return shut_off(s, d, c, why, cap);
    }
    if (strcmp(what, "allow") == 0) {
        (void)wr_census_allow(m, d->number);
    } else if (strcmp(what, "release") == 0) {
        (void)wr_census_quarantine(m, d->number, false);
    } else {
        snprintf(why, cap, "do is one of name, kind, group, leave, allow, quarantine and release");
        return "argument";
    }
    return NULL;
}

/* "quarantine for 7200 s (it scans)", as the log has it: without words of the owner's where the log does not tell who is who. */
static void deed_text(const struct wr_serve *s, const struct wr_devicecontrol_change *c,
                      char *ret_text, size_t cap)
{
    bool hides = wr_devices_hides(s);
    struct wr_str t;
    wr_str_init(&t, ret_text, cap);
    wr_str_text(&t, c->what);
    if (c->value != NULL && !(hides && strcmp(c->what, "name") == 0)) {
        wr_str_char(&t, ' ');
        wr_str_text(&t, c->value);
    }
    if (c->for_s > 0) {
        wr_str_text(&t, " for ");
        wr_str_u64(&t, (uint64_t)c->for_s);
        wr_str_text(&t, " s");
    }
    if (c->reason != NULL && c->reason[0] != 0 && !hides) {
        wr_str_text(&t, " (");
        wr_str_text(&t, c->reason);
        wr_str_char(&t, ')');
    }
}

static void put_end(const struct wr_census_shut *shut, struct wr_str *t)
{
    if (shut->timed) {
        uint32_t left_s = shut->left_s < 120 ? shut->left_s : (shut->left_s + 59) / 60 * 60;
        wr_str_text(t, "for ");
        wr_units_duration(UINT64_C(1000) * left_s, t);
    } else {
        wr_str_text(t, "until it is released");
    }
}

/* Another end than that of before is told: who says no more than a reason the second time has taken the end away. "" else. */
static void end_text(const struct wr_census_device *before, const struct wr_census_device *d,
                     const char *what, char *ret_text, size_t cap)
{
    struct wr_str t;
    wr_str_init(&t, ret_text, cap);
    if (!before->quarantined && strcmp(what, "release") == 0) {
        wr_str_text(&t, "it was not in quarantine");
    }
    if (before->quarantined && d->quarantined && (before->shut.timed || d->shut.timed)) {
        wr_str_text(&t, "it was in quarantine ");
        put_end(&before->shut, &t);
        wr_str_text(&t, before->shut.timed ? " more, and is now " : ", and is now ");
        put_end(&d->shut, &t);
    }
}

const char *wr_devicecontrol_set(struct wr_serve *s, const char *device,
                                 const struct wr_devicecontrol_change *c, struct wr_json *j,
                                 const char *key, char *why, size_t cap)
{
    const struct wr_census_device *d = wr_devices_find(s->devices, device, why, cap);
    char called[WR_DEVICES_CALLED_SIZE], deed[300], end[120], text[576];
    if (d == NULL) {
        return "device";
    }
    const struct wr_census_device before = *d;
    const char *code = change(s, d, c, why, cap);
    if (code != NULL) {
        return code;
    }
    end_text(&before, d, c->what, end, sizeof(end));
    wr_devices_called(s, d->number, called);
    deed_text(s, c, deed, sizeof(deed));
    snprintf(text, sizeof(text), "device %s: %s, by the control socket%s%s", called, deed,
             end[0] != 0 ? ": " : "", end);
    wr_devices_note(s, WR_LOG_INFO, text);
    wr_firewall_look(s);
    int err = wr_devices_commit(s);
    bool firewall = wr_firewall_settle(s);
    wr_json_object(j, key);
    put_device(s, j, d);
    wr_json_bool(j, "remembered", err == WR_OK);
    wr_json_bool(j, "firewall", firewall);
    if (end[0] != 0) {
        wr_json_text(j, "note", end);
    }
    wr_json_end(j);
    return NULL;
}
