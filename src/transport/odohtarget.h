/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Oblivious target: between the bodies of HTTP and DNS messages (RFC 9230 section 4.3).
 *
 *     status = wr_odohtarget_open(t, body, size, rng, now_us, room, cap, &n, &handle);
 *         0: a DNS query stands in `room`;  else the HTTP status that says why there is none
 *     ... the query is answered like any other ...
 *     err = wr_odohtarget_seal(t, handle, message, n, &out);        the body of the response; the handle is gone
 *     wr_odohtarget_drop(t, handle);                                there will be no response
 *
 * What has to be kept between the two is in `slot`; a handle is an index with a generation, below 2^32 and never 0. When
 * all are out the oldest is given up if it is older than anything that is still answered; else the status is 503.
 *
 * 401: the key is none of ours, fetch the configurations anew. 400: the envelope or what is in it is broken. 503: no memory.
 */
#ifndef WR_TRANSPORT_ODOHTARGET_H
#define WR_TRANSPORT_ODOHTARGET_H

#include "base/list.h"
#include "base/rng.h"
#include "transport/odohkeys.h"

struct wr_odohtarget_slot {
    struct wr_list link; /* on `out`, the oldest first, or on `unused` */
    struct wr_odoh_heard heard;
    const void *owner; /* whoever's query it is, for wr_odohtarget_gone */
    uint64_t since_us;
    uint16_t generation;
    bool taken;
};

struct wr_odohtarget {
    struct wr_odohkeys keys;
    struct wr_odohtarget_slot *slot; /* the owner's */
    uint16_t slots;
    struct wr_list out, unused;
};

/* At most 65534 slots. WR_E_NOMEM. */
int wr_odohtarget_start(struct wr_odohtarget *t, const uint8_t secret[32], uint64_t started_us,
                        struct wr_odohtarget_slot *slot, uint16_t slots);
uint16_t wr_odohtarget_open(struct wr_odohtarget *t, const uint8_t *body, size_t size,
                            struct wr_rng *rng, uint64_t now_us, uint8_t *room, size_t cap,
                            size_t *ret_size, uint32_t *ret_handle);
/* WR_E_NOTFOUND: the handle is gone; WR_E_LIMIT, WR_E_FULL, WR_E_NOMEM: no response can be made. */
int wr_odohtarget_seal(struct wr_odohtarget *t, uint32_t handle, const uint8_t *message,
                       size_t size, struct wr_writer *out);
void wr_odohtarget_drop(struct wr_odohtarget *t, uint32_t handle);
/* Whose query it is; when the owner has gone, none of its queries takes room any more. */
void wr_odohtarget_own(struct wr_odohtarget *t, uint32_t handle, const void *owner);
void wr_odohtarget_gone(struct wr_odohtarget *t, const void *owner);
/* What is published now; WR_E_NOMEM. */
int wr_odohtarget_configs(struct wr_odohtarget *t, uint64_t now_us, const uint8_t **ret_bytes,
                          size_t *ret_size);

#endif
