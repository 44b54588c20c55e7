/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has a place: the memory of all devices, who leaves it, what is told, and how devices are found and called.
 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"
#include "policy/census_state.h"

static size_t aligned(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

uint32_t wr_census_keys(uint32_t devices)
{
    return devices * 4; /* most have two to four addresses; the table can hold twice as many */
}

size_t wr_census_size(uint32_t devices)
{
    return aligned(sizeof(struct wr_census)) + aligned(devices * sizeof(struct wr_census_device)) +
           aligned(wr_map_size(devices * WR_CENSUS_MARKS_MAX)) +
           aligned(wr_map_size(devices * WR_CENSUS_ADDRESSES_MAX));
}

struct wr_census *wr_census_init(void *block, const struct wr_census_setup *setup)
{
    uint8_t *at = block;
    struct wr_census *m = block;
    wr_assert(setup->devices >= 2);
    memset(m, 0, sizeof(*m));
    m->setup = *setup;
    m->next = 1;
    at += aligned(sizeof(*m));
    m->device = (struct wr_census_device *)(void *)at;
    for (uint32_t i = 0; i < setup->devices; i++) { /* fresh pages are zeros and are only read */
        if (m->device[i].number != 0) {
            memset(&m->device[i], 0, sizeof(m->device[i]));
        }
    }
    at += aligned(setup->devices * sizeof(struct wr_census_device));
    wr_map_init(&m->marks, at, setup->devices * WR_CENSUS_MARKS_MAX);
    at += aligned(wr_map_size(setup->devices * WR_CENSUS_MARKS_MAX));
    wr_map_init(&m->addresses, at, setup->devices * WR_CENSUS_ADDRESSES_MAX);
    return m;
}

/* --- what is told --- */

void wr_census_tell(struct wr_census *m, enum wr_census_trouble trouble, uint32_t device,
                    uint32_t other, const struct wr_addr *addr)
{
    struct wr_census_event event = {.trouble = trouble, .device = device, .other = other};
    if (addr != NULL) {
        event.addr = *addr;
    }
    if (m->events == WR_CENSUS_EVENTS) {
        m->event_at = (m->event_at + 1) % WR_CENSUS_EVENTS;
        m->events--;
    }
    m->event[(m->event_at + m->events++) % WR_CENSUS_EVENTS] = event;
}

bool wr_census_next_event(struct wr_census *m, struct wr_census_event *ret_event)
{
    if (m->events == 0) {
        return false;
    }
    *ret_event = m->event[m->event_at];
    m->event_at = (m->event_at + 1) % WR_CENSUS_EVENTS;
    m->events--;
    return true;
}

void wr_census_trouble(struct wr_census *m, struct wr_census_device *d,
                       enum wr_census_trouble trouble, uint32_t other, int64_t now_s)
{
    bool news = d->trouble != trouble;
    d->trouble_s = now_s;
    if (!news) {
        return;
    }
    d->trouble = (uint8_t)trouble;
    m->changes++;
    wr_census_tell(m, trouble, d->number, other, NULL);
    wr_census_publish(m, d);
}

/* --- who is worth a place --- */

enum { GUEST, SEEN, LEASED, OWNERS };

bool wr_census_is_owners(const struct wr_census_device *d)
{
    return d->configured || d->quarantined || d->name[0] != 0 || d->group[0] != 0;
}

static int class_of(const struct wr_census_device *d)
{
    if (wr_census_is_owners(d)) {
        return OWNERS;
    }
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        if (d->mark[i].kind == WR_MARK_CERTIFICATE || (d->mark[i].sources & WR_FROM_LEASE)) {
            return LEASED;
        }
    }
    return d->last_s - d->first_s >= WR_CENSUS_GUEST_S ? SEEN : GUEST;
}

bool wr_census_is_guest(const struct wr_census_device *d)
{
    return class_of(d) == GUEST;
}

bool wr_census_is_over(const struct wr_census *m, const struct wr_census_device *d, int64_t now_s)
{
    int class = class_of(d);
    int64_t keep_s = class == GUEST ? WR_CENSUS_FORGET_S : m->setup.forget_s;
    return class != OWNERS && now_s - d->last_s >= keep_s;
}

struct victim {
    struct wr_census_device *d;
    int class;
};

