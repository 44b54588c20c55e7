/* SPDX-License-Identifier: Apache-2.0 */
#include "net/clock.h"

#include <sys/timex.h>
#include <time.h>

/* CLOCK_BOOTTIME is CLOCK_MONOTONIC that goes on while the machine is suspended. Where there is none, the same answer each time. */
static void read_mono(struct timespec *ret)
{
    if (clock_gettime(CLOCK_BOOTTIME, ret) != 0) {
        clock_gettime(CLOCK_MONOTONIC, ret);
    }
}

uint64_t wr_clock_awake_us(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * WR_S + (uint64_t)t.tv_nsec / 1000;
}

void wr_clock_now(bool wall_proven, struct wr_now *ret_now)
{
    struct timespec mono = {0}, wall = {0};

    read_mono(&mono);
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    /* One second is added so that the time is above 0 even at the first moment after boot. */
    ret_now->mono_us = ((uint64_t)mono.tv_sec + 1) * WR_S + (uint64_t)mono.tv_nsec / 1000;
    ret_now->wall_s = wall.tv_sec;
    ret_now->wall_proven = wall_proven;
}

void wr_clock_read(const struct wr_clock *clock, struct wr_now *ret_now)
{
    int64_t word = clock != NULL ? atomic_load_explicit(&clock->word, memory_order_relaxed) : 0;
    int64_t base_us = (word - (word & 1)) / 2;

    wr_clock_now(word & 1, ret_now);
    if (base_us != 0) {
        ret_now->wall_s = ((int64_t)ret_now->mono_us + base_us) / (int64_t)WR_S;
    }
}

void wr_clock_believe(struct wr_clock *clock, bool proven, int64_t base_us)
{
    atomic_store_explicit(&clock->word, 2 * base_us + proven, memory_order_relaxed);
}

bool wr_clock_is_proven(const struct wr_clock *clock)
{
    return atomic_load_explicit(&clock->word, memory_order_relaxed) & 1;
}

bool wr_clock_is_synchronised(void)
{
    struct timex t = {.modes = 0};

    return adjtimex(&t) != TIME_ERROR;
}
