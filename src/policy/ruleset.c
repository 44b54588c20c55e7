/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/ruleset.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "policy/rulesetlease.h"
#include "policy/rulesetpart.h"

/* Before the usual rules of others (priority 0), behind what only marks packets (-150) and changes addresses (-100). */
#define PRIORITY "-10"
/* Of a line of `add element`: the parser of nft takes any, a person does not. */
#define A_LINE 16

static const char *const counters[WR_RULESET_COUNTERS] = {"dns", "encrypted", "doh", "unleased",
                                                          "discovery"};

static wr_ruleset_part *const features[] = {
    wr_rulesetbypass, wr_rulesetdiscovery, wr_rulesethairpin,
    wr_rulesetlease,  wr_rulesetmud,       wr_rulesetuntracked,
};

const char *wr_ruleset_counter_name(unsigned counter)
{
    return counter < WR_RULESET_COUNTERS ? counters[counter] : "";
}

/* --- items --- */

static bool is_zero(const void *bytes, size_t n)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < n; i++) {
        if (b[i] != 0) {
            return false;
        }
    }
    return true;
}

/* What is a pattern, or ends a word, for nft is no name of an interface that weir knows. */
static bool is_interface(const char *text)
{
    size_t n = 0;
    for (; n < WR_RULESET_INTERFACE_SIZE && text[n] != 0; n++) {
        char c = text[n];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '_' || c == '.' || c == ':' || c == '@';
        if (!good) {
            return false;
        }
    }
    return n > 0 && n < WR_RULESET_INTERFACE_SIZE &&
           is_zero(text + n, WR_RULESET_INTERFACE_SIZE - n);
}

static bool is_prefix(const struct wr_prefix *p, bool whole)
{
    unsigned most = p->addr.family == WR_AF_V4 ? 32 : 128;
    if ((p->addr.family != WR_AF_V4 && p->addr.family != WR_AF_V6) || p->len > most ||
        (whole && p->len != most)) {
        return false;
    }
    struct wr_addr masked = wr_addr_mask(&p->addr, p->len);
    return p->addr.port == 0 && (p->addr.scope == 0 || whole) && p->addr.pad == 0 &&
           memcmp(masked.ip, p->addr.ip, sizeof(masked.ip)) == 0;
}

/* The fields that a PERMIT has and nothing else. */
static bool is_permit(const struct wr_ruleset_item *item)
{
    struct wr_prefix to = item->prefix;
    to.addr.scope = 0;
    return item->prefix.addr.scope != 0 && is_prefix(&to, false) &&
           (item->flags == 0 || to.len == 0) &&
           item->flags != (WR_RULESET_LOCAL | WR_RULESET_TO_KIN) && item->port <= item->port_high &&
           item->from_low <= item->from_high &&
           (item->protocol == 6 || item->protocol == 17 ||
            (item->port_high == 0 && item->from_high == 0)) &&
           item->zero == 0;
}

static bool has_no_permit(const struct wr_ruleset_item *item)
{
    return item->port_high == 0 && item->from_low == 0 && item->from_high == 0 &&
           item->protocol == 0 && item->zero == 0;
}

static unsigned flags_of(uint8_t kind)
{
    return kind == WR_RULESET_SEGMENT  ? WR_RULESET_FLAGS
           : kind == WR_RULESET_PERMIT ? WR_RULESET_LOCAL | WR_RULESET_TO_KIN
           : kind == WR_RULESET_UDP    ? WR_RULESET_UNTRACKED
                                       : 0;
}

/* How many numbers there are for its segment. */
static unsigned segments_of(const struct wr_ruleset_item *item)
{
    return item->kind <= WR_RULESET_REACH ? WR_SEGMENTS_MAX
           : item->kind == WR_RULESET_KIN || (item->flags & WR_RULESET_TO_KIN) != 0 ? WR_MUD_KIN_MAX
                                                                                    : 1;
}

bool wr_ruleset_is_sound(const struct wr_ruleset_item *item)
{
    bool permit = item->kind == WR_RULESET_PERMIT;
    bool kin = item->kind == WR_RULESET_KIN, whole = item->kind == WR_RULESET_ADDRESS || kin;
    bool ported = item->kind == WR_RULESET_UDP || item->kind == WR_RULESET_TCP;
    bool prefixed = item->kind >= WR_RULESET_SUBNET && item->kind != WR_RULESET_MAC && !ported;
    if (item->kind >= WR_RULESET_KINDS || item->segment >= segments_of(item) ||
        (item->flags & ~flags_of(item->kind)) != 0 || (!permit && (item->port != 0) != ported) ||
        (kin && item->prefix.addr.scope == 0)) {
        return false;
    }
    bool named = item->kind == WR_RULESET_INTERFACE
                     ? is_interface(item->interface)
                     : is_zero(item->interface, sizeof(item->interface));
    bool mac = is_zero(item->mac, sizeof(item->mac)) == (item->kind != WR_RULESET_MAC && !permit);
    bool prefix = permit     ? is_permit(item)
                  : prefixed ? is_prefix(&item->prefix, whole)
                             : item->prefix.addr.family == WR_AF_NONE && item->prefix.len == 0;
    return named && mac && prefix && (permit || has_no_permit(item));
}

