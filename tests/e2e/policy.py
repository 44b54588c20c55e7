#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Rules for two clients in two segments, on the real binary: what each gets, what is asked of the upstream for it, and what a reload changes."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import loopback
from loopback import equal, need, until

sys.path.insert(0, os.path.join(loopback.TOP, "lab"))
import spaces  # noqa: E402

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
    for address in tv + ["10.9.0.7", "fd00:9::1"]:
        subprocess.run(["ip", "addr", "add", address, "dev", "lo"], check=True)
    weir = box.weir(workers=2, upstreams=[box.upstream()], listen=["127.0.0.1:5300", "[fd00:9::1]:5300"],
                    allow=["127.0.0.0/8", "10.9.0.0/24", "fd00:9::/64"], groups=[{"name": "tvs", "rate": 1}],
                    devices=[{"name": "tv", "addresses": tv, "groups": ["tvs"]},
                             {"name": "lamp", "addresses": ["10.9.0.7"], "rate": 1, "only": ["lamps.example"]}])
    said = []
    while 5 not in said and len(said) < 50:     # two at once, and one more a second
        source = tv[len(said) % 3]
        said.append(weir.ask("a.example", source=source, to=here[":" in source]).rcode)
    need(2 <= len(said) < 50, said)
    told = weir.ask("a.example", source=tv[0], edns=True)
    equal((told.rcode, told.ede, told.text), (5, 18, "this device asks more than 1 times a second"))
    seen = weir.verb("device", device="tv")
    need(seen["rate"] == 1 and seen["over_rate"] >= 2, seen)
    other = weir.ask("a.example", source="10.9.0.7", edns=True)     # what one device alone may ask, and how often
    equal((other.rcode, other.text), (3, "not among the approved names of lamp"))
    equal(weir.ask("a.lamps.example", source="10.9.0.7").rcode, 0)
    equal(weir.verb("device", device="lamp")["rate"], 1)
    equal(weir.ask("a.example", source=DESK).addresses, ["192.0.2.1"])


@loopback.test("records of rules, rules by the server that answers, and how often each has said something")
def given(box):
    up, other = box.upstream(), loopback.Upstream("127.0.0.53", 5399)
    box.things.append(other)
    weir = box.weir(upstream={"ports": 256, "groups": [{"name": "all", "servers": [up.url]}, {"name": "far", "servers": [other.url]}],
                              "default": "all", "routes": [{"zone": "far.example", "group": "far"}]},
                    policy={"rules": [
                        {"name": "fixed", "names": ["nas.example"], "verdict": "data", "data": ["A 192.0.2.44"]},
                        {"name": "safe", "domains": ["search.example"], "verdict": "data", "data": ["CNAME safe.example"]},
                        {"name": "server", "servers": ["127.0.0.53"], "verdict": "nodata"},
                        {"name": "late", "servers": ["127.0.0.53"], "domains": ["x.far.example"], "verdict": "nxdomain"}]})
    fixed = weir.ask("nas.example", edns=True)
    equal((fixed.addresses, fixed.ede, fixed.text), (["192.0.2.44"], 4, "rule fixed"))
    for _ in range(2):
        safe = weir.ask("www.search.example", edns=True)
        equal((safe.addresses, safe.counts[1]), (["192.0.2.1"], 2))
        equal(weir.ask("a.far.example").addresses, [])
        equal(weir.ask("b.example").addresses, ["192.0.2.1"])
    equal((up.asked, other.asked, up.names[loopback.wire_name("safe.example")]), (2, 1, 1))
    why = weir.verb("why", name="a.far.example", client=DESK)["policy"]
    equal((why["verdict"], why["reason"], why["trigger"]), ("nodata", "rule server", "nsip"))
    equal(weir.verb("why", name="search.example", client=DESK)["policy"]["leads_to"], "safe.example.")
    text = weir.verb("metrics")
    lines = [line for line in str(text).replace("\\n", "\n").splitlines() if line.startswith("weir_rule_hits_total")]
    equal(lines, [f'weir_rule_hits_total{{rule="{name}",verdict="{verdict}",shadow="false"}} {hits}'
                  for name, verdict, hits in (("fixed", "data", 1), ("safe", "data", 2), ("server", "nodata", 2), ("late", "nxdomain", 0))])
    done = subprocess.run([box.program, "policy", "check", weir.config], capture_output=True, text=True, check=False)
    need(done.returncode == 1 and "rule server has decided" in done.stdout, done)


