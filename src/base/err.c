/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

const char *wr_err_name(int err)
{
    static const char *const names[] = {
        "ok",        "short",   "format",   "range",   "full",        "limit",  "no memory",
        "not found", "exists",  "busy",     "again",   "stale",       "denied", "i/o",
        "closed",    "timeout", "checksum", "version", "unsupported", "usage",
    };

    if (err > 0 || err < WR_E_USAGE) {
        return "unknown";
    }
    return names[-err];
}
