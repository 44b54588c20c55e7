/* SPDX-License-Identifier: Apache-2.0 */
/* A client's connection without a socket: frames in the open and within TLS, cut anywhere; who the client says it is. */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "transport/conn.h"
#include "unit/transport/certs.h"

enum { ROOM = 256 * 1024, FRAME = 4098 };

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
    uint64_t sum; /* of the octets of all queries */
    int err;      /* of the last wr_conn_next */
};

static struct both b;

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
        memcpy(answer, q.bytes, q.size);
        answer[2] |= 0x80;
        assert_true(b.to_client.cap - b.to_client.pos >= wr_conn_answer_room(&b.conn, q.size));
        assert_int_equal(wr_conn_answer(&b.conn, q.stream, answer, q.size, &b.to_client), WR_OK);
    }
    free(copy);
}

static void client_start(struct wr_creds *creds, const char *name)
{
    static const char *const alpn[] = {"dot"};
    struct wr_tls_setup setup = {.role = WR_TLS_CLIENT,
                                 .creds = creds,
                                 .alpn = alpn,
                                 .alpn_count = 1,
                                 .verify = judge,
                                 .name = name};

    assert_int_equal(wr_tls_start(&b.client, &setup, &now, &b.to_server), WR_OK);
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
        assert_int_equal(b.conn.claim_kind, WR_CONN_CLAIM_NONE);
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
        {client_creds, "Camera-7.dns.example", "dns.example", false, WR_CONN_CLAIM_SNI, "camera-7"},
        {client_creds, "dns.example", "dns.example", false, WR_CONN_CLAIM_NONE, ""},
        {client_creds, "a.b.dns.example", "dns.example", false, WR_CONN_CLAIM_NONE, ""},
        {client_creds, "a.xdns.example", "dns.example", false, WR_CONN_CLAIM_NONE, ""},
        {client_creds, "camera-7.dns.example", "", false, WR_CONN_CLAIM_NONE, ""},
        {client_creds, "abcdefghijklmnopqrstuvwxyz0123456.dns.example", "dns.example", false,
         WR_CONN_CLAIM_NONE, ""},
        {client_creds, NULL, "dns.example", true, WR_CONN_CLAIM_NONE, ""},
        {camera_creds, "door.dns.example", "dns.example", true, WR_CONN_CLAIM_CERTIFICATE,
         "camera-7"},
        {camera_creds, "door.dns.example", "dns.example", false, WR_CONN_CLAIM_SNI, "door"},
        {foreign_creds, NULL, "dns.example", true, WR_CONN_CLAIM_NONE, ""},
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
        assert_int_equal(b.conn.claim_kind, row[i].kind);
        assert_string_equal(b.conn.claim, row[i].claim);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),          cmocka_unit_test(test_dot),
        cmocka_unit_test(test_partial_record), cmocka_unit_test(test_what_is_no_tls),
        cmocka_unit_test(test_claims),
    };

    return cmocka_run_group_tests_name("transport/conn", tests, setup_all, teardown_all);
}
