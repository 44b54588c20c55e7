/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of encrypted upstreams: connections that a link change made deaf, portals, keys that change, and
 * servers that were started anew. */
#include <stdio.h>

#include "goals_inside.h"
#include "quicserver.h"

#define SEEDS 12

static void encrypted(struct world_plan *p)
{
    p->workers = 1;
    p->names = 120;
    p->sealed = p->required = true;
}

/* Two encrypted servers, nobody asks but the story, and a connection is there. */
static struct world *private_world(uint64_t seed, bool verbose, unsigned servers)
{
    struct world *w = goal_world(seed, &gate_weir, servers, 6, verbose, encrypted);
    w->quiet = true;
    for (unsigned i = 0; i < w->plan.clients; i++) {
        w->client[i].edns = true;
        w->client[i].udp_size = 1232;
    }
    goal_await(w, goal_ask(w, 0, 0, TYPE_A));
    return w;
}

static void hang_all(struct world *w)
{
    for (unsigned i = 0; i < NET_STREAMS_MAX; i++) {
        w->streams.list[i].stalled |= w->streams.list[i].used;
    }
}

/* How long the first question takes when all connections hang; 0: it got no fresh answer. */
static uint64_t hung_once(struct world *w, bool told, int name)
{
    hang_all(w);
    if (told) {
        world_link_event(w);
    }
    const struct asked *a = goal_await(w, goal_ask(w, 1, name, TYPE_A));
    bool good = a->reply_size && a->rcode != RCODE_SERVFAIL && !a->stale;
    return good ? a->settled_us - a->fed_us : 0;
}

bool goal_hung(char *figures, size_t cap, bool verbose)
{
    char why[300] = "";
    bool good = true;
    uint64_t slowest_us[2] = {0}, asked = 0, fresh = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world *w = private_world(seed, verbose, 1 + (unsigned)seed % 2);
        for (unsigned told = 0; told < 2; told++) {
            uint64_t took = hung_once(w, told, (int)(20 + told));
            slowest_us[told] = took > slowest_us[told] ? took : slowest_us[told];
            fresh += took != 0;
            asked++;
            goal_pass(w, WR_S);
        }
        good &= goal_end(w, why, sizeof why);
    }
    snprintf(
        figures, cap,
        "%llu of %llu first questions answered; slowest %.0f ms when the change is told, %.0f ms "
        "when it is not; %s",
        (unsigned long long)fresh, (unsigned long long)asked, (double)slowest_us[1] / 1e3,
        (double)slowest_us[0] / 1e3, why);
    return good && fresh == asked && slowest_us[0] <= 3 * WR_S && slowest_us[1] <= WR_S;
}

bool goal_portal(char *figures, size_t cap, bool verbose)
{
    char why[300] = "";
    bool good = true;
    uint64_t answered = 0, behind = 0, fresh = 0, slowest_us = 0, refused = 0, looked = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world *w = private_world(seed, verbose, 2);
        sealed_portal(w, true);
        for (int name = 30; name < 40; name++, behind++) {
            const struct asked *a = goal_await(w, goal_ask(w, (unsigned)name % 6, name, TYPE_A));
            answered += a->reply_size && a->rcode != RCODE_SERVFAIL;
        }
        goal_pass(w, 30 * WR_S);
        sealed_portal(w, false);
        const struct asked *a = goal_await(w, goal_ask(w, 1, 50, TYPE_A));
        fresh += a->reply_size && a->rcode != RCODE_SERVFAIL && !a->stale;
        slowest_us =
            a->settled_us - a->fed_us > slowest_us ? a->settled_us - a->fed_us : slowest_us;
        refused += w->sealed.veil.refused;
        looked += w->sealed.looked;
        good &= goal_end(w, why, sizeof why);
    }
    snprintf(figures, cap,
             "%llu of %llu questions answered behind portals, %llu certificates refused, nothing "
             "readable in %llu octets; left, %llu of %d first questions fresh, slowest %.0f ms; %s",
             (unsigned long long)answered, (unsigned long long)behind, (unsigned long long)refused,
             (unsigned long long)looked, (unsigned long long)fresh, SEEDS, (double)slowest_us / 1e3,
             why);
    return good && answered == 0 && refused > 0 && fresh == SEEDS && slowest_us <= 2 * WR_S;
}

