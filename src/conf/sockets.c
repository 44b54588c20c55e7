/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/sockets.h"

#include <stdio.h>
#include <string.h>

enum { LISTS = 5, PATH_SIZE = 64, TEXT_SIZE = 96 };
enum protocol { UDP = 1, TCP = 2 };

struct list {
    const char *path;
    const struct wr_conf_listen *items;
    size_t count;
    unsigned protocols; /* enum protocol, or-ed */
    bool one;           /* a single address and no list */
};

/* In the order of the file that `weir config` writes; the mistake is at the later one. `metrics` is room for one. */
static void lists_of(const struct wr_conf *c, struct wr_conf_listen *metrics,
                     struct list ret[LISTS])
{
    memset(metrics, 0, sizeof(*metrics));
    metrics->addr = c->metrics.listen;
    ret[0] = (struct list){"listen", c->listen.items, c->listen.count, UDP | TCP, false};
    ret[1] =
        (struct list){"encrypted.dot", c->encrypted.dot.items, c->encrypted.dot.count, TCP, false};
    ret[2] =
        (struct list){"encrypted.doh", c->encrypted.doh.items, c->encrypted.doh.count, TCP, false};
    ret[3] =
        (struct list){"encrypted.doq", c->encrypted.doq.items, c->encrypted.doq.count, UDP, false};
    ret[4] = (struct list){"metrics.listen", metrics, 1, TCP, true};
}

bool wr_sockets_same(const struct wr_conf_listen *a, const struct wr_conf_listen *b)
{
    bool has_place = a->addr.family != WR_AF_NONE || a->interface[0] != 0; /* else it is broken */

    return has_place && wr_addr_equal(&a->addr, &b->addr) && !strcmp(a->interface, b->interface);
}

static void put_path(const struct list *list, size_t i, char ret[PATH_SIZE])
{
    snprintf(ret, PATH_SIZE, list->one ? "%s" : "%s[%zu]", list->path, i);
}

static void compare(const struct list *list, const struct list *before, wr_sockets_wrong *wrong,
                    void *user)
{
    unsigned both = list->protocols & before->protocols;
    char path[PATH_SIZE], other[PATH_SIZE], text[TEXT_SIZE];

    for (size_t i = 0; both && i < list->count; i++)
        for (size_t j = 0; j < before->count; j++) {
            if (!wr_sockets_same(&list->items[i], &before->items[j]))
                continue;
            put_path(list, i, path);
            put_path(before, j, other);
            snprintf(text, sizeof(text), "one %s port cannot be two listeners: it is that of ",
                     both & TCP ? "TCP" : "UDP");
            wrong(user, path, other, text);
        }
}

void wr_sockets_check(const struct wr_conf *conf, wr_sockets_wrong *wrong, void *user)
{
    struct wr_conf_listen metrics;
    struct list list[LISTS];

    lists_of(conf, &metrics, list);
    for (unsigned i = 0; i < LISTS; i++)
        for (unsigned j = 0; j < i; j++)
            compare(&list[i], &list[j], wrong, user);
}

bool wr_sockets_has(const struct wr_conf *conf, const struct wr_conf_listen *listen)
{
    struct wr_conf_listen metrics;
    struct list list[LISTS];

    lists_of(conf, &metrics, list);
    for (unsigned n = 0; n + 1 < LISTS; n++) /* nobody asks metrics */
        for (size_t i = 0; i < list[n].count; i++)
            if (wr_sockets_same(&list[n].items[i], listen))
                return true;
    return false;
}

bool wr_sockets_is_own(const struct wr_conf *conf, const struct wr_addr *addr, bool udp, bool tcp)
{
    struct wr_conf_listen metrics;
    struct list list[LISTS];

    lists_of(conf, &metrics, list);
    for (unsigned n = 0; n + 1 < LISTS; n++) /* nobody asks metrics */
        for (size_t i = 0; i < list[n].count; i++) {
            const struct wr_addr *own = &list[n].items[i].addr;

            if (!(list[n].protocols & ((udp ? UDP : 0) | (tcp ? TCP : 0))))
                break;
            if (own->port != addr->port || own->family != addr->family)
                continue;
            if (wr_addr_same_ip(own, addr) || (wr_addr_is_any(own) && wr_addr_is_loopback(addr)))
                return true;
        }
    return false;
}
