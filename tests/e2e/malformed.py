#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Malformed input of every kind: an error or silence, no crash, no growth, and others are served."""

import struct
import time

import e2e
from e2e import equal, need

import badpackets
from lab import clients

ERRORS = (1, 4, 5, 9)   # FORMERR, NOTIMP, REFUSED, NOTAUTH


def send_each(lab, device, packets, family=4, wait=0.05):
    """Send each packet alone; (name, reply or None) in turn."""
    server = lab.server_for(device, family)
    for name, packet in packets:
        with clients.udp_socket(lab.nodes[device], server) as sock:
            sock.settimeout(wait)
            sock.send(packet)
            try:
                yield name, packet, sock.recv(4096)
            except TimeoutError:
                yield name, packet, None


@e2e.test("each kind over UDP: an error code or silence, and never more octets than came")
def kinds(lab):
    lab.start_gateway()
    lab.kdig("camera", "hour.cloud.example")
    wrong = []
    with lab.capture() as wire:
        for family in (4, 6):
            for name, packet, reply in send_each(lab, "camera", badpackets.all_kinds(), family):
                if reply is None:
                    continue
                if reply[3] & 15 not in ERRORS:
                    wrong.append(f"{name}: rcode {reply[3] & 15}")
                elif reply[:2] != packet[:2] or not reply[2] & 0x80:
                    wrong.append(f"{name}: not a response to it")
                elif len(reply) > max(12, len(packet)) + 11:
                    wrong.append(f"{name}: {len(packet)} octets in, {len(reply)} out")
    need(not wrong, "; ".join(wrong[:12]))
    asked = [str(m.dns.question[0]) if m.dns and m.dns.question else m.wire.hex() for m in wire.queries()]
    equal(asked, [], "queries upstream")
    equal(lab.kdig("camera", "hour.cloud.example").rcode, "NOERROR")


@e2e.test("a response that is sent to port 53 is not answered: no ping-pong")
def no_ping_pong(lab):
    lab.start_gateway()
    packet = badpackets.head(flags=0x8180) + badpackets.ask()
    need(lab.exchange("camera", packet, timeout=0.3) is None, "answered")
    broken = badpackets.head(flags=0x8180) + b"\xc0\x0c"
    need(lab.exchange("camera", broken, timeout=0.3) is None, "answered")


@e2e.test("EDNS version 1 is BADVERS")
def edns_version(lab):
    lab.start_gateway()
    wire = clients.question("hour.cloud.example")
    opt = struct.pack("!BHHIH", 0, 41, 1232, 1 << 16, 0)
    reply = lab.exchange("camera", wire[:11] + b"\1" + wire[12:] + opt)
    need(reply is not None, "no reply")
    equal(reply[3] & 15, 0)
    equal(reply[-6], 1, "extended rcode BADVERS is 1 << 4")


@e2e.test("unknown EDNS options are ignored")
def unknown_options(lab):
    lab.start_gateway()
    wire = clients.question("hour.cloud.example")
    options = b"".join(badpackets.option(65001 + i % 500, b"x") for i in range(30))
    reply = lab.exchange("camera", wire[:11] + b"\1" + wire[12:] + badpackets.opt(options=options))
    need(reply is not None and reply[3] & 15 == 0 and reply[7] == 1, reply)


@e2e.test("a hundred thousand malformed datagrams: same process, no growth")
def flood(lab):
    weir = lab.start_gateway({"limits": {"client_rate": 0}})
    lab.kdig("camera", "hour.cloud.example")
    packets = [packet for _, packet in badpackets.all_kinds()]
    measured = []
    for _ in range(3):  # in the first round each worker touches its buffers for the first time
        for _ in range(4):
            with clients.udp_socket(lab.nodes["camera"], lab.server_for("camera")) as sock:
                for _ in range(50):
                    for packet in packets:
                        sock.send(packet)
        need(e2e.until(lambda: served(lab), 5), "not served afterwards")
        measured.append(weir.memory_kib())
    need(weir.alive(), "ended")
    if not e2e.sanitized():
        need(measured[2] - measured[0] <= 256, f"{measured} KiB")


