/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Census: which device is behind an address, weighed from what is seen.
 *
 *     wr_census_neighbour   the kernel has seen this MAC address behind this IP address, on this interface
 *     wr_census_lease       a DHCP server has given the address to this client
 *     wr_census_heard       a device was heard as it asked for an address (policy/dhcp.h)
 *     wr_census_relayed     a server that is believed asks for this MAC address
 *     wr_census_claim       whoever asks from this address proves (certificate) or says that it is so-and-so
 *     wr_census_configure   the owner says what belongs together
 *
 * Each is evidence with a time. Out come devices, with a number that no other device ever has, and for each address the
 * one it belongs to, put into the table that workers read (policy/device.h) in the same call: policy follows an address at
 * once. Nothing here waits, asks anybody, or looks at a clock.
 *
 * What ties marks to a device, from the strongest:
 *
 *   the owner's word; a proven certificate; a MAC address that a manufacturer has given; a MAC address that the device made up
 *   itself (RFC 8948 has the bit) and that others know already.
 *
 * A made-up MAC address that nobody knows is a new device, until there is strong evidence that it is an old one: the same DHCP
 * client identifier or DUID together with the same host name, or a proven certificate. Identifiers can be heard and repeated by
 * anybody. So the first of the two holds only when the device's other MAC addresses have been silent for
 * WR_CENSUS_QUIET_S, and the two do not ask for an address in different ways; until then it is nobody's. A host name alone ties nothing.
 *
 * An address that goes to another device by its lease goes at once. When the neighbour table alone says so, it depends on whether
 * that is likely: who holds a lease, whose MAC address stands in the address (EUI-64), who has an IPv6 address that
 * it chose itself, and who was there a moment ago, keep the name of the address, but the address is in conflict: it has the groups of both devices,
 * and whoever decides gives it what both may have (WR_WHO_CONFLICT). A device whose MAC address is on two interfaces, whose
 * fingerprint changes (DHCP identifier together with host name), or whose old MAC address comes back, is in conflict as a whole, until that
 * is WR_CENSUS_CONFLICT_S ago or the owner says that it is well (`weir device allow`). So is one that asks for an address in a way that it never did
 * in its first WR_CENSUS_GUEST_S, and as long as that was the last it was heard to say.
 *
 * A device can have more addresses than are kept; from one that lost its place it asks as nobody who is known. While such a device is in quarantine,
 * all of its interface who are not known are, for they may be it.
 *
 * Strangers can make up neighbours without end. Devices have classes: what the owner has named or configured; what has a lease or a certificate;
 * what was seen over ten minutes; the rest. Of the last two an interface has half of the places at most; who is least deserving
 * leaves first, and nobody leaves for somebody of a class that is lower.
 *
 * Time is wall clock seconds. Memory is a block of a fixed size, by the number of devices: wr_census_size.
 */
#ifndef WR_POLICY_CENSUS_H
#define WR_POLICY_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/limits.h"
#include "policy/device.h"
#include "policy/dhcp.h"

struct wr_census;

/* A mark is what a device is known by. */
enum wr_mark_kind {
    WR_MARK_NONE = 0,
    WR_MARK_MAC,         /* six octets */
    WR_MARK_CLIENT,      /* DHCPv4 client identifier (RFC 2132 section 9.14) */
    WR_MARK_DUID,        /* RFC 8415 section 11 */
    WR_MARK_HOST,        /* what it calls itself in DHCP, in small letters */
    WR_MARK_CERTIFICATE, /* a name that it has proven */
    WR_MARK_CLAIM,       /* a name that it only says */
    WR_MARK_WISHES,      /* what it wants to know in DHCPv4, in its order: its fingerprint */
    WR_MARK_WISHES6,     /* in DHCPv6 */
    WR_MARK_CLASS,       /* what it calls its kind in DHCP */
    WR_MARK_KINDS,       /* how many there are */
};

/* Where a mark or an address is known from: bits. */
enum wr_mark_source {
    WR_FROM_NEIGHBOUR = 1, /* the kernel's neighbour table */
    WR_FROM_LEASE = 2,
    WR_FROM_QUERY = 4,   /* the way in which it asked */
    WR_FROM_CONFIG = 8,  /* the configuration */
    WR_FROM_MEMORY = 16, /* the registry, of a time before the last start; gone when seen again */
    WR_FROM_DHCP = 32,   /* heard when it asked for an address */
    WR_FROM_HOP = 64,    /* a server that asks for others */
    WR_FROM_ALL = 127,
};

