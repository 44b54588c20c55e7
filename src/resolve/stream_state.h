/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stream, for resolve/stream and resolve/securestream alone: whose it is, who waits on it, and since when it is silent.
 *
 * It lies in the pool of its wr_streams and does not move. Times are monotonic microseconds.
 */
#ifndef WR_RESOLVE_STREAM_STATE_H
#define WR_RESOLVE_STREAM_STATE_H

#include "resolve/stream.h"

enum wr_stream_state {
    WR_STREAM_FREE = 0,
    WR_STREAM_CONNECTING, /* no socket yet */
    WR_STREAM_SHAKING,    /* the handshake goes on */
    WR_STREAM_READY,
    WR_STREAM_CLOSING,
};

struct wr_stream {
    struct wr_list node;    /* in pending */
    struct wr_list waiting; /* exchanges not written yet */
    struct wr_list asked;   /* exchanges written */
    struct wr_timer timer;
    struct wr_upconn conn;
    struct wr_addr addr;
    wr_id id;
    const struct wr_upstream
        *upstream;          /* of an encrypted one, in the snapshot in force; else NULL */
    struct wr_creds *trust; /* likewise */
    /* Its last use: it opened, was asked after a pause, answered, or was left by the last. */
    uint64_t since_us;
    uint64_t ready_us; /* when it became so */
    uint64_t took_us;  /* from its beginning until it was READY */
    uint64_t
        proven_us;     /* when its server proved itself, here or in the session that this resumes */
    uint64_t begun_us; /* when the first octet of the unfinished message came */
    uint64_t heard_us; /* when the last octets came */
    uint64_t idle_us;  /* how long it is kept without questions */
    uint64_t idle_octets; /* heard since nothing is owed */
    uint32_t count;       /* exchanges on it */
    uint32_t served;      /* messages read */
    uint32_t placed;      /* exchanges it was ever given */
    uint64_t due_us;      /* when its patience ends; the timer may come before, for QUIC */
    uint32_t owed;        /* questions whose exchange left before the answer: it may still come */
    uint32_t unheard;     /* of those, asked since it was last heard of */
    uint32_t generation;  /* of the slot */
    uint16_t unasked;     /* messages that nobody asked for */
    uint16_t slot;        /* whose it is, beside addr and scheme */
    char host[WR_DOHCLIENT_HOST_SIZE];   /* for HTTP: name or address, and the port */
    char target[WR_DOHCLIENT_HOST_SIZE]; /* of ODoH, the host above being the proxy */
    uint8_t scheme;
    uint8_t state;
    bool blocked;   /* it takes no more questions until it has said something */
    bool tell_open; /* OPEN has not been given out yet */
    bool unproven;  /* counted in the streams' `unproven` */
    bool leaving;   /* its server wants no more questions on it */
    bool doubted;   /* silent for so long that its questions went elsewhere */
};

#endif
