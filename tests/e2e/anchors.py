#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trust anchors of the running gateway: shown, added, negative ones, and how they follow their zone (RFC 5011)."""
import json
import os
import subprocess
import time

import dns.dnssec
import dns.edns
import dns.name

import loopback
from loopback import equal, need, until
from tree import EXAMPLE, ROOT, Tree, make_key

HOLD_S = 30 * 86400
REVOKED = 385


def start(box, begin=True, **dnssec):
    tree = Tree()
    box.things.append(tree)
    settings = tree.settings()
    settings["dnssec"].update(dnssec)
    return tree, box.weir(start=begin, **settings)


def anchors(weir, *words, status=0):
    run = subprocess.run([weir.program, "anchors", "--socket", weir.control, "--json", *words], capture_output=True,
                         text=True, check=False)
    equal(run.returncode, status, run.stderr)
    return json.loads(run.stdout) if status == 0 else run.stderr


def states(weir):
    return {k["tag"]: k["state"] for k in anchors(weir)["keys"]}


def tag(key):
    return dns.dnssec.key_id(key[1])


@loopback.test("the anchors in force, whether they match, and when the zone is looked at again")
def shown(box):
    tree, weir = start(box)
    equal(weir.ask("www.example.").rcode, 0)
    until("looked at", lambda: anchors(weir)["points"] and anchors(weir)["points"][0]["match"] == "proven")
    seen = anchors(weir)
    equal([(a["zone"], a["negative"], a["digests"]) for a in seen["in_force"]], [(".", False, 1)])
    equal([(k["zone"], k["tag"], k["state"], k["from"]) for k in seen["keys"]],
          [(".", tag(tree.root.keys[0]), "VALID", "configuration")])
    need(3500 < seen["points"][0]["next_look_s"] <= 3600, seen)
    equal(weir.verb("status")["anchors_problem"], None)


@loopback.test("the zone is told which of its keys are trusted, once for a look (RFC 8145)")
def signalled(box):
    tree, weir = start(box)
    question = (f"_ta-{tag(tree.root.keys[0]):04x}.", "NULL")
    equal(weir.ask("www.example.").rcode, 0)
    until("told", lambda: question in tree.servers[ROOT].asked)


@loopback.test("dnssec.signal: false: nobody is told")
def not_signalled(box):
    tree, weir = start(box, signal=False)
    equal(weir.ask("www.example.").rcode, 0)
    until("looked at", lambda: anchors(weir)["points"] and anchors(weir)["points"][0]["looked_ago_s"] is not None)
    until("time to tell", lambda: anchors(weir)["points"][0]["looked_ago_s"] >= 2)
    need(not [q for q in tree.servers[ROOT].asked if q[0].startswith("_ta")], tree.servers[ROOT].asked)


@loopback.test("names that ask for the root's keys are answered or fail (RFC 8509)")
def sentinel(box):
    tree, weir = start(box, begin=False)
    own = tag(tree.root.keys[0])
    other = (own + 1) % 65536
    names = {f"root-key-sentinel-is-ta-{own:05}": 0, f"root-key-sentinel-not-ta-{own:05}": 2,
             f"root-key-sentinel-is-ta-{other:05}": 2, f"root-key-sentinel-not-ta-{other:05}": 0}
    for name in names:
        tree.example.add(f"{name}.example.", "A", "192.0.2.9")
    tree.example.resign()
    weir.start()
    for _ in range(2):                                    # as it comes, and from the cache
        for name, rcode in names.items():
            equal(weir.ask(f"{name}.example.").rcode, rcode, name)
    equal(weir.ask(f"root-key-sentinel-not-ta-{own:05}.example.", qtype=16).rcode, 0)


def with_agent(zone, agent):
    """Its answers say whom to tell of errors."""
    plain = zone.answer

    def answer(query):
        reply = plain(query)
        name = dns.name.from_text(agent).to_wire()
        reply.use_edns(edns=0, payload=1232, options=[dns.edns.GenericOption(18, name)])
        reply.want_dnssec(True)
        return reply
    zone.answer = answer


