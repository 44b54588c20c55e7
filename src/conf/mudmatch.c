/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/mudmatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "dns/name.h"

#define TCP   6
#define UDP   17
#define ICMP  1
#define ICMP6 58

/* What weir does not know of a match: the first thing is kept. */
static void odd(struct wr_mudmatch *r, struct wr_mud_ace *ace, const char *what)
{
    if (ace->odd == 0) {
        char text[64];
        snprintf(text, sizeof(text), "%.60s", what);
        wr_mudmatch_text(r, text, &ace->odd);
    }
}

static int number(struct wr_mudmatch *r, const json_t *value, int64_t most, int64_t *ret)
{
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || n > most) {
        return wr_mudmatch_wrong(r, WR_E_RANGE, "this has to be a number from 0 to %lld",
                                 (long long)most);
    }
    *ret = n;
    return WR_OK;
}

/* "ietf-acldns:src-dnsname" is called so in either form; what stands in front of the colon is the module. */
static const char *bare(const char *key)
{
    const char *colon = strrchr(key, ':');
    return colon != NULL ? colon + 1 : key;
}

static void set_protocol(struct wr_mudmatch *r, struct wr_mud_ace *ace, int protocol)
{
    if (ace->protocol != WR_MUD_ANY && ace->protocol != protocol) {
        odd(r, ace, "two protocols at once");
        return;
    }
    ace->protocol = (int16_t)protocol;
}

static void set_family(struct wr_mudmatch *r, struct wr_mud_ace *ace, uint8_t family)
{
    if (ace->family != WR_AF_NONE && ace->family != family) {
        odd(r, ace, "IPv4 and IPv6 at once");
        return;
    }
    ace->family = family;
}

/* --- names and networks --- */

static int take_name(struct wr_mudmatch *r, const json_t *value, uint32_t *ret_text)
{
    char text[WR_NAME_TEXT_SIZE];
    const char *given = json_string_value(value);
    struct wr_name name;
    size_t star = given != NULL && strncmp(given, "*.", 2) == 0 ? 2 : 0;
    size_t n = given != NULL ? strlen(given) : 0;
    n -= n > 1 && given[n - 1] == '.';
    if (n <= star || n >= sizeof(text) ||
        wr_name_from_text(given + star, n - star, &name) != WR_OK || name.wire[0] == 0) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "this is no host name");
    }
    for (size_t i = 0; i < n; i++) {
        text[i] = given[i] >= 'A' && given[i] <= 'Z' ? (char)(given[i] + 32) : given[i];
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '\\' || (text[i] == '*' && i >= star)) {
            return wr_mudmatch_wrong(r, WR_E_FORMAT, "this is no host name");
        }
    }
    text[n] = 0;
    return wr_mudmatch_text(r, text, ret_text);
}

/* Bits behind the length do not count (RFC 6991); an address alone is one, as some tools write it. */
static int take_net(struct wr_mudmatch *r, const json_t *value, struct wr_mud_ace *ace,
                    uint8_t family, struct wr_prefix *ret_net)
{
    char text[64];
    struct wr_addr addr;
    const char *given = json_string_value(value);
    const char *slash = given != NULL ? strchr(given, '/') : NULL;
    size_t n = slash != NULL ? (size_t)(slash - given) : given != NULL ? strlen(given) : 0;
    if (n == 0 || n >= sizeof(text)) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "this is no network as 192.0.2.0/24");
    }
    memcpy(text, given, n);
    text[n] = 0;
    if (wr_addr_from_text(text, &addr) != WR_OK || addr.port != 0 || addr.scope != 0) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "this is no network as 192.0.2.0/24");
    }
    uint64_t most = addr.family == WR_AF_V4 ? 32 : 128, len = most;
    if (slash != NULL && wr_str_to_u64(slash + 1, strlen(slash + 1), most, &len) != WR_OK) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "this network has no length from 0 to %u",
                                 (unsigned)most);
    }
    if (addr.family != family) {
        odd(r, ace, "IPv4 and IPv6 at once");
        return WR_OK;
    }
    ret_net->addr = wr_addr_mask(&addr, (unsigned)len);
    ret_net->len = (uint8_t)len;
    return WR_OK;
}

