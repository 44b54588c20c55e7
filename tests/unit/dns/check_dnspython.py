#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The wire format and zone text beside an implementation that shares nothing with ours.

    check_dnspython.py PROGRAM        PROGRAM is the built wiretext.c

For each record below: dnspython's wire to our text, read back by dnspython; dnspython's text to our
wire; messages with compression through our parser and builder; EDNS options. Prints TAP. Without
dnspython everything is one skip.
"""
import importlib.util
import pkgutil
import random
import subprocess
import sys

try:
    import dns.edns
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
    import dns.rdtypes.ANY
    import dns.rdtypes.IN
    import dns.rrset
except ImportError:
    print("ok 1 - dnspython # SKIP python3-dnspython is not installed")
    sys.exit(0)

RECORDS = [
    ("A", "192.0.2.1"), ("A", "0.0.0.0"), ("NS", "ns1.Example.com."), ("CNAME", "."),
    ("SOA", "ns.example.com. host\\.master.example.com. 2026010101 7200 3600 1209600 4294967295"),
    ("PTR", "1.0.0.127.in-addr.arpa."), ("HINFO", '"PDP-11/70" "UNIX \\"V7\\""'),
    ("MX", "10 mail.example.com."), ("MX", "0 ."),
    ("TXT", '"v=spf1 -all"'), ("TXT", '"a" "" "b c\\"d\\\\e\\000\\255;()"'), ("TXT", '"' + "x" * 255 + '"'),
    ("AAAA", "2001:db8::1"), ("AAAA", "::"), ("AAAA", "::ffff:192.0.2.1"),
    ("AAAA", "2001:db8:1:2:3:4:5:6"), ("SRV", "0 5 5060 sip.example.com."),
    ("NAPTR", '100 50 "s" "http+I2L+I2C+I2R" "!^(.*)$!x\\\\1!" _http._tcp.foo.com.'),
    ("DNAME", "other.example."), ("RP", "mbox.example.com. txt.example.com."),
    ("AFSDB", "1 afs.example.com."), ("RT", "10 relay.example.com."), ("X25", '"311061700956"'),
    ("ISDN", '"150862028003217" "004"'), ("ISDN", '"1508"'), ("PX", "10 map.example. x400.example."),
    ("KX", "10 kx.example.com."), ("GPOS", '"-32.6882" "116.8652" "10.0"'),
    ("NSAP-PTR", "foo.example."),
    ("LOC", "60 9 0.000 N 24 39 0.000 E 10.00m 20.00m 2000.00m 20.00m"),
    ("LOC", "42 21 54.123 S 71 6 18.999 W -24.00m 30.00m 10000.00m 10.00m"), ("LOC", "90 N 180 W 0"),
    ("DS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
    ("DLV", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
    ("CDS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"), ("CDS", "0 0 0 00"),
    ("SSHFP", "4 2 " + "ab" * 32),
    ("RRSIG", "A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip"),
    ("RRSIG", "TYPE65280 13 127 0 21060207062815 19700101000000 65535 . AQID"),
    ("NSEC", "host.example.com. A MX RRSIG NSEC TYPE1234"), ("NSEC", "\\000.example.com. A"),
    ("NSEC3", "1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s MX DNSKEY NS SOA NSEC3PARAM RRSIG"),
    ("NSEC3", "1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s"), ("NSEC3PARAM", "1 0 12 AABBCCDD"),
    ("NSEC3PARAM", "1 0 0 -"), ("DNSKEY", "256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8no"),
    ("CDNSKEY", "0 3 0 AA=="), ("TLSA", "3 1 1 " + "0d" * 32), ("SMIMEA", "3 0 0 aabbcc"),
    ("OPENPGPKEY", "AQIDBAUGBwg="), ("DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="),
    ("CSYNC", "66 3 A NS AAAA"), ("ZONEMD", "2018031900 1 1 " + "62" * 48),
    ("SVCB", "0 svc.example.net."), ("SVCB", "1 . alpn=h2,h3 port=8443"),
    ("HTTPS", "1 . alpn=\"h3,h2\" ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 ech=AEX+DQA="),
    ("HTTPS", "16 foo.example.org. mandatory=ipv4hint,alpn alpn=h2 ipv4hint=192.0.2.1"),
    ("SVCB", "1 foo.example. key667=hello\\210qoo key65000"), ("SVCB", "1 foo. alpn=h2 no-default-alpn"),
    ("SPF", '"v=spf1 +mx a:colo.example.com/28 -all"'), ("NINFO", '"a note"'), ("AVC", '"app-name:x"'),
    ("NID", "10 0014:4fff:ff20:ee64"), ("L32", "10 10.1.2.0"), ("L64", "10 2001:0db8:1140:1000"),
    ("LP", "10 l64-subnet1.example.com."), ("EUI48", "00-00-5e-00-53-2a"),
    ("EUI64", "00-00-5e-ef-10-00-00-2a"), ("URI", '10 1 "ftp://ftp1.example.com/public"'),
    ("CAA", '0 issue "ca1.example.net; policy=ev"'), ("CAA", '128 iodef "mailto:security@example.com"'),
    ("CAA", '0 issue ""'),
    ("WKS", "192.0.2.1 6 21 23 25"), ("WKS", "192.0.2.1 17 0 65535"), ("WKS", "192.0.2.1 255"), ("WKS", "10.0.0.1 TCP smtp ftp 23"),
    ("NSAP", "0x47000580005a0000000001e133ffffff00016100"), ("NSAP", "0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00"),
    ("CERT", "65534 65535 1 AQIDBA=="), ("CERT", "PKIX 1 RSASHA256 AQIDBA=="), ("CERT", "OID 65535 0 AA=="),
    ("CERT", "1 2 ED25519 " + "AQID" * 40), ("IPSECKEY", "10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="),
    ("IPSECKEY", "10 0 2 . AQID"), ("IPSECKEY", "10 2 2 2001:db8::1 AQID"),
    ("IPSECKEY", "10 3 2 gw.example.com. AQID"), ("IPSECKEY", "255 3 255 . AQ=="),
    ("AMTRELAY", "0 1 2 2001:db8::15"), ("AMTRELAY", "128 1 0 ."),
    ("AMTRELAY", "10 0 1 203.0.113.15"),
    ("AMTRELAY", "10 1 3 amt.example.com."), ("AMTRELAY", "10 0 0 ."),
    ("HIP", "2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87UOoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D rvs1.example.com. rvs2.example.com."),
    ("HIP", "2 200100107B1A74DF365639CC39F1D578 AwEA"), ("HIP", "0 00 AA== ."),
    ("APL", "1:192.168.32.0/21 !1:192.168.38.0/28 2:ff00::/8"), ("APL", "!1:0.0.0.0/0 2:::/0 !2:2001:db8::1/128"),
    ("APL", "1:192.168.32.129/21"),
    ("TSIG", "hmac-sha256. 1767225600 300 4 AQIDBA== 1234 NOERROR 0"), ("TSIG", "hmac-sha256. 281474976710655 65535 1 AA== 0 BADTIME 6 AAAAAAAB"),
    ("TSIG", "hmac-md5.sig-alg.reg.int. 1 2 3 AQID 65535 BADSIG 0"), ("TSIG", "a. 1 2 3 AQID 1 BADKEY 0"), ("TSIG", "a. 1 2 3 AQID 1 3000 0"),
    ("TKEY", "gss-tsig. 1767225600 1767229200 3 0 AQIDBA=="), ("TKEY", "gss-tsig. 0 4294967295 65535 17 AQ== AgME"),
    ("SVCB", "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\""), ("SVCB", "16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2"),
    ("SVCB", "1 . alpn=\"a b,;()\""), ("DNSKEY", "256 3 RSASHA256 AQID"), ("DS", "60485 ECDSAP256SHA256 2 " + "ab" * 32),
    ("SOA", "a. b. 1 1h 15m 1w 1d"),
    ("A6", "\\# 17 0020010db8000000000000000000000001"),
    ("TYPE65280", "\\# 4 0a000001"), ("TYPE65280", "\\# 0"), ("UNSPEC", "\\# 3 010203"),
]
# Types that later ones of it know.
LATER = [("RESINFO", '"qnamemin" "exterr=15-17"'), ("WALLET", '"BTC" "bc1qexample"')]
RECORDS += [r for r in LATER if importlib.util.find_spec("dns.rdtypes.ANY." + r[0])]

# Types whose text we only know in the generic form.
GENERIC = {"TYPE65280", "UNSPEC"}
# Types whose text dnspython only knows in the generic form.
THEIR_GENERIC = {"A6"}

CHAOS_A = 0x30001                                          # WR_RDATA_FORM_CH_A

BROKEN = [
    ("A", "192.0.2"), ("A", "192.0.2.1 x"), ("A", ""), ("AAAA", "1.2.3.4"), ("AAAA", "::1%1"),
    ("MX", "65536 a."), ("MX", "-1 a."), ("MX", "10"), ("MX", "10 a..b."), ("TXT", ""), ("TXT", '"open'),
    ("TXT", '"' + "x" * 256 + '"'), ("TXT", '"\\256"'), ("TXT", '"\\25"'), ("DS", "1 2 3"), ("DS", "1 2 3 abc"),
    ("DS", "1 2 3 xy"), ("DNSKEY", "1 2 3 A==="), ("DNSKEY", "1 2 3 AA"), ("DNSKEY", "1 2 3 AA== AA=="),
    ("NSEC", "a. NOTYPE"), ("NSEC3", "1 0 0 - ="), ("CAA", "0"), ("CAA", "0 issue"),
    ("SVCB", "1 . alpn="), ("SVCB", "1 . port=65536"), ("SVCB", "1 . port=1 port=2"), ("SVCB", "1 . mandatory=port"),
    ("SVCB", "1 . key65535=x"), ("SVCB", "1 . key007=x"), ("SVCB", "1 . ipv4hint=::1"), ("SVCB", "1 . mandatory=mandatory"),
    ("SVCB", "1 . no-default-alpn=x alpn=h2"), ("SVCB", "1 . alpn=h2,,h3"), ("SVCB", "1 . unknown=1"),
    ("SOA", "a. b. 1 2 3 4"), ("SRV", "1 2 3"), ("RRSIG", "A 5 3 1 20031322173103 20030220173103 1 a. AAAA"),
    ("LOC", "91 N 1 E 0"), ("LOC", "1 N 181 E 0"), ("LOC", "1 60 N 1 E 0"), ("EUI48", "00-00-5e-00-53"),
    ("TYPE65280", "\\# 3 0102"), ("TYPE65280", "\\# 1 0102"), ("A", "\\# 3 010203"), ("TYPE65280", "abc"),
    ("URI", "1 2"), ("HINFO", "one"), ("L32", "10 ::1"), ("NID", "10 0014:4fff:ff20"), ("NID", "10 0014:4fff:ff20:"), ("NID", "10 0014::ff20:ee64"), ("NID", "10 00014:4fff:ff20:ee64"),
    ("NID", "10 0014:4fff:ff20:ee64:1"), ("NID", "10 0014:4fff:ff20-ee64"),
    ("WKS", "192.0.2.1"), ("WKS", "192.0.2.1 256"), ("WKS", "192.0.2.1 6 65536"), ("WKS", "192.0.2.1 6 nosuchservice"),
    ("NSAP", "47000580"), ("NSAP", "0x470"), ("CERT", "PKIX 1"), ("CERT", "65536 1 1 AA=="), ("CERT", "NOKIND 1 1 AA=="),
    ("IPSECKEY", "10 1 2 ::1 AQID"), ("IPSECKEY", "10 0 2 gw. AQID"), ("IPSECKEY", "10 4 2 gw. AQID"),
    ("AMTRELAY", "10 2 1 192.0.2.1"), ("AMTRELAY", "10 0 128 ."), ("AMTRELAY", "10 0 2 192.0.2.1"),
    ("HIP", "256 00 AA=="), ("HIP", "1 0 AA=="), ("HIP", "1 00"), ("HIP", "1 00 AA== a..b."),
    ("APL", "1:192.0.2.0"), ("APL", "1:192.0.2.0/33"), ("APL", "2:::/129"), ("APL", "1:::/1"), ("APL", "192.0.2.0/24"),
    ("TSIG", "a. 1 2 3 AQIDBA== 1 0 0"), ("TSIG", "a. 281474976710656 2 0 1 0 0"), ("TKEY", "a. 1 2 3 4"),
    ("SVCB", "1 . alpn=a\\\\b"), ("SVCB", "1 . alpn=a\\\\"), ("SOA", "a. b. 1 1x 2 3 4"),
]


class Peer:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")


class Tap:
    count = failed = 0

    def ok(self, good, name, detail=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        if not good:
            print(f"# {detail}")


def wire_of(name, text):
    rdtype = dns.rdatatype.from_text(name)
    rdata = dns.rdata.from_text(dns.rdataclass.IN, rdtype, text)
    return int(rdtype), rdata, rdata.to_wire()


def check_records(tap, peer):
    for name, text in RECORDS:
        number, rdata, wire = wire_of(name, text)
        label = f"{name} {text[:40]}"
        ours = peer.ask(f"text {number} {wire.hex()}")
        if name not in THEIR_GENERIC:
            try:
                back = dns.rdata.from_text(dns.rdataclass.IN, number, ours).to_wire()
            except Exception as e:                             # whatever it says, our text was not understood
                back = repr(e).encode()
            tap.ok(back == wire, f"our text is read: {label}", f"{ours!r} gives {back!r} not {wire.hex()}")
        tap.ok(ours.startswith("\\#") == (name in GENERIC), f"own text or generic: {label}", ours)
        again = peer.ask(f"wire {number} {ours}")
        tap.ok(again == wire.hex(), f"we read our text: {label}", f"{ours!r} gives {again}")
        if name not in GENERIC:
            got = peer.ask(f"wire {number} {text}")
            tap.ok(got == wire.hex(), f"we read: {label}", f"{got} not {wire.hex()}")
            printed = rdata.to_text()
            got = peer.ask(f"wire {number} {printed}")
            tap.ok(got == wire.hex(), f"we read dnspython's text: {label}", f"{printed!r}: {got} not {wire.hex()}")
        generic = rdata.to_generic().to_text()
        got = peer.ask(f"wire {number} {generic}")
        tap.ok(got == wire.hex(), f"we read the generic form: {label}", got)


def check_complete(tap):
    """Whatever dnspython has a module for stands in the list above; OPT is never written as text."""
    modules = {m.name.replace("_", "-") for package in (dns.rdtypes.ANY, dns.rdtypes.IN)
               for m in pkgutil.iter_modules(package.__path__)}
    missing = modules - {name for name, _ in RECORDS} - {"OPT"}
    tap.ok(len(modules) > 55 and not missing, "a record of each type that dnspython knows", sorted(missing))


def check_chaos(tap, peer):
    """The A record of class CHAOS has a form of its own: a domain and an address in octal digits."""
    for text in ("ch-addr.example. 0", "ch-addr.example. 177777", ". 10", "a. 1234"):
        rdata = dns.rdata.from_text(dns.rdataclass.CH, dns.rdatatype.A, text)
        ours = peer.ask(f"text {CHAOS_A} {rdata.to_wire().hex()}")
        tap.ok(ours == text == rdata.to_text(), f"our text of CH A {text}", ours)
        tap.ok(peer.ask(f"wire {CHAOS_A} {text}") == rdata.to_wire().hex(), f"we read CH A {text}")
    for text in ("a. 8", "a. 200000", "a.", "1 a.", "192.0.2.1"):
        got = peer.ask(f"wire {CHAOS_A} {text}")
        tap.ok(got.startswith("error "), f"refused: CH A {text}", got)


def check_broken(tap, peer):
    for name, text in BROKEN:
        got = peer.ask(f"wire {int(dns.rdatatype.from_text(name))} {text}")
        tap.ok(got.startswith("error "), f"refused: {name} {text[:40]}", got)


def random_message(rng):
    labels = ["a", "www", "Example", "com", "x" * 63, "mail", "MAIL", "\\000\\255", "net"]
    names = [".".join(rng.choice(labels) for _ in range(rng.randint(1, 4))) + "." for _ in range(12)]
    pick = lambda: rng.choice(names)
    message = dns.message.make_response(dns.message.make_query(pick(), "A", use_edns=rng.random() < 0.5,
                                                               payload=1232))
    makers = [("A", lambda: "192.0.2.7"), ("NS", pick), ("CNAME", pick), ("MX", lambda: f"10 {pick()}"),
              ("SRV", lambda: f"1 2 3 {pick()}"), ("TXT", lambda: '"text"'), ("PTR", pick), ("DNAME", pick),
              ("SOA", lambda: f"{pick()} {pick()} 1 2 3 4 5"), ("NSEC", lambda: f"{pick()} A"),
              ("HTTPS", lambda: f"1 {pick()} alpn=h2"), ("RP", lambda: f"{pick()} {pick()}"),
              ("NAPTR", lambda: f'1 2 "" "" "" {pick()}')]
    for section in (message.answer, message.authority, message.additional):
        for _ in range(rng.randint(0, 8)):
            rdtype, make = rng.choice(makers)
            section.append(dns.rrset.from_text(pick(), rng.randint(0, 99999), "IN", rdtype, make()))
    return message


def exact(message):
    """The records with the case of every name, which dnspython's own comparison does not see."""
    lines = []
    for section in (message.question, message.answer, message.authority, message.additional):
        lines.append("--")
        for rrset in section:
            lines += sorted(f"{rrset.name} {rrset.ttl} {rrset.rdtype} {rd.to_text()}" for rd in rrset)
    return lines


