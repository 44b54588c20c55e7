/* SPDX-License-Identifier: Apache-2.0 */
/* The DoQ server under attack, with an honest client beside it; places, hand-over and the end. */
#include "unit/unit.h"

#include "base/check.h"
#include "base/limits.h"
#include "unit/transport/doqrogue.h"

enum { HONEST = 100 };

/* A datagram of an attacker, from an address of 198.51.100.0/24. */
static void attack(struct dw *w, unsigned worker, unsigned host, const uint8_t *bytes, size_t size)
{
    struct wr_doq_datagram in = {.from = {.family = WR_AF_V4,
                                          .ip = {198, 51, 100, (uint8_t)host},
                                          .port = (uint16_t)(1024 + host)},
                                 .local = dw_addr(1, 853),
                                 .bytes = bytes,
                                 .size = size};

    dw_feed_server(w, worker, &in);
}

/* The honest client asks every 10 ms while `each` happens in between; at least 95 of 100 are answered, and a new one is let in. */
static void honest_beside(struct dw *w, void (*each)(struct dw *w, unsigned round))
{
    struct dw_client *c = dw_client(w), *later;

    dw_run(w, WR_S / 2);
    assert_true(c->ready);
    for (unsigned i = 0; i < HONEST; i++) {
        dw_ask(w, c, (uint16_t)(i + 1), 0);
        each(w, i);
        dw_run(w, 10 * WR_MS);
    }
    later = dw_client(w);
    later->worker = c->worker;
    dw_ask(w, later, 1, 0);
    for (unsigned i = 0; i < HONEST; i++) {
        each(w, i);
        dw_run(w, 10 * WR_MS);
    }
    dw_run(w, 4 * WR_S);
    assert_int_equal(later->answers, 1);
    assert_true(c->answers >= HONEST * 95 / 100);
}

static uint8_t initial[WR_QUIC_DATAGRAM];
static size_t initial_size;

static bool keep_initial(struct dw *w, bool to_server, unsigned client, uint8_t *bytes,
                         size_t *size)
{
    memcpy(initial, bytes, *size);
    initial_size = *size;
    return false;
}

/* A valid Initial of a fresh client. */
static void make_initial(struct dw *w)
{
    struct dw_client *c = dw_client(w);

    w->tap = keep_initial;
    dw_flush_client(w, w->clients - 1);
    w->tap = NULL;
    dw_client_end(c);
    memset(c, 0, sizeof(*c));
    w->clients--;
}

/* RFC 9000 section 8.1: before the address is proven at most three times what came goes back. */
static void test_amplification(void **state)
{
    struct dw *w = dw_new(1);
    struct wr_doq_datagram way, in = {.from = dw_addr(9, 1234), .local = dw_addr(1, 853)};
    uint8_t bytes[WR_QUIC_DATAGRAM];
    size_t out = 0, n;
    uint16_t other;

    dw_start(w);
    make_initial(w);
    in.bytes = initial;
    in.size = initial_size;
    assert_int_equal(wr_doqserver_feed(w->s[0], &in, w->now_us, &other), WR_OK);
    for (unsigned i = 0; i < 1000; i++) { /* ten seconds of loss timers */
        while ((n = wr_doqserver_output(w->s[0], bytes, sizeof(bytes), &way, w->now_us)) > 0) {
            out += n;
        }
        w->now_us += 10 * WR_MS;
        wr_doqserver_time(w->s[0], w->now_us);
    }
    assert_true(out > 0);
    assert_true(out <= 3 * initial_size);
    assert_int_equal(wr_doqserver_open(w->s[0]), 0);
    dw_free(w);
}

static void flood_initials(struct dw *w, unsigned round)
{
    for (unsigned i = 0; i < 20; i++) {
        initial[6 + i % 8] = (uint8_t)(round * 20 + i); /* another id: the packet cannot be read */
        attack(w, 0, i, initial, initial_size);
    }
}

/* Initials of forged addresses: beyond some, each gets a Retry, which costs no memory. */
static void test_handshake_flood(void **state)
{
    struct dw *w = dw_new(2);

    dw_start(w);
    make_initial(w);
    honest_beside(w, flood_initials);
    assert_true(wr_doqserver_open(w->s[0]) < WR_DOQ_RETRY_AT + 10);
    dw_free(w);
}

