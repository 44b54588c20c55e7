# SPDX-License-Identifier: Apache-2.0
"""The model Internet as data: who is where, and what the zones say.

Addresses are documentation prefixes (RFC 5737, RFC 3849) and private ones (RFC 1918, RFC 4193); names
are under .example and the reserved second-level names. Everything exists inside namespaces only.

    root, tld, makers   knotd: the root zone, the TLDs, the zones of device makers (signed)
    broken              knotd: zones whose signatures are wrong in the usual ways
    cloud               nsd: clouds, CDN, time pool (not signed)
    isp, public         unbound, recursing from the lab's root hints; `public` validates as well
    outsider            a stranger on the Internet

    gateway             weir. Segments `iot` and `home` behind it, `wan` towards the Internet.
"""

# Internet machines: name -> (IPv4, IPv6)
INTERNET = {
    "root": ("198.51.100.1", "2001:db8:1::1"),
    "tld": ("198.51.100.2", "2001:db8:1::2"),
    "makers": ("198.51.100.10", "2001:db8:10::1"),
    "cloud": ("198.51.100.20", "2001:db8:20::1"),
    "broken": ("198.51.100.11", "2001:db8:11::1"),
    "isp": ("203.0.113.53", "2001:db8:53::53"),
    "public": ("192.0.2.53", "2001:db8:99::53"),
    "relay": ("203.0.113.80", "2001:db8:80::80"),
    "outsider": ("203.0.113.66", "2001:db8:66::66"),
}
WAN = ("203.0.113.2", "2001:db8:2::2")

# Segments behind the gateway: bridge -> (gateway's IPv4, IPv6, {device: (IPv4, IPv6)})
SEGMENTS = {
    "br-iot": ("192.168.7.1", "fd00:7::1", {
        "camera": ("192.168.7.10", "fd00:7::10"),
        "thermostat": ("192.168.7.11", "fd00:7::11"),
        "lock": ("192.168.7.12", "fd00:7::12"),
    }),
    "br-home": ("192.168.8.1", "fd00:8::1", {
        "phone": ("192.168.8.10", "fd00:8::10"),
        "laptop": ("192.168.8.11", "fd00:8::11"),
    }),
}

SOA = "@ {ttl} SOA ns1 hostmaster 1 3600 600 86400 {negative}\n"


def _head(server, ttl=3600, negative=60):
    """SOA, name server and its addresses, as each zone begins."""
    v4, v6 = INTERNET[server]
    return (f"$TTL {ttl}\n" + SOA.format(ttl=ttl, negative=negative) +
            f"@ NS ns1\nns1 A {v4}\nns1 AAAA {v6}\n")


def _delegation(child, server):
    """What a parent says of a child: name server and glue."""
    v4, v6 = INTERNET[server]
    return f"{child} 3600 NS ns1.{child}\nns1.{child} 3600 A {v4}\nns1.{child} 3600 AAAA {v6}\n"


def _root():
    v4, v6 = INTERNET["root"]
    return ("$TTL 86400\n. SOA a.root-servers.net. hostmaster.example. 1 1800 900 604800 86400\n"
            f". NS a.root-servers.net.\na.root-servers.net. A {v4}\na.root-servers.net. AAAA {v6}\n" +
            _delegation("example.", "tld") + _delegation("net.", "tld") + _delegation("org.", "tld"))


def _children(parent):
    """Who is delegated in a zone: the servers of its children by their first label."""
    found = {}
    for server, zones in [*((s, list(z)) for s, z in KNOT.items()), ("cloud", list(NSD)),
                          ("broken", list(BROKEN))]:
        for zone in zones:
            label, _, above = zone.partition(".")
            if label and above == parent:
                found[label] = server
    return found


def _tld(zone):
    return _head("tld") + "".join(_delegation(c, s) for c, s in sorted(_children(zone).items()))


def _example():
    """The TLD: signed makers, zones in every algorithm, broken ones, and unsigned clouds."""
    return _tld("example.")


def _sample():
    """A zone with something of every kind, for each algorithm and each way to deny."""
    return _head("makers") + """
@ 300 A 198.51.100.150
@ 300 MX 10 mail
www 300 A 198.51.100.151
www 300 AAAA 2001:db8:151::1
mail 300 A 198.51.100.152
text 300 TXT "one" "two"
alias 300 CNAME www
away 300 CNAME broker.cloud.example.
*.wild 300 A 198.51.100.153
deep.empty 300 A 198.51.100.154
moved 300 DNAME empty
"""


def _optout():
    """Opt-out: delegations without DS have no NSEC3 of their own."""
    return _sample() + _delegation("plain", "cloud") + _delegation("gone", "cloud")


def _camera():
    return _head("makers") + """
@ 300 A 198.51.100.30
api 300 A 198.51.100.31
api 300 AAAA 2001:db8:30::31
stream 60 CNAME camera.cdn.example.net.
time 300 CNAME 0.pool.ntp.example.
_http._tcp 300 SRV 10 5 443 api
"""


