/* SPDX-License-Identifier: Apache-2.0 */
/* The DoQ client against our server: through a bad network, with answers of all sizes, cancelled, resumed, early. */
#include "unit/unit.h"

#include "unit/transport/doqworld.h"

static void test_one_question(void **state)
{
    struct dw *w = dw_new(1);

    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 0x1234, 0); /* waits for the handshake */
    dw_run(w, WR_S);
    assert_true(c->ready);
    assert_int_equal(c->answers, 1);
    assert_int_equal(c->bad, 0);
    assert_true(c->ticket_size > 0);
    assert_true(c->token_size > 0);
    dw_ask(w, c, 0xffff, 0);
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 2);
    wr_doqclient_close(c->c, w->now_us);
    dw_run(w, WR_S);
    assert_true(c->ended);
    assert_int_equal(wr_doqserver_open(w->s[0]), 0);
    dw_free(w);
}

/* Loss of a tenth, doubles, any order: every question has its answer, once. */
static void test_a_bad_network(void **state)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct dw *w = dw_new(seed);
        struct dw_client *c[4];

        w->loss = 100;
        w->twice = 50;
        w->jitter_us = 30000;
        dw_start(w);
        for (unsigned i = 0; i < 4; i++) {
            c[i] = dw_client(w);
            for (unsigned k = 0; k < 50; k++) {
                dw_ask(w, c[i], (uint16_t)(k + 1), k % 4);
            }
        }
        dw_run(w, 20 * WR_S);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(c[i]->answers, 50);
            assert_int_equal(c[i]->failed, 0);
            assert_int_equal(c[i]->bad, 0);
        }
        dw_free(w);
    }
}

/* More than the server allows at once: the rest waits for a place. */
static void test_more_than_there_are_streams(void **state)
{
    struct dw *w = dw_new(2);
    uint8_t msg[64];

    dw_start(w);
    struct dw_client *c = dw_client(w);

    for (unsigned k = 0; k < 100; k++) {
        dw_ask(w, c, (uint16_t)k, 0);
    }
    assert_false(wr_doqclient_has_room(c->c));
    assert_int_equal(wr_doqclient_ask(c->c, msg, dw_query(msg, 999, 0), false, w->now_us),
                     WR_E_AGAIN);
    dw_run(w, 2 * WR_S);
    assert_int_equal(c->answers, 100);
    assert_true(wr_doqclient_has_room(c->c));
    dw_free(w);
}

static void test_long_answers(void **state)
{
    struct dw *w = dw_new(3);

    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 7, 60);
    dw_run(w, 5 * WR_S);
    assert_int_equal(c->answers, 1);
    assert_int_equal(c->last_size, 60 * 1024 + 21);
    dw_free(w);
}

/* Nobody waits for it any more: the server is told, and its place is free. */
static void test_cancel(void **state)
{
    struct dw *w = dw_new(4);

    w->mute = true;
    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 1, 0);
    dw_ask(w, c, 2, 0);
    dw_run(w, WR_S);
    wr_doqclient_cancel(c->c, 1);
    wr_doqclient_cancel(c->c, 77); /* never asked */
    dw_run(w, WR_S);
    assert_int_equal(wr_doqserver_stats(w->s[0])->cancelled, 1);
    assert_int_equal(c->answers + c->failed, 0);
    w->mute = false;
    dw_ask(w, c, 3, 0);
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 1);
    dw_free(w);
}

static void test_the_server_gives_up_one(void **state)
{
    struct dw *w = dw_new(5);

    w->setup.chunks = 8; /* no room for the answer */
    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 1, 30);
    dw_run(w, WR_S);
    assert_int_equal(c->failed, 1);
    assert_string_equal(c->failed_why, "DOQ_EXCESSIVE_LOAD");
    dw_ask(w, c, 2, 0); /* the connection lives on */
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 1);
    dw_free(w);
}

static void test_nobody_is_there(void **state)
{
    struct dw *w = dw_new(6);

    w->loss = 1000;
    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 1, 0);
    dw_run(w, 6 * WR_S);
    assert_true(c->ended);
    assert_string_equal(c->why, "the handshake took too long");
    assert_false(c->own);
    assert_int_equal(wr_doqclient_ask(c->c, (const uint8_t[12]){0}, 12, false, w->now_us),
                     WR_E_CLOSED);
    dw_free(w);
}

/* Its libraries come to the bound of their memory: that is told as what it is, before the connection is open and later. */
static void test_memory_runs_out(void **state)
{
    unsigned opening = 0, open = 0;

    for (uint64_t kib = 64; kib < 256; kib += 4) {
        struct dw *w = dw_new(20);
        struct dw_client *c;

        dw_start(w);
        w->client_memory = kib * 1024;
        c = dw_client(w);
        for (uint16_t i = 0; i < 50 && !c->ended; i++) {
            uint8_t msg[64];

            (void)wr_doqclient_ask(c->c, msg, dw_query(msg, i, 60), false, w->now_us);
            dw_run(w, WR_S / 50);
        }
        dw_run(w, WR_S);
        if (c->ended) {
            assert_string_equal(c->why, "no memory for it here");
            assert_true(c->own);
            opening += !c->ready;
            open += c->ready;
        }
        dw_free(w);
    }
    print_message("# while opening %u, later %u\n", opening, open);
    assert_true(opening + open > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_question),
        cmocka_unit_test(test_a_bad_network),
        cmocka_unit_test(test_more_than_there_are_streams),
        cmocka_unit_test(test_long_answers),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_the_server_gives_up_one),
        cmocka_unit_test(test_nobody_is_there),
        cmocka_unit_test(test_memory_runs_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
