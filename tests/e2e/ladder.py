#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The ladder: what time it is, found out by asking time servers, on machines whose clock says 1970 or something else."""

import base64
import contextlib
import os
import time

import e2e
from e2e import equal, need, until
from spaces import RUN, have
import shim
import gateway
from gateway import RECURSION, merge
import roughserver
from timeserver import TimeServer, start_chronyd

NAME, ADDRESS = "api.camera.example", ["198.51.100.31"]
IN_1970 = 1000 - int(time.time())
DAYS = 86400
PATIENCE = 40  # rounds, retries and questions on a busy machine

# Each in a network of its own, on machines that do something else.
SERVERS = {"outsider": "192.0.3.1", "relay": "192.0.4.1", "public": "2001:db8:a1::1", "cloud": "192.0.5.1"}


def log_since_start(lab):
    with open(lab.weir.log, errors="replace") as file:
        return file.read().rpartition("stopped")[2]


def clock_of(lab):
    return lab.weir.verb("status")["clock"]


def state_of(lab):
    return clock_of(lab)["state"]


def states_of(lab):
    return [server["state"] for server in clock_of(lab)["servers"]]


def ask(lab, name=NAME):
    return lab.kdig("camera", name, "A", "+dnssec")


def start(lab, offset, words, **kept):
    """weir with a clock that is `offset` seconds off; the clock."""
    os.makedirs(f"{RUN}/clock", exist_ok=True)
    with e2e.unsanitized():  # a sanitizer wants to be loaded before the clock
        why_not = shim.why_not(gateway.binary())
        if why_not:
            raise e2e.Skip(why_not)
        clock = shim.Clock(f"{RUN}/clock", offset)
        lab.start_gateway(merge(RECURSION, {"time": words}), clock.environment(**kept))
    return clock


