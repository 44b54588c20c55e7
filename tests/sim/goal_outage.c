/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of upstreams that die and come back: fail-over, outage, recovery, stale. */
#include <stdio.h>

#include "goals_inside.h"

#define SEEDS           12
#define FAIL_OVER_SEEDS 4 /* for each strategy */

static double percent(uint64_t part, uint64_t all)
{
    return all ? 100.0 * (double)part / (double)all : 0;
}

static void short_lives(struct world *w)
{
    for (unsigned i = 0; i < w->oracle.names; i++) {
        w->oracle.name[i].ttl_s = w->oracle.name[i].ttl_s > 3 ? 3 : w->oracle.name[i].ttl_s;
    }
}

bool goal_fail_over(char *figures, size_t cap, bool verbose)
{
    char why[300] = "";
    bool good = true;
    struct goal_tally all[4] = {{0}};
    for (unsigned strategy = 0; strategy < 4; strategy++) {
        for (uint64_t seed = 1; seed <= FAIL_OVER_SEEDS; seed++) {
            struct world *w = goal_world(seed, &gate_weir, 2, 10, verbose, NULL);
            w->gate.settings.upstreams.group[0].strategy = (uint8_t)strategy;
            gate_adopt(&w->gate, &w->clock.now);
            short_lives(w); /* most queries need an upstream */
            w->gate.settings.ttl.stale = false;
            gate_adopt(&w->gate, &w->clock.now);
            goal_pass(w, 20 * WR_S);
            unsigned from = w->checks.count;
            goal_cut(w, (unsigned)seed % 2, seed % 4 < 2 ? LINK_SILENT : LINK_UNREACHABLE);
            goal_pass(w, 60 * WR_S);
            goal_count(w, from, &all[strategy]);
            good &= goal_end(w, why, sizeof why);
        }
    }
    const char *names[] = {"fastest", "order", "parallel", "round-robin"};
    size_t n = 0;
    for (unsigned s = 0; s < 4; s++) {
        double slow = percent(all[s].slow, all[s].asked);
        good &= slow <= 1.0 && all[s].failed == 0;
        n += (size_t)snprintf(
            figures + n, cap - n,
            "%s %.2f %% of %llu slower than 300 ms, slowest %.0f ms, %llu failed; ", names[s], slow,
            (unsigned long long)all[s].asked, (double)all[s].slowest_us / 1e3,
            (unsigned long long)all[s].failed);
    }
    snprintf(figures + n, cap - n, "%s", why);
    return good;
}

static void cut_all(struct world *w, enum link_state state)
{
    for (unsigned i = 0; i < w->plan.servers; i++) {
        goal_cut(w, i, state);
    }
}

static void no_clients(struct world_plan *p)
{
    p->workers = 1 + (unsigned)(p->seed % 3);
    p->names = 120;
    p->plain =
        true; /* what was got for CD or DO is another view, and not what is asked after here */
}

/* A world whose clients ask only when told to. */
static struct world *quiet_world_of(unsigned servers, uint64_t seed, bool verbose)
{
    struct world *w = goal_world(seed, &gate_weir, servers, 6, verbose, no_clients);
    w->quiet = true;
    for (unsigned i = 0; i < w->plan.clients; i++) {
        w->client[i].edns = true;
        w->client[i].udp_size = 1232;
    }
    return w;
}

static struct world *quiet_world(uint64_t seed, bool verbose)
{
    return quiet_world_of(2, seed, verbose);
}

/* One round: every name once, one after the other or many at a time. All have left the cache when it begins. */
static void ask_round(struct world *w, unsigned at_once)
{
    goal_pass(w, 4 * WR_S);
    for (unsigned i = 0; i < w->oracle.names; i++) {
        unsigned at = goal_ask(w, i % w->plan.clients, (int)i, TYPE_A);
        if (at_once == 1 || i % at_once == 0) {
            goal_await(w, at);
        }
    }
    goal_pass(w, 6 * WR_S);
}

/* All names, eight times over, by a gateway with so many servers behind such a line, the last of them dead or not. */
static bool loss_story(unsigned servers, bool last_dead, struct goal_tally *t, char *why,
                       size_t cap, bool verbose)
{
    bool good = true;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world *w = quiet_world_of(servers, seed, verbose);
        short_lives(w);
        w->gate.settings.ttl.stale = false;
        gate_adopt(&w->gate, &w->clock.now);
        for (unsigned i = 0; i < servers; i++) {
            w->server[i].link.loss_pm = 200; /* each way */
        }
        if (last_dead) {
            goal_cut(w, servers - 1, LINK_SILENT);
        }
        unsigned from = w->checks.count;
        for (unsigned round = 0; round < 8; round++) {
            ask_round(w, seed % 2 ? 1 : 12);
        }
        goal_count(w, from, t);
        good &= goal_end(w, why, cap);
    }
    return good;
}

