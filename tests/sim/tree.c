/* SPDX-License-Identifier: Apache-2.0 */
/* See tree.h. */
#include "tree.h"

#include <stdio.h>
#include <string.h>

#include "world.h"

#define FIRST_TOP  2 /* servers of the top-level zones */
#define FIRST_ZONE 4 /* servers of the oracle's zones */
#define ROOT_TTL   60
#define TOP_TTL    40
#define ZONE_TTL   20
#define GLUELESS   1 /* this zone's servers have their names in zone 0 */

static const uint8_t root[1] = {0};

/* The last label of a name, a name itself. */
static const uint8_t *top_of(const uint8_t *name)
{
    while (name[0] && name[1 + name[0]]) {
        name += 1 + name[0];
    }
    return name;
}

static bool is_top(const struct world *w, const uint8_t *name)
{
    for (unsigned z = 0; z < ORACLE_ZONES; z++) {
        if (wire_name_same(top_of(w->oracle.zone[z]), name)) {
            return true;
        }
    }
    return false;
}

static int zone_of(const struct world *w, const uint8_t *name)
{
    for (unsigned z = 0; z < ORACLE_ZONES; z++) {
        if (wire_name_below(name, w->oracle.zone[z])) {
            return (int)z;
        }
    }
    return -1;
}

static unsigned server_of(unsigned zone, unsigned i)
{
    return FIRST_ZONE + (zone + i) % (TREE_SERVERS - FIRST_ZONE);
}

static bool serves(unsigned server, unsigned zone)
{
    return server == server_of(zone, 0) || server == server_of(zone, 1);
}

bool tree_has(const struct world *w, unsigned server, const uint8_t *name)
{
    int zone = zone_of(w, name);
    return server < FIRST_ZONE || (zone >= 0 && serves(server, (unsigned)zone));
}

static void server_name(unsigned server, const uint8_t *zone, uint8_t *ret)
{
    ret[0] = 2;
    ret[1] = 's';
    ret[2] = (uint8_t)('0' + server);
    wire_name_copy(ret + 3, zone);
}

/* The number of the server that has this name, or -1. */
static int named(const uint8_t *name)
{
    bool fits =
        name[0] == 2 && (name[1] | 0x20) == 's' && name[2] >= '0' && name[2] < '0' + TREE_SERVERS;
    return fits ? name[2] - '0' : -1;
}

static void put_address(const struct world *w, struct wire_out *out, enum wire_section section,
                        const uint8_t *owner, unsigned server, uint32_t ttl)
{
    const struct wr_addr *a = &w->server[server].addr;
    bool v4 = a->family == WR_AF_V4;
    wire_record(out, section, owner, v4 ? TYPE_A : TYPE_AAAA, ttl, a->ip, v4 ? 4 : 16);
}

static void put_server(const struct world *w, struct wire_out *out, const uint8_t *zone,
                       unsigned server, const uint8_t *names, uint32_t ttl,
                       enum wire_section section)
{
    uint8_t name[WIRE_NAME_SIZE];
    (void)w;
    server_name(server, names, name);
    wire_record(out, section, zone, TYPE_NS, ttl, name, wire_name_size(name));
}

static void put_glue(const struct world *w, struct wire_out *out, unsigned server,
                     const uint8_t *names, uint32_t ttl)
{
    uint8_t name[WIRE_NAME_SIZE];
    server_name(server, names, name);
    put_address(w, out, WIRE_ADDITIONAL, name, server, ttl);
}

/* The two servers of a zone, in the section given, and where their addresses are told, those. */
static void put_cut(const struct world *w, struct wire_out *out, const uint8_t *zone,
                    const unsigned server[2], const uint8_t *names, uint32_t ttl,
                    enum wire_section section)
{
    for (unsigned i = 0; i < 2; i++) {
        put_server(w, out, zone, server[i], names, ttl, section);
    }
    for (unsigned i = 0; i < 2 && names == zone; i++) {
        put_glue(w, out, server[i], names, ttl);
    }
}

static void set_flags(struct wire_out *out, unsigned bits)
{
    wire_set_u16(out->bytes + 2, (unsigned)wire_u16(out->bytes + 2) | bits);
}

static void deny(struct wire_out *out, const uint8_t *zone, unsigned rcode)
{
    uint8_t soa[2 * WIRE_NAME_SIZE + 20];
    size_t n = wire_name_size(zone);
    wire_name_copy(soa, zone);
    wire_name_copy(soa + n, zone);
    n *= 2;
    for (unsigned i = 0; i < 5; i++, n += 4) {
        wire_set_u32(soa + n, 5);
    }
    set_flags(out, FLAG_AA | rcode);
    wire_record(out, WIRE_AUTHORITY, zone, TYPE_SOA, 5, soa, n);
}

/* A server's own name, in a zone of this server. False: it is none. */
static bool say_address(const struct world *w, struct wire_out *out, const uint8_t *qname,
                        uint16_t qtype, const uint8_t *zone)
{
    int server = named(qname);
    if (server < 0 || !wire_name_same(qname + 3, zone)) {
        return false;
    }
    bool v4 = w->server[server].addr.family == WR_AF_V4;
    if (qtype == (v4 ? TYPE_A : TYPE_AAAA)) {
        set_flags(out, FLAG_AA);
        put_address(w, out, WIRE_ANSWER, qname, (unsigned)server, ROOT_TTL);
    } else {
        deny(out, zone, RCODE_NOERROR);
    }
    return true;
}

