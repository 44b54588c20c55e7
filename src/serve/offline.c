/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/offline.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/str.h"
#include "engine/engine.h"
#include "net/clock.h"
#include "policy/census.h"
#include "policy/device.h"
#include "resolve/news.h"
#include "serve/copies.h"
#include "serve/devicekinds.h"
#include "serve/devices.h"
#include "serve/doubt.h"
#include "serve/feedjob.h"
#include "serve/keepfile.h"
#include "serve/locals.h"
#include "serve/policyzones.h"
#include "serve/registry.h"
#include "serve/world.h"

#define NOTE_SIZE 640

struct wr_offline {
    const struct wr_conf *conf;
    wr_offline_note *note;
    void *user;
    struct wr_labels *labels;
    struct wr_gate_slots slots;
    struct wr_clock clock;
    struct wr_now opened;
    _Atomic uint32_t news[WR_NEWS_COUNTS];
    struct wr_copies *copies;
    struct wr_locals locals;
    struct wr_policyzones *policyzones;
    struct wr_gate *gate;
    struct wr_feedset feeds;
    struct wr_feedimage *image[WR_FEEDS_MAX];
    struct wr_doubt *doubt;
    void *census_block, *table_block;
    size_t census_size, table_size;
    struct wr_census *census;
    struct wr_devicekinds kinds;
    struct wr_device_table *table;
};

