#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Never a weapon: who is refused, what a spoofer can make weir send, who yields under overload."""

import socket
import struct
import threading
import time

import e2e
from e2e import equal, need
from lab import clients, world

OUTSIDER = world.INTERNET["outsider"]


def unique(word, count):
    return [f"{word}{i}.load.cloud.example" for i in range(count)]


@e2e.test("an outsider is refused on every address and transport, and nothing is asked for it")
def refused(lab):
    lab.start_gateway()
    with lab.capture() as wire:
        for family in (4, 6):
            for words in ([], ["+edns", "+bufsize=4096"], ["+dnssec"]):
                reply = lab.kdig("outsider", "manifest.firmware.example", "TXT", *words, family=family)
                need(reply.rcode == "REFUSED" and not reply.answer, f"IPv{family} {words}: {reply}")
                need(reply.size <= 54, f"{reply.size} octets to a query of 43 or 54")
            reply = lab.kdig("outsider", "api.camera.example", "+tcp", family=family)
            need(reply.rcode == "REFUSED" and not reply.answer, reply)
    asked = [m for m in wire.queries() if m.target not in OUTSIDER]
    equal(len(asked), 0, "queries upstream")


@e2e.test("it is refused what is in the cache as well")
def refused_cached(lab):
    lab.start_gateway()
    equal(lab.kdig("camera", "api.camera.example").rcode, "NOERROR")
    reply = lab.kdig("outsider", "api.camera.example")
    need(reply.rcode == "REFUSED" and not reply.answer, reply)


@e2e.test("a flood from an outsider: fewer octets out than in, silence beyond the limit")
def outsider_flood(lab):
    lab.start_gateway()
    with lab.capture() as wire:
        load = clients.Load(lab.nodes["outsider"], world.WAN[0], ["api.camera.example"], 5000)
        load.run(2.0, tail=0.3)
    need(wire.bytes_out(OUTSIDER[0]) <= wire.bytes_in(OUTSIDER[0]), "amplified")
    need(load.answered <= 60, f"{load.answered} replies to {load.sent}")


@e2e.test("a flood in a device's name (spoofed): bytes out / bytes in <= 1 beyond the limit")
def spoofed_flood(lab):
    lab.start_gateway()
    lab.kdig("thermostat", "many.cloud.example")
    victim = "192.168.7.11"
    with lab.nodes["lock"].inside():
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    query = clients.question("many.cloud.example", edns=4096)
    packets = [spoofed(victim, "192.168.7.1", 1024 + i, query) for i in range(2000)]
    with lab.capture("br-iot") as wire, raw:
        end = time.monotonic() + 2.0
        sent = 0
        while time.monotonic() < end:
            for packet in packets[:100]:
                raw.sendto(packet, ("192.168.7.1", 0))
            sent += 100
            time.sleep(0.01)
    out, came = wire.bytes_out(victim), wire.bytes_in(victim)
    need(came > 100000, f"the flood did not arrive: {came} octets of {sent} packets")
    need(out <= came, f"{out} octets out, {came} in")
    reply = lab.kdig("phone", "many.cloud.example")
    equal(reply.rcode, "NOERROR", reply)


def spoofed(source, target, port, payload):
    """An IPv4 datagram as a forger writes it; the kernel fills in the header's checksum."""
    length = 8 + len(payload)
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    udp = struct.pack("!4H", port, 53, length, 0)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0, 64, 17, 0) + addresses
    return ip + udp + payload


@e2e.test("the device whose name was used still gets answers: truncated ones, then over TCP")
def victim_served(lab):
    lab.start_gateway({"limits": {"rrl_rate": 5, "rrl_slip": 2}})
    node = lab.nodes["camera"]
    load = clients.Load(node, "192.168.7.1", ["hour.cloud.example"], 500).run(1.0, tail=0.3)
    need(load.answered < load.sent, "no limit is felt")
    reply = e2e.until(lambda: whole(lab), 5)
    need(reply, "never answered")


def whole(lab):
    reply = lab.kdig("camera", "hour.cloud.example", timeout=1)
    return reply if reply.rcode == "NOERROR" and reply.answer else None


