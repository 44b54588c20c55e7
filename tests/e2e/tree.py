# SPDX-License-Identifier: Apache-2.0
"""A small signed tree on loopback addresses, port 53, for tests in a namespace of their own.

    tree = Tree(); weir = box.weir(**tree.settings())

Each zone is signed with ECDSA P-256 by one key that is both entry and zone key, with NSEC, unless it is
not signed, and then its parent proves that. Zones and keys may be changed while it serves (`zone.resign`).
"""
import socket
import threading
import time

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec

IN = dns.rdataclass.IN
TTL = 300


def make_key(flags=257):
    private = ec.generate_private_key(ec.SECP256R1())
    return private, dns.dnssec.make_dnskey(private.public_key(), 13, flags=flags)


class Zone:
    """One zone: records as text, delegations to other zones, keys."""

    def __init__(self, origin, signed=True):
        self.origin = dns.name.from_text(origin)
        self.signed = signed
        self.keys = [make_key()] if signed else []    # all are published
        self.signers = list(self.keys)
        self.entries = list(self.keys)    # those that the parent names
        self.sets = {}    # (name, type) -> rrset
        self.sigs = {}
        self.children = {}    # name -> zone
        self.broken = False

    def add(self, name, rtype, *rdata, ttl=TTL):
        name = dns.name.from_text(name)
        self.sets[(name, dns.rdatatype.from_text(rtype))] = dns.rrset.from_text_list(name, ttl, "IN", rtype, rdata)

    def delegate(self, zone, servers, glue):
        self.children[zone.origin] = zone
        self.add(zone.origin.to_text(), "NS", *servers)
        for name, address in glue.items():
            self.add(name, "A", address)

    def cut_of(self, name):
        """The delegation at or above the name."""
        for child in self.children:
            if name.is_subdomain(child):
                return child
        return None

    def _sign(self, rrset):
        """The private half may be of a key that the zone shows as revoked."""
        now = time.time()
        return dns.rrset.from_rdata(rrset.name, rrset.ttl, *[
            dns.dnssec.sign(rrset, private, self.origin, key, inception=now - 3600, expiration=now + 30 * 86400)
            for private, key in self.signers])

    def resign(self):
        if not self.signed:
            return
        if self.keys:
            self.sets[(self.origin, dns.rdatatype.DNSKEY)] = dns.rrset.from_rdata(
                self.origin, TTL, *[key for _, key in self.keys])
        for origin, child in self.children.items():
            if child.signed:
                self.sets[(origin, dns.rdatatype.DS)] = dns.rrset.from_rdata(
                    origin, TTL, *[dns.dnssec.make_ds(origin, key, "SHA256") for _, key in child.entries])
        for key in [k for k in self.sets if k[1] == dns.rdatatype.NSEC]:
            del self.sets[key]
        names = sorted({name for name, _ in self.sets if not self._is_glue(name)})
        for name, after in zip(names, names[1:] + names[:1]):
            types = sorted({t for n, t in self.sets if n == name} | {dns.rdatatype.NSEC, dns.rdatatype.RRSIG})
            text = " ".join([after.to_text()] + [dns.rdatatype.to_text(t) for t in types])
            self.sets[(name, dns.rdatatype.NSEC)] = dns.rrset.from_text(name, TTL, "IN", "NSEC", text)
        self.sigs = {}
        for (name, rtype), rrset in self.sets.items():
            cut = name in self.children
            if not self._is_glue(name) and not (cut and rtype == dns.rdatatype.NS):
                self.sigs[(name, rtype)] = self._sign(rrset)
        if self.broken:
            private, key = make_key()
            good, self.signers = self.signers, [(private, self.signers[0][1])]
            for key in self.sigs:
                if key[1] == dns.rdatatype.A:
                    self.sigs[key] = self._sign(self.sets[key])
            self.signers = good

    def _is_glue(self, name):
        cut = self.cut_of(name)
        return cut is not None and name != cut

    def ds_text(self):
        return " ".join([self.origin.to_text(), "DS",
                         dns.dnssec.make_ds(self.origin, self.entries[0][1], "SHA256").to_text()])

    # --- answers

    def _put(self, section, name, rtype, dnssec):
        if (name, rtype) in self.sets:
            section.append(self.sets[(name, rtype)])
            if dnssec and (name, rtype) in self.sigs:
                section.append(self.sigs[(name, rtype)])

    def _covering(self, name):
        names = sorted(n for n, t in self.sets if t == dns.rdatatype.NSEC)
        before = [n for n in names if n <= name]
        return (before or names)[-1] if names else None

    def _deny(self, reply, name, dnssec):
        self._put(reply.authority, self.origin, dns.rdatatype.SOA, dnssec)
        if dnssec and self.signed:
            for denied in dict.fromkeys((self._covering(name), self._covering(dns.name.Name((b"*",) + self.origin.labels)))):
                self._put(reply.authority, denied, dns.rdatatype.NSEC, True)

    def answer(self, query):
        reply = dns.message.make_response(query)
        name, rtype = query.question[0].name, query.question[0].rdtype
        dnssec = bool(query.ednsflags & dns.flags.DO)
        cut = self.cut_of(name)
        if cut is not None and not (name == cut and rtype == dns.rdatatype.DS):
            self._put(reply.authority, cut, dns.rdatatype.NS, False)
            if dnssec and self.signed:
                self._put(reply.authority, cut, dns.rdatatype.DS if self.children[cut].signed else dns.rdatatype.NSEC, True)
            for server in self.sets[(cut, dns.rdatatype.NS)]:
                self._put(reply.additional, server.target, dns.rdatatype.A, False)
            return reply
        reply.flags |= dns.flags.AA
        exists = any(n.is_subdomain(name) for n, _ in self.sets)
        if (name, rtype) in self.sets:
            self._put(reply.answer, name, rtype, dnssec)
        elif (name, dns.rdatatype.CNAME) in self.sets:
            self._put(reply.answer, name, dns.rdatatype.CNAME, dnssec)
        else:
            self._deny(reply, name, dnssec)
            reply.set_rcode(dns.rcode.NOERROR if exists else dns.rcode.NXDOMAIN)
        return reply


