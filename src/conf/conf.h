/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: what the owner wrote, read, checked and completed.
 *
 * One `struct wr_conf` holds all of it as plain data. It comes from a file or from text, is never
 * changed afterwards, and is freed whole; every pointer in it belongs to it. What the file does not
 * say has the default of the schema table (conf/schema.c), so an empty file is a safe working gateway.
 * The fields stand in the order of docs/config.md, which says what each of them does.
 *
 *     struct wr_mistakes *mistakes = ...;
 *     struct wr_conf *conf;
 *     if (wr_conf_load("/etc/weir/weir.yaml", mistakes, &conf) == WR_OK) { ...; wr_conf_free(conf); }
 *
 * Units: _ms, _s, _bytes. A list is `items` and `count`. Errors: every mistake is in the list of
 * mistakes, with its line and column; the result is WR_E_FORMAT then (WR_E_LIMIT: too large to
 * be read; WR_E_IO: could not be read; WR_E_NOMEM), and *ret_conf is untouched.
 */
#ifndef WR_CONF_CONF_H
#define WR_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/check.h"
#include "base/err.h"
#include "resolve/upstream.h"
#include "transport/uri.h"

struct wr_mistakes;
struct wr_conf_mem;

/* Where the file lies when nobody says otherwise; it may be absent. */
#define WR_CONF_PATH           "/etc/weir/weir.yaml"
#define WR_CONF_INTERFACE_SIZE 16

enum wr_conf_profile { WR_PROFILE_GATEWAY = 0, WR_PROFILE_ROUTER = 1, WR_PROFILE_EDGE = 2 };

/* Where to listen: an address, or all addresses of an interface. */
struct wr_conf_listen {
    struct wr_addr addr; /* with port; family WR_AF_NONE: an interface (port is set) */
    char interface[WR_CONF_INTERFACE_SIZE]; /* its name, or of an address its zone, or "" */
};

enum wr_conf_trust { WR_CONF_TRUST_AUTO = 0, WR_CONF_TRUST_LADDER, WR_CONF_TRUST_SYSTEM };

enum wr_conf_encryption { WR_ENCRYPTION_OPTIONAL = 0, WR_ENCRYPTION_REQUIRED = 1 };

/*
 * In place of a group's number: the answer is found from the root, or the servers of resolv_conf are asked. The words in the
 * file are "recursion" and "system".
 */
#define WR_CONF_RECURSION UINT32_MAX
#define WR_CONF_SYSTEM    (UINT32_MAX - 1)

/* Is a server that is known by its address asked for a better way (RFC 9462), and without a proof where it is a private one? */
enum wr_conf_find { WR_FIND_OFF = 0, WR_FIND_PROVEN, WR_FIND_PRIVATE };

struct wr_conf_group {
    const char *name;
    struct {
        struct wr_uri *items;
        size_t count;
    } servers;
    uint32_t strategy; /* enum wr_strategy */
    struct {
        struct wr_prefix *items;
        size_t count; /* 0 or 1 */
    } client_subnet;
    bool authoritative, recurse_after, cache;
    uint32_t discover; /* enum wr_conf_find: better ways to its plain servers */
    bool allow_plain;  /* plain servers beside encrypted ones, for when those cannot be reached */
};

struct wr_conf_route {
    const uint8_t *zone; /* wire name: it and all below it */
    const char *group;
    uint32_t group_index; /* of upstream.groups, WR_CONF_RECURSION or WR_CONF_SYSTEM */
};

struct wr_conf_ttl {
    const uint8_t *name; /* wire name; a first label "*": only names below the rest */
    uint32_t min_s, max_s, stale_s;
};

/* What is asked of the digest in a zone (RFC 8976). */
enum wr_conf_zonemd { WR_ZONEMD_CHECK = 0, WR_ZONEMD_REQUIRE = 1, WR_ZONEMD_IGNORE = 2 };

/* What a zone is there for. */
enum wr_conf_use { WR_USE_ANSWERS = 0, WR_USE_RESOLUTION = 1, WR_USE_BOTH = 2 };

