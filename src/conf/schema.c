/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/schema.h"

#include <string.h>

#include "base/limits.h"
#include "conf/conf.h"
#include "conf/schemawords.h"
#include "policy/who.h"

/* In the order of the documentation: a section before its keys. */
static const struct wr_schema_row table[] = {
    {"listen", WR_SCHEMA_LISTEN, .list = true, .max_items = WR_CONF_LISTEN_MAX, V01,
     DEFAULT("127.0.0.1, ::1"), LIST(listen), EXAMPLE("127.0.0.1, \"::1\", br-iot"),
     .doc = "Where weir answers, over UDP and TCP: addresses (`192.168.7.1`, `[fd00::1]:5353`) or "
            "interfaces (`br-iot`, `br-iot:5353`), which stand for all their addresses. The port "
            "is 53 where none is written."},
    {"allow", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_CONF_ALLOW_MAX, V01,
     DEFAULT("127.0.0.0/8, ::1/128"), LIST(allow), EXAMPLE("192.168.7.0/24, \"fd00::/8\""),
     .doc = "Who may ask. The prefixes on-link on an interface that `listen` names are allowed as "
            "well. Everybody else is refused, and beyond `limits.refused_rate` not answered."},
    {"workers", WR_SCHEMA_INT, V01, RESTART, RANGE(0, WR_WORKERS_MAX), DEFAULT("0"), AT(workers),
     .unit = "threads", .doc = "Threads that answer; 0 is one for each processor."},
    {"user", WR_SCHEMA_LABEL, V01, RESTART, RANGE(0, 32), DEFAULT("weir"), AT(user),
     .doc = "The user weir becomes when it was started as root and has opened its sockets. Empty: "
            "it stays who it is."},
    {"profile", WR_SCHEMA_WORD, V01, RESTART, DEFAULT("gateway"), AT(profile),
     .words = profile_words,
     .doc = "What machine this is. It only chooses other defaults: `router` for a few megabytes "
            "of memory, `edge` for a box that serves thousands of devices."},

#include "conf/schemaencrypted.h"
#include "conf/schemadevices.h"
    {"identity", WR_SCHEMA_SECTION, V01,
     .doc = "What weir tells about itself to those who may ask."},
    {"identity.name", WR_SCHEMA_STRING, V01, RANGE(0, 63), DEFAULT("\"\""), AT(identity.name),
     EXAMPLE("gate-1"),
     .doc = "The answer to `id.server. CH TXT` and to the NSID option. Empty: it is refused."},
    {"identity.version", WR_SCHEMA_STRING, V01, RANGE(0, 63), DEFAULT("\"\""), AT(identity.version),
     EXAMPLE("weir"),
     .doc = "The answer to `version.bind.` and `version.server. CH TXT`. Empty: it is refused."},

    {"tcp", WR_SCHEMA_SECTION, V01, .doc = "TCP connections of clients (RFC 7766)."},
    {"tcp.idle_timeout", WR_SCHEMA_MILLIS, V01, RANGE(100, HOUR_MS), DEFAULT("10s"),
     AT(tcp.idle_timeout_ms),
     .doc = "How long a connection may stay silent, and how long one message may take to arrive, "
            "this at most five seconds. Clients that ask are told (RFC 7828)."},
    {"tcp.max_connections", WR_SCHEMA_INT, V01, RANGE(1, 65536), BY_PROFILE("512", "128", "8192"),
     AT(tcp.max_connections), .unit = "connections",
     .doc =
         "Connections at once, over all workers. When there are more, one that is owed no answer "
         "is closed: of somebody who may not ask (they have a sixteenth of the places), else the "
         "one that is silent, or busy with one message, for the longest time. A reload raises it "
         "to "
         "twice its value at the start, or 1024; descriptors for upstreams are kept back."},
    {"tcp.max_per_client", WR_SCHEMA_INT, V01, RANGE(1, 65536), DEFAULT("16"),
     AT(tcp.max_per_client), .unit = "connections", .doc = "Connections at once from one client."},
    {"tcp.max_inflight", WR_SCHEMA_INT, V01, RANGE(1, 4096), DEFAULT("64"), AT(tcp.max_inflight),
     .unit = "questions",
     .doc = "Questions of one connection in work at once; weir reads no more from it until one is "
            "answered."},

    {"upstream", WR_SCHEMA_SECTION, V01, .doc = "Whom weir asks what it does not know."},
    {"upstream.groups", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_GROUPS_MAX - 2, V01,
     DEFAULT(""), LIST(upstream.groups),
     .doc = "Groups of servers that know the same. Without any, weir asks nobody but the servers "
            "of each zone, from the root down (`recursion`)."},
    {"upstream.groups[].name", WR_SCHEMA_LABEL, V01, RANGE(1, 63), IN(wr_conf_group, name),
     EXAMPLE("isp"), .doc = "What routes and `weir upstreams` call the group."},
    {"upstream.groups[].servers", WR_SCHEMA_URL, .list = true, .max_items = WR_GROUP_SERVERS_MAX,
     .min_items = 1, V01, INLIST(wr_conf_group, servers),
     EXAMPLE("\"udp://192.0.2.1\", \"udp://[2001:db8::53]\""),
     .doc =
         "The servers, as URLs: `udp://192.0.2.1`, `tcp://[2001:db8::1]:5353`, "
         "`udp://[fe80::1%br-wan]`. The port is 53 where none is written. A server asked over "
         "UDP is asked over TCP as well when an answer is too long or in doubt. Encrypted: "
         "`tls://` (port 853), `quic://` (853), `https://dns.example/dns-query` (443). Those have "
         "to prove that they are the host of the URL, by a certificate that `upstream.ca_file` "
         "vouches for. Behind a `#`, with `&` between them, stand facts: `addr=192.0.2.1` an "
         "address of the host (else it is looked up), `name=dns.example` the host's name where "
         "an address is written; and what proves it instead: `pin=sha256/...` a key (two, for "
         "the change), `dane` TLSA records, `pkix` a certificate, each of those named with `all`, "
         "nothing with `opportunistic`. Which are asked first: odoh, quic, tls, https, and "
         "plain ones only with `allow_plain`. "
         "`odoh://target.example/dns-query#proxy=proxy.example/proxy` is asked by way of "
         "somebody who passes sealed questions on (RFC 9230): the proxy knows who asks, the "
         "target what, and nobody both as long as the two do not work together; addresses "
         "(`addr=`) and proofs are the proxy's. The target's keys are fetched through the proxy, "
         "which could hand out others; `config=` pins what the target publishes (base64 of "
         "`/.well-known/odohconfigs`; `weir ask +odoh` prints it): nothing is fetched then, and "
         "a target that knows that key no more is failing, and said to be so, until another one "
         "is pinned. Targets that change their keys each day, as weir does, are not to be "
         "pinned."},
    {"upstream.groups[].strategy", WR_SCHEMA_WORD, V01, DEFAULT("fastest"),
     IN(wr_conf_group, strategy), .words = strategy_words,
     .doc = "Who is asked first: the `fastest` (the others are tried now and then), the first in "
            "`order` that answers, all in `parallel`, or each in turn (`round-robin`). "
            "Of servers by several transports only those of the most private one that can be "
            "reached are asked, and `strategy` chooses among them: first odoh, then quic, tls, "
            "https, then those that are `#opportunistic`, and plain tcp and udp last."},
    {"upstream.groups[].client_subnet", WR_SCHEMA_PREFIX, .list = true, .max_items = 1, V01,
     DEFAULT(""), INLIST(wr_conf_group, client_subnet), EXAMPLE("198.51.100.0/24"),
     .doc = "One prefix that these servers are told as the client's (RFC 7871), such as the site's "
            "own "
            "public network, for answers that are near. What clients send of theirs is always "
            "dropped. Empty: nothing is told."},
    {"upstream.groups[].authoritative", WR_SCHEMA_BOOL, V01, DEFAULT("false"),
     IN(wr_conf_group, authoritative),
     .doc =
         "These servers have the zone of each route that names the group, they do not resolve for "
         "others: they are asked without RD, and their delegations are followed (a stub zone)."},
    {"upstream.groups[].recurse_after", WR_SCHEMA_BOOL, V01, DEFAULT("false"),
     IN(wr_conf_group, recurse_after),
     .doc = "When none of these servers gives an answer, weir finds it from the root by itself."},
    {"upstream.groups[].cache", WR_SCHEMA_BOOL, V01, DEFAULT("true"), IN(wr_conf_group, cache),
     .doc =
         "`false`: what these servers say is not remembered, they are asked each time; for names "
         "that change from one moment to the next. Not for a group that is `authoritative`."},
    {"upstream.groups[].allow_plain", WR_SCHEMA_BOOL, V01, DEFAULT("false"),
     IN(wr_conf_group, allow_plain),
     .doc = "The group may have plain servers beside encrypted ones. They are asked when none of "
            "the encrypted ones can be reached, and whoever can bring that about reads the names "
            "then."},
    {"upstream.groups[].discover", WR_SCHEMA_WORD, V01, DEFAULT("off"), IN(wr_conf_group, discover),
     .words = find_words,
     .doc = "Plain servers are asked which encrypted services they name for themselves (RFC 9462), "
            "and the first of each transport that is good goes before them: `proven` when its "
            "certificate carries the server's address, `private` also without that at a private "
            "address."},
    {"upstream.routes", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_ROUTES_MAX, V01, DEFAULT(""),
     LIST(upstream.routes),
     .doc = "Names that another group answers. The longest zone that matches wins."},
    {"upstream.routes[].zone", WR_SCHEMA_NAME, V01, IN(wr_conf_route, zone),
     EXAMPLE("corp.example"), .doc = "This name and all below it."},
    {"upstream.routes[].group", WR_SCHEMA_LABEL, V01, RANGE(1, 63), IN(wr_conf_route, group),
     EXAMPLE("isp"),
     .doc = "The name of the group to ask, or `recursion`: weir finds the answer from the root, or "
            "`system`: the servers of `upstream.resolv_conf`."},
    {"upstream.default", WR_SCHEMA_LABEL, V01, RANGE(0, 63), DEFAULT("\"\""),
     AT(upstream.default_group), EXAMPLE("isp"),
     .doc = "The group for all other names, or `recursion`: weir finds the answers from the root, "
            "or `system`: the servers of `upstream.resolv_conf`. Empty: the first group; without "
            "groups `recursion`."},
    {"upstream.resolv_conf", WR_SCHEMA_PATH, V01, RANGE(0, PATH_OCTETS),
     DEFAULT("/etc/resolv.conf"), AT(upstream.resolv_conf),
     .doc = "Whose `nameserver` lines are the group `system`, looked at once a second. An address "
            "weir itself listens on is left out."},
    {"upstream.ipv4", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(upstream.ipv4),
     .doc = "Ask servers over IPv4."},
    {"upstream.ipv6", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(upstream.ipv6),
     .doc = "Ask servers over IPv6."},
    {"upstream.nat64_prefix", WR_SCHEMA_PREFIX, .list = true, .max_items = 1, V01, DEFAULT(""),
     LIST(upstream.nat64_prefix), EXAMPLE("\"64:ff9b::/96\""),
     .doc = "Where `upstream.ipv4` is false: authoritative servers that have IPv4 addresses alone "
            "are reached through the translator of this prefix (RFC 6052). Empty: not at all."},
    {"upstream.encryption", WR_SCHEMA_WORD, V01, DEFAULT("optional"), AT(upstream.encryption),
     .words = encryption_words,
     .doc = "`required`: weir asks nobody in plain text, whatever for: no plain server, no "
            "recursion, no copies of zones; names of time servers and of upstreams are looked up "
            "over encrypted servers too. What would ask in plain text is a mistake of the "
            "configuration then. `optional`: as the servers are written."},
    {"upstream.bootstrap", WR_SCHEMA_URL, .list = true, .max_items = WR_GROUP_SERVERS_MAX, V01,
     DEFAULT(""), LIST(upstream.bootstrap), EXAMPLE("\"tls://192.0.2.53#name=dns.example\""),
     .doc =
         "Servers, by address, that are asked for the addresses of upstreams whose URLs have "
         "none, for the TLSA records of those that are proven by `dane`, and for what proves both. "
         "Where there is `dane`, for the addresses of `time.servers` too. Empty: they are found "
         "from the root. That an upstream "
         "cannot be found yet never keeps weir from starting."},
    {"upstream.ca_file", WR_SCHEMA_PATH, V01, RANGE(0, PATH_OCTETS),
     DEFAULT("/etc/ssl/certs/ca-certificates.crt"), AT(upstream.ca_file),
     EXAMPLE("/etc/weir/ca.pem"),
     .doc = "The certificate authorities that vouch for encrypted servers, as PEM; looked at again "
            "at a reload. Empty: none, and servers are proven by pins or TLSA records alone."},
    {"upstream.ports", WR_SCHEMA_INT, V01, RESTART, RANGE(64, 60000),
     BY_PROFILE("16384", "4096", "16384"), AT(upstream.ports), .unit = "ports",
     .doc = "Source ports in random use for each address family. 16384 and the random id make 30 "
            "bits for a forger to guess, without letter case and cookies."},
    {"upstream.case_randomisation", WR_SCHEMA_BOOL, V01, DEFAULT("true"),
     AT(upstream.case_randomisation),
     .doc = "Mix the letter case of each question and want it back in the answer."},
    {"upstream.lower_case", WR_SCHEMA_NAME, .list = true, .max_items = WR_LOWER_CASE_MAX, V01,
     DEFAULT(""), LIST(upstream.lower_case), EXAMPLE("avqs.example"),
     .doc = "Names that are asked in small letters, with all below them, whoever wrote them how: "
            "some servers answer nothing useful to capitals."},
    {"upstream.cookies", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(upstream.cookies),
     .doc = "Send DNS cookies to servers (RFC 7873) and doubt answers of those that gave one "
            "before and do not now."},

    {"recursion", WR_SCHEMA_SECTION, V01,
     .doc = "How weir finds answers from the root, for names whose route or default is "
            "`recursion`."},
    {"recursion.hints", WR_SCHEMA_URL, .list = true, .max_items = WR_HINTS_MAX, V01, DEFAULT(""),
     LIST(recursion.hints), EXAMPLE("udp://192.0.2.1"),
     .doc = "Where the root is asked for its servers first (RFC 9609), as URLs: "
            "`udp://192.0.2.1`. Empty: the root servers of the Internet."},
    {"recursion.minimise", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(recursion.minimise),
     .doc = "Tell each server no more of a name than it needs (RFC 9156)."},
    {"recursion.never_ask", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_NEVERS_MAX, V01,
     DEFAULT("127.0.0.0/8, ::1/128"), LIST(recursion.never_ask),
     EXAMPLE("127.0.0.0/8, \"::1/128\""),
     .doc = "Addresses that are not asked though a zone names them for its server: at least this "
            "machine, so that nobody can make weir ask it."},
    {"recursion.servers", WR_SCHEMA_INT, V01, RESTART, RANGE(64, 65000),
     BY_PROFILE("4096", "512", "16384"), AT(recursion.servers), .unit = "servers",
     .doc = "Servers whose round-trip time, cookies and faults are remembered; 256 octets each."},

    {"recursion.root_copy", WR_SCHEMA_SECTION, V01,
     .doc = "A copy of the root zone, asked in place of the root's servers (RFC 8806): fewer "
            "questions leave the site, and top-level domains are known without them."},
    {"recursion.root_copy.enable", WR_SCHEMA_BOOL, V01, DEFAULT("false"),
     AT(recursion.root_copy.enable),
     .doc = "Keep one, of some 25 000 records. It is taken only with a ZONEMD digest (RFC 8976) "
            "that is right and, where weir validates, signed by keys that an anchor of the root "
            "names; without it the root's servers are asked as ever."},
    {"recursion.root_copy.primaries", WR_SCHEMA_URL, .list = true,
     .max_items = WR_XFER_PRIMARIES_MAX, V01, DEFAULT(""), LIST(recursion.root_copy.primaries),
     EXAMPLE("tcp://192.0.2.53"),
     .doc = "Where the root zone is transferred from, as those of `local.zones[]`. Empty: servers "
            "of the Internet that give it to everybody."},

    {"dnssec", WR_SCHEMA_SECTION, V01,
     .doc = "What is proven before it is believed (RFC 4033 to 4035)."},
    {"dnssec.validate", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(dnssec.validate),
     .doc = "Check every answer against the trust anchors, those of forwarding groups too. What is "
            "bogus is SERVFAIL, with an extended error that names the zone and the reason."},
    {"dnssec.serve", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(dnssec.serve),
     .doc = "Give signatures and proofs to clients that ask for them (DO). `false`: they get what "
            "others get, and without `validate` no server is asked for any of it either, which "
            "keeps answers small on a slow line."},
    {"dnssec.anchors", WR_SCHEMA_STRING, .list = true, .max_items = WR_DNSSEC_ANCHORS_MAX, V01,
     RANGE(1, 2048), DEFAULT(""), LIST(dnssec.anchors),
     EXAMPLE("\"example. DS 12345 13 2 0123...\""),
     .doc =
         "Trust anchors as lines of a zone file, DS or DNSKEY: `example. DS 12345 13 2 ABCD...`. "
         "Empty: the keys of the Internet's root."},
    {"dnssec.negative", WR_SCHEMA_NAME, .list = true, .max_items = WR_DNSSEC_ANCHORS_MAX, V01,
     DEFAULT(""), LIST(dnssec.negative), EXAMPLE("broken.example"),
     .doc = "Names below which nothing is checked (negative trust anchors, RFC 7646), for a zone "
            "whose signatures are broken by mistake."},
    {"dnssec.rfc5011", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(dnssec.rfc5011),
     .doc = "Follow the anchors' zones when they change their keys (RFC 5011): a new key that they "
            "sign for thirty days becomes an anchor, one that revokes itself is none any more."},
    {"dnssec.signal", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(dnssec.signal),
     .doc = "Tell the anchors' zones which of their keys are trusted here, by a question for "
            "`_ta-4f66-9728.` beside each look at their keys (RFC 8145); so their owners see when "
            "a key can go. Nothing of clients is told."},
    {"dnssec.sentinel", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(dnssec.sentinel),
     .doc = "Let names as `root-key-sentinel-is-ta-20326.example` fail where that key is not "
            "trusted (RFC 8509), so that users can find out which root keys their resolver has."},
    {"dnssec.report", WR_SCHEMA_BOOL, V01, DEFAULT("false"), AT(dnssec.report),
     .doc = "Tell owners of zones that ask for it which of their names could not be proven, and "
            "why (RFC 9567). They learn so what was asked here."},
    {"dnssec.state", WR_SCHEMA_PATH, V01, RESTART, RANGE(0, PATH_OCTETS), DEFAULT("\"\""),
     AT(dnssec.state), EXAMPLE("/var/lib/weir/anchors"),
     .doc = "The file that remembers what became of the anchors, and what `weir anchors` changed. "
            "Empty: `anchors` in the directory that systemd gives, else nothing is remembered."},
    {"dnssec.sha1", WR_SCHEMA_WORD, V01, DEFAULT("ignore"), AT(dnssec.sha1), .words = sha1_words,
     .doc = "Signatures by SHA-1 (algorithms 5 and 7, RFC 9905): `ignore`, and a zone that has no "
            "other is insecure, or `rely` on them."},
    {"dnssec.nsec3_iterations", WR_SCHEMA_INT, V01, RANGE(0, WR_DNSSEC_ITERATIONS_MAX),
     DEFAULT("150"), AT(dnssec.nsec3_iterations), .unit = "iterations",
     .doc = "NSEC3 with more of them proves nothing, and the zone is insecure (RFC 9276)."},
    {"dnssec.zones", WR_SCHEMA_INT, V01, RESTART, RANGE(0, 65536), DEFAULT("0"), AT(dnssec.zones),
     .unit = "zones",
     .doc =
         "Zones of which each worker remembers that they are insecure (a third of a KiB each) or "
         "what their checked keys are (2 KiB each, and 3 KiB a key). 0: one for each 16 KiB of "
         "`cache.size`, at least 64 and at most 8192."},
    {"dnssec.aggressive", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(dnssec.aggressive),
     .doc = "Answer from proven ranges: that a name or type does not exist, or what a wildcard "
            "gives, without asking again (RFC 8198)."},
    {"dnssec.ranges", WR_SCHEMA_INT, V01, RESTART, RANGE(16, 65536),
     BY_PROFILE("1024", "128", "8192"), AT(dnssec.ranges), .unit = "ranges",
     .doc = "Proven ranges that each worker remembers; about 1.4 KiB each."},
    {"dnssec.nxdomain_cut", WR_SCHEMA_WORD, V01, DEFAULT("secure"), AT(dnssec.nxdomain_cut),
     .words = cut_words,
     .doc = "When a remembered answer that a name does not exist holds for all names below it too "
            "(RFC 8020): `secure`, when it was proven; `always`; or `off`."},

    {"time", WR_SCHEMA_SECTION, V01, .doc = "What weir believes of the clock."},
    {"time.trust", WR_SCHEMA_WORD, V01, DEFAULT("auto"), AT(time.trust), .words = trust_words,
     .doc =
         "`auto`: a system clock that is before the floor is wrong, one after it is believed. "
         "The floor is the day of this release, the last proven time, or the newest signature "
         "of the root. When it is wrong weir asks `time.servers` and `time.roughtime`, and until "
         "they answer signatures are checked without their dates and nothing is called secure. "
         "`ladder`: "
         "weir always asks them. `system`: the clock is right, whatever it says. weir never "
         "sets the system's clock."},
    {"time.servers", WR_SCHEMA_STRING, .list = true, .max_items = WR_TIME_SERVERS_MAX, V01,
     RANGE(1, 300), DEFAULT("time.cloudflare.com, time.nist.gov, ptbtime1.ptb.de, ntp.se"),
     LIST(time.servers), EXAMPLE("ntp.example.net, 192.0.2.1, \"[2001:db8::1]:123\""),
     .doc = "NTP servers that are asked what time it is, by name or address. Best are several of "
            "different operators whose names are signed. Their names are answered even under "
            "`time.unproven: refuse`."},
    {"time.agree", WR_SCHEMA_INT, V01, RANGE(1, WR_TIME_SERVERS_MAX), DEFAULT("3"), AT(time.agree),
     .unit = "servers",
     .doc =
         "So many of `time.servers` in different networks, and more than half of those that were "
         "heard, must say the same for the time to be proven. Fewer make it plausible; so do "
         "all of them when there are `time.roughtime` servers."},
    {"time.roughtime", WR_SCHEMA_STRING, .list = true, .max_items = WR_TIME_SERVERS_MAX, V01,
     RANGE(1, 360), DEFAULT(""), LIST(time.roughtime),
     EXAMPLE("\"roughtime.example.net:2002 gD63hSj3ScS+wuOeGrubXlq35N1c5Lby/S+T7MNTjxo=\""),
     .doc = "Roughtime servers that sign what time it is, each with its public key in base64. One "
            "alone proves the time; where several are named two must agree, so name three or "
            "more. With any of them nobody else proves the time. Ask their operators for the "
            "keys. Their names are answered even under `time.unproven: refuse`."},
    {"time.state", WR_SCHEMA_PATH, V01, RESTART, RANGE(0, PATH_OCTETS), DEFAULT("\"\""),
     AT(time.state), EXAMPLE("/var/lib/weir/time"),
     .doc = "The file that remembers the last proven time. Empty: `time` in the directory that "
            "systemd gives, else nothing is remembered."},
    {"time.unproven", WR_SCHEMA_WORD, V01, DEFAULT("mark"), AT(time.unproven),
     .words = unproven_words,
     .doc = "What becomes of an answer whose signatures were checked while the time was not "
            "known: `mark`, and it is given without AD and with an extended error; or `refuse`, "
            "and it is SERVFAIL with one. Without the time an old answer cannot be told from a "
            "new one."},

    {"dns64", WR_SCHEMA_SECTION, V01,
     .doc = "IPv6 addresses for names that have IPv4 addresses alone (RFC 6147), for devices "
            "without "
            "IPv4 behind a translator (NAT64)."},
    {"dns64.prefix", WR_SCHEMA_PREFIX, .list = true, .max_items = 1, V01, DEFAULT(""),
     LIST(dns64.prefix), EXAMPLE("\"64:ff9b::/96\""),
     .doc = "The translator's prefix, of 32, 40, 48, 56, 64 or 96 bits. Empty: there is no DNS64, "
            "unless routers tell the prefix (`dns64.advertised_on`) or it is discovered "
            "(`dns64.discover`)."},
    {"dns64.exclude", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_DNS64_EXCLUDES_MAX, V01,
     DEFAULT("::ffff:0.0.0.0/96"), LIST(dns64.exclude), EXAMPLE("\"::ffff:0.0.0.0/96\""),
     .doc = "IPv6 addresses that count as none: names that have no others get addresses of the "
            "prefix. `::/0` makes them for every name that has an IPv4 address."},
    {"dns64.only_for", WR_SCHEMA_PREFIX, .list = true, .max_items = WR_CONF_ALLOW_MAX, V01,
     DEFAULT(""), LIST(dns64.only_for), EXAMPLE("\"fd00:64::/64\""),
     .doc = "The clients that DNS64 is for. Empty: all."},
    {"dns64.discover", WR_SCHEMA_WORD, V01, DEFAULT("off"), AT(dns64.discover),
     .words = discover_words,
     .doc = "`rfc7050`: without `dns64.prefix` the upstream is asked for the prefix that it uses "
            "itself. Only for an upstream that is trusted: who can forge its answer gets the "
            "devices' traffic. What routers tell goes before it."},
    {"dns64.advertised_on", WR_SCHEMA_LABEL, .list = true, .max_items = WR_ROUTERS_LINKS_MAX, V01,
     RESTART, RANGE(1, WR_CONF_INTERFACE_SIZE - 1), DEFAULT(""), LIST(dns64.advertised_on),
     EXAMPLE("wan0"),
     .doc =
         "Interfaces whose routers are asked for the translator's prefix and believed (PREF64 in "
         "router advertisements, RFC 8781): the uplink. Not a link with devices: whoever sits "
         "on it can say that he is a router, and gets the traffic of all. Needs CAP_NET_RAW at "
         "the start."},

    {"cache", WR_SCHEMA_SECTION, V01, .doc = "What weir remembers."},
    {"cache.size", WR_SCHEMA_SIZE, V01, RESTART, RANGE(256 * KIB, 64 * GIB),
     BY_PROFILE("16MiB", "2MiB", "256MiB"), AT(cache.size_bytes),
     .doc = "Memory for the cache, one block for all workers; an address takes about 100 octets "
            "of it."},
    {"cache.live", WR_SCHEMA_PATH, V01, RESTART, RANGE(0, PATH_OCTETS), DEFAULT("\"\""),
     AT(cache.live), EXAMPLE("/run/weir/cache"),
     .doc = "A file that is the cache's memory, so that what was learned outlives the process. "
            "Put it on a file system in memory (`/run/weir/cache`), never on flash. Empty: plain "
            "memory."},
    {"cache.min_ttl", WR_SCHEMA_SECONDS, V01, RANGE(0, DAY_S), DEFAULT("0s"), AT(cache.min_ttl_s),
     .doc =
         "Records are kept at least this long, but delegations as long as the zone above says, and "
         "what was proven as long as it says itself. Anything but 0s breaks services that move."},
    {"cache.max_ttl", WR_SCHEMA_SECONDS, V01, RANGE(1, 7 * DAY_S), DEFAULT("1d"),
     AT(cache.max_ttl_s), .doc = "Records are kept at most this long."},
    {"cache.max_negative_ttl", WR_SCHEMA_SECONDS, V01, RANGE(0, DAY_S), DEFAULT("1h"),
     AT(cache.max_negative_ttl_s),
     .doc = "That a name or type does not exist is believed at most this long (RFC 2308)."},
    {"cache.failure_ttl", WR_SCHEMA_SECONDS, V01, RANGE(1, 300), DEFAULT("5s"),
     AT(cache.failure_ttl_s),
     .doc = "A question that could not be answered is not asked again for this long (RFC 9520). "
            "A server that comes back ends it at once."},
    {"cache.prefetch", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(cache.prefetch),
     .doc = "Ask again for names in use shortly before they expire."},
    {"cache.without_rd", WR_SCHEMA_WORD, V01, DEFAULT("answers"), AT(cache.without_rd),
     .words = without_rd_words,
     .doc =
         "What a client gets that may ask and wants no recursion (RD is not set): `answers` that "
         "are remembered, and REFUSED for what is not; also `referrals` to the servers of the "
         "deepest zone known, as RFC 1034 has it; or `refuse`, all but local names. `learn` is "
         "`referrals`, and servers are asked for what one lacks: the zone's own proven NS set, so "
         "that there can be AD, and the root's NS set where no zone is known. All but `refuse` "
         "tell "
         "what others have asked, as the TTLs of any answer do."},
    {"cache.stale", WR_SCHEMA_SECTION, V01,
     .doc = "Expired answers while nobody can be reached (RFC 8767)."},
    {"cache.stale.enable", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(cache.stale.enable),
     .doc = "Answer with expired records when every server failed."},
    {"cache.stale.max_age", WR_SCHEMA_SECONDS, V01, RANGE(1, 30 * DAY_S), DEFAULT("1d"),
     AT(cache.stale.max_age_s), .doc = "How long after its end a record may still serve."},
    {"cache.stale.ttl", WR_SCHEMA_SECONDS, V01, RANGE(1, 3600), DEFAULT("30s"),
     AT(cache.stale.ttl_s), .doc = "The TTL that such an answer carries."},
    {"cache.stale.client_timeout", WR_SCHEMA_MILLIS, V01, RANGE(0, MINUTE_MS), DEFAULT("1800ms"),
     AT(cache.stale.client_timeout_ms),
     .doc = "A client gets the expired answer after this long, while weir goes on asking."},
    {"cache.ttl", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_CONF_TTL_RULES_MAX, V01,
     DEFAULT(""), LIST(cache.ttl),
     .doc = "Other bounds for some names. The first rule that matches counts; what it does not say "
            "is as for all names."},
    {"cache.ttl[].name", WR_SCHEMA_NAME, V01, IN(wr_conf_ttl, name), EXAMPLE("\"*.pool.ntp.org\""),
     .doc = "A name, or `*.name` for all names below it."},
    {"cache.ttl[].min", WR_SCHEMA_SECONDS, V01, RANGE(0, 7 * DAY_S), DEFAULT("0s"),
     IN(wr_conf_ttl, min_s), .like = "cache.min_ttl", EXAMPLE("60s"),
     .doc = "Kept at least this long."},
    {"cache.ttl[].max", WR_SCHEMA_SECONDS, V01, RANGE(0, 7 * DAY_S), DEFAULT("1d"),
     IN(wr_conf_ttl, max_s), .like = "cache.max_ttl", EXAMPLE("1h"),
     .doc = "Kept at most this long."},
    {"cache.ttl[].stale", WR_SCHEMA_SECONDS, V01, RANGE(0, 30 * DAY_S), DEFAULT("1d"),
     IN(wr_conf_ttl, stale_s), .like = "cache.stale.max_age",
     .doc = "How long after its end it may still serve. 0s: never."},
    {"cache.keep", WR_SCHEMA_SECTION, V01,
     .doc = "The cache on disk, for a restart after a power cut."},
    {"cache.keep.path", WR_SCHEMA_PATH, V01, RESTART, RANGE(0, PATH_OCTETS), DEFAULT("\"\""),
     AT(cache.keep.path), EXAMPLE("/var/lib/weir/cache"),
     .doc = "The file that is written. Empty: nothing is kept."},
    {"cache.keep.min_interval", WR_SCHEMA_MILLIS, V01, RANGE(1000, DAY_MS), DEFAULT("60s"),
     AT(cache.keep.min_interval_ms),
     .doc = "Time between two checkpoints; a power cut loses at most this much."},
    {"cache.keep.max_interval", WR_SCHEMA_MILLIS, V01, RANGE(1000, 7 * DAY_MS), DEFAULT("1h"),
     AT(cache.keep.max_interval_ms), .doc = "How far the interval may stretch to keep the budget."},
    {"cache.keep.budget_per_day", WR_SCHEMA_SIZE, V01, RANGE(64 * KIB, 64 * GIB), DEFAULT("1MiB"),
     AT(cache.keep.budget_per_day_bytes),
     .doc = "Octets written to the disk in a day, at most. Flash wears out."},

    {"local", WR_SCHEMA_SECTION, V01,
     .doc = "Names that weir knows by itself; they are answered whether anybody else can be "
            "reached or "
            "not."},
    {"local.zones", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_CONF_ZONES_MAX, V01, DEFAULT(""),
     LIST(local.zones),
     .doc = "Zones of the site. A zone inside of another one stands for itself, and so does a zone "
            "in `upstream.routes` inside of one of these."},
    {"local.zones[].zone", WR_SCHEMA_NAME, V01, IN(wr_conf_zone, name), EXAMPLE("home.arpa"),
     .doc = "This name and all below it."},
    {"local.zones[].type", WR_SCHEMA_WORD, V01, DEFAULT("authoritative"), IN(wr_conf_zone, kind),
     .words = zone_words,
     .doc =
         "What becomes of names that have no record here: they do not exist (`authoritative`), or "
         "they are asked of others like any name (`transparent`)."},
    {"local.zones[].ttl", WR_SCHEMA_SECONDS, V01, RANGE(0, 7 * DAY_S), DEFAULT("1h"),
     IN(wr_conf_zone, ttl_s), .doc = "TTL of records that have none of their own."},
    {"local.zones[].records", WR_SCHEMA_STRING, .list = true, .max_items = WR_CONF_RECORDS_MAX, V01,
     RANGE(1, 65535), DEFAULT(""), INLIST(wr_conf_zone, records),
     EXAMPLE("\"printer A 192.168.7.4\""),
     .doc = "Records, each a line of a zone file: `printer A 192.0.2.4`, `\"@ MX 10 mail\"`, "
            "`*.cam 5m CNAME gateway`. Names without their last dot are below the zone."},
    {"local.zones[].file", WR_SCHEMA_PATH, V01, RANGE(0, PATH_OCTETS), DEFAULT("\"\""),
     IN(wr_conf_zone, file), EXAMPLE("/etc/weir/home.zone"),
     .doc = "A zone file with more records. What cannot be read in it is told in the log with its "
            "line, the rest is used. Empty: none."},
    {"local.zones[].zonemd", WR_SCHEMA_WORD, V01, DEFAULT("check"), IN(wr_conf_zone, zonemd),
     .words = zonemd_words,
     .doc = "What becomes of a zone with a digest in it (ZONEMD, RFC 8976). `check`: it must be "
            "right where there is one by SHA-384 or SHA-512; `require`: there must be one; "
            "`ignore`. Where an anchor stands at the zone itself, keys that it names must have "
            "signed the digest. A zone that fails is not taken, and the last good one stays."},
    {"local.zones[].primaries", WR_SCHEMA_URL, .list = true, .max_items = WR_XFER_PRIMARIES_MAX,
     V01, DEFAULT(""), INLIST(wr_conf_zone, primaries), EXAMPLE("tcp://192.0.2.53"),
     .doc =
         "Servers that have the zone, as `tcp://192.0.2.53`, or over TLS (RFC 9103) as "
         "`tls://192.0.2.53#name=ns.example`, with what proves them as upstreams have it, by "
         "`pkix` or by `pin`, TLS 1.3 and port 853: weir keeps a copy of it, by zone "
         "transfer (AXFR, IXFR), and looks for changes as the zone's SOA record says, or when "
         "one of these servers tells (NOTIFY). The copy "
         "is answered from until the SOA record's expire time is over; then, "
         "and before there is a first one, names in the zone are SERVFAIL, or asked of others "
         "where the zone is `transparent`. With `primaries`, `records` and `file` are not used."},
    {"local.zones[].key", WR_SCHEMA_LABEL, V01, RANGE(0, 255), DEFAULT("\"\""),
     IN(wr_conf_zone, key), EXAMPLE("transfer.example"),
     .doc =
         "The name of a key in `local.keys`: transfers are signed by it, and what is not signed is "
         "not taken (TSIG, RFC 8945). Empty: nothing is signed."},
    {"local.zones[].use", WR_SCHEMA_WORD, V01, DEFAULT("answers"), IN(wr_conf_zone, use),
     .words = use_words,
     .doc =
         "What the zone is there for. `answers`: clients are answered from it at once, with AA and "
         "unsigned, as for names of the site. `resolution`: weir asks the zone where it would ask "
         "the zone's servers, follows what it delegates, and proves what it says, as for "
         "public names. `both`: clients are answered from it with AA, its signatures, and proofs, "
         "and weir asks it too. The latter two want a whole zone, from `file` or `primaries`."},
    {"local.zones[].fallback", WR_SCHEMA_BOOL, V01, DEFAULT("true"), IN(wr_conf_zone, fallback),
     .doc = "Where weir asks the zone itself: ask its servers, or whoever has the route, when "
            "there is no copy that can be used, or "
            "what it says is bogus. False: SERVFAIL then."},
    {"local.copies", WR_SCHEMA_PATH, V01, RESTART, RANGE(0, PATH_OCTETS), DEFAULT("\"\""),
     AT(local.copies), EXAMPLE("/var/lib/weir"),
     .doc = "The folder in which copies of zones are kept over a restart. Empty: the one that the "
            "system's manager gives (StateDirectory), or none."},
    {"local.keys", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_CONF_TSIG_MAX, V01, DEFAULT(""),
     LIST(local.keys), .doc = "Shared secrets for zone transfers (TSIG)."},
    {"local.keys[].name", WR_SCHEMA_NAME, V01, IN(wr_conf_key, name), EXAMPLE("transfer.example"),
     .doc = "The key's name, the same as at the primary."},
    {"local.keys[].algorithm", WR_SCHEMA_WORD, V01, DEFAULT("hmac-sha256"),
     IN(wr_conf_key, algorithm), .words = hmac_words,
     .doc = "The hash. MD5 and SHA-1 are not done."},
    {"local.keys[].file", WR_SCHEMA_PATH, V01, RANGE(1, PATH_OCTETS), IN(wr_conf_key, file),
     EXAMPLE("/etc/weir/transfer.key"),
     .doc =
         "A file with the secret in base64 and nothing else, as `openssl rand -base64 32` writes "
         "it. It must belong to root or to weir's user, others may not read it, and nobody else "
         "may write it. It is read at a reload."},
    {"local.hosts", WR_SCHEMA_PATH, .list = true, .max_items = WR_CONF_HOSTS_MAX, V01,
     RANGE(1, PATH_OCTETS), DEFAULT(""), LIST(local.hosts), EXAMPLE("/etc/hosts"),
     .doc =
         "Files in the format of hosts(5), watched. Their names are answered; names below them and "
         "beside them are asked of others. Loopback addresses in them are left out: they mean "
         "another machine to each client."},
    {"local.leases", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_CONF_LEASES_MAX, V01,
     DEFAULT(""), LIST(local.leases),
     .doc = "Lease files of DHCP servers, watched: what a client called itself becomes a name the "
            "moment the lease is written. A name that stands in a zone or a hosts file, or belongs "
            "to another client already, is not given to one that asks for it. The IPv4 and IPv6 "
            "leases "
            "of one device share its name when they have its MAC address or DUID in common; a "
            "DUID is what the device claims, so give names that matter in a hosts file."},
    {"local.leases[].file", WR_SCHEMA_PATH, V01, RANGE(1, PATH_OCTETS), IN(wr_conf_leases, file),
     EXAMPLE("/var/lib/misc/dnsmasq.leases"),
     .doc = "The file, as `/var/lib/misc/dnsmasq.leases`, `/var/lib/kea/kea-leases4.csv`, "
            "`/var/lib/dhcp/dhcpd.leases` or `/tmp/odhcpd.leases`. weir's user must be able to "
            "read it."},
    {"local.leases[].format", WR_SCHEMA_WORD, V01, IN(wr_conf_leases, format), .words = lease_words,
     EXAMPLE("dnsmasq"),
     .doc = "Who writes it: `dnsmasq`, `kea` (memfile, IPv4 or IPv6), `isc` (dhcpd), `odhcpd`."},
    {"local.leases[].zone", WR_SCHEMA_NAME, V01, DEFAULT("home.arpa"), IN(wr_conf_leases, zone),
     .doc = "The zone the names are put in."},
    {"local.services", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_CONF_SERVICES_MAX, V01,
     DEFAULT(""), LIST(local.services),
     .doc = "Services that clients find by unicast DNS-SD (RFC 6763). Each becomes its PTR, SRV "
            "and TXT "
            "records; its zone is offered for browsing."},
    {"local.services[].zone", WR_SCHEMA_NAME, V01, DEFAULT("home.arpa"), IN(wr_conf_service, zone),
     .doc = "The domain it is found in."},
    {"local.services[].name", WR_SCHEMA_STRING, V01, RANGE(1, 63), IN(wr_conf_service, name),
     EXAMPLE("Printer"), .doc = "What people see: `Printer, first floor`."},
    {"local.services[].type", WR_SCHEMA_LABEL, V01, RANGE(1, 64), IN(wr_conf_service, type),
     EXAMPLE("_ipp._tcp"), .doc = "Its type, as `_ipp._tcp` or `_mqtt._tcp`."},
    {"local.services[].host", WR_SCHEMA_NAME, V01, IN(wr_conf_service, host),
     EXAMPLE("printer.home.arpa"),
     .doc = "The machine, by its whole name; it has addresses and is no alias."},
    {"local.services[].port", WR_SCHEMA_INT, V01, RANGE(0, 65535), IN(wr_conf_service, port),
     .unit = "port", EXAMPLE("631"),
     .doc = "Its port. 0: the service exists, by a protocol of its own."},
    {"local.services[].txt", WR_SCHEMA_STRING, .list = true, .max_items = 64, V01, RANGE(1, 255),
     DEFAULT(""), INLIST(wr_conf_service, txt), EXAMPLE("\"rp=printers/main\""),
     .doc = "What else a client should know, as `key=value`."},
    {"local.services[].subtypes", WR_SCHEMA_STRING, .list = true, .max_items = 16, V01,
     RANGE(1, 63), DEFAULT(""), INLIST(wr_conf_service, subtypes), EXAMPLE("_universal"),
     .doc = "Narrower kinds that it can be found by as well, as `_universal`."},
    {"local.services[].priority", WR_SCHEMA_INT, V01, RANGE(0, 65535), DEFAULT("0"),
     IN(wr_conf_service, priority), .unit = "",
     .doc = "Of several hosts the lowest is used first."},
    {"local.services[].weight", WR_SCHEMA_INT, V01, RANGE(0, 65535), DEFAULT("0"),
     IN(wr_conf_service, weight), .unit = "", .doc = "How hosts of equal priority share the work."},
    {"local.services[].ttl", WR_SCHEMA_SECONDS, V01, RANGE(0, 7 * DAY_S), DEFAULT("2m"),
     IN(wr_conf_service, ttl_s), .doc = "TTL of its records."},
    {"local.registration", WR_SCHEMA_NAME, .list = true, .max_items = 16, V01, DEFAULT(""),
     LIST(local.registration), EXAMPLE("home.arpa"),
     .doc = "Domains that clients are told to register their own services in; the first is the "
            "default "
            "one. weir takes no registrations itself."},
    {"local.relays", WR_SCHEMA_ITEMS, .list = true, .max_items = WR_CONF_RELAYS_MAX, V01,
     DEFAULT(""), LIST(local.relays),
     .doc =
         "STUN and TURN servers. Each becomes the SRV records of RFC 8489 and 8656, with those of "
         "RFC 7350 for DTLS, and for TURN the NAPTR records of RFC 5928."},
    {"local.relays[].zone", WR_SCHEMA_NAME, V01, DEFAULT("home.arpa"), IN(wr_conf_relay, zone),
     .doc = "The name in `turn:` and `stun:` URIs."},
    {"local.relays[].host", WR_SCHEMA_NAME, V01, IN(wr_conf_relay, host), EXAMPLE("turn.home.arpa"),
     .doc = "The machine, by its whole name; it has addresses and is no alias."},
    {"local.relays[].protocols", WR_SCHEMA_WORD, .list = true, .min_items = 1, .max_items = 2, V01,
     DEFAULT("turn, stun"), INLIST(wr_conf_relay, protocols), .words = relay_words,
     EXAMPLE("stun, turn"), .doc = "What it speaks."},
    {"local.relays[].transports", WR_SCHEMA_WORD, .list = true, .min_items = 1, .max_items = 4, V01,
     DEFAULT("udp, tcp, tls, dtls"), INLIST(wr_conf_relay, transports),
     .words = relay_transport_words, EXAMPLE("udp, tcp"),
     .doc = "Over what, the preferred first. `tls` and `dtls` make `turns` and `stuns`."},
    {"local.relays[].port", WR_SCHEMA_INT, V01, RANGE(1, 65535), DEFAULT("3478"),
     IN(wr_conf_relay, port), .unit = "port", .doc = "For UDP and TCP."},
    {"local.relays[].secure_port", WR_SCHEMA_INT, V01, RANGE(1, 65535), DEFAULT("5349"),
     IN(wr_conf_relay, secure_port), .unit = "port", .doc = "For TLS and DTLS."},
    {"local.relays[].priority", WR_SCHEMA_INT, V01, RANGE(0, 65535), DEFAULT("0"),
     IN(wr_conf_relay, priority), .unit = "",
     .doc = "Of several servers the lowest is used first."},
    {"local.relays[].weight", WR_SCHEMA_INT, V01, RANGE(0, 65535), DEFAULT("0"),
     IN(wr_conf_relay, weight), .unit = "", .doc = "How servers of equal priority share the work."},
    {"local.relays[].ttl", WR_SCHEMA_SECONDS, V01, RANGE(0, 7 * DAY_S), DEFAULT("5m"),
     IN(wr_conf_relay, ttl_s), .doc = "TTL of its records."},
    {"local.ttl", WR_SCHEMA_SECONDS, V01, RANGE(0, DAY_S), DEFAULT("1m"), AT(local.ttl_s),
     .doc = "TTL of names from hosts files and leases."},
    {"local.reverse", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(local.reverse),
     .doc = "Answer PTR for each local address with the first name that has it, where no PTR "
            "record is "
            "written."},
    {"local.special", WR_SCHEMA_SECTION, V01,
     .doc =
         "Names that must not be asked of the public DNS (RFC 6761, 6303 and their kin): weir "
         "answers them itself. A zone in `local.zones` or a route in `upstream.routes` for such a "
         "name comes first."},
    {"local.special.enable", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(local.special.enable),
     .doc = "false: they are asked like any other name."},
    {"local.special.off", WR_SCHEMA_NAME, .list = true, .max_items = WR_CONF_SPECIAL_MAX, V01,
     DEFAULT(""), LIST(local.special.off), EXAMPLE("test"),
     .doc = "Those that are to be asked like any other, by name: `[test, 10.in-addr.arpa]`."},

    {"limits", WR_SCHEMA_SECTION, V01,
     .doc = "What one client may take from the others, and what a forged source address can "
            "make weir send."},
    {"limits.query_timeout", WR_SCHEMA_MILLIS, V01, RANGE(500, MINUTE_MS), DEFAULT("5s"),
     AT(limits.query_timeout_ms), .doc = "Each question is answered, or fails, by then."},
    {"limits.requests", WR_SCHEMA_INT, V01, RESTART, RANGE(64, 1048576),
     BY_PROFILE("4096", "512", "32768"), AT(limits.requests), .unit = "questions",
     .doc = "Questions on their way to servers at once. When there are more, the client prefix "
            "with the most of them yields first."},
    {"limits.client_rate", WR_SCHEMA_INT, V01, RANGE(0, 10000000), DEFAULT("1000"),
     AT(limits.client_rate), .unit = "queries a second",
     .doc = "Queries from one client: a device that is known, with all its addresses, else an "
            "address. What is "
            "beyond is dropped; a device is told so by REFUSED `limits.refused_rate` times a "
            "second. Those over UDP without a valid "
            "cookie, "
            "which anybody can forge, are counted apart. `devices[].rate`, `groups[].rate` and "
            "`segments[].rate` go before it. 0: no bound."},
    {"limits.client_burst", WR_SCHEMA_INT, V01, RANGE(1, 10000000), DEFAULT("2000"),
     AT(limits.client_burst), .unit = "queries",
     .doc = "How many may come at once before the rate counts."},
    {"limits.client_inflight", WR_SCHEMA_INT, V01, RANGE(1, 1000000), DEFAULT("256"),
     AT(limits.client_inflight), .unit = "questions", .doc = "Unanswered questions of one client."},
    {"limits.rrl_rate", WR_SCHEMA_INT, V01, RANGE(0, 1000000), DEFAULT("100"), AT(limits.rrl_rate),
     .unit = "responses a second",
     .doc = "Equal responses over UDP to one prefix that shows no valid cookie (response rate "
            "limiting). 0: no bound."},
    {"limits.rrl_slip", WR_SCHEMA_INT, V01, RANGE(0, 10), DEFAULT("2"), AT(limits.rrl_slip),
     .unit = "responses",
     .doc = "Every n-th response beyond that rate goes out truncated, so that a real client comes "
            "back over TCP. 0: none."},
    {"limits.refused_rate", WR_SCHEMA_INT, V01, RANGE(0, 100000), DEFAULT("5"),
     AT(limits.refused_rate), .unit = "responses a second",
     .doc = "Refusals to one prefix that may not ask; beyond it there is silence."},
    {"limits.rrl_prefix4", WR_SCHEMA_INT, V01, RANGE(8, 32), DEFAULT("24"), AT(limits.rrl_prefix4),
     .unit = "bits",
     .doc = "What counts as one prefix for `limits.rrl_rate` and `limits.refused_rate`, IPv4: "
            "whoever forges one address of a network can forge them all."},
    {"limits.rrl_prefix6", WR_SCHEMA_INT, V01, RANGE(16, 128), DEFAULT("56"),
     AT(limits.rrl_prefix6), .unit = "bits", .doc = "The same for IPv6."},
    {"limits.prefix4", WR_SCHEMA_INT, V01, RANGE(8, 32), DEFAULT("32"), AT(limits.prefix4),
     .unit = "bits",
     .doc = "A client is an IPv4 address. Those that have this many bits in common may together "
            "have 16 times what `limits.client_...` and `tcp.max_per_client` give to one."},
    {"limits.prefix6", WR_SCHEMA_INT, V01, RANGE(16, 128), DEFAULT("64"), AT(limits.prefix6),
     .unit = "bits", .doc = "The same for IPv6."},
    {"limits.udp_size", WR_SCHEMA_INT, V01, RANGE(512, 4096), DEFAULT("1232"), AT(limits.udp_size),
     .unit = "octets",
     .doc = "The largest UDP message weir sends, and says it takes. 1232 passes every usual path "
            "in one piece."},
    {"limits.cookies", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(limits.cookies),
     .doc = "Give clients DNS cookies (RFC 7873, 9018). A client that shows one is not limited "
            "as a possibly forged address."},

    {"limits.minimal_any", WR_SCHEMA_BOOL, V01, DEFAULT("true"), AT(limits.minimal_any),
     .doc = "Answer ANY with one small record (RFC 8482). `false`: with all records that servers "
            "tell; large, and asked anew each time."},

#include "conf/schemasegments.h"
#include "conf/schemapolicy.h"
#include "conf/schemarpz.h"
#include "conf/schemafeeds.h"
#include "conf/schemafirewall.h"
#include "conf/schemamud.h"

    {"control", WR_SCHEMA_SECTION, V01,
     .doc = "The socket that `weir status` and its kin talk to."},
    {"control.socket", WR_SCHEMA_PATH, V01, RESTART, RANGE(0, 100),
     DEFAULT("/run/weir/control.sock"), AT(control.socket),
     .doc = "Its path; mode 0600. Empty: there is none."},
    {"control.group", WR_SCHEMA_LABEL, V01, RESTART, RANGE(0, 32), DEFAULT("\"\""),
     AT(control.group), EXAMPLE("adm"),
     .doc =
         "A group whose members may look as well: `status`, `stats`, `upstreams`, `cache show`, "
         "`why`, `anchors`, `zones`, `feeds`, `firewall`, `devices`, `device`, `mud`, `config`, "
         "which "
         "shows all that "
         "stands in the file, and `log`, "
         "which tells who asked for what; mode 0660 then. What changes something is for root and "
         "the user that weir runs as."},
    {"control.group_may_change", WR_SCHEMA_BOOL, V01, DEFAULT("false"),
     AT(control.group_may_change),
     .doc = "Its members may also `reload`, `cache flush`, name, group and quarantine devices, "
            "apply and remove the firewall, import and enforce profiles, and "
            "change trust anchors, which is to switch validation off."},

    {"metrics", WR_SCHEMA_SECTION, V01, .doc = "Figures for Prometheus."},
    {"metrics.listen", WR_SCHEMA_ENDPOINT, V01, RESTART, DEFAULT("\"\""), AT(metrics.listen),
     EXAMPLE("127.0.0.1:9153"),
     .doc = "Address and port of an HTTP listener, `127.0.0.1:9153`; it tells figures, never a "
            "client's address or a name. Empty: off."},

#include "conf/schemalog.h"
};

