/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain DNS server in a thread that names encrypted services: it answers every question with the same SVCB records.
 *
 *     static struct plain plain;
 *     plain_start(&plain);   snprintf(plain.rdata[0], ...); plain.count = 1;   ... plain.at ...   plain_stop(&plain);
 */
#ifndef TESTS_UNIT_NET_NAMER_H
#define TESTS_UNIT_NET_NAMER_H

#include "unit/net/tlsserver.h"

#include "dns/build.h"
#include "dns/present.h"
#include "transport/upgrade.h"

/* The plain service: a thread that answers every question with these records. */
struct plain {
    int fd;
    struct wr_addr at;
    pthread_t thread;
    char rdata[3][128];
    _Atomic unsigned count, asked;
};

static inline size_t plain_reply(const void *user, const uint8_t *query, uint8_t *out, size_t cap)
{
    const struct plain *p = user;
    uint8_t rdata[512];
    struct wr_build b;
    struct wr_writer w;

    wr_build_start(&b, out, cap, (uint16_t)(query[0] << 8 | query[1]), WR_FLAG_QR);
    wr_build_question(&b, wr_upgrade_name, WR_TYPE_SVCB, WR_CLASS_IN);
    for (unsigned i = 0; i < p->count; i++) {
        wr_buf_write_init(&w, rdata, sizeof(rdata));
        if (wr_present_read_rdata(p->rdata[i], strlen(p->rdata[i]), WR_TYPE_SVCB, NULL, &w, NULL) ==
            WR_OK)
            (void)!wr_build_rr(&b, WR_SECTION_ANSWER, wr_upgrade_name, WR_TYPE_SVCB, WR_CLASS_IN,
                               120, rdata, w.pos);
    }
    return wr_build_finish(&b, 0);
}

static inline void *plain_run(void *user)
{
    struct plain *p = user;
    uint8_t in[512], out[2048];
    struct sockaddr_storage from;
    socklen_t size = sizeof(from);
    ssize_t n;

    while ((n = recvfrom(p->fd, in, sizeof(in), 0, (struct sockaddr *)&from, &size)) > 0) {
        p->asked++;
        (void)!sendto(p->fd, out, plain_reply(p, in, out, sizeof(out)), 0, (struct sockaddr *)&from,
                      size);
        size = sizeof(from);
    }
    return NULL;
}

static inline void plain_start(struct plain *p)
{
    union wr_sockaddr sa;
    socklen_t size;

    assert_int_equal(wr_addr_from_text("127.0.0.1", &p->at), WR_OK);
    p->asked = 0;
    p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    size = wr_sock_from_addr(&p->at, &sa);
    assert_int_equal(bind(p->fd, &sa.any, size), 0);
    assert_int_equal(getsockname(p->fd, &sa.any, &size), 0);
    assert_int_equal(wr_sock_to_addr(&sa, &p->at), WR_OK);
    assert_int_equal(pthread_create(&p->thread, NULL, plain_run, p), 0);
}

static inline void plain_stop(struct plain *p)
{
    shutdown(p->fd, SHUT_RDWR); /* ends recvfrom, though nothing is connected */
    pthread_join(p->thread, NULL);
    close(p->fd);
}

/* Its record `i`: DNS over TLS at the port of that server. */
static inline void plain_name(struct plain *p, unsigned i, unsigned priority,
                              const struct server *s)
{
    snprintf(p->rdata[i], sizeof(p->rdata[i]), "%u dns.example. alpn=dot port=%u", priority,
             s->at.port);
}

#endif