#define WR_MARK_SIZE          40 /* octets of one that are kept; of longer ones the end is a hash */
#define WR_CENSUS_GROUPS      8  /* of one device, by its configuration and as many by command */
#define WR_CENSUS_NAME_SIZE   64
#define WR_CENSUS_REASON_SIZE 96

struct wr_mark {
    int64_t first_s, last_s; /* seen */
    uint32_t ifindex;        /* of MAC: where it was seen last; 0: nowhere */
    uint8_t kind;            /* enum wr_mark_kind */
    uint8_t sources;         /* of enum wr_mark_source */
    uint8_t size;
    uint8_t doubted; /* of WISHES: it came when another one was known for long */
    uint8_t octets[WR_MARK_SIZE];
};

struct wr_census_address {
    struct wr_addr addr; /* family NONE: no address */
    uint32_t ifindex;
    int64_t first_s, last_s;
    int64_t lease_s;  /* until when a DHCP server has promised it; 0: it has not */
    int64_t rival_s;  /* when somebody else was seen with it */
    int64_t beside_s; /* and when at its own interface; 0: at others alone */
    uint32_t rival;   /* the number of that device; 0: nobody */
    uint8_t sources;
};

enum wr_census_trouble {
    WR_TROUBLE_NONE = 0,
    WR_TROUBLE_INTERFACES,  /* its MAC address is on two interfaces */
    WR_TROUBLE_FINGERPRINT, /* its DHCP identifier and its host name have changed */
    WR_TROUBLE_RETURNED,    /* a MAC address that it had given up is back */
    WR_TROUBLE_COPIED,      /* its certificate is shown by another device */
    WR_TROUBLE_WISHES,      /* it asks for an address in another way than it did */
    WR_TROUBLE_CONTESTED,   /* an address of it is used by another device (events only) */
    WR_TROUBLE_FULL,        /* there is no place for another device (events only) */
    WR_TROUBLE_CROWD,       /* it has more addresses than can be kept (events only) */
};

/* How long a quarantine lasts (policy/censusquarantine.c). */
struct wr_census_shut {
    int64_t since_s; /* 0: it is not known */
    bool timed;
    uint32_t left_s; /* of running time */
    int64_t until_s; /* by the clock, as far as that was proven; 0: it was not */
    bool
        kept; /* from the registry: how long weir was off is to be taken from it, once the clock is proven */
};

struct wr_census_device {
    uint32_t number; /* 0: no device */
    uint32_t ifindex;
    int64_t first_s, last_s;
    int64_t trouble_s;
    int64_t crowd_s;    /* when an address of it lost its place to another one of it; 0: never */
    uint32_t candidate; /* the device that it will be when that one stays silent; 0: none */
    int64_t turn_s;     /* when another of its MAC addresses was heard than the one before */
    uint8_t turns;      /* how often within a short time */
    uint8_t last_mac;   /* index of the mark */
    uint8_t trouble;    /* enum wr_census_trouble */
    bool linked;        /* a made-up MAC address was tied to it by its identifier and name */
    bool quarantined;
    char reason[WR_CENSUS_REASON_SIZE]; /* why; "": by the owner's command */
    struct wr_census_shut shut;
    bool configured;
    uint16_t group[WR_CENSUS_GROUPS];      /* labels; by command */
    uint16_t conf_group[WR_CENSUS_GROUPS]; /* by the configuration */
    char name[WR_CENSUS_NAME_SIZE];        /* the owner's; "" */
    char kind[WR_CENSUS_NAME_SIZE];        /* likewise */
    char found[WR_CENSUS_NAME_SIZE];       /* what kind it is by its marks (policy/kinds.h) */
    uint8_t found_sure;                    /* hundredths */
    bool unjudged;                         /* its marks have changed since */
    uint16_t found_from;                   /* bits of enum wr_mark_kind */
    struct wr_mark mark[WR_CENSUS_MARKS_MAX];
    struct wr_census_address address[WR_CENSUS_ADDRESSES_MAX];
};

struct wr_census_event {
    enum wr_census_trouble trouble;
    uint32_t device, other; /* numbers; other 0: nobody */
    struct wr_addr addr;    /* of CONTESTED */
};

