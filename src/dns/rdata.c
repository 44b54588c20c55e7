/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/rdata.h"

#define COMPRESSED WR_FIELD_NAME_COMPRESSED
#define LOWERED    WR_FIELD_NAME_LOWERED
#define PLAIN      WR_FIELD_NAME_PLAIN
#define U8         WR_FIELD_U8
#define U16        WR_FIELD_U16
#define U32        WR_FIELD_U32
#define U48        WR_FIELD_U48
#define U64        WR_FIELD_U64
#define IP4        WR_FIELD_IP4
#define IP6        WR_FIELD_IP6
#define STRING     WR_FIELD_STRING
#define STRINGS    WR_FIELD_STRINGS
#define BITMAP     WR_FIELD_BITMAP
#define LEN8       WR_FIELD_LEN8
#define LEN16      WR_FIELD_LEN16
#define REST       WR_FIELD_REST

/* Ascending by type. What has no row (UINFO, UID, GID, ...) is opaque. Types whose names are LOWERED are those of
 * RFC 4034 section 6.2 without NSEC and HINFO (RFC 6840 section 5.1). */
static const struct wr_rdata_row rows[] = {
    {1, {IP4}},                                             /* A */
    {2, {COMPRESSED}},                                      /* NS */
    {3, {COMPRESSED}},                                      /* MD */
    {4, {COMPRESSED}},                                      /* MF */
    {5, {COMPRESSED}},                                      /* CNAME */
    {6, {COMPRESSED, COMPRESSED, U32, U32, U32, U32, U32}}, /* SOA */
    {7, {COMPRESSED}},                                      /* MB */
    {8, {COMPRESSED}},                                      /* MG */
    {9, {COMPRESSED}},                                      /* MR */
    {10, {REST}},                                           /* NULL */
    {11, {IP4, U8, REST}},                                  /* WKS */
    {12, {COMPRESSED}},                                     /* PTR */
    {13, {STRING, STRING}},                                 /* HINFO */
    {14, {COMPRESSED, COMPRESSED}},                         /* MINFO */
    {15, {U16, COMPRESSED}},                                /* MX */
    {16, {STRINGS}},                                        /* TXT */
    {17, {LOWERED, LOWERED}},                               /* RP */
    {18, {U16, LOWERED}},                                   /* AFSDB */
    {19, {STRING}},                                         /* X25 */
    {20, {STRINGS}},                                        /* ISDN */
    {21, {U16, LOWERED}},                                   /* RT */
    {22, {REST}},                                           /* NSAP */
    {23, {PLAIN}},                                          /* NSAP-PTR */
    {24, {U16, U8, U8, U32, U32, U32, U16, LOWERED, REST}}, /* SIG */
    {25, {U16, U8, U8, REST}},                              /* KEY */
    {26, {U16, LOWERED, LOWERED}},                          /* PX */
    {27, {STRING, STRING, STRING}},                         /* GPOS */
    {28, {IP6}},                                            /* AAAA */
    {29, {U8, U8, U8, U8, U32, U32, U32}},                  /* LOC */
    {30, {LOWERED, REST}},                                  /* NXT */
    {31, {REST}},                                           /* EID */
    {32, {REST}},                                           /* NIMLOC */
    {33, {U16, U16, U16, LOWERED}},                         /* SRV */
    {34, {REST}},                                           /* ATMA */
    {35, {U16, U16, STRING, STRING, STRING, LOWERED}},      /* NAPTR */
    {36, {U16, LOWERED}},                                   /* KX */
    {37, {U16, U16, U8, REST}},                             /* CERT */
    {38, {WR_FIELD_A6, WR_FIELD_A6_PREFIX}},                /* A6 */
    {39, {LOWERED}},                                        /* DNAME */
    {40, {U8, U8, U8, REST}},                               /* SINK */
    {42, {WR_FIELD_APL}},                                   /* APL */
    {43, {U16, U8, U8, REST}},                              /* DS */
    {44, {U8, U8, REST}},                                   /* SSHFP */
    {45, {U8, U8, U8, WR_FIELD_IPSEC_GATEWAY, REST}},       /* IPSECKEY */
    {46, {U16, U8, U8, U32, U32, U32, U16, LOWERED, REST}}, /* RRSIG */
    {47, {PLAIN, BITMAP}},                                  /* NSEC */
    {48, {U16, U8, U8, REST}},                              /* DNSKEY */
    {49, {REST}},                                           /* DHCID */
    {50, {U8, U8, U16, LEN8, LEN8, BITMAP}},                /* NSEC3 */
    {51, {U8, U8, U16, LEN8}},                              /* NSEC3PARAM */
    {52, {U8, U8, U8, REST}},                               /* TLSA */
    {53, {U8, U8, U8, REST}},                               /* SMIMEA */
    {55, {WR_FIELD_HIP, WR_FIELD_NAMES}},                   /* HIP */
    {56, {STRINGS}},                                        /* NINFO */
    {57, {U16, U8, U8, REST}},                              /* RKEY */
    {58, {PLAIN, PLAIN}},                                   /* TALINK */
    {59, {U16, U8, U8, REST}},                              /* CDS */
    {60, {U16, U8, U8, REST}},                              /* CDNSKEY */
    {61, {REST}},                                           /* OPENPGPKEY */
    {62, {U32, U16, BITMAP}},                               /* CSYNC */
    {63, {U32, U8, U8, REST}},                              /* ZONEMD */
    {64, {U16, PLAIN, WR_FIELD_SVCPARAMS}},                 /* SVCB */
    {65, {U16, PLAIN, WR_FIELD_SVCPARAMS}},                 /* HTTPS */
    {66, {U16, U8, U16, PLAIN}},                            /* DSYNC */
    {67, {REST}},                                           /* HHIT */
    {68, {REST}},                                           /* BRID */
    {99, {STRINGS}},                                        /* SPF */
    {103, {REST}},                                          /* UNSPEC */
    {104, {U16, U64}},                                      /* NID */
    {105, {U16, IP4}},                                      /* L32 */
    {106, {U16, U64}},                                      /* L64 */
    {107, {U16, PLAIN}},                                    /* LP */
    {108, {U48}},                                           /* EUI48 */
    {109, {U64}},                                           /* EUI64 */
    {249, {PLAIN, U32, U32, U16, U16, LEN16, LEN16}},       /* TKEY */
    {250, {PLAIN, U48, U16, LEN16, U16, U16, LEN16}},       /* TSIG */
    {256, {U16, U16, REST}},                                /* URI */
    {257, {U8, STRING, REST}},                              /* CAA */
    {258, {STRINGS}},                                       /* AVC */
    {259, {U32, U32, U8, STRING, REST}},                    /* DOA */
    {260, {U8, U8, WR_FIELD_AMT_RELAY}},                    /* AMTRELAY */
    {261, {STRINGS}},                                       /* RESINFO */
    {262, {STRINGS}},                                       /* WALLET */
    {263, {STRINGS}},                                       /* CLA */
    {264, {U64}},                                           /* IPN */
    {32768, {U16, U8, U8, REST}},                           /* TA */
    {32769, {U16, U8, U8, REST}},                           /* DLV */
    {WR_RDATA_FORM_CH_A, {COMPRESSED, U16}},                /* A of CHAOS */
};

