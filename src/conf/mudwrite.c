/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/mudwrite.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"

void wr_mudwrite_date(int64_t s, char *ret_text, size_t cap)
{
    time_t t = (time_t)s;
    struct tm tm = {0};
    gmtime_r(&t, &tm);
    if (strftime(ret_text, cap, "%Y-%m-%dT%H:%M:%S+00:00", &tm) == 0) {
        ret_text[0] = 0;
    }
}

static void put(json_t *to, const char *key, const struct wr_mud *m, uint32_t text)
{
    if (text != 0) {
        json_object_set_new(to, key, json_string(wr_mud_at(m, text)));
    }
}

/* --- what an ACE matches --- */

static void put_net(json_t *to, const char *key, const struct wr_prefix *net)
{
    char addr[WR_ADDR_TEXT_SIZE], text[WR_ADDR_TEXT_SIZE + 8];
    if (net->addr.family != WR_AF_NONE) {
        wr_addr_to_text(&net->addr, addr, sizeof(addr));
        snprintf(text, sizeof(text), "%s/%u", addr, net->len);
        json_object_set_new(to, key, json_string(text));
    }
}

static void put_ports(json_t *to, const char *key, const struct wr_mud_ports *p)
{
    if (p->op == WR_MUD_PORT_ANY) {
        return;
    }
    json_t *one = p->low != p->high
                      ? json_pack("{s:i, s:i}", "lower-port", p->low, "upper-port", p->high)
                      : json_pack("{s:s, s:i}", "operator", p->op == WR_MUD_PORT_NOT ? "neq" : "eq",
                                  "port", p->low);
    json_object_set_new(to, key, one);
}

static void put_classes(json_t *matches, const struct wr_mud *m, const struct wr_mud_ace *a)
{
    static const struct {
        uint8_t class;
        const char *key;
    } empty[] = {{WR_MUD_LOCAL_NETWORKS, "local-networks"},
                 {WR_MUD_SAME_MANUFACTURER, "same-manufacturer"},
                 {WR_MUD_MY_CONTROLLER, "my-controller"}};
    if (a->classes == 0) {
        return;
    }
    json_t *to = json_object();
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        if (a->classes & empty[i].class) {
            json_object_set_new(to, empty[i].key, json_pack("[n]"));
        }
    }
    put(to, "controller", m, a->controller);
    put(to, "manufacturer", m, a->manufacturer);
    put(to, "model", m, a->model);
    json_object_set_new(matches, "ietf-mud:mud", to);
}

static void put_ip(json_t *matches, const struct wr_mud *m, const struct wr_mud_ace *a)
{
    bool six = a->family == WR_AF_V6;
    if (a->family == WR_AF_NONE) {
        return;
    }
    json_t *to = json_object();
    put(to, "ietf-acldns:src-dnsname", m, a->src_name);
    put(to, "ietf-acldns:dst-dnsname", m, a->dst_name);
    put_net(to, six ? "source-ipv6-network" : "source-ipv4-network", &a->src_net);
    put_net(to, six ? "destination-ipv6-network" : "destination-ipv4-network", &a->dst_net);
    if (a->protocol != WR_MUD_ANY) {
        json_object_set_new(to, "protocol", json_integer(a->protocol));
    }
    json_object_set_new(matches, six ? "ipv6" : "ipv4", to);
}

static void put_transport(json_t *matches, const struct wr_mud_ace *a)
{
    json_t *to = json_object();
    if (a->protocol == 6 && a->begins != WR_MUD_EITHER) {
        json_object_set_new(
            to, "ietf-mud:direction-initiated",
            json_string(a->begins == WR_MUD_DEVICE_BEGINS ? "from-device" : "to-device"));
    }
    put_ports(to, "source-port", &a->src_port);
    put_ports(to, "destination-port", &a->dst_port);
    if (json_object_size(to) > 0 && (a->protocol == 6 || a->protocol == 17)) {
        json_object_set(matches, a->protocol == 6 ? "tcp" : "udp", to);
    }
    json_decref(to);
    if (a->icmp_type != WR_MUD_ANY) {
        to = json_pack("{s:i}", "type", a->icmp_type);
        if (a->icmp_code != WR_MUD_ANY) {
            json_object_set_new(to, "code", json_integer(a->icmp_code));
        }
        json_object_set_new(matches, "icmp", to);
    }
}

static void put_ethernet(json_t *matches, const struct wr_mud *m, const struct wr_mud_ace *a)
{
    json_t *to = json_object();
    put(to, "source-mac-address", m, a->src_mac);
    put(to, "destination-mac-address", m, a->dst_mac);
    if (a->ethertype != WR_MUD_ANY) {
        char text[16];
        snprintf(text, sizeof(text), "0x%04x", (unsigned)a->ethertype);
        json_object_set_new(to, "ethertype", json_string(text));
    }
    if (json_object_size(to) > 0) {
        json_object_set(matches, "eth", to);
    }
    json_decref(to);
}

static json_t *ace_of(const struct wr_mud *m, const struct wr_mud_ace *a)
{
    static const char *const actions[] = {"accept", "drop", "reject"};
    json_t *matches = json_object();
    put_classes(matches, m, a);
    put_ip(matches, m, a);
    put_transport(matches, a);
    put_ethernet(matches, m, a);
    return json_pack("{s:s, s:o, s:{s:s}}", "name", wr_mud_at(m, a->name), "matches", matches,
                     "actions", "forwarding", actions[a->action % 3]);
}

/* --- lists --- */

