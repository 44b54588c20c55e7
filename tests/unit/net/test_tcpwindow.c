/* SPDX-License-Identifier: Apache-2.0 */
/* A client of DoH that opens its window by one answer at a time, over a real socket: it does not keep its place by that. */
#include "unit/net/world.h"

#include <stdio.h>
#include <string.h>

#include "transport/tls.h"
#include "unit/transport/certs.h"

enum { ROOM = 64 * 1024, ANSWERS = 20, DRIP_MS = 700, READ_MS = 1000, WINDOW_UPDATE = 8 };

struct client {
    struct wr_tls tls;
    struct wr_writer out;
    uint8_t out_room[ROOM], plain[ROOM];
    size_t got; /* octets of plain */
    int fd;
    bool over;
};

static int believe(void *user, const struct wr_certs *chain, struct wr_verdict_text *why)
{
    return WR_OK;
}

static uint64_t mono_us(void)
{
    struct wr_now now;

    wr_clock_now(false, &now);
    return now.mono_us;
}

/* What is to be sent leaves, and what comes within the time is read. */
static void turn(struct client *c, int ms)
{
    uint8_t bytes[4096];
    struct wr_now now;
    ssize_t n;
    size_t got;

    if (c->out.pos > 0 && send(c->fd, c->out_room, c->out.pos, MSG_NOSIGNAL) < 0) {
        c->over = true;
    }
    wr_buf_write_init(&c->out, c->out_room, ROOM);
    if (c->over || !wire_readable(c->fd, ms)) {
        return;
    }
    n = recv(c->fd, bytes, sizeof(bytes), 0);
    c->over = n <= 0;
    if (c->over) {
        return;
    }
    wr_clock_now(false, &now);
    wr_tls_feed(&c->tls, bytes, (size_t)n, &now);
    while (wr_tls_read(&c->tls, c->plain + c->got, ROOM - c->got, &got, &c->out) == WR_OK) {
        c->got += got;
    }
}

/* Frames of this type that have come. */
static unsigned count(const struct client *c, uint8_t type)
{
    unsigned found = 0;

    for (size_t at = 0; at + 9 <= c->got;) {
        found += c->plain[at + 3] == type;
        at += 9 + ((size_t)c->plain[at] << 16 | (size_t)c->plain[at + 1] << 8 | c->plain[at + 2]);
    }
    return found;
}

static void frame(struct client *c, uint8_t type, uint8_t flags, uint32_t stream, const void *bytes,
                  uint8_t size)
{
    uint8_t octets[9 + 255] = {0, 0, size, type, flags, 0, 0, 0, (uint8_t)stream};

    memcpy(octets + 9, bytes, size);
    assert_int_equal(wr_tls_write(&c->tls, octets, 9u + size, &c->out), WR_OK);
}

static void begin(struct client *c, struct wr_creds *creds, const struct wr_addr *to)
{
    static const char *const alpn[] = {"h2"};
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    struct wr_tls_setup setup = {
        .role = WR_TLS_CLIENT, .creds = creds, .alpn = alpn, .alpn_count = 1, .verify = believe};
    uint64_t end_us = mono_us() + WIRE_WAIT_MS * WR_MS;
    struct wr_now now;

    memset(c, 0, sizeof(*c));
    wr_buf_write_init(&c->out, c->out_room, ROOM);
    c->fd = wire_connect(SOCK_STREAM, "127.0.0.1", to);
    wr_clock_now(false, &now);
    assert_int_equal(wr_tls_start(&c->tls, &setup, &now, &c->out), WR_OK);
    while (c->tls.state == WR_TLS_HANDSHAKE && mono_us() < end_us) {
        turn(c, 100);
    }
    assert_int_equal(c->tls.state, WR_TLS_OPEN);
    assert_int_equal(wr_tls_write(&c->tls, (const uint8_t *)preface, sizeof(preface) - 1, &c->out),
                     WR_OK);
    frame(c, 4, 0, 0, "\0\4\0\0\0\0", 6); /* SETTINGS_INITIAL_WINDOW_SIZE 0 */
    c->got = 0;
}

/* POST /dns-query: content-type is name 31 of the static table. */
static void ask(struct client *c, uint32_t stream)
{
    static const char head[] = "\x83\x87\x01\x01x\x04\x0a/dns-query\x0f\x10\x17"
                               "application/dns-message";
    uint8_t query[QUERY_SIZE];

    world_query(query, (uint16_t)stream, 'h');
    frame(c, 1, 4, stream, head, sizeof(head) - 1);
    frame(c, 0, 1, stream, query, sizeof(query));
}

static void test_an_answer_now_and_then(void **state)
{
    static struct client c;
    struct wr_addr addr = wire_addr("127.0.0.1");
    struct wr_terms terms = {.doh_path = "/dns-query"};
    struct wr_creds_setup nothing = {.count = 0};
    struct wr_verdict_text why;
    struct wr_creds *creds = NULL;
    struct world *w = world_new();
    struct certs_one cert;
    uint64_t end_us;

    certs_make(&cert, &(struct certs_want){.names = {"dns.test"}}, NULL);
    struct wr_creds_pem pair = {cert.pem.data, cert.key_pem.data, cert.pem.size, cert.key_pem.size};
    assert_int_equal(
        wr_creds_make(&(struct wr_creds_setup){.pairs = &pair, .count = 1}, &why, &terms.creds),
        WR_OK);
    assert_int_equal(wr_creds_make(&nothing, &why, &creds), WR_OK);
    w->setup.limits.tcp_read_ms = READ_MS;
    world_create(w);
    wr_loop_set_terms(w->loop, &terms);
    world_listen(w, 8, WR_CLIENT_DOH, &addr);
    world_start(w);
    begin(&c, creds, &addr);
    for (uint32_t i = 0; i < ANSWERS; i++) {
        ask(&c, 2 * i + 1);
    }
    end_us = mono_us() + WIRE_WAIT_MS * WR_MS;
    while (!c.over && count(&c, 1) < ANSWERS && mono_us() < end_us) {
        turn(&c, 10);
    }
    assert_int_equal(count(&c, 1), ANSWERS); /* their heads: all wait for the window */
    for (uint32_t i = 0; i < ANSWERS && !c.over; i++) {
        frame(&c, WINDOW_UPDATE, 0, 2 * i + 1, "\0\0\0\x7f", 4);
        end_us = mono_us() + DRIP_MS * WR_MS;
        while (!c.over && mono_us() < end_us) {
            turn(&c, 10);
        }
    }
    assert_true(c.over);
    assert_true(count(&c, 0) < ANSWERS);
    wr_tls_end(&c.tls);
    close(c.fd);
    world_stop(w, 0);
    assert_int_equal(w->stats.tcp_unread, 1);
    world_free(w);
    wr_creds_drop(creds);
    wr_creds_drop(terms.creds);
    certs_free(&cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_now_and_then),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
