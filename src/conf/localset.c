/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/localset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/str.h"
#include "conf/services.h"
#include "dns/codes.h"
#include "dns/reverse.h"
#include "resolve/special.h"

/* How long a name that does not exist is believed not to: a device that gets its lease is to be found at once. */
#define NEGATIVE_TTL_S 10
/* Behind a name's hash: a zone begins there (else the number of a record + 1). */
#define ZONE_MARK 0x80000000u

struct work {
    const struct wr_conf *conf;
    const struct wr_names *const *sources;
    size_t source_count;
    const struct wr_names_hooks *hooks;
    const struct wr_localset *before; /* or NULL */
    struct wr_hash_key key;
    struct wr_local_zone *zone;
    uint32_t zones, zone_room;
    struct wr_local_record *record;
    const struct wr_names_record **from; /* by record; NULL: made here */
    const char **file;
    uint32_t records, record_room;
    uint32_t *slot; /* names by hash, open addressing: a record + 1, or a zone with the mark */
    uint32_t mask;
    struct wr_name *special; /* names of the rows */
    struct wr_conf_mem mem;  /* of what is made here */
    int64_t now_s, expires_s;
    bool full; /* WR_LOCAL_RECORDS_MAX */
    int err;
};

/* A client's name, and nobody else's word; NULL is none. */
static bool is_of_lease(const struct wr_names_record *r)
{
    return r && !wr_leaseid_is_none(&r->client);
}

/* --- what stands where --- */

static const uint8_t *name_at(const struct work *k, uint32_t slot)
{
    return slot & ZONE_MARK ? k->zone[slot & ~ZONE_MARK].name : k->record[slot - 1].owner;
}

static void note(struct work *k, uint32_t value)
{
    uint32_t at = (uint32_t)wr_name_hash(&k->key, name_at(k, value)) & k->mask;
    while (k->slot[at] != 0) {
        at = (at + 1) & k->mask;
    }
    k->slot[at] = value;
}

/* Walks what stands at a name: the first with *cursor UINT32_MAX; 0 at the end. */
static uint32_t next_at(const struct work *k, const uint8_t *name, uint32_t *cursor)
{
    uint32_t at = *cursor == UINT32_MAX ? (uint32_t)wr_name_hash(&k->key, name) & k->mask
                                        : (*cursor + 1) & k->mask;
    for (; k->slot[at] != 0; at = (at + 1) & k->mask) {
        if (wr_name_equal(name_at(k, k->slot[at]), name)) {
            *cursor = at;
            return k->slot[at];
        }
    }
    return 0;
}

static bool is_pointer(uint16_t type)
{
    return type == WR_TYPE_PTR || type == WR_TYPE_CNAME;
}

/* Remembers the record just taken, unless what stands at its name says all that is asked of it: that somebody has the
 * name, and whether it points somewhere. So a name with a million records is not walked a million times. */
static void note_record(struct work *k)
{
    const struct wr_local_record *r = &k->record[k->records - 1];
    const struct wr_names_record *from = k->from[k->records - 1];
    uint32_t cursor = UINT32_MAX;
    for (uint32_t at; (at = next_at(k, r->owner, &cursor)) != 0;) {
        const struct wr_names_record *other = at & ZONE_MARK ? NULL : k->from[at - 1];
        bool lease = is_of_lease(from);
        bool same_kind = !(at & ZONE_MARK) && !lease && !is_of_lease(other);
        if (same_kind && (is_pointer(k->record[at - 1].type) || !is_pointer(r->type))) {
            return;
        }
    }
    note(k, k->records);
}

/* --- zones --- */

static void add_zone(struct work *k, const struct wr_local_zone *zone)
{
    wr_assert(k->zones < k->zone_room);
    k->zone[k->zones++] = *zone;
}

