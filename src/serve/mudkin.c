/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/mudkin.h"

#include <stdlib.h>
#include <string.h>

#include "policy/census.h"
#include "serve/devices.h"
#include "serve/mudpermits.h"
#include "serve/muds.h"
#include "serve/serve.h"

/* Fetched, and signed by nobody: then it is where it came from that says whose it is. */
static bool is_by_place(const struct wr_mudstore_entry *e)
{
    return e->mud != NULL && e->about.signer[0] == 0 && e->about.from[0] != 0;
}

bool wr_mudkin_is_stranger(const struct wr_mudstore_entry *e)
{
    if (!is_by_place(e)) {
        return false;
    }
    struct wr_str_part says = wr_mud_authority(wr_mud_at(e->mud, e->mud->url));
    const struct wr_str_part host = {e->about.host, strlen(e->about.host)};
    return !wr_mud_same_authority(says, wr_mud_authority(e->about.from)) ||
           !wr_mud_same_authority(says, host);
}

bool wr_mudkin_is_model(const struct wr_mudstore_entry *e)
{
    return e->mud != NULL &&
           (!is_by_place(e) || (!wr_mudkin_is_stranger(e) &&
                                strcmp(wr_mud_at(e->mud, e->mud->url), e->about.from) == 0));
}

/* --- what is opened --- */

/* All that known devices have, for free(); NULL: none, or not enough memory. */
static struct wr_mudpermits_profile *gather(const struct wr_serve *s, size_t *ret_count)
{
    const struct wr_census *census = wr_devices_machine(s->devices);
    const struct wr_census_device *d;
    uint32_t cursor = 0;
    bool any = wr_mudstore_next(wr_muds_store(s->muds), &cursor) != NULL;
    struct wr_mudpermits_profile *all = any ? calloc(WR_MUD_DEVICES_MAX, sizeof(*all)) : NULL;
    size_t n = 0;
    cursor = 0;
    while (all != NULL && n < WR_MUD_DEVICES_MAX && (d = wr_census_walk(census, &cursor)) != NULL) {
        const struct wr_mudstore_entry *e = wr_muds_of(s->muds, d);
        if (e != NULL && e->mud != NULL) {
            all[n++] =
                (struct wr_mudpermits_profile){d, e->mud, e->about.mode == WR_MUDSTORE_ENFORCED,
                                               wr_mudkin_is_stranger(e), wr_mudkin_is_model(e)};
        }
    }
    *ret_count = n;
    return all;
}

void wr_mudkin_permits(const struct wr_serve *s, struct wr_firefacts *f)
{
    size_t n = 0;
    struct wr_mudpermits_profile *all = gather(s, &n);
    wr_mudpermits(f, s->conf, all, n);
    free(all);
}

/* --- what is told --- */

struct means {
    struct wr_mud_kin kin[WR_MUD_KIN_MAX]; /* each once */
    uint8_t class[WR_MUD_KIN_MAX];         /* enum wr_mud_class */
    size_t count;
};

static const char *class_name(uint8_t class)
{
    return class == WR_MUD_MODEL          ? "model"
           : class == WR_MUD_MANUFACTURER ? "manufacturer"
                                          : "same-manufacturer";
}

static void add(struct means *all, const struct wr_mud_kin *kin, uint8_t class)
{
    size_t i = 0;
    while (i < all->count && !wr_mud_kin_same(&all->kin[i], kin)) {
        i++;
    }
    if (i == all->count && i < WR_MUD_KIN_MAX) {
        all->kin[i] = *kin;
        all->class[i] = class;
        all->count++;
    }
}

/* Whom its entries mean that are enforced. */
static void read_means(const struct wr_serve *s, const struct wr_mudstore_entry *e,
                       struct means *ret)
{
    struct wr_mud_house house;
    struct wr_mud_kin kin;
    wr_mudpermits_house(s->conf, &house);
    house.is_stranger = wr_mudkin_is_stranger(e);
    ret->count = 0;
    for (uint32_t i = 0; i < e->mud->aces; i++) {
        const struct wr_mud_ace *a = &e->mud->ace[i];
        if (a->direction == WR_MUD_FROM && wr_mud_kin_of(e->mud, a, &kin) &&
            wr_mudtell_judge(e->mud, a, &house).means == WR_MUD_BY_ADDRESS) {
            add(ret, &kin, a->classes);
        }
    }
}

static bool is_at(const struct wr_census_device *d, uint32_t ifindex)
{
    bool at = false;
    for (unsigned i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        at = at || d->address[i].ifindex == ifindex;
    }
    return at;
}

/* NULL: it is reached, where the way is open at all. */
static const char *why_not(const struct wr_mudpermits_profile *to, const struct wr_census_device *d,
                           uint8_t class)
{
    bool known = false, elsewhere = false;
    for (unsigned i = 0; i < WR_CENSUS_ADDRESSES_MAX; i++) {
        const struct wr_census_address *a = &to->device->address[i];
        if (wr_mudpermits_is_reached(a)) {
            known = true;
            elsewhere = elsewhere || !is_at(d, a->ifindex);
        }
    }
    return to->is_stranger ? "its profile is not signed, and not from the host of its mud-url"
           : class == WR_MUD_MODEL && !to->is_model
               ? "its profile is not signed, and not from its mud-url"
           : !known     ? "no address of it is known at an interface, as its own alone"
           : !elsewhere ? "it is in the same segment: reached without the gateway"
                        : NULL;
}

void wr_mudkin_put(const struct wr_serve *s, struct wr_json *j, const struct wr_mudstore_entry *e,
                   const struct wr_census_device *d)
{
    char called[WR_CENSUS_NAME_SIZE];
    struct means means;
    size_t n = 0, told = 0;
    struct wr_mudpermits_profile *all = d != NULL && e->mud != NULL ? gather(s, &n) : NULL;
    if (all != NULL) {
        read_means(s, e, &means);
    }
    wr_json_array(j, "others");
    for (size_t i = 0; i < n && told < WR_MUD_KIN_SHOW_MAX; i++) {
        const char *url = wr_mud_at(all[i].mud, all[i].mud->url);
        size_t k = 0;
        while (k < means.count && !wr_mud_kin_has(&means.kin[k], url)) {
            k++;
        }
        if (k == means.count || all[i].device == d) {
            continue;
        }
        wr_census_call(all[i].device, called, sizeof(called));
        wr_json_object(j, NULL);
        wr_json_text(j, "device", called);
        wr_json_text(j, "as", class_name(means.class[k]));
        wr_json_text(j, "not_reached", why_not(&all[i], d, means.class[k]));
        wr_json_end(j);
        told++;
    }
    wr_json_end(j);
    free(all);
}
