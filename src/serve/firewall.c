/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/firewall.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/devices.h"
#include "serve/firefacts.h"
#include "serve/firewall_state.h"
#include "serve/mudkin.h"
#include "serve/muds.h"
#include "serve/say.h"
#include "serve/scoreboard.h"
#include "serve/serve.h"

/* At the start there may be modules to load; the end is in a hurry. */
#define BEGIN_MS (WR_FIREWALL_NFT_MS + 1000)
#define END_MS   3000
#define AGAIN_US (10 * WR_S)
/* Between two repairs, and between two lines about them. */
#define REPAIR_US WR_S
#define TELL_US   (60 * WR_S)
/* Between two looks at what the kernel has counted. */
#define LOOK_US (5 * WR_S)
/* What nft changed is heard at once, or after a wait for a command. */
#define OWN_US (20 * WR_S)
/* The process with the privilege has answered by then, though nft ran three times and did not end. */
#define SILENT_US (4 * (uint64_t)WR_FIREWALL_NFT_MS * WR_MS)

static uint64_t now_us(void)
{
    struct wr_now now;
    wr_clock_now(false, &now);
    return now.mono_us;
}

static void note(const struct wr_firewall *f, enum wr_log_level level, const char *text)
{
    char line[WR_FIREHAND_TEXT_SIZE + 80];
    snprintf(line, sizeof(line), "firewall: %s", text);
    wr_devices_note(f->s, level, line);
}

/* --- states --- */

uint16_t wr_firewall_lack(const struct wr_serve *s)
{
    const struct wr_firewall *f = s->firewall;
    bool lacks = f != NULL && (f->state == WR_FIREWALL_WAITING || f->state == WR_FIREWALL_FAILED);
    return lacks ? wr_labels_number(s->labels, "firewall") : 0;
}

static void become(struct wr_firewall *f, enum wr_firewall_state state)
{
    uint16_t lack = wr_firewall_lack(f->s);
    if (f->state != state) {
        f->since_s = wr_devices_now_s(f->s);
        f->state = state;
    }
    if (wr_firewall_lack(f->s) != lack && f->s->crew != NULL && !f->s->stopping) {
        wr_reload_refresh(f->s); /* the segments' fail rules */
    }
}

static void fail(struct wr_firewall *f, const char *why)
{
    bool news = f->state != WR_FIREWALL_FAILED || strcmp(f->why, why) != 0;
    snprintf(f->why, sizeof(f->why), "%s", why);
    if (news) {
        char text[WR_FIREHAND_TEXT_SIZE + 60];
        snprintf(text, sizeof(text), "not in force, the segments' fail rules decide: %.200s", why);
        note(f, WR_LOG_ERROR, text);
    }
    f->want |= WR_RULESET_TABLE;
    f->not_before_us = now_us() + AGAIN_US;
    become(f, WR_FIREWALL_FAILED);
}

void wr_firewall_lose(struct wr_firewall *f)
{
    if (f->poll.data != NULL && uv_is_active((uv_handle_t *)&f->poll)) {
        uv_poll_stop(&f->poll);
    }
    wr_firehand_stop(&f->hand);
    f->doing = 0;
    f->counting = false;
    fail(f, "the process that runs nft is gone: restart weir; the table stays as it was");
}

/* --- what is to be said --- */

static bool wants_hairpins(const struct wr_firewall *f)
{
    const struct wr_conf *conf = f->s->conf;
    bool wants = false;
    for (size_t i = 0; i < conf->segments.count; i++) {
        wants = wants || conf->segments.items[i].foreign_dns == WR_CONF_FOREIGN_ANSWER;
    }
    return wants;
}

enum wr_firewall_way wr_firewall_way(const struct wr_firewall *f)
{
    return wants_hairpins(f) && f->s->hairpin.open ? f->hairpin_way : WR_FIREWALL_NO_WAY;
}

const char *wr_firewall_no_hairpins(const struct wr_firewall *f)
{
    const char *why = f->s->hairpin.open ? f->no_hairpins : f->s->hairpin.why;
    return wants_hairpins(f) && wr_firewall_way(f) == WR_FIREWALL_NO_WAY ? why : NULL;
}

