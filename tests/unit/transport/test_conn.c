/* SPDX-License-Identifier: Apache-2.0 */
/* A client's connection without a socket: frames in the open and within TLS, cut anywhere; who the client says it is. */
#include "unit/unit.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "transport/conn.h"
#include "transport/dohclient.h"
#include "transport/oblivious.h"
#include "unit/transport/certs.h"
#include "unit/transport/dohmsg.h"
#include "unit/transport/httpmem.h"

enum {
    ROOM = 256 * 1024,
    FRAME = 4098,
    TICKET_SUM = 32 /* octets that tls.c has before a ticket */
};

static struct certs_one ca, leaf, camera, foreign_ca, foreign;
static struct wr_creds *server_creds, *client_creds, *camera_creds, *foreign_creds;
static const struct wr_now now = {.mono_us = 1, .wall_s = CERTS_NOW_S, .wall_proven = true};

struct both {
    struct wr_conn conn;
    struct wr_tls client;
    struct wr_writer to_client, to_server;
    uint8_t to_client_room[ROOM], to_server_room[ROOM];
    uint8_t scratch[WR_CONN_SCRATCH], frame[FRAME], plain[ROOM];
    void *room;
    size_t plain_n;
    unsigned queries, seen_size;
    size_t claimed; /* octets of the last question's claim */
    uint64_t sum;   /* of the octets of all queries */
    int err;        /* of the last wr_conn_next */
};

static struct both b;

static struct wr_doh_site site = {
    .resource = {{"/dns-query", WR_DOH_DNS, WR_HTTP_TYPE_DNS, WR_DOH_GET | WR_DOH_POST, true}},
    .count = 1,
    .message_max = FRAME - 2,
};
static struct httpmem http_memory;

static struct wr_creds *creds_of(const struct certs_one *cert, const struct certs_one *anchor)
{
    struct wr_creds_pem pair = {0};
    struct wr_creds_setup setup = {.anchors = anchor->pem.data, .anchors_size = anchor->pem.size};
    struct wr_verdict_text why;
    struct wr_creds *c = NULL;

    if (cert != NULL) {
        pair = (struct wr_creds_pem){cert->pem.data, cert->key_pem.data, cert->pem.size,
                                     cert->key_pem.size};
        setup.pairs = &pair;
        setup.count = 1;
    }
    assert_int_equal(wr_creds_make(&setup, &why, &c), WR_OK);
    return c;
}

static int setup_all(void **state)
{
    certs_make(&ca, &(struct certs_want){.cn = "CA", .ca = true}, NULL);
    certs_make(&foreign_ca, &(struct certs_want){.cn = "foreign", .ca = true}, NULL);
    certs_make(&leaf, &(struct certs_want){.names = {"*.dns.example", "dns.example"}}, &ca);
    certs_make(&camera, &(struct certs_want){.names = {"Camera-7"}, .client = true}, &ca);
    certs_make(&foreign, &(struct certs_want){.names = {"camera-7"}, .client = true}, &foreign_ca);
    server_creds = creds_of(&leaf, &ca);
    client_creds = creds_of(NULL, &ca);
    camera_creds = creds_of(&camera, &ca);
    foreign_creds = creds_of(&foreign, &ca);
    return 0;
}

static int teardown_all(void **state)
{
    certs_free(&ca);
    certs_free(&foreign_ca);
    certs_free(&leaf);
    certs_free(&camera);
    certs_free(&foreign);
    wr_creds_drop(server_creds);
    wr_creds_drop(client_creds);
    wr_creds_drop(camera_creds);
    wr_creds_drop(foreign_creds);
    return 0;
}

static int judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *why)
{
    return wr_creds_verify(client_creds, chain, NULL, why);
}

