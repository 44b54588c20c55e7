# SPDX-License-Identifier: Apache-2.0
"""Chapters of the demo about what others can read: encrypted DNS between devices and weir, between weir and the Internet, and by way of an
oblivious proxy."""

import contextlib
import ipaddress

import clients
import gateway
import secure
import world
from askers import Server
from capture import Capture, forms
from story import until

HOST = "dns.home.example"
TARGET = ("203.0.113.90", "2001:db8:90::90")  # a machine of the Internet, for one chapter
# Who asks for what, how kdig is told, what it is called, and the listener that it needs.
ASKED = [("laptop", "api.camera.example", "+tls", "DoT", "dot"), ("phone", "stream.camera.example", "+https", "DoH", "doh"),
         ("thermostat", "broker.cloud.example", "+quic", "DoQ", "doq"),
         ("camera", "hour.cloud.example", "+notcp", "plain DNS, for it can no other", "")]


def private(lab, story):
    """The uplink is encrypted and encryption required: nobody on it reads a single name, whatever happens."""
    relay = world.INTERNET["relay"]
    listeners = secure.able()[0]
    asked = [row for row in ASKED if row[4] in ["", *listeners]]
    ca = secure.authority()
    inside = {device: v4 for v4, _, devices in world.SEGMENTS.values() for device in devices}
    mine = ca.issue("weir", [HOST], sorted(set(inside.values())))
    theirs = ca.issue("relay", [secure.HOST], relay)
    names = [row[1] for row in asked] + [f"{word}.load.cloud.example" for word in ("again", "lost")]
    truth = {name: clients.kdig(lab.nodes["outsider"], world.INTERNET["isp"][0], name).data() for name in names}
    if lab.weir:  # the one before: its connections end in no capture of this chapter
        lab.weir.stop()
    with secure.Upstream(lab, "unbound", theirs) as upstream, lab.capture() as wire:
        story.tell("one upstream, unbound with DoT; a capture of the uplink runs since before weir started")
        lab.start_gateway({**secure.only(f"tls://{relay[0]}#name={secure.HOST}", ca),
                           **secure.listening(mine, sorted(set(inside.values())), listeners)})
        for device, name, flag, called, _ in asked:
            where = Server(inside[device], HOST, ca.path)
            reply = clients.kdig(lab.nodes[device], where.address, name, flag, *(where.kdig() if flag != "+notcp" else []))
            story.check(f"the {device} asks by {called}", reply.rcode == "NOERROR" and reply.data() == truth[name], reply)
        lab.unplug()
        lab.replug()
        back = until(lambda: lab.kdig("laptop", names[-2], timeout=3).data() == truth[names[-2]], 10)
        story.check("the link goes and comes back: the next names are found", back)
        upstream.stop()
        lost = lab.kdig("laptop", names[-1], timeout=8)
        story.check("the upstream is gone: a new name fails, and nobody else is asked", lost.rcode == "SERVFAIL", lost)
    out = [packet for packet in wire.packets if packet.outgoing]
    told = {(packet.target, packet.target_port) for packet in out}
    story.check("all that left went to the upstream's port 853", told == {(relay[0], 853)}, f"{len(out)} packets to {told}")
    story.check("and not one of the names could be read in it", not wire.readable(*names), wire.readable(*names))
    with lab.capture() as wire:
        lab.start_gateway()
        for device, name, *_ in asked:
            lab.kdig(device, name)
    seen = wire.readable(*names)
    story.check("the same without encryption: the same capture reads them", len(seen) >= len(asked), seen[0] if seen else "")
    oblivious(lab, story)


def party(lab, machine, address, identity, odoh):
    """One weir that serves a part of Oblivious DoH at an address of the Internet."""
    weir = gateway.Gateway(lab.nodes[machine], {"listen": ["127.0.0.1"], "allow": ["2001:db8::/32"],
                                                **gateway.merge(secure.listening(identity, [address], ["doh"]), {"encrypted": {"odoh": odoh}})},
                           name=f"weir.{machine}")
    return weir.start()


def oblivious(lab, story):
    """One query by way of an Oblivious DoH proxy: who came to each party, and which name each has in its memory."""
    name, home, proxy, target = "sealed.load.cloud.example", world.WAN[1], world.INTERNET["relay"][1], TARGET[1]
    truth = clients.kdig(lab.nodes["outsider"], world.INTERNET["isp"][0], "open.load.cloud.example").data()
    lab.add_machine("target", *TARGET)
    ca = secure.authority("oblivious")
    front, back = ca.issue("proxy", ["proxy.example"], [proxy]), ca.issue("target", ["target.example"], [target])
    listed = f"https://target.example/dns-query#addr=[{target}]&pin=sha256/{back.pin}"
    parties = {"proxy": party(lab, "relay", proxy, front, {"targets": [listed]}), "target": party(lab, "target", target, back, {"target": True})}
    with contextlib.ExitStack() as stack:
        wires = {who: stack.enter_context(Capture(weir.node, "eth0")) for who, weir in parties.items()}
        story.tell("three weirs: this one, an Oblivious DoH proxy on the Internet, and a target that looks names up")
        lab.start_gateway(secure.only(f"odoh://target.example/dns-query#proxy=proxy.example/proxy&addr=[{proxy}]&pin=sha256/{front.pin}", ca))
        reply = lab.kdig("camera", name)
        story.check("the camera's name is found by way of both", reply.data() == truth and truth, reply)
        knows = {who: (remembers(weir, [ipaddress.ip_address(home).packed]), remembers(weir, forms(name))) for who, weir in parties.items()}
    came = {who: {p.source for p in wire.packets if not p.outgoing and p.target_port == 443} for who, wire in wires.items()}
    asked = {who: [query.name for query in wire.queries() if query.name.startswith(name)] for who, wire in wires.items()}
    for weir in parties.values():
        weir.stop()
    story.check("the proxy saw who: its one client is this home", came["proxy"] == {home} and knows["proxy"][0], came["proxy"])
    story.check("but no name: not on its wire, and nowhere in its memory", not wires["proxy"].readable(name) and not knows["proxy"][1])
    story.check("the target saw the name, and asked for it", asked["target"] and knows["target"][1], asked["target"])
    story.check("but not who: its one client is the proxy, and the home's address is nowhere in its memory",
                came["target"] == {proxy} and not knows["target"][0], came["target"])


def remembers(weir, words):
    """Whether one of these octets is in what this process can write to: heap, stacks, cache."""
    with open(f"/proc/{weir.pid}/maps") as maps, open(f"/proc/{weir.pid}/mem", "rb") as memory:
        for line in maps:
            first, last = (int(end, 16) for end in line.split()[0].split("-"))
            if line.split()[1].startswith("rw") and last - first < 1 << 30:
                memory.seek(first)
                octets = memory.read(last - first).lower()
                if any(word in octets for word in words):
                    return True
    return False


CHAPTERS = {"private": private}
