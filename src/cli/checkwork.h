/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check's work: finds out what the exam of a name still wants, one thing after another, until it wants nothing or time is up.
 *
 * Questions go to the resolver as a client asks them (of several the next one, when one gives no answer), to name servers with RD clear, probes by net/probe. Everything has its time
 * (WR_DOCTOR_*_MS), and none more than what is left of all. Where standard error is a terminal, one line there tells what is
 * being done.
 */
#ifndef WR_CLI_CHECKWORK_H
#define WR_CLI_CHECKWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/whom.h"
#include "doctor/exam.h"
#include "net/ask.h"

struct wr_checkwork {
    struct wr_addr server[WR_WHOM_MAX]; /* with port; the next one when one does not answer */
    size_t server_count, server_at;
    struct wr_name name;
    struct wr_exam_options options;
    uint32_t timeout_ms; /* for all */
    bool progress;

    struct wr_exam exam;
    struct wr_facts facts;
    struct wr_findings findings;
    unsigned questions, probes; /* afterwards */
    uint32_t took_ms;
    struct wr_ask_reply reply; /* scratch */
};

void wr_checkwork_run(struct wr_checkwork *work);

#endif
