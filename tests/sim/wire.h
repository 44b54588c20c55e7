/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wire: the tests' own reading and writing of DNS messages.
 *
 * The oracle must not believe what the code under test believes, so nothing of src/dns/ is used here: this
 * is a second, plain reading of RFC 1035 and RFC 6891. It is written for clearness: whole messages, fixed
 * buffers, names as uncompressed wire octets.
 *
 * wire_read gives 0, or -1 for a message that breaks the format. A struct wire_msg is large (it holds all
 * records): keep it in static or allocated memory.
 */
#ifndef WEIR_SIM_WIRE_H
#define WEIR_SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_NAME_SIZE  256
#define WIRE_RRS_MAX    2048
#define WIRE_STORE_SIZE (256 * 1024)
#define WIRE_MSG_MAX    65535

enum wire_section { WIRE_QUESTION = 0, WIRE_ANSWER = 1, WIRE_AUTHORITY = 2, WIRE_ADDITIONAL = 3 };

enum {
    TYPE_A = 1,
    TYPE_NS = 2,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_PTR = 12,
    TYPE_HINFO = 13,
    TYPE_MX = 15,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
    TYPE_DNAME = 39,
    TYPE_OPT = 41,
    TYPE_DS = 43,
    TYPE_RRSIG = 46,
    TYPE_NSEC = 47,
    TYPE_DNSKEY = 48,
    TYPE_ANY = 255
};
enum {
    RCODE_NOERROR = 0,
    RCODE_FORMERR = 1,
    RCODE_SERVFAIL = 2,
    RCODE_NXDOMAIN = 3,
    RCODE_NOTIMP = 4,
    RCODE_REFUSED = 5,
    RCODE_BADVERS = 16,
    RCODE_BADCOOKIE = 23
};
enum {
    FLAG_QR = 0x8000,
    FLAG_AA = 0x0400,
    FLAG_TC = 0x0200,
    FLAG_RD = 0x0100,
    FLAG_RA = 0x0080,
    FLAG_Z = 0x0040,
    FLAG_AD = 0x0020,
    FLAG_CD = 0x0010
};

struct wire_rr {
    uint8_t section; /* enum wire_section */
    uint16_t type, class_, size;
    uint32_t ttl;
    const uint8_t *owner; /* wire name */
    const uint8_t *rdata; /* names in it uncompressed */
};

struct wire_edns {
    bool present;
    uint8_t version, rcode_high;
    bool dnssec_ok;
    uint16_t udp_size;
    uint8_t cookie[40], cookie_size;
    bool cookie_seen;
    int ede;  /* the first, -1 none */
    int edes; /* how many */
    char ede_text[128];
    bool ecs, nsid, keepalive, padding;
    uint16_t nsid_size;
};

struct wire_msg {
    uint16_t id, flags, counts[4];
    uint8_t qname[WIRE_NAME_SIZE];
    uint16_t qtype, qclass;
    size_t question_end;
    struct wire_edns edns;
    unsigned rrs; /* without OPT */
    struct wire_rr rr[WIRE_RRS_MAX];
    size_t stored;
    uint8_t store[WIRE_STORE_SIZE];
};

int wire_read(struct wire_msg *ret_msg, const uint8_t *bytes, size_t size);
unsigned wire_rcode(const struct wire_msg *m); /* with the upper bits of EDNS */

struct wire_out {
    size_t size;
    bool full;
    uint16_t counts[4];
    uint8_t bytes[WIRE_MSG_MAX + 1];
};

void wire_start(struct wire_out *o, uint16_t id, uint16_t flags);
void wire_question(struct wire_out *o, const uint8_t *name, uint16_t type, uint16_t class_);
/* Compresses the owner against the question only. */
void wire_record(struct wire_out *o, enum wire_section section, const uint8_t *owner, uint16_t type,
                 uint32_t ttl, const uint8_t *rdata, size_t size);
/* The rcode's upper bits are in edns->rcode_high. */
void wire_opt(struct wire_out *o, const struct wire_edns *edns);
void wire_option(uint8_t *rdata, size_t *size, uint16_t code, const void *bytes, size_t n);
void wire_opt_raw(struct wire_out *o, uint16_t udp_size, uint32_t ttl, const uint8_t *rdata,
                  size_t size);
size_t wire_end(struct wire_out *o); /* writes the counts, gives the size */

size_t wire_name_size(const uint8_t *name);
bool wire_name_same(const uint8_t *a, const uint8_t *b);        /* case ignored */
bool wire_name_same_octets(const uint8_t *a, const uint8_t *b); /* case counts */
bool wire_name_below(const uint8_t *name, const uint8_t *top);  /* equal counts */
/* Can it be read in these octets, as labels, or as text too? Not the root. */
bool wire_name_in(const uint8_t *bytes, size_t size, const uint8_t *name, bool as_text);
void wire_name_copy(uint8_t *ret, const uint8_t *name);
void wire_name_lower(uint8_t *name);
/* 0 or -1. "." is the root; a missing last dot is forgiven; \DDD and \. are read. */
int wire_name_from_text(const char *text, uint8_t *ret); /* room for WIRE_NAME_SIZE */
void wire_name_text(const uint8_t *name, char *ret, size_t cap);

int wire_type_from_text(const char *text, uint16_t *ret);
void wire_type_text(uint16_t type, char *ret, size_t cap);
int wire_rcode_from_text(const char *text, uint16_t *ret);
/* Rdata from zone text (A AAAA NS CNAME PTR DNAME MX SOA TXT, and \# for all). 0 or -1. */
int wire_rdata_from_text(uint16_t type, const char *text, uint8_t *ret, size_t cap,
                         size_t *ret_size);
void wire_rdata_text(uint16_t type, const uint8_t *rdata, size_t size, char *ret, size_t cap);

static inline uint16_t wire_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t wire_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void wire_set_u16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void wire_set_u32(uint8_t *p, uint32_t v)
{
    wire_set_u16(p, v >> 16);
    wire_set_u16(p + 2, v & 0xffff);
}

#endif
