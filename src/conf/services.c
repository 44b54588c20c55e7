/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/services.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/str.h"
#include "conf/names.h"
#include "dns/codes.h"

enum { SERVICE_OCTETS_MAX = 15 }; /* RFC 6335 section 5.1 */

/* --- names --- */

/* label + parent; an empty name (size 0) when it gets too long, which is then passed on. */
static struct wr_name below(const char *label, size_t n, const struct wr_name *parent)
{
    uint8_t wire[WR_LABEL_MAX + 1];
    struct wr_name name = {.size = 0};
    if (parent->size == 0 || n == 0 || n > WR_LABEL_MAX) {
        return name;
    }
    wire[0] = (uint8_t)n;
    memcpy(wire + 1, label, n);
    if (wr_name_prepend(wire, parent->wire, &name) != WR_OK) {
        name.size = 0;
    }
    return name;
}

static struct wr_name of(const uint8_t *wire)
{
    struct wr_name name;
    wr_name_set(&name, wire);
    return name;
}

/* "_a._b" below the parent. */
static struct wr_name service_name(const char *type, const struct wr_name *parent)
{
    const char *dot = strchr(type, '.');
    struct wr_name transport = below(dot + 1, strlen(dot + 1), parent);
    return below(type, (size_t)(dot - type), &transport);
}

/* --- records --- */

static void add_name(struct wr_names *names, const struct wr_name *owner, uint16_t type,
                     uint32_t ttl, const struct wr_name *target)
{
    if (owner->size > 0 && target->size > 0) {
        (void)wr_names_add(names, owner->wire, type, ttl, target->wire, target->size, 0);
    }
}

static void add_srv(struct wr_names *names, const struct wr_name *owner, uint32_t ttl,
                    const uint32_t *numbers, const uint8_t *host)
{
    uint8_t rdata[6 + WR_NAME_MAX];
    struct wr_writer w;
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    for (unsigned i = 0; i < 3; i++) {
        wr_buf_put_u16(&w, (uint16_t)numbers[i]);
    }
    wr_buf_put_bytes(&w, host, wr_name_size(host));
    if (owner->size > 0) {
        (void)wr_names_add(names, owner->wire, WR_TYPE_SRV, ttl, rdata, (uint16_t)w.pos, 0);
    }
}

static void put_string(struct wr_writer *w, const char *text)
{
    size_t n = strlen(text);
    wr_buf_put_u8(w, (uint8_t)n);
    wr_buf_put_bytes(w, text, n);
}

static void add_txt(struct wr_names *names, const struct wr_name *owner,
                    const struct wr_conf_service *s)
{
    uint8_t rdata[64 * 256];
    struct wr_writer w;
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    for (size_t i = 0; i < s->txt.count; i++) {
        put_string(&w, s->txt.items[i]);
    }
    if (w.pos == 0) {
        put_string(&w, "");
    }
    if (owner->size > 0 && !w.err) {
        (void)wr_names_add(names, owner->wire, WR_TYPE_TXT, s->ttl_s, rdata, (uint16_t)w.pos, 0);
    }
}

/* --- DNS-SD --- */

/* Where to browse, and where to register, for clients of this domain. */
static void add_domains(struct wr_names *names, const struct wr_conf *conf,
                        const struct wr_name *sd, const struct wr_name *zone, uint32_t ttl)
{
    static const char *const browsing[] = {"b", "db", "lb"};
    for (size_t i = 0; i < WR_ARRAY_LEN(browsing); i++) {
        struct wr_name owner = below(browsing[i], strlen(browsing[i]), sd);
        add_name(names, &owner, WR_TYPE_PTR, ttl, zone);
    }
    for (size_t i = 0; i < conf->local.registration.count; i++) {
        struct wr_name domain = of(conf->local.registration.items[i]);
        struct wr_name r = below("r", 1, sd), dr = below("dr", 2, sd);
        add_name(names, &r, WR_TYPE_PTR, ttl, &domain);
        if (i == 0) {
            add_name(names, &dr, WR_TYPE_PTR, ttl, &domain);
        }
    }
}

static void expand_service(struct wr_names *names, const struct wr_conf *conf,
                           const struct wr_conf_service *s)
{
    const uint32_t numbers[3] = {s->priority, s->weight, s->port};
    struct wr_name zone = of(s->zone), type = service_name(s->type, &zone);
    struct wr_name instance = below(s->name, strlen(s->name), &type);
    struct wr_name sd = service_name("_dns-sd._udp", &zone), all = below("_services", 9, &sd);
    struct wr_name sub = below("_sub", 4, &type);
    add_name(names, &type, WR_TYPE_PTR, s->ttl_s, &instance);
    for (size_t i = 0; i < s->subtypes.count; i++) {
        struct wr_name kind = below(s->subtypes.items[i], strlen(s->subtypes.items[i]), &sub);
        add_name(names, &kind, WR_TYPE_PTR, s->ttl_s, &instance);
    }
    add_srv(names, &instance, s->ttl_s, numbers, s->host);
    add_txt(names, &instance, s);
    add_name(names, &all, WR_TYPE_PTR, s->ttl_s, &type);
    add_domains(names, conf, &sd, &zone, s->ttl_s);
}