/* Once for each time that it is tried. */
static void tell_hairpins(struct wr_firewall *f)
{
    const char *why = wr_firewall_no_hairpins(f);
    enum wr_firewall_way way = wants_hairpins(f) ? wr_firewall_way(f) : WR_FIREWALL_TPROXY;
    char text[WR_FIREHAND_TEXT_SIZE + 60];
    if (why != NULL && f->hairpin_told != way) {
        snprintf(text, sizeof(text), "foreign DNS is rejected, not answered: %.200s", why);
        note(f, WR_LOG_WARN, text);
    } else if (way == WR_FIREWALL_REDIRECT && f->hairpin_told != way) {
        snprintf(text, sizeof(text), "foreign DNS is answered without tproxy: %.200s",
                 f->no_hairpins);
        note(f, WR_LOG_INFO, text);
    }
    f->hairpin_told = way;
}

static void gather(struct wr_firewall *f, unsigned parts, enum wr_firewall_way way,
                   struct wr_firefacts *facts)
{
    struct wr_serve *s = f->s;
    uint16_t label[WR_FIREWALL_FEEDS_MAX];
    size_t labels = 0;
    *facts = (struct wr_firefacts){.item = f->item,
                                   .hairpins = f->s->hairpin.open && way != WR_FIREWALL_NO_WAY,
                                   .redirects = way == WR_FIREWALL_REDIRECT};
    if (parts & WR_RULESET_TABLE) {
        facts->untracked = f->load.full && !f->tracks;
        wr_firefacts_segments(facts, s->conf);
        wr_firefacts_ports(facts, s->conf);
        if (s->muds != NULL) {
            wr_mudkin_permits(s, facts);
        }
    }
    if (parts & WR_RULESET_QUARANTINE) {
        f->quarantined = wr_firefacts_quarantine(facts, wr_devices_machine(s->devices));
    }
    for (; labels < s->conf->firewall.doh_feeds.count && labels < WR_FIREWALL_FEEDS_MAX; labels++) {
        label[labels] = wr_labels_number(s->labels, s->conf->firewall.doh_feeds.items[labels]);
    }
    if ((parts & WR_RULESET_DOHS) && s->feedswap.set != NULL &&
        wr_firefacts_dohs(facts, &s->feedswap.set->set, label, labels) != WR_OK) {
        wr_say(WR_LOG_ERROR, "firewall: no memory for the addresses of DNS over HTTPS");
    }
}

/* What it is now; 0 is none. */
static uint64_t mark_of(struct wr_firewall *f, unsigned parts)
{
    struct wr_firefacts facts;
    gather(f, parts, WR_FIREWALL_TPROXY, &facts); /* whatever it comes to */
    return wr_firefacts_mark(facts.item, facts.count) | 1;
}

static void send_parts(struct wr_firewall *f, unsigned parts)
{
    struct wr_firefacts facts = {.item = f->item};
    if (parts & WR_RULESET_NONE) {
        parts = WR_RULESET_NONE;
    } else {
        parts |= parts & WR_RULESET_TABLE ? WR_RULESET_QUARANTINE | WR_RULESET_DOHS : 0;
        gather(f, parts, f->hairpin_way, &facts);
    }
    if (facts.left > f->left) {
        char text[160];
        snprintf(
            text, sizeof(text),
            "%zu facts have no room: addresses of DNS over HTTPS, devices in quarantine, or what "
            "profiles open",
            facts.left);
        note(f, WR_LOG_ERROR, text);
    }
    f->left = facts.left;
    f->doing = parts;
    f->asked_us = now_us();
    f->want &= ~(parts | (parts & WR_RULESET_TABLE ? ~0u : 0));
    f->stranges = 0;
    if (parts & WR_RULESET_TABLE) {
        wr_firecount_plan(&f->count, f->s->conf);
    }
    f->hand.scarce_s = wr_lease_for(WR_LEASE_SCARCE_S, f->s->conf->firewall.lease_floor_s,
                                    f->s->conf->firewall.lease_grace_s);
    if (wr_firehand_apply(&f->hand, facts.item, facts.count, parts) != WR_OK) {
        wr_firewall_lose(f);
    }
}

/* The next thing that is wanted, if nothing is on its way. */
static void pump(struct wr_firewall *f)
{
    if (f->doing != 0 || f->counting || f->want == 0 || f->hand.fd < 0 ||
        now_us() < f->not_before_us) {
        return;
    }
    send_parts(f, f->want);
}

