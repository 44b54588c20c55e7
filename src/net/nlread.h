/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlink attributes: one after the other, nested ones likewise; what reaches beyond its end is not there.
 *
 *     struct wr_nlread in = {bytes, n}, body;
 *     for (unsigned type; (type = wr_nlread_next(&in, &body)) != 0;)
 */
#ifndef WR_NET_NLREAD_H
#define WR_NET_NLREAD_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

struct wr_nlread {
    const uint8_t *at;
    size_t n;
};

/* The next attribute, its body in *ret_body; 0: that was the last. */
static inline unsigned wr_nlread_next(struct wr_nlread *in, struct wr_nlread *ret_body)
{
    const struct nlattr *a = (const void *)in->at;
    if (in->n < NLA_HDRLEN || a->nla_len < NLA_HDRLEN || a->nla_len > in->n) {
        return 0;
    }
    size_t step = NLA_ALIGN((size_t)a->nla_len);
    step = step < in->n ? step : in->n;
    *ret_body = (struct wr_nlread){in->at + NLA_HDRLEN, a->nla_len - (size_t)NLA_HDRLEN};
    in->at += step;
    in->n -= step;
    return a->nla_type & NLA_TYPE_MASK;
}

#endif
