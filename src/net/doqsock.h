/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DoQ sockets: the listening side over QUIC (RFC 9250), in batches.
 *
 * One recvmmsg takes up to WR_NET_BATCH datagrams; all are fed to the worker's DoQ server (transport/doqserver), then its
 * queries to the engine, then what it has to say leaves by sendmmsg. A datagram of a connection that another
 * worker holds goes there through the rings, so clients may move. One connection is a client of TCP's counters as well
 * (net/limits); who may not ask is refused before a handshake.
 *
 * The server, with its places, is made when the first listener is opened: who does not speak QUIC pays nothing. In a build
 * without QUIC opening one gives WR_E_UNSUPPORTED, and all else does nothing.
 */
#ifndef WR_NET_DOQSOCK_H
#define WR_NET_DOQSOCK_H

#include <uv.h>

#include "net/feed.h"
#include "transport/strike.h"
#include "transport/terms.h"

struct wr_doqsock;

struct wr_doqsock_setup {
    uint16_t workers;
    struct wr_net_shared *shared;
    struct wr_rng *rng;
    struct wr_strike *strike; /* NULL: no early data */
    /* A datagram for another worker: wr_doqsock_take there. `user` is the feed's. False: no room. */
    bool (*hand)(void *user, uint16_t worker, const struct wr_client *client, const uint8_t *bytes,
                 size_t size);
};

int wr_doqsock_create(uv_loop_t *loop, const struct wr_feed *feed,
                      const struct wr_doqsock_setup *setup, struct wr_doqsock **ret_doq);
/* Takes the descriptor over when it gives WR_OK. WR_E_EXISTS, WR_E_RANGE, WR_E_IO, WR_E_NOMEM, WR_E_UNSUPPORTED. */
int wr_doqsock_add(struct wr_doqsock *d, uint16_t number, int fd, const struct wr_addr *addr);
/* As wr_udp_inform. */
void wr_doqsock_inform(struct wr_doqsock *d);
bool wr_doqsock_remove(struct wr_doqsock *d, uint16_t number);
/* Whom new connections meet; copied, with a reference of its own. */
void wr_doqsock_set_terms(struct wr_doqsock *d, const struct wr_terms *terms);
/* Tokens, resets and connection ids follow from them: the same in all workers. */
void wr_doqsock_set_secrets(struct wr_doqsock *d, const struct wr_secrets *secrets);
/* A datagram that another worker got. */
void wr_doqsock_take(struct wr_doqsock *d, const struct wr_client *client, const uint8_t *bytes,
                     size_t size);
/* An answer, or (bytes NULL) the decision to give none. */
void wr_doqsock_reply(struct wr_doqsock *d, const struct wr_client *client, const uint8_t *bytes,
                      size_t size);
/* Octets are wanted from the budget of encrypted connections: one yields. How many are free by that; 0: there is none
 * that may. */
uint64_t wr_doqsock_relieve(struct wr_doqsock *d);
/* The end of a turn: sends what there is, sets the timer. */
void wr_doqsock_turn(struct wr_doqsock *d, uint64_t now_us);
void wr_doqsock_drain(struct wr_doqsock *d);
uint32_t wr_doqsock_open(const struct wr_doqsock *d);
void wr_doqsock_close(struct wr_doqsock *d);
void wr_doqsock_destroy(struct wr_doqsock *d);

#endif
