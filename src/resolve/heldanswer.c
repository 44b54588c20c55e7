/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/heldanswer.h"

#include "base/err.h"
#include "resolve/authority.h"
#include "resolve/scrub.h"

/* Is nothing left to ask? It is when an alias leads out of the zone. */
static bool is_whole(enum wr_response kind)
{
    return kind == WR_RESPONSE_ANSWER || kind == WR_RESPONSE_NODATA || kind == WR_RESPONSE_NXDOMAIN;
}

static void claim(struct wr_answer *a)
{
    a->authoritative = a->local = true;
    a->security = WR_SECURITY_INSECURE;
    a->ede = WR_EDE_NONE;
    for (unsigned i = 0; i < a->answers; i++) {
        a->answer[i].security = WR_SECURITY_INSECURE;
    }
    for (unsigned i = 0; i < a->authorities; i++) {
        a->authority[i].security = WR_SECURITY_INSECURE;
    }
}

enum wr_found wr_heldanswer_find(const struct wr_heldzones *zones, const struct wr_local *local,
                                 const struct wr_upstreams *upstreams, const struct wr_question *q,
                                 uint32_t now_s, uint8_t *room, struct wr_arena *arena,
                                 struct wr_answer *ret_answer)
{
    const struct wr_heldzone *zone = wr_heldzones_find(zones, q->name.wire, q->type, 0, now_s);
    size_t size = 0;
    struct wr_msg msg;
    enum wr_response kind;
    if (!zone || !zone->answers || !zone->index ||
        wr_authority_answer(zone->index, q->name.wire, q->type, true, room, WR_MSG_MAX, &size) !=
            WR_OK ||
        wr_msg_parse(&msg, room, size) != WR_OK ||
        wr_classify(&msg, q->name.wire, q->type) == WR_RESPONSE_REFERRAL) {
        return WR_FOUND_NOTHING;
    }
    const uint8_t *route;
    (void)wr_upstream_route(upstreams, zone->name, &route);
    const struct wr_scrub what = {.qname = q->name.wire,
                                  .qtype = q->type,
                                  .bailiwick = zone->name,
                                  .route = route,
                                  .local = local,
                                  .upstreams = upstreams,
                                  .rank = WR_RANK_AUTH_ANSWER};
    if (wr_scrub(&msg, &what, arena, ret_answer, &kind) != WR_OK || !is_whole(kind)) {
        return WR_FOUND_NOTHING;
    }
    claim(ret_answer);
    return WR_FOUND_FRESH;
}
