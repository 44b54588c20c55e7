/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/bootstrap.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "dns/codes.h"
#include "resolve/ladder.h"
#include "resolve/select.h"
#include "serve/dane.h"
#include "serve/say.h"
#include "serve/serve.h"

#define LOOK_US   (30 * WR_S) /* between two looks when all is well */
#define FIRST_US  (1 * WR_S)  /* the first pause after a failure; it doubles */
#define SETTLE_US (5 * WR_S)  /* a question that is not answered by then was asked for nothing */
#define ARENA     (64 * 1024)

static const uint16_t TYPES[2] = {WR_TYPE_A, WR_TYPE_AAAA};

struct one {
    struct wr_name name;
    struct wr_addr addr[WR_URI_ADDRS_MAX]; /* no port */
    uint8_t addrs;
    bool open, asked[2], done[2]; /* a look is under way; by type */
    bool lost;                    /* it was, at the last turn, to be had at none of its addresses */
    struct wr_addr fresh[WR_URI_ADDRS_MAX];
    uint8_t freshes;
    uint64_t since_us, next_us, pause_us;
};

struct wr_bootstrap {
    struct one one[WR_UPSTREAMS_MAX];
    unsigned count;
    bool changed; /* the gate in force has not what is known */
    struct wr_answer answer;
    _Alignas(8) uint8_t scratch[WR_CACHE_SCRATCH_SIZE];
    _Alignas(8) uint8_t arena[ARENA];
};

/* --- the names --- */

static unsigned add_name(const struct wr_uri *uri, struct wr_name *ret, unsigned count,
                         unsigned cap)
{
    const char *text = wr_uri_peer_name(uri);
    struct wr_name name;
    if (uri->scheme == 0 || uri->addrs > 0 || !wr_uri_is_encrypted(uri->scheme) ||
        wr_name_from_text(text, strlen(text), &name) != WR_OK) {
        return count;
    }
    for (unsigned i = 0; ret != NULL && i < count && i < cap; i++) {
        if (wr_name_equal(ret[i].wire, name.wire)) {
            return count;
        }
    }
    if (ret != NULL && count < cap) {
        ret[count] = name;
    }
    return count + 1;
}

/* Those whose addresses are to be found. */
static unsigned names(const struct wr_conf *conf, struct wr_name *ret, unsigned cap)
{
    unsigned count = 0;
    for (size_t i = 0; i < conf->upstream.groups.count; i++) {
        const struct wr_conf_group *group = &conf->upstream.groups.items[i];
        for (size_t k = 0; k < group->servers.count; k++) {
            count = add_name(&group->servers.items[k], ret, count, cap);
        }
    }
    return ret != NULL && count > cap ? cap : count;
}

static unsigned add_time_servers(const struct wr_conf *conf, struct wr_name *ret, unsigned count,
                                 unsigned cap)
{
    for (size_t i = 0; i < conf->time.servers.count; i++) {
        struct wr_time_server server;
        bool is_new =
            wr_ladder_server(conf->time.servers.items[i], &server) == WR_OK && server.name.size > 0;
        for (unsigned k = 0; ret != NULL && is_new && k < count && k < cap; k++) {
            is_new = !wr_name_equal(ret[k].wire, server.name.wire);
        }
        if (ret != NULL && is_new && count < cap) {
            ret[count] = server.name;
        }
        count += is_new;
    }
    return count;
}

unsigned wr_bootstrap_names(const struct wr_conf *conf, struct wr_name *ret, unsigned cap)
{
    unsigned addresses = names(conf, ret, cap);
    unsigned count = wr_dane_names(conf, ret, addresses, cap);
    if (count > addresses && conf->time.trust != WR_CONF_TRUST_SYSTEM) {
        count = add_time_servers(conf, ret, count, cap);
    }
    return ret != NULL && count > cap ? cap : count;
}

static struct one *find(const struct wr_bootstrap *b, const uint8_t *name)
{
    for (unsigned i = 0; b != NULL && i < b->count; i++) {
        if (wr_name_equal(b->one[i].name.wire, name)) {
            return (struct one *)(uintptr_t)&b->one[i];
        }
    }
    return NULL;
}

