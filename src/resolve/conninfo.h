/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conninfo: what is known of the connections to one encrypted upstream: how it was last spoken with, how often there was a
 * handshake, and why one failed.
 *
 * One for each configured server, by its slot, in memory that all workers share. Counters are exact; the texts are those of the
 * last writer: they stand between two moves of a sequence number, and who reads them while they change gets none. It is for
 * people: nothing is decided by it.
 */
#ifndef WR_RESOLVE_CONNINFO_H
#define WR_RESOLVE_CONNINFO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "transport/upconn.h"

#define WR_CONNINFO_TEXT 160

struct wr_conninfo {
    _Atomic uint64_t handshakes, resumed,
        failures;                         /* counters; resumed ones count as handshakes too */
    _Atomic uint64_t ready_us, failed_us; /* when, by the monotonic clock; 0: never */
    _Atomic uint32_t generation;          /* of the slot */
    _Atomic uint32_t why;                 /* enum wr_upconn_why, of the last failure */
    _Atomic uint32_t last_resumed;        /* 1: the last handshake was one */
    _Atomic uint32_t sequence;            /* odd: the words are being written */
    _Atomic uint64_t words[(2 * WR_CONNINFO_TEXT + 64) / 8];
};

/* A copy for who prints it. */
struct wr_conninfo_view {
    uint64_t handshakes, resumed, failures, ready_us, failed_us;
    uint32_t why;
    bool last_resumed;
    char version[16];  /* "TLS1.3" */
    char protocol[16]; /* "h2", or "" */
    char cipher[32];
    char proof[WR_CONNINFO_TEXT]; /* what proved who it is, or "" */
    char text[WR_CONNINFO_TEXT];  /* of the last failure, or "" */
};

/* The handshake is done. Of a resumed one the proof stands that was given before. */
void wr_conninfo_ready(struct wr_conninfo *c, uint32_t generation,
                       const struct wr_upconn_facts *facts, uint64_t now_us);
void wr_conninfo_failed(struct wr_conninfo *c, uint32_t generation, uint32_t why, const char *text,
                        uint64_t now_us);
/* Was the last that happened a server that did not prove who it is? For the words of an error. */
bool wr_conninfo_is_stranger(const struct wr_conninfo *c, uint32_t generation);
/* Zeros when it is about another generation. */
void wr_conninfo_read(struct wr_conninfo *c, uint32_t generation,
                      struct wr_conninfo_view *ret_view);

#endif
