/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD due: profiles that were fetched are looked after where they are from, when they have been valid for as long as they say (cache-validity, RFC 8520 section 3.4), by a time that is proven.
 *
 * One at a time, WR_MUD_DUE_GAP_S apart; all devices whose profile is from one URL are looked after by one fetch. What is the same has another date and nothing else. What is not is proposed: kept
 * beside the profile, told in the log, the list and `weir mud diff DEVICE`, and not in force before the owner takes it, whatever it takes away. What cannot be had, is no profile, or has a signature
 * that is not good changes nothing either; it is tried again later and later (WR_MUD_DUE_FIRST_S to WR_MUD_DUE_MOST_S), and the first time of them the log says so.
 */
#ifndef WR_SERVE_MUDDUE_H
#define WR_SERVE_MUDDUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/mudstore.h"

struct wr_muds_offer;
struct wr_serve;

/* Has it been valid for long enough? It may be that it is not tried again yet. */
bool wr_muddue_is(const struct wr_mudstore_entry *e, int64_t now_s);
/* And is it tried now? */
bool wr_muddue_is_time(const struct wr_mudstore_entry *e, int64_t now_s);
/* Seconds until it is tried again after so many failures, 1 the first. */
int64_t wr_muddue_pause_s(uint32_t failures);
/* Each second. */
void wr_muddue_tick(struct wr_serve *s);
/* What the URL has now, for all whose profile is from there. NULL, or the code of an error and its sentence. */
const char *wr_muddue_came(struct wr_serve *s, const struct wr_muds_offer *offer, char *why,
                           size_t cap);
/* `why` NULL: it came, and was of use. */
void wr_muddue_ended(struct wr_serve *s, const char *url, const char *why);

#endif