@loopback.test("report: who asks for it is told what could not be proven, once (RFC 9567); nobody by default")
def reported(box):
    tree, weir = start(box, begin=False, report=True)
    with_agent(tree.bad, "agent.example.")
    asked = tree.servers[EXAMPLE].asked
    weir.start()
    for _ in range(2):
        equal(weir.ask("www.bad.").rcode, 2)
        weir.verb("cache_flush", name=".", below=True)
    until("told", lambda: [q for q in asked if q[0].startswith("_er.")])
    told = "_er.1.www.bad.6._er.agent.example."
    equal([q for q in asked if q[0].startswith("_er.")], [(told, "TXT")], asked)
    equal(weir.verb("stats")["counters"]["error_reports"], 1)


@loopback.test("report: false, the default: nobody is told")
def not_reported(box):
    tree, weir = start(box, begin=False)
    with_agent(tree.bad, "agent.example.")
    weir.start()
    equal(weir.ask("www.bad.").rcode, 2)
    equal(weir.ask("www.example.").rcode, 0)
    need(not [q for q in tree.servers[EXAMPLE].asked if "_er" in q[0]], tree.servers[EXAMPLE].asked)


@loopback.test("an anchor that matches nothing is said loudly; the right one is added and remembered over a restart")
def wrong(box):
    tree, weir = start(box, begin=False)
    state = os.path.join(weir.folder, "anchors")
    false = dns.dnssec.make_ds(tree.root.origin, make_key()[1], "SHA256").to_text()
    settings = tree.settings()
    settings["dnssec"] = {"anchors": [f". DS {false}"], "state": state}
    os.chmod(weir.folder, 0o777)
    weir.configure(settings)
    weir.start()
    equal(weir.ask("www.example.").rcode, 2)
    until("said", lambda: "no trust anchor matches the DNSKEY set of ." in weir.log())
    need("no trust anchor matches" in weir.verb("status")["anchors_problem"])
    path = os.path.join(weir.folder, "root.anchors")
    with open(path, "w", encoding="ascii") as f:
        f.write("; the right one\n\n" + tree.anchor() + "\n")
    words = tree.anchor().split()
    with open(path + ".xml", "w", encoding="ascii") as f:
        f.write('<?xml version="1.0" encoding="UTF-8"?>\n<TrustAnchor id="A" source="x"><Zone>.</Zone>\n'
                f'<KeyDigest validFrom="2017-02-02T00:00:00+00:00"><KeyTag>{words[2]}</KeyTag><Algorithm>{words[3]}'
                f'</Algorithm><DigestType>{words[4]}</DigestType><Digest>{"".join(words[5:])}</Digest></KeyDigest>'
                '</TrustAnchor>')
    need("is no DS or DNSKEY" in anchors(weir, "add", weir.config, status=1))
    equal(len(anchors(weir, "add", path + ".xml")["keys"]), 2)
    equal(len(anchors(weir, "add", path)["keys"]), 2)    # the same one
    weir.verb("cache_flush", name=".", below=True)
    until("healed", lambda: weir.ask("www.example.").rcode == 0)
    until("known", lambda: weir.verb("status")["anchors_problem"] is None)
    until("written", lambda: os.path.exists(state))
    weir.stop()
    weir.start()
    equal(weir.ask("www.example.").rcode, 0)
    equal(len(anchors(weir)["keys"]), 2)
    weir.stop()
    with open(state, "w", encoding="ascii") as f:
        f.write("nonsense")
    weir.start()
    need("put aside" in weir.log() and os.path.exists(state + ".bad"), weir.log())
    equal(weir.ask("www.example.").rcode, 2)


@loopback.test("a negative anchor: what is broken answers until it ends or is removed")
def negative(box):
    _, weir = start(box)
    equal(weir.ask("www.bad.").rcode, 2)
    anchors(weir, "negative", "bad.", "--for", "3s")
    until("answered", lambda: weir.ask("www.bad.").rcode == 0)
    equal([a["zone"] for a in anchors(weir)["in_force"] if a["negative"]], ["bad."])
    until("ended", lambda: "has ended" in weir.log())
    until("checked again", lambda: weir.ask("www.bad.").rcode == 2)
    anchors(weir, "negative", "bad.")
    until("answered", lambda: weir.ask("www.bad.").rcode == 0)
    anchors(weir, "remove", "bad.")
    until("checked again", lambda: weir.ask("www.bad.").rcode == 2)
    for name, words in ((".", "configuration's"), ("nothing.", "no such anchor")):
        said = anchors(weir, "remove", name, status=1)
        need(words in said, said)
    for words in (["negative", "bad.", "--for", "soon"], ["add"], ["what"], ["remove"]):
        anchors(weir, *words, status=2)
    anchors(weir, "add", "/does/not/exist", status=1)


