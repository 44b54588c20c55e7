/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/firehand.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "net/bridged.h"
#include "net/conntrack.h"
#include "net/markroute.h"
#include "net/nftdump.h"
#include "policy/rulesethairpin.h"
#include "policy/rulesetlease.h"
#include "serve/caps.h"
#include "serve/fireload.h"
#include "serve/helper.h"
#include "serve/leasehand.h"
#include "serve/nftrun.h"

#define MAGIC 0x77666972u
/* Items in one message, and leases. */
#define BATCH  64
#define LEASES 64
/* Looks whether nft has ended, and how long apart; what is done every second; likewise at the end of the hand itself. */
#define LOOK_MS     2
#define TICK_MS     1000
#define END_LOOKS   30
#define END_LOOK_MS 10
#define PRIORITY    (-10)
/* A list of leases comes in one go, but so many messages at most between two looks at what the workers ask. */
#define LIST_MS   2000
#define LIST_TURN 8

enum op { OP_ITEMS = 1, OP_APPLY, OP_COUNT, OP_LEASES, OP_KNOWN, OP_FORGET };

struct request {
    uint32_t magic;
    uint32_t number;
    uint8_t op, parts;
    uint16_t count;
    uint32_t leases, leases_device, scarce_s; /* of APPLY (wr_leasehand_bound) */
    uint32_t each; /* of LEASES: every lease, else a count for each device */
    uint32_t last; /* of KNOWN: these are the last */
    union {
        struct wr_ruleset_item item[BATCH]; /* of ITEMS */
        struct wr_leaseknown known[BATCH];  /* of KNOWN, and whose leases end of FORGET */
    };
};

/* The answer to LEASES, some of them. */
struct leases {
    uint32_t magic, number;
    uint32_t count, last;
    struct wr_firehand_lease item[LEASES];
};

/* What is done while requests of others come. */
enum step {
    STEP_NONE = 0,
    STEP_SETS,  /* nft makes the sets of leases, so that they are full when the rules come */
    STEP_PARTS, /* nft writes what was asked for */
};

struct hand {
    const struct wr_firehand_birth *birth;
    struct wr_ruleset_item item[WR_RULESET_ITEMS_MAX];
    size_t count;
    char text[WR_RULESET_TEXT_MAX];
    char said[WR_NFTRUN_SAID_MAX];
    size_t said_size;
    enum step step;
    bool anew; /* the table was taken away first, for it could not be written over */
    unsigned parts;
    struct wr_nftrun run;
    struct wr_firehand_reply reply;
    struct wr_leasehand *leases;               /* NULL: none can be had here */
    struct pollfd channel[1 + WR_WORKERS_MAX]; /* the main thread's, then the workers' */
    int dump;                                  /* a socket for what the kernel has counted; -1 */
    bool
        loadless; /* the kernel cannot say how many connections there are, and is not asked again */
    bool lists, each; /* leases are told, each, from there on */
    uint32_t cursor;
    struct leases list; /* some that are on their way */
};

/* --- the child --- */

static bool is_sound(const struct request *r, ssize_t size)
{
    if (size != (ssize_t)sizeof(*r) || r->magic != MAGIC || r->op < OP_ITEMS || r->op > OP_FORGET ||
        r->count > (r->op == OP_ITEMS || r->op >= OP_KNOWN ? BATCH : 0) ||
        (r->op == OP_APPLY) != (r->parts != 0) || r->parts >= 2 * WR_RULESET_NONE) {
        return false;
    }
    for (unsigned i = 0; i < r->count && r->op == OP_ITEMS; i++) {
        if (!wr_ruleset_is_sound(&r->item[i])) {
            return false;
        }
    }
    return true;
}

static _Noreturn void end(void)
{
    _exit(1);
}

