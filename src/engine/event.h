/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events and actions: all that passes between the engine and the world.
 *
 * The world feeds events and carries out actions. Nothing else crosses, and no pointer stays on the other
 * side: connections and exchanges are named by ids with a generation (base/pool.h); one that is over is ignored, on both sides.
 * Octets behind a pointer in an event are the world's and are read during the feed; those in an action are the
 * engine's and stay valid until the next call of feed or poll.
 *
 * After each feed the world polls until there is no action left.
 */
#ifndef WR_ENGINE_EVENT_H
#define WR_ENGINE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/pool.h"
#include "policy/lease.h"
#include "resolve/lost.h"

enum wr_client_transport {
    WR_CLIENT_UDP = 0,
    WR_CLIENT_TCP = 1,
    WR_CLIENT_DOT = 2, /* RFC 7858 */
    WR_CLIENT_DOH = 3, /* RFC 8484, over TCP */
    WR_CLIENT_DOQ = 4, /* RFC 9250 */
    WR_CLIENT_TRANSPORTS
};

/* What a client says it is by the way that it asks, without a proof but for CERTIFICATE: a name for a device or a group. HOP: the MAC
 * address that a server who asks for others gives, and who is believed (wr_settings.hops). */
enum wr_claim {
    WR_CLAIM_NONE = 0,
    WR_CLAIM_PATH,
    WR_CLAIM_SNI,
    WR_CLAIM_CERTIFICATE,
    WR_CLAIM_HOP
};
/* Octets of it, with the NUL; a longer one is not taken. */
#define WR_CLAIM_SIZE 32

/* Who asked, and the way back. A plain value: the engine keeps a copy and gives it back with the reply. */
struct wr_client {
    struct wr_addr from; /* the client's address and port */
    struct wr_addr
        local; /* the address that was asked, so that the answer leaves from it; with `foreign` another's, and its port */
    uint64_t conn;      /* the world's handle of a connection; 0 for UDP */
    uint64_t stream;    /* the request within the connection, for DoH and DoQ; else 0 */
    uint32_t ifindex;   /* the interface it came in by, 0 unknown */
    uint16_t listener;  /* the world's number of the listening socket */
    uint16_t worker;    /* the worker that holds the socket */
    uint8_t transport;  /* enum wr_client_transport */
    bool handed;        /* was admitted by another worker and handed over */
    bool refresh;       /* no client waits: the entry is to be refreshed (prefetch handed over) */
    bool foreign;       /* it asked another's resolver (`local`), and weir answers in its place */
    uint8_t claim_kind; /* enum wr_claim */
    char claim
        [WR_CLAIM_SIZE]; /* "" or a label in small letters; carried and recorded, not obeyed yet */
};

enum wr_event_kind {
    WR_EVENT_QUERY = 1,     /* a message from a client */
    WR_EVENT_CLIENT_GONE,   /* a client's connection is over: its replies are not wanted */
    WR_EVENT_DATAGRAM,      /* a datagram from an upstream came in on an exchange's port */
    WR_EVENT_UNREACHABLE,   /* a datagram came to nothing: `lost` says why */
    WR_EVENT_STREAM_OPEN,   /* a stream the engine asked for is connected */
    WR_EVENT_STREAM_BYTES,  /* octets from it, in order; of one for datagrams: one of them */
    WR_EVENT_STREAM_CLOSED, /* it is closed, or could not be opened: `lost` */
    WR_EVENT_LINK,          /* links or routes changed: suspicion of upstreams ends */
    WR_EVENT_LEASE,         /* what the firewall says to WR_ACTION_LEASE: `lease` */
    WR_EVENT_TIME,          /* the deadline came */
};

struct wr_event {
    enum wr_event_kind kind;
    struct wr_client client; /* QUERY; CLIENT_GONE: conn, transport and worker */
    wr_id id;                /* exchange (DATAGRAM, UNREACHABLE) or stream (STREAM_*) */
    enum wr_lost lost;       /* UNREACHABLE, STREAM_CLOSED */
    struct wr_addr from;     /* DATAGRAM: who sent it */
    const uint8_t *bytes;    /* QUERY, DATAGRAM, STREAM_BYTES */
    size_t size;
    uint64_t foreseen; /* QUERY: what wr_engine_foresee has said of these octets; 0: nothing */
    struct wr_lease_said lease; /* LEASE */
    uint8_t *room; /* QUERY: where a reply that is ready at once may be written (may be NULL) */
    size_t room_size;
};

enum wr_action_kind {
    WR_ACTION_NONE = 0,
    WR_ACTION_REPLY, /* send bytes to the client */
    WR_ACTION_DROP, /* the client gets nothing, on purpose (counted); TCP: the message is settled */
    WR_ACTION_HANDOVER, /* feed bytes as a QUERY with client.handed to worker `worker`'s engine; when its ring is full,
                               feed it to this engine again with client.handed set */
    WR_ACTION_DATAGRAM, /* send bytes to upstream `to` from an unpredictable port that is kept for exchange `id` */
    WR_ACTION_FORGET, /* exchange `id` is over: nothing is accepted on its port any more */
    WR_ACTION_STREAM_OPEN, /* connect to `to` (TCP, no delay; `datagrams`: UDP from an unpredictable port); report as
                               STREAM_OPEN or STREAM_CLOSED */
    WR_ACTION_STREAM_WRITE, /* write bytes on stream `id`, in order; `datagrams`: send them as one */
    WR_ACTION_STREAM_CLOSE,
    WR_ACTION_LEASE, /* have the firewall open to `lease`, then feed WR_EVENT_LEASE with its id (design section 4) */
};

struct wr_action {
    enum wr_action_kind kind;
    struct wr_client client; /* REPLY, DROP, HANDOVER */
    wr_id id;                /* DATAGRAM, FORGET, STREAM_* */
    struct wr_addr to;       /* DATAGRAM, STREAM_OPEN */
    bool datagrams;          /* STREAM_OPEN */
    bool hang_up;            /* DROP: a connection over TCP is closed with it */
    const uint8_t *bytes;    /* may be the room of the event that was just fed */
    size_t size;
    uint16_t worker;                  /* HANDOVER */
    const struct wr_lease_ask *lease; /* LEASE */
};

/* A connection has proven where the client is, and answers may have any size. */
static inline bool wr_client_is_stream(uint8_t transport)
{
    return transport != WR_CLIENT_UDP;
}

static inline bool wr_client_is_encrypted(uint8_t transport)
{
    return transport >= WR_CLIENT_DOT;
}

/* The sockets of DoQ are of UDP. */
static inline bool wr_client_has_datagrams(uint8_t transport)
{
    return transport == WR_CLIENT_UDP || transport == WR_CLIENT_DOQ;
}

const char *wr_client_transport_name(uint8_t transport); /* "udp", "tcp", "dot", "doh", "doq" */
const char *wr_claim_name(uint8_t kind); /* "none", "path", "sni", "certificate", "hop" */
const char *wr_event_name(enum wr_event_kind kind);
const char *wr_action_name(enum wr_action_kind kind);

#endif
