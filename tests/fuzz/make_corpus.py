#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the corpora of the wire format's fuzzers below tests/fuzz/corpus/ (needs python3-dnspython).

    tests/fuzz/make_corpus.py

Run by hand when a kind of input is missing; what it writes is committed. Files that a fuzzer found
(found-*) stay.
"""
import os
import struct
import sys

sys.dont_write_bytecode = True                            # the source tree stays as it is

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "unit", "dns"))
from check_dnspython import RECORDS                        # one list of records for both
from check_zonetools import MORE

HEADER = struct.pack("!6H", 0x1234, 0x8180, 1, 1, 0, 0)
QUESTION = b"\3www\7example\3com\0\0\1\0\1"


# Text that check_dnspython.py has not; 65535 stands for the A record of class CHAOS.
TEXTS = [
    (11, "wks", "192.0.2.1 TCP smtp telnet"), (22, "nsap", "0x47.0005"), (24, "sig", "A 5 3 1h 20030322173103 0 1 . AA=="),
    (30, "nxt", "n. A MX"), (31, "eid", "e32c 6f"), (34, "atma", "+61.2"), (34, "atma", "39.246f"), (37, "cert", "PKIX 1 RSASHA1 AA=="),
    (38, "a6", "0 2001:db8::1"), (38, "a6", "64 ::1 net"), (40, "sink", "1 2 3"), (66, "dsync", "CDS NOTIFY 5303 s"),
    (259, "doa", '1 2 3 "t" -'), (264, "ipn", "1234"), (65535, "chaos", "net 177777"),
]


def write(target, name, data):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def records():
    seen = {}
    for name, text in RECORDS:
        rdtype = dns.rdatatype.from_text(name)
        seen[name] = seen.get(name, 0) + 1
        label = f"{name.lower()}-{seen[name]}"
        wire = dns.rdata.from_text(dns.rdataclass.IN, rdtype, text).to_wire()
        write("rdata", label, struct.pack("!H", rdtype) + wire)
        write("scan", label, struct.pack("!H", rdtype) + text.encode())
    for number, name, octets in MORE:
        seen[name] = seen.get(name, 0) + 1
        write("rdata", f"{name.lower()}-{seen[name]}", struct.pack("!H", number) + bytes.fromhex(octets))
    for number, name, text in TEXTS:
        seen[name] = seen.get(name, 0) + 1
        write("scan", f"{name}-{seen[name]}", struct.pack("!H", number) + text.encode())
    write("rdata", "chaos-1", b"\xff\xff\3net\0\1\2")
    write("rdata", "svcb-broken", b"\0\x40\0\1\0\0\3\0\1\1")
    write("rdata", "nsec-padded", b"\0\x2f\0\0\2\x40\0")
    write("rdata", "loc-version", b"\0\x1d\1" + bytes(15))
    write("scan", "lines", b"\0\6( a ; one\n b 1\n 2 3 4 5 ) ; end")
    write("scan", "relative", b"\0\x0f10 @")


ZONES = {
    "rfc1035": b"$TTL 1d\n@   IN  SOA     VENERA      Action\\.domains (\n  20 ; SERIAL\n  7200 ; REFRESH\n  600 3600000\n 60)\n\n"
               b"        NS      A.ISI.EDU.\n        NS      VENERA\n        MX 10 VENERA\n\nA A 26.3.0.103\nVENERA A 10.1.0.52\n  A 128.9.0.32\n",
    "directives": b"$ORIGIN a.\n$TTL 1h30m\nx A 1.2.3.4\n$ORIGIN b\n@ NS c\n$TTL 7\n A \\# 4 01020304\n",
    "include": b"a 1 A 1.2.3.4\n$INCLUDE self b\n$INCLUDE \"self\"\n  A 1.2.3.5\n",
    "generate": b"$GENERATE 1-20/3 h${10,3,x} 1 A 1.2.3.$\n$GENERATE 0-2 ${0,7,n} PTR x$$.\n",
    "parens": b"a ( 1 IN\n A\n1.2.3.4 )\r\n( b\nA 1.2.3.4 )\nc (\nd (\ne A 1.2.3.4\n",
    "quotes": b"t 1 TXT \"a ; ( b\" c\\\"d \"\\\\\" ; end\r\nt TXT \"open\nt TXT x\n",
    "broken": b" A 1\na..b 1 A 1.2.3.4\n A 1.2.3.4\nc 1 A )\n$FOO\n1 9999999999 A 1.2.3.4\nd CH A x 1\ne ANY x\n",
    "names": b"$TTL 1\n@ SOA ns root 1 1h 2 3 4\n@ NS ns\nns CNAME x\nns TXT y\nsub NS n.sub\ny.sub TXT z\n* MX 1 zone.test\n_a._b SRV 1 2 3 d\nd DNAME e\nf.d A 1.2.3.4\n",
    "types": b"$TTL 1\na WKS 1.2.3.4 tcp smtp\n APL 1:1.2.3.0/24\n LOC 1 N 1 E 1m\n HTTPS 1 . alpn=\"a\\\\,b\"\n NSEC b A TYPE999\n DS 1 8 2 (\n ab cd )\n TYPE65280 \\# 2 abcd\n",
    "bom": b"\xef\xbb\xbf@ 1 A 1.2.3.4",
    "chaos": b"@ 1 CH A net 17\nversion.bind. TXT x\n",
}


def zones():
    for number, (name, text) in enumerate(ZONES.items()):
        options = 7 if name == "chaos" else 3 if number % 2 else 11
        write("zonefile", name, bytes((number + 1, options)) + text)


def query_of(*args, **more):
    query = dns.message.make_query(*args, **more)
    query.id = 0x1234                                     # the same files at each run
    return query


def answer(section_sets, **more):
    message = dns.message.make_response(query_of("www.Example.com.", "A", **more))
    for section, sets in zip((message.answer, message.authority, message.additional), section_sets):
        for args in sets:
            section.append(dns.rrset.from_text(*args))
    return message.to_wire(max_size=65535)


def messages():
    cname = [("www.Example.com.", 60, "IN", "CNAME", "web.example.com."), ("web.example.com.", 60, "IN", "A", "192.0.2.1")]
    soa = [("example.com.", 60, "IN", "SOA", "ns.example.com. host.example.com. 1 2 3 4 5")]
    ns = [("example.com.", 60, "IN", "NS", "ns1.example.com.", "ns2.example.com.")]
    glue = [("ns1.example.com.", 60, "IN", "A", "192.0.2.53"), ("ns1.example.com.", 60, "IN", "AAAA", "2001:db8::53")]
    srv = [("_x._udp.example.com.", 60, "IN", "SRV", "1 2 3 ns1.example.com.")]
    write("msg", "cname", answer([cname, [], []]))
    write("msg", "nodata", answer([[], soa, []], use_edns=0, want_dnssec=True))
    write("msg", "referral", answer([[], ns, glue], use_edns=0))
    write("msg", "srv", answer([srv, [], glue]))
    write("msg", "empty", HEADER[:4] + bytes(8))
    write("msg", "loop", HEADER + QUESTION + b"\xc0\x21\0\1\0\1\0\0\0\1\0\0")
    write("msg", "chain", HEADER + QUESTION + b"\1a\xc0\x0c\0\5\0\1\0\0\0\1\0\4\1b\xc0\x21")
    write("msg", "short-rdata", HEADER + QUESTION + b"\xc0\x0c\0\1\0\1\0\0\0\1\0\3abc")
    write("msg", "hip", HEADER + QUESTION + b"\xc0\x0c\0\x37\0\1\0\0\0\1\0\x0a\1\1\0\1hp\xc0\x0c\xc0\x10")
    write("msg", "tsig", struct.pack("!6H", 1, 0, 1, 0, 0, 1) + QUESTION +
          b"\3key\0\0\xfa\0\xff\0\0\0\0\0\x17\4hmac\0" + bytes(6) + b"\1\x2c\0\1m\0\1\0\0\0\0")
    write("msg", "opt-twice", struct.pack("!6H", 1, 0, 1, 0, 0, 2) + QUESTION + b"\0\0\x29\4\xd0\0\0\0\0\0\0" * 2)


def options():
    cases = {
        "plain": [], "ecs4": [dns.edns.ECSOption("192.0.2.0", 24)], "ecs6": [dns.edns.ECSOption("2001:db8::", 56)],
        "ede": [dns.edns.EDEOption(22, "no route")],
    }
    for code, value in ((3, b""), (9, bytes(4)), (10, b"12345678"), (10, b"1234567890abcdef"), (11, b"\0\1"),
                        (12, bytes(20)), (13, b"\3com\0"), (14, b"\0\1\0\2"), (18, b"\5agent\0"), (65001, b"any")):
        cases[f"option{code}-{len(value)}"] = [dns.edns.GenericOption(code, value)]
    cases["many"] = sum(cases.values(), [])
    for name, opts in cases.items():
        query = query_of("www.Example.com.", "AAAA", use_edns=0, payload=1232, options=opts)
        write("query", name, query.to_wire())
        write("edns", name, b"".join(struct.pack("!HH", o.otype, len(o.to_wire())) + o.to_wire() for o in opts))
    write("query", "without", query_of("a.b.c.", "TXT").to_wire())
    write("query", "root", query_of(".", "NS").to_wire())
    write("query", "two", struct.pack("!6H", 1, 0, 2, 0, 0, 0) + QUESTION * 2)


def names():
    for name, at, wire in (("plain", 0, b"\3www\3com\0"), ("pointer", 17, bytes(12) + b"\3com\0\3www\xc0\x0c"),
                           ("loop", 12, bytes(12) + b"\1a\xc0\x0c"), ("hops", 19, bytes(12) + b"\1a\0\xc0\x0c\xc0\x0f\xc0\x11"),
                           ("long", 0, b"\x3e" + b"x" * 62 + b"\x3f" + b"y" * 63 + b"\x3f" + b"z" * 63 + b"\x3c" + b"w" * 60 + b"\0")):
        write("name", name, struct.pack("!H", at) + wire)
    for name, text in (("text", b"www.Example.com."), ("escapes", b"a\\.b.\\000\\255\\\\x."), ("dots", b"a..b")):
        write("name", name, text)


def others():
    for name, text in (("v4", "192.0.2.1"), ("v4-port", "192.0.2.1:53"), ("v6", "2001:db8::1"), ("port", "[::1]:53"),
                       ("scope", "fe80::1%3"), ("mapped", "::ffff:192.0.2.1"), ("prefix4", "10.0.0.0/8"), ("broken", "1:2:3::4::"),
                       ("prefix6", "2001:db8::/33"), ("full", "1:2:3:4:5:6:7:8")):
        write("addr", name, text.encode())
    write("ring", "in-out", bytes([0x23, 0, 0x43, 0, 0xff, 0]) * 40)
    write("ring", "fill", bytes([0xff]) * 60 + bytes(60))
    write("ring", "unpublished", bytes([0x21, 0x23, 0, 0, 0x81, 0x83, 0]))


def rrsets():
    def flat(owner, rdtype, records, sigs=(), security=0, rank=3):
        data = b"".join(struct.pack("!H", len(r)) + r for r in (*records, *sigs))
        return owner + struct.pack("!HHIHHBBI", rdtype, 1, 300, len(records), len(sigs), security, rank, len(data)) + data

    sig = struct.pack("!HBBIIIH", 1, 13, 3, 300, 1, 1, 9) + b"\3iot\4test\0sig"
    a = flat(b"\3cam\3iot\4test\0", 1, [bytes([192, 0, 2, i]) for i in range(3)], [sig])
    soa = flat(b"\3iot\4test\0", 6, [b"\2ns\0\4host\0" + bytes(20)], rank=2)
    write("rrset", "signed", b"\1" + a)
    write("rrset", "two", b"\0" + a + soa)
    write("rrset", "empty", b"\0" + flat(b"\0", 2, []))
    write("rrset", "torn", b"\0" + a[:-3])
    write("rrset", "meta", b"\0" + flat(b"\0", 41, [b""]))


class World:
    """The signed zones of the validator's tests, as flat sets."""

    def __init__(self):
        self.sets = {}
        with open(os.path.join(HERE, "..", "unit", "dnssec", "world.txt"), encoding="utf-8") as f:
            for line in f:
                zone, owner, ttl, rdtype, text = line.rstrip("\n").split(" ", 4)
                rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(rdtype), text)
                covered = rdata.type_covered if rdtype == "RRSIG" else rdata.rdtype
                key = (zone, owner, dns.rdatatype.to_text(covered))
                self.sets.setdefault(key, ([], []))[rdtype == "RRSIG"].append(rdata.to_wire())

    def flat(self, zone, owner, rdtype, security=0, name=None):
        rdatas, sigs = self.sets[(zone, owner, rdtype)]
        data = b"".join(struct.pack("!H", len(r)) + r for r in rdatas + sigs)
        return (dns.name.from_text(name or owner).to_wire()
                + struct.pack("!HHIHHBBI", dns.rdatatype.from_text(rdtype), 1, 300, len(rdatas), len(sigs), security,
                              3, len(data)) + data)

    def denials(self, zone, rdtype, security=0):
        return [self.flat(z, owner, t, security) for z, owner, t in self.sets if z == zone and t == rdtype]