size_t wr_schema_rows(const struct wr_schema_row **ret_rows)
{
    *ret_rows = table;
    return sizeof(table) / sizeof(table[0]);
}

const struct wr_schema_row *wr_schema_find(const char *name)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (!strcmp(table[i].name, name))
            return &table[i];
    return NULL;
}

const char *wr_schema_default(const struct wr_schema_row *row, uint32_t profile)
{
    const char *own = profile < WR_SCHEMA_PROFILES ? row->defaults[profile] : NULL;

    return own ? own : row->defaults[0];
}

const char *wr_schema_leaf(const struct wr_schema_row *row)
{
    const char *dot = strrchr(row->name, '.');

    return dot ? dot + 1 : row->name;
}

bool wr_schema_is_under(const struct wr_schema_row *row, const char *prefix)
{
    size_t n = strlen(prefix);

    if (n == 0)
        return !strchr(row->name, '.');
    return !strncmp(row->name, prefix, n) && row->name[n] == '.' && !strchr(row->name + n + 1, '.');
}

const char *wr_schema_reload_name(const struct wr_schema_row *row)
{
    return row->reload == WR_SCHEMA_AT_RELOAD ? "reload" : "restart";
}

const char *wr_schema_type_name(const struct wr_schema_row *row)
{
    static const char *const names[][2] = {
        {"section", ""},
        {"list of mappings", "list of mappings"},
        {"boolean", ""},
        {"integer", ""},
        {"duration", ""},
        {"duration", ""},
        {"size", ""},
        {"word", "list of words"},
        {"string", "list of strings"},
        {"label", "list of labels"},
        {"path", "list of paths"},
        {"address with port", "list of addresses with port"},
        {"address or interface", "list of addresses or interfaces"},
        {"prefix", "list of prefixes"},
        {"URL", "list of URLs"},
        {"domain name", "list of domain names"},
    };

    return names[row->type][row->list];
}