void wr_bootstrap_give(const struct wr_bootstrap *b, const struct wr_uri *uri,
                       struct wr_upstream *up)
{
    const char *text = wr_uri_peer_name(uri);
    struct wr_name name;
    const struct one *one =
        wr_name_from_text(text, strlen(text), &name) == WR_OK ? find(b, name.wire) : NULL;
    up->addrs = one != NULL ? one->addrs : 0;
    for (unsigned i = 0; i < up->addrs; i++) {
        struct wr_addr *to = i == 0 ? &up->addr : &up->more[i - 1];
        *to = one->addr[i];
        to->port = uri->addr.port;
    }
}

/* What the configuration in force names, and nothing else; what is known stays. */
static void fit(struct wr_bootstrap *b, const struct wr_conf *conf)
{
    struct wr_name name[WR_UPSTREAMS_MAX];
    unsigned count = names(conf, name, WR_UPSTREAMS_MAX);
    for (unsigned i = 0; i < b->count;) {
        bool wanted = false;
        for (unsigned k = 0; k < count && !wanted; k++) {
            wanted = wr_name_equal(name[k].wire, b->one[i].name.wire);
        }
        if (wanted) {
            i++;
        } else {
            b->one[i] = b->one[--b->count];
        }
    }
    for (unsigned k = 0; k < count; k++) {
        if (find(b, name[k].wire) == NULL && b->count < WR_UPSTREAMS_MAX) {
            b->one[b->count++] = (struct one){.name = name[k]};
        }
    }
}

/* --- one look --- */

static void take(struct one *one, const struct wr_rrset *set, unsigned kind)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    unsigned most = one->freshes + WR_URI_ADDRS_MAX / 2; /* as many of either kind */
    while (one->freshes < most && one->freshes < WR_URI_ADDRS_MAX &&
           wr_rrset_next(&walk, &rdata, &size)) {
        if (size != (kind == 0 ? 4 : 16)) {
            continue;
        }
        struct wr_addr *a = &one->fresh[one->freshes++];
        *a = (struct wr_addr){.family = kind == 0 ? WR_AF_V4 : WR_AF_V6};
        memcpy(a->ip, rdata, size);
    }
}

static void take_all(struct one *one, const struct wr_answer *a, unsigned kind)
{
    for (unsigned i = 0; i < a->answers; i++) {
        if (a->answer[i].type == TYPES[kind]) {
            take(one, &a->answer[i], kind);
        }
    }
    one->done[kind] = true;
}

/* `anew`: what is remembered is no help. `late`: what has expired is better than nothing. */
static void look(struct wr_serve *s, struct one *one, unsigned kind, bool anew, bool late,
                 const struct wr_now *now)
{
    struct wr_bootstrap *b = s->bootstrap;
    struct wr_question q = {.name = one->name, .type = TYPES[kind], .dnssec_ok = true};
    struct wr_answer_room room = {.scratch = b->scratch,
                                  .least = wr_prove_least(&s->gate->settings.prove, now)};
    wr_arena_init(&room.arena, b->arena, sizeof(b->arena));
    if (anew && !one->asked[kind]) {
        one->asked[kind] = wr_reload_ask(s, one->name.wire, TYPES[kind], false);
        return;
    }
    enum wr_found found =
        wr_answer_find(s->shared.cache, &s->gate->settings.ttl, s->locals.set.local, &q,
                       (uint32_t)(now->mono_us / WR_S), true, &room, &b->answer);
    if (found == WR_FOUND_FRESH || (found == WR_FOUND_STALE && late)) {
        take_all(one, &b->answer, kind);
    } else if (!one->asked[kind]) {
        one->asked[kind] = wr_reload_ask(s, one->name.wire, TYPES[kind], false);
    }
}

/* Does the server answer at none of its addresses? */
static bool is_lost(const struct wr_serve *s, const struct one *one)
{
    const struct wr_upstreams *u = &s->gate->settings.upstreams;
    bool named = false;
    for (unsigned i = 0; i < u->upstreams; i++) {
        const struct wr_uri *uri = u->upstream[i].uri;
        struct wr_name name;
        const char *text = uri != NULL && uri->addrs == 0 ? wr_uri_peer_name(uri) : "";
        if (*text == 0 || wr_name_from_text(text, strlen(text), &name) != WR_OK ||
            !wr_name_equal(name.wire, one->name.wire)) {
            continue;
        }
        named = true;
        if (!wr_select_is_suspect(&s->shared.upstream_state[u->upstream[i].slot])) {
            return false;
        }
    }
    return named && one->addrs > 0;
}

