#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir check name: each finding shown once, and healthy names without any.

The gateway is weir, recursing from a root that knotd serves; the zones below are nsd's; servers that are lame, silent or
gone are those two or nobody. Services are sockets of this test. What no such server says (a stale answer, TTLs that differ within
a set) says a resolver of this test.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

import loopback
from loopback import equal, need, until

sys.path.insert(0, os.path.join(loopback.TOP, "lab"))
from servers import answer_stun, knot_conf, nsd_conf
from spaces import LabError, peer

PARENT, CHILD, SILENT, NOBODY, FAKE = "198.51.100.1", "198.51.100.3", "198.51.100.66", "198.51.100.67", "127.0.5.1"
CHILD6, BOX4, BOX6, LOCAL6 = "fd00::3", "198.51.100.9", "fd00::9", "fd00::8"
LOCAL4 = "127.0.9.1"    # what a local zone may have, and no other
ADDRESSES = (PARENT, CHILD, SILENT, NOBODY, BOX4, CHILD6, BOX6, LOCAL6)
HEAD = f"$TTL 300\n@ SOA ns host 1 3600 600 86400 300\n@ NS ns\nns A {CHILD}\nns AAAA {CHILD6}\n"
BOX = f"box A {BOX4}\nbox AAAA {BOX6}\n"
GOOD = HEAD + BOX + """
@ NAPTR 10 0 "S" "RELAY:turn.udp" "" _turn._udp
@ NAPTR 20 0 "S" "RELAY:turn.tls" "" _turns._tcp
@ MX 10 box
_turn._udp SRV 0 0 3478 box
_turns._tcp SRV 0 0 5349 box
_stun._udp SRV 0 0 3478 box
b._dns-sd._udp PTR @
lb._dns-sd._udp PTR @
_services._dns-sd._udp PTR _ipp._tcp
_ipp._tcp PTR Printer\\032one._ipp._tcp
_universal._sub._ipp._tcp PTR Printer\\032one._ipp._tcp
Printer\\032one._ipp._tcp SRV 0 0 631 box
Printer\\032one._ipp._tcp TXT "rp=ipp/print"
www A {BOX4}
www AAAA {BOX6}
www HTTPS 1 . alpn=h2 port=5349 ipv4hint={BOX4}
app A {BOX4}
app AAAA {BOX6}
app HTTPS 0 www
_dns SVCB 1 box alpn=dot port=5349
""".replace("{BOX4}", BOX4).replace("{BOX6}", BOX6)
BAD = HEAD + BOX + f"""
@ NAPTR 10 0 "U" "RELAY:turn.udp" "" box
alias CNAME box
text TXT x
four A {BOX4}
six AAAA {BOX6}
short 60 A {BOX4}
short 60 AAAA {BOX6}
mixed 86400 A {BOX4}
mixed 60 AAAA {BOX6}
loop CNAME loop2
loop2 CNAME loop
x.empty TXT x
_alias._tcp SRV 0 0 80 alias
_gone._tcp SRV 0 0 80 gone
_text._tcp SRV 0 0 80 text
_four._tcp SRV 0 0 80 four
_six._tcp SRV 0 0 80 six
_none._tcp SRV 0 0 0 .
_both._tcp SRV 0 0 0 .
_both._tcp SRV 0 0 80 box
_long._tcp 86400 SRV 0 0 80 short
_dead._tcp SRV 0 0 9 box
_stun._udp SRV 0 0 9 box
_turns._udp SRV 0 0 5349 box
_list._tcp PTR listed._list._tcp
listed._list._tcp SRV 0 0 80 box
lonely._list._tcp SRV 0 0 80 box
lonely._list._tcp TXT x
mail MX 10 alias
only HTTPS 1 box port=80
_80._https HTTPS 1 gone
hint A {BOX4}
hint AAAA {BOX6}
hint HTTPS 1 . port=80 ipv6hint=2001:db8::9
round A {BOX4}
round AAAA {BOX6}
round HTTPS 0 round
key A {BOX4}
key AAAA {BOX6}
key HTTPS 1 . port=80 mandatory=key700 key700=x
both A {BOX4}
both AAAA {BOX6}
both HTTPS 0 box
both HTTPS 1 . port=80
c9 CNAME box
""" + "".join(f"c{i} CNAME c{i + 1}\n" for i in range(1, 9))
# Zones below example.: what nsd serves for each (None: nothing), and to whom the parent delegates it.
TWO = f"ns2 A {{}}\nns2 AAAA {CHILD6}\n@ NS ns2\n"
ZONES = {"good": (GOOD, {"ns": CHILD}), "bad": (BAD, {"ns": CHILD}), "bogus": (HEAD + BOX, {"ns": CHILD}),
         "lame": (HEAD + TWO.format(PARENT), {"ns": CHILD, "ns2": PARENT}),
         "quiet": (HEAD + TWO.format(SILENT), {"ns": CHILD, "ns2": SILENT}),
         "shut": (HEAD + TWO.format(NOBODY), {"ns": CHILD, "ns2": NOBODY}),
         "differ": (HEAD + TWO.format(CHILD), {"ns": CHILD}),
         "down": (None, {"ns": SILENT})}


