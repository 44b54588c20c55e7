/* SPDX-License-Identifier: Apache-2.0 */
/* TLS over memory: our client and our server against each other, with good and with broken certificates. */
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "transport/tls.h"
#include "unit/transport/certs.h"

enum { ROOM = 200 * 1024, PLAIN = 64 * 1024 };

/* One side, and what it has said that the other has not read yet. */
struct side {
    struct wr_tls tls;
    struct wr_writer out;
    uint8_t *room;
    uint8_t *plain;
    size_t plain_n;
    int err; /* of the last read */
};

struct pair {
    struct side client, server;
    struct wr_now now;
    size_t step; /* octets moved at once; 0: all */
};

struct whom {
    const struct wr_creds *creds;
    const char *host;
    unsigned asked;
};

static struct certs_one ca, leaf;
static struct wr_creds *server_creds, *client_creds;
static uint8_t ticket_key[WR_TLS_TICKET_KEY] = {1, 2, 3};
static const char *const dot[] = {"dot"}, *const web[] = {"h2", "http/1.1"};

static int judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *why)
{
    struct whom *w = user;

    w->asked++;
    return wr_creds_verify(w->creds, chain, w->host, why);
}

static struct wr_creds *creds_of(const struct certs_one *cert, const struct certs_one *key,
                                 const struct certs_one *anchor)
{
    struct wr_creds_pem pair = {0};
    struct wr_creds_setup setup = {0};
    struct wr_verdict_text why;
    struct wr_creds *c = NULL;

    if (cert != NULL) {
        pair = (struct wr_creds_pem){.chain = cert->pem.data,
                                     .chain_size = cert->pem.size,
                                     .key = key->key_pem.data,
                                     .key_size = key->key_pem.size};
        setup.pairs = &pair;
        setup.count = 1;
    }
    if (anchor != NULL) {
        setup.anchors = anchor->pem.data;
        setup.anchors_size = anchor->pem.size;
    }
    assert_int_equal(wr_creds_make(&setup, &why, &c), WR_OK);
    return c;
}

static int setup_all(void **state)
{
    certs_make(&ca, &(struct certs_want){.cn = "test CA", .ca = true}, NULL);
    certs_make(&leaf, &(struct certs_want){.names = {"dns.example"}}, &ca);
    server_creds = creds_of(&leaf, &leaf, NULL);
    client_creds = creds_of(NULL, NULL, &ca);
    return 0;
}

static int teardown_all(void **state)
{
    certs_free(&ca);
    certs_free(&leaf);
    wr_creds_drop(server_creds);
    wr_creds_drop(client_creds);
    return 0;
}

static void side_init(struct side *s)
{
    s->room = malloc(ROOM);
    s->plain = malloc(PLAIN);
    wr_buf_write_init(&s->out, s->room, ROOM);
    s->plain_n = 0;
    s->err = WR_E_AGAIN;
}

static void side_free(struct side *s)
{
    wr_tls_end(&s->tls);
    free(s->room);
    free(s->plain);
}

/* Gives `bytes` (a heap copy of exactly that size) to a side and reads all that comes of it. */
static void side_take(struct side *s, const uint8_t *bytes, size_t n, const struct wr_now *now)
{
    uint8_t *copy = malloc(n);
    size_t got;

    memcpy(copy, bytes, n);
    wr_tls_feed(&s->tls, copy, n, now);
    while ((s->err = wr_tls_read(&s->tls, s->plain + s->plain_n, PLAIN - s->plain_n, &got,
                                 &s->out)) == WR_OK) {
        s->plain_n += got;
    }
    free(copy);
}

/* What one side has to say goes to the other. False: there was nothing. */
static bool pair_move(struct pair *p, struct side *from, struct side *to)
{
    size_t n = from->out.pos, step = p->step > 0 ? p->step : n;
    uint8_t *said = malloc(n);

    if (n == 0) {
        free(said);
        return false;
    }
    memcpy(said, from->room, n);
    wr_buf_write_init(&from->out, from->room, ROOM);
    for (size_t at = 0; at < n; at += step) {
        side_take(to, said + at, n - at < step ? n - at : step, &p->now);
    }
    free(said);
    return true;
}

