/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of those who mean harm: overload, amplification, spoofing. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "goals_inside.h"

/* Feeds one query for `label`-number under a zone of the oracle, from this client; returns its place in the ledger. */
static unsigned feed_numbered(struct world *w, const struct wr_addr *from, uint32_t number,
                              uint16_t type)
{
    struct sim_event e = {.kind = EV_QUERY};
    uint8_t name[WIRE_NAME_SIZE];
    unsigned first = w->checks.count;
    size_t n = (size_t)snprintf((char *)name, 16, "%cf%08u", 9, number);
    wire_name_copy(name + n, w->oracle.zone[number % ORACLE_ZONES]);
    wire_start(w->out, (uint16_t)number, FLAG_RD);
    wire_question(w->out, name, type, 1);
    wire_end(w->out);
    e.client.from = *from;
    e.client.from.port = (uint16_t)(1024 + number % 60000);
    e.client.local = (struct wr_addr){.family = WR_AF_V4, .port = 53, .ip = {10, 0, 0, 1}};
    e.who = world_worker_of(w, &e.client.from);
    clock_post(&w->clock, 0, &e, w->out->bytes, w->out->size);
    return first;
}

static void loud(struct world_plan *p)
{
    p->workers = 1 + (unsigned)(p->seed % 2);
    p->names = 60;
}

/* Others' share of answers under a flood of ten times what the question slots can carry. */
static double overload_share(uint64_t seed, bool limits, bool verbose, bool *good,
                             uint64_t *ret_flood, uint64_t *ret_sent, char *why, size_t cap)
{
    struct world *w = goal_world(seed, &gate_weir, 2, 8, verbose, loud);
    struct wr_addr flooder[3] = {{.family = WR_AF_V4, .ip = {10, 9, 1, 1}},
                                 {.family = WR_AF_V4, .ip = {10, 9, 2, 2}},
                                 {.family = WR_AF_V4, .ip = {10, 9, 3, 3}}};
    /* 64 slots for 60 ms each: about a thousand questions a second. */
    gate_free(&w->gate);
    w->gate.requests = 64;
    w->gate.waiters = 256;
    w->gate.settings.client_rate = limits ? 1000 : 0;
    w->gate.settings.client_burst = 1000;
    w->gate.settings.client_inflight = limits ? 256 : 100000;
    w->gate.starts = 0;
    gate_start(&w->gate, &w->clock.now);
    for (unsigned i = 0; i < 2; i++) {
        w->server[i].link.base_us = 29000;
        w->server[i].link.jitter_us = 2000;
    }
    goal_pass(w, 3 * WR_S);
    uint64_t others = 0, answered = 0, rate = 10 * 64 * w->gate.workers * 1000 / 60;
    unsigned from = w->checks.count;
    uint64_t sent = w->checks.sent;
    uint32_t number = 0;
    for (unsigned ms = 0; ms < 2000; ms++) {
        for (; number < rate * (ms + 1) / 1000; number++) {
            feed_numbered(w, &flooder[number % 3], number, TYPE_A);
        }
        goal_pass(w, WR_MS);
    }
    goal_pass(w, 6 * WR_S);
    for (unsigned i = from; i < w->checks.count; i++) {
        const struct asked *a = &w->checks.asked[i];
        if (a->client.from.family == WR_AF_V4 && a->client.from.ip[1] == 9) {
            continue;
        }
        others++;
        answered += a->reply_size && a->rcode != RCODE_SERVFAIL && a->rcode != RCODE_REFUSED;
    }
    *ret_flood += number;
    *ret_sent += w->checks.sent - sent;
    *good &= goal_end(w, why, cap);
    return others ? (double)answered / (double)others : 0;
}

