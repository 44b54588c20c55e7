#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Leases for real: a camera that reaches what weir has answered to it and nothing else, through the kernel, with the sets that weir fills.

The camera and a second device are on one bridge, a recorder is in another segment; `net` (tests/e2e/firewall.py) has all foreign addresses. What
counts is what the camera gets: an echo, or at once a refusal.
"""
import contextlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import firewall
import loopback
from firewall import APPROVED, CAMERA, DOH, FOREIGN, GATE, cli, nft, run, shown, table, talks
from loopback import equal, need, until

import elements    # in the path since firewall put lab there
import spaces

loopback.forget()
MACS = ("00:11:22:00:00:01", "00:11:22:00:00:02")
OTHER = ("192.168.7.31", "fd00:7::31")
RECORDER, BESIDE = ("192.168.8.5", "2001:db8:8::5"), ("192.168.8.1", "2001:db8:8::1")
RACES = int(os.environ.get("WEIR_RACES", "2000"))
A, AAAA, HTTPS = 1, 28, 65


def octets(address):
    return socket.inet_pton(firewall.family(address), address)


def hints(*addresses):
    """An HTTPS record with them (RFC 9460 section 7.3)."""
    params = b""
    for key, size in ((4, 4), (6, 16)):
        value = b"".join(octets(a) for a in addresses if len(octets(a)) == size)
        params += struct.pack(">HH", key, len(value)) + value if value else b""
    return struct.pack(">H", 1) + b"\0" + params


class Names:
    """Who answers what the test says, over UDP and TCP: {(name, type): (ttl, rdata, ...)}; anything else is NODATA."""

    def __init__(self, box, names):
        self.names, self.silent, self.asked = names, False, 0
        self.address = ("127.0.0.1", box.next_port)
        box.next_port += 1
        self.sockets = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
        self.sockets[1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for s in self.sockets:
            s.bind(self.address)
        self.sockets[1].listen(16)
        self.url = f"udp://{self.address[0]}:{self.address[1]}"
        self.threads = [threading.Thread(target=serve, daemon=True) for serve in (self.datagrams, self.streams)]
        for thread in self.threads:
            thread.start()
        box.things.append(self)

    def answer(self, wire):
        end = loopback.skip_name(wire, 12)
        labels, at = [], 12
        while wire[at]:
            labels.append(wire[at + 1:at + 1 + wire[at]].decode().lower())
            at += wire[at] + 1
        (rtype,) = struct.unpack(">H", wire[end:end + 2])
        name = ".".join(labels)
        found = self.names(name, rtype) if callable(self.names) else self.names.get((name, rtype))
        ttl, *data = found or (0,)
        head = wire[:2] + struct.pack(">HHHHH", 0x8180, 1, len(data), 0, 0)
        return head + wire[12:end + 4] + b"".join(struct.pack(">HHHIH", 0xc00c, rtype, 1, ttl, len(d)) + d for d in data)

    def datagrams(self):
        while True:
            try:
                wire, client = self.sockets[0].recvfrom(4096)
                if len(wire) < 17:
                    return
                self.asked += 1
                if not self.silent:
                    reply = self.answer(wire)
                    if len(reply) > 1232:
                        reply = wire[:2] + struct.pack(">HHHHH", 0x8380, 1, 0, 0, 0) + wire[12:loopback.skip_name(wire, 12) + 4]
                    self.sockets[0].sendto(reply, client)
            except OSError:
                return

    def streams(self):
        while True:
            try:
                s, _ = self.sockets[1].accept()
                with s:
                    while True:
                        reply = self.answer(loopback.read_framed(s))
                        s.sendall(struct.pack(">H", len(reply)) + reply)
            except (AssertionError, ConnectionError):
                continue
            except OSError:
                return

    def close(self):
        """The port is free again when nobody waits at it any more."""
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", self.address)    # wakes recvfrom
        self.sockets[1].shutdown(socket.SHUT_RDWR)    # and accept
        for thread, s in zip(self.threads, self.sockets):
            thread.join(5)
            s.close()


class Device(firewall.Camera):
    """A machine on a bridge of the gateway."""

    def __init__(self, box, name, bridge, addresses, gates, mac):    # pylint: disable=super-init-not-called,too-many-arguments
        self.node, self.port, self.addresses = spaces.Node(name), f"p-{name}", addresses
        run("ip", "link", "add", "name", self.port, "type", "veth", "peer", "name", "eth0", "netns", f"/proc/{os.getpid()}/fd/{self.node.fd}")
        run("ip", "link", "set", "dev", self.port, "master", bridge, "up")
        self.node.ip("link", "set", "dev", "eth0", "address", mac)
        self.node.address("eth0", f"{addresses[0]}/24", f"{addresses[1]}/64")
        self.node.ip("link", "set", "dev", "eth0", "up")
        self.node.ip("route", "add", "default", "via", gates[0])
        self.node.ip("-6", "route", "add", "default", "via", gates[1])
        box.things.append(self)

    def look_up(self, name, rtype=A, gate=GATE[0], tcp=False, port=5300):    # pylint: disable=too-many-arguments
        """The addresses of the answer, hints included; None: it was refused or failed. On a busy machine five milliseconds may be over before the
        kernel has a lease: that is told (Not Ready), and asked for again."""
        reply = until("it is in time", lambda: self.asks_once(name, rtype, gate, tcp, port))
        return addresses_of(reply.wire) if reply.rcode == 0 else None

    def asks_once(self, name, rtype, gate, tcp, port):    # pylint: disable=too-many-arguments
        wire = loopback.question(name, qtype=rtype, edns=True)
        with self.open(gate, port, tcp) as s:
            s.settimeout(loopback.PATIENCE_S)
            s.sendall(struct.pack(">H", len(wire)) + wire if tcp else wire)
            reply = loopback.read_reply(loopback.read_framed(s) if tcp else s.recv(4096))
        return None if (reply.rcode, reply.ede) == (2, 14) else reply

    def reaches(self, address, port=8080):
        """By TCP and by UDP alike."""
        got = {self.tries(address, port, tcp) for tcp in (True, False)}
        need(len(got) == 1, (address, got))
        return got.pop() == "echo"

    def close(self):
        subprocess.run(["ip", "link", "del", "dev", self.port], check=False)
        os.close(self.node.fd)


def addresses_of(wire):
    counts, at, found = struct.unpack(">HHHH", wire[4:12]), 12, []
    for _ in range(counts[0]):
        at = loopback.skip_name(wire, at) + 4
    for _ in range(sum(counts[1:])):
        at = loopback.skip_name(wire, at)
        rtype, _, _, size = struct.unpack(">HHIH", wire[at:at + 10])
        data, at = wire[at + 10:at + 10 + size], at + 10 + size
        if rtype in (A, AAAA):
            found.append(socket.inet_ntop(socket.AF_INET if rtype == A else socket.AF_INET6, data))
        place = 3
        while rtype == HTTPS and place < size:
            key, n = struct.unpack(">HH", data[place:place + 4])
            step, kind = {4: (4, socket.AF_INET), 6: (16, socket.AF_INET6)}.get(key, (n or 1, None))
            found += [socket.inet_ntop(kind, data[k:k + step]) for k in range(place + 4, place + 4 + n, step) if kind]
            place += 4 + n
    return found


def ttls_of(wire):
    """Of the records of the answer section."""
    at, found = 12, set()
    for _ in range(struct.unpack(">H", wire[4:6])[0]):
        at = loopback.skip_name(wire, at) + 4
    for _ in range(struct.unpack(">H", wire[6:8])[0]):
        at = loopback.skip_name(wire, at)
        ttl, size = struct.unpack(">IH", wire[at + 4:at + 10])
        found.add(ttl)
        at += 10 + size
    return found


class Bridge:
    def __init__(self, box, name, addresses):
        self.name, self.addresses = name, addresses
        self.make()
        box.things.append(self)

    def make(self):
        run("ip", "link", "add", "name", self.name, "type", "bridge")
        for address, length in zip(self.addresses, (24, 64)):
            run("ip", "addr", "add", f"{address}/{length}", "dev", self.name, *(["nodad"] if length == 64 else []))
        run("ip", "link", "set", "dev", self.name, "up")

    def make_anew(self, *ports):
        """A port that is of no bridge is an interface by itself: none is up meanwhile."""
        for port in ports:
            run("ip", "link", "set", "dev", port, "down")
        run("ip", "link", "del", "dev", self.name)
        self.make()
        for port in ports:
            run("ip", "link", "set", "dev", port, "master", self.name, "up")

    def close(self):
        subprocess.run(["ip", "link", "del", "dev", self.name], check=False)


class Home:
    """All of it, and weir before its start."""

    def __init__(self, box, names, watch=contextlib.nullcontext, **more):
        self.box, self.net = box, firewall.Net(box)
        self.bridges = [Bridge(box, name, gates) for name, gates in (("lan0", GATE), ("lan1", BESIDE))]
        for path in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            firewall.sysctl(path, "1")
        for path in ("ipv4/icmp_ratelimit", "ipv6/icmp/ratelimit"):
            firewall.sysctl(path, "0")
        self.camera = Device(box, "cam", "lan0", CAMERA, GATE, MACS[0])
        self.other = Device(box, "oth", "lan0", OTHER, GATE, MACS[1])
        self.recorder_mac = "00:11:22:00:00:05"
        self.recorder = Device(box, "rec", "lan1", RECORDER, BESIDE, self.recorder_mac)
        with self.recorder.node.inside():
            self.net.listen(socket.SOCK_STREAM, 8080)
        self.names = Names(box, names)
        self.weir = box.weir(start=False)
        box.things.append(firewall.Table())
        self.configure(**more)
        with watch(self) as self.watched:
            self.weir.start()

    def configure(self, **more):
        cameras = {"name": "cameras", "interfaces": ["lan0"], "reach": "answered", "fail": "closed", **more.pop("segment", {})}
        self.weir.configure({**self.box.settings([self.names.url]), **dict(
            user="", listen=["127.0.0.1:5300", f"{GATE[0]}:5300", f"[{GATE[1]}]:5300"],
            allow=["127.0.0.0/8", "192.168.0.0/16", "fd00:7::/64"],
            segments=more.pop("segments", [cameras, {"name": "recorders", "interfaces": ["lan1"], **more.pop("beside", {})}]),
            firewall={"enabled": True, "nft": spaces.peer("nft"), **more.pop("firewall", {})},
            registry={"file": os.path.join(self.weir.folder, "devices"), "oui": ""}), **more})

    def leases(self, *device):
        """{(device, destination)}"""
        return {(lease["from"], lease["to"]) for lease in cli(self.weir, "firewall", "leases", *device)["leases"]}


def all_names(name, rtype):
    """4.NAME and 6.NAME are addresses by their last word; what more there is stands here."""
    fixed = {("vendor.example", A): (300, octets(FOREIGN[0])), ("vendor.example", AAAA): (300, octets(FOREIGN[1])),
             ("svc.example", HTTPS): (300, hints(*DOH)),
             ("zero.example", A): (0, octets(APPROVED[0])), ("six.example", AAAA): (0, octets(APPROVED[1])),
             ("evil.example", A): (60, octets(RECORDER[0])), ("gate.example", A): (60, octets(GATE[0])),
             ("back.example", A): (60, octets(firewall.BACK[0])), ("back6.example", AAAA): (60, octets(firewall.BACK[1])),
             ("evil6.example", AAAA): (60, octets(RECORDER[1])),
             ("mixed.example", A): (60, octets(RECORDER[0]), octets(FOREIGN[0])),
             ("many.example", A): (60, *(bytes((203, 0, 112 + n // 256, n % 256)) for n in range(300))),
             ("thousand.example", A): (60, *(bytes((203, 0, 120 + n // 256, n % 256)) for n in range(1000))),
             ("short.example", A): (1, octets(FOREIGN[0])), ("own.example", A): (60, octets(OTHER[0]))}
    return fixed.get((name, rtype))


@loopback.test("a camera reaches what was answered to it, by A, AAAA and hints, over v4 and v6, and nothing else")
def answered(box):
    home = Home(box, all_names, segment={"reaches": ["192.168.8.5"]})
    camera, weir = home.camera, home.weir
    equal(cli(weir, "status")["firewall"]["state"], "in force")
    for address in (*FOREIGN, *APPROVED, *DOH):
        need(not camera.reaches(address), address)
    equal(camera.look_up("vendor.example"), [FOREIGN[0]])
    need(camera.reaches(FOREIGN[0]) and not camera.reaches(FOREIGN[1]), "v4")
    equal(camera.look_up("vendor.example", AAAA, GATE[1]), [FOREIGN[1]])
    need(camera.reaches(FOREIGN[1]), "v6")
    equal(camera.look_up("svc.example", HTTPS), list(DOH))
    need(camera.reaches(DOH[0]) and camera.reaches(DOH[1]), "hints")
    equal((camera.look_up("zero.example"), camera.look_up("six.example", AAAA)), ([APPROVED[0]], [APPROVED[1]]))
    need(camera.reaches(APPROVED[0]) and camera.reaches(APPROVED[1]), "TTL 0 has the floor")
    # What was answered to one opens nothing to another, until it is answered to him, from the cache now.
    asked = home.names.asked
    need(not home.other.reaches(FOREIGN[0]), "another's lease")
    equal((home.other.look_up("vendor.example"), home.names.asked), ([FOREIGN[0]], asked))
    need(home.other.reaches(FOREIGN[0]) and not home.other.reaches(FOREIGN[1]), "from the cache")
    # A lease is the way out alone; `reaches` is opened by rule.
    equal(camera.look_up("evil.example"), [RECORDER[0]])    # it is in `reaches`
    equal([camera.look_up(name, rtype) for name, rtype in (("gate.example", A), ("back.example", A), ("back6.example", AAAA))], [[]] * 3)
    equal(set(camera.look_up("mixed.example")), {RECORDER[0], FOREIGN[0]})
    equal((camera.tries(RECORDER[0], 8080, True), camera.tries(RECORDER[1], 8080, True)), ("echo", "refused"))
    need(not any(to in (RECORDER[0], *GATE, *firewall.BACK) for _, to in home.leases()), home.leases())
    # A neighbour segment that is known by its interface alone has any address: the rules know where it goes.
    equal(camera.look_up("evil6.example", AAAA), [RECORDER[1]])
    equal(camera.tries(RECORDER[1], 8080, True), "refused")
    home.configure(segment={"reaches": ["192.168.8.5"]}, beside={"subnets": ["2001:db8:8::/64"]})
    cli(weir, "reload")
    until("its subnet is known", lambda: camera.look_up("evil6.example", AAAA) == [])
    need(camera.reaches(FOREIGN[0]), "what was open is open after a reload")
    # A name of many addresses opens as many as may be, and tells these; of a thousand no set is taken at all (WR_RRSET_RECORDS_MAX).
    equal(camera.look_up("thousand.example", tcp=True), None)
    many = until("they are told", lambda: camera.look_up("many.example", tcp=True))    # the name server is suspect for a moment
    equal(len(many), 32)
    opened = home.leases()
    need(set(many) <= {to for _, to in opened}, opened)
    seen = shown(weir)
    equal((seen["segments"][0]["reach"], seen["segments"][1]["reach"], seen["segments"][1]["unleased"]), ("answered", "any", 0))
    need(seen["segments"][0]["unleased"] >= 12, seen)
    equal({(d["from"], d["leases"]) for d in seen["leases"]["devices"]}, {(mac, sum(mac == who for who, _ in opened)) for mac in MACS})
    device = next(d["id"] for d in cli(weir, "devices")["devices"] if OTHER[0] in d["addresses"])
    equal([home.leases(whom) for whom in (device, MACS[1], OTHER[0])], [{(MACS[1], FOREIGN[0])}] * 3)
    lease = cli(weir, "firewall", "leases", device)["leases"][0]
    equal([lease[key] for key in ("device", "id", "segment", "interface", "protocol", "port")], [device, device, "cameras", "lan0", None, None])
    lines = firewall.lines_of(weir, "firewall", "leases")
    equal(lines[:2], ["leases:", "device id segment interface to port left_s"])
    need(any(line.startswith(f"{device} {device} cameras lan0 {FOREIGN[0]} any ") for line in lines), lines)
    equal(len(lines), 2 + len(opened) + 1, lines)    # and how many are not shown
    need(any(line.startswith(f"{device} {device} cameras lan0 ") for line in firewall.lines_of(weir, "firewall")), "who has some")


@loopback.test("an approved resolver is open at the ports of DNS and nowhere else; an error of ICMP about what came from outside leaves")
def resolvers(box):
    home = Home(box, all_names, segment={"foreign_dns": "reject", "resolvers": list(APPROVED)})
    for which, tcp in ((0, True), (0, False), (1, True), (1, False)):
        equal([home.camera.tries(APPROVED[which], port, tcp) for port in (53, 853, 443, 8080)], ["echo"] * 3 + ["refused"])
        equal([home.camera.tries(FOREIGN[which], port, tcp) for port in (53, 853, 443)], ["refused"] * 3)
    equal(home.camera.look_up("zero.example"), [APPROVED[0]])
    need(home.camera.reaches(APPROVED[0]), "what was answered is open at all ports")
    for at in CAMERA:
        with home.net.node.inside(), socket.socket(firewall.family(at), socket.SOCK_DGRAM) as s:
            s.settimeout(loopback.PATIENCE_S)
            s.connect((at, 9))
            s.send(b"is anybody there")
            try:
                need(not s.recv(16), "an answer")
            except ConnectionRefusedError:
                pass


def crowd(name, rtype):
    """WHO.N.TTL.example: N addresses of its own, for so long."""
    found = re.fullmatch(r"([a-z]+)\.([0-9]+)\.([0-9]+)\.example", name)
    if found is None or rtype != A:
        return None
    who = sum(256 ** k * ord(c) for k, c in enumerate(found[1])) % 251
    return (int(found[3]), *(bytes((203, 0, who, n)) for n in range(int(found[2]))))


@loopback.test("the owner of a domain, with as many addresses and as long TTLs as he likes, does not shut a device out of all else for as long")
def scarce(box):
    home = Home(box, crowd, firewall={"leases_device": 64, "lease_floor": "0s", "lease_grace": "2s"})
    camera, weir = home.camera, home.weir

    def seconds():
        """Of each lease of the camera's: how long it lasts still."""
        return sorted(lease["left_s"] for lease in cli(weir, "firewall", "leases")["leases"] if lease["from"] == MACS[0])
    equal(len(camera.look_up("a.32.80000.example", tcp=True)), 32)
    need(min(seconds()) > 70000, seconds())
    reply = until("in time", lambda: camera.asks_once("b.32.80000.example", A, GATE[0], True, 5300))
    equal(len(addresses_of(reply.wire)), 16 + 4)    # to three quarters, and some of the last
    equal(ttls_of(reply.wire), {300})
    equal(len([s for s in seconds() if s <= 302]), 20)
    equal([len(camera.look_up(f"{who}.8.3600.example")) for who in "cdef"], [4, 4, 4, 0])    # others fare with fewer addresses


