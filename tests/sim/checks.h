/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks: what must stay true (docs/testing.md has the list), looked at after each step.
 *
 *   1 settled   each query gets exactly one reply, or one deliberate drop that is counted, within its deadline
 *   2 true      every record and denial in a reply was said by an honest server, and is no older than its TTL
 *               allows; or is stale, within bounds, with the stale TTL, and says so; in a secure world AD and what is
 *               answered at all are as the oracle says (vouch.h)
 *   3 bounded   upstream messages per client query
 *   4 fixed     memory: canaries, open ports and streams within their pools, nothing left open at the end
 *   5 closed    a routed zone's questions go to its own servers and nowhere else; where encryption is required nothing that
 *               can be read leaves, as a datagram or on a connection (sealed.h)
 *   6 recovers  after the faults everything answers, fresh, within two seconds
 *   7 leased    no address leaves to a device with leases before it has one for it, but where the segment fails open (fence.h)
 *   8 equal     same seed, same trace
 *   9 shaped    a reply fits its question: id, question, flags, size, EDNS only to EDNS, cookie
 *
 * A plant is a fault put between the gateway and the checks, to show that each check can fail.
 */
#ifndef WEIR_SIM_CHECKS_H
#define WEIR_SIM_CHECKS_H

#include "engine/event.h"
#include "wire.h"

#define CHECKS_ASKED_MAX 65536
#define CHECKS_BUCKETS   4096
#define CHECKS_QUERY_MAX 320

enum check_plant {
    PLANT_NONE = 0,
    PLANT_LOST,      /* one reply is lost */
    PLANT_TWICE,     /* one reply is sent twice */
    PLANT_LATE,      /* one reply leaves after its deadline */
    PLANT_FORGED,    /* an address in one reply is another */
    PLANT_TTL,       /* one TTL is too long */
    PLANT_DENIED,    /* a name that exists is denied */
    PLANT_FLOOD,     /* an upstream message is sent a thousand times */
    PLANT_LEAK,      /* an exchange is never over */
    PLANT_MEMORY,    /* an octet behind the block is written */
    PLANT_DEAD,      /* an upstream stays dead after the faults */
    PLANT_UNEQUAL,   /* something not from the seed comes into the trace */
    PLANT_SHAPE,     /* a reply has another id */
    PLANT_STRAY,     /* a routed question goes to another group */
    PLANT_SIZE,      /* a UDP reply larger than the client takes */
    PLANT_UNLEASED,  /* the firewall says that it has opened, and has not */
    PLANT_VOUCHED,   /* AD of what is not secure */
    PLANT_SILENT,    /* no AD of what is */
    PLANT_BELIEVING, /* nothing is validated */
    PLANT_PLAIN,     /* the engines are not told that encryption is required */
    PLANT_READABLE,  /* what stands for TLS hides nothing */
    PLANT_CREDULOUS, /* encrypted servers need not prove who they are */
    PLANT_EAGER,     /* the engines do not know the encrypted ones of a group */
    PLANT_UNCOVERED, /* the engines take an oblivious proxy for a resolver */
    PLANT_DIRECT,    /* ... and go to its target themselves */
    PLANT_NUMBERED,  /* a message by QUIC has an id */
    PLANT_TOLD,      /* what a target opens has an address of a client in it */
    PLANTS
};

const char *check_plant_name(enum check_plant p);

struct asked {
    struct wr_client client;
    uint64_t fed_us;
    unsigned owed;  /* settlements due */
    unsigned spare; /* settlements that may come though the connection is gone */
    /* What became of it: for the figures of the goals. */
    uint64_t settled_us; /* 0: not yet */
    uint32_t ttl;        /* of the first record */
    uint16_t reply_size; /* 0: dropped */
    uint16_t rcode;
    int16_t ede;
    bool stale;
    bool calm;      /* must be answered fresh and soon */
    bool malformed; /* no promise what it gets */
    bool outsider;
    int next; /* in the bucket, -1 end */
    uint16_t size;
    uint8_t bytes[CHECKS_QUERY_MAX];
};

struct checks {
    unsigned violations;
    char first[512]; /* the first violation, with its time */
    unsigned check;  /* its number */
    struct asked *asked;
    unsigned count, settled_before; /* all below that are settled */
    int bucket[CHECKS_BUCKETS];
    uint64_t hash; /* of the trace */
    uint64_t fed, replies, drops, gone, handovers;
    uint64_t sent, sent_most_for_one; /* upstream */
    uint64_t fresh, stale, failed, refused, truncated, calm_asked, calm_fresh;
    uint64_t slowest_us, calm_slowest_us;
    uint64_t forgeries, vouched,
        bogus; /* answers changed on the way; replies with AD, and failures that had to be */
    uint32_t sends[257], asks[257];            /* by oracle name; the last: all others */
    bool planted;                              /* the plant has been put in */
    uint64_t drops_restarts, replies_restarts; /* engines' own counts before a restart */
    uint64_t engine_drops, engine_replies;
};

struct world;

void checks_init(struct world *w);
void checks_free(struct world *w);
void checks_fail(struct world *w, unsigned check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void checks_trace(struct world *w, const char *what, uint64_t a, uint64_t b, const void *bytes,
                  size_t size);
void checks_fed(struct world *w, const struct wr_client *client, const uint8_t *bytes, size_t size,
                bool calm);
void checks_reply(struct world *w, const struct wr_client *client, const uint8_t *bytes,
                  size_t size);
void checks_drop(struct world *w, const struct wr_client *client);
void checks_gone(struct world *w, uint64_t conn);
void checks_sent(struct world *w, unsigned server, const uint8_t *bytes, size_t size);
void checks_sweep(struct world *w);
void checks_restart(struct world *w);
void checks_end(struct world *w);
/* True once per run, at a moment that the plant fits: the caller then does the damage. */
bool checks_plant(struct world *w, enum check_plant plant);

#endif
