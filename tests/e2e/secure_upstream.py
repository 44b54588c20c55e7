#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Encrypted upstreams: real servers of DNS over TLS, what they must prove, and each way in which they do not.

The servers stand on the relay, in front of the lab's resolver; weir has them alone. The clock of the lab is proven to nobody, so the
tests say `time: {trust: system}`."""

import time

import e2e
from e2e import equal, need
from lab import certs, impostor, secure, world
from story import until

RELAY4, RELAY6 = world.INTERNET["relay"]
NAME = "api.camera.example"
ADDRESS = ["198.51.100.31"]


def config(servers, ca=None, **words):
    upstream = {"groups": [{"name": "relay", "servers": servers}], "default": "relay"}
    if ca:
        upstream["ca_file"] = ca.path
    return {"workers": 1, "upstream": upstream, "time": {"trust": "system"}, "dnssec": {"validate": False}, **words}


def state(lab, index=0):
    return lab.weir.verb("upstreams")["upstreams"][index]


def flush(lab):
    equal(lab.weir.run_verb("cache", "flush", ".").returncode, 0)


def told(lab):
    """Lines of the log, of all weirs until now, that say that a server did not prove itself."""
    return lab.weir.log_tail(100000).count("did not prove") if lab.weir else 0


def resolves(lab, **words):
    reply = lab.kdig("camera", NAME, timeout=4, **words)
    return reply.data("A") == ADDRESS


@e2e.test("kresd, unbound, knotd and dnsdist are asked over TLS, proven by name; nothing readable leaves; the connection is kept and resumed")
def real_servers(lab):
    ca = secure.authority()
    identity = ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])
    for kind in ("kresd", "unbound", "knotd", "dnsdist"):
        with secure.Upstream(lab, kind, identity) as server:
            lab.start_gateway(config([f"tls://{RELAY4}#name={secure.HOST}"], ca))
            with lab.capture() as wire:
                need(resolves(lab), f"{kind}: {lab.weir.log_tail()}")
                for i in range(5):
                    lab.kdig("camera", f"n{i}.camera.example", timeout=4)
            equal(wire.readable(NAME), [], kind)
            seen = state(lab)
            equal((seen["transport"], seen["version"], seen["handshakes"]), ("tls", "TLS1.3", 1), kind)
            need("pkix" in seen["verified_by"] and seen["srtt_ms"] > 0, f"{kind}: {seen}")
            equal(seen["connection_failures"], 0, f"{kind}: {seen}")
            server.stop()
            server.start()  # the connection is gone, and so may be the key of its tickets
            flush(lab)
            need(until(lambda: resolves(lab), 5), f"{kind} after its restart: {lab.weir.log_tail()}")


@e2e.test("kresd, unbound and dnsdist are asked over HTTPS, forty questions on one connection of HTTP/2; a path that is not there has its words")
def over_https(lab):
    ca = secure.authority()
    identity = ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])
    for kind in ("kresd", "unbound", "dnsdist"):
        with secure.Upstream(lab, kind, identity):
            lab.start_gateway(config([f"https://{RELAY4}/dns-query#name={secure.HOST}"], ca))
            with lab.capture() as wire:
                need(resolves(lab), f"{kind}: {lab.weir.log_tail()}")
                replies = lab.kdig_many("camera", [f"n{i}.camera.example" for i in range(40)])
            equal({reply.rcode for reply in replies}, {"NXDOMAIN"}, kind)
            equal(wire.readable(NAME), [], kind)
            seen = state(lab)
            equal((seen["transport"], seen["version"], seen["protocol"]), ("https", "TLS1.3", "h2"), kind)
            equal((seen["connection_failures"], seen["handshakes"]), (0, 1), f"{kind}: {seen}")
    with secure.Upstream(lab, "unbound", identity):
        lab.start_gateway(config([f"https://{RELAY4}/elsewhere#name={secure.HOST}"], ca))
        equal(lab.kdig("camera", NAME, timeout=6).rcode, "SERVFAIL")
        need("no DNS" in state(lab)["last_failure"], state(lab))


@e2e.test("knotd is asked over QUIC: more names than it answers on one connection, each answered; the next connection is resumed; nothing readable leaves")
def over_quic(lab):
    ca = secure.authority()
    with secure.Upstream(lab, "knotd", ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])):
        lab.start_gateway(config([f"quic://{RELAY4}#name={secure.HOST}"], ca, limits={"rrl_rate": 0}))
        with lab.capture() as wire:
            need(resolves(lab), lab.weir.log_tail())
        equal(wire.readable(NAME), [])
        seen = state(lab)
        equal((seen["transport"], seen["version"], seen["protocol"], seen["handshakes"]), ("quic", "TLS1.3", "doq", 1), seen)
        need("pkix" in seen["verified_by"], seen)
        for first in range(0, 1120, 40):
            replies = lab.kdig_many("camera", [f"n{i}.camera.example" for i in range(first, first + 40)])
            lost = [f"n{first + i}: {reply.rcode}" for i, reply in enumerate(replies) if reply.rcode != "NXDOMAIN"]
            equal(lost, [], state(lab))
        seen = state(lab)
        equal(seen["connection_failures"], 0, seen)
        need(seen["handshakes"] >= 2 and seen["resumptions"] >= 1, seen)
    with secure.Upstream(lab, "knotd", secure.authority("stranger").issue("relay", [secure.HOST], [RELAY4])):
        lab.start_gateway(config([f"quic://{RELAY4}#name={secure.HOST}"], ca))
        equal(lab.kdig("camera", NAME, timeout=6).rcode, "SERVFAIL")
        need("did not prove" in state(lab)["last_failure"], state(lab))


@e2e.test("a second connection to the same server is resumed")
def resumed(lab):
    ca = secure.authority()
    with secure.Upstream(lab, "kresd", ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])):
        lab.start_gateway(config([f"tls://{RELAY4}#name={secure.HOST}"], ca))
        need(resolves(lab), lab.weir.log_tail())
        lab.unplug()
        lab.replug()  # connections are made anew after a link change

        def again():
            flush(lab)
            return resolves(lab) and state(lab)["resumptions"] > 0
        need(until(again, 8, 0.3), state(lab))


@e2e.test("pins instead of an authority; of an address without a name the address is proven; and over IPv6")
def other_proofs(lab):
    ca, stranger = secure.authority(), secure.authority("stranger")
    identity = ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])
    good = identity.pin.replace("=", "%3D") if "%" in identity.pin else identity.pin
    with secure.Upstream(lab, "unbound", identity):
        for url, trusted in ((f"tls://{RELAY4}#pin=sha256/{good}", stranger), (f"tls://{RELAY4}", ca),
                             (f"tls://[{RELAY6}]#name={secure.HOST}", ca), (f"tls://{RELAY4}#opportunistic", stranger)):
            lab.start_gateway(config([url], trusted))
            need(resolves(lab), f"{url}: {lab.weir.log_tail()}")


@e2e.test("a server that does not prove itself is told nothing: a clear reason in the log and in weir upstreams, not repeated, and SERVFAIL in time")
def strangers(lab):
    ca = secure.authority()
    made = certs.bad_ones(ca, ca.home, [secure.HOST], [RELAY4])
    words = {"expired": "expired", "early": "good only from", "othername": secure.HOST, "selfsigned": "", "stranger": ""}
    for name, text in words.items():
        with secure.Upstream(lab, "unbound", made[name]):
            before = told(lab)
            lab.start_gateway(config([f"tls://{RELAY4}#name={secure.HOST}"], ca))
            began = time.monotonic()
            equal(lab.kdig("camera", NAME, timeout=6).rcode, "SERVFAIL", name)
            need(time.monotonic() - began < 4, f"{name}: {time.monotonic() - began:.1f} s")
            seen = state(lab)
            need("did not prove" in seen["last_failure"] and text in seen["last_failure"], f"{name}: {seen}")
            need(until(lambda: told(lab) > before, 5), f"{name}: {lab.weir.log_tail(50)}")
            need("nothing was asked of it" in lab.weir.log_tail(50), lab.weir.log_tail(50))
            for i in range(4):
                lab.kdig("camera", f"x{i}.camera.example", timeout=6)
            equal(told(lab), before + 1, f"{name}: {lab.weir.log_tail(80)}")
    with secure.Upstream(lab, "unbound", ca.issue("relay", [secure.HOST], [RELAY4])):
        lab.start_gateway(config([f"tls://{RELAY4}#pin=sha256/{made['expired'].pin}"], ca))
        equal(lab.kdig("camera", NAME, timeout=6).rcode, "SERVFAIL")
        need("pin" in state(lab)["last_failure"], state(lab))


@e2e.test("one that accepts and never speaks, a captive portal, one that speaks no TLS: each has its words; the other server is asked meanwhile")
def impostors(lab):
    ca, hotel = secure.authority(), secure.authority("hotel")
    relay = lab.nodes["relay"]
    url = f"tls://{RELAY4}#name={secure.HOST}"
    with impostor.Mute(relay, RELAY4):
        lab.start_gateway(config([url], ca))
        equal(lab.kdig("camera", NAME, timeout=6).rcode, "SERVFAIL")
        need(until(lambda: "never spoke" in (state(lab)["last_failure"] or ""), 5), state(lab))
    with impostor.Portal(relay, RELAY4, hotel.issue("portal", [secure.HOST], [RELAY4])) as portal:
        lab.start_gateway(config([url], ca))
        equal(lab.kdig("camera", NAME, timeout=6).rcode, "SERVFAIL")
        need("did not prove" in state(lab)["last_failure"], state(lab))
        need("captive portal" in lab.weir.log_tail(50) or until(lambda: "captive portal" in lab.weir.log_tail(50), 5), "log")
        need(not any(b"camera" in octets for octets in portal.asked), portal.asked)


@e2e.test("of a server at two addresses one answers nobody: the first question is answered over the other, in a moment")
def dead_family(lab):
    ca = secure.authority()
    nobody = RELAY6.rsplit(":", 1)[0] + ":dead"
    with secure.Upstream(lab, "unbound", ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])):
        lab.start_gateway(config([f"tls://{secure.HOST}#addr=[{nobody}]&addr={RELAY4}"], ca))
        began = time.monotonic()
        need(resolves(lab), lab.weir.log_tail())
        need(time.monotonic() - began < 1.5, f"{time.monotonic() - began:.2f} s")  # 0.3 s on a quiet machine; a time-out is 2 s
        seen = [state(lab, i) for i in range(2)]
        equal([one["handshakes"] for one in seen], [0, 1], seen)


@e2e.test("a connection that hangs is left within 3 s; a server that went and came back is used 2 s later")
def hung(lab):
    ca = secure.authority()
    with secure.Upstream(lab, "unbound", ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])):
        lab.start_gateway(config([f"tls://{RELAY4}#name={secure.HOST}"], ca))
        need(resolves(lab), lab.weir.log_tail())
        lab.cut("relay")
        flush(lab)
        began = time.monotonic()
        lab.kdig("camera", NAME, timeout=8)
        need(until(lambda: state(lab)["connection_failures"] > 0, 5), state(lab))
        need(time.monotonic() - began < 4, f"left after {time.monotonic() - began:.1f} s")
        lab.restore("relay")
        time.sleep(2)  # the figure that is shown
        need(resolves(lab), f"2 s later: {state(lab)}")


def peers_of(node, port):
    """The ports of who is connected to this one of the machine (TCP)."""
    found = set()
    with node.inside():
        for table in ("tcp", "tcp6"):
            with open(f"/proc/thread-self/net/{table}", encoding="ascii") as lines:
                for line in list(lines)[1:]:
                    _, here, there, state = line.split()[:4]
                    if state == "01" and int(here.split(":")[1], 16) == port:
                        found.add(int(there.split(":")[1], 16))
    return found


@e2e.test("a connection that something on the way has forgotten: the one question that finds out is answered over another")
def forgotten(lab):
    ca = secure.authority()
    relay = lab.nodes["relay"]
    with secure.Upstream(lab, "unbound", ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])):
        lab.start_gateway(config([f"tls://{RELAY4}#name={secure.HOST}"], ca))
        need(resolves(lab), lab.weir.log_tail())
        ports = peers_of(relay, 853)
        equal(len(ports), 1, ports)
        relay.drop("flow", f"tcp sport {ports.pop()}")
        flush(lab)
        need(resolves(lab), f"{state(lab)} {lab.weir.log_tail()}")
        need(state(lab)["handshakes"] >= 2, state(lab))
        relay.undrop("flow")


e2e.main()
