#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Upstreams that prove nothing: bad certificates, wrong pins, a captive portal, one that never speaks. No answer is made
of them and they are told no question; `weir upstreams` and the log say what is wrong."""

import time

import e2e
from e2e import equal, need, until
from lab import certs, impostor, secure, world

RELAY4, RELAY6 = world.INTERNET["relay"]
NAME = "api.camera.example"
URL = f"tls://{RELAY4}#name={secure.HOST}"
# What is wrong with a certificate, and what is said of it.
WORDS = {"expired": "the certificate expired on", "early": "is the clock right?",
         "othername": f"the certificate is not for {secure.HOST} but for other.example",
         "selfsigned": "self-signed, or its issuer is not among the trust anchors",
         "stranger": "self-signed, or its issuer is not among the trust anchors",
         "huge": "more octets than a handshake has"}


def refused(lab, words, where):
    """The question fails in time, and both places name the reason."""
    reply = lab.kdig("camera", NAME, timeout=8)
    equal((reply.rcode, reply.data()), ("SERVFAIL", []), f"{where}: {reply}")
    need({22, 23} & set(reply.ede), f"{where}: {reply}")
    need(until(lambda: words in str(failure(lab)), 10), f"{where}: {failure(lab)}")
    need(until(lambda: words in lab.weir.log_tail(40), 10), f"{where}: {lab.weir.log_tail(40)}")


def told(lab):
    reply = lab.kdig("camera", f"n{time.monotonic_ns()}.camera.example", timeout=8)
    return f"{reply.ede} {reply.why}"


def failure(lab):
    return lab.weir.verb("upstreams")["upstreams"][0]["last_failure"]


@e2e.test("a certificate that is expired, not yet valid, for another name, by itself, by a stranger, or of 64 KiB")
def bad_certificates(lab):
    ca = secure.authority()
    for name, identity in certs.bad_ones(ca, ca.home, [secure.HOST], [RELAY4]).items():
        with secure.Upstream(lab, "dnsdist", identity):
            lab.start_gateway(secure.only(URL, ca))
            refused(lab, WORDS[name], name)


@e2e.test("pins: the right one is enough by itself, of two one is, a wrong one is refused whatever the authority says")
def pins(lab):
    ca = secure.authority()
    good, other = ca.issue("good", [secure.HOST], [RELAY4]), ca.issue("other", ["other.example"])
    with secure.Upstream(lab, "dnsdist", good):
        for pin in (f"pin=sha256/{good.pin}", f"pin=sha256/{other.pin}&pin=sha256/{good.pin}"):
            lab.start_gateway(secure.only(f"tls://{RELAY4}#{pin}", secure.authority("nobody")))
            equal(lab.kdig("camera", NAME).rcode, "NOERROR", pin)
            equal(lab.weir.verb("upstreams")["upstreams"][0]["facts"], pin)
        lab.start_gateway(secure.only(f"tls://{RELAY4}#pin=sha256/{other.pin}", ca))
        refused(lab, "its public key is none of those that are pinned", "wrong pin")
        # The client is told what it was, and not of whom: that is the owner's.
        need(until(lambda: "did not prove to be who they should be" in told(lab), 10), told(lab))
        need(RELAY4 not in told(lab), told(lab))


@e2e.test("a captive portal that answers everything gets no question; once it is gone the server is asked again")
def captive(lab):
    ca = secure.authority()
    hotel = secure.authority("hotel").issue("portal", [secure.HOST], [RELAY4])
    with impostor.Portal(lab.nodes["relay"], RELAY4, hotel) as portal, lab.capture() as wire:
        lab.start_gateway(secure.only(URL, ca))
        refused(lab, WORDS["stranger"], "portal")
        need(portal.accepted, "nobody came to the portal")
        equal([octets for octets in portal.asked if octets], [], "what the portal was told")
    equal(wire.readable(NAME), [], "on the uplink")
    with secure.Upstream(lab, "dnsdist", ca.issue("good", [secure.HOST], [RELAY4])):
        need(until(lambda: lab.kdig("camera", NAME).rcode == "NOERROR", 15), "the server is back and is not asked")


@e2e.test("an upstream that accepts and never speaks: SERVFAIL in time, and that is what is said of it")
def mute(lab):
    ca = secure.authority()
    with impostor.Mute(lab.nodes["relay"], RELAY4) as silent, lab.capture() as wire:
        lab.start_gateway(secure.only(URL, ca))
        reply = lab.kdig("camera", NAME, timeout=8)
        equal((reply.rcode, reply.data()), ("SERVFAIL", []), reply)
        need(reply.seconds < 5.5 and 22 in reply.ede, reply)
        need(silent.accepted, "nobody came")
        need(until(lambda: "never spoke" in str(failure(lab)), 20), failure(lab))
        need(until(lambda: str(failure(lab)) in lab.weir.log_tail(40), 10), lab.weir.log_tail(40))
    equal(wire.readable(NAME), [], "on the uplink")


e2e.main()
