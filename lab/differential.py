#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make differential: the same few thousand names asked of weir and of other validating resolvers in the lab.

    lab/differential.py [PATTERN]      only names that contain PATTERN
    WEIR=path                          the program to compare (default: the one that make builds)

All of them recurse from the lab's root with its keys; each is asked once for each name and type, with DO, over UDP and where
truncated over TCP. Compared are the rcode, the answer without signatures and TTL, and AD. Every disagreement is printed, those
that are alike together, with its explanation where one is known (EXPLAINED). Exit 0, or 1 when weir disagrees with
all the others, 2 when there was nobody to compare it with.
"""

import collections
import concurrent.futures
import itertools
import os
import re
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

import clients
import lab
import servers
import world
from gateway import RECURSION
from spaces import MARK, RUN, TOP, LabError, peer
from story import until

OTHERS = {"kresd": ("192.0.2.54", "2001:db8:99::54"), "pdns": ("192.0.2.55", "2001:db8:99::55")}
WINDOW = 24          # questions in flight at one server
PATIENCE = 4.0       # seconds for one try
TRIES = 3
TYPES = ["A", "AAAA", "MX", "TXT", "NS", "SOA", "DS", "DNSKEY", "CNAME", "HTTPS", "NSEC", "NSEC3PARAM"]
LABELS = ["", "www.", "mail.", "text.", "alias.", "away.", "a.wild.", "b.a.wild.", "wild.", "empty.", "deep.empty.",
          "deep.moved.", "moved.", "no.deep.empty.", "*.wild."]
SINGLE = ["api.camera.example. A", "stream.camera.example. A", "stream.camera.example. AAAA", "time.camera.example. A",
          "manifest.firmware.example. TXT", "x.device.firmware.example. A", "_http._tcp.camera.example. SRV",
          "hop1.example.net. A", "round.example.net. A", "camera.cdn.example.net. A", "many.cloud.example. A",
          "_mqtts._tcp.cloud.example. SRV", "gone.optout.example. A", "www.plain.optout.example. A",
          "x.gone.optout.example. TXT", "nothing. A", ". NS", ". SOA", ". DNSKEY", "NOTHING.Camera.Example. A"]
# What is known: (the server that differs from all others, in what, where) -> why. "": whoever, whatever.
EXPLAINED = [
    ("pdns", "rcode,answer,ad", r"\.nodenial\.example\.", "remembers the unproven denial of one type for the whole name"),
    ("pdns", "rcode,answer", r"^deep\.moved\.", "takes the NSEC3 around deep.moved for its denial, though a DNAME is above it"),
    ("pdns", "rcode,answer,ad", r"^(early|expired)\.example\. DNSKEY$",
     "hands out the keys it fetched for itself, whose signatures it refuses"),
    ("pdns", "answer", r"^deep\.moved\.(early|expired)\.", "leaves the unproven DNAME in its SERVFAIL"),
    ("pdns", "ad", r"\.(island|unknown)\.example\.", "sets AD on remembered denials of a zone that it calls insecure"),
    ("pdns", "ad", r"gone\.optout\.example\.", "sets AD on a SERVFAIL"),
    ("pdns", "ad", r"iterated\.example\.", "its verdict depends on which denial of the zone, all counting too often, it met before"),
    ("pdns", "ad", r"^(away|alias|deep\.moved)\.", "calls a chain secure by its first link, whatever its end is"),
    ("kresd", "ad", r"iterated\.example\.", "calls the zone insecure as soon as it has met an NSEC3 that counts too often"),
    ("kresd", "answer", r"^round\.example\.net\.", "leaves the loop of aliases in its SERVFAIL"),
    ("", "", r"\.wild\..* NSEC$", "the server sends the expanded NSEC without a proof that nothing closer exists; "
     "weir and kresd miss the proof, unbound and pdns take the record itself for it"),
    ("kresd", "", r"^(alias|away|deep\.moved)\..* NSEC$", "does not follow an alias for the type NSEC"),
]


def names():
    """(name, type), each once, in an order that mixes the zones."""
    zones = sorted({zone for zones in world.KNOT.values() for zone in zones} | set(world.NSD) | set(world.BROKEN))
    found = [(label + zone if zone != "." else (label or "."), rtype)
             for label, rtype, zone in itertools.product(LABELS, TYPES, zones)]
    found += [(f"nx{i}.{zone if zone != '.' else ''}", "A") for i, zone in itertools.product(range(12), zones)]
    found += [tuple(text.split()) for text in SINGLE]
    return list(dict.fromkeys(found))


# The others

def start_kresd(node, anchors):
    """In a root directory of its own: it looks for its modules at a fixed place."""
    root, home = os.path.join(TOP, "build", "peers", "root"), os.path.join(RUN, "kresd")
    if not os.path.exists(os.path.join(root, "usr/sbin/kresd")):
        return "not among the unpacked peers"
    os.makedirs(home, exist_ok=True)
    for what, how in ((RUN, "--bind"), ("/dev", "--rbind")):
        target = root + what
        os.makedirs(target, exist_ok=True)
        subprocess.run(["mount", how, what, target], check=True)
    root4, root6 = world.INTERNET["root"]
    lines = "".join(f"net.listen('{address}', 53, {{ kind = 'dns' }})\n" for address in OTHERS["kresd"])
    conf = servers.write(os.path.join(home, "kresd.conf"), f"""{lines}modules = {{ 'hints' }}
