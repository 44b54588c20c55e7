#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An upstream that TLSA records prove: the right record, the wrong one, a roll-over, none, and a zone that nobody signed.

The server is a real one of DNS over TLS on the relay; its records stand in the lab's signed zones, and are found over another server that a
pin proves. Encryption is required throughout: nothing readable leaves.
"""

import base64
import contextlib
import itertools
import os

import e2e
from e2e import equal, need, until
from lab import RUN, secure, servers as machines, world
from spaces import peer

RELAY4, RELAY6 = world.INTERNET["relay"]
OTHER4, OTHER6 = world.INTERNET["outsider"]
ZONE, UNSIGNED = "camera.example.", "plain.example."
HOST = "dns.camera.example"
tries = itertools.count()
NAMES = ["api.camera.example", "broker.cloud.example", "www.alg13.example", "fw.firmware.example"]


def tlsa(pin):
    """DANE-EE, the public key, SHA-256."""
    return f"3 1 1 {base64.b64decode(pin).hex()}"


def records(lab, zone, *datas):
    """These are the TLSA records of dns.ZONE, which signs itself anew."""
    knotc = f"{peer('knotc')} -c {os.path.join(RUN, 'makers', 'knot.conf')}"
    steps = [f"zone-begin {zone}", *(f"zone-set {zone} _853._tcp.dns 2 TLSA {data}" for data in datas), f"zone-commit {zone}"]
    words = [f"{knotc} {step}" for step in steps]
    words[0] += f" && {{ {knotc} zone-unset {zone} _853._tcp.dns TLSA; true; }}"  # it may have none
    lab.nodes["makers"].run(["sh", "-c", " && ".join(words)])
    for name in ("isp", "public"):
        machines.forget(name, zone)


@contextlib.contextmanager
def servers(lab):
    """The server that has to be proven, and the one that finds the records; the authority, an identity for each."""
    ca = secure.authority()
    first = ca.issue("first", [HOST], [RELAY4, RELAY6])
    helper = ca.issue("helper", ["helper.example"], [OTHER4, OTHER6])
    with secure.Upstream(lab, "unbound", first), secure.Upstream(lab, "knotd", helper, machine="outsider"):
        yield ca, first, helper


def config(helper, host=HOST):
    return {"workers": 1, "time": {"trust": "system"}, "cache": {"stale": {"enable": False}},
            "upstream": {"groups": [{"name": "proven", "servers": [f"tls://{RELAY4}#name={host}&dane"]}], "default": "proven",
                         "encryption": "required", "bootstrap": [f"tls://{OTHER4}#pin=sha256/{helper.pin}"]}}


def state(lab):
    return lab.weir.verb("upstreams")["upstreams"][0]


def asked(lab, name):
    """The server is asked for it. That nobody answered is remembered for seconds for each name, so nothing is asked before there are records, and
    until it answers each try has a name of its own."""
    def tried():
        return lab.kdig("camera", f"n{next(tries)}.{UNSIGNED}", timeout=3).rcode == "NXDOMAIN"
    return until(lambda: state(lab)["not_asked"] is None, 20) and until(tried, 20) and lab.kdig("camera", name).rcode == "NOERROR"


@e2e.test("the right record: the server is asked, proven by dane, and no name can be read")
def right(lab):
    with servers(lab) as (ca, first, helper), lab.capture() as wire:
        records(lab, ZONE, tlsa(first.pin))
        lab.start_gateway(config(helper))
        need(asked(lab, NAMES[0]), f"{state(lab)} {lab.weir.log_tail()}")
        seen = state(lab)
        equal(seen["not_asked"], None, seen)
        need("dane" in seen["verified_by"], seen)
        need(wire.bytes_out(RELAY4) > 0, "the server was not asked")
        equal(wire.readable(*NAMES), [], "on the wire")
        need("1 TLSA records at _853._tcp.dns.camera.example" in lab.weir.log_tail(100), lab.weir.log_tail())


@e2e.test("a roll-over: with both keys in the zone the server changes, and the old record goes")
def rollover(lab):
    with servers(lab) as (ca, first, helper):
        following = ca.issue("following", [HOST], [RELAY4, RELAY6])
        records(lab, ZONE, tlsa(first.pin), tlsa(following.pin))
        lab.start_gateway(config(helper))
        need(asked(lab, NAMES[0]), f"{state(lab)} {lab.weir.log_tail()}")
    with contextlib.ExitStack() as stack:
        stack.enter_context(secure.Upstream(lab, "unbound", following))
        stack.enter_context(secure.Upstream(lab, "knotd", helper, machine="outsider"))
        need(asked(lab, NAMES[1]), f"{state(lab)} {lab.weir.log_tail()}")
        records(lab, ZONE, tlsa(following.pin))
        need(until(lambda: "dane: 1 TLSA" in lab.weir.log_tail(100), 20), lab.weir.log_tail())
        need(asked(lab, NAMES[2]), f"{state(lab)} {lab.weir.log_tail()}")


@e2e.test("the wrong record: nothing is asked, and it is said why; the right one heals it, and none bars it")
def wrong(lab):
    with servers(lab) as (ca, first, helper):
        records(lab, ZONE, tlsa(helper.pin))
        lab.start_gateway(config(helper))
        need(until(lambda: state(lab)["not_asked"] is None, 15), f"{state(lab)} {lab.weir.log_tail()}")
        equal(lab.kdig("camera", NAMES[0], timeout=8).rcode, "SERVFAIL", lab.weir.log_tail())
        seen = state(lab)
        need("its certificate is none that the TLSA records of dns.camera.example name" in seen["last_failure"], seen)
        equal(seen["answers"], 0, seen)
        need(until(lambda: "none that the TLSA records" in lab.weir.log_tail(100), 5), lab.weir.log_tail())
        records(lab, ZONE, tlsa(first.pin))
        need(asked(lab, NAMES[2]), f"{state(lab)} {lab.weir.log_tail()}")
        records(lab, ZONE)
        need(until(lambda: "proven that there are no TLSA records at _853._tcp.dns.camera.example" in
                   (state(lab)["not_asked"] or ""), 20), f"{state(lab)} {lab.weir.log_tail()}")
        equal(lab.kdig("camera", NAMES[1], timeout=8).rcode, "SERVFAIL", "it is barred")


@e2e.test("records of a zone that nobody signed do not count: the server is not even connected to")
def unsigned(lab):
    with servers(lab) as (ca, first, helper), lab.capture() as wire:
        records(lab, UNSIGNED, tlsa(first.pin))
        lab.start_gateway(config(helper, f"dns.{UNSIGNED}".rstrip(".")))
        need(until(lambda: "not signed" in (state(lab)["not_asked"] or ""), 15), f"{state(lab)} {lab.weir.log_tail()}")
        equal(lab.kdig("camera", NAMES[0], timeout=8).rcode, "SERVFAIL")
        equal(wire.bytes_out(RELAY4), 0, "it was connected to")
        need("the zone is not signed, so TLSA records do not count, at _853._tcp.dns.plain.example" in
             lab.weir.log_tail(100), lab.weir.log_tail())


e2e.main()
