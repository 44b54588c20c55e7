/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/muds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "conf/devicerules.h"
#include "policy/leasemirror.h"
#include "serve/devicecontrol.h"
#include "serve/devices.h"
#include "serve/firewall.h"
#include "serve/keepfile.h"
#include "serve/muddue.h"
#include "serve/reload.h"
#include "serve/say.h"
#include "serve/serve.h"
#include "transport/cms.h"

struct staged {
    uint8_t *bytes;
    size_t n;
};

/* A device that may reach less, by rules that workers are about to get: what it has of leases ends when they have them. */
struct narrowed {
    uint32_t device; /* number in the registry; 0: the place is free */
    uint64_t due_us;
};

struct wr_muds {
    struct wr_serve *s;
    struct narrowed narrowed[WR_MUD_NARROWED_MAX];
    struct wr_hash_key key; /* of sets */
    struct wr_mudstore *store;
    bool told_nobodys;
    uint64_t looked_census, looked_store; /* their counts of changes when it was looked last */
    uint64_t applied;                     /* what the gate in force was made of */
    struct staged staged[2];              /* a profile, and its signature */
    struct wr_mudoffers offers;
    struct wr_mudfetch *fetch;
    int64_t due_s;
    uv_async_t woken; /* by the thread that fetches */
};

/* Devices with a profile that counts: in force, or in the shadow. */
struct found {
    struct wr_mudset_item *item;
    uint32_t count;
    uint64_t sum; /* the same when and only when the same set comes of it */
};

/* In place of a profile that is lost: no name is in it. */
static const struct wr_mud nothing;

/* --- its life --- */

static void folder_of(const struct wr_conf *conf, char *ret, size_t cap)
{
    const char *given = getenv("STATE_DIRECTORY");
    ret[0] = 0;
    if (conf->mud.folder[0] != 0) {
        snprintf(ret, cap, "%s", conf->mud.folder);
    } else if (given != NULL && given[0] == '/' && strchr(given, ':') == NULL) {
        snprintf(ret, cap, "%s", given);
    }
}

static void tell(const struct wr_muds *m, const struct wr_mudstore_read *read)
{
    const struct wr_mudstore_entry *e;
    uint32_t cursor = 0, told = 0;
    if (read->bad) {
        wr_say(WR_LOG_ERROR,
               "the list of profiles of devices (MUD) in %s cannot be read: it is put aside, and "
               "no profile is in force",
               wr_mudstore_folder(m->store));
    }
    while ((e = wr_mudstore_next(m->store, &cursor)) != NULL) {
        if (e->mud == NULL && wr_mudstore_is_proposal(e)) {
            told++; /* it comes again */
        } else if (e->mud == NULL) {
            told++;
            wr_say(WR_LOG_ERROR,
                   "the profile (MUD) of %s is not there, or not what it was: import it again; "
                   "until then a device whose profile was in force gets no names in a segment with "
                   "`fail: closed`, and all elsewhere",
                   e->about.key);
        }
    }
    if (read->lost > told) {
        wr_say(
            WR_LOG_ERROR,
            "%u entries of the list of profiles of devices (MUD) in %s cannot be read: nothing of "
            "them is in force",
            read->lost - told, wr_mudstore_folder(m->store));
    }
}

static void wake(void *user)
{
    struct wr_muds *m = user;
    uv_async_send(&m->woken);
}

static void on_woken(uv_async_t *handle)
{
    struct wr_muds *m = handle->data;
    wr_serve_look(m->s);
}

int wr_muds_open(struct wr_serve *s, struct wr_muds **ret_muds)
{
    struct wr_mudstore_read read;
    char folder[WR_KEEPFILE_PATH_MAX - 16];
    struct wr_muds *m = calloc(1, sizeof(*m));
    if (m == NULL) {
        return WR_E_NOMEM;
    }
    m->s = s;
    folder_of(s->first_conf, folder, sizeof(folder));
    int err = getrandom(&m->key, sizeof(m->key), 0) == (ssize_t)sizeof(m->key)
                  ? wr_mudstore_open(folder, &m->store, &read)
                  : WR_E_IO;
    if (err == WR_OK) {
        err = wr_mudfetch_create(wake, m, &m->fetch);
    }
    if (err != WR_OK) {
        wr_mudstore_close(m->store);
        free(m);
        return err;
    }
    uv_async_init(&s->loop, &m->woken, on_woken);
    m->woken.data = m;
    tell(m, &read);
    *ret_muds = m;
    return WR_OK;
}

