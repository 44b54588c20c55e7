# SPDX-License-Identifier: Apache-2.0
"""A liar on the path to a name server: it changes an address in what the real server answers, and nothing else.

    with OnPath(lab.nodes["makers"], "api.camera.example.", "203.0.113.66") as liar:
        ...                                   # whoever asks `makers` for that address over UDP gets this one
        liar.changed                          # how often it lied

Queries that arrive at the node for port 53 are redirected to it; it asks the server itself and passes the answer on, from
the server's own address and port, with the right id, signatures and cookies. Only signatures can tell.
"""

import socket
import threading

import dns.exception
import dns.message
import dns.rdatatype
import dns.rrset

from spaces import peer
import world

PORT = 5353
RULES = """table inet onpath {{
 chain c {{
  type nat hook prerouting priority -100
  iifname eth0 udp dport 53 redirect to :{port}
 }}
}}
"""


class OnPath:
    """The man in the middle of one server; a thread for each family while the block runs."""

    def __init__(self, node, name, address):
        self.node, self.name, self.address = node, name.lower(), address
        self.changed = 0
        self.sockets = []
        self._stop = threading.Event()
        with node.inside():
            for server in world.INTERNET[node.name]:
                family = socket.AF_INET6 if ":" in server else socket.AF_INET
                inner = socket.socket(family, socket.SOCK_DGRAM)
                outer = socket.socket(family, socket.SOCK_DGRAM)
                outer.bind((server, PORT))
                outer.settimeout(0.1)
                inner.settimeout(1.0)
                inner.connect((server, 53))
                self.sockets.append((outer, inner))
        self._threads = [threading.Thread(target=self._serve, args=pair, daemon=True) for pair in self.sockets]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        self.node.nft(RULES.format(port=PORT))
        return self

    def __exit__(self, *_):
        self._stop.set()
        self.node.run([peer("nft"), "delete", "table", "inet", "onpath"], check=False)
        for thread in self._threads:
            thread.join()
        for pair in self.sockets:
            for sock in pair:
                sock.close()

    def _serve(self, outer, inner):
        while not self._stop.is_set():
            try:
                wire, client = outer.recvfrom(65535)
                inner.send(wire)
                outer.sendto(self._bend(inner.recv(65535)), client)
            except OSError:
                continue

    def _bend(self, wire):
        """The answer as it was, but for the one address."""
        try:
            message = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return wire
        for i, rrset in enumerate(message.answer):
            if rrset.rdtype == dns.rdatatype.A and rrset.name.to_text().lower() == self.name:
                message.answer[i] = dns.rrset.from_text(rrset.name, rrset.ttl, "IN", "A", self.address)
                self.changed += 1
                return message.to_wire(max_size=65535)
        return wire