/* In the order of enum wr_local_zone_kind as far as the owner may choose. */
struct wr_conf_zone {
    const uint8_t *name;
    uint32_t kind; /* enum wr_local_zone_kind */
    uint32_t ttl_s;
    struct {
        const char **items;
        size_t count;
    } records;
    const char *file; /* "": none */
    uint32_t zonemd;  /* enum wr_conf_zonemd */
    struct {
        struct wr_uri *items;
        size_t count;
    } primaries;     /* none: it is not a copy */
    const char *key; /* of local.keys; "": nothing is signed */
    uint32_t use;    /* enum wr_conf_use */
    bool fallback;   /* its servers are asked when there is no copy */
};

/* A certificate with those that vouch for it, and its key: PEM files. */
struct wr_conf_pair {
    const char *chain, *key;
};

/* A shared secret (TSIG). */
struct wr_conf_key {
    const uint8_t *name;
    uint32_t algorithm; /* 0: SHA-256, 1: SHA-384, 2: SHA-512 */
    const char *file;
};

/* A DNS-SD service (RFC 6763). */
struct wr_conf_service {
    const uint8_t *zone;
    const char *name; /* of the instance: UTF-8, 1 to 63 octets */
    const char *type; /* "_ipp._tcp" */
    const uint8_t *host;
    uint32_t port, priority, weight, ttl_s;
    struct {
        const char **items;
        size_t count;
    } txt;
    struct {
        const char **items;
        size_t count;
    } subtypes;
};

enum wr_conf_relay_protocol { WR_RELAY_STUN = 0, WR_RELAY_TURN = 1 };
enum wr_conf_relay_transport {
    WR_RELAY_UDP = 0,
    WR_RELAY_TCP = 1,
    WR_RELAY_TLS = 2,
    WR_RELAY_DTLS = 3
};

/* A STUN or TURN server (RFC 8489, 8656). */
struct wr_conf_relay {
    const uint8_t *zone;
    const uint8_t *host;
    struct {
        uint32_t *items; /* enum wr_conf_relay_protocol */
        size_t count;
    } protocols;
    struct {
        uint32_t *items; /* enum wr_conf_relay_transport, the preferred first */
        size_t count;
    } transports;
    uint32_t port, secure_port, priority, weight, ttl_s;
};

struct wr_conf_leases {
    const char *file;
    uint32_t format; /* enum wr_lease_format */
    const uint8_t *zone;
};

enum wr_conf_foreign { WR_CONF_FOREIGN_PASS = 0, WR_CONF_FOREIGN_REJECT, WR_CONF_FOREIGN_ANSWER };

struct wr_conf_segment {
    const char *name;
    const char *upstream;    /* "": as everybody */
    uint32_t upstream_index; /* as the group_index of a route */
    uint32_t rate;           /* 0: as everywhere */
    struct {
        struct wr_conf_listen *items;
        size_t count;
    } listeners; /* of those in listen and encrypted */
    struct {
        const char **items; /* names of segments; "all": every one */
        size_t count;
    } sees;
    uint32_t fail;        /* 1: closed */
    uint32_t foreign_dns; /* enum wr_conf_foreign */
    uint32_t reach;       /* 1: what was answered */
    uint32_t discovery;   /* 0: kept, 1: passes */
    uint32_t stale;       /* enum wr_segment_stale */
    uint32_t stale_max_age_s;
    struct {
        struct wr_prefix *items;
        size_t count;
    } allow;
    struct {
        const char **items;
        size_t count;
    } interfaces;
    struct {
        struct wr_prefix *items;
        size_t count;
    } subnets, resolvers, reaches;
    struct {
        const uint8_t **items; /* wire names */
        size_t count;
    } only;
};

enum wr_conf_verdict {
    WR_CONF_VERDICT_ALLOW = 0,
    WR_CONF_VERDICT_NXDOMAIN,
    WR_CONF_VERDICT_NODATA,
    WR_CONF_VERDICT_REFUSED,
    WR_CONF_VERDICT_DROP,
    WR_CONF_VERDICT_TRUNCATE,
    WR_CONF_VERDICT_ROUTE,
    WR_CONF_VERDICT_SECURE,
    WR_CONF_VERDICT_LOG,
    WR_CONF_VERDICT_DATA,
    WR_CONF_VERDICT_SINKHOLE,
    WR_CONF_VERDICT_QUARANTINE,
};

