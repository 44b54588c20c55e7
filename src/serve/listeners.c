/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/listeners.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "policy/hairpin.h"
#include "serve/say.h"

static const char *transport_name(uint8_t transport)
{
    static const char *const names[WR_CLIENT_TRANSPORTS] = {"UDP", "TCP", "TLS", "HTTPS", "QUIC"};
    return names[transport];
}

/* Does the gate's entry stand for a socket of this kind? */
static bool stands_for(const struct wr_gate_listener *g, uint8_t transport)
{
    return g->transport == transport ||
           (g->transport == WR_CLIENT_UDP && transport == WR_CLIENT_TCP);
}

/* The kernel's ports of TCP are others than those of UDP. */
static bool same_ports(uint8_t a, uint8_t b)
{
    return wr_client_has_datagrams(a) == wr_client_has_datagrams(b);
}

static bool same(const struct wr_listener_entry *e, const struct wr_addr *addr, uint8_t transport)
{
    return e->used && e->transport == transport && wr_addr_equal(&e->addr, addr);
}

/* None of serve/hairpin. */
static bool is_owners(const struct wr_listener_entry *e)
{
    return e->used && !wr_hairpin_is(&e->addr);
}

static bool is_open(const struct wr_listeners *l, const struct wr_addr *addr, uint8_t transport)
{
    for (unsigned i = 0; i < WR_NET_LISTENERS_MAX; i++) {
        if (same(&l->entry[i], addr, transport)) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(const struct wr_listeners *l, const struct wr_gate *gate,
                      const struct wr_listener_entry *e)
{
    for (uint32_t i = 0; i < gate->listeners; i++) {
        if (stands_for(&gate->listener[i], e->transport) &&
            wr_addr_equal(&gate->listener[i].addr, &e->addr)) {
            return true;
        }
    }
    for (unsigned i = 0; i < l->givens; i++) {
        if (l->given[i].transport == e->transport && wr_addr_equal(&l->given[i].addr, &e->addr)) {
            return true;
        }
    }
    return false;
}

/* The least number that is neither open nor about to be; one that is about to be closed is not used yet, because
 * answers of its last clients may be on their way. */
static int free_number(const struct wr_listeners *l, const struct wr_listeners_change *change)
{
    for (unsigned n = 0; n < WR_NET_LISTENERS_MAX; n++) {
        bool taken = l->entry[n].used;
        for (uint32_t i = 0; i < change->opens; i++) {
            taken = taken || change->open[i].number == n;
        }
        if (!taken) {
            return (int)n;
        }
    }
    return -1;
}

struct wr_crew_listen *wr_listeners_place(const struct wr_listeners *l, const struct wr_addr *addr,
                                          uint8_t transport, struct wr_listeners_change *change)
{
    int number = free_number(l, change);
    if (number < 0) {
        return NULL;
    }
    struct wr_crew_listen *open = &change->open[change->opens++];
    open->number = (uint16_t)number;
    open->transport = transport;
    open->addr = *addr;
    for (unsigned i = 0; i < WR_WORKERS_MAX; i++) {
        open->fd[i] = -1;
    }
    return open;
}

static void plan_open(const struct wr_listeners *l, const struct wr_addr *addr, uint8_t transport,
                      struct wr_listeners_change *change)
{
    if (is_open(l, addr, transport)) {
        return;
    }
    for (uint32_t i = 0; i < change->opens; i++) {
        if (change->open[i].transport == transport && wr_addr_equal(&change->open[i].addr, addr)) {
            return;
        }
    }
    if (wr_listeners_place(l, addr, transport, change) == NULL) {
        change->failed++;
        change->no_room++;
    }
}

void wr_listeners_plan(const struct wr_listeners *l, const struct wr_gate *gate,
                       struct wr_listeners_change *ret_change)
{
    memset(ret_change, 0, sizeof(*ret_change));
    for (unsigned n = 0; n < WR_NET_LISTENERS_MAX; n++) {
        if (is_owners(&l->entry[n]) && !is_wanted(l, gate, &l->entry[n])) {
            ret_change->close[ret_change->closes++] = (uint16_t)n;
        }
    }
    for (unsigned i = 0; i < l->givens; i++) {
        plan_open(l, &l->given[i].addr, l->given[i].transport, ret_change);
    }
    for (uint32_t i = 0; i < gate->listeners; i++) {
        plan_open(l, &gate->listener[i].addr, gate->listener[i].transport, ret_change);
        if (gate->listener[i].transport == WR_CLIENT_UDP) {
            plan_open(l, &gate->listener[i].addr, WR_CLIENT_TCP, ret_change);
        }
    }
}

static int given_fd(struct wr_listeners *l, const struct wr_crew_listen *open)
{
    for (unsigned i = 0; i < l->givens; i++) {
        struct wr_notify_socket *g = &l->given[i];
        if (g->fd >= 0 && g->transport == open->transport && wr_addr_equal(&g->addr, &open->addr)) {
            int fd = g->fd;
            g->fd = -1; /* the entry stays: the address is wanted as long as weir runs */
            return fd;
        }
    }
    return -1;
}

static void close_all(struct wr_crew_listen *open)
{
    for (unsigned i = 0; i < WR_WORKERS_MAX; i++) {
        if (open->fd[i] >= 0) {
            close(open->fd[i]);
            open->fd[i] = -1;
        }
    }
}

static bool is_missing(const struct wr_listeners *l, const struct wr_crew_listen *open,
                       const struct wr_listener_missing **ret_before)
{
    for (uint32_t i = 0; i < l->missings; i++) {
        const struct wr_listener_missing *m = &l->missing[i];
        if (m->transport == open->transport && wr_addr_equal(&m->addr, &open->addr)) {
            *ret_before = m;
            return true;
        }
    }
    return false;
}

/* A listener of ours has the port already, for all addresses or for one of them: nobody else can have it, and to ask for it alone
 * would fail because of our own. */
static bool overlaps(const struct wr_listeners *l, const struct wr_crew_listen *open)
{
    for (unsigned n = 0; n < WR_NET_LISTENERS_MAX; n++) {
        const struct wr_listener_entry *e = &l->entry[n];
        if (e->used && same_ports(e->transport, open->transport) &&
            e->addr.family == open->addr.family && e->addr.port == open->addr.port &&
            (wr_addr_is_any(&e->addr) || wr_addr_is_any(&open->addr))) {
            return true;
        }
    }
    return false;
}

static bool claims_same(uint8_t a_transport, const struct wr_addr *a, uint8_t b_transport,
                        const struct wr_addr *b)
{
    return same_ports(a_transport, b_transport) && a->family == b->family && a->port == b->port &&
           (wr_addr_equal(a, b) || wr_addr_is_any(a) || wr_addr_is_any(b));
}

/* The listener of ours that has the port of `open` already, open since before or just now; false: somebody else has it. */
static bool find_rival(const struct wr_listeners *l, const struct wr_listeners_change *change,
                       uint32_t opened, const struct wr_crew_listen *open,
                       struct wr_listener_entry *ret_rival)
{
    for (uint32_t i = 0; i < opened; i++) {
        const struct wr_crew_listen *o = &change->open[i];
        if (claims_same(o->transport, &o->addr, open->transport, &open->addr)) {
            *ret_rival = (struct wr_listener_entry){true, o->transport, o->addr};
            return true;
        }
    }
    for (unsigned n = 0; n < WR_NET_LISTENERS_MAX; n++) {
        const struct wr_listener_entry *e = &l->entry[n];
        if (is_owners(e) && claims_same(e->transport, &e->addr, open->transport, &open->addr)) {
            *ret_rival = *e;
            return true;
        }
    }
    return false;
}

static void explain_rival(const struct wr_crew_listen *open, const struct wr_listener_entry *rival,
                          struct wr_sock_error *error)
{
    char text[WR_ADDR_TEXT_SIZE];
    wr_addr_to_text(&rival->addr, text, sizeof(text));
    snprintf(error->text, sizeof(error->text),
             "weir itself has that port, for its listener of %s at %s: two of its listeners want "
             "the same, give the one of %s another address or port",
             transport_name(rival->transport), text, transport_name(open->transport));
}

/* WR_OK, or why not is in `error`. */
static int open_one(struct wr_listeners *l, struct wr_helper *helper, uint16_t workers, bool brief,
                    struct wr_crew_listen *open, struct wr_sock_error *error)
{
    int given = given_fd(l, open), err = WR_OK;
    bool probe = !overlaps(l, open);
    for (uint16_t i = 0; i < workers && err == WR_OK; i++) {
        const struct wr_helper_how how = {.probe = probe && i == 0, .brief = brief};
        if (given >= 0) {
            open->fd[i] = i == 0 ? given : fcntl(given, F_DUPFD_CLOEXEC, 0);
            err = open->fd[i] < 0 ? WR_E_IO : WR_OK;
        } else {
            err = wr_helper_listen(helper, (enum wr_client_transport)open->transport, &open->addr,
                                   &how, &open->fd[i], error);
        }
    }
    if (err != WR_OK) {
        if (error->text[0] == 0) {
            snprintf(error->text, sizeof(error->text), "%s", wr_err_name(err));
        }
        close_all(open);
    }
    return err;
}

void wr_listeners_tell(const struct wr_listener_missing *m, char *ret_text, size_t cap)
{
    char text[WR_ADDR_TEXT_SIZE];
    wr_addr_to_text(&m->addr, text, sizeof(text));
    snprintf(ret_text, cap, "cannot listen on %s over %s: %s", text, transport_name(m->transport),
             m->why);
}

static void say_missing(struct wr_listener_missing *m)
{
    char text[sizeof(m->why) + 128];
    wr_listeners_tell(m, text, sizeof(text));
    wr_say(WR_LOG_ERROR, "%s", text);
    m->said = true;
}

void wr_listeners_say(struct wr_listeners *l)
{
    for (uint32_t i = 0; i < l->missings; i++) {
        if (!l->missing[i].said) {
            say_missing(&l->missing[i]);
        }
    }
}

/* The kernel may be looking whether somebody else has it. */
static bool may_come_by_itself(const struct wr_listener_missing *m)
{
    return m->addr.family == WR_AF_V6 && m->err == WR_E_NOTFOUND &&
           m->tries < WR_LISTENERS_QUIET_TRIES;
}

static void say_found(const struct wr_crew_listen *open)
{
    char text[WR_ADDR_TEXT_SIZE];
    wr_addr_to_text(&open->addr, text, sizeof(text));
    wr_say(WR_LOG_INFO, "listening on %s over %s now", text, transport_name(open->transport));
}

void wr_listeners_open(struct wr_listeners *l, struct wr_helper *helper, uint16_t workers,
                       bool again, struct wr_listeners_change *change)
{
    struct wr_listener_missing now[WR_NET_LISTENERS_MAX];
    uint32_t kept = 0, missings = 0;
    for (uint32_t i = 0; i < change->opens; i++) {
        struct wr_crew_listen *open = &change->open[i];
        const struct wr_listener_missing *before = NULL;
        struct wr_sock_error error = {.number = 0};
        bool known = is_missing(l, open, &before);
        struct wr_listener_entry rival;
        bool own = find_rival(l, change, kept, open, &rival);
        int err = open_one(l, helper, workers, own || (again && known), open, &error);
        if (err != WR_OK) {
            if (own && err == WR_E_BUSY) {
                explain_rival(open, &rival, &error);
            }
            struct wr_listener_missing *m = &now[missings++];
            *m = (struct wr_listener_missing){
                .transport = open->transport, .addr = open->addr, .err = err};
            /* Who holds the port is known from the first try. */
            const char *why = again && known && before->err == err ? before->why : error.text;
            memcpy(m->why, why, sizeof(m->why));
            m->said = known && before->said;
            m->tries = known ? (uint8_t)(before->tries + (again && !m->said)) : 0;
            if (!m->said && !may_come_by_itself(m)) {
                say_missing(m);
            }
            change->failed++;
            continue;
        }
        if (known) {
            say_found(open);
        }
        if (kept != i) {
            change->open[kept] = *open;
        }
        kept++;
    }
    if (change->no_room > 0 && !again) {
        wr_say(WR_LOG_WARN, "no room for %u more listeners until others are closed",
               (unsigned)change->no_room);
    }
    change->opens = kept;
    memcpy(l->missing, now, missings * sizeof(now[0]));
    l->missings = missings;
}

/* Can anybody reach us there? Without a list of the machine's addresses the careful answer is yes. */
static bool is_here(const struct wr_gate_world *world, const struct wr_addr *addr)
{
    if (wr_addr_is_any(addr) || wr_addr_is_loopback(addr) || world->locals == 0) {
        return true;
    }
    for (uint32_t i = 0; i < world->locals; i++) {
        if (wr_addr_same_ip(&world->local[i].addr, addr)) {
            return true;
        }
    }
    return false;
}

void wr_listeners_hold(const struct wr_listeners *l, const struct wr_gate_world *world,
                       struct wr_listeners_change *change)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < change->closes; i++) {
        bool stays =
            change->failed > change->no_room && is_here(world, &l->entry[change->close[i]].addr);
        change->held += stays;
        if (!stays) {
            change->close[kept++] = change->close[i];
        }
    }
    change->closes = kept;
}

