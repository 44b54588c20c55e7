/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sim: the seeded simulator of a hostile network around the gateway.
 *
 *     sim [SEED [COUNT]]        seeds SEED.. (default 1, 100 of them); a failed one is one line with how to replay it
 *     sim --seed N [--trace]    one seed, told step by step
 *     sim --count N             the seeds 1..N
 *     sim --goals [NAME]        the stories of goals.c, with their figures
 *     sim --plants              every planted fault must be found, by the check that is there for it
 *     sim --tests               all three, as TAP (what the normal test runs)
 *     --plant NAME  --machine weir|control  --secure (each seed with recursion and signed zones)
 *     --sealed (each seed with encrypted upstreams, and encryption required)  --mixed (with encrypted and plain ones)
 *     --by tls|https|quic|odoh (encrypted servers speak that, and nothing else)
 *
 * Each seed runs twice: the second trace must be the first. Exit 0: nothing was violated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "goals.h"
#include "world.h"

struct options {
    uint64_t seed, count;
    bool trace, goals, plants, tests, one;
    const char *goal;
    enum check_plant plant;
    const struct gate_machine *machine;
    enum { TREE_DRAWN = 0, TREE_NEVER, TREE_ALWAYS } tree; /* recursion: as the seed says */
    bool secure;                                           /* always signed zones */
    bool sealed;                                           /* always encrypted, and required */
    bool mixed;                                            /* ... and not required */
    uint8_t scheme;                                        /* of encrypted ones, 0: drawn */
};

static struct {
    uint64_t fenced, leased, excused, trimmed;
    uint64_t quics, asked_quic, carried, unknown;
    uint64_t sealed, required, sessions, opened, resumed, refused, web, house, looked;
    uint64_t seeds, trees, secure, vouched, bogus, forgeries, queries, sent, stale, fresh, failed,
        restarts, handovers, slowest_us, calm_slowest_us, calm;
} total;

static void add_up(const struct world *w)
{
    const struct checks *c = &w->checks;
    total.seeds++;
    total.trees += w->plan.tree;
    total.secure += w->plan.secure;
    total.sealed += w->sealed.on;
    total.required += w->sealed.required;
    total.sessions += w->sealed.veil.sessions;
    total.opened += w->sealed.veil.opened;
    total.resumed += w->sealed.veil.resumed;
    total.refused += w->sealed.veil.refused;
    total.web += w->sealed.web;
    total.quics += w->sealed.quics;
    total.asked_quic += w->sealed.asked_quic;
    total.carried += w->sealed.carried;
    total.unknown += w->sealed.unknown;
    total.house += w->sealed.asked;
    total.looked += w->sealed.looked;
    total.fenced += w->fence.on;
    total.leased += w->fence.seen;
    total.excused += w->fence.excused;
    total.trimmed += w->fence.trimmed;
    total.vouched += c->vouched;
    total.bogus += c->bogus;
    total.forgeries += c->forgeries;
    total.queries += c->fed;
    total.sent += c->sent;
    total.stale += c->stale;
    total.fresh += c->fresh;
    total.failed += c->failed;
    total.calm += c->calm_asked;
    total.handovers += c->handovers;
    total.restarts += w->gate.starts - 1;
    total.slowest_us = c->slowest_us > total.slowest_us ? c->slowest_us : total.slowest_us;
    total.calm_slowest_us =
        c->calm_slowest_us > total.calm_slowest_us ? c->calm_slowest_us : total.calm_slowest_us;
}

