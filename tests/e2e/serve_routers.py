#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The translator's prefix from router advertisements (RFC 8781), with routers in network namespaces of their own.

A router is a raw socket of this process inside another namespace, at the other end of a cable: Debian 12 has no program that sends PREF64
(its radvd is 2.19, the option came with 2.20), and a liar has to be one's own in any case. What is refused is followed by something that is
believed, and that is what is waited for.
"""
import ctypes
import ipaddress
import os
import socket
import struct
import subprocess
import sys
import threading

import loopback
from loopback import equal, need, until

sys.path.insert(0, os.path.join(loopback.TOP, "lab"))
import spaces  # noqa: E402

KNOWN, OTHER, THIRD = "64:ff9b::", "2001:db8:64::", "2001:db8:65::"
CODES = {96: 0, 64: 1, 56: 2, 48: 3, 40: 4, 32: 5}
SOLICIT, ADVERT = 133, 134
ICMP6_FILTER = 1
CAP_NET_RAW = 13
PLAIN = os.environ.get("WEIR_PLAIN")


class Router:
    """At the far end of a new cable whose near end is `device`."""

    def __init__(self, box, device):
        self.node = spaces.Node(device)
        self.far = f"far-{device}"
        subprocess.run(["ip", "link", "add", "name", device, "type", "veth", "peer", "name", self.far,
                        "netns", f"/proc/{os.getpid()}/fd/{self.node.fd}"], check=True)
        with open(f"/proc/sys/net/ipv6/conf/{device}/accept_dad", "w", encoding="ascii") as f:
            f.write("0")
        subprocess.run(["ip", "link", "set", "dev", device, "up"], check=True)
        self.node.ip("link", "set", "dev", self.far, "up")
        self.node.address(self.far, "2001:db8:ffff::1/64")
        self.device, self.sockets = device, []
        box.things.append(self)
        self.socket = self.open()
        self.socket.settimeout(loopback.PATIENCE_S)
        until("an address of the router", self.own_address)
        until("an address of weir's", lambda: any(
            line.split()[5] == device and line.startswith("fe80") and int(line.split()[4], 16) & 0x40 == 0
            for line in open("/proc/net/if_inet6", encoding="ascii")))

    def own_address(self):
        with self.node.inside():
            shown = subprocess.run(["ip", "-6", "-o", "addr", "show", "dev", self.far, "scope", "link", "-tentative"],
                                   capture_output=True, text=True, check=True).stdout.split()
        return shown[3].split("/")[0] if len(shown) > 3 else None

    def open(self):
        with self.node.inside():
            s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
            index = socket.if_nametoindex(self.far)
        self.sockets.append(s)
        wanted = bytearray(b"\xff" * 32)
        struct.pack_into("=I", wanted, SOLICIT // 32 * 4, ~(1 << SOLICIT % 32) & 0xffffffff)
        s.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, bytes(wanted))
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        group = socket.inet_pton(socket.AF_INET6, "ff02::2") + struct.pack("=I", index)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        self.index = index
        return s

    def asked(self):
        """The next question: its message and its hop limit."""
        message, rest, _, sender = self.socket.recvmsg(256, 128)
        need(sender[0].startswith("fe80"), sender)
        return message, struct.unpack("=i", rest[0][2])[0]

    def send(self, message, hops=255, source=None):
        s = self.socket
        if source:
            s = self.open()
            s.bind((source, 0, 0, self.index if source.startswith("fe80") else 0))
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
        s.sendto(message, ("ff02::1", 0, 0, self.index))

    def say(self, *prefixes, **envelope):
        self.send(advert(*prefixes), **envelope)

    def close(self):
        for s in self.sockets:
            s.close()
        subprocess.run(["ip", "link", "del", "dev", self.device], check=False, stderr=subprocess.DEVNULL)
        os.close(self.node.fd)


def advert(*prefixes):
    """Each a prefix, its length and its lifetime."""
    message = struct.pack("!BBHBBHII", ADVERT, 0, 0, 64, 0, 1800, 0, 0) + bytes([5, 1, 0, 0]) + struct.pack("!I", 1500)
    for prefix, length, lifetime_s in prefixes:
        message += struct.pack("!BBH", 38, 2, lifetime_s // 8 << 3 | CODES[length])
        message += socket.inet_pton(socket.AF_INET6, prefix)[:12]
    return message


class Upstream(loopback.Upstream):
    """Has A for every name, and AAAA for none; with `discovered` it does DNS64 itself for ipv4only.arpa."""
    discovered = None

    def _serve(self):
        while True:
            wire, client = self.socket.recvfrom(4096)
            if len(wire) < 17:
                return
            end = loopback.skip_name(wire, 12) + 4
            qtype = struct.unpack("!H", wire[end - 4:end - 2])[0]
            data = socket.inet_aton("192.0.2.1") if qtype == 1 else b""
            if qtype == 28 and self.discovered and b"\x08ipv4only" in wire[12:end].lower():
                data = socket.inet_pton(socket.AF_INET6, self.discovered)[:12] + bytes([192, 0, 0, 170])
            head = wire[:2] + struct.pack("!5H", 0x8180, 1, 1 if data else 0, 0 if data else 1, 0)
            record = struct.pack("!HHHIH", 0xc00c, qtype, 1, 60, len(data)) + data
            soa = b"\0" + struct.pack("!HHIH", 6, 1, 60, 22) + bytes(2) + struct.pack("!5I", 1, 60, 60, 60, 60)
            self._send(head + wire[12:end] + (record if data else soa), client)


def gateway(box, discovered=None, program=None, **more):
    up = Upstream("127.0.0.1", box.next_port)
    up.discovered = discovered
    box.next_port += 1
    box.things.append(up)
    return box.weir(upstreams=[up], program=program, dns64={"advertised_on": ["wan0"], **more})


def address(weir):
    """What an AAAA question brings; None: nothing."""
    wire = weir.ask("four.example", qtype=28).wire
    _, flags, _, answers, _, _ = struct.unpack("!6H", wire[:12])
    equal(flags & 15, 0)
    return ipaddress.ip_address(wire[-16:]) if answers else None


def made(prefix):
    return ipaddress.ip_address(int(ipaddress.ip_address(prefix)) | 0xc0000201)


def becomes(weir, prefix, seconds=loopback.PATIENCE_S):
    want = made(prefix) if prefix else None
    until(f"{want} (there is {address(weir)}; {weir.log()[-1500:]})", lambda: address(weir) == want, seconds)


def shows(weir, prefix, source):
    """Workers have a prefix a moment before the main thread knows that all have it."""
    until(f"{prefix} of {source} in the status",
          lambda: [weir.verb("status")["dns64"][key] for key in ("prefix", "source")] == [prefix, source])


def told(weir):
    return {(one["prefix"], one["router"].split("%")[0]) for one in weir.verb("status")["dns64"]["told"]}


@loopback.test("a router is asked, and its prefix is used until it is withdrawn")
def used(box):
    router = Router(box, "wan0")
    weir = gateway(box, program=PLAIN)
    message, hops = router.asked()
    equal((message[:2], message[4:], hops), (bytes([SOLICIT, 0]), bytes(4), 255))
    equal(address(weir), None)
    router.say((KNOWN, 96, 1800))
    becomes(weir, KNOWN)
    shows(weir, "64:ff9b::/96", "routers")
    status = weir.verb("status")
    equal(status["dns64"]["problem"], None)
    equal(told(weir), {("64:ff9b::/96", router.own_address())})
    link = status["dns64"]["links"][0]
    equal((link["interface"], link["present"], link["heard"]), ("wan0", True, True))
    need(PLAIN is None or status["sandbox"]["seccomp"], status["sandbox"])
    with open(f"/proc/{weir.pid}/status", encoding="ascii") as f:
        need("CapEff:\t0000000000000000" in f.read(), "a privilege was kept")
    need("routers tell the translator's prefix 64:ff9b::/96" in weir.log(), weir.log())
    router.say((KNOWN, 96, 0))
    becomes(weir, None)
    shows(weir, None, None)
    until("the line", lambda: "no router tells a translator's prefix any more" in weir.log())


@loopback.test("who is no router of that link is not believed")
def liars(box):
    router, lan = Router(box, "wan0"), Router(box, "lan0")
    weir = gateway(box)
    router.asked()
    lan.say((OTHER, 96, 1800))                                       # on a link that the owner did not name
    router.say((OTHER, 96, 1800), hops=254)                          # from behind a router
    router.say((OTHER, 96, 1800), source="2001:db8:ffff::1")         # not by its address on the link
    router.send(advert((OTHER, 96, 1800)) + b"\x26\0")               # an option without size: nothing of it counts
    router.send(advert((OTHER, 96, 1800))[:-1])
    router.send(b"\x88" + advert((OTHER, 96, 1800))[1:])             # a neighbour advertisement
    router.say(("ff0e::", 96, 1800), ("::ffff:0:0", 96, 1800))       # no translator has those
    router.say((KNOWN, 96, 1800), ("fe80::", 64, 1800))
    becomes(weir, KNOWN)
    seen = weir.verb("status")["dns64"]
    equal(told(weir), {("64:ff9b::/96", router.own_address())})
    equal((seen["advertisements"], seen["refused"]), (2, 2))
    equal(weir.log().count("tells a prefix that no translator can have"), 1)


@loopback.test("two routers, a new prefix, and one that nobody renews")
def several(box):
    router = Router(box, "wan0")
    first = router.own_address()
    router.node.address(router.far, "fe80::2/64")
    weir = gateway(box)
    router.asked()
    router.say((KNOWN, 96, 1800), source=first)
    becomes(weir, KNOWN)
    router.say((KNOWN, 96, 600), (OTHER, 64, 1800), source="fe80::2")
    until("both routers", lambda: len(told(weir)) == 3)
    router.say((KNOWN, 96, 0), source=first)                         # the other one stands by it
    until("two of the second", lambda: len(told(weir)) == 2)
    equal(address(weir), made(KNOWN))
    router.say((OTHER, 64, 0), (OTHER, 96, 16), source="fe80::2")    # /96 is another prefix than /64
    until("other two", lambda: {one for one, _ in told(weir)} == {KNOWN + "/96", OTHER + "/96"})
    equal(address(weir), made(KNOWN))                                # the one in use stays
    router.say((KNOWN, 96, 0), source="fe80::2")
    becomes(weir, OTHER)
    becomes(weir, None, 60)
    shows(weir, None, None)
    equal(told(weir), set())


@loopback.test("what routers tell goes before RFC 7050, and what is written before both")
def order(box):
    router = Router(box, "wan0")
    weir = gateway(box, discovered=THIRD, discover="rfc7050")
    router.asked()
    becomes(weir, THIRD)
    shows(weir, None, "upstream")
    router.say((KNOWN, 96, 1800))
    becomes(weir, KNOWN)
    router.say((KNOWN, 96, 0))
    becomes(weir, THIRD)
    weir.stop()
    written = gateway(box, prefix=[OTHER + "/96"])
    router.say((KNOWN, 96, 1800))
    until("what is told", lambda: told(written))
    equal(address(written), made(OTHER))
    equal(written.verb("status")["dns64"]["source"], "configuration")
    need("dns64.prefix is written" in written.log(), written.log())


@loopback.test("a router that changes its mind all the time is followed once a second")
def flapping(box):
    router = Router(box, "wan0")
    weir = gateway(box)
    router.asked()
    stop = threading.Event()

    def flap():
        while not stop.wait(0.002):
            router.say((KNOWN, 96, 1800))
            router.say((KNOWN, 96, 0))
    first = weir.verb("status")
    thread = threading.Thread(target=flap)
    thread.start()
    try:
        last = until("a thousand of them", lambda: (s := weir.verb("status"))["dns64"]["advertisements"] > 1000 and s, 120)
    finally:
        stop.set()
        thread.join()
    changes = last["settings_serial"] - first["settings_serial"]
    need(changes <= last["uptime_s"] - first["uptime_s"] + 2, (changes, first["uptime_s"], last["uptime_s"]))
    router.say((KNOWN, 96, 1800))
    becomes(weir, KNOWN)


@loopback.test("after a restart the router is asked again; an interface may come late and go")
def again(box):
    router = Router(box, "wan0")
    weir = gateway(box)
    router.asked()
    router.say((KNOWN, 96, 1800))
    becomes(weir, KNOWN)
    weir.stop()
    weir.start()
    router.asked()
    equal(address(weir), None)
    router.say((KNOWN, 96, 1800))
    becomes(weir, KNOWN)
    router.close()
    box.things.remove(router)
    becomes(weir, None)                                              # with the link went its routers
    router = Router(box, "wan0")
    router.asked()
    router.say((OTHER, 96, 1800))
    becomes(weir, OTHER)


@loopback.test("without the privilege it is said, and all else works")
def unprivileged(box):
    router = Router(box, "wan0")
    weir = box.weir(upstreams=[box.upstream()], start=False, dns64={"advertised_on": ["wan0"]})
    drop = ctypes.CDLL(None, use_errno=True).prctl
    with open(weir.log_path, "wb") as log:
        weir.process = subprocess.Popen([weir.program, "serve", "-c", weir.config], stderr=log, stdin=subprocess.DEVNULL,
                                        preexec_fn=lambda: drop(24, CAP_NET_RAW, 0, 0, 0))
    until("ready", lambda: "ready:" in weir.log())
    need("dns64.advertised_on: to hear routers needs CAP_NET_RAW" in weir.log(), weir.log())
    need("CAP_NET_RAW" in weir.verb("status")["dns64"]["problem"])
    router.say((KNOWN, 96, 1800))
    equal(weir.ask("four.example").rcode, 0)


@loopback.test("other interfaces take effect at a restart, and that is said")
def reloaded(box):
    weir = gateway(box)
    need("there is no interface wan0 yet" in weir.log(), weir.log())
    weir.write(open(weir.config, encoding="utf-8").read().replace("wan0", "wan1"))
    weir.verb("reload")
    until("the warning", lambda: "dns64.advertised_on takes effect at a restart" in weir.log())


if __name__ == "__main__":
    loopback.main()
