#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""weir ask +trace: the way from the root to the answer, in the asking process. A signed tree on the loopback."""
import json
import subprocess

import loopback
from loopback import equal, need
from tree import EXAMPLE, PLAIN, ROOT, Tree


def trace(box, tree, *words, status=0, anchor=None):
    run = subprocess.run([box.program, "ask", *words, f"+hints={ROOT}", f"+anchor={anchor or tree.anchor()}"],
                         capture_output=True, text=True, check=False, timeout=60)
    equal(run.returncode, status, run.stdout + run.stderr)
    for word in ("AddressSanitizer", "runtime error:", "LeakSanitizer"):
        need(word not in run.stderr, run.stderr)
    return run.stdout if status == 0 else run.stderr


def in_order(text, *wanted):
    at = 0
    for words in wanted:
        found = text.find(words, at)
        need(found >= 0, f"{words!r} does not come (in this place) in\n{text}")
        at = found


@loopback.test("a secure answer: cuts, servers, signatures and the verdict, in the order they come")
def secure(box):
    tree = Tree()
    box.things.append(tree)
    text = trace(box, tree, "www.example.", "A")
    in_order(text, "zone cut . from hints", f"asks {ROOT}:53 for", "zone cut example. from delegation",
             f"asks {EXAMPLE}:53 for www.example. A (never measured",
             f"{EXAMPLE}:53 says ANSWER after ", ". DNSKEY: signed by key",
             "example. DS: signed by key", "example. DNSKEY: signed by key", "www.example. A: signed by key",
             "DONE       secure", "status: NOERROR", "192.0.2.1")
    need(" ad" in text.split(";; Flags:")[1].split(";")[0], text)
    need(("www.example.", "A") in tree.servers[EXAMPLE].asked, tree.servers[EXAMPLE].asked)


@loopback.test("what is bogus, insecure or lame says so, and in which zone")
def failing(box):
    tree = Tree()
    box.things.append(tree)
    in_order(trace(box, tree, "www.bad."), "www.bad. A: not proven by the keys of bad.", "bogus: bad.:",
             "status: SERVFAIL")
    in_order(trace(box, tree, "www.plain."), "insecure: plain.", "status: NOERROR", "192.0.2.3")
    in_order(trace(box, tree, "www.lame."), f"asks {PLAIN}:53 for", "status: SERVFAIL",
             "lame.: its servers answered REFUSED")
    other = f". DS {12345} 13 2 {'AB' * 32}"
    in_order(trace(box, tree, "www.example.", anchor=other), "bogus: .:", "status: SERVFAIL")


@loopback.test("JSON is the answer alone; what is no hint or anchor is refused")
def words(box):
    tree = Tree()
    box.things.append(tree)
    answer = json.loads(trace(box, tree, "www.example.", "+json"))
    need("192.0.2.1" in json.dumps(answer), answer)
    equal(subprocess.run([box.program, "ask", "a.", "+hints=nothing"], capture_output=True, check=False).returncode, 2)
    equal(subprocess.run([box.program, "ask", "a.", "+hints="], capture_output=True, check=False).returncode, 2)
    need("anchor" in trace(box, tree, "a.", anchor="nonsense", status=2))


if __name__ == "__main__":
    loopback.main()