bool wr_services_is_type(const char *text)
{
    const char *dot = strchr(text, '.');
    size_t n = dot ? (size_t)(dot - text) : 0;
    bool letter = false;
    if (n < 2 || n - 1 > SERVICE_OCTETS_MAX || text[0] != '_' || text[1] == '-' ||
        text[n - 1] == '-') {
        return false;
    }
    for (size_t i = 1; i < n; i++) {
        bool is_letter = (text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z';
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (!is_letter && !digit && (text[i] != '-' || text[i - 1] == '-')) {
            return false;
        }
        letter = letter || is_letter;
    }
    return letter && (wr_str_same(dot, "._tcp") || wr_str_same(dot, "._udp"));
}

bool wr_services_is_txt(const char *text)
{
    if (text[0] == '=' || text[0] == 0) {
        return false;
    }
    for (const char *c = text; *c && *c != '='; c++) {
        if (*c < 0x20 || *c > 0x7e) {
            return false;
        }
    }
    return true;
}

bool wr_services_is_same(const struct wr_conf_service *a, const struct wr_conf_service *b)
{
    return b->name && b->type && b->zone && a->host && b->host && wr_str_same(a->name, b->name) &&
           wr_str_same(a->type, b->type) && wr_name_equal(a->zone, b->zone) &&
           wr_name_equal(a->host, b->host);
}

/* --- STUN and TURN --- */

static bool is_secure(uint32_t transport)
{
    return transport == WR_RELAY_TLS || transport == WR_RELAY_DTLS;
}

static const char *relay_type(uint32_t protocol, uint32_t transport)
{
    static const char *const types[2][4] = {
        {"_stun._udp", "_stun._tcp", "_stuns._tcp", "_stuns._udp"},
        {"_turn._udp", "_turn._tcp", "_turns._tcp", "_turns._udp"},
    };
    return types[protocol][transport];
}

/* One step from the domain to the SRV records of a transport. `rank`: its place in the owner's order. */
static void add_naptr(struct wr_names *names, const struct wr_name *zone, uint32_t ttl,
                      uint32_t transport, uint16_t rank, const struct wr_name *target)
{
    static const char *const tags[] = {"RELAY:turn.udp", "RELAY:turn.tcp", "RELAY:turn.tls",
                                       "RELAY:turn.dtls"};
    uint8_t rdata[64 + WR_NAME_MAX];
    struct wr_writer w;
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    wr_buf_put_u16(&w, (uint16_t)(100 + 10 * rank));
    wr_buf_put_u16(&w, 10);
    put_string(&w, "S");
    put_string(&w, tags[transport]);
    put_string(&w, "");
    wr_buf_put_bytes(&w, target->wire, target->size);
    if (target->size > 0) {
        (void)wr_names_add(names, zone->wire, WR_TYPE_NAPTR, ttl, rdata, (uint16_t)w.pos, 0);
    }
}

static void expand_relay(struct wr_names *names, const struct wr_conf_relay *r)
{
    struct wr_name zone = of(r->zone);
    for (size_t t = 0; t < r->transports.count; t++) {
        uint32_t transport = r->transports.items[t];
        const uint32_t numbers[3] = {r->priority, r->weight,
                                     is_secure(transport) ? r->secure_port : r->port};
        for (size_t p = 0; p < r->protocols.count; p++) {
            uint32_t protocol = r->protocols.items[p];
            struct wr_name owner = service_name(relay_type(protocol, transport), &zone);
            add_srv(names, &owner, r->ttl_s, numbers, r->host);
            if (protocol == WR_RELAY_TURN) {
                add_naptr(names, &zone, r->ttl_s, transport, (uint16_t)t, &owner);
            }
        }
    }
}

void wr_services_expand(struct wr_names *names, const struct wr_conf *conf)
{
    for (size_t i = 0; i < conf->local.services.count; i++) {
        expand_service(names, conf, &conf->local.services.items[i]);
    }
    for (size_t i = 0; i < conf->local.relays.count; i++) {
        expand_relay(names, &conf->local.relays.items[i]);
    }
}

/* --- what a client would stumble over --- */

static const char *look_at_host(const struct wr_local *local, const uint8_t *host)
{
    struct wr_local_hit a, aaaa;
    wr_local_find(local, host, WR_TYPE_A, WR_LOCAL_EVERYONE, &a);
    wr_local_find(local, host, WR_TYPE_AAAA, WR_LOCAL_EVERYONE, &aaaa);
    if (a.verdict == WR_LOCAL_HIT_ALIAS || a.verdict == WR_LOCAL_HIT_DNAME) {
        return "is an alias; a service points to a machine's own name (RFC 2782)";
    }
    bool none = a.verdict >= WR_LOCAL_HIT_NODATA && aaaa.verdict >= WR_LOCAL_HIT_NODATA;
    return none ? "has no address in its local zone" : NULL;
}

void wr_services_judge(const struct wr_conf *conf, const struct wr_local *local,
                       void (*each)(void *user, const char *key, const uint8_t *host,
                                    const char *what),
                       void *user)
{
    char key[64];
    for (size_t i = 0; i < conf->local.services.count; i++) {
        const struct wr_conf_service *s = &conf->local.services.items[i];
        const char *what = look_at_host(local, s->host);
        if (what) {
            snprintf(key, sizeof(key), "local.services[%zu].host", i);
            each(user, key, s->host, what);
        }
    }
    for (size_t i = 0; i < conf->local.relays.count; i++) {
        const struct wr_conf_relay *r = &conf->local.relays.items[i];
        const char *what = look_at_host(local, r->host);
        if (what) {
            snprintf(key, sizeof(key), "local.relays[%zu].host", i);
            each(user, key, r->host, what);
        }
    }
}
