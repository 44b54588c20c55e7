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
 *
 * `form` says which row: it is the type, but where a class gives a type another form (the A record of CHAOS) it is that
 * row's own number; wr_rdata_form tells it. Who knows only IN may pass the type.
 */
#ifndef WR_DNS_RDATA_H
#define WR_DNS_RDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum wr_field {
    WR_FIELD_END = 0,
    WR_FIELD_NAME_COMPRESSED, /* RFC 1035 types: compressed when sent, lowered when canonical */
    WR_FIELD_NAME_LOWERED,    /* never compressed when sent, lowered when canonical */
    WR_FIELD_NAME_PLAIN,      /* never compressed, case kept */
    WR_FIELD_U8,
    WR_FIELD_U16,
    WR_FIELD_U32,
    WR_FIELD_U48,
    WR_FIELD_IP4,
    WR_FIELD_IP6,
    WR_FIELD_STRING,    /* one character-string */
    WR_FIELD_STRINGS,   /* one or more, to the end */
    WR_FIELD_BITMAP,    /* type bitmap, RFC 4034 section 4.1.2, to the end */
    WR_FIELD_LEN8,      /* octets with one octet of length before them (salt, hash) */
    WR_FIELD_SVCPARAMS, /* RFC 9460 section 2.2, to the end */
    WR_FIELD_REST,      /* any octets to the end */
    WR_FIELD_U64,
    WR_FIELD_LEN16,         /* octets with two octets of length before them (TSIG, TKEY) */
    WR_FIELD_NAMES,         /* names like WR_FIELD_NAME_PLAIN, none or more, to the end (HIP) */
    WR_FIELD_HIP,           /* lengths, identity tag and key, RFC 8005 section 5 */
    WR_FIELD_APL,           /* address prefixes, RFC 3123 section 4, to the end */
    WR_FIELD_IPSEC_GATEWAY, /* by the octet before the last: nothing, address or name (RFC 4025) */
    WR_FIELD_AMT_RELAY,     /* by the last octet: nothing, address or name (RFC 8777) */
    WR_FIELD_A6, /* length of the prefix, and the rest of the address, RFC 2874 section 3.1 */
    WR_FIELD_A6_PREFIX, /* a name like WR_FIELD_NAME_LOWERED when there is a prefix */
};

#define WR_RDATA_FIELDS_MAX 10

/* The A record of class CHAOS: a domain and an address of 16 bits in it. */
#define WR_RDATA_FORM_CH_A 0x30001u

struct wr_rdata_row {
    uint32_t form;
    uint8_t fields[WR_RDATA_FIELDS_MAX]; /* enum wr_field, ended by WR_FIELD_END */
};

/*
 * Walking stored rdata field by field. A name comes with its size, WR_FIELD_NAMES as one
 * WR_FIELD_NAME_PLAIN after another, a gateway as what it is. WR_FIELD_END at the end, or at the
 * first field that does not fit (then `err` is set; octets behind the last field are one).
 */
struct wr_rdata_walk {
    struct wr_reader r;
    const uint8_t *fields; /* the next one */
    int err;
};
void wr_rdata_walk_start(struct wr_rdata_walk *walk, const struct wr_rdata_row *row,
                         const uint8_t *rdata, size_t size);
enum wr_field wr_rdata_walk_next(struct wr_rdata_walk *walk, const uint8_t **ret_part,
                                 size_t *ret_size);
static inline bool wr_rdata_field_is_name(enum wr_field field)
{
    return field >= WR_FIELD_NAME_COMPRESSED && field <= WR_FIELD_NAME_PLAIN;
}

/* What the octet that tells a gateway's type says it is: WR_FIELD_END for nothing, WR_FIELD_REST when it is unknown. */
enum wr_field wr_rdata_gateway(unsigned type);

uint32_t wr_rdata_form(uint16_t class_, uint16_t type);
/* The row of a type whose names matter to compression (its own, or as targets for later owners), or NULL. */
const struct wr_rdata_row *wr_rdata_row_to_compress(uint16_t type);
/* The row of a type, or NULL: then the rdata is opaque (RFC 3597). */
const struct wr_rdata_row *wr_rdata_row(uint32_t form);

/* Expands rdata at the cursor of a message (rdlength octets from there) into `w`, with names
 * uncompressed; checks every field. On an error the writer is put back. */
int wr_rdata_expand(struct wr_reader *msg, uint32_t form, uint16_t rdlength, struct wr_writer *w);
/* Checks stored (uncompressed) rdata. */
int wr_rdata_check(uint32_t form, const uint8_t *rdata, size_t size);
/* Makes stored, well-formed rdata canonical in place: lowers the names that are to be lowered. */
void wr_rdata_canonical(uint32_t form, uint8_t *rdata, size_t size);
/* Compares stored rdata in canonical order (RFC 4034 section 6.3); names by the table's case rule. */
int wr_rdata_order(uint32_t form, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size);

#endif
