/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick look at a query says what the whole parser says, or that it does not know the shape.
 */
#include "fuzz.h"

#include "base/err.h"
#include "dns/msg.h"

static void compare_edns(const struct wr_edns *a, const struct wr_edns *b)
{
    promise(a->present == b->present && a->version == b->version && a->rcode_high == b->rcode_high);
    promise(a->dnssec_ok == b->dnssec_ok && a->udp_size == b->udp_size && a->z == b->z);
    promise(a->nsid == b->nsid && a->keepalive == b->keepalive && a->padding == b->padding);
    promise(a->keepalive_100ms == b->keepalive_100ms && a->ecs == b->ecs && a->ede == b->ede);
    promise(a->cookie_size == b->cookie_size && !memcmp(a->cookie, b->cookie, a->cookie_size));
    promise(a->ede_text == b->ede_text && a->ede_text_size == b->ede_text_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wr_msg quick, slow;

    memset(&quick, 0x55, sizeof(quick));
    memset(&slow, 0xaa, sizeof(slow));
    if (wr_msg_parse_query(&quick, data, size) != WR_OK) {
        /* what it leaves is either no plain query or malformed */
        if (wr_msg_parse(&slow, data, size) == WR_OK) {
            promise(slow.qdcount != 1 || slow.counts[0] || slow.counts[1] || slow.counts[2] > 1 ||
                    (slow.counts[2] == 1 && !slow.edns.present));
        }
        return 0;
    }
    promise(wr_msg_parse(&slow, data, size) == WR_OK);
    promise(quick.wire == slow.wire && quick.size == slow.size && quick.id == slow.id);
    promise(quick.flags == slow.flags && quick.qdcount == slow.qdcount && quick.tsig == slow.tsig);
    promise(!memcmp(quick.counts, slow.counts, sizeof(slow.counts)));
    promise(!memcmp(quick.starts, slow.starts, sizeof(slow.starts)));
    promise(quick.qname.size == slow.qname.size);
    promise(!memcmp(quick.qname.wire, slow.qname.wire, slow.qname.size));
    promise(quick.qtype == slow.qtype && quick.qclass == slow.qclass);
    promise(quick.question_end == slow.question_end);
    compare_edns(&quick.edns, &slow.edns);
    return 0;
}