class Servers:
    """knotd for the root and example., nsd for what is below, an address where nobody reads, and the services."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="doctor-")
        os.chmod(self.folder, 0o755)
        self.sockets, self.processes = [], []
        for address in ADDRESSES:
            words = [f"{address}/128", "dev", "lo", "nodad"] if ":" in address else [f"{address}/32", "dev", "lo"]
            subprocess.run(["ip", "addr", "add", *words], check=True)
        self.udp(SILENT, 53)    # never read: silence, where NOBODY's kernel says that nobody is there
        self.start_knot()
        self.start_nsd()
        for address in (BOX4, BOX6, LOCAL4, LOCAL6):
            for port in (80, 631, 5349):
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                self.sockets.append(socket.create_server((address, port), family=family, backlog=64))
            stun = self.udp(address, 3478)
            threading.Thread(target=answer_stun, args=(stun,), daemon=True).start()

    def udp(self, address, port):
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, port))
        self.sockets.append(sock)
        return sock

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def start(self, *argv):
        log = open(os.path.join(self.folder, "log"), "ab")
        with log:
            self.processes.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def start_knot(self):
        root = f". 300 SOA ns. host. 1 3600 600 86400 300\n. 300 NS ns.\nns. 300 A {PARENT}\n"
        root += f"example. 300 NS ns.example.\nns.example. 300 A {PARENT}\n"
        text = f"$TTL 300\n@ SOA ns host 1 3600 600 86400 300\n@ NS ns\nns A {PARENT}\n"
        for zone, (_, servers) in ZONES.items():
            text += "".join(f"{zone} NS {ns}.{zone}\n{ns}.{zone} A {address}\n" for ns, address in servers.items())
        self.write("root.zone", root)
        self.write("example.zone", text)
        conf = self.write("knot.conf", knot_conf(self.folder, f"listen: {PARENT}@53") + f"""template:
  - id: default
    storage: {self.folder}
    zonefile-sync: -1
zone:
  - domain: "."
    file: root.zone
  - domain: "example."
    file: example.zone