@loopback.test("a closed segment is told nothing while a policy zone has never come, and who of it may ask is its own matter")
def closed(box):
    weir = box.weir(upstreams=[box.upstream()], segments=[
        {"name": "cams", "subnets": [CAMERA + "/32"], "fail": "closed"},
        {"name": "desks", "subnets": [DESK + "/32", "127.0.0.4/32"], "allow": [DESK]}],
        policy={"rpz": [{"zone": "rpz.example", "primaries": ["tcp://127.0.0.1:5399"]}]})
    told = weir.ask("a.example", source=CAMERA, edns=True)
    equal((told.rcode, told.ede), (5, 14))
    equal(weir.ask("a.example", source=DESK).addresses, ["192.0.2.1"])
    equal(weir.ask("a.example", source="127.0.0.4").rcode, 5)
    why = weir.verb("why", name="a.example", client=CAMERA)["policy"]
    equal((why["by"], why["reason"]), ("lack", "rpz.example is not there, and the segment is closed then"))
    seen = weir.verb("policy")["segments"]
    equal([(s["fail"], s["lacks"]) for s in seen], [("closed", "rpz.example"), ("open", "rpz.example")])
    stats = weir.verb("stats")["counters"]
    equal((stats["lack_refused"], stats["lack_passed"]), (1, 1))


class Yard:
    """A machine at a cable of its own: what it sends comes in by `to-yard`, whatever address it writes on it."""

    def __init__(self, box):
        self.node = spaces.Node("yard")
        box.things.append(self)
        ip = spaces.peer("ip")
        for words in (["link", "add", "name", "to-yard", "type", "veth", "peer", "name", "eth0", "netns", f"/proc/{os.getpid()}/fd/{self.node.fd}"],
                      ["link", "set", "dev", "to-yard", "up"], ["addr", "add", "10.8.0.1/24", "dev", "to-yard"],
                      ["addr", "add", "fd00:8::1/64", "dev", "to-yard", "nodad"],
                      ["route", "add", "10.9.9.9/32", "dev", "to-yard"], ["route", "add", "fd00:9::9/128", "dev", "to-yard"]):
            subprocess.run([ip, *words], check=True)
        for address in ("10.8.0.2/24", "10.9.9.9/32", "fd00:8::2/64", "fd00:9::9/128"):
            self.node.address("eth0", address)
        self.node.ip("link", "set", "dev", "eth0", "up")

    def close(self):
        subprocess.run([spaces.peer("ip"), "link", "del", "dev", "to-yard"], check=False)
        os.close(self.node.fd)


@loopback.test("what came in by an interface is in its segment over UDP and TCP, whatever address it is from")
def interfaces(box):
    yard = Yard(box)
    weir = box.weir(upstreams=[box.upstream()], listen=["127.0.0.1:5300", "10.8.0.1:5300", "[::]:5301", "0.0.0.0:5301", "[fd00:8::1]:5300"],
                    allow=["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"], segments=[
                        {"name": "yard", "interfaces": ["to-yard"], "only": ["vendor.example"]},
                        {"name": "house", "interfaces": ["lo"], "subnets": ["10.9.9.0/24", "fd00:9::/64"]}])
    with yard.node.inside():
        for source in ("10.8.0.2", "10.9.9.9", "fd00:8::2", "fd00:9::9"):
            for port in (5300, 5301):
                to = ("fd00:8::1" if ":" in source else "10.8.0.1", port)
                for tcp in (False, True):
                    where = f"{source} {port} {tcp}"
                    equal(weir.ask("a.example", source=source, to=to, tcp=tcp, edns=True).text, "not among the approved names of yard", where)
                    equal(weir.ask("a.vendor.example", source=source, to=to, tcp=tcp).rcode, 0, where)
    equal(weir.ask("a.example").addresses, ["192.0.2.1"])
    equal(weir.ask("a.example", tcp=True).addresses, ["192.0.2.1"])


