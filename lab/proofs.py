# SPDX-License-Identifier: Apache-2.0
"""Chapters of the demo about what is proven: weir finds its answers from the lab's root and believes signatures alone."""

import os
import time

import clients
import gateway
import servers
import shim
import world
from gateway import RECURSION
from onpath import OnPath
from spaces import RUN
from story import until

FORGED = "203.0.113.66"
# name -> (what is wrong with its zone, EDE codes that say so, a word of the text)
BROKEN = {
    "www.expired.example": ("its signatures expired weeks ago", {7}, "expired"),
    "www.early.example": ("its signatures begin in weeks", {8}, "yet"),
    "www.wrongkey.example": ("its key is not the one that its parent vouches for", {6, 9}, "key"),
    "www.stripped.example": ("somebody took the signatures out", {6, 9, 10}, "sign"),
    "www.forged.example": ("an address was changed after signing", {6}, "signature"),
    "nothing.nodenial.example": ("nothing proves that the name does not exist", {6, 12}, ""),
}
UNPROVEN = {
    "www.island.example": "signed, but its parent does not vouch for it",
    "www.unknown.example": "signed by an algorithm that nobody knows",
    "broker.cloud.example": "not signed",
}


def recursion(lab, story):
    """Without upstreams: a device's name is found from the root and proven on the way."""
    lab.start_gateway(RECURSION)
    with lab.capture() as wire:
        reply = lab.kdig("camera", "api.camera.example", "A", "+dnssec")
    story.check("a signed name: its address, its signature, and AD", reply.rcode == "NOERROR"
                and reply.data("A") == ["198.51.100.31"] and reply.data("RRSIG") and "ad" in reply.flags, reply)
    asked = [m.target for m in wire.queries()]
    story.check("the root was asked, then the TLD, then the maker", asked and
                set(asked) <= {address for name in ("root", "tld", "makers") for address in world.INTERNET[name]}
                and asked[0] in world.INTERNET["root"] and asked[-1] in world.INTERNET["makers"],
                f"{len(asked)} queries")
    curious = [m.name for m in wire.queries() if m.target in world.INTERNET["root"] and "camera" in m.name]
    story.check("and the root was not told which camera", not curious, curious)
    reply = lab.kdig("phone", "api.camera.example", "A", "+adflag", family=6)
    story.check("a device that only sets AD learns it as well, without signatures",
                "ad" in reply.flags and not reply.data("RRSIG"), reply)
    reply = lab.kdig("phone", "api.camera.example", "A", "+noadflag")
    story.check("one that does not ask for it is not told", reply.rcode == "NOERROR" and "ad" not in reply.flags, reply)
    reply = lab.kdig("lock", "nothing.camera.example", "A", "+dnssec")
    story.check("that a name does not exist is proven too (NSEC)", reply.rcode == "NXDOMAIN" and "ad" in reply.flags
                and any(r.type == "NSEC" for r in reply.authority), reply)
    algorithms = {a: lab.kdig("laptop", f"www.alg{a}.example", "A", "+dnssec") for a in servers.ALGORITHMS}
    good = [a for a, r in algorithms.items() if r.data("A") == ["198.51.100.151"] and "ad" in r.flags]
    story.check("so are zones signed by RSA, ECDSA and Edwards curves", good == list(servers.ALGORITHMS),
                f"algorithms {good}")


def forged(lab, story):
    """Somebody between weir and a maker changes an address: with signatures it is refused, without them believed."""
    lab.start_gateway(RECURSION)
    servers.forget("isp")
    with OnPath(lab.nodes["makers"], "api.camera.example.", FORGED) as liar:
        control = clients.kdig(lab.nodes["outsider"], world.INTERNET["isp"][0], "api.camera.example")
        story.check("control: a resolver that does not validate hands out the forger's address",
                    control.data("A") == [FORGED], f"{control}, {control.data('A')}")
        lied = liar.changed
        reply = lab.kdig("camera", "api.camera.example")
        story.check("weir was lied to as well", liar.changed > lied, f"{liar.changed - lied} forged answers")
        story.check("and gives none of it to the camera, but SERVFAIL", reply.rcode == "SERVFAIL" and not reply.answer,
                    reply)
        story.check("with the reason, naming the zone (EDE 6)", 6 in reply.ede and "camera.example" in reply.why,
                    reply.why)
        reply = lab.kdig("camera", "api.camera.example", "AAAA", "+dnssec")
        story.check("what he left alone is answered", reply.rcode == "NOERROR" and "ad" in reply.flags, reply)
    servers.forget("isp")
    truth = until(lambda: _truth(lab), 8, step=0.3)
    story.check("he is gone: the true address comes back without anybody's help", bool(truth), truth or "not in 8 s")