@contextlib.contextmanager
def servers(lab, *ahead):
    """Mocks that are so many seconds ahead, as many as are given."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(TimeServer(lab.nodes[node], address, seconds))
               for (node, address), seconds in zip(SERVERS.items(), ahead)]


ADDRESSES = list(SERVERS.values())


@e2e.test("auto, 1970: three servers agree, the time is proven, answers have AD; the system's clock stays")
def agreement(lab):
    with servers(lab, 0, 1, 0) as mocks:
        start(lab, IN_1970, {"servers": ADDRESSES[:3]})
        until(lambda: state_of(lab) == "proven", PATIENCE)
        clock = clock_of(lab)
        equal((clock["trust"], clock["source"]), ("auto", "agreement of 3 time servers"), clock)
        need(abs(clock["system_behind_s"] + IN_1970) < 60, clock)
        need(abs(lab.weir.verb("status")["time"] - time.time()) < 60)
        equal(states_of(lab), ["agrees"] * 3, clock)
        reply = ask(lab)
        equal((reply.rcode, reply.data("A")), ("NOERROR", ADDRESS), reply)
        need("ad" in reply.flags and not reply.ede, reply.text)
        equal(ask(lab, "www.early.example").ede, [8])
        equal(ask(lab, "www.expired.example").ede, [7])
        for mock in mocks:                      # nothing of this machine is told, and each question is another
            need(all(r[:40] == b"\x23" + bytes(39) and len(r) == 48 for r in mock.requests), mock.requests)
        equal(len({r[40:] for mock in mocks for r in mock.requests}), sum(mock.asked for mock in mocks))


@e2e.test("auto, 1970, refuse: the servers' names are found before the time is known, and given to clients")
def names(lab):
    with contextlib.ExitStack() as stack:
        for i in range(121, 125):
            stack.enter_context(TimeServer(lab.nodes["outsider"], f"198.51.100.{i}", ahead=0))
        start(lab, IN_1970, {"servers": ["0.pool.ntp.example", "ghost.ntp.example"], "unproven": "refuse"})
        # One name is one source, however many addresses it has. (An address of it may be IPv6, where nobody is.)
        until(lambda: state_of(lab) == "plausible", PATIENCE)
        clock = clock_of(lab)
        equal(clock["source"], "time server 0.pool.ntp.example. alone", clock)
        equal(clock["servers"][1]["state"], "has no address", clock)
        reply = ask(lab)
        need("ad" in reply.flags, reply.text)
    start(lab, IN_1970, {"servers": ["0.pool.ntp.example"], "unproven": "refuse"})
    equal(ask(lab).rcode, "SERVFAIL")
    reply = ask(lab, "0.pool.ntp.example")      # nobody answers the time, but its name is to be had
    equal((reply.rcode, len(reply.data("A"))), ("NOERROR", 4), reply)
    need("ad" not in reply.flags, reply.text)
    equal(state_of(lab), "unproven")


@e2e.test("auto, 1970: a liar among four is told and not believed; so is one below the floor")
def liar(lab):
    for ahead, told in ((400 * DAYS, "contradicts the others"), (IN_1970, "is below the floor")):
        with servers(lab, ahead, 0, 0, 0):
            start(lab, IN_1970, {"servers": ADDRESSES})
            until(lambda: state_of(lab) == "proven", PATIENCE)
            clock = clock_of(lab)
            equal(clock["source"], "agreement of 3 time servers", clock)
            equal(states_of(lab)[1:], ["agrees"] * 3, clock)
            need(f"time server {ADDRESSES[0]}:123 {told} and is not believed" in log_since_start(lab),
                 log_since_start(lab))
            need(abs(lab.weir.verb("status")["time"] - time.time()) < 60)


@e2e.test("auto, 1970: servers below the floor alone, or two that contradict each other, prove nothing")
def nothing(lab):
    with servers(lab, IN_1970, IN_1970 + 5, IN_1970) as mocks:
        start(lab, IN_1970, {"servers": ADDRESSES[:3]})
        until(lambda: states_of(lab) == ["below the floor"] * 3, PATIENCE)
        equal(state_of(lab), "unproven")
        need("ad" not in ask(lab).flags, "AD")
        need(all(mock.asked > 0 for mock in mocks))
    with servers(lab, 0, 30 * DAYS):
        start(lab, IN_1970, {"servers": ADDRESSES[:2], "agree": 2})
        until(lambda: states_of(lab) == ["contradicts the others"] * 2, PATIENCE)
        equal((state_of(lab), clock_of(lab)["source"]), ("unproven", "nobody"))


@e2e.test("auto, plausible and wrong, then proven: what was judged by the wrong time is forgotten and judged again")
def corrected(lab):
    with servers(lab, 300 * DAYS, 0, 0) as mocks:
        for mock in mocks[1:]:
            mock.kiss = "INIT"                  # they do not know the time yet
        start(lab, IN_1970, {"servers": ADDRESSES[:3], "agree": 2})
        until(lambda: state_of(lab) == "plausible", PATIENCE)
        equal(ask(lab).ede, [7])                # expired, by that clock
        for mock in mocks[1:]:
            mock.kiss = None
        until(lambda: state_of(lab) == "proven", PATIENCE)
        need("is forgotten" in log_since_start(lab), log_since_start(lab))
        until(lambda: "ad" in ask(lab).flags, PATIENCE)


@e2e.test("ladder: a clock that is past the floor and months off is not believed, whatever the kernel says of it")
def always(lab):
    for kept in (True, False):
        with servers(lab, 0, 0, 0):
            start(lab, 100 * DAYS, {"trust": "ladder", "servers": ADDRESSES[:3]}, unsynchronised=not kept)
            until(lambda: state_of(lab) == "proven", PATIENCE)
            equal(clock_of(lab)["trust"], "ladder")
            need("ad" in ask(lab).flags, "no AD")
            need("the kernel says" not in log_since_start(lab), log_since_start(lab))
    start(lab, 0, {"trust": "ladder", "servers": ADDRESSES[:3]})
    equal(state_of(lab), "unproven")            # nobody answers, and the clock alone is not enough
    need("ad" not in ask(lab).flags, "AD")


@e2e.test("ladder, the machine's own clock, with whatever sanitizer there is")
def own_clock(lab):
    with servers(lab, 0, 30 * DAYS, 0, 0):
        lab.start_gateway(merge(RECURSION, {"time": {"trust": "ladder", "servers": ADDRESSES + ["0.pool.ntp.example"]}}))
        until(lambda: state_of(lab) == "proven", PATIENCE)
        need("ad" in ask(lab).flags, "no AD")
        lab.weir.configure(merge(RECURSION, {"time": {"trust": "ladder", "servers": ADDRESSES[:2]}}))
        lab.weir.reload()
        until(lambda: len(states_of(lab)) == 2, PATIENCE)
        equal(state_of(lab), "proven")          # others are asked, and know no better
        lab.weir.configure(merge(RECURSION, {"time": {"trust": "system"}}))
        lab.weir.reload()
        until(lambda: state_of(lab) == "system", PATIENCE)
        need("ad" in ask(lab).flags, "no AD")


@e2e.test("auto, a clock past the floor: nobody is asked, kept right or not")
def quiet(lab):
    with servers(lab, 0, 0, 0) as mocks:
        for kept in (True, False):
            start(lab, 0, {"servers": ADDRESSES[:3]}, unsynchronised=not kept)
            need("ad" in ask(lab).flags, "no AD")
            equal((state_of(lab), clock_of(lab)["source"]), ("plausible", "the system's clock"))
            equal("the kernel says that nothing keeps its clock right" in log_since_start(lab), not kept)
        equal([mock.asked for mock in mocks], [0, 0, 0])


@e2e.test("auto, a clock past the release but months old: the root's signatures move the floor, then the ladder")
def floor(lab):
    release = 1767225600
    start(lab, release + DAYS - int(time.time()), {"servers": ADDRESSES[:3]})
    equal(state_of(lab), "plausible")
    ask(lab)
    until(lambda: state_of(lab) == "unproven", PATIENCE)
    clock = clock_of(lab)
    equal(clock["floor_from"], "the root's signatures", clock)
    need("is forgotten" in log_since_start(lab), log_since_start(lab))
    need(time.time() - 90 * DAYS < clock["floor"] <= time.time(), clock)
    until(lambda: ask(lab).rcode == "NOERROR", PATIENCE)
    need("ad" not in ask(lab).flags, "AD")
    with servers(lab, 0, 0, 0):
        until(lambda: state_of(lab) == "proven", 120)   # the pauses between rounds have grown
        until(lambda: "ad" in ask(lab).flags, PATIENCE)


@e2e.test("a proven time is written down, and is the floor of the next start")
def remembered(lab):
    folder = f"{RUN}/time-state"
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o700)
    words = {"servers": ADDRESSES[:3], "state": f"{folder}/time"}
    with servers(lab, 0, 0, 0):
        start(lab, IN_1970, words)
        until(lambda: state_of(lab) == "proven", PATIENCE)
        ask(lab)                                # brings the root's keys, which say that it can be right
        until(lambda: os.path.exists(f"{folder}/time"), PATIENCE)
    with open(f"{folder}/time") as file:
        magic, version, seconds = file.read().split()
    equal((magic, version), ("weir-time", "1"))
    need(abs(int(seconds) - time.time()) < 120, seconds)
    start(lab, -30 * DAYS, words)               # past the release, but that time has passed
    clock = clock_of(lab)
    equal((clock["state"], clock["floor_from"], clock["floor"]), ("unproven", "the last proven time", int(seconds)), clock)
    start(lab, 0, words)
    equal(state_of(lab), "plausible")


# --- Roughtime: by a server of our own (tests/e2e/roughserver.py), for Debian has none.

@contextlib.contextmanager
def rough_servers(lab, *ahead, seed=b"lab", **words):
    """As servers(); each with a key of its own."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(roughserver.RoughServer(lab.nodes[node], address, roughserver.Keys(seed + node.encode()),
                                                           seconds, **words))
               for (node, address), seconds in zip(SERVERS.items(), ahead)]


