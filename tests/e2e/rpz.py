#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Response policy zones on the real binary: from a file that changes, breaks and goes, and from knotd and named as primaries, signed, with NOTIFY
and by changes; one whose expire time is over goes on blocking, over a restart too.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import loopback
import primaries
from loopback import equal, need, until
from primaries import message, soa

sys.path.insert(0, os.path.join(loopback.TOP, "lab"))
import certs
import spaces

HEAD = "@ 60 SOA ns. host. 7 3600 600 86400 30\n"


def write(path, text):
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(text)
    os.replace(path + ".new", path)


def serve(box, policy, more=None, start=True, **text):
    weir = box.weir(start=False)
    path = os.path.join(weir.folder, "rpz.zone")
    if text:
        write(path, text["text"])
    zone = dict({"zone": "rpz.example"}, **({"file": path} if text else {}), **policy)
    weir.configure(box.settings([box.things[0]], policy={"rpz": [zone]}, user="", **(more or {})))
    if start:
        weir.start()
    return weir, path


def blocked(weir, name):
    return weir.ask(name).rcode == 3


def zone(weir):
    return weir.verb("status")["policy_zones"][0]


@loopback.test("a file blocks, is followed without a reload, and the last good one stays")
def file(box):
    up = box.upstream()
    weir, path = serve(box, {}, text=HEAD + "bad.site CNAME .\n32.1.2.0.192.rpz-ip CNAME *.\nx CNAME rpz-none.\n")
    answer = weir.ask("bad.site", edns=True)
    equal((answer.rcode, answer.ede, answer.text), (3, 15, "policy zone rpz.example.: bad.site, line 2"))
    equal(answer.counts[3], 2)      # the zone's SOA record, and OPT
    equal(weir.ask("other.site").addresses, [])     # the upstream says 192.0.2.1 of everything
    equal(up.names[loopback.wire_name("bad.site")], 0)
    need("rpz.zone:4: x.rpz.example.: the action is not known" in weir.log(), weir.log())
    equal((zone(weir)["serial"], zone(weir)["qname"], zone(weir)["ip"], zone(weir)["set_aside"]), (7, 1, 1, 1))
    why = weir.verb("why", name="bad.site", client="127.0.0.1")
    equal({key: why["policy"][key] for key in ("verdict", "by", "trigger", "reason", "zone", "record", "line", "serial", "matched", "shadow")},
          {"verdict": "nxdomain", "by": "rpz", "trigger": "name", "reason": answer.text, "zone": "rpz.example.", "record": "bad.site", "line": 2,
           "serial": 7, "matched": "bad.site.", "shadow": False})
    need("hits" not in why["policy"])    # of a zone nobody counts
    equal(why["summary"], f"nxdomain for this client: {answer.text}")
    why = weir.verb("why", name="other.site", client="127.0.0.1")["policy"]     # by what the cache has
    equal((why["verdict"], why["trigger"], why["record"], why["line"]), ("nodata", "address", "192.0.2.1/32 (rpz-ip)", 3))
    equal(weir.verb("why", name="never.site", client="127.0.0.1")["policy"]["verdict"], "none")    # nobody is asked for it
    text = subprocess.run([weir.program, "why", "--socket", weir.control, "127.0.0.1", "bad.site"], capture_output=True, text=True,
                          check=True).stdout
    need("rpz.example." in text and "bad.site, line 2" in text, text)
    write(path, HEAD + "worse.site CNAME .\n")
    until("the new file is in force", lambda: blocked(weir, "worse.site"))
    equal(weir.ask("bad.site").addresses, ["192.0.2.1"])
    write(path, "<html>not found</html>\n")
    until("it is told", lambda: zone(weir)["problem"])
    os.remove(path)
    until("it is told again", lambda: "cannot be read" in (zone(weir)["problem"] or ""))
    need(blocked(weir, "worse.site"))
    weir.verb("reload")
    need(blocked(weir, "worse.site"))
    write(path, HEAD + "last.site CNAME .\n")
    until("it is back", lambda: blocked(weir, "last.site"))
    equal(zone(weir)["problem"], None)


