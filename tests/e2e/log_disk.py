#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The log on disk: what is asked is found again, after a restart and a torn end too; what is altered is found out; a full disk costs a counter."""
import json
import os
import re
import shutil
import subprocess
import tempfile

import loopback
from loopback import equal, need, until


def log(weir, *words, check=0):
    done = subprocess.run([weir.program, "log", "--socket", weir.control, "--json", *words], capture_output=True, text=True, check=False)
    equal(done.returncode, check, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def names(events):
    return [e["name"] for e in events if "name" in e]


def verify(weir, folder, *words):
    done = subprocess.run([weir.program, "log", "verify", folder, "--json", *words], capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


class Folder:
    """Where a log is kept, until the test is over."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="weir-log-")
        os.chmod(self.path, 0o777)

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)


def kept(box):
    box.things.append(Folder())
    return os.path.join(box.things[-1].path, "kept")


@loopback.test("what was asked is found by name, type, client and time, in memory and after a restart; numbers go on")
def found_again(box):
    folder = kept(box)
    weir = box.weir([box.upstream()], workers=1, log={"path": folder, "interval": "1s"})
    for name in ("one.example", "two.example", "one.other.example", "three.sample"):
        weir.ask(name)
    weir.ask("one.example")
    until("all are taken in", lambda: len(names(log(weir))) == 5)
    equal(names(log(weir, "--name", "example")), ["one.example.", "two.example.", "one.other.example.", "one.example."])
    equal(names(log(weir, "--source", "cache")), ["one.example."])
    equal(names(log(weir, "--client", "127.0.0.0/8", "-n", "1", "--name", "sample")), ["three.sample."])
    equal(names(log(weir, "--client", "192.0.2.1")), [])
    equal(names(log(weir, "--until", "1h")), [])
    # The same as one object, which is how programs ask: no filter is passed over there.
    one = lambda **args: names(weir.verb("log", **args)["events"])
    equal(one(), ["one.example.", "two.example.", "one.other.example.", "three.sample.", "one.example."])
    equal(one(name="example", count=2), ["one.other.example.", "one.example."])
    equal((one(source="cache"), one(client="192.0.2.1"), one(name="sample", type="AAAA"), one(until=1)), (["one.example."], [], [], []))
    equal([e["kind"] for e in weir.verb("log", kind="policy")["events"]], ["policy"])
    need("must be a domain name" in str(weir.refusal('{"verb": "log", "args": {"name": "a..b"}}')), "a mistake is said")
    equal(len(names(log(weir, "--since", "1h"))), 5)
    equal([e["kind"] for e in log(weir, "--kind", "policy")], ["policy"])
    follow = subprocess.Popen([weir.program, "log", "--socket", weir.control, "--json", "--follow", "--name", "sample"], stdout=subprocess.PIPE, text=True)
    equal(json.loads(follow.stdout.readline())["name"], "three.sample.")
    weir.ask("no.else")
    weir.ask("four.sample")
    equal(json.loads(follow.stdout.readline())["name"], "four.sample.")
    follow.kill()
    follow.wait()
    text = subprocess.run([weir.program, "log", "--socket", weir.control, "--name", "three.sample"], capture_output=True, text=True, check=False).stdout
    need(re.match(r"\S+Z +127\.0\.0\.1 +three\.sample\. +A +NOERROR +udp://127\.\S+ +- +\S+ +\d+\.\d ms\n$", text), text)
    before = log(weir)
    until("it is on disk", lambda: weir.verb("status")["log"]["last"] == before[-1]["number"])
    weir.stop()
    weir.start()
    weir.ask("four.example")
    until("the new one", lambda: names(log(weir))[-1:] == ["four.example."])
    events = log(weir)
    equal(names(events), names(before) + ["four.example."])
    numbers = [e["number"] for e in events]
    equal(numbers, sorted(set(numbers)))
    equal(names(log(weir, "--name", "example", "-n", "2")), ["one.example.", "four.example."])
    status = weir.verb("status")["log"]
    need(status["writing"] and status["problem"] is None and not status["counts_only"], status)
    weir.stop()
    code, whole = verify(weir, folder)
    equal((code, whole["whole"], whole["unfinished_octets"]), (0, True, 0), whole)


def one_segment(folder):
    return os.path.join(folder, sorted(os.listdir(folder))[-1])


def blocks(path):
    """Where blocks begin in a segment."""
    with open(path, "rb") as f:
        bytes_ = f.read()
    at, found = 64, []
    while at < len(bytes_):
        need(bytes_[at:at + 4] == b"WLB1", at)
        found.append(at)
        at += 80 + int.from_bytes(bytes_[at + 4:at + 8], "big")
    return found + [at]


@loopback.test("the chain: cut, swapped, altered and truncated logs are found out; a torn end is cut off and said")
def chain(box):
    folder = kept(box)
    weir = box.weir([box.upstream()], workers=1, log={"path": folder, "interval": "1s"})
    heads = []
    for i in range(4):
        weir.ask(f"n{i}.example")
        last = weir.verb("status")["log"]["last"]
        until("a block is written", lambda last=last: weir.verb("status")["log"]["last"] > last)
        heads.append(weir.verb("status")["log"]["head"])
    weir.stop()
    code, whole = verify(weir, folder, "--head", heads[2])
    equal((code, whole["whole"]), (0, True), whole)
    need(whole["proven_up_to"] < whole["last"], whole)
    path = one_segment(folder)
    with open(path, "rb") as f:
        good = f.read()
    at = blocks(path)
    need(len(at) >= 5, at)
    head = [good[:64]]
    piece = [good[at[i]:at[i + 1]] for i in range(len(at) - 1)]
    middle = bytearray(good)
    middle[at[1] + 100] ^= 1
    for what, octets in {
        "cut from the middle": b"".join(head + piece[:1] + piece[2:]),
        "swapped": b"".join(head + [piece[1], piece[0]] + piece[2:]),
        "altered": bytes(middle),
        "another beginning": good[:40] + bytes([good[40] ^ 1]) + good[41:],
    }.items():
        with open(path, "wb") as f:
            f.write(octets)
        code, found = verify(weir, folder)
        equal((code, found["whole"]), (1, False), what)
        need(found["trouble"], what)
    with open(path, "wb") as f:    # whole blocks cut from the end: only somebody who has a later hash knows
        f.write(good[:at[2]])
    equal(verify(weir, folder)[0], 0)
    code, found = verify(weir, folder, "--head", heads[3])
    equal((code, found["proven_up_to"]), (1, None), found)
    with open(path, "wb") as f:
        f.write(good[:-7])
    code, found = verify(weir, folder)
    need(code == 0 and found["unfinished_octets"] > 0, found)
    weir.start()
    need("were cut off" in weir.log(), weir.log())
    weir.ask("later.example")
    until("the new one is on disk", lambda: names(log(weir, "--name", "later.example")) == ["later.example."])
    weir.stop()
    code, found = verify(weir, folder)
    equal((code, found["whole"]), (0, True), found)
    with open(path, "rb") as f:
        torn = bytearray(f.read())
    torn[at[1] + 100] ^= 1
    with open(path, "wb") as f:
        f.write(torn)
    weir.start()
    need("was altered, a new one begins" in weir.log(), weir.log())
    weir.ask("after.example")
    until("the newest", lambda: names(log(weir, "--name", "after.example")) == ["after.example."])
    weir.stop()
    equal(verify(weir, folder)[0], 1)


@loopback.test("a folder that cannot be written costs a counter and a line in the status; when it can be, it is")
def refused(box):
    folder = kept(box)
    with open(folder, "w", encoding="utf-8") as f:
        f.write("in the way")
    weir = box.weir([box.upstream()], workers=1, log={"path": folder, "interval": "1s"})
    weir.ask("one.example")
    status = weir.verb("status")["log"]
    need(not status["writing"] and "cannot be" in status["problem"], status)
    equal(names(log(weir)), ["one.example."])
    need(weir.log().count("weir answers on, counts what") == 1, weir.log())


def top(weir, what, *words):
    done = subprocess.run([weir.program, "log", "--socket", weir.control, "--json", "--top", what, *words], capture_output=True, text=True, check=False)
    need(done.returncode == 0, done.stderr)
    return [(r["queries"], r.get("name") or r.get("device")) for r in json.loads(done.stdout)[what]]


@loopback.test("the history: counts by device, name and minute outlive the log, a kill counts nothing twice, and a broken file is made anew")
def history(box):
    folder = kept(box)
    weir = box.weir([box.upstream()], workers=1, log={"path": folder, "interval": "1s", "history_days": 30})
    for name, times, source in (("a.one.example", 3, "127.0.0.2"), ("b.one.example", 2, "127.0.0.2"), ("two.example", 4, "127.0.0.3")):
        for _ in range(times):
            weir.ask(name, source=source)
    until("all are counted", lambda: sum(n for n, _ in top(weir, "names")) == 9)
    equal(top(weir, "names"), [(4, "two.example."), (3, "a.one.example."), (2, "b.one.example.")])
    equal(top(weir, "names", "--device", "127.0.0.2", "-n", "1"), [(3, "a.one.example.")])
    equal(top(weir, "names", "--name", "One.Example"), [(3, "a.one.example."), (2, "b.one.example.")])
    equal(top(weir, "devices"), [(5, "127.0.0.2"), (4, "127.0.0.3")])
    equal(sum(n for n, _ in top(weir, "minutes")), 9)
    equal(top(weir, "names", "--until", "2h"), [])
    text = subprocess.run([weir.program, "log", "--socket", weir.control, "--top", "devices"], capture_output=True, text=True, check=False).stdout
    need(re.search(r"5 +127\.0\.0\.2 +0 +0 +\d+ +20\S+Z", text), text)
    need("devices, names or minutes" in str(weir.refusal('{"verb": "log_top", "args": {"by": "x"}}')), "a mistake is said")
    for _ in range(5):
        weir.ask("three.example", source="127.0.0.4")
    until("they are in the log", lambda: weir.verb("status")["log"]["written"] >= 14)
    weir.process.kill()
    weir.process.wait()
    weir.start()
    until("what was not written is counted from the log, and the rest is not counted again", lambda: top(weir, "names")[:1] == [(5, "three.example.")])
    equal(sum(n for n, _ in top(weir, "names")), 14)
    weir.stop()
    path = os.path.join(folder, "history.db")
    with open(path, "r+b") as f:
        f.write(b"an error page, not a database" * 400)
    weir.start()
    need("put aside" in weir.log(), weir.log())
    until("it is made anew", lambda: top(weir, "devices") == [(5, "127.0.0.2"), (5, "127.0.0.4"), (4, "127.0.0.3")] or top(weir, "devices") == [(5, "127.0.0.4"), (5, "127.0.0.2"), (4, "127.0.0.3")])
    need(os.path.exists(path + ".bad"), os.listdir(folder))
    equal(weir.verb("status")["log"]["history"]["problem"], None)
    weir.stop()
    equal(verify(weir, folder)[0], 0)


@loopback.test("a disk that is full under log and history costs counters; answers go on, and when there is room both are whole")
def full(box):
    box.things.append(Folder())
    home = box.things[-1].path
    mounted, wrapper = os.path.join(home, "disk"), os.path.join(home, "weir")
    os.mkdir(mounted)
    with open(wrapper, "w", encoding="utf-8") as f:    # a disk of a megabyte that this weir alone sees
        f.write(f'#!/bin/sh\nexec unshare -m sh -c "mount -t tmpfs -o size=1m,mode=777 none {mounted} && exec \\"\\$@\\"" - {box.program} "$@"\n')
    os.chmod(wrapper, 0o755)
    weir = box.weir([box.upstream()], workers=1, start=False, limits={"client_rate": 0, "rrl_rate": 0},
                    log={"path": os.path.join(mounted, "kept"), "interval": "1s"})
    weir.program = wrapper
    weir.start()
    weir.program = box.program
    inside = f"/proc/{weir.pid}/root{mounted}"
    weir.ask("before.example")
    until("it is written", lambda: weir.verb("status")["log"]["written"] > 0 and top(weir, "names") == [(1, "before.example.")])
    with open(inside + "/filler", "wb", buffering=0) as f:
        try:
            while True:
                f.write(bytes(4096))
        except OSError as e:
            equal(e.strerror, "No space left on device")

    def refused_both():
        for _ in range(40):    # the last page of a file has room yet
            weir.ask(f"{os.urandom(16).hex()}.while.example")
        subprocess.run([weir.program, "log", "--socket", weir.control, "--top", "names"], capture_output=True, check=False)  # what is counted is to be written now
        status = weir.verb("status")["log"]
        return "No space left" in str(status["problem"]) and status["failures"] > 0 and status["history"]["problem"] and status["history"]["failures"] > 0
    try:
        until("both say so", refused_both)
    except AssertionError as e:
        raise AssertionError(f"{e}: {weir.verb('status')['log']}") from None
    asked = sum(1 for n in names(log(weir)) if n.endswith(".while.example."))
    need(asked > 0 and weir.log().count("weir answers on") == 2, weir.log())
    os.remove(inside + "/filler")
    until("it is written again", lambda: weir.verb("status")["log"]["writing"] and weir.verb("status")["log"]["history"]["problem"] is None)
    until("all is counted", lambda: top(weir, "devices") == [(1 + asked, "127.0.0.1")])
    status = weir.verb("status")["log"]
    equal((status["lost"], status["history"]["missing"]), (0, 0), status)
    equal(len(names(log(weir, "--name", "while.example"))), asked)
    equal(verify(weir, inside + "/kept")[0], 0)


if __name__ == "__main__":
    loopback.main()