static void flood_clients(struct dw *w, unsigned round)
{
    for (unsigned i = 0; i < 5; i++) {
        make_initial(w);
        attack(w, 0, i, initial, initial_size);
    }
}

/* The same with packets that can be read: state is made for some, then it is Retry. */
static void test_good_handshakes_flood(void **state)
{
    struct dw *w = dw_new(3);

    dw_start(w);
    honest_beside(w, flood_clients);
    assert_true(wr_doqserver_stats(w->s[0])->retried > 500);
    assert_true(wr_doqserver_memory(w->s[0]) < 8u << 20);
    dw_free(w);
}

static void flood_garbage(struct dw *w, unsigned round)
{
    uint8_t bytes[1300];

    for (unsigned i = 0; i < 20; i++) {
        wr_rng_bytes(&w->rng, bytes, sizeof(bytes));
        attack(w, 0, i, bytes, 1 + wr_rng_below(&w->rng, sizeof(bytes)));
        bytes[0] |= 0xc0;
        memcpy(bytes + 1, "\0\0\0\1\10", 5);
        attack(w, 0, i, bytes, sizeof(bytes));
        bytes[0] &= 0x7f; /* short: an id that nobody made */
        attack(w, 0, i, bytes, 60);
    }
}

static void test_garbage_and_made_up_ids(void **state)
{
    struct dw *w = dw_new(4);

    dw_start(w);
    honest_beside(w, flood_garbage);
    assert_true(wr_doqserver_stats(w->s[0])->garbage > 1000);
    assert_true(w->handed < 100); /* an id that is made up leads to nobody */
    dw_free(w);
}

static struct rogue rogues[8];

static void flood_streams(struct dw *w, unsigned round)
{
    for (unsigned i = 0; i < 8; i++) {
        struct rogue *r = &rogues[i];

        if (r->quic.state == WR_QUIC_OPEN && r->streams < ROGUE_STREAMS) {
            rogue_say(r, "\0\100half", 6, false); /* begun, never ended */
        } else if (r->quic.state == WR_QUIC_OPEN) {
            int64_t number;

            while (wr_quic_open_stream(&r->quic, &r->stream[0], &number) == WR_OK) {
                r->stream[0].number = number;
                r->stream[0].sent = 0;
                rogue_run(r);
            }
        }
        rogue_run(r);
    }
}

/* Eight connections hold all the streams that they may, half asked. */
static void test_stream_flood(void **state)
{
    struct dw *w = dw_new(5);

    dw_start(w);
    for (unsigned i = 0; i < 8; i++) {
        rogue_start(&rogues[i], w, 0, 60 + i);
        rogue_run(&rogues[i]);
    }
    honest_beside(w, flood_streams);
    assert_true(wr_doqserver_stats(w->s[0])->overload == 0);
    for (unsigned i = 0; i < 8; i++) {
        rogue_end(&rogues[i]);
    }
    dw_free(w);
}

/* A query without an end, beside others that are whole, does not hold its place for ever; nor does an answer that is not taken. */
static void test_slow_loris(void **state)
{
    uint8_t query[64] = {0};
    size_t n = dw_query(query + 2, 0, 0) + 2;

    query[1] = (uint8_t)(n - 2);
    for (unsigned deaf = 0; deaf < 2; deaf++) {
        struct dw *w = dw_new(15);
        struct rogue *r = &rogues[0];
        uint64_t wait_us = (deaf ? w->setup.read_ms : w->setup.message_ms) * WR_MS / 2;

        dw_start(w);
        rogue_start(r, w, 0, 60);
        rogue_run(r);
        r->deaf = deaf;
        rogue_say(r, query, deaf ? n : n - 1, deaf);
        rogue_wait(r, wait_us - WR_MS * 100);
        rogue_say(r, query, n, true);
        rogue_wait(r, wait_us - WR_MS * 100);
        assert_int_equal(wr_doqserver_open(w->s[0]), 1);
        assert_int_equal(wr_doqserver_stats(w->s[0])->queries, 1 + deaf);
        rogue_wait(r, WR_MS * 300);
        assert_int_equal(wr_doqserver_open(w->s[0]), 0);
        assert_int_equal(wr_doqserver_stats(w->s[0])->slow, 1);
        rogue_end(r);
        dw_free(w);
    }
}