static void start(enum wr_conn_kind kind, const struct wr_terms *terms)
{
    struct wr_conn_setup setup = {
        .kind = kind, .terms = terms, .frame = b.frame, .frame_size = FRAME, .scratch = b.scratch};

    setup.site = &site;
    setup.memory = httpmem_of(&http_memory);

    memset(&b, 0, sizeof(b));
    wr_buf_write_init(&b.to_client, b.to_client_room, ROOM);
    wr_buf_write_init(&b.to_server, b.to_server_room, ROOM);
    b.room = malloc(wr_conn_room(kind) + 1);
    setup.room = b.room;
    assert_int_equal(wr_conn_start(&b.conn, &setup, &now), WR_OK);
}

static void end(void)
{
    wr_conn_end(&b.conn);
    wr_tls_end(&b.client);
    free(b.room);
}

/* Octets to the server; each question is answered with itself and a mark. */
static void serve(const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n), answer[FRAME];
    struct wr_conn_query q;

    memcpy(copy, bytes, n);
    wr_conn_feed(&b.conn, copy, n, &now);
    while ((b.err = wr_conn_next(&b.conn, &b.to_client, &q)) == WR_OK) {
        b.queries++;
        b.seen_size += (unsigned)q.size;
        for (size_t i = 0; i < q.size; i++) {
            b.sum = b.sum * 31 + q.bytes[i];
        }
        b.claimed = q.claim.n;
        memcpy(answer, q.bytes, q.size);
        answer[2] |= 0x80;
        assert_true(b.to_client.cap - b.to_client.pos >= wr_conn_answer_room(&b.conn, q.size));
        assert_int_equal(wr_conn_answer(&b.conn, q.stream, answer, q.size, &b.to_client), WR_OK);
    }
    free(copy);
}

static void client_start_as(struct wr_creds *creds, const char *name, const char *alpn_name)
{
    static const char *alpn[1];
    struct wr_tls_setup setup = {.role = WR_TLS_CLIENT,
                                 .creds = creds,
                                 .alpn = alpn,
                                 .alpn_count = 1,
                                 .verify = judge,
                                 .name = name};

    alpn[0] = alpn_name;
    assert_int_equal(wr_tls_start(&b.client, &setup, &now, &b.to_server), WR_OK);
}

static void client_start(struct wr_creds *creds, const char *name)
{
    client_start_as(creds, name, "dot");
}

static void client_take(void)
{
    size_t n, size = b.to_client.pos;
    uint8_t *copy = malloc(size + 1);

    memcpy(copy, b.to_client_room, size);
    b.to_client.pos = 0;
    wr_tls_feed(&b.client, copy, size, &now);
    while (wr_tls_read(&b.client, b.plain + b.plain_n, ROOM - b.plain_n, &n, &b.to_server) ==
           WR_OK) {
        b.plain_n += n;
    }
    free(copy);
}

/* What the client has said goes to the server in pieces, and back. */
static void run(size_t step)
{
    while (b.to_server.pos > 0 || b.to_client.pos > 0) {
        size_t size = b.to_server.pos;
        uint8_t *said = malloc(size + 1);

        memcpy(said, b.to_server_room, size);
        b.to_server.pos = 0;
        for (size_t at = 0; at < size; at += step) {
            serve(said + at, size - at < step ? size - at : step);
        }
        free(said);
        client_take();
    }
}

static size_t put(uint8_t *at, size_t size, uint8_t fill)
{
    at[0] = (uint8_t)(size >> 8);
    at[1] = (uint8_t)size;
    memset(at + 2, fill & 0x7f, size);
    return size + 2;
}

static struct wr_terms terms_of(void)
{
    return (struct wr_terms){.creds = server_creds, .names_below = "dns.example"};
}

