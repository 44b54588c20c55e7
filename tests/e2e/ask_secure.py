#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`weir ask` over encrypted transports, to real servers: what they prove is told, and what they do not prove is refused when it is wanted."""

import contextlib
import json
import os
import socket
import threading

import e2e
from e2e import equal, model, need
from lab import certs, secure, world

RELAY4, RELAY6 = world.INTERNET["relay"]
NAME, DATA = "api.camera.example", "198.51.100.31"
# kdig's names of transports, and weir's in JSON.
SPOKEN = ("tls", "https", "quic")


def ask(lab, *words, status=0, on="outsider"):
    """The verb, on a machine; its output and what it said beside it."""
    done = lab.nodes[on].run([model.gateway.binary(), "ask", *words], capture_output=True, text=True, check=False)
    equal(done.returncode, status, f"weir ask {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def asked(lab, *words, **more):
    return json.loads(ask(lab, "+json", *words, **more)[0].splitlines()[-1])


@contextlib.contextmanager
def fake(lab, play):
    """A server on port 8853 of the relay that does `play(connection)` with each."""
    with lab.nodes["relay"].inside():
        door = socket.create_server((RELAY4, 8853))
    def run():
        held = []
        with contextlib.suppress(OSError):
            while True:
                connection, _ = door.accept()
                held.append(connection)
                play(connection)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"@{RELAY4}#8853"
    finally:
        door.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        door.close()


@e2e.test("every server is asked by each transport that it speaks, by address and by name, and proves itself")
def servers(lab):
    ca = secure.authority()
    identity = ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])
    for kind, protocols in secure.SPEAKS.items():
        with secure.Upstream(lab, kind, identity):
            for protocol in set(protocols) & set(SPOKEN):
                for address in (RELAY4, RELAY6):
                    reply = asked(lab, f"@{address}", NAME, f"+{protocol}", f"+tls-ca={ca.path}")
                    equal([r["rdata"] for r in reply["answer"]], [DATA], f"{kind} {protocol}")
                    equal((reply["transport"], reply["tls"]["proven"], reply["tls"]["pin"]),
                          (protocol, True, identity.pin), kind)
                    equal(reply["tls"]["version"], "TLS1.3", kind)
                    need(address in reply["tls"]["proof"], reply["tls"])
                reply = asked(lab, f"@{RELAY4}", NAME, f"+{protocol}", f"+tls-ca={ca.path}", f"+tls-host={secure.HOST}")
                need(secure.HOST in reply["tls"]["proof"], reply["tls"])


@e2e.test("a URL is asked as a configuration would ask it")
def urls(lab):
    ca = secure.authority()
    identity = ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])
    with secure.Upstream(lab, "unbound", identity):
        for url in (f"tls://{RELAY4}#pin=sha256/{identity.pin}", f"tls://{RELAY4}#opportunistic",
                    f"tls://{secure.HOST}#addr={RELAY4}&pkix&pin=sha256/{identity.pin}"):
            reply = asked(lab, f"@{url}", NAME)
            equal([r["rdata"] for r in reply["answer"]], [DATA], url)
        _, said = ask(lab, f"@tls://{secure.HOST}#addr={RELAY4}", NAME, status=1)  # no authority of the system vouches
        need("did not prove" in said and "+tls-ca" in said, said)
        reply = asked(lab, f"@tls://{secure.HOST}#addr={RELAY4}", NAME, f"+tls-ca={ca.path}")
        need(secure.HOST in reply["tls"]["proof"], reply["tls"])


@e2e.test("DNS over HTTPS: by POST, by GET, by URL and by name; a path that is none is told")
def web(lab):
    ca = secure.authority()
    identity = ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])
    for kind in ("dnsdist", "unbound"):
        with secure.Upstream(lab, kind, identity):
            for words in ([f"@{RELAY4}", "+https"], [f"@{RELAY6}", "+https-get"], [f"@{RELAY4}", "+https=/dns-query"],
                          [f"@https://{secure.HOST}/dns-query#addr={RELAY4}"], [f"@https://[{RELAY6}]/dns-query"]):
                reply = asked(lab, *words, NAME, f"+tls-ca={ca.path}")
                equal([r["rdata"] for r in reply["answer"]], [DATA], f"{kind} {words}")
                equal((reply["transport"], reply["tls"]["http"], reply["tls"]["proven"]), ("https", "2", True), f"{kind} {words}")
            text, _ = ask(lab, f"@{RELAY4}", NAME, "+https", f"+tls-ca={ca.path}")
            need("HTTP/2, new session: an authority vouches" in text and "(HTTPS) in " in text, text)
            _, said = ask(lab, f"@{RELAY4}", NAME, "+https=/nowhere", f"+tls-ca={ca.path}", status=1)
            need("no answer: " in said, f"{kind}: {said}")