struct wr_conf_rule {
    const char *name;
    const char *group;    /* of ROUTE */
    uint32_t group_index; /* as that of a route */
    uint32_t verdict;     /* enum wr_conf_verdict */
    uint32_t reason;      /* as conf/schemawords.h has them */
    bool shadow;
    struct {
        const char **items;
        size_t count;
    } segments, groups, devices, kinds, types, feeds, servers, data;
    const char *hours; /* "22:00-06:00"; "": always */
    struct {
        uint32_t *items; /* 0: Sunday; none: all */
        size_t count;
    } days;
    struct {
        struct wr_prefix *items;
        size_t count;
    } clients, addresses;
    struct {
        const uint8_t **items; /* wire names */
        size_t count;
    } names, domains, except, aliases;
};

/* A list of names and addresses. */
struct wr_conf_feed {
    const char *name;
    const char *from; /* a path that begins with "/", or a URL */
    struct {
        const char **items;
        size_t count;
    } pins; /* as wr_pin_from_text reads them */
    struct {
        const char **items;
        size_t count;
    } keys;                /* as wr_minisig_key reads them; none: it need not be signed */
    const char *signature; /* like `from`; "": beside it */
    uint32_t refresh_s;
    uint32_t verdict; /* 0: none; else enum wr_verdict_action less one */
    uint32_t format;  /* enum wr_feed_format */
    bool subdomains;  /* names stand for all below them as well */
    bool public_suffixes;
    uint64_t max_bytes;
};

struct wr_conf_devgroup {
    const char *name;
    uint32_t rate; /* 0: as its segment */
    struct {
        const uint8_t **items; /* wire names */
        size_t count;
    } only;
};

struct wr_conf_words {
    const char **items;
    size_t count;
};

/* Who is meant by a class of profiles (MUD). */
struct wr_conf_controller {
    const char *class; /* a URI */
    struct {
        struct wr_prefix *items;
        size_t count;
    } addresses;
};

struct wr_conf_device {
    const char *name, *kind;
    const char *mud; /* where its profile is; "": nowhere */
    struct wr_conf_words mac, certificates, claims, groups;
    struct {
        struct wr_prefix *items; /* of one address each */
        size_t count;
    } addresses;
    uint32_t rate; /* 0: as its groups or segment */
    struct {
        const uint8_t **items; /* wire names */
        size_t count;
    } only;
};

/* Somebody who is told what happens. */
struct wr_conf_export {
    const char *name;
    const char *to;  /* as conf/exporturl reads it */
    uint32_t format; /* enum wr_export_format */
    uint32_t events; /* 1: decisions of policy and changes alone */
};

/* A response policy zone. */
struct wr_conf_rpz {
    const uint8_t *zone;
    const char *file; /* "": none */
    struct {
        struct wr_uri *items;
        size_t count;
    } primaries;
    const char *key;      /* of local.keys; "": nothing is signed */
    uint32_t override;    /* enum wr_rpz_override */
    const uint8_t *cname; /* of override cname; the root: none */
    uint32_t reason;      /* as conf/schemawords.h has them */
    bool without_ra;
    struct {
        const char **items;
        size_t count;
    } segments, groups; /* of devices; none of both: for everybody */
};