static void pair_run(struct pair *p)
{
    for (int i = 0; i < 20; i++) {
        bool more = pair_move(p, &p->client, &p->server);

        more = pair_move(p, &p->server, &p->client) || more;
        if (!more) {
            return;
        }
    }
    fail_msg("the two never come to an end");
}

static void pair_start(struct pair *p, const struct wr_tls_setup *client,
                       const struct wr_tls_setup *server)
{
    p->now = (struct wr_now){.mono_us = 1, .wall_s = CERTS_NOW_S, .wall_proven = true};
    side_init(&p->client);
    side_init(&p->server);
    assert_int_equal(wr_tls_start(&p->server.tls, server, &p->now, NULL), WR_OK);
    assert_int_equal(wr_tls_start(&p->client.tls, client, &p->now, &p->client.out), WR_OK);
    assert_true(p->client.out.pos > 100);
}

static void pair_end(struct pair *p)
{
    side_free(&p->client);
    side_free(&p->server);
}

static struct wr_tls_setup client_setup(struct whom *whom)
{
    *whom = (struct whom){.creds = client_creds, .host = "dns.example"};
    return (struct wr_tls_setup){.role = WR_TLS_CLIENT,
                                 .creds = client_creds,
                                 .alpn = dot,
                                 .alpn_count = 1,
                                 .verify = judge,
                                 .user = whom,
                                 .name = "DNS.example"};
}

static struct wr_tls_setup server_setup(void)
{
    return (struct wr_tls_setup){.role = WR_TLS_SERVER,
                                 .creds = server_creds,
                                 .alpn = dot,
                                 .alpn_count = 1,
                                 .ticket_key = ticket_key};
}

static void check_echo(struct pair *p, size_t size)
{
    static uint8_t bytes[PLAIN];

    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    p->server.plain_n = p->client.plain_n = 0;
    assert_int_equal(wr_tls_write(&p->client.tls, bytes, size, &p->client.out), WR_OK);
    pair_run(p);
    assert_int_equal(p->server.plain_n, size);
    assert_memory_equal(p->server.plain, bytes, size);
    assert_int_equal(wr_tls_write(&p->server.tls, p->server.plain, size, &p->server.out), WR_OK);
    pair_run(p);
    assert_int_equal(p->client.plain_n, size);
    assert_memory_equal(p->client.plain, bytes, size);
}

static void test_both_ways(void **state)
{
    for (size_t step = 0; step < 3; step++) {
        struct whom whom;
        struct wr_tls_setup client = client_setup(&whom), server = server_setup();
        struct pair p = {.step = step * 3};
        char name[64];
        size_t n;

        pair_start(&p, &client, &server);
        pair_run(&p);
        assert_int_equal(p.client.tls.state, WR_TLS_OPEN);
        assert_int_equal(p.server.tls.state, WR_TLS_OPEN);
        assert_int_equal(p.client.tls.alpn, 0);
        assert_int_equal(p.server.tls.alpn, 0);
        assert_int_equal(whom.asked, 1);
        assert_true(p.client.tls.verified);
        assert_false(p.client.tls.resumed);
        assert_string_equal(wr_tls_version(&p.client.tls), "TLS1.3");
        assert_non_null(strstr(wr_tls_cipher(&p.server.tls), "GCM"));
        assert_int_equal(wr_tls_sni(&p.server.tls, name, sizeof(name)), WR_OK);
        assert_string_equal(name, "dns.example");
        assert_int_equal(wr_tls_sni(&p.server.tls, name, 3), WR_E_FULL);
        check_echo(&p, 1);
        check_echo(&p, 40000);
        wr_tls_close(&p.client.tls, &p.client.out);
        pair_run(&p);
        assert_int_equal(p.server.err, WR_E_CLOSED);
        assert_int_equal(p.server.tls.state, WR_TLS_ENDED);
        assert_int_equal(wr_tls_write(&p.server.tls, (const uint8_t *)"late", 4, &p.server.out),
                         WR_OK);
        assert_int_equal(wr_tls_write(&p.client.tls, (const uint8_t *)"no", 2, &p.client.out),
                         WR_E_USAGE);
        assert_int_equal(wr_tls_read(&p.client.tls, p.client.plain, PLAIN, &n, &p.client.out),
                         WR_E_CLOSED);
        pair_end(&p);
    }
}

