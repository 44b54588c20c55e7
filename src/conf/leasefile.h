/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lease file: who has which address, from what a DHCP server writes.
 *
 * Pure: text in, a table of leases out. Four formats:
 *
 *   dnsmasq   a line a lease: expiry, MAC, address, name, client id; DHCPv6 behind a line "duid ..."
 *   Kea       memfile: CSV with a header, IPv4 or IPv6, appended to: the last line of an address counts. Its parts
 *             (the clean-up's .2 and .1, then the file) are read one after another into one table
 *   ISC       dhcpd.leases and dhcpd6.leases: blocks, appended to as well
 *   odhcpd    a line a client that begins with "#"; the lines between are another program's
 *
 * A file may be read while it is being written. A last line or block without its end is left out and told; the
 * watcher comes again when the file has changed. What the client called itself is kept as it was written: it is a
 * stranger's word, and becomes a name only through wr_lease_name.
 *
 * Memory: the table is malloc's, bounded by WR_LEASES_MAX; the words in it point into the texts, which must stay.
 */
#ifndef WR_CONF_LEASEFILE_H
#define WR_CONF_LEASEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/map.h"
#include "dns/name.h"

enum wr_lease_format {
    WR_LEASE_DNSMASQ = 0,
    WR_LEASE_KEA = 1,
    WR_LEASE_ISC = 2,
    WR_LEASE_ODHCPD = 3,
};

struct wr_lease_word {
    const char *at;
    size_t n;
};

/* What `id` of a lease is. */
enum wr_lease_id {
    WR_LEASE_ID_CLIENT = 0, /* of DHCPv4: RFC 2132 section 9.14 */
    WR_LEASE_ID_DUID = 1,   /* RFC 8415 section 11 */
    WR_LEASE_ID_IA = 2,     /* an IAID of four octets, then the DUID */
};

struct wr_lease {
    struct wr_addr addr;
    struct wr_lease_word host;   /* what it calls itself; n 0: nothing */
    struct wr_lease_word client; /* MAC, client id or DUID: one word for one client */
    struct wr_lease_word mac;    /* hexadecimal; n 0: not known */
    struct wr_lease_word
        id;          /* what kind of one `id_kind` says; n 0: none (conf/leaseid reads it) */
    int64_t until_s; /* seconds since 1970; INT64_MAX: for ever */
    uint32_t turn;   /* when this client got the address: less is earlier */
    uint32_t line;
    uint8_t part; /* of which text, as given to read */
    uint8_t id_kind;
    bool id_quoted; /* octets with ISC's escapes; else hexadecimal */
    bool gone;      /* released, expired or abandoned: it is in the table to end an earlier line */
};

struct wr_leases {
    struct wr_lease *item;
    uint32_t count, room, turns;
    struct wr_hash_key key;
    struct wr_map map; /* by address */
    void *map_block;
};

struct wr_lease_hooks {
    void (*wrong)(void *user, uint8_t part, uint32_t line, const char *text); /* printable */
    void *user;
};

int wr_leases_create(const struct wr_hash_key *key, struct wr_leases *ret_leases); /* WR_E_NOMEM */
void wr_leases_free(struct wr_leases *leases);
/* Reads one text into the table. WR_E_NOMEM, or WR_E_LIMIT at WR_LEASES_MAX: what was read until then stays. */
int wr_leases_read(struct wr_leases *leases, enum wr_lease_format format, uint8_t part,
                   const char *text, size_t n, const struct wr_lease_hooks *hooks);

/* Puts them in the order in which clients got their addresses, so that who has a name keeps it. The last thing done. */
void wr_leases_sort(struct wr_leases *leases);

/* Does a client call itself something? Servers write "*" or "-" where they know of nothing, dnsmasq also for a moment before it does. */
bool wr_lease_is_named(const struct wr_lease_word *host);
/* The name below `zone` for what a client calls itself: one label of letters, digits, hyphens and underscores inside. WR_E_NOTFOUND: it
 * gave none; WR_E_DENIED: not one that a client may have, and `*ret_why` says so (static text). */
int wr_lease_name(const struct wr_lease_word *host, const uint8_t *zone, struct wr_name *ret_name,
                  const char **ret_why);

#endif
