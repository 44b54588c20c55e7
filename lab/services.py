# SPDX-License-Identifier: Apache-2.0
"""The chapter of the demo about services next door: found by real clients while the uplink is dead, and looked at by the doctor."""

import socket
import threading

import clients
import gateway
import servers
import world
from avahi import Avahi
from spaces import set_resolv_conf

FAST = 0.300
PRINTER, RELAY, HUB = (world.SEGMENTS["br-iot"][2][name] for name in ("thermostat", "lock", "camera"))
# What the owner writes: a printer and a relay that are well, and a broker as people get it wrong.
LOCAL = {
    "zones": [{"zone": "home.arpa", "ttl": "5m", "records": [
        f"printer A {PRINTER[0]}", f"printer AAAA {PRINTER[1]}", f"relay A {RELAY[0]}", f"relay AAAA {RELAY[1]}",
        "_mqtt._tcp SRV 0 0 8883 broker", "broker CNAME hub", f"hub A {HUB[0]}"]}],
    "services": [{"name": "Printer, 1st floor", "type": "_ipp._tcp", "host": "printer.home.arpa", "port": 631,
                  "txt": ["rp=ipp/print"], "subtypes": ["_universal"]}],
    "relays": [{"zone": "home.arpa", "host": "relay.home.arpa", "protocols": ["turn"], "transports": ["udp", "tls"]}],
}


class Things:
    """The printer's and the relay's sockets: TCP that accepts, UDP that answers STUN binding requests (RFC 8489)."""

    def __init__(self, lab):
        self.sockets = []
        self._listen(lab.nodes["thermostat"], 631)
        self._listen(lab.nodes["lock"], 5349)
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            with lab.nodes["lock"].inside():
                sock = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((address, 3478))
            self.sockets.append(sock)
            threading.Thread(target=servers.answer_stun, args=(sock,), daemon=True).start()

    def _listen(self, node, port):
        with node.inside():
            self.sockets.append(socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True))

    def close(self):
        for sock in self.sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)  # wakes who waits on it
            except OSError:
                pass
            sock.close()


def services(lab, story):
    """The uplink is dead: what is next door is found by real clients, and a doctor tells what is wrong."""
    things = Things(lab)
    try:
        lab.start_gateway({"local": LOCAL})
        lab.unplug()
        reply = lab.kdig("phone", "api.camera.example")
        story.check("the uplink is dead: a name of the Internet fails, and says why", reply.rcode == "SERVFAIL"
                    and {22, 23} & set(reply.ede), reply)
        _browse_by_kdig(lab, story)
        _browse_by_avahi(lab, story)
        _walk_to_relay(lab, story)
        _doctor(lab, story)
    finally:
        lab.replug()
        things.close()


def _one(lab, story, what, name, rtype, expected, device="phone"):
    """A question that has one answer; its data."""
    reply = lab.kdig(device, name, rtype)
    story.check(what, reply.rcode == "NOERROR" and reply.data(rtype) == [expected] and reply.seconds < FAST,
                f"{name} {rtype}: {', '.join(reply.data(rtype)) or reply}")
    return expected


def _browse_by_kdig(lab, story):
    """Unicast DNS-SD, step by step, each from the answer before (RFC 6763 sections 11, 9, 4, 5, 6)."""
    story.tell("a phone browses: domain, types, instances, host, address")
    domain = _one(lab, story, "where to browse", "b._dns-sd._udp.home.arpa", "PTR", "home.arpa.")
    kind = _one(lab, story, "which types there are", f"_services._dns-sd._udp.{domain}", "PTR", "_ipp._tcp.home.arpa.")
    reply = lab.kdig("phone", kind, "PTR")
    instance = reply.data("PTR")[0] if reply.data("PTR") else "none."
    story.check("who is of that type", instance == r"Printer\,\0321st\032floor._ipp._tcp.home.arpa.", instance)
    srv = _one(lab, story, "where it is (SRV)", instance, "SRV", "0 0 631 printer.home.arpa.")
    _one(lab, story, "what else to know (TXT)", instance, "TXT", '"rp=ipp/print"')
    host = srv.split()[3]
    _one(lab, story, "its IPv4 address", host, "A", PRINTER[0])
    _one(lab, story, "its IPv6 address", host, "AAAA", PRINTER[1])


