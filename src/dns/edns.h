/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EDNS: the OPT record and its options (RFC 6891), read in one pass.
 *
 * Options known: NSID (5001), client subnet (7871), EXPIRE (7314), COOKIE
 * (7873), TCP keepalive (7828), padding (7830), CHAIN (7901), key tag (8145),
 * extended error (8914), report channel (9567), and a client's MAC address as
 * dnsmasq gives it. Others are skipped. A known
 * option that is malformed makes the message FORMERR.
 */
#ifndef WR_DNS_EDNS_H
#define WR_DNS_EDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WR_COOKIE_CLIENT_SIZE 8
#define WR_COOKIE_MAX         40

struct wr_edns {
    bool present;
    uint8_t version;
    uint8_t rcode_high; /* the upper eight bits of the RCODE */
    bool dnssec_ok;     /* DO */
    uint16_t udp_size;  /* as sent; below 512 means 512 (RFC 6891 section 6.2.3) */
    uint16_t z;         /* the flags without DO */

    bool nsid;                     /* asked for */
    bool keepalive;                /* option present */
    uint16_t keepalive_100ms;      /* its value; only from servers */
    bool padding;                  /* option present: answer padded too (RFC 8467) */
    uint8_t cookie_size;           /* 0, 8, or 16 to 40 */
    uint8_t cookie[WR_COOKIE_MAX]; /* client's, then server's */
    bool ecs;                      /* client subnet present */
    int ede;                       /* first extended error, or WR_EDE_NONE */
    const uint8_t *ede_text;       /* into the message, not ended */
    uint16_t ede_text_size;
    bool mac_given; /* by another server, whose client has it; not the client's own word */
    uint8_t mac[6];
    const uint8_t
        *agent_domain; /* whom to report errors to (RFC 9567): a name in the message, or NULL */
};

/* Reads the options of an OPT record's rdata. WR_E_FORMAT, WR_E_LIMIT. */
int wr_edns_read_options(const uint8_t *rdata, size_t size, struct wr_edns *edns);

#endif
