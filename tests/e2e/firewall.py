#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The firewall for real: a camera behind the gateway tries resolvers beyond it, through the kernel, with the rules that nft has loaded.

Three machines: the camera, the gateway (this namespace, where weir runs), and `net`, which has all foreign addresses and answers whatever
is sent to them. What counts is what the camera gets.
"""
import contextlib
import errno
import json
import os
import selectors
import socket
import struct
import subprocess
import sys
import threading
import time

import loopback
from loopback import equal, need, until

sys.path.insert(0, os.path.join(loopback.TOP, "lab"))
import spaces  # noqa: E402

MAC = "00:11:22:00:00:01"
CAMERA, GATE = ("192.168.7.30", "fd00:7::30"), ("192.168.7.1", "fd00:7::1")
FOREIGN, APPROVED, DOH = ("192.0.2.99", "2001:db8::99"), ("192.0.2.53", "2001:db8::53"), ("192.0.2.200", "2001:db8::200")
BACK = ("192.0.2.1", "2001:db8::1")
SOON_S = 5    # an answer or an error: a device that is rejected does not wait


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def nft(*words, rules=None):
    return run(spaces.peer("nft"), *words, input=rules)


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def sysctl(path, value):
    with contextlib.suppress(OSError), open(f"/proc/sys/net/{path}", "w", encoding="ascii") as file:
        file.write(value)


class Net:
    """The world beyond: it echoes at ports 53, 853, 443 and 8080 of all its addresses, over UDP and TCP."""

    def __init__(self, box):
        try:
            spaces.peer("nft")
        except spaces.LabError as why:
            raise loopback.Skipped(str(why)) from None
        self.node, self.choose = spaces.Node("net"), selectors.DefaultSelector()
        self.end = False
        run("ip", "link", "add", "name", "wan0", "type", "veth", "peer", "name", "eth0", "netns", f"/proc/{os.getpid()}/fd/{self.node.fd}")
        for back, length in zip(BACK, (24, 64)):
            run("ip", "addr", "add", f"{back}/{length}", "dev", "wan0", *(["nodad"] if length == 64 else []))
        run("ip", "link", "set", "dev", "wan0", "up")
        for addresses in (FOREIGN, APPROVED, DOH):
            self.node.address("eth0", f"{addresses[0]}/24", f"{addresses[1]}/64")
        self.node.ip("link", "set", "dev", "eth0", "up")
        self.node.ip("route", "add", "default", "via", BACK[0])
        self.node.ip("-6", "route", "add", "default", "via", BACK[1])
        with self.node.inside():
            for port in (53, 853, 443, 8080):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    self.listen(kind, port)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        box.things.append(self)

    def listen(self, kind, port):
        """UDP: one socket an address, for the answer has to come from there."""
        everywhere = [a for both in (FOREIGN, APPROVED, DOH) for a in both] if kind == socket.SOCK_DGRAM else ["::"]
        for address in everywhere:
            s = socket.socket(family(address), kind)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((address, port))
            if kind == socket.SOCK_STREAM:
                s.listen(64)
            s.setblocking(False)
            self.choose.register(s, selectors.EVENT_READ, kind == socket.SOCK_STREAM)

    def serve(self):
        while not self.end:
            for key, _ in self.choose.select(0.2):
                with contextlib.suppress(OSError):
                    self.one(key)

    def one(self, key):
        s = key.fileobj
        if key.data is True:
            taken, _ = s.accept()
            taken.setblocking(False)
            self.choose.register(taken, selectors.EVENT_READ, None)
        elif key.data is False:
            wire, client = s.recvfrom(2048)
            s.sendto(wire, client)
        else:
            wire = s.recv(2048)
            if wire:
                s.sendall(wire)
            else:
                self.choose.unregister(s)
                s.close()

    def close(self):
        self.end = True
        self.thread.join(5)
        for key in list(self.choose.get_map().values()):
            key.fileobj.close()
        subprocess.run(["ip", "link", "del", "dev", "wan0"], check=False)
        os.close(self.node.fd)


class Camera:
    def __init__(self, box):
        self.node = spaces.Node("cam")
        run("ip", "link", "add", "name", "lan0", "type", "veth", "peer", "name", "eth0", "netns", f"/proc/{os.getpid()}/fd/{self.node.fd}")
        for gate, length in zip(GATE, (24, 64)):
            run("ip", "addr", "add", f"{gate}/{length}", "dev", "lan0", *(["nodad"] if length == 64 else []))
        run("ip", "link", "set", "dev", "lan0", "up")
        self.node.ip("link", "set", "dev", "eth0", "address", MAC)
        self.node.address("eth0", f"{CAMERA[0]}/24", f"{CAMERA[1]}/64")
        self.node.ip("link", "set", "dev", "eth0", "up")
        self.node.ip("route", "add", "default", "via", GATE[0])
        self.node.ip("-6", "route", "add", "default", "via", GATE[1])
        for path in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            sysctl(path, "1")
        for path in ("ipv4/icmp_ratelimit", "ipv6/icmp/ratelimit"):    # each try is told
            sysctl(path, "0")
        box.things.append(self)

    def open(self, address, port, tcp, seconds=SOON_S):
        with self.node.inside():
            s = socket.socket(family(address), socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        s.settimeout(seconds)
        try:
            s.connect((address, port))
        except OSError:
            s.close()
            raise
        return s

    def tries(self, address, port, tcp, seconds=SOON_S):
        """'echo', 'refused' (a reset or an ICMP error, at once), or 'silence'."""
        began = time.monotonic()
        try:
            with self.open(address, port, tcp, seconds) as s:
                s.sendall(b"hello")
                need(s.recv(100) == b"hello", "another answer")
                return "echo"
        except ConnectionRefusedError:
            need(time.monotonic() - began < SOON_S, "late")
            return "refused"
        except OSError as why:
            prohibited = why.errno in (errno.EHOSTUNREACH, errno.EACCES) and time.monotonic() - began < SOON_S
            return "refused" if prohibited else "silence"

    def ask(self, name, gate=GATE[0]):
        wire = loopback.question(name, edns=True)
        with self.open(gate, 5300, False) as s:
            s.settimeout(loopback.PATIENCE_S)
            s.sendall(wire)
            return loopback.read_reply(s.recv(4096))

    def close(self):
        subprocess.run(["ip", "link", "del", "dev", "lan0"], check=False)
        os.close(self.node.fd)


def settings(box, weir, **more):
    feed = os.path.join(weir.folder, "doh.txt")
    with open(feed, "w", encoding="ascii") as file:
        file.write("".join(f"{address}\n" for address in DOH) + "192.168.0.0/16\n198.0.0.0/8\n")    # the last two are not obeyed
    segment = {"name": "cameras", "interfaces": ["lan0"], "foreign_dns": "reject", "resolvers": list(APPROVED), **more.pop("segment", {})}
    firewall = {"enabled": True, "nft": spaces.peer("nft"), "doh_feeds": ["doh"], **more.pop("firewall", {})}
    return box.settings([box.upstream()], user="", listen=["127.0.0.1:5300", f"{GATE[0]}:5300", f"[{GATE[1]}]:5300"],
                        allow=["127.0.0.0/8", "192.168.7.0/24", "fd00:7::/64"], segments=[segment],
                        feeds=[{"name": "doh", "from": feed, "format": "addresses"}], firewall=firewall,
                        registry={"file": os.path.join(weir.folder, "devices"), "oui": ""}, **more)


def begin(box, **more):
    net, camera, weir = Net(box), Camera(box), box.weir(start=False)
    box.things.append(Table())
    weir.configure(settings(box, weir, **more))
    return net, camera, weir.start()


class Table:
    """Nothing is left of one test for the next."""

    def close(self):
        subprocess.run([spaces.peer("nft"), "flush", "ruleset"], check=False)


def cli(weir, *words, fails=False):
    done = subprocess.run([weir.program, *words, "--socket", weir.control, "--json"], capture_output=True, text=True, check=False)
    need(done.returncode == (1 if fails else 0), done)
    return json.loads(done.stdout)["error"] if fails else json.loads(done.stdout)


def lines_of(weir, *words):
    """What people are told: a line each, its blanks as one."""
    done = subprocess.run([weir.program, *words, "--socket", weir.control], capture_output=True, text=True, check=True)
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def shown(weir):
    return cli(weir, "firewall", "show")


def table():
    """The rules without counts and handles; None: there is none."""
    done = subprocess.run([spaces.peer("nft"), "-s", "list", "table", "inet", "weir"], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


@loopback.test("only approved resolvers: 53, 853 and known DoH addresses are refused at once over UDP and TCP, v4 and v6, and counted")
def approved(box):
    _, camera, weir = begin(box)
    equal(cli(weir, "status")["firewall"], {"state": "in force", "problem": None, "repairs": 0, "quarantined": 0, "leases": 0})
    for which in (0, 1):
        for tcp in (True, False):
            for port in (53, 853):
                equal(camera.tries(FOREIGN[which], port, tcp), "refused", (FOREIGN[which], port, tcp))
                equal(camera.tries(APPROVED[which], port, tcp), "echo", (APPROVED[which], port, tcp))
            equal(camera.tries(DOH[which], 443, tcp), "refused", (DOH[which], tcp))
            equal(camera.tries(DOH[which], 8080, tcp), "refused", (DOH[which], tcp))
            equal(camera.tries(FOREIGN[which], 443, tcp), "echo", (FOREIGN[which], tcp))
    counts = shown(weir)["segments"]
    equal(counts, [{"segment": "cameras", "foreign_dns": "reject", "reach": "any", "dns": 4, "encrypted": 4, "doh": 8, "unleased": 0, "discovery": 0}])
    equal(camera.ask("a.example").rcode, 0)
    text = subprocess.run([weir.program, "firewall", "--socket", weir.control], capture_output=True, text=True, check=True).stdout
    need("in force" in text and "cameras" in text, text)
    # A list that changes, to one longer than a socket holds, changes a set, and the counts stay; a segment that may do as it likes again has no rules.
    with open(os.path.join(weir.folder, "doh.txt"), "w", encoding="ascii") as file:
        file.write(f"{DOH[1]}\n" + "".join(f"5.{n >> 8}.{n & 255}.1\n" for n in range(10000)))
    until("the list is taken", lambda: camera.tries(DOH[0], 443, True) == "echo")
    equal(cli(weir, "status")["firewall"], {"state": "in force", "problem": None, "repairs": 0, "quarantined": 0, "leases": 0})
    need("5.39.15.1" in table(), "the list is cut off")
    need(shown(weir)["segments"][0]["doh"] >= 8, shown(weir))
    equal(cli(weir, "firewall", "apply")["repairs"], 0)
    equal(camera.tries(DOH[1], 443, True), "refused")
    weir.configure(settings(box, weir, segment={"foreign_dns": "pass"}))
    cli(weir, "reload")
    until("foreign resolvers pass", lambda: camera.tries(FOREIGN[0], 53, True) == "echo")


@loopback.test("a list of DNS over HTTPS that has not come is told as the problem, until it is there")
def list_lacks(box):
    _, _, weir = begin(box)
    path = os.path.join(weir.folder, "doh.txt")
    os.rename(path, path + ".away")
    weir.stop()
    for name in os.listdir(weir.folder):    # nor is one kept
        if name.startswith("doh") and not name.endswith(".away"):
            os.remove(os.path.join(weir.folder, name))
    weir.start()
    need("no address in the list doh (firewall.doh_feeds)" in (shown(weir)["problem"] or ""), shown(weir))
    os.rename(path + ".away", path)
    until("the list is in force", lambda: shown(weir)["problem"] is None)


@loopback.test("where it is off, the key that turns it on is told, and what it needs")
def off(box):
    weir = box.weir([box.upstream()])
    seen = shown(weir)
    equal(seen["state"], "off")
    refused = [cli(weir, "firewall", verb, fails=True) for verb in ("apply", "leases", "bypass")]
    for text in (seen["problem"], *refused):
        for word in ("`firewall.enabled: true`", "restart", "package nftables", "CAP_NET_ADMIN"):
            need(word in text, (word, text))
    need("problem: the firewall is off: `firewall.enabled: true`" in "\n".join(lines_of(weir, "firewall")), lines_of(weir, "firewall"))
    equal(cli(weir, "status")["firewall"], {"state": "off", "problem": None})    # it is as the owner wants it


ABROAD = ("8.8.8.8", "2001:4860:4860::8888"), ("1.1.1.1", "2606:4700:4700::1111")    # no machine has them here


def asked(weir):
    """Whom queries were sent to that weir answered in their place: (name, address and port, transport)."""
    done = subprocess.run([weir.program, "log", "--json", "--asked", "::/0", "--socket", weir.control], capture_output=True, text=True, check=True)
    more = subprocess.run([weir.program, "log", "--json", "--asked", "0.0.0.0/0", "--socket", weir.control], capture_output=True, text=True, check=True)
    events = [json.loads(line) for line in (done.stdout + more.stdout).splitlines()]
    return {(e["name"], e["asked"], e["transport"], e["segment"]) for e in events}


def way():
    """The rules for marked packets, by what they look up, and their route, of both families."""
    both = []
    for six in ([], ["-6"]):
        rules = [line.split("lookup")[1].strip() for line in run("ip", *six, "rule").splitlines() if "fwmark 0x53000000" in line]
        done = subprocess.run(["ip", *six, "route", "show", "table", "5353"], capture_output=True, text=True, check=False)
        both.append((rules, done.stdout.split()[:2]))
    return both


HERE, NOWHERE = [(["main", "5353"], ["local", "default"])] * 2, [([], [])] * 2


def dig(camera, name, server, tcp):
    """kdig takes an answer from the address that it asked alone."""
    done = camera.node.run([spaces.peer("kdig"), name, f"@{server}", "+tcp" if tcp else "+notcp", "+retry=0", "+timeout=5"])
    need("status: NOERROR" in done.stdout and f"From {server}@53({'TCP' if tcp else 'UDP'})" in done.stdout, done)


def asks_abroad(camera, weir, domain):
    """Four resolvers over UDP and TCP: each answers, and each is named in the log."""
    want = set()
    for n, pair in enumerate(ABROAD):
        for which in (0, 1):
            for tcp in (False, True):
                name = f"{'ut'[tcp]}{n}{which}.{domain}"
                dig(camera, name, pair[which], tcp)
                server = pair[which] if which == 0 else f"[{pair[which]}]"
                want.add((name, f"{server}:53", "tcp" if tcp else "udp", "cameras"))
    equal(asked(weir), want)


@loopback.test("hairpin: who insists on a foreign resolver is answered by weir from that address, over UDP and TCP, v4 and v6, and the log names it")
def hairpin(box):
    _, camera, weir = begin(box, segment={"foreign_dns": "answer"})
    equal(way(), HERE)
    asks_abroad(camera, weir, "example.")
    tried = board(weir)    # answered or not: who asks others is on the board, once for each address
    need(all(tried.get(("dns", address, protocol, 53), 0) >= 1 for pair in ABROAD for address in pair for protocol in ("udp", "tcp")), tried)
    one = cli(weir, "log", "--asked", ABROAD[1][0], "--count", "1")
    equal((one["asked"], one["client"].rpartition(":")[0]), ("1.1.1.1:53", CAMERA[0]))
    text = subprocess.run([weir.program, "log", "--asked", ABROAD[0][1], "--socket", weir.control], capture_output=True, text=True, check=True)
    need("asked [2001:4860:4860::8888]:53" in text.stdout, text)
    # Resolvers that are there are not asked; approved ones are. What is not at port 53 is rejected. The gateway has a port 53 of its own: nobody there.
    for which in (0, 1):
        for tcp in (False, True):
            dig(camera, "there.example.", FOREIGN[which], tcp)
            equal(camera.tries(APPROVED[which], 53, tcp), "echo")
            equal(camera.tries(FOREIGN[which], 853, tcp), "refused")
            equal(camera.tries(GATE[which], 53, tcp), "refused")
    # Who writes another's address on it, and is not behind the interface, is told nothing.
    camera.node.ip("addr", "add", "203.0.113.77/32", "dev", "eth0")
    camera.node.ip("route", "add", "8.8.4.4/32", "via", GATE[0], "src", "203.0.113.77")
    with camera.open("8.8.4.4", 53, False) as s:
        s.sendall(loopback.question("spoofed.example"))
    dig(camera, "behind.example.", ABROAD[0][0], False)
    need("spoofed.example." not in {name for name, *_ in asked(weir)}, asked(weir))
    # Nobody reaches the sockets by their address.
    for address in ("192.0.0.8", "100::8"):
        with socket.socket(family(address), socket.SOCK_STREAM) as s:
            s.settimeout(0.3)
            need(s.connect_ex((address, 53)) != 0, address)
    # A question in two fragments is a question.
    camera.node.ip("link", "set", "dev", "eth0", "mtu", "1280")
    for server in ABROAD[0]:
        with camera.open(server, 53, False) as s:
            s.setsockopt(*((socket.IPPROTO_IPV6, 23) if ":" in server else (socket.IPPROTO_IP, 10)), 0)    # _MTU_DISCOVER: never
            padded = loopback.question("split.example", edns=True)[:-2] + struct.pack("!HHH", 1304, 12, 1300) + bytes(1300)
            s.sendall(padded)
            equal(loopback.read_reply(s.recv(4096)).rcode, 0)
    # Who is in quarantine has DNS of the gateway, and nobody else's.
    device = until("it is known", lambda: next((d for d in cli(weir, "devices")["devices"] if set(CAMERA) <= set(d["addresses"])), None))
    cli(weir, "device", "quarantine", device["id"])
    need(MAC in table(), table())
    equal(camera.tries(ABROAD[0][0], 53, False, 0.3), "silence")
    equal(camera.ask("a.example").rcode, 5)
    cli(weir, "device", "release", device["id"])
    # Another tool's flush takes nothing for long.
    nft("flush", "ruleset")
    until("it is repaired", lambda: "hairpin" in (table() or ""))
    # The mark is heeded where packets come in, whatever else heeds marks.
    sysctl("ipv4/conf/all/src_valid_mark", "1")
    sysctl("ipv4/tcp_fwmark_accept", "1")
    for tcp in (False, True):
        dig(camera, "marked.example.", ABROAD[0][0], tcp)
    # It is the same after a kill, and after a reload that takes it away and back.
    weir.stop(9)
    equal(way(), HERE)
    for which in (0, 1):    # without a socket they are rejected
        equal(camera.tries(FOREIGN[which], 53, True), "refused")
        equal(camera.tries(FOREIGN[which], 53, False), "refused")
    weir.start()
    equal(way(), HERE)
    dig(camera, "again.example.", ABROAD[0][0], False)
    weir.configure(settings(box, weir, segment={"foreign_dns": "pass"}))
    cli(weir, "reload")
    until("it passes", lambda: camera.tries(FOREIGN[0], 53, False, 0.3) == "echo")
    until("no way is left", lambda: way() == NOWHERE)
    nft("-f", "-", rules="table ip nat {\n chain c {\n type nat hook postrouting priority 100;\n oifname wan0 masquerade\n }\n}\n")
    flow = camera.open(FOREIGN[0], 53, False)    # it has the gateway's address, as long as it is known
    flow.sendall(b"hello")
    equal(flow.recv(100), b"hello")
    weir.configure(settings(box, weir, segment={"foreign_dns": "answer"}))
    cli(weir, "reload")
    equal(cli(weir, "firewall", "apply")["problem"], None)
    equal(way(), HERE)
    flow.sendall(loopback.question("flow.example"))
    equal(loopback.read_reply(flow.recv(4096)).rcode, 0)
    flow.close()
    dig(camera, "back.example.", ABROAD[0][1], False)
    # A bridge whose packets are shown to the filter before they are the gateway's would lose the sockets: it is rejected, and told.
    call = "/proc/sys/net/bridge/bridge-nf-call-iptables"
    if os.path.exists(call):
        run("ip", "link", "add", "name", "br-x", "type", "bridge")
        sysctl("bridge/bridge-nf-call-iptables", "1")
        weir.configure(settings(box, weir, segment={"foreign_dns": "answer", "interfaces": ["lan0", "br-x"]}))
        cli(weir, "reload")
        until("it is told", lambda: "br_netfilter" in (shown(weir)["problem"] or ""))
        equal([camera.tries(address, 53, False) for address in FOREIGN], ["refused"] * 2)
        for path in ("bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"):
            sysctl(path, "0")
        equal(cli(weir, "firewall", "apply")["problem"], None)
        dig(camera, "bridged.example.", ABROAD[0][1], False)
        run("ip", "link", "del", "dev", "br-x")
    equal(weir.stop(), 0)
    equal(way(), NOWHERE)
def advertise(camera, option, hops=255):
    """The camera says that it is a router of its link (RFC 4861, 4.2), with its MAC address and this option."""
    with camera.node.inside():
        s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    with s:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
        source = bytes((1, 1)) + bytes.fromhex(MAC.replace(":", ""))
        with camera.node.inside():
            s.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 0, 0, 0) + source + option, ("ff02::1", 0, 0, socket.if_nametoindex("eth0")))


def rdnss(address, lifetime=600):
    return struct.pack("!BBHI", 25, 3, 0, lifetime) + socket.inet_pton(socket.AF_INET6, address)


def dnr(address):
    """RFC 9463 section 6.1, with a name and no service parameters."""
    body = struct.pack("!HIH", 1, 600, 8) + b"\x03dot\x02ex" + b"\0" + struct.pack("!H", 16) + socket.inet_pton(socket.AF_INET6, address) + struct.pack("!H", 0)
    body += b"\0" * (-(len(body) + 2) % 8)
    return struct.pack("!BB", 144, (len(body) + 2) // 8) + body


def hand(weir):
    """The process with the privilege."""
    with open(f"/proc/{weir.pid}/task/{weir.pid}/children", encoding="ascii") as file:
        for pid in file.read().split():
            with open(f"/proc/{pid}/comm", encoding="ascii") as name:
                if name.read().strip() == "weir-firewall":
                    return int(pid)
    raise AssertionError("there is none")


def log(weir):
    """What is noted of devices."""
    done = subprocess.run([weir.program, "log", "--json", "--kind", "device", "--socket", weir.control], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def board(weir, *device):
    """What was tried how often: {(what, to, protocol, port): count}."""
    result = cli(weir, "firewall", "bypass", *device)
    return {(t["what"], t["to"], t["protocol"], t["port"]): t["count"] for t in result["tries"]}


@loopback.test("who tries past weir is on the scoreboard, by device, to whom and how often, and once in the log; routers that tell other resolvers too")
def scoreboard(box):
    _, camera, weir = begin(box)
    equal((board(weir), cli(weir, "firewall", "bypass")["routers"]), ({}, "heard"))
    until("it is known", lambda: camera.ask("a.example").rcode == 0 and any(d["mac"] == MAC for d in cli(weir, "devices")["devices"]))
    for which in (0, 1):
        for _ in range(2):
            camera.tries(FOREIGN[which], 53, False)
        for port, tcp in ((53, True), (853, True), (853, False)):
            camera.tries(FOREIGN[which], port, tcp)
            camera.tries(APPROVED[which], port, tcp)
        camera.tries(DOH[which], 443, True)
        camera.tries(FOREIGN[which], 8080, True)
    for hops, option in ((255, rdnss(FOREIGN[1])), (255, rdnss(GATE[1])), (255, rdnss(APPROVED[1])), (255, rdnss("2001:db8::1", 0)),
                         (64, rdnss("2001:db8::2")), (255, dnr("2001:db8::3"))):
        advertise(camera, option, hops)
    want = {("router", FOREIGN[1], None, None): 1, ("router", "2001:db8::3", None, None): 1}
    for which in (0, 1):
        want |= {("dns", FOREIGN[which], "udp", 53): 2, ("dns", FOREIGN[which], "tcp", 53): 1, ("doh", DOH[which], "tcp", 443): 1,
                 ("encrypted", FOREIGN[which], "tcp", 853): 1, ("encrypted", FOREIGN[which], "udp", 853): 1}
    until("all is told", lambda: board(weir) == want)
    device = next(d for d in cli(weir, "devices")["devices"] if d["mac"] == MAC)
    equal(board(weir, device["id"]), want)
    need("no device" in cli(weir, "firewall", "bypass", "toaster", fails=True), "a device that is not there")
    need("no device, or more than one" in cli(weir, "firewall", "leases", "toaster", fails=True), "nor here")
    score = cli(weir, "firewall", "bypass")["devices"]
    equal([(s["id"], s["interface"], s["dns"], s["encrypted"], s["doh"], s["unleased"], s["router"]) for s in score], [(device["id"], "lan0", 6, 4, 2, 0, 2)])
    # For people a line each; it is found by its MAC address and by its address too.
    lines = lines_of(weir, "firewall", "bypass")
    need("device id interface dns encrypted doh unleased router last_seen" in lines, lines)
    need(any(line.startswith(f"{device['name']} {device['id']} lan0 6 4 2 0 2 20") for line in lines), lines)
    equal(sum(f" dns {FOREIGN[0]} 53/udp 2 20" in line for line in lines), 1, lines)
    equal(lines, lines_of(weir, "firewall", "bypass", MAC))
    equal((board(weir, MAC), board(weir, CAMERA[1])), (want, want))
    # Once each in the log, however often; and the counts go on when the table is written anew.
    camera.tries(FOREIGN[0], 53, False)
    want[("dns", FOREIGN[0], "udp", 53)] += 1
    equal(board(weir), want)
    before = shown(weir)["segments"][0]
    cli(weir, "firewall", "apply")
    nft("flush", "ruleset")
    until("it is repaired", lambda: cli(weir, "status")["firewall"]["repairs"] == 1)
    camera.tries(FOREIGN[0], 53, False)
    want[("dns", FOREIGN[0], "udp", 53)] += 1
    equal(board(weir), want)
    equal(shown(weir)["segments"], [before | {"dns": before["dns"] + 1}])
    figures = dict(line.rsplit(" ", 1) for line in weir.verb("metrics")["text"].splitlines() if line.startswith("weir_firewall_"))
    equal([figures[f"weir_firewall_{name}"] for name in (
        "in_force", "repairs_total", 'rejected_packets_total{segment="cameras",kind="dns"}', 'bypass_tries_total{what="dns"}', 'bypass_tries_total{what="router"}',
        "leases")], ["1", "1", str(before["dns"] + 1), "8", "2", "0"])
    lines = [e["text"] for e in log(weir) if "another resolver: " + FOREIGN[0] in e["text"]]
    equal(len(lines), 2, lines)
    need(all(device["id"] in line for line in lines), lines)
    # A hand that is lost is told; what was counted stays.
    os.kill(hand(weir), 9)
    until("it is told", lambda: cli(weir, "status")["firewall"]["state"] == "failed")
    need("the process that runs nft is gone" in weir.log(), weir.log())
    equal(board(weir), want)
    equal(camera.tries(FOREIGN[0], 53, False), "refused")


SSDP, MDNS6 = "239.255.255.250", "ff05::fb"


def route_groups(box):
    """The gateway forwards groups from lan0 to wan0, as a multicast router of it would (linux/mroute.h, mroute6.h)."""
    ways = [socket.if_nametoindex(name) for name in ("lan0", "wan0")]
    s4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP)
    s6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    box.things += [s4, s6]
    s4.setsockopt(socket.IPPROTO_IP, 200, struct.pack("i", 1))
    s6.setsockopt(socket.IPPROTO_IPV6, 200, struct.pack("i", 1))
    for n, index in enumerate(ways):
        s4.setsockopt(socket.IPPROTO_IP, 202, struct.pack("HBBIi4s", n, 8, 1, 0, index, b""))
        s6.setsockopt(socket.IPPROTO_IPV6, 202, struct.pack("HBBHI", n, 0, 1, index, 0))
    s4.setsockopt(socket.IPPROTO_IP, 204, socket.inet_aton(CAMERA[0]) + socket.inet_aton(SSDP) + struct.pack("H32s", 0, b"\0\1").ljust(52, b"\0"))
    ends = [struct.pack("HHI16sI", socket.AF_INET6, 0, 0, socket.inet_pton(socket.AF_INET6, a), 0) for a in (CAMERA[1], MDNS6)]
    s6.setsockopt(socket.IPPROTO_IPV6, 204, b"".join(ends) + struct.pack("HHI", 0, 0, 2).ljust(36, b"\0"))


def hears(net, camera, group, port):
    """Whether what the camera says to a group comes out beyond the gateway."""
    with net.node.inside():
        s = socket.socket(family(group), socket.SOCK_DGRAM)
        index = socket.if_nametoindex("eth0")
    with s:
        s.bind((group, port))
        if ":" in group:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, group) + struct.pack("i", index))
        else:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4si", socket.inet_aton(group), b"", index))
        s.settimeout(0.3)
        with camera.node.inside():
            out = socket.socket(family(group), socket.SOCK_DGRAM)
        with out:
            out.bind((CAMERA[":" in group], 0))
            out.setsockopt(*((socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS) if ":" in group else (socket.IPPROTO_IP, socket.IP_MULTICAST_TTL)), 8)
            out.sendto(b"who is there", (group, port))
        with contextlib.suppress(TimeoutError):
            return s.recv(100) == b"who is there"
        return False


@loopback.test("what devices say to find each other stays in the segment: mDNS, LLMNR and SSDP, to groups and to single addresses, and is counted")
def discovery(box):
    net, camera, weir = begin(box, segment={"foreign_dns": "pass", "resolvers": []})
    route_groups(box)
    groups = ((SSDP, 1900), (MDNS6, 5353), (SSDP, 7777))
    equal([hears(net, camera, group, port) for group, port in groups], [False] * 3)
    for which in (0, 1):
        equal([camera.tries(FOREIGN[which], port, tcp) for port, tcp in ((1900, False), (5353, False), (5355, False), (5355, True))], ["refused"] * 4)
        equal(camera.tries(FOREIGN[which], 443, False), "echo")
    equal(shown(weir)["segments"][0] | {"dns": 0}, {"segment": "cameras", "foreign_dns": "pass", "reach": "any", "dns": 0, "encrypted": 0, "doh": 0,
                                                "unleased": 0, "discovery": 11})
    # To its own link it is not forwarded, and where the owner lets it pass it passes.
    weir.configure(settings(box, weir, segment={"foreign_dns": "pass", "resolvers": [], "discovery": "pass"}))
    cli(weir, "reload")
    until("they pass", lambda: hears(net, camera, SSDP, 1900))
    equal([hears(net, camera, group, port) for group, port in groups], [True] * 3)


@loopback.test("the table is the same however often it is applied, is repaired when others flush it, outlives kill -9, and goes with a clean stop")
def life(box):
    _, camera, weir = begin(box)
    first = table()
    need(first and "192.0.2.53" in first and "192.168" not in first and "198.0.0.0" not in first, first)
    for _ in range(2):
        equal(cli(weir, "firewall", "apply")["state"], "in force")
        equal(table(), first)
    equal(shown(weir)["repairs"], 0)
    nft("-f", "-", rules="table ip other {\n chain c {\n type filter hook forward priority 0; policy accept;\n }\n}\n")
    equal(shown(weir)["repairs"], 0)
    for n, harm in enumerate((("flush", "ruleset"), ("flush", "chain", "inet", "weir", "forward"), ("delete", "table", "inet", "weir")), 1):
        nft(*harm)
        until("it is repaired", lambda: table() == first)
        equal(camera.tries(FOREIGN[0], 53, True), "refused")
        until("and counted", lambda: cli(weir, "status")["firewall"]["repairs"] == n)    # pylint: disable=cell-var-from-loop
    need("another program has changed or removed table inet weir" in weir.log(), weir.log())
    equal(cli(weir, "firewall", "remove")["state"], "removed")
    need("weir firewall apply" in shown(weir)["problem"], shown(weir))
    equal(table(), None)
    equal(camera.tries(FOREIGN[0], 53, True), "echo")
    equal(camera.ask("a.example").rcode, 0)
    equal(cli(weir, "firewall", "apply")["state"], "in force")
    weir.stop(9)
    equal(table(), first)
    equal(camera.tries(FOREIGN[0], 53, True), "refused")
    weir.start()
    equal((table(), cli(weir, "status")["firewall"]["state"]), (first, "in force"))
    equal(weir.stop(), 0)
    equal(table(), None)
    weir.configure(settings(box, weir, firewall={"keep": True}))
    weir.start()
    equal(weir.stop(), 0)
    equal(table(), first)


def claim(camera, address):
    """The camera says that it has another's address, by a neighbour solicitation (RFC 4861, 7.2.3: the gateway takes it for a neighbour)."""
    mac, to = bytes.fromhex(MAC.replace(":", "")), bytes.fromhex(json.loads(run("ip", "-j", "link", "show", "lan0"))[0]["address"].replace(":", ""))
    source, gate = (socket.inet_pton(socket.AF_INET6, a) for a in (address, GATE[1]))
    body = struct.pack("!BBHI16sBB6s", 135, 0, 0, 0, gate, 1, 1, mac)
    words = source + gate + struct.pack("!IHBB", len(body), 0, 0, 58) + body
    total = sum(struct.unpack(f"!{len(words) // 2}H", words))
    total = (total & 0xffff) + (total >> 16)
    total = (total & 0xffff) + (total >> 16)
    body = body[:2] + struct.pack("!H", ~total & 0xffff) + body[4:]
    with camera.node.inside(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("eth0", 0))
        s.send(to + mac + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + source + gate + body)


