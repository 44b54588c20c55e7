/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "conf/hostsfile.h"
#include "conf/mistakes.h"
#include "conf/record.h"
#include "conf/services.h"
#include "conf/zoneload.h"
#include "dns/codes.h"

void wr_names_put_said(struct wr_str *s, const char *file, uint32_t line, const char *text)
{
    if (file[0]) {
        wr_utf8_safe(s, file, strlen(file));
    } else {
        wr_str_text(s, "local.zones");
    }
    if (line > 0) {
        wr_str_char(s, ':');
        wr_str_u64(s, line);
    }
    wr_str_text(s, ": ");
    wr_str_text(s, text);
}

void wr_names_init(struct wr_names *names, const char *file)
{
    memset(names, 0, sizeof(*names));
    names->file = file;
    wr_mem_init(&names->mem);
}

void wr_names_free(struct wr_names *names)
{
    free(names->item);
    wr_mem_free(&names->mem);
    wr_names_init(names, names->file);
}

static bool grow(struct wr_names *names)
{
    uint32_t room = names->room ? names->room * 2 : 64;
    struct wr_names_record *more = NULL;
    if (names->count < WR_NAMES_RECORDS_MAX) {
        more = realloc(names->item, room * sizeof(*more));
    }
    if (!more) {
        names->failed = true;
        return false;
    }
    names->item = more;
    names->room = room;
    return true;
}

static struct wr_names_record *add(struct wr_names *names, const uint8_t *owner, uint16_t type,
                                   uint32_t ttl, const void *rdata, uint16_t size, uint32_t line)
{
    size_t owner_size = wr_name_size(owner);
    if (names->count == names->room && !grow(names)) {
        return NULL;
    }
    uint8_t *copy = wr_mem_take(&names->mem, owner_size + size);
    if (!copy) {
        names->failed = true;
        return NULL;
    }
    memcpy(copy, owner, owner_size);
    memcpy(copy + owner_size, rdata, size);
    struct wr_names_record *r = &names->item[names->count++];
    *r = (struct wr_names_record){.r = {.owner = copy,
                                        .rdata = copy + owner_size,
                                        .ttl = ttl,
                                        .segments = WR_LOCAL_EVERYONE,
                                        .type = type,
                                        .size = size},
                                  .line = line,
                                  .until_s = INT64_MAX};
    return r;
}

static bool is_address(uint16_t type)
{
    return type == WR_TYPE_A || type == WR_TYPE_AAAA;
}

bool wr_names_add(struct wr_names *names, const uint8_t *owner, uint16_t type, uint32_t ttl,
                  const uint8_t *rdata, uint16_t size, uint32_t line)
{
    struct wr_names_record *r = add(names, owner, type, ttl, rdata, size, line);
    if (!r) {
        return false;
    }
    r->reverse = is_address(type) && !(owner[0] == 1 && owner[1] == '*');
    return true;
}

static void read_zone(struct wr_names *names, const struct wr_conf_zone *zone)
{
    uint8_t rdata[WR_RECORD_RDATA_MAX];
    for (size_t i = 0;
         i < zone->records.count && zone->primaries.count == 0 && zone->use == WR_USE_ANSWERS;
         i++) {
        const char *text = zone->records.items[i], *why;
        struct wr_record_line r;
        size_t column;
        if (wr_record_line_read(text, strlen(text), zone->name, zone->ttl_s, rdata, sizeof(rdata),
                                &r, &column, &why) == WR_OK) {
            (void)wr_names_add(names, r.owner.wire, r.type, r.ttl, rdata, r.size, 0);
        }
    }
}

void wr_names_read_conf(struct wr_names *names, const struct wr_conf *conf)
{
    for (size_t i = 0; i < conf->local.zones.count; i++) {
        read_zone(names, &conf->local.zones.items[i]);
    }
    wr_services_expand(names, conf);
}

/* --- zone files --- */

struct zonefile {
    struct wr_names *names;
    const uint8_t *zone;
    const struct wr_names_hooks *hooks;
};

