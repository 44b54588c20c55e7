# SPDX-License-Identifier: Apache-2.0
"""Clients of the lab: kdig, and raw sockets for what no well-behaved client would send.

    reply = kdig(device, "192.168.7.1", "api.camera.example", "AAAA", "+tcp")
    reply.rcode, reply.flags, reply.answer, reply.ede, reply.seconds
    replies = kdig_many(device, "192.168.7.1", names)     # one kdig process, one query after another
    wire = exchange(device, "192.168.7.1", b"...")        # None when nothing came back
"""

import re
import socket
import struct
import time
from dataclasses import dataclass, field

from spaces import peer


@dataclass
class Record:
    name: str
    ttl: int
    type: str
    data: str


@dataclass
class Reply:
    """What kdig printed for one query. rcode is None when no reply came."""
    rcode: str = None
    flags: set = field(default_factory=set)
    answer: list = field(default_factory=list)
    authority: list = field(default_factory=list)
    additional: list = field(default_factory=list)
    edns: bool = False
    ede: list = field(default_factory=list)
    why: str = ""      # the text of the extended error
    size: int = 0
    seconds: float = None
    server: str = ""
    protocol: str = ""
    text: str = ""

    def data(self, rtype=None):
        """The answer's data, sorted; of one type if asked."""
        return sorted(r.data for r in self.answer if rtype in (None, r.type))

    def ttls(self):
        return [r.ttl for r in self.answer]

    def __str__(self):
        if self.rcode is None:
            return "no reply"
        parts = [self.rcode, f"{len(self.answer)} records"]
        if self.answer:
            parts.append(f"TTL {min(self.ttls())}")
        parts += [f"EDE {code}" for code in self.ede]
        parts.append(f"{self.seconds * 1000:.1f} ms {self.protocol}")
        return ", ".join(parts)


SECTIONS = {"ANSWER": "answer", "AUTHORITY": "authority", "ADDITIONAL": "additional"}


def _parse(text):
    """One block of kdig's output, as text."""
    reply = Reply(text=text)
    section = None
    for line in text.splitlines():
        if match := re.match(r";; ->>HEADER<<- opcode: \w+; status: (\w+);", line):
            reply.rcode = match[1]
        elif match := re.match(r";; Flags: ([a-z ]*);", line):
            reply.flags = set(match[1].split())
        elif match := re.match(r";; (\w+) (PSEUDO)?SECTION:", line):
            section = SECTIONS.get(match[1])
            reply.edns = reply.edns or match[1] == "EDNS"
        elif match := re.match(r";; EDE: (\d+)[^:]*:? ?(.*)", line):
            reply.ede.append(int(match[1]))
            reply.why = match[2].strip("'\"")
        elif match := re.match(r";; Received (\d+) B", line):
            reply.size = int(match[1])
        elif match := re.match(r";; From (\S+)@\d+\((\w+)\) in ([\d.]+) ms", line):
            reply.server, reply.protocol = match[1], match[2]
            reply.seconds = float(match[3]) / 1000
        elif section and line and not line.startswith(";"):
            name, ttl, _, rtype, data = line.split(None, 4)
            getattr(reply, section).append(Record(name, int(ttl), rtype, data))
    return reply


def kdig(node, server, *args, timeout=6):
    """One query by the real client. Arguments are kdig's own; no retries unless asked."""
    words = [peer("kdig"), f"@{server}", f"+timeout={timeout}", "+retry=0", *args]
    done = node.run(words, check=False, timeout=timeout * 4 + 10)
    return _parse(done.stdout + done.stderr)


