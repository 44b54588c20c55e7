/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Story: one scenario file as a struct. The format is ours, modelled on unbound's replay files:
 *
 *   ; first lines: what the story is about, with the RFC
 *   CONFIG                        one setting a line, see read_setting() in reader.c; local names: names.c
 *     upstream 192.0.2.1          (or hint 192.0.2.1: recursion from the root; stub ZONE ADDR, recurse-after yes)
 *     upstream tls://192.0.2.1#name=dns.sealed.net, or https://...   (sealing.c); in ranges and steps it is 192.0.2.1:853, or :443
 *     conf LINE                   a line of a configuration file, for `segments` and `policy` (rules.c)
 *     rpz zone NAME [disabled]    begins a response policy zone, and rpz RECORD is one of its records (rpz.c)
 *     encryption required         plain servers are not asked; a name that can be read on the way ends the story
 *   CONFIG_END
 *   SCENARIO_BEGIN title
 *   RANGE_BEGIN 0 100             what servers say while steps 0 to 100 are played
 *     ADDRESS 192.0.2.1           (several lines: the same for each)
 *     ENTRY_BEGIN
 *     MATCH ...                   which queries: default qname qtype; any, subdomain, tcp, udp, edns, noedns, do, nodo,
 *                                 cd, nocd, cookie, nocookie, servercookie, times=N (only the first N)
 *     ADJUST ...                  wrong_id lower_case elsewhere=ADDR question=NAME cookie other_cookie garbage reset loop
 *     REPLY QR AA TC RD RA AD CD, an RCODE, EDE=n, NOEDNS, DELAY=50ms, SILENT   default: QR RA NOERROR, RD and CD copied
 *     SECTION QUESTION            then ANSWER, AUTHORITY, ADDITIONAL; records as `name ttl IN TYPE rdata`
 *     ENTRY_END                   (TXT "%3000" is 3000 octets of text)
 *   RANGE_END
 *   STEP 1 QUERY [ADDRESS=10.0.0.5] [TCP] [PORT=n] [TIMES=n] [EVERY=10ms] [NUMBERED]
 *   ENTRY_BEGIN ... ENTRY_END     REPLY RD CD DO EDNS=size COOKIE=hex ECS NSID ID=n QDCOUNT=n, an opcode; or RAW hex
 *   STEP 2 CHECK_ANSWER [OF=1]    waits for the reply to the last (or named) QUERY step and compares it
 *   ENTRY_BEGIN ... ENTRY_END     MATCH all | rcode flags question answer; and ttl; REPLY also: EDE=n NOEDE EDNS NOEDNS
 *                                 COOKIE NOCOOKIE WITHIN=400ms AFTER=1800ms SIZE=512 (at most)
 *   STEP 3 CHECK_SILENT [OF=1]    no reply has come, and none comes within five seconds
 *   STEP 4 CHECK_COUNT answered|truncated|refused|failed|silent >= n [OF=1]   of a QUERY with TIMES
 *   STEP 5 CHECK_SENT ADDR n [TCP] (also >= n, <= n)   questions that server got since the last CHECK_SENT of it
 *   STEP 6 TIME_PASSES 30s
 *   STEP 7 CUT ADDR [unreachable: by ICMP | no-route | no-descriptors] / RESTORE ADDR / REFUSE_TCP ADDR / LINK / RESTART
 *   STEP 8 SHOWS ADDR good|expired|elsewhere|portal|thief   which certificate (tests/sim/veil.h) an encrypted server has from now on
 *   STEP 9 HANG ADDR              connections that are there now hear and say nothing any more
 *   STEP 10 FIREWALL grants       what it says to asks for leases from now on (leases.c): grants (at once, as in the beginning), none (a bound is
 *                                 reached), refuses, silent, slow (when nobody waits any more)
 *   STEP 11 CHECK_ASKED n [LEASE=198.51.100.7 FOR=120s]   addresses it was asked for since the last CHECK_ASKED; one of the last ask
 *   SCENARIO_END
 */
#ifndef WEIR_SCENARIOS_STORY_H
#define WEIR_SCENARIOS_STORY_H

