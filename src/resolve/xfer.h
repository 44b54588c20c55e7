/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfer: one zone that weir keeps a copy of, as a machine (RFC 1034 section 4.3.5, RFC 1995, RFC 1996, RFC 5936).
 *
 *     wr_xfer_start(x, &settings, rng, room, now);   then wr_xfer_restore(), when a copy was kept
 *     wr_xfer_feed(x, &event, now);
 *     while ((what = wr_xfer_poll(x, now, &action)) != WR_XFER_NOTHING) ...
 *     sleep until wr_xfer_deadline(x)
 *
 * A primary is asked over TCP, or TLS (RFC 9103: the caller's part), for its SOA record; when that is later than ours the zone follows on the same connection: changes
 * (IXFR), or the whole (AXFR) where those cannot be had. Without a copy that is LIVE the whole is asked for at once, whatever its
 * serial. When one primary fails the next is asked, then all again after the retry time. One that drips has failed too while there is
 * another: in each WR_XFER_PACE_S it has to bring WR_XFER_PACE_OCTETS, and it has its share of what the copy has left to live; where nobody
 * else gives the zone, less is demanded in the next round. Refresh, retry and expire are the SOA record's, within the bounds of base/limits.h.
 *
 *     WAIT -> DIAL -> SOA -> WAIT                 nothing new
 *                      `---> ZONE -> JUDGE -> WAIT
 *
 * What arrives is handed out record by record (BEGIN, ADD, REMOVE) and gathered by the caller, beside the copy that is in
 * use. COMMIT says that it is whole, and everything in it signed where there is a key; the caller looks at it and feeds
 * TAKEN or SPOILT. DROP says to forget what was gathered. So a transfer that breaks off or lies leaves the copy as it was.
 *
 * A copy is LIVE until its EXPIRE time has passed since a primary last confirmed it, by the monotonic clock. How old a
 * kept copy is, only a proven wall clock can tell: wr_xfer_restore and wr_xfer_age say it, and without one it is as if the
 * copy was confirmed when it was loaded. An EXPIRED copy is discarded (RFC 1034 section 4.3.5): it is good for nothing more, and what a primary has
 * is taken even when its serial is an earlier one, as after a primary was built anew, or after a forged transfer with a high serial.
 *
 * Who confirms a serial without TSIG may be anybody on the path, so what proved the copy has the last word: wr_xfer_until says until when that holds, and
 * no primary's word goes beyond it. Then the copy is EXPIRED like any other, and looked for at once.
 *
 * An octet fed and a record polled point to the caller's, or into the machine, until the next call. Memory: the struct, and a
 * room of WR_XFER_ROOM octets. The connection has a number; events of an earlier one are passed over.
 */
#ifndef WR_RESOLVE_XFER_H
#define WR_RESOLVE_XFER_H

#include "base/addr.h"
#include "base/limits.h"
#include "base/rng.h"
#include "base/time.h"
#include "base/trace.h"
#include "dns/msg.h"
#include "resolve/xferread.h"
#include "transport/frame.h"
#include "transport/tsig.h"

#define WR_XFER_ROOM (2 + WR_MSG_MAX)

struct wr_xfer_primary {
    struct wr_addr addr;           /* with its port */
    const struct wr_tsig_key *key; /* NULL: nothing is signed */
    bool mute;                     /* there should be a key and it cannot be had: not asked */
    bool secure;                   /* the connection is there when TLS is */
};

/* All of it stays the caller's, and where it is. */
struct wr_xfer_settings {
    const uint8_t *zone;
    struct wr_xfer_primary primary[WR_XFER_PRIMARIES_MAX];
    unsigned primaries;
    const struct wr_trace *trace; /* or NULL */
    uint64_t trace_id;
};

enum wr_xfer_state {
    WR_XFER_WAIT = 0, /* for the next look */
    WR_XFER_DIAL,     /* for the connection */
    WR_XFER_SOA,      /* for the primary's SOA record */
    WR_XFER_ZONE,     /* records come */
    WR_XFER_JUDGE,    /* the caller looks at it */
};
const char *wr_xfer_state_name(enum wr_xfer_state state);

enum wr_xfer_data { WR_XFER_NONE = 0, WR_XFER_LIVE, WR_XFER_EXPIRED };

enum wr_xfer_event_kind {
    WR_XFER_TICK = 0,  /* the deadline came */
    WR_XFER_CONNECTED, /* conn */
    WR_XFER_OCTETS,    /* conn, bytes, size */
    WR_XFER_CLOSED,    /* conn: could not be opened, or ended; reason, or NULL */
    WR_XFER_NOTIFIED,  /* somebody with a primary's address says that there is news */
    WR_XFER_NOW,       /* the owner wants a look now */
    WR_XFER_TAKEN,     /* what was committed is the copy now */
    WR_XFER_SPOILT,    /* what is gathered cannot be used: reason */
};

struct wr_xfer_event {
    enum wr_xfer_event_kind kind;
    uint32_t conn;
    const uint8_t *bytes;
    size_t size;
    const char *reason; /* stays where it is as long as it is the machine's reason */
};

enum wr_xfer_what {
    WR_XFER_NOTHING = 0,
    WR_XFER_OPEN,   /* a connection `conn` to `addr` */
    WR_XFER_SEND,   /* bytes, size on `conn` */
    WR_XFER_CLOSE,  /* conn */
    WR_XFER_BEGIN,  /* gather: the whole, or changes to what we have (incremental) */
    WR_XFER_ADD,    /* rr */
    WR_XFER_REMOVE, /* rr */
    WR_XFER_COMMIT, /* it is whole: `serial` */
    WR_XFER_DROP,   /* forget what was gathered */
    WR_XFER_FRESH,  /* a primary has confirmed the copy that is there */
    WR_XFER_EXPIRE, /* the copy is too old to be used */
};

struct wr_xfer_action {
    uint32_t conn;
    struct wr_addr addr;
    const uint8_t *bytes;
    size_t size;
    bool incremental;
    struct wr_xfer_rr rr;
    uint32_t serial;
};

struct wr_xfer {
    struct wr_xfer_settings set;
    struct wr_rng *rng;
    enum wr_xfer_state state;
    enum wr_xfer_data data;
    struct wr_soa_numbers soa; /* of the copy */
    uint64_t wake_us;          /* WAIT: the next look; else patience ends */
    uint64_t whole_us;         /* a transfer must be done by then */
    uint64_t pace_us;     /* and have brought enough by then; NEVER: nobody else could be asked */
    uint64_t pace_octets; /* what it had when that was set */
    uint32_t slow;        /* rounds that failed in which a primary was left because it dripped */
    bool dripped;         /* one was, in this round */
    uint64_t expire_us;   /* of LIVE; not after until_us */
    uint64_t until_us;    /* what proves the copy holds until then */
    uint64_t looked_us;   /* when the last look began */
    uint64_t fresh_us;    /* when a primary last confirmed the copy; 0: never since the start */
    unsigned at, tried;   /* the primary that is asked; how many in this round */
    uint32_t rounds;      /* that failed, one after another */
    uint32_t conn;        /* the connection's number; the next is one more */
    int64_t skew_s;       /* a primary's clock beside ours, while ours is not proven */
    uint16_t id, qtype;   /* of the question that is out */
    bool open, gathering, again; /* again: news came while a look was under way */
    uint32_t todo;               /* actions to hand out, a bit each */
    uint64_t octets;             /* of this transfer */
    unsigned empty;              /* messages of it without a record */
    uint32_t outside;            /* records of other names, passed over */
    const char *reason;          /* of the last failure; NULL: the last look went well */
    uint16_t rcode;              /* that the primary answered with, of that failure */
    struct wr_tsig tsig;
    struct wr_frame frame;
    struct wr_msg_walk walk; /* over the message in work */
    struct wr_msg msg;
    bool has_msg;
    struct wr_xferread reader;
    struct wr_xferread_step step[WR_XFERREAD_STEPS];
    unsigned steps, next_step;
    struct wr_msg_rr rr; /* the owner of what is handed out */
    size_t query_size;
    uint8_t query[2 + 12 + WR_NAME_MAX + 4 + WR_XFERREAD_SOA_MAX + WR_NAME_MAX + 512];
    uint8_t mine[WR_XFERREAD_SOA_MAX]; /* the SOA record of the copy: what IXFR is asked with */
    uint16_t mine_size;
    uint8_t rdata[WR_MSG_MAX];
};

void wr_xfer_start(struct wr_xfer *x, const struct wr_xfer_settings *settings, struct wr_rng *rng,
                   uint8_t room[WR_XFER_ROOM], const struct wr_now *now);
/* New settings; what is out is given up, the copy and its times stay. */
void wr_xfer_change(struct wr_xfer *x, const struct wr_xfer_settings *settings,
                    const struct wr_now *now);
/* A copy was kept, with this SOA record. `age_s`: since it was confirmed; negative: nobody knows. WR_E_FORMAT: it is no SOA. */
int wr_xfer_restore(struct wr_xfer *x, const uint8_t *soa, uint16_t size, int64_t age_s,
                    const struct wr_now *now);
/* The age of a restored copy is known now. It is passed over when a primary has confirmed the copy since. */
void wr_xfer_age(struct wr_xfer *x, int64_t age_s, const struct wr_now *now);
/* The copy that is there, or is about to be TAKEN, is good until then whatever is confirmed; WR_TIME_NEVER: nothing bounds it. */
void wr_xfer_until(struct wr_xfer *x, uint64_t until_us);
void wr_xfer_feed(struct wr_xfer *x, const struct wr_xfer_event *event, const struct wr_now *now);
enum wr_xfer_what wr_xfer_poll(struct wr_xfer *x, const struct wr_now *now,
                               struct wr_xfer_action *ret_action);
uint64_t wr_xfer_deadline(const struct wr_xfer *x);
/* Gives back what libraries hold. */
void wr_xfer_close(struct wr_xfer *x);

#endif