static void consider(struct victim *v, struct wr_census_device *d, int class)
{
    if (v->d == NULL || class < v->class || (class == v->class && d->last_s < v->d->last_s)) {
        v->d = d;
        v->class = class;
    }
}

/* Gives the place of somebody less deserving to who is a guest yet, or the owner's. False: there is none. */
static bool make_room(struct wr_census *m, uint32_t ifindex, bool owner)
{
    struct victim here = {NULL, 0}, all = {NULL, 0};
    uint32_t crowd = 0, most = m->setup.devices / 2;
    if (m->count < most) {
        return true;
    }
    for (uint32_t i = 0; i < m->setup.devices; i++) {
        struct wr_census_device *d = &m->device[i];
        int class = d->number == 0 ? OWNERS : class_of(d);
        if (class <= SEEN) {
            consider(&all, d, class);
            if (d->ifindex == ifindex) {
                consider(&here, d, class);
                crowd++;
            }
        } else if (class == LEASED && owner) {
            consider(&all, d, class);
        }
    }
    bool crowded = crowd >= most && !owner;
    if (!crowded && m->count < m->setup.devices) {
        return true;
    }
    const struct victim *v = crowded ? &here : &all;
    if (v->d == NULL || (v->class > GUEST && !owner)) {
        return false;
    }
    wr_census_drop(m, v->d);
    return true;
}

/* Neighbours can be made up faster than the table can be looked through; leases cannot. */
static bool is_too_fast(struct wr_census *m, uint32_t ifindex, int64_t now_s)
{
    if (m->count < m->setup.devices / 2 || ifindex == 0) {
        return false;
    }
    m->crowd = m->crowd_s == now_s ? m->crowd + 1 : 1;
    m->crowd_s = now_s;
    return m->crowd > WR_CENSUS_GUESTS_A_SECOND;
}

struct wr_census_device *wr_census_new(struct wr_census *m, uint32_t ifindex, bool owner,
                                       int64_t now_s)
{
    if ((!owner && is_too_fast(m, ifindex, now_s)) || !make_room(m, ifindex, owner)) {
        m->refused++;
        if (m->refused == 1 || now_s - m->full_s >= WR_CENSUS_CONFLICT_S) {
            m->full_s = now_s;
            wr_census_tell(m, WR_TROUBLE_FULL, 0, 0, NULL);
        }
        return NULL;
    }
    while (m->device[m->free_hint].number != 0) {
        m->free_hint = (m->free_hint + 1) % m->setup.devices;
    }
    struct wr_census_device *d = &m->device[m->free_hint];
    memset(d, 0, sizeof(*d));
    d->number = m->next++;
    d->ifindex = ifindex;
    d->first_s = d->last_s = now_s;
    m->count++;
    m->changes++;
    return d;
}

void wr_census_drop(struct wr_census *m, struct wr_census_device *d)
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        if (d->mark[i].kind != WR_MARK_NONE) {
            wr_census_mark_drop(m, d, &d->mark[i]);
        }
    }
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        if (d->address[i].addr.family != WR_AF_NONE) {
            wr_census_address_drop(m, d, &d->address[i]);
        }
    }
    m->free_hint = (uint32_t)(d - m->device);
    memset(d, 0, sizeof(*d));
    m->count--;
    m->changes++;
}

/* --- looking --- */

struct wr_census_device *wr_census_by_number(const struct wr_census *m, uint32_t number)
{
    for (uint32_t i = 0; i < m->setup.devices && number != 0; i++) {
        if (m->device[i].number == number) {
            return &m->device[i];
        }
    }
    return NULL;
}

const struct wr_census_device *wr_census_get(const struct wr_census *m, uint32_t number)
{
    return wr_census_by_number(m, number);
}

const struct wr_census_device *wr_census_walk(const struct wr_census *m, uint32_t *cursor)
{
    while (*cursor < m->setup.devices) {
        const struct wr_census_device *d = &m->device[(*cursor)++];
        if (d->number != 0) {
            return d;
        }
    }
    return NULL;
}

static const struct wr_mark *host_of(const struct wr_census_device *d)
{
    const struct wr_mark *host = NULL;
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *at = &d->mark[i];
        if (at->kind == WR_MARK_HOST && (host == NULL || at->last_s > host->last_s)) {
            host = at;
        }
    }
    return host;
}

