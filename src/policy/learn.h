/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learn: from the names that one device asked for to those that it is to be approved for.
 *
 *     l = wr_learn_init(block, names, shared, user)
 *     wr_learn_take(l, name, when, missing)     each query of the device; `missing`: there was no such name
 *     wr_learn_sum(l)
 *     wr_learn_other(l, name)                   each query of another device, before or after the sum of its own
 *     n = wr_learn_rows(l, row)                 what is proposed, and what each line stands on
 *
 * Most of what a device asks for once it asks for again, so the names themselves are nearly all of a profile: each is itself alone, as profiles have it (policy/mudset).
 * What else there is to a device's own cloud is opened by "all below S", where S is
 *
 *   - inside of somebody's domain (ch.vendor.example), and the device asked for two things below it; or
 *   - a registered domain (vendor.example), the device asked for three things below it, or for two that differ only in their digits, and no other
 *     device asked for anything there that this one did not: what is asked for by several is a place where many have something;
 *   - a top-level domain that does not exist (a search list: "host.lan"): nobody outside has a name there;
 *
 * and never a suffix below which strangers have names, of registries or of companies (the whole public suffix list), nor one that has such a suffix
 * below it as far as the device's names tell. So names of content networks and rented machines stay as they are.
 * With a name that has "dualstack." in front, by which balancers of one cloud are asked for IPv6 too, goes the one without it.
 *
 * What never existed says nothing of where a device's cloud is, and is only approved itself when it was asked for again WR_LEARN_AGAIN_S later: names
 * that malware makes up are asked for once.
 *
 * Pure, in a block of the caller's; bounded by `names`: further ones are counted, and such a profile is not whole.
 */
#ifndef WR_POLICY_LEARN_H
#define WR_POLICY_LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "dns/name.h"

/* Do strangers have names below `name` (in wire form)? A top-level domain that exists is such a name. */
typedef bool wr_learn_shared(void *user, const uint8_t *name);

enum wr_learn_why {
    WR_LEARN_ASKED = 0, /* the name itself */
    WR_LEARN_PART,      /* below: a part of somebody's domain */
    WR_LEARN_ALIKE,     /* below: a domain, for two names that differ in digits */
    WR_LEARN_DOMAIN,    /* below: a domain */
    WR_LEARN_LOCAL,     /* below: a top-level domain that does not exist */
    WR_LEARN_PLAIN,     /* the name itself, asked for with "dualstack." in front */
};

struct wr_learn_row {
    const uint8_t *name; /* in small letters; stays as long as the block */
    bool below;          /* what is below it, and not itself */
    uint8_t why;         /* enum wr_learn_why */
    uint32_t names;      /* that the device asked for, and it approves */
    uint64_t queries;
    int64_t first_s, last_s;
};

struct wr_learn;

/* At most WR_LEARN_NAMES_MAX names. Octets of the block, which is aligned to 8. */
size_t wr_learn_size(uint32_t names);
struct wr_learn *wr_learn_init(void *block, uint32_t names, wr_learn_shared *shared, void *user);
/* WR_E_FULL: it is one too many, and only counted. */
int wr_learn_take(struct wr_learn *l, const uint8_t *name, int64_t when_s, bool missing);
void wr_learn_sum(struct wr_learn *l);
void wr_learn_other(struct wr_learn *l, const uint8_t *name);
/* In canonical order of the names that they stand on. `row` has room for twice as many as there are names; returns how many. */
uint32_t wr_learn_rows(const struct wr_learn *l, struct wr_learn_row *row);

/* The names themselves, all of them, as many lines. */
uint32_t wr_learn_names(const struct wr_learn *l, struct wr_learn_row *row);

struct wr_learn_told {
    uint32_t names; /* of the device */
    uint32_t never; /* of them, that never existed and are not approved */
    uint64_t over;  /* queries for names that there was no room for */
};
struct wr_learn_told wr_learn_told(const struct wr_learn *l);

/* The line that approves `name`, or NULL. */
const struct wr_learn_row *wr_learn_permits(const struct wr_learn_row *row, uint32_t rows,
                                            const uint8_t *name);
const char *wr_learn_why_text(uint8_t why);

#endif
