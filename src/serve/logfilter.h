/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log filter: which events of the log somebody wants.
 *
 * All that is set must hold. What changed (no query) is wanted only where nothing but the time is asked for, or by its kind.
 */
#ifndef WR_SERVE_LOGFILTER_H
#define WR_SERVE_LOGFILTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "serve/ledger.h"

struct wr_logfilter {
    bool queries; /* something that only queries have is asked for */
    bool has_client, has_asked, has_name, has_device, has_type, has_rcode, secure, insecure, shadow;
    struct wr_prefix client, asked;
    struct wr_name name; /* it and all below it */
    uint32_t device;
    uint16_t type, rcode;
    int action, source, kind;  /* -1: any */
    char claim[WR_CLAIM_SIZE]; /* "": any */
    char rule[WR_LABEL_TEXT_SIZE], segment[WR_LABEL_TEXT_SIZE];
    int64_t since, until;
};

void wr_logfilter_init(struct wr_logfilter *ret_filter); /* takes all */
/*
 * Arguments of the verb: device (a number, or what it calls itself; who knows its name says wr_logfilter_device then), client (address or prefix), asked (likewise), name, type, verdict, rule, segment, source,
 * rcode, security ("secure" or "other"), kind, since, until (seconds). Those that are no filter's are passed over. WR_E_FORMAT, and in `why` what
 * is wrong.
 */
int wr_logfilter_read(const json_t *args, struct wr_logfilter *ret_filter, char *why, size_t cap);
/* Of this device alone, by its number. */
void wr_logfilter_device(struct wr_logfilter *f, uint32_t number);
bool wr_logfilter_takes(const struct wr_logfilter *f, const struct wr_ledger_event *event);
bool wr_logfilter_takes_all(const struct wr_logfilter *f);

#endif