/* --- words --- */

void wr_rulesetword_prefix(struct wr_str *t, const struct wr_prefix *p)
{
    char text[WR_ADDR_TEXT_SIZE];
    struct wr_addr addr = p->addr;
    addr.scope = 0;
    wr_addr_to_text(&addr, text, sizeof(text));
    wr_str_text(t, text);
    if (p->len != (p->addr.family == WR_AF_V4 ? 32 : 128)) {
        wr_str_char(t, '/');
        wr_str_u64(t, p->len);
    }
}

/* The interface in front of an address that has one. */
static void put_scope(struct wr_str *t, const struct wr_addr *addr)
{
    if (addr->scope != 0) {
        wr_str_u64(t, addr->scope);
        wr_str_text(t, " . ");
    }
}

void wr_rulesetword_mac(struct wr_str *t, const uint8_t mac[6])
{
    for (unsigned i = 0; i < 6; i++) {
        if (i > 0) {
            wr_str_char(t, ':');
        }
        wr_str_hex(t, mac + i, 1);
    }
}

void wr_rulesetword_segment(struct wr_str *t, uint16_t segment, const char *behind)
{
    wr_str_text(t, "segment_");
    wr_str_u64(t, segment);
    wr_str_text(t, behind);
}

void wr_rulesetword_quarantined(struct wr_str *t, const char *chain)
{
    static const char *const from[] = {"ether saddr @quarantined_mac",
                                       "iif . ip saddr @quarantined4",
                                       "iif . ip6 saddr @quarantined6"};
    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
        wr_str_text(t, "\t\t");
        wr_str_text(t, from[i]);
        wr_str_text(t, " goto ");
        wr_str_text(t, chain);
        wr_str_char(t, '\n');
    }
}

const char *wr_rulesetword_ip(unsigned family)
{
    return family == WR_AF_V4 ? "ip" : "ip6";
}

void wr_rulesetword_counter(struct wr_str *t, uint16_t segment, enum wr_ruleset_counter counter)
{
    wr_str_text(t, "\tcounter ");
    wr_rulesetword_segment(t, segment, "_");
    wr_str_text(t, counters[counter]);
    wr_str_text(t, " { }\n");
}

void wr_rulesetword_reject(struct wr_str *t, uint16_t segment, const char *tcp, const char *other,
                           enum wr_ruleset_counter counter, const char *icmpx)
{
    for (unsigned k = 0; k < 2; k++) {
        const char *match = k == 0 ? tcp : other;
        wr_str_text(t, "\t\t");
        wr_str_text(t, match);
        wr_str_text(t, match[0] != 0 ? " counter name " : "counter name ");
        wr_rulesetword_segment(t, segment, "_");
        wr_str_text(t, counters[counter]);
        wr_str_text(t, k == 0 ? " reject with tcp reset" : " reject with icmpx type ");
        wr_str_text(t, k == 0 ? "" : icmpx);
        wr_str_char(t, '\n');
    }
}

/* --- elements of sets --- */

struct members {
    uint8_t kind, family; /* family 0: whatever it is */
    uint16_t segment;     /* of RESOLVER, REACH */
};

static bool is_member(const struct wr_ruleset_item *item, const struct members *m)
{
    return item->kind == m->kind && item->segment == m->segment &&
           (m->kind != WR_RULESET_ADDRESS || item->prefix.addr.scope != 0) &&
           (m->family == 0 || item->prefix.addr.family == m->family);
}

static void put_elements(struct wr_str *t, const struct wr_ruleset_item *item, size_t count,
                         const struct members *m, const char *set)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_member(&item[i], m)) {
            continue;
        }
        if (n % A_LINE == 0) {
            wr_str_text(t, n > 0 ? " }\nadd element inet weir " : "add element inet weir ");
            wr_str_text(t, set);
            wr_str_text(t, " { ");
        } else {
            wr_str_text(t, ", ");
        }
        if (m->kind == WR_RULESET_MAC) {
            wr_rulesetword_mac(t, item[i].mac);
        } else {
            put_scope(t, &item[i].prefix.addr);
            wr_rulesetword_prefix(t, &item[i].prefix);
        }
        n++;
    }
    wr_str_text(t, n > 0 ? " }\n" : "");
}