def wrong_anchor(tree):
    return ". DS " + dns.dnssec.make_ds(tree.root.origin, make_key()[1], "SHA256").to_text()


@loopback.test("another list by a reload: what the one before let in is judged again, at once")
def reloaded(box):
    tree, weir = start(box, negative=["bad."])
    equal((weir.ask("www.bad.").rcode, weir.ask("www.example.").rcode), (0, 0))
    weir.configure(tree.settings())
    weir.verb("reload")                              # settled when it is answered
    equal((weir.ask("www.bad.").rcode, weir.ask("www.example.").rcode), (2, 0))
    settings = tree.settings()
    settings["dnssec"]["anchors"] = [wrong_anchor(tree)]
    weir.configure(settings)
    weir.verb("reload")
    equal(weir.ask("www.example.").rcode, 2)
    weir.configure(tree.settings())
    weir.verb("reload")
    equal(weir.ask("www.example.").rcode, 0)


@loopback.test("another list over a restart: what the kept cache has of verdicts by the one before is left out")
def kept(box):
    tree, weir = start(box, begin=False)
    os.chmod(weir.folder, 0o777)
    keep = {"path": os.path.join(weir.folder, "cache"), "min_interval": "1s", "budget_per_day": "1GiB"}
    settings = tree.settings(cache={"keep": keep})
    weir.configure(settings)
    weir.start()
    for _ in range(2):                               # what nobody asks for again is not worth a write
        equal(weir.ask("www.example.").rcode, 0)
    began = time.monotonic()

    def whole():
        age_s = weir.verb("status")["keep"]["last_age_s"]
        return age_s is not None and age_s < time.monotonic() - began - 1
    until("written", whole, 60)
    weir.stop()
    weir.start()
    need(weir.verb("status")["keep"]["loaded"] > 0, weir.verb("status")["keep"])
    asked = len([q for q in tree.servers[EXAMPLE].asked if q == ("www.example.", "A")])
    equal(weir.ask("www.example.").rcode, 0)         # by the same anchors it is good
    equal(len([q for q in tree.servers[EXAMPLE].asked if q == ("www.example.", "A")]), asked)
    weir.stop()
    settings["dnssec"]["anchors"] = [wrong_anchor(tree)]
    weir.configure(settings)
    weir.start()
    need("were judged by other trust anchors: left out" in weir.log(), weir.log())
    equal(weir.ask("www.example.").rcode, 2)


def rolling(box, old_state, new_waited_s):
    """A gateway in the middle of the root's rollover, as its file says."""
    tree, weir = start(box, begin=False)
    old, new = tree.root.keys[0], make_key()
    state = os.path.join(weir.folder, "anchors")
    os.chmod(weir.folder, 0o777)
    settings = tree.settings()
    settings["dnssec"]["state"] = state
    weir.configure(settings)
    tree.root.keys = tree.root.signers = [old, new]
    tree.root.resign()
    weir.start()
    equal(weir.ask("www.example.").rcode, 0)
    until("new key seen", lambda: states(weir).get(tag(new)) == "ADD_PEND")
    weir.stop()
    with open(state, encoding="ascii") as f:
        lines = f.read().splitlines()
    moment = int(time.time())
    with open(state, "w", encoding="ascii") as f:    # the time that has passed
        for line in lines:
            words = line.split()
            if words[1:2] == ["LAST"]:
                words[2] = str(moment - 60)
            if words[1:2] == ["ADD_PEND"]:
                words[5] = str(new_waited_s)
            f.write(" ".join(words) + "\n")
    weir.start()
    equal(states(weir), {tag(old): old_state, tag(new): "ADD_PEND"})
    return tree, weir, old, new


