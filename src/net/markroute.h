/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mark route: packets with a mark are delivered on this host, wherever they were sent to (policy/hairpin).
 *
 * In IPv4 and IPv6 the same, in the kernel's words:
 *
 *     ip rule add pref 52 iif lo fwmark MARK lookup main    what this host sends, and the search for the way back to a sender, are not
 *                                                           turned to itself (where src_valid_mark or tcp_fwmark_accept are set)
 *     ip rule add pref 53 fwmark MARK lookup TABLE
 *     ip route add local default dev lo table TABLE
 *
 * They stand behind the kernel's table `local` and before everybody's; of what has another mark they say nothing. All have protocol `kernel`:
 * systemd-networkd takes away those of others that it does not know. They outlive whoever made them; made once more they are what they were.
 */
#ifndef WR_NET_MARKROUTE_H
#define WR_NET_MARKROUTE_H

#include "policy/hairpin.h"

/* A family that the kernel does not have, or that is switched off, is none that wants a way. WR_E_DENIED, WR_E_IO; errno says more. */
int wr_markroute_make(const struct wr_hairpin_way *way);
/* What was made by this mark and table, if it is there. */
int wr_markroute_remove(const struct wr_hairpin_way *way);

#endif