static const struct {
    unsigned part;
    struct members members;
    const char *name, *type;
} sets[] = {
    {WR_RULESET_QUARANTINE, {WR_RULESET_MAC, 0, 0}, "quarantined_mac", "type ether_addr"},
    {WR_RULESET_QUARANTINE,
     {WR_RULESET_ADDRESS, WR_AF_V4, 0},
     "quarantined4",
     "type iface_index . ipv4_addr"},
    {WR_RULESET_QUARANTINE,
     {WR_RULESET_ADDRESS, WR_AF_V6, 0},
     "quarantined6",
     "type iface_index . ipv6_addr"},
    {WR_RULESET_DOHS, {WR_RULESET_DOH, WR_AF_V4, 0}, "doh4", "type ipv4_addr; flags interval"},
    {WR_RULESET_DOHS, {WR_RULESET_DOH, WR_AF_V6, 0}, "doh6", "type ipv6_addr; flags interval"},
};

#define SETS (sizeof(sets) / sizeof(sets[0]))

/* Of segments with this flag; 0: of all. */
static const struct {
    uint8_t flag, kind, family;
    const char *name;
} own_sets[] = {
    {0, WR_RULESET_RESOLVER, WR_AF_V4, "_resolvers4"},
    {0, WR_RULESET_RESOLVER, WR_AF_V6, "_resolvers6"},
    {WR_RULESET_ANSWERED, WR_RULESET_REACH, WR_AF_V4, "_reaches4"},
    {WR_RULESET_ANSWERED, WR_RULESET_REACH, WR_AF_V6, "_reaches6"},
};

#define OWN_SETS (sizeof(own_sets) / sizeof(own_sets[0]))

/* --- parts --- */

void wr_ruleset_parts(struct wr_str *t, const struct wr_ruleset_facts *f,
                      enum wr_ruleset_place place, const struct wr_ruleset_item *segment)
{
    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        features[i](t, f, place, segment);
    }
}

/* What they add for the table, then for each segment. */
static void put_parts(struct wr_str *t, const struct wr_ruleset_facts *f,
                      enum wr_ruleset_place place, enum wr_ruleset_place own_place)
{
    wr_ruleset_parts(t, f, place, NULL);
    for (size_t i = 0; i < f->count; i++) {
        if (f->item[i].kind == WR_RULESET_SEGMENT) {
            wr_ruleset_parts(t, f, own_place, &f->item[i]);
        }
    }
}

/* --- the table --- */

static void put_declarations(struct wr_str *t, const struct wr_ruleset_item *item, size_t count)
{
    const struct wr_ruleset_facts facts = {item, count};
    wr_str_text(t, "\tcounter quarantine { }\n");
    for (size_t i = 0; i < SETS; i++) {
        wr_str_text(t, "\tset ");
        wr_str_text(t, sets[i].name);
        wr_str_text(t, " { ");
        wr_str_text(t, sets[i].type);
        wr_str_text(t, "; }\n");
    }
    for (size_t i = 0; i < count; i++) {
        if (item[i].kind == WR_RULESET_SEGMENT && (item[i].flags & WR_RULESET_REJECTS) != 0) {
            for (unsigned c = 0; c <= WR_RULESET_COUNT_DOH; c++) {
                wr_rulesetword_counter(t, item[i].segment, c);
            }
        }
    }
    for (size_t k = 0; k < OWN_SETS; k++) {
        for (size_t i = 0; i < count; i++) {
            if (item[i].kind == WR_RULESET_SEGMENT &&
                (item[i].flags & own_sets[k].flag) == own_sets[k].flag) {
                wr_str_text(t, "\tset ");
                wr_rulesetword_segment(t, item[i].segment, own_sets[k].name);
                wr_str_text(t, own_sets[k].family == WR_AF_V4
                                   ? " { type ipv4_addr; flags interval; }\n"
                                   : " { type ipv6_addr; flags interval; }\n");
            }
        }
    }
    put_parts(t, &facts, WR_RULESET_DECLARE, WR_RULESET_OWN_DECLARE);
}