static int zone_record(void *data, const struct wr_zonefile_event *rr, const char *file)
{
    struct zonefile *z = data;
    if (!wr_name_in(rr->owner, z->zone)) {
        char text[WR_NAME_TEXT_SIZE + 64];
        struct wr_str s;
        wr_str_init(&s, text, sizeof(text));
        wr_name_put_text(&s, rr->owner);
        wr_str_text(&s, ": the name is not in its zone");
        z->hooks->tell(z->hooks->user, WR_NAMES_MISTAKE, file, rr->place.line, text);
        return WR_OK;
    }
    return wr_names_add(z->names, rr->owner, rr->type, rr->ttl, rr->rdata, rr->rdata_size,
                        rr->place.line)
               ? WR_OK
               : WR_E_LIMIT;
}

static void zone_mistake(void *data, const struct wr_zonefile_event *mistake, const char *file)
{
    struct zonefile *z = data;
    z->hooks->tell(z->hooks->user, mistake->warning ? WR_NAMES_NOTE : WR_NAMES_MISTAKE, file,
                   mistake->place.line, mistake->reason);
}

static void tell_failed(const struct wr_names *names, const struct wr_names_hooks *hooks)
{
    if (names->failed) {
        hooks->tell(hooks->user, WR_NAMES_MISTAKE, names->file, 0,
                    "more records than are taken; the rest is left out");
    }
}

int wr_names_read_zone(struct wr_names *names, const char *path, const uint8_t *zone, uint32_t ttl,
                       const struct wr_names_hooks *hooks)
{
    struct zonefile z = {names, zone, hooks};
    const struct wr_zonefile_options options = {
        .origin = zone, .class_ = WR_CLASS_IN, .has_ttl = true, .ttl = ttl};
    const struct wr_zoneload_sink sink = {&z, zone_record, zone_mistake};
    int err = wr_zoneload(path, &options, &sink);
    tell_failed(names, hooks);
    return err == WR_E_LIMIT ? WR_OK : err;
}

int wr_names_digest(const struct wr_names *names, const uint8_t *zone,
                    struct wr_zonemd_result *ret_result)
{
    struct wr_zonemd_rr *rr = calloc(names->count + 1u, sizeof(*rr));
    uint8_t *scratch = malloc(WR_ZONEMD_SCRATCH);
    int err = rr && scratch ? WR_OK : WR_E_NOMEM;
    for (uint32_t i = 0; !err && i < names->count; i++) {
        const struct wr_local_record *r = &names->item[i].r;
        rr[i] = (struct wr_zonemd_rr){r->owner, r->rdata, r->ttl, r->type, r->size};
    }
    if (!err) {
        err = wr_zonemd_check(rr, names->count, zone, scratch, ret_result);
    }
    free(scratch);
    free(rr);
    return err;
}

int wr_names_check_digest(const struct wr_names *names, const uint8_t *zone, uint32_t demand,
                          const struct wr_names_hooks *hooks)
{
    struct wr_zonemd_result got = {.verdict = WR_ZONEMD_NONE};
    const char *why = NULL;
    char text[256];
    int err = demand == WR_ZONEMD_IGNORE ? WR_OK : wr_names_digest(names, zone, &got);
    if (err || demand == WR_ZONEMD_IGNORE) {
        return err;
    }
    if (got.verdict == WR_ZONEMD_WRONG) {
        why = got.reason;
    } else if (demand == WR_ZONEMD_REQUIRE && got.verdict != WR_ZONEMD_GOOD) {
        why = got.verdict == WR_ZONEMD_UNKNOWN ? got.reason : "there is no ZONEMD record";
    }
    if (why) {
        snprintf(text, sizeof(text), "the zone is not taken: %s", why);
        hooks->tell(hooks->user, WR_NAMES_MISTAKE, names->file, 0, text);
    }
    return why ? WR_E_CHECKSUM : WR_OK;
}

/* --- hosts --- */

struct hosts {
    struct wr_names *names;
    const struct wr_names_hooks *hooks;
    uint32_t ttl;
    uint32_t wrong; /* lines of leases */
};

