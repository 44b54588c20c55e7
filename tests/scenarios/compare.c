/* SPDX-License-Identifier: Apache-2.0 */
/* Is a reply what an entry says? One sentence about the first difference (story.h). */
#include <string.h>

#include "story.h"

static bool same_record(const struct story_rr *want, const struct wire_rr *got)
{
    bool name = want->type == TYPE_CNAME || want->type == TYPE_NS || want->type == TYPE_PTR;
    if (want->section != got->section || want->type != got->type ||
        !wire_name_same(want->owner, got->owner)) {
        return false;
    }
    return name ? wire_name_same(want->rdata, got->rdata)
                : want->size == got->size && memcmp(want->rdata, got->rdata, want->size) == 0;
}

static void record_text(const uint8_t *owner, uint16_t type, const uint8_t *rdata, size_t size,
                        char *ret, size_t cap)
{
    char name[300], type_text[24], data[200];
    wire_name_text(owner, name, sizeof name);
    wire_type_text(type, type_text, sizeof type_text);
    wire_rdata_text(type, rdata, size, data, sizeof data);
    snprintf(ret, cap, "%s %s %s", name, type_text, data);
}

static const char *compare_section(const struct story_entry *want, const struct wire_msg *got,
                                   uint8_t section, char *room, size_t cap)
{
    unsigned count = 0, wanted = 0;
    char text[600];
    for (unsigned i = 0; i < got->rrs; i++) {
        count += got->rr[i].section == section;
    }
    for (unsigned i = 0; i < want->rrs; i++) {
        const struct story_rr *rr = &want->rr[i];
        unsigned k = 0;
        if (rr->section != section) {
            continue;
        }
        wanted++;
        while (k < got->rrs && !same_record(rr, &got->rr[k])) {
            k++;
        }
        record_text(rr->owner, rr->type, rr->rdata, rr->size, text, sizeof text);
        if (k == got->rrs) {
            snprintf(room, cap, "missing in section %u: %s", section, text);
            return room;
        }
        if (want->match & MATCH_TTL && got->rr[k].ttl != rr->ttl) {
            snprintf(room, cap, "TTL %u instead of %u: %s", got->rr[k].ttl, rr->ttl, text);
            return room;
        }
    }
    if (count != wanted) {
        snprintf(room, cap, "section %u has %u records instead of %u", section, count, wanted);
        return room;
    }
    return NULL;
}

static const char *compare_edns(const struct story_entry *want, const struct wire_msg *got,
                                char *room, size_t cap)
{
    if (want->edns_want && (want->edns_want > 0) != got->edns.present) {
        return got->edns.present ? "EDNS where none should be" : "no EDNS";
    }
    if (want->ede_want >= -1 && got->edns.ede != want->ede_want) {
        snprintf(room, cap, "EDE %d '%s' instead of %d", got->edns.ede, got->edns.ede_text,
                 want->ede_want);
        return room;
    }
    if (want->cookie_want && (want->cookie_want > 0) != (got->edns.cookie_size > 8)) {
        return got->edns.cookie_size ? "a cookie where none should be" : "no server cookie";
    }
    if (want->edns.nsid && !got->edns.nsid_size) {
        return "no NSID";
    }
    if (got->edns.ecs) {
        return "a client subnet";
    }
    return NULL;
}

const char *story_compare(const struct story_entry *want, const struct wire_msg *got, char *room,
                          size_t cap)
{
    unsigned match = want->match & MATCH_ALL ? want->match : want->match | MATCH_ALL;
    const unsigned bits =
        FLAG_QR | FLAG_AA | FLAG_TC | FLAG_RD | FLAG_RA | FLAG_AD | FLAG_CD | FLAG_Z;
    const char *different = compare_edns(want, got, room, cap);
    if (match & MATCH_RCODE && wire_rcode(got) != want->rcode) {
        snprintf(room, cap, "rcode %u (EDE %d '%s') instead of %u", wire_rcode(got), got->edns.ede,
                 got->edns.ede_text, want->rcode);
        return room;
    }
    if (match & MATCH_FLAGS && (got->flags & bits) != want->flags) {
        snprintf(room, cap, "flags %04x instead of %04x", got->flags & bits, want->flags);
        return room;
    }
    if (match & MATCH_QUESTION && want->has_question &&
        (!wire_name_same_octets(want->qname, got->qname) || want->qtype != got->qtype ||
         want->qclass != got->qclass)) {
        return "another question";
    }
    for (uint8_t s = WIRE_ANSWER; s <= WIRE_ADDITIONAL && !different; s++) {
        if ((s == WIRE_ANSWER && match & MATCH_ANSWER) || want->sections >> s & 1) {
            different = compare_section(want, got, s, room, cap);
        }
    }
    return different;
}
