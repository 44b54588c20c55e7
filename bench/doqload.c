/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doqload: asks a server over kept QUIC connections as fast as it answers, and says how fast that was (one line of JSON).
 *
 *   doqload [-t SECONDS] [-c CONNECTIONS] [-w OUTSTANDING] [-n NAMES] ADDRESS PORT HOST CAFILE
 *
 * A closed loop on each connection (twelve, with 8 questions out on each): a new question leaves when an answer came. After a thousand
 * questions a connection makes room for a new one, for knotd gives a connection 1024 streams in its life; and no answer comes from it
 * when more than ten are out. Names are those of bench/blast.c. The client is weir's own machine (transport/doqclient) for all servers alike, its certificate check included.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/time.h"
#include "transport/doqclient.h"

enum {
    CONNECTIONS_MAX = 32,
    ANSWER_MAX = 65536,
    PEM_MAX = 65536,
    CHUNKS = 4096,
    BURST = 64,
    LIFE = 1000
};

struct load {
    const char *host;
    struct wr_creds *creds;
    struct wr_addr to;
    struct wr_chunks chunks;
    struct wr_rng rng;
    uint32_t names, window, random;
    uint64_t end_us;
    uint64_t sent, received, good, lost;
    const char *why;
};

struct connection {
    struct load *load;
    int fd;
    struct wr_doqclient *client;
    void *block;
    uint8_t *room;
    uint32_t out, asked;
    uint16_t next_id;
    bool ready, over;
};

static uint64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int verify(void *user, const struct wr_certs *chain, struct wr_verdict_text *ret_why)
{
    struct load *l = user;

    return wr_creds_verify(l->creds, chain, l->host, ret_why);
}

/* "n000001234.bench.example", type A. */
static size_t make_query(uint8_t *q, uint16_t id, uint32_t number)
{
    static const uint8_t head[14] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 'n'};
    static const uint8_t tail[] = "\5bench\7example\0\0\1\0\1";

    memcpy(q, head, sizeof(head));
    q[0] = (uint8_t)(id >> 8);
    q[1] = (uint8_t)id;
    for (int i = 8; i >= 0; i--) {
        q[14 + i] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
    memcpy(q + 23, tail, sizeof(tail) - 1);
    return 23 + sizeof(tail) - 1;
}

static bool start(struct connection *c, struct load *l)
{
    const struct wr_now now = {.mono_us = now_us(), .wall_s = time(NULL), .wall_proven = true};
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(l->to.port)};
    struct wr_doqclient_setup setup = {
        .tls = {.creds = l->creds, .host = l->host, .verify = verify, .verify_user = l},
        .to = l->to,
        .queries = l->window,
        .chunks = &l->chunks,
        .room_size = ANSWER_MAX,
        .rng = &l->rng,
        .memory_max = 8u << 20,
        .idle_ms = 30000,
        .handshake_ms = 5000,
    };
    int size = 4 << 20;

    c->load = l;
    setup.room = c->room = malloc(ANSWER_MAX);
    c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    memcpy(&sa.sin_addr, l->to.ip, 4);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    size_t bytes = (wr_doqclient_size(&setup) + 63) / 64 * 64;

    c->block = aligned_alloc(64, bytes);
    if (!c->room || !c->block || connect(c->fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
        return false;
    }
    memset(c->block, 0, bytes);
    return wr_doqclient_start(c->block, &setup, &now, &c->client) == WR_OK;
}

static void ask_more(struct connection *c, uint64_t now)
{
    struct load *l = c->load;
    uint8_t query[64];

    while (c->ready && now < l->end_us && c->out < l->window && c->asked < LIFE) {
        l->random = l->random * 1664525u + 1013904223u;
        size_t size =
            make_query(query, c->next_id, (uint32_t)(((uint64_t)l->random * l->names) >> 32));

        if (wr_doqclient_ask(c->client, query, size, false, now) != WR_OK) {
            return; /* the server allows no more streams at once */
        }
        c->next_id++;
        c->asked++;
        c->out++;
        l->sent++;
    }
}

/* What the machine says, until it says nothing. */
static void hear(struct connection *c)
{
    struct load *l = c->load;
    struct wr_doqclient_said said;

    while (!c->over && wr_doqclient_next(c->client, &said) != WR_DOQCLIENT_NOTHING) {
        switch (said.kind) {
        case WR_DOQCLIENT_READY: c->ready = true; break;
        case WR_DOQCLIENT_ANSWER:
            c->out--;
            l->received++;
            l->good += said.size > 12 && (said.msg[3] & 15) == 0;
            break;
        case WR_DOQCLIENT_FAILED:
            c->out--;
            l->lost++;
            l->why = said.why;
            break;
        case WR_DOQCLIENT_ENDED:
            l->lost += c->out;
            c->over = true;
            l->why = said.why;
            break;
        case WR_DOQCLIENT_NOTHING:
        case WR_DOQCLIENT_TICKET:
        case WR_DOQCLIENT_TOKEN: break;
        }
    }
}

