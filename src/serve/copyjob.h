/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copy job: one zone's machine (resolve/xfer) with what it needs of the world: a connection, the records that are being gathered, the
 * copy in use and its file.
 *
 * A copy is held against its digest and the signature of that (serve/copyproof) when it comes, and the one in use again when what is trusted
 * has changed, or the time was proven or set since. One that no longer holds, or whose signature ends, is EXPIRED, whatever primaries confirm.
 *
 * Everything is the property of the thread of serve/copies; `shown` and `look` are shared with the main thread under the lock
 * of the copies. wr_copyjob_show brings `shown` up to date, and says whether there is something new to answer from.
 */
#ifndef WR_SERVE_COPYJOB_H
#define WR_SERVE_COPYJOB_H

#include "conf/copybuild.h"
#include "resolve/xfer.h"
#include "serve/copies.h"
#include "serve/copiesplan.h"
#include "serve/copyline.h"
#include "serve/copyproof.h"
#include "serve/copyfile.h"

/* What all jobs share. */
struct wr_copyjob_world {
    const char *folder; /* "": nothing is kept */
    struct wr_rng rng;
    struct wr_hash_key key;
    struct wr_hash_key policy_key; /* that policy zones are compiled under */
    struct wr_copytrust trust;
    uint32_t trusts;        /* how often that has changed */
    struct wr_creds *creds; /* who vouches for primaries over TLS; NULL: nobody. Counted. */
    uint8_t buffer[65536];
};

/* What the main thread may see. */
struct wr_copyjob_shown {
    struct wr_copy *copy; /* held */
    enum wr_xfer_data data;
    enum wr_xfer_state state;
    uint64_t confirmed_us, expire_us, wake_us;
    struct wr_addr primary;
    bool is_signed;
    uint64_t transfers;
    bool is_encrypted;
    char problem[200]; /* "": none */
};

struct wr_copyjob {
    struct wr_copyjob *next;
    struct wr_copyjob_world *world;
    struct wr_name zone;
    struct wr_copies_zone plan; /* holds the key that the machine points to */
    struct wr_xfer x;
    struct wr_copy *copy; /* the newest, held; NULL */
    struct wr_copybuild build;
    bool building;
    struct wr_copyline line;
    uint32_t conn;
    char lost[200]; /* why a line ended, where it says so: a reason of the machine */
    char path[WR_KEEPFILE_PATH_MAX]; /* "": not kept */
    int64_t confirmed_s; /* of the file that was read; 0: not known, or no longer of interest */
    uint64_t touched_us;
    bool unjudged;          /* the copy in use was taken by rules that have changed */
    bool judged_proven;     /* it was held against its proof when the time was proven */
    int64_t judged_clock_s; /* by a wall clock that was so far ahead of the monotonic one */
    uint32_t judged_trusts; /* and by this trust */
    const char *dropped;    /* why it holds no longer; NULL */
    uint64_t transfers;
    uint32_t notified; /* how often, so far */
    char said[200];    /* the problem that was told last; "": none */
    struct wr_copyjob_shown shown;
    bool look;
    uint8_t room[WR_XFER_ROOM];
};

/* Reads what is kept. NULL: no memory. */
struct wr_copyjob *wr_copyjob_open(struct wr_copyjob_world *world,
                                   const struct wr_copies_zone *plan, const struct wr_now *now);
void wr_copyjob_change(struct wr_copyjob *job, const struct wr_copies_zone *plan,
                       const struct wr_now *now);
void wr_copyjob_close(struct wr_copyjob *job);
/* How often NOTIFY has come for this zone; when it has grown a primary has news. */
void wr_copyjob_notified(struct wr_copyjob *job, uint32_t count, const struct wr_now *now);
/* `look`: the owner wants to know now. */
void wr_copyjob_turn(struct wr_copyjob *job, bool look, const struct wr_now *now);
/* For poll(2): what its descriptor waits for, and what it got. */
short wr_copyjob_wants(const struct wr_copyjob *job);
void wr_copyjob_io(struct wr_copyjob *job, short ready, const struct wr_now *now);
/* With the lock held. */
bool wr_copyjob_show(struct wr_copyjob *job);

#endif
