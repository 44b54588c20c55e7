#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Upstreams: fail-over, routes, transports, bad lines, and servers that lie (lab/liar.py)."""

import time

import e2e
from e2e import equal, need
from lab import clients, gateway, world

LIAR = "udp://" + world.INTERNET["relay"][0]


def group(*servers, **more):
    return {"groups": [{"name": "isp", "servers": list(servers), **more}]}


def load_names(word, count):
    return [f"{word}{i}.load.cloud.example" for i in range(count)]


def only_liar(lab):
    """Nothing that the liar says is signed: here it is about what is believed without."""
    return lab.start_gateway({"upstream": group(LIAR), "dnssec": {"validate": False}})


@e2e.test("TCP and IPv6 upstreams are asked as configured")
def transports(lab):
    isp4, isp6 = world.INTERNET["isp"]
    for url, address, protocol in ((f"tcp://{isp4}", isp4, "tcp"), (f"udp://[{isp6}]", isp6, "udp"),
                                   (f"tcp://[{isp6}]:53", isp6, "tcp")):
        lab.start_gateway({"upstream": group(url)})
        with lab.capture() as wire:
            reply = lab.kdig("camera", "hour.cloud.example")
        equal(reply.rcode, "NOERROR", f"{url}: {reply}")
        equal({(m.target, m.protocol) for m in wire.queries()}, {(address, protocol)}, url)


@e2e.test("a route sends a zone to its own group")
def routes(lab):
    isp, public = world.INTERNET["isp"][0], world.INTERNET["public"][0]
    lab.start_gateway({"upstream": {
        "groups": [{"name": "isp", "servers": [f"udp://{isp}"]},
                   {"name": "corp", "servers": [f"udp://{public}"]}],
        "routes": [{"zone": "cloud.example", "group": "corp"}]}})
    with lab.capture() as wire:
        equal(lab.kdig("camera", "hour.cloud.example").rcode, "NOERROR")
        equal(lab.kdig("camera", "api.camera.example").rcode, "NOERROR")
    asked = {(m.name, m.target) for m in wire.queries() if m.name.count(".") > 2}  # of the zones above only keys and DS
    equal(asked, {("hour.cloud.example.", public), ("api.camera.example.", isp)})


@e2e.test("one of two upstreams falls silent: at most 1 % of the answers take over 300 ms")
def one_down(lab):
    lab.start_gateway()
    lab.kdig_many("camera", load_names("warm", 30))
    lab.cut("isp")
    replies = lab.kdig_many("camera", load_names("cut", 300))
    need(all(r.rcode == "NOERROR" for r in replies), "not all answered")
    slow = [r.seconds for r in replies if r.seconds > 0.3]
    need(len(slow) <= 3, f"{len(slow)} of 300 slow, worst {max(slow or [0])}")


@e2e.test("the link goes down and comes back: the first query 2 s later is answered")
def link(lab):
    lab.start_gateway()
    lab.kdig("camera", "api.camera.example")
    lab.unplug()
    try:
        reply = lab.kdig("camera", "down.load.cloud.example")
        equal(reply.rcode, "SERVFAIL", reply)
        need({22, 23} & set(reply.ede), f"no EDE that says why: {reply}")
    finally:
        lab.replug()
    time.sleep(2.0)
    reply = lab.kdig("camera", "up.load.cloud.example")
    equal(reply.rcode, "NOERROR", reply)
    need(reply.seconds < 0.3, reply)


@e2e.test("a fifth of all packets is lost, both ways: 99 % of new names still resolve at once")
def loss(lab):
    isp = lab.nodes["isp"]
    lab.start_gateway({"upstream": group("udp://" + world.INTERNET["isp"][0])})
    isp.lose("in", 20, "udp dport 53 ip saddr " + world.WAN[0])
    isp.lose("out", 20, "udp sport 53 ip daddr " + world.WAN[0], hook="output")
    try:
        replies = lab.kdig_all(load_names("lossy", 200))
    finally:
        isp.undrop("in")
        isp.undrop("out")
    bad = [str(r) for r in replies if r.rcode != "NOERROR"]
    need(len(bad) <= 2, f"{len(bad)} of 200 failed, e.g. {bad[:2]}")