def written(mocks):
    """As time.roughtime has them; the port is the usual one."""
    return [f"{address} {mock.keys.text}" for address, mock in zip(ADDRESSES, mocks)]


@e2e.test("auto, 1970: one Roughtime server whose key is configured proves the time")
def rough(lab):
    with rough_servers(lab, 0, batch=5) as mocks:       # answered together with four others' questions
        start(lab, IN_1970, {"servers": [], "roughtime": written(mocks)})
        until(lambda: state_of(lab) == "proven", PATIENCE)
        clock = clock_of(lab)
        equal(clock["source"], f"Roughtime server {ADDRESSES[0]}:2002", clock)
        equal([(s["protocol"], s["state"]) for s in clock["servers"]], [("roughtime", "agrees")], clock)
        equal(clock["malfeasance"], None)
        need(abs(lab.weir.verb("status")["time"] - time.time()) < 60)
        need("ad" in ask(lab).flags, "no AD")
        equal(ask(lab, "www.expired.example").ede, [7])
        need(all(len(request) == 1036 for request in mocks[0].requests), "the question is shorter than the reply may be")
        need(f"the time is proven, by Roughtime server {ADDRESSES[0]}:2002" in log_since_start(lab), log_since_start(lab))


@e2e.test("auto, 1970: what is not signed by the key, for this question, now, proves nothing")
def rough_lies(lab):
    for lie in ("key", "online", "nonce", "replay", "path", "midpoint"):    # more of them: tests/unit/transport/roughtime.txt
        with rough_servers(lab, 0) as mocks:
            if lie == "replay":                         # the reply to another's question
                start(lab, IN_1970, {"servers": [], "roughtime": written(mocks)})
                until(lambda: mocks[0].replies, PATIENCE)
            mocks[0].lie = lie
            start(lab, IN_1970, {"servers": [], "roughtime": written(mocks)})
            until(lambda: states_of(lab) in (["silent"], ["is not signed by its key"]), PATIENCE)
            equal((lie, state_of(lab), clock_of(lab)["source"]), (lie, "unproven", "nobody"))
            need(mocks[0].asked >= 2, (lie, "it was not asked again"))
            need("ad" not in ask(lab).flags, lie)
            if lie == "midpoint":                       # the last: the truth is still heard
                mocks[0].lie = None
                until(lambda: state_of(lab) == "proven", PATIENCE)