bool goal_loss(char *figures, size_t cap, bool verbose)
{
    static const struct {
        const char *name;
        unsigned servers;
        bool last_dead;
    } story[] = {{"one server", 1, false}, {"two", 2, false}, {"two, one dead", 2, true}};
    char why[300] = "";
    bool good = true;
    size_t n = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct goal_tally t = {0};
        good &= loss_story(story[i].servers, story[i].last_dead, &t, why, sizeof why, verbose);
        /* A client that closes its connection while it waits gets nothing, and asks again. */
        good &= t.asked > 10000 && t.failed * 10000 <= t.asked && t.silent < 5 &&
                t.answered + t.failed + t.silent == t.asked;
        n += (size_t)snprintf(
            figures + n, cap - n,
            "%s: %llu of %llu failed, %.1f %% slower than 300 ms, slowest %.0f ms; ", story[i].name,
            (unsigned long long)t.failed, (unsigned long long)t.asked, percent(t.slow, t.asked),
            (double)t.slowest_us / 1e3);
    }
    snprintf(figures + n, cap - n, "%s", why);
    return good;
}

bool goal_outage(char *figures, size_t cap, bool verbose)
{
    char why[300] = "";
    bool good = true;
    uint64_t first_us = 0, later_us = 0, asked = 0, explained = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world *w = quiet_world(seed, verbose);
        goal_await(w, goal_ask(w, 0, 0, TYPE_A));
        goal_pass(w, WR_S);
        cut_all(w, seed % 2 ? LINK_SILENT : LINK_UNREACHABLE);
        const struct asked *a = goal_await(w, goal_ask(w, 1, 20, TYPE_A));
        uint64_t took = a->settled_us - a->fed_us;
        first_us = took > first_us ? took : first_us;
        explained += a->ede == 22 || a->ede == 23;
        asked++;
        for (int name = 30; name < 90; name++) {
            a = goal_await(w, goal_ask(w, (unsigned)name % 6, name, TYPE_AAAA));
            took = a->settled_us - a->fed_us;
            later_us = took > later_us ? took : later_us;
            explained += a->ede == 22 || a->ede == 23;
            asked++;
            goal_pass(w, (uint64_t)(name % 7) * 400 * WR_MS);
        }
        good &= goal_end(w, why, sizeof why);
    }
    snprintf(figures, cap,
             "first failure after %.0f ms at most, later ones %.0f ms; %llu of %llu explained; %s",
             (double)first_us / 1e3, (double)later_us / 1e3, (unsigned long long)explained,
             (unsigned long long)asked, why);
    return good && first_us <= 2000 * WR_MS && later_us <= 400 * WR_MS && explained == asked;
}

bool goal_recovery(char *figures, size_t cap, bool verbose)
{
    static const uint64_t outages_s[] = {1, 5, 30, 120, 600, 3600};
    char why[300] = "";
    bool good = true;
    uint64_t fresh = 0, asked = 0, slowest_us = 0;
    for (uint64_t seed = 1; seed <= 4 * SEEDS; seed++) {
        struct world *w = quiet_world(seed, verbose);
        uint64_t outage_us = outages_s[seed % 6] * WR_S;
        goal_await(w, goal_ask(w, 0, 0, TYPE_A));
        cut_all(w, seed % 2 ? LINK_SILENT : LINK_UNREACHABLE);
        goal_await(w, goal_ask(w, 1, 20, TYPE_A));
        goal_pass(w, outage_us);
        if (seed % 3) {
            goal_await(
                w, goal_ask(w, 2, 21,
                            TYPE_A)); /* clients that go on asking, or are gone for all that time */
        }
        cut_all(w, LINK_UP);
        goal_pass(w, 2 * WR_S);
        const struct asked *a = goal_await(w, goal_ask(w, 3, seed % 2 ? 20 : 22, TYPE_A));
        asked++;
        fresh += a->reply_size && a->rcode != RCODE_SERVFAIL && !a->stale;
        slowest_us =
            a->settled_us - a->fed_us > slowest_us ? a->settled_us - a->fed_us : slowest_us;
        good &= goal_end(w, why, sizeof why);
    }
    snprintf(figures, cap,
             "%llu of %llu first queries fresh, outages of 1 s to 1 h, slowest %.0f ms; %s",
             (unsigned long long)fresh, (unsigned long long)asked, (double)slowest_us / 1e3, why);
    return good && fresh == asked;
}

bool goal_stale(char *figures, size_t cap, bool verbose)
{
    char why[300] = "";
    bool good = true;
    struct goal_tally t = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world *w = quiet_world(seed, verbose);
        for (unsigned i = 0; i < w->oracle.names; i++) {
            w->oracle.name[i].kind = ORACLE_HOST;
            w->oracle.name[i].ttl_s = 60;
            goal_await(w, goal_ask(w, i % 6, (int)i, TYPE_A));
        }
        goal_pass(w, 90 * WR_S);
        cut_all(w, seed % 2 ? LINK_SILENT : LINK_UNREACHABLE);
        unsigned from = w->checks.count;
        for (unsigned i = 0; i < w->oracle.names; i++) {
            goal_ask(w, i % 6, (int)i, TYPE_A);
            goal_pass(w, 50 * WR_MS);
        }
        goal_pass(w, 6 * WR_S);
        goal_count(w, from, &t);
        good &= goal_end(w, why, sizeof why);
    }
    snprintf(figures, cap,
             "%llu of %llu answered stale, %llu with TTL 30 and EDE 3, slowest %.0f ms; %s",
             (unsigned long long)t.stale, (unsigned long long)t.asked, (unsigned long long)t.marked,
             (double)t.slowest_us / 1e3, why);
    return good && t.stale == t.asked && t.marked == t.asked && t.asked > 0;
}
