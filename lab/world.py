# SPDX-License-Identifier: Apache-2.0
"""The model Internet as data: who is where, and what the zones say.

Addresses are documentation prefixes (RFC 5737, RFC 3849) and private ones (RFC 1918, RFC 4193); names
are under .example and the reserved second-level names. Everything exists inside namespaces only.

    root, tld, makers   knotd: the root zone, the TLDs, the zones of device makers (signed)
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


def _example():
    """The TLD: two signed makers, and unsigned clouds."""
    children = [("camera", "makers"), ("firmware", "makers"), ("cloud", "cloud"), ("ntp", "cloud")]
    return _head("tld") + "".join(_delegation(child, server) for child, server in children)


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


# Zones by server: name -> (text, signed, NSEC3)
KNOT = {
    "root": {".": (_root, True, False)},
    "tld": {
        "example.": (_example, True, False),
        "net.": (lambda: _head("tld") + _delegation("example", "cloud"), False, False),
        "org.": (lambda: _head("tld") + _delegation("example", "cloud"), False, False),
    },
    "makers": {
        "camera.example.": (_camera, True, False),
        "firmware.example.": (_firmware, True, True),
    },
}
NSD = {
    "cloud.example.": cloud_zone,
    "ntp.example.": _ntp,
    "example.net.": _example_net,
    "example.org.": lambda: _head("cloud"),
}
# A signed child's parent, for its DS record.
PARENT = {"example.": ".", "camera.example.": "example.", "firmware.example.": "example."}

# A name for each kind of server that shows it is ready.
READY = {"root": ".", "tld": "example.", "makers": "camera.example.", "cloud": "cloud.example."}