/* A ticket resumes the session, without a certificate and without the hook; an altered one makes a full handshake. */
static void test_resumption(void **state)
{
    uint8_t ticket[8192], other_key[WR_TLS_TICKET_KEY] = {9};
    size_t size = 0;

    for (int round = 0; round < 4; round++) {
        struct whom whom;
        struct wr_tls_setup client = client_setup(&whom), server = server_setup();
        struct pair p = {0};
        bool want_resumed = round == 1 || round == 2;

        client.ticket = round > 0 ? ticket : NULL;
        client.ticket_size = size;
        server.ticket_key = round == 3 ? other_key : ticket_key;
        pair_start(&p, &client, &server);
        pair_run(&p);
        assert_int_equal(p.client.tls.state, WR_TLS_OPEN);
        assert_int_equal(p.client.tls.resumed, want_resumed);
        assert_int_equal(p.server.tls.resumed, want_resumed);
        assert_int_equal(whom.asked, !want_resumed);
        check_echo(&p, 100);
        if (!want_resumed) { /* whether a resumed one gives a new ticket hangs on the true time */
            size_t n = 0;

            assert_int_equal(wr_tls_ticket(&p.client.tls, ticket, sizeof(ticket), &n), WR_OK);
            assert_true(n > 100);
            size = n;
            assert_int_equal(wr_tls_ticket(&p.client.tls, ticket, sizeof(ticket), &n), WR_E_AGAIN);
        }
        pair_end(&p);
    }
    for (size_t i = 0; i < size; i += 101) { /* cut, and altered */
        struct whom whom;
        struct wr_tls_setup client = client_setup(&whom), server = server_setup();
        struct pair p = {0};

        ticket[i] ^= 1;
        client.ticket = ticket;
        client.ticket_size = i % 2 == 0 ? i : size;
        pair_start(&p, &client, &server);
        pair_run(&p);
        assert_int_equal(p.client.tls.state, WR_TLS_OPEN);
        assert_false(p.client.tls.resumed);
        pair_end(&p);
        ticket[i] ^= 1;
    }
}

static void test_a_server_without_tickets(void **state)
{
    struct whom whom;
    struct wr_tls_setup client = client_setup(&whom), server = server_setup();
    struct pair p = {0};
    uint8_t ticket[8192];
    size_t size;

    server.ticket_key = NULL;
    pair_start(&p, &client, &server);
    pair_run(&p);
    check_echo(&p, 10);
    assert_int_equal(wr_tls_ticket(&p.client.tls, ticket, sizeof(ticket), &size), WR_E_AGAIN);
    pair_end(&p);
}

static void test_alpn(void **state)
{
    struct {
        const char *const *client;
        size_t client_n;
        const char *const *server;
        size_t server_n;
        int want; /* index at the server; -2: refused */
    } row[] = {
        {dot, 1, dot, 1, 0},  {NULL, 0, dot, 1, -1}, {dot, 1, NULL, 0, -1},
        {web, 2, dot, 1, -2}, {web, 2, web, 2, 0},   {web + 1, 1, web, 2, 1},
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        struct whom whom;
        struct wr_tls_setup client = client_setup(&whom), server = server_setup();
        struct pair p = {0};

        client.alpn = row[i].client;
        client.alpn_count = row[i].client_n;
        server.alpn = row[i].server;
        server.alpn_count = row[i].server_n;
        pair_start(&p, &client, &server);
        pair_run(&p);
        if (row[i].want == -2) {
            assert_int_equal(p.server.tls.state, WR_TLS_FAILED);
            assert_int_equal(p.server.err, WR_E_DENIED);
            assert_string_equal(p.server.tls.why.text, "the peer speaks another protocol (ALPN)");
            assert_int_equal(p.client.tls.state, WR_TLS_FAILED);
        } else {
            assert_int_equal(p.server.tls.state, WR_TLS_OPEN);
            assert_int_equal(p.server.tls.alpn, row[i].want);
        }
        pair_end(&p);
    }
}