@loopback.test("what has ended keeps nobody out; who is held back by nothing is bounded by nothing")
def full(box):
    home = Home(box, crowd, firewall={"leases_device": 8, "lease_floor": "0s", "lease_grace": "2s"})
    camera, weir = home.camera, home.weir
    equal(len(camera.look_up("a.8.1.example")), 8)
    equal((camera.look_up("b.1.60.example"), home.leases()), ([], {(MACS[0], f"203.0.97.{n}") for n in range(8)}))
    equal(len(home.other.look_up("b.1.60.example")), 1)    # another's room is its own
    began = time.monotonic()
    until("there is room", lambda: len(camera.look_up("b.8.60.example")) == 8)
    need(time.monotonic() - began < 7.5, "they are in the way for longer than they last")
    elements_of = [line for line in nft("list", "set", "inet", "weir", "leases4").splitlines() if MACS[0] in line]
    equal(sum(line.count(MACS[0]) for line in elements_of), 8)
    equal(camera.look_up("c.1.60.example"), [])
    cli(weir, "firewall", "remove")
    equal([len(camera.look_up(name)) for name in ("c.1.60.example", "d.32.60.example", "e.32.60.example")], [1, 32, 32])
    cli(weir, "firewall", "apply")
    kept = until("all workers know that it is in force", lambda: camera.look_up("b.8.60.example"))
    equal((len(kept), camera.look_up("c.1.60.example"), camera.look_up("d.32.60.example")), (8, [], []))


