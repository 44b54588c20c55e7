/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/dane.h"

#include <stdlib.h>
#include <string.h>

#include "dns/codes.h"
#include "resolve/select.h"
#include "serve/say.h"
#include "serve/serve.h"

#define LOOK_US   (30 * WR_S)    /* between two looks when all is well; sooner when a TTL ends */
#define FIRST_US  (1 * WR_S)     /* the first pause after a failure; it doubles */
#define SETTLE_US (5 * WR_S)     /* a question that is not answered by then was asked for nothing */
#define KEEP_US   (86400 * WR_S) /* so long after their TTL records count while nobody answers */
#define ARENA     (64 * 1024)

struct one {
    struct wr_name name;
    uint8_t found; /* enum wr_dane_found */
    uint8_t count;
    struct wr_tlsa tlsa[WR_TLSA_RECORDS_MAX];
    char detail[WR_ANSWER_REASON_MAX + 1]; /* of FAILED */
    bool open, asked, lost;                /* a look is under way; its server is not well */
    bool timeless;                         /* nothing was proven, for want of the time */
    uint64_t since_us, next_us, pause_us, keep_us;
};

struct wr_dane {
    struct one one[WR_UPSTREAMS_MAX];
    unsigned count;
    bool changed; /* the gate in force has not what is known */
    struct wr_answer answer;
    struct wr_tlsa fresh[WR_TLSA_RECORDS_MAX];
    _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];
    _Alignas(8) uint8_t arena[ARENA];
};

/* --- names --- */

static bool name_of(const struct wr_uri *uri, struct wr_name *ret)
{
    char text[WR_URI_NAME_SIZE + 16];
    size_t n = uri->scheme != 0 && (uri->proof & WR_URI_DANE)
                   ? wr_whom_tlsa_name(uri, text, sizeof(text))
                   : 0;
    return n > 0 && wr_name_from_text(text, n, ret) == WR_OK;
}

unsigned wr_dane_names(const struct wr_conf *conf, struct wr_name *ret, unsigned count,
                       unsigned cap)
{
    unsigned from = count;
    for (size_t i = 0; i < conf->upstream.groups.count; i++) {
        const struct wr_conf_group *group = &conf->upstream.groups.items[i];
        for (size_t k = 0; k < group->servers.count; k++) {
            struct wr_name name;
            bool is_new = name_of(&group->servers.items[k], &name);
            for (unsigned n = from; ret != NULL && is_new && n < count && n < cap; n++) {
                is_new = !wr_name_equal(ret[n].wire, name.wire);
            }
            if (ret != NULL && is_new && count < cap) {
                ret[count] = name;
            }
            count += is_new;
        }
    }
    return ret != NULL && count > cap ? cap : count;
}

static struct one *find(const struct wr_dane *d, const uint8_t *name)
{
    for (unsigned i = 0; d != NULL && i < d->count; i++) {
        if (wr_name_equal(d->one[i].name.wire, name)) {
            return (struct one *)(uintptr_t)&d->one[i];
        }
    }
    return NULL;
}

/* What the configuration in force names, and nothing else; what is known stays. */
static void fit(struct wr_dane *d, const struct wr_conf *conf)
{
    struct wr_name name[WR_UPSTREAMS_MAX];
    unsigned count = wr_dane_names(conf, name, 0, WR_UPSTREAMS_MAX);
    for (unsigned i = 0; i < d->count;) {
        bool wanted = false;
        for (unsigned k = 0; k < count && !wanted; k++) {
            wanted = wr_name_equal(name[k].wire, d->one[i].name.wire);
        }
        if (wanted) {
            i++;
        } else {
            d->one[i] = d->one[--d->count];
        }
    }
    for (unsigned k = 0; k < count; k++) {
        if (find(d, name[k].wire) == NULL && d->count < WR_UPSTREAMS_MAX) {
            d->one[d->count++] = (struct one){.name = name[k]};
        }
    }
}

/* --- what is known --- */