/* --- ports --- */

static int take_operator(struct wr_mudmatch *r, const char *op, int64_t port,
                         struct wr_mud_ports *p)
{
    bool least = strcmp(op, "gte") == 0, most = strcmp(op, "lte") == 0;
    bool not = strcmp(op, "neq") == 0;
    if (!least && !most && !not &&strcmp(op, "eq") != 0) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "an operator is eq, neq, lte, gte or range");
    }
    *p = (struct wr_mud_ports){.op = not ? WR_MUD_PORT_NOT : WR_MUD_PORT_IN,
                               .low = most ? 0 : (uint16_t)port,
                               .high = least ? UINT16_MAX : (uint16_t)port};
    return WR_OK;
}

static int take_ports(struct wr_mudmatch *r, const json_t *in, struct wr_mud_ace *ace,
                      struct wr_mud_ports *p)
{
    int64_t low = 0, high = 0;
    const json_t *from = json_object_get(in, "lower-port"), *to = json_object_get(in, "upper-port");
    const char *op = json_string_value(json_object_get(in, "operator"));
    if (from == NULL) {
        return number(r, json_object_get(in, "port"), UINT16_MAX, &low) == WR_OK
                   ? take_operator(r, op != NULL ? op : "eq", low, p)
                   : r->err;
    }
    if (op != NULL && strcmp(op, "range") != 0) {
        odd(r, ace, "a range of ports and an operator"); /* which counts, nobody can tell */
    }
    if (number(r, from, UINT16_MAX, &low) != WR_OK ||
        number(r, to != NULL ? to : from, UINT16_MAX, &high) != WR_OK) {
        return r->err;
    }
    if (low > high) {
        return wr_mudmatch_wrong(r, WR_E_RANGE, "lower-port is above upper-port");
    }
    *p = (struct wr_mud_ports){.op = WR_MUD_PORT_IN, .low = (uint16_t)low, .high = (uint16_t)high};
    return WR_OK;
}

static int take_begins(struct wr_mudmatch *r, const json_t *value, struct wr_mud_ace *ace)
{
    const char *text = json_string_value(value);
    text = text != NULL ? text : "";
    if (strcmp(text, "from-device") != 0 && strcmp(text, "to-device") != 0) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "direction-initiated is from-device or to-device");
    }
    ace->begins = text[0] == 'f' ? WR_MUD_DEVICE_BEGINS : WR_MUD_PEER_BEGINS;
    return WR_OK;
}

static void take_transport(struct wr_mudmatch *r, const char *key, const json_t *value,
                           struct wr_mud_ace *ace)
{
    const char *name = bare(key);
    if (strncmp(name, "source-port", 11) == 0) {
        take_ports(r, value, ace, &ace->src_port);
    } else if (strncmp(name, "destination-port", 16) == 0) {
        take_ports(r, value, ace, &ace->dst_port);
    } else if (strcmp(name, "direction-initiated") == 0) {
        take_begins(r, value, ace);
    } else {
        odd(r, ace, name);
    }
}

/* --- IP, ICMP, Ethernet, MUD --- */

static void take_ip(struct wr_mudmatch *r, const char *key, const json_t *value,
                    struct wr_mud_ace *ace, uint8_t family)
{
    const char *name = bare(key);
    bool src = strncmp(name, "source-ipv", 10) == 0;
    int64_t n = 0;
    if (strcmp(name, "protocol") == 0) {
        if (number(r, value, 255, &n) == WR_OK) {
            set_protocol(r, ace, (int)n);
        }
    } else if (src || strncmp(name, "destination-ipv", 15) == 0) {
        take_net(r, value, ace, family, src ? &ace->src_net : &ace->dst_net);
    } else if (strcmp(name, "src-dnsname") == 0) {
        take_name(r, value, &ace->src_name);
    } else if (strcmp(name, "dst-dnsname") == 0) {
        take_name(r, value, &ace->dst_name);
    } else if (strncmp(name, "source-port", 11) == 0 ||
               strncmp(name, "destination-port", 16) == 0) {
        take_transport(r, name, value, ace); /* drafts had them here */
    } else {
        odd(r, ace, name);
    }
}