/* Neither PINGs nor streams on which nothing is asked keep a connection; a whole query does. */
static void test_pings_do_not_keep(void **state)
{
    struct dw *w = dw_new(17);
    struct rogue *r = &rogues[0];
    uint8_t query[64] = {0};
    size_t n = dw_query(query + 2, 0, 0) + 2;
    uint64_t idle_us = w->setup.idle_ms * WR_MS;

    query[1] = (uint8_t)(n - 2);
    dw_start(w);
    rogue_start(r, w, 0, 60);
    rogue_run(r);
    wr_quic_keep_alive(&r->quic, 3000);
    rogue_wait(r, idle_us / 2);
    rogue_say(r, query, n, true);
    rogue_wait(r, idle_us * 3 / 4);
    assert_int_equal(wr_doqserver_open(w->s[0]), 1);
    wr_quic_shut(&r->quic, rogue_say(r, query, 1, false)->number, WR_DOQ_REQUEST_CANCELLED);
    rogue_wait(r, idle_us / 4 + 2 * WR_DOQ_IDLE_MORE_MS * WR_MS);
    assert_int_equal(wr_doqserver_open(w->s[0]), 0);
    assert_int_equal(wr_doqserver_stats(w->s[0])->idle, 1);
    assert_int_equal(wr_doqserver_stats(w->s[0])->slow, 0);
    rogue_end(r);
    dw_free(w);
}

static unsigned short_until;

static uint64_t is_short(void *user)
{
    struct dw *w = user;

    return w->lack + (wr_doqserver_stats(w->s[0])->evicted < short_until);
}

/* The memory is used up: who takes nothing of what it holds goes before who is idle, and the heaviest of them first. */
static void unread_yields_first(uint64_t elsewhere)
{
    struct dw *w = dw_new(18);
    uint8_t query[64] = {0};
    size_t n = dw_query(query + 2, 0, 60) + 2;
    struct dw_client *idle = dw_client(w), *comes;

    query[1] = (uint8_t)(n - 2);
    short_until = 0;
    w->setup.lack = is_short;
    dw_start(w);
    dw_ask(w, idle, 1, 0);
    dw_run(w, WR_S);
    for (unsigned i = 0; i < 2; i++) {
        rogue_start(&rogues[i], w, 0, 60 + i);
        rogue_run(&rogues[i]);
        rogues[i].deaf = true;
        for (unsigned k = 0; k <= i; k++) {
            rogue_say(&rogues[i], query, n, true);
        }
        rogue_wait(&rogues[i], 2 * WR_UNREAD_MS * WR_MS);
    }
    w->mute = true;
    w->lack = elsewhere;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t held = wr_doqserver_memory(w->s[0]), least = (i == 0 ? 100 : 40) * 1024;

        short_until = 1 + i;
        comes = dw_client(w);
        comes->worker = 0;
        dw_ask(w, comes, 1, 0);
        dw_run(w, WR_S);
        assert_false(comes->ended);
        assert_int_equal(wr_doqserver_stats(w->s[0])->evicted, 1 + i);
        assert_int_equal(wr_doqserver_open(w->s[0]), 3);
        assert_int_equal(idle->ended, i == 2);
        assert_true(i == 2 || wr_doqserver_memory(w->s[0]) + least < held);
        assert_true(i != 1 || wr_doqserver_memory(w->s[0]) + 100 * 1024 > held);
    }
    rogue_end(&rogues[0]);
    rogue_end(&rogues[1]);
    dw_free(w);
}

static void test_unread_yields_first(void **state)
{
    unread_yields_first(0);
    unread_yields_first(
        1000000000); /* held by others, whoever of ours goes: one goes for each that comes, and no more */
}

static unsigned relieved, relieved_most;

static int64_t elsewhere; /* octets that others take (or give) meanwhile */

static uint64_t relieve(void *user)
{
    struct dw *w = user;

    relieved++;
    w->lack = (uint64_t)((int64_t)w->lack - (w->lack < 1000) + (relieved == 1 ? elsewhere : 0));
    return relieved <= relieved_most;
}

