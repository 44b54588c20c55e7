/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes: the numbers of the DNS and their names (IANA DNS parameters).
 *
 * Types, classes, opcodes, response codes, extended errors (RFC 8914), EDNS
 * options. Names are the registry's; unknown numbers print in the generic form
 * of RFC 3597 (TYPE123, CLASS4), and are read in it.
 */
#ifndef WR_DNS_CODES_H
#define WR_DNS_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wr_type {
    WR_TYPE_A = 1,
    WR_TYPE_NS = 2,
    WR_TYPE_CNAME = 5,
    WR_TYPE_SOA = 6,
    WR_TYPE_NULL = 10,
    WR_TYPE_PTR = 12,
    WR_TYPE_HINFO = 13,
    WR_TYPE_MX = 15,
    WR_TYPE_TXT = 16,
    WR_TYPE_SIG = 24,
    WR_TYPE_AAAA = 28,
    WR_TYPE_SRV = 33,
    WR_TYPE_NAPTR = 35,
    WR_TYPE_DNAME = 39,
    WR_TYPE_OPT = 41,
    WR_TYPE_APL = 42,
    WR_TYPE_DS = 43,
    WR_TYPE_SSHFP = 44,
    WR_TYPE_RRSIG = 46,
    WR_TYPE_NSEC = 47,
    WR_TYPE_DNSKEY = 48,
    WR_TYPE_NSEC3 = 50,
    WR_TYPE_NSEC3PARAM = 51,
    WR_TYPE_TLSA = 52,
    WR_TYPE_CDS = 59,
    WR_TYPE_CDNSKEY = 60,
    WR_TYPE_ZONEMD = 63,
    WR_TYPE_SVCB = 64,
    WR_TYPE_HTTPS = 65,
    WR_TYPE_TKEY = 249,
    WR_TYPE_TSIG = 250,
    WR_TYPE_IXFR = 251,
    WR_TYPE_AXFR = 252,
    WR_TYPE_MAILB = 253,
    WR_TYPE_MAILA = 254,
    WR_TYPE_ANY = 255,
    WR_TYPE_CAA = 257,
};

enum wr_class { WR_CLASS_IN = 1, WR_CLASS_CH = 3, WR_CLASS_NONE = 254, WR_CLASS_ANY = 255 };

enum wr_opcode { WR_OPCODE_QUERY = 0, WR_OPCODE_NOTIFY = 4, WR_OPCODE_UPDATE = 5 };

enum wr_rcode {
    WR_RCODE_NOERROR = 0,
    WR_RCODE_FORMERR = 1,
    WR_RCODE_SERVFAIL = 2,
    WR_RCODE_NXDOMAIN = 3,
    WR_RCODE_NOTIMP = 4,
    WR_RCODE_REFUSED = 5,
    WR_RCODE_YXDOMAIN = 6,
    WR_RCODE_NOTAUTH = 9,
    WR_RCODE_BADVERS = 16,
    WR_RCODE_BADCOOKIE = 23,
};

/* Extended DNS errors, RFC 8914 section 4 and the registry. -1: none. */
enum wr_ede {
    WR_EDE_NONE = -1,
    WR_EDE_OTHER = 0,
    WR_EDE_DNSKEY_ALGORITHM = 1,
    WR_EDE_DS_DIGEST = 2,
    WR_EDE_STALE_ANSWER = 3,
    WR_EDE_FORGED = 4,
    WR_EDE_INDETERMINATE = 5,
    WR_EDE_BOGUS = 6,
    WR_EDE_SIGNATURE_EXPIRED = 7,
    WR_EDE_SIGNATURE_NOT_YET = 8,
    WR_EDE_DNSKEY_MISSING = 9,
    WR_EDE_RRSIGS_MISSING = 10,
    WR_EDE_NO_ZONE_KEY_BIT = 11,
    WR_EDE_NSEC_MISSING = 12,
    WR_EDE_CACHED_ERROR = 13,
    WR_EDE_NOT_READY = 14,
    WR_EDE_BLOCKED = 15,
    WR_EDE_CENSORED = 16,
    WR_EDE_FILTERED = 17,
    WR_EDE_PROHIBITED = 18,
    WR_EDE_STALE_NXDOMAIN = 19,
    WR_EDE_NOT_AUTHORITATIVE = 20,
    WR_EDE_NOT_SUPPORTED = 21,
    WR_EDE_NO_REACHABLE_AUTHORITY = 22,
    WR_EDE_NETWORK_ERROR = 23,
    WR_EDE_INVALID_DATA = 24,
    WR_EDE_NSEC3_ITERATIONS = 27,
};

enum wr_option {
    WR_OPTION_NSID = 3,
    WR_OPTION_ECS = 8,
    WR_OPTION_EXPIRE = 9,
    WR_OPTION_COOKIE = 10,
    WR_OPTION_KEEPALIVE = 11,
    WR_OPTION_PADDING = 12,
    WR_OPTION_CHAIN = 13,
    WR_OPTION_KEY_TAG = 14,
    WR_OPTION_EDE = 15,
    WR_OPTION_REPORT_CHANNEL = 18,
    WR_OPTION_MAC = 65001, /* of local use (RFC 6891 section 9): dnsmasq's add-mac */
};

/* Header flag bits, as the 16 bits behind the id. */
#define WR_FLAG_QR 0x8000
#define WR_FLAG_AA 0x0400
#define WR_FLAG_TC 0x0200
#define WR_FLAG_RD 0x0100
#define WR_FLAG_RA 0x0080
#define WR_FLAG_AD 0x0020
#define WR_FLAG_CD 0x0010

/* Longest text written by the functions below, with the NUL. */
#define WR_CODE_TEXT_SIZE 24

size_t wr_codes_type_text(uint16_t type, char *ret, size_t cap); /* "A", "TYPE65280" */
size_t wr_codes_class_text(uint16_t class_, char *ret, size_t cap);
int wr_codes_type_from_text(const char *text, size_t n, uint16_t *ret_type);
int wr_codes_class_from_text(const char *text, size_t n, uint16_t *ret_class);
size_t wr_codes_rcode_text(uint16_t rcode, char *ret, size_t cap); /* "NXDOMAIN", "RCODE99" */
size_t wr_codes_opcode_text(uint8_t opcode, char *ret, size_t cap);
const char *wr_codes_ede_text(int ede);            /* the registry's words, or "" */
const char *wr_codes_option_text(uint16_t option); /* "COOKIE", or NULL */
/* Numbers in rdata that text may tell by a word: DNSSEC algorithms, kinds of certificate (RFC 4398), protocols and services
 * of WKS, schemes of DSYNC (RFC 9859), errors of TSIG (RFC 8945). */
enum wr_codes_word {
    WR_CODES_ALGORITHM,
    WR_CODES_CERT,
    WR_CODES_PROTOCOL,
    WR_CODES_SERVICE,
    WR_CODES_SCHEME,
    WR_CODES_TSIG_ERROR,
};
/* The word, or a decimal number in its range: WR_E_FORMAT, WR_E_RANGE. */
int wr_codes_word_from_text(enum wr_codes_word kind, const char *text, size_t n, uint16_t *ret);
const char *wr_codes_word_text(enum wr_codes_word kind, uint16_t number); /* or NULL */
/* OPT, TSIG, AXFR, ANY and the like: never a type of stored data (RFC 6895 section 3.1). */
bool wr_codes_type_is_meta(uint16_t type);

#endif
