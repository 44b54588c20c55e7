#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Stale answers (RFC 8767): when, how long, what they say, and when not."""

import time

import e2e
from e2e import equal, need
from lab import clients, world

NAMES = [f"s{i}.brief.cloud.example" for i in range(100)]     # TTL 2 s


def authority(lab, name):
    return clients.kdig(lab.nodes["cloud"], world.INTERNET["cloud"][0], name)


def outlive(lab, *names, gap=3.0):
    """Learn these names, let their TTL of 2 s run out, cut all upstreams."""
    replies = lab.kdig_many("camera", list(names))
    need(all(reply.rcode in ("NOERROR", "NXDOMAIN") for reply in replies), "not learned")
    time.sleep(gap)
    lab.cut("isp", "public")


@e2e.test("every cached name is answered during an outage: EDE 3, TTL 30, within the client timer")
def all_names(lab):
    lab.start_gateway()
    outlive(lab, *NAMES)
    replies = lab.kdig_all(NAMES)
    equal(len(replies), len(NAMES))
    bad = [str(r) for r in replies if r.rcode != "NOERROR" or 3 not in r.ede or r.ttls() != [30]]
    need(not bad, f"{len(bad)} of {len(NAMES)}, e.g. {bad[:2]}")
    need(max(r.seconds for r in replies) < 2.0, "slower than the client timer")


@e2e.test("aliases are answered stale along the whole chain")
def alias(lab):
    lab.start_gateway()
    outlive(lab, "alias.cloud.example")
    reply = lab.kdig("camera", "alias.cloud.example")
    need(3 in reply.ede, reply)
    equal(sorted(r.type for r in reply.answer), ["A", "CNAME"], reply)
    equal(set(reply.ttls()), {30}, reply)


@e2e.test("that a name does not exist is stale too: EDE 19")
def nxdomain(lab):
    lab.start_gateway()
    # The zone's negative TTL is 5 s.
    outlive(lab, "never.cloud.example", gap=6.0)
    reply = lab.kdig("camera", "never.cloud.example")
    equal(reply.rcode, "NXDOMAIN", reply)
    need(19 in reply.ede, reply)


@e2e.test("a slow upstream: stale at the client timer, and the fresh answer is there afterwards")
def client_timer(lab):
    line = lab.bad_line(delay_ms=10, seed=1)
    try:
        lab.start_gateway({"upstream": {"groups": [
            {"name": "isp", "servers": ["udp://" + world.INTERNET["relay"][0]]}]},
            "cache": {"stale": {"client_timeout": "300ms"}}})
        equal(lab.kdig("camera", "brief.cloud.example").rcode, "NOERROR")
    finally:
        line.terminate()
        line.wait()
    line = lab.bad_line(delay_ms=220, seed=1)
    try:
        time.sleep(2.5)
        reply = lab.kdig("camera", "brief.cloud.example")
        need(3 in reply.ede and 0.25 <= reply.seconds <= 1.0, reply)
        fresh = e2e.until(lambda: fresh_reply(lab), 4)
        need(fresh, "the fresh answer never came")
    finally:
        line.terminate()
        line.wait()


def fresh_reply(lab):
    reply = lab.kdig("camera", "brief.cloud.example")
    return reply.rcode == "NOERROR" and not reply.ede


@e2e.test("not stale when an upstream answers: a name that is gone is gone")
def gone(lab):
    lab.start_gateway()
    lab.kdig("camera", "flash.cloud.example")
    lab.change_cloud(serial=5, flash="198.51.100.77")
    need(e2e.until(lambda: authority(lab, "flash.cloud.example").data("A") == ["198.51.100.77"], 4))
    time.sleep(2.5)
    reply = lab.kdig("camera", "flash.cloud.example")
    need(reply.data("A") == ["198.51.100.77"] and not reply.ede, reply)
    lab.change_cloud(serial=6)


@e2e.test("stale.enable: false is obeyed")
def disabled(lab):
    lab.start_gateway({"cache": {"stale": {"enable": False}}})
    outlive(lab, "brief.cloud.example")
    reply = lab.kdig("camera", "brief.cloud.example")
    equal(reply.rcode, "SERVFAIL", reply)


@e2e.test("stale.max_age bounds it, stale.ttl is what it carries")
def bounds(lab):
    lab.start_gateway({"cache": {"stale": {"max_age": "6s", "ttl": "7s"}}})
    outlive(lab, "brief.cloud.example")
    reply = lab.kdig("camera", "brief.cloud.example")
    need(reply.ttls() == [7] and 3 in reply.ede, reply)
    time.sleep(6.0)
    reply = lab.kdig("camera", "brief.cloud.example")
    equal(reply.rcode, "SERVFAIL", reply)


@e2e.test("unknown names fail: within 2 s at first, within 400 ms once all are suspect, and say why")
def unknown(lab):
    lab.start_gateway()
    outlive(lab, "brief.cloud.example", gap=0)
    first = lab.kdig("camera", "u0.load.cloud.example")
    need(first.rcode == "SERVFAIL" and first.seconds <= 2.05 and {22, 23} & set(first.ede), first)
    for reply in lab.kdig_many("camera", [f"u{i}.load.cloud.example" for i in range(1, 21)]):
        need(reply.rcode == "SERVFAIL" and reply.seconds <= 0.4 and {22, 23} & set(reply.ede), reply)


@e2e.test("after a long outage the first query 2 s after the return is fresh")
def recovery(lab):
    lab.start_gateway()
    outlive(lab, "flash.cloud.example")
    end = time.monotonic() + 12  # long enough for any back-off to have grown
    while time.monotonic() < end:
        lab.kdig("camera", f"t{time.monotonic_ns()}.load.cloud.example")
        time.sleep(0.3)
    lab.restore("isp", "public")
    time.sleep(2.0)
    for name in ("flash.cloud.example", "new.load.cloud.example"):
        reply = lab.kdig("camera", name)
        need(reply.rcode == "NOERROR" and not reply.ede and reply.seconds < 0.3, f"{name}: {reply}")


@e2e.test("the same when nobody asked anything during the outage")
def quiet_recovery(lab):
    lab.start_gateway()
    outlive(lab, "flash.cloud.example")
    reply = lab.kdig("camera", "flash.cloud.example")
    need(3 in reply.ede, reply)
    time.sleep(6.0)
    lab.restore("isp", "public")
    time.sleep(2.0)
    reply = lab.kdig("camera", "flash.cloud.example")
    need(reply.rcode == "NOERROR" and not reply.ede and reply.seconds < 0.3, reply)


e2e.main()