static void test_plain(void **state)
{
    uint8_t stream[200];
    size_t n = put(stream, 12, 1);

    n += put(stream + n, 40, 2);
    start(WR_CONN_PLAIN, NULL);
    assert_int_equal(wr_conn_room(WR_CONN_PLAIN), 0);
    assert_false(wr_conn_opening(&b.conn));
    serve(stream, 20);
    assert_int_equal(b.err, WR_E_AGAIN);
    assert_int_equal(b.queries, 1);
    assert_true(wr_conn_partial(&b.conn));
    serve(stream + 20, n - 20);
    assert_int_equal(b.queries, 2);
    assert_false(wr_conn_partial(&b.conn));
    assert_int_equal(b.to_client.pos, n);
    assert_int_equal(b.to_client_room[1], 12);
    assert_int_equal(b.to_client_room[4] & 0x80, 0x80);
    serve((const uint8_t *)"\0\3abc", 5);
    assert_int_equal(b.err, WR_E_FORMAT);
    assert_null(wr_conn_session(&b.conn));
    end();
}

/* Messages in one record, and over records and reads that end anywhere. */
static void test_dot(void **state)
{
    static const size_t steps[] = {1, 3, 100, 4096, ROOM};

    for (size_t i = 0; i < WR_ARRAY_LEN(steps); i++) {
        struct wr_terms terms = terms_of();
        uint8_t stream[9000];
        size_t n = put(stream, 12, 1);

        n += put(stream + n, 4000, 2);
        n += put(stream + n, 30, 3);
        start(WR_CONN_DOT, &terms);
        assert_true(wr_conn_opening(&b.conn));
        client_start(client_creds, NULL);
        run(steps[i]);
        assert_false(wr_conn_opening(&b.conn));
        assert_false(wr_conn_partial(&b.conn));
        assert_int_equal(b.conn.claim.kind, WR_IDENTITY_NONE);
        assert_int_equal(wr_tls_write(&b.client, stream, 9, &b.to_server), WR_OK);
        run(steps[i]);
        assert_int_equal(b.queries, 0);
        assert_true(wr_conn_partial(&b.conn));
        assert_int_equal(wr_tls_write(&b.client, stream + 9, n - 9, &b.to_server), WR_OK);
        run(steps[i]);
        assert_int_equal(b.queries, 3);
        assert_int_equal(b.seen_size, 4042);
        assert_false(wr_conn_partial(&b.conn));
        assert_int_equal(b.plain_n, n);
        assert_int_equal(b.plain[1], 12);
        assert_memory_equal(b.plain + n - 30 + 3, stream + n - 30 + 3, 27);
        wr_tls_close(&b.client, &b.to_server);
        run(steps[i]);
        assert_int_equal(b.err, WR_E_CLOSED);
        wr_conn_close(&b.conn, &b.to_client);
        assert_true(b.to_client.pos > 0);
        client_take();
        assert_true(wr_conn_session(&b.conn)->state == WR_TLS_CLOSED);
        end();
    }
}

/* Part of a record is something that has begun, before it is known to be a message. */
static void test_partial_record(void **state)
{
    struct wr_terms terms = terms_of();
    uint8_t stream[40];
    size_t n = put(stream, 20, 1);

    start(WR_CONN_DOT, &terms);
    client_start(client_creds, NULL);
    run(ROOM);
    assert_int_equal(wr_tls_write(&b.client, stream, n, &b.to_server), WR_OK);
    for (size_t i = 0; i + 1 < b.to_server.pos; i++) {
        serve(b.to_server_room + i, 1);
        assert_int_equal(b.err, WR_E_AGAIN);
        assert_true(wr_conn_partial(&b.conn));
    }
    serve(b.to_server_room + b.to_server.pos - 1, 1);
    assert_false(wr_conn_partial(&b.conn));
    assert_int_equal(b.queries, 1);
    end();
}

static void test_what_is_no_tls(void **state)
{
    struct wr_terms terms = terms_of();
    uint8_t stream[40];
    size_t n = put(stream, 20, 1);

    start(WR_CONN_DOT, &terms);
    serve(stream, n);
    serve(stream, n);
    assert_true(b.err != WR_OK && b.err != WR_E_AGAIN);
    assert_true(wr_conn_why(&b.conn)[0] != '\0');
    end();
}