hints.root({{ ['a.root-servers.net.'] = {{ '{root4}', '{root6}' }} }})
cache.size = 32 * MB
""" + "".join(f"trust_anchors.add('{anchor}')\n" for anchor in anchors))
    node.start(["chroot", root, "/usr/sbin/kresd", "-n", "-c", conf, home], log=servers.log_of("kresd"))
    return None


def start_pdns(node, anchors):
    if not os.path.exists(os.path.join(TOP, "build", "peers", "bin", "pdns_recursor")):
        return "not among the unpacked peers"
    home = os.path.join(RUN, "pdns")
    hints = os.path.join(RUN, "public", "root.hints")
    ds = ", ".join(f'"{" ".join(anchor.split()[-4:])}"' for anchor in anchors)
    listen = ", ".join(f'"{address}"' for address in OTHERS["pdns"])
    servers.write(os.path.join(home, "recursor.yml"), f"""dnssec:
  validation: validate
  trustanchors: [{{name: ".", dsrecords: [{ds}]}}]
incoming: {{listen: [{listen}], allow_from: ["0.0.0.0/0", "::/0"]}}
outgoing: {{dont_query: [], source_address: ["0.0.0.0", "::"]}}
recursor: {{hint_file: "{hints}", socket_dir: "{home}", threads: 1, security_poll_suffix: "", setuid: "", setgid: ""}}
logging: {{disable_syslog: true, loglevel: 4}}
""")
    node.start([peer("pdns_recursor"), f"--config-dir={home}", "--daemon=no"], log=servers.log_of("pdns"))
    return None


def start_all(world_lab):
    """name -> address of each resolver that answers; the others are named with the reason."""
    with open(servers.ANCHOR) as file:
        anchors = file.read().splitlines()
    world_lab.start_gateway(lab.gateway.merge(RECURSION, {
        "allow": ["0.0.0.0/0"], "limits": {"client_rate": 0, "rrl_rate": 0, "client_inflight": 1000}}))
    found = {"weir": world.WAN[0], "unbound": world.INTERNET["public"][0]}
    for name, start in (("kresd", start_kresd), ("pdns", start_pdns)):
        node = world_lab.add_machine(name, *OTHERS[name])
        why = start(node, anchors)
        up = not why and until(lambda n=name: servers.answers(world_lab.nodes["outsider"], OTHERS[n][0], "camera.example.",
                                                              2.0), 20)
        if up:
            found[name] = OTHERS[name][0]
        else:
            print(f"differential: {name} is left out: {why or 'it does not answer; ' + tail(name)}")
    return found


def tail(name):
    with open(servers.log_of(name), errors="replace") as file:
        return " | ".join(file.read().splitlines()[-4:])


# Asking

Outcome = collections.namedtuple("Outcome", "rcode answer ad ede")
SILENT = Outcome("no reply", (), False, ())


def read(wire):
    message = dns.message.from_wire(wire)
    answer = sorted({f"{rrset.name.to_text().lower()} {dns.rdatatype.to_text(rrset.rdtype)} {rdata.to_text().lower()}"
                     for rrset in message.answer if rrset.rdtype != dns.rdatatype.RRSIG for rdata in rrset})
    ede = tuple(sorted({(int(option.code), option.text or "") for option in message.options if option.otype == 15}))
    return Outcome(dns.rcode.to_text(message.rcode()), tuple(answer), bool(message.flags & dns.flags.AD), ede)


def ask_tcp(node, address, wire):
    with clients.tcp_socket(node, address) as sock:
        sock.settimeout(PATIENCE)
        sock.sendall(clients.frame(wire))
        return clients.tcp_receive(sock)


class Asker:
    """Asks one server all the questions, WINDOW at a time."""

    def __init__(self, node, address, questions):
        self.node, self.address = node, address
        self.todo = collections.deque((i, 0) for i in range(len(questions)))
        self.wires = [dns.message.make_query(name, rtype, want_dnssec=True, payload=1232, id=i & 0xffff).to_wire()
                      for i, (name, rtype) in enumerate(questions)]
        self.out = {}       # number -> (tries, deadline)
        self.outcomes = [SILENT] * len(questions)

    def run(self):
        with clients.udp_socket(self.node, self.address) as sock:
            while self.todo or self.out:
                while self.todo and len(self.out) < WINDOW:
                    number, tries = self.todo.popleft()
                    self.out[number] = (tries + 1, time.monotonic() + PATIENCE)
                    sock.send(self.wires[number])
                if select.select([sock], [], [], 0.05)[0]:
                    self._take(sock.recv(65535))
                self._expire()
        return self.outcomes

    def _take(self, wire):
        number = int.from_bytes(wire[:2], "big")
        if self.out.pop(number, None) is None:
            return
        try:
            if wire[2] & 2:
                wire = ask_tcp(self.node, self.address, self.wires[number])
            self.outcomes[number] = read(wire)
        except (dns.exception.DNSException, OSError, TypeError) as why:
            self.outcomes[number] = Outcome(f"unreadable: {why}", (), False, ())

    def _expire(self):
        now = time.monotonic()
        for number, (tries, deadline) in list(self.out.items()):
            if deadline < now:
                del self.out[number]
                if tries < TRIES:
                    self.todo.append((number, tries))


# Comparing

def differs(outcomes):
    """What of rcode, answer, AD is not the same everywhere."""
    return [field for field in ("rcode", "answer", "ad") if len({getattr(o, field) for o in outcomes.values()}) > 1]


def shown(outcome):
    records = f" {len(outcome.answer)} rr" if outcome.answer else ""
    return f"{outcome.rcode}{records}{' AD' if outcome.ad else ''}"


def alone(outcomes):
    """weir differs from every other in something in which it could agree with one."""
    return any(all(getattr(outcomes["weir"], field) != getattr(o, field) for n, o in outcomes.items() if n != "weir")
               for field in ("rcode", "answer", "ad"))


def explanation(name, rtype, outcomes, fields):
    for who, what, pattern, why in EXPLAINED:
        rest = {tuple(outcome[:3]) for server, outcome in outcomes.items() if server != who}
        known = not who or (who in outcomes and len(rest) == 1)
        if known and what in ("", ",".join(fields)) and re.search(pattern, f"{name} {rtype}"):
            return f"{who} {why}".strip()
    return ""


def report(questions, answers):
    """Print it all; True when weir stands alone somewhere."""
    groups = collections.defaultdict(list)
    against, lonely = collections.Counter(), 0
    for i, (name, rtype) in enumerate(questions):
        outcomes = {server: found[i] for server, found in answers.items()}
        fields = differs(outcomes)
        if not fields:
            continue
        is_alone = alone(outcomes)
        lonely += is_alone
        for server, outcome in outcomes.items():
            rest = collections.Counter(o[:3] for n, o in outcomes.items() if n != server)
            against[server] += rest.most_common(1)[0][0] != outcome[:3] and len(rest) == 1
        zone = ".".join(name.rstrip(".").split(".")[-2:]) + "."
        key = (is_alone, ",".join(fields), zone, tuple((s, shown(o)) for s, o in outcomes.items()),
               explanation(name, rtype, outcomes, fields))
        groups[key].append((name, rtype, outcomes))
    for (is_alone, fields, zone, outcomes, why), found in sorted(groups.items(), key=lambda g: (not g[0][0], g[0][2])):
        print(f"\n{'WEIR ALONE  ' if is_alone else ''}{zone}: {len(found)} questions differ in {fields}; e.g. "
              + ", ".join(f"{name} {rtype}" for name, rtype, _ in found[:3]))
        for server, text in outcomes:
            ede = " ".join(f"EDE {code} {words}" for code, words in found[0][2][server].ede)
            print(f"    {server:8} {text:28} {ede}")
        print(f"    why: {why or 'not explained'}")
    total = len(questions)
    print(f"\n{total} questions, {sum(map(len, groups.values()))} of them not answered alike")
    print(f"{'server':10}{'NOERROR':>9}{'NXDOMAIN':>10}{'SERVFAIL':>10}{'other':>7}{'AD':>7}{'alone':>7}")
    for server, found in answers.items():
        rcodes = collections.Counter(o.rcode for o in found)
        named = [rcodes.pop(r, 0) for r in ("NOERROR", "NXDOMAIN", "SERVFAIL")]
        print(f"{server:10}{named[0]:9}{named[1]:10}{named[2]:10}{sum(rcodes.values()):7}"
              f"{sum(o.ad for o in found):7}{against[server]:7}")
    unexplained = sum(len(found) for key, found in groups.items() if not key[-1])
    print(f"{unexplained} of the disagreements are not explained")
    print(f"weir disagrees with all others in {lonely} of {total} questions")
    return lonely > 0


def main():
    if not os.environ.get(MARK):
        done = subprocess.run([os.path.join(TOP, "tools", "peers.sh"), "knot-resolver", "pdns-recursor"], check=False)
        if done.returncode != 0:
            print("differential: kresd and pdns-recursor cannot be had")
    lab.enter()
    questions = [q for q in names() if len(sys.argv) < 2 or sys.argv[1] in " ".join(q)]
    with lab.Lab() as world_lab:
        found = start_all(world_lab)
        if len(found) < 2:
            return 2
        print(f"differential: {len(questions)} questions to {', '.join(found)}", flush=True)
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            jobs = {server: pool.submit(Asker(world_lab.nodes["outsider"], address, questions).run)
                    for server, address in found.items()}
            answers = {server: job.result() for server, job in jobs.items()}
        failed = report(questions, answers)
        print(f"{time.monotonic() - began:.0f} s")
        if failed:
            print(f"logs: {world_lab.save_logs()}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as problem:
        sys.exit(f"differential: {problem}")
