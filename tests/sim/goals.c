/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each story makes a world without weather, does its one thing to it, and counts what the ledger of the
 * checks says of the queries it asked. The checks hold in every story as well.
 */
#include "goals.h"

#include <stdio.h>
#include <string.h>

#include "goals_inside.h"

struct world *goal_world(uint64_t seed, const struct gate_machine *machine, unsigned servers,
                         unsigned clients, bool verbose, void (*prepare)(struct world_plan *))
{
    struct world_plan p;
    world_defaults(&p, seed);
    p.faults = p.attack = p.restarts = false;
    p.wary = true;
    p.tree = p.sealed = p.fenced = false;
    p.plain =
        true; /* what was got for CD or DO is another view, and not what is asked after here */
    p.servers = servers;
    p.clients = clients;
    p.machine = machine;
    p.faults_us = 100000 * WR_S; /* the story ends before */
    p.verbose = verbose;
    if (prepare) {
        prepare(&p);
    }
    struct world *w = world_new(&p);
    for (unsigned i = 0; i < w->oracle.names; i++) {
        if (w->oracle.name[i].kind == ORACLE_LOOP) {
            w->oracle.name[i].kind =
                ORACLE_HOST; /* a name without an answer says nothing of an outage */
        }
    }
    return w;
}

void goal_pass(struct world *w, uint64_t time_us)
{
    world_run_until(w, w->clock.now.mono_us + time_us);
}

unsigned goal_ask(struct world *w, unsigned client, int name, uint16_t type)
{
    unsigned first = w->checks.count;
    client_ask(w, client, name, type, false);
    goal_pass(w, 2 * WR_MS); /* until it has arrived */
    return first;
}

void goal_count(const struct world *w, unsigned from, struct goal_tally *t)
{
    for (unsigned i = from; i < w->checks.count; i++) {
        const struct asked *a = &w->checks.asked[i];
        uint64_t took = a->settled_us - a->fed_us;
        bool good = a->reply_size && (a->rcode == RCODE_NOERROR || a->rcode == RCODE_NXDOMAIN);
        t->asked++;
        t->answered += good && !a->stale;
        t->stale += good && a->stale;
        t->failed += a->reply_size && !good;
        t->silent += !a->reply_size;
        t->slow += !a->settled_us || took > 300 * WR_MS;
        t->slowest_us = a->settled_us && took > t->slowest_us ? took : t->slowest_us;
        t->ede_known += a->ede == 22 || a->ede == 23;
        t->marked += good && a->stale && a->ede == 3 && a->ttl == 30;
    }
}

void goal_cut(struct world *w, unsigned server, enum link_state state)
{
    w->server[server].link.state = state;
    world_say(w, "server %u: link %d", server, (int)state);
}

const struct asked *goal_await(struct world *w, unsigned at)
{
    for (unsigned n = 0; n < 700 && !w->checks.asked[at].settled_us; n++) {
        goal_pass(w, 10 * WR_MS);
    }
    return &w->checks.asked[at];
}

/* The end of a world: its checks are part of the story. */
bool goal_end(struct world *w, char *why, size_t cap)
{
    bool good = w->checks.violations == 0 && !w->gate.broken;
    if (!good) {
        snprintf(why, cap, "%s", w->checks.first);
    }
    world_free(w);
    return good;
}

static const struct {
    const char *name;
    bool (*run)(char *figures, size_t cap, bool verbose);
    const char *goal;
} stories[] = {
    {"fail-over", goal_fail_over,
     "one of two upstreams dead: at most 1 % of answers slower than 300 ms"},
    {"loss", goal_loss,
     "lines that lose a fifth each way: at most one new name in ten thousand fails"},
    {"outage", goal_outage,
     "all dead: unknown names fail within 400 ms (2 s before that is known), EDE 22 or 23"},
    {"recovery", goal_recovery, "back for 2 s: the first client query is answered fresh"},
    {"stale", goal_stale, "100 % of cached names answered during an outage, TTL 30, EDE 3"},
    {"hung", goal_hung,
     "connections that a link change made deaf: the next question is answered within 3 s, within 1 "
     "s "
     "when the change is told"},
    {"portal", goal_portal,
     "encryption required behind a portal: nothing is believed and nothing can be read; left, the "
     "first question is answered within 2 s"},
    {"rotated", goal_rotated,
     "an oblivious target whose key changes under the questions: none fails, each is asked again "
     "once"},
    {"anew", goal_anew,
     "a server by QUIC that was started anew: the next question is answered within 500 ms when "
     "it tells by a stateless reset, within 3 s when it does not"},
    {"overload", goal_overload,
     "a flood of 10 x capacity leaves the others at least 95 % answered"},
    {"amplification", goal_amplification,
     "to a spoofed source at most as many octets out as in, beyond the limit"},
    {"spoofing", goal_spoofing, "weakened to 12 bits the control is poisoned and weir is not"},
};

int goals_run(const char *name, bool verbose)
{
    int bad = 0, ran = 0;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        char figures[900] = "";
        if (name && strcmp(name, stories[i].name) != 0) {
            continue;
        }
        ran++;
        bool good = stories[i].run(figures, sizeof figures, verbose);
        bad += !good;
        printf("%s - goal %s: %s\n#   %s\n", good ? "ok" : "not ok", stories[i].name,
               stories[i].goal, figures);
    }
    if (!ran) {
        fprintf(stderr, "sim: no goal '%s'\n", name);
        return 2;
    }
    return bad != 0;
}
