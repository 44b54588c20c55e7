/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes room, when streams, their octets or memory have run out: never for long those who make nothing of it. */
#include "unit/unit.h"

#include "base/limits.h"
#include "unit/transport/doqrogue.h"

static struct rogue rogues[1];

/* A server with room for two answers of 60 KiB, and one who had such an answer. */
static struct dw *room_for_two(uint64_t seed, struct dw_client **ret_client)
{
    struct dw *w = dw_new(seed);
    struct dw_client *c;

    w->setup.chunks = 600;
    dw_start(w);
    c = dw_client(w);
    c->worker = 0;
    dw_ask(w, c, 1, 60);
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 1);
    *ret_client = c;
    return w;
}

/* The room for answers is used up by one that takes none: it goes, and the others have theirs. */
static void test_unread_answers_make_room(void **state)
{
    struct rogue *r = &rogues[0];
    uint8_t query[64] = {0};
    size_t n = dw_query(query + 2, 0, 60) + 2;
    struct dw_client *c;
    struct dw *w = room_for_two(21, &c);

    query[1] = (uint8_t)(n - 2);
    rogue_start(r, w, 0, 60);
    rogue_run(r);
    r->deaf = true;
    rogue_say(r, query, n, true);
    rogue_say(r, query, n, true);
    rogue_run(r);
    dw_ask(w, c, 2, 60); /* it may still be on its way to the other */
    dw_run(w, WR_UNREAD_MS * WR_MS / 2);
    assert_int_equal(c->failed, 1);
    rogue_wait(r, WR_UNREAD_MS * WR_MS);
    dw_ask(w, c, 3, 60);
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 2);
    assert_int_equal(c->failed, 1);
    assert_int_equal(wr_doqserver_stats(w->s[0])->evicted, 1);
    rogue_end(r);
    dw_free(w);
}

/* Who takes an octet now and then holds the room no longer than who takes none: it is of all clients. */
static void test_trickle_makes_room(void **state)
{
    struct rogue *r = &rogues[0];
    uint8_t query[64] = {0};
    size_t n = dw_query(query + 2, 0, 60) + 2;
    struct dw_client *c;
    struct dw *w = room_for_two(23, &c);

    query[1] = (uint8_t)(n - 2);
    w->rogue_window = 200;
    rogue_start(r, w, 0, 60);
    rogue_run(r);
    r->holds = true;
    struct rogue_stream *first = rogue_say(r, query, n, true);
    rogue_say(r, query, n, true);
    for (unsigned i = 0; i < 6; i++) {
        rogue_wait(r, WR_UNREAD_MS * WR_MS / 2);
        wr_quic_consumed(&r->quic, first->number, 110);
    }
    rogue_wait(r, WR_UNREAD_MS * WR_MS / 2);
    assert_in_range(
        first->got, 201,
        2000); /* of 2 times 60 KiB, in three and a half times as long as one may be deaf */
    dw_ask(w, c, 2, 60);
    dw_run(w, WR_UNREAD_MS * WR_MS / 4);
    assert_int_equal(c->answers, 2);
    assert_int_equal(c->failed, 0);
    assert_int_equal(wr_doqserver_stats(w->s[0])->evicted, 1);
    rogue_end(r);
    dw_free(w);
}

/* Questions that never become whole hold the room, or the places of streams: they are not patient for all others. */
static void test_half_questions_make_room(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        struct dw *w = dw_new(24);
        struct rogue *r = &rogues[0];
        uint8_t half[4000] = {4000 >> 8, 4000 & 255};
        struct dw_client *c;

        if (i == 0) {
            w->setup.chunks = 32; /* two such halves */
        } else {
            w->setup.streams = 2;
        }
        dw_start(w);
        c = dw_client(w);
        c->worker = 0;
        dw_ask(w, c, 1, 0);
        dw_run(w, WR_S);
        assert_int_equal(c->answers, 1);
        rogue_start(r, w, 0, 60);
        rogue_run(r);
        rogue_say(r, half, i == 0 ? sizeof(half) : 1, false);
        rogue_say(r, half, i == 0 ? sizeof(half) : 1, false);
        rogue_wait(r, 2 * WR_UNREAD_MS * WR_MS);
        dw_ask(w, c, 2, 0);
        dw_run(w, WR_S / 2);
        assert_int_equal(c->answers, 2);
        assert_int_equal(wr_doqserver_stats(w->s[0])->evicted, 1);
        rogue_end(r);
        dw_free(w);
    }
}

