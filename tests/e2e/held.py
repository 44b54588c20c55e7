#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Zones that weir asks instead of their servers, on the loopback: copies from knotd that signs (NSEC, NSEC3, opt-out), and from nsd.

What is answered from a copy is held against what knotd answers; a copy of the root spares the root's servers, when nobody can reach them too; one that
is not what its digest says, or signed by somebody else, is not taken; one that is bogus is told, and the servers are asked.
"""
import os
import subprocess
import sys

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.zone

import loopback
import primaries
from loopback import equal, need, until

sys.path.insert(0, os.path.join(loopback.TOP, "lab"))
import servers  # noqa: E402
import spaces  # noqa: E402

ROOT, SITE = "127.0.0.2", "127.0.0.4"
POLICIES = {
    "nsec": "",
    "nsec3": "    nsec3: on\n    nsec3-iterations: 0\n    nsec3-salt-length: 0\n",
    "optout": "    nsec3: on\n    nsec3-iterations: 3\n    nsec3-salt-length: 8\n    nsec3-opt-out: on\n",
}


class Knot(primaries.Primary):
    """knotd with zones that it signs, on port 53. `zones`: name -> (policy or "", text)."""

    def __init__(self, box, address, zones, digest=False):
        super().__init__(box, address, 53)
        conf = servers.knot_conf(self.folder, f"listen: {address}@53") + "policy:\n"
        for policy, lines in POLICIES.items():
            conf += f"  - id: {policy}\n    single-type-signing: on\n    algorithm: ecdsap256sha256\n{lines}"
        conf += f"""acl:
  - id: out
    address: 127.0.0.0/8
    action: transfer
template:
  - id: default
    storage: {self.folder}
    zonefile-sync: -1
    acl: out
zone:
"""
        for number, (zone, (policy, text)) in enumerate(zones.items()):
            conf += f"  - domain: \"{zone}\"\n    file: {self.write(f'zone{number}', text)}\n"
            conf += f"    dnssec-signing: on\n    dnssec-policy: {policy}\n" if policy else ""
            conf += "    zonemd-generate: zonemd-sha384\n" if digest else ""
        self.conf = self.write("knot.conf", conf)
        self.start()

    def start(self):
        self.run([spaces.peer("knotd"), "-c", self.conf])

    def ds(self, zone):
        """The DS record of the zone's key, without the owner."""
        def look():
            done = subprocess.run([spaces.peer("keymgr"), "-c", self.conf, zone, "ds"], capture_output=True, text=True, check=False)
            return [" ".join(line.split()[2:]) for line in done.stdout.splitlines() if line.split()[1:2] == ["DS"] and line.split()[4] == "2"]
        return until("its key", look)[0]

    def transfer(self, zone):
        return dns.zone.from_xfr(dns.query.xfr(self.address, zone, relativize=False), relativize=False)


class Nsd(primaries.Primary):
    """nsd with one zone as it is given."""

    def __init__(self, box, address, zone, text):
        super().__init__(box, address, 53)
        conf = self.write("nsd.conf", servers.nsd_conf(self.folder, [address]) + f"""zone:
  name: "{zone}"
  zonefile: "{self.write('zone', text)}"
  provide-xfr: 127.0.0.0/8 NOKEY
""")
        self.run([spaces.peer("nsd"), "-d", "-c", conf])


def ask(address, name, rtype, port=53, rd=False, tcp=True):
    query = dns.message.make_query(name, rtype, want_dnssec=True)
    if not rd:
        query.flags &= ~dns.flags.RD
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, address, port=port, timeout=loopback.PATIENCE_S)


def ask_weir(name, rtype="A"):
    return ask("127.0.0.1", name, rtype, port=5300, rd=True)


def is_proven(reply):
    return bool(reply.flags & dns.flags.AD)


def records(section):
    return sorted(f"{s.name.to_text().lower()} {dns.rdatatype.to_text(s.rdtype)} {r.to_text().lower()}" for s in section for r in s)


def live(weir, zone="."):
    """Until there is a copy, and the workers ask it; another answer that the cache has meanwhile is not kept."""
    def asked():
        before = held(weir)
        weir.verb("cache_flush", name=".", below=True)
        ask_weir(zone, "SOA")
        return held(weir) > before
    until(f"a copy of {zone}", lambda: [z for z in weir.verb("zones") if z["zone"] == zone and z["state"] == "live"])
    until("it is asked", asked)
    weir.verb("cache_flush", name=".", below=True)


def held(weir):
    counters = weir.verb("stats")["counters"]
    return counters["held_answers"] + counters["local_answers"]


def soa(zone, more=""):
    return f"{zone} 60 SOA ns.{zone.lstrip('.')} h.{zone.lstrip('.')} 7 3600 60 36000 60\n{zone} 60 NS ns.{zone.lstrip('.')}\n{more}"


