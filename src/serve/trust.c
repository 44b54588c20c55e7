/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/trust.h"

bool wr_trust_wall(int64_t wall_s, int64_t floor_s)
{
    return wall_s >= WR_TRUST_RELEASE_S && wall_s >= floor_s;
}
