/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/policylook.h"

#include <stdio.h>
#include <string.h>

#include "conf/policybits.h"
#include "dns/name.h"

enum { TEXT_SIZE = 160 };

struct names {
    const uint8_t *const *items;
    size_t count;
};
#define NAMES(list) ((struct names){(list).items, (list).count})

/* Is the name, or one above it, in the list? */
static bool is_below(struct names list, const uint8_t *name)
{
    for (size_t i = 0; i < list.count; i++)
        if (wr_name_in(name, list.items[i]))
            return true;
    return false;
}

static bool is_in(struct names list, const uint8_t *name)
{
    for (size_t i = 0; i < list.count; i++)
        if (wr_name_equal(name, list.items[i]))
            return true;
    return false;
}

static bool all_below(struct names list, struct names these)
{
    for (size_t i = 0; i < these.count; i++)
        if (!is_below(list, these.items[i]))
            return false;
    return true;
}

static bool is_named(const struct wr_conf_rule *r)
{
    return r->names.count > 0 || r->domains.count > 0 || r->feeds.count > 0;
}

static bool looks_at_answers(const struct wr_conf_rule *r)
{
    return r->aliases.count > 0 || r->addresses.count > 0 || r->servers.count > 0;
}

/* --- does `a` hold for all that `b` holds for? --- */

struct words {
    const char *const *items;
    size_t count;
};
#define WORDS(list) ((struct words){(list).items, (list).count})

static bool covers_words(struct words a, struct words b)
{
    if (a.count == 0)
        return true;
    for (size_t i = 0; i < b.count; i++) {
        size_t k = 0;

        while (k < a.count && strcmp(a.items[k], b.items[i]) != 0)
            k++;
        if (k == a.count)
            return false;
    }
    return b.count > 0;
}

static bool covers_names(const struct wr_conf_rule *a, const struct wr_conf_rule *b)
{
    if (a->except.count > 0 && !all_below(NAMES(b->except), NAMES(a->except)))
        return false;
    if (!is_named(a))
        return true;
    for (size_t i = 0; i < b->names.count; i++)
        if (!is_in(NAMES(a->names), b->names.items[i]) &&
            !is_below(NAMES(a->domains), b->names.items[i]))
            return false;
    bool feeds = b->feeds.count == 0 ||
                 (a->feeds.count > 0 && covers_words(WORDS(a->feeds), WORDS(b->feeds)));
    return feeds && is_named(b) && all_below(NAMES(a->domains), NAMES(b->domains));
}

struct prefixes {
    const struct wr_prefix *items;
    size_t count;
};
#define PREFIXES(list) ((struct prefixes){(list).items, (list).count})

static bool covers_prefixes(struct prefixes a, struct prefixes b)
{
    if (a.count == 0)
        return true;
    for (size_t i = 0; i < b.count; i++) {
        size_t k = 0;

        while (k < a.count && (a.items[k].len > b.items[i].len ||
                               !wr_addr_in_prefix(&b.items[i].addr, &a.items[k])))
            k++;
        if (k == a.count)
            return false;
    }
    return b.count > 0;
}

/* The owner's word alone is less than what is found as well. */
static bool covers_kinds(const struct wr_conf_rule *a, const struct wr_conf_rule *b)
{
    uint8_t one = wr_policybits_kind((enum wr_conf_verdict)a->verdict);
    uint8_t other = wr_policybits_kind((enum wr_conf_verdict)b->verdict);
    bool less = one == WR_CENSUS_BIT_SAID && other != one;

    return a->kinds.count == 0 || (!less && covers_words(WORDS(a->kinds), WORDS(b->kinds)));
}