static struct wr_names_record *add_addr(struct wr_names *names, const struct wr_name *owner,
                                        const struct wr_addr *addr, uint32_t ttl, uint32_t line)
{
    return add(names, owner->wire, addr->family == WR_AF_V4 ? WR_TYPE_A : WR_TYPE_AAAA, ttl,
               addr->ip, (uint16_t)wr_addr_ip_size(addr), line);
}

static void host(void *user, uint32_t line, const struct wr_addr *addr, const struct wr_name *name,
                 bool alias)
{
    struct hosts *h = user;
    if (wr_addr_is_loopback(addr)) {
        return; /* each client's own, not this machine's */
    }
    struct wr_names_record *r = add_addr(h->names, name, addr, h->ttl, line);
    if (r) {
        r->reverse = !alias && !wr_addr_is_any(addr);
    }
}

static void host_wrong(void *user, uint32_t line, const char *text)
{
    struct hosts *h = user;
    h->hooks->tell(h->hooks->user, WR_NAMES_MISTAKE, h->names->file, line, text);
}

void wr_names_read_hosts(struct wr_names *names, const char *text, size_t n, uint32_t ttl,
                         const struct wr_names_hooks *hooks)
{
    struct hosts h = {names, hooks, ttl, 0};
    const struct wr_hostsfile_hooks to = {.each = host, .wrong = host_wrong, .user = &h};
    wr_hostsfile_read(text, n, &to);
    tell_failed(names, hooks);
}

/* --- leases --- */

static void lease_wrong(void *user, uint8_t part, uint32_t line, const char *text)
{
    struct hosts *h = user;
    (void)part;
    h->wrong++;
    h->hooks->tell(h->hooks->user, WR_NAMES_NOTE, h->names->file, line, text);
}

static void add_lease(struct hosts *h, const struct wr_lease *lease, const uint8_t *zone,
                      const struct wr_hash_key *key)
{
    char quoted[WR_MISTAKE_QUOTE_SIZE], text[WR_MISTAKE_QUOTE_SIZE + 192];
    struct wr_name owner;
    const char *why = NULL;
    if (lease->gone || wr_addr_is_loopback(&lease->addr) || wr_addr_is_any(&lease->addr)) {
        return;
    }
    if (h->hooks->lease != NULL) {
        h->hooks->lease(h->hooks->lease_user, lease);
    }
    int err = wr_lease_name(&lease->host, zone, &owner, &why);
    if (err == WR_E_DENIED) {
        snprintf(text, sizeof(text), "%s %s",
                 wr_mistakes_quote(lease->host.at, lease->host.n, quoted), why);
        h->hooks->tell(h->hooks->user, WR_NAMES_NOTE, h->names->file, lease->line, text);
    }
    if (err != WR_OK) {
        return;
    }
    struct wr_names_record *r = add_addr(h->names, &owner, &lease->addr, h->ttl, lease->line);
    if (r) {
        r->reverse = true;
        r->until_s = lease->until_s;
        wr_leaseid_of(lease, key, &r->client);
    }
}

void wr_names_read_leases(struct wr_names *names, enum wr_lease_format format, const uint8_t *zone,
                          uint32_t ttl, const struct wr_names_text *text, unsigned parts,
                          const struct wr_hash_key *key, const struct wr_names_hooks *hooks)
{
    struct hosts h = {names, hooks, ttl, 0};
    const struct wr_lease_hooks to = {.wrong = lease_wrong, .user = &h};
    struct wr_leases leases;
    names->lease = true;
    if (wr_leases_create(key, &leases) != WR_OK) {
        names->failed = true;
        return;
    }
    for (unsigned i = 0; i < parts; i++) {
        if (wr_leases_read(&leases, format, (uint8_t)i, text[i].text, text[i].n, &to) ==
            WR_E_NOMEM) {
            names->failed = true;
        }
    }
    if (leases.count == 0 && h.wrong > 0) {
        hooks->tell(hooks->user, WR_NAMES_MISTAKE, names->file, 0,
                    "no lease in it could be read; is its `format` the one of the server that "
                    "writes it?");
    }
    wr_leases_sort(&leases);
    for (uint32_t i = 0; i < leases.count; i++) {
        add_lease(&h, &leases.item[i], zone, key);
    }
    wr_leases_free(&leases);
    tell_failed(names, hooks);
}
