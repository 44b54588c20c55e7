#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""time.trust: which clock signatures are judged by. One test for each mode, and what the kernel says of its clock."""

import os
import time

import e2e
from e2e import equal, need, until
from spaces import RUN
import shim
import gateway
from gateway import RECURSION, merge

NAME, ADDRESS = "api.camera.example", ["198.51.100.31"]
IN_1970 = 1000 - int(time.time())
DAYS = 86400


def start(lab, offset, trust=None, unproven=None, **words):
    """weir with a clock that is `offset` seconds off; the clock."""
    os.makedirs(f"{RUN}/clock", exist_ok=True)
    config = merge(RECURSION, {"time": {k: v for k, v in (("trust", trust), ("unproven", unproven)) if v}})
    with e2e.unsanitized():  # a sanitizer wants to be loaded before the clock
        why_not = shim.why_not(gateway.binary())
        if why_not:
            raise e2e.Skip(why_not)
        clock = shim.Clock(f"{RUN}/clock", offset)
        lab.start_gateway(config, clock.environment(**words))
    return clock


def ask(lab, name=NAME):
    return lab.kdig("camera", name, "A", "+dnssec")


def log_since_start(lab):
    with open(lab.weir.log, errors="replace") as file:
        return file.read().rpartition("ready:")[0].rpartition("stopped")[2]


def log_of(lab):
    with open(lab.weir.log, errors="replace") as file:
        return file.read().rpartition("stopped")[2]


@e2e.test("auto, a clock in 1970: answered without AD and marked; right again, it is checked again and AD")
def unproven(lab):
    clock = start(lab, IN_1970, "auto")
    equal(lab.weir.verb("status")["wall_proven"], False)
    reply = ask(lab)
    equal((reply.rcode, reply.data("A")), ("NOERROR", ADDRESS), reply)
    need("ad" not in reply.flags and reply.ede, reply.text)
    reply = ask(lab, "www.early.example")       # inception is not judged
    equal(reply.rcode, "NOERROR", reply)
    reply = ask(lab, "www.forged.example")      # the signature is
    equal((reply.rcode, reply.ede), ("SERVFAIL", [6]), reply)
    names = {NAME: "NOERROR", "x.wild.alg13.example": "NOERROR", "alias.alg13.example": "NOERROR",
             "none.alg13.example": "NXDOMAIN", "none.alg8.example": "NXDOMAIN"}
    for name, rcode in names.items():
        reply = ask(lab, name)
        equal((reply.rcode, reply.ede, "ad" in reply.flags), (rcode, [5], False), reply.text)
    with lab.capture() as wire:
        clock.set(0)
        until(lambda: lab.weir.verb("status")["wall_proven"], 5)
        for name, rcode in names.items():
            reply = ask(lab, name)
            equal((reply.rcode, reply.ede, "ad" in reply.flags), (rcode, [], True), reply.text)
    for name in names:
        need(any(m.name == name + "." for m in wire.queries()), f"what was said of {name} in 1970 was called proven")
    equal(ask(lab, "www.early.example").ede, [8])


@e2e.test("unproven: refuse, a clock in 1970: SERVFAIL with the reason, the data for who checks himself; right again, AD")
def refuse(lab):
    clock = start(lab, IN_1970, "auto", unproven="refuse")
    for _ in range(2):                          # as it comes, and from the cache
        reply = ask(lab)
        equal((reply.rcode, reply.ede, reply.data("A")), ("SERVFAIL", [5], []), reply)
        need("time.unproven" in reply.text, reply.text)
    reply = lab.kdig("camera", NAME, "A", "+cdflag")
    equal((reply.rcode, reply.data("A")), ("NOERROR", ADDRESS), reply)
    clock.set(0)
    until(lambda: lab.weir.verb("status")["wall_proven"], 5)
    reply = ask(lab)
    equal((reply.rcode, reply.data("A")), ("NOERROR", ADDRESS), reply)
    need("ad" in reply.flags and not reply.ede, reply.text)


@e2e.test("auto, a clock that is right: proven at once, expired and early signatures refused")
def proven(lab):
    start(lab, 0)
    need("ad" in ask(lab).flags, "no AD")
    equal(ask(lab, "www.expired.example").ede, [7])
    equal(ask(lab, "www.early.example").ede, [8])
    need("the kernel says" not in log_since_start(lab), "a clock that is kept right was doubted")
    status = lab.weir.verb("status")
    need(status["wall_proven"] and status["wall_kept"], status)