/* --- what comes back --- */

static const char changed[] =
    "another program has changed or removed table inet weir: it is written again";
static const char unheard[] =
    "the packet filter was changed faster than the kernel can tell, and some of it was not heard: "
    "table inet weir is written again, whatever was done to it";

static void repair(struct wr_firewall *f, const char *why)
{
    uint64_t now = now_us();
    if (f->state != WR_FIREWALL_IN_FORCE || (f->want & WR_RULESET_TABLE)) {
        return;
    }
    f->repairs++;
    f->want |= WR_RULESET_TABLE;
    f->not_before_us =
        f->repaired_us == 0 || now - f->repaired_us >= REPAIR_US ? now : f->repaired_us + REPAIR_US;
    f->repaired_us = f->not_before_us;
    if (f->told_us == 0 || now - f->told_us >= TELL_US) {
        f->told_us = now;
        note(f, WR_LOG_WARN, why);
    }
    pump(f);
}

/* What was open may not be: it is asked for. */
static void clear_mirror(struct wr_firewall *f)
{
    if (f->s->shared.leases != NULL) {
        wr_leasemirror_clear(f->s->shared.leases);
    }
}

static void on_change(void *user, uint32_t port)
{
    struct wr_firewall *f = user;
    uint64_t now = now_us();
    if (port != 0 && port == f->lease_port) {
        return;
    }
    f->unheard += port == 0;
    for (unsigned i = 0; i < WR_FIREWALL_PORTS && port != 0; i++) {
        if (f->own[i] == port && now < f->own_us[i]) {
            return;
        }
    }
    clear_mirror(f);
    if (f->doing == 0) {
        repair(f, port == 0 ? unheard : changed);
        return;
    }
    /* It may be what is on its way. */
    for (unsigned i = 0; i < f->stranges; i++) {
        if (f->strange[i] == port) {
            return;
        }
    }
    f->strange[f->stranges < WR_FIREWALL_PORTS ? f->stranges++ : WR_FIREWALL_PORTS - 1] = port;
}

/* Why it has to be written again; NULL: it is as it was written. */
static const char *changed_meanwhile(const struct wr_firewall *f, const struct wr_firehand_reply *r)
{
    for (unsigned i = 0; i < f->stranges; i++) {
        uint32_t port = f->strange[i];
        if (port == 0 || (port != r->port[0] && port != r->port[1] && port != r->lease_port)) {
            return port == 0 ? unheard : changed;
        }
    }
    return NULL;
}

/* They may not know `notrack` or `fib`; or it was another failure, so it is tried again at the next look. */
static bool do_without_untracked(struct wr_firewall *f, const char *why)
{
    char text[WR_FIREHAND_TEXT_SIZE + 60];
    bool other = f->load.full && !f->tracks;
    if (other && !f->tracks_told) {
        snprintf(text, sizeof(text),
                 "weir's DNS cannot be kept out of the full table of connections: %.200s", why);
        note(f, WR_LOG_WARN, text);
    }
    f->tracks_told = f->tracks_told || other;
    f->tracks = f->tracks || other;
    f->want |= other ? WR_RULESET_TABLE : 0;
    return other;
}

/* The kernel, or nft, may be without tproxy: then the table is tried by the other way, and at last without either. */
static bool do_without_hairpins(struct wr_firewall *f, const char *why)
{
    if (wr_firewall_way(f) == WR_FIREWALL_NO_WAY) {
        f->hairpin_way = WR_FIREWALL_TPROXY; /* it was not that */
        return false;
    }
    bool other = f->hairpin_way == WR_FIREWALL_TPROXY && f->s->hairpin.door;
    f->hairpin_way = other ? WR_FIREWALL_REDIRECT : WR_FIREWALL_NO_WAY;
    snprintf(f->no_hairpins, sizeof(f->no_hairpins), "%s", why);
    f->want |= WR_RULESET_TABLE;
    return true;
}

