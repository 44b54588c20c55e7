/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone files: read as a stream, record by record (RFC 1035 section 5, RFC 2308 section 4, RFC 3597 section 5).
 *
 *     wr_zonefile_start(z, &options);
 *     for (;;) {
 *         switch (wr_zonefile_next(z, &event)) {
 *         case WR_ZONEFILE_MORE:    wr_zonefile_feed(z, octets, n);      n == 0: this file is over
 *         case WR_ZONEFILE_RECORD:  event.owner, type, ttl, rdata ...    stored form, valid until the next call
 *         case WR_ZONEFILE_MISTAKE: event.reason, event.place            reading goes on behind it
 *         case WR_ZONEFILE_INCLUDE: wr_zonefile_include(z, id) or wr_zonefile_refuse(z, "why")
 *         case WR_ZONEFILE_END:
 *         }
 *     }
 *
 * The reader opens no file. For $INCLUDE it hands out the path as it is written; whoever has files decides whether it may
 * be opened, gives it a number of his own, and feeds its octets until it is over; then the file around it goes on where it
 * was. Octets that were fed stay with the caller until the same file wants more, so one buffer a level is needed, and
 * WR_ZONEFILE_MORE says with event.place.file whose turn it is. A loop of includes ends at WR_ZONEFILE_DEPTH_MAX, a
 * fan of them at WR_ZONEFILE_INCLUDES_MAX.
 *
 * An entry that is broken is a mistake with its place, and all others are read. A record whose owner is left out behind a
 * broken owner is a mistake too: it is never given to the owner before. What is wrong with a zone as a whole
 * (CNAME beside data, names out of zone) is dns/zonecheck's.
 *
 * TTLs: the record's own; else $TTL; else that of the record before; else that of the options; else, for a SOA
 * record, its last field, with a warning.
 * $TTL stays in force behind the end of an included file; origin and owner do not. $GENERATE (no standard) is a mistake
 * unless the options allow it.
 *
 * Memory: the struct, about 390 KiB, whatever the file's size. Nothing is kept of the records.
 */
#ifndef WR_DNS_ZONEFILE_H
#define WR_DNS_ZONEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "dns/generate.h"
#include "dns/lex.h"
#include "dns/name.h"
#include "dns/zoneentry.h"

enum wr_zonefile_what {
    WR_ZONEFILE_MORE,
    WR_ZONEFILE_RECORD,
    WR_ZONEFILE_MISTAKE,
    WR_ZONEFILE_INCLUDE,
    WR_ZONEFILE_END,
};

struct wr_zonefile_options {
    const uint8_t
        *origin; /* in force until $ORIGIN; NULL: none, then a relative name is a mistake. Copied */
    uint16_t class_; /* of the zone; a record of another is a mistake */
    bool generate;   /* $GENERATE is allowed */
    bool has_ttl;    /* a record that gets its TTL from nowhere else has this one; */
    uint32_t ttl;    /* without it that is a mistake */
};

struct wr_zonefile_place {
    uint32_t file;   /* the number given to wr_zonefile_include; the first file is 0 */
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1, in octets */
};

struct wr_zonefile_event {
    struct wr_zonefile_place place; /* of the record, or of what is wrong */
    /* RECORD */
    const uint8_t *owner;
    const uint8_t *rdata;
    uint16_t rdata_size;
    uint16_t type; /* MISTAKE: of the broken record, or 0 */
    uint16_t class_;
    uint32_t ttl;
    /* MISTAKE */
    const char *reason; /* static text */
    bool warning;       /* the record was taken all the same */
    /* INCLUDE */
    const char *path; /* without NUL inside; ended by one */
};

struct wr_zonefile_level {
    struct wr_zoneentry_source source;
    struct wr_zoneentry entry; /* of the file around */
    struct wr_name origin, owner;
    uint32_t file;
    uint8_t owner_state;
    bool has_origin;
};

struct wr_zonefile {
    struct wr_zonefile_level levels[WR_ZONEFILE_DEPTH_MAX];
    unsigned depth; /* of the file that is read */
    struct wr_zoneentry entry;
    struct wr_zoneentry_text text; /* the entry in work */
    struct wr_lex lex;
    struct wr_name origin, owner;
    uint8_t owner_state; /* none yet, broken, known */
    bool has_origin, has_default, has_last;
    uint8_t state;
    uint16_t class_;
    bool may_generate, has_ttl;
    uint32_t ttl;
    uint32_t default_ttl, last_ttl;
    uint32_t includes;           /* so far */
    uint32_t generated;          /* lines so far */
    struct wr_generate generate; /* the rest of the range in work */
    size_t template_at;          /* in the entry's text */
    size_t asked_at;             /* the path of $INCLUDE in the entry's text, */
    struct wr_name staged;       /* the origin for that file, */
    bool has_staged;
    const char *refused;              /* and why it is not read */
    struct wr_zonefile_event pending; /* a warning told before its record */
    char line[WR_ZONEFILE_LINE_SIZE]; /* a line of $GENERATE, a path */
    uint8_t rdata[WR_MSG_MAX];
    char room[WR_ZONEFILE_ENTRY_MAX];
};

void wr_zonefile_start(struct wr_zonefile *z, const struct wr_zonefile_options *options);
enum wr_zonefile_what wr_zonefile_next(struct wr_zonefile *z, struct wr_zonefile_event *ret_event);
void wr_zonefile_feed(struct wr_zonefile *z, const void *octets, size_t n);
/* The answer to WR_ZONEFILE_INCLUDE; without one the next call of wr_zonefile_next tells a mistake. */
void wr_zonefile_include(struct wr_zonefile *z, uint32_t file);
void wr_zonefile_refuse(struct wr_zonefile *z, const char *reason);

#endif