#include <stdio.h>

#include "gate.h"
#include "wire.h"

struct net_stream;
struct story_names;
struct story_rpz;
struct story_rules;
struct story_sealing;

#define STORY_SERVERS_MAX 16
#define STORY_ENTRIES_MAX 64
#define STORY_STEPS_MAX   64
#define STORY_RRS_MAX     40
#define STORY_ROUTES_MAX  4

enum entry_match {
    MATCH_ANY = 1 << 0,
    MATCH_SUBDOMAIN = 1 << 1,
    MATCH_TCP = 1 << 2,
    MATCH_UDP = 1 << 3,
    MATCH_EDNS = 1 << 4,
    MATCH_NOEDNS = 1 << 5,
    MATCH_DO = 1 << 6,
    MATCH_NODO = 1 << 7,
    MATCH_CD = 1 << 8,
    MATCH_NOCD = 1 << 9,
    MATCH_COOKIE = 1 << 10,
    MATCH_NOCOOKIE = 1 << 11,
    MATCH_SERVERCOOKIE = 1 << 12,
    MATCH_RCODE = 1 << 13,
    MATCH_FLAGS = 1 << 14,
    MATCH_QUESTION = 1 << 15,
    MATCH_ANSWER = 1 << 16,
    MATCH_TTL = 1 << 17,
    MATCH_ALL = MATCH_RCODE | MATCH_FLAGS | MATCH_QUESTION | MATCH_ANSWER
};

enum entry_adjust {
    ADJUST_WRONG_ID = 1 << 0,
    ADJUST_LOWER_CASE = 1 << 1,
    ADJUST_COOKIE = 1 << 2,
    ADJUST_OTHER_COOKIE = 1 << 3,
    ADJUST_GARBAGE = 1 << 4,
    ADJUST_RESET = 1 << 5,
    ADJUST_LOOP = 1 << 6, /* sends the question back to the gateway, as a client */
    ADJUST_SILENT = 1 << 7
};

struct story_rr {
    uint8_t section;
    uint16_t type, size;
    uint32_t ttl;
    uint8_t owner[WIRE_NAME_SIZE];
    uint8_t *rdata; /* malloc */
};

struct story_entry {
    unsigned line;
    unsigned first_step, last_step, servers; /* of its range; servers: bits */
    unsigned match, adjust, times, used;
    uint16_t flags, rcode, opcode;
    bool flags_given;
    uint8_t qname[WIRE_NAME_SIZE];
    uint8_t other[WIRE_NAME_SIZE]; /* ADJUST question= */
    bool has_question, has_other, has_elsewhere;
    uint16_t qtype, qclass, id, qdcount;
    struct wr_addr elsewhere;
    struct wire_edns edns;
    int edns_want; /* -1 must not, 0 do not care, 1 must */
    int ede_want, cookie_want;
    uint64_t delay_us, within_us, after_us;
    size_t size_most;
    unsigned sections; /* bits of the sections that were written down */
    unsigned rrs;
    struct story_rr rr[STORY_RRS_MAX];
    uint8_t *raw;
    size_t raw_size;
};

enum step_kind {
    STEP_QUERY = 1,
    STEP_CHECK_ANSWER,
    STEP_CHECK_SILENT,
    STEP_CHECK_COUNT,
    STEP_CHECK_SENT,
    STEP_TIME_PASSES,
    STEP_CUT,
    STEP_RESTORE,
    STEP_REFUSE_TCP,
    STEP_LINK,
    STEP_RESTART,
    STEP_SHOWS,
    STEP_HANG,
    STEP_FIREWALL,
    STEP_CHECK_ASKED
};

struct story_step {
    unsigned line, number, of;
    enum step_kind kind;
    struct wr_addr addr;
    struct wr_addr lease; /* CHECK_ASKED */
    bool tcp, unreachable, numbered;
    enum wr_lost lost; /* CUT: why, where it is unreachable */
    uint16_t port;
    unsigned times;
    uint64_t time_us;
    char what[16], compare[4];
    uint64_t count;
    struct story_entry *entry;
};

