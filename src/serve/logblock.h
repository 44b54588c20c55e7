/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log block: some thousand events of the ledger as octets for the disk, and back.
 *
 *   head     80 octets: magic, octets of the payload, octets before compression, events, number of the first and of the last,
 *            the earliest and the latest second, and the block's hash
 *   payload  raw deflate (RFC 1951) of: the texts (each once: names in small letters, addresses of clients and of resolvers of others, claims,
 *            rules, feeds, segments, upstreams, what happened), then one column for each field, as variable-length integers; the last one is
 *            left out where nobody asked a resolver of others (and in logs from before weir answered for them)
 *
 * A block stands for itself: all numbers that mean something only in one life of the program are texts in it. The hash is SHA-256 of
 * the hash of the block before, the head and the payload: it is the checksum, and the chain (serve/logread).
 *
 * Writing: a bounded room; add until it is full (WR_E_FULL), then finish. Reading: everything that comes from the disk is doubted; the
 * events point into the reader's room, which stays until the next block is opened.
 *
 * What is not kept: the client's port, the letter case of the name.
 */
#ifndef WR_SERVE_LOGBLOCK_H
#define WR_SERVE_LOGBLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "serve/ledger.h"

#define WR_LOGBLOCK_HEAD 80
#define WR_LOGBLOCK_HASH 32

struct wr_logblock_head {
    uint32_t size; /* octets of the payload */
    uint32_t raw;  /* before compression */
    uint32_t events;
    uint64_t first, last; /* numbers */
    int64_t from_s, to_s;
    uint8_t hash[WR_LOGBLOCK_HASH];
};

struct wr_logblock_writer;

int wr_logblock_create(struct wr_logblock_writer **ret_writer); /* WR_E_NOMEM */
void wr_logblock_destroy(struct wr_logblock_writer *w);         /* NULL is fine */
/* WR_E_FULL: not taken, finish first. An empty block takes any event. Numbers do not descend. */
int wr_logblock_add(struct wr_logblock_writer *w, const struct wr_ledger_event *event);
uint32_t wr_logblock_events(const struct wr_logblock_writer *w);
/* The block behind the one whose hash is `prev`, in the writer's room until the next call; what was added stays. 0: WR_E_NOMEM. */
size_t wr_logblock_build(struct wr_logblock_writer *w, const uint8_t prev[WR_LOGBLOCK_HASH],
                         const uint8_t **ret_bytes, struct wr_logblock_head *ret_head);
void wr_logblock_clear(struct wr_logblock_writer *w);

/* WR_E_FORMAT: no head, or one beyond the bounds. `bytes` are WR_LOGBLOCK_HEAD. */
int wr_logblock_read_head(const uint8_t *bytes, struct wr_logblock_head *ret_head);
/* Does the hash belong to head, payload and the block before? WR_E_CHECKSUM. */
int wr_logblock_check(const uint8_t *head_bytes, const uint8_t *payload,
                      const uint8_t prev[WR_LOGBLOCK_HASH]);

struct wr_logblock_reader;
int wr_logblock_reader_create(struct wr_logblock_reader **ret_reader); /* WR_E_NOMEM */
void wr_logblock_reader_destroy(struct wr_logblock_reader *r);         /* NULL is fine */
/* WR_E_FORMAT: the payload is none. */
int wr_logblock_open(struct wr_logblock_reader *r, const struct wr_logblock_head *head,
                     const uint8_t *payload);
/* WR_E_NOTFOUND: that was the last one. WR_E_FORMAT: the rest cannot be read. */
int wr_logblock_next(struct wr_logblock_reader *r, struct wr_ledger_event *ret_event);

#endif