static void take_icmp(struct wr_mudmatch *r, const char *key, const json_t *value,
                      struct wr_mud_ace *ace)
{
    int64_t n = 0;
    if (strcmp(key, "type") != 0 && strcmp(key, "code") != 0) {
        odd(r, ace, key);
    } else if (number(r, value, 255, &n) == WR_OK) {
        *(key[0] == 't' ? &ace->icmp_type : &ace->icmp_code) = (int16_t)n;
    }
}

static void take_ethernet(struct wr_mudmatch *r, const char *key, const json_t *value,
                          struct wr_mud_ace *ace)
{
    const char *text = json_string_value(value);
    char *end = NULL;
    if (strcmp(key, "ethertype") != 0) {
        if (strcmp(key, "source-mac-address") == 0) {
            wr_mudmatch_copy(r, value, 17, &ace->src_mac);
        } else if (strcmp(key, "destination-mac-address") == 0) {
            wr_mudmatch_copy(r, value, 17, &ace->dst_mac);
        } else {
            odd(r, ace, key);
        }
        return;
    }
    long n = json_is_integer(value) ? (long)json_integer_value(value)
             : text != NULL         ? strtol(text, &end, 0)
                                    : -1;
    if (n < 0 || n > UINT16_MAX || (end != NULL && *end != 0)) {
        wr_mudmatch_wrong(r, WR_E_FORMAT, "this is no ethertype as 0x0806");
        return;
    }
    ace->ethertype = (int32_t)n;
}

static void take_class(struct wr_mudmatch *r, const char *key, const json_t *value,
                       struct wr_mud_ace *ace)
{
    static const struct {
        const char *key;
        uint8_t class;
    } classes[] = {
        {"local-networks", WR_MUD_LOCAL_NETWORKS}, {"same-manufacturer", WR_MUD_SAME_MANUFACTURER},
        {"my-controller", WR_MUD_MY_CONTROLLER},   {"controller", WR_MUD_CONTROLLER},
        {"manufacturer", WR_MUD_MANUFACTURER},     {"model", WR_MUD_MODEL}};
    uint8_t class = 0;
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        class = strcmp(key, classes[i].key) == 0 ? classes[i].class : class;
    }
    ace->classes |= class;
    switch (class) {
    case WR_MUD_CONTROLLER:
        wr_mudmatch_copy(r, value, WR_MUD_URL_SIZE - 1, &ace->controller);
        break;
    case WR_MUD_MODEL: wr_mudmatch_copy(r, value, WR_MUD_URL_SIZE - 1, &ace->model); break;
    case WR_MUD_MANUFACTURER: take_name(r, value, &ace->manufacturer); break;
    case 0:
        if (strcmp(bare(key), "direction-initiated") == 0) {
            take_begins(r, value, ace); /* where some tools write it */
        } else {
            odd(r, ace, key);
        }
        break;
    default: break; /* YANG's type empty: [null] */
    }
}

/* --- one ACE --- */

static void take_into(struct wr_mudmatch *r, const char *what, const char *key, const json_t *value,
                      struct wr_mud_ace *ace)
{
    if (strcmp(what, "mud") == 0) {
        take_class(r, key, value, ace);
    } else if (strncmp(what, "ipv", 3) == 0) {
        take_ip(r, key, value, ace, what[3] == '4' ? WR_AF_V4 : WR_AF_V6);
    } else if (strncmp(what, "tcp", 3) == 0 || strncmp(what, "udp", 3) == 0) {
        take_transport(r, key, value, ace);
    } else if (strncmp(what, "icmp", 4) == 0) {
        take_icmp(r, key, value, ace);
    } else {
        take_ethernet(r, key, value, ace);
    }
}

/* Is it one of `words`, perhaps with "-acl" behind it, as drafts had it? */
static bool is_one(const char *what, const char *const *words)
{
    for (; *words != NULL; words++) {
        size_t n = strlen(*words);
        if (strncmp(what, *words, n) == 0 && (what[n] == 0 || strcmp(what + n, "-acl") == 0)) {
            return true;
        }
    }
    return false;
}

