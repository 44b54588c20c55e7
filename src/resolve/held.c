/* SPDX-License-Identifier: Apache-2.0 */
/* Zones that are held here are asked like servers, and nothing they say is believed more than it would be of one. */
#include "resolve/request_state.h"

#include <string.h>

#include "base/limits.h"
#include "resolve/authority.h"

bool wr_held_is_wanted(const struct wr_requests *rs, const struct wr_request *r,
                       const uint8_t *route, uint64_t now_us)
{
    const struct wr_iter *it = wr_stage_iter(rs, r);
    const struct wr_heldzone *zone =
        wr_heldzones_find(rs->iter_env.held, r->asked.name.wire, r->asked.type,
                          it ? it->passed_over : 0, (uint32_t)(now_us / WR_S));
    /* The root of who forwards everything is the forwarders' affair. */
    return zone && zone->name[0] != 0 && wr_name_in(zone->name, route);
}

static void fail(struct wr_request *r, struct wr_iter *it, uint8_t failure, const char *why,
                 int16_t ede)
{
    it->state = WR_ITER_FAILED;
    r->forward.state = WR_FORWARD_FAILED;
    r->forward.failure = failure;
    r->forward.next_us = WR_TIME_NEVER;
    r->why = why;
    r->why_ede = ede;
}

/* The zone gave nothing that can be used: its servers are asked, if they may be. */
static void pass_over(struct wr_requests *rs, struct wr_request *r, wr_id id, struct wr_iter *it,
                      const struct wr_heldzone *zone, uint64_t now_us)
{
    if (zone && !zone->fallback) {
        fail(r, it, WR_FORWARD_ERROR, "the copy of the zone has no answer that can be used",
             WR_EDE_OTHER);
        return;
    }
    it->passed_over = (uint8_t)(wr_name_labels(it->zone.wire) + 1);
    wr_request_ask_stage(rs, r, id, now_us);
}

static bool is_usable(enum wr_response kind)
{
    return kind <= WR_RESPONSE_REFERRAL;
}

/* The zone's answer as a message; false: it has none. */
static bool answer(struct wr_requests *rs, const struct wr_iter *it, const struct wr_heldzone *zone,
                   struct wr_msg *ret_msg)
{
    const struct wr_question *q = &it->question;
    size_t size = 0;
    return zone && zone->index &&
           wr_authority_answer(zone->index, q->name.wire, q->type, q->dnssec_ok, rs->held_room,
                               WR_MSG_MAX, &size) == WR_OK &&
           wr_msg_parse(ret_msg, rs->held_room, size) == WR_OK;
}

void wr_held_ask(struct wr_requests *rs, struct wr_request *r, wr_id id, struct wr_iter *it,
                 uint64_t now_us)
{
    const struct wr_heldzone *zone = wr_heldzones_named(rs->iter_env.held, it->zone.wire);
    const struct wr_now now = {.mono_us = now_us}; /* nothing on this way asks what day it is */
    struct wr_msg msg;
    bool remember;
    int err = WR_E_UNSUPPORTED;
    if (zone && !zone->index && !zone->fallback) {
        fail(r, it, WR_FORWARD_ERROR, zone->ede_text, zone->ede);
        return;
    }
    if (answer(rs, it, zone, &msg)) {
        enum wr_response kind = wr_iter_judge(
            it, &msg, wr_classify(&msg, it->question.name.wire, it->question.type), &remember);
        rs->counters.held++;
        it->spoke = zone->state;
        err = is_usable(kind) ? wr_request_use(rs, r, id, &msg, kind, &now) : WR_E_UNSUPPORTED;
    }
    if (err == WR_E_FULL) {
        fail(r, it, WR_FORWARD_NO_ROOM, NULL, 0);
    } else if (err) {
        pass_over(rs, r, id, it, zone, now_us);
    }
}

bool wr_held_distrust(struct wr_requests *rs, struct wr_request *r, const struct wr_iter *it,
                      uint64_t now_us)
{
    const struct wr_heldzone *zone = wr_heldzones_named(rs->iter_env.held, it->zone.wire);
    if (wr_prove_is_unreachable(rs, r) || (zone && !zone->fallback)) {
        return false; /* its keys are somebody else's to give */
    }
    if (zone && zone->state && zone->state == it->spoke) { /* another copy has not said it */
        rs->counters.held_bogus++;
        wr_heldzone_distrust(zone, (uint32_t)(now_us / WR_S));
    }
    return true;
}
