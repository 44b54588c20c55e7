/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's certificate and who trusts it, for fuzzers that need a true handshake of TLS: made once, when tlspair_make is called first.
 *
 *     struct wr_tls_setup setup = tlspair_setup(WR_TLS_SERVER, alpn, 1);    with a key for tickets; or of a client, who judges
 */
#ifndef WEIR_TESTS_FUZZ_TLSPAIR_H
#define WEIR_TESTS_FUZZ_TLSPAIR_H

#include "fuzz.h"

#include "base/err.h"
#include "transport/tls.h"
#include "unit/transport/certs.h"

#define TLSPAIR_NAME "dns.example"

static struct wr_creds *tlspair_server, *tlspair_client;
static const struct wr_now tlspair_now = {.mono_us = 1, .wall_s = CERTS_NOW_S, .wall_proven = true};

static inline int tlspair_judge(void *user, const struct wr_certs *chain,
                                struct wr_verdict_text *why)
{
    (void)user;
    return wr_creds_verify(tlspair_client, chain, TLSPAIR_NAME, why);
}

static inline void tlspair_make(void)
{
    static struct certs_one ca, leaf;
    struct wr_creds_pem pair;
    struct wr_creds_setup server = {.pairs = &pair, .count = 1}, client = {0};
    struct wr_verdict_text why;

    if (tlspair_server) {
        return;
    }
    certs_make(&ca, &(struct certs_want){.cn = "fuzz CA", .ca = true}, NULL);
    certs_make(&leaf, &(struct certs_want){.names = {TLSPAIR_NAME}}, &ca);
    pair = (struct wr_creds_pem){.chain = leaf.pem.data,
                                 .chain_size = leaf.pem.size,
                                 .key = leaf.key_pem.data,
                                 .key_size = leaf.key_pem.size};
    client.anchors = ca.pem.data;
    client.anchors_size = ca.pem.size;
    promise(wr_creds_make(&server, &why, &tlspair_server) == WR_OK);
    promise(wr_creds_make(&client, &why, &tlspair_client) == WR_OK);
}

static inline struct wr_tls_setup tlspair_setup(enum wr_tls_role role, const char *const *alpn,
                                                size_t alpn_count)
{
    static const uint8_t ticket_key[WR_TLS_TICKET_KEY] = {7};
    bool serves = role == WR_TLS_SERVER;

    tlspair_make();
    return (struct wr_tls_setup){.role = role,
                                 .creds = serves ? tlspair_server : tlspair_client,
                                 .alpn = alpn,
                                 .alpn_count = alpn_count,
                                 .verify = tlspair_judge,
                                 .name = serves ? NULL : TLSPAIR_NAME,
                                 .ticket_key = serves ? ticket_key : NULL};
}

#endif
