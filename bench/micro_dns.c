/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire format, alone: nanoseconds per call, in one thread.
 *
 *     build/release/bench/micro_dns [rounds]
 *
 * Times are of the processor (CLOCK_PROCESS_CPUTIME_ID); each line is the best of seven runs, so that what
 * others do on the machine counts little. The query and the answers are those of a home: one question
 * with an OPT and a cookie; one A record; a CNAME with two addresses; a referral with glue.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "dns/build.h"
#include "dns/msg.h"
#include "dns/rdata.h"

#define RUNS 7

static volatile uint64_t sink;
static uint8_t query[512], plain[512], referral[512], room[4096];
static uint8_t hostile[WR_MSG_MAX], hostile_room[WR_MSG_MAX];
static size_t hostile_size;
static size_t query_size, plain_size, referral_size;
static struct wr_name www, web, zone, ns;

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(const char *what, void (*call)(void), unsigned rounds)
{
    double best = 1e18;

    for (unsigned run = 0; run < RUNS; run++) {
        double start = now_ns();
        double took;

        for (unsigned i = 0; i < rounds; i++) {
            call();
        }
        took = (now_ns() - start) / rounds;
        best = took < best ? took : best;
    }
    printf("%-44s %7.1f ns\n", what, best);
}

static void start_answer(struct wr_build *b, const struct wr_name *name)
{
    wr_build_start(b, room, 1232, 0x1234, WR_FLAG_QR | WR_FLAG_RD | WR_FLAG_RA);
    wr_build_question(b, name->wire, WR_TYPE_A, WR_CLASS_IN);
}

static void put_a(struct wr_build *b, enum wr_section section, const struct wr_name *owner)
{
    static const uint8_t address[4] = {192, 0, 2, 1};

    if (wr_build_rr(b, section, owner->wire, WR_TYPE_A, WR_CLASS_IN, 60, address, 4)) {
        abort();
    }
}

static void build_hit(void)
{
    struct wr_build b;

    start_answer(&b, &www);
    put_a(&b, WR_SECTION_ANSWER, &www);
    sink += wr_build_finish(&b, 0);
}

static void build_hit_opt(void)
{
    static const struct wr_build_opt opt = {.udp_size = 1232, .ede = WR_EDE_NONE};
    struct wr_build b;

    start_answer(&b, &www);
    b.reserve = wr_build_opt_size(&opt);
    put_a(&b, WR_SECTION_ANSWER, &www);
    (void)wr_build_opt(&b, &opt, 0);
    sink += wr_build_finish(&b, 0);
}

static void build_chain(void)
{
    struct wr_build b;

    start_answer(&b, &www);
    (void)wr_build_rr(&b, WR_SECTION_ANSWER, www.wire, WR_TYPE_CNAME, 1, 60, web.wire, web.size);
    put_a(&b, WR_SECTION_ANSWER, &web);
    put_a(&b, WR_SECTION_ANSWER, &web);
    sink += wr_build_finish(&b, 0);
}

static void build_referral(void)
{
    struct wr_build b;

    start_answer(&b, &www);
    (void)wr_build_rr(&b, WR_SECTION_AUTHORITY, zone.wire, WR_TYPE_NS, 1, 60, ns.wire, ns.size);
    put_a(&b, WR_SECTION_ADDITIONAL, &ns);
    sink += wr_build_finish(&b, 0);
}

static void parse_query(void)
{
    struct wr_msg m;

    sink += (uint64_t)wr_msg_parse_query(&m, query, query_size) + m.qtype;
}

static void parse_plain_query(void)
{
    struct wr_msg m;

    sink += (uint64_t)wr_msg_parse_query(&m, plain, plain_size) + m.qtype;
}

static void parse_whole(void)
{
    struct wr_msg m;

    sink += (uint64_t)wr_msg_parse(&m, query, query_size) + m.qtype;
}

static void parse_and_expand(void)
{
    struct wr_msg m;

    if (wr_msg_parse(&m, referral, referral_size)) {
        abort();
    }
    for (unsigned section = 0; section < 3; section++) {
        struct wr_msg_walk walk = wr_msg_walk(&m, section);
        struct wr_msg_rr rr;

        while (wr_msg_next(&walk, &rr)) {
            struct wr_reader r = wr_msg_reader(&m, rr.rdata);
            struct wr_writer w;

            wr_buf_write_init(&w, room, sizeof(room));
            sink += (uint64_t)wr_rdata_expand(&r, rr.type, rr.rdlength, &w) + w.pos;
        }
    }
}