uint32_t wr_rdata_form(uint16_t class_, uint16_t type)
{
    return class_ == WR_CLASS_CH && type == WR_TYPE_A ? WR_RDATA_FORM_CH_A : type;
}

const struct wr_rdata_row *wr_rdata_row(uint32_t form)
{
    size_t low = 0;
    size_t high = WR_ARRAY_LEN(rows);

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (rows[middle].form == form) {
            return &rows[middle];
        }
        if (rows[middle].form < form) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct wr_rdata_row *wr_rdata_row_to_compress(uint16_t type)
{
    switch (type) {
    case WR_TYPE_NS:
    case WR_TYPE_CNAME:
    case WR_TYPE_SOA:
    case WR_TYPE_PTR:
    case WR_TYPE_MX:
    case WR_TYPE_SRV:
    case 3: /* MD */
    case 4: /* MF */
    case 7: /* MB */
    case 8: /* MG */
    case 9: /* MR */
    case 14: /* MINFO */ return wr_rdata_row(type);
    default: return NULL;
    }
}

static int check_strings(const uint8_t *p, size_t n)
{
    size_t i = 0;

    do { /* at least one (RFC 1035 section 3.3.14); each takes an octet, so this ends */
        if (i >= n) {
            return WR_E_FORMAT;
        }
        i += p[i] + 1u;
    } while (i < n);
    return i == n ? WR_OK : WR_E_FORMAT;
}

/* RFC 4034 section 4.1.2: windows ascending, 1 to 32 octets each. */
static int check_bitmap(const uint8_t *p, size_t n)
{
    int last = -1;

    while (n > 0) {
        size_t octets;

        if (n < 2 || p[0] <= last || p[1] < 1 || p[1] > 32 || n < 2u + p[1]) {
            return WR_E_FORMAT;
        }
        last = p[0];
        octets = 2u + p[1];
        p += octets;
        n -= octets;
    }
    return WR_OK;
}

/* RFC 9460 section 2.2: keys strictly ascending, values inside. */
static int check_svcparams(const uint8_t *p, size_t n)
{
    int32_t last = -1;

    while (n > 0) {
        int32_t key;
        size_t octets;

        if (n < 4) {
            return WR_E_FORMAT;
        }
        key = p[0] << 8 | p[1];
        octets = 4u + (size_t)(p[2] << 8 | p[3]);
        if (key <= last || octets > n) {
            return WR_E_FORMAT;
        }
        last = key;
        p += octets;
        n -= octets;
    }
    return WR_OK;
}

static int check_apl(const uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t octets;

        if (n < 4) {
            return WR_E_FORMAT;
        }
        octets = 4u + (p[3] & 0x7f);
        if (octets > n) {
            return WR_E_FORMAT;
        }
        p += octets;
        n -= octets;
    }
    return WR_OK;
}

