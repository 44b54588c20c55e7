/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed job: one feed, from where its text is to the list that is in force.
 *
 * wr_feedjob_turn is called again and again by the thread of serve/feeds. A file is looked at; one that has changed, and was the same in the turn
 * before, is compiled. A URL is fetched when its time has come: the host's address by weir itself (serve/feedhost), the text by serve/feedfetch
 * in a thread of its own (serve/feedwork), a few side by side, straight into the compiler; "not modified" costs no more than that; a redirect is followed to another https URL, where no pin stands in the way.
 * A list that has to be signed has its signature fetched before it. One that says it was signed before the one in force was, by the same key, is
 * an old one that somebody gives out again, and not taken.
 * What fails is tried again after 10 s, then after twice as long each time, up to an hour, with some chance in it; the list that is there stays.
 *
 * Turns may take long: the disk, a million names of a file. What others see of a job (`image`, `problem`, `not_kept`, `checked_us`) changes under the
 * lock of the world.
 */
#ifndef WR_SERVE_FEEDJOB_H
#define WR_SERVE_FEEDJOB_H

#include <pthread.h>

#include "base/rng.h"
#include "conf/conf.h"
#include "conf/feedurl.h"
#include "crypto/pin.h"
#include "net/clock.h"
#include "serve/feedcompile.h"
#include "serve/feedhost.h"
#include "serve/json.h"
#include "transport/whom.h"
#include "serve/keepfile.h"

/* What the configuration says; texts are the plan's own. */
struct wr_feedjob_plan {
    char name[64];
    uint16_t label;
    char *path;      /* "": it is fetched */
    char *url;       /* "": it is a file */
    char *signature; /* where the signature is, of what has to be signed; "" */
    char *ca_file;
    struct wr_pin pin[WR_FEED_PINS_MAX];
    unsigned pins;
    uint32_t refresh_s;
    struct wr_feedhow how;
};

struct wr_feedjob;
struct wr_feedwork;

/* What the jobs of a thread have in common. */
struct wr_feedjob_world {
    const struct wr_clock *clock;
    const char *folder; /* "": nothing is kept */
    pthread_mutex_t *lock;
    struct wr_feedhost *host;
    const struct wr_feedjob *asks; /* whose name `host` looks for; NULL: nobody's */
    char found[sizeof(((struct wr_feedurl *)0)->host)]; /* the name that was found last, */
    struct wr_addr found_addr[WR_FEEDHOST_ADDRS_MAX];   /* its addresses, */
    unsigned found_addrs;
    uint64_t found_us;        /* and when: lists of one host come together */
    unsigned fetching;        /* how many threads fetch */
    void (*wake)(void *user); /* the main thread: a name is wanted */
    void *user;
    void (*nudge)(void *user); /* the jobs' own thread, by one that fetches */
    void *nudged;
    struct wr_creds *creds; /* who vouches for servers, kept; NULL: nobody */
    bool system_clock;      /* for the judge of certificates (transport/whom) */
    int64_t floor_s;
    struct wr_rng rng;
};

enum wr_feedjob_state {
    WR_FEEDJOB_WAIT = 0, /* until its time has come */
    WR_FEEDJOB_QUEUED,   /* another's host is looked for */
    WR_FEEDJOB_NAME,     /* its own is */
    WR_FEEDJOB_READY,    /* as many are fetched as may be */
    WR_FEEDJOB_FETCHING,
};
/* What is fetched: of a list that has to be signed the signature first. */
enum wr_feedjob_leg { WR_FEEDJOB_LIST = 0, WR_FEEDJOB_SIGNATURE };

struct wr_feedjob {
    struct wr_feedjob_plan plan;
    char kept[WR_KEEPFILE_PATH_MAX]; /* where its image is kept; "": nowhere */
    /* A file's. */
    uint64_t seen;    /* what it looked like in the last turn */
    uint64_t refused; /* what was no good looked like this */
    /* What is fetched. */
    enum wr_feedjob_state state;
    char at[WR_FEED_URL_SIZE]; /* where it is fetched from now, behind redirects */
    struct wr_feedurl at_host;
    unsigned redirects;
    enum wr_feedjob_leg leg;
    struct wr_addr addr[WR_FEEDHOST_ADDRS_MAX]; /* of at_host, once it is found */
    unsigned addrs;
    struct wr_feedwork *work;          /* FETCHING */
    char sig[WR_MINISIG_TEXT_MAX + 1]; /* the signature that has come */
    size_t sig_size;
    uint64_t next_us, pause_us;
    bool look; /* by the main thread, under the lock: at once, whatever the time */
    /* Changed by the thread alone, under the lock. */
    struct wr_feedimage *image;         /* NULL: none yet */
    struct wr_feedcompile_why problem;  /* "": none */
    struct wr_feedcompile_why not_kept; /* why its image is in memory alone; "": it is not */
    uint64_t checked_us; /* when what is in force was last found to be what is there */
};

int wr_feedjob_plan(struct wr_feedjob_plan *ret_plan, const struct wr_conf *conf, size_t i,
                    uint16_t label);
void wr_feedjob_plan_clear(struct wr_feedjob_plan *plan);
bool wr_feedjob_plan_is_same(const struct wr_feedjob_plan *a, const struct wr_feedjob_plan *b);

/* Takes the texts out of the plan. What is kept of the feed is in force at once. NULL: no memory. */
struct wr_feedjob *wr_feedjob_open(struct wr_feedjob_world *w, struct wr_feedjob_plan *plan);
void wr_feedjob_close(struct wr_feedjob_world *w, struct wr_feedjob *job); /* NULL is fine */
/* `at_once`: a file that has just changed is taken. True: there is a new list. */
bool wr_feedjob_turn(struct wr_feedjob_world *w, struct wr_feedjob *job, bool at_once);
/* Under the lock. */
void wr_feedjob_put(const struct wr_feedjob *job, const struct wr_now *now, struct wr_json *j);
bool wr_feedjob_is_failing(const struct wr_feedjob *job);

/* feedremote.c: a turn of a feed that is fetched; and what it and files have in common. */
bool wr_feedjob_fetch_turn(struct wr_feedjob_world *w, struct wr_feedjob *job);
/* What is under way is given up. */
void wr_feedjob_fetch_end(struct wr_feedjob_world *w, struct wr_feedjob *job);
void wr_feedjob_fetch_begin(struct wr_feedjob_world *w, struct wr_feedjob *job);
void wr_feedjob_take(struct wr_feedjob_world *w, struct wr_feedjob *job,
                     struct wr_feedimage *image);
/* Was it signed before what is in force? Then it is told, and let go. */
bool wr_feedjob_is_older(struct wr_feedjob_world *w, struct wr_feedjob *job,
                         struct wr_feedimage *image);
void wr_feedjob_problem(struct wr_feedjob_world *w, struct wr_feedjob *job, const char *text);
void wr_feedjob_checked(struct wr_feedjob_world *w, struct wr_feedjob *job);

#endif
