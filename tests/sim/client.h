/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client: the devices of the home, and those who should not be there.
 *
 * A device asks for names of the oracle (some much more often than others), over UDP or TCP, with or without
 * EDNS and cookies, retries what was lost, turns to TCP when told to. Others burst, send broken messages, ask
 * from outside, or use another's address. Each question out is an ask; what its reply must be is checked when
 * the gateway lets go of it (checks.h), not here: the way back may lose it.
 */
#ifndef WEIR_SIM_CLIENT_H
#define WEIR_SIM_CLIENT_H

#include "base/addr.h"
#include "wire.h"

#define CLIENTS_MAX 24
#define ASKS_MAX    2048

enum client_kind {
    CLIENT_DEVICE = 0,
    CLIENT_BURSTER,  /* many questions at once */
    CLIENT_BREAKER,  /* malformed messages of every kind */
    CLIENT_OUTSIDER, /* an address that is not allowed */
    CLIENT_SPOOFER,  /* asks with a device's address */
    CLIENT_KINDS
};

struct client {
    enum client_kind kind;
    struct wr_addr addr;
    uint64_t gap_us; /* mean time between questions */
    bool edns, cookies;
    uint16_t udp_size;
    uint8_t cookie[40], cookie_size;
    uint64_t conn; /* its TCP connection, 0 none */
    unsigned conn_worker;
    uint16_t conn_port;
    uint64_t answered, unanswered, slow, asked; /* figures for the goals */
};

struct ask {
    bool used, tcp, calm;
    unsigned client, tries;
    uint16_t id, port, type;
    int name; /* the oracle's, or -1 */
    uint64_t sent_us;
    uint32_t generation;
};

struct asks {
    unsigned next;
    uint64_t conns; /* handles given out */
    struct ask list[ASKS_MAX];
};

struct world;
struct sim_event;

void client_init(struct world *w, unsigned i);
void client_tick(struct world *w, unsigned i);
void client_hears(struct world *w, const struct sim_event *e);
void client_waited(struct world *w, const struct sim_event *e);
void client_gone(struct world *w, const struct sim_event *e);
/* One question now. */
void client_ask(struct world *w, unsigned i, int name, uint16_t type, bool tcp);

#endif
