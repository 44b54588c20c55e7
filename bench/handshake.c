/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handshake: opens TLS connections to a DoT server, asks one question on each, and says what came of it (one line of JSON).
 *
 *   handshake [options] ADDRESS PORT HOST CAFILE
 *     -t SECONDS   how long (default 2)           -c COUNT  clients, each with one connection at a time (default 4)
 *     -r           resume: each connection offers the newest ticket of its client
 *     -i COUNT     open that many connections, ask on each, print a line and keep them all until stdin ends
 *
 * The server's certificate is verified as HOST against CAFILE. A client connects, shakes hands, asks, waits for the answer, says
 * goodbye (close_notify) and begins again. Times are from the SYN: to the end of the handshake, and to the whole answer.
 */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MAX = 64, TIMES_MAX = 100000, ANSWER_MAX = 1024, TIMEOUT_S = 5, TICKETS_MAX = 8 };

struct setup {
    struct sockaddr_storage to;
    socklen_t to_size;
    const char *host;
    gnutls_certificate_credentials_t trust;
    uint64_t end_us;
    bool resume;
};

/* One client and what it met. */
struct client {
    const struct setup *setup;
    pthread_t thread;
    gnutls_datum_t ticket;
    unsigned good, failed, resumed, times;
    uint32_t *hand_us, *answer_us; /* TIMES_MAX each */
    char why[128];
};

/* One connection. */
struct line {
    int fd;
    gnutls_session_t session;
};

static uint64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static bool fail(struct client *c, const char *what, int code)
{
    snprintf(c->why, sizeof(c->why), "%s: %s", what, code ? gnutls_strerror(code) : "");
    return false;
}

/* n0000000001.bench.example A, behind its length. */
static bool ask(struct client *c, gnutls_session_t session)
{
    static const char query[] =
        "\0\x2a\x12\x34\1\0\0\1\0\0\0\0\0\0\12n000000001\5bench\7example\0\0\1\0\1";
    char answer[ANSWER_MAX];
    size_t have = 0, want = 2;
    unsigned tickets = 0;
    ssize_t n = gnutls_record_send(session, query, sizeof(query) - 1);

    if (n < 0) {
        return fail(c, "send", (int)n);
    }
    while (have < want) {
        n = gnutls_record_recv(session, answer + have, sizeof(answer) - have);
        if ((n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) && tickets++ < TICKETS_MAX) {
            continue;
        }
        if (n <= 0) {
            return fail(c, "receive", (int)n);
        }
        have += (size_t)n;
        want = have < 2 ? 2 : 2 + (size_t)((uint8_t)answer[0] << 8 | (uint8_t)answer[1]);
        if (want > sizeof(answer)) {
            return fail(c, "the answer is too long", 0);
        }
    }
    return (answer[5] & 15) == 0 ? true : fail(c, "the answer is an error", 0);
}

static void hang_up(struct line *l)
{
    if (l->session) {
        gnutls_bye(l->session, GNUTLS_SHUT_WR);
        gnutls_deinit(l->session);
    }
    if (l->fd >= 0) {
        close(l->fd);
    }
}

static bool open_line(struct client *c, struct line *l)
{
    const struct setup *s = c->setup;
    struct timeval limit = {.tv_sec = TIMEOUT_S};
    gnutls_datum_t alpn = {(unsigned char *)"dot", 3};
    int on = 1, code;

    *l = (struct line){.fd = socket(s->to.ss_family, SOCK_STREAM, 0)};
    if (l->fd < 0) {
        return fail(c, "socket", 0);
    }
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(l->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(l->fd, (const struct sockaddr *)&s->to, s->to_size) != 0) {
        return fail(c, "connect", 0);
    }
    gnutls_init(&l->session, GNUTLS_CLIENT);
    gnutls_set_default_priority(l->session);
    gnutls_credentials_set(l->session, GNUTLS_CRD_CERTIFICATE, s->trust);
    gnutls_server_name_set(l->session, GNUTLS_NAME_DNS, s->host, strlen(s->host));
    gnutls_session_set_verify_cert(l->session, s->host, 0);
    gnutls_alpn_set_protocols(l->session, &alpn, 1, 0);
    gnutls_transport_set_int(l->session, l->fd);
    if (s->resume && c->ticket.data) {
        gnutls_session_set_data(l->session, c->ticket.data, c->ticket.size);
    }
    do {
        code = gnutls_handshake(l->session);
    } while (code == GNUTLS_E_INTERRUPTED ||
             (code < 0 && !gnutls_error_is_fatal(code) && code != GNUTLS_E_AGAIN));
    return code == 0 ? true : fail(c, "handshake", code);
}

static void keep_ticket(struct client *c, gnutls_session_t session)
{
    gnutls_datum_t fresh;

    if (!(gnutls_session_get_flags(session) & GNUTLS_SFLAGS_SESSION_TICKET) ||
        gnutls_session_get_data2(session, &fresh) != 0) {
        return;
    }
    gnutls_free(c->ticket.data);
    c->ticket = fresh;
}