/* The same in early data, by who never finishes the handshake. */
static void test_early_halves_make_room(void **state)
{
    struct dw *w = dw_new(25);
    struct rogue *r = &rogues[0];
    uint8_t half[4000] = {4000 >> 8, 4000 & 255};
    struct dw_client *c;

    w->setup.streams = 2;
    dw_take_early(w);
    dw_start(w);
    c = dw_client(w);
    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 1);
    rogue_start_known(r, w, 0, 10, c, true);
    r->deaf = true;
    rogue_say(r, half, 1, false);
    rogue_say(r, half, 1, false);
    rogue_wait(r, 2 * WR_UNREAD_MS * WR_MS);
    assert_int_equal(wr_doqserver_stats(w->s[0])->completed, 1);
    dw_ask(w, c, 2, 0);
    dw_run(w, WR_S / 2);
    assert_int_equal(c->answers, 2);
    assert_int_equal(wr_doqserver_stats(w->s[0])->evicted, 1);
    rogue_end(r);
    dw_free(w);
}

/* A search looks at everything: whoever holds all and asks for more makes one now and then, not with each packet; and nobody else waits for
 * that. */
static void test_searches_are_few(void **state)
{
    struct dw *w = dw_new(26);
    struct rogue *r = &rogues[0];
    uint8_t half[2] = {4000 >> 8, 4000 & 255};
    struct dw_client *c;

    w->setup.streams = 2;
    dw_start(w);
    c = dw_client(w);
    c->worker = 0;
    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    rogue_start(r, w, 0, 60);
    rogue_run(r);
    rogue_say(r, half, 1, false);
    rogue_say(r, half, 1, false);
    rogue_run(r);
    for (int i = 0; i < 2; i++) { /* nobody has waited for long yet */
        rogue_say(r, half, 1, false);
        rogue_run(r);
    }
    assert_int_equal(wr_doqserver_stats(w->s[0])->overload, 2);
    assert_int_equal(wr_doqserver_stats(w->s[0])->searches, 1);
    rogue_wait(r, 2 * WR_UNREAD_MS * WR_MS);
    r->streams = 2; /* the refused ones are over */
    memset(&r->stream[2], 0, 2 * sizeof(r->stream[2]));
    rogue_say(r, half, 1, false);
    rogue_run(r); /* now it is the one who could make room */
    assert_int_equal(wr_doqserver_stats(w->s[0])->searches, 2);
    dw_ask(w, c, 2, 0);
    dw_run(w, WR_DOQ_BARREN_MS * WR_MS / 2);
    assert_int_equal(wr_doqserver_stats(w->s[0])->searches, 3);
    assert_int_equal(wr_doqserver_stats(w->s[0])->evicted, 1);
    assert_int_equal(c->answers, 2);
    rogue_end(r);
    dw_free(w);
}

/* Memory is short, nobody is idle, and one takes an octet now and then: it goes for who comes. */
static void test_trickle_gives_its_memory(void **state)
{
    struct rogue *r = &rogues[0];
    uint8_t query[64] = {0};
    size_t n = dw_query(query + 2, 0, 60) + 2;
    struct dw *w = dw_new(27);
    struct dw_client *comes;

    query[1] = (uint8_t)(n - 2);
    w->rogue_window = 200;
    dw_start(w);
    rogue_start(r, w, 0, 60);
    rogue_run(r);
    r->holds = true;
    struct rogue_stream *first = rogue_say(r, query, n, true);
    for (unsigned i = 0; i < 6; i++) {
        rogue_wait(r, WR_UNREAD_MS * WR_MS / 2);
        wr_quic_consumed(&r->quic, first->number, 110);
    }
    rogue_run(r);
    w->lack = 1000;
    comes = dw_client(w);
    comes->worker = 0;
    dw_ask(w, comes, 1, 0);
    dw_run(w, WR_UNREAD_MS * WR_MS / 4);
    assert_int_equal(wr_doqserver_stats(w->s[0])->evicted, 1);
    w->lack = 0;
    dw_run(w, WR_S);
    assert_int_equal(comes->answers, 1);
    rogue_end(r);
    dw_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unread_answers_make_room),
        cmocka_unit_test(test_trickle_makes_room),
        cmocka_unit_test(test_half_questions_make_room),
        cmocka_unit_test(test_early_halves_make_room),
        cmocka_unit_test(test_searches_are_few),
        cmocka_unit_test(test_trickle_gives_its_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