@loopback.test("a network of the house that is no segment's is not reached, though its addresses are of the Internet")
def house(box):
    home = Home(box, all_names, beside={"interfaces": ["none0"]})
    equal((home.camera.look_up("evil6.example", AAAA), home.camera.tries(RECORDER[1], 8080, True)), ([RECORDER[1]], "echo"))    # no way out is known
    run("ip", "-6", "route", "add", "default", "via", FOREIGN[1], "dev", "wan0")
    until("the way out is known", lambda: home.camera.look_up("evil6.example", AAAA) == [])
    equal(home.other.look_up("evil6.example", AAAA), [])
    equal(home.other.tries(RECORDER[1], 8080, True), "refused")
    equal(home.other.look_up("vendor.example", AAAA), [FOREIGN[1]])    # beside the gateway, on the way out
    need(home.other.reaches(FOREIGN[1]), "the way out is shut")


@loopback.test("what is asked of a foreign resolver by a device on a bridge is answered and opens")
def abroad(box):
    switches = [f"bridge/bridge-nf-call-{what}" for what in ("iptables", "ip6tables")]
    for path in switches:
        firewall.sysctl(path, "0")
    home = Home(box, all_names, segment={"foreign_dns": "answer", "fail": "closed"})
    camera = home.camera
    for which, at in enumerate(FOREIGN):
        for tcp in (True, False):
            equal(camera.look_up("vendor.example", (A, AAAA)[which], at, tcp, 53), [at])
        need(camera.reaches(at), at)


