/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schema, policy: the rows of the section `policy`, a part of the one table of keys.
 *
 * schema.c includes this in the middle of that table, with its macros, and nobody else does; so there is no guard.
 */
/* clang-format off */
    {"policy", WR_SCHEMA_SECTION, V01, .doc = "Who may have which names."},
    {"policy.rules", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_CONF_RULES_MAX, V01, DEFAULT(""),
     LIST(policy.rules),
     .doc = "Rules, in order: the first whose conditions all hold decides. What a rule says goes "
            "before local names, special-use names and the cache. Rules without `aliases`, `addresses` and `servers` decide "
            "on the question, before anybody is asked; the others on the answer, just before it "
            "is sent, and there what stands above them is looked at once more."},
    {"policy.rules[].name", WR_SCHEMA_LABEL, V01, RANGE(1, WR_POLICY_NAME_SIZE - 1),
     IN(wr_conf_rule, name), EXAMPLE("no-telemetry"),
     .doc = "What the extended error of a denial, `weir log` and `weir policy` call it."},
    {"policy.rules[].verdict", WR_SCHEMA_WORD, V01, IN(wr_conf_rule, verdict), .words = verdict_words,
     EXAMPLE("nxdomain"),
     .doc = "`allow`: no later rule is asked. `nxdomain`: the name does not exist, and nothing below "
            "it. `nodata`: it has no record of the type. `refused`. `drop`: no reply at all. "
            "`truncate`: over UDP nothing but the wish that it be asked over TCP. `route`: the servers of `group` are asked "
            "for it and for what it leads to, whatever segments and routes say. `secure`: only an "
            "answer that is proven (RFC 4033) is good, any other is SERVFAIL; CD does not help. `log`: it is recorded "
            "and counted, and the walk goes on. `data`: the records of `data` are given in place of those that there are, "
            "and where there is none of the type, the name has none. `sinkhole`: the same, of "
            "0.0.0.0 and :: where `data` is empty. `quarantine`: refused, and the device is in quarantine within a second or so, until "
            "`weir device release NAME`; over UDP without a cookie, which anybody can send in its name, it is told to ask over "
            "TCP first; who is no device that is known for certain is only refused, and "
            "with `shadow` nothing happens but that it is counted."},
    {"policy.rules[].data", WR_SCHEMA_STRING, .list = true, .max_items = WR_POLICY_RECORDS_MAX, V01, RANGE(1, 1024),
     DEFAULT(""), INLIST(wr_conf_rule, data), EXAMPLE("\"A 192.0.2.1\", \"AAAA 2001:db8::1\""),
     .doc = "What the verdicts `data` and `sinkhole` give, as in a zone file without the owner: A, AAAA, TXT, MX, SRV, PTR, HTTPS, SVCB or CAA, "
            "or one CNAME alone. A TTL may stand before the type; else it is `policy.denial_ttl`. The target of a CNAME is "
            "asked for under the rules as a name is, so what is denied to the client stays denied; each rule leads once, none from the name that it leads to, and "
            "four at most. Nothing of it is signed."},
    {"policy.rules[].group", WR_SCHEMA_LABEL, V01, RANGE(0, 63), DEFAULT("\"\""), IN(wr_conf_rule, group), EXAMPLE("recursion"),
     .doc = "Who is asked by the verdict `route`: a group, `recursion` or `system`. What is answered so is "
            "remembered for these questions alone."},
    {"policy.rules[].segments", WR_SCHEMA_LABEL, .list = true, .max_items = WR_SEGMENTS_MAX, V01,
     RANGE(1, 63), DEFAULT(""), INLIST(wr_conf_rule, segments), EXAMPLE("cameras"),
     .doc = "Only for clients in one of these segments."},
    {"policy.rules[].groups", WR_SCHEMA_LABEL, .list = true, .max_items = WR_WHO_GROUPS_MAX, V01,
     RANGE(1, 63), DEFAULT(""), INLIST(wr_conf_rule, groups), EXAMPLE("tv"),
     .doc = "Only for devices in one of these `groups`. Where two devices are said to have one address, what a rule "
            "allows or routes does not hold, and what it denies does."},
    {"policy.rules[].devices", WR_SCHEMA_LABEL, .list = true, .max_items = WR_WHO_GROUPS_MAX, V01,
     RANGE(1, 63), DEFAULT(""), INLIST(wr_conf_rule, devices), EXAMPLE("camera-3"),
     .doc = "Only for these devices, by the name that `devices[].name` or `weir device name` has given them; what a device "
            "calls itself counts for nothing. A device that is renamed is another to this rule at once. Groups, and the devices and "
            "kinds that rules name, are 64 together at most."},
    {"policy.rules[].kinds", WR_SCHEMA_LABEL, .list = true, .max_items = WR_WHO_GROUPS_MAX, V01,
     RANGE(1, 63), DEFAULT(""), INLIST(wr_conf_rule, kinds), EXAMPLE("camera, tv"),
     .doc = "Only for devices of one of these kinds, as `weir devices` shows them: what `devices[].kind` or `weir device kind` says, and "
            "what `registry.kinds` finds, but not where the verdict is `allow` or `route`."},
    {"policy.rules[].clients", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_SEGMENT_PLACES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_rule, clients), EXAMPLE("192.168.9.20, 192.168.9.32/28"),
     .doc = "Only for clients with these addresses."},
    {"policy.rules[].names", WR_SCHEMA_NAME, .list = true, .max_items = WR_POLICY_NAMES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_rule, names), EXAMPLE("metrics.vendor.example"),
     .doc = "Only for these names, not for what is below them."},
    {"policy.rules[].domains", WR_SCHEMA_NAME, .list = true, .max_items = WR_POLICY_NAMES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_rule, domains), EXAMPLE("telemetry.example"),
     .doc = "Only for these names and all below them. With `names` too, either will do."},
    {"policy.rules[].feeds", WR_SCHEMA_LABEL, .list = true, .max_items = WR_FEEDS_MAX, V01, RANGE(1, 63), DEFAULT(""),
     INLIST(wr_conf_rule, feeds), EXAMPLE("malware"),
     .doc = "Only for what one of these `feeds` lists: the name, a name that its answer leads to (CNAME), or an address in the "
            "answer. With `names` or `domains` too, either will do."},
    {"policy.rules[].except", WR_SCHEMA_NAME, .list = true, .max_items = WR_POLICY_NAMES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_rule, except), EXAMPLE("updates.telemetry.example"),
     .doc = "Not for these names and what is below them."},
    {"policy.rules[].types", WR_SCHEMA_LABEL, .list = true, .max_items = 64, V01, RANGE(1, 16),
     DEFAULT(""), INLIST(wr_conf_rule, types), EXAMPLE("HTTPS, SVCB"),
     .doc = "Only for questions of these types: `AAAA`, `TYPE65`."},
    {"policy.rules[].hours", WR_SCHEMA_STRING, V01, RANGE(0, 11), DEFAULT("\"\""), IN(wr_conf_rule, hours),
     EXAMPLE("\"22:00-06:00\""),
     .doc = "Only from one time of the day to another, by the local clock; into the next day where the second "
            "is not the later. While the time is not proven, rules that deny hold at all hours, and those "
            "that allow, route or log at none. Empty: always."},
    {"policy.rules[].days", WR_SCHEMA_WORD, .list = true, .max_items = 7, V01, DEFAULT(""),
     INLIST(wr_conf_rule, days), .words = day_words, EXAMPLE("sat, sun"),
     .doc = "Only on these days; with `hours`, on which they begin. Empty: every day."},
    {"policy.rules[].aliases", WR_SCHEMA_NAME, .list = true, .max_items = WR_POLICY_NAMES_MAX, V01,
     DEFAULT(""), INLIST(wr_conf_rule, aliases), EXAMPLE("tracker.example"),
     .doc = "Only for answers that lead (by CNAME or DNAME) to one of these names or below them."},
    {"policy.rules[].addresses", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_POLICY_PREFIXES_MAX,
     V01, DEFAULT(""), INLIST(wr_conf_rule, addresses), EXAMPLE("198.51.100.0/24"),
     .doc = "Only for answers with such an address: in A and AAAA records, and in the hints of SVCB "
            "and HTTPS."},
    {"policy.rules[].servers", WR_SCHEMA_STRING, .list = true, .max_items = WR_POLICY_NAMES_MAX, V01,
     RANGE(1, 255), DEFAULT(""), INLIST(wr_conf_rule, servers), EXAMPLE("ns.tracker.example, 203.0.113.0/24"),
     .doc = "Only for answers of such servers: of names found from the root, the servers of the zone and of those above it, by name (it or "
            "one below it) or address, as the delegations say; of names that are forwarded, the upstreams of the group that "
            "is asked, by address or the name in their URL, for whom those ask nobody here can know."},
    {"policy.rules[].reason", WR_SCHEMA_WORD, V01, DEFAULT("blocked"), IN(wr_conf_rule, reason),
     .words = reason_words,
     .doc = "What a denial says of itself in its extended error (RFC 8914): `blocked` by whoever runs this "
            "network (15), `censored` because somebody outside demands it (16), `filtered` because the "
            "client's side asked for it (17), `prohibited`: this client may not (18). Records of `data` are always "
            "forged (4)."},
    {"policy.rules[].shadow", WR_SCHEMA_BOOL, V01, DEFAULT("false"), IN(wr_conf_rule, shadow),
     .doc = "The rule is tried: what it would have done is recorded and counted, and the walk goes on."},
    {"policy.rebinding", WR_SCHEMA_BOOL, V01, DEFAULT("false"), AT(policy.rebinding),
     .doc = "`true`: a name of the public DNS does not lead to an address of this network, so that no page from outside can "
            "reach what is here under a name of its own (DNS rebinding). An answer with a private, "
            "shared (100.64.0.0/10), link-local or loopback address is then one without data. Local names, names of "
            "`upstream.routes` (but for the root's), `private_names` and what a rule allows may have them. "
            "Lists of senders that answer with 127.0.0.2 and names such as plex.direct need to stand there."},
    {"policy.private_names", WR_SCHEMA_NAME, .list = true, .max_items = WR_POLICY_NAMES_MAX, V01,
     DEFAULT(""), LIST(policy.private_names), EXAMPLE("plex.direct, home.example"),
     .doc = "Names that may have addresses of this network, with all below them."},
    {"policy.denial_ttl", WR_SCHEMA_SECONDS, V01, RANGE(0, 86400), DEFAULT("1m"),
     AT(policy.denial_ttl_s),
     .doc = "How long clients may remember that a name is denied. Short: what is allowed later is "
            "found soon."},