static void one_turn(struct client *c)
{
    struct line l;
    uint64_t start = now_us(), shaken = 0;
    bool good = open_line(c, &l);

    if (good) {
        shaken = now_us();
        good = ask(c, l.session);
    }
    if (good) {
        c->good++;
        c->resumed += gnutls_session_is_resumed(l.session) != 0;
        if (c->times < TIMES_MAX) {
            c->hand_us[c->times] = (uint32_t)(shaken - start);
            c->answer_us[c->times++] = (uint32_t)(now_us() - start);
        }
        if (c->setup->resume) {
            keep_ticket(c, l.session);
        }
    } else {
        c->failed++;
    }
    hang_up(&l);
}

static void *client_main(void *argument)
{
    struct client *c = argument;

    while (now_us() < c->setup->end_us && c->failed < 100) {
        one_turn(c);
    }
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static unsigned median(uint32_t *all, size_t count)
{
    if (count == 0) {
        return 0;
    }
    qsort(all, count, sizeof(*all), by_size);
    return all[count / 2];
}

static int report(struct client *clients, unsigned count, double seconds)
{
    static uint32_t hand[CLIENTS_MAX * TIMES_MAX / 8], answer[CLIENTS_MAX * TIMES_MAX / 8];
    unsigned good = 0, failed = 0, resumed = 0;
    const char *why = "";
    struct rusage use;
    size_t times = 0;

    for (unsigned i = 0; i < count; i++) {
        struct client *c = &clients[i];

        good += c->good;
        failed += c->failed;
        resumed += c->resumed;
        why = c->why[0] ? c->why : why;
        for (unsigned k = 0; k < c->times && times < sizeof(hand) / sizeof(*hand); k++, times++) {
            hand[times] = c->hand_us[k];
            answer[times] = c->answer_us[k];
        }
    }
    getrusage(RUSAGE_SELF, &use);
    printf("{\"connections\": %u, \"resumed\": %u, \"failed\": %u, \"seconds\": %.3f, "
           "\"handshake_us\": %u, "
           "\"answer_us\": %u, \"cpu\": %.2f, \"why\": \"%s\"}\n",
           good, resumed, failed, seconds, median(hand, times), median(answer, times),
           ((double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
            (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6) /
               seconds,
           why);
    return failed == 0 && good > 0 ? 0 : 1;
}

static int run_load(struct setup *s, unsigned count, double seconds)
{
    static struct client clients[CLIENTS_MAX];
    uint64_t start = now_us();

    s->end_us = start + (uint64_t)(seconds * 1e6);
    for (unsigned i = 0; i < count; i++) {
        clients[i].setup = s;
        clients[i].hand_us = calloc(TIMES_MAX, sizeof(uint32_t));
        clients[i].answer_us = calloc(TIMES_MAX, sizeof(uint32_t));
        if (!clients[i].hand_us || !clients[i].answer_us ||
            pthread_create(&clients[i].thread, NULL, client_main, &clients[i]) != 0) {
            fprintf(stderr, "handshake: no memory for %u clients\n", count);
            return 1;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(clients[i].thread, NULL);
    }
    return report(clients, count, (double)(now_us() - start) / 1e6);
}

/* Connections that do nothing any more, for as long as somebody measures what they cost. */
static int run_idle(struct setup *s, unsigned count)
{
    struct line *lines = calloc(count, sizeof(*lines));
    struct client c = {.setup = s};
    char rest[64];

    for (unsigned i = 0; lines && i < count; i++) {
        if (!open_line(&c, &lines[i]) || !ask(&c, lines[i].session)) {
            printf("{\"idle\": %u, \"why\": \"%s\"}\n", i, c.why);
            return 1;
        }
    }
    printf("{\"idle\": %u}\n", count);
    fflush(stdout);
    while (read(STDIN_FILENO, rest, sizeof(rest)) > 0) {
    }
    for (unsigned i = 0; lines && i < count; i++) {
        hang_up(&lines[i]);
    }
    free(lines);
    return 0;
}

static bool read_address(struct setup *s, const char *address, const char *port)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&s->to;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&s->to;

    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)atoi(port));
        s->to_size = sizeof(*v4);
        return true;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)atoi(port));
    s->to_size = sizeof(*v6);
    return inet_pton(AF_INET6, address, &v6->sin6_addr) == 1;
}

int main(int argc, char **argv)
{
    struct setup s = {0};
    unsigned clients = 4, idle = 0;
    double seconds = 2;
    int option;

    while ((option = getopt(argc, argv, "t:c:i:r")) != -1) {
        switch (option) {
        case 't': seconds = atof(optarg); break;
        case 'c': clients = (unsigned)atoi(optarg); break;
        case 'i': idle = (unsigned)atoi(optarg); break;
        case 'r': s.resume = true; break;
        default: return 2;
        }
    }
    if (argc - optind != 4 || clients == 0 || clients > CLIENTS_MAX || idle > 100000 ||
        !read_address(&s, argv[optind], argv[optind + 1])) {
        fprintf(stderr, "usage: handshake [-t s] [-c n] [-r] [-i n] ADDRESS PORT HOST CAFILE\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a server that hangs up is a failed connection */
    s.host = argv[optind + 2];
    gnutls_certificate_allocate_credentials(&s.trust);
    if (gnutls_certificate_set_x509_trust_file(s.trust, argv[optind + 3], GNUTLS_X509_FMT_PEM) <
        1) {
        fprintf(stderr, "handshake: no authority in %s\n", argv[optind + 3]);
        return 1;
    }
    return idle ? run_idle(&s, idle) : run_load(&s, clients, seconds);
}