@loopback.test("a new key becomes an anchor after thirty days, the old one revokes itself, and all is still proven")
def rollover(box):
    tree, weir, old, new = rolling(box, "VALID", HOLD_S - 30)
    equal(weir.ask("www.example.").rcode, 0)
    until("trusted", lambda: states(weir)[tag(new)] == "VALID")
    until("in force", lambda: anchors(weir)["in_force"][0]["digests"] == 2)
    private, key = old
    revoked = (private, key.replace(flags=REVOKED))
    tree.root.keys = tree.root.signers = [revoked, new]
    tree.root.resign()
    weir.verb("cache_flush", name=".", below=True)
    equal(weir.ask("www.example.").rcode, 0)
    until("revoked", lambda: states(weir)[tag(old)] == "REVOKED")
    until("in force", lambda: anchors(weir)["in_force"][0]["digests"] == 1)
    tree.root.keys = tree.root.signers = [new]
    tree.root.resign()
    weir.verb("cache_flush", name=".", below=True)
    until("proven by the new one", lambda: weir.ask("www.example.").rcode == 0)
    weir.stop()
    weir.start()
    equal(weir.ask("www.example.").rcode, 0)    # the configuration still names the old one: it stays revoked
    equal(states(weir)[tag(old)], "REVOKED")


@loopback.test("all keys revoked: refused with the reason, nothing that such a set brings is followed; a new list trusts the new key alone")
def all_revoked(box):
    tree, weir = start(box)
    old, new = tree.root.keys[0], make_key()
    old_anchor, private, key = tree.anchor(), *old
    equal(weir.ask("www.example.").rcode, 0)
    until("looked at", lambda: anchors(weir)["points"] and anchors(weir)["points"][0]["match"] == "proven")
    revoked = (private, key.replace(flags=REVOKED))
    tree.root.keys, tree.root.signers = [revoked, new], [revoked]
    tree.root.resign()
    weir.verb("cache_flush", name=".", below=True)
    weir.ask("www.example.")
    until("revoked", lambda: states(weir).get(tag(old)) == "REVOKED")
    equal(states(weir), {tag(old): "REVOKED"})     # the key beside it was signed by nobody who is trusted
    need("every trust anchor of . was revoked by its zone" in weir.log(), weir.log())
    until("in force", lambda: anchors(weir)["in_force"][0]["digests"] == 0)
    until("refused so", lambda: b"every trust anchor was revoked by its zone" in weir.ask("www.example.", edns=True).wire)
    equal(weir.ask("www.example.").rcode, 2)
    tree.root.signers = [new]
    tree.root.resign()
    settings = tree.settings()
    settings["dnssec"]["anchors"] = [old_anchor, ". DS " + dns.dnssec.make_ds(tree.root.origin, new[1], "SHA256").to_text()]
    weir.configure(settings)
    weir.verb("reload")
    until("proven by the new one", lambda: weir.ask("www.example.").rcode == 0)
    equal(states(weir), {tag(old): "REVOKED", tag(new): "VALID"})
    equal(anchors(weir)["in_force"][0]["digests"], 1)


@loopback.test("a key that waited too short a time is no anchor")
def too_early(box):
    tree, weir, _, new = rolling(box, "VALID", HOLD_S - 3600)
    equal(weir.ask("www.example.").rcode, 0)
    until("looked at", lambda: anchors(weir)["points"] and anchors(weir)["points"][0]["match"] == "proven")
    tree.root.keys = tree.root.signers = [new]
    tree.root.resign()
    weir.verb("cache_flush", name=".", below=True)
    equal(weir.ask("www.example.").rcode, 2)
    equal(states(weir)[tag(new)], "ADD_PEND")


@loopback.test("the zone is asked though no client asks; and not at all when it is not to be followed")
def active(box):
    tree, weir = start(box)
    until("asked", lambda: (".", "DNSKEY") in tree.servers[ROOT].asked, 45)
    until("looked at", lambda: anchors(weir)["points"][0]["match"] == "proven")
    weir.stop()
    settings = tree.settings()
    settings["dnssec"]["rfc5011"] = False
    weir.configure(settings)
    tree.servers[ROOT].asked.clear()
    weir.start()
    time.sleep(33)    # nothing is to happen: there is no event to wait for
    equal(tree.servers[ROOT].asked, [])
    equal(anchors(weir)["rfc5011"], False)


if __name__ == "__main__":
    loopback.main()
