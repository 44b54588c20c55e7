/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "dns/build.h"
#include "net/ask.h"
#include "net/sock.h"

/* What the server of a test does with each question, in order. */
enum play {
    PLAY_END = 0,
    PLAY_ANSWER,
    PLAY_SILENT,
    PLAY_WRONG_ID,
    PLAY_WRONG_NAME,
    PLAY_QUERY_BACK, /* our own octets: QR clear */
    PLAY_TRUNCATED,
    PLAY_GARBAGE,
    PLAY_CLOSE,  /* TCP: ends without an answer */
    PLAY_HALF,   /* TCP: half a message, then the end */
    PLAY_CRUMBS, /* TCP: octet by octet */
    PLAY_LIAR,   /* wrong ids until nobody reads */
};

struct server {
    int udp, tcp;
    uint16_t port;
    const enum play *udp_plays, *tcp_plays;
    pthread_t udp_thread, tcp_thread;
};

static uint8_t query[64];
static size_t query_size;

static void make_query(void)
{
    static const uint8_t name[] = "\3www\7example";
    struct wr_build b;

    wr_build_start(&b, query, sizeof(query), 0x1234, WR_FLAG_RD);
    wr_build_question(&b, name, WR_TYPE_A, WR_CLASS_IN);
    query_size = wr_build_finish(&b, 0);
}

/* A reply is the query with QR set, and what the play changes. */
static size_t make_reply(enum play play, const uint8_t *asked, size_t n, uint8_t *reply)
{
    memcpy(reply, asked, n);
    reply[2] |= 0x80;
    switch (play) {
    case PLAY_WRONG_ID:
    case PLAY_LIAR: reply[0] ^= 1; break;
    case PLAY_WRONG_NAME: reply[13] = 'x'; break;
    case PLAY_QUERY_BACK: reply[2] &= 0x7f; break;
    case PLAY_TRUNCATED: reply[2] |= 2; break;
    case PLAY_GARBAGE: memset(reply, 0xff, 7); return 7;
    default: break;
    }
    return n;
}

static void *run_udp(void *user)
{
    struct server *s = user;
    uint8_t asked[512], reply[512];

    for (const enum play *play = s->udp_plays; *play; play++) {
        union wr_sockaddr from;
        socklen_t from_size = sizeof(from);
        ssize_t n = recvfrom(s->udp, asked, sizeof(asked), 0, &from.any, &from_size);

        for (int i = 0; n > 0 && *play != PLAY_SILENT && i < (*play == PLAY_LIAR ? 40 : 1); i++)
            sendto(s->udp, reply, make_reply(*play, asked, (size_t)n, reply), 0, &from.any,
                   from_size);
        /* The truth follows each lie at once. */
        if (n > 0 && *play != PLAY_SILENT && *play != PLAY_LIAR && *play != PLAY_TRUNCATED)
            sendto(s->udp, reply, make_reply(PLAY_ANSWER, asked, (size_t)n, reply), 0, &from.any,
                   from_size);
    }
    return NULL;
}

static void send_message(int fd, enum play play, const uint8_t *asked, size_t n)
{
    uint8_t message[514];
    size_t size = make_reply(play, asked, n, message + 2);

    message[0] = (uint8_t)(size >> 8);
    message[1] = (uint8_t)size;
    if (play == PLAY_HALF)
        size /= 2;
    for (size_t i = 0; play == PLAY_CRUMBS && i < size + 2; i++)
        send(fd, message + i, 1, MSG_NOSIGNAL);
    if (play != PLAY_CRUMBS)
        send(fd, message, size + 2, MSG_NOSIGNAL);
}

static void *run_tcp(void *user)
{
    struct server *s = user;
    uint8_t asked[512];

    for (const enum play *play = s->tcp_plays; *play; play++) {
        int fd = accept(s->tcp, NULL, NULL);
        ssize_t n = recv(fd, asked, 2 + query_size, MSG_WAITALL);

        if (n > 2 && *play != PLAY_CLOSE && *play != PLAY_SILENT)
            send_message(fd, *play, asked + 2, (size_t)n - 2);
        if (n > 2 && (*play == PLAY_WRONG_ID || *play == PLAY_WRONG_NAME))
            send_message(fd, PLAY_ANSWER, asked + 2, (size_t)n - 2);
        if (*play == PLAY_SILENT)
            (void)!recv(fd, asked, 1, 0); /* until the client gives up */
        close(fd);
    }
    return NULL;
}