def proofs():
    """Inputs of fuzz_dnssec, fuzz_nsec3, fuzz_anchors and fuzz_ranges."""
    w = World()
    anchor = w.flat(".", ".", "DNSKEY")

    def reply(answer=(), authority=()):
        return bytes([len(answer) << 4 | len(authority)]) + b"".join(answer) + b"".join(authority)

    def ask(name, rdtype, rcode=0, flags=0, answer=(), authority=(), replies=()):
        return (struct.pack("!BHBB", flags, dns.rdatatype.from_text(rdtype), rcode, len(answer) << 4 | len(authority))
                + dns.name.from_text(name).to_wire() + anchor + b"".join(answer) + b"".join(authority)
                + b"".join(replies))

    for security, kind in ((0, "checked"), (4, "believed")):
        def one(*key, **more):
            return w.flat(*key, security=security, **more)
        root = reply([one(".", ".", "DNSKEY")])
        sec = [root, reply([one(".", "sec.", "DS")]), reply([one("sec.", "sec.", "DNSKEY")])]
        n3 = sec + [reply([one("sec.", "n3.sec.", "DS")]), reply([one("n3.sec.", "n3.sec.", "DNSKEY")])]
        nsec = w.denials("sec.", "NSEC", security)
        nsec3 = w.denials("n3.sec.", "NSEC3", security)
        plain = reply((), [one(".", "plain.", "NSEC")])
        write("dnssec", f"{kind}-positive", ask("a.sec.", "A", answer=[w.flat("sec.", "a.sec.", "A")], replies=sec))
        write("dnssec", f"{kind}-nxdomain", ask("none.sec.", "A", 3, authority=nsec[:15], replies=sec))
        write("dnssec", f"{kind}-nodata", ask("ent.n3.sec.", "A", 0, authority=nsec3, replies=n3))
        write("dnssec", f"{kind}-wildcard", ask("q.w.n3.sec.", "A", authority=nsec3, replies=n3, answer=[
            w.flat("n3.sec.", "*.w.n3.sec.", "A", name="q.w.n3.sec.")]))
        write("dnssec", f"{kind}-insecure", ask("www.plain.", "A", answer=[
            w.flat("n3.sec.", "www.n3.sec.", "A", name="www.plain.")], replies=[root, plain]))
        write("dnssec", f"{kind}-alias", ask("away.sec.", "A", answer=[
            w.flat("sec.", "away.sec.", "CNAME")], replies=sec + [plain]))
        write("dnssec", f"{kind}-negative-anchor", ask("a.sec.", "A", flags=4, replies=sec))
        write("dnssec", f"{kind}-unproven-time", ask("a.sec.", "A", flags=8, answer=[
            w.flat("sec.", "a.sec.", "A")], replies=sec))

    def deny(name, rdtype, labels, zone_labels, sets):
        return (struct.pack("!HBB", dns.rdatatype.from_text(rdtype), labels, zone_labels)
                + dns.name.from_text(name).to_wire() + b"".join(sets))
    digest = "ab" * 32
    write("anchors", "state", f"\0. LAST 1706000000\n. VALID 20326 8 {digest} 0\n. ADD_PEND 38696 8 {digest} 86400\n"
          f". REMOVED 1 8 {digest} 0\n".encode())
    write("anchors", "states", "".join(["\0island.example. LAST 0\n"] + [
        f"island.example. {name} {i} 13 {digest} {i}\n" for i, name in enumerate(
            ("ADD_PEND", "VALID", "MISSING", "REVOKED", "REMOVED"))]).encode())
    write("anchors", "lines", f"\1. IN DS 20326 8 2 {digest}\nisland. 300 DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBo"
          f"RQwAQEX1SxZJA4= ; one\nx. DS 1 13 2 00\n\n; nothing\ny. CLASS1 DS 1 13 4 {digest}{digest[:32]}\n".encode())
    for zone, rdtype in (("sec.", "NSEC"), ("n3.sec.", "NSEC3"), ("opt.sec.", "NSEC3"), ("many.sec.", "NSEC3")):
        sets, depth = w.denials(zone, rdtype), zone.count(".")
        for first in ("none", "x.y.none", "www", "ent", "q.w", "uns", "z.wild"):
            write("nsec3", f"{zone}{first}", deny(f"{first}.{zone}", "A", depth + 1, depth, sets))
        write("nsec3", f"{zone}apex", deny(zone, "DS", depth, depth, sets))
        puts = [bytes([0x80 | depth]) + one for one in sets]
        asks = [b"\0" + dns.name.from_text(f"{first}.{zone}").to_wire() for first in ("none", "x.y.none", "ent", "zz")]
        write("ranges", f"{zone}mixed", b"".join(a + b for a, b in zip(puts, asks * len(puts))))
        write("ranges", f"{zone}again", b"".join(puts + asks + [b"\x40"] + puts[::-1] + asks))


