/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/mudtell.h"

#include <string.h>

#include "base/utf8.h"
#include "policy/lease.h"

#define TCP 6
#define UDP 17

/* --- what becomes of it --- */

static struct wr_mud_judged not(const char *why)
{
    return (struct wr_mud_judged){.means = WR_MUD_NOT, .why = why};
}

static bool same(const struct wr_mud *m, uint32_t a, uint32_t b)
{
    return strcmp(wr_mud_at(m, a), wr_mud_at(m, b)) == 0;
}

/* --- do two ACEs meet? --- */

static bool ports_meet(const struct wr_mud_ports *x, const struct wr_mud_ports *y)
{
    return x->op != WR_MUD_PORT_IN || y->op != WR_MUD_PORT_IN ||
           (x->low <= y->high && y->low <= x->high);
}

/* "*.x" is all below x. */
static bool is_below(const char *name, const char *star)
{
    size_t n = strlen(name), k = strlen(star);
    return star[0] == '*' && star[1] == '.' && n >= k && strcmp(name + n - (k - 1), star + 1) == 0;
}

static bool names_meet(const struct wr_mud *m, uint32_t a, uint32_t b)
{
    const char *x = wr_mud_at(m, a), *y = wr_mud_at(m, b);
    return strcmp(x, y) == 0 || is_below(x, y) || is_below(y, x);
}