/* The parts that go to the end: whole or not at all. */
static int check_to_end(enum wr_field field, const uint8_t *p, size_t n)
{
    switch (field) {
    case WR_FIELD_STRINGS: return check_strings(p, n);
    case WR_FIELD_BITMAP: return check_bitmap(p, n);
    case WR_FIELD_SVCPARAMS: return check_svcparams(p, n);
    case WR_FIELD_APL: return check_apl(p, n);
    default: return WR_OK;
    }
}

/* Octets of the suffix; a name follows if, and only if, there is a prefix. */
static size_t a6_size(const uint8_t *p, size_t left)
{
    size_t n = left < 1 || p[0] > 128 ? left + 1 : 1 + (128u - p[0] + 7) / 8;

    return n <= left && (n < left) != (p[0] > 0) ? left + 1 : n;
}

/* Octets of a field that is no name, when `left` octets remain at `p`. May be more than `left`:
 * then it does not fit. */
static size_t field_size(enum wr_field field, const uint8_t *p, size_t left)
{
    switch (field) {
    case WR_FIELD_U8: return 1;
    case WR_FIELD_U16: return 2;
    case WR_FIELD_U32:
    case WR_FIELD_IP4: return 4;
    case WR_FIELD_U48: return 6;
    case WR_FIELD_U64: return 8;
    case WR_FIELD_IP6: return 16;
    case WR_FIELD_STRING:
    case WR_FIELD_LEN8: return left < 1 ? 1 : 1u + p[0];
    case WR_FIELD_LEN16: return left < 2 ? 2 : 2u + (size_t)(p[0] << 8 | p[1]);
    case WR_FIELD_A6: return a6_size(p, left);
    case WR_FIELD_HIP: return left < 4 ? 4 : 4u + p[0] + (size_t)(p[2] << 8 | p[3]);
    default: return left;
    }
}