void wr_muds_close(struct wr_muds *m)
{
    if (m != NULL) {
        wr_mudfetch_close(m->fetch);
        m->fetch = NULL;
        uv_close((uv_handle_t *)&m->woken, NULL);
    }
}

struct wr_mudfetch *wr_muds_fetch(const struct wr_muds *m)
{
    return m->fetch;
}

struct wr_mudoffers *wr_muds_offers(struct wr_muds *m)
{
    return &m->offers;
}

bool wr_muds_look(struct wr_serve *s)
{
    return wr_mudfetch_tick(s->muds->fetch, s);
}

void wr_muds_free(struct wr_muds *m)
{
    if (m != NULL) {
        wr_muds_unstage(m);
        wr_mudoffers_free(&m->offers);
        wr_mudstore_close(m->store);
        free(m);
    }
}

struct wr_mudstore *wr_muds_store(const struct wr_muds *m)
{
    return m->store;
}

int64_t *wr_muds_due(struct wr_muds *m)
{
    return &m->due_s;
}

/* --- whose is it --- */

static void name_key(const char *name, char ret_key[WR_MUDSTORE_KEY_SIZE])
{
    struct wr_str s;
    wr_str_init(&s, ret_key, WR_MUDSTORE_KEY_SIZE);
    wr_str_text(&s, "name:");
    for (; *name != 0; name++) {
        wr_str_char(&s, *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name);
    }
}

static void mac_key(const struct wr_mark *mark, char ret_key[WR_MUDSTORE_KEY_SIZE])
{
    struct wr_str s;
    wr_str_init(&s, ret_key, WR_MUDSTORE_KEY_SIZE);
    wr_str_text(&s, "mac");
    for (unsigned i = 0; i < 6; i++) {
        wr_str_char(&s, ':');
        wr_str_hex(&s, &mark->octets[i], 1);
    }
}

static bool is_mac(const struct wr_mark *mark)
{
    return mark->kind == WR_MARK_MAC && mark->size == 6;
}

bool wr_muds_key(const struct wr_census_device *d, char ret_key[WR_MUDSTORE_KEY_SIZE])
{
    const struct wr_mark *best = NULL;
    if (d->name[0] != 0) {
        name_key(d->name, ret_key);
        return true;
    }
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *at = &d->mark[i];
        if (is_mac(at) && (best == NULL || at->last_s > best->last_s)) {
            best = at;
        }
    }
    if (best != NULL) {
        mac_key(best, ret_key);
    }
    return best != NULL;
}

const struct wr_mudstore_entry *wr_muds_of(const struct wr_muds *m,
                                           const struct wr_census_device *d)
{
    char key[WR_MUDSTORE_KEY_SIZE];
    const struct wr_mudstore_entry *e = NULL;
    if (d->name[0] != 0) {
        name_key(d->name, key);
        e = wr_mudstore_find(m->store, key);
    }
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX && e == NULL; i++) {
        if (is_mac(&d->mark[i])) {
            mac_key(&d->mark[i], key);
            e = wr_mudstore_find(m->store, key);
        }
    }
    return e;
}

/* Before the store is asked: all devices are gone through for each entry of a list. */
static bool may_be(const struct wr_census_device *d, const char *key)
{
    return strncmp(key, "name:", 5) != 0 || wr_str_same(d->name, key + 5);
}

const struct wr_census_device *wr_muds_device(const struct wr_muds *m,
                                              const struct wr_mudstore_entry *e)
{
    const struct wr_census *census = wr_devices_machine(m->s->devices);
    const struct wr_census_device *d;
    uint32_t cursor = 0;
    while ((d = wr_census_walk(census, &cursor)) != NULL) {
        if (may_be(d, e->about.key) && wr_muds_of(m, d) == e) {
            return d;
        }
    }
    return NULL;
}

/* --- in force --- */

static uint64_t sum_of(uint32_t device, const struct wr_mudstore_entry *e)
{
    uint64_t h = (uint64_t)device << 3 | (e->about.from[0] != 0 ? 4u : 0u) | e->about.mode;
    for (const char *at = e->about.digest; *at != 0; at++) {
        h = (h ^ (uint8_t)*at) * 0x100000001b3u;
    }
    return wr_hash_mix(h);
}

