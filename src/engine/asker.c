/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/asker.h"

#include <string.h>

#include "base/str.h"
#include "policy/prefix.h"

const uint8_t *wr_asker_name(const struct wr_asker *a)
{
    bool kept = a->turned.from == WR_TURN_REVERSE || a->turned.from == WR_TURN_POLICY;
    return kept ? a->turned.asked : a->question.name.wire;
}

uint16_t wr_asker_type(const struct wr_asker *a)
{
    return a->turned.from == WR_TURN_ADDRESS ? WR_TYPE_AAAA : a->question.type;
}

bool wr_asker_is_forgeable(const struct wr_asker *a)
{
    return a->client.transport == WR_CLIENT_UDP && a->cookie_state != WR_COOKIE_PROVEN;
}

bool wr_asker_wants_referral(const struct wr_asker *a)
{
    return a->turned.from >= WR_TURN_REFER_NS && a->turned.from <= WR_TURN_REFER_ROOT;
}

void wr_asker_hop(struct wr_asker *a, const struct wr_edns *edns, const struct wr_prefix *hops,
                  uint32_t count)
{
    struct wr_str s;
    if (a->client.claim_kind == WR_CLAIM_HOP) { /* as another worker's settings had it */
        a->client.claim_kind = WR_CLAIM_NONE;
        a->client.claim[0] = 0;
    }
    if (!edns->present || !edns->mac_given || !wr_prefix_has(hops, count, &a->client.from)) {
        return;
    }
    wr_str_init(&s, a->client.claim, sizeof(a->client.claim));
    wr_str_hex(&s, edns->mac, sizeof(edns->mac));
    a->client.claim_kind = WR_CLAIM_HOP;
}

void wr_asker_init(struct wr_asker *a, const struct wr_client *client, const struct wr_msg *msg,
                   uint64_t now_us)
{
    a->client = *client;
    a->asked_us = now_us;
    a->client_hash = 0;
    a->prefix_hash = 0;
    a->turned.from = WR_TURN_NONE;
    a->turned.rules = 0;
    a->id = msg->id;
    a->flags = msg->flags;
    a->qclass = msg->qclass;
    a->query_size = (uint16_t)msg->size;
    a->has_question = msg->qdcount == 1;
    if (a->has_question) {
        wr_name_set(&a->question.name, msg->qname.wire);
    } else {
        a->question.name.wire[0] = 0;
        a->question.name.size = 1;
    }
    a->question.type = msg->qtype;
    a->question.view = 0;
    a->question.checking_disabled = (msg->flags & WR_FLAG_CD) != 0;
    a->question.dnssec_ok = msg->edns.present && msg->edns.dnssec_ok;
    a->edns = msg->edns.present;
    a->udp_size = msg->edns.present && msg->edns.udp_size > 512 ? msg->edns.udp_size : 512;
    a->padded = msg->edns.present && msg->edns.padding;
    a->nsid = msg->edns.present && msg->edns.nsid;
    a->cookie_state = WR_COOKIE_NONE;
    if (msg->edns.present && msg->edns.cookie_size >= 8) {
        a->cookie_state = WR_COOKIE_CLIENT;
        memcpy(a->client_cookie, msg->edns.cookie, 8);
    }
}
