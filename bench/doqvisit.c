/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doqvisit: what tests/e2e/doq.py asks a DoQ server by: kept or new connections, moved, resumed, early, replayed.
 *
 *   doqvisit -a ADDRESS [-p PORT] [-c CONNECTIONS] [-w WINDOW] [-n QUERIES | -s SECONDS] [-q NAME] [-x ...]
 *
 * WINDOW questions are out on each connection. -q: the name (default a.example). What else it does (-x, several times):
 *   new      a new connection for each question      resume   ... with the ticket of the one before, as early data
 *   rush     a new socket, so another port, after every WINDOW answers, as fast as can be: by the rules of QUIC where the
 *            ngtcp2 at hand knows how, else behind its back, as a NAT does; ends a second after -s, whatever
 *            has come
 *   replay   with resume: sends the first flight of each connection once more, from another port
 *
 * It believes every certificate. One line of JSON says what came of it. Exit 1: something failed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/rng.h"
#include "transport/doqclient.h"

enum {
    CLIENTS_MAX = 1024,
    CHUNKS = 65536,
    ROOM = 65536,
    FLIGHT = 4,
    TOKEN_MAX = 256,
    QUERY_MAX = 300,
    DRAIN = 64,
    REST_US = 60000,
    PATIENCE_US = 30000000, /* with answers, after the end */
    RUSH_PATIENCE_US = 1000000
};

struct client {
    struct wr_doqclient *c;
    void *block;
    int fd;
    struct wr_addr local;
    unsigned out; /* questions */
    unsigned since_move;
    uint64_t asked;
    uint16_t id;
    uint8_t ticket[WR_QUIC_TICKET_MAX];
    size_t ticket_size;
    uint8_t token[TOKEN_MAX];
    size_t token_size;
    uint8_t flight[FLIGHT][WR_QUIC_DATAGRAM]; /* the first datagrams, for replay */
    size_t flight_size[FLIGHT];
    unsigned flights;
    bool ready, over;
};

static struct options {
    struct wr_addr to;
    unsigned clients, window;
    uint64_t queries;
    double seconds;
    bool fresh, resume, rush, replay;
    uint8_t query[QUERY_MAX];
    size_t query_size;
} opt = {.clients = 4, .window = 16};

static struct totals {
    uint64_t asked, answers, failed, handshakes, resumed, early, replayed;
} total;

static struct client clients[CLIENTS_MAX];
static struct wr_creds *creds;
static struct wr_rng rng;
static struct wr_chunks chunks;
static uint8_t room[ROOM];
static const char *last_why = "";

static uint64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int believe(void *user, const struct wr_certs *chain, struct wr_verdict_text *why)
{
    return WR_OK;
}

static int open_socket(struct wr_addr *ret_local)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(opt.to.port)};
    socklen_t size = sizeof(v4);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    memcpy(&v4.sin_addr, opt.to.ip, 4);
    if (fd < 0 || connect(fd, (struct sockaddr *)&v4, sizeof(v4)) != 0 ||
        getsockname(fd, (struct sockaddr *)&v4, &size) != 0) {
        perror("doqvisit: socket");
        exit(1);
    }
    *ret_local = (struct wr_addr){.family = WR_AF_V4, .port = ntohs(v4.sin_port)};
    memcpy(ret_local->ip, &v4.sin_addr, 4);
    return fd;
}

static void begin(struct client *c)
{
    struct wr_doqclient_setup setup = {
        .tls = {.creds = creds, .host = "dns.example", .verify = believe},
        .to = opt.to,
        .queries = opt.window,
        .chunks = &chunks,
        .room = room,
        .room_size = sizeof(room),
        .rng = &rng,
        .memory_max = 8u << 20,
        .idle_ms = 30000,
        .handshake_ms = 10000,
    };
    struct wr_now now = {.mono_us = now_us(), .wall_s = time(NULL), .wall_proven = true};
    size_t size = (wr_doqclient_size(&setup) + 63) & ~(size_t)63;

    c->fd = open_socket(&c->local);
    setup.local = c->local;
    if (opt.resume && c->ticket_size > 0) {
        setup.tls.ticket = c->ticket;
        setup.tls.ticket_size = c->ticket_size;
        setup.token = c->token_size > 0 ? c->token : NULL;
        setup.token_size = c->token_size;
    }
    c->block = aligned_alloc(64, size);
    wr_assert(c->block != NULL);
    memset(c->block, 0, size);
    c->ready = c->over = false;
    c->out = 0;
    c->flights = 0;
    c->asked = 0;
    wr_assert(wr_doqclient_start(c->block, &setup, &now, &c->c) == WR_OK);
}

static void end(struct client *c)
{
    wr_doqclient_end(c->c);
    free(c->block);
    close(c->fd);
    c->c = NULL;
}

