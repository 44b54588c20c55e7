/* SPDX-License-Identifier: Apache-2.0 */
/* The listening side over QUIC: a loop with a stand-in engine, asked by our client over a real socket. */
#include "unit/net/world.h"

#include <sys/resource.h>

#include "net/doqsock.h"
#include "transport/doqclient.h"
#include "unit/transport/certs.h"

enum { ROOM = 70000, WAIT_US = WIRE_WAIT_MS * 1000 };

struct asker {
    struct wr_doqclient *c;
    struct wr_chunks chunks;
    struct wr_rng rng;
    void *block, *chunk_block;
    uint8_t *room;
    struct wr_creds *creds;
    int fd;
};

static uint64_t mono_us(void)
{
    struct wr_now now;

    wr_clock_now(false, &now);
    return now.mono_us;
}

static int believe(void *user, const struct wr_certs *chain, struct wr_verdict_text *why)
{
    return WR_OK;
}

static struct wr_creds *creds_of(const struct certs_one *cert)
{
    struct wr_creds_setup setup = {0};
    struct wr_creds_pem pair = {0};
    struct wr_creds *creds = NULL;
    struct wr_verdict_text why;

    if (cert != NULL) {
        pair = (struct wr_creds_pem){.chain = cert->pem.data,
                                     .chain_size = cert->pem.size,
                                     .key = cert->key_pem.data,
                                     .key_size = cert->key_pem.size};
        setup.pairs = &pair;
        setup.count = 1;
    }
    assert_int_equal(wr_creds_make(&setup, &why, &creds), WR_OK);
    return creds;
}

static void asker_begin(struct asker *a, const struct wr_addr *to)
{
    struct wr_now now;

    memset(a, 0, sizeof(*a));
    wr_clock_now(false, &now);
    wr_rng_seed_u64(&a->rng, now.mono_us);
    a->creds = creds_of(NULL);
    a->room = malloc(ROOM);
    a->chunk_block = malloc(wr_chunks_size(1024));
    wr_chunks_init(&a->chunks, a->chunk_block, 1024);
    a->fd = wire_connect(SOCK_DGRAM, "127.0.0.1", to);
    struct wr_doqclient_setup setup = {.tls = {.creds = a->creds, .verify = believe},
                                       .to = *to,
                                       .queries = 64,
                                       .chunks = &a->chunks,
                                       .room = a->room,
                                       .room_size = ROOM,
                                       .rng = &a->rng,
                                       .memory_max = 4u << 20,
                                       .idle_ms = 30000,
                                       .handshake_ms = 10000};
    size_t size = (wr_doqclient_size(&setup) + 63) & ~(size_t)63;
    a->block = aligned_alloc(64, size);
    memset(a->block, 0, size);
    assert_int_equal(wr_doqclient_start(a->block, &setup, &now, &a->c), WR_OK);
}

static void asker_end(struct asker *a)
{
    wr_doqclient_end(a->c);
    wr_creds_drop(a->creds);
    free(a->block);
    free(a->chunk_block);
    free(a->room);
    close(a->fd);
}

static void asker_ask(struct asker *a, uint16_t number, char word)
{
    uint8_t query[QUERY_SIZE];

    world_query(query, number, word);
    assert_int_equal(wr_doqclient_ask(a->c, query, sizeof(query), false, mono_us()), WR_OK);
}

