# SPDX-License-Identifier: Apache-2.0
"""Servers of a small Internet, all in one thread: addresses on the loopback of a namespace, UDP and TCP at port 53."""
import collections
import select
import socket
import struct
import subprocess
import threading
import time
import traceback

import dns.exception
import dns.message

PORT = 53
SO_RCVBUFFORCE = 33


def roomy(sock, octets=16 << 20):
    """As much receive buffer as may be had: root may have more than the system's limit."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, octets)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets)


class Authority(threading.Thread):
    """serve(address, zone, ...); `asked` is every question that came: (time, address, name, type, tcp, client)."""

    def __init__(self):
        super().__init__(daemon=True)
        self.zones, self.sockets, self.late = {}, {}, []
        self.asked, self.octets_in = [], 0
        self.on_query = {}                       # address -> function(query, socket, client): instead of a zone
        self.advertised = collections.Counter()
        self.lock = threading.Lock()
        self.ended = False

    def serve(self, address, *zones):
        self.zones.setdefault(address, []).extend(zones)
        if address in self.sockets:
            return
        subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "lo"], check=True)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        roomy(udp)
        udp.setsockopt(socket.IPPROTO_IP, 10, 0)          # IP_MTU_DISCOVER: may be fragmented
        udp.bind((address, PORT))
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind((address, PORT))
        tcp.listen(64)
        self.sockets[address] = (udp, tcp)

    def reset(self):
        with self.lock:
            self.asked = []

    def sent_to(self, address=None, type_=None):
        with self.lock:
            return [a for a in self.asked if address in (None, a[1]) and type_ in (None, a[3])]

    def zone_for(self, address, owner):
        best = None
        for zone in self.zones[address]:
            if owner.is_subdomain(zone.origin) and (best is None or len(zone.origin) > len(best.origin)):
                best = zone
        return best

    def answer(self, wire, address, client, tcp, sock):
        try:
            query = dns.message.from_wire(wire, ignore_trailing=True)
            question = query.question[0]
        except (dns.exception.DNSException, IndexError):
            return None
        with self.lock:
            self.asked.append((time.monotonic(), address, question.name, question.rdtype, tcp, client, wire))
            self.advertised[query.payload] += 1
        if address in self.on_query:
            return self.on_query[address](query, sock, client, tcp)
        zone = self.zone_for(address, question.name)
        if zone is None:
            reply = dns.message.make_response(query)
            reply.set_rcode(5)
        else:
            reply = zone.respond(query)
        if reply is None or isinstance(reply, bytes):
            return reply
        return self.pack(query, reply, tcp)

    @staticmethod
    def pack(query, reply, tcp):
        room = 65535 if tcp else max(512, query.payload)
        try:
            return reply.to_wire(max_size=room)
        except dns.exception.TooBig:
            short = dns.message.make_response(query)
            short.flags |= 0x0200
            return short.to_wire()

    def run(self):
        streams, poll, where = {}, select.poll(), {}
        for address, (udp, tcp) in self.sockets.items():
            for sock, kind in ((udp, "udp"), (tcp, "tcp")):
                where[sock.fileno()] = (sock, kind, address)
                poll.register(sock, select.POLLIN)
        while not self.ended:
            for fd, _ in poll.poll(200):
                try:
                    self.turn(poll, where, streams, fd)
                except Exception:    # pylint: disable=broad-except
                    traceback.print_exc()        # a mistake of a case: its figures show it, the others go on

    def turn(self, poll, where, streams, fd):
        sock, kind, address = where[fd]
        if kind == "udp":
            wire, client = sock.recvfrom(65535)
            out = self.answer(wire, address, client, False, sock)
            if out is not None:
                sock.sendto(out, client)
        elif kind == "tcp":
            stream, client = sock.accept()
            stream.settimeout(2)
            where[stream.fileno()] = (stream, "stream", (address, client))
            poll.register(stream, select.POLLIN)
            streams[stream.fileno()] = b""
        else:
            self.feed(poll, where, streams, fd)

    def feed(self, poll, where, streams, fd):
        stream, _, (address, client) = where[fd]
        try:
            more = stream.recv(65536)
        except OSError:
            more = b""
        streams[fd] += more
        while len(streams[fd]) >= 2:
            size = struct.unpack(">H", streams[fd][:2])[0]
            if len(streams[fd]) < 2 + size:
                break
            wire, streams[fd] = streams[fd][2:2 + size], streams[fd][2 + size:]
            out = self.answer(wire, address, client, True, stream)
            if out is not None:
                try:
                    stream.sendall(struct.pack(">H", len(out)) + out)
                except OSError:
                    more = b""
        if not more:
            poll.unregister(fd)
            del streams[fd], where[fd]
            stream.close()