bool wr_dane_is_needed(uint8_t proof)
{
    bool others = (proof & (WR_URI_PKIX | WR_URI_PINS)) != 0;
    return (proof & WR_URI_DANE) && (!others || (proof & WR_URI_ALL));
}

const struct wr_tlsa *wr_dane_give(const struct wr_dane *d, const struct wr_uri *uri,
                                   uint8_t *ret_count)
{
    struct wr_name name;
    const struct one *one = name_of(uri, &name) ? find(d, name.wire) : NULL;
    *ret_count = one != NULL ? one->count : 0;
    return *ret_count > 0 ? one->tlsa : NULL;
}

static void put_reason(const struct one *one, struct wr_str *s)
{
    static const char *const texts[] = {
        [WR_DANE_NOT_YET] = "nobody has answered yet for its TLSA records at ",
        [WR_DANE_FOUND] = "",
        [WR_DANE_NONE] = "it is proven that there are no TLSA records at ",
        [WR_DANE_UNSIGNED] = "the zone is not signed, so TLSA records do not count, at ",
        [WR_DANE_UNUSABLE] = "no TLSA record is understood at ",
        [WR_DANE_TIMELESS] = "the time is not known yet, so nothing is proven of TLSA records at ",
        [WR_DANE_FAILED] = "no answer that can be believed for TLSA records at ",
    };
    if (one->count > 0) {
        return;
    }
    wr_str_text(s, texts[one->found]);
    wr_name_put_text(s, one->name.wire);
    if (one->found == WR_DANE_FAILED && one->detail[0] != 0) {
        wr_str_text(s, ": ");
        wr_str_text(s, one->detail);
    }
}

void wr_dane_put_reason(const struct wr_dane *d, const struct wr_uri *uri, struct wr_str *s)
{
    struct one none = {.found = WR_DANE_NOT_YET};
    if (name_of(uri, &none.name)) {
        const struct one *one = find(d, none.name.wire);
        put_reason(one != NULL ? one : &none, s);
    }
}

static void say(const struct one *one)
{
    char text[WR_NAME_TEXT_SIZE + WR_ANSWER_REASON_MAX + 100];
    struct wr_str s;
    wr_str_init(&s, text, sizeof(text));
    if (one->count > 0) {
        wr_name_put_text(&s, one->name.wire);
        wr_say(WR_LOG_INFO, "dane: %u TLSA records at %s", (unsigned)one->count, text);
        return;
    }
    put_reason(one, &s);
    wr_say(WR_LOG_WARN, "dane: %s; a server that nothing else can prove is not asked", text);
}

/* --- one answer --- */

static int order(const struct wr_tlsa *a, const struct wr_tlsa *b)
{
    int by = memcmp((const uint8_t[3]){(uint8_t)~a->usage, a->selector, a->matching},
                    (const uint8_t[3]){(uint8_t)~b->usage, b->selector, b->matching}, 3);
    by = by != 0 ? by : (int)a->size - (int)b->size;
    return by != 0 ? by : memcmp(a->data, b->data, a->size);
}

/* The least are kept (those that prove by themselves, usages 3 and 2, before those that ask for an authority as well), in whatever order they come: else a set that is turned with each answer would be another one each time. */
static uint8_t insert(struct wr_tlsa *list, uint8_t count, const struct wr_tlsa *r)
{
    if (count == WR_TLSA_RECORDS_MAX && order(&list[count - 1], r) <= 0) {
        return count;
    }
    count -= count == WR_TLSA_RECORDS_MAX;
    uint8_t at = count;
    while (at > 0 && order(&list[at - 1], r) > 0) {
        at--;
    }
    memmove(list + at + 1, list + at, (size_t)(count - at) * sizeof(*list));
    list[at] = *r;
    return (uint8_t)(count + 1);
}

