# SPDX-License-Identifier: Apache-2.0
"""An upstream that lies: the first label of a name says how. Everything else about it is correct.

    with Liar(node, "203.0.113.80") as liar:       # UDP and TCP, port 53 of that address
        ...                                         # ask e.g. wrongid.x.example
        liar.asked                                  # [(protocol, name)] as they came

    right         the truth: A 198.51.100.200, TTL 60
    wrongid       the truth under another id          wrongname   the answer to another question
    wrongport     the truth from another port         forged      20 wrong ids, then the truth
    servfail, refused, formerr, notimp                that rcode
    noedns        FORMERR to a query with OPT         garbage     a message that does not parse
    truncated     TC over UDP, the truth over TCP     tcforever   TC over TCP as well
    silent        nothing                             udpsilent   nothing over UDP
    stranger      the truth, and a record about another zone's name
    loop          a CNAME to itself                   case        the question in lower case
    halftcp       TC over UDP; half a message over TCP, then the end
"""

import socket
import struct
import threading

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

ADDRESS = "198.51.100.200"


def _truth(query, name=None):
    reply = dns.message.make_response(query, recursion_available=True)
    name = name or query.question[0].name
    reply.answer.append(dns.rrset.from_text(name, 60, "IN", "A", ADDRESS))
    return reply


def _with_rcode(query, rcode):
    reply = dns.message.make_response(query, recursion_available=True)
    reply.set_rcode(rcode)
    return reply


def _stranger(query):
    reply = _truth(query)
    reply.answer.append(dns.rrset.from_text("victim.example.", 3600, "IN", "A", "203.0.113.99"))
    reply.additional.append(dns.rrset.from_text("victim.example.", 3600, "IN", "A", "203.0.113.99"))
    return reply


def _loop(query):
    reply = dns.message.make_response(query, recursion_available=True)
    name = query.question[0].name
    reply.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", name.to_text()))
    return reply


def _wrong_name(query):
    other = dns.message.make_query("other.example.", "A", id=query.id)
    return _truth(other)


def _lower(query):
    plain = dns.message.make_query(query.question[0].name.to_text().lower(), query.question[0].rdtype,
                                   id=query.id)
    return _truth(plain)


def _truncated(query):
    reply = dns.message.make_response(query, recursion_available=True)
    reply.flags |= dns.flags.TC
    return reply


RCODES = {"servfail": dns.rcode.SERVFAIL, "refused": dns.rcode.REFUSED,
          "formerr": dns.rcode.FORMERR, "notimp": dns.rcode.NOTIMP}
SIMPLE = {"stranger": _stranger, "loop": _loop, "wrongname": _wrong_name, "case": _lower}


class Liar:
    """The server; two threads while the block runs."""

    def __init__(self, node, address, port=53):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.asked = []
        with node.inside():
            self.udp = socket.socket(family, socket.SOCK_DGRAM)
            self.other = socket.socket(family, socket.SOCK_DGRAM)
            self.tcp = socket.socket(family, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.udp.bind((address, port))
        self.other.bind((address, 0))
        self.tcp.bind((address, port))
        self.tcp.listen(64)
        for sock in (self.udp, self.tcp):
            sock.settimeout(0.1)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True)
                         for work in (self._serve_udp, self._serve_tcp)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for sock in (self.udp, self.other, self.tcp):
            sock.close()

    def _read(self, wire, protocol):
        """(query, how to lie) or None."""
        try:
            query = dns.message.from_wire(wire)
            name = query.question[0].name
        except (dns.exception.DNSException, IndexError):
            return None
        self.asked.append((protocol, name.to_text().lower()))
        return query, name.labels[0].decode("ascii", "replace").lower().rstrip("0123456789")

    def _serve_udp(self):
        while not self._stop.is_set():
            try:
                wire, client = self.udp.recvfrom(65535)
            except OSError:
                continue
            read = self._read(wire, "udp")
            if read:
                self._answer_udp(*read, client)

    def _answer_udp(self, query, how, client):
        send = self.udp.sendto
        if how in ("silent", "udpsilent"):
            return
        if how == "wrongport":
            self.other.sendto(_truth(query).to_wire(), client)
        elif how == "wrongid":
            send(struct.pack("!H", query.id ^ 0x5555) + _truth(query).to_wire()[2:], client)
        elif how == "forged":
            for i in range(20):
                send(struct.pack("!H", (query.id + 1 + i) & 0xffff) + _truth(query).to_wire()[2:], client)
            send(_truth(query).to_wire(), client)
        elif how in ("truncated", "tcforever", "halftcp"):
            send(_truncated(query).to_wire(), client)
        else:
            send(self._reply(query, how), client)

    def _reply(self, query, how):
        """The octets that do not depend on the transport."""
        if how == "garbage":
            return _truth(query).to_wire()[:12] + b"\xc0\x0c" * 20
        if how == "noedns" and query.edns >= 0:
            plain = dns.message.make_query(query.question[0].name, query.question[0].rdtype, id=query.id)
            return _with_rcode(plain, dns.rcode.FORMERR).to_wire()
        if how in RCODES:
            return _with_rcode(query, RCODES[how]).to_wire()
        return SIMPLE.get(how, _truth)(query).to_wire()

    def _serve_tcp(self):
        while not self._stop.is_set():
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                continue
            threading.Thread(target=self._serve_connection, args=(connection,), daemon=True).start()

    def _serve_connection(self, connection):
        with connection:
            connection.settimeout(2.0)
            try:
                while not self._stop.is_set():
                    head = connection.recv(2, socket.MSG_WAITALL)
                    if len(head) < 2:
                        return
                    wire = connection.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL)
                    read = self._read(wire, "tcp")
                    if not read or not self._answer_tcp(connection, *read):
                        return
            except OSError:
                return

    def _answer_tcp(self, connection, query, how):
        """False when the connection ends here."""
        if how == "silent":
            return True
        if how == "tcforever":
            wire = _truncated(query).to_wire()
        elif how in ("udpsilent", "truncated", "halftcp"):
            wire = _truth(query).to_wire()
        else:
            wire = self._reply(query, how)
        if how == "halftcp":
            connection.sendall(struct.pack("!H", len(wire)) + wire[:len(wire) // 2])
            return False
        connection.sendall(struct.pack("!H", len(wire)) + wire)
        return True
