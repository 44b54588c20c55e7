# SPDX-License-Identifier: Apache-2.0
"""Verdicts and proofs that are taken over: from one look at an answer by the next, from one name or zone by another."""
import os
import struct

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdatatype as T
import dns.rrset
from dns.rdtypes.ANY.RRSIG import RRSIG

import zones
from attack_proof import believed, junk_signature, refused
from cases import Figure, case

N = dns.name.from_text


def secure(reply):
    return reply is not None and bool(reply.flags & dns.flags.AD)


def denied(reply):
    """No data, or no name, and it is said to be proven."""
    return int(secure(reply) and not reply.answer)


def answered(reply):
    return int(reply is not None and bool(reply.answer))


# --- the end of a chain is bogus ----------------------------------------------------------------------

def prepare_tail(world):
    """A wildcard's alias without its proof; with a forged end behind it, the forger hopes that only that is looked at twice."""
    def hook(query, reply):
        question = query.question[0]
        if question.rdtype == T.A and question.name == N("bank.tail.zz."):
            reply.answer[:], reply.authority[:] = [], []
            zone.expand(question.name, zone.sets[N("*.tail.zz.")][T.CNAME], reply, True)
            reply.authority[:] = []
            reply.answer.append(dns.rrset.from_text("parked.tail.zz.", 60, "IN", "A", "192.0.2.66"))
        return reply
    text = "*.tail.zz. 60 CNAME parked.tail.zz.\nparked.tail.zz. 60 A 192.0.2.7\nbank.tail.zz. 60 A 192.0.2.9\n"
    zone = world.tail = world.child("tail.zz.", text, signed=True, hook=hook)


@case("tail", "wildcard CNAME without its proof, and a forged end behind it", prepare_tail,
      lambda world: believed(world.tail, "bank.tail.zz.", "A"))
def tail(world, resolver):
    return [Figure("refused", refused(resolver.ask("bank.tail.zz")), 1, True),
            Figure("honest answered", answered(resolver.ask("x.tail.zz")), 1, True)]


# --- denials that are another name's, or another zone's -----------------------------------------------

def expanded_nsec(zone, query, victim):
    """The NSEC of the zone's wildcard, with its signature, as if it stood at the victim's name."""
    scratch = dns.message.make_response(query)
    zone.nsec(dns.name.Name((b"*",) + zone.origin.labels), scratch, True)
    source = scratch.authority[0]
    return [dns.rrset.from_rdata_list(victim, source.ttl, list(source)),
            dns.rrset.from_rdata(victim, source.ttl, zone.key.sign(source))]


def misleading(owner, signer):
    """An NSEC that nobody signed, in the name of a zone that is none: the way to its keys leads past the sets above."""
    junk = dns.rrset.from_text(owner, 5, "IN", "NSEC", f"b{owner[1:]} A RRSIG NSEC")
    return [junk, dns.rrset.from_rdata(junk.name, 5, zones.Key(signer).sign(junk))]


def prepare_expanded(world):
    def hook(query, reply):
        question = query.question[0]
        if world.expanded_on and question.name in (N("host.exp.zz."), N("mail.exp.zz.")):
            ds = question.rdtype == T.DS
            if ds:
                reply.authority[:] = []
                zone.with_signature(reply.authority, zone.sets[zone.origin][T.SOA], True)
            reply.authority += expanded_nsec(zone, query, question.name if ds else N("bank.exp.zz."))
            reply.authority += misleading("a." + question.name.to_text(), question.name)
        return reply
    text = "*.exp.zz. 60 A 192.0.2.66\n" + "".join(
        f"{name}.exp.zz. 60 A 192.0.2.9\n{name}.exp.zz. 60 TXT real\n" for name in ("bank", "host", "mail"))
    world.expanded_on = False
    zone = world.expanded = world.child("exp.zz.", text, signed=True, hook=hook)


