/* SPDX-License-Identifier: Apache-2.0 */
/* The local names of a story: zones and records as text, compiled with weir's own builder. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dns/codes.h"
#include "dns/present.h"
#include "resolve/special.h"
#include "story.h"

#define ZONES   200
#define RECORDS 64

struct story_names {
    struct wr_local_zone zone[ZONES];
    struct wr_name zone_name[ZONES];
    struct wr_local_record record[RECORDS];
    struct wr_name owner[RECORDS];
    uint8_t rdata[RECORDS][512];
    uint32_t zones, records;
    void *block;
};

static int add_zone(struct story_names *n, const char *text, bool transparent)
{
    struct wr_name *name = &n->zone_name[n->zones];
    if (n->zones == ZONES || wr_name_from_text(text, strlen(text), name) != 0) {
        return -1;
    }
    n->zone[n->zones++] =
        (struct wr_local_zone){.name = name->wire,
                               .kind = transparent ? WR_LOCAL_TRANSPARENT : WR_LOCAL_AUTHORITATIVE,
                               .parent_has_ds = true,
                               .ede = WR_EDE_NONE,
                               .ttl = 3600,
                               .negative_ttl = 10};
    return 0;
}

static int add_record(struct story_names *n, char **words, unsigned count)
{
    struct wr_local_record *r = &n->record[n->records];
    struct wr_name *owner = &n->owner[n->records];
    struct wr_writer w;
    char text[600] = "";
    if (n->records == RECORDS || count < 4 ||
        wr_name_from_text(words[0], strlen(words[0]), owner) != 0 ||
        wr_codes_type_from_text(words[2], strlen(words[2]), &r->type) != 0) {
        return -1;
    }
    for (unsigned i = 3; i < count; i++) {
        strncat(text, words[i], sizeof(text) - strlen(text) - 2);
        strcat(text, " ");
    }
    wr_buf_write_init(&w, n->rdata[n->records], sizeof(n->rdata[0]));
    if (wr_present_read_rdata(text, strlen(text), r->type, NULL, &w, NULL) != 0) {
        return -1;
    }
    r->owner = owner->wire;
    r->rdata = n->rdata[n->records];
    r->size = (uint16_t)w.pos;
    r->ttl = (uint32_t)strtoul(words[1], NULL, 10);
    r->segments = WR_LOCAL_EVERYONE;
    n->records++;
    return 0;
}

static void add_special(struct story_names *n)
{
    const struct wr_special_row *rows;
    size_t count = wr_special_rows(&rows);
    for (size_t i = 0; i < count && n->zones < ZONES; i++) {
        struct wr_name *name = &n->zone_name[n->zones];
        wr_special_name(&rows[i], name);
        n->zones += wr_special_zone(&rows[i], name, &n->zone[n->zones]);
        assert(n->records + WR_SPECIAL_RECORDS_MAX <= RECORDS);
        n->records += wr_special_records(&rows[i], &n->record[n->records]);
    }
}

int story_names_setting(struct story *s, char **words, unsigned count)
{
    bool zone = strcmp(words[0], "zone") == 0 && count >= 2;
    bool record = strcmp(words[0], "record") == 0, special = strcmp(words[0], "special") == 0;
    if (!zone && !record && !special) {
        return -1;
    }
    if (!s->names) {
        s->names = calloc(1, sizeof *s->names);
        assert(s->names);
    }
    if (special) {
        add_special(s->names);
        return 0;
    }
    return zone ? add_zone(s->names, words[1], count > 2 && strcmp(words[2], "transparent") == 0)
                : add_record(s->names, words + 1, count - 1);
}

static void rejected(void *user, uint32_t record, enum wr_local_reject why)
{
    struct story *s = user;
    snprintf(s->error, sizeof s->error, "record %u: %s", record + 1, wr_local_reject_text(why));
}

void story_names_compile(struct story *s)
{
    struct story_names *n = s->names;
    if (!n) {
        return;
    }
    struct wr_local_input in = {.zone = n->zone,
                                .zones = n->zones,
                                .record = n->record,
                                .records = n->records,
                                .key = {{1, 2}},
                                .reject = rejected,
                                .user = s};
    size_t size = wr_local_size(&in);
    n->block = malloc(size);
    int err = n->block ? wr_local_build(n->block, size, &in, &s->gate.local) : -1;
    assert(err == 0);
}

void story_names_free(struct story *s)
{
    if (s->names) {
        free(s->names->block);
        free(s->names);
        s->names = NULL;
    }
}