@loopback.test("devices on one bridge reach each other by v4 and v6, also where the filter sees what is bridged")
def bridged(box):
    for what in ("iptables", "ip6tables"):
        firewall.sysctl(f"bridge/bridge-nf-call-{what}", "1")
    home = Home(box, all_names, segment={"subnets": ["192.168.7.0/24", "fd00:7::/64"]})
    with home.other.node.inside():
        home.net.listen(socket.SOCK_STREAM, 8080)
    equal([home.camera.tries(at, 8080, True) for at in OTHER], ["echo"] * 2)


@loopback.test("a stale answer opens; an open flow outlives its lease and not the quarantine")
def ends(box):
    home = Home(box, all_names, firewall={"lease_floor": "0s", "lease_grace": "2s"}, cache={"stale": {"client_timeout": "50ms"}})
    camera, weir = home.camera, home.weir
    equal(camera.look_up("short.example"), [FOREIGN[0]])
    flow = camera.open(FOREIGN[0], 8080, True)
    need(talks(flow, b"first"), "no flow")
    until("the lease ends", lambda: camera.tries(FOREIGN[0], 8080, True) == "refused")    # not `reaches`: it may end between TCP and UDP
    need(talks(flow, b"second"), "an open flow ends with its lease")
    equal(shown(weir)["leases"]["open"] <= 1, True)
    home.names.silent = True    # nobody answers: what is expired is told, and opens
    equal(camera.look_up("short.example"), [FOREIGN[0]])
    need(camera.reaches(FOREIGN[0]), "a stale answer opens nothing")
    device = until("it is known", lambda: next((d["id"] for d in cli(weir, "devices")["devices"] if CAMERA[0] in d["addresses"]), None))
    cli(weir, "device", "quarantine", device)
    need(not talks(flow, b"third"), "in quarantine it goes on")
    equal(camera.tries(FOREIGN[0], 8080, False, 0.2), "silence")
    cli(weir, "device", "release", device)
    flow.close()


