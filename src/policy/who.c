/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/who.h"

const char *wr_who_state_name(uint8_t state)
{
    switch (state) {
    case WR_WHO_UNKNOWN: return "unknown";
    case WR_WHO_KNOWN: return "known";
    case WR_WHO_CONFLICT: return "conflict";
    case WR_WHO_QUARANTINED: return "quarantined";
    default: return "?";
    }
}
