/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema, response policy zones: the rows of `policy.rpz`, a part of the one table of keys.
 *
 * schema.c includes this in the middle of that table, with its macros, and nobody else does; so there is no guard.
 */
/* clang-format off */
    {"policy.rpz", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_POLICY_ZONES_MAX, V01, DEFAULT(""),
     LIST(policy.rpz),
     .doc = "Response policy zones (RPZ, draft-vixie-dnsop-dns-rpz-00), in order: what the first one with a match "
            "says is done. They come behind `policy.rules`, and what those allow is not looked at. Names of "
            "`local` are not looked at either. In one zone CLIENT-IP comes first, then QNAME, IP, NSDNAME, NSIP. "
            "Answers that they change have AD clear, no signatures, the policy zone's SOA record behind them, and an "
            "extended error, whatever the client says of DNSSEC. NSDNAME and NSIP know the servers that weir itself "
            "has found from the root; of names that are asked of others they say nothing, and `weir check` warns."},
    {"policy.rpz[].zone", WR_SCHEMA_NAME, V01, IN(wr_conf_rpz, zone), EXAMPLE("rpz.example"),
     .doc = "The zone's name. Its records stand below it: `bad.test.rpz.example CNAME .` makes bad.test NXDOMAIN."},
    {"policy.rpz[].file", WR_SCHEMA_PATH, V01, RANGE(0, PATH_OCTETS), DEFAULT("\"\""),
     IN(wr_conf_rpz, file), EXAMPLE("/etc/weir/rpz.zone"),
     .doc = "A zone file, watched: a change is in force as soon as it is compiled. Records that are no good are "
            "set aside and told; a file of which nothing can be used leaves the last good one in force. Empty: none."},
    {"policy.rpz[].primaries", WR_SCHEMA_URL, .list = true, .max_items = WR_XFER_PRIMARIES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_rpz, primaries), EXAMPLE("\"tls://192.0.2.53#name=ns.example\""),
     .doc = "Servers that have the zone, as those of `local.zones[].primaries`, over TCP or TLS: by AXFR, IXFR and NOTIFY. A zone whose "
            "SOA record's expire time is over goes on blocking, and the log and `weir zones` say so."},
    {"policy.rpz[].key", WR_SCHEMA_LABEL, V01, RANGE(0, 255), DEFAULT("\"\""), IN(wr_conf_rpz, key),
     EXAMPLE("transfer.example"),
     .doc = "The name of a key in `local.keys` that transfers are signed by (TSIG). Empty: nothing is signed."},
    {"policy.rpz[].override", WR_SCHEMA_WORD, V01, DEFAULT("none"), IN(wr_conf_rpz, override),
     .words = override_words,
     .doc = "What is done in place of what the zone's records say: `nxdomain`, `nodata`, `passthru`, `drop`, "
            "`tcp-only`, `cname` (see there). `disabled`: it is only recorded what would have been done, and the next "
            "zone is asked. `none`: what they say."},
    {"policy.rpz[].cname", WR_SCHEMA_NAME, V01, DEFAULT("."), IN(wr_conf_rpz, cname),
     EXAMPLE("garden.example"), .doc = "The name that `override: cname` leads to. The root: none."},
    {"policy.rpz[].reason", WR_SCHEMA_WORD, V01, DEFAULT("blocked"), IN(wr_conf_rpz, reason),
     .words = reason_words,
     .doc = "What its answers say of themselves in the extended error, as in `policy.rules[].reason`. With `blocked`, those that are "
            "about the client's own address say `prohibited`."},
    {"policy.rpz[].without_ra", WR_SCHEMA_BOOL, V01, DEFAULT("false"), IN(wr_conf_rpz, without_ra),
     .doc = "NXDOMAIN of this zone has the flag RA clear: some clients tell by that that it is policy's."},
    {"policy.rpz[].segments", WR_SCHEMA_LABEL, .list = true, .max_items = WR_SEGMENTS_MAX, V01,
     RANGE(1, 63), DEFAULT(""), INLIST(wr_conf_rpz, segments), EXAMPLE("cameras"),
     .doc = "Only for clients in one of these segments, and those of `groups`. Both empty: for all."},
    {"policy.rpz[].groups", WR_SCHEMA_LABEL, .list = true, .max_items = WR_WHO_GROUPS_MAX, V01,
     RANGE(1, 63), DEFAULT(""), INLIST(wr_conf_rpz, groups), EXAMPLE("tv"),
     .doc = "Only for devices of one of these `groups`, and clients in `segments`. A device that is not known is in no group."},
