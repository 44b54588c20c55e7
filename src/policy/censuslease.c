/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What DHCP says: leases, as a server has written them, and what a device is heard to say of itself when it asks for one.
 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "policy/census_state.h"

/* --- leases --- */

struct lease_marks {
    struct wr_mark mac, id, host, wishes; /* kind NONE: there is none */
    uint32_t ifindex;                     /* where it was heard; 0: a server says so */
};

static bool is_macs_own(const uint8_t *id, size_t size, const struct wr_census_lease *l)
{
    return size == 7 && id[0] == 1 && (!l->has_mac || memcmp(id + 1, l->mac, 6) == 0);
}

/* RFC 4361 section 6.1: a client identifier of type 255 is an IAID of four octets and the DUID. */
static void marks_of_lease(const struct wr_census *m, const struct wr_census_lease *l,
                           struct lease_marks *ret)
{
    char host[WR_MARK_SIZE];
    uint8_t kind = l->id_kind;
    const uint8_t *id = l->id;
    size_t size = kind == WR_MARK_NONE ? 0 : l->id_size, n = 0;
    memset(ret, 0, sizeof(*ret));
    if (kind == WR_MARK_CLIENT && size > 5 && id[0] == 255) {
        kind = WR_MARK_DUID;
        id += 5;
        size -= 5;
    }
    if (l->has_mac && wr_census_is_machines_mac(l->mac)) {
        wr_census_mark_set(m, WR_MARK_MAC, l->mac, 6, &ret->mac);
    }
    if (size > 1 && !(kind == WR_MARK_CLIENT && is_macs_own(id, size, l))) {
        wr_census_mark_set(m, kind, id, size, &ret->id);
    }
    for (; l->host != NULL && n < l->host_size && n < sizeof(host); n++) {
        char c = l->host[n];
        host[n] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    if (n > 0) {
        wr_census_mark_set(m, WR_MARK_HOST, host, n, &ret->host);
    }
}

/* A DUID with a link-layer address inside (RFC 8415 sections 11.2 and 11.4): the device of that address, where its maker gave it. */
static struct wr_census_device *by_duid_mac(const struct wr_census *m, const struct wr_mark *id)
{
    struct wr_mark mac;
    bool llt = id->size == 14 && id->octets[0] == 0 && id->octets[1] == 1;
    bool ll = id->size == 10 && id->octets[0] == 0 && id->octets[1] == 3;
    if (id->kind != WR_MARK_DUID || (!llt && !ll)) {
        return NULL;
    }
    const uint8_t *octets = id->octets + id->size - 6;
    if (!wr_census_is_machines_mac(octets) || wr_census_mac_is_local(octets)) {
        return NULL;
    }
    wr_census_mark_set(m, WR_MARK_MAC, octets, 6, &mac);
    return wr_census_by_mark(m, &mac);
}

static bool has_kind(const struct wr_census_device *d, uint8_t kind)
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        if (d->mark[i].kind == kind) {
            return true;
        }
    }
    return false;
}

static int64_t last_heard(const struct wr_census_device *d)
{
    int64_t last_s = INT64_MIN;
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        if (d->mark[i].kind == WR_MARK_MAC && d->mark[i].last_s > last_s) {
            last_s = d->mark[i].last_s;
        }
    }
    return last_s;
}

static bool is_quiet(const struct wr_census_device *d, int64_t now_s)
{
    int64_t last_s = last_heard(d);
    return last_s == INT64_MIN || now_s - last_s >= WR_CENSUS_QUIET_S;
}

/* A device of nothing but MAC addresses that it made up itself. */
bool wr_census_is_made_up(const struct wr_census_device *d)
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *mark = &d->mark[i];
        if (mark->kind == WR_MARK_CERTIFICATE ||
            (mark->kind == WR_MARK_MAC && !wr_census_mac_is_local(mark->octets))) {
            return false;
        }
    }
    return wr_census_macs(d) > 0 && !wr_census_is_owners(d);
}

/* Has it asked for an address, and never like this? */
static bool asks_otherwise(const struct wr_census_device *d, const struct wr_mark *wishes)
{
    return has_kind(d, wishes->kind) && !wr_census_has_mark(d, wishes);
}

static bool ask_otherwise(const struct wr_census_device *a, const struct wr_census_device *b)
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        uint8_t kind = a->mark[i].kind;
        if ((kind == WR_MARK_WISHES || kind == WR_MARK_WISHES6) && asks_otherwise(b, &a->mark[i])) {
            return true;
        }
    }
    return false;
}