struct wr_conf {
    struct {
        struct wr_conf_listen *items;
        size_t count;
    } listen;
    struct {
        struct wr_prefix *items;
        size_t count;
    } allow;
    struct {
        struct {
            struct wr_conf_listen *items;
            size_t count;
        } dot, doh;
        const char *doh_path;
        bool odoh_target;
        struct {
            struct wr_uri *items;
            size_t count;
        } odoh_targets; /* none: this is no proxy */
        struct {
            struct wr_conf_listen *items;
            size_t count;
        } doq;
        struct {
            struct wr_conf_pair *items;
            size_t count;
        } certificates;
        const char *client_anchors; /* "": no certificate is asked for */
        const char *names_below;    /* "": a server name names no device */
        uint64_t handshake_ms, memory_bytes;
        uint32_t handshake_rate;
        uint32_t doq_connections;
    } encrypted;
    struct {
        struct wr_conf_segment *items;
        size_t count;
    } segments;
    struct {
        bool enabled, keep;
        const char *nft; /* "": where it usually is */
        uint32_t mark, route_table;
        uint32_t lease_floor_s, lease_grace_s;
        uint32_t leases, leases_device, leases_name;
        struct {
            const char **items;
            size_t count;
        } doh_feeds;
    } firewall;
    struct {
        struct {
            struct wr_conf_rule *items;
            size_t count;
        } rules;
        struct {
            struct wr_conf_rpz *items;
            size_t count;
        } rpz;
        uint32_t denial_ttl_s;
        bool rebinding; /* guarded against */
        struct {
            const uint8_t **items;
            size_t count;
        } private_names;
    } policy;
    struct {
        struct wr_conf_devgroup *items;
        size_t count;
    } groups;
    struct {
        struct wr_conf_device *items;
        size_t count;
    } devices;
    struct {
        uint32_t devices;
        const char *file; /* "": where systemd says, or none */
        uint32_t forget_s;
        const char *oui;
        struct {
            const char **items;
            size_t count;
        } hear_dhcp; /* interfaces */
        const char *kinds;
        struct {
            struct wr_prefix *items;
            size_t count;
        } mac_from; /* servers that are believed */
    } registry;
    uint32_t workers; /* 0: one a core */
    const char *user; /* "": stay who we are */
    uint32_t profile; /* enum wr_conf_profile */
    struct {
        const char *name;    /* id.server and NSID; "": not told */
        const char *version; /* version.bind; "": not told */
    } identity;
    struct {
        uint64_t idle_timeout_ms;
        uint32_t max_connections, max_per_client, max_inflight;
    } tcp;
    struct {
        struct {
            struct wr_conf_group *items;
            size_t count;
        } groups;
        struct {
            struct wr_conf_route *items;
            size_t count;
        } routes;
        const char *default_group; /* "": the first; without groups recursion */
        uint32_t default_index;    /* of groups, WR_CONF_RECURSION or WR_CONF_SYSTEM */
        bool asks_system;          /* the default or a route is WR_CONF_SYSTEM */
        const char *resolv_conf;
        bool ipv4, ipv6;
        struct {
            struct wr_prefix *items;
            size_t count; /* 0 or 1 */
        } nat64_prefix;
        uint32_t ports;
        bool case_randomisation, cookies;
        struct {
            const uint8_t **items; /* wire names */
            size_t count;
        } lower_case;
        uint32_t encryption; /* enum wr_conf_encryption */
        const char *ca_file; /* "": no authority is believed */
        struct {
            struct wr_uri *items;
            size_t count; /* 0: by recursion */
        } bootstrap;
    } upstream;
    struct {
        struct {
            struct wr_uri *items;
            size_t count; /* 0: those of the Internet */
        } hints;
        bool minimise;
        struct {
            struct wr_prefix *items;
            size_t count;
        } never_ask;
        uint32_t servers;
        struct {
            bool enable;
            struct {
                struct wr_uri *items;
                size_t count; /* 0: servers of the Internet that give the root away */
            } primaries;
        } root_copy;
        struct wr_conf_zone root_zone; /* made of root_copy (conf/rootcopy) */
    } recursion;
    struct {
        bool validate, serve;
        struct {
            const char **items;
            size_t count; /* 0: the root's */
        } anchors;
        struct {
            const uint8_t **items; /* wire names */
            size_t count;
        } negative;
        bool rfc5011;
        bool signal, sentinel, report;
        const char *state; /* file of what became of the anchors; "": the manager's directory */
        uint32_t sha1;     /* 1: relied on */
        uint32_t nsec3_iterations;
        uint32_t zones;
        bool aggressive;
        uint32_t ranges;
        uint32_t nxdomain_cut; /* enum wr_nxdomain_cut */
    } dnssec;
    struct {
        uint32_t trust;    /* enum wr_conf_trust */
        uint32_t unproven; /* 1: what cannot be judged without the time is refused */
        struct {
            const char **items;
            size_t count;
        } servers; /* as wr_ladder_server reads them */
        struct {
            const char **items;
            size_t count;
        } roughtime; /* as wr_ladder_rough_server does */
        uint32_t agree;
        const char *state; /* file of the last proven time; "": the manager's directory */
    } time;
    struct {
        struct {
            struct wr_prefix *items;
            size_t count;
        } prefix, exclude, only_for; /* prefix: 0 or 1 */
        uint32_t discover;           /* 1: RFC 7050 */
        struct {
            const char **items;
            size_t count;
        } advertised_on; /* interfaces */
    } dns64;
    struct {
        uint64_t size_bytes;
        const char *live; /* file (on tmpfs) that is the live cache; "": plain memory */
        uint32_t min_ttl_s, max_ttl_s, max_negative_ttl_s, failure_ttl_s;
        bool prefetch;
        uint32_t without_rd; /* enum wr_without_rd */
        struct {
            bool enable;
            uint32_t max_age_s, ttl_s;
            uint64_t client_timeout_ms;
        } stale;
        struct {
            struct wr_conf_ttl *items;
            size_t count;
        } ttl;
        struct {
            const char *path; /* "": off */
            uint64_t min_interval_ms, max_interval_ms;
            uint64_t budget_per_day_bytes;
        } keep;
    } cache;
    struct {
        struct {
            struct wr_conf_zone *items;
            size_t count;
        } zones;
        const char *copies; /* folder; "": the one that the system's manager gives, or none */
        struct {
            struct wr_conf_key *items;
            size_t count;
        } keys;
        struct {
            const char **items;
            size_t count;
        } hosts;
        struct {
            struct wr_conf_leases *items;
            size_t count;
        } leases;
        struct {
            struct wr_conf_service *items;
            size_t count;
        } services;
        struct {
            const uint8_t **items;
            size_t count;
        } registration;
        struct {
            struct wr_conf_relay *items;
            size_t count;
        } relays;
        uint32_t ttl_s; /* of names from hosts and leases */
        bool reverse;
        struct {
            bool enable;
            struct {
                const uint8_t **items;
                size_t count;
            } off;
        } special;
    } local;
    struct {
        uint64_t query_timeout_ms;
        uint32_t requests;
        uint32_t client_rate, client_burst, client_inflight;
        uint32_t rrl_rate, rrl_slip, refused_rate;
        uint32_t prefix4, prefix6;         /* bits that count as one client */
        uint32_t rrl_prefix4, rrl_prefix6; /* bits that count as one address to reply to */
        uint32_t udp_size;
        bool cookies, minimal_any;
    } limits;
    struct {
        const char *socket; /* "": none */
        const char *group;  /* "": the owner alone */
        bool group_may_change;
    } control;
    struct {
        struct wr_addr listen; /* family WR_AF_NONE: off */
    } metrics;
    struct {
        uint32_t level; /* enum wr_log_level */
        uint32_t events;
        const char *path; /* folder; "": nothing goes to disk */
        uint64_t size_bytes, budget_per_day_bytes, interval_ms;
        uint32_t privacy;      /* enum wr_ledger_privacy */
        uint32_t history_days; /* 0: no history */
        uint64_t history_bytes;
    } log;
    struct {
        struct wr_conf_export *items;
        size_t count;
    } export;

