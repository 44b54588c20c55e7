/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/mudfetch.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "policy/lease.h"
#include "policy/segment.h"
#include "resolve/dns64.h"
#include "serve/devices.h"
#include "serve/feedfetch.h"
#include "serve/feedhost.h"
#include "serve/muddue.h"
#include "serve/muds.h"
#include "serve/serve.h"

enum state { REST, LOOKING, FETCHING };

struct part {
    uint8_t *bytes;
    size_t n, most;
};

struct wr_mudfetch {
    void (*wake)(void *user);
    void *user;
    enum state state;
    struct wr_feedhost *host;
    uint32_t device;
    bool is_unsigned_fine;
    bool is_again;             /* not by the owner's command */
    bool waits;                /* one by the owner's command, for the end of such a one */
    uint64_t until_us;         /* it has to have come by then, all of it */
    char url[WR_MUD_URL_SIZE]; /* that was announced */
    char at[WR_FEED_URL_SIZE]; /* where the fetch is now */
    struct wr_feedurl at_host;
    char came_from[WR_MUDSTORE_HOST_SIZE]; /* host and port that the profile itself came from */
    struct wr_addr addr[WR_FEEDHOST_ADDRS_MAX];
    unsigned addrs, redirects;
    bool signature; /* the second leg */
    struct part part[2];
    /* The thread's while it runs. */
    bool has_thread;
    pthread_t thread;
    _Atomic bool done, cancel;
    struct wr_whom whom;
    struct wr_creds *creds;
    const struct wr_clock *clock;
    char ca_file[1024];
    long most_ms;
    int err;
    struct wr_feedfetch_result result;
    /* How the last one of the owner's went. */
    const char *became; /* "none", "under way", "done", "failed" */
    char why[400], asked[WR_MUD_URL_SIZE];
};

int wr_mudfetch_create(void (*wake)(void *user), void *user, struct wr_mudfetch **ret_fetch)
{
    struct wr_mudfetch *f = calloc(1, sizeof(*f));
    if (f == NULL) {
        return WR_E_NOMEM;
    }
    f->host = wr_feedhost_create();
    if (f->host == NULL) {
        free(f);
        return WR_E_NOMEM;
    }
    f->wake = wake;
    f->user = user;
    f->became = "none";
    f->part[0].most = WR_MUD_FILE_MAX;
    f->part[1].most = WR_MUD_SIGNATURE_MAX;
    *ret_fetch = f;
    return WR_OK;
}

static void join(struct wr_mudfetch *f)
{
    if (f->has_thread) {
        pthread_join(f->thread, NULL);
        f->has_thread = false;
    }
    wr_creds_drop(f->creds);
    f->creds = NULL;
}

static void empty(struct wr_mudfetch *f)
{
    for (unsigned i = 0; i < 2; i++) {
        free(f->part[i].bytes);
        f->part[i].bytes = NULL;
        f->part[i].n = 0;
    }
}

void wr_mudfetch_close(struct wr_mudfetch *f)
{
    if (f != NULL) {
        atomic_store(&f->cancel, true);
        join(f);
        empty(f);
        wr_feedhost_free(f->host);
        free(f);
    }
}

/* --- how it ends --- */

static bool end(struct wr_mudfetch *f, struct wr_serve *s, const char *why)
{
    char text[sizeof(f->why)];
    f->state = REST;
    snprintf(text, sizeof(text), "%s%s", why != NULL && f->signature ? "its signature: " : "",
             why != NULL ? why : "");
    if (f->is_again) {
        wr_muddue_ended(s, f->url, why != NULL ? text : NULL);
    } else {
        f->became = why == NULL ? "done" : "failed";
        memcpy(f->why, text, sizeof(f->why));
    }
    empty(f);
    return false;
}

static bool take(struct wr_mudfetch *f, struct wr_serve *s)
{
    const struct wr_census_device *d = wr_census_get(wr_devices_machine(s->devices), f->device);
    const struct wr_muds_offer offer = {.text = (const char *)f->part[0].bytes,
                                        .n = f->part[0].n,
                                        .sig = f->part[1].bytes,
                                        .sig_n = f->part[1].n,
                                        .from = f->url,
                                        .host = f->came_from,
                                        .is_unsigned_fine = f->is_unsigned_fine};
    char why[300] = "the device is not known any more";
    const char *code = f->is_again ? wr_muddue_came(s, &offer, why, sizeof(why))
                       : d == NULL ? "device"
                                   : wr_muds_take(s, d, &offer, why, sizeof(why));
    f->signature = false;
    return end(f, s, code != NULL ? why : NULL);
}

/* --- where to --- */

