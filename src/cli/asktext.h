/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reply as text: zone text with comments as kdig writes them, or with +short the data alone.
 *
 * Lines that are no records begin with ";;", so the output reads as a zone file. Strangers' text (the
 * words of an extended error, NSID) is made safe for a terminal.
 */
#ifndef WR_CLI_ASKTEXT_H
#define WR_CLI_ASKTEXT_H

#include <stdio.h>

#include "cli/askflags.h"
#include "cli/askmsg.h"
#include "cli/askodoh.h"

/* And of an encrypted one. */
struct wr_asktext_secure {
    const char *version, *cipher;  /* "TLS1.3", "AES-128-GCM" */
    const char *http;              /* "2", "1.1"; "": no HTTP */
    const char *proof;             /* a sentence: what the server proved, or what it did not */
    const struct wr_pin *key;      /* its key's pin, or NULL */
    const struct wr_askodoh *odoh; /* NULL: no Oblivious DoH; else "the server" is the proxy */
    bool proven, resumed;
    uint32_t connect_us, handshake_us, answer_us; /* connect_us: 0 for QUIC */
};

/* What is told of the exchange itself. */
struct wr_asktext_facts {
    const char *server;                     /* "192.0.2.1@53" */
    const char *transport;                  /* "UDP", "TCP", "TLS", "HTTPS", "QUIC", "ODoH" */
    const struct wr_asktext_secure *secure; /* NULL: not encrypted, or nothing is known yet */
    bool query;                             /* it is our own message that is printed (+qr) */
    uint32_t took_us;
    uint32_t wrong;
    size_t size;
    int64_t wall_s;
};

void wr_asktext_print(const struct wr_askflags *flags, struct wr_askmsg_view *view,
                      const struct wr_asktext_facts *facts, FILE *out);

#endif