@loopback.test("a zone that only a refused configuration names is not followed")
def refused(box):
    box.upstream()
    weir, path = serve(box, {}, text=HEAD + "bad.site CNAME .\n")
    other = os.path.join(weir.folder, "other.zone")
    write(other, HEAD + "other.site CNAME .\n")
    zones = [{"zone": "rpz.example", "file": path}, {"zone": "other.example", "file": other}]
    weir.configure(box.settings([box.things[0]], policy={"rpz": zones}, user="",
                                encrypted={"dot": ["127.0.0.1:8533"], "certificates": [{"chain": "/nowhere", "key": "/nowhere"}]}))
    need("nowhere" in str(weir.refusal('{"verb": "reload"}')))
    equal([z["zone"] for z in weir.verb("status")["policy_zones"]], ["rpz.example."])
    need(blocked(weir, "bad.site") and not blocked(weir, "other.site"))


@loopback.test("triggers on servers are told to be of no use where names are asked of others")
def servers(box):
    box.upstream()
    weir, _ = serve(box, {}, text=HEAD + "ns.evil.rpz-nsdname CNAME .\n")
    words = "NSDNAME, NSIP) do not work for names that are asked of others"
    need(words in weir.log(), weir.log())
    done = subprocess.run([box.program, "check", weir.config], capture_output=True, text=True, check=False)
    need(done.returncode == 0 and f"warning: 1 triggers on the name or address of a zone's servers ({words[:14]}" in done.stderr, done.stderr)


def key_file(weir):
    path = os.path.join(weir.folder, "key")
    with open(path, "w", encoding="ascii") as f:
        f.write(primaries.SECRET + "\n")
    os.chmod(path, 0o600)
    return path


def secondary(box, url, key=None, kept=False, ca=None):
    weir, _ = serve(box, {}, start=False)
    local = {"copies": weir.folder} if kept else {}
    policy = {"rpz": [dict({"zone": "example.", "primaries": [url]}, **({"key": key} if key else {}))]}
    local = dict(local, **({"keys": [{"name": key, "file": key_file(weir)}]} if key else {}))
    weir.settings = box.settings([box.things[0]], policy=policy, local=local, user="")
    if ca:
        weir.settings["upstream"]["ca_file"] = ca.path
    weir.configure(weir.settings)
    return weir.start()


class Folder:
    def __init__(self, box):
        self.path = tempfile.mkdtemp(prefix="weir-rpz-")
        box.things.append(self)

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


def follow(weir, url):
    """The same zone from there, now."""
    weir.settings["policy"]["rpz"][0]["primaries"] = [url]
    weir.configure(weir.settings)
    weir.verb("reload")


def problem(weir, words):
    def look():
        weir.verb("zones_look", name="example.")
        return words in (weir.verb("zones")[0]["problem"] or "")
    until(words, look)


@loopback.test("a zone of knotd over TLS, and signed: by its changes; strangers, plain text and a cut stream leave the last good one")
def over_tls(box):
    box.upstream()
    ca = certs.Authority(Folder(box).path)
    good = ca.issue("good", ["ns.example"])
    primary = primaries.Knot(box, key="k.example", identity=good, more="bad.site.example. 60 CNAME .\n")
    weir = secondary(box, primary.over_tls + "#name=ns.example", key="k.example", ca=ca)
    until("it blocks", lambda: blocked(weir, "bad.site"))
    need("whole from 127.0.0.2:8531 over TLS" in weir.log(), weir.log())
    primary.publish(2, more="worse.site.example. 60 CNAME .\n")

    def changed():
        weir.verb("zones_look", name="example.")
        return blocked(weir, "worse.site")
    until("the change is in force", changed)
    need("by its changes from 127.0.0.2:8531 over TLS" in weir.log(), weir.log())
    equal(weir.verb("zones")[0]["encrypted"], True)
    plain = primaries.Liar(box, lambda _: b"\0\x0c" + b"\0\1\x84\0" + b"\0" * 8, rude=True)
    cut = primaries.Liar(box, lambda q: message(q, soa(9))[:20], identity=good, port=5304)
    for url, words in ((primary.over_tls + "#name=other.example", "TLS with the primary failed: "),
                       (primary.over_tls + "#pin=sha256/" + "A" * 43 + "=", "TLS with the primary failed: "),
                       (plain.over_tls + "#name=ns.example", "TLS with the primary failed: "),
                       (cut.over_tls + "#name=ns.example", "the primary ended the connection in the middle")):
        follow(weir, url)
        problem(weir, words)
        need(blocked(weir, "worse.site"))
        until("told", lambda: f"zone example.: {words}" in weir.log())    # pylint: disable=cell-var-from-loop
    # A key that is known needs no authority.
    follow(weir, primary.over_tls + "#pin=sha256/" + good.pin)
    until("live", lambda: weir.verb("zones")[0]["problem"] is None)