static void note(struct wr_offline *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void note(struct wr_offline *o, const char *format, ...)
{
    char text[NOTE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    o->note(o->user, text);
}

static void tell(void *user, enum wr_names_said said, const char *file, uint32_t line,
                 const char *text)
{
    char room[NOTE_SIZE];
    struct wr_str s;
    (void)said;
    wr_str_init(&s, room, sizeof(room));
    wr_names_put_said(&s, file, line, text);
    note(user, "%s", room);
}

/* --- devices --- */

/* Where a daemon of this configuration keeps something. */
static const char *state_path(const char *given, const char *file, char *room, size_t cap)
{
    const char *folder = getenv("STATE_DIRECTORY");
    if (given[0] != 0 || folder == NULL || folder[0] != '/' || strchr(folder, ':') != NULL) {
        return given;
    }
    snprintf(room, cap, "%s/%s", folder, file);
    return room;
}

static char *read_text(const char *path, size_t max, size_t *ret_size)
{
    FILE *in = fopen(path, "re");
    char *text = NULL;
    size_t size = 0, room = 0;
    while (in != NULL && !feof(in) && !ferror(in) && size < max) {
        if (size == room) {
            room = room * 2 + 65536;
            char *more = realloc(text, room);
            if (more == NULL) {
                break;
            }
            text = more;
        }
        size += fread(text + size, 1, room - size, in);
    }
    bool whole = in != NULL && feof(in) && text != NULL;
    if (in != NULL) {
        fclose(in);
    }
    if (!whole) {
        free(text);
        return NULL;
    }
    *ret_size = size;
    return text;
}

/* The registry as it is now: only read, for a running daemon may have it. */
static void recall(struct wr_offline *o)
{
    char room[WR_KEEPFILE_PATH_MAX];
    const char *path = state_path(o->conf->registry.file, "devices", room, sizeof(room));
    struct wr_registry_read read = {0, 0};
    size_t size = 0;
    if (path[0] == 0) {
        note(o, "registry.file is not set: only devices that the configuration tells are known");
        return;
    }
    char *text = read_text(path, WR_REGISTRY_FILE_MAX, &size);
    if (text == NULL) {
        note(o, "%s cannot be read (%s): only devices that the configuration tells are known", path,
             strerror(errno));
    } else if (wr_registry_read(o->census, text, size, o->labels, &read) != WR_OK) {
        note(o, "%s is no registry of devices: only those that the configuration tells are known",
             path);
    } else if (read.bad > 0) {
        note(o, "%s: %u lines cannot be read: these devices are not known", path, read.bad);
    }
    free(text);
}

static void *map(size_t size)
{
    void *block = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return block == MAP_FAILED ? NULL : block;
}

static int open_devices(struct wr_offline *o)
{
    struct wr_census_setup setup = {.devices = o->conf->registry.devices,
                                    .forget_s = o->conf->registry.forget_s};
    uint32_t keys = wr_census_keys(setup.devices);
    if (getrandom(&setup.key, sizeof(setup.key), 0) != (ssize_t)sizeof(setup.key)) {
        return WR_E_IO;
    }
    o->census_size = wr_census_size(setup.devices);
    o->table_size = wr_device_size(keys);
    o->census_block = map(o->census_size);
    o->table_block = map(o->table_size);
    if (o->census_block == NULL || o->table_block == NULL) {
        return WR_E_NOMEM;
    }
    o->table = wr_device_init(o->table_block, keys, &setup.key);
    setup.table = o->table;
    o->census = wr_census_init(o->census_block, &setup);
    recall(o);
    wr_census_hops(o->census, o->conf->registry.mac_from.count > 0);
    wr_devicekinds_read(&o->kinds, o->conf->registry.kinds, o->conf->registry.oui, o->census);
    wr_devices_say(o->census, o->conf, o->labels, &o->slots, o->opened.wall_s);
    return WR_OK;
}

/* --- lists and policy zones --- */

/* One from a file, as the daemon reads it. */
static struct wr_feedimage *read_feed(struct wr_offline *o, size_t i)
{
    const struct wr_conf_feed *from = &o->conf->feeds.items[i];
    struct wr_feedcompile_why why = {.text = "not enough memory"};
    struct wr_feedimage *image = NULL;
    struct wr_feedjob_plan plan;
    int err = wr_feedjob_plan(&plan, o->conf, i, 0);
    if (err == WR_OK) {
        const struct wr_feedsource source = {
            .path = plan.path, .signature = plan.signature, .how = plan.how};
        err = wr_feedcompile_read(&source, o->opened.wall_s, &image, &why);
        wr_feedjob_plan_clear(&plan);
    }
    if (err != WR_OK) {
        note(o, "feed %s: %s: %s; it lists nothing here", from->name, from->from, why.text);
    }
    return image;
}

static struct wr_feedimage *open_feed(struct wr_offline *o, size_t i)
{
    const struct wr_conf_feed *from = &o->conf->feeds.items[i];
    struct wr_feedimage *image = NULL;
    char path[WR_KEEPFILE_PATH_MAX], room[WR_KEEPFILE_PATH_MAX];
    if (from->from[0] == '/') {
        return read_feed(o, i);
    }
    snprintf(path, sizeof(path), "%s.feed", from->name);
    const char *folder = state_path(o->conf->feed_folder, "", room, sizeof(room));
    if (folder[0] != 0) {
        snprintf(path, sizeof(path), "%.900s/%s.feed", folder, from->name);
    }
    int err = folder[0] == 0 ? WR_E_NOTFOUND : wr_feedimage_open(path, &image);
    if (err != WR_OK) {
        note(o,
             "feed %s is fetched, and what a daemon has of it cannot be had here (%s); it lists "
             "nothing here",
             from->name, err == WR_E_NOTFOUND ? "nothing is kept" : strerror(errno));
    }
    return image;
}

static void open_feeds(struct wr_offline *o)
{
    for (size_t i = 0; i < o->conf->feeds.count && i < WR_FEEDS_MAX; i++) {
        struct wr_feedset_item *item = &o->feeds.item[o->feeds.count];
        struct wr_feedimage *image = open_feed(o, i);
        item->label = wr_labels_number(o->labels, o->conf->feeds.items[i].name);
        o->image[o->feeds.count++] = image;
        if (image != NULL) {
            item->names = &image->names;
            item->addrs = &image->addrs;
            o->feeds.has_addresses = o->feeds.has_addresses || image->addrs.count > 0;
        }
    }
}

/* Zones from files, and the copies of others that a daemon has kept. */
static int open_zones(struct wr_offline *o)
{
    const struct wr_names_hooks hooks = {.tell = tell, .user = o};
    const struct wr_copies_setup setup = {.conf = o->conf, .clock = &o->clock, .notified = o->news};
    struct wr_copies_plan *plan;
    int err = wr_copies_create(&setup, &o->copies);
    err = err == WR_OK ? wr_copies_plan(o->conf, &hooks, &plan) : err;
    if (err == WR_OK) {
        wr_copies_give(o->copies, plan);
        err = wr_locals_load(&o->locals, o->conf, NULL, o->copies, &o->opened, &hooks);
    }
    err = err == WR_OK ? wr_policyzones_create(wr_copies_policy_key(o->copies), &o->policyzones)
                       : err;
    return err == WR_OK ? wr_policyzones_read(o->policyzones, o->conf, o->copies, &hooks) : err;
}

/* --- the whole --- */

static int open_gate(struct wr_offline *o)
{
    struct wr_gate_notes notes = {.count = 0};
    struct wr_world world;
    int err = wr_world_read(o->conf->upstream.resolv_conf, false, &world);
    if (err != WR_OK) {
        return err;
    }
    world.view.labels = o->labels;
    world.view.names = o->locals.set.local;
    world.view.policyzones = o->policyzones;
    err = wr_gate_make(o->conf, &world.view, &o->slots, 1, &notes, &o->gate);
    for (uint32_t i = 0; i < notes.count; i++) {
        if (err != WR_OK && notes.note[i].level == WR_LOG_ERROR) {
            note(o, "%s", notes.note[i].text);
        }
    }
    wr_world_free(&world);
    return err;
}

int wr_offline_open(const struct wr_conf *conf, wr_offline_note *say, void *user,
                    struct wr_offline **ret_offline)
{
    struct wr_offline *o = calloc(1, sizeof(*o));
    if (o == NULL) {
        return WR_E_NOMEM;
    }
    o->conf = conf;
    o->note = say;
    o->user = user;
    wr_clock_read(&o->clock, &o->opened);
    int err = wr_labels_create(&o->labels);
    err = err == WR_OK ? open_zones(o) : err;
    err = err == WR_OK ? open_gate(o) : err;
    err = err == WR_OK ? open_devices(o) : err;
    if (err == WR_OK) {
        open_feeds(o);
        err = wr_doubt_open(o->gate->settings.policy, o->gate->settings.rpz.count > 0, &o->doubt);
    }
    if (err != WR_OK) {
        wr_offline_close(o);
        return err;
    }
    *ret_offline = o;
    return WR_OK;
}

void wr_offline_close(struct wr_offline *o)
{
    if (o == NULL) {
        return;
    }
    wr_doubt_close(o->doubt);
    for (uint32_t i = 0; i < o->feeds.count; i++) {
        wr_feedimage_let_go(o->image[i]);
    }
    wr_devicekinds_free(&o->kinds);
    if (o->census_block != NULL) {
        munmap(o->census_block, o->census_size);
    }
    if (o->table_block != NULL) {
        munmap(o->table_block, o->table_size);
    }
    wr_gate_free(o->gate);
    wr_policyzones_destroy(o->policyzones);
    wr_locals_free(&o->locals);
    wr_copies_close(o->copies);
    wr_labels_destroy(o->labels);
    free(o);
}

void wr_offline_equip(const struct wr_offline *o, struct wr_engine_setup *ret_setup)
{
    ret_setup->settings = &o->gate->settings;
    ret_setup->local = o->locals.set.local;
    ret_setup->feeds = &o->feeds;
    ret_setup->devices = o->table;
}

/* --- one query --- */

/* What is known of the one who asked, and of what is not (enum wr_doubt_of). */
struct asked {
    struct wr_who who;
    unsigned doubt;
    bool hidden; /* by privacy */
    bool link;   /* his segment may be that of an interface, which the log does not have */
};

static void identify(const struct wr_offline *o, const struct wr_ledger_event *e, struct asked *ret)
{
    const struct wr_record *r = &e->record;
    const struct wr_census_device *d = r->device == 0 ? NULL : wr_census_get(o->census, r->device);
    if (d != NULL) {
        ret->who = wr_census_who(o->census, d, NULL);
    } else if (r->device != 0) {
        ret->who.device = r->device;
        ret->doubt |= WR_DOUBT_DEVICE;
    } else if (r->claim_kind == WR_CLAIM_HOP) {
        (void)wr_device_behind(o->table, e->claim, &ret->who);
    } else {
        (void)wr_device_find(o->table, &r->client, r->client.scope, e->claim,
                             r->claim_kind == WR_CLAIM_CERTIFICATE, &ret->who);
    }
    if (ret->who.state != WR_WHO_UNKNOWN) {
        ret->who.state = WR_WHO_KNOWN; /* a conflict or a quarantine of today was none then */
    }
}

/* By the address, in the segments of this configuration; of those that are interfaces the log has only the name. */
static void place(const struct wr_offline *o, const struct wr_ledger_event *e, struct asked *ret)
{
    const struct wr_segments *s = o->gate->settings.segments;
    if (s == NULL) {
        return;
    }
    uint16_t at = ret->hidden ? WR_SEGMENT_NONE : wr_segment_of(s, 0, &e->record.client);
    if (at != WR_SEGMENT_NONE) {
        ret->who.segment = s->segment[at].label;
        return;
    }
    for (uint16_t i = 0; i < s->segments; i++) {
        if (strcmp(wr_labels_text(o->labels, s->segment[i].label), e->segment) == 0) {
            ret->who.segment = s->segment[i].label;
            return;
        }
    }
    ret->link = ret->hidden || s->links > 0;
}

/* What policy zones say of the name and of who asks. */
static void ask_zones(const struct wr_offline *o, const struct wr_policy_ask *ask,
                      const struct asked *a, struct wr_offline_verdict *v)
{
    const struct wr_rpz_zones *zones = &o->gate->settings.rpz;
    struct wr_rpz_facts facts = {.client = ask->client,
                                 .groups = ask->who->groups,
                                 .segment = ask->who->segment,
                                 .name = ask->name};
    struct wr_rpz_hit hit, other;
    bool allowed = v->verdict.action == WR_VERDICT_ALLOW && !v->verdict.shadow;
    if (zones->count == 0 || allowed || !wr_verdict_passes(&v->verdict) ||
        wr_local_owns(o->locals.set.local, ask->name, ask->type)) {
        return;
    }
    wr_rpz_answer(zones, &facts, &hit);
    facts.groups = (a->doubt & WR_DOUBT_DEVICE) != 0 ? UINT64_MAX : facts.groups;
    wr_rpz_answer(zones, &facts, &other);
    if (hit.verdict.action != other.verdict.action ||
        (a->hidden && wr_verdict_passes(&hit.verdict) && wr_rpz_has(zones, WR_RPZ_CLIENT_IP))) {
        v->why = WR_OFFLINE_CLIENT;
        v->rule = other.verdict.rule;
    }
    if (hit.verdict.action != WR_VERDICT_NONE &&
        (!hit.verdict.shadow || v->verdict.action == WR_VERDICT_NONE)) {
        v->verdict = hit.verdict;
    }
}

/* What the rules say, and what it depends on that is not known. */
static struct wr_offline_verdict ask_rules(struct wr_offline *o, const struct wr_policy_ask *ask,
                                           const struct asked *a, bool by_answer)
{
    struct wr_offline_verdict v = {.why = WR_OFFLINE_DECIDED};
    struct wr_doubt_said said = {.sure = false};
    unsigned answers = by_answer ? WR_DOUBT_LISTS : 0;
    bool sure = wr_doubt_question(o->doubt, ask, answers, &said) == WR_OK && said.sure;
    if (!sure) {
        v.why = WR_OFFLINE_ANSWER;
    } else if (a->doubt != 0) {
        sure = wr_doubt_question(o->doubt, ask, answers | a->doubt, &said) == WR_OK && said.sure;
        v.why = sure ? WR_OFFLINE_DECIDED : a->hidden ? WR_OFFLINE_CLIENT : WR_OFFLINE_DEVICE;
    }
    v.verdict = said.verdict;
    v.rule = sure ? 0 : said.rule;
    return v;
}

/* The one who asked is in this segment. */
static struct wr_offline_verdict judge(struct wr_offline *o, const struct wr_ledger_event *e,
                                       const struct asked *a)
{
    const struct wr_record *r = &e->record;
    const struct wr_policy *p = o->gate->settings.policy;
    const struct wr_now then = {.wall_s = r->wall_s, .wall_proven = true, .mono_us = r->mono_us};
    struct wr_policy_ask ask = {.who = &a->who,
                                .client = &r->client,
                                .name = e->name.wire,
                                .type = r->qtype,
                                .now = &then,
                                .feeds = &o->feeds};
    ask.forgeable = r->transport == WR_CLIENT_UDP &&
                    r->verdict.action != WR_VERDICT_QUARANTINE; /* by a cookie */
    bool by_answer = r->verdict.trigger > WR_TRIGGER_NAME && !r->verdict.shadow;
    struct wr_offline_verdict v = ask_rules(o, &ask, a, by_answer);
    ask_zones(o, &ask, a, &v);
    bool zones = r->verdict.by == WR_VERDICT_BY_RPZ && o->gate->settings.rpz.count > 0;
    bool rebinding =
        r->verdict.by == WR_VERDICT_BY_REBINDING && p != NULL && wr_policy_spec(p)->rebinding;
    if (v.why == WR_OFFLINE_DECIDED && by_answer && wr_verdict_passes(&v.verdict) &&
        (zones || rebinding)) {
        v.why = WR_OFFLINE_ANSWER;
    }
    return v;
}

static bool is_same(const struct wr_offline_verdict *a, const struct wr_offline_verdict *b)
{
    return a->why == b->why && a->verdict.action == b->verdict.action &&
           a->verdict.shadow == b->verdict.shadow && a->verdict.rule == b->verdict.rule;
}

struct wr_offline_verdict wr_offline_decide(struct wr_offline *o, const struct wr_ledger_event *e)
{
    const struct wr_segments *s = o->gate->settings.segments;
    struct asked a = {.hidden = e->record.client.family == WR_AF_NONE};
    if (a.hidden) {
        a.doubt = WR_DOUBT_CLIENT | WR_DOUBT_DEVICE;
    } else {
        identify(o, e, &a);
    }
    place(o, e, &a);
    struct wr_offline_verdict v = judge(o, e, &a);
    for (uint16_t i = 0; a.link && i < s->segments && v.why == WR_OFFLINE_DECIDED; i++) {
        a.who.segment = s->segment[i].label;
        struct wr_offline_verdict other = judge(o, e, &a);
        if (!is_same(&v, &other)) {
            v.why = a.hidden ? WR_OFFLINE_CLIENT : WR_OFFLINE_SEGMENT;
            v.rule = other.verdict.rule;
        }
    }
    return v;
}

/* --- for people --- */

bool wr_offline_sees_answers(const struct wr_offline *o)
{
    const struct wr_settings *s = &o->gate->settings;
    const struct wr_policy_spec *spec = s->policy == NULL ? NULL : wr_policy_spec(s->policy);
    bool feeds = false;
    for (uint32_t i = 0; spec != NULL && i < spec->rules; i++) {
        feeds = feeds || spec->rule[i].feeds > 0;
    }
    return feeds || s->rpz.count > 0 || (spec != NULL && spec->rebinding);
}

const char *wr_offline_label(const struct wr_offline *o, uint16_t label)
{
    return wr_labels_text(o->labels, label);
}

uint16_t wr_offline_number(struct wr_offline *o, const char *text)
{
    return wr_labels_number(o->labels, text);
}

void wr_offline_call(const struct wr_offline *o, uint32_t device, char *ret_text, size_t cap)
{
    const struct wr_census_device *d = device == 0 ? NULL : wr_census_get(o->census, device);
    ret_text[0] = 0;
    if (d != NULL) {
        wr_census_call(d, ret_text, cap);
    }
}

const char *wr_offline_why_text(enum wr_offline_why why)
{
    static const char *const texts[WR_OFFLINE_WHYS] = {
        "decided", "it depends on the answer, which is not in the log",
        "it depends on who asked, which the log hides",
        "it depends on the device, which is not known any more",
        "it depends on the interface, which is not in the log"};
    return why < WR_OFFLINE_WHYS ? texts[why] : "";
}
