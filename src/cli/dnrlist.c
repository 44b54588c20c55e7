/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dnrlist.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"

static const uint8_t kinds[] = {WR_SERVICE_DOQ, WR_SERVICE_DOT, WR_SERVICE_DOH};

struct making {
    const struct wr_designated *d;
    const struct wr_dnrlist_want *want;
    struct wr_dnrtext *t;
    const uint8_t *name;
};

/* Would a device keep it, and can it reach it? */
static bool is_told(const struct wr_addr *addr)
{
    enum wr_addr_kind kind = wr_addr_kind(addr);

    return kind == WR_ADDR_MACHINE || kind == WR_ADDR_PRIVATE || kind == WR_ADDR_LINK_LOCAL;
}

static bool is_at(const struct wr_addr *door, const struct wr_addr *addr)
{
    return door->family == addr->family &&
           (wr_addr_is_any(door) || !memcmp(door->ip, addr->ip, sizeof(addr->ip)));
}

static void add_addr(struct wr_addr *list, size_t *count, const struct wr_addr *addr)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i].family == addr->family && !memcmp(list[i].ip, addr->ip, sizeof(addr->ip)))
            return;
    if (*count < WR_DNRTEXT_ADDRS_MAX && is_told(addr)) {
        list[*count] = *addr;
        list[*count].port = 0;
        ++*count;
    }
}

/* Where this transport is at this port. */
static size_t gather(const struct making *m, uint8_t kind, uint16_t port, struct wr_addr *list)
{
    size_t count = 0;

    for (uint32_t i = 0; i < m->d->doors; i++) {
        const struct wr_designated_door *door = &m->d->door[i];

        if (door->kind != kind || door->addr.port != port)
            continue;
        for (size_t k = 0; k < m->want->addrs; k++)
            if (is_at(&door->addr, &m->want->addr[k]))
                add_addr(list, &count, &m->want->addr[k]);
        if (m->want->addrs == 0 && !wr_addr_is_any(&door->addr))
            add_addr(list, &count, &door->addr);
    }
    return count;
}

/* An instance of transports at their own ports, at the same addresses. */
static struct wr_dnr *find_alike(const struct making *m, const struct wr_addr *list, size_t count)
{
    for (size_t i = 0; i < m->t->count; i++) {
        struct wr_dnr *one = &m->t->one[i];

        if (one->service.port == 0 && one->addrs == count &&
            !memcmp(one->addr, list, count * sizeof(*list)))
            return one;
    }
    return NULL;
}

static void add_service(struct making *m, uint8_t kind, uint16_t port)
{
    bool own = port == wr_service_port(kind);
    struct wr_dnrtext *t = m->t;
    struct wr_addr list[WR_DNRTEXT_ADDRS_MAX];
    struct wr_dnr *alike;
    size_t count;

    memset(list, 0, sizeof(list));
    count = gather(m, kind, port, list);
    if (count == 0)
        return;
    alike = own ? find_alike(m, list, count) : NULL;
    if (alike) {
        alike->service.kinds |= kind;
        return;
    }
    if (t->count == WR_DNRTEXT_MAX)
        return;
    memcpy(t->addr[t->count], list, sizeof(list));
    t->one[t->count] =
        (struct wr_dnr){.priority = (uint16_t)(t->count + 1),
                        .name = m->name,
                        .addr = t->addr[t->count],
                        .addrs = count,
                        .service = {.kinds = kind, .port = own ? 0 : port, .path = m->d->path}};
    t->count++;
}

/* Each port of the transport once. */
static void add_kind(struct making *m, uint8_t kind)
{
    for (uint32_t i = 0; i < m->d->doors; i++) {
        const struct wr_designated_door *door = &m->d->door[i];
        bool again = door->kind != kind;

        for (uint32_t k = 0; k < i && !again; k++)
            again = m->d->door[k].kind == kind && m->d->door[k].addr.port == door->addr.port;
        if (!again)
            add_service(m, kind, door->addr.port);
    }
}

static const uint8_t *choose_name(const struct wr_designated *d, const uint8_t *wanted)
{
    for (uint32_t i = 0; i < d->proofs; i++)
        for (uint32_t k = 0; k < d->proof[i].names; k++)
            if (!wanted || wr_name_equal(d->proof[i].name[k].wire, wanted))
                return d->proof[i].name[k].wire;
    return NULL;
}

/* Whom nobody but this host reaches, and nobody is told. */
static bool is_own(const struct wr_addr *addr)
{
    return wr_addr_kind(addr) == WR_ADDR_LOOPBACK;
}

static bool are_own(const struct wr_addr *addr, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_own(&addr[i]))
            return false;
    return count > 0;
}

/* There are listeners and a name, and nothing to tell. */
static const char *why_nothing(const struct making *m)
{
    bool own = true;

    if (are_own(m->want->addr, m->want->addrs))
        return "a loopback address cannot be told to devices: each would ask itself; name the "
               "address of this host in their network";
    if (m->want->addrs)
        return "no encrypted listener is at that address";
    for (uint32_t i = 0; i < m->d->doors; i++)
        own = own && is_own(&m->d->door[i].addr);
    return own ? "the encrypted listeners are at loopback addresses, which no device reaches: let "
                 "encrypted.dot, encrypted.doh or encrypted.doq listen at an address of the network"
               : "no listener is at an address that devices could be told: name it with --address";
}

int wr_dnrlist_make(const struct wr_designated *d, const struct wr_dnrlist_want *want,
                    struct wr_dnrtext *t, const char **ret_why)
{
    struct making m = {.d = d, .want = want, .t = t, .name = choose_name(d, want->name)};

    t->count = 0;
    if (d->doors == 0)
        *ret_why = "there is no encrypted listener: see encrypted.dot, encrypted.doh and "
                   "encrypted.doq";
    else if (!m.name && want->name)
        *ret_why = "no certificate proves that name";
    else if (!m.name)
        *ret_why = "no certificate has a name in it, and a device would have none to check: make "
                   "one with a name";
    for (size_t i = 0; m.name && i < WR_ARRAY_LEN(kinds); i++)
        add_kind(&m, kinds[i]);
    if (m.name && d->doors && t->count == 0)
        *ret_why = why_nothing(&m);
    return t->count ? WR_OK : WR_E_NOTFOUND;
}
