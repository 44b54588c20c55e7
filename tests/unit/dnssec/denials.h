/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The denials of two published zones, without their signatures: NSEC of RFC 4035 appendix A, NSEC3 of RFC 5155
 * appendix A. `denials_set` makes one into a set.
 */
#ifndef WEIR_TESTS_DENIALS_H
#define WEIR_TESTS_DENIALS_H

#include "unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "dns/codes.h"
#include "dns/name.h"
#include "dns/present.h"
#include "dns/rrset.h"

struct denials_row {
    const char *owner, *rdata;
};

static const struct denials_row denials_nsec[] = {
    {"example.", "a.example. NS SOA MX RRSIG NSEC DNSKEY"},
    {"a.example.", "ai.example. NS DS RRSIG NSEC"},
    {"ai.example.", "b.example. A HINFO AAAA RRSIG NSEC"},
    {"b.example.", "ns1.example. NS RRSIG NSEC"},
    {"ns1.example.", "ns2.example. A RRSIG NSEC"},
    {"ns2.example.", "*.w.example. A RRSIG NSEC"},
    {"*.w.example.", "x.w.example. MX RRSIG NSEC"},
    {"x.w.example.", "x.y.w.example. MX RRSIG NSEC"},
    {"x.y.w.example.", "xx.example. MX RRSIG NSEC"},
    {"xx.example.", "example. A HINFO AAAA RRSIG NSEC"},
};

/* The hashes of c.example and of d.example, the delegations without DS, lie in opt-out ranges. */
static const struct denials_row denials_nsec3[] = {
    {"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.",
     "1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG"},
    {"2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.",
     "1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG"},
    {"2vptu5timamqttgl4luu9kg21e0aor3s.example.",
     "1 1 12 aabbccdd 35mthgpgcu1qg68fab165klnsnk3dpvl MX RRSIG"},
    {"35mthgpgcu1qg68fab165klnsnk3dpvl.example.",
     "1 1 12 aabbccdd b4um86eghhds6nea196smvmlo4ors995 NS DS RRSIG"},
    {"b4um86eghhds6nea196smvmlo4ors995.example.",
     "1 1 12 aabbccdd gjeqe526plbf1g8mklp59enfd789njgi MX RRSIG"},
    {"gjeqe526plbf1g8mklp59enfd789njgi.example.",
     "1 1 12 aabbccdd ji6neoaepv8b5o6k4ev33abha8ht9fgc HINFO A AAAA RRSIG"},
    {"ji6neoaepv8b5o6k4ev33abha8ht9fgc.example.",
     "1 1 12 aabbccdd k8udemvp1j2f7eg6jebps17vp3n8i58h"},
    {"k8udemvp1j2f7eg6jebps17vp3n8i58h.example.",
     "1 1 12 aabbccdd kohar7mbb8dc2ce8a9qvl8hon4k53uhi"},
    {"kohar7mbb8dc2ce8a9qvl8hon4k53uhi.example.",
     "1 1 12 aabbccdd q04jkcevqvmu85r014c7dkba38o0ji5r A RRSIG"},
    {"q04jkcevqvmu85r014c7dkba38o0ji5r.example.",
     "1 1 12 aabbccdd r53bq7cc2uvmubfu5ocmm6pers9tk9en A RRSIG"},
    {"r53bq7cc2uvmubfu5ocmm6pers9tk9en.example.",
     "1 1 12 aabbccdd t644ebqk9bibcna874givr6joj62mlhv MX RRSIG"},
    {"t644ebqk9bibcna874givr6joj62mlhv.example.",
     "1 1 12 aabbccdd 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom HINFO A AAAA RRSIG"},
};

#define DENIALS_NSEC  (sizeof(denials_nsec) / sizeof(denials_nsec[0]))
#define DENIALS_NSEC3 (sizeof(denials_nsec3) / sizeof(denials_nsec3[0]))

struct denials_made {
    struct wr_name owner;
    uint8_t rdata[300];
    size_t size;
    uint8_t data[302];
    struct wr_rrset set;
};

static inline struct wr_name denials_name(const char *text)
{
    struct wr_name name;

    assert_int_equal(wr_name_from_text(text, strlen(text), &name), WR_OK);
    return name;
}

static inline void denials_make(const struct denials_row *row, uint16_t type,
                                struct denials_made *ret)
{
    struct wr_writer w;

    ret->owner = denials_name(row->owner);
    wr_buf_write_init(&w, ret->rdata, sizeof(ret->rdata));
    assert_int_equal(wr_present_read_rdata(row->rdata, strlen(row->rdata), type, NULL, &w, NULL),
                     WR_OK);
    ret->size = w.pos;
    ret->data[0] = (uint8_t)(w.pos >> 8);
    ret->data[1] = (uint8_t)w.pos;
    memcpy(ret->data + 2, ret->rdata, w.pos);
    ret->set = (struct wr_rrset){.owner = ret->owner.wire,
                                 .type = type,
                                 .class_ = WR_CLASS_IN,
                                 .records = 1,
                                 .data = ret->data,
                                 .size = (uint32_t)w.pos + 2};
}

#endif
