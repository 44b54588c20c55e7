/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hand: the rings through which workers pass each other questions and answers.
 *
 * One ring for each ordered pair of workers (base/ring.h), so each has one producer and one consumer and nobody
 * locks. A record is a kind, the client and the octets of the message. A full ring drops and counts; who
 * sends is told and answers the question itself.
 *
 * Memory is mapped once and becomes real only where it is used.
 */
#ifndef WR_SERVE_HAND_H
#define WR_SERVE_HAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/event.h"

struct wr_hands;

/* One record, in place in the ring. */
struct wr_hand_item {
    uint8_t kind; /* the sender's number: enum wr_hand of net/loop.h */
    struct wr_client client;
    const uint8_t *bytes;
    size_t size;
};

int wr_hands_create(uint16_t workers, struct wr_hands **ret_hands);
void wr_hands_destroy(struct wr_hands *h); /* NULL is fine */
/* From worker `from`'s thread. False: no room. */
bool wr_hands_push(struct wr_hands *h, uint16_t from, uint16_t to, uint8_t kind,
                   const struct wr_client *client, const uint8_t *bytes, size_t size);
/* From worker `to`'s thread: the oldest from `from`, or false. Give it back with wr_hands_pop. */
bool wr_hands_peek(struct wr_hands *h, uint16_t from, uint16_t to, struct wr_hand_item *ret_item);
void wr_hands_pop(struct wr_hands *h, uint16_t from, uint16_t to);
/* Records dropped for lack of room, in all. */
uint64_t wr_hands_dropped(const struct wr_hands *h);

#endif
