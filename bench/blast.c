/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blast: asks a server over UDP as fast as it answers, and says how fast that was (one line of JSON).
 *
 *   blast [options] ADDRESS PORT
 *     -t SECONDS   how long (default 2)           -w COUNT  questions outstanding (default 128)
 *     -n NAMES     ask for this many names at random (default 10000)
 *     -W           ask for each of the names once, then end
 *     -u FIRST     ask for names that were never asked for, counted from FIRST
 *     -f FILE      ask for the names of a file (one a line) once, in its order, with AD set
 *     -y           yield the core when there is nothing to do (when the upstream shares it)
 *
 * A closed loop: a new question leaves when an answer came, or when one is given up after a second. One thread, one connected
 * socket, sendmmsg and recvmmsg.
 */
#include <arpa/inet.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 64,
    QUERY = 64,
    ANSWER = 1500,
    IDS = 65536,
    LOST_US = 1000000,
    BUCKETS = 4096,
    LIST_MAX = 100000
};

typedef char list_name[QUERY - 20]; /* as text, without the last dot */

struct blast {
    int fd;
    double seconds;
    unsigned window, names;
    bool warm, unique, yield;
    list_name *list;            /* NULL: names are made */
    uint64_t next_name, total;  /* total: questions to ask, 0: no bound */
    uint64_t asked_us[IDS];     /* by id; 0: none out */
    uint16_t first_id, next_id; /* ids out lie between them */
    unsigned out;
    uint32_t random;
    uint64_t now_us, end_us;
    uint64_t sent, received, good, proven, lost, strays, servfail;
    uint32_t latency[BUCKETS]; /* by 4 us */
};