@e2e.test("auto, 1970: NTP is plausible beside Roughtime, and yields to it")
def rough_and_ntp(lab):
    wrong = 9 * DAYS
    with servers(lab, wrong, wrong, wrong), rough_servers(lab, 0) as mocks:
        mocks[0].lie = "key"                            # somebody keeps the true replies back
        start(lab, IN_1970, {"servers": ADDRESSES[:3], "roughtime": written(mocks)})
        until(lambda: state_of(lab) == "plausible", PATIENCE)
        equal(clock_of(lab)["source"], "agreement of 3 time servers")
        mocks[0].lie = None
        until(lambda: state_of(lab) == "proven", PATIENCE)
        equal(clock_of(lab)["source"], f"Roughtime server {ADDRESSES[0]}:2002")
        equal(states_of(lab)[:3], ["contradicts the others"] * 3)
        need("is forgotten" in log_since_start(lab), log_since_start(lab))
        need(abs(lab.weir.verb("status")["time"] - time.time()) < 60)


@e2e.test("auto, 1970: of three Roughtime servers one signs a lie; two prove the time, and it is convicted")
def rough_liar(lab):
    with rough_servers(lab, 300, 0, 0) as mocks:
        start(lab, IN_1970, {"servers": [], "roughtime": written(mocks)})
        until(lambda: state_of(lab) == "proven", PATIENCE)
        clock = clock_of(lab)
        equal((clock["source"], states_of(lab)), ("agreement of 2 Roughtime servers", ["contradicts the others", "agrees", "agrees"]))
        need(f"Roughtime server {ADDRESSES[0]}:2002 or [{ADDRESSES[2]}]:2002 has signed a lie" in log_since_start(lab),
             log_since_start(lab))
        check_proof(clock["malfeasance"]["responses"], [mock.keys.public for mock in mocks])
        need(abs(lab.weir.verb("status")["time"] - time.time()) < 60)