/* A profile that was in force and is lost: the segment's `fail` decides. Before there is a gate nobody knows, and nothing is given. */
static bool is_closed(const struct wr_muds *m, const struct wr_mudstore_entry *e,
                      const struct wr_census_device *d)
{
    if (e->mud != NULL || e->about.mode != WR_MUDSTORE_ENFORCED) {
        return false;
    }
    if (m->s->gate == NULL) {
        return true;
    }
    const struct wr_segments *segments = m->s->gate->settings.segments;
    uint16_t at = wr_devicecontrol_segment(m->s, d);
    return segments != NULL && at != WR_SEGMENT_NONE && segments->segment[at].closed;
}

/* Whatever the order; with `item`, as many as there is room for. */
static void find_all(const struct wr_muds *m, struct found *f)
{
    const struct wr_census *census = wr_devices_machine(m->s->devices);
    const struct wr_census_device *d;
    uint32_t cursor = 0;
    while ((d = wr_census_walk(census, &cursor)) != NULL && f->count < WR_MUD_DEVICES_MAX) {
        const struct wr_mudstore_entry *e = wr_muds_of(m, d);
        if (e == NULL || e->about.mode == WR_MUDSTORE_OFF ||
            (e->mud == NULL && !is_closed(m, e, d))) {
            continue;
        }
        if (f->item != NULL) {
            f->item[f->count] =
                (struct wr_mudset_item){.device = d->number,
                                        .mud = e->mud != NULL ? e->mud : &nothing,
                                        .shadow = e->about.mode == WR_MUDSTORE_SHADOW,
                                        .is_fetched = e->about.from[0] != 0};
        }
        f->count++;
        f->sum += sum_of(d->number, e);
    }
}

static bool any_counts(const struct wr_muds *m)
{
    const struct wr_mudstore_entry *e;
    uint32_t cursor = 0;
    while ((e = wr_mudstore_next(m->store, &cursor)) != NULL) {
        if (e->about.mode != WR_MUDSTORE_OFF) {
            return true;
        }
    }
    return false;
}

bool wr_muds_any(const struct wr_muds *m)
{
    struct found f = {.item = NULL};
    if (m != NULL && any_counts(m)) {
        find_all(m, &f);
    }
    return f.count > 0;
}

int wr_muds_set(const struct wr_muds *m, void **ret_block, const struct wr_mudset **ret_set)
{
    struct found f = {.item = NULL};
    *ret_block = NULL;
    *ret_set = NULL;
    if (!any_counts(m)) {
        return WR_OK;
    }
    f.item = calloc(WR_MUD_DEVICES_MAX, sizeof(*f.item));
    if (f.item == NULL) {
        return WR_E_NOMEM;
    }
    find_all(m, &f);
    if (f.count > 0) {
        *ret_block = malloc(wr_mudset_size(f.item, f.count));
        *ret_set =
            *ret_block != NULL ? wr_mudset_compile(*ret_block, f.item, f.count, &m->key) : NULL;
    }
    free(f.item);
    return f.count > 0 && *ret_block == NULL ? WR_E_NOMEM : WR_OK;
}

static void forget(struct wr_serve *s, uint32_t device)
{
    const struct wr_census_device *d = wr_census_get(wr_devices_machine(s->devices), device);
    if (d != NULL) {
        wr_firewall_forget(s, d);
    }
    if (s->shared.leases != NULL) {
        wr_leasemirror_clear(s->shared.leases);
    }
}

/* One lease that was granted while the rest ended would be taken to be there: so once more, and the last word is the mirror's. */
void wr_muds_narrow(struct wr_serve *s, const struct wr_census_device *d)
{
    struct narrowed *free = NULL;
    struct wr_now now;
    for (unsigned i = 0; i < WR_MUD_NARROWED_MAX; i++) {
        struct narrowed *at = &s->muds->narrowed[i];
        free = at->device == 0 || at->device == d->number ? at : free;
    }
    forget(s, d->number);
    if (free != NULL) {
        wr_clock_read(&s->clock, &now);
        *free = (struct narrowed){d->number, now.mono_us + WR_S};
    }
}

static void forget_due(struct wr_serve *s)
{
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    for (unsigned i = 0; i < WR_MUD_NARROWED_MAX; i++) {
        struct narrowed *at = &s->muds->narrowed[i];
        if (at->device != 0 && now.mono_us >= at->due_us) {
            forget(s, at->device);
            at->device = 0;
        }
    }
}

/* --- called otherwise --- */

static bool is_named(const struct wr_mudstore_entry *e)
{
    return strncmp(e->about.key, "name:", 5) == 0;
}