void tree_speaks(const struct world *w, unsigned server, bool ret[SECURE_ZONES])
{
    const struct secure *s = &w->secure;
    for (unsigned z = 0; z < SECURE_ZONES; z++) {
        int zone = z < s->zones ? zone_of(w, s->zone[z].name) : -1;
        bool top = z > 0 && z <= SECURE_TOPS;
        ret[z] =
            z < s->zones && (server < FIRST_TOP    ? z == 0
                             : server < FIRST_ZONE ? top
                                                   : zone >= 0 && serves(server, (unsigned)zone));
    }
}

/* In a secure world: the keys of a zone of this server, or the DS of one below. False: another question, or the server has no such zone. */
static bool say_keys(const struct world *w, unsigned server, struct wire_out *out,
                     const uint8_t *qname, uint16_t qtype)
{
    bool has[SECURE_ZONES];
    int zone = w->secure.on ? secure_apex(&w->secure, qname) : -1;
    if (zone < 0 || (qtype != TYPE_DS && qtype != TYPE_DNSKEY)) {
        return false;
    }
    tree_speaks(w, server, has);
    unsigned z = (unsigned)zone, above = w->secure.zone[z].parent;
    bool below = qtype == TYPE_DS && z && has[above];
    if (!below && !has[z]) {
        return false;
    }
    bool put = below                  ? secure_put_ds(&w->secure, out, z)
               : qtype == TYPE_DNSKEY ? secure_put_keys(&w->secure, out, z)
                                      : false;
    set_flags(out, FLAG_AA);
    if (!put) {
        deny(out, w->secure.zone[below ? above : z].name, RCODE_NOERROR);
    }
    return true;
}

static void say_root(const struct world *w, struct wire_out *out, const uint8_t *qname,
                     uint16_t qtype)
{
    const unsigned own[2] = {0, 1}, tops[2] = {FIRST_TOP, FIRST_TOP + 1};
    const uint8_t *top = top_of(qname);
    if (qname[0] == 0 && qtype == TYPE_NS) {
        set_flags(out, FLAG_AA);
        put_cut(w, out, root, own, root, ROOT_TTL, WIRE_ANSWER);
    } else if (say_address(w, out, qname, qtype, root)) {
        return;
    } else if (is_top(w, top)) {
        put_cut(w, out, top, tops, top, TOP_TTL, WIRE_AUTHORITY);
    } else {
        deny(out, root, qname[0] ? RCODE_NXDOMAIN : RCODE_NOERROR);
    }
}

/* Is there a zone below this name, so that it exists though it has nothing? */
static bool is_above(const struct world *w, const uint8_t *name)
{
    for (unsigned z = 0; z < ORACLE_ZONES; z++) {
        if (wire_name_below(w->oracle.zone[z], name)) {
            return true;
        }
    }
    return false;
}

static void say_top(const struct world *w, struct wire_out *out, const uint8_t *qname,
                    uint16_t qtype)
{
    const uint8_t *top = top_of(qname);
    int zone = zone_of(w, qname);
    if (!is_top(w, top)) {
        set_flags(out, RCODE_REFUSED);
    } else if (zone >= 0) {
        unsigned z = (unsigned)zone;
        const unsigned servers[2] = {server_of(z, 0), server_of(z, 1)};
        const uint8_t *own = w->oracle.zone[z];
        put_cut(w, out, own, servers, z == GLUELESS ? w->oracle.zone[0] : own, ZONE_TTL,
                WIRE_AUTHORITY);
    } else if (!say_address(w, out, qname, qtype, top)) {
        deny(out, top, is_above(w, qname) ? RCODE_NOERROR : RCODE_NXDOMAIN);
    }
}

uint32_t tree_say(struct world *w, unsigned server, struct wire_out *out, const uint8_t *qname,
                  uint16_t qtype, unsigned links, uint32_t ttl_share, bool *ret_referral)
{
    int zone = zone_of(w, qname);
    uint16_t rcode = 0;
    *ret_referral = server < FIRST_ZONE;
    if (say_keys(w, server, out, qname, qtype)) {
        return 0;
    }
    if (server < FIRST_TOP) {
        say_root(w, out, qname, qtype);
        return 0;
    }
    if (server < FIRST_ZONE) {
        say_top(w, out, qname, qtype);
        return 0;
    }
    if (zone < 0 || !serves(server, (unsigned)zone)) {
        set_flags(out, RCODE_REFUSED);
        return 0;
    }
    const uint8_t *top = w->oracle.zone[zone];
    if (say_address(w, out, qname, qtype, top)) {
        return 0;
    }
    if (wire_name_same(qname, top)) {
        deny(out, top, RCODE_NOERROR);
        return 0;
    }
    uint32_t statement =
        oracle_say(&w->oracle, out, qname, qtype, w->clock.now.mono_us, links, ttl_share, &rcode);
    w->oracle.statement[statement].zone = zone;
    set_flags(out, FLAG_AA | rcode);
    return statement;
}