/* The dearest message we know of: every owner is a pointer to one of two names of 127 labels. */
static void parse_hostile(void)
{
    struct wr_msg m;

    sink += (uint64_t)wr_msg_parse(&m, hostile, hostile_size);
}

static void make_hostile(void)
{
    size_t at = 12;

    for (unsigned i = 0; i < 127; i++, at += 2) {
        hostile[at] = 1;
        hostile[at + 1] = 'x';
    }
    hostile[at] = 0;
    hostile[2] = 0x80;
    hostile[5] = 1;
    at += 5;
    hostile[at - 3] = hostile[at - 1] = 1;
    for (unsigned i = 0; at + 12 <= sizeof(hostile) && i < WR_MSG_RECORDS_MAX; i++, at += 12) {
        hostile[at] = 0xc0;
        hostile[at + 1] = i % 2 ? 12 : 14;
        hostile[at + 3] = hostile[at + 5] = 1;
        hostile[6] = (uint8_t)((i + 1) >> 8);
        hostile[7] = (uint8_t)(i + 1);
    }
    hostile_size = at;
}

/* Labels that all fall into one chain of the builder's tree and differ in the middle only. */
static void build_hostile(void)
{
    struct wr_name name = {.size = 19};
    struct wr_build b;

    memcpy(name.wire,
           "\x11"
           "aaaaaaaa0bbbbbbbb",
           19);
    wr_build_start(&b, hostile_room, sizeof(hostile_room), 1, WR_FLAG_QR);
    for (unsigned i = 0; i < 128; i++) {
        name.wire[9] = (uint8_t)(128 + i);
        put_a(&b, WR_SECTION_ANSWER, &name);
    }
    sink += wr_build_finish(&b, 0);
}

static void hash_name(void)
{
    static const struct wr_hash_key key = {{1, 2}};

    sink += wr_name_hash(&key, www.wire);
}

static void equal_names(void)
{
    sink += wr_name_equal(www.wire, plain + WR_MSG_HEADER_SIZE);
}

static void make_inputs(void)
{
    struct wr_build b;
    struct wr_build_opt opt = {.udp_size = 1232,
                               .ede = WR_EDE_NONE,
                               .cookie = (const uint8_t *)"12345678",
                               .cookie_size = 8};

    (void)wr_name_from_text("www.device-cloud.example.com", 28, &www);
    (void)wr_name_from_text("web.device-cloud.example.com", 28, &web);
    (void)wr_name_from_text("example.com", 11, &zone);
    (void)wr_name_from_text("ns1.example.com", 15, &ns);
    wr_build_start(&b, query, sizeof(query), 1, WR_FLAG_RD);
    wr_build_question(&b, www.wire, WR_TYPE_A, WR_CLASS_IN);
    (void)wr_build_opt(&b, &opt, 0);
    query_size = wr_build_finish(&b, 0);
    wr_build_start(&b, plain, sizeof(plain), 1, WR_FLAG_RD);
    wr_build_question(&b, www.wire, WR_TYPE_A, WR_CLASS_IN);
    plain_size = wr_build_finish(&b, 0);
    build_referral();
    start_answer(&b, &www);
    (void)wr_build_rr(&b, WR_SECTION_AUTHORITY, zone.wire, WR_TYPE_NS, 1, 60, ns.wire, ns.size);
    put_a(&b, WR_SECTION_ADDITIONAL, &ns);
    referral_size = wr_build_finish(&b, 0);
    memcpy(referral, room, referral_size);
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 300000;

    make_inputs();
    make_hostile();
    measure("parse_query, with OPT and cookie", parse_query, rounds);
    measure("parse_query, without OPT", parse_plain_query, rounds);
    measure("parse, the same query with OPT and cookie", parse_whole, rounds);
    measure("parse, walk and expand a referral", parse_and_expand, rounds);
    measure("build: question and one A", build_hit, rounds);
    measure("build: question, one A and OPT", build_hit_opt, rounds);
    measure("build: question, CNAME and two A", build_chain, rounds);
    measure("build: question, NS and its A", build_referral, rounds);
    measure("name_hash, 30 octets", hash_name, rounds);
    measure("name_equal, 30 octets", equal_names, rounds);
    printf("%zu octets, %u records of hostile names: ", hostile_size, hostile[6] << 8 | hostile[7]);
    measure("parse", parse_hostile, rounds / 1000 + 1);
    measure("build: 128 names that collide", build_hostile, rounds / 100 + 1);
    return 0;
}
