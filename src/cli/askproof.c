/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/askproof.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

static bool is_pinned(const struct wr_askproof *p)
{
    for (unsigned i = 0; i < p->pins; i++)
        if (wr_pin_equal(&p->pin[i], &p->key))
            return true;
    return false;
}

static int refuse(struct wr_verdict_text *ret_why, const char *why)
{
    snprintf(ret_why->text, sizeof(ret_why->text), "%s", why);
    return WR_E_DENIED;
}

/* The sentence; `why` is what the authorities' side has to say. */
static void tell(struct wr_askproof *p, bool vouched, bool pinned, const char *why)
{
    if (vouched)
        snprintf(p->text, sizeof(p->text), "an authority vouches for %s%s", p->host,
                 pinned ? ", and its key is pinned" : "");
    else if (pinned)
        snprintf(p->text, sizeof(p->text), "its key is pinned");
    else
        snprintf(p->text, sizeof(p->text), "NOT PROVEN for %s: %s", p->host, why);
}

int wr_askproof_judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *ret_why)
{
    struct wr_verdict_text why = {""};
    struct wr_askproof *p = user;
    bool vouched, pinned, enough;

    if (chain->count == 0 ||
        wr_creds_pin(chain->cert[0].der, chain->cert[0].size, p->key.digest) != WR_OK)
        return refuse(ret_why, "it showed no certificate that can be read");
    p->seen = true;
    pinned = is_pinned(p);
    vouched = wr_creds_verify(p->creds, chain, p->host, &why) == WR_OK;
    enough = p->any && p->pins && p->authority && (pinned || vouched);
    if (!enough && p->pins && !pinned)
        return refuse(ret_why, "its key is none of the pinned ones");
    if (!enough && p->authority && !vouched)
        return refuse(ret_why, why.text);
    p->proven = vouched || pinned;
    tell(p, vouched, pinned, why.text);
    return WR_OK;
}
