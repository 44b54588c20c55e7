/* SPDX-License-Identifier: Apache-2.0 */
/* Early data: taken once; a first flight that is sent again, to the same worker or another, is not; nor after a restart. */
#include "unit/unit.h"

#include "unit/transport/doqworld.h"

static struct dw *w;
static struct dw_client *before; /* who has been here, and has its ticket */

/* Servers that take early data, and a client that has visited one. */
static int setup(void **state)
{
    w = dw_new(1);
    dw_take_early(w);
    dw_start(w);
    before = dw_client(w);
    dw_ask(w, before, 1, 0);
    dw_run(w, WR_S);
    assert_int_equal(before->answers, 1);
    assert_true(before->ticket_size > 0);
    wr_doqclient_close(before->c, w->now_us);
    dw_run(w, WR_S);
    return 0;
}

static int teardown(void **state)
{
    dw_free(w);
    return 0;
}

/* Who has the ticket comes, and asks in its first flight. */
static struct dw_client *come_again(void)
{
    struct dw_client *c = dw_client_at(w, before, true);
    uint8_t msg[64];

    assert_int_equal(wr_doqclient_ask(c->c, msg, dw_query(msg, 2, 0), true, w->now_us), WR_OK);
    return c;
}

/* It has its answer, and this is how. */
static void expect(const struct dw_client *c, bool resumed, bool early)
{
    struct wr_doqclient_facts f;

    wr_doqclient_facts(c->c, &f);
    assert_int_equal(c->answers, 1);
    assert_int_equal(f.resumed, resumed);
    assert_int_equal(f.early_taken, early);
    assert_int_equal(w->early_queries, early);
}

static uint8_t first[4][WR_QUIC_DATAGRAM];
static size_t first_size[4], firsts;

static bool record(struct dw *world, bool to_server, unsigned client, uint8_t *bytes, size_t *size)
{
    if (to_server && client == 1 && firsts < 4) {
        memcpy(first[firsts], bytes, *size);
        first_size[firsts++] = *size;
    }
    return true;
}

/* Under the address of the one that was heard, for which its token is good. */
static void replay(unsigned worker, uint16_t port)
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
    w->tap = record;
    firsts = 0;
    struct dw_client *c = come_again();
    dw_flush_client(w, 1);
    size_t flight = firsts;
    dw_run(w, WR_S);
    expect(c, true, true);
    firsts = flight;
    /* Its first flight again, from other ports, to both workers: no query comes of it. */
    w->tap = NULL;
    for (uint16_t i = 0; i < 3; i++) {
        w->now_us += 10 * WR_MS;
        replay(1, 7000 + i);
        replay(0, 7010 + i);
    }
    dw_run(w, WR_S);
    assert_int_equal(w->early_queries, 1);
    assert_int_equal(wr_doqserver_stats(w->s[0])->queries + wr_doqserver_stats(w->s[1])->queries,
                     2);
}

/* Without a register there is no early data: the client asks again by itself, and no query is lost. */
static void test_refused_is_asked_again(void **state)
{
    for (unsigned i = 0; i < DW_WORKERS; i++) {
        w->setup.tls.anti_replay = NULL;
        wr_doqserver_adopt(w->s[i], &w->setup.tls);
    }
    struct dw_client *c = come_again();
    dw_run(w, WR_S);
    expect(c, true, false);
}

/* A restart: the key of the tickets is another, so a recorded first flight is worth nothing, register or not. */
static void test_after_a_restart(void **state)
{
    dw_take_no_early(w);
    wr_rng_bytes(&w->rng, w->ticket_key, sizeof(w->ticket_key));
    dw_take_early(w);
    for (unsigned i = 0; i < DW_WORKERS; i++) {
        dw_stop_server(w, i);
        dw_start_server(w, i);
    }
    struct dw_client *c = come_again();
    dw_run(w, WR_S);
    expect(c, false, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_taken_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_is_asked_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_after_a_restart, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