static void oblivious(struct world_plan *p)
{
    encrypted(p);
    p->scheme = WR_SCHEME_ODOH;
}

/* The key changes while a question is on its way: what comes back is 401, once. */
bool goal_rotated(char *figures, size_t cap, bool verbose)
{
    char why[300] = "";
    bool good = true;
    uint64_t asked = 0, fresh = 0, unknown = 0, requests = 0, slowest_us = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world *w = goal_world(seed, &gate_weir, 1, 6, verbose, oblivious);
        w->quiet = true;
        goal_await(w, goal_ask(w, 0, 0, TYPE_A));
        uint64_t before = w->sealed.carried;
        for (int name = 20; name < 30; name++, asked++) {
            unsigned at = goal_ask(w, (unsigned)name % 6, name, TYPE_A);
            carried_turn(w, 0);
            const struct asked *a = goal_await(w, at);
            uint64_t took = a->settled_us - a->fed_us;
            fresh += a->reply_size && a->rcode != RCODE_SERVFAIL && !a->stale;
            slowest_us = took > slowest_us ? took : slowest_us;
        }
        unknown += w->sealed.unknown;
        requests += w->sealed.carried - before;
        good &= goal_end(w, why, sizeof why);
    }
    snprintf(figures, cap,
             "%llu of %llu questions answered, %llu of them with 401 at first, by %llu requests; "
             "slowest %.0f ms; %s",
             (unsigned long long)fresh, (unsigned long long)asked, (unsigned long long)unknown,
             (unsigned long long)requests, (double)slowest_us / 1e3, why);
    /* Each: asked, the configurations, asked again. */
    return good && fresh == asked && unknown == asked && requests <= 3 * asked;
}

static void by_quic(struct world_plan *p)
{
    encrypted(p);
    p->scheme = WR_SCHEME_QUIC;
}

bool goal_anew(char *figures, size_t cap, bool verbose)
{
    char why[300] = "";
    bool good = true;
    uint64_t slowest_us[2] = {0}, asked = 0, fresh = 0, quics = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world *w = goal_world(seed, &gate_weir, 1, 6, verbose, by_quic);
        if (w->server[0].scheme != WR_SCHEME_QUIC) { /* built without */
            world_free(w);
            snprintf(figures, cap, "not asked: this was built without QUIC");
            return true;
        }
        w->quiet = true;
        goal_await(w, goal_ask(w, 0, 0, TYPE_A));
        for (unsigned tells = 0; tells < 2; tells++, asked++) {
            quicserver_restart(w, 0, tells);
            const struct asked *a = goal_await(w, goal_ask(w, 1, (int)(20 + tells), TYPE_A));
            uint64_t took = a->settled_us - a->fed_us;
            fresh += a->reply_size && a->rcode != RCODE_SERVFAIL && !a->stale;
            slowest_us[tells] = took > slowest_us[tells] ? took : slowest_us[tells];
            goal_pass(w, WR_S);
        }
        quics += w->sealed.quics;
        good &= goal_end(w, why, sizeof why);
    }
    snprintf(figures, cap,
             "%llu of %llu questions answered, by %llu connections; slowest %.0f ms with a reset, "
             "%.0f ms without; %s",
             (unsigned long long)fresh, (unsigned long long)asked, (unsigned long long)quics,
             (double)slowest_us[1] / 1e3, (double)slowest_us[0] / 1e3, why);
    return good && fresh == asked && slowest_us[1] <= 500 * WR_MS && slowest_us[0] <= 3 * WR_S;
}