/* `d` came with a MAC address of its own making, and with the identifier of `old`. Strong enough? Now, or when `old` stays silent. */
static struct wr_census_device *link_to(struct wr_census *m, struct wr_census_device *d,
                                        struct wr_census_device *old,
                                        const struct lease_marks *marks, int64_t now_s)
{
    if (!wr_census_is_made_up(d) || marks->host.kind == WR_MARK_NONE ||
        !wr_census_has_mark(old, &marks->host) || ask_otherwise(d, old)) {
        return d;
    }
    if (!is_quiet(old, now_s)) {
        d->candidate = old->number;
        return d;
    }
    wr_census_fold(m, d, old);
    old->linked = true;
    return old;
}

/* Has it been known by another fingerprint of this kind, for so long that all that it boots with have been heard? */
static bool is_settled(const struct wr_census_device *d, uint8_t kind, int64_t now_s)
{
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *at = &d->mark[i];
        if (at->kind == kind && !at->doubted && now_s - at->first_s >= WR_CENSUS_GUEST_S) {
            return true;
        }
    }
    return false;
}

static void take_wishes(struct wr_census *m, struct wr_census_device *d,
                        const struct wr_mark *wishes, int64_t now_s)
{
    bool doubted = !wr_census_has_mark(d, wishes) && is_settled(d, wishes->kind, now_s);
    struct wr_mark *at = wr_census_mark_add(m, d, wishes, WR_FROM_DHCP, now_s);
    if (at != NULL) {
        at->doubted = at->doubted || doubted;
        if (at->doubted) {
            wr_census_trouble(m, d, WR_TROUBLE_WISHES, 0, now_s);
        }
    }
}

bool wr_census_is_doubted(const struct wr_census_device *d)
{
    const struct wr_mark *last = NULL;
    for (size_t i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        const struct wr_mark *at = &d->mark[i];
        if ((at->kind == WR_MARK_WISHES || at->kind == WR_MARK_WISHES6) &&
            (last == NULL || at->last_s > last->last_s ||
             (at->last_s == last->last_s && at->doubted))) {
            last = at;
        }
    }
    return last != NULL && last->doubted;
}

/* Whose lease it is, by all that is in it; perhaps a new device. */
static struct wr_census_device *of_lease(struct wr_census *m, const struct lease_marks *marks,
                                         uint8_t source, int64_t now_s)
{
    struct wr_census_device *by_id = NULL, *d = NULL;
    if (marks->id.kind != WR_MARK_NONE) {
        by_id = wr_census_by_mark(m, &marks->id);
        by_id = by_id != NULL ? by_id : by_duid_mac(m, &marks->id);
    }
    if (marks->mac.kind == WR_MARK_NONE) {
        return by_id != NULL || marks->id.kind == WR_MARK_NONE
                   ? by_id
                   : wr_census_new(m, marks->ifindex, false, now_s);
    }
    d = wr_census_by_mark(m, &marks->mac);
    if (d == NULL && by_id != NULL && wr_census_macs(by_id) == 0) {
        return by_id;
    }
    if (d == NULL && (d = wr_census_new(m, marks->ifindex, false, now_s)) != NULL) {
        wr_census_mark_add(m, d, &marks->mac, source, now_s);
    }
    if (d != NULL && marks->wishes.kind != WR_MARK_NONE) {
        take_wishes(m, d, &marks->wishes, now_s);
    }
    if (d != NULL && by_id != NULL && by_id != d) {
        return link_to(m, d, by_id, marks, now_s);
    }
    return d;
}

/* Another identifier and another name than ever before: is that the same device? */
static bool has_changed(const struct wr_census_device *d, const struct lease_marks *marks)
{
    return marks->id.kind != WR_MARK_NONE && marks->host.kind != WR_MARK_NONE &&
           has_kind(d, marks->id.kind) && has_kind(d, WR_MARK_HOST) &&
           !wr_census_has_mark(d, &marks->id) && !wr_census_has_mark(d, &marks->host);
}

static bool has_all(const struct wr_census_device *d, const struct lease_marks *marks)
{
    return (marks->mac.kind == WR_MARK_NONE || wr_census_has_mark(d, &marks->mac)) &&
           (marks->id.kind == WR_MARK_NONE || wr_census_has_mark(d, &marks->id)) &&
           (marks->host.kind == WR_MARK_NONE || wr_census_has_mark(d, &marks->host));
}

