/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema, firewall: the rows of the section `firewall`, a part of the one table of keys. What a segment has of it stands with the
 * segments.
 *
 * schema.c includes this in the middle of that table, with its macros, and nobody else does; so there is no guard.
 */
/* clang-format off */
    {"firewall", WR_SCHEMA_SECTION, V01, .doc = "weir's own table of the packet filter, `inet weir`."},
    {"firewall.enabled", WR_SCHEMA_BOOL, V01, RESTART, DEFAULT("false"), AT(firewall.enabled), EXAMPLE("true"),
     .doc = "Keep it: devices in quarantine are cut off there, open connections included, and `segments[].foreign_dns`, `reach` "
            "and `discovery` hold. The rules of others stay as they are; what weir drops or rejects is final. `weir firewall` shows, applies and "
            "removes it. Needs CAP_NET_ADMIN at the start, which one small process keeps, and the program nft (Debian's package nftables). Devices "
            "of one bridge reach each other without the gateway, and so without this."},
    {"firewall.nft", WR_SCHEMA_PATH, V01, RESTART, RANGE(0, PATH_OCTETS), DEFAULT("\"\""), AT(firewall.nft),
     EXAMPLE("/usr/sbin/nft"),
     .doc = "The program nft. Empty: `/usr/sbin/nft`, `/sbin/nft`, `/usr/bin/nft` or `/usr/local/sbin/nft`, whichever is there."},
    {"firewall.mark", WR_SCHEMA_INT, V01, RESTART, RANGE(1, 4294967295), DEFAULT("1392508928"), AT(firewall.mark), EXAMPLE("83"),
     .doc = "Of packets that weir answers in place of others (`foreign_dns: answer`), from where they are recognised to where they are delivered; the whole mark, "
            "0x53000000 unless this is set. It is to be nobody else's."},
    {"firewall.route_table", WR_SCHEMA_INT, V01, RESTART, RANGE(256, 4294967295), DEFAULT("5353"), AT(firewall.route_table), EXAMPLE("530"),
     .doc = "The routing table by which these are delivered here; it is to be nobody else's. While such a "
            "segment is in force `ip rule` has two rules of weir's for it, with the preferences 52 and 53."},
    {"firewall.keep", WR_SCHEMA_BOOL, V01, DEFAULT("false"), AT(firewall.keep),
     .doc = "Leave the table in force when weir is stopped: what is shut off stays so. Otherwise it goes with a clean stop, and stays only "
            "when weir is killed; the next start takes its place."},
    {"firewall.doh_feeds", WR_SCHEMA_LABEL, .list = true, .max_items = WR_FIREWALL_FEEDS_MAX, V01, RANGE(1, 63), DEFAULT(""),
     LIST(firewall.doh_feeds), EXAMPLE("doh-servers"),
     .doc = "Feeds that list addresses of DNS over HTTPS: for segments with `foreign_dns: reject` or `answer` these are rejected at every port. "
            "Prefixes wider than a /16 (IPv6: /32) and addresses of no public machine are passed over."},
    {"firewall.lease_floor", WR_SCHEMA_SECONDS, V01, RANGE(0, DAY_S), DEFAULT("60s"), AT(firewall.lease_floor_s), EXAMPLE("5m"),
     .doc = "Segments with `reach: answered`: an address that was answered is open to the device that asked for the record's TTL, and at least so "
            "long. Connections that are there go on when it ends."},
    {"firewall.lease_grace", WR_SCHEMA_SECONDS, V01, RANGE(2, DAY_S), DEFAULT("60s"), AT(firewall.lease_grace_s), EXAMPLE("2m"),
     .doc = "And so much longer, for a device that connects late. Half of it is left whenever the same address is answered without a look at the firewall."},
    {"firewall.leases", WR_SCHEMA_INT, V01, RESTART, RANGE(64, 1048576), DEFAULT("65536"), AT(firewall.leases), EXAMPLE("131072"),
     .doc = "Most addresses that are open at once, to all devices together. What is beyond that is taken out of answers."},
    {"firewall.leases_device", WR_SCHEMA_INT, V01, RESTART, RANGE(1, 65536), DEFAULT("1024"), AT(firewall.leases_device), EXAMPLE("256"),
     .doc = "Most of one device. Of who has half of them what is new is open for `firewall.lease_floor`, or for 5 minutes if that is longer, and the grace, and the client is told to "
            "remember it for no longer; of who has three quarters four new addresses of an answer are opened, and the others taken out of it. So the owner of one name does not "
            "shut a device out of all others."},
    {"firewall.leases_name", WR_SCHEMA_INT, V01, RANGE(1, WR_LEASE_DESTS_MAX), DEFAULT("32"), AT(firewall.leases_name), EXAMPLE("16"),
     .doc = "Most addresses of one answer that are opened; the others are taken out of it."},