bool wr_mudfetch_may_go(const struct wr_serve *s, const struct wr_addr *addr)
{
    const struct wr_segments *segments = s->gate->settings.segments;
    bool own = false;
    for (uint32_t i = 0; i < s->world.view.locals; i++) {
        own = own || wr_addr_same_ip(&s->world.view.local[i].addr, addr);
    }
    struct wr_addr v4 = {.family = WR_AF_V4};
    const struct wr_prefix *nat64 = &s->gate->settings.dns64.prefix;
    if (nat64->addr.family == WR_AF_V6 && wr_dns64_extract(nat64, addr->ip, v4.ip)) {
        return addr->family == WR_AF_V6 && wr_mudfetch_may_go(s, &v4); /* a translator is there */
    }
    return wr_lease_is_public(addr) && !own &&
           (segments == NULL || wr_segment_of(segments, 0, addr) == WR_SEGMENT_NONE);
}

static int on_piece(void *user, const void *bytes, size_t n)
{
    struct part *p = user;
    if (n > p->most - p->n) {
        return WR_E_LIMIT;
    }
    uint8_t *more = realloc(p->bytes, p->n + n + 1);
    if (more == NULL) {
        return WR_E_NOMEM;
    }
    memcpy(more + p->n, bytes, n);
    p->bytes = more;
    p->n += n;
    return WR_OK;
}

static uint64_t mono_us(const struct wr_serve *s)
{
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    return now.mono_us;
}

static void *run(void *arg)
{
    struct wr_mudfetch *f = arg;
    struct part *p = &f->part[f->signature];
    const struct wr_feedfetch want = {.url = f->at,
                                      .host = f->at_host,
                                      .addr = f->addr,
                                      .addrs = f->addrs,
                                      .ca_file = f->ca_file,
                                      .whom = f->creds != NULL ? &f->whom : NULL,
                                      .clock = f->clock,
                                      .etag = "",
                                      .modified = "",
                                      .max_bytes = p->most,
                                      .most_ms = f->most_ms,
                                      .cancel = &f->cancel,
                                      .piece = on_piece,
                                      .user = p};
    pthread_setname_np(pthread_self(), "weir-mud");
    p->n = 0;
    f->err = wr_feedfetch_run(&want, &f->result);
    atomic_store(&f->done, true);
    f->wake(f->user);
    return NULL;
}

static bool fetch(struct wr_mudfetch *f, struct wr_serve *s)
{
    sigset_t all, before;
    for (unsigned i = 0; i < f->addrs; i++) {
        if (!wr_mudfetch_may_go(s, &f->addr[i])) {
            char text[WR_ADDR_TEXT_SIZE], why[300];
            wr_addr_to_text(&f->addr[i], text, sizeof(text));
            snprintf(why, sizeof(why),
                     "%.120s has the address %s, and weir is not sent there by a device: it is no "
                     "public one, or the network's own",
                     f->at_host.host, text);
            return end(f, s, why);
        }
    }
    uint64_t now_us = mono_us(s);
    if (now_us + WR_MS > f->until_us) {
        return end(f, s, "it takes too long");
    }
    f->most_ms = (long)((f->until_us - now_us) / WR_MS);
    const struct wr_prove_settings *prove = &s->gate->settings.prove;
    const struct wr_feedurl *host = &f->at_host;
    f->creds = s->authorities.creds != NULL ? wr_creds_keep(s->authorities.creds) : NULL;
    f->whom = (struct wr_whom){.proof = WR_URI_PKIX,
                               .system_clock = prove->system_clock,
                               .floor_s = prove->floor_s,
                               .name = host->addr.family == WR_AF_NONE ? host->host : "",
                               .addr = host->addr,
                               .creds = f->creds};
    f->clock = &s->clock;
    snprintf(f->ca_file, sizeof(f->ca_file), "%s", s->conf->upstream.ca_file);
    atomic_store(&f->done, false);
    f->state = FETCHING;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    f->has_thread = pthread_create(&f->thread, NULL, run, f) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return f->has_thread ? false : end(f, s, "not enough memory");
}

/* From here on f->at is where it is. */
static bool go(struct wr_mudfetch *f, struct wr_serve *s)
{
    const char *why = "";
    if (wr_feedurl_read(f->at, &f->at_host, &why) != WR_OK) {
        return end(f, s, why);
    }
    if (f->at_host.addr.family != WR_AF_NONE) {
        f->addr[0] = f->at_host.addr;
        f->addrs = 1;
        return fetch(f, s);
    }
    f->state = LOOKING;
    return wr_feedhost_want(f->host, f->at_host.host) == WR_OK || end(f, s, "its host is no name");
}

