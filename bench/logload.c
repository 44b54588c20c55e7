/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log load: the ledger and the log on disk, with nothing before them (one line of JSON).
 *
 *   logload -f FILE -d FOLDER [-r RATE] [-t SECONDS]     so many events a second, by the threads of the daemon
 *   logload -f FILE -d FOLDER -v                         each line once, at its own time (virtual), blocks of 30 seconds
 *
 * FILE has one query a line: seconds, client, type, name. What a line does not have is drawn: how long it took, how large the
 * answer was, whether it was cached. The memory is that of the profile edge: 65536 events.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/rng.h"
#include "dns/codes.h"
#include "dns/rrset.h"
#include "serve/ledger.h"
#include "serve/logdisk.h"

enum { LINES_MAX = 200000 };

struct line {
    double at_s;
    unsigned client;
    uint16_t type;
    struct wr_name name;
};

struct load {
    struct line *line;
    unsigned lines;
    struct wr_ledger *ledger;
    struct wr_logdisk *disk;
    struct wr_rng rng;
    uint64_t dropped;
};

static bool read_lines(const char *path, struct load *l)
{
    char text[1200], type[40], name[1024];
    FILE *f = fopen(path, "re");
    l->line = calloc(LINES_MAX, sizeof(*l->line));
    while (f && l->line && l->lines < LINES_MAX && fgets(text, sizeof(text), f)) {
        struct line *at = &l->line[l->lines];
        if (sscanf(text, "%lf %u %39s %1023s", &at->at_s, &at->client, type, name) == 4 &&
            wr_codes_type_from_text(type, strlen(type), &at->type) == WR_OK &&
            wr_name_from_text(name, strlen(name), &at->name) == WR_OK)
            l->lines++;
    }
    if (f)
        fclose(f);
    return l->lines > 0;
}

static void put(struct load *l, const struct line *line, const struct wr_now *now)
{
    bool cached = wr_rng_below(&l->rng, 100) < 70;
    struct wr_record r;
    memset(&r, 0, sizeof(r));
    r.wall_s = now->wall_s;
    r.mono_us = now->mono_us;
    r.client.family = WR_AF_V4;
    memcpy(r.client.ip, "\xc0\xa8\x07", 3);
    r.client.ip[3] = (uint8_t)line->client;
    r.client.port = (uint16_t)wr_rng_below(&l->rng, 65536);
    r.device = line->client;
    r.qtype = line->type;
    r.ede = WR_EDE_NONE;
    r.reply_size = (uint16_t)(50 + line->name.size + wr_rng_below(&l->rng, 4) * 16);
    r.security = WR_SECURITY_INSECURE;
    r.source = cached ? WR_SOURCE_CACHE : WR_SOURCE_UPSTREAM;
    r.upstream = cached ? 255 : 0;
    r.took_us = cached ? 8 + (uint32_t)wr_rng_below(&l->rng, 30)
                       : 8000 + (uint32_t)wr_rng_below(&l->rng, 30000);
    r.name_size = line->name.size;
    uint8_t *room =
        wr_ring_reserve(&wr_ledger_rings(l->ledger)[0], (uint32_t)(sizeof(r) + line->name.size));
    if (!room) {
        l->dropped++;
        return;
    }
    memcpy(room, &r, sizeof(r));
    memcpy(room + sizeof(r), line->name.wire, line->name.size);
    wr_ring_commit(&wr_ledger_rings(l->ledger)[0]);
}

static void now_of(struct wr_now *now)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    now->mono_us = (uint64_t)t.tv_sec * WR_S + (uint64_t)t.tv_nsec / 1000;
    now->wall_s = time(NULL);
}

/* So many a second, in steps of a millisecond. */
static void by_rate(struct load *l, double rate, double seconds)
{
    struct wr_now now;
    now_of(&now);
    uint64_t start_us = now.mono_us, put_so_far = 0;
    while ((double)(now.mono_us - start_us) < seconds * 1e6) {
        uint64_t due = (uint64_t)((double)(now.mono_us - start_us) / 1e6 * rate);
        for (; put_so_far < due; put_so_far++)
            put(l, &l->line[put_so_far % l->lines], &now);
        usleep(1000);
        now_of(&now);
    }
}

static void by_time(struct load *l, struct wr_now now)
{
    uint64_t start_us = now.mono_us;
    int64_t start_s = now.wall_s;
    for (unsigned i = 0; i < l->lines; i++) {
        now.mono_us = start_us + (uint64_t)(l->line[i].at_s * 1e6);
        now.wall_s = start_s + (int64_t)l->line[i].at_s;
        wr_logdisk_turn(l->disk, &now, false);
        put(l, &l->line[i], &now);
        wr_ledger_catch_up(l->ledger);
    }
    wr_logdisk_turn(l->disk, &now, true);
}

static void report(struct load *l, double seconds)
{
    struct wr_logdisk_status s;
    struct wr_now now;
    struct rusage used;
    now_of(&now);
    wr_logdisk_turn(l->disk, &now, true);
    wr_logdisk_status(l->disk, &now, &s);
    getrusage(RUSAGE_SELF, &used);
    double cpu_us = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
                    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    printf("{\"written\": %llu, \"dropped\": %llu, \"lost\": %llu, \"counted\": %llu, \"blocks\": "
           "%llu, "
           "\"octets_an_event\": %.2f, \"events_s\": %.0f, \"cpu_us_an_event\": %.3f}\n",
           (unsigned long long)s.written, (unsigned long long)l->dropped,
           (unsigned long long)s.lost, (unsigned long long)s.counted, (unsigned long long)s.blocks,
           s.written ? (double)s.bytes / (double)s.written : 0,
           seconds > 0 ? (double)s.written / seconds : 0,
           s.written ? cpu_us / (double)s.written : 0);
}

int main(int argc, char **argv)
{
    struct load l = {.lines = 0};
    struct wr_logdisk_conf conf = {.size_bytes = (uint64_t)1 << 30,
                                   .budget_per_day_bytes = (uint64_t)64 << 30,
                                   .interval_ms = 30000};
    const char *file = NULL;
    double rate = 100000, seconds = 10;
    bool virtual_time = false;
    struct wr_now now;
    for (int c; (c = getopt(argc, argv, "f:d:r:t:v")) != -1;) {
        file = c == 'f' ? optarg : file;
        conf.path = c == 'd' ? optarg : conf.path;
        rate = c == 'r' ? atof(optarg) : rate;
        seconds = c == 't' ? atof(optarg) : seconds;
        virtual_time = virtual_time || c == 'v';
    }
    if (!file || !conf.path || !read_lines(file, &l))
        return 2;
    wr_rng_seed_u64(&l.rng, 1);
    now_of(&now);
    if (wr_ledger_create(1, 65536, &l.ledger) != WR_OK ||
        wr_logdisk_open(&conf, l.ledger, &now, &l.disk) != WR_OK)
        return 1;
    if (virtual_time) {
        by_time(&l, now);
        report(&l, 0);
    } else {
        if (wr_ledger_run(l.ledger, NULL, NULL) != WR_OK || wr_logdisk_run(l.disk) != WR_OK)
            return 1;
        by_rate(&l, rate, seconds);
        wr_ledger_stop(l.ledger);
        usleep(500000); /* the writer takes in the last ones */
        wr_logdisk_halt(l.disk);
        report(&l, seconds);
    }
    wr_logdisk_close(l.disk, &now);
    wr_ledger_destroy(l.ledger);
    free(l.line);
    return 0;
}
