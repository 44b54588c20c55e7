/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/classify.h"

#include "base/check.h"

static const char *const names[] = {
    [WR_RESPONSE_ANSWER] = "ANSWER",     [WR_RESPONSE_CNAME] = "CNAME",
    [WR_RESPONSE_NODATA] = "NODATA",     [WR_RESPONSE_NXDOMAIN] = "NXDOMAIN",
    [WR_RESPONSE_REFERRAL] = "REFERRAL", [WR_RESPONSE_TRUNCATED] = "TRUNCATED",
    [WR_RESPONSE_FORMERR] = "FORMERR",   [WR_RESPONSE_SERVFAIL] = "SERVFAIL",
    [WR_RESPONSE_NOTIMP] = "NOTIMP",     [WR_RESPONSE_REFUSED] = "REFUSED",
    [WR_RESPONSE_BADVERS] = "BADVERS",   [WR_RESPONSE_BADCOOKIE] = "BADCOOKIE",
    [WR_RESPONSE_OTHER] = "OTHER",       [WR_RESPONSE_LAME] = "LAME",
};

const char *wr_classify_name(enum wr_response kind)
{
    return (size_t)kind < WR_ARRAY_LEN(names) ? names[kind] : "UNKNOWN";
}

static enum wr_response by_rcode(uint16_t rcode)
{
    switch (rcode) {
    case WR_RCODE_FORMERR: return WR_RESPONSE_FORMERR;
    case WR_RCODE_SERVFAIL: return WR_RESPONSE_SERVFAIL;
    case WR_RCODE_NOTIMP: return WR_RESPONSE_NOTIMP;
    case WR_RCODE_REFUSED: return WR_RESPONSE_REFUSED;
    case WR_RCODE_BADVERS: return WR_RESPONSE_BADVERS;
    case WR_RCODE_BADCOOKIE: return WR_RESPONSE_BADCOOKIE;
    default: return WR_RESPONSE_OTHER;
    }
}

/* What the answer section holds of the question: the type itself, only CNAMEs, or nothing. */
static enum wr_response by_answer(const struct wr_msg *msg, uint16_t qtype)
{
    struct wr_msg_walk walk = wr_msg_walk(msg, WR_SECTION_ANSWER);
    struct wr_msg_rr rr;
    bool cname = false;
    while (wr_msg_next(&walk, &rr)) {
        if (rr.class_ != WR_CLASS_IN) {
            continue;
        }
        if (rr.type == qtype || (qtype == WR_TYPE_ANY && !wr_codes_type_is_meta(rr.type))) {
            return WR_RESPONSE_ANSWER;
        }
        cname |= rr.type == WR_TYPE_CNAME;
    }
    return cname ? WR_RESPONSE_CNAME : WR_RESPONSE_NODATA;
}

/* NS without SOA in the authority section, not for the name of the SOA's zone: a referral (RFC 2308 section 2.2). */
static bool is_referral(const struct wr_msg *msg, const uint8_t *qname)
{
    struct wr_msg_walk walk = wr_msg_walk(msg, WR_SECTION_AUTHORITY);
    struct wr_msg_rr rr;
    bool ns = false;
    while (wr_msg_next(&walk, &rr)) {
        if (rr.type == WR_TYPE_SOA) {
            return false;
        }
        ns |= rr.type == WR_TYPE_NS && wr_name_in(qname, rr.owner.wire);
    }
    return ns && !(msg->flags & WR_FLAG_AA);
}

enum wr_response wr_classify(const struct wr_msg *msg, const uint8_t *qname, uint16_t qtype)
{
    uint16_t rcode = wr_msg_rcode(msg);
    if (msg->flags & WR_FLAG_TC) {
        return WR_RESPONSE_TRUNCATED;
    }
    if (rcode == WR_RCODE_NXDOMAIN) {
        return WR_RESPONSE_NXDOMAIN;
    }
    if (rcode == WR_RCODE_YXDOMAIN && msg->counts[WR_SECTION_ANSWER] > 0) {
        return WR_RESPONSE_ANSWER; /* a DNAME that makes the name too long (RFC 6672 section 2.2) */
    }
    if (rcode != WR_RCODE_NOERROR) {
        return by_rcode(rcode);
    }
    enum wr_response kind = by_answer(msg, qtype);
    if (kind == WR_RESPONSE_NODATA && is_referral(msg, qname)) {
        return WR_RESPONSE_REFERRAL;
    }
    return kind;
}
