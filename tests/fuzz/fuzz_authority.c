/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone "z." from lines of zone text, as a stranger's primary might have sent it, and questions for every owner in it, the names right
 * below, and where it says that names lead. The first line is the question's type and whether DNSSEC is wanted. Promised: each name of the zone is
 * answered or does not fit; the answer is a well-formed message with the question in it, of a class that the iterator knows; a chain has no more links than
 * are allowed; an owner that nothing hides exists.
 */
#include "fuzz.h"

#include "base/err.h"
#include "conf/record.h"
#include "dns/codes.h"
#include "resolve/authority.h"
#include "resolve/classify.h"
#include "resolve/scrub.h"

#define RECORDS 64

static const uint8_t apex[] = "\1z";

struct taken {
    struct wr_name owner[RECORDS];
    uint8_t rdata[RECORDS][600];
    uint32_t ttl[RECORDS];
    uint16_t type[RECORDS], size[RECORDS];
    uint32_t records;
};

static struct taken t;
static uint8_t room[WR_MSG_MAX];

static void take_line(const char *text, size_t n)
{
    struct wr_record_line r;
    size_t column = 0;
    const char *why = NULL;
    uint32_t i = t.records;
    if (wr_record_line_read(text, n, apex, 60, t.rdata[i], sizeof(t.rdata[i]), &r, &column, &why)) {
        return;
    }
    t.owner[i] = r.owner;
    t.ttl[i] = r.ttl;
    t.type[i] = r.type;
    t.size[i] = r.size;
    t.records++;
}

/* What is believed of it: no more than of a server. */
static void scrub(const struct wr_msg *msg)
{
    static uint64_t block[(2 * WR_RRSET_SIZE_MAX + 32768) / 8];
    static struct wr_answer answer;
    const struct wr_scrub what = {.qname = msg->qname.wire,
                                  .qtype = msg->qtype,
                                  .bailiwick = apex,
                                  .rank = WR_RANK_AUTH_ANSWER};
    enum wr_response kind;
    struct wr_arena arena;
    wr_arena_init(&arena, block, sizeof(block));
    if (wr_scrub(msg, &what, &arena, &answer, &kind) != WR_OK) {
        return;
    }
    for (unsigned i = 0; i < answer.answers; i++) {
        promise(wr_name_in(answer.answer[i].owner, apex) &&
                wr_rrset_check(&answer.answer[i]) == WR_OK);
    }
    for (unsigned i = 0; i < answer.authorities; i++) {
        promise(wr_name_in(answer.authority[i].owner, apex));
    }
}

static void ask(const struct wr_zoneindex *z, const uint8_t *name, uint16_t type, bool dnssec_ok)
{
    static const size_t caps[] = {WR_MSG_MAX, 600};
    for (unsigned i = 0; i < 2; i++) {
        struct wr_msg msg;
        size_t size = 0;
        int err = wr_authority_answer(z, name, type, dnssec_ok, room, caps[i], &size);
        promise(err == WR_OK || err == WR_E_FULL ||
                (err == WR_E_NOTFOUND && !wr_name_in(name, apex)));
        if (err) {
            continue;
        }
        promise(size <= caps[i] && wr_msg_parse(&msg, room, size) == WR_OK);
        promise(wr_name_equal(msg.qname.wire, name) && msg.qtype == type);
        promise(wr_classify(&msg, name, type) <= WR_RESPONSE_REFERRAL);
        struct wr_msg_walk walk = wr_msg_walk(&msg, WR_SECTION_ANSWER);
        struct wr_msg_rr rr;
        unsigned links = 0;
        while (wr_msg_next(&walk, &rr)) {
            links += rr.type == WR_TYPE_CNAME && type != WR_TYPE_CNAME && type != WR_TYPE_ANY;
        }
        promise(links <= WR_AUTHORITY_CHAIN_MAX);
        scrub(&msg);
    }
}

static void ask_around(const struct wr_zoneindex *z, uint32_t i, uint16_t type, bool dnssec_ok)
{
    static const uint8_t *const labels[] = {(const uint8_t *)"\1*", (const uint8_t *)"\3new"};
    const uint8_t *owner = t.owner[i].wire;
    struct wr_name near;
    struct wr_zoneindex_hit hit;
    for (unsigned up = 0; up <= wr_name_labels(owner); up++) {
        ask(z, wr_name_skip_labels(owner, up), type, dnssec_ok);
    }
    ask(z, owner, t.type[i], dnssec_ok);
    for (unsigned k = 0; k < 2; k++) {
        if (wr_name_prepend(labels[k], owner, &near) == WR_OK) {
            ask(z, near.wire, type, dnssec_ok);
        }
    }
    wr_zoneindex_find(z, owner, true, &hit);
    bool proof = t.type[i] == WR_TYPE_NSEC3 || t.type[i] == WR_TYPE_RRSIG;
    promise(proof || hit.kind != WR_ZONEINDEX_NONE);
    promise(hit.kind != WR_ZONEINDEX_EMPTY || proof);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct wr_zoneindex *z;
    if (size < 2) {
        return 0;
    }
    bool dnssec_ok = (data[1] & 1) != 0;
    uint16_t type = data[0];
    memset(&t, 0, sizeof(t));
    while (size > 0 && t.records < RECORDS) {
        const char *end = memchr(text, '\n', size);
        size_t n = end ? (size_t)(end - text) : size;
        if (text != (const char *)data) {
            take_line(text, n);
        }
        n += end != NULL;
        text += n;
        size -= n;
    }
    void *block = malloc(wr_zoneindex_size(t.records));
    if (!block) {
        return 0;
    }
    wr_zoneindex_start(&z, block, t.records, apex);
    for (uint32_t i = 0; i < t.records; i++) {
        promise(wr_zoneindex_add(z, t.owner[i].wire, t.type[i], t.ttl[i], t.rdata[i], t.size[i]) ==
                WR_OK);
    }
    if (wr_zoneindex_end(z) == WR_OK) {
        for (uint32_t i = 0; i < t.records; i++) {
            if (wr_name_in(t.owner[i].wire, apex)) {
                ask_around(z, i, type, dnssec_ok);
            }
        }
    }
    free(block);
    return 0;
}