static void send_all(const struct hand *h, const void *bytes, size_t n)
{
    if (send(h->channel[0].fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n) {
        end();
    }
}

/* What is in force for new packets is made so for connections that are there. */
static void cut_connections(struct hand *h)
{
    static struct wr_addr addr[WR_RULESET_ITEMS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < h->count; i++) {
        if (h->item[i].kind == WR_RULESET_ADDRESS) {
            addr[n] = h->item[i].prefix.addr;
            addr[n++].scope = 0; /* the list has none */
        }
    }
    if (n > 0 && wr_conntrack_cut(addr, n, &h->reply.cut) != WR_OK) {
        /* The rules drop its packets all the same, but for those that a flow table carries past them. */
        snprintf(h->reply.text, sizeof(h->reply.text),
                 "open connections are dropped but not forgotten: %s", strerror(errno));
    }
}

static bool wants_leases(const struct hand *h)
{
    return (h->parts & WR_RULESET_TABLE) != 0 && wr_rulesetlease_wanted(h->item, h->count);
}

static bool wants_way(const struct hand *h)
{
    return (h->parts & WR_RULESET_TABLE) != 0 && wr_rulesethairpin_wanted(h->item, h->count);
}

static void answer(struct hand *h, int err)
{
    h->step = STEP_NONE;
    h->count = 0;
    h->reply.err = err;
    h->reply.lease_port = h->leases != NULL ? wr_leasehand_port(h->leases) : 0;
    h->reply.lease_refused = h->leases != NULL ? wr_leasehand_refused(h->leases) : 0;
    h->reply.leases = h->leases != NULL ? wr_leaselist_count(wr_leasehand_list(h->leases)) : 0;
    send_all(h, &h->reply, sizeof(h->reply));
}

/* Writes the text and starts nft on it. */
static int start_parts(struct hand *h, unsigned parts)
{
    struct wr_str text;
    wr_str_init(&text, h->text, sizeof(h->text));
    if (wants_way(h)) {
        wr_rulesethairpin_define(&text, h->birth->way.mark);
    }
    int err = wr_ruleset_text(h->item, h->count, parts, &text);
    if (err != WR_OK) {
        snprintf(h->reply.text, sizeof(h->reply.text), "the rules are longer than %zu MiB",
                 WR_RULESET_TEXT_MAX >> 20);
        return err;
    }
    err = wr_nftrun_start(&h->run, h->birth->nft, text.base, text.len, h->reply.text);
    h->reply.port[1] = h->reply.port[0];
    h->reply.port[0] = err == WR_OK ? (uint32_t)h->run.pid : 0;
    return err;
}

static void begin_step(struct hand *h, enum step step, unsigned parts)
{
    h->step = step;
    int err = start_parts(h, parts);
    if (err != WR_OK) {
        answer(h, err);
    }
}

/* An interface of a segment that wants hairpins, where these would be lost; NULL: none. */
static const char *losing(const struct hand *h)
{
    bool wants[WR_SEGMENTS_MAX] = {false};
    for (size_t i = 0; i < h->count; i++) {
        const struct wr_ruleset_item *item = &h->item[i];
        if (item->kind == WR_RULESET_SEGMENT) {
            wants[item->segment] = (item->flags & WR_RULESET_HAIRPINS) != 0;
        }
    }
    for (size_t i = 0; i < h->count; i++) {
        const struct wr_ruleset_item *item = &h->item[i];
        if (item->kind == WR_RULESET_INTERFACE && wants[item->segment] &&
            wr_bridged_is(item->interface) && wr_bridged_is_filtered("", item->interface)) {
            return item->interface;
        }
    }
    return NULL;
}

static void begin_apply(struct hand *h, unsigned parts)
{
    const char *lost = losing(h);
    if (lost != NULL) {
        snprintf(
            h->reply.text, sizeof(h->reply.text),
            "br_netfilter shows what comes by the bridge %s to the packet filter too early: set "
            "net.bridge.bridge-nf-call-iptables and -ip6tables to 0, then `weir firewall apply`",
            lost);
        answer(h, WR_E_FORMAT);
        return;
    }
    h->parts = parts;
    h->anew = false;
    if (wants_way(h) && wr_markroute_make(&h->birth->way) != WR_OK) {
        snprintf(h->reply.text, sizeof(h->reply.text), "no way for marked packets (table %u): %s",
                 (unsigned)h->birth->way.table, strerror(errno));
        answer(h, WR_E_IO);
    } else if (!wants_leases(h)) {
        begin_step(h, STEP_PARTS, parts);
    } else if (h->leases == NULL) {
        snprintf(h->reply.text, sizeof(h->reply.text), "no leases can be had here: %s",
                 strerror(ENOMEM));
        answer(h, WR_E_NOMEM);
    } else if (wr_leasehand_recall(h->leases) != WR_OK || wr_leasehand_fill(h->leases) != WR_OK) {
        begin_step(h, STEP_SETS, WR_RULESET_LEASES);
    } else {
        begin_step(h, STEP_PARTS, parts);
    }
}

/* A flow that went to another's resolver before, and has the gateway's address since then, would come with that: it begins anew. */
static void settle_way(struct hand *h)
{
    uint32_t cut = 0;
    if (!wants_way(h)) {
        (void)wr_markroute_remove(&h->birth->way); /* of no use, and of no harm where it stays */
    } else if (wr_conntrack_cut_changed(WR_HAIRPIN_PORT, &cut) != WR_OK) {
        snprintf(h->reply.text, sizeof(h->reply.text),
                 "flows to resolvers of others are not forgotten, and are refused: %s",
                 strerror(errno));
    }
}

/* An nft that does not know how refuses that, and the table stays as it was: taken away it would hold nobody back. */
static bool is_untracked(const struct hand *h)
{
    bool is = false;
    for (size_t i = 0; i < h->count && !is; i++) {
        is = h->item[i].kind == WR_RULESET_UDP && (h->item[i].flags & WR_RULESET_UNTRACKED) != 0;
    }
    return is;
}

static void end_parts(struct hand *h, int err)
{
    bool leases = wants_leases(h);
    if (err == WR_E_FORMAT && leases && !h->anew && !is_untracked(h)) {
        /* It is in a state that cannot be written over. */
        h->anew = true;
        h->reply.text[0] = 0;
        begin_step(h, STEP_SETS, WR_RULESET_NONE | WR_RULESET_LEASES);
        return;
    }
    if ((h->parts & (WR_RULESET_TABLE | WR_RULESET_NONE)) != 0 && h->leases != NULL) {
        wr_leasehand_hold(h->leases, leases || err != WR_OK);
    }
    if (err == WR_OK && (h->parts & (WR_RULESET_TABLE | WR_RULESET_NONE)) != 0) {
        settle_way(h);
    }
    if (err == WR_OK && (h->parts & (WR_RULESET_TABLE | WR_RULESET_QUARANTINE)) != 0) {
        cut_connections(h);
    }
    answer(h, err);
}

static void end_sets(struct hand *h, int err)
{
    if (err == WR_OK &&
        (wr_leasehand_recall(h->leases) != WR_OK || wr_leasehand_fill(h->leases) != WR_OK)) {
        snprintf(h->reply.text, sizeof(h->reply.text), "the kernel takes no leases: %s",
                 strerror(errno));
        err = WR_E_IO;
    }
    if (err != WR_OK) {
        end_parts(h, h->anew ? err : WR_E_FORMAT);
    } else {
        begin_step(h, STEP_PARTS, h->parts);
    }
}

static void look_at_nft(struct hand *h)
{
    int err = wr_nftrun_look(&h->run, h->said, &h->said_size, h->reply.text);
    if (err == WR_E_AGAIN) {
        return;
    }
    if (h->step == STEP_SETS) {
        end_sets(h, err);
    } else {
        end_parts(h, err);
    }
}

/* --- leases that are looked at --- */

static bool next_party(const struct wr_leaselist *list, uint32_t *cursor,
                       struct wr_firehand_lease *one)
{
    const struct wr_leaselist_party *p = wr_leaselist_parties(list, cursor);
    if (p == NULL) {
        return false;
    }
    one->ifindex = p->ifindex;
    one->routed = p->routed;
    one->family = p->family;
    one->count = p->count;
    memcpy(one->who, p->who, sizeof(one->who));
    return true;
}

static bool next_lease(const struct wr_leaselist *list, uint32_t *cursor, uint64_t now_ms,
                       struct wr_firehand_lease *one)
{
    const struct wr_leaselist_entry *e;
    do {
        e = wr_leaselist_walk(list, cursor);
    } while (e != NULL && (e->until_ms <= now_ms || e->state == WR_LEASELIST_LEAVING));
    if (e == NULL) {
        return false;
    }
    one->ifindex = e->key.ifindex;
    one->routed = e->key.kind >= WR_RULESETLEASE_ROUTED;
    one->family = e->key.family;
    one->protocol = e->key.protocol;
    one->port = e->key.port;
    one->left_s = (uint32_t)((e->until_ms - now_ms + 999) / 1000);
    memcpy(one->who, e->key.who, sizeof(one->who));
    memcpy(one->dest, e->key.dest, sizeof(one->dest));
    return true;
}

static void fill_list(struct hand *h)
{
    const struct wr_leaselist *list = h->leases != NULL ? wr_leasehand_list(h->leases) : NULL;
    struct leases *m = &h->list;
    uint64_t now_ms = wr_leasehand_now_ms();
    m->last = list == NULL;
    while (m->count < LEASES && !m->last) {
        struct wr_firehand_lease one = {.count = 0};
        bool is = h->each ? next_lease(list, &h->cursor, now_ms, &one)
                          : next_party(list, &h->cursor, &one);
        m->last = !is;
        if (is) {
            m->item[m->count++] = one;
        }
    }
}

/* As much of it as who asked has room for: a turn is for the workers' asks first, and nobody waits for who reads the list. */
static void list_some(struct hand *h)
{
    for (unsigned i = 0; i < LIST_TURN && h->lists; i++) {
        if (h->list.count == 0) {
            fill_list(h);
        }
        ssize_t n = send(h->channel[0].fd, &h->list, sizeof(h->list), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (n != (ssize_t)sizeof(h->list)) {
            end();
        }
        h->lists = !h->list.last;
        h->list.count = 0;
    }
}

static void begin_list(struct hand *h, const struct request *r)
{
    h->list = (struct leases){.magic = MAGIC, .number = r->number};
    h->lists = true;
    h->each = r->each;
    h->cursor = 0;
}

/* --- requests --- */

static void look_at_load(struct hand *h)
{
    struct wr_firehand_reply *r = &h->reply;
    if (!h->loadless && wr_conntrackload_ask(h->dump, &r->load) != WR_OK) {
        /* EINVAL: it knows no such question, and has looked for a module that does. */
        h->loadless = errno == EOPNOTSUPP || errno == ENOENT || errno == EINVAL;
    }
    if (wr_fireload_is_tight(&r->load)) {
        (void)wr_conntrackload_top(&r->top); /* or nobody is named */
    }
}

static int look(struct hand *h)
{
    look_at_load(h);
    int err = wr_firelook(h->dump, &h->reply.counts, h->birth->board);
    h->reply.counted = err == WR_OK;
    return err;
}

static void carry_out(struct hand *h, const struct request *r)
{
    memset(&h->reply, 0, sizeof(h->reply));
    h->reply.magic = MAGIC;
    h->reply.number = r->number;
    if (h->leases != NULL && r->op == OP_APPLY) {
        wr_leasehand_bound(h->leases, r->leases, r->leases_device, r->scarce_s);
    }
    if (r->op == OP_APPLY) {
        if ((r->parts & (WR_RULESET_TABLE | WR_RULESET_NONE)) != 0) {
            (void)look(h); /* the counts of what goes; perhaps there is nothing */
        }
        begin_apply(h, r->parts);
    } else if (r->op == OP_LEASES) {
        begin_list(h, r);
    } else {
        answer(h, look(h));
    }
}

static void take_request(struct hand *h)
{
    static struct request r;
    ssize_t size = recv(h->channel[0].fd, &r, sizeof(r), MSG_TRUNC | MSG_DONTWAIT);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (size <= 0 || !is_sound(&r, size) ||
        (r.op == OP_ITEMS && h->count + r.count > WR_RULESET_ITEMS_MAX)) {
        _exit(size == 0 ? 0 : 1);
    }
    if (r.op == OP_ITEMS) {
        memcpy(h->item + h->count, r.item, r.count * sizeof(r.item[0]));
        h->count += r.count;
    } else if (r.op == OP_KNOWN) {
        if (h->leases != NULL && !wr_leasehand_known(h->leases, r.known, r.count, r.last != 0)) {
            end();
        }
    } else if (r.op == OP_FORGET) {
        if (h->leases != NULL) {
            wr_leasehand_forget(h->leases, r.known, r.count);
        }
    } else {
        carry_out(h, &r);
    }
}

/* While nft works, which begins anew when rules change under it, leases come together for a moment; else at once. */
static void turn(struct hand *h)
{
    bool busy = h->step != STEP_NONE;
    size_t workers = h->birth->channels;
    h->channel[0].events = busy ? 0 : h->lists ? POLLOUT : POLLIN;
    if (busy) {
        (void)poll(NULL, 0, LOOK_MS);
    }
    (void)poll(h->channel, 1 + workers, busy ? 0 : TICK_MS);
    if (h->leases != NULL) {
        wr_leasehand_serve(h->leases, h->channel + 1, workers);
        wr_leasehand_tick(h->leases);
    }
    if (busy) {
        look_at_nft(h);
    } else if (h->lists && h->channel[0].revents != 0) {
        list_some(h);
    } else if (h->channel[0].revents != 0) {
        take_request(h);
    }
}

static void serve_requests(int fd, const void *user)
{
    struct hand *h = calloc(1, sizeof(*h));
    if (h == NULL) {
        end();
    }
    h->birth = user;
    h->loadless = wr_nftdump_open(&h->dump) != WR_OK;
    for (size_t i = 0; i < 1 + h->birth->channels; i++) {
        h->channel[i] = (struct pollfd){.fd = fd + (int)i, .events = POLLIN};
    }
    if (wr_leasehand_create(h->birth->leases, &h->leases) != WR_OK) {
        h->leases = NULL;
    }
    for (;;) {
        turn(h);
    }
}

/* Answers wait for it: its turn comes before that of others, where the start may say so (root). */
static int keep_privilege(void)
{
    (void)setpriority(PRIO_PROCESS, 0, PRIORITY);
    return wr_caps_keep_admin();
}

/* --- the parent --- */

int wr_firehand_start(const struct wr_firehand_birth *how, struct wr_firehand *ret_hand)
{
    const struct wr_helper_birth birth = {"weir-firewall", keep_privilege, serve_requests, how,
                                          how->channel,    how->channels};
    *ret_hand = (struct wr_firehand){.fd = -1};
    return wr_caps_can_admin() ? wr_helper_fork(&birth, &ret_hand->fd, &ret_hand->pid)
                               : WR_E_DENIED;
}

static int ask(struct wr_firehand *h, struct request *r)
{
    r->magic = MAGIC;
    r->number = r->op == OP_ITEMS || r->op >= OP_KNOWN ? 0 : ++h->number;
    for (;;) {
        if (h->fd < 0) {
            return WR_E_CLOSED;
        }
        ssize_t n = send(h->fd, r, sizeof(*r), MSG_NOSIGNAL);
        if (n == (ssize_t)sizeof(*r)) {
            return WR_OK;
        }
        /* In a loop it does not block, and many facts are more than a socket holds: the child takes them as they come. */
        struct pollfd p = {.fd = h->fd, .events = POLLOUT};
        if (n >= 0 || (errno != EINTR && errno != EAGAIN) ||
            (errno == EAGAIN && poll(&p, 1, WR_HELPER_WAIT_MS) == 0)) {
            return WR_E_CLOSED;
        }
    }
}

int wr_firehand_apply(struct wr_firehand *h, const struct wr_ruleset_item *item, size_t count,
                      unsigned parts)
{
    int err = WR_OK;
    for (size_t at = 0; at < count && err == WR_OK;) {
        struct request r = {.op = OP_ITEMS};
        size_t n = count - at < BATCH ? count - at : BATCH;
        memcpy(r.item, item + at, n * sizeof(item[0]));
        r.count = (uint16_t)n;
        at += n;
        err = ask(h, &r);
    }
    struct request r = {.op = OP_APPLY,
                        .parts = (uint8_t)parts,
                        .leases = h->leases,
                        .leases_device = h->leases_device,
                        .scarce_s = h->scarce_s};
    return err == WR_OK ? ask(h, &r) : err;
}

static int send_known(struct wr_firehand *h, enum op op, const struct wr_leaseknown *known,
                      size_t count)
{
    int err;
    do {
        struct request r = {.op = (uint8_t)op};
        size_t n = count < BATCH ? count : BATCH;
        memcpy(r.known, known, n * sizeof(known[0]));
        r.count = (uint16_t)n;
        r.last = n == count;
        known += n;
        count -= n;
        err = ask(h, &r);
    } while (err == WR_OK && count > 0);
    return err;
}

int wr_firehand_know(struct wr_firehand *h, const struct wr_leaseknown *known, size_t count)
{
    return send_known(h, OP_KNOWN, known, count);
}

int wr_firehand_forget(struct wr_firehand *h, const struct wr_leaseknown *who, size_t count)
{
    return send_known(h, OP_FORGET, who, count);
}

int wr_firehand_count(struct wr_firehand *h)
{
    struct request r = {.op = OP_COUNT};
    return ask(h, &r);
}

/* One message. WR_E_AGAIN: none within wait_ms; WR_E_CLOSED: it has ended, or talks nonsense. */
static int receive(const struct wr_firehand *h, int wait_ms, void *ret, size_t size)
{
    struct pollfd p = {.fd = h->fd, .events = POLLIN};
    if (h->fd < 0) {
        return WR_E_CLOSED;
    }
    int ready;
    do {
        ready = poll(&p, 1, wait_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) {
        return WR_E_AGAIN;
    }
    ssize_t n = recv(h->fd, ret, size, MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return WR_E_AGAIN;
    }
    uint32_t magic = 0;
    memcpy(&magic, ret, sizeof(magic));
    return n == (ssize_t)size && magic == MAGIC ? WR_OK : WR_E_CLOSED;
}

int wr_firehand_read(struct wr_firehand *h, int wait_ms, struct wr_firehand_reply *ret_reply)
{
    int err = receive(h, wait_ms, ret_reply, sizeof(*ret_reply));
    if (err == WR_OK) {
        ret_reply->text[sizeof(ret_reply->text) - 1] = 0;
    }
    return err;
}

int wr_firehand_leases(struct wr_firehand *h, bool each, wr_firehand_lease_hook *hook, void *user)
{
    struct request r = {.op = OP_LEASES, .each = each};
    struct leases m = {.last = 0};
    int err = ask(h, &r);
    while (err == WR_OK && !m.last) {
        err = receive(h, LIST_MS, &m, sizeof(m));
        if (err != WR_OK || m.number != h->number || m.count > LEASES) {
            return WR_E_CLOSED; /* what comes later would be taken for something else */
        }
        for (uint32_t i = 0; i < m.count; i++) {
            hook(user, &m.item[i]);
        }
    }
    return err;
}

void wr_firehand_stop(struct wr_firehand *h)
{
    if (h->fd >= 0) {
        close(h->fd); /* the child reads end of file */
        h->fd = -1;
    }
    for (unsigned i = 0; i < END_LOOKS && h->pid > 0; i++) {
        pid_t got = waitpid(h->pid, NULL, WNOHANG);
        if (got > 0 || (got < 0 && errno == ECHILD)) {
            h->pid = 0;
        } else {
            (void)poll(NULL, 0, END_LOOK_MS);
        }
    }
}
