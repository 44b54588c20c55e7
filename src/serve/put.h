/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Put: DNS values as values of JSON, the same in every report.
 *
 * put_addr "192.0.2.1:53"; put_name "example."; put_type "AAAA"; put_rcode "NXDOMAIN"; put_decimal an exact number;
 * put_records the rdata of a set and its signatures, as in a zone file. Keys may be NULL inside an array.
 */
#ifndef WR_SERVE_PUT_H
#define WR_SERVE_PUT_H

#include "base/addr.h"
#include "base/str.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/present.h"
#include "dns/rdata.h"
#include "dns/rrset.h"
#include "serve/json.h"

/* Text of one record: the longest TXT set escaped, and no more. */
#define WR_PUT_TEXT_SIZE 16384

static inline void put_addr(struct wr_json *j, const char *key, const struct wr_addr *addr)
{
    char text[WR_ADDR_TEXT_SIZE];
    wr_addr_to_text(addr, text, sizeof(text));
    wr_json_text(j, key, text);
}

static inline void put_name(struct wr_json *j, const char *key, const uint8_t *name)
{
    char text[WR_NAME_TEXT_SIZE];
    wr_name_to_text(name, text, sizeof(text));
    wr_json_text(j, key, text);
}

static inline void put_type(struct wr_json *j, const char *key, uint16_t type)
{
    char text[WR_CODE_TEXT_SIZE];
    wr_codes_type_text(type, text, sizeof(text));
    wr_json_text(j, key, text);
}

static inline void put_rcode(struct wr_json *j, const char *key, uint16_t rcode)
{
    char text[WR_CODE_TEXT_SIZE];
    wr_codes_rcode_text(rcode, text, sizeof(text));
    wr_json_text(j, key, text);
}

/* v / 10^places as a decimal number: exact, without floating point. */
static inline void put_decimal(struct wr_json *j, const char *key, uint64_t v, unsigned places)
{
    char text[32];
    struct wr_str s;
    uint64_t unit = 1;
    for (unsigned i = 0; i < places; i++) {
        unit *= 10;
    }
    wr_str_init(&s, text, sizeof(text));
    wr_str_u64(&s, v / unit);
    wr_str_char(&s, '.');
    wr_str_u64_pad(&s, v % unit, places);
    wr_json_raw(j, key, text, s.len);
}

static inline const char *security_name(uint8_t security)
{
    static const char *const names[] = {"unchecked", "bogus", "indeterminate", "insecure",
                                        "secure"};
    return security < sizeof(names) / sizeof(names[0]) ? names[security] : "unknown";
}

static inline void put_records(const struct wr_rrset *set, char *text, struct wr_json *j)
{
    struct wr_rrset_walk walk = wr_rrset_walk(set);
    const uint8_t *rdata;
    uint16_t size;
    wr_json_array(j, "records");
    for (unsigned i = 0; wr_rrset_next(&walk, &rdata, &size); i++) {
        struct wr_str str;
        wr_str_init(&str, text, WR_PUT_TEXT_SIZE);
        wr_present_rdata(&str,
                         i < set->records ? wr_rdata_form(set->class_, set->type) : WR_TYPE_RRSIG,
                         rdata, size);
        wr_json_bytes(j, NULL, str.base, str.len);
    }
    wr_json_end(j);
}

#endif
