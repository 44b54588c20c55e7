/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of DNS over TLS in a thread, that plays as a test wants it, on a port of its own of 127.0.0.1.
 *
 *     struct server s;
 *     server_start(&s, ANSWERS, &leaf);       every question comes back as its answer
 *     ... s.at ...
 *     server_stop(&s);
 */
#ifndef TESTS_UNIT_NET_TLSSERVER_H
#define TESTS_UNIT_NET_TLSSERVER_H

#include "unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/transport/certs.h"

#include "base/err.h"
#include "net/clock.h"
#include "net/sock.h"
#include "transport/tls.h"

/* What the server does with its one connection. */
enum play { SILENT, HANGS_UP, GARBAGE, ANSWERS, LIES_FIRST, SHUTS_AFTER };

struct server {
    int fd;
    enum play play;
    struct wr_addr at;
    pthread_t thread;
    struct wr_creds *creds;
    /* What is answered, in place of the question; NULL: nothing else. */
    size_t (*reply)(const void *user, const uint8_t *query, uint8_t *out, size_t cap);
    const void *user;
};

static const char server_ticket_key[WR_TLS_TICKET_KEY] = "0123456789";

static inline struct wr_now server_now(void)
{
    struct wr_now n;

    wr_clock_now(false, &n);
    return n;
}

static inline void server_push(int fd, struct wr_writer *out)
{
    if (out->pos)
        (void)!send(fd, out->base, out->pos, MSG_NOSIGNAL); /* who has left has left */
    out->pos = 0;
}

/* A frame with the reply to what came, or with another id. */
static inline void server_answer(const struct server *s, struct wr_tls *tls, int fd,
                                 uint8_t *framed, size_t n, bool lie, struct wr_writer *out)
{
    uint8_t reply[2 + 2048];

    if (s->reply) {
        n = s->reply(s->user, framed + 2, reply + 2, sizeof(reply) - 2) + 2;
        reply[0] = (uint8_t)((n - 2) >> 8);
        reply[1] = (uint8_t)(n - 2);
        framed = reply;
    }
    framed[4] |= 0x80;
    framed[2] ^= lie;
    assert_int_equal(wr_tls_write(tls, framed, n, out), WR_OK);
    framed[2] ^= lie;
    server_push(fd, out);
}

static inline void server_speak(struct server *s, int fd)
{
    static const char *const alpn[] = {"dot"};
    static uint8_t out_room[65536], in[65536], plain[65536];
    struct wr_tls_setup setup = {.role = WR_TLS_SERVER,
                                 .creds = s->creds,
                                 .alpn = alpn,
                                 .alpn_count = 1,
                                 .ticket_key = (const uint8_t *)server_ticket_key};
    struct wr_writer out;
    struct wr_now at = server_now();
    struct wr_tls tls;
    ssize_t got;
    size_t n;

    wr_buf_write_init(&out, out_room, sizeof(out_room));
    assert_int_equal(wr_tls_start(&tls, &setup, &at, &out), WR_OK);
    while ((got = read(fd, in, sizeof(in))) > 0) {
        int err;

        wr_tls_feed(&tls, in, (size_t)got, &at);
        while ((err = wr_tls_read(&tls, plain, sizeof(plain), &n, &out)) == WR_OK) {
            if (s->play == LIES_FIRST)
                server_answer(s, &tls, fd, plain, n, true, &out);
            if (s->play != SHUTS_AFTER)
                server_answer(s, &tls, fd, plain, n, false, &out);
            else
                shutdown(fd, SHUT_RDWR);
        }
        server_push(fd, &out);
        if (err != WR_E_AGAIN)
            break;
    }
    wr_tls_end(&tls);
}

static inline void *server_run(void *user)
{
    struct server *s = user;
    uint8_t in[512];
    int fd;

    while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
        if (s->play >= ANSWERS)
            server_speak(s, fd);
        else if (s->play == GARBAGE && read(fd, in, sizeof(in)) > 0)
            (void)!write(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
        while (s->play == SILENT && read(fd, in, sizeof(in)) > 0) {
        }
        close(fd);
    }
    return NULL;
}

static inline void server_start_at(struct server *s, enum play play, const struct certs_one *leaf,
                                   uint16_t port)
{
    struct wr_creds_pem pair = {leaf->pem.data, leaf->key_pem.data, leaf->pem.size,
                                leaf->key_pem.size};
    struct wr_creds_setup setup = {.pairs = &pair, .count = 1};
    struct wr_verdict_text why;
    union wr_sockaddr sa;
    socklen_t size;
    int on = 1;

    memset(s, 0, sizeof(*s));
    s->play = play;
    assert_int_equal(wr_creds_make(&setup, &why, &s->creds), WR_OK);
    assert_int_equal(wr_addr_from_text("127.0.0.1", &s->at), WR_OK);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    s->at.port = port;
    assert_int_equal(setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    size = wr_sock_from_addr(&s->at, &sa);
    assert_int_equal(bind(s->fd, &sa.any, size), 0);
    assert_int_equal(listen(s->fd, 4), 0);
    assert_int_equal(getsockname(s->fd, &sa.any, &size), 0);
    assert_int_equal(wr_sock_to_addr(&sa, &s->at), WR_OK);
    assert_int_equal(pthread_create(&s->thread, NULL, server_run, s), 0);
}

static inline void server_start(struct server *s, enum play play, const struct certs_one *leaf)
{
    server_start_at(s, play, leaf, 0);
}

static inline void server_stop(struct server *s)
{
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    wr_creds_drop(s->creds);
}

#endif