static uint64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* The question for one name: "n0001234.bench.example", type A. */
static size_t make_query(uint8_t *q, uint16_t id, uint64_t number, char kind)
{
    static const uint8_t head[12] = {0, 0, 1, 0, 0, 1};
    static const uint8_t tail[] = "\5bench\7example\0\0\1\0\1";
    size_t at = 13;

    memcpy(q, head, sizeof(head));
    q[0] = (uint8_t)(id >> 8);
    q[1] = (uint8_t)id;
    q[12] = 10;
    q[at++] = (uint8_t)kind;
    for (int i = 8; i >= 0; i--) {
        q[at + (size_t)i] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
    at += 9;
    memcpy(q + at, tail, sizeof(tail) - 1);
    return at + sizeof(tail) - 1;
}

/* The question for a name of the list, type A. */
static size_t list_query(uint8_t *q, uint16_t id, const char *name)
{
    static const uint8_t head[12] = {0, 0, 1, 0x20, 0, 1}, tail[] = {0, 0, 1, 0, 1};
    size_t at = 12;

    memcpy(q, head, sizeof(head));
    q[0] = (uint8_t)(id >> 8);
    q[1] = (uint8_t)id;
    while (*name) {
        size_t label = strcspn(name, ".");

        q[at++] = (uint8_t)label;
        memcpy(q + at, name, label);
        at += label;
        name += label + (name[label] == '.');
    }
    memcpy(q + at, tail, sizeof(tail));
    return at + sizeof(tail);
}

static uint64_t choose_name(struct blast *b)
{
    if (b->warm || b->unique) {
        return b->next_name++;
    }
    b->random = b->random * 1664525u + 1013904223u;
    return ((uint64_t)b->random * b->names) >> 32;
}

/* How many may be asked now. */
static unsigned room(const struct blast *b)
{
    unsigned n = b->out < b->window ? b->window - b->out : 0;

    if (b->now_us >= b->end_us) {
        return 0;
    }
    if (b->total > 0 && b->total - b->sent < n) {
        n = (unsigned)(b->total - b->sent);
    }
    return n < BATCH ? n : BATCH;
}

static bool ask(struct blast *b)
{
    static uint8_t query[BATCH][QUERY];
    static struct iovec part[BATCH];
    static struct mmsghdr message[BATCH];
    unsigned n = room(b);
    int done;

    for (unsigned i = 0; i < n; i++) {
        uint16_t id = (uint16_t)(b->next_id + i);

        uint64_t name = choose_name(b);
        size_t size = b->list ? list_query(query[i], id, b->list[name])
                              : make_query(query[i], id, name, b->unique ? 'u' : 'n');

        part[i] = (struct iovec){query[i], size};
        message[i].msg_hdr = (struct msghdr){.msg_iov = &part[i], .msg_iovlen = 1};
    }
    done = n > 0 ? sendmmsg(b->fd, message, n, 0) : 0;
    for (int i = 0; i < done; i++) {
        b->asked_us[b->next_id++] = b->now_us;
    }
    if (done > 0) {
        b->out += (unsigned)done;
        b->sent += (unsigned)done;
    }
    return done > 0;
}

static void take(struct blast *b, const uint8_t *answer, size_t size)
{
    uint16_t id = (uint16_t)(answer[0] << 8 | answer[1]);
    uint64_t took_us;

    if (size < 12 || b->asked_us[id] == 0 || (answer[2] & 0x80) == 0) {
        b->strays++;
        return;
    }
    took_us = b->now_us - b->asked_us[id];
    b->asked_us[id] = 0;
    b->out--;
    b->received++;
    b->good += (answer[3] & 15) == 0;
    b->proven += (answer[3] & 0x2f) == 0x20;
    b->servfail += (answer[3] & 15) == 2;
    b->latency[took_us / 4 < BUCKETS ? took_us / 4 : BUCKETS - 1]++;
}

static bool collect(struct blast *b)
{
    static uint8_t answer[BATCH][ANSWER];
    static struct iovec part[BATCH];
    static struct mmsghdr message[BATCH];
    int n;

    for (int i = 0; i < BATCH; i++) {
        part[i] = (struct iovec){answer[i], ANSWER};
        message[i].msg_hdr = (struct msghdr){.msg_iov = &part[i], .msg_iovlen = 1};
    }
    n = recvmmsg(b->fd, message, BATCH, MSG_DONTWAIT, NULL);
    b->now_us = now_us();
    for (int i = 0; i < n; i++) {
        take(b, answer[i], message[i].msg_len);
    }
    return n > 0;
}

static void give_up(struct blast *b)
{
    while (b->first_id != b->next_id) {
        uint64_t asked = b->asked_us[b->first_id];

        if (asked != 0 && b->now_us - asked < LOST_US) {
            return;
        }
        if (asked != 0) {
            b->asked_us[b->first_id] = 0;
            b->out--;
            b->lost++;
        }
        b->first_id++;
    }
}

static void run(struct blast *b)
{
    b->now_us = now_us();
    b->end_us = b->now_us + (uint64_t)(b->seconds * 1e6);
    for (;;) {
        bool moved = ask(b);

        moved = collect(b) || moved;
        give_up(b);
        if (b->out == 0 && room(b) == 0) {
            return;
        }
        if (!moved && b->yield) {
            sched_yield();
        }
    }
}

static double percentile(const struct blast *b, double p)
{
    uint64_t want = (uint64_t)(p * (double)b->received), sum = 0;

    for (unsigned i = 0; i < BUCKETS; i++) {
        sum += b->latency[i];
        if (sum > want) {
            return i * 4.0;
        }
    }
    return 0;
}

static void report(const struct blast *b, uint64_t start_us)
{
    /* What comes in after the end was asked before it: the time of asking is what counts. */
    double secs = (double)((b->now_us < b->end_us ? b->now_us : b->end_us) - start_us) / 1e6;
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    printf("{\"qps\": %.0f, \"seconds\": %.3f, \"sent\": %lu, \"received\": %lu, \"good\": %lu, "
           "\"servfail\": %lu, \"proven\": %lu, \"lost\": %lu, \"strays\": %lu, \"p50_us\": %.0f, "
           "\"p99_us\": %.0f, "
           "\"cpu\": %.2f, \"next\": %lu}\n",
           (double)b->received / secs, secs, b->sent, b->received, b->good, b->servfail, b->proven,
           b->lost, b->strays, percentile(b, 0.5), percentile(b, 0.99),
           ((double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
            (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6) /
               secs,
           b->next_name);
}

static int dial(const char *address, const char *port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 4 << 20;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    if (inet_pton(AF_INET, address, &sa.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
        return -1;
    }
    return fd;
}

/* The names of a file into b->list; their number into b->names. */
static bool read_list(struct blast *b, const char *path)
{
    FILE *f = fopen(path, "r");
    list_name line;

    b->list = malloc(LIST_MAX * sizeof(*b->list));
    for (b->names = 0; f && b->list && b->names < LIST_MAX && fgets(line, sizeof(line), f);) {
        line[strcspn(line, "\n")] = '\0';
        memcpy(b->list[b->names++], line, sizeof(line));
    }
    if (f) {
        fclose(f);
    }
    b->warm = true;
    return b->names > 0;
}

int main(int argc, char **argv)
{
    static struct blast b = {.seconds = 2, .window = 128, .names = 10000, .random = 12345};
    uint64_t start_us;
    int option;

    while ((option = getopt(argc, argv, "t:w:n:u:f:Wy")) != -1) {
        switch (option) {
        case 't': b.seconds = atof(optarg); break;
        case 'w': b.window = (unsigned)atoi(optarg); break;
        case 'n': b.names = (unsigned)atoi(optarg); break;
        case 'u':
            b.unique = true;
            b.next_name = strtoul(optarg, NULL, 10);
            break;
        case 'f':
            if (!read_list(&b, optarg)) {
                fprintf(stderr, "blast: no names in %s\n", optarg);
                return 1;
            }
            break;
        case 'W': b.warm = true; break;
        case 'y': b.yield = true; break;
        default: return 2;
        }
    }
    if (argc - optind != 2 || b.window == 0 || b.window > 30000 ||
        (b.fd = dial(argv[optind], argv[optind + 1])) < 0) {
        fprintf(
            stderr,
            "usage: blast [-t s] [-w n] [-n names] [-u first] [-f file] [-W] [-y] ADDRESS PORT\n");
        return 2;
    }
    b.total = b.warm ? b.names : 0;
    start_us = now_us();
    run(&b);
    report(&b, start_us);
    return 0;
}
