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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_verified),
        cmocka_unit_test(test_no_certificate),
        cmocka_unit_test(test_resumed),
        cmocka_unit_test(test_only_queries_go_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
