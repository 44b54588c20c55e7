/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/doubt.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* Actions, and lists. */
#define OTHERS_MAX (16 + WR_POLICY_ONLYS_MAX)

/* One policy made from another. */
struct other {
    const struct wr_policy *policy;
    void *block;
    struct wr_policy_rule *rule;
    struct wr_policy_only *only;
};

/* All for one combination of what is not known. */
struct others {
    bool made;
    uint32_t count;
    struct other *item;
};

struct wr_doubt {
    const struct wr_policy *policy;
    bool strict;
    struct others of[WR_DOUBT_ALL];
};

static bool about_may(const struct wr_policy_about *about, unsigned of)
{
    return ((of & WR_DOUBT_CLIENT) != 0 && about->clients > 0) ||
           ((of & WR_DOUBT_DEVICE) != 0 && (about->groups | about->devices | about->kinds) != 0);
}

static void forget_about(struct wr_policy_about *about, unsigned of)
{
    about->clients = (of & WR_DOUBT_CLIENT) != 0 ? 0 : about->clients;
    if ((of & WR_DOUBT_DEVICE) != 0) {
        about->groups = about->devices = about->kinds = 0;
    }
}

static bool rule_may(const struct wr_policy_rule *r, unsigned of)
{
    return r->alias.count > 0 || r->addresses > 0 || r->server.count > 0 || r->server_addrs > 0 ||
           about_may(&r->about, of) || ((of & WR_DOUBT_LISTS) != 0 && r->feeds > 0);
}

/* It holds, whatever is not known. */
static void forget(struct wr_policy_rule *r, unsigned of)
{
    forget_about(&r->about, of);
    r->alias.count = 0;
    r->addresses = 0;
    r->server.count = r->server_addrs = 0;
    if ((of & WR_DOUBT_LISTS) != 0 && r->feeds > 0) {
        r->feeds = r->exact.count = r->below.count = 0;
    }
}

/* `action` -1: none of the rules that may hold does; `only` -1: nor of the lists. */
static int make(const struct wr_policy *p, unsigned of, int action, int64_t only, struct other *o)
{
    struct wr_policy_spec spec = *wr_policy_spec(p);
    struct wr_policy_spec from = spec;
    *o = (struct other){.rule = calloc(from.rules + 1, sizeof(*o->rule)),
                        .only = calloc(from.onlys + 1, sizeof(*o->only))};
    if (o->rule == NULL || o->only == NULL) {
        return WR_E_NOMEM;
    }
    spec.rule = o->rule;
    spec.only = o->only;
    spec.rules = spec.onlys = 0;
    for (uint32_t i = 0; i < from.rules; i++) {
        const struct wr_policy_rule *r = &from.rule[i];
        bool may = rule_may(r, of);
        if (may && (r->shadow || r->action != action)) {
            continue;
        }
        o->rule[spec.rules] = *r;
        if (may) {
            forget(&o->rule[spec.rules], of);
        }
        spec.rules++;
    }
    for (uint32_t i = 0; i < from.onlys; i++) {
        bool may = about_may(&from.only[i].about, of);
        if (!may || i == only) {
            o->only[spec.onlys] = from.only[i];
            forget_about(&o->only[spec.onlys++].about, may ? of : 0);
        }
    }
    o->block = aligned_alloc(64, wr_policy_size(&spec));
    if (o->block == NULL) {
        return WR_E_NOMEM;
    }
    o->policy = wr_policy_compile(o->block, &spec);
    return WR_OK;
}

static void clear(struct others *o)
{
    for (uint32_t i = 0; i < o->count; i++) {
        free(o->item[i].rule);
        free(o->item[i].only);
        free(o->item[i].block);
    }
    free(o->item);
    *o = (struct others){.made = false};
}

/* The policies that may say otherwise. */
static int make_all(const struct wr_policy *p, unsigned of, struct others *o)
{
    const struct wr_policy_spec *spec = wr_policy_spec(p);
    uint32_t actions = 0;
    int err = WR_OK;
    o->item = calloc(OTHERS_MAX, sizeof(*o->item));
    if (o->item == NULL) {
        return WR_E_NOMEM;
    }
    for (uint32_t i = 0; i < spec->rules && err == WR_OK; i++) {
        const struct wr_policy_rule *r = &spec->rule[i];
        uint32_t bit = (uint32_t)1 << (r->action & 15);
        if (!r->shadow && rule_may(r, of) && (actions & bit) == 0) {
            actions |= bit;
            err = make(p, of, r->action, -1, &o->item[o->count++]);
        }
    }
    for (uint32_t i = 0; i < spec->onlys && err == WR_OK; i++) {
        if (about_may(&spec->only[i].about, of)) {
            err = make(p, of, -1, i, &o->item[o->count++]);
        }
    }
    o->made = err == WR_OK;
    if (err != WR_OK) {
        clear(o);
    }
    return err;
}

int wr_doubt_open(const struct wr_policy *p, bool strict, struct wr_doubt **ret_doubt)
{
    struct wr_doubt *d = calloc(1, sizeof(*d));
    if (d == NULL) {
        return WR_E_NOMEM;
    }
    d->policy = p;
    d->strict = strict;
    *ret_doubt = d;
    return WR_OK;
}

void wr_doubt_close(struct wr_doubt *d)
{
    for (unsigned of = 0; d != NULL && of < WR_DOUBT_ALL; of++) {
        clear(&d->of[of]);
    }
    free(d);
}

static bool is_same(const struct wr_doubt *d, const struct wr_verdict *a,
                    const struct wr_verdict *b)
{
    uint8_t first = a->shadow ? WR_VERDICT_NONE : a->action;
    uint8_t second = b->shadow ? WR_VERDICT_NONE : b->action;
    if (!d->strict) {
        first = first == WR_VERDICT_ALLOW ? WR_VERDICT_NONE : first;
        second = second == WR_VERDICT_ALLOW ? WR_VERDICT_NONE : second;
    }
    bool names = first == WR_VERDICT_ROUTE || first == WR_VERDICT_DATA;
    return first == second && (!names || a->rule == b->rule);
}

int wr_doubt_question(struct wr_doubt *d, const struct wr_policy_ask *ask, unsigned of,
                      struct wr_doubt_said *ret_said)
{
    struct wr_doubt_said said = {.sure = true};
    struct others *o = &d->of[of & (WR_DOUBT_ALL - 1)];
    int err = d->policy == NULL || o->made ? WR_OK : make_all(d->policy, of, o);
    if (err != WR_OK) {
        return err;
    }
    if (d->policy != NULL) {
        said.verdict = wr_policy_question(d->policy, ask);
    }
    for (uint32_t i = 0; i < o->count && said.sure; i++) {
        struct wr_verdict v = wr_policy_question(o->item[i].policy, ask);
        said.sure = is_same(d, &said.verdict, &v);
        said.rule = said.sure ? 0 : v.rule != 0 ? v.rule : said.verdict.rule;
    }
    *ret_said = said;
    return WR_OK;
}