@e2e.test("weir's own listeners, over both families")
def own(lab):
    ca = secure.authority()
    v4, v6, _ = world.SEGMENTS["br-home"]
    mine = ca.issue("weir", ["dns.home.example"], [v4, v6])
    lab.start_gateway(secure.listening(mine, (v4, v6), {"dot", "doh", "doq"}))
    for address in (v4, v6):
        for words in (["+tls"], ["+https"], ["+https-get"], ["+quic"]):
            reply = asked(lab, f"@{address}", NAME, *words, f"+tls-ca={ca.path}", "+tls-host=dns.home.example", on="phone")
            equal([r["rdata"] for r in reply["answer"]], [DATA], f"{address} {words}")
            equal((reply["tls"]["proven"], reply["tls"].get("http")), (True, "2" if "+https" in words[0] else None), f"{words}")


@e2e.test("what a server does not prove is refused when it is wanted, and told when it is not")
def proofs(lab):
    ca = secure.authority()
    made = certs.bad_ones(ca, ca.home, [secure.HOST], [RELAY4])
    says = {"expired": "expired", "early": "good only from", "othername": "other.example", "selfsigned": "self-signed",
            "stranger": "issuer"}
    for name, words in says.items():
        with secure.Upstream(lab, "unbound", made[name]):
            _, said = ask(lab, f"@{RELAY4}", NAME, f"+tls-ca={ca.path}", f"+tls-host={secure.HOST}", status=1)
            need(words in said and "did not prove" in said, f"{name}: {said}")
            reply = asked(lab, f"@{RELAY4}", NAME, "+tls", f"+tls-sni={secure.HOST}")
            need(not reply["tls"]["proven"] and "NOT PROVEN" in reply["tls"]["proof"], f"{name}: {reply['tls']}")
            equal(reply["tls"]["pin"], made[name].pin, name)
            reply = asked(lab, f"@{RELAY4}", NAME, f"+pin={made[name].pin}")  # known by its key, whatever is in it
            equal(reply["tls"]["proven"], True, name)
            other = "A" * 43 + "="
            _, said = ask(lab, f"@{RELAY4}", NAME, f"+pin={other}", status=1)
            need("none of the pinned" in said and "without +pin" in said, said)


@e2e.test("of two questions the second resumes the session, and says so; text has what JSON has")
def resumed(lab):
    ca = secure.authority()
    identity = ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])
    with secure.Upstream(lab, "unbound", identity):
        text, _ = ask(lab, f"@{RELAY4}", f"+tls-ca={ca.path}", "-q", NAME, "-q", NAME)
        for words in ("new session: an authority vouches for", "resumed session: an authority vouches for", "(TLS) in ",
                      f"+pin={identity.pin}", "handshake in "):
            need(words in text, f"{words}: {text}")
        # Another condition: nothing proven under the first one counts for it.
        _, said = ask(lab, f"@{RELAY4}", "-q", NAME, "+tls", "-q", NAME, f"+pin={'A' * 43}=", status=1)
        need("none of the pinned" in said, said)


@e2e.test("over QUIC: by URL, resumed, and what is not proven is refused; nobody there, and who is silent, get a sentence")
def quic(lab):
    ca = secure.authority()
    identity = ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])
    with secure.Upstream(lab, "knotd", identity):
        reply = asked(lab, f"@quic://{RELAY4}#pin=sha256/{identity.pin}", NAME)
        equal(([r["rdata"] for r in reply["answer"]], reply["transport"], reply["tls"]["proven"]), ([DATA], "quic", True))
        text, _ = ask(lab, f"@{RELAY4}", f"+tls-ca={ca.path}", "+quic", "-q", NAME, "-q", NAME)
        for words in ("new session: an authority vouches for", "resumed session: an authority vouches for", "(QUIC) in ", ";; Handshake in "):
            need(words in text, f"{words}: {text}")
        _, said = ask(lab, f"@{RELAY4}", NAME, "+quic", f"+pin={'A' * 43}=", status=1)
        need("none of the pinned" in said, said)
    _, said = ask(lab, f"@{RELAY4}#8853", NAME, "+quic", status=1)
    need("refused" in said and "listener" in said, said)
    with lab.nodes["relay"].inside():
        mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        mute.bind((RELAY4, 8853))
    with mute:
        _, said = ask(lab, f"@{RELAY4}#8853", NAME, "+quic", "+timeout=1", status=1)
        need("nobody answers there by QUIC" in said, said)


@e2e.test("who accepts and never speaks, hangs up, or speaks HTTP, gets a sentence; nobody there as well")
def failures(lab):
    plays = {"said nothing": lambda c: None,
             "no TLS": lambda c: (c.recv(2000), c.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n")),
             "handshake": lambda c: (c.recv(2000), c.close())}
    for words, play in plays.items():
        with fake(lab, play) as server:
            _, said = ask(lab, server, NAME, "+tls", "+timeout=1", status=1)
            need(words in said, f"{words}: {said}")
    _, said = ask(lab, f"@{RELAY4}#8853", NAME, "+tls", status=1)
    need("refused" in said and "listener" in said, said)
    reply = asked(lab, f"@{RELAY4}#8853", NAME, "+tls", status=1)
    need("refused" in reply["error"], reply)
    _, said = ask(lab, f"@{RELAY4}", NAME, "+tls-ca=/nowhere", status=2)
    need("/nowhere: No such file" in said, said)
    _, said = ask(lab, "@tls://192.0.2.1:0", NAME, status=2)
    need("octet" in said, said)


e2e.main()
