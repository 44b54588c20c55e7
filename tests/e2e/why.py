#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Why a name is answered as it is: the words of a SERVFAIL (RFC 8914), and weir why. A signed tree on the loopback."""
import json
import subprocess

import loopback
from loopback import equal, need
from tree import EXAMPLE, PLAIN, ROOT, Tree


def start(box, **more):
    tree = Tree()
    box.things.append(tree)
    return tree, box.weir(**tree.settings(**more))


def why(weir, *words):
    run = subprocess.run([weir.program, "why", "--socket", weir.control, "--json", *words], capture_output=True,
                         text=True, check=False)
    equal(run.returncode, 0, run.stderr)
    return json.loads(run.stdout)


@loopback.test("what fails says which zone and why, and says it again from the cache")
def reasons(box):
    tree, weir = start(box)
    tree.servers[PLAIN].silent = True
    cases = {
        "www.bad.": (6, "bad.: "),
        "www.lost.": (22, "lost.: no address of its server nowhere.example. could be found"),
        "www.plain.": (22, "plain.: none of its servers answered in time"),
    }
    for name, (code, words) in cases.items():
        for _ in range(2):
            reply = weir.ask(name, edns=True)
            equal((reply.rcode, reply.ede), (2, code), (name, reply))
            need(reply.text.startswith(words) and len(reply.text) > 6, (name, reply.text))
    tree.servers[PLAIN].silent = False
    reply = weir.ask("www.lame.", edns=True)
    equal((reply.rcode, reply.ede, reply.text), (2, 22, "lame.: its servers answered REFUSED"))
    tree.servers[EXAMPLE].silent = tree.servers[PLAIN].silent = tree.servers[ROOT].silent = True
    reply = weir.ask("www.nothing.", edns=True)
    equal((reply.rcode, reply.ede), (2, 22), reply)
    need(reply.text.startswith(".: none of its servers"), reply.text)


@loopback.test("why: an answer, a denial, a failure, and a name that was never asked; nothing is asked for it")
def explains(box):
    tree, weir = start(box)
    for name in ("www.example.", "none.example.", "www.bad.", "www.plain."):
        weir.ask(name)
    asked = sum(len(server.asked) for server in tree.servers.values())
    before = weir.verb("stats")["counters"]
    seen = why(weir, "www.example.")
    equal((seen["answer"]["found"], seen["answer"]["security"]), ("fresh", "secure"), seen)
    equal(seen["answer"]["sets"][0]["records"][0], "192.0.2.1")
    need("secure" in seen["summary"] and 0 < seen["answer"]["ttl"] <= 300, seen)
    # The answer of the root's server about its own name servers carries no address: it is no cut.
    equal([d["zone"] for d in seen["delegations"]], ["example."], seen)
    equal([(s["name"], s["address"], s["state"], s["lame"]) for s in seen["servers"]],
          [("ns.example.", f"{EXAMPLE}:53", "good", False)])
    need(seen["servers"][0]["srtt_ms"] > 0, seen["servers"])
    equal([(k["zone"], k["algorithm"], k["entry"]) for k in seen["keys"]],
          [("example.", 13, True), (".", 13, True)], seen["keys"])
    seen = why(weir, "none.example.")
    equal((seen["answer"]["found"], seen["answer"]["rcode"], seen["answer"]["security"]),
          ("fresh", "NXDOMAIN", "secure"))
    need("nxdomain" in [e["kind"] for e in seen["cached"]], seen["cached"])
    seen = why(weir, "www.bad.")
    equal((seen["answer"]["found"], seen["answer"]["zone"], seen["answer"]["ede"]), ("failure", "bad.", 6), seen)
    need(seen["answer"]["reason"] in seen["summary"], seen)
    seen = why(weir, "www.plain.")
    equal(seen["answer"]["security"], "insecure")
    seen = why(weir, "other.plain.", "AAAA")
    equal((seen["answer"]["found"], seen["type"], seen["cached"]), ("nothing", "AAAA", []))
    equal((seen["route"], seen["servers"][0]["address"]),
          ({"group": "recursion", "zone": "."}, f"{PLAIN}:53"))
    equal(sum(len(server.asked) for server in tree.servers.values()), asked)
    after = weir.verb("stats")["counters"]
    equal((after["cache_hits"], after["upstream_sent"]), (before["cache_hits"], before["upstream_sent"]))


@loopback.test("why: a name that is forwarded shows its group and how its servers are")
def forwarded(box):
    up = box.upstream()
    weir = box.weir([up], dnssec={"validate": False})
    seen = why(weir, "a.example.")
    equal((seen["answer"]["found"], seen["route"]["group"], seen["servers"][0]["state"]),
          ("nothing", "all", "unmeasured"), seen)
    weir.ask("a.example")
    seen = why(weir, "a.example.")
    equal((seen["answer"]["found"], seen["servers"][0]["state"]), ("fresh", "good"), seen)
    text = subprocess.run([weir.program, "why", "--socket", weir.control, "a.example"], capture_output=True, text=True,
                          check=True).stdout
    need("answered from the cache" in text and up.url in text, text)


@loopback.test("why: what is no name or type is refused, by the program and by the daemon")
def refused(box):
    weir = box.weir([box.upstream()])
    for words in ([], ["a..b"], ["a", "A", "NOTYPE"], ["a", "A", "b"], ["192.0.2.1"], ["camera", "2001:db8::1"]):
        equal(subprocess.run([weir.program, "why", *words], capture_output=True, check=False).returncode, 2, words)
    said = subprocess.run([weir.program, "why", "camera", "192.0.2.1"], capture_output=True, text=True, check=False).stderr
    need("192.0.2.1 is an address" in said and "`weir firewall leases DEVICE`" in said, said)
    equal(weir.refusal('{"verb":"why","args":{"name":"a..b"}}')["code"], "argument")
    equal(weir.refusal('{"verb":"why","args":{"name":"a","type":"NOTYPE"}}')["code"], "argument")
    equal(weir.refusal('{"verb":"why"}')["code"], "argument")


if __name__ == "__main__":
    loopback.main()