def _firmware():
    """A firmware server; its manifest does not fit the usual UDP limit of 1232 octets."""
    manifest = " ".join(f'"{i:02d} ' + "0123456789abcdef" * 12 + '"' for i in range(12))
    return _head("makers") + f"""
fw 3600 A 198.51.100.40
fw 3600 AAAA 2001:db8:40::40
fw 3600 TXT "model=lumen-2" "version=4.1.7"
manifest 300 TXT {manifest}
*.device 300 A 198.51.100.41
"""


def cloud_zone(serial=1, flash="198.51.100.50"):
    """Names with short lives; `flash` can be changed to tell a fresh answer from a kept one."""
    zone = _head("cloud", negative=5).replace("hostmaster 1 ", f"hostmaster {serial} ")
    return zone + f"""
broker 60 A 198.51.100.51
broker 60 AAAA 2001:db8:50::51
flash 2 A {flash}
brief 2 A 198.51.100.52
brief 2 AAAA 2001:db8:50::52
alias 2 CNAME flash
hour 3600 A 198.51.100.53
resolver 3600 A {INTERNET["isp"][0]}
*.load 3600 A 198.51.100.54
*.brief 2 A 198.51.100.55
many 300 A 198.51.100.60
""" + "".join(f"many 300 A 198.51.100.{i}\n" for i in range(61, 80)) + """
_mqtts._tcp 60 SRV 0 0 8883 broker
_mqtts._tcp 60 SRV 1 0 8883 hour
"""


def _ntp():
    records = ""
    for pool in ("pool", "0.pool", "1.pool", "2.pool", "3.pool"):
        records += "".join(f"{pool} 150 A 198.51.100.{i}\n" for i in range(121, 125))
        records += "".join(f"{pool} 150 AAAA 2001:db8:123::{i}\n" for i in range(1, 5))
    return _head("cloud") + records


def _example_net():
    """A CDN: names that are aliases of aliases."""
    chain = "".join(f"hop{i} 60 CNAME hop{i + 1}\n" for i in range(1, 6))
    return _head("cloud") + f"""
camera.cdn 60 CNAME pop.edge
pop.edge 30 A 198.51.100.90
pop.edge 30 AAAA 2001:db8:90::90
{chain}hop6 60 A 198.51.100.91
round 60 CNAME about
about 60 CNAME round
"""


# Zones by server: name -> (text, how it denies, algorithm); a policy of servers.POLICIES; None, 0: not signed.
KNOT = {
    "root": {".": (_root, "nsec", 8)},
    "tld": {
        "example.": (_example, "nsec", 13),
        "net.": (lambda: _tld("net."), "optout", 8),
        "org.": (lambda: _tld("org."), "nsec3", 13),
    },
    "makers": {
        "camera.example.": (_camera, "nsec", 13),
        "firmware.example.": (_firmware, "nsec3", 13),
        "alg8.example.": (_sample, "nsec", 8),
        "alg10.example.": (_sample, "nsec3", 10),
        "alg13.example.": (_sample, "nsec3", 13),
        "alg14.example.": (_sample, "nsec", 14),
        "alg15.example.": (_sample, "nsec3", 15),
        "alg16.example.": (_sample, "nsec", 16),
        "optout.example.": (_optout, "optout", 13),
        "plain.example.": (_sample, None, 0),
    },
}
NSD = {
    "cloud.example.": cloud_zone,
    "ntp.example.": _ntp,
    "example.net.": _example_net,
    "example.org.": lambda: _head("cloud"),
    "plain.optout.example.": lambda: _head("cloud") + "www 300 A 198.51.100.155\n*.wild 300 A 198.51.100.156\n",
}
# Zones of `broken`, all below example. and signed once, by a clock that is `days` off; `fault` as in servers.FAULTS.
# zone -> (days, fault, policy)
BROKEN = {
    "expired.example.": (-60, None, "nsec"),
    "early.example.": (60, None, "nsec"),
    "wrongkey.example.": (0, "wrong ds", "nsec"),
    "island.example.": (0, "no ds", "nsec"),
    "stripped.example.": (0, "no signatures", "nsec"),
    "forged.example.": (0, "changed address", "nsec"),
    "nodenial.example.": (0, "no denial", "nsec"),
    "unknown.example.": (0, "unknown algorithm", "nsec"),
    "iterated.example.": (0, None, "iterated"),
}
SIGNED = {zone for zones in KNOT.values() for zone, (_, policy, _) in zones.items() if policy}


def broken_zone():
    """What every zone of `broken` says."""
    return _sample().replace(INTERNET["makers"][0], INTERNET["broken"][0]).replace(
        INTERNET["makers"][1], INTERNET["broken"][1])


def parent(zone):
    """The zone above, which has the DS records; None for the root."""
    return None if zone == "." else zone.partition(".")[2] or "."


# A name for each kind of server that shows it is ready.
READY = {"root": ".", "tld": "example.", "makers": "camera.example.", "cloud": "cloud.example.",
         "broken": "forged.example."}
