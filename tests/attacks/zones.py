# SPDX-License-Identifier: Apache-2.0
"""Zones of a small Internet: records, signatures, denials; what one of them says to a question.

A Zone answers as an honest server would. Its `hook(query, reply)` may change what it says, or return None (silence)
or octets: that is the attacker's place. Signatures are P-256; `labels`, `signer` and so on may be lied about.
"""
import time

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataset
import dns.rdatatype as T
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from dns.rdtypes.ANY.RRSIG import RRSIG

IN = 1
P256 = 13


def name(text):
    return dns.name.from_text(text)


class Key:
    """A zone's one key, and what it signs."""

    def __init__(self, zone):
        self.zone = zone
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.dnskey = dns.dnssec.make_dnskey(self.private.public_key(), P256, flags=257)

    def ds(self):
        return dns.dnssec.make_ds(self.zone, self.dnskey, "SHA256")

    def sign(self, rrset, labels=None):
        own = len(rrset.name) - 1 - (rrset.name[0] == b"*")
        now = int(time.time())
        words = dict(rdclass=IN, rdtype=T.RRSIG, type_covered=rrset.rdtype, algorithm=P256,
                     labels=own if labels is None else labels, original_ttl=rrset.ttl, expiration=now + 86400,
                     inception=now - 86400, key_tag=dns.dnssec.key_id(self.dnskey), signer=self.zone)
        blank = RRSIG(signature=b"", **words)
        data = dns.dnssec._make_rrsig_signature_data(rrset, blank)    # pylint: disable=protected-access
        r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        return RRSIG(signature=r.to_bytes(32, "big") + s.to_bytes(32, "big"), **words)

    def signature(self, rrset, labels=None):
        return dns.rrset.from_rdata(rrset.name, rrset.ttl, self.sign(rrset, labels))


class Zone:
    def __init__(self, origin, text="", signed=False, hook=None):
        self.origin = name(origin)
        self.key = Key(self.origin) if signed else None
        self.hook = hook
        text = f"{origin} 60 IN SOA {origin} {origin} 1 3600 600 86400 5\n" + text
        zone = dns.zone.from_text(text, self.origin, relativize=False, check_origin=False)
        self.sets = {}
        for owner, data in zone.iterate_rdatasets():
            self.add(dns.rrset.from_rdata_list(owner, data.ttl, list(data)))
        if signed:
            self.add(dns.rrset.from_rdata(self.origin, 60, self.key.dnskey))
        self.signed_sets = {}
        self.order = None

    def add(self, rrset):
        self.sets.setdefault(rrset.name, {})[rrset.rdtype] = rrset

    def drop(self, owner):
        self.sets.pop(owner, None)
        self.order = None

    def delegate(self, child, servers, ttl=60):
        """servers: pairs of a name and an address (None: no glue); a signed child gets its DS."""
        origin = child.origin if isinstance(child, Zone) else name(child)
        self.add(dns.rrset.from_text_list(origin, ttl, IN, T.NS, [server for server, _ in servers]))
        for server, address in servers:
            if address:
                self.add(dns.rrset.from_text(name(server), ttl, IN, T.A, address))
        if isinstance(child, Zone) and child.key:
            self.add(dns.rrset.from_rdata(origin, ttl, child.key.ds()))
        self.order = None

    def cut(self, owner):
        """The delegation at or above a name, None in the zone itself."""
        for depth in range(len(self.origin) + 1, len(owner) + 1):
            above = owner.split(depth)[1]
            if T.NS in self.sets.get(above, {}):
                return above
        return None

    def with_signature(self, section, rrset, want):
        section.append(rrset)
        if self.key and want:
            held = self.signed_sets.get((rrset.name, rrset.rdtype))
            if held is None or held[0] is not rrset:
                held = (rrset, self.key.signature(rrset))
                self.signed_sets[(rrset.name, rrset.rdtype)] = held
            section.append(held[1])

    def owners(self):
        if self.order is None:
            self.order = sorted(o for o in self.sets if self.cut(o) in (None, o))
        return self.order

    def nsec(self, owner, reply, want):
        """The NSEC at or before a name."""
        if not self.key or not want:
            return
        owners = self.owners()
        at = max((i for i, o in enumerate(owners) if o <= owner), default=len(owners) - 1)
        here, after = owners[at], owners[(at + 1) % len(owners)]
        types = [T.NS, T.DS] if self.cut(here) == here else list(self.sets[here])
        types = sorted(t for t in types if t in self.sets[here]) + [T.RRSIG, T.NSEC]
        text = f"{after} " + " ".join(T.to_text(t) for t in sorted(types))
        old = self.signed_sets.get((here, T.NSEC))
        rrset = dns.rrset.from_text(here, 5, IN, T.NSEC, text)
        if any(r.name == here and r.rdtype == T.NSEC for r in reply.authority):
            return
        if old and old[0] == rrset:
            rrset = old[0]
        self.with_signature(reply.authority, rrset, want)

    def refer(self, cut, reply, want):
        reply.flags &= ~dns.flags.AA
        servers = self.sets[cut][T.NS]
        reply.authority.append(servers)
        if T.DS in self.sets[cut]:
            self.with_signature(reply.authority, self.sets[cut][T.DS], want)
        else:
            self.nsec(cut, reply, want)
        for server in servers:
            if server.target.is_subdomain(self.origin) and T.A in self.sets.get(server.target, {}):
                reply.additional.append(self.sets[server.target][T.A])

    def negative(self, owner, reply, want, rcode=0):
        reply.set_rcode(rcode)
        self.with_signature(reply.authority, self.sets[self.origin][T.SOA], want)
        self.nsec(owner, reply, want)

    def wildcard(self, owner):
        """(closest encloser, the sets of its wildcard or None)"""
        for depth in range(len(owner) - 1, len(self.origin) - 1, -1):
            above = owner.split(depth)[1]
            if above == self.origin or any(o.is_subdomain(above) for o in self.sets):
                return above, self.sets.get(dns.name.Name((b"*",) + above.labels))
        return self.origin, None

    def expand(self, owner, source, reply, want):
        copy = dns.rrset.from_rdata_list(owner, source.ttl, list(source))
        reply.answer.append(copy)
        if self.key and want:
            reply.answer.append(dns.rrset.from_rdata(owner, source.ttl, self.key.sign(source)))
            self.nsec(owner, reply, want)

    def respond(self, query):
        question = query.question[0]
        owner, rtype = question.name, question.rdtype
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        want = bool(query.ednsflags & dns.flags.DO)
        reply.ednsflags |= query.ednsflags & dns.flags.DO
        cut = self.cut(owner)
        sets = self.sets.get(owner)
        if cut is not None and not (cut == owner and rtype == T.DS):
            self.refer(cut, reply, want)
        elif sets is not None:
            found = sets.get(rtype) or sets.get(T.CNAME)
            if found:
                self.with_signature(reply.answer, found, want)
            else:
                self.negative(owner, reply, want)
        elif any(o.is_subdomain(owner) for o in self.sets):
            self.negative(owner, reply, want)
        else:
            above, stars = self.wildcard(owner)
            found = stars and (stars.get(rtype) or stars.get(T.CNAME))
            if found:
                self.expand(owner, found, reply, want)
            else:
                self.negative(owner, reply, want, dns.rcode.NXDOMAIN)
                self.nsec(dns.name.Name((b"*",) + above.labels), reply, want)
        return self.hook(query, reply) if self.hook else reply
