/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/roughchain.h"

#include <string.h>

#include "base/err.h"

void wr_roughchain_next(const struct wr_roughchain *c, struct wr_rng *rng,
                        struct wr_roughchain_nonce *ret_nonce)
{
    const struct wr_roughchain_link *last = c->links > 0 ? &c->link[c->links - 1] : NULL;

    wr_rng_bytes(rng, ret_nonce->blind, sizeof(ret_nonce->blind));
    ret_nonce->follows = last && wr_roughtime_link(last->reply, last->size, ret_nonce->blind,
                                                   ret_nonce->nonce) == WR_OK;
    if (!ret_nonce->follows) {
        wr_rng_bytes(rng, ret_nonce->nonce, sizeof(ret_nonce->nonce));
    }
}

void wr_roughchain_add(struct wr_roughchain *c, const uint8_t key[WR_ROUGHTIME_KEY_SIZE],
                       const struct wr_roughchain_nonce *question, const uint8_t *reply,
                       size_t size, const struct wr_roughtime_reply *said)
{
    if (size > WR_ROUGHTIME_REPLY_MAX) {
        c->links = 0;
        return;
    }
    if (c->links == WR_ROUGHCHAIN_MAX) {
        memmove(c->link, c->link + 1, (WR_ROUGHCHAIN_MAX - 1) * sizeof(c->link[0]));
        c->links--;
    }
    struct wr_roughchain_link *l = &c->link[c->links++];
    memcpy(l->key, key, WR_ROUGHTIME_KEY_SIZE);
    l->question = *question;
    l->said = *said;
    l->size = (uint16_t)size;
    memcpy(l->reply, reply, size);
}

bool wr_roughchain_convict(const struct wr_roughchain *c, unsigned *ret_first)
{
    const struct wr_roughchain_link *last = c->links > 0 ? &c->link[c->links - 1] : NULL;
    bool found = false;

    for (unsigned i = c->links; last && i > 1 && c->link[i - 1].question.follows; i--) {
        const struct wr_roughchain_link *before = &c->link[i - 2];
        if (before->said.midpoint_s - before->said.radius_s >
            last->said.midpoint_s + last->said.radius_s) {
            *ret_first = i - 2;
            found = true;
        }
    }
    return found;
}
