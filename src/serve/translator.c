/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/translator.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/err.h"
#include "base/rng.h"
#include "net/clock.h"
#include "net/routers.h"
#include "resolve/pref64.h"
#include "serve/put.h"
#include "serve/say.h"
#include "serve/serve.h"
#include "transport/routeradv.h"

/* RFC 4861 section 10: MAX_RTR_SOLICITATION_DELAY, RTR_SOLICITATION_INTERVAL, MAX_RTR_SOLICITATIONS. */
#define ASK_DELAY_US (1 * WR_S)
#define ASK_AGAIN_US (4 * WR_S)
#define ASKS_MAX     3
#define SETTLE_US    (1 * WR_S) /* between two changes that are handed on */

#define PREFIX_TEXT_SIZE (WR_ADDR_TEXT_SIZE + 4)

struct link {
    const char *name; /* of the first configuration */
    uint32_t ifindex; /* 0: there is no such interface now */
    unsigned asked;
    uint64_t ask_us; /* WR_TIME_NEVER: no more */
    bool heard;
};

struct wr_translator {
    struct wr_serve *serve;
    int fd; /* until it is heard on; -1 */
    struct wr_routers *routers;
    uv_timer_t timer;
    bool started;
    struct wr_rng rng;
    struct wr_pref64 table;
    struct link link[WR_ROUTERS_LINKS_MAX];
    unsigned links;
    uint64_t settled_us;   /* 0: never */
    struct wr_prefix said; /* as the log has it */
    uint64_t heard, refused;
    bool told_strange;
    struct wr_sock_error problem;
};

struct wr_prefix wr_translator_prefix(const struct wr_translator *t)
{
    return t->table.used;
}

static void prefix_text(const struct wr_prefix *prefix, char *ret, size_t cap)
{
    size_t n = wr_addr_to_text(&prefix->addr, ret, cap);
    snprintf(ret + n, cap - n, "/%u", prefix->len);
}

/* --- asking ----------------------------------------------------------------------------------- */

static void ask_soon(struct wr_translator *t, struct link *l, const struct wr_now *now)
{
    l->asked = 0;
    l->heard = false;
    l->ask_us = l->ifindex != 0 ? now->mono_us + wr_rng_below(&t->rng, (uint32_t)ASK_DELAY_US)
                                : WR_TIME_NEVER;
}

/* One that is not there yet, or has no address, is asked all the same: it counts, and a change of links begins anew. */
static void ask(struct wr_translator *t, struct link *l, const struct wr_now *now)
{
    uint8_t message[WR_ROUTERADV_ASK_SIZE];
    wr_routeradv_ask(message);
    (void)wr_routers_ask(t->routers, l->ifindex, message, sizeof(message));
    l->asked++;
    l->ask_us = l->asked < ASKS_MAX ? now->mono_us + ASK_AGAIN_US : WR_TIME_NEVER;
}

static void look_at_links(struct wr_translator *t, const struct wr_now *now)
{
    for (unsigned i = 0; i < t->links; i++) {
        struct link *l = &t->link[i];
        uint32_t ifindex = if_nametoindex(l->name);
        if (l->ifindex != ifindex && l->ifindex != 0) {
            wr_pref64_forget(&t->table, l->ifindex);
        }
        l->ifindex = ifindex;
        ask_soon(t, l, now);
    }
}

/* --- handing on ------------------------------------------------------------------------------- */

static void say_prefix(const struct wr_prefix *prefix)
{
    char text[PREFIX_TEXT_SIZE];
    if (prefix->addr.family == WR_AF_NONE) {
        wr_say(WR_LOG_INFO, "no router tells a translator's prefix any more");
        return;
    }
    prefix_text(prefix, text, sizeof(text));
    wr_say(WR_LOG_INFO, "routers tell the translator's prefix %s", text);
}