/* DNS of others; a chain of its own, for approved resolvers are passed over by it and not let through everything. */
static void put_dns(struct wr_str *t, uint16_t segment)
{
    static const char closed[] = "port-unreachable";
    wr_str_text(t, "\tchain ");
    wr_rulesetword_segment(t, segment, "_foreign {\n\t\tip daddr @");
    wr_rulesetword_segment(t, segment, "_resolvers4 return\n\t\tip6 daddr @");
    wr_rulesetword_segment(t, segment, "_resolvers6 return\n");
    wr_rulesetword_reject(t, segment, "tcp dport 53", "udp dport 53", WR_RULESET_COUNT_DNS, closed);
    wr_rulesetword_reject(t, segment, "tcp dport 853", "udp dport 853", WR_RULESET_COUNT_ENCRYPTED,
                          closed);
    wr_rulesetword_reject(t, segment, "ip daddr @doh4 meta l4proto tcp",
                          "ip daddr @doh4 meta l4proto udp", WR_RULESET_COUNT_DOH, closed);
    wr_rulesetword_reject(t, segment, "ip6 daddr @doh6 meta l4proto tcp",
                          "ip6 daddr @doh6 meta l4proto udp", WR_RULESET_COUNT_DOH, closed);
    wr_str_text(t, "\t}\n");
}

static void put_segments(struct wr_str *t, const struct wr_ruleset_item *item, size_t count)
{
    const struct wr_ruleset_facts facts = {item, count};
    put_parts(t, &facts, WR_RULESET_CHAINS, WR_RULESET_OWN_CHAINS);
    for (size_t i = 0; i < count; i++) {
        if (item[i].kind != WR_RULESET_SEGMENT) {
            continue;
        }
        bool rejects = (item[i].flags & WR_RULESET_REJECTS) != 0;
        if (rejects) {
            put_dns(t, item[i].segment);
        }
        wr_str_text(t, "\tchain ");
        wr_rulesetword_segment(t, item[i].segment, " {\n");
        wr_ruleset_parts(t, &facts, WR_RULESET_BEGIN, &item[i]);
        if (rejects) {
            wr_str_text(t, "\t\tjump ");
            wr_rulesetword_segment(t, item[i].segment, "_foreign\n");
        }
        wr_ruleset_parts(t, &facts, WR_RULESET_END, &item[i]);
        wr_str_text(t, "\t}\n");
    }
}

/* The interfaces of this segment, or of all others; false: there are none, and nothing is written. */
static bool put_interfaces(struct wr_str *t, const struct wr_ruleset_item *item, size_t count,
                           uint16_t segment, bool others)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (item[i].kind != WR_RULESET_INTERFACE || (item[i].segment == segment) == others) {
            continue;
        }
        if (n == 0) {
            wr_str_text(t, others ? "iifname != { \"" : "iifname { \"");
        } else {
            wr_str_text(t, ", \"");
        }
        wr_str_text(t, item[i].interface);
        wr_str_char(t, '"');
        n++;
    }
    wr_str_text(t, n > 0 ? " } " : "");
    return n > 0;
}

static bool has_interfaces(const struct wr_ruleset_item *item, size_t count, uint16_t segment)
{
    for (size_t i = 0; i < count; i++) {
        if (item[i].kind == WR_RULESET_INTERFACE && item[i].segment == segment) {
            return true;
        }
    }
    return false;
}

static void put_subnet(struct wr_str *t, const struct wr_ruleset_item *item, size_t count,
                       const struct wr_ruleset_item *one, const char *behind)
{
    wr_str_text(t, "\t\t");
    wr_str_text(t, wr_rulesetword_ip(one->prefix.addr.family));
    wr_str_text(t, " saddr ");
    wr_rulesetword_prefix(t, &one->prefix);
    wr_str_char(t, ' ');
    if (has_interfaces(item, count, one->segment)) {
        (void)put_interfaces(t, item, count, one->segment, true);
    }
    wr_str_text(t, "goto ");
    wr_rulesetword_segment(t, one->segment, behind);
}

