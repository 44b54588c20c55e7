/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/mud.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

void wr_mud_init(struct wr_mud *mud, struct wr_mud_ace *ace, uint32_t aces_max, char *texts,
                 uint32_t texts_max)
{
    wr_assert(texts_max > 0);
    memset(mud, 0, sizeof(*mud));
    mud->supported = true;
    mud->validity_h = WR_MUD_VALIDITY_H;
    mud->ace = ace;
    mud->aces_max = aces_max;
    mud->texts = texts;
    mud->texts_max = texts_max;
    mud->texts[0] = 0;
    mud->texts_used = 1;
}

struct wr_mud_ace wr_mud_ace(uint8_t direction)
{
    return (struct wr_mud_ace){.direction = direction,
                               .protocol = WR_MUD_ANY,
                               .icmp_type = WR_MUD_ANY,
                               .icmp_code = WR_MUD_ANY,
                               .ethertype = WR_MUD_ANY};
}

int wr_mud_text(struct wr_mud *mud, const char *text, size_t n, uint32_t *ret_text)
{
    if (n == 0) {
        *ret_text = 0;
        return WR_OK;
    }
    if (n >= mud->texts_max - mud->texts_used) {
        return WR_E_FULL;
    }
    *ret_text = mud->texts_used;
    memcpy(&mud->texts[mud->texts_used], text, n);
    mud->texts[mud->texts_used + n] = 0;
    mud->texts_used += (uint32_t)n + 1;
    return WR_OK;
}

int wr_mud_add(struct wr_mud *mud, const struct wr_mud_ace *ace)
{
    if (mud->aces == mud->aces_max) {
        return WR_E_FULL;
    }
    mud->ace[mud->aces++] = *ace;
    return WR_OK;
}

const char *wr_mud_at(const struct wr_mud *mud, uint32_t text)
{
    return text < mud->texts_used ? &mud->texts[text] : "";
}

/* --- who made it --- */

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Nobody has a name under "invalid" (RFC 2606); what weir has learned is from there. */
static bool is_invalid(struct wr_str_part authority)
{
    static const char invalid[] = ".invalid";
    const char *port = memchr(authority.at, ':', authority.n);
    size_t n = port != NULL ? (size_t)(port - authority.at) : authority.n;
    size_t tail = sizeof(invalid) - 1;
    n -= n > 0 && authority.at[n - 1] == '.';
    for (size_t i = 0; n >= tail && i < tail; i++) {
        if (small(authority.at[n - tail + i]) != invalid[i]) {
            return false;
        }
    }
    return n >= tail;
}

/* Whose it is, without the port that https has anyway. */
static struct wr_str_part maker(struct wr_str_part part)
{
    if (part.n > 4 && memcmp(part.at + part.n - 4, ":443", 4) == 0) {
        part.n -= 4;
    }
    part.n = is_invalid(part) ? 0 : part.n;
    return part;
}

struct wr_str_part wr_mud_authority(const char *url)
{
    static const char https[] = "https://";
    struct wr_str_part part = {url, 0};
    if (strncmp(url, https, sizeof(https) - 1) != 0) {
        return part;
    }
    part.at += sizeof(https) - 1;
    for (char c = part.at[0]; c != 0 && c != '/' && c != '?' && c != '#'; c = part.at[part.n]) {
        part.n++;
    }
    return maker(part);
}

bool wr_mud_same_authority(struct wr_str_part a, struct wr_str_part b)
{
    bool same = a.n == b.n && a.n > 0;
    for (size_t i = 0; same && i < a.n; i++) {
        same = small(a.at[i]) == small(b.at[i]);
    }
    return same;
}

bool wr_mud_kin_of(const struct wr_mud *mud, const struct wr_mud_ace *a, struct wr_mud_kin *ret_kin)
{
    const char *text = a->classes == WR_MUD_MODEL          ? wr_mud_at(mud, a->model)
                       : a->classes == WR_MUD_MANUFACTURER ? wr_mud_at(mud, a->manufacturer)
                                                           : wr_mud_at(mud, mud->url);
    ret_kin->is_model = a->classes == WR_MUD_MODEL;
    ret_kin->text = (struct wr_str_part){text, strlen(text)};
    if (a->classes == WR_MUD_SAME_MANUFACTURER) {
        ret_kin->text = wr_mud_authority(text);
    } else if (a->classes == WR_MUD_MANUFACTURER) {
        ret_kin->text = maker(ret_kin->text);
    }
    return (a->classes & ~WR_MUD_KIN) == 0 && (a->classes & (a->classes - 1)) == 0 &&
           ret_kin->text.n > 0 && a->classes != 0;
}

