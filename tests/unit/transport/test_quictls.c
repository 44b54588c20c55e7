/* SPDX-License-Identifier: Apache-2.0 */
/* TLS under QUIC: who is not who it should be, a ticket that cannot be read, queries that must not come early. */
#include "unit/unit.h"

#include "unit/transport/doqworld.h"

static void test_not_verified(void **state)
{
    struct dw *w = dw_new(1);

    w->verify_fails = true;
    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    assert_true(c->ended);
    assert_false(c->ready);
    assert_string_equal(c->why, "the server is not who it should be");
    assert_int_equal(wr_doqserver_stats(w->s[0])->queries, 0);
    assert_int_equal(wr_doqserver_open(w->s[0]), 0); /* it was told */
    dw_free(w);
}

static void test_no_certificate(void **state)
{
    struct dw *w = dw_new(2);
    struct wr_creds *none = dw_creds(NULL);

    w->setup.tls.creds = none;
    dw_start(w);
    struct dw_client *c = dw_client(w);

    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    assert_true(c->ended);
    assert_int_equal(c->answers, 0);
    dw_free(w);
    wr_creds_drop(none);
}

static void test_resumed(void **state)
{
    struct dw *w = dw_new(3);

    dw_start(w);
    struct dw_client *a = dw_client(w);

    dw_ask(w, a, 1, 0);
    dw_run(w, WR_S);
    for (unsigned cut = 0; cut < 3; cut++) { /* whole; an octet less; nonsense */
        struct dw_client *b;
        struct wr_doqclient_facts f;

        if (cut == 1) {
            a->ticket_size -= 1;
        } else if (cut == 2) {
            memset(a->ticket + 1, 0xff, a->ticket_size - 1);
        }
        b = dw_client_at(w, a, false);
        dw_ask(w, b, 2, 0);
        dw_run(w, WR_S);
        assert_int_equal(b->answers, 1);
        wr_doqclient_facts(b->c, &f);
        assert_int_equal(f.resumed, cut == 0);
        assert_false(f.early_taken);
    }
    dw_free(w);
}

/* An UPDATE is never sent early by our client; one that comes early waits for the handshake (test_doqstream). */
static void test_only_queries_go_early(void **state)
{
    struct dw *w = dw_new(4);
    uint8_t msg[64];
    size_t size;

    dw_take_early(w);
    dw_start(w);
    struct dw_client *a = dw_client(w);

    dw_ask(w, a, 1, 0);
    dw_run(w, WR_S);
    struct dw_client *b = dw_client_at(w, a, false);

    size = dw_query(msg, 2, 0);
    msg[2] = 5 << 3;
    assert_int_equal(wr_doqclient_ask(b->c, msg, size, true, w->now_us), WR_OK);
    dw_run(w, WR_S);
    assert_int_equal(b->answers, 1);
    assert_int_equal(w->early_queries, 0);
    dw_free(w);
}

static struct standin_seen {
    unsigned callbacks, started, asked, ended;
    int err;
} seen;

static void standin_callbacks(void *callbacks)
{
    seen.callbacks++;
}

static int standin_start(struct wr_quic *q, const struct wr_quic_tls *tls)
{
    seen.started++;
    q->session = &seen;
    q->has_ticket = true;
    return seen.err;
}

static size_t standin_ticket(struct wr_quic *q, uint8_t *room, size_t cap)
{
    seen.asked++;
    room[0] = 't';
    return 1;
}

static void standin_end(struct wr_quic *q)
{
    assert_ptr_equal(q->session, &seen);
    seen.ended++;
}

/* What GnuTLS would have been asked is asked of it; its session is counted, and given back once. A start that fails ends it too. */
static void test_standin(void **state)
{
    static const struct wr_quic_standin standin = {.callbacks = standin_callbacks,
                                                   .start = standin_start,
                                                   .ticket = standin_ticket,
                                                   .end = standin_end};
    const struct wr_addr here = dw_addr(1, 853), there = dw_addr(2, 853);
    const struct wr_quic_limits limits = {.idle_ms = 1000, .handshake_ms = 1000};
    struct dw *w = dw_new(5);
    struct wr_quic_tls tls = {.creds = w->client_creds, .standin = &standin};
    struct wr_quic_env env;
    uint8_t room[8];

    dw_start(w);
    assert_int_equal(wr_quic_env_init(&env, &w->rng, 0, NULL, 1 << 20, 1 << 20), WR_OK);
    for (unsigned i = 0; i < 2; i++) {
        struct wr_quic q = {0};

        seen = (struct standin_seen){.err = i == 0 ? WR_OK : WR_E_NOMEM};
        assert_int_equal(
            wr_quic_connect(&q, &env, &tls, &limits, &here, &there, NULL, 0, w->now_us), seen.err);
        if (i == 0) {
            assert_true(env.memory > WR_QUIC_TLS_OCTETS);
            assert_int_equal(wr_quic_ticket(&q, room, sizeof(room)), 1);
            assert_int_equal(seen.ended, 0);
        }
        wr_quic_end(&q);
        wr_quic_end(&q);
        assert_int_equal(wr_quic_ticket(&q, room, sizeof(room)), 0);
        assert_int_equal(seen.callbacks, 1);
        assert_int_equal(seen.started, 1);
        assert_int_equal(seen.asked, i == 0);
        assert_int_equal(seen.ended, 1);
        assert_int_equal(env.memory, 0);
    }
    wr_quic_env_end(&env);
    dw_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_verified), cmocka_unit_test(test_no_certificate),
        cmocka_unit_test(test_resumed),      cmocka_unit_test(test_only_queries_go_early),
        cmocka_unit_test(test_standin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