/* What the firewall says to an ask. */
enum story_leases_say {
    STORY_LEASES_GRANTS = 0,
    STORY_LEASES_NONE,
    STORY_LEASES_REFUSES,
    STORY_LEASES_SILENT,
    STORY_LEASES_SLOW
};

struct story_leases {
    enum story_leases_say says;
    unsigned asked; /* addresses since the last look */
    struct wr_lease_ask last;
};

struct story {
    char path[512], title[160], error[1000];
    unsigned servers, entries, steps;
    struct wr_addr server[STORY_SERVERS_MAX];
    struct story_entry *entry[STORY_ENTRIES_MAX];
    struct story_step step[STORY_STEPS_MAX];
    struct gate gate; /* settings only */
    struct wr_route route[STORY_ROUTES_MAX];
    struct wr_ttl_rule rule[4];
    struct story_names *names;     /* local names, or NULL */
    struct story_rules *rules;     /* segments and rules, or NULL */
    struct story_rpz *rpz;         /* response policy zones, or NULL */
    struct story_leases leases;    /* the firewall */
    struct story_sealing *sealing; /* encrypted upstreams, or NULL */
    struct wr_prefix dns64_exclude, dns64_only_for;
};

/* Local names of a story (names.c): "zone NAME [transparent]", "record OWNER TTL TYPE RDATA", "special". 0, or -1: not understood. */
int story_names_setting(struct story *s, char **words, unsigned count);
void story_names_compile(struct story *s); /* into s->gate.local */
void story_names_free(struct story *s);

/* Segments and rules of a story (rules.c): lines of a configuration file behind the word "conf". -1: too many of them. */
int story_rules_setting(struct story *s, const char *line);
void story_rules_compile(struct story *s); /* into s->gate.settings; s->error says what is wrong */
void story_rules_free(struct story *s);
/* Response policy zones (rpz.c): lines behind the word "rpz". -1: what that means is not known. */
int story_rpz_setting(struct story *s, const char *line);
void story_rpz_compile(struct story *s);
void story_rpz_free(struct story *s);

/* The firewall (leases.c). False: the word is not known. */
bool story_leases_says(struct story *s, const char *what);
/* What it says to this ask, and when; false: nothing. */
bool story_leases_asked(struct story *s, const struct wr_lease_ask *ask,
                        struct wr_lease_said *ret_said, uint64_t *ret_delay_us);
/* Was this address in the last ask, and for how long? */
bool story_leases_has(const struct story *s, const struct wr_addr *addr, uint32_t *ret_for_s);

/* Encrypted upstreams of a story (sealing.c). False: the URL is no encrypted one that can be read; else `ret_addr` is where the server is. */
bool story_sealing_reads(struct story *s, const char *url, struct wr_addr *ret_addr);
/* The upstream that the gate was given last is that one. */
void story_sealing_prove(struct story *s);
void story_sealing_free(struct story *s);
/* Which certificate the server shows from now on; false: there is no such one. */
bool story_sealing_show(struct story *s, unsigned server, const char *what);
/* A stream to this server is up: an encrypted one gets its line. */
void story_sealing_up(struct story *s, unsigned server, struct net_stream *st);
/* A name of the story's queries that can be read in these octets, or NULL. */
const char *story_sealing_readable(const struct story *s, const uint8_t *bytes, size_t size);

/* Does the entry say something to this query? (speak.c) */
bool story_entry_matches(const struct story_entry *e, const struct wire_msg *q, bool tcp);
/* Writes that. */
void story_write_reply(struct wire_out *out, const struct story_entry *e, const struct wire_msg *q,
                       bool tcp);

/* 0, or -1 with story->error. */
int story_read(struct story *s, const char *path);
void story_free(struct story *s);
/* Plays it; 0, or -1 with story->error. `verbose` tells each move. */
int story_play(struct story *s, bool verbose);
/* Is the reply what the entry says? NULL, or what is different. */
const char *story_compare(const struct story_entry *want, const struct wire_msg *got, char *room,
                          size_t cap);

#endif
