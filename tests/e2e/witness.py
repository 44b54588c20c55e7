#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the tests of encrypted DNS rest on: certificates with faults, real servers and clients, and a capture that reads names.

Nothing here is about weir. A peer that cannot speak to its peers, or a capture that sees nothing, would make the other tests say
what is not so."""

import subprocess

import dns.message

import e2e
from e2e import equal, need
from lab import askers, certs, clients, impostor, secure, world
from spaces import peer

# What openssl says of each.
VERDICTS = {"good": "", "expired": "has expired", "early": "not yet valid", "othername": "hostname mismatch",
            "selfsigned": "self-signed", "stranger": "unable to get local issuer", "huge": ""}
RELAY4, RELAY6 = world.INTERNET["relay"]
NAME = "api.camera.example"


@e2e.test("each bad certificate is bad in the way that it is called, and in no other")
def verdicts(_):
    ca = secure.authority("verdicts")
    made = certs.bad_ones(ca, ca.home, [secure.HOST], [RELAY4])
    made["good"] = ca.issue("good", [secure.HOST], [RELAY4])
    for name, identity in made.items():
        done = subprocess.run([peer("openssl"), "verify", "-CAfile", ca.path, "-verify_hostname", secure.HOST,
                               identity.chain], capture_output=True, text=True)
        need(VERDICTS[name] in done.stderr and (done.returncode == 0) == (not VERDICTS[name]), f"{name}: {done.stderr}")
    equal(len({identity.pin for identity in made.values()}), len(made), "pins")
    cut = certs.truncated(made["good"], ca.home)
    done = subprocess.run([peer("openssl"), "x509", "-in", cut.chain, "-noout"], capture_output=True)
    need(done.returncode != 0, "a truncated chain was read")


@e2e.test("every server answers what it is said to speak, and a capture reads no name of it; of plain DNS it does")
def servers(lab):
    ca = secure.authority()
    identity = ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])
    where = askers.Server(RELAY4, secure.HOST, ca.path)
    asker = lab.nodes["outsider"]
    for kind, protocols in secure.SPEAKS.items():
        with secure.Upstream(lab, kind, identity):
            for protocol in protocols:
                with lab.capture("eth0", "outsider") as wire:
                    for address in (RELAY4, RELAY6):
                        reply = clients.kdig(asker, address, NAME, f"+{protocol}", *where.kdig())
                        equal(reply.data("A"), ["198.51.100.31"], f"{kind} {protocol}: {reply.text}")
                equal(wire.readable(NAME), [], f"{kind} {protocol}")
                if protocol != "quic":  # its first packets are only disguised
                    need(wire.readable(secure.HOST), f"{kind} {protocol}: the server's name was not seen in the handshake")
    with lab.capture("eth0", "outsider") as wire:
        for words in ([], ["+tcp"]):
            equal(clients.kdig(asker, world.INTERNET["isp"][0], NAME.upper(), *words).rcode, "NOERROR")
    seen = wire.readable(NAME)
    need(any(" tcp " in line for line in seen) and any(" udp " in line for line in seen), seen)


@e2e.test("every client asks over TLS or HTTPS, and none of them believes an authority that is not its own")
def askers_ask(lab):
    ca, stranger = secure.authority(), secure.authority("stranger")
    identity = ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])
    asker = lab.nodes["outsider"]
    wire = dns.message.make_query(NAME, "A").to_wire()
    with secure.Upstream(lab, "dnsdist", identity):
        for trusted, path in ((True, ca.path), (False, stranger.path)):
            where = askers.Server(RELAY4, secure.HOST, path)
            for ask in (askers.openssl, askers.gnutls):
                said, text = ask(asker, where, wire)
                equal(said is not None, trusted, f"{ask.__name__}: {text}")
            equal(askers.post(asker, where, wire)[0], 200 if trusted else 0, "curl, a message by POST")
            for stub in (askers.Stubby, askers.Resolved, askers.Dnscrypt):
                with stub(asker, where) as process:
                    reply = clients.kdig(asker, process.address, NAME, timeout=3)
                equal(reply.rcode == "NOERROR", trusted, f"{stub.__name__}: {reply}; {process.said()}")
        for mode in ("dot", "doh"):
            figures = askers.perf(asker, askers.Server(RELAY4, secure.HOST, ca.path), mode, [NAME] * 100)
            equal((figures["sent"], figures["completed"]), (100, 100), mode)


@e2e.test("impostors: one accepts and never speaks, a captive portal answers everything and proves nothing")
def impostors(lab):
    ca, stranger = secure.authority(), secure.authority("hotel")
    where = askers.Server(RELAY4, secure.HOST, ca.path)
    asker, relay = lab.nodes["outsider"], lab.nodes["relay"]
    with impostor.Mute(relay, RELAY4) as mute:
        for flag in ("+tls", "+https", "+quic"):
            equal(clients.kdig(asker, RELAY4, NAME, flag, *where.kdig(), timeout=1).rcode, None, flag)
        need(mute.accepted >= 2 and len(mute.asked) >= 3, f"{mute.accepted} connections, {len(mute.asked)} packets")
    with impostor.Portal(relay, RELAY4, stranger.issue("portal", [secure.HOST], [RELAY4])) as portal:
        equal(clients.kdig(asker, RELAY4, NAME).data("A"), [RELAY4], "plain")
        equal(clients.kdig(asker, RELAY4, NAME, "+tls", *where.kdig(), timeout=2).rcode, None, "strict")
        equal(portal.asked[1:], [], "what a strict client said after the handshake")
        clients.kdig(asker, RELAY4, NAME, "+tls", timeout=1)
        need(portal.shaken and any(b"camera" in octets for octets in portal.asked[1:]), portal.asked)


e2e.main()
