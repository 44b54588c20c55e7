/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device log: what one device asked for, from the log on disk, for verbs that need no daemon.
 *
 *     wr_devicelog_open(&want, &log)                 0, or an exit status after a sentence
 *     wr_devicelog_walk(log, each, user, &sum)       each query, of the device and of others; as often as wanted
 *     wr_devicelog_close(log)
 *
 * A device is called by its name (of the configuration, or what it calls itself), by its number (d12) or by an IP address. A query was answered when whoever
 * asked got what there is: not when it was refused or dropped, or policy has said something else. A rule in the shadow refuses nothing. What was asked by nobody
 * knows whom is only counted.
 */
#ifndef WR_CLI_DEVICELOG_H
#define WR_CLI_DEVICELOG_H

#include <stdbool.h>
#include <stdint.h>

#include "serve/ledger.h"

struct wr_devicelog;

struct wr_devicelog_want {
    const char *who;    /* the verb, for sentences */
    const char *device; /* as it was written; NULL: none, and all are others */
    const char *config; /* NULL: the one of the system, if there is one */
    const char *folder; /* NULL: log.path */
    int64_t since;
};

struct wr_devicelog_sum {
    uint64_t own, others;
    uint64_t denied;      /* of `own`: not answered */
    uint64_t counted;     /* of anybody: only counted in the log, or without who asked */
    uint64_t bad;         /* blocks that could not be read */
    int64_t from_s, to_s; /* of its own; from_s above to_s: there are none */
};

/* `own`: of the device. */
typedef void wr_devicelog_each(void *user, const struct wr_ledger_event *event, bool own,
                               bool answered);

int wr_devicelog_open(const struct wr_devicelog_want *want, struct wr_devicelog **ret_log);
int wr_devicelog_walk(struct wr_devicelog *l, wr_devicelog_each *each, void *user,
                      struct wr_devicelog_sum *ret_sum);
void wr_devicelog_close(struct wr_devicelog *l); /* NULL is fine */

#endif