/* Has the network an address that a lease may be for? A small one by its first and its last, for what is special are whole networks. */
static bool is_public(const struct wr_prefix *net)
{
    struct wr_addr last = net->addr;
    for (unsigned bit = net->len; bit < (last.family == WR_AF_V4 ? 32u : 128u); bit++) {
        last.ip[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    }
    return net->addr.family == WR_AF_NONE || net->len < (last.family == WR_AF_V4 ? 8 : 16) ||
           wr_lease_is_public(&net->addr) || wr_lease_is_public(&last);
}

/* May both be about the same connection, to what has this name? Classes but for controllers are of the house, and no leases are for it. */
static bool meet(const struct wr_mud *m, const struct wr_mud_ace *a, const struct wr_mud_ace *named)
{
    return a->direction == named->direction &&
           (a->classes & ~(WR_MUD_CONTROLLER | WR_MUD_MY_CONTROLLER)) == 0 &&
           is_public(wr_mud_peer_net(a)) &&
           (wr_mud_peer_name(a) == 0 ||
            names_meet(m, wr_mud_peer_name(a), wr_mud_peer_name(named))) &&
           (a->family == WR_AF_NONE || named->family == WR_AF_NONE || a->family == named->family) &&
           (a->protocol == WR_MUD_ANY || named->protocol == WR_MUD_ANY ||
            a->protocol == named->protocol) &&
           ports_meet(&a->src_port, &named->src_port) && ports_meet(&a->dst_port, &named->dst_port);
}

static bool nets_meet(const struct wr_prefix *x, const struct wr_prefix *y)
{
    unsigned len = x->len < y->len ? x->len : y->len;
    struct wr_addr a = wr_addr_mask(&x->addr, len), b = wr_addr_mask(&y->addr, len);
    return wr_addr_same_ip(&a, &b);
}

/* May both be about the same connection, to an address? Only of two networks, of protocols and of ports is it known that they do not. */
static bool meet_there(const struct wr_mud_ace *a, const struct wr_mud_ace *there)
{
    const struct wr_prefix *x = wr_mud_peer_net(a), *y = wr_mud_peer_net(there);
    return a->direction == there->direction &&
           (a->family == WR_AF_NONE || there->family == WR_AF_NONE || a->family == there->family) &&
           (a->protocol == WR_MUD_ANY || there->protocol == WR_MUD_ANY ||
            a->protocol == there->protocol) &&
           ports_meet(&a->src_port, &there->src_port) &&
           ports_meet(&a->dst_port, &there->dst_port) &&
           (x->addr.family == WR_AF_NONE || y->addr.family == WR_AF_NONE || nets_meet(x, y));
}

/* The ACE from the device that this one, to the device, has the answers of. NULL: there is none. */
static const struct wr_mud_ace *answered_by(const struct wr_mud *m, const struct wr_mud_ace *to)
{
    for (uint32_t i = 0; i < m->aces; i++) {
        const struct wr_mud_ace *a = &m->ace[i];
        const struct wr_prefix *x = wr_mud_peer_net(a), *y = wr_mud_peer_net(to);
        if (a->direction == WR_MUD_FROM && a->action == WR_MUD_ACCEPT &&
            a->begins != WR_MUD_PEER_BEGINS && a->protocol == to->protocol &&
            a->family == to->family && a->classes == to->classes &&
            same(m, wr_mud_peer_name(a), wr_mud_peer_name(to)) &&
            same(m, a->controller, to->controller) && same(m, a->manufacturer, to->manufacturer) &&
            same(m, a->model, to->model) && x->len == y->len &&
            wr_addr_same_ip(&x->addr, &y->addr) &&
            ports_meet(wr_mud_peer_ports(a), wr_mud_peer_ports(to))) {
            return a;
        }
    }
    return NULL;
}

static struct wr_mud_judged judge_to(const struct wr_mud *m, const struct wr_mud_ace *a,
                                     const struct wr_mud_house *house)
{
    const struct wr_mud_ace *asks = a->begins == WR_MUD_PEER_BEGINS ? NULL : answered_by(m, a);
    if (asks != NULL ? wr_mudtell_judge(m, asks, house).means != WR_MUD_NOT
                     : a->begins == WR_MUD_DEVICE_BEGINS) {
        return (struct wr_mud_judged){.means = WR_MUD_BY_STATE};
    }
    if (asks != NULL) {
        return not("answers to what is not enforceable itself");
    }
    const char *uri = wr_mud_at(m, a->controller);
    if (strcmp(uri, WR_MUD_DNS) == 0 || strcmp(uri, WR_MUD_GATEWAY) == 0) {
        return (struct wr_mud_judged){.means = WR_MUD_BY_GATEWAY};
    }
    return not("the other side would begin, and nobody is let in from outside");
}

bool wr_mudtell_ports(const struct wr_mud_ace *a, uint16_t *ret_low, uint16_t *ret_high)
{
    const struct wr_mud_ports *p = wr_mud_peer_ports(a);
    if ((a->protocol != TCP && a->protocol != UDP) || p->op != WR_MUD_PORT_IN ||
        p->high - (p->low > 0 ? p->low : 1) >= WR_LEASE_PORTS_MAX) {
        return false;
    }
    *ret_low = p->low > 0 ? p->low : 1; /* port 0 is nobody's, and nothing is leased for it */
    *ret_high = p->high;
    return true;
}

/* Does an ACE in front drop it, or a part of it? A lease cannot be for the rest, so then this one permits nothing. */
static bool is_dropped(const struct wr_mud *m, const struct wr_mud_ace *ace)
{
    for (const struct wr_mud_ace *a = m->ace; a < ace; a++) {
        if (a->action != WR_MUD_ACCEPT && meet(m, a, ace)) {
            return true;
        }
    }
    return false;
}

/* Have all ACEs of this name together more ports than leases may have? */
static bool has_many_ports(const struct wr_mud *m, const struct wr_mud_ace *ace)
{
    struct wr_lease_port port[WR_LEASE_PORTS_MAX];
    unsigned n = 0;
    uint16_t low, high;
    for (const struct wr_mud_ace *a = m->ace; a < m->ace + m->aces; a++) {
        bool counts = a->direction == WR_MUD_FROM && a->action == WR_MUD_ACCEPT &&
                      same(m, wr_mud_peer_name(a), wr_mud_peer_name(ace)) &&
                      wr_mudtell_ports(a, &low, &high);
        for (uint32_t p = low; counts && p <= high; p++) {
            unsigned i = 0;
            while (i < n && (port[i].protocol != a->protocol || port[i].port != p)) {
                i++;
            }
            if (i == WR_LEASE_PORTS_MAX) {
                return true;
            }
            if (i == n) {
                port[n++] =
                    (struct wr_lease_port){.protocol = (uint8_t)a->protocol, .port = (uint16_t)p};
            }
        }
    }
    return false;
}

static struct wr_mud_judged judge_name(const struct wr_mud *m, const struct wr_mud_ace *a,
                                       const struct wr_mud_house *house)
{
    uint16_t low, high;
    struct wr_mud_judged j = {.means = WR_MUD_BY_NAME};
    if (a->classes != 0 || wr_mud_peer_net(a)->addr.family != WR_AF_NONE) {
        return not("it names a host and something else, and both would have to hold");
    }
    if (house != NULL && house->is_fetched &&
        strncmp(wr_mud_at(m, wr_mud_peer_name(a)), "*.", 2) == 0) {
        return not("names with a star are not in RFC 8520: they count in a profile from a file of "
                   "the owner's, not in one that was fetched");
    }
    if (is_dropped(m, a)) {
        return not("an ACE in front of it drops the same, or a part of it");
    }
    if (wr_mud_peer_ports(a)->op == WR_MUD_PORT_IN && wr_mud_peer_ports(a)->high == 0) {
        return not("port 0 is nobody's");
    }
    if (a->protocol != WR_MUD_ANY && !wr_mudtell_ports(a, &low, &high)) {
        j.partly = true;
        j.why = a->protocol == TCP || a->protocol == UDP
                    ? "its ports are many or none: leases are for all ports"
                    : "leases are for all protocols";
    } else if (has_many_ports(m, a)) {
        j.partly = true;
        j.why = "this name has many ports in all: leases are for all ports";
    } else if (wr_mud_own_ports(a)->op != WR_MUD_PORT_ANY) {
        j.partly = true;
        j.why = "from which port the device asks is not looked at";
    } else if (a->src_mac != 0 || a->dst_mac != 0) {
        j.partly = true;
        j.why = "MAC addresses are not looked at";
    }
    return j;
}

/* DHCP and ICMP are the gateway's and the segment's own. */
static bool is_dhcp(const struct wr_mud_ace *a)
{
    const struct wr_mud_ports *p = wr_mud_peer_ports(a);
    return a->protocol == UDP && p->op == WR_MUD_PORT_IN && p->low == p->high &&
           (p->low == 67 || p->low == 547);
}

static const char on_link[] = "it stays in the segment, and does not pass the gateway";

static bool is_named(const struct wr_prefix *net)
{
    return net->addr.family != WR_AF_NONE && net->len > 0;
}

/* Groups, all on a link, and addresses of a link. */
static bool stays(const struct wr_prefix *net)
{
    enum wr_addr_kind kind = wr_addr_kind(&net->addr);
    return is_named(net) &&
           (kind == WR_ADDR_MULTICAST || kind == WR_ADDR_BROADCAST || kind == WR_ADDR_LINK_LOCAL);
}

/* An Ethernet type that says no more than the list's family does. */
static bool is_ethertype_fine(const struct wr_mud_ace *a)
{
    return a->ethertype == WR_MUD_ANY || (a->family == WR_AF_V4 && a->ethertype == 0x0800) ||
           (a->family == WR_AF_V6 && a->ethertype == 0x86dd);
}

/* To addresses that are known without an answer: what a rule of the firewall can say to the letter, and nothing wider. */
static struct wr_mud_judged judge_address(const struct wr_mud *m, const struct wr_mud_ace *a)
{
    const struct wr_mud_ports *to = wr_mud_peer_ports(a), *from = wr_mud_own_ports(a);
    for (const struct wr_mud_ace *one = m->ace; one < a; one++) {
        if (one->action != WR_MUD_ACCEPT && meet_there(one, a)) {
            return not("an ACE in front of it drops the same, or a part of it");
        }
    }
    if ((to->op == WR_MUD_PORT_IN && to->high == 0) ||
        (from->op == WR_MUD_PORT_IN && from->high == 0)) {
        return not("port 0 is nobody's");
    }
    if (to->op == WR_MUD_PORT_NOT || from->op == WR_MUD_PORT_NOT) {
        return not("all ports but some are not opened");
    }
    if (a->icmp_type != WR_MUD_ANY || a->icmp_code != WR_MUD_ANY) {
        return not("kinds of ICMP are not told apart");
    }
    if (a->src_mac != 0 || a->dst_mac != 0) {
        return not("MAC addresses are not looked at");
    }
    if (a->protocol == 0 || !is_ethertype_fine(a)) {
        return not("there are no such packets");
    }
    return (struct wr_mud_judged){.means = WR_MUD_BY_ADDRESS};
}

const char *wr_mudtell_class(const struct wr_mud *m, const struct wr_mud_ace *a)
{
    return a->classes == WR_MUD_CONTROLLER      ? wr_mud_at(m, a->controller)
           : a->classes == WR_MUD_MY_CONTROLLER ? wr_mud_at(m, m->url)
                                                : "";
}

static bool knows(const struct wr_mud_house *house, const char *class)
{
    for (size_t i = 0; house != NULL && i < house->controllers; i++) {
        if (strcmp(house->controller[i], class) == 0) {
            return true;
        }
    }
    return false;
}

static struct wr_mud_judged judge_local(const struct wr_mud *m, const struct wr_mud_ace *a)
{
    struct wr_mud_judged j = judge_address(m, a);
    if (j.means == WR_MUD_BY_ADDRESS) {
        j.partly = true;
        j.why = "towards other segments; devices of its own it reaches without the gateway";
    }
    return j;
}

static struct wr_mud_judged judge_kin(const struct wr_mud *m, const struct wr_mud_ace *a,
                                      const struct wr_mud_house *house)
{
    if (a->classes == WR_MUD_SAME_MANUFACTURER && house != NULL && house->is_stranger) {
        return not("the profile is not signed, and not from the host of its mud-url: who made the "
                   "device is not proven");
    }
    struct wr_mud_judged j = judge_address(m, a);
    if (j.means == WR_MUD_BY_ADDRESS) {
        j.partly = true;
        j.why = "towards devices in other segments, by the profiles that they have; those of its "
                "own it reaches without the gateway";
    }
    return j;
}

static struct wr_mud_judged judge_class(const struct wr_mud *m, const struct wr_mud_ace *a,
                                        const struct wr_mud_house *house)
{
    const char *class = wr_mudtell_class(m, a);
    if ((class[0] == 0 && is_dhcp(a)) || strcmp(class, WR_MUD_DNS) == 0 ||
        strcmp(class, WR_MUD_GATEWAY) == 0) {
        return (struct wr_mud_judged){.means = WR_MUD_BY_GATEWAY};
    }
    if (stays(wr_mud_peer_net(a))) {
        return not(on_link);
    }
    if ((a->classes & (a->classes - 1)) != 0 || is_named(wr_mud_peer_net(a))) {
        return not("it names a class and something else, and both would have to hold");
    }
    if (a->classes == WR_MUD_LOCAL_NETWORKS) {
        return judge_local(m, a);
    }
    if ((a->classes & WR_MUD_KIN) != 0) {
        return judge_kin(m, a, house);
    }
    return knows(house, class) ? judge_address(m, a)
           : strcmp(class, WR_MUD_NTP) == 0
               ? not("which time server it is the profile does not say: name one in "
                     "mud.controllers")
               : not("nobody has told weir who this controller is: name it in mud.controllers");
}

static struct wr_mud_judged judge_net(const struct wr_mud *m, const struct wr_mud_ace *a)
{
    if (is_dhcp(a)) {
        return (struct wr_mud_judged){.means = WR_MUD_BY_GATEWAY};
    }
    if (wr_mud_peer_ports(a)->op == WR_MUD_PORT_IN && wr_mud_peer_ports(a)->low == 53 &&
        wr_mud_peer_ports(a)->high == 53) {
        return not("a resolver of others: weir is asked in its place (segments[].foreign_dns)");
    }
    return stays(wr_mud_peer_net(a)) ? not(on_link) : judge_address(m, a);
}

static struct wr_mud_judged judge_from(const struct wr_mud *m, const struct wr_mud_ace *a,
                                       const struct wr_mud_house *house)
{
    if (a->begins == WR_MUD_PEER_BEGINS) {
        return not("answers to who would begin, and nobody is let in from outside");
    }
    if (wr_mud_peer_name(a) != 0) {
        return judge_name(m, a, house);
    }
    if (a->classes != 0) {
        return judge_class(m, a, house);
    }
    if (is_named(wr_mud_peer_net(a))) {
        return judge_net(m, a);
    }
    return is_dhcp(a) ? (struct wr_mud_judged){.means = WR_MUD_BY_GATEWAY}
                      : not("it names nobody, and would open everything");
}

struct wr_mud_judged wr_mudtell_judge(const struct wr_mud *m, const struct wr_mud_ace *a,
                                      const struct wr_mud_house *house)
{
    if (a->action != WR_MUD_ACCEPT) {
        return (struct wr_mud_judged){.means = WR_MUD_BY_DEFAULT};
    }
    if (a->odd != 0) {
        return not("it matches something that weir does not know, or that excludes itself");
    }
    if (a->ethertype != WR_MUD_ANY && a->family == WR_AF_NONE) {
        return not("Ethernet frames do not pass the gateway");
    }
    if (wr_mud_own_name(a) != 0 || is_named(wr_mud_own_net(a))) {
        return not("it names the device's own address, which the owner's network gives");
    }
    return a->direction == WR_MUD_TO ? judge_to(m, a, house) : judge_from(m, a, house);
}

const char *wr_mudtell_means(uint8_t means)
{
    static const char *const words[] = {"not enforceable",       "by name",
                                        "by the gateway",        "as answers to the device",
                                        "as nothing permits it", "by address"};
    return means < sizeof(words) / sizeof(words[0]) ? words[means] : words[0];
}

/* --- in words --- */

static void say(struct wr_str *out, const struct wr_mud *m, uint32_t text)
{
    const char *at = wr_mud_at(m, text);
    wr_utf8_safe(out, at, strlen(at));
}

/* "and", where something stands in front. */
static void next(struct wr_str *out, bool *some)
{
    wr_str_text(out, *some ? " and " : "");
    *some = true;
}

static void say_net(struct wr_str *out, const struct wr_prefix *net)
{
    char text[WR_ADDR_TEXT_SIZE];
    wr_addr_to_text(&net->addr, text, sizeof(text));
    wr_str_text(out, text);
    if (net->len != (net->addr.family == WR_AF_V4 ? 32 : 128)) {
        wr_str_char(out, '/');
        wr_str_u64(out, net->len);
    }
}

static void say_controller(struct wr_str *out, const struct wr_mud *m, uint32_t text)
{
    const char *uri = wr_mud_at(m, text);
    if (strcmp(uri, WR_MUD_DNS) == 0) {
        wr_str_text(out, "the DNS resolver");
    } else if (strcmp(uri, WR_MUD_NTP) == 0) {
        wr_str_text(out, "the time server");
    } else if (strcmp(uri, WR_MUD_GATEWAY) == 0) {
        wr_str_text(out, "the gateway");
    } else {
        wr_str_text(out, "the controller ");
        say(out, m, text);
    }
}

static void say_classes(struct wr_str *out, const struct wr_mud *m, const struct wr_mud_ace *a,
                        bool *some)
{
    static const struct {
        uint8_t class;
        const char *words;
    } classes[] = {{WR_MUD_LOCAL_NETWORKS, "its local networks"},
                   {WR_MUD_SAME_MANUFACTURER, "devices of its manufacturer"},
                   {WR_MUD_MY_CONTROLLER, "its own controller"},
                   {WR_MUD_MANUFACTURER, "devices of "},
                   {WR_MUD_MODEL, "devices of the model "}};
    if (a->classes & WR_MUD_CONTROLLER) {
        next(out, some);
        say_controller(out, m, a->controller);
    }
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (a->classes & classes[i].class) {
            next(out, some);
            wr_str_text(out, classes[i].words);
            say(out, m,
                classes[i].class == WR_MUD_MANUFACTURER ? a->manufacturer
                : classes[i].class == WR_MUD_MODEL      ? a->model
                                                        : 0);
        }
    }
}