static bool covers(const struct wr_conf_rule *a, const struct wr_conf_rule *b)
{
    bool always = a->hours[0] == 0 && a->days.count == 0;
    bool answers = !looks_at_answers(a) ||
                   (covers_prefixes(PREFIXES(a->addresses), PREFIXES(b->addresses)) &&
                    covers_words(WORDS(a->servers), WORDS(b->servers)) &&
                    (a->aliases.count == 0 ||
                     (b->aliases.count > 0 && all_below(NAMES(a->aliases), NAMES(b->aliases)))));

    return always && answers && covers_names(a, b) &&
           covers_words(WORDS(a->segments), WORDS(b->segments)) &&
           covers_words(WORDS(a->groups), WORDS(b->groups)) &&
           covers_words(WORDS(a->devices), WORDS(b->devices)) && covers_kinds(a, b) &&
           covers_words(WORDS(a->types), WORDS(b->types)) &&
           covers_prefixes(PREFIXES(a->clients), PREFIXES(b->clients));
}

static bool decides(const struct wr_conf_rule *r)
{
    return !r->shadow && r->verdict != WR_CONF_VERDICT_LOG;
}

/* Ends everything with the question. */
static bool denies_question(const struct wr_conf_rule *r)
{
    return !looks_at_answers(r) &&
           ((r->verdict >= WR_CONF_VERDICT_NXDOMAIN && r->verdict <= WR_CONF_VERDICT_DROP) ||
            r->verdict >= WR_CONF_VERDICT_DATA);
}

static bool is_shadowed(const struct wr_conf *conf, size_t i, char *text)
{
    const struct wr_conf_rule *rules = conf->policy.rules.items;

    for (size_t k = 0; k < conf->policy.rules.count; k++) {
        bool first = k < i || (looks_at_answers(&rules[i]) && denies_question(&rules[k]));

        if (k == i || !first || !decides(&rules[k]) || !covers(&rules[k], &rules[i]))
            continue;
        snprintf(text, TEXT_SIZE, "never decides: whatever it is about, rule %.63s has decided%s",
                 rules[k].name ? rules[k].name : "", k < i ? "" : " on the question");
        return true;
    }
    return false;
}

/* --- is anything left? --- */

static const struct wr_conf_segment *segment_of(const struct wr_conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->segments.count; i++)
        if (conf->segments.items[i].name && !strcmp(conf->segments.items[i].name, name))
            return &conf->segments.items[i];
    return NULL;
}

/* Could a client of the segment get a name of the rule? */
static bool may_have(const struct wr_conf_segment *s, const struct wr_conf_rule *r)
{
    struct names only = NAMES(s->only);

    for (size_t i = 0; i < r->names.count; i++)
        if (is_below(only, r->names.items[i]))
            return true;
    for (size_t i = 0; i < r->domains.count; i++)
        if (is_below(only, r->domains.items[i]))
            return true;
    for (size_t i = 0; i < only.count; i++)
        if (is_below(NAMES(r->domains), only.items[i]))
            return true;
    return only.count == 0 || !is_named(r) || r->feeds.count > 0;
}

static bool is_unapproved(const struct wr_conf *conf, const struct wr_conf_rule *r)
{
    for (size_t i = 0; i < r->segments.count; i++) {
        const struct wr_conf_segment *s = segment_of(conf, r->segments.items[i]);

        if (!s || may_have(s, r))
            return false;
    }
    return r->segments.count > 0;
}

void wr_policylook_find(const struct wr_conf *conf, wr_policylook_found *found, void *user)
{
    char text[TEXT_SIZE];

    for (size_t i = 0; i < conf->policy.rules.count; i++) {
        const struct wr_conf_rule *r = &conf->policy.rules.items[i];

        if (is_named(r) && r->feeds.count == 0 && all_below(NAMES(r->except), NAMES(r->names)) &&
            all_below(NAMES(r->except), NAMES(r->domains)))
            found(user, i, "never decides: all of its names are excepted");
        else if (is_unapproved(conf, r))
            found(user, i,
                  "never decides: none of its names is among the approved ones of its segments");
        else if (is_shadowed(conf, i, text))
            found(user, i, text);
    }
}