enum wr_dane_found wr_dane_read(const struct wr_answer *a, struct wr_tlsa *ret, uint8_t *ret_count)
{
    uint8_t count = 0;
    bool any = false;
    *ret_count = 0;
    if (a->security != WR_SECURITY_SECURE) {
        return a->security == WR_SECURITY_INDETERMINATE ? WR_DANE_TIMELESS : WR_DANE_UNSIGNED;
    }
    for (unsigned i = 0; i < a->answers; i++) {
        struct wr_rrset_walk walk = wr_rrset_walk(&a->answer[i]);
        const uint8_t *rdata;
        struct wr_tlsa one;
        uint16_t size;
        for (unsigned k = 0; a->answer[i].type == WR_TYPE_TLSA && k < a->answer[i].records &&
                             wr_rrset_next(&walk, &rdata, &size);
             k++) {
            any = true;
            if (wr_tlsa_read(rdata, size, &one) == WR_OK) {
                count = insert(ret, count, &one);
            }
        }
    }
    *ret_count = count;
    return count > 0 ? WR_DANE_FOUND : any ? WR_DANE_UNUSABLE : WR_DANE_NONE;
}

static bool is_known(const struct one *one, const struct wr_tlsa *list, uint8_t count)
{
    bool same = one->count == count;
    for (unsigned i = 0; same && i < count; i++) {
        same = order(&one->tlsa[i], &list[i]) == 0;
    }
    return same;
}

static void set(struct wr_dane *d, struct one *one, enum wr_dane_found found,
                const struct wr_tlsa *list, uint8_t count)
{
    bool same = is_known(one, list, count);
    bool told = same && one->found == found;
    if (count > 0) {
        memcpy(one->tlsa, list, count * sizeof(*list));
    }
    one->count = count;
    one->found = (uint8_t)found;
    d->changed = d->changed || !same;
    if (!told) {
        say(one);
    }
}

/* --- one look --- */

static void settle(struct one *one, bool well, uint64_t look_us, const struct wr_now *now)
{
    one->open = false;
    one->pause_us = well                          ? 0
                    : one->pause_us == 0          ? FIRST_US
                    : one->pause_us * 2 < LOOK_US ? one->pause_us * 2
                                                  : LOOK_US;
    one->next_us = now->mono_us + (well ? look_us : one->pause_us);
}

/* Do its records count though nobody confirms them? */
static bool is_kept(const struct one *one, const struct wr_now *now)
{
    return one->count > 0 && now->mono_us < one->keep_us;
}

static void take(struct wr_dane *d, struct one *one, bool fresh, const struct wr_now *now)
{
    uint8_t count = 0;
    uint64_t ttl_us = d->answer.ttl * (uint64_t)WR_S;
    enum wr_dane_found found = wr_dane_read(&d->answer, d->fresh, &count);
    bool same = is_known(one, d->fresh, count);
    one->timeless = found == WR_DANE_TIMELESS;
    if (one->timeless && is_kept(one, now)) {
        settle(one, false, 0, now);
        return;
    }
    if (count > 0 && (fresh || one->count == 0)) {
        one->keep_us = now->mono_us + (fresh ? ttl_us : 0) + KEEP_US;
    }
    set(d, one, found, d->fresh, count);
    settle(one, fresh && count > 0 && !(one->lost && same),
           ttl_us < WR_S      ? WR_S
           : ttl_us < LOOK_US ? ttl_us
                              : LOOK_US,
           now);
}

static void give_up(struct wr_serve *s, struct one *one, struct wr_answer_room *room,
                    const struct wr_question *q, const struct wr_now *now)
{
    struct wr_dane *d = s->dane;
    uint32_t stored_s;
    bool by_silence;
    struct wr_str text;
    settle(one, false, 0, now);
    if (is_kept(one, now)) {
        return;
    }
    wr_str_init(&text, one->detail, sizeof(one->detail));
    if (wr_answer_find_failure(s->shared.cache, q, (uint32_t)(now->mono_us / WR_S), room,
                               &d->answer, &stored_s, &by_silence) == WR_FOUND_FAILURE &&
        d->answer.ede_text != NULL) {
        wr_str_text(&text, d->answer.ede_text);
    }
    set(d, one, WR_DANE_FAILED, NULL, 0);
}

