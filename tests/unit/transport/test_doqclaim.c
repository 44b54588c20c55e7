/* SPDX-License-Identifier: Apache-2.0 */
/* Who a client over QUIC says it is: by the name that it wants, by its certificate, by what a ticket brings back, early and late. */
#include "unit/unit.h"

#include "base/hash.h"
#include "unit/transport/doqrogue.h"

static struct certs_one ca, camera, foreign_ca;
static const struct wr_now now = {.mono_us = 1, .wall_s = CERTS_NOW_S, .wall_proven = true};

static struct wr_creds *creds_of(const struct certs_one *cert, const struct certs_one *anchor)
{
    struct wr_creds_pem pair = {cert->pem.data, cert->key_pem.data, cert->pem.size,
                                cert->key_pem.size};
    struct wr_creds_setup setup = {.pairs = &pair, .count = 1};
    struct wr_verdict_text why;
    struct wr_creds *creds = NULL;

    if (anchor != NULL) {
        setup.anchors = anchor->pem.data;
        setup.anchors_size = anchor->pem.size;
    }
    assert_int_equal(wr_creds_make(&setup, &why, &creds), WR_OK);
    return creds;
}

/* A world whose server believes `anchor`; whether it asks, and whether clients have a certificate. */
static struct dw *world(const struct certs_one *anchor, bool ask, bool have)
{
    struct dw *w = dw_new(5);

    wr_creds_drop(w->server_creds);
    w->server_creds = w->setup.tls.creds = creds_of(&w->cert, anchor);
    w->setup.tls.ask = ask;
    w->setup.clock = &now;
    w->setup.names_below = "test"; /* clients want dns.test */
    if (have) {
        wr_creds_drop(w->client_creds);
        w->client_creds = creds_of(&camera, NULL);
    }
    return w;
}

/* Another set of anchors from now on. */
static void believe(struct dw *w, const struct certs_one *anchor)
{
    struct wr_creds *before = w->server_creds;

    w->server_creds = w->setup.tls.creds = creds_of(&w->cert, anchor);
    for (unsigned i = 0; i < DW_WORKERS; i++) {
        struct wr_quic_tls tls = w->setup.tls;

        tls.anti_replay = w->antireplay[i].handle;
        wr_doqserver_adopt(w->s[i], &tls);
    }
    wr_creds_drop(before);
}

static void is_known_as(const struct dw *w, uint8_t kind, const char *text)
{
    assert_int_equal(w->last_claim.kind, kind);
    assert_string_equal(w->last_claim.text, text);
}

static struct dw_client *asks(struct dw *w, const struct dw_client *before)
{
    struct dw_client *c = dw_client_at(w, before, false);

    memset(&w->last_claim, 0xee, sizeof(w->last_claim));
    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    assert_int_equal(c->answers, 1); /* everybody is served */
    return c;
}

static void test_who(void **state)
{
    static const struct {
        const struct certs_one *anchor;
        bool ask, have;
        uint8_t kind;
        const char *text;
    } row[] = {
        {&ca, false, false, WR_IDENTITY_SNI, "dns"},
        {&ca, true, false, WR_IDENTITY_SNI, "dns"},
        {&ca, false, true, WR_IDENTITY_SNI, "dns"},
        {&ca, true, true, WR_IDENTITY_CERTIFICATE, "camera-7"},
        {&foreign_ca, true, true, WR_IDENTITY_SNI, "dns"},
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct dw *w = world(row[i].anchor, row[i].ask, row[i].have);

        dw_start(w);
        asks(w, NULL);
        is_known_as(w, row[i].kind, row[i].text);
        dw_free(w);
    }
}

static void test_no_names(void **state)
{
    struct dw *w = world(&ca, true, false);

    w->setup.names_below = NULL;
    dw_start(w);
    asks(w, NULL);
    is_known_as(w, WR_IDENTITY_NONE, "");
    dw_free(w);
}

/* The client of GnuTLS 3.8.9 that has shown a certificate says "early data" without the ticket that it belongs to, and fails in itself before
 * anything has left: there is nobody to serve then. */
static bool can_come_back(struct dw *w, const struct dw_client *before)
{
    struct dw_client *c = dw_client_at(w, before, false);

    dw_ask(w, c, 1, 0);
    dw_run(w, WR_S);
    return c->sent > 0;
}

