/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD set: the profiles in force (policy/mud), compiled into one immutable block: which names a device may ask for, and for which ports.
 *
 *     const struct wr_mudset_item items[] = {{.device = 17, .mud = mud}, ...};
 *     block = aligned to 8, wr_mudset_size(items, n) octets;   set = wr_mudset_compile(block, items, n, &key);
 *     wr_mudset_name(set, who, qname)            has he a profile, and is the name in it?
 *     wr_mudset_ports(set, who, qname, port)     what a lease of this name is for; 0: everything
 *
 * A profile in the shadow refuses nothing: wr_mudset_doubts says that it would have.
 *
 * A name of a profile is that name alone, "*." and a name all below it: unlike lists of approved names, which the owner writes. An ACE counts when it is enforced by name (policy/mudtell). Devices
 * with one profile share it: items with one `mud`. Of whom two things are said (WR_WHO_CONFLICT) the profiles of both count, and a name has to be in
 * each. A look-up costs a hash for each label of the name, and no memory. The profiles may go when the set is made.
 */
#ifndef WR_POLICY_MUDSET_H
#define WR_POLICY_MUDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "policy/lease.h"
#include "policy/mud.h"
#include "policy/who.h"

struct wr_mudset;

struct wr_mudset_item {
    uint32_t device; /* number in the registry; each once */
    bool shadow;     /* what it refuses is only told */
    const struct wr_mud *mud;
    bool is_fetched; /* it is a stranger's, by a URL (policy/mudtell) */
};

enum wr_mudset_says {
    WR_MUDSET_NOTHING = 0, /* no profile is in force for him */
    WR_MUDSET_APPROVED,
    WR_MUDSET_REFUSED,
};

size_t wr_mudset_size(const struct wr_mudset_item *items, uint32_t count);
/* At most WR_MUD_DEVICES_MAX items. `key`: secret, so that no profile can aim at one bucket. */
const struct wr_mudset *wr_mudset_compile(void *block, const struct wr_mudset_item *items,
                                          uint32_t count, const struct wr_hash_key *key);
uint32_t wr_mudset_devices(const struct wr_mudset *set);
bool wr_mudset_has(const struct wr_mudset *set, uint32_t device);
/* `name`: wire form. */
enum wr_mudset_says wr_mudset_name(const struct wr_mudset *set, const struct wr_who *who,
                                   const uint8_t *name);
/* Has he a profile in the shadow, and is the name not in it? */
bool wr_mudset_doubts(const struct wr_mudset *set, const struct wr_who *who, const uint8_t *name);
/* How many were written; 0: a lease of this name, for him, is for all ports and protocols. */
unsigned wr_mudset_ports(const struct wr_mudset *set, const struct wr_who *who, const uint8_t *name,
                         struct wr_lease_port ret_port[WR_LEASE_PORTS_MAX]);

#endif
