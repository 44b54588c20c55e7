#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Signs the zones that tests/unit/dnssec/world.h reads, and prints them: make_world.py > world.txt

One record a line: `zone owner ttl type rdata`. Keys are made anew each time, so the file is checked in. Everything is valid from
2024-01-01 to 2024-03-01; what is broken, the tests break themselves. Needs dnspython and cryptography.
"""
import sys

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils
from dns.rdtypes.ANY.RRSIG import RRSIG

INCEPTION, EXPIRATION = 1704067200, 1709251200
IN = dns.rdataclass.IN


def make_key(alg):
    if alg in (5, 7, 8, 10):
        return rsa.generate_private_key(65537, 1024)
    return {13: lambda: ec.generate_private_key(ec.SECP256R1()), 14: lambda: ec.generate_private_key(ec.SECP384R1()),
            15: ed25519.Ed25519PrivateKey.generate, 16: ed448.Ed448PrivateKey.generate}[alg]()


def raw_signature(alg, key, data):
    if alg in (15, 16):
        return key.sign(data)
    digest = {5: hashes.SHA1, 7: hashes.SHA1, 8: hashes.SHA256, 10: hashes.SHA512, 13: hashes.SHA256,
              14: hashes.SHA384}[alg]()
    if alg not in (13, 14):
        return key.sign(data, padding.PKCS1v15(), digest)
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    half = 32 if alg == 13 else 48
    return r.to_bytes(half, "big") + s.to_bytes(half, "big")


class Zone:
    def __init__(self, name, alg, nsec3=None, one_key=False):
        self.name, self.alg, self.nsec3 = dns.name.from_text(name), alg, nsec3
        self.sets, self.cuts, self.old = {}, set(), None
        self.entry_is_silent = False  # the key that the DS names does not sign the keys: that is no chain
        self.ksk = make_key(alg)
        self.zsk = self.ksk if one_key else make_key(alg)
        self.ksk_rd = dns.dnssec.make_dnskey(self.ksk.public_key(), alg, 257)
        self.zsk_rd = self.ksk_rd if one_key else dns.dnssec.make_dnskey(self.zsk.public_key(), alg, 256)
        self.add("@", "SOA", f"ns.elsewhere. host.elsewhere. 1 7200 900 1209600 300")
        self.add("@", "NS", "ns.elsewhere.")
        self.add("@", "DNSKEY", *{self.ksk_rd.to_text(), self.zsk_rd.to_text()})
        if nsec3:
            self.add("@", "NSEC3PARAM", f"1 0 {nsec3['iterations']} {nsec3['salt'] or '-'}")

    def revoke_a_key(self):
        """A second entry key, with its REVOKE bit, that signs the set too (RFC 5011 section 2.1)."""
        self.old = make_key(self.alg)
        self.old_rd = dns.dnssec.make_dnskey(self.old.public_key(), self.alg, 257 + 128)
        self.add("@", "DNSKEY", *{rd.to_text() for rd in (self.ksk_rd, self.zsk_rd, self.old_rd)})

    def add(self, owner, rtype, *rdatas):
        name = dns.name.from_text(owner, self.name)
        rrset = dns.rrset.from_text(name, 300, "IN", rtype, *rdatas)
        self.sets[(name, rrset.rdtype)] = rrset

    def cut(self, owner, *ds):
        """A delegation; ds are zones or rdata texts."""
        self.add(owner, "NS", "ns.elsewhere.")
        self.cuts.add(dns.name.from_text(owner, self.name))
        texts = [dns.dnssec.make_ds(d.name, d.ksk_rd, "SHA256").to_text() if isinstance(d, Zone) else d for d in ds]
        if texts:
            self.add(owner, "DS", *texts)

    def below_cut(self, name):
        return any(name != cut and name.is_subdomain(cut) for cut in self.cuts)

    def types(self, name):
        return [t for (n, t) in self.sets if n == name]

    def bitmap(self, types):
        return " ".join(dns.rdatatype.to_text(t) for t in sorted(types))

    def add_nsec(self):
        names = sorted({n for n, _ in self.sets if not self.below_cut(n)})
        for name, after in zip(names, names[1:] + names[:1]):
            types = set(self.types(name)) | {dns.rdatatype.NSEC, dns.rdatatype.RRSIG}
            rr = dns.rrset.from_text(name, 300, "IN", "NSEC", f"{after} {self.bitmap(types)}")
            self.sets[(name, dns.rdatatype.NSEC)] = rr

    def add_nsec3(self):
        p = self.nsec3
        hashed = {}
        for name in {n for n, _ in self.sets if not self.below_cut(n)}:
            types = set(self.types(name))
            insecure = name in self.cuts and dns.rdatatype.DS not in types
            if insecure and p["optout"]:
                continue
            if not insecure:
                types.add(dns.rdatatype.RRSIG)
            while True:
                h = dns.dnssec.nsec3_hash(name, p["salt"], p["iterations"], 1).lower()
                hashed.setdefault(h, set()).update(types)
                if name == self.name:
                    break
                name, types = name.parent(), set()
        order = sorted(hashed)
        for h, after in zip(order, order[1:] + order[:1]):
            rr = dns.rrset.from_text(dns.name.from_text(h, self.name), 300, "IN", "NSEC3",
                                     f"1 {int(p['optout'])} {p['iterations']} {p['salt'] or '-'} {after} "
                                     + self.bitmap(hashed[h]))
            self.sets[(rr.name, rr.rdtype)] = rr

    def sign(self, rrset, key, rdata):
        labels = len(rrset.name) - 1 - rrset.name.is_wild()  # RFC 4034 section 3.1.3
        sig = RRSIG(IN, dns.rdatatype.RRSIG, rrset.rdtype, self.alg, labels, rrset.ttl, EXPIRATION, INCEPTION,
                    dns.dnssec.key_id(rdata), self.name, b"")
        data = dns.dnssec._make_rrsig_signature_data(rrset, sig, self.name)
        sig = sig.replace(signature=raw_signature(self.alg, key, data))
        return f"{self.name} {rrset.name} {rrset.ttl} RRSIG {sig.to_text()}"

    def lines(self):
        (self.add_nsec3 if self.nsec3 else self.add_nsec)()
        for (name, rtype), rrset in sorted(self.sets.items(), key=lambda item: item[0]):
            for rd in rrset:
                yield f"{self.name} {name} {rrset.ttl} {dns.rdatatype.to_text(rtype)} {rd.to_text()}"
            if self.below_cut(name) or (name in self.cuts and rtype not in (
                    dns.rdatatype.DS, dns.rdatatype.NSEC, dns.rdatatype.NSEC3)):
                continue
            if rtype == dns.rdatatype.DNSKEY and not self.entry_is_silent:
                yield self.sign(rrset, self.ksk, self.ksk_rd)
                if self.old:
                    yield self.sign(rrset, self.old, self.old_rd)
            else:
                yield self.sign(rrset, self.zsk, self.zsk_rd)


def simple(name, alg, **more):
    zone = Zone(name, alg, **more)
    zone.add("www", "A", "192.0.2.1", "192.0.2.2")
    return zone


def main():
    zones = []
    root = Zone(".", 8)
    sec = Zone("sec.", 13)
    n3 = simple("n3.sec.", 15, nsec3={"salt": "aabb", "iterations": 3, "optout": False})
    opt = simple("opt.sec.", 13, nsec3={"salt": "", "iterations": 0, "optout": True})
    many = simple("many.sec.", 13, nsec3={"salt": "cc", "iterations": 100, "optout": False})
    child = simple("s.opt.sec.", 13, one_key=True)
    island = simple("island.", 13, one_key=True)
    deep = simple("a.b.deep.sec.", 13, one_key=True)
    algs = [simple(f"a{alg}.sec.", alg, one_key=alg > 10) for alg in (5, 7, 10, 14, 15, 16)]

    root.cut("sec", sec)
    root.cut("plain")
    root.cut("island")
    sec.add("a", "A", "192.0.2.10")
    sec.add("mx", "MX", "10 MAIL.sec.", "5 a.SEC.", "10 mail.sec.")
    sec.add("*.wild", "A", "192.0.2.11")
    sec.add("*.walias", "CNAME", "a.sec.")
    sec.add("x.ent", "TXT", '"below an empty one"')
    sec.add("alias", "CNAME", "a.sec.")
    sec.add("away", "CNAME", "www.plain.")
    sec.add("nowhere", "CNAME", "none.sec.")
    sec.add("out", "CNAME", "www.uns.sec.")
    sec.add("dn", "DNAME", "ent.sec.")
    sec.add("*.wdn", "DNAME", "ent.sec.")
    for zone in (n3, opt, many, *algs):
        sec.cut(zone.name.relativize(sec.name).to_text(), zone)
    sec.add("*.wds", "DS", "12345 13 2 " + "cd" * 32)
    silent = simple("silent.sec.", 13)
    silent.entry_is_silent = True
    sec.cut("silent", silent)
    sec.cut("a.b.deep", deep)
    sec.cut("uns")
    sec.cut("unk", "12345 200 2 " + "ab" * 32)
    sec.cut("dig", "12345 13 99 " + "ab" * 32)
    sec.cut("wrongds", "12345 13 2 " + "ab" * 32)
    for zone in (n3, opt, many):
        zone.add("*.w", "A", "192.0.2.12")
        zone.add("x.ent", "A", "192.0.2.13")
    n3.cut("uns")
    n3.add("out", "CNAME", "www.uns.n3.sec.")
    opt.cut("s", child)
    opt.cut("u")
    opt.cut("u.optent")
    revoked = simple("revoked.", 13)
    revoked.revoke_a_key()
    zones += [root, sec, n3, opt, many, child, island, deep, silent, revoked, *algs]
    for zone in zones:
        for line in zone.lines():
            print(line)


if __name__ == "__main__":
    sys.exit(main())
