/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a client says it is in TLS 1.2, where a ticket goes over the wire in the open from the first. A thief shows it under another server name, so
 * that it is not resumed, and a Certificate message of one certificate without octets, which GnuTLS takes for none.
 */
#include "unit/unit.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <malloc.h>
#include <string.h>

#include "base/err.h"
#include "transport/conn.h"
#include "unit/transport/certs.h"

enum { ROOM = 64 * 1024, FRAME = 514 };

static struct certs_one ca, leaf, camera;
static const struct wr_now now = {.mono_us = 1, .wall_s = CERTS_NOW_S, .wall_proven = true};

static struct {
    struct wr_conn conn;
    struct wr_writer to_client;
    uint8_t to_client_room[ROOM], to_server[ROOM], scratch[WR_CONN_SCRATCH], frame[FRAME];
    size_t taken, to_server_n; /* taken: of what is to the client */
    size_t certificate_n;      /* octets of the client's Certificate message */
    unsigned queries;
    bool ticket; /* the client got one */
    int err;
    void *room;
} b;

static gnutls_pcert_st shown; /* by the thief */
static gnutls_privkey_t shown_key;

static ssize_t push(gnutls_transport_ptr_t user, const void *bytes, size_t size)
{
    assert_true(b.to_server_n + size <= ROOM);
    memcpy(b.to_server + b.to_server_n, bytes, size);
    b.to_server_n += size;
    return (ssize_t)size;
}

static ssize_t pull(gnutls_transport_ptr_t user, void *room, size_t size)
{
    size_t has = b.to_client.pos - b.taken, n = has < size ? has : size;

    if (n == 0) {
        gnutls_transport_set_errno(user, EAGAIN);
        return -1;
    }
    memcpy(room, b.to_client_room + b.taken, n);
    b.taken += n;
    return (ssize_t)n;
}

static int pull_timeout(gnutls_transport_ptr_t user, unsigned ms)
{
    return b.to_client.pos > b.taken;
}

static void serve(void)
{
    struct wr_conn_query q;

    wr_conn_feed(&b.conn, b.to_server, b.to_server_n, &now);
    b.to_server_n = 0;
    while ((b.err = wr_conn_next(&b.conn, &b.to_client, &q)) == WR_OK) {
        b.queries++;
        assert_int_equal(wr_conn_answer(&b.conn, q.stream, q.bytes, q.size, &b.to_client), WR_OK);
    }
}

static void start(const struct wr_terms *terms)
{
    struct wr_conn_setup setup = {.kind = WR_CONN_DOT,
                                  .terms = terms,
                                  .frame = b.frame,
                                  .frame_size = FRAME,
                                  .scratch = b.scratch};

    memset(&b, 0, sizeof(b));
    wr_buf_write_init(&b.to_client, b.to_client_room, ROOM);
    b.room = setup.room = malloc(wr_conn_room(WR_CONN_DOT));
    assert_int_equal(wr_conn_start(&b.conn, &setup, &now), WR_OK);
}

static void end(gnutls_session_t client)
{
    gnutls_deinit(client);
    wr_conn_end(&b.conn);
    free(b.room);
}

/* A session of 1.2 that asks one question. */
static gnutls_session_t come(gnutls_certificate_credentials_t creds, const char *name,
                             const gnutls_datum_t *known, gnutls_handshake_hook_func hook)
{
    const gnutls_datum_t alpn = {(unsigned char *)"dot", 3};
    const uint8_t question[22] = {0, 20, 1};
    gnutls_session_t s;
    int said;

    assert_int_equal(gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_NONBLOCK), 0);
    certs_ok(gnutls_priority_set_direct(s, "NORMAL:-VERS-ALL:+VERS-TLS1.2", NULL));
    certs_ok(gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, creds));
    certs_ok(gnutls_alpn_set_protocols(s, &alpn, 1, 0));
    certs_ok(gnutls_server_name_set(s, GNUTLS_NAME_DNS, name, strlen(name)));
    if (known != NULL) {
        certs_ok(gnutls_session_set_data(s, known->data, known->size));
    }
    if (hook != NULL) {
        gnutls_handshake_set_hook_function(s, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_PRE, hook);
    }
    gnutls_transport_set_ptr(s, s);
    gnutls_transport_set_push_function(s, push);
    gnutls_transport_set_pull_function(s, pull);
    gnutls_transport_set_pull_timeout_function(s, pull_timeout);
    for (int i = 0; i < 20 && (said = gnutls_handshake(s)) == GNUTLS_E_AGAIN; i++) {
        serve();
    }
    if (said == 0) {
        (void)gnutls_record_send(s, question, sizeof(question));
        serve();
    }
    return s;
}

/* The library would prove that it has the key; the thief has none. */
static void forget_the_certificate(gnutls_session_t session)
{
    uint8_t *at = (uint8_t *)session, *end_of = at + malloc_usable_size(session);
    const gnutls_pcert_st *list = &shown;

    for (; at + sizeof(list) + 2 <= end_of; at += sizeof(list)) {
        if (memcmp(at, &list, sizeof(list)) == 0) {
            memset(at + sizeof(list), 0, 2); /* how many there are */
        }
    }
}