static void done(struct wr_firewall *f, const struct wr_firehand_reply *r)
{
    unsigned parts = f->doing;
    bool failed = f->state == WR_FIREWALL_FAILED;
    f->doing = 0;
    f->lease_port = r->lease_port;
    f->leases = r->leases;
    f->no_room = r->lease_refused;
    for (unsigned i = 0; i < 2; i++) {
        if (r->port[i] != 0) {
            f->own_us[f->owns % WR_FIREWALL_PORTS] = now_us() + OWN_US;
            f->own[f->owns++ % WR_FIREWALL_PORTS] = r->port[i];
        }
    }
    if (r->err != WR_OK && (parts & (WR_RULESET_TABLE | WR_RULESET_NONE)) == 0) {
        f->want |= WR_RULESET_TABLE; /* the table is not there, or not as it was */
        wr_say(WR_LOG_WARN, "firewall: a set cannot be changed, all is written again: %s", r->text);
        return;
    }
    if (r->err != WR_OK) {
        if (parts &
            WR_RULESET_NONE) { /* it stays removed: by his word, and whatever is left is told */
            snprintf(f->note, sizeof(f->note), "%s", r->text);
        } else if (!do_without_untracked(f, r->text) && !do_without_hairpins(f, r->text)) {
            fail(f, r->text);
        }
        return;
    }
    f->applied++;
    f->cut += r->cut;
    if (r->cut >= WR_CONNTRACK_CUT_MAX) { /* there may be more */
        f->want |= WR_RULESET_QUARANTINE;
        f->not_before_us = now_us() + REPAIR_US;
    }
    if (parts & WR_RULESET_TABLE) {
        wr_firecount_begin(&f->count);
        f->looked_us = 0; /* soon: a counter that has begun again is known by being less */
    }
    snprintf(f->note, sizeof(f->note), "%s", r->text);
    if (parts & WR_RULESET_NONE) {
        become(f, WR_FIREWALL_REMOVED);
        return;
    }
    if (f->state != WR_FIREWALL_IN_FORCE) {
        clear_mirror(f); /* as long as the owner had it removed all was granted */
    }
    become(f, WR_FIREWALL_IN_FORCE);
    tell_hairpins(f);
    if (failed) {
        note(f, WR_LOG_INFO, "in force again");
    }
    const char *why = changed_meanwhile(f, r);
    if (why != NULL) {
        repair(f, why);
    }
}

static void note_counts(struct wr_firewall *f, const struct wr_firehand_reply *r)
{
    if (r->counted) {
        wr_firecount_take(&f->count, &r->counts);
        wr_scoreboard_take(f->s, f->birth.board);
    }
}

/* The device whose address it is, if it is one's. */
static void name_top(const struct wr_firewall *f, const struct wr_conntracktop *top,
                     char ret_device[WR_DEVICES_CALLED_SIZE])
{
    const struct wr_census_device *d;
    uint32_t cursor = 0;
    ret_device[0] = 0;
    while ((d = wr_census_walk(wr_devices_machine(f->s->devices), &cursor)) != NULL) {
        for (unsigned i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
            if (wr_addr_same_ip(&d->address[i].addr, &top->addr)) {
                wr_devices_called(f->s, d->number, ret_device);
                return;
            }
        }
    }
}

static void note_load(struct wr_firewall *f, const struct wr_firehand_reply *r)
{
    enum wr_fireload_news news = wr_fireload_take(&f->load, &r->load);
    if (f->load.full && r->load.most != 0) {
        char device[WR_DEVICES_CALLED_SIZE], addr[WR_ADDR_TEXT_SIZE] = "";
        name_top(f, &r->top, device);
        if (!wr_devices_hides(f->s)) {
            wr_addr_to_text(&r->top.addr, addr, sizeof(addr));
        }
        wr_fireload_text(&f->load, &r->top, device, addr, f->full, sizeof(f->full));
    }
    if (news == WR_FIRELOAD_FULL) {
        note(f, WR_LOG_ERROR, f->full);
    } else if (news == WR_FIRELOAD_OVER) {
        note(f, WR_LOG_INFO, "the kernel's table of connections has room again");
    } else if (news == WR_FIRELOAD_UNKNOWN) {
        note(f, WR_LOG_WARN,
             "the kernel does not say any more whether its table of connections is full");
    }
    f->tracks_told = f->tracks_told && f->load.full;
    if (news != WR_FIRELOAD_NONE || f->tracks) {
        f->tracks = false;
        f->want |= WR_RULESET_TABLE;
        f->table_mark = mark_of(f, WR_RULESET_TABLE);
    }
}