/* When it is to be looked at again; WR_TIME_NEVER: the gate in force and the log have what is told. */
static uint64_t settle(struct wr_serve *s, const struct wr_now *now)
{
    struct wr_translator *t = s->translator;
    bool said = wr_pref64_same(&t->table.used, &t->said);
    bool in_force = wr_pref64_same(&t->table.used, &s->gate->advertised);
    if (said && in_force) {
        return WR_TIME_NEVER;
    }
    if (t->settled_us == 0 || now->mono_us - t->settled_us >= SETTLE_US) {
        t->settled_us = now->mono_us;
        if (!said) {
            say_prefix(&t->table.used);
            t->said = t->table.used;
        }
        if (!in_force) {
            wr_reload_refresh(s);
        }
    }
    return t->settled_us + SETTLE_US;
}

static void on_timer(uv_timer_t *timer);

static void turn(struct wr_serve *s)
{
    struct wr_translator *t = s->translator;
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    for (unsigned i = 0; i < t->links; i++) {
        if (now.mono_us >= t->link[i].ask_us) {
            ask(t, &t->link[i], &now);
        }
    }
    (void)wr_pref64_look(&t->table, now.mono_us);
    uint64_t at_us = wr_time_min(settle(s, &now), wr_pref64_deadline(&t->table));
    for (unsigned i = 0; i < t->links; i++) {
        at_us = wr_time_min(at_us, t->link[i].ask_us);
    }
    uv_timer_stop(&t->timer);
    if (at_us != WR_TIME_NEVER) {
        uint64_t left_us = at_us > now.mono_us ? at_us - now.mono_us : 0;
        uv_update_time(&s->loop);
        uv_timer_start(&t->timer, on_timer, left_us / WR_MS + 1, 0);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct wr_translator *t = timer->data;
    turn(t->serve);
}

static struct link *link_of(struct wr_translator *t, uint32_t ifindex)
{
    for (unsigned i = 0; i < t->links; i++) {
        if (t->link[i].ifindex == ifindex) {
            return &t->link[i];
        }
    }
    return NULL;
}

static void on_message(void *user, const struct wr_addr *router, const uint8_t *message,
                       size_t size)
{
    struct wr_translator *t = user;
    struct link *l = link_of(t, router->scope);
    struct wr_routeradv adv;
    struct wr_now now;
    if (l == NULL) {
        return;
    }
    if (wr_routeradv_read(message, size, &adv) != WR_OK) {
        t->refused++;
        return;
    }
    if (adv.strange && !t->told_strange) {
        char text[WR_ADDR_TEXT_SIZE];
        wr_addr_to_text(router, text, sizeof(text));
        wr_say(WR_LOG_WARN, "%s tells a prefix that no translator can have: it is not used", text);
        t->told_strange = true;
    }
    t->heard++;
    l->heard = true;
    l->ask_us = WR_TIME_NEVER;
    wr_clock_read(&t->serve->clock, &now);
    wr_pref64_hear(&t->table, router, &adv, now.mono_us);
    turn(t->serve);
}

/* --- its life --------------------------------------------------------------------------------- */

int wr_translator_open(struct wr_serve *s, struct wr_translator **ret_translator)
{
    struct wr_translator *t = calloc(1, sizeof(*t));
    const struct wr_conf *conf = s->first_conf;
    uint8_t seed[32];
    if (t == NULL) {
        return WR_E_NOMEM;
    }
    if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        free(t);
        return WR_E_IO;
    }
    wr_rng_seed(&t->rng, seed);
    t->serve = s;
    t->fd = -1;
    for (size_t i = 0; i < conf->dns64.advertised_on.count && i < WR_ROUTERS_LINKS_MAX; i++) {
        t->link[t->links++].name = conf->dns64.advertised_on.items[i];
    }
    if (t->links > 0 && wr_routers_open(&t->fd, &t->problem) != WR_OK) {
        wr_say(WR_LOG_WARN, "dns64.advertised_on: %s", t->problem.text);
    }
    *ret_translator = t;
    return WR_OK;
}