/* Who comes back with a ticket is who it was, as long as the authorities believe its certificate. */
static void test_resumed(void **state)
{
    struct dw *w = world(&ca, true, true);
    struct wr_doqclient_facts facts;

    dw_start(w);
    struct dw_client *first = asks(w, NULL), *then;

    if (!can_come_back(w, first)) {
        dw_free(w);
        skip();
    }
    then = asks(w, first);
    wr_doqclient_facts(then->c, &facts);
    assert_true(facts.resumed);
    is_known_as(w, WR_IDENTITY_CERTIFICATE, "camera-7");
    believe(w, &foreign_ca);
    then = asks(w, first);
    wr_doqclient_facts(then->c, &facts);
    assert_true(facts.resumed);
    is_known_as(w, WR_IDENTITY_SNI, "dns");
    dw_free(w);
}

/* Early data with a ticket that has a certificate waits for the handshake, for it could be a replay; with one that has none it does not. */
static void test_early(void **state)
{
    static struct rogue r;

    for (int have = 0; have < 2; have++) {
        struct dw *w = world(&ca, true, have != 0);
        uint8_t bytes[64];
        size_t n = dw_query(bytes + 2, 0, 0);

        bytes[0] = 0;
        bytes[1] = (uint8_t)n;
        dw_take_early(w);
        dw_start(w);
        struct dw_client *before = asks(w, NULL);

        if (!can_come_back(w, before)) {
            dw_free(w);
            skip();
        }
        uint64_t queries = wr_doqserver_stats(w->s[1])->queries;
        rogue_start_known(&r, w, 1, 10, before, true);
        rogue_say(&r, bytes, n + 2, true);
        r.deaf = true;
        memset(&w->last_claim, 0xee, sizeof(w->last_claim));
        rogue_run(&r); /* its first flight alone */
        assert_int_equal(wr_doqserver_stats(w->s[1])->early, !have);
        assert_int_equal(wr_doqserver_stats(w->s[1])->held, have);
        r.deaf = false;
        rogue_wait(&r, 3 * WR_S);
        assert_int_equal(wr_doqserver_stats(w->s[1])->queries, queries + 1);
        assert_true(r.quic.resumed);
        /* A rogue wants no name. */
        is_known_as(w, have ? WR_IDENTITY_CERTIFICATE : WR_IDENTITY_NONE, have ? "camera-7" : "");
        rogue_end(&r);
        dw_free(w);
    }
}

/* Anybody can see a ticket. Shown with an age that is too high it is not resumed, and its certificate must not be his who shows it. */
static void test_borrowed(void **state)
{
    static const uint8_t six_hours[4] = {0, 0, 0x54, 0x60};
    static const struct wr_hash_key key = {{0x7175696374696b65, 0x74}}; /* quictls.c */
    struct dw *w = world(&ca, true, true);
    uint64_t digest[2];

    dw_start(w);
    struct dw_client *seen = asks(w, NULL), *thief;
    size_t at = 19;

    is_known_as(w, WR_IDENTITY_CERTIFICATE, "camera-7");
    while (at + 9 < seen->ticket_size &&
           (memcmp(seen->ticket + at, six_hours, 4) != 0 || seen->ticket[at + 8] != 4)) {
        at++;
    }
    assert_true(at + 9 < seen->ticket_size);
    seen->ticket[at + 4] ^= 0x80; /* what the age is hidden by */
    wr_hash_sip24_128(&key, seen->ticket + 17, seen->ticket_size - 17, digest);
    memcpy(seen->ticket + 1, digest, 16);
    wr_creds_drop(w->client_creds);
    w->client_creds = dw_creds(NULL);
    memset(&w->last_claim, 0, sizeof(w->last_claim));
    thief = dw_client_at(w, seen, false);
    dw_ask(w, thief, 1, 0);
    dw_run(w, WR_S);
    assert_int_equal(thief->answers, 0);
    assert_int_equal(thief->ticket_size, 0);
    is_known_as(w, WR_IDENTITY_NONE, "");
    dw_free(w);
}

static int make_certificates(void **state)
{
    certs_make(&ca, &(struct certs_want){.cn = "CA", .ca = true}, NULL);
    certs_make(&foreign_ca, &(struct certs_want){.cn = "other CA", .ca = true}, NULL);
    certs_make(&camera, &(struct certs_want){.names = {"Camera-7"}, .client = true}, &ca);
    return 0;
}

static int free_certificates(void **state)
{
    certs_free(&camera);
    certs_free(&foreign_ca);
    certs_free(&ca);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who),      cmocka_unit_test(test_no_names),
        cmocka_unit_test(test_resumed),  cmocka_unit_test(test_early),
        cmocka_unit_test(test_borrowed),
    };

    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
