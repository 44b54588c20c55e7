/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the validator: a question, what is said to it, and what is expected of the verdict. The rest of the world is
 * server.h's.
 *
 *     begin(); question("a.sec.", WR_TYPE_A, 0); say("sec.", "a.sec.", WR_TYPE_A); SECURE(); end();
 */
#ifndef WEIR_TESTS_JUDGE_H
#define WEIR_TESTS_JUDGE_H

#include "unit/dnssec/server.h"

#include "dnssec/chain.h"

static struct bench b;
static struct server s;
static struct wr_chain ch;
static struct wr_chain_ask ask;
static struct wr_name qname;
static struct wr_rrset answer[SERVER_SETS], authority[SERVER_SETS];
static struct world_copy *answer_copy[SERVER_SETS];

static inline void begin(void)
{
    bench_open(&b, 64);
    memset(&s, 0, sizeof(s));
    wr_chain_init(&ch, &b.env);
}

static inline void end(void)
{
    wr_chain_stop(&ch);
    server_end(&s);
    bench_close(&b);
}

static inline void question(const char *name, uint16_t type, uint16_t rcode)
{
    qname = world_name(name);
    memset(&ask, 0, sizeof(ask));
    ask.qname = qname.wire;
    ask.qtype = type;
    ask.rcode = rcode;
    ask.answer = answer;
    ask.authority = authority;
}

static inline struct world_copy *say(const char *zone, const char *owner, uint16_t type)
{
    struct wr_name z = world_name(zone), o = world_name(owner);
    struct world_set *w = world_find(z.wire, o.wire, type);
    struct world_copy *c;

    if (!w) {
        fail_msg("no set %s %u in %s", owner, type, zone);
    }
    c = server_copy(&s, w);
    answer_copy[ask.answers] = c;
    answer[ask.answers++] = c->set;
    return c;
}

/* A set of the answer as the wildcard would give it. */
static inline void say_as(const char *zone, const char *owner, uint16_t type, const char *name)
{
    struct world_copy *c = say(zone, owner, type);

    world_rename(c, name);
}

static inline void say_unsigned(const char *owner, uint16_t type, const char *text)
{
    struct world_copy *c = calloc(1, sizeof(*c));
    uint8_t rdata[512];
    struct wr_writer w;

    s.copies[s.copy_count++] = c;
    wr_buf_write_init(&w, rdata, sizeof(rdata));
    assert_int_equal(wr_present_read_rdata(text, strlen(text), type, NULL, &w, NULL), WR_OK);
    c->owner = world_name(owner);
    c->set = (struct wr_rrset){.owner = c->owner.wire,
                               .type = type,
                               .class_ = WR_CLASS_IN,
                               .ttl = 300,
                               .data = c->data,
                               .records = 1};
    c->set.size = world_pack(c->data, 0, rdata, w.pos);
    answer_copy[ask.answers] = c;
    answer[ask.answers++] = c->set;
}

/* SOA and NSEC or NSEC3 of a zone around a name. */
static inline void deny(const char *zone, const char *name)
{
    struct wr_name z = world_name(zone), n = world_name(name);

    server_put_denial(&s, z.wire, n.wire, authority, &ask.authorities, true);
}

static inline uint8_t judge(void)
{
    memset(&b.work, 0, sizeof(b.work));
    s.log[0] = 0;
    wr_chain_start(&ch, &ask, &b.work);
    for (unsigned steps = 0;; steps++) {
        uint32_t checks = b.work.checks;
        enum wr_dnssec_action got = wr_chain_step(&ch, &b.now);
        struct wr_dnssec_reply reply;

        assert_true(b.work.checks - checks <= 1); /* one a step, whatever comes */
        assert_true(steps < 5000);
        if (got == WR_DNSSEC_DONE) {
            return ch.verdict.security;
        }
        if (got == WR_DNSSEC_FETCH) {
            server_reply(&s, &ch.fetch, &reply);
            wr_chain_feed(&ch, &reply);
        }
    }
}

static inline void expect(uint8_t want, int ede)
{
    uint8_t got = judge();

    if (got != want || ch.verdict.ede != ede) {
        char name[WR_NAME_TEXT_SIZE];

        wr_name_to_text(qname.wire, name, sizeof(name));
        fail_msg("%s type %u: %u ede %d (%s), wanted %u ede %d", name, ask.qtype, got,
                 ch.verdict.ede, ch.verdict.reason, want, ede);
    }
}

#define SECURE()   expect(WR_SECURITY_SECURE, WR_EDE_NONE)
#define INSECURE() expect(WR_SECURITY_INSECURE, WR_EDE_NONE)

#endif