static void add_own_zone(struct work *k, const uint8_t *name, uint32_t kind, uint32_t ttl)
{
    struct wr_local_zone zone = {.name = name,
                                 .kind = (uint8_t)kind,
                                 .parent_has_ds = true,
                                 .ede = WR_EDE_NONE,
                                 .ttl = ttl,
                                 .negative_ttl = ttl < NEGATIVE_TTL_S ? ttl : NEGATIVE_TTL_S};
    for (size_t i = 0; i < k->source_count; i++) {
        const struct wr_names *from = k->sources[i];
        if (from->unavailable && kind == WR_LOCAL_AUTHORITATIVE &&
            wr_name_equal(from->unavailable, name)) {
            zone.kind = WR_LOCAL_UNAVAILABLE;
            zone.ede = from->ede;
            zone.ede_text = from->ede_text;
        }
    }
    add_zone(k, &zone);
}

static bool is_in_own_zone(const struct work *k, const uint8_t *name)
{
    for (uint32_t i = 0; i < k->zones; i++) {
        if (k->zone[i].name[0] != 0 && wr_name_in(name, k->zone[i].name)) {
            return true;
        }
    }
    return false;
}

static void add_own_zones(struct work *k)
{
    const struct wr_conf *c = k->conf;
    for (size_t i = 0; i < c->local.zones.count; i++) {
        const struct wr_conf_zone *z = &c->local.zones.items[i];
        if (z->use == WR_USE_ANSWERS) {
            add_own_zone(k, z->name, z->kind, z->ttl_s);
        }
    }
    for (size_t i = 0; i < c->local.leases.count; i++) {
        if (!is_in_own_zone(k, c->local.leases.items[i].zone)) {
            add_own_zone(k, c->local.leases.items[i].zone, WR_LOCAL_AUTHORITATIVE, c->local.ttl_s);
        }
    }
}

/* Is the name in a zone that is asked, not answered from? */
static bool is_held(const struct wr_conf *c, const uint8_t *name)
{
    for (size_t i = 0; i < c->local.zones.count; i++) {
        const struct wr_conf_zone *z = &c->local.zones.items[i];
        if (z->use != WR_USE_ANSWERS && z->name[0] != 0 && wr_name_in(name, z->name)) {
            return true;
        }
    }
    return false;
}

static bool is_routed(const struct wr_conf *c, const uint8_t *name)
{
    for (size_t i = 0; i < c->upstream.routes.count; i++) {
        const uint8_t *zone = c->upstream.routes.items[i].zone;
        if (zone[0] != 0 && wr_name_in(name, zone)) {
            return true;
        }
    }
    return is_held(c, name);
}

static bool is_off(const struct wr_conf *c, const uint8_t *name)
{
    for (size_t i = 0; i < c->local.special.off.count; i++) {
        if (wr_name_equal(c->local.special.off.items[i], name)) {
            return true;
        }
    }
    return !c->local.special.enable;
}

static bool take(struct work *k, const struct wr_local_record *r,
                 const struct wr_names_record *from, const char *file);

static void add_special(struct work *k)
{
    const struct wr_special_row *rows;
    size_t count = wr_special_rows(&rows);
    for (size_t i = 0; i < count; i++) {
        struct wr_local_zone zone;
        struct wr_local_record made[WR_SPECIAL_RECORDS_MAX];
        wr_special_name(&rows[i], &k->special[i]);
        const uint8_t *name = k->special[i].wire;
        if (is_off(k->conf, name) || is_in_own_zone(k, name) || is_routed(k->conf, name) ||
            !wr_special_zone(&rows[i], &k->special[i], &zone)) {
            continue;
        }
        add_zone(k, &zone);
        uint32_t records = wr_special_records(&rows[i], made);
        for (uint32_t r = 0; r < records; r++) {
            if (take(k, &made[r], NULL, "")) {
                note_record(k);
            }
        }
    }
}

/* A name inside of a closed zone that others know: what is below it is not answered from here. */
static void add_hole(struct work *k, uint32_t closed, const uint8_t *name)
{
    for (uint32_t z = 0; z < closed; z++) {
        if (wr_name_in(name, k->zone[z].name)) {
            add_own_zone(k, name, WR_LOCAL_TRANSPARENT, 0);
            return;
        }
    }
}

