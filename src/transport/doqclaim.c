/* SPDX-License-Identifier: Apache-2.0 */
/* DoQ server: who the client of a connection says it is. */
#include "base/err.h"
#include "transport/doqserver_state.h"

int wr_doqserver_judge(void *user, const struct wr_certs *chain, struct wr_verdict_text *why)
{
    struct doq_conn *c = user;

    wr_identity_certificate(&c->claim, c->quic.creds, chain);
    return WR_OK; /* who has a bad one is served all the same */
}

const struct wr_identity *wr_doqserver_claim(struct doq_conn *c)
{
    const char *below = c->server->setup.names_below;
    char name[256] = "";

    if (!c->named && below != NULL && below[0] != '\0' && c->claim.kind == WR_IDENTITY_NONE &&
        wr_quic_sni(&c->quic, name, sizeof(name) - 1) == WR_OK) {
        wr_identity_name(&c->claim, name, below);
    }
    c->named = true;
    return &c->claim;
}
