/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD fetch: one profile, and its signature, from the URL that a device has announced and its owner has allowed.
 *
 *     wr_mudfetch_begin(f, number, url, is_unsigned_fine)     one at a time: WR_E_BUSY
 *     wr_mudfetch_tick(f, s)                                  main thread, each time that it is woken and while it says true
 *     wr_mudfetch_put(f, &json, "result")                     how it is: under way, done, or why not
 *
 * It is a device that says where weir goes, so it goes to public addresses alone: a host of which one address is private, special-use, of the gateway or of a segment is refused, and
 * so is each host that a redirect leads to, before anything is sent to it. https, WR_MUD_FILE_MAX and WR_MUD_SIGNATURE_MAX octets, WR_FEED_FETCH_MS and
 * WR_FEED_REDIRECTS_MAX redirects in all, WR_MUD_DUE_FETCH_MS where nobody waits for it. Addresses are found by weir itself (serve/feedhost), the fetch is that of lists (serve/feedfetch), in a thread of its own. What comes
 * is taken as a file of the owner's would be (serve/muds).
 *
 * Errors of create: WR_E_NOMEM.
 */
#ifndef WR_SERVE_MUDFETCH_H
#define WR_SERVE_MUDFETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "serve/json.h"

struct wr_mudfetch;
struct wr_serve;

/* `wake`: from the thread, when it has something for wr_mudfetch_tick. */
int wr_mudfetch_create(void (*wake)(void *user), void *user, struct wr_mudfetch **ret_fetch);
void wr_mudfetch_close(struct wr_mudfetch *f); /* ends what is under way; NULL is fine */
/* The same for all whose profile is from there, without a word of the owner's: what comes is serve/muddue's, and it makes way when the owner has a word. WR_E_BUSY. */
int wr_mudfetch_again(struct wr_mudfetch *f, const char *url);
int wr_mudfetch_begin(struct wr_mudfetch *f, uint32_t device, const char *url,
                      bool is_unsigned_fine);
/* True: soon again, an answer is awaited. */
bool wr_mudfetch_tick(struct wr_mudfetch *f, struct wr_serve *s);
void wr_mudfetch_put(const struct wr_mudfetch *f, struct wr_json *j, const char *key);
/* May weir be sent there by a device? */
bool wr_mudfetch_may_go(const struct wr_serve *s, const struct wr_addr *addr);

#endif