def stuns():
    """The sample responses of RFC 5769, an error, and old and broken ones."""
    head = bytes.fromhex("2112a442b7e7a701bc34d686fa87dfae")

    def write_one(name, kind, attributes):
        write("stun", name, struct.pack("!HH", kind, len(attributes)) + head + attributes)
    write_one("v4", 0x0101, bytes.fromhex("8022000b7465737420766563746f72200020000800 01a147e112a643".replace(" ", "")))
    write_one("v6", 0x0101, bytes.fromhex("002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"))
    write_one("old", 0x0101, bytes.fromhex("00010008000101020304050 6".replace(" ", "")))
    write_one("error", 0x0111, bytes.fromhex("00090010000004") + b"\1Unauthorized")
    write_one("empty", 0x0101, b"")
    write_one("flood", 0x0101, b"\x80\0\0\0" * 80)


def adverts():
    """Router advertisements, each behind its size, of two routers in turn."""
    def message(*options):
        whole = bytes([134, 0, 0, 0, 64, 0, 7, 8]) + bytes(8) + b"".join(options)
        return struct.pack("!H", len(whole)) + whole

    def pref64(lifetime_s, code, prefix):
        return struct.pack("!BBH", 38, 2, lifetime_s // 8 << 3 | code) + bytes.fromhex(prefix)
    known, other = "0064ff9b0000000000000000", "20010db80064ff9b00010002"
    mtu, source = bytes([5, 1, 0, 0, 0, 0, 5, 0xdc]), bytes([1, 1, 2, 0, 0, 0, 0, 1])
    write("routeradv", "one", message(source, pref64(1800, 0, known), mtu))
    write("routeradv", "lengths", message(*[pref64(65528, code, other) for code in range(8)]))
    write("routeradv", "renumbered", message(pref64(1800, 0, known)) + message(pref64(600, 1, other)) +
          message(pref64(0, 0, known), pref64(600, 1, other)) + message(pref64(0, 1, other)))
    write("routeradv", "renewed", message(pref64(16, 0, known)) * 5)
    write("routeradv", "flood", b"".join(message(pref64(1000 + 8 * i, 3, f"20010db8{i:04x}000000000000"),
                                                 pref64(8 * i, 3, f"20010db9{i:04x}000000000000")) for i in range(40)))
    write("routeradv", "broken", message(source, bytes([38, 0, 7, 8])) + message(bytes([38, 1, 7, 8]) + bytes(4)) +
          message(bytes([38, 3, 7, 8]) + bytes(20)) + message(bytes([25, 255])) + message(mtu * 300))


def doctors():
    """Worlds for the doctor: one message that has something for every question, and silence and failure in between."""
    rows = ["d. 300 SOA ns.d. h.d. 1 1 1 1 60", "d. 300 NS ns.d.", "ns.d. 300 A 192.0.2.53", "d. 300 A 192.0.2.1",
            "d. 90 A 192.0.2.2", "d. 300 MX 10 a.d.", "a.d. 300 CNAME box.d.", "box.d. 30 A 192.0.2.3",
            "box.d. 90000 AAAA 2001:db8::3", 'd. 300 NAPTR 1 1 "S" "RELAY:turn.udp" "" _turn._udp.d.',
            'd. 300 NAPTR 1 1 "" "RELAY:turn.tcp" "" n.d.', 'n.d. 300 NAPTR 1 1 "A" "RELAY:turn.tcp" "" a.d.',
            "_turn._udp.d. 90000 SRV 0 0 3478 a.d.", "_turn._udp.d. 90000 SRV 0 0 3478 .",
            "_services._dns-sd._udp.d. 300 PTR _ipp._tcp.d.", "lb._dns-sd._udp.d. 300 PTR d.",
            "_ipp._tcp.d. 300 PTR p._ipp._tcp.d.", "_u._sub._ipp._tcp.d. 300 PTR p._ipp._tcp.d.",
            "p._ipp._tcp.d. 300 SRV 0 0 631 box.d.", "loop.d. 300 CNAME loop.d.", "3.2.0.192.in-addr.arpa. 9 PTR q.d.",
            "d. 300 HTTPS 1 box.d. alpn=h2 ipv4hint=192.0.2.9", "d. 300 HTTPS 1 box.d. mandatory=port port=8443",
            "_8443._https.d. 300 HTTPS 0 alias.d.", "alias.d. 300 HTTPS 0 d.", "_8443._https.d. 300 HTTPS 0 .",
            "_8443._https.d. 300 SVCB 1 . alpn=dot", "d. 300 A 224.0.0.251", "ns.d. 300 A 127.0.0.1"]

    def world(flags, chosen):
        message = dns.message.make_query("d.", "A")
        message.flags |= dns.flags.QR | flags
        for row in chosen:
            name, ttl, rdtype, data = row.split(None, 3)
            message.answer.append(dns.rrset.from_text(name, int(ttl), "IN", rdtype, data))
        message.authority = [dns.rrset.from_text("d.", 300, "IN", "NS", "ns.d.", "far.d.")]
        wire = message.to_wire(origin=dns.name.root)
        return struct.pack("!H", len(wire)) + wire

    failed = dns.message.make_response(dns.message.make_query("d.", "A", use_edns=0))
    failed.set_rcode(dns.rcode.SERVFAIL)
    failed = struct.pack("!H", len(failed.to_wire())) + failed.to_wire()
    for first in range(8):
        write("doctor", f"sound{first}", bytes([first]) + world(dns.flags.AA, rows))
        write("doctor", f"cached{first}", bytes([first]) + world(0, rows) + b"\0\1x" + world(dns.flags.AA, rows[:9]) + failed)
        write("doctor", f"resolver{first}", bytes([0x80 | first]) + world(0, rows[::-1]) + b"\0\0")
        write("doctor", f"near{first}", bytes([0x40 | first]) + world(dns.flags.AA, rows) + failed)
    write("doctor", "aliases", b"\0" + world(0, ["d. 1 CNAME e.d.", "e.d. 1 CNAME d."]))
    bindings = [f"{d}. 1 HTTPS 0 {i}.d." for d in ("d", "0.d", "1.d", "2.d") for i in range(4)]
    write("doctor", "bindings", b"\0" + world(0, [*bindings, "d. 9 A 192.0.2.1"]))
    write("doctor", "endpoints", b"\0" + world(dns.flags.AA, [row for row in rows if " HTTPS 1 " in row or " A " in row]))


def tsigs():
    """Responses under a key whose secret nobody here has."""
    name, alg = b"\4xfer\7example\0", b"\x0bhmac-sha256\0"
    question = b"\7example\0\0\6\0\1"

    def message(records=0, tsig=None):
        body = question + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1" * records
        return struct.pack("!6H", 0x1234, 0x8400, 1, records, 0, 1 if tsig else 0) + body + (tsig or b"")

    def tsig(mac=bytes(32), error=0, other=b"", owner=name, algorithm=alg, time=1700000000, ttl=0, rest=b""):
        rdata = algorithm + struct.pack("!HIHH", time >> 32, time & 0xffffffff, 300, len(mac)) + mac
        rdata += struct.pack("!HHH", 0x1234, error, len(other)) + other + rest
        return owner + struct.pack("!HHIH", 250, 255, ttl, len(rdata)) + rdata

    def stream(*messages):
        return b"".join(struct.pack("!H", len(m)) + m for m in messages)

    write("tsig", "wrong", stream(message(2, tsig()), message(1, tsig())))
    write("tsig", "unsigned", stream(message(1), message(1, tsig())))
    write("tsig", "badkey", stream(message(0, tsig(b"", 17))))
    write("tsig", "badtime", stream(message(0, tsig(error=18, other=bytes(6)))))
    write("tsig", "short", stream(message(1, tsig(bytes(16)))))
    write("tsig", "names", stream(message(1, tsig(owner=b"\xc0\x0c")), message(1, tsig(algorithm=b"\3foo\0", ttl=1))))
    write("tsig", "behind", stream(message(1, tsig(rest=b"x")), message(1, b"\0\0\xfa\0\xff\0\0\0\0\0\0")))


def transfers():
    """What primaries send: whole zones, changes, and half of them. The first octet: is there a copy with serial 5."""
    name, ns = b"\7example\0", b"\2ns\7example\0"

    def rr(owner, rtype, rdata):
        return owner + struct.pack("!HHIH", rtype, 1, 60, len(rdata)) + rdata

    def soa(serial):
        return rr(name, 6, ns + b"\4root\7example\0" + struct.pack("!IIIII", serial, 7, 7, 0x107, 7))

    def message(qtype, *rrs, flags=0x8400):
        body = (name + struct.pack("!HH", qtype, 1) if qtype else b"") + b"".join(rrs)
        wire = struct.pack("!6H", 0, flags, 1 if qtype else 0, len(rrs), 0, 0) + body
        return struct.pack("!H", len(wire)) + wire

    server, a = rr(name, 2, ns), rr(b"\1a" + name, 1, b"\xc0\0\2\1")
    for where, first in (("new", b"\0\xff"), ("have", b"\1\xff"), ("pieces", b"\0\2")):
        write("xfer", f"whole-{where}", first + message(252, soa(7), server, a, soa(7)))
        write("xfer", f"half-{where}", first + message(252, soa(7), server, a)[:-5])
    write("xfer", "two-messages", b"\0\xff" + message(252, soa(7), server) + message(0, a, soa(7)))
    write("xfer", "soa-same", b"\1\xff" + message(6, soa(5)))
    write("xfer", "soa-then-changes", b"\1\xff" + message(6, soa(7)) + message(251, soa(7), soa(5), server, soa(7), server, a, soa(7)))
    write("xfer", "outside", b"\0\xff" + message(252, soa(7), server, rr(b"\1b\0", 1, b"\1\2\3\4"), soa(7)))
    write("xfer", "no-zone", b"\0\xff" + message(252, soa(7), a, soa(7)))
    write("xfer", "error", b"\0\xff" + message(252, flags=0x8405))
    write("xfer", "bad-record", b"\0\xff" + message(252, soa(7), rr(name, 1, b"\1\2"), soa(7)))


if __name__ == "__main__":
    tsigs()
    transfers()
    rrsets()
    records()
    zones()
    messages()
    options()
    names()
    others()
    proofs()
    doctors()
    stuns()
    adverts()
