/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reload: from one configuration to the next without a gap.
 *
 * A reload reads the file, makes a new gate, opens what is new, and gives the workers one order. Anything wrong before the order
 * is given is reported whole and changes nothing, certificates that are no good among it. Process, cache, learned upstream state and TCP connections
 * stay. Keys that take effect only at a restart keep the value of the start and are named in the report.
 *
 * What cannot be had of the addresses to listen on is found only when they are opened. Then all the rest is in force, the reload is
 * reported as failed with the address and the remedy, what was listened on before stays open, and the missing is tried again
 * (serve/listeners.h).
 *
 * A refresh is the same without reading the file: links changed, or resolv.conf did. One that fails is tried again every second: who is on a new
 * interface gets no answer before. New local names (a lease, a hosts file) are
 * an order of their own, which disturbs nothing that is in flight.
 *
 * One at a time: what is asked for while an order is under way is done after it.
 */
#ifndef WR_SERVE_RELOAD_H
#define WR_SERVE_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/crew.h"
#include "serve/gate.h"
#include "serve/listeners.h"
#include "serve/locals.h"
#include "serve/world.h"

struct wr_serve;
struct wr_terms;

#define WR_RELOAD_TEXT_SIZE 4096

/* How the last one went. */
struct wr_reload_report {
    uint64_t count; /* reloads so far; 0: none yet */
    bool ok;
    bool unheard; /* not ok, only because some addresses cannot be listened on */
    int64_t wall_s;
    uint64_t serial;                /* of the settings in force after it */
    char text[WR_RELOAD_TEXT_SIZE]; /* a line for each mistake or note */
};

struct wr_reload {
    bool under_way, is_refresh;
    bool again, refresh_again, locals_again; /* asked for meanwhile */
    bool
        behind; /* a refresh has failed: what changed is not in force, and is tried again by the tick */
    bool has_locals,
        has_set; /* the order brings new local names: all anew, or a new set of the same sources */
    struct wr_locals locals;
    struct wr_localset set;
    struct wr_heldset *held;
    uint64_t told;               /* hash of what was said of local names last */
    struct wr_copies_plan *plan; /* for the copies of zones */
    struct wr_conf *conf;        /* the next ones, until the order has settled */
    struct wr_gate *gate;
    struct wr_world world;
    struct wr_gate_way way[WR_UPSTREAMS_MAX]; /* for the gate that is made */
    struct wr_listeners_change change;
    const struct wr_terms *terms; /* the next ones, with new certificates; NULL: as before */
    uint64_t retry_us;            /* what could not be listened on is tried again then */
    struct wr_net_limits limits;
    struct wr_secrets secrets;
    struct wr_crew_order order;
    struct wr_reload_report report;
    uint8_t ask[WR_NAME_MAX + 64]; /* a question of our own */
    uint64_t resolv_mark;          /* what resolv.conf looked like when it was read last */
};

/* Begins one. The report is ready when wr_reload_is_idle says so. */
void wr_reload_begin(struct wr_serve *s);
void wr_reload_refresh(struct wr_serve *s);
/* Some local file changed, or a lease ended: new local names. */
void wr_reload_locals(struct wr_serve *s);
/* Reads all local files for the first time; what is wrong with them goes to the log. */
int wr_reload_first_locals(struct wr_serve *s);
/* New cookie secrets; the ones before stay accepted. */
void wr_reload_roll_secrets(struct wr_serve *s);
/* New terms for encrypted connections, and nothing else; only while idle. */
void wr_reload_terms(struct wr_serve *s, const struct wr_terms *terms);
/* New lists of feeds, and nothing else; only while idle. */
void wr_reload_feeds(struct wr_serve *s, const struct wr_feedset *feeds);
/* The authorities for a gate that is about to be made. */
void wr_reload_authorities(struct wr_serve *s, const struct wr_conf *conf,
                           struct wr_gate_world *world);
/* Has a worker ask a question anew, for which nobody waits: the cache has the answer then. `unchecked`: with checking
 * disabled. False: not now. */
bool wr_reload_ask(struct wr_serve *s, const uint8_t *name, uint16_t type, bool unchecked);
/* Reads policy zones that are new or have changed, by `conf`; what is wrong goes to the log, and into `text` unless it is NULL. */
int wr_reload_policyzones(struct wr_serve *s, const struct wr_conf *conf, char *text, size_t cap);
/* From the slow tick: tries again what failed, a refresh, or to listen on what is missing. */
void wr_reload_tick(struct wr_serve *s);
/* The workers have carried out the order. */
void wr_reload_settled(struct wr_serve *s);
bool wr_reload_is_idle(const struct wr_serve *s);
/* What a resolv.conf looks like; another value when it has changed, 0 when it is not there. */
uint64_t wr_reload_resolv_mark(const char *path);
/* Has resolv.conf changed since it was read (and does anybody care)? */
bool wr_reload_resolv_changed(struct wr_serve *s);

/* Reads configuration (NULL: the defaults) into *ret_conf; mistakes go to `text` one a line and to the log. */
int wr_reload_read_conf(const char *path, char *text, size_t cap, struct wr_conf **ret_conf);
/* Writes the notes of a gate to the log and, when `text` is not NULL, into it. */
void wr_reload_say_notes(const struct wr_gate_notes *notes, char *text, size_t cap);

#endif
