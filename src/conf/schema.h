/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema: the one table of all configuration keys.
 *
 * One row a key: dotted name, type, range, default, what a reload does with it, the version that
 * brought it, its documentation, and where its value lies in `struct wr_conf`. From this table come the
 * reader's checks (conf/bind), `weir check --print`, `weir explain`, docs/config.md, the manual page and the JSON
 * Schema (conf/doc, conf/jsonschema). Nothing else in weir knows the name of a key.
 *
 * Keys of the mappings in a list are named with "[]": "upstream.groups[].name"; their offset is in
 * the list's item. A default is text as it would be written in the file, lists with ", " between; a key of
 * a list's item without default (NULL) is required, one with `like` has the value of another key.
 */
#ifndef WR_CONF_SCHEMA_H
#define WR_CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wr_schema_type {
    WR_SCHEMA_SECTION = 0, /* a mapping with keys of its own */
    WR_SCHEMA_ITEMS,       /* a list of mappings */
    WR_SCHEMA_BOOL,        /* bool */
    WR_SCHEMA_INT,         /* uint32_t */
    WR_SCHEMA_MILLIS,      /* uint64_t, a duration in milliseconds */
    WR_SCHEMA_SECONDS,     /* uint32_t, a duration in whole seconds */
    WR_SCHEMA_SIZE,        /* uint64_t, octets */
    WR_SCHEMA_WORD,        /* uint32_t: which of `words` */
    WR_SCHEMA_STRING,      /* const char *, UTF-8 without control characters */
    WR_SCHEMA_LABEL,       /* const char *, letters, digits, "-", "_", "." */
    WR_SCHEMA_PATH,        /* const char *, absolute */
    WR_SCHEMA_ENDPOINT,    /* struct wr_addr with a port, or "" */
    WR_SCHEMA_LISTEN,      /* struct wr_conf_listen */
    WR_SCHEMA_PREFIX,      /* struct wr_prefix */
    WR_SCHEMA_URL,         /* struct wr_uri */
    WR_SCHEMA_NAME,        /* const uint8_t *, a domain name in wire form */
};

enum wr_schema_reload {
    WR_SCHEMA_AT_RELOAD = 0,  /* a reload puts it in force */
    WR_SCHEMA_AT_RESTART = 1, /* needs a restart; a reload says so and keeps the old value */
};

enum { WR_SCHEMA_PROFILES = 3 }; /* as many as enum wr_conf_profile has */

#define WR_HTTPS_PORT 443

struct wr_schema_row {
    const char *name;
    uint8_t type;                  /* enum wr_schema_type */
    bool list;                     /* a list of `type` */
    uint8_t reload;                /* enum wr_schema_reload */
    uint32_t min_items, max_items; /* of lists */
    uint64_t min, max;             /* numbers in the type's unit; text: octets; 0, 0: no range */
    const char *defaults[WR_SCHEMA_PROFILES]; /* by profile; NULL behind the first: the same */
    const char *like;         /* of an item's key: not written, it has the value of this key */
    const char *const *words; /* of WORD, ended by NULL */
    const char *since;
    const char *unit; /* for people, "" where the type says it */
    const char *doc;  /* one paragraph, ends with a full stop */
    const char
        *example; /* a value that shows what is meant, as in the file; NULL: the default does */
    size_t offset;
    size_t item_size; /* of lists */
    uint16_t port; /* of LISTEN: where none is written; 0: 53. URL: WR_HTTPS_PORT: https as well */
};

size_t wr_schema_rows(const struct wr_schema_row **ret_rows);
/* The row of a dotted name ("cache.size", "upstream.groups[].name"), or NULL. */
const struct wr_schema_row *wr_schema_find(const char *name);
/* The default under a profile; NULL: required. */
const char *wr_schema_default(const struct wr_schema_row *row, uint32_t profile);
/* The last part of the name: "size". */
const char *wr_schema_leaf(const struct wr_schema_row *row);
/* True when `row` stands directly under `prefix` ("", "cache", "upstream.groups[]"). */
bool wr_schema_is_under(const struct wr_schema_row *row, const char *prefix);
/* "duration", "list of prefixes": for people. */
const char *wr_schema_type_name(const struct wr_schema_row *row);
/* "reload" or "restart": what puts a changed value in force. */
const char *wr_schema_reload_name(const struct wr_schema_row *row);

#endif
