/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/beat.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/err.h"

static struct timespec from_now(uint32_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* True when it is time for the work, false when it is time to end. */
static bool wait_for_turn(struct wr_beat *b)
{
    struct timespec until = from_now(b->period_ms);
    int rc = 0;
    pthread_mutex_lock(&b->lock);
    while (!b->stop && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&b->cond, &b->lock, &until);
    }
    bool go = !b->stop;
    pthread_mutex_unlock(&b->lock);
    return go;
}

static void *run(void *arg)
{
    struct wr_beat *b = arg;
    pthread_setname_np(pthread_self(), b->name);
    while (wait_for_turn(b)) {
        b->work(b->user);
    }
    return NULL;
}

int wr_beat_start(struct wr_beat *b)
{
    pthread_condattr_t attr;
    sigset_t all, before;
    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&b->cond, &attr);
    pthread_condattr_destroy(&attr);
    b->stop = false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    b->running = pthread_create(&b->thread, NULL, run, b) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return b->running ? WR_OK : WR_E_NOMEM;
}

void wr_beat_stop(struct wr_beat *b)
{
    if (!b->running) {
        return;
    }
    pthread_mutex_lock(&b->lock);
    b->stop = true;
    pthread_cond_signal(&b->cond);
    pthread_mutex_unlock(&b->lock);
    pthread_join(b->thread, NULL);
    pthread_cond_destroy(&b->cond);
    pthread_mutex_destroy(&b->lock);
    b->running = false;
}
