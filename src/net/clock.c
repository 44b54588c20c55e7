/* SPDX-License-Identifier: Apache-2.0 */
#include "net/clock.h"

#include <sys/timex.h>
#include <time.h>

void wr_clock_now(bool wall_proven, struct wr_now *ret_now)
{
    struct timespec mono = {0}, wall = {0};

    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    /* One second is added so that the time is above 0 even at the first moment after boot. */
    ret_now->mono_us = ((uint64_t)mono.tv_sec + 1) * WR_S + (uint64_t)mono.tv_nsec / 1000;
    ret_now->wall_s = wall.tv_sec;
    ret_now->wall_proven = wall_proven;
}

bool wr_clock_is_synchronised(void)
{
    struct timex t = {.modes = 0};

    return adjtimex(&t) != TIME_ERROR;
}
