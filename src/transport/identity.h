/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identity: who a client of an encrypted listener says that it is, over any transport.
 *
 *     wr_identity_name(&who, "camera-7.dns.example", "dns.example")     camera-7, by the server name (SNI) that it wants
 *     wr_identity_certificate(&who, creds, chain)                       the first name of its certificate, if that leads to an anchor
 *
 * A label is no proof: anybody can ask for any name. A certificate is one, and goes before a label; one that is not good says nothing, and
 * its owner is served all the same. What neither says anything of leaves `who` as it was. Pure; the chain is judged by GnuTLS at the time
 * that it carries.
 */
#ifndef WR_TRANSPORT_IDENTITY_H
#define WR_TRANSPORT_IDENTITY_H

#include <stdint.h>

#include "transport/creds.h"

/* A label or name, with the NUL. */
#define WR_IDENTITY_SIZE 32

enum wr_identity_kind {
    WR_IDENTITY_NONE = 0,
    WR_IDENTITY_PATH,
    WR_IDENTITY_SNI,
    WR_IDENTITY_CERTIFICATE
};

struct wr_identity {
    uint8_t kind;                /* enum wr_identity_kind */
    char text[WR_IDENTITY_SIZE]; /* in small letters; "" */
};

/* The label before `below`, when there is exactly one; `name` is in small letters. `below` "": none is looked for. */
void wr_identity_name(struct wr_identity *who, const char *name, const char *below);
void wr_identity_certificate(struct wr_identity *who, const struct wr_creds *creds,
                             const struct wr_certs *chain);

#endif