@e2e.test("auto, a step back to 1970: what was proven before is served without AD and marked, or refused; right again, AD")
def falls_back(lab):
    for unproven in ("mark", "refuse"):
        clock = start(lab, 0, "auto", unproven)
        need("ad" in ask(lab).flags, "no AD")
        need("ad" in ask(lab, "none.camera.example").flags, "no AD for a denial")
        clock.set(IN_1970)
        until(lambda: not lab.weir.verb("status")["wall_proven"], 5)
        for name, rcode in ((NAME, "NOERROR"), ("none.camera.example", "NXDOMAIN"), ("fw.firmware.example", "NOERROR")):
            reply = ask(lab, name)
            equal((reply.rcode, reply.ede), (rcode if unproven == "mark" else "SERVFAIL", [5]), reply)
            need("ad" not in reply.flags, reply.text)
        with lab.capture() as wire:
            clock.set(0)
            until(lambda: lab.weir.verb("status")["wall_proven"], 5)
            reply = ask(lab)
        need("ad" in reply.flags and not reply.ede and reply.data("A") == ADDRESS, reply.text)
        need(not any(m.name == NAME + "." for m in wire.queries()), "what was proven is proven")


@e2e.test("a suspend: what was remembered is as old as it is, the time is still right, and nobody waits")
def suspended(lab):
    clock = start(lab, 0, "auto")
    first = ask(lab)
    need("ad" in first.flags, "no AD")
    for slept, again in ((10, False), (first.ttls()[0], True)):
        with lab.capture() as wire:
            clock.sleep(slept)
            reply = ask(lab)
        equal((reply.data("A"), reply.ede, "ad" in reply.flags), (ADDRESS, [], True), reply.text)
        need(reply.seconds < 2, f"it took {reply.seconds} s")
        equal(any(m.name == NAME + "." for m in wire.queries()), again, f"{slept} s later")
        need(again or reply.ttls()[0] <= first.ttls()[0] - slept, reply.text)
    need(lab.weir.verb("status")["wall_proven"], "the time is not known any more")


@e2e.test("auto and system, the believed clock is stepped by days: what was judged by it is judged again")
def steps(lab):
    for trust in ("auto", "system"):
        clock = start(lab, 6 * DAYS, trust)
        equal(lab.weir.verb("status")["clock"]["source"], "the system's clock")
        need("ad" in ask(lab).flags, "no AD")
        clock.set(6 * DAYS - 1800)              # less than signatures are allowed: nothing is forgotten
        time.sleep(2.5)
        with lab.capture() as wire:
            clock.set(0)
            need(until(lambda: "is forgotten" in log_of(lab), 30), log_of(lab))
            reply = ask(lab)
        need("ad" in reply.flags, reply.text)
        need(any(m.name == NAME + "." for m in wire.queries()), "what was judged by the wrong clock was served")
        equal(log_of(lab).count("is forgotten"), 1, log_of(lab))


@e2e.test("system: the clock is taken as it is, in 1970 and after everything has expired")
def system(lab):
    start(lab, IN_1970, "system")
    reply = ask(lab)
    equal((reply.rcode, reply.ede), ("SERVFAIL", [8]), reply.text)
    start(lab, 300 * DAYS, "system")
    reply = ask(lab)
    equal((reply.rcode, reply.ede), ("SERVFAIL", [7]), reply.text)
    start(lab, 0, "system")
    need("ad" in ask(lab).flags, "no AD")


@e2e.test("auto, the kernel says that nothing keeps its clock: believed when it is past the floor, with a warning")
def unsynchronised(lab):
    start(lab, 0, "auto", unsynchronised=True)
    need("ad" in ask(lab).flags, "no AD")
    need("the kernel says that nothing keeps its clock right" in log_since_start(lab), log_since_start(lab))
    need(not lab.weir.verb("status")["wall_kept"])
    start(lab, IN_1970, "auto", unsynchronised=True)
    need("ad" not in ask(lab).flags, "AD in 1970")
    start(lab, 0, "system", unsynchronised=True)   # who takes the clock as it is is not warned of it
    need("ad" in ask(lab).flags, "no AD")
    need("the kernel says" not in log_since_start(lab), log_since_start(lab))


e2e.main()
