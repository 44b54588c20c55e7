#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What weir believes of the lab's signed zones when it recurses from their root: each algorithm, each denial, each fault."""

import e2e
from e2e import equal, need
from gateway import RECURSION
import servers
import world

GOOD = [f"alg{number}.example" for number in servers.ALGORITHMS]


def ask(lab, name, rtype="A", *words):
    return lab.kdig("camera", name, rtype, "+dnssec", *words)


@e2e.test("every algorithm and every kind of denial is proven: AD")
def proven(lab):
    lab.start_gateway(RECURSION)
    for zone in GOOD:
        for name, rtype, rcode, records in (
                (f"www.{zone}", "A", "NOERROR", 1), (f"www.{zone}", "MX", "NOERROR", 0),
                (f"alias.{zone}", "AAAA", "NOERROR", 2), (f"x.wild.{zone}", "A", "NOERROR", 1),
                (f"x.wild.{zone}", "TXT", "NOERROR", 0), (f"empty.{zone}", "A", "NOERROR", 0),
                (f"deep.moved.{zone}", "A", "NOERROR", 3), (zone, "DNSKEY", "NOERROR", 1), (zone, "DS", "NOERROR", 1)):
            reply = ask(lab, name, rtype)
            found = [r for r in reply.answer if r.type != "RRSIG"]
            equal((reply.rcode, len(found)), (rcode, records), f"{name} {rtype}: {reply}")
            need("ad" in reply.flags, f"{name} {rtype} is not proven: {reply.text}")
        reply = ask(lab, f"nothing.{zone}")
        need(reply.rcode == "NXDOMAIN" and "ad" in reply.flags, reply.text)


@e2e.test("opt-out proves no name away, and a delegation below it is insecure")
def optout(lab):
    lab.start_gateway(RECURSION)
    need("ad" in ask(lab, "www.optout.example").flags, "what is there is signed")
    reply = ask(lab, "x.wild.optout.example")   # a closer name may be an unsigned delegation
    need(reply.data("A") == ["198.51.100.153"] and "ad" not in reply.flags, reply.text)
    reply = ask(lab, "nothing.optout.example")
    need(reply.rcode == "NXDOMAIN" and "ad" not in reply.flags, reply.text)
    reply = ask(lab, "www.plain.optout.example")
    need(reply.data("A") == ["198.51.100.155"] and "ad" not in reply.flags, reply.text)
    reply = ask(lab, "broker.cloud.example")
    need(reply.data("A") and "ad" not in reply.flags, reply.text)


@e2e.test("what is not signed by anybody who is vouched for is answered without AD")
def insecure(lab):
    lab.start_gateway(RECURSION)
    for zone, ede in (("island.example", []), ("unknown.example", [1]), ("plain.example", [])):
        for name, rcode in ((f"www.{zone}", "NOERROR"), (f"nothing.{zone}", "NXDOMAIN")):
            reply = ask(lab, name)
            equal((reply.rcode, reply.ede), (rcode, ede), name)
            need("ad" not in reply.flags, reply.text)
    reply = ask(lab, "nothing.iterated.example")        # too many iterations: insecure (RFC 9276)
    need(reply.rcode == "NXDOMAIN" and "ad" not in reply.flags and reply.ede == [27], reply.text)
    need("ad" in ask(lab, "www.iterated.example").flags, "its signatures are as good as any")