@e2e.test("a line with 80 ms delay, jitter that reorders, and duplicates")
def bad_line(lab):
    line = lab.bad_line(delay_ms=40, jitter_ms=30, duplicate=20, seed=7)
    try:
        lab.start_gateway({"upstream": group("udp://" + world.INTERNET["relay"][0])})
        load = clients.Load(lab.nodes["camera"], lab.server_for("camera"),
                            load_names("bad", 400), 100).run(4.0, tail=3.0)
    finally:
        line.terminate()
        line.wait()
    equal((load.answered, load.rcodes), (load.sent, {0: load.sent}))


@e2e.test("a slow line (800 ms) that was cut: the first query 2 s after its return is answered")
def slow_line_returns(lab):
    line = lab.bad_line(delay_ms=400, seed=5)
    try:
        lab.start_gateway({"upstream": group("udp://" + world.INTERNET["relay"][0])})
        equal(lab.kdig("phone", "slow.load.cloud.example").rcode, "NOERROR")
        lab.cut("relay")
        lab.kdig_many("phone", load_names("slowcut", 6))
        lab.restore("relay")
        time.sleep(2.0)
        for reply in lab.kdig_many("phone", load_names("slowback", 3)):
            equal(reply.rcode, "NOERROR", reply)
    finally:
        line.terminate()
        line.wait()


@e2e.test("ports, ids and letter case cannot be foreseen")
def unpredictable(lab):
    lab.start_gateway({"upstream": group("udp://" + world.INTERNET["isp"][0])})
    with lab.capture() as wire:
        lab.kdig_many("camera", load_names("guess", 300))
    sent = [m for m in wire.queries() if m.protocol == "udp"]
    ports = {m.source_port for m in sent}
    ids = {m.wire[:2] for m in sent}
    need(len(ports) >= 0.95 * len(sent), f"{len(ports)} ports for {len(sent)} queries")
    need(len(ids) >= 0.95 * len(sent), f"{len(ids)} ids for {len(sent)} queries")
    mixed = [m for m in sent if b"example" not in m.wire]
    need(len(mixed) >= 0.9 * len(sent), f"{len(mixed)} of {len(sent)} in mixed case")
    sizes = {m.dns.payload for m in sent}
    equal(sizes, {1232}, "EDNS size")


@e2e.test("one question is out once, however many devices ask it")
def coalesced(lab):
    line = lab.bad_line(delay_ms=150, seed=3)
    try:
        lab.start_gateway({"upstream": group("udp://" + world.INTERNET["relay"][0])})
        lab.kdig("camera", "hour.cloud.example")
        with lab.capture() as wire:
            socks = [clients.udp_socket(lab.nodes[d], lab.server_for(d))
                     for d in ("camera", "lock", "phone", "laptop") for _ in range(5)]
            for i, sock in enumerate(socks):
                sock.send(clients.question("once.load.cloud.example", ident=i))
            for sock in socks:
                sock.settimeout(3.0)
                equal(sock.recv(4096)[7], 1, "answers")
                sock.close()
    finally:
        line.terminate()
        line.wait()
    asked = [m for m in wire.queries() if m.name == "once.load.cloud.example."]
    need(len(asked) <= 2, f"{len(asked)} queries for one question")


# What a liar may make of weir: the first label says how it lies.
TRUE = ["right", "truncated", "wrongid", "forged", "noedns", "case"]
FALSE = ["servfail", "refused", "formerr", "notimp", "garbage", "tcforever", "silent", "halftcp", "loop"]


@e2e.test("an upstream that can be understood is: wrong ids, TC, no EDNS, forged replies first")
def understood(lab):
    only_liar(lab)
    with lab.liar() as liar:
        for how in TRUE:
            reply = lab.kdig("camera", f"{how}.a.example", timeout=8)
            need(reply.data("A") == ["198.51.100.200"], f"{how}: {reply}; asked {liar.asked[-6:]}")


