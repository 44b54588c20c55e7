/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy, alone: nanoseconds of the engine for an answer from the cache, under each of several configurations.
 *
 *     build/release/bench/micro_policy [-r ROUNDS] CONF...      one line of JSON
 *
 * Each configuration is made as the daemon makes it (serve/offline), with its devices, rules and lists, and has an engine and a cache of its
 * own with 10 000 names in it; a client at 10.99.0.1 asks for them at random, and what the next questions need is foreseen as net/udp does
 * for those of a batch. No sockets, no threads. Each round has all configurations in
 * turn; the least of all rounds counts, in time of this thread's processor: others on the machine count little. Where the configuration has
 * a log, each answer writes its record, which is taken out of the ring again as the ledger's thread does, for nothing. Where it has a firewall,
 * all leases are granted at once: what is measured are answers whose addresses the firewall is open to already.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/mistakes.h"
#include "dns/build.h"
#include "engine/engine.h"
#include "serve/labels.h"
#include "serve/offline.h"

enum {
    NAMES = 10000,
    ASKED = 20000,
    CONFS = 8,
    BATCH = 64,
    AHEAD = 2,
    CACHE = 16 << 20,
    RING = 1 << 20,
    SLOTS = 65536
};

struct side {
    struct wr_conf *conf;
    struct wr_offline *offline;
    struct wr_engine *engine;
    struct wr_ring ring;
    struct wr_stats stats;
    struct wr_secrets secrets;
    bool logs;
    double best;
};

static struct wr_now now = {.mono_us = 1000 * WR_S, .wall_s = 1790000000};
static uint8_t query[BATCH][64], room[4096];
static size_t query_size[BATCH];
static uint64_t foreseen[BATCH + AHEAD];
static struct wr_addr client, local;

static void *block(size_t size)
{
    void *p = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
    if (p == NULL) {
        fputs("no memory\n", stderr);
        exit(1);
    }
    memset(p, 0, size);
    return p;
}

static size_t make_query(uint8_t *bytes, unsigned number)
{
    struct wr_build b;
    char text[40];
    struct wr_name name;
    int n = snprintf(text, sizeof(text), "n%09u.bench.example", number);
    (void)wr_name_from_text(text, (size_t)n, &name);
    wr_build_start(&b, bytes, sizeof(query[0]), (uint16_t)number, WR_FLAG_RD);
    wr_build_question(&b, name.wire, WR_TYPE_A, WR_CLASS_IN);
    return wr_build_finish(&b, WR_RCODE_NOERROR);
}

static void answer(struct side *s, const struct wr_action *a)
{
    uint8_t address[4] = {198, 51};
    uint8_t bytes[600];
    struct wr_msg m;
    struct wr_build b;
    if (wr_msg_parse(&m, a->bytes, a->size) != WR_OK) {
        return;
    }
    memcpy(address + 2, m.qname.wire + 7, 2); /* of ten digits: some hundred addresses */
    wr_build_start(&b, bytes, sizeof(bytes), m.id, WR_FLAG_QR | WR_FLAG_RA);
    wr_build_question(&b, m.qname.wire, m.qtype, WR_CLASS_IN);
    wr_build_rr(&b, WR_SECTION_ANSWER, m.qname.wire, m.qtype, WR_CLASS_IN, 86400, address, 4);
    struct wr_event ev = {.kind = WR_EVENT_DATAGRAM, .id = a->id, .from = a->to, .bytes = bytes};
    ev.size = wr_build_finish(&b, WR_RCODE_NOERROR);
    wr_engine_feed(s->engine, &ev, &now);
}

/* The replies to what was polled; a lease is granted when all is. */
static bool take(struct side *s)
{
    struct wr_event lease = {.kind = WR_EVENT_LEASE, .lease = {.granted = UINT32_MAX}};
    struct wr_action a;
    bool good = false;
    while (wr_engine_poll(s->engine, &now, &a)) {
        if (a.kind == WR_ACTION_DATAGRAM) {
            answer(s, &a);
        } else if (a.kind == WR_ACTION_LEASE) {
            lease.lease.id = a.lease->id;
        }
        good = good || (a.kind == WR_ACTION_REPLY && a.size > 12 && a.bytes[7] == 1);
    }
    if (lease.lease.id != 0) {
        wr_engine_feed(s->engine, &lease, &now);
        return take(s);
    }
    return good;
}