/* Asks what the kernel has counted, if nothing is on its way. */
static void count(struct wr_firewall *f)
{
    if (f->state == WR_FIREWALL_IN_FORCE && f->doing == 0 && !f->counting && f->hand.fd >= 0) {
        f->looked_us = f->asked_us = now_us();
        f->counting = wr_firehand_count(&f->hand) == WR_OK;
    }
}

static void take(struct wr_firewall *f, int wait_ms)
{
    struct wr_firehand_reply r;
    int err = wr_firehand_read(&f->hand, wait_ms, &r);
    if (err == WR_E_AGAIN) {
        return;
    }
    if (err != WR_OK || r.number != f->hand.number) {
        wr_firewall_lose(f);
    } else if (f->counting) {
        f->counting = false;
        note_load(f, &r);
        note_counts(f, &r);
    } else if (f->doing != 0) {
        note_counts(f, &r);
        done(f, &r);
    }
    pump(f);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    take(poll->data, 0);
}

void wr_firewall_wait(struct wr_firewall *f, unsigned wait_ms)
{
    uint64_t end = now_us() + (uint64_t)wait_ms * WR_MS, now;
    pump(f);
    while ((f->doing != 0 || f->counting) && (now = now_us()) < end) {
        take(f, (int)((end - now) / WR_MS) + 1);
    }
}

/* --- the owner of it all --- */