def talks(flow, word):
    """Whether the echo of it comes within a fifth of a second; what is late of others is thrown away."""
    flow.settimeout(0.2)
    end = time.monotonic() + 0.2
    got = b""
    with contextlib.suppress(TimeoutError):
        flow.sendall(word)
        while word not in got and time.monotonic() < end:
            got += flow.recv(4096)
    return word in got


@loopback.test("quarantine cuts open flows within a second, before another table's `established`, and leaves DNS of the gateway; release undoes it")
def quarantine(box):
    _, camera, weir = begin(box)
    nft("-f", "-", rules="table inet other {\n chain c {\n type filter hook forward priority 0; policy drop;\n"
        " ct state established,related accept\n iifname lan0 accept\n }\n}\n")
    flows = [camera.open(FOREIGN[which], 8080, True) for which in (0, 1)]
    for flow in flows:
        need(talks(flow, b"before"), "no flow")
    for which in (0, 1):
        equal(camera.ask("a.example", GATE[which]).rcode, 0)
    device = until("it is known by both addresses",
                   lambda: next((d for d in cli(weir, "devices")["devices"] if set(CAMERA) <= set(d["addresses"])), None))
    claim(camera, DOH[1])
    until("it has the address of another", lambda: DOH[1] in cli(weir, "device", device["id"])["addresses"])
    took = []
    for n in range(3):    # the best of some, for the machine may be busy
        began = time.monotonic()
        need(cli(weir, "device", "quarantine", device["id"])["firewall"], "not in force")
        took.append(time.monotonic() - began)
        for flow in flows:
            need(not talks(flow, b"after%d" % n), "the flow goes on")
        if n < 2:
            cli(weir, "device", "release", device["id"])
    need(min(took) < 1, took)
    equal([camera.tries(FOREIGN[0], port, tcp, 0.2) for port, tcp in ((8080, False), (53, True))], ["silence"] * 2)
    need(f'"lan0" . {DOH[1]}' in table(), table())
    with socket.create_connection((DOH[1], 8080), SOON_S) as own:
        need(talks(own, b"own"), "who claims an address cuts it off for others")
    reply = camera.ask("a.example")
    equal((reply.rcode, reply.ede), (5, 18))
    seen = shown(weir)["quarantine"]
    need(seen["devices"] == 1 and seen["dropped"] > 0 and seen["connections_cut"] >= 2, seen)
    # It is so after another tool's flush, and after a start.
    nft("flush", "table", "inet", "weir")
    until("it is repaired", lambda: MAC in (table() or ""))
    need(not talks(flows[0], b"flushed"), "the flow goes on")
    weir.stop(9)
    weir.start()
    need(MAC in table(), table())
    until("its neighbours are known again", lambda: f'"lan0" . {CAMERA[1]}' in table())
    cli(weir, "device", "release", device["id"])
    for flow in flows:
        until("the flow goes on", lambda: talks(flow, b"again"))    # pylint: disable=cell-var-from-loop
    equal(camera.tries(FOREIGN[0], 8080, True), "echo")
    # At once, though a repair waits for its turn, for there was another this second.
    before = shown(weir)["repairs"]
    for n in (1, 2):
        nft("flush", "table", "inet", "weir")
        until("it is heard", lambda: cli(weir, "status")["firewall"]["repairs"] == before + n)    # pylint: disable=cell-var-from-loop
    # With a reason and an end: told, over a restart, and over by itself.
    done = cli(weir, "device", "quarantine", device["id"], "--reason", "it scans", "--for", "1h")
    equal((done["quarantine_reason"], done["quarantine_left_s"]), ("it scans", 3600))
    need(not talks(flows[0], b"shut"), "the flow goes on")
    weir.stop(9)
    weir.start()
    done = cli(weir, "device", device["id"])
    need(done["quarantined"] and 3500 < done["quarantine_left_s"] <= 3600 and done["quarantine_since"] > 0, done)
    need(not talks(flows[0], b"still"), "the flow goes on")
    # Said again, what is not said stays as it was, or it is told.
    done = cli(weir, "device", "quarantine", device["id"])
    equal((done["quarantine_reason"], done["quarantine_left_s"]), ("it scans", None))
    equal(done["note"], "it was in quarantine for 1h more, and is now until it is released")
    need(any(done["note"] in e["text"] for e in log(weir)), log(weir))
    need("note" not in cli(weir, "device", "quarantine", device["id"]), "it was so before")
    done = cli(weir, "device", "quarantine", device["id"], "--reason", "a moment", "--for", "2s")
    equal((done["quarantine_reason"], done["note"]), ("a moment", "it was in quarantine until it is released, and is now for 2s"))
    need(any("quarantine for 2 s (a moment)" in e["text"] for e in log(weir)), log(weir))
    for flow in flows:
        until("it is over by itself", lambda: talks(flow, b"over"))    # pylint: disable=cell-var-from-loop
    until("it is told", lambda: any("is out of quarantine: its time is over" in e["text"] for e in log(weir)))
    equal(cli(weir, "device", device["id"])["quarantine_reason"], None)
    equal(cli(weir, "device", "release", device["id"])["note"], "it was not in quarantine")
    told = lines_of(weir, "device", "release", device["id"])    # for people without the evidence
    need("note: it was not in quarantine" in told and not any(line in ("marks:", "evidence:") for line in told), told)
    need("one line" in cli(weir, "device", "quarantine", device["id"], "--reason", "two\nlines", fails=True), "a reason of two lines")
    for flow in flows:
        flow.close()


