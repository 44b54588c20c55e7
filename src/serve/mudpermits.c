/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/mudpermits.h"

#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX

/* Devices that are meant by who made them. */
struct mean {
    struct wr_mud_kin kin;
    size_t class; /* its number in the rules; NONE: there is none */
};

struct adding {
    struct wr_firefacts *f;
    size_t first;
    const struct wr_conf *conf;
    const struct wr_mudpermits_profile *profile;
    size_t profiles;
    const struct wr_census_device *device;
    const struct wr_mud *mud;
    size_t classes, means;
    struct wr_mud_kin class[WR_MUD_KIN_MAX]; /* by the number that they have in the rules */
    struct mean mean[WR_MUD_KIN_EACH_MAX];   /* of the profile that it is at */
};

void wr_mudpermits_house(const struct wr_conf *conf, struct wr_mud_house *ret_house)
{
    ret_house->controllers = 0;
    ret_house->is_stranger = ret_house->is_fetched = false;
    for (size_t i = 0; i < conf->mud.controllers.count && i < WR_MUD_CONTROLLERS_MAX; i++) {
        ret_house->controller[ret_house->controllers++] = conf->mud.controllers.items[i].class;
    }
}

/* --- of a device --- */

static bool is_mac(const struct wr_mark *mark)
{
    static const uint8_t none[6];
    return mark->kind == WR_MARK_MAC && mark->size == 6 && memcmp(mark->octets, none, 6) != 0;
}

/* Is this interface named by an address before it? */
static bool is_again(const struct wr_census_device *d, unsigned i)
{
    for (unsigned k = 0; k < i; k++) {
        if (d->address[k].ifindex == d->address[i].ifindex) {
            return true;
        }
    }
    return false;
}

/* --- of an entry --- */

static void put_ports(const struct wr_mud_ports *p, uint16_t *ret_low, uint16_t *ret_high)
{
    if (p->op == WR_MUD_PORT_IN) {
        *ret_low = p->low;
        *ret_high = p->high;
    }
}

static struct wr_ruleset_item *room(const struct adding *a, enum wr_ruleset_kind kind)
{
    if (a->f->count - a->first >= WR_RULESET_PERMITS_MAX) {
        a->f->left++;
        return NULL;
    }
    return wr_firefacts_put(a->f, kind, 0);
}

static void put_item(const struct adding *a, const struct wr_ruleset_item *like,
                     const uint8_t mac[6], uint32_t ifindex)
{
    struct wr_ruleset_item *item = room(a, WR_RULESET_PERMIT);
    if (item == NULL) {
        return;
    }
    memcpy(item, like, sizeof(*item));
    memcpy(item->mac, mac, sizeof(item->mac));
    item->prefix.addr.scope = ifindex;
}

/* For each of its MAC addresses at each of its interfaces. */
static void put_one(const struct adding *a, const struct wr_mud_ace *ace,
                    const struct wr_prefix *to, unsigned flags, size_t class)
{
    const struct wr_census_device *d = a->device;
    struct wr_ruleset_item like;
    memset(&like, 0, sizeof(like));
    like.kind = WR_RULESET_PERMIT;
    like.flags = (uint8_t)flags;
    like.segment = (uint16_t) class;
    memcpy(like.prefix.addr.ip, to->addr.ip, sizeof(like.prefix.addr.ip));
    like.prefix.addr.family = to->addr.family;
    like.prefix.len = to->len;
    like.protocol = ace->protocol > 0 ? (uint8_t)ace->protocol : 0;
    put_ports(wr_mud_peer_ports(ace), &like.port, &like.port_high);
    put_ports(wr_mud_own_ports(ace), &like.from_low, &like.from_high);
    for (unsigned i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        uint32_t ifindex = d->address[i].ifindex;
        for (unsigned k = 0; ifindex != 0 && !is_again(d, i) && k < WR_CENSUS_MARKS_MAX; k++) {
            if (is_mac(&d->mark[k])) {
                put_item(a, &like, d->mark[k].octets, ifindex);
            }
        }
    }
}

