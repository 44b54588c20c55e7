/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Export link: a way to one collector that never makes anybody wait.
 *
 * A file, a stream or datagram socket, or TLS over one (transport/tls); with frame streams its hand-shake as well (serve/dnstap). It is turned
 * again and again by its owner; each turn does what can be done at once: connects, shakes hands, sends. What is put goes into a bounded
 * buffer; where there is none the owner keeps it. A peer that takes nothing for WR_EXPORTLINK_STALL_S is left, and tried again a little later, at
 * most once a minute; what was in the buffer then is lost and counted.
 *
 *     while (wr_exportlink_turn(link, &now) && more)  wr_exportlink_put(link, bytes, n)
 */
#ifndef WR_SERVE_EXPORTLINK_H
#define WR_SERVE_EXPORTLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "conf/exporturl.h"
#include "transport/tls.h"
#include "transport/whom.h"

#define WR_EXPORTLINK_STALL_S 30
/* Octets of a message for which there is room when a turn says so. */
#define WR_EXPORTLINK_MESSAGE_MAX 8448

struct wr_exportlink;

struct wr_exportlink_setup {
    const char *to; /* as conf/exporturl reads it; copied */
    uint32_t format;
    struct wr_creds *creds; /* the authorities of TLS, or NULL; kept as long as the link */
    bool system_clock;      /* for the judge of certificates (transport/whom) */
    int64_t floor_s;
};

int wr_exportlink_create(const struct wr_exportlink_setup *setup, struct wr_exportlink **ret_link);
void wr_exportlink_destroy(struct wr_exportlink *l); /* NULL is fine; what can be sent at once is */
/* Moves it; true: it takes something now. */
bool wr_exportlink_turn(struct wr_exportlink *l, const struct wr_now *now);
/* One message, whole or not at all. WR_E_FULL: not now. A datagram that does not go is lost and counted. */
int wr_exportlink_put(struct wr_exportlink *l, const void *bytes, size_t n);

struct wr_exportlink_status {
    bool open;
    uint64_t put;      /* messages */
    uint64_t lost;     /* of them, in buffers that were given up, or datagrams that did not go */
    uint64_t failures; /* connections that were not made, or ended */
    char problem[160]; /* of the last failure; "": none, or it is open */
};
void wr_exportlink_status(const struct wr_exportlink *l, struct wr_exportlink_status *ret_status);

#endif
