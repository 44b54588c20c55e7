/* SPDX-License-Identifier: Apache-2.0 */
#include "transport/antireplay.h"

#include <gnutls/gnutls.h>

#include "base/err.h"

/* GnuTLS puts before the binder of the first flight when this object was made, which differs between workers: what counts is
 * the binder, a hash of 32 octets or more. */
enum { MARK_SIZE = 32 };

static int antireplay_add(void *user, time_t until, const gnutls_datum_t *key,
                          const gnutls_datum_t *data)
{
    struct wr_antireplay *a = user;
    size_t size = key->size < MARK_SIZE ? key->size : MARK_SIZE;

    return wr_strike_seen(a->strike, key->data + key->size - size, size, *a->now_us)
               ? GNUTLS_E_DB_ENTRY_EXISTS
               : 0;
}

int wr_antireplay_init(struct wr_antireplay *a, struct wr_strike *strike, const uint64_t *now_us)
{
    gnutls_anti_replay_t handle;

    if (gnutls_anti_replay_init(&handle) != 0) {
        return WR_E_NOMEM;
    }
    *a = (struct wr_antireplay){.handle = handle, .strike = strike, .now_us = now_us};
    gnutls_anti_replay_set_window(handle, WR_ANTIREPLAY_WINDOW_MS);
    gnutls_anti_replay_set_add_function(handle, antireplay_add);
    gnutls_anti_replay_set_ptr(handle, a);
    return WR_OK;
}

void wr_antireplay_end(struct wr_antireplay *a)
{
    if (a->handle != NULL) {
        gnutls_anti_replay_deinit(a->handle);
        a->handle = NULL;
    }
}