int wr_translator_run(struct wr_serve *s)
{
    struct wr_translator *t = s->translator;
    struct wr_now now;
    if (t->fd < 0) {
        t->links = 0;
        return WR_OK;
    }
    int fd = t->fd;
    t->fd = -1;
    int err = wr_routers_hear(&s->loop, fd, on_message, t, &t->routers);
    if (err != WR_OK) {
        return err;
    }
    uv_timer_init(&s->loop, &t->timer);
    t->timer.data = t;
    t->started = true;
    wr_clock_read(&s->clock, &now);
    look_at_links(t, &now);
    for (unsigned i = 0; i < t->links; i++) {
        if (t->link[i].ifindex == 0) {
            wr_say(WR_LOG_WARN, "dns64.advertised_on: there is no interface %s yet",
                   t->link[i].name);
        }
    }
    turn(s);
    return WR_OK;
}

void wr_translator_link(struct wr_serve *s)
{
    struct wr_now now;
    if (s->translator->started) {
        wr_clock_read(&s->clock, &now);
        look_at_links(s->translator, &now);
        turn(s);
    }
}

void wr_translator_close(struct wr_translator *t)
{
    if (t == NULL) {
        return;
    }
    if (t->fd >= 0) {
        close(t->fd);
    }
    if (t->started) {
        wr_routers_close(t->routers);
        uv_close((uv_handle_t *)&t->timer, NULL);
    }
}

void wr_translator_free(struct wr_translator *t)
{
    free(t);
}

/* --- the report ------------------------------------------------------------------------------- */

static void put_prefix(struct wr_json *j, const char *key, const struct wr_prefix *prefix)
{
    char text[PREFIX_TEXT_SIZE];
    if (prefix->addr.family == WR_AF_NONE) {
        wr_json_null(j, key);
    } else {
        prefix_text(prefix, text, sizeof(text));
        wr_json_text(j, key, text);
    }
}

static const char *source_of(const struct wr_serve *s)
{
    const struct wr_dns64 *d = &s->gate->settings.dns64;
    if (s->conf->dns64.prefix.count > 0) {
        return "configuration";
    }
    if (wr_dns64_is_on(d)) {
        return "routers";
    }
    return d->discover ? "upstream" : NULL;
}

static void put_told(const struct wr_translator *t, struct wr_json *j, uint64_t now_us)
{
    wr_json_array(j, "told");
    for (uint32_t i = 0; i < t->table.entries; i++) {
        const struct wr_pref64_entry *e = &t->table.entry[i];
        wr_json_object(j, NULL);
        put_prefix(j, "prefix", &e->prefix);
        put_addr(j, "router", &e->router);
        wr_json_u64(j, "left_s", e->until_us > now_us ? (e->until_us - now_us) / WR_S : 0);
        wr_json_end(j);
    }
    wr_json_end(j);
}

void wr_translator_report(const struct wr_serve *s, struct wr_json *j, const char *key)
{
    const struct wr_translator *t = s->translator;
    struct wr_now now;
    wr_clock_read(&s->clock, &now);
    wr_json_object(j, key);
    put_prefix(j, "prefix", &s->gate->settings.dns64.prefix);
    wr_json_text(j, "source", source_of(s));
    wr_json_text(j, "problem", t->problem.text[0] != 0 ? t->problem.text : NULL);
    wr_json_array(j, "links");
    for (unsigned i = 0; i < t->links; i++) {
        const struct link *l = &t->link[i];
        wr_json_object(j, NULL);
        wr_json_text(j, "interface", l->name);
        wr_json_bool(j, "present", l->ifindex != 0);
        wr_json_u64(j, "asked", l->asked);
        wr_json_bool(j, "heard", l->heard);
        wr_json_end(j);
    }
    wr_json_end(j);
    wr_json_u64(j, "advertisements", t->heard);
    wr_json_u64(j, "refused", t->refused);
    put_told(t, j, now.mono_us);
    wr_json_end(j);
}