bool goal_overload(char *figures, size_t cap, bool verbose)
{
    char why[300] = "";
    bool good = true;
    uint64_t flood = 0, sent = 0;
    double worst = 1, worst_unlimited = 1;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        double share = overload_share(seed, true, verbose, &good, &flood, &sent, why, sizeof why);
        worst = share < worst ? share : worst;
        share = overload_share(seed, false, verbose, &good, &flood, &sent, why, sizeof why);
        worst_unlimited = share < worst_unlimited ? share : worst_unlimited;
    }
    snprintf(figures, cap,
             "others answered: %.1f %% with the default limits, %.1f %% with none but the "
             "yielding; %llu flood queries, %llu messages upstream; %s",
             100 * worst, 100 * worst_unlimited, (unsigned long long)flood,
             (unsigned long long)sent, why);
    /* A tenth of the flood is what can be carried; the rest must not go upstream and then be cut. */
    return good && worst >= 0.95 && worst_unlimited >= 0.95 && sent <= flood / 5;
}

/* Octets out over octets in, for queries at 5000/s from one source that somebody else uses. */
static double amplification(const struct wr_addr *source, bool *good, double *ret_in,
                            double *ret_out, bool verbose, char *why, size_t cap)
{
    struct world *w = goal_world(7, &gate_weir, 2, 4, verbose, loud);
    w->gate.settings.rrl_rate = 100;
    w->gate.settings.refused_rate = 5;
    w->gate.settings.client_rate = 0; /* response rate limiting alone */
    gate_adopt(&w->gate, &w->clock.now);
    w->quiet = true;
    for (unsigned i = 8; i < 12; i++) {
        w->oracle.name[i].kind = ORACLE_BIG;
        w->oracle.name[i].ttl_s = 3600;
    }
    goal_pass(w, WR_S);
    uint64_t in = 0, out = 0;
    unsigned from = w->checks.count;
    for (unsigned ms = 0; ms < 4000; ms++) {
        for (unsigned k = 0; k < 5; k++) {
            struct sim_event e = {.kind = EV_QUERY};
            struct wire_edns edns = {.udp_size = 4096, .ede = -1, .dnssec_ok = true};
            const uint8_t *name = w->oracle.name[8 + (ms + k) % 4].wire;
            wire_start(w->out, (uint16_t)(ms * 5 + k), FLAG_RD);
            wire_question(w->out, name, k % 2 ? TYPE_TXT : TYPE_A, 1);
            wire_opt(w->out, &edns);
            wire_end(w->out);
            e.client.from = *source;
            e.client.from.port = (uint16_t)(1024 + (ms * 5 + k) % 60000);
            e.client.local = (struct wr_addr){.family = WR_AF_V4, .port = 53, .ip = {10, 0, 0, 1}};
            e.who = world_worker_of(w, &e.client.from);
            clock_post(&w->clock, 0, &e, w->out->bytes, w->out->size);
        }
        goal_pass(w, WR_MS);
    }
    goal_pass(w, 6 * WR_S);
    for (unsigned i = from; i < w->checks.count; i++) {
        in += w->checks.asked[i].size;
        out += w->checks.asked[i].reply_size;
    }
    *ret_in += (double)in;
    *ret_out += (double)out;
    *good &= goal_end(w, why, cap);
    return in ? (double)out / (double)in : 99;
}

bool goal_amplification(char *figures, size_t cap, bool verbose)
{
    static const struct wr_addr inside = {.family = WR_AF_V4, .ip = {10, 8, 8, 8}};
    static const struct wr_addr outside = {.family = WR_AF_V4, .ip = {198, 51, 100, 9}};
    char why[300] = "";
    bool good = true;
    double in = 0, out = 0;
    double in_ratio = amplification(&inside, &good, &in, &out, verbose, why, sizeof why);
    double out_ratio = amplification(&outside, &good, &in, &out, verbose, why, sizeof why);
    snprintf(figures, cap,
             "octets out over in at 5000 queries/s: %.2f for a spoofed inside source, %.3f for an "
             "outside one "
             "(%.0f kB in, %.0f kB out); %s",
             in_ratio, out_ratio, in / 1e3, out / 1e3, why);
    return good && in_ratio <= 1 && out_ratio <= 1;
}

/* ---- spoofing ---- */

#define SPOOF_QUESTIONS 60
#define SPOOF_PACKETS   2000 /* in the 20 ms before the honest answer: 100 000 a second */
#define SPOOF_BITS      12