def control_expanded(world):
    """Whoever looks at the signature alone takes it for the NSEC of the name."""
    zone = world.expanded
    query = dns.message.make_query("bank.exp.zz.", "TXT", want_dnssec=True)
    found = expanded_nsec(zone, query, N("bank.exp.zz."))
    dns.dnssec.validate(found[0], found[1], {zone.origin: zone.sets[zone.origin][T.DNSKEY]})
    return [Figure("believed", len(found[0]))]


@case("expanded", "NSEC of a wildcard replayed at another name, beside a true denial", prepare_expanded, control_expanded)
def expanded(world, resolver):
    resolver.ask("x.exp.zz", "TXT")
    world.expanded_on = True
    first = resolver.ask("host.exp.zz", "AAAA")
    second = resolver.ask("mail.exp.zz", "DS")
    world.expanded_on = False
    return [Figure("AAAA denied as it is", denied(first), 1, True), Figure("DS denied by the wildcard", denied(second), 0),
            Figure("data denied", sum(denied(resolver.ask(f"{n}.exp.zz", "TXT")) for n in ("bank", "mail")), 0)]


def sibling_nsec(world):
    wide = dns.rrset.from_text("a.sib.zz.", 60, "IN", "NSEC", "zzz.zz. A RRSIG NSEC")
    return [wide, world.sibling.key.signature(wide)]


def prepare_sibling(world):
    """sib.zz signs an NSEC that reaches over its siblings; whoever sends the parent's denials puts it beside one."""
    world.child("plain.zz.", "www.plain.zz. 60 A 192.0.2.20\n")
    world.sibling = world.child("sib.zz.", "www.sib.zz. 60 A 192.0.2.66\n", signed=True)
    world.child("victim.zz.", "www.victim.zz. 60 A 192.0.2.22\n", signed=True)

    def hook(query, reply):
        if world.sibling_on and query.question[0].name == N("nothing.zz.") and reply.rcode() == 3:
            reply.authority += sibling_nsec(world)
            world.tld.nsec(N("plain.zz."), reply, True)
            reply.authority += misleading("a.plain.zz.", N("plain.zz."))
        return reply
    world.sibling_on = False
    world.tld.hook = hook


def control_sibling(world):
    """Its signature is good, and order alone says that the victim is not there."""
    zone, found = world.sibling, sibling_nsec(world)
    dns.dnssec.validate(found[0], found[1], {zone.origin: zone.sets[zone.origin][T.DNSKEY]})
    assert found[0].name < N("victim.zz.") < found[0][0].next
    return [Figure("covers the victim", 1)]


@case("sibling", "NSEC of a zone that denies its siblings, beside a true denial", prepare_sibling, control_sibling)
def sibling(world, resolver):
    world.sibling_on = True
    first = resolver.ask("nothing.zz")
    world.sibling_on = False
    return [Figure("nothing.zz denied as it is", denied(first), 1, True),
            Figure("victim answered", answered(resolver.ask("www.victim.zz")), 1, True)]


# --- the parent's word, and who else gives it ---------------------------------------------------------

def prepare_instead(world):
    """Asked for DS of an unsigned delegation, somebody gives an alias; and denies the name of another with what is true."""
    for owner in ("alias-ds.zz.", "no-ds.zz."):
        world.child(owner, f"www.{owner} 60 A 192.0.2.20\n")
    before = world.tld.hook

    def hook(query, reply):
        question = query.question[0]
        if world.instead_on and question.rdtype == T.DS and question.name == N("alias-ds.zz."):
            reply.answer[:] = [dns.rrset.from_text(question.name, 60, "IN", "CNAME", "evil.good.zz.")]
            reply.authority[:] = []
        if world.instead_on and question.rdtype == T.DS and question.name == N("no-ds.zz."):
            reply.set_rcode(3)
        return before(query, reply) if before else reply
    world.instead_on = False
    world.tld.hook = hook


