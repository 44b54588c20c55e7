/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fire show: how the firewall is, for the control socket and for Prometheus: its state, what it has counted, who has leases and which.
 */
#include "serve/firewall.h"

#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "serve/devicecontrol.h"
#include "serve/devices.h"
#include "serve/firewall_state.h"
#include "serve/scoreboard.h"
#include "serve/serve.h"

/* A person looks at them. */
#define DEVICES_MAX 256
#define LEASES_MAX  4096

static const char *const state_names[] = {"waiting", "in force", "failed", "removed"};

/* --- leases --- */

struct telling {
    struct wr_serve *s;
    struct wr_json *j;
    const struct wr_census_device *of; /* NULL: of all */
    uint32_t told, left, open;
    struct wr_firehand_lease
        last; /* whose device was looked for last: it has more of them, as a rule */
    const struct wr_census_device *device;
};

/* NULL: it is not known (any more). */
static const struct wr_census_device *device_of(struct telling *t,
                                                const struct wr_firehand_lease *l)
{
    const struct wr_firehand_lease *last = &t->last;
    struct wr_addr addr = {.family = l->family};
    if (last->ifindex != l->ifindex || last->routed != l->routed || last->family != l->family ||
        memcmp(last->who, l->who, sizeof(l->who)) != 0) {
        memcpy(addr.ip, l->who, sizeof(addr.ip));
        t->last = *l;
        t->device = l->routed ? wr_census_of_address(wr_devices_machine(t->s->devices), &addr)
                              : wr_census_of_mac(wr_devices_machine(t->s->devices), l->who);
    }
    return t->device;
}

static void put_ip(struct wr_json *j, const char *key, uint8_t family, const uint8_t ip[16])
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr addr = {.family = family};
    memcpy(addr.ip, ip, sizeof(addr.ip));
    wr_addr_to_text(&addr, text, sizeof(text));
    wr_json_text(j, key, text);
}

static void put_party(struct telling *t, const struct wr_firehand_lease *l)
{
    const struct wr_census_device *d = device_of(t, l);
    char name[IF_NAMESIZE] = "", text[WR_NAME_TEXT_SIZE];
    struct wr_json *j = t->j;
    if (d != NULL) {
        wr_census_call(d, text, sizeof(text));
        wr_json_text(j, "device", text);
        wr_devicecontrol_put_id(j, "id", d->number);
        wr_json_text(j, "segment", wr_devicecontrol_segment_name(t->s, d));
    } else {
        wr_json_null(j, "device");
        wr_json_null(j, "id");
        wr_json_null(j, "segment");
    }
    wr_json_text(j, "interface", if_indextoname(l->ifindex, name) != NULL ? name : NULL);
    wr_census_mac_text(l->who, text);
    if (l->routed) {
        put_ip(j, "from", l->family, l->who);
    } else {
        wr_json_text(j, "from", text);
    }
}

/* One that has leases. */
static void on_party(void *user, const struct wr_firehand_lease *l)
{
    struct telling *t = user;
    t->open += l->count;
    if (t->told == DEVICES_MAX) {
        t->left++;
        return;
    }
    t->told++;
    wr_json_object(t->j, NULL);
    put_party(t, l);
    wr_json_u64(t->j, "leases", l->count);
    wr_json_end(t->j);
}

static void on_lease(void *user, const struct wr_firehand_lease *l)
{
    static const char *const protocols[256] = {[6] = "tcp", [17] = "udp"};
    struct telling *t = user;
    if (t->of != NULL && device_of(t, l) != t->of) {
        return;
    }
    if (t->told == LEASES_MAX) {
        t->left++;
        return;
    }
    t->told++;
    wr_json_object(t->j, NULL);
    put_party(t, l);
    put_ip(t->j, "to", l->family, l->dest);
    wr_json_text(t->j, "protocol", protocols[l->protocol]);
    if (l->protocol != 0) {
        wr_json_u64(t->j, "port", l->port);
    } else {
        wr_json_null(t->j, "port");
    }
    wr_json_u64(t->j, "left_s", l->left_s);
    wr_json_end(t->j);
}

/* The hand can be asked: nothing else is on its way. */
static bool is_free(struct wr_firewall *f)
{
    wr_firewall_wait(f, WR_FIREWALL_SETTLE_MS);
    return f->doing == 0 && !f->counting && f->hand.fd >= 0;
}

static void ask_leases(struct wr_firewall *f, bool each, wr_firehand_lease_hook *hook,
                       struct telling *t)
{
    if (is_free(f) && wr_firehand_leases(&f->hand, each, hook, t) != WR_OK) {
        wr_firewall_lose(f);
    }
}