void wr_listeners_settle(struct wr_listeners *l, const struct wr_listeners_change *change)
{
    for (uint32_t i = 0; i < change->closes; i++) {
        l->entry[change->close[i]].used = false;
    }
    for (uint32_t i = 0; i < change->opens; i++) {
        const struct wr_crew_listen *open = &change->open[i];
        l->entry[open->number] = (struct wr_listener_entry){true, open->transport, open->addr};
    }
}

uint32_t wr_listeners_after(const struct wr_listeners *l, const struct wr_listeners_change *change,
                            struct wr_listener_entry *ret_entry)
{
    struct wr_listeners after;
    uint32_t count = 0;
    memcpy(after.entry, l->entry, sizeof(after.entry));
    if (change != NULL) {
        wr_listeners_settle(&after, change);
    }
    for (unsigned n = 0; n < WR_NET_LISTENERS_MAX; n++) {
        if (is_owners(&after.entry[n])) {
            ret_entry[count++] = after.entry[n];
        }
    }
    return count;
}

uint32_t wr_listeners_count(const struct wr_listeners *l)
{
    uint32_t count = 0;
    for (unsigned n = 0; n < WR_NET_LISTENERS_MAX; n++) {
        count += is_owners(&l->entry[n]);
    }
    return count;
}

uint32_t wr_listeners_wanted(const struct wr_listeners *l, const struct wr_gate *gate)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < gate->listeners; i++) {
        bool seen = false;
        for (uint32_t k = 0; k < i; k++) {
            seen = seen || (gate->listener[k].transport == gate->listener[i].transport &&
                            wr_addr_equal(&gate->listener[k].addr, &gate->listener[i].addr));
        }
        count += seen ? 0 : gate->listener[i].transport == WR_CLIENT_UDP ? 2 : 1;
    }
    for (unsigned i = 0; i < l->givens; i++) {
        bool seen = false;
        for (uint32_t k = 0; k < gate->listeners; k++) {
            seen = seen || (stands_for(&gate->listener[k], l->given[i].transport) &&
                            wr_addr_equal(&gate->listener[k].addr, &l->given[i].addr));
        }
        count += !seen;
    }
    return count;
}

uint32_t wr_listeners_right(const struct wr_listeners *l, const struct wr_gate *gate)
{
    uint32_t count = 0;
    for (unsigned n = 0; n < WR_NET_LISTENERS_MAX; n++) {
        count += is_owners(&l->entry[n]) && is_wanted(l, gate, &l->entry[n]);
    }
    return count;
}
