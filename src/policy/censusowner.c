/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The owner's word: what the configuration says of devices, what commands change, and what the registry brings back.
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "policy/census_state.h"

/* --- the configuration --- */

static void each_forget_conf(struct wr_census *m, struct wr_census_device *d)
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        struct wr_mark *mark = &d->mark[i];
        if (mark->sources & WR_FROM_CONFIG) {
            if (mark->kind == WR_MARK_CLAIM) {
                wr_census_unpublish_claim(m, mark);
            }
            mark->sources &= (uint8_t)~WR_FROM_CONFIG;
        }
    }
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        d->address[i].sources &= (uint8_t)~WR_FROM_CONFIG;
    }
    memset(d->conf_group, 0, sizeof(d->conf_group));
    d->configured = false;
}

void wr_census_configure_begin(struct wr_census *m)
{
    for (uint32_t i = 0; i < m->setup.devices; i++) {
        if (m->device[i].number != 0) {
            each_forget_conf(m, &m->device[i]);
        }
    }
}

/* What only the configuration knew is not known any more. */
void wr_census_configure_end(struct wr_census *m)
{
    for (uint32_t i = 0; i < m->setup.devices; i++) {
        struct wr_census_device *d = &m->device[i];
        if (d->number == 0) {
            continue;
        }
        for (size_t k = 0; k < WR_CENSUS_MARKS_MAX; k++) {
            if (d->mark[k].kind != WR_MARK_NONE && d->mark[k].sources == 0) {
                wr_census_mark_drop(m, d, &d->mark[k]);
            }
        }
        for (size_t k = 0; k < WR_CENSUS_ADDRESSES_MAX; k++) {
            if (d->address[k].addr.family != WR_AF_NONE && d->address[k].sources == 0) {
                wr_census_address_drop(m, d, &d->address[k]);
            }
        }
        wr_census_publish(m, d);
    }
    m->changes++;
}

static struct wr_census_device *by_name(const struct wr_census *m, const char *name)
{
    for (uint32_t i = 0; i < m->setup.devices; i++) {
        if (m->device[i].number != 0 && wr_str_same(m->device[i].name, name)) {
            return &m->device[i];
        }
    }
    return NULL;
}

/* The device of this name, or that of the first of its marks that is known, or a new one. */
static struct wr_census_device *configured(struct wr_census *m,
                                           const struct wr_census_configured *c, int64_t now_s)
{
    struct wr_mark mark;
    struct wr_census_device *d = by_name(m, c->name);
    for (size_t i = 0; i < c->macs && d == NULL; i++) {
        wr_census_mark_set(m, WR_MARK_MAC, c->mac[i], 6, &mark);
        d = wr_census_by_mark(m, &mark);
        d = d != NULL && d->configured ? NULL : d;
    }
    return d != NULL ? d : wr_census_new(m, 0, true, now_s);
}

/* The mark is the device's from now on, whoever had it. */
static void take_mark(struct wr_census *m, struct wr_census_device *d, struct wr_mark *mark,
                      int64_t now_s)
{
    struct wr_census_device *other = wr_census_by_mark(m, mark);
    if (other != NULL && other != d) {
        if (mark->kind == WR_MARK_MAC && !wr_census_is_owners(other)) {
            wr_census_fold(m, other, d);
        } else {
            for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
                if (other->mark[i].kind == mark->kind && other->mark[i].size == mark->size &&
                    memcmp(other->mark[i].octets, mark->octets, mark->size) == 0) {
                    wr_census_mark_drop(m, other, &other->mark[i]);
                }
            }
        }
    }
    int64_t seen_s = wr_census_has_mark(d, mark) ? INT64_MIN : now_s - WR_CENSUS_QUIET_S;
    struct wr_mark *at = wr_census_mark_add(m, d, mark, WR_FROM_CONFIG, seen_s);
    (void)at; /* a device has more places than the configuration may fill */
}

static void take_marks(struct wr_census *m, struct wr_census_device *d,
                       const struct wr_census_configured *c, int64_t now_s)
{
    struct wr_mark mark;
    for (size_t i = 0; i < c->macs; i++) {
        wr_census_mark_set(m, WR_MARK_MAC, c->mac[i], 6, &mark);
        take_mark(m, d, &mark, now_s);
    }
    for (size_t i = 0; i < c->claims; i++) {
        wr_census_mark_set(m, WR_MARK_CLAIM, c->claim[i], strlen(c->claim[i]), &mark);
        wr_census_mark_add(m, d, &mark, WR_FROM_CONFIG, now_s);
    }
    for (size_t i = 0; i < c->certificates; i++) {
        wr_census_mark_set(m, WR_MARK_CERTIFICATE, c->certificate[i], strlen(c->certificate[i]),
                           &mark);
        take_mark(m, d, &mark, now_s);
    }
}

static void copy_text(char *ret_text, size_t cap, const char *text)
{
    struct wr_str s;
    wr_str_init(&s, ret_text, cap);
    wr_str_text(&s, text);
}

int wr_census_configure(struct wr_census *m, const struct wr_census_configured *c, int64_t now_s)
{
    struct wr_census_device *d = configured(m, c, now_s);
    if (d == NULL) {
        return WR_E_FULL;
    }
    d->configured = true;
    copy_text(d->name, sizeof(d->name), c->name);
    copy_text(d->kind, sizeof(d->kind), c->kind);
    for (size_t i = 0; i < c->groups && i < WR_CENSUS_GROUPS; i++) {
        d->conf_group[i] = c->group[i];
    }
    take_marks(m, d, c, now_s);
    for (size_t i = 0; i < c->addrs; i++) {
        wr_census_place(m, d, &c->addr[i], 0, WR_FROM_CONFIG, 0, now_s);
    }
    wr_census_judge(m, d);
    wr_census_publish(m, d);
    m->changes++;
    return WR_OK;
}