class Server:
    """Zones at one address; REFUSED for the others; silent when told."""

    def __init__(self, address, zones):
        self.address, self.zones, self.silent, self.lame, self.asked = address, zones, False, False, []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, 53))
        self.tcp = socket.create_server((address, 53))
        self.over = False
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._serve_udp, self._serve_tcp)]
        for thread in self.threads:
            thread.start()

    def reply_to(self, wire):
        query = dns.message.from_wire(wire)
        name = query.question[0].name
        self.asked.append((name.to_text().lower(), dns.rdatatype.to_text(query.question[0].rdtype)))
        mine = [z for z in self.zones if name.is_subdomain(z.origin)]
        if not mine or self.lame:
            reply = dns.message.make_response(query)
            reply.set_rcode(dns.rcode.REFUSED)
            return reply.to_wire()
        return max(mine, key=lambda z: len(z.origin)).answer(query).to_wire()

    def _serve_udp(self):
        while not self.over:
            try:
                wire, client = self.udp.recvfrom(4096)
                if len(wire) >= 12 and not self.silent:
                    self.udp.sendto(self.reply_to(wire), client)
            except OSError:
                return

    def _serve_tcp(self):
        while True:
            try:
                s, _ = self.tcp.accept()
                with s:
                    size = int.from_bytes(s.recv(2), "big")
                    wire = s.recv(size)
                    if len(wire) >= 12:
                        reply = self.reply_to(wire)
                        s.sendall(len(reply).to_bytes(2, "big") + reply)
            except OSError:
                return

    def close(self):
        self.over = True
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", (self.address, 53))    # wakes recvfrom
        self.threads[0].join(5)
        self.udp.close()
        self.tcp.shutdown(socket.SHUT_RDWR)
        self.tcp.close()


ROOT, EXAMPLE, PLAIN = "127.0.1.1", "127.0.2.1", "127.0.3.1"


class Tree:
    """The root (127.0.1.1), example. (signed, 127.0.2.1), plain. (not signed, 127.0.3.1), bad. (broken signatures, with
    example.), lost. (its server's name does not exist) and lame. (delegated to a server that does not know it)."""

    def __init__(self):
        self.root, self.example, self.plain, self.bad = Zone("."), Zone("example."), Zone("plain.", signed=False), Zone("bad.")
        lost, lame = Zone("lost.", signed=False), Zone("lame.", signed=False)
        self.bad.broken = True
        soa = "ns. host. 1 3600 600 86400 300"
        for zone in (self.root, self.example, self.plain, self.bad):
            zone.add(zone.origin.to_text(), "SOA", soa)
        self.root.add(".", "NS", "ns.root-servers.test.")
        self.root.add("ns.root-servers.test.", "A", ROOT)
        self.example.add("example.", "NS", "ns.example.")
        self.example.add("ns.example.", "A", EXAMPLE)
        self.example.add("www.example.", "A", "192.0.2.1")
        self.example.add("alias.example.", "CNAME", "www.example.")
        self.bad.add("bad.", "NS", "ns.example.")
        self.bad.add("www.bad.", "A", "192.0.2.2")
        self.plain.add("plain.", "NS", "ns.plain.")
        self.plain.add("ns.plain.", "A", PLAIN)
        self.plain.add("www.plain.", "A", "192.0.2.3")
        self.root.delegate(self.example, ["ns.example."], {"ns.example.": EXAMPLE})
        self.root.delegate(self.bad, ["ns.example."], {})
        self.root.delegate(self.plain, ["ns.plain."], {"ns.plain.": PLAIN})
        self.root.delegate(lost, ["nowhere.example."], {})
        self.root.delegate(lame, ["ns.plain."], {})
        for zone in (self.example, self.bad, self.root):
            zone.resign()
        self.servers = {a: Server(a, z) for a, z in (
            (ROOT, [self.root]), (EXAMPLE, [self.example, self.bad]), (PLAIN, [self.plain]))}

    def anchor(self):
        return self.root.ds_text()

    def settings(self, **more):
        """For weir: everything is found from this root."""
        return {"workers": 1, "upstream": {"ports": 64, "default": "recursion"},
                "recursion": {"hints": [f"udp://{ROOT}"], "never_ask": ["192.0.2.0/24"]},
                "dnssec": {"anchors": [self.anchor()]}, **more}

    def close(self):
        for server in self.servers.values():
            server.close()

