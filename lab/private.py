# SPDX-License-Identifier: Apache-2.0
"""Chapters of the demo about what others can read: encrypted DNS between devices and weir, and between weir and the Internet."""

import clients
import secure
import world
from askers import Server
from story import until

HOST = "dns.home.example"
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


CHAPTERS = {"private": private}
