#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who speaks what to whom: encrypted DNS between weir and programs that others wrote. The table of it is in docs/rfcs.md."""

import dns.message
import dns.rcode

import e2e
from e2e import equal, need
from lab import askers, clients, gateway, secure, world

HOST = "dns.home.example"
NAME, ADDRESS = "api.camera.example", ["198.51.100.31"]
RELAY4, RELAY6 = world.INTERNET["relay"]
TARGET = ("203.0.113.91", "2001:db8:91::91")     # a machine of the Internet, for one test
LISTENERS, UPSTREAMS = secure.able()
need("dot" in LISTENERS, "no DNS over TLS")


def only_if(able, name):
    """A test of what this weir can; else there is nothing to test."""
    return e2e.test(name) if able else lambda function: function


def listeners(lab, **more):
    """weir with all encrypted listeners in the home segment; as a client of it sees it, over both families."""
    v4, v6, _ = world.SEGMENTS["br-home"]
    ca = secure.authority()
    mine = ca.issue("weir", [HOST], [v4, v6])
    lab.start_gateway({**secure.listening(mine, (v4, v6), LISTENERS), **more})
    return [askers.Server(address, HOST, ca.path) for address in (v4, v6)]


def query(name=NAME):
    return dns.message.make_query(name, "A").to_wire()


def right(wire, asked):
    """Whether these octets are the answer to that query."""
    if not wire:
        return False
    reply = dns.message.from_wire(wire)
    found = [str(r) for rrset in reply.answer for r in rrset]
    return (wire[:2] == asked[:2] or wire[:2] == b"\0\0") and reply.rcode() == dns.rcode.NOERROR and found == ADDRESS


# What kdig is told for each, what it then says it spoke.
FLAGS = {"dot": [["+tls"]], "doh": [["+https"], ["+https", "+https-get"]], "doq": [["+quic"]]}
STUBS = {"dot": (askers.Stubby, askers.Resolved), "doh": (askers.Dnscrypt,), "doq": ()}


@e2e.test("kdig to weir: each encrypted transport, over IPv4 and IPv6, verified")
def kdig(lab):
    ask_all(lab)


@e2e.test("the same of the program without sanitizers, which sits in its sandbox")
def sandboxed(lab):
    with e2e.unsanitized():
        ask_all(lab)


def ask_all(lab):
    for where in listeners(lab):
        for flags in [flags for what in LISTENERS for flags in FLAGS[what]]:
            reply = clients.kdig(lab.nodes["phone"], where.address, NAME, *flags, *where.kdig())
            equal((reply.rcode, reply.data("A")), ("NOERROR", ADDRESS), f"{flags} {where.address}: {reply.text}")
            equal(reply.protocol, {"+tls": "TLS", "+https": "HTTPS", "+quic": "QUIC"}[flags[0]])


@e2e.test("openssl s_client and gnutls-cli to weir: TLS 1.3 and 1.2; 1.1 is refused")
def tls_tools(lab):
    where = listeners(lab)[0]
    for ask, versions in ((askers.openssl, {"1.3": ["-tls1_3"], "1.2": ["-tls1_2"],
                                            "1.1": ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]}),
                          (askers.gnutls, {"1.3": ["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3"],
                                           "1.2": ["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2"],
                                           "1.1": ["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.1"]})):
        for version, words in versions.items():
            asked = query()
            said, text = ask(lab.nodes["phone"], where, asked, *words)
            equal(right(said, asked), version != "1.1", f"{ask.__name__} TLS {version}: {text}")


@only_if("doh" in LISTENERS, "curl to weir: a message by POST over HTTP/2 and HTTP/1.1, and a page whose host it looks up with --doh-url")
def curl(lab):
    where = listeners(lab)[0]
    for words, version in ((["--http2"], "2"), (["--http1.1"], "1.1")):
        asked = query()
        status, spoken, head, body = askers.post(lab.nodes["phone"], where, asked, *words)
        equal((status, spoken, right(body, asked)), (200, version, True), head)
        need("content-type: application/dns-message" in head and "cache-control: max-age=" in head, head)
    _, said = askers.curl(lab.nodes["phone"], where, f"http://{NAME}/", "--connect-timeout", "1")
    need(f"Host {NAME}:80 was resolved" in said and f"IPv4: {ADDRESS[0]}" in said, said)


