/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response policy zone as a stranger sends it: each piece of the input is one record (a octet that says what kind of
 * owner, octets of labels, octets that say the type and the data). Promised: what was taken as a trigger matches the name or the
 * address that it is, with an action; a set that is given is well formed; the block is never passed.
 */
#include "fuzz.h"

#include "base/err.h"
#include "dns/codes.h"
#include "policy/rpzbuild.h"

#define RECORDS 48

static const uint8_t apex[] = "\3rpz";
static const struct wr_hash_key key = {{1, 2}};

struct taken {
    struct wr_name owner[RECORDS];
    uint8_t rdata[RECORDS][WR_NAME_MAX];
    struct wr_rpzbuild_record record[RECORDS];
    bool rejected[RECORDS];
    uint32_t records;
};

static struct taken t;

static void get(const void *user, uint32_t i, struct wr_rpzbuild_record *ret)
{
    (void)user;
    *ret = t.record[i];
}

static void reject(void *user, uint32_t i, const char *why)
{
    (void)user;
    promise(i < t.records && strlen(why) > 8);
    t.rejected[i] = true;
}

/* Labels of text, split at dots, before the zone's name. */
static bool make_name(const uint8_t *octets, size_t n, const char *behind, struct wr_name *ret)
{
    char text[WR_NAME_TEXT_SIZE];
    int size = snprintf(text, sizeof(text), "%.*s%s", (int)n, (const char *)octets, behind);
    return size > 0 && (size_t)size < sizeof(text) &&
           wr_name_from_text(text, (size_t)size, ret) == WR_OK;
}

static void take(const uint8_t *line, size_t n)
{
    static const char *const behind[] = {".rpz.",
                                         ".rpz-ip.rpz.",
                                         ".rpz-nsip.rpz.",
                                         ".rpz-client-ip.rpz.",
                                         ".rpz-nsdname.rpz.",
                                         "rpz.",
                                         "",
                                         ".rpz-none.rpz."};
    const uint8_t *blank = memchr(line, ' ', n);
    uint32_t i = t.records;
    struct wr_name target;
    if (n < 2 || !blank ||
        !make_name(line + 1, (size_t)(blank - line) - 1, behind[line[0] & 7], &t.owner[i])) {
        return;
    }
    size_t rest = n - (size_t)(blank - line) - 1;
    bool alias = make_name(blank + 1, rest, "", &target);
    uint16_t type = alias ? WR_TYPE_CNAME : (line[0] & 8) != 0 ? WR_TYPE_A : WR_TYPE_TXT;
    size_t size = alias ? target.size : rest < 200 ? rest : 200;
    memcpy(t.rdata[i], alias ? target.wire : blank + 1, size);
    t.record[i] = (struct wr_rpzbuild_record){.owner = t.owner[i].wire,
                                              .rdata = t.rdata[i],
                                              .ttl = line[0],
                                              .line = i + 1,
                                              .type = type,
                                              .size = (uint16_t)size};
    t.records++;
}

/* The trigger as it would be met. */
static void meet(const struct wr_rpz_zones *zones, uint32_t i)
{
    struct wr_rpzowner o;
    struct wr_name name = {.size = 1};
    const uint8_t *server = name.wire;
    uint8_t data[18] = {0};
    struct wr_rrset set = {.data = data, .records = 1, .owner = name.wire};
    struct wr_rpz_facts facts = {.name = name.wire};
    struct wr_rpz_hit hit;
    promise(wr_rpzowner_read(t.owner[i].wire, apex, &o) == NULL);
    if (o.apex) {
        return;
    }
    if (o.kind == WR_RPZ_QNAME || o.kind == WR_RPZ_NSDNAME) {
        size_t at = o.star ? 2 : 0;
        memcpy(name.wire, "\1x", at);
        memcpy(name.wire + at, o.name, o.name_size);
        name.wire[at + o.name_size] = 0;
    }
    if (o.kind == WR_RPZ_NSDNAME) {
        facts.server = &server;
        facts.servers = 1;
        facts.name = (const uint8_t *)"";
    }
    size_t ip = wr_addr_ip_size(&o.prefix.addr);
    set.type = ip == 4 ? WR_TYPE_A : WR_TYPE_AAAA;
    set.size = (uint32_t)(2 + ip);
    data[1] = (uint8_t)ip;
    memcpy(data + 2, o.prefix.addr.ip, ip);
    facts.client = o.kind == WR_RPZ_CLIENT_IP ? &o.prefix.addr : NULL;
    facts.sets = &set;
    facts.set_count = o.kind == WR_RPZ_IP;
    facts.server_addr = &o.prefix.addr;
    facts.server_addrs = o.kind == WR_RPZ_NSIP;
    wr_rpz_answer(zones, &facts, &hit);
    promise(hit.verdict.action != WR_VERDICT_NONE && hit.verdict.line > 0);
    for (uint16_t type = 1; type < 30; type++) {
        struct wr_rpz_room room;
        struct wr_rrset got;
        promise(!wr_rpz_set(&hit, name.wire, type, 0, &room, &got) ||
                wr_rrset_check(&got) == WR_OK);
    }
    wr_rpz_question(zones, &facts, &hit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memset(&t, 0, sizeof(t));
    while (size > 0 && t.records < RECORDS) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t n = end ? (size_t)(end - data) : size;
        take(data, n);
        n += end != NULL;
        data += n;
        size -= n;
    }
    struct wr_rpzbuild_input in = {
        .zone = apex, .records = t.records, .key = key, .record = get, .reject = reject};
    size_t room = wr_rpzbuild_size(&in);
    void *block = malloc(room);
    promise(block != NULL);
    struct wr_rpz_use use = {.label = 1, .ede = WR_EDE_NONE};
    promise(wr_rpzbuild(block, room, &in, &use.zone) == WR_OK && wr_rpz_used(use.zone) <= room);
    struct wr_rpz_zones zones = {.use = &use, .count = 1, .key = key};
    for (uint32_t i = 0; i < t.records; i++) {
        if (!t.rejected[i]) {
            meet(&zones, i);
        }
    }
    free(block);
    return 0;
}
