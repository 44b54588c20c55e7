#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on the DoH listener, each beside a client that plays fair: it keeps at least 95 % of its answers, and the attacker is shut out.

The attacker runs until weir closes its connection (or keeps it from doing more), again and again, for as long as the fair client asks.
"""
import os
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lab"))

import h2raw                                                                        # noqa: E402
import loopback                                                                     # noqa: E402
from encrypted import Files, context, padded                                                # noqa: E402
from h2raw import (CONTINUATION, ENHANCE_YOUR_CALM, HEADERS, PING, PROTOCOL_ERROR, RST_STREAM, SETTINGS,    # noqa: E402
                   frame)
from loopback import equal, need, question, until                                   # noqa: E402

PORT = 4430
ASKED = 60
WAIT_S = 2
FRAMES, FRAMES_S = 400, 20                  # WR_H2_IDLE_FRAMES_MAX and WR_H2_IDLE_FRAMES_S
PATIENT = {"idle_timeout": "60s"}           # so that no time-out of weir's ends anything within the patience of a test
CANCEL = struct.pack("!I", 8)


def start(box, more=None, **words):
    files = Files(box)
    pair = files.issue()
    return files, box.weir([box.upstream()], encrypted={
        "doh": [f"127.0.0.1:{PORT}"], "certificates": [{"chain": pair.chain, "key": pair.key}], **(more or {})}, **words)


def memory(weir):
    with open(f"/proc/{weir.pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def fair(files, done):
    """Asks while the attack goes on; how many of ASKED were answered in time."""
    client, answered = h2raw.Fair(PORT, context(files), seconds=WAIT_S), 0
    for i in range(ASKED):
        try:
            answered += client.ask(question(f"f{i}.example")) is not None
        except (OSError, ConnectionError):
            client = h2raw.Fair(PORT, context(files), seconds=WAIT_S)
        time.sleep(0.005)     # a pace, not a wait: the attack is to have its turns
    done.set()
    return answered


def beside(box, attack, enough=bool, **more):
    """Runs `attack(files)` in a thread, over and over while the fair client asks and until `enough(said)`; gives weir and what the attack returned."""
    files, weir = start(box, **more)
    h2raw.Fair(PORT, context(files)).ask(question("first.example"))
    before, done, said, broken = memory(weir), threading.Event(), [], []

    def run():
        try:
            while not done.is_set() or not enough(said):
                said.append(attack(files))
        except Exception as why:    # pylint: disable=broad-except
            broken.append(repr(why))
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    answered = fair(files, done)
    thread.join(60)
    need(not thread.is_alive(), f"the attack never ended: {said}")
    equal(broken, [])
    need(answered >= 0.95 * ASKED, f"{answered} of {ASKED}")
    need(memory(weir) - before < 200 * 1024, f"{before} KiB before, {memory(weir)} behind")
    return weir, said


def until_shut(raw, make, most):
    """Sends what `make(i)` gives, `most` times or until weir ends it, and waits for the end: code and last stream of GOAWAY.

    None: the connection was reset, and GOAWAY lost with it. How much of it the kernels' buffers took says nothing.
    """
    said = None
    try:
        for i in range(most):
            raw.send(make(i))
            if (said := raw.goaway()) is not None:
                break
    except TimeoutError:
        raise       # neither read nor closed
    except OSError:
        pass
    return said or raw.closed()


def kinds_told(said):
    return {kind for kind, told in said if told is not None}


def flood(box, attack, kinds=1, codes=(ENHANCE_YOUR_CALM,), streams=None):
    """Runs `attack(files, kind)` by turns until weir has said of each kind why it ended it.

    `streams`: how many weir may take of one connection, with those that time gives.
    """
    turn = [0]

    def run(files):
        kind, began = turn[0] % kinds, time.monotonic()
        turn[0] += 1
        told = attack(files, kind)
        if streams is not None and told is not None:
            need(told[1] <= 2 * (streams + FRAMES_S * (time.monotonic() - began)) + 1, told)
        return kind, told
    said = beside(box, run, enough=lambda said: len(kinds_told(said)) == kinds, tcp=PATIENT)[1]
    need(all(told is None or told[0] in codes for _kind, told in said), said)


@loopback.test("rapid reset (CVE-2023-44487)")
def rapid_reset(box):
    head = h2raw.get_head(b"/dns-query?dns=AAABAAABAAAAAAAAAWEHZXhhbXBsZQAAAQAB")

    def attack(files, _kind):
        return until_shut(h2raw.Raw(PORT, context(files)), lambda i: b"".join(
            frame(HEADERS, 5, 200 * i + 2 * k + 1, head) + frame(RST_STREAM, 0, 200 * i + 2 * k + 1, CANCEL)
            for k in range(100)), 1000)
    flood(box, attack, streams=FRAMES // 2)


@loopback.test("CONTINUATION flood (CVE-2024-28182)")
def continuation(box):
    def attack(files, _kind):
        raw = h2raw.Raw(PORT, context(files), frame(SETTINGS, 0, 0) + frame(HEADERS, 1, 1, h2raw.get_head(b"/")))
        return until_shut(raw, lambda i: frame(CONTINUATION, 0, 1, b"") * 100, 50000)
    flood(box, attack, codes=(PROTOCOL_ERROR, ENHANCE_YOUR_CALM))   # nghttp2 has a bound of its own


@loopback.test("floods of SETTINGS, PING, PRIORITY and empty DATA")
def control(box):
    floods = [frame(SETTINGS, 0, 0, struct.pack("!HI", 4, 65535)) * 50, frame(PING, 0, 0, bytes(8)) * 100,
              frame(h2raw.PRIORITY, 0, 3, struct.pack("!IB", 0, 1)) * 100, frame(h2raw.DATA, 0, 1, b"") * 100]

    def attack(files, kind):
        raw = h2raw.Raw(PORT, context(files))
        raw.frame(HEADERS, 4, 1, h2raw.post_head(b"/dns-query", 100))
        return until_shut(raw, lambda i: floods[kind], 2000)
    flood(box, attack, kinds=len(floods))


@loopback.test("header bomb (HPACK)")
def header_bomb(box):
    entry = b"\x40" + h2raw.string(b"y") + h2raw.string(b"a" * 4000)

    def attack(files, _kind):
        raw = h2raw.Raw(PORT, context(files))
        raw.frame(HEADERS, 5, 1, h2raw.get_head(b"/dns-query") + entry)
        return until_shut(raw, lambda i: frame(HEADERS, 5, 2 * i + 3, h2raw.get_head(b"/dns-query") + b"\xbe" * 16000), 500)
    flood(box, attack, streams=2)


@loopback.test("more streams than are allowed: told how many, and not told yet")
def streams(box):
    def attack(files, kind):
        raw = h2raw.Raw(PORT, context(files))
        if kind == 0:
            while raw.read()[0] != SETTINGS:
                pass
            raw.frame(SETTINGS, h2raw.ACK, 0)
        return until_shut(raw, lambda i: b"".join(frame(HEADERS, 4, 200 * i + 2 * k + 1, h2raw.post_head(b"/dns-query", 100))
                                                  for k in range(100)), 100)
    flood(box, attack, kinds=2, codes=(PROTOCOL_ERROR, ENHANCE_YOUR_CALM), streams=FRAMES)


@loopback.test("slow-loris: heads and bodies that never end, over both versions, beside one that is quick on the same connection")
def slow_loris(box):
    def attack(files):
        one = h2raw.Raw(PORT, context(files), alpn="http/1.1")
        one.send(b"POST /dns-query HTTP/1.1\r\nHost: a\r\nX-A: ")
        two = h2raw.Fair(PORT, context(files))
        two.frame(HEADERS, 4, 1, h2raw.post_head(b"/dns-query", 100))
        two.stream, closed, began = 3, 0, time.monotonic()
        for raw in (one, two):
            try:     # until weir closes it: the message has a deadline of two seconds here, whatever drips
                while time.monotonic() - began < 20:
                    if raw is one:
                        raw.send(b"x")
                    else:
                        raw.frame(h2raw.DATA, 0, 1, b"x")
                        raw.ask(question("quick.example"))
                    time.sleep(0.05)
            except OSError:
                closed += 1
        return closed, time.monotonic() - began
    _weir, said = beside(box, attack, tcp={"idle_timeout": "2s"})
    for closed, took in said:
        equal(closed, 2)
        need(took < 10, took)


@loopback.test("zero window: answers that are never taken")
def zero_window(box):
    big = padded("a.example", 128)     # an answer of 468
    held = []

    def attack(files):
        try:
            raw = h2raw.Raw(PORT, context(files), frame(SETTINGS, 0, 0, struct.pack("!HI", 4, 0)))
        except OSError:
            return False      # as many connections as one client may have
        held.append(raw)      # stays open
        seen = 0
        for i in range(100):
            raw.frame(HEADERS, 4, 2 * i + 1, h2raw.post_head(b"/dns-query", len(big)))
            raw.frame(h2raw.DATA, 1, 2 * i + 1, big)
        while seen < 100:
            got = raw.read()
            need(got is not None and (got[0] != h2raw.DATA or not got[3]), "sent beyond the window, or ended")
            seen += got[0] == HEADERS
        return True
    beside(box, attack, enough=lambda said: any(said) and not all(said))
    for raw in held:
        raw.close()


@loopback.test("huge Content-Length, and bodies without end")
def huge(box):
    def attack(files):
        raw = h2raw.Raw(PORT, context(files))
        raw.frame(HEADERS, 4, 1, h2raw.post_head(b"/dns-query", 1 << 62))
        raw.frame(h2raw.DATA, 0, 1, bytes(1000))
        while (got := raw.read())[0] != HEADERS:
            pass
        need(got[3][0] != h2raw.OK and got[1] & 1, got)
        for _ in range(6):
            raw.frame(h2raw.DATA, 0, 1, bytes(10000))
        while (got := raw.read())[0] != RST_STREAM:
            pass
        equal(got[3], bytes(4), "NO_ERROR: the response stands, the rest is not wanted")
        raw.close()
        one = h2raw.Raw(PORT, context(files), alpn="http/1.1")
        one.send(b"POST /dns-query HTTP/1.1\r\nHost: a\r\nContent-Type: application/dns-message\r\n"
                 b"Content-Length: 99999999999999\r\n\r\n")
        equal(one.tls.recv(12), b"HTTP/1.1 413")
        until_shut(one, lambda i: bytes(16384), 2000)   # some of the body is read over, so that the answer is not lost
        return True
    need(all(beside(box, attack, tcp=PATIENT)[1]))


@loopback.test("PINGs, whole and in halves of a record, do not keep a connection on which nothing is asked")
def pings(box):
    def attack(files):
        raw, began = h2raw.Halves(PORT, context(files)), time.monotonic()
        try:
            while not raw.closed() and time.monotonic() - began < 20:
                raw.frame(PING, 0, 0, bytes(8))
                time.sleep(0.1)
        except OSError:
            pass
        raw.close()
        return time.monotonic() - began
    _weir, said = beside(box, attack, tcp={"idle_timeout": "1s"})
    need(all(took < 15 for took in said), said)


@loopback.test("zero window and the budget: who holds most and takes nothing gives way to who comes")
def unread_budget(box):
    files, weir = start(box, workers=1, more={"memory": "600KiB"})
    big, held = padded("a.example", 128), []
    for i in range(20):
        try:
            raw = h2raw.Raw(PORT, context(files), frame(SETTINGS, 0, 0, struct.pack("!HI", 4, 0)), source=f"127.0.0.{i // 8 + 2}")
            for k in range(100):
                raw.frame(HEADERS, 4, 2 * k + 1, h2raw.post_head(b"/dns-query", len(big)))
                raw.frame(h2raw.DATA, 1, 2 * k + 1, big)
            held.append(raw)
        except OSError:
            break
    until("the budget is used up", lambda: weir.verb("stats")["counters"]["tls_no_room"] > 0 or
          weir.verb("status")["encrypted"]["memory_used_bytes"] > 580 * 1024)

    def served():
        try:
            return h2raw.Fair(PORT, context(files), seconds=WAIT_S).ask(question("fair.example")) is not None
        except OSError:
            return False
    began = time.monotonic()
    until("a place", served)
    need(time.monotonic() - began < 15, "only when their time was over")
    need(all(served() for _ in range(5)))
    need(weir.verb("stats")["counters"]["tls_yielded"] > 0)
    for raw in held:
        raw.close()


if __name__ == "__main__":
    loopback.main()
