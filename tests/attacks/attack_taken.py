# SPDX-License-Identifier: Apache-2.0
"""Verdicts and proofs that are taken over: from one look at an answer by the next, from one name or zone by another."""
import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rdatatype as T
import dns.rrset

import zones
from attack_proof import believed, refused
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
