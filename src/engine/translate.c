/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/translate.h"

#include <string.h>

/* Is DNS64 for this client, and is the question of this type its own? Without RD the cache is told as it is. */
static bool is_for(const struct wr_dns64 *d, const struct wr_asker *a, uint16_t type)
{
    return wr_dns64_is_on(d) && a->turned.from == WR_TURN_NONE && a->question.type == type &&
           a->qclass == WR_CLASS_IN && (a->flags & WR_FLAG_RD) &&
           wr_dns64_serves(d, &a->question, &a->client.from);
}

bool wr_translate_turn(const struct wr_dns64 *d, struct wr_asker *a, const struct wr_answer *answer)
{
    if (!is_for(d, a, WR_TYPE_AAAA) || !wr_dns64_lacks(d, answer)) {
        return false;
    }
    a->turned.from = WR_TURN_ADDRESS;
    a->turned.denial_ttl = wr_dns64_denial_ttl(answer);
    a->turned.denial_security = answer->security;
    a->question.type = WR_TYPE_A;
    return true;
}

void wr_translate_reverse(const struct wr_dns64 *d, struct wr_asker *a)
{
    struct wr_name v4;
    if (!is_for(d, a, WR_TYPE_PTR) || !wr_dns64_reverse(d, a->question.name.wire, &v4)) {
        return;
    }
    a->turned.from = WR_TURN_REVERSE;
    memcpy(a->turned.asked, a->question.name.wire, WR_DNS64_REVERSE_SIZE);
    a->question.name = v4;
}

const struct wr_answer *wr_translate_local(const struct wr_dns64 *d, const struct wr_asker *a,
                                           struct wr_dns64_room *room)
{
    return is_for(d, a, a->question.type) ? wr_dns64_ipv4only(d, &a->question, room) : NULL;
}

const struct wr_answer *wr_translate_answer(const struct wr_dns64 *d, const struct wr_asker *a,
                                            const struct wr_answer *answer,
                                            struct wr_dns64_room *room)
{
    if (answer == &room->answer) {
        return answer;
    }
    switch (a->turned.from) {
    case WR_TURN_ADDRESS:
        return wr_dns64_map(d, answer, a->turned.denial_ttl, a->turned.denial_security, room);
    case WR_TURN_REVERSE: return wr_dns64_link(a->turned.asked, &a->question.name, answer, room);
    default: return is_for(d, a, WR_TYPE_AAAA) ? wr_dns64_strip(d, answer, room) : answer;
    }
}
