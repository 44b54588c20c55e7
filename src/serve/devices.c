/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/devices.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/enc.h"
#include "base/err.h"
#include "base/ring.h"
#include "conf/devicerules.h"
#include "conf/leaseid.h"
#include "conf/policybits.h"
#include "net/neighbours.h"
#include "serve/askedby.h"
#include "serve/beat.h"
#include "serve/devicehears.h"
#include "serve/devicekinds.h"
#include "serve/firewall.h"
#include "serve/keepfile.h"
#include "serve/registry.h"
#include "serve/say.h"
#include "serve/serve.h"

/* Between two dumps, which renew who is there; between two writes of the registry, and how soon after a command. */
#define DUMP_US  (30 * WR_S)
#define SAVE_US  (60 * WR_S)
#define WRITE_MS 200
/* Claims that wait for the main thread; what does not fit comes again with the next query. */
#define CLAIMS_SIZE 16384
/* Lines about conflicts in one tick. */
#define EVENTS_TOLD 8
#define TEXT_SIZE   400

struct claim {
    struct wr_addr addr;
    uint32_t device;          /* that a rule has put in quarantine; 0: none */
    uint16_t rule;            /* the label of that rule */
    uint8_t kind;             /* enum wr_claim */
    char text[WR_CLAIM_SIZE]; /* "": none */
};

/* What has to be written. */
struct writing {
    pthread_mutex_t lock;
    char *text; /* NULL: nothing */
    size_t size;
    pthread_mutex_t
        disk; /* whoever writes: the writer's thread, or the main thread for the owner */
    int err;  /* of the last time */
};

struct wr_devices {
    struct wr_census *m;
    void *block;
    size_t size;
    struct wr_neighbours *neighbours;
    struct wr_devicehears *hears;
    struct wr_devicekinds kinds;
    struct wr_ring claims;
    void *claims_block;
    uint64_t elapsed_us;              /* until when running time has been told to the machine */
    uint64_t dump_us, save_us, saved; /* the last; `saved` counts the machine's changes */
    struct writing writing;
    struct wr_beat beat;
    char path[WR_KEEPFILE_PATH_MAX];
};

int64_t wr_devices_now_s(const struct wr_serve *s)
{
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    return now.wall_s;
}

bool wr_devices_now_is_proven(const struct wr_serve *s)
{
    return wr_clock_is_proven(&s->clock) || s->gate->settings.prove.system_clock;
}

struct wr_census *wr_devices_machine(struct wr_devices *d)
{
    return d->m;
}

void wr_devices_call(const struct wr_devices *d, uint32_t number,
                     char ret_text[WR_CENSUS_NAME_SIZE])
{
    const struct wr_census_device *device =
        d == NULL || number == 0 ? NULL : wr_census_get(d->m, number);
    ret_text[0] = 0;
    if (device != NULL) {
        wr_census_call(device, ret_text, WR_CENSUS_NAME_SIZE);
    }
}

bool wr_devices_hides(const struct wr_serve *s)
{
    return s->first_conf->log.privacy != WR_LEDGER_FULL;
}

void wr_devices_called(const struct wr_serve *s, uint32_t number,
                       char ret_text[WR_DEVICES_CALLED_SIZE])
{
    char name[WR_CENSUS_NAME_SIZE];
    wr_devices_call(s->devices, number, name);
    if (wr_devices_hides(s) || name[0] == 0) {
        snprintf(ret_text, WR_DEVICES_CALLED_SIZE, "d%lu", (unsigned long)number);
    } else {
        snprintf(ret_text, WR_DEVICES_CALLED_SIZE, "%s (d%lu)", name, (unsigned long)number);
    }
}

uint32_t wr_devices_number(const struct wr_devices *d, const char *text)
{
    struct wr_addr addr;
    const struct wr_census_device *device =
        d == NULL || wr_addr_from_text(text, &addr) == WR_OK ? NULL : wr_askedby_device(d->m, text);
    return device == NULL ? 0 : device->number;
}

const struct wr_census_device *wr_devices_find(const struct wr_devices *d, const char *text,
                                               char *why, size_t cap)
{
    const struct wr_census_device *found = d != NULL ? wr_askedby_device(d->m, text) : NULL;
    if (found == NULL) {
        snprintf(why, cap,
                 "no device, or more than one, is called so; `weir devices` shows their names, ids "
                 "and addresses");
    }
    return found;
}

void wr_devices_note(struct wr_serve *s, enum wr_log_level level, const char *text)
{
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    wr_say(level, "%s", text);
    if (s->ledger != NULL) {
        wr_ledger_note(s->ledger, WR_LEDGER_DEVICE, now.wall_s, now.mono_us, text);
    }
}