@loopback.test("who asks at a segment's listener is in it, over UDP and TCP")
def listeners(box):
    weir = box.weir(upstreams=[box.upstream()], listen=["127.0.0.1:5300", "127.0.0.1:5301", "lo:5302"], segments=[
        {"name": "kids", "listeners": ["127.0.0.1:5301", "lo:5302"], "only": ["school.example"]},
        {"name": "desks", "subnets": [DESK + "/32"]}])
    for port, rcode in ((5300, 0), (5301, 3), (5302, 3)):
        for tcp in (False, True):
            for source in (None, DESK):
                equal(weir.ask("a.example", source=source, to=("127.0.0.1", port), tcp=tcp).rcode, rcode, f"{port} {tcp} {source}")
    weir.configure({"segments": [{"name": "kids", "listeners": ["127.0.0.1:53", "127.0.0.1:5399"]}, {"name": "b", "listeners": ["127.0.0.1"]}],
                    "listen": ["127.0.0.1"]})
    said = subprocess.run([box.program, "check", weir.config], capture_output=True, text=True, check=False)
    need(said.returncode == 1 and "listeners[1]: weir does not listen there" in said.stderr + said.stdout, said)
    need("belongs to the segment kids already" in said.stderr + said.stdout, said)


@loopback.test("a segment sees the names of other segments that it may see, and no others")
def sees(box):
    weir = box.weir(upstreams=[box.upstream(answer="10.7.2.9")], segments=[
        {"name": "cams", "subnets": [CAMERA + "/32", "10.7.1.0/24"], "sees": ["printers"]},
        {"name": "desks", "subnets": [DESK + "/32", "10.7.2.0/24"]},
        {"name": "printers", "subnets": ["10.7.3.0/24"]}],
        local={"zones": [{"zone": "home.arpa", "records": [
            "cam A 10.7.1.5", "desk A 10.7.2.5", "printer A 10.7.3.5", "gate A 10.7.1.1", "gate A 10.7.2.1", "alias CNAME desk",
            "_ipp._tcp SRV 0 0 631 desk.home.arpa.", "note TXT hello"]}]})
    seen = {"cam": (0, ["10.7.1.5"]), "printer": (0, ["10.7.3.5"]), "gate": (0, ["10.7.1.1", "10.7.2.1"]), "desk": (3, []), "alias": (3, [])}
    for name, (rcode, addresses) in seen.items():
        answer = weir.ask(f"{name}.home.arpa", source=CAMERA, edns=True)
        equal((answer.rcode, sorted(set(answer.addresses)), answer.ede), (rcode, addresses, None), name)
        equal(weir.ask(f"{name}.home.arpa", source=DESK).rcode, 0, name)
        equal(weir.ask(f"{name}.home.arpa").rcode, 0, name)
    equal(weir.ask("desk.home.arpa", source=CAMERA, qtype=28).rcode, 3)     # nor that it has no such address
    equal(weir.ask("_ipp._tcp.home.arpa", source=CAMERA, qtype=33).rcode, 3)
    equal(weir.ask("note.home.arpa", source=CAMERA, qtype=16).rcode, 0)
    equal(weir.ask("5.2.7.10.in-addr.arpa", source=CAMERA, qtype=12).rcode, 3)
    equal(weir.ask("5.2.7.10.in-addr.arpa", source=DESK, qtype=12).counts[1], 1)
    for _ in range(2):
        equal(weir.ask("far.example", source=CAMERA).rcode, 3)    # fresh, and from the cache
        equal(weir.ask("far.example", source=DESK).addresses, ["10.7.2.9"])