def check_proof(links, keys):
    """As a judge would: each was asked with a hash of the reply before it, and the first is later than the last."""
    links = [{name: base64.b64decode(value) for name, value in link.items()} for link in links]
    times = []
    for before, link in zip([None, *links], links):
        need(link["publicKey"] in keys, "an unknown key")
        nonce = roughserver.read(link["request"][12:])[b"NONC"]
        if before:
            equal(nonce, roughserver.digest(before["response"], link["rand"]))
        values = roughserver.read(link["response"][12:])
        signed = roughserver.read(values[b"SREP"])
        equal(signed[b"ROOT"], roughserver.tree([link["request"]], 0)[0])
        roughserver.verify(link["publicKey"], values)
        times.append([int.from_bytes(signed[tag], "little") for tag in (b"MIDP", b"RADI")])
    need(times[0][0] - times[0][1] > times[-1][0] + times[-1][1], times)


@e2e.test("auto, 1970, refuse: a Roughtime server's name is found before the time is known; its certificate may be over")
def rough_name(lab):
    now = int(time.time())
    with rough_servers(lab, 0) as mocks:
        mocks[0].keys = roughserver.Keys(b"over", now - 9 * DAYS, now - DAYS)
        start(lab, IN_1970, {"servers": [], "roughtime": written(mocks)})
        until(lambda: states_of(lab) == ["is not signed by its key"], PATIENCE)
        equal(state_of(lab), "unproven")
    with contextlib.ExitStack() as stack:
        keys = roughserver.Keys(b"named")
        for i in range(121, 125):
            stack.enter_context(roughserver.RoughServer(lab.nodes["outsider"], f"198.51.100.{i}", keys))
        start(lab, IN_1970, {"servers": [], "roughtime": [f"0.pool.ntp.example {keys.text}"], "unproven": "refuse"})
        until(lambda: state_of(lab) == "proven", PATIENCE)
        equal(clock_of(lab)["source"], "Roughtime server 0.pool.ntp.example.")
        need("ad" in ask(lab).flags, "no AD")


@e2e.test("all servers lie by four years: believed, but neither the floor nor the file goes where the root's signatures do not")
def forged(lab):
    folder = f"{RUN}/time-forged"
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o700)
    words = {"trust": "ladder", "servers": ADDRESSES[:3], "state": f"{folder}/time"}
    with servers(lab, *[4 * 365 * DAYS] * 3) as mocks:
        for mock in mocks:
            mock.kiss = "INIT"                  # nobody is heard before the root's keys were seen against the floor
        start(lab, 0, words)
        ask(lab)
        need(until(lambda: clock_of(lab)["floor_from"] == "the root's signatures", PATIENCE), clock_of(lab))
        equal(state_of(lab), "unproven")
        for mock in mocks:
            mock.kiss = None
        need(until(lambda: state_of(lab) == "proven", 120), clock_of(lab))
        clock = clock_of(lab)                   # it was moved, or not, when that was believed
        equal(clock["floor_from"], "the root's signatures", clock)
        need(clock["floor"] <= time.time() + 60, clock)
        lab.weir.stop()                         # what is to be written is written by then
        need(not os.path.exists(f"{folder}/time"), "a time that nothing signed reaches was written down")
    with servers(lab, 0, 0, 0):
        start(lab, 0, words)
        need(until(lambda: state_of(lab) == "proven", PATIENCE), clock_of(lab))
        need(until(lambda: "ad" in ask(lab).flags, PATIENCE), "no AD")


@e2e.test("three real servers (chronyd) agree")
def real(lab):
    if not have("chronyd"):
        raise e2e.Skip("no chronyd: run tools/peers.sh")
    where = {"outsider": "192.0.6.1", "relay": "192.0.7.1", "public": "2001:db8:a2::1"}
    for node, address in where.items():
        start_chronyd(lab.nodes[node], address)
    start(lab, IN_1970, {"servers": list(where.values())})
    until(lambda: state_of(lab) == "proven", PATIENCE)
    equal(clock_of(lab)["source"], "agreement of 3 time servers")
    need("ad" in ask(lab).flags, "no AD")


e2e.main()