@e2e.test("dnsperf to weir: a thousand questions over each transport that it has, each answered")
def dnsperf(lab):
    where = listeners(lab)[0]
    for mode in [what for what in LISTENERS if what != "doq"]:
        figures = askers.perf(lab.nodes["phone"], where, mode, [NAME] * 1000)
        equal((figures["sent"], figures["completed"], figures["codes"]), (1000, 1000, {"NOERROR": "1000"}), mode)


@e2e.test("stubs to weir: stubby and systemd-resolved, both strict")
def stubs(lab):
    where = listeners(lab)[0]
    for kind in [kind for what in LISTENERS for kind in STUBS[what]]:
        with kind(lab.nodes["phone"], where) as stub:
            reply = clients.kdig(lab.nodes["phone"], stub.address, NAME)
            equal((reply.rcode, reply.data("A")), ("NOERROR", ADDRESS), f"{kind.__name__}: {reply.text} {stub.said()}")




def party(lab, machine, address, identity, **odoh):
    """One weir more, with a part in Oblivious DoH, at an address of the Internet."""
    encrypted = secure.listening(identity, [address], ["doh"])["encrypted"]
    config = {"listen": ["127.0.0.1", address], "allow": ["127.0.0.0/8", "192.0.2.0/24", "203.0.113.0/24", "198.51.100.0/24"],
              "encrypted": {**encrypted, "odoh": odoh},
              "local": {"zones": [{"zone": "target.example", "records": [f"@ A {TARGET[0]}"]}]}}
    return gateway.Gateway(lab.nodes[machine], config, name=f"weir.{machine}").start()


@only_if("doh" in LISTENERS, "dnscrypt-proxy through weir as oblivious proxy to weir as target")
def oblivious(lab):
    ca = secure.authority()
    lab.add_machine("target", *TARGET)
    front, back = ca.issue("proxy", ["proxy.example"], [RELAY4]), ca.issue("target", ["target.example"], [TARGET[0]])
    listed = f"https://target.example/dns-query#addr={TARGET[0]}&pin=sha256/{back.pin}"
    target = party(lab, "target", TARGET[0], back, target=True)
    proxy = party(lab, "relay", RELAY4, front, targets=[listed])
    try:
        target_as, proxy_as = askers.Server(TARGET[0], "target.example", ca.path), askers.Server(RELAY4, "proxy.example", ca.path)
        with askers.Dnscrypt(lab.nodes["outsider"], target_as, proxy_as, bootstrap=TARGET[0]) as stub:
            for words in ([], ["+padding=64"]):    # it pads no envelope, and hands on what is padded by its client
                reply = clients.kdig(lab.nodes["outsider"], stub.address, NAME, *words)
                equal((reply.rcode, reply.data("A")), ("NOERROR", ADDRESS), f"{words} {reply.text} {stub.said()}")
        asked = [line for line in target.run_verb("log").stdout.splitlines() if NAME in line]
        need(len(asked) == 2 and all(RELAY4 in line and world.INTERNET["outsider"][0] not in line for line in asked), asked)
        need(NAME not in proxy.run_verb("log").stdout, "the proxy knows what was asked")
    finally:
        target.stop()
        proxy.stop()


@only_if(UPSTREAMS, "weir to unbound, kresd, dnsdist and knotd: verified, over IPv4 and IPv6, and nothing readable on the way")
def upstreams(lab):
    ca = secure.authority()
    theirs = ca.issue("relay", [secure.HOST], [RELAY4, RELAY6])
    for kind, protocols in secure.SPEAKS.items():
        with secure.Upstream(lab, kind, theirs):
            for protocol in [protocol for protocol in protocols if protocol in UPSTREAMS]:
                for address in (RELAY4, RELAY6):
                    url = f"{protocol}://{secure.bracket(address)}#name={secure.HOST}"
                    lab.start_gateway(secure.only(url, ca))
                    with lab.capture() as wire:
                        reply = lab.kdig("camera", NAME)
                        equal((reply.rcode, reply.data("A")), ("NOERROR", ADDRESS), f"{kind} {url}: {reply.text}")
                    equal(wire.readable(NAME), [], f"{kind} {url}")
                    rows = lab.weir.verb("upstreams")["upstreams"]
                    need(len(rows) == 1 and rows[0]["state"] == "good" and rows[0]["answers"] > 0, rows)


e2e.main()