static bool may_ask(uint64_t end_us)
{
    return opt.queries > 0 ? total.asked < opt.queries : now_us() < end_us;
}

static void ask(struct client *c, uint64_t end_us)
{
    uint64_t most = opt.fresh ? 1 : UINT64_MAX;

    while (!c->over && c->out < opt.window && c->asked < most && may_ask(end_us)) {
        opt.query[0] = (uint8_t)(c->id >> 8);
        opt.query[1] = (uint8_t)c->id;
        if (wr_doqclient_ask(c->c, opt.query, opt.query_size, opt.resume, now_us()) != WR_OK) {
            return;
        }
        c->id++;
        c->out++;
        c->asked++;
        total.asked++;
    }
}

static void send_all(struct client *c)
{
    uint8_t bytes[WR_QUIC_DATAGRAM];
    size_t n;

    while ((n = wr_doqclient_output(c->c, bytes, sizeof(bytes), now_us())) > 0) {
        if (!c->ready && c->flights < FLIGHT) {
            memcpy(c->flight[c->flights], bytes, n);
            c->flight_size[c->flights++] = n;
        }
        if (send(c->fd, bytes, n, 0) < 0 && errno != EAGAIN && errno != ECONNREFUSED) {
            perror("doqvisit: send");
        }
    }
}

/* The first flight once more, from another port. */
static void replay(struct client *c)
{
    struct wr_addr local;
    int fd = open_socket(&local);

    for (unsigned i = 0; i < c->flights; i++) {
        if (send(fd, c->flight[i], c->flight_size[i], 0) < 0) {
            perror("doqvisit: send");
        }
    }
    total.replayed++;
    close(fd);
}

static void move(struct client *c)
{
    struct wr_addr local;
    int fd = open_socket(&local);

    int err = wr_doqclient_move(c->c, &local, now_us());
    if (err != WR_OK && err != WR_E_UNSUPPORTED) {
        close(fd);
        return;
    }
    close(c->fd);
    c->fd = fd;
    c->since_move = 0;
}

static void listen_to(struct client *c)
{
    struct wr_doqclient_facts facts;
    struct wr_doqclient_said said;

    while (wr_doqclient_next(c->c, &said) != WR_DOQCLIENT_NOTHING) {
        switch (said.kind) {
        case WR_DOQCLIENT_READY:
            c->ready = true;
            wr_doqclient_facts(c->c, &facts);
            total.handshakes++;
            total.resumed += facts.resumed;
            total.early += facts.early_taken;
            break;
        case WR_DOQCLIENT_ANSWER:
            c->out--;
            c->since_move++;
            total.answers++;
            total.failed += said.size < 12 || (said.msg[3] & 15) != 0;
            break;
        case WR_DOQCLIENT_FAILED:
            c->out--;
            total.failed++;
            last_why = said.why;
            break;
        case WR_DOQCLIENT_TICKET:
            c->ticket_size = wr_doqclient_ticket(c->c, c->ticket, sizeof(c->ticket));
            break;
        case WR_DOQCLIENT_TOKEN:
            c->token_size = said.size <= sizeof(c->token) ? said.size : 0;
            memcpy(c->token, said.msg, c->token_size);
            break;
        case WR_DOQCLIENT_ENDED:
            c->over = true;
            total.failed += c->out;
            last_why = c->out > 0 ? strdup(said.why) : last_why;
            c->out = 0;
            break;
        default: break;
        }
    }
}

static void read_all(struct client *c)
{
    uint8_t bytes[2048];
    ssize_t n;

    for (unsigned i = 0; i < DRAIN && (n = recv(c->fd, bytes, sizeof(bytes), 0)) > 0; i++) {
        wr_doqclient_feed(c->c, bytes, (size_t)n, now_us());
    }
}

/* One connection's turn. False: it has nothing more to do. */
static bool turn(struct client *c, uint64_t end_us)
{
    if (wr_doqclient_deadline(c->c) <= now_us()) {
        wr_doqclient_time(c->c, now_us());
    }
    listen_to(c);
    if (opt.fresh && c->out == 0 && c->asked > 0 && c->ready &&
        ((c->ticket_size > 0 && c->token_size > 0) || !opt.resume)) {
        if (opt.replay) {
            replay(c);
        }
        wr_doqclient_close(c->c, now_us());
        send_all(c);
        end(c);
        begin(c);
    } else if (c->over && (c->out > 0 || opt.fresh)) {
        end(c);
        begin(c);
    }
    if (opt.rush && c->ready && c->since_move >= opt.window) {
        move(c);
    }
    ask(c, end_us);
    send_all(c);
    return c->out > 0 || (!c->over && may_ask(end_us));
}

