#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Rules for two clients in two segments, on the real binary: what each gets, what is asked of the upstream for it, and what a reload changes."""
import subprocess

import loopback
from loopback import equal, need

CAMERA, DESK = "127.0.0.2", "127.0.0.3"
SEGMENTS = [{"name": "cams", "subnets": [CAMERA + "/32"], "only": ["vendor.example"]},
            {"name": "desks", "subnets": [DESK + "/32"]}]


def rules(*items):
    return {"segments": SEGMENTS, "policy": {"denial_ttl": "20s", "rules": list(items)}}


@loopback.test("a rule holds for whom it names, and nobody is asked for what is denied")
def segments(box):
    up = box.upstream()
    weir = box.weir(upstreams=[up], **rules(
        {"name": "no-ads", "segments": ["desks"], "domains": ["ads.example"], "verdict": "nxdomain"},
        {"name": "no-net", "segments": ["desks"], "addresses": ["192.0.2.0/24"], "domains": ["far.example"],
         "verdict": "nodata", "reason": "filtered"}))
    denied = weir.ask("x.ads.example", source=DESK, edns=True)
    equal((denied.rcode, denied.ede, denied.text, denied.counts[2]), (3, 15, "rule no-ads", 1))
    equal(weir.ask("ads.example", source=DESK, edns=True, tcp=True).rcode, 3)
    far = weir.ask("far.example", source=DESK, edns=True)
    equal((far.rcode, far.ede, far.addresses), (0, 17, []))
    equal(weir.ask("far.example").addresses, ["192.0.2.1"])     # from the cache, for who is in no segment
    equal(weir.ask("x.ads.example").addresses, ["192.0.2.1"])
    equal(weir.ask("x.ads.example", source=DESK).rcode, 3)      # it is in the cache now
    equal(weir.ask("api.vendor.example", source=CAMERA).addresses, ["192.0.2.1"])
    other = weir.ask("ads.example", source=CAMERA, edns=True)
    equal((other.rcode, other.text), (3, "not among the approved names of cams"))
    equal(up.names[loopback.wire_name("ads.example")], 0)


@loopback.test("a reload puts other rules in force")
def reloads(box):
    weir = box.weir(upstreams=[box.upstream()], **rules(
        {"name": "gone", "domains": ["gone.example"], "verdict": "refused", "reason": "prohibited"}))
    equal(weir.ask("a.gone.example", edns=True).ede, 18)
    weir.configure(box.settings([box.things[0]], segments=SEGMENTS,
                                policy={"rules": [{"name": "b", "domains": ["b.example"], "verdict": "nodata"}]}))
    weir.verb("reload")
    equal(weir.ask("a.gone.example").addresses, ["192.0.2.1"])
    equal(weir.ask("b.example").addresses, [])


@loopback.test("a segment's own upstream, and hits, and why")
def views(box):
    up, other = box.upstream(), box.upstream(answer="192.0.2.9")
    weir = box.weir(workers=2, upstream={"ports": 256, "groups": [
        {"name": "all", "servers": [up.url]}, {"name": "kids", "servers": [other.url]}]},
        segments=[{"name": "desks", "subnets": [DESK + "/32"], "upstream": "kids"}],
        policy={"rules": [{"name": "tried", "domains": ["example"], "verdict": "nxdomain", "shadow": True},
                          {"name": "shut", "segments": ["desks"], "domains": ["shut.example"], "verdict": "refused"}]})
    for _ in range(2):
        equal(weir.ask("a.example").addresses, ["192.0.2.1"])
        equal(weir.ask("a.example", source=DESK).addresses, ["192.0.2.9"])
    equal((up.asked, other.asked), (1, 1))
    equal(weir.ask("x.shut.example", source=DESK).rcode, 5)
    seen = weir.verb("policy")
    equal([(r["name"], r["verdict"], r["shadow"], r["hits"]) for r in seen["rules"]],
          [("tried", "nxdomain", True, 5), ("shut", "refused", False, 1)])
    equal(seen["segments"][0]["upstream"], "kids")
    why = weir.verb("why", name="y.shut.example", client=DESK)
    equal((why["policy"]["segment"], why["policy"]["verdict"], why["policy"]["reason"]), ("desks", "refused", "rule shut"))
    equal(why["route"]["group"], "kids")
    why = weir.verb("why", name="a.example", client="127.0.0.9")
    equal((why["policy"]["verdict"], why["policy"]["shadow"], why["route"]["group"]), ("nxdomain", True, "all"))
    need("policy" not in weir.verb("why", name="a.example"))
    equal(weir.verb("policy")["rules"][1]["hits"], 1)   # a dry run counts nothing


@loopback.test("private addresses in public names, and rules that are of no use")
def rebinding(box):
    up = box.upstream(answer="192.168.7.1")
    weir = box.weir(upstreams=[up], policy={"rebinding": True, "private_names": ["plex.direct"]})
    denied = weir.ask("evil.example", edns=True)
    equal((denied.rcode, denied.addresses, denied.ede), (0, [], 15))
    need("rebinding" in denied.text, denied.text)
    equal(weir.ask("a.plex.direct").addresses, ["192.168.7.1"])
    weir.configure({"policy": {"rules": [{"name": "a", "domains": ["example"], "verdict": "nodata"},
                                         {"name": "b", "names": ["x.example"], "verdict": "drop"}]}})
    done = subprocess.run([box.program, "policy", "check", weir.config], capture_output=True, text=True, check=False)
    need(done.returncode == 1 and "rule a has decided" in done.stdout, done)


@loopback.test("all addresses of a device have one rate, over all workers, and nobody else has less for it")
def rates(box):
    tv, here = ["10.9.0.5", "fd00:9::5", "fd00:9::a5"], {False: ("127.0.0.1", 5300), True: ("fd00:9::1", 5300)}
    for address in tv + ["fd00:9::1"]:
        subprocess.run(["ip", "addr", "add", address, "dev", "lo"], check=True)
    weir = box.weir(workers=2, upstreams=[box.upstream()], listen=["127.0.0.1:5300", "[fd00:9::1]:5300"],
                    allow=["127.0.0.0/8", "10.9.0.0/24", "fd00:9::/64"], groups=[{"name": "tvs", "rate": 1}],
                    devices=[{"name": "tv", "addresses": tv, "groups": ["tvs"]}])
    said = []
    while 5 not in said and len(said) < 50:     # two at once, and one more a second
        source = tv[len(said) % 3]
        said.append(weir.ask("a.example", source=source, to=here[":" in source]).rcode)
    need(2 <= len(said) < 50, said)
    told = weir.ask("a.example", source=tv[0], edns=True)
    equal((told.rcode, told.ede, told.text), (5, 18, "this device asks more than 1 times a second"))
    seen = weir.verb("device", device="tv")
    need(seen["rate"] == 1 and seen["over_rate"] >= 2, seen)
    equal(weir.ask("a.example", source=DESK).addresses, ["192.0.2.1"])


@loopback.test("what does not hold together is refused before anything changes")
def refused(box):
    weir = box.weir(upstreams=[box.upstream()], **rules(
        {"name": "a", "domains": ["a.example"], "verdict": "refused"}))
    weir.configure(box.settings([box.things[0]], policy={"rules": [
        {"name": "a", "segments": ["nobody"], "verdict": "drop"}]}))
    answer = weir.refusal('{"verb": "reload"}')
    need("there is no segment" in str(answer), answer)
    equal(weir.ask("a.example").rcode, 5)


loopback.main()