def _truth(lab):
    reply = lab.kdig("camera", "api.camera.example", "A", "+dnssec")
    return reply if reply.data("A") == ["198.51.100.31"] and "ad" in reply.flags else None


def broken(lab, story):
    """Zones broken in the usual ways: no device gets their addresses, and each failure says what is wrong."""
    lab.start_gateway(RECURSION)
    for name, (wrong, codes, word) in BROKEN.items():
        reply = lab.kdig("camera", name)
        zone = name.partition(".")[2]
        story.check(f"{name}: {wrong}", reply.rcode == "SERVFAIL" and codes & set(reply.ede)
                    and zone in reply.why and word in reply.why,
                    f"{reply.rcode}, EDE {reply.ede}, {reply.why}")
        reply = lab.kdig("laptop", name, "A", "+cdflag")
        story.check("  who checks for himself (CD) gets it all the same", reply.rcode in ("NOERROR", "NXDOMAIN"), reply)
    for name, why in UNPROVEN.items():
        reply = lab.kdig("camera", name, "A", "+dnssec")
        story.check(f"{name}: {why}; answered, without AD", reply.rcode == "NOERROR" and reply.data("A")
                    and "ad" not in reply.flags, reply)


def boot_1970(lab, story):
    """A box boots in 1970: names are found, nothing is called proven; the clock is set, and all is proven again."""
    why_not = shim.why_not(gateway.binary())
    if why_not:
        story.tell(f"skipped: {why_not}")
        return
    os.makedirs(f"{RUN}/clock", exist_ok=True)
    clock = shim.Clock(f"{RUN}/clock", -int(time.time()) + 1000)
    lab.start_gateway(RECURSION, clock.environment(unsynchronised=True))
    reply = lab.kdig("camera", "0.pool.ntp.example", "A", "+dnssec")
    story.check("in 1970 the time servers are found", reply.rcode == "NOERROR" and len(reply.data("A")) == 4, reply)
    known = lab.kdig("camera", "api.camera.example", "A", "+dnssec")
    story.check("so is a signed name, but nothing is called proven", known.rcode == "NOERROR"
                and known.data("A") == ["198.51.100.31"] and "ad" not in known.flags, known)
    reply = lab.kdig("camera", "www.forged.example")
    story.check("a wrong signature is wrong at any time", reply.rcode == "SERVFAIL" and 6 in reply.ede, reply)
    story.tell("NTP sets the clock right")
    with lab.capture() as wire:
        clock.set(0)
        healed = until(lambda: _proven(lab, "api.camera.example"), 5, step=0.2)
    story.check("within seconds what was known is proven, AD", bool(healed), healed or "no AD in 5 s")
    again = [m for m in wire.queries() if m.target in world.INTERNET["makers"]]
    story.check("for it was fetched and checked again", bool(again), f"{len(again)} queries to the maker")
    reply = lab.kdig("lock", "fw.firmware.example", "A", "+dnssec")
    story.check("and so is a name never asked before", "ad" in reply.flags, reply)
    reply = lab.kdig("lock", "www.expired.example")
    story.check("and what has expired is refused", reply.rcode == "SERVFAIL" and 7 in reply.ede, reply.why)


def _proven(lab, name):
    reply = lab.kdig("camera", name, "A", "+dnssec")
    return reply if "ad" in reply.flags else None


CHAPTERS = {"recursion": recursion, "forged": forged, "broken": broken, "boot-1970": boot_1970}