/* The attacker is told everything but the lowest twelve bits of the id: port, letter case, cookie. */
static void spoof_burst(struct world *w, struct wr_rng *rng)
{
    static const uint8_t evil[4] = {6, 6, 6, 6};
    struct wire_msg *q = w->query;
    if (!w->ports->count) {
        return;
    }
    const struct net_port *p = &w->ports->list[w->ports->count - 1];
    struct sim_event e = {
        .kind = EV_PORT_HEARS, .from = w->server[p->server].addr, .who = p->server};
    e.to.port = p->port;
    if (wire_read(q, p->query, p->query_size)) {
        return;
    }
    for (unsigned i = 0; i < SPOOF_PACKETS; i++) {
        struct wire_edns edns = {.udp_size = 1232, .ede = -1, .cookie_size = q->edns.cookie_size};
        uint16_t id = (uint16_t)((q->id & ~0xfffu) | wr_rng_below(rng, 1u << SPOOF_BITS));
        memcpy(edns.cookie, q->edns.cookie, sizeof edns.cookie);
        wire_start(w->out, id, FLAG_QR | FLAG_RA | FLAG_RD);
        wire_question(w->out, q->qname, q->qtype, 1);
        wire_record(w->out, WIRE_ANSWER, q->qname, TYPE_A, 86400, evil, 4);
        if (q->edns.present) {
            wire_opt(w->out, &edns);
        }
        wire_end(w->out);
        clock_post(&w->clock, i * 10, &e, w->out->bytes, w->out->size);
    }
}

/* How many of the questions were answered with the attacker's address. */
static unsigned poisoned(const struct gate_machine *machine, uint64_t seed, bool verbose)
{
    struct world *w = goal_world(seed, machine, 1, 2, verbose, loud);
    struct wr_rng rng;
    struct wr_addr victim = {.family = WR_AF_V4, .ip = {10, 7, 7, 7}};
    unsigned count = 0;
    wr_rng_seed_u64(&rng, seed);
    w->quiet = true;
    w->server[0].link.base_us = 20000;
    w->server[0].link.jitter_us = 0;
    for (uint32_t i = 0; i < SPOOF_QUESTIONS; i++) {
        unsigned before = w->checks.violations;
        feed_numbered(w, &victim, 1000 + i, TYPE_A);
        goal_pass(w, WR_MS);
        spoof_burst(w, &rng);
        goal_pass(w, 6 * WR_S);
        /* Check 2 says it: an address that nobody honest gave. */
        count += w->checks.violations > before;
    }
    world_free(w);
    return count;
}

bool goal_spoofing(char *figures, size_t cap, bool verbose)
{
    const double packets = 100e3 * 3600, ports = 16384, ids = 65536;
    unsigned control = 0, weir = 0, seeds = 3;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        control += poisoned(&gate_control, seed, verbose);
        weir += poisoned(&gate_weir, seed, verbose);
    }
    /* Blind packets that meet the open port of a question that is always out, and how many of these are looked at: the
     * first moves its question to TCP, the fourth of an hour moves all questions to that server there. */
    double blind = packets / ports,
           guesses = blind < WR_WRONG_UPSTREAM_MAX ? blind : WR_WRONG_UPSTREAM_MAX;
    double id_alone = guesses / ids, ten_letters = id_alone / 1024;
    unsigned letters = 0;
    while (id_alone / (double)(1u << letters) > 1e-6) {
        letters++;
    }
    snprintf(figures, cap,
             "weakened to %d bits, %u questions, %u packets each: control poisoned %u times, weir "
             "%u. At full strength, "
             "100 k/s for an hour: %.0f packets meet an open port, %.0f guesses are looked at, "
             "expected forgeries %.1e by id "
             "alone, %.1e with the letter case of ten letters (1e-6 from %u letters on), %.1e with "
             "a cookie; without the "
             "bounds %.2g",
             SPOOF_BITS, SPOOF_QUESTIONS * seeds, SPOOF_PACKETS, control, weir, blind, guesses,
             id_alone, ten_letters, letters, ten_letters / 18446744073709551616.0, blind / ids);
    return control > 0 && weir == 0 && ten_letters <= 1e-6;
}