static void begin(struct wr_mudfetch *f, const char *url, bool is_again)
{
    empty(f);
    f->is_again = is_again;
    f->waits = false;
    atomic_store(&f->cancel, false);
    f->signature = false;
    f->redirects = 0;
    snprintf(f->url, sizeof(f->url), "%s", url);
    snprintf(f->at, sizeof(f->at), "%s", url);
    f->state = LOOKING;
    f->at_host.host[0] = 0; /* wr_mudfetch_tick begins */
}

int wr_mudfetch_begin(struct wr_mudfetch *f, uint32_t device, const char *url,
                      bool is_unsigned_fine)
{
    if (f->waits || (f->state != REST && !f->is_again)) {
        return WR_E_BUSY;
    }
    f->device = device;
    f->is_unsigned_fine = is_unsigned_fine;
    f->became = "under way";
    f->why[0] = 0;
    snprintf(f->asked, sizeof(f->asked), "%s", url);
    if (f->state == REST) {
        begin(f, url, false);
    } else { /* that one comes again */
        f->waits = true;
        atomic_store(&f->cancel, true);
    }
    return WR_OK;
}

int wr_mudfetch_again(struct wr_mudfetch *f, const char *url)
{
    if (f->state != REST) {
        return WR_E_BUSY;
    }
    begin(f, url, true);
    return WR_OK;
}

/* --- what came --- */

/* The profile is there: it says where its signature is, if it has one. */
static bool next_leg(struct wr_mudfetch *f, struct wr_serve *s)
{
    struct wr_mudfile_mistake mistake;
    struct wr_mud *mud = NULL;
    if (!f->signature) {
        struct wr_str_part host = wr_mud_authority(f->at);
        snprintf(f->came_from, sizeof(f->came_from), "%.*s", (int)host.n, host.at);
    }
    if (f->signature ||
        wr_mudfile_read((const char *)f->part[0].bytes, f->part[0].n, &mud, &mistake) != WR_OK) {
        return take(f, s); /* which says what is wrong with it */
    }
    snprintf(f->at, sizeof(f->at), "%s", wr_mud_at(mud, mud->signature));
    wr_mudfile_free(mud);
    if (f->at[0] == 0) {
        return take(f, s);
    }
    f->signature = true;
    return go(f, s);
}

static bool came(struct wr_mudfetch *f, struct wr_serve *s)
{
    join(f);
    if (f->err == WR_OK && f->result.location[0] != 0) {
        if (f->redirects++ >= WR_FEED_REDIRECTS_MAX) {
            return end(f, s, "it leads from one place to another without an end");
        }
        memcpy(f->at, f->result.location, sizeof(f->at));
        return go(f, s);
    }
    if (f->err == WR_OK && f->result.status == 200) {
        return next_leg(f, s);
    }
    char why[400];
    snprintf(why, sizeof(why), "%s (judged by upstream.ca_file)", f->result.why);
    return end(f, s,
               f->err == WR_E_LIMIT    ? "it is longer than one may be"
               : f->err == WR_E_DENIED ? why
               : f->result.why[0] != 0 ? f->result.why
                                       : "the server answers nothing of use");
}

bool wr_mudfetch_tick(struct wr_mudfetch *f, struct wr_serve *s)
{
    bool done = false;
    if (f == NULL || f->state == REST) {
        return false;
    }
    bool is_fetched = f->state == FETCHING && atomic_load(&f->done);
    if (f->waits && (f->state != FETCHING || is_fetched)) {
        join(f);
        begin(f, f->asked, false);
    }
    if (f->state == FETCHING) {
        return is_fetched && came(f, s);
    }
    if (f->at_host.host[0] == 0) {
        f->until_us = mono_us(s) + (f->is_again ? WR_MUD_DUE_FETCH_MS : WR_FEED_FETCH_MS) * WR_MS;
        return go(f, s);
    }
    bool soon = wr_feedhost_tick(f->host, s, &done);
    switch (wr_feedhost_get(f->host, f->addr, &f->addrs)) {
    case WR_OK: return fetch(f, s);
    case WR_E_AGAIN: return soon;
    default: return end(f, s, "its host has no address, or nobody says");
    }
}

void wr_mudfetch_put(const struct wr_mudfetch *f, struct wr_json *j, const char *key)
{
    wr_json_object(j, key);
    wr_json_text(j, "fetch", f->became);
    wr_json_text(j, "url", f->asked[0] != 0 ? f->asked : NULL);
    wr_json_text(j, "why", f->why[0] != 0 ? f->why : NULL);
    wr_json_end(j);
}