    struct {
        struct wr_conf_feed *items;
        size_t count;
    } feeds;
    struct {
        const char *folder;  /* "": the one that the system's manager gives, or none */
        const char *anchors; /* "": nobody's signature is believed */
        const char *offers;  /* "": no helper writes where profiles are */
        struct {
            struct wr_conf_controller *items;
            size_t count;
        } controllers;
    } mud;
    const char *feed_folder; /* "": the one that the system's manager gives, or none */

    struct wr_conf_mem *mem; /* all that the pointers above point to */
};

/* Reads a file. A missing file is WR_E_IO and a mistake that names it. */
WR_MUSTCHECK int wr_conf_load(const char *path, struct wr_mistakes *mistakes,
                              struct wr_conf **ret_conf);
/* Reads text in memory; n == 0 gives the defaults. */
WR_MUSTCHECK int wr_conf_read(const char *text, size_t n, struct wr_mistakes *mistakes,
                              struct wr_conf **ret_conf);
void wr_conf_free(struct wr_conf *conf); /* NULL is fine */

/* Calls `each` with the dotted name of every key that differs and takes effect only at a restart
 * (schema column `reload`); returns how many there are. */
size_t wr_conf_restart_keys(const struct wr_conf *now, const struct wr_conf *then,
                            void (*each)(void *user, const char *key), void *user);

#endif
