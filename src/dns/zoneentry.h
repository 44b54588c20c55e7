/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries: the entries of a zone file, cut out of a stream of octets (RFC 1035 section 5.1).
 *
 * An entry is a line, or several when parentheses are open at its end. It comes without its comments, which may be of any
 * length; lines and columns stay what they are in the file. The octets of a file come in pieces of any size; one that
 * is not used up stays with the caller until WR_E_AGAIN asks for the next.
 *
 * What is broken costs as little as possible. An open quote ends with its line. When a parenthesis is never closed the first
 * line of the entry is given up and what was gathered behind it is read again, a bounded number of times; after that all
 * of it is given up.
 *
 * Memory: works in a room handed in, which bounds an entry. Nothing else is kept.
 */
#ifndef WR_DNS_ZONEENTRY_H
#define WR_DNS_ZONEENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file's octets: those that are there, and whether more will come. */
struct wr_zoneentry_source {
    const char *at;
    size_t left;
    bool ended;
};

struct wr_zoneentry {
    char *room;
    size_t cap;
    size_t base;    /* where this file's part of the room begins */
    size_t start;   /* of the entry */
    size_t scanned; /* behind the last octet that was looked at */
    size_t len;     /* behind the last octet in the room */
    uint32_t line;  /* of `start` in the file, from 1 */
    uint32_t again; /* times that lines were read again */
    unsigned depth; /* open parentheses, */
    size_t open;    /* and the first of them */
    size_t quote;   /* the last quotation mark that opened */
    bool quoted, escaped, comment;
    bool skipping; /* the rest of a line that was too long */
    bool ready;    /* the entry was handed out */
};

struct wr_zoneentry_text {
    const char *text; /* valid until the next call */
    size_t n;
    uint32_t line;      /* of its first octet */
    size_t mistake_at;  /* WR_E_FORMAT, WR_E_LIMIT: the octet of the text, */
    const char *reason; /* and what is wrong with it */
};

/* Begins at line 1 of the first file. */
void wr_zoneentry_init(struct wr_zoneentry *e, char *room, size_t cap);
/* WR_OK: an entry; WR_E_AGAIN: the source is used up; WR_E_NOTFOUND: the file is over; WR_E_FORMAT, WR_E_LIMIT: a mistake,
 * and the next call goes on behind it. */
int wr_zoneentry_next(struct wr_zoneentry *e, struct wr_zoneentry_source *source,
                      struct wr_zoneentry_text *ret_text);
/* Between two entries: begins with another file behind what is in the room, and comes back to the first. */
void wr_zoneentry_push(struct wr_zoneentry *e, struct wr_zoneentry *ret_saved);
void wr_zoneentry_pop(struct wr_zoneentry *e, const struct wr_zoneentry *saved);
/* Where an octet of an entry's text stands. */
void wr_zoneentry_place(const struct wr_zoneentry_text *text, size_t at, uint32_t *ret_line,
                        uint32_t *ret_column);

#endif