@e2e.test("an upstream that cannot be understood: SERVFAIL in time, with few questions, no growth")
def not_understood(lab):
    only_liar(lab)
    with lab.liar() as liar:
        for how in FALSE:
            reply = lab.kdig("camera", f"{how}.b.example", timeout=8)
            asked = [protocol for protocol, name in liar.asked if name == f"{how}.b.example."]
            if how == "loop":
                need(reply.rcode in ("SERVFAIL", "NOERROR") and not reply.data("A"), f"{how}: {reply}")
            else:
                equal(reply.rcode, "SERVFAIL", f"{how}: {reply}")
            need(reply.seconds < 5.5, f"{how}: {reply}")
            need(len(asked) <= 16, f"{how}: {len(asked)} questions: {asked}")
        reply = lab.kdig("camera", "right.b.example")
        equal(reply.rcode, "NOERROR", f"afterwards: {reply}")


@e2e.test("a reply from another port is not believed")
def other_port(lab):
    only_liar(lab)
    with lab.liar() as liar:
        reply = lab.kdig("camera", "wrongport.c.example", timeout=8)
        # The truth may come over TCP, which the liar speaks as well; never from the datagram.
        over_tcp = any(protocol == "tcp" for protocol, _ in liar.asked)
        need(reply.rcode == "SERVFAIL" or over_tcp, f"{reply}; {liar.asked}")


@e2e.test("the answer to another question is not believed")
def other_name(lab):
    only_liar(lab)
    with lab.liar():
        reply = lab.kdig("camera", "wrongname.d.example", timeout=8)
        need(not reply.answer, reply)
        reply = lab.kdig("camera", "other.example")
        equal(reply.data("A"), ["198.51.100.200"], reply)


@e2e.test("records about other names are dropped, neither passed on nor cached")
def scrubbed(lab):
    only_liar(lab)
    with lab.liar() as liar:
        reply = lab.kdig("camera", "stranger.e.example")
        equal(reply.data("A"), ["198.51.100.200"], reply.text)
        equal([r.name for r in reply.answer + reply.additional], ["stranger.e.example."])
        reply = lab.kdig("camera", "victim.example")
        equal(reply.data("A"), ["198.51.100.200"], reply)
        need(("udp", "victim.example.") in liar.asked, liar.asked)


@e2e.test("client subnet is not passed on")
def no_client_subnet(lab):
    lab.start_gateway()
    with lab.capture() as wire:
        reply = lab.kdig("camera", "subnet.load.cloud.example", "+subnet=192.168.7.0/24")
    equal(reply.rcode, "NOERROR", reply)
    codes = [int(option.otype) for m in wire.queries() for option in m.dns.options]
    need(8 not in codes, f"options sent upstream: {codes}")


@e2e.test("a forwarding loop between two gateways ends by itself, quickly and with few messages")
def forwarding_loop(lab):
    lab.start_gateway({"allow": ["0.0.0.0/0"], "upstream": group(LIAR)})
    first = lab.weir
    relay = world.INTERNET["relay"][0]
    text = gateway.to_yaml({"user": "", "listen": [relay], "allow": ["0.0.0.0/0"],
                            "upstream": group("udp://" + world.WAN[0]), "control": {"socket": ""}})
    path = gateway.write(gateway.HOME + "/second.yaml", text)
    second = lab.nodes["relay"].start([gateway.binary(), "serve", "-c", path],
                                      log=gateway.log_of("weir-second"))
    try:
        time.sleep(0.5)
        with lab.capture() as wire:
            reply = lab.kdig("camera", "round.load.cloud.example", timeout=8)
        equal(reply.rcode, "SERVFAIL", reply)
        queries = [m for m in wire.queries() if m.name == "round.load.cloud.example."]
        # Each of the two sends a question eight times, and once more a second while it lasts.
        need(len(queries) <= 30, f"{len(queries)} queries went round")
        need(first.alive() and second.poll() is None, "one of them ended")
    finally:
        second.terminate()
        second.wait()


e2e.main()