struct wr_census_setup {
    uint32_t devices; /* most */
    struct wr_hash_key key;
    struct wr_device_table *table; /* the results; or NULL */
    int64_t forget_s; /* devices unseen for so long are forgotten, but for the owner's */
};

size_t wr_census_size(uint32_t devices);
/* Keys that the table needs for so many devices. */
uint32_t wr_census_keys(uint32_t devices);
struct wr_census *wr_census_init(void *block, const struct wr_census_setup *setup);

/* --- evidence --- */

/* How fresh a neighbour is. */
enum wr_neighbour_age {
    WR_NEIGHBOUR_OLD =
        0,             /* it stands in the table, from whenever: only where nothing else is known */
    WR_NEIGHBOUR_NEWS, /* the kernel has just been told so */
    WR_NEIGHBOUR_CONFIRMED, /* the kernel knows that it is there now */
};
void wr_census_neighbour(struct wr_census *m, uint32_t ifindex, const uint8_t mac[6],
                         const struct wr_addr *addr, enum wr_neighbour_age age, int64_t now_s);

struct wr_census_lease {
    struct wr_addr addr;
    uint8_t mac[6];
    bool has_mac;
    uint8_t id_kind; /* WR_MARK_CLIENT, WR_MARK_DUID; NONE: no id */
    const uint8_t *id;
    size_t id_size;
    const char *host; /* or NULL */
    size_t host_size;
    int64_t until_s;
};
void wr_census_lease(struct wr_census *m, const struct wr_census_lease *lease, int64_t now_s);

/* What a device says of itself in DHCP, heard on this interface. */
void wr_census_heard(struct wr_census *m, uint32_t ifindex, const struct wr_dhcp_heard *heard,
                     int64_t now_s);

/* A server that is believed asks for this MAC address, wherever that is. */
void wr_census_relayed(struct wr_census *m, const uint8_t mac[6], int64_t now_s);
/* Is there such a server? Only then the table knows MAC addresses. */
void wr_census_hops(struct wr_census *m, bool any);

/* `proven`: by a certificate. */
void wr_census_claim(struct wr_census *m, const struct wr_addr *addr, uint32_t ifindex,
                     const char *claim, bool proven, int64_t now_s);

/* Things end with time: call it every few seconds. */
void wr_census_tick(struct wr_census *m, int64_t now_s);

/* The table by which kinds are found, from now on; it stays the caller's. NULL: none. */
struct wr_kinds;
void wr_census_kinds(struct wr_census *m, const struct wr_kinds *kinds);

/* --- the owner's word (policy/censusowner.c) --- */

/* One device of the configuration. All of them, between begin and end: what is not said again is the owner's no more. */
struct wr_census_configured {
    const char *name, *kind; /* kind may be "" */
    const uint8_t (*mac)[6];
    size_t macs;
    const char *const *claim;
    size_t claims; /* names that it need not prove, from an address that nobody has */
    const char *const *certificate;
    size_t certificates;
    const struct wr_addr *addr;
    size_t addrs;
    const uint16_t *group; /* labels */
    size_t groups;
};
void wr_census_configure_begin(struct wr_census *m);
/* WR_E_FULL: no place for another device. */
int wr_census_configure(struct wr_census *m, const struct wr_census_configured *c, int64_t now_s);
void wr_census_configure_end(struct wr_census *m);
/* What bit n of wr_who.groups stands for: the n-th of these. */
enum wr_census_bit {
    WR_CENSUS_BIT_GROUP = 0, /* it is in this group */
    WR_CENSUS_BIT_DEVICE,    /* it has this name, from the owner */
    WR_CENSUS_BIT_KIND,      /* it is a thing of this kind, as far as is known */
    WR_CENSUS_BIT_SAID,      /* it is a thing of this kind, by the owner's word */
};
struct wr_census_word {
    uint8_t what;                   /* enum wr_census_bit */
    uint16_t label;                 /* of GROUP; 0: the bit is nobody's */
    char text[WR_CENSUS_NAME_SIZE]; /* of the others */
};
void wr_census_words(struct wr_census *m, const struct wr_census_word *words, size_t count);