@loopback.test("a zone of nsd over TLS")
def nsd_over_tls(box):
    box.upstream()
    ca = certs.Authority(Folder(box).path)
    primary = primaries.Nsd(box, identity=ca.issue("good", [], ["127.0.0.3"]), more="bad.site.example. 60 CNAME .\n")
    weir = secondary(box, primary.over_tls, ca=ca)
    until("it blocks", lambda: blocked(weir, "bad.site"))
    need("whole from 127.0.0.3:8532 over TLS" in weir.log(), weir.log())


SLOW = "3600 3600 7200 60"    # nobody looks by itself


def by_changes(box, primary):
    """What a primary changes is told by it, fetched by IXFR and obeyed."""
    weir = secondary(box, primary.url, key="k.example")
    until("it blocks", lambda: blocked(weir, "bad.site"))
    equal(weir.ask("worse.site").addresses, ["192.0.2.1"])
    primary.publish(2, timers=SLOW, more="worse.site.example. 60 CNAME .\n")
    until("the change is in force", lambda: blocked(weir, "worse.site"))
    equal(weir.ask("bad.site").addresses, ["192.0.2.1"])
    until("IXFR", lambda: "by its changes" in weir.log())
    equal((zone(weir)["serial"], weir.verb("zones")[0]["state"]), (2, "live"))


@loopback.test("a zone of knotd, signed by TSIG: NOTIFY brings its changes")
def knot(box):
    box.upstream()
    by_changes(box, primaries.Knot(box, key="k.example", notify="127.0.0.1@5300", timers=SLOW, more="bad.site.example. 60 CNAME .\n"))


@loopback.test("a zone of named, signed by TSIG: NOTIFY, signed as well, brings its changes")
def named(box):
    if not spaces.runs("named", "-V"):
        raise loopback.Skipped("named does not run: tools/peers.sh fetches it")
    box.upstream()
    primary = primaries.Named(box, "k.example", "127.0.0.1 port 5300", timers=SLOW, more="bad.site.example. 60 CNAME .\n")
    by_changes(box, primary)
    until("named says that it was by IXFR", lambda: "IXFR ended" in primary.log() and "TSIG k.example" in primary.log())


@loopback.test("a zone whose expire time is over goes on blocking, over a restart too, and it is told")
def expired(box):
    box.upstream()
    primary = primaries.Knot(box, timers="5 2 10 60", more="bad.site.example. 60 CNAME .\n")
    weir = secondary(box, primary.url, kept=True)
    until("it blocks", lambda: blocked(weir, "bad.site"))
    primary.stop()
    until("it has expired", lambda: weir.verb("zones")[0]["state"] == "expired", 40)
    until("it is told", lambda: "no primary has confirmed it for its expire time" in (zone(weir)["problem"] or ""))
    need(blocked(weir, "bad.site"))
    weir.stop(signal.SIGTERM)
    weir.start()
    equal(weir.verb("zones")[0]["state"], "expired")
    need(blocked(weir, "bad.site"))


loopback.main()