/* What is to be sent leaves, and what comes within a moment is taken. */
static void asker_turn(struct asker *a)
{
    uint8_t bytes[2048];
    size_t out;
    ssize_t n;

    while ((out = wr_doqclient_output(a->c, bytes, sizeof(bytes), mono_us())) > 0) {
        if (send(a->fd, bytes, out, 0) < 0) {
            break; /* refused: the time-out tells */
        }
    }
    if (wire_readable(a->fd, 10)) {
        while ((n = recv(a->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
            wr_doqclient_feed(a->c, bytes, (size_t)n, mono_us());
        }
    }
    wr_doqclient_time(a->c, mono_us());
}

/* The next thing of this kind, within the time. */
static struct wr_doqclient_said asker_wait(struct asker *a, enum wr_doqclient_kind kind)
{
    uint64_t end_us = mono_us() + WAIT_US;
    struct wr_doqclient_said said;

    while (mono_us() < end_us) {
        while (wr_doqclient_next(a->c, &said) != WR_DOQCLIENT_NOTHING) {
            if (said.kind == kind) {
                return said;
            }
        }
        asker_turn(a);
    }
    fail_msg("nothing of kind %d came", kind);
    return said;
}

/* Where it is to listen for DoT as well; NULL: nowhere. */
static struct wr_addr *dot;

static struct world *quic_world(struct wr_addr *addr, bool with_certificate)
{
    struct wr_terms terms = {0};
    struct wr_secrets secrets = {.cookie_key = {1}, .table_key = {{2, 3}}};
    struct world *w = world_new();
    struct certs_one cert;

    world_create(w);
    wr_loop_set_secrets(w->loop, &secrets);
    if (with_certificate) {
        certs_make(&cert, &(struct certs_want){.names = {"dns.test"}}, NULL);
        terms.creds = creds_of(&cert);
        certs_free(&cert);
        wr_loop_set_terms(w->loop, &terms);
        wr_creds_drop(terms.creds);
    }
    *addr = wire_addr("127.0.0.1");
    static const struct wr_sock_options options;
    struct wr_sock_error error;
    int fd;
    assert_int_equal(wr_sock_listen_udp(addr, &options, &fd, &error), WR_OK);
    addr->port = wire_port(fd);
    assert_int_equal(wr_loop_listen(w->loop, 7, WR_CLIENT_DOQ, fd, addr), WR_OK);
    assert_int_equal(wr_loop_listen(w->loop, 7, WR_CLIENT_DOQ, fd, addr), WR_E_EXISTS);
    if (dot != NULL) {
        world_listen(w, 8, WR_CLIENT_DOT, dot);
    }
    world_start(w);
    return w;
}

static void test_answers(void **state)
{
    struct wr_doqclient_said said;
    struct wr_addr addr;
    struct world *w = quic_world(&addr, true);
    struct asker a;

    asker_begin(&a, &addr);
    asker_ask(&a, 0x0102, 'h');
    said = asker_wait(&a, WR_DOQCLIENT_ANSWER);
    assert_int_equal(said.id, 0x0102);
    assert_int_equal(said.size, QUERY_SIZE);
    assert_int_equal(said.msg[2] & 0x80, 0x80);
    assert_int_equal(said.msg[13], 'r');
    assert_true(wr_budget_used(&w->shared.budget) > 20000);
    asker_ask(&a, 2, 'l'); /* later */
    said = asker_wait(&a, WR_DOQCLIENT_ANSWER);
    assert_int_equal(said.msg[13], 'l');
    asker_ask(&a, 3, 'd'); /* none, on purpose */
    said = asker_wait(&a, WR_DOQCLIENT_FAILED);
    assert_int_equal(said.id, 3);
    wr_doqclient_close(a.c, mono_us());
    asker_wait(&a, WR_DOQCLIENT_ENDED);
    asker_end(&a);
    world_stop(w, 0);
    assert_int_equal(w->stats.doq_completed, 1);
    assert_int_equal(atomic_load(&w->shared.connections), 0);
    world_free(w);
}

static void test_the_engine_is_told(void **state)
{
    struct wr_addr addr;
    struct world *w = quic_world(&addr, true);
    struct asker a;
    uint64_t end_us;

    asker_begin(&a, &addr);
    asker_ask(&a, 1, 'n'); /* no answer ever */
    asker_wait(&a, WR_DOQCLIENT_TICKET);
    end_us = mono_us() + WAIT_US;
    while (atomic_load(&w->engine->events[WR_EVENT_QUERY]) == 0 && mono_us() < end_us) {
        wire_readable(a.fd, 10);
    }
    wr_doqclient_close(a.c, mono_us());
    asker_wait(&a, WR_DOQCLIENT_ENDED);
    while (atomic_load(&w->engine->events[WR_EVENT_CLIENT_GONE]) == 0 && mono_us() < end_us) {
        wire_readable(a.fd, 10);
    }
    assert_int_equal(atomic_load(&w->engine->events[WR_EVENT_CLIENT_GONE]), 1);
    asker_end(&a);
    world_free(w);
}

static void test_no_certificate(void **state)
{
    struct wr_addr addr;
    struct world *w = quic_world(&addr, false);
    struct asker a;

    asker_begin(&a, &addr);
    asker_wait(&a, WR_DOQCLIENT_ENDED);
    asker_end(&a);
    world_stop(w, 0);
    assert_true(w->stats.doq_refused > 0);
    world_free(w);
}

/* The budget of all encrypted connections is used up: nobody new is let in, before any work is done. */
static void test_over_the_budget(void **state)
{
    struct wr_addr addr;
    struct world *w = quic_world(&addr, true);
    struct asker a;

    wr_budget_add(&w->shared.budget, w->setup.limits.encrypted_bytes);
    asker_begin(&a, &addr);
    asker_wait(&a, WR_DOQCLIENT_ENDED);
    asker_end(&a);
    world_stop(w, 0);
    assert_true(w->stats.doq_refused > 0);
    assert_int_equal(w->stats.doq_accepted, 0);
    world_free(w);
}

/* Who comes over TLS may have what somebody idle holds over QUIC: it is one budget. */
static void test_yields_to_tls(void **state)
{
    static struct wr_addr tls;
    struct wr_addr addr;
    uint64_t end_us = mono_us() + WAIT_US;
    struct world *w;
    struct asker a;
    int fd;

    tls = wire_addr("127.0.0.1");
    dot = &tls;
    w = quic_world(&addr, true);
    dot = NULL;
    asker_begin(&a, &addr);
    asker_ask(&a, 1, 'h');
    asker_wait(&a, WR_DOQCLIENT_ANSWER);
    wr_budget_add(&w->shared.budget, w->setup.limits.encrypted_bytes);
    while (atomic_load(&w->stats.doq_evicted) == 0 && mono_us() < end_us) {
        fd = wire_connect(SOCK_STREAM, "127.0.0.1", &tls);
        asker_turn(&a); /* it is idle once the answer is acknowledged */
        close(fd);
    }
    asker_wait(&a, WR_DOQCLIENT_ENDED);
    asker_end(&a);
    world_stop(w, 0);
    assert_int_equal(w->stats.doq_evicted, 1);
    world_free(w);
}

/* Octets of address space. */
static rlim_t memory_now(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu", &pages), 1);
    fclose(f);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static const struct wr_now *tick(void *user)
{
    static const struct wr_now now = {.mono_us = 1};

    return &now;
}

/* There is no memory for the places: nothing of it is kept, and the next time is like the first. */
static void test_no_memory_for_places(void **state)
{
    static const struct wr_hash_key key = {{1, 2}};
    static struct wr_net_limits limits = {.doq_connections = 4096}; /* more than a little */
    static struct wr_net_stats stats;
    struct wr_feed feed = {.tick = tick, .limits = &limits, .stats = &stats};
    static struct wr_strike strike;
    void *strikes = calloc(1, wr_strike_size(64));
    struct wr_doqsock_setup setup = {.strike = &strike};
    struct wr_addr addr = wire_addr("127.0.0.1");
    struct wr_doqsock *d = NULL;
    struct wr_sock_error error;
    struct rlimit before, none;
    static struct wr_rng rng;
    static uv_loop_t loop;
    int fd;

    memset(&stats, 0, sizeof(stats));
    wr_strike_init(&strike, strikes, 64, &key, WR_S);
    wr_rng_seed_u64(&rng, 1);
    setup.rng = &rng;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(wr_doqsock_create(&loop, &feed, &setup, &d), WR_OK);
    assert_int_equal(wr_sock_listen_udp(&addr, &(struct wr_sock_options){0}, &fd, &error), WR_OK);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    none = before;
    none.rlim_cur = memory_now() + (256 << 10);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
        int err = wr_doqsock_add(d, 0, fd, &addr);
        assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
        assert_int_equal(err, WR_E_NOMEM);
    }
    assert_int_equal(wr_doqsock_open(d), 0);
    wr_doqsock_close(d);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    wr_doqsock_destroy(d);
    assert_int_equal(uv_loop_close(&loop), 0);
    close(fd);
    free(strikes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),        cmocka_unit_test(test_the_engine_is_told),
        cmocka_unit_test(test_no_certificate), cmocka_unit_test(test_over_the_budget),
        cmocka_unit_test(test_yields_to_tls),  cmocka_unit_test(test_no_memory_for_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
