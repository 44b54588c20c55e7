#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Copies of zones on the loopback: weir beside knotd and nsd as primaries, and beside one that lies.

AXFR, IXFR, keys that fit and that do not, a primary that dies, a transfer that breaks off, a restart with no primary, expiry.
"""
import os
import signal
import socket
import struct
import sys
import threading
import time

import loopback
import primaries
from loopback import equal, need, until
from primaries import message, record, soa

sys.path.insert(0, os.path.join(loopback.TOP, "lab"))
import shim

PLAIN = os.environ.get("WEIR_PLAIN", os.path.join(loopback.TOP, "build", "main", "src", "weir"))
AXFR, IXFR, SOA = 252, 251, 6


def settings(box, urls, key=None, folder=None, more=None, **zone):
    local = {"zones": [dict({"zone": "example.", "primaries": urls}, **({"key": key} if key else {}), **zone)], **(more or {})}
    if folder:
        local["copies"] = folder
    return {"workers": 2, "user": "", "local": local, "upstream": {"ports": 256, "groups": [
        {"name": "all", "servers": ["udp://127.0.0.9:5399"]}]}}


def key_file(weir, secret=primaries.SECRET, mode=0o600):
    path = os.path.join(weir.folder, "key")
    with open(path, "w", encoding="ascii") as f:
        f.write(secret + "\n")
    os.chmod(path, mode)
    return path


def serve(box, urls, start=True, key=None, **words):
    """With a key: its file, and a configuration that names it."""
    weir = box.weir(start=False)
    if key:
        words["more"] = {"keys": [{"name": key, "file": key_file(weir, **words.pop("file", {}))}]}
    weir.configure(settings(box, urls, key=key, **words))
    return weir.start() if start else weir


def zone(weir):
    return weir.verb("zones")[0]


def live(weir, serial):
    return until(f"serial {serial}", lambda: (lambda z: z["serial"] == serial and z["state"] == "live" and z)(zone(weir)))


def follow(weir, serial):
    """Until the primary has read its file, and weir has that."""
    def look():
        weir.verb("zones_look", name="example.")
        return zone(weir)["serial"] == serial
    until(f"serial {serial}", look)


def answers(weir, name, address):
    until(f"{name} is {address}", lambda: weir.ask(name).addresses == [address])


@loopback.test("a zone of knotd is copied, answered, and followed by its changes")
def knot(box):
    primary = primaries.Knot(box)
    weir = serve(box, [primary.url])
    live(weir, 1)
    answers(weir, "www.example", "192.0.2.1")
    reply = weir.ask("none.example")
    equal((reply.rcode, reply.flags & 0x0400), (3, 0x0400))
    primary.publish(2, a="192.0.2.2", more="new.example. 60 A 192.0.2.77\n")
    follow(weir, 2)
    answers(weir, "www.example", "192.0.2.2")
    answers(weir, "new.example", "192.0.2.77")
    need("serial 2 with 45 records, by its changes" in weir.log(), weir.log())
    need("IXFR, outgoing" in primary.log(), primary.log())
    equal(weir.verb("status")["copies"], {"zones": 1, "missing": 0})


@loopback.test("no question is lost and none is answered wrongly while copies take each other's place")
def swap(box):
    primary = primaries.Knot(box, a="192.0.2.1")
    weir = serve(box, [primary.url], start=False)
    weir.configure(dict(settings(box, [primary.url]), limits={"client_rate": 0, "rrl_rate": 0}))
    weir.start()
    live(weir, 1)
    seen, failures, done = [], [], threading.Event()

    def load():
        try:
            while not done.is_set():
                seen.append(weir.ask("www.example").addresses)
        except Exception as why:    # pylint: disable=broad-except
            failures.append(why)
    threads = [threading.Thread(target=load) for _ in range(3)]
    answers(weir, "www.example", "192.0.2.1")
    for thread in threads:
        thread.start()
    for serial in range(2, 8):
        primary.publish(serial, a=f"192.0.2.{serial}")
        follow(weir, serial)
        answers(weir, "www.example", f"192.0.2.{serial}")
    done.set()
    for thread in threads:
        thread.join()
    equal(failures, [])
    need({a for [a] in seen} <= {f"192.0.2.{i}" for i in range(1, 8)} and len(seen) > 100, len(seen))


@loopback.test("a zone of nsd is copied")
def nsd(box):
    primary = primaries.Nsd(box)
    weir = serve(box, [primary.url])
    live(weir, 1)
    answers(weir, "www.example", "192.0.2.1")
    primary.publish(7, a="192.0.2.3")
    follow(weir, 7)
    answers(weir, "www.example", "192.0.2.3")


@loopback.test("a primary's NOTIFY brings the change; it need not be one who may ask")
def notify(box):
    slow = "3600 3600 7200 60"
    for make in (primaries.Knot, primaries.Nsd):
        primary = make(box, notify="127.0.0.1@5300", timers=slow)
        weir = serve(box, [primary.url], start=False)
        conf = settings(box, [primary.url])
        conf["allow"] = ["127.0.0.1/32"]
        weir.configure(conf)
        weir.start()
        live(weir, 1)
        primary.publish(2, a="192.0.2.2", timers=slow)
        live(weir, 2)
        answers(weir, "www.example", "192.0.2.2")
        need(weir.verb("stats")["counters"]["notifies"] > 0)
        for thing in (weir, primary):
            thing.close()
            box.things.remove(thing)


@loopback.test("NOTIFY of a stranger is not taken, and one of a primary is answered as RFC 1996 has it")
def notify_forms(box):
    weir = serve(box, ["tcp://127.0.0.2:5301"])

    def tell(source, name="example", qtype=SOA):
        wire = struct.pack(">HHHHHH", 77, 0x2400, 1, 0, 0, 0) + loopback.wire_name(name) + struct.pack(">HH", qtype, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((source, 0))
            s.settimeout(loopback.PATIENCE_S)
            s.connect(weir.address)
            s.send(wire)
            reply = s.recv(4096)
        equal(reply[:2], wire[:2])
        return reply
    reply = tell("127.0.0.2")
    equal(reply[2:4], b"\xa4\0")      # QR, opcode NOTIFY, AA, NOERROR
    equal(reply[12:], loopback.wire_name("example") + b"\0\6\0\1")
    for source, name, qtype in (("127.0.0.7", "example", SOA), ("127.0.0.2", "other", SOA), ("127.0.0.2", "example", 1)):
        equal(tell(source, name, qtype)[3] & 15, 4)     # NOTIMP
    equal(weir.verb("stats")["counters"]["notifies"], 1)


@loopback.test("before there is a copy the names are SERVFAIL with a reason, and so they are not asked of anybody else")
def nothing_yet(box):
    up = box.upstream()
    weir = box.weir(start=False)
    conf = settings(box, ["tcp://127.0.0.2:5301"])
    conf["upstream"]["groups"][0]["servers"] = [up.url]
    weir.configure(conf)
    weir.start()
    reply = weir.ask("www.example", edns=True)
    equal((reply.rcode, reply.ede), (2, 14))
    until("it is said", lambda: "the primary cannot be reached" in (zone(weir)["problem"] or ""))
    equal(weir.ask("www.elsewhere").rcode, 0)
    equal(up.names[loopback.wire_name("www.example")[:-1] + b"\0"], 0)
    primary = primaries.Knot(box)
    live(weir, 1)
    answers(weir, "www.example", "192.0.2.1")
    need(primary.is_open())


@loopback.test("a transparent zone without a copy is asked of others, and with one answered from it")
def transparent(box):
    up = box.upstream(answer="198.51.100.9")
    weir = box.weir(start=False)
    conf = settings(box, ["tcp://127.0.0.2:5301"], type="transparent")
    conf["upstream"]["groups"][0]["servers"] = [up.url]
    weir.configure(conf)
    weir.start()
    equal(weir.ask("www.example").addresses, ["198.51.100.9"])
    primaries.Knot(box)
    live(weir, 1)
    answers(weir, "www.example", "192.0.2.1")
    equal(weir.ask("none.example").addresses, ["198.51.100.9"])


@loopback.test("a key that fits: knotd and nsd, signed; a query without it is refused")
def keys(box):
    for make in (primaries.Knot, primaries.Nsd):
        primary = make(box, key="transfer.example")
        weir = serve(box, [primary.url], key="transfer.example")
        live(weir, 1)
        equal(zone(weir)["signed"], True)
        answers(weir, "www.example", "192.0.2.1")
        weir.configure(settings(box, [primary.url]))
        weir.verb("reload")
        primary.publish(2)
        # Changes and the whole: neither is for those who do not sign.
        until("it is refused", lambda: weir.verb("zones_look", name="example.") and zone(weir)["problem"])
        equal(zone(weir)["serial"], 1)
        answers(weir, "www.example", "192.0.2.1")
        weir.close()
        box.things.remove(weir)


@loopback.test("a wrong secret, a key the primary has not, and a file that others may read: nothing is taken, and it is said")
def wrong_keys(box):
    primary = primaries.Knot(box, key="transfer.example")
    weir = serve(box, [primary.url], key="transfer.example", file={"secret": "AAAA" + primaries.SECRET[4:]})
    until("BADSIG", lambda: "BADSIG" in (zone(weir)["problem"] or ""))
    equal(weir.ask("www.example").rcode, 2)
    key_file(weir)
    weir.verb("reload")
    live(weir, 1)
    weir.write(open(weir.config, encoding="utf-8").read().replace("transfer.example", "other.example"))
    weir.verb("reload")
    until("it is said", lambda: "does not know the key" in (zone(weir)["problem"] or ""))
    answers(weir, "www.example", "192.0.2.1")    # the copy stays
    key_file(weir, mode=0o644)
    need("chmod 640" in weir.verb("reload")["text"])
    until("mute", lambda: "key cannot be read" in (zone(weir)["problem"] or ""))


@loopback.test("a clock that is an hour off is told; one that is not set takes the primary's time")
def clocks(box):
    why_not = shim.why_not(PLAIN)
    if why_not:
        print(f"# {why_not}")
        return
    primary = primaries.Knot(box, key="transfer.example")
    for offset, good in ((3600, False), (-int(time.time()) + 1000, True)):
        weir = box.weir(start=False, program=PLAIN)
        os.chmod(weir.folder, 0o777)
        clock = shim.Clock(weir.folder, offset)
        keys = {"keys": [{"name": "transfer.example", "file": key_file(weir)}]}
        weir.configure(settings(box, [primary.url], key="transfer.example", more=keys))
        weir.start(env=dict(os.environ, **clock.environment()))
        equal(weir.verb("status")["wall_proven"], not good)
        if good:
            live(weir, 1)
            answers(weir, "www.example", "192.0.2.1")
        else:
            until("BADTIME", lambda w=weir: "BADTIME" in (zone(w)["problem"] or ""))
            equal(weir.ask("www.example").rcode, 2)
        weir.close()
        box.things.remove(weir)


@loopback.test("the second primary is asked when the first is dead; when both die the copy is answered from")
def dying(box):
    first, second = primaries.Knot(box), primaries.Nsd(box)
    weir = serve(box, [first.url, second.url])
    live(weir, 1)
    first.stop()
    second.publish(5, a="192.0.2.5")
    follow(weir, 5)
    answers(weir, "www.example", "192.0.2.5")
    second.stop()
    weir.verb("zones_look", name="example.")
    until("it is said", lambda: "the primary cannot be reached" in (zone(weir)["problem"] or ""))
    answers(weir, "www.example", "192.0.2.5")


@loopback.test("a transfer that breaks off, changes its serial, or does not stop leaves the copy as it was")
def half(box):
    good = [soa(1), record("example", 2, loopback.wire_name("ns.example")), record("ns.example", 1, b"\x7f\0\0\4"),
            record("www.example", 1, b"\xc0\0\2\1")]
    bad = record("www.example", 1, b"\xc0\0\2\x66")
    plays = {
        "the primary ended the connection in the middle": lambda q: message(q, soa(2), *good[1:3], bad),
        "the zone changed while it was sent": lambda q: message(q, soa(2), *good[1:3], bad, soa(3)),
        "what came is no zone: it wants one SOA record, and NS records": lambda q: message(q, soa(2), bad, soa(2)),
        "records behind the end of the transfer": lambda q: message(q, soa(2), *good[1:], soa(2), bad),
        "what the primary sends is no DNS": lambda q: b"\0\x0c" + q[:2] + b"\x84\0\0\0\0\7\0\0\0\0",
        "a record of the transfer is malformed": lambda q: message(q, soa(2), record("x.example", 1, b"\1\2\3"), soa(2)),
        "the primary answers with an error": lambda q: message(q, flags=0x8403),
    }
    state = {"play": lambda q: message(q, *good, soa(1))}

    def play(query):
        qtype = struct.unpack(">H", query[loopback.skip_name(query, 12):][:2])[0]
        return message(query, soa(2)) if qtype == SOA else state["play"](query)
    liar = primaries.Liar(box, play)
    weir = serve(box, [liar.url])
    live(weir, 1)
    answers(weir, "www.example", "192.0.2.1")
    for problem, spoilt in plays.items():
        state["play"] = spoilt

        def look():
            weir.verb("zones_look", name="example.")
            return zone(weir)["problem"] == problem
        until(problem, look)
        equal(zone(weir)["serial"], 1)
        equal(weir.ask("www.example").addresses, ["192.0.2.1"])
    need(AXFR in liar.asked and SOA in liar.asked, liar.asked)


@loopback.test("a copy is kept: a restart without any primary answers from it; a file that was spoilt is put aside")
def restart(box):
    primary = primaries.Knot(box)
    weir = serve(box, [primary.url], start=False)
    folder = os.path.join(weir.folder, "copies")
    os.mkdir(folder)
    weir.configure(settings(box, [primary.url], folder=folder))
    weir.start()
    live(weir, 1)
    path = os.path.join(folder, "example.copy")
    equal(zone(weir)["file"], path)
    equal(os.stat(path).st_mode & 0o777, 0o600)
    need(abs(os.stat(path).st_mtime - time.time()) < 60)
    primary.stop()
    equal(weir.stop(), 0)
    weir.start()
    equal(weir.ask("www.example").addresses, ["192.0.2.1"])     # at once
    equal(zone(weir)["state"], "live")
    weir.stop()
    with open(path, "a", encoding="ascii") as f:
        f.write("www.example. 60 A 192.0.2")
    weir.start()
    equal(weir.ask("www.example").rcode, 2)
    need(os.path.exists(path + ".bad"))
    need("cannot be used" in weir.log(), weir.log())


@loopback.test("a copy that is older than its expire time is not answered from, also when it was read from the disk")
def expiry(box):
    primary = primaries.Knot(box, timers="5 2 10 60")
    weir = serve(box, [primary.url], start=False)
    weir.configure(settings(box, [primary.url], folder=weir.folder))
    weir.start()
    live(weir, 1)
    primary.stop()
    until("expired", lambda: zone(weir)["state"] == "expired", 30)
    reply = until("SERVFAIL", lambda: (lambda r: r.rcode == 2 and r)(weir.ask("www.example", edns=True)))
    equal(reply.ede, 24)
    need("no primary has confirmed the copy" in weir.log())
    weir.stop()
    weir.start()
    equal(weir.ask("www.example").rcode, 2)
    equal(zone(weir)["state"], "expired")
    primary.start()
    live(weir, 1)       # the same serial: it is taken again
    answers(weir, "www.example", "192.0.2.1")


@loopback.test("an expired copy makes room for a primary that was built anew and begins with an earlier serial")
def anew(box):
    primary = primaries.Knot(box, timers="5 2 10 60")
    primary.publish(70, a="192.0.2.70", timers="5 2 10 60")
    weir = serve(box, [primary.url])
    live(weir, 70)
    primary.close()
    until("expired", lambda: zone(weir)["state"] == "expired", 30)
    primaries.Knot(box, a="192.0.2.7")      # serial 1
    live(weir, 1)
    answers(weir, "www.example", "192.0.2.7")


@loopback.test("the age of a kept copy: by a proven clock it expires; without the time it is used, until the time is known")
def ages(box):
    why_not = shim.why_not(PLAIN)
    if why_not:
        print(f"# {why_not}")
        return
    primary = primaries.Knot(box)
    weir = box.weir(start=False, program=PLAIN)
    os.chmod(weir.folder, 0o777)
    clock = shim.Clock(weir.folder)
    env = dict(os.environ, **clock.environment())
    weir.configure(settings(box, [primary.url], folder=weir.folder))
    weir.start(env=env)
    live(weir, 1)
    primary.stop()
    for offset, state in ((3000, "live"), (4000, "expired"), (-int(time.time()) + 1000, "live")):
        weir.stop()
        clock.set(offset)
        weir.start(env=env)
        equal(zone(weir)["state"], state, offset)
        equal(weir.ask("www.example").rcode, 0 if state == "live" else 2, offset)
    need(not weir.verb("status")["wall_proven"])
    clock.set(4000)     # the time is known, and the copy is older than it may be
    until("it expires", lambda: zone(weir)["state"] == "expired")
    until("SERVFAIL", lambda: weir.ask("www.example").rcode == 2)


@loopback.test("ZONEMD of a copy is checked, and may be demanded")
def digest(box):
    primary = primaries.Knot(box)
    weir = serve(box, [primary.url], zonemd="require")
    until("it is refused", lambda: "ZONEMD" in (zone(weir)["problem"] or ""))
    equal(weir.ask("www.example").rcode, 2)
    need("there is no ZONEMD record" in weir.log(), weir.log())


@loopback.test("zones come and go by a reload, and what stays is not transferred again")
def reload(box):
    primary = primaries.Knot(box)
    weir = box.weir(start=False)
    conf = settings(box, [primary.url])
    zones = conf["local"]["zones"]
    conf["local"]["zones"] = []
    weir.configure(conf)
    weir.start()
    equal(weir.verb("zones"), [])
    conf["local"]["zones"] = zones
    weir.configure(conf)
    weir.verb("reload")
    live(weir, 1)
    answers(weir, "www.example", "192.0.2.1")
    for _ in range(3):
        weir.verb("reload")
        equal(weir.ask("www.example").addresses, ["192.0.2.1"])
    equal(zone(weir)["transfers"], 1)
    conf["local"]["zones"] = []
    weir.configure(conf)
    weir.verb("reload")
    until("gone", lambda: weir.verb("zones") == [])


@loopback.test("weir ends while a transfer hangs")
def hanging(box):
    silent = socket.socket()
    silent.bind(("127.0.0.4", 5304))
    silent.listen(1)
    weir = serve(box, ["tcp://127.0.0.4:5304"])
    until("it asks", lambda: zone(weir)["doing"] == "transferring")
    equal(weir.stop(signal.SIGTERM), 0)
    silent.close()


for server in ("knotd", "nsd"):
    if not primaries.spaces.have(server):
        print(f"{server} is missing: tools/peers.sh fetches it")
        sys.exit(loopback.SKIPPED)
loopback.main()