static void test_claims(void **state)
{
    struct {
        struct wr_creds *creds;
        const char *name, *below;
        bool ask;
        uint8_t kind;
        const char *claim;
    } row[] = {
        {client_creds, "Camera-7.dns.example", "dns.example", false, WR_IDENTITY_SNI, "camera-7"},
        {client_creds, "dns.example", "dns.example", false, WR_IDENTITY_NONE, ""},
        {client_creds, "a.b.dns.example", "dns.example", false, WR_IDENTITY_NONE, ""},
        {client_creds, "a.xdns.example", "dns.example", false, WR_IDENTITY_NONE, ""},
        {client_creds, "camera-7.dns.example", "", false, WR_IDENTITY_NONE, ""},
        {client_creds, "abcdefghijklmnopqrstuvwxyz0123456.dns.example", "dns.example", false,
         WR_IDENTITY_NONE, ""},
        {client_creds, NULL, "dns.example", true, WR_IDENTITY_NONE, ""},
        {camera_creds, "door.dns.example", "dns.example", true, WR_IDENTITY_CERTIFICATE,
         "camera-7"},
        {camera_creds, "door.dns.example", "dns.example", false, WR_IDENTITY_SNI, "door"},
        {foreign_creds, NULL, "dns.example", true, WR_IDENTITY_NONE, ""},
    };

    for (size_t i = 0; i < WR_ARRAY_LEN(row); i++) {
        struct wr_terms terms = {.creds = server_creds, .ask_certificate = row[i].ask};
        uint8_t stream[40];
        size_t n = put(stream, 20, 1);

        strcpy(terms.names_below, row[i].below);
        start(WR_CONN_DOT, &terms);
        client_start(row[i].creds, row[i].name);
        run(ROOM);
        assert_int_equal(wr_tls_write(&b.client, stream, n, &b.to_server), WR_OK);
        run(ROOM);
        assert_int_equal(b.queries, 1); /* everybody is served */
        assert_int_equal(b.conn.claim.kind, row[i].kind);
        assert_string_equal(b.conn.claim.text, row[i].claim);
        end();
    }
}

/* A session with the ticket of an earlier one; without one it brings a ticket. */
static void come_back(const struct wr_terms *terms, struct wr_creds *creds, uint8_t *ticket,
                      size_t *n)
{
    static const char *const alpn[] = {"dot"};
    struct wr_tls_setup setup = {.role = WR_TLS_CLIENT,
                                 .creds = creds,
                                 .alpn = alpn,
                                 .alpn_count = 1,
                                 .verify = judge,
                                 .name = "door.dns.example",
                                 .ticket = *n > 0 ? ticket : NULL,
                                 .ticket_size = *n};
    uint8_t stream[40];
    size_t size = put(stream, 20, 1);

    start(WR_CONN_DOT, terms);
    assert_int_equal(wr_tls_start(&b.client, &setup, &now, &b.to_server), WR_OK);
    run(ROOM);
    (void)wr_tls_write(&b.client, stream, size, &b.to_server);
    run(ROOM);
}

static void resume(const struct wr_terms *terms, struct wr_creds *creds, uint8_t *ticket, size_t *n)
{
    come_back(terms, creds, ticket, n);
    assert_int_equal(b.queries, 1);
    if (*n == 0) {
        assert_int_equal(wr_tls_ticket(&b.client, ticket, ROOM, n), WR_OK);
    }
}

