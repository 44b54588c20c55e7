/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roughtime: one question to a time server and its signed reply (draft-ietf-ntp-roughtime, version 1 and the 0x8000000c of its drafts).
 *
 *     wr_roughtime_ask(key, nonce, octets)                  -> WR_ROUGHTIME_ASK_SIZE octets to send
 *     wr_roughtime_read(octets, size, key, nonce, &reply)   -> is it signed by that key for this question, and what time is it?
 *     wr_roughtime_link(octets, size, blind, nonce)         -> the nonce of the next question, by which it is proven to be later
 *
 * The long-term key signs a certificate for an online key, which holds from one time to another; that one signs the time and the root of a
 * Merkle tree over the questions that were answered together. A question is a leaf: the hash of the whole packet, its nonce in
 * it. So a reply is of nobody else, is no earlier than the question, and is not that of another question.
 *
 * The question is as long as the longest reply, so nobody is flooded by it, and says nothing of this machine. Nodes of the tree are hashed
 * left before right, the index telling on which side the path lies, as the later drafts have it and servers do; the texts of drafts 5 to 15
 * had it the other way round. TYPE may be missing in a reply, as in drafts 12 and 13; what it says is not signed in any case. Unknown tags are passed over.
 *
 * Pure but for the memory that the library of signatures takes while it checks. Units: seconds since 1970.
 */
#ifndef WR_TRANSPORT_ROUGHTIME_H
#define WR_TRANSPORT_ROUGHTIME_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

#define WR_ROUGHTIME_PORT       2002
#define WR_ROUGHTIME_KEY_SIZE   32
#define WR_ROUGHTIME_NONCE_SIZE 32
#define WR_ROUGHTIME_ASK_SIZE   1036 /* 1024 octets of message and 12 before it */

enum wr_roughtime_verdict {
    WR_ROUGHTIME_TIME = 0, /* `ret_reply` is filled in */
    WR_ROUGHTIME_FOREIGN,  /* no reply to this question, or broken */
    WR_ROUGHTIME_FORGED,   /* it says to be the reply, and is not signed for it */
};

struct wr_roughtime_reply {
    int64_t midpoint_s;
    uint32_t radius_s; /* how far it may be off by its own account, at least 1 */
    uint32_t version;
};

/* A message: values under tags that ascend (draft section 5). */
struct wr_roughtime_map {
    unsigned tags;
    struct {
        uint32_t tag;
        const uint8_t *value;
        uint32_t size;
    } entry[WR_ROUGHTIME_TAGS_MAX];
};

/* "NONC" as the number that it is on the wire. */
#define WR_ROUGHTIME_TAG(a, b, c, d)                                                       \
    ((uint32_t)(uint8_t)(a) | (uint32_t)(uint8_t)(b) << 8 | (uint32_t)(uint8_t)(c) << 16 | \
     (uint32_t)(uint8_t)(d) << 24)

/* WR_E_FORMAT, WR_E_LIMIT. Values point into the message. */
int wr_roughtime_map_read(const uint8_t *message, size_t size, struct wr_roughtime_map *ret_map);
/* NULL: it is not there, or of another size. */
const uint8_t *wr_roughtime_map_find(const struct wr_roughtime_map *map, uint32_t tag, size_t size);

/* WR_E_NOMEM. */
int wr_roughtime_ask(const uint8_t key[WR_ROUGHTIME_KEY_SIZE],
                     const uint8_t nonce[WR_ROUGHTIME_NONCE_SIZE],
                     uint8_t ret_bytes[WR_ROUGHTIME_ASK_SIZE]);
/* `key` and `nonce` are those of the question. */
enum wr_roughtime_verdict wr_roughtime_read(const uint8_t *bytes, size_t size,
                                            const uint8_t key[WR_ROUGHTIME_KEY_SIZE],
                                            const uint8_t nonce[WR_ROUGHTIME_NONCE_SIZE],
                                            struct wr_roughtime_reply *ret_reply);
/* The hash of a reply and of what makes it unguessable. WR_E_NOMEM. */
int wr_roughtime_link(const uint8_t *bytes, size_t size,
                      const uint8_t blind[WR_ROUGHTIME_NONCE_SIZE],
                      uint8_t ret_nonce[WR_ROUGHTIME_NONCE_SIZE]);

#endif
