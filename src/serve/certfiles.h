/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate files: from the files that the configuration names to the credentials of the encrypted listeners.
 *
 * They are read at the start while there is privilege, at a reload, and when one of them changes: each tick looks at their times and sizes.
 * What is read is checked before it is taken (the key belongs to the chain, the chain can be read); when it is no good, or cannot be read
 * any more, the old credentials stay and the log says why, once for each state of the files. A pair that is half written is read
 * again at the next tick.
 *
 * A key file that others may read, or that somebody else may write, is refused: root's file that a group may read is fine. A chain
 * that is about to end is told 30, 7 and 1 days before, and each day after it has; RSA keys are told once, for each new connection costs
 * 1.7 ms of a processor with them.
 *
 * Owned by the main thread. `why` and the log never have a key in them.
 */
#ifndef WR_SERVE_CERTFILES_H
#define WR_SERVE_CERTFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/time.h"
#include "conf/conf.h"
#include "transport/creds.h"

/* Chain and key of each pair, and the anchors of clients. */
#define WR_CERTFILES_MAX (2 * WR_CREDS_PAIRS_MAX + 1)

/* What a file was when it was read. */
struct wr_certfile_mark {
    int64_t changed_ns;
    uint64_t inode, size;
    int err; /* errno of the look, 0: it is there */
};

struct wr_certfiles {
    struct wr_certfile_mark mark[WR_CERTFILES_MAX];
    uint32_t marks;
    int told_days
        [WR_CREDS_PAIRS_MAX]; /* what was said last of the end of a chain; INT32_MAX: nothing */
    char why[400];            /* why what lies there now is not used, or "" */
};

/* Reads all. WR_OK and credentials (NULL when none are configured), or an error and why; the marks are taken in any case. */
int wr_certfiles_read(struct wr_certfiles *f, const struct wr_conf *conf,
                      struct wr_creds **ret_creds);
/* Has one of them changed since? */
bool wr_certfiles_changed(const struct wr_certfiles *f, const struct wr_conf *conf);
/* Whether what is at the URL is this host itself: by a name or an address that our certificates carry. */
bool wr_certfiles_is_ours(const struct wr_creds *creds, const struct wr_uri *uri);
/* Do both name the same files? */
bool wr_certfiles_same_paths(const struct wr_conf *a, const struct wr_conf *b);
/* Says what is new about the credentials in force: their end, and RSA. `fresh`: they were taken just now. */
void wr_certfiles_tell(struct wr_certfiles *f, const struct wr_conf *conf,
                       const struct wr_creds *creds, const struct wr_now *now, bool fresh);
/* The step that is told: 30, 7, 1, 0 (over), negative for each day since; INT32_MAX: there is time. */
int wr_certfiles_step(int64_t not_after_s, int64_t now_s);

#endif
