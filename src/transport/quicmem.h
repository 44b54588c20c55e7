/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUIC's memory: what ngtcp2 allocates for one connection, counted, bounded, and given back at the end.
 *
 * Each block carries its size and a link, so that the account of a connection is exact and nothing outlives it, whatever
 * the library forgets. A request over the connection's bound or its owner's gets NULL, which ngtcp2
 * takes for the end of that connection. Units are octets, the link included.
 */
#ifndef WR_TRANSPORT_QUICMEM_H
#define WR_TRANSPORT_QUICMEM_H

#include "transport/quic.h"

/* Before anything is allocated; `q->env` is set. */
void wr_quic_mem_init(struct wr_quic *q);
/* Frees what is left. */
void wr_quic_mem_end(struct wr_quic *q);

#endif