def kdig_many(node, server, names, *args, timeout=6):
    """One query after another by one kdig process; replies in the order of the names, which differ."""
    if not names:
        return []
    words = [peer("kdig"), f"@{server}", f"+timeout={timeout}", "+retry=0", *args]
    for name in names:
        words += ["-q", name]
    out = node.run(words, check=False, timeout=len(names) * timeout + 10).stdout
    starts = [match.start() for match in re.finditer(r"^;; ->>HEADER", out, re.M)]
    replies = {}
    for begin, end in zip(starts, starts[1:] + [len(out)]):
        if match := re.search(r"^;; QUESTION SECTION:\n;; (\S+)", out[begin:end], re.M):
            replies[match[1].rstrip(".").lower()] = _parse(out[begin:end])
    return [replies.get(name.rstrip(".").lower(), Reply()) for name in names]


def udp_socket(node, server, port=53, source=None):
    """A connected UDP socket that lives in the node."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with node.inside():
        sock = socket.socket(family, socket.SOCK_DGRAM)
        if source:
            sock.bind(source)
        sock.connect((server, port))
    return sock


def exchange(node, server, wire, timeout=1.0, port=53):
    """Send these octets in one datagram; the reply's octets, or None."""
    with udp_socket(node, server, port) as sock:
        sock.settimeout(timeout)
        try:
            sock.send(wire)
            return sock.recv(65535)
        except OSError:
            return None


def tcp_socket(node, server, port=53, timeout=3.0):
    """A TCP connection that lives in the node."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with node.inside():
        sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    sock.connect((server, port))
    return sock


def tcp_receive(sock):
    """One framed message; None at the end of the stream or when time is up."""
    data = b""
    need = 2
    try:
        while len(data) < need:
            chunk = sock.recv(need - len(data))
            if not chunk:
                return None
            data += chunk
            if len(data) == 2 and need == 2:
                need = 2 + struct.unpack("!H", data)[0]
    except OSError:
        return None
    return data[2:]


def frame(wire):
    return struct.pack("!H", len(wire)) + wire


def name_wire(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(name, rtype=1, ident=0x1234, flags=0x0100, edns=None):
    """A query in wire form; edns is the payload size to offer."""
    opt = struct.pack("!BHHIH", 0, 41, edns, 0, 0) if edns else b""
    head = struct.pack("!6H", ident, flags, 1, 0, 0, 1 if edns else 0)
    return head + name_wire(name) + struct.pack("!2H", rtype, 1) + opt


class Load:
    """Many queries at a steady rate from one device, over one UDP socket; then who was answered.

    load = Load(device, "192.168.7.1", names, rate=500)
    load.run(5.0); load.sent, load.answered, load.rcodes, load.times
    """

    def __init__(self, node, server, names, rate):
        self.sock = udp_socket(node, server)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.names = names
        self.rate = rate
        self.sent = 0
        self.answered = 0
        self.rcodes = {}
        self.times = []
        self._open = {}

    def _receive(self):
        while True:
            try:
                wire = self.sock.recv(4096)
            except (BlockingIOError, ConnectionRefusedError):
                return
            began = self._open.pop(struct.unpack("!H", wire[:2])[0], None)
            if began is None:
                continue
            self.answered += 1
            self.times.append(time.monotonic() - began)
            rcode = wire[3] & 15
            self.rcodes[rcode] = self.rcodes.get(rcode, 0) + 1

    def run(self, seconds, tail=2.0, meanwhile=None):
        """Send for so many seconds; `meanwhile` is called once, half way."""
        begin = time.monotonic()
        while (now := time.monotonic()) - begin < seconds:
            due = int((now - begin) * self.rate)
            while self.sent < due:
                ident = self.sent % 65536
                wire = question(self.names[self.sent % len(self.names)], ident=ident)
                try:
                    self.sock.send(wire)
                    self._open[ident] = time.monotonic()
                except OSError:
                    pass
                self.sent += 1
            if meanwhile and now - begin > seconds / 2:
                meanwhile()
                meanwhile = None
            self._receive()
            time.sleep(0.0005)
        end = time.monotonic() + tail
        while self._open and time.monotonic() < end:
            self._receive()
            time.sleep(0.002)
        self.sock.close()
        return self
