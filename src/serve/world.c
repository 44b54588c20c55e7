/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/world.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "net/sock.h"
#include "net/uplink.h"

#define ADDRS_PER_INTERFACE 64

static char *read_text(const char *path, size_t *ret_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return NULL;
    }
    char *text = malloc(WR_WORLD_RESOLV_MAX);
    size_t size = 0;
    while (text != NULL && size < WR_WORLD_RESOLV_MAX) {
        ssize_t n = read(fd, text + size, WR_WORLD_RESOLV_MAX - size);
        if (n <= 0) {
            break;
        }
        size += (size_t)n;
    }
    close(fd);
    *ret_size = size;
    return text;
}

static void add_local(struct wr_world *w, const char *iface, uint32_t ifindex,
                      const struct wr_sock_ifaddr *at)
{
    if (w->view.locals == WR_WORLD_LOCALS_MAX) {
        return;
    }
    struct wr_gate_local *l = &w->local[w->view.locals++];
    snprintf(l->iface, sizeof(l->iface), "%s", iface);
    l->ifindex = ifindex;
    if (at != NULL) {
        l->addr = at->addr;
        l->addr.port = 0;
        l->len = at->on_link.len;
    }
}

static void read_interface(struct wr_world *w, const char *name, uint32_t ifindex)
{
    struct wr_sock_ifaddr addrs[ADDRS_PER_INTERFACE];
    size_t count = 0;
    int err = wr_sock_interface(name, addrs, ADDRS_PER_INTERFACE, &count);
    if ((err != WR_OK && err != WR_E_FULL) || count == 0) {
        add_local(w, name, ifindex, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        add_local(w, name, ifindex, &addrs[i]);
    }
}

/* Where no interface leads out, in a family, none is known to be inside. */
static void tell_inside(struct wr_world *w)
{
    bool out[WR_WORLD_LOCALS_MAX];
    for (uint32_t i = 0; i < w->view.locals; i++) {
        const struct wr_gate_local *l = &w->local[i];
        out[i] = l->addr.family != WR_AF_NONE && wr_uplink_is(l->iface, &l->addr);
    }
    for (uint32_t i = 0; i < w->view.locals; i++) {
        struct wr_gate_local *l = &w->local[i];
        bool any = false, its = false;
        for (uint32_t k = 0; k < w->view.locals; k++) {
            bool way = out[k] && w->local[k].addr.family == l->addr.family;
            any = any || way;
            its = its || (way && w->local[k].ifindex == l->ifindex);
        }
        l->inside = any && !its;
    }
}

int wr_world_read(const char *resolv_conf, bool watched, struct wr_world *ret_world)
{
    struct wr_world w;
    memset(&w, 0, sizeof(w));
    w.local = calloc(WR_WORLD_LOCALS_MAX, sizeof(*w.local));
    if (w.local == NULL) {
        return WR_E_NOMEM;
    }
    struct if_nameindex *list = if_nameindex();
    for (struct if_nameindex *i = list; i != NULL && i->if_index != 0; i++) {
        read_interface(&w, i->if_name, i->if_index);
    }
    tell_inside(&w);
    w.view.watched = watched && list != NULL &&
                     w.view.locals < WR_WORLD_LOCALS_MAX; /* else some may be missing */
    if (list != NULL) {
        if_freenameindex(list);
    }
    w.resolv = read_text(resolv_conf, &w.view.resolv_size);
    w.view.local = w.local;
    w.view.resolv = w.resolv;
    *ret_world = w;
    return WR_OK;
}

void wr_world_free(struct wr_world *world)
{
    free(world->local);
    free(world->resolv);
    memset(world, 0, sizeof(*world));
}