@e2e.test("without RD, `learn`: a referral with the zone's own NS set has AD where that is proven, and only there")
def referrals(lab):
    lab.start_gateway({**RECURSION, "cache": {"without_rd": "learn"}})
    need("ad" in ask(lab, "www.alg13.example").flags, "the delegations are known from here on")
    need(ask(lab, "www.island.example").rcode == ask(lab, "www.optout.example").rcode == "NOERROR", "these too")
    for zone, proven in (("alg13.example", True), ("optout.example", True), ("island.example", False)):
        reply = ask(lab, f"other.{zone}", "TXT", "+norec")
        need(reply.rcode == "NOERROR" and not reply.answer, reply.text)
        owners = {r.name.rstrip(".") for r in reply.authority if r.type == "NS"}
        equal(owners, {zone}, reply.text)
        equal("ad" in reply.flags, proven, reply.text)
        equal(any(r.type == "RRSIG" and r.data.startswith("NS ") for r in reply.authority), proven, reply.text)
    lab.start_gateway({**RECURSION, "cache": {"without_rd": "learn"}})
    reply = ask(lab, "www.example", "A", "+norec")
    need(reply.rcode == "NOERROR" and {r.type for r in reply.answer} <= {"NS", "RRSIG"}, reply.text)
    lab.start_gateway(RECURSION)
    equal(ask(lab, "www.alg13.example", "A", "+norec").rcode, "REFUSED", "the default")


@e2e.test("each fault is SERVFAIL with its EDE and the zone's name; CD gets it")
def bogus(lab):
    lab.start_gateway(RECURSION)
    for name, rtype, codes in (
            ("www.expired.example", "A", [7]), ("nothing.expired.example", "A", [7]), ("www.early.example", "A", [8]),
            ("www.wrongkey.example", "A", [9]), ("www.stripped.example", "A", [10]), ("www.forged.example", "A", [6]),
            ("alias.forged.example", "A", [6]), ("nothing.nodenial.example", "A", [12]),
            ("www.nodenial.example", "MX", [12])):
        reply = ask(lab, name, rtype)
        equal((reply.rcode, reply.ede, reply.data()), ("SERVFAIL", codes, []), f"{name}: {reply.text}")
        need(".".join(name.split(".")[1:]) in reply.why, f"{name}: {reply.why}")
        need(ask(lab, name, rtype, "+cdflag").rcode in ("NOERROR", "NXDOMAIN"), f"{name}: not with CD")


@e2e.test("a chain's end is not denied by what came with its first link")
def denied_by_the_way(lab):
    """alias is signed, and so is the SOA that comes along; that www has no such data is not proven by them."""
    for rtype in ("DS", "MX", "DNSKEY"):
        for first in ("alias", "deep.moved"):
            lab.start_gateway(RECURSION)
            for _ in range(2):
                reply = ask(lab, f"{first}.nodenial.example", rtype)
                equal((reply.rcode, reply.data()), ("SERVFAIL", []), f"{first} {rtype}: {reply.text}")
            reply = ask(lab, "www.nodenial.example" if first == "alias" else "deep.empty.nodenial.example", rtype)
            equal(reply.rcode, "SERVFAIL", f"the end of {first} {rtype}: {reply.text}")
    reply = ask(lab, "alias.nodenial.example", "A")
    need(reply.data("A") == ["198.51.100.151"] and "ad" in reply.flags, reply.text)


@e2e.test("behind resolvers that do not validate, what they say is proven all the same")
def forwarded(lab):
    isp = f"udp://{world.INTERNET['isp'][0]}"
    lab.start_gateway({"upstream": {"groups": [{"name": "isp", "servers": [isp]}]}})
    for zone in GOOD:
        for name, rcode in ((f"www.{zone}", "NOERROR"), (f"nothing.{zone}", "NXDOMAIN"), (f"x.wild.{zone}", "NOERROR")):
            reply = ask(lab, name)
            need(reply.rcode == rcode and "ad" in reply.flags, f"{name}: {reply.text}")
    for name, ede in (("www.expired.example", 7), ("www.stripped.example", 10), ("www.forged.example", 6)):
        reply = ask(lab, name)
        equal((reply.rcode, reply.ede), ("SERVFAIL", [ede]), f"{name}: {reply.text}")
    reply = ask(lab, "www.unknown.example")
    need(reply.rcode == "NOERROR" and "ad" not in reply.flags, reply.text)


e2e.main()
