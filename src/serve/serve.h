/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serve: the daemon. Everything is wired here, and nothing is decided here.
 *
 * The start, in this order, so that privilege ends before the first packet is read:
 *
 *   configuration -> descriptors -> helper (forked while there is one thread) -> gate -> listeners, control socket,
 *   metrics, the socket that hears routers -> privileges dropped -> shared memory -> workers -> sandbox -> READY
 *
 * The main thread then turns its own loop: signals (SIGTERM and SIGINT stop, SIGHUP reloads), the control socket,
 * the metrics, link changes, files with local names, and a slow tick. It never touches a query. The stop is the way back: no new questions, those in
 * flight are answered for at most two seconds, then everything is given back.
 *
 * struct wr_serve belongs to the main thread; serve/reload.c, serve/control.c and serve/metrics.c work on it.
 */
#ifndef WR_SERVE_SERVE_H
#define WR_SERVE_SERVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "conf/conf.h"
#include "net/clock.h"
#include "net/httpd.h"
#include "net/link.h"
#include "serve/authorities.h"
#include "serve/beat.h"
#include "serve/copies.h"
#include "serve/crew.h"
#include "serve/gate.h"
#include "serve/hairpin.h"
#include "serve/encryption.h"
#include "serve/exports.h"
#include "serve/feedswap.h"
#include "serve/helper.h"
#include "serve/labels.h"
#include "serve/ledger.h"
#include "serve/logdisk.h"
#include "serve/listeners.h"
#include "serve/locals.h"
#include "serve/places.h"
#include "serve/reload.h"
#include "serve/policyzones.h"
#include "serve/sandbox.h"
#include "serve/shared.h"
#include "serve/upwatch.h"
#include "serve/watch.h"
#include "serve/world.h"

struct wr_control;
struct wr_devices;
struct wr_finder;
struct wr_firewall;
struct wr_scoreboard;
struct wr_live_anchors;
struct wr_timekeeper;
struct wr_translator;

/* Whether any server was heard since the start; TOLD: none yet, and the log says so. */
enum wr_reach { WR_REACH_UNKNOWN = 0, WR_REACH_TOLD, WR_REACH_HEARD };

struct wr_serve {
    const char *config; /* path of the file, NULL: defaults */
    struct wr_conf
        *first_conf; /* as at the start: what cannot change without a restart is compared with it */
    struct wr_conf *conf; /* in force */
    struct wr_gate *gate; /* in force */
    struct wr_gate_slots slots;
    struct wr_world world;
    struct wr_locals locals;
    struct wr_shared shared;
    struct wr_upwatch upwatch;
    struct wr_crew *crew;
    struct wr_labels *labels; /* from before the first gate until after the last worker */
    struct wr_policyzones *policyzones;
    struct wr_ledger *ledger;
    struct wr_logdisk *logdisk; /* NULL: none */
    struct wr_history *history; /* likewise */
    struct wr_exports *exports;
    struct wr_live_anchors *anchors;
    struct wr_timekeeper *time;
    struct wr_translator *translator;
    struct wr_finder *finder;
    struct wr_devices *devices;
    struct wr_muds *muds;             /* profiles of devices */
    struct wr_firewall *firewall;     /* NULL: it is off */
    struct wr_scoreboard *scoreboard; /* NULL likewise */
    struct wr_copies *copies;
    struct wr_feedswap feedswap;
    _Atomic uint32_t news[WR_NEWS_COUNTS]; /* NOTIFY of primaries, by zone (resolve/news) */
    bool copies_news;         /* there are new copies of zones, and local names without them */
    struct wr_beat keep_beat; /* the kept cache's tick: it may wait for the disk */
    struct wr_listeners listeners;
    struct wr_hairpin hairpin;
    struct wr_helper helper;
    struct wr_encryption encryption;
    struct wr_control *control; /* NULL: none */
    struct wr_reload reload;
    struct wr_authorities authorities;
    struct wr_bootstrap *bootstrap; /* NULL: no address had to be found yet */
    struct wr_dane *dane;           /* NULL: no TLSA records had to be found yet */
    struct wr_net_limits limits;
    struct wr_secrets secrets;
    struct wr_sandbox_state sandbox;
    uint16_t workers;
    struct wr_places places; /* what descriptors there are for */
    struct wr_clock clock;   /* what is believed of the wall clock */
    bool wall_kept;          /* at the start the kernel said that its clock is kept right */
    enum wr_reach reach;
    uint64_t started_us;        /* monotonic */
    uint64_t locals_us;         /* new local names are not built again before then */
    uint64_t secrets_us;        /* when the cookie secrets were rolled last */
    _Atomic uint32_t followers; /* clients that follow the log */
    bool stopping;

    uv_loop_t loop;
    uv_signal_t signals[3];
    uv_async_t settled; /* the workers have carried out an order */
    uv_async_t grown;   /* the ledger has new events */
    uv_async_t copied;  /* there are new copies of zones */
    uv_async_t found;   /* there are other ways to upstreams */
    uv_timer_t tick;
    uv_timer_t
        look; /* goes while an answer about an upstream is awaited (serve/bootstrap, serve/dane) */
    struct wr_link *link;
    struct wr_watch *watch; /* of local files; NULL: none */
    struct wr_httpd *httpd;
    int control_fd, metrics_fd; /* opened before privileges were dropped; -1 */
};

struct wr_serve_options {
    const char *config; /* NULL: WR_CONF_PATH where there is one, else the defaults */
};

/* Serves until a signal ends it. Exit status: 0 ended by a signal, 1 could not start. */
int wr_serve_run(const struct wr_serve_options *options);

/* Looks, and again soon while something is awaited, for answers that the main thread wants for itself. */
void wr_serve_look(struct wr_serve *s);
/* Watches the folders of the local files in force. */
void wr_serve_watch(struct wr_serve *s);

#endif