/* Runs one seed; gives the number of the check that failed, 0 for none, and its words. */
static unsigned run_once(uint64_t seed, const struct options *o, bool trace, uint64_t *ret_hash,
                         char *ret_text, size_t cap)
{
    struct world_plan plan;
    world_defaults(&plan, seed);
    plan.plant = o->plant;
    plan.machine = o->machine;
    plan.verbose = trace;
    plan.tree = o->tree == TREE_DRAWN ? plan.tree : o->tree == TREE_ALWAYS;
    plan.tree = plan.tree || o->secure;
    plan.secure = plan.secure || o->secure;
    plan.tree = plan.tree && !o->sealed && !o->mixed;
    plan.sealed = plan.sealed || o->sealed || o->mixed;
    plan.required = (plan.required || o->sealed) && !o->mixed;
    plan.scheme = o->scheme;
    plan.fenced = plan.fenced || o->plant == PLANT_UNLEASED;
    struct world *w = world_new(&plan);
    bool good = world_run(w);
    unsigned check = good ? 0 : w->checks.check;
    snprintf(ret_text, cap, "%s%s", w->checks.first, w->checks.violations > 1 ? " (and more)" : "");
    *ret_hash = w->checks.hash;
    if (trace) {
        const struct checks *c = &w->checks;
        printf("seed %llu: %llu queries, %llu replies, %llu drops, %llu upstream messages, fresh "
               "%llu, stale %llu, "
               "failed %llu, calm %llu of %llu, hash %016llx\n",
               (unsigned long long)seed, (unsigned long long)c->fed, (unsigned long long)c->replies,
               (unsigned long long)c->drops, (unsigned long long)c->sent,
               (unsigned long long)c->fresh, (unsigned long long)c->stale,
               (unsigned long long)c->failed, (unsigned long long)c->calm_fresh,
               (unsigned long long)c->calm_asked, (unsigned long long)c->hash);
    }
    add_up(w);
    world_free(w);
    return check;
}

static unsigned run_seed(uint64_t seed, const struct options *o, char *ret_text, size_t cap)
{
    uint64_t hash = 0, again = 0;
    unsigned check = run_once(seed, o, o->trace, &hash, ret_text, cap);
    if (check) {
        return check;
    }
    check = run_once(seed, o, false, &again, ret_text, cap);
    if (!check && again != hash) {
        snprintf(ret_text, cap, "check 8: two runs, traces %016llx and %016llx",
                 (unsigned long long)hash, (unsigned long long)again);
        return 8;
    }
    return check;
}

static void print_sealed(const struct options *o)
{
    const char *hash = o->tests ? "# " : "";
    printf("%s%llu runs with encrypted upstreams, encryption required in %llu: %llu connections, "
           "%llu opened, %llu of them resumed, %llu servers refused for who they are, %llu "
           "questions of the box itself; %llu octets looked at\n",
           hash, (unsigned long long)total.sealed, (unsigned long long)total.required,
           (unsigned long long)total.sessions, (unsigned long long)total.opened,
           (unsigned long long)total.resumed, (unsigned long long)total.refused,
           (unsigned long long)total.house, (unsigned long long)total.looked);
    printf("%s%llu messages over HTTP; %llu connections by QUIC, %llu messages; %llu requests to "
           "oblivious proxies, %llu with a key that their target did not know\n",
           hash, (unsigned long long)total.web, (unsigned long long)total.quics,
           (unsigned long long)total.asked_quic, (unsigned long long)total.carried,
           (unsigned long long)total.unknown);
}

static int run_seeds(const struct options *o)
{
    char text[600];
    unsigned failed = 0;
    for (uint64_t s = o->seed; s < o->seed + o->count; s++) {
        if (run_seed(s, o, text, sizeof text)) {
            failed++;
            printf("seed %llu: %s; replay: %s%llu\n", (unsigned long long)s, text,
                   o->secure   ? "sim --trace --secure --seed "
                   : o->sealed ? "sim --trace --sealed --seed "
                   : o->mixed  ? "sim --trace --mixed --seed "
                               : "make sim SEED=",
                   (unsigned long long)s);
            fflush(stdout);
        }
    }
    print_sealed(o);
    printf(
        "%s%llu runs with signed zones: %llu replies with AD, %llu failures of bogus zones, %llu "
        "answers forged on the path\n",
        o->tests ? "# " : "", (unsigned long long)total.secure, (unsigned long long)total.vouched,
        (unsigned long long)total.bogus, (unsigned long long)total.forgeries);
    printf(
        "%s%llu runs with leases: %llu addresses left with one, %llu without because the firewall "
        "refused or was late, %llu answers of more than could be had\n",
        o->tests ? "# " : "", (unsigned long long)total.fenced, (unsigned long long)total.leased,
        (unsigned long long)total.excused, (unsigned long long)total.trimmed);
    printf("%s%llu seeds from %llu (%llu of %llu runs with recursion), %u failed: %llu queries "
           "(%llu after the faults), %llu upstream "
           "messages, "
           "%llu fresh, %llu stale, %llu failed replies, %llu hand-overs, %llu restarts; slowest "
           "%.2f s, "
           "after the faults %.3f s\n",
           o->tests ? "# " : "", (unsigned long long)o->count, (unsigned long long)o->seed,
           (unsigned long long)total.trees, (unsigned long long)total.seeds, failed,
           (unsigned long long)total.queries, (unsigned long long)total.calm,
           (unsigned long long)total.sent, (unsigned long long)total.fresh,
           (unsigned long long)total.stale, (unsigned long long)total.failed,
           (unsigned long long)total.handovers, (unsigned long long)total.restarts,
           (double)total.slowest_us / 1e6, (double)total.calm_slowest_us / 1e6);
    if (o->tests) {
        printf("%s - %llu seeds hold\n", failed ? "not ok" : "ok", (unsigned long long)o->count);
    }
    return failed != 0;
}