static void say(const struct one *one)
{
    char text[WR_NAME_TEXT_SIZE + WR_URI_ADDRS_MAX * WR_ADDR_TEXT_SIZE], word[WR_ADDR_TEXT_SIZE];
    struct wr_str s;
    wr_str_init(&s, text, sizeof(text));
    wr_name_put_text(&s, one->name.wire);
    for (unsigned i = 0; i < one->addrs; i++) {
        wr_addr_to_text(&one->addr[i], word, sizeof(word));
        wr_str_text(&s, i == 0 ? " is at " : ", ");
        wr_str_text(&s, word);
    }
    wr_say(WR_LOG_INFO, "upstream %s", text);
}

static void settle(struct wr_bootstrap *b, struct one *one, const struct wr_now *now)
{
    bool found = one->freshes > 0;
    bool same = one->freshes == one->addrs &&
                memcmp(one->fresh, one->addr, one->addrs * sizeof(one->addr[0])) == 0;
    one->open = false;
    if (!found && one->pause_us == 0 && one->addrs == 0) {
        char text[WR_NAME_TEXT_SIZE];
        wr_name_to_text(one->name.wire, text, sizeof(text));
        wr_say(WR_LOG_WARN,
               "upstream %s: its address cannot be found now; it is looked for again. "
               "#addr=... behind its URL needs no look-up",
               text);
    }
    bool well = found && !(one->lost && same);
    one->pause_us = well                          ? 0
                    : one->pause_us == 0          ? FIRST_US
                    : one->pause_us * 2 < LOOK_US ? one->pause_us * 2
                                                  : LOOK_US;
    one->next_us = now->mono_us + (well ? LOOK_US : one->pause_us);
    if (found && !same) {
        memcpy(one->addr, one->fresh, sizeof(one->addr));
        one->addrs = one->freshes;
        b->changed = true;
        say(one);
    }
}

/* One look goes on; `anew` only while the server is lost. */
static void turn(struct wr_serve *s, struct one *one, const struct wr_now *now)
{
    bool lost = is_lost(s, one);
    if (lost && !one->lost) {
        one->next_us = now->mono_us; /* it may have moved */
    }
    one->lost = lost;
    if (!one->open && now->mono_us >= one->next_us) {
        one->open = true;
        one->since_us = now->mono_us;
        one->freshes = 0;
        memset(one->asked, 0, sizeof(one->asked));
        memset(one->done, 0, sizeof(one->done));
    }
    bool late = now->mono_us >= one->since_us + SETTLE_US;
    for (unsigned kind = 0; one->open && kind < 2; kind++) {
        if (!one->done[kind]) {
            look(s, one, kind, lost, late, now);
        }
    }
    if (one->open && ((one->done[0] && one->done[1]) || late)) {
        settle(s->bootstrap, one, now);
    }
}

bool wr_bootstrap_tick(struct wr_serve *s)
{
    struct wr_now now;
    bool awaited = false;
    if (s->bootstrap == NULL && names(s->conf, NULL, 0) == 0) {
        return false;
    }
    if (s->bootstrap == NULL) {
        s->bootstrap = calloc(1, sizeof(*s->bootstrap));
    }
    if (s->bootstrap == NULL) {
        return false; /* the next second may have memory */
    }
    wr_clock_read(&s->clock, &now);
    fit(s->bootstrap, s->conf);
    for (unsigned i = 0; i < s->bootstrap->count; i++) {
        turn(s, &s->bootstrap->one[i], &now);
        awaited = awaited || s->bootstrap->one[i].open;
    }
    if (s->bootstrap->changed && wr_reload_is_idle(s)) {
        s->bootstrap->changed = false;
        wr_reload_refresh(s);
    }
    return awaited || s->bootstrap->changed;
}

void wr_bootstrap_free(struct wr_bootstrap *b)
{
    free(b);
}