@e2e.test("an outsider who holds TCP connections keeps no device out, and is still refused")
def outsider_holds(lab):
    lab.start_gateway({"tcp": {"max_per_client": 24, "max_connections": 24}})
    held = []
    try:
        for _ in range(60):
            try:
                held.append(clients.tcp_socket(lab.nodes["outsider"], world.WAN[0], timeout=2))
                held[-1].sendall(b"\0")
            except OSError:
                pass
        for device in ("phone", "camera", "lock") * 4:
            reply = lab.kdig(device, "many.cloud.example", "+tcp", timeout=3)
            equal(reply.rcode, "NOERROR", reply)
        reply = lab.kdig("outsider", "many.cloud.example", "+tcp", timeout=3)
        need(reply.rcode == "REFUSED" and not reply.answer, reply)
    finally:
        for sock in held:
            sock.close()


@e2e.test("a client that shows a server cookie is not limited")
def cookie(lab):
    lab.start_gateway({"limits": {"rrl_rate": 5}})
    sock = clients.udp_socket(lab.nodes["camera"], "192.168.7.1")
    sock.settimeout(1.0)
    plain = clients.question("hour.cloud.example")

    def ask(cookie_octets):
        opt = struct.pack("!BHHIHHH", 0, 41, 1232, 0, 4 + len(cookie_octets), 10, len(cookie_octets))
        sock.send(plain[:11] + b"\1" + plain[12:] + opt + cookie_octets)
        return sock.recv(4096)

    own = b"12345678"
    reply = ask(own)
    at = reply.rfind(b"\0\x0a\0\x18" + own)
    need(at > 0, "no server cookie of 16 octets came back")
    full = reply[at + 4:at + 28]
    good = sum(1 for _ in range(200) if not ask(full)[2] & 0x02)
    sock.close()
    equal(good, 200, "whole answers to 200 queries")


@e2e.test("ANY is answered with little (RFC 8482)")
def any_is_minimal(lab):
    lab.start_gateway()
    reply = lab.kdig("camera", "camera.example", "ANY", "+notcp")
    need(reply.rcode in ("NOERROR", "NOTIMP") and len(reply.answer) <= 2 and reply.size < 300, reply)


@e2e.test("overload: a flood of new names from one device leaves the others 95 % answered")
def overload(lab):
    line = lab.bad_line(delay_ms=400, seed=5)
    try:
        # 64 questions at once, 800 ms each: a capacity of about 80 new names a second.
        lab.start_gateway({"limits": {"requests": 64, "client_rate": 0}, "workers": 1, "upstream": {
            "groups": [{"name": "isp", "servers": ["udp://" + world.INTERNET["relay"][0]]}]}})
        lab.kdig("phone", "hour.cloud.example")
        flood = clients.Load(lab.nodes["camera"], "192.168.7.1", unique("flood", 8000), 800)
        news = clients.Load(lab.nodes["phone"], "192.168.8.1", unique("quiet", 400), 6)
        known = clients.Load(lab.nodes["laptop"], "192.168.8.1", ["hour.cloud.example"], 50)
        threads = [threading.Thread(target=load.run, args=(5.0,)) for load in (flood, news, known)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        line.terminate()
        line.wait()
    need(flood.sent > 3500, f"the flood was only {flood.sent}")
    for name, load in (("new", news), ("known", known)):
        good = load.rcodes.get(0, 0)
        need(good >= 0.95 * load.sent, f"{name} names: {good} of {load.sent} ({load.rcodes})")


@e2e.test("a client's rate is bounded, the others do not feel it")
def client_rate(lab):
    lab.start_gateway({"limits": {"client_rate": 50, "client_burst": 100}})
    lab.kdig("phone", "hour.cloud.example")
    load = clients.Load(lab.nodes["camera"], "192.168.7.1", unique("rate", 3000), 1000).run(2.0)
    need(load.rcodes.get(0, 0) <= 260, f"{load.rcodes}")
    other = clients.Load(lab.nodes["phone"], "192.168.8.1", ["hour.cloud.example"], 40).run(1.0)
    equal(other.rcodes, {0: other.sent})


e2e.main()