/* Whose MAC address is kept with it, of one that is the profile of a name. NULL: it is nobody's who is known. */
static const struct wr_census_device *of_mac(const struct wr_muds *m,
                                             const struct wr_mudstore_entry *e)
{
    uint8_t mac[6];
    return is_named(e) && e->about.mac[0] != 0 && wr_devicerules_mac(e->about.mac, mac) == WR_OK
               ? wr_census_of_mac(wr_devices_machine(m->s->devices), mac)
               : NULL;
}

/* One that its maker has given, and of these the one that was seen last. */
static void best_mac(const struct wr_census_device *d, char ret_text[WR_CENSUS_MAC_SIZE])
{
    const struct wr_mark *best = NULL;
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *at = &d->mark[i];
        bool made_up = is_mac(at) && wr_census_mac_is_local(at->octets);
        bool worse = best != NULL && wr_census_mac_is_local(best->octets);
        if (is_mac(at) && (best == NULL || (worse && !made_up) ||
                           (worse == made_up && at->last_s > best->last_s))) {
            best = at;
        }
    }
    ret_text[0] = 0;
    if (best != NULL) {
        wr_census_mac_text(best->octets, ret_text);
    }
}

/* Who has each at the moment; and by which MAC address he is known, for when he is called otherwise while weir is off. */
static void note_devices(struct wr_muds *m)
{
    const struct wr_census *census = wr_devices_machine(m->s->devices);
    const struct wr_census_device *d;
    uint32_t cursor = 0;
    while ((d = wr_census_walk(census, &cursor)) != NULL) {
        const struct wr_mudstore_entry *e = wr_muds_of(m, d);
        const struct wr_census_device *owner = e != NULL ? of_mac(m, e) : NULL;
        char mac[WR_CENSUS_MAC_SIZE];
        if (e == NULL) {
            continue;
        }
        wr_mudstore_note(m->store, e, owner != NULL ? owner->number : d->number);
        best_mac(d, mac);
        if (owner == NULL && is_named(e) && strcmp(mac, e->about.mac) != 0) {
            (void)wr_mudstore_set_mac(m->store, e->about.key, mac);
        }
    }
}

/* In force, or in the shadow, and no device is called so: said once, as names are known when weir starts. */
static void tell_nobodys(struct wr_muds *m)
{
    const struct wr_mudstore_entry *e;
    uint32_t cursor = 0;
    while (!m->told_nobodys && (e = wr_mudstore_next(m->store, &cursor)) != NULL) {
        if (e->device == 0 && e->about.mode != WR_MUDSTORE_OFF && is_named(e)) {
            wr_say(WR_LOG_WARN,
                   "the profile (MUD) of %s holds for nobody: no device is called so, nor is one "
                   "known by its MAC address. If the device has another name now, import the "
                   "profile for it (weir mud import) or call it as before; `weir mud remove %s` "
                   "forgets it",
                   e->about.key, e->about.key);
        }
    }
    m->told_nobodys = true;
}

/* A device that is called otherwise in the configuration takes its profile along, as one does that is called so by the owner's word. */
static void follow(struct wr_serve *s)
{
    struct wr_muds *m = s->muds;
    const struct wr_census *census = wr_devices_machine(s->devices);
    const struct wr_mudstore_entry *e;
    uint32_t cursor = 0, moved = 0;
    note_devices(m);
    while (moved < WR_MUD_DEVICES_MAX && (e = wr_mudstore_next(m->store, &cursor)) != NULL) {
        const struct wr_census_device *d =
            e->device != 0 ? wr_census_get(census, e->device) : of_mac(m, e);
        char key[WR_MUDSTORE_KEY_SIZE], old[WR_MUDSTORE_KEY_SIZE];
        if (d != NULL && wr_muds_of(m, d) == NULL && wr_muds_key(d, key) &&
            !wr_mudstore_is_proposal(e)) {
            memcpy(old, e->about.key, sizeof(old));
            wr_say(WR_LOG_INFO,
                   "the profile (MUD) of %s is that of %s now, as the device is called", old, key);
            wr_mudstore_note(m->store, e, d->number);
            (void)wr_mudstore_rename(m->store, old, key);
            moved++;
            cursor = 0; /* they are in another order now */
        }
    }
    tell_nobodys(m);
}

uint64_t wr_muds_changes(const struct wr_muds *m)
{
    return wr_census_changes(wr_devices_machine(m->s->devices)) + wr_mudstore_changes(m->store);
}

