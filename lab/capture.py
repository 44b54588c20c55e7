# SPDX-License-Identifier: Apache-2.0
"""Capture: what really passed an interface, read with AF_PACKET and decoded with dnspython.

    with Capture(gateway, "wan") as wire:
        ...
    wire.queries()        # DNS queries that left by this interface, over UDP or TCP
    wire.replies()        # DNS replies that came in
    wire.bytes_out("203.0.113.66"), wire.bytes_in("203.0.113.66")    # IP octets by other end
    wire.readable("camera.example")   # whoever could read this name, or any DNS question at all, on the way

A capture is the witness of the demo: "answered from the cache" means that no query left, not that
a log says so.
"""

import errno
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass

import dns.exception
import dns.message

ETH_P_ALL = 3
PACKET_OUTGOING = 4


@dataclass
class Packet:
    when: float
    outgoing: bool
    source: str
    target: str
    source_port: int
    target_port: int
    protocol: str      # "udp" or "tcp"
    length: int        # octets of the IP packet
    payload: bytes
    sequence: int = 0


@dataclass
class Message:
    """One DNS message, whole."""
    when: float
    outgoing: bool
    source: str
    target: str
    source_port: int
    target_port: int
    protocol: str
    wire: bytes
    dns: object        # dns.message.Message, None when it does not parse

    @property
    def is_query(self):
        return len(self.wire) > 2 and not self.wire[2] & 0x80

    @property
    def name(self):
        if not self.dns or not self.dns.question:
            return ""
        return str(self.dns.question[0].name).lower()


def _ip(data):
    """(protocol, source, target, length, rest) of an IP packet; None for what is not UDP or TCP."""
    if len(data) >= 20 and data[0] >> 4 == 4:
        length = struct.unpack("!H", data[2:4])[0]
        head = (data[0] & 15) * 4
        return (data[9], socket.inet_ntop(socket.AF_INET, data[12:16]),
                socket.inet_ntop(socket.AF_INET, data[16:20]), length, data[head:length])
    if len(data) >= 40 and data[0] >> 4 == 6:
        length = 40 + struct.unpack("!H", data[4:6])[0]
        return (data[6], socket.inet_ntop(socket.AF_INET6, data[8:24]),
                socket.inet_ntop(socket.AF_INET6, data[24:40]), length, data[40:length])
    return None


def _decode(frame, outgoing, when):
    ip = _ip(frame[14:])
    if not ip:
        return None
    protocol, source, target, length, rest = ip
    if protocol == 17 and len(rest) >= 8:
        sport, dport, size = struct.unpack("!3H", rest[:6])
        return Packet(when, outgoing, source, target, sport, dport, "udp", length, rest[8:size])
    if protocol == 6 and len(rest) >= 20:
        sport, dport, sequence = struct.unpack("!HHI", rest[:8])
        head = (rest[12] >> 4) * 4
        return Packet(when, outgoing, source, target, sport, dport, "tcp", length, rest[head:],
                      sequence)
    return None


def _message(packet, wire):
    try:
        parsed = dns.message.from_wire(wire, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError, IndexError):
        parsed = None
    return Message(packet.when, packet.outgoing, packet.source, packet.target, packet.source_port,
                   packet.target_port, packet.protocol, wire, parsed)


def forms(name):
    """A name as octets: labels as on the wire, and as text; small letters, without the root."""
    text = name.rstrip(".").lower().encode()
    return [b"".join(bytes([len(label)]) + label for label in text.split(b".")), text]


def _questions(octets):
    """The names of questions that these octets are: one message, or one behind its length."""
    for wire in (octets, octets[2:]):
        try:
            message = dns.message.from_wire(wire[:4096], ignore_trailing=True, continue_on_error=False)
        except (dns.exception.DNSException, ValueError, IndexError):
            continue
        if message.question:
            return [str(q.name) for q in message.question]
    return []


class Capture:
    """Everything UDP or TCP that passes one interface of a node while the block runs."""

    def __init__(self, node, device):
        with node.inside():
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self.sock.bind((device, ETH_P_ALL))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        self.sock.setblocking(False)
        self.packets = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Read what has arrived already, then stop."""
        self._stop.set()
        self._thread.join()
        self.sock.close()

    def _read(self):
        while True:
            stopping = self._stop.is_set()
            if not select.select([self.sock], [], [], 0.0 if stopping else 0.02)[0]:
                if stopping:
                    return
                continue
            try:
                frame, address = self.sock.recvfrom(65535)
            except OSError as why:  # said once when the link goes down; what comes when it is up again is read
                if why.errno == errno.ENETDOWN:
                    continue
                raise
            packet = _decode(frame, address[2] == PACKET_OUTGOING, time.monotonic())
            if packet:
                self.packets.append(packet)

    def messages(self):
        """DNS messages to or from port 53, in the order of their last octet."""
        streams, found = {}, []
        for packet in list(self.packets):
            if 53 not in (packet.source_port, packet.target_port) or not packet.payload:
                continue
            if packet.protocol == "udp":
                found.append(_message(packet, packet.payload))
                continue
            key = (packet.source, packet.source_port, packet.target, packet.target_port)
            stream = streams.setdefault(key, _Stream())
            found += [_message(packet, wire) for wire in stream.feed(packet)]
        return found

    def queries(self, to=None):
        """Queries that left by this interface (to one server if named)."""
        return [m for m in self.messages()
                if m.outgoing and m.is_query and m.target_port == 53 and to in (None, m.target)]

    def replies(self, origin=None):
        """Replies that came in by it."""
        return [m for m in self.messages() if not m.outgoing and not m.is_query
                and m.source_port == 53 and origin in (None, m.source)]

    def readable(self, *names):
        """What a listener on this wire could read: each name, as labels or as text in any letter case, in any packet or
        stream; and every DNS question whatever its port. Sentences; empty when there was nothing to read."""
        words = {name: forms(name) for name in names}
        found = []
        for where, octets in self._texts():
            low = octets.lower()
            found += [f"{name} in {where}" for name, forms_ in words.items() if any(form in low for form in forms_)]
            found += [f"a question for {name} in {where}" for name in _questions(octets)]
        return found

    def _texts(self):
        """(where, octets): each datagram alone, each direction of a TCP connection as one."""
        streams = {}
        for packet in list(self.packets):
            where = (f"{packet.protocol} {packet.source} port {packet.source_port} to "
                     f"{packet.target} port {packet.target_port}")
            if packet.protocol == "udp":
                yield where, packet.payload
            elif packet.payload:
                streams.setdefault(where, {})[packet.sequence] = packet.payload
        for where, parts in streams.items():
            yield where, b"".join(part for _, part in sorted(parts.items()))

    def bytes_out(self, target):
        return sum(p.length for p in self.packets if p.outgoing and p.target == target)

    def bytes_in(self, source):
        return sum(p.length for p in self.packets if not p.outgoing and p.source == source)


class _Stream:
    """One direction of a TCP connection, put together in sequence."""

    def __init__(self):
        self.next = None
        self.early = {}
        self.data = b""

    def feed(self, packet):
        """The whole messages that this packet completes."""
        if self.next is None:
            self.next = packet.sequence
        self.early[packet.sequence] = packet.payload
        while self.next in self.early:
            payload = self.early.pop(self.next)
            self.data += payload
            self.next = (self.next + len(payload)) & 0xffffffff
        while len(self.data) >= 2:
            length = struct.unpack("!H", self.data[:2])[0]
            if len(self.data) < 2 + length:
                return
            yield self.data[2:2 + length]
            self.data = self.data[2 + length:]
