/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ruleset, MUD: what the profiles in force (RFC 8520) open by address, in segments that reach what was answered.
 *
 * A device is known by the interface it comes in by and its MAC address, as with leases: both together lead to its chain, which lets through what its PERMITs say, and sends back
 * all else to be judged as everybody's. It is asked behind quarantine, DNS of others, discovery and open connections, and in front of other segments' being shut: a profile that says
 * `local-networks` opens to them, which is what that means. Where a segment reaches anything nothing is written, for nothing is held back.
 *
 * Devices that are meant by who made them are a chain for each class, of addresses each at the interface where it was seen: whoever claims an address of another segment is not
 * reached there by it, for what goes to that address leaves by another interface.
 *
 * Items of one device and interface stand together, those of one class too (serve/mudpermits sorts them); a text with the same pair twice nft would refuse.
 */
#include <string.h>

#include "policy/rulesetlease.h"
#include "policy/rulesetpart.h"

#define TCP 6
#define UDP 17

static bool wanted(const struct wr_ruleset_facts *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->item[i].kind == WR_RULESET_PERMIT) {
            return wr_rulesetlease_wanted(f->item, f->count);
        }
    }
    return false;
}

/* --- what is local --- */

static void put_local(struct wr_str *t, const struct wr_ruleset_facts *f)
{
    wr_str_text(t, "\tchain local_networks {\n");
    for (size_t i = 0; i < f->count; i++) {
        const struct wr_ruleset_item *one = &f->item[i];
        if (one->kind == WR_RULESET_SUBNET) {
            wr_str_text(t, "\t\t");
            wr_str_text(t, wr_rulesetword_ip(one->prefix.addr.family));
            wr_str_text(t, " daddr ");
            wr_rulesetword_prefix(t, &one->prefix);
            wr_str_text(t, " accept\n");
        } else if (one->kind == WR_RULESET_INTERFACE) {
            wr_str_text(t, "\t\toifname \"");
            wr_str_text(t, one->interface);
            wr_str_text(t, "\" accept\n");
        }
    }
    wr_str_text(t, "\t}\n");
}

/* --- who is of a class --- */

/* From `i` on, of one class and one family. Returns where the next begins. */
static size_t put_members(struct wr_str *t, const struct wr_ruleset_facts *f, size_t i)
{
    const struct wr_ruleset_item *first = &f->item[i];
    size_t k = i;
    wr_str_text(t, "\t\toif . ");
    wr_str_text(t, wr_rulesetword_ip(first->prefix.addr.family));
    wr_str_text(t, " daddr {");
    for (; k < f->count && f->item[k].kind == WR_RULESET_KIN &&
           f->item[k].segment == first->segment &&
           f->item[k].prefix.addr.family == first->prefix.addr.family;
         k++) {
        wr_str_text(t, k > i ? ",\n\t\t\t" : "\n\t\t\t");
        wr_str_u64(t, f->item[k].prefix.addr.scope);
        wr_str_text(t, " . ");
        wr_rulesetword_prefix(t, &f->item[k].prefix);
    }
    wr_str_text(t, " } accept\n");
    return k;
}

static void put_kin(struct wr_str *t, const struct wr_ruleset_facts *f)
{
    const struct wr_ruleset_item *before = NULL;
    for (size_t i = 0; i < f->count;) {
        const struct wr_ruleset_item *one = &f->item[i];
        if (one->kind != WR_RULESET_KIN) {
            i++;
            continue;
        }
        if (before == NULL || before->segment != one->segment) {
            wr_str_text(t, before != NULL ? "\t}\n\tchain kin_" : "\tchain kin_");
            wr_str_u64(t, one->segment);
            wr_str_text(t, " {\n");
        }
        before = one;
        i = put_members(t, f, i);
    }
    wr_str_text(t, before != NULL ? "\t}\n" : "");
}

/* --- one PERMIT --- */