bool wr_mud_kin_same(const struct wr_mud_kin *a, const struct wr_mud_kin *b)
{
    return a->is_model == b->is_model &&
           (a->is_model ? a->text.n == b->text.n && memcmp(a->text.at, b->text.at, a->text.n) == 0
                        : wr_mud_same_authority(a->text, b->text));
}

bool wr_mud_kin_has(const struct wr_mud_kin *kin, const char *url)
{
    if (wr_mud_authority(url).n == 0) {
        return false;
    }
    const struct wr_mud_kin one = {kin->is_model, kin->is_model
                                                      ? (struct wr_str_part){url, strlen(url)}
                                                      : wr_mud_authority(url)};
    return wr_mud_kin_same(kin, &one);
}

/* --- both ends --- */

uint32_t wr_mud_peer_name(const struct wr_mud_ace *a)
{
    return a->direction == WR_MUD_FROM ? a->dst_name : a->src_name;
}

const struct wr_prefix *wr_mud_peer_net(const struct wr_mud_ace *a)
{
    return a->direction == WR_MUD_FROM ? &a->dst_net : &a->src_net;
}

const struct wr_mud_ports *wr_mud_peer_ports(const struct wr_mud_ace *a)
{
    return a->direction == WR_MUD_FROM ? &a->dst_port : &a->src_port;
}

uint32_t wr_mud_own_name(const struct wr_mud_ace *a)
{
    return a->direction == WR_MUD_FROM ? a->src_name : a->dst_name;
}

const struct wr_prefix *wr_mud_own_net(const struct wr_mud_ace *a)
{
    return a->direction == WR_MUD_FROM ? &a->src_net : &a->dst_net;
}

const struct wr_mud_ports *wr_mud_own_ports(const struct wr_mud_ace *a)
{
    return a->direction == WR_MUD_FROM ? &a->src_port : &a->dst_port;
}

/* --- alike --- */

static bool same_text(const struct wr_mud *a, uint32_t x, const struct wr_mud *b, uint32_t y)
{
    return strcmp(wr_mud_at(a, x), wr_mud_at(b, y)) == 0;
}

static bool same_net(const struct wr_prefix *x, const struct wr_prefix *y)
{
    return x->len == y->len && wr_addr_same_ip(&x->addr, &y->addr);
}

static bool same_ports(const struct wr_mud_ports *x, const struct wr_mud_ports *y)
{
    return x->op == y->op && (x->op == WR_MUD_PORT_ANY || (x->low == y->low && x->high == y->high));
}

bool wr_mud_same(const struct wr_mud *a, const struct wr_mud_ace *x, const struct wr_mud *b,
                 const struct wr_mud_ace *y)
{
    return x->direction == y->direction && x->family == y->family && x->action == y->action &&
           x->begins == y->begins && x->classes == y->classes && x->protocol == y->protocol &&
           x->icmp_type == y->icmp_type && x->icmp_code == y->icmp_code &&
           x->ethertype == y->ethertype && same_text(a, x->src_mac, b, y->src_mac) &&
           same_text(a, x->dst_mac, b, y->dst_mac) && same_ports(&x->src_port, &y->src_port) &&
           same_ports(&x->dst_port, &y->dst_port) && same_net(&x->src_net, &y->src_net) &&
           same_net(&x->dst_net, &y->dst_net) && same_text(a, x->src_name, b, y->src_name) &&
           same_text(a, x->dst_name, b, y->dst_name) &&
           same_text(a, x->controller, b, y->controller) &&
           same_text(a, x->manufacturer, b, y->manufacturer) &&
           same_text(a, x->model, b, y->model) && same_text(a, x->odd, b, y->odd);
}