def refusing(path, what):
    """An nft that refuses such rules, and does all else."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\ntext=$(cat)\ncase $text in *{what}*) echo 'Error: no tproxy' >&2; exit 1;; esac\n"
                   f"exec {spaces.peer('nft')} \"$@\" <<END\n$text\nEND\n")    # its number is that of the process that weir started
    os.chmod(path + ".new", 0o755)
    os.replace(path + ".new", path)    # a shell that runs reads on in the old one


def redirected(camera, weir):
    """Without tproxy it is the same: the answer is from whom was asked, who is in the log; and nobody comes in by the door but so."""
    equal(way(), HERE)
    # Whoever lets in DNS and nothing else lets this in.
    nft("-f", "-", rules="table inet strict {\n chain c {\n type filter hook input priority 0; policy drop;\n iif lo accept\n meta l4proto icmpv6 accept\n"
                         " th dport 53 accept\n ct state established accept\n }\n}\n")
    asks_abroad(camera, weir, "redirected.example.")
    nft("delete", "table", "inet", "strict")
    for which in (0, 1):
        for tcp in (False, True):
            equal(camera.tries(APPROVED[which], 53, tcp), "echo")
            equal(camera.tries(FOREIGN[which], 853, tcp), "refused")
            equal(camera.tries(GATE[which], 10053, tcp, 0.3), "silence")


@loopback.test("nft that is not there or refuses: an alert, the segment's fail rule decides, and service goes on")
def refusal(box):
    net, camera, weir = Net(box), Camera(box), box.weir(start=False)
    box.things.append(Table())
    path = os.path.join(weir.folder, "nft")
    weir.configure(settings(box, weir, firewall={"nft": path}, segment={"fail": "closed"}))
    weir.start()
    status = cli(weir, "status")["firewall"]
    need(status["state"] == "failed" and "install Debian's package nftables" in status["problem"], status)
    need("firewall: not in force" in weir.log(), weir.log())
    reply = camera.ask("a.example")
    equal((reply.rcode, reply.ede), (5, 14))
    equal(weir.ask("a.example").rcode, 0)    # who is in no such segment
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\necho 'Error: not today' >&2\nexit 1\n")
    os.chmod(path, 0o755)
    need("nft refuses: Error: not today" in cli(weir, "firewall", "apply", fails=True), weir.log())
    equal(camera.ask("a.example").rcode, 5)
    weir.configure(settings(box, weir, firewall={"nft": path}, segment={"fail": "open"}))
    cli(weir, "reload")
    until("it is open", lambda: camera.ask("a.example").rcode == 0)
    os.replace(path, path + ".old")
    os.symlink(spaces.peer("nft"), path)
    equal(cli(weir, "firewall", "apply")["state"], "in force")
    equal(camera.tries(FOREIGN[0], 53, False), "refused")
    need("firewall: in force again" in weir.log(), weir.log())
    # A kernel without tproxy: foreign DNS is answered all the same; without the other way it is rejected, and that is said.
    os.replace(path, path + ".old")
    refusing(path, "tproxy")
    weir.configure(settings(box, weir, firewall={"nft": path}, segment={"foreign_dns": "answer"}))
    cli(weir, "reload")
    seen = until("it is tried", lambda: shown(weir)["foreign_by"] == "redirect" and shown(weir))
    equal((seen["state"], seen["problem"], seen["segments"][0]["foreign_dns"]), ("in force", None, "answer"))
    need("foreign DNS is answered without tproxy: nft refuses: Error: no tproxy" in weir.log(), weir.log())
    redirected(camera, weir)
    refusing(path, "tproxy*|*dport?set")
    cli(weir, "firewall", "apply")
    seen = shown(weir)
    need("no tproxy" in seen["problem"] and seen["foreign_by"] == "none", seen)
    equal((seen["state"], seen["segments"][0]["foreign_dns"]), ("in force", "reject"))
    equal(camera.tries(FOREIGN[0], 53, True), "refused")
    need("foreign DNS is rejected, not answered: nft refuses: Error: no tproxy" in weir.log(), weir.log())
    os.replace(path + ".old", path)
    equal(cli(weir, "firewall", "apply")["problem"], None)
    dig(camera, "a.example.", FOREIGN[0], True)
    del net


if __name__ == "__main__":
    loopback.main()