void wr_rulesetword_places(struct wr_str *t, const struct wr_ruleset_facts *f, unsigned flags,
                           const char *behind)
{
    const struct wr_ruleset_item *item = f->item;
    size_t count = f->count;
    for (int len = 128; len >= 0; len--) {
        for (size_t i = 0; i < count; i++) {
            if (item[i].kind == WR_RULESET_SUBNET && item[i].prefix.len == len) {
                put_subnet(t, item, count, &item[i], behind);
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (item[i].kind == WR_RULESET_SEGMENT && (flags == 0 || (item[i].flags & flags) != 0)) {
            size_t before = t->len;
            wr_str_text(t, "\t\t");
            if (!put_interfaces(t, item, count, item[i].segment, false)) {
                t->len = before;
                t->base[t->len] = 0;
                continue;
            }
            wr_str_text(t, "goto ");
            wr_rulesetword_segment(t, item[i].segment, behind);
        }
    }
}

/* Of the gateway itself: DHCP, time, neighbours and groups (RFC 4861, 3810), and what weir listens on. */
static void put_quarantined(struct wr_str *t, const struct wr_ruleset_item *item, size_t count)
{
    wr_str_text(t, "\tchain quarantined {\n"
                   "\t\tudp dport { 67, 123, 547 } accept\n"
                   "\t\ticmpv6 type { 131, 132, 133, 135, 136, 143 } accept\n");
    for (size_t i = 0; i < count; i++) {
        if (item[i].kind == WR_RULESET_UDP || item[i].kind == WR_RULESET_TCP) {
            wr_str_text(t, item[i].kind == WR_RULESET_UDP ? "\t\tudp dport " : "\t\ttcp dport ");
            wr_str_u64(t, item[i].port);
            wr_str_text(t, " accept\n");
        }
    }
    wr_str_text(t, "\t\tcounter name quarantine drop\n\t}\n");
}

static void put_table(struct wr_str *t, const struct wr_ruleset_item *item, size_t count)
{
    wr_str_text(t, "table inet weir {\n");
    put_declarations(t, item, count);
    put_segments(t, item, count);
    put_quarantined(t, item, count);
    wr_str_text(t, "\tchain input {\n"
                   "\t\ttype filter hook input priority " PRIORITY "; policy accept;\n");
    wr_rulesetword_quarantined(t, "quarantined");
    wr_str_text(t, "\t}\n"
                   "\tchain forward {\n"
                   "\t\ttype filter hook forward priority " PRIORITY "; policy accept;\n"
                   "\t\tether saddr @quarantined_mac counter name quarantine drop\n");
    for (unsigned k = 0; k < 4; k++) {
        unsigned family = k < 2 ? WR_AF_V4 : WR_AF_V6;
        wr_str_text(t, k % 2 == 0 ? "\t\tiif . " : "\t\toif . ");
        wr_str_text(t, wr_rulesetword_ip(family));
        wr_str_text(t, k % 2 == 0 ? " saddr" : " daddr");
        wr_str_text(t, family == WR_AF_V4 ? " @quarantined4" : " @quarantined6");
        wr_str_text(t, " counter name quarantine drop\n");
    }
    const struct wr_ruleset_facts facts = {item, count};
    wr_ruleset_parts(t, &facts, WR_RULESET_FORWARD, NULL);
    wr_rulesetword_places(t, &facts, 0, "\n");
    wr_str_text(t, "\t}\n}\n");
}

static void put_flush(struct wr_str *t, const char *set)
{
    wr_str_text(t, "flush set inet weir ");
    wr_str_text(t, set);
    wr_str_char(t, '\n');
}

static void put_own_sets(struct wr_str *t, const struct wr_ruleset_item *item, size_t count,
                         bool flush)
{
    char room[48];
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; item[i].kind == WR_RULESET_SEGMENT && k < OWN_SETS; k++) {
            const struct members m = {own_sets[k].kind, own_sets[k].family, item[i].segment};
            struct wr_str name;
            wr_str_init(&name, room, sizeof(room));
            wr_rulesetword_segment(&name, item[i].segment, own_sets[k].name);
            if ((item[i].flags & own_sets[k].flag) == own_sets[k].flag) {
                if (flush) {
                    put_flush(t, room);
                }
                put_elements(t, item, count, &m, room);
            }
        }
    }
}

int wr_ruleset_text(const struct wr_ruleset_item *item, size_t count, unsigned parts,
                    struct wr_str *text)
{
    bool whole = (parts & WR_RULESET_TABLE) != 0;
    bool keeps = whole && wr_rulesetlease_wanted(item, count); /* elements of leases stay */
    if (whole || (parts & WR_RULESET_NONE) != 0) {
        wr_str_text(text, "table inet weir { }\n");
        wr_str_text(text, keeps ? "flush table inet weir\n" : "delete table inet weir\n");
    }
    if ((parts & WR_RULESET_LEASES) != 0) {
        wr_str_text(text, "table inet weir {\n");
        wr_rulesetlease_sets(text);
        wr_str_text(text, "}\n");
    }
    if (whole) {
        put_table(text, item, count);
        put_own_sets(text, item, count, keeps);
    }
    for (size_t i = 0; i < SETS; i++) {
        if (!whole && (parts & sets[i].part) == 0) {
            continue;
        }
        if (!whole || keeps) {
            put_flush(text, sets[i].name);
        }
        put_elements(text, item, count, &sets[i].members, sets[i].name);
    }
    return text->cut ? WR_E_FULL : WR_OK;
}