def served(lab, device="phone"):
    reply = lab.kdig(device, "hour.cloud.example", timeout=1)
    return reply if reply.rcode == "NOERROR" else None


@e2e.test("TCP lengths that lie: 0, too short, too long, a header alone")
def tcp_lengths(lab):
    lab.start_gateway()
    query = clients.question("hour.cloud.example")
    lab.kdig("camera", "hour.cloud.example")
    for data in (b"\0\0", b"\0\1x", struct.pack("!H", 11) + query[:11], struct.pack("!H", 12) + query[:12],
                 struct.pack("!H", len(query) - 1) + query, b"\xff\xff" + query):
        with clients.tcp_socket(lab.nodes["camera"], lab.server_for("camera")) as sock:
            sock.settimeout(0.3)
            sock.sendall(data)
            reply = clients.tcp_receive(sock)
            need(reply is None or reply[3] & 15 in ERRORS, f"{data[:4]!r}: rcode {reply and reply[3] & 15}")
    equal(lab.kdig("camera", "hour.cloud.example", "+tcp").rcode, "NOERROR")


@e2e.test("each kind over TCP")
def tcp_kinds(lab):
    lab.start_gateway()
    lab.kdig("camera", "hour.cloud.example")
    wrong = []
    for name, packet in badpackets.all_kinds():
        with clients.tcp_socket(lab.nodes["camera"], lab.server_for("camera")) as sock:
            sock.settimeout(0.05)
            sock.sendall(clients.frame(packet))
            reply = clients.tcp_receive(sock)
            if reply and reply[3] & 15 not in ERRORS and "over UDP" not in name:
                wrong.append(f"{name}: rcode {reply[3] & 15}")
    need(not wrong, "; ".join(wrong[:12]))


@e2e.test("a message that arrives one octet at a time beyond the idle time is given up")
def slow_octets(lab):
    lab.start_gateway({"tcp": {"idle_timeout": "1s"}})
    data = clients.frame(clients.question("hour.cloud.example"))
    with clients.tcp_socket(lab.nodes["camera"], lab.server_for("camera")) as sock:
        begin = time.monotonic()
        try:
            for octet in data:
                sock.sendall(bytes([octet]))
                time.sleep(0.4)  # each octet well within the idle time; the message is not
        except OSError:
            pass
        lasted = time.monotonic() - begin
    need(lasted < 4.5, f"held for {lasted:.1f} s")  # not the five seconds that it may take at most
    equal(lab.kdig("camera", "hour.cloud.example", "+tcp").rcode, "NOERROR")


@e2e.test("many octets at once, split in any way: every query of a TCP connection is answered")
def split_frames(lab):
    lab.start_gateway()
    lab.kdig("camera", "hour.cloud.example")
    data = b"".join(clients.frame(clients.question("hour.cloud.example", ident=i)) for i in range(30))
    with clients.tcp_socket(lab.nodes["camera"], lab.server_for("camera")) as sock:
        for begin in range(0, len(data), 7):
            sock.sendall(data[begin:begin + 7])
        seen = {struct.unpack("!H", clients.tcp_receive(sock)[:2])[0] for _ in range(30)}
    equal(seen, set(range(30)))


@e2e.test("idle connections beyond the limits do not keep others out")
def idle_connections(lab):
    lab.start_gateway({"tcp": {"max_per_client": 8, "max_connections": 24, "idle_timeout": "2s"}})
    held = []
    for device in ("camera", "thermostat", "lock"):
        for _ in range(30):
            try:
                held.append(clients.tcp_socket(lab.nodes[device], lab.server_for(device), timeout=0.5))
            except OSError:
                break
    try:
        reply = lab.kdig("phone", "hour.cloud.example", "+tcp", timeout=3)
        equal(reply.rcode, "NOERROR", reply)
    finally:
        for sock in held:
            sock.close()


e2e.main()