/* Which check must find which plant. */
static const unsigned finder[PLANTS] = {
    [PLANT_LOST] = 1,      [PLANT_TWICE] = 1,     [PLANT_LATE] = 1,     [PLANT_FORGED] = 2,
    [PLANT_TTL] = 2,       [PLANT_DENIED] = 2,    [PLANT_FLOOD] = 3,    [PLANT_LEAK] = 4,
    [PLANT_MEMORY] = 4,    [PLANT_DEAD] = 6,      [PLANT_UNEQUAL] = 8,  [PLANT_SHAPE] = 9,
    [PLANT_STRAY] = 5,     [PLANT_SIZE] = 9,      [PLANT_VOUCHED] = 2,  [PLANT_SILENT] = 2,
    [PLANT_BELIEVING] = 2, [PLANT_PLAIN] = 5,     [PLANT_READABLE] = 5, [PLANT_CREDULOUS] = 2,
    [PLANT_EAGER] = 5,     [PLANT_UNCOVERED] = 5, [PLANT_DIRECT] = 5,   [PLANT_TOLD] = 5,
    [PLANT_NUMBERED] = 9,  [PLANT_UNLEASED] = 7,
};

/* Whether the check that is there for it finds this fault in one of a few seeds; not every seed has the moment that a plant waits for. */
static bool find_plant(const struct options *o, const char *where)
{
    char text[600];
    unsigned check = 0;
    for (uint64_t seed = 1; seed <= 5 && !check; seed++) {
        check = run_seed(seed, o, text, sizeof text);
    }
    bool found = check == finder[o->plant];
    printf("%s - planted fault '%s'%s is found by check %u (%s)\n", found ? "ok" : "not ok",
           check_plant_name(o->plant), where, finder[o->plant], check ? text : "nothing found");
    return found;
}

/* Each fault in a world of forwarders, and in one with recursion; those about proofs where zones are signed. */
static int run_plants(const struct options *options)
{
    struct options o = *options;
    int bad = 0;
    o.trace = false;
    for (int p = 2; p < 2 * PLANTS; p++) {
        o.plant = (enum check_plant)(p / 2);
        o.tree = p % 2 ? TREE_ALWAYS : TREE_NEVER;
        o.secure = o.plant >= PLANT_VOUCHED && o.plant <= PLANT_BELIEVING; /* about proofs */
        o.mixed = o.plant == PLANT_EAGER;
        o.sealed = o.plant >= PLANT_PLAIN && !o.mixed; /* about encryption */
        if ((o.secure && o.tree == TREE_NEVER) ||
            ((o.sealed || o.mixed) && o.tree == TREE_ALWAYS)) {
            continue;
        }
        bad += !find_plant(&o, p % 2 ? " under recursion" : "");
    }
    return bad;
}

/* Those that each way of encryption must be found with. */
static int run_sealed_plants(const struct options *options)
{
    static const enum check_plant plants[] = {PLANT_READABLE, PLANT_CREDULOUS, PLANT_UNEQUAL};
    struct options o = *options;
    char where[32];
    int bad = 0;
    o.trace = false;
    o.sealed = true;
    for (o.scheme = WR_SCHEME_TLS; o.scheme <= WR_SCHEME_ODOH; o.scheme++) {
        snprintf(where, sizeof where, " by %s", wr_uri_scheme_name(o.scheme));
        for (size_t i = 0; i < sizeof plants / sizeof plants[0]; i++) {
            /* What a proxy is to carry is in envelopes, whatever its TLS hides. */
            if (o.scheme != WR_SCHEME_ODOH || plants[i] != PLANT_READABLE) {
                o.plant = plants[i];
                bad += !find_plant(&o, where);
            }
        }
    }
    return bad;
}