static void start(struct server *s, const enum play *udp, const enum play *tcp)
{
    static const enum play nothing[] = {PLAY_END};
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(sa);

    s->udp_plays = udp ? udp : nothing;
    s->tcp_plays = tcp ? tcp : nothing;
    s->udp = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(s->udp, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(getsockname(s->udp, (struct sockaddr *)&sa, &size), 0);
    s->tcp = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->tcp, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(listen(s->tcp, 8), 0);
    s->port = ntohs(sa.sin_port);
    assert_int_equal(pthread_create(&s->udp_thread, NULL, run_udp, s), 0);
    assert_int_equal(pthread_create(&s->tcp_thread, NULL, run_tcp, s), 0);
}

static void stop(struct server *s)
{
    pthread_join(s->udp_thread, NULL);
    pthread_join(s->tcp_thread, NULL);
    close(s->udp);
    close(s->tcp);
}

static struct wr_ask_reply reply;

static int ask(const struct server *s, bool tcp, uint32_t timeout_ms, uint32_t tries)
{
    struct wr_ask one = {.tcp = tcp, .timeout_ms = timeout_ms, .tries = tries};

    assert_int_equal(wr_addr_from_text("127.0.0.1", &one.server), 0);
    one.server.port = s->port;
    return wr_ask_run(&one, query, query_size, &reply);
}

static void test_answer(void **state)
{
    static const enum play plays[] = {PLAY_ANSWER, PLAY_END};
    struct server s;

    start(&s, plays, plays);
    assert_int_equal(ask(&s, false, 5000, 1), WR_OK);
    assert_int_equal(reply.size, query_size);
    assert_false(reply.tcp);
    assert_int_equal(reply.wrong, 0);
    assert_int_equal(ask(&s, true, 5000, 1), WR_OK);
    assert_true(reply.tcp);
    stop(&s);
}

/* Lies are passed over, and the truth behind them is taken. */
static void test_lies(void **state)
{
    static const enum play plays[] = {PLAY_WRONG_ID, PLAY_WRONG_NAME, PLAY_QUERY_BACK, PLAY_GARBAGE,
                                      PLAY_END};
    static const enum play over_tcp[] = {PLAY_WRONG_ID, PLAY_WRONG_NAME, PLAY_CRUMBS, PLAY_END};
    struct server s;

    start(&s, plays, over_tcp);
    for (size_t i = 0; plays[i]; i++) {
        assert_int_equal(ask(&s, false, 5000, 1), WR_OK);
        assert_int_equal(reply.wrong, 1);
        assert_int_equal(reply.bytes[13], 'w');
    }
    for (size_t i = 0; over_tcp[i]; i++) {
        assert_int_equal(ask(&s, true, 5000, 1), WR_OK);
        assert_int_equal(reply.wrong, over_tcp[i] != PLAY_CRUMBS);
    }
    stop(&s);
}

static void test_liar(void **state)
{
    static const enum play plays[] = {PLAY_LIAR, PLAY_END};
    struct server s;

    start(&s, plays, NULL);
    assert_int_equal(ask(&s, false, 5000, 1), WR_E_LIMIT);
    assert_int_equal(reply.wrong, WR_WRONG_READS_MAX);
    stop(&s);
}

static void test_silent(void **state)
{
    static const enum play plays[] = {PLAY_SILENT, PLAY_SILENT, PLAY_ANSWER, PLAY_SILENT, PLAY_END};
    static const enum play over_tcp[] = {PLAY_SILENT, PLAY_CLOSE, PLAY_HALF, PLAY_END};
    struct server s;

    start(&s, plays, over_tcp);
    assert_int_equal(ask(&s, false, 400, 3), WR_OK); /* the third try is answered */
    assert_int_equal(reply.tries, 3);
    assert_int_equal(ask(&s, false, 50, 1), WR_E_TIMEOUT);
    assert_true(reply.took_us >= 50000);
    assert_int_equal(ask(&s, true, 50, 1), WR_E_TIMEOUT);
    assert_int_equal(ask(&s, true, 5000, 1), WR_E_CLOSED);
    assert_int_equal(ask(&s, true, 5000, 1), WR_E_CLOSED);
    stop(&s);
}

static void test_truncated(void **state)
{
    static const enum play plays[] = {PLAY_TRUNCATED, PLAY_TRUNCATED, PLAY_END};
    static const enum play over_tcp[] = {PLAY_ANSWER, PLAY_END};
    struct wr_ask keep = {.timeout_ms = 5000, .tries = 1, .keep_truncated = true};
    struct server s;

    start(&s, plays, over_tcp);
    assert_int_equal(ask(&s, false, 5000, 1), WR_OK);
    assert_true(reply.tcp);
    assert_true(reply.was_truncated);
    assert_int_equal(reply.bytes[2] & 2, 0);
    assert_int_equal(wr_addr_from_text("127.0.0.1", &keep.server), 0);
    keep.server.port = s.port;
    assert_int_equal(wr_ask_run(&keep, query, query_size, &reply), WR_OK);
    assert_false(reply.tcp);
    assert_int_equal(reply.bytes[2] & 2, 2);
    stop(&s);
}

/* Nobody listens: the system says so, and we say why. */
static void test_refused(void **state)
{
    struct server s;

    start(&s, NULL, NULL);
    stop(&s);
    assert_int_equal(ask(&s, false, 2000, 1), WR_E_IO);
    assert_non_null(strstr(reply.error, "refused"));
    assert_int_equal(ask(&s, true, 2000, 1), WR_E_IO);
    assert_non_null(strstr(reply.error, "refused"));
}

static void test_matches(void **state)
{
    uint8_t r[64];

    memcpy(r, query, query_size);
    assert_false(wr_ask_matches(query, query_size, r, query_size));
    r[2] |= 0x80;
    assert_true(wr_ask_matches(query, query_size, r, query_size));
    r[13] = 'W'; /* letter case is the resolver's business, not ours */
    assert_true(wr_ask_matches(query, query_size, r, query_size));
    r[query_size - 3] = 28;
    assert_false(wr_ask_matches(query, query_size, r, query_size));
    r[query_size - 3] = 1;
    r[2] ^= 0x08; /* opcode */
    assert_false(wr_ask_matches(query, query_size, r, query_size));
    r[2] ^= 0x08;
    for (size_t n = 0; n < WR_MSG_HEADER_SIZE; n++)
        assert_false(wr_ask_matches(query, query_size, r, n));
    /* FORMERR without a question is an answer; NOERROR without one is nobody's. */
    r[5] = 0;
    r[3] = 1;
    assert_true(wr_ask_matches(query, query_size, r, WR_MSG_HEADER_SIZE));
    r[3] = 0;
    assert_false(wr_ask_matches(query, query_size, r, WR_MSG_HEADER_SIZE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),    cmocka_unit_test(test_lies),
        cmocka_unit_test(test_liar),      cmocka_unit_test(test_silent),
        cmocka_unit_test(test_truncated), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_matches),
    };

    make_query();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