void wr_muds_tick(struct wr_serve *s)
{
    struct wr_muds *m = s->muds;
    forget_due(s);
    wr_muddue_tick(s);
    struct found f = {.item = NULL};
    uint64_t census = wr_census_changes(wr_devices_machine(s->devices));
    uint64_t store = wr_mudstore_changes(m->store);
    if (census == m->looked_census && store == m->looked_store) {
        return;
    }
    follow(s);
    store = wr_mudstore_changes(m->store);
    m->looked_census = census;
    m->looked_store = store;
    if (any_counts(m)) {
        find_all(m, &f);
    }
    if (f.sum != m->applied) {
        m->applied = f.sum;
        if (s->shared.leases != NULL) {
            wr_leasemirror_clear(s->shared.leases); /* it may have others to ask for now */
        }
        wr_reload_refresh(s);
    }
}

void wr_muds_renamed(struct wr_serve *s, const struct wr_census_device *d, const char *old)
{
    char from[WR_MUDSTORE_KEY_SIZE], to[WR_MUDSTORE_KEY_SIZE];
    name_key(old, from);
    if (old[0] == 0 || wr_mudstore_find(s->muds->store, from) == NULL) {
        return; /* it has none, or is found by its MAC address */
    }
    if (!wr_muds_key(d, to) || wr_mudstore_rename(s->muds->store, from, to) == WR_E_EXISTS) {
        wr_say(WR_LOG_WARN,
               "the profile (MUD) of %s is nobody's now: it has no name and no MAC address", old);
    }
}

/* --- a file in pieces --- */

int wr_muds_stage(struct wr_muds *m, bool signature, size_t at, const void *piece, size_t n)
{
    struct staged *t = &m->staged[signature];
    size_t most = signature ? WR_MUD_SIGNATURE_MAX : WR_MUD_FILE_MAX;
    if (at == 0 && !signature) {
        wr_muds_unstage(m); /* the signature belongs to the one before */
    }
    t->n = at == 0 ? 0 : t->n;
    if (at != t->n) {
        return WR_E_RANGE;
    }
    if (n > most - at) {
        return WR_E_LIMIT;
    }
    uint8_t *bytes = realloc(t->bytes, at + n + 1);
    if (bytes == NULL) {
        return WR_E_NOMEM;
    }
    memcpy(bytes + at, piece, n);
    t->bytes = bytes;
    t->n = at + n;
    return WR_OK;
}

void wr_muds_staged(const struct wr_muds *m, struct wr_muds_offer *ret_offer)
{
    *ret_offer = (struct wr_muds_offer){.text = (const char *)m->staged[0].bytes,
                                        .n = m->staged[0].n,
                                        .sig = m->staged[1].bytes,
                                        .sig_n = m->staged[1].n,
                                        .from = "",
                                        .host = ""};
}

void wr_muds_unstage(struct wr_muds *m)
{
    for (unsigned i = 0; i < 2; i++) {
        free(m->staged[i].bytes);
        m->staged[i] = (struct staged){NULL, 0};
    }
}

/* --- taking one --- */