/* A channel for each worker, its own end not to be waited for. Returns how many there are. */
static size_t make_channels(struct wr_firewall *f, size_t workers, int ret_hand[WR_WORKERS_MAX])
{
    size_t n = 0;
    for (int pair[2]; n < workers && n < WR_WORKERS_MAX &&
                      socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0;
         n++) {
        (void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
        f->lease_fd[n] = pair[0];
        ret_hand[n] = pair[1];
    }
    return n;
}

static int start_hand(struct wr_firewall *f)
{
    const struct wr_conf *c = f->s->conf;
    int ends[WR_WORKERS_MAX];
    f->birth = (struct wr_firehand_birth){.nft = c->firewall.nft,
                                          .channel = ends,
                                          .leases = c->firewall.leases,
                                          .way = {c->firewall.mark, c->firewall.route_table},
                                          .board = wr_firelook_share()};
    if (f->birth.board == NULL) {
        return WR_E_NOMEM;
    }
    f->birth.channels = make_channels(f, f->s->workers, ends);
    int err = wr_firehand_start(&f->birth, &f->hand);
    f->birth.channel = NULL;
    for (size_t i = 0; i < f->birth.channels; i++) {
        close(ends[i]);
        if (err != WR_OK) {
            close(f->lease_fd[i]);
            f->lease_fd[i] = -1;
        }
    }
    f->hand.leases = c->firewall.leases;
    f->hand.leases_device = c->firewall.leases_device;
    return err;
}

int wr_firewall_open(struct wr_serve *s, struct wr_firewall **ret_firewall)
{
    *ret_firewall = NULL;
    if (!s->conf->firewall.enabled) {
        return WR_OK;
    }
    struct wr_firewall *f = calloc(1, sizeof(*f));
    if (f == NULL) {
        return WR_E_NOMEM;
    }
    f->s = s;
    f->watch_fd = -1;
    for (size_t i = 0; i < WR_WORKERS_MAX; i++) {
        f->lease_fd[i] = -1;
    }
    int err = wr_scoreboard_open(s, &s->scoreboard);
    if (err != WR_OK) {
        free(f);
        return err;
    }
    err = start_hand(f);
    if (err != WR_OK) {
        snprintf(f->why, sizeof(f->why), "%s",
                 err == WR_E_DENIED
                     ? "the privilege is missing: start weir as root, or give the service "
                       "CAP_NET_ADMIN (of "
                       "systemd: examples/firewall.conf in the documentation, as a drop-in)"
                     : "the process that runs nft cannot be started");
    } else if (wr_nftwatch_open(&f->watch_fd) != WR_OK) {
        wr_say(WR_LOG_WARN, "firewall: changes by others cannot be heard here: %s",
               strerror(errno));
        f->watch_fd = -1;
    }
    *ret_firewall = f;
    return WR_OK;
}

int wr_firewall_lease_fd(const struct wr_serve *s, uint16_t worker)
{
    struct wr_firewall *f = s->firewall;
    if (f == NULL || worker >= WR_WORKERS_MAX) {
        return -1;
    }
    int fd = f->lease_fd[worker];
    f->lease_fd[worker] = -1;
    return fd;
}

/* Leases of devices behind other routers are by address. */
static void tell_known(struct wr_firewall *f)
{
    const struct wr_conf *c = f->s->conf;
    bool answered = false;
    for (size_t i = 0; i < c->segments.count; i++) {
        answered = answered || c->segments.items[i].reach != 0;
    }
    if (!answered || f->hand.fd < 0) {
        return;
    }
    size_t n = wr_firefacts_known(wr_devices_machine(f->s->devices), f->known, WR_LEASE_KNOWN_MAX);
    uint64_t mark = wr_firefacts_known_mark(f->known, n) | 1;
    if (mark != f->known_mark) {
        f->known_mark = mark;
        if (wr_firehand_know(&f->hand, f->known, n) != WR_OK) {
            wr_firewall_lose(f);
        }
    }
}

void wr_firewall_forget(struct wr_serve *s, const struct wr_census_device *d)
{
    struct wr_leaseknown who[WR_CENSUS_MARKS_MAX + WR_CENSUS_ADDRESSES_MAX];
    struct wr_firewall *f = s->firewall;
    if (f != NULL && f->hand.fd >= 0) {
        size_t n = wr_firefacts_parties(d, who, sizeof(who) / sizeof(who[0]));
        if (wr_firehand_forget(&f->hand, who, n) != WR_OK) {
            wr_firewall_lose(f);
        }
    }
}

void wr_firewall_begin(struct wr_serve *s)
{
    struct wr_firewall *f = s->firewall;
    if (f == NULL) {
        return;
    }
    f->want = WR_RULESET_TABLE;
    f->table_mark = mark_of(f, WR_RULESET_TABLE);
    f->quarantine_mark = mark_of(f, WR_RULESET_QUARANTINE);
    if (f->hand.fd < 0) {
        char why[sizeof(f->why)];
        memcpy(why, f->why, sizeof(why));
        f->why[0] = 0;
        fail(f, why);
        return;
    }
    wr_firewall_wait(f, BEGIN_MS);
}

void wr_firewall_count(struct wr_serve *s)
{
    struct wr_firewall *f = s->firewall;
    if (f != NULL) {
        wr_firewall_wait(f, WR_FIREWALL_SETTLE_MS);
        count(f);
        wr_firewall_wait(f, WR_FIREWALL_SETTLE_MS);
    }
}

int wr_firewall_run(struct wr_serve *s)
{
    struct wr_firewall *f = s->firewall;
    int err = wr_scoreboard_run(s);
    if (f == NULL || f->hand.fd < 0 || err != WR_OK) {
        return err;
    }
    if (uv_poll_init(&s->loop, &f->poll, f->hand.fd) != 0) {
        return WR_E_IO;
    }
    f->poll.data = f;
    uv_poll_start(&f->poll, UV_READABLE, on_poll);
    int fd = f->watch_fd;
    f->watch_fd = -1;
    return fd < 0 ? WR_OK : wr_nftwatch_start(&s->loop, fd, on_change, f, &f->watch);
}

void wr_firewall_look(struct wr_serve *s)
{
    struct wr_firewall *f = s->firewall;
    if (f == NULL || f->state == WR_FIREWALL_REMOVED) {
        return;
    }
    uint64_t mark = mark_of(f, WR_RULESET_QUARANTINE);
    if (mark != f->quarantine_mark) {
        f->quarantine_mark = mark;
        f->want |= WR_RULESET_QUARANTINE;
        f->not_before_us = 0; /* it waits for no repair */
    }
    uint64_t changes = s->muds != NULL ? wr_muds_changes(s->muds) : 0;
    if (changes != f->muds_looked) { /* a profile is in force, or whose it is comes in elsewhere */
        f->muds_looked = changes;
        mark = mark_of(f, WR_RULESET_TABLE);
        f->want |= mark != f->table_mark ? WR_RULESET_TABLE : 0;
        f->table_mark = mark;
    }
    tell_known(f);
    pump(f);
    if ((f->doing != 0 || f->counting) && now_us() - f->asked_us >= SILENT_US) {
        fail(f, "the process that runs nft does not answer; what it was asked for is waited for");
    }
    if (now_us() - f->looked_us >= LOOK_US) {
        count(f);
    }
}

void wr_firewall_configure(struct wr_serve *s)
{
    struct wr_firewall *f = s->firewall;
    if (f == NULL || f->state == WR_FIREWALL_REMOVED) {
        return;
    }
    uint64_t mark = mark_of(f, WR_RULESET_TABLE);
    f->want |= mark != f->table_mark ? WR_RULESET_TABLE : WR_RULESET_DOHS;
    f->hairpin_way = mark != f->table_mark ? WR_FIREWALL_TPROXY : f->hairpin_way;
    f->table_mark = mark;
    pump(f);
}

size_t wr_firewall_left(const struct wr_serve *s)
{
    return s->firewall != NULL ? s->firewall->left : 0;
}

bool wr_firewall_settle(struct wr_serve *s)
{
    struct wr_firewall *f = s->firewall;
    if (f == NULL) {
        return false;
    }
    wr_firewall_wait(f, WR_FIREWALL_SETTLE_MS);
    return f->state == WR_FIREWALL_IN_FORCE && f->doing == 0 && f->want == 0;
}

/* --- the owner's commands --- */

const char *wr_firewall_apply(struct wr_serve *s, char *why, size_t cap)
{
    struct wr_firewall *f = s->firewall;
    if (f == NULL) {
        snprintf(why, cap, WR_FIREWALL_OFF_WHY);
        return "off";
    }
    wr_firewall_wait(f, WR_FIREWALL_SETTLE_MS); /* for what is on its way */
    if (f->state == WR_FIREWALL_REMOVED) {
        become(f, WR_FIREWALL_WAITING);
    }
    f->want |= WR_RULESET_TABLE;
    f->hairpin_way = WR_FIREWALL_TPROXY;
    f->not_before_us = 0;
    if (!wr_firewall_settle(s)) {
        snprintf(why, cap, "%s", f->why[0] != 0 ? f->why : "nft has not answered yet");
        return "nft";
    }
    note(f, WR_LOG_INFO, "applied, by the control socket");
    return NULL;
}

const char *wr_firewall_remove(struct wr_serve *s, char *why, size_t cap)
{
    struct wr_firewall *f = s->firewall;
    if (f == NULL) {
        snprintf(why, cap,
                 "the firewall is off; what an earlier start has left is removed by "
                 "`nft delete table inet weir`");
        return "off";
    }
    wr_firewall_wait(f, WR_FIREWALL_SETTLE_MS);
    f->want = WR_RULESET_NONE;
    f->not_before_us = 0;
    f->note[0] = 0;
    wr_firewall_wait(f, WR_FIREWALL_SETTLE_MS);
    if (f->state != WR_FIREWALL_REMOVED) {
        snprintf(why, cap, "%s",
                 f->note[0] != 0  ? f->note
                 : f->hand.fd < 0 ? f->why
                                  : "nft has not answered yet");
        f->want |= WR_RULESET_TABLE; /* half a removal is none */
        return "nft";
    }
    note(f, WR_LOG_WARN, "removed by the control socket, until `weir firewall apply`");
    return NULL;
}

/* --- the end --- */

void wr_firewall_close(struct wr_firewall *f)
{
    if (f == NULL) {
        return;
    }
    wr_nftwatch_close(f->watch);
    f->watch = NULL;
    wr_scoreboard_close(f->s->scoreboard);
    if (f->poll.data != NULL) {
        uv_close((uv_handle_t *)&f->poll, NULL);
    }
}

void wr_firewall_free(struct wr_firewall *f)
{
    if (f == NULL) {
        return;
    }
    f->want = 0;
    wr_firewall_wait(f, END_MS);
    if (!f->s->conf->firewall.keep && f->hand.fd >= 0 && f->state != WR_FIREWALL_REMOVED) {
        f->want = WR_RULESET_NONE;
        f->not_before_us = 0;
        wr_firewall_wait(f, END_MS);
    }
    if (f->watch_fd >= 0) {
        close(f->watch_fd);
    }
    for (size_t i = 0; i < WR_WORKERS_MAX; i++) {
        if (f->lease_fd[i] >= 0) {
            close(f->lease_fd[i]);
        }
    }
    wr_firehand_stop(&f->hand);
    wr_firelook_unshare(f->birth.board);
    wr_scoreboard_free(f->s->scoreboard);
    f->s->scoreboard = NULL;
    free(f);
}