void wr_census_lease(struct wr_census *m, const struct wr_census_lease *lease, int64_t now_s)
{
    struct lease_marks marks;
    struct wr_census_address *a;
    if (!wr_census_is_machines_address(&lease->addr) || lease->until_s <= now_s) {
        return;
    }
    marks_of_lease(m, lease, &marks);
    struct wr_census_device *holder = wr_census_by_address(m, &lease->addr, 0, &a);
    if (holder != NULL && a->lease_s == lease->until_s && (a->sources & WR_FROM_LEASE) &&
        (has_all(holder, &marks) || holder->candidate != 0)) {
        return; /* the file was read again, and this is no news */
    }
    struct wr_census_device *d = of_lease(m, &marks, WR_FROM_LEASE, now_s);
    if (d == NULL) {
        return;
    }
    if (has_changed(d, &marks)) {
        wr_census_trouble(m, d, WR_TROUBLE_FINGERPRINT, 0, now_s);
    }
    const struct wr_mark *const all[] = {&marks.mac, &marks.id, &marks.host};
    for (size_t i = 0; i < WR_ARRAY_LEN(all); i++) {
        if (all[i]->kind != WR_MARK_NONE) {
            wr_census_mark_add(m, d, all[i], WR_FROM_LEASE, now_s);
        }
    }
    wr_census_seen(m, d, 0, now_s);
    wr_census_place(m, d, &lease->addr, 0, WR_FROM_LEASE, lease->until_s, now_s);
}

/* --- what is heard --- */

/* The first label of a name as programs write it; of anything else nothing: a server would not take it either. */
static size_t name_of(const struct wr_dhcp_heard *heard)
{
    size_t n = 0;
    while (n < heard->host_size && heard->host[n] != '.' && heard->host[n] != 0) {
        uint8_t c = heard->host[n++];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_') {
            return 0;
        }
    }
    return n;
}

void wr_census_heard(struct wr_census *m, uint32_t ifindex, const struct wr_dhcp_heard *heard,
                     int64_t now_s)
{
    struct lease_marks marks;
    struct wr_mark class = {.kind = WR_MARK_NONE};
    struct wr_census_lease l = {.has_mac = true,
                                .id_kind = heard->v6 ? WR_MARK_DUID : WR_MARK_CLIENT,
                                .id = heard->id,
                                .id_size = heard->id_size,
                                .host = (const char *)heard->host,
                                .host_size = name_of(heard)};
    if (!wr_census_is_machines_mac(heard->mac)) {
        return;
    }
    memcpy(l.mac, heard->mac, sizeof(l.mac));
    marks_of_lease(m, &l, &marks);
    marks.ifindex = ifindex;
    if (heard->list_size > 0) {
        wr_census_mark_set(m, heard->v6 ? WR_MARK_WISHES6 : WR_MARK_WISHES, heard->list,
                           heard->list_size, &marks.wishes);
    }
    if (heard->class_size > 0) {
        wr_census_mark_set(m, WR_MARK_CLASS, heard->class, heard->class_size, &class);
    }
    struct wr_census_device *d = of_lease(m, &marks, WR_FROM_DHCP, now_s);
    if (d == NULL) {
        return;
    }
    if (has_changed(d, &marks)) {
        wr_census_trouble(m, d, WR_TROUBLE_FINGERPRINT, 0, now_s);
    }
    const struct wr_mark *const all[] = {&marks.mac, &marks.id, &marks.host, &class};
    for (size_t i = 0; i < WR_ARRAY_LEN(all); i++) {
        if (all[i]->kind != WR_MARK_NONE) {
            wr_census_mark_add(m, d, all[i], WR_FROM_DHCP, now_s);
        }
    }
    wr_census_seen(m, d, d->ifindex == 0 ? ifindex : 0,
                   now_s); /* a port of a bridge hears it too */
}

void wr_census_tick_candidate(struct wr_census *m, struct wr_census_device *d, int64_t now_s)
{
    struct wr_census_device *old = wr_census_by_number(m, d->candidate);
    if (old == NULL || !wr_census_is_made_up(d) || ask_otherwise(d, old)) {
        d->candidate = 0;
    } else if (is_quiet(old, now_s)) {
        wr_census_fold(m, d, old);
        old->linked = true;
        wr_census_publish(m, old);
    }
}