static void test_no_room(void **state)
{
    struct whom whom;
    struct wr_tls_setup client = client_setup(&whom), server = server_setup();
    struct pair p = {0};

    pair_start(&p, &client, &server);
    p.server.out.cap = 500; /* its flight is longer */
    pair_move(&p, &p.client, &p.server);
    assert_int_equal(p.server.err, WR_E_FULL);
    assert_int_equal(p.server.tls.state, WR_TLS_FAILED);
    assert_string_equal(p.server.tls.why.text, "no room for what is to be sent");
    pair_end(&p);
}

/* What is no TLS, and what is cut or altered on the way. */
static void test_altered_octets(void **state)
{
    static const char http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    for (int way = 0; way < 3; way++) {
        struct whom whom;
        struct wr_tls_setup client = client_setup(&whom), server = server_setup();
        struct pair p = {0};

        pair_start(&p, &client, &server);
        if (way == 0) {
            side_take(&p.server, (const uint8_t *)http, sizeof(http) - 1, &p.now);
        } else if (way == 1) {
            pair_move(&p, &p.client, &p.server);
            p.server.room[p.server.out.pos - 40] ^= 1;
            pair_run(&p);
        } else {
            pair_run(&p);
            assert_int_equal(wr_tls_write(&p.client.tls, (const uint8_t *)"abc", 3, &p.client.out),
                             WR_OK);
            p.client.room[p.client.out.pos - 1] ^= 1;
            pair_run(&p);
            assert_int_equal(p.server.plain_n, 0);
        }
        assert_int_equal(p.server.tls.state, WR_TLS_FAILED);
        assert_true(p.server.tls.why.text[0] != '\0');
        pair_end(&p);
    }
}

/* TLS 1.1 and older is not spoken. */
static void test_old_versions(void **state)
{
    struct wr_tls_setup server = server_setup();
    struct pair p = {0};
    struct whom whom;
    struct wr_tls_setup client = client_setup(&whom);

    pair_start(&p, &client, &server);
    /* The hello of a client that has only 1.1: version 0x0302 and no supported_versions. */
    {
        static const uint8_t octets[] = {
            0x16, 3,  1,  0,  49, 1,  0,  0,  45, 3,  2,    1,    2,    3,    4,  5,    6,  7,
            8,    9,  10, 11, 12, 13, 14, 15, 16, 17, 18,   19,   20,   21,   22, 23,   24, 25,
            26,   27, 28, 29, 30, 31, 32, 0,  0,  6,  0xc0, 0x09, 0xc0, 0x13, 0,  0x2f, 1,  0};

        side_take(&p.server, octets, sizeof(octets), &p.now);
    }
    assert_int_equal(p.server.tls.state, WR_TLS_FAILED);
    assert_int_equal(p.server.err, WR_E_FORMAT);
    pair_end(&p);
}

/* A client certificate: judged by the server's hook; who has none is served all the same. */
static void test_client_certificates(void **state)
{
    struct certs_one mine, foreign_ca, foreign;
    struct wr_creds *good, *bad, *asker = creds_of(&leaf, &leaf, &ca);

    certs_make(&mine, &(struct certs_want){.cn = "camera", .names = {"camera"}, .client = true},
               &ca);
    certs_make(&foreign_ca, &(struct certs_want){.cn = "foreign", .ca = true}, NULL);
    certs_make(&foreign, &(struct certs_want){.cn = "camera", .client = true}, &foreign_ca);
    good = creds_of(&mine, &mine, &ca);
    bad = creds_of(&foreign, &foreign, &ca);
    for (int way = 0; way < 3; way++) {
        struct whom whom, server_whom = {.creds = asker};
        struct wr_tls_setup client = client_setup(&whom), server = server_setup();
        struct pair p = {0};

        client.creds = way == 0 ? client_creds : way == 1 ? good : bad;
        server.creds = asker;
        server.ask = true;
        server.verify = judge;
        server.user = &server_whom;
        pair_start(&p, &client, &server);
        pair_run(&p);
        assert_int_equal(server_whom.asked, way != 0);
        assert_int_equal(p.server.tls.verified, way == 1);
        assert_int_equal(p.server.tls.state, way == 2 ? WR_TLS_FAILED : WR_TLS_OPEN);
        pair_end(&p);
    }
    wr_creds_drop(good);
    wr_creds_drop(bad);
    wr_creds_drop(asker);
    certs_free(&mine);
    certs_free(&foreign);
    certs_free(&foreign_ca);
}