def check_messages(tap, peer):
    rng = random.Random(2026)
    their_octets = our_octets = 0
    for number in range(300):
        wire = random_message(rng).to_wire(max_size=65535)
        theirs = dns.message.from_wire(wire, one_rr_per_rrset=True)
        got = peer.ask(f"build {wire.hex()}")
        try:
            ours = dns.message.from_wire(bytes.fromhex(got), one_rr_per_rrset=True)
            good = exact(ours) == exact(theirs) and ours.flags == theirs.flags and ours.id == theirs.id
            good = good and ours.edns == theirs.edns and ours.payload == theirs.payload
            detail = f"{wire.hex()} became {got}"
        except (dns.exception.DNSException, ValueError) as e:
            good, detail = False, f"{e!r}: {wire.hex()} became {got}"
        their_octets += len(wire)
        our_octets += len(got) // 2
        tap.ok(good, f"message {number} parsed and built again", detail)
    # dnspython compresses without regard to case, and a case-preserving builder cannot; but it forgets no name
    tap.ok(our_octets < 1.15 * their_octets, "built messages are about as small", f"{our_octets} and {their_octets}")
    print(f"# octets of 300 messages: ours {our_octets}, dnspython's {their_octets}")


def check_queries(tap, peer):
    for name in ("example.com.", ".", "a." * 120, "x" * 63 + ".test."):
        for edns in (False, True):
            wire = dns.message.make_query(name, "AAAA", use_edns=edns).to_wire()
            got = peer.ask(f"query {wire.hex()}")
            tap.ok(got == "same 0", f"the quick look at {name[:20]} edns {edns}", got)
            for cut in range(len(wire)):
                got = peer.ask(f"query {wire[:cut].hex()}")
                if not got.startswith("other -"):
                    tap.ok(False, f"cut at {cut} of {name[:20]}", got)