static void put_ports(struct wr_str *t, const char *what, uint16_t low, uint16_t high)
{
    if (high != 0) {
        wr_str_text(t, what);
        wr_str_u64(t, low);
        wr_str_text(t, low != high ? "-" : "");
        if (low != high) {
            wr_str_u64(t, high);
        }
    }
}

static void put_permit(struct wr_str *t, const struct wr_ruleset_item *one)
{
    bool v4 = one->prefix.addr.family == WR_AF_V4;
    wr_str_text(t, v4 ? "\t\tmeta nfproto ipv4" : "\t\tmeta nfproto ipv6");
    if (one->flags == 0) {
        wr_str_text(t, v4 ? " ip daddr " : " ip6 daddr ");
        wr_rulesetword_prefix(t, &one->prefix);
    }
    if (one->protocol != 0) {
        wr_str_text(t, " meta l4proto ");
        wr_str_u64(t, one->protocol);
    }
    put_ports(t, " th sport ", one->from_low, one->from_high);
    put_ports(t, " th dport ", one->port, one->port_high);
    if (one->flags == WR_RULESET_TO_KIN) {
        wr_str_text(t, " jump kin_");
        wr_str_u64(t, one->segment);
        wr_str_char(t, '\n');
        return;
    }
    wr_str_text(t, one->flags == WR_RULESET_LOCAL ? " jump local_networks\n" : " accept\n");
}

/* --- whose they are --- */

/* The next PERMIT from here on; count: there is none. */
static size_t next(const struct wr_ruleset_facts *f, size_t i)
{
    while (i < f->count && f->item[i].kind != WR_RULESET_PERMIT) {
        i++;
    }
    return i;
}

/* Is it of another device, or interface, than the one before it? */
static bool is_first(const struct wr_ruleset_facts *f, size_t i)
{
    const struct wr_ruleset_item *a = &f->item[i], *b = &f->item[i > 0 ? i - 1 : 0];
    return i == 0 || b->kind != WR_RULESET_PERMIT || memcmp(a->mac, b->mac, sizeof(a->mac)) != 0 ||
           a->prefix.addr.scope != b->prefix.addr.scope;
}

static void put_name(struct wr_str *t, const struct wr_ruleset_item *one)
{
    wr_str_text(t, "profile_");
    wr_str_u64(t, one->prefix.addr.scope);
    wr_str_char(t, '_');
    wr_str_hex(t, one->mac, sizeof(one->mac));
}

static void put_chains(struct wr_str *t, const struct wr_ruleset_facts *f)
{
    size_t n = 0;
    for (size_t i = next(f, 0); i < f->count; i = next(f, i + 1)) {
        if (is_first(f, i)) {
            wr_str_text(t, n++ > 0 ? "\t}\n\tchain " : "\tchain ");
            put_name(t, &f->item[i]);
            wr_str_text(t, " {\n");
        }
        put_permit(t, &f->item[i]);
    }
    wr_str_text(t, "\t}\n\tchain profiles {\n\t\tiif . ether saddr vmap {");
    n = 0;
    for (size_t i = next(f, 0); i < f->count; i = next(f, i + 1)) {
        if (is_first(f, i)) {
            wr_str_text(t, n++ > 0 ? ",\n\t\t\t" : "\n\t\t\t");
            wr_str_u64(t, f->item[i].prefix.addr.scope);
            wr_str_text(t, " . ");
            wr_rulesetword_mac(t, f->item[i].mac);
            wr_str_text(t, " : goto ");
            put_name(t, &f->item[i]);
        }
    }
    wr_str_text(t, " }\n\t}\n");
}

void wr_rulesetmud(struct wr_str *t, const struct wr_ruleset_facts *f, enum wr_ruleset_place place,
                   const struct wr_ruleset_item *segment)
{
    if ((place != WR_RULESET_CHAINS && place != WR_RULESET_PERMITTED) || !wanted(f)) {
        return;
    }
    if (place == WR_RULESET_PERMITTED) {
        wr_str_text(t, segment != NULL ? "\t\tjump profiles\n" : "");
        return;
    }
    put_local(t, f);
    put_kin(t, f);
    put_chains(t, f);
}