/* A client is refused, and both sides know why. */
static void check_refused(const struct certs_one *cert, int64_t now_s, const char *host,
                          const char *want)
{
    struct wr_creds *creds = creds_of(cert, cert, NULL);
    struct whom whom;
    struct wr_tls_setup client = client_setup(&whom), server = server_setup();
    struct pair p = {0};

    whom.host = host;
    server.creds = creds;
    pair_start(&p, &client, &server);
    p.now.wall_s = now_s;
    pair_run(&p);
    assert_int_equal(p.client.tls.state, WR_TLS_FAILED);
    assert_string_equal(p.client.tls.why.text, want);
    assert_int_equal(p.server.tls.state, WR_TLS_FAILED);
    assert_int_equal(strncmp(p.server.tls.why.text, "the peer refused: ", 18), 0);
    assert_true(p.client.err < 0 && p.client.err != WR_E_AGAIN);
    pair_end(&p);
    wr_creds_drop(creds);
}

/* A certificate of 64 KiB ends the handshake before it is looked at. The server is GnuTLS's own: ours does not take it. */
static void check_too_large(void)
{
    struct certs_one bulky;
    gnutls_certificate_credentials_t cred = NULL;
    struct whom whom;
    struct wr_tls_setup client = client_setup(&whom), server = server_setup();
    struct pair p = {0};

    certs_make(&bulky, &(struct certs_want){.names = {"dns.example"}, .bulk = 65536}, &ca);
    certs_ok(gnutls_certificate_allocate_credentials(&cred));
    certs_ok(gnutls_certificate_set_x509_key(cred, &bulky.crt, 1, bulky.key));
    pair_start(&p, &client, &server);
    gnutls_handshake_set_max_packet_length(p.server.tls.session, 1 << 20);
    certs_ok(gnutls_credentials_set(p.server.tls.session, GNUTLS_CRD_CERTIFICATE, cred));
    pair_run(&p);
    assert_int_equal(p.client.tls.state, WR_TLS_FAILED);
    assert_int_equal(p.client.err, WR_E_LIMIT);
    assert_string_equal(p.client.tls.why.text, "more octets than a handshake has");
    assert_int_equal(whom.asked, 0);
    pair_end(&p);
    gnutls_certificate_free_credentials(cred);
    certs_free(&bulky);
}

static void test_broken_certificates(void **state)
{
    struct certs_one self;

    certs_make(&self, &(struct certs_want){.names = {"dns.example"}}, NULL);
    check_refused(&leaf, CERTS_NOW_S + 100 * CERTS_DAY_S, "dns.example",
                  "the certificate expired on 2027-02-25");
    check_refused(&leaf, CERTS_NOW_S - 100 * CERTS_DAY_S, "dns.example",
                  "the certificate is good only from 2026-11-26 on; is the clock right?");
    check_refused(&leaf, CERTS_NOW_S, "another.example",
                  "the certificate is not for another.example but for dns.example");
    check_refused(&self, CERTS_NOW_S, "dns.example",
                  "the certificate is self-signed, or its issuer is not among the trust anchors");
    check_too_large();
    certs_free(&self);
}

/* ---- what stands in for the library ---- */

static unsigned stood, ended;

