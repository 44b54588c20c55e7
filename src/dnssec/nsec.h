/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NSEC: what does not exist, proven by the names that stand next to each other (RFC 4035 section 5.4, RFC 6840
 * section 4).
 *
 * The functions are given views of NSEC records whose signatures were checked by the keys of one zone, and that
 * were not expanded from a wildcard. A view is only made when owner and next name lie in the zone. A record of the
 * parent's side of a zone cut (NS and no SOA), or at a DNAME, says nothing of names below it (RFC 6840 section
 * 4.1); the parent's side speaks for DS alone, and the child's side not for DS (section 4.4). Pure; a view points
 * into its record.
 */
#ifndef WR_DNSSEC_NSEC_H
#define WR_DNSSEC_NSEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a denial ended. Of a DS: which kind of absence. */
enum wr_proof {
    WR_PROOF_NONE = 0,   /* not proven */
    WR_PROOF_AGAIN,      /* this step's share of work is done; call again */
    WR_PROOF_SPENT,      /* the query's share is */
    WR_PROOF_INSECURE,   /* an opt-out range, or too many iterations: there may be unsigned names */
    WR_PROOF_SECURE,     /* proven */
    WR_PROOF_NO_CUT,     /* DS: the name is there and is no zone cut */
    WR_PROOF_NO_NAME,    /* DS: the name is not there, nor anything below it */
    WR_PROOF_DELEGATION, /* DS: a delegation without DS */
};

struct wr_nsec {
    const uint8_t *owner, *next, *zone;
    const uint8_t *bitmap;
    uint16_t bitmap_size;
};

/* A type's bit in a bitmap (RFC 4034 section 4.1.2). */
bool wr_nsec_bit(const uint8_t *bitmap, size_t size, uint16_t type);
/* WR_E_FORMAT: torn, or owner or next name outside the zone. */
int wr_nsec_view(const uint8_t *owner, const uint8_t *rdata, size_t size, const uint8_t *zone,
                 struct wr_nsec *ret_nsec);
/* The name stands strictly between owner and next. */
bool wr_nsec_covers(const struct wr_nsec *n, const uint8_t *name);

enum wr_proof wr_nsec_nxdomain(const struct wr_nsec *list, size_t n, const uint8_t *qname);
/* By the name itself, as an empty non-terminal, or through a wildcard that has not the type either. */
enum wr_proof wr_nsec_nodata(const struct wr_nsec *list, size_t n, const uint8_t *qname,
                             uint16_t qtype);
/* Nothing exists at the next closer name: an answer made of the wildcard below `labels` labels is right. */
enum wr_proof wr_nsec_expansion(const struct wr_nsec *list, size_t n, const uint8_t *qname,
                                unsigned labels);
enum wr_proof wr_nsec_no_ds(const struct wr_nsec *list, size_t n, const uint8_t *name);

#endif
