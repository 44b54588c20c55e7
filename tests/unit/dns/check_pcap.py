#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""DNS as it was really sent: every UDP and TCP payload of port 53 (and 5353) in the captures of the shared data.

    check_pcap.py PROGRAM        PROGRAM is the built wiretext.c

Each payload goes through our parser, and, when it parses, is expanded, built and parsed again. dnspython is
asked the same: where both read a message the records must be equal, with the case of every name.
What we refuse and dnspython does not must have a known reason; malformed captures are part of the data.
Without the data ($WEIR_SHARED, default ../shared) or without dnspython: one skip.
"""
import collections
import glob
import os
import struct
import sys

sys.dont_write_bytecode = True                            # the source tree stays as it is

import check_dnspython
from check_dnspython import Peer, Tap, exact

import dns.exception
import dns.message
import dns.opcode

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
SHARED = os.environ.get("WEIR_SHARED", os.path.join(ROOT, "..", "shared"))
PORTS = (53, 5353)
MOST = 2000                                               # payloads of one file


def pcap_packets(data):
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    link = struct.unpack_from(order + "I", data, 20)[0]
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack_from(order + "I", data, at + 8)[0]
        yield link, data[at + 16:at + 16 + size]
        at += 16 + size


def pcapng_packets(data):
    order, links, at = "<", [], 0
    while at + 12 <= len(data):
        kind = struct.unpack_from(order + "I", data, at)[0]
        if kind == 0x0a0d0d0a:
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            links = []
        size = struct.unpack_from(order + "I", data, at + 4)[0]
        if size < 12:
            return
        if kind == 1:
            links.append(struct.unpack_from(order + "H", data, at + 8)[0])
        elif kind == 6:
            interface, _, _, captured = struct.unpack_from(order + "IIII", data, at + 8)
            yield links[interface], data[at + 28:at + 28 + captured]
        elif kind == 3:
            yield links[0], data[at + 12:at + size - 4]
        at += size


def network_layer(link, frame):
    if link == 1 and len(frame) > 14:                     # Ethernet
        at, kind = 14, frame[12:14]
        while kind == b"\x81\x00":
            kind, at = frame[at + 2:at + 4], at + 4
        return frame[at:] if kind in (b"\x08\x00", b"\x86\xdd") else b""
    if link == 113:                                       # Linux cooked
        return frame[16:]
    if link in (12, 14, 101):                             # IP itself
        return frame
    return frame[4:] if link == 0 else b""                # BSD loopback


def segment(packet):
    """(protocol, addresses, segment) of an unfragmented IP packet"""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        if struct.unpack_from("!H", packet, 6)[0] & 0x3fff:
            return None
        total = struct.unpack_from("!H", packet, 2)[0] or len(packet)
        return packet[9], packet[12:20], packet[(packet[0] & 15) * 4:total]
    if len(packet) >= 40 and packet[0] >> 4 == 6:
        return packet[6], packet[8:40], packet[40:40 + struct.unpack_from("!H", packet, 4)[0]]
    return None


def payloads(path):
    with open(path, "rb") as f:
        data = f.read()
    packets = pcapng_packets if data[:4] == b"\x0a\x0d\x0d\x0a" else pcap_packets
    streams = collections.OrderedDict()
    for link, frame in packets(data):
        found = segment(network_layer(link, frame))
        if not found or len(found[2]) < 8:
            continue
        protocol, addresses, body = found
        ports = struct.unpack_from("!HH", body)
        if not set(ports) & set(PORTS):
            continue
        if protocol == 17:
            yield body[8:]
        elif protocol == 6 and len(body) >= 20:
            key = (addresses, ports)
            sequence = struct.unpack_from("!I", body, 4)[0]
            streams.setdefault(key, {})[sequence] = body[(body[12] >> 4) * 4:]
    for parts in streams.values():                        # captures are in order but for what is sent again
        stream = b"".join(parts[s] for s in sorted(parts))
        while len(stream) > 2:
            size = struct.unpack_from("!H", stream)[0]
            if size == 0 or 2 + size > len(stream):
                break
            yield stream[2:2 + size]
            stream = stream[2 + size:]


def read_theirs(wire):
    try:
        return dns.message.from_wire(wire, one_rr_per_rrset=True, ignore_trailing=False)
    except (dns.exception.DNSException, ValueError, IndexError, struct.error, NotImplementedError, AssertionError):
        return None


def compare(peer, wire, tally):
    """None when all is well, else what is not."""
    theirs = read_theirs(wire)
    got = peer.ask("build " + wire.hex())
    if got.startswith("error"):
        if theirs is None:
            tally["refused by both"] += 1
            return None
        # on purpose: RFC 9619 (one question), and rdata left empty by a dynamic update
        known = len(theirs.question) > 1 or theirs.opcode() == dns.opcode.UPDATE
        tally["refused by us only, on purpose"] += known
        return None if known else f"we refuse {wire.hex()}"
    if theirs is None:
        tally["read by us only"] += 1
        return None
    ours = read_theirs(bytes.fromhex(got))
    if ours is None:
        return f"our building of {wire.hex()} is not read: {got}"
    tally["read by both"] += 1
    return None if exact(ours) == exact(theirs) else f"{wire.hex()} became {got}"


def main():
    files = sorted(glob.glob(os.path.join(SHARED, "data", "train", "wire", "*.pcap*")))
    if not files:
        print(f"ok 1 - captures # SKIP no captures in {SHARED}/data/train/wire")
        return 0
    tap, peer, tally = Tap(), Peer(sys.argv[1]), collections.Counter()
    for path in files:
        bad = []
        for number, wire in enumerate(payloads(path)):
            if number == MOST:
                break
            if wire:
                problem = compare(peer, wire, tally)
                bad += [problem] if problem else []
        tap.ok(not bad, os.path.basename(path), (bad or [""])[0][:2000])
    peer.process.stdin.close()
    tap.ok(peer.process.wait() == 0, "wiretext ended well")
    tap.ok(tally["read by both"] > 100, "there was something to read", dict(tally))
    for what, count in tally.most_common():
        print(f"# {what}: {count}")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
