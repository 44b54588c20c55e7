/* SPDX-License-Identifier: Apache-2.0 */
/* What a response is to an iteration: an answer, a way on, or the word of a server that has no business with the zone. */
#include "resolve/iter.h"

#include "base/limits.h"
#include "dns/codes.h"

/* What the authority section says of the servers' right to answer. */
struct claims {
    bool soa;   /* a SOA of the zone asked, or below it */
    bool own;   /* NS of the zone asked */
    bool below; /* NS of a zone below it and above the name: a referral */
    bool other; /* NS of a zone above, or beside */
    bool proof; /* NSEC or NSEC3: of a denial, or of a delegation without DS */
};

static struct claims read_claims(const struct wr_iter *it, const struct wr_msg *msg)
{
    struct claims c = {0};
    struct wr_msg_walk walk = wr_msg_walk(msg, WR_SECTION_AUTHORITY);
    struct wr_msg_rr rr;
    const uint8_t *zone = it->zone.wire;
    for (unsigned i = 0; i < WR_ANSWER_RRSETS_MAX && wr_msg_next(&walk, &rr); i++) {
        bool inside = wr_name_in(rr.owner.wire, zone);
        if (rr.type == WR_TYPE_SOA) {
            c.soa |= inside;
        } else if (rr.type == WR_TYPE_NSEC || rr.type == WR_TYPE_NSEC3) {
            c.proof |= inside;
        } else if (rr.type == WR_TYPE_NS && wr_name_equal(rr.owner.wire, zone)) {
            c.own = true;
        } else if (rr.type == WR_TYPE_NS) {
            c.below |= inside && wr_name_in(it->question.name.wire, rr.owner.wire);
            c.other |= !inside;
        }
    }
    return c;
}

/* A response without an answer: nothing of the type, a referral, or a server that has no business with the zone. */
static enum wr_response judge_empty(struct wr_iter *it, const struct wr_msg *msg,
                                    bool *ret_remember)
{
    struct claims c = read_claims(it, msg);
    bool aa = (msg->flags & WR_FLAG_AA) != 0, ra = (msg->flags & WR_FLAG_RA) != 0;
    if (c.soa || (aa && c.own)) {
        return WR_RESPONSE_NODATA;
    }
    if (c.below) {
        return WR_RESPONSE_REFERRAL;
    }
    if (c.proof && !c.own && !c.other) {
        return WR_RESPONSE_NODATA;
    }
    if (!wr_iter_is_whole(it)) {
        return c.own || c.other ? WR_RESPONSE_LAME : WR_RESPONSE_NODATA;
    }
    if (c.own || c.other || (ra && !aa)) {
        *ret_remember = true;
        return WR_RESPONSE_LAME;
    }
    it->empty = true; /* another may know more */
    return WR_RESPONSE_LAME;
}

enum wr_response wr_iter_judge(struct wr_iter *it, const struct wr_msg *msg, enum wr_response kind,
                               bool *ret_remember)
{
    bool aa = (msg->flags & WR_FLAG_AA) != 0;
    *ret_remember = kind == WR_RESPONSE_REFUSED && wr_iter_is_whole(it);
    switch (kind) {
    case WR_RESPONSE_REFERRAL:
    case WR_RESPONSE_NODATA: return judge_empty(it, msg, ret_remember);
    case WR_RESPONSE_ANSWER:
    case WR_RESPONSE_CNAME:
        if (!aa && kind == WR_RESPONSE_ANSWER && read_claims(it, msg).below &&
            it->question.type != WR_TYPE_DS) {
            return WR_RESPONSE_REFERRAL;
        }
        if (!aa && (msg->flags & WR_FLAG_RA) && !it->trusting) {
            it->recursor = true; /* delegated to by mistake: others are asked first */
            return WR_RESPONSE_LAME;
        }
        return kind;
    default: return kind;
    }
}