static int standin_start(struct wr_tls *t, const struct wr_tls_setup *setup, struct wr_writer *out)
{
    t->session = &stood; /* its own */
    t->state = WR_TLS_OPEN;
    stood++;
    assert_string_equal(setup->name, "dns.example");
    wr_buf_put_bytes(out, "hello", 5);
    return WR_OK;
}

static int standin_read(struct wr_tls *t, uint8_t *room, size_t cap, size_t *ret_n,
                        struct wr_writer *out)
{
    size_t n = t->in_size < cap ? t->in_size : cap;

    if (n == 0) {
        return WR_E_AGAIN;
    }
    memcpy(room, t->in, n);
    t->in_size = 0;
    *ret_n = n;
    return WR_OK;
}

static int standin_write(struct wr_tls *t, const uint8_t *bytes, size_t size, struct wr_writer *out)
{
    wr_buf_put_bytes(out, bytes, size);
    return out->err;
}

static void standin_close(struct wr_tls *t, struct wr_writer *out)
{
    wr_buf_put_bytes(out, "bye", 3);
}

static void standin_end(struct wr_tls *t)
{
    ended++;
}

static int standin_ticket(struct wr_tls *t, uint8_t *room, size_t cap, size_t *ret_n)
{
    t->ticket_taken = true;
    room[0] = 't';
    *ret_n = 1;
    return WR_OK;
}

/* All that the library would have done is asked of it, and nothing else of the library. */
static void test_standin(void **state)
{
    static const struct wr_tls_standin standin = {"stand-in",   "none",         standin_start,
                                                  standin_read, standin_write,  standin_close,
                                                  standin_end,  standin_ticket, NULL};
    struct whom whom = {.creds = client_creds, .host = "dns.example"};
    struct wr_tls_setup setup = {.role = WR_TLS_CLIENT,
                                 .creds = client_creds,
                                 .verify = judge,
                                 .user = &whom,
                                 .name = "dns.example",
                                 .standin = &standin};
    struct wr_now now = {.wall_s = CERTS_NOW_S};
    uint8_t octets[64], room[16];
    struct wr_writer out;
    struct wr_tls t;
    size_t n = 0;

    wr_buf_write_init(&out, octets, sizeof(octets));
    assert_int_equal(wr_tls_start(&t, &setup, &now, &out), WR_OK);
    assert_int_equal(wr_tls_read(&t, room, sizeof(room), &n, &out), WR_E_AGAIN);
    wr_tls_feed(&t, (const uint8_t *)"plain", 5, &now);
    assert_int_equal(wr_tls_read(&t, room, sizeof(room), &n, &out), WR_OK);
    assert_memory_equal(room, "plain", n);
    assert_int_equal(wr_tls_write(&t, (const uint8_t *)"data", 4, &out), WR_OK);
    assert_int_equal(wr_tls_ticket(&t, room, sizeof(room), &n), WR_OK);
    assert_int_equal(wr_tls_ticket(&t, room, sizeof(room), &n), WR_E_AGAIN);
    assert_string_equal(wr_tls_version(&t), "stand-in");
    assert_string_equal(wr_tls_cipher(&t), "none");
    assert_int_equal(wr_tls_sni(&t, (char *)room, sizeof(room)), WR_E_NOTFOUND);
    wr_tls_close(&t, &out);
    assert_int_equal(t.state, WR_TLS_CLOSED);
    wr_tls_end(&t);
    wr_tls_end(&t);
    assert_int_equal(stood, 1);
    assert_int_equal(ended, 1);
    assert_int_equal(whom.asked, 0);
    assert_int_equal(out.pos, 12);
    assert_memory_equal(octets, "hellodatabye", 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_a_server_without_tickets),
        cmocka_unit_test(test_alpn),
        cmocka_unit_test(test_broken_certificates),
        cmocka_unit_test(test_client_certificates),
        cmocka_unit_test(test_altered_octets),
        cmocka_unit_test(test_old_versions),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_standin),
    };

    return cmocka_run_group_tests_name("transport/tls", tests, setup_all, teardown_all);
}