""")
        self.start(peer("knotd"), "-c", conf)

    def start_nsd(self):
        conf = nsd_conf(self.folder, [CHILD, CHILD6])
        for zone, (text, _) in ZONES.items():
            if text:
                conf += f'zone:\n  name: "{zone}.example."\n  zonefile: "{self.write(zone, text)}"\n'
        self.start(peer("nsd"), "-d", "-c", self.write("nsd.conf", conf))

    def ready(self):
        def answers(address, name):
            query = dns.message.make_query(name, "SOA")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(0.2)
                try:
                    sock.connect((address, 53))
                    sock.send(query.to_wire())
                    return bool(dns.message.from_wire(sock.recv(4096)).answer)
                except OSError:
                    return False
        until("knotd", lambda: answers(PARENT, "example.") and answers(PARENT, "."))
        until("nsd", lambda: all(answers(CHILD, f"{z}.example.") for z, (text, _) in ZONES.items() if text))
        return self

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
        for sock in self.sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
        for address in ADDRESSES:
            subprocess.run(["ip", "addr", "del", f"{address}/{128 if ':' in address else 32}", "dev", "lo"], check=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def gateway(box):
    """weir before the servers above; nothing of example. is proven but that bogus.example. should be."""
    box.things.append(Servers().ready())
    relays = [{"zone": "home.arpa", "host": "box.home.arpa", "protocols": ["turn", "stun"], "transports": ["udp", "tls"]}]
    services = [{"name": "Printer, 1st floor", "type": "_ipp._tcp", "host": "box.home.arpa", "port": 631, "txt": ["rp=x"]}]
    zones = [{"zone": "home.arpa", "records": [f"box A {LOCAL4}", f"box AAAA {LOCAL6}", "odd A 192.0.2.4", "odd AAAA 2001:db8::4"]},
             {"zone": "2.0.192.in-addr.arpa", "records": ["4 PTR other.home.arpa."]}]
    return box.weir(workers=1, upstream={"ports": 64, "default": "recursion"},
                    recursion={"hints": [f"udp://{PARENT}"], "never_ask": ["192.0.2.0/24"]},
                    dnssec={"validate": True, "anchors": ["bogus.example. DS 1 13 2 " + "ab" * 32]},
                    local={"zones": zones, "services": services, "relays": relays})


def check(weir, name, *words, to=None):
    """(exit status, [severity code name], the whole object)."""
    whom = [f"@{to}"] if to else ["--socket", weir.control]
    done = subprocess.run([weir.program if weir else loopback_program(), "check", "name", name, "--json", *words, *whom],
                          capture_output=True, text=True, timeout=120, check=False)
    need(done.stdout.startswith("{"), done.stdout + done.stderr)
    need("Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr)
    seen = json.loads(done.stdout)
    return done.returncode, [f"{f['severity']} {f['code']} {f['name']}" for f in seen["findings"]], seen


def loopback_program():
    return os.environ.get("WEIR", os.path.join(loopback.TOP, "build", "weir"))


def finds(weir, name, *expected, words=(), to=None):
    status, found, seen = check(weir, name, *words, to=to)
    equal(sorted(found), sorted(expected), f"{name}: {json.dumps(seen['findings'])}")
    equal(status, 1 if any(line.startswith("error") for line in expected) else 0, name)
    return seen


@loopback.test("healthy names have no finding: a domain with relays and services, each of them, and local ones")
def healthy(box):
    weir = gateway(box)
    for name in ("good.example", "_turn._udp.good.example", "_turns._tcp.good.example", "_ipp._tcp.good.example",
                 "Printer one._ipp._tcp.good.example", "_universal._sub._ipp._tcp.good.example",
                 "_services._dns-sd._udp.good.example", "lb._dns-sd._udp.good.example",
                 "home.arpa", "_turn._udp.home.arpa", "Printer, 1st floor._ipp._tcp.home.arpa", "_services._dns-sd._udp.home.arpa"):
        finds(weir, name)
    seen = check(weir, "_turn._udp.home.arpa", "-v")[2]
    need({"how": "STUN", "outcome": "answers", "to": f"{LOCAL4}:3478"} in seen["asked"], seen)
    seen = finds(weir, "good.example")
    need(seen["probes"] >= 6 and seen["questions"] > 20, seen)
    finds(weir, "box.good.example", words=("--port", "80,631"))
    finds(weir, "box.good.example", "note not-probed box.good.example.")
    tried = [one["to"] for one in check(weir, "good.example", "-v")[2]["asked"] if one["how"] == "server"]
    need(0 < max(tried.count(to) for to in tried) < 24, tried)    # WR_DOCTOR_ADDRESS_MAX has room for it
    seen = finds(weir, "good.example", words=("--resolver-only",))
    equal(seen["probes"], 0)
    done = subprocess.run([weir.program, "check", "name", "good.example", "-v", "-s", weir.control], capture_output=True,
                          text=True, timeout=60, check=False)
    equal(done.returncode, 0, done.stderr)
    need(done.stdout.splitlines()[-1].startswith("good.example.: good ("), done.stdout)
    need(f"\nSTUN: {BOX4}:3478: answers\n" in done.stdout, done.stdout)
    need(f"server: good.example. SOA at {CHILD}:53: NOERROR, 1 records\n" in done.stdout, done.stdout)


@loopback.test("a terminal is told what is being done, a pipe is not")
def progress(box):
    weir = gateway(box)
    line = [weir.program, "check", "name", "good.example", "-s", weir.control]
    ours, theirs = os.openpty()
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    told = b""
    try:
        while more := os.read(ours, 4096):
            told += more
    except OSError:    # the other end is closed
        pass
    os.close(ours)
    equal(process.wait(60), 0)
    need(b"asking for good.example. A" in told and f"trying {BOX4}:3478".encode() in told, told)
    need(told.endswith(b"\r\x1b[K"), "the line is not taken away")
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    equal((done.returncode, done.stderr), (0, ""))


@loopback.test("records that lead nowhere, or not to a machine: each finding once")
def records(box):
    weir = gateway(box)
    for name, finding in (("_alias._tcp", "error alias-target"), ("_gone._tcp", "error target-nxdomain"),
                          ("_text._tcp", "error no-address"), ("_none._tcp", "warning not-offered"),
                          ("_both._tcp", "error root-target"), ("_long._tcp", "warning ttl-chain"),
                          ("loop", "error alias-loop"), ("nothing", "error nxdomain"), ("empty", "error no-data"),
                          ("_nothing._udp", "error nxdomain"), ("lonely._list._tcp", "warning not-browsable")):
        finds(weir, f"{name}.bad.example", f"{finding} {name}.bad.example.")
    for name, finding in (("_four._tcp", "warning no-ipv6 four"), ("_six._tcp", "warning no-ipv4 six"),
                          ("_turns._udp", "note not-probed box"), ("_list._tcp", "warning no-txt listed._list._tcp")):
        finds(weir, f"{name}.bad.example", f"{finding}.bad.example.")
    finds(weir, "c1.bad.example", "warning alias-chain c1.bad.example.", "note not-probed c1.bad.example.")
    finds(weir, "mixed.bad.example", "note ttl-families mixed.bad.example.", "note not-probed mixed.bad.example.")
    finds(weir, "mail.bad.example", "error alias-target mail.bad.example.")
    finds(weir, "odd.home.arpa", "note ptr odd.home.arpa.", "note not-probed odd.home.arpa.")
    seen = finds(weir, "bad.example", "error naptr bad.example.", "error dead box.bad.example.", "error dead box.bad.example.",
                 "note not-probed box.bad.example.")
    one = next(f for f in seen["findings"] if f["code"] == "naptr")
    equal(one["record"], 'bad.example. 300 IN NAPTR 10 0 "U" "RELAY:turn.udp" "" box.bad.example.')
    need("RFC 5928" in one["rfc"] and one["remedy"] and one["about"], one)


@loopback.test("HTTPS and SVCB records: endpoints, aliases, parameters and hints")
def bindings(box):
    weir = gateway(box)
    for name in ("www.good.example", "app.good.example", "_dns.good.example"):
        asked = check(weir, name, "-v")[2]["asked"]
        need({"how": "TCP", "outcome": "answers", "to": f"{BOX4}:5349"} in asked, asked)
        finds(weir, name)
    for name, finding in (("only", "warning svcb-only"), ("_80._https", "error target-nxdomain"), ("hint", "warning svcb-hint"),
                          ("round", "error alias-loop"), ("key", "warning svcb-mandatory")):
        finds(weir, f"{name}.bad.example", f"{finding} {name}.bad.example.")
    seen = finds(weir, "both.bad.example", "warning svcb-mixed both.bad.example.", *["error dead box.bad.example."] * 2)
    need(":443 over TCP" in seen["findings"][1]["what"], seen)


@loopback.test("addresses where nobody answers, over TCP and by STUN")
def dead(box):
    weir = gateway(box)
    seen = finds(weir, "_dead._tcp.bad.example", *["error dead box.bad.example."] * 2)
    equal([f["what"] for f in seen["findings"]],
          [f"{a} over TCP: the machine says that nobody listens there." for a in (f"{BOX4}:9", f"[{BOX6}]:9")])
    seen = finds(weir, "_stun._udp.bad.example", *["error dead box.bad.example."] * 2)
    need("over UDP: the machine says" in seen["findings"][0]["what"], seen)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as quiet:
        quiet.bind((BOX4, 9))    # somebody is there and is silent
        seen = finds(weir, "_stun._udp.bad.example", *["error dead box.bad.example."] * 2)
        told = " ".join(finding["what"] for finding in seen["findings"])    # of the AAAA record, that nobody is there
        waited = re.search(rf"{BOX4}:9 over UDP: no answer to a STUN binding request within (\d+) ms\.", told)
        need(waited and int(waited[1]) >= 2500, seen)
        seen = finds(weir, "_stun._udp.bad.example", "warning unfinished _stun._udp.bad.example.", words=("--timeout", "2"))
        need("had not answered" in seen["findings"][0]["what"], seen)    # its silence did not last long enough to be one
    finds(weir, "box.good.example", *["error dead box.good.example."] * 2, words=("--port", "9"))


@loopback.test("delegations: lame, silent and missing servers, and sets that differ")
def delegations(box):
    weir = gateway(box)
    seen = finds(weir, "lame.example", "error lame lame.example.")
    need(f"ns2.lame.example. ({PARENT}) answers NOERROR without authority (AA)" in seen["findings"][0]["what"], seen)
    seen = finds(weir, "quiet.example", "error server-silent quiet.example.")
    waited = re.fullmatch(rf"ns2\.quiet\.example\. \({SILENT}\) gives no answer within (\d+) ms\.", seen["findings"][0]["what"])
    need(waited and int(waited[1]) >= 3000, seen)
    seen = finds(weir, "shut.example", "error server-silent shut.example.")
    equal(seen["findings"][0]["what"], f"ns2.shut.example. ({NOBODY}) says that nobody listens on port 53.")
    seen = finds(weir, "differ.example", "warning ns-differ differ.example.")
    equal(seen["findings"][0]["what"], "ns2.differ.example. is named by the zone and not by the parent.")
    finds(weir, "www.down.example", "error failed www.down.example.", "error server-silent down.example.")
    finds(weir, "box.bogus.example", "error bogus box.bogus.example.")


class Fake(threading.Thread):
    """A resolver that says what it is told: (name, type) -> a function that fills the reply in."""

    def __init__(self, says):
        super().__init__(daemon=True)
        self.says = says
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((FAKE, 53))
        self.start()

    def run(self):
        while True:
            try:
                wire, client = self.socket.recvfrom(4096)
                if not wire:
                    return
                query = dns.message.from_wire(wire)
                reply = dns.message.make_response(query)
                question = query.question[0]
                self.says(reply, question.name.to_text(), dns.rdatatype.to_text(question.rdtype))
                self.socket.sendto(reply.to_wire(), client)
            except OSError:
                return

    def close(self):
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", (FAKE, 53))
        self.join(5)
        self.socket.close()


def put(reply, *lines):
    for line in lines:
        name, ttl, rtype, data = line.split(None, 3)
        reply.answer.append(dns.rrset.from_text(name, int(ttl), "IN", rtype, data))


@loopback.test("what only a resolver's words can show: stale, blocked, refused, silent, TTLs within a set, no way out")
def resolvers(box):
    def says(reply, name, rtype):
        if name == "stale." and rtype in ("A", "AAAA"):
            put(reply, f"stale. 30 {rtype} " + ("192.0.2.1" if rtype == "A" else "2001:db8::1"))
            reply.use_edns(0, options=[dns.edns.EDEOption(3, "asked \x1b[31m in vain")])
        elif name in ("cut0.", "cut1."):    # wherever its words are cut, it is within a character for one of the two
            reply.use_edns(0, options=[dns.edns.EDEOption(22, "a" * int(name[3]) + "\u00e9" * 90)])
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif name == "blocked.":
            reply.use_edns(0, options=[dns.edns.EDEOption(15)])
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif name == "set." and rtype in ("A", "AAAA"):
            reply.flags |= dns.flags.AA
            put(reply, *(f"set. {ttl} {rtype} {data}" for ttl, data in zip(
                (300, 60), ("192.0.2.1", "192.0.2.2") if rtype == "A" else ("2001:db8::1", "2001:db8::2"))))
        elif name == "far." and rtype in ("SOA", "NS"):
            put(reply, f"far. 300 {rtype} " + ("ns.far. h. 1 1 1 1 1" if rtype == "SOA" else "ns.far."))
        elif name == "." and rtype in ("SOA", "NS"):
            put(reply, f". 300 {rtype} " + ("ns.far. h. 1 1 1 1 1" if rtype == "SOA" else "ns.far."))
        elif name == "ns.far." and rtype in ("A", "AAAA"):
            put(reply, f"ns.far. 30 {rtype} " + ("192.0.2.1" if rtype == "A" else "2001:db8::1"))
    box.things.append(Fake(says))
    weir = type("Program", (), {"program": loopback_program()})
    seen = finds(weir, "stale", *["warning stale stale."] * 2, "note not-probed stale.", to=FAKE)
    need("asked \\x1b[31m in vain" in seen["findings"][0]["what"], seen)
    for name in ("cut0", "cut1"):
        seen = finds(weir, name, f"error failed {name}.", words=("--resolver-only",), to=FAKE)
        need("\u00e9" * 50 in seen["findings"][0]["what"], seen)
    finds(weir, "blocked", *["error blocked blocked."], to=FAKE)
    finds(weir, "set", "warning ttl-set set.", "warning ttl-set set.", "note not-probed set.", to=FAKE)
    finds(weir, "far", "note servers-unheard far.", to=FAKE)
    finds(weir, "x", *["error no-reply x."], to="127.0.5.9")
    box.things.append(Servers().ready())
    finds(weir, "elsewhere.test", "error refused elsewhere.test.", to=CHILD)
    quiet = finds(weir, "_x._tcp.example", "error no-time _x._tcp.example.", words=("--timeout", "1"), to=SILENT)
    need(quiet["time_ms"] < 10000, quiet)


@loopback.test("an error behind more notes than are shown is shown, counted, and the exit status")
def many(box):
    def says(reply, name, rtype):
        if name == "_a._tcp.many." and rtype == "SRV":
            put(reply, *(f"{name} 60 SRV 0 0 80 t{i}.many." for i in range(7)))
        elif name == "t6.many.":
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif name.endswith(".many.") and rtype == "A":
            put(reply, *(f"{name} 60 A 198.51.{name[1]}.{i}" for i in range(12)))
        elif name.endswith(".in-addr.arpa.") and rtype == "PTR":
            put(reply, f"{name} 60 PTR other.many.")
    box.things.append(Fake(says))
    weir = type("Program", (), {"program": loopback_program()})
    status, found, seen = check(weir, "_a._tcp.many", "--resolver-only", to=FAKE)
    equal((status, seen["ok"], seen["errors"], seen["warnings"], seen["notes"]), (1, False, 1, 6, 72), seen)
    equal((len(found), seen["more"]), (64, 15))
    need("error target-nxdomain _a._tcp.many." in found, found)
    done = subprocess.run([weir.program, "check", "name", "_a._tcp.many", "-r", f"@{FAKE}"], capture_output=True, text=True,
                          timeout=60, check=False)
    equal(done.returncode, 1)
    need(done.stdout.startswith("error target-nxdomain: "), done.stdout)
    need(": 1 error, 6 warnings, 72 notes, of which 15 are not shown (" in done.stdout.splitlines()[-1], done.stdout)


@loopback.test("a stranger's zone does not make the doctor knock at this machine, at a group, or at all")
def strangers(box):
    def says(reply, name, rtype):
        if name in ("_stun._udp.far.", "_x._tcp.far.") and rtype == "SRV":
            put(reply, f"{name} 60 SRV 0 0 5353 m.far.")
        elif name == "m.far." and rtype == "A":
            put(reply, *(f"m.far. 60 A {a}" for a in ("127.0.0.1", "224.0.0.251", "255.255.255.255", "0.0.0.0", "127.255.255.255")))
        elif name == "m.far." and rtype == "AAAA":
            put(reply, *(f"m.far. 60 AAAA {a}" for a in ("::1", "::ffff:127.0.0.1", "ff02::fb", "::")))
    box.things.append(Fake(says))
    weir = type("Program", (), {"program": loopback_program()})
    subprocess.run(["ip", "link", "set", "lo", "multicast", "on"], check=True)
    subprocess.run(["ip", "route", "add", "224.0.0.0/4", "dev", "lo"], check=True)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp, socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as tcp:
        udp.bind(("::", 5353))    # whatever comes to this machine, of both families
        tcp.bind(("::", 5353))
        tcp.listen(8)
        group = socket.inet_aton("224.0.0.251") + socket.inet_aton("127.0.0.1")
        udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        for name in ("_stun._udp.far", "_x._tcp.far"):
            seen = finds(weir, name, *["error bad-address m.far."] * 6, *["warning local-address m.far."] * 3, to=FAKE)
            equal(seen["probes"], 0)
        for sock in (udp, tcp):    # the doctor has ended: what it sent over loopback is here
            sock.setblocking(False)
        for take in (lambda: udp.recv(100), tcp.accept):
            try:
                need(False, take())
            except BlockingIOError:
                pass
    subprocess.run(["ip", "route", "del", "224.0.0.0/4", "dev", "lo"], check=True)


@loopback.test("words that are not understood end with 2 and a sentence; the document is what is printed")
def words(box):
    program = loopback_program()
    for line in (("name",), ("name", "a", "b"), ("name", "a..b"), ("name", "a", "@1.2.3.4", "@1.2.3.4"), ("name", "a", "--port", "x"),
                 ("name", "a", "--port", "0"), ("name", "a", "--port", "1,"), ("name", "a", "--port", "1,2,3,4,5,6,7,8,9"),
                 ("name", "a", "--timeout", "0"), ("name", "a", "--timeout", "601"), ("name", "a", "--schema"), ("x.yaml", "--port", "1")):
        done = subprocess.run([program, "check", *line], capture_output=True, text=True, timeout=60, check=False)
        equal((done.returncode, done.stdout), (2, ""), line)
        need("usage: weir check" in done.stderr, done.stderr)
    done = subprocess.run([program, "check", "name", "--doc"], capture_output=True, text=True, timeout=60, check=False)
    with open(os.path.join(loopback.TOP, "docs", "doctor.md"), encoding="utf-8") as f:
        equal(done.stdout, f.read())
    done = subprocess.run([program, "check", "name", "a", "-s", "/nonexistent"], capture_output=True, text=True, timeout=60, check=False)
    equal(done.returncode, 1)
    need("no daemon answers" in done.stderr, done.stderr)


try:
    peer("knotd"), peer("nsd")
except LabError as why:
    print(why)
    sys.exit(loopback.SKIPPED)
loopback.main()
