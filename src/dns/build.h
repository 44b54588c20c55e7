/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builder: writing a DNS message, with name compression that keeps case.
 *
 * Call in order: wr_build_start, wr_build_question, wr_build_rr per section,
 * wr_build_opt, a TSIG if there is one (the last of all), wr_build_finish. A record or RRset that does not fit is taken
 * back whole: mark before, rewind after. Names are compressed against names already written when the octets are equal, case included,
 * so that the case of every name arrives as it was (RFC 1035 section 4.1.4; RFC 6762 section 18.14 likes it too).
 *
 * Memory: the caller's buffer. Room for the OPT can be kept free with `reserve`.
 */
#ifndef WR_DNS_BUILD_H
#define WR_DNS_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/limits.h"
#include "dns/edns.h"
#include "dns/msg.h"

#define WR_BUILD_BUCKETS 64

struct wr_build {
    struct wr_writer w;
    size_t limit; /* octets the message may have, <= w.cap */
    uint16_t flags;
    uint16_t counts[3];
    uint16_t qdcount;
    uint16_t name_count;
    uint8_t qname_size; /* of the question at offset 12, 0 without */
    size_t
        reserve; /* octets wr_build_rr leaves free below `limit`, for the OPT; set by the caller */
    /* The suffixes written, for compression: each is a label and the entry of what follows it. */
    uint16_t names[WR_BUILD_NAMES_MAX];  /* offset of the first label */
    uint16_t hashes[WR_BUILD_NAMES_MAX]; /* of that label and the parent */
    uint8_t parents[WR_BUILD_NAMES_MAX]; /* entry of the rest; 0xff: the root */
    uint8_t chain[WR_BUILD_NAMES_MAX];   /* next entry in the bucket */
    uint8_t buckets[WR_BUILD_BUCKETS];
};

struct wr_build_mark {
    size_t pos;
    uint16_t counts[3];
    uint16_t name_count;
};

void wr_build_start(struct wr_build *b, void *room, size_t cap, uint16_t id, uint16_t flags);
/* Writes the question as its octets are (case kept). Header and question fit: any room of 512 octets will do. */
void wr_build_question(struct wr_build *b, const uint8_t *name, uint16_t type, uint16_t class_);
/* rdata is stored form; its names are compressed where the type's row allows. Sections are written in their order.
 * WR_E_FULL (or WR_E_FORMAT, for rdata that does not fit its type): nothing written. */
int wr_build_rr(struct wr_build *b, enum wr_section section, const uint8_t *owner, uint16_t type,
                uint16_t class_, uint32_t ttl, const uint8_t *rdata, size_t size);
struct wr_build_mark wr_build_mark(const struct wr_build *b);
void wr_build_rewind(struct wr_build *b, const struct wr_build_mark *mark);

/* What goes into the OPT record of a message. */
struct wr_build_opt {
    uint16_t udp_size;
    uint8_t version;
    bool dnssec_ok;
    const uint8_t *cookie; /* NULL or cookie_size octets */
    uint8_t cookie_size;
    int ede;              /* WR_EDE_NONE or the code */
    const char *ede_text; /* NULL or NUL-ended UTF-8; left out when it does not fit */
    bool keepalive;
    bool keepalive_empty; /* client form: no value (RFC 7828 section 3.2.1) */
    uint16_t keepalive_100ms;
    const uint8_t *nsid; /* NULL or octets */
    uint16_t nsid_size;
    bool nsid_ask;                  /* empty NSID option (client) */
    const struct wr_prefix *subnet; /* NULL, or the client subnet to tell (RFC 7871 section 6) */
    uint16_t pad_to;                /* 0, or pad the message to a multiple of it (RFC 8467) */
};

/* The client subnet option alone (RFC 7871 section 6): family, lengths, and the octets of the address that matter. */
void wr_build_put_subnet(struct wr_writer *w, const struct wr_prefix *subnet);
/* Octets the OPT record will take, without padding: what to put into `reserve`. */
size_t wr_build_opt_size(const struct wr_build_opt *opt);
/* rcode is the whole 12 bits: the upper eight go into the OPT. */
int wr_build_opt(struct wr_build *b, const struct wr_build_opt *opt, uint16_t rcode);
/* Writes header counts and the low rcode bits; returns the size of the message. */
size_t wr_build_finish(struct wr_build *b, uint16_t rcode);

#endif