/* Routes inside of closed zones: there the route's servers know. So it is with zones that are asked. */
static void add_holes(struct work *k)
{
    const struct wr_conf *c = k->conf;
    uint32_t closed = k->zones;
    for (size_t i = 0; i < c->upstream.routes.count; i++) {
        add_hole(k, closed, c->upstream.routes.items[i].zone);
    }
    for (size_t i = 0; i < c->local.zones.count; i++) {
        if (c->local.zones.items[i].use != WR_USE_ANSWERS) {
            add_hole(k, closed, c->local.zones.items[i].name);
        }
    }
}

/* --- records --- */

static bool take(struct work *k, const struct wr_local_record *r,
                 const struct wr_names_record *from, const char *file)
{
    if (k->records == k->record_room) {
        k->full = true;
        return false;
    }
    k->record[k->records] = *r;
    k->from[k->records] = from;
    k->file[k->records] = file;
    k->records++;
    return true;
}

static void tell(const struct work *k, enum wr_names_said said, const char *file, uint32_t line,
                 const uint8_t *owner, uint16_t type, const char *what)
{
    char text[WR_NAME_TEXT_SIZE + 256];
    struct wr_str s;
    wr_str_init(&s, text, sizeof(text));
    wr_name_put_text(&s, owner);
    if (type != 0) {
        char word[WR_CODE_TEXT_SIZE];
        wr_codes_type_text(type, word, sizeof(word));
        wr_str_char(&s, ' ');
        wr_str_text(&s, word);
    }
    wr_str_text(&s, ": ");
    wr_str_text(&s, what);
    k->hooks->tell(k->hooks->user, said, file, line, text);
}

/* May a client have this name? Not when anybody else has it, in the configuration or by a lease of either family. */
static bool may_have(struct work *k, const struct wr_names *names, const struct wr_names_record *r)
{
    uint32_t cursor = UINT32_MAX, own = 0;
    bool tied = false;
    for (uint32_t at; (at = next_at(k, r->r.owner, &cursor)) != 0;) {
        const struct wr_names_record *other = at & ZONE_MARK ? NULL : k->from[at - 1];
        if (!is_of_lease(other)) {
            tell(k, WR_NAMES_NOTE, names->file, r->line, r->r.owner, 0,
                 "this client's name is one of the site's own; it does not get it");
            return false;
        }
        tied = tied || wr_leaseid_same(&other->client, &r->client);
        if (++own == WR_LEASE_ADDRESSES_MAX) {
            break;
        }
    }
    const char *why = NULL;
    if (own > 0 && !tied) {
        why = "another client has this name already, or the same one by a lease that has neither "
              "MAC address nor DUID in common with this; it does not get it. A hosts file can give "
              "it";
    } else if (own == WR_LEASE_ADDRESSES_MAX) {
        why = "this client has as many addresses as one name may have; no more";
    }
    if (why) {
        tell(k, WR_NAMES_NOTE, names->file, r->line, r->r.owner, 0, why);
    }
    return !why;
}

/* Nothing here is signed: of a copy these are left out, and nobody is told for each of them. */
static bool is_proof(uint16_t type)
{
    return type == WR_TYPE_RRSIG || type == WR_TYPE_NSEC || type == WR_TYPE_NSEC3 ||
           type == WR_TYPE_NSEC3PARAM;
}

static int by_name(const void *a, const void *b)
{
    const struct wr_localset_holder *x = a, *y = b;
    return x->name < y->name ? -1 : x->name > y->name;
}

/* Did this client have the name in the set that is in force? */
static bool had_it(const struct work *k, const struct wr_names_record *r)
{
    const struct wr_localset *before = k->before;
    uint64_t name = wr_name_hash(&k->key, r->r.owner);
    uint32_t low = 0, high = before ? before->holders : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (before->holder[middle].name < name) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; before && low < before->holders && before->holder[low].name == name; low++) {
        if (wr_leaseid_same(&before->holder[low].client, &r->client)) {
            return true;
        }
    }
    return false;
}