/* Who has shown a certificate is who it was when it comes back with a ticket, as long as the authorities believe it. */
static void test_claim_resumed(void **state)
{
    static uint8_t ticket[ROOM];
    struct wr_terms terms = {.creds = server_creds, .ask_certificate = true};
    struct wr_creds *others = creds_of(&leaf, &foreign_ca);
    size_t n = 0;

    strcpy(terms.names_below, "dns.example");
    memset(terms.ticket_key, 7, sizeof(terms.ticket_key));
    for (int i = 0; i < 2; i++) {
        resume(&terms, camera_creds, ticket, &n);
        assert_int_equal(b.client.resumed, i > 0);
        assert_int_equal(b.conn.claim.kind, WR_IDENTITY_CERTIFICATE);
        assert_string_equal(b.conn.claim.text, "camera-7");
        end();
    }
    terms.creds = others;
    resume(&terms, camera_creds, ticket, &n);
    assert_true(b.client.resumed);
    assert_int_equal(b.conn.claim.kind, WR_IDENTITY_SNI);
    assert_string_equal(b.conn.claim.text, "door");
    end();
    wr_creds_drop(others);
}

/* What the DoH client says goes through TLS, octets of three hundred a piece. */
static void run_doh(struct wr_dohclient *c)
{
    uint8_t bytes[2000];
    size_t n;

    for (int i = 0; i < 4; i++) {
        while ((n = wr_dohclient_output(c, bytes, sizeof(bytes))) > 0) {
            assert_int_equal(wr_tls_write(&b.client, bytes, n, &b.to_server), WR_OK);
        }
        b.plain_n = 0;
        run(300);
        assert_int_equal(wr_dohclient_feed(c, b.plain, b.plain_n, 1), WR_OK);
    }
}

static void test_doh(void **state)
{
    static const char *const alpn[] = {"h2", "http/1.1"};
    struct wr_terms terms = terms_of();

    for (unsigned i = 0; i < 2; i++) {
        struct wr_dohclient_setup setup = {.version = i == 0 ? WR_HTTP_2 : WR_HTTP_1_1,
                                           .host = "dns.example",
                                           .path = "/dns-query/camera-7"};
        struct httpmem memory;
        struct wr_dohclient c;
        struct wr_dohclient_said said;
        uint8_t query[64];
        size_t n = dohmsg_query(query, sizeof(query), 77);

        start(WR_CONN_DOH, &terms);
        client_start_as(client_creds, "dns.example", alpn[i]);
        run(300);
        assert_false(wr_conn_opening(&b.conn));
        setup.memory = httpmem_of(&memory);
        assert_int_equal(wr_dohclient_start(&c, &setup, 1), WR_OK);
        for (unsigned k = 1; k <= 3; k++) {
            assert_int_equal(wr_dohclient_ask(&c, query, n), WR_OK);
            run_doh(&c);
            assert_int_equal(b.queries, k);
            assert_int_equal(b.claimed, 8);
            assert_true(wr_dohclient_next(&c, &said));
            assert_int_equal(said.kind, WR_DOHCLIENT_ANSWER);
            assert_int_equal(said.token, 77);
            assert_false(wr_dohclient_next(&c, &said));
        }
        assert_int_equal(wr_conn_waiting(&b.conn), 0);
        assert_false(wr_conn_has_output(&b.conn));
        assert_int_equal(wr_conn_since(&b.conn), WR_TIME_NEVER);
        assert_false(wr_conn_partial(&b.conn));
        assert_true(wr_conn_memory(&b.conn) < 64 * 1024);
        wr_conn_close(&b.conn, &b.to_client);
        wr_dohclient_end(&c);
        end();
        assert_int_equal(http_memory.pieces, 0);
    }
}

