/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rdata: what is inside a record, one table row a type.
 *
 * The row names the fields in order (names that may be compressed, names that
 * may not, integers, strings, bitmaps, the rest). From it come: expanding the
 * rdata of a received message to stored form (names uncompressed), checking
 * that the rdata is well formed, compressing names again when a message is
 * built (only for the types of RFC 1035: RFC 3597 section 4), canonical form
 * (RFC 4034 section 6.2 as amended by RFC 6840 section 5.1), and the text.
 */
#ifndef WR_DNS_RDATA_H
#define WR_DNS_RDATA_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum wr_field {
    WR_FIELD_END = 0,
    WR_FIELD_NAME_COMPRESSED, /* RFC 1035 types: compressed when sent, lowered when canonical */
    WR_FIELD_NAME_LOWERED,    /* never compressed when sent, lowered when canonical */
    WR_FIELD_NAME_PLAIN,      /* never compressed, case kept */
    WR_FIELD_U8, WR_FIELD_U16, WR_FIELD_U32, WR_FIELD_U48,
    WR_FIELD_IP4, WR_FIELD_IP6,
    WR_FIELD_STRING,          /* one character-string */
    WR_FIELD_STRINGS,         /* one or more, to the end */
    WR_FIELD_BITMAP,          /* type bitmap, RFC 4034 section 4.1.2, to the end */
    WR_FIELD_LEN8,            /* octets with one octet of length before them (salt, hash) */
    WR_FIELD_SVCPARAMS,       /* RFC 9460 section 2.2, to the end */
    WR_FIELD_REST,            /* any octets to the end */
};

#define WR_RDATA_FIELDS_MAX 10

struct wr_rdata_row {
    uint16_t type;
    uint8_t fields[WR_RDATA_FIELDS_MAX]; /* enum wr_field, ended by WR_FIELD_END */
};

/* The row of a type, or NULL: then the rdata is opaque (RFC 3597). */
const struct wr_rdata_row *wr_rdata_row(uint16_t type);

/* Expands rdata at the cursor of a message (rdlength octets from there) into `w`, with names
 * uncompressed; checks every field. On an error the writer is put back. */
int wr_rdata_expand(struct wr_reader *msg, uint16_t type, uint16_t rdlength, struct wr_writer *w);
/* Checks stored (uncompressed) rdata. */
int wr_rdata_check(uint16_t type, const uint8_t *rdata, size_t size);
/* Makes stored rdata canonical in place: lowers the names that are to be lowered. */
void wr_rdata_canonical(uint16_t type, uint8_t *rdata, size_t size);
/* Compares stored rdata in canonical order (RFC 4034 section 6.3); names by the table's case rule. */
int wr_rdata_order(uint16_t type, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size);

#endif
