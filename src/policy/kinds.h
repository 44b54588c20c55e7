/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds: what kind of thing a device is, by what is known of it and a table that the owner names.
 *
 * A line of the table is a kind and conditions, all of which must hold: what the device wants to know in DHCP, its class, its host
 * name, the beginning of a MAC address that its maker gave it. Each condition is worth something, and a line is as sure as all of its
 * own together. The surest line says what the device is; when another one is as sure and says something else, nothing is known.
 *
 * Nothing of this is proven: whoever copies what a camera says is a camera here. Immutable; conf/kindsfile makes it.
 */
#ifndef WR_POLICY_KINDS_H
#define WR_POLICY_KINDS_H

#include <stddef.h>
#include <stdint.h>

#include "policy/census.h"

struct wr_kinds_line {
    char kind[WR_CENSUS_NAME_SIZE];
    char class[WR_CENSUS_NAME_SIZE]; /* "": no condition; a "*" at the end stands for anything */
    char host[WR_CENSUS_NAME_SIZE];  /* likewise, in small letters */
    uint8_t wishes[WR_MARK_SIZE], wishes6[WR_MARK_SIZE]; /* as marks have them */
    uint8_t wishes_size, wishes6_size;
    uint8_t mac[6];
    uint8_t mac_size;   /* octets that count */
    bool vendor;        /* the first three are one of these */
    uint32_t oui, ouis; /* places in wr_kinds.oui */
};

struct wr_kinds {
    const struct wr_kinds_line *line;
    size_t lines;
    const uint32_t *oui; /* of each line in their order */
};

struct wr_kinds_found {
    const char *kind; /* of the table; NULL: none */
    uint8_t sure;     /* hundredths */
    uint16_t from;    /* bits of enum wr_mark_kind */
};

/* `kinds` may be NULL. */
struct wr_kinds_found wr_kinds_of(const struct wr_kinds *kinds,
                                  const struct wr_mark mark[WR_CENSUS_MARKS_MAX]);

#endif