static bool is_of(const struct wr_mud_ace *ace, uint8_t family)
{
    return ace->family == WR_AF_NONE || ace->family == family;
}

/* To what has a chain of its own in the rules, over IPv4 and IPv6. */
static void put_chain(const struct adding *a, const struct wr_mud_ace *ace, unsigned flags,
                      size_t class)
{
    static const uint8_t families[] = {WR_AF_V4, WR_AF_V6};
    for (unsigned i = 0; i < 2; i++) {
        struct wr_prefix all = {.len = 0};
        all.addr.family = families[i];
        if (is_of(ace, families[i])) {
            put_one(a, ace, &all, flags, class);
        }
    }
}

static void put_controllers(const struct adding *a, const struct wr_mud_ace *ace)
{
    const char *class = wr_mudtell_class(a->mud, ace);
    for (size_t i = 0; i < a->conf->mud.controllers.count; i++) {
        const struct wr_conf_controller *c = &a->conf->mud.controllers.items[i];
        for (size_t k = 0; strcmp(c->class, class) == 0 && k < c->addresses.count; k++) {
            if (is_of(ace, c->addresses.items[k].addr.family)) {
                put_one(a, ace, &c->addresses.items[k], 0, 0);
            }
        }
    }
}

/* --- devices by who made them --- */

bool wr_mudpermits_is_reached(const struct wr_census_address *a)
{
    return a->ifindex != 0 && (a->rival == 0 || a->beside_s == 0) &&
           wr_firefacts_is_forwarded(&a->addr);
}

static void put_member(const struct adding *a, size_t class, const struct wr_census_device *d)
{
    for (unsigned i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        const struct wr_census_address *one = &d->address[i];
        struct wr_ruleset_item *item =
            wr_mudpermits_is_reached(one) ? room(a, WR_RULESET_KIN) : NULL;
        if (item == NULL) {
            continue;
        }
        item->segment = (uint16_t) class;
        memcpy(item->prefix.addr.ip, one->addr.ip, sizeof(item->prefix.addr.ip));
        item->prefix.addr.family = one->addr.family;
        item->prefix.addr.scope = one->ifindex;
        item->prefix.len = one->addr.family == WR_AF_V4 ? 32 : 128;
    }
}

static bool is_one_of(const struct wr_mudpermits_profile *p, const struct wr_mud_kin *kin)
{
    return !p->is_stranger && (p->is_model || !kin->is_model) &&
           wr_mud_kin_has(kin, wr_mud_at(p->mud, p->mud->url));
}

static bool has_address(const struct wr_census_device *d)
{
    bool has = false;
    for (unsigned i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        has = has || wr_mudpermits_is_reached(&d->address[i]);
    }
    return has;
}

/* The number of the class of these devices, that of an entry before if it is the same. NONE: nobody is in it, or it has no room. */
static size_t number_of(struct adding *a, const struct wr_mud_kin *kin)
{
    bool has = false;
    for (size_t i = 0; i < a->classes; i++) {
        if (wr_mud_kin_same(&a->class[i], kin)) {
            return i;
        }
    }
    for (size_t i = 0; i < a->profiles && !has; i++) {
        has = is_one_of(&a->profile[i], kin) && has_address(a->profile[i].device);
    }
    if (!has || a->classes == WR_MUD_KIN_MAX) {
        a->f->left += has;
        return NONE;
    }
    for (size_t i = 0; i < a->profiles; i++) {
        if (is_one_of(&a->profile[i], kin)) {
            put_member(a, a->classes, a->profile[i].device);
        }
    }
    a->class[a->classes] = *kin;
    return a->classes++;
}