static void turn(struct connection *c)
{
    uint8_t datagram[2048];
    uint64_t now = now_us();
    ssize_t n;
    size_t size;

    for (unsigned i = 0; i < BURST && (n = recv(c->fd, datagram, sizeof(datagram), 0)) > 0; i++) {
        wr_doqclient_feed(c->client, datagram, (size_t)n, now);
        hear(c);
    }
    if (wr_doqclient_deadline(c->client) <= now) {
        wr_doqclient_time(c->client, now);
    }
    hear(c);
    ask_more(c, now);
    while (!c->over &&
           (size = wr_doqclient_output(c->client, datagram, sizeof(datagram), now)) > 0) {
        if (send(c->fd, datagram, size, 0) < 0) {
            break; /* the machine takes it for lost */
        }
    }
}

static void end(struct connection *c)
{
    c->load->lost += c->over ? 0 : c->out;
    wr_doqclient_end(c->client);
    free(c->block);
    free(c->room);
    close(c->fd);
}

/* A new connection in place of one that has asked enough. */
static bool renew(struct connection *c)
{
    struct load *l = c->load;
    uint8_t datagram[2048];
    uint64_t now = now_us();
    size_t size;

    wr_doqclient_close(c->client, now);
    while ((size = wr_doqclient_output(c->client, datagram, sizeof(datagram), now)) > 0 &&
           send(c->fd, datagram, size, 0) > 0) {
    }
    end(c);
    *c = (struct connection){0};
    return start(c, l);
}

static void run(struct connection *all, unsigned count)
{
    struct load *l = all->load;
    struct pollfd fds[CONNECTIONS_MAX];
    uint64_t last_us = l->end_us + 2000000, now;
    bool open = true;

    while (open && (now = now_us()) < last_us) {
        open = false;
        for (unsigned i = 0; i < count; i++) {
            fds[i] = (struct pollfd){.fd = all[i].fd, .events = POLLIN};
            if (!all[i].over) {
                turn(&all[i]);
                open = open || now < l->end_us || all[i].out > 0;
                if (all[i].asked == LIFE && all[i].out == 0 && now < l->end_us && !renew(&all[i])) {
                    return;
                }
            }
        }
        poll(fds, count, 1);
    }
    for (unsigned i = 0; i < count; i++) {
        end(&all[i]);
    }
}

static struct wr_creds *read_anchors(const char *path)
{
    static uint8_t pem[PEM_MAX];
    struct wr_creds_setup setup = {.anchors = pem};
    struct wr_verdict_text why;
    struct wr_creds *creds = NULL;
    FILE *f = fopen(path, "r");

    if (f) {
        setup.anchors_size = fread(pem, 1, sizeof(pem), f);
        fclose(f);
    }
    if (wr_creds_make(&setup, &why, &creds) != WR_OK) {
        fprintf(stderr, "doqload: %s: %s\n", path, why.text);
        return NULL;
    }
    return creds;
}

int main(int argc, char **argv)
{
    static struct load l = {.names = 10000, .window = 8, .random = 12345};
    static struct connection all[CONNECTIONS_MAX];
    unsigned count = 12;
    double seconds = 2;
    int option;

    while ((option = getopt(argc, argv, "t:c:w:n:")) != -1) {
        switch (option) {
        case 't': seconds = atof(optarg); break;
        case 'c': count = (unsigned)atoi(optarg); break;
        case 'w': l.window = (uint32_t)atoi(optarg); break;
        case 'n': l.names = (uint32_t)atoi(optarg); break;
        default: return 2;
        }
    }
    if (argc - optind != 4 || count == 0 || count > CONNECTIONS_MAX || l.window == 0 ||
        l.window > 1000 || inet_pton(AF_INET, argv[optind], l.to.ip) != 1) {
        fprintf(stderr,
                "usage: doqload [-t s] [-c n] [-w n] [-n names] ADDRESS PORT HOST CAFILE\n");
        return 2;
    }
    l.to.family = WR_AF_V4;
    l.to.port = (uint16_t)atoi(argv[optind + 1]);
    l.host = argv[optind + 2];
    l.creds = read_anchors(argv[optind + 3]);
    void *chunks = malloc(wr_chunks_size(CHUNKS));

    if (!l.creds || !chunks) {
        return 1;
    }
    wr_chunks_init(&l.chunks, chunks, CHUNKS);
    wr_rng_seed_u64(&l.rng, now_us());
    uint64_t began = now_us();

    l.end_us = began + (uint64_t)(seconds * 1e6);
    for (unsigned i = 0; i < count; i++) {
        if (!start(&all[i], &l)) {
            fprintf(stderr, "doqload: a connection could not be started\n");
            return 1;
        }
    }
    run(all, count);
    printf("{\"sent\": %lu, \"received\": %lu, \"good\": %lu, \"lost\": %lu, \"seconds\": %.3f, "
           "\"why\": \"%s\"}\n",
           l.sent, l.received, l.good, l.lost, seconds, l.why ? l.why : "");
    wr_creds_drop(l.creds);
    free(chunks);
    return l.good > 0 ? 0 : 1;
}