static uint8_t *read_anchors(const char *path, size_t *ret_n)
{
    FILE *file = path[0] != 0 ? fopen(path, "rbe") : NULL;
    uint8_t *bytes = file != NULL ? malloc(WR_CREDS_ANCHORS_OCTETS_MAX) : NULL;
    *ret_n = bytes != NULL ? fread(bytes, 1, WR_CREDS_ANCHORS_OCTETS_MAX, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    return bytes;
}

static const char *prove(struct wr_serve *s, const struct wr_muds_offer *offer,
                         char ret_signer[WR_MUDSTORE_SIGNER_SIZE], char *why, size_t cap)
{
    struct wr_verdict_text text = {""};
    struct wr_now now;
    size_t n = 0;
    wr_clock_read(&s->clock, &now);
    uint8_t *anchors = read_anchors(s->conf->mud.anchors, &n);
    const struct wr_cms_proof proof = {.text = offer->text,
                                       .n = offer->n,
                                       .sig = offer->sig,
                                       .sig_n = offer->sig_n,
                                       .anchors = anchors,
                                       .anchors_n = n,
                                       .now_s = now.wall_s};
    int err = anchors != NULL ? wr_cms_verify(&proof, ret_signer, &text) : WR_E_NOTFOUND;
    free(anchors);
    if (s->conf->mud.anchors[0] == 0) {
        snprintf(why, cap, "it is signed, and nobody is believed: name authorities in mud.anchors");
    } else if (err == WR_E_NOTFOUND) {
        snprintf(why, cap, "the authorities in %.200s cannot be read", s->conf->mud.anchors);
    } else if (err != WR_OK) {
        snprintf(why, cap, "its signature is not good: %s", text.text);
    } else if (!now.wall_proven) {
        snprintf(why, cap, "its signature cannot be judged: the time is not proven yet");
        err = WR_E_AGAIN;
    }
    return err == WR_OK ? NULL : "signature";
}

static const char *bad_profile(const struct wr_mudfile_mistake *mistake, char *why, size_t cap)
{
    snprintf(why, cap, "the profile is not good: line %u, column %u: %s", mistake->line,
             mistake->column, mistake->text);
    return "profile";
}

/* What is no profile need not be signed. */
static const char *read_it(const struct wr_muds_offer *offer, char *why, size_t cap)
{
    struct wr_mudfile_mistake mistake = {0, 0, ""};
    struct wr_mud *mud = NULL;
    int err = wr_mudfile_read(offer->text != NULL ? offer->text : "", offer->n, &mud, &mistake);
    wr_mudfile_free(mud);
    return err == WR_OK ? NULL : bad_profile(&mistake, why, cap);
}

static const char *keep(struct wr_serve *s, const struct wr_mudstore_about *about,
                        const struct wr_muds_offer *offer, char *why, size_t cap)
{
    struct wr_mudfile_mistake mistake = {0, 0, ""};
    int err = wr_mudstore_put(s->muds->store, about, offer->text, offer->n, offer->sig,
                              offer->sig_n, &mistake);
    switch (err) {
    case WR_OK: return NULL;
    case WR_E_IO:
        snprintf(why, cap, "it holds until weir ends, and could not be written");
        return "disk";
    case WR_E_FULL:
        snprintf(why, cap, "there are profiles of %d devices already", WR_MUD_DEVICES_MAX);
        return "limit";
    case WR_E_NOMEM: snprintf(why, cap, "not enough memory"); return "limit";
    default: return bad_profile(&mistake, why, cap);
    }
}

const char *wr_muds_judge(struct wr_serve *s, const struct wr_muds_offer *offer,
                          char ret_signer[WR_MUDSTORE_SIGNER_SIZE], char *why, size_t cap)
{
    const char *code = read_it(offer, why, cap);
    ret_signer[0] = 0;
    return code != NULL || offer->sig_n == 0 ? code : prove(s, offer, ret_signer, why, cap);
}

const char *wr_muds_take(struct wr_serve *s, const struct wr_census_device *d,
                         const struct wr_muds_offer *offer, char *why, size_t cap)
{
    struct wr_mudstore_about about = {.taken_s = wr_devices_now_s(s)};
    const struct wr_mudstore_entry *before = wr_muds_of(s->muds, d);
    const char *code = NULL;
    char called[WR_DEVICES_CALLED_SIZE], text[400], proposal[WR_MUDSTORE_KEY_SIZE];
    about.checked_s = about.taken_s;
    if (before != NULL) { /* as it is called there, and in force if that was */
        memcpy(about.key, before->about.key, sizeof(about.key));
        about.mode = before->about.mode;
    } else if (!wr_muds_key(d, about.key)) {
        snprintf(why, cap,
                 "it has neither a name nor a MAC address, and would not be known again: call it "
                 "something (weir device name)");
        return "device";
    }
    snprintf(about.from, sizeof(about.from), "%s", offer->from);
    snprintf(about.host, sizeof(about.host), "%s", offer->host);
    code = wr_muds_judge(s, offer, about.signer, why, cap);
    if (code == NULL && offer->sig_n == 0 && !offer->is_unsigned_fine) {
        snprintf(why, cap,
                 "it is not signed, and only the owner's word makes that good "
                 "(--unsigned)");
        code = "signature";
    }
    best_mac(d, about.mac);
    code = code != NULL ? code : keep(s, &about, offer, why, cap);
    if (code == NULL) {
        if (wr_mudstore_proposal_key(about.key, proposal)) {
            (void)wr_mudstore_remove(s->muds->store, proposal);
        }
        wr_devices_called(s, d->number, called);
        snprintf(text, sizeof(text), "device %s: a profile (MUD) was taken, signed by %.200s",
                 called, about.signer[0] != 0 ? about.signer : "nobody, by the owner's word");
        wr_devices_note(s, WR_LOG_INFO, text);
        wr_muds_tick(s);
        if (about.mode == WR_MUDSTORE_ENFORCED) {
            wr_muds_narrow(s, d);
        }
    }
    return code;
}