/* Asks the question at this place of the batch. Returns whether there was a reply with an answer in it. */
static bool ask(struct side *s, unsigned at)
{
    struct wr_event ev = {.kind = WR_EVENT_QUERY,
                          .client = {.from = client, .local = local},
                          .bytes = query[at],
                          .size = query_size[at],
                          .foreseen = foreseen[at],
                          .room = room,
                          .room_size = sizeof(room)};
    uint32_t n;
    wr_engine_feed(s->engine, &ev, &now);
    bool good = take(s);
    while (s->logs && wr_ring_peek(&s->ring, &n) != NULL) {
        wr_ring_pop(&s->ring);
    }
    return good;
}

static void note(void *user, const char *text)
{
    (void)user;
    fprintf(stderr, "%s\n", text);
}

static bool start(struct side *s, const char *path)
{
    struct wr_mistakes mistakes = {0};
    const struct wr_hash_key key = {{1, 2}};
    struct wr_engine_setup setup = {.workers = 1, .requests = 64, .waiters = 64, .streams = 4};
    if (wr_conf_load(path, &mistakes, &s->conf) != WR_OK ||
        wr_offline_open(s->conf, note, NULL, &s->offline) != WR_OK) {
        fprintf(stderr, "%s cannot be used\n", path);
        return false;
    }
    s->logs = s->conf->log.path[0] != 0;
    wr_offline_equip(s->offline, &setup);
    memset(&s->secrets, 7, sizeof(s->secrets));
    if (wr_cache_format(block(CACHE), CACHE, &key, &setup.cache) != WR_OK) {
        return false;
    }
    if (s->conf->firewall.enabled) {
        uint32_t leases = s->conf->firewall.leases;
        setup.leases = wr_leasemirror_init(block(wr_leasemirror_size(leases)), leases, &key);
    }
    setup.upstream_state = block(WR_UPSTREAMS_MAX * sizeof(*setup.upstream_state));
    setup.quota = wr_quota_init(block(wr_quota_size(SLOTS)), SLOTS);
    wr_ring_init(&s->ring, block(RING), RING);
    setup.records = s->logs ? &s->ring : NULL;
    setup.hits = block(WR_LABELS_NUMBERS * sizeof(*setup.hits));
    setup.secrets = &s->secrets;
    setup.stats = &s->stats;
    wr_rng_seed_u64(&setup.rng, 42);
    s->engine = wr_engine_start(block(wr_engine_size(&setup)), &setup, &now);
    s->best = 1e9;
    for (unsigned i = 0; i < 2 * NAMES; i++) {
        query_size[0] = make_query(query[0], i % NAMES);
        foreseen[0] = 0;
        if (!ask(s, 0) && i >= NAMES) {
            fprintf(stderr, "%s: no answer from the cache\n", path);
            return false;
        }
    }
    return true;
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* As net/udp feeds what one read of the socket has brought. */
static void batch(struct side *s)
{
    for (unsigned i = 0; i < BATCH; i++) {
        foreseen[i] = wr_engine_foresee(s->engine, query[i], query_size[i]);
    }
    for (unsigned i = 0; i < AHEAD; i++) {
        wr_engine_foresee_entry(s->engine, foreseen[i]);
    }
    for (unsigned i = 0; i < BATCH; i++) {
        wr_engine_foresee_entry(s->engine, foreseen[i + AHEAD]);
        ask(s, i);
    }
}

static void measure(struct side *s, uint32_t random)
{
    double spent = 0;
    for (unsigned b = 0; b < ASKED / BATCH; b++) {
        for (unsigned i = 0; i < BATCH; i++) {
            random = random * 1664525u + 1013904223u;
            query_size[i] = make_query(query[i], (unsigned)(((uint64_t)random * NAMES) >> 32));
        }
        double from = now_ns();
        batch(s);
        spent += now_ns() - from;
    }
    double ns = spent / (ASKED / BATCH * BATCH);
    s->best = ns < s->best ? ns : s->best;
}

int main(int argc, char **argv)
{
    static struct side side[CONFS];
    unsigned rounds = 40;
    int option;
    while ((option = getopt(argc, argv, "r:")) != -1) {
        rounds = option == 'r' ? (unsigned)atoi(optarg) : rounds;
    }
    unsigned count = (unsigned)(argc - optind);
    if (count == 0 || count > CONFS || wr_addr_from_text("10.99.0.1:4000", &client) != WR_OK ||
        wr_addr_from_text("10.99.0.1:53", &local) != WR_OK) {
        return 2;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!start(&side[i], argv[(unsigned)optind + i])) {
            return 1;
        }
    }
    for (unsigned r = 0; r < rounds; r++) {
        for (unsigned i = 0; i < count; i++) {
            measure(&side[(i + r) % count], r + 1);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        printf("%s%.1f", i == 0 ? "[" : ", ", side[i].best);
    }
    puts("]");
    return 0;
}