EXAMPLE = """www.{z} 60 A 192.0.2.1
www.{z} 60 AAAA 2001:db8::1
alias.{z} 60 CNAME www.{z}
alias2.{z} 60 CNAME alias.{z}
gone.{z} 60 CNAME nothing.{z}
a.b.ent.{z} 60 TXT x
*.wild.{z} 60 A 192.0.2.3
there.wild.{z} 60 TXT x
*.wildc.{z} 60 CNAME www.{z}
b.*.star.{z} 60 TXT x
old.{z} 60 DNAME new.{z}
x.new.{z} 60 A 192.0.2.4
sub.{z} 60 NS ns.sub.{z}
ns.sub.{z} 60 A 192.0.2.9
u1.opt.{z} 60 NS ns.elsewhere.
ns.{z} 60 A 127.0.0.4
"""
QUESTIONS = [(name, rtype) for name in ("", "www.", "alias.", "alias2.", "gone.", "ent.", "b.ent.", "x.ent.", "x.b.ent.", "x.wild.", "a.b.wild.",
                                        "there.wild.", "x.there.wild.", "wild.", "x.wildc.", "x.star.", "old.", "x.old.", "y.old.", "nothing.",
                                        "a.b.nothing.", "0.", "zzz.", "a.www.", "ns.", "opt.")
             for rtype in ("A", "TXT", "CNAME", "SOA", "DNSKEY", "DS")]
QUESTIONS += [("sub.", "DS"), ("u1.opt.", "DS")]


@loopback.test("what a copy answers is what knotd answers: NSEC, NSEC3, opt-out, and not signed")
def same(box):
    zones = {f"{policy or 'plain'}.": (policy, soa(f"{policy or 'plain'}.", EXAMPLE.format(z=f"{policy or 'plain'}.")))
             for policy in (*POLICIES, "")}
    knot = Knot(box, SITE, zones)
    weir = box.weir(start=False)
    weir.configure({"workers": 1, "user": "", "upstream": {"ports": 256}, "local": {
        "zones": [{"zone": z, "primaries": [knot.url], "use": "both"} for z in zones]}})
    weir.start()
    for zone in zones:
        live(weir, zone)
    asked = 0
    for zone in zones:
        for name, rtype in QUESTIONS:
            if name == "" and rtype == "DS":
                continue        # a question for the zone above
            theirs, ours = ask(SITE, name + zone, rtype), ask_weir(name + zone, rtype)
            where = f"{name}{zone} {rtype}: {ours} instead of {theirs}"
            equal(ours.rcode(), theirs.rcode(), where)
            need(ours.flags & dns.flags.AA, where)
            equal(records(ours.answer), records(theirs.answer), where)
            if (zone, name) == ("nsec.", "x.star."):    # knotd leaves out what shows that the wildcard has no type
                need(set(records(theirs.authority)) < set(records(ours.authority)), where)
            else:
                equal(records(ours.authority), records(theirs.authority), where)
            asked += 1
    need(asked > 600, asked)


def world(box, digest=True):
    """A root that is signed, with one zone below it that is; each on a server of its own."""
    site = Knot(box, SITE, {"site.": ("nsec3", soa("site.", EXAMPLE.format(z="site.")))})
    root = Knot(box, ROOT, {".": ("nsec", f". 60 SOA ns.root. h.root. 7 3600 60 36000 60\n. 60 NS ns.root.\nns.root. 60 A {ROOT}\n"
                                  f"site. 60 NS ns.site.\nsite. 60 DS {site.ds('site.')}\nns.site. 60 A {SITE}\nplain. 60 NS ns.site.\n")}, digest)
    return root, site


def gateway(box, root, copy, anchor=None, zones=(), primary=None):
    weir = box.weir(start=False)
    weir.configure({"workers": 2, "user": "", "upstream": {"default": "recursion", "ports": 256},
                    "recursion": {"hints": [f"udp://{ROOT}"], "never_ask": [], "root_copy": {
                        "enable": copy, "primaries": [primary or root.url]}},
                    "dnssec": {"anchors": [f". DS {anchor or root.ds('.')}"], "rfc5011": False, "signal": False},
                    "local": {"special": {"enable": False}, "zones": list(zones)}, "time": {"trust": "system"}})
    return weir.start()


@loopback.test("with a copy of the root its servers are not needed, not even for a proof; without one they are")
def local_root(box):
    root, _ = world(box)
    weir = gateway(box, root, True)
    live(weir)
    root.stop()
    for name, rcode in (("www.site.", 0), ("nothing.site.", 3), ("nothing.", 3)):
        reply = ask_weir(name)
        equal(reply.rcode(), rcode, f"{reply}\n{weir.log()}")
        need(is_proven(reply), reply)
    need(weir.verb("stats")["counters"]["held_answers"] > 0)
    equal(weir.verb("stats")["counters"]["held_bogus"], 0)
    weir.close()
    box.things.remove(weir)
    weir = gateway(box, root, False)
    equal(ask_weir("www.site.").rcode(), 2)


def spoil(zone, change):
    """The zone's text with one record changed."""
    text = zone.to_text(relativize=False)
    changed = change(text)
    need(changed != text, "nothing was changed")
    return changed