static const char *list_name(const struct wr_mud *m, const struct wr_mud_ace *a, char room[32])
{
    if (a->list != 0) {
        return wr_mud_at(m, a->list);
    }
    snprintf(room, 32, "weir-%s-%s",
             a->family == WR_AF_V4   ? "ipv4"
             : a->family == WR_AF_V6 ? "ipv6"
                                     : "ethernet",
             a->direction == WR_MUD_FROM ? "from" : "to");
    return room;
}

static const char *type_of(const struct wr_mud_ace *a)
{
    return a->family == WR_AF_V4   ? "ipv4-acl-type"
           : a->family == WR_AF_V6 ? "ipv6-acl-type"
                                   : "ethernet-acl-type";
}

static bool says(const json_t *list, const char *key, const char *text)
{
    return strcmp(json_string_value(json_object_get(list, key)), text) == 0;
}

static bool is_named(const json_t *names, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(names, i, one)
    {
        if (says(one, "name", name)) {
            return true;
        }
    }
    return false;
}

/* The list of this name, which is made where there is none yet and named in the policy of its direction. A list has ACEs of one family and one direction: where they are mixed,
 * the others have a list of their own. */
static json_t *list_of(json_t *lists, json_t *policy[2], const char *name,
                       const struct wr_mud_ace *a)
{
    char other[WR_MUD_INFO_SIZE * 4];
    size_t i;
    json_t *one;
    snprintf(other, sizeof(other), "%s", name);
    json_array_foreach(lists, i, one)
    {
        if (says(one, "name", other) && says(one, "type", type_of(a)) &&
            is_named(policy[a->direction], other)) {
            return one;
        }
        if (says(one, "name", other)) {
            size_t n = strlen(other);
            if (n >= sizeof(other) - 16) {
                break; /* no list that is read has such a name */
            }
            snprintf(other + n, sizeof(other) - n, "-%.8s", type_of(a));
            i = (size_t)-1; /* from the first: perhaps there is one of that name as well */
        }
    }
    one = json_pack("{s:s, s:s, s:{s:[]}}", "name", other, "type", type_of(a), "aces", "ace");
    json_array_append_new(lists, one);
    json_array_append_new(policy[a->direction], json_pack("{s:s}", "name", other));
    return one;
}

static json_t *about_of(const struct wr_mud *m, json_t *policy[2])
{
    json_t *about = json_pack("{s:i}", "mud-version", 1);
    put(about, "mud-url", m, m->url);
    put(about, "mud-signature", m, m->signature);
    put(about, "last-update", m, m->last_update);
    json_object_set_new(about, "cache-validity", json_integer(m->validity_h));
    json_object_set_new(about, "is-supported", json_boolean(m->supported));
    put(about, "systeminfo", m, m->systeminfo);
    put(about, "mfg-name", m, m->manufacturer);
    put(about, "documentation", m, m->documentation);
    put(about, "model-name", m, m->model);
    put(about, "firmware-rev", m, m->firmware);
    put(about, "software-rev", m, m->software);
    if (m->extensions > 0) {
        json_t *list = json_array();
        for (unsigned i = 0; i < m->extensions; i++) {
            json_array_append_new(list, json_string(wr_mud_at(m, m->extension[i])));
        }
        json_object_set_new(about, "extensions", list);
    }
    static const char *const keys[] = {"from-device-policy", "to-device-policy"};
    for (unsigned i = 0; i < 2; i++) {
        if (json_array_size(policy[i]) > 0) {
            json_object_set_new(about, keys[i],
                                json_pack("{s:{s:O}}", "access-lists", "access-list", policy[i]));
        }
    }
    return about;
}

/* Nothing that it matches would be lost. */
static bool can_be_written(const struct wr_mud_ace *a)
{
    bool ip = a->src_name != 0 || a->dst_name != 0 || a->protocol != WR_MUD_ANY ||
              a->src_net.addr.family != WR_AF_NONE || a->dst_net.addr.family != WR_AF_NONE;
    bool begins = a->begins == WR_MUD_EITHER || a->protocol == 6; /* it stands among what TCP has */
    bool code = a->icmp_code == WR_MUD_ANY || a->icmp_type != WR_MUD_ANY;
    return a->odd == 0 && begins && code && (a->family != WR_AF_NONE || !ip);
}

int wr_mudwrite(const struct wr_mud *mud, char **ret_text, size_t *ret_n, uint32_t *ret_odd)
{
    for (uint32_t i = 0; i < mud->aces; i++) {
        if (!can_be_written(&mud->ace[i])) {
            *ret_odd = i;
            return WR_E_UNSUPPORTED;
        }
    }
    json_t *lists = json_array(), *policy[2] = {json_array(), json_array()};
    bool good = true;
    for (uint32_t i = 0; i < mud->aces && good; i++) {
        char room[32];
        const struct wr_mud_ace *a = &mud->ace[i];
        json_t *list = list_of(lists, policy, list_name(mud, a, room), a);
        json_t *ace = json_object_get(json_object_get(list, "aces"), "ace");
        good = json_array_append_new(ace, ace_of(mud, a)) == 0;
    }
    bool many = json_array_size(lists) > WR_MUD_LISTS_MAX;
    json_t *root = json_pack("{s:o, s:{s:O}}", "ietf-mud:mud", about_of(mud, policy),
                             "ietf-access-control-list:acls", "acl", lists);
    char *text = good && !many && root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    json_decref(lists);
    json_decref(policy[0]);
    json_decref(policy[1]);
    if (text == NULL) {
        return many ? WR_E_LIMIT : good ? WR_E_NOMEM : WR_E_FORMAT;
    }
    *ret_text = text;
    *ret_n = strlen(text);
    return WR_OK;
}