def _browse_by_avahi(lab, story):
    story.tell("a laptop browses with avahi, over unicast DNS")
    set_resolv_conf(lab.server_for("laptop"))
    try:
        with Avahi(lab.nodes["laptop"]) as avahi:
            for words in (("_ipp._tcp",), ("-a",)):
                found = avahi.browse("home.arpa", *words)
                story.check(f"avahi-browse -d home.arpa {words[0]} finds the printer, its host, port and TXT",
                            len(found) == 1 and found[0][2:] == ["home.arpa", "printer.home.arpa", found[0][4], "631",
                                                                 '"rp=ipp/print"'] and found[0][4] in PRINTER, found)
            seen = avahi.address("relay.home.arpa")
            story.check("avahi-resolve finds the relay", seen in RELAY, seen)
    finally:
        set_resolv_conf(world.INTERNET["isp"][0], world.INTERNET["public"][0])


def _walk_to_relay(lab, story):
    """As a TURN client does for turn:home.arpa (RFC 5928 section 3): NAPTR, SRV, address; then it says hello."""
    story.tell("a camera resolves turn:home.arpa as a TURN client does: NAPTR, SRV, address")
    reply = lab.kdig("camera", "home.arpa", "NAPTR")
    naptrs = sorted((line.split() for line in reply.data("NAPTR")), key=lambda words: (int(words[0]), int(words[1])))
    story.check("NAPTR: over UDP first, then over TLS", [words[2:4] for words in naptrs] ==
                [['"S"', '"RELAY:turn.udp"'], ['"S"', '"RELAY:turn.tls"']], naptrs)
    name = naptrs[0][5] if naptrs else "none."
    srv = _one(lab, story, "SRV: host and port", name, "SRV", "0 0 3478 relay.home.arpa.", "camera")
    address = _one(lab, story, "its address", srv.split()[3], "A", RELAY[0], "camera")
    request = b"\0\1\0\0\x21\x12\xa4\x42" + b"demo" * 3
    answer = clients.exchange(lab.nodes["camera"], address, request, port=int(srv.split()[2]), timeout=3)
    story.check("and there it answers a STUN binding request", answer and answer[:2] == b"\1\1" and
                answer[4:20] == request[4:20], answer)


def _findings(lab, name):
    seen = lab.weir.verb("check", "name", name, check=False)
    return seen, sorted(f"{f['severity']} {f['code']}" for f in seen["findings"])


def _doctor(lab, story):
    story.tell("`weir check name` resolves and tries what those clients would")
    for name in ("home.arpa", "Printer, 1st floor._ipp._tcp.home.arpa", "_turn._udp.home.arpa"):
        seen, found = _findings(lab, name)
        story.check(f"{name} is well", seen["ok"] and not found, f"{found or 'no findings'}, {seen['questions']} questions, "
                    f"{seen['probes']} probes")
    seen, found = _findings(lab, "_mqtt._tcp.home.arpa")
    story.check("the broker is not: its SRV names an alias, it has no IPv6, and nobody listens",
                found == ["error alias-target", "error dead", "warning no-ipv6"] and not seen["ok"], found)
    done = lab.weir.run_verb("check", "name", "_mqtt._tcp.home.arpa")
    story.check("the same in words, with record and remedy, exit status 1", done.returncode == 1 and
                "record: _mqtt._tcp.home.arpa. 300 IN SRV 0 0 8883 broker.home.arpa." in done.stdout and "RFC 2782" in done.stdout)
    for line in done.stdout.splitlines():
        if line and not line.startswith("  why"):
            story.tell(f"      {line[:150]}")
    set_resolv_conf(world.SEGMENTS["br-home"][2]["laptop"][0], lab.server_for("phone"))
    done = lab.nodes["phone"].run([gateway.binary(), "check", "name", "home.arpa", "--resolver-only"], check=False)
    set_resolv_conf(world.INTERNET["isp"][0], world.INTERNET["public"][0])
    story.check("a phone asks the servers of its resolv.conf, and the second when the first is none", done.returncode == 0
                and f"asked of {lab.server_for('phone')}:53" in done.stdout, done.stdout.strip()[-100:])


CHAPTERS = {"services": services}