@loopback.test("a copy of the root that was changed on its way is not taken, and the root's servers are asked")
def changed(box):
    root, _ = world(box)
    until("the root is signed", lambda: "ZONEMD" in root.transfer(".").to_text(relativize=False))
    evil = Nsd(box, "127.0.0.5", ".", spoil(root.transfer("."), lambda text: text.replace("IN A 127.0.0.4", "IN A 127.0.0.66")))
    weir = gateway(box, root, True, primary=evil.url)
    until("it is said", lambda: "the zone is not taken: " in weir.log())
    equal(weir.verb("zones")[0]["state"], "missing")
    reply = ask_weir("www.site.")
    need(is_proven(reply) and reply.answer, f"{reply}\n{weir.log()}")


@loopback.test("a copy of a root that somebody else has signed is not taken; nor one without a digest")
def strangers(box):
    root, site = world(box)
    weir = gateway(box, root, True, anchor=site.ds("site."))
    until("it is said", lambda: "no key of the zone is one that an anchor names" in weir.log())
    equal(weir.verb("zones")[0]["state"], "missing")
    for thing in (weir, root, site):
        thing.close()
        box.things.remove(thing)
    root, _ = world(box, digest=False)
    weir = gateway(box, root, True)
    until("it is said", lambda: "there is no ZONEMD record" in weir.log())
    need(is_proven(ask_weir("www.site.")))


@loopback.test("a zone in a file is taken when its digest is signed by who is trusted, and else not")
def in_a_file(box):
    island = Knot(box, SITE, {"island.": ("nsec3", soa("island.", EXAMPLE.format(z="island.")))}, True)
    until("it is signed", lambda: "ZONEMD" in island.transfer("island.").to_text(relativize=False))
    path = island.write("signed", island.transfer("island.").to_text(relativize=False))
    good = island.ds("island.")
    for anchor, rcode in ((good, 0), (good.split()[0] + " 13 2 " + "00" * 32, 2)):
        for use in ("resolution", "answers"):
            weir = box.weir(start=False)
            weir.configure({"workers": 1, "user": "", "upstream": {"default": "recursion", "ports": 256}, "time": {"trust": "system"},
                            "dnssec": {"anchors": [f"island. DS {anchor}"], "rfc5011": False, "signal": False},
                            "local": {"zones": [{"zone": "island.", "file": path, "use": use, "fallback": False}]}})
            weir.start()
            reply = ask_weir("www.island.")
            equal(reply.rcode(), rcode, f"{use} {reply} {weir.log()}")
            equal(is_proven(reply), rcode == 0 and use == "resolution", reply)
            need(rcode == 0 or "no key of the zone is one that an anchor names" in weir.log(), weir.log())
            weir.close()
            box.things.remove(weir)


@loopback.test("a copy of a zone is proven like its servers; what is bogus in it is told, and its servers are asked, or nobody")
def bogus(box):
    root, site = world(box)
    evil = Nsd(box, "127.0.0.5", "site.", spoil(site.transfer("site."), lambda text: text.replace("192.0.2.1\n", "192.0.2.66\n")))
    zone = {"zone": "site.", "primaries": [evil.url], "use": "resolution"}
    weir = gateway(box, root, False, zones=[zone])
    live(weir, "site.")
    reply = ask_weir("x.wild.site.")     # what nobody has touched
    need(is_proven(reply) and records(reply.answer)[0].endswith("192.0.2.3"), reply)
    equal(weir.verb("stats")["counters"]["held_bogus"], 0)
    reply = ask_weir("www.site.")
    need(is_proven(reply) and any(r.endswith(" 192.0.2.1") for r in records(reply.answer)), f"{reply}\n{weir.log()}")
    until("it is said", lambda: "zone site.: what its copy says is bogus" in weir.log())
    weir.close()
    box.things.remove(weir)
    weir = gateway(box, root, False, zones=[dict(zone, fallback=False)])
    live(weir, "site.")
    equal(ask_weir("www.site.").rcode(), 2)
    need(is_proven(ask_weir("x.wild.site.")))


@loopback.test("a zone that is held follows its primary, and a reload that lets it go leads back to its servers")
def follows(box):
    primary = primaries.Knot(box, a="192.0.2.1")
    up = box.upstream(answer="198.51.100.9")
    weir = box.weir(start=False)
    conf = {"workers": 2, "user": "", "upstream": {"ports": 256, "groups": [{"name": "all", "servers": [up.url]}]},
            "local": {"zones": [{"zone": "example.", "primaries": [primary.url], "use": "resolution"}]}}
    weir.configure(conf)
    weir.start()
    live(weir, "example.")
    equal(weir.ask("www.example").addresses, ["192.0.2.1"])
    equal(weir.ask("www.elsewhere").addresses, ["198.51.100.9"])
    primary.publish(2, a="192.0.2.2")
    def look():
        weir.verb("zones_look", name="example.")
        return weir.verb("zones")[0]["serial"] == 2
    until("serial 2", look)
    until("the new one", lambda: weir.verb("cache_flush", name=".", below=True) is not None and weir.ask("www.example").addresses == ["192.0.2.2"])
    weir.configure(dict(conf, local={}))
    weir.verb("reload")
    until("its servers", lambda: weir.verb("cache_flush", name=".", below=True) is not None and weir.ask("www.example").addresses == ["198.51.100.9"])


loopback.main()
