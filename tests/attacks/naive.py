# SPDX-License-Identifier: Apache-2.0
"""The control: a resolver that defends itself against nothing, as one of the 1990s did.

It follows every referral and every alias without an end, looks up every server that is named, believes each record of
each reply whatever zone it is in, takes any datagram with the right id that comes to its one port, and prolongs what it
has by what it is told. It runs in this process, one question at a time.
"""
import random
import socket
import struct

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype as T

from authority import roomy

TIMEOUT_S = 0.8


class Exhausted(Exception):
    """The control itself has to end: `budget` messages were sent."""


class Naive:
    name = "control"

    def __init__(self, root, budget=400):
        self.root, self.budget, self.sent = root, budget, 0
        self.cache = {}                 # (name, type) -> set of texts
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        roomy(self.socket)
        self.socket.bind(("127.0.0.1", 5399))
        self.busy = set()

    def close(self):
        self.socket.close()

    def exchange(self, server, owner, rtype):
        if self.sent >= self.budget:
            raise Exhausted()
        self.sent += 1
        query = dns.message.make_query(owner, rtype, use_edns=0, payload=65000)
        query.id = random.randrange(65536)
        self.socket.settimeout(TIMEOUT_S)
        try:
            self.socket.sendto(query.to_wire(), (server, 53))
            while True:
                wire = self.socket.recv(65535)
                if int.from_bytes(wire[:2], "big") == query.id:
                    reply = dns.message.from_wire(wire)
                    break
        except (OSError, dns.exception.DNSException):
            return None
        if reply.rcode() not in (0, 3):
            return None
        if reply.flags & dns.flags.TC:
            reply = self.over_tcp(server, query)
        return reply

    @staticmethod
    def over_tcp(server, query):
        wire = query.to_wire()
        with socket.create_connection((server, 53), 1) as s:
            s.sendall(struct.pack(">H", len(wire)) + wire)
            data = b""
            while len(data) < 2 or len(data) < 2 + struct.unpack(">H", data[:2])[0]:
                data += s.recv(65536)
        return dns.message.from_wire(data[2:])

    def believe(self, reply):
        for section in (reply.answer, reply.authority, reply.additional):
            for rrset in section:
                self.cache[(rrset.name, rrset.rdtype)] = [r.to_text() for r in rrset]

    def known(self, owner, rtype):
        return self.cache.get((owner, rtype))

    def servers(self, owner):
        """Addresses of the closest zone that is known; names without one are all looked up."""
        for depth in range(len(owner), 0, -1):
            names = self.known(owner.split(depth)[1], T.NS)
            if names is None:
                continue
            found = []
            for server in names:
                found += self.resolve(dns.name.from_text(server), T.A) or []
            if found:
                return found
        return [self.root]

    def resolve(self, owner, rtype=T.A):
        if (owner, rtype) in self.busy and not self.known(owner, rtype):
            self.sent += 1              # the circle of TsuNAME: each turn costs a message
            if self.sent >= self.budget:
                raise Exhausted()
        self.busy.add((owner, rtype))
        last = None
        while self.known(owner, rtype) is None:
            alias = self.known(owner, T.CNAME)
            if alias:
                owner, last = dns.name.from_text(alias[0]), None
                continue
            servers = self.servers(owner)
            if servers == last:
                return None
            last = servers
            reply = next(filter(None, (self.exchange(s, owner, rtype) for s in servers)), None)
            if reply is None or reply.rcode():
                return None
            self.believe(reply)
        return self.known(owner, rtype)

    def ask(self, text, rtype=T.A):
        """Addresses; None when there are none or the budget is gone."""
        self.busy = set()
        try:
            return self.resolve(dns.name.from_text(text), rtype)
        except (Exhausted, RecursionError):
            return None