def check_edns(tap, peer):
    cases = [
        ([], "present=1 version=0 size=1400 do=1 rcode=0 nsid=0 ecs=0 padding=0 keepalive=0 cookie= ede=-1 text="),
        ([dns.edns.ECSOption("192.0.2.0", 24)], "ecs=1"), ([dns.edns.ECSOption("2001:db8::", 56)], "ecs=1"),
        ([dns.edns.GenericOption(3, b"")], "nsid=1"), ([dns.edns.GenericOption(9, b"\0\0\0\1")], "nsid=0"),
        ([dns.edns.GenericOption(10, b"12345678")], "cookie=3132333435363738"),
        ([dns.edns.GenericOption(11, b"\0\1")], "keepalive=1"), ([dns.edns.GenericOption(12, b"\0" * 30)], "padding=1"),
        ([dns.edns.EDEOption(22, "no path")], "ede=22 text=no path"),
        ([dns.edns.GenericOption(13, b"\3com\0")], "present=1"), ([dns.edns.GenericOption(14, b"\0\1\0\2")], "present=1"),
        ([dns.edns.GenericOption(18, b"\5agent\0")], "present=1"), ([dns.edns.GenericOption(65001, b"any")], "present=1"),
        ([dns.edns.GenericOption(10, b"1234567")], "error -2"), ([dns.edns.GenericOption(10, b"1" * 41)], "error -2"),
        ([dns.edns.GenericOption(11, b"\0")], "error -2"), ([dns.edns.GenericOption(9, b"\0")], "error -2"),
        ([dns.edns.GenericOption(15, b"\0")], "error -2"), ([dns.edns.GenericOption(8, b"\0\1\x18\0\1\2")], "error -2"),
        ([dns.edns.GenericOption(8, b"\0\1\x11\0\1\2\3")], "error -2"), ([dns.edns.GenericOption(8, b"\0\1\x21\0\1\2\3\4\5")], "error -2"),
        ([dns.edns.GenericOption(13, b"\3com")], "error -2"), ([dns.edns.GenericOption(14, b"\0")], "error -2"),
        ([dns.edns.GenericOption(65001, b"")] * 33, "error -2"),
    ]
    for options, want in cases:
        query = dns.message.make_query("example.com.", "A", use_edns=0, payload=1400, want_dnssec=True, options=options)
        got = peer.ask(f"edns {query.to_wire().hex()}")
        tap.ok(want in got, f"options {[int(o.otype) for o in options][:3]}", f"{got} lacks {want}")


def main():
    tap, peer = Tap(), Peer(sys.argv[1])
    check_records(tap, peer)
    check_broken(tap, peer)
    check_complete(tap)
    check_chaos(tap, peer)
    check_messages(tap, peer)
    check_queries(tap, peer)
    check_edns(tap, peer)
    peer.process.stdin.close()
    status = peer.process.wait()
    tap.ok(status == 0, "wiretext ended well", f"status {status}")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