/* What waits behind a request is there when the answer has gone; a request that is broken ends it, with a word. */
static void test_doh_http_1(void **state)
{
    static const char get[] =
        "GET /dns-query?dns=AAABAAABAAAAAAAABGxhbXAEaG9tZQAAAQAB HTTP/1.1\r\nHost: a\r\n\r\n";
    struct wr_terms terms = terms_of();
    struct wr_conn_query q;

    start(WR_CONN_DOH, &terms);
    client_start_as(client_creds, "dns.example", "http/1.1");
    run(300);
    assert_int_equal(wr_tls_write(&b.client, (const uint8_t *)get, sizeof(get) - 1, &b.to_server),
                     WR_OK);
    assert_int_equal(wr_tls_write(&b.client, (const uint8_t *)get, sizeof(get) - 1, &b.to_server),
                     WR_OK);
    wr_conn_feed(&b.conn, b.to_server_room, b.to_server.pos, &now);
    assert_int_equal(wr_conn_next(&b.conn, &b.to_client, &q), WR_OK);
    assert_int_equal(wr_conn_next(&b.conn, &b.to_client, &q), WR_E_AGAIN);
    assert_false(wr_conn_more(&b.conn));
    assert_int_equal(wr_conn_answer(&b.conn, q.stream, NULL, 0, &b.to_client), WR_OK);
    assert_true(wr_conn_more(&b.conn));
    assert_int_equal(wr_conn_next(&b.conn, &b.to_client, &q), WR_OK);
    assert_int_equal(wr_conn_answer(&b.conn, q.stream, NULL, 0, &b.to_client), WR_OK);
    assert_false(wr_conn_more(&b.conn));
    b.to_server.pos = 0;
    assert_int_equal(wr_tls_write(&b.client, (const uint8_t *)"G", 1, &b.to_server), WR_OK);
    run(300);
    assert_true(wr_conn_partial(&b.conn));
    assert_int_equal(wr_conn_since(&b.conn), now.mono_us);
    b.plain_n = 0;
    assert_int_equal(wr_tls_write(&b.client, (const uint8_t *)"\n\n", 2, &b.to_server), WR_OK);
    run(300);
    assert_int_equal(b.err, WR_E_FORMAT);
    assert_memory_equal(b.plain, "HTTP/1.1 400 ", 13);
    end();
    assert_int_equal(http_memory.pieces, 0);
}

/* A reload makes this a target while a connection is open: that one is told to come back. */
static void test_target_later(void **state)
{
    static const char get[] = "GET " WR_ODOH_CONFIGS_PATH " HTTP/1.1\r\nHost: a\r\n\r\n";
    struct wr_terms terms = terms_of();
    struct wr_doh_site before = site;

    start(WR_CONN_DOH, &terms);
    client_start_as(client_creds, "dns.example", "http/1.1");
    run(300);
    wr_oblivious_serve(&site, "/dns-query");
    assert_int_equal(wr_tls_write(&b.client, (const uint8_t *)get, sizeof(get) - 1, &b.to_server),
                     WR_OK);
    run(300);
    assert_memory_equal(b.plain, "HTTP/1.1 503 ", 13);
    assert_int_equal(b.err, WR_E_AGAIN);
    site = before;
    end();
    assert_int_equal(http_memory.pieces, 0);
}

/* Answers that fill what they are written to go on when there is room again. */
static void test_doh_room(void **state)
{
    static const uint8_t answer[40000];
    struct wr_terms terms = terms_of();
    struct wr_dohclient_setup setup = {
        .version = WR_HTTP_2, .host = "dns.example", .path = "/dns-query"};
    struct httpmem memory;
    struct wr_dohclient c;
    uint8_t query[64], bytes[2000];
    struct wr_conn_query q;
    size_t n;

    start(WR_CONN_DOH, &terms);
    client_start_as(client_creds, "dns.example", "h2");
    run(300);
    setup.memory = httpmem_of(&memory);
    assert_int_equal(wr_dohclient_start(&c, &setup, 1), WR_OK);
    assert_int_equal(wr_dohclient_ask(&c, query, dohmsg_query(query, sizeof(query), 1)), WR_OK);
    while ((n = wr_dohclient_output(&c, bytes, sizeof(bytes))) > 0) {
        assert_int_equal(wr_tls_write(&b.client, bytes, n, &b.to_server), WR_OK);
    }
    wr_conn_feed(&b.conn, b.to_server_room, b.to_server.pos, &now);
    assert_int_equal(wr_conn_next(&b.conn, &b.to_client, &q), WR_OK);
    b.to_client.cap = 20000;
    assert_int_equal(wr_conn_answer(&b.conn, q.stream, answer, sizeof(answer), &b.to_client),
                     WR_OK);
    assert_true(wr_conn_has_output(&b.conn));
    assert_int_equal(wr_conn_waiting(&b.conn), q.stream);
    for (unsigned i = 0; i < 4; i++) {
        b.to_client.pos = 0;
        assert_int_equal(wr_conn_output(&b.conn, &b.to_client), WR_OK);
    }
    assert_false(wr_conn_has_output(&b.conn));
    assert_int_equal(wr_conn_waiting(&b.conn), 0);
    wr_dohclient_end(&c);
    end();
    assert_int_equal(http_memory.pieces, 0);
}