/* Who has what by a lease now. WR_E_NOMEM. */
static int keep_holders(const struct work *k, struct wr_localset *set)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < k->records; i++) {
        count += is_of_lease(k->from[i]);
    }
    if (count == 0) {
        return WR_OK;
    }
    set->holder = calloc(count, sizeof(*set->holder));
    if (!set->holder) {
        return WR_E_NOMEM;
    }
    for (uint32_t i = 0; i < k->records; i++) {
        if (is_of_lease(k->from[i])) {
            set->holder[set->holders++] = (struct wr_localset_holder){
                wr_name_hash(&k->key, k->record[i].owner), k->from[i]->client};
        }
    }
    qsort(set->holder, set->holders, sizeof(*set->holder), by_name);
    return WR_OK;
}

/* Leases come in two rounds: of those who had their names, and of the others. */
enum round { OF_THE_SITE, HELD, NEW };

static void take_names(struct work *k, const struct wr_names *names, enum round round)
{
    if (names->lease != (round != OF_THE_SITE)) {
        return;
    }
    for (uint32_t i = 0; i < names->count && !k->err && !k->full; i++) {
        const struct wr_names_record *r = &names->item[i];
        struct wr_local_record made = r->r;
        if (round != OF_THE_SITE && had_it(k, r) != (round == HELD)) {
            continue;
        }
        if (r->until_s != INT64_MAX && k->now_s != INT64_MIN) {
            int64_t left = r->until_s - k->now_s;
            if (left <= 0) {
                continue;
            }
            made.ttl = left < (int64_t)made.ttl ? (uint32_t)left : made.ttl;
        }
        if ((names->lease && !may_have(k, names, r)) || (names->copy && is_proof(r->r.type))) {
            continue;
        }
        if (r->until_s < k->expires_s) {
            k->expires_s = r->until_s;
        }
        if (take(k, &made, r, names->file)) {
            note_record(k);
        }
    }
}

static bool has_ptr(const struct work *k, const uint8_t *name)
{
    uint32_t cursor = UINT32_MAX;
    for (uint32_t at; (at = next_at(k, name, &cursor)) != 0;) {
        if (!(at & ZONE_MARK) && is_pointer(k->record[at - 1].type)) {
            return true;
        }
    }
    return false;
}

static void add_reverse(struct work *k)
{
    uint32_t count = k->records;
    for (uint32_t i = 0; i < count && !k->err && !k->full; i++) {
        const struct wr_local_record *r = &k->record[i];
        struct wr_addr addr = {.family = r->type == WR_TYPE_A ? WR_AF_V4 : WR_AF_V6};
        struct wr_name name;
        if (!k->from[i] || !k->from[i]->reverse || r->size != wr_addr_ip_size(&addr)) {
            continue;
        }
        memcpy(addr.ip, r->rdata, r->size);
        if (wr_addr_is_loopback(&addr) || wr_addr_is_any(&addr)) {
            continue; /* of everybody and of nobody */
        }
        if (wr_reverse_name(&addr, &name) != WR_OK || has_ptr(k, name.wire)) {
            continue;
        }
        uint8_t *owner = wr_mem_take(&k->mem, name.size);
        if (!owner) {
            k->err = WR_E_NOMEM;
            return;
        }
        memcpy(owner, name.wire, name.size);
        struct wr_local_record ptr = {.owner = owner,
                                      .rdata = r->owner,
                                      .ttl = r->ttl,
                                      .segments = r->segments,
                                      .type = WR_TYPE_PTR,
                                      .size = (uint16_t)wr_name_size(r->owner)};
        if (take(k, &ptr, NULL, "")) {
            note_record(k);
        }
    }
}

/* --- all of it --- */

static void rejected(void *user, uint32_t record, enum wr_local_reject why)
{
    struct work *k = user;
    const struct wr_names_record *from = k->from[record];
    bool lease = is_of_lease(from);
    tell(k, lease ? WR_NAMES_NOTE : WR_NAMES_MISTAKE, k->file[record], from ? from->line : 0,
         k->record[record].owner, k->record[record].type, wr_local_reject_text(why));
}

static void judged(void *user, const char *key, const uint8_t *host, const char *what)
{
    struct work *k = user;
    char text[128];
    struct wr_str s;
    wr_str_init(&s, text, sizeof(text));
    wr_str_text(&s, "the host of a service ");
    wr_str_text(&s, what);
    tell(k, WR_NAMES_NOTE, key, 0, host, 0, text);
}

