/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/listeners.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "serve/say.h"

static const char *const transport_names[] = {"UDP", "TCP"};

static bool same(const struct wr_listener_entry *e, const struct wr_addr *addr, uint8_t transport)
{
    return e->used && e->transport == transport && wr_addr_equal(&e->addr, addr);
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
        if (wr_addr_equal(&gate->listener[i].addr, &e->addr)) {
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
    int number = free_number(l, change);
    if (number < 0) {
        change->failed++;
        wr_say(WR_LOG_ERROR,
               "no room for more listeners: reload once more, or listen on fewer addresses");
        return;
    }
    struct wr_crew_listen *open = &change->open[change->opens++];
    open->number = (uint16_t)number;
    open->transport = transport;
    open->addr = *addr;
    for (unsigned i = 0; i < WR_WORKERS_MAX; i++) {
        open->fd[i] = -1;
    }
}

void wr_listeners_plan(const struct wr_listeners *l, const struct wr_gate *gate,
                       struct wr_listeners_change *ret_change)
{
    memset(ret_change, 0, sizeof(*ret_change));
    for (unsigned n = 0; n < WR_NET_LISTENERS_MAX; n++) {
        if (l->entry[n].used && !is_wanted(l, gate, &l->entry[n])) {
            ret_change->close[ret_change->closes++] = (uint16_t)n;
        }
    }
    for (unsigned i = 0; i < l->givens; i++) {
        plan_open(l, &l->given[i].addr, l->given[i].transport, ret_change);
    }
    for (uint32_t i = 0; i < gate->listeners; i++) {
        plan_open(l, &gate->listener[i].addr, WR_CLIENT_UDP, ret_change);
        plan_open(l, &gate->listener[i].addr, WR_CLIENT_TCP, ret_change);
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

static bool open_one(struct wr_listeners *l, struct wr_helper *helper, uint16_t workers,
                     struct wr_crew_listen *open)
{
    struct wr_sock_error error;
    memset(&error, 0, sizeof(error));
    int given = given_fd(l, open);
    for (uint16_t i = 0; i < workers; i++) {
        int err = WR_OK;
        const struct wr_helper_how how = {.probe = i == 0};
        if (given >= 0) {
            open->fd[i] = i == 0 ? given : fcntl(given, F_DUPFD_CLOEXEC, 0);
            err = open->fd[i] < 0 ? WR_E_IO : WR_OK;
        } else {
            err = wr_helper_listen(helper, (enum wr_client_transport)open->transport, &open->addr,
                                   &how, &open->fd[i], &error);
        }
        if (err != WR_OK) {
            char text[WR_ADDR_TEXT_SIZE];
            wr_addr_to_text(&open->addr, text, sizeof(text));
            wr_say(WR_LOG_ERROR, "cannot listen on %s over %s: %s", text,
                   transport_names[open->transport],
                   error.text[0] != 0 ? error.text : wr_err_name(err));
            close_all(open);
            return false;
        }
    }
    return true;
}

void wr_listeners_open(struct wr_listeners *l, struct wr_helper *helper, uint16_t workers,
                       struct wr_listeners_change *change)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < change->opens; i++) {
        if (!open_one(l, helper, workers, &change->open[i])) {
            change->failed++;
            continue;
        }
        if (kept != i) {
            change->open[kept] = change->open[i];
        }
        kept++;
    }
    change->opens = kept;
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

uint32_t wr_listeners_count(const struct wr_listeners *l)
{
    uint32_t count = 0;
    for (unsigned n = 0; n < WR_NET_LISTENERS_MAX; n++) {
        count += l->entry[n].used;
    }
    return count;
}
