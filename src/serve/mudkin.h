/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD kin: which devices profiles mean by who made them (`same-manufacturer`, `manufacturer`, `model`; RFC 8520 section 8), and what profiles open by address.
 *
 * Who made a device says the MUD URL of its profile, of those that the owner has taken. Its URL is vouched for by a signature that was good by `mud.anchors`, by https when the file was
 * fetched from the same host, which has given it out itself (a redirect may lead anywhere), or by the owner, who has taken the file from his own disk. Of a file that came from elsewhere
 * without a signature it is not: anybody could call himself another's, and be let in by all. On a host that many share each file is of another hand: without a signature a device is a model
 * only when its file was fetched from that very URL.
 */
#ifndef WR_SERVE_MUDKIN_H
#define WR_SERVE_MUDKIN_H

#include <stdbool.h>

#include "serve/json.h"
#include "serve/mudstore.h"

struct wr_census_device;
struct wr_firefacts;
struct wr_serve;

/* Does nobody vouch for the host in the URL of its profile? */
bool wr_mudkin_is_stranger(const struct wr_mudstore_entry *e);
/* Is it the model that the URL of its profile says, all of it? */
bool wr_mudkin_is_model(const struct wr_mudstore_entry *e);
/* What all profiles in force open by address. */
void wr_mudkin_permits(const struct wr_serve *s, struct wr_firefacts *f);
/* "others": whom the profile of this device means so, and of each why it is not reached, or null. */
void wr_mudkin_put(const struct wr_serve *s, struct wr_json *j, const struct wr_mudstore_entry *e,
                   const struct wr_census_device *d);

#endif
