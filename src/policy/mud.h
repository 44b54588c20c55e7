/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD: what a device is made to reach, as its manufacturer, its owner or weir itself describes it (RFC 8520), as a plain model.
 *
 *     wr_mud_init(&mud, aces, n, text, size)                        memory is the caller's, and bounds how much there may be
 *     ace.dst_name = wr_mud_text(&mud, "cloud.example", 13)         a text is an offset; 0 is "no text"
 *     wr_mud_add(&mud, &ace)
 *
 * A profile is a list of ACEs in two directions: `from` the device and `to` it. What no ACE permits is refused. An ACE says whom it is about
 * (each thing that it names has to hold: classes, a name, networks), over which protocol and ports, and which side begins. Sources and
 * destinations stand as they are written; wr_mud_peer_* say which of them is the other side, for in an ACE of `from` that is the destination.
 *
 * The files are read and written in conf/mudfile.h; nothing here points into them. A name may begin with "*." (all names below it): RFC 8520 has no such
 * names, a profile that weir has learned may, and one of the owner's.
 *
 * What becomes of an ACE in this house, and why not all of it, says policy/mudtell.h.
 *
 * Errors: WR_E_FULL, there is no room in what was handed in.
 */
#ifndef WR_POLICY_MUD_H
#define WR_POLICY_MUD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "base/str.h"

enum wr_mud_direction { WR_MUD_FROM = 0, WR_MUD_TO = 1 };
enum wr_mud_action { WR_MUD_ACCEPT = 0, WR_MUD_DROP, WR_MUD_REJECT };
enum wr_mud_begins { WR_MUD_EITHER = 0, WR_MUD_DEVICE_BEGINS, WR_MUD_PEER_BEGINS };

/* Classes of the other side (RFC 8520 section 4). */
enum wr_mud_class {
    WR_MUD_LOCAL_NETWORKS = 1,
    WR_MUD_SAME_MANUFACTURER = 2,
    WR_MUD_MY_CONTROLLER = 4,
    WR_MUD_CONTROLLER = 8,    /* ace.controller, a URI */
    WR_MUD_MANUFACTURER = 16, /* ace.manufacturer, a host name */
    WR_MUD_MODEL = 32,        /* ace.model, a URL */
};
#define WR_MUD_KIN (WR_MUD_SAME_MANUFACTURER | WR_MUD_MANUFACTURER | WR_MUD_MODEL) /* who made it */

enum wr_mud_port_op { WR_MUD_PORT_ANY = 0, WR_MUD_PORT_IN, WR_MUD_PORT_NOT }; /* low..high */

struct wr_mud_ports {
    uint16_t low, high; /* both count; of lte and gte as well */
    uint8_t op;         /* enum wr_mud_port_op */
};

#define WR_MUD_ANY (-1) /* a number that an ACE does not name */

struct wr_mud_ace {
    uint32_t name;     /* texts */
    uint32_t list;     /* the access list that it stands in */
    uint8_t direction; /* enum wr_mud_direction */
    uint8_t family;    /* of the list: enum wr_family, WR_AF_NONE: Ethernet or both */
    uint8_t action;    /* enum wr_mud_action */
    uint8_t begins;    /* enum wr_mud_begins */
    uint8_t classes;   /* enum wr_mud_class */
    uint32_t controller, manufacturer, model;
    uint32_t src_name,
        dst_name; /* host names as text, in small letters, perhaps with "*." in front; without a last dot */
    struct wr_prefix src_net, dst_net; /* WR_AF_NONE: none is named */
    int16_t protocol;                  /* IP's number: 6, 17, 1, 58; WR_MUD_ANY */
    struct wr_mud_ports src_port, dst_port;
    int16_t icmp_type, icmp_code;
    int32_t ethertype;
    uint32_t src_mac, dst_mac; /* texts */
    uint32_t
        odd; /* the first thing that it matches and weir does not know (a text): then it permits less than it seems to */
};

struct wr_mud {
    /* Texts; 0 is "". */
    uint32_t url, signature, last_update, systeminfo, documentation;
    uint32_t manufacturer, model, firmware, software;
    uint32_t extension[WR_MUD_EXTENSIONS_MAX];
    uint8_t extensions;
    bool supported;      /* is-supported: the manufacturer still looks after it */
    bool old_form;       /* it was written with `access-lists` */
    uint16_t validity_h; /* cache-validity, 1 to 168 */
    int64_t updated_s;   /* last-update as seconds since 1970; 0: it says none */
    struct wr_mud_ace *ace;
    uint32_t aces, aces_max;
    char *texts; /* one behind the other, each with its NUL; the first is "" */
    uint32_t texts_used, texts_max;
};

/* At least one octet of texts. All is empty, supported, and valid for WR_MUD_VALIDITY_H. */
void wr_mud_init(struct wr_mud *mud, struct wr_mud_ace *ace, uint32_t aces_max, char *texts,
                 uint32_t texts_max);
/* An ACE that permits all, and names nobody. */
struct wr_mud_ace wr_mud_ace(uint8_t direction);
/* Where the text is from now on, *ret_text untouched on failure. WR_E_FULL. */
int wr_mud_text(struct wr_mud *mud, const char *text, size_t n, uint32_t *ret_text);
int wr_mud_add(struct wr_mud *mud, const struct wr_mud_ace *ace);
/* The text at this offset; "" for 0. */
const char *wr_mud_at(const struct wr_mud *mud, uint32_t text);

/* Whose a MUD URL is: host and port behind "https://", without the port that https has anyway. Of a name under "invalid" it is nobody's. */
struct wr_str_part wr_mud_authority(const char *url);
/* In whichever letters; who has none is nobody's. */
bool wr_mud_same_authority(struct wr_str_part a, struct wr_str_part b);
/* Devices that an ACE means by who made them; the text is the profile's. */
struct wr_mud_kin {
    bool is_model; /* those with this very MUD URL, else with one of this authority */
    struct wr_str_part text;
};
/* False: it means none so. */
bool wr_mud_kin_of(const struct wr_mud *mud, const struct wr_mud_ace *a,
                   struct wr_mud_kin *ret_kin);
bool wr_mud_kin_same(const struct wr_mud_kin *a, const struct wr_mud_kin *b);
/* Is a device with this MUD URL one of them? */
bool wr_mud_kin_has(const struct wr_mud_kin *kin, const char *url);

/* The other side's: name (a text), network, port. The device's own: the same of the other end. */
uint32_t wr_mud_peer_name(const struct wr_mud_ace *a);
const struct wr_prefix *wr_mud_peer_net(const struct wr_mud_ace *a);
const struct wr_mud_ports *wr_mud_peer_ports(const struct wr_mud_ace *a);
uint32_t wr_mud_own_name(const struct wr_mud_ace *a);
const struct wr_prefix *wr_mud_own_net(const struct wr_mud_ace *a);
const struct wr_mud_ports *wr_mud_own_ports(const struct wr_mud_ace *a);
/* Do both say the same, whatever they are called and in whichever list they stand? Texts are compared, of two profiles. */
bool wr_mud_same(const struct wr_mud *a, const struct wr_mud_ace *x, const struct wr_mud *b,
                 const struct wr_mud_ace *y);

#endif