enum wr_field wr_rdata_gateway(unsigned type)
{
    switch (type) {
    case 0: return WR_FIELD_END;
    case 1: return WR_FIELD_IP4;
    case 2: return WR_FIELD_IP6;
    case 3: return WR_FIELD_NAME_PLAIN;
    default: return WR_FIELD_REST; /* not assigned: opaque, and nothing behind it is known */
    }
}

/* The next field of a row, with the reader standing at it. Steps over a gateway that is absent. */
static enum wr_field next_field(const uint8_t **fields, const struct wr_reader *r, size_t end)
{
    for (;;) {
        enum wr_field field = **fields;
        const uint8_t *before = r->base + r->pos;

        if (field == WR_FIELD_END) {
            return WR_FIELD_END;
        }
        if (field == WR_FIELD_NAMES) {
            return r->pos < end ? WR_FIELD_NAME_PLAIN : WR_FIELD_END;
        }
        (*fields)++;
        if (field == WR_FIELD_A6_PREFIX) {
            return r->pos < end ? WR_FIELD_NAME_LOWERED : WR_FIELD_END;
        }
        if (field == WR_FIELD_IPSEC_GATEWAY) {
            field = wr_rdata_gateway(before[-2]);
        } else if (field == WR_FIELD_AMT_RELAY) {
            field = wr_rdata_gateway(before[-1] & 0x7f);
        }
        if (field != WR_FIELD_END) {
            return field;
        }
    }
}

/* Takes a field that is no name, inside `end`. */
static int take_part(struct wr_reader *r, size_t end, enum wr_field field, const uint8_t **ret_part,
                     size_t *ret_size)
{
    const uint8_t *p = r->base + r->pos;
    size_t left = end - r->pos;
    size_t n = field_size(field, p, left);

    if (n > left || check_to_end(field, p, n)) {
        return WR_E_FORMAT;
    }
    *ret_part = p;
    *ret_size = n;
    wr_buf_skip(r, n);
    return WR_OK;
}

void wr_rdata_walk_start(struct wr_rdata_walk *walk, const struct wr_rdata_row *row,
                         const uint8_t *rdata, size_t size)
{
    wr_buf_read_init(&walk->r, rdata, size);
    walk->fields = row->fields;
    walk->err = WR_OK;
}

enum wr_field wr_rdata_walk_next(struct wr_rdata_walk *walk, const uint8_t **ret_part,
                                 size_t *ret_size)
{
    struct wr_reader *r = &walk->r;
    size_t start = r->pos;
    enum wr_field field;

    if (walk->err) {
        return WR_FIELD_END;
    }
    field = next_field(&walk->fields, r, r->size);
    if (field == WR_FIELD_END) {
        walk->err = wr_buf_left(r) ? WR_E_FORMAT : WR_OK;
    } else if (wr_rdata_field_is_name(field)) {
        walk->err = wr_name_skip_plain(r) ? WR_E_FORMAT : WR_OK;
        *ret_part = r->base + start;
        *ret_size = r->pos - start;
    } else {
        walk->err = take_part(r, r->size, field, ret_part, ret_size);
    }
    return walk->err ? WR_FIELD_END : field;
}

int wr_rdata_check(uint32_t form, const uint8_t *rdata, size_t size)
{
    const struct wr_rdata_row *row = wr_rdata_row(form);
    struct wr_rdata_walk walk;
    const uint8_t *part;
    size_t n;

    if (!row) {
        return WR_OK;
    }
    wr_rdata_walk_start(&walk, row, rdata, size);
    while (wr_rdata_walk_next(&walk, &part, &n) != WR_FIELD_END) {
    }
    return walk.err;
}

/* One field of a message's rdata into `w`, names expanded. */
static int expand_field(struct wr_reader *msg, size_t end, enum wr_field field, struct wr_writer *w)
{
    const uint8_t *part;
    size_t n;

    if (wr_rdata_field_is_name(field)) {
        struct wr_name name;

        if (wr_name_read(msg, &name) || msg->pos > end) {
            return WR_E_FORMAT;
        }
        wr_buf_put_bytes(w, name.wire, name.size);
        return w->err;
    }
    if (take_part(msg, end, field, &part, &n)) {
        return WR_E_FORMAT;
    }
    wr_buf_put_bytes(w, part, n);
    return w->err;
}

