/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Oblivious client: one connection to a proxy, by which DNS messages are carried to a target that does not learn who asks (RFC 9230).
 *
 * The calls are those of transport/dohclient, and plaintext octets go in and out as there:
 *
 *     err = wr_odohclient_start(c, &setup, now_us)         WR_E_DENIED: proxy and target are one host
 *     wr_odohclient_ask(c, message, size)                  WR_E_AGAIN: not now (also: no configurations yet, or no slot)
 *     while ((n = wr_odohclient_output(c, room, cap)) > 0)   wr_odohclient_feed(c, bytes, size, now_us)
 *     while (wr_odohclient_next(c, now_us, &said))         answers, failures, the end
 *
 *   FETCHING -> READY <-> FETCHING AGAIN         the target's configurations
 *
 * Configurations are fetched from the target's /.well-known/odohconfigs by way of the proxy when the connection begins and again when
 * they are half a day old, never because something is asked; who has some of an earlier connection hands them in and
 * nothing is fetched before they age. When the target does not know the key (401) they are fetched anew and what was asked
 * is asked once more; a second 401 is a failure. Pinned ones are never fetched: a 401 is a failure then, since whoever pins does not
 * want to believe what the proxy hands out.
 *
 * Each query has a slot while it is out; slots, and `room` for a response while it is looked at, are the owner's; connections that one thread moves one after another may share the room. The id of a message is its
 * token, as in dohclient: on the wire it is 0.
 */
#ifndef WR_TRANSPORT_ODOHCLIENT_H
#define WR_TRANSPORT_ODOHCLIENT_H

#include "base/rng.h"
#include "transport/dohclient.h"
#include "transport/odoh.h"

/* A path with the target behind it, percent-encoded. */
#define WR_ODOHCLIENT_TARGET_SIZE 1280
/* Octets of setup.room: a response with its envelope. */
#define WR_ODOHCLIENT_ROOM 65536

enum wr_odohclient_slot_state {
    WR_ODOHCLIENT_FREE = 0,
    WR_ODOHCLIENT_OUT,    /* asked */
    WR_ODOHCLIENT_AGAIN,  /* asked again, after a 401 */
    WR_ODOHCLIENT_WAITS,  /* for new configurations, to be asked again */
    WR_ODOHCLIENT_FAILED, /* to be told */
};

struct wr_odohclient_slot {
    struct wr_odoh_asked asked;
    uint16_t id;
    uint8_t state;
    const char *why;
};

enum wr_odohclient_configs {
    WR_ODOHCLIENT_NONE = 0, /* to be fetched, nothing is known */
    WR_ODOHCLIENT_FETCHING, /* asked for; `known` says whether there are older ones */
    WR_ODOHCLIENT_SETTLED,
    WR_ODOHCLIENT_STALE, /* to be fetched, the older ones are used meanwhile */
};

struct wr_odohclient {
    struct wr_dohclient http;
    struct wr_odoh_config config;
    uint64_t fetch_us; /* when the configurations are to be fetched again */
    struct wr_rng *rng;
    struct wr_odohclient_slot *slot;
    uint8_t *room;
    uint16_t slots;
    uint8_t configs; /* enum wr_odohclient_configs */
    bool known;      /* config is there */
    bool pinned;
    bool ended;
    char query[WR_ODOHCLIENT_TARGET_SIZE], fetch[WR_ODOHCLIENT_TARGET_SIZE];
};

struct wr_odohclient_setup {
    struct wr_dohclient_setup proxy; /* version, host, path and memory; the method is POST */
    const char *target_host;         /* with a port where it is not 443; copied */
    const char *target_path;
    const struct wr_odoh_config *config; /* or NULL */
    bool pinned;                         /* config is not fetched, neither now nor later */
    struct wr_rng *rng;
    struct wr_odohclient_slot *slot;
    uint16_t slots;
    uint8_t *room;
};

/* As wr_dohclient_start; WR_E_DENIED. */
int wr_odohclient_start(struct wr_odohclient *c, const struct wr_odohclient_setup *setup,
                        uint64_t now_us);
/* As wr_dohclient_ask; WR_E_LIMIT: more than WR_ODOH_QUERY_MAX octets. */
int wr_odohclient_ask(struct wr_odohclient *c, const uint8_t *message, size_t size);
/* How many more may be out. */
unsigned wr_odohclient_spare(const struct wr_odohclient *c);
/* May something be asked now? */
bool wr_odohclient_ready(const struct wr_odohclient *c);
int wr_odohclient_feed(struct wr_odohclient *c, const uint8_t *bytes, size_t size, uint64_t now_us);
bool wr_odohclient_next(struct wr_odohclient *c, uint64_t now_us,
                        struct wr_dohclient_said *ret_said);
size_t wr_odohclient_output(struct wr_odohclient *c, uint8_t *room, size_t cap);
/* The configurations that are used, to be kept for the next connection; NULL: none yet. */
const struct wr_odoh_config *wr_odohclient_config(const struct wr_odohclient *c);
void wr_odohclient_close(struct wr_odohclient *c);
void wr_odohclient_end(struct wr_odohclient *c);

#endif