const char *wr_devices_path(const struct wr_devices *d)
{
    return d->path;
}

const struct wr_devicehears *wr_devices_hears(const struct wr_devices *d)
{
    return d->hears;
}

/* --- the start --- */

int wr_devices_open(struct wr_serve *s, struct wr_devices **ret_devices)
{
    const char *folder = getenv("STATE_DIRECTORY");
    struct wr_devices *d = calloc(1, sizeof(*d));
    if (d == NULL) {
        return WR_E_NOMEM;
    }
    pthread_mutex_init(&d->writing.lock, NULL);
    pthread_mutex_init(&d->writing.disk, NULL);
    if (s->conf->registry.file[0] != 0) {
        snprintf(d->path, sizeof(d->path), "%s", s->conf->registry.file);
    } else if (folder != NULL && folder[0] == '/' && strchr(folder, ':') == NULL) {
        snprintf(d->path, sizeof(d->path), "%s/devices", folder);
    }
    *ret_devices = d;
    return wr_devicehears_open(s, &d->hears);
}

static int make_machine(struct wr_serve *s)
{
    struct wr_devices *d = s->devices;
    struct wr_census_setup setup = {.devices = s->first_conf->registry.devices,
                                    .table = s->shared.devices,
                                    .forget_s = s->first_conf->registry.forget_s};
    if (getrandom(&setup.key, sizeof(setup.key), 0) != (ssize_t)sizeof(setup.key)) {
        return WR_E_IO;
    }
    d->size = wr_census_size(setup.devices);
    d->block = mmap(NULL, d->size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    d->claims_block = malloc(CLAIMS_SIZE);
    if (d->block == MAP_FAILED || d->claims_block == NULL) {
        d->block = d->block == MAP_FAILED ? NULL : d->block;
        return WR_E_NOMEM;
    }
    wr_ring_init(&d->claims, d->claims_block, CLAIMS_SIZE);
    d->m = wr_census_init(d->block, &setup);
    return WR_OK;
}

static void recall(struct wr_serve *s)
{
    struct wr_devices *d = s->devices;
    struct wr_registry_read read = {0, 0};
    int err = d->path[0] == 0 ? WR_E_NOTFOUND : wr_registry_load(d->m, d->path, s->labels, &read);
    if (err == WR_OK && read.bad > 0) {
        wr_say(WR_LOG_WARN, "%s: %u lines cannot be read and are left out; %u devices are known",
               d->path, (unsigned)read.bad, (unsigned)read.devices);
    } else if (err == WR_E_FORMAT || err == WR_E_LIMIT) {
        wr_say(WR_LOG_WARN, "%s is no registry of devices; it is put aside as %s.bad", d->path,
               d->path);
    } else if (err != WR_OK && err != WR_E_NOTFOUND) {
        wr_say(WR_LOG_WARN, "%s cannot be read (%s): devices are not known again", d->path,
               wr_err_name(err));
    }
}

int wr_devices_begin(struct wr_serve *s)
{
    int err = make_machine(s);
    if (err == WR_OK) {
        recall(s);
        s->devices->saved = wr_census_changes(s->devices->m);
        wr_devices_configure(s);
    }
    return err;
}

/* --- the configuration --- */

static int configure_one(struct wr_census *m, struct wr_labels *labels,
                         const struct wr_conf_device *c, int64_t now_s)
{
    uint8_t mac[WR_CONF_DEVICE_MARKS_MAX][6];
    struct wr_addr addr[WR_CONF_DEVICE_MARKS_MAX];
    uint16_t group[WR_CENSUS_GROUPS];
    struct wr_census_configured one = {.name = c->name,
                                       .kind = c->kind,
                                       .mac = (const uint8_t(*)[6])mac,
                                       .claim = c->claims.items,
                                       .claims = c->claims.count,
                                       .certificate = c->certificates.items,
                                       .certificates = c->certificates.count,
                                       .addr = addr,
                                       .group = group};
    for (; one.macs < c->mac.count && one.macs < WR_ARRAY_LEN(mac); one.macs++) {
        (void)wr_devicerules_mac(c->mac.items[one.macs], mac[one.macs]); /* was checked */
    }
    for (; one.addrs < c->addresses.count && one.addrs < WR_ARRAY_LEN(addr); one.addrs++) {
        addr[one.addrs] = c->addresses.items[one.addrs].addr;
    }
    for (; one.groups < c->groups.count && one.groups < WR_ARRAY_LEN(group); one.groups++) {
        group[one.groups] = wr_labels_number(labels, c->groups.items[one.groups]);
    }
    return wr_census_configure(m, &one, now_s);
}

void wr_devices_say(struct wr_census *m, const struct wr_conf *conf, struct wr_labels *labels,
                    const struct wr_gate_slots *slots, int64_t now_s)
{
    struct wr_census_word word[WR_WHO_GROUPS_MAX] = {0};
    struct wr_policybit of[WR_WHO_GROUPS_MAX];
    size_t count = wr_policybits_list(conf, of);
    for (size_t i = 0; i < count && i < WR_WHO_GROUPS_MAX; i++) {
        char text[WR_POLICYBITS_TEXT_SIZE];
        wr_policybits_text(of[i].what, of[i].name, text);
        int bit = wr_slots_devgroup(slots, text);
        if (bit >= 0) {
            word[bit].what = of[i].what;
            word[bit].label =
                of[i].what == WR_CENSUS_BIT_GROUP ? wr_labels_number(labels, of[i].name) : 0;
            snprintf(word[bit].text, sizeof(word[bit].text), "%s", of[i].name);
        }
    }
    wr_census_configure_begin(m);
    for (size_t i = 0; i < conf->devices.count; i++) {
        const struct wr_conf_device *c = &conf->devices.items[i];
        if (configure_one(m, labels, c, now_s) != WR_OK) {
            wr_say(WR_LOG_WARN, "device %s has no place: registry.devices is too small", c->name);
        }
    }
    wr_census_configure_end(m);
    wr_census_words(m, word, WR_WHO_GROUPS_MAX);
}

void wr_devices_configure(struct wr_serve *s)
{
    struct wr_devices *d = s->devices;
    wr_census_hops(d->m, s->conf->registry.mac_from.count > 0);
    wr_devicekinds_read(&d->kinds, s->conf->registry.kinds, s->conf->registry.oui, d->m);
    wr_devices_say(d->m, s->conf, s->labels, &s->slots, wr_devices_now_s(s));
}

/* --- what is seen --- */

/* An address could change hands unheard. */
static void clear_leases(struct wr_serve *s)
{
    if (s->shared.leases != NULL) {
        wr_leasemirror_clear(s->shared.leases);
    }
}

static void on_neighbour(void *user, const struct wr_neighbour *n)
{
    struct wr_serve *s = user;
    if (n == NULL) {
        clear_leases(s);
        return;
    }
    enum wr_neighbour_age age = n->confirmed ? WR_NEIGHBOUR_CONFIRMED
                                : n->news    ? WR_NEIGHBOUR_NEWS
                                             : WR_NEIGHBOUR_OLD;
    if (s->shared.leases != NULL) {
        wr_leasemirror_neighbour(s->shared.leases, &n->addr, n->ifindex, n->mac);
    }
    wr_census_neighbour(s->devices->m, n->ifindex, n->mac, &n->addr, age, wr_devices_now_s(s));
}

void wr_devices_lease(void *serve, const struct wr_lease *lease)
{
    struct wr_serve *s = serve;
    struct wr_leaseid_octets o;
    wr_leaseid_octets(lease, &o);
    struct wr_census_lease l = {.addr = lease->addr,
                                .has_mac = o.has_mac,
                                .id_kind = o.id_size == 0 ? WR_MARK_NONE
                                           : o.is_duid    ? WR_MARK_DUID
                                                          : WR_MARK_CLIENT,
                                .id = o.id,
                                .id_size = o.id_size,
                                .host = lease->host.at,
                                .host_size = wr_lease_is_named(&lease->host) ? lease->host.n : 0,
                                .until_s = lease->until_s};
    memcpy(l.mac, o.mac, sizeof(l.mac));
    wr_census_lease(s->devices->m, &l, wr_devices_now_s(s));
}

/* The ledger's thread, or who reads in its place: one at a time. */
static void on_record(void *user, const struct wr_record *record, const char *claim)
{
    struct wr_devices *d = user;
    struct claim *c = wr_ring_reserve(&d->claims, sizeof(*c));
    if (c != NULL) {
        bool shut_off = record->verdict.action == WR_VERDICT_QUARANTINE && !record->verdict.shadow;
        c->addr = record->client;
        c->device = shut_off ? record->device : 0;
        c->rule = record->verdict.rule;
        c->kind = record->claim_kind;
        memcpy(c->text, claim, WR_CLAIM_SIZE);
        wr_ring_commit(&d->claims);
    }
}

static void take_claim(struct wr_census *m, const struct claim *c, int64_t now_s)
{
    uint8_t mac[6];
    size_t n;
    if (c->kind != WR_CLAIM_HOP) {
        wr_census_claim(m, &c->addr, c->addr.scope, c->text, c->kind == WR_CLAIM_CERTIFICATE,
                        now_s);
    } else if (wr_enc_from_hex(c->text, strlen(c->text), mac, sizeof(mac), &n) == WR_OK && n == 6) {
        wr_census_relayed(m, mac, now_s);
    }
}

/* Where the log does not tell who asks, it does not tell what a device is called or has either. */
static void describe(const struct wr_serve *s, const struct wr_census_event *e,
                     char ret_text[TEXT_SIZE])
{
    char who[WR_DEVICES_CALLED_SIZE], by[WR_DEVICES_CALLED_SIZE] = "", addr[WR_ADDR_TEXT_SIZE] = "";
    wr_devices_called(s, e->device, who);
    if (e->trouble == WR_TROUBLE_CROWD) {
        snprintf(ret_text, TEXT_SIZE,
                 "device %s: %s; while it is in quarantine, so is whoever is not known on its "
                 "interface",
                 who, wr_census_trouble_text(e->trouble));
        return;
    }
    if (wr_census_get(s->devices->m, e->other) != NULL) {
        wr_devices_called(s, e->other, by);
    }
    if (e->addr.family != WR_AF_NONE && !wr_devices_hides(s)) {
        wr_addr_to_text(&e->addr, addr, sizeof(addr));
    }
    snprintf(ret_text, TEXT_SIZE,
             "device %s is in conflict: %s%s%s%s%s; it has what both may have, until `weir device "
             "allow d%lu` or %s",
             who, wr_census_trouble_text(e->trouble), addr[0] != 0 ? ": " : "", addr,
             by[0] != 0 ? ", by " : "", by, (unsigned long)e->device,
             e->trouble == WR_TROUBLE_WISHES ? "it asks as before" : "ten quiet minutes");
}

static void tell_events(struct wr_serve *s, struct wr_census *m)
{
    char text[TEXT_SIZE];
    struct wr_census_event e;
    for (unsigned told = 0; wr_census_next_event(m, &e); told++) {
        if (told >= EVENTS_TOLD) {
            continue;
        }
        if (wr_census_get(m, e.device) == NULL) {
            wr_say(WR_LOG_WARN, "devices: %s", wr_census_trouble_text(e.trouble));
            continue;
        }
        describe(s, &e, text);
        wr_devices_note(s, WR_LOG_WARN, text);
    }
}

/* --- the registry's file --- */

static void write_out(void *user)
{
    struct wr_devices *d = user;
    struct writing *w = &d->writing;
    pthread_mutex_lock(&w->disk);
    pthread_mutex_lock(&w->lock);
    char *text = w->text;
    size_t size = w->size;
    w->text = NULL;
    pthread_mutex_unlock(&w->lock);
    if (text != NULL) {
        int err = wr_registry_save(d->path, text, size);
        if (err != WR_OK && err != w->err) {
            wr_say(WR_LOG_WARN, "%s cannot be written (%s): devices are not remembered", d->path,
                   err == WR_E_IO ? strerror(errno) : wr_err_name(err));
        }
        w->err = err;
    }
    free(text);
    pthread_mutex_unlock(&w->disk);
}

/* The text of now goes to the writer; one that it has not written yet is the older one. */
static void save(struct wr_serve *s, uint64_t now_us)
{
    struct wr_devices *d = s->devices;
    char *text;
    size_t size;
    d->save_us = now_us;
    if (d->path[0] == 0 || d->m == NULL || wr_census_changes(d->m) == d->saved ||
        wr_registry_text(d->m, s->labels, &text, &size) != WR_OK) {
        return;
    }
    d->saved = wr_census_changes(d->m);
    pthread_mutex_lock(&d->writing.lock);
    free(d->writing.text);
    d->writing.text = text;
    d->writing.size = size;
    pthread_mutex_unlock(&d->writing.lock);
}

int wr_devices_commit(struct wr_serve *s)
{
    struct wr_devices *d = s->devices;
    struct wr_now now;
    if (d->path[0] == 0) {
        return WR_E_NOTFOUND;
    }
    wr_clock_read(&s->clock, &now);
    save(s, now.mono_us);
    write_out(d);
    pthread_mutex_lock(&d->writing.disk);
    int err = d->writing.err;
    pthread_mutex_unlock(&d->writing.disk);
    return err;
}

/* --- the loop --- */

int wr_devices_run(struct wr_serve *s)
{
    struct wr_devices *d = s->devices;
    if (wr_neighbours_watch(&s->loop, on_neighbour, s, &d->neighbours) != WR_OK) {
        wr_say(WR_LOG_INFO, "the neighbour table cannot be watched here: %s", strerror(errno));
        d->neighbours = NULL;
    }
    int err = wr_devicehears_run(s, d->hears);
    if (err != WR_OK) {
        return err;
    }
    wr_ledger_claims(s->ledger, on_record, d);
    d->beat = (struct wr_beat){
        .name = "weir-devices", .period_ms = WRITE_MS, .work = write_out, .user = d};
    return d->path[0] == 0 ? WR_OK : wr_beat_start(&d->beat);
}

/* Told once: a device that is in quarantine already has no rule that could say it again. */
static void shut_off(struct wr_serve *s, uint32_t number, const char *rule)
{
    char who[WR_DEVICES_CALLED_SIZE], text[TEXT_SIZE];
    snprintf(text, sizeof(text), "rule %s", rule);
    if (wr_census_shut_off(s->devices->m, number, text, wr_devices_now_s(s)) != WR_OK) {
        return;
    }
    wr_devices_called(s, number, who);
    snprintf(text, sizeof(text),
             "device %s is in quarantine by rule %s, until `weir device release d%lu`", who, rule,
             (unsigned long)number);
    wr_devices_note(s, WR_LOG_WARN, text);
    wr_firewall_look(s);
    save(s, s->devices->save_us);
}

/* Quarantines with a timer end by themselves. */
static void end_quarantines(struct wr_serve *s, const struct wr_now *now)
{
    struct wr_devices *d = s->devices;
    char who[WR_DEVICES_CALLED_SIZE], text[TEXT_SIZE];
    uint32_t number;
    d->elapsed_us = d->elapsed_us == 0 ? now->mono_us : d->elapsed_us;
    uint64_t seconds = (now->mono_us - d->elapsed_us) / WR_S;
    d->elapsed_us += seconds * WR_S;
    wr_census_elapse(d->m, seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX, now->wall_s,
                     wr_devices_now_is_proven(s));
    while ((number = wr_census_over(d->m)) != 0) {
        wr_devices_called(s, number, who);
        snprintf(text, sizeof(text), "device %s is out of quarantine: its time is over", who);
        wr_devices_note(s, WR_LOG_INFO, text);
        wr_firewall_look(s);
        save(s, d->save_us);
    }
}

static void take_claims(struct wr_serve *s)
{
    struct wr_devices *d = s->devices;
    const struct claim *c;
    uint32_t n;
    for (size_t i = 0; i < CLAIMS_SIZE / sizeof(*c) && (c = wr_ring_peek(&d->claims, &n)) != NULL;
         i++) {
        struct claim one;
        memcpy(&one, c, sizeof(one));
        wr_ring_pop(&d->claims);
        if (one.text[0] != 0) {
            take_claim(d->m, &one, wr_devices_now_s(s));
        }
        if (one.device != 0) {
            shut_off(s, one.device, wr_labels_text(s->labels, one.rule));
        }
    }
}

void wr_devices_tick(struct wr_serve *s)
{
    struct wr_devices *d = s->devices;
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    take_claims(s);
    wr_devicehears_tick(d->hears);
    end_quarantines(s, &now);
    wr_census_tick(d->m, now.wall_s);
    tell_events(s, d->m);
    if (d->neighbours == NULL) {
        clear_leases(s);
    }
    if (d->neighbours != NULL && now.mono_us - d->dump_us >= DUMP_US) {
        d->dump_us = now.mono_us;
        wr_neighbours_dump(d->neighbours);
    }
    if (now.mono_us - d->save_us >= SAVE_US) {
        save(s, now.mono_us);
    }
}

void wr_devices_close(struct wr_devices *d)
{
    if (d != NULL) {
        wr_neighbours_close(d->neighbours);
        d->neighbours = NULL;
        wr_devicehears_close(d->hears);
    }
}

void wr_devices_end(struct wr_serve *s)
{
    struct wr_devices *d = s->devices;
    if (d == NULL) {
        return;
    }
    save(s, 0);
    wr_beat_stop(&d->beat);
    if (d->path[0] != 0) {
        write_out(d);
    }
    if (d->block != NULL) {
        munmap(d->block, d->size);
    }
    free(d->claims_block);
    wr_devicehears_free(d->hears);
    wr_devicekinds_free(&d->kinds);
    pthread_mutex_destroy(&d->writing.lock);
    pthread_mutex_destroy(&d->writing.disk);
    free(d);
    s->devices = NULL;
}