static int get_room(struct work *k, const struct wr_names *const *sources, size_t count)
{
    const struct wr_special_row *rows;
    size_t specials = wr_special_rows(&rows), records = specials * WR_SPECIAL_RECORDS_MAX,
           slots = 64;
    for (size_t i = 0; i < count; i++) {
        records += 2 * (size_t)sources[i]->count; /* each with a PTR */
    }
    records = records > WR_LOCAL_RECORDS_MAX ? WR_LOCAL_RECORDS_MAX : records;
    size_t zones = k->conf->local.zones.count + k->conf->local.leases.count + specials +
                   k->conf->upstream.routes.count;
    while (slots < 2 * (records + zones)) {
        slots *= 2;
    }
    k->zone = calloc(zones + 1, sizeof(*k->zone));
    k->record = calloc(records + 1, sizeof(*k->record));
    k->from = calloc(records + 1, sizeof(*k->from));
    k->file = calloc(records + 1, sizeof(*k->file));
    k->slot = calloc(slots, sizeof(*k->slot));
    k->special = calloc(specials, sizeof(*k->special));
    k->zone_room = (uint32_t)zones;
    k->record_room = (uint32_t)records;
    k->mask = (uint32_t)slots - 1;
    bool all = k->zone && k->record && k->from && k->file && k->slot && k->special;
    return all ? WR_OK : WR_E_NOMEM;
}

static void give_back(struct work *k)
{
    free(k->zone);
    free(k->record);
    free(k->from);
    free(k->file);
    free(k->slot);
    free(k->special);
    wr_mem_free(&k->mem);
}

static int compile(struct work *k, struct wr_localset *set)
{
    struct wr_local_input in = {.zone = k->zone,
                                .zones = k->zones,
                                .record = k->record,
                                .records = k->records,
                                .key = k->key,
                                .reject = rejected,
                                .user = k};
    if (k->zones == 0 && k->records == 0) {
        return WR_OK;
    }
    size_t size = wr_local_size(&in);
    if (size == SIZE_MAX) {
        return WR_E_LIMIT;
    }
    set->block = malloc(size);
    int err = set->block ? wr_local_build(set->block, size, &in, &set->local) : WR_E_NOMEM;
    return err;
}

int wr_localset_build(const struct wr_conf *conf, const struct wr_names *const *sources,
                      size_t count, int64_t now_s, const struct wr_hash_key *key,
                      const struct wr_localset *before, const struct wr_names_hooks *hooks,
                      struct wr_localset *ret_set)
{
    struct work k = {.conf = conf,
                     .sources = sources,
                     .source_count = count,
                     .hooks = hooks,
                     .before = before,
                     .key = *key,
                     .now_s = now_s,
                     .expires_s = INT64_MAX,
                     .err = WR_OK};
    struct wr_localset set = {.local = NULL};
    wr_mem_init(&k.mem);
    k.err = get_room(&k, sources, count);
    if (!k.err) {
        add_own_zones(&k);
        add_special(&k);
        add_holes(&k);
        for (uint32_t i = 0; i < k.zones; i++) {
            note(&k, i | ZONE_MARK);
        }
        for (int round = OF_THE_SITE; round <= NEW; round++) {
            for (size_t i = 0; i < count; i++) {
                take_names(&k, sources[i], (enum round)round);
            }
        }
        if (conf->local.reverse) {
            add_reverse(&k);
        }
    }
    if (k.full) {
        hooks->tell(hooks->user, WR_NAMES_MISTAKE, "local", 0,
                    "more records in all than are taken; the rest is left out");
    }
    if (!k.err) {
        k.err = keep_holders(&k, &set);
    }
    if (!k.err) {
        k.err = compile(&k, &set);
    }
    if (k.err) {
        wr_localset_free(&set);
    } else {
        wr_services_judge(conf, set.local, judged, &k);
        set.expires_s = k.expires_s;
        set.records = k.records;
        *ret_set = set;
    }
    give_back(&k);
    return k.err;
}

void wr_localset_free(struct wr_localset *set)
{
    free(set->block);
    free(set->holder);
    *set = (struct wr_localset){.local = NULL, .expires_s = INT64_MAX};
}