/* None of ours may go, but somebody of the owner's others; not in vain. */
static void test_others_make_room(void **state)
{
    static const struct {
        uint64_t lack;
        unsigned most, relieved;
        bool answered;
        int64_t elsewhere;
    } cases[] = {{2, 9, 2, true, 0},
                 {1000, 9, 1, true, 0},
                 {2, 0, 1, false, 0},
                 {1000, 9, 1, true, -900},
                 {2, 9, 3, true, 1}};

    for (unsigned i = 0; i < WR_ARRAY_LEN(cases); i++) {
        struct dw *w = dw_new(19);
        struct dw_client *c;

        relieved = 0;
        elsewhere = cases[i].elsewhere;
        relieved_most = cases[i].most;
        w->lack = cases[i].lack;
        w->setup.relieve = relieve;
        dw_start(w);
        c = dw_client(w);
        dw_ask(w, c, 1, 0);
        dw_run(w, WR_S);
        assert_int_equal(c->answers, cases[i].answered);
        assert_true(relieved == cases[i].relieved);
        dw_free(w);
    }
}

/* It takes what it is given, slowly: that is no reason to go, though its answer has waited for longer than others may. */
static void test_slow_reader_stays(void **state)
{
    struct dw *w = dw_new(22);
    struct rogue *r = &rogues[0];
    uint8_t query[64] = {0};
    size_t n = dw_query(query + 2, 0, 60) + 2;

    query[1] = (uint8_t)(n - 2);
    dw_start(w);
    w->rogue_window = 8000;
    rogue_start(r, w, 0, 60);
    rogue_run(r);
    r->holds = true;
    struct rogue_stream *first = rogue_say(r, query, n, true);
    rogue_say(r, query, n, true);
    for (unsigned i = 0; i < 10; i++) {
        rogue_wait(r, WR_UNREAD_MS * WR_MS / 4);
        assert_false(wr_doqserver_relieve(w->s[0], w->now_us));
        assert_int_equal(first->got, 8000 + i * 4500);
        wr_quic_consumed(&r->quic, first->number,
                         4500); /* more than half of the window, else it is not told */
    }
    rogue_wait(r, WR_UNREAD_MS * WR_MS / 4);
    rogue_wait(r, WR_UNREAD_MS * WR_MS);
    assert_true(wr_doqserver_relieve(w->s[0], w->now_us)); /* now it takes no more */
    rogue_end(r);
    dw_free(w);
}

/* For somebody else who has no memory one of ours goes, if it is idle. */
static void test_relieves_others(void **state)
{
    struct dw *w = dw_new(20);
    struct dw_client *c = dw_client(w);

    dw_start(w);
    c->worker = 0;
    assert_false(wr_doqserver_relieve(w->s[0], w->now_us));
    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 1);
    assert_true(wr_doqserver_relieve(w->s[0], w->now_us));
    assert_false(wr_doqserver_relieve(w->s[0], w->now_us));
    dw_run(w, WR_S);
    assert_true(c->ended);
    dw_free(w);
}

/* There are fewer places than clients: who was idle for longest makes room. */
static void test_places_run_out(void **state)
{
    struct dw *w = dw_new(6);

    w->setup.connections = 8;
    dw_start(w);
    for (unsigned i = 0; i < 20; i++) {
        struct dw_client *c = dw_client(w);

        c->worker = 0;
        dw_ask(w, c, 1, 0);
        dw_run(w, WR_S / 2);
        assert_int_equal(c->answers, 1);
    }
    assert_int_equal(wr_doqserver_open(w->s[0]), 8);
    assert_int_equal(wr_doqserver_stats(w->s[0])->evicted, 12);
    assert_int_equal(wr_doqserver_stats(w->s[0])->retried,
                     12); /* nobody goes for a forged address */
    assert_true(w->client[0].ended);
    assert_false(w->client[19].ended);
    dw_free(w);
}

/* The owner's memory is used up: who is idle makes room for who comes, and if nobody is, who comes is refused. */
static void test_no_memory(void **state)
{
    struct dw *w = dw_new(16);

    dw_start(w);
    for (unsigned i = 0; i < 4; i++) {
        struct dw_client *c = dw_client(w);

        c->worker = 0;
        w->lack = i > 0;
        w->mute = i == 2;
        dw_ask(w, c, 1, 0);
        dw_run(w, WR_S);
        assert_int_equal(c->answers, i < 2);
        assert_int_equal(c->ended, i == 3);
        assert_int_equal(wr_doqserver_open(w->s[0]), 1);
    }
    assert_int_equal(wr_doqserver_stats(w->s[0])->evicted, 2);
    assert_int_equal(wr_doqserver_stats(w->s[0])->refused, 1);
    assert_int_equal(wr_doqserver_stats(w->s[0])->retried, 3);
    dw_free(w);
}