static void run(uint64_t end_us, uint64_t limit_us)
{
    struct pollfd fds[CLIENTS_MAX];
    bool more = true;

    while (more && now_us() < limit_us) {
        uint64_t at_us = now_us() + (opt.rush ? 10000 : 100000);

        more = false;
        for (unsigned i = 0; i < opt.clients; i++) {
            more = turn(&clients[i], end_us) || more;
            uint64_t own_us = wr_doqclient_deadline(clients[i].c);
            at_us = own_us < at_us ? own_us : at_us;
            fds[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
        }
        uint64_t now = now_us();
        poll(fds, opt.clients, at_us <= now ? 0 : (int)((at_us - now) / 1000 + 1));
        for (unsigned i = 0; i < opt.clients; i++) {
            if (fds[i].revents != 0) {
                read_all(&clients[i]);
            }
        }
    }
}

static void set_query(const char *name)
{
    static const uint8_t head[12] = {0, 0, 1, 0, 0, 1};
    size_t at = sizeof(head);

    memcpy(opt.query, head, sizeof(head));
    while (*name != 0) {
        size_t n = strcspn(name, ".");

        if (n == 0 || n > 63 || at + n + 8 > QUERY_MAX) {
            fprintf(stderr, "doqvisit: not a name\n");
            exit(2);
        }
        opt.query[at++] = (uint8_t)n;
        memcpy(opt.query + at, name, n);
        at += n;
        name += n + (name[n] == '.');
    }
    memcpy(opt.query + at, (uint8_t[]){0, 0, 1, 0, 1}, 5);
    opt.query_size = at + 5;
}

static void set_extra(const char *word)
{
    opt.fresh = opt.fresh || strcmp(word, "new") == 0 || strcmp(word, "resume") == 0;
    opt.resume = opt.resume || strcmp(word, "resume") == 0;
    opt.rush = opt.rush || strcmp(word, "rush") == 0;
    opt.replay = opt.replay || strcmp(word, "replay") == 0;
}

static void read_options(int argc, char **argv)
{
    int c;

    opt.to = (struct wr_addr){.family = WR_AF_V4, .port = 853};
    set_query("a.example");
    while ((c = getopt(argc, argv, "a:p:c:w:n:s:q:x:")) != -1) {
        switch (c) {
        case 'a': inet_pton(AF_INET, optarg, opt.to.ip); break;
        case 'p': opt.to.port = (uint16_t)atoi(optarg); break;
        case 'c': opt.clients = (unsigned)atoi(optarg); break;
        case 'w': opt.window = (unsigned)atoi(optarg); break;
        case 'n': opt.queries = (uint64_t)atoll(optarg); break;
        case 's': opt.seconds = atof(optarg); break;
        case 'q': set_query(optarg); break;
        case 'x': set_extra(optarg); break;
        default: exit(2);
        }
    }
    if (opt.clients < 1 || opt.clients > CLIENTS_MAX || opt.window < 1 ||
        (opt.queries == 0 && opt.seconds <= 0)) {
        fprintf(stderr, "doqvisit: -a ADDRESS -n QUERIES or -s SECONDS\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct wr_creds_setup setup = {0};
    struct wr_verdict_text why;
    struct rusage used;
    uint8_t seed[32];
    uint64_t start_us, took_us;
    void *block;

    read_options(argc, argv);
    if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed) ||
        wr_creds_make(&setup, &why, &creds) != WR_OK) {
        return 1;
    }
    wr_rng_seed(&rng, seed);
    block = malloc(wr_chunks_size(CHUNKS));
    wr_assert(block != NULL);
    wr_chunks_init(&chunks, block, CHUNKS);
    start_us = now_us();
    for (unsigned i = 0; i < opt.clients; i++) {
        begin(&clients[i]);
    }
    run(start_us + (uint64_t)(opt.seconds * 1e6),
        start_us + (uint64_t)(opt.seconds * 1e6) + (opt.rush ? RUSH_PATIENCE_US : PATIENCE_US));
    took_us = now_us() - start_us;
    for (unsigned i = 0; i < opt.clients; i++) {
        wr_doqclient_close(clients[i].c, now_us());
        send_all(&clients[i]);
        end(&clients[i]);
    }
    wr_creds_drop(creds);
    free(block);
    getrusage(RUSAGE_SELF, &used);
    printf("{\"asked\": %llu, \"answers\": %llu, \"failed\": %llu, \"handshakes\": %llu, "
           "\"resumed\": %llu, "
           "\"early\": %llu, \"replayed\": %llu, \"seconds\": %.3f, \"own_cpu_s\": %.3f, \"why\": "
           "\"%s\"}\n",
           (unsigned long long)total.asked, (unsigned long long)total.answers,
           (unsigned long long)total.failed, (unsigned long long)total.handshakes,
           (unsigned long long)total.resumed, (unsigned long long)total.early,
           (unsigned long long)total.replayed, (double)took_us / 1e6,
           (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6,
           last_why);
    return total.failed > 0 || total.answers < total.asked;
}