static void say_peer(struct wr_str *out, const struct wr_mud *m, const struct wr_mud_ace *a)
{
    bool some = false;
    if (wr_mud_peer_name(a) != 0) {
        next(out, &some);
        say(out, m, wr_mud_peer_name(a));
    }
    say_classes(out, m, a, &some);
    if (wr_mud_peer_net(a)->addr.family != WR_AF_NONE) {
        next(out, &some);
        say_net(out, wr_mud_peer_net(a));
    }
    if (!some) {
        wr_str_text(out, "anybody");
    }
}

static void say_ports(struct wr_str *out, const struct wr_mud_ports *p, const char *words)
{
    if (p->op == WR_MUD_PORT_ANY) {
        return;
    }
    wr_str_text(out, words);
    wr_str_text(out, p->op == WR_MUD_PORT_NOT ? "other than " : "");
    wr_str_u64(out, p->low);
    if (p->high != p->low) {
        wr_str_text(out, " to ");
        wr_str_u64(out, p->high);
    }
}

static void say_protocol(struct wr_str *out, const struct wr_mud_ace *a)
{
    const char *word = a->protocol == TCP   ? "TCP"
                       : a->protocol == UDP ? "UDP"
                       : a->protocol == 1   ? "ICMP"
                       : a->protocol == 58  ? "ICMPv6"
                       : a->protocol == 2   ? "IGMP"
                                            : NULL;
    if (a->protocol != WR_MUD_ANY) {
        wr_str_text(out, " over ");
        wr_str_text(out, word != NULL ? word : "protocol ");
        if (word == NULL) {
            wr_str_u64(out, (uint64_t)a->protocol);
        }
    }
    if (a->icmp_type != WR_MUD_ANY) {
        wr_str_text(out, " type ");
        wr_str_u64(out, (uint64_t)a->icmp_type);
    }
    if (a->ethertype != WR_MUD_ANY) {
        uint8_t type[2] = {(uint8_t)(a->ethertype >> 8), (uint8_t)a->ethertype};
        wr_str_text(out, " by Ethernet type 0x");
        wr_str_hex(out, type, 2);
    }
}

void wr_mudtell_words(const struct wr_mud *m, const struct wr_mud_ace *a, struct wr_str *out)
{
    static const char *const verbs[2][2] = {{"may not reach ", "may reach "},
                                            {"may not be reached by ", "may be reached by "}};
    wr_str_text(out, verbs[a->direction == WR_MUD_TO][a->action == WR_MUD_ACCEPT]);
    say_peer(out, m, a);
    say_protocol(out, a);
    say_ports(out, a->direction == WR_MUD_FROM ? wr_mud_peer_ports(a) : wr_mud_own_ports(a),
              ", port ");
    say_ports(out, a->direction == WR_MUD_FROM ? wr_mud_own_ports(a) : wr_mud_peer_ports(a),
              ", from port ");
    if (a->begins != WR_MUD_EITHER) {
        wr_str_text(out, a->begins == WR_MUD_DEVICE_BEGINS ? ", the device begins"
                                                           : ", the other side begins");
    }
    if (a->odd != 0) {
        wr_str_text(out, ", where also holds: ");
        say(out, m, a->odd);
    }
}
