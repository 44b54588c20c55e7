#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reload: changes what it can, loses no query, keeps the process and the cache."""

import e2e
from e2e import equal, need
from lab import clients, world

NAMES = [f"r{i}.load.cloud.example" for i in range(3000)]


def upstream(name):
    return {"upstream": {"groups": [{"name": "isp", "servers": ["udp://" + world.INTERNET[name][0]]}]}}


@e2e.test("no query is lost at 500 a second while it reloads ten times; same process")
def no_loss(lab):
    weir = lab.start_gateway(upstream("isp"))
    pid = weir.pid
    lab.kdig("camera", "hour.cloud.example")

    def reload_often():
        for i in range(10):
            weir.configure(upstream("public" if i % 2 else "isp"))
            weir.reload()

    names = NAMES[:1000] + ["hour.cloud.example"]
    load = clients.Load(lab.nodes["camera"], "192.168.7.1", names, 500).run(4.0, meanwhile=reload_often)
    equal((load.answered, load.rcodes), (load.sent, {0: load.sent}))
    need(weir.alive() and weir.pid == pid, "another process")


@e2e.test("a new upstream is used at once, the cache is kept")
def takes_effect(lab):
    isp, public = world.INTERNET["isp"][0], world.INTERNET["public"][0]
    weir = lab.start_gateway(upstream("isp"))
    lab.kdig_many("camera", NAMES[:50])
    weir.configure(upstream("public"))
    weir.reload()
    asked = [0]

    def moved():
        asked[0] += 1
        with lab.capture() as wire:
            lab.kdig("camera", f"moved{asked[0]}.load.cloud.example")
        return {m.target for m in wire.queries()} == {public}

    need(e2e.until(moved, 5), f"still asks {isp}")
    with lab.capture() as wire:
        lab.kdig_many("phone", NAMES[:50])
    equal(len(wire.queries()), 0, "queries for names that were cached")


@e2e.test("who may ask changes with a reload")
def allow(lab):
    weir = lab.start_gateway()
    equal(lab.kdig("phone", "hour.cloud.example").rcode, "NOERROR")
    weir.configure({"allow": ["127.0.0.0/8", "192.168.7.0/24"]})
    weir.reload()
    need(e2e.until(lambda: lab.kdig("phone", "hour.cloud.example").rcode == "REFUSED", 5), "still served")
    equal(lab.kdig("camera", "hour.cloud.example").rcode, "NOERROR")


@e2e.test("a broken configuration is reported, the running one stays")
def broken(lab):
    weir = lab.start_gateway()
    weir.configure("listen: [127.0.0.1]\ncache: {sise: 1}\n")
    weir.reload()
    need(e2e.until(lambda: "sise" in open(weir.log, errors="replace").read(), 5), "not reported")
    need(weir.alive(), "ended")
    equal(lab.kdig("phone", "hour.cloud.example").rcode, "NOERROR")


e2e.main()