const struct wr_census_device *wr_census_find(const struct wr_census *m, const char *text)
{
    uint64_t number = 0;
    size_t n = strlen(text);
    uint32_t cursor = 0, hosts = 0;
    const struct wr_census_device *d, *by_host = NULL;
    bool numbered =
        n > 1 && text[0] == 'd' && wr_str_to_u64(text + 1, n - 1, UINT32_MAX, &number) == WR_OK;
    while ((d = wr_census_walk(m, &cursor)) != NULL) {
        const struct wr_mark *host = host_of(d);
        if (d->name[0] != 0 ? wr_str_same(d->name, text) : numbered && d->number == number) {
            return d;
        }
        if (host != NULL && wr_str_same_n((const char *)host->octets, host->size, text)) {
            by_host = d;
            hosts++;
        }
    }
    if (numbered && (d = wr_census_get(m, (uint32_t)number)) != NULL) {
        return d;
    }
    return hosts == 1 ? by_host : NULL;
}

const struct wr_census_device *wr_census_of_address(const struct wr_census *m,
                                                    const struct wr_addr *addr)
{
    const struct wr_census_device *found = NULL, *one;
    uint32_t cursor = 0;
    while ((one = wr_census_walk(m, &cursor)) != NULL) {
        for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
            if (one->address[i].addr.family != WR_AF_NONE &&
                wr_addr_same_ip(&one->address[i].addr, addr)) {
                if (found != NULL && found != one) {
                    return NULL;
                }
                found = one;
            }
        }
    }
    return found;
}

uint32_t wr_census_count(const struct wr_census *m)
{
    return m->count;
}

uint64_t wr_census_refused(const struct wr_census *m)
{
    return m->refused;
}

uint64_t wr_census_changes(const struct wr_census *m)
{
    return m->changes;
}

void wr_census_call(const struct wr_census_device *d, char *ret_text, size_t cap)
{
    struct wr_str s;
    const struct wr_mark *host = host_of(d);
    wr_str_init(&s, ret_text, cap);
    if (d->name[0] != 0) {
        wr_str_text(&s, d->name);
    } else if (host != NULL) {
        for (size_t i = 0; i < host->size; i++) {
            char c = (char)host->octets[i];
            wr_str_char(&s, c > ' ' && c < 127 && c != '"' && c != '\\' ? c : '?');
        }
    } else {
        wr_str_char(&s, 'd');
        wr_str_u64(&s, d->number);
    }
}

const char *wr_mark_kind_name(uint8_t kind)
{
    switch (kind) {
    case WR_MARK_NONE: return "none";
    case WR_MARK_MAC: return "mac";
    case WR_MARK_CLIENT: return "client-id";
    case WR_MARK_DUID: return "duid";
    case WR_MARK_HOST: return "host-name";
    case WR_MARK_CERTIFICATE: return "certificate";
    case WR_MARK_CLAIM: return "claim";
    case WR_MARK_WISHES: return "dhcp-wishes";
    case WR_MARK_WISHES6: return "dhcpv6-wishes";
    case WR_MARK_CLASS: return "dhcp-class";
    default: return "?";
    }
}

const char *wr_mark_source_name(uint8_t source)
{
    switch (source) {
    case WR_FROM_NEIGHBOUR: return "neighbour";
    case WR_FROM_LEASE: return "lease";
    case WR_FROM_QUERY: return "query";
    case WR_FROM_CONFIG: return "configuration";
    case WR_FROM_MEMORY: return "registry";
    case WR_FROM_DHCP: return "dhcp";
    case WR_FROM_HOP: return "hop";
    default: return "?";
    }
}

const char *wr_census_trouble_text(uint8_t trouble)
{
    switch (trouble) {
    case WR_TROUBLE_NONE: return "none";
    case WR_TROUBLE_INTERFACES: return "its MAC address is on two interfaces";
    case WR_TROUBLE_FINGERPRINT: return "its DHCP identifier and its host name have changed";
    case WR_TROUBLE_RETURNED: return "a MAC address that it had given up is back";
    case WR_TROUBLE_COPIED: return "its certificate is shown by another device";
    case WR_TROUBLE_WISHES: return "it asks for an address in another way than before";
    case WR_TROUBLE_CONTESTED: return "an address of it is used by another device";
    case WR_TROUBLE_FULL: return "there is no place for another device";
    case WR_TROUBLE_CROWD: return "it has more addresses than can be kept";
    default: return "?";
    }
}
