/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record: what happened to one client query, in one flat piece for the ledger.
 *
 * The engine writes it into the worker's ring (base/ring.h) when the query is
 * settled; the ledger thread reads it. The name follows the struct, the claim of the client (struct wr_client) the name, and the claim, where he
 * asked a resolver of others, that one's address and port.
 */
#ifndef WR_ENGINE_RECORD_H
#define WR_ENGINE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/verdict.h"

enum wr_source {
    WR_SOURCE_NONE = 0,
    WR_SOURCE_CACHE = 1,
    WR_SOURCE_STALE = 2,
    WR_SOURCE_UPSTREAM = 3,
    WR_SOURCE_LOCAL = 4, /* answered by weir itself: local names, CHAOS, ANY, errors */
    WR_SOURCE_DROPPED = 5,
};

struct wr_record {
    int64_t wall_s;
    uint64_t mono_us;
    struct wr_addr client;
    struct wr_verdict verdict;
    uint32_t device; /* of struct wr_who */
    uint32_t took_us;
    int16_t ede; /* WR_EDE_NONE: none */
    uint16_t qtype;
    uint16_t rcode;
    uint16_t reply_size;
    uint16_t segment;   /* of struct wr_who */
    uint8_t security;   /* enum wr_security of the answer; 0: nothing was judged */
    uint8_t source;     /* enum wr_source */
    uint8_t transport;  /* enum wr_client_transport */
    uint8_t upstream;   /* slot, 255: none */
    uint8_t name_size;  /* octets of the wire name behind this struct */
    uint8_t claim_kind; /* enum wr_claim */
    uint8_t claim_size; /* octets of the claim behind the name */
    uint8_t
        asked_size; /* octets of wr_record_put_asked behind the claim; 0: weir itself was asked */
};

const char *wr_record_source_name(uint8_t source);

/* Octets of an address, 4 or 16, with its port behind. */
#define WR_RECORD_ASKED_SIZE 18
/* How many were written. */
uint8_t wr_record_put_asked(const struct wr_addr *addr, uint8_t room[WR_RECORD_ASKED_SIZE]);
/* 0 octets are no address (WR_AF_NONE). False: these are none of the above. */
bool wr_record_get_asked(const uint8_t *bytes, size_t n, struct wr_addr *ret_addr);

#endif
