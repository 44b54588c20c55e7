/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gate: from what the owner wrote to what the engine obeys.
 *
 * A gate is one snapshot: the settings for the engines, the addresses to listen on, and notes for the owner. It is made whole
 * from the configuration and from what the machine looks like now (its addresses, resolv.conf), never changed, and freed whole
 * when every worker has moved on to the next. Making one opens nothing and asks nobody, so a bad configuration or a
 * missing interface is found before anything running is touched.
 *
 * Three things are decided here:
 *
 * - Who may ask: `allow`, and for each interface that is listened on, the prefixes on its link.
 * - Whom to ask: the root, the configured groups, the servers of resolv.conf as one group. An upstream that is an
 *   address weir itself listens on would be asked by itself for ever. Configured, that is an error; in resolv.conf the
 *   server is left out and named in a note.
 *   Names that a local zone delegates are asked of the servers of the delegation whose addresses are local names too.
 * - Which slot an upstream has in the shared state: a reload keeps the slot of a server whose URL stays, so what was
 *   learned about it stays too; another server in a used slot gets a new generation.
 */
#ifndef WR_SERVE_GATE_H
#define WR_SERVE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "base/log.h"
#include "conf/conf.h"
#include "conf/policybuild.h"
#include "engine/event.h"
#include "engine/settings.h"
#include "net/limits.h"
#include "resolve/local.h"
#include "serve/bootstrap.h"
#include "serve/dane.h"
#include "serve/proofs.h"
#include "serve/recursion.h"
#include "serve/slots.h"
#include "serve/validation.h"

#define WR_GATE_IFACE_SIZE 16
#define WR_GATE_NOTES_MAX  16
#define WR_GATE_NOTE_SIZE  320

/* Addresses listened on: interfaces are opened out into theirs; each is a UDP and a TCP socket in each worker, or one of another kind. */
#define WR_GATE_LISTENERS_MAX (WR_NET_LISTENERS_MAX / 2)

/* One address of this machine. */
struct wr_gate_local {
    char iface[WR_GATE_IFACE_SIZE];
    uint32_t ifindex;
    struct wr_addr
        addr; /* no port; scope of a link-local one is ifindex; WR_AF_NONE: the interface has none */
    uint8_t len; /* bits of its prefix */
    bool inside; /* the way to the Internet is by another interface, for this family */
};

/* A better way to a server that is written as an address (serve/finder). */
struct wr_gate_way {
    struct wr_addr plain;
    struct wr_uri way;
};

struct wr_creds;
struct wr_designation;
struct wr_labels;
struct wr_muds;
struct wr_policyzones;
struct wr_gate_rpz;

struct wr_gate_world {
    const struct wr_gate_local *local;
    uint32_t locals;
    bool watched;       /* it is said when interfaces come, and these are all */
    const char *resolv; /* text of resolv.conf, NULL: could not be read */
    size_t resolv_size;
    const struct wr_local *names;         /* local names, for the delegations in them; NULL: none */
    const struct wr_trustset *trust;      /* what became of the trust anchors, or NULL */
    struct wr_prefix advertised;          /* translator's, as routers tell it; WR_AF_NONE: none */
    const struct wr_bootstrap *bootstrap; /* addresses that were found, or NULL */
    const struct wr_dane *dane;           /* TLSA records that were found, or NULL */
    struct wr_creds
        *authorities;         /* who vouches for encrypted servers; NULL: they cannot be asked */
    int64_t floor_s;          /* a moment that has certainly passed; 0: the release */
    _Atomic uint32_t *news;   /* where NOTIFY is counted (resolve/news), or NULL */
    struct wr_labels *labels; /* numbers for segments and rules; NULL: there is no policy */
    struct wr_muds *muds;     /* profiles of devices; NULL: there are none */
    struct wr_policyzones *policyzones; /* those that are compiled; NULL: none */
    uint16_t
        firewall; /* the label of what is missing while it is not in force (serve/firewall); 0: nothing */
    const struct wr_gate_way *way; /* for groups that want them */
    uint32_t ways;
};

struct wr_gate_listener {
    struct wr_addr addr; /* with port */
    uint32_t ifindex;    /* of an interface listener, else 0 */
    uint8_t transport;   /* enum wr_client_transport; UDP stands for UDP and TCP */
};

struct wr_gate_note {
    enum wr_log_level level; /* WR_LOG_ERROR: the snapshot was refused */
    char text[WR_GATE_NOTE_SIZE];
};

struct wr_gate_notes {
    uint32_t count;
    struct wr_gate_note note[WR_GATE_NOTES_MAX];
};

struct wr_gate {
    struct wr_settings settings;
    struct wr_gate_listener *listener;
    uint32_t listeners;
    bool loop; /* resolv.conf named weir itself and nobody else */
    /* what settings points to */
    struct wr_prefix *allow, *hops, *own;
    uint32_t *interfaces;
    struct wr_ttl_rule *ttl_rule;
    struct wr_route *route;
    struct wr_prefix *dns64_exclude, *dns64_only_for;
    struct wr_prefix advertised; /* what routers told when it was made */
    struct wr_news_zone *news;
    struct wr_name *lower_case;
    struct wr_proofs proofs;
    struct wr_recursion recursion;
    struct wr_validation validation;
    struct wr_policybuild policy;
    void *mud;                          /* the block of the profiles in force, or NULL */
    struct wr_gate_rpz *rpz;            /* gaterpz.c; NULL: no policy zones */
    struct wr_designation *designation; /* serve/designation; NULL: nothing is told */
    struct wr_creds *designated_by;     /* and by which certificates */
};

/* WR_E_USAGE: refused, the notes say why (the slots are untouched then); WR_E_NOMEM. Notes are appended in any case. */
int wr_gate_make(const struct wr_conf *conf, const struct wr_gate_world *world,
                 struct wr_gate_slots *slots, uint64_t serial, struct wr_gate_notes *notes,
                 struct wr_gate **ret_gate);
void wr_gate_free(struct wr_gate *gate); /* NULL is fine */

/* Empties the learned state of every slot that changed hands since it was last written. */
void wr_gate_fit_state(const struct wr_gate *gate, struct wr_upstream_state *state);

#endif