/* Nobody yields a place that is in use; then the new client is told. */
static void test_no_place(void **state)
{
    struct dw *w = dw_new(7);

    w->setup.connections = 2;
    w->mute = true;
    dw_start(w);
    for (unsigned i = 0; i < 3; i++) {
        struct dw_client *c = dw_client(w);

        c->worker = 0;
        dw_ask(w, c, 1, 0);
        dw_run(w, WR_S);
        assert_int_equal(c->ended, i == 2);
    }
    assert_int_equal(wr_doqserver_stats(w->s[0])->refused, 1);
    dw_free(w);
}

/* The owner counts clients: one too many is closed when its address is proven. */
static void test_not_admitted(void **state)
{
    struct dw *w = dw_new(8);

    w->admit_max = 1;
    dw_start(w);
    struct dw_client *a = dw_client(w), *b = dw_client(w);

    b->worker = a->worker;
    dw_run(w, WR_S);
    dw_ask(w, a, 1, 0);
    dw_run(w, WR_S);
    assert_true(a->answers == 1 && b->ended);
    assert_int_equal(w->admitted, 1);
    dw_free(w);
}

static void test_memory_is_bounded(void **state)
{
    struct dw *w = dw_new(9);
    unsigned ready = 0;

    w->setup.memory_max = 300 * 1024;
    dw_start(w);
    for (unsigned i = 0; i < 16; i++) {
        dw_client(w)->worker = 0;
        dw_run(w, WR_S / 4);
        assert_true(wr_doqserver_memory(w->s[0]) <= 300 * 1024);
    }
    for (unsigned i = 0; i < 16; i++) {
        ready += w->client[i].ready;
    }
    assert_in_range(ready, 2, 12);
    dw_free(w);
}

static void test_drain(void **state)
{
    struct dw *w = dw_new(10);

    dw_start(w);
    struct dw_client *idle = dw_client(w), *busy = dw_client(w), *late;

    busy->worker = idle->worker;
    dw_run(w, WR_S);
    w->mute = true;
    dw_ask(w, busy, 1, 0);
    dw_run(w, WR_S);
    wr_doqserver_drain(w->s[0], w->now_us);
    dw_run(w, WR_S);
    assert_true(idle->ended);
    assert_false(busy->ended);
    late = dw_client(w);
    late->worker = 0;
    dw_run(w, WR_S);
    assert_true(late->ended);
    wr_doqclient_cancel(busy->c, 1);
    dw_run(w, WR_S);
    assert_true(busy->ended);
    assert_int_equal(wr_doqserver_open(w->s[0]), 0);
    dw_free(w);
}

/* A token of an earlier visit proves the address: no Retry under load. */
static void test_token_under_load(void **state)
{
    struct dw *w = dw_new(11);

    dw_start(w);
    struct dw_client *c = dw_client(w), *again, *without;

    dw_run(w, WR_S);
    assert_true(c->token_size > 0);
    for (unsigned i = 0; i < 50; i++) {
        make_initial(w);
        attack(w, 0, i, initial, initial_size);
    }
    uint64_t retried = wr_doqserver_stats(w->s[0])->retried;

    assert_true(retried > 0);
    again = dw_client_at(w, c, true);
    again->addr = c->addr;
    dw_client_end(c);
    c->addr.port = 1;
    again->worker = 0;
    dw_run(w, WR_S / 2);
    assert_true(again->ready);
    assert_int_equal(wr_doqserver_stats(w->s[0])->retried, retried);
    without = dw_client(w);
    without->worker = 0;
    dw_run(w, WR_S / 2);
    assert_true(without->ready);
    assert_int_equal(wr_doqserver_stats(w->s[0])->retried, retried + 1);
    dw_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amplification),
        cmocka_unit_test(test_handshake_flood),
        cmocka_unit_test(test_good_handshakes_flood),
        cmocka_unit_test(test_garbage_and_made_up_ids),
        cmocka_unit_test(test_stream_flood),
        cmocka_unit_test(test_slow_loris),
        cmocka_unit_test(test_places_run_out),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_no_place),
        cmocka_unit_test(test_not_admitted),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_token_under_load),
        cmocka_unit_test(test_pings_do_not_keep),
        cmocka_unit_test(test_unread_yields_first),
        cmocka_unit_test(test_others_make_room),
        cmocka_unit_test(test_relieves_others),
        cmocka_unit_test(test_slow_reader_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
