/* SPDX-License-Identifier: Apache-2.0 */
/* Early data: taken once; a first flight that is sent again, to the same worker or another, is not; nor after a restart. */
#include "unit/unit.h"

#include "unit/transport/doqworld.h"

/* A client that has been here before, and its ticket. */
static struct dw_client *visit(struct dw *w)
{
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 1);
    assert_true(c->ticket_size > 0);
    wr_doqclient_close(c->c, w->now_us);
    dw_run(w, WR_S);
    return c;
}

static void ask_early(struct dw *w, struct dw_client *c)
{
    uint8_t msg[64];

    assert_int_equal(wr_doqclient_ask(c->c, msg, dw_query(msg, 2, 0), true, w->now_us), WR_OK);
}

static struct wr_doqclient_facts facts(const struct dw_client *c)
{
    struct wr_doqclient_facts f;

    wr_doqclient_facts(c->c, &f);
    return f;
}

static uint8_t first[4][WR_QUIC_DATAGRAM];
static size_t first_size[4], firsts;

static bool record(struct dw *w, bool to_server, unsigned client, uint8_t *bytes, size_t *size)
{
    if (to_server && client == 1 && firsts < 4) {
        memcpy(first[firsts], bytes, *size);
        first_size[firsts++] = *size;
    }
    return true;
}

/* Under the address of the one that was heard, for which its token is good. */
static void replay(struct dw *w, unsigned worker, uint16_t port)
{
    for (unsigned i = 0; i < firsts; i++) {
        struct wr_doq_datagram in = {.from = dw_addr(10, port),
                                     .local = dw_addr(1, 853),
                                     .bytes = first[i],
                                     .size = first_size[i]};

        dw_feed_server(w, worker, &in);
    }
}

static void test_taken_once(void **state)
{
    struct dw *w = dw_new(1);

    dw_take_early(w);
    dw_start(w);
    struct dw_client *before = visit(w);
    struct dw_client *c = dw_client_at(w, before, true);

    w->tap = record;
    firsts = 0;
    ask_early(w, c);
    dw_flush_client(w, 1);
    size_t flight = firsts;
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 1);
    assert_true(facts(c).resumed);
    assert_true(facts(c).early_taken);
    assert_int_equal(w->early_queries, 1);
    firsts = flight;
    /* Its first flight again, from other ports, to both workers: no query comes of it. */
    w->tap = NULL;
    for (uint16_t i = 0; i < 3; i++) {
        w->now_us += 10 * WR_MS;
        replay(w, 1, 7000 + i);
        replay(w, 0, 7010 + i);
    }
    dw_run(w, WR_S);
    assert_int_equal(w->early_queries, 1);
    assert_int_equal(wr_doqserver_stats(w->s[0])->queries + wr_doqserver_stats(w->s[1])->queries,
                     2);
    dw_free(w);
}

/* Without a register there is no early data: the client asks again by itself, and no query is lost. */
static void test_refused_is_asked_again(void **state)
{
    struct dw *w = dw_new(2);

    dw_take_early(w);
    dw_start(w);
    struct dw_client *before = visit(w);

    for (unsigned i = 0; i < DW_WORKERS; i++) {
        w->setup.tls.anti_replay = NULL;
        wr_doqserver_adopt(w->s[i], &w->setup.tls);
    }
    struct dw_client *c = dw_client_at(w, before, true);

    ask_early(w, c);
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 1);
    assert_true(facts(c).resumed);
    assert_false(facts(c).early_taken);
    assert_int_equal(w->early_queries, 0);
    dw_free(w);
}

/* A restart: the key of the tickets is another, so a recorded first flight is worth nothing, register or not. */
static void test_after_a_restart(void **state)
{
    struct dw *w = dw_new(3);

    dw_take_early(w);
    dw_start(w);
    struct dw_client *before = visit(w);

    dw_take_no_early(w);
    wr_rng_bytes(&w->rng, w->ticket_key, sizeof(w->ticket_key));
    dw_take_early(w);
    for (unsigned i = 0; i < DW_WORKERS; i++) {
        dw_stop_server(w, i);
        dw_start_server(w, i);
    }
    struct dw_client *c = dw_client_at(w, before, true);

    ask_early(w, c);
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 1);
    assert_false(facts(c).resumed);
    assert_false(facts(c).early_taken);
    assert_int_equal(w->early_queries, 0);
    dw_free(w);
}

/* The same key, but the register is new: GnuTLS refuses what is older than it. */
static void test_older_than_the_register(void **state)
{
    struct dw *w = dw_new(4);

    dw_take_early(w);
    dw_start(w);
    struct dw_client *before = visit(w);

    struct timespec wait = {.tv_nsec = 2000000}; /* the ticket must be older by a clock's step */
    nanosleep(&wait, NULL);
    dw_take_no_early(w);
    dw_take_early(w);
    for (unsigned i = 0; i < DW_WORKERS; i++) {
        w->setup.tls.anti_replay = w->antireplay[i].handle;
        wr_doqserver_adopt(w->s[i], &w->setup.tls);
    }
    struct dw_client *c = dw_client_at(w, before, true);

    ask_early(w, c);
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 1);
    assert_true(facts(c).resumed);
    assert_false(facts(c).early_taken);
    assert_int_equal(w->early_queries, 0);
    dw_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken_once),
        cmocka_unit_test(test_refused_is_asked_again),
        cmocka_unit_test(test_after_a_restart),
        cmocka_unit_test(test_older_than_the_register),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