PROFILE = """{"ietf-mud:mud": {"mud-version": 1, "mud-url": "https://things.example/cam", "last-update": "2026-01-02T03:04:05Z", "is-supported": true,
 "from-device-policy": {"access-lists": {"access-list": [{"name": "f"}]}}}, "ietf-access-control-list:acls": {"acl": [{"name": "f", "type": "ipv4-acl-type", "aces": {"ace": [
 {"name": "c", "matches": {"ipv4": {"ietf-acldns:dst-dnsname": "vendor.example", "protocol": 6}, "tcp": {"destination-port": {"operator": "eq", "port": 8080}}},
  "actions": {"forwarding": "accept"}}]}}]}}"""


@loopback.test("by the profile that its maker wrote (MUD) a camera gets the names in it, and reaches their ports alone")
def profile(box):
    home = Home(box, all_names)
    camera, weir = home.camera, home.weir
    path = os.path.join(weir.folder, "cam.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(PROFILE)
    equal(camera.look_up("zero.example"), [APPROVED[0]])
    need(camera.reaches(APPROVED[0]), "it may, until then")
    until("it is known", lambda: any(CAMERA[0] in d["addresses"] for d in cli(weir, "devices")["devices"]))
    equal(cli(weir, "mud", "import", MACS[0], path, "--unsigned")["leases"], True)
    cli(weir, "mud", "enforce", MACS[0])
    until("it is in force", lambda: camera.look_up("zero.example") is None)
    until("what it had is closed", lambda: camera.tries(APPROVED[0], 8080, True) == "refused")
    until("its leases are asked for anew", lambda: camera.look_up("vendor.example") == [FOREIGN[0]] and camera.tries(FOREIGN[0], 8080, True) == "echo")
    equal([camera.tries(FOREIGN[0], 8080, tcp) for tcp in (True, False)], ["echo", "refused"])
    equal((home.other.look_up("vendor.example"), home.other.look_up("zero.example")), ([FOREIGN[0]], [APPROVED[0]]))
    need(home.other.reaches(FOREIGN[0]), "who has no profile has all ports")
    # What a helper of the connection table expects, by what the device itself has the server say, is no way to another port.
    nft("-f", "-", rules="""table inet helpers {
 ct helper files { type "ftp" protocol tcp; }
 chain marks { type filter hook prerouting priority 0; tcp dport 8080 ct helper set "files"; }
}
""")
    with camera.open(FOREIGN[0], 8080, True) as s:
        for line in ("hello", "227 Entering Passive Mode (%s,1,187)" % FOREIGN[0].replace(".", ",")):
            need(talks(s, line.encode() + b"\r\n"), line)
        equal(camera.tries(FOREIGN[0], 443, True), "refused")


def by_address():
    """A MUD file: a port of a network, a controller, its own controller and what is local."""
    def ace(name, protocol, port, **match):
        key = "tcp" if protocol == 6 else "udp"
        return {"name": name, "matches": {"ipv4": {"protocol": protocol, **match.pop("ipv4", {})}, key: {"destination-port": {"operator": "eq", "port": port}},
                                          **({"ietf-mud:mud": match} if match else {})}, "actions": {"forwarding": "accept"}}
    v4 = [ace("net", 6, 8080, ipv4={"destination-ipv4-network": "192.0.2.96/30"}), ace("hub", 17, 8080, controller="urn:example:hub"),
          ace("own", 6, 443, **{"my-controller": [None]}), ace("local", 6, 8080, **{"local-networks": [None]}),
          ace("alike", 6, 8080, **{"same-manufacturer": [None]})]
    v6 = [{"name": "hub6", "matches": {"ietf-mud:mud": {"controller": "urn:example:hub"}, "ipv6": {"protocol": 17}}, "actions": {"forwarding": "accept"}}]
    lists = [{"name": name, "type": f"{name}-acl-type", "aces": {"ace": aces}} for name, aces in (("ipv4", v4), ("ipv6", v6))]
    return json.dumps({"ietf-mud:mud": {"mud-version": 1, "mud-url": "https://things.example/hub", "last-update": "2026-01-02T03:04:05Z", "is-supported": True,
                                        "from-device-policy": {"access-lists": {"access-list": [{"name": "ipv4"}, {"name": "ipv6"}]}}},
                       "ietf-access-control-list:acls": {"acl": lists}})


@loopback.test("by its profile (MUD) a camera reaches a network's port, its controllers and local networks, and not the port or the address beside them")
def addresses(box):
    mud = {"controllers": [{"class": "urn:example:hub", "addresses": list(DOH)}, {"class": "https://things.example/hub", "addresses": [APPROVED[0]]}]}
    home = Home(box, all_names, mud=mud)
    camera, weir = home.camera, home.weir
    path = os.path.join(weir.folder, "cam.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(by_address())

    def reached(device):
        return [device.tries(*way) == "echo" for way in (
            (FOREIGN[0], 8080, True), (DOH[0], 8080, False), (DOH[1], 8080, False), (APPROVED[0], 443, True), (RECORDER[0], 8080, True),
            (FOREIGN[0], 8080, False), (FOREIGN[0], 443, True), (DOH[0], 8080, True), (DOH[0], 443, False), (APPROVED[0], 8080, True),
            (FOREIGN[1], 8080, True), (DOH[1], 8080, True))]

    opened = [True] * 5 + [False] * 7
    camera.look_up("zero.example", AAAA)
    until("it is known", lambda: any(CAMERA[0] in d["addresses"] for d in cli(weir, "devices")["devices"]))
    cli(weir, "mud", "import", MACS[0], path, "--unsigned")
    equal(reached(camera), [False] * 12)
    seen = cli(weir, "mud", "enforce", MACS[0])
    equal((seen["addresses"], seen["not_enforceable"]), ("opened where the firewall is in force", 0))
    until("it is in force", lambda: reached(camera) == opened)
    equal([a["enforced"] for a in cli(weir, "mud", "show", MACS[0])["aces"]], ["by address"] * 6)
    equal(reached(home.other), [False] * 12)
    home.configure(mud={"controllers": mud["controllers"][1:]})    # the owner knows no hub any more
    cli(weir, "reload")
    until("the hub is shut", lambda: reached(camera) == [True, False, False, True, True] + [False] * 7)
    cli(weir, "mud", "enforce", MACS[0], "--off")
    until("all is shut", lambda: not any(reached(camera)))


def made_by(host, *classes, url="x"):
    """A MUD file of this host's, that means devices by who made them: TCP to port 8080, over IPv4 and IPv6."""
    def aces(kind):
        return [{"name": f"{kind}-{n}", "matches": {"ietf-mud:mud": match, kind: {"protocol": 6}, "tcp": {"destination-port": {"operator": "eq", "port": 8080}}},
                 "actions": {"forwarding": "accept"}} for n, match in enumerate(classes)]
    lists = [{"name": kind, "type": f"{kind}-acl-type", "aces": {"ace": aces(kind)}} for kind in ("ipv4", "ipv6")]
    policy = {"from-device-policy": {"access-lists": {"access-list": [{"name": one["name"]} for one in lists]}}}
    return json.dumps({"ietf-mud:mud": {"mud-version": 1, "mud-url": f"https://{host}/{url}", "last-update": "2026-01-02T03:04:05Z", "is-supported": True, **policy},
                       "ietf-access-control-list:acls": {"acl": lists}})


@loopback.test("by its profile (MUD) a camera reaches the devices of its manufacturer in another segment, where they are now, and no other there")
def kin(box):
    home = Home(box, all_names)
    camera, weir = home.camera, home.weir
    stranger = Device(box, "str", "lan1", ("192.168.8.6", "2001:db8:8::6"), BESIDE, "00:11:22:00:00:06")
    with stranger.node.inside():
        home.net.listen(socket.SOCK_STREAM, 8080)
    files, nobody = {}, {"model": "https://nobody.example/"}

    def take(device, text):
        path = files.setdefault(device, os.path.join(weir.folder, f"kin-{device[-2:]}.json"))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return cli(weir, "mud", "import", device, path, "--unsigned")

    def known(address):
        return any(address in d["addresses"] for d in cli(weir, "devices")["devices"])

    def reached(device, address=RECORDER[0]):
        return device.tries(address, 8080, True) == "echo"

    def others(*keys):
        return [tuple(row[key] for key in keys) for row in cli(weir, "mud", "show", MACS[0])["others"]]

    for device, gates in ((camera, GATE), (home.other, GATE), (home.recorder, BESIDE), (stranger, BESIDE)):
        for gate in gates:
            device.tries(gate, 9, False, 0.1)
    until("they are known", lambda: all(known(a) for a in (CAMERA[0], *RECORDER, "192.168.8.6", "2001:db8:8::6")))
    take(MACS[0], made_by("things.example", {"same-manufacturer": [None]}))
    cli(weir, "mud", "enforce", MACS[0])
    take("00:11:22:00:00:06", made_by("b.example", nobody))
    equal(([reached(camera, a) for a in (*RECORDER, "192.168.8.6")], others("device")), ([False] * 3, []))
    take(home.recorder_mac, made_by("things.example", nobody, url="recorder"))    # taken by the owner, and in force or not: it says who made it
    until("it is one of them", lambda: reached(camera) and reached(camera, RECORDER[1]))
    equal(others("as", "not_reached"), [("same-manufacturer", None)])
    equal([camera.tries(RECORDER[0], 8081, True), camera.tries("192.168.8.6", 8080, True), camera.tries("2001:db8:8::6", 8080, True)], ["refused"] * 3)
    need(not any(reached(home.other, a) for a in RECORDER), "who has no profile")
    take(MACS[1], made_by("things.example", {"same-manufacturer": [None]}))
    need(not reached(home.other), "nothing of it is in force")
    equal(sorted(others("as", "not_reached"), key=str), [("same-manufacturer", "it is in the same segment: reached without the gateway"), ("same-manufacturer", None)])
    # Where it is now, and not where it was.
    began = time.monotonic()
    home.recorder.node.ip("addr", "flush", "dev", "eth0", "scope", "global")
    home.recorder.node.address("eth0", "192.168.8.7/24", "2001:db8:8::7/64")
    home.recorder.node.ip("route", "add", "default", "via", BESIDE[0])
    home.recorder.node.ip("-6", "route", "replace", "default", "via", BESIDE[1])
    until("it is known there", lambda: home.recorder.tries(BESIDE[0], 9, False, 0.1) and known("192.168.8.7"))
    heard = time.monotonic()
    until("it is reached there", lambda: reached(camera, "192.168.8.7"))
    print(f"      an address that has changed: known after {heard - began:.2f} s, opened {time.monotonic() - heard:.2f} s later")
    # By name, and by model; who is not meant any more is shut off.
    take(MACS[0], made_by("things.example", {"manufacturer": "b.example"}))
    until("another's is reached", lambda: reached(camera, "192.168.8.6") and not reached(camera, "192.168.8.7"))
    take(MACS[0], made_by("things.example", {"model": "https://things.example/recorder"}, {"model": "https://b.example/other"}))
    until("a model is reached", lambda: reached(camera, "192.168.8.7") and not reached(camera, "192.168.8.6"))
    cli(weir, "mud", "remove", home.recorder_mac)
    until("nobody is meant", lambda: not reached(camera, "192.168.8.7"))


def hand(weir):
    """The process with the privilege."""
    with open(f"/proc/{weir.pid}/task/{weir.pid}/children", encoding="ascii") as file:
        for pid in file.read().split():
            with open(f"/proc/{pid}/comm", encoding="ascii") as name:
                if name.read().strip() == "weir-firewall":
                    return int(pid)
    raise AssertionError("there is none")


@loopback.test("leases outlive another tool's flush, a reload and kill -9; without the process that has the privilege the segment's fail rule decides")
def lasts(box):
    home = Home(box, all_names, segment={"fail": "closed"})
    camera, weir = home.camera, home.weir
    equal(camera.look_up("vendor.example"), [FOREIGN[0]])
    equal(camera.look_up("vendor.example", AAAA), [FOREIGN[1]])
    for n, harm in enumerate((("flush", "ruleset"), ("flush", "set", "inet", "weir", "leases4"), ("delete", "table", "inet", "weir"),
                              ("delete", "element", "inet", "weir", "leases6", "{ lan0 . %s . %s }" % (MACS[0], FOREIGN[1]))), 1):
        nft(*harm)
        until("it is repaired", lambda: cli(weir, "status")["firewall"]["repairs"] == n)    # pylint: disable=cell-var-from-loop
        asked = cli(weir, "stats")["counters"]["leases_asked"]
        until("it is answered", lambda: camera.look_up("vendor.example") == [FOREIGN[0]])
        need(cli(weir, "stats")["counters"]["leases_asked"] > asked, "nothing is taken to be open that was before the flush")
        until("it is closed", lambda: camera.tries(APPROVED[0], 8080, True) == "refused")
        until("it is open", lambda: all(camera.tries(a, 8080, True) == "echo" for a in FOREIGN))
    # A set that is another's: the table is taken away, and all of it is there again.
    nft("-f", "-", rules="delete table inet weir\ntable inet weir {\n set leases4 { type ipv4_addr; }\n}\n")
    until("it is mended", lambda: camera.tries(APPROVED[0], 8080, True) == "refused")
    need(camera.reaches(FOREIGN[0]), "another's set")
    first = table()
    weir.stop(9)
    equal(table(), first)
    need(camera.reaches(FOREIGN[0]) and not camera.reaches(APPROVED[0]), "after kill -9")
    weir.start()
    need(camera.reaches(FOREIGN[0]) and camera.reaches(FOREIGN[1]), "after the start")
    equal(home.leases(), {(MACS[0], FOREIGN[0]), (MACS[0], FOREIGN[1])})
    cli(weir, "firewall", "remove")
    equal((camera.look_up("zero.example"), camera.reaches(DOH[0])), ([APPROVED[0]], True))    # nobody is held back
    cli(weir, "firewall", "apply")
    need(camera.reaches(APPROVED[0]) and not camera.reaches(DOH[0]), "what was answered meanwhile")
    os.kill(hand(weir), signal.SIGKILL)
    until("it is noticed", lambda: cli(weir, "status")["firewall"]["state"] == "failed")
    until("closed", lambda: camera.look_up("svc.example", HTTPS) is None)
    need("the process that runs nft is gone: restart weir" in weir.log(), weir.log())
    need(camera.reaches(FOREIGN[0]) and not camera.reaches(DOH[0]), "the table stays as it was")
    home.configure(segment={"fail": "open"})
    cli(weir, "reload")
    until("open", lambda: camera.look_up("svc.example", HTTPS) == list(DOH))
    need(not camera.reaches(DOH[0]), "there is nobody to open")


@loopback.test("a lease is the device's: another address of it has it at once, another MAC address as soon as it asks")
def moves(box):
    home = Home(box, all_names)
    camera = home.camera
    equal(camera.look_up("vendor.example"), [FOREIGN[0]])
    camera.node.ip("addr", "del", f"{CAMERA[0]}/24", "dev", "eth0")
    camera.node.ip("addr", "add", "192.168.7.77/24", "dev", "eth0")
    camera.node.ip("route", "replace", "default", "via", GATE[0])
    need(camera.reaches(FOREIGN[0]), "with another address")
    camera.node.ip("link", "set", "dev", "eth0", "down")
    camera.node.ip("link", "set", "dev", "eth0", "address", "00:11:22:00:00:09")
    camera.node.ip("link", "set", "dev", "eth0", "up")
    camera.node.ip("route", "replace", "default", "via", GATE[0])
    until("it is not let through by its old lease", lambda: not camera.reaches(FOREIGN[0]))
    began = time.monotonic()
    until("another MAC address", lambda: camera.look_up("vendor.example") == [FOREIGN[0]] and camera.reaches(FOREIGN[0]))
    need(time.monotonic() - began < 2, "late")


class Behind:
    """A machine behind another device, which routes for it: the gateway sees that one's MAC address and knows none of this one's."""

    def __init__(self, box, router):
        self.node = spaces.Node("far")
        router.run([spaces.peer("ip"), "link", "add", "name", "far0", "type", "veth", "peer", "name", "eth0", "netns", f"/proc/{os.getpid()}/fd/{self.node.fd}"])
        router.address("far0", "192.168.9.1/24")
        router.ip("link", "set", "dev", "far0", "up")
        router.sysctl("net/ipv4/ip_forward", "1")
        self.node.address("eth0", "192.168.9.5/24", "192.168.9.6/24")
        self.node.ip("link", "set", "dev", "eth0", "up")
        self.node.ip("route", "add", "default", "via", "192.168.9.1")
        run("ip", "route", "add", "192.168.9.0/24", "via", OTHER[0])
        box.things.append(self)

    open, tries, look_up, asks_once, reaches = Device.open, Device.tries, Device.look_up, Device.asks_once, Device.reaches

    def close(self):
        os.close(self.node.fd)


@loopback.test("behind another router a lease is for the address that asked, and for no other machine there")
def behind(box):
    home = Home(box, all_names)
    far = Behind(box, home.other.node)
    need(not far.reaches(FOREIGN[0]), "before")
    equal(far.look_up("vendor.example"), [FOREIGN[0]])
    need(far.reaches(FOREIGN[0]) and not far.reaches(DOH[0]), "after")
    need(not home.other.reaches(FOREIGN[0]), "its router has none")
    equal(home.leases(), {("192.168.9.5", FOREIGN[0])})
    equal(far.look_up("vendor.example", AAAA), [])    # it has no address that is known to go there
    home.configure(devices=[{"name": "far", "addresses": ["192.168.9.5", "192.168.9.6"]}])
    cli(home.weir, "reload")
    until("its other address has it", lambda: ("192.168.9.6", FOREIGN[0]) in home.leases())
    far.node.ip("addr", "del", "192.168.9.5/24", "dev", "eth0")    # and its second one with it
    far.node.ip("addr", "add", "192.168.9.6/24", "dev", "eth0")
    far.node.ip("route", "add", "default", "via", "192.168.9.1")
    need(far.reaches(FOREIGN[0]), "by its other address")


def racing_names(name, rtype):
    """rN.example: one address for each."""
    n = int(name[1:-8]) if rtype == A and re.fullmatch(r"r[0-9]+\.example", name) else None
    return None if n is None else (60, bytes((203, 0, 64 + (n >> 8 & 63), n & 255)))


@loopback.test(f"the lease is there before the answer is: {RACES} times the kernel is asked, and a packet sent, the moment it comes; the table is written anew meanwhile")
def race(box):
    home = Home(box, racing_names, segment={"fail": "closed"}, firewall={"leases_device": 16384})
    sets, index, arrived = elements.Elements("leases4"), socket.if_nametoindex("lan0"), set()
    run("ip", "route", "add", "203.0.64.0/18", "via", FOREIGN[0])
    home.net.node.ip("route", "add", "local", "203.0.64.0/18", "dev", "lo")
    with home.net.node.inside():
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.bind(("", 9))
    sink.settimeout(loopback.PATIENCE_S)

    def take():
        while len(arrived) < RACES:
            arrived.add(struct.unpack("!I", sink.recv(16))[0])
    taker = threading.Thread(target=take, daemon=True)
    taker.start()
    late, failed, applied = 0, 0, []

    def apply():
        while len(arrived) < RACES and len(applied) < 20:
            applied.append(cli(home.weir, "firewall", "apply")["state"])
    applier = threading.Thread(target=apply, daemon=True)
    applier.start()
    with home.camera.open(GATE[0], 5300, False) as s, home.camera.node.inside():
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for n in range(RACES):
            found = []
            while not found:    # without its lease it is refused, and asked for again
                s.send(loopback.question(f"r{n}.example"))
                found = addresses_of(s.recv(512))
                failed += not found
                need(failed < 10 * RACES, "nearly every answer had to wait too long")    # how long is no test's affair
            (address,) = found
            out.sendto(struct.pack("!I", n), (address, 9))
            late += not sets.has(elements.lease_key(index, MACS[0], address))
        out.close()
    equal(late, 0)
    applier.join(loopback.PATIENCE_S)
    need(len(applied) > 2 and set(applied) == {"in force"}, applied)
    taker.join(loopback.PATIENCE_S)
    equal(len(arrived), RACES)
    equal(shown(home.weir)["leases"]["open"], RACES)
    sets.close()
    sink.close()


class Asker:
    """The camera, that asks for new names without a pause; an answer with an address whose lease is not there is noted."""

    def __init__(self, home):
        self.home, self.late, self.had, self.n, self.going = home, [], 0, 0, True
        self.sets, self.routed = elements.Elements("leases4"), elements.Elements("routed4")
        self.thread = threading.Thread(target=self.ask_all, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.going = False
        self.thread.join(loopback.PATIENCE_S)
        self.sets.close()
        self.routed.close()

    @staticmethod
    def index():
        with contextlib.suppress(OSError):
            return socket.if_nametoindex("lan0")
        return 0

    def ask(self, s):
        index = self.index()
        s.send(loopback.question(f"r{self.n}.example"))
        mine = socket.inet_ntoa(racing_names(f"r{self.n}.example", A)[1])
        for address in addresses_of(s.recv(512)):
            if address != mine:    # it was given up, and may be of the interface of before
                continue
            there = self.sets.has(elements.lease_key(index, MACS[0], address)) or \
                self.routed.has(elements.routed_key(index, CAMERA[0], address))    # the first: no neighbour is known by it yet
            if index == self.index() != 0:    # else it may have come by the interface of before
                self.had += 1
                self.late += [] if there else [(self.n, address)]

    def ask_all(self):
        with self.home.camera.open(GATE[0], 5300, False) as s:
            s.settimeout(0.1)
            while self.going:
                with contextlib.suppress(OSError):
                    self.ask(s)
                self.n += 1


@loopback.test("no answer has an address without its lease, from the first moment on, nor while the interface is made anew under its name")
def anew(box):
    home = Home(box, racing_names, watch=Asker, segment={"fail": "closed"}, firewall={"leases_device": 16384})
    with Asker(home) as asker:
        for _ in range(4):
            had = asker.had
            until("it has answers", lambda had=had: asker.had > had + 20)
            home.bridges[0].make_anew(home.camera.port, home.other.port)
        had = asker.had
        until("it has answers again", lambda: asker.had > had + 20)
    late = home.watched.late + asker.late
    need(not late, f"{len(late)}: {late[:3]}")


def hears_on(s, name):
    """What becomes of a question on a connection: the addresses, or "the end"."""
    wire = loopback.question(name)
    s.settimeout(loopback.PATIENCE_S)
    try:
        s.sendall(struct.pack(">H", len(wire)) + wire)
        return addresses_of(loopback.read_framed(s)) if s.recv(1, socket.MSG_PEEK) else "the end"
    except ConnectionError:
        return "the end"


@loopback.test("a connection that came before anybody wanted to know by what interface ends with its next question, and so does one whose interface is gone: the next is answered")
def kept(box):
    idle = {"tcp": {"idle_timeout": "10m"}}    # it is not closed for its silence
    home = Home(box, all_names, segments=[], **idle)
    camera = home.camera
    with camera.open(GATE[0], 5300, True) as s:
        equal(hears_on(s, "vendor.example"), [FOREIGN[0]])
        home.configure(**idle)
        cli(home.weir, "reload")
        until("the segment is in force", lambda: camera.tries(FOREIGN[0], 8080, True) == "refused")
        camera.asks_once("vendor.example", A, GATE[0], False, 5300)    # the first datagram since: it is heard, in time for its lease or not
        equal(hears_on(s, "vendor.example"), "the end")
    with camera.open(GATE[0], 5300, True) as s:
        until("it is in time", lambda: hears_on(s, "vendor.example") == [FOREIGN[0]])    # as in look_up
        need(camera.reaches(FOREIGN[0]), "its lease")
        home.bridges[0].make_anew(camera.port, home.other.port)
        until("weir knows that it is gone", lambda: hears_on(s, "vendor.example") == "the end")
    until("it is answered again", lambda: camera.look_up("vendor.example", tcp=True) == [FOREIGN[0]])


if __name__ == "__main__":
    loopback.main()
