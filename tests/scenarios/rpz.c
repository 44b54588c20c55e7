/* SPDX-License-Identifier: Apache-2.0 */
/* The response policy zones of a story: lines of zone text, compiled as the daemon does. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conf/record.h"
#include "policy/rpzbuild.h"
#include "story.h"

#define ZONES   4
#define RECORDS 32

struct rpz_record {
    struct wr_name owner;
    uint8_t rdata[600];
    struct wr_rpzbuild_record r;
};

struct rpz_zone {
    struct wr_name name;
    struct rpz_record record[RECORDS];
    uint32_t records;
    void *block;
};

struct story_rpz {
    struct rpz_zone zone[ZONES];
    struct wr_rpz_use use[ZONES];
    unsigned zones;
};

/* "zone NAME [disabled]" begins one; each other line is a record of it. */
static int begin(struct story_rpz *p, const char *text)
{
    struct wr_rpz_use *use = &p->use[p->zones];
    size_t n = strcspn(text, " ");
    if (p->zones == ZONES || wr_name_from_text(text, n, &p->zone[p->zones].name) != 0) {
        return -1;
    }
    use->label = (uint16_t)(p->zones + 1);
    use->ede = WR_EDE_NONE;
    use->override =
        strcmp(text + n, " disabled") == 0 ? WR_RPZ_OVERRIDE_DISABLED : WR_RPZ_OVERRIDE_NONE;
    p->zones++;
    return 0;
}

int story_rpz_setting(struct story *s, const char *line)
{
    if (!s->rpz) {
        s->rpz = calloc(1, sizeof *s->rpz);
        assert(s->rpz);
    }
    if (strncmp(line, "zone ", 5) == 0) {
        return begin(s->rpz, line + 5);
    }
    struct rpz_zone *z = s->rpz->zones > 0 ? &s->rpz->zone[s->rpz->zones - 1] : NULL;
    struct wr_record_line read;
    size_t column;
    const char *why;
    if (!z || z->records == RECORDS) {
        return -1;
    }
    struct rpz_record *r = &z->record[z->records];
    if (wr_record_line_read(line, strlen(line), z->name.wire, 60, r->rdata, sizeof r->rdata, &read,
                            &column, &why) != 0) {
        return -1;
    }
    r->owner = read.owner;
    r->r = (struct wr_rpzbuild_record){
        .ttl = read.ttl, .line = ++z->records, .type = read.type, .size = read.size};
    return 0;
}

static void get(const void *user, uint32_t i, struct wr_rpzbuild_record *ret)
{
    const struct rpz_zone *z = user;
    *ret = z->record[i].r;
    ret->owner = z->record[i].owner.wire;
    ret->rdata = z->record[i].rdata;
}

void story_rpz_compile(struct story *s)
{
    static const struct wr_hash_key key = {{5, 6}};
    struct story_rpz *p = s->rpz;
    for (unsigned i = 0; p && i < p->zones; i++) {
        struct rpz_zone *z = &p->zone[i];
        struct wr_rpzbuild_input in = {
            .zone = z->name.wire, .records = z->records, .key = key, .record = get, .user = z};
        size_t size = wr_rpzbuild_size(&in);
        z->block = malloc(size);
        int err = z->block ? wr_rpzbuild(z->block, size, &in, &p->use[i].zone) : -1;
        assert(err == 0);
        s->gate.settings.rpz = (struct wr_rpz_zones){.use = p->use, .count = p->zones, .key = key};
    }
}

void story_rpz_free(struct story *s)
{
    for (unsigned i = 0; s->rpz && i < s->rpz->zones; i++) {
        free(s->rpz->zone[i].block);
    }
    free(s->rpz);
    s->rpz = NULL;
}