/* A few seeds of each way of encryption, whatever the drawn ones had. */
static int run_sealed_seeds(const struct options *options)
{
    struct options o = *options;
    char text[600];
    int bad = 0;
    o.sealed = true;
    for (o.scheme = WR_SCHEME_TLS; o.scheme <= WR_SCHEME_ODOH; o.scheme++) {
        unsigned failed = 0;
        for (uint64_t seed = 1; seed <= 3 && !failed; seed++) {
            failed = run_seed(seed, &o, text, sizeof text);
        }
        bad += failed != 0;
        printf("%s - three seeds with servers by %s alone hold%s%s\n", failed ? "not ok" : "ok",
               wr_uri_scheme_name(o.scheme), failed ? ": " : "", failed ? text : "");
    }
    return bad;
}

static int usage(void)
{
    fprintf(stderr, "usage: sim [SEED [COUNT]] [--seed N] [--count N] [--trace] [--goals [NAME]] "
                    "[--plants] [--tests] "
                    "[--plant NAME] [--machine weir|control] [--secure] [--sealed] [--mixed] [--by "
                    "tls|https|quic|odoh]\n");
    return 2;
}

static bool take_value(struct options *o, const char *key, const char *value)
{
    if (strcmp(key, "--seed") == 0) {
        o->seed = strtoull(value, NULL, 10);
        o->one = true;
    } else if (strcmp(key, "--count") == 0) {
        o->count = strtoull(value, NULL, 10);
        o->one = false;
    } else if (strcmp(key, "--machine") == 0) {
        o->machine = strcmp(value, "control") == 0 ? &gate_control : &gate_weir;
    } else if (strcmp(key, "--by") == 0) {
        for (uint8_t s = WR_SCHEME_TLS; s <= WR_SCHEME_ODOH; s++) {
            o->scheme = strcmp(value, wr_uri_scheme_name(s)) == 0 ? s : o->scheme;
        }
        return o->scheme != 0;
    } else if (strcmp(key, "--plant") == 0) {
        for (int p = 1; p < PLANTS; p++) {
            o->plant = strcmp(value, check_plant_name((enum check_plant)p)) == 0
                           ? (enum check_plant)p
                           : o->plant;
        }
        return o->plant != PLANT_NONE;
    } else {
        return false;
    }
    return true;
}

static bool read_options(struct options *o, int argc, char **argv)
{
    unsigned numbers = 0;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        if (strcmp(a, "--trace") == 0 || strcmp(a, "-v") == 0) {
            o->trace = true;
        } else if (strcmp(a, "--goals") == 0) {
            o->goals = true;
            o->goal = i + 1 < argc && argv[i + 1][0] != '-' ? argv[++i] : NULL;
        } else if (strcmp(a, "--secure") == 0) {
            o->secure = true;
        } else if (strcmp(a, "--sealed") == 0) {
            o->sealed = true;
        } else if (strcmp(a, "--mixed") == 0) {
            o->mixed = true;
        } else if (strcmp(a, "--plants") == 0) {
            o->plants = true;
        } else if (strcmp(a, "--tests") == 0) {
            o->tests = true;
        } else if (a[0] >= '0' && a[0] <= '9' && numbers < 2) {
            *(numbers++ ? &o->count : &o->seed) = strtoull(a, NULL, 10);
        } else if (i + 1 >= argc || !take_value(o, a, argv[i + 1])) {
            return false;
        } else {
            i++;
        }
    }
    o->count = o->one ? 1 : o->count;
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {.seed = 1, .count = 100, .machine = &gate_weir};
    setvbuf(stdout, NULL, _IOLBF, 1 << 16);
    if (!read_options(&o, argc, argv)) {
        return usage();
    }
    if (o.goals) {
        return goals_run(o.goal, o.trace);
    }
    if (o.plants) {
        return run_plants(&o) + run_sealed_plants(&o) != 0;
    }
    if (!o.tests) {
        return run_seeds(&o);
    }
    int bad = run_seeds(&o);
    bad += run_sealed_seeds(&o);
    bad += run_plants(&o);
    bad += run_sealed_plants(&o);
    bad += goals_run(NULL, false);
    return bad != 0;
}
