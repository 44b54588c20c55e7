/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema, segments: the rows of `segments`, a part of the one table of keys.
 *
 * schema.c includes this in the middle of that table, with its macros, and nobody else does; so there is no guard.
 */
/* clang-format off */
    {"segments", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_SEGMENTS_MAX, V01, DEFAULT(""),
     LIST(segments),
     .doc = "Parts of the network. A client is in the segment whose listener it asks, else in that with the longest subnet that has its "
            "address, else in that of the interface it came in by; a subnet of a segment with "
            "interfaces does not count for what came in by another segment's interface. Who is in "
            "none of them is served as if there were none."},
    {"segments[].name", WR_SCHEMA_LABEL, V01, RANGE(1, 63), IN(wr_conf_segment, name),
     EXAMPLE("cameras"), .doc = "What rules, `weir log` and `weir policy` call it."},
    {"segments[].interfaces", WR_SCHEMA_LABEL, .list = true, .max_items = WR_SEGMENT_PLACES_MAX, V01,
     RANGE(1, WR_CONF_INTERFACE_SIZE - 1), DEFAULT(""), INLIST(wr_conf_segment, interfaces),
     EXAMPLE("br-cam"), .doc = "Interfaces that its clients come in by; a VLAN's is one like another."},
    {"segments[].subnets", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_SEGMENT_PLACES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_segment, subnets), EXAMPLE("192.168.9.0/24, \"fd00:9::/64\""),
     .doc = "Addresses of its clients, for what comes from behind another router."},
    {"segments[].listeners", WR_SCHEMA_LISTEN, .list = true, .max_items = WR_CONF_LISTEN_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_segment, listeners), EXAMPLE("127.0.0.1"),
     .doc = "Those of `listen`, `encrypted.dot`, `encrypted.doh` and `encrypted.doq` that are its own, written as there: who asks there is in this "
            "segment, whatever address he has, unless he came in by an interface of another one."},
    {"segments[].allow", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_SEGMENT_PLACES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_segment, allow), EXAMPLE("192.168.9.0/24"),
     .doc = "Who of its clients may ask, in place of `allow`: the rest is refused. Empty: as everywhere."},
    {"segments[].upstream", WR_SCHEMA_LABEL, V01, RANGE(0, 63), DEFAULT("\"\""),
     IN(wr_conf_segment, upstream), EXAMPLE("recursion"),
     .doc = "Who is asked for its clients in place of `upstream.default`: a group, `recursion` or `system`. "
            "Routes go before it. What is answered so is remembered for these clients alone. "
            "Empty: as for everybody."},
    {"segments[].rate", WR_SCHEMA_INT, V01, RANGE(0, 1000000), DEFAULT("0"), IN(wr_conf_segment, rate),
     EXAMPLE("20"), .unit = "queries a second",
     .doc = "Queries from each of its clients in place of `limits.client_rate`; twice as many may come at once. "
            "0: as everywhere."},
    {"segments[].stale", WR_SCHEMA_WORD, V01, IN(wr_conf_segment, stale), .words = segment_stale_words,
     DEFAULT("default"), EXAMPLE("never"),
     .doc = "Whether its clients get expired answers while nobody can be reached: as `cache.stale` has it for everybody (`default`), "
            "`serve` for as long as `segments[].stale_max_age`, or `never`."},
    {"segments[].stale_max_age", WR_SCHEMA_SECONDS, V01, RANGE(1, 30 * DAY_S), DEFAULT("1d"),
     IN(wr_conf_segment, stale_max_age_s), .like = "cache.stale.max_age", EXAMPLE("7d"),
     .doc = "With `stale: serve`: how long after its end a record may still serve its clients. What `cache.ttl[].stale` says is less or as much."},
    {"segments[].fail", WR_SCHEMA_WORD, V01, IN(wr_conf_segment, fail), .words = fail_words,
     DEFAULT("open"), EXAMPLE("closed"),
     .doc = "While a feed that a rule for its clients names has no list yet, a zone of `policy.rpz` has never come, or the firewall that "
            "`segments[].foreign_dns` or `segments[].reach` wants is not in force (but by `weir firewall remove`) or opens to no answer: `open`, "
            "the rest of the policy decides without it, and what is asked meanwhile is counted (`weir stats`, lack_passed); `closed`, its clients are "
            "refused. A list that is out of date still decides. A device whose profile (`weir mud enforce`) is lost gets all names, or none with `closed`, until it is imported again."},
    {"segments[].sees", WR_SCHEMA_LABEL, .list = true, .max_items = WR_SEGMENTS_MAX, V01, RANGE(1, 63),
     DEFAULT("all"), INLIST(wr_conf_segment, sees), EXAMPLE("all"),
     .doc = "The other segments that its clients see: `all`, or their names; `[]` for none. A name whose addresses are all in `segments[].subnets` of segments "
            "that are not among them does not exist for its clients: local names, those of leases, PTR records of these, and what "
            "others say. Who is in no segment sees all."},
    {"segments[].foreign_dns", WR_SCHEMA_WORD, V01, IN(wr_conf_segment, foreign_dns), .words = foreign_dns_words,
     DEFAULT("pass"), EXAMPLE("reject"),
     .doc = "What the firewall (`firewall.enabled`) does with DNS of its clients that goes past weir to others: `pass`, nothing; `reject`, ports 53 "
            "and 853 and the addresses of `firewall.doh_feeds` are rejected over TCP and UDP, so that a device falls back at once, but for "
            "`segments[].resolvers`; `answer`, weir answers at port 53 in place of whoever is asked, from that address, as it answers the same client's "
            "own questions to it, and `weir log` names whom he asked. The rest is rejected as with `reject`: weir cannot prove to be another. Where the "
            "kernel cannot do that, so is port 53. While the firewall is not in force `segments[].fail` decides."},
    {"segments[].resolvers", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_SEGMENT_PLACES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_segment, resolvers), EXAMPLE("192.0.2.53, \"2001:db8::53\""),
     .doc = "Resolvers of others that its clients may ask all the same, with `foreign_dns: reject` or `answer`. With `reach: answered` they are open at the ports of DNS: 53, "
            "853 and, for DNS over HTTPS, 443; all else of them as any other address, by an answer or `segments[].reaches`."},
    {"segments[].reach", WR_SCHEMA_WORD, V01, IN(wr_conf_segment, reach), .words = reach_words,
     DEFAULT("any"), EXAMPLE("answered"),
     .doc = "What its clients reach through the gateway (`firewall.enabled`): `any`, whatever the rules of others let pass; `answered`, addresses of "
            "the Internet that weir has answered to the same device, for as long as `firewall.lease_floor` and `firewall.lease_grace` have it, the segment's own "
            "subnets, `segments[].reaches`, and what the device's own profile names by address (`weir mud enforce`). All else that they begin is rejected, and counted (`weir firewall`). What others begin to them is not "
            "looked at. Addresses that may not be opened are taken out of answers. An interface of another segment is no way to the Internet for it. "
            "Its clients are known by `segments[].interfaces`; by `segments[].subnets` alone, what has another address, of the other family too, is not held back."},
    {"segments[].reaches", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_SEGMENT_PLACES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_segment, reaches), EXAMPLE("192.168.1.5, \"fd00:1::5\""),
     .doc = "What its clients reach all the same, with `reach: answered`: a recorder in another segment, a prefix of NAT64."},
    {"segments[].discovery", WR_SCHEMA_WORD, V01, IN(wr_conf_segment, discovery), .words = discovery_words,
     DEFAULT("keep"), EXAMPLE("pass"),
     .doc = "What the firewall (`firewall.enabled`) does with what its devices say to find each other, on its way out of the segment: `keep`, mDNS (port "
            "5353), LLMNR (5355) and SSDP (1900) and their groups are rejected there, to single addresses too, and counted; `pass`, nothing."},
    {"segments[].only", WR_SCHEMA_NAME, .list = true, .max_items = WR_POLICY_NAMES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_segment, only), EXAMPLE("vendor.example, pool.ntp.org"),
     .doc = "Approved names: its clients get these, all below them, and whatever aliases these "
            "lead to; nothing else exists for them, local names and special ones included. "
            "A rule can still deny an approved name, and none opens another. Where several lists "
            "apply to a client, a name of any of them is approved. Empty: there is no such list."},