static void take_match(struct wr_mudmatch *r, const char *what, const json_t *in,
                       struct wr_mud_ace *ace)
{
    static const char *const known[] = {"mud", "ipv4", "ipv6", "tcp", "udp", "icmp", "eth", NULL};
    const char *key;
    json_t *value;
    what = bare(what);
    if (!is_one(what, known)) {
        odd(r, ace, what);
        return;
    }
    if (!json_is_object(in)) {
        wr_mudmatch_wrong(r, WR_E_FORMAT, "what is matched stands in braces");
        return;
    }
    if (strncmp(what, "ipv", 3) == 0) {
        set_family(r, ace, what[3] == '4' ? WR_AF_V4 : WR_AF_V6);
    }
    json_object_foreach((json_t *)(uintptr_t)in, key, value)
    {
        wr_jsonplace_key(&r->way, key);
        take_into(r, what, key, value, ace);
        wr_jsonplace_up(&r->way);
    }
    if (strncmp(what, "tcp", 3) == 0 || strncmp(what, "udp", 3) == 0) {
        set_protocol(r, ace, what[0] == 't' ? TCP : UDP);
    }
}

static int take_action(struct wr_mudmatch *r, const json_t *actions, struct wr_mud_ace *ace)
{
    const json_t *forwarding = json_object_get(actions, "forwarding");
    const char *text = json_string_value(forwarding);
    if (text == NULL && json_object_get(actions, "permit") != NULL) {
        text = "accept";
    } else if (text == NULL && json_object_get(actions, "deny") != NULL) {
        text = "drop";
    }
    text = text != NULL ? bare(text) : "";
    if (strcmp(text, "accept") != 0 && strcmp(text, "drop") != 0 && strcmp(text, "reject") != 0) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "forwarding is accept, drop or reject");
    }
    ace->action = text[0] == 'a' ? WR_MUD_ACCEPT : text[0] == 'd' ? WR_MUD_DROP : WR_MUD_REJECT;
    return WR_OK;
}

/* ICMP without a number is that of the family; then it may have been named by number. */
static void finish(struct wr_mudmatch *r, struct wr_mud_ace *ace, bool icmp)
{
    if (icmp) {
        set_protocol(r, ace, ace->family == WR_AF_V6 ? ICMP6 : ICMP);
    }
    bool ports = ace->src_port.op != WR_MUD_PORT_ANY || ace->dst_port.op != WR_MUD_PORT_ANY;
    if (ports && ace->protocol != TCP && ace->protocol != UDP) {
        odd(r, ace, "ports without TCP or UDP");
    }
}

int wr_mudmatch_ace(struct wr_mudmatch *r, const json_t *in, struct wr_mud_ace *ace)
{
    const char *name = json_string_value(json_object_get(in, "name")), *key;
    json_t *matches = json_object_get(in, "matches"), *value;
    name = name != NULL ? name : json_string_value(json_object_get(in, "rule-name"));
    if (name == NULL || strlen(name) >= WR_MUD_INFO_SIZE) {
        return wr_mudmatch_wrong(r, WR_E_FORMAT, "an ACE has a name of at most %d octets",
                                 WR_MUD_INFO_SIZE - 1);
    }
    bool icmp = false;
    wr_mudmatch_text(r, name, &ace->name);
    wr_jsonplace_key(&r->way, "matches");
    json_object_foreach(matches, key, value)
    {
        wr_jsonplace_key(&r->way, key);
        take_match(r, key, value, ace);
        icmp = icmp || strcmp(bare(key), "icmp") == 0 || strcmp(bare(key), "icmp-acl") == 0;
        wr_jsonplace_up(&r->way);
    }
    wr_jsonplace_up(&r->way);
    finish(r, ace, icmp);
    if (r->err == WR_OK) {
        wr_jsonplace_key(&r->way, "actions");
        take_action(r, json_object_get(in, "actions"), ace);
        wr_jsonplace_up(&r->way);
    }
    return r->err;
}