@loopback.test("what does not hold together is refused before anything changes")
def refused(box):
    weir = box.weir(upstreams=[box.upstream()], **rules(
        {"name": "a", "domains": ["a.example"], "verdict": "refused"}))
    weir.configure(box.settings([box.things[0]], policy={"rules": [
        {"name": "a", "segments": ["nobody"], "verdict": "drop"}]}))
    answer = weir.refusal('{"verb": "reload"}')
    need("there is no segment" in str(answer), answer)
    equal(weir.ask("a.example").rcode, 5)


class Folder:
    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="weir-log-")
        os.chmod(self.path, 0o777)

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


def replay(weir, check, **more):
    """What another configuration would have decided of what the log has."""
    path = os.path.join(weir.folder, "new.yaml")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(more, f)
    done = subprocess.run([weir.program, "policy", "test", path, "--json", "--days", "1"], capture_output=True, text=True, check=False)
    equal(done.returncode, check, done.stderr + done.stdout)
    return json.loads(done.stdout) if done.stdout else done.stderr


def changes(told):
    return sorted((c["queries"], c["who"], c["name"], c["was"], c["was_by"], c["would_be"], c["by"]) for c in told["changes"])


@loopback.test("the log, replayed against another configuration before it is in force: who would be told something else, by which rule")
def replayed(box):
    box.things.append(Folder())
    log = {"path": os.path.join(box.things[-1].path, "kept"), "interval": "1s"}
    with open(os.path.join(box.things[-1].path, "list"), "w", encoding="utf-8") as f:
        f.write("0.0.0.0 other.example\n0.0.0.0 tracker.example\n")
    feed = {"name": "list", "from": f.name, "verdict": "nxdomain"}
    os.chmod(f.name, 0o644)
    policy = rules({"name": "no-ads", "segments": ["desks"], "domains": ["ads.example"], "verdict": "nxdomain"})
    weir = box.weir(upstreams=[box.upstream()], log=log, **policy)
    for name, source, times in (("x.ads.example", DESK, 2), ("tracker.example", DESK, 3), ("a.vendor.example", CAMERA, 1),
                                ("far.example", CAMERA, 1), ("far.example", "127.0.0.9", 1)):
        for _ in range(times):
            weir.ask(name, source=source)
    until("it is on disk", lambda: weir.verb("status")["log"]["written"] >= 8)
    same = replay(weir, 0, log=log, **policy)
    equal((same["queries"], same["same"], same["changed"], same["not_decidable"], same["changes"]), (8, 8, 0, 0, []), same)
    told = replay(weir, 3, log=log, feeds=[feed], segments=[dict(SEGMENTS[0], only=["example"]), SEGMENTS[1]], policy={"rules": [
        {"name": "no-far", "clients": ["127.0.0.9/32"], "domains": ["far.example"], "verdict": "drop"}]})
    equal(changes(told), [(1, "127.0.0.2", "far.example.", "nxdomain", "only:cams", "passes", None),
                          (1, "127.0.0.9", "far.example.", "passes", None, "drop", "no-far"),
                          (2, "127.0.0.3", "x.ads.example.", "nxdomain", "no-ads", "passes", None),
                          (3, "127.0.0.3", "tracker.example.", "passes", None, "nxdomain", "feed:list")], told)
    equal(told["changes"][0]["feed"], "list:2")
    equal((told["same"], told["changed"]), (1, 7), told)
    need("not in the log" in told["notes"][-1], told)
    told = replay(weir, 0, log=log, segments=SEGMENTS, policy={"rules": policy["policy"]["rules"] + [
        {"name": "late", "addresses": ["192.0.2.0/24"], "domains": ["tracker.example"], "verdict": "nodata"}]})
    equal((told["changed"], told["in_doubt"][0]["queries"], told["in_doubt"][0]["rule"]), (0, 3, "late"), told)
    text = subprocess.run([weir.program, "policy", "test", os.path.join(weir.folder, "new.yaml")], capture_output=True, text=True, check=False).stdout
    need("late  it depends on the answer, which is not in the log" in text, text)
    text = replay(weir, 1, log=log, policy={"rules": [{"name": "a", "segments": ["nobody"], "verdict": "drop"}]})
    need("there is no segment" in text, text)
    need("no log.path" in replay(weir, 1), "a log is wanted")


loopback.main()