def control_instead(world):
    """The delegations are not signed: whoever asks the child's zone what this is worth has no objection."""
    world.instead_on = True
    replies = [world.tld.respond(dns.message.make_query(n, "DS", want_dnssec=True)) for n in ("alias-ds.zz.", "no-ds.zz.")]
    world.instead_on = False
    assert replies[0].answer[0].rdtype == T.CNAME and replies[1].rcode() == 3
    return [Figure("false answers", len(replies))]


@case("instead", "an alias or a denial of the name in place of DS that are not there", prepare_instead, control_instead)
def instead(world, resolver):
    world.instead_on = True
    false = [resolver.ask(n, "DS") for n in ("alias-ds.zz", "no-ds.zz")]
    world.instead_on = False
    return [Figure("believed", sum(int(r is not None and (bool(r.answer) or r.rcode() == 3)) for r in false), 0),
            Figure("names below answered", sum(answered(resolver.ask(f"www.{n}.zz")) for n in ("alias-ds", "no-ds")), 2, True)]


# --- a key that cannot be used makes a zone insecure ---------------------------------------------------

def large_key(flags):
    modulus = bytearray(os.urandom(1024))
    modulus[0] |= 0x80
    modulus[-1] |= 1
    wire = struct.pack(">HBB", flags, 3, 8) + b"\x03\x01\x00\x01" + bytes(modulus)
    return dns.rdata.from_wire(1, T.DNSKEY, wire, 0, len(wire))


def prepare_large(world):
    """Two zones with a good key and one of RSA 8192 beside it: in the DNSKEY set alone, and with a DS of its own."""
    made = []
    for origin, flags in (("large.zz.", 256), ("large2.zz.", 257)):
        key = large_key(flags)

        def hook(query, reply, key=key, number=len(made), owner=N("www." + origin)):
            question = query.question[0]
            if world.large_on and question.rdtype == T.DNSKEY and number == 1:
                reply.answer[:] = [dns.rrset.from_rdata(question.name, 60, key)]
            if world.large_on and question.rdtype == T.A and question.name == owner:
                forged = dns.rrset.from_text(question.name, 60, "IN", "A", "192.0.2.66")
                reply.answer[:] = [forged]
                reply.authority[:] = []
                if number == 0:
                    words = {f: getattr(junk_signature(made[0], forged), f) for f in RRSIG.__slots__}
                    words["key_tag"] = dns.dnssec.key_id(key)
                    reply.answer.append(dns.rrset.from_rdata(question.name, 60, RRSIG(1, T.RRSIG, **words)))
            return reply
        zone = world.child(origin, f"www.{origin} 1 A 192.0.2.9\nmail.{origin} 1 A 192.0.2.10\n", signed=True, hook=hook)
        zone.add(dns.rrset.from_rdata_list(zone.origin, 60, [zone.key.dnskey, key]))
        made.append(zone)
    ds = [made[1].key.ds(), dns.dnssec.make_ds(made[1].origin, key, "SHA256")]
    world.tld.add(dns.rrset.from_rdata_list(made[1].origin, 60, ds))
    world.large, world.large_on = made, False


def control_large(world):
    """Nothing of it can be checked: whoever takes a key that he cannot use for a zone that nobody signed believes it."""
    world.large_on = True
    replies = [z.respond(dns.message.make_query(f"www.{z.origin}", "A", want_dnssec=True)) for z in world.large]
    world.large_on = False
    assert all(r.answer[0][0].address == "192.0.2.66" for r in replies)
    return [Figure("forged addresses", len(replies))]


@case("large", "a key that is too large beside a good one: no zone becomes insecure by it", prepare_large, control_large)
def large(world, resolver):
    honest = resolver.ask("mail.large.zz")
    world.large_on = True
    forged = [resolver.ask("www.large.zz"), resolver.ask("www.large2.zz")]
    world.large_on = False
    return [Figure("honest secure", int(secure(honest) and bool(honest.answer)), 1, True),
            Figure("forged answered", sum(answered(r) for r in forged), 0)]
