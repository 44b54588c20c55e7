/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed host: the addresses of who has a list, found by weir itself.
 *
 * The thread that fetches wants the addresses of one name at a time, and goes on with other things until they are there. The main thread asks the
 * workers, as for the address of an upstream (serve/bootstrap), and takes the answer from the cache: so the question goes by the owner's upstreams,
 * encrypted where he says so, and bogus answers are none. The system's resolver is never asked.
 *
 *     thread: wr_feedhost_want(h, name) ... wr_feedhost_get(h, addr, &n) until it is not WR_E_AGAIN
 *     main:   wr_feedhost_tick(h, s), each time that it is woken and while it says true
 */
#ifndef WR_SERVE_FEEDHOST_H
#define WR_SERVE_FEEDHOST_H

#include <stdbool.h>

#include "base/addr.h"
#include "dns/name.h"

#define WR_FEEDHOST_ADDRS_MAX 4

struct wr_feedhost;
struct wr_serve;

struct wr_feedhost *wr_feedhost_create(void); /* NULL: no memory */
void wr_feedhost_free(struct wr_feedhost *h); /* NULL is fine */
/* Thread: this name from now on; an earlier one is forgotten. WR_E_FORMAT: it is none. */
int wr_feedhost_want(struct wr_feedhost *h, const char *name);
/* WR_E_AGAIN: not yet; WR_E_NOTFOUND: it has none, or nobody says. */
int wr_feedhost_get(struct wr_feedhost *h, struct wr_addr ret_addr[WR_FEEDHOST_ADDRS_MAX],
                    unsigned *ret_addrs);
/* Main thread. True: an answer is awaited. *ret_done: there is news for the thread. */
bool wr_feedhost_tick(struct wr_feedhost *h, struct wr_serve *s, bool *ret_done);

#endif
