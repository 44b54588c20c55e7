/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/record.h"

#include "base/check.h"

const char *wr_record_source_name(uint8_t source)
{
    static const char *const names[] = {"none", "cache", "stale", "upstream", "local", "dropped"};
    return source < WR_ARRAY_LEN(names) ? names[source] : "?";
}