static void put_leases(struct wr_firewall *f, struct wr_json *j)
{
    struct telling t = {.s = f->s, .j = j};
    wr_json_object(j, "leases");
    wr_json_u64(j, "most", f->s->conf->firewall.leases);
    wr_json_u64(j, "most_of_a_device", f->s->conf->firewall.leases_device);
    wr_json_array(j, "devices");
    ask_leases(f, false, on_party, &t);
    wr_json_end(j);
    wr_json_u64(j, "not_shown", t.left);
    wr_json_u64(j, "open", t.open);
    wr_json_u64(j, "no_room", f->no_room);
    wr_json_end(j);
}

const char *wr_firewall_leases(struct wr_serve *s, const char *whom, struct wr_json *j,
                               const char *key, char *why, size_t cap)
{
    struct wr_firewall *f = s->firewall;
    struct telling t = {.s = s, .j = j};
    if (f == NULL) {
        snprintf(why, cap, WR_FIREWALL_OFF_WHY);
        return "off";
    }
    if (whom != NULL) {
        t.of = wr_devices_find(s->devices, whom, why, cap);
        if (t.of == NULL) {
            return "device";
        }
    }
    wr_json_object(j, key);
    wr_json_array(j, "leases");
    ask_leases(f, true, on_lease, &t);
    wr_json_end(j);
    wr_json_u64(j, "not_shown", t.left);
    wr_json_end(j);
    return NULL;
}

/* --- all of it --- */

/* The first feed of DNS over HTTPS whose list has no address, or NULL: what is said of it in `ret_text`. */
static const char *lacking_list(const struct wr_serve *s, char *ret_text, size_t cap)
{
    const struct wr_feedset *set = s->feedswap.set != NULL ? &s->feedswap.set->set : NULL;
    for (size_t i = 0; i < s->conf->firewall.doh_feeds.count; i++) {
        const char *name = s->conf->firewall.doh_feeds.items[i];
        uint32_t at = wr_feedset_place(set, wr_labels_number(s->labels, name));
        if (at < WR_FEEDS_MAX && set->item[at].addrs != NULL && set->item[at].addrs->count > 0) {
            continue;
        }
        snprintf(ret_text, cap,
                 "there is no address in the list %s (firewall.doh_feeds): what it is to reject "
                 "passes; see weir feeds",
                 name);
        return ret_text;
    }
    return NULL;
}

static void put_state(const struct wr_firewall *f, struct wr_json *j)
{
    char lacking[256];
    const char *rejected = f != NULL ? wr_firewall_no_hairpins(f) : NULL;
    wr_json_text(j, "state", f == NULL ? "off" : state_names[f->state]);
    wr_json_text(j, "problem",
                 f == NULL                        ? NULL
                 : f->state == WR_FIREWALL_FAILED ? f->why
                 : f->state == WR_FIREWALL_REMOVED
                     ? "the owner has removed it: nothing is rejected, whatever `fail` says, until "
                       "`weir firewall apply`"
                 : f->load.full     ? f->full
                 : f->note[0] != 0  ? f->note
                 : rejected != NULL ? rejected
                 : f->state == WR_FIREWALL_IN_FORCE && f->watch == NULL
                     ? "changes by other programs are not heard"
                     : lacking_list(f->s, lacking, sizeof(lacking)));
}

void wr_firewall_report(struct wr_serve *s, struct wr_json *j, const char *key)
{
    const struct wr_firewall *f = s->firewall;
    wr_json_object(j, key);
    put_state(f, j);
    if (f != NULL) {
        wr_json_u64(j, "repairs", f->repairs);
        wr_json_u64(j, "quarantined", f->quarantined);
        wr_json_u64(j, "leases", f->leases);
    }
    wr_json_end(j);
}

static const char *const way_names[] = {
    [WR_FIREWALL_TPROXY] = "tproxy",
    [WR_FIREWALL_REDIRECT] = "redirect",
    [WR_FIREWALL_NO_WAY] = "none",
};

/* What is in force. */
static const char *foreign_word(const struct wr_firewall *f, uint32_t foreign)
{
    bool answered = foreign == WR_CONF_FOREIGN_ANSWER && wr_firewall_no_hairpins(f) == NULL;
    return foreign == WR_CONF_FOREIGN_PASS ? "pass" : answered ? "answer" : "reject";
}

static void put_segments(const struct wr_firewall *f, struct wr_json *j)
{
    const struct wr_conf *conf = f->s->conf;
    wr_json_array(j, "segments");
    for (size_t i = 0; i < conf->segments.count && i < WR_SEGMENTS_MAX; i++) {
        const struct wr_conf_segment *one = &conf->segments.items[i];
        wr_json_object(j, NULL);
        wr_json_text(j, "segment", one->name);
        wr_json_text(j, "foreign_dns", foreign_word(f, one->foreign_dns));
        wr_json_text(j, "reach", one->reach ? "answered" : "any");
        for (unsigned c = 0; c < WR_RULESET_COUNTERS; c++) {
            wr_json_u64(j, wr_ruleset_counter_name(c), wr_firecount_get(&f->count, one->name, c));
        }
        wr_json_end(j);
    }
    wr_json_end(j);
}