void wr_census_words(struct wr_census *m, const struct wr_census_word *words, size_t count)
{
    m->words = (uint32_t)(count < WR_WHO_GROUPS_MAX ? count : WR_WHO_GROUPS_MAX);
    memcpy(m->word, words, m->words * sizeof(words[0]));
    for (uint32_t i = 0; i < m->setup.devices; i++) {
        if (m->device[i].number != 0) {
            wr_census_publish(m, &m->device[i]);
        }
    }
}

/* --- commands --- */

int wr_census_changed(struct wr_census *m, const struct wr_census_device *d)
{
    m->changes++;
    wr_census_publish_crowd(m, d->ifindex, d->last_s);
    wr_census_publish(m, d);
    for (uint32_t i = 0; i < m->setup.devices; i++) {
        const struct wr_census_device *other = &m->device[i];
        for (size_t k = 0; k < WR_CENSUS_ADDRESSES_MAX && other->number != 0; k++) {
            if (other->address[k].rival == d->number) {
                wr_census_publish_one(m, other, &other->address[k]);
            }
        }
    }
    return WR_OK;
}

int wr_census_name(struct wr_census *m, uint32_t number, const char *name)
{
    struct wr_census_device *d = wr_census_by_number(m, number);
    struct wr_census_device *other = name[0] != 0 ? by_name(m, name) : NULL;
    if (d == NULL) {
        return WR_E_NOTFOUND;
    }
    if (other != NULL && other != d) {
        return WR_E_EXISTS;
    }
    copy_text(d->name, sizeof(d->name), name);
    return wr_census_changed(m, d);
}

int wr_census_say_kind(struct wr_census *m, uint32_t number, const char *kind)
{
    struct wr_census_device *d = wr_census_by_number(m, number);
    if (d == NULL) {
        return WR_E_NOTFOUND;
    }
    copy_text(d->kind, sizeof(d->kind), kind);
    return wr_census_changed(m, d);
}

int wr_census_join(struct wr_census *m, uint32_t number, uint16_t group)
{
    struct wr_census_device *d = wr_census_by_number(m, number);
    if (d == NULL) {
        return WR_E_NOTFOUND;
    }
    for (size_t i = 0; i < WR_CENSUS_GROUPS; i++) {
        if (d->group[i] == group || d->group[i] == 0) {
            d->group[i] = group;
            return wr_census_changed(m, d);
        }
    }
    return WR_E_FULL;
}

int wr_census_leave(struct wr_census *m, uint32_t number, uint16_t group)
{
    struct wr_census_device *d = wr_census_by_number(m, number);
    size_t kept = 0;
    bool there = false;
    for (size_t i = 0; d != NULL && i < WR_CENSUS_GROUPS; i++) {
        uint16_t label = d->group[i];
        there = there || label == group;
        d->group[i] = 0;
        if (label != group && label != 0) {
            d->group[kept++] = label;
        }
    }
    return there ? wr_census_changed(m, d) : WR_E_NOTFOUND;
}

int wr_census_allow(struct wr_census *m, uint32_t number)
{
    struct wr_census_device *d = wr_census_by_number(m, number);
    if (d == NULL) {
        return WR_E_NOTFOUND;
    }
    d->trouble = WR_TROUBLE_NONE;
    d->linked = false;
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        d->mark[i].doubted = 0;
    }
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        d->address[i].rival = 0;
    }
    return wr_census_changed(m, d);
}

/* --- the registry --- */

uint32_t wr_census_next(const struct wr_census *m)
{
    return m->next;
}

void wr_census_set_next(struct wr_census *m, uint32_t next)
{
    m->next = next > m->next ? next : m->next;
}

int wr_census_restore(struct wr_census *m, const struct wr_census_device *device)
{
    if (device->number == 0 || device->number == UINT32_MAX ||
        wr_census_by_number(m, device->number) != NULL) {
        return WR_E_EXISTS;
    }
    struct wr_census_device *d = wr_census_count(m) < m->setup.devices
                                     ? wr_census_new(m, device->ifindex, true, device->first_s)
                                     : NULL;
    if (d == NULL) {
        return WR_E_FULL;
    }
    m->next--; /* it has a number already */
    d->number = device->number;
    wr_census_set_next(m, device->number + 1);
    d->last_s = device->last_s;
    d->trouble = device->trouble;
    d->trouble_s = device->trouble_s;
    d->linked = device->linked;
    d->quarantined = device->quarantined;
    copy_text(d->reason, sizeof(d->reason), device->reason);
    d->shut = device->shut;
    memcpy(d->group, device->group, sizeof(d->group));
    copy_text(d->name, sizeof(d->name), by_name(m, device->name) == NULL ? device->name : "");
    copy_text(d->kind, sizeof(d->kind), device->kind);
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *mark = &device->mark[i];
        struct wr_mark *at = mark->kind == WR_MARK_NONE
                                 ? NULL
                                 : wr_census_mark_add(m, d, mark, WR_FROM_MEMORY, mark->last_s);
        if (at != NULL) {
            at->first_s = mark->first_s;
            at->sources = (uint8_t)((mark->sources & ~WR_FROM_CONFIG) | WR_FROM_MEMORY);
            at->doubted = mark->doubted;
        }
    }
    for (size_t i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        const struct wr_census_address *a = &device->address[i];
        if (a->addr.family != WR_AF_NONE) {
            wr_census_place(m, d, &a->addr, 0, WR_FROM_MEMORY, a->lease_s, a->last_s);
        }
    }
    wr_census_judge(m, d);
    wr_census_publish(m, d);
    return WR_OK;
}