/* A ticket goes over the wire for all to see. Who shows another's, so that it is too old to be taken, is not that other. */
static void test_claim_of_a_stale_ticket(void **state)
{
    static const uint8_t six_hours[4] = {0, 0, 0x54, 0x60};
    static uint8_t ticket[ROOM];
    struct wr_terms terms = {.creds = server_creds, .ask_certificate = true};
    size_t n = 0, at = TICKET_SUM;

    memset(terms.ticket_key, 7, sizeof(terms.ticket_key));
    resume(&terms, camera_creds, ticket, &n);
    assert_int_equal(b.conn.claim.kind, WR_IDENTITY_CERTIFICATE);
    end();
    /* GnuTLS keeps the ticket's lifetime, then what its age is hidden by, then a nonce of four octets. */
    while (at + 9 < n && (memcmp(ticket + at, six_hours, 4) != 0 || ticket[at + 8] != 4)) {
        at++;
    }
    assert_true(at + 9 < n);
    ticket[at + 4] ^= 0x80;
    assert_int_equal(
        gnutls_hash_fast(GNUTLS_DIG_SHA256, ticket + TICKET_SUM, n - TICKET_SUM, ticket), 0);
    come_back(&terms, client_creds, ticket, &n);
    assert_int_equal(b.queries, 0); /* and gets no ticket in the other's name */
    assert_int_equal(b.conn.claim.kind, WR_IDENTITY_NONE);
    assert_string_equal(wr_conn_why(&b.conn), "the certificate of another's ticket");
    end();
    come_back(&terms, foreign_creds, ticket, &n); /* has a certificate of its own, and its key */
    assert_false(b.client.resumed);
    assert_int_equal(b.queries, 1);
    assert_int_equal(b.conn.claim.kind, WR_IDENTITY_NONE);
    end();
}

/* Who has a ticket from before certificates were asked for is asked for one now. */
static void test_asked_anew(void **state)
{
    static uint8_t ticket[ROOM];
    struct wr_terms terms = {.creds = server_creds};
    size_t n = 0;

    memset(terms.ticket_key, 7, sizeof(terms.ticket_key));
    resume(&terms, camera_creds, ticket, &n);
    assert_int_equal(b.conn.claim.kind, WR_IDENTITY_NONE);
    end();
    terms.ask_certificate = true;
    resume(&terms, camera_creds, ticket, &n);
    assert_false(b.client.resumed);
    assert_int_equal(b.conn.claim.kind, WR_IDENTITY_CERTIFICATE);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_doh),
        cmocka_unit_test(test_doh_http_1),
        cmocka_unit_test(test_target_later),
        cmocka_unit_test(test_doh_room),
        cmocka_unit_test(test_dot),
        cmocka_unit_test(test_partial_record),
        cmocka_unit_test(test_what_is_no_tls),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_claim_resumed),
        cmocka_unit_test(test_claim_of_a_stale_ticket),
        cmocka_unit_test(test_asked_anew),
    };

    return cmocka_run_group_tests_name("transport/conn", tests, setup_all, teardown_all);
}