/* When the server is lost, what is remembered is no help; when it is late, what has expired is better than nothing: where nothing was known before, and
 * else as long as that is kept. */
static void look(struct wr_serve *s, struct one *one, const struct wr_now *now)
{
    struct wr_dane *d = s->dane;
    struct wr_question q = {.name = one->name, .type = WR_TYPE_TLSA, .dnssec_ok = true};
    struct wr_answer_room room = {.scratch = d->scratch,
                                  .least = wr_prove_least(&s->gate->settings.prove, now)};
    bool late = now->mono_us >= one->since_us + SETTLE_US;
    wr_arena_init(&room.arena, d->arena, sizeof(d->arena));
    if (one->lost && !one->asked && !late) {
        one->asked = wr_reload_ask(s, one->name.wire, WR_TYPE_TLSA, false);
        return;
    }
    enum wr_found found =
        wr_answer_find(s->shared.cache, &s->gate->settings.ttl, s->locals.set.local, &q,
                       (uint32_t)(now->mono_us / WR_S), true, &room, &d->answer);
    bool old = found == WR_FOUND_STALE && late && d->answer.answers > 0 &&
               (one->keep_us == 0 || now->mono_us < one->keep_us);
    if (found == WR_FOUND_FRESH || old) {
        take(d, one, found == WR_FOUND_FRESH, now);
    } else if (late) {
        give_up(s, one, &room, &q, now);
    } else if (!one->asked) {
        one->asked = wr_reload_ask(s, one->name.wire, WR_TYPE_TLSA, false);
    }
}

/* Is the server well at none of its addresses, though its records are known? */
static bool is_lost(const struct wr_serve *s, const struct one *one)
{
    const struct wr_upstreams *u = &s->gate->settings.upstreams;
    bool named = false;
    for (unsigned i = 0; i < u->upstreams; i++) {
        struct wr_name name;
        if (u->upstream[i].uri == NULL || !name_of(u->upstream[i].uri, &name) ||
            !wr_name_equal(name.wire, one->name.wire)) {
            continue;
        }
        named = true;
        if (!wr_select_is_suspect(&s->shared.upstream_state[u->upstream[i].slot])) {
            return false;
        }
    }
    return named && one->count > 0;
}

static void turn(struct wr_serve *s, struct one *one, const struct wr_now *now)
{
    bool lost = is_lost(s, one);
    bool timed =
        one->timeless && wr_prove_least(&s->gate->settings.prove, now) != WR_SECURITY_INDETERMINATE;
    if ((lost && !one->lost) || timed) {
        one->next_us = now->mono_us;
        one->timeless = false;
    }
    one->lost = lost;
    if (!one->open && now->mono_us >= one->next_us) {
        one->open = true;
        one->asked = false;
        one->since_us = now->mono_us;
    }
    if (one->open) {
        look(s, one, now);
    }
}

bool wr_dane_tick(struct wr_serve *s)
{
    struct wr_now now;
    bool awaited = false;
    if (s->dane == NULL && wr_dane_names(s->conf, NULL, 0, 0) == 0) {
        return false;
    }
    if (s->dane == NULL) {
        s->dane = calloc(1, sizeof(*s->dane));
    }
    if (s->dane == NULL) {
        return false; /* the next second may have memory */
    }
    wr_clock_read(&s->clock, &now);
    fit(s->dane, s->conf);
    for (unsigned i = 0; i < s->dane->count; i++) {
        turn(s, &s->dane->one[i], &now);
        awaited = awaited || s->dane->one[i].open;
    }
    if (s->dane->changed && wr_reload_is_idle(s)) {
        s->dane->changed = false;
        wr_reload_refresh(s);
    }
    return awaited || s->dane->changed;
}

void wr_dane_free(struct wr_dane *d)
{
    free(d);
}