const char *wr_firewall_show(struct wr_serve *s, struct wr_json *j, const char *key)
{
    struct wr_firewall *f = s->firewall;
    wr_firewall_count(s);
    wr_json_object(j, key);
    if (f == NULL) { /* who asks for it wants to know how it is had */
        wr_json_text(j, "state", "off");
        wr_json_text(j, "problem", WR_FIREWALL_OFF_WHY);
    } else {
        put_state(f, j);
        wr_json_text(j, "table", "inet weir");
        wr_json_text(j, "foreign_by", way_names[wr_firewall_way(f)]);
        wr_json_i64(j, "since", f->since_s);
        wr_json_u64(j, "applied", f->applied);
        wr_json_u64(j, "repairs", f->repairs);
        wr_json_object(j, "quarantine");
        wr_json_u64(j, "devices", f->quarantined);
        wr_json_u64(j, "dropped", wr_firecount_quarantine(&f->count));
        wr_json_u64(j, "connections_cut", f->cut);
        wr_json_end(j);
        wr_json_object(j, "connections");
        wr_json_u64(j, "now", f->load.last.entries);
        wr_json_u64(j, "most", f->load.last.most);
        wr_json_u64(j, "dropped", f->load.dropped);
        wr_json_bool(j, "full", f->load.full);
        wr_json_end(j);
        put_segments(f, j);
        put_leases(f, j);
    }
    wr_json_end(j);
    return NULL;
}

/* --- figures --- */

static void put_head(FILE *out, const char *name, const char *kind, const char *help)
{
    fprintf(out, "# HELP weir_%s %s\n# TYPE weir_%s %s\n", name, help, name, kind);
}

static void put_one(FILE *out, const char *name, const char *kind, const char *help, uint64_t value)
{
    put_head(out, name, kind, help);
    fprintf(out, "weir_%s %" PRIu64 "\n", name, value);
}

static void put_rejected(const struct wr_firewall *f, FILE *out)
{
    const struct wr_conf *conf = f->s->conf;
    put_head(out, "firewall_rejected_packets_total", "counter",
             "packets of a segment that were rejected: to resolvers of others (dns, encrypted, "
             "doh), to what was not answered (unleased), of discovery on its way out");
    for (size_t i = 0; i < conf->segments.count && i < WR_SEGMENTS_MAX; i++) {
        for (unsigned c = 0; c < WR_RULESET_COUNTERS; c++) {
            const char *segment = conf->segments.items[i].name;
            fprintf(out,
                    "weir_firewall_rejected_packets_total{segment=\"%s\",kind=\"%s\"} %" PRIu64
                    "\n",
                    segment, wr_ruleset_counter_name(c), wr_firecount_get(&f->count, segment, c));
        }
    }
}

void wr_firewall_metrics(const struct wr_serve *s, FILE *out)
{
    const struct wr_firewall *f = s->firewall;
    if (f == NULL) {
        return;
    }
    put_one(out, "firewall_in_force", "gauge", "1 while weir's table of the packet filter is",
            f->state == WR_FIREWALL_IN_FORCE);
    put_one(out, "firewall_repairs_total", "counter",
            "times that others had changed the table and it was written again", f->repairs);
    put_one(
        out, "firewall_unheard_total", "counter",
        "times that the kernel had no room to tell of changes of the packet filter, so that the "
        "table was written again",
        f->unheard);
    put_one(out, "firewall_quarantined_devices", "gauge", "devices in quarantine", f->quarantined);
    put_one(out, "firewall_quarantine_dropped_packets_total", "counter",
            "packets of devices in quarantine that were dropped",
            wr_firecount_quarantine(&f->count));
    put_one(out, "firewall_connections_cut_total", "counter",
            "connections of devices in quarantine that were ended", f->cut);
    put_one(out, "firewall_leases", "gauge",
            "addresses that are open to a device because they were answered to it", f->leases);
    put_one(out, "firewall_connections", "gauge", "connections in the kernel's table of them",
            f->load.last.entries);
    put_one(out, "firewall_connections_most", "gauge", "that it has room for; 0: not known",
            f->load.last.most);
    put_one(out, "firewall_connections_dropped_total", "counter",
            "packets that the kernel dropped because it had no room for a connection",
            f->load.dropped);
    put_rejected(f, out);
    put_head(out, "firewall_bypass_tries_total", "counter",
             "what devices have tried past weir, by what it was");
    for (unsigned what = 0; what < WR_BYPASS_KINDS; what++) {
        fprintf(out, "weir_firewall_bypass_tries_total{what=\"%s\"} %" PRIu64 "\n",
                wr_bypass_what_name(what), wr_scoreboard_total(s, what));
    }
}