/* The same, looked for once for a profile, and WR_MUD_KIN_EACH_MAX times at most: one profile does not take all the numbers. */
static size_t class_of(struct adding *a, const struct wr_mud_kin *kin)
{
    for (size_t i = 0; i < a->means; i++) {
        if (wr_mud_kin_same(&a->mean[i].kin, kin)) {
            return a->mean[i].class;
        }
    }
    if (a->means == WR_MUD_KIN_EACH_MAX) {
        a->f->left++;
        return NONE;
    }
    a->mean[a->means] = (struct mean){.kin = *kin, .class = number_of(a, kin)};
    return a->mean[a->means++].class;
}

static void put_kin(struct adding *a, const struct wr_mud_ace *ace)
{
    struct wr_mud_kin kin;
    size_t class = wr_mud_kin_of(a->mud, ace, &kin) ? class_of(a, &kin) : NONE;
    if (class != NONE) {
        put_chain(a, ace, WR_RULESET_TO_KIN, class);
    }
}

/* --- of a profile --- */

static void put_profile(struct adding *a, const struct wr_mudpermits_profile *p)
{
    struct wr_mud_house house;
    a->device = p->device;
    a->mud = p->mud;
    a->means = 0;
    wr_mudpermits_house(a->conf, &house);
    house.is_stranger = p->is_stranger;
    for (uint32_t i = 0; i < p->mud->aces; i++) {
        const struct wr_mud_ace *ace = &p->mud->ace[i];
        if (ace->direction != WR_MUD_FROM || wr_mud_peer_name(ace) != 0 ||
            wr_mudtell_judge(p->mud, ace, &house).means != WR_MUD_BY_ADDRESS) {
            continue;
        }
        if (ace->classes == WR_MUD_LOCAL_NETWORKS) {
            put_chain(a, ace, WR_RULESET_LOCAL, 0);
        } else if ((ace->classes & WR_MUD_KIN) != 0) {
            put_kin(a, ace);
        } else if (ace->classes != 0) {
            put_controllers(a, ace);
        } else {
            put_one(a, ace, wr_mud_peer_net(ace), 0, 0);
        }
    }
}

bool wr_mudpermits_can(const struct wr_census_device *d)
{
    bool mac = false, place = false;
    for (unsigned i = 0; i < WR_CENSUS_MARKS_MAX; i++) {
        mac = mac || is_mac(&d->mark[i]);
    }
    for (unsigned i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        place = place || d->address[i].ifindex != 0;
    }
    return mac && place;
}

/* --- together --- */

static int compare(const void *x, const void *y)
{
    const struct wr_ruleset_item *a = x, *b = y;
    int order = a->kind - b->kind;
    if (order == 0 && a->kind == WR_RULESET_KIN) {
        order = a->segment != b->segment ? a->segment - b->segment
                                         : a->prefix.addr.family - b->prefix.addr.family;
    }
    order = order != 0 ? order : memcmp(a->mac, b->mac, sizeof(a->mac));
    if (order == 0 && a->prefix.addr.scope != b->prefix.addr.scope) {
        return a->prefix.addr.scope < b->prefix.addr.scope ? -1 : 1;
    }
    return order != 0 ? order : memcmp(a, b, sizeof(*a)); /* gaps are zero */
}

static void sort(struct wr_firefacts *f, size_t first)
{
    size_t kept = first;
    qsort(f->item + first, f->count - first, sizeof(f->item[0]), compare);
    for (size_t i = first; i < f->count; i++) {
        if (kept == first || compare(&f->item[kept - 1], &f->item[i]) != 0) {
            memmove(&f->item[kept++], &f->item[i], sizeof(f->item[0])); /* gaps too */
        }
    }
    f->count = kept;
}

void wr_mudpermits(struct wr_firefacts *f, const struct wr_conf *conf,
                   const struct wr_mudpermits_profile *profile, size_t profiles)
{
    struct adding a = {
        .f = f, .first = f->count, .conf = conf, .profile = profile, .profiles = profiles};
    for (size_t i = 0; i < profiles; i++) {
        if (profile[i].in_force) {
            put_profile(&a, &profile[i]);
        }
    }
    sort(f, a.first);
}
