/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reply as text: zone text with comments as kdig writes them, or with +short the data alone.
 *
 * Lines that are no records begin with ";;", so the output reads as a zone file. Strangers' text (the
 * words of an extended error, NSID) is made safe for a terminal.
 */
#ifndef WR_CLI_ASKTEXT_H
#define WR_CLI_ASKTEXT_H

#include <stdio.h>

#include "cli/askflags.h"
#include "cli/askmsg.h"

/* What is told of the exchange itself. */
struct wr_asktext_facts {
    const char *server; /* "192.0.2.1@53" */
    bool tcp;
    bool query; /* it is our own message that is printed (+qr) */
    uint32_t took_us;
    uint32_t wrong;
    size_t size;
    int64_t wall_s;
};

void wr_asktext_print(const struct wr_askflags *flags, struct wr_askmsg_view *view,
                      const struct wr_asktext_facts *facts, FILE *out);

#endif