static int thieve(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                  const gnutls_datum_t *msg)
{
    b.ticket = b.ticket || (incoming != 0 && type == GNUTLS_HANDSHAKE_NEW_SESSION_TICKET);
    if (incoming == 0 && type == GNUTLS_HANDSHAKE_CERTIFICATE_PKT) {
        b.certificate_n = msg->size;
    }
    if (incoming == 0 && type == GNUTLS_HANDSHAKE_CLIENT_KEY_EXCHANGE) {
        forget_the_certificate(session);
    }
    return 0;
}

static int show_nothing(gnutls_session_t session, const gnutls_datum_t *authorities, int count,
                        const gnutls_pk_algorithm_t *pk, int pk_count, gnutls_pcert_st **ret_list,
                        unsigned *ret_count, gnutls_privkey_t *ret_key)
{
    *ret_list = &shown;
    *ret_count = 1;
    *ret_key = shown_key;
    return 0;
}

static struct wr_creds *server_creds(void)
{
    struct wr_creds_pem pair = {leaf.pem.data, leaf.key_pem.data, leaf.pem.size, leaf.key_pem.size};
    struct wr_creds_setup setup = {
        .pairs = &pair, .count = 1, .anchors = ca.pem.data, .anchors_size = ca.pem.size};
    struct wr_verdict_text why;
    struct wr_creds *c = NULL;

    assert_int_equal(wr_creds_make(&setup, &why, &c), WR_OK);
    return c;
}

static void test_a_ticket_is_no_certificate(void **state)
{
    struct wr_terms terms = {.creds = server_creds(), .ask_certificate = true};
    gnutls_certificate_credentials_t own, none, thief;
    gnutls_datum_t ticket;
    gnutls_session_t s;

    memset(terms.ticket_key, 7, sizeof(terms.ticket_key));
    certs_ok(gnutls_certificate_allocate_credentials(&own));
    certs_ok(gnutls_certificate_set_x509_key_mem(own, &camera.pem, &camera.key_pem,
                                                 GNUTLS_X509_FMT_PEM));
    start(&terms);
    s = come(own, "dns.example", NULL, NULL);
    assert_int_equal(b.queries, 1);
    assert_int_equal(gnutls_protocol_get_version(s), GNUTLS_TLS1_2);
    assert_int_equal(b.conn.claim.kind, WR_IDENTITY_CERTIFICATE);
    certs_ok(gnutls_session_get_data2(s, &ticket));
    end(s);
    start(&terms); /* its owner comes back */
    s = come(own, "dns.example", &ticket, NULL);
    assert_true(gnutls_session_is_resumed(s));
    assert_int_equal(b.conn.claim.kind, WR_IDENTITY_CERTIFICATE);
    end(s);

    certs_ok(gnutls_certificate_allocate_credentials(&none));
    certs_ok(gnutls_certificate_allocate_credentials(&thief));
    gnutls_certificate_set_retrieve_function2(thief, show_nothing);
    for (int odd = 0; odd < 2; odd++) { /* no certificate, said in two ways */
        start(&terms);
        s = come(odd ? thief : none, "a.dns.example", &ticket, thieve);
        assert_false(gnutls_session_is_resumed(s));
        assert_int_equal(b.conn.claim.kind, WR_IDENTITY_NONE);
        assert_int_equal(b.queries, 0);
        assert_int_equal(b.certificate_n, odd ? 6 : 3);
        assert_false(b.ticket); /* in the other's name */
        assert_string_equal(wr_conn_why(&b.conn), "the certificate of another's ticket");
        end(s);
    }
    gnutls_certificate_free_credentials(own);
    gnutls_certificate_free_credentials(none);
    gnutls_certificate_free_credentials(thief);
    gnutls_free(ticket.data);
    wr_creds_drop(terms.creds);
}

static int make_certificates(void **state)
{
    certs_make(&ca, &(struct certs_want){.cn = "CA", .ca = true}, NULL);
    certs_make(&leaf, &(struct certs_want){.names = {"*.dns.example", "dns.example"}}, &ca);
    certs_make(&camera, &(struct certs_want){.names = {"Camera-7"}, .client = true}, &ca);
    certs_ok(gnutls_pcert_import_x509(&shown, leaf.crt, 0));
    gnutls_free(shown.cert.data);
    shown.cert = (gnutls_datum_t){gnutls_malloc(1), 0};
    certs_ok(gnutls_privkey_init(&shown_key));
    certs_ok(gnutls_privkey_import_x509(shown_key, leaf.key, 0));
    return 0;
}

static int free_certificates(void **state)
{
    gnutls_privkey_deinit(shown_key);
    gnutls_pcert_deinit(&shown);
    certs_free(&camera);
    certs_free(&leaf);
    certs_free(&ca);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_ticket_is_no_certificate)};

    return cmocka_run_group_tests_name("transport/conn12", tests, make_certificates,
                                       free_certificates);
}