/* Commands; WR_E_NOTFOUND: there is no such device. */
int wr_census_name(struct wr_census *m, uint32_t number, const char *name); /* WR_E_EXISTS */
int wr_census_say_kind(struct wr_census *m, uint32_t number, const char *kind);
int wr_census_join(struct wr_census *m, uint32_t number, uint16_t group); /* WR_E_FULL */
int wr_census_leave(struct wr_census *m, uint32_t number, uint16_t group);
/* What is in conflict is well: that device keeps what it has. */
int wr_census_allow(struct wr_census *m, uint32_t number);
/* A device as the registry has kept it: all of it, with its number. WR_E_EXISTS, WR_E_FULL. */
int wr_census_restore(struct wr_census *m, const struct wr_census_device *device);
/* Numbers below this are given already. */
uint32_t wr_census_next(const struct wr_census *m);
void wr_census_set_next(struct wr_census *m, uint32_t next);

/* --- quarantine (policy/censusquarantine.c) --- */

int wr_census_quarantine(struct wr_census *m, uint32_t number, bool on);
struct wr_census_quarantine {
    const char *reason; /* "": none is said */
    uint32_t for_s;     /* 0: until it is released */
    int64_t now_s;
    bool proven; /* now_s is */
};
/* In quarantine, with this reason and end in place of those of before. */
int wr_census_quarantine_for(struct wr_census *m, uint32_t number,
                             const struct wr_census_quarantine *how);
/* By a rule, for this reason. WR_E_EXISTS: it is in quarantine already. */
int wr_census_shut_off(struct wr_census *m, uint32_t number, const char *reason, int64_t now_s);
/* So many seconds have passed since the last call; `proven`: now_s is. */
void wr_census_elapse(struct wr_census *m, uint32_t seconds, int64_t now_s, bool proven);
/* One whose quarantine is over is released; its number, 0: there is none (more). */
uint32_t wr_census_over(struct wr_census *m);

/* --- looking --- */

/* By its name, its host name if that is one device's alone, or "d17". NULL: none, or more than one. */
const struct wr_census_device *wr_census_find(const struct wr_census *m, const char *text);
const struct wr_census_device *wr_census_get(const struct wr_census *m, uint32_t number);
/* The one that has this address; NULL: none, or more than one. */
const struct wr_census_device *wr_census_of_address(const struct wr_census *m,
                                                    const struct wr_addr *addr);
/* The one that has this MAC address; NULL: none. */
const struct wr_census_device *wr_census_of_mac(const struct wr_census *m, const uint8_t mac[6]);
bool wr_census_has_mac(const struct wr_census_device *d, const uint8_t mac[6]);
/* The address that was seen last; NULL: it has none. */
const struct wr_census_address *wr_census_last_address(const struct wr_census_device *d);
/* In no order: *cursor 0 begins. NULL: that was the last. */
const struct wr_census_device *wr_census_walk(const struct wr_census *m, uint32_t *cursor);
/* Seen for a short time, and nothing else known: the registry does not keep it. */
bool wr_census_is_guest(const struct wr_census_device *d);
uint32_t wr_census_count(const struct wr_census *m);
uint64_t
wr_census_refused(const struct wr_census *m); /* devices without a place, since the start */
/* Counts up with everything that the registry has to know. */
uint64_t wr_census_changes(const struct wr_census *m);
/* What a worker is told for this address of the device. */
struct wr_who wr_census_who(const struct wr_census *m, const struct wr_census_device *d,
                            const struct wr_census_address *a);
/* What kind of thing it is taken for, by the owner's word, else by its marks; "" when that is not known. */
const char *wr_census_kind_of(const struct wr_census_device *d);
/* Hundredths for the device as a whole: of its address that is surest. */
uint8_t wr_census_sure(const struct wr_census *m, const struct wr_census_device *d);
bool wr_census_next_event(struct wr_census *m, struct wr_census_event *ret_event);
/* "camera-3", else the host name, else "d17"; printable. `cap` at least WR_CENSUS_NAME_SIZE. */
void wr_census_call(const struct wr_census_device *d, char *ret_text, size_t cap);
/* Is the MAC address one that the device, not its maker, has chosen? */
bool wr_census_mac_is_local(const uint8_t mac[6]);
/* "00:11:22:33:44:55" */
#define WR_CENSUS_MAC_SIZE 18
void wr_census_mac_text(const uint8_t mac[6], char ret_text[WR_CENSUS_MAC_SIZE]);

const char *wr_mark_kind_name(uint8_t kind);         /* "mac", "client-id", "duid", ... */
const char *wr_mark_source_name(uint8_t source);     /* of one bit: "neighbour", ... */
const char *wr_census_trouble_text(uint8_t trouble); /* a few words */

#endif