static int expand_fields(struct wr_reader *msg, size_t end, const struct wr_rdata_row *row,
                         struct wr_writer *w)
{
    const uint8_t *fields = row->fields;
    enum wr_field field;

    /* ends: each round takes a field of the row, or an octet at least of the last one's names */
    while ((field = next_field(&fields, msg, end)) != WR_FIELD_END) {
        int err = expand_field(msg, end, field, w);

        if (err) {
            return err;
        }
    }
    return msg->pos == end ? WR_OK : WR_E_FORMAT;
}

int wr_rdata_expand(struct wr_reader *msg, uint32_t form, uint16_t rdlength, struct wr_writer *w)
{
    const struct wr_rdata_row *row = wr_rdata_row(form);
    size_t end = msg->pos + rdlength;
    size_t back = w->pos;
    int err;

    if (msg->err || w->err) {
        return msg->err ? msg->err : w->err;
    }
    if (rdlength > wr_buf_left(msg)) {
        wr_buf_fail_reader(msg, WR_E_SHORT);
        return WR_E_SHORT;
    }
    if (row) {
        err = expand_fields(msg, end, row, w);
    } else {
        wr_buf_put_bytes(w, wr_buf_get_bytes(msg, rdlength), rdlength);
        err = w->err;
    }
    if (!err && w->pos - back > UINT16_MAX) {
        err = WR_E_LIMIT; /* compression bomb: what does not fit a record is none */
    }
    if (err) {
        w->pos = back;
        w->err = WR_OK;
    }
    return err;
}

static bool is_lowered(enum wr_field field)
{
    return field == WR_FIELD_NAME_COMPRESSED || field == WR_FIELD_NAME_LOWERED;
}

void wr_rdata_canonical(uint32_t form, uint8_t *rdata, size_t size)
{
    const struct wr_rdata_row *row = wr_rdata_row(form);
    struct wr_rdata_walk walk;
    const uint8_t *part;
    enum wr_field field;
    size_t n;

    if (!row) {
        return;
    }
    wr_rdata_walk_start(&walk, row, rdata, size);
    while ((field = wr_rdata_walk_next(&walk, &part, &n)) != WR_FIELD_END) {
        uint8_t *name = rdata + (part - rdata);

        for (size_t i = 0; is_lowered(field) && i < n; i++) {
            name[i] = wr_name_fold(name[i]);
        }
    }
}

/* The first difference of n octets, or 0; `fold` lowers letters. */
static int octets_order(const uint8_t *a, const uint8_t *b, size_t n, bool fold)
{
    if (!fold) {
        return n ? memcmp(a, b, n) : 0;
    }
    for (size_t i = 0; i < n; i++) {
        int diff = (int)wr_name_fold(a[i]) - (int)wr_name_fold(b[i]);

        if (diff) {
            return diff;
        }
    }
    return 0;
}

/* Walks the fields of `a` only: up to the first difference those of `b` lie at the same places. */
int wr_rdata_order(uint32_t form, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    const struct wr_rdata_row *row = wr_rdata_row(form);
    size_t both = a_size < b_size ? a_size : b_size;
    struct wr_rdata_walk walk;
    size_t at = 0;
    int diff = 0;

    if (row) {
        wr_rdata_walk_start(&walk, row, a, a_size);
    }
    while (row && at < both && diff == 0) {
        const uint8_t *part;
        size_t n;
        enum wr_field field = wr_rdata_walk_next(&walk, &part, &n);

        if (field == WR_FIELD_END) {
            break;
        }
        n = n < both - at ? n : both - at;
        diff = octets_order(a + at, b + at, n, is_lowered(field));
        at += n;
    }
    if (diff == 0 && at < both) {
        diff = octets_order(a + at, b + at, both - at, false);
    }
    return diff ? diff : (a_size > b_size) - (a_size < b_size);
}
